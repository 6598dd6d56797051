"""Calibrate every method of ``exercisebook.stats`` on the simulated worlds, 13 people a study.

Two tables are written. ``data/engine/worlds.csv`` says of each method how often it errs where the
truth is known: false positives at .05 and .001, the false-discovery rate at q = .05, the coverage
of 95 % intervals, bias in log2, each a mean over studies with its Monte-Carlo error.
``data/engine/worlds_findings.csv`` says of each world what a reader of such a study finds.

The truth is ``simulate.truth.true_effects``: an interval is held against ``log2_change``, by how
much the phases differ in expectation, and a feature counts as unchanged where that is below a
third of a per cent. In the reference world training thins every solute by new plasma, so that
nothing is unchanged; there the change of plasma volume is set to zero, and the rows are called
``reference, plasma volume kept``. ``claimed`` says whether the method promises what is measured;
of the others the table is to show how far they are off.

Not here: regression in surveys, since these worlds have no survey (``tests/parity`` holds it
against R), plasma volume from haemoglobin and haematocrit, which these worlds do not measure,
over-representation, bounds and scores of gene sets, which make no promise about differences.
Single cells are slow to draw, so that methods for counts rest on few studies, as the table says.

A study has a seed of its own batch, whatever the number of processes. Run with ``--share 0.05``
for a twentieth of the studies.
"""

import argparse
import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scipy import special, stats

from exercisebook.cohort.tables import write_csv
from exercisebook.paths import ENGINE
from exercisebook.simulate.arrays import draw_studies, simulate_arrays, single_cells
from exercisebook.simulate.latents import LAST, feature_law, node_law
from exercisebook.simulate.single_cells import cell_types
from exercisebook.simulate.taxa import taxa_features
from exercisebook.simulate.truth import true_effects
from exercisebook.simulate.worlds import ARM, PHASES, WORLDS, World, world
from exercisebook.stats.assay import MISSING, OK, Assay
from exercisebook.stats.composition import composition_effects
from exercisebook.stats.designs import cell_design
from exercisebook.stats.differences import Differences, assay_differences
from exercisebook.stats.equivalence import equivalence_tests
from exercisebook.stats.gene_sets import camera, fry, set_sign_flips
from exercisebook.stats.linear import contrast_of, linear_fit, p_of_t
from exercisebook.stats.mediation import within_person_mediation
from exercisebook.stats.methods import contrast_effects
from exercisebook.stats.mixed import mixed_contrast
from exercisebook.stats.models import MINIMUM_PERSONS, MODERATE_FROM, joint_test, paired_model
from exercisebook.stats.moderation import moderated_p
from exercisebook.stats.multiplicity import benjamini_hochberg
from exercisebook.stats.paired import hodges_lehmann_rows, paired_effects
from exercisebook.stats.permanova import aitchison_distances, permanova_within
from exercisebook.stats.reference_change import reference_change
from exercisebook.stats.responders import response_spread
from exercisebook.stats.sign_flip import sign_flip_test
from exercisebook.stats.taxa import taxa_effects
from exercisebook.stats.tobit import TooFewSeen, tobit_difference
from exercisebook.stats.variance_components import variance_components

Floats = NDArray[np.float64]

PEOPLE, SEED, DATE = 13, 20251121, "2026-11-21"
"""The date is that of the numbers; SOURCE_DATE_EPOCH, where it is set, goes before it."""

PROCESSES = 2
NIL = 0.005
"""Expected changes below this, a third of a per cent, count as none."""

NULL, STEADY = "null", "reference, plasma volume kept"
FEW = ("clinical", "blood_count", "cytokines")
"""Blocks of few features, which are not moderated."""

CONTRAST = pd.Series(
    {
        "contrast": "training-baseline",
        "kind": "training",
        "phase": "training",
        "reference_phase": "baseline",
        "arm": ARM,
        "reference_arm": ARM,
    }
)
UNCLAIMED = {
    "unpaired t",
    "mixed model, z",
    "t of cells as if people",
    "paired t of shares",
    "paired t, limit put in",
    "camera, correlation preset",
    "DESeq2 (second opinion)",
    "mediation within people",
}
"""Methods that are known to miss a promise, or that promise only under assumptions not met."""

TARGETS = {
    "false positives .05": 0.05,
    "false positives .001": 0.001,
    "false-discovery rate": 0.05,
    "familywise error": 0.05,
    "coverage": 0.95,
    "bias": 0.0,
    "mediation found": 0.05,
    "mediation interval excludes 0": 0.05,
    "equivalence at the margin": 0.05,
    "changes outside": 0.05,
    "uniform p": np.nan,
}
"""Measures and what is promised; ``uniform p`` is the p value of Kolmogorov and Smirnov."""

MEDIATION_WORLDS = (
    "null", "mediated", "direct", "diet", "common-cause", "season", "reverse", "high-crp",
)  # fmt: skip
PANELS = ("proteins", "metabolites")
"""Blocks of many features, which are moderated."""

KEY_FEATURES = {
    "betaine": "metabolites",
    "proline_betaine": "metabolites",
    "homocysteine": "metabolites",
    "crp": "clinical",
    "tnf": "cytokines",
    "neutrophils": "blood_count",
    "ccl25": "proteins",
}


