"""The package that an import goes into: what it holds, and the merge.

Everything is checked before the first byte is written; files are put in place together, and the
old ones come back if that fails.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from exercisebook.cohort.package import PARQUET_ABOVE, table_resource
from exercisebook.cohort.schemas import FEATURES, MEASUREMENTS, MODALITIES, SAMPLES
from exercisebook.cohort.tables import examine_csv, problems_of, read_csv, write_csv
from exercisebook.errors import Failure, InvalidInput, Misuse, Problem, listed
from exercisebook.sources.importers.intake import Account, Intake, below_limit, counted
from exercisebook.sources.importers.textfiles import SHOWN, words_of
from exercisebook.sources.importers.together import put_together
from exercisebook.sources.templates.package import EXAMPLE

CELLS = "cells.h5ad"

WHOLE = ("taxa",)
"""Modalities of which a sample has one table: counts of two would be added up."""


@dataclass(frozen=True)
class Package:
    """A cohort package that is being filled.

    Attributes
    ----------
    folder : Path
    description : dict
        What ``datapackage.json`` says.
    samples, features : DataFrame
        Without the rows of the template.
    """

    folder: Path
    description: dict[str, Any]
    samples: pd.DataFrame
    features: pd.DataFrame

    def measurements(self, modality: str) -> pd.DataFrame:
        """Return what the package holds of a modality, without the rows of the template."""
        path = self.table(modality)
        if path is None:
            return pd.DataFrame(columns=list(MEASUREMENTS.columns))
        text = path.suffix == ".csv"
        table = read_csv(path, MEASUREMENTS) if text else pd.read_parquet(path)
        return table[~_of_template(table["sample_id"]) & ~_of_template(table["feature"])]

    def table(self, modality: str) -> Path | None:
        """Return the file of a modality, if there is one."""
        paths = [self.folder / "measurements" / f"{modality}.{end}" for end in ("csv", "parquet")]
        return next((path for path in paths if path.exists()), None)


def open_package(folder: Path) -> Package:
    """Return the package of a folder that ``init`` has made, ready to be filled.

    Raises
    ------
    Misuse
        If the folder is no package.
    InvalidInput
        With everything wrong in its samples and features, or if its samples are still those of
        the template.
    """
    description = _description(folder)
    samples, problems = examine_csv(folder / "samples.csv", SAMPLES)
    features, faults = examine_csv(folder / "features.csv", FEATURES)
    problems += faults
    if problems:
        raise InvalidInput(problems)
    samples = samples[~_of_template(samples["sample_id"])]
    if samples.empty:
        raise InvalidInput(
            [
                Problem(
                    "samples.csv", "no samples but those of the template", "your own",
                    "Write one row a sample first; GUIDE.md tells the columns.",
                )
            ]
        )  # fmt: skip
    features = features[~_of_template(features["feature"])]
    return Package(folder, description, samples, features)


def _of_template(names: pd.Series) -> pd.Series:
    return names.astype(str).str.startswith(EXAMPLE)


def _description(folder: Path) -> dict[str, Any]:
    path = folder / "datapackage.json"
    begin = f"make one with: exercisebook init {folder}"
    if not path.is_file():
        raise Misuse(f"{folder} holds no datapackage.json, so it is no package; {begin}")
    try:
        description = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        problem = Problem(path.name, str(error), "a JSON object", "Correct the syntax.")
        raise InvalidInput([problem]) from None
    if not isinstance(description, dict) or not isinstance(description.get("resources", []), list):
        problem = Problem(path.name, "no package", "an object with a list 'resources'", "Mend it.")
        raise InvalidInput([problem])
    return description


def merge(package: Package, intake: Intake, overwrite: bool) -> Account:
    """Write an intake into a package, whole or not at all, and return the account of it.

    Parameters
    ----------
    package : Package
    intake : Intake
    overwrite : bool
        Whether what the package holds already gives way.

    Raises
    ------
    InvalidInput
        With everything that would be overwritten, or that breaks a rule of a table.
    Failure
        If the folder cannot be written into; it is as it was.
    """
    account = intake.account
    problems, changed = _clashes(package.features, intake.features)
    tables, emptied, lost, twice = _merged_tables(package, intake.measurements, changed)
    problems += twice
    features = _merged_features(package.features, intake.features, emptied)
    features = _without_empty(features, tables, emptied)
    tables = {name: _settled(name, table, features, account) for name, table in tables.items()}
    if intake.cells is not None and (package.folder / CELLS).exists():
        problems.append(_overwritten(CELLS, "single cells", "none yet"))
    if overwrite:
        problems = []
        account.dropped.extend(lost)
    problems += problems_of(features, Path("features.csv"), FEATURES)
    for modality, table in tables.items():
        problems += problems_of(table, Path(f"{modality}.csv"), MEASUREMENTS)
    if problems:
        raise InvalidInput(_few(problems))
    account.noted.extend(_several_of_one(features[features["modality"].isin(list(tables))]))
    try:
        _write(package, features, tables, intake.cells)
    except OSError as error:
        told = f"cannot write into {package.folder}: {words_of(error)}; nothing was changed"
        raise Failure(told) from None
    return account


def _merged_tables(
    package: Package, new: dict[str, pd.DataFrame], changed: set[tuple[str, str]]
) -> tuple[dict[str, pd.DataFrame], set[tuple[str, str]], list[str], list[Problem]]:
    """Return what is measured, features without an old value, what gives way, what is held twice.

    A feature whose unit has changed keeps no old value.
    """
    tables, emptied, lost = {}, set(changed), []
    problems: list[Problem] = []
    for modality, own in new.items():
        held = package.measurements(modality)
        away = _gives_way(held, own, modality, changed)
        kept = held[~away]
        tables[modality] = pd.concat([kept, own], ignore_index=True) if len(kept) else own
        emptied |= {(modality, feature) for feature in set(held["feature"]) - set(kept["feature"])}
        problems += _held_twice(held, own, modality)
        if away.any():
            lost.append(f"{modality}: {counted(away.sum(), 'value')} that the package held before")
    return tables, emptied, lost, problems


def _without_empty(
    features: pd.DataFrame, tables: dict[str, pd.DataFrame], emptied: set[tuple[str, str]]
) -> pd.DataFrame:
    """Return features without those of which every value has given way."""
    places = pd.MultiIndex.from_frame(features[["modality", "feature"]])
    held = {(name, feature) for name, own in tables.items() for feature in own["feature"].unique()}
    return features[~places.isin([*(emptied - held)])].reset_index(drop=True)


def _settled(
    modality: str, table: pd.DataFrame, features: pd.DataFrame, account: Account
) -> pd.DataFrame:
    """Return a modality's values with the one limit of each feature, and tell what went below."""
    own = features[features["modality"] == modality]
    limits = own.set_index("feature")["detection_limit"]
    settled = below_limit(table, table["feature"].map(limits).astype(float))
    moved = (settled["status"] != table["status"]) | (
        (settled["status"] == "below_detection") & (settled["value"] != table["value"])
    )
    if moved.any():
        names = table.loc[moved, "feature"].unique()
        account.noted.append(
            f"{modality}: {counted(moved.sum(), 'value')} of {listed(names, 6)} brought to the "
            "highest limit of detection, of the package or of this import"
        )
    return settled


