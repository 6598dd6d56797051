"""Many questions at n = 13: the floor of exact p values, and what is found of three thousand.

Chapter 1 asks what one question can show; here it is what a list of thousands holds and leaves
out, and how large its finds look.
"""

import math
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from exercisebook.chapters.answers import tolerant
from exercisebook.chapters.chapter import Chapter
from exercisebook.chapters.wording import count, one
from exercisebook.figures import causes as draw
from exercisebook.figures.tables import NARROW, Table, number, p_value, percent, whole
from exercisebook.stats.linear import p_of_t
from exercisebook.stats.multiplicity import bonferroni_reach, sign_flip_floor
from exercisebook.stats.power import detectable_standardised, power_of

FEATURES = 3_000
CHANGED = (30, 300)
"""How many features truly change, of all."""

SIZES = (0.3, 0.5, 0.7, 0.85, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0)
"""True changes, in standard deviations of the differences between two visits."""

MIDDLING = 0.85
"""What thirteen people see in four studies of five, if it is the only question."""

STUDIES = 40

SIZE_KEPT = 1.1
"""Times the true size below which a find is not called exaggerated."""

ASKED = (10, 450, 0.05)
"""People, features and rate that the exercise names, whatever this page's own."""


def at_the_floor(people: int, features: int, fdr: float) -> int:
    """Return how many features must reach the smallest exact p before any of them is found."""
    return math.ceil(features * sign_flip_floor(people) / fdr)


@cache
def lists(people: int, fdr: float, seed: int) -> pd.DataFrame:
    """Return what a list of 3,000 independent features finds, a row a size and number changed.

    Returns
    -------
    DataFrame
        size, changed, found (share of the true ones), error (its Monte-Carlo standard error),
        false (number a study), any (share of
        studies that find something), times_true (mean size shown over the true one, of those
        found; NaN where none is), all a mean over studies.
    """
    rng = np.random.default_rng([seed, people])
    noise = rng.standard_normal((STUDIES, FEATURES)) / np.sqrt(people)
    spread = np.sqrt(rng.chisquare(people - 1, noise.shape) / (people - 1))
    rows = [
        {"size": size, "changed": k, **_found(noise, spread, people, (size, k), fdr)}
        for k in CHANGED
        for size in SIZES
    ]
    return pd.DataFrame(rows)


def _found(
    noise: NDArray[np.float64],
    spread: NDArray[np.float64],
    people: int,
    truth: tuple[float, int],
    fdr: float,
) -> dict[str, float]:
    size, k = truth
    mean = noise + size * (np.arange(FEATURES) < k)
    p = p_of_t(mean / spread * np.sqrt(people), people - 1)
    found = stats.false_discovery_control(p, axis=1) <= fdr
    true = found[:, :k]
    shown = np.abs(mean[:, :k][true])
    return {
        "found": float(true.mean()),
        "error": float(true.mean(axis=1).std(ddof=1) / np.sqrt(STUDIES)),
        "false": float(found[:, k:].sum(axis=1).mean()),
        "any": float(found.any(axis=1).mean()),
        "times_true": float(shown.mean() / size) if shown.size else np.nan,
    }


def rate(chapter: Chapter) -> str:
    """Return this page's false-discovery rate as it was set."""
    return f"{100 * chapter.parameters.fdr:g}{NARROW}%"


def of(chapter: Chapter) -> pd.DataFrame:
    """Return the lists at this page's parameters."""
    p = chapter.parameters
    return lists(p.people, p.fdr, p.seed)


def many_questions_chart(chapter: Chapter) -> Any:
    """Return the share of true changes that is found, alone and among three thousand."""
    people = chapter.parameters.people
    alone = [(s, power_of(s, people), 0.0, "one question alone") for s in SIZES]
    among = [
        (r.size, r.found, r.error, f"{whole(r.changed)} of {whole(FEATURES)} truly change")
        for r in of(chapter).itertuples(index=False)
    ]
    frame = pd.DataFrame([*alone, *among], columns=["size", "found", "error", "group"])
    reach = stats.norm.ppf(0.975) * frame["error"]
    frame = frame.assign(
        low=(frame["found"] - reach).clip(0, 1), high=(frame["found"] + reach).clip(0, 1)
    ).drop(columns="error")
    middling = of(chapter).query("size == @MIDDLING").set_index("changed")["found"]
    caption = (
        f"Simulated, {count(people)} people: a change of {number(MIDDLING)} standard deviations is seen in {percent(power_of(MIDDLING, people))} of studies that ask for it alone; of {whole(CHANGED[0])} such changes among {whole(FEATURES)} features {percent(middling[CHANGED[0]])} are found, of {whole(CHANGED[1])} {percent(middling[CHANGED[1]])} "
        f"({whole(STUDIES)} studies a point with 95 % Monte-Carlo intervals, false-discovery rate {rate(chapter)})."
    )
    text = f"Line chart of the share of true changes that is found over their size in standard deviations of differences; the line of one question alone lies far above the two lines of {whole(FEATURES)} questions, and that with fewer true changes is the lowest."
    return draw.found_of_many(frame, (caption, text))


