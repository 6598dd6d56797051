"""What chapter 4's exercises need, and what checks their answers."""

from collections.abc import Iterable, Sequence
from functools import cache

import numpy as np
import pandas as pd

from exercisebook.chapters.answers import tolerant
from exercisebook.chapters.ch04.readings import random_means, random_p, set_mean
from exercisebook.chapters.chapter import Chapter
from exercisebook.figures.tables import number, percent, whole
from exercisebook.stats.power import detectable_from_se

BETWEEN, WITHIN = 0.25, 0.30
"""Spread of log2 glutathione between people, and from draw to draw of one person; assumed."""

PEOPLE, SEED = 3000, 20251121

FINDINGS = ("A", "B", "C", "D", "E", "F")
AT_WORK, RED_CELL, EITHER_WAY = frozenset({"B", "D"}), frozenset({"E", "F"}), frozenset({"C"})
"""Findings that show NRF2 at work, that a red cell can show, and that fit a shut switch too."""

COUNTS_FROM = 0.2
"""Smallest change of a gene that counts on the page, as a share of its level at rest."""

RNA_SURPLUS, RNA_HALVING, PROTEIN_SURPLUS, PROTEIN_HALVING = 2.0, 6.0, 0.5, 48.0
"""What the pulse of the exercise adds, in levels at rest, and the hours that halve it."""

GAIN, GAIN_SPREAD = 400.0, 200.0
"""Of maximal oxygen uptake with training, in mL a minute: mean, and spread between people."""

MOST_TAKEN, TAKEN, MOST_GIVEN = 248.0, 60.0, 128.0
"""Ends and middle of what vitamins may have done in the exercise, in mL a minute."""

PART_TAKEN = 0.25
"""The part of the gain whose loss the exercise asks to see."""

TARGET_SPREAD = 0.25
"""Standard deviation of people's changes of the seven targets' mean, log2; assumed."""

MEASURES = frozenset({"nuclear NRF2", "seven targets", "challenge"})
OTHER_MEASURES = frozenset({"phosphorylated NRF2", "four genes", "red-cell enzymes"})
COMPARISONS = ("before and after", "athletes and others", "by lot")
HOURS, BUDGET = (1, 24, 96), 40


def simulated_glutathione() -> pd.DataFrame:
    """Return log2 glutathione of people in whom nothing changes: two first draws, and a later one.

    Returns
    -------
    DataFrame
        first, second and later: three draws around one level of each person.
    """
    rng = np.random.default_rng(SEED)
    level = rng.normal(1.6, BETWEEN, (PEOPLE, 1))
    draws = level + rng.normal(0, WITHIN, (PEOPLE, 3))
    return pd.DataFrame(draws, columns=["first", "second", "later"])


def _right_changes() -> tuple[float, float]:
    people = simulated_glutathione()
    low = people["first"] < people["first"].quantile(1 / 3)
    from_first, from_second = (
        (people["later"] - people[c])[low].mean() for c in ("first", "second")
    )
    return float(from_first), float(from_second)


@tolerant
def check_sorting(discovered: float, undone: float) -> str:
    """Check the “response” of those with least glutathione, and what is left of it."""
    first, second = _right_changes()
    if abs(discovered - first) < 0.005 and abs(undone - second) < 0.005:
        return (
            f"Right: a rise of {number(100 * (2**first - 1))} % in people to whom nothing happened, "
            f"and {number(100 * abs(2**second - 1), 1)} % once the draw that sorted them is not the one they start from."
        )
    if abs(discovered - second) < 0.005 and abs(undone - first) < 0.005:
        return "These are the two numbers the other way round: which draw picked the people?"
    if abs(discovered - first) < 0.005:
        return "The discovery is right. To undo it, keep the same people and count from their second draw."
    if abs(discovered + first) < 0.02:
        return "That is the other end, or a change counted backwards: take the third with least, later minus first."
    return "Not yet: pick the third with the lowest first draw, and average later minus first."


@tolerant
def check_random_p(chapter: Chapter, tissue: str, answer: float) -> str:
    """Check the p value of a set among random sets."""
    random, observed = random_means(chapter, tissue), set_mean(chapter, tissue)
    right = random_p(chapter, tissue)
    if abs(answer - right) < 1e-9:
        return f"Right: p = {number(right)}. With {len(random)} random sets it can never be below {number(1 / (len(random) + 1))}."
    as_far = (random - random.mean()).abs() >= abs(observed - random.mean())
    if abs(answer - as_far.mean()) < 1e-9:
        return "Nearly: the set itself is one of the sets that could have been drawn, so add one above and below."
    sides = [(1 + (random <= observed).sum()), (1 + (random >= observed).sum())]
    if any(abs(answer - side / (1 + len(random))) < 1e-9 for side in sides):
        return "That is one side. A set can stand out at either end: count distances from the mean of the random sets."
    return "Not yet: how many random sets lie as far from the mean of them all as this one, and out of how many?"


