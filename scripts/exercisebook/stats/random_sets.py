"""Random sets of features like a given one: the negative control of a test of a set.

Only the drawing and the comparison live here; what is computed of each set is the caller's.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from exercisebook.errors import Misuse, listed

LAYERS = 10
"""Layers of level, of equal size, within which features count as alike."""


def matched_random_sets(
    level: pd.Series, members: Sequence[str], draws: int, rng: np.random.Generator
) -> NDArray[np.object_]:
    """Return random sets with as many features of each layer of level as a given set has.

    Parameters
    ----------
    level : Series, length m
        How abundant each feature is, by name.
    members : sequence of str
        The set; its own features are in no random set.
    draws : int
        Random sets.
    rng : Generator

    Returns
    -------
    ndarray of str, shape (draws, size of the set)
        No feature is twice in a row.

    Raises
    ------
    Misuse
        If a member has no level, the set is empty, or a layer has too few other features.
    """
    absent = [name for name in members if name not in level.index]
    if absent or len(members) == 0:
        raise Misuse(f"no level for {listed(absent) or 'an empty set'}; give the set's features")
    rank = level.rank(method="first").to_numpy()
    layer = pd.Series(np.ceil(rank * LAYERS / len(level)).astype(int), level.index)
    wanted = layer[list(dict.fromkeys(members))].value_counts(sort=False)
    others = layer.drop(list(dict.fromkeys(members)))
    parts = []
    for place, count in wanted.items():
        pool = others.index[others == place].to_numpy(object)
        if len(pool) < count:
            raise Misuse(f"{count} features are needed of a layer that has {len(pool)} others")
        # the smallest of random keys are a draw without replacement, row by row
        order = np.argsort(rng.random((draws, len(pool))), axis=1)[:, :count]
        parts.append(pool[order])
    return np.concatenate(parts, axis=1)


def random_set_p_value(observed: float, random: ArrayLike) -> float:
    r"""Return how often a random set lies as far from their mean as the given set does.

    .. math:: p = \frac{1 + \#\{|s_k - \bar s| \ge |s - \bar s|\}}{1 + K}

    The given set counts among the random ones, so p is never nought.

    Parameters
    ----------
    observed : float
        Statistic of the set.
    random : array_like, shape (K,)
        Of the random sets.

    References
    ----------
    Phipson and Smyth (2010), Stat Appl Genet Mol Biol 9, 39.
    """
    values = np.asarray(random, float)
    if not (values.size and np.isfinite(values).all() and np.isfinite(observed)):
        raise ValueError("give finite statistics of the set and of at least one random set")
    centre = values.mean()
    as_far = np.abs(values - centre) >= abs(observed - centre) - 1e-12
    return float((1 + as_far.sum()) / (1 + values.size))
