"""How far people chosen for a high value come down by themselves: formula against simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from exercisebook.errors import Misuse
from exercisebook.stats.regression_to_the_mean import (
    change_above_cutoff,
    change_above_quantile,
    reliability,
)

spreads = st.floats(0.05, 5)


def simulated_change(rng, cutoff, mean, between, within, baselines, people=2_000_000):
    """Return the mean change of those above the cutoff, and its Monte-Carlo error."""
    own = rng.normal(mean, between, people)
    baseline = own + rng.normal(0, within / np.sqrt(baselines), people)
    later = own + rng.normal(0, within, people)
    change = (later - baseline)[baseline > cutoff]
    return change.mean(), change.std() / np.sqrt(len(change))


@pytest.mark.parametrize("baselines", [1, 2, 5])
@pytest.mark.parametrize("cutoff", [-0.5, 1.0, 2.5])
def test_the_formula_is_what_a_simulation_finds(cutoff, baselines):
    rng = np.random.default_rng(7)
    found, error = simulated_change(rng, cutoff, 0.5, 1.0, 0.8, baselines)
    expected = change_above_cutoff(cutoff, 0.5, 1.0, 0.8, baselines)
    assert abs(found - expected) < 4.5 * error
    assert abs(expected) > 9 * error


def test_each_single_baseline_that_is_averaged_counts():
    rng = np.random.default_rng(8)
    own = rng.normal(0, 1, 400_000)
    baseline = (own + rng.normal(0, 1.2, (3, 400_000))).mean(axis=0)
    chosen = baseline > np.quantile(baseline, 0.8)
    change = (own + rng.normal(0, 1.2, 400_000) - baseline)[chosen].mean()
    assert change == pytest.approx(change_above_quantile(0.8, 1.0, 1.2, 3), abs=0.015)


@given(st.floats(0.01, 0.99), spreads, spreads, st.integers(1, 9))
def test_a_quantile_is_the_cutoff_that_it_stands_for(quantile, between, within, baselines):
    spread = np.sqrt(between**2 + within**2 / baselines)
    cutoff = 2.0 + spread * stats.norm.ppf(quantile)
    by_cutoff = change_above_cutoff(cutoff, 2.0, between, within, baselines)
    assert change_above_quantile(quantile, between, within, baselines) == pytest.approx(by_cutoff)


@given(st.floats(0.01, 0.99), spreads, spreads, st.integers(1, 9))
def test_more_baselines_and_a_steadier_assay_leave_less_to_regress(
    quantile, between, within, baselines
):
    change = change_above_quantile(quantile, between, within, baselines)
    assert change < 0
    assert change < change_above_quantile(quantile, between, within, baselines + 1)
    assert change < change_above_quantile(quantile, between, within / 2, baselines)


@given(spreads, spreads)
def test_the_stricter_the_choice_the_larger_the_fall(between, within):
    fall = change_above_quantile(np.linspace(0, 0.999, 50), between, within)
    assert (np.diff(fall) < 0).all()


@given(st.floats(0.05, 0.95), spreads, spreads, st.floats(0.1, 10))
def test_another_unit_scales_the_change(quantile, between, within, factor):
    one = change_above_quantile(quantile, between, within)
    other = change_above_quantile(quantile, factor * between, factor * within)
    assert other == pytest.approx(factor * one)


def test_nobody_regresses_where_all_were_enrolled_or_nothing_varies_within():
    assert change_above_quantile(0.0, 1.0, 1.0) == 0
    assert change_above_quantile(0.9, 1.0, 0.0) == 0
    assert change_above_cutoff(-1e9, 0.0, 1.0, 1.0) == 0


def test_people_who_do_not_differ_fall_all_the_way_back():
    # the whole excess over the mean was chance
    excess = 0.7978845608
    assert change_above_quantile(0.5, 0.0, 1.0) == pytest.approx(-excess)


def test_the_selected_halve_their_excess_where_half_of_the_variance_is_within():
    assert reliability(1.0, 1.0) == 0.5
    excess = 0.7978845608 * np.sqrt(2)
    assert change_above_quantile(0.5, 1.0, 1.0) == pytest.approx(-excess / 2)


def test_a_cutoff_far_out_still_has_an_answer():
    # forty spreads above the mean: the excess over the cutoff vanishes
    assert change_above_cutoff(40 * np.sqrt(2), 0.0, 1.0, 1.0) == pytest.approx(
        -20 * np.sqrt(2), rel=1e-3
    )


def test_arrays_broadcast():
    found = change_above_quantile(np.array([[0.5], [0.9]]), 1.0, 0.8, [1, 2, 4])
    assert found.shape == (2, 3)
    assert found[1, 2] == change_above_quantile(0.9, 1.0, 0.8, 4)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: reliability(-1.0, 1.0), "0 or above"),
        (lambda: reliability(1.0, [0.5, -0.1]), "0 or above"),
        (lambda: reliability(0.0, 0.0), "not both 0"),
        (lambda: reliability(1.0, 1.0, 0), "one measurement at least"),
        (lambda: change_above_quantile(1.0, 1.0, 1.0), "below 1"),
        (lambda: change_above_quantile(-0.1, 1.0, 1.0), "0 .everybody."),
        (lambda: change_above_cutoff(1.0, 0.0, -1.0, 1.0), "0 or above"),
    ],
)
def test_input_that_cannot_be_used_is_refused(call, words):
    with pytest.raises(Misuse, match=words):
        call()
