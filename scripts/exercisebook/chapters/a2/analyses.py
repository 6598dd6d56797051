"""What open data look like: one function a table, from cohort to tidy frame without persons."""

from collections.abc import Callable, Sequence
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel
from scipy import stats

from exercisebook.chapters.a2 import simulated
from exercisebook.chapters.a2.alike import (
    CELLS,
    COUNTS,
    CYTOKINES,
    HOURS,
    REFERENCE_SEED,
    REFERENCE_SUBJECTS,
    TYPES,
    by_quarter,
    cell_curve,
    cell_spectrum,
    depth_cv,
    mean_shares,
    morning_spectrum,
    pair_variances,
)
from exercisebook.chapters.ch01.analyses import mornings
from exercisebook.chapters.results import Analysis
from exercisebook.cohort.package import Cohort
from exercisebook.errors import Failure
from exercisebook.sources.catalogue import dataset
from exercisebook.sources.cohorts import needs_bytes
from exercisebook.sources.fetch import locate
from exercisebook.sources.kang_pbmc import CONTROL, STIMULATED, kang_cells
from exercisebook.stats.cohort_effects import cohort_effects, contrast_differences
from exercisebook.stats.realism import (
    composition_covariance,
    count_moments,
    course_agreement,
    discriminator_auc,
)

Floats = NDArray[np.float64]

ARM = "P2"
COMPONENTS = 8
NON_DETECTS = ("il6", "il10")

CONTROLS, HALVES, SIMULATED = "control against stimulated", "halves of the genes", "simulated"
MEN = "simulated mornings"

_THINNED, _SPLITS = 20, 200
_SEED = 20251121
_LEAST_MEAN, _MOST_MEAN = -0.75, 1.25
_ROWS = 10
"""Simulated people for each man in a discriminator."""


def cell_moments(cohort: Cohort, parameters: BaseModel) -> pd.DataFrame:
    """Return zeros and dispersion by mean of the genes of Kang's two donors."""
    counts, groups = _kang()
    return cell_curve(counts, groups).assign(n_subjects=2, n_cells=len(groups))


def cell_covariation(cohort: Cohort, parameters: BaseModel) -> pd.DataFrame:
    """Return the leading components of what genes do together between cells of a type."""
    counts, groups = _kang()
    found = cell_spectrum(counts, groups)
    return found.shares.head(COMPONENTS).assign(
        n_subjects=2, n_cells=found.n_samples, n_features=found.n_features
    )


def cell_depth(cohort: Cohort, parameters: BaseModel) -> pd.DataFrame:
    """Return by how much cells of a type and sample differ in molecules."""
    counts, groups = _kang()
    return pd.DataFrame(
        {"depth_cv": [depth_cv(counts, groups)], "n_subjects": 2, "n_cells": len(groups)}
    )


def cell_discriminator(cohort: Cohort, parameters: BaseModel) -> pd.DataFrame:
    """Return how well a forest tells our genes from Kang's of equal means, with two floors.

    The reference study is compared, whatever the page's parameters.
    """
    counts, groups = _kang()
    control = np.array([str(group).startswith("ctrl") for group in groups])
    theirs = [_summaries(counts[w], groups[w]) for w in (control | True, control, ~control)]
    ours = _summaries(*simulated.cells(REFERENCE_SEED, REFERENCE_SUBJECTS))
    first = np.random.default_rng(_SEED).permutation(counts.shape[1]) % 2 == 0
    pairs = {
        SIMULATED: (ours, theirs[0]),
        CONTROLS: (theirs[1][first], theirs[2][~first]),
        HALVES: (theirs[0][first], theirs[0][~first]),
    }
    rows = []
    for name, tables in pairs.items():
        rng = np.random.default_rng(_SEED)
        a, b = _of_equal_means(*tables, rng)
        found = discriminator_auc(a, b, rng)
        rows.append((name, round(found.auc, 2), round(found.se, 2), len(a), 2))
    return pd.DataFrame(rows, columns=["against", "auc", "se", "n_features", "n_subjects"])


def composition(cohort: Cohort, parameters: BaseModel) -> pd.DataFrame:
    """Return how much compositions of eight donors differ, ``CELLS`` cells of each counted."""
    table = _controls(cohort)
    thinned = _thinned(table)

    def log_total(donors: Sequence[int]) -> float:
        kept = [composition_covariance(one.iloc[list(donors)]).total_variance for one in thinned]
        return float(np.log(np.mean(kept)))

    low, high = np.exp(_jackknifed(log_total, len(table)))
    counting = np.mean([composition_covariance(one).counting_variance for one in thinned])
    return pd.DataFrame(
        {
            "total_variance": [np.exp(log_total(range(len(table))))],
            "low": low,
            "high": high,
            "counting_variance": counting,
            "halves_correlation": _half_pairs(table),
            "n_cells": CELLS,
            "n_subjects": len(table),
        }
    )


