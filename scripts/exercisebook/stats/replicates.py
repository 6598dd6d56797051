"""What it costs to count cells where persons should be: the p values of both tests.

The test over cells is here to be seen failing. For results there are ``pseudobulk`` and
``count_models``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse, stats

if TYPE_CHECKING:
    from anndata import AnnData

Floats = NDArray[np.float64]

MOLECULES = 10_000
LEAST_SHARE = 0.05
"""Of cells that must hold a gene for it to be tested."""


def log_expression(counts: AnnData) -> Floats:
    """Return log counts a ten thousand, dense, of the genes found in enough of the cells."""
    matrix = sparse.csr_matrix(counts.X)
    kept = matrix.getnnz(axis=0) > LEAST_SHARE * counts.n_obs
    totals = np.asarray(matrix.sum(axis=1))
    return np.log1p(matrix[:, kept].toarray() / totals * MOLECULES)


def p_over_cells(values: Floats, later: NDArray[np.bool_]) -> Floats:
    """Return the Wilcoxon rank-sum p value of each gene, as if every cell were a person.

    Parameters
    ----------
    values : ndarray, shape (cells, genes)
    later : ndarray of bool, shape (cells,)
        Which cells are of the one side.
    """
    return np.asarray(
        stats.mannwhitneyu(values[later], values[~later], axis=0, method="asymptotic").pvalue
    )


def p_over_persons(
    values: Floats, later: NDArray[np.bool_], persons: NDArray[np.object_], paired: bool
) -> Floats:
    """Return the t-test p value of each gene with one mean a person and side.

    Parameters
    ----------
    values, later
        As for ``p_over_cells``.
    persons : ndarray, shape (cells,)
    paired : bool
        Whether persons are on both sides, and compared with themselves.
    """
    means = pd.DataFrame(values).groupby([later, persons]).mean()
    one, other = means.loc[True], means.loc[False]
    if paired:
        both = one.index.intersection(other.index)
        return np.asarray(stats.ttest_rel(one.loc[both], other.loc[both]).pvalue)
    return np.asarray(stats.ttest_ind(one, other).pvalue)


def share_below(p: Floats, level: float = 0.05) -> float:
    """Return the share of tests below a level; genes without a p value take no part."""
    known = p[np.isfinite(p)]
    return float((known < level).mean())
