"""What a chart carries: numbers without their last digits, data named by their place."""

import altair as alt
import pandas as pd

from exercisebook.figures.theme import steady


def layered(values) -> dict:
    first = pd.DataFrame({"x": values, "row": ["a"] * len(values)})
    second = pd.DataFrame({"y": [1.0, None]})
    bars, points = alt.Chart(first).mark_bar(), alt.Chart(second).mark_point()
    return alt.layer(bars.encode(x="x:Q"), points.encode(y="y:Q")).to_dict()


def test_a_sum_taken_in_another_order_gives_the_same_chart():
    exact, otherwise = 0.1 + 0.2, 0.3
    assert exact != otherwise
    assert layered([exact]) != layered([otherwise])
    assert steady(layered([exact])) == steady(layered([otherwise]))


def test_a_change_that_a_reader_could_see_gives_another():
    assert steady(layered([1.0])) != steady(layered([1.00001]))


def test_every_layer_still_finds_its_data():
    spec = steady(layered([1.5, 2.5]))
    names = [layer["data"]["name"] for layer in spec["layer"]]
    assert names == ["data-0", "data-1"]
    assert [row["x"] for row in spec["datasets"]["data-0"]] == [1.5, 2.5]
    assert [row["y"] for row in spec["datasets"]["data-1"]] == [1.0, None]


def test_words_and_whole_numbers_are_left_alone():
    frame = pd.DataFrame({"n": [1234567], "word": ["0.123456789"], "size": [1234567.8]})
    row = steady(alt.Chart(frame).mark_bar().to_dict())["datasets"]["data-0"][0]
    assert row == {"n": 1234567, "word": "0.123456789", "size": 1234570.0}


def test_data_at_an_address_are_left_there():
    spec = alt.Chart(alt.Data(url="a.csv")).mark_bar().to_dict()
    assert steady(spec)["data"] == {"url": "a.csv"}
