"""A data set for each student of a class, from a world that only the key can tell.

What a package shows is what any study would show: no world, no seed, no truth. Where the fault of
a world lies in the design (plates by phase, hours since the last bout, people who stayed away) the
tables of the design show it, as they do in life.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from exercisebook.cohort.package import Cohort, whole_folder, write_cohort
from exercisebook.simulate.cohorts import simulate
from exercisebook.simulate.packages import DIGITS
from exercisebook.simulate.worlds import World
from exercisebook.simulate.worlds import world as world_of
from exercisebook.teaching.assignment import NOTEBOOK, assignment_notebook
from exercisebook.teaching.questions import GIVEN, Drawn, drawn_numbers, questions
from exercisebook.teaching.sealed_key import ClassKey

PACKAGE = "cohort"
"""Folder of the package beside the notebook."""

FEWEST, MOST = 11, 16
"""People of a student's study."""

_PROBE = ".probe"

_DAY = 946_684_800
"""Time of every file: a clock would tell how long each took to make."""


@dataclass(frozen=True)
class Hidden:
    """What lies behind one student's data.

    Attributes
    ----------
    world : World
        The truth.
    cohort : Cohort
        What the student gets of it.
    effects : DataFrame
        True effects; see ``simulate.truth.study_effects``.
    drawn : Drawn
        Numbers in the questions.
    """

    world: World
    cohort: Cohort
    effects: pd.DataFrame
    drawn: Drawn


def hidden_study(key: ClassKey, student: str) -> Hidden:
    """Return a student's study, the same whenever it is asked for with the same key."""
    world = world_of(key.worlds[key.seed("world", student) % len(key.worlds)])
    rng = np.random.default_rng(key.seed("questions", student))
    people = FEWEST + key.seed("people", student) % (MOST - FEWEST + 1)
    made = simulate(world, people, key.seed("data", student), GIVEN, 0)
    said = {
        "title": "A simulated cohort of a world that is not disclosed",
        "licenses": made.cohort.description["licenses"],
        "simulated": True,
    }
    cohort = replace(made.cohort, name="class-cohort", description=said)
    return Hidden(world, cohort, made.truth["effects"], drawn_numbers(rng))


def probe_of(key: ClassKey) -> float:
    """Return a number that changes whenever the simulation does, or what is asked of it."""
    study = hidden_study(key, _PROBE)
    tables = study.cohort.measurements.values()
    data = sum(np.log(table["value"].dropna()).sum() for table in tables)
    asked = questions(study.cohort, study.drawn)
    right = [variable.right for question in asked for variable in question.variables]
    # a letter counts by its place in the alphabet, a word or a list by its length
    numbers = [
        r if isinstance(r, float) else ord(r) if isinstance(r, str) and len(r) == 1 else len(r)
        for r in right
    ]
    return float(data + np.arange(1, len(numbers) + 1) @ np.array(numbers, float))


def write_class(
    key: ClassKey, students: Sequence[str], out: Path, told: Callable[[str], None]
) -> None:
    """Write every student's folder: a package and the notebook with its questions.

    Parameters
    ----------
    key : ClassKey
    students : sequence of str
        Ids, as ``read_roster`` returns them.
    out : Path
        New folder; it is written whole or not at all.
    told : callable
        Called with each student who is done.

    Raises
    ------
    Misuse
        If the folder holds anything.
    """
    with whole_folder(out) as staging:
        for student in students:
            _write_student(key, student, staging / student)
            told(student)


def write_package(cohort: Cohort, folder: Path) -> None:
    """Write a student's package into a new folder; its files tell no time."""
    write_cohort(cohort, folder, DIGITS)
    for path in (*folder.rglob("*"), folder):
        os.utime(path, (_DAY, _DAY))


def _write_student(key: ClassKey, student: str, folder: Path) -> None:
    study = hidden_study(key, student)
    folder.mkdir()
    write_package(study.cohort, folder / PACKAGE)
    asked = questions(study.cohort, study.drawn)
    text = assignment_notebook(student, key.mark(student), asked)
    (folder / NOTEBOOK).write_text(text, encoding="utf-8")
    for path in (folder / NOTEBOOK, folder):
        os.utime(path, (_DAY, _DAY))
