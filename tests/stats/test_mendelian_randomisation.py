"""Estimators of a causal effect from summary associations."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from exercisebook.errors import Misuse
from exercisebook.stats.mendelian_randomisation import (
    cochran_q,
    f_statistics,
    i_squared_gx,
    inverse_variance_weighted,
    mr_egger,
    mr_table,
    oriented,
    variants,
    weighted_median,
)

# LDL cholesterol and coronary heart disease, 28 variants of Waterworth et al. (2010), Arterioscler
# Thromb Vasc Biol 30, 2264-2276, as given with the R package MendelianRandomization
LDL = (0.026, -0.044, -0.038, -0.023, -0.017, -0.031, -0.018, 0.046, 0.059, 0.004, 0.011, -0.005,
       0.004, 0.022, -0.005, -0.002, -0.002, 0.004, 0.011, 0.009, -0.011, -0.003, -0.012, 0.0003,
       -0.015, -0.008, 0.009, -0.036)  # fmt: skip
LDL_SE = (0.004, 0.004, 0.004, 0.003, 0.003, 0.006, 0.004, 0.007, 0.004, 0.003, 0.004, 0.005, 0.005,
          0.005, 0.004, 0.004, 0.003, 0.004, 0.004, 0.003, 0.004, 0.003, 0.004, 0.003, 0.003, 0.004,
          0.003, 0.007)  # fmt: skip
CHD = (0.0677, -0.1625, -0.1054, -0.0619, -0.0834, -0.1278, -0.0408, 0.077, 0.157, -0.0305, 0.01,
       0.1823, -0.0408, 0.1989, 0.01, 0.0488, 0.01, -0.0408, -0.0305, -0.0408, -0.0202, -0.0619,
       0.0296, 0.0677, -0.0726, -0.0726, 0.0, 0.0198)  # fmt: skip
CHD_SE = (0.0286, 0.03, 0.031, 0.0243, 0.0222, 0.0667, 0.0373, 0.0543, 0.0306, 0.0236, 0.0277,
          0.0403, 0.0344, 0.0335, 0.0378, 0.0292, 0.0253, 0.0319, 0.0316, 0.0241, 0.0285, 0.0217,
          0.0298, 0.0239, 0.022, 0.0246, 0.0255, 0.0647)  # fmt: skip


@pytest.fixture
def lipids():
    return variants(LDL, LDL_SE, CHD, CHD_SE)


def simulated(rng, m=60, effect=0.4, bypass=0.0, invalid=0):
    x = rng.uniform(0.05, 0.2, m) * rng.choice([-1, 1], m)
    x_se, y_se = np.full(m, 0.004), np.full(m, 0.01)
    y = effect * x
    y[:invalid] += bypass * np.sign(x[:invalid])
    return variants(x + rng.normal(0, x_se), x_se, y + rng.normal(0, y_se), y_se)


# published numbers: the vignette of MendelianRandomization 0.10.0


def test_the_weighted_mean_is_that_of_the_published_example(lipids):
    found = inverse_variance_weighted(lipids)
    assert found.estimate == pytest.approx(2.834, abs=5e-4)
    assert found.se == pytest.approx(0.530, abs=5e-4)
    assert found.n_variants == 28


def test_the_disagreement_is_that_of_the_published_example(lipids):
    found = cochran_q(lipids, inverse_variance_weighted(lipids).estimate)
    assert found.q == pytest.approx(99.5304, abs=5e-5)
    assert found.df == 27
    assert found.residual_sd == pytest.approx(1.920, abs=5e-4)


def test_egger_is_that_of_the_published_example(lipids):
    slope, intercept = mr_egger(lipids)
    assert slope.estimate == pytest.approx(3.253, abs=5e-4)
    assert slope.se == pytest.approx(0.770, abs=5e-4)
    assert intercept.estimate == pytest.approx(-0.011, abs=5e-4)
    assert intercept.se == pytest.approx(0.015, abs=5e-4)


def test_the_weighted_median_is_that_of_the_published_example(lipids):
    found = weighted_median(lipids, np.random.default_rng(3), 10_000)
    assert found.estimate == pytest.approx(2.683, abs=5e-4)
    assert found.se == pytest.approx(0.419, abs=0.015)


# truth


def test_every_method_finds_the_truth_where_all_variants_are_valid():
    rng = np.random.default_rng(5)
    tables = [mr_table(simulated(rng), rng) for _ in range(60)]
    found = np.mean([table["estimate"] for table in tables], axis=0)
    np.testing.assert_allclose(found[:4], 0.4, atol=0.02)
    assert abs(found[4]) < 0.002


def test_intervals_of_the_fixed_effect_hold_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(6)
    ends = [inverse_variance_weighted(simulated(rng), random=False) for _ in range(1000)]
    held = np.mean([end.ci_low <= 0.4 <= end.ci_high for end in ends])
    # the error in the exposure is left out, as it is everywhere: a little too narrow
    assert 0.92 < held < 0.965


def test_a_mean_bypass_moves_the_weighted_mean_and_is_seen_by_egger():
    rng = np.random.default_rng(7)
    given = simulated(rng, effect=0.0, bypass=0.05, invalid=60)
    assert inverse_variance_weighted(given).ci_low > 0
    slope, intercept = mr_egger(given)
    assert slope.ci_low < 0 < slope.ci_high
    assert intercept.ci_low > 0


def test_the_weighted_median_survives_a_third_of_invalid_variants():
    rng = np.random.default_rng(8)
    given = simulated(rng, effect=0.0, bypass=0.2, invalid=20)
    misled = inverse_variance_weighted(given).estimate
    assert misled > 0.3
    assert abs(weighted_median(given, rng).estimate) < misled / 3


# rules


@given(
    x=st.lists(st.floats(0.01, 1), min_size=3, max_size=12),
    seed=st.integers(0, 1000),
    flips=st.integers(1, 2**12 - 1),
)
def test_which_allele_is_counted_changes_nothing(x, seed, flips):
    rng = np.random.default_rng(seed)
    x = np.array(x) + np.linspace(0, 0.01, len(x))
    y, se = rng.normal(0.2 * x, 0.05), rng.uniform(0.02, 0.1, len(x))
    sign = np.where((flips >> np.arange(len(x))) & 1, -1.0, 1.0)
    one = mr_table(variants(x, se, y, se), np.random.default_rng(1))
    other = mr_table(variants(sign * x, se, sign * y, se), np.random.default_rng(1))
    keep = one["method"] != "weighted median"
    np.testing.assert_allclose(
        one[keep]["estimate"], other[keep]["estimate"], rtol=1e-8, atol=1e-10
    )
    np.testing.assert_allclose(one[~keep]["estimate"], other[~keep]["estimate"], rtol=1e-8)


def test_variants_that_agree_have_one_answer_and_no_smaller_error_than_the_fixed_one():
    x = np.array([0.1, 0.2, 0.3, 0.4])
    given = variants(x, np.full(4, 0.01), 0.5 * x, np.full(4, 0.02))
    fixed, random = (inverse_variance_weighted(given, random=r) for r in (False, True))
    assert fixed == random.__class__(**{**vars(random), "method": fixed.method})
    assert fixed.estimate == pytest.approx(0.5)
    assert cochran_q(given, 0.5).q == pytest.approx(0)


def test_the_weighted_mean_is_a_regression_through_the_origin(lipids):
    w = np.sqrt(lipids.weight)
    slope = np.linalg.lstsq((w * lipids.x)[:, None], w * lipids.y, rcond=None)[0][0]
    assert inverse_variance_weighted(lipids).estimate == pytest.approx(slope, rel=1e-12)


def test_the_intercept_model_has_one_degree_of_freedom_fewer(lipids):
    slope, intercept = mr_egger(lipids)
    found = cochran_q(oriented(lipids), slope.estimate, intercept.estimate)
    assert found.df == 26
    assert found.q < cochran_q(lipids, inverse_variance_weighted(lipids).estimate).q
    assert found.p_value == pytest.approx(stats.chi2.sf(found.q, 26))


def test_one_variant_of_most_weight_is_the_median_itself():
    given = variants([1, 1, 1], [0.1] * 3, [0.5, 2.0, 9.0], [0.001, 1, 1])
    found = weighted_median(given, np.random.default_rng(0), 50)
    assert found.estimate == pytest.approx(0.5, abs=1e-5)


def test_a_median_of_equal_weights_is_the_plain_one():
    given = variants([1] * 5, [0.1] * 5, [5, 1, 4, 2, 3], [1] * 5)
    assert weighted_median(given, np.random.default_rng(0), 50).estimate == pytest.approx(3)


def test_strength_is_the_square_of_the_z_value():
    found = f_statistics([0.0221, -0.0191], [0.0025, 0.0027])
    np.testing.assert_allclose(found, [78.1456, 50.0425], atol=1e-4)


def test_the_spread_of_instruments_is_a_share(lipids):
    assert 0.9 < i_squared_gx(lipids) < 1
    assert i_squared_gx(variants([1, 1, 1], [0.1] * 3, [1, 1, 1], [1] * 3)) == 0


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        (([1, 2], [1, 1], [1], [1]), "differ in length"),
        (([1, np.nan], [1, 1], [1, 1], [1, 1]), "missing or infinite"),
        (([1, 2], [1, 0], [1, 1], [1, 1]), "not above zero"),
        (([1, 0], [1, 1], [1, 1], [1, 1]), "no instrument"),
    ],
)
def test_associations_that_cannot_be_used_are_refused(columns, words):
    with pytest.raises(Misuse, match=words):
        variants(*columns)


def test_egger_refuses_two_variants_and_the_table_leaves_it_out():
    two = variants([1, 2], [0.1, 0.1], [1, 1], [0.1, 0.1])
    with pytest.raises(Misuse, match="needs 3 variants"):
        mr_egger(two)
    assert len(mr_table(two, np.random.default_rng(0))) == 3
