import dataclasses

import numpy as np
import pandas as pd
import pytest
from effects import claim

from exercisebook.claims import transfer
from exercisebook.claims.claims import claims
from exercisebook.claims.transfer import (
    OWN_COLUMNS,
    cohort_ledger,
    contrast_told,
    label_of,
    people_needed,
)
from exercisebook.claims.verdict import IDENTIFIED, INCONCLUSIVE, NOT_MEASURED, OBSERVED, SUPPORTED
from exercisebook.errors import InvalidInput, Misuse
from exercisebook.simulate.cohorts import simulate
from exercisebook.simulate.worlds import world
from exercisebook.sources.features import members
from exercisebook.sources.study import DESIGNS, REMAINS, Study, source_of, study_of

STUDY = {
    "design": "single-arm before-after",
    "species": "human",
    "population": "healthy young men",
    "tissue": {"clinical": "blood", "blood_count": "blood", "cytokines": "blood"},
}


def own_cohort(study=STUDY, name="reference", people=13, **changes):
    """Return a cohort as a user would bring it: nothing in it says that it is simulated."""
    made = simulate(world(name), people, 7, ("clinical", "blood_count", "cytokines")).cohort
    description = {"title": "mine"} | ({"study": study} if study else {})
    return dataclasses.replace(made, name="mine", description=description, **changes)


@pytest.fixture(scope="module")
def mine():
    return own_cohort()


@pytest.fixture(scope="module")
def rows(mine):
    return cohort_ledger(mine, claims())


def test_every_claim_has_a_row_with_both_verdicts_and_a_reason(rows):
    assert list(rows.columns) == OWN_COLUMNS
    assert set(rows["claim_id"]) == set(claims()["claim_id"])
    assert rows["observed"].isin(OBSERVED).all()
    assert rows[["cause", "reason", "contrast"]].ne("").all(axis=None)
    assert rows[["cause", "reason", "contrast"]].notna().all(axis=None)


def test_an_arm_alone_never_identifies_a_cause(rows):
    assert (rows["observed"] != NOT_MEASURED).any()
    assert not (rows["cause"] == IDENTIFIED).any()


@pytest.mark.parametrize("design", [d for d in DESIGNS if "random" in d])
def test_an_arm_of_a_trial_against_itself_is_a_before_after_study(design):
    cohort = own_cohort(STUDY | {"design": design})
    contrast = cohort.contrasts.iloc[0]
    study = study_of(cohort.description)
    alone = source_of(cohort, study, contrast, "clinical")
    assert alone.design == "single-arm before-after"
    against = pd.Series({**contrast, "reference_arm": "control"})
    beside = source_of(cohort, study, against, "clinical")
    assert beside.design == design
    assert alone.remains == REMAINS["single-arm before-after"]


def test_what_is_not_joined_or_of_no_contrast_says_so(rows):
    told = rows.set_index("claim_id")["reason"]
    assert "no feature of this cohort is joined to H3K9me3" in told["S1-27"]
    assert "no contrast of the kind 'group'" in told["S1-57"]


def test_another_tissue_is_never_counted():
    elsewhere = own_cohort(STUDY | {"tissue": "saliva"})
    table = cohort_ledger(elsewhere, claims())
    assert not table["observed"].isin([SUPPORTED, INCONCLUSIVE]).any()
    assert (table["observed"] == "measured elsewhere only").any()


def test_a_large_true_effect_is_supported_and_a_reversed_claim_contradicted():
    falls = claim(canonical_id="crp", kind="training", exposure="training", direction="down")
    rises = pd.Series({**falls, "claim_id": "X-2", "direction": "up"})
    wanted = pd.DataFrame([falls, rises]).reset_index(drop=True)
    cohort = own_cohort(name="mediated", people=200)
    assert cohort_ledger(cohort, wanted)["observed"].tolist() == ["supported", "contradicted"]


def test_a_simulated_cohort_gets_no_verdict():
    made = simulate(world("null"), 13, 7, ("clinical",)).cohort
    with pytest.raises(Misuse, match="simulated data get no verdict"):
        cohort_ledger(made, claims())


def test_a_cohort_that_hides_its_design_gets_no_verdict():
    with pytest.raises(Misuse, match="does not say its design"):
        cohort_ledger(own_cohort(study=None), claims())


def test_all_that_is_wrong_with_a_study_is_told_at_once():
    with pytest.raises(InvalidInput) as caught:
        study_of({"study": {"design": "hearsay", "species": "", "population": "men"}})
    assert {p.column for p in caught.value.problems} == {
        "study.design",
        "study.species",
        "study.tissue",
    }


def test_one_feature_speaks_for_a_canonical_id(mine):
    for _, contrast in mine.contrasts.iterrows():
        named = mine.features["canonical_id"].dropna()
        effects = contrast_told(mine, contrast, set(named)).effects
        assert len(effects) > 10
        assert effects["canonical_id"].is_unique


