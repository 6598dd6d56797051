"""Picking single results out of the simulations of appendix A1."""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from exercisebook.chapters.a1.studies import (
    BLOCKED,
    EVEN,
    KENWARD_ROGER,
    METHODS,
    PAIRED,
    RESIDUAL,
    SATTERTHWAITE,
    SIZES,
    Z,
    by_people,
    degrees_within,
    mixed_fit,
    p_of_z,
    p_values,
    rates,
    study_of,
)
from exercisebook.chapters.page import Page
from exercisebook.chapters.wording import one
from exercisebook.figures.tables import NARROW, whole
from exercisebook.simulate.repeated import PERSONS, PHASES
from exercisebook.stats.multiplicity import benjamini_hochberg

TOLERABLE = 1.2
"""A share of false findings up to so many times the promised one is called harmless."""


SPOKEN = {
    Z: "the z test",
    RESIDUAL: "the t that counts samples",
    SATTERTHWAITE: "the t of Satterthwaite",
    KENWARD_ROGER: "the t of Kenward and Roger",
    BLOCKED: "people as blocks",
    PAIRED: "paired differences",
}
"""What running text calls the tests."""


def share(value: float) -> str:
    """Return a share in per cent, always to one place after the point."""
    return f"{100 * value:.1f}{NARROW}%"


def promised(page: Page) -> str:
    """Return the false-discovery rate that was asked for, as it was written."""
    return f"{100 * page.parameters.fdr:g}{NARROW}%"


def rate(page: Page, method: str, setting: str = EVEN, measure: str = "fdr") -> pd.Series:
    """Return one rate of one test with 13 people, with its Monte-Carlo interval."""
    return one(rates(page.parameters), setting=setting, method=method, measure=measure)


def people_rate(page: Page, people: int, method: str, measure: str = "fdr") -> pd.Series:
    """Return one rate of one test with another number of people."""
    return one(by_people(page.parameters), people=people, method=method, measure=measure)


def broken(page: Page, setting: str) -> list[str]:
    """Return the tests whose share of false findings is above the promised one beyond doubt."""
    return [m for m in METHODS if rate(page, m, setting)["low"] > page.parameters.fdr]


def harmless_from(page: Page) -> int | None:
    """Return the number of people from which on the z test is harmless, if one of ``SIZES`` is."""
    shares = [people_rate(page, people, Z)["estimate"] for people in SIZES]
    over = [share > TOLERABLE * page.parameters.fdr for share in shares]
    first = len(over) - over[::-1].index(True) if any(over) else 0
    return SIZES[first] if first < len(SIZES) else None


def study_words(page: Page) -> str:
    """Return how much was simulated: ``200 studies of 2,000 features``."""
    return f"{whole(page.parameters.studies)} studies of {whole(page.parameters.features)} features"


def tail(p: float) -> pd.Series:
    """Return what 13 people's p value is by z: t, p_z, and too_small, their ratio."""
    t = -float(special.stdtrit(degrees_within(PERSONS), p / 2))
    return pd.Series({"t": t, "p_z": float(p_of_z(t)), "too_small": p / float(p_of_z(t))})


@cache
def worked_feature(parameters: Any) -> int:
    """Return an unchanged feature of the first study that z finds and Kenward-Roger does not.

    Of several the one of smallest p; where there is none, the unchanged feature of smallest p.
    People must differ clearly, so that both variances of the example are above zero.
    """
    study = study_of(parameters, 0)
    p = p_values(study, "b")
    fit = mixed_fit(study, "b", "kenward-roger")
    found = {m: benjamini_hochberg(p[m]) <= parameters.fdr for m in (Z, KENWARD_ROGER)}
    apart = fit.variance_between > fit.variance_within / 2
    usable = ~study.changed & apart
    wanted = usable & found[Z] & ~found[KENWARD_ROGER]
    chosen = wanted if wanted.any() else usable
    return int(np.argmin(np.where(chosen, p[Z], np.inf)))


def worked_example(page: Page) -> pd.DataFrame:
    """Return the log2 values of one feature, a row a person, a column a phase."""
    values = study_of(page.parameters, 0).values[:, worked_feature(page.parameters)]
    people = pd.Index([f"P{i:02d}" for i in range(1, PERSONS + 1)], name="person")
    table = pd.DataFrame(values.reshape(-1, len(PHASES)), index=people, columns=list(PHASES))
    return table.round(3)


def in_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of people by phases as one row a sample: person, phase, value."""
    return table.reset_index().melt("person", var_name="phase", value_name="value")
