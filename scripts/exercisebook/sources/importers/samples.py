"""Whose a vendor's samples are: found among those of the package, by id or by a file of ids."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from exercisebook.errors import InvalidInput, Problem, listed
from exercisebook.sources.importers.hints import near_id
from exercisebook.sources.importers.intake import Account, counted
from exercisebook.sources.importers.textfiles import SHOWN, Layout, read_table

NAMED = 5
"""Ids that are named where there are many."""


def read_ids(path: Path | None) -> dict[str, str]:
    """Return sample ids by the vendor's, from a CSV with two columns; empty without a path."""
    if path is None:
        return {}
    table = read_table(path, Layout(options=()))
    wanted = ["vendor_id", "sample_id"]
    absent = [name for name in wanted if name not in table.frame]
    if absent:
        found = "columns " + listed(map(repr, table.frame.columns))
        expected = "the columns vendor_id and sample_id"
        raise InvalidInput([Problem(table.file, found, expected, "Name them so.", 1)])
    own = table.frame[wanted].map(as_text)
    twice = own.index[own["vendor_id"].duplicated()]
    if len(twice):
        raise InvalidInput(
            Problem(
                table.file, repr(own.at[row, "vendor_id"]), "each once", "Remove one.", int(row),
                "vendor_id",
            )
            for row in twice[:SHOWN]
        )  # fmt: skip
    return dict(zip(own["vendor_id"], own["sample_id"], strict=True))


def as_text(cell: object) -> str:
    """Return an id as text: 7 and 7.0 of a workbook are both ``7``."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return str(cell).strip()


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
                f"{listed(unknown, NAMED)}"
            )
        if self.drop_unknown or unknown.empty:
            return found, []
        return found, [self._strangers(unknown, file, column)]

    def by_columns(self, key: list[str]) -> "Samples":
        """Return the same samples under what several columns of theirs say, as in ``01, before``.

        Raises
        ------
        InvalidInput
            If the columns leave several samples without a difference.
        """
        said = self.known[key].agg(", ".join, axis=1)
        if said.duplicated().any():
            found = f"several samples for {listed(said[said.duplicated()].unique(), 3)}"
            repair = "Add --arm-column, or name samples by --sample-column."
            raise InvalidInput(
                [Problem("samples.csv", found, "one a " + " and ".join(key), repair)]
            )
        names = dict(zip(self.known["sample_id"], said, strict=True))
        ids = {theirs: names.get(own, own) for theirs, own in self.ids.items()}
        return Samples(self.known.assign(sample_id=said), ids, self.drop_unknown)

    def tell_absent(self, found: pd.Series, account: Account) -> None:
        """Tell which samples of the package have nothing in what was read."""
        held = set(found)
        absent = [name for name in self.known["sample_id"] if name not in held]
        if absent:
            account.noted.append(
                f"nothing of {counted(len(absent), 'sample')} of samples.csv: "
                f"{listed(absent, NAMED)}"
            )

    def _strangers(self, unknown: pd.Series, file: str, column: str | None) -> Problem:
        """Return the one problem of all ids of a file that the package lacks."""
        first = list(unknown.head(NAMED).items())
        several = len(unknown) > 1
        rows = [f" (row {row})" if column and several else "" for row, _ in first]
        told = [self._told(str(name)) + row for (_, name), row in zip(first, rows, strict=True)]
        found = told[0]
        if several:
            rest = len(unknown) - len(told)
            found = f"{len(unknown):,} ids that are none: {', '.join(told)}"
            found += f" and {rest:,} more" if rest else ""
        meant = [(str(name), self._meant(str(name))) for _, name in first]
        hints = [f"{own!r}" + f" for {name!r}" * several for name, own in meant if own]
        them = "them" if several else "it"
        repair = f"Correct {them}, name {them} in a file of --ids, or leave {them} out with \
--drop-unknown"
        repair += f" (did you mean {', '.join(hints)}?)." if hints else "."
        such = listed(map(repr, self.known["sample_id"].head(2)))
        expected = f"a sample of samples.csv, such as {such}"
        row = int(first[0][0]) if column else None
        return Problem(file, found, expected, repair, row, column)

    def _told(self, name: str) -> str:
        told = repr(name) if name else "an empty field"
        return told + (f", by --ids {self.ids[name]!r}" if name in self.ids else "")

    def _meant(self, name: str) -> str | None:
        return near_id(self.ids.get(name, name), map(str, self.known["sample_id"]))
