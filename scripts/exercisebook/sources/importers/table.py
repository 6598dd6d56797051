"""Clinical tables, blood counts and whatever else lies in a spreadsheet, long or wide.

Wide: a row a sample, a column a feature. Long: a row a value. A unit is in the column's name in
brackets, in a column of its own, or said; it is never taken from the size of the numbers.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from exercisebook.cohort.package import NEVER_BELOW_ZERO
from exercisebook.cohort.schemas import MODALITIES, SAMPLES, SUBJECTS
from exercisebook.errors import InvalidInput, Problem, closest, listed
from exercisebook.sources.features import feature_table
from exercisebook.sources.importers import names, units
from exercisebook.sources.importers.intake import LONG, Account, Intake, gather, nothing_taken
from exercisebook.sources.importers.packages import Samples
from exercisebook.sources.importers.textfiles import (
    SHOWN,
    Layout,
    TextTable,
    faults_of_numbers,
    numbers_of,
    read_table,
)

ALL = ""
"""Key of what is said for every feature."""

_NO_UNITS = ("hs",)
"""What stands in brackets for high sensitivity, and is no hectosecond."""

_BRACKETS = re.compile(r"^(.*?)[\s_]*[(\[]([^()\[\]]+)[)\]]$")


@dataclass(frozen=True)
class TableOptions:
    """What is said of a table.

    Attributes
    ----------
    layout : Layout
    sample, subject, phase, arm : str or None
        Columns that say whose a row is: the sample, or the subject with the phase.
    feature, value, unit : str or None
        Columns of a long table.
    modalities, units, links, molar_masses : mapping by feature
        Each may hold ``ALL`` but the last two; a link is a canonical id, empty for none.
    ignore : tuple of str
        Columns to be left out.
    only : tuple of str
        Columns to be taken, and no others; all of them if it is empty.
    """

    layout: Layout = field(default_factory=Layout)
    sample: str | None = None
    subject: str | None = None
    phase: str | None = None
    arm: str | None = None
    feature: str | None = None
    value: str | None = None
    unit: str | None = None
    modalities: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    molar_masses: Mapping[str, float] = field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    only: tuple[str, ...] = ()


def read_tables(paths: list[Path], samples: Samples, options: TableOptions) -> Intake:
    """Return the rows that tables have for a package.

    Raises
    ------
    InvalidInput
        With everything wrong in every table.
    """
    account = Account()
    problems = _faults_of_options(options)
    parts = []
    for path in paths:
        try:
            fields, faults = _fields(path, samples, options, account)
        except InvalidInput as error:
            problems += error.problems
            continue
        problems += faults
        parts.append(fields)
    if not parts:
        raise InvalidInput(problems)
    whole = pd.concat(parts, ignore_index=True)
    if whole.empty:
        raise InvalidInput(problems or [nothing_taken(paths[0])])
    problems += _unused(whole, options)
    long, faults = _long(whole, options, account)
    problems += faults
    if problems:
        raise InvalidInput(problems)
    samples.tell_absent(long["sample_id"], account)
    return gather(long, account)


def _faults_of_options(options: TableOptions) -> list[Problem]:
    problems = [
        Problem(
            "--modality", repr(modality), "one of " + ", ".join(MODALITIES),
            f"Correct it ({closest(modality, MODALITIES)}).",
        )
        for modality in dict.fromkeys(options.modalities.values())
        if modality not in MODALITIES
    ]  # fmt: skip
    return problems + names.faults_of_links(dict(options.links))


def _fields(
    path: Path, samples: Samples, options: TableOptions, account: Account
) -> tuple[pd.DataFrame, list[Problem]]:
    """Return a table's values one a row: file, row, sample_id, column, name, unit, value, below."""
    table = read_table(path, options.layout)
    account.noted.extend(table.told)
    problems = _absent_columns(table, options)
    if problems:
        raise InvalidInput(problems)
    sample_id, problems = _sample_ids(table, samples, options, account)
    given = [options.feature or "feature", options.value or "value"]
    long = options.feature or options.value or set(given) <= set(table.frame)
    reader = _long_fields if long else _wide_fields
    fields, faults = reader(table, options, account)
    fields = fields.assign(file=table.file, sample_id=fields["row"].map(sample_id))
    return fields[fields["sample_id"].notna()], problems + faults


