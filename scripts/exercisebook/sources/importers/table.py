"""Clinical tables, blood counts and whatever else lies in a spreadsheet, long or wide.

Wide: a row a sample, a column a feature; or a row a person, with the visits side by side. Long: a
row a value. A unit is in the column's name in
brackets, in a column of its own, or said; it is never taken from the size of the numbers.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from exercisebook.cohort.package import NEVER_BELOW_ZERO
from exercisebook.cohort.schemas import MODALITIES, SAMPLES, SUBJECTS
from exercisebook.errors import InvalidInput, Problem, listed
from exercisebook.sources.features import feature_table
from exercisebook.sources.importers import names, units, visits
from exercisebook.sources.importers.hints import hint, near
from exercisebook.sources.importers.intake import LONG, Account, Intake, Rows, collect
from exercisebook.sources.importers.samples import NAMED, Samples, as_text
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


_BARE = re.compile(r"^(\S.*?)[\s,_]+((?:[x×]\s*)?\S+/\S+)$")


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
    visits : mapping of str to str
        Phase by the word that stands for it in names of columns, where a row is a person.
    signed : tuple of str
        Features that may lie below zero, whatever their unit.
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
    visits: Mapping[str, str] = field(default_factory=dict)
    signed: tuple[str, ...] = ()


def read_tables(paths: list[Path], samples: Samples, options: TableOptions) -> Intake:
    """Return the rows that tables have for a package.

    Raises
    ------
    InvalidInput
        With everything wrong in every table.
    """
    account = Account()

    def settle(fields: pd.DataFrame) -> Rows:
        unused = _unused(fields, options)
        long, faults = _long(fields, options, account)
        return long, unused + faults

    return collect(
        paths,
        lambda path: _fields(path, samples, options, account),
        settle,
        samples,
        account,
        _faults_of_options(options, samples),
    )


def _faults_of_options(options: TableOptions, samples: Samples) -> list[Problem]:
    problems = [
        Problem(
            "--modality", repr(modality), "one of " + ", ".join(MODALITIES), _corrected(modality)
        )
        for modality in dict.fromkeys(options.modalities.values())
        if modality not in MODALITIES
    ]
    problems += names.faults_of_links(dict(options.links))
    return problems + visits.faults_of_phases(options.visits, samples.known["phase"])


def _corrected(modality: str) -> str:
    meant = near(modality, MODALITIES)
    return f"Correct it (did you mean {meant!r}?)." if meant else "Correct it."


def _fields(
    path: Path, samples: Samples, options: TableOptions, account: Account
) -> tuple[pd.DataFrame, list[Problem]]:
    """Return a table's values one a row: file, row, sample_id, column, name, unit, value, below."""
    table = read_table(path, options.layout)
    account.noted.extend(table.told)
    problems = _absent_columns(table, options)
    if problems:
        raise InvalidInput(problems)
    if options.visits:
        fields, problems = _fields_side_by_side(table, samples, options, account)
    else:
        sample_id, problems = _sample_ids(table, samples, options, account)
        reader = _long_fields if _is_long(table, options) else _wide_fields
        fields, faults = reader(table, options, account)
        fields = fields.assign(sample_id=fields["row"].map(sample_id))
        problems += faults
    return fields[fields["sample_id"].notna()].assign(file=table.file), problems


def _is_long(table: TextTable, options: TableOptions) -> bool:
    given = {options.feature or "feature", options.value or "value"}
    return bool(options.feature or options.value) or given <= set(table.frame)


def _fields_side_by_side(
    table: TextTable, samples: Samples, options: TableOptions, account: Account
) -> tuple[pd.DataFrame, list[Problem]]:
    """Return the values of a wide table with several visits of a person in each row."""
    who = options.subject or "subject"
    if _is_long(table, options) or who not in table.frame:
        found = "columns " + listed(map(repr, table.frame))
        repair = "Say --subject-column; a row a sample, or a value, needs no --visits."
        raise InvalidInput([Problem(table.file, found, "a row a person, and who it is", repair)])
    arm = _arm_column(table, options)
    taken = {who, arm, *options.ignore}
    own = [name for name in table.frame if name not in taken]
    own = [name for name in own if not options.only or name in options.only]
    placed, problems = visits.placed(table, own, options.visits, options.layout)
    away = [name for name in own if name not in placed]
    if away:
        account.dropped.append(f"{table.file}: columns of no visit: {listed(away, 6)}")
    fields, faults = _values(table, placed, options.layout, account)
    fields["phase"] = fields["column"].map({name: phase for name, (_, phase) in placed.items()})
    # a phase that the package lacks is told once, and not by each of its samples
    fields = fields[fields["phase"].isin(samples.known["phase"])]
    if fields.empty:
        return fields.assign(sample_id=None), problems + faults
    people = table.frame[[who, *([arm] if arm else [])]].map(as_text)
    said = fields[["row", "phase"]].join(people, on="row")[[who, "phase", *([arm] if arm else [])]]
    key = ["subject", "phase", "arm"][: said.shape[1]]
    joined, strangers = _join_side_by_side(
        said.agg(", ".join, axis=1), fields, samples, key, table.file, who, account
    )
    return fields.assign(sample_id=joined), problems + faults + strangers


