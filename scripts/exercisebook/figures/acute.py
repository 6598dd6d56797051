"""The charts of chapter 2: what one bout does to the blood, hour by hour."""

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from exercisebook.figures.courses import course
from exercisebook.figures.intervals import (
    at_column,
    dot_intervals,
    ratio_axis,
    reaching,
    single_people,
)
from exercisebook.figures.tables import NARROW
from exercisebook.figures.theme import ACCENT, CELLS, INK, MUTED, SECOND, THIRD, finished, shaped

Words = tuple[str, str]
"""Caption and text alternative."""


def time_course(
    frame: pd.DataFrame, phases: list[str], persons: pd.DataFrame | None, words: Words
) -> Any:
    """Return white cells over the day, each as a ratio to the same hours of rest.

    Parameters
    ----------
    frame : DataFrame
        row, phase, estimate, low, high (ratios), label.
    phases : list of str
        In order.
    persons : DataFrame, optional
        row, phase, subject, value: single people's ratios.
    words : tuple of str
        Caption and text alternative.
    """
    colours = {name: CELLS[name] for name in CELLS if name in set(frame["row"])}
    chart = course(frame, phases, "ratio to the rest day", colours, ("0h", "1h"), persons)
    return finished(chart, "fig-time-course", *words)


def by_intensity(
    frame: pd.DataFrame, order: list[str], persons: pd.DataFrame | None, words: Words
) -> Any:
    """Return two cell counts after four kinds of exercise.

    Parameters
    ----------
    frame : DataFrame
        row (the exercise), group (cell and hour), estimate, low, high (ratios), label.
    order : list of str
        Rows from top to bottom.
    persons : DataFrame, optional
        row, group, subject, value: single people's ratios.
    words : tuple of str
        Caption and text alternative.
    """
    groups = list(dict.fromkeys(frame["group"]))
    scale = alt.Scale(domain=groups, range=[ACCENT, SECOND])
    colour = alt.Color(
        "group:N", title=None, scale=scale, legend=alt.Legend(columns=1, symbolOpacity=1)
    )
    x = ratio_axis("ratio to the rest day", *reaching(0.9, 4.6, persons))
    chart = dot_intervals(frame, x, order, 1.0, colour, persons=persons)
    return finished(chart, "fig-intensity", *words)


def natural_killer(frame: pd.DataFrame, order: list[str], words: Words) -> Any:
    """Return the odds of being a natural killer cell, exercise day against rest day.

    Parameters
    ----------
    frame : DataFrame
        row, estimate, low, high (odds ratios), label.
    order : list of str
        Rows from top to bottom.
    words : tuple of str
        Caption and text alternative.
    """
    x = ratio_axis("odds ratio to the rest day (log scale)", 0.2, 9)
    chart = dot_intervals(frame, x, order, reference=1.0)
    return finished(chart, "fig-natural-killer", *words)


def sameness(frame: pd.DataFrame, order: list[str], margin: float, words: Words) -> Any:
    """Return 90 % intervals inside or outside a margin of sameness.

    Parameters
    ----------
    frame : DataFrame
        row, estimate, low, high (ratios), label.
    order : list of str
        Rows from top to bottom.
    margin : float
        As a ratio above 1; the band runs from its reciprocal to it.
    words : tuple of str
        Caption and text alternative.
    """
    x = ratio_axis("ratio to the rest day, a day later", 0.7, 1.45)
    x["axis"] = alt.Axis(values=[0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.4], format="~g")
    band = pd.DataFrame({"estimate": [1 / margin], "to": [margin]})
    shade = alt.Chart(band).mark_rect(color=THIRD, opacity=0.15).encode(x=x, x2="to:Q")
    told = (
        alt.Chart(band)
        .mark_text(align="left", dx=5, color=INK, fontSize=11, baseline="bottom")
        .encode(
            x=x,
            y=alt.value(-4),
            text=alt.value(f"the same, within ±{100 * (margin - 1):.0f}{NARROW}%"),
        )
    )
    dots = dot_intervals(frame, x, order, reference=1.0)
    return finished(alt.layer(shade, dots, told), "fig-sameness", *words)


