"""The notebooks of the book, chapters and appendices: which there are, and their cells."""

import re
from pathlib import Path

import jupytext
import nbformat
import yaml
from nbformat import NotebookNode

from exercisebook.errors import Misuse, closest
from exercisebook.paths import ROOT, notebook_file

_NOTEBOOK = re.compile(r"notebooks/(?:appendix/)?(?P<slug>(?:\d\d|A\d)_\w+)$")

EXECUTION_TAGS = {"parameters", "raises-exception", "skip-execution"}
"""Tags that change what runs; all others are presentation."""


def table_of_contents(root: Path = ROOT) -> dict[str, object]:
    """Return ``_toc.yml``."""
    return dict(yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8")))


def files_of(toc: dict[str, object]) -> list[str]:
    """Return every file a table of contents names, in order, without its ending."""
    files = [str(toc["root"])]
    for part in toc["parts"]:  # type: ignore[attr-defined]
        files += [str(entry["file"]) for entry in part["chapters"]]
    return files


def notebook_slugs(root: Path = ROOT) -> list[str]:
    """Return the slugs of all notebooks in the table of contents, in order."""
    matches = (_NOTEBOOK.match(name) for name in files_of(table_of_contents(root)))
    return [match["slug"] for match in matches if match]


def chapter_slugs(root: Path = ROOT) -> list[str]:
    """Return the slugs of the numbered chapters, which may be run on a cohort, in order."""
    return [slug for slug in notebook_slugs(root) if is_chapter(slug)]


def is_chapter(slug: str) -> bool:
    """Return whether a notebook is a numbered chapter, and no appendix."""
    return slug[:2].isdigit()


def module_name(slug: str) -> str:
    """Return the module of a notebook in ``exercisebook.chapters``: ``ch01``, ``a1``."""
    return f"ch{slug[:2]}" if is_chapter(slug) else slug[:2].lower()


def find_chapter(name: str, root: Path = ROOT) -> str:
    """Return the slug that ``02``, ``A1`` or a slug stands for; Misuse where there is none."""
    slugs = notebook_slugs(root)
    for slug in slugs:
        number = slug[:2].lstrip("0")
        if name in (slug, slug[:2], number, number.lower(), slug[3:], slug[3:].replace("_", "-")):
            return slug
    raise Misuse(f"no chapter {name!r}; {closest(name, slugs)}")


def read_chapter(slug: str, root: Path = ROOT) -> NotebookNode:
    """Return a notebook of the book, its cell ids depending on their place alone."""
    notebook = jupytext.read(notebook_file(slug, root / "notebooks"))
    for place, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{place:03d}"
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "language_info": {"name": "python"},
        }
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def tags_of(cell: NotebookNode) -> list[str]:
    """Return a cell's tags."""
    return list(cell.metadata.get("tags", []))


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """Return a notebook's code cells in order."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]
