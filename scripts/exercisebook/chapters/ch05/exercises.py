"""What chapter 5's exercises need, and what checks their answers."""

from collections.abc import Iterable, Sequence

import pandas as pd

from exercisebook.chapters.answers import tolerant
from exercisebook.chapters.ch05.dose import (
    BODY_MASS_KG,
    KM_RATIO,
    human_dose,
    mouse_dose,
)
from exercisebook.chapters.ch05.genetics import PLEIOTROPIC
from exercisebook.chapters.ch05.mimetic import EFFECT, GROUPS
from exercisebook.chapters.ch05.published import HOMOCYSTEINE, HOMOCYSTEINE_RISE
from exercisebook.chapters.ch05.rats import BETAINE, CONTROL
from exercisebook.chapters.ch05.readings import in_tissue, trait
from exercisebook.chapters.chapter import Chapter
from exercisebook.figures.tables import number, whole
from exercisebook.sources.motrpac_rat import NOT_CONCURRENT, TISSUES
from exercisebook.stats.power import detectable_from_se

WATER, PERCENT = 150.0, 0.5
"""What the exercise on doses assumes: mL of water per kg and day, and per cent in the bottle."""

MORE_IN, LESS_OUT, MORE_THROUGH = "more in", "less out", "more through"
HIGHER, FASTER = frozenset({MORE_IN, LESS_OUT}), frozenset({MORE_IN, MORE_THROUGH})
"""Events that raise the level of betaine, and those that let more of it pass in an hour."""

SEDENTARY_GROUPS = 1
"""The same ten sedentary rats gave all three tissues, and every week is set against them."""

FOUR_GROUPS = frozenset({"neither", "exercise", "blocked", "exercise, blocked"})
MICE, FEWEST_HOURS = 64, 3
READERS, HOURS = ("keeper", "stranger"), (1, 2, 4)


@tolerant
def check_lake(higher: Iterable[str], faster: Iterable[str]) -> str:
    """Check which events raise betaine's level, and which hand on more methyl groups."""
    up, quick = frozenset(higher), frozenset(faster)
    events = (MORE_IN, LESS_OUT, MORE_THROUGH)
    if not up | quick <= set(events):
        return f"Give two lists of some of {', '.join(events)}."
    if (up, quick) == (HIGHER, FASTER):
        return "Right: only one event is in both lists, so a level that rose names no flow."
    if up == quick:
        return "Not yet: two equal lists make the level a rate. What of an outlet that is narrowed?"
    if LESS_OUT in quick:
        return "Not yet: at rest as much leaves as comes in. Does more come in if BHMT slackens?"
    if MORE_THROUGH in up:
        return "Not yet: twice as much comes in, and of the old level twice as much goes out."
    if up != HIGHER:
        return "Not yet: a level rises until as much goes out as comes in. When has it to rise?"
    return "Not yet: once the level rests, as much is handed on in an hour as CHDH makes."


def _loss() -> float:
    return 100 * (1 - HOMOCYSTEINE / (HOMOCYSTEINE + HOMOCYSTEINE_RISE))


@tolerant
def check_plasma_loss(answer: float) -> str:
    """Check the loss of plasma, in per cent, that makes all of homocysteine's rise."""
    if abs(answer - _loss()) < 0.1:
        return f"Right: {number(_loss())} % less plasma, within the range that a bout is known to cost, and not one molecule more."
    if abs(answer - 100 * HOMOCYSTEINE_RISE / HOMOCYSTEINE) < 0.1:
        return "That is the rise itself. What is as much in less plasma is more concentrated by one over the share that is left."
    if abs(answer + _loss()) < 0.1 or abs(answer - _loss() / 100) < 0.001:
        return "The size is right; give the loss in per cent, as a positive number."
    return "Not yet: the amount stays, so concentration before over concentration after is the share of plasma that is left."


@tolerant
def check_human_dose(answer: float) -> str:
    """Check grams a day for a person, from half a per cent in a mouse's water."""
    mouse = mouse_dose(PERCENT, WATER)
    right = human_dose(mouse, KM_RATIO) * BODY_MASS_KG / 1000
    if abs(answer - right) < 0.02 * right:
        return f"Right: {number(right)} g a day. Each step was an assumption; the bottle was not weighed, and no dose here is advice."
    if abs(answer - mouse * BODY_MASS_KG / 1000) < 0.5:
        return "That is by mass alone: a mouse burns and clears far more per kilogram than a person; divide by the ratio."
    if abs(answer - right / 10) < 0.02 * right or abs(answer - 10 * right) < 0.2 * right:
        return "A factor of ten: one per cent, weight in volume, is a gram in 100 mL, ten milligrams in each millilitre."
    return "Not yet: milligrams in a millilitre, times millilitres a kilogram, over the ratio, times kilograms."


