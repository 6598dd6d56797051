"""Whether a chapter's questions and exercises are whole: codes, lines and repairs.

Whether a solution is right is seen when the chapter runs; here nothing runs.
``python -m exercisebook.teaching.lint [CHAPTER ...]`` tells a writer what is left to do.
"""

import ast
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from exercisebook.paths import ROOT, notebook_file
from exercisebook.publish.notebooks import chapter_slugs, find_chapter, notebook_slugs
from exercisebook.publish.quiz_form import causal_rubric, misconceptions
from exercisebook.teaching.check_calls import (
    answers_of,
    arguments_of,
    calls_of,
    is_given,
    statements_of,
)
from exercisebook.teaching.items import LEVELS, Block, Exercise, Items, Question, items_of
from exercisebook.teaching.leaks import FEWEST, normal

COUNTS = {"predictions": (2, 3), "quiz": (4, 6), "exercises": (4, 6), "free_texts": (1, 1)}
OPTIONS = (3, 5)
LESSONS = (45, 90, 180)
PREFIXES = {
    "predict": "predict-",
    "quiz": "quiz-",
    "exercise-start": "exercise-",
    "free-text": "free-",
}
KNOWN_SETTINGS = {
    "predict": {"label", "objective", "minutes"},
    "quiz": {"label", "objective", "minutes"},
    "free-text": {"label", "objective", "minutes"},
    "task": {"level", "minutes", "objective"},
}
FEWEST_DIFFICULTIES = 3
_DECIMAL = re.compile(r"\d\.\d|\bp *[<=] *\.?\d")


@dataclass(frozen=True)
class Finding:
    """One thing that a chapter lacks: its code, file, line (from 1), and the repair."""

    code: str
    file: str
    line: int
    told: str
    repair: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.code} {self.told}; {self.repair}"


@dataclass(frozen=True)
class _Fault:
    code: str
    line: int
    told: str
    repair: str


def lint_book(root: Path = ROOT) -> list[Finding]:
    """Return what is wrong in all notebooks; those of the appendix are judged on form alone."""
    texts = {slug: _file(slug, root).read_text(encoding="utf-8") for slug in notebook_slugs(root)}
    whole = set(chapter_slugs(root))
    found = [
        finding
        for slug, text in texts.items()
        for finding in lint_text(text, _name(slug, root), whole=slug in whole)
    ]
    return found + _shared_labels({_name(slug, root): text for slug, text in texts.items()})


def lint_text(text: str, file: str, whole: bool) -> list[Finding]:
    """Return what is wrong in one page.

    Parameters
    ----------
    text : str
        Its MyST text.
    file : str
        What findings call it.
    whole : bool
        Whether it must have all that a chapter has, beside the right form of what it has.
    """
    items = items_of(text)
    faults = [fault for rule in (*FORM, *(WHOLE if whole else ())) for fault in rule(items)]
    faults.sort(key=lambda fault: (fault.line, fault.code))
    return [Finding(f.code, file, f.line + 1, f.told, f.repair) for f in faults]


def _labelled(items: Items) -> list[Block]:
    return [block for block in items.blocks if block.name in PREFIXES]


def _closed(items: Items) -> Iterator[_Fault]:
    for block in items.blocks:
        if not block.closed:
            told = f"the block {block.name or 'without a name'} is not closed"
            yield _Fault("T01", block.start, told, "close it with a line of as many backticks")
        for name in set(block.options) - KNOWN_SETTINGS.get(block.name, set(block.options)):
            told = f"{block.name} has no option {name!r}"
            known = ", ".join(sorted(KNOWN_SETTINGS[block.name]))
            yield _Fault("T01", block.start, told, f"it takes {known}")


def _labels(items: Items) -> Iterator[_Fault]:
    for block in _labelled(items):
        wanted = PREFIXES[block.name]
        if not block.label.startswith(wanted) or block.label == wanted:
            told = f"the label {block.label!r} of a {block.name} is not of its kind"
            yield _Fault("T02", block.start, told, f"give it `:label: {wanted}...`")


