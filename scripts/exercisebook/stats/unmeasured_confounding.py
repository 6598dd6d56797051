"""How strong a cause that nobody measured would have to be to make an effect.

Each number here answers that one question and has its own assumption. None says that such a cause
is absent, nor how likely it is: where the day itself is the rival cause, it differs between the
days without limit, and a large E-value is no comfort.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from exercisebook.errors import Misuse

Floats = NDArray[np.float64]


def risk_ratio(
    cases: ArrayLike, persons: ArrayLike, cases_unexposed: ArrayLike, persons_unexposed: ArrayLike
) -> tuple[Floats, Floats, Floats]:
    r"""Return the risk of the exposed over that of the unexposed, with 95 % limits.

    .. math:: RR = \frac{a / n}{b / m}, \qquad
              RR \cdot \exp\left(\pm 1.96 \sqrt{1/a - 1/n + 1/b - 1/m}\right)

    Parameters
    ----------
    cases, persons : array_like
        Of the exposed: with the outcome (1 or more), and in all.
    cases_unexposed, persons_unexposed : array_like
        Of the unexposed.

    Returns
    -------
    tuple of ndarray
        Ratio, lower limit, upper limit.

    Raises
    ------
    Misuse
        If a group has no case, or more cases than persons.

    References
    ----------
    Katz et al. (1978), Biometrics 34, 469-474.
    """
    given = (cases, persons, cases_unexposed, persons_unexposed)
    a, n, b, m = (np.asarray(count, float) for count in given)
    if ((a < 1) | (b < 1) | (a > n) | (b > m)).any():
        raise Misuse("each group needs one case at least, and no more cases than persons")
    centre = np.log(a / n) - np.log(b / m)
    half = stats.norm.ppf(0.975) * np.sqrt(1 / a - 1 / n + 1 / b - 1 / m)
    return np.exp(centre), np.exp(centre - half), np.exp(centre + half)


def e_value(risk_ratio: ArrayLike) -> Floats:
    r"""Return the least risk ratio that a confounder must have on both sides to make this one.

    .. math:: E = R + \sqrt{R (R - 1)}, \qquad R = \max(RR, 1 / RR)

    Both sides are exposure to confounder and confounder to outcome, given what was adjusted for.

    Parameters
    ----------
    risk_ratio : array_like
        Above 0; one below 1 is inverted; NaN stays NaN.

    Returns
    -------
    ndarray
        1 or above, in the shape of ``risk_ratio``.

    Raises
    ------
    Misuse
        If a risk ratio is not above zero.

    References
    ----------
    VanderWeele and Ding (2017), Ann Intern Med 167, 268-274.
    """
    ratio = _positive(risk_ratio)
    away = np.maximum(ratio, 1 / ratio)
    return away + np.sqrt(away * (away - 1))


def e_value_of_limit(risk_ratio: ArrayLike, ci_low: ArrayLike, ci_high: ArrayLike) -> Floats:
    """Return the E-value of that limit of an interval which lies nearer 1.

    It is 1 where the interval holds 1: nothing need be explained away.

    Parameters
    ----------
    risk_ratio, ci_low, ci_high : array_like
        A ratio within its limits; all above 0.

    Raises
    ------
    Misuse
        If a number is not above zero, or a ratio is outside its limits.

    References
    ----------
    VanderWeele and Ding (2017), Ann Intern Med 167, 268-274.
    """
    ratio, low, high = (_positive(values) for values in (risk_ratio, ci_low, ci_high))
    if ((ratio < low) | (ratio > high)).any():
        raise Misuse("a risk ratio is outside its own limits; give ratio, low and high, not logs")
    return e_value(np.exp(limit_near_zero(np.log(low), np.log(high))))


def limit_near_zero(ci_low: ArrayLike, ci_high: ArrayLike) -> Floats:
    """Return the limit nearer zero of each interval; 0 where the interval holds zero."""
    low, high = np.asarray(ci_low, float), np.asarray(ci_high, float)
    return np.maximum(low, 0) + np.minimum(high, 0)


def bounding_factor(exposure_to_confounder: ArrayLike, confounder_to_outcome: ArrayLike) -> Floats:
    r"""Return the largest ratio by which a confounder of these strengths can mislead.

    .. math:: B = \frac{RR_{EU} RR_{UD}}{RR_{EU} + RR_{UD} - 1}

    An observed risk ratio above 1, divided by it, is the smallest that can be true.

    Parameters
    ----------
    exposure_to_confounder, confounder_to_outcome : array_like
        Risk ratios of 1 or above, each the largest over levels of the confounder.

    Raises
    ------
    Misuse
        If a strength is below 1.

    References
    ----------
    Ding and VanderWeele (2016), Epidemiology 27, 368-377.
    """
    first = np.asarray(exposure_to_confounder, float)
    second = np.asarray(confounder_to_outcome, float)
    if (first < 1).any() or (second < 1).any():
        raise Misuse("a strength of confounding is below 1; invert that ratio")
    return first * second / (first + second - 1)


def risk_ratio_of_standardised(d: ArrayLike, se: ArrayLike) -> tuple[Floats, Floats, Floats]:
    r"""Return a standardised mean difference as an approximate risk ratio, with 95 % limits.

    .. math:: RR \approx \exp(0.91\, d), \qquad \exp(0.91\, d \mp 1.78\, se)

    Parameters
    ----------
    d, se : array_like
        A difference in standard deviations of the outcome between persons (not of the
        within-person differences, which would give another and mostly larger number), and its
        standard error in the same unit.

    Returns
    -------
    tuple of ndarray
        Risk ratio, lower limit, upper limit.

    Notes
    -----
    Assumes an outcome that is normal with one spread in both conditions, cut near its median: the
    odds ratio is then about :math:`\exp(1.81\, d)`, and the root of an odds ratio stands for the
    risk ratio of a common outcome. The limits take the standard error as known.

    References
    ----------
    VanderWeele and Ding (2017), Ann Intern Med 167, 268-274. VanderWeele (2017), Epidemiology 28,
    e58-e60, for the root.
    """
    centre, half = 0.91 * np.asarray(d, float), 1.78 * np.asarray(se, float)
    return np.exp(centre), np.exp(centre - half), np.exp(centre + half)


def partial_r2(t: ArrayLike, df: ArrayLike) -> Floats:
    r"""Return the share of the outcome's residual variance that goes with the exposure.

    .. math:: R^2 = t^2 / (t^2 + df)

    It is also what a confounder that explained all of the outcome would have to explain of the
    exposure.

    Parameters
    ----------
    t, df : array_like
        A coefficient over its standard error, and the residual degrees of freedom, above 0.

    Raises
    ------
    Misuse
        If degrees of freedom are not above zero.

    References
    ----------
    Cinelli and Hazlett (2020), J R Stat Soc B 82, 39-67.
    """
    f2 = _partial_f(t, df) ** 2
    return f2 / (1 + f2)


def robustness_value(
    t: ArrayLike, df: ArrayLike, q: float = 1.0, alpha: float | None = None
) -> Floats:
    r"""Return the share of both residual variances that a confounder needs to undo an effect.

    With :math:`f_q = q |t| / \sqrt{df}` and, with a level, :math:`f^* = |t^*_{\alpha, df-1}| /
    \sqrt{df - 1}` (else 0) and :math:`g = f_q - f^*`,

    .. math:: RV = \begin{cases} 0 & g \le 0 \\
              (f_q^2 - f^{*2}) / (1 + f_q^2) & f_q f^* > 1 \\
              \tfrac12 \left(\sqrt{g^4 + 4 g^2} - g^2\right) & \text{else.} \end{cases}

    The second case is that in which a confounder does more by leaving some of the outcome
    unexplained: what it explains also narrows the interval. It arises in small studies.

    Parameters
    ----------
    t, df : array_like
        A coefficient over its standard error, and the residual degrees of freedom.
    q : float
        Share of the estimate that the confounder is to take away, above 0.
    alpha : float, optional
        Bring the estimate to where it is no longer significant at this two-sided level; without
        it, to (1 - q) of itself.

    Returns
    -------
    ndarray
        From 0 to 1. NaN where a level is asked for and df is 1 or less.

    Raises
    ------
    Misuse
        If degrees of freedom or ``q`` are not above zero, or ``alpha`` is outside 0 to 1.

    References
    ----------
    Cinelli and Hazlett (2020), J R Stat Soc B 82, 39-67. The second case follows from their
    equations for the adjusted estimate and error.
    """
    if not q > 0:
        raise Misuse(f"q is {q}; the share of the estimate to take away is above 0")
    wanted = q * _partial_f(t, df)
    least = _critical_f(df, alpha)
    gap = np.maximum(wanted - least, 0)
    # both forms as quotients that are exact for a small gap and hold for an infinite one
    with np.errstate(divide="ignore", over="ignore"):
        plain = 2 / (1 + np.sqrt(1 + 4 / gap**2))
        sparing = (gap > 0) & (least > 1 / wanted)
    # an effect short of the level needs no confounder, however large both are
    return np.where(sparing, 1 - (1 + least**2) / (1 + wanted**2), plain)


def adjusted_estimate(
    estimate: ArrayLike, se: ArrayLike, df: ArrayLike, r2_exposure: ArrayLike, r2_outcome: ArrayLike
) -> tuple[Floats, Floats]:
    r"""Return what an estimate and its error would be beside a confounder that pulls it to zero.

    .. math:: |\hat\tau| - se \sqrt{df \frac{R^2_Y R^2_D}{1 - R^2_D}}, \qquad
              se \sqrt{\frac{1 - R^2_Y}{1 - R^2_D} \cdot \frac{df}{df - 1}}

    Parameters
    ----------
    estimate, se, df : array_like
        From the model without the confounder; df above 1.
    r2_exposure, r2_outcome : array_like
        Shares of the residual variance of exposure (below 1) and of outcome given the exposure
        (at most 1) that the confounder explains.

    Returns
    -------
    tuple of ndarray
        Estimate, of the other sign where the confounder is stronger than the effect, and error.

    Raises
    ------
    Misuse
        If a share is outside its range, or df is not above 1.

    References
    ----------
    Cinelli and Hazlett (2020), J R Stat Soc B 82, 39-67.
    """
    of_d, of_y, df = (np.asarray(values, float) for values in (r2_exposure, r2_outcome, df))
    if ((of_d < 0) | (of_d >= 1) | (of_y < 0) | (of_y > 1)).any():
        raise Misuse("a confounder explains 0 to below 1 of the exposure, 0 to 1 of the outcome")
    if (df <= 1).any():
        raise Misuse("degrees of freedom are 1 or fewer: none is left beside a confounder")
    estimate, se = np.asarray(estimate, float), np.asarray(se, float)
    bias = se * np.sqrt(df * of_y * of_d / (1 - of_d))
    error = se * np.sqrt((1 - of_y) / (1 - of_d) * df / (df - 1))
    return estimate - np.sign(estimate) * bias, error


def confounder_shift_needed(
    estimate: ArrayLike, slope: ArrayLike, target: ArrayLike = 0.0
) -> Floats:
    r"""Return by how much a cause must differ between two days to bring a difference to a target.

    .. math:: x = (\hat\delta - \text{target}) / y

    A cause that differs by x standard deviations between the days, and moves the outcome by y for
    each, makes x y of the difference. Give ``limit_near_zero`` of an interval as the estimate for
    the least x after which the interval holds zero.

    Parameters
    ----------
    estimate, target : array_like
        Difference in means between two days, and what would be left of it; in the unit of y.
    slope : array_like
        What one standard deviation of the cause adds to the outcome, the same for everybody and
        on both days (a straight line, no interaction); broadcast against ``estimate``.

    Returns
    -------
    ndarray
        In standard deviations of the cause, signed: below zero, the cause must fall. Infinite
        where the slope is zero and something is to be explained, 0 where nothing is.

    References
    ----------
    Lin, Psaty and Kronmal (1998), Biometrics 54, 948-963, for a normal confounder.
    """
    gap, slope = np.broadcast_arrays(
        np.asarray(estimate, float) - np.asarray(target, float), np.asarray(slope, float)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(gap == 0, 0.0, gap / slope)


def _positive(values: ArrayLike) -> Floats:
    ratio = np.asarray(values, float)
    if (ratio <= 0).any():
        raise Misuse(f"a risk ratio or limit is {np.nanmin(ratio):g}; it must be above 0, no log")
    return ratio


def _partial_f(t: ArrayLike, df: ArrayLike) -> Floats:
    degrees = np.asarray(df, float)
    if (degrees <= 0).any():
        raise Misuse(f"degrees of freedom are {np.nanmin(degrees):g}; they must be above 0")
    return np.abs(np.asarray(t, float)) / np.sqrt(degrees)


def _critical_f(df: ArrayLike, alpha: float | None) -> Floats:
    """Return the partial f that is just significant beside one covariate more; 0 for no level."""
    if alpha is None:
        return np.zeros(())
    if not 0 < alpha < 1:
        raise Misuse(f"alpha is {alpha}; a level is between 0 and 1")
    left = np.asarray(df, float) - 1
    left = np.where(left > 0, left, np.nan)
    return stats.t.isf(alpha / 2, left) / np.sqrt(left)
