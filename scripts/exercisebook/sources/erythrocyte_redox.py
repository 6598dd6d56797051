"""Chatzinikolaou and colleagues: redox state of red cells after an eccentric or a control bout.

Twenty young adults came twice. Blood was drawn before a bout that was eccentric, which brings
oxidative stress, or a control; 48 hours later before a test of exercise; and after that test.

Traps handled here: the source names the later draws after the arm that was tested, not after the
bout; it writes no unit; its ``lactate`` table holds the flux of glycolysis outside the body, and
no lactate of blood; which session came first is not written, so that what one session left for
the next cannot be checked. Red cells have no nucleus: an enzyme's activity here is no gene's
answer, and no feature has the id of a gene. The people's codes are made integers.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from exercisebook.cohort.frames import contrasts_frame, features_frame, measured_frame
from exercisebook.cohort.package import Cohort
from exercisebook.errors import Failure, listed
from exercisebook.sources.rfiles import read_r_objects

CONTROL, ECCENTRIC = "control", "eccentric"
ARMS = {"Control": CONTROL, "Oxidative stress": ECCENTRIC}
BASELINE, BEFORE, AFTER = "baseline", "pre-test", "post-test"
PHASES = {
    "Baseline": BASELINE,
    "Pre-arm": BEFORE,
    "Post-arm": AFTER,
    "Post-10'": "post-test 10 min",
    "Post-30'": "post-test 30 min",
}
PEOPLE = 20
HOURS_AFTER_BOUT = 48.0
UNIT = "as in the paper; not in the repository"

ENZYMES = {
    "hexokinase": "hexokinase",
    "pfk": "phosphofructokinase",
    "gapdh": "gapdh_activity",
    "g6pd": "g6pd_activity",
    "sod": "superoxide_dismutase",
    "cat": "catalase",
    "gpx": "glutathione_peroxidase",
    "gshreductase": "glutathione_reductase",
}
ANALYTES = {
    "BPG": "bisphosphoglycerate",
    "GSH": "glutathione",
    "f2iso": "f2_isoprostanes",
    "carbonyls": "protein_carbonyls",
    "vitC": "vitamin_c",
    "vitE": "vitamin_e",
    "nadh": "nadh",
    "nadph": "nadph",
    "ckinase": "creatine_kinase",
}
FRAGILITY = {"metHb": "methaemoglobin", "hemolysis": "haemolysis"}
FLUX = {"glycolysis_flux": "glycolysis_flux"}
"""Rate at which red cells give off lactate outside the body: no concentration of lactate."""

_TABLES = {
    "metabolic_tidy": ({**ENZYMES, **ANALYTES}, 3),
    "fragility_tidy": (FRAGILITY, 3),
    "lactate_dat_tidy": (FLUX, 5),
}
"""Object, its columns by our names, and how many times a person and bout it has."""

_KEY = ("ID", "condition", "timepoint")
_HOURS = {"post-test": 0.0, "post-test 10 min": 1 / 6, "post-test 30 min": 0.5}


def read_erythrocyte_redox(files: dict[str, Path]) -> Cohort:
    """Return the crossover of a control and an eccentric bout.

    Parameters
    ----------
    files : dict of str to Path
        ``tidyData.RData``.

    Returns
    -------
    Cohort
        20 people; arms ``control`` and ``eccentric``; phases ``baseline``, ``pre-test`` (48 h
        after the bout) and ``post-test``; glycolysis also 10 and 30 minutes later. Modalities
        enzyme and clinical, in units that the source does not write. ``eccentric-48h`` compares
        the bouts; the contrasts of the test are of the kind ``group``, since what a test does
        two days after another bout, or without a day of rest to compare with, answers no claim
        of one bout.

    Raises
    ------
    Failure
        If the file lacks a table, a column, a person or a time that was described, or holds a
        value that is none.
    """
    path = files["tidyData.RData"]
    objects = read_r_objects(path)
    tables = [_long(path, objects, name) for name in _TABLES]
    long = pd.concat(tables, ignore_index=True)
    enzyme = long["feature"].isin(list(ENZYMES.values()))
    return Cohort(
        "erythrocyte-redox",
        _subjects(path, objects),
        _samples(long),
        _features(),
        contrasts_frame(
            [
                ("eccentric-48h", "recovery", BEFORE, BASELINE, ECCENTRIC, CONTROL),
                ("eccentric-test", "group", AFTER, BEFORE, ECCENTRIC, CONTROL),
                ("control-test", "group", AFTER, BEFORE, CONTROL, CONTROL),
            ]
        ),
        {"enzyme": _measured(long[enzyme]), "clinical": _measured(long[~enzyme])},
        {
            "title": "Redox state of red cells after an eccentric bout",
            "licenses": [{"name": "CC-BY-4.0"}],
            "design": "Crossover; the data hold no period, so that carry-over from one session "
            "to the next cannot be checked.",
        },
    )


def _long(path: Path, objects: dict[str, Any], name: str) -> pd.DataFrame:
    """Return subject, arm, phase, feature, value of one table, whole and each value once."""
    features, times = _TABLES[name]
    raw = _frame(path, objects, name, (*_KEY, *features))
    table = raw.rename(columns=features)[[*_KEY, *features.values()]]
    table = pd.DataFrame(
        {
            "subject": _codes(path, name, table["ID"]),
            "arm": _known(path, name, table["condition"], ARMS),
            "phase": _known(path, name, table["timepoint"], dict(list(PHASES.items())[:times])),
            **{feature: table[feature].astype(float) for feature in features.values()},
        }
    )
    key = ["subject", "arm", "phase"]
    if table.duplicated(key).any() or len(table) != PEOPLE * len(ARMS) * times:
        raise Failure(
            f"{path.name}: {name}: {len(table)} rows; {PEOPLE} people, {len(ARMS)} bouts and "
            f"{times} times were expected, each once"
        )
    values = table[list(features.values())].to_numpy()
    bad = ~np.isnan(values) & ~((values >= 0) & np.isfinite(values))
    if bad.any():
        raise Failure(f"{path.name}: {name}: {listed(values[bad], 3)} where amounts were expected")
    return table.melt(key, var_name="feature", value_name="value")


def _frame(
    path: Path, objects: dict[str, Any], name: str, columns: tuple[str, ...]
) -> pd.DataFrame:
    if name not in objects:
        raise Failure(f"{path.name}: no table {name}; found {listed(sorted(objects))}")
    table = objects[name].rename(columns=str)
    absent = [column for column in columns if column not in table]
    if absent:
        raise Failure(f"{path.name}: {name}: no column {', '.join(absent)}")
    return table.reset_index(drop=True)


def _known(path: Path, name: str, column: pd.Series, names: dict[str, str]) -> pd.Series:
    found = column.astype(str)
    odd = sorted(set(found) ^ set(names))
    if odd:
        raise Failure(
            f"{path.name}: {name}, column {column.name}: {listed(odd)}: new or absent; known are "
            f"{[*names]}"
        )
    return found.map(names)


def _codes(path: Path, name: str, ids: pd.Series) -> pd.Series:
    """Return the people as integers from 1, in the order of the source's codes."""
    order = sorted(set(ids.astype(str)))
    if len(order) != PEOPLE:
        raise Failure(f"{path.name}: {name}: {len(order)} people; {PEOPLE} were expected")
    return ids.astype(str).map({code: str(k) for k, code in enumerate(order, start=1)})


