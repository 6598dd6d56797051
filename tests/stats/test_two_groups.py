"""Two groups of different subjects: against textbook tests, worlds with known truth, bad input."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from exercisebook.cohort.frames import contrasts_frame, features_frame, measured_frame
from exercisebook.cohort.package import Cohort
from exercisebook.errors import Misuse
from exercisebook.stats.assay import BELOW, COUNTS, Assay, assay_from_matrix
from exercisebook.stats.cohort_effects import cohort_effects
from exercisebook.stats.effects import CONSTANT
from exercisebook.stats.schemas import EFFECTS, MOSTLY_MISSING, NONDETECT
from exercisebook.stats.two_groups import FEW, cohort_group_effects, two_group_effects

CONTRAST = contrasts_frame([("late", "training", "leg", "leg", "run", "rest")]).iloc[0]
KEY = {"dataset": "made", "modality": "metabolites", "unit": "relative"}


def animals(per_cell=5, seed=3):
    """Return a frame of samples: two arms by two sexes, in disorder."""
    cells = [(arm, sex) for arm in ("run", "rest") for sex in ("female", "male")]
    rows = [(arm, sex) for arm, sex in cells for _ in range(per_cell)]
    table = pd.DataFrame(rows, columns=["arm", "sex"]).assign(phase="leg")
    table["subject"] = [f"r{k}" for k in range(len(table))]
    shuffled = table.sample(frac=1, random_state=seed)
    return shuffled.set_index(pd.Index(shuffled["subject"] + "-leg", name="sample_id"))


def made(m=3, per_cell=5, seed=0, scale="log2_ratio", female=0.0, male=0.0):
    """Return an assay of noise to which running adds so much in either sex."""
    samples = animals(per_cell)
    noise = np.random.default_rng(seed).normal(size=(len(samples), m))
    added = samples["sex"].map({"female": female, "male": male}) * (samples["arm"] == "run")
    values = pd.DataFrame(
        noise + added.to_numpy()[:, None], samples.index, [f"f{k}" for k in range(m)]
    )
    return assay_from_matrix(values, samples, scale)


def run(assay, factor=None, contrast=CONTRAST, **more):
    return two_group_effects(assay, contrast, factor, **{**KEY, **more})


def of(effects, stratum):
    return effects[effects["stratum"] == stratum].set_index("feature")


def test_two_groups_without_a_factor_are_compared_by_students_test():
    assay = made()
    found = run(assay).set_index("feature")
    running = (assay.samples["arm"] == "run").to_numpy()
    for name, values in assay.values.items():
        expected = stats.ttest_ind(values[running], values[~running])
        interval = expected.confidence_interval(0.95)
        assert found.at[name, "statistic"] == pytest.approx(expected.statistic)
        assert found.at[name, "p_value"] == pytest.approx(expected.pvalue)
        assert found.at[name, "ci_low"] == pytest.approx(interval.low)
        assert found.at[name, "ci_high"] == pytest.approx(interval.high)
    assert set(found["method"]) == {"two groups"}
    assert set(found["stratum"]) == {"all"}


def test_with_a_factor_effects_are_those_of_a_linear_model_with_an_interaction():
    import statsmodels.formula.api as smf

    assay = made(m=1, female=1.0, male=-0.5)
    table = assay.samples.assign(y=assay.values["f0"])
    table["run"] = (table["arm"] == "run").astype(float)
    # coded by halves, so that the main effect is the mean of both sexes'
    table["half"] = np.where(table["sex"] == "female", 0.5, -0.5)
    fit = smf.ols("y ~ run * half", table).fit()
    found = run(assay, "sex").set_index("stratum")
    for stratum, term in (("all", "run"), ("female - male", "run:half")):
        assert found.at[stratum, "estimate"] == pytest.approx(fit.params[term])
        assert found.at[stratum, "se"] == pytest.approx(fit.bse[term])
        assert found.at[stratum, "p_value"] == pytest.approx(fit.pvalues[term])
        assert found.at[stratum, "df"] == fit.df_resid
    women = fit.t_test("run + 0.5 * run:half = 0")
    assert found.at["female", "estimate"] == pytest.approx(women.effect[0])
    assert found.at["female", "p_value"] == pytest.approx(float(women.pvalue))


@settings(deadline=None, max_examples=25)
@given(st.floats(-3, 3), st.floats(-3, 3), st.integers(0, 50))
def test_strata_agree_with_each_other_whatever_the_truth(female, male, seed):
    found = run(made(seed=seed, female=female, male=male), "sex")
    women, men = of(found, "female")["estimate"], of(found, "male")["estimate"]
    np.testing.assert_allclose(of(found, "all")["estimate"], (women + men) / 2, atol=1e-9)
    np.testing.assert_allclose(of(found, "female - male")["estimate"], women - men, atol=1e-9)


def test_the_mean_of_both_levels_does_not_lean_on_the_larger_one():
    assay = made(per_cell=12, female=2.0, male=0.0)
    few = assay.samples.groupby(["arm", "sex"]).cumcount() < 4
    kept = ((assay.samples["sex"] == "male") | few).to_numpy()
    found = run(assay.of(kept), "sex")
    halves = of(found, "female")["estimate"] / 2 + of(found, "male")["estimate"] / 2
    np.testing.assert_allclose(of(found, "all")["estimate"], halves)
    assert (of(found, "female")["n_subjects"] == 8).all()
    assert (of(found, "male")["n_subjects"] == 24).all()


def test_the_difference_between_levels_answers_no_claim_about_training():
    found = run(made(), "sex")
    kinds = found.groupby("stratum")["kind"].unique().map(list).to_dict()
    assert kinds["female - male"] == ["group"]
    assert kinds["all"] == kinds["female"] == kinds["male"] == ["training"]


def test_many_features_lend_each_other_their_variance():
    found = run(made(m=60), "sex")
    assert set(found["method"]) == {"two groups, moderated"}
    assert (found["df"] > 16).all()
    assert set(run(made(m=49), "sex")["method"]) == {"two groups"}
    assert set(run(made(m=60, scale="difference"))["method"]) == {"two groups"}
    trend = run(made(m=60), moderation="trend")
    assert set(trend["method"]) == {"two groups, moderated (trend)"}


def test_without_a_truth_no_more_than_five_in_a_hundred_are_found():
    found = run(made(m=4_000), "sex")
    for stratum in found["stratum"].unique():
        share = (of(found, stratum)["p_value"] < 0.05).mean()
        assert 0.035 < share < 0.065, stratum


def test_a_true_interaction_is_found_and_lies_in_its_interval():
    found = of(run(made(m=2_000, female=1.5, male=-1.5), "sex"), "female - male")
    assert (found["estimate"]).mean() == pytest.approx(3.0, abs=0.1)
    inside = (found["ci_low"] < 3) & (found["ci_high"] > 3)
    assert 0.93 < inside.mean() < 0.97


def test_swapping_the_arms_turns_every_sign():
    assay = made()
    turned = contrasts_frame([("late", "training", "leg", "leg", "rest", "run")]).iloc[0]
    one, other = run(assay, "sex"), run(assay, "sex", turned)
    np.testing.assert_allclose(one["estimate"], -other["estimate"])
    np.testing.assert_allclose(one["p_value"], other["p_value"])


def test_a_covariate_takes_out_what_it_brought_in():
    assay = made(m=1, per_cell=20)
    quality = np.random.default_rng(5).normal(size=len(assay.samples))
    values = assay.values + 5 * quality[:, None]
    assay = assay_from_matrix(values, assay.samples.assign(rin=quality), "log2_ratio")
    plain, adjusted = run(assay), run(assay, covariates=["rin"])
    assert adjusted["se"].iloc[0] < plain["se"].iloc[0] / 2
    assert adjusted["df"].iloc[0] == plain["df"].iloc[0] - 1


def test_counts_are_weighed_by_voom_and_give_ratios():
    samples = animals(per_cell=6)
    rng = np.random.default_rng(2)
    mean = np.tile(rng.uniform(50, 2_000, 200), (len(samples), 1))
    mean[(samples["arm"] == "run").to_numpy(), :10] *= 4
    counts = pd.DataFrame(rng.poisson(mean), samples.index, [f"g{k}" for k in range(200)])
    found = run(assay_from_matrix(counts.astype(float), samples, COUNTS), "sex", modality="rna")
    assert set(found["method"]) == {"two groups, voom, moderated"}
    assert set(found["effect_scale"]) == {"log2_ratio"}
    all_of = of(found, "all")["estimate"]
    assert all_of.iloc[:10].mean() - all_of.iloc[10:].mean() == pytest.approx(2, abs=0.05)
    EFFECTS.validate(found)


def test_features_that_were_not_measured_in_the_phase_are_left_out():
    assay = made(m=2)
    status = assay.status.copy()
    status[:, 1] = 0
    values = assay.values.assign(f1=np.nan)
    assert set(run(Assay(values, assay.samples, status, assay.scale))["feature"]) == {"f0"}


def test_samples_of_other_phases_and_arms_have_no_part_in_it():
    assay = made()
    more = made(seed=9)
    other = more.samples.assign(phase="arm").set_index("subject", drop=False)
    walkers = [f"w{k}" for k in range(len(more.samples))]
    third = more.samples.assign(arm="walk", subject=walkers).set_index("subject", drop=False)
    noise = [more.values.set_axis(samples.index) for samples in (other, third)]
    values = pd.concat([assay.values, *noise])
    joined = assay_from_matrix(values, pd.concat([assay.samples, other, third]), "log2_ratio")
    pd.testing.assert_frame_equal(run(joined, "sex"), run(assay, "sex"))


def test_a_feature_that_a_cell_hardly_has_is_given_without_a_test():
    assay = made(m=2)
    lost = ((assay.samples["arm"] == "run") & (assay.samples["sex"] == "male")).to_numpy()
    values = assay.values.copy()
    values.loc[values.index[np.flatnonzero(lost)[:3]], "f0"] = np.nan
    found = run(assay_from_matrix(values, assay.samples, "log2_ratio"), "sex")
    for stratum in ("all", "male", "female - male"):
        row = of(found, stratum).loc["f0"]
        assert FEW in row["flag"]
        assert np.isnan(row["p_value"])
    assert np.isfinite(of(found, "female").at["f0", "p_value"])
    assert np.isfinite(found.loc[found["feature"] == "f1", "p_value"]).all()


def test_a_feature_that_never_varies_is_given_without_a_test():
    assay = made(m=2)
    values = assay.values.assign(f0=1.0)
    found = run(assay_from_matrix(values, assay.samples, "log2_ratio")).set_index("feature")
    assert found.at["f0", "flag"] == CONSTANT
    assert np.isnan(found.at["f0", "se"])
    assert np.isfinite(found.at["f1", "p_value"])


def test_arms_of_non_detects_and_of_gaps_are_flagged():
    assay = made(m=3)
    running = (assay.samples["arm"] == "run").to_numpy()
    status, values = assay.status.copy(), assay.values.copy()
    status[np.flatnonzero(running)[:6], 0] = BELOW
    status[np.flatnonzero(running)[:6], 1] = 3
    values.iloc[np.flatnonzero(running)[:6], 1] = np.nan
    found = run(Assay(values, assay.samples, status, assay.scale)).set_index("feature")
    assert found.at["f0", "flag"] == NONDETECT
    assert MOSTLY_MISSING in found.at["f1", "flag"]
    assert found.at["f2", "flag"] == ""


def test_values_without_a_logarithm_are_counted_once():
    assay = made(m=1)
    values = assay.values.copy()
    values.iloc[0, 0] = np.nan
    found = run(Assay(values, assay.samples, assay.status, assay.scale))
    assert found["flag"].tolist() == ["left out as outside the scale: 1"]
    assert found["n_subjects"].tolist() == [19]


def test_subjects_with_two_samples_are_sent_to_a_paired_method():
    assay = made()
    samples = assay.samples.assign(subject="r1")
    with pytest.raises(Misuse, match=r"'late': .*more than one sample.*use paired"):
        run(assay_from_matrix(assay.values, samples, "log2_ratio"))


@pytest.mark.parametrize(
    "row",
    [
        ("late", "training", "leg", "arm", "run", "rest"),
        ("x", "training", "leg", "leg", "run", "run"),
    ],
)
def test_a_contrast_that_is_not_between_arms_of_one_phase_is_refused(row):
    with pytest.raises(Misuse, match="not between two arms of one phase"):
        run(made(), contrast=contrasts_frame([row]).iloc[0])


def test_cells_of_fewer_than_three_are_refused_by_name():
    with pytest.raises(Misuse, match=r"2 subject\(s\) in arm run, sex female; at least 3"):
        run(made(per_cell=2), "sex")
    missing = contrasts_frame([("late", "training", "leg", "leg", "swim", "rest")]).iloc[0]
    with pytest.raises(Misuse, match=r"0 subject\(s\) in arm swim"):
        run(made(), contrast=missing)


def test_a_factor_needs_to_be_there_and_to_have_two_levels():
    with pytest.raises(Misuse, match=r"no factor 'sexx'; did you mean 'sex'\?"):
        run(made(), "sexx")
    assay = made()
    third = assay.samples["sex"].where(np.arange(len(assay.samples)) > 3, "unknown")
    samples = assay.samples.assign(sex=third)
    with pytest.raises(Misuse, match=r"female, male, unknown.*two levels are needed"):
        run(assay_from_matrix(assay.values, samples, "log2_ratio"), "sex")


def test_a_covariate_that_is_the_arm_in_disguise_is_refused():
    assay = made()
    samples = assay.samples.assign(batch=assay.samples["arm"].map({"run": "b1", "rest": "b2"}))
    with pytest.raises(Misuse, match=r"not estimable: it is aliased with batch"):
        run(assay_from_matrix(assay.values, samples, "log2_ratio"), covariates=["batch"])


def test_an_unknown_moderation_is_refused():
    with pytest.raises(Misuse, match=r"no moderation 'trends'; did you mean 'trend'\?"):
        run(made(), moderation="trends")


def a_cohort():
    assay = made(m=2, female=1.0, male=1.0)
    samples = assay.samples.reset_index().drop(columns="sex")
    samples = samples.assign(
        day=np.nan, time_h=np.nan, hours_since_bout=np.nan, fasting="unknown", batch="one"
    )
    long = assay.values.rename_axis("sample_id").reset_index().melt("sample_id")
    amounts = measured_frame(long["sample_id"], long["variable"], np.exp2(long["value"]))
    subjects = assay.samples.reset_index()[["subject", "sex"]].assign(age=np.nan)
    features = features_frame([("metabolites", f, "x", "relative", np.nan) for f in ("f0", "f1")])
    contrasts = CONTRAST.to_frame().T.reset_index(drop=True)
    cohort = Cohort("made", subjects, samples, features, contrasts, {"metabolites": amounts})
    return cohort, assay


def test_a_cohort_gives_the_effects_of_its_matrix_with_sexes_of_its_subjects():
    cohort, assay = a_cohort()
    found = cohort_group_effects(cohort, "metabolites", [CONTRAST], "sex")
    expected = run(assay, "sex", canonical_id="x")
    columns = ["feature", "stratum", "estimate", "se", "p_value", "canonical_id", "unit"]
    pd.testing.assert_frame_equal(
        found[columns].sort_values(["stratum", "feature"], ignore_index=True),
        expected[columns].sort_values(["stratum", "feature"], ignore_index=True),
    )


@pytest.mark.parametrize("method", ["paired", "block", "mixed"])
def test_methods_for_persons_compared_with_themselves_send_such_a_contrast_here(method):
    cohort, _ = a_cohort()
    with pytest.raises(Misuse, match=r"compared by stats\.two_groups"):
        cohort_effects(cohort, "metabolites", [CONTRAST], method)
