"""Contrasts by linear and mixed models, against statsmodels and scipy one feature at a time."""

import warnings

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from exercisebook.errors import InvalidInput, Misuse
from exercisebook.stats.assay import assay_from_matrix
from exercisebook.stats.effects import ALIKE, CONSTANT, EMPTY, STILL, UNTOLD, WITHOUT_REST
from exercisebook.stats.models import (
    MINIMUM_PERSONS,
    MODERATE_FROM,
    TOO_FEW,
    block_model,
    correlation_model,
    joint_test,
    mixed_model,
    paired_design,
    paired_model,
)
from exercisebook.stats.schemas import JOINT_TESTS

PHASES = ("a", "b", "c")
MODELS = {
    "paired": paired_model,
    "block": block_model,
    "duplicate correlation": correlation_model,
    "mixed": mixed_model,
}
UNTESTED = ["se", "df", "statistic", "ci_low", "ci_high", "p_value", "detectable"]

all_models = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())


@pytest.fixture(autouse=True)
def _refuse_numerical_warnings():
    with warnings.catch_warnings(action="error", category=RuntimeWarning):
        yield


def row(phase="b", reference="a", arm="all", reference_arm=None):
    other = reference_arm or arm
    return pd.Series(
        {
            "contrast": f"{phase}-{reference}",
            "kind": "group",
            "phase": phase,
            "reference_phase": reference,
            "arm": arm,
            "reference_arm": other,
        }
    )


def samples_of(arms, phases=PHASES):
    """Return samples of persons given the arms each went through."""
    rows = [(person, arm, phase) for person, own in arms.items() for arm in own for phase in phases]
    frame = pd.DataFrame(rows, columns=["subject", "arm", "phase"])
    return frame.set_axis([f"{s}/{a}/{p}" for s, a, p in rows])


def study(people=8, features=4, seed=1, arms=None, phases=PHASES, scale="log2_ratio", **extra):
    """Return an assay of persons with a level of their own, and covariates by sample."""
    rng = np.random.default_rng(seed)
    arms = arms or {f"p{i}": ["all"] for i in range(people)}
    samples = samples_of(arms, phases).assign(**extra)
    code = pd.factorize(samples["subject"])[0]
    level = rng.normal(8, 1, (len(arms), features))
    values = level[code] + rng.normal(0, rng.uniform(0.3, 1.5, features), (len(samples), features))
    frame = pd.DataFrame(values, samples.index, [f"f{i}" for i in range(features)])
    return assay_from_matrix(frame, samples, scale)


def changed(assay, **columns):
    """Return the assay with columns set to other values: functions of the values that are."""
    values = assay.values.copy()
    for name, make in columns.items():
        values[name] = make(values[name].to_numpy(copy=True))
    return assay_from_matrix(values, assay.samples, assay.scale)


def without(*rows):
    def make(values):
        values[list(rows)] = np.nan
        return values

    return make


def differences_of(assay, later="b", earlier="a", arm="all"):
    """Return differences by a pivot, a row a person in alphabetical order."""
    long = assay.values.join(assay.samples[["subject", "arm", "phase"]])
    own = long[long["arm"] == arm].drop(columns="arm").set_index(["subject", "phase"])
    return own.xs(later, level="phase") - own.xs(earlier, level="phase")


def agrees(found, fit, term, rel=1e-9):
    """Assert that a row of estimates is a term of a fit of statsmodels."""
    low, high = pd.DataFrame(fit.conf_int()).loc[term]
    for name, expected in (
        ("estimate", fit.params[term]),
        ("se", fit.bse[term]),
        ("df", fit.df_resid),
        ("statistic", fit.tvalues[term]),
        ("p_value", fit.pvalues[term]),
        ("ci_low", low),
        ("ci_high", high),
    ):
        assert found[name] == pytest.approx(expected, rel=rel, abs=1e-12), name


# paired


