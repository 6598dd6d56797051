"""The charts of appendix A2, each with its caption and text alternative."""

from typing import Any

import numpy as np
import pandas as pd

from exercisebook.chapters.a2 import simulated
from exercisebook.chapters.a2.alike import HOURS
from exercisebook.chapters.a2.analyses import COMPONENTS
from exercisebook.chapters.a2.measures import (
    MISSING,
    SHARE,
    TOGETHER,
    likeness,
    measures,
    of_seed,
    ours_curve,
    ours_spectrum,
)
from exercisebook.chapters.a2.readings import measured
from exercisebook.chapters.open_data import OpenDataPage
from exercisebook.chapters.wording import listed, n_range
from exercisebook.figures import realism as draw
from exercisebook.figures.tables import number, percent, whole
from exercisebook.figures.theme import CELLS

DRAWN = ("neutrophils", "lymphocytes", "monocytes")
"""Courses that are drawn; the table holds all."""


def bands_chart(page: OpenDataPage) -> Any:
    """Return the chart of all measures that have a ratio, beside their bands."""
    table = measures(page)
    rows = table[np.isfinite(table["found"])]
    frame = pd.DataFrame(
        {
            # a narrow screen would break a label at its comma, and rows are close
            "row": rows["measure"].str.replace(", ", ": "),
            # an axis has ends; what lies beyond them is at them
            "ratio": (rows["simulated"] / rows["found"]).clip(0.05, 20),
            "low": (rows["low"] / rows["found"]).clip(lower=1e-3),
            "high": rows["high"] / rows["found"],
            "within": rows["within"],
            "label": [_both(row) for _, row in rows.iterrows()],
        }
    )
    inside = int(rows["within"].sum())
    caption = (
        f"Simulated people against open and published data: {inside} of {len(rows)} measures lie "
        f"within their band (grey), {len(rows) - inside} outside it ({_sizes(page)})."
    )
    text = (
        f"Dot plot, a row for each of {len(rows)} measures: the simulated value over the one it is "
        f"compared with, on a logarithmic axis, and a grey band beside it; {inside} dots lie on "
        "their band."
    )
    return draw.bands(frame, caption, text)


def extra_zeros_chart(page: OpenDataPage) -> Any:
    """Return the chart of zeros beyond Poisson's against the mean."""
    sides = {draw.THEIRS: page["cell_moments"], draw.OURS: ours_curve(*of_seed(page))}
    frame = pd.concat(
        pd.DataFrame(
            {
                "source": source,
                "mean": 10 ** curve["log10_mean"],
                "share": curve["excess_zeros"],
            }
        )
        for source, curve in sides.items()
    )
    ends = [float(c["excess_zeros"].max()) for c in sides.values()]
    genes = [whole(c["n_features"].sum()) for c in sides.values()]
    caption = (
        f"Both have more zeros than Poisson counts of the same means: up to {percent(ends[0])} of "
        f"cells in the open data (medians of {genes[0]} genes; two donors, and so no intervals), "
        f"up to {percent(ends[1])} in ours ({genes[1]} genes, {page.parameters.subjects} simulated "
        "people)."
    )
    text = (
        "Two lines of the share of zeros beyond Poisson's against the mean count of genes: both "
        f"rise and come down; their highest points are {percent(ends[0])} (open data) and "
        f"{percent(ends[1])} (simulated)."
    )
    return draw.extra_zeros(frame, caption, text)


