"""The sentences of appendix A1 that rest on results."""

import numpy as np
import pandas as pd

from exercisebook.chapters.a1.library import both_ways, largest_difference
from exercisebook.chapters.a1.readings import (
    TOLERABLE,
    broken,
    harmless_from,
    people_rate,
    promised,
    rate,
    share,
    tail,
    worked_feature,
)
from exercisebook.chapters.a1.studies import (
    BLOCKED,
    EVEN,
    KENWARD_ROGER,
    LEVEL,
    METHODS,
    OTHER,
    PAIRED,
    RESIDUAL,
    SATTERTHWAITE,
    SIZES,
    UNEVEN,
    Z,
    degrees,
    degrees_within,
    p_of_t,
    p_values,
    study_of,
)
from exercisebook.chapters.page import Page
from exercisebook.chapters.wording import count, listed, none_or, one
from exercisebook.figures.tables import number, p_value, percent, whole
from exercisebook.simulate.repeated import CHANGED_SHARE, EFFECT_SD, PERSONS, PHASES
from exercisebook.stats.multiplicity import benjamini_hochberg


def sentences(page: Page) -> dict[str, str]:
    """Return every sentence of the page that rests on a result, by name."""
    return {
        "answer": _answer(page),
        "against": _against(page),
        "law": _law(page),
        "example": _example(page),
        "agreement": _agreement(page),
        "tails": _tails(),
        "findings": _findings(page),
        "price": _price(page),
        "people": _people(page),
        "shortcut": _shortcut(page),
        "degrees": _degrees(page),
        "uneven": _uneven(page),
        "other": _other(page),
    }


def _with_interval(row: pd.Series) -> str:
    """Return a share with its Monte-Carlo interval, in brackets."""
    ends = _ends(row["low"], row["high"])
    return f"{share(row['estimate'])} (95 % Monte-Carlo interval {ends})"


def _ends(low: float, high: float) -> str:
    return f"{100 * low:.1f} to {share(high)}"


def _kept(page: Page, method: str, setting: str = EVEN) -> bool:
    return method not in broken(page, setting)


def _answer(page: Page) -> str:
    z, kenward = rate(page, Z), rate(page, KENWARD_ROGER)
    first = (
        "Its estimates and standard errors, yes; its default p values, no."
        if not _kept(page, Z)
        else "Here, yes: in this run the default p values keep what they promise."
    )
    repair = (
        f"Read against Student's t with {degrees_within(PERSONS)} {{term}}`degrees of freedom`, "
        "as Kenward and Roger have it, the very same estimates and standard errors "
        f"{'keep the promise' if _kept(page, KENWARD_ROGER) else 'break the promise too'}: "
        f"{share(kenward['estimate'])}."
    )
    return (
        f"{first} We asked statsmodels' kind of {{term}}`z test` for a "
        f"{{term}}`false-discovery rate` of {promised(page)}, in simulated studies of "
        f"{PERSONS} people where one feature in {count(round(1 / CHANGED_SHARE))} truly changes. "
        f"Of what it found, {_with_interval(z)} was false. {repair} "
        f"A normal curve supposes that the noise is known exactly, and {PERSONS} people know it "
        "only roughly."
    )


def _against(page: Page) -> str:
    alone = rate(page, Z, measure="false_positives")
    start = harmless_from(page)
    many = (
        f"and from about {start} people on, nor are thousands"
        if start
        else f"though thousands are, even with {SIZES[-1]} people"
    )
    kenward, paired = (rate(page, m, UNEVEN) for m in (KENWARD_ROGER, PAIRED))
    limit = (
        "does not keep its promise either"
        if not _kept(page, KENWARD_ROGER, UNEVEN)
        else "still keeps its promise"
    )
    return (
        "Two things speak against an easy reading. A single outcome is hardly hurt "
        f"({share(alone['estimate'])} false positives where {100 * LEVEL:g} % are due), {many}. "
        "And the repair has a limit of its own: where people respond unevenly to one phase, "
        f"Kenward and Roger's test {limit} ({share(kenward['estimate'])}), while "
        "paired differences, this book's primary test, have "
        f"{share(paired['estimate'])}."
    )


def _law(page: Page) -> str:
    ratio = study_of(page.parameters, 0).person_sd ** 2
    low, high = np.quantile(ratio / (1 + ratio), [0.1, 0.9])
    return (
        f"A simulated study has {PERSONS} people, each measured in the phases "
        f"{listed(PHASES)}, and {whole(page.parameters.features)} features on a log2 scale. "
        f"One feature in {count(round(1 / CHANGED_SHARE))} changes, in b and c, by amounts whose "
        f"standard deviation is {number(EFFECT_SD)}; the others do not change at all. "
        "How much people differ varies from feature to feature: their "
        f"{{term}}`intraclass correlation` runs from {number(low)} to {number(high)} in four "
        f"fifths of them. We draw {whole(page.parameters.studies)} such studies, and since the "
        "truth is ours, every finding can be called true or false."
    )


