import json
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup

from exercisebook.paths import BUILD, ROOT, notebook_file
from exercisebook.publish.checks import check_site
from exercisebook.publish.notebooks import (
    files_of,
    is_chapter,
    notebook_slugs,
    table_of_contents,
)

PLACES = {
    slug: notebook_file(slug, Path("notebooks")).with_suffix("").as_posix()
    for slug in notebook_slugs()
}
PAGES = [f"{name}.html" for name in files_of(table_of_contents())]
LEAST_CHARTS = {"04_antioxidant_program": 7}


@pytest.fixture(params=PAGES)
def page(request, site):
    return BeautifulSoup((site / request.param).read_text(encoding="utf-8"), "html.parser")


def test_the_site_passes_its_own_checks(site):
    assert check_site(site, BUILD / "stage") == []


def test_every_page_has_one_title_and_its_provenance_at_its_foot(page):
    assert len(page.select("article h1")) == 1
    foot = page.select_one("p.provenance-foot").get_text()
    assert "commit" in foot


def test_no_page_asks_for_mathjax_thebe_or_another_host(page):
    sources = " ".join(str(s.get("src", "")) + s.get_text() for s in page.find_all("script"))
    for word in ("mathjax", "thebe", "unpkg", "jsdelivr", "cdnjs", "googleapis"):
        assert word not in sources.lower()


def test_provenance_lies_at_the_root(site):
    told = json.loads((site / "provenance.json").read_text())
    assert set(told["chapters"]) == set(notebook_slugs())


@pytest.mark.parametrize("place", PLACES.values())
def test_a_page_with_code_offers_its_executed_notebook(site, place):
    notebook = nbformat.read(site / "_sources" / f"{place}.ipynb", as_version=4)
    assert any(c.get("outputs") for c in notebook.cells if c.cell_type == "code")
    text = (site / f"{place}.html").read_text(encoding="utf-8")
    assert f"_sources/{place}.ipynb" in text


@pytest.mark.parametrize("slug", PLACES)
def test_charts_have_image_description_caption_and_label(site, slug):
    page = site / f"{PLACES[slug]}.html"
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    charts = soup.select("figure.vl-chart")
    assert len(charts) >= LEAST_CHARTS.get(slug, 9 if is_chapter(slug) else 3)
    for chart in charts:
        assert chart.img["alt"].strip()
        assert (page.parent / chart.img["src"]).resolve().exists()
        assert len(chart.figcaption.get_text()) > 40
        assert chart["id"].startswith("fig-")
        assert json.loads(chart.select_one("script.vl-spec").get_text())["description"]


@pytest.mark.parametrize("place", PLACES.values())
def test_formulae_are_there_without_a_script(site, place):
    text = (site / f"{place}.html").read_text(encoding="utf-8")
    assert "<math" in text
    assert "\\sqrt" not in BeautifulSoup(text, "html.parser").get_text()


def test_bilirubin_against_the_commentary_stands_on_the_first_screen(site):
    text = (site / "notebooks" / "01_cohort_design.html").read_text(encoding="utf-8")
    soup = BeautifulSoup(text, "html.parser")
    words = " ".join(soup.find("article").get_text().split())
    head = words[: words.index("You need")]
    assert "total bilirubin" in head
    assert "against the direction the commentary reports" in head


def test_search_finds_the_glossary(site):
    index = (site / "searchindex.js").read_text(encoding="utf-8")
    assert "demargin" in index
    assert "book/glossary" in index


def test_no_verdict_on_a_difference_stands_without_one_on_its_cause(page):
    for table in page.select("table.book-table"):
        heads = [h.get_text() for h in table.select("thead th")]
        causes = {"cause identified", "cause not identified", "cause not asked"}
        if "is it there?" in heads and not causes <= set(heads):
            assert "can the design name the cause?" in heads
            place = heads.index("can the design name the cause?")
            for row in table.select("tbody tr"):
                assert row.find_all(["th", "td"])[place].get_text().strip()


def test_no_address_of_a_machine_is_on_a_page(page):
    text = page.get_text()
    assert str(ROOT) not in text
    assert "site-packages" not in text