@dataclass(frozen=True)
class Record:
    """One measure of one method in some studies.

    Attributes
    ----------
    method, world, on, measure : str
        ``on`` is what was tested.
    values : ndarray, shape (studies,)
        The measure in each study; NaN where there was nothing to measure.
    """

    method: str
    world: str
    on: str
    measure: str
    values: Floats


@dataclass(frozen=True)
class Found:
    """What a method says of features, shape (studies, features) each; NaN where it says nothing."""

    p: Floats
    estimate: Floats
    low: Floats
    high: Floats


def named_world(name: str) -> World:
    """Return a world by its name, or one of ours in which plasma volume stays."""
    head, _, kept = name.partition(", ")
    return replace(world(head), plasma_volume_training=0.0) if kept else world(head)


@cache
def truth(name: str, block: str) -> Floats:
    """Return the expected log2 changes of a block from baseline to training."""
    table = true_effects(named_world(name), (block,))
    return table.loc[table["contrast"] == CONTRAST["contrast"], "log2_change"].to_numpy(float)


def generator(*key: int) -> np.random.Generator:
    """Return the generator of a batch."""
    return np.random.default_rng([SEED, *key])


def limited(w: World, block: str, values: Floats) -> Floats:
    """Return values with those below detection at their limit, as a cohort holds them."""
    return np.fmax(values, w.block(block)["detection_limit"].to_numpy(float)) + 0 * values


def logs_of(name: str, blocks: tuple[str, ...], batch: int, draws: int) -> dict[str, Floats]:
    """Return log2 values of blocks, shape (draws, people, phases, features) each."""
    w = named_world(name)
    arrays = simulate_arrays(w, PEOPLE, generator(batch), blocks, draws)
    return {block: np.log2(limited(w, block, arrays[block])) for block in blocks}


def samples_of(phases: tuple[str, ...] = PHASES) -> pd.DataFrame:
    """Return the samples of a study: people by phases."""
    people = [f"S{i:02d}" for i in range(PEOPLE)]
    return pd.DataFrame(
        {
            "subject": np.repeat(people, len(phases)),
            "arm": ARM,
            "phase": np.tile(phases, PEOPLE),
        }
    )


def assay_of(values: Floats, names: list[str], scale: str = "log2_ratio") -> Assay:
    """Return one study, shape (people, phases, features), as an assay."""
    frame = pd.DataFrame(values.reshape(PEOPLE * len(PHASES), -1), columns=names)
    status = np.where(frame.isna(), MISSING, OK).astype(np.int8)
    return Assay(frame, samples_of(), status, scale)


def unchanged(change: Floats) -> NDArray[np.bool_]:
    """Return which expected log2 changes are none: two days after a bout a trace of it remains."""
    return np.abs(change) < NIL


def scores(
    method: str, name: str, on: str, found: Found, change: Floats, fdr: bool = False
) -> list[Record]:
    """Return how a method fared in each study, given the true changes, shape (features,)."""
    records = []
    null = unchanged(change)
    told = np.isfinite(found.p)
    if null.any():
        for level in (0.05, 0.001):
            share = _mean((found.p <= level).astype(float), told & null)
            records.append((f"false positives {level:g}".replace("0.", "."), share))
    inside = (found.low <= change) & (change <= found.high)
    measured = np.isfinite(found.low)
    if measured.any():
        records.append(("coverage", _mean(inside.astype(float), measured)))
        records.append(("bias", _mean(found.estimate - change, measured)))
    if fdr:
        records.append(("false-discovery rate", np.array([_false_share(p, null) for p in found.p])))
    return [Record(method, name, on, measure, values) for measure, values in records]


def _mean(values: Floats, where: NDArray[np.bool_]) -> Floats:
    """Return means over features of each study; NaN where there is none."""
    count = where.sum(axis=1)
    return np.where(where, values, 0).sum(axis=1) / np.where(count > 0, count, np.nan)


def _false_share(p: Floats, null: NDArray[np.bool_]) -> float:
    discovered = benjamini_hochberg(p) <= 0.05
    return float((discovered & null).sum() / max(discovered.sum(), 1))


def of_t(estimate: Floats, se: Floats, df: Any, shape: tuple[int, int]) -> Found:
    """Return what a t (or with endless df a z) says of features in a row."""
    half = special.stdtrit(df, 0.975) * se
    p = p_of_t(estimate / se, df)
    return Found(*(x.reshape(shape) for x in (p, estimate, estimate - half, estimate + half)))


def of_rows(rows: pd.DataFrame, shape: tuple[int, int]) -> Found:
    """Return what a table of effects says."""
    names = ("p_value", "estimate", "ci_low", "ci_high")
    return Found(*(rows[name].to_numpy(float).reshape(shape) for name in names))


# few features: every study and feature is a column, since none learns from another


