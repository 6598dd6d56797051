"""One modality as a matrix: against a pivot of the long table, and what becomes of replicates."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exercisebook.errors import Failure, Misuse
from exercisebook.stats.assay import (
    ABSENT,
    BELOW,
    EXCLUDED,
    MISSING,
    OK,
    Assay,
    assay_from_long,
    assay_from_matrix,
    on_scale,
    without_replicates,
)

CODES = {"ok": OK, "below_detection": BELOW, "missing": MISSING, "excluded": EXCLUDED}


def long_table(*rows, ids=False):
    """Return rows of subject, phase, feature, value, status, with sample ids if wanted."""
    table = pd.DataFrame(rows, columns=["subject", "phase", "feature", "value", "status"])
    table.insert(1, "arm", "run")
    if ids:
        table.insert(0, "sample_id", table["subject"] + "-" + table["phase"])
    return table


def samples_of(*places):
    """Return samples from ids like ``x/a/tube``."""
    rows = [place.split("/") for place in places]
    return pd.DataFrame(
        {"subject": [r[0] for r in rows], "arm": "run", "phase": [r[1] for r in rows]},
        index=list(places),
    )


def assay_of(values, *places, scale="log2_ratio", **extra):
    samples = samples_of(*places).assign(**extra)
    frame = pd.DataFrame(values, index=samples.index, dtype=float)
    return assay_from_matrix(frame.set_axis([f"f{i}" for i in frame], axis=1), samples, scale)


statuses = st.sampled_from(list(CODES))
places = st.tuples(
    st.sampled_from("vwxyz"), st.sampled_from("abc"), st.sampled_from(["il6", "tnf", "NA", "001"])
)
cells = st.dictionaries(places, st.tuples(st.floats(0.01, 1e6), statuses), min_size=1, max_size=40)


@given(cells, st.booleans())
def test_a_matrix_holds_what_a_pivot_of_the_long_table_holds(content, ids):
    long = long_table(*[(*place, *told) for place, told in content.items()], ids=ids)
    found = assay_from_long(long, "difference")
    assert len(found.samples) == len(found.values) == len(found.status)
    seen = {}
    for row, sample in enumerate(found.samples.itertuples()):
        for column, feature in enumerate(found.values.columns):
            place = (sample.subject, sample.phase, feature)
            seen[place] = (found.values.iloc[row, column], found.status[row, column])
    for place, (value, status) in seen.items():
        if place not in content:
            assert status == ABSENT
            assert np.isnan(value)
            continue
        given_value, given_status = content[place]
        assert status == CODES[given_status]
        usable = given_status in ("ok", "below_detection")
        assert value == given_value if usable else np.isnan(value)
    assert set(content) <= set(seen)


@given(cells)
def test_the_order_of_rows_orders_samples_and_features_and_nothing_else(content):
    rows = [(*place, *told) for place, told in content.items()]
    forth = assay_from_long(long_table(*rows, ids=True), "difference")
    back = assay_from_long(long_table(*rows[::-1], ids=True), "difference")
    assert list(forth.values.columns) == list(dict.fromkeys(row[2] for row in rows))
    assert list(forth.values.index) == list(dict.fromkeys(f"{row[0]}-{row[1]}" for row in rows))
    pd.testing.assert_frame_equal(
        back.values.loc[forth.values.index, forth.values.columns], forth.values
    )


def test_samples_bring_the_columns_of_their_first_row():
    long = long_table(("x", "a", "il6", 1.0, "ok"), ("y", "a", "il6", 2.0, "ok"))
    found = assay_from_long(long.assign(batch=["1", "2"]), "difference")
    assert list(found.samples["batch"]) == ["1", "2"]
    assert not {"feature", "value", "status"} & set(found.samples)


def test_a_usable_value_wins_over_a_missing_or_excluded_twin_in_either_order():
    for twin in ("missing", "excluded"):
        rows = [("x", "a", "il6", 9.0, twin), ("x", "a", "il6", 1.0, "ok")]
        for order in (rows, rows[::-1]):
            found = assay_from_long(long_table(*order), "difference")
            assert found.values.to_numpy().tolist() == [[1.0]]
            assert found.status.tolist() == [[OK]]


def test_two_usable_values_for_one_place_are_a_failure_that_names_it():
    rows = [("x", "a", "il6", 9.0, "ok"), ("y", "a", "il6", 1.0, "ok")]
    twin = ("y", "a", "il6", 2.0, "below_detection")
    with pytest.raises(Failure, match=r"two values for .*'y'.*'il6'.*average replicates"):
        assay_from_long(long_table(*rows, twin), "difference")


def test_an_empty_table_is_an_empty_matrix():
    found = assay_from_long(long_table(), "difference")
    assert found.values.shape == (0, 0)
    assert found.status.shape == (0, 0)


def test_scales_are_those_of_numpy_and_undefined_where_a_logarithm_is():
    values = pd.DataFrame({"f": [-1.0, 0.0, 0.25, 1.0, 8.0, np.nan]})
    nan = np.nan
    expected = {
        "log2_ratio": [nan, nan, -2.0, 0.0, 3.0, nan],
        "logit": [nan, nan, np.log(0.25 / 0.75), nan, nan, nan],
        "difference": [-1.0, 0.0, 0.25, 1.0, 8.0, nan],
        "counts": [-1.0, 0.0, 0.25, 1.0, 8.0, nan],
    }
    for scale, column in expected.items():
        np.testing.assert_allclose(on_scale(values, scale)["f"], column, rtol=1e-15)


def test_a_matrix_as_given_tells_what_is_there_and_what_is_missing():
    found = assay_of([[1.0, np.nan], [2.0, 3.0]], "x/a", "x/b")
    assert found.status.tolist() == [[OK, MISSING], [OK, OK]]


def test_chosen_samples_keep_their_values_and_statuses_together():
    found = assay_of([[1.0, np.nan], [2.0, 3.0], [4.0, 5.0]], "x/a", "x/b", "y/a")
    chosen = found.of(np.array([True, False, True]))
    assert list(chosen.values.index) == list(chosen.samples.index) == ["x/a", "y/a"]
    assert chosen.status.tolist() == [[OK, MISSING], [OK, OK]]


def test_without_replicates_an_assay_stays_itself_whatever_the_rule():
    assay = assay_of([[1.0], [2.0]], "x/a", "x/b")
    for rule in ("refuse", "average", "sum"):
        assert without_replicates(assay, rule) is assay


def test_replicates_are_refused_by_name_with_what_to_say():
    assay = assay_of([[1.0], [2.0], [3.0]], "x/a/1", "x/a/2", "x/b")
    with pytest.raises(Misuse) as caught:
        without_replicates(assay)
    assert "x, run, a (x/a/1, x/a/2)" in str(caught.value)
    assert "--replicates average" in str(caught.value)
    assert "x, run, b" not in str(caught.value)


def test_of_many_replicates_ten_are_named_and_the_rest_counted():
    names = [f"s{i:02d}/a/{tube}" for i in range(25) for tube in "12"]
    with pytest.raises(Misuse) as caught:
        without_replicates(assay_of(np.ones((50, 1)), *names))
    assert "s09, run, a" in str(caught.value)
    assert "s10, run, a" not in str(caught.value)
    assert "and 15 more" in str(caught.value)


def test_replicates_are_averaged_over_what_is_there():
    assay = assay_of(
        [[1.0, 4.0, np.nan], [3.0, np.nan, np.nan], [7.0, 8.0, 9.0]],
        "x/a/1", "x/a/2", "x/b", age=[30.0, 40.0, 50.0], batch=["1", "2", "3"],
    )  # fmt: skip
    found = without_replicates(assay, "average")
    np.testing.assert_array_equal(found.values, [[2.0, 4.0, np.nan], [7.0, 8.0, 9.0]])
    assert found.status.tolist() == [[OK, OK, MISSING], [OK, OK, OK]]
    assert list(found.samples.index) == list(found.values.index) == ["x/a/1", "x/b"]
    assert list(found.samples["age"]) == [35.0, 50.0]
    assert list(found.samples["batch"]) == ["1", "3"]


def test_counts_of_replicates_are_summed_and_nothing_else_is():
    values = [[1.0, np.nan], [3.0, np.nan], [7.0, 8.0]]
    names = ("x/a/1", "x/a/2", "x/b")
    found = without_replicates(assay_of(values, *names, scale="counts"), "sum")
    np.testing.assert_array_equal(found.values, [[4.0, np.nan], [7.0, 8.0]])
    with pytest.raises(Misuse, match="only counts of replicates can be summed"):
        without_replicates(assay_of(values, *names), "sum")


@pytest.mark.parametrize(
    ("twins", "joined"),
    [
        ((OK, BELOW), OK),
        ((BELOW, BELOW), BELOW),
        ((OK, MISSING), OK),
        ((BELOW, MISSING), BELOW),
        ((ABSENT, BELOW), BELOW),
        ((MISSING, EXCLUDED), EXCLUDED),
        ((ABSENT, OK), OK),
    ],
)
def test_what_a_mean_of_two_is_follows_from_both(twins, joined):
    samples = samples_of("x/a/1", "x/a/2")
    usable = [status in (OK, BELOW) for status in twins]
    values = pd.DataFrame({"f": np.where(usable, [1.0, 2.0], np.nan)}, index=samples.index)
    assay = Assay(values, samples, np.array([[s] for s in twins], np.int8), "log2_ratio")
    found = without_replicates(assay, "average")
    assert found.status.tolist() == [[joined]]
    assert found.values.notna().to_numpy().any() == any(usable)
