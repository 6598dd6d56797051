"""Empirical-Bayes moderation: a feature's variance, drawn towards that of features like it.

With thirteen persons a feature's own variance is poorly known; thousands of features together tell
how such variances are spread. Three ways: towards one common value, towards a trend over a
covariate (usually the mean level), and robustly, where a few features of wild variance neither
spoil the prior nor profit from it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special, stats

from exercisebook.stats.linear import LinearFit, contrast_of, p_of_t

Floats = NDArray[np.float64]

TAILS = (0.05, 0.1)
"""Shares of the smallest and largest log variances that the robust prior pulls in."""

_FEWEST = 0.05
"""Prior degrees of freedom below which the quantiles of an F leave the range of numbers."""

_TINY = 1e-300

_NEIGHBOURS = 0.4
"""Share of features that a local regression looks at."""

MODERATIONS = ("plain", "trend", "robust", "trend-robust")


@dataclass(frozen=True)
class Moderation:
    """Variances after moderation.

    Attributes
    ----------
    variance : ndarray, shape (m,)
        Posterior variance of each feature.
    df_total : ndarray, shape (m,)
        Degrees of freedom of a moderated t, at most those of all features pooled.
    df_prior : ndarray, shape (m,)
        What the other features add; infinite where they are as alike as chance would have them.
    variance_prior : ndarray, shape (m,)
        What each variance was drawn towards.
    """

    variance: Floats
    df_total: Floats
    df_prior: Floats
    variance_prior: Floats


def moderate(
    variance: ArrayLike, df: ArrayLike, covariate: ArrayLike | None = None, robust: bool = False
) -> Moderation:
    r"""Return moderated variances.

    .. math:: \tilde s_g^2 = \frac{d_0 s_0^2 + d_g s_g^2}{d_0 + d_g}

    Parameters
    ----------
    variance : array_like, shape (m,)
        Residual variances; NaN where there is none.
    df : array_like, shape (m,) or ()
        Their degrees of freedom.
    covariate : array_like, shape (m,), optional
        With it the prior follows a trend over it.
    robust : bool
        Whether features of exceptional variance get a smaller prior of their own.

    Returns
    -------
    Moderation
        NaN for features without a variance.

    Raises
    ------
    ValueError
        If fewer than two features have a variance above zero, or one that has lacks a covariate.

    References
    ----------
    Smyth (2004), Stat Appl Genet Mol Biol 3, 3. Sartor et al. (2006), BMC Bioinformatics 7, 538,
    and Law et al. (2014), Genome Biol 15, R29, for the trend. Phipson et al. (2016), Ann Appl Stat
    10, 946-963, for the robust prior.
    """
    s2 = np.asarray(variance, float)
    d = np.broadcast_to(np.asarray(df, float), s2.shape)
    usable = np.isfinite(s2) & (d > 0)
    if (s2[usable] > 0).sum() < 2:
        raise ValueError("at least two features need a variance above zero")
    z = None if covariate is None else np.asarray(covariate, float)[usable]
    if z is not None and not np.isfinite(z).all():
        raise ValueError("every feature with a variance needs a finite covariate")
    prior_of = _robust_prior if robust else _prior
    scale, d0 = prior_of(s2[usable], d[usable], z)
    prior, df_prior = np.full(s2.shape, np.nan), np.full(s2.shape, np.nan)
    prior[usable], df_prior[usable] = scale, d0
    # an infinite prior leaves nothing of the feature's own variance
    own = np.where(np.isinf(df_prior), 0.0, d / (d + np.where(np.isinf(df_prior), 1.0, df_prior)))
    total = np.minimum(d + df_prior, d[usable].sum())
    return Moderation(own * s2 + (1 - own) * prior, total, df_prior, prior)


def moderated_p(fit: LinearFit, contrast: ArrayLike) -> Floats:
    """Return two-sided p values of a contrast, variances moderated towards one value.

    Parameters
    ----------
    fit : LinearFit
        Of m features on q columns.
    contrast : array_like, shape (q,)

    Returns
    -------
    ndarray, shape (m,)
    """
    found, posterior = contrast_of(fit, contrast), moderate(fit.variance, fit.df)
    t = found.estimate / (found.unscaled * np.sqrt(posterior.variance))
    return p_of_t(t, posterior.df_total)


def _prior(s2: Floats, df: Floats, covariate: Floats | None) -> tuple[Floats, Floats]:
    """Return scale and degrees of freedom of the scaled F that the variances follow.

    Log variances have mean and variance in closed form (digamma, trigamma), which are matched.
    """
    x = np.maximum(s2, 1e-5 * _middle(s2))
    e = np.log(x) - special.digamma(df / 2) + np.log(df / 2)
    if covariate is None:
        centre = np.full(len(e), e.mean())
        spread = e.var(ddof=1)
    else:
        basis = _natural_spline(covariate)
        q = np.linalg.qr(basis)[0]
        centre = q @ (q.T @ e)
        spread = ((e - centre) ** 2).sum() / (len(e) - basis.shape[1])
    excess = spread - special.polygamma(1, df / 2).mean()
    if excess <= 0:
        common = np.full(len(e), x.mean()) if covariate is None else np.exp(centre)
        return common, np.full(len(e), np.inf)
    d0 = 2 * float(trigamma_inverse(excess))
    scale = np.exp(centre + special.digamma(d0 / 2) - np.log(d0 / 2))
    return scale, np.full(len(e), d0)


def _middle(s2: Floats) -> float:
    """Return the median of variances, of those above zero if most are not."""
    return float(np.median(s2)) or float(np.median(s2[s2 > 0]))


def _robust_prior(s2: Floats, df: Floats, covariate: Floats | None) -> tuple[Floats, Floats]:
    """Return the prior from Winsorized log variances, and less of it for outlying features."""
    scale, d0 = _prior(s2, df, covariate)
    n = len(s2)
    if max(TAILS) < 1 / n or d0[0] < _FEWEST:
        return scale, d0
    x = np.maximum(s2, 1e-12 * _middle(s2))
    d1 = float(df.max())
    z = np.log(_as_if_equal_df(x, df, d1, scale, d0[0]))
    trend = _trimmed_level(z) if covariate is None else _smooth(z, covariate)
    low, high = np.quantile(z - trend, [TAILS[0], 1 - TAILS[1]])
    pulled = np.clip(z - trend, low, high)
    spread = pulled.var(ddof=1)
    if spread == 0:
        return scale, d0

    def too_wide(share: float) -> float:
        d2 = np.inf if share == 1 else share / (1 - share)
        return float(np.log(spread / _winsorized_moments(d1, d2)[1]))

    at_infinity = too_wide(1.0)
    if at_infinity <= 0:
        d2 = np.inf
    elif np.isinf(d0[0]):
        return scale, d0
    else:
        start = d0[0] / (1 + d0[0])
        if too_wide(start) >= 0:
            d2 = float(d0[0])
        else:
            root = optimize.brentq(too_wide, start, 1.0, xtol=1e-14)
            d2 = root / (1 - root)
    corrected = trend + pulled.mean() - _winsorized_moments(d1, d2)[0]
    return np.exp(corrected), _less_for_outliers(np.exp(z - corrected), d1, d2)


def _as_if_equal_df(x: Floats, df: Floats, d1: float, scale: Floats, d2: float) -> Floats:
    """Return variances moved to the same tail probability at the largest degrees of freedom."""
    fewer = df < d1 - 1e-14
    if not fewer.any():
        return x
    f = x[fewer] / scale[fewer]
    upper, lower = (np.maximum(_f_tail(f, df[fewer], d2, side), _TINY) for side in (True, False))
    moved = np.where(
        upper < lower, _f_quantile(upper, d1, d2, True), _f_quantile(lower, d1, d2, False)
    )
    out = x.copy()
    out[fewer] = moved * scale[fewer]
    return out


def _f_tail(f: ArrayLike, d1: ArrayLike, d2: float, upper: bool) -> Floats:
    """Return tail probabilities of an F; a chi-square over its df where ``d2`` is infinite."""
    law = stats.chi2(d1) if np.isinf(d2) else stats.f(d1, d2)
    at = np.asarray(f) * np.asarray(d1) if np.isinf(d2) else f
    return law.sf(at) if upper else law.cdf(at)


def _f_quantile(p: ArrayLike, d1: float, d2: float, upper: bool) -> Floats:
    """Return quantiles of an F by the beta law, which keeps the digits of a far tail."""
    if np.isinf(d2):
        return (stats.chi2.isf(p, d1) if upper else stats.chi2.ppf(p, d1)) / d1
    if upper:
        rest = np.maximum(special.betaincinv(d2 / 2, d1 / 2, p), _TINY)
        return d2 / d1 * (1 - rest) / rest
    share = special.betaincinv(d1 / 2, d2 / 2, p)
    return d2 / d1 * share / np.maximum(1 - share, _TINY)


def _trimmed_level(z: Floats) -> Floats:
    return np.full(len(z), stats.trim_mean(z, TAILS[1]))


def _smooth(z: Floats, covariate: Floats) -> Floats:
    from statsmodels.nonparametric.smoothers_lowess import lowess

    ordered = np.sort(covariate)
    near = int(_NEIGHBOURS * len(z))
    if (ordered[near - 1 :] <= ordered[: len(z) - near + 1]).any():
        # where so many features share one covariate, lowess returns the first of them
        q = np.linalg.qr(_natural_spline(covariate))[0]
        return q @ (q.T @ z)
    # lowess takes small distances for none, whatever their unit
    place = (covariate - ordered[0]) / (ordered[-1] - ordered[0])
    return lowess(z, place, frac=_NEIGHBOURS, it=3, delta=0.01, return_sorted=False)


_NODES, _NODE_WEIGHTS = np.polynomial.legendre.leggauss(128)


def _winsorized_moments(d1: float, d2: float) -> tuple[float, float]:
    """Return mean and variance of the log of an F variable whose tails are pulled in.

    Integrated over f / (1 + f), which maps the axis onto the unit interval.
    """
    ends = np.array(
        [_f_quantile(TAILS[0], d1, d2, False), _f_quantile(TAILS[1], d1, d2, True)], float
    )
    q = ends / (1 + ends)
    half = (q[1] - q[0]) / 2
    nodes = q[0] + half * (1 + _NODES)
    f = nodes / (1 - nodes)
    density = stats.chi2.pdf(f * d1, d1) * d1 if np.isinf(d2) else stats.f.pdf(f, d1, d2)
    weight = half * _NODE_WEIGHTS * density / (1 - nodes) ** 2
    tails, z, z_ends = np.array(TAILS), np.log(f), np.log(ends)
    mean = (weight * z).sum() + (z_ends * tails).sum()
    variance = (weight * (z - mean) ** 2).sum() + ((z_ends - mean) ** 2 * tails).sum()
    return float(mean), float(variance)


def _less_for_outliers(f: Floats, d1: float, d2: float) -> Floats:
    """Return prior degrees of freedom: fewer where a variance is larger than the prior allows.

    The probability of being no outlier is the theoretical tail over the empirical one. The
    largest variance keeps as many prior degrees of freedom as make it a median outcome.
    """
    n = len(f)
    tail = _f_tail(f, d1, d2, upper=True)
    empirical = (n - stats.rankdata(f) + 0.5) / n
    regular = np.minimum(tail / empirical, 1.0)
    if (regular >= 1).all():
        return np.full(n, d2)
    order = np.argsort(tail, kind="stable")
    if np.isinf(d2):
        fewer = np.where(regular < 1, regular * n * d1, np.inf)
        fewer[order] = np.maximum.accumulate(fewer[order])
        return fewer
    smallest = tail.min()
    d2_outlier = 0.0
    if smallest > 0:
        d2_outlier = np.log(0.5) / np.log(smallest) * d2
        again = float(_f_tail(f.max(), d1, d2_outlier, upper=True))
        d2_outlier = np.log(0.5) / np.log(again) * d2_outlier
    fewer = regular * d2 + (1 - regular) * d2_outlier
    ordered = fewer[order]
    running = np.cumsum(ordered) / np.arange(1, n + 1)
    least = int(np.argmin(running))
    ordered[: least + 1] = running[least]
    out = np.empty(n)
    out[order] = np.maximum.accumulate(ordered)
    return out


def _natural_spline(x: Floats) -> Floats:
    """Return a basis of natural cubic splines: 4 dimensions, fewer below 30 features."""
    n = len(x)
    dimensions = min(1 + (n >= 3) + (n >= 6) + (n >= 30), len(np.unique(x)))
    if dimensions < 2:
        return np.ones((n, 1))
    inner = np.quantile(x, np.linspace(0, 1, dimensions)[1:-1])
    knots = np.unique(np.concatenate([[x.min()], inner, [x.max()]]))
    u = (x - knots[0]) / (knots[-1] - knots[0])
    k = (knots - knots[0]) / (knots[-1] - knots[0])

    def bend(j: int) -> Floats:
        cubes = np.maximum(u - k[j], 0) ** 3 - np.maximum(u - k[-1], 0) ** 3
        return cubes / (k[-1] - k[j])

    last = bend(len(k) - 2)
    return np.column_stack([np.ones(n), u, *[bend(j) - last for j in range(len(k) - 2)]])


def trigamma_inverse(x: ArrayLike) -> Floats:
    """Return y with trigamma(y) = x, by Newton's method on the reciprocal, which is convex.

    References
    ----------
    Smyth (2004), Stat Appl Genet Mol Biol 3, 3, appendix.
    """
    x = np.asarray(x, float)
    y = 0.5 + 1 / x
    for _ in range(50):
        trigamma = special.polygamma(1, y)
        step = trigamma * (1 - trigamma / x) / special.polygamma(2, y)
        y = y + step
        if (np.abs(step / y) < 1e-14).all():
            break
    return np.where(x > 1e7, 1 / np.sqrt(x), np.where(x < 1e-6, 1 / x, y))
