"""The spread of true responses: by hand, by simulation, and what luck alone does."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from exercisebook.stats.responders import responders_by_luck, response_spread


def changes(n: int, sd_response: float, correlation: float, rng: np.random.Generator):
    """Return changes over exercise and control that share some of their fluctuation."""
    common = np.sqrt(correlation) * rng.normal(size=n)
    own = np.sqrt(1 - correlation) * rng.normal(size=(2, n))
    return common + own[0] + sd_response * rng.normal(size=n), common + own[1]


def coverage(n: int, sd_response: float, correlation: float, studies: int = 2_000) -> float:
    rng = np.random.default_rng(1)
    spreads = [response_spread(*changes(n, sd_response, correlation, rng)) for _ in range(studies)]
    return float(np.mean([s.ci_low <= sd_response <= s.ci_high for s in spreads]))


def test_four_people_by_hand():
    # variances 20/3 and 5/3, covariance 0; 3 df: chi-square from 0.21580 to 9.34840
    exercise, control = np.array([-3.0, -1, 1, 3]), np.array([-0.5, 1.5, -1.5, 0.5])
    spread = response_spread(exercise, control)
    assert spread.sd_exercise == pytest.approx(np.sqrt(20 / 3))
    assert spread.sd_control == pytest.approx(np.sqrt(5 / 3))
    assert spread.sd_response == pytest.approx(np.sqrt(5))
    low_e, high_e = 20 / 9.348404, 20 / 0.2157953
    low_c, high_c = 5 / 9.348404, 5 / 0.2157953
    below = np.hypot(20 / 3 - low_e, high_c - 5 / 3)
    above = np.hypot(high_e - 20 / 3, 5 / 3 - low_c)
    assert spread.ci_low == pytest.approx(-np.sqrt(below - 5), rel=1e-6)
    assert spread.ci_high == pytest.approx(np.sqrt(5 + above), rel=1e-6)


def test_changes_that_go_wholly_together_narrow_the_interval():
    # as above, but control is half of exercise: r^2 = 1, and the two arrows are subtracted
    exercise = np.array([-3.0, -1, 1, 3])
    spread = response_spread(exercise, exercise / 2)
    above = (20 / 0.2157953 - 20 / 3) - (5 / 3 - 5 / 9.348404)
    assert spread.ci_high == pytest.approx(np.sqrt(5 + above), rel=1e-6)


def test_where_control_spreads_more_the_root_is_negative():
    exercise, control = np.array([-0.5, 1.5, -1.5, 0.5]), np.array([-3.0, -1, 1, 3])
    assert response_spread(exercise, control).sd_response == pytest.approx(-np.sqrt(5))


@given(arrays(float, (2, 8), elements=st.integers(-60, 60).map(lambda x: x / 10)))
def test_swapping_exercise_and_control_turns_every_sign(both):
    here, there = response_spread(*both), response_spread(*both[::-1])
    assert here.sd_response == pytest.approx(-there.sd_response, abs=1e-6)
    assert here.ci_low == pytest.approx(-there.ci_high, abs=1e-6)


@given(
    arrays(float, (2, 6), elements=st.integers(-60, 60).map(float)),
    st.sampled_from([0.5, 2.0, 8.0]),
)
def test_the_unit_and_a_common_change_do_not_matter(both, unit):
    here, there = response_spread(*both), response_spread(*(unit * both + 3))
    for name in ("sd_response", "ci_low", "ci_high"):
        assert getattr(there, name) == pytest.approx(unit * getattr(here, name), abs=1e-5)


def test_only_people_with_both_changes_count():
    exercise, control = np.array([-3.0, -1, 1, 3]), np.array([-0.5, 1.5, -1.5, 0.5])
    with_gaps = response_spread(
        np.append(exercise, [100.0, np.nan]), np.append(control, [np.nan, 100.0])
    )
    assert with_gaps == response_spread(exercise, control)


@pytest.mark.parametrize("n", [0, 1, 3])
def test_fewer_than_four_people_are_refused_with_their_number(n):
    gaps = np.where(np.arange(5) < n, np.arange(5.0), np.nan)
    with pytest.raises(ValueError, match=f"{n} people have both"):
        response_spread(gaps, np.arange(5.0) ** 2)


@pytest.mark.parametrize("correlation", [0.0, 0.6])
@pytest.mark.parametrize("sd_response", [0.0, 0.5, 1.0])
def test_intervals_cover_the_truth_in_a_large_crossover(correlation, sd_response):
    assert 0.93 <= coverage(100, sd_response, correlation) <= 0.97


@pytest.mark.parametrize("sd_response", [0.0, 0.5, 1.0, 2.0, 4.0])
@pytest.mark.parametrize("n", [8, 15])
def test_intervals_of_few_people_cover_the_truth(n, sd_response):
    assert 0.93 <= coverage(n, sd_response, 0.3) <= 0.97


def test_where_nobody_responds_differently_the_interval_holds_zero_though_changes_are_related():
    rng = np.random.default_rng(2)
    spreads = [response_spread(*changes(40, 0.0, 0.8, rng)) for _ in range(2_000)]
    shown = np.mean([s.ci_low > 0 or s.ci_high < 0 for s in spreads])
    assert shown == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / 2_000))


def test_responders_by_luck_are_binomial():
    n, draws, sd, threshold = 13, 50_000, 0.4, 0.5
    counts = responders_by_luck(sd, threshold, n, np.random.default_rng(3), draws)
    expected = stats.binom(n, stats.norm.sf(threshold / sd))
    assert counts.shape == (draws,)
    assert counts.mean() == pytest.approx(expected.mean(), abs=4 * expected.std() / np.sqrt(draws))
    for k in (0, 1, 3):
        p = expected.pmf(k)
        assert (counts == k).mean() == pytest.approx(p, abs=4 * np.sqrt(p * (1 - p) / draws))


def test_luck_alone_lifts_half_of_the_people_above_nothing():
    counts = responders_by_luck(1.0, 0.0, 20, np.random.default_rng(4))
    assert counts.mean() == pytest.approx(10, abs=0.1)