def _example(page: Page) -> str:
    chosen = worked_feature(page.parameters)
    p = p_values(study_of(page.parameters, 0), "b")
    found = {m: benjamini_hochberg(p[m])[chosen] <= page.parameters.fdr for m in (Z, KENWARD_ROGER)}
    told = (
        "Among all features of its study, the z test calls it a finding, and the t test does not."
        if found[Z] and not found[KENWARD_ROGER]
        else f"Among all features of its study, it is {_called(found)}."
    )
    return (
        f"This feature truly does not change: its p value, {p_value(p[Z][chosen])} by the normal "
        f"curve and {p_value(p[KENWARD_ROGER][chosen])} by Student's t, is the work of chance. "
        f"{told}"
    )


def _called(found: dict[str, bool]) -> str:
    names = [name for name, called in found.items() if called]
    return f"a finding of {listed(names)}" if names else "no finding of either test"


def _agreement(page: Page) -> str:
    both = both_ways(page.parameters)
    warned, df = both["warned"], both["df_library"].iloc[0]
    own = rate(page, RESIDUAL)
    instead = (
        f"is no way out: it counts {whole(df)} degrees of freedom, samples less phases, which is "
        f"too many ({share(own['estimate'])} false findings; the second row of the next chart)."
        if not _kept(page, RESIDUAL)
        else f"counts {whole(df)} degrees of freedom, samples less phases, where "
        f"{degrees_within(PERSONS)} are due ({share(own['estimate'])} false findings)."
    )
    return (
        "Changes, standard errors and p values of the two libraries agree to "
        f"one part in {_round_part(largest_difference(both[~warned]))} or better, though "
        "statsmodels searches for the variances and this book computes them. "
        f"{_of_warnings(both[warned])}"
        "So what follows is a statement about statsmodels, without its search. "
        f"Its `t_test(..., use_t=True)` {instead}"
    )


def _of_warnings(warned: pd.DataFrame) -> str:
    if warned.empty:
        return ""
    return (
        f"In {count(len(warned))} of the features it warns that the variance between people may "
        "lie at the edge of what is possible, which is zero; there the two agree to one part in "
        f"{_round_part(largest_difference(warned))}. "
    )


def _round_part(apart: float) -> str:
    """Return one over a small number, rounded down to a power of ten."""
    return whole(10 ** int(np.floor(-np.log10(max(apart, 1e-12)))))


def _tails() -> str:
    near, far = (tail(p)["too_small"] for p in (1 / 20, 1 / 1000))
    return (
        f"At one twentieth the normal curve's p is too small by a factor of {number(near)}, at one "
        f"thousandth by {number(far)}. "
        "Who asks one question stands near, and hardly notices. "
        "Who asks thousands, and controls the false-discovery rate, stands far out, where the "
        "findings are counted."
    )


def _findings(page: Page) -> str:
    kept = [rate(page, m)["estimate"] for m in METHODS if _kept(page, m)]
    times = rate(page, Z)["estimate"] / page.parameters.fdr
    told = (
        f"The z test has {number(times)} times the false findings it promises."
        if not _kept(page, Z)
        else "The z test keeps its promise here."
    )
    others = f", with {_ends(min(kept), max(kept))}" if kept else ""
    return (
        f"{told} {none_or(count(len(kept))).capitalize()} of {count(len(METHODS))} tests "
        f"{'keeps' if len(kept) == 1 else 'keep'} it{others}. "
        f"A little less than {promised(page)} is what the procedure of Benjamini and Hochberg "
        "{footcite}`benjamini1995` gives where every p value is right: the rate asked for, times "
        "the share of features that do not change."
    )


def _price(page: Page) -> str:
    extra = {
        measure: rate(page, Z, measure=measure)["estimate"]
        - rate(page, KENWARD_ROGER, measure=measure)["estimate"]
        for measure in ("true_found", "false_found")
    }
    true, false = extra["true_found"], extra["false_found"]
    z, kenward = (rate(page, m, measure="power")["estimate"] for m in (Z, KENWARD_ROGER))
    more = (
        f"it adds {number(true)} true findings a study and {number(false)} false ones, so that "
        f"{percent(false / (true + false))} of what it adds is wrong"
        if true > 0 and false > 0
        else "but it adds nothing here"
    )
    blocked, paired = (rate(page, m, measure="power")["estimate"] for m in (BLOCKED, PAIRED))
    return (
        f"The z test does find more: {share(z)} of what truly changes, where Kenward and Roger's "
        f"test finds {share(kenward)}. "
        f"But look at what the difference is made of: {more}. "
        "Power that is not bought with false findings comes from {term}`moderation`, by which a "
        "feature learns about noise from all others {footcite}`smyth2004`. "
        f"With people as blocks it finds {share(blocked)}; with paired differences, which leave "
        f"the third phase out and have half the degrees of freedom, {share(paired)}. "
        "What that restraint buys comes last on this page."
    )


