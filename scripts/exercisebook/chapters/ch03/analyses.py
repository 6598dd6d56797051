"""What open data say on remodelled immunity: one function a table, from cohort to tidy frame.

None of these data sets trained anybody: one holds a bout and the day after it, one what people
say they do, one cells in a dish. No table here answers a claim of training.
"""

from typing import Any

import numpy as np
import pandas as pd

from exercisebook.chapters.activity import activity_effects, activity_row
from exercisebook.chapters.ch01.analyses import mornings
from exercisebook.chapters.ch02.analyses import against_rest
from exercisebook.chapters.chapter import Chapter
from exercisebook.chapters.chosen import chosen_effects
from exercisebook.chapters.results import Analysis
from exercisebook.cohort.package import Cohort
from exercisebook.sources.grinta import ARMS, REST
from exercisebook.sources.kang_pbmc import CONTRAST
from exercisebook.stats.cohort_effects import cohort_assay, cohort_effects, key_of
from exercisebook.stats.methods import contrast_effects
from exercisebook.stats.schemas import as_effects

DAY_AFTER = "24h"

CELLS = ("neutrophils", "lymphocytes", "leukocytes")

UNADJUSTED = "unadjusted"
PERSON = "+ age, sex, ethnicity"
SOCIAL = "+ schooling, income, smoking"
WITH_BMI = "+ body mass index"

BLOCKS: dict[str, tuple[str, ...]] = {
    UNADJUSTED: (),
    PERSON: ("person",),
    SOCIAL: ("person", "social"),
    WITH_BMI: ("person", "social", "body_mass_index"),
}
"""Adjustments in the order in which they grow; the third is what the graph asks for."""

RATIOS = {
    "neutrophils": "10^9/L",
    "lymphocytes": "10^9/L",
    "neutrophil_share": "%",
    "lymphocyte_share": "%",
    "neutrophil_lymphocyte_ratio": "none",
}
"""White cells as numbers, as shares of all, and one over the other; compared as ratios."""

MARKERS = {
    "total_bilirubin": "log2_ratio",
    "ggt": "log2_ratio",
    "triglycerides": "log2_ratio",
    "crp": "log2_ratio",
    "body_mass_index": "difference",
    "resting_pulse": "difference",
}
"""Resting markers that the survey holds, and how they are compared."""

CONTROL = "height"
"""An outcome that no activity can change: the negative control."""


def residue(cohort: Cohort, parameters: Any) -> pd.DataFrame:
    """Return Effects of each exercise day a day later, against rest, in 10^9 cells a litre."""
    contrasts = [cohort.contrast(f"{arm}-{DAY_AFTER}") for arm in ARMS if arm != REST]
    assay = cohort_assay(cohort, "blood_count", "difference")
    effects = contrast_effects(
        assay, contrasts, stratum="difference", **key_of(cohort, "blood_count")
    )
    return as_effects(effects[effects["feature"].isin(CELLS)].reset_index(drop=True))


def white_cells(cohort: Cohort, parameters: Any) -> pd.DataFrame:
    """Return Effects of being active on white cells as numbers and as shares, and on height."""
    people = _people(cohort)
    counts = people[["neutrophils", "lymphocytes", "leukocytes"]]
    shares = {
        "neutrophils": counts["neutrophils"],
        "lymphocytes": counts["lymphocytes"],
        "neutrophil_share": 100 * counts["neutrophils"] / counts["leukocytes"],
        "lymphocyte_share": 100 * counts["lymphocytes"] / counts["leukocytes"],
        "neutrophil_lymphocyte_ratio": counts["neutrophils"] / counts["lymphocytes"],
    }
    outcomes = {name: (_log2(shares[name]), "log2_ratio", unit) for name, unit in RATIOS.items()}
    outcomes[CONTROL] = (people["height"], "difference", "cm")
    return _associations(people, outcomes, "blood_count")


def resting_markers(cohort: Cohort, parameters: Any) -> pd.DataFrame:
    """Return Effects of being active on the resting markers that the survey holds."""
    people = _people(cohort)
    units = cohort.features.set_index("feature")["unit"]
    outcomes = {
        name: (_log2(people[name]) if scale == "log2_ratio" else people[name], scale, units[name])
        for name, scale in MARKERS.items()
    }
    return _associations(people, outcomes, "clinical")


