import json

import classroom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exercisebook.teaching import runner
from exercisebook.teaching.answers import judge, read_lines
from exercisebook.teaching.feedback import feedback_page
from exercisebook.teaching.questions import POINTS


def lines(*said):
    return b"\n".join(json.dumps(each).encode() for each in said)


def test_the_last_whole_line_of_answers_counts():
    told = read_lines(
        lines(
            {"started": True},
            {"cell": 1, "error": None, "answers": {"n_people": 3}},
            {"cell": 2},
        )
        + b'\n{"cell": 2, "error": null, "answers": {"n_peo'
    )
    assert (told.started, told.ended, told.cell, told.answers) == (True, False, 2, {"n_people": 3})


@given(st.lists(st.binary(max_size=300), max_size=8))
def test_any_bytes_can_be_read(parts):
    told = read_lines(b"\n".join(parts))
    judge(classroom.asked_of("s01"), told.answers)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=200),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=12,
)
_NAMES = st.sampled_from(sorted(classroom.right_of("s01")))


@given(st.dictionaries(_NAMES, _JSON))
@settings(max_examples=150)
def test_any_answers_are_judged_and_written_as_text(answers):
    asked = classroom.asked_of("s01")
    told = read_lines(lines({"cell": 1, "error": None, "answers": answers}))
    judged = judge(asked, told.answers)
    assert len(judged) == POINTS
    page = feedback_page("s01", "ran", asked, judged)
    page.encode("utf-8")
    assert page.count("<") == feedback_page("s01", "ran", asked, judge(asked, {})).count("<")


@pytest.mark.parametrize(
    "line",
    [
        b'{"answers": {"n_people": ' + b"9" * 100_000 + b"}}",
        b'{"answers": {"n_people": NaN}}',
        b'{"answers": {"n_people": 1e999}}',
        b'{"answers": {"n_people": ' + b"[" * 900 + b"]" * 900 + b"}}",
        b'{"answers": {"n_people": {"unusable": {"a": 1}}}}',
        b'{"answers": {"n_people": "\\ud800"}}',
        b'{"answers": {"n_people": "' + b"1" * 300_000 + b'"}}',
        b'{"answers": {"n_people": true}}',
        b'{"answers": {"n_people": "1e5000"}}',
        '{"answers": {"n_people": "١٢"}}'.encode(),
    ],
)
def test_what_is_no_number_is_none(line):
    judged = judge(classroom.asked_of("s01"), read_lines(line).answers)
    (one,) = [answer for answer in judged if answer.name == "n_people"]
    assert not one.right
    feedback_page("s01", "ran", classroom.asked_of("s01"), judged).encode("utf-8")


def test_values_of_every_kind_become_plain_without_being_run_away_with():
    import numpy as np
    import pandas as pd

    class Trap:
        def item(self):
            raise SystemExit

    assert runner.plain(np.float64(0.5)) == 0.5
    assert runner.plain(np.array(3)) == 3
    assert runner.plain(pd.Series([0.25])) == 0.25
    assert runner.plain(np.bool_(True)) is True
    assert runner.plain({"a", "b"}) in (["a", "b"], ["b", "a"])
    assert runner.plain(pd.Index(["x", "y"])) == ["x", "y"]
    assert runner.plain(float("nan")) == {"unusable": "not a finite number"}
    assert runner.plain(10**400) == {"unusable": "a number of over 15 digits"}
    assert runner.plain([[1, 2], [3, 4]]) == [{"unusable": "a list within a list"}] * 2
    assert runner.plain(range(10**9)) == {"unusable": "a range"}
    assert runner.plain(np.zeros(1000)) == {"unusable": "a list of 1000 values"}
    assert runner.plain(Trap()) == {"unusable": "a value that cannot be read"}
    assert runner.plain(print) == {"unusable": "a builtin_function_or_method"}
