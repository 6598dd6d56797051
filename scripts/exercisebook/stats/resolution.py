"""How fast an inflammation is cleared: the resolution indices of a curve of cell numbers.

They describe a tissue into which neutrophils went and from which they are cleared. Numbers in
blood can be put through the same arithmetic, which makes them no resolution.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from exercisebook.errors import Misuse


@dataclass(frozen=True)
class ResolutionIndices:
    """A curve in five numbers.

    Attributes
    ----------
    psi_max : float
        The largest number of neutrophils, in the unit of the curve.
    t_max : float
        Hours at which it is reached.
    psi_50 : float
        Half of it.
    t_50 : float
        Hours at which the falling limb passes the half; NaN if it never does.
    interval : float
        The resolution interval, ``t_50 - t_max``, in hours.
    """

    psi_max: float
    t_max: float
    psi_50: float
    t_50: float
    interval: float


def resolution_indices(hours: ArrayLike, numbers: ArrayLike) -> ResolutionIndices:
    r"""Return the resolution indices of a curve, straight lines drawn between its points.

    .. math:: \Psi_{50} = \tfrac 12 \Psi_{max}, \qquad R_i = T_{50} - T_{max}

    Parameters
    ----------
    hours : array_like, shape (n,)
        Rising.
    numbers : array_like, shape (n,)
        Neutrophils; no baseline is taken off.

    Raises
    ------
    Misuse
        If there are fewer than three points, hours do not rise, or a number is missing.

    References
    ----------
    Bannenberg et al. (2005), J Immunol 174, 4345-4355.
    """
    t, y = np.asarray(hours, float), np.asarray(numbers, float)
    if len(t) < 3 or t.shape != y.shape or (np.diff(t) <= 0).any() or not np.isfinite(y).all():
        raise Misuse("a curve needs three points or more, rising hours, and no gap")
    top = int(y.argmax())
    half = float(y[top]) / 2
    t_50 = _falls_to(t[top:], y[top:], half)
    return ResolutionIndices(float(y[top]), float(t[top]), half, t_50, t_50 - float(t[top]))


def _falls_to(t: np.ndarray, y: np.ndarray, level: float) -> float:
    below = np.flatnonzero(y <= level)
    if not len(below):
        return float("nan")
    after = int(below[0])
    share = (y[after - 1] - level) / (y[after - 1] - y[after])
    return float(t[after - 1] + share * (t[after] - t[after - 1]))
