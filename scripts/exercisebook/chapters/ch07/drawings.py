"""What this chapter does not run, and why; a search for causal drawings shows the reason once.

Drawings of three things are sought by independence tests alone, in worlds whose drawing is known.
"""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exercisebook.chapters.chapter import Chapter
from exercisebook.chapters.simulated import worlds_alike
from exercisebook.chapters.wording import count, listed
from exercisebook.figures import causes as draw
from exercisebook.figures.tables import NARROW, number, percent, whole
from exercisebook.simulate.arrays import simulate_arrays
from exercisebook.simulate.latents import LAST
from exercisebook.simulate.worlds import world
from exercisebook.stats.linear import p_of_t

Floats = NDArray[np.float64]

LEVEL = 0.05
SIZES = (13, 50, 200)
"""People of a study."""

STUDIES = 500

WORLDS = ("mediated", "reverse", "direct", "season")

NOTHING, PART, CHAIN, FORK, ALL = (
    "no line",
    "one line, or another two",
    "phase – betaine – CRP",
    "betaine – phase – CRP",
    "all three lines",
)
NAMES = (NOTHING, PART, CHAIN, FORK, ALL)

TRUE = {"mediated": CHAIN, "reverse": ALL, "direct": FORK, "season": FORK}
"""The lines that truly join phase, betaine and inflammation in each world."""


@cache
def differences(name: str, people: int, seed: int) -> tuple[Floats, Floats]:
    """Return log2 changes of betaine and CRP after training, shape (studies, people) each."""
    whole_world = world(name)
    two = whole_world.features["feature"].isin(("betaine", "crp"))
    # the other features would be drawn and thrown away
    own = replace(whole_world, features=whole_world.features[two])
    rng = np.random.default_rng(seed)
    arrays = simulate_arrays(own, people, rng, ("clinical", "metabolites"), STUDIES)
    betaine, crp = (np.log2(arrays[block][..., 0]) for block in ("metabolites", "clinical"))
    return betaine[:, :, LAST] - betaine[:, :, 0], crp[:, :, LAST] - crp[:, :, 0]


def p_mean(d: Floats) -> Floats:
    """Return the p value of a mean difference of nought in each study; NaN is left out."""
    n = np.isfinite(d).sum(axis=1)
    return p_of_t(np.nanmean(d, axis=1) / (np.nanstd(d, axis=1, ddof=1) / np.sqrt(n)), n - 1)


def p_given(y: Floats, x: Floats) -> tuple[Floats, Floats]:
    """Return p values of slope and intercept of y on x in each study, shape (studies,) each.

    Who lacks one of the two is left out of both.
    """
    used = np.isfinite(x + y)
    n = used.sum(axis=1)
    mean_x, mean_y = (np.where(used, v, 0.0).sum(axis=1) / n for v in (x, y))
    dx = np.where(used, x - mean_x[:, None], 0.0)
    dy = np.where(used, y - mean_y[:, None], 0.0)
    sxx = (dx**2).sum(axis=1)
    slope = (dx * dy).sum(axis=1) / sxx
    variance = ((dy - slope[:, None] * dx) ** 2).sum(axis=1) / (n - 2)
    intercept = mean_y - slope * mean_x
    errors = np.sqrt(variance / sxx), np.sqrt(variance * (1 / n + mean_x**2 / sxx))
    return p_of_t(slope / errors[0], n - 2), p_of_t(intercept / errors[1], n - 2)


def drawn(betaine: Floats, crp: Floats) -> NDArray[np.str_]:
    """Return the drawing that independence tests arrive at in each study.

    A line stays where two things go together by themselves and with the third held; betaine and
    CRP are asked with the phase held, that is by their changes from person to person.
    """
    together, phase_crp = p_given(crp, betaine)
    phase_betaine = p_given(betaine, crp)[1]
    with_betaine = (p_mean(betaine) < LEVEL) & (phase_betaine < LEVEL)
    with_crp = (p_mean(crp) < LEVEL) & (phase_crp < LEVEL)
    joined = together < LEVEL
    lines = with_betaine.astype(int) + with_crp + joined
    return np.select(
        [lines == 0, lines == 3, with_betaine & joined, with_betaine & with_crp],
        [NOTHING, ALL, CHAIN, FORK],
        PART,
    )


@cache
def shares(seed: int) -> pd.DataFrame:
    """Return world, people, drawing and the share of studies that arrive at it."""
    rows = []
    for name in WORLDS:
        for people in SIZES:
            found = drawn(*differences(name, people, seed))
            rows += [(name, people, d, float((found == d).mean())) for d in NAMES]
    return pd.DataFrame(rows, columns=["world", "people", "drawing", "share"])


