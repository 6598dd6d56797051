"""Our simulated people, measured as the open data are.

What takes no single cells is measured in forty studies, of which the first is the one with the
page's seed, so that chance hardly matters; single cells in that one. Mornings are those of the
world's twin, in which the same people do not exercise.
"""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exercisebook.chapters.a2.alike import (
    CELLS,
    COUNT_STEP,
    COUNTS,
    CYTOKINES,
    HOURS,
    TYPES,
    by_quarter,
    morning_spectrum,
)
from exercisebook.simulate.arrays import draw_studies, simulate_arrays, single_cells
from exercisebook.simulate.single_cells import as_anndata, cell_types
from exercisebook.simulate.worlds import response_after, world
from exercisebook.stats.realism import (
    CompositionCovariance,
    composition_covariance,
    variation,
)

STUDIES = 40
RESTED = [0, 2]
"""The visits before any exercise and at the end: 27 days apart."""

SPREAD_BLOCKS = ("clinical", "blood_count", "cytokines", "proteins", "metabolites")
_SEED = 20251121


@cache
def mornings(seed: int, subjects: int) -> dict[str, pd.DataFrame]:
    """Return measured values on two rested mornings, below-detection and missing ones as NaN.

    Returns
    -------
    dict of str to DataFrame
        By block: one row a morning, two in turn a person, all studies one after another.
    """
    twin, rng = world("reference-twin"), np.random.default_rng(seed)
    arrays = simulate_arrays(twin, subjects, rng, SPREAD_BLOCKS, STUDIES)
    tables = {}
    for block, values in arrays.items():
        features = twin.block(block)
        rested = values[:, :, RESTED].reshape(-1, len(features))
        if block == "blood_count":
            rested = COUNT_STEP * np.round(rested / COUNT_STEP)
        limits = features["detection_limit"].fillna(0).to_numpy(float)
        table = pd.DataFrame(rested, columns=features["feature"])
        tables[block] = table.where(table >= limits)
    return tables


@cache
def spread(seed: int, subjects: int, block: str) -> pd.DataFrame:
    """Return every feature's variation within and between people, by feature."""
    table = mornings(seed, subjects)[block]
    people = np.arange(len(table)) // len(RESTED)
    return variation(table.where(table > 0), people).set_index("feature")


def levels(seed: int, subjects: int) -> pd.Series:
    """Return geometric means of the counts."""
    table = mornings(seed, subjects)["blood_count"]
    return np.exp(np.log(table.where(table > 0)).mean())


def absent(seed: int, subjects: int, feature: str) -> float:
    """Return the share of mornings on which a cytokine lies below its limit."""
    return float(mornings(seed, subjects)["cytokines"][feature].isna().mean())


@cache
def missing(seed: int, subjects: int) -> pd.DataFrame:
    """Return the share of proteins missing or below detection, by quarters of level."""
    return by_quarter(mornings(seed, subjects)["proteins"])


@cache
def correlation(seed: int, subjects: int, degrees: int) -> tuple[float, float]:
    """Return leading share and median absolute correlation between mornings.

    Parameters
    ----------
    seed, subjects : int
        Of the studies.
    degrees : int
        Degrees of freedom of the open data. People are taken in groups that have as many, and
        medians over the groups returned: with fewer, chance alone correlates more.
    """
    tables = mornings(seed, subjects)
    both = pd.concat([tables["blood_count"][list(COUNTS)], tables["cytokines"][list(CYTOKINES)]],
                     axis=1)  # fmt: skip
    both = both.where(both > 0)
    complete = both.notna().all(axis=1).to_numpy().reshape(-1, len(RESTED)).all(axis=1)
    rows = both[np.repeat(complete, len(RESTED))]
    people = np.arange(len(rows)) // len(RESTED)
    found = [
        morning_spectrum(rows[people // degrees == group], people[people // degrees == group])
        for group in range(complete.sum() // degrees)
    ]
    shares = [spectrum.shares["share"].iloc[0] for spectrum in found]
    return float(np.median(shares)), float(np.median([s.median_absolute for s in found]))


@cache
def composition(seed: int, subjects: int) -> pd.DataFrame:
    """Return cells by type of all people at the first visit, ``CELLS`` of each counted."""
    rng = np.random.default_rng(seed)
    drawn = draw_studies(world("reference"), subjects, rng, ("cells",), STUDIES)
    assert drawn.numbers is not None
    fine = list(cell_types()["cell_type"])
    first = drawn.numbers[:, :, 0].reshape(-1, len(fine))
    coarse = np.stack([first[:, [fine.index(n) for n in ours]].sum(1) for ours in TYPES.values()],
                      axis=1)  # fmt: skip
    chance = np.random.default_rng(_SEED)
    counted = chance.multinomial(CELLS, coarse / coarse.sum(axis=1, keepdims=True))
    return pd.DataFrame(counted, columns=list(TYPES))


def composition_spread(seed: int, subjects: int) -> CompositionCovariance:
    """Return the covariance of compositions between all people."""
    return composition_covariance(composition(seed, subjects))


@cache
def cells(seed: int, subjects: int) -> tuple[Any, NDArray[np.object_]]:
    """Return counts of the first study's cells, and the sample and type of each.

    Damaged cells are left out, as quality control leaves them out of the open data.
    """
    rng = np.random.default_rng(seed)
    drawn = draw_studies(world("reference"), subjects, rng, ("cells",))
    names = [f"{i:02d}-{visit}" for i in range(subjects) for visit in range(3)]
    adata, truth = as_anndata(single_cells(drawn, rng, 120), names)
    coarse = {ours: theirs for theirs, several in TYPES.items() for ours in several}
    groups = truth["sample_id"].astype(str) + " " + truth["cell_type"].map(coarse)
    sound = ~truth["damaged"].to_numpy(bool)
    return adata[sound].X, groups.to_numpy(object)[sound]


@cache
def course(feature: str) -> pd.Series:
    """Return the log2 change of content by phase of GRINTA, from the end of the bout on."""
    features = world("reference").features
    own = features[features["feature"] == feature]
    return pd.Series({phase: response_after(own, hours)[0] for phase, hours in HOURS.items()})
