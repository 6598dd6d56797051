"""Mendelian randomisation from summary associations: several estimators of one causal effect.

All take, per variant, its association with the exposure and with the outcome, the same allele
counted in both. None proves that a variant acts through the exposure alone: they differ in
how they fail when it does not.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from exercisebook.errors import Misuse

Array = NDArray[np.float64]

FEWEST = 3
"""Variants that a slope with an intercept needs."""


@dataclass(frozen=True)
class CausalEstimate:
    """A causal effect of the exposure on the outcome, per unit of the exposure.

    Attributes
    ----------
    method : str
    estimate, se, ci_low, ci_high, p_value : float
        The interval is at 95 %.
    n_variants : int
    """

    method: str
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    p_value: float
    n_variants: int


@dataclass(frozen=True)
class Heterogeneity:
    """How far the variants disagree.

    Attributes
    ----------
    q, df, p_value : float
        Of Cochran's test.
    residual_sd : float
        Root of Q over its degrees of freedom: 1 where the variants agree within their errors.
    """

    q: float
    df: int
    p_value: float
    residual_sd: float


@dataclass(frozen=True)
class Variants:
    """Associations of variants with exposure (x) and outcome (y), each of shape (m,)."""

    x: Array
    x_se: Array
    y: Array
    y_se: Array

    @property
    def weight(self) -> Array:
        """Precision of each variant's association with the outcome."""
        return 1 / self.y_se**2


def variants(
    beta_exposure: ArrayLike, se_exposure: ArrayLike, beta_outcome: ArrayLike, se_outcome: ArrayLike
) -> Variants:
    """Return the associations as arrays, checked.

    Raises
    ------
    Misuse
        If lengths differ, a number is not finite, a standard error is not above zero, or an
        association with the exposure is exactly zero.
    """
    given = (beta_exposure, se_exposure, beta_outcome, se_outcome)
    x, x_se, y, y_se = (np.asarray(values, float) for values in given)
    if x.ndim != 1 or not x.shape == x_se.shape == y.shape == y_se.shape:
        raise Misuse("the four columns of associations differ in length; give one row a variant")
    if not np.isfinite([x, x_se, y, y_se]).all():
        raise Misuse("an association is missing or infinite; leave that variant out")
    if (x_se <= 0).any() or (y_se <= 0).any():
        raise Misuse("a standard error is not above zero; correct it or leave that variant out")
    if (x == 0).any():
        raise Misuse("a variant has no association with the exposure at all: it is no instrument")
    return Variants(x, x_se, y, y_se)


def f_statistics(beta: ArrayLike, se: ArrayLike) -> Array:
    r"""Return each variant's strength :math:`F_j = (\beta_j / se_j)^2`, shape (m,).

    References
    ----------
    Bowden et al. (2016), Int J Epidemiol 45, 1961-1974.
    """
    return (np.asarray(beta, float) / np.asarray(se, float)) ** 2


def wald_ratios(given: Variants) -> tuple[Array, Array]:
    """Return each variant's own estimate and its first-order standard error, shape (m,)."""
    return given.y / given.x, given.y_se / np.abs(given.x)


def inverse_variance_weighted(given: Variants, *, random: bool = True) -> CausalEstimate:
    r"""Return the slope of outcome on exposure through the origin.

    .. math:: \hat\theta = \frac{\sum_j x_j y_j / s_j^2}{\sum_j x_j^2 / s_j^2}, \qquad
              se = \max(1, \hat\sigma) \Big/ \sqrt{\textstyle\sum_j x_j^2 / s_j^2},

    where :math:`\hat\sigma` is the residual standard deviation, which multiplies the error under
    random effects (never below 1), and is 1 under a fixed effect. Right if every variant is valid,
    or if their other effects balance.

    References
    ----------
    Burgess, Butterworth and Thompson (2013), Genet Epidemiol 37, 658-665. Thompson and Sharp
    (1999), Stat Med 18, 2693-2708, for the multiplicative model.
    """
    information = (given.weight * given.x**2).sum()
    estimate = float((given.weight * given.x * given.y).sum() / information)
    spread = max(1.0, cochran_q(given, estimate).residual_sd) if random else 1.0
    name = "inverse-variance weighted, " + ("random" if random else "fixed")
    return _by_normal(name, estimate, spread / np.sqrt(information), len(given.x))


def cochran_q(given: Variants, estimate: float, intercept: float = 0.0) -> Heterogeneity:
    r"""Return Cochran's :math:`Q = \sum_j (y_j - \alpha - \theta x_j)^2 / s_j^2`.

    With an intercept that is not zero it is Rücker's Q', on one degree of freedom fewer, and the
    variants must be those that ``oriented`` returns.

    References
    ----------
    Cochran (1954), Biometrics 10, 101-129. Bowden et al. (2017), Stat Med 36, 1783-1802.
    """
    residual = given.y - intercept - estimate * given.x
    q = float((given.weight * residual**2).sum())
    df = len(given.x) - (1 if intercept == 0 else 2)
    p = float(stats.chi2.sf(q, df)) if df > 0 else np.nan
    return Heterogeneity(q, df, p, float(np.sqrt(q / df)) if df > 0 else np.nan)


def oriented(given: Variants) -> Variants:
    """Return the variants with that allele counted which raises the exposure."""
    sign = np.sign(given.x)
    return Variants(np.abs(given.x), given.x_se, sign * given.y, given.y_se)


