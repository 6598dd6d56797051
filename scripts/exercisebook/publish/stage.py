"""The staged book: the sources as Jupyter Book renders them, with outputs in place.

It differs from the checkout in four ways: chapters are executed notebooks, nothing is executed
again, the ledger lies beside them, and a report's table of contents lists its chapters alone,
without the pages on the ledger and the tour, which are of the whole book. A report has a first
page of its own, and tells nowhere on which path a brought cohort lies.
"""

import html
import json
import re
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import nbformat
import yaml
from nbformat import NotebookNode

from exercisebook.paths import notebook_file
from exercisebook.publish.execute import outputs_onto
from exercisebook.publish.first_page import first_page, plain
from exercisebook.publish.ledger import PAGE, has_ledger, ledger_folder
from exercisebook.publish.notebooks import (
    notebook_slugs,
    read_chapter,
    table_of_contents,
    tags_of,
)
from exercisebook.publish.plan import ChapterPlan, Plan
from exercisebook.publish.provenance import (
    brought,
    brought_folder,
    described,
    provenance,
    shown,
)

_LABELLED = re.compile(r"^\((?P<label>[\w-]+)\)=\s*\n#+ (?P<title>.+)$", re.MULTILINE)
_LINK = re.compile(r"\[(?P<words>[^\]]*)\]\(#(?P<label>[\w-]+)\)")

ONLY_DEFAULT = "only-default"
TOUR = "book/tour"
"""The page that leads through the figures of the whole book."""
PROVENANCE = "provenance.json"
LEDGER = "ledger"


def stage(plan: Plan, folder: Path) -> None:
    """Write the staged book into an empty folder.

    Parameters
    ----------
    plan : Plan
        Its chapters must have been executed.
    folder : Path
        Must not exist.
    """
    shutil.copytree(plan.root / "book", folder / "book")
    if has_ledger(plan):
        shutil.copytree(ledger_folder(plan), folder / LEDGER)
    for name in _whole_book_only(plan):
        (folder / f"{name}.md").unlink(missing_ok=True)
    if plan.report:
        _write_first_page(plan, folder)
    omitted = omitted_labels(plan)
    for page in (folder / "book").glob("*.md"):
        text = page.read_text(encoding="utf-8")
        page.write_text(without_links(text, omitted), encoding="utf-8")
    for chapter in plan.chapters:
        place = notebook_file(chapter.slug, folder / "notebooks").with_suffix(".ipynb")
        place.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(without_path(_staged(chapter, plan.root, omitted), plan), place)
    (folder / "_toc.yml").write_text(yaml.safe_dump(_toc(plan), sort_keys=False), encoding="utf-8")
    config = (plan.root / "_config.yml").read_text(encoding="utf-8")
    (folder / "_config.yml").write_text(without_execution(config), encoding="utf-8")
    told = json.dumps(provenance(plan), indent=2, sort_keys=True)
    (folder / PROVENANCE).write_text(told + "\n", encoding="utf-8")


def _write_first_page(plan: Plan, folder: Path) -> None:
    told = brought_folder(plan) / "cohort.json"
    about = None if brought(plan) is None else json.loads(told.read_text(encoding="utf-8"))
    labels = [
        next(iter(_labels_in(notebook_file(chapter.slug, plan.root / "notebooks"))))
        for chapter in plan.chapters
    ]
    page = folder / f"{table_of_contents(plan.root)['root']}.md"
    page.write_text(first_page(plan, about, labels, again(plan)), encoding="utf-8")


def again(plan: Plan) -> str:
    """Return the command that makes a report again; DIR stands for the folder of its cohort."""
    words = ["exercisebook", "run", *(chapter.slug[:2] for chapter in plan.chapters)]
    given: dict[str, object] = {}
    for chapter in plan.chapters:
        given |= chapter.parameters
    if brought(plan) is not None:
        given.pop("cohort")
        words += ["--cohort", "DIR"]
    for name, value in given.items():
        words += ["-p", shlex.quote(f"{name}={value}")]
    return " ".join(words)


def without_path(notebook: NotebookNode, plan: Plan) -> NotebookNode:
    """Return a notebook in which the path of a brought cohort is its name, wherever it stood."""
    path = brought(plan)
    if path is None:
        return notebook
    name = str(described(path)["name"])
    # as it stands in text, in HTML, in a literal of Python or JSON, and in an address
    literal = path.encode("unicode_escape").decode("ascii").replace('"', '\\"')
    spellings = {path, html.escape(path), html.escape(path, quote=False), literal}
    spellings |= {json.dumps(path)[1:-1], repr(path)[1:-1], quote(path)}
    either = "|".join(map(re.escape, sorted(spellings, key=len, reverse=True)))
    # a short path such as /data may stand within a longer one, or within </data>
    whole = re.compile(rf"(?<![\w/.:<~-])(?:{either})(?![\w-])")

    def told(part: Any) -> Any:
        if isinstance(part, str):
            return whole.sub(lambda _: name, part)
        if isinstance(part, list):
            return [told(one) for one in part]
        if isinstance(part, dict):
            # letters of an image may spell anything
            kept = {k: v if k.startswith("image/") else told(v) for k, v in part.items()}
            return type(part)(kept)
        return part

    return told(notebook)


