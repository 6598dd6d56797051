"""Studies drawn while the page runs: one feature, many studies, the test by hand.

The long tables were computed before, by ``scripts/calibrate_worlds.py``, and are read elsewhere.
"""

from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from exercisebook.chapters.page import Page
from exercisebook.simulate.arrays import simulate_arrays
from exercisebook.simulate.latents import feature_law, node_law
from exercisebook.simulate.truth import true_effects
from exercisebook.simulate.worlds import NODES, PHASES, world
from exercisebook.stats.linear import p_of_t

Floats = NDArray[np.float64]

PEOPLE, LEVEL, PROMISED = 13, 0.05, 0.95
"""People in a study, the level of a test, and what a 95 % interval promises to cover."""

LIVE = {"tnf": "cytokines", "crp": "clinical", "neutrophils": "blood_count"}
"""Features that are drawn while the page runs, and the block each is in."""


def changes(page: Page, name: str = "null", feature: str = "tnf") -> Floats:
    """Return log2 changes from baseline to the end of training, shape (studies, people).

    Values below the detection limit stand at the limit.
    """
    return _changes(page.parameters.studies, page.parameters.seed, name, feature)


@cache
def _changes(studies: int, seed: int, name: str, feature: str) -> Floats:
    own, block = world(name), LIVE[feature]
    rng = np.random.default_rng(seed)
    values = simulate_arrays(own, PEOPLE, rng, (block,), studies)[block]
    features = own.block(block).set_index("feature")
    place = features.index.get_loc(feature)
    # a feature without a limit has NaN, which fmax passes over
    seen = np.fmax(values[..., place], features["detection_limit"].iloc[place])
    logs = np.log2(np.where(np.isnan(values[..., place]), np.nan, seen))
    return logs[:, :, PHASES.index("training")] - logs[:, :, PHASES.index("baseline")]


def paired_p(d: Floats) -> Floats:
    """Return two-sided p values of the paired t, studies by people; NaN is nobody."""
    n = np.isfinite(d).sum(axis=1)
    t = np.nanmean(d, axis=1) / (np.nanstd(d, axis=1, ddof=1) / np.sqrt(n))
    return p_of_t(t, n - 1)


def least_ratio(people: int = PEOPLE) -> float:
    """Return the t beyond which a change counts as found, two-sided at .05."""
    return float(special.stdtrit(people - 1, 1 - LEVEL / 2))


def error_of_share(studies: int, share: float = LEVEL) -> float:
    """Return the Monte-Carlo standard error of a share of so many studies."""
    return float(np.sqrt(share * (1 - share) / studies))


def true_change(name: str, feature: str) -> pd.Series:
    """Return what training truly does to a feature in a world, and the expected change."""
    table = true_effects(world(name), (LIVE[feature],))
    row = table[(table["feature"] == feature) & (table["contrast"] == "training-baseline")]
    return row.iloc[0]


def reliability_of_betaine() -> float:
    """Return the share of betaine's variance within people that is not food or assay."""
    own = world("mediated")
    features = own.block("metabolites")
    law = feature_law(features, node_law(own))
    place = list(features["feature"]).index("betaine")
    level = law.sd_within[place] * law.on_nodes[place, NODES.index("betaine")]
    return float(level**2 / (law.sd_within[place] ** 2 + law.sd_assay[place] ** 2))
