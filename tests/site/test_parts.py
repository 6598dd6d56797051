"""Parts of pages apart from any site: the stylesheet, data of charts, citations, old addresses."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exercisebook.publish.checks import check_site
from exercisebook.publish.manifest import MANIFEST, write_manifest
from exercisebook.publish.sphinx_extension.chart_data import chart_tables, data_html
from exercisebook.publish.sphinx_extension.charts import svg_size
from exercisebook.publish.sphinx_extension.reading import (
    addresses,
    citation,
    cited_as_bibtex,
    cited_as_text,
)
from exercisebook.publish.sphinx_extension.weight import used_rules

CSS = """/* a comment { with a brace } */
@font-face { font-family: X; src: url(x.woff2) }
a { color: red }
.used, .gone > a { color: blue }
.gone { color: green }
.used:not(.gone) { color: pink }
#place[data-x=".gone"] .used { color: black }
@media print { .gone { a: b } .used { display: none } }
@media (max-width: 9px) { .gone { a: b } }
@keyframes turn { from { opacity: 0 } to { opacity: 1 } }
:is(.used, .gone) a { color: grey }
"""


def rules(css):
    return [" ".join(line.split()) for line in css.split("\n")]


def test_rules_for_what_occurs_nowhere_are_dropped():
    kept = rules(used_rules(CSS, {"used", "place"}))
    assert kept == [
        "a{color: red}",
        ".used{color: blue}",
        ".used:not(.gone){color: pink}",
        '#place[data-x=".gone"] .used{color: black}',
        "@media print{.used{display: none}}",
        "@keyframes turn{from { opacity: 0 } to { opacity: 1 }}",
        ":is(.used, .gone) a{color: grey}",
    ]


def test_where_everything_occurs_only_fonts_are_dropped():
    kept = used_rules(CSS, {"used", "gone", "place"})
    assert "@font-face" not in kept
    assert kept.count("{") == re.sub(r"/\*.*?\*/", "", CSS).count("{") - 1


@given(st.sets(st.sampled_from(["used", "gone", "place"])))
def test_making_it_smaller_twice_makes_it_no_smaller(words):
    once = used_rules(CSS, words)
    assert used_rules(once, words) == once
    assert once.count("{") == once.count("}")


ROWS = [
    {"row": "IL-6", "low": 0.5, "high": 2.0, "estimate": 1.23456, "n": 14, "clear": True},
    {"row": "TNF <1>", "low": None, "high": 3.0, "estimate": 1.5, "n": 13, "clear": False},
]
TITLE = {"field": "estimate", "title": "ratio", "type": "quantitative"}
SPEC = {
    "usermeta": {"name": "fig-some-chart"},
    "datasets": {"rows": ROWS, "line": [{"estimate": 1.0}], "grid": [{"y": 0}, {"y": 1}]},
    "layer": [
        {"data": {"name": "line"}, "mark": "rule", "encoding": {"x": TITLE}},
        {"data": {"name": "grid"}, "mark": "rule", "encoding": {"y": {"field": "y"}}},
        {
            "data": {"name": "rows"},
            "mark": "rule",
            "encoding": {
                "x": {**TITLE, "field": "low"},
                "x2": {"field": "high"},
                "y": {"field": "row", "type": "nominal"},
            },
        },
        {
            "data": {"name": "rows"},
            "mark": "circle",
            "encoding": {
                "x": TITLE,
                "y": {"field": "row", "type": "nominal"},
                "tooltip": [{"field": "row", "title": " "}, {"field": "clear"}],
            },
        },
    ],
}


def test_the_table_of_a_chart_holds_what_its_marks_show_in_their_words():
    ((rows, columns),) = chart_tables(SPEC)
    assert rows == ROWS
    assert columns == {
        "row": "row",
        "clear": "clear",
        "estimate": "ratio",
        "low": "from",
        "high": "to",
    }


def test_the_table_of_a_chart_is_rounded_and_escaped():
    told = data_html(SPEC)
    assert "Data of this figure (2 rows)" in told
    assert "<td>IL-6</td><td>yes</td><td>1.23</td><td>0.500</td><td>2.00</td>" in told
    assert "<td>TNF &lt;1&gt;</td><td>no</td><td>1.50</td><td>–</td><td>3.00</td>" in told


def test_a_chart_of_one_line_has_no_table():
    assert data_html({"datasets": {"line": [{"estimate": 1.0}]}, "layer": SPEC["layer"][:1]}) == ""


def test_a_picture_tells_its_size_and_one_without_is_refused():
    assert svg_size('<svg viewBox="0 0 720 344.5">') == (720, 344.5)
    with pytest.raises(ValueError, match="no size"):
        svg_size("<svg>")


def test_a_page_and_the_book_are_cited_each_in_its_way():
    text = cited_as_text("A chapter", "abc123")
    assert text.startswith(citation()["authors"][0]["name"])
    assert f"A chapter. In: {citation()['title']}." in text
    assert "abc123" in text
    assert "In:" not in cited_as_text(None, "abc123")
    page = cited_as_bibtex("A chapter", "notebooks/02_a_chapter", "abc123")
    assert page.startswith("@incollection{exercisebook-02-a-chapter,")
    assert "  title = {A chapter}," in page
    assert cited_as_bibtex(None, "book/index", "abc123").startswith("@book{exercisebook,")
    assert "booktitle" not in cited_as_bibtex(None, "book/index", "abc123")


def test_an_address_without_another_is_still_that_of_its_page(tmp_path):
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "addresses.csv").write_text("address,now\na.html,\nold.html,a.html\n")
    assert addresses(tmp_path) == {"a.html": "a.html", "old.html": "a.html"}


@pytest.fixture
def small(tmp_path):
    html, staged = tmp_path / "html", tmp_path / "stage"
    html.mkdir()
    staged.mkdir()
    (staged / "_toc.yml").write_text("format: jb-book\nroot: index\nparts: []\n")
    (html / "index.html").write_text("<html><body><h1>A</h1></body></html>")
    return html, staged


MOVED = '<meta http-equiv="refresh" content="0; url={0}"><a href="{0}">{0}</a>'


def test_a_page_that_leads_on_may_stand_beside_the_contents(small):
    (small[0] / "old.html").write_text(MOVED.format("index.html"))
    assert check_site(*small) == []


def test_a_page_that_leads_to_nothing_is_refused(small):
    (small[0] / "old.html").write_text(MOVED.format("lost.html"))
    assert check_site(*small) == ["old.html: a link leads nowhere: lost.html"]


def test_a_site_that_is_not_as_its_manifest_says_is_refused(small):
    write_manifest(small[0])
    assert check_site(*small) == []
    (small[0] / "index.html").write_text("<html><body><h1>B</h1></body></html>")
    assert check_site(*small) == ["index.html: not as the manifest says"]
    told = json.loads((small[0] / MANIFEST).read_text())
    assert list(told["files"]) == ["index.html"]


def test_a_chart_without_a_table_of_its_data_is_refused(small):
    page = "<html><body><figure><script class='vl-spec'>{}</script></figure>\n{}</body></html>"
    spec = json.dumps({"description": "x", "datasets": {"points": [{"n": 1}, {"n": 2}]}})
    (small[0] / "index.html").write_text(page.format(spec, ""))
    assert check_site(*small) == ["index.html: a chart has no table of its data"]
    table = '<details class="chart-data"></details>'
    (small[0] / "index.html").write_text(page.format(spec, table))
    assert check_site(*small) == []
    # as where the bytes of open data are not at hand
    spec = json.dumps({"description": "x", "datasets": {"points": []}})
    (small[0] / "index.html").write_text(page.format(spec, ""))
    assert check_site(*small) == []
