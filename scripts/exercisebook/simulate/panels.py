"""The wide panels of a simulated cohort: 300 plasma proteins and 150 metabolites, as numbers.

The named ones stand in ``panels.csv``; the anonymous rest follows from the laws in
``panel_laws.csv`` and one fixed seed, and is therefore the same in every world. Drawing values
is not done here, nor are the few features of the clinical blocks described here.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exercisebook.errors import Misuse, closest
from exercisebook.simulate.streams import stream

Array = NDArray[np.float64]

PANELS = ("proteins", "metabolites")

COLUMNS = (
    "block", "feature", "canonical_id", "unit", "centre", "cv_between", "cv_within", "cv_assay",
    "log2_acute", "decay_h", "log2_late", "late_h", "log2_training", "detection_limit",
    "missing_slope", "missing_at", "module", "module_loading", "source", "confidence",
)  # fmt: skip

SEED = 20251121
"""Of the anonymous features; another seed would be another panel."""

_ANONYMOUS = {"proteins": ("protein", "relative"), "metabolites": ("metabolite", "µmol/L")}
_NAMED = Path(__file__).with_name("panels.csv")
_LAWS = Path(__file__).with_name("panel_laws.csv")


def panel_features() -> pd.DataFrame:
    r"""Return what is true of each protein and metabolite, named ones first within each panel.

    Returns
    -------
    DataFrame
        One row a feature. ``centre`` and ``detection_limit`` are in ``unit``; ``cv_between``,
        ``cv_within`` and ``cv_assay`` are coefficients of variation; ``log2_acute`` is the change
        minutes after a bout, which decays by e in ``decay_h`` hours; ``log2_late`` is a second
        wave at its peak, ``late_h`` hours after the bout; ``log2_training`` is the change at rest.
        ``missing_slope`` and ``missing_at`` are used by :func:`missing_probability`. Features of
        one ``module`` (0: none; no number is shared by two panels) have a latent in common, with
        which the deviation within a person correlates by ``module_loading``. ``canonical_id`` is
        None where the book has no name of its own, and ``detection_limit`` missing where there
        is none.
    """
    named = pd.read_csv(_NAMED)
    panels = [
        panel
        for block in PANELS
        for panel in (named[named["block"] == block], _anonymous(block, named))
    ]
    features = pd.concat(panels, ignore_index=True)[list(COLUMNS)]
    unnamed = features["canonical_id"].isna()
    features["canonical_id"] = features["canonical_id"].astype(object).mask(unnamed, None)
    return features


def missing_probability(features: pd.DataFrame, log2_values: Array) -> Array:
    r"""Return the probability that each value goes missing because its signal is weak.

    .. math:: P = \min\{P_{\max},\; 1 / (1 + \exp[s\,(\log_2 y - m)])\}

    with slope :math:`s` (``missing_slope``), midpoint :math:`m` (``missing_at``), and the most
    that can be missing, :math:`P_{\max}` (``missing_most`` of the block in ``panel_laws.csv``).

    Parameters
    ----------
    features : DataFrame
        Of one block or several: block, missing_slope and missing_at, one row a feature.
    log2_values : ndarray, shape (..., features)
        Base-two logarithms of values in the unit of each feature.

    Returns
    -------
    ndarray, shape (..., features)
        Probabilities; 0 where a feature has no slope.

    Raises
    ------
    Misuse
        If there is not one column of values a feature.
    """
    if log2_values.shape[-1] != len(features):
        raise Misuse(f"{log2_values.shape[-1]} columns of values for {len(features)} features")
    slope = features["missing_slope"].to_numpy(float)
    most = features["block"].map({block: laws(block)["missing_most"] for block in PANELS})
    above = slope * (log2_values - features["missing_at"].to_numpy(float))
    # tanh does not overflow far from the midpoint, as exp does
    share = np.minimum(0.5 * (1 - np.tanh(above / 2)), most.to_numpy(float))
    return np.where(np.isnan(slope), 0.0, share)


def laws(block: str) -> dict[str, float]:
    """Return the parameters of one block's laws by name; Misuse where it has none."""
    table = pd.read_csv(_LAWS)
    of_block = table[table["block"] == block]
    if of_block.empty:
        raise Misuse(f"no laws for block {block!r}; {closest(block, table['block'].unique())}")
    return dict(zip(of_block["parameter"], of_block["value"].astype(float), strict=True))


def law_stream(block: str, quantity: str) -> np.random.Generator:
    """Return the generator of one quantity: a new quantity leaves the others as they are."""
    # a name no drawing uses, so that a study of the same seed does not draw these numbers again
    return stream(np.random.default_rng(SEED), "panel laws", block, quantity)


