"""Running one chapter with papermill and keeping its outputs under their key.

Called as a program by the Snakefile: ``python -m exercisebook.publish.execute PLAN SLUG``.
"""

import fcntl
import logging
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import nbformat
import papermill
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from exercisebook.cohort.tables import whole_file
from exercisebook.errors import Failure
from exercisebook.publish.events import at_work
from exercisebook.publish.notebooks import code_cells, read_chapter, tags_of
from exercisebook.publish.plan import ONE_THREAD, ChapterPlan, read_plan

INJECTED = "injected-parameters"
_CELL_TIMEOUT_S = 600


def execute_chapter(plan: ChapterPlan, root: Path) -> None:
    """Run a chapter and write its executed notebook, whole or not at all.

    Another build may be at the same chapter: the second waits, and takes what the first made.

    Raises
    ------
    Failure
        Naming chapter and cell, if a cell raises; what ran so far is kept beside.
    """
    with _alone(plan):
        if not plan.executed.exists():
            _execute(plan, root)


@contextmanager
def _alone(plan: ChapterPlan) -> Iterator[None]:
    """Hold the lock of one chapter under one key; the system lets go of it with the process."""
    plan.executed.parent.mkdir(parents=True, exist_ok=True)
    with plan.executed.with_name(f".{plan.slug}.lock").open("w") as lock:
        # some disks of a network know no locks; a chapter is then run twice at worst
        with suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _execute(plan: ChapterPlan, root: Path) -> None:
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
        except DeadKernelError:
            raise Failure(
                f"{plan.slug}: its kernel was ended from outside, most often for want of memory; "
                f"close other programs, or use --cores 1\nwhat ran so far: {plan.partial}"
            ) from None
        except CellTimeoutError:
            raise Failure(
                f"{plan.slug}: a cell was not at its end after {_CELL_TIMEOUT_S} s\n"
                f"what ran so far: {plan.partial}"
            ) from None
    notebook = nbformat.read(plan.partial, as_version=4)
    with whole_file(plan.executed) as path:
        nbformat.write(without_timing(notebook), path)
    plan.partial.unlink()


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
    said = re.sub(r"\[Errno -?\d+\] ", "", str(error.evalue))
    return (
        f"{plan.slug}, cell [{error.exec_count}] ({first}): {error.ename}: {said}\n"
        f"what ran so far: {plan.partial}"
    )


def main(arguments: list[str]) -> int:
    """Run the chapter of a plan; return the exit status."""
    plan_path, slug = arguments
    plan = read_plan(Path(plan_path))
    os.environ.update(ONE_THREAD)
    logging.getLogger("papermill").setLevel(logging.ERROR)
    return at_work(slug, lambda: execute_chapter(plan.chapter(slug), plan.root))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
