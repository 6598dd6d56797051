import pytest

from exercisebook.errors import Failure
from exercisebook.sources import cycling_training as reader
from exercisebook.sources.cycling_training import read_cycling_training
from exercisebook.sources.rfiles import read_r_frame


@pytest.fixture(scope="session")
def raw(cycling_files):
    return read_r_frame(cycling_files["cyclingstudy.rda"])


@pytest.fixture
def read_broken(cycling_files, monkeypatch):
    def reading(frame):
        monkeypatch.setattr(reader, "read_r_frame", lambda path: frame)
        return read_cycling_training(cycling_files)

    return reading


def test_twenty_cyclists_are_seen_four_times(cycling):
    assert len(cycling.subjects) == 20
    assert len(cycling.samples) == 80
    assert cycling.samples["phase"].drop_duplicates().tolist() == [
        "before",
        "week 4",
        "week 8",
        "week 12",
    ]
    assert cycling.samples["day"].drop_duplicates().tolist() == [0, 28, 56, 84]


def test_there_is_no_blood(cycling):
    assert list(cycling.measurements) == ["clinical"]
    assert set(cycling.features["feature"]) == {"vo2max", "body_mass"}


def test_all_trained_so_there_is_one_arm(cycling):
    assert set(cycling.samples["arm"]) == {"interval training"}
    assert set(cycling.subjects["group"]) == {"INCR", "DECR", "MIX"}
    assert set(cycling.contrasts["kind"]) == {"training"}
    assert set(cycling.contrasts["reference_phase"]) == {"before"}


def test_hours_since_the_last_session_are_unknown(cycling):
    assert cycling.samples["hours_since_bout"].isna().all()


def test_values_are_those_of_the_source(cycling, raw):
    (expected,) = raw.query("subject == 2 and timepoint == 'pre'")["VO2.max"]
    table = cycling.measurements["clinical"].set_index(["sample_id", "feature"])["value"]
    assert table["C02-before", "vo2max"] == expected == 4471
    assert table["C02-before", "body_mass"] == 71.4


def test_a_visit_without_a_test_is_missing(cycling, raw):
    table = cycling.measurements["clinical"].query("feature == 'vo2max'")
    assert (table["status"] == "missing").sum() == raw["VO2.max"].isna().sum() == 4


@pytest.mark.parametrize("column", ["subject", "timepoint", "group", "VO2.max", "weight.T1"])
def test_a_file_that_lacks_a_column_is_refused(read_broken, raw, column):
    with pytest.raises(Failure, match=rf"cyclingstudy\.rda: no \['{column}'\]"):
        read_broken(raw.drop(columns=column))


def test_a_file_with_another_time_point_is_refused(read_broken, raw):
    with pytest.raises(Failure, match="known time points"):
        read_broken(raw.assign(timepoint=raw["timepoint"].replace("meso3", "meso4")))


def test_a_file_without_a_time_point_is_refused(read_broken, raw):
    with pytest.raises(Failure, match="known time points"):
        read_broken(raw[raw["timepoint"] != "meso3"])
