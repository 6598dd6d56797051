import gzip

import h5py
import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy.io import mmwrite
from scipy.sparse import csc_matrix, csr_matrix

from exercisebook.sources.importers.cells import read_10x, read_h5ad
from exercisebook.sources.importers.samples import Samples

from .conftest import IDS, problems_of

GENES = ["TXN", "TXN", "IL6", "CD74"]


def counts_of(cells, genes=4, seed=1):
    return np.random.default_rng(seed).poisson(2, (cells, genes)) + 1


def h5_of(path, counts, kinds=None, suffix="-1"):
    """Write counts, cells by features, as Cell Ranger 3 and later write them."""
    cells, genes = counts.shape
    matrix = csc_matrix(counts.T)
    names = [GENES[place] if place < len(GENES) else f"AB{place}" for place in range(genes)]
    with h5py.File(path, "w") as file:
        group = file.create_group("matrix")
        barcodes = [f"ACGT{place}{suffix}" for place in range(cells)]
        group["barcodes"] = np.array(barcodes, "S")
        group["data"] = matrix.data.astype(np.int32)
        group["indices"] = matrix.indices.astype(np.int64)
        group["indptr"] = matrix.indptr.astype(np.int64)
        group["shape"] = np.array(matrix.shape, np.int32)
        about = group.create_group("features")
        about["id"] = np.array([f"ENSG{place}" for place in range(genes)], "S")
        about["name"] = np.array(names, "S")
        about["feature_type"] = np.array(kinds or ["Gene Expression"] * genes, "S")
        about["genome"] = np.array(["GRCh38"] * genes, "S")
        about["_all_tag_keys"] = np.array(["genome"], "S")
    return path


def folder_of(path, counts):
    path.mkdir(parents=True)
    with gzip.open(path / "matrix.mtx.gz", "wb") as file:
        mmwrite(file, csr_matrix(counts.T), field="integer")
    lines = [f"ENSG{place}\t{name}\tGene Expression\n" for place, name in enumerate(GENES)]
    with gzip.open(path / "features.tsv.gz", "wt") as file:
        file.writelines(lines)
    with gzip.open(path / "barcodes.tsv.gz", "wt") as file:
        file.writelines(f"ACGT{place}-1\n" for place in range(len(counts)))
    return path


def test_files_of_samples_become_one_table_of_raw_counts(tmp_path, samples, recwarn):
    first = h5_of(tmp_path / f"{IDS[0]}.h5", counts_of(5))
    second = h5_of(tmp_path / f"{IDS[1]}.h5", counts_of(7, seed=2))
    cells = read_10x([first, second], [], samples).cells
    assert cells.obs["sample_id"].value_counts().to_dict() == {IDS[1]: 7, IDS[0]: 5}
    assert cells.X.dtype == np.int32
    assert (cells.X.toarray() == np.vstack([counts_of(5), counts_of(7, seed=2)])).all()
    assert cells.var_names.tolist() == ["TXN", "TXN-1", "IL6", "CD74"]
    assert cells.obs_names.is_unique
    assert not [w for w in recwarn if "not unique" in str(w.message)]


def test_the_folder_of_cell_ranger_names_the_sample_by_the_folder_above(tmp_path, samples):
    place = folder_of(tmp_path / IDS[2] / "filtered_feature_bc_matrix", counts_of(6))
    intake = read_10x([place], [], samples)
    assert set(intake.cells.obs["sample_id"]) == {IDS[2]}
    assert (intake.cells.X.toarray() == counts_of(6)).all()
    assert "6 cells of 1 sample" in intake.account.took[0]


def test_samples_are_said_in_the_order_of_the_files(tmp_path, samples):
    files = [h5_of(tmp_path / f"run{n}.h5", counts_of(3)) for n in range(2)]
    cells = read_10x(files, [IDS[4], IDS[3]], samples).cells
    assert cells.obs["sample_id"].tolist() == [IDS[4]] * 3 + [IDS[3]] * 3
    (fault,) = problems_of(read_10x, files, [IDS[4]], samples)
    assert fault.file == "--sample"