def test_what_cannot_be_compared_is_said_and_the_rest_goes_on():
    cohort = own_cohort()
    values = cohort.measurements["cytokines"].assign(value=np.nan, status="missing")
    without = dataclasses.replace(cohort, measurements={**cohort.measurements, "cytokines": values})
    table = cohort_ledger(without, claims())
    assert table.set_index("claim_id").loc["S1-15", "observed"] in (NOT_MEASURED, INCONCLUSIVE)
    assert (table["observed"] == INCONCLUSIVE).any()


def test_four_times_the_people_halve_what_can_be_detected():
    table = pd.DataFrame({"observed": [INCONCLUSIVE, INCONCLUSIVE, SUPPORTED],
                          "n_subjects": 13, "detectable": [1.0, 0.4, 1.0]})  # fmt: skip
    np.testing.assert_array_equal(
        people_needed(table, np.array([0.5, 0.5, 0.5])), [52, np.nan, np.nan]
    )


def test_the_study_says_one_tissue_or_one_a_modality(mine):
    contrast = mine.contrasts.iloc[0]
    one = Study(**(STUDY | {"tissue": "blood"}))
    each = Study(**(STUDY | {"tissue": {"rna": "blood cells"}}))
    assert source_of(mine, one, contrast, "rna").tissue == "blood"
    assert source_of(mine, each, contrast, "rna").tissue == "blood cells"
    assert source_of(mine, each, contrast, "clinical").tissue == ""


@pytest.mark.parametrize(
    ("hours", "told"),
    [
        (np.nan, "unknown, so its residue may"),
        (6.0, "last bout 6 hours before, so its residue may"),
        (72.0, "last bout 72 hours before"),
    ],
)
def test_a_verdict_on_training_says_how_long_ago_the_last_bout_was(hours, told):
    cohort = own_cohort()
    samples = cohort.samples.assign(hours_since_bout=hours)
    table = cohort_ledger(dataclasses.replace(cohort, samples=samples), claims())
    reason = table.set_index("claim_id").loc["S1-14", "reason"]
    assert told in reason
    assert ("residue" in reason) == (hours != 72)


def test_only_modalities_that_a_claim_asks_for_are_compared(mine, monkeypatch):
    seen = []
    real = transfer.cohort_effects
    monkeypatch.setattr(
        transfer, "cohort_effects", lambda *given: seen.append(given[1]) or real(*given)
    )
    contrast = mine.contrasts.iloc[0]
    told = contrast_told(mine, contrast, {"il6"})
    assert seen == ["cytokines"]
    assert told.effects["canonical_id"].tolist() == ["il6"]
    assert contrast_told(mine, contrast, {"kidney_betaine"}).effects.empty
    assert seen == ["cytokines"]


def on_hours(cohort, hours):
    return dataclasses.replace(cohort, samples=cohort.samples.assign(hours_since_bout=hours))


def test_a_range_of_hours_since_the_last_bout_has_two_ends(mine):
    hours = np.where(mine.samples["subject"] == mine.samples["subject"].iloc[0], 50.0, 72.0)
    table = cohort_ledger(on_hours(mine, hours), claims()).set_index("claim_id")
    assert "last bout 50 to 72 hours before" in table.loc["S1-14", "reason"]


def with_olink(cohort, feature="OID20563"):
    """Return a cohort that measures IL-6 by another assay too, with noise of its own."""
    own = cohort.measurements["cytokines"].query("feature == 'il6'")
    rng = np.random.default_rng(3)
    other = own.assign(feature=feature, value=own["value"] * 2 ** rng.normal(size=len(own)))
    row = cohort.features.query("feature == 'il6'").assign(
        modality="proteins", feature=feature, detection_limit=np.nan
    )
    return dataclasses.replace(
        cohort,
        features=pd.concat([cohort.features, row], ignore_index=True),
        measurements={**cohort.measurements, "proteins": other.assign(status="ok")},
    )


def test_a_row_says_which_of_two_assays_decides(mine, rows):
    table = cohort_ledger(with_olink(mine), claims())
    own = table.query("claim_id == 'S1-07' and member == 'il6'").iloc[0]
    assert own["modality"] == "cytokines"
    assert "il6 of cytokines decides, since it comes first of cytokines, proteins" in own["reason"]
    assert "OID20563 of proteins is shown and not counted" in own["reason"]
    alone = rows.query("claim_id == 'S1-07' and member == 'il6'").iloc[0]
    assert own["estimate"] == alone["estimate"]
    assert "assay" not in alone["reason"]


def test_an_assay_without_an_interval_does_not_decide_where_another_has_one(mine):
    both = with_olink(mine)
    cytokines = both.measurements["cytokines"]
    others = both.samples.query("subject != @both.samples['subject'].iloc[0]")["sample_id"]
    lost = (cytokines["feature"] == "il6") & cytokines["sample_id"].isin(others)
    one_person = {**both.measurements, "cytokines": cytokines[~lost]}
    table = cohort_ledger(dataclasses.replace(both, measurements=one_person), claims())
    own = table.query("claim_id == 'S1-07' and member == 'il6'").iloc[0]
    assert own["modality"] == "proteins"
    assert own["n_subjects"] == 13
    assert np.isfinite(own[["estimate", "ci_low"]].astype(float)).all()
    assert "OID20563 of proteins decides, since it alone has an interval" in own["reason"]
    assert "il6 of cytokines is shown and not counted" in own["reason"]


