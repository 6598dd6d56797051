"""Reading a vendor's table as it stands: fields with the row of the file they are in.

CSV, TSV and XLSX become one kind of table, of texts and, from XLSX, numbers. What the fields mean
is for the readers; which mark separates, and which is decimal, is said and never guessed in
silence.
"""

import csv
import io
import zipfile
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from exercisebook.errors import InvalidInput, Problem, closest, listed

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
MISSING = ("", "na", "n/a", "nan", "null", "none", "-", "--", ".", "missing")
"""Spellings of a missing value, folded; others are said with ``--missing``."""

SHOWN = 20
"""Problems of one kind that are told one by one."""

_SPACES = "\u00a0\u202f\u2009"


@dataclass(frozen=True)
class Layout:
    """How a text file is written, as far as the user says it.

    Attributes
    ----------
    separator : str or None
        Between fields; read from the header, and told, where it is not said.
    decimal, thousands : str
        Marks in numbers; no mark of thousands unless it is said.
    missing : tuple of str
        Further spellings of a missing value.
    sheet : str or None
        Of a workbook.
    header_row : int
        Row of the file that names the columns, from 1.
    encoding : str
    """

    separator: str | None = None
    decimal: str = "."
    thousands: str = ""
    missing: tuple[str, ...] = ()
    sheet: str | None = None
    header_row: int = 1
    encoding: str = "utf-8"


@dataclass(frozen=True)
class TextTable:
    """A table of fields.

    Attributes
    ----------
    file : str
        Its name, and the sheet where there are several.
    frame : DataFrame of objects
        Texts without spaces at their ends, or numbers of a workbook; its index is the row of the
        file.
    told : list of str
        How it was read.
    """

    file: str
    frame: pd.DataFrame
    told: list[str]


def read_table(path: Path, layout: Layout) -> TextTable:
    """Return a table of a CSV, TSV or XLSX file.

    Raises
    ------
    InvalidInput
        If it cannot be opened, or its rows and header do not agree.
    """
    file, rows, told = read_rows(path, layout)
    return TextTable(file, _frame(file, rows, layout), told)


def read_rows(path: Path, layout: Layout) -> tuple[str, list[list[Any]], list[str]]:
    """Return the name of a file, its rows as they stand, and how they were read."""
    if path.suffix.lower() == ".xls":
        problem = Problem(path.name, "an XLS file", "XLSX or CSV", "Save it as XLSX.")
        raise InvalidInput([problem])
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        return _workbook(path, layout)
    return _text(path, layout)


def numbers_of(fields: pd.Series, layout: Layout) -> pd.DataFrame:
    """Return fields as numbers.

    Parameters
    ----------
    fields : Series of str or float
    layout : Layout

    Returns
    -------
    DataFrame
        value (NaN where missing or unreadable), below (written ``<0.5``: value is the limit), bad
        (unreadable), the index of ``fields``.
    """
    codes, distinct = pd.factorize(fields.astype(object), use_na_sentinel=False)
    read = [_number(field, layout) for field in distinct]
    table = pd.DataFrame(read, columns=["value", "below", "bad"]).astype(
        {"value": float, "below": bool, "bad": bool}
    )
    return table.iloc[codes].set_index(fields.index)


def faults_of_numbers(
    table: TextTable, column: str, bad: pd.Series, layout: Layout
) -> list[Problem]:
    """Return a problem for each unreadable number of a column, the first ``SHOWN`` one by one."""
    fields = table.frame.loc[bad.index[bad], column]
    problems = [
        Problem(
            table.file,
            repr(field) if isinstance(field, str | float) else str(field),
            f"a number with {layout.decimal!r} as decimal mark, <LIMIT, or an empty field",
            _repair(field, layout),
            int(row),
            column,
        )
        for row, field in fields.head(SHOWN).items()
    ]
    if len(fields) > SHOWN:
        more = f"{len(fields) - SHOWN:,} more such fields"
        problems.append(Problem(table.file, more, "numbers", "Correct them.", column=column))
    return problems


def _number(field: Any, layout: Layout) -> tuple[float, bool, bool]:
    """Return one field as value, whether it is a limit, whether it cannot be read."""
    if field is None or (isinstance(field, float) and np.isnan(field)):
        return np.nan, False, False
    if isinstance(field, int | float) and not isinstance(field, bool):
        return float(field), False, not np.isfinite(field)
    if not isinstance(field, str):
        return np.nan, False, True
    text = field.strip()
    if text.casefold() in MISSING or text in layout.missing:
        return np.nan, False, False
    below = text[:1] in "<≤"
    value = _plain_number(text.lstrip("<≤= ") if below else text, layout)
    return value, below, bool(np.isnan(value))


