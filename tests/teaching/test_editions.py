"""An edition shows what it should; and an answer that is planted in it is found wherever it is."""

import gzip
import html
import json
import re
import shutil
import zipfile
import zlib

import jupytext
import nbformat
import pytest
from nbformat.v4 import new_output

from exercisebook.errors import Failure, Misuse
from exercisebook.paths import BUILD, ROOT, notebook_file
from exercisebook.publish.notebooks import chapter_slugs, code_cells, notebook_slugs, read_chapter
from exercisebook.publish.plan import ChapterPlan, Plan
from exercisebook.publish.quiz_form import misconceptions
from exercisebook.teaching import editions
from exercisebook.teaching.check_calls import statements_of
from exercisebook.teaching.editions import edited_notebook, edited_text, refuse_folder
from exercisebook.teaching.items import INSTRUCTOR, SOLUTIONS, STUDENT, items_of
from exercisebook.teaching.leaks import Page, leaks, normal, secrets_of

MODEL = "02_acute_stress_response"


def executed(slug=MODEL):
    """Return a chapter as if it had been executed; each output tells its place."""
    notebook = read_chapter(slug)
    for place, cell in enumerate(code_cells(notebook)):
        cell.execution_count = place + 1
        cell.outputs = [new_output("stream", text=f"the output of the cell at place {place}")]
    return notebook


def text_of(slug=MODEL):
    return notebook_file(slug).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def secrets():
    return secrets_of([Page(MODEL, text_of(), executed())])


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """Return a folder that looks like an edition for students, made from the real chapter."""
    return for_students(tmp_path_factory.mktemp("edition"), [MODEL])


def for_students(folder, slugs):
    """Write what looks like an edition for students of some chapters."""
    pages = folder / "html" / "notebooks"
    (folder / "html" / "_sources" / "notebooks").mkdir(parents=True)
    (folder / "notebooks").mkdir()
    pages.mkdir()
    for slug in slugs:
        notebook = edited_notebook(executed(slug), STUDENT)
        text = jupytext.writes(notebook, fmt="md:myst")
        for place in (folder / "notebooks", folder / "html" / "_sources" / "notebooks"):
            nbformat.write(notebook, place / f"{slug}.ipynb")
        (folder / "notebooks" / f"{slug}.md").write_text(text, encoding="utf-8")
        body = "".join(f"<p>{html.escape(line)}</p>\n" for line in text.splitlines())
        (pages / f"{slug}.html").write_text(f"<html><body>{body}</body></html>", encoding="utf-8")
    docnames = [f"notebooks/{slug}" for slug in slugs]
    index = {"docnames": docnames, "terms": {"lymphocyt": 0}, "titleterms": {}}
    place = folder / "html" / "searchindex.js"
    place.write_text(f"Search.setIndex({json.dumps(index)})", encoding="utf-8")
    return folder


@pytest.fixture
def clean(template, tmp_path):
    return shutil.copytree(template, tmp_path / "edition")


LINE = "remaining_volume = 1 / ch02.rise_of_ip10(chapter)"
SENTENCE = "Clearly means the whole interval: look for the first whose upper end is below one."
FEEDBACK = (
    "They are counted in different volumes: serum loses a tenth, whole blood about half of that."
)
ANCHOR = "Neither death nor infection was measured"
NOTE = "Draw three boxes, blood, walls and tissues, marrow"
SPOKEN = "Let the class guess three cells or signals that an hour of cycling changes."
OUTPUT = "the output of the cell at place"
PAGE = f"html/notebooks/{MODEL}.html"
LAST = len(code_cells(read_chapter(MODEL))) - 1
"""Place of the last code cell, which is a solution's."""


def highlighted(code):
    return "".join(f'<span class="x">{html.escape(t)}</span>' for t in re.split(r"(\W)", code))


def into(name, old, new):
    """Return what plants something into a text file of an edition."""

    def plant(folder):
        path = folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return plant


def beside(name, content):
    """Return what adds a file to an edition."""

    def plant(folder):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    return plant


def packed(content):
    def plant(folder):
        with zipfile.ZipFile(folder / "html" / "chapter.zip", "w") as archive:
            archive.writestr("inner/chapter.md", content)

    return plant


def cell_output(told):
    def plant(folder):
        path = folder / "notebooks" / f"{MODEL}.ipynb"
        notebook = nbformat.read(path, as_version=4)
        code_cells(notebook)[-1].outputs = [
            new_output("execute_result", {"text/plain": told}, execution_count=1)
        ]
        nbformat.write(notebook, path)

    return plant


