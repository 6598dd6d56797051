"""Red cells after an eccentric and a control bout: what is read, and the traps of the source."""

import copy

import numpy as np
import pandas as pd
import pytest

from exercisebook.cohort.package import read_cohort, write_cohort
from exercisebook.errors import Failure
from exercisebook.sources import erythrocyte_redox as reader
from exercisebook.sources.catalogue import dataset
from exercisebook.sources.cohorts import READERS, open_cohort
from exercisebook.sources.erythrocyte_redox import (
    ANALYTES,
    ENZYMES,
    UNIT,
    read_erythrocyte_redox,
)
from exercisebook.sources.features import feature_table
from exercisebook.sources.fetch import locate
from exercisebook.sources.rfiles import read_r_objects
from exercisebook.stats.cohort_effects import cohort_effects

pytestmark = pytest.mark.open_data


@pytest.fixture(scope="module")
def files():
    found = locate(dataset("erythrocyte-redox"))
    if found is None:
        pytest.skip("the bytes of erythrocyte-redox are not at hand (EXERCISEBOOK_DATA)")
    return found


@pytest.fixture(scope="module")
def objects(files):
    return read_r_objects(files["tidyData.RData"])


@pytest.fixture(scope="module")
def redox(files):
    return open_cohort("erythrocyte-redox")


@pytest.fixture
def read_broken(files, objects, monkeypatch):
    """Return a function that reads a file whose tables were tampered with."""

    def reading(tamper):
        held = copy.deepcopy(objects)
        tamper(held)
        monkeypatch.setattr(reader, "read_r_objects", lambda path: held)
        return read_erythrocyte_redox(files)

    return reading


def wide(cohort, modality):
    table = cohort.measurements[modality]
    return table.pivot(index="sample_id", columns="feature", values="value")


def test_twenty_people_went_through_both_bouts_at_three_times(redox):
    assert len(redox.subjects) == 20
    three = redox.samples[redox.samples["phase"].isin(["baseline", "pre-test", "post-test"])]
    assert (three.groupby("subject").size() == 6).all()
    assert set(redox.samples["arm"]) == {"control", "eccentric"}


def test_values_are_those_of_the_file_by_person_bout_and_time(redox, objects):
    raw = objects["metabolic_tidy"]
    first = raw[(raw["ID"] == "07-P") & (raw["condition"] == "Oxidative stress")]
    first = first.set_index(first["timepoint"].astype(str))
    for theirs, ours in {**ENZYMES, **ANALYTES}.items():
        found = wide(redox, "enzyme" if theirs in ENZYMES else "clinical")[ours]
        assert found["S07-eccentric-baseline"] == first.at["Baseline", theirs]
        assert found["S07-eccentric-pre-test"] == first.at["Pre-arm", theirs]
        assert found["S07-eccentric-post-test"] == first.at["Post-arm", theirs]
    assert wide(redox, "clinical").at["S01-control-baseline", "glutathione"] == 2.58


def test_every_value_was_measured(redox):
    assert set(redox.measurements["enzyme"]["status"]) == {"ok"}
    assert len(redox.measurements["enzyme"]) == 120 * 8
    assert len(redox.measurements["clinical"]) == 120 * 11 + 200


def test_codes_of_people_are_made_integers(redox):
    assert redox.subjects["subject"].tolist() == [str(k) for k in range(1, 21)]
    assert not redox.samples["sample_id"].str.contains("P").any()


def test_the_flux_of_glycolysis_is_not_read_as_lactate_of_blood(redox, objects):
    assert "glycolysis_flux" in objects["lactate_dat_tidy"]
    assert "lactate" not in set(redox.features["canonical_id"])
    flux = redox.measurements["clinical"].query("feature == 'glycolysis_flux'")
    assert len(flux) == 20 * 2 * 5


def test_no_unit_is_made_up(redox):
    assert set(redox.features["unit"]) == {UNIT}


def test_every_id_is_in_the_table_and_none_is_that_of_a_gene(redox):
    table = feature_table()
    ids = redox.features["canonical_id"]
    assert set(ids) <= set(table.index)
    assert not table.loc[ids, "identifier"].str.startswith("HGNC").any()


