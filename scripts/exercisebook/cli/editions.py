"""``exercisebook edition``: the book for students, for instructors, and with all solutions."""

from pathlib import Path
from typing import Annotated

import typer

from exercisebook.errors import Misuse, closest
from exercisebook.teaching.items import EDITIONS


def edition(
    name: Annotated[str, typer.Argument(metavar="|".join(EDITIONS), help="Which edition.")],
    out: Annotated[Path, typer.Option(help="Folder that receives site and notebooks.")],
    cores: Annotated[int, typer.Option(help="Chapters at once.", min=1)] = 2,
) -> None:
    """Make an edition of the book for teaching: its site, and its notebooks to work in.

    The edition for students holds no answers, and is refused if one is found in it.
    """
    if name not in EDITIONS:
        raise Misuse(f"no edition {name!r}; {closest(name, EDITIONS)}")
    from rich.console import Console

    from exercisebook.teaching.editions import make_edition

    typer.echo(make_edition(name, out, cores, Console(stderr=True)))
