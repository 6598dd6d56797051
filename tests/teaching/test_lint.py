"""A chapter that lacks something is told so, with its line and a repair."""

import pytest

from exercisebook.paths import notebook_file
from exercisebook.teaching.lint import lint_book, lint_text, main

MODEL = "02_acute_stress_response"
ORDER = 'order = ["walls", "tissues", "marrow"]\n'

SPOILT = {
    "an unclosed block": ("T01", "```{lesson} 180\n", "````{lesson} 180\n"),
    "an unknown option": ("T01", ":label: quiz-dip\n", ":label: quiz-dip\n:colour: red\n"),
    "a label of another kind": ("T02", ":label: quiz-dip\n", ":label: dip\n"),
    "an unknown objective": (
        "T04",
        ":objective: acute-hidden\n:minutes: 3",
        ":objective: no\n:minutes: 3",
    ),
    "two options": ("T05", "- Of some: it depends on how narrow each interval is.\n", ""),
    "no right option": ("T06", "+ Fewer of them", "- Fewer of them"),
    "two right options": ("T06", "- Training doubles", "+ Training doubles"),
    "a wrong option without a misconception": ("T07", "have died. {blood-is-body}", "have died."),
    "an unknown misconception": ("T07", "have died. {blood-is-body}", "have died. {no-such}"),
    "an unknown one in a prediction": ("T07", "next day. {time-is-detail}", "next day. {no-such}"),
    "a right option with a misconception": (
        "T07",
        "that was drawn.\n",
        "that was drawn. {closure}\n",
    ),
    "an option without feedback": ("T08", "- His defence", "- Nothing. {closure}\n- His defence"),
    "a prediction with a key": ("T09", "- They rise, and within", "+ They rise, and within"),
    "a prediction without an output": (
        "T09",
        "```{code-cell} ipython3\nch02.race_plasma_table(chapter)\n```\n",
        "",
    ),
    "an exercise without a task": (
        "T10",
        "```{task}\n:level: recall\n:minutes: 3\n:objective: acute-waves\n```\n",
        "",
    ),
    "an unknown level": ("T10", ":level: design", ":level: hard"),
    "an exercise without minutes": ("T10", ":minutes: 8\n", ""),
    "a quiz item without minutes": (
        "T10",
        ":label: quiz-dip\n:objective: acute-waves\n:minutes: 2\n",
        ":label: quiz-dip\n:objective: acute-waves\n",
    ),
    "an exercise without a hint": (
        "T11",
        "```{dropdown} Hint\n“Clearly”",
        "```{dropdown} Look\n“Clearly”",
    ),
    "a solution without code": (
        "T12",
        "```{code-cell} ipython3\n" + ORDER + "ch02.check_order(order)\n```\n",
        "",
    ),
    "a solution without a check": ("T13", "ch02.check_order(order)\n", "order\n"),
    "a solution that is no Python": ("T13", ORDER, "order = [\n"),
    "an answer that is too short to be searched for": ("T16", ORDER, ORDER + "n = 3\n"),
    "an answer that is no name": ("T14", "ch02.check_order(order)", 'ch02.check_order(["walls"])'),
    "a typed number": ("T15", "holds a fifth fewer", "holds 0.2 fewer"),
    "an objective without an id": ("T21", " {objective}`acute-water`", ""),
    "an objective that nothing serves": (
        "T22",
        ":label: quiz-tenth\n:objective: acute-water",
        ":label: quiz-tenth\n:objective: acute-waves",
    ),
    "exercises that do not rise": ("T23", ":level: design", ":level: recall"),
    "two anchored answers": ("T24", "- 2: “Hard", "  “Hard"),
    "an anchor without a reason": (
        "T24",
        "  Neither death nor infection was measured, "
        "and the design cannot name cycling as the cause.\n",
        "",
    ),
    "no plan of 90 minutes": ("T25", "```{lesson} 90", "```{lesson} 95"),
    "a lesson that lasts too long": (
        "T26",
        "- 5: Alone, then together. {quiz-tenth}\n- 10",
        "- 6: Alone, then together. {quiz-tenth}\n- 10",
    ),
    "a lesson on an item that is not there": (
        "T26",
        "together. {quiz-hidden}",
        "together. {quiz-gone}",
    ),
    "a line of a lesson that is none": ("T26", "- 15: A break.", "- A break of 15."),
    "few difficulties": ("T27", "```{difficulties}\n", "```{difficulty}\n"),
}


@pytest.fixture(scope="module")
def text():
    return notebook_file(MODEL).read_text(encoding="utf-8")


def test_the_book_lacks_nothing_that_it_has_to_have():
    assert [str(finding) for finding in lint_book()] == []


@pytest.mark.parametrize("fault", SPOILT)
def test_what_is_spoilt_is_found(text, fault):
    code, old, new = SPOILT[fault]
    assert text.count(old) == 1, old
    found = lint_text(text.replace(old, new), "page.md", whole=True)
    own = [finding for finding in found if finding.code == code]
    assert own
    assert all(f.file == "page.md" and f.told and f.repair for f in own)


def test_a_finding_names_the_line(text):
    line = 1 + text[: text.index("have died. {blood-is-body}")].count("\n")
    spoilt = text.replace("have died. {blood-is-body}", "have died.")
    (finding,) = lint_text(spoilt, "page.md", whole=True)
    assert str(finding).startswith(f"page.md:{line}: T07 ")


def test_a_missing_item_is_counted(text):
    start = text.index("```{quiz} What does a dip show?")
    page = text[:start] + text[text.index("```{quiz}", start + 5) :]
    for _ in range(2):
        start = page.index("```{quiz}")
        page = page[:start] + page[page.index("```{quiz}", start + 5) :]
    codes = {finding.code for finding in lint_text(page, "page.md", whole=True)}
    assert "T20" in codes


def test_a_right_option_always_in_one_place_or_always_the_longest_is_a_tell():
    item = "```{quiz} A?\n:label: quiz-a\n+ {}\n  x\n- b {closure}\n  x\n- c {closure}\n  x\n```\n"
    page = "".join(item.replace("quiz-a", f"quiz-{n}").replace("{}", "long answer") for n in "abcd")
    told = [f.told for f in lint_text(page, "page.md", whole=True) if f.code == "T28"]
    assert told == [
        "every right option is number 1",
        "the right option is the longest in 4 of 4 items",
    ]


def test_a_page_that_is_not_finished_is_judged_on_what_it_has(text):
    assert lint_text("## You will be able to\n\n- **read** it.\n", "page.md", whole=False) == []
    wrong = text.replace("have died. {blood-is-body}", "have died. {no-such}")
    assert [f.code for f in lint_text(wrong, "page.md", whole=False)] == ["T07"]


def test_a_label_that_stands_twice_is_found(text):
    from exercisebook.teaching.lint import _shared_labels

    found = _shared_labels({"a.md": text, "b.md": "```{quiz} Q\n:label: quiz-dip\n```\n"})
    assert [(f.code, f.file, f.line) for f in found] == [("T03", "b.md", 1)]


def test_a_writer_is_told_what_a_chapter_lacks(capsys):
    assert main(["02"]) == 0
    assert capsys.readouterr().out == ""
    assert main(["A1"]) == 1
    assert "T20" in capsys.readouterr().out
