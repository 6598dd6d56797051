"""``exercisebook claims``: the ledger in a terminal, its changes, and its freezing."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import typer

from exercisebook.chapters.ledgers import book_ledger
from exercisebook.claims.changes import RELEASED, changes, changes_text, last_release, write_release
from exercisebook.claims.claims import claims
from exercisebook.claims.tables import ledger_text
from exercisebook.claims.verdict import OBSERVED
from exercisebook.errors import Misuse, closest
from exercisebook.paths import ROOT
from exercisebook.publish.provenance import build_date
from exercisebook.sources.catalogue import catalogue


def print_ledger(filters: Mapping[str, str], json: bool) -> None:
    """Print the rows of the ledger that have the wanted values.

    Parameters
    ----------
    filters : mapping of str to str
        Of chapter, dataset, observed: the value wanted.
    json : bool
        Whether as JSON.

    Raises
    ------
    Misuse
        If there is no such data set or verdict.
    """
    for name, known in (("dataset", [*catalogue(), "none"]), ("observed", OBSERVED)):
        if name in filters and filters[name] not in known:
            raise Misuse(f"--{name} {filters[name]!r}; {closest(filters[name], known)}")
    whole = rows = book_ledger()
    for name, value in filters.items():
        rows = rows[rows[name] == value]
    if json:
        typer.echo(rows.to_json(orient="records", indent=1))
    elif len(rows):
        typer.echo(ledger_text(rows, claims()))
    if rows.empty:
        typer.echo(_nothing(whole, filters), err=json)


def _nothing(rows: pd.DataFrame, filters: Mapping[str, str]) -> str:
    """Return that no row was chosen, and what each filter could have chosen."""
    told = ", ".join(f"{name} {value}" for name, value in filters.items())
    there = [
        f"  {name}: "
        + ", ".join(f"{value} ({n})" for value, n in rows[name].value_counts(sort=False).items())
        for name in filters
    ]
    return "\n".join([f"no row of the ledger with {told}; its rows have", *there])


def print_changes(json: bool) -> None:
    """Print what changed since the last release, both verdicts before and after."""
    release = last_release()
    rows = book_ledger()
    found = changes(rows, rows if release is None else release.rows)
    typer.echo(found.to_json(orient="records", indent=1) if json else changes_text(found, release))


def freeze_ledger(version: str) -> Path:
    """Write the ledger of a release; return where."""
    write_release(book_ledger(), version, build_date(ROOT))
    return RELEASED
