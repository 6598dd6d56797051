"""What open data say on TBK1 and its inhibitors: one function a table.

Potencies and selectivity come from the laboratory and have no persons; the interferon score is of
two donors' cells, and is described, never tested.
"""

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from exercisebook.chapters.chapter import Chapter
from exercisebook.chapters.chosen import chosen_effects
from exercisebook.chapters.results import Analysis, open_data
from exercisebook.chapters.wording import one
from exercisebook.cohort.package import Cohort
from exercisebook.sources.catalogue import dataset
from exercisebook.sources.fetch import locate
from exercisebook.sources.kang_pbmc import kang_cells
from exercisebook.sources.kinase_selectivity import IKK_FAMILY
from exercisebook.sources.tbk1_chembl import CONTRADICTED, OTHER_KINASE, UNSTATED
from exercisebook.stats.censored_potencies import (
    between_assay_ratios,
    compound_potency,
    pooled_between_assay_sd,
)
from exercisebook.stats.dose_response import ligand_efficiency
from exercisebook.stats.schemas import as_effects
from exercisebook.stats.selectivity import hit_together, selectivity_of
from exercisebook.stats.target_engagement import competitive_constants

Frames = dict[str, pd.DataFrame]

NANOMOLAR = 1e-9

LOW_ATP, HIGH_ATP = "CHEMBL4380517", "CHEMBL4380518"
"""One laboratory's assay at two concentrations of ATP."""

LOW_ATP_UM, HIGH_ATP_UM = 10.0, 1000.0

NAMED = ("BX-795", "BAY-985", "BAY-440", "AMLEXANOX", "SILMITASERTIB", "STAUROSPORINE")

AMLEXANOX = "AMLEXANOX"

TOP_DOSE_NM = 10_000.0
"""The commonest bound of assays that saw no inhibition."""

ALL_PAIRS, ATP_PAIRS, OTHER_ENZYME, IN_CELLS = (
    "any two assays, in cells or not",
    "enzyme, two levels of ATP, one laboratory",
    "enzyme, any other pair",
    "cells against enzyme",
)

TARGET = "TBK1"

LEAST_HITS = 5
"""Compounds that must hit a kinase before their median says anything."""

INTERFERON = "HALLMARK_INTERFERON_ALPHA_RESPONSE"
SCORED, RANDOM = "interferon genes", "random genes, as abundant"
UPSTREAM = ("TBK1", "IKBKE", "IRF3", "STING1", "TMEM173", "IFNB1")
"""Genes of the road from TBK1 to interferon, by symbol, old ones too."""

_SEED = 20251121
_DRAWS = 50
_QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
_ATOMS_A_BIN, _LOGS_A_BIN = 2, 0.25


def trusted(measurements: pd.DataFrame) -> pd.DataFrame:
    """Return measurements without a note, and not another document's quoted again."""
    return measurements[(measurements["note"] == "") & ~measurements["quoted"]]


def census(frames: Frames, parameters: Any) -> pd.DataFrame:
    """Return what becomes of the rows as curated, each counted under its first reason."""
    curated, measured = frames["potencies"], frames["measurements"]
    left = measured
    rows = [
        ("rows as curated", len(curated)),
        ("the same measurement, curated again", len(curated) - len(measured)),
    ]
    reasons = {
        "the assay's own text names another kinase": left["assay"].isin(OTHER_KINASE),
        "contradicted by a value of the same assay": left["note"].str.contains(CONTRADICTED),
        "no relation given": left["note"].str.contains(UNSTATED),
        "a value that an earlier paper has": left["quoted"],
    }
    gone = pd.Series(False, index=left.index)
    for reason, own in reasons.items():
        rows.append((reason, int((own & ~gone).sum())))
        gone |= own
    kept = trusted(measured)
    for name, own in (
        ("left", kept["relation"] != ""),
        ("of these, bounds", kept["relation"].isin(["<", ">"])),
        ("of these, in cells", kept["setting"] == "cell"),
    ):
        rows.append((name, int(own.sum())))
    rows += [
        ("compounds", curated["compound"].nunique()),
        ("assays", curated["assay"].nunique()),
        ("betaine", int((curated["heavy_atoms"] <= 8).sum())),
    ]
    return pd.DataFrame(rows, columns=["what", "n"])


