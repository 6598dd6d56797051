"""How far people who were chosen for a high value come down by themselves.

Only the fall that selection makes: no treatment, no learning, no season. Whether anybody was chosen
for a value is a fact about a study that no formula can supply.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from exercisebook.errors import Misuse

Floats = NDArray[np.float64]


def reliability(sd_between: ArrayLike, sd_within: ArrayLike, n_baseline: ArrayLike = 1) -> Floats:
    r"""Return the share of the variance of a baseline mean that lies between persons.

    .. math:: \rho_k = \sigma_b^2 \big/ (\sigma_b^2 + \sigma_w^2 / k)

    Parameters
    ----------
    sd_between, sd_within : array_like
        Standard deviations of persons' true values, and of one person's measurements about his or
        her own (biology and assay).
    n_baseline : array_like
        Measurements k that are averaged, on occasions far enough apart to vary independently.

    Returns
    -------
    ndarray
        From 0 to 1, by broadcasting.

    Raises
    ------
    Misuse
        If a spread is below zero, both are zero, or there is not one measurement at least.
    """
    between, within, k = (np.asarray(given, float) for given in (sd_between, sd_within, n_baseline))
    if (between < 0).any() or (within < 0).any() or ((between == 0) & (within == 0)).any():
        raise Misuse("spreads between and within persons are 0 or above, and not both 0")
    if (k < 1).any():
        raise Misuse("a baseline needs one measurement at least")
    return between**2 / (between**2 + within**2 / k)


def change_above_cutoff(
    cutoff: ArrayLike,
    mean: ArrayLike,
    sd_between: ArrayLike,
    sd_within: ArrayLike,
    n_baseline: ArrayLike = 1,
) -> Floats:
    r"""Return the expected change of those whose baseline mean is above a cutoff.

    .. math:: -(1 - \rho_k)\, s_k \frac{\varphi(z)}{1 - \Phi(z)}, \qquad
              s_k = \sqrt{\sigma_b^2 + \sigma_w^2 / k}, \quad z = (c - \mu) / s_k

    From the baseline on which they were chosen to any later measurement. A baseline measured anew
    after the choice has no such change.

    Parameters
    ----------
    cutoff, mean : array_like
        The least value that was enrolled, and the mean of the population it was drawn from.
    sd_between, sd_within, n_baseline : array_like
        See ``reliability``; all normal, in the unit of the cutoff.

    Returns
    -------
    ndarray
        At most 0. For those below a cutoff, turn the signs of cutoff, mean and result.

    Raises
    ------
    Misuse
        See ``reliability``.

    References
    ----------
    Gardner and Heady (1973), J Chronic Dis 26, 781-795. Davis (1976), Am J Epidemiol 104, 493-498.
    """
    spread = _baseline_spread(sd_between, sd_within, n_baseline)
    z = (np.asarray(cutoff, float) - np.asarray(mean, float)) / spread
    return _change(z, sd_between, sd_within, n_baseline)


def change_above_quantile(
    quantile: ArrayLike, sd_between: ArrayLike, sd_within: ArrayLike, n_baseline: ArrayLike = 1
) -> Floats:
    """Return the expected change of those whose baseline mean is above a quantile.

    Parameters
    ----------
    quantile : array_like
        Share of the population that was not enrolled, from 0 to below 1: 0.8 is the top fifth.
    sd_between, sd_within, n_baseline : array_like
        See ``reliability``.

    Returns
    -------
    ndarray
        See ``change_above_cutoff``; 0 where everybody was enrolled.

    Raises
    ------
    Misuse
        If a quantile is outside 0 to below 1; and see ``reliability``.

    References
    ----------
    Gardner and Heady (1973), J Chronic Dis 26, 781-795. Davis (1976), Am J Epidemiol 104, 493-498.
    """
    share = np.asarray(quantile, float)
    if ((share < 0) | (share >= 1)).any():
        raise Misuse("a quantile is from 0 (everybody) to below 1 (nobody)")
    return _change(stats.norm.ppf(share), sd_between, sd_within, n_baseline)


def _change(
    z: Floats, sd_between: ArrayLike, sd_within: ArrayLike, n_baseline: ArrayLike
) -> Floats:
    # in logs: far out, density and tail are both too small to divide
    height = np.exp(stats.norm.logpdf(z) - stats.norm.logsf(z))
    lost = 1 - reliability(sd_between, sd_within, n_baseline)
    return -lost * _baseline_spread(sd_between, sd_within, n_baseline) * height


def _baseline_spread(sd_between: ArrayLike, sd_within: ArrayLike, n_baseline: ArrayLike) -> Floats:
    between, within, k = (np.asarray(given, float) for given in (sd_between, sd_within, n_baseline))
    return np.sqrt(between**2 + within**2 / k)
