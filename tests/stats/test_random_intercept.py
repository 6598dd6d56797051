"""Restricted likelihood of a random intercept, against matrices of samples by samples."""

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from scipy import linalg, optimize, stats

from exercisebook.stats import random_intercept
from exercisebook.stats.random_intercept import (
    HIGHEST,
    at_ratio,
    balanced_mean_squares,
    best_correlation,
    sums_in_batches,
)

seeds = st.integers(0, 2**32 - 1)
drawn = settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])


pytestmark = pytest.mark.usefixtures("no_numerical_warnings")


def study(seed=1, features=8, people=8, gaps=0.0, correlation=0.5):
    """Return values, columns (three phases and a covariate), persons with 1 to 4 samples."""
    rng = np.random.default_rng(seed)
    persons = rng.permutation(np.repeat(np.arange(people), np.arange(people) % 4 + 1))
    n = len(persons)
    x = np.column_stack([np.eye(3)[rng.permutation(np.arange(n) % 3)], rng.normal(size=n)])
    own = rng.normal(size=(people, features))[persons]
    y = 8 + np.sqrt(correlation) * own + np.sqrt(1 - correlation) * rng.normal(size=(n, features))
    y[rng.random(y.shape) < gaps] = np.nan
    return y, x, persons


def balanced(people=6, features=5, seed=2, group=False):
    """Return values, columns and persons: each has each of three phases, in one of two groups."""
    rng = np.random.default_rng(seed)
    persons, phase = np.divmod(np.arange(3 * people), 3)
    x = np.eye(3)[phase]
    if group:
        x = np.column_stack([x, persons % 2])
    y = rng.normal(size=(people, features))[persons] + rng.normal(size=(3 * people, features))
    return y, x, persons


def all_sums(y, x, persons):
    ((_, sums),) = sums_in_batches(y, x, persons)
    return sums


def deviance_of(y, x, persons, ratio) -> float:
    """Return minus twice the profiled restricted log-likelihood, from whole matrices."""
    there = np.isfinite(y)
    y, x, persons = y[there], x[there], persons[there]
    h = np.eye(len(y)) + ratio * (persons[:, None] == persons[None, :])
    information = x.T @ linalg.solve(h, x)
    b = linalg.solve(information, x.T @ linalg.solve(h, y))
    square = (y - x @ b) @ linalg.solve(h, y - x @ b)
    free = len(y) - x.shape[1]
    logs = np.linalg.slogdet(h)[1] + np.linalg.slogdet(information)[1]
    return free * np.log(square) + logs


# a balanced layout ------------------------------------------------------------------------------


def test_mean_squares_are_those_of_a_table_of_people_by_phases():
    y, x, persons = balanced()
    found = balanced_mean_squares(y, x, persons)
    cube = y.reshape(6, 3, -1)
    means = cube.mean(axis=1)
    between = 3 * ((means - means.mean(axis=0)) ** 2).sum(axis=0) / 5
    rest = cube - means[:, None] - cube.mean(axis=0) + cube.mean(axis=(0, 1))
    np.testing.assert_allclose(found.between, between, rtol=1e-10)
    np.testing.assert_allclose(found.within, (rest**2).sum(axis=(0, 1)) / 10, rtol=1e-10)
    assert (found.df_between, found.df_within, found.size) == (5, 10, 3)
    np.testing.assert_allclose(found.coefficients, cube.mean(axis=0).T, rtol=1e-10)


def test_groups_of_persons_take_from_the_degrees_of_freedom_between():
    y, x, persons = balanced(group=True)
    found = balanced_mean_squares(y, x, persons)
    assert (found.df_between, found.df_within) == (4, 10)
    means = y.reshape(6, 3, -1).mean(axis=1)
    within_groups = [3 * means[g::2].var(axis=0, ddof=1) for g in (0, 1)]
    np.testing.assert_allclose(found.between, np.mean(within_groups, axis=0), rtol=1e-10)


def test_the_two_parts_of_the_covariance_make_up_that_of_generalised_least_squares():
    y, x, persons = balanced(group=True)
    found = balanced_mean_squares(y, x, persons)
    total, within = 2.5, 0.7
    sigma = within * np.eye(18) + (total - within) / 3 * (persons[:, None] == persons)
    expected = np.linalg.inv(x.T @ np.linalg.solve(sigma, x))
    ours = total * found.cov_between + within * found.cov_within
    np.testing.assert_allclose(ours, expected, atol=1e-12)


def test_more_features_than_fit_a_cache_have_the_mean_squares_of_each(monkeypatch):
    y, x, persons = balanced(features=50)
    once = balanced_mean_squares(y, x, persons)
    monkeypatch.setattr("exercisebook.stats.linear._PART", 7)
    again = balanced_mean_squares(y, x, persons)
    np.testing.assert_allclose(again.between, once.between, rtol=1e-12)
    np.testing.assert_allclose(again.within, once.within, rtol=1e-12)
    np.testing.assert_allclose(again.coefficients, once.coefficients, rtol=1e-12)


def test_a_layout_with_a_gap_is_not_balanced():
    y, x, persons = balanced()
    y[4, 2] = np.nan
    assert balanced_mean_squares(y, x, persons) is None


