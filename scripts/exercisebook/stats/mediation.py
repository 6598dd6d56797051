r"""Within-person mediation: does the change of a mediator carry the change of an outcome?

Here lives the analysis of two conditions that everybody passes through, for many studies at once,
and what an unseen common cause would do to it. Which studies to analyse, and what to conclude
from them, is for callers.

What the paths estimate is an effect only if

- nothing but the mediator's change moves the outcome's change together with it from person to
  person: no common cause of both differences, such as diet or an assay error of the same sample;
- nothing but the condition differs between the two occasions. Where all take the conditions in
  one order, whatever time does to people is counted as an effect: the order is an alias of time;
- the outcome does not act on the mediator, relations are straight lines, the mediator is measured
  without error (error draws b towards zero), and one person tells nothing of another.

No data of this design can show that these hold. ``sensitivity_to_confounding`` asks about the
first alone.

A proportion mediated is not offered: it divides by a total effect that may be near zero or of the
other sign, so that it may lie beyond 0 and 1, and it is too unstable to report from small cohorts
(MacKinnon, Warsi and Dwyer 1995, Multivariate Behav Res 30, 41-62).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from exercisebook.stats.linear import p_of_t

Floats = NDArray[np.float64]

FEWEST_PERSONS = 4
"""Two slopes and an intercept leave one degree of freedom."""

FEWEST_SAMPLES = 1_000
"""Draws below which the tails of 2.5 % hold fewer than 25."""

_TAIL = 0.025

_BLOCK_PRODUCTS = 500_000
"""Draws held at once; it bounds the memory and fits a processor's cache."""

_LEAST_UNIFORM = 2.0**-54

_ROUNDING = 1e-20
"""A sum of squares below this share of that of the values themselves is rounding error."""


@dataclass(frozen=True)
class Path:
    """One coefficient of every study.

    Attributes
    ----------
    estimate, se, df, p_value : ndarray, shape (...)
        The p value is two-sided, of Student's t. A standard error of zero is given as NaN.
    """

    estimate: Floats
    se: Floats
    df: Floats
    p_value: Floats


@dataclass(frozen=True)
class Mediation:
    """The paths of every study, and the effect that goes through the mediator.

    Attributes
    ----------
    n_subjects : ndarray of int, shape (...)
        Persons with all four values. Below four everything else is NaN.
    a : Path
        Mean difference of the mediator, in its unit.
    b : Path
        Outcome units a unit of the mediator, averaged over the two conditions.
    direct : Path
        Difference of the outcome at no difference of the mediator, in its unit, for a person at
        the mean of these persons' averages; that this mean is itself a draw is not in the standard
        error.
    total : Path
        Mean difference of the outcome: ``direct`` and ``indirect`` added.
    indirect : ndarray, shape (...)
        a times b.
    ci_low, ci_high : ndarray, shape (...)
        Its 95 % Monte-Carlo interval.
    error_low, error_high : ndarray, shape (...)
        Standard errors of the two ends from drawing no more samples. All studies share the draws:
        these errors do not average out over studies.
    p_joint : ndarray, shape (...)
        The larger of the p values of a and b.
    """

    n_subjects: NDArray[np.int64]
    a: Path
    b: Path
    direct: Path
    total: Path
    indirect: Floats
    ci_low: Floats
    ci_high: Floats
    error_low: Floats
    error_high: Floats
    p_joint: Floats


@dataclass(frozen=True)
class Sensitivity:
    """What the paths would be under an assumed correlation of the residuals.

    Attributes
    ----------
    b, indirect, direct : ndarray, shape (...)
        Estimates under the assumed correlation; at zero, those of the analysis itself.
    zero_at : ndarray, shape (...)
        Correlation at which b, and so the indirect effect, is zero.
    """

    b: Floats
    indirect: Floats
    direct: Floats
    zero_at: Floats


