"""Kang and colleagues: blood mononuclear cells of eight donors, with and without interferon-beta.

The donors have lupus. Their cells lay six hours in a dish, with interferon-beta or without: that
is no exercise, and no inhibition of TBK1, which lies upstream of interferon production. What the
data can show is that an interferon score reads interferon, and how paired compositions look.

Traps handled here: cell types have no canonical id, so that no claim about a bout is answered by
a dish; counts and samples are joined by name; the single cells are of two donors alone, at most
100 a type and sample, and of genes chosen for being expressed, so they tell neither shares of
types nor how many genes are silent; their types were called otherwise than those of the counts
(80 against 50 FCGR3A+ monocytes of one donor). A third file, of cells without donors, is not read.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exercisebook.cohort.frames import contrasts_frame, features_frame, measured_frame
from exercisebook.cohort.package import Cohort
from exercisebook.errors import Failure, listed
from exercisebook.sources.rfiles import read_r_objects, slot, sparse_matrix

if TYPE_CHECKING:
    from anndata import AnnData

CONTROL, STIMULATED = "control", "stimulated"
CONDITIONS = {"ctrl": CONTROL, "stim": STIMULATED}
CELL_TYPES = {
    "B cells": "b_cells",
    "CD14+ Monocytes": "cd14_monocytes",
    "CD4 T cells": "cd4_t_cells",
    "CD8 T cells": "cd8_t_cells",
    "Dendritic cells": "dendritic_cells",
    "FCGR3A+ Monocytes": "fcgr3a_monocytes",
    "Megakaryocytes": "megakaryocytes",
    "NK cells": "nk_cells",
}
DONORS = 8
ARM = "dish"
CONTRAST = f"{STIMULATED}:{CONTROL}"
COUNTS_FILE, CELLS_FILE = "IFNCellCounts.rda", "example_sce.rda"
MOST_CELLS = 100
"""Of a type and sample, in the single cells: their numbers are no counts of a composition."""

_INFO = ("ind", "stim", "StimStatus", "multiplets")
_OF_CELLS = ("sample_id", "group_id", "cluster_id")


def read_kang_pbmc(files: dict[str, Path]) -> Cohort:
    """Return the eight donors' counts of cells by type, in a dish with and without interferon.

    Parameters
    ----------
    files : dict of str to Path
        ``IFNCellCounts.rda``.

    Returns
    -------
    Cohort
        8 donors with lupus; one arm, phases control and stimulated; cells (counted, by type).
        Nobody exercised: the contrast is of the kind ``group``, which answers no claim of a bout
        or of training, and no feature has a canonical id.

    Raises
    ------
    Failure
        If the file does not hold the objects, columns, donors or types that were described.
    """
    path = files[COUNTS_FILE]
    objects = read_r_objects(path)
    info = _info(path, objects)
    counts = _counts(path, objects, info)
    long = counts.rename_axis(index="sample_id", columns="feature").stack().rename("value")
    cells = long.reset_index()
    return Cohort(
        "kang-pbmc",
        pd.DataFrame({"subject": sorted(set(info["ind"]), key=int)}).assign(
            sex="unknown", age=np.nan
        ),
        _samples(info),
        _features(),
        contrasts_frame([(CONTRAST, "group", STIMULATED, CONTROL, ARM, ARM)]),
        {"cells": measured_frame(cells["sample_id"], cells["feature"], cells["value"])},
        {
            "title": "Blood cells with and without interferon-beta",
            "licenses": [{"name": "Artistic-2.0"}],
        },
    )


def kang_cells(files: dict[str, Path]) -> "AnnData":
    """Return the single cells of two donors, for description alone.

    Two donors are too few to infer from. Genes were kept for a count above 1 in some fifty cells,
    cells for 200 genes, and at most 100 cells a type and sample.

    Parameters
    ----------
    files : dict of str to Path
        ``example_sce.rda``.

    Returns
    -------
    AnnData, shape (cells, genes)
        Raw counts (int32, CSR); obs: sample_id, donor, condition and cell_type (five types).

    Raises
    ------
    Failure
        If the file does not hold what was described, or its counts are no counts.
    """
    from anndata import AnnData

    path = files[CELLS_FILE]
    held = _of_file(path, read_r_objects(path), "example_sce")
    assay = _of_file(path, held, "assays", "data", "listData", "counts")
    try:
        matrix, genes, names = sparse_matrix(assay)
    except KeyError as absent:
        raise Failure(f"{path.name}: assay counts: no slot {absent.args[0]}") from None
    _check_counts(path, "assay counts", matrix.data)
    obs = _obs(path, held, names)
    var = pd.DataFrame(index=pd.Index(genes, name="symbol"))
    return AnnData(matrix.T.tocsr().astype(np.int32), obs, var)


def _of_file(path: Path, held: Any, *steps: str) -> Any:
    try:
        return slot(held, *steps)
    except KeyError as absent:
        raise Failure(f"{path.name}: no {absent.args[0]}") from None


def _check_counts(path: Path, column: str, values: np.ndarray) -> None:
    bad = ~np.isfinite(values) | (values < 0) | (values != np.floor(values))
    if bad.any():
        raise Failure(
            f"{path.name}: {column}: {listed(values[bad], 3)} where counts of cells or molecules, "
            f"whole numbers from 0 up, were expected"
        )


def _check_columns(path: Path, name: str, found: list[str], wanted: tuple[str, ...]) -> None:
    absent = [column for column in wanted if column not in found]
    if absent:
        raise Failure(f"{path.name}: {name}: no column {', '.join(absent)}; found {found}")


def _check_values(path: Path, column: str, found: set[str], known: set[str]) -> None:
    odd = sorted(found ^ known)
    if odd:
        raise Failure(
            f"{path.name}: {column}: {listed(odd)}: new or absent; known are {sorted(known)}"
        )


def _info(path: Path, objects: dict[str, Any]) -> pd.DataFrame:
    """Return ind, stim, StimStatus, multiplets and phase by sample."""
    info = _of_file(path, objects, "info")
    _check_columns(path, "info", [str(column) for column in info], _INFO)
    info = info[list(_INFO)].astype(str)
    _check_values(path, "info, column stim", set(info["stim"]), set(CONDITIONS))
    _check_values(path, "info, column multiplets", set(info["multiplets"]), {"singlet"})
    # the condition is written three times: it must be the same one
    named = info["stim"] + info["ind"]
    odd = info.index[(info["stim"] != info["StimStatus"]) | (named != info.index)]
    if len(odd):
        raise Failure(
            f"{path.name}: info, columns stim, StimStatus and ind do not agree with the names of "
            f"the samples {listed(odd)}"
        )
    seen = info.groupby("ind")["stim"].agg(lambda own: sorted(own) == sorted(CONDITIONS))
    if len(seen) != DONORS or not seen.all():
        raise Failure(
            f"{path.name}: info, column ind: {len(seen)} donors, {seen.sum()} of them once in "
            f"each condition; {DONORS} were expected"
        )
    return info.assign(phase=info["stim"].map(CONDITIONS))


def _counts(path: Path, objects: dict[str, Any], info: pd.DataFrame) -> pd.DataFrame:
    """Return cells counted, samples in the order of ``info`` by types in ours."""
    held = _of_file(path, objects, "df_cellCounts")
    if not hasattr(held, "to_pandas"):
        raise Failure(f"{path.name}: df_cellCounts: no matrix with names of samples and types")
    table = held.to_pandas()
    _check_values(path, "df_cellCounts, columns", set(map(str, table.columns)), set(CELL_TYPES))
    _check_values(path, "df_cellCounts, rows", set(map(str, table.index)), set(info.index))
    table = table.loc[list(info.index), list(CELL_TYPES)]
    for name in CELL_TYPES:
        _check_counts(path, f"df_cellCounts, column {name}", table[name].to_numpy(float))
    return table.rename(columns=CELL_TYPES)


def _samples(info: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "sample_id": [str(name) for name in info.index],
            "subject": info["ind"].to_numpy(),
            "arm": ARM,
            "phase": info["phase"].to_numpy(),
            "day": np.nan,
            "time_h": np.nan,
            "hours_since_bout": np.nan,
            "fasting": "unknown",
            "batch": "unknown",
        }
    )


def _features() -> pd.DataFrame:
    rows = [("cells", name, "", "cells", np.nan) for name in CELL_TYPES.values()]
    # without an id, an effect meets no claim
    return features_frame(rows).assign(canonical_id=None)


def _obs(path: Path, held: Any, names: list[str]) -> pd.DataFrame:
    columns = _of_file(path, held, "colData", "listData")
    _check_columns(path, "colData", [str(column) for column in columns], _OF_CELLS)
    if list(map(str, _of_file(path, held, "colData", "rownames"))) != names:
        raise Failure(f"{path.name}: colData, row names: other cells than those of assay counts")
    raw = pd.DataFrame({name: np.asarray(columns[name], str) for name in _OF_CELLS}, names)
    _check_values(path, "colData, column group_id", set(raw["group_id"]), set(CONDITIONS))
    unknown = set(raw["cluster_id"]) - set(CELL_TYPES)
    if unknown:
        raise Failure(f"{path.name}: colData, column cluster_id: {listed(sorted(unknown))}: new")
    parts = raw["sample_id"].str.extract(r"^(ctrl|stim)(\d+)$")
    odd = raw.loc[parts[0].to_numpy() != raw["group_id"].to_numpy(), "sample_id"].unique()
    if len(odd):
        raise Failure(
            f"{path.name}: colData, columns sample_id and group_id do not agree: {listed(odd)}"
        )
    return pd.DataFrame(
        {
            "sample_id": raw["sample_id"],
            "donor": parts[1],
            "condition": raw["group_id"].map(CONDITIONS),
            "cell_type": raw["cluster_id"].map(CELL_TYPES),
        }
    ).astype("category")
