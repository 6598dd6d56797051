"""Chapter 5, betaine metabolism: the pathway, rats, reports in people, genes, and old mice."""

from typing import Any

from exercisebook.chapters.ch05.analyses import ANALYSES, claim_effects
from exercisebook.chapters.ch05.charts import (
    bmi_chart,
    dilution_chart,
    instruments_chart,
    mimetic_chart,
    pathway_chart,
    rats_chart,
    rhythm_chart,
    truth_chart,
    weeks_chart,
)
from exercisebook.chapters.ch05.exercises import (
    check_deciding,
    check_early_rows,
    check_human_dose,
    check_lake,
    check_plasma_loss,
    check_pleiotropy,
    early_rows,
    loss_shown,
)
from exercisebook.chapters.ch05.sentences import sentences
from exercisebook.chapters.ch05.tables import (
    claims_table,
    cohort_table,
    dose_table,
    enzymes_table,
    instruments_table,
    listed_table,
    methods_table,
    mimetic_table,
    reports_table,
    rhythm_table,
    sexes_table,
    truth_table,
    worked_example,
    worked_example_by_library,
    worlds_table,
)
from exercisebook.chapters.chapter import Chapter

SLUG = "05_betaine_metabolism"
USES = ("reference", "motrpac-rat", "mr")
"""What this chapter reads: the reference cohort and data sets of the catalogue."""

__all__ = [
    "ANALYSES",
    "SLUG",
    "USES",
    "begin",
    "bmi_chart",
    "check_deciding",
    "check_early_rows",
    "check_human_dose",
    "check_lake",
    "check_plasma_loss",
    "check_pleiotropy",
    "claim_effects",
    "claims_table",
    "cohort_table",
    "dilution_chart",
    "dose_table",
    "early_rows",
    "enzymes_table",
    "instruments_chart",
    "instruments_table",
    "listed_table",
    "loss_shown",
    "methods_table",
    "mimetic_chart",
    "mimetic_table",
    "pathway_chart",
    "rats_chart",
    "reports_table",
    "rhythm_chart",
    "rhythm_table",
    "sentences",
    "sexes_table",
    "truth_chart",
    "truth_table",
    "weeks_chart",
    "worked_example",
    "worked_example_by_library",
    "worlds_table",
]


def begin(**given: Any) -> Chapter:
    """Return the chapter with its parameters checked."""
    return Chapter(5, SLUG, ANALYSES, given)
