"""Metabolomics Workbench's mwTab files, as text or JSON, read by the mwtab package.

Concentrations go over into the book's units; peak heights and the like are ``relative``. A zero
without a limit of detection says that nothing was found, and is missing.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from exercisebook.errors import InvalidInput, Problem, listed
from exercisebook.sources.features import feature_table
from exercisebook.sources.importers import names, units
from exercisebook.sources.importers.intake import (
    LONG,
    Account,
    Intake,
    collect,
    counted,
)
from exercisebook.sources.importers.samples import Samples
from exercisebook.sources.importers.textfiles import (
    Layout,
    TextTable,
    cannot_open,
    faults_of_numbers,
    numbers_of,
)

METABOLITE = "Metabolite"

ACCESSIONS = ("hmdb_id", "hmdb", "hmdb id", "hmdb_ids", "other_id")
"""Columns of the METABOLITES block that may hold an HMDB accession, folded."""

LAYOUT = Layout(missing=("ND", "nd", "N.D.", "BDL", "LOD", "<LOD"), options=())


def read_mwtab(
    paths: list[Path], samples: Samples, molar_masses: dict[str, float] | None = None
) -> Intake:
    """Return the rows that mwTab files have for a package.

    Parameters
    ----------
    paths : list of Path
    samples : Samples
    molar_masses : dict of str to float, optional
        In g/mol, by metabolite as the file calls it.

    Raises
    ------
    InvalidInput
        With everything wrong in every file.
    """
    account = Account()
    return collect(
        paths,
        lambda path: _rows(path, samples, molar_masses or {}, account),
        lambda rows: (rows, _in_several(rows, paths[0])),
        samples,
        account,
    )


def _in_several(rows: pd.DataFrame, path: Path) -> list[Problem]:
    again = rows[rows.duplicated(["feature", "sample_id"])]
    if again.empty:
        return []
    found = f"{listed(again['feature'].unique(), 6)} in several files"
    repair = "Import one file, or rename what differs."
    return [Problem(str(path), found, "each metabolite once a sample", repair)]


def _open(path: Path) -> Any:
    from mwtab.mwtab import MWTabFile

    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        problem = Problem(path.name, "bytes that are not UTF-8", "UTF-8", "Save it as UTF-8.")
        raise InvalidInput([problem]) from None
    except OSError as error:
        raise InvalidInput([cannot_open(path, error)]) from None
    file = MWTabFile(str(path))
    try:
        file.read_from_str(text.replace("\r\n", "\n"))
    except Exception as error:  # a parser that raises whatever its steps raise
        told = str(error).strip().splitlines()[-1:] or [type(error).__name__]
        problem = Problem(
            path.name, f"no mwTab ({told[0].strip()[:80]})", "mwTab text or JSON",
            "Check it with: mwtab validate.",
        )  # fmt: skip
        raise InvalidInput([problem]) from None
    return file


def _rows(
    path: Path, samples: Samples, molar_masses: dict[str, float], account: Account
) -> tuple[pd.DataFrame, list[Problem]]:
    file = _open(path)
    values = _values(file, path)
    problems: list[Problem] = []
    own = pd.Series(values.columns, index=range(values.shape[1]))
    joined, faults = samples.join(own, path.name, None, account)
    problems += faults
    _tell_factors(file, path.name, account)
    about, faults = _features(file, list(values.index), path, molar_masses, account)
    problems += faults
    numbers, faults = _numbers(values, path.name)
    problems += faults
    kept = numbers.loc[:, joined.notna().to_numpy()].set_axis(joined.dropna().to_numpy(), axis=1)
    zeros = int((kept == 0).to_numpy().sum())
    if zeros:
        account.noted.append(
            f"{path.name}: {counted(zeros, 'zero')}, where nothing was found: missing"
        )
    long = (
        kept.where(kept != 0)
        .rename_axis(index="feature", columns="sample_id")
        .stack(future_stack=True)
    )
    long = long.rename("value").reset_index().join(about, on="feature")
    long["value"] = units.times(long["value"], long["factor"])
    status = np.where(long["value"].isna(), "missing", "ok")
    return long.assign(modality="metabolites", limit=np.nan, status=status)[list(LONG)], problems


def _values(file: Any, path: Path) -> pd.DataFrame:
    """Return the block of values, metabolites by samples, as it stands; repeats are numbered."""
    section = file.data_section_key
    table = file.get_metabolites_data_as_pandas() if section else pd.DataFrame()
    if METABOLITE not in table or table.shape[1] < 2:
        found = "no block of values" if not section else f"an empty block {section}"
        repair = "Values may lie in a results file of their own: import that as a table."
        raise InvalidInput([Problem(path.name, found, "MS_METABOLITE_DATA", repair)])
    if "BINNED" in section:
        repair = "Binned spectra are not read; import identified metabolites."
        raise InvalidInput([Problem(path.name, section, "metabolites", repair)])
    named = table[METABOLITE].astype(str).str.strip()
    table, named = table[named != "Factors"], named[named != "Factors"]
    repeat = named.groupby(named).cumcount()
    named = named.where(repeat == 0, named + " (" + (repeat + 1).astype(str) + ")")
    return table.drop(columns=METABOLITE).set_axis(named.to_numpy()).astype(object)


def _tell_factors(file: Any, name: str, account: Account) -> None:
    """Tell which factors the file knows of its samples: they are not put into samples.csv."""
    levels: dict[str, set[str]] = {}
    for sample in file.get("SUBJECT_SAMPLE_FACTORS") or []:
        for factor, level in (sample.get("Factors") or {}).items():
            levels.setdefault(factor, set()).add(str(level))
    if levels:
        told = "; ".join(f"{factor}: {listed(sorted(own), 4)}" for factor, own in levels.items())
        account.noted.append(f"{name}: factors of its samples, not taken over: {told}")


def _numbers(values: pd.DataFrame, file: str) -> tuple[pd.DataFrame, list[Problem]]:
    table = TextTable(file, values.reset_index(drop=True), [])
    numbers, problems = {}, []
    for column in values:
        read = numbers_of(table.frame[column], LAYOUT)
        bad = read["bad"] | read["below"] | (read["value"] < 0)
        # rows of the block have no number in the file, and are told by their metabolite
        for fault in faults_of_numbers(table, column, bad, LAYOUT):
            where = "" if fault.row is None else f" of {values.index[fault.row]!r}"
            told = Problem(file, fault.found + where, "a number from 0", fault.repair, None, column)
            problems.append(told)
        numbers[column] = read["value"].to_numpy()
    return pd.DataFrame(numbers, index=values.index), problems


def _features(
    file: Any, metabolites: list[str], path: Path, molar_masses: dict[str, float], account: Account
) -> tuple[pd.DataFrame, list[Problem]]:
    """Return canonical id, unit and factor by metabolite."""
    accessions = _accessions(file, metabolites)
    index = pd.Index(metabolites)
    named = pd.Series(metabolites, index=index)
    linked = names.canonical_ids(named, "metabolites", accessions)
    again = linked.ne("") & linked.duplicated()
    if again.any():
        account.noted.append(
            f"{path.name}: {listed(named[again], 6)}: a second row of the same; it has no id"
        )
    linked = linked.mask(again, "")
    unit = str(file[file.data_section_key].get("Units", "")).strip()
    if not units.is_concentration(unit):
        account.noted.append(f"{path.name}: the unit {unit!r} is no concentration: relative")
        about = pd.DataFrame({"canonical_id": linked, "unit": units.RELATIVE, "factor": 1.0})
        return about, []
    about = pd.DataFrame({"canonical_id": linked, "unit": unit, "factor": 1.0})
    problems = []
    for metabolite in index[linked != ""]:
        canonical = linked[metabolite]
        wanted = str(feature_table().at[canonical, "unit"])
        grams = molar_masses.get(metabolite, units.molar_mass(canonical))
        try:
            by = units.factor(unit, wanted, grams)
        except units.NoFactorError as error:
            if not units.needs_molar_mass(unit, wanted):
                about.loc[metabolite, "canonical_id"] = names.UNLINKED
                account.noted.append(f"{path.name}: {metabolite} is not the book's: {error}")
                continue
            repair = f"Say it in g/mol: --molar-mass '{metabolite}=NUMBER'."
            expected = f"a unit that goes over into {wanted!r} ({error})"
            found = f"the unit {unit!r} of {metabolite!r}"
            problems.append(Problem(path.name, found, expected, repair))
            continue
        about.loc[metabolite, ["unit", "factor"]] = [wanted, by]
        if unit != wanted:
            account.converted.append(units.conversion(metabolite, unit, wanted, by, grams))
    return about, problems


def _accessions(file: Any, metabolites: list[str]) -> pd.Series:
    """Return HMDB accessions by metabolite, from the block that describes them."""
    empty = pd.Series("", index=pd.Index(metabolites))
    table = file.get_metabolites_as_pandas()
    column = next((name for name in table if str(name).casefold() in ACCESSIONS), None)
    if METABOLITE not in table or column is None:
        return empty
    known = table.drop_duplicates(METABOLITE).set_index(METABOLITE)[column].astype(str)
    return empty.index.to_series().map(known).fillna("")
