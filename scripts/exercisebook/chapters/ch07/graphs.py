"""The study as a causal graph: paths, what would block them, and what data could refute.

The study's graph is an opinion, drawn so that it can be disputed; those of the worlds are their
truth. The arithmetic on both is not opinion.
"""

from functools import cache
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pandas as pd

from exercisebook.chapters.answers import tolerant
from exercisebook.chapters.arrows import arrow
from exercisebook.chapters.ch07.studies import MANY, changes
from exercisebook.chapters.ch07.worlds import ORDER
from exercisebook.chapters.chapter import Chapter
from exercisebook.chapters.wording import count, listed
from exercisebook.figures import causality as draw
from exercisebook.figures.tables import Table, percent
from exercisebook.figures.theme import NODES as NODE_COLOURS
from exercisebook.simulate.graph import adjustment_sets, causal_graph
from exercisebook.simulate.latents import node_law
from exercisebook.simulate.worlds import NODES, SEASON, TRAINING, world
from exercisebook.stats.linear import p_of_t

ORDER_OF_VISITS, EXERCISE, TIME = "fixed\norder", "25 days of\nexercise", "time"
DIET, STRESS, BOUT = "diet", "stress", "last bout"
BETAINE, INFLAMMATION, CRP = "betaine", "inflammation", "C-reactive\nprotein"

_PLACES = {
    ORDER_OF_VISITS: (0.0, 0.52),
    EXERCISE: (0.25, 0.2),
    TIME: (0.2, 0.82),
    DIET: (0.54, 1.0),
    STRESS: (0.7, 0.7),
    BETAINE: (0.5, 0.45),
    BOUT: (0.62, 0.0),
    INFLAMMATION: (0.97, 0.5),
    CRP: (0.98, 0.03),
}

ASKED, SEEN, UNSEEN = "the question", "measured, or known", "not measured, or not told"

_KINDS = {
    EXERCISE: ASKED,
    BETAINE: ASKED,
    INFLAMMATION: ASKED,
    ORDER_OF_VISITS: SEEN,
    TIME: SEEN,
    CRP: SEEN,
}

_ARROWS = (
    (ORDER_OF_VISITS, EXERCISE),
    (ORDER_OF_VISITS, TIME),
    (TIME, DIET),
    (TIME, STRESS),
    (DIET, BETAINE),
    (DIET, INFLAMMATION),
    (STRESS, BETAINE),
    (STRESS, INFLAMMATION),
    (EXERCISE, BETAINE),
    (EXERCISE, INFLAMMATION),
    (EXERCISE, BOUT),
    (BOUT, BETAINE),
    (BOUT, INFLAMMATION),
    (BETAINE, INFLAMMATION),
    (INFLAMMATION, CRP),
)

COLOURS = dict(zip((ASKED, SEEN, UNSEEN), NODE_COLOURS, strict=True))

_VISIT = "the visit"
_TOLD = {_VISIT: "visit", "betaine": "betaine", "C-reactive protein": "CRP"}
"""What every world lets a study see; phase, training and season are one thing to it."""


def graph() -> dict[str, list[dict[str, Any]]]:
    """Return the study's graph in the form of a world's."""
    nodes = [{"name": _flat(n), "measured": _kind(n) != UNSEEN} for n in _PLACES]
    edges = [{"cause": _flat(c), "effect": _flat(e)} for c, e in _ARROWS]
    return {"nodes": nodes, "edges": edges}


def _flat(name: str) -> str:
    return name.replace("\n", " ")


def _kind(name: str) -> str:
    return _KINDS.get(name, UNSEEN)


def graph_chart(chapter: Chapter) -> Any:
    """Return the drawing of the study's graph."""
    nodes = pd.DataFrame(
        [(name, x, y, _kind(name)) for name, (x, y) in _PLACES.items()],
        columns=["name", "x", "y", "kind"],
    )
    arrows = pd.DataFrame([arrow(_PLACES, c, e) for c, e in _ARROWS])
    unseen = [n for n in _PLACES if _kind(n) == UNSEEN]
    caption = f"What the sentence would have to get past: {count(len(_ARROWS))} arrows between {count(len(_PLACES))} things, of which {count(len(unseen))} were not measured, or the commentary does not tell. The order of the visits decides both who exercises and how late it is: time is known to the day, and cannot be told from exercise."
    text = "Causal graph. The fixed order points to exercise and to time; time to diet and to stress, both of which point to betaine and inflammation; exercise to betaine, to inflammation and to the last bout, which points to both as well; betaine to inflammation; inflammation to C-reactive protein."
    return draw.study_graph(nodes, arrows, COLOURS, (caption, text))


@cache
def paths() -> tuple[tuple[str, ...], ...]:
    """Return every path between exercise and inflammation, in whatever direction its arrows point."""
    import networkx as nx

    whole = nx.Graph([(e["cause"], e["effect"]) for e in graph()["edges"]])
    found = nx.all_simple_paths(whole, _flat(EXERCISE), _flat(INFLAMMATION))
    return tuple(sorted((tuple(p) for p in found), key=lambda p: (len(p), p)))


