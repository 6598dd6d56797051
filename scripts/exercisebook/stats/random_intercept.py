r"""One random intercept a person: restricted maximum likelihood for all features at once.

The model is :math:`y_{ij} = x_{ij}'\beta + u_i + e_{ij}` with variances :math:`\tau^2` between
persons and :math:`\sigma^2` within. What it needs of a feature are sums over persons, so that no
matrix of samples by samples is ever formed. Where all persons have the same samples and values,
the optimum is a ratio of two mean squares, and nothing is searched.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import elementwise

from exercisebook.stats.linear import incidence_of, linear_fit, parts_of

Floats = NDArray[np.float64]

_BLOCK_CELLS = 2_000_000
HIGHEST = 1 - 1e-6
"""Largest share of variance between persons that is looked at."""


@dataclass(frozen=True)
class MeanSquares:
    """A balanced layout: what its persons tell, and what their differences tell.

    Attributes
    ----------
    between, within : ndarray, shape (m,)
        Residual mean squares of person means (times values a person), and about them.
    df_between, df_within : float
        Their degrees of freedom.
    size : int
        Values a person.
    coefficients : ndarray, shape (m, q)
        Least squares, which generalised least squares equals here.
    cov_between, cov_within : ndarray, shape (q, q)
        What the two mean squares are multiplied by in the covariance of the coefficients.
    """

    between: Floats
    within: Floats
    df_between: float
    df_within: float
    size: int
    coefficients: Floats
    cov_between: Floats
    cov_within: Floats


def balanced_mean_squares(
    values: Floats, columns: Floats, persons: NDArray[np.int64]
) -> MeanSquares | None:
    """Return the two mean squares, or None where the layout is not balanced.

    Balanced is: no value is missing, persons have equally many, and the mean of every column over
    persons is again a combination of columns.

    Parameters
    ----------
    values : ndarray, shape (n, m)
    columns : ndarray, shape (n, q)
        Of full rank, and of lengths that compare.
    persons : ndarray of int, shape (n,)

    Returns
    -------
    MeanSquares or None

    References
    ----------
    Searle, Casella and McCulloch (1992), Variance Components, section 4.7.
    """
    counts = np.bincount(persons)
    if len(set(counts)) != 1 or not np.isfinite(values).all():
        return None
    size, n = int(counts[0]), len(persons)
    incidence = incidence_of(persons)
    means = incidence @ (incidence.T @ columns) / size
    rank, rank_between = columns.shape[1], int(np.linalg.matrix_rank(means, tol=1e-8))
    if np.linalg.matrix_rank(np.column_stack([columns, means]), tol=1e-8) > rank:
        return None
    solve = np.linalg.pinv(columns)
    coefficients = np.empty((rank, values.shape[1]))
    square_between, square_all = np.empty(values.shape[1]), np.empty(values.shape[1])
    for part in parts_of(values.shape[1]):
        coefficients[:, part] = solve @ values[:, part]
        residual = values[:, part] - columns @ coefficients[:, part]
        totals = incidence.T @ residual
        square_between[part] = np.einsum("bg,bg->g", totals, totals) / size
        square_all[part] = np.einsum("ng,ng->g", residual, residual)
    df_between = float(len(counts) - rank_between)
    df_within = float(n - len(counts) - (rank - rank_between))
    spread = solve @ incidence
    cov_between = spread @ spread.T / size
    return MeanSquares(
        square_between / df_between if df_between else np.full(values.shape[1], np.nan),
        np.maximum(square_all - square_between, 0) / df_within
        if df_within
        else np.full(values.shape[1], np.nan),
        df_between,
        df_within,
        size,
        coefficients.T,
        cov_between,
        solve @ solve.T - cov_between,
    )


@dataclass(frozen=True)
class Sums:
    """What a random intercept needs of a batch of features; g is m, or 1 where all share it.

    Attributes
    ----------
    count : ndarray, shape (g,)
        Values.
    rank : ndarray, shape (g,)
        Of the columns over the values there are.
    size : ndarray, shape (g, b)
        Values a person.
    xx : ndarray, shape (g, q, q)
        Products of columns.
    zx : ndarray, shape (g, b, q)
        Sums of columns over each person.
    null : ndarray, shape (g, q, q)
        Projection on combinations of columns that the values say nothing about.
    start : ndarray, shape (m, q)
        Least squares without persons; the rest of the sums are of its residuals.
    xy : ndarray, shape (m, q)
    zy : ndarray, shape (m, b)
    yy : ndarray, shape (m,)
    """

    count: Floats
    rank: Floats
    size: Floats
    xx: Floats
    zx: Floats
    null: Floats
    start: Floats
    xy: Floats
    zy: Floats
    yy: Floats

    def of(self, chosen: NDArray[np.int64]) -> "Sums":
        """Return the sums of chosen features; what all share stays as it is."""
        parts = (getattr(self, name) for name in self.__dataclass_fields__)
        return Sums(*(part if len(part) == 1 else part[chosen] for part in parts))


def sums_in_batches(
    values: Floats, columns: Floats, persons: NDArray[np.int64]
) -> Iterator[tuple[slice, Sums]]:
    """Yield the sums of features, as many at once as memory should hold.

    Parameters
    ----------
    values : ndarray, shape (n, m)
        NaN where a sample has no value.
    columns : ndarray, shape (n, q)
        Of lengths that compare.
    persons : ndarray of int, shape (n,)
    """
    n, m = values.shape
    incidence = incidence_of(persons)
    width = max(1, _BLOCK_CELLS // (n + incidence.shape[1] * (columns.shape[1] + 2)))
    for start in range(0, max(m, 1), width):
        part = slice(start, min(start + width, m))
        yield part, _sums(values[:, part], columns, incidence)


def _sums(y: Floats, x: Floats, incidence: Floats) -> Sums:
    first = linear_fit(y, x).coefficients
    present = np.isfinite(y)
    residual = np.where(present, y - x @ first.T, 0.0)
    seen = (present[:, :1] if present.all() else present).astype(float)
    xx = np.einsum("ni,ng,nj->gij", x, seen, x, optimize=True)
    squares, directions = np.linalg.eigh(xx)
    null = (squares < 1e-9 * (x**2).sum(axis=0).max(initial=0.0)).astype(float)
    return Sums(
        count=seen.sum(axis=0),
        rank=x.shape[1] - null.sum(axis=1),
        size=(incidence.T @ seen).T,
        xx=xx,
        zx=np.einsum("nb,ng,ni->gbi", incidence, seen, x, optimize=True),
        null=np.einsum("gik,gk,gjk->gij", directions, null, directions, optimize=True),
        start=first,
        xy=(x.T @ residual).T,
        zy=(incidence.T @ residual).T,
        yy=np.einsum("ng,ng->g", residual, residual),
    )


@dataclass(frozen=True)
class AtRatio:
    """The model at given variance ratios: g features.

    Attributes
    ----------
    inverse : ndarray, shape (g, q, q)
        Covariance of the coefficients for a within-person variance of 1.
    coefficients : ndarray, shape (g, q)
        On top of the starting values of the sums.
    shrink : ndarray, shape (g, b)
        One over one plus the ratio times the person's values.
    rests : ndarray, shape (g, b)
        Sums of residuals over persons.
    square : ndarray, shape (g,)
        Generalised sum of squared residuals.
    deviance, slope : ndarray, shape (g,)
        Minus twice the restricted log-likelihood, profiled over the variance, up to a constant;
        and its derivative by the ratio.
    """

    inverse: Floats
    coefficients: Floats
    shrink: Floats
    rests: Floats
    square: Floats
    deviance: Floats
    slope: Floats


def at_ratio(sums: Sums, ratio: Floats) -> AtRatio:
    r"""Return the model at variance ratios :math:`\lambda = \tau^2 / \sigma^2`.

    With :math:`H = I + \lambda ZZ'`, :math:`H^{-1}` takes from each person the share
    :math:`\lambda / (1 + m_i \lambda)` of the sum.

    Parameters
    ----------
    sums : Sums
        Of m features.
    ratio : ndarray, shape (m,)
        Above minus one over the largest number of values of a person.

    Returns
    -------
    AtRatio

    References
    ----------
    Patterson and Thompson (1971), Biometrika 58, 545-554, for restricted likelihood.
    """
    shrink = 1 / (1 + sums.size * ratio[:, None])
    taken = _weighted_squares(ratio[:, None] * shrink, sums.zx)
    information = sums.xx - taken + sums.null
    full = np.linalg.inv(information)
    right = sums.xy - np.einsum("gb,gbi,gb->gi", ratio[:, None] * shrink, sums.zx, sums.zy)
    coefficients = np.einsum("gij,gj->gi", full, right)
    rests = sums.zy - np.einsum("gbi,gi->gb", sums.zx, coefficients)
    square = sums.yy - ratio * (shrink * sums.zy**2).sum(axis=1)
    square = np.maximum(square - np.einsum("gi,gi->g", right, coefficients), 0.0)
    free = sums.count - sums.rank
    pull = _weighted_squares(shrink**2, sums.zx)
    # a constant feature has no residual, and no likelihood
    some = np.where(square > 0, square, np.nan)
    deviance = free * np.log(some) - np.log(shrink).sum(axis=1) + np.linalg.slogdet(information)[1]
    slope = (
        -free * (shrink**2 * rests**2).sum(axis=1) / some
        + (sums.size * shrink).sum(axis=1)
        - np.einsum("gij,gij->g", full, pull)
    )
    return AtRatio(full - sums.null, coefficients, shrink, rests, square, deviance, slope)


def _weighted_squares(weight: Floats, zx: Floats) -> Floats:
    """Return the weighted sum over persons of the outer products of their column sums."""
    if len(zx) != 1:
        return np.einsum("gb,gbi,gbj->gij", weight, zx, zx, optimize=True)
    b, q = zx.shape[1:]
    outer = (zx[0][:, :, None] * zx[0][:, None, :]).reshape(b, q * q)
    return (weight @ outer).reshape(-1, q, q)


_LEVEL = 1e-9
"""Difference of deviances that is rounding."""


def best_correlation(sums: Sums, lowest: float) -> Floats:
    r"""Return the correlation :math:`\rho = \tau^2 / (\tau^2 + \sigma^2)` of greatest likelihood.

    A grid finds the valleys, Chandrupatla's method the root of the slope in each; the deepest
    one counts.

    Parameters
    ----------
    sums : Sums
        Of m features.
    lowest : float
        The smallest correlation allowed: 0 for a variance component, below it for a correlation.

    Returns
    -------
    ndarray, shape (m,)
        NaN where a feature has no likelihood, or no person has two of its values.
    """
    m = len(sums.yy)
    # closer where persons differ most: there a small step is a large ratio
    grid = np.append(np.linspace(lowest, 0.9, 12), 1 - np.geomspace(0.03, 1 - HIGHEST, 10))
    looks = [at_ratio(sums, np.full(m, r / (1 - r))) for r in grid]
    deviance = np.stack([look.deviance for look in looks])
    slope = np.stack([look.slope for look in looks])
    dead = np.isnan(deviance).any(axis=0) | ~(sums.size > 1).any(axis=1)
    best = np.argmin(np.where(dead, 0.0, deviance), axis=0)
    rho, least = grid[best].copy(), deviance[best, np.arange(m)]
    # a likelihood may have two valleys, and the deeper one lie between two points of the grid
    left, feature = np.nonzero((slope[:-1] <= 0) & (slope[1:] > 0) & ~dead)

    def slope_at(correlation: Floats, feature: NDArray[np.int64]) -> Floats:
        shape = correlation.shape
        chosen = np.broadcast_to(feature, shape).ravel().astype(np.int64)
        ratio = (correlation / (1 - correlation)).ravel()
        return at_ratio(sums.of(chosen), ratio).slope.reshape(shape)

    if len(left):
        found = elementwise.find_root(slope_at, (grid[left], grid[left + 1]), args=(feature,))
        reached = np.flatnonzero(found.success)
        root, own = found.x[reached], feature[reached]
        depth = at_ratio(sums.of(own), root / (1 - root)).deviance
        deep = depth <= least[own] + _LEVEL
        # of several valleys of a feature the deepest is written last
        order = np.argsort(-depth, kind="stable")
        order = order[deep[order]]
        rho[own[order]] = root[order]
    return np.where(dead, np.nan, rho)
