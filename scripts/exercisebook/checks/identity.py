r"""Whose is a sample? Arrays in, evidence out; what is told of it is the affair of ``swaps``.

A person's samples are alike in what is stable within people. Of each modality, values are taken
from the mean of their arm and phase, weighted by stability, and the likeness of every two samples
is a weighted correlation :math:`r`. How likely a likeness is between samples of one person and
between those of two is learned from the labels as they are, robustly, since few of them are wrong.
The evidence for an exchange of two samples is then how much more likely all likenesses become.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

PEOPLE_TRIED = 100
"""People among whom exchanges are made to learn which would show."""

MARGIN = 6.0
"""Log-likelihood ratio, beyond that of the number of pairs, from which two count as exchanged."""

WITNESSES = 2.0
"""As how many the other samples of a person count at most."""

MOST_STABLE = 1500
"""Features that are looked at, the most stable ones."""

_HIGHEST = 0.95
"""Stability above which a feature gets no more weight."""

_SD_OF_MAD = 1.4826


@dataclass(frozen=True)
class Evidence:
    """What one modality says of every two samples.

    Attributes
    ----------
    ratio : ndarray, shape (n, n)
        Log-likelihood ratio of being of one person against being of two; 0 on the diagonal and
        where a sample has no values.
    apart : float
        How many SDs lie between the likeness within people and that between people.
    """

    ratio: Floats
    apart: float


@dataclass(frozen=True)
class Exchange:
    """Two samples, by position, and the evidence that they were exchanged."""

    one: int
    other: int
    gain: float


def evidence(values: Floats, persons: Codes, groups: Codes) -> Evidence:
    """Return what a modality says of whose every sample is.

    Parameters
    ----------
    values : ndarray, shape (n, m)
        On an additive scale; NaN where there is no value.
    persons, groups : ndarray of int, shape (n,)
        Person, and arm and phase, of each sample.
    """
    z, known = standardised(values, groups)
    r = likeness(z, weights(z, known, persons))
    there = np.logical_or.reduce(known, axis=1)
    same = np.equal.outer(persons, persons)
    usable = np.logical_and.outer(there, there) & ~np.eye(len(persons), dtype=bool)
    within, between = r[usable & same], r[usable & ~same]
    if len(within) < 6 or len(between) < 6:
        return Evidence(np.zeros_like(r), 0.0)
    near, far = np.median(within), np.median(between)
    spread = np.array([_robust_sd(within, near), _robust_sd(between, far)])
    if not (spread > 0).all() or near <= far:
        return Evidence(np.zeros_like(r), 0.0)
    ratio = _log_ratio(np.clip(r, far, near), near, far, spread)
    return Evidence(np.where(usable, ratio, 0.0), float((near - far) / np.hypot(*spread)))


def _robust_sd(x: Floats, middle: float) -> float:
    return float(_SD_OF_MAD * np.median(np.abs(x - middle)))


def _log_ratio(r: Floats, near: float, far: float, spread: Floats) -> Floats:
    related = -0.5 * ((r - near) / spread[0]) ** 2 - np.log(spread[0])
    unrelated = -0.5 * ((r - far) / spread[1]) ** 2 - np.log(spread[1])
    return related - unrelated


def standardised(values: Floats, groups: Codes) -> tuple[Floats, NDArray[np.bool_]]:
    """Return values from the means of their groups, in SDs, 0 where unknown; and what is known."""
    known = np.isfinite(values)
    member = _indicators(groups)
    filled = np.where(known, values, 0.0)
    count = member.T @ known
    mean = member.T @ filled / np.maximum(count, 1)
    rest = np.where(known, values - member @ mean, 0.0)
    size = np.sqrt((rest**2).sum(axis=0) / np.maximum(known.sum(axis=0), 1))
    z = rest / np.where(size > 0, size, np.inf)
    # one wild value is not to outweigh all others of its sample
    return np.clip(z, -4, 4), known


def _indicators(codes: Codes) -> Floats:
    return (codes[:, None] == np.arange(codes.max(initial=-1) + 1)).astype(float)


def weights(z: Floats, known: NDArray[np.bool_], persons: Codes) -> Floats:
    r"""Return the weight of every feature, :math:`\rho / (1 - \rho^2)` of its stability.

    :math:`\rho` is the intraclass correlation by the analysis of variance, at least 0: the weight
    is that of a product of two values in the likelihood of two people being one.
    """
    member = _indicators(persons)
    count = member.T @ known
    total, people = known.sum(axis=0), (count > 0).sum(axis=0)
    mean = (member.T @ z) / np.maximum(count, 1)
    between = (count * mean**2).sum(axis=0) - total * (z.sum(axis=0) / np.maximum(total, 1)) ** 2
    within = np.maximum((z**2).sum(axis=0) - (count * mean**2).sum(axis=0), 0.0)
    df_between, df_within = np.maximum(people - 1, 1), np.maximum(total - people, 1)
    ms_between, ms_within = between / df_between, within / df_within
    size = (total - (count**2).sum(axis=0) / np.maximum(total, 1)) / df_between
    whole = ms_between + (size - 1) * ms_within
    rho = (ms_between - ms_within) / np.where(whole > 0, whole, np.inf)
    rho = np.clip(np.where((people > 1) & (total > people), rho, 0.0), 0.0, _HIGHEST)
    if len(rho) > MOST_STABLE:
        rho = np.where(rho >= np.partition(rho, -MOST_STABLE)[-MOST_STABLE], rho, 0.0)
    return rho / (1 - rho**2)


def likeness(z: Floats, weight: Floats) -> Floats:
    """Return the weighted correlation of every two samples, by Fisher's transform."""
    used = weight > 0
    scaled = z[:, used] * np.sqrt(weight[used])
    length = np.sqrt((scaled**2).sum(axis=1))
    scaled = scaled / np.where(length > 0, length, np.inf)[:, None]
    return np.arctanh(np.clip(scaled @ scaled.T, -0.999, 0.999))


