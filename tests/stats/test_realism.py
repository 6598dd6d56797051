"""Measures of how data look, against laws that are known."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from exercisebook.errors import InvalidInput, Misuse
from exercisebook.stats.realism import (
    composition_covariance,
    correlation_spectrum,
    count_moments,
    course_agreement,
    discriminator_auc,
    missing_by_intensity,
    moment_curve,
    overdispersion,
    variation,
)
from exercisebook.stats.variance_components import variance_components

POINTS = np.arange(-1.0, 1.6, 0.5)


def poisson(rng, cells=2_000, genes=300):
    means = 10 ** rng.uniform(-1, 1.5, genes)
    return rng.poisson(means, (cells, genes))


def negative_binomial(rng, dispersion, cells=2_000, genes=300):
    means = 10 ** rng.uniform(-1, 1.5, genes)
    return rng.poisson(means * rng.gamma(1 / dispersion, dispersion, (cells, genes)))


# moments of counts


def test_moments_of_one_group_are_those_of_numpy():
    counts = poisson(np.random.default_rng(1), 50, 20)
    found = count_moments(counts)
    np.testing.assert_allclose(found["mean"], counts.mean(axis=0))
    np.testing.assert_allclose(found["variance"], counts.var(axis=0, ddof=1))
    np.testing.assert_allclose(found["zeros"], (counts == 0).mean(axis=0))


def test_moments_of_groups_are_weighted_by_their_degrees_of_freedom():
    counts = poisson(np.random.default_rng(2), 30, 7)
    groups = np.repeat(["a", "b"], [10, 20])
    parts = [counts[:10], counts[10:]]
    found = count_moments(counts, groups)
    for name, of in (
        ("mean", lambda part: part.mean(axis=0)),
        ("variance", lambda part: part.var(axis=0, ddof=1)),
        ("zeros", lambda part: (part == 0).mean(axis=0)),
        ("zeros_poisson", lambda part: np.exp(-part.mean(axis=0))),
    ):
        expected = (9 * of(parts[0]) + 19 * of(parts[1])) / 28
        np.testing.assert_allclose(found[name], expected)


def test_what_lies_between_groups_is_no_variance():
    counts = np.repeat([[1, 40], [9, 3]], [6, 8], axis=0)
    found = count_moments(counts, np.repeat([0, 1], [6, 8]))
    np.testing.assert_allclose(found["variance"], 0, atol=1e-12)
    assert (count_moments(counts)["variance"] > 10).all()


def test_a_group_of_one_cell_is_left_out():
    counts = poisson(np.random.default_rng(3), 11, 5)
    groups = np.array([0] * 10 + [1])
    pd.testing.assert_frame_equal(count_moments(counts, groups), count_moments(counts[:10]))


def test_sparse_and_dense_counts_give_the_same():
    counts = poisson(np.random.default_rng(4), 40, 30)
    groups = np.arange(40) % 3
    dense = count_moments(counts, groups)
    pd.testing.assert_frame_equal(count_moments(sparse.csr_matrix(counts), groups), dense)


@given(st.integers(0, 10_000))
def test_the_order_of_cells_does_not_matter_and_that_of_genes_is_kept(seed):
    rng = np.random.default_rng(seed)
    counts, groups = rng.poisson(2, (12, 5)), np.arange(12) % 3
    cells, genes = rng.permutation(12), rng.permutation(5)
    found = count_moments(counts[cells][:, genes], groups[cells])
    expected = count_moments(counts, groups).iloc[genes].reset_index(drop=True)
    pd.testing.assert_frame_equal(found, expected)


def test_the_squared_mean_is_right_on_average():
    rng = np.random.default_rng(5)
    counts = rng.poisson(1.5, (4, 40_000))
    assert count_moments(counts)["squared_mean"].mean() == pytest.approx(1.5**2, rel=0.03)
    assert (counts.mean(axis=0) ** 2).mean() == pytest.approx(1.5**2 + 1.5 / 4, rel=0.03)


@pytest.mark.usefixtures("no_numerical_warnings")
@pytest.mark.parametrize("bad", [-1, 0.5, np.nan, np.inf])
def test_values_that_are_no_counts_are_refused(bad):
    counts = np.ones((4, 3))
    counts[1, 2] = bad
    with pytest.raises(Misuse, match=f"{bad}.* among the counts; whole numbers from 0 up"):
        count_moments(counts)


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        (["a"] * 3, r"groups of shape \(3,\) for 4 cells"),
        (["a", "a", None, "b"], "1 of 4 cells have no group"),
        (list("abcd"), "4 cells in 4 groups, none of two"),
    ],
)
def test_groups_that_do_not_fit_are_refused(groups, said):
    with pytest.raises(Misuse, match=said):
        count_moments(np.ones((4, 3)), np.array(groups, object))


# curves


def test_poisson_counts_lie_on_the_curves_of_poisson():
    rng = np.random.default_rng(6)
    means = np.repeat(10**POINTS, 50)
    found = moment_curve(count_moments(rng.poisson(means, (3_000, len(means)))), POINTS)
    assert found["n_features"].tolist() == [50] * len(POINTS)
    np.testing.assert_allclose(found["zeros"], np.exp(-(10**POINTS)), atol=0.01)
    np.testing.assert_allclose(found["zeros"], found["zeros_poisson"], atol=0.01)
    np.testing.assert_allclose(found["log10_variance"], POINTS, atol=0.02)


def test_overdispersed_counts_have_more_zeros_and_the_variance_of_their_law():
    rng = np.random.default_rng(7)
    means = np.repeat(10**POINTS, 50)
    counts = rng.poisson(means * rng.gamma(2, 0.5, (3_000, len(means))))
    found = moment_curve(count_moments(counts), POINTS)
    mu = 10**POINTS
    np.testing.assert_allclose(found["zeros"], (1 + mu / 2) ** -2, atol=0.015)
    np.testing.assert_allclose(found["log10_variance"], np.log10(mu + mu**2 / 2), atol=0.03)


def test_a_gene_belongs_to_its_nearest_point_and_those_beyond_the_grid_to_none():
    mean = 10 ** np.array([-0.8, -0.51, -0.49, 0.2, 0.49, 0.51, 3.0])
    moments = pd.DataFrame({"mean": [*mean, 0.0], "variance": 1.0, "zeros": 0.5,
                            "zeros_poisson": 0.5, "squared_mean": 1.0})  # fmt: skip
    found = moment_curve(moments, [-1, 0, 1])
    assert found["n_features"].tolist() == [2, 3, 1]
    assert found["log10_mean"].tolist() == [-1, 0, 1]


def test_a_point_without_a_gene_keeps_its_row():
    moments = count_moments(np.random.default_rng(8).poisson(1.0, (50, 10)))
    curve, dispersion = moment_curve(moments, [-3, 0, 3]), overdispersion(moments, [-3, 0, 3])
    assert curve["n_features"].tolist() == dispersion["n_features"].tolist() == [0, 10, 0]
    assert curve["zeros"].isna().tolist() == [True, False, True]
    assert dispersion["dispersion"].isna().tolist() == [True, False, True]


@pytest.mark.parametrize("points", [[0.0], [0, 0], [1, 0], [[0, 1]], [0, np.nan]])
@pytest.mark.parametrize("measure", [moment_curve, overdispersion])
def test_points_that_do_not_rise_are_refused(measure, points):
    moments = count_moments(np.ones((3, 2)))
    with pytest.raises(Misuse, match="at least two, each above the one before"):
        measure(moments, points)


def test_poisson_counts_have_no_dispersion():
    moments = count_moments(poisson(np.random.default_rng(9)))
    found = overdispersion(moments, POINTS)
    assert (found["n_features"] > 10).all()
    np.testing.assert_allclose(found["dispersion"], 0, atol=0.02)


@pytest.mark.parametrize("dispersion", [0.2, 1.0])
def test_the_dispersion_of_negative_binomial_counts_is_found_at_every_mean(dispersion):
    counts = negative_binomial(np.random.default_rng(10), dispersion, cells=8_000)
    found = overdispersion(count_moments(counts), POINTS)
    np.testing.assert_allclose(found["dispersion"], dispersion, rtol=0.15)
    np.testing.assert_allclose(found["median_dispersion"][1:], dispersion, rtol=0.15)


def test_the_dispersion_is_found_in_small_groups_of_very_different_means():
    rng = np.random.default_rng(11)
    groups = np.repeat(np.arange(200), 5)
    level = rng.choice([0.5, 8.0], (200, 100))[groups]
    counts = rng.poisson(level * rng.gamma(2.0, 0.5, level.shape))
    found = overdispersion(count_moments(counts, groups), [0, 1])
    np.testing.assert_allclose(found["dispersion"].dropna(), 0.5, rtol=0.1)


def test_one_loud_gene_carries_the_ratio_of_sums_and_not_the_median():
    rng = np.random.default_rng(33)
    counts = rng.poisson(1.0, (1_000, 41))
    counts[:10, 0] = 100
    found = overdispersion(count_moments(counts), [0, 1])
    assert found["n_features"].tolist() == [41, 0]
    assert found["dispersion"][0] > 1
    assert found["median_dispersion"][0] == pytest.approx(0, abs=0.03)


def test_unequal_depth_adds_the_square_of_its_coefficient_of_variation():
    rng = np.random.default_rng(12)
    depth = rng.gamma(4, 0.25, (4_000, 1))
    counts = rng.poisson(5.0 * depth * np.ones((1, 100)))
    found = overdispersion(count_moments(counts), [0.7, 1.7])
    assert found["dispersion"][0] == pytest.approx(np.var(depth) / np.mean(depth) ** 2, rel=0.05)


# variation within and between persons


def repeated(rng, persons=400, times=4, between=0.5, within=0.2, features=3):
    log_value = rng.normal(0, between, (persons, 1, features)) + rng.normal(
        0, within, (persons, times, features)
    )
    table = pd.DataFrame(np.exp(log_value).reshape(-1, features)).add_prefix("f")
    return table, np.repeat(np.arange(persons), times)


def test_variation_is_that_of_the_law():
    found = variation(*repeated(np.random.default_rng(13)))
    assert found["feature"].tolist() == ["f0", "f1", "f2"]
    np.testing.assert_allclose(found["cv_within"], np.sqrt(np.expm1(0.2**2)), rtol=0.08)
    np.testing.assert_allclose(found["cv_between"], np.sqrt(np.expm1(0.5**2)), rtol=0.12)
    np.testing.assert_allclose(found["icc"], 0.25 / 0.29, rtol=0.05)


def test_variation_is_what_variance_components_give_of_the_long_table():
    table, subjects = repeated(np.random.default_rng(14), persons=9)
    table.iloc[3, 1] = np.nan
    long = table.assign(subject=subjects).melt("subject", var_name="feature")
    found = variation(table, subjects)
    pd.testing.assert_frame_equal(found, variance_components(long)[list(found)])


@given(st.integers(0, 10_000))
def test_neither_the_order_of_samples_nor_names_of_subjects_matter_to_variation(seed):
    rng = np.random.default_rng(seed)
    table, subjects = repeated(rng, persons=5, times=3)
    order = rng.permutation(len(table))
    renamed = np.array(list("edcba"))[subjects]
    found = variation(table.iloc[order], renamed[order])
    pd.testing.assert_frame_equal(found, variation(table, subjects))


@pytest.mark.parametrize(
    ("subjects", "said"),
    [([1, 1], r"subjects of shape \(2,\) for 3 samples"), (["a", None, "a"], "1 of 3 samples")],
)
def test_subjects_that_do_not_fit_are_refused(subjects, said):
    values = pd.DataFrame(np.ones((3, 2)))
    with pytest.raises(Misuse, match=said):
        variation(values, np.array(subjects, object))
    with pytest.raises(Misuse, match=said):
        correlation_spectrum(values, np.array(subjects, object), np.random.default_rng(0))


# correlations within persons


def blocks(rng, persons=60, times=4, features=10, rho=0.0, spread=5.0):
    """Return compound symmetry within persons, upon levels that differ much between them."""
    shape = (persons, times)
    shared = rng.normal(size=(*shape, 1)) * np.sqrt(rho)
    own = rng.normal(size=(*shape, features)) * np.sqrt(1 - rho)
    level = rng.normal(0, spread, (persons, 1, 1)) + rng.normal(0, 1, (persons, 1, features))
    values = (shared + own + level).reshape(-1, features)
    return values, np.repeat(np.arange(persons), times)


def test_compound_symmetry_within_persons_has_its_eigenvalues():
    rng = np.random.default_rng(15)
    found = correlation_spectrum(*blocks(rng, persons=600, rho=0.6), rng)
    # 1 + (m - 1) rho, and 1 - rho nine times, of m
    np.testing.assert_allclose(found.shares["share"][0], (1 + 9 * 0.6) / 10, rtol=0.04)
    np.testing.assert_allclose(found.shares["share"][1:], 0.4 / 10, rtol=0.15)
    assert found.median_absolute == pytest.approx(0.6, abs=0.04)
    assert found.median_absolute_expected < 0.03
    assert (found.n_features, found.n_samples, found.n_subjects) == (10, 2_400, 600)


def test_what_lies_between_persons_is_no_correlation_within_them():
    rng = np.random.default_rng(16)
    values, subjects = blocks(rng, rho=0.0, spread=20.0)
    found = correlation_spectrum(values, subjects, rng)
    assert np.abs(np.corrcoef(values, rowvar=False)).min() > 0.9
    assert found.median_absolute < 0.1
    assert found.shares["share"][0] == pytest.approx(found.shares["expected"][0], rel=0.15)


def test_expected_of_independent_features_ends_at_the_edge_of_marchenko_and_pastur():
    rng = np.random.default_rng(17)
    features, df = 150, 100
    values, subjects = blocks(rng, persons=50, times=3, features=features)
    found = correlation_spectrum(values, subjects, rng)
    assert len(found.shares) == df
    edge = (1 + np.sqrt(features / df)) ** 2 / features
    assert found.shares["expected"][0] == pytest.approx(edge, rel=0.06)
    # the sum of squared eigenvalues of m on df: m (1 + m / df), as shares
    second = (found.shares["expected"] ** 2).sum()
    assert second == pytest.approx((1 + features / df) / features, rel=0.05)


def test_shares_sum_to_one_and_fall():
    rng = np.random.default_rng(18)
    found = correlation_spectrum(*blocks(rng, persons=5, features=30, rho=0.3), rng)
    for name in ("share", "expected"):
        assert found.shares[name].sum() == pytest.approx(1)
        assert (np.diff(found.shares[name]) <= 1e-12).all()
    assert len(found.shares) == 15


@given(st.integers(0, 10_000))
def test_neither_order_nor_units_matter_to_a_spectrum(seed):
    rng = np.random.default_rng(seed)
    values, subjects = blocks(rng, persons=4, times=3, features=4, rho=0.4)
    order = rng.permutation(len(values))
    moved = (values * [1, 10, 0.1, 3] + [5, 0, -2, 1])[order]
    here = correlation_spectrum(values, subjects, np.random.default_rng(0))
    there = correlation_spectrum(moved, subjects[order], np.random.default_rng(0))
    np.testing.assert_allclose(there.shares["share"], here.shares["share"], atol=1e-9)
    assert there.median_absolute == pytest.approx(here.median_absolute)


def test_persons_seen_once_and_features_that_do_not_vary_are_left_out():
    rng = np.random.default_rng(19)
    values, subjects = blocks(rng, persons=6, features=4)
    more = np.column_stack([values, subjects * 1.1])
    more = np.vstack([more, np.full(5, 9.0)])
    found = correlation_spectrum(more, [*subjects, 99], np.random.default_rng(0))
    alone = correlation_spectrum(values, subjects, np.random.default_rng(0))
    assert (found.n_features, found.n_samples, found.n_subjects) == (4, 24, 6)
    pd.testing.assert_frame_equal(found.shares, alone.shares)


def test_the_same_generator_gives_the_same_permutations():
    values, subjects = blocks(np.random.default_rng(20), persons=5)
    one, two = (correlation_spectrum(values, subjects, np.random.default_rng(3)) for _ in range(2))
    pd.testing.assert_frame_equal(one.shares, two.shares)


@pytest.mark.parametrize(
    ("values", "subjects", "said"),
    [
        (np.array([[1.0, np.nan]] * 4), [1, 1, 2, 2], "values with gaps"),
        (np.eye(4), [1, 2, 3, 4], "0 features .* on 0 degrees of freedom"),
        (np.ones((4, 3)), [1, 1, 2, 2], "0 features .* on 2 degrees of freedom"),
    ],
)
def test_tables_without_a_correlation_are_refused(values, subjects, said):
    with pytest.raises(Misuse, match=said):
        correlation_spectrum(values, subjects, np.random.default_rng(0))


# missing values


def test_missing_that_depends_on_the_level_falls_as_it_was_made_to():
    rng = np.random.default_rng(21)
    level = rng.permutation(np.linspace(0, 10, 400))
    values = level + rng.normal(0, 0.1, (300, 400))
    share = 1 / (1 + np.exp(level - 4))
    values[rng.random(values.shape) < share] = np.nan
    found = missing_by_intensity(values, 8)
    assert found["n_features"].tolist() == [50] * 8
    np.testing.assert_allclose(found["missing"], 1 / (1 + np.exp(found["level"] - 4)), atol=0.05)
    assert found["bin"].tolist() == list(range(1, 9))


def test_missing_at_random_does_not_depend_on_the_level():
    rng = np.random.default_rng(22)
    values = np.linspace(0, 10, 200) + rng.normal(size=(500, 200))
    values[rng.random(values.shape) < 0.2] = np.nan
    np.testing.assert_allclose(missing_by_intensity(values, 4)["missing"], 0.2, atol=0.015)


@given(st.integers(0, 10_000))
def test_neither_order_of_samples_nor_of_features_matters_to_missing(seed):
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 4, (6, 12)).astype(float)
    values[rng.random(values.shape) < 0.3] = np.nan
    values[0] = 1.0
    moved = values[rng.permutation(6)][:, rng.permutation(12)]
    pd.testing.assert_frame_equal(missing_by_intensity(moved, 3), missing_by_intensity(values, 3))


def test_a_feature_never_seen_has_no_level_and_is_left_out():
    values = np.array([[1.0, np.nan, 2.0], [1.0, np.nan, np.nan]])
    found = missing_by_intensity(values, 2)
    assert found["n_features"].tolist() == [1, 1]
    assert found["missing"].tolist() == [0, 0.5]


@pytest.mark.parametrize("bins", [0, 3])
def test_more_bins_than_features_are_refused(bins):
    with pytest.raises(Misuse, match=f"{bins} bins of 2 features"):
        missing_by_intensity(np.ones((4, 2)), bins)


# compositions


def people(counts):
    return pd.DataFrame(counts, index=[f"s{i}" for i in range(len(counts))]).add_prefix("t")


def test_the_variation_matrix_holds_the_variances_of_log_ratios():
    counts = np.random.default_rng(23).poisson(50, (9, 4))
    found = composition_covariance(people(counts))
    logs = np.log(counts + 0.5)
    for j in range(4):
        for k in range(4):
            expected = np.var(logs[:, j] - logs[:, k], ddof=1)
            assert found.variation.iat[j, k] == pytest.approx(expected, abs=1e-12)
    assert found.total_variance == pytest.approx(found.variation.to_numpy().sum() / (2 * 4))


def test_the_total_variance_is_that_of_the_law_where_cells_are_many():
    rng = np.random.default_rng(24)
    spread = np.array([0.2, 0.4, 0.6])
    amounts = np.exp(rng.normal(0, spread, (4_000, 3))) * [100, 50, 20]
    found = composition_covariance(people(np.round(amounts * 1e5)))
    assert found.total_variance == pytest.approx((spread**2).sum() * (1 - 1 / 3), rel=0.05)
    assert found.counting_variance < 1e-4


@pytest.mark.parametrize(("cells", "within"), [(3_000, 0.04), (1_000, 0.08), (120, 0.25)])
def test_persons_alike_differ_by_counting_alone(cells, within):
    rng = np.random.default_rng(25)
    counts = rng.multinomial(cells, [0.5, 0.25, 0.2, 0.03, 0.02], 4_000)
    found = composition_covariance(people(counts))
    assert found.total_variance == pytest.approx(found.counting_variance, rel=within)


@given(st.integers(0, 10_000))
def test_neither_order_of_persons_nor_of_types_matters_to_a_composition(seed):
    rng = np.random.default_rng(seed)
    table = people(rng.poisson(20, (6, 4)) + 1)
    moved = table.iloc[rng.permutation(6), rng.permutation(4)]
    here, there = composition_covariance(table), composition_covariance(moved)
    assert there.total_variance == pytest.approx(here.total_variance)
    assert there.counting_variance == pytest.approx(here.counting_variance)
    pd.testing.assert_frame_equal(there.variation.loc[list(table), list(table)], here.variation)


def test_types_never_seen_still_have_a_finite_variance():
    found = composition_covariance(people([[0, 10, 5], [0, 20, 5], [0, 15, 9]]))
    assert np.isfinite(found.variation.to_numpy()).all()


@pytest.mark.parametrize("counts", [[[1, 2]], [[1], [2]]])
def test_one_person_or_one_type_has_no_covariance(counts):
    with pytest.raises(Misuse, match="two of each are needed"):
        composition_covariance(people(counts))


def test_shares_are_no_counts():
    with pytest.raises(InvalidInput, match="whole numbers from 0 up"):
        composition_covariance(people([[0.4, 0.6], [0.5, 0.5]]))


# time courses


HOURS = [0.5, 1.0, 2.0, 6.0, 24.0]


def course(values, hours=HOURS):
    return pd.Series(values, index=hours, dtype=float)


def test_a_course_agrees_with_itself():
    own = course([0.4, 0.9, 1.1, 0.3, -0.1])
    found = course_agreement(own, own)
    assert (found.n_hours, found.rms) == (5, 0)
    assert found.correlation == pytest.approx(1)
    assert found.scale == pytest.approx(1)


def test_a_course_half_as_high_is_to_be_doubled():
    own = course([0.4, 0.9, 1.1, 0.3, -0.1])
    found = course_agreement(own / 2, own)
    assert found.scale == pytest.approx(2)
    assert found.correlation == pytest.approx(1)
    assert found.rms == pytest.approx(np.sqrt(((own / 2) ** 2).mean()))


def test_the_scale_is_the_one_of_least_squares():
    rng = np.random.default_rng(26)
    simulated, observed = course(rng.normal(size=5)), course(rng.normal(size=5))
    best = course_agreement(simulated, observed).scale
    loss = [((observed - (best + d) * simulated) ** 2).sum() for d in (-0.01, 0, 0.01)]
    assert loss[1] < min(loss[0], loss[2])


def test_hours_are_matched_by_name_and_not_by_place():
    own = course([0.4, 0.9, 1.1, 0.3, -0.1])
    assert course_agreement(own, own[::-1]).rms == 0


@pytest.mark.usefixtures("no_numerical_warnings")
def test_a_flat_course_has_no_shape_and_a_course_of_zeros_no_scale():
    own = course([0.4, 0.9, 1.1, 0.3, -0.1])
    flat, nil = course([0.2] * 5), course([0.0] * 5)
    assert np.isnan(course_agreement(flat, own).correlation)
    assert np.isfinite(course_agreement(flat, own).scale)
    assert np.isnan(course_agreement(nil, own).scale)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (course([1, 2, 3, 4], HOURS[:4]), "different hours, or an hour twice: 24.0"),
        (course([1, 2, 3, 4, 5, 6], [*HOURS, 24.0]), "an hour twice"),
        (course([1, 2, 3, 4, np.nan]), "with gaps"),
    ],
)
def test_courses_that_cannot_be_compared_are_refused(other, said):
    with pytest.raises(Misuse, match=said):
        course_agreement(course([1, 2, 3, 4, 5]), other)


def test_two_hours_are_no_course():
    two = course([1, 2], [1.0, 2.0])
    with pytest.raises(Misuse, match="courses of 2 hours"):
        course_agreement(two, two)


# the discriminator


def summaries(rng, rows=150, shift=0.0, spread=1.0):
    return pd.DataFrame(rng.normal(shift, spread, (rows, 3)), columns=["mean", "sd", "zeros"])


def test_tables_of_one_law_cannot_be_told_apart():
    rng = np.random.default_rng(27)
    found = [discriminator_auc(summaries(rng), summaries(rng), rng).auc for _ in range(3)]
    assert np.mean(found) == pytest.approx(0.5, abs=0.06)


def test_tables_far_apart_are_always_told_apart():
    rng = np.random.default_rng(28)
    found = discriminator_auc(summaries(rng), summaries(rng, shift=8.0), rng)
    assert found.auc == pytest.approx(1)
    assert found.se == pytest.approx(0)


def test_tables_of_one_mean_and_different_spread_are_told_apart():
    rng = np.random.default_rng(29)
    found = discriminator_auc(summaries(rng), summaries(rng, spread=4.0), rng)
    assert found.auc > 0.85
    assert 0 < found.se < 0.1


def test_a_rare_table_is_told_from_a_common_one_no_better_than_by_chance():
    rng = np.random.default_rng(30)
    found = discriminator_auc(summaries(rng, 40), summaries(rng, 400), rng)
    assert found.auc == pytest.approx(0.5, abs=0.15)


def test_columns_are_matched_by_name_and_seeds_decide():
    rng = np.random.default_rng(31)
    a, b = summaries(rng, 60), summaries(rng, 60, shift=0.5)
    one = discriminator_auc(a, b, np.random.default_rng(1))
    assert one == discriminator_auc(a, b[["zeros", "mean", "sd"]], np.random.default_rng(1))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda b: b.rename(columns={"sd": "cv"}), "tables of different columns"),
        (lambda b: b.iloc[:9], "tables of 20 and 9 rows; 10 or more"),
        (lambda b: b.assign(sd=np.nan), "20 values that are no numbers"),
    ],
)
def test_tables_that_cannot_be_compared_are_refused(change, said):
    rng = np.random.default_rng(32)
    with pytest.raises(Misuse, match=said):
        discriminator_auc(summaries(rng, 20), change(summaries(rng, 20)), rng)
