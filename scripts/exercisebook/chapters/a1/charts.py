"""The charts of appendix A1, each with its caption and text alternative."""

from typing import Any

import pandas as pd

from exercisebook.chapters.a1.readings import (
    SPOKEN,
    broken,
    harmless_from,
    people_rate,
    promised,
    rate,
    share,
    study_words,
)
from exercisebook.chapters.a1.studies import (
    BLOCKED,
    EVEN,
    KENWARD_ROGER,
    METHODS,
    OTHER,
    PAIRED,
    PERSONS,
    SIZES,
    UNEVEN,
    Z,
    by_people,
    rates,
)
from exercisebook.chapters.page import Page
from exercisebook.chapters.wording import count, listed
from exercisebook.figures import mixed_models as draw
from exercisebook.figures.tables import percent

ACROSS = (Z, KENWARD_ROGER, BLOCKED, PAIRED)
"""Tests that are held against each other where responses are uneven."""


def false_findings_chart(page: Page) -> Any:
    """Return the chart of each test's share of false findings."""
    frame = _shares(page, EVEN)
    worst = rate(page, Z)
    bad = broken(page, EVEN)
    caption = (
        f"Simulated, {PERSONS} people: {promised(page)} false findings were "
        f"promised; the default z test of the mixed model has {share(worst['estimate'])}, and "
        f"{_the_others(len(bad), len(METHODS))} "
        f"({study_words(page)}; 95 % Monte-Carlo intervals)."
    )
    text = (
        f"Dot plot of the share of false findings for {count(len(METHODS))} tests, with a line at "
        f"the promised {promised(page)}; "
        f"{_named(bad) or 'none'} lie clearly above it."
    )
    return draw.false_findings(frame, page.parameters.fdr, caption, text)


def people_chart(page: Page) -> Any:
    """Return the chart of false findings against the number of people."""
    frame = by_people(page.parameters)
    frame = frame[frame["measure"] == "fdr"].rename(columns={"method": "row"})
    few, here = (people_rate(page, people, Z) for people in (SIZES[0], PERSONS))
    start = harmless_from(page)
    end = (
        f"from {start} on at most a fifth too many"
        if start
        else f"and with {SIZES[-1]} people still more than a fifth too many"
    )
    caption = (
        f"Simulated: the fewer the people, the worse the z test: {share(few['estimate'])} of its "
        f"findings are false with {count(SIZES[0])}, {share(here['estimate'])} with {PERSONS}, "
        f"{end} ({study_words(page)} at each size; bands are 95 % Monte-Carlo intervals)."
    )
    text = (
        f"Two lines of the share of false findings against {SIZES[0]} to {SIZES[-1]} people: the z "
        f"test's begins at {share(few['estimate'])} and comes down towards the promised "
        f"{promised(page)}; that of Kenward and Roger stays level."
    )
    frame = frame.assign(label=[percent(value) for value in frame["estimate"]])
    return draw.by_people(frame, page.parameters.fdr, caption, text)


def uneven_chart(page: Page) -> Any:
    """Return the chart of false findings where people respond unevenly to one phase."""
    frames = rates(page.parameters)
    frame = frames[(frames["measure"] == "fdr") & frames["setting"].isin([UNEVEN, OTHER])]
    frame = frame[frame["method"].isin(ACROSS)]
    frame = frame.rename(columns={"method": "row", "setting": "group"})
    best, kenward = rate(page, PAIRED, UNEVEN), rate(page, KENWARD_ROGER, UNEVEN)
    caption = (
        f"Simulated, {PERSONS} people who respond unevenly to one phase: there even the mixed "
        f"model of Kenward and Roger has {share(kenward['estimate'])} false findings, paired "
        f"differences {share(best['estimate'])} where {promised(page)} were "
        f"promised ({study_words(page)}; 95 % Monte-Carlo intervals)."
    )
    bad = [method for method in broken(page, UNEVEN) if method in ACROSS]
    text = (
        f"Dot plot of the share of false findings of {count(len(ACROSS))} tests in two phases. In "
        f"the uneven phase {_named(bad) or 'none'} lie clearly above the promised "
        f"{promised(page)}; in the other phase all stay below it."
        if not _others_broken(page)
        else f"Dot plot of the share of false findings of {count(len(ACROSS))} tests in two phases."
    )
    return draw.uneven(_labelled(frame), page.parameters.fdr, (UNEVEN, OTHER), caption, text)


def _named(methods: list[str]) -> str:
    return listed([SPOKEN[method] for method in methods])


def _others_broken(page: Page) -> list[str]:
    return [method for method in broken(page, OTHER) if method in ACROSS]


def _shares(page: Page, setting: str) -> pd.DataFrame:
    frame = rates(page.parameters)
    own = frame[(frame["setting"] == setting) & (frame["measure"] == "fdr")]
    return _labelled(own.rename(columns={"method": "row"}))


def _labelled(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(label=[share(value) for value in frame["estimate"]])


def _the_others(bad: int, tests: int) -> str:
    kept = tests - bad
    return f"{count(kept)} of {count(tests)} tests keep the promise" if kept else "no test keeps it"
