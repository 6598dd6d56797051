"""Rendering the staged book clean, checking it, and putting it in the old one's place.

Called as a program by the Snakefile: ``python -m exercisebook.publish.site PLAN``. Of a report the
bundle is put in place with the pages, so that the two are of one run.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from exercisebook.errors import Failure
from exercisebook.publish.bundle import FOLDER, write_bundle
from exercisebook.publish.checks import check_site
from exercisebook.publish.events import at_work
from exercisebook.publish.manifest import write_manifest
from exercisebook.publish.plan import Plan, read_plan, shown_plan, write_plan
from exercisebook.publish.provenance import build_epoch
from exercisebook.publish.stage import PROVENANCE, stage

HTML, STAGE = "html", "stage"

PARTS = (HTML, FOLDER, STAGE)
"""Folders that a build puts in place of earlier ones."""


def render(plan: Plan) -> Path:
    """Render and check the site of a plan; return the path of its first page.

    Raises
    ------
    Failure
        If Sphinx warns, or a check finds something: the old site stands, untouched.
    """
    plan.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".site-", dir=plan.out) as place:
        html, staged = render_in(plan, Path(place))
        made = {HTML: html, STAGE: staged}
        if plan.report:
            bundle = Path(place) / FOLDER
            write_bundle(plan, bundle)
            made = {HTML: html, FOLDER: bundle}
        swap(made, plan.out)
    if plan.report:
        write_plan(plan, shown_plan(plan.out))
    return plan.out / HTML / "index.html"


def render_in(
    plan: Plan, place: Path, edit: Callable[[Path], None] | None = None
) -> tuple[Path, Path]:
    """Stage, render and check a site below a folder; return its pages and its staged book.

    An edition of the book changes the staged book by ``edit`` before it is rendered.
    """
    staged = place / STAGE
    stage(plan, staged)
    if edit is not None:
        edit(staged)
    html = _jupyter_book(plan, staged, place / "out")
    shutil.copyfile(staged / PROVENANCE, html / PROVENANCE)
    write_manifest(html)
    problems = check_site(html, staged)
    if problems:
        raise Failure("the site does not pass its checks:\n" + "\n".join(problems))
    return html, staged


def swap(made: Mapping[str, Path], out: Path) -> None:
    """Put new folders in the place of those of their names in ``out``: all of them, or none."""
    placed = []
    try:
        for name, new in made.items():
            place, old = out / name, _old(out, name)
            shutil.rmtree(old, ignore_errors=True)
            if place.exists():
                place.rename(old)
            placed.append(name)
            new.rename(place)
    except BaseException:
        for name in placed:
            shutil.rmtree(out / name, ignore_errors=True)
        raise
    finally:
        restore(out)


def restore(out: Path) -> None:
    """Put back what a swap that was killed had moved aside, and remove what it left over."""
    for name in PARTS:
        old = _old(out, name)
        if old.exists() and not (out / name).exists():
            old.rename(out / name)
        shutil.rmtree(old, ignore_errors=True)


def _old(out: Path, name: str) -> Path:
    return out / f".{name}-old"


def _jupyter_book(plan: Plan, staged: Path, out: Path) -> Path:
    """Run jupyter-book with warnings as errors; return the folder of pages."""
    words = ["build", str(staged), "--path-output", str(out), "-W", "-n", "--keep-going", "-q"]
    environment = {
        **os.environ,
        "EXERCISEBOOK_STAGE": str(staged),
        "SOURCE_DATE_EPOCH": str(build_epoch(plan.root)),
        "TZ": "UTC",
    }
    done = subprocess.run(
        [sys.executable, "-c", "from jupyter_book.cli.main import main; main()", *words],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    html = out / "_build" / "html"
    if done.returncode or not (html / "index.html").exists():
        told = (done.stdout + done.stderr).replace(str(staged) + "/", "")
        lines = [line for line in told.splitlines() if "WARNING" in line or "ERROR" in line]
        raise Failure("Sphinx would not render the book:\n" + ("\n".join(lines) or told[-4000:]))
    return html


def main(arguments: list[str]) -> int:
    """Render the site of a plan; return the exit status."""
    plan = read_plan(Path(arguments[0]))
    return at_work("site", lambda: render(plan))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
