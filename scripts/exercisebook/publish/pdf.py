"""The whole book as one PDF: every page of the built site in one, printed by Chromium.

Charts are their static pictures. Links between pages lead within the PDF, and its outline is
that of the headings. Called as a program: ``python -m exercisebook.publish.pdf [SITE [PDF]]``.
"""

import html
import json
import posixpath
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup, Tag

from exercisebook.cohort.tables import whole_file
from exercisebook.errors import Failure
from exercisebook.paths import BUILD
from exercisebook.publish.notebooks import files_of, table_of_contents
from exercisebook.publish.stage import PROVENANCE

PDF = "book.pdf"
_PRINT_TIMEOUT_MS = 600_000
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")

_LEFT_OUT = (
    "script", ".headerlink", ".page-tools", ".provenance-foot", "details.chart-data",
    "details.hide", "button", "form", "input", "style",
)  # fmt: skip
"""What belongs to a screen; code that a page folds away is in its notebook."""

_NAMES = ("id", "for", "aria-labelledby", "aria-describedby")
_STYLE = """
@page { size: A4; margin: 18mm 18mm 20mm; }
html { font-size: 9.5pt !important; }
html, body { background: #fff; }
body { line-height: 1.45; }
section.page { break-before: page; }
section.page h1 { margin-top: 0; }
h1 { font-size: 22pt; } h2 { font-size: 15pt; } h3 { font-size: 12pt; }
.bd-article { padding: 0; max-width: none; }
table { font-size: 7.5pt !important; }
th, td, table.book-table.ledger :is(th, td) { overflow-wrap: break-word; }
pre { font-size: 7.5pt; }
figure.vl-chart img { max-width: 150mm; margin: 0 auto; }
.front { padding-top: 70mm; }
.front .title { font-size: 34pt; line-height: 1.2; }
.all-pages { break-before: page; }
.all-pages ol { list-style: none; padding-left: 0; }
.all-pages li { margin: 0.35rem 0; }
"""
_FOOT = (
    '<div style="width:100%;text-align:center;font-size:8px;color:#444">'
    '<span class="pageNumber"></span></div>'
)


def whole_book(site: Path, names: list[str]) -> str:
    """Return the pages of a site as one, in order.

    Parameters
    ----------
    site : Path
        A built site.
    names : list of str
        Its pages, without ``.html``.
    """
    prefixes = {name: f"page-{number}" for number, name in enumerate(names)}
    parts, titles = [], []
    for name in names:
        article = page_article(site, name, prefixes)
        heading = article.find("h1")
        titles.append(" ".join(heading.get_text().split()) if heading else name)
        parts.append(f'<section class="page" id="{prefixes[name]}">{article}</section>')
    listed = "".join(
        f'<li><a href="#{prefixes[name]}">{html.escape(title)}</a></li>'
        for name, title in zip(names, titles, strict=True)
    )
    style = (site / "_static" / "book.css").as_uri()
    return (
        '<!DOCTYPE html><html lang="en" data-theme="light"><head><meta charset="utf-8">'
        f"<title>{html.escape(titles[0])}</title>"
        f'<link rel="stylesheet" href="{style}"><style>{_STYLE}</style></head><body>'
        f"{_front(site, titles[0])}"
        f'<nav class="all-pages"><h1>Contents</h1><ol>{listed}</ol></nav>'
        + "\n".join(parts)
        + "</body></html>"
    )


def page_article(site: Path, name: str, prefixes: dict[str, str]) -> Tag:
    """Return the text of a page, with names that no other page has and links within the book."""
    page = site / f"{name}.html"
    article = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser").find("article")
    if not isinstance(article, Tag):
        raise Failure(f"{page} has no text to print")
    for element in article.select(", ".join(_LEFT_OUT)):
        element.decompose()
    for fold in article.find_all("details"):
        fold["open"] = ""
    for attribute in _NAMES:
        for element in article.find_all(attrs={attribute: True}):
            words = str(element[attribute]).split()
            element[attribute] = " ".join(f"{prefixes[name]}--{word}" for word in words)
    for image in article.find_all("img", src=True):
        image["src"] = (page.parent / unquote(str(image["src"]))).resolve().as_uri()
        del image["loading"]
    for link in article.find_all("a", href=True):
        _lead_within(link, name, prefixes)
    return article


def _lead_within(link: Tag, name: str, prefixes: dict[str, str]) -> None:
    """Let a link lead within the book; one to a file of the site becomes plain words."""
    target = urlsplit(str(link["href"]))
    if target.scheme:
        return
    path = posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(target.path)))
    page = path.removesuffix(".html") if target.path else name
    if page in prefixes:
        place = f"--{unquote(target.fragment)}" if target.fragment else ""
        link["href"] = f"#{prefixes[page]}{place}"
    else:
        link.unwrap()


