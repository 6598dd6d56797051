"""A mean difference by maximum likelihood, where some of the values lie below detection.

Only where most values are seen; elsewhere the answer would be the normal curve's and not the
data's, and ``bounds`` says what can be said.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize, stats

from exercisebook.stats.assay import USABLE
from exercisebook.stats.differences import cells_of

Array = NDArray[np.float64]

SEEN_AT_LEAST = 0.5
"""Share of each compared cell that must be seen."""

SMALLEST = 3
"""Seen values that a cell must have: fewer have no spread worth the name."""


class TooFewSeen(ValueError):
    """Fewer values are seen than a likelihood needs."""


@dataclass(frozen=True)
class CensoredDifference:
    """A mean within-person difference where some values lie below detection.

    Attributes
    ----------
    estimate, se, df, ci_low, ci_high : float
        On the log2 scale; the interval is Student's, at 95 %.
    n_subjects : int
        Persons with every compared value assayed.
    n_hidden : int
        Of their values, how many lay below detection.
    """

    estimate: float
    se: float
    df: float
    ci_low: float
    ci_high: float
    n_subjects: int
    n_hidden: int


def tobit_difference(long: pd.DataFrame, contrast: pd.Series, feature: str) -> CensoredDifference:
    r"""Return the mean difference of a contrast, with non-detects known to be below their limit.

    In each arm-by-phase cell the log2 values are normal with a mean and a spread of that cell's
    own, left-censored where not detected:

    .. math:: \ell_j = \sum_{seen} \log \phi\!\left(\frac{y - \mu_j}{\sigma_j}\right)
              - \log \sigma_j + \sum_{hidden} \log \Phi\!\left(\frac{L - \mu_j}{\sigma_j}\right).

    The contrast is of the :math:`\mu_j`. Its variance sums the persons' influences, each over all
    of a person's cells, and so knows that cells share their people:
    :math:`se^2 = \frac{n}{n-1} \sum_i (\sum_j \pm\, IF_{ij})^2`, with :math:`n - 1` degrees of
    freedom. With nothing hidden this is the paired t.

    Parameters
    ----------
    long : DataFrame
        subject, arm, phase, feature, value, status; a value below detection is its limit.
    contrast : Series
        phase, reference_phase, arm, reference_arm.
    feature : str
        Which.

    Returns
    -------
    CensoredDifference

    Raises
    ------
    TooFewSeen
        If in some cell fewer than half of the values are seen, or fewer than three.

    References
    ----------
    Tobin (1958), Econometrica 26, 24-36. Olsen (1978), Econometrica 46, 1211-1215, for the form
    in which the likelihood has one maximum. Liang and Zeger (1986), Biometrika 73, 13-22, for the
    variance over persons.
    """
    cells = cells_of(contrast)
    value, seen = _assayed(long[long["feature"] == feature], cells)
    _refuse_hidden(seen, feature)
    n = len(value)
    estimate, influence = 0.0, np.zeros(n)
    for cell, sign in enumerate(cells["sign"]):
        mean, of_persons = _mean_of_cell(value[:, cell], seen[:, cell])
        estimate += sign * mean
        influence += sign * of_persons
    se = float(np.sqrt(n / (n - 1) * (influence**2).sum()))
    half = stats.t.ppf(0.975, n - 1) * se
    return CensoredDifference(
        estimate, se, n - 1.0, estimate - half, estimate + half, n, int((~seen).sum())
    )


def _assayed(own: pd.DataFrame, cells: pd.DataFrame) -> tuple[Array, NDArray[np.bool_]]:
    """Return log2 values and whether they were seen, shape (persons, cells), complete persons."""
    usable = own[own["status"].isin(USABLE) & (own["value"] > 0)]
    at = usable.merge(cells, on=["arm", "phase"])
    wide = at.pivot(index="subject", columns="cell", values=["value", "status"]).dropna()
    if wide.empty:
        return np.empty((0, len(cells))), np.empty((0, len(cells)), bool)
    order = list(cells["cell"])
    value = np.log2(wide["value"][order].to_numpy(float))
    return value, wide["status"][order].eq("ok").to_numpy()


def _refuse_hidden(seen: NDArray[np.bool_], feature: str) -> None:
    n = len(seen)
    fewest = int(seen.sum(axis=0).min())
    if fewest < SMALLEST or fewest < SEEN_AT_LEAST * n:
        raise TooFewSeen(
            f"{feature}: {fewest} of {n} values are seen in one of the compared cells; "
            f"at least half, and {SMALLEST}, are needed for Tobit"
        )


def _mean_of_cell(value: Array, seen: NDArray[np.bool_]) -> tuple[float, Array]:
    """Return the mean of left-censored normal values, and what each value adds to its error."""
    centre, spread = value[seen].mean(), value[seen].std() or 1.0
    y = (value - centre) / spread
    fit = optimize.minimize(
        lambda p: -_log_likelihood(p, y, seen),
        np.array([1.0, 0.0]),
        jac=lambda p: -_scores(p, y, seen).sum(axis=0),
        hess=lambda p: _information(p, y, seen),
        method="trust-exact",
        options={"gtol": 1e-10},
    )
    theta, eta = fit.x
    of_mean = np.array([-eta / theta**2, 1 / theta])
    influence = _scores(fit.x, y, seen) @ np.linalg.solve(_information(fit.x, y, seen), of_mean)
    return float(centre + spread * eta / theta), spread * influence


# Olsen's parameters: theta = 1 / sigma, eta = mu / sigma; in them the likelihood is concave


def _log_likelihood(p: Array, y: Array, seen: NDArray[np.bool_]) -> float:
    theta, eta = p
    if theta <= 0:
        return -np.inf
    z = theta * y - eta
    return float(np.where(seen, np.log(theta) - z**2 / 2, stats.norm.logcdf(z)).sum())


def _scores(p: Array, y: Array, seen: NDArray[np.bool_]) -> Array:
    """Return each value's gradient, shape (values, 2)."""
    theta, eta = p
    z = theta * y - eta
    mills = _mills(z)
    of_theta = np.where(seen, 1 / theta - z * y, mills * y)
    return np.column_stack([of_theta, np.where(seen, z, -mills)])


def _information(p: Array, y: Array, seen: NDArray[np.bool_]) -> Array:
    """Return minus the second derivatives, shape (2, 2)."""
    theta, eta = p
    z = theta * y - eta
    mills = _mills(z)
    curve = np.where(seen, 1.0, mills * (z + mills))
    theta_theta = (curve * y**2).sum() + seen.sum() / theta**2
    return np.array(
        [[theta_theta, -(curve * y).sum()], [-(curve * y).sum(), curve.sum()]], dtype=float
    )


def _mills(z: Array) -> Array:
    return np.exp(stats.norm.logpdf(z) - stats.norm.logcdf(z))
