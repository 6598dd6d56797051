"""What is exported for nbgrader has its form, grades what it should, and gives nothing away."""

import ast
import json
import re
import shutil
from collections import Counter

import nbformat
import pytest
from typer.testing import CliRunner

from exercisebook.cli.main import app
from exercisebook.errors import Failure, Misuse
from exercisebook.paths import ROOT, notebook_file
from exercisebook.publish.notebooks import chapter_slugs, read_chapter
from exercisebook.publish.quiz_form import causal_rubric
from exercisebook.teaching import nbgrader
from exercisebook.teaching.check_calls import calls_of, statements_of
from exercisebook.teaching.items import LEVELS, items_of
from exercisebook.teaching.leaks import Page, leaks, normal, secrets_of
from exercisebook.teaching.nbgrader import (
    HIDDEN_TESTS,
    KERNEL,
    SOLUTION,
    assignment_of,
    export_course,
    points_of,
    released,
)

MODEL = "02_acute_stress_response"
SLUGS = chapter_slugs()
REQUIRED = {"schema_version", "grade", "solution", "locked", "task", "grade_id"}


def items(slug):
    return items_of(notebook_file(slug).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    out = tmp_path_factory.mktemp("export") / "course"
    export_course(SLUGS, out)
    return out


def source(course, slug):
    return nbformat.read(course / "source" / slug / f"{slug}.ipynb", as_version=4)


def told(cell):
    return cell.metadata["nbgrader"]


def by_id(notebook):
    return {told(cell)["grade_id"]: cell for cell in notebook.cells}


def between(text, marks):
    """Return the lines between marks that stand once, each alone on its line."""
    lines = text.splitlines()
    assert [lines.count(mark) for mark in marks] == [1, 1]
    return lines[lines.index(marks[0]) + 1 : lines.index(marks[1])]


def test_a_course_holds_an_assignment_a_chapter_and_what_goes_with_them(course):
    files = {str(p.relative_to(course)) for p in course.rglob("*") if p.is_file()}
    wanted = {f"source/{slug}/{slug}.ipynb" for slug in SLUGS}
    assert files == wanted | {"README.md", "marking.md", "nbgrader_config.py"}


@pytest.mark.parametrize("slug", SLUGS)
def test_a_notebook_is_valid_and_every_cell_has_metadata_that_nbgrader_takes(course, slug):
    notebook = source(course, slug)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == KERNEL
    assert notebook.cells
    for cell in notebook.cells:
        meta = told(cell)
        assert set(meta) == REQUIRED | ({"points"} if meta["grade"] else set())
        assert meta["schema_version"] == 3
        assert not meta["task"]
        assert meta["locked"] == (not meta["solution"])
        assert re.fullmatch(r"[a-zA-Z0-9_-]+", meta["grade_id"])
        if cell.cell_type == "markdown":
            # such a cell is marked by hand, or is only read
            assert meta["grade"] == meta["solution"]
        if meta["grade"]:
            assert meta["points"] > 0


@pytest.mark.parametrize("slug", SLUGS)
def test_no_two_cells_share_an_id(course, slug):
    notebook = source(course, slug)
    for ids in ([c.id for c in notebook.cells], [told(c)["grade_id"] for c in notebook.cells]):
        assert Counter(ids).most_common(1)[0][1] == 1


@pytest.mark.parametrize("slug", SLUGS)
def test_each_exercise_has_a_place_for_its_answer_and_then_its_test(course, slug):
    notebook, asked = source(course, slug), items(slug)
    order = [told(cell)["grade_id"] for cell in notebook.cells]
    assert asked.exercises
    for exercise in asked.exercises:
        place = order.index(exercise.label)
        answer, test = notebook.cells[place], notebook.cells[place + 1]
        assert order[place + 1] == f"{exercise.label}-test"
        assert (told(answer)["solution"], told(answer)["grade"]) == (True, False)
        assert (told(test)["locked"], told(test)["grade"]) == (True, True)
        assert told(test)["points"] == points_of(exercise)
        assert "assert told.startswith" in "\n".join(between_all(test.source))
    for question in asked.free_texts:
        answer = by_id(notebook)[question.block.label]
        assert answer.cell_type == "markdown"
        assert told(answer)["points"] == max(causal_rubric())


def between_all(text):
    inside, found = False, []
    for line in text.splitlines():
        if line == HIDDEN_TESTS[0]:
            inside = True
        elif line == HIDDEN_TESTS[1]:
            inside = False
        elif inside:
            found.append(line)
    assert not inside
    return found


@pytest.mark.parametrize("slug", SLUGS)
def test_a_test_calls_every_check_of_the_solution_as_the_chapter_does(course, slug):
    cells = by_id(source(course, slug))
    for exercise in items(slug).exercises:
        wanted = [ast.unparse(call) for call in calls_of(exercise.solution.code)]
        assert wanted
        called = calls_of(cells[f"{exercise.label}-test"].source)
        assert [ast.unparse(call) for call in called] == wanted
        assert not calls_of(cells[exercise.label].source)


@pytest.mark.parametrize("slug", SLUGS)
def test_a_solution_stands_between_its_marks_and_above_it_nothing_but_dots(course, slug):
    cells = by_id(source(course, slug))
    for exercise in items(slug).exercises:
        text = cells[exercise.label].source
        inside = between(text, SOLUTION)
        own = {normal(s) for _, s in statements_of("\n".join(inside))}
        checks = {normal(ast.unparse(call)) for call in calls_of(exercise.solution.code)}
        wanted = {normal(s) for _, s in statements_of(exercise.solution.code)} - checks
        assert wanted
        assert own == wanted
        above = text.split(SOLUTION[0])[0].splitlines()
        assert above
        assert all(re.fullmatch(r"\w+ = \.\.\.  # your answer", line) for line in above)
        assert text.endswith(SOLUTION[1])


@pytest.mark.parametrize("slug", SLUGS)
def test_what_students_get_holds_no_statement_of_a_solution(tmp_path, course, slug):
    text = notebook_file(slug).read_text(encoding="utf-8")
    secrets = secrets_of([Page(slug, text, read_chapter(slug))])
    place = tmp_path / f"{slug}.ipynb"
    nbformat.write(source(course, slug), place)
    kinds = {leak.secret.kind for leak in leaks(tmp_path, secrets)}
    assert "a solution's code" in kinds
    nbformat.write(released(source(course, slug)), place)
    assert leaks(tmp_path, secrets) == []
    assert "assert told" not in place.read_text(encoding="utf-8")


@pytest.mark.parametrize("slug", SLUGS)
def test_the_rubric_and_the_anchored_answers_stand_between_marks_alone(course, slug):
    notebook = source(course, slug)
    for question in items(slug).free_texts:
        inside = "\n".join(between(by_id(notebook)[question.block.label].source, SOLUTION))
        assert all(described in inside for _, described in causal_rubric().values())
        assert len(question.anchors) == 3
        assert all(normal(anchor.text) in normal(inside) for anchor in question.anchors)
        given = "\n".join(cell.source for cell in released(notebook).cells)
        assert not any(described in given for _, described in causal_rubric().values())


@pytest.mark.parametrize("slug", SLUGS)
def test_no_directive_role_or_label_is_left_in_what_is_read(course, slug):
    for cell in source(course, slug).cells:
        if cell.cell_type == "markdown":
            assert not re.search(r"\{[\w:-]+\}`|```\{|^:{3,}|\]\(#", cell.source, re.MULTILINE)


def test_points_rise_with_the_level_and_sum_to_what_the_readme_says(course):
    readme = (course / "README.md").read_text(encoding="utf-8")
    for slug in SLUGS:
        asked = items(slug)
        levels = [e.task.options["level"] if e.task else "recall" for e in asked.exercises]
        checks = sum(1 + LEVELS.index(level) for level in levels)
        by_hand = max(causal_rubric()) * len(asked.free_texts)
        assert assignment_of(slug).points == (checks, by_hand)
        assert f"| `{slug}` | {checks} | {by_hand} |" in readme


@pytest.mark.parametrize("slug", SLUGS)
def test_what_is_set_up_is_the_head_of_the_chapter_and_no_worked_example(course, slug):
    notebook = source(course, slug)
    setup = [c.source for c in notebook.cells if told(c)["grade_id"].startswith("setup-")]
    head = ["\n".join(b.body) for b in items(slug).blocks if b.name == "code-cell"][:3]
    assert setup[0].startswith("from exercisebook.chapters import")
    assert setup in (head, head[:1])
    asked = [c.source for c in notebook.cells if "setup" not in told(c)["grade_id"]]
    code = "\n".join([*asked[1:], *head[1:]] if setup == head else asked[1:])
    assert bool(re.search(r"\bchapter[,)\[]", code)) == (setup == head)


def test_a_cell_that_a_solution_builds_on_is_set_up_with_those_it_builds_on_itself(checkout):
    cell = "```{code-cell} ipython3\n%s\n```\n\n"
    cells = ("first, other = 1, 2", "base = [first + k for k in (0, 1)]", "m = 5", "late = base")
    added = "".join(cell % code for code in cells)
    checkout("## Truth first", f"{added}## Truth first")
    root = checkout("loss = 100 *", "loss = 0 * base[0] + 100 *")
    notebook = assignment_of(MODEL, root).notebook
    setup = [c.source for c in notebook.cells if told(c)["grade_id"].startswith("setup-")]
    # `m` is set by a solution too, which reads its own
    assert setup[3:] == [cells[0], cells[1]]


def test_a_question_that_speaks_of_the_chapter_has_it_set_up(checkout):
    text = notebook_file(MODEL).read_text(encoding="utf-8")
    asked = text[
        text.index("```{exercise-start} Five men") : text.index("```{exercise-start} Four")
    ]
    page = text[: text.index("## Truth first")] + asked
    root = checkout("---", "---")
    place = notebook_file(MODEL, root / "notebooks")
    for changed, number in ((page, 1), (page.replace("five_men()`", "five_men(chapter)`"), 3)):
        place.write_text(changed, encoding="utf-8")
        ids = by_id(assignment_of(MODEL, root).notebook)
        assert sum(name.startswith("setup-") for name in ids) == number


def test_what_a_question_shows_stands_before_its_answer(course):
    notebook = source(course, MODEL)
    order = [told(cell)["grade_id"] for cell in notebook.cells]
    place = order.index("exercise-first-low-shown-1")
    assert notebook.cells[place].source == "ch02.effects_table(chapter)"
    assert order[place - 1 : place + 2 : 2] == ["exercise-first-low-question", "exercise-first-low"]


def test_a_hint_is_folded_away(course):
    text = by_id(source(course, MODEL))["exercise-waves-question"].source
    assert "<details><summary>Hint</summary>\n\nLook at lymphocytes first" in text
    assert text.rstrip().endswith("</details>")
    assert "*Recall, about 3 minutes, 1 point*" in text


def test_two_exports_are_the_same_to_the_byte(tmp_path, course):
    again = tmp_path / "again"
    export_course([MODEL], again)
    same = [
        p for p in again.rglob("*") if p.is_file() and p.name not in ("README.md", "marking.md")
    ]
    assert len(same) == 2
    assert all((course / p.relative_to(again)).read_bytes() == p.read_bytes() for p in same)


def test_the_configuration_and_the_lock_are_whole(course):
    config = (course / "nbgrader_config.py").read_text(encoding="utf-8")
    compile(config, "nbgrader_config.py", "exec")
    lock = (ROOT / "requirements-nbgrader.lock").read_text(encoding="utf-8")
    assert re.search(r"^nbgrader==0\.9\.6 \\$", lock, re.MULTILINE)
    assert "://" not in lock
    assert "index-url" not in lock
    blocks = re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE)[1:]
    assert len(blocks) > 50
    assert all("--hash=sha256:" in block for block in blocks)


