"""Shares of a whole: cell types counted in the same sample, and amounts where the whole is known.

Persons are fixed blocks throughout. Taxa, whose whole is never known and whose number is large,
live in ``taxa``; distances between whole compositions in ``permanova``.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from exercisebook.errors import InvalidInput, Misuse, Problem, listed
from exercisebook.stats.designs import (
    cell_contrast,
    cell_design,
    check_estimable,
    independent_columns,
)
from exercisebook.stats.effects import ALIKE, t_effects
from exercisebook.stats.linear import Estimates, LinearFit, contrast_of, linear_fit
from exercisebook.stats.moderation import moderate

Floats = NDArray[np.float64]

PSEUDO_COUNT = 0.5
"""Added to every count, so that a type without a cell in one sample still has a logarithm."""

ABSENT = "no cell in any sample"
"""Flag of a type that was never seen; it is returned without a test."""

_LEAST_TO_MODERATE = 3
"""Two types are mirror images: their variances are one variance, and tell nothing further."""


def composition_effects(
    counts: pd.DataFrame,
    samples: pd.DataFrame,
    contrast: pd.Series,
    scale: str = "logit",
    robust: bool = False,
) -> pd.DataFrame:
    r"""Return the effect of a contrast on the share of every cell type, persons as blocks.

    Counts :math:`n_{ij}` of type :math:`j` in sample :math:`i` become

    .. math:: p_{ij} = \frac{n_{ij} + 1/2}{\sum_k (n_{ik} + 1/2)}, \qquad
              y_{ij} = \log \frac{p_{ij}}{1 - p_{ij}} \quad \text{or} \quad
              y_{ij} = \log p_{ij} - \frac{1}{K} \sum_k \log p_{ik}

    and a linear model with a level for every person gives moderated t.

    Shares cannot tell a rise of one type from a fall of another. They sum to one: if neutrophils
    halve and nothing else happens, the share of lymphocytes rises, exactly as if lymphocytes had
    multiplied and neutrophils had stayed. Read these effects as shifts within the whole; whether
    the number of cells changed is for ``absolute_effects``, which needs each sample's total.

    Parameters
    ----------
    counts : DataFrame, shape (samples, types)
        Cells counted, not shares; the index holds sample ids.
    samples : DataFrame
        subject, arm and phase by sample id; samples without counts are ignored.
    contrast : Series
        contrast, phase, reference_phase, arm, reference_arm.
    scale : {"logit", "clr"}
        Log odds of a type against all others, or log ratio to the geometric mean of all types.
        Natural logarithms.
    robust : bool
        Whether types of exceptional variance are moderated less.

    Returns
    -------
    DataFrame
        Estimate columns as of ``effects.t_effects``, one row a type in the order of ``counts``.
        Types never seen in the arms of the contrast take no part and are flagged.

    Raises
    ------
    Misuse
        If there are fewer than two types, the scale is unknown, or the design cannot tell the
        contrast.
    InvalidInput
        If a count is missing, negative or no whole number, or a sample is empty or unknown.

    Notes
    -----
    With two types, or two that vary, t is not moderated. The pseudo-count is a larger share of a
    sample with fewer cells: beware of types of a handful of cells where phases differ in how many
    cells were counted.

    References
    ----------
    Phipson, Sim, Porrello, Hewitt, Powell and Oshlack (2022), Bioinformatics 38, 4720-4726.
    Aitchison (1982), J R Stat Soc B 44, 139-177, for the centred log ratio. Smyth (2004), Stat
    Appl Genet Mol Biol 3, 3, for moderation.
    """
    if scale not in _TRANSFORMS:
        raise Misuse(f"scale {scale!r}; shares are compared on one of {', '.join(_TRANSFORMS)}")
    used, table = counts_of_contrast(counts, samples, contrast)
    seen = _seen_types(used)
    values = _TRANSFORMS[scale](used[seen].to_numpy())
    estimates = moderated_estimates(values, seen, table, contrast, robust)
    method = _method("CLR" if scale == "clr" else scale, robust)
    return effects_of_all(estimates, list(used), table, scale, method, ABSENT)


def absolute_effects(
    counts: pd.DataFrame,
    samples: pd.DataFrame,
    contrast: pd.Series,
    total: pd.Series,
    robust: bool = False,
) -> pd.DataFrame:
    r"""Return the log2 ratio of the amount of every cell type, where each sample's total is known.

    .. math:: y_{ij} = \log_2 \left( \frac{n_{ij} + 1/2}{\sum_k (n_{ik} + 1/2)} \, T_i \right)

    Unlike shares, amounts can tell a rise of one type from a fall of another: here lymphocytes
    stay where they were when only neutrophils fall. What is wrong with the total is wrong with
    every type alike.

    Parameters
    ----------
    counts : DataFrame, shape (samples, types)
        Cells counted; together, the types must be what the total is a total of.
    samples : DataFrame
        subject, arm and phase by sample id.
    contrast : Series
        contrast, phase, reference_phase, arm, reference_arm.
    total : Series
        By sample id, for example white cells per litre.
    robust : bool
        Whether types of exceptional variance are moderated less.

    Returns
    -------
    DataFrame
        Estimate columns as of ``effects.t_effects``, on the scale ``log2_ratio``.

    Raises
    ------
    Misuse, InvalidInput
        As for ``composition_effects``, and if a total is missing or not above zero.

    References
    ----------
    Vandeputte et al. (2017), Nature 551, 507-511, for why amounts and shares disagree.
    """
    used, table = counts_of_contrast(counts, samples, contrast)
    seen = _seen_types(used)
    known = _checked_total(total, list(used.index))
    values = np.log2(_shares(used[seen].to_numpy()) * known[:, None])
    estimates = moderated_estimates(values, seen, table, contrast, robust)
    method = _method("amounts", robust)
    return effects_of_all(estimates, list(used), table, "log2_ratio", method, ABSENT)


def absolute_counts(counts: pd.DataFrame, total: pd.Series) -> pd.DataFrame:
    """Return the amount of every cell type: its share of the cells counted, times the total.

    Parameters
    ----------
    counts : DataFrame, shape (samples, types)
        Cells counted; the index holds sample ids.
    total : Series
        By sample id, for example white cells per litre.

    Returns
    -------
    DataFrame, shape (samples, types)
        In the unit of ``total``. No pseudo-count is added: these are for showing.

    Raises
    ------
    InvalidInput
        If counts are not counts, or a total is missing or not above zero.
    """
    checked = checked_counts(counts)
    known = _checked_total(total, list(checked.index))
    return checked.mul(known / checked.sum(axis=1), axis=0)


def clr(counts: ArrayLike, pseudo_count: ArrayLike = PSEUDO_COUNT) -> Floats:
    r"""Return centred log ratios, :math:`\log(n + c)` less its mean over a sample's features.

    Parameters
    ----------
    counts : array_like, shape (samples, features)
    pseudo_count : array_like, shape () or (samples, 1)
        Added to every count; 0 only where no count is 0.

    Returns
    -------
    ndarray, shape (samples, features)
        Natural logarithms; every row sums to zero.

    References
    ----------
    Aitchison (1982), J R Stat Soc B 44, 139-177.
    """
    logs = np.log(np.asarray(counts, float) + np.asarray(pseudo_count, float))
    return logs - logs.mean(axis=1, keepdims=True)


def depth_pseudo_count(counts: ArrayLike, average: float) -> Floats:
    r"""Return pseudo-counts in proportion to what was counted, :math:`c\, N_i / \bar N`.

    One number for all samples is a larger share of a shallow sample: a rare feature then looks
    more frequent wherever little was counted. In proportion, it is the same share everywhere.

    Parameters
    ----------
    counts : array_like, shape (samples, features)
    average : float
        Of the pseudo-counts of all samples; above 0.

    Returns
    -------
    ndarray, shape (samples, 1)

    Raises
    ------
    Misuse
        If the average is not above 0.
    """
    if not (np.isfinite(average) and average > 0):
        raise Misuse(f"pseudo_count {average}; a number above 0")
    depth = np.asarray(counts, float).sum(axis=1, keepdims=True)
    return average * depth / depth.mean()


def _method(name: str, robust: bool) -> str:
    return f"blocked {name}, robust" if robust else f"blocked {name}"


def _shares(counts: Floats) -> Floats:
    raised = counts + PSEUDO_COUNT
    return raised / raised.sum(axis=1, keepdims=True)


def _logit_shares(counts: Floats) -> Floats:
    shares = _shares(counts)
    return np.log(shares / (1 - shares))


_TRANSFORMS = {"logit": _logit_shares, "clr": clr}


def counts_of_contrast(
    counts: pd.DataFrame, samples: pd.DataFrame, contrast: pd.Series
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return checked counts of the samples in the arms of a contrast, and these samples.

    Parameters
    ----------
    counts : DataFrame, shape (samples, features)
        The index holds sample ids.
    samples : DataFrame
        subject, arm and phase by sample id.
    contrast : Series
        contrast, phase, reference_phase, arm, reference_arm.

    Returns
    -------
    counts, samples : DataFrame
        With the same index.

    Raises
    ------
    Misuse
        If no sample is of these arms.
    InvalidInput
        If counts are not counts, or a sample is unknown or stands twice.
    """
    checked = checked_counts(counts)
    problems = _repeated(samples.index, "samples")
    unknown = [str(name) for name in checked.index.difference(samples.index, sort=False)]
    if unknown:
        problems.append(
            Problem(
                "counts",
                f"samples that the table of samples lacks: {listed(unknown)}",
                "sample ids of that table",
                "Add them to it, or leave their counts out.",
            )
        )
    if problems:
        raise InvalidInput(problems)
    table = samples.loc[checked.index]
    of_arms = table["arm"].isin([contrast["arm"], contrast["reference_arm"]])
    if not of_arms.any():
        raise Misuse(f"no counts of the arms that {contrast['contrast']!r} compares")
    return checked[of_arms], table[of_arms]


