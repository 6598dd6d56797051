"""The Hodges-Lehmann shift: the median of all pairwise means of the differences."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

EXACT_TO = 50
"""Persons up to which the null distribution of signed ranks is counted out."""


@dataclass(frozen=True)
class Shift:
    """A shift with the interval and p value that the signed-rank distribution gives.

    Attributes
    ----------
    estimate, ci_low, ci_high, p_value : float
        In the unit of the differences; NaN where there are none.
    coverage : float
        What the interval covers under symmetry: at least 0.95, or less where so few persons
        cannot reach it (below 6).
    """

    estimate: float
    ci_low: float
    ci_high: float
    p_value: float
    coverage: float


def hodges_lehmann(differences: NDArray[np.float64], level: float = 0.95) -> Shift:
    r"""Return the shift of Hodges and Lehmann with its exact interval.

    The estimate is the median of the Walsh averages :math:`(d_i + d_j) / 2, i \le j`; the
    interval runs between the :math:`k`-th smallest and largest of them, with the largest
    :math:`k` for which signed ranks give at least the level.

    Parameters
    ----------
    differences : ndarray, shape (n,)
        Finite numbers.
    level : float
        Of the interval.

    Returns
    -------
    Shift

    Raises
    ------
    ValueError
        If there are more than 50 differences: use the mean there.

    Notes
    -----
    Exact if the differences are symmetric about their centre and have no ties. A pairwise mean
    that is exactly zero counts as half, and the null distribution stays that without ties: an
    approximation.

    References
    ----------
    Hodges and Lehmann (1963), Ann Math Stat 34, 598-611, for the estimate. Tukey's interval from
    the ordered pairwise means: Hollander, Wolfe and Chicken (2014), Nonparametric Statistical
    Methods, section 3.3.
    """
    d = np.asarray(differences, float)
    n = len(d)
    if n == 0:
        return Shift(np.nan, np.nan, np.nan, np.nan, 0.0)
    if n > EXACT_TO:
        raise ValueError(f"{n} differences; counted out only to {EXACT_TO}")
    i, j = np.triu_indices(n)
    walsh = np.sort((d[i] + d[j]) / 2)
    tail = np.cumsum(rank_sum_counts(n)) / 2.0**n
    # k - 1 = largest rank sum whose two tails stay within 1 - level
    below = int(np.searchsorted(tail, (1 - level) / 2, side="right"))
    k = max(below, 1)
    coverage = 1 - 2 * tail[k - 1]
    positive = (walsh > 0).sum() + (walsh == 0).sum() / 2
    extreme = min(positive, len(walsh) - positive)
    p_value = min(1.0, 2 * tail[int(np.floor(extreme))])
    return Shift(float(np.median(walsh)), walsh[k - 1], walsh[-k], p_value, coverage)


def rank_sum_counts(n: int) -> NDArray[np.float64]:
    """Return how many of the 2^n sign assignments give each sum of positive ranks."""
    counts = np.zeros(n * (n + 1) // 2 + 1)
    counts[0] = 1
    for rank in range(1, n + 1):
        counts[rank:] += counts[:-rank].copy()
    return counts