def indexed(word):
    return into("html/searchindex.js", '"lymphocyt": 0', f'"lymphocyt": 0, "{word}": [0]')


def on_page(content):
    return into(PAGE, "</body>", f"{content}</body>")


SPEC = json.dumps({"mark": "text", "description": SENTENCE}).replace("/", "\\/")
SHORT = 'order = "lot"'
BROKEN = SENTENCE.replace("whole interval", "<em>whole</em> interval")
QUOTED = "GRINTA’s day of rest came first, and<br>whatever belongs to a first visit went with it; "
SOURCE = f"html/_sources/notebooks/{MODEL}.ipynb"
MYST, IPYNB = f"notebooks/{MODEL}.md", f"notebooks/{MODEL}.ipynb"
KEYED = ("- Nobody knows yet.", "+ Nobody knows yet.")
NAMED = (
    "- Training doubles neutrophils.",
    "- Training doubles neutrophils. {last-bout-is-training}",
)
BELOW = "## Key points"
PLANTED = {
    "a solution's text on a page": on_page(f"<p>{SENTENCE}</p>"),
    "its words in several elements": on_page(BROKEN),
    "with curly quotation marks": on_page(QUOTED + "lots would have mixed it."),
    "in an attribute": into(PAGE, "<body>", f'<body title="{SENTENCE}">'),
    "in a comment": into(PAGE, "<body>", f"<body><!-- {SENTENCE} -->"),
    "its code, highlighted": on_page(f"<pre>{highlighted(LINE)}</pre>"),
    "a short line of code": on_page(highlighted(SHORT)),
    "a chart's specification on a page": on_page(f'<script class="vl-spec">{SPEC}</script>'),
    "a chart's specification in a file": beside("html/_static/specs/chart.json", SPEC),
    "a drawing": beside("html/_images/chart.svg", f"<svg><text>{SENTENCE}</text></svg>"),
    "the source of a page": into(SOURCE, '"cells": [', f'"x": {json.dumps(LINE)}, "cells": ['),
    "a notebook's source": into(MYST, BELOW, f"{LINE}\n{BELOW}"),
    "a notebook's output": cell_output(f"'{OUTPUT} {LAST}'"),
    "escaped letters": beside("html/x.js", FEEDBACK.replace("e", "\\u0065")),
    "a download that is packed": packed(f"# A chapter\n{FEEDBACK}\n"),
    "a file that is compressed": beside("html/chapter.md.gz", gzip.compress(ANCHOR.encode())),
    "the list of labels": beside(
        "html/objects.inv", b"# Sphinx\n# zlib.\n" + zlib.compress(SENTENCE.encode())
    ),
    "a title in the search index": into(
        "html/searchindex.js", '"terms"', f'"titles": {json.dumps([SENTENCE])}, "terms"'
    ),
    "a word that only a solution has": indexed("mix"),
    "feedback": on_page(f"<p>{FEEDBACK}</p>"),
    "an anchored answer": on_page(f"<p>{ANCHOR}</p>"),
    "a note for instructors": on_page(f"<p>{NOTE}</p>"),
    "a speaker's note": on_page(f"<p>{SPOKEN}</p>"),
    "an explained misconception": on_page(misconceptions()["half-limit"].explanation),
    "a key in a source": into(MYST, *KEYED),
    "a key in a notebook": into(IPYNB, *KEYED),
    "a named misconception": into(MYST, *NAMED),
    "a right option's mark": on_page('<li data-right="yes">B</li>'),
    "an answer that unfolds": on_page('<details class="x quiz-answers"></details>'),
    "a solution's gate": into(MYST, BELOW, f"```{{solution-start}} x\n```\n{BELOW}"),
}


def test_an_edition_for_students_holds_no_answer(clean, secrets):
    assert [str(leak) for leak in leaks(clean, secrets)] == []


def test_no_chapter_for_students_holds_an_answer_of_any(tmp_path):
    slugs = notebook_slugs(ROOT)
    every = secrets_of([Page(slug, text_of(slug), executed(slug)) for slug in slugs])
    assert {secret.slug for secret in every} >= set(chapter_slugs())
    folder = for_students(tmp_path, slugs)
    assert [str(leak) for leak in leaks(folder, every)] == []


@pytest.mark.parametrize("place", PLANTED)
def test_a_planted_answer_is_found(clean, secrets, place):
    PLANTED[place](clean)
    assert leaks(clean, secrets)


