"""What a day does by itself: one bout read in one arm, and a season read as training."""

from typing import Any

import numpy as np
import pandas as pd

from exercisebook.chapters.ch01.analyses import mornings, rest_day
from exercisebook.chapters.ch02.analyses import CELLS, against_rest, before_after
from exercisebook.chapters.ch02.readings import arm_label
from exercisebook.chapters.ch07.studies import AFTER, BEFORE, BLOCKS, changes, drawn, true_row
from exercisebook.chapters.chapter import Chapter
from exercisebook.chapters.hours import hour_of, phase_of
from exercisebook.chapters.results import Analysis
from exercisebook.chapters.rows import ratio_rows
from exercisebook.chapters.simulated import ALIKE
from exercisebook.chapters.wording import (
    certain,
    count,
    evidence,
    listed,
    moved,
    n_range,
    none_or,
    one,
)
from exercisebook.figures import causality as draw
from exercisebook.figures.tables import Table, number, p_value, percent
from exercisebook.simulate.latents import log_sd
from exercisebook.simulate.worlds import world
from exercisebook.sources.features import label
from exercisebook.stats.linear import p_of_t

SHOWN = (
    ("neutrophils", "3h"),
    ("neutrophils", "6h"),
    ("lymphocytes", "1.5h"),
    ("lymphocytes", "24h"),
)
"""Counts and hours that are drawn: large effects, and small ones that a day can make."""

ONE_ARM, DAY, APART = "before and after", "the day alone", "against the day of rest"

TWIN_OF = "direct"
"""The world in which training does both, which another world is laid beside."""

_MEN = 4
"""Simulated men who are shown."""

ANALYSES = {
    analysis.name: analysis
    for analysis in (
        Analysis("mornings", "grinta", mornings),
        Analysis("rest_day", "grinta", rest_day),
        Analysis("acute_before_after", "grinta", before_after, ("arm",)),
        Analysis("acute_against_rest", "grinta", against_rest, ("arm",)),
    )
}


def readings(chapter: Chapter) -> pd.DataFrame:
    """Return the Effects of three cells at every hour, read in three ways (column ``group``)."""
    tables = {
        ONE_ARM: chapter["acute_before_after"],
        DAY: chapter["rest_day"],
        APART: chapter["acute_against_rest"],
    }
    whole = pd.concat([t.assign(group=name) for name, t in tables.items()], ignore_index=True)
    whole = whole[whole["feature"].isin(CELLS)].reset_index(drop=True)
    sure = [certain(effect) for _, effect in whole.iterrows()]
    return whole.assign(phase=phase_of(whole), certain=sure)


def reading(chapter: Chapter, group: str, feature: str, phase: str) -> pd.Series:
    """Return one effect in one of the three readings."""
    return one(readings(chapter), group=group, feature=feature, phase=phase)


def readings_chart(chapter: Chapter) -> Any:
    """Return four effects of one bout: read in one arm, the day alone, and against it."""
    table = readings(chapter)
    chosen = [
        table[(table["feature"] == feature) & (table["phase"] == phase)] for feature, phase in SHOWN
    ]
    effects = pd.concat(chosen, ignore_index=True)
    rows = pd.Series([_row(e) for _, e in effects.iterrows()])
    frame = ratio_rows(effects, rows).assign(group=effects["group"])
    naive, apart = (reading(chapter, g, *SHOWN[0]) for g in (ONE_ARM, APART))
    caption = (
        f"One bout, three readings: three hours after the start {label(SHOWN[0][0])} {moved(naive)} if read before and after, and {moved(apart)} against the same hours of a day without exercise "
        f"(GRINTA, {arm_label(chapter)}, n = {n_range(effects)}, 95 % intervals; an acute effect, and no training)."
    )
    text = "Dot plot with intervals, ratios on a logarithmic axis: two white cells at two hours each, read before and after, as the day alone, and one against the other."
    return draw.readings(frame, list(dict.fromkeys(rows)), (caption, text))


def _row(effect: pd.Series) -> str:
    return f"{label(effect['feature'])}, {hour_of(effect)} h"


def alike_table(chapter: Chapter) -> Table:
    """Return the first simulated men in two worlds that differ in the cause alone."""
    p = chapter.parameters
    here, there = (changes(name, p.people, p.seed) for name in (TWIN_OF, p.world))
    people = min(_MEN, p.people)
    rows = [
        (
            f"man {i + 1}",
            *(number(w[f][0, i], 4) for f in ("betaine", "crp") for w in (here, there)),
        )
        for i in range(people)
    ]
    rows.append(("mean of all", *_each(here, there, lambda d: number(float(np.nanmean(d)), 4))))
    rows.append(("paired p", *_each(here, there, lambda d: p_value(_paired_p(d)))))
    rows.append(
        (
            "true effect of training",
            *(
                number(true_row(name, f)["log2_content"], 3)
                for f in ("betaine", "crp")
                for name in (TWIN_OF, p.world)
            ),
        )
    )
    names = {"betaine": "betaine", "crp": "CRP"}
    columns = ["log2 change", *(f"{n}, {w}" for n in names.values() for w in (TWIN_OF, p.world))]
    return Table(
        pd.DataFrame(rows, columns=columns),
        f"Simulated, {count(p.people)} people: the same study where {ALIKE[TWIN_OF]} (“{TWIN_OF}”) and where {ALIKE[p.world]} (“{p.world}”).{_undetected(chapter, people)}",
    )


