"""What a contrast rests on, against counting and leaving out one by one."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from exercisebook.errors import InvalidInput, Misuse
from exercisebook.stats.assay import Assay, assay_from_matrix
from exercisebook.stats.diagnostics import (
    WITHIN_PERSONS,
    DesignReport,
    design_report,
    leave_one_out,
    mean_variance,
)
from exercisebook.stats.methods import METHODS
from exercisebook.stats.moderation import moderate
from exercisebook.stats.schemas import INFLUENCE, MEAN_VARIANCE

pytestmark = pytest.mark.usefixtures("no_numerical_warnings")


def samples(people=6, phases="abc", arms=("all",), crossover=False) -> pd.DataFrame:
    """Return a sample a person and phase, persons in one arm each or in every arm."""
    rows = [
        (f"s{i}", arm, phase)
        for i in range(people)
        for arm in (arms if crossover else [arms[i % len(arms)]])
        for phase in phases
    ]
    table = pd.DataFrame(rows, columns=["subject", "arm", "phase"])
    return table.set_axis([" ".join(row) for row in rows])


def contrast(phase="b", reference="a", arm="all", other="all") -> pd.Series:
    named = {"contrast": f"{phase} vs {reference}", "phase": phase, "reference_phase": reference}
    return pd.Series(named | {"arm": arm, "reference_arm": other})


TRAINED = contrast(arm="T", other="C")


def assay(table: pd.DataFrame, features=5, seed=1, gaps=0.0) -> Assay:
    rng = np.random.default_rng(seed)
    y = rng.normal(8, 1, (len(table), features)) + rng.normal(0, 2, features)
    y[rng.random(y.shape) < gaps] = np.nan
    names = [f"p{k}" for k in range(features)]
    return assay_from_matrix(pd.DataFrame(y, table.index, names), table, "log2_ratio")


def changes(of: Assay, asked: pd.Series, arm="all") -> pd.DataFrame:
    """Return each person's change in an arm."""
    keys = pd.MultiIndex.from_frame(of.samples[["phase", "arm", "subject"]])
    table = of.values.set_axis(keys).sort_index()
    both = [table.loc[(asked[phase], arm)] for phase in ("phase", "reference_phase")]
    return both[0] - both[1]


# the design -------------------------------------------------------------------------------------


def test_a_complete_design_is_counted():
    found = design_report(samples(), contrast(), "block")
    assert found == DesignReport(6, [], 18, 3, 2, 18 - 6 - 2, {})
    found = design_report(samples(), contrast(), "mixed")
    assert found == DesignReport(6, [], 18, 3, 3, 18 - 3, {})


def test_every_method_within_persons_is_a_method():
    assert set(WITHIN_PERSONS) | {"mixed", "mixed-satterthwaite", "duplicate-correlation"} == set(
        METHODS
    )


@pytest.mark.parametrize("method", WITHIN_PERSONS)
def test_a_person_without_one_side_is_left_out_by_name(method):
    table = samples().drop(["s1 all a", "s4 all b"])
    found = design_report(table, contrast(), method)
    assert (found.persons, found.left_out) == (4, ["s1", "s4"])
    assert (found.samples, found.df_residual) == (16, 16 - 6 - 2)


@pytest.mark.parametrize("method", ["mixed", "duplicate-correlation"])
def test_a_person_without_one_side_stays_where_persons_are_compared(method):
    table = samples().drop(["s1 all a", "s4 all b"])
    found = design_report(table, contrast(), method)
    assert (found.persons, found.left_out, found.df_residual) == (6, [], 16 - 3)


def test_a_person_who_lacks_a_phase_outside_the_contrast_bears_on_it():
    found = design_report(samples().drop(["s1 all c"]), contrast(), "block")
    assert (found.persons, found.left_out) == (6, [])


def test_a_person_with_neither_side_is_not_left_out_of_it():
    found = design_report(samples().drop(["s1 all a", "s1 all b"]), contrast(), "block")
    assert (found.persons, found.left_out) == (5, [])


def test_persons_of_both_arms_bear_on_their_comparison():
    table = samples(8, "ab", ("C", "T")).drop("s3 T b")
    found = design_report(table, TRAINED, "block")
    assert (found.persons, found.left_out) == (7, ["s3"])
    assert (found.columns, found.rank) == (4, 2)
    assert found.df_residual == 15 - 8 - 2


@pytest.mark.parametrize("method", ["block", "mixed"])
def test_a_person_who_went_through_both_arms_counts_once(method):
    table = samples(5, "ab", ("C", "T"), crossover=True).drop("s3 T b")
    found = design_report(table, TRAINED, method)
    # s3 still tells of the change in arm C
    assert (found.persons, found.left_out) == (5, [])


