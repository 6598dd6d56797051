"""What chapter 6's exercises need, and what checks their answers."""

import math

from exercisebook.chapters.ch06.analyses import HIGH_ATP_UM, LOW_ATP_UM
from exercisebook.chapters.ch06.readings import assumed_kd, two_potencies
from exercisebook.chapters.chapter import Chapter
from exercisebook.figures.tables import number

CELL_ATP_UM = 3000.0
"""µM, of the second exercise."""


def bx795(chapter: Chapter) -> tuple[float, float]:
    """Return BX-795's IC50 in nM at 10 µM and at 1,000 µM of ATP."""
    row = two_potencies(chapter, "BX-795")
    return float(row["low_nM"]), float(row["high_nM"])


def page_kd(chapter: Chapter) -> float:
    """Return the Kd of betaine, in mM, that this page assumes."""
    return round(assumed_kd(chapter), 3)


def check_nine_tenths(chapter: Chapter, answer: float) -> str:
    """Check exercise 1: the concentration, in mM, at which nine tenths of TBK1 are bound."""
    kd = page_kd(chapter)
    right = 9 * kd
    if not _a_number(answer):
        return "Give a number, in mM."
    if abs(answer / right - 1) < 0.01:
        return f"Right: {number(right, 3)} mM, {number(right / 0.05, 2)} times a plasma level of 50 µM."
    if abs(answer / (right * 1000) - 1) < 0.01:
        return "That is right in µM; give it in mM."
    if abs(answer / (0.9 * kd) - 1) < 0.01:
        return "That is nine tenths of the Kd. Solve L / (L + Kd) = 0.9 for L."
    if abs(answer / kd - 1) < 0.01:
        return "At the Kd itself, half is bound."
    return "Not yet: solve L / (L + Kd) = 0.9 for L."


def check_cell_ic50(chapter: Chapter, answer: float) -> str:
    """Check exercise 2: BX-795's IC50, in nM, at 3 mM of ATP."""
    low, high = bx795(chapter)
    slope = (high - low) / (HIGH_ATP_UM - LOW_ATP_UM)
    ki = low - slope * LOW_ATP_UM
    right = ki + slope * CELL_ATP_UM
    if not _a_number(answer):
        return "Give a number, in nM."
    if abs(answer / right - 1) < 0.02:
        return f"Right: about {number(right, 3)} nM, {number(right / low)} times the first number."
    if abs(answer / ki - 1) < 0.02:
        return "That is the Ki, its IC50 with no ATP at all."
    if abs(answer / (high * CELL_ATP_UM / HIGH_ATP_UM) - 1) < 0.02:
        return "A line, yes, but not one through zero: without ATP the IC50 is Ki, not nil."
    return "Not yet: draw the straight line through both points, and read it at 3,000 µM."


def _a_number(answer: object) -> bool:
    return isinstance(answer, int | float) and math.isfinite(answer) and answer > 0
