"""GRINTA's contrasts are named by arm and hour; picking effects by the hour."""

import pandas as pd


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
