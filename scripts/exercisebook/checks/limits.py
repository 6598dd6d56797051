"""Limits of detection: values below them, and values said to be below one that is not theirs."""

import numpy as np
import pandas as pd

from exercisebook.checks.findings import Finding, finding
from exercisebook.cohort.package import Cohort

SAME = 1e-4
"""Relative difference up to which a value is the limit, written with fewer digits."""


def limit_findings(cohort: Cohort, modality: str) -> list[Finding]:
    """Return what values of one modality have to do with the limits stated in features.csv."""
    own = cohort.features[cohort.features["modality"] == modality]
    limit_of = own.set_index("feature")["detection_limit"].astype(float)
    table = cohort.measurements[modality]
    limit, value = table["feature"].map(limit_of), table["value"]
    below = table["status"] == "below_detection"
    seen = (table["status"] == "ok") & (value < limit * (1 - SAME))
    other = below & limit.notna() & ~np.isclose(value, limit, rtol=SAME, atol=0)
    without = below & limit.isna()
    file = f"measurements/{modality}.csv"
    return [
        *_of_features("T221", table[seen], limit, file, "values below the limit {limit:g}",
                      "the status below_detection"),
        *_of_features("T222", table[other], limit, file,
                      "values below detection other than the limit {limit:g}",
                      "the limit as value"),
        *_of_features("T223", table[without], limit, file, "values below detection and no limit",
                      "detection_limit in features.csv"),
    ]  # fmt: skip


def _of_features(
    code: str, rows: pd.DataFrame, limit: pd.Series, file: str, told: str, expected: str
) -> list[Finding]:
    """Return one finding a feature, at the first of its rows."""
    found = []
    for feature, own in rows.groupby("feature", sort=False):
        words = told.format(limit=limit[own.index[0]])
        text = f"{feature}: {len(own)} {words}, the first {own['value'].iloc[0]:g}"
        found.append(finding(code, file, text, expected, int(own.index[0]) + 2, "value"))
    return found