def test_a_layout_with_unequal_persons_is_not_balanced():
    y, x, persons = balanced()
    assert balanced_mean_squares(y[1:], x[1:], persons[1:]) is None


def test_a_covariate_that_varies_between_and_within_persons_is_not_balanced():
    y, x, persons = balanced()
    x = np.column_stack([x, np.random.default_rng(1).normal(size=18)])
    assert balanced_mean_squares(y, x, persons) is None


def test_a_covariate_that_varies_alike_in_all_persons_is_balanced():
    y, x, persons = balanced()
    x = np.column_stack([np.ones(18), np.tile([0.0, 1.0, 4.0], 6)])
    assert balanced_mean_squares(y, x, persons).df_within == 11


def test_phases_that_not_all_persons_share_are_not_balanced():
    persons = np.repeat(np.arange(6), 2)
    phase = np.array([0, 1, 0, 1, 0, 1, 0, 2, 0, 2, 1, 2])
    y = np.random.default_rng(1).normal(size=(12, 2))
    assert balanced_mean_squares(y, np.eye(3)[phase], persons) is None


# the model at a ratio ---------------------------------------------------------------------------


@pytest.mark.parametrize("gaps", [0, 0.2], ids=["complete", "gaps"])
@pytest.mark.parametrize("ratio", [-0.2, 0.0, 0.7, 50.0])
def test_the_model_at_a_ratio_is_generalised_least_squares(ratio, gaps):
    y, x, persons = study(gaps=gaps)
    sums = all_sums(y, x, persons)
    found = at_ratio(sums, np.full(8, ratio))
    for g in range(8):
        there = np.isfinite(y[:, g])
        y_g, x_g, p_g = y[there, g], x[there], persons[there]
        h = np.eye(len(y_g)) + ratio * (p_g[:, None] == p_g[None, :])
        inverse = np.linalg.inv(x_g.T @ np.linalg.solve(h, x_g))
        b = inverse @ x_g.T @ np.linalg.solve(h, y_g)
        rest = y_g - x_g @ b
        np.testing.assert_allclose(found.inverse[g], inverse, rtol=1e-7, atol=1e-10)
        np.testing.assert_allclose(sums.start[g] + found.coefficients[g], b, rtol=1e-8)
        assert found.square[g] == pytest.approx(rest @ np.linalg.solve(h, rest), rel=1e-8)
        np.testing.assert_allclose(found.rests[g], np.bincount(p_g, rest, 8), atol=1e-8)


@pytest.mark.parametrize("gaps", [0, 0.2], ids=["complete", "gaps"])
def test_differences_of_the_deviance_are_those_of_whole_matrices(gaps):
    y, x, persons = study(gaps=gaps)
    sums = all_sums(y, x, persons)
    low, high = (at_ratio(sums, np.full(8, r)).deviance for r in (0.1, 3.0))
    expected = [
        deviance_of(y[:, g], x, persons, 3.0) - deviance_of(y[:, g], x, persons, 0.1)
        for g in range(8)
    ]
    np.testing.assert_allclose(high - low, expected, atol=1e-8)


@drawn
@given(seed=seeds, ratio=st.floats(-0.2, 1e3), gaps=st.sampled_from([0.0, 0.2]))
def test_the_slope_is_the_derivative_of_the_deviance(seed, ratio, gaps):
    y, x, persons = study(seed, gaps=gaps, people=10)
    sums = all_sums(y, x, persons)
    step = 1e-5 * (0.25 + ratio)
    after, before = (at_ratio(sums, np.full(8, ratio + s)).deviance for s in (step, -step))
    slope = at_ratio(sums, np.full(8, ratio)).slope
    scale = 10 / (0.25 + ratio)
    np.testing.assert_allclose((after - before) / (2 * step), slope, rtol=1e-4, atol=1e-4 * scale)


def test_a_phase_that_a_feature_lacks_is_left_out_of_its_model():
    y, x, persons = study()
    y[x[:, 2] == 1, 0] = np.nan
    sums = all_sums(y, x, persons)
    found = at_ratio(sums, np.full(8, 0.7))
    rest = x[:, 2] != 1
    alone = at_ratio(all_sums(y[rest], x[rest][:, [0, 1, 3]], persons[rest]), np.full(8, 0.7))
    np.testing.assert_allclose(found.square[0], alone.square[0], rtol=1e-9)
    kept = np.ix_([0, 1, 3], [0, 1, 3])
    np.testing.assert_allclose(found.inverse[0][kept], alone.inverse[0], rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(found.inverse[0][2], 0, atol=1e-9)
    assert sums.rank[0] == 3
    assert (sums.rank[1:] == 4).all()
    np.testing.assert_allclose(sums.null[0], np.diag([0, 0, 1, 0]), atol=1e-9)
    assert np.abs(sums.null[1:]).max() < 1e-12


def test_sums_of_chosen_features_are_sums_of_those_alone():
    y, x, persons = study(gaps=0.1)
    chosen = np.array([5, 2, 2])
    ratio = np.array([0.1, 0.5, 2.0])
    one = at_ratio(all_sums(y, x, persons).of(chosen), ratio)
    other = at_ratio(all_sums(y[:, chosen], x, persons), ratio)
    np.testing.assert_allclose(one.deviance, other.deviance, rtol=1e-9)
    np.testing.assert_allclose(one.slope, other.slope, rtol=1e-7)


# the best correlation ---------------------------------------------------------------------------


@pytest.mark.parametrize("gaps", [0, 0.2], ids=["complete", "gaps"])
@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.9])
def test_the_best_correlation_is_where_whole_matrices_have_their_optimum(gaps, correlation):
    y, x, persons = study(gaps=gaps, correlation=correlation, people=12)
    found = best_correlation(all_sums(y, x, persons), 0.0)
    for g in range(8):

        def at(rho, g=g):
            return deviance_of(y[:, g], x, persons, rho / (1 - rho))

        best = optimize.minimize_scalar(at, bounds=(0, 0.9999), options={"xatol": 1e-10}).x
        expected = best if at(best) < at(0.0) else 0.0
        assert found[g] == pytest.approx(expected, abs=1e-5)


