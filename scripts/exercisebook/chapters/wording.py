"""Words from numbers: every direction, size and certainty on a page is made here.

A word of direction follows the sign of an estimate, so that data with the other sign read the
other way.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from exercisebook.figures.tables import NARROW, interval, number, percent, whole
from exercisebook.sources.features import label

_SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
          "eleven", "twelve")  # fmt: skip


def count(n: float) -> str:
    """Return a whole number, in words up to twelve."""
    return _SMALL[int(n)] if 0 <= n < len(_SMALL) else whole(n)


def counted(n: float, one: str = "person", many: str = "people") -> str:
    """Return a whole number with its noun: ``one person``, ``13 people``."""
    return f"{count(n)} {one if n == 1 else many}"


def none_or(words: str) -> str:
    """Return ``none`` where a count in words says ``no``."""
    return "none" if words == "no" else words


def listed(names: Sequence[str], joiner: str = "and") -> str:
    """Return names as a sentence lists them."""
    names = list(names)
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {joiner} {names[-1]}"


def ratio(log2_ratio: float) -> str:
    """Return the size of a log2 ratio without its direction: ``2.6-fold`` or ``by 14 %``."""
    up = 2 ** abs(log2_ratio)
    if up >= 2:
        return f"{number(up)}-fold"
    change = up - 1 if log2_ratio > 0 else 1 - 1 / up
    return f"by {percent(change)}"


def direction(value: float, up: str, down: str, level: str = "stayed level") -> str:
    """Return the word for the sign of a value."""
    return up if value > 0 else down if value < 0 else level


def certain(effect: pd.Series) -> bool:
    """Return whether the 95 % interval of an effect excludes zero."""
    return bool(effect["ci_low"] > 0 or effect["ci_high"] < 0)


def moved(effect: pd.Series) -> str:
    """Return what a log2-ratio effect did: ``rose 2.6-fold`` or ``showed no clear change``."""
    if not certain(effect):
        return "showed no clear change"
    return f"{direction(effect['estimate'], 'rose', 'fell')} {ratio(effect['estimate'])}"


def evidence(effect: pd.Series, interval_level: str = "95") -> str:
    """Return the interval and n of a log2-ratio effect, as a ratio, in brackets."""
    low, high = 2 ** effect["ci_low"], 2 ** effect["ci_high"]
    return (
        f"(ratio {number(2 ** effect['estimate'], 3)}, {interval_level}{NARROW}% interval "
        f"{interval(low, high, 3)}, n = {whole(effect['n_subjects'])})"
    )


def hours(phase: str) -> str:
    """Return a phase such as ``1.5h`` as words: ``1.5 hours``."""
    value = float(phase.removesuffix("h"))
    if value == 0.5:
        return "half an hour"
    return "one hour" if value == 1 else f"{value:g} hours"


def named(features: Sequence[str]) -> str:
    """Return the labels of canonical ids as a sentence lists them."""
    return listed([label(name) for name in features])


def one(effects: pd.DataFrame, **where: object) -> pd.Series:
    """Return the only row of ``effects`` with these values; ValueError if not exactly one."""
    rows = effects
    for name, value in where.items():
        rows = rows[rows[name] == value]
    if len(rows) != 1:
        raise ValueError(f"{len(rows)} effects for {where}")
    return rows.iloc[0]


def share(part: float, whole: float) -> str:
    """Return ``7 of 15``."""
    return f"{int(part)} of {int(whole)}"


def n_range(effects: pd.DataFrame) -> str:
    """Return the fewest and the most people of some effects."""
    low, high = whole(effects["n_subjects"].min()), whole(effects["n_subjects"].max())
    return low if low == high else f"{low} to {high}"


def dots_of_men(persons: pd.DataFrame | None) -> str:
    """Return what a caption adds where single men are drawn."""
    return "" if persons is None else "; faint dots: single men"


def finite(value: float) -> bool:
    """Return whether there is a number to print."""
    return bool(np.isfinite(value))
