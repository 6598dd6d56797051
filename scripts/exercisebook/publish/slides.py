"""Slides of the chapters, from the cells that are tagged for them; reveal.js shows them.

A cell tagged ``slide`` is a slide: a chart, a table, or prose. Prose tagged ``notes`` (and
``remove-cell``, so that no page of the book shows it) is what the speaker sees beside the slide
before it. Numbers are those of the executed chapter. What a chapter's cells hold is made into one
page of plain MyST, which ``sphinx_revealjs`` renders.
"""

import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import ascii_uppercase
from typing import Any

import nbformat
import vl_convert
import yaml
from nbformat import NotebookNode

from exercisebook.cohort.package import refuse_occupied
from exercisebook.errors import Failure, Misuse
from exercisebook.figures.theme import MIME
from exercisebook.paths import BUILD, ROOT
from exercisebook.publish.checks import check_site
from exercisebook.publish.execute import execute_chapter, outputs_onto
from exercisebook.publish.manifest import write_manifest
from exercisebook.publish.notebooks import (
    chapter_slugs,
    find_chapter,
    notebook_slugs,
    read_chapter,
    tags_of,
)
from exercisebook.publish.plan import ONE_THREAD, Plan, make_plan
from exercisebook.publish.provenance import build_date, build_epoch, commit
from exercisebook.publish.quiz_form import options_of
from exercisebook.publish.sphinx_extension.charts import static_spec, svg_size
from exercisebook.publish.tags import NOTES, SLIDE

MARK = "slides.json"
"""File that tells that a folder holds slides, and may be replaced."""

WIDTH, HEIGHT = 1280, 720
"""Pixels of a slide."""

_CHART_WIDTH = 800
_ENLARGED = 1.5
"""Times a chart is enlarged, so that its words of 12 pixels are of 18."""

DENSITY = 1.5 * _ENLARGED
"""Dots of a picture for each pixel of its chart, as a screen 1920 pixels wide shows them."""

_ROOM = 560
"""Pixels below a slide's heading, for a chart and its caption."""

_SMALLEST = 12
"""Pixels of a chart's words before it is enlarged."""

_LONGER = 1.4

_LOWEST_CHART, _MOST_STRETCHED = 90, 1.6
_CAPTION_LINE, _CAPTION_LETTERS = 28, 104

_KEPT = {"dist/reveal.css", "dist/reveal.js", "plugin/notes/notes.js", "LICENSE"}
"""Files of reveal.js that slides need; the others would ask the network for fonts."""

