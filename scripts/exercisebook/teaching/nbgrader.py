"""A course folder for nbgrader: the exercises of each chapter as an assignment that it grades.

Exercises, solutions and checks are read from the chapters. Nothing is run here, and nbgrader is
not imported: it lives in an environment of its own.
"""

import ast
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from exercisebook.cohort.package import refuse_occupied, whole_folder
from exercisebook.errors import Failure, Misuse, listed
from exercisebook.paths import ROOT, notebook_file
from exercisebook.publish.notebooks import is_chapter, read_chapter
from exercisebook.publish.provenance import commit
from exercisebook.publish.quiz_form import causal_rubric
from exercisebook.publish.stage import without_links
from exercisebook.teaching.check_calls import answers_of, arguments_of, calls_of, is_given
from exercisebook.teaching.items import (
    LEVELS,
    Block,
    Exercise,
    FreeText,
    Items,
    blocks_of,
    items_of,
)
from exercisebook.teaching.leaks import Page, leaks, secrets_of

KERNEL = "exercisebook"
"""Name under which the book's Python is made known to Jupyter."""

SCHEMA = 3
"""Version of nbgrader's metadata of cells."""

SOLUTION = ("### BEGIN SOLUTION", "### END SOLUTION")
HIDDEN_TESTS = ("### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS")
"""Lines between which nbgrader takes away what students may not see."""

_HEADING = re.compile(r"^\((?P<label>[\w-]+)\)=\s*\n#+ (?P<title>.+)$", re.MULTILINE)
_CITED = re.compile(r"\s*\{footcite(?::\w+)?\}`[^`]*`")
_ROLE = re.compile(r"\{[\w:-]+\}`(?P<words>[^`<]*?)(?:\s*<[^`>]*>)?`")
_INLINE = re.compile(r"`([^`]+)`")

_OPENING = """# {title}: exercises

These are exercises of *The Exercise Book*; keep the chapter "{title}" open beside this notebook.
Put your answer in the place of the three dots, with whatever code leads to it, and leave the
names as they are.
The cell below each answer looks at it, and tells you what to think of again.
What you write in your own words is read by a person."""

_CONFIG = """\
# Configuration of nbgrader for the exercises of The Exercise Book.
c = get_config()  # noqa: F821

c.CourseDirectory.course_id = "exercise_book"
# seconds that one cell may take: the first of a chapter imports all that it computes with
c.Execute.timeout = 120
# an answer begins as three dots, to which the checks have a reply
c.ClearSolutions.code_stub = {"python": "# your code here"}
c.ClearSolutions.text_stub = "Your answer here."
"""

_README = """\
# The Exercise Book, for nbgrader

A course folder for nbgrader 0.9, made by `exercisebook export nbgrader` of version {version}
(commit {commit}).

| Assignment | Points, by checks | Points, by you |
|---|---|---|
{table}

- `source/`: the assignments with their solutions. Students get what nbgrader makes of them in
  `release/`, and nothing else of this folder.
- `marking.md`: the free questions, the levels by which their answers are marked, and answers of
  known levels. They stand in the solution of each such cell, too. A level is as many points.
- `nbgrader_config.py`: read by nbgrader where it is run in this folder.

## Once

The notebooks import `exercisebook`, and nbgrader need not be installed beside it.
In the checkout of the book, after its installation, make its Python known to Jupyter under the
name that the notebooks ask for:

```bash
.venv/bin/python -m ipykernel install --user --name {kernel} --display-name "The Exercise Book"
```

Where your department has no nbgrader, an environment for it alone, outside the book's:

```bash
python3 -m venv ~/nbgrader
. ~/nbgrader/bin/activate
pip install --no-deps --require-hashes -r requirements-nbgrader.lock
```

Students need the book on their machines, or on the hub where they work, under the same name.

## For each assignment

In this folder:

```bash
nbgrader generate_assignment {first}
```

Give out `release/{first}/`, or use `nbgrader release_assignment` where there is an exchange.
What comes back lies in `submitted/STUDENT/{first}/{first}.ipynb`, put there by
`nbgrader collect`, `nbgrader zip_collect` or by hand.

```bash
nbgrader autograde {first}
nbgrader generate_feedback {first}
nbgrader export
```

Between the first two, mark the free question in `nbgrader formgrader`.

## What to know

- nbgrader runs what students wrote with all that you may do on that machine. Run it as a user
  who owns nothing, on a machine whose loss you could bear; the book's own `exercisebook grade`
  has a closed room, and hidden data for each student.
- The checks and the functions that compute right answers are open, and a student's code runs
  before them in the same process: it could replace them. Points here reward those who play fair.
- A submission that ends its own kernel is named as failed by `nbgrader autograde`, and has no
  points; the others are graded. A cell that takes longer than `c.Execute.timeout` is stopped.
- A cell that prints to standard error gets no points from nbgrader. The checks print nothing
  there.
- Some answers are computed from open data, or from the frozen results where these are not at
  hand. Release and grade with one version of the book.
- Predictions and quizzes of the book are not in here: nbgrader has no questions of that kind.
"""


