"""The book as one PDF: its links lead within it, and its outline is that of the headings."""

import json
import subprocess
import sys
import unicodedata

import pytest
from bs4 import BeautifulSoup

from exercisebook.publish.notebooks import files_of, table_of_contents
from exercisebook.publish.pdf import browser, headings, whole_book

# of the book's contents; the small site has no others
NAMES = ["book/index", "notebooks/01_cohort_design"]
INDEX = """<article><h1 id="top">The Book<a class="headerlink" href="#top">#</a></h1>
<p><a href="../notebooks/01_cohort_design.html#deep">deep</a>
<a href="../notebooks/01_cohort_design.html">one</a>
<a href="../ledger.csv">a file</a> <a href="https://doi.org/10.1/x">outside</a></p>
<details class="hide"><summary>Show code</summary>folded code</details></article>"""
ONE = """<article><h1 id="top">One of the chapters</h1><h2 id="deep">Deep</h2>
<p id="here"><a href="#deep">up</a> <a href="../book/index.html#top">back</a></p>
<figure><img src="../a.svg" alt="A chart." loading="lazy"></figure>
<details><summary>Hint</summary><p>unfolded</p></details><script>1</script>
<details class="chart-data"><summary>Data</summary><p>rows</p></details></article>"""
chromium_is_here = pytest.mark.skipif(browser() is None, reason="no Chromium on this machine")


@pytest.fixture
def small(tmp_path):
    for name, article in zip(NAMES, (INDEX, ONE), strict=True):
        place = tmp_path / f"{name}.html"
        place.parent.mkdir(parents=True)
        place.write_text(f"<html><body><nav>contents</nav>{article}</body></html>")
    (tmp_path / "index.html").write_text("")
    (tmp_path / "a.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    (tmp_path / "_static").mkdir()
    (tmp_path / "_static" / "book.css").write_text("p { color: black }")
    told = {"book": "0.1.0", "commit": "abc", "date": "2026-01-01"}
    (tmp_path / "provenance.json").write_text(json.dumps(told))
    return tmp_path


@pytest.fixture
def whole(small):
    return BeautifulSoup(whole_book(small, NAMES), "html.parser")


def test_every_link_leads_within_the_book_or_to_another_host(whole):
    ids = {element["id"] for element in whole.find_all(id=True)}
    links = [link["href"] for link in whole.find_all("a", href=True)]
    assert "https://doi.org/10.1/x" in links
    within = [link for link in links if not link.startswith("https:")]
    assert len(within) == 6
    assert {link.removeprefix("#") for link in within} <= ids
    assert "a file" in whole.get_text()


def test_no_two_places_have_one_name(whole):
    ids = [element["id"] for element in whole.find_all(id=True)]
    assert len(ids) == len(set(ids)) > 4


def test_what_belongs_to_a_screen_is_left_out_and_the_rest_unfolded(whole):
    text = whole.get_text()
    for absent in ("folded code", "rows", "#"):
        assert absent not in text.replace("unfolded", "")
    assert all(fold.has_attr("open") for fold in whole.find_all("details"))
    assert whole.img["src"].startswith("file:")
    assert not whole.img.has_attr("loading")


def printed(site, out):
    """Print a site in a process of its own: two browsers cannot be driven from one."""
    command = [sys.executable, "-m", "exercisebook.publish.pdf", str(site), str(out)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_without_a_site_the_way_to_one_is_told(tmp_path):
    done = printed(tmp_path / "none", tmp_path / "book.pdf")
    assert done.returncode == 1
    assert "run: exercisebook build" in done.stderr
    assert "Traceback" not in done.stderr


def outline(reader):
    def titles(entries):
        for entry in entries:
            yield from titles(entry) if isinstance(entry, list) else [entry.title]

    return list(titles(reader.outline))


@pytest.mark.browser
@chromium_is_here
def test_the_outline_and_the_links_are_printed(small, tmp_path):
    from pypdf import PdfReader

    out = tmp_path / "out" / "book.pdf"
    done = printed(small, out)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(out))
    reader = PdfReader(out)
    assert outline(reader) == ["Contents", "The Book", "One of the chapters", "Deep"]
    assert len(reader.pages) == 4
    links = [a.get_object() for page in reader.pages for a in page.get("/Annots", [])]
    assert len(links) == 7
    assert "One of the chapters" in reader.pages[3].extract_text()


@pytest.mark.slow
@pytest.mark.browser
@chromium_is_here
def test_the_whole_book_is_printed_each_chapter_on_a_page_of_its_own(site, tmp_path):
    from pypdf import PdfReader

    names = files_of(table_of_contents())
    out = tmp_path / "book.pdf"
    done = printed(site, out)
    assert done.returncode == 0, done.stderr
    reader = PdfReader(out)
    assert outline(reader) == headings(whole_book(site, names))
    tops = [entry for entry in reader.outline if not isinstance(entry, list)]
    starts = [reader.get_destination_page_number(entry) for entry in tops]
    assert len(tops) == len(names) + 1
    assert starts == sorted(set(starts))
    for entry, page in zip(tops, starts, strict=True):
        # two letters may be printed as one
        text = unicodedata.normalize("NFKC", reader.pages[page].extract_text())
        told = " ".join(text.split())
        assert entry.title in told
        assert float(entry.top) > 0.9 * float(reader.pages[page].mediabox.height)
