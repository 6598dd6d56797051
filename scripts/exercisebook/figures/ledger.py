"""The chart of the ledger: claims by chapter against the data sets that can speak to them.

Both verdicts are in every mark: its shape says what was observed, its fill whether the design
can name the cause.
"""

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from exercisebook.figures.intervals import at_column
from exercisebook.figures.theme import ACCENT, GRID, INK, MUTED, finished

Words = tuple[str, str]
"""Caption and text alternative."""

_DASH = "M-0.45,0L0.45,0"

SHAPES = {
    "not an empirical claim": _DASH,
    "not measured": "circle",
    "measured elsewhere only": "diamond",
    "no verdict: controls not concurrent": "wedge",
    "no effect of practical size": "cross",
    "supported": "triangle-up",
    "contradicted": "triangle-down",
    "inconclusive": "square",
}
"""Shape by what was observed."""

FILLS = {"identified": ACCENT, "not identified": "transparent", "not asked": MUTED}
"""Fill by whether the design can name the cause."""

_LINE = 15
_BETWEEN = 0.7
_ID_WIDTH = 5.6
_UNNAMED_ACROSS = {"nothing to test": 3, "no open data": 6}
_TO_MARK = 0.6


def claims_by_dataset(
    marks: pd.DataFrame, chapters: Sequence[str], columns: Sequence[str], words: Words
) -> Any:
    """Return a chart of the ledger's rows: a row a chapter, a column a data set or none.

    Parameters
    ----------
    marks : DataFrame
        claim_id, chapter, column, observed, cause (``identified``, ``not identified`` or
        ``not asked``), statement; one row a row of the ledger.
    chapters, columns : sequence of str
        From top to bottom, from left to right. In the columns ``nothing to test`` and ``no open
        data`` marks stand side by side, in the others each beside the id of its claim.
    words : tuple of str
        Caption and text alternative.
    """
    tops, starts = _tops(marks, chapters), _starts(columns)
    top, start = dict(zip(chapters, tops, strict=False)), dict(zip(columns, starts, strict=False))
    placed = _placed(marks, top, start)
    height = float(tops[-1])
    names = _named_axis(columns, starts, orient="top", labelAngle=-50, labelPadding=6)
    x = alt.X("x:Q", title=None, axis=names, scale=_exactly(0, float(starts[-1])))
    rows = _named_axis([f"ch. {name}" for name in chapters], tops)
    y = alt.Y("y:Q", title=None, axis=rows, scale=_exactly(height, 0))
    across = alt.Chart(pd.DataFrame({"y": tops})).mark_rule(color=GRID).encode(y=y)
    down = alt.Chart(pd.DataFrame({"x": starts})).mark_rule(color=GRID).encode(x=x)
    ids = (
        alt.Chart(placed[~placed["column"].isin(list(_UNNAMED_ACROSS))])
        .mark_text(align="left", fontSize=9, color=INK)
        .encode(x=at_column(x, "text_x"), y=y, text="claim_id:N")
    )
    chart = alt.layer(across, down, _points(placed, x, y), ids)
    return finished(chart.properties(height=int(height * _LINE)), "fig-ledger", *words)


def _points(placed: pd.DataFrame, x: alt.X, y: alt.Y) -> alt.Chart:
    """Return the marks: shape by what was observed, fill by the cause, muted without data."""
    shown = [name for name in SHAPES if name in set(placed["observed"])]
    causes = [name for name in FILLS if name in set(placed["cause"])]
    shape = alt.Shape(
        "observed:N",
        title="is it there?",
        scale=alt.Scale(domain=shown, range=[SHAPES[name] for name in shown]),
        legend=alt.Legend(orient="top", columns=2, columnPadding=6, labelFontSize=11,
                          symbolFillColor="transparent", symbolStrokeColor=INK),
    )  # fmt: skip
    fill = alt.Fill(
        "cause:N",
        title="can the design name the cause?",
        scale=alt.Scale(domain=causes, range=[FILLS[name] for name in causes]),
        legend=alt.Legend(orient="bottom", columns=3, symbolType="circle", titleLimit=320,
                          symbolStrokeColor=INK),
    )  # fmt: skip
    unnamed = alt.FieldOneOfPredicate("column", list(_UNNAMED_ACROSS))
    told = {"claim_id": "claim", "statement": "statement", "column": "data",
            "observed": "is it there?", "cause": "can the design name the cause?"}  # fmt: skip
    return (
        alt.Chart(placed)
        .mark_point(size=34, strokeWidth=1.2, opacity=1)
        .encode(
            x=x,
            y=y,
            shape=shape,
            fill=fill,
            stroke=alt.condition(unnamed, alt.value(MUTED), alt.value(INK)),
            tooltip=[alt.Tooltip(f"{name}:N", title=words) for name, words in told.items()],
        )
    )


def _exactly(first: float, last: float) -> alt.Scale:
    return alt.Scale(domain=[first, last], nice=False, zero=False)


def _across(column: str) -> int:
    """Return how many marks stand side by side."""
    return _UNNAMED_ACROSS.get(column, 1)


def _starts(columns: Sequence[str]) -> np.ndarray:
    """Return where each column begins, and where the last one ends."""
    widths = [_UNNAMED_ACROSS[c] + 0.3 if c in _UNNAMED_ACROSS else _ID_WIDTH for c in columns]
    return np.concatenate([[0.0], np.cumsum(widths)])


def _tops(marks: pd.DataFrame, chapters: Sequence[str]) -> np.ndarray:
    """Return where each chapter's band begins, and where the last one ends, in lines."""
    count = marks.groupby(["chapter", "column"]).size().reset_index(name="marks")
    count["lines"] = np.ceil(count["marks"] / count["column"].map(_across))
    lines = count.groupby("chapter")["lines"].max().reindex(list(chapters), fill_value=1)
    return np.concatenate([[0.0], np.cumsum(lines.to_numpy() + _BETWEEN)])


def _placed(marks: pd.DataFrame, top: dict[str, float], start: dict[str, float]) -> pd.DataFrame:
    """Add x and y to marks: line by line within each cell of chapter and column."""
    place = marks.groupby(["chapter", "column"]).cumcount()
    across = marks["column"].map(_across)
    left = marks["column"].map(start) + _TO_MARK
    return marks.assign(
        x=left + place % across,
        text_x=left + _TO_MARK,
        y=marks["chapter"].map(top) + (_BETWEEN + 1) / 2 + place // across,
    )


def _named_axis(names: Sequence[str], edges: np.ndarray, **settings: Any) -> alt.Axis:
    """Return an axis that names the bands between edges at their middles."""
    middles = [round(float(m), 6) for m in (edges[:-1] + edges[1:]) / 2]
    quoted = "[" + ", ".join("'" + name.replace("'", "\\'") + "'" for name in names) + "]"
    return alt.Axis(
        values=middles, labelExpr=f"{quoted}[indexof({middles}, datum.value)]",
        labelOverlap=False, ticks=False, grid=False, **settings,
    )  # fmt: skip
