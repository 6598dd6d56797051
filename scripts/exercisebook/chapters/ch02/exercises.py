"""What chapter 2's exercises need, and what checks their answers."""

import math
from collections.abc import Sequence

import pandas as pd

from exercisebook.chapters.answers import tolerant
from exercisebook.chapters.ch02.analyses import DAY_AFTER, END
from exercisebook.chapters.ch02.readings import cytokine_at_end, day_after_tests, plasma_loss
from exercisebook.chapters.chapter import Chapter
from exercisebook.chapters.hours import phase_of
from exercisebook.chapters.wording import one
from exercisebook.figures.tables import number

WAVES = ["walls", "tissues", "marrow"]
"""Where cells come from or go to, in the order of the waves of a day."""

BEFORE, DURING = "0h", ("0.5h", END)
MOST_DRAWS = 4
BY_LOT = "lot"
ORDERS = ("rest first", "exercise first", BY_LOT)


@tolerant
def check_sampling_time(chapter: Chapter, answer: str) -> str:
    """Check the first draw at which lymphocytes lie below rest beyond doubt."""
    effects = chapter["acute_against_rest"].query("feature == 'lymphocytes'")
    low = list(phase_of(effects)[(effects["ci_high"] < 0).to_numpy()])
    if not low:
        return "In this arm no draw lies below rest beyond doubt; try another arm."
    if answer == low[0]:
        return f"Right: at {low[0]}, and not before."
    if answer in list(phase_of(effects)[(effects["estimate"] < 0).to_numpy()]):
        return (
            "The estimate lies below one there, but does its whole interval, and is it the first?"
        )
    return "Not yet: look for the first interval that ends below one."


@tolerant
def check_plasma_loss(chapter: Chapter, answer: float) -> str:
    """Check the loss of plasma that would explain IP-10's change."""
    ip10 = cytokine_at_end(chapter, "cxcl10")
    right = plasma_loss(ip10)
    if right <= 0:
        return (
            "In this arm IP-10 did not rise, so no loss of water can explain it; try another arm."
        )
    if abs(answer - right) < 0.3:
        return f"Right: about {number(right)} %. Is that within what an hour of cycling does?"
    if abs(answer - 100 * (2 ** ip10["estimate"] - 1)) < 0.3:
        return "That is the rise itself. What remains of the volume is one over the ratio."
    if abs(answer - 100 * ip10["estimate"]) < 0.5:
        return "The estimate is a logarithm to base 2; turn it into a ratio first."
    return "Not yet: which volume, as a share of the first, makes the ratio one?"


def rise_of_ip10(chapter: Chapter) -> float:
    """Return IP-10's ratio to rest at the end of exercise."""
    ip10 = cytokine_at_end(chapter, "cxcl10")
    return round(float(2 ** ip10["estimate"]), 4)


@tolerant
def check_order(answer: Sequence[str]) -> str:
    """Check the order in which the three waves pass through the tube."""
    given = list(answer)
    if sorted(given) != sorted(WAVES):
        return 'Give the three words "walls", "tissues" and "marrow" once each, as a list.'
    if given == WAVES:
        return "Right: minutes, then the first hour after stopping, then hours."
    if given[0] == "marrow":
        return "Not yet: within minutes no marrow makes cells. Which were in the body already?"
    if given[0] == "tissues":
        return "Not yet: what leaves the blood after the bout has to have come into it first."
    return "Not yet: lymphocytes are short an hour after the end; when do neutrophils peak?"


def interval_next_day(chapter: Chapter, cell: str) -> tuple[float, float]:
    """Return a count's 90 % interval a day later, as ratios to the rest day."""
    tests, _ = day_after_tests(chapter)
    own = one(tests, feature=cell)
    low, high = 2 ** own["equivalence_low"], 2 ** own["equivalence_high"]
    return round(float(low), 4), round(float(high), 4)


