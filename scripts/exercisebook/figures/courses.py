"""Courses over time: one line a thing, its interval as a ribbon, its name at its end."""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
import pandas as pd

from exercisebook.figures.intervals import at_column
from exercisebook.figures.theme import MUTED

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
        By row; its order is the drawing order.
    bout : tuple of str, optional
        First and last phase of the bout, shaded.
    persons : DataFrame, optional
        row, phase, subject, value: single people, drawn faintly.
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
    if persons is not None:
        points = alt.Chart(persons).mark_circle(size=14, opacity=0.35)
        layers.append(
            points.encode(
                x=x,
                y=at_column(y, "value"),
                color=colour,
                tooltip=["subject:N", "row:N", "phase:O", alt.Tooltip("value:Q", format=".2f")],
            )
        )
    layers.append(base.mark_area(opacity=0.18).encode(y=at_column(y, "low"), y2="high:Q"))
    layers.append(base.mark_line(strokeWidth=2.5).encode(y=y))
    layers.append(
        base.mark_circle(size=45, opacity=1).encode(
            y=y, tooltip=["row:N", "phase:O", alt.Tooltip("label:N", title="ratio")]
        )
    )
    layers.append(_names(frame, phases, x, y, colour))
    return alt.layer(*layers).properties(height=300)


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
    """Write each line's name where it is farthest from the others, on its free side."""
    wide = np.log(frame.pivot(index="phase", columns="row", values="estimate").loc[list(phases)])
    rows = []
    for name in wide.columns:
        others = wide.drop(columns=name)
        gap = others.sub(wide[name], axis=0).abs().min(axis=1)
        phase = str(gap.idxmax())
        above = bool(wide.at[phase, name] >= others.loc[phase].max())
        rows.append((name, phase, float(np.exp(wide.at[phase, name])), above))
    places = pd.DataFrame(rows, columns=["row", "phase", "estimate", "above"])
    texts = []
    for above, shift in ((True, -13), (False, 15)):
        side = alt.Chart(places[places["above"] == above])
        text = side.mark_text(dy=shift, fontWeight="bold", fontSize=12)
        texts.append(text.encode(x=x, y=y, text="row:N", color=colour))
    return alt.layer(*texts)
