"""What a submission answered: its lines taken apart with care, and each answer judged.

What is public is judged first (is it a number, does it lie where such numbers lie, do they stand
in order), and apart from what is hidden: whether it is right.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from exercisebook.teaching.questions import (
    CHOICE,
    NUMBER,
    WHOLE,
    Question,
    Slip,
    Value,
    Variable,
)

LONGEST_LINE = 256 * 1024
MOST_SHOWN = 80

_NUMBER = re.compile(r"[+-]?(\d{1,15}(\.\d{0,20})?|\.\d{1,20})([eE][+-]?\d{1,3})?")
_COMMA = re.compile(r"[+-]?\d{1,15},\d{1,20}")
_LONGEST_INTEGER = 18
_MOST_PARTS = 51


@dataclass(frozen=True)
class Told:
    """What the lines of a run say.

    Attributes
    ----------
    started, ended : bool
        Whether the first cell was reached, and the last one passed.
    cell : int
        The last that was begun.
    error : dict or None
        ``kind``, ``text`` and ``line`` of what stopped it.
    answers : dict
        By variable, as the last whole line had them.
    """

    started: bool
    ended: bool
    cell: int
    error: dict[str, Any] | None
    answers: dict[str, Any]


@dataclass(frozen=True)
class Judged:
    """One answer, judged.

    Attributes
    ----------
    name : str
    shown : str
        What was given, short and printable.
    public : str
        What anybody can see to be wrong with it, or empty.
    right : bool
        What only the key can tell.
    hint : str
        What a typical error is that gives this, or empty.
    """

    name: str
    shown: str
    public: str
    right: bool
    hint: str = ""

    @property
    def word(self) -> str:
        """Return the result in a word or two."""
        if self.right:
            return "right"
        if not self.shown:
            return "no answer"
        return "not usable" if self.public else "not right"


def read_lines(lines: bytes) -> Told:
    """Return what the lines of a run say; those that say nothing usable are passed over."""
    started = ended = False
    cell, error, answers = 0, None, {}
    for line in lines.split(b"\n"):
        said = _object(line)
        started = started or said.get("started") is True
        ended = ended or said.get("ended") is True
        if type(number := said.get("cell")) is int and 0 < number < 10_000:
            cell = number
        if isinstance(found := said.get("answers"), dict):
            answers = {name: _flat(value) for name, value in found.items()}
            error = said["error"] if isinstance(said.get("error"), dict) else None
    return Told(started, ended, cell, error, answers)


def _object(line: bytes) -> dict[str, Any]:
    if len(line) > LONGEST_LINE:
        return {}
    try:
        said = json.loads(line.decode("utf-8"), parse_int=_whole, parse_constant=_not_finite)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _flat(answer: Any) -> Any:
    """Return an answer if it is as the runner makes them; anything else is no answer to use."""
    single = None | bool | int | float | str
    if isinstance(answer, single):
        return answer
    if isinstance(answer, list) and all(isinstance(part, single) for part in answer[:_MOST_PARTS]):
        return answer[:_MOST_PARTS]
    told = answer.get("unusable") if isinstance(answer, dict) else None
    return {"unusable": told if isinstance(told, str) else "a list within a list"}


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) <= _LONGEST_INTEGER else math.inf


def _not_finite(_: str) -> float:
    return math.nan


def judge(asked: Sequence[Question], answers: Mapping[str, Any]) -> list[Judged]:
    """Return every answer, judged, in the order of the questions."""
    judged = []
    for question in asked:
        given = {v.name: _given(v, answers.get(v.name)) for v in question.variables}
        disorder = _disorder(question, {name: value for name, (value, _) in given.items()})
        for variable in question.variables:
            value, fault = given[variable.name]
            shown = _shown(answers.get(variable.name))
            one = _judged(variable, value, fault, shown)
            if disorder and not fault and variable.name in question.ascending:
                # one wrong bound puts the others out of order, which may be right
                one = replace(one, public=disorder)
            judged.append(one)
    return judged


def _judged(variable: Variable, value: Value | None, fault: str, shown: str) -> Judged:
    if value is None:
        return Judged(variable.name, shown, fault, False)
    right = not fault and _is(value, variable.right, variable.tolerance)
    hint = "" if right else _hint(variable, value)
    return Judged(variable.name, shown, fault, right, hint)


def _given(variable: Variable, answer: Any) -> tuple[Value | None, str]:
    """Return an answer as its kind has it, and what is wrong with it for all to see."""
    if answer is None:
        return None, ""
    if isinstance(answer, dict):
        return None, f"this is {_printable(str(answer.get('unusable', 'a dict')))}"
    if variable.kind in (NUMBER, WHOLE):
        return _number(variable, answer)
    if variable.kind == CHOICE:
        return _choice(variable, answer)
    return _names(variable, answer)


def _number(variable: Variable, answer: Any) -> tuple[float | None, str]:
    if isinstance(answer, list) and len(answer) == 1:
        answer = answer[0]
    if isinstance(answer, str) and _COMMA.fullmatch(answer.strip()):
        return None, "write the number with a point: a comma can mean a thousand as well"
    if isinstance(answer, str) and _NUMBER.fullmatch(answer.strip()):
        answer = float(answer)
    if isinstance(answer, bool) or not isinstance(answer, int | float):
        return None, "a number is asked for"
    value = float(answer)
    if not math.isfinite(value):
        return None, "this is not a finite number"
    if variable.kind == WHOLE and not value.is_integer():
        return value, "a whole number is asked for"
    if not variable.least <= value <= variable.most:
        return value, f"it cannot lie outside {variable.least:g} to {variable.most:g}"
    return value, ""


def _choice(variable: Variable, answer: Any) -> tuple[str | None, str]:
    word = _word(answer[0] if isinstance(answer, list) and len(answer) == 1 else answer)
    known = {_word(option): option for option in variable.options}
    if word not in known:
        return None, f"one of these is asked for: {', '.join(variable.options)}"
    return known[word], ""


def _names(variable: Variable, answer: Any) -> tuple[frozenset[str] | None, str]:
    names = [answer] if isinstance(answer, str) else answer
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return None, "a list of names is asked for"
    words = [_word(name) for name in names]
    known = {_word(option): option for option in variable.options}
    if words in (["none"], [""]):
        words = []
    unknown = [name for name, word in zip(names, words, strict=False) if word not in known]
    if unknown:
        return None, f"there is no {_printable(unknown[0])!r}"
    return frozenset(known[word] for word in words), ""


def _word(answer: Any) -> str:
    """Return a word without what writers put around it: quotes, brackets, a point, a dash."""
    if not isinstance(answer, str):
        return "\0"
    return re.sub(r"[\s_]+", " ", answer.strip(" \t\n'\"`().:").casefold())


def _disorder(question: Question, given: Mapping[str, Value | None]) -> str:
    values = [given[name] for name in question.ascending]
    numbers = [value for value in values if isinstance(value, float)]
    if numbers != sorted(numbers):
        return f"these have to ascend: {', '.join(question.ascending)}"
    return ""


def _is(value: Value, wanted: Value, tolerance: float) -> bool:
    if isinstance(value, float) and isinstance(wanted, float):
        return bool(abs(value - wanted) <= tolerance + 1e-9)
    return value == wanted


def _hint(variable: Variable, value: Value) -> str:
    for slip in variable.slips:
        if _is(value, slip.value, _around(slip, variable)):
            return slip.says
    return ""


def _around(slip: Slip, variable: Variable) -> float:
    # a slip into per cent is as much coarser as it is larger
    size = abs(slip.value) if isinstance(slip.value, float) else 0.0
    return max(variable.tolerance, 0.005 * size) if variable.kind == NUMBER else 0.0


def _shown(answer: Any) -> str:
    if answer is None:
        return ""
    text = str(answer.get("unusable", "a dict")) if isinstance(answer, dict) else str(answer)
    return _printable(text) or "(empty)"


def _printable(text: str) -> str:
    """Return a text cut short, without what cannot be printed or turns a line round."""
    short = text[:MOST_SHOWN] + ("…" if len(text) > MOST_SHOWN else "")
    return "".join(c if c.isprintable() else "�" for c in short)
