"""Hints at what a mistyped word may have meant, given only where one is near.

Words of a short list are listed where none is near; ids of samples are never listed, and a number
in one is no slip of another.
"""

import difflib
import re
from collections.abc import Iterable

from exercisebook.errors import listed

NEAR = 0.75
"""Likeness, of 1, from which a word is offered."""


def near(name: str, known: Iterable[str]) -> str | None:
    """Return the word that a name is most like, if it is near."""
    folded = {option.casefold(): option for option in known}
    found = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=NEAR)
    return folded[found[0]] if found else None


def near_id(name: str, known: Iterable[str]) -> str | None:
    """Return the id that a name is most like, among those with the same numbers in it."""
    return near(name, [own for own in known if _numbers(own) == _numbers(name)])


def hint(name: str, known: Iterable[str]) -> str:
    """Return ``did you mean 'x'?``, or the known words where none is near."""
    options = list(known)
    meant = near(name, options)
    if meant is not None:
        return f"did you mean {meant!r}?"
    return "known are: " + listed(options) if options else "none is known"


def _numbers(name: str) -> list[int]:
    return [int(digits) for digits in re.findall(r"[0-9]+", name)]