def _absent_columns(table: TextTable, options: TableOptions) -> list[Problem]:
    known = list(table.frame)
    said = {
        "--sample-column": options.sample,
        "--subject-column": options.subject,
        "--phase-column": options.phase,
        "--arm-column": options.arm,
        "--feature-column": options.feature,
        "--value-column": options.value,
        "--unit-column": options.unit,
    }
    wanted = [
        *said.items(),
        *(("--ignore", name) for name in options.ignore),
        *(("--only", name) for name in options.only),
    ]
    return [
        Problem(
            table.file, f"no column {name!r}", f"the column of {option}",
            f"Correct the option ({closest(name, known)}).",
        )
        for option, name in wanted
        if name is not None and name not in known
    ]  # fmt: skip


def _id_columns(table: TextTable, options: TableOptions) -> list[str]:
    """Return the columns that say whose a row is; empty if none do."""
    known = set(table.frame)
    if options.sample or ("sample_id" in known and not options.subject):
        return [options.sample or "sample_id"]
    pair = [options.subject or "subject", options.phase or "phase"]
    arm = options.arm or ("arm" if "arm" in known else None)
    return [*pair, *([arm] if arm else [])] if set(pair) <= known else []


def _sample_ids(
    table: TextTable, samples: Samples, options: TableOptions, account: Account
) -> tuple[pd.Series, list[Problem]]:
    """Return the sample of each row, NaN where it is left out."""
    columns = _id_columns(table, options)
    if not columns:
        found = "columns " + listed(map(repr, table.frame))
        repair = "Say --sample-column, or --subject-column and --phase-column."
        raise InvalidInput(
            [Problem(table.file, found, "a column that says whose a row is", repair)]
        )
    own = table.frame[columns].map(as_text)
    if len(columns) == 1:
        return samples.join(own[columns[0]], table.file, columns[0], account)
    key = ["subject", "phase", "arm"][: len(columns)]
    twice = samples.known[samples.known.duplicated(key)]
    if len(twice):
        repair = "Add --arm-column, or name samples by --sample-column."
        found = f"several samples for {listed(twice[key].agg(', '.join, axis=1), 3)}"
        raise InvalidInput([Problem("samples.csv", found, "one a " + " and ".join(key), repair)])
    ids = samples.known.set_index(samples.known[key].agg(", ".join, axis=1))["sample_id"]
    said = own.agg(", ".join, axis=1)
    pairs = Samples(samples.known.assign(sample_id=ids.index), samples.ids, samples.drop_unknown)
    joined, problems = pairs.join(said, table.file, " and ".join(columns), account)
    return joined.map(ids), problems


