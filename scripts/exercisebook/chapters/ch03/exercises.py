"""What chapter 3's exercises need, and what checks their answers."""

from exercisebook.chapters.ch03 import models
from exercisebook.figures.tables import number
from exercisebook.stats.innate_memory import TOLERANCE, TRAINING, innate_memory

WHITE_CELLS = {"before": 7.0, "after": 5.6}
LYMPHOCYTE_PERCENT = {"before": 28.0, "after": 35.0}
"""A printout: white cells in 10^9 a litre, and per cent of them lymphocytes."""

MOUSE = {"baseline": 0.0, "restimulated": -0.8}
"""Log2 ratios to macrophages of mice at rest: an imagined experiment after the published one."""


def check_lymphocytes(before: float, after: float) -> str:
    """Check exercise 1: lymphocytes in 10^9 a litre before and after."""
    right = {w: WHITE_CELLS[w] * LYMPHOCYTE_PERCENT[w] / 100 for w in WHITE_CELLS}
    given = {"before": before, "after": after}
    if all(abs(given[w] - right[w]) < 0.005 for w in right):
        return f"Right: {number(right['before'], 3)} before and {number(right['after'], 3)} after. Lymphocytes did nothing; the others left."
    if all(abs(given[w] - LYMPHOCYTE_PERCENT[w]) < 0.5 for w in right):
        return "These are the shares. How many cells a litre is that?"
    if all(abs(given[w] - 100 * right[w]) < 0.5 for w in right):
        return "A per cent is a hundredth: divide by 100."
    return "Not yet: take the share of that day's white cells, each day by itself."


def check_interval(answer: float) -> str:
    """Check exercise 2: the resolution interval of the exudate in which fewer cells came."""
    found = models.indices_of(models.SMALLER)
    usual = models.indices_of(models.USUAL)
    if abs(answer - found.interval) < 0.3:
        return f"Right: {number(found.interval)} hours, as in the exudate with twice the cells ({number(usual.interval)})."
    if abs(answer - found.t_50) < 0.3:
        return "That is the hour at which half is left. How long after the peak is it?"
    if abs(answer - found.t_max) < 0.3:
        return "That is the hour of the peak."
    return "Not yet: find the peak, halve it, and see when the falling limb passes there."


def check_programme(answer: str) -> str:
    """Check exercise 3: what the macrophages of exercised mice show."""
    right = str(innate_memory(MOUSE["baseline"], MOUSE["restimulated"], models.MARGIN))
    if answer.strip().lower() == right == TOLERANCE:
        return "Right: baseline as ever, output lower. By these two numbers the word is tolerance, whatever a title calls it."
    if answer.strip().lower() == TRAINING:
        return "Training in this sense is a larger second answer, and this one is smaller."
    return "Not yet: is the baseline changed, and is the second answer larger or smaller?"