def test_covariates_are_counted_and_their_aliases_named():
    table = samples()
    table["cm"] = np.random.default_rng(1).normal(size=18)
    table["age"] = 20 + 2.5 * pd.factorize(table["subject"])[0]
    found = design_report(table, contrast(), "block", ["cm", "age"])
    assert (found.columns, found.rank, found.df_residual) == (5, 3, 9)
    assert found.aliases == {"age": "persons"}
    found = design_report(table, contrast(), "mixed", ["cm", "age"])
    assert (found.rank, found.df_residual, found.aliases) == (5, 13, {})


@pytest.mark.parametrize("method", ["block", "mixed"])
def test_a_batch_that_is_the_phase_is_refused(method):
    table = samples()
    table["batch"] = np.where(table["phase"] == "b", "two", "one")
    with pytest.raises(Misuse, match="aliased with batch two"):
        design_report(table, contrast(), method, ["batch"])


def test_fewer_than_three_persons_are_refused():
    table = samples(4).drop(["s1 all a", "s2 all b"])
    with pytest.raises(Misuse, match="'b vs a': 2 of 4 persons have samples on both sides of it"):
        design_report(table, contrast(), "block")
    design_report(table, contrast(), "mixed")
    with pytest.raises(Misuse, match="2 of 2 persons have samples in it; at least 3"):
        design_report(samples(2), contrast(), "mixed")


def test_persons_without_both_sides_are_refused_within_and_used_between():
    table = samples(6, "ab")
    half = table[(table["subject"] < "s3") == (table["phase"] == "a")]
    with pytest.raises(Misuse, match="0 of 6 persons have samples on both sides"):
        design_report(half, contrast(), "block")
    assert design_report(half, contrast(), "mixed").persons == 6


def test_a_missing_covariate_is_refused():
    with pytest.raises(InvalidInput, match="no value for sample 's0 all a'"):
        design_report(samples().assign(age=np.nan), contrast(), "block", ["age"])


# leaving one out --------------------------------------------------------------------------------


@pytest.mark.parametrize("gaps", [0.0, 0.2], ids=["complete", "gaps"])
def test_leaving_one_out_is_doing_without_each_in_turn(gaps):
    a = assay(samples(9), gaps=gaps)
    found = leave_one_out(a, contrast())
    INFLUENCE.validate(found)
    d = changes(a, contrast())
    assert len(found) == d.notna().to_numpy().sum()
    for row in found.itertuples():
        own = d[row.feature].dropna()
        rest = own.drop(row.subject)
        assert row.difference == pytest.approx(own[row.subject], rel=1e-12)
        assert row.estimate_without == pytest.approx(rest.mean(), rel=1e-10)
        assert row.p_without == pytest.approx(stats.ttest_1samp(rest, 0).pvalue, rel=1e-9)
        shift = (rest.mean() - own.mean()) / stats.sem(own)
        assert row.shift == pytest.approx(shift, rel=1e-9)


@pytest.mark.parametrize("gaps", [0.0, 0.15], ids=["complete", "gaps"])
def test_leaving_one_out_of_two_arms_compares_the_rest(gaps):
    a = assay(samples(13, "ab", ("C", "T")), gaps=gaps)
    found = leave_one_out(a, TRAINED)
    INFLUENCE.validate(found)
    d = {arm: changes(a, TRAINED, arm) for arm in "CT"}
    assert len(found) == sum(of.notna().to_numpy().sum() for of in d.values())
    for row in found.itertuples():
        c, t = (d[arm][row.feature].dropna() for arm in "CT")
        whole = stats.ttest_ind(t, c)
        se = (t.mean() - c.mean()) / whole.statistic
        c, t = (of.drop(row.subject, errors="ignore") for of in (c, t))
        rest = stats.ttest_ind(t, c)
        assert row.estimate_without == pytest.approx(t.mean() - c.mean(), rel=1e-9)
        assert row.p_without == pytest.approx(rest.pvalue, rel=1e-9)
        moved = row.estimate_without - whole.statistic * se
        assert row.shift == pytest.approx(moved / se, rel=1e-7, abs=1e-12)


def test_leaving_one_out_of_a_crossover_compares_the_differences_of_the_others():
    a = assay(samples(6, "ab", ("C", "T"), crossover=True))
    found = leave_one_out(a, TRAINED)
    d = changes(a, TRAINED, "T") - changes(a, TRAINED, "C")
    assert len(found) == 30
    row = found.iloc[7]
    rest = d[row["feature"]].drop(row["subject"])
    assert row["p_without"] == pytest.approx(stats.ttest_1samp(rest, 0).pvalue, rel=1e-9)


def test_influence_holds_at_a_high_level_of_small_changes():
    a = assay(samples(9, "ab"))
    high = assay_from_matrix(a.values.copy(), a.samples, "difference")
    after = (high.samples["phase"] == "b").to_numpy()
    high.values[after] += 1e6
    d = changes(high, contrast())
    for row in leave_one_out(high, contrast()).itertuples():
        rest = d[row.feature].drop(row.subject)
        assert row.p_without == pytest.approx(stats.ttest_1samp(rest, 0).pvalue, rel=1e-6)
        assert row.shift == pytest.approx((rest.mean() - d[row.feature].mean())
                                          / stats.sem(d[row.feature]), rel=1e-6)  # fmt: skip


