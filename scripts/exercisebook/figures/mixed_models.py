"""The charts of appendix A1: shares of false findings, by test and by number of people."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from exercisebook.figures.intervals import at_column, dot_intervals
from exercisebook.figures.tables import NARROW
from exercisebook.figures.theme import ACCENT, INK, MUTED, SECOND, finished

TICKS = (6, 8, 10, 13, 20, 30, 50, 100)


def false_findings(frame: pd.DataFrame, promised: float, caption: str, description: str) -> Any:
    """Return the share of false findings, a row a test, beside the share that was promised.

    Parameters
    ----------
    frame : DataFrame
        row (the test), estimate, low, high: fractions; label (of the estimate).
    promised : float
        The false-discovery rate asked for, as a fraction.
    caption, description : str
        For the page.
    """
    rows = _in_percent(frame)
    order = list(rows["row"])
    broken = rows["low"] > 100 * promised
    colour = alt.Color(
        "row:N",
        scale=alt.Scale(domain=order, range=[SECOND if b else ACCENT for b in broken]),
        legend=None,
    )
    x = _share_axis(rows, promised)
    chart = dot_intervals(rows, x, order, reference=100 * promised, colour=colour, row_height=36)
    # on the side that is away from the line
    low, high = (
        alt.Chart(rows[rows["estimate"] <= 100 * promised]).mark_text(align="right", dx=-7),
        alt.Chart(rows[rows["estimate"] > 100 * promised]).mark_text(align="left", dx=7),
    )
    y = alt.Y("row:N", sort=order, title=None)
    labels = [
        side.encode(x=at_column(x, end), y=y, text="label:N", color=alt.value(INK))
        for side, end in ((low, "low"), (high, "high"))
    ]
    chart = alt.layer(chart, *labels, _promise(promised, x))
    return finished(chart, "fig-false-findings", caption, description)


def uneven(
    frame: pd.DataFrame, promised: float, groups: Sequence[str], caption: str, description: str
) -> Any:
    """Return the share of false findings in two phases, a row a test.

    Parameters
    ----------
    frame : DataFrame
        row (the test), group (the phase), estimate, low, high: fractions; label.
    promised : float
        As a fraction.
    groups : sequence of str
        The two phases, the uneven one first.
    caption, description : str
        For the page.
    """
    rows = _in_percent(frame)
    order = list(dict.fromkeys(rows["row"]))
    scale = alt.Scale(domain=list(groups), range=[SECOND, ACCENT])
    colour = alt.Color("group:N", title=None, scale=scale, legend=alt.Legend(columns=1))
    x = _share_axis(rows, promised)
    chart = dot_intervals(rows, x, order, reference=100 * promised, colour=colour, row_height=38)
    return finished(
        alt.layer(chart, _promise(promised, x)), "fig-uneven-response", caption, description
    )


def by_people(frame: pd.DataFrame, promised: float, caption: str, description: str) -> Any:
    """Return the share of false findings against the number of people, a line a test.

    Parameters
    ----------
    frame : DataFrame
        row (the test: first the one whose share is to fall), people, estimate, low, high:
        fractions; label.
    promised : float
        As a fraction.
    caption, description : str
        For the page.
    """
    rows = _in_percent(frame)
    order = list(dict.fromkeys(rows["row"]))
    colour = alt.Color("row:N", scale=alt.Scale(domain=order, range=[SECOND, ACCENT]), legend=None)
    x = alt.X(
        "people:Q",
        title="people (log scale)",
        scale=alt.Scale(type="log", domain=[5.5, 125], nice=False),
        axis=alt.Axis(values=list(TICKS), format="d", grid=False),
    )
    top = max(1.12 * float(rows["high"].max()), 150 * promised)
    y = alt.Y(
        "estimate:Q",
        title="false among findings (%)",
        scale=alt.Scale(domain=[0, top], nice=False),
        axis=alt.Axis(tickCount=6),
    )
    base = alt.Chart(rows).encode(x=x, color=colour)
    tips = ["row:N", "people:Q", alt.Tooltip("label:N", title="false findings")]
    first, second = (alt.Chart(rows[rows["row"] == name]) for name in order)
    level = alt.Chart(
        pd.DataFrame({"estimate": [100 * promised], "word": [_words(promised)], "people": TICKS[0]})
    )
    layers = [
        level.mark_rule(color=MUTED, strokeDash=[4, 3]).encode(y=y),
        level.mark_text(color=INK, fontSize=11, align="left", dx=-4, dy=-11).encode(
            x=x, y=y, text="word:N"
        ),
        base.mark_area(opacity=0.18).encode(y=at_column(y, "low"), y2="high:Q"),
        base.mark_line(strokeWidth=2.5).encode(y=y),
        base.mark_circle(size=55, opacity=1).encode(y=y, tooltip=tips),
        first.mark_text(dy=-16, align="left", dx=-4, fontWeight="bold").encode(
            x=x, y=y, text="label:N", color=colour
        ),
        _name(first, "min", 14, 5, x, y, colour),
        _name(second, "min", 2, 26, x, y, colour),
    ]
    return finished(
        alt.layer(*layers).properties(height=280), "fig-by-people", caption, description
    )


def _in_percent(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(**{name: 100 * frame[name] for name in ("estimate", "low", "high")})


def _share_axis(rows: pd.DataFrame, promised: float) -> alt.X:
    reach = max(1.42 * float(rows["high"].max()), 150 * promised)
    return alt.X(
        "estimate:Q",
        title="false among findings (%)",
        scale=alt.Scale(domain=[0, reach], nice=False),
        axis=alt.Axis(tickCount=6),
    )


def _promise(promised: float, x: alt.X) -> alt.Chart:
    """Return the words above the line of the promised share."""
    words = pd.DataFrame({"estimate": [100 * promised], "word": [_words(promised)]})
    return (
        alt.Chart(words)
        .mark_text(color=INK, fontSize=11, baseline="bottom")
        .encode(x=x, y=alt.value(-4), text="word:N")
    )


def _words(promised: float) -> str:
    return f"promised {100 * promised:g}{NARROW}%"


def _name(
    chart: alt.Chart, at: str, dx: int, dy: int, x: alt.X, y: alt.Y, colour: alt.Color
) -> alt.Chart:
    """Return a line's name, beside its first point."""
    text = chart.transform_window(rank="rank()", sort=[alt.SortField("people")])
    return (
        text.transform_filter("datum.rank == 1")
        .mark_text(align="left", dx=dx, dy=dy, fontWeight="bold")
        .encode(x=x, y=y, text="row:N", color=colour)
    )
