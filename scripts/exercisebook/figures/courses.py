"""Courses over time: one line a thing, its interval as a ribbon, its name at its end."""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
import pandas as pd

from exercisebook.figures.intervals import at_column
from exercisebook.figures.theme import CELL_SHAPES, MUTED, shaped

WIDE_TICKS = (0.25, 0.35, 0.5, 0.7, 1, 1.4, 2, 2.8, 4, 5.6, 8, 16, 32)
NARROW_TICKS = (0.7, 0.8, 0.9, 1, 1.2, 1.4, 1.7, 2)


def course(
    frame: pd.DataFrame,
    phases: Sequence[str],
    y_title: str,
    colours: Mapping[str, str],
    bout: tuple[str, str] | None = None,
    persons: pd.DataFrame | None = None,
) -> alt.LayerChart:
    """Return ratios over time, one line a ``row``.

    Parameters
    ----------
    frame : DataFrame
        row, phase, estimate, low, high, label (text of the tooltip).
    phases : sequence of str
        In order; evenly spaced, whatever the hours between them.
    y_title : str
        What the ratio is of.
    colours : mapping of str to str
        By row; its order is the drawing order. Kinds of white cell have their own shapes.
    bout : tuple of str, optional
        First and last phase of the bout, shaded.
    persons : DataFrame, optional
        row, phase, subject, value: single people, drawn faintly; under the pointer a point shows
        its person's whole course.
    """
    x = alt.X(
        "phase:O",
        sort=list(phases),
        scale=alt.Scale(domain=list(phases)),
        title="hours since the start (not to scale)",
        axis=alt.Axis(labelAngle=0, labelExpr="replace(datum.label, 'h', '')"),
    )
    low, high = _reach(frame, persons)
    scale = alt.Scale(type="log", domain=[low, high], nice=False)
    choice = WIDE_TICKS if high / low > 4 else NARROW_TICKS
    ticks = [tick for tick in choice if low <= tick <= high]
    axis = alt.Axis(values=ticks, format="~g")
    colour = alt.Color(
        "row:N",
        scale=alt.Scale(domain=list(colours), range=list(colours.values())),
        legend=None,
    )
    y = alt.Y("estimate:Q", title=y_title, scale=scale, axis=axis)
    base = alt.Chart(frame).encode(x=x, color=colour)
    layers: list[alt.Chart | alt.LayerChart] = []
    if bout is not None:
        layers.append(_shade(bout, x))
    level = pd.DataFrame({"estimate": [1.0]})
    layers.append(alt.Chart(level).mark_rule(color=MUTED, strokeDash=[4, 3]).encode(y=y))
    layers.append(base.mark_area(opacity=0.18).encode(y=at_column(y, "low"), y2="high:Q"))
    layers.append(base.mark_line(strokeWidth=2.5).encode(y=y))
    layers.append(
        base.mark_point(filled=True, size=55, opacity=1).encode(
            y=y,
            shape=shaped(colour, [CELL_SHAPES.get(name, "circle") for name in colours]),
            tooltip=["row:N", "phase:O", alt.Tooltip("label:N", title="ratio")],
        )
    )
    if persons is not None:
        layers += _single(persons, x, at_column(y, "value"), colour)
    layers.append(_names(frame, phases, x, y, colour))
    return alt.layer(*layers).properties(height=300)


def _single(persons: pd.DataFrame, x: alt.X, y: alt.Y, colour: alt.Color) -> list[alt.Chart]:
    """Return faint points of single people, and the course of the one under the pointer."""
    chosen = alt.selection_point(
        name="person", fields=["subject", "row"], on="pointerover", clear="pointerout", empty=False
    )
    base = alt.Chart(persons).encode(x=x, y=y, color=colour)
    tips = ["subject:N", "row:N", "phase:O", alt.Tooltip("value:Q", format=".2f")]
    points = base.mark_circle(size=22, opacity=0.4).encode(tooltip=tips).add_params(chosen)
    own = base.transform_filter(chosen).mark_line(strokeWidth=1.2, strokeDash=[3, 2])
    return [own, points]


def _shade(bout: tuple[str, str], x: alt.X) -> alt.Chart:
    first, last = bout
    frame = pd.DataFrame({"phase": [first], "until": [last], "word": ["exercise"]})
    return alt.Chart(frame).mark_rect(color=MUTED, opacity=0.15).encode(x=x, x2="until:O")


def _reach(frame: pd.DataFrame, persons: pd.DataFrame | None) -> tuple[float, float]:
    """Return the ends of the axis: everything that is drawn, and a little room."""
    low, high = frame["low"].min(), frame["high"].max()
    if persons is not None:
        low, high = min(low, persons["value"].min()), max(high, persons["value"].max())
    return float(low) * 0.94, float(high) * 1.06


def _names(
    frame: pd.DataFrame, phases: Sequence[str], x: alt.X, y: alt.Y, colour: alt.Color
) -> alt.LayerChart:
    """Write each line's name above or below its ribbon, where there is most room."""
    low, middle, high = (
        np.log(frame.pivot(index="phase", columns="row", values=column).loc[list(phases)])
        for column in ("low", "estimate", "high")
    )
    rows = []
    for name in middle.columns:
        upper = _room(name, middle, low, high)
        lower = _room(name, -middle, -high, -low)
        rooms = pd.concat({True: upper["room"], False: lower["room"]}, axis=1).iloc[1:-1]
        phase, is_above = rooms.stack().idxmax()
        edge = upper.at[phase, "edge"] if is_above else -lower.at[phase, "edge"]
        rows.append((name, phase, float(np.exp(edge)), is_above))
    places = pd.DataFrame(rows, columns=["row", "phase", "estimate", "above"])
    texts = []
    for is_above, shift in ((True, -8), (False, 9)):
        side = alt.Chart(places[places["above"] == is_above])
        text = side.mark_text(dy=shift, fontWeight="bold", fontSize=12)
        texts.append(text.encode(x=x, y=y, text="row:N", color=colour))
    return alt.layer(*texts)


def _room(name: str, middle: pd.DataFrame, low: pd.DataFrame, high: pd.DataFrame) -> pd.DataFrame:
    """Return how free the place above a ribbon is, phase by phase, on the logarithmic scale.

    Beyond all other ribbons there is room enough, and most where this one reaches farthest;
    between two of them there is what lies between; elsewhere only the lines are kept apart.
    """
    # on a narrow screen a name is as wide as two phases, so its neighbours count too
    over = {"window": 3, "center": True, "min_periods": 1}
    others = middle.columns.drop(name)
    edge = high[name].rolling(**over).max()
    near, far = low[others].rolling(**over).min(), high[others].rolling(**over).max()
    between = near.where(near.ge(edge, axis=0)).min(axis=1) - edge
    beyond = 10 + high[name] - far.max(axis=1)
    to_line = middle[others].sub(middle[name], axis=0)
    crowded = to_line.where(to_line > 0).min(axis=1).fillna(0.0) - 10
    is_outermost = far.lt(edge, axis=0).all(axis=1)
    free = between.where(~is_outermost, beyond)
    return pd.DataFrame(
        {"room": free.fillna(crowded), "edge": edge.where(free.notna(), high[name])}
    )
