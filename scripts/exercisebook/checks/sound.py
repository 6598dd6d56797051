"""The sound part of a package: what is left of its tables when faulty rows are taken out.

Design and identity are looked at in it, so that everything is told at once. Nothing is computed
from it beyond the check.
"""

from typing import Any

import numpy as np
import pandas as pd

from exercisebook.cohort.package import CELLS, Cohort, Examined
from exercisebook.cohort.schemas import (
    KINDS,
    MEASUREMENTS,
    MODALITIES,
    OPTIONAL,
    SAMPLES,
    STATUSES,
    TABLES,
)
from exercisebook.stats.assay import USABLE


def sound_part(examined: Examined) -> Cohort | None:
    """Return the cohort without its faulty rows; None where a table or column is absent."""
    tables = examined.tables
    if not all(_is_complete(table, name) for name, table in tables.items()):
        return None
    subjects = tables["subjects"].drop_duplicates("subject")
    samples = _sound_samples(tables["samples"], subjects)
    features = tables["features"]
    features = features[features["modality"].isin(MODALITIES) & _named(features["feature"])]
    features = features.drop_duplicates(["modality", "feature"])
    measurements = {
        modality: _sound_measurements(table, samples, features[features["modality"] == modality])
        for modality, table in examined.measurements.items()
        if modality in MODALITIES and set(MEASUREMENTS.columns) <= set(table)
    }
    measurements = {m: table for m, table in measurements.items() if len(table)}
    cells = examined.folder / CELLS
    return Cohort(
        name=str(examined.description.get("name", "")),
        subjects=subjects,
        samples=samples,
        features=features,
        contrasts=_sound_contrasts(tables["contrasts"], samples),
        measurements=measurements,
        description=_told(examined),
        cells=cells if cells.exists() else None,
        orthologs=_sound_orthologs(tables.get("orthologs")),
    )


def _told(examined: Examined) -> dict[str, Any]:
    told = {k: v for k, v in examined.description.items() if k not in ("name", "resources")}
    return {**told, "simulated": told.get("simulated") is True}


def _is_complete(table: pd.DataFrame, name: str) -> bool:
    columns = {**TABLES, **OPTIONAL}[name].columns.items()
    return {c for c, column in columns if column.required} <= set(table)


def _named(names: pd.Series) -> pd.Series:
    return names.notna() & (names != "")


def _sound_samples(samples: pd.DataFrame, subjects: pd.DataFrame) -> pd.DataFrame:
    sound = samples["subject"].isin(subjects["subject"])
    for column in ("sample_id", "subject", "arm", "phase"):
        sound &= _named(samples[column])
    left = samples[sound].drop_duplicates("sample_id")
    # a column of the user's own could bear the name of one of measurements
    own = [c for c in left if c in SAMPLES.columns]
    left = left.drop_duplicates(["subject", "arm", "phase"])[own]
    numbers = [c for c in own if str(SAMPLES.columns[c].dtype) == "float64"]
    return left.assign(**{c: left[c].where(np.isfinite(left[c])) for c in numbers})


def _sound_contrasts(contrasts: pd.DataFrame, samples: pd.DataFrame) -> pd.DataFrame:
    sound = contrasts["kind"].isin(KINDS) & _named(contrasts["contrast"])
    for column in ("phase", "arm"):
        sound &= contrasts[column].isin(samples[column])
        sound &= contrasts[f"reference_{column}"].isin(samples[column])
    same = (contrasts["phase"] == contrasts["reference_phase"]) & (
        contrasts["arm"] == contrasts["reference_arm"]
    )
    return contrasts[sound & ~same].drop_duplicates("contrast")


def _sound_orthologs(orthologs: pd.DataFrame | None) -> pd.DataFrame | None:
    """Return the genes that a table of orthologs names once; one to many is none of these."""
    if orthologs is None:
        return None
    named = orthologs[_named(orthologs["feature"]) & _named(orthologs["human_symbol"])]
    return named[~named.duplicated("feature", keep=False)]


def _sound_measurements(
    table: pd.DataFrame, samples: pd.DataFrame, features: pd.DataFrame
) -> pd.DataFrame:
    """Return the sound rows of one modality, under the columns of the schema alone."""
    value = pd.to_numeric(table["value"], errors="coerce").astype(float)
    sound = table["sample_id"].isin(samples["sample_id"]) & table["status"].isin(STATUSES)
    sound &= table["feature"].isin(features["feature"])
    sound &= np.isfinite(value) | ~table["status"].isin(USABLE)
    left = table.assign(value=value)[sound][list(MEASUREMENTS.columns)]
    # the index still tells the row of the file
    return left.drop_duplicates(["sample_id", "feature"])
