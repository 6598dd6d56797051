"""What chapter 6's exercises need, and what checks their answers."""

import math
from collections.abc import Iterable, Sequence
from itertools import combinations
from numbers import Real

import pandas as pd

from exercisebook.chapters.answers import tolerant
from exercisebook.chapters.ch06.analyses import HIGH_ATP_UM, LOW_ATP_UM
from exercisebook.chapters.ch06.readings import (
    IN_TISSUE,
    assumed_kd,
    atp_km,
    bound_share,
    inhibited,
    two_potencies,
)
from exercisebook.chapters.ch06.worked_assays import (
    ENOUGH,
    NOTHING,
    SHIFT,
    TOO_LOW,
    TOP_DOSE,
    DoseStudy,
    dose_study,
)
from exercisebook.chapters.chapter import Chapter
from exercisebook.figures.tables import Table, number, percent, whole
from exercisebook.stats.power import detectable_from_se

CELL_ATP_UM = 3000.0
"""µM, of the exercises on cells."""

ABOVE = frozenset({"leaked DNA", "waking retrovirus", "SIRT5"})
BELOW = frozenset({"IRF3", "interferon"})
"""What is said to act on TBK1, and what TBK1 acts on."""

_REPORTS = {
    "A": (NOTHING, 6),
    "B": (ENOUGH, 5),
    "C": (TOO_LOW, 4),
    "D": (ENOUGH, 1),
    "E": (TOO_LOW, 5),
    "F": (TOO_LOW, 2),
}
"""Simulated studies, chosen so that the numbers as printed mislead as much as they can."""

AGAIN, INERT, LITTLE, MUCH = (
    "TBK1 melted again",
    "inert kinase melted",
    "rate at 10 µM of ATP",
    "rate at 3,000 µM of ATP",
)
TUBES = {AGAIN: 1.0, INERT: 1.0, LITTLE: 0.2, MUCH: 0.2}
"""Tubes, and how far apart two outcomes must lie to be told apart: kelvin, and share of the rate."""

_KD_OF_WORLDS = 1.0
"""mM."""

READOUTS = (
    "interferon genes after interferon",
    "interferon genes after STING ligand",
    "IRF3 after STING ligand",
)
CELLS = ("normal", "no TBK1", "cannot bind betaine")
ADDED = ("nothing", "betaine", "proline", "amlexanox")
INSIDE = (0.05, 5.0, 100.0)
"""mM of betaine inside the cells."""

DISHES, SCATTER, FALL = 36, 0.1, 0.2
"""At hand; how far dishes of one round lie apart (as a share); the least fall of interest."""


def bx795(chapter: Chapter) -> tuple[float, float]:
    """Return BX-795's IC50 in nM at 10 µM and at 1,000 µM of ATP."""
    row = two_potencies(chapter, "BX-795")
    return float(row["low_nM"]), float(row["high_nM"])


def page_kd(chapter: Chapter) -> float:
    """Return the Kd of betaine, in mM, that this page assumes."""
    # four figures and not three decimals: of a strong ligand nothing would be left
    return float(f"{assumed_kd(chapter):.4g}")


@tolerant
def check_arrows(above: Iterable[str], below: Iterable[str]) -> str:
    """Check what stands above TBK1 in the usual picture, and what below."""
    acting, acted_on = frozenset(above), frozenset(below)
    if not acting | acted_on <= ABOVE | BELOW:
        return f"Give two lists of some of {', '.join(sorted(ABOVE | BELOW))}."
    if (acting, acted_on) == (ABOVE, BELOW):
        return "Right: a drug that held TBK1 down should lower what is below, and leave alone what wakes it."
    if acting & acted_on:
        return "Not yet: something stands in both lists."
    if (acting, acted_on) == (BELOW, ABOVE):
        return "All arrows are turned over: “above” is what acts on TBK1."
    if "SIRT5" not in acting:
        return "Not yet: where is SIRT5, by the report that this page names?"
    if acted_on & ABOVE:
        return "Not yet: what a sensor senses is there before TBK1 is switched on."
    if acting & BELOW:
        return "Not yet: by which factor does TBK1 switch on interferon?"
    return "What is placed is placed rightly; something is left over."


@tolerant
def check_nine_tenths(chapter: Chapter, answer: float) -> str:
    """Check the concentration, in mM, at which nine tenths of TBK1 are bound."""
    kd = page_kd(chapter)
    right = 9 * kd
    if not _a_number(answer):
        return "Give a number, in mM."
    if abs(answer / right - 1) < 0.01:
        return f"Right: {number(right, 3)} mM, {number(right / 0.05, 2)} times a plasma level of 50 µM."
    if abs(answer / (right * 1000) - 1) < 0.01:
        return "That is right in µM; give it in mM."
    if abs(answer / (0.9 * kd) - 1) < 0.01:
        return "That is nine tenths of the Kd. Solve L / (L + Kd) = 0.9 for L."
    if abs(answer / kd - 1) < 0.01:
        return "At the Kd itself, half is bound."
    return "Not yet: solve L / (L + Kd) = 0.9 for L."


