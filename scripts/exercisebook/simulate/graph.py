"""The causal graph of a world, and what one would have to hold constant in it.

The graph is what a reader draws and a method is judged by; values are not drawn here.
"""

from itertools import combinations
from typing import Any

from exercisebook.simulate.worlds import SEASON, TRAINING, TWIN, World, assumptions

Graph = dict[str, list[dict[str, Any]]]

MEASURED_NODES = ("phase", SEASON, TRAINING, "betaine", "C-reactive protein", "plate", "diet score")
"""Nodes that a package of this book has a column for; ``sleep`` is asked for as well."""

QUERIES = ((TRAINING, "inflammation"), (TRAINING, "betaine"), ("betaine", "inflammation"))
"""Cause and effect of the questions that the study asks."""

_DETERMINED = "who trains, and when, is decided by the phase alone: there is nothing to compare"

_NOBODY = "nobody trains: there is nothing to compare"

_ON_PLATES = ("cytokines", "proteins", "metabolites")

_PLATES = "betaine was measured on plates of its own in each phase"
_SELECTED = "who is in the study, or stays in it, depends on what it measures"

_BACKWARDS = "the supposed effect is a cause of it"


def causal_graph(world: World) -> Graph:
    """Return the graph of a world: its nodes, measured or not, and its edges with weights.

    Returns
    -------
    dict
        ``nodes``: name and measured; ``edges``: cause, effect, weight (in SDs; None where the
        edge is not one of standard deviations).
    """
    edges: list[tuple[str, str, float | None]] = [
        (arrow.cause, arrow.effect, arrow.weight) for arrow in world.arrows
    ]
    edges += [("phase", name, float(by)) for name, by in world.moved]
    edges.append(("inflammation", "C-reactive protein", None))
    if not world.name.endswith(TWIN):
        edges.append(("phase", TRAINING, 1.0))
    edges.append(("diet", "diet score", None))
    if world.plates_by_phase:
        edges.append(("phase", "plate", None))
        edges += [("plate", f"measured {block}", None) for block in _ON_PLATES]
    if world.hours_training < assumptions()["hours_training"]:
        edges += [("phase", "last bout", None), ("last bout", "blood count", None)]
    if world.swapped_share:
        edges.append(("swapped labels", "measured proteins", None))
    if world.enrolled_above is not None:
        edges.append(("C-reactive protein", "enrolment", None))
    if world.dropout_share:
        edges.append(("inflammation", "attendance", None))
    names = sorted({name for cause, effect, _ in edges for name in (cause, effect)})
    seen = ("sleep", "enrolment", "attendance", "last bout", "blood count")
    measured = {*MEASURED_NODES, *seen, *(f"measured {block}" for block in _ON_PLATES)}
    return {
        "nodes": [{"name": name, "measured": name in measured} for name in names],
        "edges": [{"cause": c, "effect": e, "weight": w} for c, e, w in edges],
    }


def adjustment_sets(
    graph: dict[str, list[dict[str, Any]]], cause: str, effect: str
) -> list[list[str]]:
    """Return the smallest sets of nodes that block every back door from a cause to an effect.

    Parameters
    ----------
    graph : dict
        See ``causal_graph``.
    cause, effect : str
        Nodes of it.

    Returns
    -------
    list of list of str
        Each set is valid, and no part of it is; ``[[]]`` where nothing need be held constant.

    References
    ----------
    Pearl (2009), Causality, 2nd edition, section 3.3.1.
    """
    import networkx as nx

    whole = nx.DiGraph([(edge["cause"], edge["effect"]) for edge in graph["edges"]])
    whole.add_nodes_from([cause, effect])
    back = whole.copy()
    back.remove_edges_from(list(whole.out_edges(cause)))
    allowed = sorted(set(whole) - nx.descendants(whole, cause) - {cause, effect})
    found: list[list[str]] = []
    for size in range(len(allowed) + 1):
        for chosen in combinations(allowed, size):
            smaller = any(set(other) <= set(chosen) for other in found)
            if not smaller and nx.is_d_separator(back, {cause}, {effect}, set(chosen)):
                found.append(list(chosen))
    return found


def questions(world: World) -> list[dict[str, Any]]:
    """Return for each question of the study what would answer it in this world.

    Returns
    -------
    list of dict
        cause, effect, ``causes_it`` (is there a directed path?), ``adjustment_sets``, and
        ``answerable``: whether one of the sets is measured and leaves something to compare, with
        ``because`` where none does.
    """
    import networkx as nx

    graph = causal_graph(world)
    whole = nx.DiGraph([(edge["cause"], edge["effect"]) for edge in graph["edges"]])
    measured = {node["name"] for node in graph["nodes"] if node["measured"]}
    rows = []
    for cause, effect in QUERIES:
        whole.add_nodes_from([cause, effect])
        sets = adjustment_sets(graph, cause, effect)
        because = _unanswerable(world, cause, effect, sets, measured)
        rows.append(
            {
                "cause": cause,
                "effect": effect,
                "causes_it": nx.has_path(whole, cause, effect),
                "adjustment_sets": sets,
                "answerable": because == "",
                "because": because,
            }
        )
    return rows


def _unanswerable(
    world: World, cause: str, effect: str, sets: list[list[str]], measured: set[str]
) -> str:
    fixed = {"phase", SEASON}
    if cause == TRAINING and world.name.endswith(TWIN):
        return _NOBODY
    if world.plates_by_phase and "betaine" in (cause, effect):
        return _PLATES
    if cause == TRAINING and (world.enrolled_above is not None or world.dropout_share):
        return _SELECTED
    if cause == TRAINING and [] not in sets:
        return _DETERMINED
    if not sets:
        return _BACKWARDS
    usable = [s for s in sets if set(s) <= measured and not (cause == TRAINING and fixed & set(s))]
    return "" if usable else "what would have to be held constant was not measured"
