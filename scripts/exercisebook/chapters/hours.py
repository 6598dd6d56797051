"""GRINTA's contrasts are named by arm and hour; picking effects, and men, by the hour."""

from collections.abc import Sequence

import pandas as pd

from exercisebook.chapters.results import open_data
from exercisebook.sources.features import label
from exercisebook.stats.cohort_effects import contrast_differences


def phase_of(effects: pd.DataFrame) -> pd.Series:
    """Return the phase of each effect from its contrast, as ``1.5h``."""
    return effects["contrast"].str.extract(r"-([\d.]+h)")[0]


def of_stratum(effects: pd.DataFrame, stratum: str) -> pd.DataFrame:
    """Return the effects of one stratum."""
    return effects[effects["stratum"] == stratum].reset_index(drop=True)


def hour_of(effect: pd.Series) -> str:
    """Return the hours of one effect, as ``1.5``."""
    return str(phase_of(effect.to_frame().T).iloc[0]).removesuffix("h")


def at_hour(effects: pd.DataFrame, phase: str) -> pd.DataFrame:
    """Return the effects of one phase."""
    return effects[phase_of(effects) == phase].reset_index(drop=True)


def ratios_of_men(
    arm: str, hours: Sequence[str], features: list[str], modality: str = "blood_count"
) -> pd.DataFrame | None:
    """Return each man's ratios of amounts at some hours, where the bytes are at hand.

    Returns
    -------
    DataFrame or None
        subject, row (a feature's label), phase, value.
    """
    cohort = open_data("grinta")
    if cohort is None:
        return None
    tables = []
    for hour in hours:
        contrast = cohort.contrast(f"{arm}-{hour}")
        values = contrast_differences(cohort, modality, contrast).values[features]
        long = values.rename_axis("subject").reset_index().melt("subject", var_name="row").dropna()
        tables.append(long.assign(phase=hour, value=(2 ** long["value"]).round(3)))
    persons = pd.concat(tables, ignore_index=True)
    return persons.assign(row=persons["row"].map(label))
