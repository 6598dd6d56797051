"""The chart of the ledger: a mark a row, both verdicts in each mark."""

import json

import pandas as pd
import pytest
import vl_convert

from exercisebook.claims.verdict import OBSERVED
from exercisebook.figures.ledger import FILLS, SHAPES, claims_by_dataset
from exercisebook.figures.theme import enable
from exercisebook.publish.sphinx_extension.charts import static_spec
from exercisebook.publish.sphinx_extension.ledger_html import CAUSES

WORDS = ("A caption of the ledger that says what was found (n = 12).", "Grid of marks.")
COLUMNS = ["nothing to test", "no open data", "grinta"]


def marks(unmeasured=9):
    rows = [("S1-01", "1", "nothing to test", "not an empirical claim", "not asked")]
    rows += [
        (f"S1-{10 + i}", "2", "no open data", "not measured", "not identified")
        for i in range(unmeasured)
    ]
    rows += [("S1-07", "2", "grinta", "inconclusive", "not identified"),
             ("S1-08", "2", "grinta", "supported", "identified")]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["claim_id", "chapter", "column", "observed", "cause"])
    return frame.assign(statement="A claim.")


def spec_of(frame):
    enable()
    return claims_by_dataset(frame, ["1", "2"], COLUMNS, WORDS).to_dict()


@pytest.fixture
def spec():
    return spec_of(marks())


def points(spec):
    (layer,) = (part for part in spec["layer"] if part["mark"]["type"] == "point")
    return layer, spec["datasets"][layer["data"]["name"]]


def test_every_verdict_has_a_shape_and_every_kind_of_cause_a_fill():
    assert set(SHAPES) == set(OBSERVED)
    assert len(set(SHAPES.values())) == len(SHAPES)
    assert tuple(FILLS) == CAUSES


def test_a_mark_a_row_with_both_verdicts_in_mark_and_tooltip(spec):
    layer, rows = points(spec)
    assert len(rows) == len(marks())
    assert layer["encoding"]["shape"]["field"] == "observed"
    assert layer["encoding"]["fill"]["field"] == "cause"
    assert {"observed", "cause"} <= {t["field"] for t in layer["encoding"]["tooltip"]}


@pytest.mark.parametrize("unmeasured", [1, 6, 7, 60])
def test_no_two_marks_lie_on_each_other_and_all_lie_in_their_cells(unmeasured):
    spec = spec_of(marks(unmeasured))
    layer, rows = points(spec)
    places = [(row["x"], row["y"]) for row in rows]
    assert len(set(places)) == len(places)
    width = layer["encoding"]["x"]["scale"]["domain"][1]
    height = layer["encoding"]["y"]["scale"]["domain"][0]
    assert all(0 < x < width and 0 < y < height for x, y in places)
    second = {row["y"] for row in rows if row["chapter"] == "2"}
    assert max(row["y"] for row in rows if row["chapter"] == "1") < min(second)


def test_only_measured_claims_are_named_beside_their_marks(spec):
    (layer,) = (part for part in spec["layer"] if part["mark"]["type"] == "text")
    named = [row["claim_id"] for row in spec["datasets"][layer["data"]["name"]]]
    assert named == ["S1-07", "S1-08"]


def test_it_is_drawn_without_a_browser_and_names_chapters_columns_and_verdicts(spec):
    svg = vl_convert.vegalite_to_svg(static_spec(spec))
    assert "NaN" not in svg
    assert "undefined" not in svg
    for word in (*COLUMNS, "ch. 1", "ch. 2", "S1-07", "inconclusive", "not identified"):
        assert word in svg


def test_it_has_a_label_a_caption_and_a_text_alternative(spec):
    assert spec["usermeta"]["name"] == "fig-ledger"
    assert (spec["usermeta"]["caption"], spec["description"]) == WORDS
    assert len(json.dumps(spec)) < 60_000
