"""``exercisebook test``: every check of the book, part by part, each with its time."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import typer

from exercisebook.paths import BUILD, ROOT
from exercisebook.publish.plan import ONE_THREAD, read_plan

_PYTEST = [sys.executable, "-m", "pytest", "-q"]

_CHAPTERS = "tests/chapters"


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
    """

    name: str
    command: list[str] | Callable[[], list[str]]
    without: tuple[str, ...] = ()
    given: dict[str, str] = field(default_factory=dict)
    beside: bool = False


def parts(full: bool) -> list[Part]:
    """Return the parts in order; what is cheap and likely to fail comes first."""
    profile = ["--hypothesis-profile", "full" if full else "default"]
    chosen = [] if full else ["-m", "not slow"]
    build = [sys.executable, "-m", "exercisebook.cli", "build"]
    return [
        Part("lint", [sys.executable, "-m", "ruff", "check", "."]),
        Part("format", [sys.executable, "-m", "ruff", "format", "--check", "."]),
        Part("types", [sys.executable, "-m", "mypy"]),
        Part("unit and property tests: chapters", [*_PYTEST, *profile, *chosen, _CHAPTERS]),
        Part(
            "unit and property tests: all else",
            [*_PYTEST, *profile, *chosen, *_folders()],
            beside=True,
        ),
        Part("parity with R", [*_PYTEST, "tests/parity"]),
        Part("the book: chapters through papermill, site", build),
        Part("executed notebooks run again, compared (nbval)", _nbval, given=ONE_THREAD),
        Part("the site, and browsers", [*_PYTEST, *chosen, "tests/site"], beside=True),
        Part(
            "the book without open data",
            [*_PYTEST, "tests/without_data"],
            without=("EXERCISEBOOK_DATA",),
        ),
    ]


def run_suite(full: bool) -> int:
    """Run all parts and print a table of times; return 0 if every part passed."""
    outcomes = []
    for together in _together(parts(full)):
        with ThreadPoolExecutor(len(together)) as pool:
            # what is written at once is printed in order, the first as it comes
            first, *rest = [pool.submit(_run, part, n > 0) for n, part in enumerate(together)]
            for future in (first, *rest):
                outcome, told = future.result()
                typer.echo(told, nl=False)
                outcomes.append(outcome)
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
        if part.beside:
            groups[-1].append(part)
        else:
            groups.append([part])
    return groups


def _run(part: Part, quiet: bool) -> tuple[tuple[str, bool, float], str]:
    """Run one part; return its outcome, and what it wrote if it was to be quiet."""
    head = f"\n== {part.name}\n"
    if not quiet:
        typer.echo(head, nl=False)
    started = time.monotonic()
    environment = {k: v for k, v in os.environ.items() if k not in part.without} | part.given
    command = part.command() if callable(part.command) else part.command
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        check=False,
        text=True,
        stdout=subprocess.PIPE if quiet else None,
        stderr=subprocess.STDOUT if quiet else None,
    )
    outcome = (part.name, done.returncode == 0, time.monotonic() - started)
    return outcome, head + done.stdout if quiet else ""


def browser() -> str | None:
    """Return the path of a Chromium on this machine, if there is one."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    return None


def _folders() -> list[str]:
    apart = {"chapters", "parity", "site", "without_data"}
    tests = ROOT / "tests"
    return [str(p.relative_to(ROOT)) for p in sorted(tests.iterdir())
            if p.is_dir() and p.name not in apart and any(p.glob("test_*.py"))]  # fmt: skip


def executed_notebooks() -> list[Path]:
    """Return the executed notebooks of the last build."""
    return [chapter.executed for chapter in read_plan(BUILD / ".work" / "plan.json").chapters]


def _nbval() -> list[str]:
    """Return the command that runs the built chapters again, strictly compared."""
    words = ["-p", "no:cacheprovider", "--nbval", "--nbval-cell-timeout=600"]
    return [*_PYTEST, *words, *map(str, executed_notebooks())]
