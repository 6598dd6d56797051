"""A rhythm of known period, fitted by one cosine.

One clock time determines nothing of a rhythm: level and height of the wave cannot be told apart,
which ``n_times`` and the absent numbers say.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from exercisebook.errors import Misuse

DAY_H = 24.0
FEWEST_TIMES = 3
"""Clock times that level, height and peak of a wave need."""


@dataclass(frozen=True)
class Cosinor:
    """A cosine of known period.

    Attributes
    ----------
    mesor, amplitude : float
        Mean of the wave and its height above it, in the unit of the values.
    peak_h : float
        Clock time of the peak, in hours from 0 to the period (the acrophase).
    mesor_se, amplitude_se, peak_h_se : float
    statistic, df, df_residual, p_value : float
        F test that the amplitude is zero.
    n_times : int
        Distinct clock times. Below three all other numbers are NaN: nothing is determined.
    """

    mesor: float
    amplitude: float
    peak_h: float
    mesor_se: float
    amplitude_se: float
    peak_h_se: float
    statistic: float
    df: float
    df_residual: float
    p_value: float
    n_times: int


def cosinor(hours: ArrayLike, values: ArrayLike, period_h: float = DAY_H) -> Cosinor:
    r"""Return the cosine that fits best, with the test that there is none.

    .. math:: y = M + A \cos\!\left(\tfrac{2\pi}{\tau} (t - t_0)\right) + \varepsilon
              = M + \beta \cos\tfrac{2\pi t}{\tau} + \gamma \sin\tfrac{2\pi t}{\tau}
              + \varepsilon,

    so :math:`A = \sqrt{\beta^2 + \gamma^2}`; the test of :math:`\beta = \gamma = 0` is an F on 2
    and n - 3 degrees of freedom. Errors of amplitude and peak are of first order, and no guide
    where the amplitude is small.

    Parameters
    ----------
    hours : array_like, shape (n,)
        Clock times.
    values : array_like, shape (n,)
        One a person or animal: repeated measurements of one are not independent.
    period_h : float

    Returns
    -------
    Cosinor

    Raises
    ------
    Misuse
        If lengths differ, a number is not finite, or the period is not above zero.

    References
    ----------
    Nelson, Tong, Lee and Halberg (1979), Chronobiologia 6, 305-323. Bingham et al. (1982),
    Chronobiologia 9, 397-439, for the errors.
    """
    t, y = np.asarray(hours, float), np.asarray(values, float)
    if t.shape != y.shape or t.ndim != 1:
        raise Misuse(f"{t.size} times and {y.size} values; give one time a value")
    if not (np.isfinite(t).all() and np.isfinite(y).all()):
        raise Misuse("a time or value is missing or infinite; leave that row out")
    if not period_h > 0:
        raise Misuse(f"a period of {period_h} hours; it must be above zero")
    n_times = len(np.unique(np.round(np.mod(t, period_h), 9) % period_h))
    if n_times < FEWEST_TIMES or len(y) <= 3:
        numbers = [field.name for field in fields(Cosinor) if field.name != "n_times"]
        return Cosinor(n_times=n_times, **dict.fromkeys(numbers, np.nan))
    return _fit(2 * np.pi * t / period_h, y, period_h, n_times)


def _fit(
    angle: NDArray[np.float64], y: NDArray[np.float64], period_h: float, n_times: int
) -> Cosinor:
    design = np.column_stack([np.ones_like(angle), np.cos(angle), np.sin(angle)])
    inverse = np.linalg.inv(design.T @ design)
    mesor, beta, gamma = inverse @ design.T @ y
    df = len(y) - 3
    residual = ((y - design @ [mesor, beta, gamma]) ** 2).sum()
    variance = residual / df
    amplitude = float(np.hypot(beta, gamma))
    turn = np.arctan2(gamma, beta)
    covariance = variance * inverse
    of_height = np.array([0, np.cos(turn), np.sin(turn)])
    of_turn = np.array([0, -np.sin(turn), np.cos(turn)])
    hours = period_h / (2 * np.pi)
    explained = ((y - y.mean()) ** 2).sum() - residual
    statistic = float(explained / 2 / variance) if variance > 0 else np.inf
    return Cosinor(
        float(mesor),
        amplitude,
        float(np.mod(turn * hours, period_h)),
        float(np.sqrt(covariance[0, 0])),
        float(np.sqrt(of_height @ covariance @ of_height)),
        float(hours * np.sqrt(of_turn @ covariance @ of_turn) / amplitude),
        statistic,
        2.0,
        float(df),
        float(stats.f.sf(statistic, 2, df)),
        n_times,
    )
