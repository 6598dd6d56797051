"""Reading a table with every fault named, and writing one whole or not at all.

A CSV is read as text first, so that a fault is reported as it stands in the file.
"""

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pa

from exercisebook.errors import InvalidInput, Problem, closest

_HEADER_ROWS = 1

_LARGE = 50_000
"""Rows above which a table is first judged from its distinct texts."""


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path`` that replaces it when the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_csv(frame: pd.DataFrame, path: Path, digits: int | None = None) -> None:
    """Write ``frame`` without its index; floats exactly, or rounded to significant ``digits``."""
    with whole_file(path) as temporary:
        frame.to_csv(
            temporary,
            index=False,
            lineterminator="\n",
            float_format=None if digits is None else f"%.{digits}g",
        )


def read_csv(path: Path, schema: pa.DataFrameSchema) -> pd.DataFrame:
    """Return the table at ``path`` in the types of ``schema``; extra columns stay text.

    Raises
    ------
    InvalidInput
        With every missing column, unreadable value and broken rule of the table.
    """
    frame, problems = examine_csv(path, schema)
    if problems:
        raise InvalidInput(problems)
    return frame


def examine_csv(path: Path, schema: pa.DataFrameSchema) -> tuple[pd.DataFrame, list[Problem]]:
    """Return as much of the table at ``path`` as can be read, and everything wrong with it."""
    try:
        text = _read_text(path)
    except InvalidInput as error:
        return pd.DataFrame(), error.problems
    frame, problems = _typed(text, path, schema)
    missing = _missing_columns(text, path, schema)
    return frame, missing + problems + _broken_rules(frame, text, path, schema)


def problems_of(frame: pd.DataFrame, path: Path, schema: pa.DataFrameSchema) -> list[Problem]:
    """Return everything wrong with a table in memory that stands, or is to stand, at ``path``."""
    frame = frame.reset_index(drop=True)
    return _missing_columns(frame, path, schema) + _broken_rules(frame, frame, path, schema)


def _read_text(path: Path) -> pd.DataFrame:
    if path.exists() and not path.is_file():
        problem = Problem(path.name, "no regular file", "a CSV table", f"Replace {path}.")
        raise InvalidInput([problem])
    try:
        # blank lines count, so that a fault is reported in the row where it stands
        text = pd.read_csv(
            path, dtype=str, keep_default_na=False, encoding="utf-8-sig", skip_blank_lines=False
        )
        if isinstance(text.index, pd.RangeIndex):
            _refuse_header(path)
            return _without_blank_end(text)
        # pandas takes the first fields of rows longer than the header for an index
        problem = Problem(
            path.name,
            f"a header of {len(text.columns)} columns above longer rows",
            "as many fields in each row as in the header",
            "Remove the commas at the ends of the rows, or name every column in the first line.",
        )
    except FileNotFoundError:
        problem = Problem(path.name, "no such file", "a CSV table", f"Write {path}.")
    except OSError as error:
        problem = Problem(path.name, str(error.strerror), "a CSV table", "Make it readable.")
    except pd.errors.EmptyDataError:
        problem = Problem(path.name, "an empty file", "a header row", "Add the header row.")
    except pd.errors.ParserError as error:
        problem = Problem(
            path.name,
            str(error),
            "as many fields in each row as in the header",
            "Quote fields that hold commas.",
        )
    except UnicodeDecodeError:
        problem = Problem(path.name, "bytes that are not UTF-8", "UTF-8", "Save the file as UTF-8.")
    raise InvalidInput([problem])


def _refuse_header(path: Path) -> None:
    """Raise InvalidInput for columns of one name, or for another separator than the comma."""
    first = pd.read_csv(path, header=None, nrows=1, dtype=str, encoding="utf-8-sig").iloc[0]
    twice = first[first.duplicated()].dropna().unique()
    problems = [
        Problem(path.name, f"two columns {name!r}", "each name once", "Remove or rename one.", 1)
        for name in twice
    ]
    marks = [mark for mark in (";", "\t", "|") if mark in str(first.iloc[0])]
    if len(first) == 1 and marks:
        problems = [
            Problem(
                path.name,
                f"columns separated by {marks[0]!r}",
                "by commas",
                "Save it as CSV with commas.",
                1,
            )
        ]
    if problems:
        raise InvalidInput(problems)


def _without_blank_end(text: pd.DataFrame) -> pd.DataFrame:
    filled = np.flatnonzero((text != "").any(axis=1))
    return text.iloc[: filled[-1] + 1 if len(filled) else 0]


