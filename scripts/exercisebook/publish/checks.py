"""What a rendered site must be before it replaces the old one."""

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import yaml
from bs4 import BeautifulSoup

from exercisebook.claims.ledger import COLUMNS
from exercisebook.publish.manifest import manifest_problems
from exercisebook.publish.notebooks import files_of

_BUILT_IN = {"genindex.html", "search.html", "index.html"}
_LOADED = {
    "script": "src",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "video": "src",
    "audio": "src",
    "embed": "src",
    "object": "data",
    "link": "href",
}
_STYLE_ADDRESS = re.compile(r"(?:url\(|@import)\s*['\"]?(?P<address>(?:https?:)?//[^'\")\s]+)")


def check_site(html: Path, staged: Path) -> list[str]:
    """Return what is wrong with a site, a line each; an empty list if nothing is.

    Parameters
    ----------
    html : Path
        The rendered pages.
    staged : Path
        The staged book they come from.
    """
    toc = yaml.safe_load((staged / "_toc.yml").read_text(encoding="utf-8"))
    made = [p for p in sorted(html.rglob("*.html")) if "_static" not in p.relative_to(html).parts]
    pages = {path: _soup(path) for path in made}
    moved = {path for path, soup in pages.items() if _leads_on(soup)}
    problems = list(_pages_against_toc(html, files_of(toc), set(pages), moved))
    for path, soup in pages.items():
        name = path.relative_to(html)
        for check in (_tracebacks, _external_requests, _alternatives):
            problems += [f"{name}: {found}" for found in check(soup)]
        problems += [f"{name}: {found}" for found in _links(path, soup, pages)]
    if "book/ledger" in files_of(toc):
        problems += _ledger_files(html, pages.get(html / "book" / "ledger.html"))
    problems += manifest_problems(html)
    for style in html.rglob("*.css"):
        text = style.read_text(encoding="utf-8", errors="replace")
        for found in _STYLE_ADDRESS.finditer(text):
            problems.append(f"{style.relative_to(html)}: asks {found['address']}")
    return problems


def _soup(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def _leads_on(soup: BeautifulSoup) -> bool:
    """Return whether a page only leads to where another is now; its link is checked as any."""
    return soup.select_one('meta[http-equiv="refresh"]') is not None and soup.a is not None


def _pages_against_toc(
    html: Path, named: list[str], pages: set[Path], moved: set[Path]
) -> Iterator[str]:
    wanted = {html / f"{name}.html" for name in named}
    for path in sorted(wanted - pages):
        yield f"{path.relative_to(html)}: in the table of contents, but not made"
    extra = {p for p in pages - wanted if str(p.relative_to(html)) not in _BUILT_IN}
    extra -= moved
    for path in sorted(extra):
        yield f"{path.relative_to(html)}: made, but not in the table of contents"


def _tracebacks(soup: BeautifulSoup) -> Iterator[str]:
    if soup.select(".output.traceback") or "Traceback (most recent call last)" in soup.get_text():
        yield "shows a traceback"
    for output in soup.select(".output.stderr"):
        yield f"shows standard error: {output.get_text().strip()[:80]}"


def _ledger_files(html: Path, page: BeautifulSoup | None) -> Iterator[str]:
    """Yield what is wrong with the ledger's files beside its page."""
    shown = 0 if page is None else len(page.select("table.ledger tbody tr"))
    for name, read in (("ledger.csv", _csv_rows), ("ledger.json", _json_rows)):
        if not (html / name).is_file():
            yield f"{name}: not made, though the ledger's page offers it"
            continue
        try:
            rows = read((html / name).read_text(encoding="utf-8"))
        except ValueError as error:
            yield f"{name}: cannot be read: {error}"
            continue
        if any(columns != COLUMNS for columns, _ in rows):
            yield f"{name}: its columns are not {', '.join(COLUMNS)}"
        if len(rows) != shown:
            yield f"{name}: holds {len(rows)} rows, the page {shown}"
        if not all(row.get("observed") and row.get("cause") for _, row in rows):
            yield f"{name}: a row lacks one of the two verdicts"


def _csv_rows(text: str) -> list[tuple[list[str], dict[str, Any]]]:
    lines = csv.DictReader(io.StringIO(text))
    return [(list(lines.fieldnames or []), row) for row in lines]


def _json_rows(text: str) -> list[tuple[list[str], dict[str, Any]]]:
    return [(list(row), row) for row in json.loads(text)]


def _external_requests(soup: BeautifulSoup) -> Iterator[str]:
    for tag, attribute in _LOADED.items():
        for element in soup.find_all(tag):
            address = str(element.get(attribute, ""))
            harmless = tag == "link" and "canonical" in (element.get("rel") or [])
            if re.match(r"(https?:)?//", address) and not harmless:
                yield f"<{tag}> asks {address}"
    for style in [*soup.find_all("style"), *soup.select("[style]")]:
        text = style.get("style") or style.get_text()
        for found in _STYLE_ADDRESS.finditer(str(text)):
            yield f"a style asks {found['address']}"


def _alternatives(soup: BeautifulSoup) -> Iterator[str]:
    for image in soup.find_all("img"):
        if not str(image.get("alt", "")).strip():
            yield f"an image has no text alternative: {image.get('src')}"
    for spec in soup.select("script.vl-spec"):
        drawn = json.loads(spec.get_text())
        if not drawn.get("description"):
            yield "a chart has no description"
        if not any(len(rows) > 1 for rows in drawn.get("datasets", {}).values()):
            continue  # without the bytes of open data a chart may hold no row at all
        data = spec.find_parent("figure")
        if data is None or data.find_next_sibling("details", class_="chart-data") is None:
            yield "a chart has no table of its data"


def _links(path: Path, soup: BeautifulSoup, pages: dict[Path, BeautifulSoup]) -> Iterator[str]:
    for anchor in soup.find_all("a", href=True):
        target = urlparse(str(anchor["href"]))
        if target.scheme or target.netloc:
            continue
        place = (path.parent / unquote(target.path)).resolve() if target.path else path
        if not place.exists():
            yield f"a link leads nowhere: {anchor['href']}"
        elif target.fragment and place in pages:
            name = unquote(target.fragment)
            if not pages[place].find(id=name) and not pages[place].find(attrs={"name": name}):
                yield f"a link leads to a place that is not there: {anchor['href']}"