def within_person_mediation(
    mediator_before: ArrayLike,
    mediator_after: ArrayLike,
    outcome_before: ArrayLike,
    outcome_after: ArrayLike,
    rng: np.random.Generator,
    samples: int = 10_000,
) -> Mediation:
    r"""Return paths, indirect effect and its interval for every study of two conditions.

    With the differences after less before of person i, :math:`D^M_i` and :math:`D^Y_i`, and the
    person's average of the mediator over both conditions, :math:`\bar M_i`, less the mean of these
    averages,

    .. math::

        D^M_i &= a + e^M_i \\
        D^Y_i &= c' + b D^M_i + d (\bar M_i - \bar M) + e^Y_i

    by least squares. If the outcome follows the mediator with one slope before and another after,
    b is the mean of the two slopes and d what the second has more than the first. As the second
    regressor is centred, the total effect is :math:`\overline{D^Y} = c' + ab` exactly.

    The interval is made of the products of draws

    .. math:: (\hat a + s_a T_{n-1}) (\hat b + s_b T_{n-3})

    of independent Student t. This is no approximation to the two laws: for normal residuals
    :math:`(\hat a - a) / s_a` is a t of n - 1 degrees of freedom and a function of the mediator
    alone, and :math:`(\hat b - b) / s_b` is, whatever the mediator's values are, a t of n - 3,
    hence independent of the former. Normal draws would take the standard errors for known and give
    intervals too short at a dozen persons. That the product's interval covers 95 % does not
    follow: where a and b are both zero it is wide, and finds less than once in twenty.

    Parameters
    ----------
    mediator_before, mediator_after, outcome_before, outcome_after : array_like, shape (..., n)
        One row a study, one column a person. Who has NaN in any of the four is left out of that
        study.
    rng : Generator
        Draws one set of pairs of quantiles that all studies share; how many does not depend on
        the data, so that worlds analysed from the same seed differ by their data alone.
    samples : int
        Draws of the product, at least 1,000.

    Returns
    -------
    Mediation
        b, direct and indirect effect are NaN where the mediator's differences do not vary apart
        from its averages. Where nobody's average differs, d is left out and b has n - 2 degrees of
        freedom.

    Raises
    ------
    ValueError
        If shapes differ, there are fewer than four persons, a value is infinite, or samples are
        too few.

    References
    ----------
    Judd, Kenny and McClelland (2001), Psychol Methods 6, 115-134, for the two regressions. Montoya
    and Hayes (2017), Psychol Methods 22, 6-27, for the product of the paths. MacKinnon, Lockwood
    and Williams (2004), Multivariate Behav Res 39, 99-128, for Monte-Carlo intervals. MacKinnon et
    al. (2002), Psychol Methods 7, 83-104, for joint significance.
    """
    m0, m1, y0, y1 = _checked(mediator_before, mediator_after, outcome_before, outcome_after)
    if samples < FEWEST_SAMPLES:
        raise ValueError(f"samples {samples}; an interval needs at least {FEWEST_SAMPLES}")
    used = ~np.isnan(m0 + m1 + y0 + y1)
    count = used.sum(axis=-1)
    n = np.where(count >= FEWEST_PERSONS, count, np.nan)
    m_floor, y_floor = (_rounding(*pair, used) for pair in ((m0, m1), (y0, y1)))
    a_mean, m = _centred(m1 - m0, used, n)
    total_mean, y = _centred(y1 - y0, used, n)
    average = _centred((m0 + m1) / 2, used, n)[1]

    a = _path(a_mean, _above((m**2).sum(axis=-1), m_floor) / (n - 1) / n, n - 1)
    total = _path(total_mean, _above((y**2).sum(axis=-1), y_floor) / (n - 1) / n, n - 1)
    b, direct = _outcome_paths(m, y, average, (a_mean, total_mean), n, (m_floor, y_floor))
    low, high, error_low, error_high = _product_interval(a, b, rng, samples)
    return Mediation(
        n_subjects=count,
        a=a,
        b=b,
        direct=direct,
        total=total,
        indirect=a.estimate * b.estimate,
        ci_low=low,
        ci_high=high,
        error_low=error_low,
        error_high=error_high,
        p_joint=np.maximum(a.p_value, b.p_value),
    )