def test_two_days_lie_between_the_eccentric_bout_and_the_test(redox):
    before = redox.samples[redox.samples["phase"] == "pre-test"].set_index("arm")
    assert set(before.loc["eccentric", "hours_since_bout"]) == {48.0}
    assert before.loc["control", "hours_since_bout"].isna().all()


def test_only_the_comparison_of_bouts_may_answer_a_claim(redox):
    kinds = redox.contrasts.set_index("contrast")["kind"].to_dict()
    assert kinds == {
        "eccentric-48h": "recovery",
        "eccentric-test": "group",
        "control-test": "group",
    }


def test_the_description_says_that_carry_over_cannot_be_checked(redox, objects):
    assert "carry-over" in redox.description["design"]
    assert not {"period", "session", "order", "visit"} & set(objects["metabolic_tidy"].columns)


def test_the_effect_of_the_bout_is_a_difference_of_differences(redox, objects):
    found = cohort_effects(redox, "clinical", [redox.contrast("eccentric-48h")])
    found = found.set_index("feature")
    raw = objects["metabolic_tidy"].astype({"ID": str, "condition": str, "timepoint": str})
    table = np.log2(raw.pivot(index="ID", columns=["condition", "timepoint"], values="GSH"))
    stress, control = table["Oxidative stress"], table["Control"]
    change = (stress["Pre-arm"] - stress["Baseline"]) - (control["Pre-arm"] - control["Baseline"])
    assert found.at["glutathione", "estimate"] == pytest.approx(change.mean())
    assert found.at["glutathione", "ci_high"] < 0
    # muscle was damaged, as an eccentric bout does
    assert found.at["creatine_kinase", "ci_low"] > 3
    assert (found["n_subjects"] == 20).all()


def test_the_cohort_obeys_the_rules_of_a_package(redox, tmp_path):
    write_cohort(redox, tmp_path / "redox")
    back = read_cohort(tmp_path / "redox")
    pd.testing.assert_frame_equal(wide(back, "enzyme"), wide(redox, "enzyme"))


def test_rows_in_another_order_give_the_same_cohort(read_broken, redox):
    def turn(held):
        held["metabolic_tidy"] = held["metabolic_tidy"][::-1]

    found = read_broken(turn)
    pd.testing.assert_frame_equal(wide(found, "enzyme"), wide(redox, "enzyme"))


def test_the_reader_is_found_by_the_name_of_the_data_set():
    assert READERS["erythrocyte-redox"] is read_erythrocyte_redox


def test_an_absent_table_is_named(read_broken):
    with pytest.raises(Failure, match=r"tidyData\.RData: no table fragility_tidy; found"):
        read_broken(lambda held: held.pop("fragility_tidy"))


def test_an_absent_column_is_named(read_broken):
    def drop(held):
        held["metabolic_tidy"] = held["metabolic_tidy"].drop(columns="gpx")

    with pytest.raises(Failure, match=r"metabolic_tidy: no column gpx"):
        read_broken(drop)


@pytest.mark.parametrize("column", ["condition", "timepoint"])
def test_a_new_bout_or_time_is_named(read_broken, column):
    def rename(held):
        table = held["metabolic_tidy"].astype({column: str})
        table.loc[table.index[0], column] = "Other"
        held["metabolic_tidy"] = table

    with pytest.raises(Failure, match=rf"metabolic_tidy, column {column}: Other: new"):
        read_broken(rename)


def test_a_value_twice_is_refused(read_broken):
    def twice(held):
        table = held["metabolic_tidy"]
        held["metabolic_tidy"] = pd.concat([table.iloc[1:], table.iloc[[5]]])

    with pytest.raises(Failure, match="each once"):
        read_broken(twice)


def test_a_person_too_few_is_refused(read_broken):
    def drop(held):
        table = held["fragility_tidy"]
        held["fragility_tidy"] = table[table["ID"] != "04-P"]

    with pytest.raises(Failure, match=r"fragility_tidy: 19 people; 20 were expected"):
        read_broken(drop)


@pytest.mark.parametrize("value", [-1.0, np.inf])
def test_an_amount_that_is_none_is_refused(read_broken, value):
    def spoil(held):
        held["fragility_tidy"].loc[held["fragility_tidy"].index[2], "metHb"] = value

    with pytest.raises(Failure, match=rf"fragility_tidy: {value} where amounts were expected"):
        read_broken(spoil)
