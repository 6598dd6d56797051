"""What a chapter asks of its readers: predictions, quiz items, exercises, a free question.

They are read from the chapter's MyST text, each with the line it stands on. Judging them is in
``lint.py``; what an edition shows of them is in ``editions.py``.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from exercisebook.publish.quiz_form import Anchor, Option, anchors_of, options_of
from exercisebook.publish.tags import NOTES

STUDENT, INSTRUCTOR, SOLUTIONS = "student", "instructor", "solutions"
EDITIONS = (STUDENT, INSTRUCTOR, SOLUTIONS)
"""For whom an edition shows them."""

LEVELS = ("recall", "apply", "analyse", "design")
"""What an exercise asks for, from the least to the most."""

_OPENS = re.compile(r"^(?P<fence>`{3,}|:{3,})(?:\{(?P<name>[\w:-]+)\})?\s*(?P<argument>.*?)\s*$")
_SETTING = re.compile(r"^:(?P<name>[\w-]+):\s*(?P<value>.*?)\s*$")
_OBJECTIVE = re.compile(r"\{objective\}`(?P<id>[\w-]+)`")
_OBJECTIVES = "## You will be able to"
_ACTIVITY = re.compile(r"^- (?P<minutes>\d+): (?P<text>.*?)(?:\s+\{(?P<label>[\w-]+)\})?\s*$")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page; lines are counted from 0.

    Attributes
    ----------
    name : str
        Of its directive; nothing for a plain fence.
    argument : str
        What stands behind the name.
    options : dict of str to str
        Lines such as ``:label: quiz-dip``.
    body : tuple of str
        What stands below the options.
    start, body_start, end : int
        Lines of the opening fence, of the first line of the body, and of the closing fence.
    closed : bool
        Whether there is a closing fence.
    """

    name: str
    argument: str
    options: dict[str, str]
    body: tuple[str, ...]
    start: int
    body_start: int
    end: int
    closed: bool

    @property
    def label(self) -> str:
        """Return the block's label, or nothing."""
        return self.options.get("label", "")

    @property
    def objectives(self) -> tuple[str, ...]:
        """Return the ids of the objectives it serves."""
        return tuple(self.options.get("objective", "").split())


@dataclass(frozen=True)
class Objective:
    """What a reader will be able to do; without an id nothing can serve it."""

    ids: tuple[str, ...]
    text: str
    line: int


@dataclass(frozen=True)
class Question:
    """A prediction or a quiz item."""

    block: Block
    stem: tuple[str, ...]
    options: tuple[Option, ...]


@dataclass(frozen=True)
class Solution:
    """A solution: its lines, its text, and the code of its cells."""

    start: int
    end: int
    text: tuple[str, ...]
    cells: tuple[Block, ...]

    @property
    def code(self) -> str:
        """Return the code of all its cells."""
        return "\n".join(line for cell in self.cells for line in cell.body)


@dataclass(frozen=True)
class Exercise:
    """An exercise between ``exercise-start`` and ``exercise-end``, with its solution."""

    block: Block
    end: int
    task: Block | None
    hint: Block | None
    statement: tuple[str, ...]
    solution: Solution | None

    @property
    def label(self) -> str:
        """Return its label."""
        return self.block.label

    @property
    def objectives(self) -> tuple[str, ...]:
        """Return the ids of the objectives it serves."""
        return self.task.objectives if self.task else ()


@dataclass(frozen=True)
class FreeText:
    """A question to be answered in one's own words, with anchored answers."""

    block: Block
    text: tuple[str, ...]
    anchors: tuple[Anchor, ...]


@dataclass(frozen=True)
class Activity:
    """A line of a lesson plan: minutes, what is done, and the label of an item if it has one."""

    minutes: int
    text: str
    label: str
    line: int


@dataclass(frozen=True)
class Lesson:
    """A lesson plan of so many minutes."""

    block: Block
    activities: tuple[Activity, ...]


@dataclass(frozen=True)
class Items:
    """All that a chapter asks, in its order."""

    blocks: tuple[Block, ...]
    objectives: tuple[Objective, ...]
    predictions: tuple[Question, ...]
    quiz: tuple[Question, ...]
    exercises: tuple[Exercise, ...]
    free_texts: tuple[FreeText, ...]
    difficulties: tuple[Block, ...]
    lessons: tuple[Lesson, ...]
    speaker_notes: tuple[range, ...]
    """Lines of what is told beside slides, from 0, the break above them included."""

    @property
    def titles(self) -> dict[str, str]:
        """Return the title of every labelled item."""
        served = [q.block for q in (*self.predictions, *self.quiz)]
        served += [e.block for e in self.exercises] + [f.block for f in self.free_texts]
        return {block.label: block.argument for block in served if block.label}


