"""Two groups of different persons or animals, in one phase: how far apart they lie.

For designs without a before: each subject has one sample, and the contrast is of arms. A second
factor of two levels, such as sex, gives the effect in each level, their mean, and their
difference. Whoever has samples of both sides belongs to ``models``, and to ``paired`` there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exercisebook.cohort.package import Cohort
from exercisebook.errors import Misuse, closest, listed
from exercisebook.stats.assay import ABSENT, BELOW, COUNTS, MISSING, OK, Assay
from exercisebook.stats.cohort_effects import cohort_assay, key_of, usual_scale
from exercisebook.stats.counts import checked_counts, voom
from exercisebook.stats.designs import (
    Design,
    check_estimable,
    covariate_columns,
    independent_columns,
)
from exercisebook.stats.effects import CONSTANT, EMPTY, WITHOUT_REST, joined_flags, keyed, t_effects
from exercisebook.stats.linear import LinearFit, contrast_of, linear_fit
from exercisebook.stats.models import LOG_SCALES, MINIMUM_PERSONS, MODERATE_FROM
from exercisebook.stats.moderation import MODERATIONS, moderate
from exercisebook.stats.schemas import MOSTLY_MISSING, NONDETECT

Floats = NDArray[np.float64]

FEW = f"a group has fewer than {MINIMUM_PERSONS} values"
"""Flag of a feature that a compared group hardly has; it is returned without a test."""

BETWEEN_LEVELS = "group"
"""Kind of the difference between two levels' effects: it answers no claim about an effect."""


def cohort_group_effects(
    cohort: Cohort,
    modality: str,
    contrasts: Iterable[pd.Series],
    factor: str | None = None,
    covariates: Sequence[str] = (),
    moderation: str = "plain",
) -> pd.DataFrame:
    """Return the Effects of contrasts between different subjects of a cohort.

    Parameters
    ----------
    cohort : Cohort
        With a sample a subject in the phase of each contrast.
    modality : str
        One that has a usual scale.
    contrasts : iterable of Series
        Rows of a table of contrasts whose two phases are the same and whose arms are not.
    factor, covariates, moderation
        See ``two_group_effects``.

    Returns
    -------
    DataFrame
        Effects, q values within each contrast and stratum.
    """
    assay = cohort_assay(cohort, modality, usual_scale(modality))
    key = key_of(cohort, modality)
    tables = [
        two_group_effects(assay, contrast, factor, covariates, moderation, **key)
        for contrast in contrasts
    ]
    return pd.concat(tables, ignore_index=True)


