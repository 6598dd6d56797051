"""The charts of appendix A3, each with its caption and text alternative."""

from typing import Any

from exercisebook.chapters.a3.readings import (
    FEATURES,
    REAL,
    coverages,
    false_positives,
    outcomes,
    percent0,
    percent1,
    worlds,
)
from exercisebook.chapters.a3.studies import LEVEL, PEOPLE, PROMISED
from exercisebook.chapters.wording import count, listed
from exercisebook.figures import operating as draw
from exercisebook.figures.tables import whole

SHOWN = ("betaine", "crp")
"""The features whose worlds are drawn; the others stand in the table."""


def false_positives_chart() -> Any:
    """Return the chart of false positives of single tests."""
    rows = false_positives()
    kept, broken = rows[rows["claimed"]], rows[~rows["claimed"]]
    off = kept["off"].sum()
    most = broken.loc[broken["estimate"].idxmax()]
    caption = (
        f"Simulated, {PEOPLE} people: of {count(len(kept))} tests that claim to err once in "
        f"twenty where nothing happens, {count(off) if off else 'none'} clearly "
        f"{'errs' if off <= 1 else 'err'} more often; of {count(len(broken))} that do not "
        f"claim it, the worst errs in {percent0(most['estimate'])} "
        f"({_studies(rows)}; 95 % Monte-Carlo intervals)."
    )
    text = (
        f"Dot plot of the share of false positives of {count(len(rows))} tests, with a line at "
        f"{percent0(LEVEL)}. Clearly to its right: {_quoted(rows)}."
    )
    frame = rows.assign(label=[percent1(value) for value in rows["estimate"]])
    return draw.rates_by_method(
        frame, LEVEL, "false positives (%)", "fig-false-positives", caption, text
    )


def coverage_chart() -> Any:
    """Return the chart of the coverage of 95 % intervals."""
    rows = coverages()
    kept = rows[rows["claimed"]]
    inside = kept["estimate"].between(0.93, 0.97).sum()
    least = rows.loc[rows["estimate"].idxmin()]
    caption = (
        f"Simulated, {PEOPLE} people: {count(inside)} of {count(len(kept))} intervals that claim "
        f"to cover 95 % cover between 93 and 97 %; the least of all, “{least['row']}”, covers "
        f"{percent0(least['estimate'])} ({_studies(rows)}; 95 % Monte-Carlo intervals)."
    )
    text = (
        f"Dot plot of the coverage of {count(len(rows))} kinds of interval, with a line at 95 %. "
        f"Clearly to its left: {_quoted(rows)}."
    )
    frame = rows.assign(label=[percent1(value) for value in rows["estimate"]])
    return draw.rates_by_method(
        frame, PROMISED, "truth inside the interval (%)", "fig-coverage", caption, text
    )


def worlds_chart() -> Any:
    """Return the chart of what each world makes a reader find."""
    rows = outcomes()
    rows = rows[rows["feature"].isin(SHOWN)]
    alarms = rows[rows["outcome"] == "false alarm"]
    caption = (
        f"Simulated, {whole(rows['studies'].max())} studies of {PEOPLE} people a world: "
        f"{_alarms('betaine', alarms)}, and {_alarms('crp', alarms)}, though training acts on "
        f"neither there (share of studies with p ≤ {LEVEL:g}; 95 % Monte-Carlo intervals are "
        "narrower than the dots)."
    )
    pairs = zip(alarms["feature"], alarms["world"], strict=True)
    places = [f"{FEATURES[feature]} in {name}" for feature, name in pairs]
    text = (
        f"Dot plot of the share of studies in which betaine and C-reactive protein change, in "
        f"{count(len(worlds()))} worlds; filled dots where training truly acts, open diamonds "
        f"where it does not. Open diamonds clearly beyond {percent0(LEVEL)}: "
        f"{listed(places) or 'none'}."
    )
    frame = rows.assign(
        group=rows["feature"].map(FEATURES),
        true=[draw.ACTS[abs(value) >= REAL] for value in rows["log2_content"]],
        label=[f"{percent0(r['estimate'])}, {r['outcome']}" for _, r in rows.iterrows()],
    )
    return draw.found_by_world(frame, LEVEL, worlds(), caption, text)


def _alarms(feature: str, alarms: Any) -> str:
    own = alarms[alarms["feature"] == feature]
    if own.empty:
        return f"{FEATURES[feature]} gives no false alarm"
    most = own.loc[own["estimate"].idxmax()]
    return (
        f"{FEATURES[feature]} gives a false alarm in {count(len(own))} worlds, at most in "
        f"{percent0(most['estimate'])} of studies (“{most['world']}”)"
    )


def _quoted(rows: Any) -> str:
    """Return the rows that are off, as a sentence lists them."""
    return listed([f"“{name}”" for name in rows.loc[rows["off"], "row"]]) or "none"


def _studies(rows: Any) -> str:
    return f"{whole(rows['studies'].min())} to {whole(rows['studies'].max())} studies each"
