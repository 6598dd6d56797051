"""Least squares with persons as blocks, against statsmodels with a column a person."""

import warnings

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from statsmodels.tools.sm_exceptions import SingularMatrixWarning

from exercisebook.stats import linear
from exercisebook.stats.linear import Estimates, LinearFit, contrast_of, joint_statistic, linear_fit

BLOCKED = [-1.0, 1.0, 0.0, 0.0]
"""Phase b against phase a, in the columns of ``study``."""

seeds = st.integers(0, 2**32 - 1)
drawn = settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])


pytestmark = pytest.mark.usefixtures("no_numerical_warnings")


def study(seed=1, features=6, gaps=0.0, people=11):
    """Return values, columns (three phases and a covariate) and persons with 1 to 4 samples."""
    rng = np.random.default_rng(seed)
    sizes = rng.permutation(np.arange(people) % 4 + 1)
    persons = rng.permutation(np.repeat(np.arange(people), sizes))
    phase = rng.permutation(np.arange(len(persons)) % 3)
    columns = np.column_stack([np.eye(3)[phase], rng.normal(0, 30, len(persons))])
    y = 8 + rng.normal(size=(people, features))[persons] + rng.normal(size=(len(phase), features))
    y[rng.random(y.shape) < gaps] = np.nan
    return y, columns, persons


def balanced(features=4, people=5, seed=2):
    """Return values, an indicator of each of three phases, and persons with one sample of each."""
    rng = np.random.default_rng(seed)
    persons, phase = np.divmod(np.arange(3 * people), 3)
    return rng.normal(size=(3 * people, features)), np.eye(3)[phase], persons


def with_persons(columns, persons):
    """Return the columns but the first phase, which the persons' own make up."""
    return np.column_stack([columns[:, 1:], np.eye(persons.max() + 1)[persons]])


def for_dense(contrasts, persons):
    """Return contrasts of phases in the columns of ``with_persons``."""
    asked = np.atleast_2d(np.asarray(contrasts, float))
    return np.hstack([asked[:, 1:], np.zeros((len(asked), persons.max() + 1))])


def dense(y, columns, w=None):
    """Return one feature's fit by statsmodels, on the values there are."""
    there = np.isfinite(y)
    # a person without a value has an empty column
    with warnings.catch_warnings(action="ignore", category=SingularMatrixWarning):
        return sm.WLS(y[there], columns[there], 1.0 if w is None else w[there]).fit()


def told(fit: LinearFit, contrast) -> tuple[np.ndarray, np.ndarray]:
    found = contrast_of(fit, contrast)
    return found.estimate, found.unscaled * np.sqrt(fit.variance)


def same_fit(one: LinearFit, other: LinearFit, rtol=1e-10) -> None:
    for name in ("variance", "df", "level", "n_observations", "n_subjects", "coefficients"):
        np.testing.assert_allclose(
            getattr(one, name), getattr(other, name), rtol=rtol, atol=1e-12, err_msg=name
        )
    np.testing.assert_allclose(one.covariance, other.covariance, rtol=rtol, atol=1e-12)


# persons as blocks ------------------------------------------------------------------------------


@pytest.mark.parametrize("weighted", [False, True], ids=["", "weights"])
@pytest.mark.parametrize("gaps", [0, 0.15], ids=["complete", "gaps"])
def test_blocks_of_unequal_size_are_a_column_for_each_person(gaps, weighted):
    y, x, persons = study(gaps=gaps)
    w = np.random.default_rng(5).gamma(2, size=y.shape) if weighted else None
    fit = linear_fit(y, x, persons, weights=w)
    for contrast in (BLOCKED, [0, -1, 1, 0], [0, 0, 0, 1]):
        estimate, se = told(fit, contrast)
        assert np.isfinite(estimate).all()
        for g in range(y.shape[1]):
            expected = dense(y[:, g], with_persons(x, persons), None if w is None else w[:, g])
            t = expected.t_test(for_dense(contrast, persons))
            assert estimate[g] == pytest.approx(t.effect.item(), rel=1e-8, abs=1e-10)
            assert se[g] == pytest.approx(t.sd.item(), rel=1e-8)
            assert fit.df[g] == expected.df_resid
            assert fit.variance[g] == pytest.approx(expected.scale, rel=1e-8)


