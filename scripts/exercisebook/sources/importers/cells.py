"""Single cells: 10x Genomics' h5 files and matrix folders, and h5ad with raw counts.

They become one AnnData of raw counts with ``obs["sample_id"]``. Cells are neither filtered nor
typed here; a matrix of all barcodes is refused, since its empty droplets are no cells.
"""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from exercisebook.cohort.hdf5 import read_through
from exercisebook.errors import InvalidInput, Problem, listed
from exercisebook.sources.importers.hints import hint
from exercisebook.sources.importers.intake import Account, Intake, counted, nothing_taken
from exercisebook.sources.importers.samples import Samples
from exercisebook.sources.importers.textfiles import refuse_unreadable

GENES = "Gene Expression"

KEPT = ("sample_id", "cell_type")
"""Columns of obs that a package holds."""

MOST_EMPTY = 0.01
"""Share of barcodes without a count above which a matrix is of all droplets."""


def read_10x(paths: list[Path], sample_ids: list[str], samples: Samples) -> Intake:
    """Return the cells of 10x Genomics' files, a sample each.

    Parameters
    ----------
    paths : list of Path
        ``filtered_feature_bc_matrix.h5`` files, or folders with matrix, features and barcodes.
    sample_ids : list of str
        Of each, in their order; without them the name of the file or folder, as in a file of ids.
    samples : Samples

    Raises
    ------
    InvalidInput
        With everything wrong in every file.
    """
    if sample_ids and len(sample_ids) != len(paths):
        found = f"{len(sample_ids)} samples for {len(paths)} files"
        raise InvalidInput([Problem("--sample", found, "one a file", "Name them in their order.")])
    account, problems, parts = Account(), [], []
    names = sample_ids or [_stem(path) for path in paths]
    for path, name in zip(paths, names, strict=True):
        try:
            one = _open_10x(path)
            problems += _faults_of_10x(one, path)
            one = _genes_alone(one, path, account)
        except InvalidInput as error:
            problems += error.problems
            continue
        one.obs = pd.DataFrame({"sample_id": name}, index=one.obs_names)
        parts.append(one)
    return _intake(parts, paths[0], samples, account, problems)


def read_h5ad(paths: list[Path], column: str, samples: Samples) -> Intake:
    """Return the cells of AnnData files whose ``obs`` says of which sample each is.

    Parameters
    ----------
    paths : list of Path
    column : str
        Of obs, with the sample.
    samples : Samples

    Raises
    ------
    InvalidInput
        With everything wrong in every file.
    """
    account, problems, parts = Account(), [], []
    for path in paths:
        try:
            parts.append(_open_h5ad(path, column, account))
        except InvalidInput as error:
            problems += error.problems
    return _intake(parts, paths[0], samples, account, problems)


def _stem(path: Path) -> str:
    """Return the name by which a file goes: of its folder where all files are called the same."""
    common = ("filtered_feature_bc_matrix", "sample_filtered_feature_bc_matrix")
    return path.resolve().parent.name if path.stem in common else path.stem


def _open_10x(path: Path) -> Any:
    import scanpy

    refuse_unreadable(path, folder=True)
    repair = "Name filtered_feature_bc_matrix.h5, or its folder of matrix, features and barcodes."
    try:
        if path.is_file():
            read_through(path)
        # genes of one symbol are told apart at once, so that the reader's warning says nothing
        with warnings.catch_warnings(record=True):
            read = scanpy.read_10x_mtx if path.is_dir() else scanpy.read_10x_h5
            one = read(path, gex_only=False)
            one.var_names_make_unique()
            one.obs_names_make_unique()
            return one
    except Exception as error:  # a damaged file raises whatever the layers of HDF5 raise
        told = " ".join(str(error).split())[:80] or type(error).__name__
        problem = Problem(path.name, f"no matrix of 10x ({told})", "counts", repair)
        raise InvalidInput([problem]) from None


def _faults_of_10x(one: Any, path: Path) -> list[Problem]:
    suffixes = {name.rsplit("-", 1)[1] for name in one.obs_names if "-" in name}
    problems = []
    if len(suffixes) > 1:
        problems.append(
            Problem(
                path.name, f"barcodes ending in {listed(sorted(suffixes), 6)}", "one sample a file",
                "Name the files of single samples, or an h5ad with a column of samples.",
            )
        )  # fmt: skip
    empty = np.asarray(one.X.sum(axis=1)).ravel() == 0
    if one.n_obs and empty.mean() > MOST_EMPTY:
        found = f"{empty.sum():,} of {one.n_obs:,} barcodes without a count"
        repair = "Name the filtered matrix, not the raw one."
        problems.append(Problem(path.name, found, "cells", repair))
    return problems


