"""What a study finds where there is nothing, and p values measured against that."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from exercisebook.errors import Misuse
from exercisebook.stats.negative_controls import (
    EmpiricalNull,
    calibrated_interval,
    calibrated_p,
    empirical_null,
)

NONE = EmpiricalNull(0.0, 0.0)


def controls(rng, mean=0.3, sd=0.2, m=400):
    se = rng.uniform(0.05, 0.4, m)
    return rng.normal(mean, np.hypot(sd, se)), se


def log_likelihood(estimates, se, mean, sd):
    return stats.norm.logpdf(estimates, mean, np.hypot(sd, se)).sum()


def test_the_systematic_error_that_was_put_in_is_found():
    rng = np.random.default_rng(1)
    found = [empirical_null(*controls(rng)) for _ in range(40)]
    assert np.mean([null.mean for null in found]) == pytest.approx(0.3, abs=0.01)
    assert np.mean([null.sd for null in found]) == pytest.approx(0.2, abs=0.01)


def test_controls_without_systematic_error_give_nearly_none():
    rng = np.random.default_rng(2)
    null = empirical_null(*controls(rng, mean=0.0, sd=0.0))
    assert abs(null.mean) < 0.03
    assert null.sd < 0.06


def test_controls_that_differ_less_than_their_errors_have_no_spread_at_all():
    se = np.array([0.5, 0.6, 0.7, 0.8])
    estimates = np.array([0.30, 0.31, 0.29, 0.32])
    null = empirical_null(estimates, se)
    assert null.sd == 0
    assert null.mean == pytest.approx(np.average(estimates, weights=se**-2.0))


def test_controls_that_all_agree_have_their_common_value():
    assert empirical_null([0.4] * 3, [0.1, 0.2, 0.3]) == EmpiricalNull(0.4, 0.0)


def test_controls_of_equal_error_have_the_answer_in_closed_form():
    estimates, se = np.array([-1.0, 0.2, 0.9, 1.7]), np.full(4, 0.3)
    null = empirical_null(estimates, se)
    assert null.mean == pytest.approx(estimates.mean())
    assert null.sd == pytest.approx(np.sqrt(estimates.var() - 0.09), rel=1e-6)


@given(st.integers(0, 10_000), st.integers(3, 30))
def test_no_other_normal_explains_the_controls_better(seed, m):
    rng = np.random.default_rng(seed)
    estimates, se = controls(rng, m=m)
    se = se * 10 ** rng.uniform(-2, 1, m)
    null = empirical_null(estimates, se)
    best = log_likelihood(estimates, se, null.mean, null.sd)
    starts = [(0.0, 0.01), (estimates.mean(), estimates.std()), (np.median(estimates), 1.0)]
    for start in starts:
        other = optimize.minimize(
            lambda at: -log_likelihood(estimates, se, at[0], abs(at[1])),
            start,
            method="Nelder-Mead",
        )
        assert best >= -other.fun - 1e-5


@given(st.integers(0, 1000), st.floats(-3, 3), st.floats(0.1, 10))
def test_another_unit_or_origin_moves_the_null_with_it(seed, shift, factor):
    estimates, se = controls(np.random.default_rng(seed), m=12)
    one = empirical_null(estimates, se)
    other = empirical_null(factor * estimates + shift, factor * se)
    assert other.mean == pytest.approx(factor * one.mean + shift, abs=1e-4 * factor)
    assert other.sd == pytest.approx(factor * one.sd, abs=1e-4 * factor)


def test_without_systematic_error_a_calibrated_p_value_is_the_plain_one():
    z = np.array([-3.0, -1.0, 0.0, 2.5])
    np.testing.assert_allclose(calibrated_p(0.2 * z, 0.2, NONE), 2 * stats.norm.sf(np.abs(z)))


def test_calibrated_p_values_of_fresh_controls_are_even_where_plain_ones_are_not():
    rng = np.random.default_rng(3)
    null = empirical_null(*controls(rng))
    estimates, se = controls(rng, m=20_000)
    plain = 2 * stats.norm.sf(np.abs(estimates) / se)
    calibrated = calibrated_p(estimates, se, null)
    assert (plain < 0.05).mean() > 0.3
    assert (calibrated < 0.05).mean() == pytest.approx(0.05, abs=0.02)
    np.testing.assert_allclose(
        np.quantile(calibrated, [0.25, 0.5, 0.75]), [0.25, 0.5, 0.75], atol=0.05
    )


def test_calibrated_intervals_hold_the_truth_where_the_error_adds_to_every_effect():
    rng = np.random.default_rng(4)
    null = empirical_null(*controls(rng))
    estimates, se = controls(rng, m=20_000)
    low, high = calibrated_interval(estimates + 0.7, se, null)
    assert ((low <= 0.7) & (high >= 0.7)).mean() == pytest.approx(0.95, abs=0.02)


@given(st.floats(-3, 3), st.floats(0.05, 2), st.floats(-1, 1), st.floats(0, 1))
def test_an_interval_leaves_zero_out_just_where_the_p_value_is_small(estimate, se, mean, sd):
    null = EmpiricalNull(mean, sd)
    p = calibrated_p(estimate, se, null)
    low, high = calibrated_interval(estimate, se, null)
    if abs(p - 0.05) > 1e-9:
        assert (p < 0.05) == (low > 0 or high < 0)


def test_a_higher_level_is_wider_and_a_missing_estimate_stays_missing():
    null = EmpiricalNull(0.1, 0.2)
    low, high = calibrated_interval([1.0, np.nan], [0.3, 0.3], null, level=0.99)
    assert low[0] < calibrated_interval(1.0, 0.3, null)[0]
    assert np.isnan([low[1], high[1], calibrated_p(np.nan, 0.3, null)]).all()


@pytest.mark.parametrize(
    ("estimates", "se", "words"),
    [
        ([0.1, 0.2], [0.1, 0.1], "2 negative controls"),
        ([0.1, 0.2, 0.3], [0.1, 0.1], "differ in length"),
        ([0.1, np.nan, 0.3], [0.1, 0.1, 0.1], "missing or infinite"),
        ([0.1, 0.2, 0.3], [0.1, 0.0, 0.1], "not above zero"),
    ],
)
def test_controls_that_cannot_be_used_are_refused(estimates, se, words):
    with pytest.raises(Misuse, match=words):
        empirical_null(estimates, se)
