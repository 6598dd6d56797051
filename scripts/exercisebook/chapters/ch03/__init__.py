"""Chapter 3, immune remodelling: do cells change with training, or their denominators?"""

from typing import Any

from exercisebook.chapters.ch03.analyses import ANALYSES, claim_effects
from exercisebook.chapters.ch03.charts import (
    agreement_chart,
    association_chart,
    decay_chart,
    denominators_chart,
    dish_chart,
    genes_chart,
    graph_chart,
    marker_genes_chart,
    markers_chart,
    memory_chart,
    quality_chart,
    replicates_chart,
    residue_chart,
    resolution_chart,
    truth_chart,
    two_numbers_chart,
)
from exercisebook.chapters.ch03.exercises import (
    cells_of_six,
    check_grant,
    check_interval,
    check_lymphocytes,
    check_programme,
    check_town,
    check_two_errors,
    rise_shown,
    town,
)
from exercisebook.chapters.ch03.models import exudates
from exercisebook.chapters.ch03.sentences import sentences
from exercisebook.chapters.ch03.tables import (
    claims_table,
    cohort_table,
    control_table,
    graph_table,
    markers_of_cells,
    quality_table,
    resting_table,
    trial_table,
    truth_table,
    two_phases,
)
from exercisebook.chapters.chapter import Chapter

SLUG = "03_immune_remodeling"
USES = ("reference", "grinta", "nhanes", "kang-pbmc")
"""What this chapter reads: the reference cohort and data sets of the catalogue."""

__all__ = [
    "ANALYSES",
    "SLUG",
    "USES",
    "agreement_chart",
    "association_chart",
    "begin",
    "cells_of_six",
    "check_grant",
    "check_interval",
    "check_lymphocytes",
    "check_programme",
    "check_town",
    "check_two_errors",
    "claim_effects",
    "claims_table",
    "cohort_table",
    "control_table",
    "decay_chart",
    "denominators_chart",
    "dish_chart",
    "exudates",
    "genes_chart",
    "graph_chart",
    "graph_table",
    "marker_genes_chart",
    "markers_chart",
    "markers_of_cells",
    "memory_chart",
    "quality_chart",
    "quality_table",
    "replicates_chart",
    "residue_chart",
    "resolution_chart",
    "resting_table",
    "rise_shown",
    "sentences",
    "town",
    "trial_table",
    "truth_chart",
    "truth_table",
    "two_numbers_chart",
    "two_phases",
]


def begin(**given: Any) -> Chapter:
    """Return the chapter with its parameters checked."""
    return Chapter(3, SLUG, ANALYSES, given)
