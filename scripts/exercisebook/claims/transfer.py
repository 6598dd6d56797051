"""The claims on a cohort of the user's own: which effects may judge them, and two verdicts each.

A contrast is judged at a time. Simulated cohorts get no verdict, and are refused here.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from exercisebook.claims.ledger import COLUMNS, SourceOf, ledger, q_within
from exercisebook.claims.verdict import (
    INCONCLUSIVE,
    NOT_EMPIRICAL,
    NOT_MEASURED,
    claim_p_value,
)
from exercisebook.cohort.package import Cohort
from exercisebook.cohort.schemas import MODALITIES
from exercisebook.errors import Misuse
from exercisebook.sources.catalogue import Source
from exercisebook.sources.features import feature_table, label, members
from exercisebook.sources.orthologs import by_name_alone, with_human_names
from exercisebook.sources.study import Study, source_of, study_of
from exercisebook.stats.assay import USABLE
from exercisebook.stats.cohort_effects import cohort_effects
from exercisebook.stats.differences import cells_of
from exercisebook.stats.schemas import SCALES, no_effects

JUDGED = ("acute", "recovery", "training", "detraining", "group")
"""Kinds of contrast within people; an association needs a model of its own."""

OF_COUNTED = {"cells": "composition", "taxa": "taxa"}
"""Methods for what may stand in a package as counts or as shares."""

RESIDUE_H = 48
"""Hours within which a bout may still show in blood, so that training cannot be told from it."""

WORTH_TELLING = 0.1
"""Share of a compared cell below detection above which a row says how many there are."""

_OF_EFFECT = ["modality", "feature", "effect_scale"]

OWN_COLUMNS = ["contrast", *COLUMNS, "member", *_OF_EFFECT, "q_claim", "people_needed"]


@dataclass(frozen=True)
class Told:
    """Effects of one contrast that may meet a claim, what limits them, and what is lacking.

    Attributes
    ----------
    effects : DataFrame
        Effects with a canonical id, each once: of the first modality of ``MODALITIES`` that gives
        it an interval.
    notes : dict of str to str
        By canonical id, what a reader must know of the effect: which of several assays it is
        from, how many values lie below detection, and whether a gene of another species was
        joined by its name alone.
    failures : dict of str to str
        By modality, why it gave no effects.
    """

    effects: pd.DataFrame
    notes: dict[str, str]
    failures: dict[str, str]


def contrast_told(cohort: Cohort, contrast: pd.Series, wanted: Collection[str]) -> Told:
    """Return what one contrast of a cohort can tell of the canonical ids that are wanted."""
    cohort = with_human_names(cohort)
    tables, failures = [], {}
    joined = cohort.features[cohort.features["canonical_id"].isin(list(wanted))]
    for modality in [m for m in MODALITIES if m in set(joined["modality"])]:
        if modality not in cohort.measurements:
            continue
        try:
            tables.append(cohort_effects(cohort, modality, [contrast], _method(cohort, modality)))
        except (Misuse, ValueError) as error:
            failures[modality] = str(error)
    whole = pd.concat(tables, ignore_index=True) if tables else no_effects()
    named = whole[whole["canonical_id"].isin(list(wanted))]
    # what has no interval decides nothing that another assay can
    named = named.loc[named["se"].isna().sort_values(kind="stable").index]
    effects = named.drop_duplicates("canonical_id").reset_index(drop=True)
    below = below_detection(cohort, contrast, effects)
    assays, alone = _assays(named), by_name_alone(cohort)
    notes = {
        name: "; ".join(filter(None, (assays.get(name, ""), hidden, alone.get(name, ""))))
        for name, hidden in zip(effects["canonical_id"], below, strict=True)
    }
    return Told(effects, notes, failures)


def _assays(named: pd.DataFrame) -> dict[str, str]:
    """Return, by canonical id that several assays measured, which of them decides and why."""
    told = {}
    for name, own in named[named.duplicated("canonical_id", keep=False)].groupby("canonical_id"):
        first, *others = [f"{e['feature']} of {e['modality']}" for _, e in own.iterrows()]
        order = ", ".join(dict.fromkeys(own["modality"]))
        why = f"comes first of {order}" if "," in order else "stands first in its table"
        if own["se"].notna().sum() == 1:
            why = "alone has an interval"
        told[str(name)] = (
            f"measured by more than one assay: {first} decides, since it {why}; "
            f"{', '.join(others)} {'is' if len(others) == 1 else 'are'} shown and not counted"
        )
    return told


def below_detection(cohort: Cohort, contrast: pd.Series, effects: pd.DataFrame) -> list[str]:
    """Return how many values of each effect lie below detection, cell by compared cell.

    Parameters
    ----------
    cohort : Cohort
    contrast : Series
        Of which the effects are.
    effects : DataFrame
        modality and feature.

    Returns
    -------
    list of str
        Empty where no compared cell has more than a tenth of its values below detection.
    """
    told = dict.fromkeys(zip(effects["modality"], effects["feature"], strict=True), "")
    cells = cells_of(contrast)[["arm", "phase"]].drop_duplicates()
    for modality, own in effects.groupby("modality"):
        table = cohort.measurements[str(modality)]
        table = table[table["feature"].isin(own["feature"]) & table["status"].isin(USABLE)]
        if not (table["status"] == "below_detection").any():
            continue
        here = table.merge(cohort.samples[["sample_id", "arm", "phase"]], on="sample_id")
        hidden = here.assign(below=here["status"] == "below_detection").merge(cells)
        counts = hidden.groupby(["feature", "arm", "phase"])["below"].agg(["sum", "size"])
        for feature, by_cell in counts.groupby(level="feature"):
            told[str(modality), str(feature)] = _hidden(by_cell.droplevel("feature"), cells)
    return list(told.values())


def _hidden(counts: pd.DataFrame, cells: pd.DataFrame) -> str:
    """Return the counts of one feature's cells in words, or nothing where they are few."""
    share = (counts["sum"] / counts["size"]).max()
    if not share > WORTH_TELLING:
        return ""
    arms = cells["arm"].nunique() > 1
    each = ", ".join(
        f"{counts.at[place, 'sum']} of {counts.at[place, 'size']} at "
        f"“{place[1]}”{f' ({place[0]})' if arms else ''}"
        for place in cells.itertuples(index=False, name=None)
        if place in counts.index
    )
    most = ": over half of one, so the verdict is inconclusive at most" if share > 1 / 2 else ""
    return f"below detection {each}{most}"