def by_size(frames: Frames, parameters: Any) -> pd.DataFrame:
    """Return how many compounds there are by number of heavy atoms and enzyme IC50."""
    exact = _exact_enzyme(frames)
    mean = (
        exact.assign(log10_nM=np.log10(exact["ic50_nM"]))
        .groupby("compound")
        .agg(heavy_atoms=("heavy_atoms", "first"), log10_nM=("log10_nM", "mean"))
    )
    atoms = _ATOMS_A_BIN * (mean["heavy_atoms"] // _ATOMS_A_BIN)
    logs = _LOGS_A_BIN * np.floor(mean["log10_nM"] / _LOGS_A_BIN)
    counts = pd.DataFrame({"heavy_atoms": atoms + 0.5, "log10_nM": logs + _LOGS_A_BIN / 2})
    return counts.value_counts().rename("n").reset_index().sort_values(
        ["heavy_atoms", "log10_nM"], ignore_index=True
    )  # fmt: skip


def efficiencies(frames: Frames, parameters: Any) -> pd.DataFrame:
    """Return the spread of ligand efficiencies, and the lightest ligand."""
    exact = _exact_enzyme(frames)
    values = ligand_efficiency(exact["ic50_nM"] * NANOMOLAR, exact["heavy_atoms"])
    curated = frames["potencies"]
    lightest = curated.loc[curated["molecular_weight"].idxmin()]
    quantiles = {f"q{100 * q:.0f}": float(np.quantile(values, q)) for q in (0.025, 0.5, 0.975)}
    row = {
        **quantiles,
        "most": float(values.max()),
        "lightest_da": float(lightest["molecular_weight"]),
        "fewest_atoms": int(curated["heavy_atoms"].min()),
        "n": len(exact),
    }
    return pd.DataFrame([row])


def between_assays(frames: Frames, parameters: Any) -> pd.DataFrame:
    """Return how far one compound's potencies lie apart, by what differs between the assays."""
    kept = trusted(frames["measurements"])
    enzyme = kept[kept["setting"] == "enzyme"]
    ratios = between_assay_ratios(enzyme)
    paired = ratios["compound"].isin(_atp_pairs(frames)["compound"]) & (ratios["n_assays"] == 2)
    groups = {
        ALL_PAIRS: between_assay_ratios(kept)["ratio"],
        ATP_PAIRS: ratios.loc[paired, "ratio"],
        OTHER_ENZYME: _without_high_atp(enzyme),
        IN_CELLS: _cells_against_enzyme(kept),
    }
    return pd.DataFrame(
        [
            {
                "what": name,
                "n": len(values),
                "median": float(values.median()),
                "least": float(values.min()),
                "most": float(values.max()),
            }
            for name, values in groups.items()
        ]
    )


def potency_spread(frames: Frames, parameters: Any) -> pd.DataFrame:
    """Return the pooled spread of one compound's enzyme potencies, in powers of ten."""
    logs = _assay_means(_exact_enzyme(frames))
    several = logs[logs.groupby("compound")["log10_nM"].transform("size") > 1]
    sd = pooled_between_assay_sd(several["compound"], several["log10_nM"])
    return pd.DataFrame(
        [{"sd": sd, "n_compounds": several["compound"].nunique(), "n": len(several)}]
    )


def named_potencies(frames: Frames, parameters: Any) -> pd.DataFrame:
    """Return every measurement of the compounds that have a name on this page."""
    measured = frames["measurements"]
    own = measured[measured["name"].isin(NAMED)]
    return (
        own.assign(assay_kind=[_kind(r) for _, r in own.iterrows()], n=own["copies"])
        .sort_values(["name", "ic50_nM"], kind="stable")[
            ["name", "relation", "ic50_nM", "assay_kind", "quoted", "note", "year", "n"]
        ]
        .reset_index(drop=True)
    )


def compound_centres(frames: Frames, parameters: Any) -> pd.DataFrame:
    """Return each named compound's potency over enzyme assays, bounds kept as bounds."""
    sd = float(potency_spread(frames, parameters)["sd"].iloc[0])
    kept = trusted(frames["measurements"])
    rows = []
    for name in NAMED:
        own = kept[(kept["name"] == name) & (kept["setting"] == "enzyme")]
        found = compound_potency(np.log10(own["ic50_nM"]), list(own["relation"]), sd)
        rows.append({"name": name, **vars(found), "n": found.n_assays})
    return pd.DataFrame(rows).drop(columns="n_assays")


def atp_shift(frames: Frames, parameters: Any) -> pd.DataFrame:
    """Return, for compounds measured at both levels of ATP, both potencies and what they imply."""
    return _atp_pairs(frames).drop(columns="compound").sort_values("low_nM", ignore_index=True)


def selectivity(frames: Frames, parameters: Any) -> pd.DataFrame:
    """Return, for each compound that hits TBK1, how many kinases it hits."""
    found = selectivity_of(frames["selectivity"], TARGET, parameters.hit)
    return found[["compound", "inhibition", "n_hit", "n_kinases", "gini"]].assign(n=1)


def selectivity_of_others(frames: Frames, parameters: Any) -> pd.DataFrame:
    """Return how many kinases the compounds that hit a kinase hit, over all kinases.

    A compound that hits many is among the hits of many, so that hits of any one kinase are a
    promiscuous choice; what is particular to TBK1 shows against other kinases alone.
    """
    wide = frames["selectivity"].pivot(index="compound", columns="kinase", values="inhibition")
    hit = wide >= parameters.hit
    kinases = hit.sum(axis=1)
    often = hit.columns[hit.sum() >= LEAST_HITS]
    medians = pd.Series({k: float(kinases[hit[k]].median()) for k in often})
    own = float(kinases[hit[TARGET]].median())
    row = {
        "own_median": own,
        **{f"q{100 * q:.0f}": float(medians.quantile(q)) for q in (0.25, 0.5, 0.75)},
        "share_below": float((medians.drop(TARGET, errors="ignore") < own).mean()),
        "all_compounds": float(kinases.median()),
        "n": len(medians) - 1,
        "n_kinases": wide.shape[1],
        "n_compounds": len(wide),
    }
    return pd.DataFrame([row])


def relatives(frames: Frames, parameters: Any) -> pd.DataFrame:
    """Return how often compounds that hit TBK1 hit its relatives, beside all compounds."""
    wide = frames["selectivity"].pivot(index="compound", columns="kinase", values="inhibition")
    hit = wide >= parameters.hit
    together = hit_together(frames["selectivity"], TARGET, parameters.hit).set_index("kinase")
    n = int(hit[TARGET].sum())
    rows = []
    for name in IKK_FAMILY:
        if name == TARGET:
            continue
        both = int(together.loc[name, "n_hit"])
        limits = stats.binomtest(both, n).proportion_ci(method="exact")
        all_share = float(hit.loc[~hit[TARGET], name].mean())
        rows.append((name, n, both, both / n, limits.low, limits.high, all_share))
    columns = ["kinase", "n", "n_both", "share", "ci_low", "ci_high", "share_of_others"]
    return pd.DataFrame(rows, columns=columns)


def interferon_score(cohort: Cohort, parameters: Any) -> pd.DataFrame:
    """Return quantiles over cells of the share of molecules that are of interferon genes.

    Beside it the same of random genes of like abundance, quantiles averaged over
    many draws: what a score does that reads nothing.
    """
    cells, scores = interferon_of_cells()
    rows = []
    for (cell_type, condition), own in cells.obs.groupby(["cell_type", "condition"], observed=True):
        for name, table in scores.items():
            quantiles = table.loc[own.index].quantile(_QUANTILES).mean(axis=1)
            row = {"cell_type": cell_type, "condition": condition, "score": name}
            row |= {f"q{100 * q:.0f}": float(v) for q, v in quantiles.items()}
            rows.append(row | {"n_cells": len(own), "n_subjects": own["donor"].nunique()})
    held = {"n_genes": scores[SCORED].attrs["n_genes"], "n_named": scores[SCORED].attrs["n_named"]}
    upstream = int(np.isin(UPSTREAM, cells.var_names).sum())
    return pd.DataFrame(rows).assign(**held, n_upstream=upstream)


def interferon_of_cells() -> tuple[Any, dict[str, pd.DataFrame]]:
    """Return the single cells, and their scores as shares of each cell's molecules.

    Of interferon genes there is one score, of random genes one a draw, a column each.
    """
    files = locate(dataset("kang-pbmc"))
    assert files is not None
    cells = kang_cells(files)
    sets = open_data("gene-sets")["gene_sets"]
    named = set(sets.loc[sets["set"] == INTERFERON, "feature"])
    inside = np.isin(cells.var_names, list(named))
    counts = cells.X.tocsc()
    total = np.asarray(counts.sum(axis=1)).ravel()
    # matched in the unstimulated cells, where interferon has not yet made its genes abundant
    control = (cells.obs["condition"] == "control").to_numpy()
    level = np.asarray(counts[control].sum(axis=0)).ravel()
    rng = np.random.default_rng(_SEED)
    drawn = [_as_abundant(level, inside, rng) for _ in range(_DRAWS)]

    def share(genes: list[np.ndarray]) -> pd.DataFrame:
        sums = [np.asarray(counts[:, g].sum(axis=1)).ravel() / total for g in genes]
        return pd.DataFrame(np.column_stack(sums), index=cells.obs_names)

    scores = {SCORED: share([np.flatnonzero(inside)]), RANDOM: share(drawn)}
    scores[SCORED].attrs = {"n_genes": int(inside.sum()), "n_named": len(named)}
    return cells, scores


def _as_abundant(level: np.ndarray, inside: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return, for each gene of a set, one outside of it among its ten nearest in abundance."""
    others = np.flatnonzero(~inside)
    others = others[np.argsort(level[others], kind="stable")]
    at = np.searchsorted(level[others], level[inside])
    first = np.clip(at - 5, 0, len(others) - 10)
    drawn = others[first + rng.integers(0, 10, len(first))]
    return np.unique(drawn)


def _exact_enzyme(frames: Frames) -> pd.DataFrame:
    kept = trusted(frames["measurements"])
    return kept[(kept["setting"] == "enzyme") & (kept["relation"] == "=")]


def _assay_means(exact: pd.DataFrame) -> pd.DataFrame:
    logs = exact.assign(log10_nM=np.log10(exact["ic50_nM"]))
    return logs.groupby(["compound", "assay"], as_index=False)["log10_nM"].mean()


def _atp_pairs(frames: Frames) -> pd.DataFrame:
    own = frames["measurements"]
    own = own[own["assay"].isin([LOW_ATP, HIGH_ATP])]
    wide = own.pivot(index="compound", columns="assay", values=["ic50_nM", "relation"])
    exact = (wide["relation"] == "=").all(axis=1)
    low, high = (wide["ic50_nM"][a].astype(float) for a in (LOW_ATP, HIGH_ATP))
    ki, km = competitive_constants(low, high, LOW_ATP_UM, HIGH_ATP_UM)
    names = own.drop_duplicates("compound").set_index("compound")["name"]
    table = pd.DataFrame(
        {
            "compound": wide.index,
            "name": names.reindex(wide.index).to_numpy(),
            "low_nM": low.to_numpy(),
            "high_nM": high.to_numpy(),
            "bound": ~exact.to_numpy(),
            "ratio": (high / low).to_numpy(),
            "ki_nM": np.where(exact, ki, np.nan),
            "km_uM": np.where(exact, km, np.nan),
            "n": 1,
        }
    )
    return table.reset_index(drop=True)


def _without_high_atp(enzyme: pd.DataFrame) -> pd.Series:
    return between_assay_ratios(enzyme[enzyme["assay"] != HIGH_ATP])["ratio"]


def _cells_against_enzyme(kept: pd.DataFrame) -> pd.Series:
    exact = kept[(kept["relation"] == "=") & (kept["assay"] != HIGH_ATP)]
    logs = exact.assign(log10_nM=np.log10(exact["ic50_nM"]))
    wide = logs.pivot_table(index="compound", columns="setting", values="log10_nM").dropna()
    return 10 ** (wide["cell"] - wide["enzyme"])


def _kind(row: pd.Series) -> str:
    if row["setting"] == "cell":
        return "cells"
    if row["assay"] == HIGH_ATP or "high ATP" in row["assay_text"]:
        return "enzyme, ATP 1 mM or “high”"
    if row["assay"] == LOW_ATP or "low ATP" in row["assay_text"] or "1 µM ATP" in row["assay_text"]:
        return "enzyme, ATP 10 µM or less"
    return "enzyme, ATP not stated"


_CHEMBL = "tbk1-chembl"
_PKIS2 = "kinase-selectivity"

ANALYSES = {
    analysis.name: analysis
    for analysis in (
        Analysis("potency_census", _CHEMBL, census),
        Analysis("potency_by_size", _CHEMBL, by_size),
        Analysis("ligand_efficiencies", _CHEMBL, efficiencies),
        Analysis("between_assays", _CHEMBL, between_assays),
        Analysis("potency_spread", _CHEMBL, potency_spread),
        Analysis("named_potencies", _CHEMBL, named_potencies),
        Analysis("compound_centres", _CHEMBL, compound_centres),
        Analysis("atp_shift", _CHEMBL, atp_shift),
        Analysis("selectivity", _PKIS2, selectivity, ("hit",)),
        Analysis("selectivity_of_others", _PKIS2, selectivity_of_others, ("hit",)),
        Analysis("relatives", _PKIS2, relatives, ("hit",)),
        Analysis("interferon_score", "kang-pbmc", interferon_score, beside=("gene-sets",)),
    )
}


def claim_effects(chapter: Chapter) -> pd.DataFrame:
    """Return the one effect that open data have for this chapter's claims: amlexanox on TBK1.

    Its IC50 over the commonest upper bound, as a log2 ratio: below zero is an inhibitor
    by that yardstick. It rests on one measurement, so the spread between assays is that of other
    compounds. Betaine has no measurement, and interferon-beta answers no claim on TBK1.
    """
    return chosen_effects(chapter, {_CHEMBL: _of_amlexanox})


def _of_amlexanox(chapter: Chapter) -> pd.DataFrame:
    found = one(chapter["compound_centres"], name=AMLEXANOX)
    per_ten = np.log2(10)
    ends = ("estimate", "ci_low", "ci_high")
    estimate, low, high = ((found[end] - np.log10(TOP_DOSE_NM)) * per_ten for end in ends)
    se = found["between_assay_sd"] * per_ten / np.sqrt(found["n"])
    p = 2 * stats.norm.sf(abs(estimate / se))
    row = {
        "dataset": _CHEMBL,
        "modality": "enzyme",
        "feature": "amlexanox",
        "canonical_id": "tbk1_amlexanox",
        "contrast": "IC50 against 10 µM",
        "kind": "group",
        "method": "one measurement, borrowed spread",
        "n_subjects": float(found["n"]),
        "n_observations": float(found["n"]),
        "estimate": estimate,
        "effect_scale": "log2_ratio",
        "unit": "",
        "se": se,
        # the spread is taken as known
        "df": np.inf,
        "statistic": estimate / se,
        "ci_low": low,
        "ci_high": high,
        "p_value": p,
        "q_value": p,
        "detectable": (stats.norm.ppf(0.975) + stats.norm.ppf(0.8)) * se,
        "flag": "one measurement; spread of other compounds",
    }
    return as_effects(pd.DataFrame([row]))
