"""Water that leaves the plasma concentrates what stays behind."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


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
        Below 0 where plasma was lost. It assumes that no red cell was gained or lost.

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
    r"""Return what to add to a log2 ratio of concentrations to have one of amounts.

    An amount is concentration times volume: :math:`\log_2(1 + \Delta PV / 100)`.

    Parameters
    ----------
    plasma_volume_change : array_like
        In per cent, above -100.
    """
    return np.log2(1 + np.asarray(plasma_volume_change, float) / 100)
