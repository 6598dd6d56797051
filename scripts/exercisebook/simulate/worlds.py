"""Worlds: what causes what, how much, and how noisily it is measured.

A world is its numbers. Each number stands in ``calibration.csv`` with its source, or is marked
as assumed; the study's own numbers are not public, so its effects are assumptions here.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exercisebook.errors import Misuse, closest

PHASES = ("baseline", "acute", "training")
"""Before, minutes after one run, and rested after 25 days of runs."""

ARM = "exercise"
BLOCKS = ("clinical", "blood_count", "cytokines")

HAEMATOCRIT = 0.45
"""Share of blood that is cells, in every world."""

SOLID_UNITS = ("kg/m²", "beats/min")
"""Mass over height knows no plasma volume, nor does a pulse."""

_NUMBERS = Path(__file__).with_name("calibration.csv")


@dataclass(frozen=True)
class World:
    """A world with known truth.

    Attributes
    ----------
    name : str
        How it is called.
    says : str
        What is true in it, in a sentence.
    features : DataFrame
        One row a feature: block, feature, unit, centre, cv_between, cv_within, cv_assay
        (coefficients of variation), log2_acute, log2_training (effects on content),
        detection_limit.
    plasma_volume_acute : float
        Change of plasma volume in the acute sample, as a fraction: -0.1 is a loss of a tenth,
        which concentrates solutes by 1/0.9, and blood cells by what it takes off the blood.
    plasma_volume_sd : float
        Standard deviation of the log of plasma volume between people.
    """

    name: str
    says: str
    features: pd.DataFrame
    plasma_volume_acute: float
    plasma_volume_sd: float

    def block(self, name: str) -> pd.DataFrame:
        """Return the features of one block."""
        return self.features[self.features["block"] == name].reset_index(drop=True)


def log_diluted(features: pd.DataFrame, log_plasma: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the log of the volume that each feature is dissolved or counted in.

    Parameters
    ----------
    features : DataFrame
        block and unit, one row a feature.
    log_plasma : ndarray, shape (...)
        Log of plasma volume relative to baseline.

    Returns
    -------
    ndarray, shape (..., features)
        That of plasma for a solute; of whole blood for cells, whose own volume does not leave;
        0 for what is neither.
    """
    plasma = log_plasma[..., None]
    blood = np.log(HAEMATOCRIT + (1 - HAEMATOCRIT) * np.exp(plasma))
    counted = features["block"].eq("blood_count").to_numpy()
    solid = features["unit"].isin(SOLID_UNITS).to_numpy()
    return np.where(solid, 0.0, np.where(counted, blood, plasma))


def world(name: str) -> World:
    """Return the world of that name; Misuse with the nearest name where there is none."""
    numbers = pd.read_csv(_NUMBERS)
    still = numbers.assign(log2_acute=0.0, log2_training=0.0)
    worlds = {
        "reference": World(
            "reference",
            "one run concentrates the blood and moves cells and cytokines; training moves little",
            numbers,
            -0.1,
            0.03,
        ),
        "null": World("null", "exercise changes nothing at all", still, 0.0, 0.0),
    }
    if name not in worlds:
        raise Misuse(f"no world {name!r}; {closest(name, worlds)}")
    return worlds[name]
