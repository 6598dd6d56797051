"""The built site in a real browser: wide and narrow, light and dark, with and without scripts."""

import pytest

from exercisebook.publish.notebooks import chapter_slugs, files_of, table_of_contents
from exercisebook.publish.pdf import browser

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(browser() is None, reason="no Chromium on this machine"),
]

PAGES = [f"{name}.html" for name in files_of(table_of_contents())]
CHAPTERS = [f"notebooks/{slug}.html" for slug in chapter_slugs()]
APPENDICES = [page for page in PAGES if page.startswith("notebooks/appendix/")]
FEWER = {"notebooks/04_antioxidant_program.html": 7}
CHARTS = {**dict.fromkeys(CHAPTERS, 9), **FEWER, **dict.fromkeys(APPENDICES, 3)}
"""Pages with charts, and how many they have at least."""
WIDTHS = {"desktop": (1280, 900), "phone": (390, 844)}
SCROLL = """async () => {
  for (let y = 0; y < document.documentElement.scrollHeight; y += 400) {
    window.scrollTo({top: y, behavior: "instant"});
    await new Promise((done) => setTimeout(done, 30));
  }
}"""
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


class Visit:
    """A page in a window of its own, with what it asked for and complained of."""

    def __init__(self, chromium, site, name, width="desktop", scheme="light", script=True):
        wide, high = WIDTHS[width]
        self.context = chromium.new_context(
            viewport={"width": wide, "height": high},
            color_scheme=scheme,
            java_script_enabled=script,
            is_mobile=width == "phone",
        )
        self.page = self.context.new_page()
        self.asked, self.errors = [], []
        self.page.on("request", lambda r: self.asked.append(r.url))
        self.page.on("pageerror", lambda e: self.errors.append(str(e)))
        self.page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        path, _, query = name.partition("?")
        self.page.goto((site / path).as_uri() + (f"?{query}" if query else ""))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_stands_alone(chromium, site, name, width, scheme):
    with Visit(chromium, site, name, width, scheme) as visit:
        visit.page.evaluate(SCROLL)
        charts = visit.page.locator("figure.vl-chart").count()
        visit.page.wait_for_function(
            f"document.querySelectorAll('figure.vl-chart.vl-ready').length === {charts}",
            timeout=15_000,
        )
        assert [u for u in visit.asked if not u.startswith(("file:", "data:", "blob:"))] == []
        assert visit.errors == []
        assert visit.page.evaluate(OVERFLOW) <= 0
        assert charts >= CHARTS.get(name, 0)
        drawn = visit.page.locator(".vl-live svg, .vl-live canvas").count()
        assert drawn >= charts


@pytest.mark.parametrize("name", CHARTS)
def test_without_scripts_every_chart_is_its_image(chromium, site, name):
    with Visit(chromium, site, name, script=False) as visit:
        images = visit.page.locator("figure.vl-chart img")
        assert images.count() >= CHARTS[name]
        assert all(images.nth(i).bounding_box()["height"] > 40 for i in range(images.count()))


@pytest.mark.parametrize("name", CHARTS)
def test_changing_to_dark_draws_the_charts_anew(chromium, site, name):
    with Visit(chromium, site, name) as visit:
        visit.page.evaluate(SCROLL)
        ready = "document.querySelectorAll('.vl-ready').length"
        visit.page.wait_for_function(f"{ready} >= {CHARTS[name]}")
        colours = (
            "[...document.querySelectorAll('.vl-live svg path')]"
            ".some((path) => path.getAttribute('stroke') === '{}')"
        )
        assert visit.page.evaluate(colours.format("#0072b2"))
        visit.page.evaluate("document.documentElement.dataset.theme = 'dark'")
        visit.page.wait_for_function(colours.format("#4db3e6"))


def test_search_finds_a_word_of_the_glossary(chromium, site):
    with Visit(chromium, site, "search.html?q=demargination") as visit:
        visit.page.wait_for_selector("#search-results li a")
        found = visit.page.locator("#search-results").inner_text()
        assert "Glossary" in found


def test_a_solution_opens_at_a_click(chromium, site):
    with Visit(chromium, site, CHAPTERS[0]) as visit:
        solution = visit.page.locator(".solution", has_text="within reach").first
        assert "Right" not in solution.inner_text()
        assert "within reach" not in solution.inner_text()
        solution.locator("button, summary").first.click()
        visit.page.wait_for_function(
            "[...document.querySelectorAll('.solution')]"
            ".some((one) => one.innerText.includes('within reach'))"
        )


@pytest.mark.parametrize("name", CHAPTERS)
def test_on_a_phone_both_verdicts_can_be_seen_at_once(chromium, site, name):
    with Visit(chromium, site, name, "phone") as visit:
        for cell in visit.page.locator("table.stacked td").all()[:40]:
            box = cell.bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= WIDTHS["phone"][0] + 1


def test_a_point_tells_whose_it_is_and_shows_that_persons_course(chromium, site):
    centres = """figure => [...figure.querySelectorAll('.vl-live .mark-symbol path')].map(dot => {
      const box = dot.getBoundingClientRect();
      return [box.x + box.width / 2, box.y + box.height / 2];
    })"""
    lines = "figure => figure.querySelectorAll('.vl-live .mark-line path').length"
    told = "document.querySelector('#vg-tooltip-element')?.innerText ?? ''"
    with Visit(chromium, site, "notebooks/02_acute_stress_response.html") as visit:
        figures = visit.page.locator("figure:has(script.vl-spec)")
        figure = figures.filter(has_text="dots: single men").first
        if not figure.count():
            pytest.skip("single men are in the figure only where the original data are at hand")
        figure.scroll_into_view_if_needed()
        figure.locator(".vl-live svg").wait_for()
        before, found = figure.evaluate(lines), 0
        for x, y in figure.evaluate(centres)[24:60:6]:
            visit.page.mouse.move(x, y)
            visit.page.wait_for_timeout(300)
            if "subject" in visit.page.evaluate(told):
                found += 1
                assert figure.evaluate(lines) == before + 1
        assert found
