"""The charts of appendix A2: simulated beside open data, each by its name on the line."""

from collections.abc import Mapping
from typing import Any, Literal

import altair as alt
import numpy as np
import pandas as pd

from exercisebook.figures.intervals import at_column
from exercisebook.figures.theme import ACCENT, GRID, INK, MUTED, SECOND, SIMULATED, finished

OURS, THEIRS, CHANCE = "simulated", "open data", "by chance"
"""What a line of a chart stands for."""

COLOURS = {OURS: SIMULATED, THEIRS: ACCENT, CHANCE: MUTED}

_Name = tuple[int, int, Literal["left", "center", "right"]]
"""Where a line's name stands: at which of its points, how far below, and how aligned."""

_RATIOS = (0.1, 0.2, 0.5, 1, 2, 5, 10)


def bands(frame: pd.DataFrame, caption: str, description: str) -> Any:
    """Return simulated values over what they are compared with, each beside its band.

    Parameters
    ----------
    frame : DataFrame
        row, ratio, low, high (of the band, over the same value), within (a bool), label.
    caption, description : str
        For the page.
    """
    order = list(frame["row"])
    reach = max(frame["ratio"].max(), 1 / frame["ratio"].min(), 2.2) * 1.1
    rows = frame.assign(
        verdict=np.where(frame["within"], "within band", "outside band"),
        left=frame["low"].clip(lower=1 / reach),
        right=frame["high"].clip(upper=reach),
    )
    x = alt.X(
        "ratio:Q",
        title="simulated over open or published value (log scale)",
        scale=alt.Scale(type="log", domain=[1 / reach, reach], nice=False),
        axis=alt.Axis(values=[t for t in _RATIOS if 1 / reach <= t <= reach], format="~g"),
    )
    y = alt.Y(
        "row:N",
        sort=order,
        title=None,
        axis=alt.Axis(ticks=False, labelPadding=6, labelFontSize=11, labelLimit=200),
    )
    legend = alt.Legend(columns=1)
    colour = alt.Color(
        "verdict:N",
        title=None,
        legend=legend,
        scale=alt.Scale(domain=["outside band", "within band"], range=[SECOND, SIMULATED]),
    )
    shape = alt.Shape(
        "verdict:N",
        title=None,
        legend=legend,
        scale=alt.Scale(domain=["outside band", "within band"], range=["diamond", "circle"]),
    )
    tips = [alt.Tooltip("row:N", title=" "), alt.Tooltip("label:N", title="simulated, compared")]
    base = alt.Chart(rows).encode(y=y)
    line = alt.Chart(pd.DataFrame({"ratio": [1.0]}))
    layers = [
        base.mark_bar(height=9, color=GRID, opacity=1).encode(x=at_column(x, "left"), x2="right:Q"),
        line.mark_rule(color=MUTED, strokeDash=[4, 3]).encode(x=x),
        base.mark_point(size=55, filled=True, opacity=1).encode(
            x=x, color=colour, shape=shape, tooltip=tips
        ),
    ]
    chart = alt.layer(*layers).properties(height=18 * len(order))
    return finished(chart, "fig-realism-bands", caption, description)


def extra_zeros(frame: pd.DataFrame, caption: str, description: str) -> Any:
    """Return the share of zeros beyond Poisson's against the mean of genes.

    Parameters
    ----------
    frame : DataFrame
        source (``OURS`` or ``THEIRS``), mean, share (a fraction).
    caption, description : str
        For the page.
    """
    rows = frame.assign(percent=100 * frame["share"])
    x = alt.X(
        "mean:Q",
        title="mean molecules a cell (log scale)",
        scale=alt.Scale(type="log", domain=[0.08, 18], nice=False),
        axis=alt.Axis(values=[0.1, 0.3, 1, 3, 10], format="~g", grid=False),
    )
    top = max(1.15 * float(rows["percent"].max()), 1)
    y = alt.Y(
        "percent:Q",
        title="zeros beyond Poisson's (% of cells)",
        scale=alt.Scale(domain=[min(0.0, float(rows["percent"].min())), top], nice=False),
    )
    peak = int(rows[rows["source"] == THEIRS]["percent"].to_numpy().argmax())
    names: dict[str, _Name] = {THEIRS: (peak, -14, "center"), OURS: (1, 18, "left")}
    return finished(_lines(rows, x, y, "mean", names), "fig-extra-zeros", caption, description)