def colliders(path: tuple[str, ...]) -> list[str]:
    """Return the nodes of a path at which two of its arrows meet."""
    arrows = {(e["cause"], e["effect"]) for e in graph()["edges"]}
    return [
        path[i]
        for i in range(1, len(path) - 1)
        if (path[i - 1], path[i]) in arrows and (path[i + 1], path[i]) in arrows
    ]


def is_causal(path: tuple[str, ...]) -> bool:
    """Return whether every arrow of a path points away from its beginning."""
    arrows = {(e["cause"], e["effect"]) for e in graph()["edges"]}
    return all(pair in arrows for pair in pairwise(path))


def written(path: tuple[str, ...]) -> str:
    """Return a path with its arrows."""
    arrows = {(e["cause"], e["effect"]) for e in graph()["edges"]}
    told = path[0]
    for here, there in pairwise(path):
        told += f" {'→' if (here, there) in arrows else '←'} {there}"
    return told


def paths_table(chapter: Chapter) -> Table:
    """Return the open back doors between exercise and inflammation, and what would shut each."""
    rows = [
        (
            written(path),
            *_told_of(path),
        )
        for path in paths()
        if not colliders(path)
    ]
    shut = len(paths()) - len(rows)
    return Table(
        pd.DataFrame(rows, columns=["open path from exercise to inflammation", "it is", "shut by"]),
        f"{count(len(paths())).capitalize()} paths join exercise and inflammation in the drawing; {count(shut)} are shut by themselves, since two arrows meet on them, and these {count(len(rows))} are open.",
        stacked=True,
    )


def _told_of(path: tuple[str, ...]) -> tuple[str, str]:
    """Return what an open path is, and what would shut it."""
    if not is_causal(path):
        return "back door", _shut_by(path)
    if BOUT in path:
        return "echo of the last bout: not what is asked", "two quiet days before the draw"
    return "the effect", "nothing: it is what is asked"


def _shut_by(path: tuple[str, ...]) -> str:
    held = listed([n for n in path[1:-1] if n != _flat(BETAINE)], "or")
    return f"holding {held}"


@cache
def asked_sets(cause: str, effect: str) -> tuple[tuple[str, ...], ...]:
    """Return the smallest sets that shut every back door of the study's graph."""
    return tuple(map(tuple, adjustment_sets(graph(), _flat(cause), _flat(effect))))


def adjustment_table(chapter: Chapter) -> Table:
    """Return what each question asks to hold constant, and whether the study can."""
    unseen = {n["name"] for n in graph()["nodes"] if not n["measured"]}
    rows = []
    for cause, effect in ((EXERCISE, BETAINE), (EXERCISE, INFLAMMATION), (BETAINE, INFLAMMATION)):
        for own in asked_sets(cause, effect):
            rows.append((f"{_flat(cause)} on {_flat(effect)}", listed(own), _why_not(own, unseen)))
    columns = ["effect of", "hold constant", "can this study?"]
    return Table(
        pd.DataFrame(rows, columns=columns),
        "The smallest sets that shut every back door in the drawing, found by arithmetic on it.",
        stacked=True,
    )


def _why_not(own: tuple[str, ...], unseen: set[str]) -> str:
    if _flat(ORDER_OF_VISITS) in own:
        return "no: within one visit everybody trains or nobody does"
    if TIME in own:
        return "no: at one time everybody trains or nobody does"
    lacking = [n for n in own if n in unseen]
    return f"no: it lacks {listed(lacking)}" if lacking else "yes"


# what a world's graph forbids


@cache
def implications(name: str) -> tuple[tuple[str, str, str], ...]:
    """Return the independences between visit, betaine and CRP that a world's graph implies.

    Each is two things that must not go together, and what is held constant ("" for nothing).
    """
    import networkx as nx

    joined = {"phase": _VISIT, TRAINING: _VISIT, SEASON: _VISIT}
    # a perfect assay: the graph's inflammation is seen as C-reactive protein
    joined["inflammation"] = "C-reactive protein"
    edges = {
        (joined.get(e["cause"], e["cause"]), joined.get(e["effect"], e["effect"]))
        for e in causal_graph(world(name))["edges"]
    }
    whole = nx.DiGraph([(c, e) for c, e in edges if c != e])
    whole.add_nodes_from(_TOLD)
    found = []
    for a, b in combinations(_TOLD, 2):
        (rest,) = set(_TOLD) - {a, b}
        for held in (set(), {rest}):
            if nx.is_d_separator(whole, {a}, {b}, held):
                found.append((_TOLD[a], _TOLD[b], _TOLD[rest] if held else ""))
    return tuple(found)


@cache
def tied(name: str, people: int, seed: int) -> float:
    """Return the share of studies in which changes of betaine and CRP correlate at .05."""
    d = changes(name, people, seed, MANY)
    m, y = d["betaine"], d["crp"]
    both = np.isfinite(m) & np.isfinite(y)
    n = both.sum(axis=1)
    m, y = (np.where(both, v, 0.0) for v in (m, y))
    m, y = (np.where(both, v - (v.sum(axis=1) / n)[:, None], 0.0) for v in (m, y))
    r = (m * y).sum(axis=1) / np.sqrt((m**2).sum(axis=1) * (y**2).sum(axis=1))
    return float((p_of_t(r * np.sqrt((n - 2) / (1 - r**2)), n - 2) <= 0.05).mean())