_HEADING = re.compile(r"^#{1,6} (?P<title>.+?)\s*$", re.MULTILINE)
_QUESTION = re.compile(r"^\*\*.+\?\*\*$", re.MULTILINE)
_GLUED = re.compile(r"^```\{glue:md\} (?P<name>\w+)\n(?:.*\n)*?```$", re.MULTILINE)
_QUIZ = re.compile(r"^```\{quiz\} (?P<title>.+)\n(?P<body>(?:.*\n)*?)```$", re.MULTILINE)
_ROLE = re.compile(r"\{(?:term|ref|numref|doc)\}`(?P<words>[^`<]+?)(?:\s*<[^`>]*>)?`")
_HIDDEN = re.compile(r"\s*\{objective\}`[^`]*`")
_CITED = re.compile(r"\s*\{footcite\}`[^`]*`")
_SOURCES = "## References\n\n```{footbibliography}\n```"
_LINK = re.compile(r"\[(?P<words>[^\]]*)\]\(#(?P<label>[\w-]+)\)")
_LABEL = re.compile(r"^\((?P<label>[\w-]+)\)=\s*\n#+ (?P<title>.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Slide:
    """A slide: its heading, its content as MyST, and what the speaker is told.

    Attributes
    ----------
    heading : str
        One line of MyST.
    body : str
        What is shown below it.
    notes : list of str
        Paragraphs of MyST.
    """

    heading: str
    body: str
    notes: list[str] = field(default_factory=list)


def make_slides(
    chapters: list[str], out: Path, tell: Callable[[str], None], root: Path = ROOT
) -> Path:
    """Write slides of chapters into a folder and return their first page.

    Parameters
    ----------
    chapters : list of str
        ``02`` or names; all chapters without any.
    out : Path
        The folder: a new or empty one, or one that holds slides, which are replaced.
    tell : callable
        Where a chapter is named that has to be run first.
    root : Path
        The checkout.

    Raises
    ------
    Misuse
        If there is no such chapter, one has no slides, or the folder holds anything else.
    Failure
        If a chapter cannot be run, or the slides not be made; the folder is then as it was.
    """
    wanted = {find_chapter(name, root) for name in chapters} or set(chapter_slugs(root))
    slugs = [slug for slug in notebook_slugs(root) if slug in wanted]
    bare = [slug for slug in slugs if not has_slides(read_chapter(slug, root))]
    if bare:
        raise Misuse(f"no cell is tagged {SLIDE!r} in {', '.join(bare)}; nothing was written")
    refuse_folder(out.resolve())
    plan = make_plan(slugs, {}, BUILD, report=False, root=root)
    _run_missing(plan, tell)
    return write_slides(plan, out.resolve())


def has_slides(notebook: NotebookNode) -> bool:
    """Return whether any cell of a notebook is tagged for a slide."""
    return any(SLIDE in tags_of(cell) for cell in notebook.cells)


def refuse_folder(out: Path) -> None:
    """Raise Misuse for a folder that slides may not take."""
    if out in (BUILD, ROOT) or out in BUILD.parents:
        raise Misuse(f"{out} is the book's own; name another folder, nothing was written")
    if not (out / MARK).is_file():
        refuse_occupied(out)


def _run_missing(plan: Plan, tell: Callable[[str], None]) -> None:
    """Run the chapters of a plan whose outputs are not kept, as a build would."""
    missing = [chapter for chapter in plan.chapters if not chapter.executed.exists()]
    if missing:
        os.environ.update(ONE_THREAD, PYTHONHASHSEED="0")
    for chapter in missing:
        tell(f"{chapter.slug} has changed since it was run; running it")
        execute_chapter(chapter, plan.root)


def write_slides(plan: Plan, out: Path) -> Path:
    """Render slides of a plan whose chapters have been executed, and put them in a folder."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".slides-", dir=out.parent) as place:
        staged, html = Path(place) / "stage", Path(place) / "html"
        stage_slides(plan, staged)
        _render(plan, staged, html)
        told = {"commit": commit(plan.root), "date": build_date(plan.root)}
        told["chapters"] = ", ".join(chapter.slug for chapter in plan.chapters)
        (html / MARK).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
        write_manifest(html)
        problems = check_site(html, staged)
        if problems:
            raise Failure("the slides do not pass their checks:\n" + "\n".join(problems))
        if out.exists():
            out.rename(Path(place) / "old")
        html.rename(out)
    return out / "index.html"


def stage_slides(plan: Plan, folder: Path) -> None:
    """Write what Sphinx makes slides of: a page a chapter, their list, pictures, settings."""
    folder.mkdir(parents=True)
    titles = labelled(plan.root)
    names = {}
    for chapter in plan.chapters:
        executed = nbformat.read(chapter.executed, as_version=4)
        notebook = outputs_onto(read_chapter(chapter.slug, plan.root), executed)
        text = deck(notebook, folder, chapter.slug, titles)
        (folder / f"{chapter.slug}.md").write_text(text, encoding="utf-8")
        names[chapter.slug] = text.splitlines()[0].removeprefix("# ")
    (folder / "index.md").write_text(_list(names), encoding="utf-8")
    shutil.copyfile(plan.root / "book" / "references.bib", folder / "references.bib")
    contents = {"root": "index", "parts": [{"chapters": [{"file": name} for name in names]}]}
    (folder / "_toc.yml").write_text(yaml.safe_dump(contents), encoding="utf-8")
    (folder / "conf.py").write_text(_settings(), encoding="utf-8")


def labelled(root: Path) -> dict[str, str]:
    """Return every labelled heading of the book, to which no slide can lead."""
    pages = [*(root / "book").glob("*.md"), *(root / "notebooks").rglob("*.md")]
    found = (_LABEL.finditer(page.read_text(encoding="utf-8")) for page in pages)
    return {match["label"]: match["title"] for matches in found for match in matches}


def _list(names: Mapping[str, str]) -> str:
    lines = [f"- [{title}]({slug}.md)" for slug, title in names.items()]
    keys = "Arrows turn the slides; *s* opens the notes, *f* fills the screen, *o* shows all."
    contents = ["```{toctree}", ":hidden:", *names, "```"]
    return "\n".join(["# Slides", "", *lines, "", keys, "", *contents, ""])


def _settings() -> str:
    """Return Sphinx's settings for slides."""
    reveal = {
        "width": WIDTH, "height": HEIGHT, "margin": 0, "center": False, "hash": True,
        "slideNumber": "c", "transition": "none", "controlsTutorial": False,
    }  # fmt: skip
    settings: dict[str, Any] = {
        "project": "The Exercise Book",
        "language": "en",
        "extensions": [
            "myst_parser", "sphinxcontrib.bibtex", "sphinx_revealjs",
            "exercisebook.publish.sphinx_extension.slides",
        ],
        "myst_enable_extensions": ["colon_fence", "dollarmath", "deflist", "attrs_inline"],
        "myst_footnote_transition": False,
        "html_math_renderer": "mathml",
        "html_copy_source": False,
        "html_use_index": False,
        "bibtex_bibfiles": ["references.bib"],
        "bibtex_reference_style": "author_year",
        "suppress_warnings": ["myst.footnote"],
        "revealjs_html_theme": "revealjs-simple",
        "revealjs_style_theme": "slides.css",
        "revealjs_script_conf": reveal,
        "revealjs_script_plugins": [
            {"src": "revealjs/plugin/notes/notes.js", "name": "RevealNotes"}
        ],
    }  # fmt: skip
    return "".join(f"{name} = {value!r}\n" for name, value in settings.items())


def deck(notebook: NotebookNode, folder: Path, slug: str, titles: Mapping[str, str]) -> str:
    """Return the slides of an executed chapter as one page of MyST.

    Parameters
    ----------
    notebook : NotebookNode
        With its outputs.
    folder : Path
        Where its charts are written as pictures, beside the page.
    slug : str
        Name of the page.
    titles : mapping of str to str
        Titles of what links lead to in the book; they become plain words here.
    """
    first, *others = slides_of(notebook, folder, slug)
    parts = [f"# {first.heading}", first.body, _told(first.notes)]
    for slide in others:
        parts += [f"## {slide.heading}", slide.body, _told(slide.notes)]
    if any(_CITED.search(part) for part in parts):
        parts.append(_SOURCES)
    return plain("\n\n".join(part for part in parts if part), titles) + "\n"


def _told(notes: list[str]) -> str:
    # notes are shown as plain text, and cannot point at a list of works
    told = _CITED.sub("", "\n\n".join(notes))
    return f"```{{revealjs-notes}}\n{told}\n```" if notes else ""


def slides_of(notebook: NotebookNode, folder: Path, slug: str) -> list[Slide]:
    """Return the slides of an executed chapter; the first is its title and its question."""
    glued = glued_texts(notebook)
    found, heading = [_title(notebook.cells[0].source)], ""
    for cell in notebook.cells:
        tags = tags_of(cell)
        text = pasted(cell.source, glued) if cell.cell_type == "markdown" else ""
        if NOTES in tags:
            found[-1].notes.append(text)
            continue
        headings = [match["title"] for match in _HEADING.finditer(_unfenced(text))]
        if SLIDE in tags:
            given = str(cell.metadata.get("heading", "")) or (headings or [heading])[0]
            if cell.cell_type == "markdown":
                found.append(_of_prose(text, given))
            else:
                found.append(Slide(given, _shown(cell, folder, f"{slug}-{len(found):02d}")))
        heading = headings[-1] if headings else heading
    return found


def _title(text: str) -> Slide:
    """Return the first slide of a chapter, from its first cell."""
    title, question = _HEADING.search(text), _QUESTION.search(text)
    if title is None:
        raise ValueError("a chapter begins with its title")
    return Slide(title["title"], question[0] if question else "")


def _of_prose(text: str, heading: str) -> Slide:
    """Return the slide of some prose; a quiz item becomes its question, and notes with its key."""
    quiz = _QUIZ.search(text)
    if quiz is None:
        return Slide(heading, _HEADING.sub("", text, count=1).strip())
    body = [line for line in quiz["body"].splitlines() if not re.match(r":\w+: ", line)]
    stem, options = options_of(body)
    shown = [*stem, "", *(f"{n}. {option.text}" for n, option in enumerate(options, start=1))]
    key = [
        f"Right is {letter}: {option.text} {' '.join(option.feedback)}"
        for letter, option in zip(ascii_uppercase, options, strict=False)
        if option.right
    ]
    return Slide(quiz["title"], "\n".join(shown), key)


def _unfenced(text: str) -> str:
    """Return text without what stands in fences, where a line may begin as a heading does."""
    return re.sub(r"^(`{3,}).*?^\1$", "", text, flags=re.DOTALL | re.MULTILINE)


def glued_texts(notebook: NotebookNode) -> dict[str, str]:
    """Return the sentences that a chapter's code handed to its page, by name."""
    found = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            name = output.get("metadata", {}).get("scrapbook", {}).get("name")
            for mime, text in output.get("data", {}).items():
                if name and mime.endswith("text/markdown"):
                    found[name] = "".join(text)
    return found


def pasted(text: str, glued: Mapping[str, str]) -> str:
    """Return prose with its sentences in the places that name them."""
    return _GLUED.sub(lambda match: glued[match["name"]], text)


def plain(text: str, titles: Mapping[str, str]) -> str:
    """Return MyST without what leads to pages that no slide has.

    Parameters
    ----------
    text : str
        As MyST.
    titles : mapping of str to str
        Titles of labelled headings, which stand where a link has no words of its own.

    Raises
    ------
    Failure
        If such a link leads to anything else.
    """
    text = _ROLE.sub(lambda match: match["words"].strip(), _HIDDEN.sub("", text))
    unknown = [m["label"] for m in _LINK.finditer(text) if not (m["words"] or m["label"] in titles)]
    if unknown:
        raise Failure(f"a slide names {', '.join(unknown)} by its label alone; give the link words")
    return _LINK.sub(lambda match: match["words"] or titles[match["label"]], text)


def _shown(cell: NotebookNode, folder: Path, name: str) -> str:
    """Return what a cell of code shows as MyST: its chart as a picture, or its table."""
    for output in cell.outputs:
        data = output.get("data", {})
        if MIME in data:
            return _figure(data[MIME], folder, name)
        if "text/html" in data:
            return "```{raw} html\n" + "".join(data["text/html"]) + "\n```"
    raise Failure(f"{name}: a cell tagged {SLIDE!r} shows no chart and no table: {cell.source}")


def _figure(spec: dict[str, Any], folder: Path, name: str) -> str:
    caption = spec.get("usermeta", {}).get("caption", "")
    lines = math.ceil(len(caption) / _CAPTION_LETTERS)
    svg = picture(spec, (_ROOM - lines * _CAPTION_LINE) / _ENLARGED)
    # a browser may lack the font by which the converter measured, and cut what is wider
    drawn = vl_convert.svg_to_png(svg, scale=DENSITY)
    (folder / f"{name}.png").write_bytes(drawn)
    width, height = svg_size(svg)
    alternative = " ".join(spec.get("description", "").split())
    return "\n".join(
        [
            f"```{{figure}} {name}.png",
            f":alt: {alternative}",
            f":width: {width * _ENLARGED:.0f}px",
            f":height: {height * _ENLARGED:.0f}px",
            "",
            caption,
            "```",
        ]
    )


def picture(spec: dict[str, Any], highest: float) -> str:
    """Return a chart as SVG in the width of a slide, as high as fits below ``highest`` pixels.

    Both are in pixels before the chart is enlarged. What stands around its panel keeps its
    size, so it is the panel that is made lower, or higher up to a limit.

    Raises
    ------
    Failure
        If the chart has no height of its own, or what stands around its panel leaves no room.
    """
    given = {**readable(static_spec(spec)), "width": _CHART_WIDTH}
    panel = given.get("height")
    if not isinstance(panel, int | float):
        raise Failure("a chart without a height of its own cannot be fitted to a slide")
    around = svg_size(vl_convert.vegalite_to_svg(given))[1] - panel
    room = highest - around
    if room < _LOWEST_CHART:
        raise Failure("what stands around a chart leaves no room for it on a slide")
    fitted = min(room, max(panel * _MOST_STRETCHED, _LOWEST_CHART))
    return str(vl_convert.vegalite_to_svg({**given, "height": math.floor(fitted)}))


def readable(part: Any) -> Any:
    """Return a part of a chart in which no words are smaller than a slide can show."""
    if isinstance(part, list):
        return [readable(one) for one in part]
    if not isinstance(part, dict):
        return part
    kept = {name: value for name, value in part.items() if name in ("datasets", "usermeta")}
    made = {name: readable(value) for name, value in part.items() if name not in kept}
    for name, value in made.items():
        if name.lower().endswith("fontsize") and isinstance(value, int | float):
            made[name] = max(value, _SMALLEST)
        elif name == "labelLimit":
            # larger words are longer ones
            made[name] = value * _LONGER
    return {**kept, **made}


def _render(plan: Plan, staged: Path, html: Path) -> None:
    """Run Sphinx with warnings as errors, and keep of reveal.js what slides need."""
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(build_epoch(plan.root)), "TZ": "UTC"}
    words = ["-b", "revealjs", "-W", "-n", "--keep-going", "-q", "-d", str(staged / "_doctrees")]
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *words, str(staged), str(html)],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    if done.returncode or not (html / "index.html").exists():
        told = (done.stdout + done.stderr).replace(str(staged) + "/", "")
        raise Failure(f"Sphinx would not render the slides:\n{told[-4000:]}")
    shutil.rmtree(staged / "_doctrees")
    for left in (".buildinfo", "objects.inv"):
        (html / left).unlink(missing_ok=True)
    reveal = html / "_static" / "revealjs"
    for path in sorted(reveal.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
        elif path.is_file() and path.relative_to(reveal).as_posix() not in _KEPT:
            path.unlink()