def checked_counts(counts: pd.DataFrame) -> pd.DataFrame:
    """Return counts as floats.

    Raises
    ------
    InvalidInput
        If a count is missing, negative or no whole number, a sample holds nothing, or a name
        stands twice: one problem each kind, naming the places.
    """
    numbers = counts.apply(pd.to_numeric, errors="coerce")
    table = pd.DataFrame(
        numbers.to_numpy(float, na_value=np.nan), index=counts.index, columns=counts.columns
    )
    values = table.to_numpy()
    missing = np.isnan(values)
    negative = values < 0
    with np.errstate(invalid="ignore"):
        broken = ~missing & ~negative & (values % 1 != 0)
    problems = _repeated(table.index, "sample ids") + _repeated(table.columns, "features")
    for bad, repair in (
        (missing, "Fill in what was counted, or leave the sample out."),
        (negative, "Give what was counted."),
        (broken, "Give what was counted, not shares or percentages."),
    ):
        problems += _misplaced(counts, bad, repair)
    empty = [str(name) for name in table.index[(values == 0).all(axis=1)]]
    if empty:
        problems.append(
            Problem(
                "counts",
                f"samples without a single count: {listed(empty)}",
                "at least one",
                "Leave them out.",
            )
        )
    if problems:
        raise InvalidInput(problems)
    return table


