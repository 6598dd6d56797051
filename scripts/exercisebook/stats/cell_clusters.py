"""Single cells to groups: what makes a cell worth keeping, groups of alike cells, and their names.

Sums over the cells of a person live in ``pseudobulk``, shares of types in ``composition``. A
group of cells found here has no number that means anything: what can be reported is how far two
groupings agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from exercisebook.errors import Misuse

if TYPE_CHECKING:
    from anndata import AnnData

Integers = NDArray[np.int64]

MITOCHONDRIAL = "MT-"
RIBOSOMAL = ("RPL", "RPS")

MOLECULES = 10_000
"""To which every cell's total is scaled before logarithms are taken."""

VARIABLE_GENES, COMPONENTS, NEIGHBOURS = 300, 15, 15


def cell_quality(counts: AnnData) -> pd.DataFrame:
    """Return what tells a damaged cell from a whole one.

    Parameters
    ----------
    counts : AnnData, shape (cells, genes)
        Raw counts; genes by symbol.

    Returns
    -------
    DataFrame
        By cell: molecules, genes (with a count), mitochondrial (fraction of the molecules).

    Raises
    ------
    Misuse
        If no gene's name begins with ``MT-``, or a cell holds no molecule.
    """
    own = np.asarray(counts.var_names.str.startswith(MITOCHONDRIAL))
    if not own.any():
        raise Misuse(f"no gene begins with {MITOCHONDRIAL}; name genes by their symbols")
    matrix = sparse.csr_matrix(counts.X)
    molecules = np.asarray(matrix.sum(axis=1)).ravel()
    if not (molecules > 0).all():
        raise Misuse(f"{(molecules == 0).sum()} cells hold no molecule; leave them out")
    mitochondrial = np.asarray(matrix[:, own].sum(axis=1)).ravel()
    return pd.DataFrame(
        {
            "molecules": molecules,
            "genes": matrix.getnnz(axis=1),
            "mitochondrial": mitochondrial / molecules,
        },
        index=counts.obs_names,
    )


def embedded(counts: AnnData, person: str, seed: int) -> AnnData:
    """Return cells on the log scale, with components and a graph of neighbours.

    Genes of mitochondria and ribosomes take no part; variable genes are ranked within each
    person, so that what makes people differ does not choose them.

    Parameters
    ----------
    counts : AnnData, shape (cells, genes)
        Raw counts of whole cells.
    person : str
        Column of ``obs``.
    seed : int
        Of the components and the graph.

    Returns
    -------
    AnnData
        A copy: ``X`` natural log of counts a ten thousand plus one, ``var["highly_variable"]``,
        ``obsm["X_pca"]``, ``obsp["connectivities"]``; raw counts in ``layers["counts"]``.

    References
    ----------
    Wolf, Angerer and Theis (2018), Genome Biol 19, 15.
    """
    import scanpy as sc

    cells = counts.copy()
    cells.layers["counts"] = cells.X.copy()
    sc.pp.normalize_total(cells, target_sum=MOLECULES)
    sc.pp.log1p(cells)
    left_out = (MITOCHONDRIAL, *RIBOSOMAL)
    told = cells[:, ~cells.var_names.str.startswith(left_out)].copy()
    sc.pp.highly_variable_genes(told, n_top_genes=VARIABLE_GENES, batch_key=person)
    variable = told.var_names[told.var["highly_variable"]]
    cells.var["highly_variable"] = cells.var_names.isin(variable)
    sc.pp.pca(cells, n_comps=COMPONENTS, mask_var="highly_variable", svd_solver="arpack",
              random_state=seed)  # fmt: skip
    # exact neighbours and a Gaussian kernel: the usual kernel compiles for ten seconds at first
    sc.pp.neighbors(
        cells, n_neighbors=NEIGHBOURS, method="gauss", transformer="sklearn", random_state=seed
    )
    return cells


def communities(cells: AnnData, resolution: float, seed: int) -> Integers:
    """Return a group for every cell: communities of the graph of neighbours, by Leiden.

    Parameters
    ----------
    cells : AnnData
        Of ``embedded``; left as it is.
    resolution : float
        Above 1 for more groups, below 1 for fewer.
    seed : int
        Of the order in which cells are visited.

    Returns
    -------
    ndarray of int, shape (cells,)
        Groups from 0 on, the largest first; the numbers themselves mean nothing.

    References
    ----------
    Traag, Waltman and van Eck (2019), Sci Rep 9, 5233.
    """
    import scanpy as sc

    found = sc.tl.leiden(
        cells,
        resolution=resolution,
        random_state=seed,
        flavor="igraph",
        n_iterations=2,
        directed=False,
        copy=True,
    )
    groups: Integers = found.obs["leiden"].astype(int).to_numpy(np.int64)
    return groups


def named_groups(
    cells: AnnData, groups: Integers, markers: Mapping[str, Sequence[str]]
) -> NDArray[np.object_]:
    r"""Return for every cell the name of the markers that its group shows most.

    .. math:: s_{gk} = \frac{1}{|M_k|} \sum_{j \in M_k} \frac{\bar x_{gj} - \bar x_j}{sd_j}

    Parameters
    ----------
    cells : AnnData
        Of ``embedded``.
    groups : ndarray of int, shape (cells,)
        Of ``communities``.
    markers : mapping of str to sequence of str
        Genes by name of a type.

    Raises
    ------
    Misuse
        If a marker is not among the genes.
    """
    absent = [g for own in markers.values() for g in own if g not in cells.var_names]
    if absent:
        raise Misuse(f"markers that were not measured: {', '.join(absent)}")
    genes = list(dict.fromkeys(g for own in markers.values() for g in own))
    values = pd.DataFrame(np.asarray(cells[:, genes].X.todense()), columns=genes)
    means = ((values - values.mean()) / values.std()).groupby(groups).mean()
    scores = pd.DataFrame({name: means[list(own)].mean(axis=1) for name, own in markers.items()})
    best = scores.idxmax(axis=1)
    return best.loc[groups].to_numpy(object)


def agreement(one: Iterable[object], other: Iterable[object]) -> float:
    """Return the adjusted Rand index of two groupings: 1 for the same, 0 for chance.

    References
    ----------
    Hubert and Arabie (1985), J Classif 2, 193-218.
    """
    from sklearn.metrics import adjusted_rand_score

    return float(adjusted_rand_score(list(one), list(other)))
