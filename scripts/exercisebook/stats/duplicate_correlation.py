"""One correlation between the values of a person, shared by all features.

For designs that compare persons with each other as well as with themselves: fixed blocks would
throw away what lies between persons. Every feature has a correlation; a trimmed mean of them, on
Fisher's scale, serves all, and generalised least squares uses it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exercisebook.stats.linear import lengths_of
from exercisebook.stats.random_intercept import (
    balanced_mean_squares,
    best_correlation,
    sums_in_batches,
)

Floats = NDArray[np.float64]

TRIM = 0.15
"""Share of features left out at each end of the consensus."""

_HIGHEST = 0.99

_ROUNDING = 1e-24
"""Share of a feature's squares that its residuals have from rounding alone."""


@dataclass(frozen=True)
class DuplicateCorrelation:
    """The consensus and what it is the consensus of.

    Attributes
    ----------
    consensus : float
        The common correlation.
    by_feature : ndarray, shape (m,)
        Each feature's own; NaN where it has too few values, or they do not vary.
    """

    consensus: float
    by_feature: Floats


def duplicate_correlation(
    values: ArrayLike, columns: ArrayLike, persons: NDArray[np.int64]
) -> DuplicateCorrelation:
    r"""Return the correlation within persons, feature by feature and as a consensus.

    Each feature's is of greatest restricted likelihood, negative ones allowed. Balanced layouts
    have it in closed form, :math:`(MS_B - MS_W) / (MS_B + (k - 1) MS_W)` for :math:`k` values a
    person. The consensus is :math:`\tanh` of the mean of :math:`\operatorname{atanh}`, after 15 %
    are trimmed from each end.

    Parameters
    ----------
    values : array_like, shape (n, m)
        NaN where a sample has no value.
    columns : array_like, shape (n, q)
        The design without persons; of full rank.
    persons : ndarray of int, shape (n,)
        Codes from 0.

    Returns
    -------
    DuplicateCorrelation

    Raises
    ------
    ValueError
        If no person has two samples, or no feature has enough values.

    References
    ----------
    Smyth, Michaud and Scott (2005), Bioinformatics 21, 2067-2075.
    """
    y, x = np.asarray(values, float), np.asarray(columns, float)
    x = x / lengths_of(x)
    largest = int(np.bincount(persons).max())
    if largest < 2:
        raise ValueError("no person has two samples: there is no correlation within persons")
    lowest = 1 / (1 - largest) + 0.01
    squares = balanced_mean_squares(y, x, persons)
    if squares is not None and squares.df_between > 0 and squares.df_within > 0:
        above = squares.between - squares.within
        whole = squares.between + (squares.size - 1) * squares.within
        rho = above / np.where(whole > _ROUNDING * _squares(y) / len(y), whole, np.nan)
    else:
        rho = _searched(y, x, persons, lowest)
    rho = np.clip(rho, lowest, _HIGHEST)
    told = rho[np.isfinite(rho)]
    if len(told) == 0:
        raise ValueError("no feature has enough values for a correlation within persons")
    ordered = np.sort(np.arctanh(told))
    trimmed = int(TRIM * len(told))
    return DuplicateCorrelation(float(np.tanh(ordered[trimmed : len(told) - trimmed].mean())), rho)


def _squares(y: Floats) -> Floats:
    present = np.where(np.isfinite(y), y, 0.0)
    return np.einsum("ng,ng->g", present, present)


def _searched(y: Floats, x: Floats, persons: NDArray[np.int64], lowest: float) -> Floats:
    rho = np.full(y.shape[1], np.nan)
    for part, sums in sums_in_batches(y, x, persons):
        held = (sums.size > 0).sum(axis=1)
        enough = (sums.count > x.shape[1] + 2) & (held > 1) & (held < sums.count - 1)
        varies = sums.yy > _ROUNDING * _squares(y[:, part])
        rho[part] = np.where(enough & varies, best_correlation(sums, lowest), np.nan)
    return rho
