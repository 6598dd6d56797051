"""Picking single results out of the comparisons of appendix A2."""

from functools import cache

import numpy as np
import pandas as pd

from exercisebook.chapters.a2 import simulated
from exercisebook.chapters.a2.measures import measures, of_seed
from exercisebook.chapters.open_data import OpenDataPage
from exercisebook.chapters.wording import one
from exercisebook.simulate.single_cells import genes

WITHIN, OUTSIDE = "within band", "outside band"

EXAMPLE_MEAN = 3.0
"""Molecules a cell of the gene that is worked by hand."""


def verdict(row: pd.Series) -> str:
    """Return the word for a measure: never more than that it lies within its band."""
    return WITHIN if row["within"] else OUTSIDE


def measured(page: OpenDataPage, family: str, key: str) -> pd.Series:
    """Return one measure."""
    return one(measures(page), family=family, key=key)


@cache
def _example(seed: int, subjects: int) -> tuple[str, str, pd.Series]:
    counts, groups = simulated.cells(seed, subjects)
    names, sizes = np.unique(groups.astype(str), return_counts=True)
    chosen = names[sizes.argmax()]
    inside = counts[groups == chosen]
    means = np.asarray(inside.mean(axis=0)).ravel()
    gene = int(np.abs(means - EXAMPLE_MEAN).argmin())
    values = pd.Series(np.asarray(inside[:, gene].todense()).ravel(), name="molecules")
    return str(genes()["gene"][gene]), str(chosen), values


def one_gene(page: OpenDataPage) -> pd.Series:
    """Return the counts of one gene in the cells of one type of one sample, the largest group."""
    return _example(*of_seed(page))[2]


def example_names(page: OpenDataPage) -> tuple[str, str]:
    """Return the gene and the sample and type of ``one_gene``."""
    return _example(*of_seed(page))[:2]