def test_a_group_has_no_numbers_and_its_members_have_theirs(rows):
    group = rows[rows["claim_id"] == "S1-07"]
    head, each = group.iloc[0], group.iloc[1:]
    assert head["member"] == ""
    assert np.isnan(head[["estimate", "ci_low", "n_subjects", "q_claim"]].astype(float)).all()
    assert {"il6", "tnf"} <= set(each["member"]) <= set(members("inflammatory_cytokines"))
    assert each[["estimate", "n_subjects", "q_claim"]].notna().all(axis=None)
    assert (each["effect_scale"] == "log2_ratio").all()
    alone = rows[(rows["member"] == "") & rows["estimate"].notna()]
    assert len(alone) > 3
    assert (alone["effect_scale"] != "").all()


def test_a_group_of_which_one_member_is_measured_borrows_none_of_its_numbers(mine):
    kept = mine.features["feature"] != "tnf"
    one = mine.features["canonical_id"].isin(["il6"]) | (mine.features["modality"] != "cytokines")
    values = mine.measurements["cytokines"].query("feature == 'il6'")
    lone = dataclasses.replace(
        mine,
        features=mine.features[kept & one],
        measurements={**mine.measurements, "cytokines": values},
    )
    group = cohort_ledger(lone, claims()).query("claim_id == 'S1-07'")
    assert group["member"].tolist() == ["", "il6"]
    assert group["estimate"].isna().tolist() == [True, False]
    assert group["effect_scale"].tolist() == ["", "log2_ratio"]


def test_the_q_of_a_row_is_the_one_that_decides_it(mine):
    usual = cohort_ledger(mine, claims(), 0.999)
    asked = usual[usual["q_claim"].notna() & usual["observed"].isin([SUPPORTED, "contradicted"])]
    assert len(asked) > 2
    for place, row in asked.head(3).iterrows():
        below, above = (
            cohort_ledger(mine, claims(), row["q_claim"] * factor).loc[place]
            for factor in (1 - 1e-6, 1 + 1e-6)
        )
        assert below["observed"] == INCONCLUSIVE
        assert above["observed"] == row["observed"]


def limited(cohort, share):
    """Return a cohort with this share of IL-6 below detection after the bout."""
    phase = cohort.samples.set_index("sample_id")["phase"]
    table = cohort.measurements["cytokines"].assign(status="ok")
    own = (table["feature"] == "il6") & (table["sample_id"].map(phase) == "acute")
    low = table[own].nsmallest(round(share * own.sum()), "value").index
    limit = cohort.features.set_index("feature").at["il6", "detection_limit"]
    table.loc[low, ["value", "status"]] = [limit, "below_detection"]
    return dataclasses.replace(cohort, measurements={**cohort.measurements, "cytokines": table})


@pytest.mark.parametrize(
    ("share", "told"),
    [
        (0.05, ""),
        (4 / 13, "below detection 4 of 13 at “acute”, 0 of 13 at “baseline”"),
        (7 / 13, "below detection 7 of 13 at “acute”, 0 of 13 at “baseline”: over half of one"),
    ],
)
def test_a_row_counts_what_lies_below_detection(mine, share, told):
    table = cohort_ledger(limited(mine, share), claims())
    own = table.query("claim_id == 'S1-07' and member == 'il6'").iloc[0]
    assert told in own["reason"]
    assert ("below detection" in own["reason"]) == bool(told)
    if share > 0.5:
        assert own["observed"] == INCONCLUSIVE
        assert "inconclusive at most" in own["reason"]


@pytest.mark.parametrize("quantifier", ["most", "greatest"])
@pytest.mark.parametrize(("direction", "found"), [("down", INCONCLUSIVE), ("up", "contradicted")])
def test_one_feature_can_refute_and_not_support_that_it_is_the_greatest(
    quantifier, direction, found
):
    wanted = claim(canonical_id="crp", kind="training", exposure="training", direction=direction,
                   quantifier=quantifier)  # fmt: skip
    table = cohort_ledger(own_cohort(name="mediated", people=200), pd.DataFrame([wanted]))
    assert table["observed"].tolist() == [found]
    assert ("tested difference" in table["reason"][0]) == (found == INCONCLUSIVE)


@pytest.mark.parametrize(
    ("canonical_id", "otherwise", "name"),
    [
        ("il6", "OID1", "IL-6"),
        ("naive_lymphocytes", "", "naive lymphocytes"),
        (np.nan, "metabolite_002", "metabolite 002"),
        (None, "metabolite_002", "metabolite 002"),
        ("", "GLC", "GLC"),
    ],
)
def test_a_name_is_a_label_or_is_without_underscores(canonical_id, otherwise, name):
    assert label_of(canonical_id, otherwise) == name
