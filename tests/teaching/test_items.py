"""Questions and exercises are read as they are written."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exercisebook.chapters import ch02
from exercisebook.chapters.answers import ODD, UNANSWERED, tolerant
from exercisebook.chapters.ch02.readings import against_rest_at
from exercisebook.paths import notebook_file
from exercisebook.publish.notebooks import chapter_slugs, code_cells, notebook_slugs, read_chapter
from exercisebook.publish.quiz_form import anchors_of, causal_rubric, misconceptions, options_of
from exercisebook.teaching.check_calls import stub_of
from exercisebook.teaching.items import LEVELS, items_of

MODEL = "02_acute_stress_response"
WORDS = st.text("abcdefghijklmnop xyz", min_size=3, max_size=30).map(str.strip).filter(bool)


@pytest.fixture(scope="module")
def model():
    return items_of(notebook_file(MODEL).read_text(encoding="utf-8"))


def test_an_option_has_its_mark_its_misconception_and_its_feedback():
    stem, options = options_of(
        [
            "A case.",
            "",
            "- Wrong. {closure}",
            "  Why so.",
            "",
            "+ Right, of {braces}.",
            "  Two",
            "  lines.",
        ]
    )
    assert stem == ["A case."]
    assert [(o.text, o.right, o.misconception, o.feedback) for o in options] == [
        ("Wrong.", False, "closure", ("Why so.",)),
        ("Right, of {braces}.", True, "", ("Two", "lines.")),
    ]
    assert [option.line for option in options] == [2, 5]


@given(st.lists(st.tuples(st.booleans(), WORDS, st.lists(WORDS, max_size=3)), max_size=6))
def test_what_is_written_in_the_form_is_read_back(written):
    lines = ["A stem."]
    for right, text, feedback in written:
        lines += [f"{'+' if right else '-'} {text}", *(f"  {line}" for line in feedback)]
    stem, options = options_of(lines)
    assert stem == ["A stem."]
    assert [(o.right, o.text, list(o.feedback)) for o in options] == written


def test_an_anchored_answer_has_its_level_and_its_reason():
    text, anchors = anchors_of(["Say it.", "- 2: “It may be.”", "  A hedge."])
    assert text == ["Say it."]
    assert [(a.level, a.text, a.why) for a in anchors] == [(2, "“It may be.”", ("A hedge.",))]


def test_the_misconceptions_are_named_explained_and_treated_in_a_chapter():
    known = misconceptions()
    chapters = {int(slug[:2]) for slug in chapter_slugs()}
    assert len(known) >= 40
    assert len({m.name for m in known.values()}) == len(known)
    for one in known.values():
        assert re.fullmatch(r"[a-z][a-z0-9-]*", one.id)
        assert one.chapter in chapters
        assert one.explanation.endswith(".")
        assert not one.name.endswith(".")


def test_the_rubric_has_four_levels():
    assert list(causal_rubric()) == [1, 2, 3, 4]


def test_the_model_chapter_has_all_kinds(model):
    assert [len(x) for x in (model.predictions, model.quiz, model.exercises)] == [3, 6, 6]
    assert {exercise.task.options["level"] for exercise in model.exercises} == set(LEVELS)
    assert all(exercise.hint and exercise.solution.cells for exercise in model.exercises)
    assert {objective.ids for objective in model.objectives} == {
        ("acute-waves",),
        ("acute-sameness",),
        ("acute-hidden",),
        ("acute-water",),
    }
    assert len(model.titles) == 3 + 6 + 6 + 1


@pytest.mark.parametrize("slug", notebook_slugs())
def test_blocks_of_code_are_the_cells_of_a_notebook(slug):
    blocks = items_of(notebook_file(slug).read_text(encoding="utf-8")).blocks
    own = ["\n".join(block.body) for block in blocks if block.name == "code-cell"]
    assert own == [cell.source for cell in code_cells(read_chapter(slug))]


def test_a_block_that_is_never_closed_reaches_to_the_end():
    (block,) = items_of("```{quiz} Open\n:label: quiz-open\n- a\n").blocks
    assert not block.closed
    assert block.label == "quiz-open"


def test_a_student_begins_from_dots_and_the_check():
    code = "x = 1 + 1\nch02.check_thing(chapter, x, limit)"
    assert stub_of(code, "") == [
        "x = ...  # your answer",
        "limit = ...  # your answer",
        "ch02.check_thing(chapter, x, limit)",
    ]


@pytest.mark.parametrize(
    ("call", "kept"),
    [
        ("check(1)", None),
        ("ch.check_it(6 * 7)", "ch.check_it(answer)"),
        ('ch.check_it("tolerance")', "ch.check_it(answer)"),
        ('ch.check_it(chapter, "vastus", p)', 'ch.check_it(chapter, "vastus", p)'),
        ("ch.check_it(value=6)", "ch.check_it(value=answer)"),
    ],
)
def test_an_answer_without_a_name_is_not_handed_to_the_student(call, kept):
    stub = stub_of(call, 'Take `means(chapter, "vastus")`.')
    assert stub[-1:] == ([] if kept is None else [kept])
    assert "6" not in "".join(stub)
    assert "tolerance" not in "".join(stub)


def test_a_check_answers_dots_and_nonsense_with_a_sentence():
    check = tolerant(lambda answer: "Right" if answer + 1 == 2 else "Not yet")
    assert (check(1), check(...), check("one")) == ("Right", UNANSWERED, ODD)


def test_every_check_of_the_model_chapter_takes_the_three_dots(model):
    chapter = ch02.begin()
    for exercise in model.exercises:
        code = "\n".join(stub_of(exercise.solution.code, "\n".join(exercise.statement)))
        *before, call = code.splitlines()
        space = {"ch02": ch02, "chapter": chapter}
        exec("\n".join(before), space)
        assert eval(call, space) == UNANSWERED


def test_the_best_anchored_answer_tells_what_the_data_say(model):
    best = next(a for a in model.free_texts[0].anchors if a.level == 4)
    effect = against_rest_at(ch02.begin(), "lymphocytes", "2h")
    low, middle, high = (1 - 2 ** effect[name] for name in ("ci_high", "estimate", "ci_low"))
    assert "thirteen men" in best.text
    assert effect["n_subjects"] == 13
    assert "about a fifth fewer" in best.text
    assert middle == pytest.approx(0.2, abs=0.03)
    assert "from a seventh to more than a quarter" in best.text
    assert low == pytest.approx(1 / 7, abs=0.02)
    assert 0.25 < high < 0.3
