"""Designs side by side: which bias each line of evidence can have, and the trial one would want.

What each line found stands in the chapters named and is only summed up here, beside what could
have misled it.
Bridges from mouse to man live in ``bridges``, what was not run in ``drawings``, labels in
``labels``.
"""

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from exercisebook.chapters.ch05.published import REPORTS
from exercisebook.chapters.ch05.readings import PLACES, clear
from exercisebook.chapters.ch07 import bridges, controls, drawings
from exercisebook.chapters.ch07.means import crp_spreads
from exercisebook.chapters.chapter import Chapter
from exercisebook.chapters.results import Analysis
from exercisebook.chapters.wording import count, listed, none_or, one, share
from exercisebook.figures import causes as draw
from exercisebook.figures.tables import Table, interval, number
from exercisebook.stats.power import detectable_from_se

ANALYSES: dict[str, Analysis] = {}

TOWARD, EITHER = "pushes toward the story", "pushes either way"
MARKS = {TOWARD: "triangle-right", EITHER: "diamond"}

RAISES, CALMS, BOTH = "exercise raises betaine", "betaine calms inflammation", "both, in turn"

MEN, SURVEY, RATS = "13 men, in turn", "survey", "rats, 8 weeks"
MICE, TRIALS = "mice that drink it", "supplement trials"
GENES, DISH, REST_DAY = "genes", "TBK1 in a dish", "rest-day crossover"

CALENDAR, CHOSEN, FOOD = "calendar and habit", "chosen for a high value", "food beside it"
ALLOTTED = "how they were allotted"
HEALTHY, HANDS = "the healthy move more", "hands that know the group"
PRINTED, WATER = "only the good is printed", "blood thinned or not"
OTHER_ROADS, OTHER_DOSE, OTHER_BODY = "another road", "another dose", "another body"

BIASES = (CALENDAR, CHOSEN, ALLOTTED, FOOD, HEALTHY, HANDS, PRINTED, WATER, OTHER_ROADS,
          OTHER_DOSE, OTHER_BODY)  # fmt: skip

LINES: dict[str, tuple[str, str, dict[str, str]]] = {
    MEN: (
        BOTH,
        "before and after, one order, no control that we read of",
        {CALENDAR: EITHER, CHOSEN: TOWARD, FOOD: TOWARD, HANDS: TOWARD, PRINTED: TOWARD,
         WATER: EITHER},
    ),
    REST_DAY: (
        "neither: hours, not weeks",
        "each man against his own day at rest (chapters 1 and 2)",
        {CALENDAR: EITHER, HANDS: EITHER, WATER: EITHER},
    ),
    SURVEY: (
        "neither: no betaine, habitual activity",
        "active against inactive, one day (chapters 1 and 3)",
        {HEALTHY: TOWARD, FOOD: TOWARD, WATER: EITHER, OTHER_ROADS: TOWARD},
    ),
    RATS: (
        RAISES,
        "trained against sedentary, at one time (chapter 5)",
        {ALLOTTED: EITHER, FOOD: EITHER, HANDS: EITHER, OTHER_BODY: EITHER},
    ),
    MICE: (
        CALMS,
        "betaine in the water or not, as told (chapter 5)",
        {ALLOTTED: EITHER, HANDS: TOWARD, PRINTED: TOWARD, OTHER_DOSE: TOWARD,
         OTHER_BODY: EITHER},
    ),
    TRIALS: (
        CALMS,
        "capsule or placebo, by lot (chapter 5)",
        {PRINTED: TOWARD, OTHER_DOSE: EITHER},
    ),
    GENES: (
        CALMS,
        "variants as lots, no outcome at hand (chapter 5)",
        {OTHER_ROADS: EITHER, OTHER_DOSE: EITHER},
    ),
    DISH: (
        CALMS,
        "enzyme and molecule, none of betaine at hand (chapter 6)",
        {PRINTED: TOWARD, OTHER_DOSE: TOWARD, OTHER_BODY: EITHER},
    ),
}  # fmt: skip
"""By line: the link of the story it speaks to, its design, and the biases it can have."""


TRIALS_TOLD = next(report for report in REPORTS if report.source == "Xu 2023")
"""The trials of betaine and inflammation, pooled, as chapter 5 lists them."""


