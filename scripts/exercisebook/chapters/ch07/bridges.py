"""From mouse to man: what each step takes for granted beyond the arithmetic of a dose.

The arithmetic itself, from a bottle to grams a day, is chapter 5's.
"""

import pandas as pd

from exercisebook.chapters.ch05.dose import KM_RATIO, TRIAL_G, dose_ledger
from exercisebook.chapters.ch05.published import SERUM_AFTER, SERUM_BEFORE
from exercisebook.chapters.chapter import Chapter
from exercisebook.chapters.wording import count
from exercisebook.figures.tables import Table, interval, number, percent, whole

WATER_ML_PER_KG = 150.0
"""What a mouse is taken to drink, as chapter 5's default has it."""

MOUSE_MONTHS, MAN_YEARS = 30.0, 80.0
"""Long lives of both, round numbers that are assumed, to turn weeks of one into those of the other."""

MOUSE_DAYS, STUDY_DAYS = 14, 25

EACH_HOLDS = 0.8
"""A chance put at each bridge to see what a chain of them does; nobody has measured it."""


def same_share_of_life() -> float:
    """Return the days of a man's life that are the share which two weeks are of a mouse's."""
    return MOUSE_DAYS * (12 * MAN_YEARS) / MOUSE_MONTHS


def bridges() -> pd.DataFrame:
    """Return each step from mouse to man with what must hold and what we hold."""
    doses = dose_ledger(WATER_ML_PER_KG, KM_RATIO)["human_g"]
    rows = [
        (
            "dose",
            "0.1 to 1 % of its water, all day",
            f"{interval(doses.min(), doses.max())} g a day by surface; most trials gave {TRIAL_G:g} g",
            "effects scale as clearance does; a sip an hour equals a scoop a day",
            "arithmetic (chapter 5)",
        ),
        (
            "size",
            "betaine given",
            f"betaine raised by training, by how much is not told; {TRIAL_G:g} g raised it {number(SERUM_AFTER / SERUM_BEFORE)}-fold in five men",
            "a small rise does a little of what a large one does",
            "nothing",
        ),
        (
            "time",
            f"{whole(MOUSE_DAYS)} days of running",
            f"{whole(STUDY_DAYS)} days; by share of life the mouse's would be {number(same_share_of_life() / 30.4)} months",
            "it is known whether days or shares of a life count",
            "nothing",
        ),
        (
            "running",
            "a treadmill that is turned on for it, at an hour that is not told",
            "sessions that people agree to",
            "being made to run does nothing that running does not",
            "rats on a treadmill too",
        ),
        (
            "age",
            "old ones are given betaine",
            "young ones train",
            "what mends the old is what training does in the young",
            "nothing",
        ),
        (
            "place",
            "kidney most of all",
            "plasma",
            "a rise in the one is a rise in the other",
            "rats' muscle and fat; no kidney, no plasma",
        ),
        (
            "target",
            "TBK1 inside cells",
            "TBK1 inside cells",
            "enough betaine gets there, and was not there before",
            "bounds, no measurement (chapter 6)",
        ),
        (
            "outcome",
            "markers of senescence, tests of body and mind",
            "CRP, TNF, CCL25",
            "they are readings of one process",
            "nothing",
        ),
    ]
    return pd.DataFrame(
        rows, columns=["bridge", "in mice", "in men", "what must hold", "what we hold"]
    )


def bridges_table(chapter: Chapter) -> Table:
    """Return the bridges from mouse to man."""
    return Table(
        bridges(),
        f"From the mice to the men: what each bridge takes for granted (a mouse's long life taken as {whole(MOUSE_MONTHS)} months and a man's as {whole(MAN_YEARS)} years); no dose here is advice.",
        stacked=True,
    )


def sentences(chapter: Chapter) -> dict[str, str]:
    """Return the sentence on bridges."""
    table = bridges()
    empty = int((table["what we hold"] == "nothing").sum())
    days = same_share_of_life()
    return {
        "bridges": (
            f"Of {count(len(table))} bridges {count(empty)} rest on nothing that we hold. "
            f"Two clocks already disagree: {whole(MOUSE_DAYS)} days are {whole(MOUSE_DAYS)} days, or {number(days / 30.4)} months as a share of a man's life, and the study has {whole(STUDY_DAYS)} days. "
            f"A story that needs all {count(len(table))} is as strong as their product: were each {percent(EACH_HOLDS)} sure and none the others' business, the whole would be {percent(EACH_HOLDS ** len(table))} sure. "
            "That number is an exercise and no estimate; it says why a chain of likely steps is not a likely chain. "
            "A trial in people crosses all bridges at once, and none of them separately."
        )
    }