def test_nbgraders_lock_holds_the_versions_of_the_books_where_both_have_a_package():
    found = [
        dict(re.findall(r"^([a-z0-9._-]+)==([^\s;]+)", text, flags=re.MULTILINE))
        for text in (
            (ROOT / name).read_text(encoding="utf-8")
            for name in ("requirements.lock", "requirements-nbgrader.lock")
        )
    ]
    shared = set(found[0]) & set(found[1])
    assert {"ipykernel", "jupyter-client", "nbformat"} <= shared
    assert {n: found[0][n] for n in shared} == {n: found[1][n] for n in shared}


def run(*words):
    return CliRunner().invoke(app, ["export", "nbgrader", *map(str, words)])


def test_the_command_writes_the_chapters_that_are_named_once_each(tmp_path):
    done = run("02", "acute-stress-response", "7", "--out", tmp_path / "course")
    assert done.exit_code == 0, done.output
    made = sorted(p.name for p in (tmp_path / "course" / "source").iterdir())
    assert made == [MODEL, "07_causality_caveats"]
    assert done.stdout.strip() == str(tmp_path / "course" / "README.md")


@pytest.mark.parametrize(
    ("chapter", "said"),
    [("09", "no chapter '09'"), ("A1", "is an appendix"), ("02_acute", "did you mean")],
)
def test_a_chapter_that_cannot_be_exported_is_a_misuse_and_writes_nothing(tmp_path, chapter, said):
    done = run("01", chapter, "--out", tmp_path / "course")
    assert isinstance(done.exception, Misuse)
    assert done.exception.exit_status == 2
    assert said in str(done.exception)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["gradebook.db", "source/x.ipynb", ".hidden"])
