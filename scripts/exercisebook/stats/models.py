"""Contrasts of an assay by linear and mixed models: estimates of all features at once.

Each function takes an assay and a contrast, and returns the estimate columns of Effects, still
without a key. Who is left out, and why, is for ``diagnostics`` to tell.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from exercisebook.errors import Misuse
from exercisebook.stats.assay import Assay
from exercisebook.stats.designs import (
    Design,
    cell_contrast,
    cell_design,
    check_estimable,
    covariate_columns,
    independent_columns,
)
from exercisebook.stats.differences import (
    Differences,
    assay_differences,
    cells_of,
    limits_of,
    within_one_arm,
)
from exercisebook.stats.duplicate_correlation import duplicate_correlation
from exercisebook.stats.effects import (
    ALIKE,
    CONSTANT,
    EMPTY,
    STILL,
    UNTOLD,
    WITHOUT_REST,
    joined_flags,
    t_effects,
)
from exercisebook.stats.linear import (
    LinearFit,
    contrast_of,
    incidence_of,
    joint_statistic,
    linear_fit,
)
from exercisebook.stats.mixed import mixed_contrast
from exercisebook.stats.moderation import Moderation, moderate
from exercisebook.stats.multiplicity import benjamini_hochberg
from exercisebook.stats.schemas import JOINT_TESTS

Floats = NDArray[np.float64]

MODERATE_FROM = 50
"""Features from which their variances are drawn together; fewer tell too little of each other."""

LOG_SCALES = ("log2_ratio", "logit", "counts")
"""Scales on which the variances of different features can be alike."""

MINIMUM_PERSONS = 3
"""Fewer persons give a feature no interval worth printing."""

TOO_FEW = f"fewer than {MINIMUM_PERSONS} persons"


@dataclass(frozen=True)
class PairedDesign:
    """Differences and the columns that they are regressed on.

    Attributes
    ----------
    differences : Differences
        One row a person.
    design : Design
        Change, then the arm if two groups are compared, then covariates.
    weights : ndarray, shape (q,)
        Of the columns in the contrast.
    group_sizes : list of int
        Persons: of both arms, where these are different people.
    left_out : list of str
        Persons who have samples in the contrast, and no difference.
    """

    differences: Differences
    design: Design
    weights: Floats
    group_sizes: list[int]
    left_out: list[str]


def paired_design(
    assay: Assay, contrast: pd.Series, covariates: Sequence[str] = ()
) -> PairedDesign:
    """Return the within-person differences of a contrast and the design they follow.

    Against a control arm that the same persons went through, a difference is one of differences.
    Where the control arm is other people, it is each person's own change, and the design compares
    the two groups. A covariate that changes within persons enters as its change; one that does
    not, such as age, as its distance from the mean.

    Parameters
    ----------
    assay : Assay
        One sample a person, arm and phase.
    contrast : Series
        phase, reference_phase, arm, reference_arm.
    covariates : sequence of str
        Columns of the assay's samples.

    Raises
    ------
    Misuse
        If a covariate is unknown, or the contrast is aliased with one.
    """
    parallel = _is_parallel(assay, contrast)
    if parallel:
        sides = [within_one_arm(contrast, contrast[arm]) for arm in ("arm", "reference_arm")]
        both = [assay_differences(assay, side) for side in sides]
        differences = _stacked(both)
        sizes = [len(d.values) for d in both]
    else:
        sides = [contrast]
        differences = assay_differences(assay, contrast)
        sizes = [len(differences.values)]
    n, of_person = sum(sizes), np.repeat(range(len(sizes)), sizes)
    columns = {"change": np.ones(n)}
    if parallel:
        columns[f"arm {contrast['arm']}"] = 1.0 - of_person
    table = pd.DataFrame(columns, index=differences.values.index)
    extra = _covariates_of_persons(assay, sides, of_person, table.index, covariates)
    design = Design(pd.concat([table, extra], axis=1), [], np.arange(n))
    weights = np.zeros(design.columns.shape[1])
    weights[1 if parallel else 0] = 1.0
    if n:
        check_estimable(design, weights, blocks=False, name=str(contrast["contrast"]))
    people = assay.samples.loc[_in_cells(assay, sides), "subject"].drop_duplicates()
    left_out = [person for person in people if person not in differences.values.index]
    return PairedDesign(differences, design, weights, sizes, left_out)


def _is_parallel(assay: Assay, contrast: pd.Series) -> bool:
    """Whether the contrast's two arms are different people."""
    if contrast["arm"] == contrast["reference_arm"]:
        return False
    people = [
        set(assay.samples.loc[assay.samples["arm"] == contrast[arm], "subject"])
        for arm in ("arm", "reference_arm")
    ]
    return not people[0] & people[1]


