"""Pseudobulk: raw counts of cells, summed over the cells of a person, phase and cell type.

Cells of one person are not independent, persons are; a test needs a number a person. This module
makes the sums. It neither normalises nor tests them: see ``counts``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from exercisebook.errors import Misuse, closest

if TYPE_CHECKING:
    from anndata import AnnData

Floats = NDArray[np.float64]

_BLOCK_VALUES = 1_000_000
"""Stored values of a block of a matrix in memory, at least; twice the result, if that is more."""


def pseudobulk(
    adata: AnnData, groups: Sequence[str], minimum_cells: int = 10, layer: str | None = None
) -> AnnData:
    r"""Return the sums of raw counts over the cells of each group.

    .. math:: Y = G' X, \qquad G_{cj} = 1 \text{ if cell } c \text{ belongs to group } j

    Parameters
    ----------
    adata : AnnData, shape (cells, features)
        Raw counts: dense, csr or csc, in memory or as a dask array, of which one block after the
        other is read.
    groups : sequence of str
        Columns of ``obs``, such as subject, phase and cell_type; every combination that occurs
        is a group.
    minimum_cells : int
        Groups with fewer cells are left out.
    layer : str, optional
        Where the raw counts are, if not in ``X``.

    Returns
    -------
    AnnData, shape (groups, features)
        ``X`` holds the sums as int64, csr if the counts are sparse; ``obs`` the columns
        ``groups`` and ``n_cells``; ``uns["left_out"]`` the same columns of the groups left out.
        Features without any count are kept.

    Raises
    ------
    Misuse
        If there is no such column or layer, a cell has no value in a column, no group has enough
        cells, or a value is no count: a fraction, negative, missing or infinite.

    References
    ----------
    Crowell et al. (2020), Nat Commun 11, 6077. Squair et al. (2021), Nat Commun 12, 5692.
    """
    import anndata

    table, codes = _grouped(adata.obs, list(groups))
    enough = table["n_cells"] >= minimum_cells
    if not enough.any():
        raise Misuse(
            f"no group has {minimum_cells} cells; the largest of {len(table)} has "
            f"{table['n_cells'].max() if len(table) else 0}"
        )
    values, place = _raw(adata, layer)
    sums = np.zeros((len(table), adata.n_vars))
    for rows, columns, block in _blocks(values, sums.size):
        _check_counts(block, adata.obs_names[rows], adata.var_names[columns], place)
        sums[:, columns] += _summed(block, codes[rows], len(table))
    whole = sums[enough.to_numpy()].astype(np.int64)
    kept = table[enough].copy()
    kept.index = kept[list(groups)].astype(str).agg("_".join, axis=1)
    return anndata.AnnData(
        sparse.csr_matrix(whole) if sparse.issparse(block) else whole,
        obs=kept,
        var=adata.var.copy(),
        uns={"left_out": table[~enough].reset_index(drop=True)},
    )


def _grouped(obs: pd.DataFrame, groups: list[str]) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Return the groups with their numbers of cells, and the group of every cell."""
    for name in groups:
        if name not in obs:
            raise Misuse(f"no column {name!r} in obs; {closest(name, map(str, obs.columns))}")
        empty = obs.index[obs[name].isna()]
        if len(empty):
            raise Misuse(
                f"{len(empty)} cells have no {name}, first {str(empty[0])!r}; leave them out, or "
                f"label them"
            )
    if not groups:
        raise Misuse("no columns to group by; name some, such as subject, phase, cell_type")
    grouped = obs[groups].groupby(groups, observed=True)
    table = grouped.size().reset_index(name="n_cells")
    return table, grouped.ngroup().to_numpy(np.int64)


def _raw(adata: AnnData, layer: str | None) -> tuple[Any, str]:
    """Return the matrix of counts, and how a message calls it."""
    if layer is None:
        others = ", ".join(map(str, adata.layers)) or "none"
        return adata.X, f"X (layers: {others})"
    if layer not in adata.layers:
        raise Misuse(f"no layer {layer!r}; {closest(layer, adata.layers)}")
    return adata.layers[layer], f"layer {layer!r}"