def composition_pairs(cohort: Cohort, parameters: BaseModel) -> pd.DataFrame:
    """Return the variance of the log ratio of every pair of types between donors."""
    table = _controls(cohort)
    pairs = list(combinations(TYPES, 2))
    each = [pair_variances(composition_covariance(one).variation) for one in _thinned(table)]
    return pd.DataFrame(pairs, columns=["cell_type", "other"]).assign(
        variance=np.mean(each, axis=0), n_subjects=len(table)
    )


def composition_shares(cohort: Cohort, parameters: BaseModel) -> pd.DataFrame:
    """Return geometric mean shares of the types among the seven."""
    table = _controls(cohort)
    shares = mean_shares(table)
    return pd.DataFrame(
        {"cell_type": shares.index, "share": shares.to_numpy(), "n_subjects": len(table)}
    )


def morning_levels(cohort: Cohort, parameters: BaseModel) -> pd.DataFrame:
    """Return geometric means of the counts before any exercise, men weighing alike."""
    long = _first_draws(cohort, "blood_count")
    rows = []
    for feature in COUNTS:
        own = long[(long["feature"] == feature) & (long["value"] > 0)]
        rows.append((feature, *np.exp(_t_interval(_by_man(np.log(own["value"]), own)))))
    columns = ["feature", "estimate", "low", "high"]
    return pd.DataFrame(rows, columns=columns).assign(n_subjects=long["subject"].nunique())


def absent_at_rest(cohort: Cohort, parameters: BaseModel) -> pd.DataFrame:
    """Return the share of mornings on which a cytokine was absent from an assayed sample."""
    long = _assayed(_first_draws(cohort, "cytokines", ("ok", "missing")))
    rows = []
    for feature in NON_DETECTS:
        own = long[long["feature"] == feature]
        middle, low, high = _t_interval(_by_man(own["value"].isna().astype(float), own))
        rows.append((feature, middle, max(low, 0.0), min(high, 1.0)))
    columns = ["feature", "estimate", "low", "high"]
    return pd.DataFrame(rows, columns=columns).assign(n_subjects=long["subject"].nunique())


def missing_by_level(cohort: Cohort, parameters: BaseModel) -> pd.DataFrame:
    """Return the share of absent cytokines by quarters of their level."""
    long = _assayed(cohort.long("cytokines"))
    table = long.pivot(index="sample_id", columns="feature", values="value")
    return by_quarter(table).assign(n_subjects=long["subject"].nunique())


def morning_correlation(cohort: Cohort, parameters: BaseModel) -> pd.DataFrame:
    """Return how much counts and cytokines move together between mornings of a man."""
    table = _wide_mornings(cohort)
    men = table.index.get_level_values("subject").to_numpy()
    names = np.unique(men)

    def measured(which: str) -> Callable[[Sequence[int]], float]:
        def of(kept: Sequence[int]) -> float:
            rows = np.isin(men, names[list(kept)])
            found = morning_spectrum(table[rows], men[rows])
            leading = float(found.shares["share"].iloc[0])
            return float(np.log(leading if which == "leading share" else found.median_absolute))

        return of

    rows = []
    for which in ("leading share", "median correlation"):
        low, high = np.exp(_jackknifed(measured(which), len(names)))
        rows.append((which, np.exp(measured(which)(range(len(names)))), low, high))
    return pd.DataFrame(rows, columns=["measure", "estimate", "low", "high"]).assign(
        n_subjects=len(names), n_samples=len(table)
    )


