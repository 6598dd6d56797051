"""``class-data``, ``class-truth`` and ``grade``: a class's data, what is behind it, its grades."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from exercisebook.errors import Misuse

if TYPE_CHECKING:
    from exercisebook.teaching.sealed_key import ClassKey

_MEMORY = re.compile(r"(\d+(?:\.\d+)?)\s*([MG])i?B?", re.IGNORECASE)
_LEAST_MEMORY = 256 * 2**20

Key = Annotated[Path, typer.Option("--key", metavar="KEYFILE", help="The class's sealed key.")]


def class_data(
    roster: Annotated[Path, typer.Option(help="CSV with a column student; names are not read.")],
    key: Key,
    out: Annotated[Path, typer.Option(help="New folder: one folder a student.")],
    world_set: Annotated[
        str | None, typer.Option(metavar="A,B,...", help="Worlds to draw from; all without it.")
    ] = None,
) -> None:
    """Write a hidden data set and an assignment for each student of a roster."""
    from exercisebook.cohort.package import refuse_occupied
    from exercisebook.teaching.class_data import write_class
    from exercisebook.teaching.roster import read_roster

    students = read_roster(roster)
    refuse_occupied(out)
    if key.resolve().is_relative_to(out.resolve()):
        raise Misuse(f"the key would lie in {out}, which students are given; keep it elsewhere")
    sealed = _own_key(key, world_set)
    with _progress("class", len(students)) as step:
        write_class(sealed, students, out, lambda student: step())
    typer.echo(out)
    typer.echo(f"sealed key: {key} (keep it from students; nothing is graded without it)", err=True)


def class_truth(
    student: Annotated[str, typer.Argument(metavar="STUDENT", help="An id of the roster.")],
    key: Key,
) -> None:
    """Tell the world of one student and the right answers. Not for students."""
    from exercisebook.teaching.class_data import hidden_study
    from exercisebook.teaching.questions import questions
    from exercisebook.teaching.roster import is_student_id

    if not is_student_id(student):
        raise Misuse(f"{student!r} can be no student's id")
    study = hidden_study(_known_key(key), student)
    typer.echo(f"world: {study.world.name}: {study.world.says}")
    for question in questions(study.cohort, study.drawn):
        for variable in question.variables:
            right = variable.right
            told = f"{right:.4g}" if isinstance(right, float) else right
            told = "[" + ", ".join(sorted(right)) + "]" if isinstance(right, frozenset) else told
            typer.echo(f"{variable.name}: {told}")


def grade(
    submissions: Annotated[
        Path, typer.Argument(metavar="SUBMISSIONS", help="Folder: ID/assignment.ipynb, ID.ipynb.")
    ],
    key: Key,
    out: Annotated[Path, typer.Option(help="Table of grades, such as grades.csv.")],
    roster: Annotated[
        Path | None, typer.Option(help="Who is in the class; who handed in nothing is listed.")
    ] = None,
    trusted: Annotated[
        bool, typer.Option("--trusted", help="Run submissions as if they were your own code.")
    ] = False,
    time: Annotated[float, typer.Option(help="Seconds a submission may take.", min=1)] = 120,
    memory: Annotated[str, typer.Option(help="What it may use, such as 4G or 800M.")] = "4G",
) -> None:
    """Run what students handed in, in a closed room, and grade it."""
    from exercisebook.teaching import grading, sandbox
    from exercisebook.teaching.roster import read_roster
    from exercisebook.teaching.submissions import find_submissions

    limits = sandbox.Limits(float(time), _bytes(memory))
    sealed = _known_key(key)
    found = find_submissions(submissions, None if roster is None else read_roster(roster))
    room = sandbox.TRUSTED if trusted else sandbox.choose_room()
    sandbox.refuse_in_view([key, submissions, out], room)
    if trusted:
        typer.echo("trusted: submissions see this machine as you do", err=True)
    of = grading.class_of(sealed, room, limits, [each.student for each in found])
    with _progress("submissions", len(found)) as step:
        grades = grading.grade_all(found, of, out, lambda grade, at_hand: step())
    typer.echo(out)
    typer.echo(grading.feedback_folder(out))
    failed = [each.student for each in grades if each.state == grading.NOT_RUN]
    if failed:
        typer.echo(f"not run, grade again: {', '.join(failed)}", err=True)
        raise typer.Exit(1)


def _own_key(path: Path, world_set: str | None) -> "ClassKey":
    """Return the key in a file, or make one there."""
    from dataclasses import replace

    from exercisebook.teaching.class_data import probe_of
    from exercisebook.teaching.sealed_key import class_worlds, fresh_key, write_class_key

    worlds = class_worlds([name.strip() for name in world_set.split(",")] if world_set else [])
    if path.exists():
        sealed = _known_key(path)
        if world_set and set(sealed.worlds) != set(worlds):
            raise Misuse(
                f"{path} is the key of a class in other worlds ({', '.join(sealed.worlds)}); leave "
                "--world-set out, or name a new key"
            )
        return sealed
    sealed = fresh_key(worlds)
    sealed = replace(sealed, probe=probe_of(sealed))
    write_class_key(sealed, path)
    return sealed


def _known_key(path: Path) -> "ClassKey":
    from exercisebook.teaching.class_data import probe_of
    from exercisebook.teaching.sealed_key import read_class_key, refuse_other_probe

    sealed = read_class_key(path)
    refuse_other_probe(sealed, probe_of(sealed))
    return sealed


def _bytes(text: str) -> int:
    found = _MEMORY.fullmatch(text.strip())
    size = 0 if found is None else int(float(found[1]) * 2 ** (30 if found[2] in "Gg" else 20))
    if size < _LEAST_MEMORY:
        raise Misuse(f"--memory {text!r}: give a size such as 4G or 800M, at least 256M")
    return size


@contextmanager
def _progress(what: str, total: int) -> Iterator[Callable[[], None]]:
    """Yield a function that moves a bar on standard error by one."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=total)
        yield lambda: progress.advance(task)