def items_of(text: str) -> Items:
    """Return what a page asks, from its MyST text."""
    lines = text.splitlines()
    blocks = tuple(blocks_of(lines))
    named = {
        name: [block for block in blocks if block.name == name]
        for name in ("predict", "quiz", "free-text", "difficulties", "lesson")
    }
    return Items(
        blocks,
        tuple(_objectives(lines)),
        tuple(_question(block) for block in named["predict"]),
        tuple(_question(block) for block in named["quiz"]),
        tuple(_exercises(lines, blocks)),
        tuple(_free_text(block) for block in named["free-text"]),
        tuple(named["difficulties"]),
        tuple(_lesson(block) for block in named["lesson"]),
        tuple(_speaker_notes(lines)),
    )


def _speaker_notes(lines: list[str]) -> Iterator[range]:
    breaks = [n for n, line in enumerate(lines) if line.startswith(("+++", "```{code-cell}"))]
    for start, end in pairwise([*breaks, len(lines)]):
        if lines[start].startswith("+++") and f'"{NOTES}"' in lines[start]:
            yield range(start, end)


def blocks_of(lines: list[str]) -> Iterator[Block]:
    """Yield the outermost fenced blocks of a page in order."""
    n = 0
    while n < len(lines):
        opens = _OPENS.match(lines[n])
        if not opens:
            n += 1
            continue
        end = _closing(lines, n + 1, opens["fence"])
        inner = lines[n + 1 : end]
        settings = _settings(inner)
        body_start = n + 1 + len(settings)
        yield Block(
            opens["name"] or "",
            opens["argument"],
            dict(settings),
            tuple(lines[body_start:end]),
            n,
            body_start,
            end,
            end < len(lines),
        )
        n = end + 1


def _closing(lines: list[str], first: int, fence: str) -> int:
    """Return the line that closes a fence; the number of lines if none does."""
    for n in range(first, len(lines)):
        line = lines[n].strip()
        if len(line) >= len(fence) and set(line) == {fence[0]}:
            return n
    return len(lines)


def _settings(inner: list[str]) -> list[tuple[str, str]]:
    """Return the option lines at the head of a block."""
    found = []
    for line in inner:
        match = _SETTING.match(line)
        if not match:
            break
        found.append((match["name"], match["value"]))
    return found


def _objectives(lines: list[str]) -> Iterator[Objective]:
    if _OBJECTIVES not in lines:
        return
    for n in range(lines.index(_OBJECTIVES) + 1, len(lines)):
        if lines[n].startswith("## "):
            return
        if lines[n].startswith("- "):
            ids = tuple(match["id"] for match in _OBJECTIVE.finditer(lines[n]))
            text = re.sub(r"\s*\{objective\}`[\w-]+`", "", lines[n][2:]).rstrip(";.")
            yield Objective(ids, text, n)


def _question(block: Block) -> Question:
    stem, options = options_of(block.body)
    return Question(block, tuple(stem), tuple(options))


def _free_text(block: Block) -> FreeText:
    text, anchors = anchors_of(block.body)
    return FreeText(block, tuple(text), tuple(anchors))


def _lesson(block: Block) -> Lesson:
    activities = [
        Activity(int(match["minutes"]), match["text"], match["label"] or "", block.body_start + n)
        for n, line in enumerate(block.body)
        if (match := _ACTIVITY.match(line))
    ]
    return Lesson(block, tuple(activities))


def _exercises(lines: list[str], blocks: tuple[Block, ...]) -> Iterator[Exercise]:
    """Yield exercises with what belongs to them, by their gates."""
    solutions = dict(_solutions(lines, blocks))
    for start in (block for block in blocks if block.name == "exercise-start"):
        end = _gate(blocks, start, "exercise-end", len(lines))
        inside = [block for block in blocks if start.end < block.start < end]
        statement = lines[start.end + 1 : end]
        yield Exercise(
            start,
            end,
            next((block for block in inside if block.name == "task"), None),
            next((block for block in inside if _is_hint(block)), None),
            tuple(statement),
            solutions.get(start.label),
        )


def _solutions(lines: list[str], blocks: tuple[Block, ...]) -> Iterator[tuple[str, Solution]]:
    for start in (block for block in blocks if block.name == "solution-start"):
        end = _gate(blocks, start, "solution-end", len(lines))
        inside = [block for block in blocks if start.end < block.start < end]
        cells = tuple(block for block in inside if block.name == "code-cell")
        of_cells = {n for cell in cells for n in range(cell.start, cell.end + 1)}
        text = tuple(lines[n] for n in range(start.end + 1, end) if n not in of_cells)
        closing = next((b.end for b in blocks if b.start == end), end)
        yield start.argument, Solution(start.start, closing, text, cells)


def _gate(blocks: tuple[Block, ...], start: Block, name: str, otherwise: int) -> int:
    """Return the line at which the gate that closes another stands."""
    after = (block.start for block in blocks if block.name == name and block.start > start.start)
    return next(after, otherwise)


def _is_hint(block: Block) -> bool:
    return block.name == "dropdown" and block.argument == "Hint"