@drawn
@given(seed=seeds, correlation=st.sampled_from([0.0, 0.3, 0.9, 0.999]))
@example(seed=161671004, correlation=0.0)  # two valleys, the deeper one narrow
def test_no_correlation_on_a_fine_grid_is_better(seed, correlation):
    y, x, persons = study(seed, gaps=0.15, correlation=correlation, people=9)
    sums = all_sums(y, x, persons)
    found = best_correlation(sums, 0.0)
    told = np.isfinite(found)
    assert told.any()
    ours = at_ratio(sums, np.where(told, found / (1 - found), 0.0)).deviance
    for rho in np.append(np.linspace(0, 0.95, 100), 1 - np.geomspace(0.05, 1e-6, 50)):
        grid = at_ratio(sums, np.full(8, rho / (1 - rho))).deviance
        assert (ours[told] <= grid[told] + 1e-4).all()


def test_the_search_finds_the_closed_form_of_a_balanced_layout():
    y, x, persons = balanced(people=9, features=300, group=True)
    squares = balanced_mean_squares(y, x, persons)
    closed = (squares.between - squares.within) / (squares.between + 2 * squares.within)
    sums = all_sums(y, x, persons)
    assert (closed < 0).any()
    np.testing.assert_allclose(best_correlation(sums, -0.49), np.maximum(closed, -0.49), atol=1e-8)
    np.testing.assert_allclose(best_correlation(sums, 0.0), np.maximum(closed, 0.0), atol=1e-8)


@pytest.mark.parametrize("ratio", [1e2, 1e4])
def test_persons_that_differ_by_orders_of_magnitude_have_their_correlation(ratio):
    y, x, persons = balanced(people=9, features=200)
    rng = np.random.default_rng(3)
    y = np.sqrt(ratio) * rng.normal(size=(9, 200))[persons] + rng.normal(size=y.shape)
    squares = balanced_mean_squares(y, x, persons)
    closed = (squares.between - squares.within) / (squares.between + 2 * squares.within)
    found = best_correlation(all_sums(y, x, persons), 0.0)
    np.testing.assert_allclose(1 - found, 1 - closed, rtol=1e-4)


def test_values_that_do_not_vary_within_persons_end_at_the_highest_correlation():
    y, x, persons = balanced()
    y[:] = 8 + np.random.default_rng(1).normal(size=6)[persons][:, None]
    np.testing.assert_array_equal(best_correlation(all_sums(y, x, persons), 0.0), HIGHEST)


def test_features_without_a_likelihood_have_no_correlation():
    y, x, persons = balanced()
    y[:, 0] = np.nan
    y[:, 1] = 0.0
    # one value of each person
    y[(np.arange(18) + persons) % 3 != 0, 2] = np.nan
    found = best_correlation(all_sums(y, x, persons), 0.0)
    np.testing.assert_array_equal(np.isnan(found), [True, True, True, False, False])


def test_features_in_several_batches_are_features_at_once(monkeypatch):
    y, x, persons = study(features=20, gaps=0.1)
    once = best_correlation(all_sums(y, x, persons), 0.0)
    monkeypatch.setattr(random_intercept, "_BLOCK_CELLS", 3 * (len(y) + 8 * 6))
    batches = list(sums_in_batches(y, x, persons))
    assert len(batches) == 7
    found = np.empty(20)
    for part, sums in batches:
        found[part] = best_correlation(sums, 0.0)
    np.testing.assert_allclose(found, once, atol=1e-9)


def test_no_features_have_no_correlations():
    y, x, persons = balanced(features=0)
    assert best_correlation(all_sums(y, x, persons), 0.0).shape == (0,)


def test_the_correlation_of_many_draws_is_that_which_drew_them():
    y, x, persons = study(seed=5, features=3000, people=16, gaps=0.1, correlation=0.4)
    found = best_correlation(all_sums(y, x, persons), -0.3)
    # restricted likelihood has little bias
    assert stats.trim_mean(found, 0.05) == pytest.approx(0.4, abs=0.03)
