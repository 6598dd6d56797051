"""What open data say on cohort design: one function a table, from cohort to tidy frame."""

import numpy as np
import pandas as pd
from pydantic import BaseModel

from exercisebook.chapters.activity import activity_effects, activity_row
from exercisebook.chapters.results import Analysis
from exercisebook.cohort.package import Cohort
from exercisebook.stats.cohort_effects import cohort_effects, contrast_differences, within_arm
from exercisebook.stats.reference_change import reference_change
from exercisebook.stats.responders import response_spread
from exercisebook.stats.schemas import EFFECTS
from exercisebook.stats.variance_components import variance_components

COUNTS = ("neutrophils", "lymphocytes", "monocytes", "leukocytes")

ARM, REST = "P2", "P1"

HOURS = ("0.5h", "1h", "1.5h", "2h", "3h", "6h", "24h")

INDIVIDUAL_HOUR = "3h"
"""Where the individual and the group are compared: lymphocytes three hours after the start."""

ADJUSTMENTS = {
    "unadjusted": [],
    "+ age, sex, cycle": ["demographic"],
    "+ ethnicity, smoking": ["demographic", "social"],
    "+ body mass index": ["demographic", "social", "body_mass_index"],
}


def mornings(cohort: Cohort, parameters: BaseModel) -> pd.DataFrame:
    """Return variance components of the draws before any exercise, on up to five days a man."""
    tables = []
    for modality in ("blood_count", "cytokines"):
        long = cohort.long(modality)
        seen = long["status"].eq("ok") & long["feature"].ne("basophils")
        first = long[seen & (long["phase"] == "0h")]
        tables.append(variance_components(first).assign(modality=modality))
    whole = pd.concat(tables, ignore_index=True)
    # only what was found in every man on four days of five
    men = cohort.subjects["subject"].nunique()
    kept = whole[(whole["n_subjects"] == men) & (whole["n_observations"] >= 4 * men)]
    return kept.reset_index(drop=True)


def rest_day(cohort: Cohort, parameters: BaseModel) -> pd.DataFrame:
    """Return Effects of the hours alone: the rest day against its own first draw."""
    contrasts = [cohort.contrast(f"{REST}-{hour}") for hour in HOURS]
    return _counts_only(cohort_effects(cohort, "blood_count", contrasts))


def before_after(cohort: Cohort, parameters: BaseModel) -> pd.DataFrame:
    """Return Effects of the exercise day against its own first draw, as one arm would."""
    contrasts = [within_arm(cohort.contrast(f"{ARM}-{hour}")) for hour in HOURS]
    return _counts_only(cohort_effects(cohort, "blood_count", contrasts))


def against_rest_day(cohort: Cohort, parameters: BaseModel) -> pd.DataFrame:
    """Return Effects of the exercise day against the same hours of the rest day."""
    contrasts = [cohort.contrast(f"{ARM}-{hour}") for hour in HOURS]
    return _counts_only(cohort_effects(cohort, "blood_count", contrasts))


def individuals(cohort: Cohort, parameters: BaseModel) -> pd.DataFrame:
    """Return how many men changed by more than their own usual, beside the mean change."""
    cv_within = mornings(cohort, parameters).set_index("feature")["cv_within"]
    rows = []
    for hour in HOURS:
        contrast = within_arm(cohort.contrast(f"{ARM}-{hour}"))
        change = contrast_differences(cohort, "blood_count", contrast).values
        for feature in COUNTS:
            fall, rise = np.log2(reference_change(cv_within[feature]))
            own = change[feature].dropna()
            rows.append(
                (feature, hour, len(own), 2**fall, 2**rise, (own < fall).sum(), (own > rise).sum())
            )
    columns = ["feature", "phase", "n_subjects", "fall", "rise", "n_below", "n_above"]
    return pd.DataFrame(rows, columns=columns)


