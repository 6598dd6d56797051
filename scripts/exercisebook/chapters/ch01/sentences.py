"""The sentences of chapter 1 that rest on results."""

import numpy as np
import pandas as pd

from exercisebook.chapters.ch01.analyses import REST
from exercisebook.chapters.ch01.readings import (
    adjusted_association,
    individual_case,
    rest_day_at,
    rest_peak,
)
from exercisebook.chapters.chapter import Chapter
from exercisebook.chapters.hours import at_hour, hour_of
from exercisebook.chapters.simulated import reference_outcomes, truth_of, worlds_alike
from exercisebook.chapters.wording import (
    certain,
    count,
    direction,
    evidence,
    listed,
    moved,
    n_range,
    none_or,
    one,
    ratio,
    share,
)
from exercisebook.figures.tables import interval, number, p_value, percent, whole
from exercisebook.sources.features import label
from exercisebook.stats.multiplicity import bonferroni_reach, sign_flip_floor
from exercisebook.stats.power import detectable_ratio, detectable_standardised
from exercisebook.stats.reference_change import reference_change


def sentences(chapter: Chapter) -> dict[str, str]:
    """Return every sentence of the page that rests on a result, by name."""
    effect, row = individual_case(chapter)
    peak = rest_peak(chapter)
    people = chapter.parameters.subjects
    many, alone = detectable_standardised(people, 3000), detectable_standardised(people)
    return {
        "provenance": chapter.provenance_sentence(),
        "answer": _answer(chapter),
        "against": _against(chapter),
        "variation": _variation_sentence(chapter),
        "individual": (
            f"Three hours after the start of the ride, lymphocytes {moved(effect)} on average {evidence(effect)}. "
            f"That is beyond doubt for the group. Yet only {share(row['n_below'] + row['n_above'], row['n_subjects'])} men "
            "changed by more than one man's counts do from morning to morning anyway. "
            "A mean gathers evidence over people; a single blood test does not."
        ),
        "rest_day": (
            f"On a day of rest, {label(peak['feature'])} {moved(peak)} within {hour_of(peak)} hours {evidence(peak)}. "
            f"Lymphocytes {moved(rest_day_at(chapter, 'lymphocytes', '1h'))} within the first hour {evidence(rest_day_at(chapter, 'lymphocytes', '1h'))}. "
            f"{_next_morning(chapter)} A study that bleeds before and after, with no day of rest beside it, would have printed the first two as effects of exercise."
        ),
        "detectable": (
            f"With {count(people)} people one can see a mean shift of {number(alone)} standard deviations of their own differences if one question is asked. "
            f"With 3,000 questions and Bonferroni it takes {number(many)}. "
            f"And no test by sign flips, however large the effect, can give {count(people)} people a p value below {p_value(sign_flip_floor(people))}: "
            f"beyond {whole(bonferroni_reach(sign_flip_floor(people)))} features a Bonferroni threshold lies out of reach whatever the blood does. "
            "Asking for the largest of all statistics, as [](#acute-stress) does, spares that factor."
        ),
        "truth": _truth_sentence(chapter),
        "worlds": _worlds_sentence(chapter),
        "one_arm": _one_arm_sentence(chapter),
        "order": _order_sentence(chapter),
        "dose": _dose_sentence(chapter),
        "bilirubin": _bilirubin_sentence(chapter),
        "responders": _responders(chapter),
        "cohort": f"The cohort of this page is “{chapter.cohort.name}”" + _of_what_kind(chapter),
    }


def _responders(chapter: Chapter) -> str:
    spreads = chapter["response_spreads"]
    sure = spreads[spreads["ci_low"] > 0]
    mean = one(at_hour(chapter["against_rest_day"], "3h"), feature="neutrophils")
    told = f"The spread of true responses is beyond doubt in {none_or(count(len(sure)))} of the {count(len(spreads))} rows. "
    if len(sure):
        return (
            told
            + f"There, and only there, men can be said to differ in their response: {listed([label(f) for f in sure['feature']])}."
        )
    return told + (
        f"Even where the mean of the men {moved(mean)}, they cannot be told apart by how much theirs moved: "
        "their changes on the exercise day do not clearly spread more than their changes on a day of rest. "
        f"Not finding it is not its absence: with {n_range(spreads)} men the intervals reach up to {number(spreads['ci_high'].min())} doublings at their narrowest and {number(spreads['ci_high'].max())} at their widest."
    )


