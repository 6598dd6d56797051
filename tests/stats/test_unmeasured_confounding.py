"""How strong an unmeasured cause must be: rules, published examples, and confounders put in."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from exercisebook.errors import Misuse
from exercisebook.stats.unmeasured_confounding import (
    adjusted_estimate,
    bounding_factor,
    confounder_shift_needed,
    e_value,
    e_value_of_limit,
    limit_near_zero,
    partial_r2,
    risk_ratio,
    risk_ratio_of_standardised,
    robustness_value,
)

ratios = st.floats(0.02, 50)
strengths = st.floats(1, 100)
t_values = st.floats(-30, 30)
degrees = st.integers(2, 500)

# the software of Cinelli and Hazlett on their own example: harm and attitudes in Darfur
DARFUR = {"estimate": 0.09731582, "se": 0.02325654, "df": 783}
DARFUR_T = DARFUR["estimate"] / DARFUR["se"]


def least_t(t: float, df: float, most: float) -> float:
    """Return the smallest t that confounders reach who explain ``most`` of either at most."""
    of_y = np.linspace(0, most, 20_001)
    estimate, se = adjusted_estimate(t, 1.0, df, most, of_y)
    return float((estimate / se).min())


# E-values and bounding factors


@given(ratios)
def test_a_ratio_and_its_inverse_have_one_e_value(ratio):
    assert e_value(ratio) == pytest.approx(e_value(1 / ratio), rel=1e-6, abs=1e-6)


@given(ratios)
def test_a_confounder_as_strong_as_the_e_value_explains_the_ratio_exactly(ratio):
    strength = e_value(ratio)
    assert bounding_factor(strength, strength) == pytest.approx(max(ratio, 1 / ratio), rel=1e-9)


@given(strengths, strengths)
def test_a_confounder_misleads_by_no_more_than_either_of_its_strengths(one, other):
    bound = float(bounding_factor(one, other))
    assert 1 - 1e-12 <= bound <= min(one, other) * (1 + 1e-12)
    assert bound == bounding_factor(other, one)


def test_a_binary_confounder_never_misleads_by_more_than_the_bound():
    rng = np.random.default_rng(1)
    exposed, unexposed = rng.uniform(0.01, 0.99, (2, 5000))
    exposed, unexposed = np.maximum(exposed, unexposed), np.minimum(exposed, unexposed)
    strength = rng.uniform(1, 20, 5000)
    # risk without exposure effect: 1 - u + u * strength, times a baseline that cancels
    observed = (1 + exposed * (strength - 1)) / (1 + unexposed * (strength - 1))
    bound = bounding_factor(exposed / unexposed, strength)
    assert (observed <= bound * (1 + 1e-12)).all()
    assert (observed > 0.9 * bound).any()


def test_no_ratio_needs_no_confounder():
    assert e_value(1.0) == 1


def test_arrays_keep_their_shape_and_missing_ratios_stay_missing():
    found = e_value([[2.0, np.nan], [0.5, 1.0]])
    np.testing.assert_allclose(found, [[3.414214, np.nan], [3.414214, 1]], atol=1e-6)


@pytest.mark.parametrize(
    ("ratio", "low", "high", "expected"),
    [(1.5, 0.9, 2.5, 1.0), (0.8, 0.6, 1.1, 1.0), (3.9, 1.8, 8.7, 3.0), (0.5, 0.25, 0.8, 1.809017)],
)
def test_the_limit_nearer_one_is_what_must_be_explained(ratio, low, high, expected):
    assert e_value_of_limit(ratio, low, high) == pytest.approx(expected, abs=1e-6)


@given(st.floats(-3, 3), st.floats(0, 2), st.floats(0, 2))
def test_a_limit_needs_a_weaker_confounder_than_its_estimate(log_ratio, below, above):
    ratio, low, high = np.exp([log_ratio, log_ratio - below, log_ratio + above])
    assert e_value_of_limit(ratio, low, high) <= e_value(ratio) * (1 + 1e-9)


@given(st.floats(-5, 5), st.floats(-5, 5))
def test_the_limit_near_zero_is_zero_just_where_the_interval_holds_it(one, other):
    low, high = min(one, other), max(one, other)
    found = float(limit_near_zero(low, high))
    assert (found == 0) == (low <= 0 <= high)
    assert found in (0, low, high)
    assert abs(found) <= min(abs(low), abs(high))


def test_a_standardised_difference_becomes_the_ratio_of_the_cut_at_the_median():
    # normal outcomes that differ by d, cut in the middle between the two means
    d = np.array([0.2, 0.5, 0.8])
    ratio, low, high = risk_ratio_of_standardised(d, 0.1)
    cut = stats.norm.cdf(d / 2) / stats.norm.cdf(-d / 2)
    np.testing.assert_allclose(ratio, cut, rtol=0.1)
    np.testing.assert_allclose(np.log(high / low), 2 * 1.78 * 0.1)
    assert ((low < ratio) & (ratio < high)).all()


def test_no_standardised_difference_is_a_ratio_of_one():
    assert risk_ratio_of_standardised(0.0, 0.2)[0] == 1


def test_the_ratio_of_two_risks_turns_over_with_the_groups():
    one, other = risk_ratio(30, 100, 10, 120), risk_ratio(10, 120, 30, 100)
    assert one[0] == pytest.approx(3.6)
    np.testing.assert_allclose(one, [1 / other[0], 1 / other[2], 1 / other[1]])


def test_the_interval_of_a_risk_ratio_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(2)
    cases = rng.binomial(400, 0.2, 20_000), rng.binomial(300, 0.1, 20_000)
    _, low, high = risk_ratio(cases[0], 400, cases[1], 300)
    assert 0.94 < ((low <= 2) & (high >= 2)).mean() < 0.96


# shares of variance


def test_the_numbers_are_those_of_the_authors_software():
    assert partial_r2(DARFUR_T, 783) == pytest.approx(0.02187309, abs=1e-7)
    assert robustness_value(DARFUR_T, 783) == pytest.approx(0.1387764, abs=1e-6)
    assert robustness_value(DARFUR_T, 783, alpha=0.05) == pytest.approx(0.07625797, abs=1e-7)
    assert robustness_value(2, 100) == pytest.approx(0.1809975, abs=1e-7)


def test_adjusted_estimates_are_those_of_the_authors_software():
    # one, two and three times as strong as being female
    estimate, se = adjusted_estimate(
        **DARFUR, r2_exposure=[0.0092, 0.0183, 0.0275], r2_outcome=[0.1246, 0.2493, 0.3741]
    )
    np.testing.assert_allclose(estimate, [0.0752, 0.0529, 0.0304], atol=1e-4)
    np.testing.assert_allclose(se, [0.0219, 0.0204, 0.0187], atol=5e-5)


def test_five_per_cent_of_both_gives_the_estimate_of_the_authors_documentation():
    estimate, se = adjusted_estimate(**DARFUR, r2_exposure=0.05, r2_outcome=0.05)
    assert estimate == pytest.approx(0.06393, abs=5e-6)
    assert se == pytest.approx(0.02327, abs=5e-6)
    assert estimate / se == pytest.approx(2.74724, abs=5e-6)


@given(st.integers(0, 10_000), st.integers(8, 60))
def test_the_adjusted_estimate_is_that_of_the_regression_with_the_confounder(seed, n):
    rng = np.random.default_rng(seed)
    z = rng.normal(size=n)
    x = 0.7 * z + rng.normal(size=n)
    y = 0.5 * x + 0.8 * z + rng.normal(size=n)
    long, short = regression(y, x, z), regression(y, x)
    of_x = np.corrcoef(x, z)[0, 1] ** 2
    of_y = partial_r2(long[2] / long[3], n - 3)
    toward = adjusted_estimate(short[0], short[1], n - 2, of_x, of_y)
    # toward zero or, where this sample's confounder worked the other way, away from it
    away = 2 * short[0] - toward[0]
    assert min(abs(toward[0] - long[0]), abs(away - long[0])) < 1e-8 * (1 + abs(long[0]))
    assert toward[1] == pytest.approx(long[1], rel=1e-8)


def regression(y, *columns):
    """Return slope and error of the first column, then those of the last."""
    design = np.column_stack([np.ones(len(y)), *columns])
    inverse = np.linalg.inv(design.T @ design)
    beta = inverse @ design.T @ y
    residual = y - design @ beta
    se = np.sqrt(np.diag(inverse) * (residual @ residual) / (len(y) - design.shape[1]))
    return beta[1], se[1], beta[-1], se[-1]


@given(t_values, degrees, st.floats(0.1, 1))
def test_a_confounder_of_the_robustness_value_takes_the_asked_share_away(t, df, q):
    assume(abs(t) > 1e-3)
    both = robustness_value(t, df, q)
    estimate, _ = adjusted_estimate(t, 1.0, df, both, both)
    assert estimate == pytest.approx((1 - q) * t, abs=1e-6 * abs(t))


@given(st.floats(0.5, 40), st.integers(3, 300), st.sampled_from([0.01, 0.05, 0.2]))
def test_the_value_with_a_level_is_where_the_best_confounder_just_undoes_significance(t, df, alpha):
    value = float(robustness_value(t, df, alpha=alpha))
    critical = stats.t.isf(alpha / 2, df - 1)
    if value == 0:
        assert least_t(t, df, 0.0) <= critical * (1 + 1e-9)
    else:
        assert least_t(t, df, value) == pytest.approx(critical, rel=1e-4)


def test_a_small_study_reaches_the_case_in_which_a_confounder_spares_the_outcome():
    t, df = 9.0, 12
    f, f_star = t / np.sqrt(df), stats.t.isf(0.025, df - 1) / np.sqrt(df - 1)
    assert f * f_star > 1
    found = float(robustness_value(t, df, alpha=0.05))
    assert found == pytest.approx((f**2 - f_star**2) / (1 + f**2), rel=1e-12)
    gap = f - f_star
    assert found < (np.sqrt(gap**4 + 4 * gap**2) - gap**2) / 2


@given(t_values, st.integers(3, 500))
def test_a_level_never_asks_for_more_and_nothing_is_below_zero(t, df):
    plain, levelled = robustness_value(t, df), robustness_value(t, df, alpha=0.05)
    assert 0 <= levelled <= plain <= 1


@given(st.integers(3, 200), st.floats(-1, 1))
def test_an_effect_that_is_not_significant_has_no_robustness(df, share):
    t = share * float(stats.t.isf(0.025, df - 1)) * np.sqrt(df / (df - 1))
    assert robustness_value(t, df, alpha=0.05) == pytest.approx(0, abs=1e-6)


@given(degrees)
def test_robustness_rises_with_the_effect(df):
    t = np.linspace(0, 60, 400)
    for alpha in (None, 0.05):
        assert (np.diff(robustness_value(t, df, alpha=alpha)) >= -1e-12).all()


def test_the_ends_are_zero_and_one():
    np.testing.assert_array_equal(robustness_value([0, np.inf], 12), [0, 1])
    np.testing.assert_array_equal(robustness_value([0, np.inf], 12, alpha=0.05), [0, 1])
    assert partial_r2(0, 12) == 0


def test_no_degree_of_freedom_left_gives_no_value():
    assert np.isnan(robustness_value(5.0, 1, alpha=0.05))


def test_a_confounder_that_explains_all_of_the_outcome_needs_the_partial_share_of_the_exposure():
    estimate, _ = adjusted_estimate(2.5, 1.0, 12, partial_r2(2.5, 12), 1.0)
    assert estimate == pytest.approx(0, abs=1e-12)


# tipping points


@given(st.floats(-5, 5), st.floats(-3, 3), st.floats(-5, 5))
def test_the_needed_shift_times_its_slope_brings_the_estimate_to_the_target(
    estimate, slope, target
):
    assume(abs(slope) > 1e-3)
    shift = confounder_shift_needed(estimate, slope, target)
    assert estimate - shift * slope == pytest.approx(target, abs=1e-9)


def test_days_that_differ_in_a_cause_make_the_difference_that_the_shift_foretells():
    rng = np.random.default_rng(3)
    slope = 0.4
    shift = float(confounder_shift_needed(0.6, slope))
    first, second = rng.normal(0, 1, 200_000), rng.normal(shift, 1, 200_000)
    made = (slope * second).mean() - (slope * first).mean()
    assert made == pytest.approx(0.6, abs=0.01)


def test_a_table_of_slopes_gives_a_table_of_shifts():
    found = confounder_shift_needed([[0.6], [-0.6]], [0.2, 0.6, 0.0])
    np.testing.assert_allclose(found, [[3, 1, np.inf], [-3, -1, -np.inf]])


def test_where_nothing_is_left_to_explain_no_shift_is_needed():
    assert confounder_shift_needed(limit_near_zero(-0.2, 0.9), 0.0) == 0
    assert confounder_shift_needed(limit_near_zero(0.3, 0.9), 0.1) == pytest.approx(3)


# input that cannot be used


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: e_value([1.2, 0.0]), "above 0"),
        (lambda: e_value(-0.5), "above 0"),
        (lambda: e_value_of_limit(2.0, 2.5, 3.0), "outside its own limits"),
        (lambda: e_value_of_limit(0.4, -0.2, 0.9), "above 0"),
        (lambda: bounding_factor(0.8, 2.0), "invert"),
        (lambda: bounding_factor(2.0, 0.8), "invert"),
        (lambda: risk_ratio(0, 10, 1, 10), "one case at least"),
        (lambda: risk_ratio(3, 10, 12, 10), "no more cases than persons"),
        (lambda: partial_r2(2.0, 0), "degrees of freedom are 0"),
        (lambda: robustness_value(2.0, -1), "degrees of freedom are -1"),
        (lambda: robustness_value(2.0, 12, q=0), "q is 0"),
        (lambda: robustness_value(2.0, 12, alpha=1.0), "alpha is 1.0"),
        (lambda: adjusted_estimate(1, 1, 12, 1.0, 0.5), "0 to below 1 of the exposure"),
        (lambda: adjusted_estimate(1, 1, 12, 0.5, 1.1), "0 to 1 of the outcome"),
        (lambda: adjusted_estimate(1, 1, 1, 0.5, 0.5), "1 or fewer"),
    ],
)
def test_input_that_cannot_be_used_is_refused(call, words):
    with pytest.raises(Misuse, match=words):
        call()
