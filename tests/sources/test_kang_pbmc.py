"""The donors of Kang and colleagues: counts of cells, and two donors' single cells."""

import copy

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from exercisebook.cohort.package import read_cohort, write_cohort
from exercisebook.errors import Failure
from exercisebook.sources import kang_pbmc as reader
from exercisebook.sources.catalogue import dataset
from exercisebook.sources.cohorts import READERS, open_cohort
from exercisebook.sources.fetch import locate
from exercisebook.sources.kang_pbmc import (
    CELL_TYPES,
    CELLS_FILE,
    COUNTS_FILE,
    MOST_CELLS,
    kang_cells,
    read_kang_pbmc,
)
from exercisebook.sources.rfiles import read_r_objects, slot, sparse_matrix
from exercisebook.stats.cohort_effects import cohort_effects
from exercisebook.stats.schemas import EFFECTS

pytestmark = pytest.mark.open_data


@pytest.fixture(scope="module")
def files():
    found = locate(dataset("kang-pbmc"))
    if found is None:
        pytest.skip("the bytes of kang-pbmc are not at hand (EXERCISEBOOK_DATA)")
    return found


@pytest.fixture(scope="module")
def kang(files):
    return open_cohort("kang-pbmc")


@pytest.fixture(scope="module")
def cells(files):
    return kang_cells(files)


@pytest.fixture(scope="module")
def originals(files):
    return {name: read_r_objects(files[name]) for name in (COUNTS_FILE, CELLS_FILE)}


@pytest.fixture
def read_broken(files, originals, monkeypatch):
    """Return a function that reads a file whose objects were tampered with."""

    def reading(name, tamper):
        objects = copy.deepcopy(originals[name])
        tamper(objects)
        monkeypatch.setattr(reader, "read_r_objects", lambda path: objects)
        return {COUNTS_FILE: read_kang_pbmc, CELLS_FILE: kang_cells}[name](files)

    return reading


def counted(cohort):
    return cohort.measurements["cells"].pivot(index="sample_id", columns="feature", values="value")


# the cohort


def test_eight_donors_stand_once_in_each_condition(kang):
    assert len(kang.subjects) == 8
    pairs = kang.samples.groupby("subject")["phase"].apply(sorted)
    assert len(pairs) == 8
    assert all(phases == ["control", "stimulated"] for phases in pairs)
    assert set(kang.samples["arm"]) == {"dish"}


def test_counts_are_those_of_the_file_by_the_names_of_samples_and_types(kang, originals):
    raw = originals[COUNTS_FILE]["df_cellCounts"].to_pandas()
    found = counted(kang)
    for theirs, ours in CELL_TYPES.items():
        assert (found[ours] == raw[theirs].reindex(found.index)).all()
    assert found.at["ctrl1016", "cd8_t_cells"] == 532
    assert found.at["stim1488", "megakaryocytes"] == 26
    assert found.to_numpy().sum() == raw.to_numpy().sum()


def test_counts_and_samples_in_another_order_give_the_same_cohort(read_broken, kang):
    def reverse(objects):
        objects["df_cellCounts"] = objects["df_cellCounts"][::-1, ::-1]

    found = read_broken(COUNTS_FILE, reverse)
    pd.testing.assert_frame_equal(found.measurements["cells"], kang.measurements["cells"])


def test_every_count_is_a_whole_number_and_measured(kang):
    table = kang.measurements["cells"]
    assert (table["value"] % 1 == 0).all()
    assert set(table["status"]) == {"ok"}
    assert len(table) == 16 * 8


def test_no_cell_type_has_an_id_that_a_claim_could_meet(kang):
    assert kang.features["canonical_id"].isna().all()
    assert kang.contrasts["kind"].tolist() == ["group"]


def test_nothing_is_said_of_a_bout_or_of_the_donors_sex_and_age(kang):
    assert kang.samples[["day", "time_h", "hours_since_bout"]].isna().all().all()
    assert set(kang.subjects["sex"]) == {"unknown"}
    assert kang.subjects["age"].isna().all()


def test_the_cohort_obeys_the_rules_of_a_package_and_comes_back_from_one(kang, tmp_path):
    write_cohort(kang, tmp_path / "kang")
    back = read_cohort(tmp_path / "kang")
    pd.testing.assert_frame_equal(counted(back), counted(kang))
    assert back.features["canonical_id"].isna().all()


