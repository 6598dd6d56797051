"""What shares of a whole do to each other because they add up to one.

Of independent amounts, without any biology. Effects on shares are in ``composition``.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exercisebook.errors import Misuse

Floats = NDArray[np.float64]


def closure_correlation(parts: ArrayLike) -> Floats:
    r"""Return the correlation that any two of D exchangeable shares have: :math:`-1 / (D - 1)`.

    The covariances of one share with all shares add to zero, and exchangeable shares split them
    evenly, whatever their distribution.

    Parameters
    ----------
    parts : array_like
        Numbers D of shares, 2 or more.

    Raises
    ------
    Misuse
        If there are fewer than two shares.

    References
    ----------
    Aitchison (1986), The Statistical Analysis of Compositional Data.
    """
    count = np.asarray(parts, float)
    if (count < 2).any():
        raise Misuse("a whole of one part has nothing to correlate with; give two or more")
    return -1 / (count - 1)


def dirichlet_covariance(concentration: ArrayLike) -> Floats:
    r"""Return the covariance of the shares of independent gamma amounts of one scale.

    .. math:: \operatorname{cov}(s_i, s_j) = \frac{m_i (\delta_{ij} - m_j)}{a_0 + 1}, \qquad
              m_i = a_i / a_0, \quad a_0 = \textstyle\sum_i a_i

    Parameters
    ----------
    concentration : array_like, shape (D,)
        Shapes :math:`a_i` of the gamma distributions, above 0.

    Returns
    -------
    ndarray, shape (D, D)
        Every covariance of two shares is negative.

    Raises
    ------
    Misuse
        If there are fewer than two parts, or one is not above zero.
    """
    a = np.asarray(concentration, float)
    if a.ndim != 1 or len(a) < 2:
        raise Misuse("give one concentration a part, for two parts or more")
    if not (np.isfinite(a) & (a > 0)).all():
        raise Misuse("a concentration is not a number above zero; leave absent parts out")
    mean = a / a.sum()
    return (np.diag(mean) - np.outer(mean, mean)) / (a.sum() + 1)


def spurious_correlation(concentration: ArrayLike) -> Floats:
    r"""Return the correlation that closure alone makes between shares of independent amounts.

    .. math:: r_{ij} = -\sqrt{\frac{m_i m_j}{(1 - m_i)(1 - m_j)}}

    It depends on the mean shares alone: two large parts among small ones are the worst.

    Parameters
    ----------
    concentration : array_like, shape (D,)
        See ``dirichlet_covariance``.

    Returns
    -------
    ndarray, shape (D, D)

    Raises
    ------
    Misuse
        See ``dirichlet_covariance``.

    References
    ----------
    Pearson (1897), Proc R Soc Lond 60, 489-498, for the name and for ratios of other kinds.
    """
    covariance = dirichlet_covariance(concentration)
    sd = np.sqrt(np.diag(covariance))
    return covariance / np.outer(sd, sd)
