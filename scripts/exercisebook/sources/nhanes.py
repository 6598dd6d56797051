"""NHANES 2009-2012: habitual activity, resting pulse and blood of US adults, asked and bled once.

Two packagings of the survey are joined on its sequence number: one holds activity, pulse, weights
and the design of the survey, the other blood chemistry and the differential count.

Traps handled here: the resampled table is never read; one file writes the number 100000 as
"1e+05", so waves are selected before ids are parsed; its ``pulse`` is pulse *pressure*, so the
other file's is taken; cell columns are per cent of the white count, and are turned into counts;
bilirubin is *total* bilirubin; C-reactive protein is of the first cycle only, and not the
high-sensitivity assay; triglycerides come from people who may have eaten; two cycles pooled halve
the weights. PhenoAge and the other composite ages are not read: they contain what they would be
compared with.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from exercisebook.cohort.frames import contrasts_frame, features_frame, measured_frame
from exercisebook.cohort.package import Cohort
from exercisebook.errors import Failure
from exercisebook.sources.features import feature_table
from exercisebook.sources.rfiles import read_r_frame

ACTIVE, INACTIVE = "active", "inactive"
_WAVES = {6.0: "2009-2010", 7.0: "2011-2012"}
_ADULT_AGE = 20
_BILIRUBIN_UMOL_PER_MG_DL = 17.104
_TRIGLYCERIDE_MMOL_PER_MG_DL = 0.01129
_CRP_MG_L_PER_MG_DL = 10.0
_PERCENT = {"neut": "neutrophils", "lymph": "lymphocytes", "monopa": "monocytes"}
_SURVEY_COLUMNS = (
    "ID",
    "Gender",
    "Age",
    "Race1",
    "Education",
    "Poverty",
    "PhysActive",
    "Smoke100",
    "SmokeNow",
    "BMI",
    "Height",
    "Pulse",
    "WTMEC2YR",
    "SDMVSTRA",
    "SDMVPSU",
)
_BLOOD_COLUMNS = ("sampleID", "wave", "age", "wbc", *_PERCENT, "ttbl", "ggt", "trig", "crp")
_CLINICAL = (
    "total_bilirubin",
    "ggt",
    "triglycerides",
    "crp",
    "body_mass_index",
    "resting_pulse",
    "height",
)
_BLOOD_COUNT = ("leukocytes", "neutrophils", "lymphocytes", "monocytes")


def read_nhanes(files: dict[str, Path]) -> Cohort:
    """Return the adults of NHANES 2009-2012.

    Parameters
    ----------
    files : dict of str to Path
        ``NHANESraw.rda`` and ``NHANES4.rda``.

    Returns
    -------
    Cohort
        11,778 subjects with survey weight (halved, for two cycles pooled), stratum and primary
        sampling unit, schooling and the ratio of income to the poverty line (missing where it was
        not told), one sample each; arms ``active`` and ``inactive`` by answer; clinical values
        in SI units and counts in 10^9/L.

    Raises
    ------
    Failure
        If a column is absent, or the two files do not join one to one, or disagree on age.
    """
    survey = read_r_frame(files["NHANESraw.rda"])
    blood = read_r_frame(files["NHANES4.rda"])
    _expect("NHANESraw.rda", survey, _SURVEY_COLUMNS)
    _expect("NHANES4.rda", blood, _BLOOD_COLUMNS)
    adults = _join(survey, blood)
    sample_id = "N" + adults["ID"].astype(str)
    values = _values(adults)
    return Cohort(
        "nhanes",
        _subjects(adults),
        _samples(adults, sample_id),
        _features(),
        _contrasts(),
        {
            "clinical": _measured(values, sample_id, _CLINICAL),
            "blood_count": _measured(values, sample_id, _BLOOD_COUNT),
        },
        {"title": "NHANES 2009-2012", "licenses": [{"name": "US public domain"}]},
    )


def _join(survey: pd.DataFrame, blood: pd.DataFrame) -> pd.DataFrame:
    blood = blood[blood["wave"].isin(list(_WAVES))]
    number = blood["sampleID"].str.split("_").str[1].astype(int)
    blood = blood.assign(ID=number).add_suffix("_blood").rename(columns={"ID_blood": "ID"})
    survey = survey.astype({"ID": int})
    if survey["ID"].duplicated().any() or blood["ID"].duplicated().any():
        raise Failure("NHANES: a sequence number is repeated, so the files do not join one to one")
    joined = survey.merge(blood, on="ID", validate="one_to_one")
    adults = joined[joined["Age"] >= _ADULT_AGE]
    if (adults["Age"] != adults["age_blood"]).any():
        raise Failure("NHANES: the two files disagree on age, so they are not the same people")
    return adults.reset_index(drop=True)


def _subjects(adults: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "subject": adults["ID"].astype(str),
            "sex": adults["Gender"].astype(str),
            "age": adults["Age"].astype(float),
            "survey_weight": adults["WTMEC2YR"].astype(float) / len(_WAVES),
            "stratum": adults["SDMVSTRA"].astype(float),
            "psu": adults["SDMVPSU"].astype(float),
            "cycle": adults["wave_blood"].map(_WAVES),
            "smoking": _smoking(adults),
            "ethnicity": adults["Race1"].astype(str),
            "education": adults["Education"]
            .astype(object)
            .where(adults["Education"].notna(), "unknown"),
            "income_to_poverty": adults["Poverty"].astype(float),
        }
    )


def _smoking(adults: pd.DataFrame) -> pd.Series:
    ever, now = adults["Smoke100"].astype(str), adults["SmokeNow"].astype(str)
    cases = [ever == "No", now == "Yes", (ever == "Yes") & (now == "No")]
    return pd.Series(np.select(cases, ["never", "current", "former"], "unknown"))


def _samples(adults: pd.DataFrame, sample_id: pd.Series) -> pd.DataFrame:
    arm = adults["PhysActive"].astype(str).map({"Yes": ACTIVE, "No": INACTIVE})
    if arm.isna().any():
        raise Failure("NHANES: PhysActive holds an answer other than Yes and No")
    return pd.DataFrame(
        {
            "sample_id": sample_id,
            "subject": adults["ID"].astype(str),
            "arm": arm,
            "phase": "survey",
            "day": np.nan,
            "time_h": np.nan,
            "hours_since_bout": np.nan,
            "fasting": "unknown",
            "batch": adults["wave_blood"].map(_WAVES),
        }
    )


def _values(adults: pd.DataFrame) -> pd.DataFrame:
    white = adults["wbc_blood"]
    counts = {name: white * adults[f"{column}_blood"] / 100 for column, name in _PERCENT.items()}
    clinical = {
        "total_bilirubin": adults["ttbl_blood"] * _BILIRUBIN_UMOL_PER_MG_DL,
        "ggt": adults["ggt_blood"],
        "triglycerides": adults["trig_blood"] * _TRIGLYCERIDE_MMOL_PER_MG_DL,
        "crp": adults["crp_blood"] * _CRP_MG_L_PER_MG_DL,
        "body_mass_index": adults["BMI"],
        "resting_pulse": adults["Pulse"],
        "height": adults["Height"],
    }
    return pd.DataFrame({**clinical, "leukocytes": white, **counts}).astype(float)


def _measured(
    values: pd.DataFrame, sample_id: pd.Series, features: tuple[str, ...]
) -> pd.DataFrame:
    long = values[list(features)].assign(sample_id=sample_id)
    long = long.melt("sample_id", var_name="feature", value_name="value")
    return measured_frame(long["sample_id"], long["feature"], long["value"])


def _features() -> pd.DataFrame:
    units = feature_table()["unit"]
    rows = [("clinical", f, f, units[f], np.nan) for f in _CLINICAL]
    rows += [("blood_count", f, f, units[f], np.nan) for f in _BLOOD_COUNT]
    return features_frame(rows)


def _contrasts() -> pd.DataFrame:
    row = ("active-inactive", "association", "survey", "survey", ACTIVE, INACTIVE)
    return contrasts_frame([row])


def _expect(file: str, table: pd.DataFrame, columns: tuple[str, ...]) -> None:
    absent = [column for column in columns if column not in table]
    if absent:
        raise Failure(f"{file}: no column {', '.join(absent)}")
