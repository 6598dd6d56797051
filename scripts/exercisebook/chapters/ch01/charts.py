"""The charts of chapter 1, each with its caption and text alternative."""

from typing import Any

import pandas as pd

from exercisebook.chapters.ch01.analyses import COUNTS, HOURS, INDIVIDUAL_HOUR, REST
from exercisebook.chapters.ch01.readings import (
    adjusted_association,
    individual_case,
    responders_by_number,
    rest_peak,
    single_men,
)
from exercisebook.chapters.chapter import Chapter
from exercisebook.chapters.hours import at_hour, hour_of, phase_of, ratios_of_men
from exercisebook.chapters.rows import ratio_rows
from exercisebook.chapters.simulated import (
    ALIKE,
    ratios_against_truth,
    reference_outcomes,
    worlds_alike,
)
from exercisebook.chapters.wording import count, direction, moved, n_range, none_or, one, share
from exercisebook.figures import cohort_design as draw
from exercisebook.figures.simulated import against_truth, alike
from exercisebook.figures.tables import interval, number, percent, whole
from exercisebook.sources.features import label
from exercisebook.stats.power import detectable_standardised

STUDY = pd.DataFrame(
    {
        "phase": ["baseline", "acute", "training"],
        "start": [0, 45, 46],
        "end": [45, 46, 71],
        "what": ["45 days", "one bout", "25 days of exercise"],
    }
)
"""The three phases as the commentary tells them; the days between them are not stated."""


def timeline(chapter: Chapter) -> Any:
    """Return the chart of the study's three phases."""
    return draw.timeline(
        STUDY,
        "The study as the commentary tells it: the same thirteen men pass through three phases in one order, with nobody beside them; days between phases are not stated.",
        "Timeline over 71 days: a baseline of 45 days, one bout, and 25 days of exercise, in that order.",
    )


def variation_chart(chapter: Chapter) -> Any:
    """Return the chart of within-person variation."""
    table = chapter["mornings"]
    named = table.assign(label=table["feature"].map(label))
    widest = named.loc[named["cv_within"].idxmax()]
    narrowest = named.loc[named["cv_within"].idxmin()]
    people = int(named["n_subjects"].max())
    caption = (
        f"A man at rest is not the same man next week: from {percent(narrowest['cv_within'])} for "
        f"{narrowest['label']} to {percent(widest['cv_within'])} for {widest['label']} "
        f"(GRINTA, {people} men, up to five days each, with 95 % intervals)."
    )
    text = f"Dot plot of within-person coefficients of variation, {len(named)} measurements, widest for {widest['label']}, narrowest for {narrowest['label']}."
    return draw.variation(named, caption, text)


def individual_and_group(chapter: Chapter) -> Any:
    """Return the chart in which the group is sure and most individuals are not."""
    effect, row = individual_case(chapter)
    summary = pd.Series(
        {
            "estimate": 2 ** effect["estimate"],
            "ci_low": 2 ** effect["ci_low"],
            "ci_high": 2 ** effect["ci_high"],
            "fall": row["fall"],
            "rise": row["rise"],
        }
    )
    inside = row["n_subjects"] - row["n_below"] - row["n_above"]
    caption = (
        f"Lymphocytes {INDIVIDUAL_HOUR.removesuffix('h')} hours after the start: the mean {moved(effect)}, yet "
        f"{share(inside, row['n_subjects'])} men stayed within one man's usual variation (grey; GRINTA, 70 % Wmax)."
    )
    text = f"Strip of single men's ratios over a grey band of usual variation, and below it the mean with its interval; the mean {moved(effect)}."
    return draw.individual_and_group(
        summary, single_men(INDIVIDUAL_HOUR, "lymphocytes"), caption, text
    )


def rest_day_chart(chapter: Chapter) -> Any:
    """Return the chart of the rest day's drift."""
    effects = chapter["rest_day"]
    frame = effects.assign(label=effects["feature"].map(label), phase=phase_of(effects))
    frame = frame[frame["feature"] != "leukocytes"]
    peak = rest_peak(chapter)
    persons = ratios_of_men(REST, HOURS, list(frame["feature"].unique()))
    dots = "" if persons is None else "; dots: single men"
    caption = (
        f"Nobody exercised on this day, and still {label(peak['feature'])} {moved(peak)} by "
        f"{hour_of(peak)} hours after the first draw (GRINTA rest day, {int(peak['n_subjects'])} men, 95 % intervals{dots})."
    )
    text = f"Line chart of neutrophils, lymphocytes and monocytes over 24 hours of rest, as ratios to the first draw; {label(peak['feature'])} {moved(peak)} and all are near 1 after 24 hours."
    return draw.rest_day(frame, ["0h", *HOURS], persons, caption, text)


