"""Dots with intervals: one row a thing, one dot its estimate, a line its interval."""

from collections.abc import Sequence
from typing import TypeVar

import altair as alt
import pandas as pd

from exercisebook.figures.theme import ACCENT, INK, MUTED, shaped

Channel = TypeVar("Channel", alt.X, alt.Y)

RATIO_TICKS = (0.25, 0.35, 0.5, 0.7, 1, 1.4, 2, 2.8, 4, 8, 16, 32, 64, 128)
DOUBLINGS = (0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128)


PEOPLE = ", single people"
"""What the lane of single people is called, after the group that they are of."""


def ratio_axis(title: str, low: float, high: float) -> alt.X:
    """Return a logarithmic axis of ratios whose ticks a reader can name."""
    choice = RATIO_TICKS if high / low < 64 else DOUBLINGS
    inside = [tick for tick in choice if low <= tick <= high]
    return alt.X(
        "estimate:Q",
        title=title,
        scale=alt.Scale(type="log", domain=[low, high]),
        axis=alt.Axis(values=inside, format="~g", labelOverlap="greedy", labelSeparation=8),
    )


def dot_intervals(
    frame: pd.DataFrame,
    x: alt.X,
    order: Sequence[str],
    reference: float | None = None,
    colour: alt.Color | None = None,
    row_height: int = 30,
    persons: pd.DataFrame | None = None,
) -> alt.LayerChart:
    """Return dots with intervals, a row for each ``row``.

    Parameters
    ----------
    frame : DataFrame
        row, estimate, low, high, label (the text beside the dot); with ``group`` if rows hold
        several dots, which are then drawn one under another.
    x : altair.X
        Encoding of ``estimate``; it also scales the interval.
    order : sequence of str
        The rows from top to bottom.
    reference : float, optional
        Where a line of no effect stands.
    colour : altair.Color, optional
        By ``group``, and with a legend also by shape; one colour without it.
    row_height : int
        Pixels a row.
    persons : DataFrame, optional
        row, group, subject, value: single people, drawn faintly below the mean of their group.
    """
    offset, lanes = {}, _lanes(frame, persons)
    if lanes:
        offset["yOffset"] = alt.YOffset("group:N", sort=lanes, scale=alt.Scale(domain=lanes))
    rows = alt.Y("row:N", sort=list(order), title=None, axis=alt.Axis(ticks=False, labelPadding=8))
    base = alt.Chart(frame).encode(
        y=rows,
        color=colour if colour is not None else alt.value(ACCENT),
        tooltip=[alt.Tooltip("row:N", title=" "), alt.Tooltip("label:N", title="estimate")],
        **offset,
    )
    layers = []
    if reference is not None:
        line = pd.DataFrame({"estimate": [reference]})
        layers.append(alt.Chart(line).mark_rule(color=MUTED, strokeDash=[4, 3]).encode(x=x))
    if persons is not None:
        tips = ["subject:N", alt.Tooltip("row:N", title=" "), alt.Tooltip("value:Q", format=".2f")]
        lane = persons.assign(lane=persons["group"] + PEOPLE)
        single = alt.Chart(lane).mark_circle(size=18, opacity=0.5)
        encoded = {"y": rows, "color": base.encoding.color, "tooltip": tips}
        below = offset["yOffset"].copy()
        below["shorthand"] = "lane:N"
        layers.append(single.encode(x=at_column(x, "value"), yOffset=below, **encoded))
    layers.append(base.mark_rule(strokeWidth=2).encode(x=at_column(x, "low"), x2="high:Q"))
    # a legend asks the reader to tell groups apart, so grey print must too
    legend = isinstance(colour, alt.Color) and colour.to_dict().get("legend", True) is not None
    shape = {"shape": shaped(colour)} if legend else {}
    layers.append(base.mark_point(filled=True, size=70, opacity=1).encode(x=x, **shape))
    per_row = frame.groupby("row").size().max() + (
        0 if persons is None else persons["group"].nunique()
    )
    height = max(70, row_height * len(order) * max(1, int(0.6 * per_row + 0.5)))
    return alt.layer(*layers).properties(height=height)


def _lanes(frame: pd.DataFrame, persons: pd.DataFrame | None) -> list[str]:
    """Return what is drawn one under another in a row: the groups, each with its people below."""
    groups = list(dict.fromkeys(frame["group"])) if "group" in frame else []
    people = [] if persons is None else list(dict.fromkeys(persons["group"]))
    return [lane for g in groups for lane in ([g, g + PEOPLE] if g in people else [g])]


def reaching(low: float, high: float, persons: pd.DataFrame | None) -> tuple[float, float]:
    """Return the ends of an axis of ratios, moved out to the farthest of single people."""
    if persons is None:
        return low, high
    values = persons["value"]
    return min(low, 0.94 * float(values.min())), max(high, 1.06 * float(values.max()))


def single_people(
    persons: pd.DataFrame, x: alt.X, y: alt.Y, when: str, shift: int = 9
) -> alt.Chart:
    """Return faint points of single people at the marks of their means, over time.

    Parameters
    ----------
    persons : DataFrame
        subject, value, and the column of time.
    x, y : altair channels
        Encodings of time and of the means.
    when : str
        The column of time with its type, ``phase:O``.
    shift : int
        Pixels to the right of the means.
    """
    points = alt.Chart(persons).mark_circle(size=18, opacity=0.5, color=MUTED, xOffset=shift)
    tips = ["subject:N", when, alt.Tooltip("value:Q", format=".2f")]
    return points.encode(x=x, y=at_column(y, "value"), tooltip=tips)


def with_labels(
    chart: alt.LayerChart, frame: pd.DataFrame, order: Sequence[str], x: alt.X
) -> alt.LayerChart:
    """Return the chart with each row's label written at the right end of its interval."""
    rows = alt.Y("row:N", sort=list(order), title=None)
    text = (
        alt.Chart(frame)
        .mark_text(align="left", dx=7, color=INK, fontSize=11)
        .encode(y=rows, x=at_column(x, "high"), text="label:N")
    )
    return alt.layer(chart, text)


def at_column(axis: Channel, column: str) -> Channel:
    """Return the same axis, with its scale and title, for another column."""
    other = axis.copy()
    other["shorthand"] = f"{column}:Q"
    return other
