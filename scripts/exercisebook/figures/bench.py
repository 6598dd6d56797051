"""The chart of what a method costs as features grow."""

from typing import Any

import altair as alt
import pandas as pd

from exercisebook.figures.theme import ACCENT, INK, MUTED, SECOND, THIRD, finished

WHO = {
    "this engine": ACCENT,
    "limma": SECOND,
    "lmerTest": THIRD,
    "statsmodels MixedLM": INK,
}
"""Whose time, and its colour."""


def cost_chart(times: pd.DataFrame) -> Any:
    """Return seconds against features, a panel a method, one line the engine, others its peers.

    Parameters
    ----------
    times : DataFrame
        what, who, features, timed, seconds. Methods timed at one number of features are left out.
    """
    sizes = times.groupby("what")["features"].transform("nunique")
    drawn = times[(sizes > 1) & times["who"].isin(list(WHO))]
    present = [who for who in WHO if who in set(drawn["who"])]
    colours = alt.Scale(domain=present, range=[WHO[who] for who in present])
    base = alt.Chart(drawn).encode(
        x=alt.X(
            "features:Q",
            title="features, 39 samples each",
            scale=alt.Scale(type="log", domain=[400, 25_000]),
            axis=alt.Axis(values=[500, 5_000, 20_000], format="~s"),
        ),
        y=alt.Y(
            "seconds:Q",
            title="seconds",
            scale=alt.Scale(type="log"),
            axis=alt.Axis(format="~g", tickCount=5),
        ),
        color=alt.Color("who:N", title=None, scale=colours),
    )
    drawing = (base.mark_line(strokeWidth=2) + base.mark_circle(size=40)).properties(
        width=230, height=150
    )
    most = int(drawn["features"].max())
    at_most = drawn[drawn["features"] == most].pivot_table("seconds", "what", "who")
    fastest = at_most["this engine"]
    peers = at_most.drop(columns="this engine").div(fastest, axis=0).stack()
    finding = (
        f"at {most:,} features peers take {peers.min():,.0f} to {peers.max():,.0f} times as long"
        if len(peers)
        else f"{most:,} features take {fastest.min():.2g} to {fastest.max():.2g} s"
    )
    return finished(
        drawing.facet(
            facet=alt.Facet("what:N", title=None, header=alt.Header(labelColor=MUTED)), columns=2
        ),
        "fig-cost",
        f"Time against the number of features for 13 people and three phases, both axes "
        f"logarithmic; {finding}. Peers over a second are timed on 200 features and scaled.",
        f"Line charts, one a method, features against seconds on logarithmic axes; {finding}.",
    )