def _in_cells(assay: Assay, sides: list[pd.Series]) -> NDArray[np.bool_]:
    """Return which samples are of an arm and phase that the contrasts compare."""
    cells = pd.concat([cells_of(side) for side in sides])[["arm", "phase"]]
    own = pd.MultiIndex.from_frame(assay.samples[["arm", "phase"]])
    return own.isin(pd.MultiIndex.from_frame(cells))


def _stacked(parts: list[Differences]) -> Differences:
    flags = joined_flags(*(part.flag for part in parts))
    return Differences(
        pd.concat([part.values for part in parts]),
        sum(part.n_observations for part in parts),
        parts[0].scale,
        pd.Series(flags, parts[0].flag.index, dtype=object),
    )


def _covariates_of_persons(
    assay: Assay,
    sides: list[pd.Series],
    of_person: NDArray[np.int64],
    persons: pd.Index,
    covariates: Sequence[str],
) -> pd.DataFrame:
    """Return covariates, a row a person: changes, or levels about their mean."""
    if not covariates:
        return pd.DataFrame(index=persons)
    samples = assay.samples[_in_cells(assay, sides)]
    samples = samples[samples["subject"].isin(persons)]
    numbers = covariate_columns(samples, covariates)
    keyed = numbers.set_axis(pd.MultiIndex.from_frame(samples[["subject", "arm", "phase"]]))
    out = {}
    for name, column in keyed.items():
        change, level = np.zeros(len(persons)), np.zeros(len(persons))
        for side, contrast in enumerate(sides):
            own = of_person == side
            for cell in cells_of(contrast).itertuples(index=False):
                key = [(person, cell.arm, cell.phase) for person in persons[own]]
                change[own] += cell.sign * column.reindex(key).to_numpy()
                level[own] = column.reindex(key).to_numpy()
        moves = np.nanmax(np.abs(change), initial=0.0) > 1e-12
        out[str(name)] = change if moves else level - level.mean()
    return pd.DataFrame(out, index=persons)


def paired_model(
    assay: Assay,
    contrast: pd.Series,
    covariates: Sequence[str] = (),
    moderation: str = "plain",
) -> pd.DataFrame:
    r"""Return moderated paired t tests: the primary test of the book.

    Within-person differences have a variance of their own in every contrast, so that persons who
    respond unevenly in one phase do not spoil another. The t is moderated,
    :math:`t = \bar d / (\tilde s / \sqrt n)`, where there are at least 50 features on a log scale;
    below that it is Student's.

    Parameters
    ----------
    assay : Assay
        One sample a person, arm and phase.
    contrast : Series
        phase, reference_phase, arm, reference_arm.
    covariates : sequence of str
        See ``paired_design``.
    moderation : {"plain", "trend", "robust", "trend-robust"}
        The prior of the variances; a trend is over the mean of all of a feature's samples.

    Returns
    -------
    DataFrame
        Estimate columns; method ``paired t, moderated`` or ``paired t``.

    References
    ----------
    Smyth (2004), Stat Appl Genet Mol Biol 3, 3. Student (1908), Biometrika 6, 1-25.
    """
    paired = paired_design(assay, contrast, covariates)
    return t_of_differences(
        paired.differences,
        paired.design.matrix,
        paired.weights,
        moderation,
        assay.values.mean().to_numpy(float),
        "paired t, adjusted" if covariates else "paired t",
    )


def t_of_differences(
    differences: Differences,
    columns: Floats,
    weights: Floats,
    moderation: str | None = None,
    level: Floats | None = None,
    name: str = "paired t",
) -> pd.DataFrame:
    """Return t tests of within-person differences regressed on columns.

    Parameters
    ----------
    differences : Differences
    columns : ndarray, shape (persons, q)
        A column of ones for the mean difference.
    weights : ndarray, shape (q,)
        Of the columns in the contrast.
    moderation : {"plain", "trend", "robust", "trend-robust"}, optional
        Without it, on a plain scale, and for fewer than 50 features, every feature has its own
        variance.
    level : ndarray, shape (m,), optional
        Mean of each feature's values, which a trend is over; needed for a trend.
    name : str
        Of the method.

    Returns
    -------
    DataFrame
        Estimate columns.
    """
    fit = linear_fit(differences.values.to_numpy(float), columns)
    if level is not None:
        fit = replace(fit, level=level)
    return _moderated_t(
        fit,
        weights,
        _worth(moderation, differences.scale, fit),
        differences.values.columns,
        differences.scale,
        name,
        differences.flag,
        differences.n_observations.to_numpy(),
        ALIKE,
    )


