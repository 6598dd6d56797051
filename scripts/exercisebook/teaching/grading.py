"""From a folder of submissions to grades: what was handed in is run in a closed room and judged.

Each result is kept under a key of everything that it depends on, so that a run that was
interrupted goes on where it was, and a changed submission is graded anew.
"""

import hashlib
import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path

import pandas as pd

import exercisebook
from exercisebook.cohort.tables import whole_file, write_csv
from exercisebook.errors import Misuse
from exercisebook.publish.keys import import_closure
from exercisebook.teaching.answers import Judged, Told, judge, read_lines
from exercisebook.teaching.class_data import Hidden, hidden_study, write_package
from exercisebook.teaching.feedback import feedback_page
from exercisebook.teaching.questions import POINTS, Question, questions
from exercisebook.teaching.sandbox import (
    MEMORY,
    OUTPUT,
    PROCESSES,
    TIME,
    Limits,
    Ran,
    run_cells,
)
from exercisebook.teaching.sealed_key import ClassKey
from exercisebook.teaching.submissions import (
    Submission,
    Unreadable,
    marks_in,
    read_bytes,
    read_cells,
)

GRADED = "graded"
STOPPED = "stopped"
LIMIT = "over a limit"
UNREADABLE = "unreadable"
ABSENT = "nothing to grade"
NOT_OWN = "another student's copy"
NOT_RUN = "not run"
"""States of a grade; those that are not ``NOT_RUN`` are kept."""

_ROOT = Path(exercisebook.__file__).resolve().parent.parent


@dataclass(frozen=True)
class Grade:
    """What came of one submission.

    Attributes
    ----------
    student : str
    state : str
        ``GRADED``, ``STOPPED``, ``LIMIT``, ``UNREADABLE``, ``ABSENT``, ``NOT_OWN`` or ``NOT_RUN``.
    reason : str
        How it went, in a sentence for the student.
    note : str
        For the teacher alone.
    judged : tuple of Judged
        Empty where nothing was run.
    """

    student: str
    state: str
    reason: str
    note: str = ""
    judged: tuple[Judged, ...] = ()

    @property
    def points(self) -> int:
        """Return a point for every right answer."""
        return sum(answer.right for answer in self.judged)


@dataclass(frozen=True)
class Class:
    """What grades depend on beside the submissions.

    Attributes
    ----------
    key : ClassKey
    room : str
        Kind of room; see ``sandbox``.
    limits : Limits
    marks : dict of str to str
        Student by the mark of their copy.
    """

    key: ClassKey
    room: str
    limits: Limits
    marks: dict[str, str]


def class_of(key: ClassKey, room: str, limits: Limits, students: Sequence[str]) -> Class:
    """Return a class with the marks of its students' copies."""
    return Class(key, room, limits, {f"{name}-{key.mark(name)}": name for name in students})


def grade_all(
    submissions: Sequence[Submission], of: Class, out: Path, told: Callable[[Grade, bool], None]
) -> list[Grade]:
    """Grade submissions; write a page of feedback each, and at the end the table, whole.

    Parameters
    ----------
    submissions : sequence of Submission
    of : Class
    out : Path
        The table of grades. Feedback goes into a folder beside it (``grades-feedback``), and what
        is kept between runs into a hidden one.
    told : callable
        Called with each grade, and whether it was at hand from an earlier run.

    Raises
    ------
    Misuse
        If the table cannot lie there.
    """
    if out.is_dir():
        raise Misuse(f"{out} is a folder; name the table of grades, such as grades.csv")
    feedback, kept = feedback_folder(out), out.with_name(f".{out.stem}-kept")
    for folder in (feedback, kept):
        folder.mkdir(parents=True, exist_ok=True)
    grades = []
    for submission in submissions:
        grade, at_hand = _kept_or_graded(submission, of, kept, feedback)
        grades.append(grade)
        told(grade, at_hand)
    write_csv(grades_table(grades), out)
    return grades


def feedback_folder(out: Path) -> Path:
    """Return the folder of feedback that goes with a table of grades."""
    return out.with_name(f"{out.stem}-feedback")


def grades_table(grades: Sequence[Grade]) -> pd.DataFrame:
    """Return grades as a table: a row a student, a column an answer, public apart from hidden."""
    rows = [
        {
            "student": grade.student,
            "state": grade.state,
            "points": grade.points,
            "of": POINTS,
            "answered": sum(bool(answer.shown) for answer in grade.judged),
            "usable": sum(bool(a.shown) and not a.public for a in grade.judged),
            "reason": grade.reason,
            "note": grade.note,
            **{answer.name: answer.word for answer in grade.judged},
        }
        for grade in grades
    ]
    return pd.DataFrame(rows)


