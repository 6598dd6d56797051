"""What may make active people's white cells differ: a causal graph, and what it asks to hold.

The graph is an opinion, drawn so that it can be disputed. The arithmetic on it is not.
"""

from functools import cache
from typing import Any

import pandas as pd

from exercisebook.chapters.arrows import arrow
from exercisebook.simulate.graph import adjustment_sets

ACTIVITY, WHITE_CELLS = "activity", "white cells"
PERSON, SOCIAL = "age, sex,\nethnicity", "schooling,\nincome"
SMOKING, WEIGHT = "smoking", "body mass\nindex"
ILLNESS, BOUT = "illness", "last bout"

_PLACES = {
    ACTIVITY: (0.04, 0.42),
    WHITE_CELLS: (0.95, 0.42),
    PERSON: (0.5, 1.0),
    SOCIAL: (0.14, 0.82),
    SMOKING: (0.86, 0.82),
    ILLNESS: (0.64, 0.61),
    WEIGHT: (0.45, 0.25),
    BOUT: (0.3, 0.0),
}

UNMEASURED = (ILLNESS, BOUT)

ASKED, MEASURED, NOT_MEASURED = "the question", "in the survey", "not read, or not there"

_CERTAIN = (
    (PERSON, ACTIVITY),
    (PERSON, WHITE_CELLS),
    (PERSON, ILLNESS),
    (SOCIAL, ACTIVITY),
    (SOCIAL, ILLNESS),
    (SOCIAL, SMOKING),
    (SOCIAL, WEIGHT),
    (SMOKING, ILLNESS),
    (SMOKING, WHITE_CELLS),
    (SMOKING, ACTIVITY),
    (PERSON, SOCIAL),
    (PERSON, SMOKING),
    (PERSON, WEIGHT),
    (ILLNESS, ACTIVITY),
    (ILLNESS, WHITE_CELLS),
    (WEIGHT, WHITE_CELLS),
    (ACTIVITY, BOUT),
    (BOUT, WHITE_CELLS),
    (ACTIVITY, WHITE_CELLS),
)

CONSEQUENCE = "body mass index follows from activity"
CAUSE = "body mass index decides who is active"

DRAWINGS = {CONSEQUENCE: (ACTIVITY, WEIGHT), CAUSE: (WEIGHT, ACTIVITY)}
"""The arrow in doubt, in its two directions."""


@cache
def sets_of(drawing: str) -> tuple[tuple[str, ...], ...]:
    """Return the smallest sets of nodes that block every back door in a drawing."""
    edges = [{"cause": c, "effect": e} for c, e in (*_CERTAIN, DRAWINGS[drawing])]
    graph: dict[str, list[dict[str, Any]]] = {"nodes": [], "edges": edges}
    return tuple(tuple(found) for found in adjustment_sets(graph, ACTIVITY, WHITE_CELLS))


def one_line(name: str) -> str:
    """Return a node's name on one line."""
    return name.replace("\n", " ")


def nodes() -> pd.DataFrame:
    """Return name, place and kind of every node."""
    rows = [(name, x, y, _kind(name)) for name, (x, y) in _PLACES.items()]
    return pd.DataFrame(rows, columns=["name", "x", "y", "kind"])


def arrows() -> pd.DataFrame:
    """Return every arrow with its ends and angle; the one in doubt points both ways."""
    rows = [arrow(_PLACES, cause, effect) for cause, effect in _CERTAIN]
    rows += [arrow(_PLACES, cause, effect, "in doubt") for cause, effect in DRAWINGS.values()]
    return pd.DataFrame(rows)


def _kind(name: str) -> str:
    if name in (ACTIVITY, WHITE_CELLS):
        return ASKED
    return NOT_MEASURED if name in UNMEASURED else MEASURED
