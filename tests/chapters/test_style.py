"""The style of a chapter or an appendix, as far as a machine can hold it."""

import re

import pytest

from exercisebook.paths import ROOT, notebook_file
from exercisebook.publish.notebooks import (
    chapter_slugs,
    code_cells,
    is_chapter,
    module_name,
    notebook_slugs,
    read_chapter,
    tags_of,
)

SKELETON = [
    "You will be able to",
    "You need",
    "The data",
    "Parameters",
    "What could be wrong",
    "What the data say about the claims",
    "Key points",
    "Exercises",
    "Run it on your data",
    "References",
    "Provenance",
]
APPENDIX_SKELETON = [
    "Parameters",
    "What could be wrong",
    "Key points",
    "Exercise",
    "Run it yourself",
    "References",
    "Provenance",
]
FEWER = {"a1": {"studies": 20}, "a3": {"studies": 200}}
"""Parameters with which an appendix is made quickly, by module."""
VERBS = {"estimate", "compute", "tell", "refuse", "order", "distinguish", "read", "correct"}
LONGEST_CELL, USUAL_CELL, WIDEST = 25, 10, 80


@pytest.fixture(params=notebook_slugs())
def slug(request):
    return request.param


@pytest.fixture(params=chapter_slugs())
def chapter(request):
    return notebook_file(request.param).read_text(encoding="utf-8")


@pytest.fixture(params=[slug for slug in notebook_slugs() if not is_chapter(slug)])
def appendix(request):
    return notebook_file(request.param).read_text(encoding="utf-8")


@pytest.fixture
def notebook(slug):
    return read_chapter(slug)


@pytest.fixture
def source(slug):
    return notebook_file(slug).read_text(encoding="utf-8")


@pytest.fixture
def prose(source):
    """Return the page's own sentences: no code, front matter, options or formulae."""
    text = re.sub(r"\A---.*?^---$", "", source, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"\$\$.*?\$\$|\$[^$\n]+\$", "", text, flags=re.DOTALL)
    return re.sub(r"`[^`]*`", "", text)


def headings_of(text, skeleton):
    headings = re.findall(r"^## (.+)$", text, flags=re.MULTILINE)
    if "Exercise" in skeleton:
        headings = ["Exercise" if heading == "Exercises" else heading for heading in headings]
    return [heading for heading in headings if heading in skeleton]


def test_a_chapter_keeps_to_the_skeleton_in_its_order(chapter):
    assert headings_of(chapter, SKELETON) == SKELETON


def test_an_appendix_keeps_to_a_shorter_one(appendix):
    assert headings_of(appendix, APPENDIX_SKELETON) == APPENDIX_SKELETON


def test_the_first_screen_asks_a_question_and_answers_it_before_any_code(source):
    first = source[: source.index("\n## ")]
    assert re.search(r"^\*\*.+\?\*\*$", first, flags=re.MULTILINE)
    assert "{glue:md} answer" in first
    assert "{glue:md} against" in first
    assert "{code-cell}" not in first


def test_the_first_screen_of_a_chapter_says_what_was_read(chapter):
    assert "not the study's own paper" in chapter[: chapter.index("## You will be able to")]


def test_the_first_screen_of_an_appendix_says_that_it_speaks_of_methods_alone(appendix):
    first = " ".join(appendix[: appendix.index("\n## ")].split())
    assert (
        "Everything on this page is simulated" in first
        or "This page compares simulated with open data" in first
    )
    assert "Nothing here speaks for or against any claim" in first


def test_objectives_begin_with_a_verb(chapter):
    part = chapter[chapter.index("## You will be able to") : chapter.index("## You need")]
    verbs = re.findall(r"^- \*\*(\w+)\*\*", part, flags=re.MULTILINE)
    assert len(verbs) >= 3
    assert set(verbs) <= VERBS


