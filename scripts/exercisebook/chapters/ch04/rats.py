"""What eight weeks of running did to genes in three tissues of rats: frames without animals."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from exercisebook.chapters.ch04.genes import CANONICAL_IDS, GENES, sets_of_genes
from exercisebook.chapters.results import open_data
from exercisebook.cohort.package import Cohort
from exercisebook.sources.catalogue import dataset
from exercisebook.sources.fetch import locate
from exercisebook.sources.motrpac_rat import CONCURRENT, SEDENTARY, TISSUES, rat_expression
from exercisebook.stats.activities import ulm_activities
from exercisebook.stats.assay import COUNTS, OK, Assay
from exercisebook.stats.counts import log_cpm, tmm_factors
from exercisebook.stats.designs import Design
from exercisebook.stats.gene_sets import camera, fry
from exercisebook.stats.multiplicity import adjust_effects
from exercisebook.stats.random_sets import matched_random_sets
from exercisebook.stats.two_groups import two_group_effects

DATASET = "motrpac-rat"
SEXES = ("female", "male")
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


@dataclass(frozen=True)
class Compared:
    """Trained and sedentary rats of one tissue.

    Attributes
    ----------
    assay : Assay
        Counts; the features are human symbols where a rat gene has one, else Ensembl ids.
    logs : DataFrame
        The same as log2 counts per million.
    design : Design
        A column for each sex and group.
    contrast : Series
        Eight weeks against sedentary.
    """

    assay: Assay
    logs: pd.DataFrame
    design: Design
    contrast: pd.Series


@cache
def compared(tissue: str) -> Compared:
    """Return the rats of one tissue that ran for eight weeks beside those that did not."""
    files = locate(dataset(DATASET))
    assert files is not None
    found = rat_expression(files, tissue)
    own = found.samples["arm"].isin([CONCURRENT, SEDENTARY]).to_numpy()
    samples, counts = found.samples[own], found.counts[own]
    counts = counts.set_axis(_symbols(counts, found.genes["human_symbol"]), axis=1)
    cells = [(arm, sex) for sex in SEXES for arm in (CONCURRENT, SEDENTARY)]
    columns = {
        f"{arm}, {sex}": ((samples["arm"] == arm) & (samples["sex"] == sex)).astype(float)
        for arm, sex in cells
    }
    values = counts.to_numpy(float)
    return Compared(
        Assay(counts, samples, np.full(counts.shape, OK, np.int8), COUNTS),
        pd.DataFrame(log_cpm(values, tmm_factors(values)), counts.index, counts.columns),
        Design(pd.DataFrame(columns, index=samples.index), cells, np.arange(len(samples))),
        _contrast(tissue),
    )


def _symbols(counts: pd.DataFrame, human: pd.Series) -> list[str]:
    """Return human symbols for rat genes; of several with one symbol, the most abundant has it."""
    table = pd.DataFrame({"symbol": human[counts.columns], "total": counts.sum()})
    named = table[table["symbol"] != ""].sort_values("total", ascending=False, kind="stable")
    chosen = named.drop_duplicates("symbol")["symbol"]
    return [str(chosen.get(gene, gene)) for gene in counts.columns]


def _contrast(tissue: str) -> pd.Series:
    return pd.Series(
        {
            "contrast": f"{tissue}-{CONCURRENT}",
            "kind": "training",
            "phase": tissue,
            "reference_phase": tissue,
            "arm": CONCURRENT,
            "reference_arm": SEDENTARY,
        }
    )


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