def _misplaced(counts: pd.DataFrame, bad: NDArray[np.bool_], repair: str) -> list[Problem]:
    if not bad.any():
        return []
    places = [
        f"{counts.iat[row, column]} of {str(counts.columns[column])!r} in {str(sample)!r}"
        for row, sample in enumerate(counts.index)
        for column in np.flatnonzero(bad[row])
    ]
    return [Problem("counts", listed(places), "whole numbers from 0 up", repair)]


def _repeated(names: pd.Index, what: str) -> list[Problem]:
    twice = [str(name) for name in names[names.duplicated()].unique()]
    if not twice:
        return []
    return [
        Problem("counts", f"{what} that stand twice: {listed(twice)}", "each once", "Rename them.")
    ]


def _checked_total(total: pd.Series, names: list[str]) -> Floats:
    if total.index.has_duplicates:
        raise InvalidInput(_repeated(total.index, "totals"))
    known = pd.to_numeric(total, errors="coerce").reindex(names)
    values = known.to_numpy(float, na_value=np.nan)
    bad = [str(name) for name in known.index[~(np.isfinite(values) & (values > 0))]]
    if bad:
        raise InvalidInput(
            [
                Problem(
                    "total",
                    f"no number above zero for {listed(bad)}",
                    "the total of every sample",
                    "Give it, or leave the counts of these samples out.",
                )
            ]
        )
    return values