def morning_discriminator(cohort: Cohort, parameters: BaseModel) -> pd.DataFrame:
    """Return how well a forest tells mornings of men from ours by four counts.

    One morning a man at a time, since a forest would know a man again; the mean over five. The
    reference world is compared, whatever the page's parameters.
    """
    names = list(COUNTS)
    ours = np.log(simulated.mornings(REFERENCE_SEED, REFERENCE_SUBJECTS)["blood_count"][names])
    ours = ours[np.isfinite(ours).all(axis=1)].iloc[:: len(simulated.RESTED)]
    long = _first_draws(cohort, "blood_count")
    rng, found = np.random.default_rng(_SEED), []
    for _, day in long[long["feature"].isin(names)].groupby("arm"):
        theirs = np.log(day[day["value"] > 0].pivot(index="subject", columns="feature",
                                                    values="value")[names].dropna())  # fmt: skip
        some = ours.iloc[rng.permutation(len(ours))[: _ROWS * len(theirs)]]
        found.append(discriminator_auc(some, theirs, rng))
    auc, se = (np.mean([getattr(one, name) for one in found]) for name in ("auc", "se"))
    return pd.DataFrame(
        {"against": [MEN], "auc": round(auc, 2), "se": round(se, 2),
         "n_subjects": long["subject"].nunique()}
    )  # fmt: skip


def bout_courses(cohort: Cohort, parameters: BaseModel) -> pd.DataFrame:
    """Return log2 changes after an hour of exercise against the same hours of the rest day."""
    contrasts = [cohort.contrast(f"{ARM}-{phase}") for phase in HOURS]
    tables = []
    for block, names in (("blood_count", COUNTS), ("cytokines", CYTOKINES)):
        effects = cohort_effects(cohort, block, contrasts)
        tables.append(effects[effects["feature"].isin(names)])
    whole = pd.concat(tables, ignore_index=True)
    whole["phase"] = whole["contrast"].str.removeprefix(f"{ARM}-")
    columns = ["feature", "phase", "n_subjects", "estimate", "ci_low", "ci_high"]
    return whole[columns].reset_index(drop=True)


def course_halves(cohort: Cohort, parameters: BaseModel) -> pd.DataFrame:
    """Return how well courses of random halves of the men agree: what any likeness may reach."""
    contrasts = {phase: cohort.contrast(f"{ARM}-{phase}") for phase in HOURS}
    rows = []
    for block, names in (("blood_count", COUNTS), ("cytokines", CYTOKINES)):
        each = {p: contrast_differences(cohort, block, c).values for p, c in contrasts.items()}
        for feature in names:
            men = pd.DataFrame({phase: each[phase][feature] for phase in HOURS})
            low, middle = np.quantile(_halves(men), [0.025, 0.5])
            rows.append((feature, low, middle, len(men.dropna())))
    return pd.DataFrame(rows, columns=["feature", "low", "median", "n_subjects"])


ANALYSES = {
    analysis.name: analysis
    for analysis in (
        Analysis("cell_moments", "kang-pbmc", cell_moments),
        Analysis("cell_covariation", "kang-pbmc", cell_covariation),
        Analysis("cell_depth", "kang-pbmc", cell_depth),
        Analysis("cell_discriminator", "kang-pbmc", cell_discriminator),
        Analysis("composition", "kang-pbmc", composition),
        Analysis("composition_pairs", "kang-pbmc", composition_pairs),
        Analysis("composition_shares", "kang-pbmc", composition_shares),
        Analysis("mornings", "grinta", mornings),
        Analysis("morning_levels", "grinta", morning_levels),
        Analysis("absent_at_rest", "grinta", absent_at_rest),
        Analysis("missing_by_level", "grinta", missing_by_level),
        Analysis("morning_correlation", "grinta", morning_correlation),
        Analysis("morning_discriminator", "grinta", morning_discriminator),
        Analysis("bout_courses", "grinta", bout_courses),
        Analysis("course_halves", "grinta", course_halves),
    )
}
"""Each from open data alone but the two discriminators, which need both sides at once."""


def _kang() -> tuple[Any, NDArray[np.object_]]:
    """Return counts of Kang's cells, and the sample and type of each."""
    files = locate(dataset("kang-pbmc"))
    if files is None:
        raise Failure(needs_bytes("kang-pbmc"))
    cells = kang_cells(files)
    groups = cells.obs["sample_id"].astype(str) + " " + cells.obs["cell_type"].astype(str)
    return cells.X, groups.to_numpy(object)


def _controls(cohort: Cohort) -> pd.DataFrame:
    """Return cells by donor and type in the dish without interferon."""
    long = cohort.long("cells")
    rested = long[long["phase"] == CONTROL]
    assert set(long["phase"]) == {CONTROL, STIMULATED}
    return rested.pivot(index="subject", columns="feature", values="value")[list(TYPES)].astype(int)


