"""What chapter 3's exercises need, and what checks their answers.

Towns, men and printouts are invented; nothing here was fitted to anything.
"""

import math
from numbers import Integral

import numpy as np
import pandas as pd

from exercisebook.chapters.answers import tolerant
from exercisebook.chapters.ch03 import models
from exercisebook.errors import Misuse
from exercisebook.figures.tables import number, percent, whole
from exercisebook.stats.innate_memory import DIFFERENTIATION, PRIMING, TRAINING, innate_memory
from exercisebook.stats.power import detectable_from_se

WHITE_CELLS = {"before": 7.0, "after": 5.6}
LYMPHOCYTE_PERCENT = {"before": 28.0, "after": 35.0}
"""A printout: white cells in 10^9 a litre, and per cent of them lymphocytes."""

MOUSE = {"baseline": 0.0, "restimulated": -0.8}
"""Log2 ratios to macrophages of mice at rest: an imagined experiment after the published one."""

MEN, CELLS_A_DRAW = 6, 100
MEN_APART, DAYS_APART, CELLS_APART = 0.5, 0.3, 0.8
"""Standard deviations, log2: of men's levels, of one man's days, of cells in one draw."""

SEED = 3

NAIVE_SHARE = 0.1
"""Naive cells of one kind among mononuclear cells."""

NUMBER_CV = 0.15
"""Within a person, of the true number of naive cells a litre."""

PRICE_OF_A_PERSON, GRANT = 2000, 100_000
"""In the price of a cell."""

WANTED_RISE = 1.35
A_LITRE, OF_MONONUCLEAR, OF_LYMPHOCYTES = "a litre", "of mononuclear cells", "of lymphocytes"
READINGS = (OF_MONONUCLEAR, OF_LYMPHOCYTES, A_LITRE)


@tolerant
def check_lymphocytes(before: float, after: float) -> str:
    """Check a printout's lymphocytes in 10^9 a litre before and after."""
    right = {w: WHITE_CELLS[w] * LYMPHOCYTE_PERCENT[w] / 100 for w in WHITE_CELLS}
    given = {"before": before, "after": after}
    if all(abs(given[w] - right[w]) < 0.005 for w in right):
        return f"Right: {number(right['before'], 3)} before and {number(right['after'], 3)} after. Lymphocytes did nothing; the others left."
    if all(abs(given[w] - LYMPHOCYTE_PERCENT[w]) < 0.5 for w in right):
        return "These are the shares. How many cells a litre is that?"
    if all(abs(given[w] - 100 * right[w]) < 0.5 for w in right):
        return "A per cent is a hundredth: divide by 100."
    return "Not yet: take the share of that day's white cells, each day by itself."


@tolerant
def check_interval(answer: float) -> str:
    """Check the resolution interval of the exudate in which fewer cells came."""
    found = models.indices_of(models.SMALLER)
    usual = models.indices_of(models.USUAL)
    curve = models.exudates().query("row == @models.SMALLER").set_index("hour")["millions"]
    falling = curve.loc[found.t_max :]
    first_below = float(falling[falling <= found.psi_50].index[0])
    if abs(answer - found.interval) < 0.3:
        return f"Right: {number(found.interval)} hours, as in the exudate with twice the cells ({number(usual.interval)}): it kept cells out, and hurried none of those that came."
    if abs(answer - found.t_50) < 0.3:
        return "That is the hour at which half is left. How long after the peak is it?"
    if abs(answer - found.t_max) < 0.3:
        return "That is the hour of the peak."
    if abs(answer - (first_below - found.t_max)) < 0.3:
        return "That is the first count below the half. The half is passed between two counts: draw a line."
    return "Not yet: find the peak, halve it, and see when the falling limb passes there."


@tolerant
def check_programme(answer: str) -> str:
    """Check what the macrophages of exercised mice show."""
    right = str(innate_memory(MOUSE["baseline"], MOUSE["restimulated"], models.MARGIN))
    said = str(answer).strip().lower()
    if said not in models.PROGRAMMES:
        return f"Give one of the four words, in quotes: {', '.join(models.PROGRAMMES)}."
    if said == right:
        return "Right: baseline as ever, output lower. By these two numbers the word is tolerance, whatever a title calls it."
    return {
        TRAINING: "Training in this sense is a larger second answer, and this one is smaller.",
        PRIMING: "Primed cells have not fallen silent before the second stimulus, and answer it more.",
        DIFFERENTIATION: "A cell of another kind is another cell before the second stimulus, too.",
    }[said]