def interferon_shares(cohort: Cohort, parameters: Any) -> pd.DataFrame:
    """Return effects of interferon-beta in a dish on the shares of cell types of eight donors.

    Types of a dish have no canonical id, and without that column they enter no ledger.
    """
    effects = cohort_effects(cohort, "cells", [cohort.contrast(CONTRAST)], method="composition")
    return effects.drop(columns="canonical_id")


ANALYSES = {
    analysis.name: analysis
    for analysis in (
        Analysis("mornings", "grinta", mornings),
        Analysis("acute_against_rest", "grinta", against_rest, ("arm",)),
        Analysis("residue", "grinta", residue),
        Analysis("resting_markers", "nhanes", resting_markers),
        Analysis("white_cells", "nhanes", white_cells),
        Analysis("interferon_shares", "kang-pbmc", interferon_shares),
    )
}


def claim_effects(chapter: Chapter) -> pd.DataFrame:
    """Return the effects that were chosen beforehand to stand beside this chapter's claims.

    Two statements say "associated", and meet the survey's association, adjusted for what the
    graph asks for. The survey asked what people usually do, and trained nobody, so even these
    are shown and never counted.
    """
    return chosen_effects(chapter, {"nhanes": _of_the_survey})


def _of_the_survey(chapter: Chapter) -> pd.DataFrame:
    table = chapter["resting_markers"]
    own = table["feature"].isin(("body_mass_index", "resting_pulse"))
    return as_effects(table[own & (table["stratum"] == SOCIAL)].reset_index(drop=True))


def _log2(values: pd.Series) -> pd.Series:
    return np.log2(values.where(values > 0))


def _people(cohort: Cohort) -> pd.DataFrame:
    """Return one row a person: what is known of him or her, and every measurement."""
    wide = [
        cohort.long(modality).pivot(index="subject", columns="feature", values="value")
        for modality in ("clinical", "blood_count")
    ]
    people = cohort.subjects.set_index("subject").join(wide)
    people["active"] = cohort.samples.set_index("subject")["arm"].eq("active").astype(float)
    return people


def _associations(
    people: pd.DataFrame, outcomes: dict[str, tuple[pd.Series, str, str]], modality: str
) -> pd.DataFrame:
    rows = []
    for feature, (outcome, scale, unit) in outcomes.items():
        for stratum, blocks in BLOCKS.items():
            if feature == "body_mass_index" and "body_mass_index" in blocks:
                continue
            # everyone that the fullest adjustment knows, so that only the adjustment differs
            known = outcome.where(
                people[["body_mass_index", "income_to_poverty"]].notna().all(axis=1)
            )
            told = {"feature": feature, "stratum": stratum, "effect_scale": scale, "unit": unit}
            rows.append(
                activity_row(known, _varying(_covariates(people, blocks), known), people, **told)
            )
    return activity_effects(rows, modality)


def _covariates(people: pd.DataFrame, blocks: tuple[str, ...]) -> pd.DataFrame:
    """Return the design matrix of an adjustment; age enters as a cubic, income as a line."""
    x = pd.DataFrame({"constant": 1.0, "active": people["active"]}, index=people.index)
    if "person" in blocks:
        decades = (people["age"] - 50) / 10
        x = x.assign(age=decades, age2=decades**2, age3=decades**3)
        x["male"] = people["sex"].eq("male").astype(float)
        x["second_cycle"] = people["cycle"].eq("2011-2012").astype(float)
        x = x.join(_levels(people, "ethnicity"))
    if "social" in blocks:
        x = x.join(_levels(people, "education")).join(_levels(people, "smoking"))
        x["income"] = people["income_to_poverty"]
    if "body_mass_index" in blocks:
        x["body_mass_index"] = people["body_mass_index"]
    return x


def _varying(x: pd.DataFrame, outcome: pd.Series) -> pd.DataFrame:
    """Return the columns that vary where there is an outcome: one cycle alone has no cycles."""
    alike = x[outcome.notna()].nunique() == 1
    return x.loc[:, ~alike | (x.columns == "constant")]


def _levels(people: pd.DataFrame, name: str) -> pd.DataFrame:
    return pd.get_dummies(people[name], prefix=name, drop_first=True, dtype=float)