def two_group_effects(
    assay: Assay,
    contrast: pd.Series,
    factor: str | None = None,
    covariates: Sequence[str] = (),
    moderation: str = "plain",
    **key: object,
) -> pd.DataFrame:
    r"""Return how far two groups lie apart, and whether the levels of a factor agree on it.

    Every cell of arm and level has a mean :math:`\mu_{al}`, all cells one variance a feature. For
    levels :math:`k, l` and the arms of the contrast,

    .. math:: \delta_l = \mu_{1l} - \mu_{0l}, \quad
              \bar\delta = (\delta_k + \delta_l) / 2, \quad \delta_k - \delta_l,

    with moderated t where at least 50 features on a log scale vary, and Student's below that.

    Parameters
    ----------
    assay : Assay
        One sample a subject in the phase; raw counts are turned to log counts per million, with
        voom's weights.
    contrast : Series
        contrast, kind, phase, arm, reference_arm; ``reference_phase`` is the phase itself.
    factor : str, optional
        A column of the assay's samples with two levels.
    covariates : sequence of str
        Further columns of the samples; numbers are centred.
    moderation : {"plain", "trend", "robust", "trend-robust"}
        How variances are drawn together.
    **key
        dataset, modality; ``canonical_id`` and ``unit`` may be mappings from feature.

    Returns
    -------
    DataFrame
        Effects. Without a factor the stratum is ``all``; with one, ``all`` is the mean of both
        levels, each level is a stratum, and so is ``k - l``, whose kind is ``group``. Features
        without a row in the phase are left out.

    Raises
    ------
    Misuse
        If the contrast is not between arms of one phase, a subject is in it twice, a cell holds
        fewer than three, the factor has other than two levels, or a covariate hides the contrast.

    References
    ----------
    Smyth (2004), Stat Appl Genet Mol Biol 3, 3. Law et al. (2014), Genome Biol 15, R29.
    """
    if moderation not in MODERATIONS:
        raise Misuse(f"no moderation {moderation!r}; {closest(moderation, MODERATIONS)}")
    compared = _compared(assay, contrast)
    levels = _levels(compared.samples, factor)
    design, strata = _design(compared.samples, contrast, factor, levels, covariates)
    for name, weights in strata.items():
        check_estimable(design, weights, blocks=False, name=f"{contrast['contrast']} ({name})")
    kept = independent_columns(design, blocks=False)
    values, inverse_variance = _logs(compared, design.matrix[:, kept])
    fit = linear_fit(values, design.matrix[:, kept], weights=inverse_variance)
    variance, df, chosen = _variances(fit, values, compared.scale, moderation)
    method = "two groups" + (", voom" if compared.scale == COUNTS else "") + chosen
    limits = _limits(compared, values, contrast)
    tables = []
    for stratum, weights in strata.items():
        rows = _rows(compared, fit, values, design, weights, kept, variance, df, limits, method)
        between = factor is not None and stratum == _difference(levels)
        kind = BETWEEN_LEVELS if between else contrast["kind"]
        tables.append(keyed(rows, contrast=contrast["contrast"], kind=kind, stratum=stratum, **key))
    return pd.concat(tables, ignore_index=True)


def _compared(assay: Assay, contrast: pd.Series) -> Assay:
    """Return the samples of both arms, and the features that any of them was measured for."""
    name, phase = contrast["contrast"], contrast["phase"]
    arms = [contrast["arm"], contrast["reference_arm"]]
    if phase != contrast["reference_phase"] or arms[0] == arms[1]:
        raise Misuse(f"{name!r} is not between two arms of one phase; use a paired method")
    here = (assay.samples["phase"] == phase) & assay.samples["arm"].isin(arms)
    own = assay.of(here.to_numpy())
    twice = own.samples.loc[own.samples["subject"].duplicated(), "subject"]
    if len(twice):
        raise Misuse(
            f"{name!r}: {listed(twice)}: more than one sample, so the groups are not different "
            f"subjects; use paired or block"
        )
    held = (own.status != ABSENT).any(axis=0)
    return replace(own, values=own.values.loc[:, held], status=own.status[:, held])


def _levels(samples: pd.DataFrame, factor: str | None) -> list[str]:
    if factor is None:
        return []
    if factor not in samples:
        raise Misuse(f"no factor {factor!r}; {closest(factor, samples.columns)}")
    levels = sorted(samples[factor].dropna().astype(str).unique())
    if len(levels) != 2 or samples[factor].isna().any():
        raise Misuse(f"{factor!r} has the levels {listed(levels)}, or gaps; two levels are needed")
    return levels


def _difference(levels: Sequence[str]) -> str:
    return " - ".join(levels)


def _design(
    samples: pd.DataFrame,
    contrast: pd.Series,
    factor: str | None,
    levels: list[str],
    covariates: Sequence[str],
) -> tuple[Design, dict[str, Floats]]:
    """Return a column a cell, then covariates; and the weights of each stratum's effect."""
    of_level = {"": np.ones(len(samples), bool)}
    if factor is not None:
        of_level = {level: (samples[factor].astype(str) == level).to_numpy() for level in levels}
    cells, columns = [], {}
    for level, inside in of_level.items():
        for arm in (contrast["arm"], contrast["reference_arm"]):
            member = (samples["arm"] == arm).to_numpy() & inside
            cell = f"arm {arm}, {factor} {level}" if level else f"arm {arm}"
            if member.sum() < MINIMUM_PERSONS:
                raise Misuse(
                    f"{contrast['contrast']!r}: {member.sum()} subject(s) in {cell}; at least "
                    f"{MINIMUM_PERSONS} are needed"
                )
            cells.append((str(arm), level))
            columns[cell] = member.astype(float)
    extra = covariate_columns(samples, covariates)
    table = pd.concat([pd.DataFrame(columns, index=samples.index), extra], axis=1)
    design = Design(table, cells, np.arange(len(samples)))
    unit = np.eye(table.shape[1])
    effects = [unit[2 * k] - unit[2 * k + 1] for k in range(len(of_level))]
    if factor is None:
        return design, {"all": effects[0]}
    strata = {"all": (effects[0] + effects[1]) / 2, **dict(zip(levels, effects, strict=True))}
    return design, {**strata, _difference(levels): effects[0] - effects[1]}


