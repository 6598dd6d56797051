"""Picking single results out of chapter 3's tables."""

import numpy as np
import pandas as pd

from exercisebook.chapters.ch03 import cells
from exercisebook.chapters.ch03.analyses import SOCIAL
from exercisebook.chapters.ch03.published import RESTING
from exercisebook.chapters.chapter import Chapter
from exercisebook.chapters.hours import phase_of, ratios_of_men
from exercisebook.chapters.simulated import outcomes, truth_of
from exercisebook.chapters.wording import one
from exercisebook.errors import Misuse
from exercisebook.stats.power import detectable_ratio
from exercisebook.stats.resolution import ResolutionIndices, resolution_indices
from exercisebook.stats.schemas import no_effects

PEOPLE = 13
"""In the study of the commentary."""


def white_cell(chapter: Chapter, feature: str, stratum: str = SOCIAL) -> pd.Series:
    """Return one association of activity with white cells, or with height."""
    return one(chapter["white_cells"], feature=feature, stratum=stratum)


def resting(chapter: Chapter, feature: str, stratum: str = SOCIAL) -> pd.Series:
    """Return one association of activity with a resting marker."""
    return one(chapter["resting_markers"], feature=feature, stratum=stratum)


def as_per_cent(effects: pd.DataFrame) -> pd.DataFrame:
    """Return estimate and interval of log2 ratios as per cent."""
    return 100 * (2 ** effects[["estimate", "ci_low", "ci_high"]].astype(float) - 1)


def detectable_fall(cv_within: float) -> float:
    """Return the smallest fall, as a fraction, that the study's people could be expected to show."""
    return float(1 - 1 / detectable_ratio(cv_within, PEOPLE))


def comparable_markers(chapter: Chapter) -> pd.DataFrame:
    """Return the markers that have both a variation and an association on the ratio scale.

    Triglycerides are left to the table's note: nobody knows who of the survey had eaten.
    """
    rows = []
    for marker in RESTING:
        unfit = not marker.feature or not np.isfinite(marker.cv_within)
        if unfit or marker.feature == "triglycerides":
            continue
        effect = resting(chapter, marker.feature)
        if effect["effect_scale"] == "log2_ratio":
            rows.append({**effect, "fall": detectable_fall(marker.cv_within)})
    return pd.DataFrame(rows).reset_index(drop=True)


def residue_of(chapter: Chapter, feature: str) -> pd.DataFrame:
    """Return what was left of one count a day after each kind of exercise, in 10^9 a litre."""
    table = chapter["residue"]
    return table[table["feature"] == feature].reset_index(drop=True)


def blood_course(chapter: Chapter) -> pd.DataFrame:
    """Return neutrophils against rest by hour, as ratios, beginning at 1."""
    own = chapter["acute_against_rest"].query("feature == 'neutrophils'")
    hours = phase_of(own).str.removesuffix("h").astype(float)
    values = 2 ** own[["estimate", "ci_low", "ci_high"]].astype(float)
    table = values.set_axis(["estimate", "low", "high"], axis=1).assign(hour=hours)
    start = pd.DataFrame([{"estimate": 1.0, "low": 1.0, "high": 1.0, "hour": 0.0}])
    return pd.concat([start, table], ignore_index=True).sort_values("hour", ignore_index=True)


def men_after_bout(chapter: Chapter) -> pd.DataFrame | None:
    """Return each man's neutrophils against rest by hour, where the bytes are at hand."""
    hours = list(phase_of(chapter["acute_against_rest"].query("feature == 'neutrophils'")))
    persons = ratios_of_men(chapter.parameters.arm, hours, ["neutrophils"])
    if persons is None:
        return None
    return persons.assign(hour=persons["phase"].str.removesuffix("h").astype(float))


def blood_indices(chapter: Chapter) -> ResolutionIndices | None:
    """Return what the arithmetic of resolution makes of neutrophils in blood."""
    course = blood_course(chapter)
    try:
        return resolution_indices(course["hour"], course["estimate"])
    except Misuse:
        return None


def agreement_here(chapter: Chapter) -> pd.Series:
    """Return how far groups agree with the truth at this page's resolution."""
    p = chapter.parameters
    return one(cells.agreements(p.mitochondrial, p.resolution), resolution=p.resolution)


def genes_here(chapter: Chapter) -> pd.DataFrame:
    """Return the two genes after training under this page's parameters."""
    p = chapter.parameters
    return cells.gene_effects(p.mitochondrial, p.resolution, p.fdr)


def training_effects_of_cohort(chapter: Chapter) -> pd.DataFrame:
    """Return the training Effects of this page's cohort, with their truth where it is known."""
    cohort = chapter.cohort
    if not cohort.contrasts["kind"].eq("training").any():
        return no_effects()
    truth = truth_of(chapter.parameters.cohort) if cohort.simulated else None
    return outcomes(cohort, "training", truth, chapter.parameters.fdr)
