"""Reading a table with every fault named, and writing one whole or not at all.

A CSV is read as text first, so that a fault is reported as it stands in the file.
"""

import codecs
import io
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pa
from numpy.typing import NDArray

from exercisebook.errors import InvalidInput, Problem, closest

_HEADER_ROWS = 1

_LARGE = 50_000
"""Rows above which a table is first judged from its distinct texts."""

NO_VALUE = ("NA", "N/A", "n/a", "#N/A", "NaN", "nan", "null", "NULL", "None")
"""What programs write for no value; read as an empty field where a name cannot stand."""


@dataclass(frozen=True)
class Fault(Problem):
    """A problem of a cohort's tables, with the code under which the book explains it.

    ``tolerated`` says that the table was read in spite of it.
    """

    code: str = ""
    tolerated: bool = False


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
    frame, faults = examine_csv(path, schema)
    refuse(faults)
    return frame


def refuse(faults: list[Fault]) -> None:
    """Raise InvalidInput with the faults that are not tolerated, if there are any."""
    problems = [fault for fault in faults if not fault.tolerated]
    if problems:
        raise InvalidInput(problems)


def examine_csv(path: Path, schema: pa.DataFrameSchema) -> tuple[pd.DataFrame, list[Fault]]:
    """Return as much of the table at ``path`` as can be read, and everything wrong with it."""
    try:
        text, tolerated = _read_text(path)
    except InvalidInput as error:
        return pd.DataFrame(), [fault for fault in error.problems if isinstance(fault, Fault)]
    frame, faults = _typed(text, path, schema)
    missing = _missing_columns(text, path, schema)
    extra = _extra_columns(text, path, schema)
    broken = _broken_rules(frame, text, path, schema)
    return frame, [*missing, *faults, *broken, *tolerated, *extra]


def examine_parquet(path: Path, schema: pa.DataFrameSchema) -> tuple[pd.DataFrame, list[Fault]]:
    """Return as much of the parquet table as can be read, and everything wrong with it."""
    import pyarrow as arrow  # type: ignore[import-untyped]

    texts = [name for name, column in schema.columns.items() if str(column.dtype) != "float64"]
    try:
        # each text is made once and not once a row
        table = pd.read_parquet(path, read_dictionary=texts)
    except (OSError, ValueError, arrow.lib.ArrowException) as error:
        expected, repair = "a parquet table", "Write it anew."
        return pd.DataFrame(), [Fault(path.name, str(error), expected, repair, code="T105")]
    faults = []
    for name, column in schema.columns.items():
        if name not in table:
            continue
        kind = table[name].dtype
        if str(column.dtype) == "float64" and pd.api.types.is_numeric_dtype(kind):
            table[name] = table[name].astype(float)
        elif str(column.dtype) != "float64" and pd.api.types.is_integer_dtype(kind):
            table[name] = table[name].astype(str)
            told = "numbers where names stand"
            faults.append(
                Fault(path.name, told, "text", "Nothing: they were read as text.", None, name,
                      "T143", True)
            )  # fmt: skip
        elif isinstance(kind, pd.CategoricalDtype | pd.StringDtype):
            table[name] = table[name].astype(object)
    table.index = pd.RangeIndex(len(table))
    extra = _extra_columns(table, path, schema)
    return table, [*problems_of(table, path, schema), *faults, *extra]


def problems_of(frame: pd.DataFrame, path: Path, schema: pa.DataFrameSchema) -> list[Fault]:
    """Return everything wrong with a table in memory that stands, or is to stand, at ``path``."""
    if not frame.index.equals(pd.RangeIndex(len(frame))):
        frame = frame.reset_index(drop=True)
    return _missing_columns(frame, path, schema) + _broken_rules(frame, frame, path, schema)


