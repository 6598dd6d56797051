"""A bare table of features by samples, and the table that says whose each sample is.

For those who have a matrix and no cohort package: the first column names the feature, every other
column is a sample. Both tables are checked, against each other too, before anything is returned.
"""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from exercisebook.cohort.contrasts import resolve
from exercisebook.cohort.schemas import CONTRASTS
from exercisebook.cohort.textfile import csv_rows, decoded
from exercisebook.errors import InvalidInput, Misuse, Problem, closest

ONLY_ARM = "all"
"""Arm of samples whose table names none."""

_SHOWN = 20
"""Problems of one kind that are told one by one; of the others, how many there are."""

_REQUIRED = ("sample_id", "subject", "phase")

_TABS = (".tsv", ".txt", ".tab")

_MARKS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True)
class Matrix:
    """A bare table with its samples.

    Attributes
    ----------
    name : str
        From the file's name.
    values : DataFrame, shape (samples, features)
        As written; NaN where a field is empty.
    samples : DataFrame, the same index
        subject, arm, phase and every other column given.
    without_values : list of str
        Samples that are described and have no column.
    """

    name: str
    values: pd.DataFrame
    samples: pd.DataFrame
    without_values: list[str]

    def contrast(self, name: str, arm: str | None = None, control: str | None = None) -> pd.Series:
        """Return the contrast ``later-earlier`` or ``later:earlier`` of an arm.

        Parameters
        ----------
        name : str
        arm : str, optional
            Whose change it is; needed where there are several.
        control : str, optional
            An arm whose change is taken off.

        Raises
        ------
        Misuse
            If the phases or arms are not those of the samples, or an arm is needed.
        """
        arms = list(self.samples["arm"].drop_duplicates())
        if arm is None and len(arms) > 1:
            raise Misuse(
                f"{name!r} does not say which of the arms {', '.join(arms)} is meant; add --arm, "
                "and --control for the arm whose change is taken off"
            )
        for option, given in (("--arm", arm), ("--control", control)):
            if given is not None and given not in arms:
                raise Misuse(f"{option} {given!r}; {closest(given, arms)}")
        if control is not None and control == (arm or arms[0]):
            raise Misuse(f"--control {control!r} is the arm itself; name another")
        own = self.samples[self.samples["arm"] == (arm or arms[0])]
        found = resolve(name, pd.DataFrame(columns=list(CONTRASTS.columns)), own).copy()
        found["reference_arm"] = control or found["arm"]
        return found


def read_matrix(table: Path, samples: Path) -> Matrix:
    """Read a bare table and its samples.

    Parameters
    ----------
    table : Path
        CSV, or TSV by its name, ``.gz`` accepted: the first column the feature, one column a
        sample, numbers or empty (NA) fields in it.
    samples : Path
        CSV or TSV: sample_id, subject, phase; ``arm`` and further columns (covariates) as wanted.

    Returns
    -------
    Matrix
        Samples in the order of the table.

    Raises
    ------
    InvalidInput
        With everything wrong in either table and between them.
    """
    described, faults = _read_samples(samples)
    values, problems = _read_values(table)
    faults += problems
    if not faults:
        faults = _between(values, described, table, samples)
    if faults:
        raise InvalidInput(faults)
    name = table.name.removesuffix(".gz").rsplit(".", 1)[0]
    absent = [name for name in described.index if name not in values.index]
    return Matrix(name, values, described.loc[values.index], absent)


@dataclass(frozen=True)
class _Text:
    """A table that has been read and has as many fields in every row as in its header."""

    file: str
    text: str
    separator: str
    header: list[str]

    def frame(self, **options: object) -> pd.DataFrame:
        """Return the table as pandas reads it, row i of the file at i - 2, without empty rows."""
        # blank lines count, so that a fault is reported in the row where it stands
        frame = pd.read_csv(
            io.StringIO(self.text), sep=self.separator, names=self.header, header=0,
            index_col=False, skip_blank_lines=False, low_memory=False, **options,
        )  # fmt: skip
        filled = frame.notna() & (frame != "")
        return frame[filled.any(axis=1)]


