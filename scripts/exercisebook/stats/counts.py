"""Counts of reads: whether they are counts, library sizes, TMM, log-CPM, and voom's weights.

A count becomes a log with a weight, and a linear model takes both. The model itself lives in
``linear``, the negative binomial in ``second_opinion``.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from statsmodels.nonparametric.smoothers_lowess import lowess

from exercisebook.errors import Misuse, listed
from exercisebook.stats.linear import LinearFit, incidence_of, linear_fit

Floats = NDArray[np.float64]

FEWEST_FEATURES = 10
"""Features with counts below which there is no trend of the variance to speak of."""

_NAMED = 3
"""Bad values that a message names; of the others it tells the number."""

_TRIM_RATIO, _TRIM_SUM = 0.3, 0.05
"""Shares that TMM leaves out at each end of log ratios and of mean log expressions."""

_SPAN = 0.5
"""Share of the features that voom's curve sees at each point."""

_ROUNDING = 1e-6
"""Root of a standard deviation of log2 counts below which there is only rounding."""


@dataclass(frozen=True)
class VoomWeights:
    """Counts as logs with weights, and the trend that the weights come from.

    Attributes
    ----------
    log_cpm : ndarray, shape (n, m)
        log2 counts per million.
    weights : ndarray, shape (n, m)
        Inverse variances.
    size : ndarray, shape (k,)
        Mean log2 count of each feature that has counts, ascending.
    root_sd : ndarray, shape (k,)
        Square root of each one's residual standard deviation.
    curve : ndarray, shape (k,)
        The trend of ``root_sd`` over ``size``.
    """

    log_cpm: Floats
    weights: Floats
    size: Floats
    root_sd: Floats
    curve: Floats


def checked_counts(counts: pd.DataFrame, whole: bool = False) -> Floats:
    """Return counts as an array, once they are known to be counts.

    Parameters
    ----------
    counts : DataFrame, shape (n, m)
        One row a sample, one column a feature.
    whole : bool
        Whether only whole numbers will do. Expected counts, as of salmon or RSEM, are not whole;
        voom takes them, a negative binomial does not.

    Returns
    -------
    ndarray, shape (n, m)

    Raises
    ------
    Misuse
        If there is no sample or no feature; if a column holds no numbers; if a value is missing,
        infinite, negative or, where whole numbers are needed, a fraction; if a sample has no
        count at all. The message names the first few.
    """
    if not counts.size:
        raise Misuse(f"no counts: {counts.shape[0]} samples and {counts.shape[1]} features")
    other = [str(name) for name, kind in counts.dtypes.items() if not _numeric(kind)]
    if other:
        raise Misuse(
            f"counts must be numbers; these features hold none: {listed(map(repr, other), _NAMED)}"
        )
    values = counts.to_numpy(float)
    _refuse(counts, values, ~np.isfinite(values), "missing or infinite", "counts are finite")
    _refuse(counts, values, values < 0, "negative", "counts start at 0; are these logarithms?")
    if whole:
        repair = "round expected counts first, or use voom, which takes them as they are"
        _refuse(counts, values, values != np.floor(values), "not whole", repair)
    empty = [str(name) for name in counts.index[~values.any(axis=1)]]
    if empty:
        raise Misuse(
            f"no count in {len(empty)} of {len(values)} samples: {listed(map(repr, empty), _NAMED)}"
        )
    return values


def _numeric(kind: object) -> bool:
    return pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind)


def _refuse(
    counts: pd.DataFrame, values: Floats, bad: NDArray[np.bool_], what: str, repair: str
) -> None:
    """Raise Misuse if any value is bad, naming the first few."""
    if not bad.any():
        return
    places = [
        f"{values[row, column]:g} in sample {str(counts.index[row])!r}, "
        f"feature {str(counts.columns[column])!r}"
        for row, column in np.argwhere(bad)[:_NAMED]
    ]
    number = int(bad.sum())
    more = f"; and {number - _NAMED} more" if number > _NAMED else ""
    raise Misuse(f"{number} of {bad.size} counts {what}: {'; '.join(places)}{more}. {repair}")


def _array(counts: ArrayLike) -> Floats:
    y = np.asarray(counts, float)
    if not (y.ndim == 2 and y.size and np.isfinite(y).all() and (y >= 0).all() and y.any(1).all()):
        raise ValueError("counts must be finite and at least 0, with some in every sample")
    return y


