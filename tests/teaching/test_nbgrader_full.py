"""nbgrader, installed from its own lock, makes, grades and returns what is exported for it."""

import copy
import csv
import os
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest

from exercisebook.paths import ROOT, notebook_file
from exercisebook.publish.notebooks import chapter_slugs, read_chapter
from exercisebook.teaching.leaks import Page, leaks, secrets_of
from exercisebook.teaching.nbgrader import KERNEL, assignment_of, export_course

pytestmark = pytest.mark.slow

MODEL = "02_acute_stress_response"
SLUGS = chapter_slugs()
LOCK = ROOT / "requirements-nbgrader.lock"
NO_NETWORK = ("NewConnectionError", "ConnectionError", "name resolution", "ReadTimeoutError",
              "ProxyError", "Network is unreachable", "No matching distribution")  # fmt: skip
WRONG = 12345.678
SECONDS = 60
"""What a cell may take here, where one never ends."""

GRADES = """
select student.id, base_cell.name, grade.auto_score, grade.manual_score, grade.needs_manual_grade
from grade
join base_cell on grade.cell_id = base_cell.id
join submitted_notebook on grade.notebook_id = submitted_notebook.id
join submitted_assignment on submitted_notebook.assignment_id = submitted_assignment.id
join student on submitted_assignment.student_id = student.id
join notebook on submitted_notebook.notebook_id = notebook.id
where notebook.name = ?
"""


