"""What grey print and the pointer are owed: marks told apart without colour, persons by name."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import altair as alt
import pandas as pd
import pytest

from exercisebook.chapters import a3, ch01, ch02
from exercisebook.figures import causes, immunity, stool
from exercisebook.figures.courses import course
from exercisebook.figures.intervals import dot_intervals
from exercisebook.figures.theme import CELL_SHAPES, CELLS, DASHES, SHAPES, dashed, shaped

APART = 40
"""Steps of 256 by which two greys that touch must differ."""

CHARTS = {
    **{f"ch01.{n}": (ch01, n) for n in ch01.__all__ if n.endswith("chart")},
    "ch01.individual_and_group": (ch01, "individual_and_group"),
    **{f"ch02.{n}": (ch02, n) for n in ch02.__all__ if n.endswith("chart")},
    **{f"a3.{n}": (a3, n) for n in a3.__all__ if n.endswith("chart")},
}


@pytest.fixture(scope="module")
def specs() -> dict[str, dict[str, Any]]:
    chapters = {ch01: ch01.begin(), ch02: ch02.begin()}
    made = {}
    for name, (module, function) in CHARTS.items():
        chapter = [chapters[module]] if module in chapters else []
        made[name] = getattr(module, function)(*chapter).to_dict()
    return made


def marks(part: dict[str, Any], above: dict[str, Any] | None = None) -> Iterator[dict[str, Any]]:
    """Yield each mark of a chart with all that it encodes, its own data and its kind."""
    own = {
        "encoding": {**(above or {}).get("encoding", {}), **part.get("encoding", {})},
        "data": part.get("data", (above or {}).get("data")),
    }
    if "layer" in part:
        for layer in part["layer"]:
            yield from marks(layer, own)
    else:
        mark = part["mark"]
        yield {**own, "mark": mark if isinstance(mark, dict) else {"type": mark}}


def grey(colour: str) -> float:
    """Return the lightness of a colour in grey print, from 0 to 255."""
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue


def keyed(spec: dict[str, Any]) -> set[str]:
    """Return the fields whose colours a reader looks up in a legend."""
    return {
        colour["field"]
        for mark in marks(spec)
        if "field" in (colour := mark["encoding"].get("color", {}))
        and isinstance((colour.get("scale") or {}).get("range"), list)
        and colour.get("type") == "nominal"
        and colour.get("legend", True) is not None
    }


def told_otherwise(spec: dict[str, Any], field: str) -> bool:
    """Return whether shape, dash or place tells a field's values apart too."""
    return any(
        mark["encoding"].get(channel, {}).get("field") == field
        for mark in marks(spec)
        for channel in ("shape", "strokeDash", "yOffset", "x", "y")
    )


def steps(spec: dict[str, Any], field: str) -> list[float]:
    """Return by how much the greys of a field's colours differ from one to the next."""
    ranges = [
        mark["encoding"]["color"]["scale"]["range"]
        for mark in marks(spec)
        if mark["encoding"].get("color", {}).get("field") == field
    ]
    greys = [grey(colour) for colour in ranges[0]]
    return [abs(a - b) for a, b in pairwise(greys)]


@pytest.mark.parametrize("name", CHARTS)
def test_no_legend_is_of_colour_alone(specs, name):
    spec = specs[name]
    bad = [
        field
        for field in keyed(spec)
        if not told_otherwise(spec, field) and min(steps(spec, field)) < APART
    ]
    assert bad == []


def test_some_charts_have_legends_that_the_rule_can_fail(specs):
    assert sum(bool(keyed(spec)) for spec in specs.values()) >= 5


def test_the_rule_finds_a_legend_of_two_colours_that_grey_makes_one():
    colour = alt.Color("g:N", scale=alt.Scale(domain=["a", "b"], range=["#aa4499", "#009e73"]))
    frame = pd.DataFrame({"g": ["a", "b"], "x": [1.0, 2.0]})
    spec = alt.Chart(frame).mark_bar().encode(x="x:Q", color=colour).to_dict()
    assert keyed(spec) == {"g"}
    assert not told_otherwise(spec, "g")
    assert min(steps(spec, "g")) < APART


