"""Variation within and between persons: by hand, by likelihood, and by simulation."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from exercisebook.stats.variance_components import variance_components

STATISTICS = [
    "cv_within", "cv_within_low", "cv_within_high", "cv_between", "icc", "icc_low", "icc_high"
]  # fmt: skip


def occasions(*persons, feature: str = "il6") -> pd.DataFrame:
    """Return a table of log values, one sequence a person, on the scale of measurement."""
    rows = [
        (f"s{i}", feature, float(np.exp(log_value)))
        for i, own in enumerate(persons)
        for log_value in own
    ]
    return pd.DataFrame(rows, columns=["subject", "feature", "value"])


def components(*persons) -> pd.Series:
    return variance_components(occasions(*persons)).iloc[0]


def worlds(n: int, times: int, between: float, within: float, studies: int, seed: int):
    """Return a table in which each feature is one study of ``n`` persons."""
    rng = np.random.default_rng(seed)
    person = rng.normal(0, between, (studies, n, 1))
    log_value = person + rng.normal(0, within, (studies, n, times))
    study, subject, _ = np.indices(log_value.shape)
    return pd.DataFrame(
        {
            "feature": study.ravel(),
            "subject": subject.ravel(),
            "value": np.exp(log_value.ravel()),
        }
    )


def cv(log_sd: float) -> float:
    return float(np.sqrt(np.exp(log_sd**2) - 1))


def test_two_persons_of_two_occasions_by_hand():
    # means 1 and 4; squares within 2 + 2 on 2 df; between 2 (1.5^2 + 1.5^2) on 1 df
    found = components([0, 2], [3, 5])
    ms_within, ms_between = 4 / 2, 9.0
    assert found["cv_within"] == pytest.approx(np.sqrt(np.exp(ms_within) - 1))
    assert found["cv_between"] == pytest.approx(np.sqrt(np.exp((ms_between - ms_within) / 2) - 1))
    assert found["icc"] == pytest.approx(3.5 / (3.5 + 2))


def test_one_two_and_three_occasions_by_hand():
    # N = 6, sum of squares 14, so n0 = (6 - 14/6) / 2 = 11/6; MS 20/3 between and 10/3 within
    found = components([0], [1, 3], [2, 4, 6])
    between = (20 / 3 - 10 / 3) / (11 / 6)
    assert np.log1p(found["cv_within"] ** 2) == pytest.approx(10 / 3)
    assert np.log1p(found["cv_between"] ** 2) == pytest.approx(between)
    assert found["icc"] == pytest.approx(6 / 17)


def test_the_interval_of_the_variation_within_is_that_of_chi_square():
    found = components([0], [1, 3], [2, 4, 6])
    for end, share in (("cv_within_low", 0.975), ("cv_within_high", 0.025)):
        assert np.log1p(found[end] ** 2) == pytest.approx(10 / stats.chi2.ppf(share, 3))


def test_the_interval_of_the_icc_is_the_one_of_mcgraw_and_wong_for_equal_numbers():
    found = components([0, 1, 0.4], [2, 2.9, 2.5], [0.8, 1.1, 1.2], [3, 3.5, 2.2])
    table = np.array([[0, 1, 0.4], [2, 2.9, 2.5], [0.8, 1.1, 1.2], [3, 3.5, 2.2]])
    n, k = table.shape
    f = stats.f_oneway(*table).statistic
    low = f / stats.f.isf(0.025, n - 1, n * (k - 1))
    high = f * stats.f.isf(0.025, n * (k - 1), n - 1)
    assert found["icc_low"] == pytest.approx((low - 1) / (low + k - 1))
    assert found["icc_high"] == pytest.approx((high - 1) / (high + k - 1))


def test_equal_numbers_give_what_restricted_maximum_likelihood_gives():
    table = worlds(15, 5, 0.5, 0.3, 1, seed=1)
    fit = smf.mixedlm("y ~ 1", table.assign(y=np.log(table["value"])), groups=table["subject"]).fit(
        reml=True
    )
    found = variance_components(table).iloc[0]
    assert np.log1p(found["cv_within"] ** 2) == pytest.approx(fit.scale, rel=1e-4)
    assert np.log1p(found["cv_between"] ** 2) == pytest.approx(fit.cov_re.iloc[0, 0], rel=1e-4)


def test_a_large_study_finds_the_truth():
    found = variance_components(worlds(4_000, 5, 0.6, 0.25, 1, seed=2)).iloc[0]
    assert found["cv_within"] == pytest.approx(cv(0.25), rel=0.03)
    assert found["cv_between"] == pytest.approx(cv(0.6), rel=0.05)
    assert found["icc"] == pytest.approx(0.36 / (0.36 + 0.0625), rel=0.02)


def coverage(table: pd.DataFrame, low: str, high: str, truth: float) -> float:
    return float(((table[low] <= truth) & (truth <= table[high])).mean())


@pytest.fixture(scope="module")
def many_studies() -> pd.DataFrame:
    return variance_components(worlds(15, 5, 0.5, 0.4, 2_000, seed=3))


@pytest.mark.parametrize(
    ("low", "high", "truth"),
    [
        ("cv_within_low", "cv_within_high", cv(0.4)),
        ("icc_low", "icc_high", 0.25 / (0.25 + 0.16)),
    ],
)
def test_intervals_cover_the_truth_in_95_of_100_studies(many_studies, low, high, truth):
    tolerance = 3 * np.sqrt(0.95 * 0.05 / len(many_studies))
    assert coverage(many_studies, low, high, truth) == pytest.approx(0.95, abs=tolerance)


def test_the_interval_of_the_icc_holds_well_enough_for_unequal_numbers():
    table = worlds(12, 6, 0.5, 0.4, 2_000, seed=4)
    # person i is seen on 2 to 6 occasions
    seen = table.groupby(["feature", "subject"]).cumcount() < 2 + table["subject"] % 5
    found = variance_components(table[seen])
    assert 0.93 <= coverage(found, "icc_low", "icc_high", 0.25 / 0.41) <= 0.97


def test_estimates_of_variance_are_right_on_average(many_studies):
    within = np.log1p(many_studies["cv_within"] ** 2)
    standard_error = within.std() / np.sqrt(len(within))
    assert within.mean() == pytest.approx(0.16, abs=3 * standard_error)


def test_without_variation_between_persons_their_share_is_nil():
    # every person has the same mean, so the mean square between is 0
    found = components([0, 1, 2], [1, 2, 0], [2, 0, 1])
    assert found["cv_between"] == 0
    assert found["icc"] == found["icc_low"] == 0
    assert found["cv_within"] == pytest.approx(np.sqrt(np.exp(1.0) - 1))


def test_without_variation_within_persons_all_of_it_is_between():
    found = components([0, 0], [1, 1], [2, 2])
    assert found["cv_within"] == 0
    assert found["icc"] == found["icc_high"] == 1
    assert found["cv_between"] == pytest.approx(np.sqrt(np.exp(1.0) - 1))


def test_values_that_never_vary_say_nothing_about_shares():
    found = components([1, 1, 1], [1, 1, 1], [1, 1, 1])
    assert found[STATISTICS].isna().all()
    assert found["n_observations"] == 9


@pytest.mark.parametrize(
    "persons",
    [([1, 2, 3],), ([1], [2], [3]), ([1, 2, 3], [4]), ([1, 2], [4], [5])],
    ids=["one person", "one occasion each", "one of two seen again", "one of three seen again"],
)
def test_fewer_than_two_persons_with_two_occasions_give_counts_and_no_estimate(persons):
    found = components(*persons)
    assert found["n_subjects"] == len(persons)
    assert found["n_observations"] == sum(map(len, persons))
    assert found[STATISTICS].isna().all()


def test_values_of_zero_and_missing_ones_are_left_out():
    whole = occasions([0, 2], [3, 5])
    spoilt = pd.concat([whole, whole.assign(value=[0.0, np.nan, -1.0, 0.0])])
    pd.testing.assert_frame_equal(variance_components(spoilt), variance_components(whole))


def test_each_feature_has_its_own_row_in_the_order_it_came():
    table = pd.concat([occasions([0, 2], [3, 5], feature=f) for f in ("tnf", "il6")])
    assert list(variance_components(table)["feature"]) == ["tnf", "il6"]


@given(
    st.lists(
        st.lists(st.integers(-30, 30).map(lambda x: x / 10), min_size=1, max_size=4),
        min_size=2,
        max_size=6,
    ),
    st.sampled_from([1e-3, 7.0, 1e4]),
)
def test_the_unit_of_measurement_does_not_matter(persons, unit):
    here = occasions(*persons)
    there = here.assign(value=here["value"] * unit)
    if here["value"].nunique() == 1:
        return
    a, b = variance_components(here).iloc[0], variance_components(there).iloc[0]
    np.testing.assert_allclose(
        a[STATISTICS].astype(float), b[STATISTICS].astype(float), rtol=1e-6, atol=1e-6
    )


def test_a_feature_without_a_positive_value_keeps_its_row():
    values = pd.DataFrame(
        {"subject": ["a", "a", "b"], "feature": "il6", "value": [0.0, -1, np.nan]}
    )
    row = variance_components(values).iloc[0]
    assert (row["feature"], row["n_subjects"], row["n_observations"]) == ("il6", 0, 0)
    assert np.isnan(row["cv_within"])
