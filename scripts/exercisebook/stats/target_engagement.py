"""What a concentration of a ligand does to its target, and what a change of it can do at most.

Curves are fitted in ``stats.dose_response``; here stands the arithmetic that follows once a
constant is assumed. Free concentrations are meant throughout.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exercisebook.errors import Misuse
from exercisebook.stats.dose_response import occupancy

Array = NDArray[np.float64]


def occupancy_change(concentration: ArrayLike, fold: ArrayLike, kd: ArrayLike) -> Array:
    """Return by how much the bound share changes when a concentration does, ``fold`` times.

    Parameters
    ----------
    concentration, kd : array_like
        In one unit.
    fold : array_like
        Later over earlier concentration.
    """
    before = np.asarray(concentration, float)
    return occupancy(before * _positive("fold", fold), kd) - occupancy(before, kd)


def largest_occupancy_change(fold: ArrayLike) -> Array:
    r"""Return the most that a change of a concentration can do to the bound share, at any Kd.

    .. math:: \max_{K_d} \left( \frac{rL}{rL + K_d} - \frac{L}{L + K_d} \right)
              = \frac{\sqrt r - 1}{\sqrt r + 1}, \quad \text{at } K_d = L \sqrt r.

    It depends on neither the concentration nor the constant: a rise of 30 per cent moves no
    one-site occupancy by seven points.
    """
    root = np.sqrt(_positive("fold", fold))
    return (root - 1) / (root + 1)


def kd_of_largest_change(concentration: ArrayLike, fold: ArrayLike) -> Array:
    r"""Return the constant at which a change moves the bound share most, :math:`L \sqrt r`."""
    return _positive("concentration", concentration) * np.sqrt(_positive("fold", fold))


def competitive_inhibition(
    concentration: ArrayLike, ki: ArrayLike, substrate: ArrayLike, km: ArrayLike
) -> Array:
    r"""Return the share of an enzyme's rate that a competitive inhibitor takes.

    .. math:: 1 - \frac{v}{v_0} = \frac{I}{I + K_i (1 + S/K_m)}.

    References
    ----------
    Cheng and Prusoff (1973), Biochem Pharmacol 22, 3099-3108.
    """
    substrate_share = np.asarray(substrate, float) / _positive("km", km)
    return occupancy(concentration, _positive("ki", ki) * (1 + substrate_share))


def competitive_constants(
    ic50_low: ArrayLike, ic50_high: ArrayLike, substrate_low: float, substrate_high: float
) -> tuple[Array, Array]:
    r"""Return Ki and Km of a competitive inhibitor from its IC50 at two levels of substrate.

    The IC50 is a straight line in the substrate, :math:`K_i + (K_i / K_m) S`; two points fix it
    and leave nothing to check it by.

    Returns
    -------
    ki, km : ndarray
        Ki in the unit of the IC50, Km in that of the substrate; NaN where the line is no
        competitive one: it must rise, and cross zero substrate above nil.

    Raises
    ------
    Misuse
        If the levels are not in order.
    """
    if not 0 <= substrate_low < substrate_high:
        raise Misuse(f"levels of substrate {substrate_low:g} and {substrate_high:g}: not in order")
    low, high = _positive("ic50", ic50_low), _positive("ic50", ic50_high)
    slope = (high - low) / (substrate_high - substrate_low)
    ki = low - slope * substrate_low
    with np.errstate(divide="ignore", invalid="ignore"):
        km = ki / slope
    competitive = (slope > 0) & (ki > 0)
    return np.where(competitive, ki, np.nan), np.where(competitive, km, np.nan)


def difference_limits(
    later: tuple[float, float, float], earlier: tuple[float, float, float]
) -> tuple[float, float, float]:
    r"""Return a difference of two independent estimates with limits made from theirs.

    .. math:: d - \sqrt{(a - a_l)^2 + (b_u - b)^2}, \quad d + \sqrt{(a_u - a)^2 + (b - b_l)^2}.

    Parameters
    ----------
    later, earlier : tuple of float
        Estimate, lower and upper limit.

    References
    ----------
    Zou and Donner (2008), Stat Med 27, 1693-1702.
    """
    (a, a_low, a_high), (b, b_low, b_high) = later, earlier
    d = a - b
    return d, d - float(np.hypot(a - a_low, b_high - b)), d + float(np.hypot(a_high - a, b - b_low))


def _positive(name: str, value: ArrayLike) -> Array:
    given = np.asarray(value, float)
    if not (given > 0).all():
        raise Misuse(f"{name} must be above zero")
    return given
