"""Chapter 7, causality caveats: what would have to be true for one sentence to follow?"""

from typing import Any

from exercisebook.chapters.ch07.analyses import ANALYSES
from exercisebook.chapters.ch07.bridges import bridges_table
from exercisebook.chapters.ch07.confounding import (
    bounding_chart,
    check_e_value,
    measures_table,
    tipping_table,
)
from exercisebook.chapters.ch07.controls import control_estimates, controls_chart, controls_table
from exercisebook.chapters.ch07.drawings import drawings_chart
from exercisebook.chapters.ch07.exercises import check_shares, check_studies
from exercisebook.chapters.ch07.genetics import (
    assumptions_table,
    instruments_chart,
    instruments_in_worlds_table,
)
from exercisebook.chapters.ch07.graphs import (
    adjustment_table,
    check_forks,
    graph_chart,
    implications_table,
    paths_table,
)
from exercisebook.chapters.ch07.labels import check_labels, labels_table
from exercisebook.chapters.ch07.many import check_floor, many_questions_chart, many_questions_table
from exercisebook.chapters.ch07.means import (
    check_fall,
    crp_spreads,
    mean_of_the_top,
    selection_chart,
)
from exercisebook.chapters.ch07.mediation import paths_table as mediation_table
from exercisebook.chapters.ch07.mediation import sensitivity_chart, two_changes
from exercisebook.chapters.ch07.order import alike_table, readings_chart
from exercisebook.chapters.ch07.responses import responses_chart
from exercisebook.chapters.ch07.sentences import sentences
from exercisebook.chapters.ch07.stool import (
    bloom_chart,
    check_bloom,
    independent_parts,
    taxa_chart,
    taxa_table,
)
from exercisebook.chapters.ch07.tables import claims_table, cohort_table
from exercisebook.chapters.ch07.triangulation import (
    target_trial_table,
    triangulation_chart,
    triangulation_table,
)
from exercisebook.chapters.ch07.worlds import grid_chart, reading_table
from exercisebook.chapters.chapter import Chapter

SLUG = "07_causality_caveats"
USES = ("reference", "engine", "grinta", "nhanes", "motrpac-rat", "mr")
"""What this chapter reads: the reference cohort, data sets of the catalogue, and our own tables."""

__all__ = [
    "ANALYSES",
    "SLUG",
    "USES",
    "adjustment_table",
    "alike_table",
    "assumptions_table",
    "begin",
    "bloom_chart",
    "bounding_chart",
    "bridges_table",
    "check_bloom",
    "check_e_value",
    "check_fall",
    "check_floor",
    "check_forks",
    "check_labels",
    "check_shares",
    "check_studies",
    "claims_table",
    "cohort_table",
    "control_estimates",
    "controls_chart",
    "controls_table",
    "crp_spreads",
    "drawings_chart",
    "graph_chart",
    "grid_chart",
    "implications_table",
    "independent_parts",
    "instruments_chart",
    "instruments_in_worlds_table",
    "labels_table",
    "many_questions_chart",
    "many_questions_table",
    "mean_of_the_top",
    "measures_table",
    "mediation_table",
    "paths_table",
    "reading_table",
    "readings_chart",
    "responses_chart",
    "selection_chart",
    "sensitivity_chart",
    "sentences",
    "target_trial_table",
    "taxa_chart",
    "taxa_table",
    "tipping_table",
    "triangulation_chart",
    "triangulation_table",
    "two_changes",
]


def begin(**given: Any) -> Chapter:
    """Return the chapter with its parameters checked."""
    return Chapter(7, SLUG, ANALYSES, given)
