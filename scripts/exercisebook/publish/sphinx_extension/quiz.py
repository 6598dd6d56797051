"""Questions on a page: predictions, quiz items, free questions, and what an exercise asks for.

Without JavaScript a question is a group of radio buttons above an answer that unfolds. Which
lines are a question's options is read in ``publish/quiz_form.py``.
"""

from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import Directive, directives
from docutils.parsers.rst.states import Inliner
from docutils.statemachine import StringList
from sphinx.application import Sphinx

from exercisebook.publish.quiz_form import (
    Option,
    anchors_of,
    causal_rubric,
    misconceptions,
    options_of,
)

LETTERS = "ABCDEFGH"
RIGHT, WRONG = "Right.", "Not so."
NO_KEY = "This edition holds no answers; discuss yours."


class element(nodes.General, nodes.Element):
    """An element of HTML that docutils has no node for: ``tag`` and ``given`` attributes."""


def _visit(self: Any, node: nodes.Element) -> None:
    given = {name: value for name, value in node["given"].items() if value is not None}
    self.body.append(self.starttag(node, node["tag"], "", **given))


def _depart(self: Any, node: nodes.Element) -> None:
    self.body.append(f"</{node['tag']}>\n")


def _pass(self: Any, node: nodes.Element) -> None:
    """Let a builder of no HTML show the text alone."""


class Question(Directive):
    """What all questions share: a title, a label, objectives, minutes, parsed parts."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec: ClassVar = {
        "label": directives.unchanged_required,
        "objective": directives.unchanged_required,
        "minutes": directives.nonnegative_int,
        "open": directives.flag,
    }
    kind = ""

    def block(self, lines: list[str]) -> list[nodes.Node]:
        """Return the nodes of some lines of MyST."""
        holder = nodes.container()
        self.state.nested_parse(StringList(lines, "question"), self.content_offset, holder)
        return list(holder.children)

    def inline(self, text: str) -> list[nodes.Node]:
        """Return the nodes of a line of MyST, without a paragraph around them."""
        parsed = self.block([text])
        only = len(parsed) == 1 and isinstance(parsed[0], nodes.paragraph)
        return list(parsed[0].children) if only else parsed

    def labelled(self, *classes: str) -> element:
        """Return the box of this question, to which a link can lead."""
        box = made("div", classes=["question", self.kind, *classes], ids=[self.options["label"]])
        box["names"].append(self.options["label"])
        self.state.document.note_explicit_target(box, box)
        return box

    def folded(self, title: str, *classes: str) -> element:
        """Return a part that unfolds; it is open from the beginning where the edition asks so."""
        summary = made("summary", nodes.Text(title))
        opened = "open" if "open" in self.options else None
        return made("details", summary, classes=list(classes), open=opened)

    def fieldset(self, stem: list[str], options: list[Option]) -> element:
        """Return title, stem and a radio button an option."""
        label = self.options["label"]
        field = made("fieldset")
        field += made("legend", *self.inline(self.arguments[0]))
        field += self.block(stem)
        for letter, option in zip(LETTERS, options, strict=False):
            button = made("input", type="radio", name=label, value=letter)
            text = made("span", nodes.Text(f"{letter}. "), *self.inline(option.text))
            field += made("label", button, text, classes=["question-option"])
        return field


class Quiz(Question):
    """A quiz item; without a right option, as in the edition for students, it has no answers."""

    kind = "quiz"

    def run(self) -> list[nodes.Node]:
        """Return the question, and below it what unfolds: every answer, and why."""
        stem, options = options_of(list(self.content))
        box = self.labelled()
        box += self.fieldset(stem, options)
        if any(option.right for option in options):
            box += self.answers(options)
        else:
            box += nodes.paragraph("", NO_KEY, classes=["question-below"])
        return [box]

    def answers(self, options: list[Option]) -> element:
        """Return the answers, folded up."""
        told = self.folded("Answers", "quiz-answers")
        for letter, option in zip(LETTERS, options, strict=False):
            lead = f"**{letter}. {RIGHT if option.right else WRONG}**"
            why = made("div", *self.block([lead, *option.feedback]))
            why["given"] = {"data-option": letter, "data-right": "yes" if option.right else None}
            if option.misconception in misconceptions():
                known = misconceptions()[option.misconception]
                name = nodes.emphasis("", f"A known misconception: “{known.name}”.")
                why += nodes.paragraph("", "", name, nodes.Text(f" {known.explanation}"))
            told += why
        return told


class Predict(Question):
    """A prediction before an output: nobody is told the answer but by the output below."""

    kind = "predict"

    def run(self) -> list[nodes.Node]:
        """Return the question; its options have no key."""
        stem, options = options_of(list(self.content))
        box = self.labelled()
        box += self.fieldset(stem, options)
        below = "Choose before you read on; the output below answers."
        box += nodes.paragraph("", below, classes=["question-below"])
        return [box]


class FreeText(Question):
    """A question answered in one's own words, with the rubric and anchored answers."""

    kind = "free-text"

    def run(self) -> list[nodes.Node]:
        """Return the question, the rubric, and anchored answers where the edition has them."""
        text, anchors = anchors_of(list(self.content))
        box = self.labelled()
        box += nodes.paragraph("", "", *self.inline(f"**{self.arguments[0]}**"))
        box += self.block(text)
        lines = [f"{n}. *{name}*: {told}" for n, (name, told) in causal_rubric().items()]
        judged = self.folded("How it is judged")
        judged += self.block(lines)
        box += judged
        if anchors:
            answers = self.folded("Answers of three levels", "quiz-answers")
            for anchor in anchors:
                answers += self.block([f"**Level {anchor.level}.** {anchor.text}", "", *anchor.why])
            box += answers
        return [box]


