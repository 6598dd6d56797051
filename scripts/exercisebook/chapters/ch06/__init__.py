"""Chapter 6, TBK1 mechanism: could betaine work by switching off one kinase?"""

from typing import Any

from exercisebook.chapters.ch06.analyses import ANALYSES, claim_effects
from exercisebook.chapters.ch06.charts import (
    atp_chart,
    change_chart,
    dose_chart,
    interferon_chart,
    melting_chart,
    named_chart,
    occupancy_chart,
    potency_chart,
    selectivity_chart,
)
from exercisebook.chapters.ch06.exercises import (
    bx795,
    check_arrows,
    check_cell_ic50,
    check_dishes,
    check_nine_tenths,
    check_reports,
    check_tubes,
    fall_shown,
    page_kd,
    reports_table,
    worlds_table,
)
from exercisebook.chapters.ch06.sentences import sentences
from exercisebook.chapters.ch06.tables import (
    atp_table,
    census_table,
    centres_table,
    citations_table,
    claims_table,
    cohort_table,
    deciding_table,
    dose_table,
    efficiency_table,
    model_table,
    relatives_table,
    spread_table,
)
from exercisebook.chapters.chapter import Chapter

SLUG = "06_tbk1_mechanism"
USES = ("reference", "tbk1-chembl", "kinase-selectivity", "kang-pbmc", "gene-sets")
"""What this chapter reads: the reference cohort and data sets of the catalogue."""

__all__ = [
    "ANALYSES",
    "SLUG",
    "USES",
    "atp_chart",
    "atp_table",
    "begin",
    "bx795",
    "census_table",
    "centres_table",
    "change_chart",
    "check_arrows",
    "check_cell_ic50",
    "check_dishes",
    "check_nine_tenths",
    "check_reports",
    "check_tubes",
    "citations_table",
    "claim_effects",
    "claims_table",
    "cohort_table",
    "deciding_table",
    "dose_chart",
    "dose_table",
    "efficiency_table",
    "fall_shown",
    "interferon_chart",
    "melting_chart",
    "model_table",
    "named_chart",
    "occupancy_chart",
    "page_kd",
    "potency_chart",
    "relatives_table",
    "reports_table",
    "selectivity_chart",
    "sentences",
    "spread_table",
    "worlds_table",
]


def begin(**given: Any) -> Chapter:
    """Return the chapter with its parameters checked."""
    return Chapter(6, SLUG, ANALYSES, given)
