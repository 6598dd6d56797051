"""Chapter 1, cohort design: can thirteen people and three phases answer the question?"""

from typing import Any

from exercisebook.chapters.ch01.analyses import ANALYSES
from exercisebook.chapters.ch01.charts import (
    bilirubin_chart,
    detectable_chart,
    height_chart,
    individual_and_group,
    luck_chart,
    one_arm_chart,
    responders_chart,
    rest_day_chart,
    timeline,
    truth_chart,
    variation_chart,
    worlds_chart,
)
from exercisebook.chapters.ch01.exercises import (
    check_counted,
    check_false_responders,
    check_left_open,
    check_month,
    check_people_needed,
    check_unusual_fall,
    ratio_shown,
    share_of_false_responders,
    six_men,
)
from exercisebook.chapters.ch01.sentences import sentences
from exercisebook.chapters.ch01.tables import (
    claims_table,
    detectable_by_marker,
    manifest,
    power_table,
    truth_table,
    variation_table,
    what_this_cohort_can_see,
    worked_example,
    worked_example_by_library,
)
from exercisebook.chapters.chapter import Chapter
from exercisebook.stats.power import detectable_ratio

SLUG = "01_cohort_design"
USES = ("reference", "grinta", "nhanes", "cycling-training")
"""What this chapter reads: the reference cohort and data sets of the catalogue."""

__all__ = [
    "ANALYSES",
    "SLUG",
    "USES",
    "begin",
    "bilirubin_chart",
    "check_counted",
    "check_false_responders",
    "check_left_open",
    "check_month",
    "check_people_needed",
    "check_unusual_fall",
    "claims_table",
    "detectable_by_marker",
    "detectable_chart",
    "detectable_ratio",
    "height_chart",
    "individual_and_group",
    "luck_chart",
    "manifest",
    "one_arm_chart",
    "power_table",
    "ratio_shown",
    "responders_chart",
    "rest_day_chart",
    "sentences",
    "share_of_false_responders",
    "six_men",
    "timeline",
    "truth_chart",
    "truth_table",
    "variation_chart",
    "variation_table",
    "what_this_cohort_can_see",
    "worked_example",
    "worked_example_by_library",
    "worlds_chart",
]


def begin(**given: Any) -> Chapter:
    """Return the chapter with its parameters checked."""
    return Chapter(1, SLUG, ANALYSES, given)