def _blocks(values: Any, result: int) -> Iterator[tuple[slice, slice, Any]]:
    """Yield rows, columns and what is there: along the storage, so that no block is searched for.

    Each block costs a pass over the result, so a block in memory is to be larger than that.
    """
    if hasattr(values, "numblocks"):
        yield from _lazy_blocks(values)
        return
    if not (sparse.issparse(values) or isinstance(values, np.ndarray)):
        raise Misuse(f"counts are a {type(values).__name__}; load them, or read them with dask")
    n, m = values.shape
    stored = max(values.nnz if sparse.issparse(values) else values.size, 1)
    share = min(1.0, max(_BLOCK_VALUES, 2 * result) / stored)
    if not sparse.issparse(values):
        for rows in _slices(n, share):
            yield rows, slice(0, m), values[rows]
    elif values.format == "csr":
        for rows in _slices(n, share):
            shape = (rows.stop - rows.start, m)
            yield rows, slice(0, m), sparse.csr_matrix(_lines(values, rows), shape)
    else:
        for columns in _slices(m, share):
            shape = (n, columns.stop - columns.start)
            yield slice(0, n), columns, sparse.csc_matrix(_lines(values, columns), shape)


def _slices(length: int, share: float) -> Iterator[slice]:
    step = max(1, int(length * share))
    for start in range(0, length, step):
        yield slice(start, min(start + step, length))


def _lines(values: Any, lines: slice) -> tuple[Any, Any, Any]:
    """Return what a sparse matrix of some lines is made of, without a copy of their values."""
    ends = values.indptr[lines.start : lines.stop + 1]
    held = slice(ends[0], ends[-1])
    return values.data[held], values.indices[held], ends - ends[0]


def _lazy_blocks(values: Any) -> Iterator[tuple[slice, slice, Any]]:
    rows, columns = (np.cumsum([0, *sizes]) for sizes in values.chunks)
    for i in range(len(rows) - 1):
        for j in range(len(columns) - 1):
            block = values.blocks[i, j].compute()
            yield slice(rows[i], rows[i + 1]), slice(columns[j], columns[j + 1]), block


def _summed(block: Any, codes: NDArray[np.int64], groups: int) -> Floats:
    """Return the sums of a block, exact up to 2^53.

    A sparse block needs no product: its values, renamed from cell to group, are a sparse matrix
    with repeated entries, and writing it out adds these up.
    """
    if sparse.issparse(block):
        own = codes.astype(block.indices.dtype)
        held = np.diff(block.indptr)
        if block.format == "csr":
            places = np.repeat(own, held), block.indices
        else:
            places = own[block.indices], np.repeat(np.arange(len(held), dtype=own.dtype), held)
        entries = sparse.coo_matrix(
            (block.data.astype(float), places), shape=(groups, block.shape[1])
        )
        return entries.toarray()
    n = len(codes)
    indicator = sparse.csr_matrix((np.ones(n), (codes, np.arange(n))), shape=(groups, n))
    return indicator @ np.asarray(block)


def _check_counts(block: Any, cells: pd.Index, features: pd.Index, place: str) -> None:
    """Raise Misuse if a value is no count, naming the first."""
    stored = block.data if sparse.issparse(block) else np.asarray(block)
    if _all_counts(stored):
        return
    rows, columns = block.tocoo().coords if sparse.issparse(block) else np.nonzero(block)
    values = stored[rows, columns] if stored.ndim == 2 else stored
    bad = np.flatnonzero(~((values >= 0) & (values == np.floor(values)) & np.isfinite(values)))
    first = bad[0]
    raise Misuse(
        f"{values[first]:g} is no count, in {place}, cell {str(cells[rows[first]])!r}, feature "
        f"{str(features[columns[first]])!r}; give the layer that holds raw counts"
    )


def _all_counts(values: NDArray[Any]) -> bool:
    if not values.size:
        return True
    if np.issubdtype(values.dtype, np.integer):
        return bool(values.min() >= 0)
    whole = bool((values == np.floor(values)).all())
    return whole and bool(values.min() >= 0) and bool(np.isfinite(values.max()))
