"""Gut taxa of a simulated cohort: what is true of 120 of them, and counts of reads.

The numbers follow from the laws for taxa in ``panel_laws.csv`` and a fixed seed. What a person
eats, and how fast it passes, come from the caller. No published stool result stands behind the
effects of training: they are assumed, so that a method has something to find or to miss.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exercisebook.errors import Misuse
from exercisebook.simulate.panels import law_effects, law_stream, laws
from exercisebook.simulate.streams import stream

Array = NDArray[np.float64]

_BLOCK = "taxa"
_NAMED = "rank_of_"


def taxa_features() -> pd.DataFrame:
    """Return what is true of each taxon, the most abundant first.

    Returns
    -------
    DataFrame
        One row a taxon: feature; ``log_abundance``, the natural log of its share of a person
        average in everything; ``sd_between`` people and ``sd_within`` a person, of the natural
        log; ``on_diet``, ``on_transit`` and ``on_season``, changes of the natural log a standard
        deviation; ``log2_training``, ``log2_acute`` (0: minutes do not change a stool); source
        and confidence.
    """
    law = laws(_BLOCK)
    k = int(law["count"])
    return pd.DataFrame(
        {
            "block": _BLOCK,
            "feature": _names(law, k),
            "canonical_id": None,
            "unit": "reads",
            "log_abundance": _log_abundance(law, k),
            **{f"sd_{s}": _spread(law, f"sd_{s}", k) for s in ("between", "within")},
            **{f"on_{cause}": _loading(law, cause, k) for cause in ("diet", "transit", "season")},
            "log2_acute": 0.0,
            "log2_training": law_effects(
                _BLOCK, "training", k, law["training_share"], law["training_sd"]
            ),
            "source": "laws of panel_laws.csv; no published result of stool after training",
            "confidence": "assumed",
        }
    )


def taxa_counts(
    diet: Array,
    transit: Array,
    season: Array,
    trained: Array,
    between: Array,
    within: Array,
    rng_depth: np.random.Generator,
    rng_counts: np.random.Generator,
) -> NDArray[np.int64]:
    r"""Return counts of reads, multinomial given how many reads a sample has.

    The log abundance of taxon :math:`k` in study :math:`d`, person :math:`i`, visit :math:`v` is

    .. math:: \eta_{divk} = \alpha_k + \sigma_k b_{dik} + \tau_k w_{divk} + \beta_k^D D_{div}
        + \beta_k^T T_{div} + \beta_k^S S_v + \ln 2\, \gamma_k A_{div},

    and counts are multinomial in :math:`\mathrm{softmax}(\eta)` with a lognormal total. Every
    sample's reads have their own stream, spawned by study, person and visit, and totals follow
    one another study by study. So a sample of unchanged abundances has the same counts in every
    world, whatever happened to another, and the first study is the same however many follow.
    Where abundances differ, the reads are drawn anew, from the same total.

    Parameters
    ----------
    diet, transit : ndarray, shape (draws, n, visits)
        In standard deviations.
    season : ndarray, shape (visits,)
        In standard deviations.
    trained : ndarray, shape (draws, n, visits)
        How much of the training effect there is: 0 none, 1 all.
    between : ndarray, shape (draws, n, 1, taxa)
        Standard normal.
    within : ndarray, shape (draws, n, visits, taxa)
        Standard normal.
    rng_depth : Generator
        Of the totals; it is advanced.
    rng_counts : Generator
        Its seed sequence is the root of the samples' streams; it is not advanced.

    Returns
    -------
    ndarray of int, shape (draws, n, visits, taxa)
        Reads. They sum to the total of the sample.

    Raises
    ------
    Misuse
        If the shapes do not fit together, or a number is not finite.
    """
    features = taxa_features()
    _check(
        within.shape, len(features), diet=diet, transit=transit, season=season, trained=trained,
        between=between, within=within,
    )  # fmt: skip
    log_abundance = (
        features["log_abundance"].to_numpy()
        + features["sd_between"].to_numpy() * between
        + features["sd_within"].to_numpy() * within
        + features["on_diet"].to_numpy() * diet[..., None]
        + features["on_transit"].to_numpy() * transit[..., None]
        + features["on_season"].to_numpy() * season[:, None]
        + np.log(2) * features["log2_training"].to_numpy() * trained[..., None]
    )
    return _multinomial(_depth(diet.shape, rng_depth), _softmax(log_abundance), rng_counts)


def taxa_truth(trained_effect: float) -> pd.DataFrame:
    """Return the true effect of training on each taxon, absolute and as a composition shows it.

    Parameters
    ----------
    trained_effect : float
        How much more of the training effect there is after than before: 0 none, 1 all.

    Returns
    -------
    DataFrame
        feature; log2_effect on absolute abundance; clr_effect, that less its mean over taxa
        (in log2 units; times ln 2 for natural ones). A taxon that nothing moves has a clr_effect
        if others move.

    Raises
    ------
    Misuse
        If the effect is not finite.
    """
    if not np.isfinite(trained_effect):
        raise Misuse(f"a training effect of {trained_effect}; expected a finite number")
    features = taxa_features()
    effect = trained_effect * features["log2_training"]
    return pd.DataFrame(
        {
            "feature": features["feature"],
            "log2_effect": effect,
            "clr_effect": effect - effect.mean(),
        }
    )


def _names(law: dict[str, float], k: int) -> list[str]:
    genera = {
        int(rank): parameter.removeprefix(_NAMED)
        for parameter, rank in law.items()
        if parameter.startswith(_NAMED)
    }
    return [genera.get(rank, f"taxon_{rank:03d}") for rank in range(1, k + 1)]


def _log_abundance(law: dict[str, float], k: int) -> Array:
    deviate = law_stream(_BLOCK, "abundance").standard_normal(k)
    logs = law["log_abundance_sd"] * np.sort(deviate)[::-1]
    return logs - np.log(np.exp(logs).sum())


def _spread(law: dict[str, float], quantity: str, k: int) -> Array:
    deviate = law_stream(_BLOCK, quantity).standard_normal(k)
    return law[f"{quantity}_median"] * np.exp(law[f"{quantity}_log_sd"] * deviate)


def _loading(law: dict[str, float], cause: str, k: int) -> Array:
    return law[f"on_{cause}_sd"] * law_stream(_BLOCK, cause).standard_normal(k)


def _check(shape: tuple[int, ...], k: int, **given: Array) -> None:
    if len(shape) != 4 or shape[-1] != k:
        raise Misuse(f"within is of shape {shape}; expected (draws, people, visits, {k})")
    draws, n, visits, _ = shape
    expected = {"season": (visits,), "between": (draws, n, 1, k), "within": shape}
    for name, values in given.items():
        wanted = expected.get(name, (draws, n, visits))
        if values.shape != wanted:
            raise Misuse(f"{name} is of shape {values.shape}; expected {wanted}")
        if not np.isfinite(values).all():
            raise Misuse(f"{name} has a value that is not finite; all must be")


def _depth(shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.int64]:
    law = laws(_BLOCK)
    log_variance = np.log1p(law["depth_cv"] ** 2)
    log_depth = np.log(law["depth_mean"]) - log_variance / 2
    depth = np.exp(log_depth + np.sqrt(log_variance) * rng.standard_normal(shape))
    return np.maximum(np.rint(depth), 1).astype(np.int64)


def _softmax(logs: Array) -> Array:
    weights = np.exp(logs - logs.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def _multinomial(
    depth: NDArray[np.int64], shares: Array, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Return counts sample by sample: one stream for all would shift by what a world changes."""
    counts = np.empty(shares.shape, dtype=np.int64)
    for sample in np.ndindex(depth.shape):
        counts[sample] = stream(rng, *sample).multinomial(depth[sample], shares[sample])
    return counts