def test_a_word_of_a_formula_that_the_page_writes_otherwise_is_no_leak(clean, secrets):
    PLANTED["a word that only a solution has"](clean)
    assert leaks(clean, secrets)
    source = clean / "html" / "_sources" / "notebooks" / f"{MODEL}.ipynb"
    notebook = nbformat.read(source, as_version=4)
    notebook.cells[0].source += "\n\nThe share is $mix$."
    nbformat.write(notebook, source)
    assert [str(leak) for leak in leaks(clean, secrets)] == []


def test_a_leak_names_file_chapter_and_line(clean, secrets):
    PLANTED["feedback"](clean)
    line = 1 + text_of()[: text_of().index("- Water explains both")].count("\n")
    leak, *_ = leaks(clean, secrets)
    assert str(leak).startswith(f"{PAGE}: feedback of {MODEL}, line {line}: 'They are counted in")


@pytest.mark.parametrize("edition", [INSTRUCTOR, SOLUTIONS])
def test_the_other_editions_would_not_pass_as_one_for_students(clean, secrets, edition):
    notebook = edited_notebook(executed(), edition)
    nbformat.write(notebook, clean / "notebooks" / f"{MODEL}.ipynb")
    kinds = {leak.secret.kind for leak in leaks(clean, secrets)}
    assert kinds >= {
        "a solution's text", "a solution's code", "a solution's output", "feedback",
        "a right option", "an anchored answer", "a misconception", "a mark",
        "a speaker's note",
    }  # fmt: skip
    assert ("a note for instructors" in kinds) == (edition == INSTRUCTOR)


def test_every_kind_of_answer_is_secret_and_nothing_that_is_shown_is(secrets):
    student = normal(edited_text(text_of(), STUDENT).text)
    searched = [secret for secret in secrets if not secret.exact]
    assert len(searched) > 80
    assert [s.told for s in searched if normal(s.told) in student] == []
    told = normal(" ".join(secret.told for secret in secrets))
    for part in (LINE, SENTENCE, FEEDBACK, ANCHOR, NOTE, SHORT):
        assert normal(part) in told


@pytest.mark.parametrize("slug", notebook_slugs())
def test_every_line_of_every_solution_is_secret_or_stands_in_the_open(slug):
    text = text_of(slug)
    held = [normal(s.told) for s in secrets_of([Page(slug, text, executed(slug))])]
    student = normal(edited_text(text, STUDENT).text)
    for exercise in items_of(text).exercises:
        for _, statement in statements_of(exercise.solution.code):
            assert normal(statement) in held or normal(statement) in student
    assert any(exercise.solution for exercise in items_of(text).exercises)


@pytest.mark.parametrize("slug", notebook_slugs())
@pytest.mark.parametrize("edition", [STUDENT, INSTRUCTOR, SOLUTIONS])
def test_what_was_executed_keeps_its_output_and_what_is_new_has_none(slug, edition):
    whole = executed(slug)
    told = {cell.source: cell.outputs for cell in code_cells(whole)}
    made = code_cells(edited_notebook(executed(slug), edition))
    new = [cell for cell in made if cell.source not in told]
    assert all(cell.outputs == told[cell.source] for cell in made if cell.source in told)
    assert all(not cell.outputs and "= ..." in cell.source for cell in new)
    solutions = [e for e in items_of(text_of(slug)).exercises if e.solution]
    assert len(new) == (len(solutions) if edition == STUDENT else 0)


def test_students_get_options_hints_and_levels_but_no_key():
    text = edited_text(text_of(), STUDENT).text
    items = items_of(text)
    assert [len(q.options) for q in items.quiz] == [
        len(q.options) for q in items_of(text_of()).quiz
    ]
    for question in (*items.predictions, *items.quiz):
        assert not any(o.right or o.feedback or o.misconception for o in question.options)
    assert all(exercise.hint and exercise.task for exercise in items.exercises)
    assert not any(exercise.solution for exercise in items.exercises)
    assert items.free_texts[0].text
    assert (items.free_texts[0].anchors, items.difficulties, items.lessons) == ((), (), ())


def test_the_cell_of_a_student_runs_and_asks_for_an_answer():
    from exercisebook.chapters import ch02

    stub = next(c for c in code_cells(edited_notebook(executed(), STUDENT)) if "loss" in c.source)
    assert stub.source.splitlines() == [
        "loss = ...  # your answer",
        "ch02.check_plasma_loss(chapter, loss)",
    ]
    assert "three dots" in ch02.check_plasma_loss(ch02.begin(), ...)


