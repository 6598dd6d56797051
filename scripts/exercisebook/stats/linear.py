"""Linear models of all features at once, with persons as blocks.

Persons enter in one of three ways: as fixed blocks (each person's own level is taken out), as
blocks of one known correlation (generalised least squares), or not at all. All three are least
squares after a share of each person's mean is taken away: all of it, some of it, none of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Floats = NDArray[np.float64]

_BLOCK_CELLS = 2_000_000
"""Numbers that one batch of features may hold; it bounds the memory."""

_PART = 2_000
"""Features worked on at once where all share one design."""

_NULL = 1e-9
"""A direction of the design with less than this share of a column's squares counts as absent."""


@dataclass(frozen=True)
class LinearFit:
    """Least squares of m features on q columns.

    Attributes
    ----------
    coefficients : ndarray, shape (m, q)
        Of least norm where a feature's values leave a column without data.
    covariance : ndarray, shape (m, q, q)
        Of the coefficients, for a residual variance of 1.
    row_space : ndarray, shape (m, q, q), or None
        Projection on what a feature's values can tell about the coefficients; None where every
        feature can tell all of them.
    variance : ndarray, shape (m,)
        Residual variance; NaN without residual degrees of freedom.
    df : ndarray, shape (m,)
        Residual degrees of freedom.
    level : ndarray, shape (m,)
        Mean of the values used.
    n_observations, n_subjects : ndarray, shape (m,)
        Values used, and persons they come from.
    lengths : ndarray, shape (q,)
        Root sum of squares of each column: the unit in which nothing is told from rounding.
    """

    coefficients: Floats
    covariance: Floats
    row_space: Floats | None
    variance: Floats
    df: Floats
    level: Floats
    n_observations: NDArray[np.int64]
    n_subjects: NDArray[np.int64]
    lengths: Floats


@dataclass(frozen=True)
class Estimates:
    """One contrast of the coefficients of m features.

    Attributes
    ----------
    estimate : ndarray, shape (m,)
        NaN where a feature's own values cannot tell it.
    unscaled : ndarray, shape (m,)
        Its standard error for a residual variance of 1.
    """

    estimate: Floats
    unscaled: Floats


def linear_fit(
    values: ArrayLike,
    columns: ArrayLike,
    persons: NDArray[np.int64] | None = None,
    correlation: float | None = None,
    weights: ArrayLike | None = None,
) -> LinearFit:
    r"""Fit every feature to the same columns, each on the values it has.

    With persons as fixed blocks, the model is
    :math:`y_{ij} = a_i + x_{ij}'\beta + e_{ij}`. With a correlation :math:`\rho` it is
    :math:`y_{ij} = x_{ij}'\beta + e_{ij}`, where the errors of a person correlate by
    :math:`\rho`: every value and column loses the share
    :math:`1 - \sqrt{(1 - \rho) / (1 + (m_i - 1) \rho)}` of its mean over the person's
    :math:`m_i` values, and what remains has the variance :math:`(1 - \rho) \sigma^2`.

    Parameters
    ----------
    values : array_like, shape (n, m)
        One row a sample, one column a feature; NaN where a sample has no value.
    columns : array_like, shape (n, q)
        The design without persons.
    persons : ndarray of int, shape (n,), optional
        Codes from 0. Without them samples are independent.
    correlation : float, optional
        Between two values of a person, if persons are not to be fixed blocks.
    weights : array_like, shape (n,) or (n, m), optional
        Inverse variances up to a factor.

    Returns
    -------
    LinearFit

    Raises
    ------
    ValueError
        If shapes disagree, a value is infinite, a weight is not above zero, or a correlation is
        none that so many values of a person can have.

    References
    ----------
    Frisch and Waugh (1933), Econometrica 1, 387-401, for taking blocks out first. Fuller and
    Battese (1973), J Am Stat Assoc 68, 626-632, for a share of the mean. Smyth, Michaud and
    Scott (2005), Bioinformatics 21, 2067-2075, for the common correlation.
    """
    y, x = np.asarray(values, float), np.asarray(columns, float)
    if y.ndim != 2 or x.ndim != 2 or len(y) != len(x):
        raise ValueError(f"values {y.shape} and columns {x.shape} need as many rows, both 2-D")
    if np.isinf(y).any():
        raise ValueError("infinite values; give NaN where there is no value")
    w = _checked_weights(weights, y.shape)
    incidence = None if persons is None else incidence_of(persons)
    if correlation is not None:
        _check_correlation(correlation, incidence)
    if w is None and np.isfinite(y).all():
        return _fit_complete(y, x, incidence, correlation)
    return _fit_in_batches(y, x, incidence, correlation, w)


def contrast_of(fit: LinearFit, contrast: ArrayLike) -> Estimates:
    """Return one contrast of the coefficients, feature by feature.

    Parameters
    ----------
    fit : LinearFit
    contrast : array_like, shape (q,)
        The weight of each coefficient.

    Returns
    -------
    Estimates
    """
    c = np.asarray(contrast, float)
    told = _told(fit, c[None]) & (fit.n_observations > 0)
    unscaled = np.sqrt(np.einsum("i,gij,j->g", c, fit.covariance, c))
    return Estimates(np.where(told, fit.coefficients @ c, np.nan), np.where(told, unscaled, np.nan))


