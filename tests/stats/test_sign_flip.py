"""Sign-flip tests against Fisher's own count, brute force, and simulated nulls."""

from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from exercisebook.stats.sign_flip import sign_flip_test

DARWIN = np.array([49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48], float)
"""Crossed less self-fertilised maize, in eighths of an inch: Fisher (1935), section 17."""


def column(values) -> np.ndarray:
    return np.asarray(values, float)[:, None]


def by_hand(d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return p values and max-T p values by going through all assignments one by one."""
    observed = np.abs(scipy_t(d))
    each = [np.abs(scipy_t(d * column(signs))) for signs in product((1, -1), repeat=len(d))]
    flipped = np.array(each)
    largest = np.nanmax(flipped, axis=1, keepdims=True)
    slack = 1e-9
    p = (flipped >= observed - slack).mean(axis=0)
    p_max = (largest >= observed - slack).mean(axis=0)
    return p, p_max


def scipy_t(d: np.ndarray) -> np.ndarray:
    return np.array([stats.ttest_1samp(x[np.isfinite(x)], 0).statistic for x in d.T])


def test_darwins_maize_gives_the_1726_of_32768_that_fisher_counted():
    assert DARWIN.sum() == 314
    test = sign_flip_test(column(DARWIN))
    assert test.assignments == 32_768
    assert test.p_value[0] * 32_768 == 1726
    assert test.p_max[0] == test.p_value[0]


def test_half_of_fishers_count_lies_on_the_side_of_crossing():
    sums = np.zeros(1)
    for size in np.abs(DARWIN):
        sums = np.concatenate([sums + size, sums - size])
    assert (sums >= 314).sum() == 863
    assert sign_flip_test(column(DARWIN)).p_value[0] * 32_768 / 2 == 863


def test_the_statistic_of_darwins_maize_is_the_t_that_fisher_printed():
    assert sign_flip_test(column(DARWIN)).statistic[0] == pytest.approx(2.148, abs=5e-4)


@pytest.mark.parametrize("persons", [2, 3, 5, 8])
def test_p_values_are_those_of_going_through_all_assignments(persons):
    d = np.random.default_rng(persons).normal(0.4, 1, (persons, 4))
    test, (p, p_max) = sign_flip_test(d), by_hand(d)
    np.testing.assert_allclose(test.p_value, p, rtol=1e-12)
    np.testing.assert_allclose(test.p_max, p_max, rtol=1e-12)
    np.testing.assert_allclose(test.statistic, scipy_t(d), rtol=1e-10)


@pytest.mark.parametrize("persons", [5, 8])
def test_missing_differences_leave_each_feature_its_own_persons(persons):
    d = np.random.default_rng(persons).normal(0.7, 1, (persons, 5))
    d[0, 1] = d[1, 2] = d[0, 3] = d[persons - 1, 3] = np.nan
    test, (p, p_max) = sign_flip_test(d), by_hand(d)
    np.testing.assert_allclose(test.p_value, p, rtol=1e-12)
    np.testing.assert_allclose(test.p_max, p_max, rtol=1e-12)


@given(arrays(float, (6, 3), elements=st.integers(-4, 4).map(float)))
def test_ties_are_counted_as_going_through_all_assignments_counts_them(d):
    # leave out columns whose t is infinite or undefined for some assignment
    assume(all(len(set(np.abs(x))) > 1 for x in d.T))
    test, (p, p_max) = sign_flip_test(d), by_hand(d)
    np.testing.assert_allclose(test.p_value, p, rtol=1e-12)
    np.testing.assert_allclose(test.p_max, p_max, rtol=1e-12)


@given(arrays(float, (5, 3), elements=st.integers(-9, 9).map(float)))
def test_over_all_signs_that_persons_could_have_had_p_is_as_rare_as_it_says(d):
    """Turning persons' signs renames the assignments: p ranks each of them among the others."""
    tests = [sign_flip_test(d * column(signs)) for signs in product((1, -1), repeat=5)]
    for p in (np.array([t.p_value for t in tests]), np.array([[t.p_max.min()] for t in tests])):
        for level in np.unique(p):
            assert ((p <= level).mean(axis=0) <= level + 1e-12).all()


@given(
    arrays(float, (7, 3), elements=st.integers(-50, 50).map(float)),
    st.tuples(*[st.sampled_from([0.1, 1.0, 1e6])] * 3),
)
def test_a_features_unit_changes_no_p_value(d, units):
    here, there = sign_flip_test(d), sign_flip_test(d * np.array(units))
    np.testing.assert_array_equal(here.p_value, there.p_value)
    np.testing.assert_array_equal(here.p_max, there.p_max)


@given(arrays(float, (6, 3), elements=st.integers(-50, 50).map(float)))
def test_turning_every_sign_leaves_all_p_values(d):
    here, there = sign_flip_test(d), sign_flip_test(-d)
    np.testing.assert_array_equal(here.p_value, there.p_value)
    np.testing.assert_array_equal(here.p_max, there.p_max)


@given(arrays(float, (6, 4), elements=st.integers(-9, 9).map(float)))
def test_adjusted_p_values_are_never_below_the_single_ones(d):
    test = sign_flip_test(d)
    assert (test.p_max >= test.p_value).all()
    assert (test.p_value >= 2 / 2**6).all()


@pytest.mark.parametrize("constant", [1.0, 0.1, -0.7, 1e-9, 1e9 / 7])
@pytest.mark.parametrize("persons", [3, 4, 7, 13])
def test_differences_that_are_all_alike_have_the_smallest_p_value_and_not_zero(constant, persons):
    test = sign_flip_test(column([constant] * persons))
    assert test.p_value[0] == test.p_max[0] == 2 / 2**persons


@pytest.mark.parametrize("spread", [1e-3, 1e-6, 1e-9, 1e-12])
def test_differences_that_are_nearly_alike_are_not_lost_to_rounding(spread):
    d = 1 + spread * np.random.default_rng(4).normal(size=(9, 30))
    np.testing.assert_array_equal(sign_flip_test(d).p_value, 2 / 2**9)


def test_differences_that_are_all_zero_have_p_1_and_disturb_nobody():
    d = np.random.default_rng(5).normal(1, 0.5, (8, 2))
    alone = sign_flip_test(d)
    with_zeros = sign_flip_test(np.column_stack([d, np.zeros(8)]))
    assert with_zeros.p_value[2] == with_zeros.p_max[2] == 1
    np.testing.assert_array_equal(with_zeros.p_max[:2], alone.p_max)


@pytest.mark.parametrize("present", [0, 1])
def test_a_feature_of_fewer_than_two_persons_has_no_p_value_and_disturbs_nobody(present):
    d = np.random.default_rng(6).normal(1, 0.5, (8, 2))
    alone = sign_flip_test(d)
    hollow = np.where(np.arange(8) < present, 1.0, np.nan)
    test = sign_flip_test(np.column_stack([d, hollow]))
    assert np.isnan([test.statistic[2], test.p_value[2], test.p_max[2]]).all()
    np.testing.assert_array_equal(test.p_max[:2], alone.p_max)


def test_one_person_is_refused():
    with pytest.raises(ValueError, match="at least 2"):
        sign_flip_test(np.array([[1.0, 2.0]]))


def test_more_persons_than_can_be_counted_out_need_a_source_of_chance():
    with pytest.raises(ValueError, match="pass rng"):
        sign_flip_test(np.ones((21, 1)))


def exact_p(d: np.ndarray) -> float:
    """Return the exact p value of one feature; |t| grows with the size of the sum."""
    sums = np.zeros(1)
    for size in np.abs(d):
        sums = np.concatenate([sums + size, sums - size])
    return float((np.abs(sums) >= abs(d.sum()) - 1e-9).mean())


def test_drawn_assignments_come_close_to_the_exact_p_value():
    d = np.random.default_rng(7).normal(size=21)
    d += 0.35 - d.mean()
    draws = 9_999
    expected = exact_p(d)
    assert 0.01 < expected < 0.5
    found = sign_flip_test(column(d), np.random.default_rng(8), draws).p_value[0]
    assert found == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / draws))


