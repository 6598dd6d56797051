"""Making the book: plan, Snakemake, and a word on how it goes."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from exercisebook.errors import Failure
from exercisebook.publish.events import VARIABLE, watch
from exercisebook.publish.keys import import_closure
from exercisebook.publish.plan import Plan, write_plan
from exercisebook.publish.provenance import commit

_SITE_MODULE = "exercisebook.publish.site"
_EXTENSION = "exercisebook.publish.sphinx_extension"


def make_book(plan: Plan, cores: int, console: Console) -> Path:
    """Run what a plan lacks and return the first page of its site.

    Parameters
    ----------
    plan : Plan
        What to make.
    cores : int
        Chapters at once.
    console : Console
        Where progress is told.

    Raises
    ------
    Failure
        With chapter and cell, or with what Sphinx or the checks said. The old site stands.
    """
    work = plan.out / ".work"
    work.mkdir(parents=True, exist_ok=True)
    path = work / "plan.json"
    write_plan(plan, path)
    _write_site_key(plan, work)
    events, log = work / "events.jsonl", work / "snakemake.log"
    events.unlink(missing_ok=True)
    command = [
        sys.executable, "-m", "snakemake", "--snakefile", str(plan.root / "scripts" / "Snakefile"),
        "--directory", str(work), "--cores", str(cores), "--config", f"plan={path}",
        "--rerun-triggers", "mtime", "--nolock", "--quiet", "all",
    ]  # fmt: skip
    environment = {**os.environ, VARIABLE: str(events), "PYTHONHASHSEED": "0"}
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=environment)
        try:
            failures = _follow(events, process, console)
        except KeyboardInterrupt:
            process.terminate()
            process.wait()
            raise Failure("interrupted; what was finished is kept") from None
    if process.returncode:
        raise Failure("\n".join(failures) or log.read_text(encoding="utf-8")[-4000:])
    return plan.out / "html" / "index.html"


def _follow(events: Path, process: "subprocess.Popen[bytes]", console: Console) -> list[str]:
    """Show chapters while they run; return what failed."""
    failures = []
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        tasks = {}
        for event in watch(events, process):
            name = str(event["chapter"])
            if event["event"] == "started":
                tasks[name] = progress.add_task(name)
                continue
            progress.remove_task(tasks[name])
            if event["event"] == "failed":
                failures.append(str(event["message"]))
            else:
                console.print(f"{name}: {event['seconds']} s", highlight=False)
    return failures


def _write_site_key(plan: Plan, work: Path) -> None:
    """Write what the site depends on beside its chapters; unchanged, it keeps its time."""
    root = plan.root
    files = [
        *sorted(p for p in (root / "book").rglob("*") if p.is_file()),
        *sorted((root / "notebooks").rglob("*.md")),
        *import_closure(_SITE_MODULE, root / "scripts"),
        *import_closure(f"{_EXTENSION}.setup", root / "scripts"),
        *sorted((root / "scripts/exercisebook/publish/sphinx_extension/static").glob("*")),
        *(root / n for n in ("_config.yml", "_toc.yml", "requirements.lock", "data/catalog.yml")),
    ]
    whole = hashlib.sha256(commit(root).encode())
    for path in files:
        whole.update(hashlib.sha256(path.read_bytes()).digest())
    for chapter in plan.chapters:
        whole.update(chapter.key.encode())
    key = work / "site.key"
    if not key.exists() or key.read_text() != whole.hexdigest():
        key.write_text(whole.hexdigest())
    if not (plan.out / "html" / "index.html").exists():
        (work / "site.done").unlink(missing_ok=True)
