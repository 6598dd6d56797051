"""What a page loads: one stylesheet of the rules that this book uses, and scripts that wait.

The theme's stylesheets, of which most is for other sites, are made into one when the pages are
there to be looked at. Which scripts a page asks for is decided page by page.
"""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from docutils import nodes
from sphinx.application import Sphinx

from exercisebook.publish.sphinx_extension.told import told_provenance

TEMPLATES = Path(__file__).with_name("templates")
ICONS = Path(__file__).with_name("icons")
BOOK_CSS = "book.css"
SHARED = (
    "basic.css",
    "styles/pydata-sphinx-theme.css",
    "pygments.css",
    "styles/sphinx-book-theme.css",
    "togglebutton.css",
    "copybutton.css",
    "mystnb.*.css",
    "exercise.css",
    "sphinx-design.min.css",
    "exercisebook.css",
)
"""Stylesheets of the one that all pages load, in the order in which a later rule wins."""

UNUSED_CSS = ("styles/theme.css", "sphinx-thebe.css")
UNWANTED = ("thebe", "DOCUMENTATION_OPTIONS.pagename")
"""Scripts that Jupyter Book always adds and this book never uses."""

HEAVY = ("scripts/fontawesome.js", "scripts/fontawesome.js.map", "vendor/fontawesome")
"""Files of the theme that no page asks for."""

AT_ONCE = "search"
"""The page whose own scripts need the others before them."""

_SELECTORS = re.compile(r",(?![^(\[]*[)\]])")
# what need not be there, or only one of several
_ASIDE = re.compile(r":(?:not|is|where|has)\([^)]*\)|\[[^\]]*\]")
_NAME = re.compile(r"[.#]([A-Za-z_][\w-]*)")
_PLAIN = " =:/,.()-"
_WORD = re.compile(r"[\w-]+")


def used_rules(css: str, words: set[str]) -> str:
    """Return a stylesheet without rules for classes and ids that occur nowhere.

    Parameters
    ----------
    css : str
        Without fonts of its own: ``@font-face`` is dropped.
    words : set of str
        All that pages and scripts hold; a class that a script makes up from parts must be there.
    """
    kept = []
    for head, body in _rules(re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)):
        if body is None or head.startswith(("@keyframes", "@page")):
            kept.append(head if body is None else f"{head}{{{body}}}")
        elif head.startswith(("@media", "@supports")):
            inner = used_rules(body, words)
            kept += [f"{head}{{{inner}}}"] if inner else []
        elif not head.startswith("@"):
            own = [one.strip() for one in _SELECTORS.split(head) if _occurs(one, words)]
            kept += [f"{','.join(own)}{{{body}}}"] if own else []
    return "\n".join(kept)


def _rules(css: str) -> Iterator[tuple[str, str | None]]:
    """Yield head and body of each rule of the outermost level; of a statement, no body."""
    at = 0
    while (opens := css.find("{", at)) >= 0:
        ends = css.find(";", at, opens)
        if ends >= 0:
            yield css[at : ends + 1].strip(), None
            at = ends + 1
            continue
        depth, here = 1, opens + 1
        while depth:
            depth += {"{": 1, "}": -1}.get(css[here], 0)
            here += 1
        yield css[at:opens].strip(), css[opens + 1 : here - 1].strip()
        at = here


def _occurs(selector: str, words: set[str]) -> bool:
    return all(name in words for name in _NAME.findall(_ASIDE.sub("", selector)))


def words_of(site: Path) -> set[str]:
    """Return every word of a site's pages and of its small scripts."""
    words: set[str] = set()
    scripts = [p for p in site.glob("_static/**/*.js") if p.name != "vega-bundle.js"]
    for path in [*site.rglob("*.html"), *scripts]:
        words.update(_WORD.findall(path.read_text(encoding="utf-8")))
    return words


def _write_css(app: Sphinx, error: Exception | None) -> None:
    """Write the one stylesheet, and drop what no page asks for any more."""
    if error is not None or app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    for name in HEAVY:
        place = static / name
        shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)
    parts = [path for name in SHARED for path in sorted(static.glob(name))]
    css = "\n".join(path.read_text(encoding="utf-8") for path in parts)
    css = re.sub(r'@charset "[^"]*";', "", css)
    kept = used_rules(css, words_of(Path(app.outdir)))
    (static / BOOK_CSS).write_text(f"{icon_variables()}\n{kept}\n", encoding="utf-8")


def icon_variables() -> str:
    """Return a rule that holds every icon under its name, as a picture within the stylesheet."""
    pictures = {path.stem: path.read_text().strip() for path in sorted(ICONS.glob("*.svg"))}
    told = (
        f'--icon-{name}:url("data:image/svg+xml,{quote(picture, safe=_PLAIN)}")'
        for name, picture in pictures.items()
    )
    return f":root{{{';'.join(told)}}}"


def _lighten(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Leave a page the stylesheets that are its own, and scripts that wait for its text."""
    context["book_version"] = told_provenance()["commit"][:8]
    context["css_files"] = [
        css
        for css in context.get("css_files", [])
        if not any(Path(_file(css)).match(f"_static/{n}") for n in (*SHARED, *UNUSED_CSS))
    ]
    context["script_files"] = [
        script if page == AT_ONCE else _waiting(script)
        for script in context.get("script_files", [])
        if not any(word in _told(script) for word in UNWANTED)
    ]


def _waiting(script: Any) -> Any:
    """Return a script that runs once the page is read; one without a file, as it is."""
    if not _file(script).startswith("_static/"):
        return script
    given = {**script.attributes, "defer": "defer"}
    return type(script)(script.filename, priority=script.priority, **given)


def _file(asset: Any) -> str:
    return str(getattr(asset, "filename", asset) or "").partition("?")[0]


def _told(script: Any) -> str:
    return _file(script) + str(getattr(script, "attributes", {}).get("body", ""))


def _use_templates(app: Sphinx, config: Any) -> None:
    config.templates_path = [*config.templates_path, str(TEMPLATES)]


def setup(app: Sphinx) -> None:
    """Connect the parts; pages are lightened after all others have had their say."""
    app.connect("config-inited", _use_templates)
    app.connect("html-page-context", _lighten, priority=950)
    app.connect("build-finished", _write_css, priority=900)
