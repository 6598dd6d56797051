"""The charts of chapter 5: the pathway, weeks of training, dilution, genes, rhythm, mimetic."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from exercisebook.figures.intervals import at_column, dot_intervals, ratio_axis
from exercisebook.figures.theme import ACCENT, GRID, INK, MUTED, SECOND, SIMULATED, THIRD, finished

Words = tuple[str, str]
"""Caption and text alternative."""

_TICKS = (0.4, 0.5, 0.6, 0.7, 0.8, 1, 1.2, 1.4, 1.7, 2)


def pathway(nodes: pd.DataFrame, edges: pd.DataFrame, words: Words) -> Any:
    """Return the pathway, its substances coloured by how they changed.

    Parameters
    ----------
    nodes : DataFrame
        name, x, y, log2 (NaN where not measured), told (written below the name), clear (bool).
    edges : DataFrame
        x, y, x2, y2, enzyme, middle_x, middle_y, head_x, head_y, angle (of an arrow, in degrees).
    words : tuple of str
        Caption and text alternative.
    """
    x = alt.X("x:Q", title=None, axis=None, scale=alt.Scale(domain=[-0.2, 3.4]))
    y = alt.Y("y:Q", title=None, axis=None, scale=alt.Scale(domain=[5.3, -0.3]))
    lines = alt.Chart(edges).mark_rule(color=MUTED, strokeWidth=1.5).encode(
        x=x, y=y, x2="x2:Q", y2="y2:Q"
    )  # fmt: skip
    named = edges[edges["enzyme"] != ""].assign(level=lambda f: f["y"] == f["y2"])
    enzymes = [
        alt.Chart(named[named["level"] == level])
        .mark_text(fontSize=10, fontStyle="italic", color=INK, **offset)
        .encode(x=at_column(x, "middle_x"), y=at_column(y, "middle_y"), text="enzyme:N")
        for level, offset in ((True, {"dx": 16, "dy": -8}), (False, {"dx": 8, "align": "left"}))
    ]
    measured = nodes[nodes["log2"].notna()]
    colour = alt.Color(
        "log2:Q",
        title="log2 ratio",
        scale=alt.Scale(domain=[-0.6, 0, 0.6], range=[SECOND, "#f4f4f4", ACCENT], clamp=True),
        legend=alt.Legend(orient="top", direction="horizontal", gradientLength=180),
    )
    base = alt.Chart(measured).encode(x=x, y=y, tooltip=["name:N", "told:N"])
    dots = [
        base.transform_filter(alt.datum.clear == clear)
        .mark_circle(size=420, opacity=1, stroke=INK, strokeWidth=width)
        .encode(color=colour)
        for clear, width in ((True, 3), (False, 0.8))
    ]
    absent = (
        alt.Chart(nodes[nodes["log2"].isna()])
        .mark_point(size=380, filled=True, opacity=1, color="#c3c9d1", shape="square")
        .encode(x=x, y=y, tooltip=["name:N", "told:N"])
    )
    labels = [
        alt.Chart(nodes)
        .mark_text(dx=15, dy=dy, align="left", fontSize=size, color=INK)
        .encode(x=x, y=y, text=f"{column}:N")
        for dy, size, column in ((-8, 11, "name"), (8, 10, "told"))
    ]
    heads = (
        alt.Chart(edges)
        .mark_point(shape="triangle", size=60, filled=True, opacity=1, color=MUTED)
        .encode(
            x=at_column(x, "head_x"),
            y=at_column(y, "head_y"),
            angle=alt.Angle("angle:Q", scale=None, legend=None),
        )
    )
    chart = alt.layer(lines, heads, *enzymes, *dots, absent, *labels).properties(height=520)
    return finished(chart, "fig-pathway", *words)


def coloured_ratios(
    frame: pd.DataFrame,
    order: Sequence[str],
    colours: dict[str, str],
    title: str,
    name: str,
    words: Words,
    least: float | None = None,
) -> Any:
    """Return ratios with intervals, a row a thing, a colour a group that the caller names.

    Parameters
    ----------
    frame : DataFrame
        row, estimate, low, high (ratios), label; and ``group``, drawn one under another, or
        ``when``, where each row has one.
    order : sequence of str
        Rows from top to bottom.
    colours : dict of str to str
        By group, in the order of the legend.
    title, name : str
        Of the axis, and ``fig-...``.
    words : tuple of str
        Caption and text alternative.
    least : float, optional
        The smallest ratio that matters; smaller changes are shaded.
    """
    low, high = 0.97 * frame["low"].min(), 1.03 * frame["high"].max()
    if least is not None:
        low, high = min(low, 0.97 / least), max(high, 1.03 * least)
    x = ratio_axis(title, low, high)
    inside = [tick for tick in _TICKS if low <= tick <= high]
    x["axis"] = alt.Axis(values=inside, format="~g", labelOverlap="greedy", labelSeparation=4)
    colour = _colours(colours, "group" if "group" in frame else "when")
    dots = dot_intervals(frame, x, order, 1.0, colour, row_height=26)
    if least is None:
        return finished(dots, name, *words)
    ends = pd.DataFrame({"estimate": [1 / least], "to": [least]})
    band = alt.Chart(ends).mark_rect(color=GRID, opacity=0.7).encode(x=x, x2="to:Q")
    return finished(alt.layer(band, dots), name, *words)


def _colours(colours: dict[str, str], field: str = "group") -> alt.Color:
    scale = alt.Scale(domain=list(colours), range=list(colours.values()))
    return alt.Color(f"{field}:N", title=None, scale=scale, legend=alt.Legend(columns=1))


def dilution(frame: pd.DataFrame, point: pd.DataFrame, words: Words) -> Any:
    """Return what a tube shows over the change of plasma volume, a line an amount in the vessels.

    Parameters
    ----------
    frame : DataFrame
        volume (per cent), shown (per cent), group.
    point : DataFrame
        volume, shown, told: where this page's parameter lies.
    words : tuple of str
        Caption and text alternative.
    """
    groups = list(dict.fromkeys(frame["group"]))
    colours = dict(zip(groups, (MUTED, ACCENT, SECOND), strict=True))
    x = alt.X("volume:Q", title="change of plasma volume (%)")
    y = alt.Y("shown:Q", title="change in the tube (%)")
    lines = alt.Chart(frame).mark_line(strokeWidth=2.5).encode(
        x=x, y=y, color=_colours(colours), strokeDash=alt.StrokeDash("group:N", legend=None)
    )  # fmt: skip
    zero = alt.Chart(pd.DataFrame({"shown": [0.0]})).mark_rule(color=MUTED).encode(y=y)
    dots = alt.Chart(point).mark_circle(size=80, color=INK, opacity=1).encode(
        x=x, y=y, tooltip=["told:N"]
    )  # fmt: skip
    return finished(alt.layer(zero, lines, dots), "fig-dilution", *words)


def strengths(frame: pd.DataFrame, words: Words) -> Any:
    """Return each variant's associations in standard errors, betaine's apart.

    Parameters
    ----------
    frame : DataFrame
        row (variant and trait), z, group.
    words : tuple of str
        Caption and text alternative.
    """
    order = list(frame["row"])
    colours = {"betaine": ACCENT, "other traits": SECOND}
    x = alt.X("z:Q", title="association in standard errors, allele that raises betaine")
    y = alt.Y("row:N", sort=order, title=None, axis=alt.Axis(ticks=False, labelLimit=190))
    bars = alt.Chart(frame).mark_bar(height=11).encode(
        x=x, y=y, color=_colours(colours), tooltip=["row:N", alt.Tooltip("z:Q", format=".1f")]
    )  # fmt: skip
    return finished(bars.properties(height=22 * len(frame)), "fig-instruments", *words)


def mr_scatter(frame: pd.DataFrame, lines: pd.DataFrame, words: Words) -> Any:
    """Return both associations of each variant, and the slopes of the estimators.

    Parameters
    ----------
    frame : DataFrame
        x, y (of the allele that raises the exposure), x_se, y_se.
    lines : DataFrame
        group, x, y: two ends each.
    words : tuple of str
        Caption and text alternative.
    """
    groups = list(dict.fromkeys(lines["group"]))
    colours = dict(zip(groups, (ACCENT, THIRD, SECOND), strict=True))
    x = alt.X(
        "x:Q", title="with body mass index (SD an allele)", axis=alt.Axis(tickCount=5, format="~g")
    )
    y = alt.Y("y:Q", title="with coronary disease (log odds an allele)")
    ends = frame.assign(low=frame["y"] - frame["y_se"], high=frame["y"] + frame["y_se"])
    base = alt.Chart(ends)
    layers = [
        base.mark_rule(color=GRID).encode(x=x, y=at_column(y, "low"), y2="high:Q"),
        base.mark_circle(size=28, color=MUTED, opacity=0.9).encode(x=x, y=y),
        alt.Chart(lines)
        .mark_line(strokeWidth=2.5)
        .encode(
            x=x, y=y, color=_colours(colours), strokeDash=alt.StrokeDash("group:N", legend=None)
        ),
    ]
    return finished(alt.layer(*layers).properties(height=320), "fig-bmi-chd", *words)


def rhythm(frame: pd.DataFrame, point: pd.DataFrame, words: Words) -> Any:
    """Return waves over a day, and the one hour at which two of them meet.

    Parameters
    ----------
    frame : DataFrame
        group, hour, value.
    point : DataFrame
        hour, value.
    words : tuple of str
        Caption and text alternative.
    """
    groups = list(dict.fromkeys(frame["group"]))
    colours = dict(zip(groups, (MUTED, SIMULATED, THIRD), strict=True))
    x = alt.X("hour:Q", title="clock time (h)", axis=alt.Axis(values=list(range(0, 25, 4))))
    y = alt.Y("value:Q", title="transcript (arbitrary units)", scale=alt.Scale(zero=False))
    tips = [
        alt.Tooltip("hour:Q", title="clock time (h)", format=".1f"),
        alt.Tooltip("value:Q", title="transcript", format=".2f"),
    ]
    waves = (
        alt.Chart(frame)
        .mark_line(strokeWidth=2.5)
        .encode(
            x=x,
            y=y,
            color=_colours(colours),
            strokeDash=alt.StrokeDash("group:N", legend=None),
            tooltip=["group:N", *tips],
        )
    )
    meet = alt.Chart(point).mark_circle(size=110, color=INK, opacity=1)
    meet = meet.encode(x=x, y=y, tooltip=tips)
    when = alt.Chart(point).mark_rule(color=MUTED, strokeDash=[4, 3]).encode(x=x)
    return finished(alt.layer(when, waves, meet), "fig-rhythm", *words)


def mimetic(frame: pd.DataFrame, order: Sequence[str], words: Words) -> Any:
    """Return two contrasts of the deciding experiment in worlds of different cause.

    Parameters
    ----------
    frame : DataFrame
        row (world), group (contrast), estimate, low, high, truth, label.
    order : sequence of str
        Worlds from top to bottom.
    words : tuple of str
        Caption and text alternative.
    """
    groups = list(dict.fromkeys(frame["group"]))
    colours = dict(zip(groups, (SIMULATED, THIRD), strict=True))
    x = alt.X("estimate:Q", title="standard deviations between animals")
    seen = dot_intervals(frame, x, order, 0.0, _colours(colours), row_height=44)
    rows = alt.Y("row:N", sort=list(order), title=None)
    truth = (
        alt.Chart(frame)
        .mark_tick(thickness=3, size=14, color=INK)
        .encode(y=rows, x=at_column(x, "truth"), yOffset=alt.YOffset("group:N", sort=None))
    )
    return finished(alt.layer(seen, truth), "fig-mimetic", *words)
