"""What the analyses of a chapter make of simulated cohorts, held against their truth.

Outcomes are found, missed, false alarm or rightly quiet; nothing here is a verdict on a claim.
"""

from functools import cache
from pathlib import Path

import pandas as pd

from exercisebook.chapters.rows import ratio_rows
from exercisebook.claims.truth import FALSE_ALARM, FOUND, MISSED, RIGHTLY_QUIET, against_truth
from exercisebook.cohort.package import Cohort, read_cohort
from exercisebook.figures.tables import Table
from exercisebook.paths import REFERENCE
from exercisebook.simulate.cohorts import simulate
from exercisebook.simulate.packages import EFFECTS as TRUTH
from exercisebook.simulate.packages import read_truth
from exercisebook.simulate.worlds import MEASURED, world
from exercisebook.sources.features import label
from exercisebook.stats.cohort_effects import cohort_effects
from exercisebook.stats.schemas import no_effects

MODALITIES = MEASURED
"""What is compared as ratios of amounts, and has a true ratio."""

FEW = ("clinical", "blood_count", "cytokines")
"""Modalities whose every feature a page names."""

ALIKE = {
    "mediated": "through betaine",
    "direct": "training does both",
    "reverse": "through inflammation",
    "diet": "better food does both",
    "common-cause": "less stress does both",
    "season": "the season does both",
}
"""Worlds in which betaine rises and inflammation falls, each with its cause in a few words."""

STUDY_SEED = 20251121


def truth_of(name: str) -> pd.DataFrame | None:
    """Return the truth that lies beside a cohort; None where it brought none.

    Parameters
    ----------
    name : str
        ``reference``, or the absolute path of a package.
    """
    folder = REFERENCE if name == "reference" else Path(name)
    return read_truth(folder) if (folder / TRUTH).is_file() else None


@cache
def reference_outcomes(kind: str, fdr: float) -> pd.DataFrame:
    """Return the Effects of the reference cohort's contrasts of a kind, with truth and outcome."""
    truth = truth_of("reference")
    assert truth is not None
    return outcomes(read_cohort(REFERENCE), kind, truth, fdr)


def outcomes(cohort: Cohort, kind: str, truth: pd.DataFrame | None, fdr: float) -> pd.DataFrame:
    """Return the Effects of a cohort's contrasts of a kind, against truth where it is known.

    Parameters
    ----------
    cohort : Cohort
    kind : str
        ``acute`` or ``training``.
    truth : DataFrame or None
        See ``simulate.truth.true_effects``.
    fdr : float
        Largest q value of what counts as seen.

    Returns
    -------
    DataFrame
        Effects; with a truth also ``truth`` (as a tube shows it), ``log2_content`` (as the body
        holds it) and ``outcome``.
    """
    chosen = [c for _, c in cohort.contrasts.iterrows() if c["kind"] == kind]
    held = [m for m in cohort.measurements if m in MODALITIES]
    tables = [cohort_effects(cohort, m, chosen) for m in held] if chosen else []
    if not tables:
        return no_effects()
    effects = pd.concat(tables, ignore_index=True)
    if truth is None:
        return effects
    seen = against_truth(effects, truth, "log2_concentration", fdr)
    return seen.merge(truth[["feature", "contrast", "log2_content"]], on=["feature", "contrast"])


def outcome_counts(effects: pd.DataFrame) -> pd.DataFrame:
    """Return how many effects of each modality were found, missed and so on."""
    order = [m for m in MODALITIES if m in set(effects["modality"])]
    counts = pd.crosstab(effects["modality"], effects["outcome"])
    names = [FOUND, MISSED, FALSE_ALARM, RIGHTLY_QUIET]
    return counts.reindex(index=order, columns=names, fill_value=0)


def ratios_against_truth(effects: pd.DataFrame) -> pd.DataFrame:
    """Return the named features of outcomes as rows of ``figures.simulated.against_truth``."""
    few = effects[effects["modality"].isin(FEW)].reset_index(drop=True)
    rows = ratio_rows(few, few["feature"].map(label))
    return rows.assign(truth=2 ** few["truth"], outcome=few["outcome"])


def outcomes_table(effects: pd.DataFrame, what: str) -> Table:
    """Return counts of outcomes by modality; ``what`` names the contrast for the title."""
    counts = outcome_counts(effects)
    frame = counts.rename(index=lambda name: name.replace("_", " ")).rename_axis("measured")
    return Table(
        frame.reset_index().astype(str),
        f"What the simulated reference study makes of {what}: true effects found and missed at the "
        "false-discovery rate of this page, false alarms, and features rightly left alone.",
    )


@cache
def worlds_alike(people: int) -> pd.DataFrame:
    """Return what one study sees in worlds that look alike, and what training truly does there.

    The same people with the same luck pass through every world, since worlds share their random
    numbers.

    Returns
    -------
    DataFrame
        world, feature (betaine or crp), estimate, ci_low, ci_high, p_value (of the last phase
        against the first, log2), effect (of training, in truth) and change (of such a study in
        expectation, whatever made it).
    """
    tables = []
    for name in ALIKE:
        made = simulate(world(name), people, STUDY_SEED, ("clinical", "metabolites"))
        seen = outcomes(made.cohort, "training", None, 0.05)
        known = made.truth["effects"].rename(columns={"log2_concentration": "effect"})
        both = seen[seen["feature"].isin(("betaine", "crp"))].merge(
            known[["feature", "contrast", "effect", "log2_change"]], on=["feature", "contrast"]
        )
        tables.append(both.assign(world=name))
    columns = ["world", "feature", "estimate", "ci_low", "ci_high", "p_value"]
    whole = pd.concat(tables, ignore_index=True).rename(columns={"log2_change": "change"})
    return whole[[*columns, "effect", "change"]]
