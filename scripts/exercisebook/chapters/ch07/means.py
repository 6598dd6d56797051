"""Regression to the mean: how far people who were chosen for a high value fall by themselves."""

from typing import Any

import numpy as np
import pandas as pd

from exercisebook.chapters.answers import tolerant
from exercisebook.chapters.ch07.studies import MANY, changes, true_row
from exercisebook.chapters.chapter import Chapter
from exercisebook.chapters.wording import count
from exercisebook.figures import causality as draw
from exercisebook.figures.tables import interval, number, percent
from exercisebook.simulate.latents import log_sd
from exercisebook.simulate.worlds import assumptions, world
from exercisebook.stats.regression_to_the_mean import change_above_quantile

SELECTED = "high-crp"
BASELINES = (1, 2, 4)
"""Measurements averaged before anybody is chosen."""


def crp_spreads() -> dict[str, float]:
    """Return the spread of log2 C-reactive protein between people and within one, assay included."""
    crp = world(SELECTED).block("clinical").set_index("feature").loc["crp"]
    between, within, assay = (
        float(log_sd(crp[f"cv_{part}"])) / np.log(2) for part in ("between", "within", "assay")
    )
    return {"between": between, "within": float(np.hypot(within, assay))}


def share_left_out() -> float:
    """Return the share of people whose first value is too low for the world of high CRP."""
    return assumptions()["enrolled_above"]


def mean_of_the_top(share_out: float) -> float:
    """Return the mean of a standard normal above a quantile, in standard deviations."""
    return -float(change_above_quantile(share_out, 0.0, 1.0))


def expected(share_out: float, baselines: int = 1) -> float:
    """Return the expected log2 change of C-reactive protein of those above a quantile."""
    spreads = crp_spreads()
    return float(change_above_quantile(share_out, spreads["between"], spreads["within"], baselines))


def seen(chapter: Chapter) -> pd.Series:
    """Return the mean change over many simulated studies of the selected, with its interval."""
    p = chapter.parameters
    d = changes(SELECTED, p.people, p.seed, MANY)["crp"]
    means = np.nanmean(d, axis=1)
    error = means.std(ddof=1) / np.sqrt(len(means))
    return pd.Series(
        {
            "estimate": means.mean(),
            "low": means.mean() - 1.96 * error,
            "high": means.mean() + 1.96 * error,
            "clear_falls": _clear_falls(d),
        }
    )


def _clear_falls(d: np.ndarray) -> float:
    from scipy import special

    n = d.shape[1]
    t = d.mean(axis=1) / (d.std(axis=1, ddof=1) / np.sqrt(n))
    return float((t < special.stdtrit(n - 1, 0.025)).mean())


def selection_chart(chapter: Chapter) -> Any:
    """Return the expected fall by who is enrolled and how often they were measured before."""
    shares = np.linspace(0, 0.95, 39)
    rows = [
        (100 * (1 - share), 100 * (2 ** expected(share, k) - 1), _called(k), k)
        for k in BASELINES
        for share in shares
    ]
    frame = pd.DataFrame(rows, columns=["enrolled", "change", "group", "k"])
    own = seen(chapter)
    point = pd.DataFrame(
        {
            "enrolled": [100 * (1 - share_left_out())],
            "change": [100 * (2 ** own["estimate"] - 1)],
            "low": [100 * (2 ** own["low"] - 1)],
            "high": [100 * (2 ** own["high"] - 1)],
            "word": ["simulated"],
        }
    )
    third = {k: 2 ** expected(share_left_out(), k) - 1 for k in BASELINES}
    caption = (
        f"Nobody is treated and C-reactive protein falls: by {percent(-third[1])} in the top {percent(1 - share_left_out())} of one measurement, by {percent(-third[4])} where the mean of four decides "
        f"(lines: formula; diamond: simulated, {MANY} studies, n = {chapter.parameters.people} each, of whom a few fall ill after the first day{_above(own)})."
    )
    text = f"Line chart of the expected change of C-reactive protein in per cent by the share of people enrolled, from all to the top twentieth, for one, two and four baseline measurements; the fewer are enrolled, the larger the fall, and a simulated world lies at {number(point['change'].iloc[0])} per cent."
    return draw.selection(frame, point, (caption, text))


def _above(own: pd.Series) -> str:
    """Return where the simulated point lies beside the line of one measurement, if clearly above."""
    if own["low"] <= expected(share_left_out()):
        return ""
    return ", so that the diamond lies above the line of one measurement"


def _called(k: int) -> str:
    return "one measurement decides" if k == 1 else f"the mean of {count(k)} decides"


def sentences(chapter: Chapter) -> dict[str, str]:
    """Return the sentences of this part by the name under which the page pastes them."""
    return {"mean_hand": _hand(), "mean_world": _world(chapter)}


def _hand() -> str:
    s = crp_spreads()
    return (
        f"C-reactive protein spreads by {number(s['between'])} doublings between people and wanders by {number(s['within'])} within one, assay included {{footcite}}`macy1997`. "
        f"Say that the top {percent(1 - share_left_out())} of a first measurement are enrolled."
    )


def _world(chapter: Chapter) -> str:
    own, true = seen(chapter), true_row(SELECTED, "crp")
    s = share_left_out()
    return (
        f"The formula says a ratio of {number(2 ** expected(s), 3)}; {count(MANY)} simulated studies of {count(chapter.parameters.people)} give {number(2 ** own['estimate'], 3)} on average ({interval(2 ** own['low'], 2 ** own['high'], 3)}), where the world's own arithmetic says {number(2 ** true['log2_change'], 3)}. "
        "The rest is that nobody enrols with a cold and some have one later, which raises the second value. "
        f"In {percent(own['clear_falls'])} of these studies the paired test calls the fall clear at the level of one in twenty, and training did nothing in any of them. "
        f"Averaging two measurements before choosing leaves a ratio of {number(2 ** expected(s, 2), 3)}; a baseline that is drawn anew after the choice leaves none of it, and a control group chosen in the same way falls as far."
    )


@tolerant
def check_fall(answer: float) -> str:
    """Check the exercise: the fall (%) of the top fifth of the mean of two measurements."""
    right = 100 * (1 - 2 ** expected(0.8, 2))
    if abs(answer - right) < 0.3:
        return f"Right: {number(right)} %, without treatment."
    if abs(answer + right) < 0.3:
        return "The size is right; the question asks for a fall, so leave the sign away."
    if abs(answer - 100 * (1 - 2 ** expected(0.8, 1))) < 0.3:
        return "That is for one measurement. The mean of two wanders less."
    return "Not yet: the variance within a person is halved by the mean of two, and then as above."
