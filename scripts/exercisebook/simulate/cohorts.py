"""A world as a cohort package, with its truth beside it."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from exercisebook.cohort.frames import contrasts_frame, features_frame, measured_frame
from exercisebook.cohort.package import Cohort, refuse_occupied, write_cohort
from exercisebook.cohort.tables import write_csv
from exercisebook.simulate.arrays import Array, simulate_arrays
from exercisebook.simulate.worlds import ARM, BLOCKS, PHASES, World, log_diluted

_DAYS = {"baseline": 45.0, "acute": 46.0, "training": 72.0}
_HOURS_SINCE_BOUT = {"baseline": np.nan, "acute": 0.1, "training": 24.0}

TRUTH = Path("truth") / "effects.csv"

DIGITS = 6
"""Significant digits of written values: more than any assay has."""


@dataclass(frozen=True)
class Simulation:
    """A cohort and what is true of the world it comes from.

    Attributes
    ----------
    cohort : Cohort
        In the form of any other.
    truth : DataFrame
        feature, contrast, log2_content (the effect on what a vessel holds) and
        log2_concentration (with the loss of plasma volume: what a tube shows).
    """

    cohort: Cohort
    truth: pd.DataFrame


def simulate(world: World, n: int, seed: int, blocks: tuple[str, ...] = BLOCKS) -> Simulation:
    """Simulate one study of ``n`` people: draw 0 of ``simulate_arrays`` with the same seed.

    Parameters
    ----------
    world : World
        The truth.
    n : int
        People, at least 2.
    seed : int
        Root of every random stream.
    blocks : tuple of str
        Which blocks to draw.

    Raises
    ------
    Misuse
        As ``simulate_arrays``.
    """
    arrays = simulate_arrays(world, n, np.random.default_rng(seed), blocks)
    subjects = [f"{i:02d}" for i in range(1, n + 1)]
    samples = _samples(subjects)
    features = world.features[world.features["block"].isin(blocks)]
    rows = zip(
        features["block"],
        features["feature"],
        features["feature"],
        features["unit"],
        features["detection_limit"],
        strict=True,
    )
    cohort = Cohort(
        name=f"simulated-{world.name}",
        subjects=pd.DataFrame({"subject": subjects, "sex": "male", "age": np.nan}),
        samples=samples,
        features=features_frame(rows),
        contrasts=_contrasts(),
        measurements={b: _measured(arrays[b][0], world.block(b), samples) for b in blocks},
        description={
            "title": f"A simulated cohort: {world.says}",
            "licenses": [{"name": "CC0-1.0"}],
            "simulated": True,
            "world": world.name,
            "seed": seed,
        },
    )
    return Simulation(cohort, _truth(world, features))


def write_simulation(simulation: Simulation, folder: Path) -> None:
    """Write a simulated cohort package with ``truth/effects.csv``, whole or not at all.

    Raises
    ------
    Misuse
        If the folder holds anything.
    """
    refuse_occupied(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as place:
        staging = Path(place) / "package"
        write_cohort(simulation.cohort, staging, DIGITS)
        write_csv(simulation.truth, staging / TRUTH, DIGITS)
        if folder.exists():
            folder.rmdir()
        os.replace(staging, folder)


def read_truth(folder: Path) -> pd.DataFrame:
    """Return the truth that lies in a simulated cohort's folder."""
    return pd.read_csv(folder / TRUTH)


def _samples(subjects: list[str]) -> pd.DataFrame:
    index = pd.MultiIndex.from_product([subjects, PHASES], names=["subject", "phase"])
    samples = index.to_frame(index=False)
    return pd.DataFrame(
        {
            "sample_id": samples["subject"] + "-" + samples["phase"],
            "subject": samples["subject"],
            "arm": ARM,
            "phase": samples["phase"],
            "day": samples["phase"].map(_DAYS),
            "time_h": np.nan,
            "hours_since_bout": samples["phase"].map(_HOURS_SINCE_BOUT),
            "fasting": "yes",
            "batch": "1",
        }
    )


def _contrasts() -> pd.DataFrame:
    return contrasts_frame(
        [
            ("acute-baseline", "acute", "acute", "baseline", ARM, ARM),
            ("training-baseline", "training", "training", "baseline", ARM, ARM),
        ]
    )


def _measured(values: Array, features: pd.DataFrame, samples: pd.DataFrame) -> pd.DataFrame:
    n, phases, k = values.shape
    return measured_frame(
        samples["sample_id"].repeat(k),
        pd.Series(np.tile(features["feature"], n * phases)),
        pd.Series(values.reshape(-1)),
        pd.Series(np.tile(features["detection_limit"], n * phases)),
    )


def _truth(world: World, features: pd.DataFrame) -> pd.DataFrame:
    lost = np.log1p(world.plasma_volume_acute)
    concentrated = -log_diluted(features, np.asarray(lost)) / np.log(2)
    tables = []
    for phase, shift in (("acute", concentrated), ("training", 0.0)):
        content = features[f"log2_{phase}"]
        tables.append(
            pd.DataFrame(
                {
                    "feature": features["feature"],
                    "contrast": f"{phase}-baseline",
                    "log2_content": content,
                    "log2_concentration": content + shift,
                }
            )
        )
    return pd.concat(tables, ignore_index=True)
