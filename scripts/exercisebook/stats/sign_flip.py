"""Tests that flip the signs of persons: exact, and for many features at once.

If an intervention does nothing, a person's difference could as well have come out with the other
sign, provided that differences are symmetric about zero. All features of a person flip together,
so whatever they share is respected. Every result says that it is exact only under symmetry.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ENUMERATE_TO = 20
"""Persons up to which all sign assignments are counted; beyond, they are drawn."""

_BLOCK_CELLS = 4_000_000


@dataclass(frozen=True)
class SignFlipTest:
    """The outcome of a sign-flip test of m features.

    Attributes
    ----------
    statistic : ndarray, shape (m,)
        The paired t of each feature; NaN, as are its p values, where fewer than two persons have
        a difference.
    p_value : ndarray, shape (m,)
        For each feature alone.
    p_max : ndarray, shape (m,)
        Adjusted for all m by the largest statistic of each assignment (max-T).
    assignments : int
        How many sign assignments were used.
    exact : bool
        Whether these are all there are.
    """

    statistic: NDArray[np.float64]
    p_value: NDArray[np.float64]
    p_max: NDArray[np.float64]
    assignments: int
    exact: bool

    @property
    def note(self) -> str:
        """What a reader must know to use the p values."""
        how = "all" if self.exact else f"{self.assignments:,} drawn"
        return f"{how} sign assignments; exact only if differences are symmetric about zero"


def sign_flip_test(
    differences: NDArray[np.float64],
    rng: np.random.Generator | None = None,
    draws: int = 9_999,
) -> SignFlipTest:
    """Test that every feature's differences are symmetric about zero.

    Parameters
    ----------
    differences : ndarray, shape (persons, features)
        Within-person differences; NaN where a person has none.
    rng : Generator, optional
        Needed above 20 persons, where assignments are drawn.
    draws : int
        How many to draw there; the observed one counts in addition, p = (b + 1) / (draws + 1).

    Returns
    -------
    SignFlipTest

    Raises
    ------
    ValueError
        If there are fewer than two persons, or more than 20 and no ``rng``.

    Notes
    -----
    Where features have unequal numbers of persons, their statistics have unequal tails, and the
    largest tends to come from the feature with the fewest: max-T stays valid, and loses power for
    the others.

    References
    ----------
    Fisher (1935), The Design of Experiments, section 21. Westfall and Young (1993),
    Resampling-Based Multiple Testing. Phipson and Smyth (2010), Stat Appl Genet Mol Biol 9, 39.
    """
    d = np.atleast_2d(np.asarray(differences, float))
    persons = d.shape[0]
    if persons < 2:
        raise ValueError(f"{persons} person: at least 2 are needed")
    exact = persons <= ENUMERATE_TO
    if not exact and rng is None:
        raise ValueError(f"{persons} persons are too many to count out; pass rng")
    observed = _statistics(np.ones((1, persons)), d)[0]
    total = 2 ** (persons - 1) if exact else draws
    alone = np.zeros(d.shape[1])
    largest = np.zeros(d.shape[1])
    threshold = _just_below(np.abs(observed), np.isfinite(d).sum(axis=0))
    for signs in sign_blocks(persons, total, exact, rng, d.shape[1]):
        flipped = np.abs(_statistics(signs, d))
        alone += (flipped >= threshold).sum(axis=0)
        greatest = np.fmax.reduce(flipped, axis=1)
        largest += (greatest[:, None] >= threshold).sum(axis=0)
    add = 0 if exact else 1
    missing = np.isnan(observed)
    p_value = np.where(missing, np.nan, (alone + add) / (total + add))
    p_max = np.where(missing, np.nan, (largest + add) / (total + add))
    return SignFlipTest(observed, p_value, p_max, total * 2 if exact else total, exact)


def sign_blocks(
    persons: int, total: int, exact: bool, rng: np.random.Generator | None, width: int
) -> Iterator[NDArray[np.float64]]:
    """Yield sign matrices, a few thousand rows at a time.

    An assignment and its mirror image give the same absolute statistic, so the first person
    keeps his sign when all are counted.

    Parameters
    ----------
    persons : int
        Columns.
    total : int
        Rows in all.
    exact : bool
        Whether all assignments are counted, half of them by the mirror; else they are drawn.
    rng : Generator or None
        Draws them.
    width : int
        Numbers that the caller makes of a row; it bounds the memory.
    """
    rows = max(1, _BLOCK_CELLS // max(width, persons))
    for start in range(0, total, rows):
        count = min(rows, total - start)
        if exact:
            codes = np.arange(start, start + count)[:, None]
            bits = (codes >> np.arange(persons - 1)) & 1
            signs = np.column_stack([np.zeros(count, int), bits])
        else:
            assert rng is not None
            signs = rng.integers(0, 2, (count, persons))
        yield 1.0 - 2.0 * signs


def _statistics(signs: NDArray[np.float64], d: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return paired t of each assignment and feature; flipping leaves sums of squares alone."""
    present = np.isfinite(d)
    n = present.sum(axis=0).astype(float)
    filled = np.where(present, d, 0.0)
    squares = (filled**2).sum(axis=0)
    mean = signs @ filled / np.where(n > 0, n, np.nan)
    spread = squares / np.where(n > 0, n, np.nan) - mean**2
    variance = np.maximum(spread, 0.0) / np.where(n > 1, n - 1, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        # all differences alike: infinite; all of them zero: no statistic is smaller
        return np.where((variance == 0) & (mean == 0), 0.0, mean / np.sqrt(variance))


def _just_below(size: NDArray[np.float64], n: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return statistics a little smaller: equal but for rounding must count as equal.

    The slack is taken on the share of squares that the mean explains, t^2 / (t^2 + n - 1), which
    is 1 where t is infinite.
    """
    with np.errstate(divide="ignore"):
        share = (1 - 1e-10) / (1 + (n - 1) / size**2)
    return np.sqrt((n - 1) * share / (1 - share)) - 1e-9