def tmm_factors(counts: ArrayLike) -> Floats:
    r"""Return factors that turn library sizes into effective ones: trimmed means of M values.

    Against a reference sample r, with proportions :math:`p_{gk} = y_{gk} / N_k`, each sample k
    has :math:`M_g = \log_2 (p_{gk} / p_{gr})` and
    :math:`A_g = \tfrac12 \log_2 (p_{gk}\, p_{gr})`. Without the 30 % of features at each end of M
    and the 5 % at each end of A,

    .. math:: \log_2 f_k = \sum_g w_g M_g \Big/ \sum_g w_g, \qquad
        1 / w_g = \frac{N_k - y_{gk}}{N_k y_{gk}} + \frac{N_r - y_{gr}}{N_r y_{gr}}

    and factors are scaled to a geometric mean of 1. The reference is the sample whose upper
    quartile of proportions is nearest to the mean upper quartile.

    Parameters
    ----------
    counts : array_like, shape (n, m)
        One row a sample; every sample has some count.

    Returns
    -------
    ndarray, shape (n,)
        1 for a sample that shares no feature with the reference, before scaling.

    Raises
    ------
    ValueError
        As for ``log_cpm``.

    References
    ----------
    Robinson and Oshlack (2010), Genome Biol 11, R25.
    """
    y = _array(counts)
    y = y[:, y.any(axis=0)]
    # the last bit of a sum of fractions decides which ratios tie
    size = y.sum(axis=1, keepdims=True, dtype=np.longdouble).astype(float)
    share = y / size
    r = _reference(y, share)
    seen = (y > 0) & (y[r] > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        # logs of ratios, not differences of logs: ratios that tie must tie after rounding too
        ratio, level = np.log2(share / share[r]), np.log2(share)
        level = (level + level[r]) / 2
        variance = (size - y) / size / y
        weight = 1 / (variance + variance[r])
    kept = seen & _middle(ratio, seen, _TRIM_RATIO) & _middle(level, seen, _TRIM_SUM)
    ratio, weight = np.where(kept, ratio, 0.0), np.where(kept & np.isfinite(weight), weight, 0.0)
    total = weight.sum(axis=1)
    mean = (weight * ratio).sum(axis=1) / np.where(total > 0, total, 1.0)
    return np.exp2(mean - mean.mean())


def _reference(y: Floats, share: Floats) -> int:
    """Return the sample that others are compared with.

    Where most upper quartiles are 0 they tell nothing, and the sample with most features seen
    well takes their place.
    """
    quartile = np.quantile(share, 0.75, axis=1)
    if np.median(quartile) < 1e-20:
        return int(np.sqrt(y).sum(axis=1).argmax())
    return int(np.abs(quartile - quartile.mean()).argmin())


def _middle(values: Floats, seen: NDArray[np.bool_], share: float) -> NDArray[np.bool_]:
    """Return which values remain when a share of those seen is cut from both ends, row by row.

    What is cut is decided by mean ranks: values that tie with the last one cut go or stay as one.
    """
    # what is not seen sorts last, and so moves no other rank
    all_values = np.where(seen, values, np.inf)
    ordered = np.sort(all_values, axis=1)
    n = seen.sum(axis=1, keepdims=True)
    cut = np.floor(n * share)
    ends = np.stack([cut, n - cut - 1]).astype(np.int64).clip(0, values.shape[1] - 1)
    low, high = (np.take_along_axis(ordered, end, axis=1) for end in ends)
    rank_low, rank_high = (
        ((all_values < end).sum(axis=1) + (all_values <= end).sum(axis=1) + 1)[:, None] / 2
        for end in (low, high)
    )
    above = (all_values > low) | ((all_values == low) & (rank_low >= cut + 1))
    below = (all_values < high) | ((all_values == high) & (rank_high <= n - cut))
    return above & below & seen


def log_cpm(counts: ArrayLike, factors: ArrayLike) -> Floats:
    r"""Return log2 counts per million, with half a count added so that 0 has a logarithm.

    .. math:: \log_2 \frac{y_{gk} + 0.5}{N_k f_k + 1} \cdot 10^6

    Parameters
    ----------
    counts : array_like, shape (n, m)
    factors : array_like, shape (n,)
        By which library sizes are multiplied, as of ``tmm_factors``.

    Returns
    -------
    ndarray, shape (n, m)

    Raises
    ------
    ValueError
        If counts are not finite or below zero, or a sample has none; ``checked_counts`` says
        which.

    References
    ----------
    Law et al. (2014), Genome Biol 15, R29.
    """
    y = _array(counts)
    return np.log2(y + 0.5) - _log_library(y, factors)[:, None] + np.log2(1e6)


def _log_library(y: Floats, factors: ArrayLike) -> Floats:
    return np.log2(y.sum(axis=1) * np.asarray(factors, float) + 1)


def voom(
    counts: ArrayLike,
    columns: ArrayLike,
    persons: NDArray[np.int64] | None = None,
    factors: ArrayLike | None = None,
) -> VoomWeights:
    r"""Return log-CPM with a weight for every value, from the trend of spread over count size.

    A linear model of the log-CPM without weights gives each feature a mean log2 count and a
    residual standard deviation :math:`s_g`. A lowess curve through :math:`\sqrt{s_g}` predicts
    the spread at the count that the model expects of a value, and its power of -4 is the weight:

    .. math:: w_{gk} = \mathrm{lo}(\hat\mu_{gk} + \log_2 (N_k f_k + 1) - \log_2 10^6)^{-4}

    Parameters
    ----------
    counts : array_like, shape (n, m)
        One row a sample; see ``checked_counts``.
    columns : array_like, shape (n, q)
        The design without persons.
    persons : ndarray of int, shape (n,), optional
        Codes from 0; each gets a level of his or her own.
    factors : array_like, shape (n,), optional
        By which library sizes are multiplied; without them those of ``tmm_factors``.

    Returns
    -------
    VoomWeights
        Features without any count have weights, but no part in the curve.

    Raises
    ------
    Misuse
        If fewer than ten features have counts, if the design leaves no residual degrees of
        freedom, or if the curve falls to zero.
    ValueError
        As for ``log_cpm``, and if factors are not above zero.

    References
    ----------
    Law et al. (2014), Genome Biol 15, R29. Cleveland (1979), J Am Stat Assoc 74, 829-836, for the
    curve.
    """
    y, x = _array(counts), np.asarray(columns, float)
    f = tmm_factors(y) if factors is None else np.asarray(factors, float)
    if not (np.isfinite(f).all() and (f > 0).all()):
        raise ValueError("factors must be finite and above zero")
    values = log_cpm(y, f)
    # log2 of how many millions of reads a library holds: from log-CPM back to counts
    millions = _log_library(y, f) - np.log2(1e6)
    fit = linear_fit(values, x, persons)
    if not fit.df[0] > 0:
        raise Misuse("the design leaves no residual degrees of freedom, so that voom sees no trend")
    size, root_sd, curve = _spread_trend(y, fit, millions.mean())
    if not curve.min() > _ROUNDING:
        raise Misuse("voom's curve of spread over count size falls to zero; use fewer covariates")
    expected = _fitted(values, x, persons, fit) + millions[:, None]
    spread = np.interp(expected, size, curve)
    return VoomWeights(values, 1 / (spread * spread) ** 2, size, root_sd, curve)


def _spread_trend(y: Floats, fit: LinearFit, millions: float) -> tuple[Floats, Floats, Floats]:
    """Return mean log2 counts, ascending, roots of standard deviations, and their curve."""
    counted = y.any(axis=0)
    if counted.sum() < FEWEST_FEATURES:
        raise Misuse(
            f"voom needs {FEWEST_FEATURES} features with counts to see a trend of their spread; "
            f"{counted.sum()} have any"
        )
    size = fit.level[counted] + millions
    order = np.argsort(size, kind="stable")
    size, root_sd = size[order], fit.variance[counted][order] ** 0.25
    delta = 0.01 * float(size[-1] - size[0])
    curve = lowess(root_sd, size, _SPAN, 3, delta, is_sorted=True, return_sorted=False)
    return size, root_sd, curve


def _fitted(values: Floats, x: Floats, persons: NDArray[np.int64] | None, fit: LinearFit) -> Floats:
    """Return what the model expects; a person's level is the mean of what the columns leave."""
    effect = x @ fit.coefficients.T
    if persons is None:
        return effect
    member = incidence_of(persons)
    level = member.T @ (values - effect) / member.sum(axis=0)[:, None]
    return effect + member @ level
