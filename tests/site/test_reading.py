"""Reading in comfort: keyboard, large print, no motion, paper; and what a page weighs."""

import gzip
import json
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup

from exercisebook.publish.notebooks import chapter_slugs, files_of, table_of_contents
from exercisebook.publish.pdf import browser
from exercisebook.publish.sphinx_extension.reading import addresses, citation

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(browser() is None, reason="no Chromium on this machine"),
]

PAGES = [f"{name}.html" for name in files_of(table_of_contents())]
CHAPTERS = [f"notebooks/{slug}.html" for slug in chapter_slugs()]
FIRST = CHAPTERS[0]
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
TWICE = {"width": 640, "height": 450}
"""What a window of 1280 x 900 shows at 200 %."""

SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
CONTROLS = """() => {
  const kinds = "a[href], button, summary, input, select, textarea, [tabindex='0']";
  window.controls = [...document.querySelectorAll(kinds)].filter((one) =>
    one.checkVisibility({visibilityProperty: true}) && !one.disabled && one.tabIndex >= 0
    && !one.closest("dialog:not([open])"))
    // of the choices of a question one is reached by Tab, and the others from it by arrow keys
    .filter((one, n, all) => one.type !== "radio" || all.findIndex((other) =>
      other.type === "radio" && other.name === one.name) === n);
  window.unseen = [];
  window.reached = new Set();
  document.addEventListener("focusin", (event) => {
    window.reached.add(event.target);
    const style = getComputedStyle(event.target);
    if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2)
      window.unseen.push(event.target.outerHTML.slice(0, 120));
  });
  return window.controls.length;
}"""
MISSED = (
    "window.controls.filter((c) => !window.reached.has(c)).map((c) => c.outerHTML.slice(0, 120))"
)
SHIFTS = """() => {
  window.shift = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.shift += entry.value;
  }).observe({type: "layout-shift", buffered: true});
}"""
READ_ON = """async () => {
  for (let y = 0; y < document.documentElement.scrollHeight; y += 300) {
    window.scrollTo({top: y, behavior: "instant"});
    await new Promise((done) => setTimeout(done, 60));
  }
}"""


@pytest.fixture
def opened(chromium, site):
    """Return what opens a page of the site in a window of its own."""
    contexts = []

    def opened(name, viewport=DESKTOP, before="", **given):
        context = chromium.new_context(viewport=viewport, **given)
        contexts.append(context)
        if before:
            context.add_init_script(f"({before})()")
        page = context.new_page()
        page.asked = []
        page.on("request", lambda request: page.asked.append(request.url))
        page.goto((site / name).as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()


def soup_of(site, name):
    return BeautifulSoup((site / name).read_text(encoding="utf-8"), "html.parser")


@pytest.mark.parametrize("name", ["book/index.html", FIRST])
def test_the_keyboard_reaches_every_control_and_shows_where_it_is(opened, name):
    page = opened(name)
    page.wait_for_function("document.readyState === 'complete'")
    count = page.evaluate(CONTROLS)
    assert count > 30
    for _ in range(count + 15):
        page.keyboard.press("Tab")
    assert page.evaluate(MISSED) == []
    assert page.evaluate("window.unseen") == []


def test_the_first_key_offers_to_skip_to_the_text(opened):
    page = opened(FIRST)
    page.keyboard.press("Tab")
    focused = page.locator(":focus")
    assert focused.inner_text() == "Skip to main content"
    assert focused.bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main-content"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#main-content') !== null")


@pytest.mark.parametrize("name", PAGES)
def test_at_twice_the_size_no_page_scrolls_sideways(opened, name):
    page = opened(name, TWICE)
    assert page.evaluate(SIDEWAYS) <= 0
    page.set_viewport_size({"width": 320, "height": 450})
    assert page.evaluate(SIDEWAYS) <= 0


def test_where_no_motion_is_wanted_nothing_moves(opened):
    moving = """() => [...document.querySelectorAll("*")].filter((one) => {
      const style = getComputedStyle(one);
      return style.animationName !== "none" || style.scrollBehavior === "smooth"
        || style.transitionDuration.split(", ").some((time) => parseFloat(time) > 0);
    }).length"""
    assert opened(FIRST, reduced_motion="reduce").evaluate(moving) == 0
    assert opened(FIRST, reduced_motion="no-preference").evaluate(moving) > 0


@pytest.mark.parametrize("name", CHAPTERS)
def test_without_scripts_each_chart_has_its_data_in_a_table(opened, name):
    page = opened(name, java_script_enabled=False)
    specs = page.locator("figure.vl-chart script.vl-spec").all_text_contents()
    # without the bytes of open data a chart may hold no row
    drawn = [
        spec for spec in specs if any(len(t) > 1 for t in json.loads(spec)["datasets"].values())
    ]
    folds = page.locator("figure.vl-chart + details.chart-data")
    assert folds.count() == len(drawn) > 5
    for n in range(folds.count()):
        assert folds.nth(n).locator("tbody tr").count() > 1
    folds.first.locator("summary").click()
    assert folds.first.locator("tbody tr td").first.is_visible()