def _seen_types(counts: pd.DataFrame) -> list[str]:
    seen = list(counts.columns[(counts > 0).any()])
    if len(seen) < 2:
        raise Misuse(f"cells of {len(seen)} type in the arms compared; a share needs at least two")
    return seen


def moderated_estimates(
    values: ArrayLike,
    features: Sequence[str],
    samples: pd.DataFrame,
    contrast: pd.Series,
    robust: bool = False,
) -> pd.DataFrame:
    """Return a contrast of every feature, persons as fixed blocks, variances moderated.

    Parameters
    ----------
    values : array_like, shape (n, m)
        Without gaps.
    features : sequence of str, length m
    samples : DataFrame
        subject, arm and phase of the rows.
    contrast : Series
        contrast, phase, reference_phase, arm, reference_arm.
    robust : bool
        Whether features of exceptional variance are moderated less.

    Returns
    -------
    DataFrame
        estimate, se, df and flag by feature; a feature that does not vary has no se.

    Raises
    ------
    Misuse
        If the design cannot tell the contrast, or leaves no degrees of freedom.
    """
    fit, found = _blocked(values, samples, contrast)
    # values that are alike leave rounding behind, one part in 10^16
    alike = fit.variance <= (1e-12 * (1 + np.abs(fit.level))) ** 2
    variance, df = np.where(alike, np.nan, fit.variance), fit.df
    if (~alike).sum() >= _LEAST_TO_MODERATE:
        moderation = moderate(variance, df, robust=robust)
        variance, df = moderation.variance, moderation.df_total
    columns = {
        "estimate": found.estimate,
        "se": np.sqrt(variance) * found.unscaled,
        "df": df,
        "flag": np.where(alike, ALIKE, ""),
    }
    return pd.DataFrame(columns, index=list(features))


def _blocked(
    values: ArrayLike, samples: pd.DataFrame, contrast: pd.Series
) -> tuple[LinearFit, Estimates]:
    design = cell_design(samples)
    weights = cell_contrast(design, contrast)
    check_estimable(design, weights, True, contrast["contrast"])
    kept = independent_columns(design, True)
    fit = linear_fit(values, design.matrix[:, kept], design.persons)
    if not (fit.df > 0).all():
        raise Misuse(
            f"{contrast['contrast']!r} leaves no degrees of freedom: {len(samples)} samples, "
            f"{design.persons.max() + 1} persons and {len(design.cells)} phases; bring more persons"
        )
    return fit, contrast_of(fit, weights[kept])


def effects_of_all(
    estimates: pd.DataFrame,
    features: Sequence[str],
    samples: pd.DataFrame,
    scale: str,
    method: str,
    unseen: str,
) -> pd.DataFrame:
    """Return effects of all features, those without estimates flagged as ``unseen``.

    Parameters
    ----------
    estimates : DataFrame
        As of ``moderated_estimates``.
    features : sequence of str
        In the order wanted.
    samples : DataFrame
        The samples used.
    scale, method, unseen : str

    Returns
    -------
    DataFrame
        Estimate columns as of ``effects.t_effects``.
    """
    table = estimates.reindex(features)
    return t_effects(
        features,
        table["estimate"],
        table["se"],
        table["df"],
        samples["subject"].nunique(),
        len(samples),
        scale,
        method,
        table["flag"].fillna(unseen),
    )