def gains(ratio: Floats, persons: Codes) -> Floats:
    """Return how much an exchange of every two samples raises the likelihood of all labels.

    A sample is held against all others of a person, whose verdicts are averaged and count as two:
    they share what the sample itself is and are no independent witnesses.

    Returns
    -------
    ndarray, shape (n, n)
        Minus infinity for two samples of one person, and for people with a single sample.
    """
    member = _indicators(persons)
    told, heard = ratio @ member, (ratio != 0).astype(float) @ member
    places = np.arange(len(persons))
    own = _counted(told[places, persons], heard[places, persons])
    # the other sample leaves the person to whom this one goes
    moved = _counted(told[:, persons] - ratio, heard[:, persons] - (ratio != 0))
    gain = moved + moved.T - own[:, None] - own
    single = member.sum(axis=0)[persons] < 2
    never = (persons[:, None] == persons) | single[:, None] | single
    return np.where(never, -np.inf, gain)


def _counted(told: Floats, heard: Floats) -> Floats:
    return told / np.maximum(heard, 1) * np.minimum(heard, WITNESSES)


def enough(persons: Codes) -> float:
    """Return the evidence from which two samples count as exchanged, given how many pairs are."""
    people = np.bincount(persons)
    pairs = (len(persons) ** 2 - (people**2).sum()) / 2
    return float(np.log(max(pairs, 1)) + MARGIN)


def best_exchange(ratio: Floats, persons: Codes) -> Exchange | None:
    """Return the exchange for which there is most evidence; None where there can be none."""
    gain = gains(ratio, persons)
    if not gain.size or not np.isfinite(gain).any():
        return None
    one, other = divmod(int(gain.argmax()), len(persons))
    return Exchange(min(one, other), max(one, other), float(gain[one, other]))


def exchanges(
    values: list[Floats], persons: Codes, groups: Codes, most: int
) -> tuple[list[Exchange], NDArray[np.int64]]:
    """Return the exchanges for which there is enough evidence, and the order that undoes them.

    Parameters
    ----------
    values : list of ndarray, shape (n, m_k)
        One or more modalities whose samples were exchanged together.
    persons, groups : ndarray of int, shape (n,)
    most : int
        Exchanges after which to stop.
    """
    order, found = np.arange(len(persons)), []
    for _ in range(most):
        best = best_exchange(_ratio(values, order, persons, groups), persons)
        if best is None or best.gain < enough(persons):
            break
        found.append(best)
        order[[best.one, best.other]] = order[[best.other, best.one]]
    return found, order


def _ratio(values: list[Floats], order: Codes, persons: Codes, groups: Codes) -> Floats:
    return np.sum([evidence(v[order], persons, groups).ratio for v in values], axis=0)


def share_found(
    values: list[Floats], persons: Codes, groups: Codes, draws: int, rng: np.random.Generator
) -> float:
    """Return which share of single exchanges would have been found, by making them.

    Of more than 100 people that many are drawn, and held to the evidence that all would ask for.

    Parameters
    ----------
    values : list of ndarray, shape (n, m_k)
        Modalities as they are, exchanges undone.
    persons, groups : ndarray of int, shape (n,)
    draws : int
        Exchanges of two samples of different people that are made, one at a time.
    rng : Generator

    Returns
    -------
    float
        NaN where fewer than two people have two samples.
    """
    limit = enough(persons)
    people = np.flatnonzero(np.bincount(persons) > 1)
    if len(people) > PEOPLE_TRIED:
        # the work grows with the square of the samples, what is learned does not
        kept = np.isin(persons, rng.choice(people, PEOPLE_TRIED, replace=False))
        values = [table[kept] for table in values]
        persons, groups = (
            np.unique(codes[kept], return_inverse=True)[1] for codes in (persons, groups)
        )
    several = np.flatnonzero(np.bincount(persons)[persons] > 1)
    if len(np.unique(persons[several])) < 2:
        return float("nan")
    hits = 0
    for _ in range(draws):
        one = rng.choice(several)
        other = rng.choice(several[persons[several] != persons[one]])
        order = np.arange(len(persons))
        order[[one, other]] = order[[other, one]]
        best = best_exchange(_ratio(values, order, persons, groups), persons)
        if best is not None and best.gain >= limit:
            hits += {best.one, best.other} == {int(one), int(other)}
    return hits / draws
