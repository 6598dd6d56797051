"""Taxa of a microbiome: which became more or less abundant, judged from shares alone.

Centred log ratios, a level for every person, and one correction for all taxa: the mode of their
estimates. Cell types, which are few and whose whole can be known, live in ``composition``;
distances between whole communities in ``permanova``.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from exercisebook.errors import Misuse
from exercisebook.stats.composition import (
    PSEUDO_COUNT,
    clr,
    counts_of_contrast,
    depth_pseudo_count,
    effects_of_all,
    moderated_estimates,
)
from exercisebook.stats.effects import joined_flags

Floats = NDArray[np.float64]

LEAST_TAXA = 5
"""Below this the estimates have no mode worth the name."""

FEW_TAXA = 20
"""Below this effects are flagged: what most taxa do is poorly known."""


def taxa_effects(
    counts: pd.DataFrame,
    samples: pd.DataFrame,
    contrast: pd.Series,
    prevalence: float = 0.1,
    pseudo_count: float = PSEUDO_COUNT,
) -> pd.DataFrame:
    r"""Return the log2 ratio of the abundance of every taxon, as far as shares can tell it.

    Let :math:`\hat\alpha_g` be the contrast of centred log2 ratios of taxon :math:`g`, with a
    level for every person. It misses the log ratio of abundances by one number for all taxa, the
    mean of what they really did. If most taxa did nothing, that number is where the estimates
    crowd:

    .. math:: \tilde\alpha_g = \hat\alpha_g - \hat\mu, \qquad
              \hat\mu = \operatorname{mode}(\hat\alpha_1, \dots, \hat\alpha_m), \qquad
              t_g = \frac{\tilde\alpha_g}
                    {\sqrt{\widetilde{se}_g^2 + \widehat{\operatorname{var}}(\hat\mu)}}

    with moderated standard errors.

    Parameters
    ----------
    counts : DataFrame, shape (samples, taxa)
        Reads, not shares; the index holds sample ids.
    samples : DataFrame
        subject, arm and phase by sample id; samples without counts are ignored.
    contrast : Series
        contrast, phase, reference_phase, arm, reference_arm.
    prevalence : float
        Share of samples, from 0 to 1, in which a taxon must be seen to be tested.
    pseudo_count : float
        Added to every count, in proportion to a sample's depth; its average over samples.

    Returns
    -------
    DataFrame
        Estimate columns as of ``effects.t_effects``, one row a taxon in the order of ``counts``.
        The scale is ``log2_ratio``: an estimate of the ratio of abundances, not of shares, which
        rests on most taxa not changing. Taxa below the filter are flagged and not tested.

    Raises
    ------
    Misuse
        If fewer than five taxa pass the filter, a sample holds none of them, a parameter is out
        of range, or the design cannot tell the contrast.
    InvalidInput
        If a count is missing, negative or no whole number, or a sample is empty or unknown.

    Notes
    -----
    Three things differ from the method as published. Persons are fixed blocks, not random effects.
    The pseudo-count grows with depth, so that phases sequenced to different depths hardly differ
    for that alone. And the standard error holds that of the mode, without which all taxa are
    tested against a reference taken as known, and the false-discovery rate exceeds its level:
    slightly for a hundred taxa, more than twofold for ten.

    The pseudo-count draws the ratios of rare taxa towards 1. A reference that most taxa do not
    follow, because most of them changed, cannot be noticed from shares.

    References
    ----------
    Zhou, He, Chen and Zhang (2022), Genome Biol 23, 95. Smyth (2004), Stat Appl Genet Mol Biol 3,
    3, for moderation.
    """
    if not 0 <= prevalence <= 1:
        raise Misuse(f"prevalence {prevalence}; a share of samples, from 0 to 1")
    used, table = counts_of_contrast(counts, samples, contrast)
    tested = _prevalent(used, prevalence)
    kept = list(tested)
    logs = clr(tested, depth_pseudo_count(tested, pseudo_count)) / np.log(2)
    found = moderated_estimates(logs, kept, table, contrast)
    mode = kernel_mode(found["estimate"])
    few = f"fewer than {FEW_TAXA} taxa: a poor reference" if len(kept) < FEW_TAXA else ""
    corrected = found.assign(
        estimate=found["estimate"] - mode.mode,
        se=np.hypot(found["se"], mode.se),
        flag=joined_flags(found["flag"], [few] * len(kept)),
    )
    below = f"below the prevalence filter of {100 * prevalence:g} %"
    return effects_of_all(corrected, list(used), table, "log2_ratio", "LinDA-type", below)


def _prevalent(counts: pd.DataFrame, prevalence: float) -> pd.DataFrame:
    """Return counts of the taxa seen in enough samples; one never seen is never enough."""
    share = (counts > 0).mean()
    kept = list(counts.columns[(share > 0) & (share >= prevalence)])
    if len(kept) < LEAST_TAXA:
        raise Misuse(
            f"{len(kept)} of {counts.shape[1]} taxa are seen in {100 * prevalence:g} % of samples; "
            f"at least {LEAST_TAXA} are needed to see what most of them do"
        )
    tested = counts[kept]
    empty = [str(name) for name in tested.index[(tested == 0).all(axis=1)]]
    if empty:
        raise Misuse(
            f"no read of a taxon that passes the filter in {', '.join(empty)}; leave them out"
        )
    return tested


@dataclass(frozen=True)
class KernelMode:
    """Where values crowd most, and how well that is known.

    Attributes
    ----------
    mode, se : float
        In the unit of the values.
    """

    mode: float
    se: float


def kernel_mode(values: ArrayLike) -> KernelMode:
    r"""Return the mode of a Gaussian kernel density with its standard error.

    The bandwidth is the normal-scale rule for the derivative of a density, since that is what
    vanishes at a mode:

    .. math:: h = (4/5)^{1/7}\, \min(s, IQR / 1.349)\, m^{-1/7}

    and the variance of the mode

    .. math:: \frac{\hat f(\hat\mu)}{4 \sqrt\pi\, m\, h^3 \hat f''(\hat\mu)^2}

    Parameters
    ----------
    values : array_like, shape (m,)

    Returns
    -------
    KernelMode
        The median, with no error, where more than half of the values are alike.

    References
    ----------
    Parzen (1962), Ann Math Stat 33, 1065-1076, for the mode and its variance. Chacon, Duong and
    Wand (2011), Stat Sinica 21, 807-840, for the bandwidth.
    """
    x = np.asarray(values, float)
    low, high = np.quantile(x, [0.25, 0.75])
    h = 0.8 ** (1 / 7) * min(x.std(ddof=1), (high - low) / 1.349) * len(x) ** (-1 / 7)
    if h <= 1e-12 * np.abs(x).max():
        return KernelMode(float(np.median(x)), 0.0)
    mode = _climbed(x, h, _densest(x, h))
    u = (x - mode) / h
    kernel = np.exp(-0.5 * u**2) / np.sqrt(2 * np.pi)
    density, bend = kernel.mean() / h, ((u**2 - 1) * kernel).mean() / h**3
    spread = density / (4 * np.sqrt(np.pi) * len(x) * h**3)
    return KernelMode(mode, float(np.sqrt(spread) / abs(bend)))


def _densest(x: Floats, h: float) -> float:
    """Return which of 257 quantiles has the highest density: they lie close where it is high."""
    points = np.quantile(x, np.linspace(0, 1, 257))
    density = np.exp(-0.5 * ((points[:, None] - x) / h) ** 2).sum(axis=1)
    return float(points[np.argmax(density)])


def _climbed(x: Floats, h: float, start: float) -> float:
    """Return the top of the density uphill from ``start``, by the mean shift."""
    at = start
    for _ in range(1000):
        weight = np.exp(-0.5 * ((at - x) / h) ** 2)
        there = float(weight @ x / weight.sum())
        if abs(there - at) < 1e-12 * h:
            break
        at = there
    return at
