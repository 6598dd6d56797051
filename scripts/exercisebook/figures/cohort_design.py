"""The charts of chapter 1: what a design of thirteen people in three phases can show."""

from typing import Any

import altair as alt
import pandas as pd

from exercisebook.figures.courses import course
from exercisebook.figures.intervals import at_column, dot_intervals, ratio_axis, with_labels
from exercisebook.figures.tables import interval, number, percent
from exercisebook.figures.theme import ACCENT, CELLS, INK, MUTED, PHASES, SECOND, THIRD, finished

CEILING = 4.0
"""Standard deviations above which no effect of a study is of use."""


def timeline(phases: pd.DataFrame, caption: str, description: str) -> Any:
    """Return the study's three phases on one axis of days.

    Parameters
    ----------
    phases : DataFrame
        phase, start, end (days), what (a few words).
    caption, description : str
        For the page.
    """
    phases = phases.assign(middle=(phases["start"] + phases["end"]) / 2)
    colour = alt.Color(
        "phase:N", scale=alt.Scale(domain=list(PHASES), range=list(PHASES.values())), legend=None
    )
    x = alt.X("start:Q", title="day", scale=alt.Scale(domain=[0, 72], nice=False))
    bars = (
        alt.Chart(phases)
        .mark_bar(height=34, cornerRadius=3)
        .encode(x=x, x2="end:Q", color=colour, tooltip=["phase:N", "what:N"])
    )
    names = (
        alt.Chart(phases)
        .mark_text(dy=-28, fontWeight="bold", fontSize=12)
        .encode(x=alt.X("middle:Q"), text="phase:N", color=colour)
    )
    # the single day's words stand a line lower, where its neighbours' cannot meet them
    short = phases["end"] - phases["start"] < 5
    words = [
        alt.Chart(part)
        .mark_text(dy=shift, color=INK, fontSize=11)
        .encode(x=alt.X("middle:Q"), text="what:N")
        for part, shift in ((phases[~short], 28), (phases[short], 42))
    ]
    chart = alt.layer(bars, names, *words).properties(height=130)
    return finished(chart, "fig-timeline", caption, description)


def variation(components: pd.DataFrame, caption: str, description: str) -> Any:
    """Return within-person against between-person variation, a row a measurement.

    Parameters
    ----------
    components : DataFrame
        label, cv_within with its interval, cv_between; fractions.
    caption, description : str
        For the page.
    """
    ordered = components.sort_values("cv_within", ascending=False)
    rows = pd.DataFrame(
        {
            "row": ordered["label"],
            "estimate": 100 * ordered["cv_within"],
            "low": 100 * ordered["cv_within_low"],
            "high": 100 * ordered["cv_within_high"],
        }
    )
    rows["label"] = [percent(v / 100) for v in rows["estimate"]]
    order = list(rows["row"])
    x = alt.X("estimate:Q", title="within-person variation (CV, %)", scale=alt.Scale(zero=True))
    chart = with_labels(dot_intervals(rows, x, order), rows, order, x)
    return finished(chart, "fig-variation", caption, description)


