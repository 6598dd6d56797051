"""Small simulated worlds for what this chapter explains: denominators, memory, resolution.

Nothing here was fitted to anything.
"""

from functools import cache

import numpy as np
import pandas as pd

from exercisebook.chapters.simulated import STUDY_SEED
from exercisebook.cohort.package import Cohort
from exercisebook.simulate.cohorts import simulate
from exercisebook.simulate.worlds import world
from exercisebook.stats.assay import assay_from_matrix
from exercisebook.stats.innate_memory import DIFFERENTIATION, PRIMING, TOLERANCE, TRAINING
from exercisebook.stats.models import paired_model
from exercisebook.stats.resolution import ResolutionIndices, resolution_indices

NEUTROPHILS = "neutrophils, number"
LYMPHOCYTES = "lymphocytes, number"
OF_WHITE = "lymphocytes, of white cells"
OF_MONONUCLEAR = "lymphocytes, of mononuclear"

READINGS = (NEUTROPHILS, LYMPHOCYTES, OF_WHITE, OF_MONONUCLEAR)

PROGRAMMES = (TRAINING, TOLERANCE, PRIMING, DIFFERENTIATION)
NEVER = "never stimulated before"

MARGIN = 0.3
"""Log2 ratio, about a quarter, within which a number counts as unchanged in these drawings."""

FASTER, USUAL, SMALLER = "cleared faster", "as usual", "fewer came"


@cache
def neutrophil_world() -> pd.DataFrame:
    """Return four readings of one study in which training lowers neutrophils and nothing else.

    Returns
    -------
    DataFrame
        feature (the reading), estimate, ci_low, ci_high, n_subjects and truth, as log2 ratios of
        training to baseline.
    """
    cohort = simulate(world("neutrophils-only"), 13, STUDY_SEED, ("blood_count",)).cohort
    return _in_four_ways(cohort)


@cache
def two_phases() -> pd.DataFrame:
    """Return the mean counts of that world before and after, in 10^9 cells a litre."""
    cohort = simulate(world("neutrophils-only"), 13, STUDY_SEED, ("blood_count",)).cohort
    long = cohort.long("blood_count")
    means = long.groupby(["phase", "feature"])["value"].mean().unstack()
    kinds = ["neutrophils", "lymphocytes", "monocytes", "eosinophils"]
    return means.loc[["baseline", "training"], kinds].round(2).rename_axis(None, axis=1)


def _in_four_ways(cohort: Cohort) -> pd.DataFrame:
    made = simulate(world("neutrophils-only"), 13, STUDY_SEED, ("blood_count",))
    fall = made.truth["effects"].query("contrast == 'training-baseline'").set_index("feature")
    wide = cohort.long("blood_count").pivot(index="sample_id", columns="feature", values="value")
    samples = cohort.samples.set_index("sample_id").loc[wide.index]
    before = wide[(samples["phase"] == "baseline").to_numpy()]
    after = before * 2 ** fall["log2_concentration"].reindex(before.columns)
    truth = (_readings(after) - _readings(before)).mean()
    rows = paired_model(
        assay_from_matrix(_readings(wide), samples[["subject", "arm", "phase"]], "log2_ratio"),
        cohort.contrast("training-baseline"),
        (),
        "plain",
    )
    own = rows.set_index("feature").loc[list(READINGS)].reset_index()
    return own.assign(truth=own["feature"].map(truth.where(truth.abs() > 1e-9, 0.0)))


def _readings(counts: pd.DataFrame) -> pd.DataFrame:
    lymphocytes = counts["lymphocytes"]
    readings = {
        NEUTROPHILS: counts["neutrophils"],
        LYMPHOCYTES: lymphocytes,
        OF_WHITE: lymphocytes / counts.sum(axis=1),
        OF_MONONUCLEAR: lymphocytes / (lymphocytes + counts["monocytes"]),
    }
    return np.log2(pd.DataFrame(readings))


_FIRST, _SECOND, _LAST = 1.0, 8.0, 12.0
_FADING = 1.2
_LAW = {
    # what is left of the first stimulus, and how large the second answer is
    NEVER: (0.0, 1.0),
    TRAINING: (0.0, 1.8),
    TOLERANCE: (0.0, 0.4),
    PRIMING: (0.6, 1.2),
    DIFFERENTIATION: (0.6, 0.4),
}


def memory_curves() -> pd.DataFrame:
    """Return the activity of five kinds of cell over two stimuli: row, day, activity."""
    days = np.linspace(0, _LAST, 121)
    tables = []
    for name, (left, second) in _LAW.items():
        first = np.zeros_like(days) if name == NEVER else _answer(days - _FIRST, 1.0, left)
        activity = 0.2 + first + _answer(days - _SECOND, second, 0.0)
        tables.append(pd.DataFrame({"row": name, "day": days, "activity": activity}))
    return pd.concat(tables, ignore_index=True)


def stimuli() -> tuple[float, float]:
    """Return the days of the two stimuli."""
    return _FIRST, _SECOND


def two_numbers() -> pd.DataFrame:
    """Return each programme as two log2 ratios to cells never stimulated before.

    Returns
    -------
    DataFrame
        row, baseline (just before the second stimulus) and restimulated (largest after it).
    """
    curves = memory_curves()
    before = curves[curves["day"].round(6) == _SECOND].set_index("row")["activity"]
    after = curves[curves["day"] > _SECOND].groupby("row")["activity"].max()
    table = pd.DataFrame({"baseline": before, "restimulated": after})
    ratios = np.log2(table / table.loc[NEVER])
    return ratios.loc[list(PROGRAMMES)].rename_axis("row").reset_index()


def _answer(since: np.ndarray, size: float, left: float) -> np.ndarray:
    """Return a rise and fall that begins at nought, and what stays of it."""
    t = np.clip(since, 0, None)
    wave = size * (t / 0.6) * np.exp(1 - t / 0.6)
    return np.where(since > 0, wave + left * (1 - np.exp(-t / _FADING)), 0.0)


def exudates() -> pd.DataFrame:
    """Return neutrophils in three simulated exudates over 72 hours: row, hour, millions."""
    hours = np.arange(0.0, 73.0, 4.0)
    laws = {USUAL: (12.0, 20.0), FASTER: (12.0, 9.0), SMALLER: (6.0, 20.0)}
    tables = [
        pd.DataFrame({"row": name, "hour": hours, "millions": _exudate(hours, top, fading)})
        for name, (top, fading) in laws.items()
    ]
    return pd.concat(tables, ignore_index=True)


def indices_of(row: str) -> ResolutionIndices:
    """Return the resolution indices of one of the simulated exudates."""
    own = exudates().query("row == @row")
    return resolution_indices(own["hour"], own["millions"])


def _exudate(hours: np.ndarray, top: float, fading: float) -> np.ndarray:
    rise = np.clip(hours / 12.0, 0, 1) ** 1.5
    fall = np.exp(-np.clip(hours - 12.0, 0, None) / fading)
    return np.round(top * rise * fall, 2)
