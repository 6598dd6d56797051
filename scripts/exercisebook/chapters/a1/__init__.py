"""Appendix A1, mixed models: may one trust their p values with thirteen people?"""

from typing import Any

from statsmodels.formula.api import mixedlm

from exercisebook.chapters.a1.charts import (
    false_findings_chart,
    people_chart,
    uneven_chart,
)
from exercisebook.chapters.a1.exercises import check_p_value
from exercisebook.chapters.a1.readings import in_rows, worked_example
from exercisebook.chapters.a1.sentences import sentences
from exercisebook.chapters.a1.studies import p_of_t
from exercisebook.chapters.a1.tables import (
    agreement_table,
    degrees_table,
    operating_table,
    other_table,
    p_values_table,
    tail_table,
    uneven_table,
)
from exercisebook.chapters.page import Page

SLUG = "A1_mixed_models"
USES = ()
"""No data: everything on the page is simulated there."""

__all__ = [
    "SLUG",
    "USES",
    "agreement_table",
    "begin",
    "check_p_value",
    "degrees_table",
    "false_findings_chart",
    "in_rows",
    "mixedlm",
    "operating_table",
    "other_table",
    "p_of_t",
    "p_values_table",
    "people_chart",
    "sentences",
    "tail_table",
    "uneven_chart",
    "uneven_table",
    "worked_example",
]


def begin(**given: Any) -> Page:
    """Return the page with its parameters checked."""
    return Page(SLUG, given)