def says(chapter: Chapter) -> dict[str, str]:
    """Return what each line found, as told or as measured, or that nobody measured it."""
    against = chapter["against_rest_day"]["p_value"]
    cells = one(chapter["white_cells"], feature="neutrophils", stratum=controls.LADDER[-1])
    low, high = 2 ** cells["ci_low"], 2 ** cells["ci_high"]
    tissues = clear(chapter)
    rats = (
        f"betaine changed clearly in {listed([PLACES[t] for t in tissues])}"
        if tissues
        else "no clear change of betaine in muscle or fat"
    )
    return {
        MEN: "as told: betaine up; CRP, TNF and CCL25 down; by how much is not told",
        REST_DAY: f"betaine not measured; {share((against < controls.LEVEL).sum(), len(against))} readings of white cells after a bout differ from those at rest",
        SURVEY: f"betaine not measured; neutrophils of the active × {number(2 ** cells['estimate'])} ({interval(low, high)})",
        RATS: rats,
        MICE: "as told: markers of senescence and inflammatory genes down; no data open to us",
        TRIALS: f"no clear change of CRP, IL-6 or TNF, a small fall of IL-1β; {TRIALS_TOLD.found}, n = {TRIALS_TOLD.n}",
        GENES: "nothing yet: no open table of an outcome",
        DISH: "as told: betaine binds and inhibits TBK1; nothing open measures it",
    }


def biases_of() -> pd.DataFrame:
    """Return line, bias and kind, one row where a line can have a bias."""
    rows = [(line, bias, kind) for line, (_, _, can) in LINES.items() for bias, kind in can.items()]
    return pd.DataFrame(rows, columns=["line", "bias", "kind"])


def shared(one: str, other: str) -> list[str]:
    """Return the biases that two lines can have in common."""
    return [bias for bias in BIASES if bias in LINES[one][2] and bias in LINES[other][2]]


def speaking_to(link: str) -> list[str]:
    """Return the lines that speak to one link of the story."""
    return [line for line, (to, _, _) in LINES.items() if to in (link, BOTH)]


def apart(link: str) -> list[tuple[str, str]]:
    """Return the pairs of lines on one link that can have no bias in common."""
    return [pair for pair in combinations(speaking_to(link), 2) if not shared(*pair)]


def triangulation_chart(chapter: Chapter) -> Any:
    """Return which line of evidence can have which bias, and which way it would push."""
    frame = biases_of()
    every = frame["line"].value_counts()
    toward = (frame["kind"] == TOWARD).groupby(frame["line"]).sum()
    most = every.idxmax()
    caption = (
        f"“{most}” has most of the biases, {count(every.max())} of {count(len(BIASES))} and more than any other line; {count(toward[most])} of them push toward the story "
        "(our reading of designs, no data and no n; an empty place is a bias that the design shuts out, that cannot arise, or that stands in another column)."
    )
    text = f"Matrix of {count(len(LINES))} lines of evidence by {count(len(BIASES))} biases; a triangle marks a bias that would push toward the story, a diamond one that could push either way, and an empty place none of either."
    return draw.shared_biases(frame, list(LINES), BIASES, MARKS, (caption, text))


def triangulation_table(chapter: Chapter) -> Table:
    """Return each line with the link it speaks to, its design and what could mislead it."""
    told = says(chapter)
    rows = [
        (
            line,
            link,
            design,
            told[line],
            listed([b for b in BIASES if can.get(b) == TOWARD]) or "–",
            listed([b for b in BIASES if can.get(b) == EITHER]) or "–",
        )
        for line, (link, design, can) in LINES.items()
    ]
    columns = ["line of evidence", "speaks to", "design", "what it says", "toward the story",
               "either way"]  # fmt: skip
    return Table(
        pd.DataFrame(rows, columns=columns),
        "Lines of evidence on betaine, the link of the story each speaks to, what it says, and the biases that its design leaves open; a fixed order stands under calendar and habit, and self-chosen activity under the healthy who move more, not under allotment.",
        stacked=True,
    )


YES, PART, NO, UNTOLD = "yes", "in part", "no", "not told"

TARGET = (
    (
        "who may take part",
        "healthy men and women who do not train, of several ages, not chosen by a marker",
        "13 healthy young men; how they were chosen is not told",
        PART,
        "women, the old, the ill; choice by a first value",
    ),
    (
        "what is compared",
        "25 days of a written programme, against 25 days of the usual life",
        "25 days of training, after a baseline of 45 days and one bout",
        PART,
        "the programme's dose; what people ate, drank and slept",
    ),
    (
        "who gets which",
        "by lot, or each both ways in an order by lot",
        "everyone everything, in one order",
        NO,
        "everything that comes with the calendar",
    ),
    (
        "who knows",
        "those who measure and compute do not know the phase",
        "not told",
        UNTOLD,
        "hopes, in those who train and those who measure",
    ),
    (
        "time nought",
        "the day of the lot; first draw before it, after two quiet days",
        "the phases' first draws; hours since the last bout not told",
        PART,
        "a bout that still echoes in the “rested” blood",
    ),
    (
        "how long",
        "25 days, and 25 more to see it fade; nobody lost",
        "25 days; losses not told",
        PART,
        "who stayed; whether it lasts",
    ),
    (
        "what is measured",
        "betaine and CRP named beforehand, with plasma volume, proline betaine and a diary",
        "very many things at once; which were named beforehand is not told",
        PART,
        "lists without a plan; thinned blood; dinner",
    ),
    (
        "which effect",
        "of being told to train, and of training",
        "after less before",
        NO,
        "before and after is no contrast of strategies at one time",
    ),
    (
        "how it is computed",
        "difference of changes, by a plan that was printed first",
        "not told in what we read",
        UNTOLD,
        "choices made after looking",
    ),
)
"""Component, the trial one would want, the study as told, whether it can be emulated, what is left."""