@pytest.mark.parametrize("gaps", [0, 0.15], ids=["complete", "gaps"])
def test_without_persons_it_is_ordinary_least_squares(gaps):
    y, x, _ = study(gaps=gaps)
    fit = linear_fit(y, x)
    estimate, se = told(fit, BLOCKED)
    for g in range(y.shape[1]):
        expected = dense(y[:, g], x)
        t = expected.t_test(BLOCKED)
        assert (estimate[g], se[g]) == pytest.approx((t.effect.item(), t.sd.item()), rel=1e-9)
        assert fit.df[g] == expected.df_resid
        np.testing.assert_allclose(fit.coefficients[g], expected.params, rtol=1e-9)


def test_one_weight_a_sample_serves_all_features():
    y, x, persons = study(gaps=0.1)
    w = np.random.default_rng(3).gamma(2, size=len(y))
    one = linear_fit(y, x, persons, weights=w)
    same_fit(one, linear_fit(y, x, persons, weights=np.tile(w[:, None], y.shape[1])))
    assert not np.allclose(one.coefficients, linear_fit(y, x, persons).coefficients)


@pytest.mark.parametrize("correlation", [None, 0.4])
def test_only_the_ratios_of_weights_matter_for_t(correlation):
    y, x, persons = study(gaps=0.1)
    w = np.random.default_rng(3).gamma(2, size=y.shape)
    estimate, se = told(linear_fit(y, x, persons, correlation, w), BLOCKED)
    again, se_again = told(linear_fit(y, x, persons, correlation, 1e6 * w), BLOCKED)
    np.testing.assert_allclose(again, estimate, rtol=1e-9)
    np.testing.assert_allclose(se_again, se, rtol=1e-9)


@pytest.mark.parametrize("correlation", [None, -0.2, 0.6])
def test_equal_weights_are_no_weights(correlation):
    y, x, persons = study()
    one = linear_fit(y, x, persons, correlation)
    same_fit(one, linear_fit(y, x, persons, correlation, np.ones(y.shape)), rtol=1e-9)


def test_a_person_with_one_value_adds_nothing_within_persons():
    y, x, persons = study(gaps=0.2)
    counts = np.stack([np.bincount(persons, np.isfinite(column), 11) for column in y.T], axis=1)
    alone = (counts == 1)[persons] & np.isfinite(y)
    assert alone.any(axis=0).all()
    fit, without = linear_fit(y, x, persons), linear_fit(np.where(alone, np.nan, y), x, persons)
    np.testing.assert_allclose(fit.variance, without.variance, rtol=1e-9)
    np.testing.assert_allclose(told(fit, BLOCKED), told(without, BLOCKED), rtol=1e-8)
    np.testing.assert_array_equal(fit.df, without.df)
    np.testing.assert_array_equal(fit.n_subjects, (counts > 0).sum(axis=0))


def test_values_and_persons_and_the_level_are_counted_by_feature():
    y, x, persons = study(gaps=0.3)
    there = np.isfinite(y)
    fit = linear_fit(y, x, persons)
    np.testing.assert_array_equal(fit.n_observations, there.sum(axis=0))
    people = [len(set(persons[there[:, g]])) for g in range(y.shape[1])]
    np.testing.assert_array_equal(fit.n_subjects, people)
    assert min(people) < 11
    np.testing.assert_allclose(fit.level, np.nanmean(y, axis=0), rtol=1e-12)
    np.testing.assert_array_equal(linear_fit(y, x).n_subjects, there.sum(axis=0))


@pytest.mark.parametrize("gaps", [0, 0.2])
@pytest.mark.parametrize("correlation", [None, 0.5])
def test_codes_of_persons_may_have_holes(gaps, correlation):
    y, x, persons = study(gaps=gaps)
    same_fit(linear_fit(y, x, 2 * persons + 3, correlation), linear_fit(y, x, persons, correlation))


@drawn
@given(seed=seeds, correlation=st.sampled_from([None, 0.3]))
def test_the_order_of_samples_and_the_names_of_persons_do_not_matter(seed, correlation):
    y, x, persons = study(seed, features=3, gaps=0.15, people=9)
    rng = np.random.default_rng(seed)
    order, names = rng.permutation(len(y)), rng.permutation(9)
    one = linear_fit(y, x, persons, correlation)
    other = linear_fit(y[order], x[order], names[persons][order], correlation)
    # coefficients of columns that feature cannot tell apart are of least norm, so the same too
    same_fit(one, other, rtol=1e-7)


