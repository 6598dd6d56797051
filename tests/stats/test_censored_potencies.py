"""One compound's potency from several assays."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from exercisebook.errors import Misuse
from exercisebook.stats.censored_potencies import (
    between_assay_ratios,
    compound_potency,
    pooled_between_assay_sd,
)


@given(st.lists(st.floats(-2, 6).map(lambda v: round(v, 3)), min_size=2, max_size=12, unique=True))
def test_without_bounds_the_interval_is_students(logs):
    found = compound_potency(logs, "=" * len(logs))
    low, high = stats.t.interval(0.95, len(logs) - 1, np.mean(logs), stats.sem(logs))
    assert found.estimate == pytest.approx(np.mean(logs), abs=1e-5)
    assert found.between_assay_sd == pytest.approx(np.std(logs), rel=1e-4)
    np.testing.assert_allclose([found.ci_low, found.ci_high], [low, high], rtol=1e-3, atol=1e-3)


def test_with_a_known_spread_the_interval_is_the_normal_one():
    found = compound_potency([2.0, 3.0], "==", 0.5)
    half = 1.959964 * 0.5 / np.sqrt(2)
    np.testing.assert_allclose(
        [found.estimate, found.ci_low, found.ci_high], [2.5, 2.5 - half, 2.5 + half], rtol=1e-5
    )
    assert found.sd_known


def test_one_measurement_has_an_interval_as_wide_as_assays_differ():
    found = compound_potency([np.log10(850)], "=", 0.7)
    assert found.ci_high - found.ci_low == pytest.approx(2 * 1.959964 * 0.7, rel=1e-4)


def test_a_bound_beyond_the_values_moves_the_centre_its_way():
    exact = compound_potency([1.0, 1.5, 2.0], "===")
    below = compound_potency([1.0, 1.5, 2.0, 0.5], "===<")
    above = compound_potency([1.0, 1.5, 2.0, 2.5], "===>")
    assert below.estimate < exact.estimate < above.estimate
    assert (below.n_assays, below.n_bounds) == (4, 1)


def test_a_bound_is_not_its_number():
    """A potency known to lie below 30 nM is lower than one of 30 nM."""
    bound = compound_potency([1.0, np.log10(30)], "=<", 0.5)
    number = compound_potency([1.0, np.log10(30)], "==", 0.5)
    assert bound.estimate < number.estimate


@pytest.mark.parametrize(("sign", "way"), [("<", -1), (">", 1)])
def test_bounds_of_one_side_alone_leave_the_interval_open(sign, way):
    found = compound_potency([2.0, 2.0, 2.5], sign * 3, 0.5)
    assert found.estimate == way * np.inf
    closed, open_ = (found.ci_high, found.ci_low) if way < 0 else (found.ci_low, found.ci_high)
    assert open_ == way * np.inf
    # where the three bounds together are as unlikely as 1.92 on the log scale
    height = stats.norm.logcdf(way * (closed - np.array([2.0, 2.0, 2.5])) / 0.5).sum()
    assert height == pytest.approx(-stats.chi2.ppf(0.95, 1) / 2, abs=1e-6)


def test_the_truth_is_found_where_a_third_are_bounds(no_numerical_warnings):
    rng = np.random.default_rng(1)
    naive, found, held = [], [], []
    for _ in range(120):
        truth = rng.normal(2, 0.6, 20)
        limit = 1.75
        relation = ["<" if value < limit else "=" for value in truth]
        logs = np.maximum(truth, limit)
        fit = compound_potency(logs, relation)
        found.append(fit.estimate)
        naive.append(logs.mean())
        held.append(fit.ci_low <= 2 <= fit.ci_high)
    assert np.mean(found) == pytest.approx(2, abs=0.05)
    assert np.mean(naive) > 2.1
    assert np.mean(held) > 0.9


def test_the_pooled_spread_is_unbiased_where_compounds_have_two_assays():
    rng = np.random.default_rng(2)
    compound = np.repeat(np.arange(2000), 2)
    logs = np.repeat(rng.normal(2, 1, 2000), 2) + rng.normal(0, 0.5, 4000)
    assert pooled_between_assay_sd(compound, logs) == pytest.approx(0.5, rel=0.03)


def test_ratios_leave_out_bounds_and_compounds_of_one_assay():
    table = pd.DataFrame(
        {
            "compound": ["a", "a", "a", "b", "b", "c"],
            "assay": ["1", "2", "3", "1", "2", "1"],
            "relation": ["=", "=", "<", "=", "=", "="],
            "ic50_nM": [10, 100, 1, 5, 10, 7.0],
        }
    )
    found = between_assay_ratios(table)
    assert found["compound"].tolist() == ["a", "b"]
    np.testing.assert_allclose(found["ratio"], [10, 2])
    np.testing.assert_allclose(found["lowest_nM"], [10, 5])


def test_repeats_in_one_assay_are_no_spread_between_assays():
    table = pd.DataFrame(
        {"compound": "a", "assay": ["1", "1"], "relation": "=", "ic50_nM": [1.0, 100.0]}
    )
    assert between_assay_ratios(table).empty


@pytest.mark.parametrize(
    ("logs", "relation", "sd", "words"),
    [
        ([], "", 0.5, "0 potencies"),
        ([1.0], "==", 0.5, "one for each"),
        ([1.0], "~", 0.5, "relation ~"),
        ([np.nan], "=", 0.5, "missing"),
        ([1.0], "=", 0.0, "above zero"),
        ([1.0], "=", None, "give the spread"),
        ([1.0, 1.0], "==", None, "give the spread"),
        ([1.0, 2.0], "=<", None, "give the spread"),
    ],
)
def test_potencies_that_cannot_be_used_are_refused(logs, relation, sd, words):
    with pytest.raises(Misuse, match=words):
        compound_potency(logs, relation, sd)


def test_a_spread_needs_a_compound_of_two_assays():
    with pytest.raises(Misuse, match="no compound"):
        pooled_between_assay_sd(["a", "b"], [1, 2])