def test_a_folder_that_holds_anything_is_refused_and_left_as_it_was(tmp_path, name):
    place = tmp_path / "course" / name
    place.parent.mkdir(parents=True)
    place.write_text("mine")
    done = run("02", "--out", tmp_path / "course")
    assert isinstance(done.exception, Misuse)
    assert place.read_text() == "mine"
    assert [p for p in (tmp_path / "course").rglob("*") if p.is_file()] == [place]


def test_a_course_that_was_exported_before_is_not_replaced(tmp_path):
    export_course([MODEL], tmp_path / "course")
    with pytest.raises(Misuse, match="not empty"):
        export_course([MODEL], tmp_path / "course")


@pytest.fixture
def checkout(tmp_path):
    """Return a checkout with the model chapter alone, and a function that edits it."""
    root = tmp_path / "checkout"
    (root / "notebooks").mkdir(parents=True)
    (root / "book").mkdir()
    place = notebook_file(MODEL, root / "notebooks")
    shutil.copyfile(notebook_file(MODEL), place)

    def edit(old, new):
        text = place.read_text(encoding="utf-8")
        assert old in text
        place.write_text(text.replace(old, new, 1), encoding="utf-8")
        return root

    return edit


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("ch02.check_order(order)", "print(ch02.check_order(order))"),
        ("ch02.check_order(order)", "ch02.order(order)"),
        ("ch02.check_order(order)", "ch02.check_order(order[:])"),
        ("check_sampling_time(chapter, first_low)", 'check_sampling_time(chapter, "1.5h")'),
    ],
)
def test_an_exercise_that_cannot_be_graded_is_told_and_nothing_is_written(
    tmp_path, checkout, old, new
):
    root = checkout(old, new)
    with pytest.raises(Failure, match=rf"{MODEL}, exercise-\w+.*alone on their lines"):
        export_course([MODEL], tmp_path / "course", root)
    assert not (tmp_path / "course").exists()


