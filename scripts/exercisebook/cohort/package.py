"""A cohort and its folder: read, checked between tables, written whole or not at all.

The layout is a Frictionless data package: four tables that every cohort has, one table of
measurements a modality, and optionally single cells.
"""

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa

from exercisebook.cohort.contrasts import resolve
from exercisebook.cohort.schemas import MEASUREMENTS, MODALITIES, OPTIONAL, SAMPLES, TABLES
from exercisebook.cohort.tables import (
    Fault,
    examine_csv,
    examine_parquet,
    problems_of,
    refuse,
    write_csv,
)
from exercisebook.errors import InvalidInput, Misuse, closest

PARQUET_ABOVE = 200_000
"""Rows above which a table of measurements is written as parquet."""

NEVER_BELOW_ZERO = ("blood_count", "cytokines", "taxa", "cells")
"""Modalities of counts, amounts and shares."""

NO_DESCRIPTION = "T101"
"""Code of a package without ``datapackage.json``."""

STOPPED = "T127"
"""Code of a package in which an import was killed while it put files in place."""

SWAP = "swap.json"
HALF_DONE = f".import.*/{SWAP}"
"""What lies in the folder of a package while an import puts files in place."""

CELLS = "cells.h5ad"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")

_PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"


@dataclass(frozen=True)
class Cohort:
    """People, their samples, and what was measured in them.

    Attributes
    ----------
    name : str
        Short identifier, as in the catalogue.
    subjects, samples, features, contrasts : DataFrame
        The tables of the package, in the types of ``cohort.schemas``.
    measurements : dict of str to DataFrame
        One long table a modality: sample_id, feature, value, status.
    description : dict
        Title, licence and whatever else ``datapackage.json`` says; ``simulated`` is a bool.
    cells : Path or None
        An AnnData file of raw counts with ``obs["sample_id"]``.
    orthologs : DataFrame or None
        Of another species: feature and human_symbol, one row a gene with a human gene of its own.
    """

    name: str
    subjects: pd.DataFrame
    samples: pd.DataFrame
    features: pd.DataFrame
    contrasts: pd.DataFrame
    measurements: dict[str, pd.DataFrame]
    description: dict[str, Any] = field(default_factory=dict)
    cells: Path | None = None
    orthologs: pd.DataFrame | None = None

    @property
    def simulated(self) -> bool:
        """Whether the values come from a world with known truth."""
        return bool(self.description.get("simulated", False))

    def long(self, modality: str) -> pd.DataFrame:
        """Return one modality's measurements with the columns of their samples joined on.

        Raises
        ------
        Misuse
            If the cohort does not hold that modality.
        """
        if modality not in self.measurements:
            raise Misuse(
                f"{self.name} holds no {modality!r} table; {closest(modality, self.measurements)}"
            )
        return self.measurements[modality].merge(
            self.samples, on="sample_id", how="left", validate="many_to_one"
        )

    def contrast(self, name: str) -> pd.Series:
        """Return the contrast of that name, or of the form ``later:earlier``."""
        return resolve(name, self.contrasts, self.samples)


def read_cohort(folder: Path) -> Cohort:
    """Read and check a cohort package.

    Parameters
    ----------
    folder : Path
        A folder with ``datapackage.json`` and the tables it names.

    Raises
    ------
    InvalidInput
        With every problem found in every table and between them.
    """
    if not folder.is_dir():
        raise Misuse(f"{folder} is no folder; a cohort is a folder with datapackage.json")
    examined = examine_cohort(folder)
    if any(fault.code == NO_DESCRIPTION for fault in examined.faults):
        raise Misuse(f"{folder} holds no datapackage.json, so it is no cohort package")
    refuse(examined.faults)
    return examined.cohort()


@dataclass(frozen=True)
class Examined:
    """A package as far as it can be read, and everything wrong with its tables.

    Attributes
    ----------
    folder : Path
        Where it lies.
    description : dict
        What ``datapackage.json`` says; empty where it could not be read.
    tables, measurements : dict of str to DataFrame
        With the columns that could be read; possibly none.
    faults : list of Fault
        With those that are tolerated.
    """

    folder: Path
    description: dict[str, Any]
    tables: dict[str, pd.DataFrame]
    measurements: dict[str, pd.DataFrame]
    faults: list[Fault]

    def cohort(self) -> Cohort:
        """Return the cohort; only of a package whose faults are all tolerated."""
        cells = self.folder / CELLS
        told = {k: v for k, v in self.description.items() if k not in ("name", "resources")}
        return Cohort(
            name=self.description["name"],
            measurements=self.measurements,
            description=told,
            cells=cells if cells.exists() else None,
            **self.tables,
        )