def components(frame: pd.DataFrame, caption: str, description: str) -> Any:
    """Return the shares of the leading components of genes within cells of a type.

    Parameters
    ----------
    frame : DataFrame
        source (``OURS``, ``THEIRS``, ``CHANCE``), component (from 1), share (a fraction).
    caption, description : str
        For the page.
    """
    rows = frame.assign(percent=100 * frame["share"])
    x = alt.X("component:O", title="component", axis=alt.Axis(labelAngle=0))
    y = alt.Y("percent:Q", title="share of variation (%)", scale=alt.Scale(zero=True))
    colour = _colour(rows)
    base = alt.Chart(rows).encode(x=x, color=colour)
    first = rows[(rows["source"] == THEIRS) & (rows["component"] == 1)]
    layers = [
        base.mark_line(strokeWidth=2.5).encode(y=y, strokeDash=_dash(rows), detail="source:N"),
        base.mark_circle(size=55, opacity=1).encode(
            y=y, tooltip=["source:N", "component:O", alt.Tooltip("percent:Q", format=".2f")]
        ),
        alt.Chart(first)
        .mark_text(align="left", dx=10, dy=-2, fontWeight="bold")
        .encode(x=x, y=y, text="source:N", color=colour),
    ]
    chart = alt.layer(*layers, _end_names(rows, x, y, "component", colour))
    return finished(chart.properties(height=260), "fig-components", caption, description)