@tolerant
def check_margin(chapter: Chapter, answer: float) -> str:
    """Check the smallest margin within which neutrophils were the same a day later."""
    low, high = interval_next_day(chapter, "neutrophils")
    right = 100 * (max(1 / low, high) - 1)
    own = one(day_after_tests(chapter)[0], feature="neutrophils")
    wider = 100 * (2 ** max(-own["ci_low"], own["ci_high"]) - 1)
    if abs(answer - right) < 0.5:
        return f"Right: ±{number(right)} %, set afterwards, and so no finding but a plan."
    if abs(answer - wider) < 0.5:
        return "That is the 95 % interval; two one-sided tests at 5 % ask for the one of 90 %."
    if abs(answer - 100 * (1 - low)) < 0.5 or abs(answer - 100 * (high - 1)) < 0.5:
        return "As a ratio a fall to 1/m lies as far away as a rise to m. Which end is farther?"
    return "Not yet: how large must m be for both ends to lie between 1/m and m?"


def five_men() -> pd.DataFrame:
    """Return a cytokine in five invented men, empty where it lay below the limit of 1 pg/mL."""
    rest = [None, 1.5, None, 2.0, None]
    after = [3.0, 3.0, None, 2.2, 1.3]
    return pd.DataFrame({"rest": rest, "after": after}, index=list("ABCDE"), dtype=float)


@tolerant
def check_bounds(lowest: float, highest: float) -> str:
    """Check the lowest and the highest median ratio that five men's gaps leave possible."""
    men = five_men()
    right = men["after"].fillna(0) / men["rest"].fillna(1)
    seen = (men["after"] / men["rest"]).median()
    half = (men["after"].fillna(0.5) / men["rest"].fillna(0.5)).median()
    low_is_right = math.isclose(lowest, right.median(), rel_tol=0.01)
    if low_is_right and highest == math.inf:
        return "Right: the median rose by three tenths at least; how much at most, nobody can say."
    if low_is_right:
        return "The lower end is right. What if the hidden values at rest were next to nothing?"
    for wrong, told in (
        (seen, "That leaves out the men with gaps, and the gaps are not of any two men."),
        (half, "That puts half the limit in the gaps: a number nobody measured."),
    ):
        if math.isclose(lowest, wrong, rel_tol=0.01):
            return told
    return "Not yet: give each man his lowest possible ratio, and take the median of these."


@tolerant
def check_plan(chapter: Chapter, draws: Sequence[str], order: str) -> str:
    """Check a plan: hours that can show the waves and the return, and who decides the order."""
    effects = chapter["acute_against_rest"]
    hours = [BEFORE, *dict.fromkeys(phase_of(effects))]
    if isinstance(draws, str) or not set(draws) <= set(hours) or order not in ORDERS:
        return f"Draws are some of {', '.join(hours)}; the order is one of {', '.join(ORDERS)}."
    if len(set(draws)) > MOST_DRAWS:
        return f"That is more than {MOST_DRAWS} draws."
    # after a gentle bout no draw may show a wave, and then none is asked for
    lacking = [told for told, showing in _shown_at(effects) if showing and not showing & set(draws)]
    if lacking:
        return f"Not yet: no draw of these could show {lacking[0]}."
    if order != BY_LOT:
        return "The hours are right. But what comes second comes later, too: who decides the order?"
    return "Right: each wave has its draw, each draw its twin at rest, and lots decide the order."


def _shown_at(effects: pd.DataFrame) -> list[tuple[str, set[str]]]:
    """Return what a plan has to be able to show, and the hours at which these data show it."""
    hour = phase_of(effects)
    lymphocytes = effects["feature"] == "lymphocytes"
    up, down = effects["ci_low"] > 0, effects["ci_high"] < 0
    late = (effects["feature"] == "neutrophils") & up & ~hour.isin(DURING)
    return [
        ("what each man starts from", {BEFORE}),
        ("lymphocytes on their way up", set(hour[lymphocytes & up])),
        ("lymphocytes below rest", set(hour[lymphocytes & down])),
        ("the late wave of neutrophils", set(hour[late])),
        ("the return a day later", {DAY_AFTER}),
    ]