@tolerant
def check_cell_ic50(chapter: Chapter, answer: float) -> str:
    """Check BX-795's IC50, in nM, at 3 mM of ATP."""
    low, high = bx795(chapter)
    slope = (high - low) / (HIGH_ATP_UM - LOW_ATP_UM)
    ki = low - slope * LOW_ATP_UM
    right = ki + slope * CELL_ATP_UM
    if not _a_number(answer):
        return "Give a number, in nM."
    if abs(answer / right - 1) < 0.02:
        return f"Right: about {number(right, 3)} nM, {number(right / low)} times the first number."
    if abs(answer / ki - 1) < 0.02:
        return "That is the Ki, its IC50 with no ATP at all."
    if abs(answer / (high * CELL_ATP_UM / HIGH_ATP_UM) - 1) < 0.02:
        return "A line, yes, but not one through zero: without ATP the IC50 is Ki, not nil."
    return "Not yet: draw the straight line through both points, and read it at 3,000 µM."


def reports_table(chapter: Chapter) -> Table:
    """Return what a program printed for six simulated studies."""
    rows = [
        (name, number(TOP_DOSE[s.design]), number(s.fit.ec50), number(low), number(high))
        for name, s in _reports().items()
        for low, high in [(s.fit.ci_low, s.fit.ci_high)]
    ]
    columns = ["report", "top dose (mM)", "fitted EC50 (mM)", "95 % from (mM)", "to (mM)"]
    return Table(
        pd.DataFrame(rows, columns=columns),
        "Six reports of simulated studies, of twenty wells each: what the program printed.",
    )


def _reports() -> dict[str, DoseStudy]:
    return {name: dose_study(design, k) for name, (design, k) in _REPORTS.items()}


@tolerant
def check_reports(known: Iterable[str], at_least: Iterable[str], odd: str) -> str:
    """Check which reports tell an EC50, which a lower limit, and which is of nothing."""
    fits = {name: s.fit for name, s in _reports().items()}
    two_ends = {n for n, f in fits.items() if f.ci_low > 0 and math.isfinite(f.ci_high)}
    one_end = {n for n, f in fits.items() if f.ci_low > 0 and n not in two_ends}
    told, limited = set(known), set(at_least)
    if not told | limited | {odd} <= set(fits):
        return f"Give two lists of some of {', '.join(fits)}, and one of them as odd."
    if told & set(fits) - two_ends:
        return "Not yet: an EC50 is known where its interval has two ends, whatever was printed."
    if told != two_ends:
        return "Not yet: one more interval has two ends."
    if limited - one_end:
        return "Not yet: what is at least nothing is no limit. Look at the lower ends."
    if limited != one_end:
        return "Not yet: one more interval has a lower end above zero, and no upper one."
    return _odd_one(odd, fits.keys() - two_ends - one_end)


def _odd_one(odd: str, silent: set[str]) -> str:
    """Return what is to be said of the report that is taken for one of nothing."""
    if odd not in silent:
        return "The ends are read rightly. But could a compound that does nothing give this one a lower end above zero?"
    if _REPORTS[odd][0] != NOTHING:
        return "The ends are read rightly. But would the inhibitor of the two-ended reports have shown its whole curve at the top dose of this study?"
    apart = [s.fit.ec50 for name, s in _reports().items() if name != odd]
    return f"Right: the other five are one inhibitor with a true EC50 of 1 mM, printed as anything from {number(min(apart))} to {number(max(apart))} mM."


def worlds_table(chapter: Chapter) -> Table:
    """Return what four worlds would show in four tubes, 5 mM of betaine in each."""
    worlds = _worlds(chapter)
    frame = pd.DataFrame(
        {
            "world": worlds.index,
            **{f"{t} (K later)": [number(v) for v in worlds[t]] for t in (AGAIN, INERT)},
            **{f"{t} (lost)": [percent(v) for v in worlds[t]] for t in (LITTLE, MUCH)},
        }
    )
    caption = f"What four worlds would show with {number(IN_TISSUE, 1)} mM of betaine, if it binds with a Kd of {number(_KD_OF_WORLDS, 1)} mM where it binds. Computed, not measured."
    return Table(frame, caption)


def _worlds(chapter: Chapter) -> pd.DataFrame:
    """Return four worlds' outcomes: shifts in kelvin, and the shares of the rate that are lost."""
    bound = bound_share(IN_TISSUE, _KD_OF_WORLDS)
    little, much = (
        inhibited(chapter, IN_TISSUE, _KD_OF_WORLDS, atp) for atp in (LOW_ATP_UM, CELL_ATP_UM)
    )
    rows = {
        "competes with ATP": (SHIFT, 0.0, little, much),
        "binds elsewhere, inhibits": (SHIFT, 0.0, bound, bound),
        "binds elsewhere, does nothing": (SHIFT, 0.0, 0.0, 0.0),
        "steadies any protein": (SHIFT, SHIFT, 0.0, 0.0),
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(TUBES))


