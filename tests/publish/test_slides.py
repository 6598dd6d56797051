"""Slides: which cells they are made of, what a speaker alone sees, and that they fit a screen."""

import json
import re
import subprocess
import sys
from shutil import copytree

import jupytext
import nbformat
import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st

from exercisebook.errors import Failure, Misuse
from exercisebook.figures.theme import MIME
from exercisebook.paths import BUILD, ROOT
from exercisebook.publish import slides
from exercisebook.publish.notebooks import chapter_slugs, read_chapter, tags_of
from exercisebook.publish.pdf import browser
from exercisebook.publish.plan import ChapterPlan, Plan, make_plan
from exercisebook.publish.sphinx_extension.charts import svg_size

SLUG = "01_cohort_design"
SECRET = "Only the speaker reads this"
CHAPTER = f"""---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

(cohort-design)=
# A chapter

**Does it move?**

Much is said before.

+++ {{"tags": ["notes", "remove-cell"]}}

{SECRET} at the title.

+++ {{"tags": ["slide"], "heading": "The answer"}}

```{{glue:md}} answer
:format: myst
```

+++

## Before

```{{code-cell}} ipython3
:tags: [remove-cell]
hand_over()
```

Nobody shows this sentence.

```{{code-cell}} ipython3
:tags: [slide]
draw()
```

+++ {{"tags": ["notes", "remove-cell"]}}

{SECRET} beside the chart.

+++ {{"tags": ["slide"]}}

### A table of {{term}}`words <word>`

See [](#cohort-design) and [there](#elsewhere) {{objective}}`an-id`.

+++ {{"tags": ["slide"]}}

```{{quiz}} Which one?
:label: quiz-which
:objective: an-id
:minutes: 2

Two lines ask.
Which is it?

- The wrong one. {{mean-is-member}}
  It is wrong because it is.
+ The right one.
  It is right because it is.
```

+++

## After

Nor this one.
"""
CHART = {
    "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
    "data": {"name": "rows"},
    "datasets": {"rows": [{"x": 1, "y": "a"}, {"x": 2, "y": "b"}]},
    "mark": "point",
    "height": 200,
    "encoding": {"x": {"field": "x", "type": "quantitative"}, "y": {"field": "y"}},
    "description": "A chart\nof two points.",
    "usermeta": {"caption": "Two points lie apart (n = 2)."},
}
TITLES = {"cohort-design": "A chapter"}


def executed(text=CHAPTER):
    """Return the chapter with the outputs that running it would give."""
    notebook = jupytext.reads(text, fmt="md:myst")
    hands, draws = (c for c in notebook.cells if c.cell_type == "code")
    hands.outputs = [
        nbformat.v4.new_output(
            "display_data",
            {"application/papermill.record/text/markdown": "It moved by 12.5 %."},
            metadata={"scrapbook": {"name": "answer"}},
        )
    ]
    draws.outputs = [nbformat.v4.new_output("display_data", {MIME: CHART})]
    return notebook