def sensitivity_to_confounding(mediation: Mediation, correlation: ArrayLike) -> Sensitivity:
    r"""Return the paths as they would be if the residuals of the two differences correlate.

    A cause that moves both differences of a person makes :math:`e^M` and :math:`e^Y` correlate by
    some :math:`\rho`, which least squares takes for zero. Let :math:`u` and :math:`v` be what
    remains of :math:`D^M` and :math:`D^Y` after intercept and person average, with standard
    deviations :math:`s_u, s_v` and correlation :math:`r`, and :math:`v = \beta u + e` with
    :math:`e` of standard deviation :math:`\sigma` and correlation :math:`\rho` to :math:`u`. Then

    .. math::

        r s_u s_v = \beta s_u^2 + \rho \sigma s_u, \qquad
        s_v^2 (1 - r^2) = \sigma^2 (1 - \rho^2),

    the second because both sides are the variance of :math:`v` given :math:`u`. Hence

    .. math::

        \beta_\rho = \frac{s_v}{s_u}
            \left( r - \rho \sqrt{\frac{1 - r^2}{1 - \rho^2}} \right)
            = \hat b - s_b \sqrt{\nu} \, \frac{\rho}{\sqrt{1 - \rho^2}},

    as :math:`s_b^2 \nu = (s_v^2 / s_u^2)(1 - r^2)` with the :math:`\nu` degrees of freedom of b.
    It is zero where :math:`\rho = r = t_b / \sqrt{t_b^2 + \nu}`, the partial correlation of the
    two differences. The indirect effect is :math:`a \beta_\rho`, the direct one the rest.

    This is the formula of the paper below with differences for variables and the person average
    for a covariate. There the condition is drawn by lot; here a, and the total effect, are taken
    as they are: a cause that moved everybody alike between the occasions is not looked at.

    Parameters
    ----------
    mediation : Mediation
    correlation : array_like
        Assumed, above -1 and below 1, of a shape that broadcasts with that of the studies.

    Returns
    -------
    Sensitivity
        Estimates without intervals.

    Raises
    ------
    ValueError
        If a correlation is not above -1 and below 1.

    References
    ----------
    Imai, Keele and Yamamoto (2010), Stat Sci 25, 51-71.
    """
    rho = np.asarray(correlation, float)
    if not (np.abs(rho) < 1).all():
        raise ValueError(f"correlation {rho}; it must be above -1 and below 1")
    a, b = mediation.a.estimate, mediation.b
    slope = b.estimate - b.se * np.sqrt(b.df) * rho / np.sqrt(1 - rho**2)
    zero_at = b.estimate / np.hypot(b.estimate, b.se * np.sqrt(b.df))
    return Sensitivity(slope, a * slope, mediation.total.estimate - a * slope, zero_at)


def _checked(*values: ArrayLike) -> list[Floats]:
    """Return the four arrays of values, or say what is wrong with them."""
    arrays = [np.asarray(each, float) for each in values]
    shapes = [array.shape for array in arrays]
    if len(set(shapes)) > 1:
        raise ValueError(f"the four arrays differ in shape: {', '.join(map(str, shapes))}")
    persons = shapes[0][-1] if shapes[0] else 0
    if persons < FEWEST_PERSONS:
        raise ValueError(f"{persons} persons on the last axis; at least {FEWEST_PERSONS} needed")
    if any(np.isinf(array).any() for array in arrays):
        raise ValueError("infinite values; give NaN where there is no value")
    return arrays


def _centred(values: Floats, used: NDArray[np.bool_], n: Floats) -> tuple[Floats, Floats]:
    """Return the mean over persons used, and what differs from it: zero for those left out."""
    mean = np.where(used, values, 0.0).sum(axis=-1) / n
    return mean, np.where(used, values - mean[..., None], 0.0)


