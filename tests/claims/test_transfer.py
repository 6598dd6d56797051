import dataclasses

import numpy as np
import pandas as pd
import pytest
from effects import claim

from exercisebook.claims.claims import claims
from exercisebook.claims.transfer import OWN_COLUMNS, cohort_ledger, contrast_told, people_needed
from exercisebook.claims.verdict import IDENTIFIED, INCONCLUSIVE, NOT_MEASURED, OBSERVED, SUPPORTED
from exercisebook.errors import InvalidInput, Misuse
from exercisebook.simulate.cohorts import simulate
from exercisebook.simulate.worlds import world
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
        assert contrast_told(mine, contrast).effects["canonical_id"].is_unique


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
        (6.0, "last bout 6 to 6 hours before, so its residue may"),
        (72.0, "last bout 72 to 72 hours before"),
    ],
)
def test_a_verdict_on_training_says_how_long_ago_the_last_bout_was(hours, told):
    cohort = own_cohort()
    samples = cohort.samples.assign(hours_since_bout=hours)
    table = cohort_ledger(dataclasses.replace(cohort, samples=samples), claims())
    reason = table.set_index("claim_id").loc["S1-14", "reason"]
    assert told in reason
    assert ("residue" in reason) == (hours != 72)