@dataclass(frozen=True)
class Assignment:
    """A chapter's exercises as a notebook with solutions, and its free questions."""

    slug: str
    notebook: NotebookNode
    free_texts: tuple[FreeText, ...]

    @property
    def points(self) -> tuple[int, int]:
        """Return how many points checks give, and how many a person gives."""
        told = [cell.metadata["nbgrader"] for cell in self.notebook.cells]
        graded = [one for one in told if one["grade"]]
        by_hand = sum(one["points"] for one in graded if one["solution"])
        return sum(one["points"] for one in graded) - by_hand, by_hand


def export_course(slugs: Sequence[str], out: Path, root: Path = ROOT) -> Path:
    """Write a course folder for nbgrader, whole or not at all, and return its README.

    Parameters
    ----------
    slugs : sequence of str
        Chapters, each of which becomes an assignment.
    out : Path
        A new or empty folder: in one that was exported before may lie what students handed in.
    root : Path
        The checkout.

    Raises
    ------
    Misuse
        If the folder holds anything, or a chapter has no exercise.
    Failure
        If an exercise cannot be graded, or students would be given an answer.
    """
    refuse_occupied(out)
    assignments = [assignment_of(slug, root) for slug in slugs]
    _refuse_leaks(assignments, root)
    with whole_folder(out) as folder:
        for made in assignments:
            place = folder / "source" / made.slug
            place.mkdir(parents=True)
            nbformat.write(made.notebook, place / f"{made.slug}.ipynb")
        (folder / "nbgrader_config.py").write_text(_CONFIG, encoding="utf-8")
        (folder / "marking.md").write_text(_marking(assignments, root), encoding="utf-8")
        (folder / "README.md").write_text(_readme(assignments, root), encoding="utf-8")
    return out / "README.md"


def assignment_of(slug: str, root: Path = ROOT) -> Assignment:
    """Return the exercises of a chapter as an assignment; Misuse if it has none to grade."""
    if not is_chapter(slug):
        raise Misuse(f"{slug} is an appendix, whose exercises are not graded; name a chapter")
    text = notebook_file(slug, root / "notebooks").read_text(encoding="utf-8")
    items = items_of(text)
    if not items.exercises:
        raise Misuse(f"{slug} has no exercises; nothing was written")
    title = next(line[2:] for line in text.splitlines() if line.startswith("# "))
    opening = _read_only("opening", _OPENING.format(title=title))
    spec = {"name": KERNEL, "display_name": "The Exercise Book", "language": "python"}
    notebook = new_notebook(
        cells=[opening, *_asked(items, _titles(root), slug)],
        metadata={"kernelspec": spec, "language_info": {"name": "python"}},
    )
    return Assignment(slug, notebook, items.free_texts)


