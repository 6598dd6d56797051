"""Water that leaves the plasma concentrates what stays behind.

What is dissolved in plasma or serum is concentrated by the loss of plasma; a cell, counted in a
volume of whole blood, only by what that loss takes off the blood.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

PLASMA_SHARE = 0.55
"""Of whole blood, by a haematocrit of 45 %: usual in men, assumed where it was not measured."""


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


def log2_shift(plasma_volume_change: ArrayLike, plasma_share: float = 1.0) -> NDArray[np.float64]:
    r"""Return what to add to a log2 ratio of concentrations to have one of amounts.

    An amount is concentration times volume, of which the share :math:`s` is plasma:
    :math:`\log_2(1 + s\, \Delta PV / 100)`.

    Parameters
    ----------
    plasma_volume_change : array_like
        In per cent, above -100.
    plasma_share : float
        Of the volume that is meant: 1 for a solute of plasma or serum, ``1 - haematocrit`` for
        cells counted in whole blood, which do not leave with the water.
    """
    return np.log2(1 + plasma_share * np.asarray(plasma_volume_change, float) / 100)


def explaining_loss(log2_ratio: ArrayLike, plasma_share: float = 1.0) -> NDArray[np.float64]:
    """Return the loss of plasma, in per cent, that alone would make a ratio of concentrations.

    Parameters
    ----------
    log2_ratio : array_like
        Of concentrations, after to before.
    plasma_share : float
        As for ``log2_shift``.

    Returns
    -------
    ndarray
        Below 0 where plasma would have to be gained; above 100 where no loss would do.
    """
    return 100 * (1 - 2.0 ** -np.asarray(log2_ratio, float)) / plasma_share