MEN_TOLD = 13
"""Men of the study, as told."""


def crp_seen_by_lot(each: int) -> float:
    """Return the log2 difference of changes of CRP that two groups of a size would show.

    The change between two single visits, with the simulated wander within a person; people who
    respond unlike one another would need more.
    """
    change = np.sqrt(2) * crp_spreads()["within"]
    return float(detectable_from_se(change * np.sqrt(2 / each), 2 * (each - 1)))


def target_trial_table(chapter: Chapter) -> Table:
    """Return the target trial beside the study, with the rows that cannot be emulated."""
    columns = ["component", "the trial one would want", "the study, as told",
               "can it be emulated?", "what is left open"]  # fmt: skip
    return Table(
        pd.DataFrame(TARGET, columns=columns),
        "The target trial of 25 days of training beside the study as the commentary tells it; the study's own paper may say more.",
        stacked=True,
    )


def sentences(chapter: Chapter) -> dict[str, str]:
    """Return the sentences on designs, bridges, drawings and labels."""
    return {
        "triangulation": _triangulation(chapter),
        "target": _target(),
        **bridges.sentences(chapter),
        **drawings.sentences(chapter),
    }


def _triangulation(chapter: Chapter) -> str:
    raises, calms, pairs = speaking_to(RAISES), speaking_to(CALMS), apart(CALMS)
    both = [line for line, (to, _, _) in LINES.items() if to == BOTH]
    told = listed([f"“{a}” with “{b}”" for a, b in pairs]) or "none"
    clear_in = clear(chapter)
    rats = (
        f"in the rats betaine changed clearly in {listed([PLACES[t] for t in clear_in])}"
        if clear_in
        else "and they do not both say yes, since the rats' answer is open"
    )
    genes = ", and for the genes we hold no outcome" if any(GENES in pair for pair in pairs) else ""
    return (
        f"That exercise raises betaine has {count(len(raises))} lines, {quoted(raises)}. "
        f"If both said yes, {quoted(shared(MEN, RATS))} could still have misled both at once; {rats} ([](#betaine-metabolism)). "
        f"That betaine calms inflammation has {count(len(calms))} lines, and of their {count(len(list(combinations(calms, 2))))} pairs {none_or(count(len(pairs)))} can have no bias in common: {told}{genes}. "
        f"“{MICE}” and “{DISH}” look like two witnesses, and share {quoted(shared(MICE, DISH))}. "
        f"Only {quoted(both)} {'speaks' if len(both) == 1 else 'speak'} to the whole story in the same bodies, by the design with the most ways to be wrong. "
        "Lines that agree count as much as their biases differ {footcite}`lawlor2016`, and a line that says no against its own bias counts for more than one that says yes with it. "
        f"The supplement trials, whose bias would favour the story, show no clear change of CRP, IL-6 or TNF, and a small fall of IL-1β {{footcite}}`xu2023`; that weighs more than a “yes” from them would, and is no sure “no”: among {TRIALS_TOLD.n} people, {TRIALS_TOLD.found.split(';')[0]} has room for either. "
        "The other lines on betaine and inflammation are told but not open to us, or not measured at all, so there is a plan for a triangle and not yet a triangle."
    )


def quoted(names: list[str]) -> str:
    """Return names in quotation marks, as a sentence lists them."""
    return listed([f"“{name}”" for name in names]) or "nothing"


def _target() -> str:
    by = {
        answer: [row[0] for row in TARGET if row[3] == answer] for answer in (YES, PART, NO, UNTOLD)
    }
    return (
        f"Of {count(len(TARGET))} components {none_or(count(len(by[YES])))} can be emulated as it stands, {count(len(by[PART]))} in part, {count(len(by[UNTOLD]))} are not told, and {count(len(by[NO]))} cannot be emulated at all: {quoted(by[NO])}. "
        "To emulate a trial is to have data in which two strategies begin at one time in people who could have had either {footcite}`hernan2016`. "
        "In a fixed order nobody could have had either, and no weights or adjustment make up for it: they move people between groups that exist, and here there is one. "
        f"The cheapest repair is not a method but {count(MEN_TOLD)} more men who wait, drawn by lot; they would date the change, and would still be too few for CRP, whose change would have to differ {number(2 ** crp_seen_by_lot(MEN_TOLD))}-fold between the groups to be seen in four studies of five."
    )
