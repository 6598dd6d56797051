import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy import sparse

from exercisebook.errors import Misuse
from exercisebook.stats.cell_clusters import (
    agreement,
    cell_quality,
    communities,
    embedded,
    named_groups,
)

MARKERS = {"first": ("A0", "A1"), "second": ("B0", "B1")}


@pytest.fixture(scope="module")
def two_kinds():
    """Return 240 cells of two kinds and three persons, told apart by ten genes each."""
    rng = np.random.default_rng(3)
    kind = np.repeat([0, 1], 120)
    names = [f"A{i}" for i in range(10)] + [f"B{i}" for i in range(10)]
    names += [f"G{i}" for i in range(60)] + ["MT-ND1", "RPL3"]
    rate = np.full((240, len(names)), 2.0)
    rate[kind == 0, :10] = rate[kind == 1, 10:20] = 8.0
    rate[:, :20] += 0.2
    counts = sparse.csr_matrix(rng.poisson(rate).astype(np.int32))
    obs = pd.DataFrame({"subject": np.tile(["a", "b", "c"], 80), "kind": kind.astype(str)})
    obs.index = [f"c{i}" for i in range(240)]
    return AnnData(counts, obs, pd.DataFrame(index=names))


@pytest.fixture(scope="module")
def cells(two_kinds):
    return embedded(two_kinds, "subject", 1)


def test_quality_counts_molecules_genes_and_the_mitochondrial_share(two_kinds):
    table = cell_quality(two_kinds)
    raw = two_kinds.X.toarray()
    assert (table["molecules"] == raw.sum(axis=1)).all()
    assert (table["genes"] == (raw > 0).sum(axis=1)).all()
    own = list(two_kinds.var_names).index("MT-ND1")
    np.testing.assert_allclose(table["mitochondrial"], raw[:, own] / raw.sum(axis=1))


def test_genes_without_symbols_and_empty_cells_are_refused(two_kinds):
    plain = two_kinds.copy()
    plain.var_names = [f"g{i}" for i in range(plain.n_vars)]
    with pytest.raises(Misuse, match="MT-"):
        cell_quality(plain)
    empty = two_kinds.copy()
    empty.X = sparse.csr_matrix(empty.shape, dtype=np.int32)
    with pytest.raises(Misuse, match="240 cells hold no molecule"):
        cell_quality(empty)


def test_what_is_there_is_found_and_named(two_kinds, cells):
    groups = communities(cells, 0.3, 1)
    named = named_groups(cells, groups, MARKERS)
    truth = np.where(two_kinds.obs["kind"] == "0", "first", "second")
    assert agreement(named, truth) > 0.95


def test_raw_counts_stay_and_mitochondria_and_ribosomes_choose_nothing(two_kinds, cells):
    assert (cells.layers["counts"] != two_kinds.X).nnz == 0
    assert two_kinds.X.dtype == np.int32
    chosen = set(cells.var_names[cells.var["highly_variable"]])
    assert chosen
    assert not chosen & {"MT-ND1", "RPL3"}


def test_the_same_seed_gives_the_same_groups_and_larger_groups_come_first(cells):
    groups = communities(cells, 1.0, 7)
    assert (groups == communities(cells, 1.0, 7)).all()
    sizes = np.bincount(groups)
    assert (np.diff(sizes) <= 0).all()


def test_a_marker_that_was_not_measured_is_named(cells):
    with pytest.raises(Misuse, match="CD3D"):
        named_groups(cells, communities(cells, 1.0, 1), {"T cells": ("CD3D",)})


def test_agreement_is_one_for_the_same_and_near_nought_for_chance():
    rng = np.random.default_rng(4)
    one = rng.integers(0, 3, 3000)
    assert agreement(one, (one + 1) % 3) == 1.0
    assert abs(agreement(one, rng.permutation(one))) < 0.01
