"""NRF2's targets in the single cells of a cohort, summed by person; simulated ones against truth.

Outcomes are found, missed, false alarm or rightly quiet, and none is a verdict on a claim.
"""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from exercisebook.chapters.ch04.genes import TARGETS
from exercisebook.claims.truth import FALSE_ALARM, FOUND, MISSED, RIGHTLY_QUIET, against_truth
from exercisebook.cohort.hdf5 import read_through
from exercisebook.cohort.package import Cohort
from exercisebook.paths import REFERENCE
from exercisebook.sources.cohorts import is_id, open_cohort
from exercisebook.stats.activities import ulm_activities
from exercisebook.stats.assay import COUNTS, OK, Assay
from exercisebook.stats.counts import log_cpm, tmm_factors
from exercisebook.stats.designs import cell_design
from exercisebook.stats.differences import assay_differences
from exercisebook.stats.gene_sets import camera, set_sign_flips
from exercisebook.stats.methods import contrast_effects
from exercisebook.stats.multiplicity import benjamini_hochberg
from exercisebook.stats.pseudobulk import pseudobulk
from exercisebook.stats.random_sets import matched_random_sets

TUBE, T_CELLS, MONOCYTES = "the whole tube", "T cells", "monocytes"
PLACES = {
    TUBE: "",
    T_CELLS: r"^CD[48]",
    MONOCYTES: r"monocytes",
}
"""What is summed a person and phase, and the names of cell types that belong to it."""

TRAINING, ACUTE = "training-baseline", "acute-baseline"
DRAWS, SEED = 499, 20251121
LEAST_COUNTS = 1.0
"""Counts a sample, on average, below which a gene is left out."""

KEY = {"dataset": "reference", "modality": "rna", "unit": "log2 counts per million"}
ULM = "activity (ULM)"


def folder_of(name: str) -> Path | None:
    """Return the folder of a cohort package; None for an open data set."""
    return REFERENCE if name == "reference" else None if is_id(name) else Path(name)


@cache
def summed(name: str, place: str) -> Assay | None:
    """Return counts by person and phase of some cells; None where a cohort has no such cells.

    Cell types are those of the truth: they tell what a perfect label would give.
    """
    import anndata

    cohort = open_cohort(name)
    if cohort.cells is None:
        return None
    read_through(cohort.cells)
    cells = anndata.read_h5ad(cohort.cells)
    if PLACES[place]:
        folder = folder_of(name)
        path = None if folder is None else folder / "truth" / "cells.csv"
        if path is None or not path.is_file():
            return None
        types = pd.read_csv(path, index_col="cell")["cell_type"]
        kept = types.reindex(cells.obs_names).str.contains(PLACES[place], regex=True)
        cells = cells[kept.fillna(False).to_numpy()].copy()
    return _by_person(cells, cohort)


def _by_person(cells: Any, cohort: Cohort) -> Assay:
    about = cohort.samples.set_index("sample_id")[["subject", "arm", "phase"]]
    cells.obs = cells.obs[["sample_id"]].join(about, on="sample_id")
    sums = pseudobulk(cells, ["subject", "arm", "phase"])
    values = sums.X.toarray() if hasattr(sums.X, "toarray") else sums.X
    table = pd.DataFrame(values, index=sums.obs_names, columns=sums.var_names)
    table = table.loc[:, table.mean() >= LEAST_COUNTS]
    return Assay(table, sums.obs, np.full(table.shape, OK, np.int8), COUNTS)


def _logs(assay: Assay) -> pd.DataFrame:
    values = assay.values.to_numpy(float)
    return pd.DataFrame(
        log_cpm(values, tmm_factors(values)), assay.values.index, assay.values.columns
    )


@cache
def _contrasts(name: str) -> list[pd.Series]:
    table = open_cohort(name).contrasts
    return [row for _, row in table[table["kind"].isin(["acute", "training"])].iterrows()]


@cache
def all_genes(name: str, place: str) -> pd.DataFrame | None:
    """Return Effects on every gene of some cells, by voom and person; None without such cells."""
    assay = summed(name, place)
    if assay is None or assay.values.shape[1] < 50:
        return None
    return contrast_effects(assay, _contrasts(name), "voom", stratum=place, **KEY)