@given(st.integers(0, 2**32 - 1), st.integers(3, 20))
@settings(max_examples=25)
def test_paired_is_students_test_of_every_features_differences(seed, people):
    assay = study(people, seed=seed)
    found = paired_model(assay, row())
    assert set(found["method"]) == {"paired t"}
    for (_, effect), (_, own) in zip(found.iterrows(), differences_of(assay).items(), strict=True):
        expected = stats.ttest_1samp(own, 0)
        assert effect["statistic"] == pytest.approx(expected.statistic, rel=1e-9)
        assert effect["p_value"] == pytest.approx(expected.pvalue, rel=1e-9)
        assert effect["df"] == people - 1


def test_a_number_as_covariate_leaves_the_effect_at_its_mean():
    age = [20.0, 25, 31, 38, 40, 55, 61, 70]
    assay = study(age=np.repeat(age, 3))
    found = paired_model(assay, row(), ["age"])
    d = differences_of(assay)
    columns = np.column_stack([np.ones(8), np.array(age) - np.mean(age)])
    for (_, effect), (name, own) in zip(found.iterrows(), d.items(), strict=True):
        agrees(effect, sm.OLS(own.to_numpy(), columns).fit(), 0)
        # a centred covariate leaves the mean of the differences where it is
        assert effect["estimate"] == pytest.approx(d[name].mean(), rel=1e-12)
    assert set(found["method"]) == {"paired t, adjusted"}


def test_the_mean_of_a_covariate_is_that_of_the_persons_compared():
    age = [20.0, 25, 31, 38, 40, 55, 61, 1000]
    whole = study(age=np.repeat(age, 3))
    lacking = whole.of(~(whole.samples.index == "p7/all/b"))
    found = paired_model(lacking, row(), ["age"])
    d = differences_of(whole).drop("p7")
    np.testing.assert_allclose(found["estimate"], d.mean(), rtol=1e-12)


def test_a_covariate_that_changes_within_persons_enters_as_its_change():
    rng = np.random.default_rng(3)
    hour = rng.normal(9, 1, 24)
    assay = study(hour=hour)
    found = paired_model(assay, row(), ["hour"])
    change = hour.reshape(8, 3)[:, 1] - hour.reshape(8, 3)[:, 0]
    for (_, effect), (_, own) in zip(found.iterrows(), differences_of(assay).items(), strict=True):
        # the constant: the effect where the hour was the same on both days
        agrees(effect, sm.OLS(own.to_numpy(), sm.add_constant(change)).fit(), 0)


def test_a_category_leaves_the_effect_at_the_mean_of_its_levels_shares():
    sex = ["f", "f", "f", "m", "m", "m", "m", "m"]
    assay = study(sex=np.repeat(sex, 3))
    found = paired_model(assay, row(), ["sex"])
    male = np.array([s == "m" for s in sex], float)
    columns = np.column_stack([np.ones(8), male - male.mean()])
    for (_, effect), (_, own) in zip(found.iterrows(), differences_of(assay).items(), strict=True):
        agrees(effect, sm.OLS(own.to_numpy(), columns).fit(), 0)


def test_a_covariate_of_other_phases_is_not_looked_at():
    dose = np.tile([1.0, 1.0, np.nan], 8)
    assay = study(dose=dose)
    found = paired_model(assay, row(), ["dose"])
    np.testing.assert_allclose(found["estimate"], differences_of(assay).mean(), rtol=1e-12)
    with pytest.raises(InvalidInput, match="no value"):
        paired_model(assay, row("c"), ["dose"])


def test_arms_of_other_people_are_compared_by_their_changes():
    arms = {**{f"e{i}": ["ex"] for i in range(7)}, **{f"r{i}": ["rest"] for i in range(5)}}
    assay = study(arms=arms, phases=("a", "b"))
    found = paired_model(assay, row(arm="ex", reference_arm="rest"))
    ours, theirs = differences_of(assay, arm="ex"), differences_of(assay, arm="rest")
    for (_, effect), name in zip(found.iterrows(), ours, strict=True):
        expected = stats.ttest_ind(ours[name], theirs[name])
        assert effect["statistic"] == pytest.approx(expected.statistic, rel=1e-9)
        assert effect["p_value"] == pytest.approx(expected.pvalue, rel=1e-9)
        assert effect["estimate"] == pytest.approx(ours[name].mean() - theirs[name].mean())
        assert (effect["n_subjects"], effect["n_observations"]) == (12, 24)