def examine_cohort(folder: Path) -> Examined:
    """Return all that can be read of the package in ``folder``, with every fault of its tables."""
    half_done = next(folder.glob(HALF_DONE), None)
    if half_done is not None:
        return Examined(folder, {}, {}, {}, [_stopped(half_done)])
    description, faults = _examine_description(folder / "datapackage.json")
    tables: dict[str, pd.DataFrame] = {}
    measurements: dict[str, pd.DataFrame] = {}
    for name, schema in TABLES.items():
        tables[name], found = examine_csv(folder / f"{name}.csv", schema)
        faults += found
    for name, schema in OPTIONAL.items():
        if (folder / f"{name}.csv").exists():
            tables[name], found = examine_csv(folder / f"{name}.csv", schema)
            faults += found
    for path in _measurement_files(folder, description):
        faults += _misplaced(path, measurements)
        examine = examine_parquet if path.suffix == ".parquet" else examine_csv
        measurements[path.stem], found = examine(path, MEASUREMENTS)
        faults += found
        unreadable = {f.row for f in found if f.column == "value" and not f.tolerated}
        without = _status_against_value(measurements[path.stem], f"measurements/{path.name}")
        faults += [fault for fault in without if fault.row not in unreadable]
    faults += _pointing_nowhere(tables, measurements)
    faults += _between_rows(tables, measurements)
    return Examined(folder, description, tables, measurements, faults)


def _stopped(plan: Path) -> Fault:
    return Fault(
        plan.parent.name,
        "files that an import had begun to move",
        "a whole package",
        "Wait if the import is still at work. If it was killed, import anything again: that puts "
        "the old files back first.",
        code=STOPPED,
    )


def _misplaced(path: Path, measurements: dict[str, pd.DataFrame]) -> list[Fault]:
    """Return what is wrong with the name of a table of measurements, given those before it."""
    file, faults = f"measurements/{path.name}", []
    if path.stem in measurements:
        told = (f"a second table of {path.stem!r}", "one file a modality", "Remove one of the two.")
        faults.append(Fault(file, *told, code="T120"))
    if path.stem not in MODALITIES:
        hint = f"Rename the file ({closest(path.stem, MODALITIES)})."
        told = (f"the modality {path.stem!r}", "one of " + ", ".join(MODALITIES), hint)
        faults.append(Fault(file, *told, code="T119"))
    return faults