def few_features(name: str, batch: int, draws: int) -> list[Record]:
    """Return how methods without moderation fare on laboratory values, cells and cytokines."""
    logs = logs_of(name, FEW, batch, draws)
    values = np.concatenate([logs[block] for block in FEW], axis=-1)
    change = np.concatenate([truth(name, block) for block in FEW])
    shape = (draws, values.shape[-1])
    wide = values.transpose(1, 2, 0, 3).reshape(PEOPLE * len(PHASES), -1)
    differences = (values[:, :, LAST] - values[:, :, 0]).transpose(1, 0, 2).reshape(PEOPLE, -1)
    records = []
    for method, found in few_methods(wide, differences, shape).items():
        records += scores(method, name, "18 features", found, change)
        if name == NULL and method in CONTINUOUS:
            place = list(named_world(name).block("cytokines")["feature"]).index("tnf") + 13
            records.append(Record(method, name, "tnf", "uniform p", found.p[:, place]))
    if name == NULL:
        by_study = values[:, :, LAST] - values[:, :, 0]
        largest = [np.nanmin(sign_flip_test(study).p_max) <= 0.05 for study in by_study]
        on = "18 features"
        records.append(
            Record("sign flips, max-T", name, on, "familywise error", np.array(largest, float))
        )
    return records


CONTINUOUS = ("paired t", "blocks", "mixed model, Kenward-Roger")
"""Methods whose p values should be uniform where nothing happens."""


def few_methods(wide: Floats, differences: Floats, shape: tuple[int, int]) -> dict[str, Found]:
    """Return what methods say of values, shape (samples, columns), one column at a time."""
    cells = np.tile(np.eye(len(PHASES)), (PEOPLE, 1))
    persons = np.repeat(np.arange(PEOPLE), len(PHASES))
    against = np.array([-1.0, 0, 1.0])
    blocked, unpaired = linear_fit(wide, cells, persons), linear_fit(wide, cells)
    fits = {}
    for method, fit in (("blocks", blocked), ("unpaired t", unpaired)):
        of = contrast_of(fit, against)
        fits[method] = of_t(of.estimate, of.unscaled * np.sqrt(fit.variance), fit.df, shape)
    plain, corrected = (
        mixed_contrast(wide, cells, persons, against, degrees)
        for degrees in ("satterthwaite", "kenward-roger")
    )
    frame = pd.DataFrame(differences).rename(columns=str)
    held = Differences(
        frame, 2 * frame.notna().sum(), "log2_ratio", pd.Series("", frame.columns, dtype=object)
    )
    flips = sign_flip_test(differences)
    nothing = np.full(shape, np.nan)
    return {
        "paired t": of_rows(
            paired_effects(
                held, contrast="training-baseline", kind="training", **key_of("clinical")
            ),
            shape,
        ),
        **fits,
        "mixed model, Kenward-Roger": of_t(corrected.estimate, corrected.se, corrected.df, shape),
        "mixed model, Satterthwaite": of_t(plain.estimate, plain.se, plain.df, shape),
        "mixed model, z": of_t(plain.estimate, plain.se, np.inf, shape),
        "sign flips": Found(flips.p_value.reshape(shape), nothing, nothing, nothing),
        "Hodges-Lehmann": of_rows(hodges_lehmann_rows(held), shape),
    }


def key_of(modality: str) -> dict[str, str]:
    """Return what a row of effects needs beside its numbers."""
    return {"dataset": "simulated", "modality": modality, "unit": "1"}


# proteins: features learn from each other, so a study at a time

PANEL = {
    "paired": "paired t, moderated",
    "block": "blocks, moderated",
    "duplicate-correlation": "duplicate correlation",
    "mixed": "mixed model, Kenward-Roger",
    "mixed-satterthwaite": "mixed model, Satterthwaite",
    "hodges-lehmann": "Hodges-Lehmann",
    "sign-flip": "sign flips",
}


def proteins(name: str, batch: int, draws: int) -> list[Record]:
    """Return how methods fare on three hundred proteins."""
    values = logs_of(name, ("proteins",), batch, draws)["proteins"]
    names = list(named_world(name).block("proteins")["feature"])
    change = truth(name, "proteins")
    assays = [assay_of(study, names) for study in values]
    key = key_of("proteins")
    records = []
    for method, title in PANEL.items():
        tables = [contrast_effects(assay, [CONTRAST], method, **key) for assay in assays]
        alone = [table[~table["method"].str.contains("max-T")] for table in tables]
        found = of_rows(pd.concat(alone), (draws, len(names)))
        records += scores(title, name, "300 proteins", found, change, fdr=True)
        if name == NULL and method in ("paired", "block", "mixed", "duplicate-correlation"):
            first = found.p[:, names.index("ccl25")]
            records.append(Record(title, name, "ccl25", "uniform p", first))
        if method == "mixed-satterthwaite":
            estimate, se = (
                pd.concat(tables)[column].to_numpy(float) for column in ("estimate", "se")
            )
            z = of_t(estimate, se, np.inf, (draws, len(names)))
            records += scores("mixed model, z", name, "300 proteins", z, change, fdr=True)
        if method == "sign-flip":
            records.append(_familywise(name, tables, change))
    return records


MODERATED = {
    "trend": "paired t, moderated (trend)",
    "robust": "paired t, moderated (robust)",
    "trend-robust": "paired t, moderated (trend, robust)",
}
ACUTE = CONTRAST.replace({"training-baseline": "acute-baseline", "training": "acute"})


