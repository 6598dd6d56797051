"""Worlds: what causes what, how much, and how noisily it is measured.

A world is its numbers. Each number stands in ``calibration.csv`` with its source, or is marked
as assumed; the study's own numbers are not public, so its effects are assumptions here.
"""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from exercisebook.errors import Misuse, closest

PHASES = ("baseline", "acute", "training")
"""Before, minutes after one run, and rested after 25 days of runs."""

ARM = "exercise"
BLOCKS = ("clinical", "blood_count", "cytokines")

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
        which concentrates everything else.
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
