"""The roster of a class: a table with one student a row, refused with everything wrong in it."""

import re
from pathlib import Path

from exercisebook.cohort.textfile import csv_rows, decoded
from exercisebook.errors import InvalidInput, Problem, closest

COLUMN = "student"

STUDENT = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9_-])?")
"""What an id may be: it becomes the name of a folder, on any system."""

_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)

_RULE = "letters a to z, digits, points, hyphens and underscores, 64 at most, no point at an end"


def is_student_id(text: str) -> bool:
    """Return whether a text can name a student, and so a folder."""
    return bool(STUDENT.fullmatch(text)) and not _RESERVED.fullmatch(text)


def read_roster(path: Path) -> list[str]:
    """Return the ids of a roster in its order; what else its columns hold is not read.

    Parameters
    ----------
    path : Path
        CSV with a column ``student``, and others (a name) as wanted.

    Raises
    ------
    InvalidInput
        With every empty, repeated or unusable id.
    """
    text = decoded(path, "a roster as CSV table")
    rows = [row for _, row in csv_rows(text, path.name)]
    header = [name.strip().lower() for name in rows[0]] if rows else []
    if COLUMN not in header:
        hint = closest(COLUMN, header) if header else "the file is empty"
        problem = Problem(path.name, f"no column {COLUMN!r}", "one", f"Add it ({hint}).", 1)
        raise InvalidInput([problem])
    place = header.index(COLUMN)
    filled = [
        (number, (row[place] if place < len(row) else "").strip())
        for number, row in enumerate(rows[1:], start=2)
        if any(field.strip() for field in row)
    ]
    problems = _problems(filled, path.name)
    if problems:
        raise InvalidInput(problems)
    return [student for _, student in filled]


def _problems(filled: list[tuple[int, str]], file: str) -> list[Problem]:
    if not filled:
        return [Problem(file, "a header and no students", "a row a student", "Add them.")]
    problems, seen = [], dict[str, int]()
    for row, student in filled:
        first = seen.setdefault(student.casefold(), row)
        if not student:
            found, repair = "an empty id", "Fill it, or remove the row."
        elif not is_student_id(student):
            found, repair = f"the id {student!r}", "It names a folder: choose another."
        elif first != row:
            # folders that differ in case alone are one on some systems
            found, repair = f"{student!r} again, after row {first}", "Remove or rename it."
        else:
            continue
        problems.append(Problem(file, found, f"each id once: {_RULE}", repair, row, COLUMN))
    return problems
