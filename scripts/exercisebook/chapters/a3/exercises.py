"""What the exercises of appendix A3 need, and what checks their answers."""

from exercisebook.chapters.a3.readings import FEATURES, finding, outcomes
from exercisebook.chapters.a3.studies import LEVEL
from exercisebook.figures.tables import number

TESTS = 450
"""Features of the first exercise: all proteins and metabolites."""


def check_expected(answer: float) -> str:
    """Check the first exercise: false positives among 450 unchanged features at .05."""
    expected = LEVEL * TESTS
    if abs(answer - expected) <= 1:
        return (
            f"Right: {number(expected, 3)} on average. With q values instead, "
            f"{number(finding('null', 'proteins and metabolites', 'found')['estimate'])} a study "
            "were found in the null world."
        )
    if abs(answer - LEVEL) < 1e-9:
        return "That is the share; how many features is it?"
    return "Not yet: each of the features has its own chance of one in twenty."


def check_world(answer: str) -> str:
    """Check the second exercise: a world in which CRP falls and training does nothing to it."""
    table = outcomes()
    names = list(dict.fromkeys(table["world"]))
    if answer not in names:
        return f"No world of that name; there are {', '.join(names)}."
    row = table[(table["world"] == answer) & (table["feature"] == "crp")].iloc[0]
    if row["outcome"] == "false alarm" and row["log2_change"] < 0:
        return (
            f"Right: there {FEATURES['crp']} falls and training does not make it fall. "
            "A control group that does not train would fall as much."
        )
    if row["outcome"] == "found":
        return "There training truly acts on it, directly or through something else."
    return "There CRP hardly changes more often than chance allows."
