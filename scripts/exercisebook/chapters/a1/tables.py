"""The tables of appendix A1."""

import numpy as np
import pandas as pd

from exercisebook.chapters.a1.library import both_ways
from exercisebook.chapters.a1.readings import rate, study_words, tail
from exercisebook.chapters.a1.studies import (
    EVEN,
    LEVEL,
    METHODS,
    OTHER,
    PERSONS,
    UNEVEN,
    degrees,
    degrees_within,
    p_of_t,
    p_of_z,
)
from exercisebook.chapters.page import Page
from exercisebook.chapters.wording import count
from exercisebook.figures.tables import NARROW, Table, number, p_value, percent, whole

TAILS = (0.05, 0.01, 0.001, 0.0001)


def p_values_table(t: float, df: int) -> Table:
    """Return one t read against two curves."""
    curves = {"normal curve (z)": p_of_z(t), f"Student's t, {df} df": p_of_t(t, df)}
    rows = [(name, p_value(float(p))) for name, p in curves.items()]
    return Table(
        pd.DataFrame(rows, columns=["compared with", "p"]),
        f"The same change over the same standard error, {number(t, 3)}, read twice; simulated.",
    )


def agreement_table(page: Page) -> Table:
    """Return ten features fitted by this book and by statsmodels."""
    both = both_ways(page.parameters)
    frame = pd.DataFrame(
        {
            "feature": [whole(i + 1) for i in both["feature"]],
            "change": [number(v, 3) for v in both["change"]],
            "change, statsmodels": [number(v, 3) for v in both["change_library"]],
            "SE": [number(v, 3) for v in both["se"]],
            "SE, statsmodels": [number(v, 3) for v in both["se_library"]],
            "p by z": [number(v) for v in both["p_z"]],
            "p by z, statsmodels": [number(v) for v in both["p_z_library"]],
            "p by t": [number(v) for v in both["p_t"]],
        }
    )
    return Table(
        frame,
        f"{count(len(both)).capitalize()} features of the first simulated study, from strong to "
        "weak, by this book and by statsmodels; on the right the p value by Student's t "
        "(Kenward-Roger).",
    )


def tail_table() -> Table:
    """Return by how much a normal curve understates p values of 13 people."""
    df = degrees_within(PERSONS)
    rows = []
    for p in TAILS:
        here = tail(p)
        words = number(here["t"], 3), number(here["p_z"]), f"{number(here['too_small'])}×"
        rows.append((number(p, 1), *words))
    columns = [f"p by t, {df} df", "t", "p by z", "too small by"]
    return Table(
        pd.DataFrame(rows, columns=columns),
        f"The farther out, the worse: two-sided p values of {PERSONS} people in three phases.",
    )


def operating_table(page: Page) -> Table:
    """Return false positives, false findings and power of every test."""
    return _rates_table(
        page,
        EVEN,
        f"Simulated, {PERSONS} people with even responses, {study_words(page)}: shares and their "
        "Monte-Carlo standard errors.",
    )


def uneven_table(page: Page) -> Table:
    """Return the same for the phase to which people respond unevenly."""
    return _rates_table(
        page,
        UNEVEN,
        f"Simulated, {PERSONS} people, the phase to which they respond unevenly, "
        f"{study_words(page)}: shares and their Monte-Carlo standard errors.",
    )


def other_table(page: Page) -> Table:
    """Return the same for the other phase of the same studies."""
    return _rates_table(
        page,
        OTHER,
        f"Simulated, {PERSONS} people, the other phase of the same studies, {study_words(page)}: "
        "shares and their Monte-Carlo standard errors.",
    )


def degrees_table(page: Page) -> Table:
    """Return degrees of freedom and false positives where people are estimated not to differ."""
    frame = degrees(page.parameters)
    rows = [
        (
            "zero" if row["at_zero"] else "above zero",
            row["method"].removeprefix("mixed model, "),
            percent(row["features"]),
            whole(row["df"]),
            _with_error(row),
        )
        for _, row in frame.iterrows()
    ]
    columns = [
        "variance between people, estimated",
        "degrees of freedom by",
        "features",
        "df",
        f"unchanged with p ≤ {LEVEL:g}",
    ]
    return Table(
        pd.DataFrame(rows, columns=columns),
        f"Simulated, {PERSONS} people, {study_words(page)}: median degrees of freedom, and false "
        "positives with their Monte-Carlo standard errors.",
    )


def _rates_table(page: Page, setting: str, caption: str) -> Table:
    measures = {
        f"unchanged with p ≤ {LEVEL:g}": "false_positives",
        f"false among findings, q ≤ {page.parameters.fdr:g}": "fdr",
        "changed that were found": "power",
    }
    rows = [
        (method, *(_with_error(rate(page, method, setting, m)) for m in measures.values()))
        for method in METHODS
    ]
    return Table(pd.DataFrame(rows, columns=["test", *measures]), caption)


def _with_error(row: pd.Series) -> str:
    """Return a share in per cent with its Monte-Carlo error to one digit."""
    error = 100 * row["error"]
    places = max(0, -int(np.floor(np.log10(error)))) if error > 0 else 1
    return f"{100 * row['estimate']:.{places}f} ± {error:.{places}f}{NARROW}%"