def individual_and_group(
    summary: pd.Series, persons: pd.DataFrame | None, caption: str, description: str
) -> Any:
    """Return one change twice: the mean with its interval, and the band of one person's luck.

    Parameters
    ----------
    summary : Series
        estimate, ci_low, ci_high, fall, rise: ratios; the last two bound one person's usual.
    persons : DataFrame, optional
        subject, value: each person's ratio.
    caption, description : str
        For the page.
    """
    order = ["each man", "mean of all"]
    low = min(0.4, float(summary["fall"]) * 0.9)
    x = ratio_axis("ratio to the same man before the bout", low, 1.8)
    band = pd.DataFrame(
        {"row": ["each man"], "estimate": [summary["fall"]], "to": [summary["rise"]]}
    )
    y = alt.Y("row:N", sort=order, title=None, axis=alt.Axis(ticks=False, labelPadding=8))
    layers = [
        alt.Chart(band).mark_bar(height=44, color=MUTED, opacity=0.25).encode(y=y, x=x, x2="to:Q"),
        alt.Chart(pd.DataFrame({"estimate": [1.0]}))
        .mark_rule(color=MUTED, strokeDash=[4, 3])
        .encode(x=x),
    ]
    words = pd.DataFrame(
        {"row": ["each man"], "estimate": [summary["rise"]], "text": ["usual for one man"]}
    )
    layers.append(
        alt.Chart(words)
        .mark_text(align="right", dx=-6, dy=-32, color=INK, fontSize=11)
        .encode(y=y, x=x, text="text:N")
    )
    if persons is not None:
        dots = persons.assign(row="each man", estimate=persons["value"])
        layers.append(
            alt.Chart(dots)
            .mark_tick(thickness=2, size=30, color=ACCENT)
            .encode(y=y, x=x, tooltip=["subject:N", alt.Tooltip("value:Q", format=".2f")])
        )
    mean = pd.DataFrame(
        {
            "row": ["mean of all"],
            "estimate": [summary["estimate"]],
            "low": [summary["ci_low"]],
            "high": [summary["ci_high"]],
        }
    )
    line = alt.Chart(mean).mark_rule(strokeWidth=3, color=SECOND)
    layers.append(line.encode(y=y, x=at_column(x, "low"), x2="high:Q"))
    tips = [
        alt.Tooltip(f"{field}:Q", title=title, format=".2f")
        for field, title in (("estimate", "mean"), ("low", "from"), ("high", "to"))
    ]
    dot = alt.Chart(mean).mark_circle(size=110, color=SECOND, opacity=1)
    layers.append(dot.encode(y=y, x=x, tooltip=tips))
    chart = alt.layer(*layers).properties(height=130)
    return finished(chart, "fig-individual-and-group", caption, description)


def rest_day(
    effects: pd.DataFrame,
    phases: list[str],
    persons: pd.DataFrame | None,
    caption: str,
    description: str,
) -> Any:
    """Return how counts drift over a day without exercise.

    Parameters
    ----------
    effects : DataFrame
        Effects on the log2 scale with ``label`` and ``phase``.
    phases : list of str
        In order, the first being where all start.
    persons : DataFrame, optional
        row, phase, subject, value: single people's ratios.
    caption, description : str
        For the page.
    """
    frame = ratios(effects, phases[0])
    chart = course(
        frame,
        phases,
        "ratio to the first draw",
        {name: CELLS[name] for name in CELLS if name in set(frame["row"])},
        persons=persons,
    )
    return finished(chart, "fig-rest-day", caption, description)


def ratios(effects: pd.DataFrame, start: str) -> pd.DataFrame:
    """Return log2 effects as ratios for a course, each line beginning at 1."""
    frame = pd.DataFrame(
        {
            "row": effects["label"],
            "phase": effects["phase"],
            "estimate": 2 ** effects["estimate"],
            "low": 2 ** effects["ci_low"],
            "high": 2 ** effects["ci_high"],
        }
    )
    frame["label"] = [
        f"{number(e, 3)} ({interval(low, high, 3)})"
        for e, low, high in zip(frame["estimate"], frame["low"], frame["high"], strict=True)
    ]
    first = pd.DataFrame({"row": frame["row"].unique()}).assign(
        phase=start, estimate=1.0, low=1.0, high=1.0, label="1"
    )
    return pd.concat([first, frame], ignore_index=True)


def detectable(curves: pd.DataFrame, people: int, caption: str, description: str) -> Any:
    """Return the smallest detectable difference against the number of people.

    Parameters
    ----------
    curves : DataFrame
        people, features (how many are asked at once), dz (standard deviations).
    people : int
        Where a vertical line stands.
    caption, description : str
        For the page.
    """
    names = {f: f"{f:,} feature{'s' if f > 1 else ''}" for f in curves["features"].unique()}
    frame = curves.assign(name=curves["features"].map(names))[curves["dz"] <= CEILING]
    colour = alt.Color(
        "name:N",
        scale=alt.Scale(domain=list(names.values()), range=[ACCENT, THIRD, SECOND][: len(names)]),
        legend=None,
    )
    x = alt.X(
        "people:Q",
        scale=alt.Scale(type="log", domain=[5, 100]),
        title="people (log scale)",
        axis=alt.Axis(values=[5, 8, 13, 20, 30, 50, 100], format="d"),
    )
    y = alt.Y("dz:Q", scale=alt.Scale(domain=[0, CEILING]), title="detectable difference (SDs)")
    lines = (
        alt.Chart(frame)
        .mark_line(strokeWidth=2.5, clip=True)
        .encode(
            x=x,
            y=y,
            color=colour,
            tooltip=["name:N", "people:Q", alt.Tooltip("dz:Q", format=".2f", title="SDs")],
        )
    )
    here = pd.DataFrame({"people": [people]})
    rule = alt.Chart(here).mark_rule(color=MUTED, strokeDash=[4, 3]).encode(x=x)
    at = frame[frame["people"] == people].assign(says=lambda f: f["dz"].map(lambda d: number(d)))
    dots = alt.Chart(at).mark_circle(size=70, opacity=1).encode(x=x, y=y, color=colour)
    numbers = (
        alt.Chart(at)
        .mark_text(align="left", dx=7, dy=-9, fontWeight="bold")
        .encode(x=x, y=y, text="says:N", color=colour)
    )
    # each name where its curve is steep; short between two curves, so that it crosses neither
    steep = frame[frame["dz"] <= 3.3].groupby("name", sort=False).head(1)
    between = steep["features"].between(*steep["features"].quantile([0, 1]), inclusive="neither")
    steep = steep.assign(word=steep["name"].where(~between, steep["features"].map("{:,}".format)))
    labels = (
        alt.Chart(steep)
        .mark_text(align="left", dx=10)
        .encode(x=x, y=y, text="word:N", color=colour)
    )
    chart = alt.layer(lines, rule, dots, numbers, labels).properties(height=300)
    return finished(chart, "fig-detectable", caption, description)


