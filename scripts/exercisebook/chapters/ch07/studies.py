"""Simulated studies that this chapter draws while it runs: betaine and C-reactive protein alone.

Worlds share their random numbers, so two studies from one seed differ by their worlds alone.
"""

from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exercisebook.simulate.arrays import simulate_arrays
from exercisebook.simulate.truth import true_effects
from exercisebook.simulate.worlds import PHASES, world
from exercisebook.stats.mediation import Mediation, within_person_mediation

Floats = NDArray[np.float64]

BLOCKS = {"betaine": "metabolites", "crp": "clinical"}
BEFORE, AFTER = PHASES.index("baseline"), PHASES.index("training")
MANY = 500
"""Studies drawn where a share of studies is shown."""


@cache
def drawn(name: str, people: int, seed: int, studies: int = 1) -> dict[str, Floats]:
    """Return log2 betaine and C-reactive protein, each of shape (studies, people, phases).

    Values below a detection limit stand at the limit; NaN is a value that is missing.
    """
    own = world(name)
    rng = np.random.default_rng(seed)
    arrays = simulate_arrays(own, people, rng, tuple(BLOCKS.values()), studies)
    found = {}
    for feature, block in BLOCKS.items():
        features = own.block(block).set_index("feature")
        values = arrays[block][..., features.index.get_loc(feature)]
        seen = np.fmax(values, features.at[feature, "detection_limit"])
        found[feature] = np.log2(np.where(np.isnan(values), np.nan, seen))
    return found


def changes(name: str, people: int, seed: int, studies: int = 1) -> dict[str, Floats]:
    """Return log2 changes from before to after training, each of shape (studies, people)."""
    values = drawn(name, people, seed, studies)
    return {feature: v[..., AFTER] - v[..., BEFORE] for feature, v in values.items()}


def mediations(name: str, people: int, seed: int, studies: int = MANY) -> Mediation:
    """Return the mediation analysis of many studies of a world."""
    values = drawn(name, people, seed, studies)
    m, y = values["betaine"], values["crp"]
    rng = np.random.default_rng(seed)
    return within_person_mediation(
        m[..., BEFORE], m[..., AFTER], y[..., BEFORE], y[..., AFTER], rng
    )


@cache
def true_row(name: str, feature: str) -> pd.Series:
    """Return what training truly does to a feature in a world, and what such a study sees."""
    table = true_effects(world(name), (BLOCKS[feature],))
    own = (table["feature"] == feature) & (table["contrast"] == "training-baseline")
    return table[own].iloc[0]
