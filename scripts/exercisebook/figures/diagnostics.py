"""Charts that tell whether a method's assumptions look met: spread against level, p values."""

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from exercisebook.figures.theme import ACCENT, INK, MUTED, SECOND, finished
from exercisebook.stats.models import MODERATE_FROM

MOST_POINTS = 1_500
"""Points drawn one by one; beyond, every k-th feature by level stands for its neighbours."""

BINS = 20
"""Of the p values; the first holds those below .05."""

FLAT = 1.5
"""Ratio of its largest to its smallest value under which a trend hardly matters."""


def mean_variance_chart(spread: pd.DataFrame) -> Any:
    """Return the spread of differences against the level, with both priors.

    Parameters
    ----------
    spread : DataFrame
        ``schemas.MEAN_VARIANCE``.
    """
    step = max(1, int(np.ceil(len(spread) / MOST_POINTS)))
    drawn = spread.iloc[::step]
    level = alt.X("level:Q", title="mean of the feature's values", scale=alt.Scale(zero=False))
    spread_axis = alt.Y(
        "sd:Q",
        title="standard deviation of differences",
        scale=alt.Scale(type="log"),
        axis=alt.Axis(format="~g", tickCount=5),
    )
    points = (
        alt.Chart(drawn)
        .mark_circle(size=14, opacity=0.45, color=MUTED)
        .encode(x=level, y=spread_axis)
    )
    kinds = {"prior_sd": "one prior for all", "trend_sd": "prior with a trend"}
    lines = (
        drawn[["level", *kinds]]
        .melt("level", list(kinds), "prior", "sd")
        .replace({"prior": kinds})
        .dropna()
    )
    colours = alt.Scale(domain=list(kinds.values()), range=[ACCENT, SECOND])
    drawn_lines = (
        alt.Chart(lines)
        .mark_line(strokeWidth=2.5)
        .encode(x=level, y=spread_axis, color=alt.Color("prior:N", title=None, scale=colours))
    )
    finding = _finding_of_priors(spread)
    return finished(
        points + drawn_lines,
        "fig-mean-variance",
        f"Spread of within-person differences of {_features(len(spread))} against their level; "
        f"{finding}.",
        f"Scatter chart, level against standard deviation on a logarithmic axis, with two lines; "
        f"{finding}.",
    )


def _finding_of_priors(spread: pd.DataFrame) -> str:
    trend = spread["trend_sd"].dropna()
    if len(trend) < MODERATE_FROM:
        return f"fewer than {MODERATE_FROM} features tell too little of each other for a prior"
    moves = float(trend.max() / trend.min())
    if moves < FLAT:
        return "the trend of the prior is nearly flat: one prior serves all levels"
    return f"the prior with a trend changes {moves:.1f}-fold over the levels: choose the trend"


def _features(n: int) -> str:
    return "1 feature" if n == 1 else f"{n:,} features"


def p_value_chart(effects: pd.DataFrame) -> Any:
    """Return a histogram of p values with the height that no effect at all would give.

    Parameters
    ----------
    effects : DataFrame
        Effects of one contrast; of several methods, the first is drawn.
    """
    method = effects["method"].iloc[0]
    p = effects.loc[effects["method"] == method, "p_value"].dropna().to_numpy()
    counts, edges = np.histogram(p, bins=BINS, range=(0, 1))
    bars = pd.DataFrame({"low": edges[:-1], "high": edges[1:], "features": counts})
    flat = len(p) / BINS
    drawn = (
        alt.Chart(bars)
        .mark_bar(color=ACCENT, opacity=0.8)
        .encode(
            x=alt.X(
                "low:Q",
                title="p value",
                bin="binned",
                axis=alt.Axis(values=[0, 0.2, 0.4, 0.6, 0.8, 1], format="~g"),
            ),
            x2="high:Q",
            y=alt.Y("features:Q", title="features", scale=alt.Scale(zero=True)),
        )
    )
    line = (
        alt.Chart(pd.DataFrame({"features": [flat]}))
        .mark_rule(color=INK, strokeDash=[5, 4])
        .encode(y="features:Q")
    )
    first = int(counts[0])
    by_chance = f"{flat:,.0f}" if flat >= 10 else f"{flat:.2g}"
    finding = f"{first:,} of {_features(len(p))} below .05, where chance alone puts {by_chance}"
    return finished(
        drawn + line,
        "fig-p-values",
        f"P values by {method}; {finding} (dashed).",
        f"Histogram of p values in {BINS} bins with a dashed line at the height of pure chance; "
        f"{finding}.",
    )