def _shared_labels(texts: dict[str, str]) -> list[Finding]:
    """Return labels that stand twice in the book."""
    seen: dict[str, str] = {}
    found = []
    for file, text in texts.items():
        for block in _labelled(items_of(text)):
            if block.label and block.label in seen:
                told = f"the label {block.label!r} stands in {seen[block.label]} too"
                found.append(Finding("T03", file, block.start + 1, told, "rename one of them"))
            seen.setdefault(block.label, file)
    return found


def _known_objectives(items: Items) -> Iterator[_Fault]:
    known = {name for objective in items.objectives for name in objective.ids}
    for block in items.blocks:
        for name in block.objectives:
            if name not in known:
                told = f"no objective has the id {name!r}"
                yield _Fault("T04", block.start, told, f"the page has {', '.join(sorted(known))}")


def _options(items: Items) -> Iterator[_Fault]:
    for question in (*items.predictions, *items.quiz):
        least, most = OPTIONS
        if not least <= len(question.options) <= most:
            told = f"{len(question.options)} options"
            yield _Fault("T05", question.block.start, told, f"offer {least} to {most}")
        for option in question.options:
            if option.misconception and option.misconception not in misconceptions():
                told = f"no misconception has the id {option.misconception!r}"
                line = question.block.body_start + option.line
                yield _Fault("T07", line, told, "take one of data/misconceptions.csv, or add it")


def _quiz(items: Items) -> Iterator[_Fault]:
    for question in items.quiz:
        right = [option for option in question.options if option.right]
        if len(right) != 1:
            told = f"{len(right)} right options"
            yield _Fault(
                "T06", question.block.start, told, "mark one with `+`, the others with `-`"
            )
        for option in question.options:
            line = question.block.body_start + option.line
            if not option.right and not option.misconception:
                told = "a wrong option names no misconception"
                yield _Fault("T07", line, told, "end its line with {id} of data/misconceptions.csv")
            if option.right and option.misconception:
                yield _Fault("T07", line, "a right option names a misconception", "take it away")
            if not option.feedback:
                told = "an option without feedback"
                yield _Fault("T08", line, told, "say why on an indented line below it")


def _predictions(items: Items) -> Iterator[_Fault]:
    after_line = {
        block.start: after for block, after in zip(items.blocks, items.blocks[1:], strict=False)
    }
    for question in items.predictions:
        line = question.block.start
        if any(option.right or option.feedback for option in question.options):
            told = "a prediction has a key"
            yield _Fault("T09", line, told, "mark all options with `-`: the output answers")
        after = after_line.get(question.block.start)
        if after is None or after.name != "code-cell":
            told = "no output answers this prediction"
            yield _Fault("T09", line, told, "put it just before the cell that answers it")


def _exercises(items: Items) -> Iterator[_Fault]:
    for exercise in items.exercises:
        line = exercise.block.start
        yield from _task_of(exercise)
        if exercise.hint is None or not any(text.strip() for text in exercise.hint.body):
            yield _Fault("T11", line, "an exercise without a hint", "add a `{dropdown} Hint`")
        if exercise.solution is None or not exercise.solution.cells:
            told = "an exercise without a solution that runs"
            yield _Fault("T12", line, told, "add solution-start, a code cell and solution-end")


def _task_of(exercise: Exercise) -> Iterator[_Fault]:
    line, task = exercise.block.start, exercise.task
    if task is None:
        told = "an exercise without level and minutes"
        yield _Fault("T10", line, told, "begin it with a `{task}`")
        return
    if task.options.get("level") not in LEVELS:
        told = f"the level {task.options.get('level', '')!r}"
        yield _Fault("T10", task.start, told, f"it is one of {', '.join(LEVELS)}")
    yield from _minutes(task)


def _minutes(block: Block) -> Iterator[_Fault]:
    given = block.options.get("minutes", "")
    if not given.isdigit() or not int(given):
        told = f"minutes are {given!r}"
        yield _Fault("T10", block.start, told, "say how many, as a whole number")


