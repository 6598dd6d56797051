"""The tables that statistics return.

``EFFECTS`` is the only one that enters ``claims``. The others describe a design or a method.
"""

import numpy as np
import pandas as pd
import pandera.pandas as pa

from exercisebook.cohort.schemas import KINDS, MODALITIES

SCALES = ("log2_ratio", "difference", "logit", "clr", "sd")

NONDETECT = "over half not detected"
"""Flag of an effect in which more than half of a compared cell lies below detection."""

MOSTLY_MISSING = "over half missing"
"""Flag of an effect in which more than half of a compared cell is missing for reasons unknown."""

_KEY = {
    "dataset": pa.Column(str),
    "modality": pa.Column(str, pa.Check.isin(MODALITIES)),
    "feature": pa.Column(str),
    "canonical_id": pa.Column(str, nullable=True),
    "contrast": pa.Column(str),
    "kind": pa.Column(str, pa.Check.isin(KINDS)),
    "stratum": pa.Column(str),
    "method": pa.Column(str),
}


def _number(check: pa.Check | None = None) -> pa.Column:
    return pa.Column(float, check, nullable=True, coerce=True)


_ESTIMATE = {
    "n_subjects": _number(pa.Check.ge(0)),
    "n_observations": _number(pa.Check.ge(0)),
    "estimate": _number(),
    "effect_scale": pa.Column(str, pa.Check.isin(SCALES)),
    "unit": pa.Column(str),
    "se": _number(pa.Check.ge(0)),
    "df": _number(pa.Check.gt(0)),
    "statistic": _number(),
    "ci_low": _number(),
    "ci_high": _number(),
    "p_value": _number(pa.Check.in_range(0, 1)),
    "q_value": _number(pa.Check.in_range(0, 1)),
    "detectable": _number(pa.Check.ge(0)),
    "flag": pa.Column(str),
}

ENDS_IN_ORDER = pa.Check(
    lambda frame: ~(frame["ci_low"] > frame["ci_high"]),
    error="the lower end of an interval lies above its upper end",
)

EFFECTS = pa.DataFrameSchema(
    {**_KEY, **_ESTIMATE},
    checks=ENDS_IN_ORDER,
    unique=list(_KEY),
    strict=True,
    ordered=True,
    name="Effects",
)

JOINT_TESTS = pa.DataFrameSchema(
    {
        "feature": pa.Column(str),
        "method": pa.Column(str),
        "n_subjects": _number(pa.Check.ge(0)),
        "statistic": _number(pa.Check.ge(0)),
        "df": _number(pa.Check.ge(0)),
        "df_residual": _number(pa.Check.gt(0)),
        "p_value": _number(pa.Check.in_range(0, 1)),
        "q_value": _number(pa.Check.in_range(0, 1)),
        "flag": pa.Column(str),
    },
    strict=True,
    ordered=True,
    name="joint tests",
)
"""Tests that several contrasts are nil together, a row a feature."""

INFLUENCE = pa.DataFrameSchema(
    {
        "subject": pa.Column(),
        "feature": pa.Column(str),
        "difference": pa.Column(float),
        "estimate_without": pa.Column(float),
        "p_without": _number(pa.Check.in_range(0, 1)),
        "shift": _number(),
    },
    strict=True,
    ordered=True,
    name="influence",
)
"""What leaving one person out does, a row a person and feature."""

MEAN_VARIANCE = pa.DataFrameSchema(
    {
        "feature": pa.Column(str),
        "level": pa.Column(float),
        "sd": pa.Column(float, pa.Check.gt(0)),
        "prior_sd": _number(pa.Check.gt(0)),
        "trend_sd": _number(pa.Check.gt(0)),
    },
    strict=True,
    ordered=True,
    name="mean and variance",
)
"""Spread of differences against level, a row a feature."""

GENE_SETS = pa.DataFrameSchema(
    {
        "set": pa.Column(str),
        "n_features": pa.Column(int, pa.Check.ge(0), coerce=True),
        "n_named": pa.Column(int, pa.Check.ge(0), coerce=True),
        "n_background": pa.Column(int, pa.Check.ge(0), coerce=True),
        "n_hits": _number(pa.Check.ge(0)),
        "direction": pa.Column(str, pa.Check.isin(("up", "down", "mixed", ""))),
        "statistic": _number(),
        "p_value": _number(pa.Check.in_range(0, 1)),
        "q_value": _number(pa.Check.in_range(0, 1)),
        "p_max": _number(pa.Check.in_range(0, 1)),
        "correlation": _number(pa.Check.in_range(-1, 1)),
        "method": pa.Column(str),
        "flag": pa.Column(str),
    },
    unique=["set", "method"],
    strict=True,
    ordered=True,
    name="gene sets",
)
"""One row a set and method.

``n_named`` features are in the set as given, ``n_features`` of them were tested, out of
``n_background`` tested in all; ``n_hits`` is of over-representation, and ``p_max``, adjusted for
all sets by max-T, of sign flips.
"""

KEY = list(_KEY)
"""The columns that name an effect."""

ESTIMATE = list(_ESTIMATE)
"""The columns that say what was found."""


def as_effects(frame: pd.DataFrame) -> pd.DataFrame:
    """Return ``frame`` with the columns, order and types of Effects, checked.

    A column that is absent is filled: with NaN if it is a number, ``all`` for the stratum, and
    an empty flag.
    """
    defaults = {"stratum": "all", "flag": "", "canonical_id": None}
    columns = [*KEY, *ESTIMATE]
    filled = frame.assign(
        **{name: defaults.get(name, np.nan) for name in columns if name not in frame}
    )
    return EFFECTS.validate(filled[columns].reset_index(drop=True))


def no_effects() -> pd.DataFrame:
    """Return an empty table of Effects."""
    return as_effects(pd.DataFrame(columns=[*KEY, *ESTIMATE]))