def _plain_number(text: str, layout: Layout) -> float:
    """Return a text as a number; NaN unless it is one in this layout from end to end."""
    text = text.replace("−", "-")
    if layout.thousands:
        mark = layout.thousands
        for space in _SPACES if mark == " " else "":
            text = text.replace(space, mark)
        whole = text.split(layout.decimal)[0].lstrip("+-").split(mark)
        if len(whole) > 1 and (not 1 <= len(whole[0]) <= 3 or {len(g) for g in whole[1:]} != {3}):
            return np.nan
        text = text.replace(mark, "")
    if layout.decimal != ".":
        if "." in text:
            return np.nan
        text = text.replace(layout.decimal, ".")
    try:
        value = float(text) if text.isascii() and "_" not in text else np.nan
    except ValueError:
        return np.nan
    return value if np.isfinite(value) else np.nan


def _repair(field: Any, layout: Layout) -> str:
    if isinstance(field, date | time):
        return "A spreadsheet made a date of it: format the cell as a number and type it again."
    text = str(field)
    other = "," if layout.decimal == "." else "."
    if other in text and not np.isnan(
        _plain_number(text.lstrip("<≤ ").replace(other, "0"), layout)
    ):
        return f"If {other!r} is the decimal mark, add --decimal {other!r}; if it marks thousands, \
add --thousands {other!r}."
    if text.casefold().lstrip("< ") in ("lod", "lloq", "loq", "bdl", "nd"):
        return "Write the limit, as in <0.5; or leave it out with --missing " + repr(text) + "."
    return f"Correct it; if it stands for a missing value, add --missing {text!r}."


def _text(path: Path, layout: Layout) -> tuple[str, list[list[Any]], list[str]]:
    text = _decoded(path, layout.encoding)
    lines = text.splitlines()
    header = lines[layout.header_row - 1] if len(lines) >= layout.header_row else ""
    separator, told = layout.separator, []
    if separator is None:
        separator = _separator(path, header)
        if separator != ("\t" if path.suffix.lower() in (".tsv", ".tab") else ","):
            told = [f"{path.name}: columns are separated by {SEPARATORS[separator]}, as its header"]
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        found = f"what is no table ({error})"
        problem = Problem(path.name, found, "rows of fields", "Is a quotation mark left open?")
        raise InvalidInput([problem]) from None
    return path.name, [[field.strip() for field in row] for row in rows], told


def _separator(path: Path, header: str) -> str:
    """Return the only mark that separates columns in a header."""
    bare = "".join(part for place, part in enumerate(header.split('"')) if not place % 2)
    found = [mark for mark in SEPARATORS if mark in bare]
    if path.suffix.lower() in (".tsv", ".tab") and "\t" in found:
        return "\t"
    if len(found) > 1:
        marks = " and ".join(SEPARATORS[mark] for mark in found)
        problem = Problem(
            path.name, f"{marks} in the header", "one mark between columns",
            f"Say which it is: --separator {found[-1]!r}.", 1,
        )  # fmt: skip
        raise InvalidInput([problem])
    return found[0] if found else ","


def _decoded(path: Path, encoding: str) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except LookupError:
        problem = Problem("--encoding", repr(encoding), "utf-8, cp1252 or the like", "Correct it.")
    except UnicodeError:
        problem = Problem(
            path.name, f"bytes that are not {encoding}", encoding,
            "Save it in UTF-8, or say --encoding cp1252 (Excel in Europe) or utf-16.",
        )  # fmt: skip
    except OSError as error:
        problem = cannot_open(path, error)
    raise InvalidInput([problem])


def cannot_open(path: Path, error: OSError) -> Problem:
    """Return the problem of a file that cannot be opened."""
    told = {FileNotFoundError: "no such file", IsADirectoryError: "a folder"}
    found = told.get(type(error), error.strerror or type(error).__name__)
    return Problem(str(path), found, "a file that can be read", "Check the path.")


