"""The tables of a cohort package and the rules each row obeys.

Rules that need one table alone live here; rules between tables live in ``cohort.package``.
"""

import numpy as np
import pandera.pandas as pa

MODALITIES = (
    "clinical",
    "blood_count",
    "cytokines",
    "proteins",
    "metabolites",
    "taxa",
    "cells",
    "rna",
    "enzyme",
)
KINDS = ("acute", "recovery", "training", "detraining", "group", "association")
STATUSES = ("ok", "below_detection", "missing", "excluded")
SEXES = ("female", "male", "unknown")
FASTING = ("yes", "no", "unknown")


_TRIMMED = pa.Check(
    lambda text: text == text.str.strip(), error="a name without spaces at its ends"
)


def _text(unique: bool = False, nullable: bool = False, among: tuple[str, ...] = ()) -> pa.Column:
    checks = [pa.Check.isin(among)] if among else [pa.Check.str_length(min_value=1), _TRIMMED]
    return pa.Column(str, checks=checks, unique=unique, nullable=nullable)


def _number(
    minimum: float | None = None,
    maximum: float | None = None,
    nullable: bool = True,
    required: bool = True,
) -> pa.Column:
    checks = [pa.Check(np.isfinite, error="a finite number")]
    if minimum is not None:
        checks.append(pa.Check.ge(minimum))
    if maximum is not None:
        checks.append(pa.Check.le(maximum))
    return pa.Column(float, checks=checks, nullable=nullable, required=required)


SUBJECTS = pa.DataFrameSchema(
    {
        "subject": _text(unique=True),
        "sex": _text(among=SEXES),
        "age": _number(0, 130),
        "survey_weight": _number(0, required=False),
        "stratum": _number(required=False),
        "psu": _number(required=False),
        "income_to_poverty": _number(0, required=False),
    },
    name="subjects",
)

SAMPLES = pa.DataFrameSchema(
    {
        "sample_id": _text(unique=True),
        "subject": _text(),
        "arm": _text(),
        "phase": _text(),
        "day": _number(),
        "time_h": _number(),
        "hours_since_bout": _number(),
        "fasting": _text(among=FASTING),
        "batch": _text(),
        "session": _number(1, required=False),
        "clock_h": _number(0, 24, required=False),
        "run_order": _number(1, required=False),
        "sleep_h": _number(0, 24, required=False),
        "diet_score": _number(required=False),
    },
    name="samples",
)

FEATURES = pa.DataFrameSchema(
    {
        "modality": _text(among=MODALITIES),
        "feature": _text(),
        "canonical_id": _text(nullable=True),
        "unit": _text(),
        "detection_limit": _number(0),
    },
    unique=["modality", "feature"],
    name="features",
)

CONTRASTS = pa.DataFrameSchema(
    {
        "contrast": _text(unique=True),
        "kind": _text(among=KINDS),
        "phase": _text(),
        "reference_phase": _text(),
        "arm": _text(),
        "reference_arm": _text(),
    },
    name="contrasts",
)

MEASUREMENTS = pa.DataFrameSchema(
    {
        "sample_id": _text(),
        "feature": _text(),
        "value": _number(),
        "status": _text(among=STATUSES),
    },
    unique=["sample_id", "feature"],
    name="measurements",
)

ORTHOLOGS = pa.DataFrameSchema(
    {"feature": _text(unique=True), "human_symbol": _text()}, name="orthologs"
)

TABLES = {
    "subjects": SUBJECTS,
    "samples": SAMPLES,
    "features": FEATURES,
    "contrasts": CONTRASTS,
}
"""Schema by table name, for the four tables every package holds."""

OPTIONAL = {"orthologs": ORTHOLOGS}
"""Schema by table name, for tables that a package may hold."""
