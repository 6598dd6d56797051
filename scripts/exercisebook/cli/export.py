"""``exercisebook export``: the book's exercises in the form of another program."""

from pathlib import Path
from typing import Annotated

import typer

export_app = typer.Typer(
    help="Export the exercises for another program.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@export_app.callback()
def _of_several() -> None:
    """Export the exercises for another program."""


@export_app.command("nbgrader")
def export_nbgrader(
    out: Annotated[Path, typer.Option(help="New folder of the course.")],
    chapters: Annotated[
        list[str] | None, typer.Argument(metavar="[CHAPTER]...", help="02, or a name; else all.")
    ] = None,
) -> None:
    """Write a course folder of nbgrader: an assignment a chapter, with solutions and tests.

    nbgrader itself is installed apart; the folder's README tells how, and what to run.
    """
    from exercisebook.publish.notebooks import chapter_slugs, find_chapter
    from exercisebook.teaching.nbgrader import export_course

    slugs = [find_chapter(name) for name in chapters] if chapters else chapter_slugs()
    typer.echo(export_course(list(dict.fromkeys(slugs)), out))
