"""Twenty cyclists over twelve weeks of interval training, tested four times.

All three groups trained, in different order, so the data hold no control. There is no blood in
them, and the hours since the last session are not written.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from exercisebook.cohort.frames import contrasts_frame, features_frame, measured_frame
from exercisebook.cohort.package import Cohort
from exercisebook.errors import Failure
from exercisebook.sources.features import feature_table
from exercisebook.sources.rfiles import read_r_frame

PHASES = {"pre": "before", "meso1": "week 4", "meso2": "week 8", "meso3": "week 12"}
FEATURES = {"VO2.max": "vo2max", "weight.T1": "body_mass"}
ARM = "interval training"


def read_cycling_training(files: dict[str, Path]) -> Cohort:
    """Return the cohort of the cycling study.

    Parameters
    ----------
    files : dict of str to Path
        ``cyclingstudy.rda``.

    Returns
    -------
    Cohort
        20 subjects in one arm; phases before, week 4, week 8, week 12; clinical: maximal oxygen
        uptake (mL/min) and body mass (kg).

    Raises
    ------
    Failure
        If a column or a time point is not as described.
    """
    raw = read_r_frame(files["cyclingstudy.rda"])
    absent = [c for c in ("subject", "timepoint", "group", *FEATURES) if c not in raw]
    if absent or set(raw["timepoint"]) != set(PHASES):
        raise Failure(f"cyclingstudy.rda: no {absent or 'known time points'}")
    table = raw.assign(
        subject=raw["subject"].astype(int).astype(str),
        phase=raw["timepoint"].map(PHASES).astype(str),
        week=raw["timepoint"].map(dict(zip(PHASES, (0.0, 4.0, 8.0, 12.0), strict=True))),
    ).sort_values(["week", "subject"])
    table["sample_id"] = (
        "C" + table["subject"].str.zfill(2) + "-" + table["phase"].str.replace(" ", "-")
    )
    long = table.melt("sample_id", list(FEATURES), "feature", "value")
    clinical = measured_frame(long["sample_id"], long["feature"].map(FEATURES), long["value"])
    people = table.drop_duplicates("subject")[["subject", "group"]].reset_index(drop=True)
    people = people.astype({"group": object})
    return Cohort(
        "cycling-training",
        people.assign(sex="unknown", age=np.nan)[["subject", "sex", "age", "group"]],
        _samples(table),
        _features(),
        _contrasts(),
        {"clinical": clinical},
        {"title": "Cycling training", "licenses": [{"name": "CC0-1.0"}]},
    )


def _samples(table: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "sample_id": table["sample_id"],
            "subject": table["subject"],
            "arm": ARM,
            "phase": table["phase"],
            "day": table["week"] * 7,
            "time_h": np.nan,
            "hours_since_bout": np.nan,
            "fasting": "unknown",
            "batch": "unknown",
        }
    ).reset_index(drop=True)


def _features() -> pd.DataFrame:
    units = feature_table()["unit"]
    rows = [("clinical", f, f, units[f], np.nan) for f in FEATURES.values()]
    return features_frame(rows)


def _contrasts() -> pd.DataFrame:
    before, *later = PHASES.values()
    rows = [(phase, "training", phase, before, ARM, ARM) for phase in later]
    return contrasts_frame(rows)
