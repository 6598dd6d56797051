"""Many questions at once: false-discovery rates, and where Bonferroni can no longer reach."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from statsmodels.stats.multitest import multipletests

FAMILY = ["dataset", "modality", "contrast", "stratum", "method"]
"""The questions that are adjusted together."""


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
        q[asked] = multipletests(p[asked], method="fdr_bh")[1]
    return q


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


def bonferroni_reach(n: int, alpha: float = 0.05) -> int:
    """Return how many features an exact test of n persons can carry under Bonferroni.

    Beyond ``alpha / 2^-(n-1)`` features not even the most extreme outcome is significant.
    """
    return int(alpha / sign_flip_floor(n))
