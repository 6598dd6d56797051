"""Chapter 4, antioxidant program: NRF2's genes, the redox state of red cells, and hormesis."""

from typing import Any

from exercisebook.chapters.ch04.analyses import ANALYSES, claim_effects
from exercisebook.chapters.ch04.charts import (
    genes_chart,
    halves_chart,
    random_sets_chart,
    red_cells_chart,
    sets_chart,
    sexes_chart,
    truth_chart,
)
from exercisebook.chapters.ch04.exercises import (
    check_findings,
    check_pulse,
    check_random_p,
    check_sorting,
    check_trial,
    check_vitamins,
    halvings,
    loss_seen,
    rise_seen,
    simulated_glutathione,
)
from exercisebook.chapters.ch04.readings import random_means, set_mean
from exercisebook.chapters.ch04.sentences import sentences
from exercisebook.chapters.ch04.tables import (
    claims_table,
    cohort_table,
    members_table,
    sets_table,
    sexes_table,
    truth_sets_table,
    truth_table,
    worked_example,
    worked_example_by_library,
)
from exercisebook.chapters.chapter import Chapter

SLUG = "04_antioxidant_program"
USES = ("reference", "motrpac-rat", "erythrocyte-redox", "gene-sets")
"""What this chapter reads: the reference cohort and data sets of the catalogue."""

__all__ = [
    "ANALYSES",
    "SLUG",
    "USES",
    "begin",
    "check_findings",
    "check_pulse",
    "check_random_p",
    "check_sorting",
    "check_trial",
    "check_vitamins",
    "claim_effects",
    "claims_table",
    "cohort_table",
    "genes_chart",
    "halves_chart",
    "halvings",
    "loss_seen",
    "members_table",
    "random_means",
    "random_sets_chart",
    "red_cells_chart",
    "rise_seen",
    "sentences",
    "set_mean",
    "sets_chart",
    "sets_table",
    "sexes_chart",
    "sexes_table",
    "simulated_glutathione",
    "truth_chart",
    "truth_sets_table",
    "truth_table",
    "worked_example",
    "worked_example_by_library",
]


def begin(**given: Any) -> Chapter:
    """Return the chapter with its parameters checked."""
    return Chapter(4, SLUG, ANALYSES, given)
