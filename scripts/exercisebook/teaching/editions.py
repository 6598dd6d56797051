"""Editions of the book: for students, for instructors, and with all solutions.

An edition is the book with other text in its chapters. What was executed stays what it was, so
nothing runs again. Whether the edition for students is free of answers is judged in ``leaks.py``.
"""

import json
import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode
from rich.console import Console

from exercisebook.cohort.package import refuse_occupied
from exercisebook.errors import Failure, Misuse
from exercisebook.paths import BUILD, ROOT, notebook_file
from exercisebook.publish.book import make_book
from exercisebook.publish.notebooks import code_cells, notebook_slugs
from exercisebook.publish.plan import Plan, make_plan
from exercisebook.publish.provenance import build_date, commit
from exercisebook.publish.quiz_form import misconceptions
from exercisebook.publish.site import render_in
from exercisebook.teaching.check_calls import stub_of
from exercisebook.teaching.items import (
    INSTRUCTOR,
    SOLUTIONS,
    STUDENT,
    Block,
    Exercise,
    Items,
    Lesson,
    Question,
    items_of,
)
from exercisebook.teaching.leaks import Page, leaks, secrets_of

MARK = "edition.json"
"""File that tells which edition a folder holds, and that it may be replaced."""

MOST_TOLD = 40
"""Leaks that a failure names."""


@dataclass(frozen=True)
class _Change:
    """Lines of a page, first to last, and what takes their place."""

    first: int
    last: int
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Edited:
    """A page of an edition.

    Attributes
    ----------
    text : str
        As MyST.
    cells : tuple of int or None
        For each of its code cells, which of the original's it is; None for a new one.
    """

    text: str
    cells: tuple[int | None, ...]


def make_edition(edition: str, out: Path, cores: int, console: Console, root: Path = ROOT) -> Path:
    """Write an edition into a folder, site and notebooks, and return its first page.

    Parameters
    ----------
    edition : {"student", "instructor", "solutions"}
        Which one.
    out : Path
        The folder: a new or empty one, or one that holds an edition, which is replaced.
    cores : int
        Chapters at once, where any has to be executed.
    console : Console
        Where progress is told.
    root : Path
        The checkout.

    Raises
    ------
    Misuse
        If the folder holds anything else.
    Failure
        If the site cannot be made, or an answer is found in the edition for students; the
        folder is then as it was.
    """
    refuse_folder(out.resolve())
    plan = make_plan(notebook_slugs(root), {}, BUILD, report=False, root=root)
    # what an edition shows was executed, and its ledger made, for the book
    make_book(plan, cores, console)
    return write_edition(plan, edition, out.resolve())


def refuse_folder(out: Path) -> None:
    """Raise Misuse for a folder that an edition may not take."""
    if out in (BUILD, ROOT) or out in BUILD.parents:
        raise Misuse(f"{out} is the book's own; name another folder, nothing was written")
    if not (out / MARK).is_file():
        refuse_occupied(out)