def _checked_text(path: Path) -> _Text:
    """Return the text of a table; InvalidInput with what is wrong with its header and rows."""
    text = decoded(path).lstrip("\r\n")
    separator = "\t" if path.name.removesuffix(".gz").endswith(_TABS) else ","
    rows = csv_rows(text, path.name, separator)
    _, first = next(rows, (0, []))
    header = [name.strip() for name in first]
    count, uneven = 0, []
    for line, row in rows:
        even = len(row) == len(header)
        if even or any(field.strip() for field in row):
            count += 1
        if not even and any(field.strip() for field in row):
            uneven.append((line, len(row)))
    problems = _faulty_header(header, separator, path.name)
    if not problems:
        problems = _uneven_rows(uneven, count, len(header), path.name)
    if problems:
        raise InvalidInput(problems)
    return _Text(path.name, text, separator, header)


def _faulty_header(header: list[str], separator: str, file: str) -> list[Problem]:
    if not header:
        return [Problem(file, "an empty file", "a header and rows", "Write the table anew.")]
    other = [mark for mark in _MARKS if mark != separator and mark in header[0]]
    if len(header) == 1 and other:
        return [
            Problem(
                file, f"columns separated by {_MARKS[other[0]]}", f"by {_MARKS[separator]}",
                "Save it with commas, and points in numbers; tabs go with .tsv.", 1,
            )
        ]  # fmt: skip
    problems = [
        Problem(file, f"two columns {name!r}", "each name once", "Remove or rename one.", 1)
        for name in dict.fromkeys(header)
        if name and header.count(name) > 1
    ]
    # a table of row names and columns may leave the first name empty, as R writes it
    nameless = [place + 1 for place, name in enumerate(header) if place and not name]
    if nameless:
        which = ", ".join(map(str, nameless[:_SHOWN]))
        found = f"no name of column {which}" + (" and more" if len(nameless) > _SHOWN else "")
        repair = "Name it, or remove the separators at the ends of the rows."
        problems.append(Problem(file, found, "a name for every column", repair, 1))
    return problems


def _uneven_rows(uneven: list[tuple[int, int]], count: int, width: int, file: str) -> list[Problem]:
    expected = f"{width}, as in the header"
    if len(uneven) == count and {size for _, size in uneven} == {width + 1}:
        found = f"{width + 1} fields in every row"
        repair = "Name the first column too, or remove the separators at the ends of the rows."
        return [Problem(file, found, expected, repair)]
    places = [(row, None, f"{size} fields") for row, size in uneven]
    repair = "Complete the row, or shorten it; quote a field that holds the separator."
    return _told(places, file, expected, repair)


def _read_samples(path: Path) -> tuple[pd.DataFrame, list[Problem]]:
    try:
        table = _checked_text(path)
    except InvalidInput as error:
        return pd.DataFrame(), error.problems
    problems = [
        Problem(
            path.name,
            f"no column {name!r}",
            "columns " + ", ".join(_REQUIRED),
            f"Add it ({closest(name, [n for n in table.header if n not in _REQUIRED])}).",
        )
        for name in _REQUIRED
        if name not in table.header
    ]
    if problems:
        return pd.DataFrame(), problems
    frame = table.frame(dtype=str, keep_default_na=False)
    frame = frame.apply(lambda column: column.str.strip())
    if frame.empty:
        return frame, [Problem(path.name, "a header and no rows", "a row a sample", "Add them.")]
    if "arm" not in frame:
        frame["arm"] = ONLY_ARM
    for name in (*_REQUIRED, "arm"):
        empty = frame.index[frame[name] == ""]
        places = [(int(row) + 2, name, "an empty field") for row in empty]
        problems += _told(places, path.name, "a value", "Fill it.")
    ids = frame["sample_id"]
    again = ids[ids.duplicated() & (ids != "")]
    places = [(int(row) + 2, "sample_id", repr(name)) for row, name in again.items()]
    problems += _told(places, path.name, "each sample once", "Remove or rename the repeated row.")
    return frame.set_index("sample_id"), problems