def _checks(items: Items) -> Iterator[_Fault]:
    for exercise in items.exercises:
        if exercise.solution is None or not exercise.solution.cells:
            continue
        line = exercise.solution.start
        try:
            called = calls_of(exercise.solution.code)
        except SyntaxError as error:
            yield _Fault("T13", line, f"a solution is not Python ({error.msg})", "mend it")
            continue
        if not called:
            told = "a solution calls no check"
            yield _Fault("T13", line, told, "end it with a call of a function check_...")
        for _, statement in statements_of(exercise.solution.code):
            if len(normal(statement)) < FEWEST:
                told = f"`{statement}` is too short to be searched for in an edition for students"
                yield _Fault("T16", line, told, "give the answer a name of several letters")
        given = "\n".join(exercise.statement)
        for call in called:
            if not answers_of(call):
                told = f"`{ast.unparse(call)}` hands over no answer by name"
                yield _Fault("T14", line, told, "give the answer a name, and hand that over")
            for odd in _unnamed(call, given):
                told = f"`{odd}` is handed to a check"
                yield _Fault("T14", line, told, "give it a name first")


def _unnamed(call: ast.Call, statement: str) -> list[str]:
    odd = [a for a in arguments_of(call) if not isinstance(a, ast.Name)]
    return [ast.unparse(a) for a in odd if not is_given(a, statement)]


def _numbers(items: Items) -> Iterator[_Fault]:
    asked = [q.block for q in (*items.predictions, *items.quiz)]
    for block in [*asked, *(f.block for f in items.free_texts), *items.difficulties]:
        for n, line in enumerate((block.argument, *block.body)):
            if _DECIMAL.search(line):
                told = f"a typed number: {_DECIMAL.findall(line)[0]}"
                place = block.start if n == 0 else block.body_start + n - 1
                yield _Fault("T15", place, told, "say it in words, or let a function say it")


def _counts(items: Items) -> Iterator[_Fault]:
    for name, (least, most) in COUNTS.items():
        held = len(getattr(items, name))
        if not least <= held <= most:
            wanted = str(least) if least == most else f"{least} to {most}"
            told = f"{held} {name.replace('_', ' ')}"
            yield _Fault("T20", 0, told, f"a chapter has {wanted}")


def _served(items: Items) -> Iterator[_Fault]:
    quiz = {name for question in items.quiz for name in question.block.objectives}
    exercises = {name for exercise in items.exercises for name in exercise.objectives}
    for objective in items.objectives:
        if not objective.ids:
            told = "an objective without an id"
            yield _Fault("T21", objective.line, told, "end it with {objective}`an-id`")
        for name in objective.ids:
            for what, serving in (("quiz item", quiz), ("exercise", exercises)):
                if name not in serving:
                    told = f"no {what} serves the objective {name!r}"
                    yield _Fault("T22", objective.line, told, f"write one with `objective: {name}`")


def _rising(items: Items) -> Iterator[_Fault]:
    levels = [e.task.options.get("level", "") for e in items.exercises if e.task]
    order = [LEVELS.index(level) for level in levels if level in LEVELS]
    wide = bool(order) and (order[0], order[-1]) == (0, len(LEVELS) - 1)
    if not wide or order != sorted(order):
        told = f"the exercises go {', '.join(levels) or 'nowhere'}"
        yield _Fault("T23", 0, told, "let them rise from recall to design")


def _timed(items: Items) -> Iterator[_Fault]:
    for block in _labelled(items):
        if block.name != "exercise-start":
            yield from _minutes(block)


def _anchors(items: Items) -> Iterator[_Fault]:
    for question in items.free_texts:
        levels = [anchor.level for anchor in question.anchors]
        if len(levels) != 3 or len(set(levels)) != 3 or not set(levels) <= set(causal_rubric()):
            told = f"anchored answers of the levels {levels}"
            repair = f"give three, of three levels of {list(causal_rubric())}"
            yield _Fault("T24", question.block.start, told, repair)
        for anchor in question.anchors:
            if not anchor.why:
                line = question.block.body_start + anchor.line
                repair = "say on an indented line why it has that level"
                yield _Fault("T24", line, "an anchored answer without a reason", repair)


