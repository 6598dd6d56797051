"""Questions on the built site, with and without scripts; and a chapter's edition for students."""

import pytest

from exercisebook.paths import BUILD, ROOT
from exercisebook.publish.pdf import browser
from exercisebook.publish.plan import Plan, read_plan
from exercisebook.teaching.editions import write_edition
from exercisebook.teaching.items import STUDENT

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(browser() is None, reason="no Chromium on this machine"),
]

MODEL = "02_acute_stress_response"
ITEM = "#quiz-dip"
WRONG, RIGHT = 0, 1
"""Places of an option of that item, among its radio buttons."""


@pytest.fixture
def visit(chromium):
    contexts = []

    def open_page(html, script=True):
        context = chromium.new_context(java_script_enabled=script)
        contexts.append(context)
        page = context.new_page()
        page.goto((html / "notebooks" / f"{MODEL}.html").as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def student(tmp_path_factory):
    """Return the pages of an edition for students of the model chapter, executed for the site."""
    place = tmp_path_factory.mktemp("student")
    chapter = read_plan(BUILD / ".work" / "plan.json").chapter(MODEL)
    plan = Plan(ROOT, place / "work", (chapter,), report=True)
    return write_edition(plan, STUDENT, place / "edition").parent


def test_a_wrong_answer_is_told_why_and_a_right_one_that_it_is(visit, site):
    page = visit(site)
    item = page.locator(ITEM)
    told = item.locator("[role=status]")
    item.get_by_role("button", name="Check").click()
    assert told.inner_text() == "Choose an answer first."
    item.locator("input").nth(WRONG).check()
    item.get_by_role("button", name="Check").click()
    assert told.inner_text().startswith("A. Not so.")
    assert "A known misconception: “what has left the blood is lost”." in told.inner_text()
    item.locator("input").nth(RIGHT).check()
    item.get_by_role("button", name="Check").click()
    assert told.inner_text().startswith("B. Right.")
    assert told.get_attribute("aria-live") == "polite"


def test_a_question_is_answered_with_the_keyboard_alone(visit, site):
    page = visit(site)
    item = page.locator(ITEM)
    item.locator("input").nth(WRONG).focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    assert item.locator("input").nth(RIGHT).is_checked()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert item.locator("[role=status]").inner_text().startswith("B. Right.")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_without_scripts_the_answers_unfold(visit, site):
    page = visit(site, script=False)
    item = page.locator(ITEM)
    assert item.get_by_role("button", name="Check").count() == 0
    item.locator("input").nth(WRONG).check()
    answers = item.locator("details.quiz-answers")
    assert not answers.locator("> div").first.is_visible()
    answers.locator("summary").click()
    assert answers.locator("> div").count() == item.locator("input").count()
    assert answers.locator("> div").nth(RIGHT).inner_text().startswith("B. Right.")


def test_a_prediction_is_noted_and_points_to_the_output_below(visit, site):
    page = visit(site)
    item = page.locator("#predict-lymphocytes")
    assert item.locator("details").count() == 0
    item.locator("input").nth(2).check()
    assert item.locator("[role=status]").inner_text() == "Your prediction is C. Now read on."
    below = "e => e.compareDocumentPosition(document.querySelector('#predict-lymphocytes'))"
    charts = page.locator("figure.vl-chart")
    places = [charts.nth(n).evaluate(below) for n in range(charts.count())]
    assert {2, 4} == set(places)


def test_every_question_is_a_named_group_of_named_buttons(visit, site):
    page = visit(site)
    groups = page.locator(".question fieldset")
    assert groups.count() == 3 + 6
    for n in range(groups.count()):
        assert groups.nth(n).locator("legend").inner_text().strip()
        buttons = groups.nth(n).locator("input[type=radio]")
        assert 3 <= buttons.count() <= 5
        assert all(
            buttons.nth(i).evaluate("e => e.labels.length") == 1 for i in range(buttons.count())
        )
        assert not any(buttons.nth(i).is_checked() for i in range(buttons.count()))


def test_what_is_for_instructors_is_not_on_the_page(visit, site):
    text = visit(site).locator("article").inner_text()
    assert "For the instructor" not in text
    assert "by show of hands" not in text
    assert "Mend a headline" in text


def test_students_get_questions_without_answers_and_cells_to_begin_from(visit, student):
    page = visit(student)
    assert page.locator(".question fieldset").count() == 3 + 6
    assert page.get_by_role("button", name="Check").count() == 0
    assert page.locator("details.quiz-answers").count() == 0
    assert page.locator(".solution").count() == 0
    text = page.locator("article").inner_text()
    assert "This edition holds no answers" in text
    assert "loss = ... " in text
    assert "student edition" in page.title()


def test_an_edition_has_notebooks_to_work_in(student):
    names = {path.name for path in (student.parent / "notebooks").iterdir()}
    assert names == {f"{MODEL}.ipynb", f"{MODEL}.md"}
