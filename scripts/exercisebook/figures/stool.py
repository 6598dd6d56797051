"""The charts of simulated stool: what a bloom does to shares, and which taxa methods find.

Every title says that the stool is simulated.
"""

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from exercisebook.figures.intervals import at_column
from exercisebook.figures.theme import INK, MUTED, SECOND, SIMULATED, finished

Words = tuple[str, str]
"""Caption and text alternative."""

PALE = "#f3b58a"
"""Beside the colour of what is simulated it is lighter, so that grey print tells them apart."""

_TICKS = (0.25, 0.35, 0.5, 0.7, 1, 1.4, 2, 2.8, 4, 5.6, 8)


def _title(text: str) -> alt.TitleParams:
    return alt.TitleParams(text, anchor="start", fontSize=12, fontWeight="normal", color=INK)


def bloom(frame: pd.DataFrame, order: Sequence[str], words: Words) -> Any:
    """Return what truly changed in each taxon, what its share shows, and what log ratios restore.

    Parameters
    ----------
    frame : DataFrame
        row (the taxon), group (truth, share or restored), ratio.
    order : sequence of str
        Taxa from top to bottom.
    words : tuple of str
        Caption and text alternative.
    """
    groups = list(dict.fromkeys(frame["group"]))
    low, high = 0.85 * frame["ratio"].min(), 1.15 * frame["ratio"].max()
    x = alt.X(
        "ratio:Q",
        title="after, over before (ratio, log scale)",
        scale=alt.Scale(type="log", domain=[low, high]),
        axis=alt.Axis(values=[t for t in _TICKS if low <= t <= high], format="~g"),
    )
    marks = (
        alt.Chart(frame)
        .mark_point(size=80, filled=True, opacity=1)
        .encode(
            x=x,
            y=alt.Y("row:N", sort=list(order), title=None, axis=alt.Axis(ticks=False, grid=True)),
            yOffset=alt.YOffset("group:N", sort=groups),
            color=alt.Color(
                "group:N",
                title=None,
                scale=alt.Scale(domain=groups, range=[INK, SECOND, SIMULATED]),
                legend=alt.Legend(columns=1),
            ),
            shape=alt.Shape(
                "group:N",
                title=None,
                scale=alt.Scale(domain=groups, range=["square", "diamond", "circle"]),
                legend=alt.Legend(columns=1),
            ),
            tooltip=["row:N", "group:N", alt.Tooltip("ratio:Q", format=".2f")],
        )
    )
    line = pd.DataFrame({"ratio": [1.0]})
    none = alt.Chart(line).mark_rule(color=MUTED, strokeDash=[4, 3]).encode(x=x)
    chart = alt.layer(none, marks).properties(
        height=34 * len(order), title=_title("Simulated stool: one genus blooms")
    )
    return finished(chart, "fig-bloom", *words)


def found_taxa(frame: pd.DataFrame, order: Sequence[str], words: Words) -> Any:
    """Return how many taxa a study finds in each situation, moved by training or not.

    Parameters
    ----------
    frame : DataFrame
        row (the situation), kind, from and to (taxa a study), label.
    order : sequence of str
        Situations from top to bottom.
    words : tuple of str
        Caption and text alternative.
    """
    kinds = list(dict.fromkeys(frame["kind"]))
    most = 1.25 * float(frame["to"].max())
    x = alt.X(
        "from:Q",
        title="taxa found in a study",
        scale=alt.Scale(domain=[0, most]),
        axis=alt.Axis(tickCount=5),
    )
    bars = (
        alt.Chart(frame)
        .mark_bar(height=16)
        .encode(
            x=x,
            x2="to:Q",
            y=alt.Y("row:N", sort=list(order), title=None, axis=alt.Axis(ticks=False)),
            color=alt.Color(
                "kind:N",
                title=None,
                scale=alt.Scale(domain=kinds, range=[SIMULATED, PALE]),
                legend=alt.Legend(columns=1),
            ),
            tooltip=["row:N", "kind:N", alt.Tooltip("label:N", title="taxa a study")],
        )
    )
    last = frame.groupby("row", sort=False).tail(1)
    labels = (
        alt.Chart(last)
        .mark_text(align="left", dx=5, fontSize=11, color=INK)
        .encode(x=at_column(x, "to"), y=alt.Y("row:N", sort=list(order)), text="told:N")
    )
    chart = alt.layer(bars, labels).properties(
        height=34 * len(order), title=_title("Simulated stool, before and after")
    )
    return finished(chart, "fig-taxa", *words)
