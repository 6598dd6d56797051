"""Making the book: plan, Snakemake, and a word on how it goes."""

import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from exercisebook.errors import Failure
from exercisebook.publish.events import VARIABLE, watch
from exercisebook.publish.keys import import_closure
from exercisebook.publish.ledger import has_ledger
from exercisebook.publish.plan import Plan, write_plan
from exercisebook.publish.provenance import commit

_SITE_MODULE = "exercisebook.publish.site"
_LEDGER_MODULE = "exercisebook.publish.ledger"
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
    with _alone(work):
        for left_by_a_killed_build in plan.out.glob(".site-*"):
            shutil.rmtree(left_by_a_killed_build, ignore_errors=True)
        write_plan(plan, work / "plan.json")
        _write_ledger_key(plan, work)
        _write_site_key(plan, work)
        failures, status = _run(plan, work, cores, console)
    if status:
        log = (work / "snakemake.log").read_text(encoding="utf-8", errors="replace")[-4000:]
        raise Failure("\n".join(failures) or log.strip() or f"Snakemake ended with {status}")
    if plan.report:
        # the parts of a bundle import what a build with nothing to do need not wait for
        from exercisebook.publish.bundle import write_bundle

        write_bundle(plan)
    return plan.out / "html" / "index.html"


@contextmanager
def _alone(work: Path) -> Iterator[None]:
    """Hold a folder's lock; the system lets go of it when the process ends, however it ends."""
    with (work / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failure(f"another build is at work in {work.parent}; wait for it") from None
        yield


def _run(plan: Plan, work: Path, cores: int, console: Console) -> tuple[list[str], int]:
    """Run Snakemake on a plan; return what failed, and its status."""
    # a chapter is written whole or not at all, so what a killed run left is no half-made file
    command = [
        sys.executable, "-m", "snakemake", "--snakefile", str(plan.root / "scripts" / "Snakefile"),
        "--directory", str(work), "--cores", str(cores), "--rerun-triggers", "mtime",
        "--nolock", "--ignore-incomplete", "--quiet", "all",
    ]  # fmt: skip
    events = work / f"events-{os.getpid()}.jsonl"
    environment = {
        **os.environ,
        VARIABLE: str(events),
        "EXERCISEBOOK_PLAN": str(work / "plan.json"),
        "EXERCISEBOOK_PYTHON": sys.executable,
        "PYTHONHASHSEED": "0",
    }
    with (work / "snakemake.log").open("wb") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=subprocess.STDOUT, env=environment, start_new_session=True
        )
        try:
            return _follow(events, process, console), process.wait()
        except KeyboardInterrupt:
            raise Failure("interrupted; what was finished is kept") from None
        finally:
            if process.poll() is None:
                # the whole session: Snakemake, its workers and their kernels
                os.killpg(process.pid, signal.SIGTERM)
                process.wait()
            events.unlink(missing_ok=True)


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
            if name in tasks:
                progress.remove_task(tasks.pop(name))
            if event["event"] == "failed":
                failures.append(str(event["message"]))
            else:
                console.print(f"{name}: {event['seconds']} s", highlight=False)
    return failures


def _write_ledger_key(plan: Plan, work: Path) -> None:
    """Write what the ledger depends on, its data through the chapters' keys; none without one."""
    key = work / "ledger.key"
    if not has_ledger(plan):
        key.unlink(missing_ok=True)
        return
    root = plan.root
    files = [
        *import_closure(_LEDGER_MODULE, root / "scripts"),
        *(root / "data" / name for name in ("claims.csv", "features.csv", "catalog.yml")),
    ]
    _write_key(key, files, [chapter.key for chapter in plan.chapters])


def _write_key(key: Path, files: Iterable[Path], words: Iterable[str]) -> None:
    """Write one sum of files and words; unchanged, it keeps its time."""
    whole = hashlib.sha256()
    for word in words:
        whole.update(word.encode() + b"\0")
    for path in files:
        whole.update(hashlib.sha256(path.read_bytes()).digest())
    if not key.exists() or key.read_text() != whole.hexdigest():
        key.write_text(whole.hexdigest())


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
        *((root / "data" / "releases").glob("*.csv") if has_ledger(plan) else ()),
    ]
    _write_key(work / "site.key", files, [commit(root), *(c.key for c in plan.chapters)])
    if not (plan.out / "html" / "index.html").exists():
        (work / "site.done").unlink(missing_ok=True)