def _worth(moderation: str | None, scale: str, fit: LinearFit) -> str | None:
    """Return the moderation asked for where features tell of each other, and None elsewhere."""
    several = (~_without_variance(fit)).sum() >= MODERATE_FROM
    return moderation if scale in LOG_SCALES and several else None


def block_model(
    assay: Assay,
    contrast: pd.Series,
    covariates: Sequence[str] = (),
    moderation: str = "plain",
    weights: Floats | None = None,
    name: str = "block",
) -> pd.DataFrame:
    """Return moderated t tests of a linear model with persons as fixed blocks.

    All samples of all phases and arms share one variance a feature, which makes the most of them
    and assumes that persons vary equally in every phase.

    Parameters
    ----------
    assay : Assay
    contrast : Series
    covariates : sequence of str
        Columns of the assay's samples that vary within persons.
    moderation : {"plain", "trend", "robust", "trend-robust"}
    weights : ndarray, shape (n, m), optional
        Inverse variances, as voom makes them.
    name : str
        Of the method.

    Returns
    -------
    DataFrame
        Estimate columns.

    Raises
    ------
    Misuse
        If the design cannot tell the contrast, or fewer than three persons bear on it.
    """
    blocks = block_fit(assay, [contrast], covariates, weights)
    fit = blocks.fit
    chosen = _worth(moderation, assay.scale, fit)
    limits = _limits(blocks.assay, contrast)
    return _moderated_t(fit, blocks.weights[0], chosen, assay.values.columns, _effect_scale(assay),
                        name, limits, fit.n_observations)  # fmt: skip


@dataclass(frozen=True)
class BlockFit:
    """A fit with persons as blocks, on the samples of persons who have at least two.

    Attributes
    ----------
    assay : Assay
        What was used.
    fit : LinearFit
        ``n_subjects`` are persons with two values or more.
    weights : list of ndarray, shape (q,)
        Of the coefficients, a contrast each.
    """

    assay: Assay
    fit: LinearFit
    weights: list[Floats]


def block_fit(
    assay: Assay,
    contrasts: Sequence[pd.Series],
    covariates: Sequence[str] = (),
    weights: Floats | None = None,
) -> BlockFit:
    """Return the fit that several contrasts share; parameters as in ``block_model``."""
    several = assay.samples.duplicated("subject", keep=False).to_numpy()
    used = assay.of(several)
    for contrast in contrasts:
        check_persons(used, contrast)
    design = cell_design(used.samples, covariates)
    kept = independent_columns(design, blocks=True)
    vectors = [cell_contrast(design, contrast) for contrast in contrasts]
    for vector, contrast in zip(vectors, contrasts, strict=True):
        check_estimable(design, vector, blocks=True, name=str(contrast["contrast"]))
    values = used.values.to_numpy(float)
    fit = linear_fit(
        values,
        design.matrix[:, kept],
        design.persons,
        weights=None if weights is None else weights[several],
    )
    held = incidence_of(design.persons).T @ np.isfinite(values)
    fit = replace(fit, n_subjects=(held > 1).sum(axis=0))
    return BlockFit(used, fit, [vector[kept] for vector in vectors])


