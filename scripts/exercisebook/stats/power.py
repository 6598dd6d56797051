"""What a study of this size could have seen, before it looked.

Never post-hoc power: the detectable effect follows from the standard error alone, whatever the
estimate was.
"""

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import interpolate, optimize, stats

POWER = 0.8
ALPHA = 0.05

_SOLVED_EACH = 80
"""Different degrees of freedom up to which each is solved for."""


def detectable_from_se(
    se: ArrayLike, df: ArrayLike, alpha: float = ALPHA, power: float = POWER
) -> NDArray[np.float64]:
    r"""Return the true effect that a two-sided t test with this standard error would find.

    Solves :math:`P(|T_{df}(\delta / se)| > t_{df, 1 - \alpha/2}) = power` for :math:`\delta`,
    with a noncentral t, so that small samples are not flattered by a normal approximation.

    Parameters
    ----------
    se, df : array_like, shape (m,)
        Standard errors and their degrees of freedom; NaN gives NaN.
    alpha, power : float
        Level of the test, and the share of studies that should find it.

    Returns
    -------
    ndarray, shape (m,)
        In the unit of ``se``.
    """
    se, df = np.broadcast_arrays(np.asarray(se, float), np.asarray(df, float))
    usable = np.isfinite(se) & (df >= 1)
    multiple = np.full(se.shape, np.nan)
    multiple[usable] = _multiples(df[usable], alpha, power)
    return se * multiple


def _multiples(df: NDArray[np.float64], alpha: float, power: float) -> NDArray[np.float64]:
    """Return the detectable multiples of a standard error; interpolated if there are many.

    They are smooth in the degrees of freedom: a cubic through 80 of them is right to one
    part in a hundred thousand, and to one in a million above five of them.
    """
    given, place = np.unique(df, return_inverse=True)
    if len(given) <= _SOLVED_EACH:
        solved = np.array([_noncentrality(d, alpha, power) for d in given])
        return solved[place] if len(given) else df
    # denser towards one degree of freedom, where the curve bends most
    turn = np.geomspace(1 / given[0], max(1 / given[-1], 1e-6), _SOLVED_EACH)[::-1]
    solved = np.array([_noncentrality(1 / u, alpha, power) for u in turn])
    curve = interpolate.CubicSpline(np.log(turn), solved)
    return curve(np.log(np.clip(1 / given, turn[0], turn[-1])))[place]


def _power(delta: float, df: float, alpha: float) -> float:
    """Return the power of a two-sided t test with noncentrality ``delta``."""
    if np.isinf(df):
        critical = stats.norm.isf(alpha / 2)
        return float(stats.norm.sf(critical - delta) + stats.norm.cdf(-critical - delta))
    critical = stats.t.isf(alpha / 2, df)
    # the wrong tail is below alpha / 2 and falls with delta; scipy gives NaN once it is nil
    wrong_side = np.nan_to_num(stats.nct.cdf(-critical, df, delta))
    return float(stats.nct.sf(critical, df, delta) + wrong_side)


@cache
def _noncentrality(df: float, alpha: float, power: float) -> float:
    upper = float(stats.t.isf(alpha / 2, df)) + 4.0
    while _power(upper, df, alpha) < power:
        upper *= 2
    return float(optimize.brentq(lambda delta: _power(delta, df, alpha) - power, 0.0, upper))


def detectable_standardised(
    n: int, features: int = 1, alpha: float = ALPHA, power: float = POWER
) -> float:
    """Return the smallest mean difference, in standard deviations of the differences.

    Parameters
    ----------
    n : int
        Persons, each compared with himself or herself; at least 2.
    features : int
        Questions that share ``alpha`` by Bonferroni.
    alpha, power : float
        Family-wise level, and the wanted power for one true effect.

    Returns
    -------
    float
        dz, the mean over the standard deviation of the within-person differences.

    Notes
    -----
    ``statsmodels.stats.power.TTestPower`` agrees where it answers; for few persons and
    thousands of features its power is NaN and its solver stops early, too low by a sixth.
    """
    return _noncentrality(n - 1, alpha / features, power) / float(np.sqrt(n))


def power_of(effect: float, n: int, features: int = 1, alpha: float = ALPHA) -> float:
    """Return the power of a paired t test for a standardised difference ``effect``."""
    return _power(effect * float(np.sqrt(n)), n - 1, alpha / features)


def detectable_ratio(cv_within: float, n: int, features: int = 1) -> float:
    r"""Return the smallest ratio of geometric means that n persons could show.

    Two occasions of a person differ on the log scale with standard deviation
    :math:`\sqrt 2 \sigma`, where :math:`\sigma^2 = \log(1 + CV^2)` holds biology and assay.
    Everyone is taken to respond alike; where people differ, the smallest ratio is larger.

    Parameters
    ----------
    cv_within : float
        Coefficient of variation within a person from occasion to occasion, as a fraction.
    n, features : int
        Persons, and questions that share the level.

    Returns
    -------
    float
        A ratio above 1; its reciprocal is the smallest fall.
    """
    sigma = np.sqrt(np.log1p(cv_within**2))
    return float(np.exp(detectable_standardised(n, features) * np.sqrt(2) * sigma))
