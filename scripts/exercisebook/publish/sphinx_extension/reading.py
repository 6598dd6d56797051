"""What helps a reader beside the text: citing a page, its notebook, the index, old addresses."""

import csv
import html
import posixpath
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from sphinx.application import Sphinx

from exercisebook.paths import ROOT
from exercisebook.publish.sphinx_extension.told import told_provenance

CITATION = ROOT / "CITATION.cff"
ADDRESSES = "book/addresses.csv"
"""Every address that a page of a published site has had, and where it is now if not there."""

MOVED = Path(__file__).with_name("templates") / "moved.html"


@cache
def citation() -> dict[str, Any]:
    """Return what the book's ``CITATION.cff`` says."""
    return dict(yaml.safe_load(CITATION.read_text(encoding="utf-8")))


def cited_as_text(title: str | None, commit: str) -> str:
    """Return the citation of a page, or of the book where no title is given, as a sentence."""
    told = citation()
    part = f"{title}. In: " if title else ""
    return (
        f"{_authors(told)} ({_year(told)}). {part}{told['title']}. "
        f"Version {told['version']}, commit {commit}."
    )


def cited_as_bibtex(title: str | None, page: str, commit: str) -> str:
    """Return the citation of a page, or of the book where no title is given, as BibTeX."""
    told = citation()
    place = page.rpartition("/")[2].replace("_", "-")
    fields = {
        "author": "{" + _authors(told) + "}",
        "title": title or told["title"],
        **({"booktitle": told["title"]} if title else {}),
        "year": _year(told),
        "note": f"Version {told['version']}, commit {commit}",
    }
    kind, key = ("incollection", f"exercisebook-{place}") if title else ("book", "exercisebook")
    lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
    return f"@{kind}{{{key},\n{lines}\n}}"


def _authors(told: dict[str, Any]) -> str:
    return " and ".join(
        author.get("name") or f"{author['family-names']}, {author['given-names']}"
        for author in told["authors"]
    )


def _year(told: dict[str, Any]) -> str:
    return str(told["date-released"])[:4]


def citation_html(title: str | None, page: str, commit: str) -> str:
    """Return the part of a page that says how to cite it; its parts can be copied whole."""
    parts = {
        "As text": cited_as_text(title, commit),
        "As BibTeX": cited_as_bibtex(title, page, commit),
    }
    told = "".join(
        f'<p>{words}</p><div class="highlight-text notranslate"><div class="highlight">'
        f"<pre>{html.escape(text, quote=False)}</pre></div></div>"
        for words, text in parts.items()
    )
    return (
        f'<details><summary>Cite this page</summary><div id="cite-this-page">{told}</div></details>'
    )


def _tools(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Add the citation and the notebook to the end of a page's text."""
    context["has_citation"] = doctree is not None
    if doctree is None:
        return
    own = None if page == app.config.root_doc else nodes.Text(context["title"]).astext()
    title = None if own is None else html.unescape(_plain(own))
    tools = citation_html(title, page, told_provenance()["commit"][:12])
    source = context.get("sourcename", "")
    if source.endswith(".ipynb"):
        place = html.escape(context["pathto"](f"_sources/{source}", 1))
        tools += f'<p><a href="{place}" download>Download this page as a notebook</a></p>'
    context["body"] += f'<div class="page-tools">{tools}</div>'


def _plain(title: str) -> str:
    """Return a title without markup."""
    parts = title.split("<")
    return parts[0] + "".join(part.partition(">")[2] for part in parts[1:])


def addresses(book: Path) -> dict[str, str]:
    """Return every address that a page has had, with the one it has now.

    Parameters
    ----------
    book : Path
        The checkout, or the staged book.
    """
    with (book / ADDRESSES).open(encoding="utf-8", newline="") as lines:
        return {row["address"]: row["now"] or row["address"] for row in csv.DictReader(lines)}


def _write_moved(app: Sphinx, error: Exception | None) -> None:
    """Lay a page that leads on wherever one has been; a report lacks some it could lead to."""
    if error is not None or app.builder.format != "html":
        return
    out, moved = Path(app.outdir), MOVED.read_text(encoding="utf-8")
    for old, now in addresses(Path(app.srcdir)).items():
        if old != now and (out / now).exists():
            to = html.escape(posixpath.relpath(now, posixpath.dirname(old) or "."))
            (out / old).parent.mkdir(parents=True, exist_ok=True)
            (out / old).write_text(moved.format(to=to), encoding="utf-8")


def _choose_parts(app: Sphinx, config: Any) -> None:
    """Put the link to the citation beside the theme's buttons, and the index below its contents."""
    config.html_theme_options = {
        **config.html_theme_options,
        "article_header_end": ["cite-link.html", "article-header-buttons.html"],
        "primary_sidebar_end": ["index-link.html"],
    }


def setup(app: Sphinx) -> None:
    """Connect the parts; the foot of a page comes after its tools."""
    app.add_js_file("reading.js", loading_method="defer")
    app.connect("config-inited", _choose_parts)
    app.connect("html-page-context", _tools, priority=400)
    app.connect("build-finished", _write_moved)
