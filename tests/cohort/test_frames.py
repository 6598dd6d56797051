import pandas as pd

from exercisebook.cohort.frames import contrasts_frame, features_frame, measured_frame
from exercisebook.cohort.schemas import CONTRASTS, FEATURES, MEASUREMENTS


def measured(values, limits=None):
    ids = pd.Series([f"s{i}" for i in range(len(values))])
    limit = None if limits is None else pd.Series(limits, dtype=float)
    return measured_frame(ids, pd.Series(["f"] * len(values)), pd.Series(values), limit)


def test_a_value_below_its_limit_becomes_the_limit_and_says_so():
    table = measured([0.2, 0.5, 0.7], [0.5, 0.5, 0.5])
    assert table["value"].tolist() == [0.5, 0.5, 0.7]
    assert table["status"].tolist() == ["below_detection", "ok", "ok"]


def test_a_value_without_a_limit_is_never_below_it():
    assert measured([-1.0, 0.0], [None, None])["status"].tolist() == ["ok", "ok"]
    assert measured([-1.0, 0.0])["status"].tolist() == ["ok", "ok"]


def test_an_absent_value_is_missing_even_where_there_is_a_limit():
    table = measured([None, 1.0], [0.5, 0.5])
    assert table["status"].tolist() == ["missing", "ok"]
    assert table["value"].isna().tolist() == [True, False]


def test_the_index_of_what_comes_in_does_not_matter():
    ids, features = pd.Series(["s1", "s2"], index=[7, 7]), pd.Series(["f", "g"], index=[1, 0])
    table = measured_frame(ids, features, pd.Series([1.0, 2.0], index=[5, 3]))
    assert table["feature"].tolist() == ["f", "g"]
    assert table["value"].tolist() == [1.0, 2.0]


def test_frames_have_the_columns_of_their_schemas():
    assert list(measured([1.0])) == list(MEASUREMENTS.columns)
    assert list(features_frame([])) == list(FEATURES.columns)
    assert list(contrasts_frame([])) == list(CONTRASTS.columns)