@cache
def true_genes(name: str) -> pd.DataFrame | None:
    """Return feature, contrast and true log2 effect of the targets; None without a truth."""
    folder = folder_of(name)
    path = None if folder is None else folder / "truth" / "genes.csv"
    if path is None or not path.is_file():
        return None
    table = pd.read_csv(path)
    # the truth is the same in every cell type, so one of them tells it
    known = table.drop_duplicates(["gene", "contrast"]).set_index(["gene", "contrast"])
    names = [row["contrast"] for row in _contrasts(name)]
    every = pd.MultiIndex.from_product([TARGETS, names], names=["feature", "contrast"])
    effect = known["log2_effect"].reindex(every.rename(["gene", "contrast"]), fill_value=0.0)
    return pd.DataFrame({"log2_content": effect.to_numpy()}, every).reset_index()


@cache
def targets(name: str, place: str, fdr: float) -> pd.DataFrame | None:
    """Return Effects on the targets with q among them and among all genes, against the truth."""
    effects, truth = all_genes(name, place), true_genes(name)
    if effects is None:
        return None
    own = effects[effects["feature"].isin(TARGETS)].rename(columns={"q_value": "q_all"})
    among = own.groupby("contrast")["p_value"].transform(lambda p: benjamini_hochberg(p.to_numpy()))
    own = own.assign(q_value=among).reset_index(drop=True)
    return own if truth is None else against_truth(own, truth, "log2_content", fdr)


@cache
def set_tests(name: str) -> pd.DataFrame | None:
    """Return tests of the targets as a set in the whole tube, and of random sets beside them.

    Returns
    -------
    DataFrame or None
        contrast, method, estimate (of the activity, else the statistic), p_value, truth (whether
        the set changes, where known) and ``random_share``: the share of random sets of genes as
        abundant that the same method calls changed at 5 %.
    """
    assay = summed(name, TUBE)
    if assay is None or len(set(TARGETS) & set(assay.values)) < 5:
        return None
    logs = _logs(assay)
    own = [gene for gene in TARGETS if gene in logs]
    random = matched_random_sets(logs.mean(), own, DRAWS, np.random.default_rng(SEED))
    sets = {"targets": own, **{str(k): list(genes) for k, genes in enumerate(random)}}
    scored = Assay(logs, assay.samples, assay.status, "log2_ratio")
    activities = _activities(logs, sets, assay)
    rows = []
    for contrast in _contrasts(name):
        by_method = {
            "against other genes (camera)": camera(
                logs, cell_design(assay.samples), contrast, sets, None
            ),
            "against no change (sign flips)": set_sign_flips(
                assay_differences(scored, contrast).values, sets
            ).head(len(sets)),
            ULM: contrast_effects(activities, [contrast], **KEY),
        }
        for method, table in by_method.items():
            column = "estimate" if method == ULM else "statistic"
            p = table["p_value"].to_numpy()
            share = float((p[1:] <= 0.05).mean())
            rows.append((contrast["contrast"], method, table[column].iloc[0], p[0], share))
    columns = ["contrast", "method", "estimate", "p_value", "random_share"]
    return _with_outcome(pd.DataFrame(rows, columns=columns), name)


def _activities(logs: pd.DataFrame, sets: dict[str, list[str]], assay: Assay) -> Assay:
    pairs = [(name, gene, 1.0) for name, genes in sets.items() for gene in genes]
    network = pd.DataFrame(pairs, columns=["source", "target", "weight"])
    values = ulm_activities(logs - logs.mean(), network)
    return Assay(values, assay.samples, np.full(values.shape, OK, np.int8), "difference")


def _with_outcome(tests: pd.DataFrame, name: str) -> pd.DataFrame:
    truth = true_genes(name)
    if truth is None:
        return tests
    mean = tests["contrast"].map(truth.groupby("contrast")["log2_content"].mean())
    seen, real = tests["p_value"] <= 0.05, mean != 0
    right = np.sign(tests["estimate"]) == np.sign(mean)
    outcome = np.select(
        [seen & real & right, seen, real], [FOUND, FALSE_ALARM, MISSED], RIGHTLY_QUIET
    )
    return tests.assign(truth=mean, outcome=outcome)


def target_changes(name: str) -> pd.DataFrame:
    """Return each person's log2 change of the targets with training, in the whole tube."""
    assay = summed(name, TUBE)
    assert assay is not None
    (contrast,) = (c for c in _contrasts(name) if c["contrast"] == TRAINING)
    scored = Assay(_logs(assay), assay.samples, assay.status, "log2_ratio")
    changes = assay_differences(scored, contrast).values
    return changes[[gene for gene in TARGETS if gene in changes]]
