"""The welcome page's chart: every row of the ledger under what was observed of its claim.

The ledger's own chart, by chapter and data set, is in ``ledger.py``; its shapes and fills mean
the same here.
"""

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from exercisebook.figures.ledger import FILLS, SHAPES, Words
from exercisebook.figures.theme import GRID, INK, finished

PER_LINE = 34
"""Marks side by side; the next one begins a line below, so that a phone holds them too."""

_LINE = 16


def verdicts_at_a_glance(marks: pd.DataFrame, verdicts: Sequence[str], words: Words) -> Any:
    """Return a chart with a mark a row of the ledger, in a band for each verdict.

    Parameters
    ----------
    marks : DataFrame
        claim_id, statement, data, observed, cause (``identified``, ``not identified`` or
        ``not asked``); one row a row of the ledger.
    verdicts : sequence of str
        From top to bottom; one that no row has keeps its name, and has no marks.
    words : tuple of str
        Caption and text alternative.
    """
    bands = _bands(marks, verdicts)
    lines = int(bands["end"].max())
    x = alt.X("place:Q", axis=None, scale=_exactly(-0.5, PER_LINE - 0.5))
    y = alt.Y("line:Q", axis=None, scale=_exactly(lines - 0.5, -0.5))
    edges = alt.Chart(bands.assign(line=bands["line"] - 0.5))
    names = (
        alt.Chart(bands)
        .mark_text(align="left", baseline="middle", fontWeight=600, color=INK)
        .encode(
            x=alt.value(0),
            y=y,
            text="name:N",
            tooltip=[
                alt.Tooltip("name:N", title="is it there?"),
                alt.Tooltip("causes:N", title="can the design name the cause?"),
            ],
        )
    )
    rules = edges.mark_rule(color=GRID).encode(y=y)
    chart = alt.layer(rules, names, _marks(_placed(marks, bands), x, y))
    return finished(chart.properties(height=lines * _LINE), "fig-glance", *words)


def _exactly(first: float, last: float) -> alt.Scale:
    return alt.Scale(domain=[first, last], nice=False, zero=False)


def _bands(marks: pd.DataFrame, verdicts: Sequence[str]) -> pd.DataFrame:
    """Return of each band verdict, name with its count, causes, line of the name and end."""
    counts = marks["observed"].value_counts().reindex(list(verdicts), fill_value=0)
    ends = (1 + -(-counts // PER_LINE)).cumsum().to_numpy()
    starts = [0, *ends[:-1]]
    names = [f"{name}: {count or 'none'}" for name, count in counts.items()]
    causes = [_causes(marks.loc[marks["observed"] == name, "cause"]) for name in verdicts]
    columns = {"verdict": verdicts, "name": names, "causes": causes, "line": starts, "end": ends}
    return pd.DataFrame(columns)


def _causes(found: pd.Series) -> str:
    """Return how often the cause is identified, not identified, and not asked."""
    told = [f"{name}: {count or 'none'}" for name, count in
            found.value_counts().reindex(list(FILLS), fill_value=0).items()]  # fmt: skip
    return f"the cause {'; '.join(told)}"


def _placed(marks: pd.DataFrame, bands: pd.DataFrame) -> pd.DataFrame:
    """Add line and place to marks, those of one kind of cause side by side."""
    order = {name: place for place, name in enumerate(FILLS)}
    alike = marks.sort_values("cause", key=lambda cause: cause.map(order), kind="stable")
    nth = alike.groupby("observed").cumcount()
    below = alike["observed"].map(bands.set_index("verdict")["line"]) + 1
    return alike.assign(line=below + nth // PER_LINE, place=nth % PER_LINE)


def _marks(placed: pd.DataFrame, x: alt.X, y: alt.Y) -> alt.Chart:
    causes = [name for name in FILLS if name in set(placed["cause"])]
    fill = alt.Fill(
        "cause:N",
        title="can the design name the cause?",
        scale=alt.Scale(domain=causes, range=[FILLS[name] for name in causes]),
        legend=alt.Legend(orient="bottom", columns=3, symbolType="circle", titleLimit=320,
                          symbolStrokeColor=INK),
    )  # fmt: skip
    # every band is named, so that shapes need no legend
    shape = alt.Shape(
        "observed:N",
        legend=None,
        scale=alt.Scale(domain=list(SHAPES), range=list(SHAPES.values())),
    )
    told = {"claim_id": "claim", "statement": "statement", "data": "data",
            "observed": "is it there?", "cause": "can the design name the cause?"}  # fmt: skip
    return (
        alt.Chart(placed)
        .mark_point(size=38, strokeWidth=1.2, opacity=1, stroke=INK)
        .encode(
            x=x,
            y=y,
            shape=shape,
            fill=fill,
            tooltip=[alt.Tooltip(f"{name}:N", title=words) for name, words in told.items()],
        )
    )