def other_priors(name: str, batch: int, draws: int) -> list[Record]:
    """Return how other priors of variances fare on proteins, and the joint test of two phases."""
    values = logs_of(name, ("proteins",), batch, draws)["proteins"]
    names = list(named_world(name).block("proteins")["feature"])
    assays = [assay_of(study, names) for study in values]
    change, shape, on = truth(name, "proteins"), (draws, len(names)), "300 proteins"
    records = []
    for moderation, title in MODERATED.items():
        rows = pd.concat(paired_model(a, CONTRAST, moderation=moderation) for a in assays)
        records += scores(title, name, on, of_rows(rows, shape), change, fdr=True)
    if name == NULL:
        rows = pd.concat(joint_test(assay, [CONTRAST, ACUTE]) for assay in assays)
        nothing = np.full(shape, np.nan)
        joint = Found(rows["p_value"].to_numpy(float).reshape(shape), *[nothing] * 3)
        records += scores("joint F test", name, on, joint, change, fdr=True)
    return records


def _familywise(name: str, tables: list[pd.DataFrame], change: Floats) -> Record:
    null = unchanged(change)
    adjusted = [t.loc[t["method"].str.contains("max-T"), "p_value"].to_numpy(float) for t in tables]
    erred = np.array([(p[null] <= 0.05).any() for p in adjusted], float)
    return Record("sign flips, max-T", name, "300 proteins", "familywise error", erred)


# values below detection


def below_detection(name: str, batch: int, draws: int) -> list[Record]:
    """Return how Tobit and substitution of the limit fare on CRP and interleukin 6."""
    w = named_world(name)
    arrays = simulate_arrays(w, PEOPLE, generator(batch), ("clinical", "cytokines"), draws)
    records = []
    for feature, block in (("crp", "clinical"), ("il6", "cytokines")):
        place = list(w.block(block)["feature"]).index(feature)
        limit = float(w.block(block)["detection_limit"].iloc[place])
        # a limit that hides about a quarter, since the usual ones hide little
        limit = max(limit, float(w.block(block)["centre"].iloc[place]) * HIDING[feature])
        change = truth(name, block)[place : place + 1]
        values = arrays[block][..., place]
        tobit = np.array([_tobit(study, limit, feature) for study in values])
        columns = (tobit[:, [i]] for i in range(4))
        hidden = f"{feature}, a quarter hidden"
        records += scores("Tobit", name, hidden, Found(*columns), change)
        logs = np.log2(np.maximum(values, limit))
        d = logs[:, :, LAST] - logs[:, :, 0]
        se = d.std(axis=1, ddof=1) / np.sqrt(PEOPLE)
        plain = of_t(d.mean(axis=1), se, PEOPLE - 1, (draws, 1))
        records += scores("paired t, limit put in", name, hidden, plain, change)
    return records


HIDING = {"crp": 0.55, "il6": 0.68}
"""Limits as shares of the centre that hide about a quarter of the values."""


def _tobit(values: Floats, limit: float, feature: str) -> tuple[float, float, float, float]:
    long = samples_of().assign(
        feature=feature,
        value=np.maximum(values, limit).reshape(-1),
        status=np.where(values < limit, "below_detection", "ok").reshape(-1),
    )
    try:
        found = tobit_difference(long, CONTRAST, feature)
    except TooFewSeen:
        return (np.nan,) * 4
    p = float(p_of_t(found.estimate / found.se, found.df))
    return p, found.estimate, found.ci_low, found.ci_high


# counts


def communities(name: str, batch: int, draws: int) -> list[Record]:
    """Return how methods for taxa fare where nothing changes."""
    counts = simulate_arrays(named_world(name), PEOPLE, generator(batch), ("taxa",), draws)["taxa"]
    names, samples = list(taxa_features()["feature"]), samples_of()
    tables = [pd.DataFrame(study.reshape(len(samples), -1), columns=names) for study in counts]
    nothing = np.zeros(len(names))
    shape = (draws, len(names))
    found = of_rows(pd.concat(taxa_effects(t, samples, CONTRAST) for t in tables), shape)
    records = scores("taxa (LinDA-type)", name, "120 taxa", found, nothing, fdr=True)
    shares = np.array([np.log2((t + 0.5).div((t + 0.5).sum(axis=1), axis=0)) for t in tables])
    d = shares.reshape(draws, PEOPLE, len(PHASES), -1)
    d = d[:, :, LAST] - d[:, :, 0]
    se = d.std(axis=1, ddof=1) / np.sqrt(PEOPLE)
    plain = of_t(d.mean(axis=1), se, PEOPLE - 1, shape)
    records += scores("paired t of shares", name, "120 taxa", plain, nothing, fdr=True)
    p = np.array(
        [
            permanova_within(aitchison_distances(t), samples, CONTRAST, generator(batch)).p_value
            for t in tables
        ]
    )
    return records + _of_p("PERMANOVA within people", name, "120 taxa", p)


def _of_p(method: str, name: str, on: str, p: Floats) -> list[Record]:
    """Return false positives of one p value a study."""
    nothing = np.full((len(p), 1), np.nan)
    return scores(method, name, on, Found(p[:, None], *[nothing] * 3), np.zeros(1))