def detectable_chart(chapter: Chapter) -> Any:
    """Return the chart of what n people can detect among 1, 30 and 3,000 features."""
    people = chapter.parameters.subjects
    sizes = sorted({*range(5, 31), *range(32, 101, 2), people})
    rows = [(n, m, detectable_standardised(n, m)) for m in (1, 30, 3000) for n in sizes if n <= 100]
    curves = pd.DataFrame(rows, columns=["people", "features", "dz"])
    alone, many = (detectable_standardised(people, m) for m in (1, 3000))
    caption = (
        f"{people} people find a mean shift of {number(alone)} SDs of their own differences when one feature is asked, "
        f"and need {number(many)} SDs when 3,000 share the same risk of error (paired t, 80 % power, Bonferroni)."
    )
    text = f"Three falling curves of the smallest detectable difference against the number of people, for 1, 30 and 3,000 features; at {people} people {number(alone)}, {number(detectable_standardised(people, 30))} and {number(many)} SDs."
    return draw.detectable(curves, people, caption, text)


def one_arm_chart(chapter: Chapter) -> Any:
    """Return the chart of one bout read before-after, the drift alone, and the two apart."""
    hour = "6h"
    readings = {
        "before and after": at_hour(chapter["before_after"], hour),
        "rest day alone": at_hour(chapter["rest_day"], hour),
        "against the rest day": at_hour(chapter["against_rest_day"], hour),
    }
    frames = [
        ratio_rows(effects, effects["feature"].map(label)).assign(group=name)
        for name, effects in readings.items()
    ]
    frame = pd.concat(frames, ignore_index=True)
    naive, true = (
        one(readings[name], feature="neutrophils")
        for name in ("before and after", "against the rest day")
    )
    caption = (
        f"Six hours after the start, neutrophils read before and after have changed {number(2 ** naive['estimate'])}-fold; "
        f"set against the same hours at rest, {number(2 ** true['estimate'])}-fold (GRINTA, 70 % Wmax, each reading with the {n_range(pd.concat(readings.values()))} men who have what it needs, 95 % intervals)."
    )
    text = "Dot plot with intervals: for four cell counts, the ratio read before and after, the rest day's own drift, and the ratio against the rest day; the drift takes part of the before-after change."
    return draw.one_arm(frame, [label(f) for f in COUNTS], caption, text)


def bilirubin_chart(chapter: Chapter) -> Any:
    """Return the chart of activity and total bilirubin under four adjustments."""
    rows = adjusted_association(chapter, "total_bilirubin")
    values = 100 * (2 ** rows[["estimate", "ci_low", "ci_high"]] - 1)
    full = rows.iloc[-1]
    caption = (
        f"Adults who say they are active have {direction(full['estimate'], 'more', 'less')} total bilirubin, not "
        f"{direction(full['estimate'], 'less', 'more')}, under each of four adjustments (NHANES 2009-2012, n = {whole(full['n_subjects'])}, 95 % intervals)."
    )
    text = f"Dot plot of the difference in total bilirubin between active and inactive adults, in per cent, under four adjustments; all lie {direction(full['estimate'], 'above', 'below')} zero."
    return draw.association(
        _association_rows(rows, values, " %"),
        "difference in total bilirubin, active against inactive (%)",
        "fig-bilirubin",
        caption,
        text,
    )