def test_arms_of_other_people_with_a_covariate_are_statsmodels_two_groups():
    arms = {**{f"e{i}": ["ex"] for i in range(7)}, **{f"r{i}": ["rest"] for i in range(5)}}
    age = np.array([20.0, 25, 31, 38, 40, 55, 61, 22, 28, 33, 47, 59])
    assay = study(arms=arms, phases=("a", "b"), age=np.repeat(age, 2))
    found = paired_model(assay, row(arm="ex", reference_arm="rest"), ["age"])
    ours, theirs = differences_of(assay, arm="ex"), differences_of(assay, arm="rest")
    columns = np.column_stack([np.ones(12), np.arange(12) < 7, age])
    for (_, effect), name in zip(found.iterrows(), ours, strict=True):
        d = np.concatenate([ours[name], theirs[name]])
        agrees(effect, sm.OLS(d, columns).fit(), 1)


def test_arms_of_the_same_people_are_compared_by_differences_of_differences():
    assay = study(arms={f"p{i}": ["ex", "rest"] for i in range(6)}, phases=("a", "b"))
    found = paired_model(assay, row(arm="ex", reference_arm="rest"))
    d = differences_of(assay, arm="ex") - differences_of(assay, arm="rest")
    for (_, effect), (_, own) in zip(found.iterrows(), d.items(), strict=True):
        expected = stats.ttest_1samp(own, 0)
        assert effect["statistic"] == pytest.approx(expected.statistic, rel=1e-9)
        assert (effect["n_subjects"], effect["n_observations"]) == (6, 24)


def test_a_covariate_of_the_hour_enters_a_difference_of_differences_as_one():
    rng = np.random.default_rng(5)
    hour = rng.normal(9, 1, 32)
    assay = study(arms={f"p{i}": ["ex", "rest"] for i in range(8)}, phases=("a", "b"), hour=hour)
    found = paired_model(assay, row(arm="ex", reference_arm="rest"), ["hour"])
    d = differences_of(assay, arm="ex") - differences_of(assay, arm="rest")
    by_person = hour.reshape(8, 4)
    change = by_person[:, 1] - by_person[:, 0] - (by_person[:, 3] - by_person[:, 2])
    for (_, effect), (_, own) in zip(found.iterrows(), d.items(), strict=True):
        agrees(effect, sm.OLS(own.to_numpy(), sm.add_constant(change)).fit(), 0)


def test_a_paired_design_says_who_is_compared_and_who_is_left_out():
    assay = study(5)
    one_sided = assay.of(~assay.samples.index.isin(["p0/all/a", "p1/all/b", "p2/all/c"]))
    design = paired_design(one_sided, row())
    assert list(design.differences.values.index) == ["p2", "p3", "p4"]
    assert design.group_sizes == [3]
    assert design.left_out == ["p0", "p1"]
    arms = {**{f"e{i}": ["ex"] for i in range(4)}, **{f"r{i}": ["rest"] for i in range(3)}}
    two = study(arms=arms)
    lacking = two.of(two.samples.index != "r1/rest/a")
    design = paired_design(lacking, row(arm="ex", reference_arm="rest"))
    assert design.group_sizes == [4, 2]
    assert design.left_out == ["r1"]


