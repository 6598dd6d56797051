"""The reference cohort's single cells, from raw counts to answers that their truth can grade.

Nothing here is a verdict on a claim: the cells are simulated.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exercisebook.claims.truth import FALSE_ALARM, FOUND, MISSED, RIGHTLY_QUIET
from exercisebook.cohort.package import Cohort, read_cohort
from exercisebook.paths import REFERENCE
from exercisebook.simulate.cohorts import simulate
from exercisebook.simulate.packages import read_truth
from exercisebook.simulate.worlds import world
from exercisebook.stats.assay import COUNTS, assay_from_matrix
from exercisebook.stats.cell_clusters import (
    agreement,
    cell_quality,
    communities,
    embedded,
    named_groups,
)
from exercisebook.stats.composition import absolute_effects, composition_effects
from exercisebook.stats.count_models import voom_model
from exercisebook.stats.multiplicity import benjamini_hochberg
from exercisebook.stats.pseudobulk import pseudobulk
from exercisebook.stats.replicates import (
    log_expression,
    p_over_cells,
    p_over_persons,
    share_below,
)

SEED = 20251121
TRAINING = "training-baseline"

HELPER = "other T cells"
CYTOTOXIC = "cytotoxic T cells"
NATURAL_KILLERS = "NK cells"
B_CELLS = "B cells"
CLASSICAL = "classical monocytes"
NON_CLASSICAL = "non-classical monocytes"
DENDRITIC = "dendritic cells"

MARKERS = {
    HELPER: ("CD3D", "CD3E", "IL7R", "LTB"),
    CYTOTOXIC: ("CD3D", "CD8A", "GZMK", "GZMH"),
    NATURAL_KILLERS: ("GNLY", "KLRF1", "KLRD1", "NCAM1"),
    B_CELLS: ("MS4A1", "CD79A", "CD79B"),
    CLASSICAL: ("CD14", "LYZ", "S100A8", "VCAN"),
    NON_CLASSICAL: ("FCGR3A", "MS4A7", "CDKN1C"),
    DENDRITIC: ("FCER1A", "CLEC10A", "CD1C"),
}
"""Published markers of blood cells, a few of each kind."""

KIND_OF_TYPE = {
    "CD4 naive": HELPER,
    "CD4 memory": HELPER,
    "CD8 naive": HELPER,
    "CD8 memory": CYTOTOXIC,
    "NK": NATURAL_KILLERS,
    "B naive": B_CELLS,
    "B memory": B_CELLS,
    "classical monocytes": CLASSICAL,
    "non-classical monocytes": NON_CLASSICAL,
    "dendritic cells": DENDRITIC,
}
"""The broad kind of each of the simulation's ten types."""

NAIVE = ("CD4 naive", "CD8 naive", "B naive")

RESOLUTIONS = (0.5, 1.0, 1.5, 2.0)

GENES = ("CORO1A", "CD74")

EVERY_CELL = "all cells together"

FEWEST_CELLS = 3
"""Of a kind in a sample, for its sum to count."""

CELLS_A_SAMPLE = (25, 50, 100, 200, 290)


@cache
def raw_cells() -> Any:
    """Return the raw counts with subject, phase and, since this is a simulation, the truth."""
    import anndata

    cells = anndata.read_h5ad(REFERENCE / "cells.h5ad")
    return _described(cells, _cohort(), pd.read_csv(REFERENCE / "truth" / "cells.csv"))


@cache
def quality() -> pd.DataFrame:
    """Return molecules, genes and mitochondrial share of every cell, and whether it is damaged."""
    cells = raw_cells()
    return cell_quality(cells).assign(damaged=cells.obs["damaged"].to_numpy())


def is_kept(most_mitochondrial: float) -> NDArray[np.bool_]:
    """Return which cells pass a threshold, given in per cent."""
    return (quality()["mitochondrial"] <= most_mitochondrial / 100).to_numpy()


@cache
def kept_cells(most_mitochondrial: float) -> Any:
    """Return cells that pass, on the log scale, with components and a graph of neighbours."""
    return embedded(raw_cells()[is_kept(most_mitochondrial)], "subject", SEED)


@cache
def kinds(most_mitochondrial: float, resolution: float) -> NDArray[np.object_]:
    """Return the kind of every kept cell, by the markers that its group shows most."""
    cells = kept_cells(most_mitochondrial)
    return named_groups(cells, _groups(most_mitochondrial, resolution), MARKERS)


