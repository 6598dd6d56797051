"""The package that an import goes into: what it holds, whose samples are whose, and the merge.

Everything is checked before the first byte is written; files are put in place together, and the
old ones come back if that fails.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from exercisebook.cohort.package import PARQUET_ABOVE
from exercisebook.cohort.schemas import FEATURES, MEASUREMENTS, MODALITIES, SAMPLES
from exercisebook.cohort.tables import examine_csv, problems_of, read_csv, write_csv
from exercisebook.errors import InvalidInput, Misuse, Problem, closest, listed
from exercisebook.sources.importers.intake import Account, Intake, counted
from exercisebook.sources.importers.textfiles import SHOWN
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


def read_ids(path: Path | None) -> dict[str, str]:
    """Return sample ids by the vendor's, from a CSV with two columns; empty without a path."""
    from exercisebook.sources.importers.textfiles import Layout, read_table

    if path is None:
        return {}
    table = read_table(path, Layout())
    wanted = ["vendor_id", "sample_id"]
    absent = [name for name in wanted if name not in table.frame]
    if absent:
        found = "columns " + listed(map(repr, table.frame.columns))
        expected = "the columns vendor_id and sample_id"
        raise InvalidInput([Problem(table.file, found, expected, "Name them so.", 1)])
    own = table.frame[wanted].astype(str)
    twice = own.index[own["vendor_id"].duplicated()]
    if len(twice):
        raise InvalidInput(
            Problem(
                table.file, repr(own.at[row, "vendor_id"]), "each once", "Remove one.", int(row)
            )
            for row in twice[:SHOWN]
        )
    return dict(zip(own["vendor_id"], own["sample_id"], strict=True))


@dataclass(frozen=True)
class Samples:
    """How the samples of a vendor's file are found among those of the package.

    Attributes
    ----------
    known : DataFrame
        The package's samples.
    ids : dict of str to str
        Sample ids by the vendor's.
    drop_unknown : bool
        Whether samples that the package lacks are left out, and told.
    """

    known: pd.DataFrame
    ids: dict[str, str]
    drop_unknown: bool = False

    def join(
        self, vendor: pd.Series, file: str, column: str | None, account: Account
    ) -> tuple[pd.Series, list[Problem]]:
        """Return the sample id of each row, NaN where it is left out, and what is wrong.

        Parameters
        ----------
        vendor : Series of str
            The vendor's ids; its index is the row of the file.
        file : str
        column : str, optional
        account : Account
            Is told which samples were left out.
        """
        wanted = vendor.astype(str).str.strip()
        named = wanted.map(lambda name: self.ids.get(name, name))
        known = set(self.known["sample_id"])
        found = named.where(named.isin(known))
        unknown = wanted[found.isna()].drop_duplicates()
        if len(unknown) and self.drop_unknown:
            account.dropped.append(
                f"{file}: {counted(len(unknown), 'sample')} not in samples.csv: "
                f"{listed(unknown, 6)}"
            )
        return found, [] if self.drop_unknown else _strangers(unknown, known, file, column)

    def tell_absent(self, found: pd.Series, account: Account) -> None:
        """Tell which samples of the package have nothing in what was read."""
        absent = [name for name in self.known["sample_id"] if name not in set(found)]
        if absent:
            account.noted.append(
                f"nothing of {counted(len(absent), 'sample')} of samples.csv: {listed(absent, 6)}"
            )