def _join_side_by_side(
    said: pd.Series,
    fields: pd.DataFrame,
    samples: Samples,
    key: list[str],
    file: str,
    column: str,
    account: Account,
) -> tuple[pd.Series, list[Problem]]:
    """Return the sample of each value; a visit that nobody came to needs none."""
    pairs = samples.by_columns(key)
    came = said[fields["value"].notna() | fields["bad"]]
    rows = came.set_axis(fields.loc[came.index, "row"]).sort_index(kind="stable")
    _, problems = pairs.join(rows, file, column, account)
    own = dict(zip(pairs.known["sample_id"], samples.known["sample_id"], strict=True))
    return said.map(lambda name: own.get(pairs.ids.get(name, name))), problems


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
    problems = [
        Problem(
            table.file, f"no column {name!r}", f"the column of {option}",
            f"Correct the option ({hint(name, known)}).",
        )
        for option, name in said.items()
        if name is not None and name not in known
    ]  # fmt: skip
    if options.feature in known:
        known += list(table.frame[options.feature].map(as_text).unique())
    return problems + [
        Problem(
            table.file, f"no column or feature {name!r}", f"what {option} names",
            f"Correct the option ({hint(name, known)}).",
        )
        for option, given in (("--ignore", options.ignore), ("--only", options.only))
        for name in given
        if name not in known
    ]  # fmt: skip


def _id_columns(table: TextTable, options: TableOptions) -> list[str]:
    """Return the columns that say whose a row is; empty if none do."""
    known = set(table.frame)
    if options.sample or ("sample_id" in known and not options.subject):
        return [options.sample or "sample_id"]
    pair = [options.subject or "subject", options.phase or "phase"]
    arm = _arm_column(table, options)
    return [*pair, *([arm] if arm else [])] if set(pair) <= known else []


def _arm_column(table: TextTable, options: TableOptions) -> str | None:
    return options.arm or ("arm" if "arm" in table.frame else None)


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
    pairs = samples.by_columns(["subject", "phase", "arm"][: len(columns)])
    ids = dict(zip(pairs.known["sample_id"], samples.known["sample_id"], strict=True))
    said = own.agg(", ".join, axis=1)
    joined, problems = pairs.join(said, table.file, " and ".join(columns), account)
    return joined.map(ids), problems


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
    return _values(table, {name: (name, "") for name in own}, options.layout, account)


def _values(
    table: TextTable, own: dict[str, tuple[str, str]], layout: Layout, account: Account
) -> tuple[pd.DataFrame, list[Problem]]:
    """Return the values of columns, one a row; each column has a name, of which more is known."""
    parts, problems, empty = [], [], []
    for column, (bare, _) in own.items():
        read = numbers_of(table.frame[column], layout)
        if read["value"].isna().all():
            empty.append(column)
            if _in_the_other_mark(table.frame[column], layout):
                problems += faults_of_numbers(table, column, read["bad"], layout)
            continue
        problems += faults_of_numbers(table, column, read["bad"], layout)
        name, unit = _name_and_unit(bare)
        about = {"row": read.index, "column": column, "name": name, "unit": unit}
        parts.append(read.assign(**about))
    if empty:
        account.dropped.append(f"{table.file}: columns without a number: {listed(empty)}")
    if not parts:
        repair = "A long table needs --feature-column and --value-column."
        found = "no column of numbers"
        raise InvalidInput([Problem(table.file, found, "one a feature", repair), *problems])
    return pd.concat(parts, ignore_index=True), problems


def _in_the_other_mark(fields: pd.Series, layout: Layout) -> bool:
    """Return whether fields without a number hold some with the other decimal mark."""
    other = replace(layout, decimal="." if layout.decimal == "," else ",", thousands="")
    return bool(numbers_of(fields, other)["value"].notna().any())


def _name_and_unit(column: str) -> tuple[str, str]:
    """Return the name and the unit at its end: in brackets, or an amount in a volume after a space.

    Without brackets other units are not told from ratios, as in ``cells A/G``.
    """
    match = _BRACKETS.match(column)
    if match and match[1] and match[2] not in _NO_UNITS and units.is_known(match[2]):
        return match[1].strip(), match[2].strip()
    bare = _BARE.match(column)
    if bare and units.is_amount(bare[2]):
        return bare[1].strip(" ,_"), bare[2]
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
    fields = read.assign(**about)
    kept = ~written.isin(options.ignore)
    if options.only:
        kept &= written.isin(options.only)
    if not kept.all():
        away = written[~kept].unique()
        account.dropped.append(f"{table.file}: features not asked for: {listed(away, NAMED)}")
    return fields[kept], problems