def persons_of(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the marks that are drawn from single persons' values, but for lines."""
    tables = spec.get("datasets", {})
    return [
        mark
        for mark in marks(spec)
        if "subject" in next(iter(tables.get((mark["data"] or {}).get("name"), [{}])), {})
        and mark["mark"]["type"] != "line"
    ]


def tips(mark: dict[str, Any]) -> set[str]:
    return {tip["field"] for tip in mark["encoding"].get("tooltip", [])}


@pytest.mark.parametrize("name", CHARTS)
def test_a_point_of_a_person_tells_subject_and_value(specs, name):
    for mark in persons_of(specs[name]):
        assert {"subject", "value"} <= tips(mark)


def test_courses_tell_subject_and_value_and_follow_a_person():
    chart = course(*a_course(), persons=some_people()).to_dict()
    assert [tips(mark) >= {"subject", "value"} for mark in persons_of(chart)] == [True]
    assert chart["params"][0]["select"]["fields"] == ["subject", "row"]
    own = [mark for mark in marks(chart) if mark["mark"]["type"] == "line"]
    assert len(own) == 2


def a_course() -> tuple[pd.DataFrame, list[str], str, dict[str, str]]:
    phases = ["0h", "1h", "2h", "3h"]
    middles = {"neutrophils": [1, 1.5, 3, 2], "lymphocytes": [1, 2, 0.8, 0.9]}
    rows = [
        (name, phase, value, value / 1.1, value * 1.1, "")
        for name, values in middles.items()
        for phase, value in zip(phases, values, strict=True)
    ]
    frame = pd.DataFrame(rows, columns=["row", "phase", "estimate", "low", "high", "label"])
    return frame, phases, "ratio", {name: CELLS[name] for name in middles}


def some_people() -> pd.DataFrame:
    return pd.DataFrame(
        {"row": "neutrophils", "phase": ["1h", "2h"], "subject": "s1", "value": [1.4, 2.9]}
    )


def test_names_of_courses_stand_outside_all_ribbons_where_there_is_room():
    chart = course(*a_course()).to_dict()
    tables = chart["datasets"]
    placed = [
        row
        for mark in marks(chart)
        if mark["mark"]["type"] == "text"
        for row in tables[mark["data"]["name"]]
    ]
    at = {row["row"]: (row["phase"], row["above"]) for row in placed}
    assert at == {"neutrophils": ("2h", True), "lymphocytes": ("2h", False)}


def test_a_course_is_drawn_where_a_phase_was_measured_for_one_line_only():
    frame, *rest = a_course()
    frame = frame[~((frame["row"] == "lymphocytes") & (frame["phase"] == "2h"))]
    assert course(frame, *rest).to_dict()["layer"]


def test_white_cells_have_one_shape_each():
    assert len({CELL_SHAPES[name] for name in CELLS}) == len(CELLS)


def grouped(names: list[str]) -> tuple[pd.DataFrame, alt.Color]:
    frame = pd.DataFrame({"row": "a", "group": names, "estimate": 1.0, "low": 0.5, "high": 2.0})
    colours = [*CELLS.values(), "#000000"][: len(names)]
    scale = alt.Scale(domain=names, range=colours)
    return frame.assign(label="1"), alt.Color("group:N", title=None, scale=scale)


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_groups_of_dots_differ_in_shape_within_the_legend_of_their_colours(n):
    names = ["first", "second", "third", "fourth"][:n]
    frame, colour = grouped(names)
    chart = dot_intervals(frame, alt.X("estimate:Q"), ["a"], colour=colour).to_dict()
    shapes = [m["encoding"]["shape"] for m in marks(chart) if "shape" in m["encoding"]]
    assert [shape["scale"] for shape in shapes] == [{"domain": names, "range": list(SHAPES[:n])}]
    assert shapes[0]["title"] is None


@pytest.mark.parametrize("told", [shaped, dashed])
def test_more_groups_than_shapes_or_dashes_are_refused(told):
    assert len(SHAPES) == len(DASHES) == 4
    _, colour = grouped(["a", "b", "c", "d", "e"])
    with pytest.raises(ValueError, match="5 groups"):
        told(colour)


def test_bars_side_by_side_differ_in_lightness():
    names = ["one", "two", "three", "four", "five"]
    frame = pd.DataFrame(
        {"row": "r", "drawing": names, "share": 0.2, "label": "20", "right": False}
    )
    stacked = causes.drawings(frame, ["r"], names, ("A caption.", "A text.")).to_dict()
    assert min(steps(stacked, "drawing")) >= APART
    taxa = pd.DataFrame(
        {"row": "r", "kind": ["moved", "not"], "from": [0.0, 1.0], "to": [1.0, 2.0]}
    ).assign(label="1", told="2")
    found = stool.found_taxa(taxa, ["r"], ("A caption.", "A text.")).to_dict()
    assert min(steps(found, "kind")) >= APART


def test_kinds_of_nodes_differ_in_shape():
    nodes = pd.DataFrame(
        {"name": ["a", "b\nc", "d"], "x": [0, 0.5, 1], "y": 0.5, "kind": ["p", "q", "r"]}
    )
    arrows = pd.DataFrame(
        {"x": [0.0], "y": 0.5, "to_x": 0.5, "to_y": 0.5, "angle": 90.0, "way": "drawn"}
    )
    colours = dict(zip("pqr", list(CELLS.values())[:3], strict=True))
    spec = immunity.graph(nodes, arrows, colours, ("A caption.", "A text.")).to_dict()
    signs = [m for m in marks(spec) if m["encoding"].get("shape", {}).get("field") == "kind"]
    assert sum(len(spec["datasets"][m["data"]["name"]]) for m in signs) == len(nodes)


def test_long_names_of_a_long_chart_do_not_break_on_a_narrow_screen(specs):
    for name in ("a3.false_positives_chart", "a3.coverage_chart"):
        rows = [row for table in specs[name]["datasets"].values() for row in table if "row" in row]
        assert any(",\u00a0" in row["row"] for row in rows)
        assert not any(", " in row["row"] for row in rows)
