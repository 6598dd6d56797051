"""The command ``exercisebook``.

Heavy imports stay inside the commands that need them, so that ``--help`` answers at once.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from exercisebook.cli.check import check, doctor
from exercisebook.cli.data import app as data_app
from exercisebook.cli.editions import edition
from exercisebook.cli.effects import effects
from exercisebook.cli.export import export_app
from exercisebook.cli.packages import import_app, init
from exercisebook.cli.simulate import simulate
from exercisebook.cli.slides import slides
from exercisebook.cli.teaching import class_data, class_truth, grade
from exercisebook.errors import BookError, Misuse
from exercisebook.paths import BUILD, ROOT, notebook_file

app = typer.Typer(
    help="The Exercise Book: build it, run its chapters, fetch its data.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(data_app, name="data")
app.add_typer(import_app, name="import")
app.add_typer(export_app, name="export")
app.command()(effects)
app.command()(simulate)
app.command()(init)
app.command()(check)
app.command()(doctor)
app.command()(edition)
app.command()(slides)
app.command()(class_data)
app.command()(class_truth)
app.command()(grade)

Cores = Annotated[int, typer.Option(help="Chapters at once.", min=1)]
Parameter = Annotated[
    list[str] | None, typer.Option("-p", "--parameter", metavar="NAME=VALUE", help="A parameter.")
]


@app.command()
def build(cores: Cores = 2) -> None:
    """Make the book in _build/html; what has not changed is not run again."""
    from rich.console import Console

    from exercisebook.publish.book import make_book
    from exercisebook.publish.notebooks import notebook_slugs
    from exercisebook.publish.plan import make_plan

    plan = make_plan(notebook_slugs(), {}, BUILD, report=False)
    first = make_book(plan, cores, Console(stderr=True))
    typer.echo(first)


@app.command()
def run(
    chapters: Annotated[
        list[str] | None, typer.Argument(metavar="[CHAPTER]...", help="02, A1, or a name.")
    ] = None,
    parameter: Parameter = None,
    cohort: Annotated[str | None, typer.Option(help="A folder, or an id of the catalogue.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the report.")] = None,
    cores: Cores = 2,
    replace: Annotated[
        bool, typer.Option("--replace", help="Put it in the place of another report in OUT.")
    ] = False,
    profile: Annotated[
        str | None, typer.Option(metavar="slurm|DIR", help="Run on a cluster, by this profile.")
    ] = None,
) -> None:
    """Run chapters with parameters of your own and make a report of them."""
    from rich.console import Console

    from exercisebook.publish.book import make_book
    from exercisebook.publish.cluster import profile_folder
    from exercisebook.publish.report import report_plan

    plan = report_plan(chapters or [], parameter or [], cohort, out)
    on = None if profile is None else profile_folder(profile)
    first = make_book(plan, cores, Console(stderr=True), replace, on)
    alone = [chapter.slug for chapter in plan.chapters]
    if len(alone) == 1:
        first = notebook_file(alone[0], first.parent / "notebooks").with_suffix(".html")
    typer.echo(first)


@app.command()
def claims(
    chapter: Annotated[int | None, typer.Option(help="Only this chapter's.", min=1, max=7)] = None,
    dataset: Annotated[str | None, typer.Option(help="Only what this data set measures.")] = None,
    observed: Annotated[str | None, typer.Option(help="Only rows with this verdict.")] = None,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    changes: Annotated[
        bool, typer.Option("--changes", help="What changed since the last release.")
    ] = False,
    release: Annotated[
        str | None, typer.Option(metavar="VERSION", help="Freeze the ledger for this release.")
    ] = None,
) -> None:
    """Print every claim with its data sets and both verdicts."""
    from exercisebook.cli.claims import freeze_ledger, print_changes, print_ledger

    wanted = {"chapter": chapter, "dataset": dataset, "observed": observed}
    filters = {name: str(value) for name, value in wanted.items() if value is not None}
    if release is not None:
        if filters or json or changes:
            raise Misuse("--release freezes the whole ledger; it goes with no other option")
        typer.echo(freeze_ledger(release))
    elif changes:
        if filters:
            raise Misuse("--changes compares the whole ledger; of the options it takes only --json")
        print_changes(json)
    else:
        print_ledger(filters, json)


@app.command()
def test(
    full: Annotated[bool, typer.Option("--full", help="The long suites too.")] = False,  # noqa: PT028
) -> None:
    """Run every check of the book and print the time each part took."""
    from exercisebook.cli.suite import run_suite

    if not (ROOT / "tests").is_dir():
        raise Misuse(f"{ROOT} holds no tests; run this in a checkout of the book")
    raise typer.Exit(run_suite(full))


@app.command()
def serve(port: Annotated[int, typer.Option(min=1, max=65535)] = 8000) -> None:
    """Show the built site on this machine."""
    from functools import partial
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

    site = BUILD / "html"
    if not (site / "index.html").exists():
        raise Misuse("there is no site yet; run: exercisebook build")
    typer.echo(f"http://127.0.0.1:{port}/  (end with Ctrl-C)")
    handler = partial(SimpleHTTPRequestHandler, directory=str(site))
    ThreadingHTTPServer(("127.0.0.1", port), handler).serve_forever()


def main() -> None:
    """Run the command line; an error meant for the user is one plain message."""
    os.environ.setdefault("NUMBA_CACHE_DIR", str(ROOT / ".cache" / "numba"))
    # ended by another program, the book ends as by Ctrl-C, and takes its workers with it
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        app()
    except BookError as error:
        typer.echo(str(error), err=True)
        sys.exit(error.exit_status)
    except Exception as error:
        if os.environ.get("EXERCISEBOOK_DEBUG"):
            raise
        typer.echo(_unforeseen(error), err=True)
        sys.exit(1)


def _unforeseen(error: Exception) -> str:
    """Return one line on an error that no part of the book foresaw, and where it arose."""
    import traceback

    if isinstance(error, OSError):
        from exercisebook.publish.system import told

        return told(error)
    said = " ".join(str(error).split()) or "without a word"
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "exercisebook" in f.filename]
    place = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {said}{place}; EXERCISEBOOK_DEBUG=1 shows the whole of it"