def mononuclear(name: str, batch: int, draws: int) -> list[Record]:
    """Return how the test of composition fares on types of single cells."""
    drawn = draw_studies(named_world(name), PEOPLE, generator(batch), ("cells",), draws)
    assert drawn.numbers is not None
    numbers = drawn.numbers / drawn.numbers.sum(axis=-1, keepdims=True)
    counts = generator(batch, 1).multinomial(120, numbers)
    types, samples = list(cell_types()["cell_type"]), samples_of()
    rows = [
        composition_effects(
            pd.DataFrame(study.reshape(len(samples), -1), columns=types), samples, CONTRAST
        )
        for study in counts
    ]
    found = of_rows(pd.concat(rows), (draws, len(types)))
    nothing = Found(found.p, *[np.full(found.p.shape, np.nan)] * 3)
    return scores("composition, logit", name, "10 cell types", nothing, np.zeros(10), fdr=True)


def leukocytes(name: str, batch: int, draws: int) -> list[Record]:
    """Return false positives of shares and of numbers where only neutrophils fall."""
    w = named_world(name)
    values = simulate_arrays(w, PEOPLE, generator(batch), ("blood_count",), draws)["blood_count"]
    change = truth(name, "blood_count")
    unmoved = unchanged(change)
    records = []
    for method, y in (
        ("paired t of shares", values / values.sum(axis=-1, keepdims=True)),
        ("paired t of numbers", values),
    ):
        d = np.log2(y[:, :, LAST] / y[:, :, 0])
        se = d.std(axis=1, ddof=1) / np.sqrt(PEOPLE)
        found = of_t(d.mean(axis=1), se, PEOPLE - 1, (draws, len(change)))
        p = np.where(unmoved, found.p, np.nan)
        nothing = np.full(p.shape, np.nan)
        records += scores(method, name, "other white cells", Found(p, *[nothing] * 3), change)
    return records


COMMON_TYPE, FEWER_CELLS, CELLS = "classical monocytes", 120, 400
"""Of whose cells counts are compared, and cells drawn a sample, as in the cohort and more."""


def transcripts(name: str, batch: int, draws: int) -> list[Record]:
    """Return how methods fare on sums of single cells, and on cells taken for people."""
    records = []
    for study in range(draws):
        sums, cells, visit = _monocytes(name, batch * draws + study, CELLS)
        samples, names = samples_of(), [str(gene) for gene in range(sums.shape[1])]
        values = pd.DataFrame(sums.astype(float), columns=names)
        assay = Assay(values, samples, np.full(sums.shape, OK, np.int8), "counts")
        shape, nothing = (1, len(names)), np.zeros(len(names))
        for method, title in (("voom", "voom"), ("deseq2", "DESeq2 (second opinion)")):
            rows = contrast_effects(assay, [CONTRAST], method, **key_of("rna"))
            found = of_rows(rows, shape)
            records += scores(title, name, "sums of a cell type", found, nothing, fdr=True)
        records += _cells_as_people(name, cells, visit, CELLS)
    return records


def cells_taken_for_people(name: str, batch: int, draws: int) -> list[Record]:
    """Return how cells taken for people fare where fewer were drawn."""
    return [
        record
        for study in range(draws)
        for record in _cells_as_people(
            name, *_monocytes(name, batch * draws + study, FEWER_CELLS)[1:], FEWER_CELLS
        )
    ]


def _cells_as_people(
    name: str, cells: Floats, visit: NDArray[np.int64], drawn: int
) -> list[Record]:
    p = np.asarray(stats.ttest_ind(cells[visit == LAST], cells[visit == 0]).pvalue)[None]
    found = Found(p, *[np.full(p.shape, np.nan)] * 3)
    title, on = "t of cells as if people", f"single cells, {drawn} a sample"
    return scores(title, name, on, found, np.zeros(p.shape[1]), fdr=True)


