import re

import numpy as np
import pandas as pd
import pytest

from exercisebook.errors import Failure
from exercisebook.sources import nhanes as reader
from exercisebook.sources.nhanes import read_nhanes

SURVEY, BLOOD = "NHANESraw.rda", "NHANES4.rda"


@pytest.fixture(scope="session")
def wide(nhanes):
    """Return one row a person: the value of each feature."""
    tables = [nhanes.long(modality) for modality in nhanes.measurements]
    return pd.concat(tables).pivot(index="subject", columns="feature", values="value")


@pytest.fixture(scope="session")
def source(nhanes_frames):
    """Return the adults of both files side by side, joined by hand."""
    survey = nhanes_frames[SURVEY]
    blood = nhanes_frames[BLOOD]
    blood = blood[blood["wave"].isin([6, 7])]
    adults = survey[survey["Age"] >= 20]
    return adults.assign(key=adults["ID"].astype(int)).merge(
        blood.assign(key=blood["sampleID"].str.split("_").str[1].astype(int)),
        on="key",
        suffixes=("", "_of_blood"),
    )


@pytest.fixture
def read_broken(nhanes_frames, monkeypatch):
    """Return a function that reads the cohort from frames that were tampered with."""

    def reading(survey=nhanes_frames[SURVEY], blood=nhanes_frames[BLOOD]):
        frames = {SURVEY: survey, BLOOD: blood}
        monkeypatch.setattr(reader, "read_r_frame", lambda path: frames[path])
        return read_nhanes({name: name for name in frames})

    return reading


def test_the_cohort_is_the_11778_adults_of_two_cycles(nhanes):
    assert len(nhanes.subjects) == 11778
    assert nhanes.subjects["age"].between(20, 80).all()
    assert set(nhanes.subjects["cycle"]) == {"2009-2010", "2011-2012"}
    assert len(nhanes.samples) == 11778
    assert nhanes.samples["subject"].is_unique


def test_age_and_sex_agree_with_both_files(nhanes, source):
    people = nhanes.subjects.set_index("subject")
    rows = people.loc[source["key"].astype(str)]
    assert (rows["age"].to_numpy() == source["age"].to_numpy(float)).all()
    assert (rows["age"].to_numpy() == source["Age"].to_numpy(float)).all()
    assert ((rows["sex"] == "male").to_numpy() == (source["gender"] == 1).to_numpy()).all()


def test_no_person_is_resampled(nhanes):
    assert nhanes.subjects["subject"].is_unique


def test_the_arms_are_the_answers(nhanes):
    counts = nhanes.samples["arm"].value_counts().to_dict()
    assert counts == {"inactive": 6282, "active": 5496}


def test_weights_are_halved_for_two_cycles(nhanes, nhanes_frames):
    survey = nhanes_frames[SURVEY]
    full = survey.set_index(survey["ID"].astype(int).astype(str))["WTMEC2YR"].astype(float)
    people = nhanes.subjects.set_index("subject")["survey_weight"]
    np.testing.assert_allclose(people, full[people.index] / 2)
    # about the adults of the United States, who are counted once and not twice
    assert people.sum() == pytest.approx(2.2e8, rel=0.05)


def test_each_of_29_strata_has_at_least_two_sampling_units(nhanes):
    units = nhanes.subjects.groupby("stratum")["psu"].nunique()
    assert len(units) == 29
    assert units.min() >= 2


def test_one_person_by_hand(wide, nhanes, nhanes_frames):
    blood = nhanes_frames[BLOOD].set_index("sampleID").loc["2009_51624"]
    person = wide.loc["51624"]
    assert person["leukocytes"] == blood["wbc"] == 5.9
    assert person["lymphocytes"] == pytest.approx(5.9 * 38.3 / 100)
    assert person["neutrophils"] == pytest.approx(5.9 * 51.4 / 100)
    assert person["monocytes"] == pytest.approx(5.9 * 9.3 / 100)
    assert person["total_bilirubin"] == pytest.approx(1.1 * 17.104)
    assert person["crp"] == pytest.approx(0.16 * 10)
    assert person["ggt"] == 16
    assert person["body_mass_index"] == 32.22
    assert person["resting_pulse"] == 70
    assert np.isnan(person["triglycerides"])
    row = nhanes.subjects.set_index("subject").loc["51624"]
    assert row[["sex", "age", "stratum", "psu", "smoking", "ethnicity"]].tolist() == [
        "male",
        34,
        83,
        1,
        "former",
        "White",
    ]


PERCENT = {"neutrophils": "neut", "lymphocytes": "lymph", "monocytes": "monopa"}


@pytest.mark.parametrize(("name", "column"), PERCENT.items())
def test_percentages_become_counts_in_everyone(wide, source, name, column):
    found = wide.loc[source["key"].astype(str), name]
    expected = source["wbc"] * source[column] / 100
    np.testing.assert_allclose(found, expected.astype(float))


def test_the_counts_of_a_person_do_not_exceed_the_white_cells(wide):
    parts = wide[["neutrophils", "lymphocytes", "monocytes"]].sum(axis=1, skipna=False)
    share = (parts / wide["leukocytes"]).dropna()
    assert share.between(0.5, 1.001).all()


