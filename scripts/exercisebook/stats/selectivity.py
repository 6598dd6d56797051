"""How choosy an inhibitor is, from its inhibition of many kinases at one concentration."""

import numpy as np
import pandas as pd

from exercisebook.errors import Misuse, closest

HIT = 90.0
"""Per cent inhibition above which a kinase counts as hit."""


def selectivity_of(inhibition: pd.DataFrame, kinase: str, hit: float = HIT) -> pd.DataFrame:
    r"""Return how selective the compounds are that hit a kinase.

    The score is :math:`S = n_{hit} / n`, the share of kinases hit. Gini's coefficient is 0 where
    all kinases are inhibited alike and nears 1 where a single one takes all of the inhibition.

    Parameters
    ----------
    inhibition : DataFrame
        compound, kinase, inhibition (per cent).
    kinase : str
        Whose hits are asked for.
    hit : float
        Per cent inhibition above which a kinase counts as hit.

    Returns
    -------
    DataFrame
        compound, inhibition (of that kinase), n_hit (kinases, this one included), n_kinases,
        score, gini; the most selective first.

    Raises
    ------
    Misuse
        If the kinase is not among those measured, or a compound lacks a kinase.

    References
    ----------
    Karaman et al. (2008), Nat Biotechnol 26, 127-132, for the score. Graczyk (2007), J Med Chem
    50, 5773-5779, for the coefficient.
    """
    wide = inhibition.pivot(index="compound", columns="kinase", values="inhibition")
    if kinase not in wide:
        raise Misuse(f"no kinase {kinase!r}; {closest(kinase, map(str, wide))}")
    if wide.isna().any(axis=None):
        raise Misuse("a compound was not measured on every kinase: scores would not compare")
    hits = wide[wide[kinase] > hit]
    values = np.sort(hits.to_numpy(), axis=1)
    n = values.shape[1]
    rank = np.arange(1, n + 1)
    gini = 2 * (values * rank).sum(axis=1) / (n * values.sum(axis=1)) - (n + 1) / n
    n_hit = (values > hit).sum(axis=1)
    table = pd.DataFrame(
        {
            "compound": hits.index.astype(str),
            "inhibition": hits[kinase].to_numpy(),
            "n_hit": n_hit,
            "n_kinases": n,
            "score": n_hit / n,
            "gini": gini,
        }
    )
    return table.sort_values(["n_hit", "gini"], ascending=[True, False]).reset_index(drop=True)


def hit_together(inhibition: pd.DataFrame, kinase: str, hit: float = HIT) -> pd.DataFrame:
    """Return how often the compounds that hit one kinase hit each of the others.

    Returns
    -------
    DataFrame
        kinase, n_hit, share (of the compounds that hit the kinase asked for), most often first.

    Raises
    ------
    Misuse
        If the kinase is not among those measured, or no compound hits it.
    """
    wide = inhibition.pivot(index="compound", columns="kinase", values="inhibition") > hit
    if kinase not in wide:
        raise Misuse(f"no kinase {kinase!r}; {closest(kinase, map(str, wide))}")
    own = wide[wide[kinase]]
    if own.empty:
        raise Misuse(f"no compound inhibits {kinase} by more than {hit:g} per cent")
    n = own.drop(columns=kinase).sum().sort_values(ascending=False, kind="stable")
    return pd.DataFrame({"kinase": n.index.astype(str), "n_hit": n.to_numpy()}).assign(
        share=n.to_numpy() / len(own)
    )