@pytest.mark.parametrize(
    ("features", "scale", "moderated"),
    [
        (MODERATE_FROM, "log2_ratio", True),
        (MODERATE_FROM, "logit", True),
        (MODERATE_FROM - 1, "log2_ratio", False),
        (MODERATE_FROM, "difference", False),
    ],
)
@pytest.mark.parametrize("name", ["paired", "block", "duplicate correlation"])
def test_variances_are_drawn_together_from_fifty_features_on_a_log_scale(
    name, features, scale, moderated
):
    found = MODELS[name](study(features=features, scale=scale), row())
    assert found["method"].str.contains("moderated").eq(moderated).all()
    own = {"paired": 7, "block": 14, "duplicate correlation": 21}[name]
    assert (found["df"] > own).all() if moderated else (found["df"] == own).all()


def test_features_that_do_not_vary_do_not_count_among_the_fifty():
    def five(values):
        return np.full_like(values, 5.0)

    assay = study(features=MODERATE_FROM)
    assert paired_model(assay, row())["method"].iloc[0] == "paired t, moderated"
    still = changed(assay, f0=five)
    assert paired_model(still, row())["method"].iloc[0] == "paired t"
    assert block_model(still, row())["method"].iloc[0] == "block"


# all models


@all_models
def test_a_level_of_a_person_and_the_order_of_samples_do_not_matter(model):
    assay = study(7)
    expected = model(assay, row())
    shift = pd.factorize(assay.samples["subject"])[0] * 3.0
    if model in (paired_model, block_model):
        raised = assay_from_matrix(assay.values.add(shift, axis=0), assay.samples, assay.scale)
        pd.testing.assert_frame_equal(model(raised, row()), expected, rtol=1e-9)
    order = np.random.default_rng(0).permutation(len(assay.samples))
    mixed_up = assay_from_matrix(assay.values.iloc[order], assay.samples.iloc[order], assay.scale)
    pd.testing.assert_frame_equal(model(mixed_up, row()), expected, rtol=1e-7)


@all_models
def test_the_other_direction_gives_the_other_sign(model):
    assay = study(7)
    forth, back = model(assay, row()), model(assay, row("a", "b"))
    np.testing.assert_allclose(forth["estimate"], -back["estimate"], rtol=1e-10)
    np.testing.assert_allclose(forth["ci_low"], -back["ci_high"], rtol=1e-9)
    np.testing.assert_allclose(forth["p_value"], back["p_value"], rtol=1e-9)


@all_models
def test_every_feature_is_returned_in_its_place_with_a_reason_where_it_has_no_test(model):
    def alike(values):
        return np.repeat(np.arange(8.0), 3) + np.tile([0.0, 1.0, 2.0], 8)

    assay = changed(
        study(features=9),
        f1=lambda values: np.full_like(values, 5.0),
        f2=lambda values: np.full_like(values, np.nan),
        f3=without(*range(1, 24, 3)),
        f4=alike,
        f5=without(*range(6, 24)),
        f6=without(*range(3, 24)),
        f7=without(*range(1, 24)),
    )
    found = model(assay, row()).set_index("feature")
    assert list(found.index) == list(assay.values.columns)
    assert found.loc[["f0", "f8"], UNTESTED].notna().all(axis=None)
    assert found.loc[["f0", "f8"], "flag"].eq("").all()
    untested = found.drop(["f0", "f8"])
    if model is correlation_model:
        # levels between persons count there: f4 varies
        untested = untested.drop("f4")
    assert untested[UNTESTED].isna().all(axis=None)
    assert untested["flag"].ne("").all()
    own = {name: flag.split("; ")[-1] for name, flag in untested["flag"].items()}
    paired = model is paired_model
    assert own["f1"] == (ALIKE if paired else STILL)
    assert own["f2"] == EMPTY
    assert own["f3"] == (EMPTY if paired else UNTOLD)
    assert own["f5"] == own["f6"] == TOO_FEW
    assert own["f7"] == (EMPTY if paired else UNTOLD)
    if model is not correlation_model:
        assert own["f4"] == (ALIKE if paired else STILL)
    if not paired:
        assert CONSTANT in found.loc["f1", "flag"]
    assert found.loc["f2", ["n_subjects", "n_observations"]].eq(0).all()