def _read_text(path: Path) -> tuple[pd.DataFrame, list[Fault]]:
    """Return the fields of a CSV as text, and what was tolerated; InvalidInput if unreadable."""
    if path.exists() and not path.is_file():
        told = ("no regular file", "a CSV table", f"Replace {path}.")
        raise InvalidInput([Fault(path.name, *told, code="T105")])
    try:
        content = path.read_bytes()
        if b"\0" in content:
            raise UnicodeDecodeError("utf-8", content, 0, 1, "a null byte")
        # blank lines count, so that a fault is reported in the row where it stands
        text = pd.read_csv(
            io.BytesIO(content), dtype=str, keep_default_na=False, encoding="utf-8-sig",
            skip_blank_lines=False,
        ).fillna("")  # fmt: skip
        if isinstance(text.index, pd.RangeIndex):
            _refuse_header(path)
            kept = _without_blank_end(text)
            return kept, _tolerated(content, len(text) - len(kept), path.name)
        # pandas takes the first fields of rows longer than the header for an index
        fault = Fault(
            path.name,
            f"a header of {len(text.columns)} columns above longer rows",
            "as many fields in each row as in the header",
            "Remove the commas at the ends of the rows, or name every column in the first line.",
            code="T107",
        )
    except FileNotFoundError:
        told = ("no such file", "a CSV table", f"Write {path}.")
        fault = Fault(path.name, *told, code="T104")
    except OSError as error:
        told = (str(error.strerror), "a CSV table", "Make it readable.")
        fault = Fault(path.name, *told, code="T105")
    except pd.errors.EmptyDataError:
        told = ("an empty file", "a header row", "Add the header row.")
        fault = Fault(path.name, *told, code="T106")
    except pd.errors.ParserError as error:
        fault = Fault(
            path.name,
            str(error),
            "as many fields in each row as in the header",
            "Quote fields that hold commas.",
            code="T107",
        )
    except UnicodeDecodeError:
        told = ("bytes that are not UTF-8", "UTF-8", "Save the file as UTF-8.")
        fault = Fault(path.name, *told, code="T105")
    raise InvalidInput([fault])


def _tolerated(content: bytes, blank: int, file: str) -> list[Fault]:
    """Return what a table's bytes hold that was read over."""
    faults = []
    if content.startswith(codecs.BOM_UTF8):
        told = ("a byte-order mark", "none", "Nothing: it was read over.")
        faults.append(Fault(file, *told, code="T140", tolerated=True))
    if blank:
        told = (f"{blank} blank rows at the end", "none", "Nothing: they were left out.")
        faults.append(Fault(file, *told, code="T141", tolerated=True))
    if not content.endswith((b"\n", b"\r")):
        told = ("a last line without an end", "a line end", "Look whether the file was cut off.")
        faults.append(Fault(file, *told, code="T144", tolerated=True))
    return faults


def _refuse_header(path: Path) -> None:
    """Raise InvalidInput for columns of one name, or for another separator than the comma."""
    first = pd.read_csv(path, header=None, nrows=1, dtype=str, encoding="utf-8-sig").iloc[0]
    twice = first[first.duplicated()].dropna().unique()
    repair = "Remove or rename one."
    faults = [
        Fault(path.name, f"two columns {name!r}", "each name once", repair, 1, code="T108")
        for name in twice
    ]
    marks = [mark for mark in (";", "\t", "|") if mark in str(first.iloc[0])]
    if len(first) == 1 and marks:
        told = (f"columns separated by {marks[0]!r}", "by commas", "Save it as CSV with commas.")
        faults = [Fault(path.name, *told, 1, code="T109")]
    if faults:
        raise InvalidInput(faults)


def _without_blank_end(text: pd.DataFrame) -> pd.DataFrame:
    filled = np.flatnonzero((text != "").any(axis=1))
    return text.iloc[: filled[-1] + 1 if len(filled) else 0]


def _missing_columns(text: pd.DataFrame, path: Path, schema: pa.DataFrameSchema) -> list[Fault]:
    return [
        Fault(
            path.name,
            "columns " + ", ".join(map(repr, text.columns)),
            f"a column {name!r}",
            f"Add it, or rename a column ({closest(name, map(str, text.columns))}).",
            code="T110",
        )
        for name, column in schema.columns.items()
        if column.required and name not in text.columns
    ]


def _extra_columns(text: pd.DataFrame, path: Path, schema: pa.DataFrameSchema) -> list[Fault]:
    return [
        Fault(
            path.name,
            f"a column {name!r}",
            "columns " + ", ".join(schema.columns),
            "Nothing: it is kept as text.",
            1,
            str(name),
            "T145",
            True,
        )
        for name in text.columns
        if name not in schema.columns
    ]


def _typed(
    text: pd.DataFrame, path: Path, schema: pa.DataFrameSchema
) -> tuple[pd.DataFrame, list[Fault]]:
    """Convert number columns; an empty field or NA is missing, else it must be a number."""
    frame, faults = text.copy(), []
    for name, column in schema.columns.items():
        if name not in text.columns:
            continue
        if str(column.dtype) == "float64":
            frame[name], found = _numbers(text[name], path.name)
        elif column.nullable:
            frame[name], found = _or_none(text[name], path.name)
        elif _may_be_unknown(column):
            gap = text[name].isin(["", *NO_VALUE])
            frame[name] = text[name].mask(gap, "unknown")
            found = _spelt(text[name], gap, path.name, "unknown")
        else:
            continue
        faults += found
    return frame, faults


