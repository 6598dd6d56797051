"""The charts of chapter 7's second half: controls, lists, instruments, designs, drawings."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from exercisebook.figures.intervals import at_column, dot_intervals
from exercisebook.figures.tables import NARROW
from exercisebook.figures.theme import ACCENT, GRID, INK, MUTED, SECOND, SIMULATED, THIRD, finished

Words = tuple[str, str]
"""Caption and text alternative."""


def _colours(names: Sequence[str], colours: Sequence[str], field: str = "group:N") -> alt.Color:
    scale = alt.Scale(domain=list(names), range=list(colours))
    return alt.Color(field, title=None, scale=scale, legend=alt.Legend(columns=1))


def false_alarms(frame: pd.DataFrame, order: Sequence[str], level: float, words: Words) -> Any:
    """Return false alarms before and after calibration, a row a situation.

    Parameters
    ----------
    frame : DataFrame
        row, group (before or after), estimate, low, high (per cent), label.
    order : sequence of str
        Situations from top to bottom.
    level : float
        What is promised, in per cent.
    words : tuple of str
        Caption and text alternative.
    """
    x = alt.X("estimate:Q", title="false alarms (%)", scale=alt.Scale(domainMin=0))
    groups = list(dict.fromkeys(frame["group"]))
    colour = _colours(groups, (MUTED, SIMULATED))
    dots = dot_intervals(frame, x, order, level, colour, row_height=40)
    return finished(dots, "fig-negative-controls", *words)


def found_of_many(frame: pd.DataFrame, words: Words) -> Any:
    """Return the share of true changes that is found over their size, a line a list.

    Parameters
    ----------
    frame : DataFrame
        size (in standard deviations of differences), found, low, high (fractions), group.
    words : tuple of str
        Caption and text alternative.
    """
    groups = list(dict.fromkeys(frame["group"]))
    x = alt.X("size:Q", title="true change (SD of the differences)", axis=alt.Axis(tickCount=5))
    y = alt.Y(
        "found:Q",
        title="true changes that are found",
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(format="%", tickCount=5),
    )
    base = alt.Chart(frame).encode(
        x=x,
        y=y,
        color=_colours(groups, (MUTED, SIMULATED, SECOND)),
        tooltip=["group:N", "size:Q", alt.Tooltip("found:Q", format=".0%")],
    )
    # drawn last, so that the legend shows the lines
    bands = base.mark_area(opacity=0.2).encode(y=at_column(y, "low"), y2="high:Q")
    lines = base.mark_line(strokeWidth=2.5).encode(
        strokeDash=alt.StrokeDash("group:N", sort=groups, legend=None)
    )
    dots = base.mark_circle(size=36, opacity=1)
    return finished(alt.layer(lines, dots, bands), "fig-many-questions", *words)


def instruments(
    frame: pd.DataFrame, order: Sequence[str], methods: Sequence[str], words: Words
) -> Any:
    """Return each method's answers in each situation, of which the true one is nought.

    Parameters
    ----------
    frame : DataFrame
        row, group (the method), estimate, low, high, label.
    order : sequence of str
        Situations from top to bottom.
    methods : sequence of str
        In the order of the legend.
    words : tuple of str
        Caption and text alternative.
    """
    low, high = frame["low"].min(), frame["high"].max()
    x = alt.X(
        "estimate:Q",
        title="effect found (log odds a SD)",
        scale=alt.Scale(domain=[max(low, -0.8), min(high, 1.0)], clamp=True),
        axis=alt.Axis(tickCount=5, format="~g", labelOverlap="greedy"),
    )
    colour = _colours(methods, (SIMULATED, SECOND, THIRD))
    dots = dot_intervals(frame, x, order, 0.0, colour, row_height=36)
    return finished(dots, "fig-simulated-instruments", *words)


def shared_biases(
    frame: pd.DataFrame,
    lines: Sequence[str],
    biases: Sequence[str],
    kinds: Mapping[str, str],
    words: Words,
) -> Any:
    """Return which line of evidence can have which bias, and which way it would push.

    Parameters
    ----------
    frame : DataFrame
        line, bias, kind: one row where a line can have a bias.
    lines, biases : sequence of str
        Rows from top to bottom, columns from left to right.
    kinds : mapping of str to str
        Shape of the mark by kind.
    words : tuple of str
        Caption and text alternative.
    """
    x = alt.X(
        "bias:N",
        sort=list(biases),
        title=None,
        scale=alt.Scale(domain=list(biases)),
        axis=alt.Axis(orient="top", labelAngle=-90, labelLimit=170, ticks=False, grid=True),
    )
    y = alt.Y(
        "line:N",
        sort=list(lines),
        title=None,
        scale=alt.Scale(domain=list(lines)),
        axis=alt.Axis(ticks=False, labelPadding=6, labelLimit=150, grid=True),
    )
    shape = alt.Shape(
        "kind:N",
        title=None,
        scale=alt.Scale(domain=list(kinds), range=list(kinds.values())),
        legend=alt.Legend(orient="bottom", columns=1, symbolFillColor=INK),
    )
    colour = alt.Color(
        "kind:N",
        scale=alt.Scale(domain=list(kinds), range=[SECOND, ACCENT]),
        legend=alt.Legend(orient="bottom", columns=1),
        title=None,
    )
    marks = (
        alt.Chart(frame)
        .mark_point(size=110, filled=True, opacity=1)
        .encode(x=x, y=y, shape=shape, color=colour, tooltip=["line:N", "bias:N", "kind:N"])
    )
    return finished(marks.properties(height=34 * len(lines)), "fig-triangulation", *words)


def drawings(frame: pd.DataFrame, order: Sequence[str], names: Sequence[str], words: Words) -> Any:
    """Return which drawing the independence tests arrive at, a bar a world and number of people.

    Parameters
    ----------
    frame : DataFrame
        row, drawing, share (a fraction), label, right (whether this drawing is the true one).
    order : sequence of str
        Bars from top to bottom.
    names : sequence of str
        Drawings in the order in which a bar holds them.
    words : tuple of str
        Caption and text alternative.
    """
    place = {name: k for k, name in enumerate(names)}
    rows = frame.assign(place=frame["drawing"].map(place), percent=100 * frame["share"])
    rows = rows.sort_values("place", kind="stable")
    rows["to"] = rows.groupby("row")["percent"].cumsum()
    rows["from"] = rows["to"] - rows["percent"]
    # neighbours differ in lightness, so that grey print shows where one ends
    colours = (GRID, "#a9b1bc", SIMULATED, "#8fd6bf", SECOND)
    x = alt.X(
        "from:Q",
        title="studies (%)",
        scale=alt.Scale(domain=[0, 100], nice=False),
        axis=alt.Axis(values=[0, 25, 50, 75, 100], grid=False),
    )
    y = alt.Y("row:N", sort=list(order), title=None, axis=alt.Axis(ticks=False))
    tooltip = ["row:N", "drawing:N", alt.Tooltip("label:N", title=f"studies (%{NARROW})")]
    bars = (
        alt.Chart(rows)
        .mark_bar(height=15, stroke="white", strokeWidth=0.5)
        .encode(x=x, x2="to:Q", y=y, color=_colours(names, colours, "drawing:N"), tooltip=tooltip)
    )
    outlines = (
        alt.Chart(rows[rows["right"] & (rows["percent"] > 0)])
        .mark_bar(height=15, filled=False, stroke=INK, strokeWidth=2)
        .encode(x=x, x2="to:Q", y=y, tooltip=tooltip)
    )
    chart = alt.layer(bars, outlines).properties(height=21 * len(order))
    return finished(chart, "fig-drawings", *words)