def _missing_columns(text: pd.DataFrame, path: Path, schema: pa.DataFrameSchema) -> list[Problem]:
    return [
        Problem(
            path.name,
            "columns " + ", ".join(map(repr, text.columns)),
            f"a column {name!r}",
            f"Add it, or rename a column ({closest(name, text.columns)}).",
        )
        for name, column in schema.columns.items()
        if column.required and name not in text.columns
    ]


def _typed(
    text: pd.DataFrame, path: Path, schema: pa.DataFrameSchema
) -> tuple[pd.DataFrame, list[Problem]]:
    """Convert number columns; an empty field is missing, anything else must be a number."""
    frame, problems = text.copy(), []
    for name, column in schema.columns.items():
        if name not in text.columns:
            continue
        if str(column.dtype) == "float64":
            numbers = pd.to_numeric(text[name], errors="coerce").astype(float)
            wrong = (numbers.isna() & (text[name] != "")) | np.isinf(numbers)
            problems += [
                Problem(
                    path.name,
                    repr(text[name].iloc[row]),
                    "a number, with a point as decimal mark, or an empty field",
                    "Correct the value.",
                    int(row) + _HEADER_ROWS + 1,
                    name,
                )
                for row in np.flatnonzero(wrong)
            ]
            # read again from the text: pandas' parser rounds in the last place otherwise
            frame[name] = [
                float(field) if ok else np.nan
                for field, ok in zip(text[name], ~numbers.isna() & ~wrong, strict=True)
            ]
        elif column.nullable:
            frame[name] = text[name].where(text[name] != "", None)
    return frame, problems


def _broken_rules(
    frame: pd.DataFrame, text: pd.DataFrame, path: Path, schema: pa.DataFrameSchema
) -> list[Problem]:
    if len(frame) > _LARGE and _sound(frame, schema):
        return []
    try:
        schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases.drop_duplicates(["schema_context", "column", "check", "index"])
        # a missing column is a problem of its own, and leaves a key without meaning
        ignored = ["column_in_dataframe"]
        if not set(schema.unique or []) <= set(text.columns):
            ignored.append("multiple_fields_uniqueness")
        cases = cases[~cases["check"].isin(ignored)]
        problems = [_broken_rule(case, text, path) for case in cases.itertuples()]
        return list(dict.fromkeys(problems))
    return []


def _sound(frame: pd.DataFrame, schema: pa.DataFrameSchema) -> bool:
    """Return whether a large table surely breaks no rule: each text is looked at once.

    False says no more than that every row must be looked at.
    """
    columns = schema.columns
    if schema.checks or not set(columns) <= set(frame) or any(c.unique for c in columns.values()):
        return False
    for name, column in columns.items():
        seen = frame[[name]]
        if frame[name].dtype == object:
            seen = pd.DataFrame({name: pd.unique(frame[name])})
        try:
            column.validate(seen)
        except (pa.errors.SchemaError, pa.errors.SchemaErrors):
            return False
    return not (schema.unique and frame.duplicated(schema.unique).any())


def _broken_rule(case: object, text: pd.DataFrame, path: Path) -> Problem:
    """Return the problem of one row of pandera's table of failure cases."""
    index, column, check = case.index, case.column, str(case.check)  # type: ignore[attr-defined]
    row = None if index is None or pd.isna(index) else int(index)
    known = column in text.columns
    value = text[column].iloc[row] if row is not None and known else case.failure_case  # type: ignore[attr-defined]
    if "unique" in check:
        expected, repair = "each key once", "Remove or rename the repeated row."
    elif "str_length" in check or "nullable" in check:
        expected, repair = "a value", "Fill the field."
    else:
        expected, repair = _in_words(check), "Correct the value."
    return Problem(
        path.name,
        repr(value),
        expected,
        repair,
        None if row is None else row + _HEADER_ROWS + 1,
        str(column) if known else None,
    )


def _in_words(check: str) -> str:
    """Return what a check of pandera asks for: ``isin(['a', 'b'])`` is ``one of a, b``."""
    for name, words in (
        ("greater_than_or_equal_to", "at least"),
        ("less_than_or_equal_to", "at most"),
    ):
        if check.startswith(name):
            return f"{words} {check.removeprefix(name).strip('()')}"
    if check.startswith("isin("):
        return "one of " + ", ".join(re.findall(r"'([^']*)'", check))
    return check