def _subjects(path: Path, objects: dict[str, Any]) -> pd.DataFrame:
    people = _frame(path, objects, "demographics", ("ID", "Age"))
    table = pd.DataFrame(
        {
            "subject": _codes(path, "demographics", people["ID"]),
            "sex": "unknown",
            "age": people["Age"].astype(float),
        }
    )
    return table.sort_values("subject", key=lambda s: s.astype(int), ignore_index=True)


def _sample_id(table: pd.DataFrame) -> pd.Series:
    phase = table["phase"].str.replace(" ", "-", regex=False)
    return "S" + table["subject"].str.zfill(2) + "-" + table["arm"] + "-" + phase


def _samples(long: pd.DataFrame) -> pd.DataFrame:
    samples = long[["subject", "arm", "phase"]].drop_duplicates()
    rested = (samples["phase"] == BEFORE) & (samples["arm"] == ECCENTRIC)
    samples = samples.assign(
        sample_id=_sample_id(samples),
        day=np.where(samples["phase"] == BASELINE, 0.0, 2.0),
        time_h=np.nan,
        hours_since_bout=samples["phase"].map(_HOURS).mask(rested, HOURS_AFTER_BOUT),
        fasting="unknown",
        batch="unknown",
    )
    place = {phase: k for k, phase in enumerate(PHASES.values())}
    samples = samples.assign(
        person=samples["subject"].astype(int), place=samples["phase"].map(place)
    ).sort_values(["person", "arm", "place"])
    columns = ["sample_id", "subject", "arm", "phase", "day", "time_h", "hours_since_bout"]
    return samples[[*columns, "fasting", "batch"]].reset_index(drop=True)


def _features() -> pd.DataFrame:
    rows = [("enzyme", f, f, UNIT, np.nan) for f in ENZYMES.values()]
    others = [*ANALYTES.values(), *FRAGILITY.values(), *FLUX.values()]
    return features_frame(rows + [("clinical", f, f, UNIT, np.nan) for f in others])


def _measured(long: pd.DataFrame) -> pd.DataFrame:
    return measured_frame(_sample_id(long), long["feature"], long["value"])
