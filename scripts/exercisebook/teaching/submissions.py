"""What students handed in: found in a folder, and read as strangers' files are to be read.

Nothing is run here, and no link is followed.
"""

import json
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exercisebook.errors import Misuse
from exercisebook.teaching.assignment import MARK, NOTEBOOK
from exercisebook.teaching.roster import is_student_id

LARGEST = 20 * 2**20
"""Bytes of a submission; pictures in it are not small."""

MOST_CELLS = 500

_SUFFIXES = (".ipynb", ".py")
_MARKED = re.compile(rf"{MARK} ([A-Za-z0-9._-]{{1,64}})-([0-9a-f]{{16}})\b")


class Unreadable(Exception):
    """A submission that cannot be read; the message is meant for the student."""


@dataclass(frozen=True)
class Submission:
    """Where a student's work lies.

    Attributes
    ----------
    student : str
    path : Path or None
        None where nothing was handed in, or more than one thing.
    fault : str
        Why there is no one file to grade, or empty.
    """

    student: str
    path: Path | None
    fault: str = ""


def find_submissions(folder: Path, roster: list[str] | None) -> list[Submission]:
    """Return the submissions of a folder: ``ID/assignment.ipynb`` (or .py), or ``ID.ipynb``.

    Parameters
    ----------
    folder : Path
    roster : list of str, optional
        Who is in the class; those who handed in nothing are returned too.

    Raises
    ------
    Misuse
        If there is no such folder, or nothing in it that could be a submission.
    """
    if not folder.is_dir():
        raise Misuse(f"{folder} is no folder; name the one that holds the submissions")
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()):
        student = path.stem if path.suffix in _SUFFIXES and not path.is_dir() else path.name
        if is_student_id(student) and (path.is_dir() or path.suffix in _SUFFIXES):
            found.setdefault(student, []).extend(_within(path))
    if not found and not roster:
        raise Misuse(f"{folder} holds no submissions: ID/{NOTEBOOK}, or ID.ipynb, or ID.py")
    every = dict.fromkeys([*(roster or []), *sorted(found)])
    return [_submission(student, found.get(student, []), roster) for student in every]


def _within(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
    elif not path.is_symlink():
        stem = NOTEBOOK.partition(".")[0]
        yield from (path / f"{stem}{suffix}" for suffix in _SUFFIXES
                    if os.path.lexists(path / f"{stem}{suffix}"))  # fmt: skip


def _submission(student: str, paths: list[Path], roster: list[str] | None) -> Submission:
    if roster is not None and student not in roster:
        return Submission(student, None, "is not in the roster")
    if not paths:
        return Submission(student, None, "handed in nothing")
    if len(paths) > 1:
        names = " and ".join(path.name for path in paths)
        return Submission(student, None, f"handed in more than one file ({names})")
    return Submission(student, paths[0])


def read_bytes(path: Path) -> bytes:
    """Return what a submission's file holds.

    Raises
    ------
    Unreadable
        If it is no plain file, or too large.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    if path.is_symlink():
        raise Unreadable("the file is a link; hand in the file itself")
    try:
        handle = os.open(path, flags)
    except OSError as error:
        raise Unreadable(f"the file cannot be opened: {error.strerror}") from None
    with os.fdopen(handle, "rb") as stream:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise Unreadable("this is no file")
        content = stream.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise Unreadable(f"the file is larger than {LARGEST // 2**20} MB; clear its outputs")
    return content


def marks_in(content: bytes) -> frozenset[str]:
    """Return whose copy a submission says it is: ``student-mark``, as notebooks carry it."""
    found = _MARKED.findall(content.decode("utf-8", "replace"))
    return frozenset("-".join(parts) for parts in found)


def read_cells(content: bytes, suffix: str) -> list[str]:
    """Return the code cells of a notebook (.ipynb) or of a script that jupytext reads (.py).

    Raises
    ------
    Unreadable
        If it is neither.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("the file is not text in UTF-8") from None
    cells = _notebook_cells(text) if suffix == ".ipynb" else _script_cells(text)
    code = [source for kind, source in cells if kind == "code" and source.strip()]
    if not code:
        raise Unreadable("there is no code in it")
    if len(code) > MOST_CELLS:
        raise Unreadable(f"it has more than {MOST_CELLS} cells")
    return code


def _notebook_cells(text: str) -> list[tuple[str, str]]:
    try:
        notebook: Any = json.loads(text)
        if notebook["nbformat"] < 4:
            raise Unreadable("the notebook is of an old form; save it with Jupyter as version 4")
        return [(str(cell["cell_type"]), _source(cell["source"])) for cell in notebook["cells"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Unreadable("the file is no notebook") from None


def _source(source: Any) -> str:
    joined = source if isinstance(source, str) else "".join(source)
    # half of a pair of code units is no text, and nothing else can hold it
    return joined.encode("utf-8", "replace").decode("utf-8")


def _script_cells(text: str) -> list[tuple[str, str]]:
    import jupytext

    try:
        notebook = jupytext.reads(text, fmt="py:percent" if "# %%" in text else "py")
    except Exception as error:
        raise Unreadable(f"the script cannot be read: {type(error).__name__}") from None
    return [(cell.cell_type, cell.source) for cell in notebook.cells]
