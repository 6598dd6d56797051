"""Olink's NPX, long as CSV, XLSX or parquet in old and new columns, or wide as NPX Manager saves.

NPX is a logarithm to base 2 on a relative scale. What is stored is 2 to its power, in the unit
``relative``, so that the book's logarithm of a value is NPX again and a difference of NPX is a
log2 ratio. Quantities in pg/mL (Target 48, Flex) are not read here.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from exercisebook.errors import InvalidInput, Problem, listed
from exercisebook.sources.importers import names
from exercisebook.sources.importers.hints import near
from exercisebook.sources.importers.intake import (
    LONG,
    Account,
    Intake,
    Rows,
    collect,
    counted,
)
from exercisebook.sources.importers.samples import Samples, as_text
from exercisebook.sources.importers.textfiles import (
    SHOWN,
    Layout,
    TextTable,
    cannot_open,
    faults_of_numbers,
    numbers_of,
    read_rows,
    read_table,
)
from exercisebook.sources.importers.units import RELATIVE

COLUMNS = {
    "sample": ("sampleid",),
    "olink_id": ("olinkid",),
    "uniprot": ("uniprot", "uniprotid"),
    "assay": ("assay",),
    "npx": ("npx",),
    "limit": ("lod", "platelod", "maxlod"),
    "plate": ("plateid",),
    "panel": ("panel",),
    "sample_qc": ("sampleqc", "qcwarning"),
    "assay_qc": ("assayqc", "assaywarning"),
    "sample_type": ("sampletype",),
    "assay_type": ("assaytype",),
    "normalisation": ("normalization",),
}
"""What a column is called, without case and marks, in old and new exports."""

REQUIRED = {"sample": "SampleID", "olink_id": "OlinkID", "assay": "Assay", "npx": "NPX"}

PASSED = ("pass", "passed", "na", "nan", "")
"""What a quality flag says where nothing is wrong, or nothing was judged."""

CONTROL = re.compile(r"control|^neg|^ipc|^pc[_ -]?\d|^sc[_ -]?\d", re.IGNORECASE)
"""Names of control samples in exports that have no column for it."""

FURTHEST = 50
"""NPX beyond which a number is no logarithm of this assay."""

OPTIONS = ("--separator", "--decimal", "--sheet")
"""Options of ``import olink`` by which a user may say how an export is written."""

_LAST_ROWS = ("lod", "max lod", "plate lod", "missing data freq.", "missing data freq",
              "normalization", "assay warning")  # fmt: skip


@dataclass(frozen=True)
class OlinkOptions:
    """What is said of an export.

    Attributes
    ----------
    layout : Layout
    modality : {"proteins", "cytokines"}
    keep_warned : bool
        Whether values with a quality warning stay ``ok``; they are excluded otherwise.
    """

    layout: Layout = field(default_factory=Layout)
    modality: str = "proteins"
    keep_warned: bool = False


def read_olink(paths: list[Path], samples: Samples, options: OlinkOptions) -> Intake:
    """Return the rows that NPX exports have for a package.

    Raises
    ------
    InvalidInput
        With everything wrong in every file.
    """
    account = Account()
    layout = replace(options.layout, options=OPTIONS)

    def read(path: Path) -> Rows:
        table = _open(path, layout)
        account.noted.extend(table.told)
        return _rows(table, samples, layout, account)

    def settle(rows: pd.DataFrame) -> Rows:
        return _long(rows, options, account), _twice(rows)

    return collect(paths, read, settle, samples, account)


def _open(path: Path, layout: Layout) -> TextTable:
    if path.suffix.lower() == ".parquet":
        return TextTable(path.name, _parquet(path), [])
    if path.suffix.lower() == ".zip":
        problem = Problem(path.name, "a ZIP archive", "CSV, XLSX or parquet", "Unpack it first.")
        raise InvalidInput([problem])
    wide = _wide(path, layout)
    return read_table(path, layout) if wide is None else wide


def _parquet(path: Path) -> pd.DataFrame:
    import pyarrow as arrow  # type: ignore[import-untyped]

    try:
        frame = pd.read_parquet(path)
    except (OSError, ValueError, arrow.lib.ArrowException) as error:
        told = " ".join(str(error).split())[:80] or type(error).__name__
        problem = Problem(path.name, f"no parquet ({told})", "a parquet file", "Get it anew.")
        raise InvalidInput([problem]) from None
    frame.index = pd.RangeIndex(2, len(frame) + 2)
    return frame


def _wide(path: Path, layout: Layout) -> TextTable | None:
    """Return a wide export of NPX Manager as a long table; None if it is not one."""
    file, rows, told = read_rows(path, _of_first_rows(path, layout))
    first = {str(row[0]).strip().casefold(): place for place, row in enumerate(rows[:12]) if row}
    if not {"assay", "olinkid"} <= set(first):
        return None
    headers = [name for name in ("panel", "assay", "uniprot id", "olinkid") if name in first]
    head: dict[str, list[Any]] = {name: rows[first[name]] for name in headers}
    body = {
        place: row
        for place, row in enumerate(rows[first["olinkid"] + 1 :], start=first["olinkid"] + 2)
        if row and row[0] not in (None, "")
    }
    last = {str(row[0]).casefold(): row for row in body.values() if _is_last(row[0])}
    limits = next((last[name] for name in _LAST_ROWS[:3] if name in last), [])
    columns = [place for place, cell in enumerate(head["olinkid"]) if place and cell]
    parts = []
    for row, cells in body.items():
        if _is_last(cells[0]):
            continue
        parts += [
            {
                "row": row,
                "SampleID": cells[0],
                "OlinkID": head["olinkid"][place],
                "Assay": _at(head["assay"], place),
                "UniProt": _at(head.get("uniprot id", []), place),
                "Panel": _at(head.get("panel", []), place),
                "NPX": _at(cells, place),
                "LOD": _at(limits, place),
                "QC_Warning": _flag(head, cells, _at(head.get("panel", []), place)),
            }
            for place in columns
        ]
    if not parts:
        raise InvalidInput([Problem(file, "no sample", "a row a sample", "Export it anew.")])
    frame = pd.DataFrame(parts).set_index("row")
    return TextTable(file, frame, [*told, f"{file}: wide, as NPX Manager saves it"])


def _of_first_rows(path: Path, layout: Layout) -> Layout:
    """Return the layout with the separator of a wide file, whose first row is a title."""
    if layout.separator is not None or path.suffix.lower() not in (".csv", ".txt"):
        return layout
    try:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise InvalidInput([cannot_open(path, error)]) from None
    found = re.search(r"^\W?OlinkID\W?([;,\t])", text, flags=re.MULTILINE)
    return replace(layout, separator=found[1]) if found else layout


def _is_last(name: Any) -> bool:
    return str(name).strip().casefold() in _LAST_ROWS


def _at(cells: list[Any], place: int) -> Any:
    return cells[place] if place < len(cells) and cells[place] is not None else ""


def _flag(head: dict[str, list[Any]], cells: list[Any], panel: Any) -> Any:
    """Return the warning of a sample on a panel, which stands in a column of its own."""
    for place, name in enumerate(head["assay"]):
        ours = _at(head.get("panel", []), place) == panel
        if ours and str(name).casefold().replace("_", " ") == "qc warning":
            return _at(cells, place)
    return ""


def _columns(table: TextTable) -> dict[str, str]:
    """Return the table's own name of each column of ``COLUMNS`` that it has."""
    folded = {re.sub(r"[^a-z0-9]", "", str(name).casefold()): name for name in table.frame}
    found = {
        ours: next(folded[name] for name in spelled if name in folded)
        for ours, spelled in COLUMNS.items()
        if any(name in folded for name in spelled)
    }
    absent = [name for ours, name in REQUIRED.items() if ours not in found]
    if "npx" not in found and "quantifiedvalue" in folded:
        found_ = "quantities and no NPX"
        repair = "Export NPX; quantities in pg/mL go in by import table."
        raise InvalidInput([Problem(table.file, found_, "a column 'NPX'", repair, 1)])
    if absent:
        told = "columns " + listed(map(repr, table.frame), 6)
        raise InvalidInput(
            Problem(table.file, told, f"a column {name!r}", _repair_of(name, table.frame), 1)
            for name in absent
        )
    return found