@tolerant
def check_findings(
    at_work: Iterable[str], either_way: Iterable[str], red_cell: Iterable[str]
) -> str:
    """Check which findings show NRF2 at work, which fit both fates, and which a red cell can show."""
    worked, red, either = (frozenset(given) for given in (at_work, red_cell, either_way))
    if not worked | red | either <= set(FINDINGS):
        return f"Give three lists of letters from {FINDINGS[0]} to {FINDINGS[-1]}."
    if "A" in worked:
        return "Not yet: GPX1 answers to selenium as well. From how many genes is a regulator read?"
    if worked != AT_WORK:
        return "Not yet: to be at work NRF2 has to be where genes are, and its genes have to answer together."
    if red & {"A", "B"}:
        return "NRF2 is right. But where would a cell without a nucleus read a gene?"
    if red != RED_CELL:
        return "NRF2 is right. A red cell has no nucleus and makes no protein, so no NRF2 that lives for minutes; what can change in it without either?"
    if either != EITHER_WAY:
        return "Two lists are right. Which finding would you see if NRF2 were on its way to the shredder, and if it had just got off KEAP1?"
    return "Right: place and genes together show the switch, and the two that are nearest to a guarded cell can move where there is no switch at all."


def halvings(start: float, end: float) -> float:
    """Return how often a positive number has to be halved to become another."""
    return float(np.log2(start / end))


def _hours_left(surplus: float, halving: float) -> float:
    """Return the hours after which a surplus over rest is down to what counts."""
    return halving * halvings(surplus, COUNTS_FROM)


def _mistaken_hours(surplus: float, halving: float) -> dict[str, float]:
    """Return the hours that likely mistakes give, by what to say to each."""
    level = 1 + surplus
    return {
        "Not yet: that lets the level at rest decay as well. Only what lies above it goes.": (
            halving * halvings(level, 1 + COUNTS_FROM)
        ),
        "Not yet: what decays is the surplus above rest, and that is less than the whole level.": (
            halving * halvings(level, COUNTS_FROM)
        ),
        "Not yet: a halving goes with the logarithm to the base of two.": (
            halving * float(np.log(surplus / COUNTS_FROM))
        ),
    }


@tolerant
def check_pulse(rna_hours: float, protein_hours: float) -> str:
    """Check after how many hours a pulse's RNA and protein are down to a fifth above rest."""
    asked = (
        (rna_hours, RNA_SURPLUS, RNA_HALVING),
        (protein_hours, PROTEIN_SURPLUS, PROTEIN_HALVING),
    )
    for answer, surplus, halving in asked:
        right, near = _hours_left(surplus, halving), halving / 40
        if abs(answer - right) <= near:
            continue
        for told, mistaken in _mistaken_hours(surplus, halving).items():
            if abs(answer - mistaken) <= near:
                return told
        return "Not yet: how often must the surplus be halved until a fifth of the level at rest is left of it?"
    return (
        f"Right: {number(_hours_left(RNA_SURPLUS, RNA_HALVING), 2)} hours and {number(_hours_left(PROTEIN_SURPLUS, PROTEIN_HALVING), 2)}. "
        "A tube of the day after is late enough for such an RNA and too early for such a protein, however small its pulse was."
    )


def loss_seen(people: int) -> float:
    """Return the smallest mean loss of a gain that two arms of so many people show.

    Parameters
    ----------
    people : int
        In each of the two arms.

    Returns
    -------
    float
        In mL of oxygen a minute, at 80 % power.
    """
    return round(_shown(GAIN_SPREAD, people), 1)


def rise_seen(people: int) -> float:
    """Return the smallest rise of the seven targets' mean that two arms of so many people show.

    Parameters
    ----------
    people : int
        In each of the two arms.

    Returns
    -------
    float
        A ratio of the change in one arm to that in the other, at 80 % power.
    """
    return round(2 ** _shown(TARGET_SPREAD, people), 3)


def _shown(spread: float, people: int) -> float:
    return float(detectable_from_se(spread * (2 / people) ** 0.5, 2 * (people - 1)))


