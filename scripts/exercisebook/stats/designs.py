"""The design of a repeated-measures study: cells of arm and phase, covariates, persons.

A contrast is a sum of cells. Whether the design can tell it, and what it is confounded with if
not, is answered here, by name.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import linalg

from exercisebook.errors import InvalidInput, Misuse, Problem, closest

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Design:
    """Columns of a linear model, and whose samples its rows are.

    Attributes
    ----------
    columns : DataFrame, shape (samples, q)
        First an indicator of every cell of arm and phase, then the covariates: numbers centred,
        categories as indicators of all but the first.
    cells : list of (str, str)
        Arm and phase of the first columns.
    persons : ndarray of int, shape (samples,)
        Codes from 0, in order of appearance.
    """

    columns: pd.DataFrame
    cells: list[tuple[str, str]]
    persons: NDArray[np.int64]

    @property
    def matrix(self) -> Floats:
        """The columns as an array, shape (samples, q)."""
        return self.columns.to_numpy(float)


def cell_design(samples: pd.DataFrame, covariates: Sequence[str] = ()) -> Design:
    """Return the design with a mean for every cell of arm and phase.

    Parameters
    ----------
    samples : DataFrame
        subject, arm, phase and the covariates: one row a sample.
    covariates : sequence of str
        Names of columns of ``samples``.

    Returns
    -------
    Design

    Raises
    ------
    Misuse
        If a covariate is no column.
    InvalidInput
        If a covariate has no value for a sample: one problem each.
    """
    pairs = samples[["arm", "phase"]].drop_duplicates()
    cells = [(arm, phase) for arm, phase in pairs.itertuples(index=False)]
    several = samples["arm"].nunique() > 1
    table = {
        _cell_name(arm, phase, several): (
            (samples["arm"] == arm) & (samples["phase"] == phase)
        ).to_numpy(float)
        for arm, phase in cells
    }
    extra = covariate_columns(samples, covariates)
    columns = pd.concat([pd.DataFrame(table, index=samples.index), extra], axis=1)
    return Design(columns, cells, pd.factorize(samples["subject"])[0].astype(np.int64))


def _cell_name(arm: str, phase: str, several: bool) -> str:
    return f"phase {phase}, arm {arm}" if several else f"phase {phase}"


def covariate_columns(samples: pd.DataFrame, covariates: Sequence[str]) -> pd.DataFrame:
    """Return covariates as numbers: centred, or as indicators of all categories but the first.

    Raises
    ------
    Misuse
        If a covariate is no column of ``samples``, or is one that the design already holds.
    InvalidInput
        If a sample has no value: one problem each.
    """
    columns, problems = {}, []
    for name in covariates:
        if name not in samples:
            raise Misuse(f"no covariate {name!r}; {closest(name, samples.columns)}")
        if name in ("subject", "arm", "phase"):
            raise Misuse(f"{name!r} is part of every design already; leave it out")
        given = samples[name]
        numbers = pd.to_numeric(given, errors="coerce").to_numpy(float, na_value=np.nan)
        empty = given.isna() | (given.astype(str).str.strip() == "")
        wrong = empty | np.isinf(numbers)
        problems += [
            Problem(
                "samples.csv",
                f"{'no value' if none else value} for sample {sample!r}",
                "a finite number or a category",
                "Fill it, or leave the covariate or the sample out.",
                column=name,
            )
            for sample, value, none in zip(
                samples.index[wrong], given[wrong], empty[wrong], strict=True
            )
        ]
        if np.isfinite(numbers).all():
            # from the first value, so that a constant is exactly zero
            away = numbers - numbers[:1]
            columns[name] = away - away.mean() if len(away) else away
        else:
            for level in list(dict.fromkeys(given.astype(str)))[1:]:
                columns[f"{name} {level}"] = (given.astype(str) == level).to_numpy(float)
    if problems:
        raise InvalidInput(problems)
    return pd.DataFrame(columns, index=samples.index)


def cell_contrast(design: Design, contrast: pd.Series) -> Floats:
    """Return the weight of every column of ``design`` in a contrast.

    Parameters
    ----------
    design : Design
    contrast : Series
        phase, reference_phase, arm, reference_arm, as in ``contrasts.csv``.

    Returns
    -------
    ndarray, shape (q,)

    Raises
    ------
    Misuse
        If a cell of the contrast holds no sample.
    """
    weights = np.zeros(design.columns.shape[1])
    phase, reference = contrast["phase"], contrast["reference_phase"]
    arm, other = contrast["arm"], contrast["reference_arm"]
    signed = [(arm, phase, 1.0), (arm, reference, -1.0)]
    if arm != other:
        signed += [(other, phase, -1.0), (other, reference, 1.0)]
    for cell_arm, cell_phase, sign in signed:
        if (cell_arm, cell_phase) not in design.cells:
            raise Misuse(
                f"no sample of arm {cell_arm!r} in phase {cell_phase!r}, which the contrast "
                f"{contrast['contrast']!r} needs"
            )
        weights[design.cells.index((cell_arm, cell_phase))] += sign
    return weights


def independent_columns(design: Design, blocks: bool) -> list[int]:
    """Return the positions of columns that add something to those before them.

    Parameters
    ----------
    design : Design
    blocks : bool
        Whether every person has a level of his or her own.
    """
    x = _seen(design, blocks)
    kept: list[int] = []
    for column in range(x.shape[1]):
        trial = [*kept, column]
        if np.linalg.matrix_rank(x[:, trial], tol=1e-8) == len(trial):
            kept = trial
    return kept


def check_estimable(design: Design, weights: Floats, blocks: bool, name: str) -> None:
    """Raise Misuse if the design cannot tell a contrast, naming what it is aliased with.

    Parameters
    ----------
    design : Design
    weights : ndarray, shape (q,)
    blocks : bool
        Whether every person has a level of his or her own.
    name : str
        Of the contrast, for the message.
    """
    if not _is_hidden(design, weights, blocks, range(len(weights))).any():
        return
    others = _hiding(design, weights, blocks)
    if others:
        raise Misuse(
            f"{name!r} is not estimable: it is aliased with {', '.join(others)}; "
            f"leave the covariate out, or bring samples that tell them apart"
        )
    if not blocks:
        raise Misuse(f"{name!r} is not estimable: one of its sides has no person")
    raise Misuse(
        f"{name!r} is not estimable: it is aliased with the persons, since none has samples on "
        f"both sides; use mixed or duplicate-correlation, which compare persons with each other"
    )


def _hiding(design: Design, weights: Floats, blocks: bool) -> list[str]:
    """Return the covariates that hide a contrast; none if it is hidden without them."""
    first = max(len(design.cells), int(np.flatnonzero(weights)[-1]) + 1)
    kept, names = list(range(first)), list(design.columns)
    if _is_hidden(design, weights, blocks, kept).any():
        return []
    found: list[str] = []
    for column in range(first, len(names)):
        trial = [*kept, column]
        hidden = _is_hidden(design, weights, blocks, trial)
        found += [names[k] for k in trial if hidden[k] and k >= first]
        # a column that others make up would lend its name to what they hide
        if _null(design, blocks, trial).shape[1] == _null(design, blocks, kept).shape[1]:
            kept = trial
    return list(dict.fromkeys(found))


def rank_and_aliases(design: Design, blocks: bool) -> tuple[int, dict[str, str]]:
    """Return the rank of the columns, and each dependent covariate in terms of those before it.

    Parameters
    ----------
    design : Design
    blocks : bool
        Whether every person has a level of his or her own.

    Returns
    -------
    rank : int
        Without the persons' levels.
    aliases : dict of str to str
        By covariate; empty where all of them add something.
    """
    kept = independent_columns(design, blocks)
    dependent = set(range(len(design.cells), design.columns.shape[1])) - set(kept)
    aliases = {
        str(design.columns.columns[column]): _made_of(
            design, blocks, column, [k for k in kept if k < column]
        )
        for column in sorted(dependent)
    }
    return len(kept), aliases


def _made_of(design: Design, blocks: bool, column: int, before: list[int]) -> str:
    """Return a dependent column as a sum of columns before it, and persons' levels if needed."""
    x, seen, unit = design.matrix, _seen(design, blocks), _units(design)
    share = np.asarray(np.linalg.lstsq(seen[:, before], seen[:, column], rcond=None)[0])
    share = np.where(np.abs(share) > 1e-8, share, 0.0) * unit[column] / unit[before]
    terms = [
        f"{weight:+.3g} {design.columns.columns[k]}"
        for k, weight in zip(before, share, strict=True)
        if weight
    ]
    rest = x[:, column] - x[:, before] @ share
    if np.abs(rest).max() > 1e-6 * unit[column]:
        terms.append("+ persons" if terms else "persons")
    return " ".join(terms) or "a constant"


def _units(design: Design) -> Floats:
    size = np.sqrt((design.matrix**2).mean(axis=0))
    return np.where(size > 0, size, 1.0)


def _seen(design: Design, blocks: bool) -> Floats:
    """Return the columns as the model sees them: within persons, if these are blocks."""
    x = design.matrix / _units(design)
    if not blocks:
        return x
    means = pd.DataFrame(x).groupby(design.persons).transform("mean").to_numpy()
    return x - means


def _null(design: Design, blocks: bool, columns: Sequence[int]) -> Floats:
    """Return a basis of what the model cannot see of chosen columns, in their units."""
    return linalg.null_space(_seen(design, blocks)[:, list(columns)], rcond=1e-9)


def _is_hidden(
    design: Design, weights: Floats, blocks: bool, columns: Sequence[int]
) -> NDArray[np.bool_]:
    """Return which columns have a part in what the model cannot see of a contrast."""
    scaled = (weights / _units(design))[list(columns)]
    null = _null(design, blocks, columns)
    part = np.zeros(len(weights))
    part[list(columns)] = np.abs(null @ (null.T @ scaled))
    hidden: NDArray[np.bool_] = part > 1e-8 * np.abs(scaled).max(initial=0.0)
    return hidden