def as_text(cell: Any) -> str:
    """Return an id as text: 7 and 7.0 of a workbook are both ``7``."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return str(cell).strip()


def _wide_fields(
    table: TextTable, options: TableOptions, account: Account
) -> tuple[pd.DataFrame, list[Problem]]:
    """Return the values of a wide table; columns that hold no number are left out, and told."""
    known = {*SAMPLES.columns, *SUBJECTS.columns}
    taken = {*_id_columns(table, options), *options.ignore}
    own = [name for name in table.frame if name not in taken and name not in known]
    away = [name for name in table.frame if name in known - taken]
    others = [name for name in own if options.only and name not in options.only]
    if others:
        account.dropped.append(f"{table.file}: columns not asked for: {listed(others, 6)}")
        own = [name for name in own if name in options.only]
    if away:
        account.dropped.append(
            f"{table.file}: columns that belong in samples.csv or subjects.csv: {listed(away)}"
        )
    parts, problems, empty = [], [], []
    for column in own:
        read = numbers_of(table.frame[column], options.layout)
        if read["value"].isna().all():
            empty.append(column)
            continue
        problems += faults_of_numbers(table, column, read["bad"], options.layout)
        name, unit = _name_and_unit(column)
        about = {"row": read.index, "column": column, "name": name, "unit": unit}
        parts.append(read.assign(**about))
    if empty:
        account.dropped.append(f"{table.file}: columns without a number: {listed(empty)}")
    if not parts:
        repair = "A long table needs --feature-column and --value-column."
        found = "no column of numbers"
        raise InvalidInput([Problem(table.file, found, "one a feature", repair), *problems])
    return pd.concat(parts, ignore_index=True), problems


def _name_and_unit(column: str) -> tuple[str, str]:
    """Return the name and the unit in brackets at its end, if it is a unit."""
    match = _BRACKETS.match(column)
    if match and match[1] and match[2] not in _NO_UNITS and units.is_known(match[2]):
        return match[1].strip(), match[2].strip()
    return column, ""


def _long_fields(
    table: TextTable, options: TableOptions, account: Account
) -> tuple[pd.DataFrame, list[Problem]]:
    """Return the values of a long table."""
    feature, value = options.feature or "feature", options.value or "value"
    unit = options.unit or ("unit" if "unit" in table.frame else None)
    absent = [name for name in (feature, value) if name not in table.frame]
    if absent:
        expected = "columns of features and of values"
        repair = "Say --feature-column and --value-column."
        found = f"no column {absent[0]!r}"
        raise InvalidInput([Problem(table.file, found, expected, repair)])
    read = numbers_of(table.frame[value], options.layout)
    problems = faults_of_numbers(table, value, read["bad"], options.layout)
    written = table.frame[feature].map(as_text)
    problems += [
        Problem(table.file, "an empty field", "a feature", "Fill it.", int(row), feature)
        for row in written.index[written == ""][:SHOWN]
    ]
    parts = written.map(_name_and_unit)
    said = table.frame[unit].map(as_text) if unit else parts.str[1]
    about = {"row": read.index, "column": written, "name": parts.str[0], "unit": said}
    return read.assign(**about), problems


def _unused(fields: pd.DataFrame, options: TableOptions) -> list[Problem]:
    """Return a problem for whatever is said of a feature that no table holds."""
    known = list(dict.fromkeys([*fields["name"], *fields["column"]]))
    said = {
        "--modality": options.modalities,
        "--unit": options.units,
        "--feature": options.links,
        "--molar-mass": options.molar_masses,
    }
    return [
        Problem(
            option, repr(name), "a feature of the table", f"Correct it ({closest(name, known)})."
        )
        for option, by_name in said.items()
        for name in by_name
        if name != ALL and name not in known
    ]


def _said(by_name: Mapping[str, Any], column: str, name: str, otherwise: Any = None) -> Any:
    """Return what is said of a feature, by its column, its name, or for all."""
    return by_name.get(column, by_name.get(name, by_name.get(ALL, otherwise)))


def _long(
    fields: pd.DataFrame, options: TableOptions, account: Account
) -> tuple[pd.DataFrame, list[Problem]]:
    """Return values in the units of the book as a reader's long table."""
    kinds = fields[["file", "column", "name", "unit"]].drop_duplicates(ignore_index=True)
    problems: list[Problem] = []
    rows = []
    for kind in kinds.itertuples(index=False):
        row, faults = _feature(kind, options, account)
        problems += faults
        rows.append(row)
    about = kinds.assign(**pd.DataFrame(rows, index=kinds.index))
    about, faults = _one_unit_each(about)
    problems += faults + _twice_linked(about)
    key = ["file", "column", "name", "unit"]
    long = fields.merge(about, on=key, how="left", validate="many_to_one")
    problems += _twice_measured(long) + _below_zero(long)
    value = units.times(long["value"], long["factor"])
    status = np.select([value.isna(), long["below"]], ["missing", "below_detection"], "ok")
    long = long.assign(
        feature=long["name"], unit=long["wanted"], value=value, status=status,
        limit=value.where(long["below"]),
    )  # fmt: skip
    return long[list(LONG)], problems


def _feature(
    kind: Any, options: TableOptions, account: Account
) -> tuple[dict[str, Any], list[Problem]]:
    """Return modality, canonical id, unit and factor of one feature of a table."""
    modality = _said(options.modalities, kind.column, kind.name, "")
    problems = []
    if not modality:
        repair = f"Say --modality, for all or as {kind.name}=MODALITY."
        problems.append(Problem(kind.file, "no modality", "one", repair, None, kind.column))
    found = names.canonical_ids(pd.Series([kind.name]), modality).iloc[0]
    canonical = _said(options.links, kind.column, kind.name, found)
    own = {name: told for name, told in options.units.items() if name != ALL}
    said = _said(own, kind.column, kind.name)
    if said and kind.unit and said != kind.unit and units.is_known(kind.unit):
        problems.append(_two_units(kind, said))
    unit = said or kind.unit or options.units.get(ALL, "")
    wanted, by = unit, 1.0
    if not unit:
        repair = (
            f"Write it in the header, as in {kind.name} (mg/L), or say --unit '{kind.name}=UNIT'; \
leave the column out with --ignore."
        )
        problems.append(Problem(kind.file, "no unit", "one", repair, None, kind.column))
    elif canonical in feature_table().index and unit != units.RELATIVE:
        wanted = str(feature_table().at[canonical, "unit"])
        grams = _said(options.molar_masses, kind.column, kind.name, units.molar_mass(canonical))
        try:
            by = units.factor(unit, wanted, grams)
            line = units.conversion(kind.name, unit, wanted, by, grams)
            if unit != wanted and line not in account.converted:
                account.converted.append(line)
        except units.NoFactorError as error:
            problems.append(_no_factor(kind, unit, wanted, canonical, str(error)))
    row = {"modality": modality, "canonical_id": canonical, "wanted": wanted, "factor": by}
    return row, problems