def _lessons(items: Items) -> Iterator[_Fault]:
    lengths = [lesson.block.argument for lesson in items.lessons]
    if lengths != [str(minutes) for minutes in LESSONS]:
        told = f"lesson plans of {', '.join(lengths) or 'no'} minutes"
        yield _Fault("T25", 0, told, f"write {', '.join(map(str, LESSONS))}, in that order")
    for lesson in items.lessons:
        minutes = sum(activity.minutes for activity in lesson.activities)
        if str(minutes) != lesson.block.argument:
            told = f"a lesson of {lesson.block.argument} minutes fills {minutes}"
            yield _Fault("T26", lesson.block.start, told, "let its lines sum to it")
        if len(lesson.activities) != sum(bool(line.strip()) for line in lesson.block.body):
            told = "a line of a lesson that is no activity"
            yield _Fault("T26", lesson.block.start, told, "write `- minutes: what. {label}`")
        for activity in lesson.activities:
            if activity.label and activity.label not in items.titles:
                told = f"no item of this chapter is called {activity.label!r}"
                yield _Fault("T26", activity.line, told, f"it has {', '.join(items.titles)}")


def _difficulties(items: Items) -> Iterator[_Fault]:
    bullets = [n for b in items.difficulties for n in b.body if n.startswith("- ")]
    if len(items.difficulties) != 1 or len(bullets) < FEWEST_DIFFICULTIES:
        told = f"{len(bullets)} common difficulties"
        yield _Fault("T27", 0, told, f"list {FEWEST_DIFFICULTIES} or more in one `difficulties`")


def _tells(items: Items) -> Iterator[_Fault]:
    """Yield what gives right options away to one who has not read: place and length."""
    whole = [q for q in items.quiz if sum(o.right for o in q.options) == 1]
    if len(whole) < 2:
        return
    places = Counter(_right(question) for question in whole)
    place, times = places.most_common(1)[0]
    if times == len(whole):
        told = f"every right option is number {place + 1}"
        yield _Fault("T28", whole[0].block.start, told, "change their order")
    longest = [q for q in whole if _right_is_longest(q)]
    if len(longest) > len(whole) / 2:
        told = f"the right option is the longest in {len(longest)} of {len(whole)} items"
        yield _Fault("T28", longest[0].block.start, told, "shorten it, or lengthen a wrong one")


def _right(question: Question) -> int:
    return next(n for n, option in enumerate(question.options) if option.right)


def _right_is_longest(question: Question) -> bool:
    lengths = [len(option.text) for option in question.options]
    right = lengths.pop(_right(question))
    return right > max(lengths, default=right)


Rule = Callable[[Items], Iterator[_Fault]]

FORM: tuple[Rule, ...] = (_closed, _known_objectives, _options, _quiz, _predictions)
"""What holds for whatever a page has, if it is finished or not."""

WHOLE: tuple[Rule, ...] = (
    _labels,
    _exercises,
    _checks,
    _numbers,
    _counts,
    _served,
    _rising,
    _timed,
    _anchors,
    _lessons,
    _difficulties,
    _tells,
)
"""What a finished chapter has to have beside."""


def _file(slug: str, root: Path) -> Path:
    return notebook_file(slug, root / "notebooks")


def _name(slug: str, root: Path) -> str:
    return str(_file(slug, root).relative_to(root))


def main(chapters: list[str]) -> int:
    """Print what the named chapters lack, as if they were finished; return the exit status."""
    slugs = [find_chapter(name) for name in chapters] or chapter_slugs()
    found = [
        finding
        for slug in slugs
        for finding in lint_text(
            _file(slug, ROOT).read_text(encoding="utf-8"), _name(slug, ROOT), True
        )
    ]
    sys.stdout.write("".join(f"{finding}\n" for finding in found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