def _monocytes(name: str, seed: int, drawn: int) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Return sums by sample, logs by cell and its visit, of genes seen in half of the samples.

    The cells are those of the two phases that are compared, and the sums those of all.
    """
    studies = draw_studies(named_world(name), PEOPLE, generator(seed), ("cells",))
    wanted = list(cell_types()["cell_type"]).index(COMMON_TYPE)
    sums, logs, visits = [], [], []
    for sample in single_cells(studies, generator(seed), drawn):
        counts = sample.counts[sample.labels == wanted].toarray()
        sums.append(counts.sum(axis=0))
        if sample.visit in (0, LAST):
            depth = np.maximum(counts.sum(axis=1, keepdims=True), 1)
            logs.append(np.log2(1e4 * counts / depth + 1))
            visits.append(np.full(len(counts), sample.visit))
    table = np.array(sums)
    seen = (table > 0).sum(axis=0) >= len(table) // 2
    return table[:, seen], np.concatenate(logs)[:, seen], np.concatenate(visits)


def gene_sets(name: str, batch: int, draws: int) -> list[Record]:
    """Return how tests of sets fare on modules of proteins and on sets drawn by lot."""
    w = named_world(name)
    features = w.block("proteins")
    values = logs_of(name, ("proteins",), batch, draws)["proteins"]
    names, module = list(features["feature"]), features["module"].to_numpy(int)
    modules = {f"module {k}": [n for n, m in zip(names, module, strict=True) if m == k]
               for k in np.unique(module[module > 0])}  # fmt: skip
    lot = generator(0).permutation(np.array(names)).reshape(-1, 20)[:10]
    sets = {**modules, **{f"lot {i}": list(chosen) for i, chosen in enumerate(lot)}}
    records = []
    for study in values:
        assay = assay_of(study, names)
        design, y = cell_design(assay.samples), assay.values
        d = assay_differences(assay, CONTRAST).values
        tests = {
            "camera, correlation preset": camera(y, design, CONTRAST, sets),
            "camera, correlation estimated": camera(y, design, CONTRAST, sets, None),
            "fry": fry(y, design, CONTRAST, sets),
        }
        flips = set_sign_flips(d, sets)
        tests |= {f"sets by {m}": flips[flips["method"] == m] for m in flips["method"].unique()}
        for method, table in tests.items():
            p = table["p_value"].to_numpy(float)
            for on, rows in (("co-regulated sets", slice(0, len(modules))),
                             ("sets drawn by lot", slice(len(modules), None))):  # fmt: skip
                nothing = np.full((1, len(p[rows])), np.nan)
                found = Found(p[None, rows], *[nothing] * 3)
                records += scores(method, name, on, found, np.zeros(len(p[rows])))
    return records


# one outcome


def mediation(name: str, batch: int, draws: int) -> list[Record]:
    """Return how often betaine is found to mediate a fall of C-reactive protein."""
    logs = logs_of(name, ("clinical", "metabolites"), batch, draws)
    w = named_world(name)
    m, y = (
        logs[block][..., list(w.block(block)["feature"]).index(feature)]
        for block, feature in (("metabolites", "betaine"), ("clinical", "crp"))
    )
    found = within_person_mediation(
        m[:, :, 0], m[:, :, LAST], y[:, :, 0], y[:, :, LAST], generator(batch, 2)
    )
    effects = true_effects(w, ("clinical",))
    row = effects[(effects["feature"] == "crp") & (effects["contrast"] == CONTRAST["contrast"])]
    mediated = float(row["log2_mediated"].iloc[0])
    told = np.isfinite(found.ci_low)
    values = {
        "mediation found": found.p_joint <= 0.05,
        "mediation interval excludes 0": (found.ci_low > 0) | (found.ci_high < 0),
        "coverage": (found.ci_low <= mediated) & (mediated <= found.ci_high),
        "bias": found.indirect - mediated,
    }
    return [
        Record("mediation within people", name, "betaine to crp", measure,
               np.where(told, value, np.nan).astype(float))
        for measure, value in values.items()
    ]  # fmt: skip


MARGIN = float(np.log2(1.25))


def equivalence(name: str, batch: int, draws: int) -> list[Record]:
    """Return how often a change as large as the margin is called equivalent."""
    logs = logs_of(name, ("clinical", "cytokines", "metabolites"), batch, draws)
    records = []
    for feature, block in (("total_bilirubin", "clinical"), ("tnf", "cytokines"),
                           ("betaine", "metabolites")):  # fmt: skip
        place = list(named_world(name).block(block)["feature"]).index(feature)
        own = logs[block][..., place]
        d = own[:, :, LAST] - own[:, :, 0] + MARGIN
        effects = pd.DataFrame(
            {
                "canonical_id": feature,
                "estimate": d.mean(axis=1),
                "se": d.std(axis=1, ddof=1) / np.sqrt(PEOPLE),
                "df": PEOPLE - 1.0,
            }
        )
        p = equivalence_tests(effects, pd.Series({feature: MARGIN}))["p_equivalence"]
        called = (p <= 0.05).to_numpy(float)
        measure = "equivalence at the margin"
        records.append(Record("two one-sided tests", name, feature, measure, called))
    return records


def responders(name: str, batch: int, draws: int) -> list[Record]:
    """Return coverage of the spread of true responses, the twin being the control occasion."""
    w = named_world(name)
    exercise = logs_of(name, ("cytokines", "metabolites"), 2 * batch, draws)
    control = logs_of(f"{name}-twin", ("cytokines", "metabolites"), 2 * batch + 1, draws)
    records = []
    for feature, block in (("betaine", "metabolites"), ("tnf", "cytokines")):
        features = w.block(block)
        place = list(features["feature"]).index(feature)
        change, rest = (
            table[block][..., LAST, place] - table[block][..., 0, place]
            for table in (exercise, control)
        )
        true = _spread_of_responses(w, features, place)
        found = [response_spread(e, c) for e, c in zip(change, rest, strict=True)]
        held = np.array([f.ci_low <= true <= f.ci_high for f in found], float)
        off = np.array([np.sign(f.sd_response) * f.sd_response**2 - true**2 for f in found])
        records.append(Record("spread of responses", name, feature, "coverage", held))
        records.append(Record("spread of responses", name, f"variance of {feature}", "bias", off))
    return records


def _spread_of_responses(w: World, features: pd.DataFrame, place: int) -> float:
    """Return the SD between people of the true effect of training on a feature, in log2."""
    law, nodes = feature_law(features, node_law(w)), node_law(w)
    mean = features["log2_training"].iloc[place]
    mean += law.sd_within[place] * (law.on_nodes[place] @ nodes.training) / np.log(2)
    thinned = w.plasma_volume_sd / np.log(2) if w.plasma_volume_training else 0.0
    return float(np.hypot(w.response_spread * mean, thinned))


STEADY_LABS = ("total_bilirubin", "ggt", "creatine_kinase")
"""Laboratory values that depend on nothing but the person and chance in the null world."""


def fluctuation(name: str, batch: int, draws: int) -> list[Record]:
    """Return coverage of CVs and intraclass correlations, and how often one change stands out."""
    features = named_world(name).block("clinical").set_index("feature")
    values = simulate_arrays(named_world(name), PEOPLE, generator(batch), ("clinical",), draws)
    records = []
    for feature in STEADY_LABS:
        own = values["clinical"][..., list(features.index).index(feature)]
        between, within, assay = (
            np.log1p(features.loc[feature, f"cv_{kind}"] ** 2)
            for kind in ("between", "within", "assay")
        )
        icc = between / (between + within + assay)
        cv = np.sqrt(np.expm1(within + assay))
        long = pd.DataFrame(
            {
                "subject": np.tile(np.repeat(np.arange(PEOPLE), len(PHASES)), draws),
                "feature": np.repeat(np.arange(draws), PEOPLE * len(PHASES)),
                "value": own.reshape(-1),
            }
        )
        found = variance_components(long)
        for measured, true in (("icc", icc), ("cv_within", cv)):
            held = (found[f"{measured}_low"] <= true) & (true <= found[f"{measured}_high"])
            title = "variance components"
            on = f"{'ICC' if measured == 'icc' else 'CV within'} of {feature}"
            records.append(Record(title, name, on, "coverage", held.to_numpy(float)))
            off = (found[measured] - true).to_numpy(float)
            records.append(Record(title, name, on, "bias", off))
        fall, rise = reference_change(
            features.loc[feature, "cv_within"], features.loc[feature, "cv_assay"]
        )
        ratio = own[:, :, LAST] / own[:, :, 0]
        outside = ((ratio < fall) | (ratio > rise)).mean(axis=1)
        title = "reference change value"
        records.append(Record(title, name, feature, "changes outside", outside))
    return records


# what a reader finds


def primary_p(values: Floats) -> Floats:
    """Return p values of the primary test in each study, shape (draws, features)."""
    p = [_of_differences(d) for d in values[:, :, LAST] - values[:, :, 0]]
    few = np.isfinite(values[:, :, LAST] - values[:, :, 0]).sum(axis=1) < MINIMUM_PERSONS
    return np.where(few, np.nan, p)


def _of_differences(d: Floats) -> Floats:
    fit = linear_fit(d, np.ones((PEOPLE, 1)))
    if d.shape[1] >= MODERATE_FROM:
        return moderated_p(fit, np.ones(1))
    change = contrast_of(fit, np.ones(1))
    return p_of_t(change.estimate / (change.unscaled * np.sqrt(fit.variance)), fit.df)


def findings(name: str, batch: int, draws: int) -> list[Record]:
    """Return what the primary test finds in a world: key features, and numbers of features."""
    w = named_world(name)
    logs = logs_of(name, tuple(dict.fromkeys(KEY_FEATURES.values())), batch, draws)
    p = {block: primary_p(values) for block, values in logs.items()}
    records = []
    for feature, block in KEY_FEATURES.items():
        called = p[block][:, list(w.block(block)["feature"]).index(feature)] <= 0.05
        records.append(Record("", name, feature, "significant", called.astype(float)))
    effects = true_effects(w, PANELS)
    effects = effects[effects["contrast"] == CONTRAST["contrast"]]
    parts = [[benjamini_hochberg(study) <= 0.05 for study in p[block]] for block in PANELS]
    found = np.concatenate([np.array(part) for part in parts], axis=1)
    for measure, counted in (
        ("found", np.ones(len(effects), bool)),
        ("found without effect on content", (effects["log2_content"] == 0).to_numpy()),
        ("found without change", unchanged(effects["log2_change"].to_numpy(float))),
    ):
        number = (found & counted).sum(axis=1).astype(float)
        records.append(Record("", name, " and ".join(PANELS), measure, number))
    return records


JOBS: tuple[tuple[Callable[[str, int, int], list[Record]], tuple[str, ...], int, int], ...] = (
    (few_features, (NULL,), 100, 50),
    (few_features, (STEADY, "responders, plasma volume kept"), 20, 50),
    (proteins, (NULL, STEADY), 30, 10),
    (other_priors, (NULL, STEADY), 30, 10),
    (below_detection, (NULL, "direct"), 20, 50),
    (communities, (NULL,), 20, 25),
    (mononuclear, (NULL,), 20, 50),
    (leukocytes, ("neutrophils-only",), 2, 1000),
    (transcripts, (NULL,), 30, 1),
    (cells_taken_for_people, (NULL,), 30, 1),
    (gene_sets, (NULL,), 30, 10),
    (mediation, MEDIATION_WORLDS, 10, 100),
    (equivalence, (NULL,), 20, 100),
    (responders, (NULL, "responders"), 20, 100),
    (fluctuation, (NULL,), 20, 100),
)
"""What is done, in which worlds, in how many batches of how many studies."""

FINDINGS = ((findings, tuple(WORLDS), 40, 50),)


def tasks(
    jobs: tuple[Any, ...], share: float
) -> list[tuple[Callable[[str, int, int], list[Record]], str, int, int]]:
    """Return every batch to do, of a share of the batches of each job, and at least two."""
    return [
        (function, name, batch, draws)
        for function, names, batches, draws in jobs
        for name in names
        for batch in range(max(2, round(share * batches)))
    ]


def done(task: tuple[Callable[[str, int, int], list[Record]], str, int, int]) -> list[Record]:
    """Return the records of one batch."""
    function, name, batch, draws = task
    return function(name, batch, draws)


def summary(records: list[Record]) -> pd.DataFrame:
    """Return one row a method, world, thing tested and measure."""
    grouped: dict[tuple[str, str, str, str], list[Floats]] = {}
    for r in records:
        grouped.setdefault((r.method, r.world, r.on, r.measure), []).append(r.values)
    rows = []
    for key, parts in grouped.items():
        values = np.concatenate(parts)
        values = values[np.isfinite(values)]
        if len(values) < 2:
            continue
        rows.append((*key, *_of_studies(key[-1], values), len(values)))
    columns = ["method", "world", "on", "measure", "estimate", "monte_carlo_error", "studies"]
    return pd.DataFrame(rows, columns=columns)


def _of_studies(measure: str, values: Floats) -> tuple[float, float]:
    if measure == "uniform p":
        return float(stats.kstest(values, "uniform").pvalue), np.nan
    return float(values.mean()), _error(values)


def _error(values: Floats) -> float:
    """Return the Monte-Carlo error of a mean; of a share that never varied, that of one case."""
    error = float(values.std(ddof=1) / np.sqrt(len(values)))
    return error if error > 0 or values[0] not in (0, 1) else 1 / len(values)


def run(jobs: tuple[Any, ...], share: float, processes: int, title: str) -> pd.DataFrame:
    """Do every batch of some jobs and return the summary."""
    todo = tasks(jobs, share)
    console = Console(stderr=True)
    if processes == 1:
        parts = [done(task) for task in track(todo, title, console=console)]
    else:
        with ProcessPoolExecutor(processes) as pool:
            each = pool.map(done, todo)
            parts = list(track(each, title, total=len(todo), console=console))
    return summary([record for part in parts for record in part])


def date() -> str:
    """Return the date of SOURCE_DATE_EPOCH where that is set, else the one written above."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    return datetime.fromtimestamp(int(epoch), UTC).date().isoformat() if epoch else DATE