@pytest.fixture
def made(tmp_path):
    return slides.slides_of(executed(), tmp_path, SLUG)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Return the plan of a book with this one chapter, run already."""
    place = tmp_path_factory.mktemp("small")
    root = place / "book"
    for folder in ("book", "notebooks"):
        (root / folder).mkdir(parents=True)
    (root / "notebooks" / f"{SLUG}.md").write_text(CHAPTER)
    (root / "book" / "references.bib").write_text("")
    done = place / f"{SLUG}.ipynb"
    nbformat.write(executed(), done)
    return Plan(root, place, (ChapterPlan(SLUG, "0", {}, done, done),), report=False)


def test_tagged_cells_alone_become_slides_after_the_title_in_their_order(made):
    headings = [slide.heading for slide in made]
    assert headings == [
        "A chapter", "The answer", "Before", "A table of {term}`words <word>`", "Which one?",
    ]  # fmt: skip
    assert made[0].body == "**Does it move?**"
    shown = " ".join(slide.body for slide in made)
    assert "Nobody shows" not in shown
    assert "Nor this one" not in shown


def test_notes_belong_to_the_slide_before_them(made):
    assert made[0].notes == [f"{SECRET} at the title."]
    assert made[2].notes == [f"{SECRET} beside the chart."]
    assert made[1].notes == made[3].notes == []


def test_a_number_is_that_of_the_executed_chapter(made):
    assert made[1].body == "It moved by 12.5 %."


def test_a_question_keeps_its_answer_for_the_speaker(made):
    question = made[4]
    assert question.body.splitlines() == [
        "Two lines ask.", "Which is it?", "", "1. The wrong one.", "2. The right one.",
    ]  # fmt: skip
    assert question.notes == ["Right is B: The right one. It is right because it is."]


def test_links_and_terms_are_plain_words_on_a_slide():
    text = "[](#cohort-design), [there](#elsewhere), {term}`words <word>` {objective}`id` {ref}`a`"
    assert slides.plain(text, TITLES) == "A chapter, there, words a"


def test_a_link_without_words_to_what_has_no_title_is_told():
    with pytest.raises(Failure, match="names fig-x by its label alone"):
        slides.plain("see [](#fig-x)", TITLES)


def test_works_are_listed_where_any_is_cited_and_only_there(tmp_path):
    cited = executed(CHAPTER.replace("See [](", "See {footcite}`one2020` ["))
    assert "{footbibliography}" in slides.deck(cited, tmp_path, SLUG, TITLES)
    assert "{footbibliography}" not in slides.deck(executed(), tmp_path, SLUG, TITLES)


def test_a_cell_that_shows_nothing_is_told(tmp_path):
    notebook = executed()
    next(c for c in notebook.cells if c.source == "draw()").outputs = []
    with pytest.raises(Failure, match="shows no chart and no table: draw"):
        slides.slides_of(notebook, tmp_path, SLUG)


@settings(max_examples=15)
@given(st.floats(20, 1500), st.integers(200, 380))
def test_a_chart_of_any_height_fits_the_slide(own, room):
    width, height = svg_size(slides.picture({**CHART, "height": own}, room))
    assert height <= room
    assert 700 < width <= slides.WIDTH / 1.5


def test_a_chart_that_has_no_height_is_told():
    with pytest.raises(Failure, match="without a height"):
        slides.picture({k: v for k, v in CHART.items() if k != "height"}, 300)


def test_the_words_of_a_chart_are_no_smaller_than_a_slide_can_show():
    axis = {"axis": {"labelFontSize": 7, "titleFontSize": 20}}
    drawn = slides.picture({**CHART, "config": axis}, 300)
    sizes = [float(size) for size in re.findall(r'font-size="([\d.]+)px"', drawn)]
    assert sizes
    assert min(sizes) == 12
    assert max(sizes) == 20


def test_data_that_are_called_as_a_setting_stay_as_they_are():
    rows = {"datasets": {"rows": [{"fontSize": 1, "labelLimit": 2}]}}
    assert slides.readable(rows) == rows


@pytest.fixture(scope="module")
def rendered(small):
    return slides.write_slides(small, small.out / "slides").parent


def test_slides_are_whole_and_ask_nothing_of_the_network(rendered):
    # check_site has judged the HTML and the styles when they were made
    soup = BeautifulSoup((rendered / f"{SLUG}.html").read_text(), "html.parser")
    assert [h.get_text() for h in soup.select("section > :is(h1, h2)")] == [
        "A chapter", "The answer", "Before", "A table of words", "Which one?",
    ]  # fmt: skip
    assert soup.select_one("figure img")["alt"] == "A chart of two points."
    assert "12.5" in soup.get_text()
    assert {s["src"].split("/")[-1] for s in soup.select("script[src]")} >= {
        "reveal.js",
        "notes.js",
    }
    index = BeautifulSoup((rendered / "index.html").read_text(), "html.parser")
    assert f"{SLUG}.html" in {a["href"] for a in index.select("a.reference")}
    files = [p for p in rendered.rglob("*") if p.suffix in (".html", ".css", ".js")]
    assert len(files) >= 5
    loads = r"""(?:\bsrc\s*=|@import|url\(|\bimport\(|\bfetch\()\s*["']?(?:https?:)?//\w"""
    assert [p.name for p in files if re.search(loads, p.read_text(encoding="utf-8"))] == []


def test_notes_are_on_the_slides_for_the_speaker_alone(rendered):
    soup = BeautifulSoup((rendered / f"{SLUG}.html").read_text(), "html.parser")
    told = [aside.extract().get_text() for aside in soup.select("aside.notes")]
    assert [text.strip() for text in told] == [
        f"{SECRET} at the title.",
        f"{SECRET} beside the chart.",
        "Right is B: The right one. It is right because it is.",
    ]
    assert SECRET not in soup.get_text()
    assert "Right is B" not in soup.get_text()


def test_notes_stand_on_no_page_of_the_book(small, tmp_path):
    source = tmp_path / "pages"
    source.mkdir()
    notebook = jupytext.reads(CHAPTER, fmt="md:myst")
    notebook.cells = [c for c in notebook.cells if not re.search("glue|quiz|term", c.source)]
    nbformat.write(notebook, source / "index.ipynb")
    settings_ = 'extensions = ["myst_nb"]\nnb_execution_mode = "off"\n'
    (source / "conf.py").write_text(settings_)
    subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", str(source), str(tmp_path / "pages_html")],
        check=True,
        capture_output=True,
    )
    page = (tmp_path / "pages_html" / "index.html").read_text()
    assert "Much is said before." in page
    assert SECRET not in page


def test_a_cell_of_notes_is_hidden_in_every_chapter():
    cells = [cell for slug in chapter_slugs() for cell in read_chapter(slug).cells]
    tagged = [tags_of(cell) for cell in cells if slides.NOTES in tags_of(cell)]
    assert len(tagged) > 50
    assert all("remove-cell" in tags for tags in tagged)


@pytest.mark.parametrize("slug", chapter_slugs())
def test_every_chapter_has_slides_with_headings_and_notes(slug, tmp_path, monkeypatch):
    monkeypatch.setattr(slides, "_shown", lambda cell, folder, name: cell.source)
    monkeypatch.setattr(slides, "pasted", lambda text, glued: text)
    made = slides.slides_of(read_chapter(slug), tmp_path, slug)
    assert len(made) >= 5
    assert all(slide.heading and slide.body for slide in made)
    assert [slide.heading for slide in made if not slide.notes] == []
    assert sum("_chart(" in slide.body for slide in made) >= 4
    assert made[-1].notes[0].startswith("Right is ")


def test_an_unknown_chapter_ends_the_command_with_misuse(tmp_path):
    command = [sys.executable, "-m", "exercisebook.cli", "slides", "99", "--out", tmp_path / "out"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no chapter '99'" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_notebook_without_slides_is_misuse(tmp_path):
    with pytest.raises(Misuse, match="no cell is tagged 'slide' in A1"):
        slides.make_slides(["A1"], tmp_path / "out", print)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_holds_anything_else_is_refused_and_stays(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(Misuse, match="is not empty"):
        slides.make_slides(["02"], tmp_path, print)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("folder", [BUILD, ROOT, ROOT.parent])
def test_the_books_own_folders_are_refused(folder):
    with pytest.raises(Misuse):
        slides.refuse_folder(folder)


def test_slides_take_the_place_of_slides(small, rendered, tmp_path, monkeypatch):
    monkeypatch.setattr(slides, "_render", lambda plan, staged, html: copytree(rendered, html))
    out = tmp_path / "out"
    out.mkdir()
    (out / slides.MARK).write_text("{}")
    (out / "earlier.html").write_text("")
    slides.refuse_folder(out)
    slides.write_slides(small, out)
    assert not (out / "earlier.html").exists()
    assert json.loads((out / slides.MARK).read_text())["chapters"] == SLUG


def test_what_cannot_be_made_leaves_a_folder_as_it_was(small, tmp_path, monkeypatch):
    out = tmp_path / "out"
    out.mkdir()
    (out / slides.MARK).write_text("before")

    def fail(plan, staged, html):
        raise Failure("no")

    monkeypatch.setattr(slides, "_render", fail)
    with pytest.raises(Failure, match="no"):
        slides.write_slides(small, out)
    assert [p.name for p in out.iterdir()] == [slides.MARK]
    assert (out / slides.MARK).read_text() == "before"
    assert not list(tmp_path.glob(".slides-*"))


MEASURE = """() => {
  const slide = Reveal.getCurrentSlide();
  const found = {heading: slide.querySelector("h1, h2")?.textContent || "", low: 0, right: 0,
    small: 1000, chart: 1000};
  for (const part of slide.querySelectorAll("*")) {
    if (part.closest("aside.notes")) continue;
    const box = part.getBoundingClientRect();
    if (!box.width) continue;
    found.low = Math.max(found.low, box.bottom);
    found.right = Math.max(found.right, box.right);
    const words = [...part.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (words) {
      const size = parseFloat(getComputedStyle(part).fontSize) * Reveal.getScale();
      found.small = Math.min(found.small, size);
    }
    if (part.tagName === "IMG") {
      found.chart = Math.min(found.chart, box.width / part.naturalWidth);
    }
  }
  return found;
}"""


def at_hand():
    """Return the chapters whose outputs are kept, as they would be shown today."""
    plan = make_plan(chapter_slugs(), {}, BUILD, report=False)
    kept = tuple(c for c in plan.chapters if c.executed.exists())
    return Plan(plan.root, plan.out, kept, report=False)


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.skipif(browser() is None, reason="no Chromium on this machine")
def test_every_slide_of_the_book_fits_a_screen_and_can_be_read_from_afar(tmp_path):
    plan = at_hand()
    if not plan.chapters:
        pytest.skip("no chapter has been run since it changed; run: exercisebook build")
    folder = slides.write_slides(plan, tmp_path / "out").parent
    from playwright.sync_api import sync_playwright

    asked, measured = [], []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser(), args=["--no-sandbox"])
        page = chromium.new_page(viewport={"width": slides.WIDTH, "height": slides.HEIGHT})
        page.on("request", lambda request: asked.append(request.url))
        for chapter in plan.chapters:
            page.goto((folder / f"{chapter.slug}.html").as_uri())
            page.wait_for_function("window.Reveal && Reveal.isReady()")
            for _ in range(page.evaluate("Reveal.getTotalSlides()")):
                measured.append((chapter.slug, page.evaluate(MEASURE)))
                page.evaluate("Reveal.next()")
        chromium.close()
    assert len(measured) >= 5 * len(plan.chapters)
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    for slug, slide in measured:
        place = f"{slug}: {slide}"
        assert slide["heading"], place
        assert slide["low"] <= slides.HEIGHT, place
        assert slide["right"] <= slides.WIDTH, place
        assert slide["small"] >= 18, place
        # the smallest words of a chart have 12 pixels, before it is drawn larger
        assert slide["chart"] * slides.DENSITY * 12 >= 18, place


@pytest.mark.browser
@pytest.mark.skipif(browser() is None, reason="no Chromium on this machine")
def test_the_speakers_window_opens_from_a_file_and_tells_the_notes(rendered):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser(), args=["--no-sandbox"])
        page = chromium.new_page()
        page.goto((rendered / f"{SLUG}.html").as_uri())
        page.wait_for_function("window.Reveal && Reveal.isReady()")
        with page.expect_popup() as opened:
            page.keyboard.press("s")
        notes = opened.value.locator(".speaker-controls-notes .value")
        notes.get_by_text(f"{SECRET} at the title.").wait_for(timeout=10_000)
        page.evaluate("Reveal.next(); Reveal.next()")
        notes.get_by_text(f"{SECRET} beside the chart.").wait_for(timeout=10_000)
        chromium.close()
