"""The charts of realism, on frames made by hand."""

import pandas as pd
import pytest
import vl_convert

from exercisebook.figures import realism
from exercisebook.publish.sphinx_extension.charts import static_spec

BANDS = pd.DataFrame(
    {
        "row": ["a", "b"],
        "ratio": [1.1, 6.0],
        "low": [0.5, 0.001],
        "high": [2.0, 1.5],
        "within": [True, False],
        "label": ["1.1, 1.0", "6, 1"],
    }
)


def two_sources(**columns):
    rise = [0.02 * i for i in range(len(next(iter(columns.values()))))]
    return pd.concat(
        pd.DataFrame({"source": source, **columns, "share": [shift + r for r in rise]})
        for source, shift in ((realism.THEIRS, 0.1), (realism.OURS, 0.01), (realism.CHANCE, 0.0))
    )


def drawn(chart):
    spec = chart.to_dict()
    svg = vl_convert.vegalite_to_svg(static_spec(spec))
    assert "undefined" not in svg
    assert "NaN" not in svg
    return spec, svg


def rows_of(spec):
    return [row for table in spec["datasets"].values() for row in table]


def test_a_value_outside_its_band_has_another_colour_shape_and_word():
    spec, svg = drawn(realism.bands(BANDS, "Caption.", "Text."))
    verdicts = {row["row"]: row["verdict"] for row in rows_of(spec) if "verdict" in row}
    assert verdicts == {"a": "within band", "b": "outside band"}
    assert ">outside band<" in svg
    assert ">within band<" in svg


def test_a_band_is_cut_at_the_ends_of_the_axis_and_every_value_is_on_it():
    spec, _ = drawn(realism.bands(BANDS, "Caption.", "Text."))
    rows = [row for row in rows_of(spec) if "verdict" in row]
    low, high = spec["layer"][1]["encoding"]["x"]["scale"]["domain"]
    assert low < 1 / 6 < 6 < high
    for row in rows:
        assert low <= row["left"] < row["right"] <= high
        assert low <= row["ratio"] <= high


@pytest.mark.parametrize(
    ("draw", "frame"),
    [
        (realism.extra_zeros, two_sources(mean=[0.3, 1.0, 3.0])),
        (realism.components, two_sources(component=[1, 2, 3])),
        (realism.missing, two_sources(quarter=[1, 2, 3, 4])),
    ],
)
def test_every_line_has_its_name_beside_it(draw, frame):
    own = frame if draw is realism.components else frame[frame["source"] != realism.CHANCE]
    _, svg = drawn(draw(own, "Caption.", "Text."))
    for name in own["source"].unique():
        assert f">{name}<" in svg


def test_courses_are_drawn_for_both_sides_with_one_name_each():
    hours = {"1h": "0", "2h": "1", "3h": "2"}
    course = pd.DataFrame(
        {
            "row": ["neutrophils"] * 3 + ["lymphocytes"] * 3,
            "hours": ["0", "1", "2"] * 2,
            "estimate": [1.4, 2.0, 2.5, 2.4, 0.8, 0.7],
        }
    )
    observed = course.assign(low=course["estimate"] * 0.9, high=course["estimate"] * 1.1)
    colours = {"neutrophils": "#d55e00", "lymphocytes": "#0072b2"}
    spec, svg = drawn(realism.courses(observed, course, hours, colours, "Caption.", "Text."))
    assert svg.count(">neutrophils<") == svg.count(">lymphocytes<") == 1
    dashed = [layer for layer in spec["layer"] if layer["mark"].get("strokeDash") == [6, 4]]
    assert len(dashed) == 1