@drawn
@given(
    seed=seeds,
    level=st.sampled_from([0.0, -1e3, 1e6]),
    scale=st.sampled_from([1e-6, 1.0, 1e4]),
    correlation=st.sampled_from([None, 0.5]),
)
def test_t_does_not_depend_on_units_nor_on_the_level(seed, level, scale, correlation):
    y, x, persons = study(seed, features=3, gaps=0.1, people=9)
    estimate, se = told(linear_fit(y, x, persons, correlation), BLOCKED)
    moved, se_moved = told(linear_fit(level + scale * y, x, persons, correlation), BLOCKED)
    rounding = 1e-13 * (1 + abs(level) / scale)
    scatter = np.nanmax(se)
    np.testing.assert_allclose(moved / scale, estimate, rtol=0, atol=100 * scatter * rounding)
    np.testing.assert_allclose(se_moved / scale, se, rtol=max(1e-9, 1e3 * rounding))


@drawn
@given(seed=seeds, length=st.sampled_from([1e-9, 1e-3, 1e3, 1e9]))
def test_the_units_of_a_covariate_do_not_matter(seed, length):
    y, x, persons = study(seed, features=3, gaps=0.1, people=9)
    fit, other = linear_fit(y, x, persons), linear_fit(y, x * [1, 1, 1, length], persons)
    np.testing.assert_allclose(told(other, BLOCKED), told(fit, BLOCKED), rtol=1e-7, atol=1e-9)
    slope, se = told(fit, [0, 0, 0, 1])
    slope_in_other, se_in_other = told(other, [0, 0, 0, 1])
    np.testing.assert_allclose(slope_in_other * length, slope, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(se_in_other * length, se, rtol=1e-7)


# persons as correlated blocks -------------------------------------------------------------------


def correlated(persons, correlation):
    same = persons[:, None] == persons[None, :]
    return np.where(same, correlation, 0.0) + (1 - correlation) * np.eye(len(persons))


@pytest.mark.parametrize("gaps", [0, 0.15], ids=["complete", "gaps"])
@pytest.mark.parametrize("correlation", [-0.3, 0.0, 0.5, 0.95])
def test_a_correlation_is_generalised_least_squares(correlation, gaps):
    y, x, persons = study(gaps=gaps)
    fit = linear_fit(y, x, persons, correlation)
    estimate, se = told(fit, BLOCKED)
    for g in range(y.shape[1]):
        there = np.isfinite(y[:, g])
        sigma = correlated(persons[there], correlation)
        expected = sm.GLS(y[there, g], x[there], sigma).fit()
        t = expected.t_test(BLOCKED)
        assert (estimate[g], se[g]) == pytest.approx((t.effect.item(), t.sd.item()), rel=1e-8)
        assert fit.variance[g] == pytest.approx(expected.scale, rel=1e-8)
        assert fit.df[g] == expected.df_resid


@pytest.mark.parametrize("gaps", [0, 0.15], ids=["complete", "gaps"])
def test_a_correlation_with_weights_scales_its_matrix_on_both_sides(gaps):
    y, x, persons = study(gaps=gaps)
    w = np.random.default_rng(8).gamma(2, size=y.shape)
    fit = linear_fit(y, x, persons, 0.4, w)
    estimate, se = told(fit, BLOCKED)
    for g in range(y.shape[1]):
        there = np.isfinite(y[:, g])
        spread = 1 / np.sqrt(w[there, g])
        sigma = correlated(persons[there], 0.4) * np.outer(spread, spread)
        t = sm.GLS(y[there, g], x[there], sigma).fit().t_test(BLOCKED)
        assert (estimate[g], se[g]) == pytest.approx((t.effect.item(), t.sd.item()), rel=1e-8)


def test_a_correlation_of_nothing_is_least_squares_without_persons():
    y, x, persons = study(gaps=0.1)
    one, other = linear_fit(y, x, persons, 0.0), linear_fit(y, x)
    np.testing.assert_allclose(told(one, BLOCKED), told(other, BLOCKED), rtol=1e-10)
    np.testing.assert_array_equal(one.df, other.df)


def test_a_correlation_near_one_estimates_what_fixed_blocks_do():
    y, x, persons = study(gaps=0.1)
    near = contrast_of(linear_fit(y, x, persons, 1 - 1e-7), BLOCKED).estimate
    fixed = contrast_of(linear_fit(y, x, persons), BLOCKED).estimate
    np.testing.assert_allclose(near, fixed, atol=1e-4)
    assert not np.allclose(contrast_of(linear_fit(y, x), BLOCKED).estimate, fixed, atol=1e-2)


# what cannot be told ----------------------------------------------------------------------------


def test_a_feature_without_values_has_nothing_and_leaves_the_others_alone():
    y, x, persons = study(gaps=0.1)
    before = linear_fit(y, x, persons)
    y = np.column_stack([y, np.full(len(y), np.nan)])
    fit = linear_fit(y, x, persons)
    estimate, se = told(fit, BLOCKED)
    assert np.isnan([estimate[-1], se[-1], fit.variance[-1], fit.level[-1]]).all()
    assert (fit.df[-1], fit.n_observations[-1], fit.n_subjects[-1]) == (0, 0, 0)
    np.testing.assert_array_equal(estimate[:-1], told(before, BLOCKED)[0])


@pytest.mark.parametrize("persons_are", ["blocks", "correlated", "absent"])
def test_a_feature_seen_in_one_phase_tells_nothing_of_a_change(persons_are):
    y, x, persons = balanced()
    y[x[:, 0] != 1, 0] = np.nan
    given = None if persons_are == "absent" else persons
    fit = linear_fit(y, x, given, 0.5 if persons_are == "correlated" else None)
    found = contrast_of(fit, [-1, 1, 0])
    assert np.isnan([found.estimate[0], found.unscaled[0]]).all()
    assert np.isfinite(found.estimate[1:]).all()
    assert np.isnan(joint_statistic(fit, [[-1, 1, 0], [-1, 0, 1]])[0][0])


def test_a_phase_without_values_leaves_the_other_phases_to_be_compared():
    y, x, persons = balanced()
    y[x[:, 2] == 1, 0] = np.nan
    fit = linear_fit(y, x, persons)
    estimate, se = told(fit, [-1, 1, 0])
    two = x[:, 2] == 0
    alone = told(linear_fit(y[two], x[two][:, :2], persons[two]), [-1, 1])
    np.testing.assert_allclose((estimate[0], se[0]), (alone[0][0], alone[1][0]), rtol=1e-10)
    assert np.isnan(contrast_of(fit, [-1, 0, 1]).estimate[0])


def test_persons_seen_on_one_side_each_tell_nothing_within_persons():
    y, x, persons = balanced(people=6)
    y[(x[:, 0] == 1) & (persons < 3), 0] = np.nan
    y[(x[:, 1] == 1) & (persons >= 3), 0] = np.nan
    y[x[:, 2] == 1, 0] = np.nan
    fit = linear_fit(y, x, persons)
    assert np.isnan(contrast_of(fit, [-1, 1, 0]).estimate[0])
    assert fit.df[0] == 0
    assert np.isnan(fit.variance[0])


@pytest.mark.parametrize("gaps", [False, True], ids=["complete", "gaps"])
def test_dependent_columns_of_unequal_length_tell_their_sum_alone(gaps):
    rng = np.random.default_rng(4)
    column, y = rng.normal(size=12), rng.normal(size=(12, 3))
    if gaps:
        y[0, 0] = np.nan
    fit = linear_fit(y, np.column_stack([column, 1000 * column]))
    alone = linear_fit(y, column[:, None])
    estimate, se = told(fit, [1, 1000])
    # the slope on what the two columns share
    np.testing.assert_allclose(estimate, told(alone, [1])[0], rtol=1e-9)
    np.testing.assert_allclose(se, told(alone, [1])[1], rtol=1e-9)
    np.testing.assert_array_equal(fit.df, alone.df)
    for untold in ([1000, 1], [1, 0], [0, 1], [1000, -1]):
        assert np.isnan(contrast_of(fit, untold).estimate).all()
        assert np.isnan(joint_statistic(fit, [untold])[0]).all()


@pytest.mark.parametrize("gaps", [False, True], ids=["complete", "gaps"])
def test_columns_that_hardly_differ_are_told_apart(gaps):
    rng = np.random.default_rng(4)
    column, y = rng.normal(size=20), rng.normal(size=(20, 3))
    if gaps:
        y[0, 0] = np.nan
    x = np.column_stack([np.ones(20), column, column + 1e-3 * rng.normal(size=20)])
    estimate, se = told(linear_fit(y, x), [0, -1, 1])
    for g in range(3):
        t = dense(y[:, g], x).t_test([0, -1, 1])
        assert (estimate[g], se[g]) == pytest.approx((t.effect.item(), t.sd.item()), rel=1e-6)


@pytest.mark.parametrize("gaps", [False, True], ids=["complete", "gaps"])
def test_phases_of_unequal_size_are_compared_within_persons(gaps):
    y, x, persons = balanced(people=6)
    fewer = np.arange(len(y)) != 1
    if gaps:
        y[1] = np.nan
    else:
        y, x, persons = y[fewer], x[fewer], persons[fewer]
    found = told(linear_fit(y, x, persons), [-1, 1, 0])
    for g in range(y.shape[1]):
        t = dense(y[:, g], with_persons(x, persons)).t_test(for_dense([-1, 1, 0], persons))
        assert (found[0][g], found[1][g]) == pytest.approx((t.effect.item(), t.sd.item()), rel=1e-9)


def test_the_mean_of_a_cell_cannot_be_told_where_every_person_has_a_level():
    y, x, persons = balanced()
    assert np.isnan(contrast_of(linear_fit(y, x, persons), [1, 0, 0]).estimate).all()
    assert np.isfinite(contrast_of(linear_fit(y, x), [1, 0, 0]).estimate).all()


def test_a_covariate_constant_within_persons_is_as_good_as_absent():
    y, x, persons = balanced()
    age = np.array([23.1, 31.7, 44.3, 27.9, 61.2])[persons]
    fit = linear_fit(y, np.column_stack([x, age]), persons)
    np.testing.assert_allclose(
        told(fit, [-1, 1, 0, 0]), told(linear_fit(y, x, persons), [-1, 1, 0])
    )
    assert np.isnan(contrast_of(fit, [0, 0, 0, 1]).estimate).all()
    np.testing.assert_array_equal(fit.df, 15 - 5 - 2)


@drawn
@given(seed=seeds, factor=st.sampled_from([1e-9, 1e9]))
def test_whether_a_contrast_is_told_does_not_depend_on_its_units(seed, factor):
    y, x, persons = study(seed, features=8, gaps=0.5, people=5)
    fit = linear_fit(y, x, persons)
    for contrast in np.eye(4)[1:] - np.eye(4)[0]:
        one, other = contrast_of(fit, contrast), contrast_of(fit, factor * contrast)
        np.testing.assert_array_equal(np.isnan(one.estimate), np.isnan(other.estimate))
        square, _ = joint_statistic(fit, [contrast])
        np.testing.assert_array_equal(np.isnan(square), np.isnan(one.estimate))


def test_a_contrast_is_told_if_it_lies_in_the_rows_of_the_design_that_are_there():
    y, x, persons = study(features=200, gaps=0.6, people=5)
    fit, dense_x = linear_fit(y, x, persons), with_persons(x, persons)
    row = for_dense(BLOCKED, persons) / np.linalg.norm(dense_x, axis=0)
    dense_x = dense_x / np.linalg.norm(dense_x, axis=0)
    expected, ranks = [], []
    for g in range(y.shape[1]):
        there = dense_x[np.isfinite(y[:, g])]
        ranks.append(np.linalg.matrix_rank(there, 1e-6))
        expected.append(np.linalg.matrix_rank(np.vstack([there, row]), 1e-6) == ranks[-1])
    assert 20 < sum(expected) < 180
    np.testing.assert_array_equal(np.isfinite(contrast_of(fit, BLOCKED).estimate), expected)
    np.testing.assert_array_equal(fit.df, np.isfinite(y).sum(axis=0) - ranks)


# small and odd ----------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [0.0, 0.1, 1e6 / 3])
def test_a_constant_feature_has_no_variance_but_rounding(level):
    y, x, persons = balanced()
    y[:, 1] = level
    for fit in (linear_fit(y, x, persons), linear_fit(y, x), linear_fit(y, x, persons, 0.3)):
        assert np.sqrt(fit.variance[1]) <= 1e-13 * level
        assert contrast_of(fit, [-1, 1, 0]).estimate[1] == pytest.approx(0, abs=1e-13 * level)
        assert (fit.variance[[0, 2, 3]] > 0.01).all()


@pytest.mark.parametrize("weights", [None, np.empty((0, 3))])
@pytest.mark.parametrize("correlation", [None, 0.5])
def test_no_samples_tell_nothing(weights, correlation):
    fit = linear_fit(np.empty((0, 3)), np.empty((0, 2)), np.empty(0, int), correlation, weights)
    assert np.isnan(contrast_of(fit, [1, 0]).estimate).all()
    assert np.isnan(fit.variance).all()
    assert np.isnan(fit.level).all()
    np.testing.assert_array_equal(fit.df, [0, 0, 0])


@pytest.mark.parametrize("weighted", [False, True])
def test_no_features_give_no_estimates(weighted):
    y, x, persons = balanced(features=0)
    fit = linear_fit(y, x, persons, weights=np.ones(y.shape) if weighted else None)
    assert contrast_of(fit, [-1, 1, 0]).estimate.shape == (0,)


def test_one_person_with_three_samples_leaves_no_variance():
    y, x, persons = balanced(people=1)
    fit = linear_fit(y, x, persons)
    np.testing.assert_allclose(contrast_of(fit, [-1, 1, 0]).estimate, y[1] - y[0])
    np.testing.assert_array_equal(fit.df, 0)
    assert np.isnan(fit.variance).all()


def test_no_columns_leave_the_variance_about_persons():
    y, _, persons = balanced()
    fit = linear_fit(y, np.empty((15, 0)), persons)
    within = [y[persons == p].var(axis=0, ddof=1) for p in range(5)]
    np.testing.assert_allclose(fit.variance, np.mean(within, axis=0), rtol=1e-12)


# many features ----------------------------------------------------------------------------------


@pytest.mark.parametrize("correlation", [None, 0.5])
def test_features_in_several_batches_are_features_one_by_one(monkeypatch, correlation):
    y, x, persons = study(features=40, gaps=0.1)
    w = np.random.default_rng(9).gamma(2, size=y.shape)
    once = linear_fit(y, x, persons, correlation, w)
    monkeypatch.setattr(linear, "_BLOCK_CELLS", 7 * len(y) * 7)  # 7 features a batch
    same_fit(linear_fit(y, x, persons, correlation, w), once)
    for g in (0, 6, 7, 39):
        alone = linear_fit(y[:, [g]], x, persons, correlation, w[:, [g]])
        np.testing.assert_allclose(alone.variance, once.variance[g], rtol=1e-10)
        np.testing.assert_allclose(
            told(alone, BLOCKED), np.array(told(once, BLOCKED))[:, [g]], rtol=1e-9
        )


def test_a_batch_holds_no_more_than_it_may(monkeypatch):
    seen = []
    whole = linear._fit_batch

    def watched(y, *rest):
        seen.append(y.shape[1])
        return whole(y, *rest)

    monkeypatch.setattr(linear, "_fit_batch", watched)
    rng = np.random.default_rng(1)
    y = rng.normal(size=(39, 20_000))
    y[0, 0] = np.nan
    fit = linear_fit(y, np.eye(3)[np.arange(39) % 3], np.arange(39) // 3)
    assert len(seen) > 1
    assert sum(seen) == 20_000 == len(fit.variance)
    assert max(seen) * 39 * 6 <= linear._BLOCK_CELLS


def test_complete_features_in_several_parts_are_features_at_once(monkeypatch):
    y, x, persons = study(features=40)
    once = linear_fit(y, x, persons)
    monkeypatch.setattr(linear, "_PART", 7)
    same_fit(linear_fit(y, x, persons), once)


def test_gaps_in_one_feature_do_not_change_another():
    y, x, persons = study()
    complete = linear_fit(y, x, persons)
    y[3, 0] = np.nan
    fit = linear_fit(y, x, persons)
    assert complete.row_space is not None  # cells are dependent within persons
    np.testing.assert_allclose(fit.variance[1:], complete.variance[1:], rtol=1e-10)
    np.testing.assert_allclose(
        np.array(told(fit, BLOCKED))[:, 1:], np.array(told(complete, BLOCKED))[:, 1:], rtol=1e-9
    )


# joint tests ------------------------------------------------------------------------------------


@pytest.mark.parametrize("weighted", [False, True], ids=["", "weights"])
@pytest.mark.parametrize("gaps", [0, 0.15], ids=["complete", "gaps"])
def test_the_joint_statistic_is_the_f_of_statsmodels(gaps, weighted):
    y, x, persons = study(gaps=gaps)
    w = np.random.default_rng(5).gamma(2, size=y.shape) if weighted else None
    asked = np.array([[-1, 1, 0, 0], [-1, 0, 1, 0]])
    fit = linear_fit(y, x, persons, weights=w)
    square, rank = joint_statistic(fit, asked)
    np.testing.assert_array_equal(rank, 2)
    for g in range(y.shape[1]):
        expected = dense(y[:, g], with_persons(x, persons), None if w is None else w[:, g])
        f = expected.f_test(for_dense(asked, persons))
        assert square[g] / fit.variance[g] == pytest.approx(float(f.fvalue), rel=1e-7)
        assert (rank[g], fit.df[g]) == (f.df_num, f.df_denom)


@pytest.mark.parametrize("gaps", [0, 0.15], ids=["complete", "gaps"])
def test_a_redundant_contrast_changes_neither_the_joint_statistic_nor_its_rank(gaps):
    fit = linear_fit(*study(gaps=gaps))
    two = joint_statistic(fit, [[-1, 1, 0, 0], [-1, 0, 1, 0]])
    three = joint_statistic(fit, [[-1, 1, 0, 0], [-1, 0, 1, 0], [0, -1000, 1000, 0]])
    np.testing.assert_array_equal(three[1], 2)
    np.testing.assert_allclose(three[0], two[0], rtol=1e-8)


def test_the_joint_statistic_of_one_contrast_is_its_t_squared():
    fit = linear_fit(*study(gaps=0.1))
    found = contrast_of(fit, BLOCKED)
    square, rank = joint_statistic(fit, BLOCKED)
    np.testing.assert_allclose(square, (found.estimate / found.unscaled) ** 2, rtol=1e-10)
    np.testing.assert_array_equal(rank, 1)


def test_a_joint_question_is_not_answered_by_half():
    y, x, persons = balanced()
    y[x[:, 2] == 1, 0] = np.nan
    fit = linear_fit(y, x, persons)
    square, rank = joint_statistic(fit, [[-1, 1, 0], [-1, 0, 1]])
    assert np.isnan(square[0])
    assert np.isfinite(square[1:]).all()
    np.testing.assert_array_equal(rank[1:], 2)


def test_contrasts_of_nothing_have_no_joint_statistic():
    square, rank = joint_statistic(linear_fit(*balanced()), [[0, 0, 0]])
    assert np.isnan(square).all()
    np.testing.assert_array_equal(rank, 0)


# bad input --------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [np.inf, -np.inf])
def test_an_infinite_value_is_refused(bad):
    y, x, persons = balanced()
    y[2, 1] = bad
    with pytest.raises(ValueError, match="infinite values; give NaN"):
        linear_fit(y, x, persons)


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.inf])
def test_a_weight_that_is_none_is_refused(bad):
    y, x, persons = balanced()
    w = np.ones(y.shape)
    w[2, 1] = bad
    with pytest.raises(ValueError, match="weights must be finite and above zero"):
        linear_fit(y, x, persons, weights=w)


