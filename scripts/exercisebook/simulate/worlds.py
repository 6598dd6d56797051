"""Worlds: what causes what, how much, and how noisily it is measured.

A world is its numbers. Each number stands in a table beside this module (``calibration.csv``,
``panels.csv`` and ``panel_laws.csv`` for features, ``loadings.csv`` for what they share,
``assumptions.csv`` for everything else) with its source, or is marked as assumed; the study's own
numbers are not public, so its effects are assumptions here.

What lives here is which causes act in which world. How values follow from that is the affair of
``latents`` and ``arrays``, and what is therefore true that of ``truth``.
"""

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exercisebook.errors import Misuse, closest
from exercisebook.simulate.panels import panel_features

PHASES = ("baseline", "acute", "training")
"""Before, minutes after one run, and rested after 25 days of runs."""

ARM = "exercise"
MEASURED = ("clinical", "blood_count", "cytokines", "proteins", "metabolites")
"""Blocks of concentrations and the like, one value a feature and sample."""

BLOCKS = (*MEASURED, "taxa", "cells")

SUBJECT_LATENTS = ("fitness", "adiposity", "diet habit")
"""What a person brings along and keeps."""

NODES = ("diet", "sleep", "stress", "betaine", "inflammation")
"""What changes from visit to visit, in standard deviations within a person."""

TRAINING, SEASON = "training", "season"
"""Causes from outside: 25 days of exercise, and the calendar."""

SOLID_UNITS = ("kg/m²", "beats/min")
"""Mass over height knows no plasma volume, nor does a pulse."""

TWIN = "-twin"
"""Ending of the name of a world in which nobody exercises, all else being the same."""

_HERE = Path(__file__).parent
_EFFECTS = ["log2_acute", "log2_late", "log2_training"]


