"""What changed in the ledger since the last release.

The ledger of a release is one file with its version and date, written whole. No verdict is made
here; two ledgers are compared.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pa

from exercisebook.claims.ledger import COLUMNS
from exercisebook.cohort.tables import read_csv, write_csv
from exercisebook.errors import InvalidInput, Misuse, Problem
from exercisebook.paths import DATA

RELEASED = DATA / "releases" / "ledger.csv"
"""The ledger of the last release; there is none before the first."""

NUMBERS = ("estimate", "ci_low", "ci_high", "n_subjects", "detectable")

ROUNDING = 1e-6
"""Relative difference of a number below which it has not moved."""

NEW = "new"
GONE = "gone"
VERDICT = "other verdict"
MOVED = "moved"

DIGITS = 12
"""Significant digits of the numbers that are written."""

_KEY = ["claim_id", "dataset"]
_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")
_SHOWN = ("observed", "cause", "estimate", "ci_low", "ci_high", "n_subjects")

_TEXT = pa.Column(str, pa.Check.str_length(min_value=1))
_RELEASE = pa.DataFrameSchema(
    {
        "version": _TEXT,
        "date": _TEXT,
        **{name: pa.Column(float, nullable=True) if name in NUMBERS else _TEXT for name in COLUMNS},
    },
    unique=_KEY,
    name="ledger of a release",
)


@dataclass(frozen=True)
class Release:
    """The ledger as a release told it."""

    version: str
    date: str
    rows: pd.DataFrame


def last_release(path: Path = RELEASED) -> Release | None:
    """Return the ledger of the last release, or None where there has been none.

    Raises
    ------
    InvalidInput
        With every fault of the file, two versions or dates in it among them.
    """
    if not path.exists():
        return None
    table = read_csv(path, _RELEASE)
    for name in ("version", "date"):
        if table[name].nunique() != 1:
            found = ", ".join(map(repr, table[name].unique()[:3])) or "no row"
            repair = "Restore the file as the release wrote it."
            raise InvalidInput([Problem(path.name, found, "one release", repair, column=name)])
    return Release(table["version"].iloc[0], table["date"].iloc[0], table[COLUMNS])


def write_release(rows: pd.DataFrame, version: str, date: str, path: Path = RELEASED) -> None:
    """Freeze the ledger of a release, whole or not at all.

    Raises
    ------
    Misuse
        If the version is none, or is not later than that of the last release.
    """
    if not _VERSION.fullmatch(version):
        raise Misuse(f"{version!r} is no version; name one as 1.2.3")
    before = last_release(path)
    if before and _parts(version) <= _parts(before.version):
        raise Misuse(f"{version} is not later than {before.version}, whose ledger stands")
    write_csv(
        rows[COLUMNS].assign(version=version, date=date)[list(_RELEASE.columns)], path, DIGITS
    )


def changes(rows: pd.DataFrame, released: pd.DataFrame) -> pd.DataFrame:
    """Return what differs between two ledgers.

    Parameters
    ----------
    rows, released : DataFrame
        The ledger of today, and that of the release.

    Returns
    -------
    DataFrame
        One row a claim and data set that changed: claim_id, dataset, change, and both verdicts,
        estimate, interval and n with ``_before`` and ``_after``. A row whose verdict (either
        one) is another has that change, whether or not its numbers moved too.
    """
    both = released.merge(
        rows, on=_KEY, how="outer", suffixes=("_before", "_after"), indicator="where", sort=True
    )
    verdict = np.logical_or.reduce(
        [(both[f"{v}_before"] != both[f"{v}_after"]).to_numpy() for v in ("observed", "cause")]
    )
    moved = np.logical_or.reduce([_moved(both, name) for name in NUMBERS])
    only = both["where"].to_numpy()
    what = np.select(
        [only == "right_only", only == "left_only", verdict, moved], [NEW, GONE, VERDICT, MOVED], ""
    )
    shown = [f"{name}_{when}" for when in ("before", "after") for name in _SHOWN]
    return both.assign(change=what)[what != ""][[*_KEY, "change", *shown]].reset_index(drop=True)


def changes_text(found: pd.DataFrame, release: Release | None) -> str:
    """Return the changes as paragraphs for a terminal, both verdicts before and after."""
    if release is None:
        return "no release has been made yet, so there is nothing to compare with"
    since = f"since {release.version} ({release.date})"
    if found.empty:
        return f"nothing has changed {since}"
    parts = [
        f"{row['claim_id']}, data: {row['dataset']}: {row['change']}\n"
        f"  before: {state_text(row, 'before')}\n  now:    {state_text(row, 'after')}"
        for _, row in found.iterrows()
    ]
    return "\n\n".join([f"rows changed {since}: {len(found)}", *parts])


def state_text(row: pd.Series, when: str) -> str:
    """Return one side of a change in words: both verdicts, and the estimate if there is one.

    Parameters
    ----------
    row : Series
        Of ``changes``.
    when : {"before", "after"}
    """
    if pd.isna(row[f"observed_{when}"]):
        return "no such row"
    told = f"observed {row[f'observed_{when}']}; cause {row[f'cause_{when}']}"
    estimate, low, high, n = (
        row[f"{name}_{when}"] for name in ("estimate", "ci_low", "ci_high", "n_subjects")
    )
    if np.isnan(estimate):
        return told
    return f"{told}; estimate {estimate:.7g} ({low:.7g} to {high:.7g}), n = {n:.0f}"


def _moved(both: pd.DataFrame, name: str) -> np.ndarray:
    before, after = (both[f"{name}_{when}"].to_numpy(float) for when in ("before", "after"))
    return ~np.isclose(before, after, rtol=ROUNDING, atol=1e-12, equal_nan=True)


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
