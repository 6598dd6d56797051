"""The genes and the sets of genes of chapter 4, fixed before anything was computed."""

import pandas as pd

from exercisebook.sources.gene_sets import CANONICAL, CLAIMED, REPRESSORS

OTHERS = (*CANONICAL, "GCLC", "PRDX1")
"""Targets that textbooks of NRF2 name, other than the four of the commentary."""

TARGETS = (*CLAIMED, *OTHERS)
GENES = (*TARGETS, *REPRESSORS)

CANONICAL_IDS = {gene: f"{gene.lower()}_mrna" for gene in CLAIMED}
"""Of the genes that a claim is about."""

LABELS = {
    "four": "the commentary's four",
    "textbook": "seven textbook targets",
    "wikipathways": "WikiPathways NRF2",
    "hallmark": "Hallmark reactive oxygen",
}

CURATED = {
    "wikipathways": "WP_NRF2_PATHWAY",
    "hallmark": "HALLMARK_REACTIVE_OXYGEN_SPECIES_PATHWAY",
}
"""The set of each collection that is tested, as the collection calls it."""

SHOWN_SETS = {
    "WP_NRF2_PATHWAY": "WikiPathways NRF2",
    "WP_NRF2ARE_REGULATION": "WikiPathways NRF2-ARE",
    "HALLMARK_REACTIVE_OXYGEN_SPECIES_PATHWAY": "Hallmark reactive oxygen",
    "Detoxification of Reactive Oxygen Species": "Reactome detoxification",
    "WP_OXIDATIVE_STRESS": "WikiPathways oxidative stress",
}
"""Sets that the table of membership shows, and what it calls them."""


def sets_of_genes(frame: pd.DataFrame) -> dict[str, list[str]]:
    """Return the four sets by name, from the frame of all gene sets."""
    curated = {
        name: list(frame.loc[frame["set"] == source, "feature"]) for name, source in CURATED.items()
    }
    return {"four": list(CLAIMED), "textbook": list(OTHERS), **curated}