def test_antibodies_are_no_genes(tmp_path, samples):
    kinds = ["Gene Expression"] * 4 + ["Antibody Capture"] * 2
    path = h5_of(tmp_path / f"{IDS[0]}.h5", counts_of(5, 6), kinds)
    intake = read_10x([path], [], samples)
    assert intake.cells.n_vars == 4
    assert "2 of Antibody Capture" in intake.account.dropped[0]


def test_a_matrix_of_all_droplets_is_refused(tmp_path, samples):
    counts = counts_of(10)
    counts[5:] = 0
    (fault,) = problems_of(read_10x, [h5_of(tmp_path / "raw.h5", counts)], [IDS[0]], samples)
    assert "5 of 10 barcodes without a count" in fault.found


def test_a_file_of_several_samples_is_refused(tmp_path, samples):
    path = h5_of(tmp_path / "aggr.h5", counts_of(2))
    with h5py.File(path, "a") as file:
        file["matrix/barcodes"][...] = np.array(["ACGT0-1", "ACGT0-2"], "S")
    (fault,) = problems_of(read_10x, [path], [IDS[0]], samples)
    assert "1, 2" in fault.found


@pytest.mark.parametrize("what", ["absent", "text", "empty folder"])
def test_what_is_no_matrix_is_refused(tmp_path, samples, what):
    path = tmp_path / "x.h5"
    if what == "text":
        path.write_text("no matrix")
    elif what == "empty folder":
        path.mkdir()
    (fault,) = problems_of(read_10x, [path], [IDS[0]], samples)
    assert "x.h5" in fault.file


def ann(values, ids, **parts):
    obs = pd.DataFrame({"tube": ids, "n": 1}, index=[f"c{place}" for place in range(len(ids))])
    var = pd.DataFrame(index=["TXN", "IL6", "CD74"])
    return AnnData(np.asarray(values, float), obs, var, **parts)


def saved(path, data):
    data.write_h5ad(path)
    return path


COUNTS = np.arange(12).reshape(4, 3)
TUBES = [IDS[0], IDS[0], IDS[1], IDS[1]]


def test_raw_counts_are_found_wherever_they_lie_and_it_is_told(tmp_path, samples):
    logs = np.log1p(COUNTS)
    layered = ann(logs, TUBES, layers={"counts": COUNTS.astype(float)})
    kept = ann(logs, TUBES)
    kept.raw = ann(COUNTS, TUBES)
    for data, place in [(ann(COUNTS, TUBES), "X"), (layered, 'layers["counts"]'), (kept, "raw.X")]:
        intake = read_h5ad([saved(tmp_path / "a.h5ad", data)], "tube", samples)
        assert (intake.cells.X.toarray() == COUNTS).all()
        assert list(intake.cells.obs) == ["sample_id"]
        assert intake.account.noted[0].endswith(f"are those of {place}")


def test_logarithms_are_refused(tmp_path, samples):
    path = saved(tmp_path / "a.h5ad", ann(np.log1p(COUNTS), TUBES))
    (fault,) = problems_of(read_h5ad, [path], "tube", samples)
    assert "no whole numbers" in fault.found


def test_the_column_of_samples_is_asked_for(tmp_path, samples):
    path = saved(tmp_path / "a.h5ad", ann(COUNTS, TUBES))
    (fault,) = problems_of(read_h5ad, [path], "tubes", samples)
    assert "did you mean 'tube'?" in fault.repair


def test_cells_of_unknown_samples_are_refused_or_dropped(tmp_path, samples):
    path = saved(tmp_path / "a.h5ad", ann(COUNTS, [IDS[0], "x", "x", "x"]))
    (fault,) = problems_of(read_h5ad, [path], "tube", samples)
    assert "'x'" in fault.found
    intake = read_h5ad([path], "tube", Samples(samples.known, {}, drop_unknown=True))
    assert intake.cells.n_obs == 1


def test_a_damaged_h5ad_is_refused(tmp_path, samples):
    path = tmp_path / "a.h5ad"
    path.write_bytes(b"HDF")
    assert len(problems_of(read_h5ad, [path, tmp_path / "absent.h5ad"], "tube", samples)) == 2