def _rounding(before: Floats, after: Floats, used: NDArray[np.bool_]) -> Floats:
    """Return the sum of squares that rounding alone may leave."""
    return _ROUNDING * np.where(used, before**2 + after**2, 0.0).sum(axis=-1)


def _above(squares: Floats, floor: Floats) -> Floats:
    """Return sums of squares, NaN where they are nothing but rounding."""
    return np.where(squares > floor, squares, np.nan)


def _path(estimate: Floats, variance: Floats, df: Floats) -> Path:
    """Return a coefficient with the p value of its t."""
    se = np.sqrt(variance)
    return Path(estimate, se, df, p_of_t(estimate / se, df))


def _outcome_paths(
    m: Floats,
    y: Floats,
    average: Floats,
    means: tuple[Floats, Floats],
    n: Floats,
    floors: tuple[Floats, Floats],
) -> tuple[Path, Path]:
    """Return b and the direct effect from centred differences and averages.

    The averages are taken out of both differences first (Frisch and Waugh), so that b is a simple
    slope.
    """
    (a, total), (m_floor, y_floor) = means, floors
    square = (average**2).sum(axis=-1)
    varies = square > m_floor
    square = np.where(varies, square, np.inf)
    m, y = (d - ((d * average).sum(axis=-1) / square)[..., None] * average for d in (m, y))
    spread = _above((m**2).sum(axis=-1), m_floor)
    slope = (m * y).sum(axis=-1) / spread
    df = n - 2 - varies
    residual = ((y - slope[..., None] * m) ** 2).sum(axis=-1)
    variance = _above(residual, y_floor) / df
    return (
        _path(slope, variance / spread, df),
        _path(total - a * slope, variance * (1 / n + a**2 / spread), df),
    )


def _product_interval(a: Path, b: Path, rng: np.random.Generator, samples: int) -> Floats:
    """Return both ends of the interval of a times b, and their Monte-Carlo standard errors.

    An end's error is half the distance of the draws one standard deviation of a binomial count
    before and after it.
    """
    # a draw of exactly zero would be an endless quantile
    uniforms = rng.uniform(_LEAST_UNIFORM, 1.0, (2, samples))
    ranks = _ranks(samples)
    shape = a.df.shape
    columns = [np.ravel(x) for x in (a.estimate, a.se, b.estimate, b.se)]
    df = np.column_stack([a.df.ravel(), b.df.ravel()])
    told = np.isfinite(columns).all(axis=0)
    found = np.full((len(ranks), len(df)), np.nan)
    for pair in np.unique(df[told], axis=0):
        t = special.stdtrit(pair[:, None], uniforms)
        for rows in _blocks(np.flatnonzero(told & (df == pair).all(axis=1)), samples):
            a_hat, a_se, b_hat, b_se = (column[rows, None] for column in columns)
            draws = (a_hat + a_se * t[0]) * (b_hat + b_se * t[1])
            draws.partition(ranks, axis=1)
            found[:, rows] = draws[:, ranks].T
    before_low, low, after_low, before_high, high, after_high = found
    ends = [low, high, (after_low - before_low) / 2, (after_high - before_high) / 2]
    return np.array(ends).reshape(4, *shape)


def _ranks(samples: int) -> NDArray[np.int64]:
    """Return where among the sorted draws the two ends lie, each between its neighbours."""
    end = _TAIL * (samples + 1)
    reach = np.sqrt(samples * _TAIL * (1 - _TAIL))
    low = np.round([end - reach, end, end + reach]).astype(int) - 1
    return np.concatenate([low, samples - 1 - low[::-1]])


def _blocks(rows: NDArray[np.int64], samples: int) -> list[NDArray[np.int64]]:
    """Return the rows in parts that memory can hold with all their draws."""
    size = max(1, _BLOCK_PRODUCTS // samples)
    return [rows[start : start + size] for start in range(0, len(rows), size)]