def _repair_of(name: str, columns: Iterable[object]) -> str:
    meant = near(name, map(str, columns))
    hint = f" ({meant!r} may be it: rename it)" if meant else ""
    return f"Export it as NPX in long form{hint}, or wide as NPX Manager does."


def _rows(
    table: TextTable, samples: Samples, layout: Layout, account: Account
) -> tuple[pd.DataFrame, list[Problem]]:
    """Return an export's own samples and assays, and what is wrong with them."""
    named = _columns(table)
    frame = table.frame.rename(columns={theirs: ours for ours, theirs in named.items()})
    for ours in COLUMNS:
        if ours not in frame:
            frame[ours] = ""
    frame["sample"] = frame["sample"].map(as_text)
    frame = frame[_own_assays(frame, table.file, account)]
    frame = frame[_own_samples(frame, samples, table.file, account)]
    npx = numbers_of(frame["npx"], layout)
    lod = numbers_of(frame["limit"], layout)
    for read in (npx, lod):
        read["bad"] |= read["below"] | (read["value"].abs() > FURTHEST)
        read["value"] = read["value"].mask(read["bad"])
    problems = faults_of_numbers(table, named["npx"], npx["bad"], layout)
    problems += _faults_of_limits(table, named, lod, layout)
    own, faults = samples.join(frame["sample"], table.file, named["sample"], account)
    if not lod["value"].notna().any():
        account.noted.append(
            f"{table.file}: no limits of detection, so nothing counts as below detection"
        )
    _tell_plates(frame, table.file, account)
    about = {"file": table.file, "row": frame.index, "sample_id": own, "npx": npx["value"]}
    frame = frame.assign(**about, limit=lod["value"])
    return frame[own.notna()], problems + faults


