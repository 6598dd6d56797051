"""Tables of taxa: BIOM 1 (JSON) and 2.1 (HDF5), and the TSV that QIIME 2 makes of them.

Values are reads. Features keep the ids of the table, or are summed to a rank of their taxonomy.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from exercisebook.cohort.hdf5 import read_through
from exercisebook.errors import InvalidInput, Problem, listed
from exercisebook.sources.importers.intake import (
    LONG,
    Account,
    Intake,
    Rows,
    collect,
    counted,
)
from exercisebook.sources.importers.samples import Samples
from exercisebook.sources.importers.textfiles import (
    SHOWN,
    Layout,
    TextTable,
    faults_of_numbers,
    numbers_of,
    read_rows,
)

RANKS = ("kingdom", "phylum", "class", "order", "family", "genus", "species")
TAXONOMY = ("taxonomy", "taxon", "consensus lineage", "consensuslineage", "lineage")
"""What a column of lineages is called, folded."""

READS = "reads"

LAYOUT = Layout(separator="\t", options=())

_PREFIX = re.compile(r"^(?:[dkpcofgs]|sk)_{1,2}", re.IGNORECASE)
_IDS = ("#OTU ID", "#OTUID", "#SampleID", "#NAME", "Feature ID", "OTU ID", "id")


def read_biom(
    paths: list[Path], samples: Samples, rank: str | None = None, taxonomy: Path | None = None
) -> Intake:
    """Return the rows that BIOM tables have for a package.

    Parameters
    ----------
    paths : list of Path
    samples : Samples
    rank : str, optional
        One of ``RANKS``, to which counts are summed.
    taxonomy : Path, optional
        A TSV of feature and lineage, where the table itself has none.

    Raises
    ------
    InvalidInput
        With everything wrong in every table.
    """
    return _read(paths, _biom, samples, rank, taxonomy)


def read_qiime2(
    paths: list[Path], samples: Samples, rank: str | None = None, taxonomy: Path | None = None
) -> Intake:
    """Return the rows that TSV tables of QIIME 2 have for a package; see ``read_biom``."""
    return _read(paths, _tsv, samples, rank, taxonomy)


def read_lineages(path: Path) -> pd.Series:
    """Return lineages by feature, from a TSV such as QIIME 2's ``taxonomy.tsv``.

    Raises
    ------
    InvalidInput
        If the file has no two columns.
    """
    _, rows, _ = read_rows(path, LAYOUT)
    body = [row for row in rows[1:] if len(row) > 1 and not row[0].startswith("#q2:")]
    if not body:
        expected = "a header, and a row of feature and lineage each, with tabs"
        raise InvalidInput([Problem(path.name, "no lineages", expected, "Export it anew.")])
    return pd.Series({row[0]: row[1] for row in body})


def _read(
    paths: list[Path], reader: Any, samples: Samples, rank: str | None, taxonomy: Path | None
) -> Intake:
    account = Account()
    lineages = read_lineages(taxonomy) if taxonomy else None

    def read(path: Path) -> Rows:
        counts, own = reader(path, account)
        own = own if lineages is None else lineages
        return _joined(_at_rank(counts, own, rank, path.name, account), samples, path.name, account)

    def settle(rows: pd.DataFrame) -> Rows:
        return rows, _in_several(rows, paths[0])

    return collect(paths, read, settle, samples, account)


def _in_several(rows: pd.DataFrame, path: Path) -> list[Problem]:
    again = rows[rows.duplicated(["sample_id", "feature"])]
    if again.empty:
        return []
    found = f"{listed(again['sample_id'].unique(), 6)} in several tables or columns"
    return [Problem(str(path), found, "each sample once", "Leave one out.")]


def _biom(path: Path, account: Account) -> tuple[pd.DataFrame, pd.Series | None]:
    """Return counts, samples by features, and lineages if the table has them."""
    import biom

    try:
        read_through(path)
        table = biom.load_table(str(path))
    except Exception as error:  # damaged JSON or HDF5 raises whatever its parser's steps raise
        told = " ".join(str(error).split())[:80]
        problem = Problem(path.name, f"no BIOM table ({told})", "BIOM 1 or 2.1", "Export it anew.")
        raise InvalidInput([problem]) from None
    if 0 in table.shape:
        problem = Problem(path.name, "no sample or no feature", "counts", "Export it anew.")
        raise InvalidInput([problem])
    values = np.asarray(table.matrix_data.todense()).T
    counts = pd.DataFrame(values, [*map(str, table.ids())], [*map(str, table.ids("observation"))])
    wrong = ~np.isfinite(values) | (values < 0) | (values != np.floor(values))
    _refuse_fractions(wrong, counts, path.name)
    told = table.metadata(axis="observation")
    return counts, None if told is None else _lineages_of(counts.columns, told)


def _refuse_fractions(wrong: np.ndarray, counts: pd.DataFrame, file: str) -> None:
    if not wrong.any():
        return
    sample, feature = np.argwhere(wrong)[0]
    value = counts.iat[sample, feature]
    raise InvalidInput(
        [
            Problem(
                file,
                f"{value:g} of {counts.columns[feature]!r} in {counts.index[sample]!r}, and "
                f"{wrong.sum() - 1:,} more",
                "counts of reads, whole numbers from 0",
                "Export the table before it is turned into shares.",
            )
        ]
    )


def _lineages_of(features: Iterable[str], metadata: Any) -> pd.Series | None:
    found = {}
    for feature, about in zip(features, metadata, strict=True):
        name = next((key for key in about or {} if str(key).casefold() in TAXONOMY), None)
        if name is not None:
            lineage = about[name]
            found[feature] = lineage if isinstance(lineage, str) else ";".join(map(str, lineage))
    return pd.Series(found) if found else None


def _tsv(path: Path, account: Account) -> tuple[pd.DataFrame, pd.Series | None]:
    """Return counts, samples by features, and lineages if the table has them."""
    _, rows, _ = read_rows(path, LAYOUT)
    start = next((place for place, row in enumerate(rows) if row and row[0] in _IDS), None)
    if start is None or len(rows[start]) < 2:
        found = "no row that begins with '#OTU ID'"
        repair = "Export it with: biom convert --to-tsv."
        raise InvalidInput([Problem(path.name, found, "the names of samples in it", repair)])
    header = rows[start]
    body = {
        place: row
        for place, row in enumerate(rows[start + 1 :], start=start + 2)
        if any(row) and not row[0].startswith("#")
    }
    problems = _faults_of_tsv(path.name, header, body, start + 1)
    if problems:
        raise InvalidInput(problems)
    frame = pd.DataFrame(list(body.values()), index=list(body), columns=header, dtype=object)
    lineage = [name for name in header[1:] if name.casefold() in TAXONOMY]
    table = TextTable(path.name, frame, [])
    values, problems = {}, []
    for sample in (name for name in header[1:] if name not in lineage):
        read = numbers_of(frame[sample], LAYOUT)
        number = read["value"].fillna(0)
        read["bad"] |= read["below"] | (number < 0) | (number != np.floor(number))
        problems += faults_of_numbers(table, sample, read["bad"], LAYOUT)
        values[sample] = number
    if problems:
        raise InvalidInput(problems)
    counts = pd.DataFrame(values).set_axis(frame[header[0]].astype(str)).T
    lineages = frame.set_index(header[0])[lineage[0]].astype(str) if lineage else None
    return counts, lineages


def _faults_of_tsv(
    file: str, header: list[str], body: dict[int, list[str]], row: int
) -> list[Problem]:
    if not body:
        return [Problem(file, "no feature", "a row a feature", "Export it anew.")]
    problems = [
        Problem(file, f"two columns {name!r}", "each sample once", "Rename one.", row)
        for name in dict.fromkeys(header)
        if header.count(name) > 1
    ]
    problems += [
        Problem(file, f"{len(cells)} fields", f"{len(header)}", "Export it anew.", place)
        for place, cells in body.items()
        if len(cells) != len(header)
    ][:SHOWN]
    ids = [cells[0] for cells in body.values()]
    twice = [name for name in dict.fromkeys(ids) if ids.count(name) > 1][:SHOWN]
    return problems + [
        Problem(file, f"two rows {name!r}", "each feature once", "Rename one.") for name in twice
    ]


def _at_rank(
    counts: pd.DataFrame, lineages: pd.Series | None, rank: str | None, file: str, account: Account
) -> pd.DataFrame:
    """Return counts summed to a rank; as they are without one."""
    if rank is None:
        return counts
    if lineages is None:
        repair = "Name them with --taxonomy FILE, or leave out --rank."
        raise InvalidInput([Problem(file, "no lineages", "a column 'taxonomy'", repair)])
    own = counts.columns.to_series().map(lineages)
    taxa = own.map(lambda lineage: taxon(lineage, rank))
    account.converted.append(
        f"{file}: {counted(counts.shape[1], 'feature')} summed to {taxa.nunique():,} by {rank}"
    )
    return counts.T.groupby(taxa.to_numpy(), sort=False).sum().T


def taxon(lineage: Any, rank: str) -> str:
    """Return what a lineage is called at a rank, or the nearest rank above that has a name.

    ``k__Bacteria; p__Firmicutes; c__; ...`` at the rank of genus is ``unclassified Firmicutes``.
    """
    if not isinstance(lineage, str):
        return "unclassified"
    names = [_PREFIX.sub("", part.strip()).strip() for part in lineage.split(";")]
    names = names[: RANKS.index(rank) + 1]
    if len(names) == len(RANKS) and names[-1] and names[-2] and " " not in names[-1]:
        names[-1] = f"{names[-2]} {names[-1].removeprefix(names[-2] + '_')}"
    if len(names) == RANKS.index(rank) + 1 and _is_name(names[-1]):
        return names[-1]
    above = [name for name in names if _is_name(name)]
    return f"unclassified {above[-1]}" if above else "unclassified"


def _is_name(name: str) -> bool:
    return name.casefold() not in ("", "unassigned", "unclassified", "uncultured", "__")


def _joined(
    counts: pd.DataFrame, samples: Samples, file: str, account: Account
) -> tuple[pd.DataFrame, list[Problem]]:
    own = pd.Series(counts.index, index=range(len(counts)))
    joined, problems = samples.join(own, file, None, account)
    kept = counts[joined.notna().to_numpy()]
    kept = kept.set_axis(joined.dropna().to_numpy())
    absent = kept.columns[(kept == 0).all()] if len(kept) else []
    if len(absent):
        account.dropped.append(
            f"{file}: {counted(len(absent), 'feature')} without a read in these samples"
        )
    kept = kept.drop(columns=absent)
    long = kept.rename_axis(index="sample_id", columns="feature").stack().rename("value")
    about = {"modality": "taxa", "canonical_id": "", "unit": READS, "limit": np.nan, "status": "ok"}
    return long.reset_index().assign(**about)[list(LONG)], problems
