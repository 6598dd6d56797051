"""``exercisebook data``: what open data there are, which are here, and bringing them in."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from exercisebook.errors import BookError, Failure, closest

if TYPE_CHECKING:
    from exercisebook.sources.catalogue import Dataset

app = typer.Typer(help="Open data: list, status, fetch, freeze.", no_args_is_help=True)

Names = Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Ids of the catalogue.")]


@app.command("list")
def list_() -> None:
    """Print every data set: people, design, licence, size."""
    from rich.table import Table

    from exercisebook.sources.catalogue import catalogue

    table = Table("id", "people", "design", "licence", "size", box=None, pad_edge=False)
    for dataset in catalogue().values():
        size = sum(file.bytes for file in dataset.files)
        table.add_row(dataset.id, dataset.people, dataset.design, dataset.licence, _size(size))
    _console().print(table)


@app.command()
def status(names: Names = None) -> None:
    """Print which files are at hand, and where."""
    from rich.table import Table

    from exercisebook.sources.fetch import state_of

    table = Table("data set", "file", "state", "place", box=None, pad_edge=False)
    for dataset in _chosen(names):
        for file in dataset.files:
            state = state_of(dataset, file)
            table.add_row(dataset.id, file.name, state.state, str(state.path))
    _console().print(table)


@app.command()
def fetch(names: Names = None) -> None:
    """Bring original files in, each checked against its sha256; all data sets without an id."""
    from functools import partial

    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    from exercisebook.sources.fetch import fetch as fetch_file

    chosen, faults = _chosen(names), []
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=_console(stderr=True)) as progress:
        for dataset in chosen:
            for file in dataset.files:
                task = progress.add_task(f"{dataset.id}/{file.name}", total=file.bytes)
                try:
                    fetch_file(dataset, file, partial(progress.advance, task))
                except BookError as fault:
                    faults.append(str(fault))
                    progress.stop_task(task)
    if faults:
        raise Failure("\n".join(faults))


@app.command()
def freeze(names: Names = None) -> None:
    """Write the frozen results of data sets at hand, for this project's own use."""
    from exercisebook.chapters.ledgers import freeze_results

    for path in freeze_results({dataset.id for dataset in _chosen(names)}):
        typer.echo(path)


def _chosen(names: list[str] | None) -> "list[Dataset]":
    """Return the named data sets, or all; Misuse with every name that is none."""
    from exercisebook.errors import Misuse
    from exercisebook.sources.catalogue import catalogue

    known = catalogue()
    unknown = [name for name in names or [] if name not in known]
    if unknown:
        raise Misuse(
            "\n".join(f"no data set {n!r} in the catalogue; {closest(n, known)}" for n in unknown)
        )
    return [known[name] for name in dict.fromkeys(names or known)]


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.0f} kB"


def _console(stderr: bool = False) -> "rich.console.Console":  # type: ignore[name-defined]  # noqa: F821
    from rich.console import Console

    # a pipe has no width of its own, and names are not to be cut
    wide = None if (sys.stderr if stderr else sys.stdout).isatty() else 240
    return Console(stderr=stderr, width=wide)
