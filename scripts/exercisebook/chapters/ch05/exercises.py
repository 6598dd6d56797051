"""What chapter 5's exercises need, and what checks their answers."""

from exercisebook.chapters.ch05.dose import (
    BODY_MASS_KG,
    KM_RATIO,
    human_dose,
    mouse_dose,
)
from exercisebook.chapters.ch05.genetics import PLEIOTROPIC
from exercisebook.chapters.ch05.published import HOMOCYSTEINE, HOMOCYSTEINE_RISE
from exercisebook.chapters.ch05.readings import trait
from exercisebook.chapters.chapter import Chapter
from exercisebook.figures.tables import number

WATER, PERCENT = 150.0, 0.5
"""What the exercise on doses assumes: mL of water per kg and day, and per cent in the bottle."""


def _loss() -> float:
    return 100 * (1 - HOMOCYSTEINE / (HOMOCYSTEINE + HOMOCYSTEINE_RISE))


def check_plasma_loss(answer: float) -> str:
    """Check exercise 1: the loss of plasma, in per cent, that makes all of homocysteine's rise."""
    if abs(answer - _loss()) < 0.1:
        return f"Right: {number(_loss())} % less plasma, within the range that a bout is known to cost, and not one molecule more."
    if abs(answer - 100 * HOMOCYSTEINE_RISE / HOMOCYSTEINE) < 0.1:
        return "That is the rise itself. What is as much in less plasma is more concentrated by one over the share that is left."
    if abs(answer + _loss()) < 0.1 or abs(answer - _loss() / 100) < 0.001:
        return "The size is right; give the loss in per cent, as a positive number."
    return "Not yet: the amount stays, so concentration before over concentration after is the share of plasma that is left."


def check_human_dose(answer: float) -> str:
    """Check exercise 2: grams a day for a person, from half a per cent in a mouse's water."""
    mouse = mouse_dose(PERCENT, WATER)
    right = human_dose(mouse, KM_RATIO) * BODY_MASS_KG / 1000
    if abs(answer - right) < 0.02 * right:
        return f"Right: {number(right)} g a day. Each step was an assumption; the bottle was not weighed, and no dose here is advice."
    if abs(answer - mouse * BODY_MASS_KG / 1000) < 0.5:
        return "That is by mass alone: a mouse burns and clears far more per kilogram than a person; divide by the ratio."
    if abs(answer - right / 10) < 0.02 * right or abs(answer - 10 * right) < 0.2 * right:
        return "A factor of ten: one per cent, weight in volume, is a gram in 100 mL, ten milligrams in each millilitre."
    return "Not yet: milligrams in a millilitre, times millilitres a kilogram, over the ratio, times kilograms."


def check_pleiotropy(chapter: Chapter, answer: float) -> str:
    """Check exercise 3: how many times rs715 moves glycine as it moves betaine, both as log10."""
    own, other = (trait(chapter, PLEIOTROPIC, t)["beta"] for t in ("Betaine", "Glycine"))
    right = abs(other / own)
    if abs(abs(answer) - right) < 0.02 * right:
        return f"Right: {number(right)} times, and the other way. As an instrument for betaine it is an instrument for glycine."
    if abs(abs(answer) - 1 / right) < 0.01:
        return "That is betaine over glycine; turn it over."
    return "Not yet: the association with glycine over that with betaine, of the same allele."
