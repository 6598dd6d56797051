"""What a reader of a vendor's format hands over: rows of a package, and an account of them.

Readers make one long table; limits of detection are settled here, one a feature.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from exercisebook.cohort.schemas import FEATURES, MEASUREMENTS
from exercisebook.errors import InvalidInput, Problem, listed
from exercisebook.sources.importers.textfiles import refuse_unreadable

if TYPE_CHECKING:
    from exercisebook.sources.importers.samples import Samples

LONG = ("modality", "feature", "canonical_id", "unit", "limit", "sample_id", "value", "status")
"""Columns of the table that a reader makes; ``limit`` is NaN where none is known."""


@dataclass
class Account:
    """What an import took, converted, dropped and could not match, in lines to be printed."""

    took: list[str] = field(default_factory=list)
    converted: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    unmatched: list[str] = field(default_factory=list)
    noted: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """Return each line with what kind it is of."""
        told = {
            "took": self.took,
            "converted": self.converted,
            "dropped": self.dropped,
            "not matched": self.unmatched,
            "note": self.noted,
        }
        return [f"{kind}: {line}" for kind, lines in told.items() for line in lines]


@dataclass(frozen=True)
class Intake:
    """Rows for a package.

    Attributes
    ----------
    features : DataFrame
        In the columns of ``FEATURES``.
    measurements : dict of str to DataFrame
        By modality, in the columns of ``MEASUREMENTS``.
    account : Account
    cells : AnnData or None
        Raw counts with ``obs["sample_id"]``.
    """

    features: pd.DataFrame
    measurements: dict[str, pd.DataFrame]
    account: Account
    cells: Any = None


Rows = tuple[pd.DataFrame, list[Problem]]
"""Rows that could be read, and what is wrong with the others."""


def collect(
    paths: list[Path],
    read: Callable[[Path], Rows],
    settle: Callable[[pd.DataFrame], Rows],
    samples: "Samples",
    account: Account,
    problems: Iterable[Problem] = (),
) -> Intake:
    """Return the rows that files have for a package.

    Parameters
    ----------
    paths : list of Path
    read : function
        Of a path, what its file holds.
    settle : function
        Of the rows of all files, those of the package in the columns ``LONG``, and what no file
        shows alone.
    samples : Samples
    account : Account
        What was told before; more is told here.
    problems : iterable of Problem, optional
        What is wrong before any file is read.

    Raises
    ------
    InvalidInput
        With everything wrong in every file and between them.
    """
    problems, parts = list(problems), []
    for path in paths:
        try:
            refuse_unreadable(path)
            part, faults = read(path)
        except InvalidInput as error:
            problems += error.problems
            continue
        problems += faults
        parts.append(part)
    rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    if rows.empty:
        raise InvalidInput(problems or [nothing_taken(paths[0])])
    long, faults = settle(rows)
    if problems + faults:
        raise InvalidInput(problems + faults)
    samples.tell_absent(long["sample_id"], account)
    return gather(long, account)


def gather(long: pd.DataFrame, account: Account) -> Intake:
    """Return the rows of a package from a reader's long table.

    A feature has one limit of detection, the highest that was given: what lies below it is below
    detection in every sample, and its value is the limit.

    Parameters
    ----------
    long : DataFrame
        The columns ``LONG``; status ok, below_detection, missing or excluded.
    account : Account
        What the reader has told; more is told here.
    """
    key = ["modality", "feature"]
    long = long.reset_index(drop=True)
    limits = long.groupby(key, sort=False)["limit"].agg(["max", "nunique"])
    account.noted.extend(_several_limits(limits[limits["nunique"] > 1]))
    long = below_limit(long, long.groupby(key, sort=False)["limit"].transform("max"))
    features = long.drop_duplicates(key).set_index(key)
    features["detection_limit"] = limits["max"]
    features = features.reset_index()[list(FEATURES.columns)]
    unlinked = features[features["canonical_id"] == ""]
    if len(unlinked):
        names = listed(unlinked["feature"], 6)
        account.unmatched.append(
            f"{len(unlinked):,} of {counted(len(features), 'feature')} without a canonical id, "
            f"to meet no claim: {names}"
        )
    tables = {
        modality: own[list(MEASUREMENTS.columns)].reset_index(drop=True)
        for modality, own in long.groupby("modality", sort=False)
    }
    account.took.extend(_taken(long))
    return Intake(features, tables, account)


def below_limit(table: pd.DataFrame, limit: pd.Series) -> pd.DataFrame:
    """Return measurements of which no value is below its limit of detection.

    Parameters
    ----------
    table : DataFrame
        With the columns value and status.
    limit : Series
        Of each row; NaN where there is none.
    """
    under = (table["status"] == "ok") & (table["value"] < limit)
    below = under | (table["status"] == "below_detection")
    return table.assign(
        value=table["value"].where(~below | limit.isna(), limit),
        status=table["status"].where(~below, "below_detection"),
    )


def nothing_taken(path: Path) -> Problem:
    """Return the problem of a file that has nothing of the package's samples."""
    found = "no value of a sample in samples.csv"
    return Problem(path.name, found, "one or more", "Look at the ids, or name them with --ids.")


def counted(number: int, word: str) -> str:
    """Return ``1 sample`` or ``1,200 samples``."""
    return f"{number:,} {word}" + ("" if number == 1 else "s")


def _several_limits(differ: pd.DataFrame) -> Iterable[str]:
    if len(differ):
        yield (
            f"{counted(len(differ), 'feature')} with several limits of detection; the highest is "
            "used: " + listed([feature for _, feature in differ.index], 6)
        )


def _taken(long: pd.DataFrame) -> list[str]:
    lines = []
    for modality, own in long.groupby("modality", sort=False):
        states = own["status"].value_counts()
        named = {"below_detection": "below detection", "missing": "missing", "excluded": "excluded"}
        parts = [f"{states[kind]:,} {words}" for kind, words in named.items() if kind in states]
        linked = own.loc[own["canonical_id"] != "", "feature"].nunique()
        lines.append(
            f"{modality}: {counted(own['feature'].nunique(), 'feature')} ({linked:,} with a "
            f"canonical id) in {counted(own['sample_id'].nunique(), 'sample')}, "
            f"{counted(len(own), 'value')}" + (f", of these {', '.join(parts)}" if parts else "")
        )
    return lines