def test_cells_are_short_and_narrow(notebook):
    for cell in code_cells(notebook):
        lines = [line for line in cell.source.splitlines() if line.strip()]
        assert len(lines) <= (LONGEST_CELL if "hide-input" in tags_of(cell) else USUAL_CELL)
        assert max(map(len, lines)) <= WIDEST, lines


def test_a_page_imports_its_module_and_nothing_else(notebook, slug):
    imports = [
        line
        for cell in code_cells(notebook)
        for line in cell.source.splitlines()
        if re.match(r"\s*(import|from)\b", line)
    ]
    assert imports == [f"from exercisebook.chapters import {module_name(slug)}"]


def test_a_sentence_has_a_line_of_its_own(prose):
    # an initial, an abbreviation or a heading's number is no end of a sentence
    ends = re.findall(r"^(?!\||:|\(|#).*[a-z)”*][.?!] [A-Z“*].*$", prose, flags=re.MULTILINE)
    allowed = [line for line in ends if line.startswith(("*Necessary", "*Helpful"))]
    assert [line for line in ends if line not in allowed] == []


def test_no_decimal_and_no_p_value_is_typed(prose):
    found = [
        line
        for line in prose.splitlines()
        if re.search(r"\d\.\d|\bp *[<=] *\.?\d", line) and not _is_allowed(line)
    ]
    assert found == []


def _is_allowed(line):
    """Return whether a typed number is cited, or stands in an exercise as its premise."""
    return "{footcite}" in line or "ratio of 0.85" in line or "about 0.23" in line


def test_every_chart_and_table_is_announced_and_read(notebook):
    cells = notebook.cells
    for place, cell in enumerate(cells):
        if cell.cell_type == "code" and re.search(r"_chart\(|_table\(", cell.source):
            before = next(c for c in reversed(cells[:place]) if c.cell_type == "markdown")
            assert before.source.strip(), cell.source


def test_every_glued_sentence_exists_and_every_sentence_is_shown(source, slug):
    import importlib

    name = module_name(slug)
    module = importlib.import_module(f"exercisebook.chapters.{name}")
    named = set(re.findall(r"\{glue:md\} (\w+)", source))
    # which every chapter can show, and its base glues
    named -= {"own_claims"}
    assert named == set(module.sentences(module.begin(**FEWER.get(name, {}))))


def test_a_chapter_meets_the_claims_on_the_cohort_of_its_page(chapter):
    # the claims of chapter 1 describe what was done, and no cohort answers them
    shown = "chapter.own_claims()" in chapter and "{glue:md} own_claims" in chapter
    assert shown != ("(cohort-design)=" in chapter)


def test_a_chapter_has_two_exercises_and_an_appendix_one_with_solutions_at_least(source, slug):
    exercises = re.findall(r"\{exercise-start\}[^\n]*\n:label: ([\w-]+)", source)
    solutions = re.findall(r"\{solution-start\} ([\w-]+)", source)
    assert len(exercises) >= (2 if is_chapter(slug) else 1)
    assert exercises == solutions


def test_every_work_cited_is_in_the_bibliography_and_the_other_way_round():
    bibliography = (ROOT / "book" / "references.bib").read_text(encoding="utf-8")
    entries = re.findall(r"^@\w+\{(\w+),", bibliography, flags=re.MULTILINE)
    places = [
        *(ROOT / "notebooks").rglob("*.md"),
        *(ROOT / "book").glob("*.md"),
        *(ROOT / "scripts" / "exercisebook" / "chapters").rglob("*.py"),
        ROOT / "data" / "catalog.yml",
    ]
    text = "\n".join(path.read_text(encoding="utf-8") for path in places)
    cited = {
        key for keys in re.findall(r"footcite\}`([\w,]+)`", text) for key in keys.split(",")
    } | set(re.findall(r'cite: "(\w+)"', text))
    assert len(entries) == len(set(entries))
    assert cited == set(entries)


def test_a_bout_never_answers_for_training(prose, slug):
    if slug.startswith("02"):
        assert "never of training" in prose
