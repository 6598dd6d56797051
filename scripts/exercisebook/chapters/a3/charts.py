"""The charts of appendix A3, each with its caption and text alternative."""

from typing import Any

import pandas as pd

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
from exercisebook.chapters.a3.verdict_readings import (
    CLAIMED,
    CONTRARY,
    DESIGNS,
    OTHERWISE,
    RANDOMISED,
    SINGLE,
    claim_words,
    in_order,
    misled_worlds,
    verdict_rows,
)
from exercisebook.chapters.wording import count, listed
from exercisebook.figures import operating as draw
from exercisebook.figures.tables import whole

SHOWN = ("betaine", "crp")
"""The features whose worlds are drawn; the others stand in the table."""

NOT_TRUE = "training does nothing to it"
TRUTHS = {
    CLAIMED: "training does what is claimed",
    OTHERWISE: NOT_TRUE,
    CONTRARY: "training does the opposite",
}
"""What is true of a claim, as a chart says it."""


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


def verdicts_chart() -> Any:
    """Return the chart of how often the rule supports two claims, by world and design."""
    one_arm = in_order(verdict_rows(SINGLE))
    one_arm = pd.concat([one_arm[one_arm["feature"] == feature] for feature in SHOWN])
    by_lot = verdict_rows(RANDOMISED).set_index(["feature", "world"])
    by_lot = by_lot.loc[list(zip(one_arm["feature"], one_arm["world"], strict=True))].reset_index()
    rows = pd.concat(
        [_drawn(one_arm, one_arm, SINGLE), _drawn(by_lot, one_arm, RANDOMISED)], ignore_index=True
    )
    false = one_arm[one_arm["truth"].eq(OTHERWISE)]
    again = by_lot[by_lot["world"].isin(false["world"]) & by_lot["truth"].ne(CLAIMED)]
    most, left = (rows.loc[rows["supported"].idxmax()] for rows in (false, again))
    caption = (
        f"Simulated, {whole(one_arm['studies'].max())} studies of {PEOPLE} people an arm and "
        f"world, judged by the book's rule: of claims that training does nothing for, "
        f"“{claim_words(most)}” is supported in up to {percent0(most['supported'])} of studies "
        f"without a control (world “{most['world']}”), and in the same worlds none in more than "
        f"{percent0(left['supported'])} beside a control drawn by lot (claims tested alone; "
        "Monte-Carlo intervals are narrower than the marks)."
    )
    places = [f"{FEATURES[feature]}: {listed(misled_worlds(feature))}" for feature in SHOWN]
    text = (
        f"Dot plot of the share of studies in which two claims are supported, in "
        f"{count(one_arm['world'].nunique())} worlds each; a circle without a control and a "
        "diamond beside a control drawn by lot are joined by a line, in one colour where training "
        "does what is claimed and in others where it does not. Without a control clearly beyond "
        f"{percent0(LEVEL)} though training does nothing: {'; '.join(places)}."
    )
    return draw.supported_by_design(
        rows, LEVEL, list(TRUTHS.values()), list(DESIGNS.values()), caption, text
    )


def _drawn(own: pd.DataFrame, ordered: pd.DataFrame, design: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "claim": [claim_words(row) for _, row in ordered.iterrows()],
            "world": ordered["world"].to_list(),
            "truth": [TRUTHS.get(truth, NOT_TRUE) for truth in ordered["truth"]],
            "design": DESIGNS[design],
            "estimate": own["supported"].to_list(),
            "label": [percent1(value) for value in own["supported"]],
        }
    )


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