def courses(
    observed: pd.DataFrame,
    simulated: pd.DataFrame,
    phases: Mapping[str, str],
    colours: Mapping[str, str],
    caption: str,
    description: str,
) -> Any:
    """Return courses after a bout: open data with intervals, ours dashed at the same size.

    Parameters
    ----------
    observed : DataFrame
        row, hours, estimate, low, high: ratios.
    simulated : DataFrame
        row, hours, estimate: ratios.
    phases : mapping of str to str
        Hours as they stand on the axis, in order.
    colours : mapping of str to str
        By row.
    caption, description : str
        For the page.
    """
    order = list(phases.values())
    x = alt.X(
        "hours:O",
        sort=order,
        title="hours since the end of exercise (not to scale)",
        scale=alt.Scale(domain=order),
        axis=alt.Axis(labelAngle=0),
    )
    low = float(min(observed["low"].min(), simulated["estimate"].min())) * 0.86
    high = float(max(observed["high"].max(), simulated["estimate"].max())) * 1.15
    y = alt.Y(
        "estimate:Q",
        title="ratio to before (log scale)",
        scale=alt.Scale(type="log", domain=[low, high], nice=False),
        axis=alt.Axis(values=[t for t in (0.5, 0.7, 1, 1.4, 2, 2.8, 4) if low <= t <= high],
                      format="~g"),
    )  # fmt: skip
    colour = alt.Color(
        "row:N", legend=None, scale=alt.Scale(domain=list(colours), range=list(colours.values()))
    )
    theirs = alt.Chart(observed).encode(x=x, color=colour)
    ours = alt.Chart(simulated).encode(x=x, color=colour)
    level = alt.Chart(pd.DataFrame({"estimate": [1.0]}))
    layers = [
        level.mark_rule(color=MUTED, strokeDash=[1, 3]).encode(y=y),
        theirs.mark_area(opacity=0.15).encode(y=at_column(y, "low"), y2="high:Q"),
        theirs.mark_line(strokeWidth=2.5).encode(y=y),
        ours.mark_line(strokeWidth=2, strokeDash=[6, 4]).encode(y=y),
        ours.mark_point(size=40, filled=False, opacity=1).encode(
            y=y, tooltip=["row:N", "hours:O", alt.Tooltip("estimate:Q", format=".2f")]
        ),
        *_course_names(observed, order[len(order) // 2], x, y, colour),
    ]
    return finished(
        alt.layer(*layers).properties(height=300), "fig-realism-courses", caption, description
    )


def missing(frame: pd.DataFrame, caption: str, description: str) -> Any:
    """Return the share of values missing, by quarters of features from faint to strong.

    Parameters
    ----------
    frame : DataFrame
        source, quarter (from 1), share (a fraction).
    caption, description : str
        For the page.
    """
    words = {1: "faintest", 2: "second", 3: "third", 4: "strongest"}
    rows = frame.assign(percent=100 * frame["share"], level=frame["quarter"].map(words))
    x = alt.X(
        "level:O",
        sort=list(words.values()),
        title="quarter of features by level",
        axis=alt.Axis(labelAngle=0),
    )
    y = alt.Y(
        "percent:Q",
        title="values missing (%)",
        scale=alt.Scale(domain=[0, 1.12 * float(rows["percent"].max())], nice=False),
    )
    names: dict[str, _Name] = {THEIRS: (0, -14, "left"), OURS: (-1, -14, "center")}
    return finished(_lines(rows, x, y, "level", names), "fig-missing", caption, description)


def _lines(
    rows: pd.DataFrame, x: alt.X, y: alt.Y, across: str, names: Mapping[str, _Name]
) -> alt.LayerChart:
    """Return a line a source, with its name at one of its points."""
    colour = _colour(rows)
    base = alt.Chart(rows).encode(x=x, y=y, color=colour)
    tip = alt.Tooltip("percent:Q", format=".1f")
    layers: list[alt.Chart] = [
        base.mark_line(strokeWidth=2.5).encode(strokeDash=_dash(rows)),
        base.mark_circle(size=60, opacity=1).encode(tooltip=["source:N", f"{across}:N", tip]),
    ]
    for source, (place, shift, align) in names.items():
        own = rows[rows["source"] == source].iloc[[place]]
        layers.append(
            alt.Chart(own)
            .mark_text(align=align, dy=shift, fontWeight="bold")
            .encode(x=x, y=y, text="source:N", color=colour)
        )
    return alt.layer(*layers).properties(height=260)


def _colour(rows: pd.DataFrame) -> alt.Color:
    found = [name for name in COLOURS if name in set(rows["source"])]
    return alt.Color(
        "source:N",
        legend=None,
        scale=alt.Scale(domain=found, range=[COLOURS[name] for name in found]),
    )


def _dash(rows: pd.DataFrame) -> alt.StrokeDash:
    """Return dashes for what is not open data, so that grey tells lines apart too."""
    found = [name for name in COLOURS if name in set(rows["source"])]
    dashes = {OURS: [6, 4], THEIRS: [1, 0], CHANCE: [2, 3]}
    return alt.StrokeDash(
        "source:N",
        legend=None,
        scale=alt.Scale(domain=found, range=[dashes[name] for name in found]),
    )


def _end_names(
    rows: pd.DataFrame, x: alt.X, y: alt.Y, across: str, colour: alt.Color
) -> alt.LayerChart:
    """Return the names of two lines that lie on each other, above and below their ends."""
    last = rows[rows[across] == rows[across].max()]
    shifts = {OURS: 26, CHANCE: -14}
    texts = [
        alt.Chart(last[last["source"] == name])
        .mark_text(align="right", dx=6, dy=-shift, fontWeight="bold")
        .encode(x=x, y=y, text="source:N", color=alt.value(INK) if name == CHANCE else colour)
        for name, shift in shifts.items()
    ]
    return alt.layer(*texts)


def _course_names(
    observed: pd.DataFrame, hour: str, x: alt.X, y: alt.Y, colour: alt.Color
) -> list[alt.Chart]:
    """Return each row's name at one hour, on the side of its interval away from no change."""
    texts = []
    for _, own in observed[observed["hours"] == hour].groupby("row"):
        above = bool(own["estimate"].iloc[0] >= 1)
        texts.append(
            alt.Chart(own)
            .mark_text(dy=-9 if above else 14, fontWeight="bold")
            .encode(x=x, y=at_column(y, "high" if above else "low"), text="row:N", color=colour)
        )
    return texts