def _kept_or_graded(
    submission: Submission, of: Class, kept: Path, feedback: Path
) -> tuple[Grade, bool]:
    student = submission.student
    page, record = feedback / f"{student}.html", kept / f"{student}.json"
    try:
        content = b"" if submission.path is None else read_bytes(submission.path)
    except Unreadable as fault:
        grade = Grade(student, UNREADABLE, f"This could not be read: {fault}.")
        _write(page, feedback_page(student, grade.reason, (), ()))
        return grade, False
    key = _key(submission, content, of)
    found = _read_record(record, key) if page.exists() else None
    if found is not None:
        return found, True
    grade, asked = _graded(submission, content, of)
    _write(page, feedback_page(student, grade.reason, asked, grade.judged))
    if grade.state != NOT_RUN:
        _write(record, json.dumps({"key": key, "grade": asdict(grade)}))
    return grade, False


def _key(submission: Submission, content: bytes, of: Class) -> str:
    """Return a digest of all that a grade depends on."""
    name = submission.path.suffix if submission.path is not None else submission.fault
    whose = sorted(_owners(content, of))
    rest = json.dumps([asdict(of.limits), of.room, whose, list(of.key.worlds), code_digest()])
    return of.key.digest(
        "grade", submission.student, name, hashlib.sha256(content).hexdigest(), rest
    )


def _owners(content: bytes, of: Class) -> set[str]:
    """Return the students of the class whose copy a submission says it is."""
    return {of.marks[mark] for mark in marks_in(content) & set(of.marks)}


@cache
def code_digest() -> str:
    """Return the sha256 of all code that grades."""
    files = import_closure("exercisebook.teaching.grading", _ROOT)
    files += [Path(__file__).with_name(name) for name in ("runner.py", "enclosure.py")]
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()


def _read_record(path: Path, key: str) -> Grade | None:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if record["key"] != key:
            return None
        grade = record["grade"]
        judged = tuple(Judged(**answer) for answer in grade.pop("judged"))
        return Grade(**grade, judged=judged)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _write(path: Path, text: str) -> None:
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _graded(submission: Submission, content: bytes, of: Class) -> tuple[Grade, Sequence[Question]]:
    """Return a grade and the questions that it answers; none where nothing was run."""
    student = submission.student
    if submission.path is None:
        return Grade(student, ABSENT, f"Not graded: this student {submission.fault}."), ()
    try:
        cells = read_cells(content, submission.path.suffix)
    except Unreadable as fault:
        return Grade(student, UNREADABLE, f"This could not be read: {fault}."), ()
    owners = _owners(content, of)
    if owners and student not in owners:
        note = f"copy of {', '.join(sorted(owners))}"
        return Grade(student, NOT_OWN, "This notebook was made for another student.", note), ()
    study = hidden_study(of.key, student)
    asked = questions(study.cohort, study.drawn)
    grade = _run(student, cells, study, asked, of)
    if owners == {student} or grade.note:
        return grade, asked
    others = ", ".join(sorted(owners - {student}))
    note = f"holds the mark of {others} too" if others else "its mark was changed"
    return replace(grade, note=note), asked


def _run(
    student: str, cells: list[str], study: Hidden, asked: Sequence[Question], of: Class
) -> Grade:
    names = [variable.name for question in asked for variable in question.variables]
    with tempfile.TemporaryDirectory(prefix="exercisebook-") as folder:
        write_package(study.cohort, Path(folder) / "cohort")
        ran = run_cells(cells, names, Path(folder) / "cohort", of.room, of.limits)
    told = read_lines(ran.lines)
    state, reason = _how_it_went(ran, told, of.limits)
    if state == NOT_RUN:
        return Grade(student, state, reason, f"room: {_line_of(ran.printed[-200:])}")
    return Grade(student, state, reason, judged=tuple(judge(asked, told.answers)))


def _how_it_went(ran: Ran, told: Told, limits: Limits) -> tuple[str, str]:
    before = "Answers given before that count."
    if ran.stopped:
        too_much = {
            TIME: f"it had not ended after {limits.seconds:g} s",
            MEMORY: f"it used more than {limits.memory / 2**30:g} GB of memory",
            PROCESSES: f"it started more than {limits.processes} processes",
            OUTPUT: f"it printed more than {limits.output / 2**20:g} MB",
        }[ran.stopped]
        return LIMIT, f"It was stopped in code cell {told.cell}, since {too_much}. {before}"
    if not told.started:
        return NOT_RUN, "The room for it failed; grade again."
    if told.error is not None:
        return STOPPED, f"It stopped in code cell {told.cell}: {_error(told.error)}. {before}"
    if not told.ended:
        return STOPPED, f"It ended itself in code cell {told.cell}. {before}"
    return GRADED, "It ran to its end."


def _error(error: dict[str, object]) -> str:
    """Return what stopped a cell, in words that cannot be taken for anything else."""
    kind, text = (_line_of(str(error.get(name, ""))) for name in ("kind", "text"))
    if kind == "notebook command":
        return f"the notebook command {text!r} is not known here; write plain Python"
    if kind == "MemoryError":
        return "it asked for more memory than it may have"
    line = error.get("line")
    place = f" (line {line})" if isinstance(line, int) else ""
    return f"{kind}{place}" + (f": {text}" if text else "")


def _line_of(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)[:200]
