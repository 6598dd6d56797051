"""GRINTA: blood of fifteen cyclists over one day, at rest and after four kinds of exercise.

The rest day has eight blood draws, as the exercise days have, and the hour from t = 0 is the
exercise. The source holds two files: counts and serum cytokines (``data_immune.rda``), and flow
cytometry of natural killer cells (``data_nk.rda``).

Traps handled here: replicate rows (averaged), missing concentrations that may be non-detects
(two readings), three platelet counts in another unit (excluded), counts rounded to 0.1 so that
small ones are 0, the session that the authors call invalid, and the dates, laboratory staff and
instrument names, which are not carried over.
The dates give the order of a man's sessions, which the authors' tables do not state; only that
order and the days between sessions are kept.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from exercisebook.cohort.frames import contrasts_frame, features_frame, measured_frame
from exercisebook.cohort.package import Cohort
from exercisebook.errors import Failure
from exercisebook.sources.features import feature_table
from exercisebook.sources.rfiles import read_r_frame

ARMS = {
    "P1": "rest",
    "P2": "70 % Wmax",
    "P3": "70 % Wmax, mildly dehydrated",
    "P4": "50 % Wmax",
    "P5": "85/55 % Wmax intervals",
}
REST = "P1"
EXERCISE_HOURS = 1.0
HOURS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 6.0, 24.0)
NK_HOURS = (0.0, 1.0, 1.5, 3.0)
COUNTS = {
    "LEUCO": "leukocytes",
    "NEUTRO_ABS": "neutrophils",
    "LYMFO_ABS_CORR": "lymphocytes",
    "MONO_ABS": "monocytes",
    "EOS_ABS": "eosinophils",
    "BASO_ABS": "basophils",
    "TROMBO": "platelets",
}
CYTOKINES = {
    "il6": "il6",
    "il10": "il10",
    "tnf": "tnf",
    "mcp1": "ccl2",
    "ip10": "cxcl10",
    "ifny": "ifng",
    "gcsf": "csf3",
    "mif": "mif",
}
NK_SHARES = {"PercTotalNK": "nk_cells", "PercCD16b/CD56dNK": "nk_cd56dim"}
LEAST_PLATELETS = 20.0
"""In 10^9/L. Three counts of one man lie below 1, written in another unit; they are excluded."""

INVALID_NK_SESSION = ("2", "P4")
"""Subject and arm that the authors' notebook calls invalid."""


def read_grinta(files: dict[str, Path]) -> Cohort:
    """Return the GRINTA cohort, absent concentrations read as missing.

    Parameters
    ----------
    files : dict of str to Path
        ``data_immune.rda`` and ``data_nk.rda``.

    Returns
    -------
    Cohort
        15 subjects; arms P1 (rest) to P5; phases ``0h`` to ``24h``; blood_count (10^9/L),
        cytokines (presumably pg/mL) and cells (fractions, from flow cytometry).

    Raises
    ------
    Failure
        If a file does not hold the columns, arms or times that were described.
    """
    immune = _immune(files["data_immune.rda"])
    nk = _natural_killer(files["data_nk.rda"])
    samples = _samples(immune, nk)
    measurements = {
        "blood_count": _measured(immune, COUNTS),
        "cytokines": _measured(immune, CYTOKINES),
        "cells": _measured_nk(nk),
    }
    subjects = pd.DataFrame({"subject": _in_order(samples["subject"])})
    subjects = subjects.assign(sex="male", age=np.nan)
    return Cohort(
        "grinta",
        subjects,
        samples,
        _features(),
        _contrasts(samples),
        measurements,
        {"title": "GRINTA", "licenses": [{"name": "CC-BY-4.0"}]},
    )


def absent_as_below_detection(cohort: Cohort) -> Cohort:
    """Return the cohort with absent cytokines read as below detection.

    The source gives no limits; each cytokine's is taken to be the lowest concentration of it in
    the whole file, an assumption. A sample without a single cytokine was not assayed, and stays
    missing. Nothing but cytokines changes.
    """
    table = cohort.measurements["cytokines"]
    lowest = table.groupby("feature")["value"].min()
    assayed = table["value"].notna().groupby(table["sample_id"]).transform("any")
    absent = (table["status"] == "missing") & assayed
    read = table.assign(
        value=table["value"].where(~absent, table["feature"].map(lowest)),
        status=table["status"].where(~absent, "below_detection"),
    )
    is_cytokine = cohort.features["modality"] == "cytokines"
    limit = cohort.features["feature"].map(lowest).where(is_cytokine)
    return replace(
        cohort,
        features=cohort.features.assign(detection_limit=limit),
        measurements={**cohort.measurements, "cytokines": read},
    )


def _immune(path: Path) -> pd.DataFrame:
    """Return subject, arm, time_h, analyte, value; one row a key."""
    raw = read_r_frame(path, "data_immune")
    _expect(path, raw, ["subject", "protocol", "time", "analyte", "concentration"])
    table = pd.DataFrame(
        {
            "subject": raw["subject"].astype(str),
            "arm": raw["protocol"].astype(str),
            "time_h": raw["time"].astype(str).astype(float),
            "analyte": raw["analyte"].astype(str),
            "value": raw["concentration"].astype(float),
        }
    )
    _expect_values(path, table["analyte"], [*COUNTS, *CYTOKINES])
    _expect_values(path, table["arm"], ARMS)
    _expect_values(path, table["time_h"], HOURS)
    # two tubes of one draw: their mean stands for the draw
    keys = ["subject", "arm", "time_h", "analyte"]
    return table.groupby(keys, as_index=False, sort=False)["value"].mean()


