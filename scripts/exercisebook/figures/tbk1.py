"""The charts of chapter 6: assays, potencies, selectivity, occupancy, an interferon score."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from exercisebook.figures.intervals import at_column, dot_intervals
from exercisebook.figures.theme import (
    ACCENT,
    INK,
    MUTED,
    SECOND,
    SIMULATED,
    THIRD,
    dashed,
    finished,
    shaped,
)

Words = tuple[str, str]
"""Caption and text alternative."""

TENS = (0.001, 0.01, 0.1, 1, 10, 100, 1_000, 10_000, 100_000)
LINES = (THIRD, ACCENT, INK, SECOND)


def _log(
    channel: type[alt.X] | type[alt.Y], column: str, title: str, low: float, high: float
) -> Any:
    inside = [tick for tick in TENS if low <= tick <= high]
    return channel(
        f"{column}:Q",
        title=title,
        scale=alt.Scale(type="log", domain=[low, high], nice=False),
        axis=alt.Axis(values=inside, format=",~g"),
    )


def dose_response(points: pd.DataFrame, curves: pd.DataFrame, ec50: float, words: Words) -> Any:
    """Return two simulated studies of one inhibitor, with their fits and the truth.

    Parameters
    ----------
    points : DataFrame
        design, dose (mM), response (per cent).
    curves : DataFrame
        line (a design, or truth), dose, response.
    ec50 : float
        The true one, marked.
    words : tuple of str
    """
    designs = list(dict.fromkeys(points["design"]))
    x = _log(alt.X, "dose", "inhibitor (mM, log scale)", 0.00007, 40)
    y = alt.Y(
        "response:Q", title="activity (% of that without)", scale=alt.Scale(domain=[-20, 125])
    )
    lines = [*designs, "truth"]
    colour = alt.Color(
        "line:N",
        title=None,
        scale=alt.Scale(domain=lines, range=[SIMULATED, SECOND, MUTED]),
        legend=alt.Legend(columns=1, symbolType="stroke", symbolStrokeWidth=3),
    )
    drawn = alt.Chart(curves).mark_line(strokeWidth=2.5, clip=True)
    dash = alt.StrokeDash(
        "line:N", scale=alt.Scale(domain=lines, range=[[1, 0], [8, 3], [2, 3]]), legend=None
    )
    dots = [
        alt.Chart(points[points["design"] == design].rename(columns={"design": "line"}))
        .mark_point(shape=shape, size=46, filled=True, opacity=0.85, clip=True)
        .encode(
            x=x,
            y=y,
            color=colour,
            tooltip=[
                alt.Tooltip("line:N", title="study"),
                alt.Tooltip("dose:Q", title="mM", format=".3g"),
                alt.Tooltip("response:Q", title="%", format=".0f"),
            ],
        )
        for design, shape in zip(designs, ("circle", "square"), strict=True)
    ]
    here = alt.Chart(pd.DataFrame({"dose": [ec50]}))
    rule = here.mark_rule(color=INK, strokeDash=[2, 3]).encode(x=x)
    name = here.mark_text(align="left", dx=6, color=INK, fontSize=11).encode(
        x=x, y=alt.value(10), text=alt.value("true EC50")
    )
    chart = alt.layer(
        rule,
        name,
        drawn.encode(x=x, y=y, color=colour, strokeDash=dash),
        *dots,
    )
    return finished(chart.properties(height=280), "fig-dose-response", *words)


def melting(rows: pd.DataFrame, order: Sequence[str], words: Words) -> Any:
    """Return shifts of melting points in two simulated worlds, with marks at the truth.

    Parameters
    ----------
    rows : DataFrame
        row (which tube), group (which world), estimate, low, high (kelvin), label, truth.
    order : sequence of str
        Rows from top to bottom.
    words : tuple of str
    """
    worlds = list(dict.fromkeys(rows["group"]))
    x = alt.X("estimate:Q", title="shift of melting point (K)", axis=alt.Axis(tickCount=6))
    colour = alt.Color(
        "group:N",
        title="world: betaine",
        scale=alt.Scale(domain=worlds, range=[SIMULATED, SECOND]),
        legend=alt.Legend(columns=1),
    )
    truth = (
        alt.Chart(rows)
        .mark_tick(thickness=3, size=11, color=INK)
        .encode(
            x=at_column(x, "truth"),
            y=alt.Y("row:N", sort=list(order), title=None),
            yOffset=alt.YOffset("group:N", sort=None),
        )
    )
    chart = alt.layer(dot_intervals(rows, x, order, None, colour), truth)
    return finished(chart, "fig-melting", *words)


def potency_by_size(bins: pd.DataFrame, lines: pd.DataFrame, atoms: int, words: Words) -> Any:
    """Return how many compounds have which size and potency, and where betaine would stand.

    Parameters
    ----------
    bins : DataFrame
        heavy_atoms, ic50_uM, n (compounds).
    lines : DataFrame
        name, heavy_atoms, ic50_uM: equal ligand efficiency.
    atoms : int
        Of betaine.
    words : tuple of str
    """
    x = alt.X(
        "heavy_atoms:Q",
        title="atoms other than hydrogen",
        scale=alt.Scale(domain=[0, 78], nice=False),
    )
    y = _log(alt.Y, "ic50_uM", "IC50 (µM, log scale)", 0.00005, 300_000)
    circles = (
        alt.Chart(bins)
        .mark_circle(color=ACCENT, opacity=0.55)
        .encode(
            x=x,
            y=y,
            size=alt.Size(
                "n:Q",
                title="compounds",
                scale=alt.Scale(range=[12, 190]),
                legend=alt.Legend(values=[1, 4, 8]),
            ),
            tooltip=["n:Q", "heavy_atoms:Q", alt.Tooltip("ic50_uM:Q", format=".2g")],
        )
    )
    rays = alt.Chart(lines).mark_line(color=MUTED, strokeWidth=1.5, clip=True)
    last = lines.sort_values("heavy_atoms").groupby("name", sort=False).tail(1)
    names = alt.Chart(last).mark_text(align="left", dx=4, color=INK, fontSize=11)
    here = alt.Chart(pd.DataFrame({"heavy_atoms": [atoms]}))
    rule = here.mark_rule(color=SECOND, strokeWidth=2).encode(x=x)
    told = here.mark_text(align="left", dx=6, color=SECOND, fontWeight="bold").encode(
        x=x, y=alt.value(12), text=alt.value("betaine’s size: no measurement")
    )
    chart = alt.layer(
        rays.encode(x=x, y=y, detail="name:N"),
        circles,
        names.encode(x=x, y=y, text="name:N"),
        rule,
        told,
    )
    return finished(chart.properties(height=320), "fig-potency-by-size", *words)


def named(points: pd.DataFrame, order: Sequence[str], kinds: Sequence[str], words: Words) -> Any:
    """Return every measurement of some compounds, by kind of assay.

    Parameters
    ----------
    points : DataFrame
        row, ic50_nM, kind, mark (measured, bound), label.
    order, kinds : sequence of str
        Rows from top to bottom, and kinds of assay.
    words : tuple of str
    """
    x = _log(alt.X, "ic50_nM", "IC50 against TBK1 (nM, log scale)", 1, 100_000)
    y = alt.Y("row:N", sort=list(order), title=None, axis=alt.Axis(ticks=False, grid=True))
    colour = alt.Color(
        "kind:N",
        title=None,
        scale=alt.Scale(domain=list(kinds), range=[ACCENT, SECOND, MUTED, THIRD]),
        legend=alt.Legend(columns=1),
    )
    base = alt.Chart(points).encode(
        x=x,
        y=y,
        color=colour,
        shape=shaped(colour),
        tooltip=["row:N", "label:N", "kind:N"],
    )
    bound = alt.FieldEqualPredicate(field="mark", equal="more than this")
    layers = [
        base.transform_filter({"not": bound}).mark_point(size=90, filled=True, opacity=0.9),
        base.transform_filter(bound).mark_point(size=80, strokeWidth=2, opacity=1),
    ]
    bounds = points[points["mark"] == "more than this"]
    last = bounds.sort_values("ic50_nM").groupby("row").tail(1)
    told = (
        alt.Chart(last)
        .mark_text(dy=-14, fontSize=11, color=INK)
        .encode(x=x, y=y, text=alt.value("more than"))
    )
    chart = alt.layer(*layers, told)
    return finished(chart.properties(height=34 * len(order)), "fig-named-potencies", *words)


def atp(points: pd.DataFrame, words: Words) -> Any:
    """Return potencies at two concentrations of ATP, a point a compound.

    Parameters
    ----------
    points : DataFrame
        low_nM, high_nM, kind (measured, more than this), name (of the few that have one).
    words : tuple of str
    """
    x = _log(alt.X, "low_nM", "IC50 at 10 µM ATP (nM, log scale)", 0.5, 3_000)
    y = _log(alt.Y, "high_nM", "IC50 at 1 mM ATP (nM, log scale)", 0.5, 40_000)
    ends = np.array([0.5, 3_000.0])
    level = pd.DataFrame({"low_nM": ends, "high_nM": ends})
    colour = alt.Color(
        "kind:N",
        title=None,
        scale=alt.Scale(domain=["measured", "more than this"], range=[ACCENT, SECOND]),
    )
    dots = alt.Chart(points).mark_point(size=50, filled=True, opacity=0.8)
    shape = alt.Shape(
        "kind:N",
        title=None,
        scale=alt.Scale(domain=["measured", "more than this"], range=["circle", "triangle-up"]),
    )
    names = alt.Chart(points[points["name"] != ""]).mark_text(
        align="left", dx=8, fontSize=11, color=INK
    )
    line = alt.Chart(level).mark_line(color=MUTED, strokeDash=[4, 3])
    beneath = pd.DataFrame({"low_nM": [100.0], "high_nM": [20.0]})
    told = alt.Chart(beneath).mark_text(align="left", color=INK, fontSize=11)
    chart = alt.layer(
        line.encode(x=x, y=y),
        told.encode(x=x, y=y, text=alt.value("no difference")),
        dots.encode(
            x=x,
            y=y,
            color=colour,
            shape=shape,
            tooltip=[
                "name:N",
                alt.Tooltip("low_nM:Q", title="nM at 10 µM ATP"),
                alt.Tooltip("high_nM:Q", title="nM at 1 mM ATP"),
            ],
        ),
        names.encode(x=x, y=y, text="name:N"),
    )
    return finished(chart.properties(height=300), "fig-atp", *words)


def selectivity(rows: pd.DataFrame, typical: float, words: Words) -> Any:
    """Return how many kinases each compound hits that hits TBK1.

    Parameters
    ----------
    rows : DataFrame
        compound, n_hit.
    typical : float
        Of hits of other kinases; a line.
    words : tuple of str
    """
    y = alt.Y("compound:N", sort=list(rows["compound"]), title=None, axis=alt.Axis(ticks=False))
    x = alt.X("n_hit:Q", title="kinases hit, of those in the panel")
    bars = (
        alt.Chart(rows)
        .mark_bar(color=ACCENT, height=11)
        .encode(x=x, y=y, tooltip=["compound:N", "n_hit:Q"])
    )
    counts = alt.Chart(rows).mark_text(align="left", dx=4, fontSize=11, color=INK)
    line = alt.Chart(pd.DataFrame({"n_hit": [typical]}))
    rule = line.mark_rule(color=SECOND, strokeDash=[4, 3]).encode(x=x)
    # a number beside a short bar would stand on the line
    told = line.mark_text(color=INK, fontSize=11, baseline="bottom").encode(
        x=x, y=alt.value(-4), text=alt.value(f"median kinase: {typical:g}")
    )
    chart = alt.layer(rule, bars, counts.encode(x=x, y=y, text="n_hit:Q"), told)
    return finished(chart.properties(height=19 * len(rows) + 20), "fig-selectivity", *words)


def occupancy(curves: pd.DataFrame, bands: pd.DataFrame, words: Words) -> Any:
    """Return the bound share against concentration, a curve for each assumed constant.

    Parameters
    ----------
    curves : DataFrame
        name (of the constant), concentration (mM), occupancy.
    bands : DataFrame
        name, low, high (mM).
    words : tuple of str
    """
    x = _log(alt.X, "concentration", "free betaine (mM, log scale)", 0.01, 10)
    y = alt.Y(
        "occupancy:Q",
        title="TBK1 with betaine bound",
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(format="%"),
    )
    return finished(
        _with_bands(curves, bands, x, y, "occupancy").properties(height=300),
        "fig-occupancy",
        *words,
    )


def change(curves: pd.DataFrame, words: Words) -> Any:
    """Return the change of the bound share against the assumed constant.

    Parameters
    ----------
    curves : DataFrame
        name (of the change), kd (mM), points (percentage points).
    words : tuple of str
    """
    names = list(dict.fromkeys(curves["name"]))
    x = _log(alt.X, "kd", "assumed Kd (mM, log scale)", 0.001, 100)
    y = alt.Y("points:Q", title="change of bound share (points)", scale=alt.Scale(zero=True))
    colour = alt.Color(
        "name:N",
        title=None,
        scale=alt.Scale(domain=names, range=[ACCENT, THIRD, SECOND][: len(names)]),
        legend=alt.Legend(columns=1),
    )
    lines = (
        alt.Chart(curves)
        .mark_line(strokeWidth=2.5)
        .encode(
            x=x,
            y=y,
            color=colour,
            strokeDash=dashed(colour),
            tooltip=["name:N", *_tips({"kd": "Kd (mM)", "points": "points"})],
        )
    )
    return finished(lines.properties(height=280), "fig-occupancy-change", *words)


def interferon(
    rows: pd.DataFrame, order: Sequence[str], donors: pd.DataFrame | None, words: Words
) -> Any:
    """Return a score over cells, by type and condition, and the same of random genes.

    Parameters
    ----------
    rows : DataFrame
        row (type of cell), group (condition and score), estimate (median), low, high (10th and
        90th of 100 cells), label.
    order : sequence of str
        Rows from top to bottom.
    donors : DataFrame, optional
        row, group, estimate: the two donors' own medians.
    words : tuple of str
    """
    groups = list(dict.fromkeys(rows["group"]))
    x = alt.X(
        "estimate:Q",
        title="share of a cell’s molecules",
        scale=alt.Scale(domain=[0, float(rows["high"].max()) * 1.05]),
        axis=alt.Axis(format="%"),
    )
    colour = alt.Color(
        "group:N",
        title=None,
        scale=alt.Scale(domain=groups, range=[ACCENT, SECOND, "#b5bcc6", INK]),
        legend=alt.Legend(columns=1),
    )
    chart = dot_intervals(rows, x, order, None, colour)
    if donors is not None:
        ticks = alt.Chart(donors).mark_tick(thickness=2, size=11, opacity=0.9)
        y = alt.Y("row:N", sort=list(order), title=None)
        offset = alt.YOffset("group:N", sort=groups)
        chart = alt.layer(
            chart, ticks.encode(x=at_column(x, "estimate"), y=y, yOffset=offset, color=colour)
        )
    return finished(chart, "fig-interferon", *words)


def _with_bands(
    curves: pd.DataFrame, bands: pd.DataFrame, x: alt.X, y: alt.Y, column: str
) -> alt.LayerChart:
    names = list(dict.fromkeys(curves["name"]))
    colour = alt.Color(
        "name:N",
        title=None,
        scale=alt.Scale(domain=names, range=list(LINES[: len(names)])),
        legend=None,
    )
    shade = (
        alt.Chart(bands.rename(columns={"low": "concentration"}))
        .mark_rect(color=MUTED, opacity=0.2)
        .encode(x=x, x2="high:Q")
    )
    middle = bands.assign(concentration=np.sqrt(bands["low"] * bands["high"]))
    told = (
        alt.Chart(middle)
        .mark_text(dy=10, baseline="top", color=INK, fontSize=12)
        .encode(x=x, y=alt.value(0), text="name:N")
    )
    lines = (
        alt.Chart(curves)
        .mark_line(strokeWidth=2.5)
        .encode(
            x=x,
            y=y,
            color=colour,
            strokeDash=dashed(colour),
            tooltip=[
                alt.Tooltip("name:N", title="assumed Kd"),
                *_tips({"concentration": "betaine (mM)", "occupancy": "bound"}),
            ],
        )
    )
    return alt.layer(shade, told, lines, *_named_curves(curves, x, y, column, colour))


def _tips(titles: dict[str, str]) -> list[alt.Tooltip]:
    return [alt.Tooltip(f"{field}:Q", title=title, format=".3g") for field, title in titles.items()]


def _named_curves(
    curves: pd.DataFrame, x: alt.X, y: alt.Y, column: str, colour: alt.Color
) -> list[alt.Chart]:
    """Return each curve's name where half is bound, below it or, at the right edge, above."""
    curves = curves.reset_index(drop=True)
    distance = (curves[column] - 0.5).abs()
    half = curves.loc[distance.groupby(curves["name"], sort=False).idxmin()]
    half = half.assign(told="Kd " + half["name"])
    is_last = half["concentration"] > 0.5 * curves["concentration"].max()
    return [
        alt.Chart(part)
        .mark_text(align=align, dx=shift, dy=rise, fontWeight="bold")
        .encode(x=x, y=y, text="told:N", color=colour)
        for part, align, shift, rise in (
            (half[~is_last], "left", 8, 8),
            (half[is_last], "right", -8, -8),
        )
    ]