def _people(page: Page) -> str:
    few, here, most = (people_rate(page, n, Z)["estimate"] for n in (SIZES[0], PERSONS, SIZES[-1]))
    kenward = [people_rate(page, n, KENWARD_ROGER)["estimate"] for n in SIZES]
    start = harmless_from(page)
    end = (
        f"It is harmless, with at most {percent(TOLERABLE - 1)} more false findings than promised, "
        f"from {start} people on."
        if start
        else f"Even {SIZES[-1]} people do not make it harmless."
    )
    return (
        f"With {count(SIZES[0])} people {share(few)} of the z test's findings are false, with "
        f"{PERSONS} people {share(here)}, with {SIZES[-1]} people {share(most)}. {end} "
        f"Student's t needs no such crowd: {_ends(min(kenward), max(kenward))} at "
        "every size."
    )


def _shortcut(page: Page) -> str:
    drawn, short = rate(page, Z), people_rate(page, PERSONS, Z)
    return (
        "For this chart no values were drawn. "
        "Of the values of any number of people a balanced mixed model uses three numbers a "
        "feature, the change and the two mean squares, and their laws are known: a normal curve "
        "and two chi-squares. "
        f"With {PERSONS} people this short way gives {share(short['estimate'])} "
        f"where the long one gave {share(drawn['estimate'])}; chance explains the rest."
    )


def _degrees(page: Page) -> str:
    frame = degrees(page.parameters)
    zero = frame[frame["at_zero"]]
    if zero.empty:
        return "In these studies no variance between people was estimated as zero."
    jumped, steady = (one(zero, method=m) for m in (SATTERTHWAITE, KENWARD_ROGER))
    usual = one(frame, at_zero=False, method=SATTERTHWAITE)
    harm = (
        "does harm"
        if jumped["estimate"] - 2 * jumped["error"] > LEVEL
        else "does no harm that these studies could show"
    )
    return (
        f"In {share(jumped['features'])} of the features people look no more different than "
        "chance makes them, and their variance is estimated as zero. "
        f"There Satterthwaite's degrees of freedom jump from {whole(usual['df'])} to "
        f"{whole(jumped['df'])}, as if all samples came from different people; Kenward and Roger's "
        f"stay at {whole(steady['df'])}. "
        f"So the same t, say 3, has p = {p_value(float(p_of_t(3, usual['df'])))} in one feature "
        f"and {p_value(float(p_of_t(3, jumped['df'])))} in its neighbour, for no reason in the "
        f"design. "
        f"The jump {harm}: {share(jumped['estimate'])} of the unchanged among these features "
        f"have p ≤ {LEVEL:g}, and {share(steady['estimate'])} by Kenward and Roger, who err on "
        f"the {'safe' if steady['estimate'] < LEVEL else 'other'} side here."
    )


def _uneven(page: Page) -> str:
    kenward, blocked, paired = (rate(page, m, UNEVEN) for m in (KENWARD_ROGER, BLOCKED, PAIRED))
    three_phases = [m for m in (KENWARD_ROGER, BLOCKED) if not _kept(page, m, UNEVEN)]
    told = (
        "The tests that pool all phases break their promise"
        if len(three_phases) == 2
        else "The tests that pool all phases"
    )
    return (
        f"{told}: {_with_interval(kenward)} of Kenward and Roger's findings are false, and "
        f"{_with_interval(blocked)} of those with people as blocks. "
        f"Paired differences have {_with_interval(paired)}. "
        "The reason is simple: one variance stands for all phases, too small where people differ "
        "in their response and too large elsewhere. "
        "A difference between two phases brings its own variance along, whatever the third does."
    )


def _other(page: Page) -> str:
    kenward, paired = (rate(page, m, OTHER) for m in (KENWARD_ROGER, PAIRED))
    power = [rate(page, m, OTHER, "power")["estimate"] for m in (KENWARD_ROGER, PAIRED)]
    way = "errs the other way" if kenward["estimate"] < page.parameters.fdr else "errs too"
    waste = "wastes" if power[0] < power[1] else "does not waste"
    return (
        f"In the other phase Kenward and Roger's test {way}, with {share(kenward['estimate'])} "
        f"false findings (paired differences: {share(paired['estimate'])}). "
        f"It {waste} what was there to find: {share(power[0])} of the changed features are found, "
        f"against {share(power[1])}."
    )
