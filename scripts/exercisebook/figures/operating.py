"""The charts of appendix A3: rates of many methods beside what was promised, and worlds."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from exercisebook.figures.intervals import at_column, dot_intervals
from exercisebook.figures.tables import NARROW
from exercisebook.figures.theme import ACCENT, GRID, INK, MUTED, SECOND, dashed, finished

TICKS, LEAST = (0.5, 1, 2, 5, 10, 20, 50), 0.25
"""Marks of a logarithmic axis of errors, and where it begins, in per cent."""

FAR = 25.0
"""Per cent; a number beyond it stands left of its dot."""

ACTS = {True: "training acts on it", False: "training does not"}

ROW_HEIGHT = 19
"""Pixels a row of a long chart."""

CLAIMED = {True: "claims to hold", False: "does not claim it"}


def rates_by_method(
    frame: pd.DataFrame, promised: float, title: str, name: str, caption: str, description: str
) -> Any:
    """Return a rate of each method with its Monte-Carlo interval beside what is promised.

    Parameters
    ----------
    frame : DataFrame
        row (the method, each once), claimed (bool), off (bool), estimate, low, high: fractions;
        label.
    promised : float
        As a fraction.
    title : str
        Of the axis.
    name, caption, description : str
        For the page.
    """
    shares = {column: 100 * frame[column] for column in ("estimate", "low", "high")}
    # a narrow screen breaks names at commas, and two lines are higher than a row
    names = frame["row"].str.replace(", ", ",\u00a0")
    rows = frame.assign(**shares, row=names, kind=frame["claimed"].map(CLAIMED))
    if promised < 1 / 2:
        rows["low"] = rows["low"].clip(lower=LEAST)
    order = list(rows["row"])
    x = _axis(rows, promised, title)
    colour = alt.Color(
        "kind:N",
        title=None,
        scale=alt.Scale(domain=list(CLAIMED.values()), range=[ACCENT, SECOND]),
        legend=alt.Legend(columns=1),
    )
    chart = dot_intervals(rows, x, order, 100 * promised, colour, row_height=23)
    y = alt.Y("row:N", sort=order, title=None)
    # only what is off needs its number, right of the line; the others crowd there
    off = rows[rows["off"]].assign(beside=rows["high"].clip(lower=100 * promised))
    # the greatest error has no room on its right
    last = (off["high"] > FAR) & (promised < 1 / 2)
    labels = [
        alt.Chart(side)
        .mark_text(align=align, dx=shift, color=INK, fontSize=11)
        .encode(x=at_column(x, column), y=y, text="label:N")
        for side, column, align, shift in (
            (off[~last], "beside", "left", 7),
            (off[last], "low", "right", -7),
        )
    ]
    words = pd.DataFrame(
        {"estimate": [100 * promised], "word": [f"promised {100 * promised:g}{NARROW}%"]}
    )
    promise = (
        alt.Chart(words)
        .mark_text(color=INK, fontSize=11, baseline="bottom")
        .encode(x=x, y=alt.value(-4), text="word:N")
    )
    return finished(alt.layer(chart, *labels, promise), name, caption, description)


def percent_axis(field: str, title: str) -> alt.X:
    """Return an axis of a share of studies, from 0 to 100 per cent."""
    return alt.X(
        f"{field}:Q",
        title=title,
        scale=alt.Scale(domain=[0, 100], nice=False),
        axis=alt.Axis(values=[0, 20, 40, 60, 80, 100], grid=False),
    )


def found_by_world(
    frame: pd.DataFrame, level: float, order: Sequence[str], caption: str, description: str
) -> Any:
    """Return how often features are found in each world, filled where training acts.

    The features stand one under another, so that grey print tells them apart.

    Parameters
    ----------
    frame : DataFrame
        world, group (the feature), true (of ``ACTS``), estimate (a fraction), label.
    level : float
        Of the test, as a fraction.
    order : sequence of str
        The worlds from top to bottom.
    caption, description : str
        For the page.
    """
    rows = frame.assign(estimate=100 * frame["estimate"])
    groups = list(dict.fromkeys(rows["group"]))
    x = percent_axis("estimate", "studies that find a change (%)")
    y = alt.Y(
        "world:N",
        sort=list(order),
        title=None,
        axis=alt.Axis(ticks=False, labelPadding=8, grid=True, gridColor=GRID),
    )
    colour = alt.Color(
        "group:N",
        title=None,
        scale=alt.Scale(domain=groups, range=[ACCENT, SECOND]),
        legend=alt.Legend(columns=1),
    )
    shape = alt.Shape(
        "true:N",
        title=None,
        scale=alt.Scale(domain=list(ACTS.values()), range=["circle", "diamond"]),
        legend=alt.Legend(columns=1, symbolFillColor="white", symbolStrokeColor=INK),
    )
    line = pd.DataFrame({"estimate": [100 * level], "word": [f"chance: {100 * level:g}{NARROW}%"]})
    base = alt.Chart(rows).encode(
        x=x,
        y=y,
        yOffset=alt.YOffset("group:N", sort=groups),
        color=colour,
        shape=shape,
        tooltip=["world:N", "group:N", alt.Tooltip("label:N", title="studies"), "true:N"],
    )
    acts, not_acts = (base.transform_filter(alt.datum.true == words) for words in ACTS.values())
    layers = [
        alt.Chart(line).mark_rule(color=MUTED, strokeDash=[4, 3]).encode(x=x),
        alt.Chart(line)
        .mark_text(color=INK, fontSize=11, baseline="bottom", align="left", dx=-6)
        .encode(x=x, y=alt.value(-4), text="word:N"),
        acts.mark_point(size=80, filled=True, opacity=1),
        not_acts.mark_point(size=70, fill="white", strokeWidth=2, opacity=1),
    ]
    return finished(
        alt.layer(*layers).properties(height=28 * len(order)), "fig-worlds", caption, description
    )


def supported_by_design(
    frame: pd.DataFrame,
    level: float,
    truths: Sequence[str],
    designs: Sequence[str],
    caption: str,
    description: str,
) -> Any:
    """Return how often claims are supported in each world, in one design and in another.

    Parameters
    ----------
    frame : DataFrame
        claim, world, truth (of ``truths``), design (of ``designs``), estimate (a fraction),
        label; claims and worlds stand in the order of the chart.
    level : float
        Of the test, as a fraction.
    truths, designs : sequence of str
        What may be true, three at most, and the two designs, the first of which is filled.
    caption, description : str
        For the page.
    """
    claims = list(dict.fromkeys(frame["claim"]))
    # a world stands once a claim; names that differ in blanks at their end look alike
    names = frame["world"] + frame["claim"].map(lambda claim: " " * claims.index(claim))
    rows = frame.assign(estimate=100 * frame["estimate"], row=names)
    order = [
        name
        for claim in claims
        for name in (claim, *dict.fromkeys(rows.loc[rows["claim"] == claim, "row"]))
    ]
    x = percent_axis("estimate", "studies in which the claim is supported (%)")
    y = alt.Y(
        "row:N",
        sort=order,
        scale=alt.Scale(domain=order),
        title=None,
        axis=alt.Axis(
            ticks=False,
            labelPadding=8,
            grid=True,
            gridColor=GRID,
            labelFontWeight=alt.condition(
                f"indexof({claims}, datum.label) >= 0", alt.value("bold"), alt.value("normal")
            ),
        ),
    )
    colour = alt.Color(
        "truth:N",
        title=None,
        scale=alt.Scale(domain=list(truths), range=[ACCENT, SECOND, INK][: len(truths)]),
        legend=alt.Legend(columns=1, symbolType="stroke", symbolStrokeWidth=2),
    )
    shape = alt.Shape(
        "design:N",
        title=None,
        scale=alt.Scale(domain=list(designs), range=["circle", "diamond"]),
        legend=alt.Legend(
            orient="bottom", columns=1, symbolFillColor="white", symbolStrokeColor=INK
        ),
    )
    between = rows.groupby("row", as_index=False).agg(
        low=("estimate", "min"), high=("estimate", "max"), truth=("truth", "first")
    )
    line = pd.DataFrame({"estimate": [100 * level], "word": [f"{100 * level:g}{NARROW}%"]})
    base = alt.Chart(rows).encode(
        x=x,
        y=y,
        color=colour,
        shape=shape,
        tooltip=[
            "claim:N",
            "world:N",
            "truth:N",
            "design:N",
            alt.Tooltip("label:N", title="supported"),
        ],
    )
    filled, hollow = (base.transform_filter(alt.datum.design == name) for name in designs)
    layers = [
        alt.Chart(line).mark_rule(color=MUTED, strokeDash=[4, 3]).encode(x=x),
        alt.Chart(line)
        .mark_text(color=INK, fontSize=11, baseline="bottom")
        .encode(x=x, y=alt.value(-4), text="word:N"),
        alt.Chart(between)
        .mark_rule(strokeWidth=1.4)
        .encode(x=at_column(x, "low"), x2="high:Q", y=y, color=colour, strokeDash=dashed(colour)),
        filled.mark_point(size=60, filled=True, opacity=1),
        hollow.mark_point(size=55, fill="white", strokeWidth=1.8, opacity=1),
    ]
    height = ROW_HEIGHT * len(order)
    return finished(
        alt.layer(*layers).properties(height=height), "fig-verdicts", caption, description
    )


def _axis(rows: pd.DataFrame, promised: float, title: str) -> alt.X:
    if promised > 1 / 2:
        scale = alt.Scale(domain=[min(float(rows["low"].min()) - 2, 80), 101.0], nice=False)
        return alt.X("estimate:Q", title=title, scale=scale, axis=alt.Axis(tickCount=4))
    # errors are compared as ratios: twice too many, half as many as allowed
    scale = alt.Scale(type="log", domain=[LEAST, 2.6 * float(rows["high"].max())], nice=False)
    ticks = [tick for tick in TICKS if tick < rows["high"].max()]
    axis = alt.Axis(values=ticks, format="~g")
    return alt.X("estimate:Q", title=f"{title}, log scale", scale=scale, axis=axis)
