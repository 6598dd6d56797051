"""Picking single results out of chapter 2's tables."""

import pandas as pd
from numpy.typing import ArrayLike

from exercisebook.chapters.ch02.analyses import (
    CELLS,
    DAY_AFTER,
    END,
    GENTLE,
    HOURS,
    INTENSITIES,
    LATE,
    MISSING,
    claim_effects,
)
from exercisebook.chapters.chapter import Chapter
from exercisebook.chapters.hours import at_hour, of_stratum, ratios_of_men
from exercisebook.chapters.simulated import outcomes, truth_of
from exercisebook.chapters.wording import certain, one
from exercisebook.claims.claims import claims_of
from exercisebook.claims.ledger import member_verdicts
from exercisebook.claims.verdict import SUPPORTED
from exercisebook.figures.tables import number
from exercisebook.sources.grinta import ARMS, CYTOKINES
from exercisebook.stats.equivalence import equivalence_tests
from exercisebook.stats.plasma_volume import PLASMA_SHARE, explaining_loss, log2_shift
from exercisebook.stats.schemas import MOSTLY_MISSING, NONDETECT

PLAUSIBLE_LOSS = 20.0
"""Per cent of plasma volume, about the most that an hour of hard exercise is known to remove."""


def against_rest_at(chapter: Chapter, feature: str, hour: str) -> pd.Series:
    """Return the effect on one count against rest at one hour."""
    return one(at_hour(chapter["acute_against_rest"], hour), feature=feature)


def cytokine_at_end(chapter: Chapter, feature: str) -> pd.Series:
    """Return the effect on one cytokine at the end of the bout, absent values left out."""
    effects = of_stratum(chapter["cytokines"], MISSING)
    return one(at_hour(effects, END), feature=feature)


def arm_label(chapter: Chapter) -> str:
    """Return what the chosen exercise day was."""
    return ARMS[chapter.parameters.arm]


def hard_against_gentle(chapter: Chapter) -> pd.Series:
    """Return neutrophils at their peak after the hard hour, against those of the gentle one."""
    contrast = f"P2-{LATE} against {GENTLE}"
    return one(chapter["between_days"], feature="neutrophils", contrast=contrast)


def single_men(chapter: Chapter) -> pd.DataFrame | None:
    """Return each man's ratios to his rest day, where the bytes are at hand."""
    return ratios_of_men(chapter.parameters.arm, HOURS, list(CELLS))


def men_by_intensity(groups: dict[str, str]) -> pd.DataFrame | None:
    """Return each man's ratios on four days of exercise, where the bytes are at hand.

    Parameters
    ----------
    groups : dict of str to str
        What lymphocytes at the end, and neutrophils two hours later, are called on the chart.
    """
    tables = []
    for arm in INTENSITIES:
        for feature, hour in (("lymphocytes", END), ("neutrophils", LATE)):
            persons = ratios_of_men(arm, [hour], [feature])
            if persons is None:
                return None
            tables.append(persons.assign(row=ARMS[arm], group=groups[feature]))
    return pd.concat(tables, ignore_index=True)


def men_with_cytokines(chapter: Chapter) -> pd.DataFrame | None:
    """Return each man's ratio of each cytokine found on both days, where the bytes are at hand."""
    features = list(CYTOKINES.values())
    persons = ratios_of_men(chapter.parameters.arm, [END], features, "cytokines")
    return None if persons is None else persons.assign(group=MISSING)


def day_after_tests(chapter: Chapter) -> tuple[pd.DataFrame, float]:
    """Return the equivalence tests of a day later, and the margin of the claim they answer."""
    margin = float(one(claims_of(2), claim_id="S1-08")["smallest_effect"])
    effects = at_hour(chapter["acute_against_rest"], DAY_AFTER)
    chosen = effects[effects["feature"].isin((*CELLS, "leukocytes"))].reset_index(drop=True)
    tests = equivalence_tests(chosen, pd.Series(margin, index=chosen["canonical_id"]))
    rows = member_verdicts(claims_of(2), "S1-08", claim_effects(chapter), chapter.parameters.fdr)
    same = rows.loc[(rows["dataset"] == "grinta") & (rows["observed"] == SUPPORTED), "canonical_id"]
    return tests.assign(same=tests["canonical_id"].isin(same)), margin


def hidden(effects: pd.DataFrame, feature: str) -> bool:
    """Return whether a feature is absent in over half of a compared cell."""
    flags = effects.loc[effects["feature"] == feature, "flag"]
    return bool(flags.str.contains(f"{NONDETECT}|{MOSTLY_MISSING}").any())


def sure_in_both(effects: pd.DataFrame, feature: str) -> bool:
    """Return whether a cytokine differs from rest under both readings of what is absent."""
    own = effects[effects["feature"] == feature]
    return not hidden(effects, feature) and all(certain(e) for _, e in own.iterrows())


def explained_by_water(effect: pd.Series) -> str:
    """Return what a loss of plasma can and cannot do to a change of concentration."""
    if effect["estimate"] <= 0:
        return "fell, and lost water would hide a larger fall"
    loss = plasma_loss(effect)
    if loss >= 100:
        return "rose by more than any loss of plasma could make"
    how = "and would be explained by" if loss <= PLAUSIBLE_LOSS else "and would need"
    far = "" if loss <= PLAUSIBLE_LOSS else ", more than such a bout removes"
    return f"rose, {how} a loss of {number(loss)} % of the plasma{far}"


def plasma_loss(effect: pd.Series) -> float:
    """Return the loss of plasma, in per cent, that would make a ratio of concentrations."""
    return float(explaining_loss(effect["estimate"], _plasma_share(effect)))


def corrected_for(effect: pd.Series, change: ArrayLike) -> pd.DataFrame:
    """Return estimate and interval, as ratios of amounts, under assumed changes of plasma volume.

    Parameters
    ----------
    effect : Series
        One of the Effects.
    change : array_like
        Of plasma volume, in per cent.
    """
    shift = log2_shift(change, _plasma_share(effect))
    columns = {"estimate": "estimate", "low": "ci_low", "high": "ci_high"}
    return pd.DataFrame({name: 2 ** (effect[own] + shift) for name, own in columns.items()})


def _plasma_share(effect: pd.Series) -> float:
    return PLASMA_SHARE if effect["modality"] == "blood_count" else 1.0


def acute_effects_of_cohort(chapter: Chapter) -> pd.DataFrame:
    """Return the acute Effects of this page's cohort, with their truth where it is known."""
    cohort = chapter.cohort
    truth = truth_of(chapter.parameters.cohort) if cohort.simulated else None
    return outcomes(cohort, "acute", truth, chapter.parameters.fdr)
