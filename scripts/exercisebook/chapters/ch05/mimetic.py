"""The experiment that would decide whether betaine carries what exercise does, on simulated mice.

Exercise, betaine, both or neither, and exercise or neither with betaine's synthesis blocked; five
worlds whose truth is written down.
"""

from functools import cache

import numpy as np
import pandas as pd
from scipy import stats

GROUPS = ("neither", "exercise", "betaine", "both", "blocked", "exercise, blocked")
EFFECT = 1.5
"""Of exercise, in standard deviations between animals."""

WORLDS = {
    "through betaine, to a ceiling": (0.0, 1.0, 1.0, 1.0, 0.0, 0.0),
    "two roads to one ceiling": (0.0, 1.0, 1.0, 1.0, 0.0, 1.0),
    "through betaine, no ceiling": (0.0, 1.0, 1.0, 2.0, 0.0, 0.0),
    "two roads that add up": (0.0, 1.0, 1.0, 2.0, 0.0, 1.0),
    "betaine does nothing": (0.0, 1.0, 0.0, 1.0, 0.0, 1.0),
}
"""What each group gains, in units of the effect of exercise."""

SURPLUS = "surplus over the sum"
LOST = "lost under the block"
CONTRASTS = {SURPLUS: (1, -1, -1, 1, 0, 0), LOST: (-1, 1, 0, 0, 1, -1)}
"""Weights over the groups."""

SEED = 20251121


@cache
def outcomes(animals: int) -> pd.DataFrame:
    """Return both contrasts in every world, with 95 % intervals.

    The same animals with the same luck pass through every world, so that worlds whose groups gain
    the same give the same numbers.

    Returns
    -------
    DataFrame
        world, contrast, estimate, low, high, truth (standard deviations), detectable.
    """
    luck = np.random.default_rng(SEED).standard_normal((len(GROUPS), animals))
    df = len(GROUPS) * (animals - 1)
    rows = []
    for world, gains in WORLDS.items():
        truth = EFFECT * np.array(gains)
        values = truth[:, None] + luck
        means, variance = values.mean(axis=1), values.var(axis=1, ddof=1).mean()
        for contrast, weights in CONTRASTS.items():
            w = np.array(weights)
            se = float(np.sqrt(variance * (w**2).sum() / animals))
            half = float(stats.t.ppf(0.975, df)) * se
            detectable = float(stats.t.ppf(0.975, df) + stats.t.ppf(0.8, df)) * se
            estimate = float(w @ means)
            rows.append(
                (world, contrast, estimate, estimate - half, estimate + half, float(w @ truth),
                 detectable)
            )  # fmt: skip
    columns = ["world", "contrast", "estimate", "low", "high", "truth", "detectable"]
    return pd.DataFrame(rows, columns=columns)