def _natural_killer(path: Path) -> pd.DataFrame:
    """Return subject, arm, time_h, session day, and the shares; dates and names are dropped."""
    raw = read_r_frame(path, "data_nk")
    _expect(path, raw, ["Subject", "Protocol", "Time", "DateSampling", *NK_SHARES])
    table = pd.DataFrame(
        {
            "subject": raw["Subject"].astype(int).astype(str),
            "arm": raw["Protocol"].astype(str),
            "time_h": raw["Time"].astype(float) / 60,
        }
    )
    _expect_values(path, table["arm"], ARMS)
    _expect_values(path, table["time_h"], NK_HOURS)
    seconds = raw["DateSampling"].astype(float)
    first = seconds.groupby(table["subject"]).transform("min")
    table["day"] = ((seconds - first) / 86_400).round()
    for column, name in NK_SHARES.items():
        table[name] = _fraction(raw[column])
    return table


def _fraction(column: pd.Series) -> pd.Series:
    """Return fractions from numbers, or from text with decimal commas and per cent signs."""
    if pd.api.types.is_numeric_dtype(column):
        return column.astype(float)
    text = column.astype("string").str.strip().str.replace(",", ".", regex=False)
    percent = text.str.endswith("%").fillna(False)
    numbers = pd.to_numeric(text.str.rstrip("% "), errors="coerce").astype(float)
    return numbers.where(~percent, numbers / 100)


def _samples(immune: pd.DataFrame, nk: pd.DataFrame) -> pd.DataFrame:
    times = pd.concat([immune, nk])[["subject", "arm", "time_h"]].drop_duplicates()
    day = nk.groupby(["subject", "arm"])["day"].first().rename("session_day")
    samples = times.merge(day, on=["subject", "arm"], how="left")
    bout_end = samples["time_h"] - EXERCISE_HOURS
    exercised = (samples["arm"] != REST) & (bout_end >= 0)
    samples = samples.assign(
        sample_id=_sample_id(samples),
        phase=_phase(samples["time_h"]),
        day=samples["session_day"] + samples["time_h"] // 24,
        hours_since_bout=bout_end.where(exercised),
        fasting="unknown",
        batch=samples["arm"],
        session=samples.groupby("subject")["session_day"].rank("dense"),
    )
    order = [_in_order(samples["subject"]).index(s) for s in samples["subject"]]
    samples = samples.assign(order=order).sort_values(["order", "arm", "time_h"])
    columns = ["sample_id", "subject", "arm", "phase", "day", "time_h", "hours_since_bout"]
    return samples[[*columns, "fasting", "batch", "session"]].reset_index(drop=True)


def _sample_id(table: pd.DataFrame) -> pd.Series:
    # the source's own ids repeat between subjects
    return "S" + table["subject"].str.zfill(2) + "-" + table["arm"] + "-" + _phase(table["time_h"])


def _phase(time_h: pd.Series) -> pd.Series:
    return time_h.map(lambda hours: f"{hours:g}h")


def _in_order(subjects: pd.Series) -> list[str]:
    return sorted(set(subjects), key=int)


def _features() -> pd.DataFrame:
    units = feature_table()["unit"]
    rows = [("blood_count", f, f, units[f], np.nan) for f in COUNTS.values()]
    rows += [("cytokines", f, f, "pg/mL (presumed)", np.nan) for f in CYTOKINES.values()]
    rows += [("cells", f, f, "fraction", np.nan) for f in NK_SHARES.values()]
    return features_frame(rows)


def _measured(immune: pd.DataFrame, names: dict[str, str]) -> pd.DataFrame:
    table = immune[immune["analyte"].isin(list(names))]
    feature = table["analyte"].map(names)
    measured = measured_frame(_sample_id(table), feature, table["value"])
    impossible = measured["feature"].eq("platelets") & measured["value"].lt(LEAST_PLATELETS)
    return measured.assign(status=measured["status"].mask(impossible, "excluded"))


def _measured_nk(nk: pd.DataFrame) -> pd.DataFrame:
    nk = nk.assign(sample_id=_sample_id(nk))
    long = nk.melt(["sample_id", "subject", "arm"], list(NK_SHARES.values()), "feature", "value")
    subject, arm = INVALID_NK_SESSION
    invalid = (long["subject"] == subject) & (long["arm"] == arm)
    status = np.where(invalid, "excluded", np.where(long["value"].isna(), "missing", "ok"))
    return long.assign(status=status)[["sample_id", "feature", "value", "status"]]


def _contrasts(samples: pd.DataFrame) -> pd.DataFrame:
    """Return later draws against the first: each exercise arm against rest, rest by itself."""
    hours = sorted(set(samples["time_h"]) - {0.0})
    rows = []
    for arm in ARMS:
        against = REST if arm != REST else arm
        for hour in hours:
            kind = "acute" if hour <= EXERCISE_HOURS else "recovery"
            # the rest day alone answers no claim about a bout
            kind = "group" if arm == REST else kind
            rows.append((f"{arm}-{hour:g}h", kind, f"{hour:g}h", "0h", arm, against))
    return contrasts_frame(rows)


def _expect(path: Path, table: pd.DataFrame, columns: list[str]) -> None:
    absent = [column for column in columns if column not in table]
    if absent:
        raise Failure(f"{path.name}: no column {', '.join(absent)}; found {list(table.columns)}")


def _expect_values(path: Path, column: pd.Series, known: Iterable[object]) -> None:
    odd = set(column) ^ set(known)
    if odd:
        listed = ", ".join(sorted(map(str, odd)))
        raise Failure(f"{path.name}: {column.name} {listed}: new or absent; known are {[*known]}")
