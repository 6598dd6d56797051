"""What eight weeks of running did to genes in three tissues of rats: frames without animals."""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from exercisebook.chapters.ch04.genes import CANONICAL_IDS, GENES, sets_of_genes
from exercisebook.chapters.rats import DATASET, compared
from exercisebook.chapters.results import open_data
from exercisebook.cohort.package import Cohort
from exercisebook.sources.motrpac_rat import TISSUES
from exercisebook.stats.activities import ulm_activities
from exercisebook.stats.assay import OK, Assay
from exercisebook.stats.gene_sets import camera, fry
from exercisebook.stats.multiplicity import adjust_effects
from exercisebook.stats.random_sets import matched_random_sets
from exercisebook.stats.two_groups import two_group_effects

BOTH, BETWEEN = "all", "female - male"
WEIGHTS = {
    BOTH: (0.5, -0.5, 0.5, -0.5),
    "female": (1.0, -1.0, 0.0, 0.0),
    "male": (0.0, 0.0, 1.0, -1.0),
    BETWEEN: (1.0, -1.0, -1.0, 1.0),
}
"""Of the cells trained and sedentary, females before males, in each stratum."""

DRAWS, SEED = 499, 20251121
MEAN, ACTIVITY = "mean of the set's log2 counts per million", "activity (ULM)"
UNITS = {MEAN: "log2 counts per million", ACTIVITY: "t of a sample"}
ONLY_FOR_SETS = 4
"""Fewest targets of an activity: the commentary names as many."""


@cache
def _all_genes(tissue: str) -> pd.DataFrame:
    rats = compared(tissue)
    ids = {gene: CANONICAL_IDS.get(gene) for gene in rats.logs.columns}
    return two_group_effects(
        rats.assay,
        rats.contrast,
        "sex",
        dataset=DATASET,
        modality="rna",
        canonical_id=ids,
        unit="log2 counts per million",
    )


def rat_genes(cohort: Cohort, parameters: Any) -> pd.DataFrame:
    """Return Effects on the genes named beforehand, q values among them, by tissue and sex."""
    tables = [_all_genes(tissue) for tissue in TISSUES]
    own = pd.concat([t[t["feature"].isin(GENES)] for t in tables], ignore_index=True)
    return adjust_effects(own)


def rat_breadth(cohort: Cohort, parameters: Any) -> pd.DataFrame:
    """Return how many of all genes changed, by tissue and stratum: the positive control."""
    rows = []
    for tissue in TISSUES:
        for stratum, own in _all_genes(tissue).groupby("stratum", sort=False):
            changed = int((own["q_value"] <= 0.05).sum())
            rows.append((tissue, stratum, own["n_subjects"].max(), len(own), changed))
    return pd.DataFrame(rows, columns=["tissue", "stratum", "n_subjects", "genes", "changed"])


def _measured_sets(tissue: str) -> dict[str, list[str]]:
    named = sets_of_genes(open_data("gene-sets")["gene_sets"])
    held = compared(tissue).logs.columns
    return {name: [g for g in genes if g in held] for name, genes in named.items()}


def rat_sets(cohort: Cohort, parameters: Any) -> pd.DataFrame:
    """Return Effects on sets of genes: the mean of each set, and its activity in each rat."""
    tables = []
    for tissue in TISSUES:
        rats, sets = compared(tissue), _measured_sets(tissue)
        means = pd.DataFrame({name: rats.logs[genes].mean(axis=1) for name, genes in sets.items()})
        pairs = [(name, gene, 1.0) for name, genes in sets.items() for gene in genes]
        network = pd.DataFrame(pairs, columns=["source", "target", "weight"])
        activities = ulm_activities(rats.logs - rats.logs.mean(), network, ONLY_FOR_SETS)
        for values, scale, how in (
            (means, "log2_ratio", MEAN),
            (activities, "difference", ACTIVITY),
        ):
            status = np.full(values.shape, OK, np.int8)
            scored = Assay(values, rats.assay.samples, status, scale)
            effects = two_group_effects(
                scored, rats.contrast, "sex", dataset=DATASET, modality="rna", unit=UNITS[how]
            )
            # a set has no canonical id
            tables.append(effects.assign(method=how).drop(columns="canonical_id"))
    return pd.concat(tables, ignore_index=True)


def rat_set_tests(cohort: Cohort, parameters: Any) -> pd.DataFrame:
    """Return tests of each set against the other genes, and against no change at all."""
    tables = []
    for tissue in TISSUES:
        rats, sets = compared(tissue), _measured_sets(tissue)
        for stratum, weights in WEIGHTS.items():
            among = camera(rats.logs, rats.design, weights, sets, None, blocks=False)
            alone = fry(rats.logs, rats.design, weights, sets, blocks=False)
            columns = ["set", "n_features", "statistic", "correlation"]
            table = among[columns].assign(
                p_camera=among["p_value"], p_fry=alone["p_value"], n_subjects=len(rats.logs)
            )
            table.insert(0, "stratum", stratum)
            table.insert(0, "tissue", tissue)
            tables.append(table)
    return pd.concat(tables, ignore_index=True)


def rat_random_sets(cohort: Cohort, parameters: Any) -> pd.DataFrame:
    """Return the mean t of a set (draw 0) and of random sets of genes as abundant as its own."""
    tables = []
    for tissue in TISSUES:
        rats, sets = compared(tissue), _measured_sets(tissue)
        effects = _all_genes(tissue)
        t = effects[effects["stratum"] == BOTH].set_index("feature")["statistic"].dropna()
        own = [gene for gene in sets[parameters.genes] if gene in t.index]
        rng = np.random.default_rng(SEED)
        random = matched_random_sets(rats.logs[t.index].mean(), own, DRAWS, rng)
        means = [t[own].mean(), *t.to_numpy()[t.index.get_indexer(random.ravel())].reshape(
            random.shape).mean(axis=1)]  # fmt: skip
        named = {str(k): list(genes) for k, genes in enumerate([own, *random])}
        tested = camera(rats.logs, rats.design, WEIGHTS[BOTH], named, None, blocks=False)
        tables.append(
            pd.DataFrame(
                {
                    "tissue": tissue,
                    "draw": range(DRAWS + 1),
                    "n_subjects": len(rats.logs),
                    "n_features": len(own),
                    "mean": means,
                    "p_camera": tested["p_value"],
                }
            )
        )
    return pd.concat(tables, ignore_index=True)
