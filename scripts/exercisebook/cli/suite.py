"""``exercisebook test``: every check of the book, part by part, each with its time."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import typer

from exercisebook.paths import BUILD, ROOT
from exercisebook.publish.pdf import browser
from exercisebook.publish.plan import ONE_THREAD, read_plan

_PYTEST = [sys.executable, "-m", "pytest", "-q"]

_APART = ("parity", "site", "without_data")
"""Folders of tests that are a part of their own."""

_FIRST_HALF = ("chapters", "cli", "cohort", "figures")
"""Folders whose tests take about as long as all others together."""


@dataclass(frozen=True)
class Part:
    """One part of the suite.

    Attributes
    ----------
    name : str
        What is printed above it.
    command : list of str, or callable
        The command, or what makes it.
    without : tuple of str
        Variables it lacks.
    given : dict of str to str
        Variables it is given.
    beside : bool
        Whether it runs at once with the part before it.
    behind : bool
        Whether it begins when the part before it has ended, whatever else of its group still runs.
    minutes : float
        After which it is stopped and counted as failed.
    """

    name: str
    command: list[str] | Callable[[], list[str]]
    without: tuple[str, ...] = ()
    given: dict[str, str] = field(default_factory=dict)
    beside: bool = False
    behind: bool = False
    minutes: float = 45


def parts(full: bool) -> list[Part]:
    """Return the parts in order; what is cheap, and what others need, comes first."""
    first = [f"tests/{name}" for name in _FIRST_HALF]
    rest = [name for name in _folders() if name not in first]
    profile = ["--hypothesis-profile", "full" if full else "default"]
    chosen = [] if full else ["-m", "not slow"]
    build = [sys.executable, "-m", "exercisebook.cli", "build"]
    return [
        Part("lint", [sys.executable, "-m", "ruff", "check", "."]),
        Part("format", [sys.executable, "-m", "ruff", "format", "--check", "."]),
        Part("types", [sys.executable, "-m", "mypy"]),
        Part("parity with R", [*_PYTEST, "tests/parity"]),
        # tests that build a checkout take its chapters as they were executed here
        Part("the book: chapters through papermill, site", build),
        Part(
            f"unit and property tests: {', '.join(_FIRST_HALF)}",
            [*_PYTEST, *profile, *chosen, *first],
        ),
        Part(
            "unit and property tests: all else",
            [*_PYTEST, *profile, *chosen, *rest],
            beside=True,
        ),
        Part("the site, and browsers", [*_PYTEST, *chosen, "tests/site"]),
        Part(
            "executed notebooks run again, compared (nbval)",
            _nbval,
            given=ONE_THREAD,
            beside=True,
        ),
        Part(
            "the book without open data",
            [*_PYTEST, "tests/without_data"],
            without=("EXERCISEBOOK_DATA",),
            behind=True,
        ),
    ]


def run_suite(full: bool) -> int:
    """Run all parts and print a table of times; return 0 if every part passed."""
    outcomes = []
    for together in _together(parts(full)):
        with ExitStack() as stack:
            running: list[_Running] = []
            for part in together:
                after = running[-1] if part.behind else None
                running.append(stack.enter_context(_Running(part, bool(running), after)))
            outcomes += [one.follow() for one in running]
    typer.echo("\n== times")
    for name, passed, seconds in outcomes:
        typer.echo(f"{'passed' if passed else 'FAILED'}  {seconds:6.1f} s  {name}")
    if not os.environ.get("EXERCISEBOOK_DATA"):
        typer.echo("EXERCISEBOOK_DATA is not set: tests that need original data were skipped")
    if browser() is None:
        typer.echo("no Chromium was found: browser tests were skipped")
    return 0 if all(passed for _, passed, _ in outcomes) else 1


def _together(every: list[Part]) -> list[list[Part]]:
    """Return the parts in groups that run at once."""
    groups: list[list[Part]] = []
    for part in every:
        if part.beside or part.behind:
            groups[-1].append(part)
        else:
            groups.append([part])
    return groups


class _Running:
    """A part at work; what is written beside another is held back until the other has ended."""

    def __init__(self, part: Part, held: bool, after: "_Running | None" = None) -> None:
        self.part, self.after = part, after
        self.begun = self.ended = 0.0
        self.stopped = threading.Event()
        self.process: subprocess.Popen[bytes] | None = None
        self.told = tempfile.TemporaryFile() if held else None  # noqa: SIM115 (closed on exit)
        if not held:
            typer.echo(f"\n== {part.name}")
        # a thread of its own sees beginning and end, whichever part is being followed
        self.work = threading.Thread(target=self._work, daemon=True)
        self.work.start()

    def __enter__(self) -> "_Running":
        return self

    def __exit__(self, *_: object) -> None:
        """Leave no process behind, nor what it started, whatever happened."""
        self.stopped.set()
        self._kill()
        while self.work.is_alive():
            # it may have begun in this very moment
            self._kill()
            self.work.join(0.1)
        if self.told is not None:
            self.told.close()

    def _kill(self) -> None:
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def _work(self) -> None:
        while self.after is not None and self.after.work.is_alive():
            self.stopped.wait(0.1)
            if self.stopped.is_set():
                return
        part, self.begun = self.part, time.monotonic()
        environment = {k: v for k, v in os.environ.items() if k not in part.without} | part.given
        self.process = subprocess.Popen(
            part.command() if callable(part.command) else part.command,
            cwd=ROOT,
            env=environment,
            stdout=self.told,
            stderr=subprocess.STDOUT if self.told else None,
            start_new_session=True,
        )
        self.process.wait()
        self.ended = time.monotonic()

    def follow(self) -> tuple[str, bool, float]:
        """Print what is written as it is written, to the end or the part's limit of time."""
        if self.told is not None:
            typer.echo(f"\n== {self.part.name}")
        at, late = 0, False
        while True:
            alive = self.work.is_alive()
            if self.told is not None:
                new = os.pread(self.told.fileno(), 1 << 20, at)
                at += len(new)
                typer.echo(new.decode(errors="replace"), nl=False)
                if new:
                    continue
            if not alive:
                break
            if self.begun and time.monotonic() > self.begun + 60 * self.part.minutes:
                late = True
                self._kill()
            self.work.join(0.2)
        if late:
            typer.echo(f"\nstopped: not at an end after {self.part.minutes} minutes")
        passed = self.process is not None and self.process.returncode == 0 and not late
        return self.part.name, passed, max(0.0, self.ended - self.begun)


def _folders() -> list[str]:
    tests = ROOT / "tests"
    return [str(p.relative_to(ROOT)) for p in sorted(tests.iterdir())
            if p.is_dir() and p.name not in _APART and any(p.glob("test_*.py"))]  # fmt: skip


def executed_notebooks() -> list[Path]:
    """Return the executed notebooks of the last build."""
    return [chapter.executed for chapter in read_plan(BUILD / ".work" / "plan.json").chapters]


def _nbval() -> list[str]:
    """Return the command that runs the built chapters again, strictly compared."""
    words = ["-p", "no:cacheprovider", "--nbval", "--nbval-cell-timeout=600"]
    return [*_PYTEST, *words, *map(str, executed_notebooks())]