def _read_values(path: Path) -> tuple[pd.DataFrame, list[Problem]]:
    """Return samples by features, and every field that is no finite number."""
    try:
        table = _checked_text(path)
    except InvalidInput as error:
        return pd.DataFrame(), error.problems
    # names stay as written: a gene may be called NA, and 001 is not 1
    frame = table.frame(converters={0: str.strip}, float_precision="round_trip")
    if frame.shape[1] < 2 or not len(frame):
        found = "no column but the first" if frame.shape[1] < 2 else "a header and no rows"
        expected = "a column of features, a column a sample, a row a feature"
        return frame, [Problem(path.name, found, expected, "Check the table.")]
    features, body = frame.iloc[:, 0], frame.iloc[:, 1:]
    values, text = _numbers_of(body)
    problems = _faulty_names(features, path.name)
    problems += _told(text, path.name, "a number with a point, or an empty field",
                      "Correct the value.")  # fmt: skip
    infinite = [
        (int(body.index[row]) + 2, str(body.columns[column]), f"{values[row, column]}")
        for row, column in np.argwhere(np.isinf(values))
    ]
    problems += _told(
        infinite, path.name, "a finite number, or an empty field",
        "A logarithm of zero? Leave the field empty, or give the values as measured.",
    )  # fmt: skip
    return pd.DataFrame(values.T, index=list(body), columns=list(features)), problems


def _numbers_of(body: pd.DataFrame) -> tuple[np.ndarray, list[tuple[int, str, str]]]:
    """Return fields as numbers, and where text stands instead: row, column, what was found."""
    numbers, text = {}, []
    for name, column in body.items():
        kind = column.dtype
        if pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind):
            continue
        written = column.where(column.isna(), column.astype(str))
        numbers[name] = pd.to_numeric(written, errors="coerce").astype(float)
        wrong = written[numbers[name].isna() & written.notna()]
        text += [(int(row) + 2, str(name), repr(value)) for row, value in wrong.items()]
    values = body.assign(**numbers).to_numpy(float) if numbers else body.to_numpy(float)
    return values, sorted(text, key=lambda place: place[0])


def _faulty_names(features: pd.Series, file: str) -> list[Problem]:
    column = str(features.name) or None
    empty = [(int(row) + 2, column, "an empty field") for row in features.index[features == ""]]
    again = features[features.duplicated() & (features != "")]
    twice = [(int(row) + 2, column, repr(name)) for row, name in again.items()]
    return [
        *_told(empty, file, "the name of a feature", "Fill it."),
        *_told(twice, file, "each feature once", "Remove or rename the repeated row."),
    ]


def _told(
    places: Iterable[tuple[int, str | None, str]], file: str, expected: str, repair: str
) -> list[Problem]:
    """Return a problem a place, and one for all the places beyond the first few."""
    listed = list(places)
    problems = [
        Problem(file, found, expected, repair, row, column)
        for row, column, found in listed[:_SHOWN]
    ]
    if len(listed) > _SHOWN:
        more = f"{len(listed) - _SHOWN:,} more places like these"
        problems.append(Problem(file, more, expected, repair))
    return problems


def _between(values: pd.DataFrame, samples: pd.DataFrame, table: Path, path: Path) -> list[Problem]:
    unknown = [name for name in values.index if name not in samples.index]
    absent = [name for name in samples.index if name not in values.index]
    if unknown and values.columns.isin(samples.index).mean() > 0.5:
        expected = "features in rows, samples in columns"
        return [Problem(table.name, "samples in rows", expected, "Transpose it.")]
    problems = [
        Problem(
            table.name, f"a column {name!r} that {path.name} does not hold", "a sample of it",
            f"Add its row, or remove the column ({closest(name, absent or samples.index)}).", 1,
        )
        for name in unknown[:_SHOWN]
    ]  # fmt: skip
    if len(unknown) > _SHOWN:
        more = f"{len(unknown) - _SHOWN:,} more such columns"
        repair = "Add their rows, or remove the columns."
        problems.append(Problem(table.name, more, f"samples of {path.name}", repair, 1))
    return problems
