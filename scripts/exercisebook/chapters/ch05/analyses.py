"""The tables that chapter 5 makes of open data, and which of them may meet a claim."""

import pandas as pd

from exercisebook.chapters.ch05 import genetics, rats
from exercisebook.chapters.ch05.rats import BETAINE, FAT
from exercisebook.chapters.chapter import Chapter
from exercisebook.chapters.chosen import chosen_effects
from exercisebook.chapters.results import Analysis

CHOSEN_TISSUE = "gastrocnemius"
"""Chosen beforehand for the ledger, as in chapter 4."""

ANALYSES = {
    analysis.name: analysis
    for analysis in (
        Analysis("rat_one_carbon", "motrpac-rat", rats.rat_one_carbon),
        Analysis("rat_food_marker", "motrpac-rat", rats.rat_food_marker),
        Analysis("rat_listed", "motrpac-rat", rats.rat_listed),
        Analysis("rat_enzymes", "motrpac-rat", rats.rat_enzymes),
        Analysis("rat_genes_held", "motrpac-rat", rats.rat_genes_held),
        Analysis("betaine_instruments", "mr", genetics.betaine_instruments),
        Analysis("betaine_pleiotropy", "mr", genetics.betaine_pleiotropy),
        Analysis("bmi_chd_variants", "mr", genetics.bmi_chd_variants),
        Analysis("bmi_chd_methods", "mr", genetics.bmi_chd_methods),
        Analysis("bmi_chd_checks", "mr", genetics.bmi_chd_checks),
        Analysis("bmi_chd_control", "mr", genetics.bmi_chd_control),
    )
}


def claim_effects(chapter: Chapter) -> pd.DataFrame:
    """Return the effects that were chosen beforehand to stand beside this chapter's claims.

    Betaine in the rats' gastrocnemius at eight weeks, and Chdh in their fat, both sexes together.
    Groups without concurrent controls are not among them, nor is anything genetic: no table of an
    outcome is held.
    """
    return chosen_effects(chapter, {"motrpac-rat": _of_the_rats})


def _of_the_rats(chapter: Chapter) -> pd.DataFrame:
    metabolites, enzymes = chapter["rat_one_carbon"], chapter["rat_enzymes"]
    betaine = metabolites[
        (metabolites["canonical_id"] == BETAINE)
        & (metabolites["contrast"] == f"{CHOSEN_TISSUE}-8w")
        & (metabolites["stratum"] == "all")
    ]
    chdh = enzymes[
        (enzymes["feature"] == "CHDH")
        & (enzymes["contrast"] == f"{FAT}-8w")
        & (enzymes["stratum"] == "all")
    ]
    return pd.concat([betaine, chdh], ignore_index=True)
