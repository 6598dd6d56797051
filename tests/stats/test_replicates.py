import numpy as np
import pytest
from anndata import AnnData
from scipy import sparse, stats

from exercisebook.stats.replicates import (
    log_expression,
    p_over_cells,
    p_over_persons,
    share_below,
)


@pytest.fixture
def clustered():
    """Return 12 persons of 100 cells each, whose persons differ and whose sides do not."""
    rng = np.random.default_rng(1)
    persons = np.repeat([f"{i:02d}" for i in range(12)], 100).astype(object)
    own = rng.normal(0, 0.5, (12, 300))
    values = np.repeat(own, 100, axis=0) + rng.normal(0, 1, (1200, 300))
    return values, persons >= "06", persons


def test_cells_as_replicates_find_what_is_not_there_and_persons_do_not(clustered):
    values, later, persons = clustered
    assert share_below(p_over_cells(values, later)) > 0.4
    assert 0.02 < share_below(p_over_persons(values, later, persons, paired=False)) < 0.09


def test_a_gene_over_cells_is_scipys_rank_sum(clustered):
    values, later, _ = clustered
    one = stats.mannwhitneyu(values[later, 3], values[~later, 3], method="asymptotic").pvalue
    assert p_over_cells(values, later)[3] == pytest.approx(one)


def test_a_paired_test_compares_each_person_with_itself():
    rng = np.random.default_rng(2)
    persons = np.tile(np.repeat(list("abcdef"), 20), 2).astype(object)
    later = np.arange(240) >= 120
    values = rng.normal(0, 1, (240, 4))
    means = [[values[(persons == p) & (later == s), 0].mean() for p in "abcdef"] for s in (1, 0)]
    expected = stats.ttest_rel(*means).pvalue
    assert p_over_persons(values, later, persons, paired=True)[0] == pytest.approx(expected)


def test_genes_that_hardly_any_cell_holds_are_left_out_and_the_rest_scaled():
    counts = np.zeros((100, 3), int)
    counts[:, 0], counts[:50, 1], counts[0, 2] = 1, 3, 1
    values = log_expression(AnnData(sparse.csr_matrix(counts)))
    assert values.shape == (100, 2)
    assert values[60, 0] == pytest.approx(np.log1p(10_000))


def test_genes_without_a_p_value_take_no_part():
    assert share_below(np.array([0.01, np.nan, 0.9])) == 0.5
