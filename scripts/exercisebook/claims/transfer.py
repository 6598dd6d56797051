"""The claims on a cohort of the user's own: which effects may judge them, and two verdicts each.

A contrast is judged at a time. Simulated cohorts get no verdict, and are refused here.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from exercisebook.claims.ledger import COLUMNS, ledger
from exercisebook.claims.verdict import INCONCLUSIVE, NOT_EMPIRICAL, NOT_MEASURED
from exercisebook.cohort.package import Cohort
from exercisebook.cohort.schemas import MODALITIES
from exercisebook.errors import Misuse
from exercisebook.sources.catalogue import Source
from exercisebook.sources.features import label, members
from exercisebook.sources.study import Study, source_of, study_of
from exercisebook.stats.assay import USABLE
from exercisebook.stats.cohort_effects import cohort_effects
from exercisebook.stats.schemas import no_effects

JUDGED = ("acute", "recovery", "training", "detraining", "group")
"""Kinds of contrast within people; an association needs a model of its own."""

OF_COUNTED = {"cells": "composition", "taxa": "taxa"}
"""Methods for what may stand in a package as counts or as shares."""

RESIDUE_H = 48
"""Hours within which a bout may still show in blood, so that training cannot be told from it."""

OWN_COLUMNS = ["contrast", *COLUMNS, "effect_scale", "people_needed"]


@dataclass(frozen=True)
class Told:
    """Effects of one contrast that may meet a claim, and what could not be computed.

    Attributes
    ----------
    effects : DataFrame
        Effects with a canonical id, each once: the first modality of ``MODALITIES`` that holds it.
    failures : dict of str to str
        By modality, why it gave no effects.
    """

    effects: pd.DataFrame
    failures: dict[str, str]


def contrast_told(cohort: Cohort, contrast: pd.Series) -> Told:
    """Return what one contrast of a cohort can tell claims."""
    tables, failures = [], {}
    for modality in MODALITIES:
        if modality not in cohort.measurements:
            continue
        try:
            tables.append(cohort_effects(cohort, modality, [contrast], _method(cohort, modality)))
        except (Misuse, ValueError) as error:
            failures[modality] = str(error)
    whole = pd.concat(tables, ignore_index=True) if tables else no_effects()
    named = whole[whole["canonical_id"].fillna("") != ""]
    return Told(named.drop_duplicates("canonical_id").reset_index(drop=True), failures)


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
        claim's kind was compared), ``effect_scale`` of the numbers (empty where there are none)
        and ``people_needed`` at the end: how many people would show
        the smallest effect that matters with a power of 80 %, where the verdict is inconclusive
        and such an effect is set; NaN elsewhere. One row a claim and contrast of its kind.

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
    told = contrast_told(cohort, contrast)

    def source(effects: pd.DataFrame) -> Source:
        return source_of(cohort, study, contrast, str(effects["modality"].iloc[0]))

    rows = ledger(claims.assign(same_as=None), told.effects, fdr, source)
    missing = rows["observed"] == NOT_MEASURED
    by_id = claims.set_index("claim_id")
    since = _since_the_last_bout(cohort, contrast)
    rows["reason"] = [
        _unjoined(cohort, by_id.loc[row["claim_id"]], told) if absent else row["reason"] + since
        for absent, (_, row) in zip(missing, rows.iterrows(), strict=True)
    ]
    scales = told.effects.set_index("canonical_id")["effect_scale"]
    names = by_id["canonical_id"].reindex(rows["claim_id"])
    least = by_id["smallest_effect"].reindex(rows["claim_id"]).to_numpy(float)
    scale = names.map(scales).fillna("").to_numpy()
    least[scale != by_id["smallest_effect_scale"].reindex(rows["claim_id"])] = np.nan
    return rows.assign(
        contrast=contrast["contrast"], effect_scale=scale, people_needed=people_needed(rows, least)
    )


def _since_the_last_bout(cohort: Cohort, contrast: pd.Series) -> str:
    """Return what a contrast of training must say: how long before the draw the last bout was."""
    if contrast["kind"] not in ("training", "detraining"):
        return ""
    samples = cohort.samples
    later = samples[(samples["phase"] == contrast["phase"]) & (samples["arm"] == contrast["arm"])]
    hours = later["hours_since_bout"]
    if hours.isna().any():
        return "; hours since the last bout unknown, so its residue may be part of this"
    told = f"; last bout {hours.min():g} to {hours.max():g} hours before"
    return told + (", so its residue may be part of this" if hours.min() < RESIDUE_H else "")


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
    return rows.assign(reason=reason, contrast="none", effect_scale="", people_needed=np.nan)


def label_of(canonical_id: str) -> str:
    """Return what pages call a feature or a group of features."""
    try:
        return label(canonical_id)
    except Misuse:
        return canonical_id.replace("_", " ")
