"""What is measured alike of simulated and of open data: the same cells, types, genes and hours."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exercisebook.stats.realism import (
    CorrelationSpectrum,
    correlation_spectrum,
    count_moments,
    missing_by_intensity,
    moment_curve,
    overdispersion,
)

Floats = NDArray[np.float64]

TYPES = {
    "b_cells": ("B naive", "B memory"),
    "cd4_t_cells": ("CD4 naive", "CD4 memory"),
    "cd8_t_cells": ("CD8 naive", "CD8 memory"),
    "nk_cells": ("NK",),
    "cd14_monocytes": ("classical monocytes",),
    "fcgr3a_monocytes": ("non-classical monocytes",),
    "dendritic_cells": ("dendritic cells",),
}
"""Types of Kang and colleagues, and ours within each; we have no megakaryocytes."""

TYPE_WORDS = {
    "b_cells": "B cells",
    "cd4_t_cells": "CD4 T cells",
    "cd8_t_cells": "CD8 T cells",
    "nk_cells": "natural killer cells",
    "cd14_monocytes": "classical monocytes",
    "fcgr3a_monocytes": "non-classical monocytes",
    "dendritic_cells": "dendritic cells",
}

CELLS = 300
"""Cells a person to which compositions are brought; the smallest of Kang's samples has more."""

POINTS = (-1.0, -0.5, 0.0, 0.5, 1.0)
"""log10 of the means at which genes are compared: 0.1, 0.3, 1, 3 and 10 molecules a cell."""

COUNTS = ("neutrophils", "lymphocytes", "monocytes", "eosinophils")
CYTOKINES = ("ccl2", "tnf")
"""What both measured in every man on most mornings: cells and cytokines."""

HOURS = {"1h": 0.0, "1.5h": 0.5, "2h": 1.0, "3h": 2.0, "6h": 5.0, "24h": 23.0}
"""Draws of GRINTA from the end of exercise on, and the hours since that end."""

COUNT_STEP = 0.1
"""10^9/L: GRINTA's counts are rounded to it, so ours are too where they are compared."""

REFERENCE_SEED, REFERENCE_SUBJECTS = 20251121, 13

_GENES, _CELLS_OF_SPECTRUM, _SEED = 100, 1500, 20251121
_LEVELS = 4


def cell_curve(counts: Any, groups: Any) -> pd.DataFrame:
    """Return zeros beyond Poisson's and dispersion of genes by their mean, within groups of cells.

    Returns
    -------
    DataFrame
        log10_mean, n_features, zeros, zeros_poisson, excess_zeros, median_dispersion.
    """
    moments = count_moments(counts, groups)
    curve = moment_curve(moments, POINTS).drop(columns="log10_variance")
    # of each gene's own mean, since genes of a bin lie at other means in other data
    own = moments.assign(zeros=moments["zeros"] - moments["zeros_poisson"])
    curve["excess_zeros"] = moment_curve(own, POINTS)["zeros"]
    curve["median_dispersion"] = overdispersion(moments, POINTS)["median_dispersion"]
    return curve


def depth_cv(counts: Any, groups: Any) -> float:
    """Return the coefficient of variation of the molecules a cell, within groups of cells."""
    logs = pd.Series(np.log(np.asarray(counts.sum(axis=1)).ravel()))
    spread = logs.groupby(np.asarray(groups)).agg(["var", "size"])
    spread = spread[spread["size"] > 1]
    variance = np.average(spread["var"], weights=spread["size"] - 1)
    return float(np.sqrt(np.expm1(variance)))


def cell_spectrum(counts: Any, groups: Any) -> CorrelationSpectrum:
    """Return how much the hundred loudest genes move together between cells of a group.

    Counts become log shares of the cell's whole; at most 1,500 cells are drawn.
    """
    rng = np.random.default_rng(_SEED)
    drawn = rng.permutation(counts.shape[0])[:_CELLS_OF_SPECTRUM]
    some = np.asarray(counts[drawn].todense(), float)
    whole = some.sum(axis=1, keepdims=True)
    loudest = np.argsort(-some.mean(axis=0), kind="stable")[:_GENES]
    logs = np.log1p(some[:, loudest] / whole * np.median(whole))
    return correlation_spectrum(logs, np.asarray(groups)[drawn], rng)


def morning_spectrum(values: pd.DataFrame, subjects: Any) -> CorrelationSpectrum:
    """Return how much counts and cytokines move together between mornings of a person."""
    return correlation_spectrum(np.log(values.to_numpy()), subjects, np.random.default_rng(_SEED))


def mean_shares(counts: pd.DataFrame) -> pd.Series:
    """Return the geometric mean share of every type, not closed to one."""
    some = counts + 0.5
    return np.exp(np.log(some.div(some.sum(axis=1), axis=0)).mean())


def pair_variances(variation: pd.DataFrame) -> Floats:
    """Return the variances of log ratios of all pairs of types, each pair once."""
    return variation.to_numpy()[np.triu_indices(len(variation), 1)]


def by_quarter(table: pd.DataFrame) -> pd.DataFrame:
    """Return the share missing in quarters of features, from faint to strong."""
    return missing_by_intensity(np.log2(table.to_numpy(float)), _LEVELS)
