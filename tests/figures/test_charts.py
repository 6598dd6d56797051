import json

import pandas as pd
import pytest
import vl_convert

from exercisebook.chapters import ch01, ch02
from exercisebook.figures.theme import MIME
from exercisebook.publish.sphinx_extension.charts import static_spec

CHARTS = {
    **{f"ch01.{n}": (ch01, n) for n in ch01.__all__ if n.endswith("chart") or n in
       ("timeline", "individual_and_group")},
    **{f"ch02.{n}": (ch02, n) for n in ch02.__all__ if n.endswith("chart")},
}  # fmt: skip


@pytest.fixture(scope="module")
def chapters():
    return {ch01: ch01.begin(), ch02: ch02.begin()}


@pytest.fixture(params=CHARTS.values(), ids=CHARTS.keys())
def spec(request, chapters):
    module, name = request.param
    return getattr(module, name)(chapters[module]).to_dict()


def test_a_chart_has_a_label_a_caption_and_a_text_alternative(spec):
    about = spec["usermeta"]
    assert about["name"].startswith("fig-")
    assert about["caption"].endswith(".")
    assert len(about["caption"]) > 40
    assert spec["description"].endswith(".")
    assert spec["description"] != about["caption"]


def test_a_chart_fits_its_page_and_titles_its_axes(spec):
    assert spec["width"] == "container"
    text = json.dumps(spec)
    assert '"title"' in text
    assert len(text) < 60_000


def test_a_chart_can_be_drawn_without_a_browser(spec):
    svg = vl_convert.vegalite_to_svg(static_spec(spec))
    assert svg.startswith("<svg")
    assert "undefined" not in svg
    assert "NaN" not in svg


def test_labels_of_charts_are_unique(chapters):
    names = [
        getattr(module, name)(chapters[module]).to_dict()["usermeta"]["name"]
        for module, name in CHARTS.values()
    ]
    assert len(names) == len(set(names))


def test_no_chart_calls_a_person_a_responder(spec):
    rows = [row for table in spec.get("datasets", {}).values() for row in table]
    named = [row for row in rows if "subject" in row]
    assert not any("respon" in str(row).lower() for row in named)


def test_the_notebook_gets_json_and_words_and_nothing_else(chapters):
    from exercisebook.figures.theme import _mimebundle

    spec = ch01.timeline(chapters[ch01]).to_dict()
    bundle = _mimebundle(spec)
    assert set(bundle) == {MIME, "text/plain"}
    assert pd.Series(bundle["text/plain"]).str.startswith("[figure] ").all()