def test_a_drawn_p_value_counts_the_observed_assignment_and_so_is_never_zero():
    d = column(np.arange(1.0, 31.0))
    test = sign_flip_test(d, np.random.default_rng(9), draws=199)
    assert test.p_value[0] == test.p_max[0] == 1 / 200
    assert test.assignments == 199
    assert not test.exact


def test_the_same_source_of_chance_draws_the_same_p_value():
    d = np.random.default_rng(10).normal(size=(25, 3))
    first, second = (sign_flip_test(d, np.random.default_rng(11), 499) for _ in range(2))
    np.testing.assert_array_equal(first.p_value, second.p_value)


def test_every_result_says_what_it_rests_on():
    exact = sign_flip_test(column(DARWIN)).note
    drawn = sign_flip_test(np.ones((21, 1)), np.random.default_rng(12), 1_999).note
    assert exact == "all sign assignments; exact only if differences are symmetric about zero"
    assert drawn.startswith("1,999 drawn sign assignments; exact only if")


def within_two_standard_errors(share: float, level: float, studies: int) -> bool:
    return share <= level + 2 * np.sqrt(level * (1 - level) / studies)


@pytest.mark.parametrize("level", [0.01, 0.05, 0.2])
@pytest.mark.parametrize("shape", ["normal", "heavy tails", "people of unlike spread"])
def test_under_a_symmetric_null_small_p_values_are_as_rare_as_they_say(level, shape):
    rng = np.random.default_rng(13)
    studies = 5_000
    d = {
        "normal": rng.normal(size=(9, studies)),
        "heavy tails": rng.standard_cauchy((9, studies)),
        "people of unlike spread": np.arange(1, 10)[:, None] ** 2 * rng.normal(size=(9, studies)),
    }[shape]
    share = float((sign_flip_test(d).p_value <= level).mean())
    assert within_two_standard_errors(share, level, studies)
    # and not idle: 2^-8 is the step between attainable levels
    assert share >= level - 2 / 2**8 - 3 * np.sqrt(level * (1 - level) / studies)


@pytest.mark.parametrize("correlation", [0.0, 0.8])
def test_max_t_keeps_the_chance_of_any_false_alarm_among_related_features(correlation):
    rng = np.random.default_rng(14)
    studies, persons, features = 1_000, 9, 12
    alarms = 0
    for _ in range(studies):
        common = rng.standard_t(4, (persons, 1))
        own = rng.standard_t(4, (persons, features))
        d = np.sqrt(correlation) * common + np.sqrt(1 - correlation) * own
        alarms += (sign_flip_test(d).p_max <= 0.05).any()
    assert within_two_standard_errors(alarms / studies, 0.05, studies)
    assert alarms / studies > 0.02


def test_max_t_wastes_less_than_bonferroni_on_features_that_are_copies():
    d = np.random.default_rng(15).normal(0.8, 1, (10, 1))
    copies = sign_flip_test(np.repeat(d, 50, axis=1))
    np.testing.assert_array_equal(copies.p_max, copies.p_value)
