"""Naming a contrast: a row of contrasts.csv, or two phases joined by a mark."""

import pandas as pd

from exercisebook.cohort.schemas import CONTRASTS
from exercisebook.errors import Misuse, closest


def resolve(name: str, contrasts: pd.DataFrame, samples: pd.DataFrame) -> pd.Series:
    """Return the contrast that ``name`` stands for.

    Parameters
    ----------
    name : str
        A name in ``contrasts``, or ``later:earlier``, or ``later-earlier`` where no phase has a
        hyphen.
    contrasts, samples : DataFrame
        The tables of a cohort package.

    Returns
    -------
    Series
        contrast, kind, phase, reference_phase, arm, reference_arm. A contrast given by two
        phases takes the cohort's only arm, and the kind ``group``.

    Raises
    ------
    Misuse
        If it names neither, or if two phases do not settle which arm is meant.
    """
    named = contrasts.loc[contrasts["contrast"] == name]
    if len(named):
        return named.iloc[0]
    phases = list(samples["phase"].drop_duplicates())
    pair = _phase_pair(name, phases)
    if pair is None:
        raise Misuse(
            f"no contrast {name!r}; {closest(name, contrasts['contrast'])}; "
            f"or write later:earlier with two of the phases {', '.join(phases)}"
        )
    arms = list(samples["arm"].drop_duplicates())
    if len(arms) > 1:
        raise Misuse(
            f"{name!r} does not say which of the arms {', '.join(arms)} is meant; "
            f"add a row to contrasts.csv"
        )
    later, earlier = pair
    same = contrasts.query("phase == @later and reference_phase == @earlier")
    kind = same["kind"].iloc[0] if len(same) else "group"
    row = [name, kind, later, earlier, arms[0], arms[0]]
    return pd.Series(row, index=list(CONTRASTS.columns), name=name)


def _phase_pair(name: str, phases: list[str]) -> tuple[str, str] | None:
    marks = ":" if any("-" in phase for phase in phases) else ":-"
    for mark in marks:
        parts = name.split(mark)
        if len(parts) == 2 and all(part in phases for part in parts):
            return parts[0], parts[1]
    return None
