"""Pages for everyone: the rules of axe, the keyboard alone, large print, and no motion."""

import importlib.util
from pathlib import Path

import pytest

from exercisebook.publish.notebooks import chapter_slugs, files_of, table_of_contents
from exercisebook.publish.pdf import browser

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(browser() is None, reason="no Chromium on this machine"),
]

PAGES = [
    *(f"{name}.html" for name in files_of(table_of_contents())),
    "genindex.html",
    "search.html",
]
CHAPTER = f"notebooks/{chapter_slugs()[0]}.html"
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
EVERY = {"runOnly": {"type": "tag", "values": TAGS}}
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
"""Rules that the choice between light and dark may break."""

STRUCTURE = {**EVERY, "rules": {"color-contrast": {"enabled": False}}}

AXE = """async ([options, exclude]) => {
  const told = await axe.run({exclude}, {...options, resultTypes: ["violations"]});
  return told.violations.flatMap((rule) => rule.nodes.map((node) =>
    `${rule.id}: ${node.target.flat().join(" ")} ${(node.failureSummary ?? "").slice(0, 300)}`));
}"""
UNFOLD = """() => {
  const data = document.querySelectorAll("details.chart-data");
  for (const fold of document.querySelectorAll("details")) fold.open = true;
  for (const fold of [...data].slice(1)) fold.open = false;
  for (const button of document.querySelectorAll(".toggle-button-hidden")) button.click();
}"""
MARK = """() => {
  const beyond = (all, n) => [...all].slice(n);
  const again = [...document.querySelectorAll("tbody, aside.footnote-list, div.citation-list, dl")]
    .flatMap((group) => beyond(group.children, 6));
  again.push(...beyond(document.querySelectorAll("div.cell_input div.highlight"), 6));
  again.push(...beyond(document.querySelectorAll("section > p, section > ul > li"), 30));
  for (const one of again) one.classList.add("alike");
  for (const chart of beyond(document.querySelectorAll("figure.vl-chart .vl-box"), 2))
    chart.classList.add("drawn-alike");
}"""
ALIKE = [".alike", ".drawn-alike"]
"""Rows, references and code after the sixth, paragraphs after the thirtieth: made as those before
them, so only light and wide, and not for their colours; of drawings after the second nothing."""

DRAW_ALL = """async () => {
  const charts = [...document.querySelectorAll("figure.vl-chart")];
  for (const chart of charts) {
    chart.scrollIntoView({behavior: "instant"});
    for (let n = 0; n < 200 && !chart.classList.contains("vl-ready"); n++)
      await new Promise((done) => setTimeout(done, 25));
  }
  return charts.filter((chart) => !chart.classList.contains("vl-ready")).length;
}"""


TWO_FRAMES = """() => new Promise((done) =>
  requestAnimationFrame(() => requestAnimationFrame(done)))"""
"""After a change of size: what has become too wide is put within the keyboard's reach a frame
later."""


@pytest.fixture(scope="session")
def axe():
    """Return the script of axe, from the package that carries it."""
    found = importlib.util.find_spec("axe_playwright_python")
    place = Path(found.submodule_search_locations[0]) / "axe.min.js"
    return place.read_text(encoding="utf-8")


@pytest.fixture
def opened(chromium, site):
    """Return what opens a page of the site in a window of its own."""
    contexts = []

    def opened(name, viewport=WIDE, **given):
        context = chromium.new_context(viewport=viewport, **given)
        contexts.append(context)
        page = context.new_page()
        page.goto((site / name).as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()


def broken(page, options, without=()):
    return page.evaluate(AXE, [options, list(without)])


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_light_or_dark_wide_or_narrow(opened, axe, name):
    page = opened(name, color_scheme="dark", reduced_motion="reduce")
    page.evaluate(axe)
    page.evaluate(UNFOLD)
    page.evaluate(MARK)
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert broken(page, COLOURS, ALIKE) == []
    page.emulate_media(color_scheme="light")
    page.wait_for_function("document.documentElement.dataset.theme === 'light'")
    assert page.evaluate(DRAW_ALL) == 0
    assert broken(page, COLOURS, ALIKE) == []
    assert broken(page, STRUCTURE, ALIKE[1:]) == []
    page.set_viewport_size(NARROW)
    page.evaluate(TWO_FRAMES)
    assert broken(page, EVERY, ALIKE) == []
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
    assert broken(page, COLOURS, ALIKE) == []


DOCTORED = {
    "image-alt": "document.querySelector('article').append(document.createElement('img'))",
    "color-contrast": "document.querySelector('article p').style.color = '#aaa'",
    "label": "document.querySelector('article').append(document.createElement('input'))",
    "target-size": """document.querySelector('article').insertAdjacentHTML('beforeend',
        '<div><button style="width:9px;height:9px;padding:0">a</button><button '
        + 'style="width:9px;height:9px;padding:0">b</button></div>')""",
}


def test_axe_finds_what_is_broken(opened, axe):
    page = opened("book/faq.html", reduced_motion="reduce")
    page.evaluate(axe)
    for doctored in DOCTORED.values():
        page.evaluate(f"() => {{ {doctored} }}")
    found = {line.partition(":")[0] for line in broken(page, EVERY)}
    assert found >= set(DOCTORED)