@dataclass(frozen=True)
class Arrow:
    """A direct cause: by how many SDs the effect moves for each SD (or unit) of the cause."""

    cause: str
    effect: str
    weight: float


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
        One row a feature of ``MEASURED``: block, feature, canonical_id, unit, centre,
        cv_between, cv_within, cv_assay (coefficients of variation; infections, hidden
        breakfasts and the hour come on top of what varies within a person), log2_acute, decay_h,
        log2_late, late_h (the course after a bout), log2_training (effects on content),
        detection_limit, missing_slope, missing_at, module, module_loading.
    arrows : tuple of Arrow
        What acts on ``NODES``: each other, ``TRAINING`` and ``SEASON``.
    moved : dict of str to float
        What else is different at the last visit, in SDs: nodes, or the season.
    acute, training : float
        1 where a bout and where training change taxa and cells, else 0.
    plasma_volume_acute, plasma_volume_training : float
        Change of plasma volume as a fraction: -0.1 is a loss of a tenth, which concentrates
        solutes by 1/0.9, and blood cells by what it takes off the blood.
    plasma_volume_sd : float
        Standard deviation of the log of plasma volume between people, where it changes.
    hours_training : float
        From the last bout to the last draw.
    response_spread : float
        SD between people of the effect of training, over its mean.
    enrolled_above : float or None
        Quantile of C-reactive protein at the first visit above which people are enrolled.
    dropout_share : float
        Of people without a last visit: those with most inflammation at it.
    swapped_share : float
        Of people whose protein samples changed places.
    plates_by_phase : bool
        Whether samples lie on plates by phase, and not by person.
    """

    name: str
    says: str
    features: pd.DataFrame
    arrows: tuple[Arrow, ...] = ()
    moved: tuple[tuple[str, float], ...] = ()
    acute: float = 1.0
    training: float = 0.0
    plasma_volume_acute: float = 0.0
    plasma_volume_training: float = 0.0
    plasma_volume_sd: float = 0.0
    hours_training: float = 48.0
    response_spread: float = 0.0
    enrolled_above: float | None = None
    dropout_share: float = 0.0
    swapped_share: float = 0.0
    plates_by_phase: bool = False

    def block(self, name: str) -> pd.DataFrame:
        """Return the features of one block."""
        return self.features[self.features["block"] == name].reset_index(drop=True)


WORLDS = {
    "reference": (
        "one run concentrates the blood and moves cells and cytokines; training raises "
        "betaine and lowers inflammation a little, in part through betaine"
    ),
    "null": "exercise changes nothing at all",
    "mediated": "training raises betaine, and betaine lowers inflammation",
    "direct": "training raises betaine and lowers inflammation, and betaine does nothing",
    "diet": (
        "training does nothing; people eat better at the end, which raises betaine and "
        "lowers inflammation"
    ),
    "common-cause": (
        "training does nothing; people are less stressed at the end, which raises "
        "betaine and lowers inflammation"
    ),
    "season": "training does nothing; the season raises betaine and lowers inflammation",
    "high-crp": (
        "training does nothing; people were enrolled because C-reactive protein was "
        "high on the first day"
    ),
    "reverse": "training lowers inflammation, and less inflammation raises betaine",
    "neutrophils-only": "training lowers the number of neutrophils and changes nothing else",
    "batch": "training does nothing; each phase was measured on plates of its own",
    "carry-over": "training does nothing; the last sample was drawn hours after the last bout",
    "dropout": "training does nothing; those with most inflammation miss the last visit",
    "swaps": "as the reference, but some protein samples changed places",
    "responders": "as the reference, but people differ in what training does to them",
}
"""Every world and what is true in it; each also has its twin (``season-twin``)."""


@cache
def assumptions() -> dict[str, float]:
    """Return the numbers that belong to no feature, by name."""
    table = pd.read_csv(_HERE / "assumptions.csv")
    return dict(zip(table["name"], table["value"].astype(float), strict=True))


@cache
def loadings() -> pd.DataFrame:
    """Return what features share: block, feature, latent and loading, a correlation."""
    return pd.read_csv(_HERE / "loadings.csv")


def world_names() -> tuple[str, ...]:
    """Return the names of all worlds and of their twins."""
    return (*WORLDS, *(f"{name}{TWIN}" for name in WORLDS))


def world(name: str) -> World:
    """Return the world of that name; Misuse with the nearest name where there is none."""
    if name not in world_names():
        raise Misuse(f"no world {name!r}; {closest(name, world_names())}")
    return _twin(_world(name.removesuffix(TWIN))) if name.endswith(TWIN) else _world(name)


def _world(name: str) -> World:
    a = assumptions()
    features = all_features()
    base = World(
        name,
        WORLDS[name],
        features.assign(log2_training=0.0),
        arrows=(Arrow("sleep", "inflammation", a["sleep_on_inflammation"]),),
        plasma_volume_acute=a["plasma_volume_acute"],
        plasma_volume_sd=a["plasma_volume_sd"],
        hours_training=a["hours_training"],
    )
    raised = Arrow(TRAINING, "betaine", a["betaine_training"])
    lowered = a["inflammation_training"]
    if name == "null":
        return _without_exercise(base)
    if name in ("reference", "swaps", "responders"):
        return _like_the_reference(replace(base, features=features))
    if name == "mediated":
        return _with(base, raised, Arrow("betaine", "inflammation", a["betaine_on_inflammation"]))
    if name == "direct":
        return _with(base, raised, Arrow(TRAINING, "inflammation", lowered))
    if name == "reverse":
        through = a["inflammation_on_betaine"]
        return _with(
            base,
            Arrow(TRAINING, "inflammation", lowered),
            Arrow("inflammation", "betaine", through),
            Arrow(TRAINING, "betaine", a["betaine_training"] - through * lowered),
        )
    if name in ("diet", "common-cause"):
        cause, sign = ("diet", 1.0) if name == "diet" else ("stress", -1.0)
        both = _with(
            base,
            Arrow(cause, "betaine", sign * a["cause_on_betaine"]),
            Arrow(cause, "inflammation", sign * a["cause_on_inflammation"]),
        )
        return replace(both, moved=((cause, sign * a["cause_shift"]),))
    if name == "season":
        both = _with(
            base,
            Arrow(SEASON, "betaine", a["betaine_training"]),
            Arrow(SEASON, "inflammation", lowered),
        )
        return replace(both, moved=((SEASON, 1.0),))
    if name == "neutrophils-only":
        fall = features["feature"].eq("neutrophils") * a["neutrophil_fall"]
        return replace(base, features=base.features.assign(log2_training=fall))
    special: dict[str, dict[str, float | bool]] = {
        "high-crp": {"enrolled_above": a["enrolled_above"]},
        "batch": {"plates_by_phase": True},
        "carry-over": {"hours_training": a["hours_carry_over"]},
        "dropout": {"dropout_share": a["dropout_share"]},
    }
    return replace(base, **special[name])  # type: ignore[arg-type]


def _like_the_reference(base: World) -> World:
    a = assumptions()
    half = a["inflammation_training_reference"] / 2
    whole = _with(
        base,
        Arrow(TRAINING, "betaine", a["betaine_training"]),
        Arrow("betaine", "inflammation", half / a["betaine_training"]),
        Arrow(TRAINING, "inflammation", half),
    )
    return replace(
        whole,
        training=1.0,
        plasma_volume_training=a["plasma_volume_training"],
        response_spread=a["response_spread"] if base.name == "responders" else 0.0,
        swapped_share=a["swapped_share"] if base.name == "swaps" else 0.0,
    )


def _with(base: World, *arrows: Arrow) -> World:
    return replace(base, arrows=(*base.arrows, *arrows))


def _without_exercise(base: World) -> World:
    """Return the same world, people and noise, in which nobody exercises."""
    return replace(
        base,
        features=base.features.assign(**dict.fromkeys(_EFFECTS, 0.0)),
        arrows=tuple(arrow for arrow in base.arrows if arrow.cause != TRAINING),
        acute=0.0,
        training=0.0,
        plasma_volume_acute=0.0,
        plasma_volume_training=0.0,
        plasma_volume_sd=0.0,
    )


def _twin(base: World) -> World:
    return replace(
        _without_exercise(base),
        name=f"{base.name}{TWIN}",
        says=f"nobody exercises; all else is as where {base.says}",
    )


@cache
def all_features() -> pd.DataFrame:
    """Return the features of ``MEASURED`` as they are in the reference world."""
    own = pd.read_csv(_HERE / "calibration.csv")
    own = own.assign(
        canonical_id=own["feature"],
        missing_slope=np.nan,
        missing_at=np.nan,
    )
    panel = panel_features()
    return pd.concat([own[panel.columns], panel], ignore_index=True)


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
    cells = assumptions()["haematocrit"]
    blood = np.log(cells + (1 - cells) * np.exp(plasma))
    counted = features["block"].eq("blood_count").to_numpy()
    solid = features["unit"].isin(SOLID_UNITS).to_numpy()
    return np.where(solid, 0.0, np.where(counted, blood, plasma))


def response_after(features: pd.DataFrame, hours: float) -> NDArray[np.float64]:
    r"""Return the log2 change of content some hours after a bout.

    .. math:: r(h) = \left(a\, e^{-h/\tau} + b\, \frac{h}{\lambda} e^{1 - h/\lambda}\right)
              \left(1 - (h/H)^2\right)_+

    with ``log2_acute`` :math:`a`, ``decay_h`` :math:`\tau`, ``log2_late`` :math:`b` (the height of
    a second wave), ``late_h`` :math:`\lambda` (its hour) and :math:`H` the hours after which
    nothing is left of a bout.

    Parameters
    ----------
    features : DataFrame
        Those columns, one row a feature.
    hours : float
        From the end of the bout; NaN where there was none.

    Returns
    -------
    ndarray, shape (features,)
    """
    if np.isnan(hours):
        return np.zeros(len(features))
    first = features["log2_acute"] * np.exp(-hours / features["decay_h"])
    wave = hours / features["late_h"]
    left = max(0.0, 1 - (hours / assumptions()["recovery_hours"]) ** 2)
    return left * (first + features["log2_late"] * wave * np.exp(1 - wave)).to_numpy(float)
