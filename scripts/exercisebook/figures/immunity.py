"""The charts of chapter 3: markers, cells, denominators, associations, memory and resolution."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from exercisebook.figures.intervals import (
    at_column,
    dot_intervals,
    ratio_axis,
    reaching,
    single_people,
)
from exercisebook.figures.simulated import against_truth
from exercisebook.figures.theme import (
    ACCENT,
    GRID,
    INK,
    MUTED,
    PHASES,
    SECOND,
    SIMULATED,
    THIRD,
    dashed,
    finished,
    shaped,
)

Words = tuple[str, str]
"""Caption and text alternative."""

_CLOSE = (0.6, 0.8, 1, 1.2, 1.4, 1.6, 2)

_SHADES = ("#f2f4f7", ACCENT)


def markers(frame: pd.DataFrame, words: Words) -> Any:
    """Return differences between active and inactive people over what a small study could see.

    Parameters
    ----------
    frame : DataFrame
        row, estimate, low, high (per cent), detectable (per cent, above zero), label.
    words : tuple of str
    """
    order = list(frame["row"])
    reach = 1.1 * float(max(frame[["detectable", "high"]].max().max(), -frame["low"].min()))
    x = alt.X(
        "estimate:Q",
        title="active against inactive (%)",
        scale=alt.Scale(domain=[-reach, reach], nice=False),
        axis=alt.Axis(tickCount=7),
    )
    y = alt.Y("row:N", sort=order, title=None, axis=alt.Axis(ticks=False, labelPadding=8))
    band = frame.assign(left=-frame["detectable"])
    shade = (
        alt.Chart(band)
        .mark_bar(height=16, color=MUTED, opacity=0.25)
        .encode(y=y, x=at_column(x, "left"), x2="detectable:Q")
    )
    return finished(
        alt.layer(shade, dot_intervals(frame, x, order, 0.0)), "fig-resting-markers", *words
    )


def quality(frame: pd.DataFrame, threshold: float, words: Words) -> Any:
    """Return how many cells have which mitochondrial share, with the threshold.

    Parameters
    ----------
    frame : DataFrame
        share (per cent, left end of a bin), cells, what (``kept`` or ``left out``).
    threshold : float
        Per cent.
    words : tuple of str
    """
    x = alt.X(
        "share:Q",
        title="molecules from mitochondrial genes (%)",
        scale=alt.Scale(domain=[0, 60], nice=False),
    )
    y = alt.Y(
        "cells:Q",
        title="cells (log scale)",
        scale=alt.Scale(type="log", domain=[0.8, 4000]),
        axis=alt.Axis(values=[1, 10, 100, 1000], format="d"),
    )
    floor = frame.assign(to=frame["share"] + 2, floor=0.8)
    colour = alt.Color(
        "what:N",
        title=None,
        scale=alt.Scale(domain=["kept", "left out"], range=[SIMULATED, "#b9c0c9"]),
    )
    bars = (
        alt.Chart(floor)
        .mark_rect()
        .encode(
            x=x,
            x2="to:Q",
            y=y,
            y2="floor:Q",
            color=colour,
            tooltip=["share:Q", "cells:Q", "what:N"],
        )
    )
    rule = (
        alt.Chart(pd.DataFrame({"share": [threshold]}))
        .mark_rule(color=INK, strokeDash=[4, 3])
        .encode(x=x)
    )
    return finished(alt.layer(bars, rule).properties(height=220), "fig-cell-quality", *words)


def marker_genes(
    frame: pd.DataFrame, kinds: Sequence[str], genes: Sequence[str], words: Words
) -> Any:
    """Return in what share of each kind's cells a marker was found, as shaded cells.

    Parameters
    ----------
    frame : DataFrame
        kind, gene, share (0 to 1).
    kinds, genes : sequence of str
        In order.
    words : tuple of str
    """
    x = alt.X("kind:N", sort=list(kinds), title=None,
              axis=alt.Axis(labelAngle=-90, labelLimit=150, orient="top"))  # fmt: skip
    y = alt.Y("gene:N", sort=list(genes), title=None)
    shade = alt.Color(
        "share:Q",
        title="share of cells with the gene",
        scale=alt.Scale(domain=[0, 1], range=list(_SHADES)),
        legend=alt.Legend(format="%", orient="bottom", gradientLength=160, titleLimit=320),
    )
    cells = (
        alt.Chart(frame)
        .mark_rect(stroke="white")
        .encode(
            x=x,
            y=y,
            color=shade,
            tooltip=["kind:N", "gene:N", alt.Tooltip("share:Q", format=".0%")],
        )
    )
    return finished(cells.properties(height=18 * len(genes)), "fig-marker-genes", *words)


def agreement(frame: pd.DataFrame, colours: Mapping[str, str], words: Words) -> Any:
    """Return how far groups of cells agree with the truth, by resolution.

    Parameters
    ----------
    frame : DataFrame
        resolution, row (against what), index (adjusted Rand), groups.
    colours : mapping of str to str
        By row.
    words : tuple of str
    """
    x = alt.X(
        "resolution:Q", title="resolution", axis=alt.Axis(values=sorted(set(frame["resolution"])))
    )
    y = alt.Y("index:Q", title="adjusted Rand index", scale=alt.Scale(domain=[0, 1]))
    colour = alt.Color(
        "row:N",
        title=None,
        scale=alt.Scale(domain=list(colours), range=list(colours.values())),
        legend=alt.Legend(columns=1),
    )
    base = alt.Chart(frame).encode(x=x, y=y, color=colour)
    tips = ["row:N", "resolution:Q", "groups:Q", alt.Tooltip("index:Q", format=".2f")]
    layers = [
        base.mark_line(strokeWidth=2),
        base.mark_point(filled=True, size=70, opacity=1).encode(shape=shaped(colour), tooltip=tips),
    ]
    return finished(alt.layer(*layers).properties(height=230), "fig-agreement", *words)


def denominators(frame: pd.DataFrame, words: Words) -> Any:
    """Return one study in four readings, beside the truth.

    Parameters
    ----------
    frame : DataFrame
        row, estimate, low, high, label and truth, all ratios.
    words : tuple of str
    """
    return against_truth(
        frame,
        "after training, against before (ratio)",
        "fig-denominators",
        *words,
        row_height=34,
    )


def shares_in_a_dish(frame: pd.DataFrame, order: Sequence[str], words: Words) -> Any:
    """Return odds ratios of cell types with and without a stimulus.

    Parameters
    ----------
    frame : DataFrame
        row, estimate, low, high (odds ratios), label.
    order : sequence of str
        From top to bottom.
    words : tuple of str
    """
    low, high = float(frame["low"].min()) * 0.9, float(frame["high"].max()) * 1.1
    x = ratio_axis("odds with interferon-beta, against without (log scale)", low, high)
    return finished(dot_intervals(frame, x, order, 1.0), "fig-interferon-shares", *words)


def genes(frame: pd.DataFrame, order: Sequence[str], truth: float, words: Words) -> Any:
    """Return two genes after training by kind of cell, beside their common truth.

    Parameters
    ----------
    frame : DataFrame
        row (the kind), group (the gene), estimate, low, high (ratios), label.
    order : sequence of str
        Kinds from top to bottom.
    truth : float
        The true ratio of both.
    words : tuple of str
    """
    low, high = 0.95 * float(frame["low"].min()), 1.05 * float(frame["high"].max())
    x = ratio_axis("after training, against before (ratio, log scale)", low, high)
    inside = [tick for tick in _CLOSE if low <= tick <= high]
    x["axis"] = alt.Axis(values=inside, format="~g", labelOverlap="greedy")
    names = list(dict.fromkeys(frame["group"]))
    colour = alt.Color(
        "group:N", title=None, scale=alt.Scale(domain=names, range=[SIMULATED, THIRD])
    )
    mark = (
        alt.Chart(pd.DataFrame({"estimate": [truth]}))
        .mark_rule(color=INK, strokeWidth=2)
        .encode(x=x)
    )
    dots = dot_intervals(frame, x, order, 1.0, colour, row_height=28)
    return finished(alt.layer(mark, dots), "fig-two-genes", *words)


def replicates(frame: pd.DataFrame, words: Words) -> Any:
    """Return the share of genes called changed where none is, by the cells that were counted.

    Parameters
    ----------
    frame : DataFrame
        cells, question, counted (``cells`` or ``persons``), share.
    words : tuple of str
    """
    x = alt.X(
        "cells:Q",
        title="cells a sample (log scale)",
        scale=alt.Scale(type="log", domain=[22, 440], nice=False),
        axis=alt.Axis(values=sorted(set(frame["cells"])), format="d"),
    )
    reach = max(0.1, 1.1 * float(frame["share"].max()))
    y = alt.Y(
        "share:Q",
        title="genes with p below 0.05",
        scale=alt.Scale(domain=[0, reach], nice=False),
        axis=alt.Axis(format="%"),
    )
    colour = alt.Color(
        "way:N",
        title=None,
        scale=alt.Scale(domain=["counting cells", "counting persons"], range=[SECOND, ACCENT]),
        legend=alt.Legend(columns=1),
    )
    # beneath the chart: beside the other legend it would leave a narrow screen
    dash = alt.StrokeDash("question:N", title=None, legend=alt.Legend(columns=1, orient="bottom"))
    base = alt.Chart(frame.assign(way="counting " + frame["counted"])).encode(
        x=x, y=y, color=colour
    )
    tips = ["question:N", "counted:N", "cells:Q", alt.Tooltip("share:Q", format=".1%")]
    level = pd.DataFrame({"share": [0.05]})
    layers = [
        alt.Chart(level).mark_rule(color=MUTED, strokeDash=[4, 3]).encode(y=y),
        base.mark_line(strokeWidth=2).encode(strokeDash=dash),
        base.mark_point(filled=True, size=55, opacity=1).encode(shape=shaped(colour), tooltip=tips),
    ]
    return finished(alt.layer(*layers).properties(height=270), "fig-replicates", *words)


def residue(frame: pd.DataFrame, order: Sequence[str], words: Words) -> Any:
    """Return differences in neutrophils a day after a bout, beside a training trial's.

    Parameters
    ----------
    frame : DataFrame
        row, group, estimate, low, high (10^9 cells a litre), label.
    order : sequence of str
        From top to bottom.
    words : tuple of str
    """
    groups = list(dict.fromkeys(frame["group"]))
    x = alt.X(
        "estimate:Q",
        title="difference in neutrophils (billions a litre)",
        axis=alt.Axis(tickCount=6),
    )
    colour = alt.Color(
        "group:N",
        title=None,
        scale=alt.Scale(domain=groups, range=[PHASES["acute"], PHASES["training"]]),
        legend=alt.Legend(columns=1),
    )
    chart = dot_intervals(frame.drop(columns="group"), x, order, 0.0)
    marks = [
        alt.Chart(frame)
        .mark_rule(strokeWidth=2)
        .encode(
            y=alt.Y("row:N", sort=list(order), title=None),
            x=at_column(x, "low"),
            x2="high:Q",
            color=colour,
        ),
        alt.Chart(frame)
        .mark_point(filled=True, size=80, opacity=1)
        .encode(
            y=alt.Y("row:N", sort=list(order), title=None),
            x=x,
            color=colour,
            shape=shaped(colour),
            tooltip=["row:N", "label:N"],
        ),
    ]
    return finished(alt.layer(chart, *marks), "fig-residue", *words)


def graph(
    nodes: pd.DataFrame, arrows: pd.DataFrame, colours: Mapping[str, str], words: Words
) -> Any:
    """Return a causal graph: names, and arrows from cause to effect.

    Parameters
    ----------
    nodes : DataFrame
        name, x, y, kind.
    arrows : DataFrame
        x, y, to_x, to_y (where the arrow begins and ends), angle (degrees, clockwise from up),
        way (a kind of arrow).
    colours : mapping of str to str
        Of the kinds of nodes.
    words : tuple of str
    """
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[-0.12, 1.12], nice=False))
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[-0.08, 1.08], nice=False))
    colour = alt.Color(
        "kind:N",
        title=None,
        scale=alt.Scale(domain=list(colours), range=list(colours.values())),
        legend=alt.Legend(columns=2),
    )
    dash = alt.StrokeDash(
        "way:N", scale=alt.Scale(domain=["drawn", "in doubt"], range=[[1, 0], [5, 4]]), legend=None
    )
    twice = (arrows["way"] == "in doubt") & (arrows["x"] > arrows["to_x"])
    # one line for an arrow of two heads, or the one would fill the gaps of the other
    lines = alt.Chart(arrows[~twice]).mark_rule(color=MUTED, strokeWidth=1.4)
    heads = alt.Chart(arrows.assign(x=arrows["to_x"], y=arrows["to_y"]))
    layers = [
        lines.encode(x=x, y=y, x2="to_x:Q", y2="to_y:Q", strokeDash=dash),
        heads.mark_point(shape="triangle", filled=True, color=MUTED, size=60, opacity=1).encode(
            x=x, y=y, angle=alt.Angle("angle:Q", scale=alt.Scale(domain=[0, 360], range=[0, 360]))
        ),
        *_signs(nodes, x, y, colour),
        alt.Chart(nodes)
        .mark_text(fontSize=12, fontWeight="bold", lineBreak="\n", lineHeight=13)
        .encode(x=x, y=y, text="name:N", color=colour),
    ]
    return finished(alt.layer(*layers).properties(height=330), "fig-graph", *words)


def _signs(nodes: pd.DataFrame, x: alt.X, y: alt.Y, colour: alt.Color) -> list[alt.Chart]:
    """Return a small mark above each name, whose shape tells its kind in grey print too."""
    lines = nodes["name"].str.count("\n")
    shape = shaped(colour, ["circle", "square", "diamond"])
    return [
        alt.Chart(nodes[lines == more])
        .mark_point(filled=True, size=55, opacity=1, yOffset=-13 - 6 * more)
        .encode(x=x, y=y, color=colour, shape=shape, tooltip=["name:N", "kind:N"])
        for more in sorted(set(lines))
    ]


def associations(frame: pd.DataFrame, order: Sequence[str], words: Words) -> Any:
    """Return white cells of active against inactive people, with and without one adjustment.

    Parameters
    ----------
    frame : DataFrame
        row (the reading), group (the adjustment), estimate, low, high (per cent), label.
    order : sequence of str
        From top to bottom.
    words : tuple of str
    """
    groups = list(dict.fromkeys(frame["group"]))
    colour = alt.Color(
        "group:N",
        title=None,
        scale=alt.Scale(domain=groups, range=[MUTED, ACCENT, SECOND][: len(groups)]),
        legend=alt.Legend(columns=1),
    )
    axis = alt.Axis(tickCount=6, labelOverlap="greedy", labelSeparation=6)
    x = alt.X("estimate:Q", title="active against inactive (%)", axis=axis)
    chart = dot_intervals(frame, x, order, 0.0, colour, row_height=26)
    return finished(chart, "fig-associations", *words)


def memory(frame: pd.DataFrame, days: tuple[float, float], words: Words) -> Any:
    """Return the activity of cells over two stimuli, a line a programme.

    Parameters
    ----------
    frame : DataFrame
        row, day, activity.
    days : tuple of float
        Of the two stimuli.
    words : tuple of str
    """
    names = list(dict.fromkeys(frame["row"]))
    colour = alt.Color(
        "row:N",
        title=None,
        scale=alt.Scale(domain=names, range=[INK, ACCENT, SECOND, THIRD, SIMULATED]),
        legend=alt.Legend(columns=1),
    )
    dash = alt.StrokeDash(
        "row:N",
        scale=alt.Scale(domain=names, range=[[2, 3], [1, 0], [14, 3], [6, 3], [8, 3, 2, 3]]),
        legend=None,
    )
    x = alt.X(
        "day:Q",
        title="days",
        scale=alt.Scale(domain=[0, 12], nice=False),
        axis=alt.Axis(tickMinStep=1, format="d"),
    )
    y = alt.Y("activity:Q", title="activity (arbitrary units)", axis=alt.Axis(tickCount=5))
    when = pd.DataFrame({"day": list(days), "word": ["first stimulus", "second stimulus"]})
    top = float(frame["activity"].max())
    base = alt.Chart(when.assign(activity=top * 1.08))
    layers = [
        base.mark_rule(color=MUTED, strokeDash=[4, 3]).encode(x=x),
        base.mark_text(align="left", dx=5, fontSize=11, color=INK).encode(x=x, y=y, text="word:N"),
        alt.Chart(frame)
        .mark_line(strokeWidth=2.2)
        .encode(x=x, y=y, color=colour, strokeDash=dash, tooltip=["row:N", "day:Q", "activity:Q"]),
    ]
    return finished(alt.layer(*layers).properties(height=270), "fig-memory", *words)


def two_numbers(frame: pd.DataFrame, margin: float, words: Words) -> Any:
    """Return programmes in the plane of baseline and restimulated output.

    Parameters
    ----------
    frame : DataFrame
        row, baseline, restimulated (log2 ratios).
    margin : float
        Within which a number counts as unchanged.
    words : tuple of str
    """
    wide, high = (float(frame[name].abs().max()) for name in ("baseline", "restimulated"))
    x = alt.X(
        "baseline:Q",
        title="before the second stimulus (log2 ratio)",
        scale=alt.Scale(domain=[-0.5 * wide, 1.5 * wide], nice=False),
    )
    y = alt.Y(
        "restimulated:Q",
        title="after it (log2 ratio)",
        scale=alt.Scale(domain=[-1.5 * high, 1.5 * high], nice=False),
    )
    upright = pd.DataFrame({"baseline": [-margin], "to": [margin]})
    flat = pd.DataFrame({"restimulated": [-margin], "to": [margin]})
    dots = alt.Chart(frame)
    layers = [
        alt.Chart(upright).mark_rect(color=GRID, opacity=0.7).encode(x=x, x2="to:Q"),
        alt.Chart(flat).mark_rect(color=GRID, opacity=0.7).encode(y=y, y2="to:Q"),
        dots.mark_circle(size=90, opacity=1, color=SIMULATED).encode(
            x=x,
            y=y,
            tooltip=[
                "row:N",
                alt.Tooltip("baseline:Q", format=".2f"),
                alt.Tooltip("restimulated:Q", format=".2f"),
            ],
        ),
        dots.mark_text(dy=-13, fontWeight="bold", color=INK).encode(x=x, y=y, text="row:N"),
    ]
    return finished(alt.layer(*layers).properties(height=280), "fig-two-numbers", *words)


def resolution(curves: pd.DataFrame, marks: pd.DataFrame, words: Words) -> Any:
    """Return curves of an exudate with the interval from the peak to its half.

    Parameters
    ----------
    curves : DataFrame
        row, hour, millions.
    marks : DataFrame
        row, t_max, t_50, psi_50: drawn as a bar at half height.
    words : tuple of str
    """
    names = list(dict.fromkeys(curves["row"]))
    colour = alt.Color(
        "row:N",
        title=None,
        scale=alt.Scale(domain=names, range=[INK, ACCENT, SECOND][: len(names)]),
        legend=alt.Legend(columns=1),
    )
    x = alt.X(
        "hour:Q", title="hours since the stimulus", axis=alt.Axis(values=list(np.arange(0, 73, 12)))
    )
    y = alt.Y("millions:Q", title="neutrophils (millions)")
    bars = marks.rename(columns={"t_max": "hour", "psi_50": "millions"})
    # bars at one height would hide each other
    bars["millions"] -= 0.35 * bars.groupby("millions").cumcount()
    layers = [
        alt.Chart(curves)
        .mark_line(strokeWidth=2.2)
        .encode(
            x=x,
            y=y,
            color=colour,
            strokeDash=dashed(colour),
            tooltip=["row:N", "hour:Q", alt.Tooltip("millions:Q", format=".1f")],
        ),
        alt.Chart(bars)
        .mark_rule(strokeWidth=5, opacity=0.55)
        .encode(x=x, x2="t_50:Q", y=y, color=colour),
    ]
    return finished(alt.layer(*layers).properties(height=270), "fig-resolution", *words)


def decay(
    frame: pd.DataFrame, phases: Sequence[str], persons: pd.DataFrame | None, words: Words
) -> Any:
    """Return neutrophils of the blood over the hours, drawn to scale.

    Parameters
    ----------
    frame : DataFrame
        hour, estimate, low, high (ratios to rest).
    phases : sequence of str
        Hours that were sampled, for the axis.
    persons : DataFrame, optional
        subject, hour, value: single people's ratios.
    words : tuple of str
    """
    ticks = [
        float(p.removesuffix("h")) for p in phases if float(p.removesuffix("h")) in (1, 3, 6, 24)
    ]
    x = alt.X("hour:Q", title="hours since the start (to scale)", axis=alt.Axis(values=[0, *ticks]))
    ends = reaching(0.6, float(frame["high"].max()) * 1.05, persons)
    log = alt.Scale(type="log", domain=list(ends), nice=False)
    axis = alt.Axis(values=[0.5, 0.7, 1, 1.4, 2, 2.8, 4, 5.6], format="~g")
    y = alt.Y("estimate:Q", title="neutrophils, ratio to rest (log scale)", scale=log, axis=axis)
    base = alt.Chart(frame).encode(x=x)
    gap = pd.DataFrame({"hour": [6.0], "to": [24.0]})
    layers = [
        alt.Chart(gap).mark_rect(color=MUTED, opacity=0.15).encode(x=x, x2="to:Q"),
        alt.Chart(pd.DataFrame({"estimate": [1.0]}))
        .mark_rule(color=MUTED, strokeDash=[4, 3])
        .encode(y=y),
        *([] if persons is None else [single_people(persons, x, y, "hour:Q", 0)]),
        base.mark_line(color=SECOND, strokeWidth=1.5, strokeDash=[2, 2]).encode(y=y),
        base.mark_rule(color=SECOND, strokeWidth=2).encode(y=at_column(y, "low"), y2="high:Q"),
        base.mark_circle(color=SECOND, size=60, opacity=1).encode(
            y=y, tooltip=["hour:Q", "label:N"]
        ),
    ]
    return finished(alt.layer(*layers).properties(height=240), "fig-blood-decay", *words)