def town() -> pd.DataFrame:
    """Return a thousand invented adults by smoking and activity.

    Returns
    -------
    DataFrame
        ``people`` and the mean of their ``neutrophils`` in 10^9 a litre; indexed by smoking
        and activity.
    """
    groups = [(s, a) for s in ("no", "yes") for a in ("active", "inactive")]
    index = pd.MultiIndex.from_tuples(groups, names=["smoking", "activity"])
    return pd.DataFrame(
        {"people": [500, 300, 40, 160], "neutrophils": [3.9, 4.0, 4.9, 5.4]}, index=index
    )


@tolerant
def check_town(crude: float, held: float) -> str:
    """Check the town's difference in neutrophils, as it is and with smoking held constant."""
    people, means = town()["people"].unstack(), town()["neutrophils"].unstack()
    apart = np.average(means, axis=0, weights=people)
    gaps = means["active"] - means["inactive"]
    plain, by_all = gaps.mean(), np.average(gaps, weights=people.sum(axis=1))

    def near(given: float, one: float) -> bool:
        return abs(given - one) < 0.006

    difference = float(apart[0] - apart[1])
    if near(crude, -difference) or near(held, -by_all):
        return "The sign is the other way round: active minus inactive."
    if near(crude, plain):
        return (
            "Not yet: that counts 40 people for as much as 500. What is the mean of all the active?"
        )
    if not near(crude, difference):
        return "Not yet: begin with the mean of all the active, smokers or not, and of all the inactive."
    if near(held, by_all):
        return f"Right: {number(crude)} became {number(held)} once smokers were compared with smokers. What is left is activity's if nothing else lies behind it."
    return _told_of_held(held, people, gaps)


def _told_of_held(held: float, people: pd.DataFrame, gaps: pd.Series) -> str:
    wrong = [
        (gaps.mean(), "That gives smokers half of the say, and they are a fifth of the town."),
        *(
            (
                np.average(gaps, weights=people[who]),
                f"That weighs the rows as they stand among the {who}. Weigh them as among all.",
            )
            for who in people
        ),
        *((gap, "That is one row alone. The town has two.") for gap in gaps),
    ]
    for value, told in wrong:
        if abs(held - value) < 0.006:
            return f"The crude difference is right. {told}"
    return "The crude difference is right. Now compare within each row, and then weigh the two rows by their people."


def cells_of_six() -> pd.DataFrame:
    """Return one gene in the cells of six invented men, a hundred a draw: man, phase, log2 level.

    Training does nothing to any of them; each man has a level of his own, and each of his days.
    """
    rng = np.random.default_rng(SEED)
    of_man = rng.normal(5.0, MEN_APART, MEN)[:, None, None]
    of_day = rng.normal(0.0, DAYS_APART, (MEN, 2))[:, :, None]
    of_cell = rng.normal(0.0, CELLS_APART, (MEN, 2, CELLS_A_DRAW))
    index = pd.MultiIndex.from_product(
        [list("ABCDEF"), ["before", "after"], range(CELLS_A_DRAW)], names=["man", "phase", "cell"]
    )
    level = (of_man + of_day + of_cell).round(2).ravel()
    return pd.Series(level, index, name="level").reset_index().drop(columns="cell")


@tolerant
def check_two_errors(by_men: float, by_cells: float) -> str:
    """Check two standard errors of six men's mean change: over men, and over their cells."""
    means = cells_of_six().groupby(["man", "phase"])["level"].mean().unstack()
    change = means["after"] - means["before"]
    right = float(change.std() / math.sqrt(MEN))
    naive = _error_over_cells()
    if _close(by_men, naive) and _close(by_cells, right):
        return "You have both, the wrong way round: which of them has six values, and which 1,200?"
    if not _close(by_men, right):
        return _told_of_men(by_men, means, right)
    if not _close(by_cells, naive):
        return _told_of_cells(by_cells, naive)
    told = (
        f"{number(abs(change.mean()) / own)} standard errors by {what}"
        for own, what in ((naive, "cells"), (right, "men"))
    )
    return f"Right: {number(right)} and {number(naive)}. The mean change lies {' and '.join(told)} from nought, and nothing happened to these men."


