"""Sets of features given by name, how they meet what was measured, and the table of their tests.

No test lives here. A set of which too little was measured stays in the table and says so.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from exercisebook.errors import Misuse, closest
from exercisebook.stats.effects import joined_flags
from exercisebook.stats.multiplicity import benjamini_hochberg
from exercisebook.stats.schemas import GENE_SETS

MINIMUM_FEATURES = 2
"""Below this a set is one feature or none, and has no test as a set."""

UNMEASURED = "none of its features measured"
"""Flag of a set that shares no feature with the data; it is returned without a test."""

TOO_FEW = f"fewer than {MINIMUM_FEATURES} features to test"
"""Flag of a set with too few features for a test of a set; it is returned without one."""


Sets: TypeAlias = Mapping[str, Iterable[str]] | pd.DataFrame
"""Names of features by name of set; or a frame with the columns set and feature."""


@dataclass(frozen=True)
class NamedSets:
    """Sets of features against the features at hand.

    Attributes
    ----------
    names : list of str, length s
    n_named : ndarray of int, shape (s,)
        Features in each set as given, each counted once.
    membership : sparse array, shape (s, m)
        1 where a feature at hand is in a set.
    """

    names: list[str]
    n_named: NDArray[np.int64]
    membership: sparse.csr_array

    @property
    def n_measured(self) -> NDArray[np.int64]:
        """Features of each set that are at hand, shape (s,)."""
        return self.membership.sum(axis=1).astype(np.int64)


def named_sets(sets: Sets, features: Sequence[str] | pd.Index) -> NamedSets:
    """Return which of the features at hand are in which set.

    Parameters
    ----------
    sets : mapping or DataFrame
        Names of features by name of set, or the columns set and feature. A feature that a set
        names twice counts once.
    features : sequence of str, length m

    Returns
    -------
    NamedSets
        In the order in which the sets are given.

    Raises
    ------
    Misuse
        If there is no set, a column is absent, a set is given as one string or a feature is
        without a name, or two features at hand have one name.
    """
    table = _long(sets)
    at_hand = pd.Index(features)
    if not at_hand.is_unique:
        twice = at_hand[at_hand.duplicated()][0]
        raise Misuse(f"two features are called {twice!r}; give each a name of its own")
    names: list[str] = list(sets if isinstance(sets, Mapping) else table["set"].unique())
    rows = pd.Index(names).get_indexer(table["set"])
    columns = at_hand.get_indexer(table["feature"])
    known = columns >= 0
    membership = sparse.csr_array(
        (np.ones(known.sum()), (rows[known], columns[known])), shape=(len(names), len(at_hand))
    )
    n_named = np.bincount(rows, minlength=len(names)).astype(np.int64)
    return NamedSets([str(name) for name in names], n_named, membership)


def _long(sets: Sets) -> pd.DataFrame:
    """Return the distinct pairs of set and feature, checked."""
    if len(sets) == 0:
        raise Misuse("there are no sets to test; give at least one")
    if isinstance(sets, pd.DataFrame):
        for column in ("set", "feature"):
            if column not in sets:
                hint = closest(column, map(str, sets.columns))
                raise Misuse(f"the table of sets has no column {column!r}; {hint}")
        table = sets[["set", "feature"]]
    else:
        for name, members in sets.items():
            if isinstance(members, str):
                raise Misuse(f"set {name!r} is one string; give a list of names of features")
        pairs = [(name, feature) for name, members in sets.items() for feature in members]
        table = pd.DataFrame(pairs, columns=["set", "feature"])
    if table.isna().any(axis=None):
        row = table[table.isna().any(axis=1)].iloc[0]
        raise Misuse(
            f"set {row['set']!r} has a feature {row['feature']!r}; every set and feature needs a "
            f"name, so leave the row out or fill it"
        )
    return table.drop_duplicates()


def gene_set_table(
    sets: NamedSets,
    n_features: NDArray[np.int64],
    n_background: int,
    method: str,
    *,
    statistic: ArrayLike,
    p_value: ArrayLike,
    direction: ArrayLike = "",
    n_hits: ArrayLike = np.nan,
    correlation: ArrayLike = np.nan,
    p_max: ArrayLike = np.nan,
    flag: Sequence[str] = (),
) -> pd.DataFrame:
    """Return the table of one method, with q values, flags, and no test of too small a set.

    Parameters
    ----------
    sets : NamedSets
        Against the features measured.
    n_features : ndarray of int, shape (s,)
        Features that the test of each set used.
    n_background : int
        Features tested, in a set or not.
    method : str
    statistic, p_value, direction, n_hits, correlation, p_max : array_like, shape (s,) or ()
    flag : sequence of str, length s, optional
        What the method has to say of each set.

    Returns
    -------
    DataFrame
        Valid under ``GENE_SETS``; q values by Benjamini and Hochberg over the sets tested.
    """
    tested = n_features >= MINIMUM_FEATURES
    size = np.select([sets.n_measured == 0, ~tested], [UNMEASURED, TOO_FEW], "").tolist()
    missed = [f"{k} measured but not testable" if k else "" for k in sets.n_measured - n_features]

    def of_tested(numbers: ArrayLike) -> NDArray[np.float64]:
        return np.where(tested, np.asarray(numbers, float), np.nan)

    p = of_tested(p_value)
    frame = pd.DataFrame(
        {
            "set": sets.names,
            "n_features": n_features,
            "n_named": sets.n_named,
            "n_background": n_background,
            "direction": np.where(np.isfinite(p), direction, ""),
            "statistic": of_tested(statistic),
            "p_value": p,
            "q_value": benjamini_hochberg(p),
            "method": method,
            "flag": joined_flags(size, missed, list(flag) if len(flag) else [""] * len(size)),
            "n_hits": n_hits,
            "correlation": of_tested(correlation),
            "p_max": of_tested(p_max),
        }
    )
    return GENE_SETS.validate(frame[list(GENE_SETS.columns)])