def findings_table(found: pd.DataFrame) -> pd.DataFrame:
    """Return what each world makes a reader find, beside what is true."""
    parts = []
    for name in dict.fromkeys(found["world"]):
        effects = true_effects(named_world(name))
        effects = effects[effects["contrast"] == CONTRAST["contrast"]].set_index("feature")
        own = found[found["world"] == name].drop(columns="method")
        for column in ("log2_content", "log2_concentration", "log2_change"):
            own[column] = own["on"].map(effects[column])
        parts.append(own)
    return pd.concat(parts, ignore_index=True).rename(columns={"on": "feature"})


def as_printed(frame: pd.DataFrame) -> Table:
    """Return the table for a terminal."""
    table = Table("method", "world", "on", "measure", "promised", "estimate", "studies", box=None)
    for r in frame.itertuples():
        error = "" if np.isnan(r.monte_carlo_error) else f" ± {r.monte_carlo_error:.4f}"
        table.add_row(r.method, r.world, r.on, r.measure, f"{r.promised:g}",
                      f"{r.estimate:.4f}{error}", str(r.studies))  # fmt: skip
    return table


def timed_mediation(share: float, processes: int) -> float:
    """Return the seconds that the mediation analysis of all its worlds takes."""
    start = time.perf_counter()
    run(tuple(job for job in JOBS if job[0] is mediation), share, processes, "mediation")
    return time.perf_counter() - start


