"""Run by itself inside the sandbox: a submission's cells, one after the other.

It reads one JSON object from its input (the cells, the names of the answers, the limits) and
writes a line of JSON to its output at the start, after each cell and at the end. What a cell
prints goes elsewhere. Nothing here is trusted by the one who reads those lines: a submission
shares this process, and can write any.

It imports nothing of the book, and only what Python brings.
"""

import ast
import contextlib
import json
import linecache
import math
import os
import sys
import traceback
import types
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

HARMLESS = ("%matplotlib", "%config", "%load_ext autoreload", "%autoreload", "%precision")
"""Notebook commands that change no answer; they are passed over."""

MOST_NAMES = 50
MOST_TEXT = 300
MOST_DIGITS = 15

Teller = Callable[[dict[str, object]], None]


class NotebookCommandError(Exception):
    """A line that only a notebook understands."""


def main() -> None:
    """Run the task on the input."""
    task = json.load(sys.stdin.buffer)
    tell = _channel()
    _limit(task["limits"])
    _become(task["user"])
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    tell({"started": True})
    module = types.ModuleType("__main__")
    module.__dict__["display"] = print
    sys.modules["__main__"] = module
    for number, source in enumerate(task["cells"], start=1):
        tell({"cell": number})
        error = _error_of(source, number, module.__dict__)
        answers = {name: plain(module.__dict__.get(name)) for name in task["names"]}
        tell({"cell": number, "error": error, "answers": answers})
        if error:
            break
    else:
        tell({"ended": True})
    with contextlib.suppress(Exception):
        sys.stdout.flush()
    # without waiting for threads that a submission left
    os._exit(0)


def _channel() -> Teller:
    """Return a function that writes lines where only this process's first copy writes them."""
    own, channel = os.getpid(), os.dup(1)
    os.set_inheritable(channel, False)
    os.dup2(2, 1)

    def tell(said: dict[str, object]) -> None:
        # a copy that a cell forked runs on through the cells as well
        if os.getpid() != own:
            os._exit(0)
        left = (json.dumps(said) + "\n").encode()
        while left:
            left = left[os.write(channel, left) :]

    return tell


def _limit(limits: dict[str, int]) -> None:
    try:
        import resource
    except ImportError:
        return
    for name, most in limits.items():
        kind = getattr(resource, name, None)
        if kind is not None:
            hard = resource.getrlimit(kind)[1]
            value = most if hard == resource.RLIM_INFINITY else min(most, hard)
            # some systems know a limit and do not let it be set
            with contextlib.suppress(OSError, ValueError):
                resource.setrlimit(kind, (value, value))


def _become(user: int | None) -> None:
    """Give up being root, where the sandbox was made by root."""
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)


def _error_of(source: str, number: int, namespace: dict[str, Any]) -> dict[str, object] | None:
    """Run a cell; return what stopped it, or None."""
    name = f"<cell {number}>"
    try:
        code = _compiled(source, name)
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        exec(code, namespace)
    except NotebookCommandError as error:
        return {"kind": "notebook command", "text": str(error)[:MOST_TEXT], "line": None}
    except BaseException as error:
        return {"kind": type(error).__name__, "text": _told(error), "line": _line(error, name)}
    return None


def _compiled(source: str, name: str) -> types.CodeType:
    try:
        return compile(source, name, "exec", dont_inherit=True)
    except SyntaxError:
        plain_python = _without_commands(source)
        if plain_python == source:
            raise
        return compile(plain_python, name, "exec", dont_inherit=True)


def _without_commands(source: str) -> str:
    """Return a cell without harmless notebook commands; NotebookCommandError for any other."""
    lines = []
    for line in source.split("\n"):
        bare = line.strip()
        if bare.startswith(HARMLESS):
            lines.append(line[: len(line) - len(line.lstrip())] + "pass")
        elif bare.startswith(("%", "!")) and not _is_python(bare):
            raise NotebookCommandError(bare)
        else:
            lines.append(line)
    return "\n".join(lines)


def _is_python(line: str) -> bool:
    try:
        ast.parse(line)
    except SyntaxError:
        return False
    return True


def _told(error: BaseException) -> str:
    try:
        return str(error)[:MOST_TEXT]
    except BaseException:
        return ""


def _line(error: BaseException, name: str) -> int | None:
    """Return the line of the cell in which an error arose."""
    if isinstance(error, SyntaxError):
        return error.lineno
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame.lineno for frame in frames if frame.filename == name]
    return own[-1] if own else None


def plain(value: object) -> object:
    """Return a value as JSON holds it: a number, a text, a flat list, None; or what it is."""
    try:
        return _plain(value, 0)
    except BaseException:
        return {"unusable": "a value that cannot be read"}


def _plain(value: Any, depth: int) -> object:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value)[:MOST_TEXT]
    if isinstance(value, int):
        small = abs(value) < 10**MOST_DIGITS
        return int(value) if small else {"unusable": f"a number of over {MOST_DIGITS} digits"}
    if isinstance(value, float | Decimal | Fraction):
        number = float(value)
        return number if math.isfinite(number) else {"unusable": "not a finite number"}
    if isinstance(value, dict):
        return {"unusable": "a dict"}
    if isinstance(value, list | tuple | set | frozenset) or getattr(value, "size", 1) != 1:
        return _plain_list(value) if depth == 0 else {"unusable": "a list within a list"}
    # numbers of numpy and pandas, and arrays or columns of one value
    if hasattr(value, "item"):
        return _plain(value.item(), depth)
    return {"unusable": f"a {type(value).__name__}"[:MOST_TEXT]}


def _plain_list(values: Any) -> object:
    if len(values) > MOST_NAMES:
        return {"unusable": f"a list of {len(values)} values"}
    return [_plain(value, 1) for value in values]


if __name__ == "__main__":
    main()
