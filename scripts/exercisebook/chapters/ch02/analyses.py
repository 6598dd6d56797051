"""What open data say on the acute response: one function a table, from cohort to tidy frame."""

from contextlib import suppress
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from exercisebook.chapters.chapter import Chapter
from exercisebook.chapters.chosen import chosen_effects
from exercisebook.chapters.hours import at_hour, of_stratum
from exercisebook.chapters.results import Analysis
from exercisebook.cohort.package import Cohort
from exercisebook.sources.grinta import ARMS, CYTOKINES, REST, absent_as_below_detection
from exercisebook.stats.bounds import bounds_of, interval_differences
from exercisebook.stats.cohort_effects import cohort_effects, contrast_differences, within_arm
from exercisebook.stats.multiplicity import benjamini_hochberg
from exercisebook.stats.nondetects import detection_frequency
from exercisebook.stats.plasma_volume import dill_costill, van_beaumont
from exercisebook.stats.schemas import EFFECTS
from exercisebook.stats.sign_flip import sign_flip_test
from exercisebook.stats.tobit import TooFewSeen, tobit_difference

CELLS = ("neutrophils", "lymphocytes", "monocytes")

COUNTS = (*CELLS, "leukocytes", "eosinophils", "platelets")

HOURS = ("0.5h", "1h", "1.5h", "2h", "3h", "6h", "24h")

END, LATE, DAY_AFTER = "1h", "3h", "24h"

GENTLE = "P4"
"""The hour at half of maximal power, which the harder days are set against."""

INTENSITIES = (GENTLE, "P2", "P3", "P5")
"""Days of exercise, the gentle and the hard hour first."""

NK_HOURS = ("1h", "1.5h", "3h")

MISSING, BELOW = "absent: missing", "absent: below detection"

RACE = ("lap 1", "finish", "24h after")

RACE_FEATURES = {
    "il6": "cytokines",
    "cxcl8": "cytokines",
    "tnf": "cytokines",
    "leukocytes": "blood_count",
    "creatine_kinase": "clinical",
}


def against_rest(cohort: Cohort, parameters: Any) -> pd.DataFrame:
    """Return Effects of one exercise day against the same hours of the rest day."""
    contrasts = [cohort.contrast(f"{parameters.arm}-{hour}") for hour in HOURS]
    effects = cohort_effects(cohort, "blood_count", contrasts)
    return _only(effects, COUNTS)


def before_after(cohort: Cohort, parameters: Any) -> pd.DataFrame:
    """Return Effects of one exercise day against its own first draw."""
    contrasts = [within_arm(cohort.contrast(f"{parameters.arm}-{hour}")) for hour in HOURS]
    return _only(cohort_effects(cohort, "blood_count", contrasts), CELLS)


def by_intensity(cohort: Cohort, parameters: Any) -> pd.DataFrame:
    """Return Effects of each exercise day against rest, for two cells at their peaks."""
    contrasts = [
        cohort.contrast(f"{arm}-{hour}") for arm in ARMS if arm != REST for hour in (END, LATE)
    ]
    effects = cohort_effects(cohort, "blood_count", contrasts)
    return _only(effects, ("neutrophils", "lymphocytes"))


def between_days(cohort: Cohort, parameters: Any) -> pd.DataFrame:
    """Return Effects of harder days against the gentle one, for two cells at their peaks."""
    contrasts = []
    for arm in (a for a in ARMS if a not in (REST, GENTLE)):
        for hour in (END, LATE):
            contrast = cohort.contrast(f"{arm}-{hour}").copy()
            contrast["contrast"], contrast["reference_arm"] = (
                f"{arm}-{hour} against {GENTLE}",
                GENTLE,
            )
            contrasts.append(contrast)
    effects = cohort_effects(cohort, "blood_count", contrasts)
    return _only(effects, ("neutrophils", "lymphocytes"))


def natural_killer(cohort: Cohort, parameters: Any) -> pd.DataFrame:
    """Return Effects on the share of natural killer cells, as log odds, against rest."""
    contrasts = [cohort.contrast(f"{parameters.arm}-{hour}") for hour in NK_HOURS]
    return cohort_effects(cohort, "cells", contrasts)


def cytokines(cohort: Cohort, parameters: Any) -> pd.DataFrame:
    """Return Effects on serum cytokines against rest, under two readings of what is absent."""
    contrasts = [cohort.contrast(f"{parameters.arm}-{hour}") for hour in HOURS]
    readings = {MISSING: cohort, BELOW: absent_as_below_detection(cohort)}
    tables = [
        cohort_effects(read, "cytokines", contrasts, stratum=stratum)
        for stratum, read in readings.items()
    ]
    return pd.concat(tables, ignore_index=True)


def detection(cohort: Cohort, parameters: Any) -> pd.DataFrame:
    """Return how often each cytokine was found among the samples that were assayed."""
    read = absent_as_below_detection(cohort).long("cytokines")
    return detection_frequency(read[read["arm"].isin([REST, parameters.arm])])


def cytokine_bounds(cohort: Cohort, parameters: Any) -> pd.DataFrame:
    """Return what every possible value of the non-detects leaves standing at the end."""
    read = absent_as_below_detection(cohort).long("cytokines")
    contrast = cohort.contrast(f"{parameters.arm}-{END}")
    rows = [
        {"feature": f, **vars(bounds_of(interval_differences(read, contrast, f)))}
        for f in CYTOKINES.values()
    ]
    return pd.DataFrame(rows)