def correlation_model(
    assay: Assay,
    contrast: pd.Series,
    covariates: Sequence[str] = (),
    moderation: str = "plain",
) -> pd.DataFrame:
    """Return moderated t tests with one correlation within persons for all features.

    For designs that also compare persons with each other: what lies between persons is used,
    and a person with a single sample stays in.

    Parameters
    ----------
    assay : Assay
    contrast : Series
    covariates : sequence of str
        Columns of the assay's samples, such as age.
    moderation : {"plain", "trend", "robust", "trend-robust"}

    Returns
    -------
    DataFrame
        Estimate columns.

    Raises
    ------
    Misuse
        If the design cannot tell the contrast, or no correlation can be had.
    """
    design, vector, kept = _joint_design(assay, contrast, covariates)
    values, columns = assay.values.to_numpy(float), design.matrix[:, kept]
    try:
        consensus = duplicate_correlation(values, columns, design.persons).consensus
    except ValueError as error:
        if "correlation within persons" not in str(error):
            raise
        raise Misuse(f"{error}; mixed needs none") from error
    fit = linear_fit(values, columns, design.persons, correlation=consensus)
    chosen = _worth(moderation, assay.scale, fit)
    limits = _limits(assay, contrast)
    return _moderated_t(fit, vector[kept], chosen, assay.values.columns, _effect_scale(assay),
                        "duplicate correlation", limits, fit.n_observations)  # fmt: skip


def mixed_model(
    assay: Assay,
    contrast: pd.Series,
    covariates: Sequence[str] = (),
    degrees: str = "kenward-roger",
) -> pd.DataFrame:
    """Return t tests of a mixed model with a random intercept a person, feature by feature.

    A person with a single sample stays in.

    Parameters
    ----------
    assay : Assay
    contrast : Series
    covariates : sequence of str
    degrees : {"kenward-roger", "satterthwaite"}

    Returns
    -------
    DataFrame
        Estimate columns.

    Raises
    ------
    Misuse
        If the design cannot tell the contrast.
    """
    design, vector, kept = _joint_design(assay, contrast, covariates)
    found = mixed_contrast(
        assay.values.to_numpy(float), design.matrix[:, kept], design.persons, vector[kept], degrees
    )
    # the search for a ratio of variances ends short of infinity; blocks see that nothing varies
    within = linear_fit(assay.values.to_numpy(float), design.matrix[:, kept], design.persons)
    still = (within.df > 0) & _without_variance(within)
    still |= ~(np.sqrt(found.variance_within) > 1e-12 * np.abs(within.level))
    few = found.n_subjects < MINIMUM_PERSONS
    return t_effects(
        list(assay.values.columns),
        found.estimate,
        np.where(still | few, np.nan, found.se),
        found.df,
        found.n_subjects,
        found.n_observations,
        _effect_scale(assay),
        "mixed model, Kenward-Roger"
        if degrees == "kenward-roger"
        else "mixed model, Satterthwaite",
        joined_flags(
            _limits(assay, contrast),
            _own_flags(found.n_observations, found.estimate, found.df, still, few, STILL),
        ),
    )


def _joint_design(
    assay: Assay, contrast: pd.Series, covariates: Sequence[str]
) -> tuple[Design, Floats, list[int]]:
    design = cell_design(assay.samples, covariates)
    vector = cell_contrast(design, contrast)
    check_estimable(design, vector, blocks=False, name=str(contrast["contrast"]))
    people = assay.samples["subject"].nunique()
    if people < MINIMUM_PERSONS:
        raise Misuse(f"{people} person(s); at least {MINIMUM_PERSONS} are needed")
    return design, vector, independent_columns(design, blocks=False)


def check_persons(assay: Assay, contrast: pd.Series) -> None:
    """Raise Misuse if fewer than three persons have samples on both sides of a contrast.

    Parameters
    ----------
    assay : Assay
    contrast : Series
        Against another arm, each arm needs three.
    """
    cells = cells_of(contrast)
    sides = []
    for arm, rows in cells.groupby("arm", sort=False):
        of_arm = assay.samples[assay.samples["arm"] == arm]
        with_phase = [set(of_arm.loc[of_arm["phase"] == p, "subject"]) for p in rows["phase"]]
        sides.append(set.intersection(*with_phase))
    n = min(len(side) for side in sides)
    if n < MINIMUM_PERSONS:
        raise Misuse(
            f"{contrast['contrast']!r}: {n} {'person has' if n == 1 else 'persons have'} samples "
            f"on both sides of it; at least {MINIMUM_PERSONS} are needed"
        )


