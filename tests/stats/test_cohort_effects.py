"""Effects of a cohort: the reference cohort, against its own tables read another way."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from exercisebook.errors import Misuse
from exercisebook.stats.cohort_effects import (
    cohort_effects,
    contrast_differences,
    usual_scale,
    within_arm,
)
from exercisebook.stats.schemas import EFFECTS, KEY

MODALITIES = ("blood_count", "clinical", "cytokines")


def contrasts(cohort) -> list[pd.Series]:
    return [row for _, row in cohort.contrasts.iterrows()]


def effects(cohort, modality: str = "cytokines", **options) -> pd.DataFrame:
    return cohort_effects(cohort, modality, contrasts(cohort), **options)


@pytest.mark.parametrize("method", ["paired", "hodges-lehmann"])
@pytest.mark.parametrize("modality", MODALITIES)
def test_effects_of_the_reference_cohort_obey_the_schema_and_have_one_key_each(
    reference, modality, method
):
    found = effects(reference, modality, method=method)
    EFFECTS.validate(found)
    assert not found.duplicated(KEY).any()


@pytest.mark.parametrize("modality", MODALITIES)
def test_there_is_one_effect_a_feature_and_contrast(reference, modality):
    found = effects(reference, modality)
    expected = pd.MultiIndex.from_product(
        [
            reference.features.query("modality == @modality")["feature"],
            reference.contrasts["contrast"],
        ]
    )
    assert set(zip(found["feature"], found["contrast"], strict=True)) == set(expected)


def test_an_effect_is_the_paired_t_of_logarithms_that_a_pivot_gives(reference):
    found = effects(reference).set_index(["feature", "contrast"])
    long = reference.long("cytokines")
    usable = long[long["status"].isin(["ok", "below_detection"])]
    for (feature, contrast), effect in found.iterrows():
        own = usable[usable["feature"] == feature].pivot(
            index="subject", columns="phase", values="value"
        )
        row = reference.contrast(contrast)
        later, earlier = np.log2(own[row["phase"]]), np.log2(own[row["reference_phase"]])
        test = stats.ttest_rel(later, earlier, nan_policy="omit")
        assert effect["estimate"] == pytest.approx((later - earlier).mean())
        assert effect["p_value"] == pytest.approx(test.pvalue)


def test_canonical_ids_units_and_kinds_are_those_of_the_package(reference):
    found = effects(reference, "clinical")
    table = reference.features.query("modality == 'clinical'").set_index("feature")
    assert (found["unit"] == found["feature"].map(table["unit"])).all()
    known = found["feature"].map(table["canonical_id"])
    assert (found["canonical_id"].fillna("") == known.fillna("")).all()
    kinds = reference.contrasts.set_index("contrast")["kind"]
    assert (found["kind"] == found["contrast"].map(kinds)).all()
    assert found["dataset"].eq(reference.name).all()


def test_each_contrast_is_a_family_of_its_own(reference):
    found = effects(reference, "blood_count")
    for _, family in found.groupby("contrast"):
        p = family["p_value"].dropna()
        expected = stats.false_discovery_control(p)
        np.testing.assert_allclose(family.loc[p.index, "q_value"], expected)


def test_strata_keep_effects_of_one_contrast_apart(reference):
    both = pd.concat([effects(reference, stratum=s) for s in ("one", "two")], ignore_index=True)
    EFFECTS.validate(both)


def test_the_scale_can_be_chosen_against_the_usual_one(reference):
    contrast = contrasts(reference)[0]
    usual = contrast_differences(reference, "clinical", contrast)
    plain = contrast_differences(reference, "clinical", contrast, "difference")
    assert (usual.scale, plain.scale) == ("log2_ratio", "difference")
    assert not np.allclose(usual.values, plain.values, equal_nan=True)


@pytest.mark.parametrize(
    ("modality", "scale"), [("cytokines", "log2_ratio"), ("cells", "logit"), ("taxa", "logit")]
)
def test_concentrations_are_compared_as_ratios_and_shares_as_odds(modality, scale):
    assert usual_scale(modality) == scale


@pytest.mark.parametrize("modality", ["rna", "cytokine"])
def test_a_modality_without_a_usual_scale_is_refused_rather_than_compared_as_odds(modality):
    with pytest.raises(Misuse, match=f"{modality} has no usual scale"):
        usual_scale(modality)


def test_a_contrast_whose_phases_were_not_measured_gives_flagged_effects_and_no_error(reference):
    row = contrasts(reference)[0].copy()
    row["phase"], row["reference_phase"] = "next year", "last year"
    found = cohort_effects(reference, "cytokines", [row])
    assert found["n_subjects"].eq(0).all()
    assert found["flag"].ne("").all()


names = st.sampled_from(["acute", "bout", "rest", "after", "before", "P2-1h"])


parts_of_a_contrast = dict.fromkeys(
    ("contrast", "kind", "phase", "reference_phase", "arm", "reference_arm"), names
)


@given(st.fixed_dictionaries(parts_of_a_contrast))
def test_within_an_arm_only_the_name_and_the_reference_arm_change(parts):
    before = pd.Series(parts)
    found = within_arm(before)
    assert before.to_dict() == parts
    assert found.to_dict() == {
        **parts,
        "contrast": f"{parts['contrast']} before-after",
        "reference_arm": parts["arm"],
    }
