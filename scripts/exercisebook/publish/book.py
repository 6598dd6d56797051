"""Making the book: plan, Snakemake, and a word on how it goes."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from exercisebook.errors import Failure
from exercisebook.publish.events import VARIABLE, watch
from exercisebook.publish.keys import import_closure
from exercisebook.publish.ledger import has_ledger
from exercisebook.publish.plan import Plan, write_plan
from exercisebook.publish.provenance import brought, commit
from exercisebook.publish.report import refuse_other
from exercisebook.publish.site import restore
from exercisebook.publish.system import refuse_full

LOG = "snakemake.log"

NEXT_TO_NOTHING = 1_000_000
"""Bytes below which a disk is full."""

_BROUGHT_MODULE = "exercisebook.publish.brought"
_SITE_MODULE = "exercisebook.publish.site"
_LEDGER_MODULE = "exercisebook.publish.ledger"
_EXTENSION = "exercisebook.publish.sphinx_extension"


def make_book(
    plan: Plan, cores: int, console: Console, replace: bool = False, profile: Path | None = None
) -> Path:
    """Run what a plan lacks and return the first page of its site.

    Parameters
    ----------
    plan : Plan
        What to make.
    cores : int
        Chapters at once.
    console : Console
        Where progress is told.
    replace : bool
        Whether a report may take the place of one on another cohort or on other chapters.
    profile : Path, optional
        A profile of Snakemake, with which chapters run on a cluster; on this machine without.

    Raises
    ------
    Failure
        With chapter and cell, or with what Sphinx or the checks said. The old site stands.
    Misuse
        If another report stands there, and none may be replaced.
    """
    work = plan.out / ".work"
    refuse_full(plan.out)
    refuse_full(plan.root / "_build")
    work.mkdir(parents=True, exist_ok=True)
    with _alone(work) as lock:
        if plan.report and not replace:
            refuse_other(plan)
        _clear(plan, work)
        write_plan(plan, work / "plan.json")
        _write_ledger_key(plan, work)
        _write_brought_key(plan, work)
        _write_site_key(plan, work)
        failures, status = _run(plan, work, lock, _words(cores, profile), console)
    if status:
        raise Failure("\n".join(dict.fromkeys(failures)) or _unsaid(plan, work, status))
    return plan.out / "html" / "index.html"


@contextmanager
def _alone(work: Path) -> Iterator[IO[str]]:
    """Hold a folder's lock; the system lets go of it when the processes that hold it end."""
    with (work / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failure(f"another build is at work in {work.parent}; wait for it") from None
        yield lock


def _clear(plan: Plan, work: Path) -> None:
    """Put right what a killed build left behind."""
    restore(plan.out)
    for left in plan.out.glob(".site-*"):
        shutil.rmtree(left, ignore_errors=True)
    for left in work.glob("events-*.jsonl"):
        left.unlink(missing_ok=True)


def _words(cores: int, profile: Path | None) -> list[str]:
    cluster = [] if profile is None else ["--profile", str(profile), "--jobs", str(cores)]
    # a chapter is written whole or not at all, so what a killed run left is no half-made file;
    # and what another build has made meanwhile is not to be removed as one
    return [
        *cluster, "--cores", str(cores), "--rerun-triggers", "mtime", "--nolock",
        "--ignore-incomplete", "--keep-incomplete", "--quiet", "all",
    ]  # fmt: skip


def _run(
    plan: Plan, work: Path, lock: IO[str], words: list[str], console: Console
) -> tuple[list[str], int]:
    """Run Snakemake on a plan; return what failed, and its status.

    The keeper holds the lock too: a run that was killed is over when its last process is.
    """
    command = [
        sys.executable, "-m", "exercisebook.publish.keeper",
        sys.executable, "-m", "snakemake", "--snakefile", str(plan.root / "scripts" / "Snakefile"),
        "--directory", str(work), *words,
    ]  # fmt: skip
    events = work / f"events-{os.getpid()}.jsonl"
    environment = {
        **os.environ,
        VARIABLE: str(events),
        "EXERCISEBOOK_PLAN": str(work / "plan.json"),
        "EXERCISEBOOK_PYTHON": sys.executable,
        "PYTHONHASHSEED": "0",
    }
    with (work / LOG).open("wb") as out:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
            pass_fds=[lock.fileno()],
        )
    assert process.stdin is not None
    try:
        return _follow(events, process, console), process.wait()
    except KeyboardInterrupt:
        raise Failure("interrupted; what was finished is kept") from None
    finally:
        # the keeper ends all it started when nobody holds this end
        process.stdin.close()
        process.wait()
        events.unlink(missing_ok=True)


def _unsaid(plan: Plan, work: Path, status: int) -> str:
    """Return why a build failed of which no worker said anything."""
    refuse_full(plan.out, NEXT_TO_NOTHING)
    log = (work / LOG).read_text(encoding="utf-8", errors="replace")
    said = [line.strip() for line in log.splitlines() if "rror" in line]
    told = said[0] if said else f"Snakemake ended with status {status}"
    return f"{told}\nall that it said: {work / LOG}"


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


def _write_brought_key(plan: Plan, work: Path) -> None:
    """Write what is said of a brought cohort depends on, its data through the chapters' keys."""
    key = work / "brought.key"
    if brought(plan) is None:
        key.unlink(missing_ok=True)
        return
    files = [
        *import_closure(_BROUGHT_MODULE, plan.root / "scripts"),
        *(plan.root / "data" / name for name in ("claims.csv", "features.csv", "catalog.yml")),
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


def _beside_the_code(extension: Path) -> list[Path]:
    """Return the styles, scripts, templates and icons of the extension."""
    files = (p for p in extension.rglob("*") if p.is_file())
    return sorted(p for p in files if p.suffix not in (".py", ".pyc"))


def _write_site_key(plan: Plan, work: Path) -> None:
    """Write what the site depends on beside its chapters; unchanged, it keeps its time."""
    root = plan.root
    files = [
        *sorted(p for p in (root / "book").rglob("*") if p.is_file()),
        *sorted((root / "notebooks").rglob("*.md")),
        *import_closure(_SITE_MODULE, root / "scripts"),
        *import_closure(f"{_EXTENSION}.setup", root / "scripts"),
        *_beside_the_code(root / "scripts/exercisebook/publish/sphinx_extension"),
        *(root / n for n in ("_config.yml", "_toc.yml", "requirements.lock", "data/catalog.yml")),
        root / "CITATION.cff",
        *(root / "data" / name for name in ("misconceptions.csv", "causal_rubric.csv")),
        *((root / "data" / "releases").glob("*.csv") if has_ledger(plan) else ()),
    ]
    _write_key(work / "site.key", files, [commit(root), *(c.key for c in plan.chapters)])
    parts = [plan.out / "html" / "index.html", *([plan.out / "bundle"] if plan.report else [])]
    if not all(part.exists() for part in parts):
        (work / "site.done").unlink(missing_ok=True)
