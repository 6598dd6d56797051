r"""Two phases of one person, exchanged: arrays in, evidence out.

Both samples are that person's, so that likeness says nothing. But where a change is common to all,
the change of a person whose two tubes changed places is minus everyone else's, in many features at
once. A person's score is the projection of the own change on the mean change of the others,

.. math:: s_i = \sum_j \bar z_{-i,j} z_{ij},

with :math:`z_{ij}` the change of feature :math:`j` in SDs of its size. A person counts as exchanged
whose score lies too low for one more of the others by Student's t, at ``LEVEL`` divided among all
people that are asked, and lies among theirs once its sign is turned. An opposite change that is
merely possible among people whose changes scatter as much is therefore no evidence, and where there
is no common change, nothing is.

Measured on simulated cohorts of two contrasts and six modalities, 200 of each kind: of the worlds
``reference``, ``null``, ``responders`` and ``batch`` with 13 people 2, 1, 0 and 0 gave an alarm, of
``reference`` and ``null`` with 8 people 1 and 0, of ``reference`` with 30 people 2; 6 of 1,400 in
all. Of exchanges in ``reference`` with 13 people (8 people) there were found after a bout by
proteins 97 % (72 %), metabolites 97 % (74 %), cytokines 44 % (25 %), clinical chemistry 45 % (14 %)
and blood counts 20 % (14 %); after training by proteins 20 % (2 %), by others 3 % at most; by taxa
none.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr

from exercisebook.checks.identity import PEOPLE_TRIED, Floats

LEVEL = 0.01
"""Chance of an alarm in a cohort without exchanges, over all people, phases and modalities."""

SUSPECT = -0.5
"""Share of the middle score of others below which one of them is left out of them."""

FEWEST_PEOPLE = 5
"""People below whom a suspect cannot be held against others."""

MOST_SUSPECTS = 0.25
"""Share of people beyond whom nobody can say which order is the exchanged one."""

_WILD = 4.0
"""SDs beyond the middle size of a change that one feature of one person may count."""

_FITS = 3.0
"""SDs that a turned score may lie from the mean of the others."""

SHOWN = 0.5
"""Share of exchanges that must have been found for a cohort to be judged at all."""


@dataclass(frozen=True)
class Turned:
    """Who looks exchanged, and who would have.

    Attributes
    ----------
    people : dict of int to float
        p value by row of the people whose two samples look exchanged; none where the share is
        below ``SHOWN``, since what would hardly be found is as likely found by chance.
    share : float
        Share of people whose exchange would have been found, by making each of them; of more
        than 100 people, of that many.
    """

    people: dict[int, float]
    share: float


def turned(change: Floats, asked: int) -> Turned:
    """Return whose two samples look exchanged.

    Parameters
    ----------
    change : ndarray, shape (people, features)
        Later minus earlier sample on an additive scale; NaN where unknown.
    asked : int
        People asked in all modalities and phases of the cohort, among whom ``LEVEL`` is divided.
    """
    if len(change) < FEWEST_PEOPLE:
        return Turned({}, 0.0)
    products = alike(change)
    found = _found(products, asked)
    sign = np.ones(len(change))
    sign[list(found)] = -1
    right = products * np.outer(sign, sign)
    # each of them is held against all the others, which a hundred tell as well as a thousand
    tried = np.unique(np.linspace(0, len(right) - 1, PEOPLE_TRIED).round().astype(int))
    hits = [person in _found(_with_turned(right, person), asked) for person in tried]
    share = float(np.mean(hits))
    return Turned(found if share >= SHOWN else {}, share)


def alike(change: Floats) -> Floats:
    """Return the products of every two people's changes, summed over features, 0 on the diagonal.

    A change is in SDs of its size, so that turning a person turns the signs of a row and a column
    and nothing else.

    Parameters
    ----------
    change : ndarray, shape (people, features)
        NaN where unknown.

    Returns
    -------
    ndarray, shape (people, people)
    """
    known = np.isfinite(change)
    used = known.sum(axis=0) > 2
    change, known = change[:, used], known[:, used]
    size = np.where(known, np.abs(change), np.nan)
    spread = np.nanstd(size, axis=0, ddof=1)
    usable = spread > 0
    z = np.where(known, change, 0.0)[:, usable] / spread[usable]
    # one wild value is not to outweigh all others of its person
    bound = np.nanmedian(size[:, usable] / spread[usable], axis=0) + _WILD
    z = np.clip(z, -bound, bound)
    return z @ z.T * ~np.eye(len(z), dtype=bool)


def _with_turned(products: Floats, person: int) -> Floats:
    moved = products.copy()
    moved[person] *= -1
    moved[:, person] *= -1
    return moved


def _found(products: Floats, asked: int) -> dict[int, float]:
    """Return the rows that look turned, at the level divided by ``asked``, with their p values."""
    found: dict[int, float] = {}
    for _ in range(int(MOST_SUSPECTS * len(products))):
        p = p_values(products)
        worst = int(p.argmin())
        if worst in found or p[worst] >= LEVEL / max(asked, 1):
            break
        found[worst] = float(p[worst])
        products = _with_turned(products, worst)
    return found


def p_values(products: Floats) -> Floats:
    """Return how probable so low a score is for one more of the others.

    The others are scored without the person. The lowest of them is left out if it is suspect
    itself, so that two exchanged people do not hide each other.

    Parameters
    ----------
    products : ndarray, shape (people, people)
        See ``alike``.

    Returns
    -------
    ndarray, shape (people,)
        1 for a person whose score would not be one of theirs with the other sign either.
    """
    n, whole = len(products), products.sum(axis=1)
    own = whole / (n - 1)
    # row: a person who is asked; column: the others
    others = (whole - products) / (n - 2)
    np.fill_diagonal(others, np.nan)
    lowest = np.nanargmin(others, axis=1)
    rows = np.arange(n)
    hidden = others[rows, lowest] < SUSPECT * np.nanmedian(others, axis=1)
    others[rows[hidden], lowest[hidden]] = np.nan
    count = n - 1 - hidden
    middle, spread = np.nanmean(others, axis=1), np.nanstd(others, axis=1, ddof=1)
    spread = np.where(spread > 0, spread, np.inf)
    p = stdtr(count - 1, (own - middle) / (spread * np.sqrt(1 + 1 / count)))
    fits = (np.abs(-own - middle) < _FITS * spread) & (middle > 0)
    return np.where(fits, p, 1.0)
