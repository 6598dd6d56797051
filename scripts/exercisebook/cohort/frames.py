"""Building the small tables of a cohort from rows, with the columns of their schema."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from exercisebook.cohort.schemas import CONTRASTS, FEATURES, MEASUREMENTS


def features_frame(rows: Iterable[tuple[str, str, str, str, float]]) -> pd.DataFrame:
    """Return features from rows of modality, feature, canonical_id, unit, detection_limit."""
    return pd.DataFrame(list(rows), columns=list(FEATURES.columns))


def contrasts_frame(rows: Iterable[tuple[str, str, str, str, str, str]]) -> pd.DataFrame:
    """Return contrasts from rows of contrast, kind, phase, reference_phase, arm, reference_arm."""
    return pd.DataFrame(list(rows), columns=list(CONTRASTS.columns))


def measured_frame(
    sample_id: pd.Series, feature: pd.Series, value: pd.Series, limit: pd.Series | None = None
) -> pd.DataFrame:
    """Return measurements with their status: missing, below the limit (value = limit), or ok."""
    limits = np.full(len(value), np.nan) if limit is None else limit.to_numpy(float)
    values = value.to_numpy(float)
    below = values < limits
    status = np.select([np.isnan(values), below], ["missing", "below_detection"], "ok")
    columns = [sample_id.to_numpy(), feature.to_numpy(), np.where(below, limits, values), status]
    return pd.DataFrame(dict(zip(MEASUREMENTS.columns, columns, strict=True)))
