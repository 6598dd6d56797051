"""Do people differ in their response, or only in their luck on the day?"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats


@dataclass(frozen=True)
class ResponseSpread:
    """The spread of true responses, once ordinary fluctuation is taken off.

    Attributes
    ----------
    n_subjects : int
        People with both changes.
    sd_exercise, sd_control : float
        Of the changes over the exercise and over the control occasion.
    sd_response, ci_low, ci_high : float
        Signed square roots: below 0 where the control changes spread more.
    """

    n_subjects: int
    sd_exercise: float
    sd_control: float
    sd_response: float
    ci_low: float
    ci_high: float


def response_spread(
    exercise: NDArray[np.float64], control: NDArray[np.float64], level: float = 0.95
) -> ResponseSpread:
    r"""Return the standard deviation of individual response in a crossover.

    .. math:: SD_R = \sqrt{SD_E^2 - SD_C^2}, \qquad
              se(SD_R^2) = \sqrt{\frac{2}{n-1}
              \left(SD_E^4 + SD_C^4 - 2 r^2 SD_E^2 SD_C^2\right)}

    with :math:`r` the correlation of the two changes within people; in a parallel trial it is 0.

    Parameters
    ----------
    exercise, control : ndarray, shape (n,)
        Changes of the same people, in the same order; NaN where one has none.
    level : float
        Of the interval, which is normal on the variance scale.

    Returns
    -------
    ResponseSpread

    Raises
    ------
    ValueError
        If fewer than four people have both.

    References
    ----------
    Hopkins (2015), J Appl Physiol 118, 1444-1446. Atkinson and Batterham (2015), Exp Physiol
    100, 577-588. The covariance of two sample variances is that of the bivariate normal.
    """
    both = np.isfinite(exercise) & np.isfinite(control)
    n = int(both.sum())
    if n < 4:
        raise ValueError(f"{n} people have both changes; at least 4 are needed")
    covariance = np.cov(exercise[both], control[both])
    var_e, var_c = covariance[0, 0], covariance[1, 1]
    excess = var_e - var_c
    spread = var_e**2 + var_c**2 - 2 * covariance[0, 1] ** 2
    half = stats.norm.ppf((1 + level) / 2) * np.sqrt(2 / (n - 1) * spread)
    return ResponseSpread(
        n,
        float(np.sqrt(var_e)),
        float(np.sqrt(var_c)),
        _signed_root(excess),
        _signed_root(excess - half),
        _signed_root(excess + half),
    )


def _signed_root(variance: float) -> float:
    return float(np.sign(variance) * np.sqrt(abs(variance)))


def responders_by_luck(
    sd_change: float, threshold: float, n: int, rng: np.random.Generator, draws: int = 10_000
) -> NDArray[np.int64]:
    """Return how many of n people pass a threshold when everyone's true response is nil.

    Parameters
    ----------
    sd_change : float
        Of the change over a control occasion.
    threshold : float
        The change above which a person would be called a responder, above 0.
    n : int
        People in a study.
    rng : Generator
        Source of chance.
    draws : int
        Studies.

    Returns
    -------
    ndarray of int, shape (draws,)
        Counts of false responders.
    """
    return (rng.normal(0.0, sd_change, (draws, n)) > threshold).sum(axis=1)
