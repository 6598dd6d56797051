"""The reader's door: the figure of the welcome page, the tour, and the ways to install."""

import json
import re
import shutil
import subprocess

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st
from sphinx.application import Sphinx

from exercisebook.claims.claims import claims
from exercisebook.claims.verdict import IDENTIFIED, NOT_ASKED, OBSERVED
from exercisebook.figures.glance import PER_LINE, verdicts_at_a_glance
from exercisebook.figures.theme import enable
from exercisebook.paths import ROOT
from exercisebook.publish.manifest import site_sum, write_manifest
from exercisebook.publish.sphinx_extension import tour
from exercisebook.publish.sphinx_extension.ledger_html import CAUSES
from exercisebook.publish.sphinx_extension.welcome import data_sentence, glance_chart

HELD = {"grinta": {"a": "held", "b": "held"}, "nhanes": {"c": "absent"}}
TOUR = (ROOT / "book" / "tour.md").read_text(encoding="utf-8")
INSTALL = (ROOT / "book" / "install.md").read_text(encoding="utf-8")
CONTAINER = ROOT / ".devcontainer" / "devcontainer.json"
NUMBERS = {"one": 1, "two": 2, "Eight": 8, "ten": 10}


def ledger_rows(**changed):
    ids = list(claims()["claim_id"][:6])
    rows = pd.DataFrame(
        {
            "claim_id": [*ids, ids[5]],
            "dataset": ["none"] * 4 + ["nhanes", "grinta", "nhanes"],
            "observed": ["not an empirical claim", "not measured", "not measured", "not measured",
                         "measured elsewhere only", "inconclusive", "inconclusive"],
            "cause": [NOT_ASKED, "not identified: nothing measured it", NOT_ASKED, NOT_ASKED,
                      NOT_ASKED, IDENTIFIED, "not identified: order"],
        }
    )  # fmt: skip
    return rows.assign(**changed)


def words_of(rows, data=HELD):
    enable()
    spec = glance_chart(rows, data).to_dict()
    return spec["usermeta"]["caption"], spec["description"]


def layers_of(counts):
    """Return names and marks of a chart with so many rows of each verdict and kind of cause."""
    marks = pd.DataFrame(
        [(o, c) for (o, c), n in counts.items() for _ in range(n)], columns=["observed", "cause"]
    ).assign(claim_id="S1-01", statement="A claim.", data="none")
    enable()
    spec = verdicts_at_a_glance(marks, OBSERVED, ("Caption.", "Bands.")).to_dict()
    _, names, points = spec["layer"]
    held = [spec["datasets"][layer["data"]["name"]] for layer in (names, points)]
    return spec, points, *held


@settings(max_examples=20)
@given(
    st.dictionaries(
        st.tuples(st.sampled_from(OBSERVED), st.sampled_from(CAUSES)),
        st.integers(1, 3 * PER_LINE),
        min_size=1,
        max_size=6,
    )
)
def test_every_row_has_a_mark_of_its_own_below_the_name_of_its_verdict(counts):
    spec, _, names, marks = layers_of(counts)
    assert len(marks) == sum(counts.values())
    taken = {(mark["line"], mark["place"]) for mark in marks}
    assert len(taken) == len(marks)
    assert all(0 <= mark["place"] < PER_LINE for mark in marks)
    band = {row["verdict"]: range(row["line"] + 1, row["end"]) for row in names}
    assert all(mark["line"] in band[mark["observed"]] for mark in marks)
    assert not {mark["line"] for mark in marks} & {row["line"] for row in names}
    assert spec["height"] > max(mark["line"] for mark in marks)


def test_every_band_is_named_with_its_count_and_an_empty_one_says_none():
    _, _, names, _ = layers_of({("not measured", "not identified"): 70})
    told = [row["name"] for row in names]
    assert [name.rpartition(":")[0] for name in told] == list(OBSERVED)
    assert "not measured: 70" in told
    assert "supported: none" in told


def test_both_verdicts_are_in_mark_and_tooltip():
    _, points, _, _ = layers_of({("supported", "identified"): 2})
    assert points["encoding"]["shape"]["field"] == "observed"
    assert points["encoding"]["fill"]["field"] == "cause"
    assert {"observed", "cause"} <= {told["field"] for told in points["encoding"]["tooltip"]}


def test_marks_side_by_side_fit_the_narrowest_screen():
    _, points, _, _ = layers_of({("not measured", "not identified"): PER_LINE})
    wide = points["mark"]["size"] ** 0.5 + points["mark"]["strokeWidth"]
    assert PER_LINE * wide <= 320


def test_the_caption_counts_claims_and_follows_the_rows():
    caption, told = words_of(ledger_rows())
    assert "Of 6 claims, 3 meet no open data, 1 hold nothing to test" in caption
    assert "and 2 meet a measurement; it supports none of them" in caption
    assert "n = 7" in caption
    assert "not measured: 3 (1 with the cause not identified, 2 with the cause not asked)" in told
    assert "supported: none; contradicted: none" in told
    observed = ledger_rows()["observed"].replace("inconclusive", "supported")
    caption, told = words_of(ledger_rows(observed=observed))
    assert "it supports 1 of them, with the cause identified for 1 (one mark" in caption
    assert "supported: 2 (1 with the cause identified, 1 with the cause not identified)" in told


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({}, "Shown as frozen by this project: no original data were at hand."),
        (HELD, "Computed from original data, but shown as frozen for nhanes."),
        (HELD | {"nhanes": {"c": "held"}}, "Computed from original data."),
    ],
)
def test_the_caption_says_which_results_are_frozen(data, said):
    assert words_of(ledger_rows(), data)[0].endswith(said)


def test_a_ledger_that_meets_no_data_is_neither_computed_nor_frozen():
    assert data_sentence(pd.Series(["none", "none"]), HELD) == (
        "No open data set measures any of them."
    )