def _genes_alone(one: Any, path: Path, account: Account) -> Any:
    kinds = one.var.get("feature_types")
    if kinds is not None and (kinds != GENES).any():
        counts = kinds[kinds != GENES].value_counts()
        told = ", ".join(f"{n:,} of {kind}" for kind, n in counts.items())
        account.dropped.append(f"{path.name}: features that are no genes: {told}")
        one = one[:, (kinds == GENES).to_numpy()].copy()
    one.X = _counts(one.X)
    if one.X is None:
        problem = Problem(path.name, "values that are no counts", "raw counts", "Name raw counts.")
        raise InvalidInput([problem])
    columns = [name for name in ("gene_ids",) if name in one.var]
    one.var = one.var[columns]
    return one


def _open_h5ad(path: Path, column: str, account: Account) -> Any:
    import anndata

    refuse_unreadable(path)
    try:
        read_through(path)
        whole = anndata.read_h5ad(path)
    except Exception as error:  # a damaged file raises whatever the layers of HDF5 raise
        told = " ".join(str(error).split())[:80] or type(error).__name__
        problem = Problem(path.name, f"no AnnData ({told})", "an h5ad file", "Write it anew.")
        raise InvalidInput([problem]) from None
    if column not in whole.obs:
        expected = f"a column {column!r} of obs that names the sample of each cell"
        repair = f"Say --sample-column ({hint(column, map(str, whole.obs))})."
        found = f"columns {listed(map(repr, whole.obs), 8)}" if len(whole.obs.columns) else "none"
        raise InvalidInput([Problem(path.name, found, expected, repair)])
    one = _raw(whole, path, account)
    obs = whole.obs.assign(sample_id=whole.obs[column].astype(str))
    away = [name for name in obs if name not in (*KEPT, column)]
    if away:
        account.dropped.append(f"{path.name}: columns of obs: {listed(away, 8)}")
    one.obs = obs[[name for name in KEPT if name in obs]].set_axis(one.obs_names)
    return one


def _raw(whole: Any, path: Path, account: Account) -> Any:
    """Return an AnnData of the first matrix that holds counts: a layer, X, or raw."""
    from anndata import AnnData

    raw = whole.raw
    places = {
        'layers["counts"]': (whole.layers.get("counts"), whole.var_names),
        "X": (whole.X, whole.var_names),
        "raw.X": (None if raw is None else raw.X, None if raw is None else raw.var_names),
    }
    for name, (values, genes) in places.items():
        counts = None if values is None else _counts(values)
        if counts is not None:
            account.noted.append(f"{path.name}: raw counts are those of {name}")
            one = AnnData(counts, var=pd.DataFrame(index=pd.Index(genes, name="gene")))
            one.obs_names = whole.obs_names.astype(str)
            one.obs_names_make_unique()
            one.var_names_make_unique()
            return one
    found = "no whole numbers in " + ", ".join(places)
    repair = 'Put the raw counts into layers["counts"].'
    raise InvalidInput([Problem(path.name, found, "raw counts of molecules", repair)])


def _counts(values: Any) -> Any:
    """Return a matrix as 32-bit counts in sparse rows; None if they are no counts."""
    from scipy.sparse import csr_matrix

    matrix = csr_matrix(values)
    data = matrix.data
    if not np.isfinite(data).all() or (data < 0).any() or (data != np.floor(data)).any():
        return None
    return matrix.astype(np.int32)


def _intake(
    parts: list[Any], file: Path, samples: Samples, account: Account, problems: list[Problem]
) -> Intake:
    import anndata

    if not parts:
        raise InvalidInput(problems)
    own = pd.concat([one.obs["sample_id"] for one in parts]).reset_index(drop=True)
    joined, faults = samples.join(own, file.name, None, account)
    if problems + faults:
        raise InvalidInput(problems + faults)
    samples.tell_absent(joined, account)
    barcodes = [name for one in parts for name in one.obs_names]
    whole = anndata.concat(
        parts, join="inner", merge="same", index_unique="-", keys=[*map(str, range(len(parts)))]
    )
    fewer = max(one.n_vars for one in parts) - whole.n_vars
    if fewer:
        account.dropped.append(f"{counted(fewer, 'gene')} not in every file")
    whole.obs["sample_id"] = joined.to_numpy()
    whole.obs_names = [f"{place}_{name}" for place, name in zip(joined, barcodes, strict=True)]
    whole = whole[joined.notna().to_numpy()].copy()
    if not whole.n_obs or not whole.n_vars:
        raise InvalidInput([nothing_taken(file)])
    whole.obs["sample_id"] = whole.obs["sample_id"].astype(str).astype("category")
    account.took.append(
        f"{counted(whole.n_obs, 'cell')} of {counted(whole.obs['sample_id'].nunique(), 'sample')}, "
        f"{whole.n_vars:,} genes, {int(whole.X.sum(dtype=np.int64)):,} counts"
    )
    return Intake(_no_features(), {}, account, whole)


def _no_features() -> pd.DataFrame:
    from exercisebook.cohort.schemas import FEATURES

    return pd.DataFrame(columns=list(FEATURES.columns))