def _error_over_cells() -> float:
    by_phase = cells_of_six().groupby("phase")["level"]
    return float(np.sqrt((by_phase.var() / by_phase.count()).sum()))


def _close(given: float, one: float) -> bool:
    return math.isclose(given, one, rel_tol=0.02)


def _told_of_men(by_men: float, means: pd.DataFrame, right: float) -> str:
    wrong = {
        right * math.sqrt(MEN): "By men, that is how far the six changes lie apart. How far does their mean stray?",
        right * math.sqrt((MEN - 1) / MEN): "By men, the variance of six changes divides by five.",
        float(np.sqrt(means.var().sum() / MEN)): "By men, that compares six men with six others. Take each man's own change first.",
    }  # fmt: skip
    for value, told in wrong.items():
        if _close(by_men, value):
            return told
    return "Not yet: by men there are six values, one change each."


def _told_of_cells(by_cells: float, naive: float) -> str:
    level = cells_of_six()["level"]
    if _close(by_cells, float(level.std() / math.sqrt(len(level)))):
        return "By men it is right. By cells, that is the error of one mean of them all; here two means are compared."
    if _close(by_cells, naive * math.sqrt(len(level) / 2)):
        return "By men it is right. By cells, variances are divided by the number of cells first."
    return "By men it is right. By cells, two heaps of 600 are compared, each with its variance over 600."


def rise_shown(people: int, cells: int) -> float:
    r"""Return the rise of naive cells a litre that a trial of two equal groups could show.

    One draw of a person strays, on the log scale, by biology and by the poll of its cells, with
    variances :math:`\sigma^2 = \log(1 + CV^2)` and :math:`(1 - p) / (p m)` for a share
    :math:`p` among :math:`m` cells. The groups' changes then differ with the variance
    :math:`2 (\sigma^2 + (1 - p) / (p m)) \cdot 4 / n`. All respond alike. Level 5 %, power 80 %.

    Parameters
    ----------
    people : int
        In both groups together; even, and four at least.
    cells : int
        Mononuclear cells read in each draw, of which each person gives two.

    Returns
    -------
    float
        A ratio above one.

    Raises
    ------
    Misuse
        If there are no two equal groups of two or more, or no cells.
    """
    if people < 4 or people % 2 or cells < 1:
        raise Misuse("two equal groups of two people or more, and a cell a draw, are needed")
    poll = (1 - NAIVE_SHARE) / (NAIVE_SHARE * cells)
    variance = 2 * (np.log1p(NUMBER_CV**2) + poll) * 4 / people
    return float(np.exp(detectable_from_se(np.sqrt(variance), people - 2)))


@tolerant
def check_grant(people: int, cells: int, reading: str) -> str:
    """Check how a grant is split between people and cells, and what is made of the cells."""
    if not all(isinstance(n, Integral) and n >= 1 for n in (people, cells)):
        return "People and cells are whole numbers."
    if people < 4 or people % 2:
        return "Two equal groups of two people or more are needed: an even number of people."
    if reading not in READINGS:
        return f"Naive cells can be read {', '.join(READINGS)}."
    price = people * (PRICE_OF_A_PERSON + 2 * cells)
    if price > GRANT:
        return f"That costs as much as {whole(price)} cells: every person is bled twice."
    shown = rise_shown(people, cells)
    if shown > WANTED_RISE:
        return f"Not yet: this plan shows a rise of {percent(shown - 1)} or more. {_repair(price, cells)}"
    return {
        OF_MONONUCLEAR: "The split is right. But that share rises, too, if monocytes fall; what was claimed is more naive cells.",
        OF_LYMPHOCYTES: "The split is right. But that share rises, too, if memory cells fall; what was claimed is more naive cells.",
        A_LITRE: f"Right: {whole(people)} people and {whole(cells)} cells a draw show a rise of {percent(shown - 1)}, and a rise of cells a litre is one of cells.",
    }[reading]


def _repair(price: int, cells: int) -> str:
    """Return where money would tell more: the best split has the variances as their prices."""
    if price < 0.9 * GRANT:
        return "There is money left."
    poll = (1 - NAIVE_SHARE) / (NAIVE_SHARE * cells)
    if poll / np.log1p(NUMBER_CV**2) > 2 * cells / PRICE_OF_A_PERSON:
        return (
            "The poll of so few cells strays more than the people do: fewer people, better polled?"
        )
    return "The poll is good already, and it is people who stray: more of them, with fewer cells?"
