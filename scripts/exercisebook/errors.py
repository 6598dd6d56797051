"""Errors that a user can act on.

``Misuse`` ends a command with status 2, ``Failure`` with status 1. ``InvalidInput`` is a misuse
that carries every problem found, not only the first.
"""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


class BookError(Exception):
    """An error with a message for the user; no traceback is shown for it."""

    exit_status = 1


class Failure(BookError):
    """The command was right, and what it set out to do failed."""

    exit_status = 1


class Misuse(BookError):
    """The command or its input was wrong; nothing was done."""

    exit_status = 2


@dataclass(frozen=True)
class Problem:
    """One thing wrong with an input: where, what was found, what was expected, the repair."""

    file: str
    found: str
    expected: str
    repair: str
    row: int | None = None
    column: str | None = None

    def __str__(self) -> str:
        place = self.file
        if self.row is not None:
            place += f", row {self.row}"
        if self.column is not None:
            place += f", column {self.column}"
        return f"{place}: found {self.found}; expected {self.expected}. {self.repair}"


class InvalidInput(Misuse):
    """Input that cannot be used, with all of its problems."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


MOST_NAMED = 12
"""Names that a hint lists where none is near."""


def closest(name: str, known: Iterable[str]) -> str:
    """Return a hint naming the nearest of ``known``, or all of them where none is near."""
    options = list(known)
    folded = {option.lower(): option for option in options}
    near = difflib.get_close_matches(name.lower(), folded, n=1, cutoff=0.5)
    if near:
        return f"did you mean {folded[near[0]]!r}?"
    if not options:
        return "none is known"
    return "known are: " + listed(options)


def listed(names: Iterable[object], most: int = MOST_NAMED) -> str:
    """Return the first names as a list, and how many more there are."""
    words = [str(name) for name in names]
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more