def p_of_t(t: ArrayLike, df: ArrayLike) -> Floats:
    """Return two-sided p values of t statistics; NaN stays NaN."""
    return 2 * special.stdtr(df, -np.abs(t))


def joint_statistic(fit: LinearFit, contrasts: ArrayLike) -> tuple[Floats, NDArray[np.int64]]:
    r"""Return the mean square of several contrasts for a residual variance of 1, and its rank.

    .. math:: (L\hat\beta)'(L C L')^{+}(L\hat\beta) / r

    Parameters
    ----------
    fit : LinearFit
    contrasts : array_like, shape (k, q)

    Returns
    -------
    mean_square : ndarray, shape (m,)
        NaN where a feature's values cannot tell all the contrasts.
    rank : ndarray of int, shape (m,)
        How many independent questions the contrasts ask.
    """
    c = np.atleast_2d(np.asarray(contrasts, float))
    told = _told(fit, c)
    found = fit.coefficients @ c.T
    spread = np.einsum("ki,gij,lj->gkl", c, fit.covariance, c)
    inverse, keep = pseudo_inverse(spread, np.einsum("gkk->gk", spread))
    rank = keep.sum(axis=1)
    square = np.einsum("gk,gkl,gl->g", found, inverse, found)
    return np.where(told & (rank > 0), square / np.maximum(rank, 1), np.nan), rank


def _told(fit: LinearFit, contrasts: Floats) -> NDArray[np.bool_]:
    """Return by feature whether its values can tell all the contrasts, shape (k, q)."""
    if fit.row_space is None:
        return np.ones(len(fit.coefficients), bool)
    # the projection is not symmetric where columns differ in length: it acts from the right
    lost = np.abs(np.einsum("ki,gij->gkj", contrasts, fit.row_space) - contrasts) / fit.lengths
    most = np.abs(contrasts / fit.lengths).max(initial=0.0)
    told: NDArray[np.bool_] = lost.max(axis=(1, 2), initial=0.0) <= 1e-6 * most
    return told


def lengths_of(x: Floats) -> Floats:
    """Return the root sum of squares of each column, and 1 for a column of zeros."""
    length = np.sqrt((x**2).sum(axis=0))
    return np.where(length > 0, length, 1.0)


def _checked_weights(weights: ArrayLike | None, shape: tuple[int, int]) -> Floats | None:
    if weights is None:
        return None
    w = np.asarray(weights, float)
    w = np.broadcast_to(w[:, None] if w.ndim == 1 else w, shape)
    if not (np.isfinite(w).all() and (w > 0).all()):
        raise ValueError("weights must be finite and above zero")
    return w


def _check_correlation(correlation: float, incidence: Floats | None) -> None:
    if incidence is None:
        raise ValueError("a correlation is between values of a person; give persons")
    largest = incidence.sum(axis=0).max(initial=0)
    lowest = -1 / (largest - 1) if largest > 1 else -np.inf
    if not lowest < correlation < 1:
        raise ValueError(
            f"correlation {correlation:g}; {largest:g} values of a person can have one above "
            f"{lowest:g} and below 1"
        )


def parts_of(features: int) -> Iterator[slice]:
    """Yield slices of features, as many as a processor's cache holds of a few dozen samples."""
    for start in range(0, features, _PART):
        yield slice(start, min(start + _PART, features))


def incidence_of(persons: NDArray[np.int64]) -> Floats:
    """Return the n by b matrix that says which sample is whose."""
    matrix = np.zeros((len(persons), int(persons.max(initial=-1)) + 1))
    matrix[np.arange(len(persons)), persons] = 1.0
    return matrix


def _fit_complete(
    y: Floats, x: Floats, incidence: Floats | None, correlation: float | None
) -> LinearFit:
    """Fit where all features share one design: a single decomposition serves them all."""
    n, m = y.shape
    sizes = np.ones(n) if incidence is None else incidence @ incidence.sum(axis=0)
    share = np.zeros(n) if incidence is None else _share(sizes, correlation)
    people = 0 if incidence is None else int((incidence.sum(axis=0) > 0).sum())
    blocks = people if correlation is None else 0

    def without_mean(table: Floats) -> Floats:
        if incidence is None:
            return table
        means = (incidence.T @ table) / np.maximum(incidence.sum(axis=0), 1)[:, None]
        return table - share[:, None] * (incidence @ means)

    x_own = without_mean(x)
    a = x_own.T @ x_own
    inverse, keep = pseudo_inverse(a[None], (x**2).sum(axis=0)[None])
    back = inverse[0] @ x_own.T
    df = float(n - keep.sum() - blocks)
    coefficients, squares = np.empty((x.shape[1], m)), np.empty(m)
    for part in parts_of(m):
        own = without_mean(y[:, part])
        coefficients[:, part] = back @ own
        residual = own - x_own @ coefficients[:, part]
        squares[part] = np.einsum("ng,ng->g", residual, residual)
    scale = 1.0 if correlation is None else 1.0 - correlation
    row_space = None if keep.all() else np.broadcast_to((back @ x_own)[None], (m, *a.shape))
    return LinearFit(
        coefficients.T,
        np.broadcast_to(inverse * scale, (m, *a.shape)),
        row_space,
        squares / scale / df if df > 0 else np.full(m, np.nan),
        np.full(m, df),
        y.sum(axis=0) / n if n else np.full(m, np.nan),
        np.full(m, n),
        np.full(m, n if incidence is None else people),
        lengths_of(x),
    )