def cohort_ledger(cohort: Cohort, claims: pd.DataFrame, fdr: float = 0.05) -> pd.DataFrame:
    """Return the ledger of a cohort of the user's own.

    Parameters
    ----------
    cohort : Cohort
        With a ``study`` in its description.
    claims : DataFrame
        Claims.
    fdr : float
        Largest q value of a supported or contradicted claim.

    Returns
    -------
    DataFrame
        The columns of the ledger with ``contrast`` in front ("none" where no contrast of the
        claim's kind was compared), and at the end: ``member``, a canonical id in the rows of a
        group's members and empty elsewhere; ``modality``, ``feature`` and ``effect_scale`` of the
        numbers (empty where there are none); ``q_claim``, the q value that the verdict rests on,
        within document, chapter and contrast; and ``people_needed``: how many people would show
        the smallest effect that matters with a power of 80 %, where the verdict is inconclusive
        and such an effect is set; NaN elsewhere. One row a claim and contrast of its kind; a
        claim about a group has no numbers, and below it a row for each member that is measured.

    Raises
    ------
    Misuse
        If the cohort is simulated, or does not say its design.
    InvalidInput
        If what it says of its design is wrong.
    """
    if cohort.simulated:
        raise Misuse(f"{cohort.name} is simulated, and simulated data get no verdict")
    study = study_of(cohort.description)
    if study is None:
        raise Misuse(
            f"{cohort.name} does not say its design: there is no 'study' in its datapackage.json"
        )
    cohort = with_human_names(cohort)
    tables = []
    for _, contrast in cohort.contrasts.iterrows():
        own = claims[claims["kind"] == contrast["kind"]]
        own = own[own["direction"] != "none"]
        if contrast["kind"] in JUDGED and len(own):
            tables.append(_of_contrast(cohort, study, contrast, own, fdr))
    seen = {name for table in tables for name in table["claim_id"]}
    rest = claims[~claims["claim_id"].isin(seen)]
    if len(rest):
        tables.append(_unasked(rest, fdr))
    return pd.concat(tables, ignore_index=True)[OWN_COLUMNS]