def height_chart(chapter: Chapter) -> Any:
    """Return the chart of activity and height, the negative control."""
    rows = adjusted_association(chapter, "height")
    full = rows.iloc[-1]
    caption = (
        f"Activity cannot lengthen an adult, and yet the active are {number(abs(full['estimate']))} cm "
        f"{direction(full['estimate'], 'taller', 'shorter')} after every adjustment: the two groups differ in more than their activity (NHANES, n = {whole(full['n_subjects'])})."
    )
    text = f"Dot plot of the difference in height between active and inactive adults, in centimetres, under four adjustments; it shrinks and stays {direction(full['estimate'], 'above', 'below')} zero."
    values = rows[["estimate", "ci_low", "ci_high"]]
    return draw.association(
        _association_rows(rows, values, " cm"),
        "difference in height, active against inactive (cm)",
        "fig-height",
        caption,
        text,
    )


def responders_chart(chapter: Chapter) -> Any:
    """Return the chart of the spread of true responses."""
    table = chapter["response_spreads"]
    frame = pd.DataFrame(
        {
            "row": [
                f"{label(f)}, {p.removesuffix('h')} h"
                for f, p in zip(table["feature"], table["phase"], strict=True)
            ],
            "estimate": table["sd_response"],
            "low": table["ci_low"],
            "high": table["ci_high"],
        }
    )
    frame["label"] = [
        f"{number(r['estimate'])} ({interval(r['low'], r['high'])})" for _, r in frame.iterrows()
    ]
    sure = int((table["ci_low"] > 0).sum())
    caption = (
        f"How much men truly differ in their response, once the rest day's ups and downs are taken off: the interval excludes zero in "
        f"{none_or(count(sure))} of {len(table)} rows (GRINTA, 70 % Wmax against rest, n = {n_range(table)})."
    )
    text = f"Dot plot of the standard deviation of true responses with intervals, eight rows; {none_or(count(sure))} of them exclude zero."
    return draw.response_spreads(frame, caption, text)


def luck_chart(chapter: Chapter) -> Any:
    """Return the chart of responders among people who do not respond."""
    people = chapter.parameters.subjects
    shares = responders_by_number(chapter)
    middle = int((shares["responders"] * shares["share"]).sum().round())
    caption = (
        f"Among {people} people whose lymphocytes truly do nothing, about {count(middle)} pass a “rise of 10 %” by luck alone "
        "(10,000 simulated studies; spread of changes as on the GRINTA rest day)."
    )
    text = f"Bar chart of the number of people above a threshold of 10 per cent in studies without any effect, centred on {middle}."
    return draw.luck(shares, people, caption, text)


def _association_rows(rows: pd.DataFrame, values: pd.DataFrame, unit: str) -> pd.DataFrame:
    values = values.set_axis(["estimate", "low", "high"], axis=1)
    labels = [f"{number(r['estimate'])}{unit}" for _, r in values.iterrows()]
    return values.assign(row=rows["stratum"], label=labels)


def truth_chart(chapter: Chapter) -> Any:
    """Return what the reference study sees of training, beside the truth."""
    rows = ratios_against_truth(reference_outcomes("training", chapter.parameters.fdr))
    found = int((rows["outcome"] == "found").sum())
    caption = (
        f"Simulated, thirteen men after 25 days of training: {none_or(count(found))} of {count(len(rows))} true changes (upright marks) {'is' if found == 1 else 'are'} found; "
        "the others are too small beside the men's own ups and downs (purple, 95 % intervals)."
    )
    text = f"Dot plot of {len(rows)} ratios after simulated training with 95 % intervals, an upright mark at each true ratio, and its outcome in words at the right."
    return against_truth(
        rows, "after training, against before (ratio)", "fig-training-truth", caption, text
    )


def worlds_chart(chapter: Chapter) -> Any:
    """Return one study in worlds that look alike and differ in cause."""
    seen = worlds_alike(chapter.parameters.subjects).query("feature == 'betaine'")
    rows = ratio_rows(seen, seen["world"].map(ALIKE)).assign(truth=2 ** seen["effect"])
    idle = int((seen["effect"] == 0).sum())
    caption = (
        f"Simulated, the same {count(chapter.parameters.subjects)} people with the same luck in {count(len(rows))} worlds: the study sees nearly the same rise of betaine in each (purple), "
        f"and in {count(idle)} of them training has no effect on it at all (upright marks)."
    )
    text = f"Dot plot of the ratio of betaine after training to before in {len(rows)} simulated worlds, intervals nearly the same in all, true effects of training at 1 in {idle} of them."
    return alike(rows, "betaine, last day against first (ratio)", caption, text)
