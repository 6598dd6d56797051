"""Activities of regulators in each sample, from the features that they regulate.

An activity is a value like any other: it goes on to the tests over persons. No network is fetched
here; it comes in as a table.
"""

import numpy as np
import pandas as pd

from exercisebook.errors import Misuse, closest

MINIMUM_TARGETS = 5
"""Measured targets below which a regulator has no activity."""


def ulm_activities(
    values: pd.DataFrame, network: pd.DataFrame, tmin: int = MINIMUM_TARGETS
) -> pd.DataFrame:
    r"""Return the activity of every regulator in every sample, by a univariate linear model.

    In each sample, all measured features :math:`g` are regressed on the weights that a regulator
    has on them, 0 where it has none; the activity is the t of the slope:

    .. math:: y_g = a + b\, w_g + e_g, \qquad t = \hat b / se(\hat b)

    Parameters
    ----------
    values : DataFrame, shape (samples, features)
        Complete. How far a feature lies from the others of its sample counts, so give log2
        values centred feature by feature, lest a regulator of abundant genes look active
        everywhere.
    network : DataFrame
        source, target, weight: one row an edge; the weight is positive where the source activates
        its target, negative where it represses it.
    tmin : int
        A source with fewer targets among the features has no activity.

    Returns
    -------
    DataFrame, shape (samples, sources)
        Sources in the order of the network; all NaN for one with fewer than ``tmin`` targets
        measured, or whose weight is the same on every feature. A plain number on the scale
        ``difference``.

    Raises
    ------
    Misuse
        If a column, weight or value is missing, an edge is given twice, a sample does not vary,
        names are not unique, or no source has ``tmin`` targets measured.

    Notes
    -----
    The p values of the method take features for replicates: they say that the targets of a
    regulator stand out in this one sample, not that persons respond alike, and co-regulated
    targets make them too small. They are left aside; test the activities over persons.

    References
    ----------
    Badia-i-Mompel et al. (2022), Bioinform Adv 2, vbac016.
    """
    import decoupler

    _check_values(values)
    _check_network(network)
    edges = network[network["target"].isin(values.columns)]
    told = _told(edges, values.shape[1], tmin)
    if len(told) == 0:
        raise Misuse(
            f"no source has {tmin} targets that were measured; the first targets are "
            f"{', '.join(map(str, network['target'][:3]))}, the first features "
            f"{', '.join(map(str, values.columns[:3]))}: name both by the same identifiers"
        )
    # all-zero features or samples are measurements too, so none is to be left out as empty
    scores, _ = decoupler.mt.ulm(values, edges[edges["source"].isin(told)], tmin=tmin, empty=False)
    sources = pd.Index(network["source"].unique(), name="source")
    return scores.set_axis(values.index).reindex(columns=sources)


def _told(edges: pd.DataFrame, features: int, tmin: int) -> pd.Index:
    """Return the sources with enough targets, and weights that differ between features."""
    weights = edges.groupby("source", sort=False)["weight"]
    alike = (weights.size() == features) & (weights.nunique() == 1)
    return weights.size().index[(weights.size() >= tmin) & ~alike]


def _check_values(values: pd.DataFrame) -> None:
    for names, what in ((values.columns, "feature"), (values.index, "sample")):
        if not names.is_unique:
            raise Misuse(f"two {what}s are called {names[names.duplicated()][0]!r}")
    finite = np.isfinite(values.to_numpy(float))
    if not finite.all():
        feature = values.columns[~finite.all(axis=0)][0]
        raise Misuse(
            f"{(~finite.all(axis=0)).sum()} features lack a value, the first is {feature!r}; "
            f"leave them out, or every sample would be scored on other features"
        )
    flat = values.nunique(axis=1) < 2
    if flat.any():
        raise Misuse(f"sample {values.index[flat][0]!r} has the same value in all features")


def _check_network(network: pd.DataFrame) -> None:
    for column in ("source", "target", "weight"):
        if column not in network:
            hint = closest(column, map(str, network.columns))
            raise Misuse(f"the network has no column {column!r}; {hint}")
    twice = network.duplicated(["source", "target"])
    if twice.any():
        source, target = network.loc[twice, ["source", "target"]].iloc[0]
        raise Misuse(f"the edge from {source!r} to {target!r} is given twice; keep one")
    bad = ~np.isfinite(network["weight"].to_numpy(float)) | (network["weight"] == 0).to_numpy()
    if bad.any():
        source, target, weight = network.loc[bad, ["source", "target", "weight"]].iloc[0]
        raise Misuse(
            f"the edge from {source!r} to {target!r} has weight {weight}; give a number other "
            f"than 0, or leave it out"
        )
