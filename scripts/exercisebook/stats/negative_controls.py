"""What a study finds where there is nothing to find, and p values measured against that.

Negative controls are outcomes (or exposures) that the exposure cannot have moved. Their estimates
show the error that no standard error holds. Which outcomes qualify is for the caller to argue.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, stats

from exercisebook.errors import Misuse

Floats = NDArray[np.float64]

FEWEST = 3
"""Negative controls that a mean and a spread need; far more are needed to know either well."""

_GRID = 400


@dataclass(frozen=True)
class EmpiricalNull:
    """Systematic error of a study, as a normal distribution.

    Attributes
    ----------
    mean : float
        What the study finds on average where the truth is zero.
    sd : float
        How far this differs from question to question, beyond the standard errors.
    """

    mean: float
    sd: float


def empirical_null(estimates: ArrayLike, se: ArrayLike) -> EmpiricalNull:
    r"""Return the normal distribution of systematic error that best explains negative controls.

    .. math:: \hat\theta_j \sim N(\mu, \sigma^2 + se_j^2)

    by maximum likelihood, the standard errors taken as known and the controls as independent.

    Parameters
    ----------
    estimates, se : array_like, shape (m,)
        Of m negative controls, in one unit in which 0 is no effect (logs of ratios).

    Raises
    ------
    Misuse
        If there are fewer than three controls, lengths differ, a number is not finite, or a
        standard error is not above zero.

    Notes
    -----
    Maximum likelihood gives too small a spread where controls are few, and controls that were
    measured in the same persons are not independent: both make calibrated p values too small.

    References
    ----------
    Schuemie et al. (2014), Stat Med 33, 209-218.
    """
    y, error = np.asarray(estimates, float), np.asarray(se, float)
    _check(y, error)
    scale = np.ptp(y)
    if scale == 0:
        return EmpiricalNull(float(y[0]), 0.0)
    # the likelihood can have several maxima where errors differ much: look everywhere first
    grid = np.concatenate([[0.0], np.geomspace(1e-4, 1, _GRID) * scale])
    best = int(np.argmin(_deviance(grid, y, error)))
    around = grid[max(best - 1, 0)], grid[min(best + 1, _GRID)]
    found = optimize.minimize_scalar(
        lambda sd: float(_deviance(np.array([sd]), y, error)[0]),
        bounds=around,
        method="bounded",
        options={"xatol": 1e-9 * scale},
    )
    sd = 0.0 if best == 0 and _deviance(grid[:1], y, error)[0] <= found.fun else float(found.x)
    return EmpiricalNull(float(_centre(np.array([sd]), y, error)[0]), sd)


def calibrated_p(estimate: ArrayLike, se: ArrayLike, null: EmpiricalNull) -> Floats:
    r"""Return two-sided p values against systematic and random error together.

    .. math:: p = 2 \Phi\left(-|\hat\theta - \mu| \big/ \sqrt{\sigma^2 + se^2}\right)

    Parameters
    ----------
    estimate, se : array_like, shape (m,)
        In the unit of the negative controls; NaN stays NaN.
    null : EmpiricalNull
        Taken as known.

    References
    ----------
    Schuemie et al. (2014), Stat Med 33, 209-218.
    """
    away = np.abs(np.asarray(estimate, float) - null.mean)
    return 2 * stats.norm.sf(away / np.hypot(null.sd, np.asarray(se, float)))


def calibrated_interval(
    estimate: ArrayLike, se: ArrayLike, null: EmpiricalNull, level: float = 0.95
) -> tuple[Floats, Floats]:
    r"""Return limits of the true effect, with the systematic error taken off and allowed for.

    .. math:: \hat\theta - \mu \pm z \sqrt{\sigma^2 + se^2}

    Assumes that the systematic error adds to a true effect as it does to none, whatever the
    effect's size. Negative controls cannot show that; controls of known effect could.

    Parameters
    ----------
    estimate, se, null
        See ``calibrated_p``.
    level : float
        Coverage, if the null is known and the assumption holds.

    Returns
    -------
    tuple of ndarray
        Lower and upper limit.

    References
    ----------
    Schuemie et al. (2018), Proc Natl Acad Sci USA 115, 2571-2577.
    """
    centre = np.asarray(estimate, float) - null.mean
    half = stats.norm.isf((1 - level) / 2) * np.hypot(null.sd, np.asarray(se, float))
    return centre - half, centre + half


def _centre(sd: Floats, y: Floats, error: Floats) -> Floats:
    """Return the most likely mean for each spread, shape of ``sd``."""
    weight = 1 / (sd[:, None] ** 2 + error**2)
    return (weight * y).sum(axis=1) / weight.sum(axis=1)


def _deviance(sd: Floats, y: Floats, error: Floats) -> Floats:
    """Return minus twice the log likelihood of each spread at its best mean, but for a constant."""
    variance = sd[:, None] ** 2 + error**2
    away = y - _centre(sd, y, error)[:, None]
    return (np.log(variance) + away**2 / variance).sum(axis=1)


def _check(y: Floats, error: Floats) -> None:
    if y.ndim != 1 or y.shape != error.shape:
        raise Misuse("estimates and standard errors differ in length; give one of each a control")
    if len(y) < FEWEST:
        raise Misuse(f"{len(y)} negative controls; a mean and a spread need {FEWEST} at least")
    if not np.isfinite([y, error]).all():
        raise Misuse("a negative control is missing or infinite; leave it out")
    if (error <= 0).any():
        raise Misuse("a standard error is not above zero; correct it or leave that control out")