def _undetected(chapter: Chapter, people: int) -> str:
    """Return which of the men shown have CRP at its detection limit on both days."""
    p = chapter.parameters
    features = world(TWIN_OF).block(BLOCKS["crp"]).set_index("feature")
    limit = float(features.at["crp", "detection_limit"])
    values = drawn(TWIN_OF, p.people, p.seed)["crp"][0][:, [BEFORE, AFTER]]
    below = (values <= np.log2(limit)).all(axis=1)
    names = [f"man {i + 1}" for i in range(people) if below[i]]
    if not names:
        return ""
    return f" The CRP of {listed(names)} was below the detection limit, {number(limit)} mg/L, on both days, so that no change of it can be seen."


def _each(here: dict[str, Any], there: dict[str, Any], told: Any) -> list[str]:
    return [told(w[f][0]) for f in ("betaine", "crp") for w in (here, there)]


def _paired_p(d: np.ndarray) -> float:
    d = d[np.isfinite(d)]
    return float(p_of_t(d.mean() / (d.std(ddof=1) / np.sqrt(len(d))), len(d) - 1))


def largest_gap(chapter: Chapter) -> float:
    """Return the largest difference between the two worlds in any simulated person's change."""
    p = chapter.parameters
    here, there = (changes(name, p.people, p.seed) for name in (TWIN_OF, p.world))
    return max(float(np.nanmax(np.abs(here[f] - there[f]))) for f in here)


def sentences(chapter: Chapter) -> dict[str, str]:
    """Return the sentences of this part by the name under which the page pastes them."""
    return {"day": _day(chapter), "day_count": _counted(chapter), "season": _season(chapter)}


def _day(chapter: Chapter) -> str:
    naive, day, apart = (reading(chapter, g, *SHOWN[0]) for g in (ONE_ARM, DAY, APART))
    cv = one(chapter["mornings"], feature=SHOWN[0][0])["cv_within"]
    steps = abs(day["estimate"]) * np.log(2) / float(log_sd(cv))
    told = (
        f"Three hours after the start, neutrophils {moved(naive)} before and after {evidence(naive)}. "
        f"On the day without exercise they {moved(day)} over the same hours {evidence(day)}, which is {number(steps)} standard deviations of how one man's count strays from week to week. "
    )
    if naive["estimate"] * day["estimate"] > 0:
        told += f"So of the change on the log scale, {percent(day['estimate'] / naive['estimate'])} was the day. "
    return (
        told
        + f"Against the day of rest they {moved(apart)} {evidence(apart)}, and could have been seen to differ from it by {percent(2 ** apart['detectable'] - 1)}."
    )


def _counted(chapter: Chapter) -> str:
    table = readings(chapter).set_index(["group", "feature", "phase"])["certain"]
    one_arm, day, apart = (table.loc[group] for group in (ONE_ARM, DAY, APART))
    lost = one_arm[one_arm & ~apart.reindex(one_arm.index)]
    late = [feature for feature, phase in lost.index if phase == "24h"]
    told = (
        f"Of {count(len(one_arm))} readings, three cells at seven hours, {count(int(one_arm.sum()))} are clear before and after; of those, {none_or(count(len(lost)))} {'is' if len(lost) == 1 else 'are'} not clear against the day of rest. "
        f"The negative control is the day of rest itself, on which nobody exercised: {count(int(day.sum()))} of its {count(len(day))} readings are clear. "
    )
    if late:
        told += f"Among the lost are {label(late[0])} a day later: one arm would have reported a change."
    return told


def _season(chapter: Chapter) -> str:
    p = chapter.parameters
    gap = largest_gap(chapter)
    if gap == 0:
        told = f"The two columns of each pair are the same to the last digit, for {count(p.people)} people and for any number of them: the world “{p.world}” puts the calendar where the world “{TWIN_OF}” puts training, both arrive on the same day, and nothing else differs. "
        return (
            told
            + "No test, no model and no p value can tell two worlds apart that give the same data. A second group, measured on the same days and not trained, can."
        )
    return (
        f"The two worlds differ by up to {number(gap)} doublings in one person, and by little on average. "
        "What differs between them is how the changes of betaine and of C-reactive protein go together from person to person, which is what the next section but one asks."
    )