def response_spreads(cohort: Cohort, parameters: BaseModel) -> pd.DataFrame:
    """Return the spread of true responses of the counts, three hours and a day after the start."""
    rows = []
    for hour in ("3h", "24h"):
        bout, rest = (
            contrast_differences(
                cohort, "blood_count", within_arm(cohort.contrast(f"{arm}-{hour}"))
            ).values
            for arm in (ARM, REST)
        )
        for feature in COUNTS:
            both = pd.concat([bout[feature], rest[feature]], axis=1).to_numpy()
            spread = response_spread(both[:, 0], both[:, 1])
            rows.append({"feature": feature, "phase": hour, **vars(spread)})
    return pd.DataFrame(rows)


def sessions(cohort: Cohort, parameters: BaseModel) -> pd.DataFrame:
    """Return, for each arm, in how many men it was the first session, and its mean place."""
    days = cohort.samples.drop_duplicates(["subject", "arm"])
    place = days.groupby("arm")["session"]
    return pd.DataFrame(
        {
            "n_subjects": place.count(),
            "n_first": place.agg(lambda s: int((s == 1).sum())),
            "mean_place": place.mean(),
        }
    ).reset_index()


def habitual_activity(cohort: Cohort, parameters: BaseModel) -> pd.DataFrame:
    """Return Effects of being active on total bilirubin, and on height as a negative control."""
    clinical = cohort.long("clinical").pivot(index="subject", columns="feature", values="value")
    people = cohort.subjects.set_index("subject").join(clinical)
    people["active"] = cohort.samples.set_index("subject")["arm"].eq("active").astype(float)
    outcomes = {
        "total_bilirubin": (
            np.log2(people["total_bilirubin"].where(people["total_bilirubin"] > 0)),
            "log2_ratio",
            "µmol/L",
        ),
        "height": (people["height"], "difference", "cm"),
    }
    rows = []
    for feature, (outcome, scale, unit) in outcomes.items():
        for stratum, blocks in ADJUSTMENTS.items():
            told = {"feature": feature, "stratum": stratum, "effect_scale": scale, "unit": unit}
            rows.append(activity_row(outcome, _covariates(people, blocks), people, **told))
    return activity_effects(rows, "clinical")


def training_dose(cohort: Cohort, parameters: BaseModel) -> pd.DataFrame:
    """Return Effects of twelve weeks of training on maximal oxygen uptake, with no control."""
    contrasts = [cohort.contrast(name) for name in cohort.contrasts["contrast"]]
    return cohort_effects(cohort, "clinical", contrasts)


ANALYSES = {
    analysis.name: analysis
    for analysis in (
        Analysis("mornings", "grinta", mornings),
        Analysis("rest_day", "grinta", rest_day),
        Analysis("before_after", "grinta", before_after),
        Analysis("against_rest_day", "grinta", against_rest_day),
        Analysis("individuals", "grinta", individuals),
        Analysis("response_spreads", "grinta", response_spreads),
        Analysis("sessions", "grinta", sessions),
        Analysis("habitual_activity", "nhanes", habitual_activity),
        Analysis("training_dose", "cycling-training", training_dose),
    )
}


def _counts_only(effects: pd.DataFrame) -> pd.DataFrame:
    return EFFECTS.validate(effects[effects["feature"].isin(COUNTS)].reset_index(drop=True))


def _covariates(people: pd.DataFrame, blocks: list[str]) -> pd.DataFrame:
    """Return the design matrix of an adjustment; age enters as a cubic."""
    x = pd.DataFrame({"constant": 1.0, "active": people["active"]}, index=people.index)
    if "demographic" in blocks:
        decades = (people["age"] - 50) / 10
        x = x.assign(age=decades, age2=decades**2, age3=decades**3)
        x["male"] = people["sex"].eq("male").astype(float)
        x["second_cycle"] = people["cycle"].eq("2011-2012").astype(float)
    if "social" in blocks:
        for name in ("ethnicity", "smoking"):
            levels = pd.get_dummies(people[name], prefix=name, drop_first=True, dtype=float)
            x = x.join(levels)
    if "body_mass_index" in blocks:
        x["body_mass_index"] = people["body_mass_index"]
    return x
