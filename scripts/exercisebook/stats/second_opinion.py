"""A second opinion on counts: the negative binomial of DESeq2, as PyDESeq2 fits it.

It stands beside the first opinion, of voom and a moderated t, and never in its place: its z takes
the dispersion for known, which thirteen persons do not make it.
"""

import warnings

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from exercisebook.errors import Misuse
from exercisebook.stats.counts import checked_counts
from exercisebook.stats.designs import (
    Design,
    cell_contrast,
    cell_design,
    check_estimable,
    independent_columns,
)
from exercisebook.stats.effects import joined_flags
from exercisebook.stats.power import ALPHA, POWER

METHOD = "DESeq2 (second opinion)"

LIBERAL = "z test, liberal with few persons: false-discovery rate .077 where .05 was asked for"
"""Flag of every effect; measured on simulated counts of 13 persons in 3 phases."""

UNCOUNTED = "no counts in these samples"
"""Flag of a feature without any count; it is returned without a test."""

UNSETTLED = "fit did not converge"
"""Flag of a feature whose coefficients had not settled when the fit stopped."""


def deseq2_effects(
    counts: pd.DataFrame, samples: pd.DataFrame, contrast: pd.Series
) -> pd.DataFrame:
    r"""Return the estimate columns of Effects from a negative binomial model with Wald tests.

    Each person has a level of his or her own, as has each phase of the contrast's arm or arms;
    samples of other arms, and persons with a single sample, are left out. Neither independent
    filtering nor Cook's distances remove a p value.

    .. math:: z = \hat\theta / se, \quad \hat\theta \pm 1.96\, se, \quad
        detectable = (1.96 + 0.84)\, se

    Parameters
    ----------
    counts : DataFrame, shape (samples, m)
        Whole numbers; indexed by sample, one column a feature.
    samples : DataFrame
        subject, arm and phase; indexed by sample, in any order.
    contrast : Series
        contrast, phase, reference_phase, arm, reference_arm, as in ``contrasts.csv``.

    Returns
    -------
    DataFrame
        One row a feature, with the columns of ``effects.t_effects``: log2 ratios, ``df`` NaN.

    Raises
    ------
    Misuse
        If values are no counts (see ``checked_counts``), if a sample of ``counts`` is unknown to
        ``samples``, or if the design cannot tell the contrast.

    References
    ----------
    Love, Huber and Anders (2014), Genome Biol 15, 550. Muzellec et al. (2023), Bioinformatics 39,
    btad547, for PyDESeq2.
    """
    own = _samples_of(counts, samples, contrast)
    design = cell_design(own)
    weights = cell_contrast(design, contrast)
    columns, weights = _columns(design, weights)
    if len(own) <= columns.shape[1]:
        raise Misuse(
            f"{len(own)} samples for {columns.shape[1]} coefficients of {contrast['contrast']!r}: "
            f"none is left to tell the dispersion"
        )
    values = checked_counts(counts.loc[own.index], whole=True)
    found = _wald_tests(values, columns, weights)
    return _z_effects(list(counts.columns), found, own["subject"].nunique(), len(own))


def _samples_of(counts: pd.DataFrame, samples: pd.DataFrame, contrast: pd.Series) -> pd.DataFrame:
    """Return the samples that can tell the contrast: of its arms, of persons with several."""
    unknown = counts.index.difference(samples.index)
    if len(unknown):
        raise Misuse(
            f"{len(unknown)} samples have counts but no row in samples, first {str(unknown[0])!r}"
        )
    own = samples.loc[counts.index]
    own = own[own["arm"].isin([contrast["arm"], contrast["reference_arm"]])]
    design = cell_design(own)
    check_estimable(design, cell_contrast(design, contrast), True, str(contrast["contrast"]))
    return own[own.duplicated("subject", keep=False)]


def _columns(
    design: Design, weights: NDArray[np.float64]
) -> tuple[pd.DataFrame, NDArray[np.float64]]:
    """Return columns of full rank, persons first, and the contrast in terms of them.

    Cells that depend on those before them are left out, which sets their coefficients to 0: one
    of the solutions, and an estimable contrast is the same in all of them.
    """
    kept = independent_columns(design, blocks=True)
    persons = pd.get_dummies(design.persons, dtype=float)
    columns = np.column_stack([persons.to_numpy(), design.matrix[:, kept]])
    table = pd.DataFrame(columns, index=[str(row) for row in range(len(columns))])
    padded = np.concatenate([np.zeros(persons.shape[1]), weights[kept]])
    return table.rename(columns=str), padded


def _wald_tests(
    values: NDArray[np.float64], columns: pd.DataFrame, weights: NDArray[np.float64]
) -> pd.DataFrame:
    """Return estimate, se, statistic, p_value and whether it converged, by feature."""
    # pydeseq2 mutes warnings of the whole process when it is imported; this takes it back
    with warnings.catch_warnings():
        from pydeseq2.dds import DeseqDataSet
        from pydeseq2.ds import DeseqStats

    names = [str(column) for column in range(values.shape[1])]
    fitted = DeseqDataSet(
        counts=pd.DataFrame(values.astype(np.int64), index=columns.index, columns=names),
        metadata=pd.DataFrame({"sample": columns.index}, index=columns.index),
        design=columns,
        refit_cooks=False,
        quiet=True,
        n_cpus=1,
    )
    fitted.deseq2()
    tests = DeseqStats(
        fitted, weights, cooks_filter=False, independent_filter=False, quiet=True, n_cpus=1
    )
    tests.summary()
    names_here = {"log2FoldChange": "estimate", "lfcSE": "se", "stat": "statistic"}
    found = tests.results_df.rename(columns={**names_here, "pvalue": "p_value"})
    return found.assign(converged=fitted.var["_LFC_converged"])


def _z_effects(
    features: list[str], found: pd.DataFrame, subjects: int, observations: int
) -> pd.DataFrame:
    estimate, se = found["estimate"].to_numpy(), found["se"].to_numpy()
    critical = special.ndtri(1 - ALPHA / 2)
    uncounted = np.isnan(estimate)
    unsettled = ~found["converged"].fillna(True).to_numpy(bool)
    flags = joined_flags(
        np.where(uncounted, UNCOUNTED, "").tolist(),
        np.where(unsettled, UNSETTLED, "").tolist(),
        [LIBERAL] * len(features),
    )
    return pd.DataFrame(
        {
            "feature": features,
            "n_subjects": subjects,
            "n_observations": observations,
            "estimate": estimate,
            "effect_scale": "log2_ratio",
            "se": se,
            "df": np.nan,
            "statistic": found["statistic"].to_numpy(),
            "ci_low": estimate - critical * se,
            "ci_high": estimate + critical * se,
            "p_value": found["p_value"].to_numpy(),
            "detectable": (critical + special.ndtri(POWER)) * se,
            "flag": flags,
            "method": METHOD,
        }
    )