def test_one_person_alone_may_make_a_feature_vary():
    a = assay(samples(7, "ab"), features=3)
    after = (a.samples["phase"] == "b").to_numpy()
    a.values.iloc[after, 0] = a.values.iloc[~after, 0].to_numpy() + 0.3
    a.values.iloc[after, 1] = a.values.iloc[~after, 1].to_numpy() + 0.3
    a.values.loc["s2 all b", "p1"] += 4
    found = leave_one_out(a, contrast()).set_index(["feature", "subject"])
    # all changes alike: no test, and nobody moves anything by a standard error
    assert found.loc["p0", ["p_without", "shift"]].isna().to_numpy().all()
    np.testing.assert_allclose(found.loc["p0", "estimate_without"], 0.3, rtol=1e-9)
    assert np.isnan(found.loc[("p1", "s2"), "p_without"])
    assert found.loc["p1", "p_without"].drop("s2").notna().all()
    assert found.loc["p1", "shift"].abs().idxmax() == "s2"
    assert found.loc["p2"].notna().to_numpy().all()


def test_too_few_persons_have_estimates_without_a_test():
    a = assay(samples(4, "ab"), features=4)
    a.values.loc[["s0 all b", "s1 all b"], "p0"] = np.nan
    a.values.loc[["s0 all b", "s1 all b", "s2 all b"], "p1"] = np.nan
    a.values["p2"] = np.nan
    found = leave_one_out(a, contrast()).groupby("feature")
    assert set(found.groups) == {"p0", "p3"}
    assert found["p_without"].count().to_dict() == {"p0": 0, "p3": 4}
    assert found["shift"].count().to_dict() == {"p0": 2, "p3": 4}


def test_nobody_has_no_influence():
    table = samples(6, "ab")
    half = table[(table["subject"] < "s3") == (table["phase"] == "a")]
    found = leave_one_out(assay(half), contrast())
    INFLUENCE.validate(found.astype({"feature": str}))
    assert found.empty


# spread against level ---------------------------------------------------------------------------


def test_spread_and_level_are_those_of_the_differences_and_of_all_samples():
    a = assay(samples(9), features=40, gaps=0.1)
    found = mean_variance(a, contrast())
    MEAN_VARIANCE.validate(found)
    assert len(found) == 40
    assert found["level"].is_monotonic_increasing
    by_feature = found.set_index("feature")
    d = changes(a, contrast())
    np.testing.assert_allclose(by_feature["sd"], d.std()[by_feature.index], rtol=1e-9)
    np.testing.assert_allclose(by_feature["level"], a.values.mean()[by_feature.index], rtol=1e-12)


def test_priors_are_those_of_moderation():
    a = assay(samples(9), features=40)
    found = mean_variance(a, contrast())
    variance, df = found["sd"] ** 2, 8
    plain, trend = moderate(variance, df), moderate(variance, df, found["level"])
    np.testing.assert_allclose(found["prior_sd"] ** 2, plain.variance_prior, rtol=1e-9)
    np.testing.assert_allclose(found["trend_sd"] ** 2, trend.variance_prior, rtol=1e-9)
    assert found["trend_sd"].nunique() > 1
    assert found["prior_sd"].nunique() == 1


def test_two_arms_vary_about_their_own_means():
    a = assay(samples(12, "ab", ("C", "T")), features=10)
    changed = (a.samples["arm"] == "T") & (a.samples["phase"] == "b")
    a.values[changed.to_numpy()] += 100
    found = mean_variance(a, TRAINED).set_index("feature")
    arms = [changes(a, TRAINED, arm) for arm in "CT"]
    pooled = np.sqrt(sum(d.var() for d in arms) / 2)
    assert len(found) == 10
    np.testing.assert_allclose(found["sd"], pooled[found.index], rtol=1e-9)


def test_features_that_do_not_vary_or_are_not_there_are_not_drawn():
    a = assay(samples(6), features=5)
    a.values["p0"] = 0.1
    a.values["p1"] = np.nan
    a.values.loc[(a.samples["phase"] == "b").to_numpy(), "p2"] = np.nan
    found = mean_variance(a, contrast())
    assert sorted(found["feature"]) == ["p3", "p4"]
    assert found.notna().to_numpy().all()


def test_one_feature_alone_has_no_prior():
    found = mean_variance(assay(samples(6), features=1), contrast())
    MEAN_VARIANCE.validate(found)
    assert found[["prior_sd", "trend_sd"]].isna().to_numpy().all()


def test_nobody_gives_an_empty_table():
    table = samples(6, "ab")
    half = table[(table["subject"] < "s3") == (table["phase"] == "a")]
    found = mean_variance(assay(half), contrast())
    assert found.empty
    MEAN_VARIANCE.validate(found.astype({"feature": str}))
