"""A page for each student: what was run, what anybody can see of it, and what was right.

It tells no right value, no world and no code of a check. Whatever a student wrote is text in it
and nothing else.
"""

from collections.abc import Sequence
from html import escape

from exercisebook.teaching.answers import Judged
from exercisebook.teaching.questions import POINTS, Question

_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Feedback: {student}</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 48rem; margin: 2rem auto; padding: 0 1rem;
  color: #1a1a1a; background: #fff; overflow-wrap: anywhere; }}
table {{ border-collapse: collapse; width: 100%; }}
caption {{ text-align: left; font-weight: 600; padding: .5rem 0; }}
th, td {{ text-align: left; vertical-align: top; padding: .3rem .6rem; }}
td {{ border-top: 1px solid #bbb; }}
</style>
</head>
<body>
<main>
"""


def feedback_page(
    student: str, reason: str, asked: Sequence[Question], judged: Sequence[Judged]
) -> str:
    """Return a student's page of feedback as HTML.

    Parameters
    ----------
    student : str
    reason : str
        How the run went, in a sentence.
    asked : sequence of Question
        Their titles, chapters and names of variables are shown.
    judged : sequence of Judged
        None where nothing was run.
    """
    points = sum(answer.right for answer in judged)
    parts = [
        _HEAD.format(student=escape(student)),
        f"<h1>Feedback: {escape(student)}</h1>\n",
        f"<p><strong>{points} of {POINTS} points.</strong> {escape(reason)}</p>\n",
    ]
    answers = {answer.name: answer for answer in judged}
    if answers:
        parts += [_public(asked, answers), _hidden(asked, answers)]
    return "".join([*parts, "</main>\n</body>\n</html>\n"])


def _public(asked: Sequence[Question], answers: dict[str, Judged]) -> str:
    rows = [
        (name, answer.shown or "–", answer.public or ("yes" if answer.shown else "no answer"))
        for question in asked
        for name, answer in _of(question, answers)
    ]
    return _table("What anybody can see", ("answer", "given", "can it be used?"), rows)


def _hidden(asked: Sequence[Question], answers: dict[str, Judged]) -> str:
    rows = [
        (f"{number}. {question.title} (chapter {question.chapter})", name, _result(answer))
        for number, question in enumerate(asked, start=1)
        for name, answer in _of(question, answers)
    ]
    return _table("Held against your data", ("question", "answer", "result"), rows)


def _of(question: Question, answers: dict[str, Judged]) -> list[tuple[str, Judged]]:
    return [(v.name, answers[v.name]) for v in question.variables if v.name in answers]


def _result(answer: Judged) -> str:
    return f"{answer.word}. {answer.hint}" if answer.hint else answer.word


def _table(caption: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in header)
    body = "\n".join(
        "<tr>" + "".join(f"<td>{escape(field)}</td>" for field in row) + "</tr>" for row in rows
    )
    return (
        f"<table>\n<caption>{escape(caption)}</caption>\n<thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{body}\n</tbody>\n</table>\n"
    )