def test_the_cohort_goes_through_the_method_for_compositions(kang):
    found = cohort_effects(kang, "cells", [kang.contrast("stimulated:control")], "composition")
    EFFECTS.validate(found)
    assert set(found["feature"]) == set(CELL_TYPES.values())
    assert (found["n_subjects"] == 8).all()
    assert found["flag"].eq("").all()
    own = counted(kang) + 0.5
    share = own.div(own.sum(axis=1), axis=0)
    logit = np.log(share / (1 - share))
    donor = logit.index.str.slice(4)
    change = logit.set_index(donor)[logit.index.str.startswith("stim")].sub(
        logit.set_index(donor)[logit.index.str.startswith("ctrl")]
    )
    expected = change.mean().reindex(found["feature"])
    np.testing.assert_allclose(found["estimate"], expected)


def test_the_reader_is_found_by_the_name_of_the_data_set():
    assert READERS["kang-pbmc"] is read_kang_pbmc


@pytest.mark.filterwarnings("error")
def test_both_files_are_read_without_a_warning(files):
    assert set(read_r_objects(files[COUNTS_FILE])) == {"df_cellCounts", "info", "hcl"}
    assert set(read_r_objects(files[CELLS_FILE])) == {"example_sce"}


# single cells


def test_cells_are_of_two_donors_in_both_conditions(cells):
    assert cells.shape == (1556, 1267)
    table = pd.crosstab(cells.obs["donor"], cells.obs["condition"])
    assert table.loc["101"].to_dict() == {"control": 454, "stimulated": 500}
    assert table.loc["107"].to_dict() == {"control": 296, "stimulated": 306}


def test_cells_hold_raw_whole_counts_and_not_the_logarithms_beside_them(cells):
    assert sparse.issparse(cells.X)
    assert cells.X.format == "csr"
    assert cells.X.dtype == np.int32
    assert cells.X.min() == 0
    assert cells.X.max() == 1891


def test_counts_of_a_cell_are_those_of_the_files_column(cells, originals):
    matrix = slot(originals[CELLS_FILE], "example_sce", "assays", "data", "listData", "counts")
    raw, genes, names = sparse_matrix(matrix)
    assert list(cells.var_names) == genes
    assert list(cells.obs_names) == names
    np.testing.assert_array_equal(cells.X[700].toarray().ravel(), raw[:, 700].toarray().ravel())


def test_interferon_genes_are_higher_where_interferon_was_given(cells):
    stimulated = (cells.obs["condition"] == "stimulated").to_numpy()
    for gene in ("ISG15", "IFIT1", "IFI6"):
        counts = cells[:, gene].X.toarray().ravel()
        assert counts[stimulated].mean() > 10 * counts[~stimulated].mean()


def test_numbers_of_single_cells_were_cut_and_are_no_composition(cells, kang):
    table = pd.crosstab(cells.obs["sample_id"], cells.obs["cell_type"])
    assert table.to_numpy().max() == MOST_CELLS
    assert (table == MOST_CELLS).to_numpy().sum() >= 8
    whole = counted(kang)
    assert whole.at["ctrl101", "cd4_t_cells"] == 288
    # and more of one type than there were in all: the two files call types differently
    assert table.at["ctrl101", "fcgr3a_monocytes"] == 80
    assert whole.at["ctrl101", "fcgr3a_monocytes"] == 50


def test_genes_were_chosen_for_being_expressed(cells):
    seen = np.asarray((cells.X > 0).sum(axis=0)).ravel()
    assert seen.min() >= 50


# files that are not as described


def overwrite(frame, column, row, value):
    changed = frame[column].astype(object)
    changed.iloc[row] = value
    frame[column] = changed


@pytest.mark.parametrize("name", ["df_cellCounts", "info"])
def test_a_file_of_counts_without_an_object_is_refused(read_broken, name):
    with pytest.raises(Failure, match=rf"^IFNCellCounts\.rda: no {name}$"):
        read_broken(COUNTS_FILE, lambda objects: objects.pop(name))


@pytest.mark.parametrize("column", ["ind", "stim", "StimStatus", "multiplets"])
def test_a_table_of_samples_that_lacks_a_column_is_refused(read_broken, column):
    with pytest.raises(Failure, match=rf"IFNCellCounts\.rda: info: no column {column}; found"):
        read_broken(COUNTS_FILE, lambda objects: objects["info"].pop(column))


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("stim", "rest", r"info, column stim: rest: new or absent"),
        ("multiplets", "doublet", r"info, column multiplets: doublet: new or absent"),
        ("StimStatus", "stim", r"info, columns stim, StimStatus and ind .* ctrl101"),
        ("ind", "999", r"info, columns stim, StimStatus and ind .* ctrl101"),
    ],
)
def test_a_table_of_samples_with_something_new_is_refused(read_broken, column, value, said):
    with pytest.raises(Failure, match=rf"IFNCellCounts\.rda: {said}"):
        read_broken(COUNTS_FILE, lambda objects: overwrite(objects["info"], column, 0, value))