def main() -> None:
    """Simulate, print the tables, and write them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--share", type=float, default=1.0, help="of the studies")
    parser.add_argument("--processes", type=int, default=PROCESSES)
    parser.add_argument("--out", default=str(ENGINE), help="folder of the tables")
    given = parser.parse_args()
    out = type(ENGINE)(given.out)
    about = {"people": PEOPLE, "seed": SEED, "date": date()}
    frame = run(JOBS, given.share, given.processes, "methods")
    frame.insert(4, "promised", frame["measure"].map(TARGETS))
    frame.insert(5, "claimed", ~frame["method"].isin(UNCLAIMED))
    Console().print(as_printed(frame))
    write_csv(frame.assign(**about), out / "worlds.csv", digits=6)
    found = findings_table(run(FINDINGS, given.share, given.processes, "findings"))
    write_csv(found.assign(**about), out / "worlds_findings.csv", digits=6)
    seconds = timed_mediation(given.share, given.processes)
    Console().print(
        f"mediation: {frame.loc[frame['measure'] == 'mediation found', 'studies'].max():,} studies "
        f"of {len(MEDIATION_WORLDS)} worlds, {PEOPLE} people each, in {seconds:.0f} s "
        f"with {given.processes} processes"
    )


if __name__ == "__main__":
    main()
