"""The tables that chapter 4 makes of open data, and which of them may meet a claim."""

from typing import Any

import pandas as pd

from exercisebook.chapters.ch04.genes import GENES
from exercisebook.chapters.ch04.rats import (
    BOTH,
    rat_breadth,
    rat_genes,
    rat_random_sets,
    rat_set_tests,
    rat_sets,
)
from exercisebook.chapters.ch04.red_cells import gsh_halves, gsh_repeats, red_cells
from exercisebook.chapters.chapter import Chapter
from exercisebook.chapters.chosen import chosen_effects
from exercisebook.chapters.results import Analysis
from exercisebook.sources.gene_sets import CLAIMED, nrf2_membership

CHOSEN_TISSUE = "gastrocnemius"
"""Chosen beforehand for the ledger: the tissue in which all fifty rats were sequenced."""


def set_members(frames: dict[str, pd.DataFrame], parameters: Any) -> pd.DataFrame:
    """Return which set with a name of NRF2 or of oxidative stress holds which gene."""
    return nrf2_membership(frames["gene_sets"], GENES).rename(columns={"n_genes": "n"})


ANALYSES = {
    analysis.name: analysis
    for analysis in (
        Analysis("nrf2_set_members", "gene-sets", set_members),
        Analysis("rat_genes", "motrpac-rat", rat_genes),
        Analysis("rat_breadth", "motrpac-rat", rat_breadth),
        Analysis("rat_sets", "motrpac-rat", rat_sets, beside=("gene-sets",)),
        Analysis("rat_set_tests", "motrpac-rat", rat_set_tests, beside=("gene-sets",)),
        Analysis(
            "rat_random_sets", "motrpac-rat", rat_random_sets, ("genes",), beside=("gene-sets",)
        ),
        Analysis("red_cells", "erythrocyte-redox", red_cells),
        Analysis("gsh_halves", "erythrocyte-redox", gsh_halves),
        Analysis("gsh_repeats", "erythrocyte-redox", gsh_repeats),
    )
}


def claim_effects(chapter: Chapter) -> pd.DataFrame:
    """Return the effects that were chosen beforehand to stand beside this chapter's claims.

    The commentary's four genes in the rats' gastrocnemius, both sexes together. Red cells are not
    among them: they hold no gene, and a bout is no training.
    """
    return chosen_effects(chapter, {"motrpac-rat": _of_the_calf})


def _of_the_calf(chapter: Chapter) -> pd.DataFrame:
    genes = chapter["rat_genes"]
    chosen = (
        genes["feature"].isin(CLAIMED)
        & (genes["stratum"] == BOTH)
        & genes["contrast"].str.startswith(CHOSEN_TISSUE)
    )
    return genes[chosen].reset_index(drop=True)
