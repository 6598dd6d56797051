"""The charts of simulated cohorts: estimates beside the truth that only a simulation knows."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from exercisebook.figures.intervals import at_column, dot_intervals, ratio_axis
from exercisebook.figures.theme import INK, SIMULATED, finished

_CLOSE = (0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.3, 1.4, 1.6, 1.8, 2)
"""Ticks of ratios that lie close together."""


def _axis(title: str, low: float, high: float) -> alt.X:
    axis = ratio_axis(title, low, high)
    if high / low < 3:
        inside = [tick for tick in _CLOSE if low <= tick <= high]
        axis["axis"] = alt.Axis(
            values=inside, format="~g", labelOverlap="greedy", labelSeparation=2
        )
    return axis


def against_truth(
    rows: pd.DataFrame,
    title: str,
    name: str,
    caption: str,
    description: str,
    row_height: int = 22,
) -> Any:
    """Return estimates with intervals, and on each row a mark where the truth lies.

    Parameters
    ----------
    rows : DataFrame
        row, estimate, low, high, label (of the tooltip) and truth, all ratios; and ``outcome``,
        written at the right.
    title : str
        Of the axis.
    name : str
        ``fig-...``.
    caption, description : str
        For the page.
    row_height : int
        Pixels; more where names take two lines on a narrow screen.
    """
    low = 0.95 * min(rows["low"].min(), rows["truth"].min())
    high = 1.08 * max(rows["high"].max(), rows["truth"].max())
    x = _axis(title, low, high)
    order = list(rows["row"])
    y = alt.Y("row:N", sort=order, title=None)
    seen = dot_intervals(rows, x, order, 1.0, alt.value(SIMULATED), row_height=row_height)
    truth = (
        alt.Chart(rows)
        .mark_tick(thickness=3, size=16, color=INK)
        .encode(y=y, x=at_column(x, "truth"))
    )
    words = _outcomes(rows, y) if "outcome" in rows else None
    layers = [seen, truth] if words is None else [seen, truth, words]
    return finished(alt.layer(*layers), name, caption, description)


def _outcomes(rows: pd.DataFrame, y: alt.Y) -> alt.LayerChart:
    """Return each row's outcome at the right edge, what went wrong in bold."""
    wrong = rows["outcome"].isin(["missed", "false alarm"])
    texts = [
        alt.Chart(rows[chosen])
        .mark_text(align="left", dx=6, fontSize=11, color=INK, fontWeight=weight)
        .encode(y=y, x=alt.value("width"), text="outcome:N")
        for chosen, weight in ((wrong, "bold"), (~wrong, "normal"))
    ]
    return alt.layer(*texts)


def alike(rows: pd.DataFrame, title: str, caption: str, description: str) -> Any:
    """Return the same study in worlds of different cause: what is seen, and what is true.

    Parameters
    ----------
    rows : DataFrame
        row (the world's cause), estimate, low, high, label and truth, all ratios.
    title : str
        Of the axis.
    caption, description : str
        For the page.
    """
    order: Sequence[str] = list(rows["row"])
    low, high = (
        0.97 * rows[["low", "truth"]].min().min(),
        1.03 * rows[["high", "truth"]].max().max(),
    )
    x = _axis(title, low, high)
    y = alt.Y("row:N", sort=list(order), title=None)
    seen = dot_intervals(rows, x, order, 1.0, alt.value(SIMULATED))
    truth = (
        alt.Chart(rows)
        .mark_tick(thickness=4, size=22, color=INK)
        .encode(y=y, x=at_column(x, "truth"))
    )
    first = rows.head(1)
    # side by side on a narrow screen: each word stands away from the other
    is_left = bool((first["truth"] < first["estimate"]).all())
    told = [
        alt.Chart(first)
        .mark_text(
            dy=-20,
            dx=6 if to_left else -6,
            fontSize=11,
            color=colour,
            align="right" if to_left else "left",
        )
        .encode(y=y, x=at_column(x, column), text=alt.value(words))
        for column, words, colour, to_left in (
            ("truth", "truth", INK, is_left),
            ("estimate", "what the study sees", SIMULATED, not is_left),
        )
    ]
    return finished(alt.layer(seen, truth, *told), "fig-worlds-alike", caption, description)