def many_questions_table(chapter: Chapter) -> Table:
    """Return what a list of 3,000 holds, for some sizes of the true changes."""
    table = of(chapter).query("changed == @CHANGED[0] and size in (0.5, 0.85, 1.2, 1.6, 2.0)")
    frame = pd.DataFrame(
        {
            "true change (SD of differences)": table["size"].map(number),
            "studies that find any": table["any"].map(percent),
            f"true ones found, of {CHANGED[0]}": [number(CHANGED[0] * f) for f in table["found"]],
            "false ones found": table["false"].map(number),
            "size shown, over the true size": table["times_true"].map(number),
        }
    )
    return Table(
        frame,
        f"Simulated: a study of {count(chapter.parameters.people)} people with {whole(FEATURES)} features, {whole(CHANGED[0])} of which truly change; means over {whole(STUDIES)} studies at a false-discovery rate of {rate(chapter)}.",
    )


def sentences(chapter: Chapter) -> dict[str, str]:
    """Return the sentences on many questions."""
    return {"floor": _floor(chapter), "many": _many(chapter)}


def _floor(chapter: Chapter) -> str:
    people, fdr = chapter.parameters.people, chapter.parameters.fdr
    needed = at_the_floor(people, FEATURES, fdr)
    smallest = p_value(sign_flip_floor(people)).replace("< ", "below ")
    reach = bonferroni_reach(sign_flip_floor(people), fdr)
    bonferroni = (
        f"Bonferroni's threshold lies beyond it from {whole(reach + 1)} features on. "
        if reach < FEATURES
        else f"Bonferroni's threshold for {whole(FEATURES)} features is still within reach. "
    )
    return (
        f"Flip the signs of {count(people)} differences in every way: the smallest p value that can come out is {smallest}, however large the effect. "
        + bonferroni
        + "The false-discovery rate of Benjamini and Hochberg asks of the k-th smallest p value that it be at most k times the rate over the number of features {footcite}`benjamini1995`: "
        + (
            f"at {rate(chapter)} among {whole(FEATURES)}, no test by sign flips or ranks can call any feature before {count(needed)} of them have every single person on one side."
            if needed > 1
            else f"at {rate(chapter)} among {whole(FEATURES)}, one feature at the floor is enough."
        )
    )


def _many(chapter: Chapter) -> str:
    people = chapter.parameters.people
    rare = one(of(chapter), size=MIDDLING, changed=CHANGED[0])
    return (
        "Student's t has no floor, but it pays the same toll. "
        f"Of {whole(CHANGED[0])} features that truly change by {number(MIDDLING)} standard deviations of the differences, a list finds {_how_many(CHANGED[0] * rare['found'])} on average. "
        + _exaggeration(rare["times_true"])
        + f"A single feature that must stand up among {whole(FEATURES)} by Bonferroni needs {number(detectable_standardised(people, FEATURES), 3)} standard deviations to be seen in four studies of five. "
        + (
            f"So a list from {count(people)} people is short and exaggerated, and what it leaves out it has not cleared. "
            if rare["found"] < 1 / 2
            else f"So a list from {count(people)} people holds most changes of that size, and is short again for smaller ones. "
        )
        + f"And nothing of this touches the cause: a season passes 5{NARROW}% as easily as a treadmill does."
    )


def _how_many(found: float) -> str:
    """Return a mean number of finds, told in words where it is less than one."""
    return f"fewer than one ({number(found)})" if found < 1 else number(found)


def _exaggeration(times_true: float) -> str:
    """Return how much larger than the truth a find looks, if any is found and looks larger."""
    if not np.isfinite(times_true):
        return "Nothing at all is found at that size. "
    if times_true < SIZE_KEPT:
        return "What is found looks about as large as it is. "
    return (
        f"What is found looks {number(times_true)} times as large as it is, because only the luckiest pass "
        "{footcite}`gelman2014`. "
    )


@tolerant
def check_floor(answer: float) -> str:
    """Check the exercise: features at the floor that ten people need, of 450 at 5 %."""
    people, features, fdr = ASKED
    right = at_the_floor(people, features, fdr)
    if answer == right:
        return f"Right: {right} times the rate over {features} is the first threshold that the floor of {count(people)} people can meet."
    if answer == bonferroni_reach(sign_flip_floor(people), fdr):
        return "That is how many features Bonferroni can carry; here their number is given, and the rank is asked for."
    if right - 1 < answer < right:
        return "Nearly: features come whole, and the threshold must reach the floor."
    return "Not yet: find the smallest k for which k times the rate over the number of features is at least two to the minus (n − 1)."
