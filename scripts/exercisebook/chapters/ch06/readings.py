"""Betaine's numbers as assumed here, and what follows from them and from chapter 6's tables."""

import numpy as np
import pandas as pd

from exercisebook.chapters.ch06.analyses import RANDOM, SCORED, interferon_of_cells
from exercisebook.chapters.chapter import Chapter
from exercisebook.chapters.results import open_data
from exercisebook.chapters.simulated import outcomes, truth_of
from exercisebook.chapters.wording import one
from exercisebook.stats.dose_response import kd_at_efficiency, occupancy
from exercisebook.stats.target_engagement import (
    competitive_inhibition,
    largest_occupancy_change,
    occupancy_change,
)

ATOMS = 8
"""Atoms other than hydrogen in betaine, (CH3)3N+CH2COO-."""

MASS = 117
"""Da."""

PLASMA = (0.020, 0.075)
TISSUE = (2.0, 10.0)
"""Betaine in mM: resting plasma, and tissues that store it."""

IN_PLASMA, IN_TISSUE = 0.05, 5.0
"""Single values within them, for tables."""

SUPPLEMENT = (0.0197, 0.0948)
"""mM of serum betaine before and after 6 g a day for 14 days."""

ASSUMED_KD = (0.01, 0.1, 1.0, 10.0)
"""mM."""

MADE_FOR_BETAINE = 0.001
"""mM: the order of the Kd of a bacterial protein whose work is to bind betaine."""


def kd_of(efficiency: float) -> float:
    """Return the Kd, in mM, that a ligand efficiency gives betaine."""
    return float(1000 * kd_at_efficiency(efficiency, ATOMS))


def assumed_kd(chapter: Chapter) -> float:
    """Return the Kd, in mM, that the page's ligand efficiency gives betaine."""
    return kd_of(chapter.parameters.ligand_efficiency)


def best_kd(chapter: Chapter) -> float:
    """Return the Kd, in mM, at the highest efficiency of any TBK1 ligand at hand."""
    return kd_of(chapter["ligand_efficiencies"]["most"].iloc[0])


def rise(chapter: Chapter) -> float:
    """Return the assumed rise by training, as later over earlier."""
    return 1 + chapter.parameters.rise / 100


def supplement_fold() -> float:
    """Return by how much the supplement multiplied serum betaine."""
    return SUPPLEMENT[1] / SUPPLEMENT[0]


def largest_change(fold: float) -> float:
    """Return the most that such a rise could do to a bound share, at any Kd."""
    return float(largest_occupancy_change(fold))


def change_by_training(chapter: Chapter, concentration: float, kd: float) -> float:
    """Return the change of the bound share that the assumed rise makes."""
    return float(occupancy_change(concentration, rise(chapter), kd))


def change_by_supplement(kd: float) -> float:
    """Return the change of the bound share that the supplement makes at plasma levels."""
    return float(occupancy_change(SUPPLEMENT[0], supplement_fold(), kd))


def bound_share(concentration: float, kd: float) -> float:
    """Return the bound share at one concentration and constant, both in mM."""
    return float(occupancy(concentration, kd))


def points(before: float, fold: float, kd: float) -> float:
    """Return by how many percentage points the bound share changes."""
    return 100 * float(occupancy_change(before, fold, kd))


def band(limits: tuple[float, float], kd: float) -> tuple[float, float]:
    """Return the bound shares at the two ends of a band."""
    return bound_share(limits[0], kd), bound_share(limits[1], kd)


def atp_km(chapter: Chapter) -> float:
    """Return the Km for ATP, in µM, that the median compound's two potencies imply."""
    return float(chapter["atp_shift"]["km_uM"].median())


def inhibited(chapter: Chapter, concentration: float, kd: float, atp: float) -> float:
    """Return the share of the activity that betaine would take if it competed with ATP.

    Parameters
    ----------
    chapter : Chapter
    concentration, kd : float
        mM.
    atp : float
        µM.
    """
    return float(competitive_inhibition(concentration, kd, atp, atp_km(chapter)))


def two_potencies(chapter: Chapter, name: str) -> pd.Series:
    """Return one named compound's potencies at two levels of ATP."""
    return one(chapter["atp_shift"], name=name)


def donors_medians() -> pd.DataFrame | None:
    """Return the two donors' own medians by type, condition and score, where bytes are at hand."""
    if open_data("kang-pbmc") is None or open_data("gene-sets") is None:
        return None
    cells, scores = interferon_of_cells()
    key = ["cell_type", "condition", "donor"]
    tables = []
    for name, table in scores.items():
        own = cells.obs[key].assign(estimate=table.mean(axis=1).to_numpy(), score=name)
        tables.append(own.groupby([*key, "score"], observed=True, as_index=False).median())
    return pd.concat(tables, ignore_index=True)


def interferon_folds(chapter: Chapter) -> pd.DataFrame:
    """Return each type's median score with interferon over that without, and of random genes."""
    table = chapter["interferon_score"]
    wide = table.pivot(index="cell_type", columns=["score", "condition"], values="q50")
    return pd.DataFrame(
        {name: wide[name]["stimulated"] / wide[name]["control"] for name in (SCORED, RANDOM)}
    )


def betaine_of_cohort(chapter: Chapter) -> pd.DataFrame:
    """Return what this page's cohort says on betaine as a concentration.

    Returns
    -------
    DataFrame
        contrast and what it compares, n_subjects, before (mM, geometric mean), fold, low, high (95 %) and, of a
        simulated cohort, truth and outcome; empty where betaine is not given in µmol/L.
    """
    cohort = chapter.cohort
    named = cohort.features[
        (cohort.features["feature"] == "betaine") & (cohort.features["unit"] == "µmol/L")
    ]
    if named.empty:
        return pd.DataFrame()
    modality = named["modality"].iloc[0]
    tables = []
    truth = truth_of(chapter.parameters.cohort) if cohort.simulated else None
    for kind in ("acute", "training"):
        if (cohort.contrasts["kind"] == kind).any() and modality in cohort.measurements:
            tables.append(outcomes(cohort, kind, truth, chapter.parameters.fdr))
    if not tables:
        return pd.DataFrame()
    effects = pd.concat(tables, ignore_index=True).query("feature == 'betaine'")
    long = cohort.long(modality).query("feature == 'betaine'")
    rows = []
    for _, e in effects.iterrows():
        contrast = cohort.contrast(e["contrast"])
        earlier = (long["phase"] == contrast["reference_phase"]) & (long["arm"] == contrast["arm"])
        before = long.loc[earlier, "value"]
        row = {
            **contrast[["contrast", "phase", "reference_phase", "arm", "reference_arm"]],
            "n_subjects": e["n_subjects"],
            "before": float(np.exp(np.log(before).mean())) / 1000,
            "fold": 2 ** e["estimate"],
            "low": 2 ** e["ci_low"],
            "high": 2 ** e["ci_high"],
        }
        if "outcome" in e:
            row |= {"truth": 2 ** e["truth"], "outcome": e["outcome"]}
        rows.append(row)
    return pd.DataFrame(rows)
