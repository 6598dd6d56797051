"""A clock gene in simulated mice: what one clock time shows, and what several do.

Two worlds look the same at one hour: in one the old mice's wave is half as high, in the other it
is as high as ever and merely late.
"""

from functools import cache

import numpy as np
import pandas as pd
from scipy import stats

from exercisebook.stats.cosinor import Cosinor, cosinor

LEVEL, HEIGHT, PEAK_H = 10.0, 2.0, 8.0
"""Of young mice: mean and height of the wave in arbitrary units, and the hour of its peak."""

FLATTER = 0.5
"""Height of the wave in old mice of the first world, as a share of the young."""

SAMPLED_H = 4.0
"""The hour at which a study with one clock time takes its tissue."""

NOISE = 0.4
ANIMALS = 24
DESIGNS = (1, 2, 4, 6)
"""Clock times over which the same number of animals is spread."""

SEED = 20251121

YOUNG, FLAT, LATE = "young", "old: flatter wave", "old: later wave"


def _wave(hours: np.ndarray | float, height: float, peak_h: float) -> np.ndarray:
    return np.asarray(LEVEL + height * np.cos(2 * np.pi * (np.asarray(hours) - peak_h) / 24))


def delay_h() -> float:
    """Return by how many hours a wave of full height must be late to look half as high."""
    angle = np.arccos(FLATTER * np.cos(2 * np.pi * (SAMPLED_H - PEAK_H) / 24))
    return float(24 * angle / (2 * np.pi) - (PEAK_H - SAMPLED_H))


def worlds() -> dict[str, tuple[float, float]]:
    """Return height and hour of the peak in young mice and in both kinds of old ones."""
    return {
        YOUNG: (HEIGHT, PEAK_H),
        FLAT: (FLATTER * HEIGHT, PEAK_H),
        LATE: (HEIGHT, PEAK_H + delay_h()),
    }


def courses() -> pd.DataFrame:
    """Return the three waves over a day: group, hour, value."""
    hours = np.linspace(0, 24, 97)
    tables = [
        pd.DataFrame({"group": name, "hour": hours, "value": _wave(hours, *shape)})
        for name, shape in worlds().items()
    ]
    return pd.concat(tables, ignore_index=True)


@cache
def designs() -> pd.DataFrame:
    """Return what the same 24 old mice a world tell, spread over one, two, four or six hours.

    Returns
    -------
    DataFrame
        times, group, height and peak with the half-width of their 95 % intervals; NaN where
        nothing is determined.
    """
    rng = np.random.default_rng(SEED)
    rows = []
    for times in DESIGNS:
        hours = np.repeat(SAMPLED_H + 24 / times * np.arange(times), ANIMALS // times)
        for group in (FLAT, LATE):
            height, peak = worlds()[group]
            values = _wave(hours, height, peak) + rng.normal(0, NOISE, len(hours))
            fit = cosinor(hours, values)
            rows.append((times, group, *_told(fit)))
    columns = ["times", "group", "height", "height_half", "peak", "peak_half"]
    return pd.DataFrame(rows, columns=columns)


def _told(fit: Cosinor) -> tuple[float, float, float, float]:
    t = float(stats.t.ppf(0.975, fit.df_residual)) if np.isfinite(fit.df_residual) else np.nan
    return fit.amplitude, t * fit.amplitude_se, fit.peak_h, t * fit.peak_h_se