@dataclass(frozen=True)
class Course:
    """A course folder, and nbgrader in an environment of its own."""

    folder: Path
    environment: dict[str, str]

    def nbgrader(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = ["nbgrader", *words]
        return subprocess.run(command, cwd=self.folder, env=self.environment, text=True,
                              capture_output=True, check=False)  # fmt: skip

    def notebook(self, stage: str, slug: str) -> nbformat.NotebookNode:
        return nbformat.read(self.folder / stage / slug / f"{slug}.ipynb", as_version=4)

    def submit(self, student: str, slug: str, answers: dict[str, str]) -> None:
        """Hand in the released notebook with the sources of some cells changed."""
        notebook = copy.deepcopy(self.notebook("release", slug))
        there = {told(cell)["grade_id"]: cell for cell in notebook.cells}
        for name, text in answers.items():
            there[name].source = text
        self.hand_in(student, slug, notebook)

    def hand_in(self, student: str, slug: str, notebook: nbformat.NotebookNode) -> None:
        place = self.folder / "submitted" / student / slug
        place.mkdir(parents=True)
        nbformat.write(notebook, place / f"{slug}.ipynb")

    def grades(self, slug: str) -> dict[str, dict[str, tuple[float | None, bool]]]:
        """Return for each student and graded cell the points, and whether a person is asked."""
        database = sqlite3.connect(self.folder / "gradebook.db")
        found: dict[str, dict[str, tuple[float | None, bool]]] = {}
        for student, cell, auto, by_hand, asked in database.execute(GRADES, [slug]):
            assert by_hand is None
            found.setdefault(student, {})[cell] = (auto, bool(asked))
        database.close()
        return found


def told(cell):
    return cell.metadata["nbgrader"]


@pytest.fixture(scope="module")
def tools(tmp_path_factory):
    """Return the programs of an environment with nbgrader, to which the book's kernel is known."""
    venv = tmp_path_factory.mktemp("nbgrader") / "venv"
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    pip = [venv / "bin" / "python", "-m", "pip", "--no-input", "--retries", "2", "install", "-q"]
    done = subprocess.run(
        [*pip, "--no-deps", "--require-hashes", "-r", LOCK],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode and "DO NOT MATCH" not in done.stderr:
        for sign in NO_NETWORK:
            if sign in done.stderr:
                pytest.skip(f"nbgrader cannot be installed here: pip has no network ({sign})")
    assert done.returncode == 0, done.stderr
    kernel = ["ipykernel", "install", "--prefix", str(venv), "--name", KERNEL]
    subprocess.run([sys.executable, "-m", *kernel], check=True, capture_output=True)
    return venv / "bin"


@pytest.fixture(scope="module")
def course(tools, tmp_path_factory):
    place = tmp_path_factory.mktemp("class")
    folder = place / "course"
    export_course(SLUGS, folder)
    # what the user of this machine has set up for Jupyter is not to be seen
    own = {
        f"JUPYTER_{name}_DIR": str(place / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")
    }
    kept = {k: v for k, v in os.environ.items() if k not in ("JUPYTER_PATH", "VIRTUAL_ENV")}
    path = os.pathsep.join([str(tools), os.environ["PATH"]])
    return Course(folder, {**kept, **own, "IPYTHONDIR": str(place / "ipython"), "PATH": path})


def solutions(course, slug):
    """Return the solutions of a chapter's exercises by the ids of their cells."""
    cells = course.notebook("source", slug).cells
    return {
        told(c)["grade_id"]: c.source
        for c in cells
        if told(c)["solution"] and c.cell_type == "code"
    }


def wrong(source):
    """Return a solution's cell with a number in the place of each answer."""
    dots = [line for line in source.splitlines() if line.endswith("# your answer")]
    assert dots
    return "\n".join(f"{line.split(' = ')[0]} = {WRONG}" for line in dots)


def generated(course, slug):
    done = course.nbgrader("generate_assignment", slug)
    assert done.returncode == 0, done.stderr


def refuse_answers(course, slug):
    """Fail where what students get of a chapter holds an answer or a hidden test."""
    text = notebook_file(slug).read_text(encoding="utf-8")
    secrets = secrets_of([Page(slug, text, read_chapter(slug))])
    assert len(secrets) > 10
    assert leaks(course.folder / "release" / slug, secrets) == []
    for cell in course.notebook("release", slug).cells:
        assert "assert told" not in cell.source
        assert "BEGIN" not in cell.source


@pytest.mark.parametrize("slug", [slug for slug in SLUGS if slug != MODEL])
def test_right_answers_of_a_chapter_have_all_points_and_wrong_ones_none(course, slug):
    generated(course, slug)
    refuse_answers(course, slug)
    right = solutions(course, slug)
    course.submit("right", slug, right)
    course.submit("wrong", slug, {name: wrong(source) for name, source in right.items()})
    done = course.nbgrader("autograde", slug)
    assert done.returncode == 0, done.stderr
    grades = course.grades(slug)
    for name in right:
        points = next(
            told(c)["points"]
            for c in course.notebook("source", slug).cells
            if told(c)["grade_id"] == f"{name}-test"
        )
        assert grades["right"][f"{name}-test"] == (points, False)
        assert grades["wrong"][f"{name}-test"] == (0, False)
    checks, _ = assignment_of(slug).points
    assert sum(points or 0 for points, _ in grades["right"].values()) == checks
    assert sum(points or 0 for points, _ in grades["wrong"].values()) == 0


@pytest.fixture(scope="module")
def graded(course):
    """Return the course after students of many kinds handed in the model chapter."""
    generated(course, MODEL)
    right = solutions(course, MODEL)
    names = list(right)
    first, *others = names
    free = "free-acute-headline"
    course.submit("right", MODEL, {**right, free: "Thirteen men were bled on two days."})
    course.submit("wrong", MODEL, {name: wrong(right[name]) for name in names})
    course.submit("unanswered", MODEL, {})
    course.submit("half", MODEL, {name: right[name] for name in names[::2]})
    rest = {name: right[name] for name in others}
    course.submit("crashing", MODEL, {**rest, first: "raise RuntimeError('not today')"})
    course.submit("looping", MODEL, {**rest, first: "while True:\n    pass"})
    course.submit("killing", MODEL, {**rest, first: "import os\nos._exit(1)"})
    tests = {f"{name}-test": "print('Right')" for name in names}
    course.submit("editing", MODEL, tests)
    without = course.notebook("source", MODEL)
    without.cells = [cell for cell in without.cells if told(cell)["grade_id"] not in tests]
    course.hand_in("deleting", MODEL, without)
    autograded = course.nbgrader("autograde", MODEL, f"--Execute.timeout={SECONDS}")
    feedback = course.nbgrader("generate_feedback", MODEL)
    exported = course.nbgrader("export")
    assert feedback.returncode == exported.returncode == 0, feedback.stderr + exported.stderr
    return course, autograded


def by_checks(course, student):
    """Return the points that checks gave a student, by exercise."""
    found = course.grades(MODEL)[student]
    return {n.removesuffix("-test"): p or 0 for n, (p, _) in found.items() if n.endswith("-test")}


def worth(course):
    cells = course.notebook("source", MODEL).cells
    return {
        told(c)["grade_id"].removesuffix("-test"): told(c)["points"]
        for c in cells
        if told(c)["grade_id"].endswith("-test")
    }


def test_what_students_get_holds_no_solution_and_no_hidden_test(graded):
    refuse_answers(graded[0], MODEL)


def test_right_answers_have_all_points_and_wrong_or_missing_ones_none(graded):
    course, _ = graded
    points = worth(course)
    assert sum(points.values()) == assignment_of(MODEL).points[0]
    assert by_checks(course, "right") == points
    for student in ("wrong", "unanswered", "editing"):
        assert by_checks(course, student) == dict.fromkeys(points, 0)
    # who takes a test away has no points for it, though the answer be right
    assert sum(by_checks(course, "deleting").values()) == 0


def test_each_exercise_is_graded_by_itself(graded):
    course, _ = graded
    points = worth(course)
    solved = list(points)[::2]
    assert by_checks(course, "half") == {n: points[n] if n in solved else 0 for n in points}


@pytest.mark.parametrize("student", ["crashing", "looping"])
def test_an_answer_that_crashes_or_never_ends_costs_its_own_points(graded, student):
    course, _ = graded
    points = worth(course)
    first = next(iter(points))
    assert by_checks(course, student) == {**points, first: 0}


def test_an_answer_that_ends_the_kernel_is_told_and_the_others_are_graded(graded):
    course, autograded = graded
    assert autograded.returncode == 1
    assert f"error processing assignment '{MODEL}' for student 'killing'" in autograded.stderr
    handed_in = {place.name for place in (course.folder / "submitted").iterdir()}
    assert len(handed_in) == 9
    for student in handed_in:
        place = course.folder / "autograded" / student / MODEL / f"{MODEL}.ipynb"
        assert place.exists() == (student != "killing")


def test_a_person_is_asked_to_mark_what_was_written_and_nothing_else(graded):
    course, _ = graded
    grades = course.grades(MODEL)
    assert grades["right"]["free-acute-headline"] == (None, True)
    assert grades["unanswered"]["free-acute-headline"] == (0, False)
    assert not any(asked for name, (_, asked) in grades["right"].items() if name.endswith("-test"))


def test_the_exported_table_says_the_same(graded):
    course, _ = graded
    with (course.folder / "grades.csv").open(encoding="utf-8", newline="") as table:
        rows = [row for row in csv.DictReader(table) if row["assignment"] == MODEL]
    scores = {row["student_id"]: float(row["score"]) for row in rows}
    checks, by_hand = assignment_of(MODEL).points
    assert {float(row["max_score"]) for row in rows} == {checks + by_hand}
    wanted = {s: sum(by_checks(course, s).values()) for s in course.grades(MODEL)}
    assert scores == {**wanted, "killing": 0}
    assert scores["right"] == checks


def test_feedback_is_written_and_tells_what_the_checks_said_but_no_rubric(graded):
    course, _ = graded
    for student in ("right", "wrong", "unanswered", "half", "crashing", "looping"):
        page = course.folder / "feedback" / student / MODEL / f"{MODEL}.html"
        text = page.read_text(encoding="utf-8")
        assert "Three waves" in text
        assert ("Right: minutes, then the first hour" in text) == (student in ("right", "half"))
        assert "Neither death nor infection was measured" not in text