def stops():
    return re.findall(r"^\{stop\}`([\w-]+)`; (\w+) minutes?\.$", TOUR, flags=re.MULTILINE)


def test_the_tour_has_as_many_stops_and_minutes_as_it_says():
    headings = re.findall(r"^## ", TOUR, flags=re.MULTILINE)
    assert TOUR.splitlines()[3].startswith("Eight stops, ten minutes")
    assert len(headings) == len(stops()) + 1 == NUMBERS["Eight"]
    ledger = re.search(r"^\[The ledger\]\(#claims-ledger\); (\w+) minutes", TOUR, re.MULTILINE)
    assert sum(NUMBERS[minutes] for _, minutes in [*stops(), ("", ledger[1])]) == NUMBERS["ten"]


def test_every_stop_shows_what_its_own_figure_found():
    assert re.findall(r"^> \{finding\}`([\w-]+)`$", TOUR, re.MULTILINE) == [n for n, _ in stops()]


def test_no_number_stands_in_the_text_of_the_tour():
    text = re.sub(r"`[^`]*`|\(#[\w-]+\)", "", TOUR)
    assert re.findall(r"\d", text) == []


@pytest.fixture
def toured(tmp_path, monkeypatch):
    """Return what renders a tour of one stop."""

    def toured(name):
        source = tmp_path / "source"
        source.mkdir()
        (source / "chapter.rst").write_text(
            "A chapter\n=========\n\n"
            ".. figure:: x.png\n   :name: fig-here\n\n   Nothing *rose* (n = 13).\n"
        )
        (source / "x.png").write_bytes(b"")
        (source / "index.rst").write_text(
            f"Tour\n====\n\nSee :stop:`{name}`.\n\n   :finding:`{name}`\n\n"
            ".. toctree::\n   :numbered:\n\n   chapter\n"
        )
        warned = (tmp_path / "warned").open("w+")
        given = {"numfig": True, "html_theme": "basic", "extensions": [tour.__name__]}
        places = (source, None, tmp_path / "out", tmp_path / "trees", "html")
        app = Sphinx(*places, status=None, warning=warned, confoverrides=given)
        app.build()
        warned.seek(0)
        page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
        return BeautifulSoup(page, "html.parser").select_one("[role=main]"), warned.read()

    return toured


def test_a_stop_links_to_its_figure_and_tells_its_caption(toured):
    page, warned = toured("fig-here")
    link = page.select_one("p a.stop")
    assert link["href"] == "chapter.html#fig-here"
    assert link.get_text() == "Figure 1.1, A chapter"
    assert page.select_one("blockquote").get_text(strip=True) == "Nothing rose (n = 13)."
    assert "fig-here" not in warned


def test_a_stop_at_no_figure_is_a_warning_which_stops_the_book(toured):
    _, warned = toured("fig-gone")
    assert "no figure is called 'fig-gone'" in warned


def test_the_welcome_page_has_the_figure_the_doors_and_the_tour():
    text = (ROOT / "book" / "index.md").read_text(encoding="utf-8")
    first = text[: text.index("\n## ")]
    assert first.index("```{glance}") < first.index("(#ten-minute-tour)")
    doors = re.findall(r"^\*\*\[(\w+)\]\(#([\w-]+)\)\*\*$", first, flags=re.MULTILINE)
    assert doors == [("Read", "ten-minute-tour"), ("Run", "installing"), ("Teach", "teaching")]


def test_the_container_names_scripts_and_packages_that_are_there():
    told = json.loads(CONTAINER.read_text(encoding="utf-8"))
    assert told["image"].rpartition(":")[2].startswith("3.11")
    python, script = told["postCreateCommand"].split()
    assert python == "python3"
    assert (ROOT / script).is_file()
    assert f"{python} {script}" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert told["onCreateCommand"].endswith(
        "install -y --no-install-recommends make chromium bubblewrap"
    )
    assert "features" not in told


PAGES = {
    name: (ROOT / "book" / f"{name}.md").read_text(encoding="utf-8")
    for name in ("install", "instructor_guide", "index")
}


@pytest.mark.parametrize("name", PAGES)
def test_every_command_that_a_page_names_exists(name):
    from typer.main import get_command

    from exercisebook.cli.main import app

    known = get_command(app).commands
    told = re.findall(r"exercisebook ([a-z-]+)((?: [\w./-]+)*)", PAGES[name])
    assert told or name == "index"
    for command, rest in told:
        assert command in known, command
        options = {o for param in known[command].params for o in param.opts}
        assert {word for word in rest.split() if word.startswith("--")} <= options


def test_every_target_of_make_that_is_named_exists():
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    told = set(re.findall(r"(?:^|`)make ([a-z]+)", INSTALL, flags=re.MULTILINE))
    assert {"book", "test", "full", "pdf"} <= told <= set(targets)


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="no sha256sum on this machine")
def test_the_sum_of_a_site_can_be_had_without_the_book(tmp_path):
    site = tmp_path / "_build" / "html"
    for path, text in {"index.html": "one", "book/a b.html": "two", "book/B.html": "3"}.items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_text(text)
    whole = write_manifest(site)
    (command,) = re.findall(r"^cd _build/html .*$", INSTALL, flags=re.MULTILINE)
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True,
                          check=True)  # fmt: skip
    assert done.stdout.split()[0] == whole
    assert whole != site_sum({})


@pytest.mark.parametrize("name", ["README.md", "LICENSE", "CITATION.cff", "_config.yml"])
def test_the_three_licences_are_told(name):
    text = (ROOT / name).read_text(encoding="utf-8").replace("-", " ")
    assert all(licence in text for licence in ("MIT", "CC BY 4.0", "CC0"))