def _numbers(text: pd.Series, file: str) -> tuple[list[float], list[Fault]]:
    bare = text.str.strip()
    spelt = bare.isin(NO_VALUE)
    bare = bare.mask(spelt, "")
    numbers = pd.to_numeric(bare, errors="coerce").astype(float)
    wrong = (numbers.isna() & (bare != "")) | np.isinf(numbers)
    faults = [
        Fault(
            file,
            repr(text.iloc[row]),
            "a number, with a point as decimal mark, or an empty field",
            "Correct the value.",
            int(row) + _HEADER_ROWS + 1,
            str(text.name),
            "T111",
        )
        for row in np.flatnonzero(wrong)
    ]
    # read again from the text: pandas' parser rounds in the last place otherwise
    exact = [
        float(field) if ok else np.nan
        for field, ok in zip(bare, ~numbers.isna() & ~wrong, strict=True)
    ]
    return exact, faults + _spelt(text, spelt, file, "no value")


def _or_none(text: pd.Series, file: str) -> tuple[pd.Series, list[Fault]]:
    gap = text.isin(NO_VALUE)
    return text.where((text != "") & ~gap, None), _spelt(text, gap, file, "no value")


def _may_be_unknown(column: pa.Column) -> bool:
    allowed = [(check.statistics or {}).get("allowed_values", ()) for check in column.checks]
    return any("unknown" in values for values in allowed)


def _spelt(text: pd.Series, gap: pd.Series, file: str, read_as: str) -> list[Fault]:
    """Return one tolerated fault a spelling of a column that stands for no value."""
    return [
        Fault(
            file,
            f"{field!r} in {len(rows)} rows",
            "an empty field" if read_as == "no value" else repr(read_as),
            f"Nothing: it was read as {read_as}.",
            int(rows.index[0]) + _HEADER_ROWS + 1,
            str(text.name),
            "T142",
            True,
        )
        for field, rows in text[gap].groupby(text[gap])
    ]


def _broken_rules(
    frame: pd.DataFrame, text: pd.DataFrame, path: Path, schema: pa.DataFrameSchema
) -> list[Fault]:
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
        faults = [_broken_rule(case, text, path) for case in cases.itertuples()]
        return list(dict.fromkeys(faults))
    return []


def _sound(frame: pd.DataFrame, schema: pa.DataFrameSchema) -> bool:
    """Return whether a large table surely breaks no rule: each text is looked at once.

    False says no more than that every row must be looked at.
    """
    columns = schema.columns
    if schema.checks or not set(columns) <= set(frame) or any(c.unique for c in columns.values()):
        return False
    codes = {}
    for name, column in columns.items():
        seen = frame[[name]]
        if frame[name].dtype == object:
            codes[name], distinct = pd.factorize(frame[name], use_na_sentinel=False)
            seen = pd.DataFrame({name: distinct})
        try:
            column.validate(seen)
        except (pa.errors.SchemaError, pa.errors.SchemaErrors):
            return False
    return not (schema.unique and _repeats(frame, schema.unique, codes))


def _repeats(frame: pd.DataFrame, key: list[str], codes: dict[str, NDArray[np.int64]]) -> bool:
    """Return whether two rows have one key, given texts as numbers from 0 by column."""
    if not set(key) <= set(codes):
        return bool(frame.duplicated(key).any())
    place = np.zeros(len(frame), np.int64)
    for name in key:
        place = place * (codes[name].max(initial=0) + 1) + codes[name]
    return len(pd.unique(place)) < len(place)


def _broken_rule(case: object, text: pd.DataFrame, path: Path) -> Fault:
    """Return the fault of one row of pandera's table of failure cases."""
    index, column, check = case.index, case.column, str(case.check)  # type: ignore[attr-defined]
    row = None if index is None or pd.isna(index) else int(index)
    known = column in text.columns
    value = text[column].iloc[row] if row is not None and known else case.failure_case  # type: ignore[attr-defined]
    expected, repair, code = _in_words(check), "Correct the value.", _code_of(check)
    if code == "T115":
        expected, repair = "each key once", "Remove or rename the repeated row."
    elif code == "T114":
        expected, repair = "a value", "Fill the field."
    return Fault(
        path.name,
        repr(value),
        expected,
        repair,
        None if row is None else row + _HEADER_ROWS + 1,
        str(column) if known else None,
        code,
    )


_CODES = {
    "unique": "T115",
    "str_length": "T114",
    "nullable": "T114",
    "isin": "T112",
    "greater_than": "T113",
    "less_than": "T113",
    "without spaces": "T116",
}


def _code_of(check: str) -> str:
    """Return the code of a check of pandera; T111, a wrong type, where it is none of the rules."""
    return next((code for word, code in _CODES.items() if word in check), "T111")


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