def mr_egger(given: Variants) -> tuple[CausalEstimate, CausalEstimate]:
    r"""Return slope and intercept of the outcome's associations on the exposure's.

    .. math:: y_j = \alpha + \theta x_j + \varepsilon_j, \quad x_j > 0,

    weighted by :math:`1 / s_j^2`, the errors multiplied by :math:`\max(1, \hat\sigma)`, with
    Student's t on m - 2 degrees of freedom. An intercept away from zero is a mean effect that
    bypasses the exposure. The slope is right where such effects do not go with the variants'
    strengths.

    Raises
    ------
    Misuse
        If there are fewer than three variants.

    References
    ----------
    Bowden, Davey Smith and Burgess (2015), Int J Epidemiol 44, 512-525.
    """
    m = len(given.x)
    if m < FEWEST:
        raise Misuse(f"MR-Egger needs {FEWEST} variants at least; there are {m}")
    up = oriented(given)
    design = np.column_stack([np.ones(m), up.x])
    covariance = np.linalg.inv(design.T @ (up.weight[:, None] * design))
    alpha, theta = covariance @ design.T @ (up.weight * up.y)
    residual = up.y - alpha - theta * up.x
    spread = max(1.0, float(np.sqrt((up.weight * residual**2).sum() / (m - 2))))
    errors = spread * np.sqrt(np.diag(covariance))
    return (
        _by_student("MR-Egger", float(theta), float(errors[1]), m),
        _by_student("MR-Egger intercept", float(alpha), float(errors[0]), m),
    )


def i_squared_gx(given: Variants) -> float:
    r"""Return how much of the spread of the exposure's associations is not error.

    MR-Egger's slope is shrunk to about this share of itself. :math:`I^2 = \max(0, 1 - (m-1)/Q)`,
    with Q that of :math:`|x_j| / s_j` with errors :math:`\sigma_j / s_j`.

    References
    ----------
    Bowden et al. (2016), Int J Epidemiol 45, 1961-1974.
    """
    value, error = np.abs(given.x) / given.y_se, given.x_se / given.y_se
    weight = 1 / error**2
    q = (weight * (value - np.average(value, weights=weight)) ** 2).sum()
    return float(max(0.0, 1 - (len(value) - 1) / q)) if q > 0 else 0.0


def weighted_median(
    given: Variants, rng: np.random.Generator, n_draws: int = 1000
) -> CausalEstimate:
    """Return the median of the variants' own estimates, weighted by their precision.

    Right if variants with more than half of the weight are valid. The standard error is that of
    ``n_draws`` draws of both associations from their normal errors, with the weights held. The
    weights are of first order, as in the R package MendelianRandomization; those of TwoSampleMR
    count the exposure's error too, and give slightly another estimate.

    References
    ----------
    Bowden et al. (2016), Genet Epidemiol 40, 304-314.
    """
    ratio, error = wald_ratios(given)
    weight = 1 / error**2
    shape = (n_draws, len(ratio))
    x = given.x + given.x_se * rng.standard_normal(shape)
    y = given.y + given.y_se * rng.standard_normal(shape)
    se = float(np.std(_weighted_medians(y / x, weight), ddof=1))
    estimate = float(_weighted_medians(ratio[None], weight)[0])
    return _by_normal("weighted median", estimate, se, len(ratio))


def _weighted_medians(values: Array, weight: Array) -> Array:
    """Return each row's median, linear between the middles of neighbouring weights."""
    order = np.argsort(values, axis=1)
    value, w = np.take_along_axis(values, order, 1), weight[order]
    share = (np.cumsum(w, axis=1) - w / 2) / w.sum(axis=1, keepdims=True)
    if value.shape[1] == 1:
        return value[:, 0]
    above = np.clip((share < 0.5).sum(axis=1), 1, value.shape[1] - 1)
    row = np.arange(len(value))
    low, high = share[row, above - 1], share[row, above]
    # a variant with over half of the weight is the median itself
    part = np.clip((0.5 - low) / (high - low), 0, 1)
    return value[row, above - 1] + part * (value[row, above] - value[row, above - 1])


def mr_table(given: Variants, rng: np.random.Generator) -> pd.DataFrame:
    """Return every method's estimate, a row a method, the intercept of MR-Egger last.

    Columns are those of ``CausalEstimate``. With fewer than three variants MR-Egger is left out.
    """
    rows = [
        inverse_variance_weighted(given, random=False),
        inverse_variance_weighted(given),
        weighted_median(given, rng),
    ]
    if len(given.x) >= FEWEST:
        rows.extend(mr_egger(given))
    return pd.DataFrame([vars(row) for row in rows])


def _by_normal(method: str, estimate: float, se: float, m: int) -> CausalEstimate:
    return _estimate(method, estimate, float(se), m, np.inf)


def _by_student(method: str, estimate: float, se: float, m: int) -> CausalEstimate:
    return _estimate(method, estimate, se, m, m - 2)


def _estimate(method: str, estimate: float, se: float, m: int, df: float) -> CausalEstimate:
    half = float(stats.t.ppf(0.975, df)) * se
    p = float(2 * stats.t.sf(abs(estimate) / se, df)) if se > 0 else np.nan
    return CausalEstimate(method, estimate, se, estimate - half, estimate + half, p, m)
