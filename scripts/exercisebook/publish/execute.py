"""Running one chapter with papermill and keeping its outputs under their key.

Called as a program by the Snakefile: ``python -m exercisebook.publish.execute PLAN SLUG``.
"""

import json
import logging
import os
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import papermill
from nbformat import NotebookNode

from exercisebook.cohort.tables import whole_file
from exercisebook.errors import Failure
from exercisebook.publish.events import tell
from exercisebook.publish.notebooks import code_cells, read_chapter, tags_of
from exercisebook.publish.plan import ONE_THREAD, ChapterPlan, read_plan

INJECTED = "injected-parameters"
_CELL_TIMEOUT_S = 600


def execute_chapter(plan: ChapterPlan, root: Path) -> None:
    """Run a chapter and write its executed notebook, whole or not at all.

    Raises
    ------
    Failure
        Naming chapter and cell, if a cell raises; what ran so far is kept beside.
    """
    started = time.monotonic()
    tell(event="started", chapter=plan.slug)
    plan.partial.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        source = Path(place) / f"{plan.slug}.ipynb"
        nbformat.write(read_chapter(plan.slug, root), source)
        try:
            papermill.execute_notebook(
                str(source),
                str(plan.partial),
                parameters=plan.parameters,
                cwd=str(root / "notebooks"),
                kernel_name="python3",
                progress_bar=False,
                execution_timeout=_CELL_TIMEOUT_S,
            )
        except papermill.PapermillExecutionError as error:
            raise Failure(_told(plan, error)) from None
    notebook = nbformat.read(plan.partial, as_version=4)
    with whole_file(plan.executed) as path:
        nbformat.write(without_timing(notebook), path)
    plan.partial.unlink()
    tell(event="done", chapter=plan.slug, seconds=round(time.monotonic() - started, 1))


def without_timing(notebook: NotebookNode) -> NotebookNode:
    """Return the notebook without what differs from run to run: times, paths, durations."""
    notebook.metadata.pop("papermill", None)
    for place, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{place:03d}"
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
        if not cell.metadata.get("tags", [1]):
            del cell.metadata["tags"]
    return notebook


def outputs_onto(source: NotebookNode, executed: NotebookNode) -> NotebookNode:
    """Return today's prose with the outputs of an execution of the same code.

    A cell of injected parameters is carried over behind the cell it overrides.

    Raises
    ------
    ValueError
        If the code cells differ.
    """
    injected = [c for c in code_cells(executed) if INJECTED in tags_of(c)]
    ran = [c for c in code_cells(executed) if INJECTED not in tags_of(c)]
    ours = code_cells(source)
    if [c.source for c in ours] != [c.source for c in ran]:
        raise ValueError("the executed notebook has other code cells than its source")
    for own, done in zip(ours, ran, strict=True):
        own.outputs, own.execution_count = done.outputs, done.execution_count
    for cell in injected:
        cell.metadata["tags"] = [INJECTED]
        cell["id"] = "cell-injected"
        place = next(i for i, c in enumerate(source.cells) if "parameters" in tags_of(c))
        source.cells.insert(place + 1, cell)
    return source


def _told(plan: ChapterPlan, error: papermill.PapermillExecutionError) -> str:
    first = error.source.strip().splitlines()[0] if error.source.strip() else ""
    return (
        f"{plan.slug}, cell [{error.exec_count}] ({first}): {error.ename}: {error.evalue}\n"
        f"what ran so far: {plan.partial}"
    )


def main(arguments: list[str]) -> int:
    """Run the chapter of a plan; return the exit status."""
    plan_path, slug = arguments
    plan = read_plan(Path(plan_path))
    os.environ.update(ONE_THREAD)
    logging.getLogger("papermill").setLevel(logging.ERROR)
    try:
        execute_chapter(plan.chapter(slug), plan.root)
    except Failure as failure:
        tell(event="failed", chapter=slug, message=str(failure))
        print(json.dumps({"failed": slug}), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
