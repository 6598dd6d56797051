"""Is it the same, or did we only fail to see a difference? Two one-sided tests."""

import numpy as np
import pandas as pd
from scipy import stats


def equivalence_tests(
    effects: pd.DataFrame, margin: pd.Series, level: float = 0.95
) -> pd.DataFrame:
    r"""Return whether each effect lies within plus or minus its margin.

    .. math:: p = \max\{P(T_{df} > (\hat\delta + m) / se),\ P(T_{df} < (\hat\delta - m) / se)\}

    Equivalence at level 0.05 is the same as a 90 % interval inside the margin.

    Parameters
    ----------
    effects : DataFrame
        Effects; ``estimate``, ``se`` and ``df`` are used.
    margin : Series
        By canonical_id, in the effect's own scale, above 0: set before any effect was computed.
    level : float
        1 minus the level of each one-sided test.

    Returns
    -------
    DataFrame
        ``effects`` with margin, equivalence_low, equivalence_high (the 90 % interval) and
        p_equivalence; NaN without a margin or a standard error.

    References
    ----------
    Schuirmann (1987), J Pharmacokinet Biopharm 15, 657-680.
    """
    size = effects["canonical_id"].map(margin).astype(float)
    half = stats.t.ppf(level, effects["df"]) * effects["se"]
    above = stats.t.sf((effects["estimate"] + size) / effects["se"], effects["df"])
    below = stats.t.cdf((effects["estimate"] - size) / effects["se"], effects["df"])
    return effects.assign(
        margin=size,
        equivalence_low=effects["estimate"] - half,
        equivalence_high=effects["estimate"] + half,
        p_equivalence=np.maximum(above, below),
    )