class Task(Directive):
    """What an exercise asks for: its level, its minutes, its objectives."""

    option_spec: ClassVar = {
        "level": directives.unchanged_required,
        "minutes": directives.nonnegative_int,
        "objective": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        """Return one line: level and minutes."""
        minutes = self.options["minutes"]
        unit = "minute" if minutes == 1 else "minutes"
        told = f"{self.options['level'].capitalize()}, about {minutes} {unit}."
        return [nodes.paragraph("", "", nodes.emphasis("", told), classes=["task"])]


class ForTeachers(Directive):
    """Difficulties and lesson plans: the instructor edition turns them into text."""

    optional_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return nothing."""
        return []


def objective(
    name: str,
    rawtext: str,
    text: str,
    lineno: int,
    inliner: Inliner,
    options: dict[str, Any] | None = None,
    content: list[str] | None = None,
) -> tuple[list[nodes.Node], list[nodes.system_message]]:
    """Return a place that can be linked to for an objective's id; it shows nothing."""
    place = nodes.target("", "", ids=[f"objective-{text}"], names=[f"objective-{text}"])
    inliner.document.note_explicit_target(place)
    return [place], []


def made(tag: str, *children: nodes.Node, **attributes: Any) -> element:
    """Return an element; ``classes`` and ``ids`` are docutils', all others are HTML's."""
    own = {name: attributes.pop(name) for name in ("classes", "ids") if name in attributes}
    return element("", *children, tag=tag, given=attributes, **own)


def _ask_for_script(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Ask for the script and the style on pages with questions."""
    if doctree is not None and any("question" in e["classes"] for e in doctree.findall(element)):
        app.add_js_file("quiz.js", loading_method="defer")
        app.add_css_file("quiz.css")


def setup(app: Sphinx) -> None:
    """Register the directives and the role."""
    quiet = (_pass, _pass)
    app.add_node(element, html=(_visit, _depart), latex=quiet, text=quiet)
    app.add_directive("quiz", Quiz)
    app.add_directive("predict", Predict)
    app.add_directive("free-text", FreeText)
    app.add_directive("task", Task)
    for name in ("difficulties", "lesson"):
        app.add_directive(name, ForTeachers)
    app.add_role("objective", objective)
    app.connect("html-page-context", _ask_for_script)
