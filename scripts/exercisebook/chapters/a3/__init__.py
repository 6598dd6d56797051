"""Appendix A3, operating characteristics: how often does each method of this book err?"""

from typing import Any

from exercisebook.chapters.a3.charts import (
    coverage_chart,
    false_positives_chart,
    verdicts_chart,
    worlds_chart,
)
from exercisebook.chapters.a3.exercises import check_expected, check_world
from exercisebook.chapters.a3.sentences import sentences
from exercisebook.chapters.a3.studies import changes, least_ratio
from exercisebook.chapters.a3.tables import (
    bias_table,
    by_lot_table,
    discovery_table,
    elsewhere_table,
    far_out_table,
    lists_table,
    live_table,
    mediation_table,
    one_arm_table,
    rule_table,
    worlds_table,
)
from exercisebook.chapters.page import Page

SLUG = "A3_operating_characteristics"
USES = ("engine",)
"""Tables that this project computed: ``data/engine``."""

__all__ = [
    "SLUG",
    "USES",
    "begin",
    "bias_table",
    "by_lot_table",
    "changes",
    "check_expected",
    "check_world",
    "coverage_chart",
    "discovery_table",
    "elsewhere_table",
    "false_positives_chart",
    "far_out_table",
    "least_ratio",
    "lists_table",
    "live_table",
    "mediation_table",
    "one_arm_table",
    "rule_table",
    "sentences",
    "verdicts_chart",
    "worlds_chart",
    "worlds_table",
]


def begin(**given: Any) -> Page:
    """Return the page with its parameters checked."""
    return Page(SLUG, given)
