"""Detectable effects against statsmodels, against an integral, and against simulated studies."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats
from statsmodels.stats.power import TTestPower

from exercisebook.stats.power import (
    detectable_from_se,
    detectable_ratio,
    detectable_standardised,
    power_of,
)


def integrated_power(dz: float, n: int, alpha: float) -> float:
    """Return the power of a two-sided t test without a noncentral t: given s, z is normal."""
    df, delta = n - 1, dz * np.sqrt(n)
    critical = stats.t.isf(alpha / 2, df)

    def rejected(s: float) -> float:
        both = stats.norm.sf(critical * s - delta) + stats.norm.cdf(-critical * s - delta)
        return both * stats.chi2.pdf(df * s**2, df) * 2 * df * s

    return integrate.quad(rejected, 0, 1 + 12 / np.sqrt(df), limit=400)[0]


def share_found(dz: float, n: int, alpha: float, studies: int, seed: int) -> float:
    rng = np.random.default_rng(seed)
    d = rng.normal(dz, 1, (studies, n))
    t = d.mean(axis=1) / (d.std(axis=1, ddof=1) / np.sqrt(n))
    return float((2 * stats.t.sf(np.abs(t), n - 1) <= alpha).mean())


def near_80_percent(share: float, studies: int) -> bool:
    return abs(share - 0.8) < 3 * np.sqrt(0.8 * 0.2 / studies)


# its solver stops early for four persons as soon as there are five features
@pytest.mark.parametrize(
    ("n", "features"), [(4, 1), *[(n, m) for n in (8, 13, 30, 100) for m in (1, 5)]]
)
def test_the_detectable_difference_is_that_of_statsmodels_where_it_answers(n, features):
    expected = TTestPower().solve_power(nobs=n, alpha=0.05 / features, power=0.8)
    assert detectable_standardised(n, features) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("n", [5, 13, 40])
@pytest.mark.parametrize("dz", [0.0, 0.3, 1.0])
def test_power_is_that_of_statsmodels_where_it_answers(n, dz):
    expected = TTestPower().power(dz, n, 0.05)
    assert power_of(dz, n) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("n", [3, 6, 13, 25])
@pytest.mark.parametrize("features", [1, 20, 3000])
def test_the_detectable_difference_has_80_percent_power_by_integration(n, features):
    dz = detectable_standardised(n, features)
    assert integrated_power(dz, n, 0.05 / features) == pytest.approx(0.8, abs=1e-6)


def test_thirteen_persons_and_3000_features_need_2_27_standard_deviations():
    dz, studies = detectable_standardised(13, 3000), 200_000
    assert dz == pytest.approx(2.27, abs=0.005)
    assert near_80_percent(share_found(dz, 13, 0.05 / 3000, studies, seed=1), studies)


def test_the_1_88_at_which_statsmodels_stops_would_find_far_fewer():
    assert share_found(1.88, 13, 0.05 / 3000, 50_000, seed=2) < 0.6


def test_thirteen_persons_and_one_feature_need_0_85_standard_deviations():
    dz, studies = detectable_standardised(13), 200_000
    assert dz == pytest.approx(0.85, abs=0.005)
    assert near_80_percent(share_found(dz, 13, 0.05, studies, seed=3), studies)


@pytest.mark.parametrize("n", [4, 10])
def test_the_detectable_effect_of_a_standard_error_is_found_in_80_percent_of_studies(n):
    sd, studies = 2.5, 100_000
    effect = detectable_from_se([sd / np.sqrt(n)], [n - 1])[0]
    assert near_80_percent(share_found(effect / sd, n, 0.05, studies, seed=n), studies)


def test_standard_errors_that_are_unknown_give_nothing_and_keep_their_place():
    found = detectable_from_se([0.5, np.nan, 0.5, 0.5], [12, 12, np.nan, 12])
    np.testing.assert_array_equal(np.isnan(found), [False, True, True, False])
    assert found[0] == found[3]


@given(st.floats(1e-6, 1e6), st.integers(1, 200))
def test_the_detectable_effect_grows_in_proportion_to_the_standard_error(se, df):
    one, other = detectable_from_se([1.0, se], [df, df])
    assert other == pytest.approx(one * se)


def test_many_degrees_of_freedom_lead_to_the_normal_rule():
    expected = stats.norm.isf(0.025) + stats.norm.ppf(0.8)
    assert detectable_from_se([1.0], [1e6])[0] == pytest.approx(expected, rel=1e-4)


@given(st.integers(3, 60), st.integers(1, 2000))
def test_fewer_persons_or_more_features_need_a_larger_difference(n, features):
    here = detectable_standardised(n, features)
    assert here > detectable_standardised(n + 1, features)
    assert here < detectable_standardised(n, features + 1)


@given(st.integers(2, 60), st.integers(1, 1000))
def test_without_an_effect_the_power_is_the_level(n, features):
    assert power_of(0.0, n, features) == pytest.approx(0.05 / features, rel=1e-6)


@given(st.floats(0, 3), st.integers(2, 40))
def test_power_is_a_share_and_does_not_know_the_direction(dz, n):
    assert 0.05 - 1e-9 <= power_of(dz, n) <= 1 + 1e-12
    assert power_of(-dz, n) == pytest.approx(power_of(dz, n), abs=1e-9)


@pytest.mark.parametrize(("cv", "n"), [(0.2, 13), (0.6, 8)])
def test_the_detectable_ratio_is_found_in_80_percent_of_log_normal_studies(cv, n):
    ratio, studies = detectable_ratio(cv, n), 100_000
    rng = np.random.default_rng(4)
    sigma = np.sqrt(np.log1p(cv**2))
    usual = np.exp(rng.normal(0, 0.5, (studies, n)))
    before = usual * rng.lognormal(0, sigma, (studies, n))
    after = ratio * usual * rng.lognormal(0, sigma, (studies, n))
    t = stats.ttest_1samp(np.log(after / before), 0, axis=1)
    assert near_80_percent((t.pvalue <= 0.05).mean(), studies)


def test_the_coefficient_of_variation_is_that_of_the_simulated_values():
    """The log-normal of the test above has the coefficient of variation that was asked for."""
    sigma = np.sqrt(np.log1p(0.6**2))
    moments = stats.lognorm(sigma).stats("mv")
    assert np.sqrt(moments[1]) / moments[0] == pytest.approx(0.6)