@pytest.mark.parametrize("name", ["block", "mixed"])
def test_a_feature_that_all_change_alike_has_no_test_if_a_value_is_missing_either(name):
    def alike(values):
        values = np.repeat(np.arange(8.0), 3) + np.tile([0.0, 1.0, 2.0], 8)
        values[0] = np.nan
        return values

    found = MODELS[name](changed(study(), f1=alike), row()).set_index("feature")
    assert found.loc["f1", "flag"] == STILL
    assert found.loc["f1", UNTESTED].isna().all()
    assert found.loc["f0", UNTESTED].notna().all()


@all_models
def test_a_covariate_that_changes_with_the_phase_is_named_as_what_hides_the_contrast(model):
    assay = study(batch=np.tile(["x", "y", "y"], 8))
    with pytest.raises(Misuse, match="'b-a' is not estimable: it is aliased with batch y"):
        model(assay, row(), ["batch"])
    # it hides nothing between the phases that share it
    assert model(assay, row("c", "b"), ["batch"])["p_value"].notna().all()


@all_models
def test_an_unknown_covariate_has_a_hint(model):
    with pytest.raises(Misuse, match=r"no covariate 'agee'; did you mean 'age'\?"):
        model(study(age=np.repeat(np.arange(8.0), 3)), row(), ["agee"])


@pytest.mark.parametrize("model", [paired_model, block_model, mixed_model])
def test_missing_values_change_no_other_feature(model):
    assay = study(features=5)
    lacking = changed(assay, f2=without(0, 4, 11))
    whole, found = model(assay, row()), model(lacking, row())
    pd.testing.assert_frame_equal(found.drop(2), whole.drop(2), rtol=1e-6)
    assert found.loc[2, "p_value"] != whole.loc[2, "p_value"]


# block


def dense(assay):
    """Return the columns of cells but the first and of persons, as statsmodels wants them."""
    cells = assay.samples["arm"] + assay.samples["phase"]
    return pd.concat(
        [
            pd.get_dummies(cells, dtype=float).iloc[:, 1:],
            pd.get_dummies(assay.samples["subject"], dtype=float),
        ],
        axis=1,
    )


@pytest.mark.parametrize("lost", [(), (1, 5, 14, 15, 16)])
def test_block_is_least_squares_with_a_column_a_person(lost):
    assay = changed(study(), f0=without(*lost), f3=without(*lost))
    found = block_model(assay, row())
    columns = dense(assay)
    for (_, effect), (_, y) in zip(found.iterrows(), assay.values.items(), strict=True):
        seen = y.notna().to_numpy()
        fit = sm.OLS(y[seen], columns[seen]).fit()
        agrees(effect, fit, "allb")
        assert effect["n_observations"] == seen.sum()


def test_block_with_a_covariate_that_varies_within_persons_is_least_squares_too():
    hour = np.random.default_rng(5).normal(9, 1, 24)
    assay = study(hour=hour)
    found = block_model(assay, row(), ["hour"])
    for (_, effect), (_, y) in zip(found.iterrows(), assay.values.items(), strict=True):
        agrees(effect, sm.OLS(y, dense(assay).assign(hour=hour)).fit(), "allb", rel=1e-8)


def test_block_takes_a_covariate_of_persons_for_told_and_stays_what_it_was():
    assay = study(age=np.repeat(np.arange(8.0), 3))
    pd.testing.assert_frame_equal(
        block_model(assay, row(), ["age"]), block_model(assay, row()), rtol=1e-9
    )


def test_block_compares_arms_of_other_people_by_their_changes():
    arms = {**{f"e{i}": ["ex"] for i in range(7)}, **{f"r{i}": ["rest"] for i in range(5)}}
    assay = study(arms=arms, phases=("a", "b"))
    ours = block_model(assay, row(arm="ex", reference_arm="rest"))
    paired = paired_model(assay, row(arm="ex", reference_arm="rest"))
    for name in ("estimate", "se", "df", "statistic", "p_value"):
        np.testing.assert_allclose(ours[name], paired[name], rtol=1e-8)


