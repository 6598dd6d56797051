"""Effects of a cohort's contrasts: from a package to the one table that claims understand."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from exercisebook.cohort.package import Cohort
from exercisebook.errors import Misuse
from exercisebook.stats.assay import COUNTS, USABLE, Assay, assay_from_long, without_replicates
from exercisebook.stats.differences import Differences, within_one_arm, within_person
from exercisebook.stats.methods import OF_COUNTS, contrast_effects

USUAL_SCALE = {
    **dict.fromkeys(
        ("clinical", "blood_count", "cytokines", "proteins", "metabolites", "enzyme"), "log2_ratio"
    ),
    **dict.fromkeys(("cells", "taxa"), "logit"),
}
"""The scale on which a modality is compared: ratios of amounts, log odds of fractions."""


def usual_scale(modality: str) -> str:
    """Return the scale on which a modality is compared; Misuse for one that has none."""
    if modality not in USUAL_SCALE:
        known = ", ".join(USUAL_SCALE)
        raise Misuse(
            f"{modality} has no usual scale for a contrast; these have one: {known}; for raw "
            f"counts there are the methods {', '.join(OF_COUNTS)}"
        )
    return USUAL_SCALE[modality]


COUNTED = ("rna", "cells", "taxa")
"""Modalities whose values may be raw counts."""


def scale_for(modality: str, method: str) -> str:
    """Return the scale of a modality under a method; Misuse if they do not go together."""
    if method not in OF_COUNTS:
        return usual_scale(modality)
    if modality not in COUNTED:
        raise Misuse(
            f"{method} needs raw counts, and {modality} are none; counts are in "
            f"{', '.join(COUNTED)}"
        )
    return COUNTS


def contrast_differences(
    cohort: Cohort, modality: str, contrast: pd.Series, scale: str | None = None
) -> Differences:
    """Return every person's differences of one contrast, for all features of a modality."""
    return within_person(cohort.long(modality), contrast, scale or usual_scale(modality))


def cohort_assay(cohort: Cohort, modality: str, scale: str, replicates: str = "refuse") -> Assay:
    """Return one modality of a cohort as a matrix, with what is known of samples and subjects.

    Parameters
    ----------
    cohort : Cohort
    modality : str
    scale : str
        See ``assay.on_scale``.
    replicates : {"refuse", "average", "sum"}
        What becomes of several samples of a person, arm and phase.

    Raises
    ------
    Misuse
        If the cohort does not hold the modality, replicates are refused, or counts are asked for
        on the scale of shares.
    """
    assay = without_replicates(_assay(cohort, modality, scale), replicates)
    if scale == "logit" and assay.values.isna().all(axis=None):
        raise Misuse(
            f"no value of {modality} in {cohort.name} lies between 0 and 1, as a share does; "
            f"counts are taken by the methods {', '.join(OF_COUNTS)}"
        )
    known = cohort.subjects.drop(
        columns=list(set(cohort.subjects) & set(assay.samples) - {"subject"})
    )
    samples = assay.samples.merge(known, on="subject", how="left").set_axis(assay.samples.index)
    return Assay(assay.values, samples, assay.status, scale)


def _assay(cohort: Cohort, modality: str, scale: str) -> Assay:
    """Return one modality as a matrix, several samples of a person, arm and phase still apart."""
    own = ["subject", "arm", "phase"]
    if modality in cohort.measurements and not cohort.samples.duplicated(own).any():
        # a row a sample is joined, not a row a value: a large table has 20,000 of these each
        assay = assay_from_long(cohort.measurements[modality], scale)
        about = cohort.samples.set_index("sample_id").loc[assay.values.index]
        return replace(assay, samples=about)
    long = cohort.long(modality)
    # two tubes of one visit with different features are one sample, not replicates
    if not long[long["status"].isin(USABLE)].duplicated([*own, "feature"]).any():
        long = long.drop(columns="sample_id")
    return assay_from_long(long, scale)


def key_of(cohort: Cohort, modality: str) -> dict[str, Any]:
    """Return what the rows of one modality have in their key, ids and units by feature."""
    features = cohort.features[cohort.features["modality"] == modality].set_index("feature")
    return {
        "dataset": cohort.name,
        "modality": modality,
        "canonical_id": features["canonical_id"],
        "unit": features["unit"],
    }


def cohort_effects(
    cohort: Cohort,
    modality: str,
    contrasts: Iterable[pd.Series],
    method: str = "paired",
    stratum: str = "all",
    covariates: Sequence[str] = (),
    moderation: str = "plain",
    replicates: str = "refuse",
) -> pd.DataFrame:
    """Return the Effects of several contrasts of one modality.

    Parameters
    ----------
    cohort : Cohort
        Whose people are compared with themselves.
    modality : str
        Which measurements.
    contrasts : iterable of Series
        Rows of a table of contrasts.
    method : str
        One of ``methods.METHODS``. The primary one, ``paired``, is moderated from 50 features on.
    stratum : str
        What sets these effects apart from others of the same key.
    covariates, moderation
        See ``contrast_effects``.
    replicates : {"refuse", "average", "sum"}
        See ``cohort_assay``.

    Returns
    -------
    DataFrame
        Effects, q values within each contrast.
    """
    return contrast_effects(
        cohort_assay(cohort, modality, scale_for(modality, method), replicates),
        contrasts,
        method,
        covariates,
        moderation,
        stratum=stratum,
        **key_of(cohort, modality),
    )


def within_arm(contrast: pd.Series) -> pd.Series:
    """Return a contrast against a control arm as the same arm before and after."""
    changed = within_one_arm(contrast, contrast["arm"])
    changed["contrast"] = f"{contrast['contrast']} before-after"
    return changed
