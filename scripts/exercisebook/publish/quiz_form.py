"""How questions stand in a chapter: options, feedback, misconceptions, levels of a rubric.

Only their form is read here. Drawing them on a page is the Sphinx extension's, and finding them in
a chapter is the floor ``teaching``'s.
"""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from exercisebook.paths import DATA

MISCONCEPTIONS = DATA / "misconceptions.csv"
RUBRIC = DATA / "causal_rubric.csv"

_OPTION = re.compile(
    r"^(?P<mark>[+-]) (?P<text>.*?)(?:\s+\{(?P<misconception>[a-z][a-z0-9-]*)\})?\s*$"
)
_ANCHOR = re.compile(r"^- (?P<level>\d+): (?P<text>.+)$")


@dataclass(frozen=True)
class Option:
    """One answer that a reader may choose.

    Attributes
    ----------
    text : str
        The answer, as MyST.
    right : bool
        Whether it is right.
    misconception : str
        Id of the one that a wrong answer shows, or nothing.
    feedback : tuple of str
        Lines of MyST that say why.
    line : int
        Place among the lines it was read from, from 0.
    """

    text: str
    right: bool
    misconception: str
    feedback: tuple[str, ...]
    line: int


@dataclass(frozen=True)
class Anchor:
    """An answer to a free question that stands for a level of the rubric, and why."""

    level: int
    text: str
    why: tuple[str, ...]
    line: int


@dataclass(frozen=True)
class Misconception:
    """A wrong idea that students have, and the chapter that treats it."""

    id: str
    name: str
    explanation: str
    chapter: int


def options_of(lines: Sequence[str]) -> tuple[list[str], list[Option]]:
    """Return the stem of a question and its options.

    An option begins with ``+`` (right) or ``-`` (wrong) at the start of a line; the indented
    lines below it say why. ``{id}`` at the end of its first line names a misconception.
    """
    stem, parts = _split(lines, _OPTION)
    options = [
        Option(m["text"], m["mark"] == "+", m["misconception"] or "", told, line)
        for m, told, line in parts
    ]
    return stem, options


def anchors_of(lines: Sequence[str]) -> tuple[list[str], list[Anchor]]:
    """Return the text of a free question and its anchored answers, ``- level: answer`` each."""
    stem, parts = _split(lines, _ANCHOR)
    return stem, [Anchor(int(m["level"]), m["text"], told, line) for m, told, line in parts]


def _split(
    lines: Sequence[str], begins: re.Pattern[str]
) -> tuple[list[str], list[tuple[re.Match[str], tuple[str, ...], int]]]:
    """Return the lines before the first match, and each match with the lines below it."""
    starts = [(n, match) for n, line in enumerate(lines) if (match := begins.match(line))]
    ends = [n for n, _ in starts[1:]] + [len(lines)]
    stem = list(lines[: starts[0][0]] if starts else lines)
    parts = []
    for (n, match), end in zip(starts, ends, strict=False):
        told = tuple(line.strip() for line in lines[n + 1 : end] if line.strip())
        parts.append((match, told, n))
    return _trimmed(stem), parts


def _trimmed(lines: list[str]) -> list[str]:
    """Return lines without the empty ones at both ends."""
    told = [n for n, line in enumerate(lines) if line.strip()]
    return lines[told[0] : told[-1] + 1] if told else []


@cache
def misconceptions(path: Path = MISCONCEPTIONS) -> dict[str, Misconception]:
    """Return the controlled list of misconceptions by id."""
    with path.open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    return {
        r["id"]: Misconception(r["id"], r["name"], r["explanation"], int(r["chapter"]))
        for r in rows
    }


@cache
def causal_rubric(path: Path = RUBRIC) -> dict[int, tuple[str, str]]:
    """Return the levels of the rubric on causal language: name and description by level."""
    with path.open(encoding="utf-8", newline="") as table:
        return {int(r["level"]): (r["name"], r["description"]) for r in csv.DictReader(table)}