def test_a_question_that_tells_an_anchored_answer_is_refused(tmp_path, checkout):
    told = "Neither death nor infection was measured"
    root = checkout("Say in at most four sentences", f"{told}. Say in at most four sentences")
    with pytest.raises(Failure, match=f"students would be given.*{told}"):
        export_course([MODEL], tmp_path / "course", root)
    assert not (tmp_path / "course").exists()


def test_solutions_without_their_marks_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(nbgrader, "released", lambda notebook: notebook)
    with pytest.raises(Failure, match=r"students would be given .* a solution's code"):
        export_course([MODEL], tmp_path / "course")
    assert list(tmp_path.iterdir()) == []


def test_a_chapter_without_exercises_is_a_misuse(tmp_path, checkout):
    text = "# A page\n\nIt asks nothing.\n"
    root = checkout("---", "---")
    notebook_file(MODEL, root / "notebooks").write_text(text, encoding="utf-8")
    with pytest.raises(Misuse, match="has no exercises"):
        export_course([MODEL], tmp_path / "course", root)


def test_several_checks_of_one_solution_are_all_tested(tmp_path, checkout):
    call = "ch02.check_sampling_time(chapter, first_low)"
    root = checkout(f"\n{call}", f"\nsecond_low = first_low\n{call}\n{call[:-12]}, second_low)")
    notebook = assignment_of(MODEL, root).notebook
    test = by_id(notebook)["exercise-first-low-test"].source
    assert test.count("assert told.startswith") == 2
    assert between_all(test) == ['assert told.startswith("Right"), told'] * 2
    answer = by_id(notebook)["exercise-first-low"].source
    assert answer.splitlines()[:2] == [
        "first_low = ...  # your answer",
        "second_low = ...  # your answer",
    ]
    assert "assert told" not in json.dumps(released(notebook))
