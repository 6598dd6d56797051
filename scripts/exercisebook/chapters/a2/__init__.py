"""Appendix A2, realism: could you tell our simulated people from real ones, and where?"""

from typing import Any

from exercisebook.chapters.a2.analyses import ANALYSES
from exercisebook.chapters.a2.charts import (
    bands_chart,
    components_chart,
    courses_chart,
    extra_zeros_chart,
    missing_chart,
)
from exercisebook.chapters.a2.exercises import check_icc, check_zeros, log_variance, zeros
from exercisebook.chapters.a2.readings import one_gene
from exercisebook.chapters.a2.sentences import sentences
from exercisebook.chapters.a2.tables import (
    blood_table,
    cells_table,
    courses_table,
    discriminator_table,
    summary_table,
    together_table,
)
from exercisebook.chapters.open_data import OpenDataPage

SLUG = "A2_realism"
USES = ("grinta", "kang-pbmc")

__all__ = [
    "ANALYSES",
    "SLUG",
    "USES",
    "bands_chart",
    "begin",
    "blood_table",
    "cells_table",
    "check_icc",
    "check_zeros",
    "components_chart",
    "courses_chart",
    "courses_table",
    "discriminator_table",
    "extra_zeros_chart",
    "log_variance",
    "missing_chart",
    "one_gene",
    "sentences",
    "summary_table",
    "together_table",
    "zeros",
]


def begin(**given: Any) -> OpenDataPage:
    """Return the page with its parameters checked."""
    return OpenDataPage(SLUG, ANALYSES, given)
