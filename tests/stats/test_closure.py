"""What shares do to each other because they add up to one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from exercisebook.errors import Misuse
from exercisebook.stats.closure import (
    closure_correlation,
    dirichlet_covariance,
    spurious_correlation,
)

concentrations = st.lists(st.floats(0.05, 50), min_size=2, max_size=12)


@pytest.mark.parametrize("parts", [3, 4, 10])
@pytest.mark.parametrize("draw", ["gamma", "lognormal", "uniform"])
def test_independent_exchangeable_amounts_correlate_as_foretold_once_they_are_shares(parts, draw):
    rng = np.random.default_rng(11)
    size = (100_000, parts)
    amounts = {
        "gamma": lambda: rng.gamma(2.0, 1.0, size),
        "lognormal": lambda: rng.lognormal(0, 0.6, size),
        "uniform": lambda: rng.uniform(1, 2, size),
    }[draw]()
    off = ~np.eye(parts, dtype=bool)
    assert abs(np.corrcoef(amounts.T)[off]).max() < 0.02
    shares = amounts / amounts.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(np.corrcoef(shares.T)[off], closure_correlation(parts), atol=0.02)


def test_unequal_parts_covary_as_simulated():
    a = np.array([8.0, 4.0, 1.0, 0.5])
    shares = np.random.default_rng(12).dirichlet(a, 300_000)
    np.testing.assert_allclose(np.cov(shares.T), dirichlet_covariance(a), atol=3e-4)
    np.testing.assert_allclose(np.corrcoef(shares.T), spurious_correlation(a), atol=0.01)


@given(concentrations)
def test_the_covariance_is_that_of_scipy(a):
    np.testing.assert_allclose(dirichlet_covariance(a), stats.dirichlet(a).cov(), atol=1e-12)


@given(concentrations)
def test_the_covariances_of_a_share_with_all_shares_add_to_zero(a):
    covariance = dirichlet_covariance(a)
    np.testing.assert_allclose(covariance.sum(axis=0), 0, atol=1e-12)
    assert (covariance[~np.eye(len(a), dtype=bool)] < 0).all()


@given(concentrations, st.floats(0.1, 10))
def test_the_correlation_depends_on_the_mean_shares_alone(a, factor):
    a = np.array(a)
    m = a / a.sum()
    found = spurious_correlation(a)
    np.testing.assert_allclose(found, spurious_correlation(factor * a), atol=1e-9)
    i, j = 0, len(a) - 1
    assert found[i, j] == pytest.approx(-np.sqrt(m[i] * m[j] / ((1 - m[i]) * (1 - m[j]))))


@given(st.integers(2, 40), st.floats(0.1, 20))
def test_equal_parts_have_the_correlation_of_exchangeable_ones(parts, a):
    found = spurious_correlation(np.full(parts, a))
    off = ~np.eye(parts, dtype=bool)
    np.testing.assert_allclose(found[off], closure_correlation(parts), atol=1e-9)


def test_two_shares_mirror_each_other():
    assert closure_correlation(2) == -1
    assert spurious_correlation([5.0, 0.3])[0, 1] == pytest.approx(-1)


def test_two_large_parts_among_small_ones_are_the_worst():
    found = spurious_correlation([40.0, 40.0, 1.0, 1.0])
    assert found[0, 1] < -0.9
    assert -0.02 < found[2, 3] < 0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: closure_correlation([3, 1]), "two or more"),
        (lambda: dirichlet_covariance([2.0]), "two parts or more"),
        (lambda: dirichlet_covariance([[1.0, 2.0]]), "two parts or more"),
        (lambda: dirichlet_covariance([1.0, 0.0]), "above zero"),
        (lambda: spurious_correlation([1.0, np.nan]), "above zero"),
    ],
)
def test_input_that_cannot_be_used_is_refused(call, words):
    with pytest.raises(Misuse, match=words):
        call()