@tolerant
def check_pleiotropy(chapter: Chapter, answer: float) -> str:
    """Check how many times rs715 moves glycine as it moves betaine, both as log10."""
    own, other = (trait(chapter, PLEIOTROPIC, t)["beta"] for t in ("Betaine", "Glycine"))
    right = abs(other / own)
    if abs(abs(answer) - right) < 0.02 * right:
        return f"Right: {number(right)} times, and the other way. As an instrument for betaine it is an instrument for glycine."
    if abs(abs(answer) - 1 / right) < 0.01:
        return "That is betaine over glycine; turn it over."
    return "Not yet: the association with glycine over that with betaine, of the same allele."


def early_rows(chapter: Chapter) -> pd.DataFrame:
    """Return betaine and proline betaine after one to four weeks, as ratios to sedentary rats."""
    rows = [
        (
            tissue,
            week.removesuffix("w"),
            *(_early(chapter, tissue, week, s) for s in (BETAINE, CONTROL)),
        )
        for tissue in TISSUES
        for week in NOT_CONCURRENT
    ]
    return pd.DataFrame(rows, columns=["tissue", "weeks", "betaine", "proline betaine"])


def _early(chapter: Chapter, tissue: str, week: str, substance: str) -> float:
    return round(float(2 ** in_tissue(chapter, tissue, substance, "all", week)["estimate"]), 3)


@tolerant
def check_early_rows(
    chapter: Chapter, betaine_above: int, control_above: int, sedentary_groups: int
) -> str:
    """Check how many early rows lie above 1, and how many groups all of them are set against."""
    above = (early_rows(chapter)[["betaine", "proline betaine"]] > 1).sum()
    own, control = int(above["betaine"]), int(above["proline betaine"])
    if betaine_above != own:
        return "Not yet: in how many rows of the table is the ratio of betaine larger than 1?"
    if control_above != control:
        return "Betaine is counted rightly; now count proline betaine in the same way."
    if sedentary_groups == len(TISSUES):
        return "Not yet: three tissues, but whose? If their sedentary rats ate well, all three show it."
    if sedentary_groups == len(TISSUES) * len(NOT_CONCURRENT):
        return "Not yet: a row is a ratio. Does each have sedentary rats of its own below the line?"
    if sedentary_groups != SEDENTARY_GROUPS:
        return "The rows are counted rightly. How many groups of rats did not run?"
    rows = whole(len(TISSUES) * len(NOT_CONCURRENT))
    return f"Right: betaine in {own} of {rows}, what no rat makes in {control}, and one group below all: one coin, not nine."


def loss_shown(mice: int) -> float:
    """Return the smallest loss of exercise's gain that four groups of mice show.

    Parameters
    ----------
    mice : int
        In each of the four.

    Returns
    -------
    float
        In standard deviations between animals, at 80 % power.
    """
    groups = len(FOUR_GROUPS)
    return round(float(detectable_from_se((groups / mice) ** 0.5, groups * (mice - 1))), 3)


@tolerant
def check_deciding(groups: Sequence[str], mice: int, reader: str, hours: int) -> str:
    """Check a plan that could show whether exercise needs betaine: groups, mice, hands, hours."""
    chosen = frozenset(groups)
    if isinstance(groups, str) or not chosen <= set(GROUPS):
        return f"Groups are a list of some of: {'; '.join(GROUPS)}."
    if reader not in READERS or hours not in HOURS or not float(mice).is_integer() or mice < 2:
        return f"The reader is one of {' and '.join(READERS)}, hours are one of {', '.join(map(str, HOURS))}, and mice a whole number above one."
    if not chosen >= FOUR_GROUPS:
        return _lacking(chosen)
    if len(chosen) * mice > MICE:
        return f"That takes {whole(len(chosen) * mice)} mice; you have {MICE}."
    if loss_shown(mice) > EFFECT:
        return f"With {whole(mice)} a group only a loss of {number(loss_shown(mice))} would be seen. Which groups could you do without?"
    if reader != "stranger":
        return (
            "Groups and mice are right. But what does a grip measure if its reader knows who ran?"
        )
    if hours < FEWEST_HOURS:
        return "Nearly: a wave has a level, a height and an hour. How many clock times tell three unknowns?"
    return f"Right: a loss of {number(loss_shown(mice))} would be seen where all of it is {number(EFFECT)}. With more mice, give some blocked ones betaine: does that bring it back?"


def _lacking(chosen: frozenset[str]) -> str:
    """Return what a plan cannot tell without the groups that it leaves out."""
    if "exercise, blocked" not in chosen:
        return "Not yet: two worlds with one ceiling are alike until a mouse runs without betaine."
    if "blocked" not in chosen:
        return "Not yet: a block has effects of its own. Which mice would show them?"
    return "Not yet: without the block, what does running give? That is what could be lost."
