"""Rendering the staged book clean, checking it, and putting it in the old one's place.

Called as a program by the Snakefile: ``python -m exercisebook.publish.site PLAN``.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from exercisebook.errors import Failure
from exercisebook.publish.checks import check_site
from exercisebook.publish.events import tell
from exercisebook.publish.plan import Plan, read_plan
from exercisebook.publish.provenance import build_epoch
from exercisebook.publish.stage import PROVENANCE, stage


def render(plan: Plan) -> Path:
    """Render and check the site of a plan; return the path of its first page.

    Raises
    ------
    Failure
        If Sphinx warns, or a check finds something: the old site stands, untouched.
    """
    plan.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".site-", dir=plan.out) as place:
        staged = Path(place) / "stage"
        stage(plan, staged)
        html = _jupyter_book(plan, staged, Path(place) / "out")
        shutil.copyfile(staged / PROVENANCE, html / PROVENANCE)
        problems = check_site(html, staged)
        if problems:
            raise Failure("the site does not pass its checks:\n" + "\n".join(problems))
        keep = plan.out / "stage"
        shutil.rmtree(keep, ignore_errors=True)
        staged.rename(keep)
        _swap(html, plan.out / "html")
    return plan.out / "html" / "index.html"


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


def _swap(new: Path, place: Path) -> None:
    old = place.with_name(f".{place.name}-old")
    shutil.rmtree(old, ignore_errors=True)
    if place.exists():
        place.rename(old)
    new.rename(place)
    shutil.rmtree(old, ignore_errors=True)


def main(arguments: list[str]) -> int:
    """Render the site of a plan; return the exit status."""
    started = time.monotonic()
    tell(event="started", chapter="site")
    try:
        render(read_plan(Path(arguments[0])))
    except Failure as failure:
        tell(event="failed", chapter="site", message=str(failure))
        return 1
    tell(event="done", chapter="site", seconds=round(time.monotonic() - started, 1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
