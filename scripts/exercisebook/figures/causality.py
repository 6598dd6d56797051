"""The charts of chapter 7's first half: worlds, selection, a day, responses, and unseen causes."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from exercisebook.figures.immunity import graph
from exercisebook.figures.intervals import at_column, dot_intervals, ratio_axis
from exercisebook.figures.operating import percent_axis
from exercisebook.figures.tables import NARROW
from exercisebook.figures.theme import ACCENT, GRID, INK, MUTED, SECOND, SIMULATED, THIRD, finished

Words = tuple[str, str]
"""A caption and a text alternative."""

_PEOPLE = {6: "#dfe3e8", 13: SIMULATED, 25: "#b9c0ca", 50: "#8a93a0", 100: "#3d4551"}
"""Colour by number of people: the study's own stands out, the others darken as they grow."""


def mediation_grid(frame: pd.DataFrame, order: Sequence[str], people: int, words: Words) -> Any:
    """Return the share of significant mediations by world, noise and season to be chosen.

    Parameters
    ----------
    frame : DataFrame
        row (the world), people, noise, season, significant (per cent), truth (a filled dot is the
        first of its two values), label.
    order : sequence of str
        The worlds from top to bottom.
    people : int
        Whose dots stand out.
    words : tuple of str
    """
    noise, season = (
        alt.param(name=name, value=value, bind=_choice(values, told, title))
        for name, value, values, told, title in (
            ("noise", 1.0, [0.5, 1.0, 2.0], ["half", "usual", "double"], "assay noise: "),
            ("season", 0.0, [0.0, 0.5, 1.0, 2.0], ["0", "½", "1", "2"], "added season (SD): "),
        )
    )
    x = percent_axis("significant", "studies with a “significant mediation” (%)")
    y = alt.Y(
        "row:N",
        sort=list(order),
        title=None,
        axis=alt.Axis(ticks=False, labelPadding=8, grid=True, gridColor=GRID),
    )
    colour = alt.Color(
        "people:O",
        title="people",
        scale=alt.Scale(domain=list(_PEOPLE), range=list(_PEOPLE.values())),
        legend=alt.Legend(columns=3, symbolStrokeColor=INK, symbolStrokeWidth=0.8),
    )
    shape = alt.Shape(
        "truth:N",
        scale=alt.Scale(
            domain=sorted(frame["truth"].unique(), key=len), range=["circle", "diamond"]
        ),
        legend=None,
    )
    chosen = "datum.noise == noise && datum.season == season"
    base = alt.Chart(frame).transform_filter(chosen).encode(x=x, y=y)
    dots = base.mark_point(filled=True, size=85, opacity=1, stroke=INK, strokeWidth=0.6).encode(
        color=colour,
        shape=shape,
        tooltip=[
            alt.Tooltip("row:N", title="world"),
            "people:O",
            alt.Tooltip("label:N", title="studies"),
            "truth:N",
        ],
    )
    own = base.transform_filter(f"datum.people == {people}")
    line = alt.Chart(pd.DataFrame({"significant": [5], "word": ["one in twenty"]}))
    layers = [
        line.mark_rule(color=MUTED, strokeDash=[4, 3]).encode(x=x),
        line.mark_text(align="left", dx=-6, fontSize=11, color=INK, baseline="bottom").encode(
            x=x, y=alt.value(-3), text="word:N"
        ),
        dots,
        own.mark_point(filled=True, size=150, opacity=1, stroke="white", strokeWidth=1).encode(
            color=colour, shape=shape
        ),
    ]
    chart = alt.layer(*layers).add_params(noise, season).properties(height=30 * len(order))
    return finished(chart, "fig-mediation-grid", *words)


def _choice(values: list[float], told: list[str], title: str) -> Any:
    # a browser sets choices without a gap
    labels = [f"{word}{NARROW}{NARROW}" for word in told]
    return alt.binding_radio(options=values, labels=labels, name=title)