def test_with_two_phases_block_and_paired_are_one_test():
    assay = study(phases=("a", "b"), features=MODERATE_FROM + 10)
    ours, paired = block_model(assay, row()), paired_model(assay, row())
    for name in ("estimate", "se", "df", "statistic", "p_value", "n_subjects", "n_observations"):
        np.testing.assert_allclose(ours[name], paired[name], rtol=1e-8)


def test_a_person_with_one_sample_is_left_out_by_block_and_kept_by_mixed():
    assay = study(6)
    lonely = assay.of(~assay.samples.index.isin(["p0/all/b", "p0/all/c"]))
    block, mixed = block_model(lonely, row()), mixed_model(lonely, row())
    assert block["n_subjects"].eq(5).all()
    assert block["n_observations"].eq(15).all()
    assert mixed["n_subjects"].eq(6).all()
    assert mixed["n_observations"].eq(16).all()
    alone = block_model(assay.of(~assay.samples["subject"].eq("p0").to_numpy()), row())
    np.testing.assert_allclose(block["p_value"], alone["p_value"], rtol=1e-10)


@pytest.mark.parametrize("model", [block_model, joint_test])
def test_fewer_than_three_persons_on_both_sides_are_refused_with_their_number(model):
    def asked(assay):
        contrast = row() if model is block_model else [row()]
        return model(assay, contrast)

    assert len(asked(study(MINIMUM_PERSONS)))
    with pytest.raises(Misuse, match="'b-a': 2 persons have samples on both sides of it"):
        asked(study(2))
    with pytest.raises(Misuse, match="'b-a': 1 person has samples on both sides of it"):
        asked(study(1))
    both = study(6)
    one_each = both.of(both.samples["phase"].eq("a").to_numpy())
    with pytest.raises(Misuse, match="0 persons have"):
        asked(one_each)


@pytest.mark.parametrize("model", [correlation_model, mixed_model])
def test_fewer_than_three_persons_are_refused_where_they_are_compared(model):
    with pytest.raises(Misuse, match=r"2 person\(s\); at least 3 are needed"):
        model(study(2), row())


def test_a_contrast_of_a_phase_that_nobody_has_is_refused():
    for model in (block_model, correlation_model, mixed_model):
        with pytest.raises(Misuse):
            model(study(), row("d"))


# mixed and duplicate correlation


def test_mixed_agrees_with_block_where_persons_are_complete_and_differ():
    assay = study(12, seed=4)
    mixed, block = mixed_model(assay, row()), block_model(assay, row())
    np.testing.assert_allclose(mixed["estimate"], block["estimate"], rtol=1e-9)
    far = mixed["df"] < 22.01
    assert far.any()
    np.testing.assert_allclose(mixed.loc[far, "se"], block.loc[far, "se"], rtol=1e-9)


def test_mixed_names_its_degrees_of_freedom():
    assay = study()
    assert mixed_model(assay, row())["method"].iloc[0] == "mixed model, Kenward-Roger"
    found = mixed_model(assay, row(), degrees="satterthwaite")
    assert found["method"].iloc[0] == "mixed model, Satterthwaite"


def test_mixed_compares_people_who_have_one_sample_each_as_a_two_sample_t_does():
    whole = study(12, phases=("a", "b"))
    keep = np.tile([True, False, False, True], 6)
    assay = whole.of(keep)
    found = mixed_model(assay, row())
    sides = [assay.values[assay.samples["phase"].eq(p).to_numpy()] for p in "ba"]
    expected = stats.ttest_ind(*sides)
    np.testing.assert_allclose(found["statistic"], expected.statistic, rtol=1e-8)
    np.testing.assert_allclose(found["p_value"], expected.pvalue, rtol=1e-8)