def write_edition(plan: Plan, edition: str, out: Path) -> Path:
    """Render a plan whose chapters have been executed, judge it, and put it in its folder."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".edition-", dir=out.parent) as place:
        html, staged = render_in(plan, Path(place), lambda s: edit_stage(s, plan, edition))
        new = Path(place) / "new"
        new.mkdir()
        html.rename(new / "html")
        _write_notebooks(staged / "notebooks", new / "notebooks")
        told = {"edition": edition, "commit": commit(plan.root), "date": build_date(plan.root)}
        (new / MARK).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
        if edition == STUDENT:
            _refuse_leaks(plan, new)
        if out.exists():
            out.rename(Path(place) / "old")
        new.rename(out)
    return out / "html" / "index.html"


def _refuse_leaks(plan: Plan, folder: Path) -> None:
    """Raise Failure with every answer of the book that a folder holds."""
    pages = [
        Page(
            chapter.slug,
            notebook_file(chapter.slug, plan.root / "notebooks").read_text(encoding="utf-8"),
            nbformat.read(chapter.executed, as_version=4),
        )
        for chapter in plan.chapters
    ]
    others = [page.read_text(encoding="utf-8") for page in (plan.root / "book").glob("*.md")]
    found = leaks(folder, secrets_of(pages, others))
    if found:
        told = "\n".join(str(leak) for leak in found[:MOST_TOLD])
        raise Failure(f"the edition for students holds {len(found)} answers:\n{told}")


def edit_stage(staged: Path, plan: Plan, edition: str) -> None:
    """Put the pages of an edition in the place of the staged chapters."""
    for chapter in plan.chapters:
        place = notebook_file(chapter.slug, staged / "notebooks").with_suffix(".ipynb")
        notebook = nbformat.read(place, as_version=4)
        nbformat.write(edited_notebook(notebook, edition), place)
    config = staged / "_config.yml"
    text = config.read_text(encoding="utf-8")
    told = re.sub(r"^title: (.+)$", rf"title: \1, {edition} edition", text, flags=re.MULTILINE)
    config.write_text(told, encoding="utf-8")


def edited_notebook(notebook: NotebookNode, edition: str) -> NotebookNode:
    """Return an executed chapter as an edition shows it: other text, the same outputs."""
    edited = edited_text(jupytext.writes(notebook, fmt="md:myst"), edition)
    made = jupytext.reads(edited.text, fmt="md:myst")
    originals, ours = code_cells(notebook), code_cells(made)
    if len(ours) != len(edited.cells):
        raise ValueError(f"{len(ours)} code cells, where {len(edited.cells)} were written")
    for cell, place in zip(ours, edited.cells, strict=True):
        if place is not None:
            cell.outputs = originals[place].outputs
            cell.execution_count = originals[place].execution_count
    for place, cell in enumerate(made.cells):
        cell["id"] = f"cell-{place:03d}"
    made.metadata = notebook.metadata
    made.nbformat, made.nbformat_minor = 4, 5
    return made


def edited_text(text: str, edition: str) -> Edited:
    """Return a chapter's MyST text as an edition shows it.

    The edition for students has no solution but a cell to begin from, no right option and no
    feedback, no anchored answer, and nothing for instructors or speakers. The two others have
    every answer open; the one for instructors has, beside, what items serve, difficulties, lesson
    plans and the misconceptions that the chapter's wrong answers show.
    """
    items = items_of(text)
    changes = sorted(_CHANGES[edition](items), key=lambda change: (change.first, change.last))
    lines, done, made = text.splitlines(), 0, []
    for change in changes:
        made += [*lines[done : change.first], *change.lines]
        done = change.last + 1
    made += lines[done:]
    return Edited("\n".join(made) + "\n", tuple(_cells(items, edition)))


def _cells(items: Items, edition: str) -> list[int | None]:
    """Return which code cell of the original each of an edition's is."""
    cut = {}
    if edition == STUDENT:
        cut = {
            cell.start: exercise.solution.cells[0].start
            for exercise in items.exercises
            if exercise.solution
            for cell in exercise.solution.cells
        }
    found: list[int | None] = []
    for place, block in enumerate(b for b in items.blocks if b.name == "code-cell"):
        if block.start not in cut:
            found.append(place)
        elif block.start == cut[block.start]:
            found.append(None)
    return found


def _for_students(items: Items) -> list[_Change]:
    changes = [_cut(block) for block in items.difficulties]
    changes += [_cut(lesson.block) for lesson in items.lessons]
    changes += [_Change(note[0], note[-1], ()) for note in items.speaker_notes]
    changes += [_unkeyed(question) for question in (*items.predictions, *items.quiz)]
    for question in items.free_texts:
        changes.append(_rewritten(question.block, question.text, question.block.options))
    for exercise in items.exercises:
        if exercise.solution:
            changes.append(_begun(exercise))
    return changes


def _unkeyed(question: Question) -> _Change:
    """Return a question with its options alone: none is right, none tells why."""
    body = (*question.stem, "", *(f"- {option.text}" for option in question.options))
    return _rewritten(question.block, body, question.block.options)


def _begun(exercise: Exercise) -> _Change:
    """Return the cell from which a student starts in the place of a solution."""
    assert exercise.solution is not None
    first, last = exercise.solution.start, exercise.solution.end
    stub = stub_of(exercise.solution.code, "\n".join(exercise.statement))
    cell = ("```{code-cell} ipython3", *stub, "```") if exercise.solution.cells else ()
    return _Change(first, last, cell)


def _with_answers(items: Items) -> list[_Change]:
    """Return the changes that open every answer."""
    changes = [_opened(q.block) for q in items.quiz]
    changes += [_opened(question.block) for question in items.free_texts]
    for block in items.blocks:
        if block.name == "solution-start":
            settings = {k: v for k, v in block.options.items() if k != "class"}
            changes.append(_rewritten(block, block.body, settings))
    return changes