def of(chapter: Chapter) -> pd.DataFrame:
    """Return the shares at this page's seed."""
    return shares(chapter.parameters.seed)


def right(table: pd.DataFrame, name: str, people: int) -> float:
    """Return the share of studies that arrive at the lines that are there."""
    where = (table["world"] == name) & (table["people"] == people)
    return float(table.loc[where & (table["drawing"] == TRUE[name]), "share"].iloc[0])


def drawings_chart(chapter: Chapter) -> Any:
    """Return which drawing the tests arrive at, by world and number of people."""
    table = of(chapter)
    rows = table.assign(
        row=table["world"] + f", n{NARROW}={NARROW}" + table["people"].map(whole),
        label=table["share"].map(percent),
        right=table["drawing"] == table["world"].map(TRUE),
    )
    few, most = min(SIZES), max(SIZES)
    hit = [right(table, name, few) for name in WORLDS]
    caption = (
        f"Simulated: with {count(few)} people independence tests arrive at the lines that are there in {percent(min(hit))} to {percent(max(hit))} of studies; with {whole(most)} they still draw “mediated” and “reverse” alike, and “direct” and “season” alike to the last digit "
        f"(outlined: the lines that are there, and no outline where no study arrived at them; {whole(STUDIES)} studies a bar; tests at 5 %)."
    )
    text = f"Stacked bars of the drawing that tests arrive at, for {count(len(WORLDS))} worlds and {count(len(SIZES))} numbers of people; the right drawing is outlined; bars of “mediated” and “reverse” look alike at every size, those of “direct” and “season” are the same."
    order = list(dict.fromkeys(rows["row"]))
    return draw.drawings(rows, order, NAMES, (caption, text))


def sentences(chapter: Chapter) -> dict[str, str]:
    """Return the sentences on what was not run."""
    return {"drawings": _drawings(chapter), "refuters": _refuters()}


def _drawings(chapter: Chapter) -> str:
    table = of(chapter)
    few, most = min(SIZES), max(SIZES)
    first, *others = (f"{percent(right(table, n, few))}{{}} in “{n}”" for n in WORLDS)
    hit = listed([first.format(" of studies"), *(o.format("") for o in others)])
    wide = {n: table[(table["world"] == n) & (table["people"] == most)] for n in WORLDS}
    same = np.array_equal(wide["direct"]["share"], wide["season"]["share"])
    apart = np.abs(wide["mediated"]["share"].to_numpy() - wide["reverse"]["share"].to_numpy()).max()
    chain = {
        n: float(wide[n].loc[wide[n]["drawing"] == CHAIN, "share"].iloc[0])
        for n in ("mediated", "reverse")
    }
    by_size = [right(table, "mediated", people) for people in SIZES]
    third = float(wide["mediated"].loc[wide["mediated"]["drawing"] == ALL, "share"].iloc[0])
    told = (
        "“direct” and “season” give the same numbers to the last digit, since a calendar and a training that begin on one day are one column of the data"
        if same
        else "“direct” and “season” differ here, which should not be"
    )
    return (
        f"With {count(few)} people the lines that are there come out in {hit}. "
        f"More people do not part the worlds: with {whole(most)}, “mediated” and “reverse” are drawn with betaine in the middle in {percent(chain['mediated'])} and {percent(chain['reverse'])} of studies (their bars at {whole(most)} differ by {number(100 * apart)} percentage points at most, which is chance: the two have the same means and correlations), and {told}. "
        f"In “mediated” the right drawing comes out in {listed([percent(s) for s in by_size])} of studies of {listed([whole(n) for n in SIZES])} people: {percent(third)} of the largest draw a third line that is not there, because betaine is measured with error and so cannot be held quite still."
    )


def _refuters() -> str:
    seen = worlds_alike(min(SIZES)).set_index(["world", "feature"])
    direct, season = (seen.loc[n, ["estimate", "ci_low", "ci_high"]] for n in ("direct", "season"))
    same = np.allclose(direct.to_numpy(float), season.to_numpy(float), rtol=1e-12)
    told = (
        "In the worlds “direct” and “season” one study's data are the same to the last digit, so every such check must return the same answer in both, and in one of them training does nothing."
        if same
        else "In the worlds “direct” and “season” the data differ here, which should not be."
    )
    return (
        "Packages offer them: put in a random cause, shuffle the exposure, leave out a part of the people {footcite}`sharma2020`. "
        "They ask whether an estimate is stable under a drawing, and not whether the drawing is true. "
        + told
    )