def test_duplicate_correlation_needs_someone_with_two_samples_and_says_what_does_not():
    whole = study(12, phases=("a", "b"))
    with pytest.raises(Misuse, match=r"no person has two samples.*mixed needs none"):
        correlation_model(whole.of(np.tile([True, False, False, True], 6)), row())


def test_an_error_of_the_machinery_is_not_taken_for_a_users_mistake(monkeypatch):
    from exercisebook.stats import models

    def broken(*_):
        raise np.linalg.LinAlgError("Singular matrix")

    monkeypatch.setattr(models, "duplicate_correlation", broken)
    with pytest.raises(np.linalg.LinAlgError):
        correlation_model(study(), row())


# joint tests


def test_the_joint_test_is_the_f_test_of_least_squares():
    assay = changed(study(10), f3=without(0, 7, 8))
    found = joint_test(assay, [row("b"), row("c")])
    columns = dense(assay)
    for (_, effect), (_, y) in zip(found.iterrows(), assay.values.items(), strict=True):
        seen = y.notna().to_numpy()
        fit = sm.OLS(y[seen], columns[seen]).fit()
        expected = fit.f_test("allb = 0, allc = 0")
        assert effect["statistic"] == pytest.approx(float(expected.fvalue), rel=1e-9)
        assert effect["p_value"] == pytest.approx(float(expected.pvalue), rel=1e-8)
        assert effect["df"] == 2
        assert effect["df_residual"] == fit.df_resid
    JOINT_TESTS.validate(found)


def test_the_joint_test_of_one_contrast_is_the_square_of_its_t():
    assay = study(features=MODERATE_FROM)
    t, f = block_model(assay, row()), joint_test(assay, [row()])
    np.testing.assert_allclose(f["statistic"], t["statistic"] ** 2, rtol=1e-9)
    np.testing.assert_allclose(f["p_value"], t["p_value"], rtol=1e-7)
    np.testing.assert_allclose(f["df_residual"], t["df"], rtol=1e-12)


def test_features_without_a_joint_test_say_why():
    assay = changed(
        study(features=6),
        f1=lambda values: np.full_like(values, 5.0),
        f2=lambda values: np.full_like(values, np.nan),
        f3=without(*range(1, 24, 3)),
        f4=without(*range(6, 24)),
    )
    found = joint_test(assay, [row("b"), row("c")]).set_index("feature")
    JOINT_TESTS.validate(found.reset_index())
    assert found.loc[["f1", "f2", "f3", "f4"], ["statistic", "p_value", "q_value"]].isna().all(None)
    assert list(found["flag"]) == ["", STILL, EMPTY, UNTOLD, TOO_FEW, ""]
    assert found.loc[["f0", "f5"], "p_value"].notna().all()


# degrees of freedom


def test_a_feature_whose_gaps_use_up_its_degrees_of_freedom_says_so():
    extra = np.random.default_rng(2).normal(size=(2, 24))
    assay = study(one=extra[0], two=extra[1])
    lacking = changed(assay, f1=without(*range(9, 24)))
    found = paired_model(lacking, row(), ["one", "two"]).set_index("feature")
    assert found.loc["f1", "n_subjects"] == 3
    assert found.loc["f1", "flag"].split("; ")[-1] == WITHOUT_REST
    assert found.loc["f1", UNTESTED].isna().all()
    assert found.loc["f0", "df"] == 5


@pytest.mark.parametrize("kind", ["trend", "robust", "trend-robust"])
@pytest.mark.parametrize("model", [paired_model, block_model, correlation_model])
def test_a_kind_of_moderation_is_told_and_changes_the_standard_errors(model, kind):
    assay = study(features=200, seed=9)
    plain, other = model(assay, row()), model(assay, row(), moderation=kind)
    assert other["method"].iloc[0] == f"{plain['method'].iloc[0]} ({kind})"
    np.testing.assert_array_equal(plain["estimate"], other["estimate"])
    assert not np.allclose(plain["se"], other["se"], rtol=1e-9)