def _method(cohort: Cohort, modality: str) -> str:
    """Return how a modality is compared: raw counts as counts, all else in pairs."""
    if modality == "rna":
        return "voom"
    table = cohort.measurements[modality]
    counted = modality in OF_COUNTED and table["value"][table["status"].isin(USABLE)].max() > 1
    return OF_COUNTED[modality] if counted else "paired"


def _of_contrast(
    cohort: Cohort, study: Study, contrast: pd.Series, claims: pd.DataFrame, fdr: float
) -> pd.DataFrame:
    claims = claims.assign(same_as=None)
    alone = _one_by_one(claims)
    told = contrast_told(cohort, contrast, set(alone["canonical_id"]))

    def source(effects: pd.DataFrame) -> Source:
        return source_of(cohort, study, contrast, str(effects["modality"].iloc[0]))

    each = _of_members(alone, told, fdr, source)
    groups = claims[claims["canonical_id"].map(_is_group)]
    groups = ledger(groups, told.effects, fdr, source).assign(
        member="", people_needed=np.nan, q_claim=np.nan, **dict.fromkeys(_OF_EFFECT, "")
    )
    # of one measured member these would be its numbers, on a scale that is not the group's
    groups[["estimate", "ci_low", "ci_high", "n_subjects", "detectable"]] = np.nan
    rows = pd.concat([groups, each], ignore_index=True)
    missing = rows["observed"] == NOT_MEASURED
    # a group says itself which of its members are not measured
    rows, missing = (part[~missing | (rows["member"] == "")] for part in (rows, missing))
    by_id = claims.set_index("claim_id")
    since = _since_the_last_bout(cohort, contrast)
    rows["reason"] = [
        _unjoined(cohort, by_id.loc[row["claim_id"]], told) if absent else row["reason"] + since
        for absent, (_, row) in zip(missing, rows.iterrows(), strict=True)
    ]
    place = rows["claim_id"].map({name: i for i, name in enumerate(claims["claim_id"])})
    order = place.sort_values(kind="stable").index
    return rows.loc[order].assign(contrast=contrast["contrast"]).reset_index(drop=True)


def _is_group(canonical_id: str) -> bool:
    return members(canonical_id) != [canonical_id]


def _one_by_one(claims: pd.DataFrame) -> pd.DataFrame:
    """Return claims about one feature each: those about a group once a member.

    The tests of a family are the same ones, so that their q values are those of the claims.
    """
    alone = claims.assign(
        of_group=claims["canonical_id"].map(_is_group),
        canonical_id=claims["canonical_id"].map(members),
        home=claims["claim_id"],
    ).explode("canonical_id", ignore_index=True)
    return alone.assign(claim_id=alone["claim_id"] + " " + alone["canonical_id"])


def _of_members(alone: pd.DataFrame, told: Told, fdr: float, source: SourceOf) -> pd.DataFrame:
    """Return the rows of claims about one feature each, with the effect each rests on."""
    rows = ledger(alone, told.effects, fdr, source)
    claim = alone.set_index("claim_id").loc[rows["claim_id"]].reset_index(drop=True)
    effect = told.effects.set_index("canonical_id").reindex(claim["canonical_id"])
    effect = effect.reset_index()
    least = claim["smallest_effect"].astype(float)
    least = least.where(claim["smallest_effect_scale"] == effect["effect_scale"])
    notes = claim["canonical_id"].map(told.notes).fillna("")
    return rows.assign(
        claim_id=claim["home"],
        member=claim["canonical_id"].where(claim["of_group"], ""),
        reason=rows["reason"] + notes.where(notes == "", "; " + notes),
        q_claim=_q_of_claims(claim, effect),
        people_needed=people_needed(rows, least.to_numpy(float)),
        **{name: effect[name].fillna("") for name in _OF_EFFECT},
    )


