"""Reading the two long tables, and picking single results out of them."""

from functools import cache

import numpy as np
import pandas as pd

from exercisebook.chapters.a3.studies import LEVEL, PROMISED
from exercisebook.chapters.wording import one
from exercisebook.figures.tables import NARROW
from exercisebook.paths import ENGINE

CLEAR = 3
"""Monte-Carlo errors beyond which a rate counts as off: there are dozens of rates."""

NULL, STEADY = "null", "reference, plasma volume kept"

REAL = 0.005
"""Log2 effects below this, a third of a per cent, count as none."""

POSITIVES = f"false positives {LEVEL:g}".replace("0.", ".")
FAR = "false positives .001"

FEATURES = {
    "betaine": "betaine",
    "crp": "CRP",
    "tnf": "TNF",
    "neutrophils": "neutrophils",
    "ccl25": "CCL25",
    "homocysteine": "homocysteine",
    "proline_betaine": "proline betaine",
}
"""The features that are followed through the worlds, and what the page calls them."""

PANELS = "proteins and metabolites"

_SHORT = {
    "18 features": "few features",
    "300 proteins": "proteins",
    "120 taxa": "taxa",
    "10 cell types": "",
    "sums of a cell type": "",
    "single cells, 120 a sample": "120",
    "single cells, 400 a sample": "400",
    "other white cells": "white cells",
    "crp, a quarter hidden": "CRP",
    "il6, a quarter hidden": "IL-6",
    "betaine to crp": "",
    "tnf": "TNF",
    "co-regulated sets": "modules",
    "sets drawn by lot": "by lot",
}
"""What a row of a chart or table says of what was tested; the method's name is added."""

_NAMES = {
    ", moderated (trend, robust)": ", trend-robust",
    ", moderated (trend)": ", trend",
    ", moderated (robust)": ", robust",
    "mixed model": "mixed",
    "Kenward-Roger": "K.-R.",
    "camera, correlation preset": "camera, preset",
    "camera, correlation estimated": "camera, estimated",
    "sets by sign flips": "set flips",
    "taxa (LinDA-type)": "LinDA-type",
    "composition, logit": "composition",
    "variance components": "",
    "DESeq2 (second opinion)": "DESeq2",
    "PERMANOVA within people": "PERMANOVA",
    "spread of responses": "response SD",
    "duplicate correlation": "duplicate corr.",
    "t of cells as if people": "cells as people",
}


@cache
def calibration() -> pd.DataFrame:
    """Return the table of methods: how often each errs.

    Returns
    -------
    DataFrame
        method, world, on, measure, promised, claimed, estimate, monte_carlo_error, studies; low
        and high, the 95 % Monte-Carlo interval; and row, what a chart calls the method.
    """
    # a world is called null, which pandas would take for a gap
    table = pd.read_csv(ENGINE / "worlds.csv", keep_default_na=False, na_values=[""])
    half = 1.96 * table["monte_carlo_error"]
    row = [_row(method, on) for method, on in zip(table["method"], table["on"], strict=True)]
    return table.assign(
        low=(table["estimate"] - half).clip(lower=0),
        high=table["estimate"] + half,
        row=row,
        claimed=table["claimed"].astype(str).eq("True"),
    )


@cache
def world_findings() -> pd.DataFrame:
    """Return the table of worlds: how often each feature is found, and what is true of it."""
    return pd.read_csv(ENGINE / "worlds_findings.csv", keep_default_na=False, na_values=[""])


def _row(method: str, on: str) -> str:
    short = _SHORT.get(on, on.replace(" of ", ": ").replace("_", " ").replace("ggt", "GGT"))
    for name, shorter in _NAMES.items():
        method = method.replace(name, shorter)
    return ": ".join(filter(None, (method, short)))


def rates(measure: str, world: str | None = NULL) -> pd.DataFrame:
    """Return all rates of one measure, in one world or in all."""
    table = calibration()
    own = table[table["measure"] == measure]
    return own if world is None else own[own["world"] == world]


