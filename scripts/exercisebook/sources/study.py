"""What a cohort says of its own design, without which no claim can be judged on it.

It stands under ``study`` in ``datapackage.json``. What an arm compared with itself can show is
settled here too: a trial's arm alone is a before-after study.
"""

from collections.abc import Mapping
from typing import Any, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from exercisebook.cohort.package import Cohort
from exercisebook.errors import InvalidInput, Problem
from exercisebook.sources.catalogue import DESIGNS, Source

EXPOSURES = {"acute": "bout", "recovery": "bout", "training": "training", "detraining": "training"}
"""What people underwent, by the kind of a contrast; other kinds do not say."""

ALONE = "single-arm before-after"

REMAINS = {
    "randomised (parallel)": "nothing but chance, attrition and unblinding",
    "randomised (crossover)": "carry-over",
    "controlled, not randomised": "how people came to be in their arm",
    "controls not concurrent": "time",
    ALONE: "order, season, diet and regression to the mean remain",
    "cross-sectional": "everything that differs between the people compared",
    "genetic instrument": "pleiotropy",
    "laboratory experiment": "whether a dish is a body",
    "published summary": "what its authors left out",
}
"""What each design leaves open where a cohort does not say it better."""

Words = Field(min_length=1)


class Study(BaseModel):
    """The design of a cohort: what the two verdicts need to know.

    Attributes
    ----------
    design : str
        One of the catalogue's.
    species, population : str
        In the words of the claims, such as ``human`` and ``healthy young men``.
    tissue : str or dict of str to str
        One for all, or one a modality.
    exposure : str, optional
        What people underwent in contrasts of the kinds ``group`` and ``association``.
    remains : str, optional
        What the design leaves open.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    design: Literal[DESIGNS]  # type: ignore[valid-type]
    species: str = Words
    population: str = Words
    tissue: str | dict[str, str] = Words
    exposure: str = ""
    remains: str = ""


def study_of(description: Mapping[str, Any]) -> Study | None:
    """Return the study of a cohort's description, or None where it says nothing of it.

    Raises
    ------
    InvalidInput
        With every field that is missing or wrong.
    """
    told = description.get("study")
    if told is None:
        return None
    try:
        return Study.model_validate(told)
    except ValidationError as error:
        raise InvalidInput(_problem(fault) for fault in error.errors()) from None


def source_of(cohort: Cohort, study: Study, contrast: pd.Series, modality: str) -> Source:
    """Return what a claim's verdicts need to know of one contrast of one modality.

    A contrast of an arm with itself has no control, whatever the study is.
    """
    kind, design = str(contrast["kind"]), study.design
    remains = study.remains
    if contrast["arm"] == contrast["reference_arm"] and ("random" in design or "contr" in design):
        design, remains = ALONE, ""
    tissue = study.tissue
    return Source(
        id=cohort.name,
        species=study.species,
        population=study.population,
        exposure=EXPOSURES.get(kind, study.exposure),
        tissue=tissue if isinstance(tissue, str) else tissue.get(modality, ""),
        design=design,
        remains=remains or REMAINS[design],
    )


def _problem(fault: Any) -> Problem:
    where = ".".join(["study", *(str(part) for part in fault["loc"])])
    missing = fault["type"] == "missing"
    return Problem(
        "datapackage.json",
        "nothing" if missing else repr(fault["input"])[:80],
        "a value" if missing else str(fault["msg"]),
        "Fill it in." if missing else "Correct it.",
        column=where,
    )
