"""What chapter 7's last exercises need: studies that tell worlds apart, and a list of shares.

The other checks stand beside what they check, in the parts of the chapter.
"""

from collections.abc import Iterable
from functools import cache
from itertools import combinations

from exercisebook.chapters.answers import tolerant
from exercisebook.chapters.ch07.drawings import WORLDS
from exercisebook.chapters.ch07.many import ASKED, at_the_floor, check_floor
from exercisebook.chapters.ch07.stool import check_bloom
from exercisebook.chapters.wording import count, listed
from exercisebook.simulate.graph import causal_graph
from exercisebook.simulate.worlds import SEASON, TRAINING, world

MANY, BY_LOT, CAPSULE, CALM, KITCHEN = "many", "training", "betaine", "calm", "kitchen"
OFFERED = (MANY, BY_LOT, CAPSULE, CALM, KITCHEN)
"""Studies of the exercise; what each asks stands in its text."""


@cache
def outcomes(name: str) -> dict[str, tuple[bool, ...]]:
    """Return what each study would find in a world, without error, by the world's graph.

    Returns
    -------
    dict of str to tuple of bool
        A yes or no for each thing that the study looks at.
    """
    import networkx as nx

    graph = nx.DiGraph([(e["cause"], e["effect"]) for e in causal_graph(world(name))["edges"]])
    graph.add_nodes_from(["betaine", "diet"])
    fed = graph.copy()
    fed.remove_edges_from(list(graph.in_edges("diet")))
    # at one visit the calendar and the training of all are the same
    held = {"phase", TRAINING, SEASON} & set(graph)
    both = ("betaine", "inflammation")
    return {
        MANY: (not nx.is_d_separator(graph, {both[0]}, {both[1]}, held),),
        BY_LOT: tuple(nx.has_path(graph, TRAINING, node) for node in both),
        CAPSULE: (nx.has_path(graph, "betaine", "inflammation"),),
        CALM: (nx.has_path(graph, "inflammation", "betaine"),),
        KITCHEN: tuple(nx.has_path(fed, "phase", node) for node in both),
    }


def mistaken(chosen: Iterable[str]) -> list[tuple[str, str]]:
    """Return the pairs of worlds in which the chosen studies find the same."""
    own = sorted(set(chosen))
    return [
        (one, other)
        for one, other in combinations(WORLDS, 2)
        if all(outcomes(one)[study] == outcomes(other)[study] for study in own)
    ]


@cache
def fewest() -> int:
    """Return how many of the studies it takes at least to tell all worlds apart."""
    sizes = range(1, len(OFFERED) + 1)
    return next(k for k in sizes if not all(map(mistaken, combinations(OFFERED, k))))


def _settling() -> list[str]:
    """Return the studies that say yes where betaine moves inflammation, and only there."""
    calms = [outcomes(name)[CAPSULE] for name in WORLDS]
    return [s for s in OFFERED if [outcomes(name)[s] for name in WORLDS] == calms]


@tolerant
def check_studies(chosen: Iterable[str], second_half: str) -> str:
    """Check the fewest studies that tell four worlds apart, and the one that the end rests on."""
    known = listed([f'"{study}"' for study in OFFERED])
    if isinstance(chosen, str) or not set(chosen) <= set(OFFERED) or second_half not in OFFERED:
        return f"Give a list of some of {known}, and one of them for the second half."
    own = set(chosen)
    alike = mistaken(own)
    if alike:
        one, other = alike[0]
        return f"Not yet: in “{one}” and in “{other}” these would all find the same."
    if len(own) > fewest():
        return "These tell all four apart, and fewer do. Which of them finds nothing that the others do not tell?"
    if second_half not in _settling():
        same = [
            (one, other)
            for one, other in combinations(WORLDS, 2)
            if outcomes(one)[second_half] == outcomes(other)[second_half]
            and outcomes(one)[CAPSULE] != outcomes(other)[CAPSULE]
        ]
        told = listed([f"“{name}”" for name in same[0]])
        return f"The {count(fewest())} are right. But “{second_half}” finds the same in {told}, and in one of them betaine moves inflammation."
    return "Right: one lot decides who trains, another who gets what is in the middle; without both no set of these will do, however many people are asked."


@tolerant
def check_shares(at_least: float, fall: float, found: float) -> str:
    """Check the floor of ten people, the fall of other shares, and how many are then found."""
    for told, part in ((check_floor(at_least), "first"), (check_bloom(fall), "second")):
        if not told.startswith("Right"):
            return f"The {part} number: {told}"
    people, features, fdr = ASKED
    everybody = "How many shares moved, and in how many people to one side?"
    if found == features:
        return f"Right: all {features}. Every share did move, and one kind of bacteria; a false-discovery rate is honest about chance, and says nothing of amounts."
    if found == features - 1:
        return "Nearly: the genus that bloomed has a share, too."
    if found == 1:
        return f"The third number: that is how many kinds of bacteria changed. {everybody}"
    if found == 0:
        return f"The third number: {count(people)} people can find something if enough stand at the floor. {everybody}"
    if found == at_the_floor(people, features, fdr):
        return f"The third number: that is how many it takes at least. {everybody}"
    if abs(found - features * fdr) < 1:
        return f"The third number: the rate is what luck may add to a list, not how long a list is. {everybody}"
    return f"The third number, not yet. {everybody}"