def _front(site: Path, title: str) -> str:
    told = json.loads((site / PROVENANCE).read_text(encoding="utf-8"))
    lines = (
        "An executable, open course in exercise immunology.",
        f"Version {told['book']}, commit {told['commit'][:12]}, {told['date']}.",
        "Code MIT, prose CC BY 4.0, simulated data CC0.",
        "The site has the same text with charts that answer to a pointer, the data of every "
        "figure as a table, and each chapter as a notebook.",
    )
    told_lines = "".join(f"<p>{html.escape(line)}</p>" for line in lines)
    return f'<div class="front"><p class="title">{html.escape(title)}</p>{told_lines}</div>'


def write_pdf(site: Path, names: list[str], out: Path) -> int:
    """Print pages of a built site to a PDF; return its size in bytes.

    Parameters
    ----------
    site : Path
        A built site.
    names : list of str
        Its pages in order, without ``.html``; those that a report lacks are left out.
    out : Path
        The PDF, written whole or not at all.

    Raises
    ------
    Failure
        Where there is no site or no Chromium, or the outline is not that of the headings.
    """
    if not (site / "index.html").exists():
        raise Failure(f"there is no site in {site}; run: exercisebook build")
    program = browser()
    if program is None:
        raise Failure("the PDF is printed by Chromium, and there is none on this machine")
    made = [name for name in names if (site / f"{name}.html").exists()]
    whole = whole_book(site.resolve(), made)
    with tempfile.TemporaryDirectory() as place:
        printed = Path(place) / PDF
        _print(whole, program, printed)
        with whole_file(out) as unfinished:
            with_outline(printed, headings(whole), unfinished)
    return out.stat().st_size


def browser() -> str | None:
    """Return the path of a Chromium on this machine, if there is one."""
    return next(filter(None, map(shutil.which, _BROWSERS)), None)


def _print(whole: str, program: str, printed: Path) -> None:
    """Print a page with its outline."""
    from playwright.sync_api import sync_playwright

    page = printed.with_suffix(".html")
    page.write_text(whole, encoding="utf-8")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        sheet = chromium.new_page(color_scheme="light")
        sheet.set_default_timeout(_PRINT_TIMEOUT_MS)
        sheet.goto(page.as_uri(), wait_until="load")
        sheet.pdf(
            path=printed,
            prefer_css_page_size=True,
            print_background=True,
            display_header_footer=True,
            header_template="<span></span>",
            footer_template=_FOOT,
            outline=True,
            tagged=True,
        )
        chromium.close()


def headings(whole: str) -> list[str]:
    """Return the headings of a page in order."""
    found = BeautifulSoup(whole, "html.parser").find_all(re.compile("^h[1-6]$"))
    return [" ".join(heading.get_text().split()) for heading in found]


def with_outline(printed: Path, titles: list[str], out: Path) -> None:
    """Write a PDF with the headings' own words in its outline.

    Chromium says a heading twice that it first laid out on the page before, and joins the words
    at the ends of its lines.
    """
    from pypdf import PdfWriter
    from pypdf.generic import NameObject, TextStringObject

    book = PdfWriter(clone_from=printed)
    entries = list(_entries(book.root_object.get("/Outlines", {})))
    if len(entries) != len(titles):
        raise Failure(f"the PDF's outline has {len(entries)} entries for {len(titles)} headings")
    for entry, title in zip(entries, titles, strict=True):
        entry[NameObject("/Title")] = TextStringObject(title)
    book.add_metadata({"/Title": titles[1], "/Creator": "the Exercise Book"})
    book.page_mode = "/UseOutlines"
    book.write(out)


def _entries(parent: Any) -> Iterator[Any]:
    """Yield the entries below one of an outline, in the order of the text."""
    entry = parent.get("/First")
    while entry is not None:
        entry = entry.get_object()
        yield entry
        yield from _entries(entry)
        entry = entry.get("/Next")


def main(arguments: list[str]) -> int:
    """Print the site to its PDF; return the exit status."""
    site, out = [Path(word) for word in arguments] + [BUILD / "html", BUILD / PDF][len(arguments) :]
    try:
        size = write_pdf(site, files_of(table_of_contents()), out)
    except Failure as failure:
        sys.stderr.write(f"{failure}\n")
        return 1
    sys.stdout.write(f"{out} ({size / 1e6:.1f} MB)\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
