"""Water that leaves the plasma concentrates what stays behind.

What is dissolved in plasma or serum is concentrated by the loss of plasma; a cell, counted in a
volume of whole blood, only by what that loss takes off the blood.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

HAEMATOCRIT = 45.0
"""Per cent of blood that is cells: usual in men, assumed where it was not measured."""


def van_beaumont(
    haematocrit_before: ArrayLike, haematocrit_after: ArrayLike
) -> NDArray[np.float64]:
    r"""Return the change of plasma volume, in per cent, from haematocrit alone.

    .. math:: \Delta PV = \frac{100}{100 - H_1} \cdot \frac{100 (H_1 - H_2)}{H_2}

    Parameters
    ----------
    haematocrit_before, haematocrit_after : array_like
        In per cent.

    Returns
    -------
    ndarray
        Below 0 where plasma was lost. It assumes that the red cells kept their number and their
        size; sweat that is saltier or thinner than plasma changes the second.

    References
    ----------
    Van Beaumont (1972), J Appl Physiol 32, 712-713.
    """
    h1, h2 = np.asarray(haematocrit_before, float), np.asarray(haematocrit_after, float)
    return 100 / (100 - h1) * 100 * (h1 - h2) / h2


def dill_costill(
    haematocrit_before: ArrayLike,
    haematocrit_after: ArrayLike,
    haemoglobin_before: ArrayLike,
    haemoglobin_after: ArrayLike,
) -> NDArray[np.float64]:
    r"""Return the change of plasma volume, in per cent, from haematocrit and haemoglobin.

    .. math:: \Delta PV = 100 \left(\frac{Hb_1}{Hb_2} \cdot \frac{100 - H_2}{100 - H_1} - 1\right)

    Parameters
    ----------
    haematocrit_before, haematocrit_after : array_like
        In per cent.
    haemoglobin_before, haemoglobin_after : array_like
        In any one unit.

    References
    ----------
    Dill and Costill (1974), J Appl Physiol 37, 247-248.
    """
    h1, h2 = np.asarray(haematocrit_before, float), np.asarray(haematocrit_after, float)
    ratio = np.asarray(haemoglobin_before, float) / np.asarray(haemoglobin_after, float)
    return 100 * (ratio * (100 - h2) / (100 - h1) - 1)


def log2_shift(plasma_volume_change: ArrayLike) -> NDArray[np.float64]:
    r"""Return what to add to a log2 ratio of concentrations in plasma to have one of amounts.

    An amount is concentration times volume: :math:`\log_2(1 + \Delta PV / 100)`.

    Parameters
    ----------
    plasma_volume_change : array_like
        In per cent, above -100.

    Returns
    -------
    ndarray
        For a solute of plasma or serum; for cells, ``log2_shift_of_cells``.
    """
    return np.log2(1 + np.asarray(plasma_volume_change, float) / 100)


def log2_shift_of_cells(
    plasma_volume_change: ArrayLike, haematocrit: float = HAEMATOCRIT
) -> NDArray[np.float64]:
    r"""Return what to add to a log2 ratio of cell counts to have one of amounts.

    Counts are per volume of whole blood, whose cells do not leave with the water:
    :math:`\log_2(1 + (1 - H / 100)\, \Delta PV / 100)`.

    Parameters
    ----------
    plasma_volume_change : array_like
        In per cent, above -100.
    haematocrit : float
        Before the loss, in per cent.

    Returns
    -------
    ndarray
        About half of what the same loss does to a solute.
    """
    plasma_share = 1 - haematocrit / 100
    return np.log2(1 + plasma_share * np.asarray(plasma_volume_change, float) / 100)


def explaining_loss(
    log2_ratio: ArrayLike, of_cells: bool = False, haematocrit: float = HAEMATOCRIT
) -> NDArray[np.float64]:
    """Return the loss of plasma, in per cent, that alone would make a ratio of concentrations.

    Parameters
    ----------
    log2_ratio : array_like
        Of concentrations, after to before.
    of_cells : bool
        Whether they are counts in whole blood.
    haematocrit : float
        Before the loss, in per cent; only for cells.

    Returns
    -------
    ndarray
        Below 0 where plasma would have to be gained; above 100 where no loss would do.
    """
    share = 1 - haematocrit / 100 if of_cells else 1.0
    return 100 * (1 - 2.0 ** -np.asarray(log2_ratio, float)) / share