def _answer(chapter: Chapter) -> str:
    neutrophils = one(at_hour(chapter["against_rest_day"], "3h"), feature="neutrophils")
    crp = detectable_ratio(0.422, 13)
    return (
        "Thirteen people are enough to see how the blood changes around an hour of exercise, and too few to see most of what a month of training may do to a resting value. "
        f"In fifteen cyclists, neutrophils {moved(neutrophils)} against a day of rest {evidence(neutrophils)}: no one needs more people for that. "
        f"But a marker such as C-reactive protein, which wanders by 42 % from week to week in one person {{footcite}}`macy1997`, would have to fall by {percent(1 - 1 / crp)} before thirteen people could be expected to notice. "
        f"And whatever they notice, one group measured in a fixed order cannot say that exercise was the cause."
    )


def _against(chapter: Chapter) -> str:
    peak = rest_peak(chapter)
    full = adjusted_association(chapter, "total_bilirubin").iloc[-1]
    return (
        f"Two things on this page speak against easy reading. On a day *without* exercise, {label(peak['feature'])} {moved(peak)} within {hour_of(peak)} hours: part of a before-after change is not exercise. "
        f"And in a national sample, adults who say they are active have {direction(full['estimate'], 'higher', 'lower')} total bilirubin "
        f"{evidence(full)}, which is {direction(full['estimate'], 'against', 'along with')} the direction the commentary reports for indirect bilirubin after training."
    )


def _variation_sentence(chapter: Chapter) -> str:
    table = chapter["mornings"].set_index("feature")
    low, high = table["cv_within"].idxmin(), table["cv_within"].idxmax()
    neutrophils = table.loc["neutrophils"]
    fall, rise = reference_change(neutrophils["cv_within"])
    return (
        f"From one quiet morning to another, a man's {label(low)} vary by {percent(table.at[low, 'cv_within'])} and his {label(high)} by {percent(table.at[high, 'cv_within'])}. "
        f"His neutrophils vary by {percent(neutrophils['cv_within'])} (95 % interval {percent(neutrophils['cv_within_low'])} to {percent(neutrophils['cv_within_high'])}), "
        f"so a single later count must lie {percent(1 - fall)} lower or {percent(rise - 1)} higher before it is unusual for one man."
    )


def _one_arm_sentence(chapter: Chapter) -> str:
    naive, drift, true = (
        one(at_hour(chapter[name], "6h"), feature="neutrophils")
        for name in ("before_after", "rest_day", "against_rest_day")
    )
    return (
        f"Read before and after, neutrophils six hours from the start {moved(naive)} {evidence(naive)}. "
        f"On the day of rest the same hours brought {_a_change(drift)} {evidence(drift)}. "
        f"Set against each other, what is left is {number(2 ** true['estimate'])}-fold {evidence(true)}. "
        "The single arm credits the bout with what the hours did."
    )


def _a_change(effect: pd.Series) -> str:
    if not certain(effect):
        return "no change beyond doubt"
    size = ratio(effect["estimate"]).removeprefix("by ")
    return (
        f"a {direction(effect['estimate'], 'rise', 'fall')} of {size}"
        if "%" in size
        else f"a {size} {direction(effect['estimate'], 'rise', 'fall')}"
    )


def _order_sentence(chapter: Chapter) -> str:
    table = chapter["sessions"].set_index("arm")
    rest = table.loc[REST]
    others = table.drop(REST)
    return (
        f"The flow-cytometry file dates every session, and the dates show an order that the tables of counts do not: the rest day came first for {share(rest['n_first'], rest['n_subjects'])} men, "
        f"and the four exercise days followed in varying order (mean places {interval(others['mean_place'].min(), others['mean_place'].max())}). "
        "The same group's companion paper says so too {footcite}`kartaram2020`. "
        "So what differs between the rest day and an exercise day is exercise *and* being there for the first time. "
        "That is why this book's second verdict on these data is “not identified: session order remains”, however small the p value."
    )