def rate(method: str, measure: str, on: str, world: str = NULL) -> pd.Series:
    """Return one rate."""
    return one(calibration(), method=method, measure=measure, on=on, world=world)


def clearly_above(rows: pd.DataFrame, limit: float) -> pd.Series:
    """Return which rates lie above a limit by more than chance."""
    return rows["estimate"] - CLEAR * rows["monte_carlo_error"] > limit


def clearly_below(rows: pd.DataFrame, limit: float) -> pd.Series:
    """Return which rates lie below a limit by more than chance."""
    return rows["estimate"] + CLEAR * rows["monte_carlo_error"] < limit


def false_positives() -> pd.DataFrame:
    """Return false positives of single tests where nothing happens, and of shares of a whole."""
    null = rates(POSITIVES)
    closed = rates(POSITIVES, "neutrophils-only")
    rows = pd.concat([null, closed], ignore_index=True)
    return rows.assign(off=clearly_above(rows, LEVEL)).sort_values(
        ["claimed", "estimate"], ascending=[False, False], ignore_index=True
    )


def coverages() -> pd.DataFrame:
    """Return the coverage of intervals, in worlds with effects where there are such."""
    table = rates("coverage", None)
    chosen = table["world"].isin([NULL, STEADY, "direct", "responders"])
    with_effects = table[chosen & (table["method"] != "mediation within people")]
    # where a method was tried with and without effects, the one with effects is the harder
    rows = with_effects.assign(easy=with_effects["world"] == NULL)
    rows = rows.sort_values("easy").drop_duplicates("row").drop(columns="easy")
    return rows.assign(off=clearly_below(rows, PROMISED)).sort_values(
        ["claimed", "estimate"], ascending=[False, True], ignore_index=True
    )


def worlds() -> list[str]:
    """Return the worlds in the order of the table."""
    return list(dict.fromkeys(world_findings()["world"]))


def finding(world: str, feature: str, measure: str = "significant") -> pd.Series:
    """Return how often a feature is found in a world."""
    return one(world_findings(), world=world, feature=feature, measure=measure)


def outcome(row: pd.Series, chance: pd.Series | None = None) -> str:
    """Return what a world makes of a feature: found, false alarm or quiet.

    Where training truly acts, the share of studies that see it have found it, and the rest have
    missed it. Where it does not, it is a false alarm if more studies see it than at the level of
    the test, and than in the world where nothing happens.

    Parameters
    ----------
    row : Series
        log2_content, estimate, monte_carlo_error.
    chance : Series, optional
        The same where nothing happens.
    """
    if abs(row["log2_content"]) >= REAL:
        return "found"
    usual = 0.0 if chance is None else float(chance["estimate"])
    error = np.hypot(row["monte_carlo_error"], 0 if chance is None else chance["monte_carlo_error"])
    return "false alarm" if row["estimate"] - CLEAR * error > max(LEVEL, usual) else "quiet"


@cache
def outcomes() -> pd.DataFrame:
    """Return every world and feature with its outcome."""
    table = world_findings()
    own = table[table["measure"] == "significant"].copy()
    chance = own[own["world"] == NULL].set_index("feature")
    return own.assign(
        outcome=[outcome(row, chance.loc[row["feature"]]) for _, row in own.iterrows()]
    )


def percent1(value: float) -> str:
    """Return a share in per cent, to one place after the point."""
    return f"{100 * value:.1f}{NARROW}%"


def percent0(value: float) -> str:
    """Return a share in whole per cent."""
    return f"{100 * value:.0f}{NARROW}%"


def with_interval(row: pd.Series) -> str:
    """Return a share with its Monte-Carlo interval in brackets."""
    low, high = f"{100 * row['low']:.1f}", percent1(row["high"])
    return f"{percent1(row['estimate'])} (95 % Monte-Carlo interval {low} to {high})"


def fold(log2: float) -> str:
    """Return a log2 ratio as a signed per cent, ``none`` where it is as good as zero."""
    if abs(log2) < REAL:
        return "none"
    change = 100 * np.expm1(log2 * np.log(2))
    return f"{'+' if change > 0 else '−'}{abs(change):.0f}{NARROW}%"