def _several_of_one(features: pd.DataFrame) -> list[str]:
    key = ["modality", "canonical_id"]
    linked = features[features["canonical_id"].fillna("") != ""]
    return [
        f"{modality}: {listed(own['feature'])} all stand for {canonical}; one alone meets a claim"
        for (modality, canonical), own in linked.groupby(key, sort=False)
        if len(own) > 1
    ]


def _few(problems: list[Problem]) -> list[Problem]:
    """Return the first problems, and one that says how many there are beyond."""
    if len(problems) <= 2 * SHOWN:
        return problems
    more = f"{len(problems) - 2 * SHOWN:,} more problems like these"
    last = problems[2 * SHOWN]
    return [*problems[: 2 * SHOWN], Problem(last.file, more, last.expected, last.repair)]


def _overwritten(file: str, found: str, expected: str) -> Problem:
    return Problem(file, found, expected, "Add --replace to overwrite.")


def _clashes(held: pd.DataFrame, new: pd.DataFrame) -> tuple[list[Problem], set[tuple[str, str]]]:
    """Return what two tables of features say differently, and features whose unit changes."""
    key, problems, changed = ["modality", "feature"], [], set()
    both = held.merge(new, on=key, suffixes=("_held", ""))
    for row in both.to_dict("records"):
        if row["unit_held"] != row["unit"]:
            told = f"the unit {row['unit_held']!r} of {row['feature']!r}"
            problems.append(_overwritten("features.csv", told, repr(row["unit"])))
            changed.add((row["modality"], row["feature"]))
            continue
        limits = row["detection_limit_held"], row["detection_limit"]
        if all(map(pd.notna, limits)) and limits[0] != limits[1]:
            told = f"the detection limit {limits[0]:g} of {row['feature']!r}"
            repair = "Add --replace: the higher of the two then holds for all its values."
            problems.append(Problem("features.csv", told, f"{limits[1]:g}", repair))
    return problems, changed


