"""Moderated variances: where they go, what they leave alone, and that nothing breaks them."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import special, stats

from exercisebook.stats import moderation
from exercisebook.stats.moderation import Moderation, moderate, trigamma_inverse

MODES = pytest.mark.parametrize("robust", [False, True], ids=["plain", "robust"])
TRENDS = pytest.mark.parametrize("trend", [False, True], ids=["level", "trend"])

seeds = st.integers(0, 2**32 - 1)
drawn = settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])


pytestmark = pytest.mark.usefixtures("no_numerical_warnings")


def variances(seed=1, m=600, df=12, df_prior=6.0, scale=1.0):
    """Return variances estimated on ``df`` of true ones scattered on ``df_prior``."""
    rng = np.random.default_rng(seed)
    true = scale if np.isinf(df_prior) else scale * df_prior / rng.chisquare(df_prior, m)
    return true * rng.chisquare(df, m) / df


def levels(m, seed=3):
    return np.random.default_rng(seed).uniform(4, 12, m)


def whole(found: Moderation) -> bool:
    parts = (found.variance, found.df_total, found.variance_prior)
    return all(np.isfinite(part).all() for part in parts) and not np.isnan(found.df_prior).any()


# what moderation is -----------------------------------------------------------------------------


@MODES
@TRENDS
def test_a_moderated_variance_is_the_mean_of_own_and_prior_weighted_by_degrees_of_freedom(
    robust, trend
):
    s2 = variances()
    found = moderate(s2, 12, levels(600) if trend else None, robust)
    d0 = found.df_prior
    assert np.isfinite(d0).all()
    expected = (12 * s2 + d0 * found.variance_prior) / (12 + d0)
    np.testing.assert_allclose(found.variance, expected, rtol=1e-12)
    np.testing.assert_allclose(found.df_total, np.minimum(12 + d0, 12 * 600), rtol=1e-12)


@pytest.mark.parametrize("df_prior", [3.0, 10.0])
@pytest.mark.parametrize("df", [2, 24])
def test_a_prior_that_made_the_variances_is_found_again(df_prior, df):
    found = moderate(variances(m=40_000, df=df, df_prior=df_prior, scale=0.37), df)
    assert found.df_prior[0] == pytest.approx(df_prior, rel=0.1 if df == 24 else 0.25)
    assert found.variance_prior[0] == pytest.approx(0.37, rel=0.03)


def test_moderated_t_follows_its_law_where_unmoderated_t_of_few_people_is_no_better():
    rng = np.random.default_rng(4)
    true = 6 / rng.chisquare(6, 20_000)
    s2 = true * rng.chisquare(3, 20_000) / 3
    found = moderate(s2, 3)
    t = rng.normal(0, np.sqrt(true)) / np.sqrt(found.variance)
    p = 2 * stats.t.sf(np.abs(t), found.df_total)
    assert stats.kstest(p, "uniform").pvalue > 0.01
    assert (p < 0.05).mean() == pytest.approx(0.05, abs=0.005)


@MODES
def test_moderation_of_unequal_degrees_of_freedom_is_that_of_limma(robust):
    # R 4.2.2, limma 3.54.1: squeezeVar(s, df, robust = FALSE) and TRUE
    s2 = [0.31, 0.52, 0.18, 0.77, 0.45, 0.29, 0.64, 0.38, 0.55, 0.23, 0.41, 0.33, 0.48, 0.6, 25]
    df = [24, 20, 12, 24, 22, 8, 24, 24, 16, 20, 24, 4, 24, 24, 24]
    found = moderate(s2, df, robust=robust)
    if not robust:
        np.testing.assert_allclose(found.df_prior, 2.64493672857, rtol=1e-10)
        np.testing.assert_allclose(found.variance_prior, 0.376262320335, rtol=1e-10)
        posterior = [0.316577596583, 0.503211387482, 0.215445794619, 0.730915228999,
                     0.442086346199, 0.311433512022, 0.613819811142, 0.379628975429,
                     0.525353889543, 0.247083491453, 0.406650994934, 0.348414157305,
                     0.469702373780, 0.577790451802, 22.555699649543]  # fmt: skip
    else:
        prior = np.full(15, 21.269257982501)
        prior[[3, 14]] = 20.776004096038, 0.270620365986
        np.testing.assert_allclose(found.df_prior, prior, rtol=1e-7)
        np.testing.assert_allclose(found.variance_prior, 0.439065456509, rtol=1e-7)
        posterior = [0.370639970997, 0.478288135785, 0.345622270017, 0.616446828611,
                     0.444625060903, 0.398322242151, 0.545593136853, 0.407751248603,
                     0.486690571468, 0.337747687918, 0.423656081863, 0.421800927953,
                     0.460767359469, 0.524386692507, 24.726142595661]  # fmt: skip
    np.testing.assert_allclose(found.variance, posterior, rtol=1e-7 if robust else 1e-10)


def test_a_robust_prior_falls_stepwise_with_the_variance_as_that_of_limma_does():
    # R 4.2.2, limma 3.54.1: squeezeVar(s, 12, robust = TRUE)
    s2 = np.array(
        [1.5, 1.29, 1.77, 0.24, 0.46, 0.8, 1.09, 1.44, 0.62, 0.58, 0.87, 0.69, 0.27, 0.34]
    )
    found = moderate(s2, 12, robust=True)
    steps = [8.39889508788, 9.29406631740, 9.38757638459, 9.53319954029]
    expected = np.select([s2 > 1, s2 > 0.7, s2 > 0.5], steps[:3], steps[3])
    np.testing.assert_allclose(found.df_prior, expected, rtol=1e-8)
    np.testing.assert_allclose(found.variance_prior, 0.708358355569, rtol=1e-8)


# limits -----------------------------------------------------------------------------------------


@MODES
@TRENDS
def test_variances_as_alike_as_chance_has_them_are_one_variance(robust, trend):
    # quantiles of the chi square are a little more alike than draws
    s2 = stats.chi2.ppf((np.arange(400) + 0.5) / 400, 12) / 12
    s2 = np.random.default_rng(1).permutation(s2) * 0.3
    # half as scattered on the log scale: surely less than chance
    s2 = np.exp(0.5 * np.log(s2))
    found = moderate(s2, 12, levels(400) if trend else None, robust)
    assert np.isinf(found.df_prior).all()
    np.testing.assert_array_equal(found.variance, found.variance_prior)
    np.testing.assert_array_equal(found.df_total, 12 * 400)


def test_equal_variances_are_left_as_they_are():
    for robust in (False, True):
        found = moderate(np.full(60, 0.7), 24, robust=robust)
        assert np.isinf(found.df_prior).all()
        np.testing.assert_allclose(found.variance, 0.7, rtol=1e-12)


def test_a_common_variance_is_the_mean_and_takes_no_more_than_all_degrees_of_freedom():
    found = moderate([0.9, 1.0, 1.25], [4, 8, 12])
    np.testing.assert_allclose(found.variance, 1.05, rtol=1e-12)
    np.testing.assert_array_equal(found.df_total, 24)


def test_degrees_of_freedom_are_at_most_those_of_all_features_together():
    found = moderate([0.65, 1.0, 1.75], 12)
    assert 24 < found.df_prior[0] < np.inf
    np.testing.assert_array_equal(found.df_total, 36)


@MODES
@TRENDS
def test_two_features_are_enough(robust, trend):
    found = moderate([0.2, 3.0], 12, [4.0, 9.0] if trend else None, robust)
    assert whole(found)
    assert 0.2 < found.variance[0] < found.variance[1] < 3.0


@pytest.mark.parametrize("few", [[1.0], [1.0, np.nan], [1.0, 0.0, 0.0], [np.nan, np.nan], []])
def test_fewer_than_two_varying_features_are_refused(few):
    with pytest.raises(ValueError, match="at least two features need a variance above zero"):
        moderate(few, 5)


def test_a_feature_that_varies_without_degrees_of_freedom_does_not_count():
    with pytest.raises(ValueError, match="at least two features"):
        moderate([1.0, 2.0], [0, 5])


# invariants -------------------------------------------------------------------------------------


@MODES
@TRENDS
@drawn
@given(seed=seeds, factor=st.sampled_from([1e-12, 0.25, 7.0, 1e9]))
def test_units_of_the_variance_do_not_matter(robust, trend, seed, factor):
    s2 = variances(seed, m=80, df=5)
    covariate = levels(80) if trend else None
    one, other = (moderate(k * s2, 5, covariate, robust) for k in (1.0, factor))
    np.testing.assert_allclose(other.variance, factor * one.variance, rtol=1e-6)
    np.testing.assert_allclose(other.df_total, one.df_total, rtol=1e-5)


@MODES
def test_units_of_the_variance_do_not_matter_where_most_are_zero(robust):
    s2 = np.append(np.zeros(60), variances(m=40))
    one, other = moderate(s2, 12, robust=robust), moderate(1e-9 * s2, 12, robust=robust)
    np.testing.assert_allclose(other.variance, 1e-9 * one.variance, rtol=1e-6)


@MODES
@drawn
@given(seed=seeds, factor=st.sampled_from([1e-6, 1e3]), shift=st.sampled_from([-1e3, 50.0]))
def test_units_and_origin_of_the_covariate_do_not_matter(robust, seed, factor, shift):
    s2, x = variances(seed, m=80, df=5), levels(80, seed)
    one, other = moderate(s2, 5, x, robust), moderate(s2, 5, factor * (x + shift), robust)
    np.testing.assert_allclose(other.variance, one.variance, rtol=1e-5)


@MODES
@TRENDS
@drawn
@given(seed=seeds)
def test_the_order_of_features_does_not_matter(robust, trend, seed):
    s2, x = variances(seed, m=80, df=5), levels(80, seed)
    df = np.random.default_rng(seed).integers(2, 13, 80)
    order = np.random.default_rng(seed + 1).permutation(80)
    one = moderate(s2, df, x if trend else None, robust)
    other = moderate(s2[order], df[order], x[order] if trend else None, robust)
    np.testing.assert_allclose(other.variance, one.variance[order], rtol=1e-6)
    np.testing.assert_allclose(other.df_total, one.df_total[order], rtol=1e-5)


@drawn
@given(seed=seeds, df=st.integers(1, 40))
def test_moderation_keeps_the_order_of_variances_and_pulls_each_to_the_prior(seed, df):
    s2 = np.sort(variances(seed, m=100, df=df))
    found = moderate(s2, df)
    assert (np.diff(found.variance) >= -1e-12 * found.variance[1:]).all()
    low, high = np.minimum(s2, found.variance_prior), np.maximum(s2, found.variance_prior)
    assert (found.variance >= low * (1 - 1e-12)).all()
    assert (found.variance <= high * (1 + 1e-12)).all()


@drawn
@given(seed=seeds, df=st.integers(1, 40))
def test_a_larger_variance_never_gets_more_of_a_robust_prior(seed, df):
    s2 = variances(seed, m=100, df=df)
    s2[:3] *= 1000
    found = moderate(s2, df, robust=True)
    ordered = found.df_prior[np.argsort(s2)]
    assert (ordered[1:] <= ordered[:-1] * (1 + 1e-9)).all()
    np.testing.assert_allclose(found.variance_prior, found.variance_prior[0], rtol=1e-12)


@MODES
@TRENDS
def test_features_without_a_variance_have_none_and_do_not_matter(robust, trend):
    s2, x = variances(m=100), levels(100)
    df = np.full(100, 12.0)
    s2[[3, 50]], df[[3, 71]] = np.nan, 0
    none = np.isnan(s2) | (df == 0)
    found = moderate(s2, df, x if trend else None, robust)
    parts = (found.variance, found.df_prior, found.variance_prior, found.df_total)
    for part in parts:
        np.testing.assert_array_equal(np.isnan(part), none)
    alone = moderate(s2[~none], df[~none], x[~none] if trend else None, robust)
    np.testing.assert_array_equal(found.variance[~none], alone.variance)
    np.testing.assert_array_equal(found.df_total[~none], alone.df_total)


def test_more_degrees_of_freedom_of_its_own_leave_a_feature_more_of_its_variance():
    s2 = np.append(variances(m=300), [4.0, 4.0])
    df = np.append(np.full(300, 12), [3, 24])
    found = moderate(s2, df)
    assert found.variance_prior[0] < found.variance[300] < found.variance[301] < 4.0


# robust -----------------------------------------------------------------------------------------


def test_wild_variances_lower_the_prior_of_all_unless_it_is_robust():
    s2 = variances(m=500, df_prior=20.0)
    wild = s2.copy()
    wild[:10] *= 1e4
    before = {r: moderate(s2, 12, robust=r) for r in (False, True)}
    after = {r: moderate(wild, 12, robust=r) for r in (False, True)}
    assert after[False].df_prior[0] < 0.2 * before[False].df_prior[0]
    usual = slice(10, None)
    assert np.median(after[True].df_prior) > 0.6 * np.median(before[True].df_prior)
    moved = np.abs(after[True].variance[usual] / before[True].variance[usual] - 1)
    assert np.quantile(moved, 0.99) < 0.2


def test_a_wild_variance_keeps_itself_under_a_robust_prior():
    s2 = variances(m=500, df_prior=20.0)
    s2[0] = 1e4
    found = moderate(s2, 12, robust=True)
    assert found.df_prior[0] < 0.5
    assert found.variance[0] == pytest.approx(1e4, rel=0.05)
    assert found.df_total[0] < 12.5


def test_a_robust_prior_of_well_behaved_variances_is_nearly_the_plain_one():
    s2 = variances(m=5000, df_prior=8.0)
    plain, robust = moderate(s2, 12), moderate(s2, 12, robust=True)
    assert np.median(robust.df_prior) == pytest.approx(plain.df_prior[0], rel=0.15)
    assert robust.variance_prior[0] == pytest.approx(plain.variance_prior[0], rel=0.05)


def test_so_few_features_that_no_tail_holds_one_have_the_plain_prior():
    s2 = variances(m=9)
    plain, robust = moderate(s2, 12), moderate(s2, 12, robust=True)
    np.testing.assert_array_equal(robust.variance, plain.variance)


@pytest.mark.parametrize("df_prior", [2.0, 8.0, np.inf])
@pytest.mark.parametrize("d1", [1.0, 4.0, 24.0])
def test_moments_with_pulled_in_tails_are_those_of_draws(d1, df_prior):
    rng = np.random.default_rng(2)
    f = rng.chisquare(d1, 400_000) / d1
    if np.isfinite(df_prior):
        f *= df_prior / rng.chisquare(df_prior, len(f))
    z = np.log(f)
    low, high = np.quantile(z, [moderation.TAILS[0], 1 - moderation.TAILS[1]])
    pulled = np.clip(z, low, high)
    mean, variance = moderation._winsorized_moments(d1, df_prior)
    assert mean == pytest.approx(pulled.mean(), abs=0.01)
    assert variance == pytest.approx(pulled.var(), rel=0.02)


# trend ------------------------------------------------------------------------------------------


@MODES
def test_a_trend_of_the_variance_is_found(robust):
    x = levels(4000)
    true = np.exp(-0.4 * (x - 8))
    found = moderate(true * variances(m=4000, df_prior=10.0), 12, x, robust)
    log_ratio = np.log(found.variance_prior / true)
    assert np.abs(log_ratio).max() < 0.3
    assert np.abs(log_ratio).mean() < 0.08
    assert np.median(found.df_prior) == pytest.approx(10, rel=0.25)
    # without the trend the same scatter looks like disagreement
    assert np.median(moderate(true * variances(m=4000), 12, robust=robust).df_prior) < 6


@MODES
def test_a_curved_trend_is_found(robust):
    x = levels(4000)
    true = np.exp(0.15 * (x - 8) ** 2)
    found = moderate(true * variances(m=4000, df_prior=10.0), 12, x, robust)
    inner = (x > 5) & (x < 11)
    assert np.abs(np.log(found.variance_prior / true))[inner].max() < 0.35


def test_a_constant_covariate_is_no_covariate():
    s2 = variances(m=300)
    for robust in (False, True):
        none, constant = moderate(s2, 12, None, robust), moderate(s2, 12, np.ones(300), robust)
        assert np.ptp(constant.variance_prior) < 1e-9
        np.testing.assert_allclose(constant.variance, none.variance, rtol=0.03)


@MODES
@pytest.mark.parametrize("tied", [0.3, 0.5, 0.7, 0.997])
def test_features_that_share_a_covariate_share_the_prior_of_their_like(robust, tied):
    m = 300
    s2, x = variances(m=m, df_prior=10.0), levels(m)
    same = np.arange(m) < round(tied * m)
    x[same] = 4.0
    found = moderate(s2, 12, x, robust)
    assert whole(found)
    prior = found.variance_prior[same]
    assert np.ptp(prior) <= 1e-9 * prior[0]
    # their own typical variance, not that of whichever comes first
    own = moderate(s2[same], 12, None, robust).variance_prior[0]
    assert prior[0] == pytest.approx(own, rel=0.25)


@MODES
@pytest.mark.parametrize("values", [2, 3, 5])
def test_a_covariate_of_few_values_gives_a_prior_to_each(robust, values):
    x = np.arange(400) % values
    true = np.exp(x.astype(float))
    found = moderate(true * variances(m=400, df_prior=10.0), 12, x, robust)
    assert whole(found)
    np.testing.assert_allclose(np.log(found.variance_prior), np.log(true), atol=0.5)


@MODES
def test_few_features_have_a_trend_without_breaking(robust):
    for m in (2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 29, 30, 31):
        found = moderate(variances(m=m, df_prior=4.0), 12, levels(m), robust)
        assert whole(found), m


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_missing_covariate_is_refused_rather_than_spread_to_all(bad):
    x = levels(100)
    x[7] = bad
    with pytest.raises(ValueError, match="needs a finite covariate"):
        moderate(variances(m=100), 12, x)


def test_a_missing_covariate_of_a_feature_without_variance_does_not_matter():
    s2, x = variances(m=100), levels(100)
    s2[7] = x[7] = np.nan
    assert np.isnan(moderate(s2, 12, x).variance).sum() == 1


# extremes ---------------------------------------------------------------------------------------


@MODES
@TRENDS
@drawn
@given(
    seed=seeds,
    factor=st.sampled_from([1e-300, 1e-30, 1e-12, 1e12, 1e30, 1e60]),
    how_many=st.integers(1, 20),
    df=st.sampled_from([1, 2, 24]),
    unequal=st.booleans(),
)
def test_variances_of_any_size_have_a_moderated_one(
    robust, trend, seed, factor, how_many, df, unequal
):
    s2 = variances(seed, m=60, df=df)
    s2[:how_many] *= factor
    d = np.random.default_rng(seed).integers(1, df + 1, 60) if unequal else df
    assert whole(moderate(s2, d, levels(60, seed) if trend else None, robust))


@MODES
@TRENDS
@drawn
@given(seed=seeds, spread=st.sampled_from([3.0, 10.0, 30.0, 100.0]))
def test_variances_of_very_unequal_features_have_a_moderated_one(robust, trend, seed, spread):
    rng = np.random.default_rng(seed)
    s2 = np.exp(np.clip(rng.normal(0, spread, 200), -600, 600))
    assert whole(moderate(s2, 24, levels(200, seed) if trend else None, robust))


@MODES
@TRENDS
def test_zero_variances_among_others_get_the_prior(robust, trend):
    s2 = variances(m=200)
    s2[:20] = 0
    found = moderate(s2, 12, levels(200) if trend else None, robust)
    assert whole(found)
    assert (found.variance[:20] > 0).all()


@pytest.mark.parametrize("y", [1e-5, 1e-2, 0.3, 1.0, 7.0, 1e3, 1e6])
def test_the_inverse_of_trigamma_is_one(y):
    assert trigamma_inverse(special.polygamma(1, y)) == pytest.approx(y, rel=1e-9)


def test_the_inverse_of_trigamma_goes_on_beyond_what_trigamma_can_tell():
    x = np.array([1e-12, 1e-7, 1e-5, 1e6, 1e8, 1e12])
    y = trigamma_inverse(x)
    np.testing.assert_allclose(y[:2] * x[:2], 1, rtol=1e-5)
    np.testing.assert_allclose(y[4:] ** 2 * x[4:], 1, rtol=1e-3)
    assert (np.diff(y) < 0).all()