def cytokines(
    frame: pd.DataFrame, order: list[str], persons: pd.DataFrame | None, words: Words
) -> Any:
    """Return cytokines at the end of the bout under two readings of what is absent.

    Parameters
    ----------
    frame : DataFrame
        row, group (the reading), estimate, low, high (ratios), label.
    order : list of str
        Rows from top to bottom.
    persons : DataFrame, optional
        row, group, subject, value: single people's ratios.
    words : tuple of str
        Caption and text alternative.
    """
    groups = list(dict.fromkeys(frame["group"]))
    scale = alt.Scale(domain=groups, range=[ACCENT, SECOND])
    colour = alt.Color(
        "group:N", title=None, scale=scale, legend=alt.Legend(columns=1, symbolOpacity=1)
    )
    x = ratio_axis("ratio to the rest day (log scale)", *reaching(0.5, 4.6, persons))
    chart = dot_intervals(frame, x, order, 1.0, colour, row_height=24, persons=persons)
    return finished(chart, "fig-cytokines", *words)


def detection(frame: pd.DataFrame, rows: list[str], phases: list[str], words: Words) -> Any:
    """Return how often each cytokine was found, as a table of shaded cells.

    Parameters
    ----------
    frame : DataFrame
        row, phase, share (0 to 1).
    rows, phases : list of str
        In order.
    words : tuple of str
        Caption and text alternative.
    """
    x = alt.X("phase:O", sort=phases, title="hours since the start",
              axis=alt.Axis(labelAngle=0, labelExpr="replace(datum.label, 'h', '')"))  # fmt: skip
    y = alt.Y("row:N", sort=rows, title=None)
    scale = alt.Scale(domain=[0, 1], range=["#f4f6f8", "#7db4dc"])
    tips = ["row:N", "phase:O", alt.Tooltip("share:Q", title="found", format=".0%")]
    base = alt.Chart(frame).encode(x=x, y=y, tooltip=tips)
    cells = base.mark_rect().encode(color=alt.Color("share:Q", scale=scale, legend=None))
    text = base.mark_text(color=INK, fontSize=11).encode(text=alt.Text("share:Q", format=".0%"))
    chart = alt.layer(cells, text).properties(height=28 * len(rows))
    return finished(chart, "fig-detection", *words)


def race(frame: pd.DataFrame, order: list[str], words: Words) -> Any:
    """Return the race's changes for those seen, and bounds for all who started.

    Parameters
    ----------
    frame : DataFrame
        row, group, estimate (NaN for bounds), low, high (ratios; ends of the axis where
        unbounded), label.
    order : list of str
        Rows from top to bottom.
    words : tuple of str
        Caption and text alternative.
    """
    seen, everyone = list(dict.fromkeys(frame["group"]))
    scale = alt.Scale(domain=[seen, everyone], range=[ACCENT, MUTED])
    legend = alt.Legend(columns=1)
    colour = alt.Color("group:N", title=None, scale=scale, legend=legend)
    x = ratio_axis("ratio to before the race (log scale)", 0.5, 128)
    y = alt.Y("row:N", sort=order, title=None, axis=alt.Axis(ticks=False, labelPadding=8))
    offset = alt.YOffset("group:N", sort=[seen, everyone])
    base = alt.Chart(frame).encode(
        y=y, yOffset=offset, color=colour, tooltip=["row:N", "group:N", "label:N"]
    )
    layers = [
        alt.Chart(pd.DataFrame({"estimate": [1.0]}))
        .mark_rule(color=MUTED, strokeDash=[4, 3])
        .encode(x=x),
        base.transform_filter(alt.datum.group == seen)
        .mark_rule(strokeWidth=2)
        .encode(x=at_column(x, "low"), x2="high:Q"),
        base.transform_filter(alt.datum.group == everyone)
        .mark_bar(height=8, opacity=0.5)
        .encode(x=at_column(x, "low"), x2="high:Q"),
        base.transform_filter(alt.datum.group == seen).mark_circle(size=70, opacity=1).encode(x=x),
    ]
    return finished(alt.layer(*layers).properties(height=46 * len(order)), "fig-race", *words)


