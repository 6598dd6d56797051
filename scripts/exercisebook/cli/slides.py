"""``exercisebook slides``: slides of the chapters, with notes for the one who speaks."""

from pathlib import Path
from typing import Annotated

import typer


def slides(
    out: Annotated[Path, typer.Option(help="Folder that receives the slides.")],
    chapters: Annotated[
        list[str] | None, typer.Argument(metavar="[CHAPTER]...", help="02, or a name.")
    ] = None,
) -> None:
    """Make slides of chapters, with notes for the speaker; they need no network.

    A chapter that has not been run since it changed is run first.
    """
    from exercisebook.publish.slides import make_slides

    typer.echo(make_slides(chapters or [], out, lambda line: typer.echo(line, err=True)))
