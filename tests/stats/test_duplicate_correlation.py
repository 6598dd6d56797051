"""One correlation within persons for all features: found again, bounded, or refused."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats

from exercisebook.stats import random_intercept
from exercisebook.stats.duplicate_correlation import TRIM, duplicate_correlation

seeds = st.integers(0, 2**32 - 1)
drawn = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


pytestmark = pytest.mark.usefixtures("no_numerical_warnings")


def study(correlation=0.5, people=13, phases=3, features=400, seed=1, gaps=0.0):
    """Return values whose pairs within a person correlate, also below zero."""
    rng = np.random.default_rng(seed)
    persons, phase = np.divmod(np.arange(people * phases), phases)
    noise = rng.normal(size=(people, phases, features))
    about = noise - noise.mean(axis=1, keepdims=True)
    mean = noise.mean(axis=1, keepdims=True)
    # a mean of k correlated values has the variance (1 + (k - 1) rho) / k
    own = np.sqrt(1 + (phases - 1) * correlation) * mean
    y = 8 + (own + np.sqrt(1 - correlation) * about).reshape(-1, features)
    y[rng.random(y.shape) < gaps] = np.nan
    return y, np.eye(phases)[phase], persons


@pytest.mark.parametrize("gaps", [0.0, 0.1], ids=["complete", "gaps"])
@pytest.mark.parametrize("correlation", [-0.3, 0.0, 0.4, 0.9])
def test_a_correlation_is_found_again(correlation, gaps):
    found = duplicate_correlation(*study(correlation, people=40, gaps=gaps))
    assert found.consensus == pytest.approx(correlation, abs=0.03)
    assert found.by_feature.std() > 0.005
    assert np.isfinite(found.by_feature).all()


def test_the_consensus_is_a_trimmed_mean_on_fishers_scale():
    y, x, persons = study()
    y[:, :50] = np.random.default_rng(2).normal(0, 1e3, 13)[persons][:, None] + y[:, :50]
    found = duplicate_correlation(y, x, persons)
    z = np.sort(np.arctanh(found.by_feature))
    cut = int(TRIM * 400)
    assert found.consensus == pytest.approx(np.tanh(z[cut:-cut].mean()), rel=1e-12)
    # what an eighth of the features does is trimmed away
    assert found.consensus == pytest.approx(duplicate_correlation(*study()).consensus, abs=0.08)


def test_two_samples_a_person_have_the_intraclass_correlation_of_two_mean_squares():
    y, x, persons = study(phases=2)
    found = duplicate_correlation(y, x, persons).by_feature
    first, second = y[::2], y[1::2]
    sums, differences = ((first + s * second).var(axis=0, ddof=1) for s in (1, -1))
    np.testing.assert_allclose(found, (sums - differences) / (sums + differences), rtol=1e-9)


def test_a_column_for_a_group_is_taken_out():
    y, x, persons = study(0.3, people=40)
    group = persons % 2
    shifted = y + 5 * group[:, None]
    with_group = duplicate_correlation(shifted, np.column_stack([x, group]), persons)
    assert with_group.consensus == pytest.approx(0.3, abs=0.03)
    assert duplicate_correlation(shifted, x, persons).consensus > 0.8


def test_the_search_agrees_with_the_closed_form():
    y, x, persons = study(0.1)
    closed = duplicate_correlation(y, x, persons)
    y = np.column_stack([y, y[:, 0]])
    y[0, -1] = np.nan  # one gap, and nothing is balanced
    searched = duplicate_correlation(y, x, persons)
    assert (closed.by_feature < 0).any()
    np.testing.assert_allclose(searched.by_feature[:-1], closed.by_feature, atol=1e-7)


@pytest.mark.parametrize("gaps", [0.0, 0.2], ids=["complete", "gaps"])
@drawn
@given(seed=seeds, phases=st.integers(2, 5), correlation=st.sampled_from([-0.19, 0.5, 0.97]))
def test_correlations_stay_within_their_bounds(gaps, seed, phases, correlation):
    y, x, persons = study(correlation, 6, phases, 30, seed, gaps)
    found = duplicate_correlation(y, x, persons).by_feature
    told = found[np.isfinite(found)]
    assert len(told) > 0
    assert (told >= 1 / (1 - phases) + 0.01 - 1e-12).all()
    assert (told <= 0.99).all()


def test_values_that_mirror_each_other_have_the_lowest_correlation_allowed():
    y, x, persons = study(phases=2)
    y[1::2] = 10 - y[::2]
    np.testing.assert_allclose(duplicate_correlation(y, x, persons).by_feature, -0.99)


def test_values_that_repeat_have_the_highest_correlation_allowed():
    y, x, persons = study(phases=2)
    y[1::2] = 1 + y[::2]
    np.testing.assert_allclose(duplicate_correlation(y, x, persons).by_feature, 0.99)
    y[0, 0] = np.nan
    np.testing.assert_allclose(duplicate_correlation(y, x, persons).by_feature, 0.99)


@pytest.mark.parametrize("gap", [False, True], ids=["complete", "gaps"])
def test_features_that_do_not_vary_have_no_say(gap):
    y, x, persons = study(0.5)
    if gap:
        y[0, 0] = np.nan
    before = duplicate_correlation(y, x, persons)
    levels = np.array([0.0, 0.1, 1e6 / 3, -7.7])
    constant = np.tile(levels, (39, 100))
    by_phase = x @ np.random.default_rng(1).normal(size=(3, 100))
    last_bit = np.where(np.random.default_rng(2).random((39, 100)) < 0.5, 0.3, 0.1 + 0.2)
    given = np.column_stack([y, constant, by_phase, last_bit])
    found = duplicate_correlation(given, x, persons)
    assert np.isnan(found.by_feature[400:]).all()
    np.testing.assert_allclose(found.by_feature[:400], before.by_feature, atol=1e-7)
    assert found.consensus == pytest.approx(before.consensus, abs=1e-7)


def test_features_with_too_few_values_have_no_say():
    y, x, persons = study(features=20)
    y[:, 0] = np.nan
    y[6:, 1] = np.nan  # two persons
    y[(np.arange(39) + persons) % 3 != 0, 2:4] = np.nan  # one value of each person
    y[:3, 3] = [8.0, 9.0, np.nan]  # and a second one of a single person
    found = duplicate_correlation(y, x, persons)
    assert np.isnan(found.by_feature[[0, 2, 3]]).all()
    assert np.isfinite(found.by_feature[4:]).all()


@drawn
@given(seed=seeds, scale=st.sampled_from([1e-6, 1e4]), level=st.sampled_from([0.0, 1e5]))
def test_units_and_level_do_not_matter(seed, scale, level):
    y, x, persons = study(features=30, seed=seed, gaps=0.1)
    one = duplicate_correlation(y, x, persons)
    other = duplicate_correlation(scale * (y + level), x, persons)
    np.testing.assert_allclose(other.by_feature, one.by_feature, atol=1e-5)


@pytest.mark.parametrize("gaps", [0.0, 0.1], ids=["complete", "gaps"])
@pytest.mark.parametrize("unit", [1e-10, 1e10])
def test_the_unit_of_a_covariate_does_not_matter(unit, gaps):
    y, x, persons = study(features=30, gaps=gaps)
    age = np.random.default_rng(3).normal(size=13)[persons]
    age -= age.mean()
    one = duplicate_correlation(y, np.column_stack([x, age]), persons)
    other = duplicate_correlation(y, np.column_stack([x, unit * age]), persons)
    np.testing.assert_allclose(other.by_feature, one.by_feature, atol=1e-7)


def test_features_in_several_batches_are_features_at_once(monkeypatch):
    y, x, persons = study(features=30, gaps=0.1)
    once = duplicate_correlation(y, x, persons)
    monkeypatch.setattr(random_intercept, "_BLOCK_CELLS", 4 * (39 + 13 * 5))
    again = duplicate_correlation(y, x, persons)
    np.testing.assert_allclose(again.by_feature, once.by_feature, atol=1e-9)


def test_unequal_numbers_of_samples_need_no_closed_form():
    y, x, persons = study(0.5, people=40)
    some = np.random.default_rng(5).random(120) < 0.8
    kept = np.flatnonzero(some)
    codes = np.unique(persons[kept], return_inverse=True)[1]
    found = duplicate_correlation(y[kept], x[kept], codes)
    assert found.consensus == pytest.approx(0.5, abs=0.04)
    assert stats.trim_mean(found.by_feature, 0.1) == pytest.approx(0.5, abs=0.05)


# refusals ---------------------------------------------------------------------------------------


def test_without_a_person_with_two_samples_there_is_no_correlation():
    y, x, _ = study()
    with pytest.raises(ValueError, match="no person has two samples"):
        duplicate_correlation(y, x, np.arange(39))


@pytest.mark.parametrize("value", [np.nan, 3.3])
def test_without_a_feature_that_has_enough_values_there_is_no_correlation(value):
    _, x, persons = study()
    with pytest.raises(ValueError, match="no feature has enough values"):
        duplicate_correlation(np.full((39, 4), value), x, persons)


def test_an_infinite_value_is_refused():
    y, x, persons = study()
    y[3, 1] = np.inf
    with pytest.raises(ValueError, match="infinite values"):
        duplicate_correlation(y, x, persons)