def _q_of_claims(claims: pd.DataFrame, effects: pd.DataFrame) -> pd.Series:
    """Return the q values that verdicts rest on, row by row; NaN where nothing was measured."""
    p = [
        claim_p_value(claim, effect) if effect["effect_scale"] in SCALES else np.nan
        for (_, claim), (_, effect) in zip(claims.iterrows(), effects.iterrows(), strict=True)
    ]
    return q_within(pd.Series(p, claims.index, dtype=float), claims, ("source", "chapter"))


def _since_the_last_bout(cohort: Cohort, contrast: pd.Series) -> str:
    """Return what a contrast of training must say: how long before the draw the last bout was."""
    if contrast["kind"] not in ("training", "detraining"):
        return ""
    samples = cohort.samples
    later = samples[(samples["phase"] == contrast["phase"]) & (samples["arm"] == contrast["arm"])]
    hours = later["hours_since_bout"]
    if hours.isna().any():
        return "; hours since the last bout unknown, so its residue may be part of this"
    low, high = hours.min(), hours.max()
    told = f"; last bout {low:g}{'' if low == high else f' to {high:g}'} hours before"
    return told + (", so its residue may be part of this" if low < RESIDUE_H else "")


def people_needed(rows: pd.DataFrame, least: np.ndarray) -> np.ndarray:
    r"""Return how many people would show the smallest effect that matters, power 80 %.

    .. math:: n' = \lceil n (\delta / m)^2 \rceil

    with :math:`\delta` what :math:`n` people detect with that power and :math:`m` the smallest
    effect: standard errors fall with the root of n.

    Parameters
    ----------
    rows : DataFrame
        observed, n_subjects and detectable.
    least : ndarray, shape (rows,)
        Smallest effects, NaN where none is set.

    Returns
    -------
    ndarray, shape (rows,)
        NaN where the verdict is not inconclusive, no smallest effect is set, or these people
        were enough for it.
    """
    more = np.ceil(rows["n_subjects"].astype(float) * (rows["detectable"] / least) ** 2)
    asked = (rows["observed"] == INCONCLUSIVE) & (more > rows["n_subjects"])
    return np.where(asked, more, np.nan)


def _unjoined(cohort: Cohort, claim: pd.Series, told: Told) -> str:
    """Return why a contrast of the right kind has no effect for a claim."""
    wanted = members(claim["canonical_id"])
    held = cohort.features[cohort.features["canonical_id"].isin(wanted)]
    if held.empty:
        return f"no feature of this cohort is joined to {label_of(claim['canonical_id'])}"
    failed = [m for m in held["modality"] if m in told.failures]
    if failed:
        return f"{failed[0]} could not be compared: {told.failures[failed[0]]}"
    return f"{', '.join(held['feature'])}: too few people with both values"


def _unasked(claims: pd.DataFrame, fdr: float) -> pd.DataFrame:
    """Return the rows of claims of whose kind a cohort has no contrast."""
    rows = ledger(claims.assign(same_as=None), no_effects(), fdr)
    kinds = claims["kind"].to_numpy()
    reasons = [f"this cohort has no contrast of the kind {kind!r} within people" for kind in kinds]
    reason = rows["reason"].where(rows["observed"] == NOT_EMPIRICAL, reasons)
    return rows.assign(
        reason=reason,
        contrast="none",
        q_claim=np.nan,
        people_needed=np.nan,
        **dict.fromkeys(["member", *_OF_EFFECT], ""),
    )


def label_of(canonical_id: object, otherwise: str = "") -> str:
    """Return what pages call a feature or group: its label, else a name without underscores.

    Parameters
    ----------
    canonical_id : object
        NaN, None and an empty text are none.
    otherwise : str
        Name of what has no label; the canonical id itself where none is given.
    """
    if canonical_id in feature_table().index:
        return label(str(canonical_id))
    return (otherwise or str(canonical_id)).replace("_", " ")