def test_shapes_that_disagree_are_refused():
    y, x, persons = balanced()
    with pytest.raises(ValueError, match="as many rows"):
        linear_fit(y[:-1], x, persons)
    with pytest.raises(ValueError, match="2-D"):
        linear_fit(y[:, 0], x, persons)
    with pytest.raises(ValueError, match="shape"):
        linear_fit(y, x, persons, weights=np.ones(len(y) - 1))
    with pytest.raises(ValueError, match=r"size|shape|mismatch"):
        linear_fit(y, x, persons[:-1])


@pytest.mark.parametrize("impossible", [1.0, 1.5, -0.5, -0.9, np.nan])
def test_a_correlation_that_three_values_cannot_have_is_refused(impossible):
    y, x, persons = balanced()
    with pytest.raises(ValueError, match=r"above -0\.5 and below 1"):
        linear_fit(y, x, persons, impossible)


def test_a_correlation_without_persons_is_refused():
    y, x, _ = balanced()
    with pytest.raises(ValueError, match="give persons"):
        linear_fit(y, x, correlation=0.5)


def test_estimates_keep_a_place_for_every_feature():
    y, x, persons = study(features=9, gaps=0.6)
    found = contrast_of(linear_fit(y, x, persons), BLOCKED)
    assert isinstance(found, Estimates)
    assert found.estimate.shape == found.unscaled.shape == (9,)
    np.testing.assert_array_equal(np.isnan(found.estimate), np.isnan(found.unscaled))