@cache
def agreements(most_mitochondrial: float, resolution: float) -> pd.DataFrame:
    """Return, for several resolutions, how far groups agree with the known types and kinds."""
    known = kept_cells(most_mitochondrial).obs
    rows = []
    for one in sorted({*RESOLUTIONS, resolution}):
        groups = _groups(most_mitochondrial, one)
        rows.append(
            (
                one,
                len(set(groups)),
                agreement(groups, known["cell_type"]),
                agreement(groups, known["kind"]),
                agreement(kinds(most_mitochondrial, one), known["kind"]),
            )
        )
    return pd.DataFrame(rows, columns=["resolution", "groups", "types", "kinds", "named"])


@dataclass(frozen=True)
class NaiveFromMemory:
    """How well groups tell naive from memory CD4 T cells.

    Attributes
    ----------
    index : float
        Adjusted Rand index within CD4 T cells.
    mistaken : float
        Share of them that go wrong if each group takes the name of its majority.
    by_guess : float
        Share that go wrong if all are called what most of them are.
    """

    index: float
    mistaken: float
    by_guess: float


@cache
def naive_from_memory(most_mitochondrial: float, resolution: float) -> NaiveFromMemory:
    """Return how well groups of cells tell naive from memory CD4 T cells."""
    known = kept_cells(most_mitochondrial).obs["cell_type"].to_numpy()
    own = np.isin(known, ["CD4 naive", "CD4 memory"])
    groups = _groups(most_mitochondrial, resolution)[own]
    table = pd.crosstab(groups, known[own]).to_numpy()
    return NaiveFromMemory(
        agreement(groups, known[own]),
        float(1 - table.max(axis=1).sum() / table.sum()),
        float(1 - table.sum(axis=0).max() / table.sum()),
    )


@cache
def marker_shares(most_mitochondrial: float, resolution: float) -> pd.DataFrame:
    """Return in what share of the cells of each kind each marker was found."""
    cells = kept_cells(most_mitochondrial)
    genes = list(dict.fromkeys(gene for own in MARKERS.values() for gene in own))
    found = pd.DataFrame(np.asarray(cells[:, genes].layers["counts"].todense()) > 0, columns=genes)
    shares = found.groupby(kinds(most_mitochondrial, resolution)).mean()
    return (
        shares.rename_axis("kind").reset_index().melt("kind", var_name="gene", value_name="share")
    )


@cache
def naive_effects(fdr: float) -> dict[str, pd.DataFrame]:
    """Return what the study sees of training in every type, as shares and as numbers.

    The types are the true ones, which no laboratory has: this is the best case.

    Returns
    -------
    dict of str to DataFrame
        ``share`` (logits of the share of mononuclear cells) and ``number`` (log2 of cells a
        litre): feature, estimate, ci_low, ci_high, q_value, n_subjects, truth, outcome.
    """
    cohort, cells = _cohort(), raw_cells()
    whole = cells.obs[~cells.obs["damaged"]]
    counts = pd.crosstab(whole["sample_id"], whole["cell_type"])
    samples = cohort.samples.set_index("sample_id")
    contrast = cohort.contrast(TRAINING)
    known = pd.read_csv(REFERENCE / "truth" / "composition.csv")
    known = known[(known["contrast"] == TRAINING) & (known["denominator"] == "mononuclear")]
    known = known.set_index("cell_type")
    share = composition_effects(counts, samples, contrast)
    number = absolute_effects(counts, samples, contrast, _mononuclear(cohort))
    return {
        "share": _graded(share, _trimmed(known["logit_share"]), fdr),
        "number": _graded(number, _trimmed(known["log2_number"]) + _dilution(), fdr),
    }


@cache
def gene_effects(most_mitochondrial: float, resolution: float, fdr: float) -> pd.DataFrame:
    """Return CORO1A and CD74 after training by kind of cell, from sums a person, with truth.

    Returns
    -------
    DataFrame
        gene, kind and the columns of ``naive_effects``; q values over all rows.
    """
    cells = kept_cells(most_mitochondrial)
    named = kinds(most_mitochondrial, resolution)
    tables = [_of_genes(cells, EVERY_CELL)]
    tables += [_of_genes(cells[named == kind], kind) for kind in MARKERS if (named == kind).any()]
    rows = pd.concat(tables, ignore_index=True)
    rows["q_value"] = benjamini_hochberg(rows["p_value"].to_numpy())
    genes = pd.read_csv(REFERENCE / "truth" / "genes.csv")
    truth = genes[genes["contrast"] == TRAINING].groupby("gene")["log2_effect"].mean()
    return _outcomes(rows.assign(truth=rows["gene"].map(truth)), fdr)