def selection(frame: pd.DataFrame, point: pd.DataFrame, words: Words) -> Any:
    """Return the expected fall by the share enrolled, a line a number of baseline measurements.

    Parameters
    ----------
    frame : DataFrame
        enrolled (%), change (%), group.
    point : DataFrame
        One row: enrolled, change, low, high, word.
    words : tuple of str
    """
    groups = list(dict.fromkeys(frame["group"]))
    x = alt.X(
        "enrolled:Q",
        title="people enrolled, those with the highest values (%)",
        scale=alt.Scale(domain=[100, 0], nice=False),
        axis=alt.Axis(values=[100, 80, 60, 40, 20, 5]),
    )
    y = alt.Y("change:Q", title="expected change of CRP (%)", axis=alt.Axis(tickCount=6))
    colour = alt.Color(
        "group:N",
        title=None,
        scale=alt.Scale(domain=groups, range=[SECOND, ACCENT, THIRD]),
        legend=alt.Legend(columns=1),
    )
    dash = alt.StrokeDash(
        "group:N", scale=alt.Scale(domain=groups, range=[[1, 0], [7, 3], [2, 3]]), legend=None
    )
    base = alt.Chart(point)
    layers = [
        alt.Chart(frame)
        .mark_line(strokeWidth=2.2)
        .encode(
            x=x,
            y=y,
            color=colour,
            strokeDash=dash,
            tooltip=[
                alt.Tooltip("group:N", title=" "),
                *_numbers(enrolled="enrolled (%)", change="expected change (%)"),
            ],
        ),
        base.mark_rule(color=SIMULATED, strokeWidth=2).encode(
            x=x, y=at_column(y, "low"), y2="high:Q"
        ),
        base.mark_point(shape="diamond", filled=True, size=130, color=SIMULATED, opacity=1).encode(
            x=x, y=y, tooltip=_numbers(change="simulated change (%)", low="from", high="to")
        ),
        base.mark_text(align="left", dx=9, fontSize=11, color=SIMULATED).encode(
            x=x, y=y, text="word:N"
        ),
    ]
    return finished(alt.layer(*layers).properties(height=280), "fig-selection", *words)


def readings(frame: pd.DataFrame, order: Sequence[str], words: Words) -> Any:
    """Return effects in three readings, one under another.

    Parameters
    ----------
    frame : DataFrame
        row, group (the reading), estimate, low, high (ratios), label.
    order : sequence of str
        Rows from top to bottom.
    words : tuple of str
    """
    groups = list(dict.fromkeys(frame["group"]))
    colour = alt.Color(
        "group:N",
        title=None,
        scale=alt.Scale(domain=groups, range=[SECOND, MUTED, ACCENT]),
        legend=alt.Legend(columns=1),
    )
    low, high = 0.95 * frame["low"].min(), 1.05 * frame["high"].max()
    x = ratio_axis("ratio, log scale", low, high)
    chart = dot_intervals(frame, x, order, 1.0, colour, row_height=28)
    return finished(chart, "fig-day-readings", *words)


def responses(frame: pd.DataFrame, words: Words) -> Any:
    """Return outlines of the histograms of the estimated spread of responses, one a world.

    Parameters
    ----------
    frame : DataFrame
        group (the world), at (where a bar begins, doublings squared), share (%); every bar of
        every group.
    words : tuple of str
    """
    groups = list(dict.fromkeys(frame["group"]))
    x = alt.X(
        "at:Q",
        title="estimated variance of responses (doublings²)",
        axis=alt.Axis(tickCount=7),
    )
    y = alt.Y("share:Q", title="studies (%)", axis=alt.Axis(tickCount=4))
    colour = alt.Color(
        "group:N",
        title=None,
        scale=alt.Scale(domain=groups, range=[INK, SIMULATED]),
        legend=alt.Legend(columns=1),
    )
    dash = alt.StrokeDash(
        "group:N", scale=alt.Scale(domain=groups, range=[[5, 3], [1, 0]]), legend=None
    )
    zero = pd.DataFrame({"at": [0.0], "word": ["left of 0 the control varies more"]})
    level = alt.Chart(zero)
    layers = [
        level.mark_rule(color=MUTED, strokeDash=[4, 3]).encode(x=x),
        level.mark_text(align="left", dx=-5, fontSize=11, color=INK, baseline="bottom").encode(
            x=x, y=alt.value(-3), text="word:N"
        ),
        alt.Chart(frame)
        .mark_line(interpolate="step-after", strokeWidth=2.2)
        .encode(
            x=x,
            y=y,
            color=colour,
            strokeDash=dash,
            tooltip=[
                alt.Tooltip("group:N", title=" "),
                *_numbers(at="variance from", share="studies (%)"),
            ],
        ),
    ]
    return finished(alt.layer(*layers).properties(height=240), "fig-response-luck", *words)


