"""Curves of the bench: dose and response, melting, inhibition of an enzyme, and occupancy.

A sigmoid is linear in its two levels, so that only its place and steepness are searched for
(Golub and Pereyra 1973, SIAM J Numer Anal 10, 413-432). Binding is not inhibition, and neither is
an effect in a cell.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special, stats

from exercisebook.errors import Misuse

Array = NDArray[np.float64]

GAS_CONSTANT = 1.987204e-3
"""kcal per mole and kelvin."""

ROOM_K = 298.15
_FAR = float(np.log(1e4))
"""Doses are followed ten thousand-fold beyond those given; what lies further counts as open."""

_RATES = np.geomspace(0.05, 50, 61)
"""Steepnesses to start from, per natural log of dose or per twentieth of a temperature range."""

PARAMETERS = ("response_without", "response_at_saturation", "ec50", "slope")


@dataclass(frozen=True)
class DoseResponse:
    """A four-parameter logistic curve.

    Attributes
    ----------
    response_without, response_at_saturation : float
        Levels that the curve nears at dose zero and at an unbounded dose.
    ec50 : float
        Dose half-way between them (an IC50 if the response falls), in the unit of dose.
    slope : float
        Hill's coefficient, above zero.
    se : dict of str to float
        Of the four, from the observed information; no guide where the interval is open.
    ci_low, ci_high : float
        Of the EC50, by profile likelihood, 95 %; 0 or infinite where the doses do not bound it.
    residual_sd : float
    n : int
    """

    response_without: float
    response_at_saturation: float
    ec50: float
    slope: float
    se: dict[str, float]
    ci_low: float
    ci_high: float
    residual_sd: float
    n: int


@dataclass(frozen=True)
class Melting:
    """A melting curve between two flat levels.

    Attributes
    ----------
    tm, ci_low, ci_high : float
        Temperature half-way, with its 95 % interval by profile likelihood; infinite where open.
    width : float
        Of the transition, in degrees.
    folded, unfolded : float
        The two levels.
    residual_sd : float
    n : int
    """

    tm: float
    ci_low: float
    ci_high: float
    width: float
    folded: float
    unfolded: float
    residual_sd: float
    n: int


def logistic(
    dose: ArrayLike,
    response_without: float,
    response_at_saturation: float,
    ec50: float,
    slope: float,
) -> Array:
    r"""Return the four-parameter logistic curve.

    .. math:: y = d + \frac{c - d}{1 + (EC_{50} / x)^b},

    with d the response without, c that at saturation and b the slope.
    """
    with np.errstate(divide="ignore"):
        position = np.log(np.asarray(dose, float))
    share = special.expit(slope * (position - np.log(ec50)))
    return response_without + (response_at_saturation - response_without) * share


def fit_dose_response(dose: ArrayLike, response: ArrayLike) -> DoseResponse:
    r"""Return the four-parameter logistic curve of least squares.

    The interval of the EC50 holds those values at which the least sum of squares, over the other
    three parameters, stays below :math:`S_{min} (1 + F_{1, n-4} / (n-4))`. If the highest dose is
    too low to see the curve level off, no upper end exists, and it is infinite.

    Parameters
    ----------
    dose : array_like, shape (n,)
        From 0 up; of zeros the log is not needed.
    response : array_like, shape (n,)

    Returns
    -------
    DoseResponse

    Raises
    ------
    Misuse
        If lengths differ, a number is not finite, a dose is below zero, there are fewer than four
        doses or five responses, or all responses are the same.

    References
    ----------
    Ritz, Baty, Streibig and Gerhard (2015), PLoS ONE 10, e0146021. Bates and Watts (1988),
    Nonlinear Regression Analysis and Its Applications, chapter 6, for the profile.
    """
    x, y = _checked(dose, response, "dose")
    if (x < 0).any():
        raise Misuse(f"a dose of {x.min():g}; doses run from zero up")
    with np.errstate(divide="ignore"):
        position = np.log(x)
    given = position[np.isfinite(position)]
    if given.size == 0:
        raise Misuse("all doses are zero; a curve needs four doses")
    search = (given.min() - _FAR, given.max() + _FAR)
    place, rate = _best(position, y, search, _RATES)
    levels, rss = _levels(position, y, place, rate)
    low, high = _profile_ends(position, y, place, rss, search, _RATES)
    fit = dict(zip(PARAMETERS, [*levels, float(np.exp(place)), rate], strict=True))
    variance = rss / (len(y) - 4)
    return DoseResponse(
        **fit,
        se=_observed_errors(x, y, np.array(list(fit.values())), variance),
        ci_low=float(np.exp(low)),
        ci_high=float(np.exp(high)),
        residual_sd=float(np.sqrt(variance)),
        n=len(y),
    )


def fit_melting(temperature: ArrayLike, signal: ArrayLike) -> Melting:
    r"""Return the Boltzmann curve of least squares through a melting curve.

    .. math:: y = f + \frac{u - f}{1 + \exp((T_m - T) / a)}.

    Fluorescence falls again above the transition, as the unfolded protein aggregates: cut the
    curve at its peak before.

    Parameters
    ----------
    temperature : array_like, shape (n,)
    signal : array_like, shape (n,)

    Raises
    ------
    Misuse
        As for a dose and its response.

    References
    ----------
    Niesen, Berglund and Vedadi (2007), Nat Protoc 2, 2212-2221.
    """
    t, y = _checked(temperature, signal, "temperature")
    span = float(np.ptp(t))
    search = (float(t.min()) - span, float(t.max()) + span)
    rates = _RATES * 20 / span
    place, rate = _best(t, y, search, rates)
    (folded, unfolded), rss = _levels(t, y, place, rate)
    low, high = _profile_ends(t, y, place, rss, search, rates)
    sd = float(np.sqrt(rss / (len(y) - 4)))
    return Melting(place, low, high, 1 / rate, folded, unfolded, sd, len(y))


def occupancy(concentration: ArrayLike, kd: ArrayLike) -> Array:
    r"""Return the share of a protein that is bound, :math:`L / (L + K_d)`, free ligand given.

    Raises
    ------
    Misuse
        If a concentration is below zero or a dissociation constant not above.

    References
    ----------
    Hill (1913), Biochem J 7, 471-480, with one site.
    """
    ligand, constant = _amount("concentration", concentration), _constant("kd", kd)
    return ligand / (ligand + constant)


def cheng_prusoff(ic50: ArrayLike, substrate: ArrayLike, km: ArrayLike) -> Array:
    r"""Return the inhibition constant of a competitive inhibitor, :math:`IC_{50} / (1 + S/K_m)`.

    Raises
    ------
    Misuse
        If the substrate is below zero or another number not above.

    References
    ----------
    Cheng and Prusoff (1973), Biochem Pharmacol 22, 3099-3108.
    """
    return _constant("ic50", ic50) / (1 + _amount("substrate", substrate) / _constant("km", km))


def ic50_at(ki: ArrayLike, substrate: ArrayLike, km: ArrayLike) -> Array:
    """Return the IC50 that a competitive inhibitor has at a concentration of substrate."""
    return _constant("ki", ki) * (1 + _amount("substrate", substrate) / _constant("km", km))


def ligand_efficiency(kd_molar: ArrayLike, heavy_atoms: ArrayLike) -> Array:
    r"""Return binding energy per atom, :math:`-RT \ln K_d / N`, in kcal/mol at 298.15 K.

    ``kd_molar`` is in mol/L, and N counts atoms other than hydrogen.

    References
    ----------
    Hopkins, Groom and Alex (2004), Drug Discov Today 9, 430-431.
    """
    energy = -GAS_CONSTANT * ROOM_K * np.log(_constant("kd", kd_molar))
    return energy / _constant("heavy_atoms", heavy_atoms)


def kd_at_efficiency(efficiency: ArrayLike, heavy_atoms: ArrayLike) -> Array:
    """Return the dissociation constant, in mol/L, that a ligand efficiency gives (298.15 K)."""
    energy = np.asarray(efficiency, float) * _constant("heavy_atoms", heavy_atoms)
    return np.exp(-energy / (GAS_CONSTANT * ROOM_K))


def inhibition_rate(
    substrate: ArrayLike, inhibitor: ArrayLike, vmax: float, km: float, ki: float, model: str
) -> Array:
    r"""Return the rate of an enzyme under a competitive or a non-competitive inhibitor.

    .. math:: v = \frac{V S}{K_m (1 + I/K_i) + S} \quad \text{or} \quad
              v = \frac{V S}{(K_m + S)(1 + I/K_i)}.
    """
    s, i = np.asarray(substrate, float), np.asarray(inhibitor, float)
    return vmax * _per_vmax(s, i, km, ki, model)


def inhibition_models(substrate: ArrayLike, inhibitor: ArrayLike, rate: ArrayLike) -> pd.DataFrame:
    r"""Return a competitive and a non-competitive inhibition fitted to the same rates.

    Compared by :math:`AIC_c = n \log(RSS/n) + 2k + 2k(k+1)/(n-k-1)`, k = 4 with the variance.

    Parameters
    ----------
    substrate, inhibitor : array_like, shape (n,)
        Concentrations, in one unit each; some inhibitor must be above zero.
    rate : array_like, shape (n,)

    Returns
    -------
    DataFrame
        model, vmax, km, ki, rss, aicc, delta (to the better), weight (Akaike's); better first.
        A weight is of these two models, and says nothing of a third.

    Raises
    ------
    Misuse
        If lengths differ, a number is not finite or is below zero, there are fewer than seven
        rates, or there is no inhibitor or a single concentration of substrate.

    References
    ----------
    Segel (1975), Enzyme Kinetics. Hurvich and Tsai (1989), Biometrika 76, 297-307.
    """
    s, i, v = (np.asarray(values, float) for values in (substrate, inhibitor, rate))
    if not s.shape == i.shape == v.shape or not np.isfinite([s, i, v]).all():
        raise Misuse("substrate, inhibitor and rate must be of one length, without gaps")
    if len(v) < 7 or (s < 0).any() or (i < 0).any() or not i.any() or len(np.unique(s)) < 2:
        raise Misuse("needed: seven rates, two concentrations of substrate and some inhibitor")
    rows = [_fit_inhibition(s, i, v, model) for model in ("competitive", "non-competitive")]
    table = pd.DataFrame(rows).sort_values("aicc", kind="stable").reset_index(drop=True)
    delta = table["aicc"] - table["aicc"].min()
    likely = np.exp(-delta / 2)
    return table.assign(delta=delta, weight=likely / likely.sum())


def _checked(at: ArrayLike, value: ArrayLike, name: str) -> tuple[Array, Array]:
    x, y = np.asarray(at, float), np.asarray(value, float)
    if x.ndim != 1 or x.shape != y.shape:
        raise Misuse(f"{x.size} values of {name} and {y.size} responses; give one for each")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise Misuse(f"a {name} or response is missing or infinite; leave that row out")
    if len(np.unique(x)) < 4 or len(y) < 5:
        raise Misuse(f"{len(np.unique(x))} values of {name}; four, and five responses, are needed")
    if np.ptp(y) == 0:
        raise Misuse("all responses are the same: no curve runs through them")
    return x, y


def _amount(name: str, value: ArrayLike) -> Array:
    given = np.asarray(value, float)
    if not (given >= 0).all():
        raise Misuse(f"{name} must be zero or above")
    return given


def _constant(name: str, value: ArrayLike) -> Array:
    given = np.asarray(value, float)
    if not (given > 0).all():
        raise Misuse(f"{name} must be above zero")
    return given


def _residual_squares(position: Array, y: Array, place: float, rates: Array) -> Array:
    """Return the least sum of squares over both levels, for each steepness, shape (k,)."""
    # scaled so that the share stays of order one where the place is far beyond the data
    share = special.expit(rates[:, None] * (position - place))
    scale = share.max(axis=1, keepdims=True)
    w = share / np.where(scale > 0, scale, 1)
    w = w - w.mean(axis=1, keepdims=True)
    centred = y - y.mean()
    square = (w**2).sum(axis=1)
    explained = np.divide(
        (w @ centred) ** 2, square, out=np.zeros(len(rates)), where=square > 1e-20
    )
    return (centred**2).sum() - explained


def _profile(position: Array, y: Array, place: float, rates: Array) -> tuple[float, float]:
    """Return the least sum of squares at a place, and the steepness that gives it."""
    squares = _residual_squares(position, y, place, rates)
    k = int(np.clip(np.argmin(squares), 1, len(rates) - 2))
    best = optimize.minimize_scalar(
        lambda log_rate: _residual_squares(position, y, place, np.exp([log_rate]))[0],
        bounds=(np.log(rates[k - 1]), np.log(rates[k + 1])),
        method="bounded",
        options={"xatol": 1e-9},
    )
    return float(best.fun), float(np.exp(best.x))


def _best(
    position: Array, y: Array, search: tuple[float, float], rates: Array
) -> tuple[float, float]:
    """Return the place and steepness of least squares within the search."""
    places = np.linspace(*search, 121)
    squares = [_residual_squares(position, y, place, rates).min() for place in places]
    k = int(np.clip(np.argmin(squares), 1, len(places) - 2))
    near = optimize.minimize_scalar(
        lambda place: _profile(position, y, place, rates)[0],
        bounds=(places[k - 1], places[k + 1]),
        method="bounded",
        options={"xatol": 1e-9},
    )
    return float(near.x), _profile(position, y, float(near.x), rates)[1]


def _levels(
    position: Array, y: Array, place: float, rate: float
) -> tuple[tuple[float, float], float]:
    """Return both levels and the sum of squares."""
    share = special.expit(rate * (position - place))
    design = np.column_stack([1 - share, share])
    levels = np.linalg.lstsq(design, y, rcond=None)[0]
    first, last = levels.tolist()
    return (first, last), float(((y - design @ levels) ** 2).sum())


def _profile_ends(
    position: Array, y: Array, place: float, rss: float, search: tuple[float, float], rates: Array
) -> tuple[float, float]:
    """Return the nearest places at which the profile leaves the 95 % region, or infinity."""
    df = len(y) - 4
    limit = rss * (1 + stats.f.ppf(0.95, 1, df) / df)

    def excess(at: float) -> float:
        return _profile(position, y, at, rates)[0] - limit

    def rough(at: float) -> float:
        return _residual_squares(position, y, at, rates).min() - limit

    low, high = (_way_out(excess, rough, np.linspace(place, end, 81)) for end in search)
    return low, high


def _way_out(
    excess: Callable[[float], float], rough: Callable[[float], float], path: Array
) -> float:
    """Return where the excess turns positive along a path, or infinity; ``rough`` is above it."""
    if excess(path[0]) >= 0:
        # a perfect fit: nothing else is as good
        return float(path[0])
    for k in range(1, len(path)):
        if rough(path[k]) > 0 and excess(path[k]) > 0:
            return float(optimize.brentq(excess, path[k - 1], path[k], xtol=1e-10))
    return float(np.copysign(np.inf, path[-1] - path[0]))


def _observed_errors(x: Array, y: Array, fit: Array, variance: float) -> dict[str, float]:
    """Return standard errors from the curvature of the sum of squares at its least."""
    step = 1e-5 * np.maximum(np.abs(fit), 1e-3)

    def slope_of_squares(at: Array) -> Array:
        return 2 * _jacobian(x, at).T @ (logistic(x, *at) - y)

    moves = np.diag(step)
    hessian = np.array(
        [(slope_of_squares(fit + m) - slope_of_squares(fit - m)) / (2 * m.sum()) for m in moves]
    )
    information = (hessian + hessian.T) / 4
    diagonal = np.full(4, np.nan)
    if np.linalg.cond(information) < 1 / np.finfo(float).eps:
        diagonal = variance * np.diag(np.linalg.inv(information))
    errors = np.sqrt(np.where(diagonal > 0, diagonal, np.nan))
    return dict(zip(PARAMETERS, errors.tolist(), strict=True))


def _jacobian(x: Array, fit: Array) -> Array:
    """Return derivatives of the curve by its four parameters, shape (n, 4)."""
    without, saturated, ec50, slope = fit
    with np.errstate(divide="ignore"):
        distance = np.log(x / ec50)
    share = special.expit(slope * distance)
    steep = (saturated - without) * share * (1 - share)
    by_slope = np.where(x > 0, steep * np.where(x > 0, distance, 0), 0)
    return np.column_stack([1 - share, share, -steep * slope / ec50, by_slope])


def _per_vmax(s: Array, i: Array, km: float, ki: float, model: str) -> Array:
    if model == "competitive":
        return s / (km * (1 + i / ki) + s)
    return s / ((km + s) * (1 + i / ki))


def _fit_inhibition(s: Array, i: Array, v: Array, model: str) -> dict[str, float | str]:
    """Return one model's row; the highest rate is linear and drops out of the search."""

    def residual(logs: Array) -> Array:
        km, ki = np.exp(logs)
        shape = _per_vmax(s, i, km, ki, model)
        return v - shape * (shape @ v) / (shape @ shape)

    centre = np.log([np.median(s[s > 0]), np.median(i[i > 0])])
    starts = [centre + np.log([a, b]) for a in (0.1, 1, 10) for b in (0.1, 1, 10)]
    best = min(
        (optimize.least_squares(residual, start, xtol=1e-12, ftol=1e-12) for start in starts),
        key=lambda fit: fit.cost,
    )
    km, ki = np.exp(best.x)
    shape = _per_vmax(s, i, km, ki, model)
    rss, n, k = 2 * float(best.cost), len(v), 4
    aicc = n * np.log(rss / n) + 2 * k + 2 * k * (k + 1) / (n - k - 1)
    vmax = float((shape @ v) / (shape @ shape))
    return {"model": model, "vmax": vmax, "km": km, "ki": ki, "rss": rss, "aicc": aicc}
