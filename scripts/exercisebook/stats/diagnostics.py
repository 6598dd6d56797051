"""What a contrast rests on: the design, who is left out, and whom it hangs on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exercisebook.errors import Misuse
from exercisebook.stats.assay import Assay
from exercisebook.stats.designs import cell_contrast, cell_design, check_estimable, rank_and_aliases
from exercisebook.stats.differences import cells_of
from exercisebook.stats.linear import linear_fit, p_of_t
from exercisebook.stats.models import MINIMUM_PERSONS, paired_design
from exercisebook.stats.moderation import moderate

Floats = NDArray[np.float64]

WITHIN_PERSONS = ("paired", "block", "sign-flip", "hodges-lehmann", "voom", "deseq2",
                  "composition", "taxa")  # fmt: skip
"""Methods that compare every person with himself or herself alone."""


@dataclass(frozen=True)
class DesignReport:
    """What a design can tell of a contrast.

    Attributes
    ----------
    persons : int
        Who bear on the contrast.
    left_out : list of str
        Persons who have samples in the contrast, and not on both sides.
    samples, columns, rank : int
        Of the model with a mean for each arm and phase, and covariates; persons' own levels not
        counted.
    df_residual : int
        Where no value is missing.
    aliases : dict of str to str
        Columns that others make up, and how.
    """

    persons: int
    left_out: list[str]
    samples: int
    columns: int
    rank: int
    df_residual: int
    aliases: dict[str, str]


def design_report(
    samples: pd.DataFrame, contrast: pd.Series, method: str, covariates: Sequence[str] = ()
) -> DesignReport:
    """Return what the design can tell of a contrast, or say by name why it cannot.

    Parameters
    ----------
    samples : DataFrame
        subject, arm, phase and covariates: one row a sample.
    contrast : Series
        phase, reference_phase, arm, reference_arm.
    method : str
        One of ``methods.METHODS``.
    covariates : sequence of str

    Raises
    ------
    Misuse
        If fewer than three persons bear on the contrast, or it is aliased.
    """
    within = method in WITHIN_PERSONS
    design = cell_design(samples, covariates)
    whole, torn = _persons_of(samples, contrast)
    used = [*whole, *torn] if not within else whole
    if len(used) < MINIMUM_PERSONS:
        have = "have samples on both sides of it" if within else "have samples in it"
        raise Misuse(
            f"{contrast['contrast']!r}: {len(used)} of {samples['subject'].nunique()} persons "
            f"{have}; at least {MINIMUM_PERSONS} are needed"
        )
    # what is paired has covariates of persons too; its own design is checked where it is made
    if method != "paired":
        check_estimable(design, cell_contrast(design, contrast), within, str(contrast["contrast"]))
    rank, aliases = rank_and_aliases(design, within)
    levels = samples["subject"].nunique() if within else 0
    return DesignReport(
        len(used),
        torn if within else [],
        len(samples),
        design.columns.shape[1],
        rank,
        len(samples) - levels - rank,
        aliases,
    )


def _persons_of(samples: pd.DataFrame, contrast: pd.Series) -> tuple[list[str], list[str]]:
    """Return persons with both sides of a contrast in an arm, and those with one side alone."""
    whole: list[str] = []
    torn: list[str] = []
    for arm, rows in cells_of(contrast).groupby("arm", sort=False):
        own = samples[(samples["arm"] == arm) & samples["phase"].isin(rows["phase"])]
        sides = own.groupby("subject", sort=False)["phase"].nunique()
        whole += list(sides.index[sides == len(rows)])
        torn += list(sides.index[sides < len(rows)])
    # who went through both arms may have both sides in one of them
    return list(dict.fromkeys(whole)), [p for p in dict.fromkeys(torn) if p not in whole]


def leave_one_out(assay: Assay, contrast: pd.Series) -> pd.DataFrame:
    r"""Return what each person does to the estimate of each feature.

    Without person :math:`i`, one of :math:`n` in an arm, the mean difference of the arm moves by
    :math:`-(d_i - \bar d) / (n - 1)`, and so does what is estimated: the mean itself, or the
    difference of two such means where the arms are different people.

    Parameters
    ----------
    assay : Assay
        One sample a person, arm and phase.
    contrast : Series

    Returns
    -------
    DataFrame
        ``schemas.INFLUENCE``: subject, feature, difference, estimate_without, p_without (t test
        of the others; NaN where these do not vary), shift (the move in standard errors of all
        persons): one row a person and feature with a value.

    Notes
    -----
    To be read for a few features at a time: of thousands, some hang on one person by chance.
    """
    paired = paired_design(assay, contrast)
    differences = paired.differences.values
    d = differences.to_numpy(float)
    without, p_without, shift = _without_each(d, paired.group_sizes)
    rows, columns = np.nonzero(np.isfinite(d) & np.isfinite(without))
    return pd.DataFrame(
        {
            "subject": differences.index.to_numpy()[rows],
            "feature": differences.columns.to_numpy()[columns],
            "difference": d[rows, columns],
            "estimate_without": without[rows, columns],
            "p_without": p_without[rows, columns],
            "shift": shift[rows, columns],
        }
    )


def _without_each(d: Floats, sizes: list[int]) -> tuple[Floats, Floats, Floats]:
    """Return estimates and p values without each person, and moves in standard errors.

    Rows of ``d`` are persons, the first arm's before the second's.
    """
    arm = np.repeat(np.eye(len(sizes)), sizes, axis=0)
    signs = np.array([1.0, -1.0])[: len(sizes)]
    present = np.isfinite(d)
    n = arm.T @ present
    mean = arm.T @ np.where(present, d, 0.0) / np.maximum(n, 1)
    e = np.where(present, d - arm @ mean, 0.0)
    own, rest = np.maximum(arm @ n, 1), np.maximum(arm @ n - 1, 1)
    move = -(arm @ signs)[:, None] * e / rest
    told = (own > 1) & (n > 0).all(axis=0)
    without = np.where(told, signs @ mean + move, np.nan)
    squares, free = (e**2).sum(axis=0), n.sum(axis=0) - len(sizes)
    spread = (1 / np.maximum(n, 1)).sum(axis=0)
    # sums of squares that rounding alone could leave are none
    least = 1e-13 * squares + 1e-24 * (n * mean**2).sum(axis=0)
    left = squares - e**2 * own / rest
    se = np.sqrt(np.where(squares > least, squares, np.nan) / np.maximum(free, 1) * spread)
    variance = np.where((left > least) & (free > 1), left, np.nan) / np.maximum(free - 1, 1)
    t = without / np.sqrt(variance * (spread - 1 / own + 1 / rest))
    return without, p_of_t(t, np.maximum(free - 1, 1)), move / se


def mean_variance(assay: Assay, contrast: pd.Series) -> pd.DataFrame:
    """Return how the spread of within-person differences goes with the level of a feature.

    Parameters
    ----------
    assay : Assay
        One sample a person, arm and phase.
    contrast : Series

    Returns
    -------
    DataFrame
        ``schemas.MEAN_VARIANCE``: feature, level (mean of its values), sd (of the differences,
        about the mean of each arm where two arms of different people are compared),
        prior_sd (what moderation draws it towards) and trend_sd (the same with a trend): one row
        a feature that varies, by level. Priors are NaN where fewer than two features vary.
    """
    paired = paired_design(assay, contrast)
    fit = linear_fit(paired.differences.values.to_numpy(float), paired.design.matrix)
    sd = np.sqrt(fit.variance)
    level = assay.values.mean().to_numpy(float)
    keep = np.isfinite(level) & (sd > 1e-12 * np.abs(level))
    table = pd.DataFrame({"feature": list(assay.values.columns), "level": level, "sd": sd})[keep]
    variance, df = fit.variance[keep], fit.df[keep]
    several = len(table) > 1
    for name, covariate in (("prior_sd", None), ("trend_sd", level[keep])):
        prior = moderate(variance, df, covariate).variance_prior if several else np.nan
        table[name] = np.sqrt(prior)
    return table.sort_values("level").reset_index(drop=True)
