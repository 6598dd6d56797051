"""The charts of chapter 2, each with its caption and text alternative."""

from typing import Any

import numpy as np
import pandas as pd

from exercisebook.chapters.ch02.analyses import (
    CELLS,
    END,
    GENTLE,
    HOURS,
    INTENSITIES,
    LATE,
    RACE_FEATURES,
)
from exercisebook.chapters.ch02.readings import (
    against_rest_at,
    arm_label,
    corrected_for,
    cytokine_at_end,
    day_after_tests,
    explained_by_water,
    hard_against_gentle,
    men_by_intensity,
    men_with_cytokines,
    single_men,
    sure_in_both,
)
from exercisebook.chapters.chapter import Chapter
from exercisebook.chapters.hours import at_hour, phase_of
from exercisebook.chapters.rows import labelled_rows, ratio_rows
from exercisebook.chapters.simulated import ratios_against_truth, reference_outcomes
from exercisebook.chapters.wording import (
    certain,
    count,
    direction,
    dots_of_men,
    hours,
    listed,
    moved,
    n_range,
    one,
    share,
)
from exercisebook.figures import acute as draw
from exercisebook.figures.simulated import against_truth
from exercisebook.figures.tables import interval, number, percent
from exercisebook.sources.features import label
from exercisebook.sources.grinta import ARMS, CYTOKINES, REST


def time_course_chart(chapter: Chapter) -> Any:
    """Return the chart of white cells over the day, against rest."""
    effects = chapter["acute_against_rest"]
    effects = effects[effects["feature"].isin(CELLS)]
    frame = ratio_rows(effects, effects["feature"].map(label)).assign(phase=phase_of(effects))
    start = pd.DataFrame({"row": frame["row"].unique()}).assign(
        phase="0h", estimate=1.0, low=1.0, high=1.0, label="1"
    )
    first, last = (
        against_rest_at(chapter, *w) for w in (("lymphocytes", END), ("neutrophils", LATE))
    )
    persons = single_men(chapter)
    dots = dots_of_men(persons)
    caption = (
        f"Against the same hours of a rest day, lymphocytes {moved(first)} by the end of an hour of exercise and neutrophils "
        f"{moved(last)} three hours after its start (GRINTA, {arm_label(chapter)}, n = {n_range(effects)}, 95 % intervals{dots})."
    )
    text = f"Line chart of neutrophils, lymphocytes and monocytes from 0 to 24 hours as ratios to the rest day, logarithmic; lymphocytes {moved(first)} at one hour, neutrophils {moved(last)} at three."
    whole_course = pd.concat([start, frame], ignore_index=True)
    return draw.time_course(whole_course, ["0h", *HOURS], persons, (caption, text))


def intensity_chart(chapter: Chapter) -> Any:
    """Return the chart of two cells after four kinds of exercise."""
    effects = chapter["by_intensity"]
    picked = pd.concat(
        [
            at_hour(effects, END).query("feature == 'lymphocytes'"),
            at_hour(effects, LATE).query("feature == 'neutrophils'"),
        ]
    )
    hour = phase_of(picked).map({END: "end of exercise", LATE: "2 h after its end"})
    arm = picked["contrast"].str.split("-").str[0].map(ARMS)
    frame = ratio_rows(picked, arm).assign(
        group=picked["feature"].map(label) + ", " + hour.to_numpy()
    )
    order = [ARMS[a] for a in INTENSITIES]
    persons = men_by_intensity(dict(zip(picked["feature"], frame["group"], strict=True)))
    gentle, hard = (one(picked, contrast=f"{a}-{LATE}") for a in (GENTLE, "P2"))
    against = hard_against_gentle(chapter)
    swing = (
        f"The hard hour moved neutrophils {direction(against['estimate'], 'more', 'less')} than the gentle one"
        if certain(against)
        else "The hard hour did not clearly move neutrophils more than the gentle one"
    )
    caption = (
        f"{swing}: two hours after its end neutrophils {moved(gentle)} after 50 % of maximal power and {moved(hard)} after 70 % "
        f"(GRINTA against the rest day, n = {n_range(picked)}, 95 % intervals{dots_of_men(persons)})."
    )
    text = "Dot plot with intervals: for four kinds of exercise, the ratio to the rest day of lymphocytes at the end and of neutrophils two hours later."
    return draw.by_intensity(frame, order, persons, (caption, text))


