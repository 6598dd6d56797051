"""The sentences of chapter 7 that rest on results: those of its parts, and of the page itself."""

from types import ModuleType

import pandas as pd

from exercisebook.chapters.ch07 import (
    confounding,
    controls,
    genetics,
    graphs,
    many,
    means,
    mediation,
    order,
    responses,
    stool,
    triangulation,
    worlds,
)
from exercisebook.chapters.ch07.tables import ledger_rows
from exercisebook.chapters.chapter import Chapter
from exercisebook.chapters.wording import count, counted, evidence, listed, moved, none_or, one
from exercisebook.claims.claims import claims, claims_of
from exercisebook.claims.verdict import NOT_EMPIRICAL, NOT_MEASURED
from exercisebook.figures.tables import interval, number

PARTS: tuple[ModuleType, ...] = (
    worlds,
    means,
    order,
    responses,
    mediation,
    confounding,
    graphs,
    controls,
    many,
    genetics,
    stool,
    triangulation,
)


def sentences(chapter: Chapter) -> dict[str, str]:
    """Return every sentence of the page that rests on a result, by name."""
    told = {
        "provenance": chapter.provenance_sentence(),
        "answer": _answer(),
        "against": _against(chapter),
        "cohort": _cohort(chapter),
        "verdicts": _verdicts(chapter),
    }
    for part in PARTS:
        told |= part.sentences(chapter)
    return told


def _answer() -> str:
    return (
        "Four things. "
        "Nothing but exercise differed between the visits: no season, no diet, no habit, no last bout. "
        "Nobody was let in, or stayed, because of what was measured. "
        "Nothing else ties a man's betaine to his inflammation. "
        "And betaine moves inflammation, not inflammation betaine. "
        "Not one of the four can be seen in the data of such a study. "
        f"On simulated ones, thirteen people show a “significant mediation” in {worlds.found('mediated')} of studies where betaine carries the effect, in {worlds.found('reverse')} where it is carried the other way round, and in {worlds.found('diet')} where supper does it all; a hundred people show it in {worlds.found('mediated', 100)}, {worlds.found('reverse', 100)} and {worlds.found('diet', 100)}. "
        "More people make all three surer. "
        "People who do not train, drawn by lot and measured on the same days, would settle whether exercise does it; whether betaine carries it would still need betaine given, or withheld, by lot."
    )


def _against(chapter: Chapter) -> str:
    betaine = one(
        chapter["rat_one_carbon"],
        feature=confounding.BETAINE,
        contrast=confounding.TISSUE,
        stratum="all",
    )
    table = order.readings(chapter)
    day = table[table["group"] == order.DAY]
    return (
        "No open data set of this book has betaine and inflammation in people who trained, so none can contradict the sentence, and none can support it. "
        f"Nearest come rats: after eight weeks of running, betaine in their muscle {moved(betaine)} {evidence(betaine)}. "
        f"And what a day does by itself can be seen in people: on a day without exercise, {count(int(day['certain'].sum()))} of {count(len(day))} readings of white cells moved clearly. "
        "That is against reading changes from hour to hour as effects of a bout; what weeks do by themselves is shown nowhere in our data, and nothing here speaks against exercise."
    )


def _cohort(chapter: Chapter) -> str:
    found = mediation.mediation_of(chapter.cohort)
    people = counted(chapter.cohort.subjects["subject"].nunique())
    told = f"The cohort of this page is “{chapter.cohort.name}”, with {people}"
    if found is None:
        return (
            told
            + ". It does not hold betaine and C-reactive protein before and after training, so this section has nothing to show."
        )
    if chapter.parameters.cohort == "reference":
        told += ", the simulated one of the sections above"
    return (
        told
        + f". Through betaine go {number(float(found.indirect), 3)} doublings of C-reactive protein by the analysis (95 % Monte-Carlo interval {interval(float(found.ci_low), float(found.ci_high), 3)}, n = {int(found.n_subjects)}). "
        "A control group would make *a* and the total effects of training; *b* would stay a correlation."
    )


def _verdicts(chapter: Chapter) -> str:
    rows = ledger_rows(chapter)
    of = {
        v: rows[rows["observed"] == v]["claim_id"].nunique() for v in (NOT_MEASURED, NOT_EMPIRICAL)
    }
    identified = int((rows["cause"] == "identified by the design").sum())
    return (
        f"Of {count(rows['claim_id'].nunique())} claims, {count(of[NOT_EMPIRICAL])} are labels, opinions, limits or advice, which no measurement can answer, and {count(of[NOT_MEASURED])} meet no measurement in any open data set of this book. "
        f"In {none_or(count(identified))} of the rows can a design name the cause."
        f"{_repeated(rows)}"
    )


def _repeated(rows: pd.DataFrame) -> str:
    """Return which claims of this page repeat one that is judged on another."""
    own, every = claims_of(7), claims().set_index("claim_id")["chapter"]
    twice = own[own["same_as"].notna() & ~own["claim_id"].isin(rows["claim_id"])]
    told = [
        f"{c['claim_id']} says again what {c['same_as']} says, and is judged with it in chapter {every[c['same_as']]}"
        for _, c in twice.iterrows()
    ]
    return f" {listed(told)}." if told else ""