def law_effects(block: str, quantity: str, k: int, share: float, sd: float) -> Array:
    """Return effects of ``k`` features, normal about zero for a share of them and else zero."""
    rng = law_stream(block, quantity)
    return np.where(rng.permutation(k) < round(share * k), sd * rng.standard_normal(k), 0.0)


def _anonymous(block: str, named: pd.DataFrame) -> pd.DataFrame:
    law = laws(block)
    in_panel = named[named["block"] == block]
    k = int(law["count"]) - len(in_panel)
    stem, unit = _ANONYMOUS[block]
    deviate = law_stream(block, "centre").standard_normal(k)
    log2_centre = law["log2_centre_mean"] + law["log2_centre_sd"] * deviate
    spreads = {
        f"cv_{s}": _lognormal(block, law, f"cv_{s}", k) for s in ("between", "within", "assay")
    }
    return pd.DataFrame(
        {
            "block": block,
            "feature": [f"{stem}_{number:03d}" for number in range(1, k + 1)],
            "canonical_id": None,
            "unit": unit,
            "centre": 2**log2_centre,
            **spreads,
            "log2_acute": _wave(block, law, "acute", k),
            "decay_h": _lognormal(block, law, "decay_h", k),
            "log2_late": _wave(block, law, "late", k),
            "late_h": _lognormal(block, law, "late_h", k),
            "log2_training": law_effects(
                block, "training", k, law["training_share"], law["training_sd"]
            ),
            "detection_limit": _limits(block, law, log2_centre, spreads),
            "missing_slope": law["missing_slope"],
            "missing_at": log2_centre - _margin(block, law, deviate),
            **_modules(block, law, in_panel, k),
            "source": "laws of panel_laws.csv",
            "confidence": "assumed",
        }
    )


def _lognormal(block: str, law: dict[str, float], quantity: str, k: int) -> Array:
    deviate = law_stream(block, quantity).standard_normal(k)
    return law[f"{quantity}_median"] * np.exp(law[f"{quantity}_log_sd"] * deviate)


def _wave(block: str, law: dict[str, float], wave: str, k: int) -> Array:
    """Return log2 changes of a share of the features, more of them up than down."""
    rng = law_stream(block, wave)
    changes = rng.permutation(k) < round(law[f"{wave}_share"] * k)
    sign = np.where(rng.random(k) < law[f"{wave}_up_share"], 1.0, -1.0)
    return np.where(changes, sign * _lognormal(block, law, f"{wave}_size", k), 0.0)


def _limits(
    block: str, law: dict[str, float], log2_centre: Array, spreads: dict[str, Array]
) -> Array:
    """Return detection limits, set by how many SDs of the log value they lie below the centre."""
    rng = law_stream(block, "limit")
    k = len(log2_centre)
    limited = rng.permutation(k) < round(law["limit_share"] * k)
    total_sd = np.sqrt(sum(np.log1p(cv**2) for cv in spreads.values()))
    depth = rng.uniform(law["limit_lowest"], law["limit_highest"], k)
    return np.where(limited, 2**log2_centre * np.exp(depth * total_sd), np.nan)


def _margin(block: str, law: dict[str, float], centre_deviate: Array) -> Array:
    """Return how far below the centre half go missing: less far for features of weak signal."""
    own = law_stream(block, "missing").standard_normal(len(centre_deviate))
    shared = law["missing_margin_on_centre"]
    deviate = shared * centre_deviate + np.sqrt(1 - shared**2) * own
    return law["missing_margin_mean"] + law["missing_margin_sd"] * deviate


def _modules(
    block: str, law: dict[str, float], named: pd.DataFrame, k: int
) -> dict[str, NDArray[np.int64] | Array]:
    """Return modules and loadings that fill up, with anonymous members, what named ones began."""
    rng = law_stream(block, "module")
    numbers = int(law["module_first"]) + np.arange(int(law["module_count"]))
    sizes = rng.integers(int(law["module_smallest"]), int(law["module_largest"]) + 1, len(numbers))
    begun = (named["module"].to_numpy()[:, None] == numbers).sum(axis=0)
    wanted = np.repeat(numbers, np.maximum(sizes - begun, 0))
    module = rng.permutation(np.concatenate([wanted, np.zeros(k - len(wanted), dtype=int)]))
    size = rng.uniform(law["loading_lowest"], law["loading_highest"], k)
    sign = np.where(rng.random(k) < law["loading_negative_share"], -1.0, 1.0)
    return {"module": module, "module_loading": np.where(module > 0, sign * size, 0.0)}