def natural_killer_chart(chapter: Chapter) -> Any:
    """Return the chart of natural killer cells among cells that are not T cells."""
    effects = chapter["natural_killer"]
    when = phase_of(effects).map({"1h": "at the end", "1.5h": "30 min later", "3h": "2 h later"})
    rows = effects["feature"].map(label) + ", " + when
    values = np.exp(effects[["estimate", "ci_low", "ci_high"]])
    frame = labelled_rows(values, rows)
    order = [r for f in ("nk_cells", "nk_cd56dim") for r in rows[effects["feature"] == f]]
    end, after = (one(at_hour(effects, h), feature="nk_cd56dim") for h in ("1h", "1.5h"))
    caption = (
        f"Cytotoxic NK cells are {direction(end['estimate'], 'over-represented', 'under-represented')} at the end of exercise and "
        f"{_odds_certain(after)} half an hour later (odds against the rest day among cells without CD3; GRINTA, {arm_label(chapter)}, n = {n_range(effects)}, 95 % intervals)."
    )
    text = "Dot plot of odds ratios with intervals, all NK cells and the cytotoxic subset, at the end of exercise, 30 minutes and two hours later."
    return draw.natural_killer(frame, order, (caption, text))


def sameness_chart(chapter: Chapter) -> Any:
    """Return the chart of equivalence to the rest day a day later."""
    tests, margin = day_after_tests(chapter)
    values = 2 ** tests[["estimate", "equivalence_low", "equivalence_high"]]
    frame = labelled_rows(values, tests["feature"].map(label))
    inside = tests[tests["same"]]
    open_ = [label(f) for f in tests.loc[~tests["same"], "feature"]]
    caption = (
        f"A day later {listed([label(f) for f in inside['feature']]) or 'none'} can be called the same as on the rest day within ±{percent(2**margin - 1)}"
        + (f"; {listed(open_)} cannot yet" if open_ else "")
        + f" (GRINTA, {arm_label(chapter)}, n = {n_range(tests)}, 90 % intervals)."
    )
    text = "Dot plot of ratios to the rest day 24 hours after the start with 90 per cent intervals over a band of sameness."
    order = [label(f) for f in (*CELLS, "leukocytes")]
    return draw.sameness(frame, order, 2**margin, (caption, text))


def cytokine_chart(chapter: Chapter) -> Any:
    """Return the chart of cytokines at the end of exercise, under two readings."""
    effects = at_hour(chapter["cytokines"], END)
    frame = ratio_rows(effects, effects["feature"].map(label)).assign(
        group=effects["stratum"].to_numpy()
    )
    frame = frame[np.isfinite(frame["low"])]
    persons = men_with_cytokines(chapter)
    found = "" if persons is None else "; faint: single men in whom it was found on both days"
    sure = [f for f in CYTOKINES.values() if sure_in_both(effects, f)]
    order = [label(f) for f in ("ccl2", "tnf", "cxcl10", "ifng", "csf3", "mif", "il10", "il6")]
    turning = [
        f
        for f in CYTOKINES.values()
        if effects.loc[effects["feature"] == f].apply(certain, axis=1).nunique() > 1
    ]
    depends = (
        f"; for {listed([label(f) for f in turning])} it depends on how absent values are read"
        if turning
        else ""
    )
    caption = (
        f"At the end of the hour {listed([label(f) for f in sure]) or 'no cytokine'} {'differ' if len(sure) > 1 else 'differs'} from rest under both readings{depends} "
        f"(GRINTA, {arm_label(chapter)}, n = {n_range(effects)}, 95 % intervals{found})."
    )
    text = "Dot plot with intervals: eight serum cytokines as ratios to the rest day, each under two readings of absent values; IL-6 and IL-10 are mostly absent."
    return draw.cytokines(frame, order, persons, (caption, text))


def detection_chart(chapter: Chapter) -> Any:
    """Return the chart of how often each cytokine was found on the exercise day."""
    arm = chapter.parameters.arm
    table = chapter["detection"]
    own = table[table["arm"] == arm]
    il6 = one(own, feature="il6", phase=END)
    rest = one(table[table["arm"] == REST], feature="il6", phase=END)
    frame = own.assign(row=own["feature"].map(label), share=own["n_detected"] / own["n"])
    caption = (
        f"IL-6 was found in {share(il6['n_detected'], il6['n'])} assayed samples at the end of exercise and in {share(rest['n_detected'], rest['n'])} at that hour of the rest day: "
        f"too few to average (GRINTA, {arm_label(chapter)}; the exercise day is shown)."
    )
    text = "Shaded table of the share of samples in which each of eight cytokines was found, by hour of the exercise day; IL-6 and IL-10 are found in about half or fewer."
    order = [label(f) for f in ("ccl2", "tnf", "cxcl10", "mif", "csf3", "ifng", "il10", "il6")]
    return draw.detection(frame, order, ["0h", *HOURS], (caption, text))


