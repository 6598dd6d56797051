"""Every method by its name: an assay and a contrast in, Effects out."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from exercisebook.errors import Misuse, closest
from exercisebook.stats.assay import COUNTS, Assay
from exercisebook.stats.differences import assay_differences
from exercisebook.stats.effects import keyed
from exercisebook.stats.models import (
    block_model,
    check_persons,
    correlation_model,
    mixed_model,
    paired_model,
)
from exercisebook.stats.moderation import MODERATIONS
from exercisebook.stats.paired import hodges_lehmann_rows, sign_flip_rows

METHODS = (
    "paired",
    "block",
    "duplicate-correlation",
    "mixed",
    "mixed-satterthwaite",
    "sign-flip",
    "hodges-lehmann",
    "voom",
    "deseq2",
    "composition",
    "taxa",
)
"""What ``contrast_effects`` knows; the first is the primary test."""

OF_COUNTS = ("voom", "deseq2", "composition", "taxa")
"""Methods that need raw counts."""

MODERATED = ("paired", "block", "duplicate-correlation", "voom")
"""Methods that take a kind of moderation."""

ADJUSTED = (*MODERATED, "mixed", "mixed-satterthwaite")
"""Methods that take covariates."""

SEED = 20251121
"""Of the sign assignments that are drawn above 20 persons."""


def contrast_effects(
    assay: Assay,
    contrasts: Iterable[pd.Series],
    method: str = "paired",
    covariates: Sequence[str] = (),
    moderation: str = "plain",
    **key: object,
) -> pd.DataFrame:
    """Return the Effects of several contrasts by one method.

    Parameters
    ----------
    assay : Assay
        One sample a person, arm and phase; raw counts for voom, deseq2, composition and taxa.
    contrasts : iterable of Series
        Rows of a table of contrasts.
    method : str
        One of ``METHODS``.
    covariates : sequence of str
        Columns of the assay's samples.
    moderation : {"plain", "trend", "robust", "trend-robust"}
        How variances are drawn together, where the method does so.
    **key
        dataset, modality, and optionally stratum; ``canonical_id`` and ``unit`` may be mappings
        from feature.

    Returns
    -------
    DataFrame
        Effects, q values within each contrast and method.

    Raises
    ------
    Misuse
        If the method is unknown, or is given what it cannot take, or the design cannot tell a
        contrast.
    """
    contrasts = list(contrasts)
    _check_method(assay, method, covariates, moderation)
    _check_phases(contrasts)
    tables = [
        keyed(
            _rows(assay, contrast, method, covariates, moderation),
            contrast=contrast["contrast"],
            kind=contrast["kind"],
            **key,
        )
        for contrast in contrasts
    ]
    return pd.concat(tables, ignore_index=True)


def faults_of_method(method: str, covariates: Sequence[str], moderation: str) -> list[str]:
    """Return everything wrong with a method and what it is given, whatever the assay."""
    faults = []
    if moderation not in MODERATIONS:
        faults.append(f"no moderation {moderation!r}; {closest(moderation, MODERATIONS)}")
    if method not in METHODS:
        return [f"no method {method!r}; {closest(method, METHODS)}", *faults]
    if covariates and method not in ADJUSTED:
        faults.append(f"{method} takes no covariates; these do: {', '.join(ADJUSTED)}")
    if moderation != "plain" and method not in MODERATED:
        faults.append(f"{method} takes no moderation; these do: {', '.join(MODERATED)}")
    return faults


def _check_method(assay: Assay, method: str, covariates: Sequence[str], moderation: str) -> None:
    faults = faults_of_method(method, covariates, moderation)
    if method in METHODS and (assay.scale == COUNTS) != (method in OF_COUNTS):
        needs = "needs raw counts" if method in OF_COUNTS else "takes no raw counts"
        faults.append(f"{method} {needs}; for counts there are {', '.join(OF_COUNTS)}")
    if faults:
        raise Misuse("\n".join(faults))


def _check_phases(contrasts: Iterable[pd.Series]) -> None:
    """Raise Misuse for contrasts of a phase with itself, of which every change is nil."""
    same = [c["contrast"] for c in contrasts if c["phase"] == c["reference_phase"]]
    if same:
        raise Misuse(
            f"{', '.join(map(repr, same))}: a phase against itself is no change within a person; "
            "groups of different people are compared by stats.two_groups"
        )


def _rows(
    assay: Assay, contrast: pd.Series, method: str, covariates: Sequence[str], moderation: str
) -> pd.DataFrame:
    if method == "paired":
        return paired_model(assay, contrast, covariates, moderation)
    if method == "block":
        return block_model(assay, contrast, covariates, moderation)
    if method == "duplicate-correlation":
        return correlation_model(assay, contrast, covariates, moderation)
    if method == "mixed":
        return mixed_model(assay, contrast, covariates)
    if method == "mixed-satterthwaite":
        return mixed_model(assay, contrast, covariates, "satterthwaite")
    if method in OF_COUNTS:
        return _rows_of_counts(assay, contrast, method, covariates, moderation)
    differences = assay_differences(assay, contrast)
    persons = len(differences.values)
    if persons < 2:
        raise Misuse(f"{contrast['contrast']!r}: {persons} person(s) with both sides of it")
    if method == "sign-flip":
        return sign_flip_rows(differences, np.random.default_rng(SEED))
    try:
        return hodges_lehmann_rows(differences)
    except ValueError as error:
        raise Misuse(f"{error}; use paired there") from error


def _rows_of_counts(
    assay: Assay, contrast: pd.Series, method: str, covariates: Sequence[str], moderation: str
) -> pd.DataFrame:
    from exercisebook.stats.composition import composition_effects
    from exercisebook.stats.count_models import voom_model
    from exercisebook.stats.second_opinion import deseq2_effects
    from exercisebook.stats.taxa import taxa_effects

    check_persons(assay, contrast)
    if method == "voom":
        return voom_model(assay, contrast, covariates, moderation)
    plain = {
        "deseq2": deseq2_effects,
        "composition": composition_effects,
        "taxa": taxa_effects,
    }[method]
    return plain(assay.values, assay.samples, contrast)
