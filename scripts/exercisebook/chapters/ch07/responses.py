"""Who responded? Spreads of true responses in a world where all respond alike, and where not."""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from exercisebook.chapters.ch07.studies import AFTER, changes, true_row
from exercisebook.chapters.chapter import Chapter
from exercisebook.chapters.wording import count
from exercisebook.figures import causality as draw
from exercisebook.figures.tables import number, percent
from exercisebook.simulate.latents import draw_visits
from exercisebook.simulate.worlds import TWIN, assumptions, world
from exercisebook.stats.responders import response_spread

ALL_ALIKE, DIFFER = "reference", "responders"
CALLED = {ALL_ALIKE: "everyone responds alike", DIFFER: "people truly differ"}
STUDIES = 200
FEATURE = "betaine"
_BIN = 0.03
"""Width of a bar, in doublings squared."""


@cache
def spreads(name: str, people: int, seed: int) -> pd.DataFrame:
    """Return the spread of responses in simulated studies: sd_response, ci_low, ci_high.

    The control occasion is the same world without training, drawn with other luck.
    """
    trained = changes(name, people, seed, STUDIES)[FEATURE]
    rested = changes(f"{name}{TWIN}", people, seed + 1, STUDIES)[FEATURE]
    found = [response_spread(e, c) for e, c in zip(trained, rested, strict=True)]
    return pd.DataFrame([vars(f) for f in found])


def variances(found: pd.DataFrame) -> pd.Series:
    """Return the estimated variances of true responses, below nought where the control varies more."""
    return np.sign(found["sd_response"]) * found["sd_response"] ** 2


def clear_share(name: str, chapter: Chapter) -> float:
    """Return the share of studies whose interval of the spread lies above zero."""
    p = chapter.parameters
    return float((spreads(name, p.people, p.seed)["ci_low"] > 0).mean())


@cache
def rightly_sorted(people: int, seed: int) -> float:
    """Return how many of the top third by observed change are in the top third by response.

    In the world in which people differ, as a share of all studies' top thirds.
    """
    seen = changes(DIFFER, people, seed, STUDIES)[FEATURE]
    own = draw_visits(world(DIFFER), people, np.random.default_rng(seed), STUDIES)
    true = np.where(np.isnan(seen), np.nan, own.trained[..., AFTER])
    top = max(1, people // 3)
    # a missing value sorts last, and so is in no top third
    by_change, by_truth = (np.argsort(-v, axis=1, kind="stable")[:, :top] for v in (seen, true))
    right = [len(np.intersect1d(a, b)) for a, b in zip(by_change, by_truth, strict=True)]
    return float(np.mean(right)) / top


def responses_chart(chapter: Chapter) -> Any:
    """Return how the estimated spread of responses falls out in two worlds."""
    p = chapter.parameters
    found = {name: variances(spreads(name, p.people, p.seed)) for name in CALLED}
    ends = pd.concat(found.values())
    edges = np.arange(np.floor(ends.min() / _BIN), np.ceil(ends.max() / _BIN) + 1) * _BIN
    frames = [
        pd.DataFrame(
            {
                "at": edges,
                # a last bar of nought closes the outline
                "share": np.append(100 * np.histogram(own, edges)[0] / len(own), 0.0),
                "group": CALLED[name],
            }
        )
        for name, own in found.items()
    ]
    frame = pd.concat(frames, ignore_index=True)
    alike, differ = (clear_share(name, chapter) for name in CALLED)
    wide = frame.pivot(index="at", columns="group", values="share")
    common = wide.min(axis=1).sum() / 100
    tells = "hardly tells" if differ < 1 / 2 else "mostly tells"
    caption = f"Simulated, {STUDIES} studies, n = {p.people} each: in a single study the estimated variance of responses {tells} a world in which everyone responds alike from one in which people truly differ; its interval lies above zero in {percent(alike)} of studies of the one and {percent(differ)} of the other."
    text = f"Outlines of two histograms of the estimated variance of true responses of betaine in doublings squared: they have {percent(common)} of their area in common, and the lowest estimate is {number(ends.min())}."
    return draw.responses(frame, (caption, text))


def sentences(chapter: Chapter) -> dict[str, str]:
    """Return the sentences of this part by the name under which the page pastes them."""
    p = chapter.parameters
    spread = assumptions()["response_spread"] * abs(true_row(DIFFER, FEATURE)["log2_content"])
    right = rightly_sorted(p.people, p.seed)
    top = max(1, p.people // 3)
    told = (
        f"Where people truly differ, by a standard deviation of {number(spread)} doublings, {percent(clear_share(DIFFER, chapter))} of studies can say so; where nobody differs, {percent(clear_share(ALL_ALIKE, chapter))} say so all the same. "
        f"Suppose that a study with real differences calls the top {count(top)} of its {count(p.people)} people responders: {percent(right)} of them are truly among the top {count(top)}, where drawing lots would make {percent(top / p.people)} so. "
        "A study that saw each person twice in each condition could separate the two; one before and one after cannot, and so nobody is named here."
    )
    return {"responders": told}