def _two_units(kind: Any, said: str) -> Problem:
    """Return the problem of a unit that is said where the file says another."""
    return Problem(
        kind.file,
        f"the unit {kind.unit!r}, where --unit says {said!r}",
        "one of the two",
        "Leave --unit out for it, since values are converted; if the file is wrong, correct it.",
        None,
        kind.column,
    )


def _no_factor(kind: Any, unit: str, wanted: str, canonical: str, why: str) -> Problem:
    if "molar mass" in why:
        repair = f"Say it in g/mol: --molar-mass '{kind.name}=NUMBER'."
    else:
        repair = (
            f"Correct it in the file; if this is not the book's {canonical}, "
            f"say --feature '{kind.name}='."
        )
    expected = f"a unit that goes over into {wanted!r} of {canonical} ({why})"
    return Problem(kind.file, f"the unit {unit!r}", expected, repair, None, kind.column)


def _one_unit_each(about: pd.DataFrame) -> tuple[pd.DataFrame, list[Problem]]:
    """Bring features without a canonical id that come in several units to the first of them."""
    problems, about = [], about.copy()
    for (_, name), own in about.groupby(["modality", "name"], sort=False):
        first = own["wanted"].iloc[0]
        for place, unit in own["wanted"].items():
            if unit == first or not unit or not first:
                continue
            try:
                about.at[place, "factor"] *= units.factor(unit, first)
                about.at[place, "wanted"] = first
            except units.NoFactorError as error:
                repair = f"Say --unit '{name}=UNIT' if one is a slip, or rename one."
                found = f"the units {first!r} and {unit!r}"
                expected = f"one ({error})"
                problems.append(
                    Problem(own.at[place, "file"], found, expected, repair, None, str(name))
                )
    return about, problems


def _twice_linked(about: pd.DataFrame) -> list[Problem]:
    """Return a problem for two features of a modality that mean the same."""
    linked = about[about["canonical_id"] != ""].drop_duplicates(["modality", "name"])
    problems = []
    for (modality, canonical), own in linked.groupby(["modality", "canonical_id"], sort=False):
        if len(own) > 1:
            both = list(own["name"])
            problems.append(
                Problem(
                    own["file"].iloc[0], f"{listed(map(repr, both))} for {canonical}",
                    f"one feature a canonical id in {modality}",
                    f"Unlink the others, as in --feature '{both[-1]}=', or --ignore them.",
                )
            )  # fmt: skip
    return problems


def _twice_measured(long: pd.DataFrame) -> list[Problem]:
    key = ["modality", "name", "sample_id"]
    again = long[long.duplicated(key) & long["value"].notna()]
    problems = [
        Problem(
            row.file, f"a second value of {row.name_!r} for sample {row.sample_id!r}", "one",
            "Average repeats, or name their samples apart.", int(row.row), row.column,
        )
        for row in again.rename(columns={"name": "name_"}).head(SHOWN).itertuples()
    ]  # fmt: skip
    if len(again) > SHOWN:
        more = f"{len(again) - SHOWN:,} more second values"
        problems.append(Problem(again["file"].iloc[0], more, "one a sample", "Average repeats."))
    return problems


def _below_zero(long: pd.DataFrame) -> list[Problem]:
    wrong = long[(long["value"] < 0) & long["modality"].isin(NEVER_BELOW_ZERO)]
    return [
        Problem(
            row.file, f"{row.value:g}", "at least 0", "Correct it.", int(row.row), row.column
        )
        for row in wrong.head(SHOWN).itertuples()
    ]  # fmt: skip
