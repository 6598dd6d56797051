"""Counts: TMM by hand, log-CPM, voom's weights where they are known, and what is no count."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from exercisebook.errors import Misuse
from exercisebook.stats.counts import checked_counts, log_cpm, tmm_factors, voom
from exercisebook.stats.linear import contrast_of, linear_fit
from exercisebook.stats.moderation import moderate

PERSONS = np.repeat(np.arange(6), 3)
PHASES = np.tile(np.eye(3)[:, 1:], (6, 1))
"""Six persons in three phases; columns for the second and the third against the first."""

seeds = st.integers(0, 10_000)


def simulated(seed: int, n: int = 18, m: int = 400, dispersion: float = 0.1) -> np.ndarray:
    """Return negative binomial counts of libraries that differ in size."""
    rng = np.random.default_rng(seed)
    mean = np.outer(rng.uniform(0.5, 2, n), 2 ** rng.uniform(1, 11, m))
    size = 1 / dispersion
    return rng.negative_binomial(size, size / (size + mean)).astype(float)


def frame(values) -> pd.DataFrame:
    values = np.asarray(values)
    return pd.DataFrame(
        values,
        index=[f"s{row}" for row in range(values.shape[0])],
        columns=[f"g{column}" for column in range(values.shape[1])],
    )


def usual_reference(counts: np.ndarray) -> int:
    share = counts / counts.sum(axis=1, keepdims=True)
    quartiles = np.quantile(share[:, counts.any(axis=0)], 0.75, axis=1)
    return int(np.argmin(np.abs(quartiles - quartiles.mean())))


def tmm_by_hand(counts: np.ndarray, r: int) -> np.ndarray:
    """Return TMM factors against sample r, sample by sample and feature by feature."""
    sizes = counts.sum(axis=1)
    logs = []
    for y, size in zip(counts, sizes, strict=True):
        both = (y > 0) & (counts[r] > 0)
        k, ref = y[both], counts[r][both]
        m = np.log2((k / size) / (ref / sizes[r]))
        a = (np.log2(k / size) + np.log2(ref / sizes[r])) / 2
        w = 1 / ((size - k) / (size * k) + (sizes[r] - ref) / (sizes[r] * ref))
        n, m_rank, a_rank = len(m), stats.rankdata(m), stats.rankdata(a)
        low_m, low_a = int(n * 0.3) + 1, int(n * 0.05) + 1
        chosen = [
            i
            for i in range(n)
            if low_m <= m_rank[i] <= n + 1 - low_m and low_a <= a_rank[i] <= n + 1 - low_a
        ]
        logs.append(sum(w[i] * m[i] for i in chosen) / sum(w[i] for i in chosen))
    return 2 ** (np.array(logs) - np.mean(logs))


@pytest.mark.parametrize("seed", range(5))
def test_tmm_factors_are_those_of_going_through_samples_and_features_one_by_one(seed):
    counts = simulated(seed, n=7, m=150, dispersion=0.5)
    assert (counts == 0).any()
    factors = tmm_factors(counts)
    assert np.ptp(factors) > 0.01
    by_hand = tmm_by_hand(counts, usual_reference(counts))
    np.testing.assert_allclose(factors, by_hand, rtol=1e-12)


@given(seeds)
def test_tmm_factors_multiply_to_one(seed):
    assert np.log(tmm_factors(simulated(seed, n=5, m=60))).sum() == pytest.approx(0, abs=1e-12)


@given(seeds)
def test_the_order_of_samples_and_features_does_not_change_tmm_factors(seed):
    counts, rng = simulated(seed, n=6, m=80), np.random.default_rng(seed)
    samples, features = rng.permutation(6), rng.permutation(80)
    np.testing.assert_allclose(
        tmm_factors(counts[samples][:, features]), tmm_factors(counts)[samples], rtol=1e-12
    )


def test_libraries_that_differ_in_depth_alone_have_factors_of_one():
    base = np.arange(1, 101)
    np.testing.assert_allclose(tmm_factors(np.outer([1, 2, 5, 40], base)), 1, rtol=1e-12)


def test_features_without_any_count_do_not_change_tmm_factors():
    counts = simulated(1, n=5)
    padded = np.hstack([counts, np.zeros((5, 900))])
    np.testing.assert_array_equal(tmm_factors(padded), tmm_factors(counts))


def test_tmm_sees_through_a_few_features_that_take_half_of_a_library():
    counts = np.tile(simulated(2, n=1, m=500) + 20, (4, 1))
    counts[0, :5] += counts[0].sum() / 5
    effective = counts.sum(axis=1) * tmm_factors(counts)
    share = counts[:, 5:] / effective[:, None]
    np.testing.assert_allclose(share[0], share[1], rtol=0.01)
    plain = counts[:, 5:] / counts.sum(axis=1)[:, None]
    assert (plain[0] < 0.6 * plain[1]).all()


def test_a_sample_that_shares_no_feature_with_the_others_has_a_finite_factor():
    counts = simulated(3, n=4, m=40) + 1
    counts[3, :20], counts[:3, 20:] = 0, 0
    factors = tmm_factors(counts)
    assert np.isfinite(factors).all()
    assert (factors > 0).all()


def test_libraries_of_one_feature_have_factors_of_one():
    np.testing.assert_array_equal(tmm_factors([[5.0, 0], [9, 0], [2, 0]]), 1)


def test_where_upper_quartiles_are_zero_the_sample_that_shows_most_is_the_reference():
    counts = np.zeros((8, 220))
    counts[:, :20] = simulated(4, n=8, m=20) + 1
    counts[2, :20] *= 3
    counts[np.arange(8)[:, None], 20 + 25 * np.arange(8)[:, None] + np.arange(25)] = 3
    assert counts.any(axis=0).all()
    assert (np.quantile(counts, 0.75, axis=1) == 0).all()
    factors = tmm_factors(counts)
    np.testing.assert_allclose(factors, tmm_by_hand(counts, 2), rtol=1e-12)
    assert np.abs(factors - tmm_by_hand(counts, 0)).max() > 1e-6


def test_log_cpm_is_the_papers_formula():
    counts = np.array([[0, 10, 90], [3, 0, 1]])
    expected = np.log2((3 + 0.5) / (4 * 2.0 + 1) * 1e6)
    found = log_cpm(counts, [1.0, 2.0])
    assert found[1, 0] == pytest.approx(expected, rel=1e-14)
    assert found[0, 0] == pytest.approx(np.log2(0.5 / 101 * 1e6), rel=1e-14)


def test_counts_are_returned_as_they_are():
    np.testing.assert_array_equal(checked_counts(frame([[0, 2], [1, 0]])), [[0, 2], [1, 0]])


def test_expected_counts_need_not_be_whole_unless_whole_numbers_are_asked_for():
    counts = frame([[0.25, 2], [1, 3]])
    np.testing.assert_array_equal(checked_counts(counts), counts)
    with pytest.raises(
        Misuse, match=r"1 of 4 counts not whole: 0\.25 in sample 's0', feature 'g0'"
    ):
        checked_counts(counts, whole=True)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (-1.0, "negative: -1 in sample 's1', feature 'g2'.*logarithms"),
        (np.nan, "missing or infinite: nan in sample 's1', feature 'g2'"),
        (np.inf, "missing or infinite: inf in sample 's1', feature 'g2'"),
        (-np.inf, "missing or infinite: -inf in sample 's1', feature 'g2'"),
    ],
)
def test_what_is_no_count_is_named(value, message):
    counts = frame(np.ones((3, 4)))
    counts.loc["s1", "g2"] = value
    with pytest.raises(Misuse, match=f"1 of 12 counts {message}"):
        checked_counts(counts)


def test_of_many_bad_counts_the_first_three_are_named_and_the_others_numbered():
    counts = frame(-np.ones((2, 4)))
    with pytest.raises(Misuse, match="8 of 8 counts negative") as caught:
        checked_counts(counts)
    message = str(caught.value)
    assert all(f"feature 'g{column}'" in message for column in range(3))
    assert "g3" not in message
    assert "and 5 more" in message


def test_samples_without_any_count_are_named():
    with pytest.raises(Misuse, match="no count in 1 of 3 samples: 's1'"):
        checked_counts(frame([[1, 2], [0, 0], [0, 1]]))


@pytest.mark.parametrize("other", [["a", "b"], [True, False]])
def test_a_feature_that_holds_no_numbers_is_named(other):
    with pytest.raises(Misuse, match="hold none: 'other'"):
        checked_counts(frame([[1, 2], [3, 4]]).assign(other=other))


@pytest.mark.parametrize("shape", [(0, 3), (3, 0)])
def test_a_table_without_samples_or_features_is_refused(shape):
    with pytest.raises(Misuse, match=f"{shape[0]} samples and {shape[1]} features"):
        checked_counts(frame(np.ones(shape)))


@pytest.mark.parametrize("bad", [np.nan, -1.0, np.inf])
@pytest.mark.parametrize("function", [tmm_factors, lambda y: log_cpm(y, 1), lambda y: voom(y, y)])
def test_arrays_that_hold_no_counts_are_refused(function, bad):
    counts = np.ones((4, 20))
    counts[2, 3] = bad
    with pytest.raises(ValueError, match="finite and at least 0"):
        function(counts)


def test_arrays_with_an_empty_sample_are_refused():
    counts = np.ones((4, 20))
    counts[1] = 0
    with pytest.raises(ValueError, match="some in every sample"):
        tmm_factors(counts)


@given(seeds)
def test_voom_weights_are_finite_and_above_zero(seed):
    v = voom(simulated(seed, m=60), PHASES, PERSONS)
    assert np.isfinite(v.weights).all()
    assert (v.weights > 0).all()
    assert (np.diff(v.size) >= 0).all()


def test_where_spread_falls_with_size_weights_rise_with_the_expected_count():
    counts = np.random.default_rng(5).poisson(np.outer(np.ones(18), 2 ** np.linspace(2, 10, 500)))
    v = voom(counts, np.ones((18, 1)))
    assert (np.diff(v.curve) <= 0).all()
    # the model expects one mean a feature: what differs within it is the library
    order = np.argsort(v.log_cpm.mean(axis=0))
    assert (np.diff(v.weights[:, order], axis=1) >= 0).all()
    assert (v.weights[:, order[-1]] > 10 * v.weights[:, order[0]]).all()


def test_of_two_libraries_the_deeper_one_has_the_larger_weights():
    rng = np.random.default_rng(6)
    mean = np.outer(np.tile([1, 4], 9), 2 ** np.linspace(2, 10, 500))
    v = voom(rng.poisson(mean), np.ones((18, 1)))
    assert (v.weights[1::2].mean(axis=0) >= v.weights[::2].mean(axis=0)).all()
    assert v.weights[1::2].mean() > 1.5 * v.weights[::2].mean()


def test_where_all_features_spread_alike_every_weight_is_the_inverse_variance():
    # half of the features go up where the others go down, so that libraries stay of one size
    swing = np.outer([1, -1, 1, -1, -1, 1], np.repeat([0.3, -0.3], 40))
    counts = 2 ** (np.tile(np.linspace(5, 9, 40), 2) + swing) - 0.5
    v = voom(counts, np.ones((6, 1)), factors=np.ones(6))
    np.testing.assert_allclose(v.weights, 1 / (6 * 0.3**2 / 5), rtol=1e-10)
    plain = linear_fit(v.log_cpm, np.ones((6, 1)))
    weighted = linear_fit(v.log_cpm, np.ones((6, 1)), weights=v.weights)
    np.testing.assert_allclose(weighted.coefficients, plain.coefficients, rtol=1e-12)


def test_persons_as_blocks_are_persons_as_columns():
    counts = simulated(7)
    blocks = voom(counts, PHASES, PERSONS)
    columns = voom(counts, np.hstack([np.eye(6)[PERSONS], PHASES]))
    np.testing.assert_allclose(blocks.weights, columns.weights, rtol=1e-8)


def test_a_column_too_many_does_not_change_the_weights():
    counts = simulated(8)
    cells = np.hstack([PHASES, 1 - PHASES.sum(axis=1, keepdims=True)])
    np.testing.assert_allclose(
        voom(counts, cells, PERSONS).weights, voom(counts, PHASES, PERSONS).weights, rtol=1e-8
    )


def test_persons_who_differ_do_not_widen_the_spread_that_voom_sees():
    counts = simulated(9)
    counts = np.round(counts * np.random.default_rng(9).lognormal(0, 1, (6, 400))[PERSONS])
    counts[:, 0] += 1
    with_persons, without = voom(counts, PHASES, PERSONS), voom(counts, PHASES)
    assert (with_persons.curve < without.curve).mean() > 0.95


@given(seeds)
def test_the_order_of_samples_and_features_does_not_change_voom(seed):
    counts, rng = simulated(seed, m=60), np.random.default_rng(seed)
    samples, features = rng.permutation(18), rng.permutation(60)
    v = voom(counts, PHASES, PERSONS)
    other = voom(counts[samples][:, features], PHASES[samples], PERSONS[samples])
    np.testing.assert_allclose(other.log_cpm, v.log_cpm[samples][:, features], rtol=1e-12)
    np.testing.assert_allclose(other.weights, v.weights[samples][:, features], rtol=1e-8)


def test_features_without_any_count_have_weights_but_no_part_in_the_curve():
    counts = simulated(10)
    v = voom(counts, PHASES, PERSONS)
    padded = voom(np.hstack([counts, np.zeros((18, 100))]), PHASES, PERSONS)
    np.testing.assert_allclose(padded.curve, v.curve, rtol=1e-12)
    np.testing.assert_allclose(padded.weights[:, :400], v.weights, rtol=1e-10)
    assert (padded.weights[:, 400:] > 0).all()


def test_without_factors_voom_takes_those_of_tmm():
    counts = simulated(11)
    given_them = voom(counts, PHASES, PERSONS, tmm_factors(counts))
    np.testing.assert_array_equal(voom(counts, PHASES, PERSONS).weights, given_them.weights)
    plain = voom(counts, PHASES, PERSONS, np.ones(18))
    assert np.abs(plain.log_cpm - given_them.log_cpm).max() > 1e-3


def test_voom_takes_counts_that_are_not_whole():
    counts = simulated(12)
    v = voom(counts + 0.25 * (counts > 0), PHASES, PERSONS)
    np.testing.assert_allclose(v.weights, voom(counts, PHASES, PERSONS).weights, rtol=0.2)


def test_voom_with_moderation_finds_five_percent_where_nothing_differs():
    rates = []
    for seed in range(5):
        v = voom(simulated(100 + seed, m=2_000), PHASES, PERSONS)
        fit = linear_fit(v.log_cpm, PHASES, PERSONS, weights=v.weights)
        moderation, found = moderate(fit.variance, fit.df), contrast_of(fit, [1, 0])
        t = found.estimate / found.unscaled / np.sqrt(moderation.variance)
        rates.append((2 * stats.t.sf(np.abs(t), moderation.df_total) < 0.05).mean())
    assert 0.04 < np.mean(rates) < 0.06


def test_voom_needs_some_features_with_counts():
    counts = np.hstack([simulated(13, m=9) + 1, np.zeros((18, 20))])
    with pytest.raises(Misuse, match=r"10 features with counts.*9 have any"):
        voom(counts, PHASES, PERSONS)


def test_voom_needs_residual_degrees_of_freedom():
    with pytest.raises(Misuse, match="no residual degrees of freedom"):
        voom(simulated(14, n=3), np.eye(3))


def test_voom_refuses_counts_that_do_not_vary():
    with pytest.raises(Misuse, match="falls to zero"):
        voom(np.tile(np.arange(1, 31), (6, 1)), np.ones((6, 1)))


@pytest.mark.parametrize("factor", [0.0, -1.0, np.nan])
def test_voom_refuses_factors_that_are_not_above_zero(factor):
    with pytest.raises(ValueError, match="factors"):
        voom(simulated(15), PHASES, PERSONS, np.r_[np.ones(17), factor])