def released(notebook: NotebookNode) -> NotebookNode:
    """Return a notebook without what nbgrader takes away for students."""
    copy = nbformat.from_dict(notebook)
    for cell in copy.cells:
        for first, last in (SOLUTION, HIDDEN_TESTS):
            pattern = f"{re.escape(first)}.*?{re.escape(last)}"
            cell.source = re.sub(pattern, "", cell.source, flags=re.DOTALL)
    return copy


def points_of(exercise: Exercise) -> int:
    """Return an exercise's points: one for recall, and one more for each level above it."""
    level = exercise.task.options.get("level", "") if exercise.task else ""
    return LEVELS.index(level) + 1 if level in LEVELS else 1


def _asked(items: Items, titles: dict[str, str], slug: str) -> Iterator[NotebookNode]:
    """Yield the cells that exercises depend on, the exercises, and the free questions."""
    shown = {exercise.label: list(_shown(exercise, items.blocks)) for exercise in items.exercises}
    beside = {cell.start for cells in shown.values() for cell in cells}
    setup = _setup(items.exercises, [b for b in items.blocks if b.start not in beside])
    for n, cell in enumerate(setup, start=1):
        yield _run_only(f"setup-{n}", cell)
    for exercise in items.exercises:
        yield from _exercise_cells(exercise, shown[exercise.label], titles, slug)
    for question in items.free_texts:
        yield from _free_cells(question, titles)


def _exercise_cells(
    exercise: Exercise, shown: Sequence[Block], titles: dict[str, str], slug: str
) -> list[NotebookNode]:
    """Return the question, what is shown with it, the place for an answer, and its test."""
    label, points = exercise.label, points_of(exercise)
    question = [f"## {exercise.block.argument}", "", f"*{_effort(exercise.task, points)}*", ""]
    question.append(_markdown(exercise.statement, titles))
    cells = [_read_only(f"{label}-question", "\n".join(question))]
    cells += [_run_only(f"{label}-shown-{n}", cell) for n, cell in enumerate(shown, start=1)]
    answer, test = _answer_and_test(exercise, slug)
    cells.append(_cell(new_code_cell(answer), label, solution=True))
    cells.append(_cell(new_code_cell(test), f"{label}-test", points=points))
    return cells


def _answer_and_test(exercise: Exercise, slug: str) -> tuple[str, str]:
    """Return the code of a solution between its marks, and the code that tests it."""
    code = exercise.solution.code if exercise.solution else ""
    text = exercise.solution.text if exercise.solution else ()
    checks = _checks(code, "\n".join(exercise.statement))
    if not checks:
        raise Failure(
            f"{slug}, {exercise.label}: a solution has to end with calls of checks, alone on their "
            "lines, that are handed answers by name; `python -m exercisebook.teaching.lint` tells "
            "more"
        )
    names = dict.fromkeys(name for call in calls_of(code) for name in answers_of(call))
    begun = [f"{name} = ...  # your answer" for name in names]
    tested = {n for check in checks for n in range(check.lineno - 1, check.end_lineno or 0)}
    lines = [line for n, line in enumerate(code.splitlines()) if n not in tested]
    answer = [*begun, SOLUTION[0], *(f"# {line}" for line in text if _is_prose(line)), *lines]
    written = [ast.get_source_segment(code, check) or "" for check in checks]
    test = [line for check in written for line in _test(check)]
    return "\n".join([*answer, SOLUTION[1]]), "\n".join(test)


def _checks(code: str, statement: str) -> list[ast.Expr]:
    """Return the statements of a solution that are checks; none if one is of another form."""
    calls = calls_of(code)
    told = {ast.unparse(call) for call in calls}
    alone = [node for node in ast.parse(code).body if isinstance(node, ast.Expr)]
    checks = [node for node in alone if ast.unparse(node) in told]
    handed = [argument for call in calls for argument in arguments_of(call)]
    named = all(isinstance(a, ast.Name) or is_given(a, statement) for a in handed)
    return checks if named and len(checks) == len(calls) else []