def _fit_in_batches(
    y: Floats, x: Floats, incidence: Floats | None, correlation: float | None, w: Floats | None
) -> LinearFit:
    """Fit features that differ in what they lack, or in weights, a batch at a time."""
    n, m = y.shape
    width = max(1, _BLOCK_CELLS // max(1, n * (x.shape[1] + 3)))
    parts = [
        _fit_batch(
            y[:, start : start + width],
            x,
            incidence,
            correlation,
            None if w is None else w[:, start : start + width],
        )
        for start in range(0, max(m, 1), width)
    ]
    joined = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in LinearFit.__dataclass_fields__
        if name != "lengths"
    }
    return LinearFit(**joined, lengths=lengths_of(x))


def _fit_batch(
    y: Floats, x: Floats, incidence: Floats | None, correlation: float | None, w: Floats | None
) -> LinearFit:
    m = y.shape[1]
    present = np.isfinite(y)
    root = present.astype(float) if w is None else np.where(present, np.sqrt(w), 0.0)
    y_own = np.where(present, y, 0.0) * root
    x_own = x[:, :, None] * root[:, None, :]
    persons = np.zeros(m, np.int64)
    if incidence is not None:
        held = incidence.T @ present
        persons = (held > 0).sum(axis=0)
        # fixed blocks are taken out along sqrt(w), correlated ones along the values themselves
        along = root if correlation is None else present.astype(float)
        norm = np.maximum(incidence.T @ along**2, 1e-300)
        share = _share(incidence @ held, correlation) * along

        def without_mean(table: Floats) -> Floats:
            return table - share * (incidence @ ((incidence.T @ (along * table)) / norm))

        y_own = without_mean(y_own)
        for column in range(x.shape[1]):
            x_own[:, column] = without_mean(x_own[:, column])
    a = np.einsum("nig,njg->gij", x_own, x_own, optimize=True)
    size = np.einsum("ni,ng->gi", x**2, root**2)
    inverse, keep = pseudo_inverse(a, np.maximum(size, 1e-300))
    right = np.einsum("nig,ng->gi", x_own, y_own, optimize=True)
    coefficients = np.einsum("gij,gj->gi", inverse, right)
    residual = y_own - np.einsum("nig,gi->ng", x_own, coefficients, optimize=True)
    count = present.sum(axis=0)
    rank = keep.sum(axis=1) + (persons if correlation is None and incidence is not None else 0)
    df = (count - rank).astype(float)
    scale = 1.0 if correlation is None else 1.0 - correlation
    squares = np.einsum("ng,ng->g", residual, residual) / scale
    total = np.where(present, y, 0.0).sum(axis=0)
    return LinearFit(
        coefficients,
        inverse * scale,
        np.einsum("gij,gjk->gik", inverse, a),
        np.where(df > 0, squares / np.maximum(df, 1), np.nan),
        df,
        np.where(count > 0, total / np.maximum(count, 1), np.nan),
        count,
        count if incidence is None else persons,
        lengths_of(x),
    )


def _share(sizes: Floats, correlation: float | None) -> Floats:
    """Return which share of a person's mean is taken away, given how many values it is of."""
    if correlation is None:
        return np.ones_like(sizes)
    m = np.maximum(sizes, 1)
    return 1 - np.sqrt((1 - correlation) / (1 + (m - 1) * correlation))


def pseudo_inverse(a: Floats, size: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Return inverses of symmetric matrices, and which of their directions hold anything.

    Parameters
    ----------
    a : ndarray, shape (g, q, q)
    size : ndarray, shape (g, q)
        What the diagonal would be if nothing had been taken out: the measure of nothing.

    Returns
    -------
    inverse : ndarray, shape (g, q, q)
    keep : ndarray of bool, shape (g, q)
    """
    root = np.sqrt(np.where(size > 0, size, 1.0))
    scaled = a / (root[:, :, None] * root[:, None, :])
    values, vectors = np.linalg.eigh(scaled)
    keep = values > _NULL
    inverted = np.where(keep, 1 / np.where(keep, values, 1), 0.0)
    inverse = np.einsum("gik,gk,gjk->gij", vectors, inverted, vectors, optimize=True)
    return inverse / (root[:, :, None] * root[:, None, :]), keep
