"""The commands ``check`` and ``doctor``: is a package sound, and is this installation?"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

_STYLES = {"error": "bold red", "warning": "bold yellow", "note": "bold blue", "head": "bold"}


def check(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A cohort package.")],
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Look a cohort package through: tables, design, identity. Status 2 if it has errors."""
    from exercisebook.checks.findings import has_errors
    from exercisebook.checks.package import check_package
    from exercisebook.checks.report import as_json, as_lines

    findings = check_package(folder)
    if json:
        typer.echo(as_json(str(folder), findings))
    else:
        console = _console()
        for line, style in as_lines(findings):
            told = line.encode("utf-8", "replace").decode("utf-8")
            console.print(
                told, style=_STYLES.get(style), markup=False, highlight=False, soft_wrap=True
            )
    if has_errors(findings):
        raise typer.Exit(2)


def doctor() -> None:
    """Look at this installation: Python, packages, folders, other programs. Status 1 if bad."""
    from rich.table import Table

    from exercisebook.checks.environment import BAD, environment
    from exercisebook.publish.pdf import browser

    lines = environment(browser())
    table = Table("what", "state", "seen", box=None, pad_edge=False)
    for line in lines:
        table.add_row(line.what, line.state, line.seen)
    _console().print(table)
    if any(line.state == BAD for line in lines):
        raise typer.Exit(1)


def _console() -> "Console":
    from rich.console import Console

    # a pipe has no width of its own, and findings are not to be cut
    return Console(width=None if sys.stdout.isatty() else 240)