def _test(check: str) -> Iterator[str]:
    """Yield the lines that look at an answer, and those that give its points."""
    yield f"told = {check}"
    yield "print(told)"
    yield HIDDEN_TESTS[0]
    yield 'assert told.startswith("Right"), told'
    yield HIDDEN_TESTS[1]


def _is_prose(line: str) -> bool:
    """Return whether a line of a solution is neither empty nor one of its gates."""
    return bool(line.strip()) and not line.startswith(("```", ":"))


def _free_cells(question: FreeText, titles: dict[str, str]) -> list[NotebookNode]:
    """Return a free question, and the place for its answer with what it is marked by."""
    points = max(causal_rubric())
    label = question.block.label
    told = f"## {question.block.argument}\n\n*{_effort(question.block, points)}*\n\n"
    asked = _read_only(f"{label}-question", told + _markdown(question.text, titles))
    marked = "\n".join([SOLUTION[0], *_levels(), "", *_anchored(question, titles), SOLUTION[1]])
    answer = _cell(new_markdown_cell(marked), label, solution=True, points=points)
    return [asked, answer]


def _effort(block: Block | None, points: int) -> str:
    """Return what an item asks for: its level and minutes if they are told, and its points."""
    options = block.options if block else {}
    minutes = f"about {options['minutes']} minutes" if "minutes" in options else ""
    worth = "1 point" if points == 1 else f"{points} points"
    told = ", ".join(part for part in (options.get("level", ""), minutes, worth) if part)
    return told[0].upper() + told[1:]


def _levels() -> list[str]:
    """Return the levels of the rubric on causal language, as a list."""
    rubric = causal_rubric().items()
    return ["A level is as many points.", ""] + [
        f"{level}. **{name}**: {described}" for level, (name, described) in sorted(rubric)
    ]


def _anchored(question: FreeText, titles: dict[str, str]) -> list[str]:
    """Return a free question's answers of known levels, each with its reason."""
    return [
        line
        for anchor in question.anchors
        for line in (
            f"- Level {anchor.level}: {_markdown([anchor.text], titles)}",
            f"  {_markdown(anchor.why, titles)}",
        )
    ]


def _shown(exercise: Exercise, blocks: Iterable[Block]) -> Iterator[Block]:
    """Yield the code cells that stand between an exercise's beginning and its solution."""
    end = exercise.solution.start if exercise.solution else exercise.end
    for block in blocks:
        if block.name == "code-cell" and exercise.block.start < block.start < end:
            yield block


def _setup(exercises: Sequence[Exercise], blocks: Sequence[Block]) -> list[Block]:
    """Return the code cells that exercises depend on, directly or by one another."""
    solved = {c.start for e in exercises if e.solution for c in e.solution.cells}
    wanted = {name for exercise in exercises for name in _needed(exercise)}
    kept = []
    for cell in reversed([b for b in blocks if b.name == "code-cell" and b.start not in solved]):
        code = ast.parse("\n".join(cell.body))
        if _set_by(code) & wanted:
            wanted |= _free(code)
            kept.append(cell)
    return kept[::-1]


def _needed(exercise: Exercise) -> set[str]:
    """Return the names that a solution reads and does not set, and ``chapter`` if it is told of."""
    told = " ".join(_INLINE.findall(_markdown(exercise.statement, {})))
    # other names in a question stand for what a student will choose
    named = {"chapter"} & set(re.findall(r"\w+", told))
    return named | _free(ast.parse(exercise.solution.code if exercise.solution else ""))


def _free(code: ast.Module) -> set[str]:
    """Return the names that code reads before it sets them."""
    free: set[str] = set()
    known: set[str] = set()
    for statement in code.body:
        nodes = list(ast.walk(statement))
        loops = [n.target for n in nodes if isinstance(n, ast.For | ast.comprehension)]
        inner = {name for target in loops for name in _set_by(target)}
        inner |= {n.arg for n in nodes if isinstance(n, ast.arg)}
        read = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
        free |= read - known - inner
        known |= _set_by(statement)
    return free


