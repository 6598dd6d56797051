"""Crossovers of two periods: condition, day, and what ignoring the order does."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from exercisebook.errors import Misuse
from exercisebook.stats.crossover import crossover


def trial(rng, n=13, effect=1.0, day=0.0, first=7, features=None):
    """Return treated, control and order; persons differ, and the second day adds ``day``."""
    shape = (n,) if features is None else (n, features)
    treated_first = np.arange(n) < first
    late = np.reshape(~treated_first, (n,) + (1,) * (len(shape) - 1))
    person = rng.normal(0, 3, shape)
    treated = person + effect + day * late + rng.normal(0, 1, shape)
    control = person + day * ~late + rng.normal(0, 1, shape)
    return treated, control, treated_first


def test_the_estimate_by_sequence_is_right_whatever_the_day_does():
    rng = np.random.default_rng(1)
    found = crossover(*trial(rng, effect=0.8, day=5.0, first=10, features=40_000))
    assert found.by_sequence.estimate.mean() == pytest.approx(0.8, abs=0.02)
    assert found.period.estimate.mean() == pytest.approx(5.0, abs=0.02)


def test_the_paired_estimate_takes_a_part_of_the_day_where_orders_are_unequal():
    rng = np.random.default_rng(2)
    found = crossover(*trial(rng, effect=0.8, day=5.0, first=10, features=40_000))
    # ten of thirteen had the control on the later day, three the treatment
    assert found.paired.estimate.mean() == pytest.approx(0.8 - 5.0 * 7 / 13, abs=0.02)


@pytest.mark.parametrize("contrast", ["by_sequence", "period"])
def test_intervals_hold_the_truth_as_often_as_they_say(contrast):
    rng = np.random.default_rng(3)
    truth = {"by_sequence": 0.8, "period": 2.0}[contrast]
    found = getattr(crossover(*trial(rng, effect=0.8, day=2.0, features=20_000)), contrast)
    assert ((found.ci_low <= truth) & (found.ci_high >= truth)).mean() == pytest.approx(
        0.95, abs=0.006
    )


@given(st.integers(0, 10_000), st.integers(2, 8))
def test_equal_orders_give_one_estimate_and_never_a_larger_sum_of_squares(seed, half):
    found = crossover(*trial(np.random.default_rng(seed), n=2 * half, first=half, day=1.0))
    assert found.by_sequence.estimate == pytest.approx(float(found.paired.estimate))
    own = found.by_sequence.se**2 * found.by_sequence.df
    assert own <= found.paired.se**2 * found.paired.df * (1 + 1e-9)


@given(st.integers(0, 10_000), st.integers(3, 15), st.integers(1, 14))
def test_the_numbers_are_those_of_a_regression_on_condition_and_period(seed, n, first):
    first = min(first, n - 1)
    treated, control, treated_first = trial(np.random.default_rng(seed), n=n, first=first)
    # differences on a constant (condition) and on plus or minus one (period)
    design = np.column_stack([np.ones(n), np.where(treated_first, -1.0, 1.0)])
    d = treated - control
    inverse = np.linalg.inv(design.T @ design)
    beta = inverse @ design.T @ d
    residual = d - design @ beta
    se = np.sqrt(np.diag(inverse) * (residual @ residual) / (n - 2))
    found = crossover(treated, control, treated_first)
    for contrast, k in ((found.by_sequence, 0), (found.period, 1)):
        assert contrast.estimate == pytest.approx(beta[k], abs=1e-9)
        assert contrast.se == pytest.approx(se[k], rel=1e-6)
        assert contrast.df == n - 2


def test_the_period_is_a_two_sample_test_and_the_paired_one_a_paired_test():
    treated, control, first = trial(np.random.default_rng(4), day=1.0)
    d = treated - control
    found = crossover(treated, control, first)
    by_scipy = stats.ttest_ind(d[~first], d[first])
    assert found.period.t == pytest.approx(by_scipy.statistic)
    assert found.period.p_value == pytest.approx(by_scipy.pvalue)
    paired = stats.ttest_rel(treated, control)
    assert found.paired.t == pytest.approx(paired.statistic)
    assert found.paired.p_value == pytest.approx(paired.pvalue)
    assert found.paired.df == len(d) - 1


@given(st.integers(0, 10_000))
def test_naming_the_conditions_the_other_way_turns_the_effect_and_not_the_day(seed):
    treated, control, first = trial(np.random.default_rng(seed), day=1.0)
    one, other = crossover(treated, control, first), crossover(control, treated, ~first)
    assert one.by_sequence.estimate == pytest.approx(-float(other.by_sequence.estimate))
    assert one.period.estimate == pytest.approx(float(other.period.estimate))
    assert one.period.se == pytest.approx(float(other.period.se))


def test_many_features_are_each_alone():
    treated, control, first = trial(np.random.default_rng(5), features=4)
    together = crossover(treated, control, first).by_sequence
    assert together.estimate.shape == together.p_value.shape == (4,)
    alone = crossover(treated[:, 2], control[:, 2], first).by_sequence
    for name in ("estimate", "se", "t", "p_value", "ci_low", "ci_high"):
        assert getattr(together, name)[2] == pytest.approx(getattr(alone, name))


VALUES, ORDER = [1.0, 2.0, 4.0, 3.0], [True, True, False, False]


@pytest.mark.parametrize(
    ("treated", "control", "order", "words"),
    [
        (VALUES, VALUES[:3], ORDER, "both conditions"),
        (VALUES, VALUES, ORDER[:3], "an order"),
        (VALUES, [1.0, np.nan, 2.0, 3.0], ORDER, "missing or infinite"),
        (VALUES, VALUES, [True] * 4, "4 and 0 persons"),
        (VALUES, VALUES, [False] * 4, "0 and 4 persons"),
        (VALUES[:2], VALUES[:2], [True, False], "three at least"),
    ],
)
def test_trials_that_cannot_be_used_are_refused(treated, control, order, words):
    with pytest.raises(Misuse, match=words):
        crossover(treated, control, order)