def _dose_sentence(chapter: Chapter) -> str:
    final = one(chapter["training_dose"], feature="vo2max", contrast="week 12")
    return (
        f"Over twelve weeks of intervals, the cyclists' maximal oxygen uptake {moved(final)} {evidence(final)}. "
        "All of them trained, in three groups that differed in the order of their sessions, and nobody did not. "
        "How much of it is the season, or having met the test before, these data cannot tell; how long after the last session each test was is not written."
    )


def _bilirubin_sentence(chapter: Chapter) -> str:
    bilirubin, height = (adjusted_association(chapter, f) for f in ("total_bilirubin", "height"))
    raw, full, tall = bilirubin.iloc[0], bilirubin.iloc[-1], height.iloc[-1]
    return (
        f"With more than ten thousand people an interval is narrow: active adults have {direction(full['estimate'], 'more', 'less')} total bilirubin, with nothing adjusted {evidence(raw)} as with all of it {evidence(full)}. "
        f"This runs {direction(full['estimate'], 'against', 'along with')} the commentary, in which training lowers indirect bilirubin. "
        f"But look at the negative control: the active are also {number(abs(tall['estimate']))} cm {direction(tall['estimate'], 'taller', 'shorter')} "
        f"(95 % interval {interval(tall['ci_low'], tall['ci_high'])} cm), and no activity lengthens an adult. "
        "Something goes both with height and with activity, and it is still in the data after every adjustment. "
        "So thousands of people bought precision, and did not buy a cause. Nor is total bilirubin indirect bilirubin."
    )


def _next_morning(chapter: Chapter) -> str:
    effects = at_hour(chapter["rest_day"], "24h")
    sure = [label(e["feature"]) for _, e in effects.iterrows() if certain(e)]
    if sure:
        return f"The next morning {listed(sure)} still differed."
    return "By the next morning none clearly differed."


def _truth_sentence(chapter: Chapter) -> str:
    effects = reference_outcomes("training", chapter.parameters.fdr)
    counts = effects["outcome"].value_counts()
    crp = one(effects, feature="crp")
    return (
        f"Of {len(effects)} measurements, proteins and metabolites included, every concentration truly changes a little, since training adds plasma and dilutes it; {none_or(count(counts.get('found', 0)))} of these changes {'was' if counts.get('found', 0) == 1 else 'were'} found and {whole(counts.get('missed', 0))} missed. "
        f"C-reactive protein truly {direction(crp['truth'], 'rose', 'fell')} by {percent(abs(2 ** crp['truth'] - 1))}, and the study's interval for its ratio runs from {number(2 ** crp['ci_low'])} to {number(2 ** crp['ci_high'])}. "
        "A study of this size that finds little has not shown that little happened."
    )


def _worlds_sentence(chapter: Chapter) -> str:
    seen = worlds_alike(chapter.parameters.subjects)
    betaine = seen[seen["feature"] == "betaine"].set_index("world")
    wide = seen.set_index(["world", "feature"])["estimate"].unstack()
    same = np.allclose(wide.loc["direct"], wide.loc["season"])
    low, high = 2 ** betaine["estimate"].min(), 2 ** betaine["estimate"].max()
    told = (
        f"From {number(low, 3)} to {number(high, 3)} times: that is how far the {count(len(betaine))} studies differ in what they see of betaine. "
        f"Training truly raises it in {count(int((betaine['effect'] > 0).sum()))} of the worlds and does nothing to it in {count(int((betaine['effect'] == 0).sum()))}. "
    )
    if same:
        told += "The world in which training does it and the world in which the season does it give the same numbers to the last digit, for C-reactive protein as well. "
    return told + (
        "No test, however clever, tells two worlds apart that give the same data; a control group would, since the season does not ask who trains."
    )


def _of_what_kind(chapter: Chapter) -> str:
    if not chapter.cohort.simulated:
        return "."
    known = truth_of(chapter.parameters.cohort) is not None
    return ", simulated, with known truth." if known else ", simulated; its truth is not beside it."