def test_a_donor_without_the_other_dish_is_refused(read_broken):
    def drop(objects):
        objects["info"] = objects["info"].iloc[1:]

    with pytest.raises(Failure, match=r"info, column ind: 8 donors, 7 of them once in each"):
        read_broken(COUNTS_FILE, drop)


def test_counts_of_fewer_types_are_refused(read_broken):
    def drop(objects):
        objects["df_cellCounts"] = objects["df_cellCounts"][:, 1:]

    with pytest.raises(Failure, match=r"df_cellCounts, columns: B cells: new or absent"):
        read_broken(COUNTS_FILE, drop)


def test_counts_of_fewer_samples_are_refused(read_broken):
    def drop(objects):
        objects["df_cellCounts"] = objects["df_cellCounts"][:-1]

    with pytest.raises(Failure, match=r"df_cellCounts, rows: stim1488: new or absent"):
        read_broken(COUNTS_FILE, drop)


def test_counts_without_names_are_refused(read_broken):
    def strip(objects):
        objects["df_cellCounts"] = objects["df_cellCounts"].to_numpy()

    with pytest.raises(Failure, match=r"df_cellCounts: no matrix with names"):
        read_broken(COUNTS_FILE, strip)


@pytest.mark.parametrize("value", [-1.0, 2.5, np.nan])
def test_counts_that_are_none_are_refused(read_broken, value):
    def spoil(objects):
        objects["df_cellCounts"] = objects["df_cellCounts"].astype(float)
        objects["df_cellCounts"][3, 7] = value

    with pytest.raises(Failure, match=rf"df_cellCounts, column NK cells: {value} where counts"):
        read_broken(COUNTS_FILE, spoil)


def assays(objects):
    return slot(objects, "example_sce", "assays", "data", "listData")


def cell_data(objects):
    return slot(objects, "example_sce", "colData", "listData")


def test_cells_without_their_assay_are_refused(read_broken):
    with pytest.raises(Failure, match=r"^example_sce\.rda: no assays/data/listData/counts$"):
        read_broken(CELLS_FILE, lambda objects: assays(objects).pop("counts"))


def test_an_assay_without_a_slot_is_refused(read_broken):
    with pytest.raises(Failure, match=r"^example_sce\.rda: assay counts: no slot p$"):
        read_broken(CELLS_FILE, lambda objects: delattr(assays(objects)["counts"], "p"))


def test_logarithms_in_the_place_of_counts_are_refused(read_broken):
    def swap(objects):
        assays(objects)["counts"] = assays(objects)["logcounts"]

    with pytest.raises(Failure, match=r"example_sce\.rda: assay counts: 2\.379.* where counts"):
        read_broken(CELLS_FILE, swap)


@pytest.mark.parametrize("column", ["sample_id", "group_id", "cluster_id"])
def test_cells_that_lack_a_column_are_refused(read_broken, column):
    with pytest.raises(Failure, match=rf"example_sce\.rda: colData: no column {column}; found"):
        read_broken(CELLS_FILE, lambda objects: cell_data(objects).pop(column))


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("group_id", "rest", "column group_id: rest: new or absent"),
        ("group_id", "stim", "columns sample_id and group_id do not agree: ctrl101"),
        ("sample_id", "101", "columns sample_id and group_id do not agree: 101"),
        ("cluster_id", "platelets", "column cluster_id: platelets: new"),
    ],
)
def test_cells_with_something_new_are_refused(read_broken, column, value, said):
    def change(objects):
        values = np.asarray(cell_data(objects)[column], object)
        values[0] = value
        cell_data(objects)[column] = values

    with pytest.raises(Failure, match=rf"example_sce\.rda: colData, {said}"):
        read_broken(CELLS_FILE, change)


def test_cells_in_another_order_than_their_counts_are_refused(read_broken):
    def turn(objects):
        held = slot(objects, "example_sce", "colData")
        held.rownames = held.rownames[::-1]

    with pytest.raises(Failure, match=r"colData, row names: other cells than those of assay"):
        read_broken(CELLS_FILE, turn)
