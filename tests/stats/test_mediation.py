"""Within-person mediation by hand, by statsmodels, by integration and on simulated truth."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import integrate, stats
from statsmodels.api import OLS, add_constant

from exercisebook.stats.mediation import (
    Mediation,
    Path,
    sensitivity_to_confounding,
    within_person_mediation,
)

PATHS = ("a", "b", "direct", "total")
OWN = ("indirect", "ci_low", "ci_high", "error_low", "error_high", "p_joint")


def seeded() -> np.random.Generator:
    return np.random.default_rng(20)


def analysed(values, samples: int = 1_000) -> Mediation:
    return within_person_mediation(*values, seeded(), samples=samples)


def columns(mediation: Mediation) -> np.ndarray:
    """Return every number of every study, one row a kind of number."""
    paths = [getattr(mediation, name) for name in PATHS]
    parts = [x for p in paths for x in (p.estimate, p.se, p.df, p.p_value)]
    return np.array([mediation.n_subjects, *parts, *(getattr(mediation, name) for name in OWN)])


def studies(count: int, persons: int = 13, a: float = 0.8, b: float = 0.6, seed: int = 1):
    """Return four arrays of values whose differences follow the model, correlation nowhere."""
    rng = np.random.default_rng(seed)
    shape = (count, persons)
    average = rng.normal(5, 1, shape)
    d_m = a + rng.normal(size=shape)
    d_y = 0.3 + b * d_m + 0.4 * (average - 5) + rng.normal(size=shape)
    y0 = rng.normal(2, 1, shape)
    return np.array([average - d_m / 2, average + d_m / 2, y0, y0 + d_y])


def by_statsmodels(m0, m1, y0, y1):
    average = (m0 + m1) / 2
    d_m, d_y, ones = m1 - m0, y1 - y0, np.ones((len(m0), 1))
    outcome = OLS(d_y, add_constant(np.column_stack([d_m, average - average.mean()]))).fit()
    return OLS(d_m, ones).fit(), outcome, OLS(d_y, ones).fit()


@pytest.fixture
def orthogonal():
    """Return five persons whose regressors and residual are orthogonal polynomials.

    Mediator differences 1 to 5; averages 10 + (2, -1, -2, -1, 2); outcome differences
    1 + 2 x mediator difference + centred average + (-1, 2, 0, -2, 1).
    """
    d_m = np.arange(1.0, 6.0)
    centred = np.array([2.0, -1, -2, -1, 2])
    d_y = 1 + 2 * d_m + centred + np.array([-1.0, 2, 0, -2, 1])
    y0 = np.array([3.0, 1, 4, 1, 5])
    return 10 + centred - d_m / 2, 10 + centred + d_m / 2, y0, y0 + d_y


def test_paths_of_five_persons_are_those_computed_by_hand(orthogonal):
    found = analysed(orthogonal)
    estimates = [getattr(found, name).estimate for name in PATHS]
    assert estimates == pytest.approx([3, 2, 1, 7], rel=1e-12)
    # 10 / 4 / 5; then a residual sum of squares of 10 on 2 df, over 10; 5 (1/5 + 9/10)
    errors = [getattr(found, name).se ** 2 for name in PATHS[:3]]
    assert errors == pytest.approx([0.5, 0.5, 5.5], rel=1e-12)
    assert [getattr(found, name).df for name in PATHS] == [4, 2, 2, 4]
    # a t of 2 df has a tail in closed form
    t = 2 / np.sqrt(0.5)
    assert found.b.p_value == pytest.approx(1 - t / np.sqrt(t**2 + 2), rel=1e-12)
    assert found.indirect == pytest.approx(6, rel=1e-12)


@pytest.mark.parametrize("persons", [4, 5, 13, 60])
def test_paths_are_those_of_statsmodels(persons):
    values = studies(1, persons, seed=persons)[:, 0]
    found = analysed(values)
    mediator, outcome, total = by_statsmodels(*values)
    for path, fit, at in [
        (found.a, mediator, 0),
        (found.b, outcome, 1),
        (found.direct, outcome, 0),
        (found.total, total, 0),
    ]:
        assert path.df == fit.df_resid
        peer = [fit.params[at], fit.bse[at], fit.pvalues[at]]
        assert [path.estimate, path.se, path.p_value] == pytest.approx(peer, rel=1e-10)


@given(arrays(float, (4, 3, 7), elements=st.floats(-100, 100, allow_subnormal=False)))
def test_direct_and_indirect_effect_add_up_to_the_total_one(values):
    found = analysed(values)
    told = np.isfinite(found.b.estimate)
    size = np.abs(found.direct.estimate) + np.abs(found.indirect)
    gap = np.abs(found.direct.estimate + found.indirect - found.total.estimate)
    assert (gap[told] <= 1e-12 * (1 + size[told])).all()
    assert found.total.estimate == pytest.approx((values[3] - values[2]).mean(axis=-1), abs=1e-10)


def test_the_identity_is_not_met_by_missing_values_alone():
    found = analysed(studies(200))
    assert found.direct.estimate + found.indirect == pytest.approx(found.total.estimate, abs=1e-12)


def test_many_studies_at_once_give_what_each_gives_alone():
    values = studies(12)
    values[0, 3, 2] = np.nan
    # averages alike: the same degrees of freedom of a as its neighbours, others of b
    values[:2, 5] -= values[:2, 5].mean(axis=0)
    together = columns(analysed(values.reshape(4, 3, 4, 13))).reshape(-1, 12)
    for i in range(12):
        assert together[:, i] == pytest.approx(columns(analysed(values[:, i])), rel=1e-12)


@pytest.mark.parametrize("block", [1, 2_500])
def test_how_many_studies_are_drawn_at_once_does_not_matter(monkeypatch, block):
    values = studies(9)
    whole = columns(analysed(values))
    monkeypatch.setattr("exercisebook.stats.mediation._BLOCK_PRODUCTS", block)
    assert np.array_equal(columns(analysed(values)), whole)


@pytest.mark.parametrize("which", range(4))
def test_a_person_without_one_value_is_left_out(which):
    values = studies(2)
    complete = np.delete(values, [4, 9], axis=-1)
    values[which, :, 4] = np.nan
    values[(which + 1) % 4, :, 9] = np.nan
    found = analysed(values)
    assert (found.n_subjects == 11).all()
    assert columns(found) == pytest.approx(columns(analysed(complete)), rel=1e-11)


def test_a_study_left_with_three_persons_is_nan_and_its_neighbours_are_not(no_numerical_warnings):
    values = studies(3)
    values[2, 1, 3:] = np.nan
    values[2, 2, 4:] = np.nan
    found = columns(analysed(values))
    assert list(found[0]) == [13, 3, 4]
    assert np.isnan(found[1:, 1]).all()
    assert np.isfinite(found[:, [0, 2]]).all()


def test_a_study_with_nobody_is_nan(no_numerical_warnings):
    values = studies(1)
    values[0] = np.nan
    found = columns(analysed(values))
    assert found[0, 0] == 0
    assert np.isnan(found[1:]).all()


def test_no_studies_give_no_rows():
    assert columns(analysed(np.zeros((4, 0, 13)))).shape[-1] == 0


@given(arrays(float, 13, elements=st.floats(-50, 50)))
def test_a_constant_of_each_person_in_the_outcome_changes_nothing(constants):
    values = studies(1)[:, 0]
    moved = values.copy()
    moved[2:] += constants
    assert columns(analysed(moved)) == pytest.approx(columns(analysed(values)), rel=1e-9, abs=1e-12)


def test_a_constant_of_each_person_in_the_mediator_leaves_its_mean_difference():
    values = studies(5)
    moved = values.copy()
    moved[:2] += np.random.default_rng(3).normal(0, 4, 13)
    before, after = analysed(values), analysed(moved)
    for name in ("a", "total"):
        old, new = getattr(before, name), getattr(after, name)
        assert new.estimate == pytest.approx(old.estimate, rel=1e-10)
        assert new.se == pytest.approx(old.se, rel=1e-10)
    # but b is given the person average, which has moved
    assert (np.abs(after.b.estimate - before.b.estimate) > 1e-3).all()


def test_a_constant_common_to_all_changes_nothing():
    values = studies(5)
    shifted = values + np.array([1_000.0, 1_000.0, -300.0, -300.0])[:, None, None]
    assert columns(analysed(shifted)) == pytest.approx(columns(analysed(values)), rel=1e-8)


def test_exchanging_the_conditions_turns_effects_and_keeps_b():
    m0, m1, y0, y1 = values = studies(5)
    one, other = analysed(values), analysed((m1, m0, y1, y0))
    assert other.b.estimate == pytest.approx(one.b.estimate, rel=1e-10)
    for name in ("a", "direct", "total"):
        turned = -getattr(other, name).estimate
        assert turned == pytest.approx(getattr(one, name).estimate, rel=1e-10)


def test_units_scale_the_paths_and_the_interval():
    values = studies(5)
    one, other = analysed(values), analysed(values * np.array([100, 100, 0.1, 0.1])[:, None, None])
    assert other.a.estimate == pytest.approx(100 * one.a.estimate, rel=1e-10)
    assert other.b.estimate == pytest.approx(one.b.estimate / 1_000, rel=1e-10)
    assert other.ci_low == pytest.approx(0.1 * one.ci_low, rel=1e-10)
    assert other.p_joint == pytest.approx(one.p_joint, rel=1e-9)


def test_joint_significance_is_the_larger_p_value():
    found = analysed(studies(50))
    each = np.array([found.a.p_value, found.b.p_value])
    assert np.array_equal(found.p_joint, each.max(axis=0))
    # both of the two are the larger one somewhere
    assert set(each.argmax(axis=0)) == {0, 1}


def test_averages_alike_leave_one_regressor_and_a_degree_of_freedom():
    m0, m1, y0, y1 = studies(1)[:, 0]
    middle = (m0 + m1) / 2
    m0, m1 = m0 - middle, m1 - middle
    found = analysed((m0, m1, y0, y1))
    fit = OLS(y1 - y0, add_constant(m1 - m0)).fit()
    assert found.b.df == fit.df_resid == 11
    assert [found.b.estimate, found.b.se] == pytest.approx([fit.params[1], fit.bse[1]], rel=1e-10)


def nothing_before(m0, m1, y0, y1):
    return np.zeros_like(m1), m1, y0, y1


def differences_alike(m0, m1, y0, y1):
    return m0, m0 + 0.1, y0, y1


@pytest.mark.parametrize("spoiled", [nothing_before, differences_alike])
def test_a_mediator_that_does_not_vary_apart_gives_no_b(spoiled, no_numerical_warnings):
    found = analysed(spoiled(*studies(4)))
    for part in (found.b.estimate, found.direct.estimate, found.indirect, found.ci_low):
        assert np.isnan(part).all()
    assert np.isfinite(found.total.p_value).all()


def test_differences_all_alike_have_an_estimate_and_no_p_value(no_numerical_warnings):
    m0, m1, y0, _ = studies(4)
    found = analysed((m0, m0 + 0.1, y0, y0 + 0.1))
    for path in (found.a, found.total):
        assert path.estimate == pytest.approx(0.1, rel=1e-9)
        assert np.isnan(path.se).all()
        assert np.isnan(path.p_value).all()
    assert np.isfinite(analysed((m0, m1, y0, y0)).a.p_value).all()


def test_the_same_seed_gives_the_same_interval_and_another_seed_another():
    values = studies(5)
    first, again = analysed(values), analysed(values)
    other = within_person_mediation(*values, np.random.default_rng(21), samples=1_000)
    assert np.array_equal(first.ci_low, again.ci_low)
    assert (first.ci_low != other.ci_low).all()


def test_the_generator_moves_on_alike_whatever_the_data():
    left = []
    for values in (studies(3), studies(40, persons=9)):
        rng = seeded()
        within_person_mediation(*values, rng, samples=1_000)
        left.append(rng.random())
    assert left[0] == left[1]


def share_below(bound: float, a: Path, b: Path, laws) -> float:
    """Return by integration how much of the law of the product lies below a bound."""
    law_a, law_b = laws

    def given(z: float) -> float:
        factor = a.estimate + a.se * z
        at = (bound / factor - b.estimate) / b.se
        return law_a.pdf(z) * (law_b.cdf(at) if factor > 0 else law_b.sf(at))

    turn = float(-a.estimate / a.se)
    pieces = [(-np.inf, turn), (turn, np.inf)]
    return sum(integrate.quad(given, *piece, limit=200)[0] for piece in pieces)


@pytest.mark.parametrize(("a", "b"), [(0.0, 0.0), (0.0, 1.0), (0.8, 0.6), (-2.0, 1.5)])
@pytest.mark.parametrize("persons", [5, 13])
def test_the_interval_leaves_a_fortieth_of_the_product_of_two_t_on_each_side(a, b, persons):
    samples = 20_000
    found = analysed(studies(1, persons, a, b)[:, 0], samples)
    laws = (stats.t(found.a.df), stats.t(found.b.df))
    slack = 4 * np.sqrt(0.025 * 0.975 / samples)
    assert share_below(found.ci_low, found.a, found.b, laws) == pytest.approx(0.025, abs=slack)
    assert share_below(found.ci_high, found.a, found.b, laws) == pytest.approx(0.975, abs=slack)


def test_with_many_persons_the_interval_is_that_of_a_product_of_normals():
    samples = 20_000
    found = analysed(studies(1, 5_000, 0.05, 0.04)[:, 0], samples)
    laws = (stats.norm, stats.norm)
    slack = 4 * np.sqrt(0.025 * 0.975 / samples)
    assert share_below(found.ci_low, found.a, found.b, laws) == pytest.approx(0.025, abs=slack)
    assert share_below(found.ci_high, found.a, found.b, laws) == pytest.approx(0.975, abs=slack)


def test_the_monte_carlo_error_of_an_end_is_how_far_it_moves_from_seed_to_seed():
    values = studies(3)
    runs = [
        within_person_mediation(*values, np.random.default_rng(seed), samples=2_000)
        for seed in range(200)
    ]
    for end in ("low", "high"):
        moved = np.std([getattr(run, f"ci_{end}") for run in runs], axis=0)
        told = np.mean([getattr(run, f"error_{end}") for run in runs], axis=0)
        assert told == pytest.approx(moved, rel=0.2)


def test_the_interval_covers_the_indirect_effect_where_both_paths_exist():
    found = analysed(studies(4_000, a=0.8, b=0.6), samples=4_000)
    covered = ((found.ci_low <= 0.48) & (found.ci_high >= 0.48)).mean()
    assert 0.935 <= covered <= 0.975


@pytest.mark.parametrize(("a", "b"), [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0)])
def test_an_absent_indirect_effect_is_found_no_oftener_than_it_may(a, b):
    found = analysed(studies(4_000, a=a, b=b), samples=4_000)
    limit = 0.05 + 3 * np.sqrt(0.05 * 0.95 / 4_000)
    assert ((found.ci_low > 0) | (found.ci_high < 0)).mean() <= limit
    assert (found.p_joint <= 0.05).mean() <= limit


def test_no_correlation_leaves_the_paths_as_they_are():
    found = analysed(studies(4))
    same = sensitivity_to_confounding(found, 0.0)
    assert np.array_equal(same.b, found.b.estimate)
    assert np.array_equal(same.indirect, found.indirect)
    assert same.direct == pytest.approx(found.direct.estimate, rel=1e-12)


def test_b_under_a_correlation_is_that_computed_by_hand(orthogonal):
    # partial correlation 2 / sqrt(5); .6 / sqrt(1 - .36) = 3/4 of the residual over the spread, 1
    found = sensitivity_to_confounding(analysed(orthogonal), [0.6, -0.6, 2 / np.sqrt(5)])
    assert found.b == pytest.approx([1.25, 2.75, 0], abs=1e-12)
    assert found.indirect == pytest.approx([3.75, 8.25, 0], abs=1e-12)
    assert found.direct == pytest.approx([3.25, -1.25, 7], abs=1e-12)
    assert found.zero_at == pytest.approx(2 / np.sqrt(5), rel=1e-12)


def test_the_indirect_effect_is_zero_at_the_partial_correlation():
    values = studies(6)
    found = analysed(values)
    zero_at = sensitivity_to_confounding(found, 0.0).zero_at
    assert sensitivity_to_confounding(found, zero_at).b == pytest.approx(0, abs=1e-12)
    for study, (m0, m1, y0, y1) in enumerate(values.transpose(1, 0, 2)):
        average = add_constant((m0 + m1) / 2)
        rest = [OLS(d, average).fit().resid for d in (m1 - m0, y1 - y0)]
        assert zero_at[study] == pytest.approx(np.corrcoef(rest)[0, 1], rel=1e-10)


def test_the_true_correlation_gives_the_true_slope_of_a_confounded_study():
    rng = np.random.default_rng(4)
    rho, slope, persons = 0.5, -0.4, 200_000
    average = rng.normal(size=persons)
    e_m, own = rng.normal(size=(2, persons))
    e_y = 3 * (rho * e_m + np.sqrt(1 - rho**2) * own)
    d_m = 0.7 + 0.3 * average + e_m
    d_y = 0.2 + slope * d_m + 0.5 * average + e_y
    zero = np.zeros(persons)
    found = analysed((average - d_m / 2, average + d_m / 2, zero, d_y))
    corrected = sensitivity_to_confounding(found, rho)
    assert found.b.estimate > 0.5
    assert corrected.b == pytest.approx(slope, abs=0.05)
    assert corrected.indirect == pytest.approx(0.7 * slope, abs=0.05)
    assert corrected.direct == pytest.approx(0.2, abs=0.05)


def test_correlations_broadcast_over_studies():
    found = analysed(studies(6))
    assert sensitivity_to_confounding(found, np.linspace(-0.9, 0.9, 5)[:, None]).b.shape == (5, 6)


@pytest.mark.parametrize("correlation", [1.0, -1.0, 1.5, np.nan, [0.1, 1.0]])
def test_a_correlation_of_one_or_more_is_refused(correlation):
    with pytest.raises(ValueError, match="above -1 and below 1"):
        sensitivity_to_confounding(analysed(studies(1)), correlation)


def test_three_persons_are_refused():
    with pytest.raises(ValueError, match="3 persons on the last axis; at least 4"):
        analysed(studies(2, persons=3))


def test_single_numbers_are_refused():
    with pytest.raises(ValueError, match="0 persons"):
        analysed((1.0, 2.0, 3.0, 4.0))


def test_arrays_of_unequal_shapes_are_refused_and_named():
    m0, m1, y0, y1 = studies(2)
    with pytest.raises(ValueError, match=r"differ in shape: \(2, 13\), \(2, 12\)"):
        analysed((m0, m1[:, :12], y0, y1))


@pytest.mark.parametrize("which", range(4))
def test_infinite_values_are_refused(which):
    values = studies(2)
    values[which, 1, 5] = -np.inf
    with pytest.raises(ValueError, match="infinite values; give NaN"):
        analysed(values)


def test_too_few_samples_are_refused():
    with pytest.raises(ValueError, match="samples 999; an interval needs at least 1000"):
        analysed(studies(1), samples=999)