def _thinned(table: pd.DataFrame) -> list[pd.DataFrame]:
    """Return the table brought to ``CELLS`` cells a donor, by several draws."""
    rng = np.random.default_rng(_SEED)
    return [
        pd.DataFrame(
            [rng.multivariate_hypergeometric(row, CELLS) for row in table.to_numpy()],
            table.index,
            table.columns,
        )
        for _ in range(_THINNED)
    ]


def _half_pairs(table: pd.DataFrame) -> float:
    """Return the lower limit of the rank correlation of pairs between two halves of the donors."""
    everyone = set(range(len(table)))
    found = []
    for half in combinations(sorted(everyone), len(table) // 2):
        # every split comes twice, once from each side
        sides = [table.iloc[sorted(side)] for side in (set(half), everyone - set(half))]
        pairs = [pair_variances(composition_covariance(side).variation) for side in sides]
        found.append(stats.spearmanr(*pairs).statistic)
    return float(np.quantile(found, 0.025))


def _jackknifed(measure: Callable[[Sequence[int]], float], n: int) -> Floats:
    """Return the 95 % interval of a measure of ``n`` persons, by leaving out each in turn."""
    everyone = list(range(n))
    left = np.array([measure(everyone[:i] + everyone[i + 1 :]) for i in everyone])
    error = np.sqrt((n - 1) / n * ((left - left.mean()) ** 2).sum())
    reach = stats.t.ppf(0.975, n - 1) * error
    return measure(everyone) + np.array([-reach, reach])


def _t_interval(values: pd.Series) -> tuple[float, float, float]:
    """Return the mean with its 95 % interval."""
    reach = stats.t.ppf(0.975, len(values) - 1) * values.std() / np.sqrt(len(values))
    return values.mean(), values.mean() - reach, values.mean() + reach


def _by_man(values: pd.Series, rows: pd.DataFrame) -> pd.Series:
    return values.groupby(rows["subject"]).mean()


def _first_draws(cohort: Cohort, block: str, status: tuple[str, ...] = ("ok",)) -> pd.DataFrame:
    """Return the draws before any exercise, one on each of up to five mornings."""
    long = cohort.long(block)
    return long[(long["phase"] == "0h") & long["status"].isin(status)]


def _assayed(long: pd.DataFrame) -> pd.DataFrame:
    """Return the samples in which at least one cytokine was found: the others were not assayed."""
    found = long["value"].notna().groupby(long["sample_id"]).transform("any")
    return long[found]


def _wide_mornings(cohort: Cohort) -> pd.DataFrame:
    """Return complete mornings, counts and cytokines side by side, by subject and arm."""
    both = pd.concat([_first_draws(cohort, block) for block in ("blood_count", "cytokines")])
    names = [*COUNTS, *CYTOKINES]
    kept = both[both["feature"].isin(names) & (both["value"] > 0)]
    return kept.pivot(index=["subject", "arm"], columns="feature", values="value")[names].dropna()


def _halves(men: pd.DataFrame) -> list[float]:
    """Return correlations of courses between random halves of the men."""
    rng, found = np.random.default_rng(_SEED), []
    for _ in range(_SPLITS):
        order = rng.permutation(len(men))
        one, other = (men.iloc[part].mean() for part in np.array_split(order, 2))
        if one.notna().all() and other.notna().all():
            found.append(course_agreement(one, other).correlation)
    return found


def _summaries(counts: Any, groups: NDArray[np.object_]) -> pd.DataFrame:
    """Return what a forest sees of each gene: mean, variance over mean, zeros beyond Poisson's."""
    moments = count_moments(counts, groups)
    with np.errstate(divide="ignore", invalid="ignore"):
        return pd.DataFrame(
            {
                "log10_mean": np.log10(moments["mean"]),
                "log10_ratio": np.log10(moments["variance"] / moments["mean"]),
                "excess_zeros": moments["zeros"] - moments["zeros_poisson"],
            }
        )


def _of_equal_means(
    a: pd.DataFrame, b: pd.DataFrame, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return as many genes of each in every tenth of log10 mean, chosen by chance."""
    edges = np.arange(_LEAST_MEAN, _MOST_MEAN + 0.05, 0.1)
    kept: tuple[list[pd.DataFrame], list[pd.DataFrame]] = ([], [])
    for low, high in pairwise(edges):
        inside = [t[t["log10_mean"].between(low, high, inclusive="left")] for t in (a, b)]
        fewest = min(map(len, inside))
        for side, rows in zip(kept, inside, strict=True):
            side.append(rows.iloc[rng.permutation(len(rows))[:fewest]])
    one, other = (pd.concat(side) for side in kept)
    return one, other
