"""Chapter 2, acute stress response: what one bout does to the blood, hour by hour."""

from typing import Any

from exercisebook.chapters.ch02.analyses import ANALYSES, claim_effects
from exercisebook.chapters.ch02.charts import (
    cytokine_chart,
    detection_chart,
    intensity_chart,
    natural_killer_chart,
    plasma_volume_chart,
    race_chart,
    sameness_chart,
    sampling_chart,
    time_course_chart,
    truth_chart,
)
from exercisebook.chapters.ch02.exercises import (
    check_bounds,
    check_margin,
    check_order,
    check_plan,
    check_plasma_loss,
    check_sampling_time,
    five_men,
    interval_next_day,
    rise_of_ip10,
)
from exercisebook.chapters.ch02.sentences import sentences
from exercisebook.chapters.ch02.tables import (
    bounds_table,
    claims_table,
    cohort_table,
    effects_table,
    members_table,
    race_plasma_table,
    sameness_table,
    sign_flip_table,
    truth_table,
)
from exercisebook.chapters.chapter import Chapter

SLUG = "02_acute_stress_response"
USES = ("reference", "grinta", "ultramarathon")
"""What this chapter reads: the reference cohort and data sets of the catalogue."""

__all__ = [
    "ANALYSES",
    "SLUG",
    "USES",
    "begin",
    "bounds_table",
    "check_bounds",
    "check_margin",
    "check_order",
    "check_plan",
    "check_plasma_loss",
    "check_sampling_time",
    "claim_effects",
    "claims_table",
    "cohort_table",
    "cytokine_chart",
    "detection_chart",
    "effects_table",
    "five_men",
    "intensity_chart",
    "interval_next_day",
    "members_table",
    "natural_killer_chart",
    "plasma_volume_chart",
    "race_chart",
    "race_plasma_table",
    "rise_of_ip10",
    "sameness_chart",
    "sameness_table",
    "sampling_chart",
    "sentences",
    "sign_flip_table",
    "time_course_chart",
    "truth_chart",
    "truth_table",
]


def begin(**given: Any) -> Chapter:
    """Return the chapter with its parameters checked."""
    return Chapter(2, SLUG, ANALYSES, given)
