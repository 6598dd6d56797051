"""What chapter 4's exercises need, and what checks their answers."""

import numpy as np
import pandas as pd

from exercisebook.chapters.ch04.readings import random_means, random_p, set_mean
from exercisebook.chapters.chapter import Chapter
from exercisebook.figures.tables import number

BETWEEN, WITHIN = 0.25, 0.30
"""Spread of log2 glutathione between people, and from draw to draw of one person; assumed."""

PEOPLE, SEED = 3000, 20251121


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


def check_sorting(discovered: float, undone: float) -> str:
    """Check exercise 1: the “response” of those with least glutathione, and what is left of it."""
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


def check_random_p(chapter: Chapter, tissue: str, answer: float) -> str:
    """Check exercise 2: the p value of a set among random sets."""
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
