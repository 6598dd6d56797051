"""Reading a vendor's table as it stands: fields with the row of the file they are in.

CSV, TSV and XLSX become one kind of table, of texts and, from XLSX, numbers. What the fields mean
is for the readers; which mark separates, and which is decimal, is said and never guessed in
silence.
"""

import zipfile
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from exercisebook.cohort.textfile import csv_rows
from exercisebook.errors import InvalidInput, Problem, listed
from exercisebook.sources.importers.hints import hint

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
MISSING = ("", "na", "n/a", "nan", "null", "none", "-", "--", ".", "missing")
"""Spellings of a missing value, folded; others are said with ``--missing``."""

SHOWN = 20
"""Problems of one kind that are told one by one."""

OPTIONS = ("--separator", "--decimal", "--thousands", "--missing", "--sheet", "--header-row",
           "--encoding")  # fmt: skip
"""Options by which a user may say how a file is written."""

_MAGIC = {
    b"PK\x03\x04": ("a workbook or a ZIP archive under another name",
                    "If it is a workbook, name it .xlsx; unpack an archive first."),
    b"\xd0\xcf\x11\xe0": ("an old workbook, or one with a password",
                          "Take the password off and save it as XLSX or CSV."),
    b"\x1f\x8b": ("a gzip archive", "Unpack it first."),
    b"%PDF": ("a PDF", "Export the table itself as CSV or XLSX."),
}  # fmt: skip
"""How files begin that are no text, what they are, and what to do."""

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
    upper_row : int or None
        Row above it with a second half of the names, empty where it is that of the column before.
    encoding : str
    options : tuple of str
        Of ``OPTIONS``, those that the command at hand has, so that no other is advised.
    """

    separator: str | None = None
    decimal: str = "."
    thousands: str = ""
    missing: tuple[str, ...] = ()
    sheet: str | None = None
    header_row: int = 1
    upper_row: int | None = None
    encoding: str = "utf-8"
    options: tuple[str, ...] = OPTIONS

    def advice(self, option: str, words: str, otherwise: str) -> str:
        """Return words that advise an option, where the command at hand has it."""
        return words if option in self.options else otherwise


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
        marks = {"--decimal": f"if {other!r} is the decimal mark, add --decimal {other!r}",
                 "--thousands": f"if it marks thousands, add --thousands {other!r}"}  # fmt: skip
        told = "; ".join(words for option, words in marks.items() if option in layout.options)
        return f"{told[0].upper()}{told[1:]}." if told else f"Write it without {other!r}."
    if text.casefold().lstrip("< ") in ("lod", "lloq", "loq", "bdl", "nd"):
        missing = f"; or leave it out with --missing {text!r}."
        return "Write the limit, as in <0.5" + layout.advice("--missing", missing, ", or empty it.")
    missing = f"if it stands for a missing value, add --missing {text!r}."
    otherwise = "empty the field if it stands for a missing value."
    return "Correct it; " + layout.advice("--missing", missing, otherwise)


def _text(path: Path, layout: Layout) -> tuple[str, list[list[Any]], list[str]]:
    text = _decoded(path, layout)
    lines = text.splitlines()
    header = lines[layout.header_row - 1] if len(lines) >= layout.header_row else ""
    separator, told = layout.separator, []
    if separator is None:
        separator = _separator(path, header, layout)
        if separator != ("\t" if path.suffix.lower() in (".tsv", ".tab") else ","):
            told = [f"{path.name}: columns are separated by {SEPARATORS[separator]}, as its header"]
    rows = csv_rows(text, path.name, separator, strict=True)
    return path.name, [[field.strip() for field in row] for _, row in rows], told


def _separator(path: Path, header: str, layout: Layout) -> str:
    """Return the only mark that separates columns in a header."""
    bare = "".join(part for place, part in enumerate(header.split('"')) if not place % 2)
    found = [mark for mark in SEPARATORS if mark in bare]
    if path.suffix.lower() in (".tsv", ".tab") and "\t" in found:
        return "\t"
    if len(found) > 1:
        marks = " and ".join(SEPARATORS[mark] for mark in found)
        spelled = "tab" if found[-1] == "\t" else repr(found[-1])
        say = f"Say which it is, as in --separator {spelled}."
        repair = layout.advice("--separator", say, "Keep one, or put names that hold it in quotes.")
        told = (f"{marks} in the header", "one mark between columns", repair, layout.header_row)
        raise InvalidInput([Problem(path.name, *told)])
    return found[0] if found else ","


def _decoded(path: Path, layout: Layout) -> str:
    encoding = layout.encoding
    try:
        content = path.read_bytes()
        _refuse_binary(path, content, encoding)
        return content.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except LookupError:
        problem = Problem("--encoding", repr(encoding), "utf-8, cp1252 or the like", "Correct it.")
    except UnicodeError:
        say = "Save it in UTF-8, or say --encoding cp1252 (Excel in Europe) or utf-16."
        repair = layout.advice("--encoding", say, "Save it as CSV in UTF-8.")
        problem = Problem(path.name, f"bytes that are not {encoding}", encoding, repair)
    except OSError as error:
        problem = cannot_open(path, error)
    raise InvalidInput([problem])


def _refuse_binary(path: Path, content: bytes, encoding: str) -> None:
    """Raise InvalidInput for bytes that are no text in any encoding."""
    told = next((told for start, told in _MAGIC.items() if content.startswith(start)), None)
    if told is None and b"\0" in content and encoding == "utf-8":
        wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
        if wide:
            raise UnicodeError
        told = ("bytes that are no text", "Export it anew as CSV or XLSX.")
    if told is not None:
        raise InvalidInput([Problem(path.name, told[0], "a table as text", told[1])])


def refuse_unreadable(path: Path, folder: bool = False) -> None:
    """Raise InvalidInput if a path is of no file with something in it.

    Parameters
    ----------
    path : Path
    folder : bool
        Whether a folder is as good.
    """
    try:
        if path.is_dir():
            if folder:
                return
            raise IsADirectoryError
        with path.open("rb") as file:
            empty = not file.read(1)
    except OSError as error:
        raise InvalidInput([cannot_open(path, error)]) from None
    if empty:
        problem = Problem(path.name, "an empty file", "a file of data", "Get or export it anew.")
        raise InvalidInput([problem])


def words_of(error: OSError) -> str:
    """Return what an error of the system says, without its number."""
    return error.strerror or " ".join(str(error).split())[:120] or type(error).__name__


def cannot_open(path: Path, error: OSError) -> Problem:
    """Return the problem of a file that cannot be opened."""
    told = {
        FileNotFoundError: ("no such file", "Check the path."),
        IsADirectoryError: ("a folder", "Name a file in it."),
        PermissionError: ("a file that may not be read",
                          "Close it in other programs, and look whose it is."),
    }  # fmt: skip
    found, repair = told.get(type(error), (words_of(error), "Check the path and the disk."))
    return Problem(str(path), found, "a file that can be read", repair)


def _workbook(path: Path, layout: Layout) -> tuple[str, list[list[Any]], list[str]]:
    import openpyxl

    if path.name.startswith("~$"):
        repair = f"Close the workbook, and name {path.name[2:]}."
        raise InvalidInput([Problem(path.name, "Excel's mark of an open file", "a table", repair)])
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
        raise InvalidInput([_no_workbook(path)]) from None
    try:
        name = _sheet(path, values.sheetnames, layout)
        rows = [list(row) for row in values[name].iter_rows(values_only=True)]
        _refuse_formulae(path.name, rows, written[name].iter_rows(values_only=True))
    finally:
        values.close()
        written.close()
    rows = [[field.strip() if isinstance(field, str) else field for field in row] for row in rows]
    several = len(values.sheetnames) > 1
    return (f"{path.name} [{name}]" if several else path.name), rows, []


def _no_workbook(path: Path) -> Problem:
    with path.open("rb") as file:
        start = file.read(8)
    told = ("no workbook", "Save it as XLSX or CSV.")
    told = next((own for magic, own in _MAGIC.items() if start.startswith(magic[:3])), told)
    if start.startswith(b"PK"):
        told = ("a damaged workbook", "Open and save it anew, or export it as CSV.")
    return Problem(path.name, told[0], "an XLSX file", told[1])


def _sheet(path: Path, names: list[str], layout: Layout) -> str:
    wanted = layout.sheet
    if wanted is None and len(names) == 1:
        return names[0]
    if wanted in names:
        return str(wanted)
    told = hint(wanted, names) if wanted else f"one of {listed(names)}"
    found = f"no sheet {wanted!r}" if wanted else f"{len(names)} sheets"
    repair = layout.advice("--sheet", f"Say --sheet: {told}.", "Save that sheet in its own file.")
    raise InvalidInput([Problem(path.name, found, "the sheet to read", repair)])


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
        say = "Add them, or say in which row they are: --header-row N."
        repair = layout.advice("--header-row", say, "Add them, and leave out what lies above.")
        told = ("no names of columns", f"them in row {layout.header_row}", repair)
        raise InvalidInput([Problem(file, *told, layout.header_row)])
    header = _names(rows[layout.header_row - 1])
    if layout.upper_row is not None:
        header = _two_rows(header, _names(rows[layout.upper_row - 1]))
    while header and not header[-1]:
        header.pop()
    body = {
        place: row
        for place, row in enumerate(rows[layout.header_row :], start=layout.header_row + 1)
        if any(_filled(row))
    }
    problems = _faulty_header(file, header, layout.header_row)
    problems += _uneven(file, body, len(header), layout)
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


def _names(row: list[Any]) -> list[str]:
    return ["" if name is None else " ".join(str(name).split()) for name in row]


def _two_rows(lower: list[str], upper: list[str]) -> list[str]:
    """Return names of two halves, as in ``glucose | pre``; a merged cell holds for its columns."""
    names, above = [], ""
    for place, name in enumerate(lower):
        above = (upper[place] if place < len(upper) else "") or above
        names.append(f"{name} | {above}" if name and above else name)
    return names


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


def _may_be_names(row: list[Any], layout: Layout) -> bool:
    texts = [field for field in row if field not in (None, "")]
    read = [_number(field, layout) for field in texts]
    return all(isinstance(field, str) for field in texts) and all(bad for _, _, bad in read)


def _uneven(file: str, body: dict[int, list[Any]], width: int, layout: Layout) -> list[Problem]:
    """Return a problem for each row with more in it than the header names."""
    repair = "Quote a field that holds the separator"
    repair += layout.advice("--separator", ", or say --separator.", ".")
    long = [place for place, row in body.items() if any(_filled(row[width:]))]
    if len(long) > 1 and _may_be_names(body[long[0]], layout):
        # a title stands where the names are looked for
        say = f"If row {long[0]} has the names, say --header-row {long[0]}."
        repair = layout.advice("--header-row", say, "Leave out the rows above the names.")
        expected = "a name for every field of the rows below"
        count = f"{width} name{'s' * (width > 1)}"
        return [Problem(file, count, expected, repair, layout.header_row)]
    problems = [
        Problem(
            file, f"{len(body[place])} fields", f"{width}, as in the header", repair, place,
        )
        for place in long[:SHOWN]
    ]  # fmt: skip
    if len(long) > SHOWN:
        more = f"{len(long) - SHOWN:,} more such rows"
        problems.append(Problem(file, more, f"{width} fields", "Correct them."))
    return problems