def sensitivity(
    frame: pd.DataFrame, zero: float, truth: float, estimate: float, words: Words
) -> Any:
    """Return the indirect effect by an assumed correlation.

    Parameters
    ----------
    frame : DataFrame
        rho, indirect.
    zero : float
        Correlation at which nothing is left.
    truth, estimate : float
        The indirect effect in truth, and where no correlation is assumed.
    words : tuple of str
    """
    least = float(frame["rho"].min())
    scale = alt.Scale(domain=[least, -least], nice=False)
    title = "assumed correlation of what is unseen"
    x = alt.X("rho:Q", title=title, scale=scale, axis=alt.Axis(tickCount=5))
    y = alt.Y("indirect:Q", title="through betaine (doublings of CRP)", axis=alt.Axis(tickCount=6))
    tips = _numbers(rho="correlation", indirect="through betaine")
    curve = alt.Chart(frame).mark_line(color=SIMULATED, strokeWidth=2.5)
    line = curve.encode(x=x, y=y, tooltip=tips)
    level = alt.Chart(pd.DataFrame({"indirect": [0.0]})).mark_rule(color=MUTED, strokeDash=[4, 3])
    true = alt.Chart(pd.DataFrame({"rho": [least], "indirect": [truth], "word": ["truth"]}))
    points = pd.DataFrame(
        {
            "rho": [0.0, zero],
            "indirect": [estimate, 0.0],
            "word": ["as analysed", "nothing left"],
        }
    )
    marks = alt.Chart(points)
    # the curve falls, so that above and to the right of a point is free
    named = marks.mark_text(align="left", dx=11, dy=-9, fontSize=11, color=INK)
    layers = [
        level.encode(y=y),
        true.mark_rule(color=INK, strokeWidth=2).encode(y=y),
        true.mark_text(align="left", dy=9, dx=2, fontSize=11, color=INK).encode(
            x=x, y=y, text="word:N"
        ),
        line,
        marks.mark_circle(size=90, color=SIMULATED, opacity=1).encode(
            x=x, y=y, tooltip=["word:N", *tips]
        ),
        named.encode(x=x, y=y, text="word:N"),
    ]
    return finished(alt.layer(*layers).properties(height=280), "fig-mediation-rho", *words)


def bounding(frame: pd.DataFrame, ratio: float, e_value: float, words: Words) -> Any:
    """Return the pairs of strengths of confounding that explain a ratio away.

    Parameters
    ----------
    frame : DataFrame
        exposure, outcome: risk ratios on the line.
    ratio, e_value : float
        What is to be explained, and the pair with both sides alike.
    words : tuple of str
    """
    x = alt.X(
        "exposure:Q",
        title="from exposure to the rival (risk ratio, log scale)",
        scale=alt.Scale(type="log", domain=[1, 100], nice=False),
        axis=alt.Axis(values=[1, 2, 5, 10, 20, 50, 100], format="~g"),
    )
    y = alt.Y(
        "outcome:Q",
        title="from the rival to the outcome (log scale)",
        scale=alt.Scale(type="log", domain=[1, 12], nice=False),
        axis=alt.Axis(values=[1, 1.5, 2, 3, 5, 10], format="~g"),
    )
    points = pd.DataFrame(
        {
            "exposure": [e_value, 100.0],
            "outcome": [e_value, ratio],
            "word": ["E-value: both sides alike", "time, in a fixed order"],
        }
    )
    tips = _numbers(exposure="exposure to rival", outcome="rival to outcome")
    ground = alt.Chart(pd.DataFrame({"outcome": [ratio]}))
    marks = alt.Chart(points)
    layers = [
        ground.mark_rule(color=MUTED, strokeDash=[4, 3]).encode(y=y),
        alt.Chart(frame).mark_line(color=SIMULATED, strokeWidth=2.5).encode(x=x, y=y, tooltip=tips),
        marks.mark_circle(size=110, color=INK, opacity=1).encode(
            x=x, y=y, tooltip=["word:N", *tips]
        ),
        marks.transform_filter("datum.exposure < 100")
        .mark_text(align="left", dx=10, dy=-8, fontSize=11, color=INK)
        .encode(x=x, y=y, text="word:N"),
        marks.transform_filter("datum.exposure == 100")
        .mark_text(align="right", dx=-2, dy=-14, fontSize=11, color=INK)
        .encode(x=x, y=y, text="word:N"),
    ]
    return finished(alt.layer(*layers).properties(height=290), "fig-bounding", *words)


def _numbers(**titles: str) -> list[alt.Tooltip]:
    """Return what the pointer tells of a mark: columns of numbers under these titles."""
    return [alt.Tooltip(f"{c}:Q", title=title, format=".3~r") for c, title in titles.items()]


def study_graph(
    nodes: pd.DataFrame, arrows: pd.DataFrame, colours: Mapping[str, str], words: Words
) -> Any:
    """Return the causal graph of the study, drawn as chapter 3 draws one."""
    return finished(graph(nodes, arrows, colours, words), "fig-study-graph", *words)