def plasma_volume(frame: pd.DataFrame, assumed: float, words: Words) -> Any:
    """Return what is left of each rise if plasma was lost.

    Parameters
    ----------
    frame : DataFrame
        row, loss (per cent of plasma lost), estimate, low, high (ratios of amounts).
    assumed : float
        Loss at which a line stands.
    words : tuple of str
        Caption and text alternative.
    """
    names = list(dict.fromkeys(frame["row"]))
    scale = alt.Scale(domain=names, range=[SECOND, ACCENT, THIRD][: len(names)])
    colour = alt.Color("row:N", scale=scale, legend=None)
    x = alt.X(
        "loss:Q",
        title="plasma volume lost (%), assumed",
        scale=alt.Scale(domain=[0, 20], nice=False),
        axis=alt.Axis(values=[0, 5, 10, 15, 20]),
    )
    axis = alt.Axis(values=[0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.2, 1.4, 1.7, 2], format="~g")
    reach = [float(frame["low"].min()) * 0.97, float(frame["high"].max()) * 1.03]
    log = alt.Scale(type="log", domain=reach, nice=False)
    y = alt.Y("estimate:Q", title="ratio of amounts to the rest day", scale=log, axis=axis)
    band = pd.DataFrame({"loss": [5.0], "to": [20.0]})
    starts = frame[frame["loss"] == frame["loss"].min()]
    layers = [
        alt.Chart(band).mark_rect(color=MUTED, opacity=0.12).encode(x=x, x2="to:Q"),
        alt.Chart(pd.DataFrame({"estimate": [1.0]}))
        .mark_rule(color=MUTED, strokeDash=[4, 3])
        .encode(y=y),
        alt.Chart(pd.DataFrame({"loss": [assumed]})).mark_rule(color=MUTED).encode(x=x),
        alt.Chart(frame)
        .mark_area(opacity=0.15)
        .encode(x=x, y=at_column(y, "low"), y2="high:Q", color=colour),
        alt.Chart(frame)
        .mark_line(strokeWidth=2.5)
        .encode(
            x=x,
            y=y,
            color=colour,
            tooltip=["row:N", "loss:Q", alt.Tooltip("estimate:Q", format=".2f")],
        ),
        alt.Chart(starts)
        .mark_text(align="left", dx=6, dy=-8, fontWeight="bold")
        .encode(x=x, y=y, text="row:N", color=colour),
    ]
    return finished(alt.layer(*layers).properties(height=300), "fig-plasma-volume", *words)


def sampling_time(
    frame: pd.DataFrame, phases: list[str], persons: pd.DataFrame | None, words: Words
) -> Any:
    """Return one count by the hour of the needle, up and down in two colours and shapes.

    Parameters
    ----------
    frame : DataFrame
        phase, estimate, low, high (ratios), way (``higher``, ``lower`` or ``unclear``), label.
    phases : list of str
        In order.
    persons : DataFrame, optional
        phase, subject, value: single people's ratios.
    words : tuple of str
        Caption and text alternative.
    """
    scale = alt.Scale(domain=["higher", "lower", "unclear"], range=[SECOND, ACCENT, MUTED])
    colour = alt.Color("way:N", title="against rest", scale=scale, legend=alt.Legend())
    shape = shaped(colour, ["triangle-up", "triangle-down", "circle"])
    x = alt.X("phase:O", sort=phases, title="hours since the start of the hour (not to scale)",
              axis=alt.Axis(labelAngle=0, labelExpr="replace(datum.label, 'h', '')"))  # fmt: skip
    values = np.r_[frame["low"], frame["high"], [] if persons is None else persons["value"]]
    reach = [min(0.5, float(values.min()) * 0.96), max(4, float(values.max()) * 1.04)]
    log = alt.Scale(type="log", domain=reach, nice=False)
    axis = alt.Axis(values=[0.5, 0.7, 1, 1.4, 2, 2.8, 4], format="~g")
    y = alt.Y("estimate:Q", title="ratio to the rest day", scale=log, axis=axis)
    base = alt.Chart(frame).encode(x=x, color=colour, tooltip=["phase:O", "label:N"])
    low = at_column(y, "low")
    layers = [
        alt.Chart(pd.DataFrame({"estimate": [1.0]}))
        .mark_rule(color=MUTED, strokeDash=[4, 3])
        .encode(y=y),
        *([] if persons is None else [single_people(persons, x, y, "phase:O")]),
        base.mark_rule(strokeWidth=2).encode(y=low, y2="high:Q"),
        base.mark_point(filled=True, size=100, opacity=1).encode(y=y, shape=shape),
    ]
    return finished(alt.layer(*layers).properties(height=240), "fig-sampling-time", *words)