@tolerant
def check_tubes(chapter: Chapter, tubes: Iterable[str]) -> str:
    """Check the fewest tubes that tell four worlds apart."""
    chosen = set(tubes)
    if isinstance(tubes, str) or not chosen <= set(TUBES):
        return f"Give a list of some of: {'; '.join(TUBES)}."
    alike = _alike(chapter, chosen)
    if alike is not None:
        return f"Not yet: “{alike[0]}” and “{alike[1]}” would look the same in all of these."
    spare = [tube for tube in chosen if _alike(chapter, chosen - {tube}) is None]
    if spare:
        return "That tells all of them apart, and one tube tells nothing that the others do not."
    return "Right: no two worlds agree in all three, and no two tubes would do. The shift that began it all tells none of them from another."


def _alike(chapter: Chapter, tubes: set[str]) -> tuple[str, str] | None:
    """Return two worlds that these tubes do not tell apart, or nothing."""
    worlds = _worlds(chapter)
    for one, other in combinations(worlds.index, 2):
        apart = (worlds.loc[one] - worlds.loc[other]).abs()
        if all(apart[tube] < TUBES[tube] for tube in tubes):
            return one, other
    return None


def fall_shown(rounds: int) -> float:
    """Return the smallest fall that four kinds of dishes show, as a share, at 80 % power.

    Parameters
    ----------
    rounds : int
        With one dish of each of the four kinds in each round.

    Returns
    -------
    float
        By how much more a signal falls in one kind of cells than in another.
    """
    kinds = 4
    logs = detectable_from_se(SCATTER * (kinds / rounds) ** 0.5, (kinds - 1) * (rounds - 1))
    return round(1 - math.exp(-float(logs)), 3)


@tolerant
def check_dishes(
    chapter: Chapter,
    readout: str,
    cells: Sequence[str],
    added: Sequence[str],
    inside: float,
    rounds: int,
) -> str:
    """Check a plan that could show that betaine does not quiet TBK1 in cells."""
    kinds, tried = set(cells), set(added)
    if isinstance(cells, str) or isinstance(added, str):
        return "Cells are a list, and so is what is added."
    if not (readout in READOUTS and kinds <= set(CELLS) and tried <= set(ADDED)):
        return "Take the read-out, the cells and what is added from those of the exercise."
    if inside not in INSIDE or not float(rounds).is_integer() or rounds < 2:
        return f"Inside are {', '.join(f'{i:g}' for i in INSIDE)} mM; rounds are a whole number above one."
    missing = _without(kinds, tried) or _unread(readout, inside)
    if missing:
        return missing
    dishes = len(kinds) * len(tried) * rounds
    if dishes > DISHES:
        return f"That takes {whole(dishes)} dishes; you have {DISHES}."
    if fall_shown(rounds) > FALL:
        return f"With {whole(rounds)} rounds only a fall of {percent(fall_shown(rounds))} would be seen. Which dishes could you do without?"
    kd = inside * (1 - FALL) / FALL / (1 + CELL_ATP_UM / atp_km(chapter))
    return f"Right: a fall of {percent(fall_shown(rounds))} would be seen. If betaine competes with ATP, one of {percent(FALL)} would take a Kd of {number(1000 * kd)} µM or less."


def _without(cells: set[str], added: set[str]) -> str:
    """Return what a plan cannot tell for want of cells or of what is added to them."""
    if "normal" not in cells:
        return "Not yet: in which cells could betaine act by TBK1 at all?"
    if "cannot bind betaine" not in cells and "no TBK1" in cells:
        return "Not yet: without TBK1 there is hardly a signal that could fall. Which cells have the signal, and no place for betaine?"
    if "cannot bind betaine" not in cells:
        return "Not yet: the signal may fall by any other way. In which cells would it fall all the same?"
    if "betaine" not in added:
        return "Not yet: nobody gets betaine."
    if "proline" not in added:
        return (
            "Not yet: so many millimoles of anything draw water and steady proteins. What shows it?"
        )
    return ""


def _unread(readout: str, inside: float) -> str:
    """Return what is wrong with a read-out or a concentration."""
    if readout == READOUTS[0]:
        return "Not yet: interferon from outside reaches its genes with TBK1 idle."
    if readout == READOUTS[1]:
        return "Nearly: hours lie between TBK1 and these genes, and a blocked receptor lowers them as well. What does TBK1 do itself?"
    if inside < IN_TISSUE:
        return "Nearly: that is plasma. TBK1 lies inside cells; how much do tissues hold?"
    if inside > IN_TISSUE:
        return "Nearly: no tissue holds so much, and what is seen there need not be seen in a body."
    return ""


def _a_number(answer: object) -> bool:
    return isinstance(answer, Real) and 0 < float(answer) < math.inf