def test_one_leaf_after_another_leads_through_the_whole_book(site):
    name, seen = PAGES[0], []
    while name:
        seen.append(name)
        link = soup_of(site, name).select_one("a.right-next")
        name = (
            link
            and ((site / name).parent / link["href"])
            .resolve()
            .relative_to(site.resolve())
            .as_posix()
        )
        assert len(seen) <= len(PAGES)
    assert seen == PAGES


def test_the_index_leads_to_every_term_of_the_glossary(site):
    terms = {dt["id"] for dt in soup_of(site, "book/glossary.html").select("dt[id^=term-]")}
    linked = {a["href"].partition("#")[2] for a in soup_of(site, "genindex.html").select("a[href]")}
    assert len(terms) > 30
    assert terms <= linked
    assert soup_of(site, FIRST).select_one("a.sidebar-index")["href"].endswith("genindex.html")


def test_a_search_from_the_sidebar_finds_a_term_of_the_glossary(opened):
    page = opened(FIRST)
    page.locator("button.search-button-field").click()
    page.keyboard.type("demargination")
    page.keyboard.press("Enter")
    page.wait_for_selector("#search-results li a")
    assert "Glossary" in page.locator("#search-results").inner_text()


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_can_be_cited_and_taken_as_a_notebook(site, name):
    page = soup_of(site, name)
    title = " ".join(page.h1.find_all(string=True, recursive=False)).split(maxsplit=1)[-1].strip()
    text, bibtex = (pre.get_text() for pre in page.select("#cite-this-page pre"))
    for told in (text, bibtex):
        assert title in told
        assert citation()["title"] in told
        assert str(citation()["version"]) in told
    assert bibtex.count("{") == bibtex.count("}")
    notebook = page.select_one(".page-tools a[download]")["href"]
    assert (site / name).parent.joinpath(notebook).resolve().suffix == ".ipynb"


def test_the_button_unfolds_the_citation_and_a_click_copies_it(opened):
    page = opened(FIRST, permissions=["clipboard-read", "clipboard-write"])
    page.locator("a[href='#cite-this-page']").click()
    box = page.locator("#cite-this-page")
    box.wait_for(state="visible")
    before = len(page.asked)
    box.locator("button.copybtn").first.click(force=True)
    page.locator("button.search-button-field").click()
    page.keyboard.press("Control+V")
    pasted = page.locator("dialog[open] input[type=search]").input_value()
    assert pasted.strip() == box.locator("pre").first.inner_text().strip()
    assert [a for a in page.asked[before:] if not a.startswith(("file:", "data:"))] == []


def test_no_address_that_a_page_has_had_is_lost(site):
    kept = addresses(site.parent / "stage")
    assert [old for old in kept if not (site / old).exists()] == []
    assert {*PAGES, "index.html", "genindex.html", "search.html"} <= set(kept)
    assert sum(old != now for old, now in kept.items()) > 0


def test_an_old_address_leads_to_the_page_of_today(opened, site):
    for old, now in addresses(site.parent / "stage").items():
        if old != now:
            page = opened(old)
            page.wait_for_url(f"**/{now}")


@pytest.mark.parametrize("name", ["book/index.html", *CHAPTERS])
def test_a_page_is_light_before_anyone_scrolls(opened, site, name):
    page = opened(name, PHONE)
    page.wait_for_load_state("networkidle")
    sizes = {}
    for url in page.asked:
        path = unquote(urlsplit(url).path)
        if url.startswith("file:"):
            with open(path, "rb") as file:
                sizes[path] = len(gzip.compress(file.read(), 9))
    own = sum(size for path, size in sizes.items() if "/_static/" not in path)
    assert sum(sizes.values()) <= 1_500_000
    assert 0 < own <= 400_000
    assert not [path for path in sizes if "fontawesome" in path or path.endswith(".woff2")]


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_charts_do_not_push_the_text_about(opened, viewport):
    page = opened(FIRST, viewport, before=SHIFTS)
    page.evaluate(READ_ON)
    assert page.locator("figure.vl-ready").count() > 5
    assert page.evaluate("window.shift") < 0.02


def test_paper_shows_text_and_pictures_alone(opened):
    page = opened(FIRST)
    page.evaluate(READ_ON)
    page.emulate_media(media="print")
    for unwanted in (".bd-sidebar-primary", ".bd-header-article", ".prev-next-footer",
                     ".page-tools", "details.chart-data", ".vl-live"):  # fmt: skip
        found = page.locator(unwanted)
        assert found.count() > 0
        assert not any(one.is_visible() for one in found.all()), unwanted
    images = page.locator("figure.vl-chart img")
    assert all(one.is_visible() for one in images.all())
    assert page.locator("article h1").is_visible()