def race_chart(chapter: Chapter) -> Any:
    """Return the chart of the race's finish, for those seen and for all who started."""
    effects = chapter["race"].query("contrast == 'finish'").set_index("feature")
    bounds = chapter["race_bounds"].query("who == 'all who started'").set_index("feature")
    seen, everyone = "mean of those measured", "median of all starters, bounds"
    rows = []
    for feature in RACE_FEATURES:
        e, b = effects.loc[feature], bounds.loc[feature]
        ratio = 2 ** e[["estimate", "ci_low", "ci_high"]].astype(float)
        rows.append(
            (
                label(feature),
                seen,
                *ratio,
                f"{number(ratio['estimate'])} ({interval(ratio['ci_low'], ratio['ci_high'])})",
            )
        )
        low, high = 2 ** b["median_low"], 2 ** b["median_high"]
        ends = (max(low, 0.5), min(high, 128.0))
        rows.append((label(feature), everyone, np.nan, *ends, interval(low, high)))
    frame = pd.DataFrame(rows, columns=["row", "group", "estimate", "low", "high", "label"])
    il6, b = effects.loc["il6"], bounds.loc["il6"]
    caption = (
        f"At the finish of 50 km IL-6 {moved(il6)} in the {count(il6['n_subjects'])} runners with cytokines there; over all {count(b['n_subjects'])} who started, "
        f"whatever the others had, the median ratio lies between {number(2 ** b['median_low'])} and {number(2 ** b['median_high'])} (dots: geometric means with 95 % intervals, n = {n_range(effects)}; bars: bounds, not intervals)."
    )
    text = "Dot plot with intervals for runners seen at the finish, and bars of bounds for all starters: IL-6, IL-8, TNF, leukocytes and creatine kinase as ratios to before the race, logarithmic."
    return draw.race(frame, [label(f) for f in RACE_FEATURES], (caption, text))


def plasma_volume_chart(chapter: Chapter) -> Any:
    """Return the chart of what is left of rises if plasma was lost."""
    assumed = -chapter.parameters.plasma_volume
    effects = [
        against_rest_at(chapter, "platelets", END),
        cytokine_at_end(chapter, "ccl2"),
        cytokine_at_end(chapter, "cxcl10"),
    ]
    losses = np.arange(0.0, 20.5, 0.5)
    frames = [
        corrected_for(e, -losses).assign(row=label(e["feature"]), loss=losses) for e in effects
    ]
    told = [f"{label(e['feature'])} {explained_by_water(e)}" for e in reversed(effects)]
    caption = (
        f"If plasma was lost: {'; '.join(told)} "
        f"(GRINTA, {arm_label(chapter)}, end of exercise, 95 % intervals; grey: 5 to 20 %)."
    )
    text = "Three falling lines of the ratio of amounts against the assumed loss of plasma volume, for platelets, MCP-1 and IP-10."
    text += f" {'; '.join(told).capitalize()}."
    return draw.plasma_volume(pd.concat(frames), assumed, (caption, text))


def sampling_chart(chapter: Chapter) -> Any:
    """Return the chart of lymphocytes by the hour of the needle."""
    effects = chapter["acute_against_rest"].query("feature == 'lymphocytes'")
    frame = ratio_rows(effects, effects["feature"]).assign(phase=phase_of(effects))
    frame["way"] = np.select([frame["low"] > 1, frame["high"] < 1], ["higher", "lower"], "unclear")
    higher, lower = (list(frame.loc[frame["way"] == w, "phase"]) for w in ("higher", "lower"))
    persons = single_men(chapter)
    if persons is not None:
        persons = persons[persons["row"] == label("lymphocytes")]
    dots = dots_of_men(persons)
    caption = (
        f"“Lymphocytes after exercise” are higher than at rest if drawn at {_hours(higher)}, lower at {_hours(lower)}: "
        f"the same men, the same bout (GRINTA, {arm_label(chapter)}, n = {n_range(effects)}, 95 % intervals{dots})."
    )
    text = f"Dots with intervals of the lymphocyte ratio to rest by hour of sampling; above one at {_hours(higher)}, below one at {_hours(lower)}."
    return draw.sampling_time(frame, list(HOURS), persons, (caption, text))


def _odds_certain(effect: pd.Series) -> str:
    return (
        direction(effect["estimate"], "over-represented", "under-represented")
        if certain(effect)
        else "not clearly different"
    )


def _hours(phases: list[str]) -> str:
    return listed([hours(p) for p in phases], "or") or "no hour"


def truth_chart(chapter: Chapter) -> Any:
    """Return the reference study's acute effects beside the truth."""
    effects = reference_outcomes("acute", chapter.parameters.fdr)
    rows = ratios_against_truth(effects)
    caption = f"Simulated, thirteen men minutes after a run: estimates (purple, 95 % intervals) lie about the truth (upright marks); {count(int((rows['outcome'] == 'missed').sum()))} of {count(len(rows))} changes are there and missed."
    text = f"Dot plot of {len(rows)} ratios after the simulated run with 95 % intervals, an upright mark at each true ratio, and its outcome in words at the right."
    return against_truth(
        rows, "minutes after the run, against before (ratio)", "fig-acute-truth", caption, text
    )