def _strangers(unknown: pd.Series, known: set[str], file: str, column: str | None) -> list[Problem]:
    repair = "Correct it, name it in a file of --ids, or leave it out with --drop-unknown"
    problems = [
        Problem(
            file, repr(name), "a sample_id of samples.csv",
            f"{repair} ({closest(name, sorted(known))}).", int(row) if column else None, column,
        )
        for row, name in unknown.head(SHOWN).items()
    ]  # fmt: skip
    if len(unknown) > SHOWN:
        more = f"{len(unknown) - SHOWN:,} more such samples"
        problems.append(Problem(file, more, "samples of samples.csv", repair + "."))
    return problems


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
    """
    account = intake.account
    held = {modality: package.measurements(modality) for modality in intake.measurements}
    features, clashes, gone = _merged_features(package.features, intake.features)
    problems = clashes
    tables = {}
    for modality, new in intake.measurements.items():
        table, faults, lost = _merged_measurements(held[modality], new, modality, gone)
        tables[modality] = table
        problems = problems + faults
        features = _without_empty(features, modality, held[modality], table)
        if lost and overwrite:
            account.dropped.append(
                f"{modality}: {counted(lost, 'value')} that the package held before"
            )
    if intake.cells is not None and (package.folder / CELLS).exists():
        problems = [*problems, _overwritten(CELLS, "single cells", "none yet")]
    if overwrite:
        problems = []
    problems += problems_of(features, Path("features.csv"), FEATURES)
    for modality, table in tables.items():
        problems += problems_of(table, Path(f"{modality}.csv"), MEASUREMENTS)
    if problems:
        raise InvalidInput(_few(problems))
    account.noted.extend(_several_of_one(features[features["modality"].isin(list(tables))]))
    _write(package, features, tables, intake.cells)
    return account


def _without_empty(
    features: pd.DataFrame, modality: str, held: pd.DataFrame, table: pd.DataFrame
) -> pd.DataFrame:
    """Return features without those of which every value has given way."""
    emptied = set(held["feature"]) - set(table["feature"])
    away = (features["modality"] == modality) & features["feature"].isin(emptied)
    return features[~away].reset_index(drop=True)


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


def _merged_features(
    held: pd.DataFrame, new: pd.DataFrame
) -> tuple[pd.DataFrame, list[Problem], set[tuple[str, str]]]:
    """Return both tables in one, what differs between them, and features whose unit changed.

    A canonical id that the package holds stays where the new rows have none: a person may have
    written it.
    """
    if new.empty:
        return held, [], set()
    key = ["modality", "feature"]
    before, after = held.set_index(key), new.set_index(key)
    shared = before.index.intersection(after.index)
    problems, changed = [], set()
    for column in ("unit", "detection_limit"):
        for place in shared:
            old, own = before.at[place, column], after.at[place, column]
            if pd.isna(old) or pd.isna(own) or old == own:
                continue
            problems.append(
                _overwritten("features.csv", f"{column} {old!r} of {place[1]!r}", f"{own!r}")
            )
            if column == "unit":
                changed.add(place)
    own_ids = after["canonical_id"]
    after = after.assign(canonical_id=own_ids.where(own_ids != "", None))
    own = before.loc[shared, ["canonical_id", "detection_limit"]]
    for column in own:
        after[column] = after[column].where(after[column].notna(), own[column])
    kept = before[~before.index.isin(after.index)]
    merged = (pd.concat([kept, after]) if len(kept) else after).reset_index()
    rank = merged["modality"].map({name: place for place, name in enumerate(MODALITIES)})
    merged = merged.iloc[rank.fillna(len(MODALITIES)).argsort(kind="stable")]
    return merged.reset_index(drop=True), problems, changed


def _merged_measurements(
    held: pd.DataFrame, new: pd.DataFrame, modality: str, changed: set[tuple[str, str]]
) -> tuple[pd.DataFrame, list[Problem], int]:
    """Return both tables in one, a problem for each value held twice, and how many give way."""
    key = ["sample_id", "feature"]
    places = pd.MultiIndex.from_frame(held[key])
    twice = places.isin(pd.MultiIndex.from_frame(new[key]))
    if modality in WHOLE:
        twice = held["sample_id"].isin(new["sample_id"]).to_numpy(bool)
    stale = held["feature"].isin([feature for own, feature in changed if own == modality])
    again = held.loc[twice, "feature"].value_counts(sort=False)
    problems = [
        _overwritten(
            f"measurements/{modality}.csv", f"{counted(count, 'value')} of {feature!r}", "none yet"
        )
        for feature, count in again.items()
    ]
    away = twice | stale.to_numpy(bool)
    kept = held[~away]
    table = pd.concat([kept, new], ignore_index=True) if len(kept) else new
    return table, problems, int(away.sum())


def _write(
    package: Package, features: pd.DataFrame, tables: dict[str, pd.DataFrame], cells: Any
) -> None:
    """Put the new files of a package in place together."""
    new: dict[str, Callable[[Path], None]] = {}
    gone = []
    for modality, table in tables.items():
        end = "parquet" if len(table) > PARQUET_ABOVE else "csv"
        new[f"measurements/{modality}.{end}"] = _writer(table)
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
        new["features.csv"] = _writer(features)
    if cells is not None:
        new[CELLS] = lambda path: _write_cells(cells, path)
    text = _described(package.description, [*new], gone)
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


def _described(description: dict[str, Any], new: list[str], gone: list[str]) -> str:
    """Return ``datapackage.json`` with the tables that have come and without those that went."""
    resources = [
        resource
        for resource in description.get("resources", [])
        if not (isinstance(resource, dict) and resource.get("path") in gone)
    ]
    named = {resource.get("path") for resource in resources if isinstance(resource, dict)}
    for path in new:
        if path.startswith("measurements/") and path not in named:
            resources.append(_resource(path))
    told = {**description, "resources": resources}
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def _resource(path: str) -> dict[str, str]:
    kind = Path(path).suffix[1:]
    name = "measurements-" + Path(path).stem.replace("_", "-")
    told = {"name": name, "type": "table", "path": path, "format": kind}
    if kind == "csv":
        return {**told, "mediatype": "text/csv", "encoding": "utf-8"}
    return {**told, "mediatype": "application/vnd.apache.parquet"}


def put_together(folder: Path, new: dict[str, Callable[[Path], None]], gone: list[str]) -> None:
    """Write files of a folder and remove others, all or none.

    Parameters
    ----------
    folder : Path
    new : dict of str to function
        By path in the folder, what writes the file to the path it is given.
    gone : list of str
        Paths in the folder.
    """
    staging = Path(tempfile.mkdtemp(prefix=".import.", dir=folder))
    done: list[str] = []
    try:
        for name, write in new.items():
            (staging / "new" / name).parent.mkdir(parents=True, exist_ok=True)
            write(staging / "new" / name)
        try:
            for name in [*new, *gone]:
                done.append(name)
                _swap(folder, staging, name)
        except BaseException:
            for name in reversed(done):
                _restore(folder, staging, name)
            raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _swap(folder: Path, staging: Path, name: str) -> None:
    target, aside = folder / name, staging / "old" / name
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        aside.parent.mkdir(parents=True, exist_ok=True)
        os.replace(target, aside)
    if (staging / "new" / name).exists():
        (staging / "new" / name).chmod(0o644)
        os.replace(staging / "new" / name, target)


def _restore(folder: Path, staging: Path, name: str) -> None:
    aside = staging / "old" / name
    if aside.exists():
        os.replace(aside, folder / name)
    elif not (staging / "new" / name).exists():
        (folder / name).unlink(missing_ok=True)
