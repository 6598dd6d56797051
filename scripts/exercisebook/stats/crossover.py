"""Two conditions, each person in both, half in either order: what is condition and what is day.

Of complete pairs only. Whether the first condition lasts into the second period is not tested: with
two periods such a test has little power, and choosing by it does harm.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from exercisebook.errors import Misuse

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Contrast:
    """A mean difference with Student's t; arrays of shape () or (m,), by feature.

    Attributes
    ----------
    estimate, se, df, t, p_value, ci_low, ci_high : ndarray
        The interval is at 95 %.
    """

    estimate: Floats
    se: Floats
    df: int
    t: Floats
    p_value: Floats
    ci_low: Floats
    ci_high: Floats


@dataclass(frozen=True)
class Crossover:
    """What a crossover of two periods says.

    Attributes
    ----------
    by_sequence : Contrast
        Treated less control, each order counting half: a day's own effect drops out.
    paired : Contrast
        Treated less control over all persons, the order ignored: holds the day's effect as far
        as the orders are unequal in number, and its error holds it in any case.
    period : Contrast
        Second period less first: the effect of the day.
    """

    by_sequence: Contrast
    paired: Contrast
    period: Contrast


def crossover(treated: ArrayLike, control: ArrayLike, treated_first: ArrayLike) -> Crossover:
    r"""Return the effect of condition and of period, and the paired one beside them.

    With mean differences :math:`\bar d_1` (treated first) and :math:`\bar d_2` of
    :math:`n_1` and :math:`n_2` persons, pooled variance :math:`s^2`, on :math:`n_1 + n_2 - 2`
    degrees of freedom,

    .. math:: \hat\tau = (\bar d_1 + \bar d_2) / 2, \quad \hat\pi = (\bar d_2 - \bar d_1) / 2, \quad
              se = \tfrac12 \sqrt{s^2 (1 / n_1 + 1 / n_2)}

    Parameters
    ----------
    treated, control : array_like, shape (n,) or (n, m)
        Values of n persons, of one or m features, in both conditions.
    treated_first : array_like of bool, shape (n,)
        Each person's order.

    Raises
    ------
    Misuse
        If shapes differ, a value is missing, an order has nobody, or there are under three
        persons.

    References
    ----------
    Senn (2002), Cross-over Trials in Clinical Research, 2nd ed., chapter 3. Hills and Armitage
    (1979), Br J Clin Pharmacol 8, 7-20.
    """
    d, first = _differences(treated, control, np.asarray(treated_first, bool))
    one, two = d[first], d[~first]
    df = len(d) - 2
    squares = ((one - one.mean(0)) ** 2).sum(0) + ((two - two.mean(0)) ** 2).sum(0)
    se = np.sqrt(squares / df * (1 / len(one) + 1 / len(two))) / 2
    return Crossover(
        _contrast((one.mean(0) + two.mean(0)) / 2, se, df),
        _contrast(d.mean(0), d.std(0, ddof=1) / np.sqrt(len(d)), len(d) - 1),
        _contrast((two.mean(0) - one.mean(0)) / 2, se, df),
    )


def _contrast(estimate: Floats, se: Floats, df: int) -> Contrast:
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.asarray(estimate / se)
    half = stats.t.ppf(0.975, df) * se
    p_value = 2 * stats.t.sf(np.abs(t), df)
    low, high = estimate - half, estimate + half
    estimate, se, p_value, low, high = map(np.asarray, (estimate, se, p_value, low, high))
    return Contrast(estimate, se, df, t, p_value, low, high)


def _differences(
    treated: ArrayLike, control: ArrayLike, first: NDArray[np.bool_]
) -> tuple[Floats, NDArray[np.bool_]]:
    one, other = np.asarray(treated, float), np.asarray(control, float)
    if one.shape != other.shape or one.shape[:1] != first.shape:
        raise Misuse("give each person a value in both conditions, and an order")
    if not np.isfinite([one, other]).all():
        raise Misuse("a value is missing or infinite; leave that person out")
    if len(first) < 3 or first.all() or not first.any():
        raise Misuse(
            f"{first.sum()} and {(~first).sum()} persons in the two orders; three at least"
        )
    return one - other, first