def implications_table(chapter: Chapter) -> Table:
    """Return what each world forbids, and how often its studies break what another forbids."""
    p = chapter.parameters
    rows = [
        (
            says,
            name,
            _forbidden(implications(name)),
            percent(tied(name, p.people, p.seed)),
        )
        for name, says in ORDER.items()
        if name != "high-crp"
    ]
    columns = [
        "in a world where",
        "called",
        "these must not go together",
        "changes correlate (p ≤ 0.05)",
    ]
    return Table(
        pd.DataFrame(rows, columns=columns),
        f"What the graph of each world forbids among the visit, betaine and CRP, if all three are measured without error; and the share of {MANY} simulated studies of {count(p.people)} people in which changes of betaine and CRP correlate.",
        stacked=True,
    )


def _forbidden(found: tuple[tuple[str, str, str], ...]) -> str:
    if not found:
        return "nothing: every pattern fits"
    alone = {(a, b) for a, b, held in found if not held}
    if len(alone) == 3:
        return "any two"
    # what holds with nothing held constant need not be said again
    least = [t for t in found if not (t[2] and (t[0], t[1]) in alone)]
    return "; ".join(f"{a} and {b}" + (f" at one {held}" if held else "") for a, b, held in least)


def sentences(chapter: Chapter) -> dict[str, str]:
    """Return the sentences of this part by the name under which the page pastes them."""
    return {"separation": _separation(), "implications": _implications(chapter)}


def _separation() -> str:
    doors = [p for p in paths() if not colliders(p) and not is_causal(p)]
    through = [p for p in doors if _flat(ORDER_OF_VISITS) in p]
    return (
        f"All {count(len(doors))} open back doors leave exercise against the arrow from the fixed order, "
        + (
            "and so one node would shut them all. "
            if len(through) == len(doors)
            else f"but {count(len(doors) - len(through))}. "
        )
        + "That node is also the only reason why anybody exercised: hold it constant and there is nobody left to compare. "
        "A control group breaks the arrow from the order to exercise; an allocation by lot breaks it for things that nobody thought to draw."
    )


def _implications(chapter: Chapter) -> str:
    p = chapter.parameters
    classes: dict[tuple[tuple[str, str, str], ...], list[str]] = {}
    for name in ORDER:
        if name != "high-crp":
            classes.setdefault(implications(name), []).append(name)
    alike = [listed([f"“{n}”" for n in names]) for names in classes.values() if len(names) > 1]
    mediated, null = (tied(n, p.people, p.seed) for n in ("mediated", "null"))
    return (
        f"Worlds that forbid the same cannot be told apart by what they forbid, however many people are asked: {'; and '.join(alike)}. "
        f"Little can be refuted, and few people seldom refute it: that the two changes have nothing to do with each other, which “{'direct'}” demands, is refuted in {percent(mediated)} of studies from the world “mediated” with {count(p.people)} people (in {percent(null)} where nothing happens, the test's own errors). "
        f"{_one_law()}"
        "And all of this presumes that both are measured without error, when every assay blurs the middle of a chain first."
    )


def _one_law() -> str:
    """Return what is lost where the numbers of one world meet the demands of another's graph."""
    mediated, reverse = (_law_of_two(name) for name in ("mediated", "reverse"))
    if not np.allclose(mediated, reverse):
        return ""
    return "Nor is what a graph permits what its numbers do: “reverse” forbids nothing, since training has an arrow of its own to betaine there, and we chose the strength of that arrow so that its numbers obey all that “mediated” demands; even these two give data of one law. "


def _law_of_two(name: str) -> np.ndarray:
    """Return the means and covariances of betaine and inflammation, where everybody trained."""
    law = node_law(world(name))
    own = [NODES.index(node) for node in ("betaine", "inflammation")]
    shift = (law.training + law.moved)[own]
    return np.concatenate([shift, law.covariance[np.ix_(own, own)].ravel()])


@tolerant
def check_forks(answer: str) -> str:
    """Check the exercise: the one node that shuts every back door from exercise to betaine."""
    right = _flat(ORDER_OF_VISITS)
    names = [_flat(n) for n in _PLACES]
    given = answer.strip().lower() if isinstance(answer, str) else ""
    if given not in [n.lower() for n in names]:
        return f"No node of that name; there are {listed(names)}."
    if given == right:
        return "Right: every back door begins there. And within one visit nobody differs in exercise, so that shutting it leaves nothing to compare."
    alone = [own for own in asked_sets(EXERCISE, BETAINE) if len(own) == 1]
    if (given,) in [tuple(n.lower() for n in own) for own in alone]:
        return "Holding it would do as well. But every back door passes another node before it."
    return "Not yet: write down the paths into exercise, and see what all of them pass."
