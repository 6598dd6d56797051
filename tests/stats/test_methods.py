"""Every method by its name: what it takes, what it refuses, and Effects that obey their schema."""

import numpy as np
import pandas as pd
import pytest

from exercisebook.errors import Misuse
from exercisebook.stats.assay import COUNTS, assay_from_matrix
from exercisebook.stats.differences import assay_differences
from exercisebook.stats.hodges_lehmann import hodges_lehmann
from exercisebook.stats.methods import (
    ADJUSTED,
    METHODS,
    MODERATED,
    OF_COUNTS,
    contrast_effects,
    faults_of_method,
)
from exercisebook.stats.multiplicity import benjamini_hochberg
from exercisebook.stats.schemas import EFFECTS, KEY
from exercisebook.stats.sign_flip import sign_flip_test

PHASES = ("a", "b", "c")
OF_VALUES = tuple(name for name in METHODS if name not in OF_COUNTS)
KEYED = {"dataset": "made up", "modality": "proteins", "unit": "AU"}
EXACT = ("sign-flip", "hodges-lehmann")
PEOPLE, FEATURES = 7, 14

every_method = pytest.mark.parametrize("method", METHODS)


def row(phase="b", reference="a", arm="all", reference_arm="all"):
    told = [f"{phase}-{reference}", "acute", phase, reference, arm, reference_arm]
    names = ["contrast", "kind", "phase", "reference_phase", "arm", "reference_arm"]
    return pd.Series(told, names)


def assay_for(method, people=PEOPLE, features=FEATURES, seed=1, **changed):
    """Return values or counts, as the method wants them; named features set to one value."""
    rng = np.random.default_rng(seed)
    rows = [(f"p{i}", "all", phase) for i in range(people) for phase in PHASES]
    samples = pd.DataFrame(rows, columns=["subject", "arm", "phase"])
    samples["age"] = 20.0 + samples.index // 3 * 4 % 37
    samples["hour"] = rng.normal(9, 1, len(samples))
    shape = (len(samples), features)
    if method in OF_COUNTS:
        level = rng.uniform(20, 3000, features) * np.exp(rng.normal(0, 0.3, (people, features)))
        values = rng.poisson(np.repeat(level, 3, axis=0) * rng.gamma(20, 0.05, shape)).astype(float)
    else:
        values = rng.normal(8, 1, shape)
    frame = pd.DataFrame(values, columns=[f"f{i}" for i in range(features)]).assign(**changed)
    return assay_from_matrix(frame, samples, COUNTS if method in OF_COUNTS else "log2_ratio")


def effects(method, contrasts=(), **options):
    assay = options.pop("assay", None)
    assay = assay_for(method) if assay is None else assay
    return contrast_effects(assay, contrasts or [row()], method, **options, **KEYED)


@every_method
def test_effects_obey_their_schema_with_a_row_a_feature_for_every_name_of_the_method(method):
    found = effects(method, [row("b"), row("c")])
    EFFECTS.validate(found)
    assert not found.duplicated(KEY).any()
    names = {"sign-flip": 2}.get(method, 1)
    assert found["method"].nunique() == names
    for _, own in found.groupby(["contrast", "method"]):
        assert list(own["feature"]) == [f"f{i}" for i in range(FEATURES)]
    assert found["p_value"].notna().all()
    assert set(found["dataset"]) == {"made up"}


@every_method
def test_a_contrast_is_the_same_whether_asked_alone_or_with_others(method):
    both = effects(method, [row("b"), row("c")])
    alone = effects(method, [row("c")])
    own = both[both["contrast"] == "c-a"].reset_index(drop=True)
    pd.testing.assert_frame_equal(own, alone, rtol=1e-9)


@every_method
def test_q_values_are_adjusted_within_a_contrast_and_a_method(method):
    found = effects(method, [row("b"), row("c")])
    assert len(found.groupby(["contrast", "method"])) in (2, 4)
    for (_, name), own in found.groupby(["contrast", "method"]):
        # a p value that is adjusted for all features already is not adjusted again
        family = name == "sign flip, max-T"
        expected = own["p_value"] if family else benjamini_hochberg(own["p_value"])
        np.testing.assert_allclose(own["q_value"], expected, rtol=1e-12)