def _faults_of_limits(
    table: TextTable, named: dict[str, str], lod: pd.DataFrame, layout: Layout
) -> list[Problem]:
    if "limit" not in named:
        return []
    return faults_of_numbers(table, named["limit"], lod["bad"], layout)


def _own_assays(frame: pd.DataFrame, file: str, account: Account) -> pd.Series:
    kind = frame["assay_type"].map(as_text).str.casefold()
    own = kind.isin(["assay", "", "nan", "none"])
    if not own.all():
        away = frame.loc[~own, "olink_id"].nunique()
        account.dropped.append(f"{file}: {counted(away, 'internal control')} among the assays")
    return own


def _own_samples(frame: pd.DataFrame, samples: Samples, file: str, account: Account) -> pd.Series:
    """Return which rows are of no control; a sample that the package names is none."""
    kind = frame["sample_type"].map(as_text).str.casefold()
    unsaid = kind.isin(["", "nan", "none"])
    control = ~unsaid & (kind != "sample")
    control |= unsaid & frame["sample"].str.contains(CONTROL)
    named = samples.ids.keys() | set(samples.known["sample_id"])
    control &= ~frame["sample"].isin(named)
    if control.any():
        away = frame.loc[control, "sample"].unique()
        account.dropped.append(f"{file}: {counted(len(away), 'control sample')}: {listed(away, 6)}")
    return ~control


def _tell_plates(frame: pd.DataFrame, file: str, account: Account) -> None:
    plates = [plate for plate in frame["plate"].map(as_text).unique() if plate]
    if len(plates) > 1:
        account.noted.append(
            f"{file}: {len(plates)} plates ({listed(plates, 6)}); say in samples.csv, under batch, "
            "which sample was on which"
        )
    kinds = [kind for kind in frame["normalisation"].map(as_text).unique() if kind]
    if len(kinds) > 1:
        account.noted.append(f"{file}: normalised in several ways: {listed(kinds)}")


def _twice(rows: pd.DataFrame) -> list[Problem]:
    again = rows[rows.duplicated(["sample_id", "olink_id"])]
    problems = [
        Problem(
            row.file, f"a second NPX of {row.assay} ({row.olink_id}) for {row.sample_id!r}", "one",
            "Leave out the plate that does not count, or name its samples apart with --ids.",
            int(row.row), "NPX",
        )
        for row in again.head(SHOWN).itertuples()
    ]  # fmt: skip
    if len(again) > SHOWN:
        more = f"{len(again) - SHOWN:,} more such rows"
        problems.append(Problem(again["file"].iloc[0], more, "one a sample and assay", "As above."))
    return problems


def _long(rows: pd.DataFrame, options: OlinkOptions, account: Account) -> pd.DataFrame:
    """Return an export's rows as a reader's long table."""
    account.converted.append(
        f"{rows['npx'].notna().sum():,} NPX to 2 to the power of NPX, in the unit {RELATIVE}"
    )
    warned = _warned(rows["sample_qc"]) | _warned(rows["assay_qc"])
    if warned.any():
        fate = "kept" if options.keep_warned else "excluded (--keep-warned keeps them)"
        account.noted.append(f"{counted(warned.sum(), 'value')} with a quality warning: {fate}")
    away = warned & (not options.keep_warned)
    status = np.select([rows["npx"].isna(), away], ["missing", "excluded"], "ok")
    long = rows.assign(
        modality=options.modality, unit=RELATIVE, value=np.exp2(rows["npx"]), status=status,
        limit=np.exp2(rows["limit"]),
    )  # fmt: skip
    assays = _assays(long, account)
    long["feature"] = long["olink_id"].map(assays["feature"])
    long["canonical_id"] = long["olink_id"].map(assays["canonical_id"])
    return long[list(LONG)]


def _warned(flags: pd.Series) -> pd.Series:
    return ~flags.map(as_text).str.casefold().isin(PASSED)


def _assays(long: pd.DataFrame, account: Account) -> pd.DataFrame:
    """Return feature and canonical id by Olink's id.

    A protein that several panels measure keeps them all, under names that tell them apart; the
    canonical id goes to the one that was found in most samples.
    """
    found = (long["status"] == "ok") & ~(long["value"] < long["limit"])
    by_id = long.assign(found=found).groupby("olink_id", sort=False)
    assays = by_id[["assay", "uniprot"]].first().map(as_text)
    assays["found"] = by_id["found"].sum()
    several = assays["assay"].duplicated(keep=False)
    apart = assays["assay"] + " (" + assays.index.astype(str) + ")"
    assays["feature"] = assays["assay"].where(~several, apart)
    modality = str(long["modality"].iloc[0])
    linked = names.canonical_ids(assays["assay"], modality, assays["uniprot"])
    first = assays.assign(c=linked).sort_values("found", ascending=False, kind="stable")
    second = first["c"].ne("") & first.duplicated("c")
    assays["canonical_id"] = linked.mask(second.reindex(assays.index), "")
    if second.any():
        account.noted.append(
            f"{listed(linked[second.reindex(assays.index)].unique(), 6)}: measured by several "
            "assays; the one found in most samples has the canonical id"
        )
    return assays
