"""Picking single results out of chapter 1's tables."""

import numpy as np
import pandas as pd

from exercisebook.chapters.ch01.analyses import ADJUSTMENTS, ARM, INDIVIDUAL_HOUR
from exercisebook.chapters.chapter import Chapter
from exercisebook.chapters.hours import at_hour
from exercisebook.chapters.results import open_data
from exercisebook.chapters.wording import one
from exercisebook.stats.cohort_effects import contrast_differences, within_arm
from exercisebook.stats.responders import responders_by_luck


def rest_day_at(chapter: Chapter, feature: str, hour: str) -> pd.Series:
    """Return the rest day's own change of one count at one hour."""
    return one(at_hour(chapter["rest_day"], hour), feature=feature)


def rest_peak(chapter: Chapter) -> pd.Series:
    """Return the rest day's largest change of neutrophils beyond doubt, or its largest."""
    effects = chapter["rest_day"]
    own = effects[effects["feature"] == "neutrophils"]
    return own.loc[own["estimate"].abs().idxmax()]


def individual_case(chapter: Chapter) -> tuple[pd.Series, pd.Series]:
    """Return the mean change and the count of unusual men, where the two are compared."""
    effect = one(at_hour(chapter["before_after"], INDIVIDUAL_HOUR), feature="lymphocytes")
    row = one(chapter["individuals"], feature="lymphocytes", phase=INDIVIDUAL_HOUR)
    return effect, row


def single_men(hour: str, feature: str) -> pd.DataFrame | None:
    """Return each man's ratio, where the bytes are at hand."""
    cohort = open_data("grinta")
    if cohort is None:
        return None
    contrast = within_arm(cohort.contrast(f"{ARM}-{hour}"))
    values = contrast_differences(cohort, "blood_count", contrast).values[feature].dropna()
    return pd.DataFrame({"subject": values.index, "value": 2 ** values.to_numpy()})


def adjusted_association(chapter: Chapter, feature: str) -> pd.DataFrame:
    """Return one outcome's association with activity, adjustment after adjustment."""
    effects = chapter["habitual_activity"]
    own = effects[effects["feature"] == feature].set_index("stratum").loc[list(ADJUSTMENTS)]
    return own.reset_index()


def responders_by_number(chapter: Chapter) -> pd.DataFrame:
    """Return how often each number of false responders comes up by luck."""
    people = chapter.parameters.subjects
    spread = one(chapter["response_spreads"], feature="lymphocytes", phase="24h")["sd_control"]
    counts = responders_by_luck(spread, np.log2(1.1), people, np.random.default_rng(13))
    shares = pd.Series(counts).value_counts(normalize=True).sort_index()
    return pd.DataFrame({"responders": shares.index, "share": shares.to_numpy()})
