"""Contrasts of counts by linear models: voom's logs and weights, persons as blocks."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from exercisebook.stats.assay import Assay
from exercisebook.stats.counts import checked_counts, voom
from exercisebook.stats.designs import cell_design, independent_columns
from exercisebook.stats.models import block_model


def voom_model(
    assay: Assay,
    contrast: pd.Series,
    covariates: Sequence[str] = (),
    moderation: str = "plain",
) -> pd.DataFrame:
    """Return moderated t tests of log counts per million, weighted by voom, persons as blocks.

    Parameters
    ----------
    assay : Assay
        Of raw counts; persons with a single sample are left out, as in ``block_model``.
    contrast : Series
    covariates : sequence of str
        Columns of the assay's samples that vary within persons.
    moderation : {"plain", "trend", "robust", "trend-robust"}

    Returns
    -------
    DataFrame
        Estimate columns, in log2 ratios; a feature without any count has no values.

    Raises
    ------
    Misuse
        If values are no counts, or the design cannot tell the contrast.

    References
    ----------
    Law et al. (2014), Genome Biol 15, R29.
    """
    used = assay.of(assay.samples.duplicated("subject", keep=False).to_numpy())
    counts = checked_counts(used.values)
    design = cell_design(used.samples, covariates)
    kept = independent_columns(design, blocks=True)
    weighted = voom(counts, design.matrix[:, kept], design.persons)
    logs = pd.DataFrame(weighted.log_cpm, used.values.index, used.values.columns)
    logs.loc[:, ~counts.any(axis=0)] = float("nan")
    return block_model(
        replace(used, values=logs), contrast, covariates, moderation, weighted.weights, "voom"
    )