def _set_by(code: ast.AST) -> set[str]:
    """Return the names that code sets, imports or defines."""
    found: set[str] = set()
    for node in ast.walk(code):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {alias.asname or alias.name for alias in node.names}
    return found


def _markdown(lines: Sequence[str], titles: dict[str, str]) -> str:
    """Return MyST as the Markdown that a notebook shows: a hint to open, no roles, no labels."""
    done, told = 0, []
    for block in blocks_of(list(lines)):
        if block.name:
            told += [*lines[done : block.start], *_opened(block)]
            done = block.end + 1
    text = "\n".join([*told, *lines[done:]]).strip()
    text = _ROLE.sub(lambda role: role["words"], _CITED.sub("", text))
    return without_links(re.sub(r"\n{3,}", "\n\n", text), titles)


def _opened(block: Block) -> list[str]:
    """Return what a notebook shows of a directive: a hint; other text as it is; no settings."""
    if block.name in ("task", "code-cell"):
        return []
    if block.name != "dropdown":
        return list(block.body)
    return [f"<details><summary>{block.argument}</summary>", "", *block.body, "", "</details>"]


def _titles(root: Path) -> dict[str, str]:
    """Return the titles of the book's labelled headings, in quotation marks."""
    pages = [*(root / "book").glob("*.md"), *(root / "notebooks").rglob("*.md")]
    found = [m for page in pages for m in _HEADING.finditer(page.read_text(encoding="utf-8"))]
    return {match["label"]: f"“{match['title']}”" for match in found}


def _read_only(name: str, text: str) -> NotebookNode:
    return _cell(new_markdown_cell(text), name)


def _run_only(name: str, block: Block) -> NotebookNode:
    return _cell(new_code_cell("\n".join(block.body)), name)


def _cell(
    cell: NotebookNode, name: str, solution: bool = False, points: int | None = None
) -> NotebookNode:
    """Return a cell with nbgrader's metadata: what is no solution is locked."""
    told = {
        "schema_version": SCHEMA,
        "grade_id": name,
        "grade": points is not None,
        "solution": solution,
        "locked": not solution,
        "task": False,
    }
    if points is not None:
        told["points"] = points
    cell["id"] = name
    cell.metadata["nbgrader"] = told
    return cell


def _refuse_leaks(assignments: Sequence[Assignment], root: Path) -> None:
    """Raise Failure with the answers that students would be given."""
    pages = []
    with tempfile.TemporaryDirectory() as place:
        for made in assignments:
            text = notebook_file(made.slug, root / "notebooks").read_text(encoding="utf-8")
            pages.append(Page(made.slug, text, read_chapter(made.slug, root)))
            nbformat.write(released(made.notebook), Path(place) / f"{made.slug}.ipynb")
        others = [page.read_text(encoding="utf-8") for page in (root / "book").glob("*.md")]
        found = leaks(Path(place), secrets_of(pages, others))
    if found:
        raise Failure(f"students would be given {len(found)} answers: {listed(found)}")


def _marking(assignments: Sequence[Assignment], root: Path) -> str:
    """Return what free questions are marked by, as Markdown."""
    titles = _titles(root)
    parts = ["# Marking the free questions", "Not for students.", "\n".join(_levels())]
    for made in assignments:
        for question in made.free_texts:
            parts.append(f"## {made.slug}: {question.block.argument}")
            parts.append(_markdown(question.text, titles))
            parts.append("\n".join(_anchored(question, titles)))
    return "\n\n".join(parts) + "\n"


def _readme(assignments: Sequence[Assignment], root: Path) -> str:
    rows = [f"| `{a.slug}` | {a.points[0]} | {a.points[1]} |" for a in assignments]
    return _README.format(
        version=metadata.version("exercisebook"),
        commit=commit(root),
        table="\n".join(rows),
        kernel=KERNEL,
        first=assignments[0].slug,
    )
