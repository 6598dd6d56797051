"""What can be said whatever the unseen values were.

A value below detection lies somewhere under its limit; a runner who was not bled could have had
any value. Each person's difference is then an interval, perhaps an endless one. The median and
the signed-rank sum move one way when a difference does, so their extremes lie at the ends of
those intervals: no assumption, no imputation. The p value does not move one way; it is searched
over every rank sum between those two.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exercisebook.stats.differences import cells_of
from exercisebook.stats.hodges_lehmann import rank_sum_counts


@dataclass(frozen=True)
class Bounds:
    """What every possible value of the unseen leaves standing.

    Attributes
    ----------
    n_subjects : int
        Persons, seen or not.
    n_seen : int
        Of these, with a difference that is known exactly.
    median_low, median_high : float
        The median difference lies between them; may be infinite.
    rose, fell : int
        Persons whose direction is certain.
    p_low, p_high : float
        The exact signed-rank p value lies between them.
    """

    n_subjects: int
    n_seen: int
    median_low: float
    median_high: float
    rose: int
    fell: int
    p_low: float
    p_high: float


def interval_differences(long: pd.DataFrame, contrast: pd.Series, feature: str) -> pd.DataFrame:
    """Return each person's difference of log2 values as an interval.

    Parameters
    ----------
    long : DataFrame
        subject, arm, phase, feature, value, status; a value below detection is its limit.
    contrast : Series
        phase, reference_phase, arm, reference_arm.
    feature : str
        Which.

    Returns
    -------
    DataFrame, indexed by subject
        ``low`` and ``high``; equal where all values are known, endless where one is missing.
    """
    cells = cells_of(contrast)
    own = long[long["feature"] == feature]
    grid = pd.MultiIndex.from_product([own["subject"].unique(), cells["cell"]])
    at = own.merge(cells, on=["arm", "phase"]).set_index(["subject", "cell"]).reindex(grid)
    sign = np.tile(cells["sign"].to_numpy(), len(grid) // len(cells))
    value = np.log2(at["value"].where(at["value"] > 0).to_numpy(float))
    known = at["status"].eq("ok").to_numpy() & np.isfinite(value)
    capped = at["status"].eq("below_detection").to_numpy() & np.isfinite(value)
    low = np.where(known, value, -np.inf)
    high = np.where(known | capped, value, np.inf)
    ends = pd.DataFrame(
        {"low": np.where(sign > 0, low, -high), "high": np.where(sign > 0, high, -low)},
        index=grid,
    )
    return ends.groupby(level=0, sort=False).sum()


def bounds_of(intervals: pd.DataFrame) -> Bounds:
    """Return the bounds of median, direction and signed-rank p value.

    Parameters
    ----------
    intervals : DataFrame
        ``low`` and ``high``, one row a person; an endless difference is infinite.

    Returns
    -------
    Bounds

    Raises
    ------
    ValueError
        If there is nobody.

    References
    ----------
    Manski (1990), Am Econ Rev 80, 319-323, for bounds without assumptions. Helsel (2012),
    Statistics for Censored Environmental Data Using Minitab and R, for ranks with non-detects.
    """
    if intervals.empty:
        raise ValueError("no persons: bounds need at least one")
    low, high = intervals["low"].to_numpy(float), intervals["high"].to_numpy(float)
    p_low, p_high = _signed_rank_range(low, high)
    return Bounds(
        n_subjects=len(low),
        n_seen=int((low == high).sum()),
        median_low=_median(low),
        median_high=_median(high),
        rose=int((low > 0).sum()),
        fell=int((high < 0).sum()),
        p_low=p_low,
        p_high=p_high,
    )


def _median(values: NDArray[np.float64]) -> float:
    ordered = np.sort(values)
    middle = ordered[[(len(values) - 1) // 2, len(values) // 2]]
    # all low ends are finite or -inf, all high ends finite or +inf: one endless middle decides
    return float(middle.mean()) if np.isfinite(middle).all() else float(middle[np.isinf(middle)][0])


def _signed_rank_range(low: NDArray[np.float64], high: NDArray[np.float64]) -> tuple[float, float]:
    """Return the smallest and largest two-sided p over every completion."""
    tail = np.cumsum(rank_sum_counts(len(low))) / 2.0 ** len(low)
    total = len(tail) - 1
    least, most = _positive_averages(low), _positive_averages(high)
    sums = np.arange(int(np.floor(least)), int(np.ceil(most)) + 1)
    p_values = np.minimum(1.0, 2 * tail[np.minimum(sums, total - sums)])
    return float(p_values.min()), float(p_values.max())


def _positive_averages(d: NDArray[np.float64]) -> float:
    i, j = np.triu_indices(len(d))
    averages = d[i] + d[j]
    return float((averages > 0).sum() + (averages == 0).sum() / 2)