def _workbook(path: Path, layout: Layout) -> tuple[str, list[list[Any]], list[str]]:
    import openpyxl

    try:
        values = openpyxl.load_workbook(path, read_only=True, data_only=True)
        written = openpyxl.load_workbook(path, read_only=True)
    except OSError as error:
        raise InvalidInput([cannot_open(path, error)]) from None
    except (
        openpyxl.utils.exceptions.InvalidFileException,
        zipfile.BadZipFile,
        KeyError,
        ValueError,
    ):
        problem = Problem(path.name, "no workbook", "an XLSX file", "Save it as XLSX or CSV.")
        raise InvalidInput([problem]) from None
    try:
        name = _sheet(path, values.sheetnames, layout.sheet)
        rows = [list(row) for row in values[name].iter_rows(values_only=True)]
        _refuse_formulae(path.name, rows, written[name].iter_rows(values_only=True))
    finally:
        values.close()
        written.close()
    rows = [[field.strip() if isinstance(field, str) else field for field in row] for row in rows]
    several = len(values.sheetnames) > 1
    return (f"{path.name} [{name}]" if several else path.name), rows, []


def _sheet(path: Path, names: list[str], wanted: str | None) -> str:
    if wanted is None and len(names) == 1:
        return names[0]
    if wanted in names:
        return str(wanted)
    hint = closest(wanted, names) if wanted else f"one of {listed(names)}"
    found = f"no sheet {wanted!r}" if wanted else f"{len(names)} sheets"
    raise InvalidInput([Problem(path.name, found, "the sheet to read", f"Say --sheet: {hint}.")])


def _refuse_formulae(file: str, rows: list[list[Any]], written: Any) -> None:
    """Raise InvalidInput for formulae whose results the workbook does not hold."""
    places = [
        (row, column)
        for row, (values, texts) in enumerate(zip(rows, written, strict=False), start=1)
        for column, (value, text) in enumerate(zip(values, texts, strict=False))
        if value is None and isinstance(text, str) and text.startswith("=")
    ]
    if places:
        raise InvalidInput(
            Problem(
                file, "a formula without its result", "a value",
                "Open the workbook, let it calculate, and save it.", row, str(column + 1),
            )
            for row, column in places[:SHOWN]
        )  # fmt: skip


def _frame(file: str, rows: list[list[Any]], layout: Layout) -> pd.DataFrame:
    """Return rows below the header as a frame whose index is their row of the file."""
    if len(rows) < layout.header_row or not any(_filled(rows[layout.header_row - 1])):
        problem = Problem(
            file, "no names of columns", f"them in row {layout.header_row}",
            "Add them, or say in which row they are: --header-row N.", layout.header_row,
        )  # fmt: skip
        raise InvalidInput([problem])
    named = rows[layout.header_row - 1]
    header = ["" if name is None else " ".join(str(name).split()) for name in named]
    while header and not header[-1]:
        header.pop()
    body = {
        place: row
        for place, row in enumerate(rows[layout.header_row :], start=layout.header_row + 1)
        if any(_filled(row))
    }
    problems = _faulty_header(file, header, layout.header_row)
    problems += _uneven(file, body, len(header))
    if not body:
        problems.append(Problem(file, "a header and no rows", "a row or more", "Add them."))
    if problems:
        raise InvalidInput(problems)
    fields = [
        [*("" if field is None else field for field in row[: len(header)])]
        + [""] * (len(header) - len(row))
        for row in body.values()
    ]
    return pd.DataFrame(fields, index=list(body), columns=header, dtype=object)


def _filled(row: list[Any]) -> list[bool]:
    return [field is not None and field != "" for field in row]


def _faulty_header(file: str, header: list[str], row: int) -> list[Problem]:
    twice = [name for name in dict.fromkeys(header) if name and header.count(name) > 1]
    problems = [
        Problem(file, f"two columns {name!r}", "each name once", "Rename or remove one.", row)
        for name in twice
    ]
    nameless = [str(place) for place, name in enumerate(header, 1) if not name and place > 1]
    if nameless:
        found = f"no name of column {listed(nameless)}"
        problems.append(Problem(file, found, "a name for every column", "Name it.", row))
    return problems


def _uneven(file: str, body: dict[int, list[Any]], width: int) -> list[Problem]:
    """Return a problem for each row with more in it than the header names."""
    long = [place for place, row in body.items() if any(_filled(row[width:]))]
    problems = [
        Problem(
            file, f"{len(body[place])} fields", f"{width}, as in the header",
            "Quote a field that holds the separator, or say --separator.", place,
        )
        for place in long[:SHOWN]
    ]  # fmt: skip
    if len(long) > SHOWN:
        more = f"{len(long) - SHOWN:,} more such rows"
        problems.append(Problem(file, more, f"{width} fields", "Correct them."))
    return problems