def cytokine_tobit(cohort: Cohort, parameters: Any) -> pd.DataFrame:
    """Return mean rises at the end by Tobit, for cytokines that were seen in most samples."""
    read = absent_as_below_detection(cohort).long("cytokines")
    contrast = cohort.contrast(f"{parameters.arm}-{END}")
    rows = []
    for feature in CYTOKINES.values():
        # with fewer than half of the values seen, the estimate would be the normal curve's
        with suppress(TooFewSeen):
            rows.append({"feature": feature, **vars(tobit_difference(read, contrast, feature))})
    return pd.DataFrame(rows)


def sign_flips(cohort: Cohort, parameters: Any) -> pd.DataFrame:
    """Return exact sign-flip tests of all counts and cytokines at the end of the bout."""
    contrast = cohort.contrast(f"{parameters.arm}-{END}")
    values = pd.concat(
        [
            contrast_differences(cohort, modality, contrast).values
            for modality in ("blood_count", "cytokines")
        ],
        axis=1,
    )
    values = values[[f for f in values if values[f].notna().sum() >= 10]]
    test = sign_flip_test(values.to_numpy())
    return pd.DataFrame(
        {
            "feature": values.columns,
            "n_subjects": values.notna().sum().to_numpy(),
            "statistic": test.statistic,
            "p_value": test.p_value,
            "q_value": benjamini_hochberg(test.p_value),
            "p_max": test.p_max,
            "assignments": test.assignments,
            "note": test.note,
        }
    )


def race(cohort: Cohort, parameters: Any) -> pd.DataFrame:
    """Return Effects of the race on those who were bled, against the morning before it."""
    contrasts = [cohort.contrast(name) for name in RACE]
    tables = [
        cohort_effects(cohort, m, contrasts) for m in ("cytokines", "clinical", "blood_count")
    ]
    return pd.concat(tables, ignore_index=True)


def race_bounds(cohort: Cohort, parameters: Any) -> pd.DataFrame:
    """Return bounds at the finish, for those seen and for all who started."""
    rows = []
    for feature, modality in RACE_FEATURES.items():
        long, finish = cohort.long(modality), cohort.contrast("finish")
        everyone = interval_differences(long, finish, feature)
        seen = everyone[np.isfinite(everyone["low"])]
        rows.append({"feature": feature, "who": "seen at the finish", **vars(bounds_of(seen))})
        rows.append({"feature": feature, "who": "all who started", **vars(bounds_of(everyone))})
    return pd.DataFrame(rows)


def race_plasma_volume(cohort: Cohort, parameters: Any) -> pd.DataFrame:
    """Return the mean change of plasma volume over the race, by two formulae."""
    red = cohort.long("blood_count").pivot(
        index="subject", columns=["feature", "phase"], values="value"
    )
    hct, hb = red["haematocrit"], red["haemoglobin"]
    rows = []
    for phase in RACE:
        both = {
            "van Beaumont": van_beaumont(hct["before"], hct[phase]),
            "Dill and Costill": dill_costill(hct["before"], hct[phase], hb["before"], hb[phase]),
        }
        for formula, change in both.items():
            rows.append({"phase": phase, "formula": formula, **_mean_with_interval(change)})
    return pd.DataFrame(rows)


ANALYSES = {
    analysis.name: analysis
    for analysis in (
        Analysis("acute_against_rest", "grinta", against_rest, ("arm",)),
        Analysis("acute_before_after", "grinta", before_after, ("arm",)),
        Analysis("by_intensity", "grinta", by_intensity),
        Analysis("between_days", "grinta", between_days),
        Analysis("natural_killer", "grinta", natural_killer, ("arm",)),
        Analysis("cytokines", "grinta", cytokines, ("arm",)),
        Analysis("detection", "grinta", detection, ("arm",)),
        Analysis("cytokine_bounds", "grinta", cytokine_bounds, ("arm",)),
        Analysis("cytokine_tobit", "grinta", cytokine_tobit, ("arm",)),
        Analysis("sign_flips", "grinta", sign_flips, ("arm",)),
        Analysis("race", "ultramarathon", race),
        Analysis("race_bounds", "ultramarathon", race_bounds),
        Analysis("race_plasma_volume", "ultramarathon", race_plasma_volume),
    )
}


def _only(effects: pd.DataFrame, features: tuple[str, ...]) -> pd.DataFrame:
    return EFFECTS.validate(effects[effects["feature"].isin(features)].reset_index(drop=True))


def _mean_with_interval(values: np.ndarray) -> dict[str, float]:
    seen = values[np.isfinite(values)]
    half = stats.t.ppf(0.975, len(seen) - 1) * seen.std(ddof=1) / np.sqrt(len(seen))
    return {
        "n_subjects": len(seen),
        "mean": float(seen.mean()),
        "ci_low": float(seen.mean() - half),
        "ci_high": float(seen.mean() + half),
    }


def claim_effects(chapter: Chapter) -> pd.DataFrame:
    """Return the effects that were chosen beforehand to answer this chapter's claims.

    Cytokines at the end of the bout, white cells a day later; the race's cytokines at the
    finish and its white cells a day later. One effect a data set, feature and kind.
    """
    return chosen_effects(chapter, {"grinta": _of_the_day, "ultramarathon": _of_the_race})


def _of_the_day(chapter: Chapter) -> pd.DataFrame:
    cells = at_hour(chapter["acute_against_rest"], DAY_AFTER)
    cytokines = at_hour(of_stratum(chapter["cytokines"], MISSING), END)
    return pd.concat([cells, cytokines], ignore_index=True)


def _of_the_race(chapter: Chapter) -> pd.DataFrame:
    race = chapter["race"]
    cytokines = race.query("contrast == 'finish' and modality == 'cytokines'")
    cells = race.query("contrast == '24h after' and feature == 'leukocytes'")
    return pd.concat([cytokines, cells], ignore_index=True)