def components_chart(page: OpenDataPage) -> Any:
    """Return the chart of what genes do together within a type."""
    theirs = page["cell_covariation"]
    ours = ours_spectrum(*of_seed(page)).shares.head(COMPONENTS)
    frame = pd.concat(
        pd.DataFrame({"source": source, "component": of["component"], "share": of[column]})
        for source, of, column in (
            (draw.THEIRS, theirs, "share"),
            (draw.OURS, ours, "share"),
            (draw.CHANCE, theirs, "expected"),
        )
    )
    row = measured(page, TOGETHER, "cells")
    chance = theirs["expected"].iloc[0]
    caption = (
        f"Genes of one cell move together in the open data, where the first component holds "
        f"{percent(row['found'])}; in ours it holds {percent(row['simulated'])}, and independent "
        f"genes would give {percent(chance)} ({whole(theirs['n_features'].iloc[0])} genes, "
        f"{whole(theirs['n_cells'].iloc[0])} cells of two donors, and so no intervals)."
    )
    text = (
        f"Three lines of the share of variation against {COMPONENTS} components: open data begin "
        f"at {percent(row['found'])}, simulated at {percent(row['simulated'])}, chance at "
        f"{percent(chance)}."
    )
    return draw.components(frame, caption, text)


def courses_chart(page: OpenDataPage) -> Any:
    """Return the chart of three kinds of cells after a bout."""
    hours = {phase: f"{since:g}" for phase, since in HOURS.items()}
    rows = page["bout_courses"]
    rows = rows[rows["feature"].isin(DRAWN)]
    observed = pd.DataFrame(
        {
            "row": rows["feature"],
            "hours": rows["phase"].map(hours),
            "estimate": 2 ** rows["estimate"],
            "low": 2 ** rows["ci_low"],
            "high": 2 ** rows["ci_high"],
        }
    )
    agreements = {name: likeness(page, name) for name in DRAWN}
    ours = pd.concat(
        pd.DataFrame(
            {
                "row": name,
                "hours": list(hours.values()),
                "estimate": 2 ** (agreement.scale * simulated.course(name).to_numpy()),
            }
        )
        for name, agreement in agreements.items()
    )
    told = [f"{number(a.correlation)} ({name})" for name, a in agreements.items()]
    sizes = [f"{number(a.scale)}" for a in agreements.values()]
    caption = (
        f"Shapes after a bout: correlations of {listed(told)} between ours (dashed, made "
        f"{listed(sizes)} times as large) and GRINTA (lines, with 95 % intervals; "
        f"n = {n_range(rows)} men)."
    )
    text = (
        "Three pairs of lines of the ratio to before against six hours after exercise, those of "
        f"GRINTA and dashed those of the simulation, with correlations of {listed(told)}."
    )
    return draw.courses(observed, ours, hours, {n: CELLS[n] for n in DRAWN}, caption, text)


def missing_chart(page: OpenDataPage) -> Any:
    """Return the chart of missing values by quarters of level."""
    sides = {draw.THEIRS: page["missing_by_level"], draw.OURS: simulated.missing(*of_seed(page))}
    frame = pd.concat(
        pd.DataFrame({"source": source, "quarter": of["bin"], "share": of["missing"]})
        for source, of in sides.items()
    )
    faint, strong = (measured(page, MISSING, key) for key in ("faintest", "strongest"))
    ends = {
        name: f"from {percent(faint[name])} of the faintest quarter to {percent(strong[name])} "
        "of the strongest"
        for name in ("found", "simulated")
    }
    n = {name: whole(of["n_features"].sum()) for name, of in sides.items()}
    caption = (
        f"What is faint goes missing: {ends['found']} in GRINTA ({n[draw.THEIRS]} cytokines, 15 "
        f"men), {ends['simulated']} in ours ({n[draw.OURS]} proteins); shares of all values, "
        "without intervals."
    )
    text = (
        "Two lines of the share of values missing against quarters of features by level: open "
        f"data {ends['found']}, simulated {ends['simulated']}."
    )
    return draw.missing(frame, caption, text)


def _both(row: pd.Series) -> str:
    write = percent if row["scale"] == SHARE else number
    return f"{write(row['simulated'])}, {write(row['found'])}"


def _sizes(page: OpenDataPage) -> str:
    return (
        f"simulated {simulated.STUDIES} studies of {page.parameters.subjects} people; GRINTA 15 "
        "men, Kang eight donors, of two of them single cells"
    )
