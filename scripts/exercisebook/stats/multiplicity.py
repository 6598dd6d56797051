"""Many questions at once: false-discovery rates, and where Bonferroni can no longer reach."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import false_discovery_control

FAMILY = ["dataset", "modality", "contrast", "stratum", "method"]
"""The questions that are adjusted together."""

_FEWEST = 20
"""Questions below which the share of true nulls is taken to be 1."""


def benjamini_hochberg(p_value: ArrayLike) -> NDArray[np.float64]:
    """Return q values; NaN stays NaN and does not count as a question.

    References
    ----------
    Benjamini and Hochberg (1995), J R Stat Soc B 57, 289-300.
    """
    p = np.asarray(p_value, float)
    q = np.full(p.shape, np.nan)
    asked = np.isfinite(p)
    if asked.any():
        q[asked] = false_discovery_control(p[asked], method="bh")
    return q


def benjamini_yekutieli(p_value: ArrayLike) -> NDArray[np.float64]:
    r"""Return q values that hold under any dependence: those of Benjamini and Hochberg, dearer.

    They are larger by :math:`1 + 1/2 + \dots + 1/m` for :math:`m` questions; NaN stays NaN.

    References
    ----------
    Benjamini and Yekutieli (2001), Ann Stat 29, 1165-1188.
    """
    p = np.asarray(p_value, float)
    q = np.full(p.shape, np.nan)
    asked = np.isfinite(p)
    if asked.any():
        q[asked] = false_discovery_control(p[asked], method="by")
    return q


def null_share(p_value: ArrayLike) -> float:
    r"""Return the estimated share of questions whose answer is no.

    Above :math:`\lambda` lie few p values but those of true nulls, so that
    :math:`\hat\pi_0(\lambda) = (1 + \#\{p > \lambda\}) / (m (1 - \lambda))`. A larger
    :math:`\lambda` has less bias and more variance; the one is taken whose estimated mean square
    error about the 10 % quantile of all is least.

    Parameters
    ----------
    p_value : array_like, shape (m,)
        NaN does not count.

    Returns
    -------
    float
        At most 1; 1 where fewer than 20 questions tell too little.

    References
    ----------
    Storey, Taylor and Siegmund (2004), J R Stat Soc B 66, 187-205, section 6.
    """
    p = np.asarray(p_value, float)
    p = p[np.isfinite(p)]
    m = len(p)
    if m < _FEWEST:
        return 1.0
    cuts = np.arange(0.05, 0.96, 0.05)
    # one more than there are, so that the share is never nought
    above = (p[:, None] >= cuts).sum(axis=0) + 1
    share = above / (m * (1 - cuts))
    error = above / (m * (1 - cuts)) ** 2 * (1 - np.minimum(above / m, 1))
    error = error + (share - np.quantile(share, 0.1)) ** 2
    return float(min(share[error == error.min()].min(), 1.0))


def storey(p_value: ArrayLike) -> NDArray[np.float64]:
    r"""Return Storey's q values: those of Benjamini and Hochberg times the share of true nulls.

    Parameters
    ----------
    p_value : array_like, shape (m,)
        NaN stays NaN and does not count.

    References
    ----------
    Storey (2002), J R Stat Soc B 64, 479-498.
    """
    return null_share(p_value) * benjamini_hochberg(p_value)


def adjust_effects(effects: pd.DataFrame) -> pd.DataFrame:
    """Return Effects with q values within data set, modality, contrast, stratum and method."""
    q = effects.groupby(FAMILY, dropna=False)["p_value"].transform(
        lambda p: benjamini_hochberg(p.to_numpy())
    )
    return effects.assign(q_value=q)


def sign_flip_floor(n: int) -> float:
    """Return the smallest two-sided p value that flipping the signs of n persons can give.

    Of the 2^n assignments of signs, two are as extreme as all alike: p = 2^-(n-1).
    """
    return 2.0 ** -(n - 1)


def bonferroni_reach(floor: float, alpha: float = 0.05) -> int:
    """Return how many features a test can carry under Bonferroni that gives no p below a floor.

    Beyond ``alpha / floor`` features not even the most extreme outcome is significant.
    """
    return int(alpha / floor)