def joint_test(
    assay: Assay,
    contrasts: Sequence[pd.Series],
    covariates: Sequence[str] = (),
    moderation: str = "plain",
) -> pd.DataFrame:
    r"""Return moderated F tests that all of several contrasts are nil, persons as blocks.

    .. math:: F = (L\hat\beta)'(L C L')^{-1}(L\hat\beta) / (r \tilde s^2)

    Parameters
    ----------
    assay : Assay
    contrasts : sequence of Series
    covariates : sequence of str
    moderation : {"plain", "trend", "robust", "trend-robust"}

    Returns
    -------
    DataFrame
        ``schemas.JOINT_TESTS``, a row a feature.

    References
    ----------
    Smyth (2004), Stat Appl Genet Mol Biol 3, 3.
    """
    blocks = block_fit(assay, contrasts, covariates)
    fit = blocks.fit
    square, rank = joint_statistic(fit, np.stack(blocks.weights))
    chosen = _worth(moderation, assay.scale, fit)
    still = _without_variance(fit)
    posterior = _posterior(fit, chosen, still)
    few = fit.n_subjects < MINIMUM_PERSONS
    untested = still | few | np.isnan(square)
    statistic = np.where(untested, np.nan, square / posterior.variance)
    df_residual = np.where(untested, np.nan, posterior.df_total)
    p_value = special.fdtrc(rank, df_residual, statistic)
    return JOINT_TESTS.validate(
        pd.DataFrame(
            {
                "feature": list(assay.values.columns),
                "method": "block" + _moderated(chosen),
                "n_subjects": fit.n_subjects.astype(float),
                "statistic": statistic,
                "df": rank.astype(float),
                "df_residual": df_residual,
                "p_value": p_value,
                "q_value": benjamini_hochberg(p_value),
                "flag": _own_flags(fit.n_observations, square, fit.df, still, few, STILL),
            }
        )
    )


def _moderated_t(
    fit: LinearFit,
    weights: Floats,
    moderation: str | None,
    features: Sequence[str],
    scale: str,
    name: str,
    limits: Sequence[str],
    n_observations: NDArray[np.int64],
    alike: str = STILL,
) -> pd.DataFrame:
    found, still = contrast_of(fit, weights), _without_variance(fit)
    few = fit.n_subjects < MINIMUM_PERSONS
    posterior = _posterior(fit, moderation, still)
    se = np.where(still | few, np.nan, found.unscaled * np.sqrt(posterior.variance))
    own = _own_flags(fit.n_observations, found.estimate, fit.df, still, few, alike)
    return t_effects(
        list(features),
        found.estimate,
        se,
        posterior.df_total,
        fit.n_subjects,
        n_observations,
        scale,
        name + _moderated(moderation),
        joined_flags(limits, own),
    )


def _moderated(moderation: str | None) -> str:
    """Return what the name of a method says of moderation."""
    return {None: "", "plain": ", moderated"}.get(moderation, f", moderated ({moderation})")


def _posterior(fit: LinearFit, moderation: str | None, still: NDArray[np.bool_]) -> Moderation:
    """Return moderated variances, or the features' own without moderation."""
    own = np.where(still, np.nan, fit.variance)
    if moderation is None:
        nothing = np.zeros(len(own))
        return Moderation(own, fit.df, nothing, np.full(len(own), np.nan))
    return moderate(
        own,
        fit.df,
        fit.level if moderation.startswith("trend") else None,
        robust=moderation.endswith("robust"),
    )


def _without_variance(fit: LinearFit) -> NDArray[np.bool_]:
    """Return which features leave no residual variance but rounding."""
    with np.errstate(invalid="ignore"):
        return ~(np.sqrt(fit.variance) > 1e-12 * np.abs(np.nan_to_num(fit.level)))


def _limits(assay: Assay, contrast: pd.Series) -> list[str]:
    """Return what limits the reading of each feature, and which do not vary at all."""
    values = assay.values.to_numpy(float)
    seen = np.isfinite(values)
    low = np.where(seen, values, np.inf).min(axis=0, initial=np.inf)
    high = np.where(seen, values, -np.inf).max(axis=0, initial=-np.inf)
    return joined_flags(limits_of(assay, contrast), np.where(low == high, CONSTANT, ""))


def _own_flags(
    n_observations: NDArray[np.int64],
    estimate: Floats,
    df: Floats,
    still: NDArray[np.bool_],
    few: NDArray[np.bool_],
    alike: str,
) -> list[str]:
    """Return why a feature has no test, or an empty text."""
    reasons = [n_observations == 0, np.isnan(estimate), few, ~(df > 0), still]
    return list(np.select(reasons, [EMPTY, UNTOLD, TOO_FEW, WITHOUT_REST, alike], ""))


def _effect_scale(assay: Assay) -> str:
    return "log2_ratio" if assay.scale == "counts" else assay.scale
