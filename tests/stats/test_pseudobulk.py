"""Pseudobulk against a loop over cells and against scanpy, however the counts are stored."""

import anndata as ad
import dask.array as da
import numpy as np
import pandas as pd
import pytest
import scanpy as sc
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from exercisebook.errors import Misuse
from exercisebook.stats import pseudobulk as module
from exercisebook.stats.pseudobulk import pseudobulk

GROUPS = ["subject", "phase", "cell_type"]
CELLS, FEATURES = 700, 40

STORED = {
    "dense": lambda x: x,
    "dense integers": lambda x: x.astype(np.int32),
    "csr": sparse.csr_matrix,
    "csc": sparse.csc_matrix,
    "csr array": sparse.csr_array,
    "csr integers": lambda x: sparse.csr_matrix(x.astype(np.int64)),
    "dask dense": lambda x: da.from_array(x, chunks=(100, -1)),
    "dask dense in tiles": lambda x: da.from_array(x, chunks=(130, 17)),
    "dask csr": lambda x: lazy(sparse.csr_matrix(x)),
    "dask csc": lambda x: lazy(sparse.csc_matrix(x)),
}


def lazy(matrix):
    return da.from_array(matrix, chunks=(150, matrix.shape[1]), asarray=False)


def simulated(seed: int = 0, cells: int = CELLS) -> tuple[np.ndarray, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    counts = rng.poisson(0.3, (cells, FEATURES)).astype(np.float32)
    counts[:, 3] = 0
    obs = pd.DataFrame(
        {
            "subject": rng.choice(["s1", "s2", "s3"], cells),
            "phase": rng.choice(["before", "after"], cells),
            "cell_type": rng.choice(["T", "B", "NK", "rare"], cells, p=[0.5, 0.3, 0.19, 0.01]),
        },
        index=[f"cell{cell}" for cell in range(cells)],
    )
    return counts, obs


def stored_as(how: str, counts: np.ndarray, obs: pd.DataFrame) -> ad.AnnData:
    var = pd.DataFrame(
        {"symbol": [f"S{column}" for column in range(counts.shape[1])]},
        index=[f"g{column}" for column in range(counts.shape[1])],
    )
    return ad.AnnData(STORED[how](counts), obs=obs.copy(), var=var)


def by_loop(counts: np.ndarray, obs: pd.DataFrame) -> dict[tuple, np.ndarray]:
    """Return sums by going through cells one by one."""
    sums: dict[tuple, np.ndarray] = {}
    for row, key in enumerate(obs[GROUPS].itertuples(index=False, name=None)):
        sums.setdefault(key, np.zeros(counts.shape[1]))
        sums[key] = sums[key] + counts[row]
    return sums


def dense(adata: ad.AnnData) -> np.ndarray:
    return adata.X.toarray() if sparse.issparse(adata.X) else adata.X


def keys(frame: pd.DataFrame) -> list[tuple]:
    return list(frame[GROUPS].astype(str).itertuples(index=False, name=None))


@pytest.fixture(params=[None, 1], ids=["one block", "several blocks"])
def blocks(request, monkeypatch):
    """Blocks in memory as large as the data, or as small as they get."""
    if request.param is not None:
        monkeypatch.setattr(module, "_BLOCK_VALUES", request.param)


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize("how", STORED)
def test_sums_are_those_of_going_through_cells_one_by_one(how):
    counts, obs = simulated()
    sums, expected = pseudobulk(stored_as(how, counts, obs), GROUPS, 1), by_loop(counts, obs)
    assert len(expected) > 15
    assert sorted(keys(sums.obs)) == sorted(expected)
    for row, key in zip(dense(sums), keys(sums.obs), strict=True):
        np.testing.assert_array_equal(row, expected[key])


@pytest.mark.parametrize("how", ["dense", "csr", "csc"])
def test_small_blocks_are_really_several(how, monkeypatch):
    monkeypatch.setattr(module, "_BLOCK_VALUES", 1)
    x = stored_as(how, *simulated()).X
    parts = list(module._blocks(x, 1))
    assert len(parts) > 10
    rebuilt = np.zeros(x.shape)
    for rows, columns, block in parts:
        rebuilt[rows, columns] += block.toarray() if sparse.issparse(block) else block
    np.testing.assert_array_equal(rebuilt, x.toarray() if sparse.issparse(x) else x)


@pytest.mark.parametrize("how", ["dense", "csr", "csc"])
def test_sums_are_those_of_scanpy(how):
    adata = stored_as(how, *simulated())
    theirs = sc.get.aggregate(adata, by=GROUPS, func="sum")
    ours = pseudobulk(adata, GROUPS, 1)
    assert set(ours.obs_names) == set(theirs.obs_names)
    np.testing.assert_array_equal(dense(ours), theirs[ours.obs_names].layers["sum"])


@given(st.integers(0, 10_000), st.sampled_from(list(STORED)), st.integers(1, 20))
def test_what_is_kept_and_what_is_left_out_are_all_cells(seed, how, minimum):
    counts, obs = simulated(seed, cells=120)
    sums = pseudobulk(stored_as(how, counts, obs), GROUPS[:2], minimum)
    out = sums.uns["left_out"]
    assert sums.obs["n_cells"].sum() + out["n_cells"].sum() == 120
    assert (sums.obs["n_cells"] >= minimum).all()
    assert (out["n_cells"] < minimum).all()
    kept = pd.MultiIndex.from_frame(obs[GROUPS[:2]]).isin(
        pd.MultiIndex.from_frame(sums.obs[GROUPS[:2]].astype(str))
    )
    np.testing.assert_array_equal(dense(sums).sum(axis=0), counts[kept].sum(axis=0))


def test_groups_of_few_cells_are_left_out_and_reported():
    adata = stored_as("csr", *simulated())
    sums = pseudobulk(adata, GROUPS)
    out = sums.uns["left_out"]
    sizes = adata.obs.groupby(GROUPS, observed=True).size()
    assert len(out) == (sizes < 10).sum() > 0
    assert set(out["cell_type"]) == {"rare"}
    assert "rare" not in set(sums.obs["cell_type"])
    for table in (sums.obs, out):
        assert [sizes[key] for key in keys(table)] == table["n_cells"].tolist()


def test_features_keep_their_columns_and_those_without_counts_stay():
    sums = pseudobulk(stored_as("csr", *simulated()), GROUPS)
    assert sums.var["symbol"].tolist() == [f"S{column}" for column in range(FEATURES)]
    assert dense(sums)[:, 3].sum() == 0
    assert (np.delete(dense(sums), 3, axis=1).sum(axis=0) > 0).all()


@pytest.mark.parametrize("how", STORED)
def test_sums_are_whole_numbers_sparse_where_the_counts_are(how):
    sums = pseudobulk(stored_as(how, *simulated()), GROUPS).X
    assert sums.dtype == np.int64
    assert sparse.issparse(sums) == ("cs" in how)
    assert not sparse.issparse(sums) or sums.format == "csr"


@pytest.mark.parametrize("how", ["dense", "csr", "csc", "dask csr"])
def test_sums_are_exact_beyond_what_single_precision_holds(how):
    counts = np.full((300, 2), 2**20 + 1, np.float32)
    obs = pd.DataFrame({"subject": "s1"}, index=[f"c{cell}" for cell in range(300)])
    assert (dense(pseudobulk(stored_as(how, counts, obs), ["subject"])) == 300 * (2**20 + 1)).all()


def test_rows_are_named_after_their_group_and_follow_the_order_of_categories():
    counts, obs = simulated()
    obs["phase"] = pd.Categorical(obs["phase"], ["before", "after", "never"], ordered=True)
    sums = pseudobulk(stored_as("csr", counts, obs), ["subject", "phase"])
    assert sums.obs_names.tolist() == [
        f"{person}_{phase}" for person in ("s1", "s2", "s3") for phase in ("before", "after")
    ]
    assert sums.obs["phase"].cat.categories.tolist() == ["before", "after", "never"]
    assert sums.uns["left_out"].empty


def test_counts_may_lie_in_a_layer():
    adata = stored_as("csr", *simulated())
    expected = dense(pseudobulk(adata, GROUPS))
    adata.layers["counts"] = adata.X.copy()
    adata.X = np.log1p(adata.X.toarray())
    np.testing.assert_array_equal(dense(pseudobulk(adata, GROUPS, layer="counts")), expected)


def test_a_part_of_the_cells_can_be_summed():
    counts, obs = simulated()
    part = (obs["subject"] != "s2").to_numpy()
    for how in ("dense", "csr", "csc", "dask csr"):
        view = stored_as(how, counts, obs)[part]
        assert view.is_view
        sums = pseudobulk(view, GROUPS)
        assert set(sums.obs["subject"]) == {"s1", "s3"}
        alone = pseudobulk(stored_as("dense", counts[part], obs[part]), GROUPS)
        np.testing.assert_array_equal(dense(sums), dense(alone))


def test_each_block_of_a_dask_array_is_summed_before_the_next_is_read(monkeypatch):
    counts, obs = simulated()
    events, add = [], module._summed

    def read(part, block_info=None):
        events.append(block_info[0]["chunk-location"])
        return part

    def summed(*arguments):
        events.append("summed")
        return add(*arguments)

    monkeypatch.setattr(module, "_summed", summed)
    x = da.from_array(counts, chunks=(100, 20)).map_blocks(read, meta=counts[:0])
    sums = pseudobulk(ad.AnnData(x, obs=obs), GROUPS)
    assert events[::2] == [(i, j) for i in range(7) for j in range(2)]
    assert events[1::2] == ["summed"] * 14
    in_memory = pseudobulk(stored_as("dense", counts, obs), GROUPS)
    np.testing.assert_array_equal(dense(sums), dense(in_memory))


def test_the_result_can_be_written_and_read(tmp_path):
    sums = pseudobulk(stored_as("csr", *simulated()), GROUPS)
    sums.write_h5ad(tmp_path / "sums.h5ad")
    again = ad.read_h5ad(tmp_path / "sums.h5ad")
    np.testing.assert_array_equal(dense(again), dense(sums))
    assert again.uns["left_out"]["n_cells"].tolist() == sums.uns["left_out"]["n_cells"].tolist()


def test_the_cells_themselves_are_left_as_they_were():
    adata = stored_as("csr", *simulated())
    before = adata.copy()
    pseudobulk(adata, GROUPS)
    np.testing.assert_array_equal(adata.X.toarray(), before.X.toarray())
    pd.testing.assert_frame_equal(adata.obs, before.obs)


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize("value", [-1.0, 0.5, np.nan, np.inf])
@pytest.mark.parametrize("how", [how for how in STORED if "integers" not in how])
def test_a_value_that_is_no_count_is_named_by_cell_and_feature(how, value):
    counts, obs = simulated()
    counts[512, 29] = value
    with pytest.raises(Misuse, match=f"{value:g} is no count, in X .*'cell512', feature 'g29'"):
        pseudobulk(stored_as(how, counts, obs), GROUPS)


@pytest.mark.parametrize("how", ["dense integers", "csr integers"])
def test_negative_integers_are_refused(how):
    counts, obs = simulated()
    counts[5, 7] = -2
    with pytest.raises(Misuse, match=r"-2 is no count.*'cell5', feature 'g7'"):
        pseudobulk(stored_as(how, counts, obs), GROUPS)


def test_the_message_about_normalised_values_names_the_layers_there_are():
    adata = stored_as("csr", *simulated())
    adata.layers["counts"] = adata.X.copy()
    adata.X = np.log1p(adata.X.toarray())
    with pytest.raises(Misuse, match=r"1\.09861 is no count, in X \(layers: counts\).*raw counts"):
        pseudobulk(adata, GROUPS)


def test_a_column_that_is_absent_is_refused_with_the_nearest_name():
    with pytest.raises(Misuse, match=r"no column 'celltype' in obs; did you mean 'cell_type'\?"):
        pseudobulk(stored_as("csr", *simulated()), ["subject", "phase", "celltype"])


def test_a_layer_that_is_absent_is_refused_with_the_nearest_name():
    adata = stored_as("csr", *simulated())
    adata.layers["counts"] = adata.X.copy()
    with pytest.raises(Misuse, match=r"no layer 'count'; did you mean 'counts'\?"):
        pseudobulk(adata, GROUPS, layer="count")


def test_cells_without_a_label_are_refused():
    counts, obs = simulated()
    obs.loc[["cell4", "cell9"], "cell_type"] = None
    with pytest.raises(Misuse, match="2 cells have no cell_type, first 'cell4'"):
        pseudobulk(stored_as("csr", counts, obs), GROUPS)


def test_no_columns_to_group_by_are_refused():
    with pytest.raises(Misuse, match="no columns to group by"):
        pseudobulk(stored_as("csr", *simulated()), [])


def test_where_no_group_has_enough_cells_the_largest_is_told():
    adata = stored_as("csr", *simulated())
    largest = adata.obs["subject"].value_counts().max()
    with pytest.raises(Misuse, match=f"no group has 500 cells; the largest of 3 has {largest}"):
        pseudobulk(adata, ["subject"], 500)


def test_counts_left_in_a_file_are_refused_with_what_to_do(tmp_path):
    stored_as("csr", *simulated()).write_h5ad(tmp_path / "cells.h5ad")
    backed = ad.read_h5ad(tmp_path / "cells.h5ad", backed="r")
    with pytest.raises(Misuse, match="load them, or read them with dask"):
        pseudobulk(backed, GROUPS)