@cache
def _fewest(loss: float) -> int:
    return next(people for people in range(2, 10_000) if loss_seen(people) <= loss)


@tolerant
def check_vitamins(most_taken: float, people: int) -> str:
    """Check the most that vitamins may have taken, in per cent, and how many would tell a quarter."""
    most, middle, given = (100 * part / GAIN for part in (MOST_TAKEN, TAKEN, MOST_GIVEN))
    fewest, of_half = _fewest(PART_TAKEN * GAIN), _fewest(2 * PART_TAKEN * GAIN)
    if abs(most_taken - MOST_TAKEN) < 1 or abs(most_taken - most / 100) < 0.01:
        return "Not yet: give it in per cent of the gain on placebo."
    if abs(most_taken - middle) < 0.5:
        return "Not yet: that is the middle of the interval. How far does it reach?"
    if abs(most_taken - given) < 0.5:
        return "Not yet: that end is what vitamins may have added."
    if not abs(most_taken - most) <= 0.6:
        return f"Not yet: which end of the interval is a loss, and what part of {whole(GAIN)} mL is it?"
    if not float(people).is_integer() or people < 2:
        return "The interval is read rightly. People in an arm are a whole number above one."
    if people == fewest:
        return f"Right: ten an arm leave room for a loss of {number(most, 2)} % of the gain, and to see a quarter go takes {whole(fewest)} an arm."
    if people == 2 * fewest:
        return "The interval is read rightly. The number is that of both arms together; give one."
    if people == of_half:
        return "The interval is read rightly. The number would show the loss of a half; a quarter is half as much."
    if people < fewest:
        return f"The interval is read rightly. But {whole(people)} an arm show a loss of {number(loss_seen(people), 3)} mL; how much is a quarter of the gain?"
    return "The interval is read rightly. So many would do, but fewer would too: go down until it is no longer seen."


@tolerant
def check_trial(measures: Sequence[str], comparison: str, hours: int, people: int) -> str:
    """Check a plan that could show NRF2 at work, and cells better guarded, by training."""
    chosen = frozenset(measures)
    if isinstance(measures, str) or not chosen <= MEASURES | OTHER_MEASURES:
        return (
            f"Measurements are a list of some of: {'; '.join(sorted(MEASURES | OTHER_MEASURES))}."
        )
    if comparison not in COMPARISONS or hours not in HOURS:
        return f"The comparison is one of {'; '.join(COMPARISONS)}, and hours are one of {', '.join(map(str, HOURS))}."
    if not float(people).is_integer() or people < 2:
        return "People in an arm are a whole number above one."
    if chosen != MEASURES:
        return _unmeasured(chosen)
    if comparison != "by lot":
        return _incomparable(comparison)
    if hours < _hours_left(PROTEIN_SURPLUS, PROTEIN_HALVING):
        return _too_early(hours)
    if 2 * people > BUDGET:
        return f"That takes {whole(2 * people)} people; you have places for {BUDGET}."
    if rise_seen(people) > 1 + COUNTS_FROM:
        return f"Nearly: with {whole(people)} an arm a rise of {percent(rise_seen(people) - 1)} would be seen; how large is the smallest that counts?"
    return f"Right: a rise of {percent(rise_seen(people) - 1)} would be seen, at rest, and beside people who differ by lot alone. If NRF2 and its genes rise and no more cells survive, that is a finding too."


def _unmeasured(chosen: frozenset[str]) -> str:
    """Return what the measurements of a plan cannot tell, or that they are too many."""
    if "challenge" not in chosen:
        return "Not yet: cells are guarded against something. Which measurement lets them meet it?"
    if "nuclear NRF2" not in chosen:
        return "Not yet: where does NRF2 have to be to work, and which measurement looks there?"
    if "seven targets" not in chosen:
        return "Not yet: a regulator is read from genes that answer to it; of the four only some are in NRF2's own lists."
    return "That is more than three. Which of them would you not believe if it stood against the others?"


def _incomparable(comparison: str) -> str:
    if comparison == "before and after":
        return "The measurements are right. But what else comes between two visits that all of them have?"
    return "The measurements are right. But athletes differ from others in more than training; who has to decide who trains?"


def _too_early(hours: int) -> str:
    if hours == 1:
        return (
            "Nearly: an hour after a bout the tube holds its pulse, and not what weeks have done."
        )
    return "Nearly: the RNA of the last bout is mostly gone by then. What of its proteins, which the challenge meets?"