def one_arm(frame: pd.DataFrame, order: list[str], caption: str, description: str) -> Any:
    """Return the same bout read two ways: before and after, and against the rest day.

    Parameters
    ----------
    frame : DataFrame
        row, group (the reading), estimate, low, high: ratios; label.
    order : list of str
        Rows from top to bottom.
    caption, description : str
        For the page.
    """
    groups = list(dict.fromkeys(frame["group"]))
    scale = alt.Scale(domain=groups, range=[SECOND, MUTED, ACCENT])
    colour = alt.Color("group:N", title=None, scale=scale, legend=alt.Legend(columns=1))
    x = ratio_axis("ratio", 0.7, 4)
    chart = dot_intervals(frame, x, order, reference=1.0, colour=colour)
    return finished(chart, "fig-one-arm", caption, description)


def association(
    frame: pd.DataFrame, x_title: str, name: str, caption: str, description: str
) -> Any:
    """Return an association under one adjustment after another.

    Parameters
    ----------
    frame : DataFrame
        row (the adjustment), estimate, low, high, label.
    x_title : str
        With its unit.
    name, caption, description : str
        For the page.
    """
    order = list(frame["row"])
    reach = float(max(frame["high"].max(), 0) * 1.35)
    least = min(0.0, float(frame["low"].min()) * 1.2)
    scale = alt.Scale(domain=[least, reach], nice=False)
    x = alt.X("estimate:Q", title=x_title, scale=scale, axis=alt.Axis(tickCount=6))
    chart = with_labels(dot_intervals(frame, x, order, reference=0.0), frame, order, x)
    return finished(chart, name, caption, description)


def response_spreads(frame: pd.DataFrame, caption: str, description: str) -> Any:
    """Return the spread of true responses with its interval, a row a measurement and hour.

    Parameters
    ----------
    frame : DataFrame
        row, estimate, low, high (signed standard deviations on the log2 scale), label.
    caption, description : str
        For the page.
    """
    order = list(frame["row"])
    x = alt.X(
        "estimate:Q",
        title="SD of true responses (log2 units; negative: rest changes spread more)",
        scale=alt.Scale(domain=[-0.8, 0.8]),
        axis=alt.Axis(tickCount=6),
    )
    chart = dot_intervals(frame, x, order, reference=0.0)
    return finished(chart, "fig-responders", caption, description)


def luck(counts: pd.DataFrame, people: int, caption: str, description: str) -> Any:
    """Return how many people pass a threshold when nobody truly responds.

    Parameters
    ----------
    counts : DataFrame
        responders, share (of simulated studies).
    people : int
        In each study.
    caption, description : str
        For the page.
    """
    x = alt.X(
        "responders:O", title=f"“responders” among {people} people", axis=alt.Axis(labelAngle=0)
    )
    y = alt.Y("share:Q", title="share of studies", axis=alt.Axis(format="%"))
    bars = (
        alt.Chart(counts)
        .mark_bar(color=MUTED)
        .encode(x=x, y=y, tooltip=["responders:O", alt.Tooltip("share:Q", format=".1%")])
    )
    return finished(bars.properties(height=220), "fig-luck", caption, description)