def write_cohort(cohort: Cohort, folder: Path, digits: int | None = None) -> None:
    """Write a cohort package, whole or not at all.

    Parameters
    ----------
    cohort : Cohort
        What to write; it is checked first.
    folder : Path
        Where to; it must not exist, or be empty.
    digits : int, optional
        Significant digits of the measured values; exact without it.

    Raises
    ------
    Misuse
        If the folder holds anything.
    InvalidInput
        If the cohort breaks a rule of its tables.
    """
    refuse_occupied(folder)
    _check_each_table(cohort)
    check_between_tables(cohort)
    with whole_folder(folder) as staging:
        _write_into(cohort, staging, digits)


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Yield a temporary folder that becomes ``folder``, new or empty, when the block ends well."""
    refuse_occupied(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        yield staging
        staging.chmod(0o755)
        if folder.exists():
            folder.rmdir()
        os.replace(staging, folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def refuse_occupied(folder: Path) -> None:
    """Raise Misuse if ``folder`` or one above it is a file, or if it holds anything."""
    above = [parent for parent in folder.parents if parent.is_file()]
    if above:
        raise Misuse(f"{above[0]} is a file; name another folder, nothing was written")
    if folder.resolve() == Path.cwd():
        # it is put in place by a rename, which would leave whoever stands in it nowhere
        raise Misuse("this is the folder you are in; name a new one, nothing was written")
    if folder.is_file():
        raise Misuse(f"{folder} is a file; name a new folder, nothing was written")
    if folder.exists() and any(folder.iterdir()):
        raise Misuse(f"{folder} is not empty; name a new folder, nothing was written")


def check_between_tables(cohort: Cohort) -> None:
    """Raise InvalidInput with every row that points at something the package does not hold."""
    tables = {name: getattr(cohort, name) for name in TABLES}
    problems = _pointing_nowhere(tables, cohort.measurements)
    problems += _between_rows(tables, cohort.measurements)
    for modality, table in cohort.measurements.items():
        problems += _status_against_value(table, f"measurements/{modality}.csv")
    if problems:
        raise InvalidInput(problems)


def _check_each_table(cohort: Cohort) -> None:
    problems = []
    for name, table in _whole(cohort).items():
        problems += problems_of(table, Path(f"{name}.csv"), {**TABLES, **OPTIONAL}[name])
    for modality, table in cohort.measurements.items():
        problems += problems_of(table, Path(f"{modality}.csv"), MEASUREMENTS)
    if problems:
        raise InvalidInput(problems)


def _whole(cohort: Cohort) -> dict[str, pd.DataFrame]:
    """Return the tables of a cohort but its measurements, those it may hold only where it does."""
    tables = {name: getattr(cohort, name) for name in (*TABLES, *OPTIONAL)}
    return {name: table for name, table in tables.items() if table is not None}


def _examine_description(path: Path) -> tuple[dict[str, Any], list[Fault]]:
    """Return what ``datapackage.json`` says, empty where it says nothing usable, and its faults."""
    expected = "a JSON object"
    try:
        description = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        told = ("no such file", expected, "Write it; exercisebook init makes an example.")
        return {}, [Fault(path.name, *told, code=NO_DESCRIPTION)]
    except OSError as error:
        told = (str(error.strerror), expected, "Make it readable.")
        return {}, [Fault(path.name, *told, code="T102")]
    except UnicodeDecodeError:
        told = ("bytes that are not UTF-8", "UTF-8", "Save the file as UTF-8.")
        return {}, [Fault(path.name, *told, code="T102")]
    except RecursionError:
        told = ("lists in lists without end", expected, "Write it anew.")
        return {}, [Fault(path.name, *told, code="T102")]
    except ValueError as error:
        row = getattr(error, "lineno", None)
        told = (str(error), expected, "Correct the syntax.")
        return {}, [Fault(path.name, *told, row, code="T102")]
    if not isinstance(description, dict):
        told = ("no JSON object", expected, "Write it anew.")
        return {}, [Fault(path.name, *told, code="T102")]
    return description, _faults_of_description(description, path.name)


def _faults_of_description(description: dict[str, Any], file: str) -> list[Fault]:
    found = []
    name = description.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        found.append(
            (
                f"the name {name!r}" if "name" in description else "no text under 'name'",
                "the cohort's short name: letters, digits, points, hyphens and underscores",
                "Add or correct it.",
            )
        )
    if not isinstance(description.get("simulated", False), bool):
        told = f"'simulated' as {description['simulated']!r}"
        found.append((told, "true or false, without quotes", "Correct it."))
    if not isinstance(description.get("resources", []), list):
        found.append(("'resources' that are no list", "a list", "Correct it."))
    return [Fault(file, *told, code="T103") for told in found]


def _measurement_files(folder: Path, description: dict[str, Any]) -> list[Path]:
    """Return the tables of measurements: those that the description names, in its order, first."""
    place = folder / "measurements"
    listed = description.get("resources")
    resources = listed if isinstance(listed, list) else []
    paths = [str(resource.get("path")) for resource in resources if isinstance(resource, dict)]
    own = [p for p in paths if p.startswith("measurements/") and p.isprintable()]
    named = [folder / p for p in own if ".." not in p]
    found = sorted([*place.glob("*.csv"), *place.glob("*.parquet")])
    return list(dict.fromkeys([*named, *found]))


def _pointing_nowhere(
    tables: dict[str, pd.DataFrame], measurements: dict[str, pd.DataFrame]
) -> list[Fault]:
    """Return what points at something the package does not hold, as far as tables were read."""
    subjects, samples, features, contrasts = (tables[name] for name in TABLES)
    problems = _unknown(samples, "subject", subjects, "subject", "samples.csv")
    for column in ("phase", "reference_phase"):
        problems += _unknown(contrasts, column, samples, "phase", "contrasts.csv")
    for column in ("arm", "reference_arm"):
        problems += _unknown(contrasts, column, samples, "arm", "contrasts.csv")
    for modality, table in measurements.items():
        file = f"measurements/{modality}.csv"
        known = features[features["modality"] == modality] if "modality" in features else features
        problems += _unknown(table, "sample_id", samples, "sample_id", file)
        problems += _unknown(table, "feature", known, "feature", file)
    return problems


def _between_rows(
    tables: dict[str, pd.DataFrame], measurements: dict[str, pd.DataFrame]
) -> list[Fault]:
    """Return what no single field shows: empty tables, repeated samples, amounts below nothing."""
    problems = [
        Fault(
            f"{name}.csv",
            "a header and no rows",
            "at least one row",
            "Fill the table.",
            code="T117",
        )
        for name, table in tables.items()
        if len(table.columns) and table.empty
    ]
    if not measurements:
        told = ("no tables", "a table a modality", "Add measurements/*.csv.")
        problems.append(Fault("measurements", *told, code="T118"))
    problems += _repeated_samples(tables["samples"]) + _contrasts_of_nothing(tables["contrasts"])
    problems += [
        Fault("samples.csv", f"a column {c!r}", "none of that name", "Rename it.", 1, code="T124")
        for c in tables["samples"].columns
        if c in MEASUREMENTS.columns and c != "sample_id"
    ]
    for modality, table in measurements.items():
        file = f"measurements/{modality}.csv"
        taken = [c for c in table.columns if c in SAMPLES.columns and c != "sample_id"]
        problems += [
            Fault(file, f"a column {c!r}", "it in samples.csv alone", "Remove it.", 1, code="T124")
            for c in taken
        ]
        if modality in NEVER_BELOW_ZERO and "value" in table:
            numbers = pd.to_numeric(table["value"], errors="coerce").to_numpy()
            problems += [
                Fault(
                    file,
                    f"{numbers[row]:g}",
                    "at least 0",
                    "Correct it.",
                    int(row) + 2,
                    "value",
                    "T125",
                )
                for row in (numbers < 0).nonzero()[0]
            ]
    return problems


def _repeated_samples(samples: pd.DataFrame) -> list[Fault]:
    key = ["subject", "arm", "phase"]
    if not set(key) <= set(samples.columns):
        return []
    again = samples.reset_index(drop=True)
    again = again[again.duplicated(key)]
    return [
        Fault(
            "samples.csv",
            "a second sample of " + ", ".join(f"{k} {row[k]!r}" for k in key),
            "one sample a person, arm and phase",
            "Average replicates into one sample, or name another phase.",
            int(place) + 2,
            code="T122",
        )
        for place, row in again.iterrows()
    ]


def _contrasts_of_nothing(contrasts: pd.DataFrame) -> list[Fault]:
    if not {"phase", "reference_phase", "arm", "reference_arm"} <= set(contrasts.columns):
        return []
    same = contrasts.reset_index(drop=True)
    same = same.query("phase == reference_phase and arm == reference_arm")
    return [
        Fault(
            "contrasts.csv",
            f"phase {row['phase']!r} against itself",
            "two phases",
            "Correct the phase or the reference_phase.",
            int(place) + 2,
            "reference_phase",
            "T123",
        )
        for place, row in same.iterrows()
    ]


def _unknown(
    table: pd.DataFrame, column: str, other: pd.DataFrame, key: str, file: str
) -> list[Fault]:
    """Return each value of ``table[column]`` that ``other[key]`` lacks, if both could be read."""
    if column not in table or key not in other:
        return []
    # one problem a distinct value: a table may repeat it a thousand times; an empty field is
    # a problem of its own table
    distinct = pd.Series(pd.unique(table[column]), dtype=object)
    unknown = distinct[~distinct.isin(set(other[key])) & (distinct != "")]
    if unknown.empty:
        return []
    fields = table[column].reset_index(drop=True)
    first = fields[fields.isin(unknown)].drop_duplicates()
    names = sorted(map(str, set(other[key])))
    return [
        Fault(
            file,
            repr(value),
            f"a {key} of the package",
            f"Correct it, or add the {key} ({closest(str(value), names)}).",
            row + 2,
            column,
            "T121",
        )
        for row, value in first.items()
    ]


def _status_against_value(table: pd.DataFrame, file: str) -> list[Fault]:
    if not {"value", "status"} <= set(table):
        return []
    gaps = np.flatnonzero(table["value"].isna())
    without = gaps[table["status"].iloc[gaps].isin(["ok", "below_detection"])]
    return [
        Fault(
            file,
            f"status {table['status'].iloc[row]!r} and no value",
            "a value (the limit itself when below detection), or the status 'missing'",
            "Fill the value or change the status.",
            int(row) + 2,
            "value",
            "T126",
        )
        for row in without
    ]


def _write_into(cohort: Cohort, folder: Path, digits: int | None) -> None:
    for name, table in _whole(cohort).items():
        write_csv({**TABLES, **OPTIONAL}[name].validate(table), folder / f"{name}.csv")
    (folder / "measurements").mkdir()
    for modality, table in cohort.measurements.items():
        MEASUREMENTS.validate(table)
        if len(table) > PARQUET_ABOVE:
            table.to_parquet(folder / "measurements" / f"{modality}.parquet", index=False)
        else:
            write_csv(table, folder / "measurements" / f"{modality}.csv", digits)
    if cohort.cells is not None:
        shutil.copyfile(cohort.cells, folder / CELLS)
    text = json.dumps(_datapackage(cohort), indent=2, ensure_ascii=False)
    (folder / "datapackage.json").write_text(text + "\n", encoding="utf-8")


def _datapackage(cohort: Cohort) -> dict[str, Any]:
    """Return the Frictionless descriptor (version 2) of a cohort."""
    resources = [table_resource(f"{name}.csv", table) for name, table in _whole(cohort).items()]
    for modality, table in cohort.measurements.items():
        suffix = "parquet" if len(table) > PARQUET_ABOVE else "csv"
        resources.append(table_resource(f"measurements/{modality}.{suffix}", table))
    return {"$schema": _PROFILE, "name": cohort.name, **cohort.description, "resources": resources}


def table_resource(path: str, table: pd.DataFrame) -> dict[str, Any]:
    """Return the Frictionless resource of a table that lies at ``path`` in its package."""
    name = path.rpartition(".")[0].replace("/", "-").replace("_", "-")
    schema = {**TABLES, **OPTIONAL}.get(name, MEASUREMENTS)
    resource: dict[str, Any] = {"name": name, "type": "table", "path": path}
    if path.endswith(".parquet"):
        return {**resource, "format": "parquet", "mediatype": "application/vnd.apache.parquet"}
    keys = [c for c, column in schema.columns.items() if column.unique] or (schema.unique or [])
    described: dict[str, Any] = {
        "fields": [_field(c, schema.columns.get(c)) for c in table.columns],
        "missingValues": [""],
        "primaryKey": list(keys),
    }
    foreign = {
        "samples": [("subject", "subjects", "subject")],
        "measurements": [("sample_id", "samples", "sample_id")],
    }
    described["foreignKeys"] = [
        {"fields": [own], "reference": {"resource": other, "fields": [theirs]}}
        for own, other, theirs in foreign.get(name.split("-")[0], [])
    ]
    if not described["foreignKeys"]:
        del described["foreignKeys"]
    return {
        **resource,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": described,
    }


def _field(name: str, column: pa.Column | None) -> dict[str, Any]:
    if column is None:
        return {"name": name, "type": "string"}
    number = str(column.dtype) == "float64"
    constraints: dict[str, Any] = {}
    if not column.nullable:
        constraints["required"] = True
    for check in column.checks:
        constraints.update(_constraint(check))
    described: dict[str, Any] = {"name": name, "type": "number" if number else "string"}
    return {**described, "constraints": constraints} if constraints else described


def _constraint(check: pa.Check) -> dict[str, Any]:
    statistics: dict[str, Any] = check.statistics or {}
    if check.name == "isin":
        return {"enum": list(statistics["allowed_values"])}
    if check.name == "greater_than_or_equal_to":
        return {"minimum": statistics["min_value"]}
    if check.name == "less_than_or_equal_to":
        return {"maximum": statistics["max_value"]}
    return {}
