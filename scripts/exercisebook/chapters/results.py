"""Results of open data: computed where the bytes are at hand, frozen where they are not.

Frozen results hold what default parameters give, no row one person's value. A computed result
that differs from its frozen one is shown, and said.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel

from exercisebook.cohort.tables import write_csv
from exercisebook.errors import Failure
from exercisebook.paths import RESULTS
from exercisebook.sources.catalogue import dataset
from exercisebook.sources.cohorts import needs_bytes, open_cohort
from exercisebook.sources.fetch import locate
from exercisebook.sources.reference_frames import FRAMES, open_frames

TOLERANCE = 1e-6
"""Relative difference from a frozen result above which a page says so and a test fails."""

ROUNDING = 1e-9
"""Relative difference that machines alone make."""

FROZEN_DIGITS = 12


@dataclass(frozen=True)
class Analysis:
    """One table that a chapter makes from one open data set.

    Attributes
    ----------
    name : str
        Of the table, and of its frozen file.
    dataset : str
        Its data set.
    compute : callable
        From what ``open_data`` gives and the chapter's parameters to a tidy frame without persons.
    depends_on : tuple of str
        Parameters that change it.
    beside : tuple of str
        Other data sets that it takes, such as the gene sets of a score, and opens itself.
    """

    name: str
    dataset: str
    compute: Callable[[Any, BaseModel], pd.DataFrame]
    depends_on: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()

    @property
    def datasets(self) -> tuple[str, ...]:
        """All data sets whose bytes it needs."""
        return (self.dataset, *self.beside)


@dataclass(frozen=True)
class Result:
    """A table with how it came about."""

    frame: pd.DataFrame
    dataset: str
    state: Literal["computed", "frozen"]
    drift: float
    """Largest relative difference from the frozen table; 0 where none was compared."""


@cache
def open_data(name: str) -> Any:
    """Return an open data set, or None where its bytes are not at hand.

    Of people or animals it is a Cohort; of the laboratory or of genetics, frames by name.
    """
    if locate(dataset(name)) is None:
        return None
    return open_frames(name) if name in FRAMES else open_cohort(name)


def lacking(analysis: Analysis) -> list[str]:
    """Return the data sets of an analysis whose bytes are not at hand."""
    return [name for name in analysis.datasets if open_data(name) is None]


def run(analysis: Analysis, parameters: BaseModel) -> Result:
    """Return an analysis' table.

    Parameters
    ----------
    analysis : Analysis
        Which.
    parameters : BaseModel
        The chapter's, validated.

    Raises
    ------
    Failure
        If the bytes are not at hand and the parameters are not the default ones, or nothing
        was frozen.
    """
    default = is_default(parameters, analysis.depends_on)
    absent = lacking(analysis)
    path = frozen_path(analysis)
    if absent:
        if not default or not path.exists():
            changed = ", ".join(f"{n}={getattr(parameters, n)}" for n in analysis.depends_on)
            reason = (
                "" if default else f" (frozen results are for default parameters, not {changed})"
            )
            raise Failure("; ".join(map(needs_bytes, absent)) + reason)
        return Result(read_frozen(path), analysis.dataset, "frozen", 0.0)
    frame = analysis.compute(open_data(analysis.dataset), parameters)
    drift = 0.0
    if default and path.exists():
        drift = largest_difference(frame, read_frozen(path))
    return Result(frame, analysis.dataset, "computed", drift)


def is_default(parameters: BaseModel, names: Iterable[str] | None = None) -> bool:
    """Return whether the named parameters (or all) have their default values."""
    fields = type(parameters).model_fields
    chosen = fields if names is None else names
    return all(getattr(parameters, name) == fields[name].default for name in chosen)


def frozen_path(analysis: Analysis) -> Path:
    """Return where an analysis' frozen table lies."""
    return RESULTS / analysis.dataset / f"{analysis.name}.csv"


def read_frozen(path: Path) -> pd.DataFrame:
    """Return a frozen table; empty text stays text in columns that hold any."""
    frame = pd.read_csv(path)
    words = [c for c in frame if frame[c].dtype == object or c == "flag"]
    return frame.assign(**{c: frame[c].astype(object).fillna("") for c in words})


def freeze(analysis: Analysis, parameters: BaseModel) -> Path:
    """Compute an analysis with default parameters and write its frozen table.

    A table that is the same but for rounding is left as it lies, so that another machine's last
    digits are not a change of results.

    Raises
    ------
    Failure
        If the bytes are not at hand.
    """
    if absent := lacking(analysis):
        raise Failure("; ".join(map(needs_bytes, absent)))
    path = frozen_path(analysis)
    frame = analysis.compute(open_data(analysis.dataset), parameters)
    if not path.exists() or largest_difference(frame, read_frozen(path)) > ROUNDING:
        write_csv(frame, path, FROZEN_DIGITS)
    return path


def largest_difference(frame: pd.DataFrame, frozen: pd.DataFrame) -> float:
    """Return the largest relative difference between two tables, infinite if they do not match."""
    if list(frame.columns) != list(frozen.columns) or len(frame) != len(frozen):
        return np.inf
    worst = 0.0
    for name in frame.columns:
        if pd.api.types.is_numeric_dtype(frame[name]) and frame[name].dtype != bool:
            a, b = frame[name].to_numpy(float), frozen[name].to_numpy(float)
            if not np.array_equal(np.isnan(a), np.isnan(b)):
                return np.inf
            finite = np.isfinite(a) & np.isfinite(b)
            apart = np.abs(a[finite] - b[finite]) / np.maximum(np.abs(b[finite]), 1e-12)
            worst = max(worst, float(np.max(apart, initial=0.0)))
            if (a != b)[~finite & ~np.isnan(a)].any():
                return np.inf
        elif list(frame[name].fillna("").astype(str)) != list(frozen[name].astype(str)):
            return np.inf
    return worst