@every_method
def test_a_feature_of_one_value_is_returned_and_its_lack_of_a_test_told(method):
    found = effects(method, assay=assay_for(method, f3=0.0 if method in OF_COUNTS else 5.0))
    own = found[found["feature"] == "f3"]
    assert len(own) == found["method"].nunique()
    assert own["flag"].ne("").all()
    assert own["estimate"].fillna(0).abs().max() < 1e-12
    rest = found[found["feature"] != "f3"]
    assert rest["p_value"].notna().all()
    assert not rest["flag"].str.contains("alike|constant|no counts?|no cell|prevalence").any()


@pytest.mark.parametrize("method", OF_VALUES)
def test_a_feature_without_any_value_is_returned_and_flagged(method):
    found = effects(method, assay=assay_for(method, f3=np.nan))
    own = found[found["feature"] == "f3"]
    assert len(own) == found["method"].nunique()
    assert own["flag"].ne("").all()
    assert own[["estimate", "se", "statistic", "p_value", "q_value"]].isna().all(axis=None)
    assert own["n_subjects"].eq(0).all()
    assert found.loc[found["feature"] != "f3", "p_value"].notna().all()


@every_method
def test_no_feature_lacks_a_test_without_a_flag(method):
    untold = np.nan if method in OF_VALUES else 0.0
    gaps = assay_for(method, f0=untold, f1=0.0)
    if method in OF_VALUES:
        values = gaps.values.copy()
        for column in range(2, FEATURES):
            values.iloc[: 2 * (column - 2), column] = np.nan
            values.iloc[column - 2 :: 5, column] = np.nan
        gaps = assay_from_matrix(values, gaps.samples, gaps.scale)
    found = effects(method, assay=gaps)
    untested = found["p_value"].isna()
    assert untested.any()
    assert found.loc[untested, "flag"].ne("").all()
    assert found.loc[untested, "q_value"].isna().all()


@pytest.mark.parametrize("method", OF_COUNTS)
@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_what_is_no_count_is_refused_by_feature_and_sample(method, bad):
    assay = assay_for(method)
    values = assay.values.copy()
    values.iloc[4, 3] = bad
    with pytest.raises(Misuse, match="'f3'") as caught:
        effects(method, assay=assay_from_matrix(values, assay.samples, COUNTS))
    assert "4" in str(caught.value)


@pytest.mark.parametrize("method", OF_COUNTS)
def test_methods_of_counts_refuse_logarithms_and_say_what_they_need(method):
    with pytest.raises(Misuse, match=f"{method} needs raw counts; for counts there are voom"):
        effects(method, assay=assay_for("paired"))


@pytest.mark.parametrize("method", OF_VALUES)
def test_methods_of_values_refuse_counts_and_say_what_takes_them(method):
    with pytest.raises(Misuse, match=f"{method} takes no raw counts; for counts there are voom"):
        effects(method, assay=assay_for("voom"))


@pytest.mark.parametrize("people", [1, 2])
@pytest.mark.parametrize("method", [name for name in METHODS if name not in EXACT])
def test_too_few_persons_are_refused_with_their_number_or_flagged(method, people):
    assay = assay_for(method, people=people)
    if method == "paired":
        found = effects(method, assay=assay)
        assert found["p_value"].isna().all()
        assert found["flag"].eq("fewer than 3 persons").all()
        return
    with pytest.raises(Misuse, match=f"{people} person"):
        effects(method, assay=assay)


@pytest.mark.parametrize("method", EXACT)
def test_exact_methods_need_two_persons(method):
    with pytest.raises(Misuse, match=r"'b-a': 1 person\(s\) with both sides"):
        effects(method, assay=assay_for(method, people=1))
    found = effects(method, assay=assay_for(method, people=2))
    if method == "sign-flip":
        assert found["p_value"].isna().all()
        assert found["flag"].eq("fewer than 3 persons").all()
    else:
        assert found["p_value"].ge(0.5).all()


