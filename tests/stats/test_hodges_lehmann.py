"""The Hodges-Lehmann shift by hand, by brute force and by simulation; R is asked in parity."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from exercisebook.stats.hodges_lehmann import EXACT_TO, hodges_lehmann, rank_sum_counts

FIELDS = ("estimate", "ci_low", "ci_high", "p_value")


@st.composite
def vectors_without_ties(draw, smallest: int = 1, largest: int = 12) -> np.ndarray:
    """Return whole numbers of distinct size, none of them zero, so that sums are exact."""
    sizes = draw(st.lists(st.integers(1, 10_000), min_size=smallest, max_size=largest, unique=True))
    signs = draw(st.lists(st.sampled_from([-1, 1]), min_size=len(sizes), max_size=len(sizes)))
    return np.array(sizes, float) * np.array(signs)


whole_numbers = st.integers(-20, 20).map(float)
vectors_with_ties = arrays(float, st.integers(1, 15), elements=whole_numbers)


def test_three_differences_by_hand():
    # Walsh averages 1, 1.5, 2, 3.5, 4, 6; two of eight assignments are as extreme
    shift = hodges_lehmann(np.array([1.0, 2.0, 6.0]))
    assert shift.estimate == (2 + 3.5) / 2
    assert (shift.ci_low, shift.ci_high) == (1, 6)
    assert shift.coverage == 1 - 2 / 8
    assert shift.p_value == 2 / 8


@pytest.mark.parametrize("n", range(1, 11))
def test_rank_sums_are_counted_as_by_going_through_all_assignments(n):
    sums = [np.dot(kept, np.arange(1, n + 1)) for kept in product((0, 1), repeat=n)]
    expected = np.bincount(sums, minlength=n * (n + 1) // 2 + 1)
    np.testing.assert_array_equal(rank_sum_counts(n), expected)


@given(vectors_without_ties())
def test_p_values_without_ties_are_those_of_scipys_exact_signed_rank_test(d):
    expected = stats.wilcoxon(d, method="exact").pvalue
    assert hodges_lehmann(d).p_value == pytest.approx(expected, rel=1e-12)


@given(vectors_without_ties(smallest=6))
def test_zero_lies_outside_the_interval_where_and_only_where_the_test_rejects(d):
    shift = hodges_lehmann(d)
    outside = shift.ci_low > 0 or shift.ci_high < 0
    assert outside == (shift.p_value <= 1 - shift.coverage + 1e-12)


@given(vectors_with_ties, st.integers(-50, 50))
def test_a_shift_of_everyone_shifts_estimate_and_interval(d, by):
    here, there = hodges_lehmann(d), hodges_lehmann(d + by)
    for name in ("estimate", "ci_low", "ci_high"):
        assert getattr(there, name) == getattr(here, name) + by


@given(vectors_with_ties, st.sampled_from([0.25, 2.0, 8.0]))
def test_a_change_of_unit_changes_the_unit_and_not_the_p_value(d, factor):
    here, there = hodges_lehmann(d), hodges_lehmann(factor * d)
    for name in ("estimate", "ci_low", "ci_high"):
        assert getattr(there, name) == factor * getattr(here, name)
    assert there.p_value == here.p_value


@given(vectors_with_ties)
def test_turning_every_sign_swaps_the_ends(d):
    here, there = hodges_lehmann(d), hodges_lehmann(-d)
    assert (there.ci_low, there.ci_high) == (-here.ci_high, -here.ci_low)
    assert there.p_value == here.p_value


@given(vectors_with_ties, st.randoms())
def test_the_order_of_persons_does_not_matter(d, chance):
    shuffled = list(d)
    chance.shuffle(shuffled)
    assert hodges_lehmann(np.array(shuffled)) == hodges_lehmann(d)


@given(vectors_with_ties)
def test_ties_and_zeros_leave_a_p_value_between_0_and_1_and_an_interval_around_the_estimate(d):
    shift = hodges_lehmann(d)
    assert 0 < shift.p_value <= 1
    assert shift.ci_low <= shift.estimate <= shift.ci_high


def test_a_zero_counts_with_half_its_rank():
    # ranks 1, 2, 3 with the zero first: negative ranks sum to 0.5, and 1 of 8 has a sum of 0
    assert hodges_lehmann(np.array([0.0, 1.0, 2.0])).p_value == 2 * 1 / 8


def test_tied_sizes_of_opposite_sign_share_their_ranks():
    # ranks 1.5, 1.5, 3: negative ranks sum to 1.5, and 2 of 8 have a sum of at most 1
    assert hodges_lehmann(np.array([-1.0, 1.0, 2.0])).p_value == 2 * 2 / 8


def test_zeros_alone_say_nothing():
    shift = hodges_lehmann(np.zeros(9))
    assert (shift.estimate, shift.p_value) == (0, 1)


def test_nobody_gives_nothing():
    shift = hodges_lehmann(np.array([]))
    assert np.isnan([getattr(shift, name) for name in FIELDS]).all()
    assert shift.coverage == 0


def test_one_person_gives_that_difference_and_no_confidence():
    shift = hodges_lehmann(np.array([2.5]))
    assert (shift.estimate, shift.ci_low, shift.ci_high) == (2.5, 2.5, 2.5)
    assert (shift.p_value, shift.coverage) == (1, 0)


@pytest.mark.parametrize("n", range(2, 6))
def test_below_six_persons_the_widest_interval_falls_short_of_95_percent(n):
    shift = hodges_lehmann(np.arange(1.0, n + 1))
    assert shift.coverage == 1 - 2 / 2**n < 0.95
    assert (shift.ci_low, shift.ci_high) == (1, n)


@pytest.mark.parametrize("n", range(6, EXACT_TO + 1))
def test_from_six_persons_on_the_interval_covers_95_percent_and_hardly_more(n):
    coverage = hodges_lehmann(np.random.default_rng(n).normal(size=n)).coverage
    # one step further in would fall short: the next rank sum holds at most this much
    assert 0.95 <= coverage < 0.98


def test_more_persons_than_are_counted_out_are_refused():
    with pytest.raises(ValueError, match="51 differences"):
        hodges_lehmann(np.arange(51.0))


@pytest.mark.parametrize("n", [6, 9])
@pytest.mark.parametrize("draw", ["standard_normal", "standard_cauchy"])
def test_the_interval_covers_the_centre_of_a_symmetric_distribution_as_often_as_it_says(n, draw):
    rng = np.random.default_rng(20)
    studies = 3000
    shifts = [hodges_lehmann(getattr(rng, draw)(n) + 3) for _ in range(studies)]
    covered = np.mean([s.ci_low <= 3 <= s.ci_high for s in shifts])
    said = shifts[0].coverage
    assert covered == pytest.approx(said, abs=3 * np.sqrt(said * (1 - said) / studies))