def _logs(assay: Assay, columns: Floats) -> tuple[Floats, Floats | None]:
    """Return values on a scale of differences, with weights where they were counts."""
    if assay.scale != COUNTS:
        return assay.values.to_numpy(float), None
    counts = checked_counts(assay.values)
    weighted = voom(counts, columns)
    return np.where(counts.any(axis=0), weighted.log_cpm, np.nan), weighted.weights


def _variances(
    fit: LinearFit, values: Floats, scale: str, moderation: str
) -> tuple[Floats, Floats, str]:
    """Return variances, degrees of freedom, and what the method's name says of moderation."""
    with np.errstate(invalid="ignore"):
        varies = np.sqrt(fit.variance) > 1e-12 * np.abs(np.nan_to_num(fit.level))
    own = np.where(varies, fit.variance, np.nan)
    if varies.sum() < MODERATE_FROM or scale not in LOG_SCALES:
        return own, fit.df, ""
    found = moderate(
        own,
        fit.df,
        fit.level if moderation.startswith("trend") else None,
        robust=moderation.endswith("robust"),
    )
    kind = "" if moderation == "plain" else f" ({moderation})"
    return found.variance, found.df_total, f", moderated{kind}"


def _rows(
    assay: Assay,
    fit: LinearFit,
    values: Floats,
    design: Design,
    weights: Floats,
    kept: list[int],
    variance: Floats,
    df: Floats,
    limits: list[str],
    method: str,
) -> pd.DataFrame:
    """Return the estimate columns of one stratum."""
    found = contrast_of(fit, weights[kept])
    cells = design.matrix[:, : len(design.cells)][:, weights[: len(design.cells)] != 0]
    sizes = cells.T @ np.isfinite(values)
    few = sizes.min(axis=0) < MINIMUM_PERSONS
    untested = few | ~(df > 0) | np.isnan(variance)
    reasons = [sizes.sum(axis=0) == 0, few, ~(fit.df > 0), np.isnan(variance)]
    own = np.select(reasons, [EMPTY, FEW, WITHOUT_REST, CONSTANT], "")
    n = sizes.sum(axis=0)
    return t_effects(
        list(assay.values.columns),
        found.estimate,
        np.where(untested, np.nan, found.unscaled * np.sqrt(variance)),
        df,
        n,
        n,
        "log2_ratio" if assay.scale == COUNTS else assay.scale,
        method,
        joined_flags(limits, own),
    )


def _limits(assay: Assay, values: Floats, contrast: pd.Series) -> list[str]:
    """Return by feature whether an arm is mostly non-detects or gaps, and what has no logarithm."""
    m = values.shape[1]
    hidden, lost = np.zeros(m, bool), np.zeros(m, bool)
    usable = (assay.status == OK) | (assay.status == BELOW)
    for arm in (contrast["arm"], contrast["reference_arm"]):
        here = (assay.samples["arm"] == arm).to_numpy()
        status = assay.status[here]
        hidden |= 2 * (status == BELOW).sum(axis=0) > usable[here].sum(axis=0)
        lost |= 2 * (status == MISSING).sum(axis=0) > (status != ABSENT).sum(axis=0)
    outside = (usable & np.isnan(assay.values.to_numpy(float))).sum(axis=0)
    return joined_flags(
        np.where(hidden, NONDETECT, ""),
        np.where(lost, MOSTLY_MISSING, ""),
        [f"left out as outside the scale: {count}" if count else "" for count in outside],
    )