def test_c_reactive_protein_is_of_the_first_cycle_only(nhanes):
    crp = nhanes.long("clinical").query("feature == 'crp'")
    measured = crp.groupby("batch")["value"].count()
    assert measured.to_dict() == {"2009-2010": 5702, "2011-2012": 0}
    assert set(crp.loc[crp["batch"] == "2011-2012", "status"]) == {"missing"}


def test_pulse_is_that_of_the_survey_and_not_pulse_pressure(wide, source):
    pulse = wide["resting_pulse"].dropna()
    assert pulse.between(30, 180).all()
    assert 70 < pulse.mean() < 75
    rows = wide.loc[source["key"].astype(str), "resting_pulse"]
    np.testing.assert_array_equal(rows, source["Pulse"].astype(float))
    pressure = source["pulse"].to_numpy(float)
    assert np.nanmean(np.abs(rows - pressure)) > 10


def test_total_bilirubin_is_in_micromoles(wide):
    bilirubin = wide["total_bilirubin"].dropna()
    assert 8 < bilirubin.median() < 15
    assert bilirubin.between(0, 100).all()


def test_triglycerides_are_in_millimoles_and_of_a_subsample(wide):
    assert 0.8 < wide["triglycerides"].median() < 1.6
    assert 0.4 < wide["triglycerides"].notna().mean() < 0.5


@pytest.mark.parametrize("feature", ["phenoage", "kdm", "ldl", "indirect_bilirubin"])
def test_composite_ages_and_unmeasured_things_are_not_carried_over(nhanes, feature):
    assert not nhanes.features["feature"].str.contains(feature).any()


def test_nobody_is_said_to_have_fasted(nhanes):
    assert set(nhanes.samples["fasting"]) == {"unknown"}


def test_smoking_is_unknown_where_it_was_not_answered(nhanes):
    counts = nhanes.subjects["smoking"].value_counts()
    assert set(counts.index) <= {"never", "former", "current", "unknown"}
    assert counts["unknown"] < 20


def test_the_only_contrast_is_an_association(nhanes):
    (row,) = nhanes.contrasts.itertuples()
    assert (row.kind, row.arm, row.reference_arm) == ("association", "active", "inactive")


# files that are not as described


@pytest.mark.parametrize("column", ["PhysActive", "WTMEC2YR", "Pulse"])
def test_a_survey_that_lacks_a_column_is_refused(read_broken, nhanes_frames, column):
    with pytest.raises(Failure, match=rf"NHANESraw\.rda: no column {column}"):
        read_broken(survey=nhanes_frames[SURVEY].drop(columns=column))


@pytest.mark.parametrize("column", ["sampleID", "wave", "neut"])
def test_a_blood_file_that_lacks_a_column_is_refused(read_broken, nhanes_frames, column):
    with pytest.raises(Failure, match=rf"NHANES4\.rda: no column {column}"):
        read_broken(blood=nhanes_frames[BLOOD].drop(columns=column))


def test_files_of_other_people_are_refused(read_broken, nhanes_frames):
    blood = nhanes_frames[BLOOD]
    with pytest.raises(Failure, match="disagree on age"):
        read_broken(blood=blood.assign(age=blood["age"] + (blood["sampleID"] == "2009_51624")))


def test_a_repeated_sequence_number_is_refused(read_broken, nhanes_frames):
    survey = nhanes_frames[SURVEY]
    with pytest.raises(Failure, match="do not join one to one"):
        read_broken(survey=pd.concat([survey, survey.head(1)]))


def test_another_answer_than_yes_or_no_is_refused(read_broken, nhanes_frames):
    survey = nhanes_frames[SURVEY]
    answers = survey["PhysActive"].astype(object).mask(survey["ID"] == 51624, "Maybe")
    with pytest.raises(Failure, match=re.escape("PhysActive holds an answer other than Yes")):
        read_broken(survey=survey.assign(PhysActive=answers))


def test_a_number_written_with_an_exponent_does_not_break_the_join(nhanes_frames, nhanes):
    ids = nhanes_frames[BLOOD]["sampleID"]
    assert ids.str.contains("e+", regex=False).any()
    assert nhanes.subjects["subject"].str.isdigit().all()


def test_schooling_and_income_are_those_of_the_survey(nhanes, source):
    people = nhanes.subjects.set_index("subject").loc[source["key"].astype(str)]
    told = source["Education"].notna().to_numpy()
    assert (people["education"].to_numpy()[told] == source["Education"].astype(str)[told]).all()
    assert set(people["education"].to_numpy()[~told]) == {"unknown"}
    income = source["Poverty"].to_numpy(float)
    np.testing.assert_array_equal(people["income_to_poverty"].to_numpy(), income)
    assert np.isnan(income).mean() == pytest.approx(0.095, abs=0.005)


@pytest.mark.parametrize("column", ["Education", "Poverty"])
def test_a_survey_without_schooling_or_income_is_refused(read_broken, nhanes_frames, column):
    with pytest.raises(Failure, match=f"NHANESraw.rda: no column {column}"):
        read_broken(survey=nhanes_frames[SURVEY].drop(columns=column))
