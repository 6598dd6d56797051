"""From a mouse's water bottle to grams a day of a person, each assumption a parameter."""

import pandas as pd

CONCENTRATIONS = (0.1, 0.5, 1.0)
"""Per cent, weight in volume; the commentary gives the two ends."""

KM_RATIO = 12.3
"""Of body mass to surface in people over that in mice: 37 over 3."""

BODY_MASS_KG = 70.0
EFSA_MG_PER_KG = 6.0
"""Added betaine a day that the European authority calls safe."""

TRIAL_G = 6.0
"""The dose of most trials in people, grams a day."""


def mouse_dose(percent: float, water_ml_per_kg: float) -> float:
    """Return what a mouse drinks, in mg of betaine per kg and day.

    One per cent is a gram in 100 mL, ten milligrams in each millilitre.
    """
    return 10 * percent * water_ml_per_kg


def human_dose(mouse_mg_per_kg: float, km_ratio: float) -> float:
    """Return the dose in people, in mg per kg and day, that is the same by body surface."""
    return mouse_mg_per_kg / km_ratio


def dose_ledger(water_ml_per_kg: float, km_ratio: float) -> pd.DataFrame:
    """Return the road from concentration to grams a day.

    Returns
    -------
    DataFrame
        percent, mouse_mg_per_kg, human_mg_per_kg, human_g (for 70 kg), by_mass_g (scaled by mass
        alone), times_efsa.
    """
    rows = []
    for percent in CONCENTRATIONS:
        mouse = mouse_dose(percent, water_ml_per_kg)
        human = human_dose(mouse, km_ratio)
        rows.append(
            (
                percent,
                mouse,
                human,
                human * BODY_MASS_KG / 1000,
                mouse * BODY_MASS_KG / 1000,
                human / EFSA_MG_PER_KG,
            )
        )
    columns = ["percent", "mouse_mg_per_kg", "human_mg_per_kg", "human_g", "by_mass_g",
               "times_efsa"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)
