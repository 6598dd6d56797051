"""Paired effects against scipy and statsmodels, and what happens where there is no interval."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from statsmodels.stats.power import TTestPower
from statsmodels.stats.weightstats import DescrStatsW

from exercisebook.stats.differences import Differences
from exercisebook.stats.effects import keyed
from exercisebook.stats.hodges_lehmann import hodges_lehmann
from exercisebook.stats.paired import hodges_lehmann_rows, paired_effects

KEY = {
    "dataset": "made up",
    "modality": "cytokines",
    "contrast": "after-before",
    "kind": "acute",
    "unit": "pg/mL",
}
INTERVAL = ["se", "df", "statistic", "ci_low", "ci_high", "p_value", "q_value", "detectable"]


def differences(**columns) -> Differences:
    values = pd.DataFrame(columns)
    return Differences(
        values, values.notna().sum() * 2, "log2_ratio", pd.Series("", index=values.columns)
    )


def paired(**columns) -> pd.DataFrame:
    return paired_effects(differences(**columns), **KEY).set_index("feature")


@pytest.fixture(params=[3, 4, 13, 40])
def before_after(request) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(request.param)
    before = rng.normal(5, 2, request.param)
    return before, before + rng.normal(0.5, 1, request.param)


def test_statistic_p_value_and_degrees_of_freedom_are_those_of_scipy(before_after):
    before, after = before_after
    expected = stats.ttest_rel(after, before)
    found = paired(il6=after - before).loc["il6"]
    assert found["statistic"] == pytest.approx(expected.statistic, rel=1e-12)
    assert found["p_value"] == pytest.approx(expected.pvalue, rel=1e-10)
    assert found["df"] == expected.df
    assert found["estimate"] == pytest.approx((after - before).mean(), rel=1e-12)


def test_the_interval_and_the_standard_error_are_those_of_statsmodels(before_after):
    before, after = before_after
    expected = DescrStatsW(after - before)
    found = paired(il6=after - before).loc["il6"]
    assert (found["ci_low"], found["ci_high"]) == pytest.approx(expected.tconfint_mean(), rel=1e-10)
    assert found["se"] == pytest.approx(expected.std_mean, rel=1e-12)


def test_a_person_without_one_feature_still_counts_for_the_others():
    rng = np.random.default_rng(1)
    whole, holes = rng.normal(size=12), rng.normal(size=12)
    holes[[2, 7, 8]] = np.nan
    found = paired(whole=whole, holes=holes)
    for feature, d in (("whole", whole), ("holes", holes)):
        expected = stats.ttest_1samp(d, 0, nan_policy="omit")
        assert found.loc[feature, "p_value"] == pytest.approx(expected.pvalue, rel=1e-10)
        assert found.loc[feature, "n_subjects"] == np.isfinite(d).sum()


def test_the_detectable_effect_is_that_of_statsmodels_times_the_spread():
    d = np.random.default_rng(2).normal(0.3, 2.0, 13)
    dz = TTestPower().solve_power(nobs=13, alpha=0.05, power=0.8)
    assert paired(il6=d).loc["il6", "detectable"] == pytest.approx(dz * d.std(ddof=1), rel=1e-4)


def test_the_detectable_effect_does_not_depend_on_the_estimate():
    d = np.random.default_rng(3).normal(size=10)
    found = paired(small=d, large=d + 100)
    assert found.loc["small", "detectable"] == pytest.approx(found.loc["large", "detectable"])


@pytest.mark.parametrize("n", [1, 2])
def test_below_three_persons_there_is_an_estimate_a_flag_and_no_interval(n):
    d = np.array([1.0, 3.0, np.nan, np.nan])
    d[n:] = np.nan
    found = paired(few=d, enough=[1.0, 2.0, 4.0, 3.0]).loc["few"]
    assert found["estimate"] == np.nanmean(d)
    assert found["n_subjects"] == n
    assert found[INTERVAL].isna().all()
    assert found["flag"] == "fewer than 3 persons"


def test_a_feature_that_nobody_has_is_returned_and_flagged():
    found = paired(none=[np.nan] * 4, enough=[1.0, 2.0, 4.0, 3.0]).loc["none"]
    assert found["n_subjects"] == 0
    assert np.isnan(found["estimate"])
    assert found["flag"] == "no values"


@pytest.mark.parametrize("constant", [0.0, 1.0, 0.1, -0.7, 1e-3, 1e6 / 3])
@pytest.mark.parametrize("n", [3, 6, 7, 13])
def test_differences_that_are_all_alike_are_flagged_and_have_no_p_value(constant, n):
    found = paired(alike=[constant] * n).loc["alike"]
    assert found["estimate"] == pytest.approx(constant)
    assert found["flag"] == "all differences alike"
    assert found[["se", "statistic", "p_value", "ci_low", "ci_high"]].isna().all()


def test_a_doubling_in_everyone_is_alike_though_logarithms_round():
    before = np.array([0.3, 1.7, 5.9, 11.3, 0.007])
    found = paired(il6=np.log2(3 * before) - np.log2(before)).loc["il6"]
    assert found["flag"] == "all differences alike"


def test_nothing_without_an_interval_goes_unflagged():
    found = paired(
        none=[np.nan] * 5,
        one=[1.0, *[np.nan] * 4],
        alike=[0.2] * 5,
        fine=[1.0, 2.0, 0.5, 0.1, -1.0],
    )
    assert (found["flag"] != "").equals(found["p_value"].isna())


def test_a_flag_of_the_differences_is_kept_beside_the_own_one():
    given_flag = differences(il6=[1.0, np.nan, np.nan])
    given_flag.flag["il6"] = "over half missing"
    found = paired_effects(given_flag, **KEY)
    assert found["flag"].item() == "over half missing; fewer than 3 persons"


def test_a_contrast_that_nobody_has_still_gives_a_row_a_feature():
    nobody = differences(il6=np.array([], float), tnf=np.array([], float))
    found = paired_effects(nobody, **KEY)
    assert list(found["feature"]) == ["il6", "tnf"]
    assert found["flag"].eq("no values").all()


def test_canonical_ids_and_units_are_looked_up_by_feature():
    d = differences(CRP=[1.0, 2, 4], IL6=[2.0, 1, 3])
    unit = pd.Series({"IL6": "pg/mL", "CRP": "mg/L"})
    mapped = {"canonical_id": {"IL6": "il6", "CRP": "crp"}, "unit": unit}
    found = paired_effects(d, **{**KEY, **mapped}).set_index("feature")
    assert found["canonical_id"].to_dict() == {"CRP": "crp", "IL6": "il6"}
    assert found["unit"].to_dict() == {"CRP": "mg/L", "IL6": "pg/mL"}


def test_a_feature_without_canonical_id_has_none():
    d = differences(CRP=[1.0, 2, 4], odd=[2.0, 1, 3])
    found = paired_effects(d, **KEY, canonical_id={"CRP": "crp"}).set_index("feature")
    assert pd.isna(found.loc["odd", "canonical_id"])


def test_features_keep_their_order_and_the_scale_that_was_given():
    found = paired_effects(differences(b=[1.0, 2, 4], a=[2.0, 1, 3]), **KEY)
    assert list(found["feature"]) == ["b", "a"]
    assert found["effect_scale"].eq("log2_ratio").all()
    assert found["n_observations"].eq(6).all()


@given(arrays(float, 6, elements=st.floats(-100, 100).map(lambda x: round(x, 3))))
def test_turning_every_sign_turns_the_effect_and_keeps_the_p_value(d):
    found = paired(here=d, there=-d)
    here, there = found.loc["here"], found.loc["there"]
    assert here["estimate"] == pytest.approx(-there["estimate"], abs=1e-12)
    assert here["ci_low"] == pytest.approx(-there["ci_high"], nan_ok=True, abs=1e-9)
    assert here["p_value"] == pytest.approx(there["p_value"], nan_ok=True)


@given(arrays(float, (7, 3), elements=st.floats(-50, 50).map(lambda x: round(x, 2))))
def test_zero_lies_outside_the_interval_where_and_only_where_p_is_below_a_twentieth(d):
    found = paired(**dict(zip("abc", d.T, strict=True))).dropna(subset="p_value")
    outside = (found["ci_low"] > 0) | (found["ci_high"] < 0)
    decided = (found["p_value"] - 0.05).abs() > 1e-9
    assert outside[decided].equals((found["p_value"] < 0.05)[decided])


def test_hodges_lehmann_effects_are_the_shift_of_those_who_have_a_difference():
    d = np.array([0.3, np.nan, 1.2, -0.4, 2.2, 0.9, 1.1, np.nan, 0.5])
    found = keyed(hodges_lehmann_rows(differences(il6=d)), **KEY).iloc[0]
    expected = hodges_lehmann(d[np.isfinite(d)])
    assert found["n_subjects"] == 7
    for name in ("estimate", "ci_low", "ci_high", "p_value"):
        assert found[name] == getattr(expected, name)
    assert found[["se", "df", "detectable"]].isna().all()


def test_an_interval_that_cannot_reach_95_percent_says_what_it_covers():
    d = differences(five=[1.0, 2, 4, 8, 16, np.nan], six=[1.0, 2, 4, 8, 16, 32])
    found = keyed(hodges_lehmann_rows(d), **KEY).set_index("feature")
    # the two extreme assignments of 2^5 lie outside: 1 - 2/32
    assert found.loc["five", "flag"] == "interval covers 93.8 %"
    assert found.loc["six", "flag"] == ""


def test_a_shift_of_nobody_is_flagged():
    d = differences(none=[np.nan] * 6, six=[1.0, 2, 4, 8, 16, 32])
    found = keyed(hodges_lehmann_rows(d), **KEY).set_index("feature")
    assert found.loc["none", "flag"] == "no differences"
