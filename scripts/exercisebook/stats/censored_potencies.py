"""One compound's potency from several assays that differ, some of which give a bound alone.

Each assay has an effect of its own, mostly its concentration of ATP, that is normal on the log10
scale. What is one measurement and what is a copy of it must be settled before.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, stats

from exercisebook.errors import Misuse, listed

Array = NDArray[np.float64]

_SEARCH = (-3.0, 2.0)
"""Powers of ten between which the spread is looked for, times that of the data (or 1)."""

_FAR = 12.0
"""Spreads (or ranges of the data) beyond the data at which an interval counts as open."""


@dataclass(frozen=True)
class Potency:
    """The centre of one compound's log10 potencies over assays.

    Attributes
    ----------
    estimate : float
        Log10 of the IC50, in the unit given; infinite where there are bounds of one side alone.
    ci_low, ci_high : float
        By profile likelihood, 95 %; infinite where the data do not bound it.
    between_assay_sd : float
        In powers of ten.
    sd_known : bool
        Whether that was given rather than estimated.
    n_assays, n_bounds : int
        Measurements, and how many of them are bounds.
    """

    estimate: float
    ci_low: float
    ci_high: float
    between_assay_sd: float
    sd_known: bool
    n_assays: int
    n_bounds: int


def compound_potency(
    log10_ic50: ArrayLike, relation: Sequence[str], between_assay_sd: float | None = None
) -> Potency:
    r"""Return the maximum-likelihood centre of one compound's potencies.

    .. math:: \ell(\mu, \tau) = \sum_{=} \log \tfrac{1}{\tau} \phi\!\left(\tfrac{y-\mu}{\tau}\right)
              + \sum_{<} \log \Phi\!\left(\tfrac{y-\mu}{\tau}\right)
              + \sum_{>} \log \Phi\!\left(\tfrac{\mu-y}{\tau}\right).

    The interval holds all :math:`\mu` whose profile lies less than half of
    :math:`n \log(1 + t^2_{n-1} / (n-1))` below the maximum, n counting what is no bound: without
    bounds that is Student's interval. With a known spread it is half of 3.84.

    Parameters
    ----------
    log10_ic50 : array_like, shape (n,)
        One measurement an assay.
    relation : sequence of str, length n
        ``=``, ``<`` (the potency lies below) or ``>``.
    between_assay_sd : float, optional
        If known, as from other compounds; without it two exact values that differ are needed.

    Returns
    -------
    Potency
        The spread by maximum likelihood is too small where assays are few.

    Raises
    ------
    Misuse
        If there is nothing, a relation is another, a number is not finite, or the spread is
        neither given nor estimable.

    References
    ----------
    Tobin (1958), Econometrica 26, 24-36. Venzon and Moolgavkar (1988), Appl Stat 37, 87-94.
    """
    y, side = _checked(log10_ic50, relation)
    seen = y[side == 0]
    known = between_assay_sd is not None
    if known and not float(between_assay_sd or 0) > 0:
        raise Misuse(f"a spread between assays of {between_assay_sd}; it must be above zero")
    if not known and (len(seen) < 2 or np.ptp(seen) == 0):
        raise Misuse(
            f"{len(seen)} exact potencies, of no spread: give the spread between assays, as that "
            f"of other compounds"
        )
    sd = float(between_assay_sd) if between_assay_sd is not None else None
    n = len(seen)
    drop = stats.chi2.ppf(0.95, 1) / 2
    if not known:
        drop = n / 2 * np.log1p(stats.t.ppf(0.975, n - 1) ** 2 / (n - 1))
    estimate, low, high = _interval(y, side, sd, float(drop))
    spread = sd if sd is not None else _profile(estimate, y, side)[1]
    return Potency(estimate, low, high, spread, known, len(y), int((side != 0).sum()))


def pooled_between_assay_sd(compound: ArrayLike, log10_ic50: ArrayLike) -> float:
    r"""Return the spread between assays, within compounds, in powers of ten.

    .. math:: \hat\tau^2 = \sum_{ik} (y_{ik} - \bar y_i)^2 \big/ \sum_i (n_i - 1).

    Parameters
    ----------
    compound : array_like, shape (n,)
    log10_ic50 : array_like, shape (n,)
        Exact potencies only, one an assay: bounds are left out before, which makes this too small
        if the extreme ones are bounds.

    Raises
    ------
    Misuse
        If no compound has two potencies.
    """
    table = pd.DataFrame({"compound": compound, "y": np.asarray(log10_ic50, float)})
    by_compound = table.groupby("compound")["y"]
    df = len(table) - by_compound.ngroups
    if df < 1:
        raise Misuse("no compound was measured in two assays: there is no spread between them")
    return float(np.sqrt(((table["y"] - by_compound.transform("mean")) ** 2).sum() / df))


def between_assay_ratios(measurements: pd.DataFrame) -> pd.DataFrame:
    """Return how many-fold each compound's exact potencies differ between assays.

    Parameters
    ----------
    measurements : DataFrame
        compound, assay, relation, ic50_nM.

    Returns
    -------
    DataFrame
        compound, n_assays, lowest_nM, highest_nM, ratio; compounds of two assays or more, the
        largest ratio first. Repeats in an assay count as their geometric mean.
    """
    exact = measurements[measurements["relation"] == "="]
    logs = np.log10(exact["ic50_nM"]).groupby([exact["compound"], exact["assay"]]).mean()
    table = logs.groupby("compound").agg(n_assays="size", low="min", high="max")
    table = table[table["n_assays"] > 1].reset_index()
    return (
        table.assign(
            lowest_nM=10 ** table["low"],
            highest_nM=10 ** table["high"],
            ratio=10 ** (table["high"] - table["low"]),
        )
        .drop(columns=["low", "high"])
        .sort_values("ratio", ascending=False, kind="stable")
        .reset_index(drop=True)
    )


def _checked(log10_ic50: ArrayLike, relation: Sequence[str]) -> tuple[Array, NDArray[np.int64]]:
    y = np.asarray(log10_ic50, float)
    sides = {"=": 0, "<": -1, ">": 1}
    odd = sorted({str(sign) for sign in relation} - set(sides))
    if odd:
        raise Misuse(f"relation {listed(odd)}; known are =, < and >")
    if len(y) == 0 or len(y) != len(relation):
        raise Misuse(f"{len(y)} potencies and {len(relation)} relations; give one for each")
    if not np.isfinite(y).all():
        raise Misuse("a potency is missing or infinite; leave it out")
    return y, np.array([sides[sign] for sign in relation])


def _log_likelihood(mu: float, sd: float, y: Array, side: NDArray[np.int64]) -> float:
    z = (y - mu) / sd
    exact = stats.norm.logpdf(z) - np.log(sd)
    return float(np.where(side == 0, exact, stats.norm.logcdf(-z * np.where(side, side, 1))).sum())


def _profile(mu: float, y: Array, side: NDArray[np.int64]) -> tuple[float, float]:
    """Return the log-likelihood at a centre, highest over the spread, and that spread."""
    about = max(float(np.sqrt(np.mean((y[side == 0] - mu) ** 2))), 1e-9)
    low, high = (np.log(about) + power * np.log(10) for power in _SEARCH)
    best = optimize.minimize_scalar(
        lambda log_sd: -_log_likelihood(mu, float(np.exp(log_sd)), y, side),
        bounds=(low, high),
        method="bounded",
        options={"xatol": 1e-10},
    )
    return -float(best.fun), float(np.exp(best.x))


def _interval(
    y: Array, side: NDArray[np.int64], sd: float | None, drop: float
) -> tuple[float, float, float]:
    """Return the centre of highest likelihood and where the profile has dropped by ``drop``."""

    def height(mu: float) -> float:
        return _profile(mu, y, side)[0] if sd is None else _log_likelihood(mu, sd, y, side)

    low, high = float(y.min()), float(y.max())
    reach = _FAR * (sd or max(1.0, high - low))
    ends = {-1: low - reach, 1: high + reach}
    one_sided = int(side[0]) if side[0] != 0 and (side == side[0]).all() else 0
    if one_sided:
        # the further from the bounds, the likelier, up to certainty
        top, estimate = 0.0, one_sided * np.inf
        start = ends[one_sided]
    else:
        best = optimize.minimize_scalar(
            lambda mu: -height(mu),
            bounds=(low - reach / 2, high + reach / 2),
            method="bounded",
            options={"xatol": 1e-10},
        )
        top, start = -float(best.fun), float(best.x)
        estimate = start

    def crossing(way: int) -> float:
        if way == one_sided or height(ends[way]) > top - drop:
            return way * np.inf
        return float(optimize.brentq(lambda mu: height(mu) - (top - drop), start, ends[way]))

    return estimate, crossing(-1), crossing(1)
