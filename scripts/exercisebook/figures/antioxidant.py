"""The charts of chapter 4: genes and sets of genes in rats, random sets, and red cells."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from exercisebook.figures.intervals import at_column, dot_intervals, ratio_axis
from exercisebook.figures.theme import ACCENT, GRID, INK, MUTED, SECOND, THIRD, finished

Words = tuple[str, str]
"""Caption and text alternative."""

CLOSE = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.4, 1.6, 2, 2.5)
"""Ticks of ratios that lie close together."""


def _ratios(frame: pd.DataFrame, title: str, least: float | None = None) -> alt.X:
    low, high = 0.97 * frame["low"].min(), 1.03 * frame["high"].max()
    if least is not None:
        low, high = min(low, 0.97 / least), max(high, 1.03 * least)
    axis = ratio_axis(title, low, high)
    if high / low < 8:
        inside = [tick for tick in CLOSE if low <= tick <= high]
        axis["axis"] = alt.Axis(
            values=inside, format="~g", labelOverlap="greedy", labelSeparation=2
        )
    return axis


def _band(least: float, x: alt.X) -> alt.Chart:
    """Return the band of changes that are smaller than what was said to matter."""
    frame = pd.DataFrame({"estimate": [1 / least], "to": [least]})
    return alt.Chart(frame).mark_rect(color=GRID, opacity=0.7).encode(x=x, x2="to:Q")


def grouped_ratios(
    frame: pd.DataFrame,
    order: Sequence[str],
    title: str,
    name: str,
    words: Words,
    least: float | None = None,
) -> Any:
    """Return ratios with intervals, a row a thing and a colour a group.

    Parameters
    ----------
    frame : DataFrame
        row, group, estimate, low, high (ratios), label.
    order : sequence of str
        Rows from top to bottom.
    title : str
        Of the axis.
    name : str
        ``fig-...``.
    words : tuple of str
        Caption and text alternative.
    least : float, optional
        The smallest ratio that matters; smaller changes are shaded.
    """
    groups = list(dict.fromkeys(frame["group"]))
    scale = alt.Scale(domain=groups, range=[ACCENT, SECOND, THIRD][: len(groups)])
    colour = alt.Color("group:N", title=None, scale=scale, legend=alt.Legend(columns=1))
    x = _ratios(frame, title, least)
    height = 20 if len(groups) > 2 else 24 if len(order) > 4 else 36
    dots = dot_intervals(frame, x, order, reference=1.0, colour=colour, row_height=height)
    chart = dots if least is None else alt.layer(_band(least, x), dots)
    return finished(chart, name, *words)


def random_sets(frame: pd.DataFrame, order: Sequence[str], words: Words) -> Any:
    """Return where one set stands among random ones, a row a tissue.

    Parameters
    ----------
    frame : DataFrame
        row, observed, and of the random sets low, quarter, upper_quarter, high; label.
    order : sequence of str
        Rows from top to bottom.
    words : tuple of str
        Caption and text alternative.
    """
    low, high = frame[["low", "observed"]].min().min(), frame[["high", "observed"]].max().max()
    x = alt.X(
        "observed:Q",
        title="mean t of the genes of a set",
        scale=alt.Scale(domain=[float(low) - 0.4, float(high) + 0.2]),
        axis=alt.Axis(tickCount=6),
    )
    y = alt.Y("row:N", sort=list(order), title=None, axis=alt.Axis(ticks=False, labelPadding=8))
    base = alt.Chart(frame).encode(y=y, tooltip=["row:N", alt.Tooltip("label:N", title=" ")])
    whole = base.mark_rule(strokeWidth=6, color=GRID)
    middle = base.mark_rule(strokeWidth=14, color=GRID)
    zero = alt.Chart(pd.DataFrame({"observed": [0.0]}))
    layers = [
        zero.mark_rule(color=MUTED, strokeDash=[4, 3]).encode(x=x),
        whole.encode(x=at_column(x, "low"), x2="high:Q"),
        middle.encode(x=at_column(x, "quarter"), x2="upper_quarter:Q"),
        base.mark_point(shape="diamond", size=130, filled=True, opacity=1, color=SECOND).encode(
            x=x
        ),
        base.mark_text(dy=-15, fontSize=11, color=INK).encode(x=x, text="label:N"),
    ]
    return finished(alt.layer(*layers).properties(height=170), "fig-random-sets", *words)