def _merged_features(
    held: pd.DataFrame, new: pd.DataFrame, emptied: set[tuple[str, str]]
) -> pd.DataFrame:
    """Return both tables in one.

    A canonical id that the package holds stays where the new rows have none, since a person may
    have written it. Of two limits of detection the higher holds, as long as any value of the
    package stays.
    """
    if new.empty:
        return held
    key = ["modality", "feature"]
    before, after = held.set_index(key), new.set_index(key)
    own_ids = after["canonical_id"]
    own_ids = own_ids.where(own_ids != "", None)
    after["canonical_id"] = own_ids.where(own_ids.notna(), before["canonical_id"])
    stays = before["detection_limit"].mask(before.index.isin([*emptied]))
    limits = pd.concat([after["detection_limit"], stays.reindex(after.index)], axis=1)
    after["detection_limit"] = limits.astype(float).max(axis=1)
    kept = before[~before.index.isin(after.index)]
    merged = (pd.concat([kept, after]) if len(kept) else after).reset_index()
    rank = merged["modality"].map({name: place for place, name in enumerate(MODALITIES)})
    merged = merged.iloc[rank.fillna(len(MODALITIES)).argsort(kind="stable")]
    return merged.reset_index(drop=True)


def _twice(held: pd.DataFrame, new: pd.DataFrame, modality: str) -> np.ndarray:
    """Return which values of the package the new ones stand for."""
    key = ["sample_id", "feature"]
    if modality in WHOLE:
        return held["sample_id"].isin(new["sample_id"]).to_numpy(bool)
    return pd.MultiIndex.from_frame(held[key]).isin(pd.MultiIndex.from_frame(new[key]))


def _gives_way(
    held: pd.DataFrame, new: pd.DataFrame, modality: str, changed: set[tuple[str, str]]
) -> np.ndarray:
    """Return which values of the package give way: those held twice, or in another unit."""
    stale = held["feature"].isin([feature for own, feature in changed if own == modality])
    return _twice(held, new, modality) | stale.to_numpy(bool)


def _held_twice(held: pd.DataFrame, new: pd.DataFrame, modality: str) -> list[Problem]:
    again = held.loc[_twice(held, new, modality), "feature"].value_counts(sort=False)
    return [
        _overwritten(
            f"measurements/{modality}.csv", f"{counted(count, 'value')} of {feature!r}", "none yet"
        )
        for feature, count in again.items()
    ]


def _write(
    package: Package, features: pd.DataFrame, tables: dict[str, pd.DataFrame], cells: Any
) -> None:
    """Put the new files of a package in place together."""
    frames: dict[str, pd.DataFrame] = {}
    gone = []
    for modality, table in tables.items():
        end = "parquet" if len(table) > PARQUET_ABOVE else "csv"
        frames[f"measurements/{modality}.{end}"] = table
        old = package.table(modality)
        if old is not None and old.suffix != f".{end}":
            gone.append(f"measurements/{old.name}")
    for modality in MODALITIES:
        # the template's own table goes once there is another
        if modality not in tables and package.table(modality) and tables:
            held = package.measurements(modality)
            if held.empty:
                gone.append(f"measurements/{package.table(modality).name}")  # type: ignore[union-attr]
    if tables:
        frames["features.csv"] = features
    new = {path: _writer(table) for path, table in frames.items()}
    if cells is not None:
        new[CELLS] = lambda path: _write_cells(cells, path)
    text = _described(package.description, frames, gone)
    new["datapackage.json"] = lambda path: _write_text(text, path)
    put_together(package.folder, new, gone)


def _writer(table: pd.DataFrame) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        if path.suffix == ".parquet":
            table.to_parquet(path, index=False)
        else:
            write_csv(table, path)

    return write


def _write_cells(cells: Any, path: Path) -> None:
    cells.write_h5ad(path, compression="gzip")


def _write_text(text: str, path: Path) -> None:
    path.write_text(text, encoding="utf-8")


def _described(
    description: dict[str, Any], tables: dict[str, pd.DataFrame], gone: list[str]
) -> str:
    """Return ``datapackage.json`` with the tables that have come and without those that went."""
    resources, left = [], dict(tables)
    for resource in description.get("resources", []):
        path = resource.get("path") if isinstance(resource, dict) else None
        if path in left:
            resources.append({**resource, **table_resource(path, left.pop(path))})
        elif path not in gone:
            resources.append(resource)
    resources += [table_resource(path, table) for path, table in left.items()]
    told = {**description, "resources": resources}
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"
