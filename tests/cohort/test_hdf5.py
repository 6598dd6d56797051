"""A damaged HDF5 file ends as an error, and never as a process that hangs or is gone."""

import h5py
import numpy as np
import pytest

from exercisebook.cohort import hdf5
from exercisebook.cohort.hdf5 import read_through


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "cells.h5ad"
    with h5py.File(path, "w") as file:
        file.attrs["encoding"] = "anndata"
        file["X"] = np.arange(3_000_000, dtype=np.int32).reshape(3, -1)
        file.create_group("obs").attrs["order"] = ["a", "b"]
        file["scalar"] = 5
        file["empty"] = np.zeros((0, 4))
    return path


def test_a_sound_file_is_read_through(path):
    read_through(path)


def test_a_file_of_another_kind_is_left_alone(tmp_path):
    (tmp_path / "counts.mtx").write_text("%%MatrixMarket")
    read_through(tmp_path / "counts.mtx")


def test_a_file_that_was_cut_short_is_refused(path):
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(OSError, match="damaged"):
        read_through(path)


def test_a_file_in_which_the_reader_never_ends_is_refused(path, monkeypatch):
    monkeypatch.setattr(hdf5, "_READ_ALL", "import time; time.sleep(600)")
    monkeypatch.setattr(hdf5, "LEAST_SECONDS", 0.0)
    monkeypatch.setattr(hdf5, "BYTES_A_SECOND", 1e9)
    with pytest.raises(OSError, match="did not end"):
        read_through(path)


def test_a_file_that_ends_its_reader_is_refused(path, monkeypatch):
    monkeypatch.setattr(
        hdf5, "_READ_ALL", "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"
    )
    with pytest.raises(OSError, match="ended the reader"):
        read_through(path)