def test_solutions_stand_open_in_their_edition():
    text = edited_text(text_of(), SOLUTIONS).text
    assert ":class: dropdown" in text_of()
    assert ":class: dropdown" not in text
    assert text.count("\n:open:\n") == 6 + 1
    assert "For the instructor" not in text
    assert items_of(text).lessons == ()


def test_instructors_get_minutes_objectives_difficulties_plans_and_misconceptions():
    text = edited_text(text_of(), INSTRUCTOR).text
    assert text.count("*For the instructor:* about ") == 3 + 6 + 6 + 1
    assert "serves [acute-water](#objective-acute-water)" in text
    for part in ("Common difficulties", *(f"Lesson plan, {n} minutes" for n in (45, 90, 180))):
        assert f":::{{admonition}} {part}\n" in text
    assert "| 15 | A break. |  |" in text
    assert misconceptions()["blood-is-body"].explanation in text
    assert "[What does a dip show?](#quiz-dip)" in text


def test_a_chapter_that_is_not_finished_has_its_editions_too():
    text = (
        "# T\n\n```{exercise-start} A\n:label: exercise-a\n```\n\nDo.\n\n```{exercise-end}\n```\n"
    )
    for edition in (STUDENT, INSTRUCTOR, SOLUTIONS):
        assert items_of(edited_text(text, edition).text).exercises


def test_the_title_of_the_site_tells_the_edition(tmp_path):
    (tmp_path / "_config.yml").write_text("# x\ntitle: The Exercise Book\nauthor: y\n")
    editions.edit_stage(tmp_path, Plan(ROOT, tmp_path, (), False), STUDENT)
    told = (tmp_path / "_config.yml").read_text()
    assert told == "# x\ntitle: The Exercise Book, student edition\nauthor: y\n"


def test_a_folder_that_holds_anything_else_is_refused(tmp_path):
    (tmp_path / "mine.txt").write_text("x")
    for folder in (tmp_path, tmp_path / "mine.txt", BUILD, ROOT):
        with pytest.raises(Misuse):
            refuse_folder(folder)
    (tmp_path / editions.MARK).write_text("{}")
    refuse_folder(tmp_path)
    refuse_folder(tmp_path / "new")


def fake_render(edition_of_pages):
    """Return a renderer that writes the chapters of an edition as pages, without Sphinx."""

    def render_in(plan, place, edit):
        staged, pages = place / "stage", place / "pages"
        (staged / "notebooks").mkdir(parents=True)
        pages.mkdir()
        (staged / "_config.yml").write_text("title: T\n")
        nbformat.write(executed(), staged / "notebooks" / f"{MODEL}.ipynb")
        editions.edit_stage(staged, plan, edition_of_pages)
        text = (staged / "notebooks" / f"{MODEL}.ipynb").read_text(encoding="utf-8")
        (pages / "index.html").write_text(f"<pre>{html.escape(text)}</pre>", encoding="utf-8")
        return pages, staged

    return render_in


@pytest.fixture
def plan(tmp_path):
    path = tmp_path / "executed.ipynb"
    nbformat.write(executed(), path)
    return Plan(ROOT, tmp_path / "build", (ChapterPlan(MODEL, "key", {}, path, path),), False)


def test_an_edition_is_written_whole_and_replaces_an_earlier_one(tmp_path, plan, monkeypatch):
    out = tmp_path / "course"
    for edition in (INSTRUCTOR, STUDENT):
        monkeypatch.setattr(editions, "render_in", fake_render(edition))
        first = editions.write_edition(plan, edition, out)
        assert first == out / "html" / "index.html"
        assert json.loads((out / editions.MARK).read_text())["edition"] == edition
        names = {path.name for path in (out / "notebooks").iterdir()}
        assert names == {f"{MODEL}.ipynb", f"{MODEL}.md"}
    assert {p.name for p in tmp_path.iterdir()} == {"course", "executed.ipynb"}


def test_an_edition_for_students_with_an_answer_is_refused_and_the_old_one_stands(
    tmp_path, plan, monkeypatch
):
    out = tmp_path / "course"
    monkeypatch.setattr(editions, "render_in", fake_render(STUDENT))
    first = editions.write_edition(plan, STUDENT, out)
    before = first.read_bytes()
    monkeypatch.setattr(editions, "render_in", fake_render(SOLUTIONS))
    with pytest.raises(Failure, match=r"holds \d+ answers:\nhtml/index.html"):
        editions.write_edition(plan, STUDENT, out)
    assert first.read_bytes() == before
    assert {p.name for p in tmp_path.iterdir()} == {"course", "executed.ipynb"}