def without_execution(config: str) -> str:
    """Return the configuration with the one key changed that says whether to execute."""
    changed, times = re.subn(
        r"^(\s*execute_notebooks\s*:\s*)\S+", r'\g<1>"off"', config, flags=re.MULTILINE
    )
    if times != 1:
        raise ValueError("_config.yml must set execute_notebooks once")
    return changed


def omitted_labels(plan: Plan) -> dict[str, str]:
    """Return the labelled headings of pages that a report leaves out, with their titles."""
    shown = {chapter.slug for chapter in plan.chapters}
    labels: dict[str, str] = {}
    for slug in notebook_slugs(plan.root):
        if slug not in shown:
            labels |= _labels_in(notebook_file(slug, plan.root / "notebooks"))
    for page in _whole_book_only(plan):
        if (plan.root / f"{page}.md").exists():
            labels |= _labels_in(plan.root / f"{page}.md")
    return labels


def _whole_book_only(plan: Plan) -> list[str]:
    """Return the pages that a plan leaves out, since they are of the whole book."""
    return [PAGE] * (not has_ledger(plan)) + [TOUR] * plan.report


def _labels_in(page: Path) -> dict[str, str]:
    text = page.read_text(encoding="utf-8")
    return {match["label"]: match["title"] for match in _LABELLED.finditer(text)}


def without_links(text: str, omitted: Mapping[str, str]) -> str:
    """Return MyST text in which links to omitted headings are plain words."""

    def plain(link: re.Match[str]) -> str:
        if link["label"] not in omitted:
            return link[0]
        return link["words"] or omitted[link["label"]]

    return _LINK.sub(plain, text)


def _staged(chapter: ChapterPlan, root: Path, omitted: Mapping[str, str]) -> NotebookNode:
    executed = nbformat.read(chapter.executed, as_version=4)
    notebook = outputs_onto(read_chapter(chapter.slug, root), executed)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = without_links(cell.source, omitted)
        for output in cell.get("outputs", []):
            for mime, told in output.get("data", {}).items():
                # sentences are glued as Markdown, and may link as the prose does
                if mime.endswith("text/markdown"):
                    output["data"][mime] = without_links(told, omitted)
    if chapter.parameters:
        notebook.cells = [c for c in notebook.cells if ONLY_DEFAULT not in tags_of(c)]
        notebook.cells[0].source = _below_title(notebook.cells[0].source, _banner(chapter))
    return notebook


def _below_title(page: str, told: str) -> str:
    head, title, rest = page.partition(next(t for t in page.splitlines() if t.startswith("# ")))
    return f"{head}{title}\n\n{told}\n{rest}"


def _banner(chapter: ChapterPlan) -> str:
    """Return whose data a page of a report shows, and with which parameters it was run."""
    given = shown(chapter)
    given.pop("cohort", None)
    cohort = chapter.parameters.get("cohort")
    whose = (
        "" if cohort is None else f"**Whose data:** {_whose(str(cohort))}, beside the book's own. "
    )
    told = ", ".join(f"`{name} = {value}`" for name, value in given.items())
    run = f"This page was run with {told}. " if told else ""
    return f":::{{important}}\n{whose}{run}The book itself shows the defaults.\n:::"


def _whose(cohort: str) -> str:
    """Return what a page calls a cohort: an id of the catalogue, or the name in its package."""
    if not Path(cohort).is_absolute():
        return f"the open data set `{cohort}`"
    told = described(cohort)
    kind = "a simulated cohort" if told.get("simulated") else "a cohort"
    return f"“{plain(told['name'])}”, {kind} that was brought to this report"


def _toc(plan: Plan) -> dict[str, Any]:
    places = (notebook_file(chapter.slug, Path("notebooks")) for chapter in plan.chapters)
    shown = {place.with_suffix("").as_posix() for place in places}
    shown |= {page for page in (PAGE, TOUR) if page not in _whole_book_only(plan)}
    toc: dict[str, Any] = table_of_contents(plan.root)
    for part in toc["parts"]:
        if plan.report:
            # a report on chapter 2 would number it 1
            part.pop("numbered", None)
        part["chapters"] = [
            entry
            for entry in part["chapters"]
            if not entry["file"].startswith(("notebooks/", PAGE, TOUR)) or entry["file"] in shown
        ]
    toc["parts"] = [part for part in toc["parts"] if part["chapters"]]
    return toc