def _for_solutions(items: Items) -> list[_Change]:
    changes = _with_answers(items)
    changes += [_cut(block) for block in items.difficulties]
    return changes + [_cut(lesson.block) for lesson in items.lessons]


def _for_instructors(items: Items) -> list[_Change]:
    changes = _with_answers(items)
    asked = [q.block for q in (*items.predictions, *items.quiz)]
    asked += [question.block for question in items.free_texts]
    changes += [_below(block.end, _note(block)) for block in asked]
    for exercise in items.exercises:
        if exercise.task:
            gate = next(b for b in items.blocks if b.start == exercise.end)
            changes.append(_below(gate.end, _note(exercise.task)))
    changes += [_admonition(b, "Common difficulties", b.body) for b in items.difficulties]
    for lesson in items.lessons:
        title = f"Lesson plan, {lesson.block.argument} minutes"
        changes.append(_admonition(lesson.block, title, _lesson_table(lesson, items)))
    if items.lessons:
        changes.append(_below(items.lessons[-1].block.end, _misconception_table(items)))
    return changes


def _below(line: int, lines: Sequence[str]) -> _Change:
    """Return a change that puts lines below a line."""
    return _Change(line + 1, line, ("", *lines))


def _lesson_table(lesson: Lesson, items: Items) -> list[str]:
    rows = ["| Minutes | What | Item |", "|---|---|---|"]
    for activity in lesson.activities:
        title = items.titles.get(activity.label)
        link = f"[{title}](#{activity.label})" if title else ""
        rows.append(f"| {activity.minutes} | {activity.text} | {link} |")
    return rows


def _note(block: Block) -> tuple[str, ...]:
    """Return what an instructor is told below an item: minutes and objectives."""
    serves = ", ".join(f"[{name}](#objective-{name})" for name in block.objectives)
    told = f"about {block.options.get('minutes', '?')} minutes; serves {serves or 'no objective'}"
    return (f"*For the instructor:* {told}.",)


def _misconception_table(items: Items) -> list[str]:
    """Return the misconceptions that a chapter's wrong answers show, as MyST."""
    shown: dict[str, list[str]] = {}
    for question in (*items.predictions, *items.quiz):
        for option in question.options:
            if option.misconception:
                shown.setdefault(option.misconception, []).append(question.block.label)
    rows = []
    for name, labels in sorted(shown.items()):
        known = misconceptions()[name]
        links = ", ".join(f"[{items.titles[n]}](#{n})" for n in dict.fromkeys(labels))
        rows.append(f"| {known.name} | {known.explanation} | {known.chapter} | {links} |")
    head = ["| Misconception | Why it is one | Chapter | Shown by |", "|---|---|---|---|"]
    title = ":::{admonition} Misconceptions that wrong answers show"
    return [title, ":class: instructor", *head, *rows, ":::"]


def _admonition(block: Block, title: str, body: Sequence[str]) -> _Change:
    lines = (f":::{{admonition}} {title}", ":class: instructor", *body, ":::")
    return _Change(block.start, block.end, lines)


def _opened(block: Block) -> _Change:
    return _rewritten(block, block.body, {**block.options, "open": ""})


def _rewritten(block: Block, body: tuple[str, ...], settings: dict[str, str]) -> _Change:
    """Return a block with another body and other options."""
    told = [f":{name}: {value}".rstrip() for name, value in settings.items()]
    lines = (f"```{{{block.name}}} {block.argument}", *told, *body, "```")
    return _Change(block.start, block.end, lines)


def _cut(block: Block) -> _Change:
    return _Change(block.start, block.end, ())


_CHANGES: dict[str, Callable[[Items], list[_Change]]] = {
    STUDENT: _for_students,
    INSTRUCTOR: _for_instructors,
    SOLUTIONS: _for_solutions,
}


def _write_notebooks(staged: Path, folder: Path) -> None:
    """Write the chapters of a staged edition as notebooks, and as MyST."""
    for notebook in sorted(staged.rglob("*.ipynb")):
        place = folder / notebook.relative_to(staged)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(notebook, place)
        text = jupytext.writes(nbformat.read(notebook, as_version=4), fmt="md:myst")
        place.with_suffix(".md").write_text(text, encoding="utf-8")
