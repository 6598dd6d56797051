"""A chapter's parameters, read from its tagged cell.

The cell is the only place where they are declared:
``fdr: float = 0.05  # [0.001, 0.5] false-discovery rate`` gives name, type, default, what is
allowed, and what it means. ``{a, b}`` lists choices, ``[low, high]`` bounds a number.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from exercisebook.errors import Failure, Misuse, closest
from exercisebook.paths import NOTEBOOKS, notebook_file

_TYPES: dict[str, type] = {"str": str, "int": int, "float": float, "bool": bool}
_CELL = re.compile(r"```\{code-cell\}[^\n]*\n(?P<body>.*?)```", re.DOTALL)
_ALLOWED = re.compile(r"^\s*(?:\{(?P<choices>[^}]*)\}|\[(?P<low>[^,\]]+),(?P<high>[^\]]+)\])?\s*")


@dataclass(frozen=True)
class Parameter:
    """One line of a parameters cell."""

    name: str
    kind: type
    default: Any
    choices: tuple[str, ...]
    low: float | None
    high: float | None
    meaning: str

    @property
    def allowed(self) -> str:
        """What may be given, in words."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        if self.low is not None and self.high is not None:
            return f"from {self.low:.12g} to {self.high:.12g}"
        return {str: "text", int: "a whole number", float: "a number", bool: "true or false"}[
            self.kind
        ]


def parameters_cell(slug: str, folder: Path = NOTEBOOKS) -> str:
    """Return the source of the cell tagged ``parameters`` in a chapter's notebook."""
    text = notebook_file(slug, folder).read_text(encoding="utf-8")
    for cell in _CELL.finditer(text):
        lines = cell["body"].splitlines()
        options = [line for line in lines if line.startswith(":")]
        if any(re.match(r":tags:.*\bparameters\b", line) for line in options):
            return "\n".join(line for line in lines if not line.startswith(":")).strip()
    raise Failure(
        f"{slug}.md has no cell tagged parameters; give its parameters a cell with "
        ":tags: [parameters]"
    )


def parse_parameters(cell: str) -> dict[str, Parameter]:
    """Return the parameters of a cell by name.

    Raises
    ------
    Failure
        If a line is not ``name: type = literal  # meaning``, with a known type.
    """
    comments = {
        token.start[0]: token.string.lstrip("# ").strip()
        for token in tokenize.generate_tokens(io.StringIO(cell).readline)
        if token.type == tokenize.COMMENT
    }
    found = {}
    for node in ast.parse(cell).body:
        name, kind, default = _declared(node)
        found[name] = _parameter(name, kind, default, comments.get(node.lineno, ""))
    return found


def _declared(node: ast.stmt) -> tuple[str, type, Any]:
    if (
        isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and isinstance(node.annotation, ast.Name)
        and node.annotation.id in _TYPES
        and node.value is not None
    ):
        with suppress(ValueError):
            return node.target.id, _TYPES[node.annotation.id], ast.literal_eval(node.value)
    raise Failure(
        f"not a parameter: {ast.unparse(node)}; expected name: type = value  # meaning, "
        f"with one of the types {', '.join(_TYPES)}"
    )


def _parameter(name: str, kind: type, default: Any, comment: str) -> Parameter:
    allowed = _ALLOWED.match(comment)
    assert allowed is not None
    choices = tuple(c.strip() for c in (allowed["choices"] or "").split(",") if c.strip())
    try:
        low, high = (None if allowed[e] is None else float(allowed[e]) for e in ("low", "high"))
    except ValueError:
        raise Failure(f"{name}: bounds that are no numbers in {comment!r}") from None
    return Parameter(name, kind, default, choices, low, high, comment[allowed.end() :])


def parameters_model(parameters: Mapping[str, Parameter]) -> type[BaseModel]:
    """Return the pydantic model that a set of parameters describes."""
    fields: dict[str, Any] = {}
    for p in parameters.values():
        kind: Any = Literal[p.choices] if p.choices else p.kind
        bound = Field(ge=p.low, le=p.high, description=p.meaning, allow_inf_nan=None)
        fields[p.name] = (Annotated[kind, bound], p.default)
    return create_model("Parameters", __config__=ConfigDict(extra="forbid", frozen=True), **fields)


def validated(slug: str, given: Mapping[str, Any], folder: Path = NOTEBOOKS) -> BaseModel:
    """Return a chapter's parameters with what was given in place of defaults.

    Parameters
    ----------
    slug : str
        The chapter.
    given : mapping
        Values by name; text is read as the parameter's type.

    Raises
    ------
    Misuse
        With one line for each name that the chapter does not have and each value that it
        cannot take.
    """
    parameters = parse_parameters(parameters_cell(slug, folder))
    faults = [
        no_such_parameter(name, [slug], parameters) for name in given if name not in parameters
    ]
    known = {name: value for name, value in given.items() if name in parameters}
    try:
        model = parameters_model(parameters)(**known)
    except ValidationError as error:
        wrong = {str(fault["loc"][0]) for fault in error.errors()}
        faults += [
            f"{name}: found {_safe(str(known[name]))}; expected {parameters[name].allowed}"
            for name in known
            if name in wrong
        ]
    if faults:
        raise Misuse("\n".join(faults))
    return model


def no_such_parameter(name: str, slugs: Iterable[str], known: Iterable[str]) -> str:
    """Return the line that refuses a name which none of some chapters has."""
    return f"{_safe(name)}: {', '.join(slugs)} has no such parameter; {closest(name, known)}"


def _safe(text: str) -> str:
    """Return user text on one line, printable and short."""
    return repr(text if len(text) <= 60 else text[:57] + "...")
