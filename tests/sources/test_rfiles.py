import pandas as pd
import pytest
import rdata

from exercisebook.sources.rfiles import read_r_frame, read_r_objects

FRAME = pd.DataFrame({"subject": ["a", "b"], "value": [1.5, 2.5]}, index=[4, 9])


def test_the_only_object_of_a_file_needs_no_name(tmp_path):
    rdata.write_rda(tmp_path / "x.rda", {"table": FRAME})
    found = read_r_frame(tmp_path / "x.rda")
    assert list(found) == ["subject", "value"]
    assert found["value"].tolist() == [1.5, 2.5]
    assert found.index.tolist() == [0, 1]


def test_one_of_several_objects_is_named(tmp_path):
    rdata.write_rda(tmp_path / "x.rda", {"one": FRAME, "two": FRAME.assign(value=0.0)})
    assert read_r_frame(tmp_path / "x.rda", "two")["value"].tolist() == [0.0, 0.0]


def test_an_object_that_is_not_there_is_a_key_error(tmp_path):
    rdata.write_rda(tmp_path / "x.rda", {"one": FRAME})
    with pytest.raises(KeyError, match="other"):
        read_r_frame(tmp_path / "x.rda", "other")


def test_objects_that_are_not_named_are_left_out(tmp_path):
    held = {"one": FRAME, "two": FRAME.assign(value=0.0), "three": FRAME.assign(value=9.0)}
    rdata.write_rda(tmp_path / "x.rda", held)
    everything = read_r_objects(tmp_path / "x.rda")
    assert list(everything) == list(held)
    for names in (["one"], ["three", "one"], ["two", "other"], ["other"], []):
        found = read_r_objects(tmp_path / "x.rda", names)
        assert set(found) == set(names) & set(held)
        for name, frame in found.items():
            pd.testing.assert_frame_equal(frame, everything[name])


@pytest.mark.filterwarnings("error")
def test_a_tibble_with_dates_is_read_without_a_warning(grinta_files):
    dates = read_r_frame(grinta_files["data_nk.rda"])["DateSampling"]
    assert dates.dropna().between(1.41e9, 1.43e9).all()