def _unused(fields: pd.DataFrame, options: TableOptions) -> list[Problem]:
    """Return a problem for whatever is said of a feature that no table holds."""
    known = list(dict.fromkeys([*fields["name"], *fields["column"]]))
    said = {
        "--modality": options.modalities,
        "--unit": options.units,
        "--feature": options.links,
        "--molar-mass": options.molar_masses,
        "--signed": options.signed,
    }
    return [
        Problem(option, repr(name), "a feature of the table", f"Correct it ({hint(name, known)}).")
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
    problems = _unsaid(kinds, options)
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
    problems += _twice_measured(long) + _below_zero(long, options.signed)
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
    found = names.canonical_ids(pd.Series([kind.name]), modality).iloc[0]
    canonical = _said(options.links, kind.column, kind.name, found)
    own = {name: told for name, told in options.units.items() if name != ALL}
    said = _said(own, kind.column, kind.name)
    if said and kind.unit and said != kind.unit and units.is_known(kind.unit):
        problems.append(_two_units(kind, said))
    unit = said or kind.unit or options.units.get(ALL, "")
    wanted, by = unit, 1.0
    if unit and canonical in feature_table().index and unit != units.RELATIVE:
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


def _unsaid(kinds: pd.DataFrame, options: TableOptions) -> list[Problem]:
    """Return one problem a file for features without a modality, and one for those without unit."""
    pairs = list(zip(kinds["column"], kinds["name"], strict=True))
    modality = np.array([bool(_said(options.modalities, *pair, "")) for pair in pairs])
    unit = np.array([bool(_said(options.units, *pair, "")) for pair in pairs]) | (
        kinds["unit"] != ""
    ).to_numpy(bool)
    problems = []
    for file, own in kinds[~modality].groupby("file", sort=False):
        name = own["name"].iloc[0]
        repair = f"Say --modality WORD for all, or --modality '{name}=WORD' for one."
        problems.append(_without("modality", file, own, "one of " + ", ".join(MODALITIES), repair))
    for file, own in kinds[~unit].groupby("file", sort=False):
        name, column = own["name"].iloc[0], own["column"].iloc[0]
        repair = f"Write it behind the name, as in {name} (mg/L), or say --unit '{name}=UNIT'; \
leave it out with --ignore '{column}'."
        problems.append(_without("unit", file, own, "one each", repair))
    return problems


def _without(what: str, file: str, own: pd.DataFrame, expected: str, repair: str) -> Problem:
    columns = list(own["column"].unique())
    if len(columns) == 1:
        return Problem(file, f"no {what}", expected, repair, None, columns[0])
    found = f"no {what} of {len(columns):,} columns or features: {listed(columns, NAMED)}"
    return Problem(file, found, expected, repair)


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


def _below_zero(long: pd.DataFrame, signed: tuple[str, ...]) -> list[Problem]:
    """Return a problem for each amount below zero, and each limit that is none above it."""
    limit = long["below"] & (long["value"] <= 0)
    never = long["modality"].isin(NEVER_BELOW_ZERO)
    said = long["name"].isin(signed) | long["column"].isin(signed)
    kinds = long[["canonical_id", "wanted"]].drop_duplicates()
    amounts = kinds[[_is_amount(*kind) for kind in kinds.itertuples(index=False)]]
    never |= pd.MultiIndex.from_frame(long[list(kinds)]).isin([*amounts.itertuples(index=False)])
    wrong = (long["value"] < 0) & never & ~(said & ~long["modality"].isin(NEVER_BELOW_ZERO))
    both = long[limit | wrong]
    problems = []
    for row in both.head(SHOWN).itertuples():
        found, expected = f"{row.value:g}", "at least 0"
        repair = f"Correct it; if it is a difference or an excess, say --signed '{row.column}'."
        if row.below:
            found, expected = f"the limit {row.value:g}", "a limit above 0"
            repair = "Write the limit of detection, or empty the field."
        elif row.modality in NEVER_BELOW_ZERO:
            repair = "Correct it."
        problems.append(Problem(row.file, found, expected, repair, int(row.row), row.column))
    if len(both) > SHOWN:
        more = f"{len(both) - SHOWN:,} more such values"
        problems.append(Problem(both["file"].iloc[0], more, "none below 0", "Correct them."))
    return problems


def _is_amount(canonical: str, unit: str) -> bool:
    """Return whether a quantity has no values below zero: an amount, or one that the book names."""
    if canonical in feature_table().index and unit != units.RELATIVE:
        return unit != "none" and not unit.startswith("log")
    return units.is_amount(unit)