def test_everything_wrong_with_a_method_is_told_at_once():
    assert faults_of_method("paired", ["age"], "trend") == []
    assert faults_of_method("pairde", ["age"], "tend") == [
        "no method 'pairde'; did you mean 'paired'?",
        "no moderation 'tend'; did you mean 'trend'?",
    ]
    assert faults_of_method("sign-flip", ["age"], "robust") == [
        f"sign-flip takes no covariates; these do: {', '.join(ADJUSTED)}",
        f"sign-flip takes no moderation; these do: {', '.join(MODERATED)}",
    ]
    with pytest.raises(Misuse) as caught:
        effects("deseq2", assay=assay_for("paired"), covariates=["age"], moderation="trend")
    assert len(str(caught.value).splitlines()) == 3


@every_method
def test_a_method_takes_covariates_and_moderation_or_says_that_it_does_not(method):
    assert bool(faults_of_method(method, ["hour"], "plain")) == (method not in ADJUSTED)
    assert bool(faults_of_method(method, [], "robust")) == (method not in MODERATED)
    if method in ADJUSTED:
        plain, adjusted = effects(method), effects(method, covariates=["hour"])
        assert not np.allclose(plain["estimate"], adjusted["estimate"])


def test_sign_flips_are_those_of_the_test_itself():
    assay = assay_for("sign-flip")
    found = effects("sign-flip", assay=assay).set_index("method")
    d = assay_differences(assay, row()).values
    expected = sign_flip_test(d.to_numpy())
    alone, together = found.loc["sign flip"], found.loc["sign flip, max-T"]
    np.testing.assert_allclose(alone["p_value"], expected.p_value)
    np.testing.assert_allclose(together["p_value"], expected.p_max)
    np.testing.assert_allclose(alone["estimate"], d.mean())


def test_sign_flips_that_are_drawn_are_drawn_alike_each_time():
    assay = assay_for("sign-flip", people=24)
    first, again = (effects("sign-flip", assay=assay) for _ in range(2))
    pd.testing.assert_frame_equal(first, again)


def test_shifts_are_those_of_hodges_and_lehmann_over_who_has_a_difference():
    assay = assay_for("hodges-lehmann")
    values = assay.values.copy()
    values.loc[0, "f2"] = np.nan
    assay = assay_from_matrix(values, assay.samples, assay.scale)
    found = effects("hodges-lehmann", assay=assay).set_index("feature")
    d = assay_differences(assay, row()).values
    for feature, own in d.items():
        expected = hodges_lehmann(own.dropna().to_numpy())
        assert found.loc[feature, "estimate"] == expected.estimate
        assert found.loc[feature, "p_value"] == expected.p_value
    assert found.loc["f2", "n_subjects"] == PEOPLE - 1


@pytest.mark.parametrize("method", EXACT)
def test_differences_that_are_all_alike_are_flagged_though_rounding_spreads_them(method):
    shifts = np.tile([0.1, 0.1 + 0.2, 0.7], PEOPLE) + np.repeat(np.arange(PEOPLE) / 7, 3)
    assert len(set((shifts[1::3] - shifts[::3]).tolist())) > 1
    found = effects(method, assay=assay_for(method, f3=shifts)).set_index("feature")
    assert found.loc[["f3"], "flag"].str.contains("all differences alike").all()
    assert not found.loc[["f2"], "flag"].str.contains("alike").any()


def test_shifts_of_more_persons_than_can_be_counted_out_are_refused_with_a_way_out():
    with pytest.raises(Misuse, match="counted out only to 50; use paired there"):
        effects("hodges-lehmann", assay=assay_for("hodges-lehmann", people=51))


@every_method
def test_canonical_ids_and_units_may_be_told_by_feature(method):
    units = {f"f{i}": f"unit {i}" for i in range(FEATURES)}
    found = contrast_effects(
        assay_for(method), [row()], method, dataset="d", modality="proteins", unit=units,
        canonical_id=pd.Series({"f1": "IL6"}), stratum="women",
    )  # fmt: skip
    assert (found["unit"] == found["feature"].map(units)).all()
    assert found.loc[found["feature"] == "f1", "canonical_id"].eq("IL6").all()
    assert found.loc[found["feature"] == "f2", "canonical_id"].isna().all()
    assert set(found["stratum"]) == {"women"}


@every_method
def test_a_phase_against_itself_is_refused(method):
    with pytest.raises(Misuse, match="'b-b': a phase against itself is no change"):
        effects(method, [row("b", "b", "all", "other")])
