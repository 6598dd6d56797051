"""Assays whose truth is known because it is written here: what a fit finds, misses and invents.

Nothing here is a measurement of TBK1 or of betaine, and nothing of it enters the ledger.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from exercisebook.stats.dose_response import (
    DoseResponse,
    Melting,
    fit_dose_response,
    fit_melting,
    inhibition_models,
    inhibition_rate,
    logistic,
)
from exercisebook.stats.target_engagement import difference_limits

_SEED = 20251121
STUDIES = 40

EC50 = 1.0
"""mM; what a weak inhibitor might have."""

ACTIVITY_SD = 4.0
"""Per cent of the activity without inhibitor."""

ENOUGH, TOO_LOW, NOTHING = "top dose 30 mM", "top dose 0.3 mM", "does nothing"
TOP_DOSE = {ENOUGH: 30.0, TOO_LOW: 0.3, NOTHING: 30.0}
_DOSES, _REPEATS = 10, 2

SHIFT = 2.0
"""Kelvin, of every melting point that truly moves."""

BINDS, STEADIES = "binds TBK1", "steadies any protein"
PAIRS = ("TBK1 with betaine", "inert kinase with betaine", "TBK1 with another osmolyte")
_MOVES = {BINDS: (True, False, False), STEADIES: (True, True, True)}

KM, KI = 50.0, 1.0
WIDE, NARROW = "ATP 10 to 1,000 µM", "ATP 10 to 20 µM"
_ATP = {WIDE: np.geomspace(10, 1000, 5), NARROW: np.linspace(10, 20, 5)}
MODELS = ("competitive", "non-competitive")
CLEAR = 0.9
"""Akaike weight from which a model counts as chosen."""


@dataclass(frozen=True)
class DoseStudy:
    """One simulated dose-response study with its fit."""

    design: str
    dose: np.ndarray
    response: np.ndarray
    fit: DoseResponse


@cache
def dose_studies() -> tuple[DoseStudy, ...]:
    """Return simulated studies of each design, the first of each being the one that is shown."""
    return tuple(dose_study(design, k) for design in TOP_DOSE for k in range(STUDIES))


@cache
def dose_study(design: str, k: int) -> DoseStudy:
    """Return the simulated study of a design with this number, from 0."""
    rng = np.random.default_rng([_SEED, k])
    top = TOP_DOSE[design]
    dose = np.repeat(np.geomspace(top / 3000, top, _DOSES), _REPEATS)
    saturated = 100.0 if design == NOTHING else 0.0
    noise = rng.normal(0, ACTIVITY_SD, len(dose))
    response = logistic(dose, 100.0, saturated, EC50, 1.0) + noise
    return DoseStudy(design, dose, response, fit_dose_response(dose, response))


def shown(design: str) -> DoseStudy:
    """Return the first study of a design, which was not chosen."""
    return next(s for s in dose_studies() if s.design == design)


def dose_outcomes() -> pd.DataFrame:
    """Return how the studies of each design came out.

    Returns
    -------
    DataFrame
        design, n, held (interval holds the truth), bounded (on both sides), open_above, median
        (of the fitted EC50s).
    """
    rows = []
    for design in TOP_DOSE:
        fits = [s.fit for s in dose_studies() if s.design == design]
        rows.append(
            {
                "design": design,
                "n": len(fits),
                "held": sum(f.ci_low <= EC50 <= f.ci_high for f in fits),
                "bounded": sum(f.ci_low > 0 and np.isfinite(f.ci_high) for f in fits),
                "open_above": sum(np.isinf(f.ci_high) for f in fits),
                "median": float(np.median([f.ec50 for f in fits])),
            }
        )
    return pd.DataFrame(rows)


@cache
def melting_shifts() -> pd.DataFrame:
    """Return shifts of melting points in two worlds with the same luck.

    Returns
    -------
    DataFrame
        world, pair, estimate, low, high (kelvin, 95 %), truth.
    """
    rows = []
    for world, moves in _MOVES.items():
        # the same seed in both: TBK1 with betaine is the same tube in either world
        rng = np.random.default_rng(_SEED)
        for pair, moved in zip(PAIRS, moves, strict=True):
            base = 56.0 if pair.startswith("inert") else 50.0
            truth = SHIFT if moved else 0.0
            without, with_it = (_melting(base + s, rng) for s in (0.0, truth))
            d, low, high = difference_limits(_limits(with_it), _limits(without))
            rows.append((world, pair, d, low, high, truth))
    return pd.DataFrame(rows, columns=["world", "pair", "estimate", "low", "high", "truth"])


@cache
def model_choices() -> pd.DataFrame:
    """Return how often AICc chooses the model that made the rates.

    Returns
    -------
    DataFrame
        design, truth, n, right (the better is the true one), clear (with a weight above
        ``CLEAR``), wrong_and_clear.
    """
    rows = []
    for design, substrate in _ATP.items():
        for model in MODELS:
            # the same luck in both designs and models
            rng = np.random.default_rng(_SEED)
            best = [_chosen(substrate, model, rng) for _ in range(STUDIES)]
            right = [name == model for name, _ in best]
            clear = [weight >= CLEAR for _, weight in best]
            rows.append(
                {
                    "design": design,
                    "truth": model,
                    "n": STUDIES,
                    "right": sum(right),
                    "clear": sum(r and c for r, c in zip(right, clear, strict=True)),
                    "wrong_and_clear": sum(c and not r for r, c in zip(right, clear, strict=True)),
                }
            )
    return pd.DataFrame(rows)


def _melting(tm: float, rng: np.random.Generator) -> Melting:
    temperature = np.arange(36.0, 71.0)
    signal = 5 + 90 / (1 + np.exp((tm - temperature) / 1.5))
    return fit_melting(temperature, signal + rng.normal(0, 2, len(temperature)))


def _limits(fit: Melting) -> tuple[float, float, float]:
    return fit.tm, fit.ci_low, fit.ci_high


def _chosen(substrate: np.ndarray, model: str, rng: np.random.Generator) -> tuple[str, float]:
    s = np.tile(substrate, 4)
    i = np.repeat([0.0, 0.5, 1.0, 2.0], len(substrate)) * KI
    rate = inhibition_rate(s, i, 1.0, KM, KI, model)
    best = inhibition_models(s, i, rate * (1 + rng.normal(0, 0.08, len(rate)))).iloc[0]
    return str(best["model"]), float(best["weight"])