@cache
def false_findings() -> pd.DataFrame:
    """Return the share of genes with p below 0.05 in a world where training does nothing.

    Returns
    -------
    DataFrame
        cells (a sample), question, counted (cells or persons), share, genes.
    """
    made = simulate(world("null"), 13, SEED, ("cells",), 300)
    cells = _described(made.cells, made.cohort, made.truth["cells"])
    cells = cells[~cells.obs["damaged"] & (cells.obs["phase"] != "acute")].copy()
    place = cells.obs.groupby("sample_id", observed=True).cumcount().to_numpy()
    men = sorted(set(cells.obs["subject"]))
    half = set(np.random.default_rng(SEED).permutation(men)[: len(men) // 2])
    rows = []
    for most in CELLS_A_SAMPLE:
        some = cells[place < most]
        rows += _two_tests(some, some.obs["phase"] == "training", True, most)
        first = some[some.obs["phase"] == "baseline"]
        rows += _two_tests(first, first.obs["subject"].isin(half), False, most)
    return pd.DataFrame(rows, columns=["cells", "question", "counted", "share", "genes"])


BEFORE_AFTER, HALVES = "the same men, before and after", "one half of the men against the other"


def _two_tests(cells: Any, later: pd.Series, paired: bool, most: int) -> list[tuple[object, ...]]:
    values, side = log_expression(cells), later.to_numpy()
    persons = cells.obs["subject"].to_numpy(object)
    question = BEFORE_AFTER if paired else HALVES
    p = {
        "cells": p_over_cells(values, side),
        "persons": p_over_persons(values, side, persons, paired),
    }
    return [(most, question, name, share_below(own), values.shape[1]) for name, own in p.items()]


def _cohort() -> Cohort:
    return read_cohort(REFERENCE)


def _described(cells: Any, cohort: Cohort, truth: pd.DataFrame) -> Any:
    samples = cohort.samples.set_index("sample_id")
    known = truth.set_index("cell").loc[cells.obs_names]
    own = cells.obs["sample_id"].astype(str)
    cells.obs = pd.DataFrame(
        {
            "sample_id": own,
            "subject": own.map(samples["subject"]).astype(str),
            "phase": own.map(samples["phase"]).astype(str),
            "cell_type": known["cell_type"].to_numpy(),
            "kind": known["cell_type"].map(KIND_OF_TYPE).to_numpy(),
            "damaged": known["damaged"].to_numpy(bool),
        },
        index=cells.obs_names,
    )
    return cells


@cache
def _groups(most_mitochondrial: float, resolution: float) -> NDArray[np.int64]:
    return communities(kept_cells(most_mitochondrial), resolution, SEED)


def _mononuclear(cohort: Cohort) -> pd.Series:
    """Return lymphocytes and monocytes together, in 10^9 a litre, by sample."""
    long = cohort.long("blood_count")
    own = long[long["feature"].isin(["lymphocytes", "monocytes"])]
    return own.groupby("sample_id")["value"].sum()


def _dilution() -> float:
    """Return by how much plasma gained in training dilutes every cell, as a log2 ratio."""
    truth = read_truth(REFERENCE).set_index(["contrast", "feature"])
    row = truth.loc[(TRAINING, "lymphocytes")]
    return float(row["log2_concentration"] - row["log2_content"])


def _trimmed(truth: pd.Series) -> pd.Series:
    """Return true effects with what no study could tell from nought at nought."""
    return truth.where(truth.abs() > 1e-3, 0.0)


def _graded(rows: pd.DataFrame, truth: pd.Series, fdr: float) -> pd.DataFrame:
    known = rows.assign(
        truth=rows["feature"].map(truth),
        q_value=benjamini_hochberg(rows["p_value"].to_numpy()),
    )
    return _outcomes(known.set_index("feature").loc[list(KIND_OF_TYPE)].reset_index(), fdr)


def _outcomes(rows: pd.DataFrame, fdr: float) -> pd.DataFrame:
    seen, real = rows["q_value"] <= fdr, rows["truth"] != 0
    right = np.sign(rows["estimate"]) == np.sign(rows["truth"])
    outcome = np.select(
        [seen & real & right, seen, real], [FOUND, FALSE_ALARM, MISSED], RIGHTLY_QUIET
    )
    return rows.assign(outcome=outcome)


def _of_genes(cells: Any, kind: str) -> pd.DataFrame:
    sums = pseudobulk(cells, ["subject", "phase"], FEWEST_CELLS, "counts")
    sums = sums[sums.obs["phase"].isin(["baseline", "training"]).to_numpy()]
    counts = pd.DataFrame(
        np.asarray(sums.X.todense()), index=sums.obs_names, columns=sums.var_names
    )
    # genes that hardly anyone has would only blur the trend of the variances
    counts = counts.loc[:, (counts > 0).mean() > 0.5]
    about = sums.obs[["subject", "phase"]].astype(str).assign(arm="exercise")
    rows = voom_model(assay_from_matrix(counts, about, COUNTS), _cohort().contrast(TRAINING))
    own = rows[rows["feature"].isin(GENES)]
    return own.assign(gene=own["feature"], kind=kind)
