"""Does the whole composition shift between phases? Distances of samples, tested within persons.

One answer for all taxa or cell types together; which of them moved is for ``taxa`` and
``composition``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations
from math import factorial, prod

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.distance import pdist, squareform

from exercisebook.errors import Misuse
from exercisebook.stats.composition import PSEUDO_COUNT, checked_counts, clr, depth_pseudo_count

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

_BLOCK_CELLS = 4_000_000
"""Numbers that one batch of arrangements may hold; it bounds the memory."""


@dataclass(frozen=True)
class WithinPersons:
    """The outcome of a permutational analysis of variance within persons.

    Attributes
    ----------
    f : float
        Pseudo-F: mean square of phases over residual mean square, both within persons.
    r2 : float
        Share of phases in the sum of squares within persons.
    p_value : float
    permutations : int
        How many arrangements of phases were used.
    exact : bool
        Whether these are all there are.
    n_subjects, n_observations : int
        Persons with two samples or more, and their samples.
    """

    f: float
    r2: float
    p_value: float
    permutations: int
    exact: bool
    n_subjects: int
    n_observations: int

    @property
    def note(self) -> str:
        """What a reader must know to use the p value."""
        how = f"all {self.permutations:,}" if self.exact else f"{self.permutations:,} drawn"
        return (
            f"{how} arrangements of phases within {self.n_subjects} persons; "
            "a change in spread counts as well as one in place"
        )


def permanova_within(
    distances: ArrayLike,
    samples: pd.DataFrame,
    contrast: pd.Series | None,
    rng: np.random.Generator,
    draws: int = 9_999,
) -> WithinPersons:
    r"""Test whether samples of different phases lie further apart than chance would have them.

    With :math:`A = -\tfrac12 D^2`, element by element, :math:`Q` the projection that takes out
    every person's mean, and :math:`H` the projection on what :math:`Q` leaves of the phases,

    .. math:: SS_{within} = \operatorname{tr}(QAQ), \quad SS_{phase} = \operatorname{tr}(HA), \quad
              F = \frac{SS_{phase} / r}{(SS_{within} - SS_{phase}) / (n - b - r)}

    for :math:`n` samples of :math:`b` persons and :math:`r` the rank of :math:`H`; Gower's
    centring is part of :math:`Q`. Phases are rearranged within each person only. All arrangements
    are counted where there are no more than ``draws``, as for two phases of up to 13 persons;
    else they are drawn, and p is one more than the number as extreme over ``draws + 1``.

    Parameters
    ----------
    distances : array_like, shape (n, n)
        Between samples.
    samples : DataFrame, length n
        subject, arm and phase of the rows.
    contrast : Series or None
        contrast, phase, reference_phase, arm, reference_arm: samples of this arm in the two
        phases are compared. None compares all phases at once, of samples of a single arm.
    rng : Generator
        Used where arrangements are drawn.
    draws : int

    Returns
    -------
    WithinPersons
        Persons with a single sample tell nothing and are left out.

    Raises
    ------
    Misuse
        If distances are none, the contrast compares arms, a person has two samples of one
        phase, fewer than two persons have two samples, phases leave no residual, or all samples
        of every person are alike.

    Notes
    -----
    The hypothesis is that phases can be exchanged within a person; it also fails where phases
    differ only in how far samples scatter. Unequal sequencing depth does that to log ratios of
    rare taxa; the shares of Bray and Curtis hardly feel it. With two phases p is at least
    :math:`2^{1 - b}`.

    References
    ----------
    Anderson (2001), Austral Ecol 26, 32-46. McArdle and Anderson (2001), Ecology 82, 290-297, for
    projections. Anderson and ter Braak (2003), J Stat Comput Simul 73, 85-113, for permuting
    within blocks. Phipson and Smyth (2010), Stat Appl Genet Mol Biol 9, 39.
    """
    whole = _checked_distances(distances, len(samples))
    rows = _rows_compared(samples, contrast)
    table = samples.iloc[rows]
    persons = pd.factorize(table["subject"])[0].astype(np.int64)
    n_subjects = int(persons.max()) + 1
    centred, basis = _within_parts(whole[np.ix_(rows, rows)], persons, table["phase"])
    within, r = float(np.trace(centred)), basis.shape[1]
    df = len(rows) - n_subjects - r
    if df < 1:
        raise Misuse("phases leave no residual within persons; bring more persons")
    phase = float(_explained(centred, basis, np.arange(len(rows))[None])[0])
    p_value, used, exact = _p_value(centred, basis, persons, phase - 1e-10 * within, rng, draws)
    residual = (within - phase) / df
    f = phase / r / residual if residual > 1e-12 * within else np.inf
    return WithinPersons(f, phase / within, p_value, used, exact, n_subjects, len(rows))


def aitchison_distances(counts: pd.DataFrame, pseudo_count: float = PSEUDO_COUNT) -> Floats:
    """Return Euclidean distances of centred log ratios.

    A factor on some feature that one person has in all samples moves these samples alike, and
    is gone where persons' means are taken out.

    Parameters
    ----------
    counts : DataFrame, shape (samples, features)
        Counts, not shares; the index holds sample ids.
    pseudo_count : float
        Added to every count, in proportion to a sample's depth; its average over samples.

    Returns
    -------
    ndarray, shape (samples, samples)
        In natural logarithms.

    Raises
    ------
    InvalidInput
        If counts are not counts.
    Misuse
        If the pseudo-count is not above 0.

    References
    ----------
    Aitchison (1982), J R Stat Soc B 44, 139-177.
    """
    table = checked_counts(counts)
    return squareform(pdist(clr(table, depth_pseudo_count(table, pseudo_count))))


def bray_curtis_distances(counts: pd.DataFrame) -> Floats:
    r"""Return half the summed differences of shares, :math:`\tfrac12 \sum_k |p_{ik} - p_{jk}|`.

    Shares, not counts, so that sequencing depth is no distance.

    Parameters
    ----------
    counts : DataFrame, shape (samples, features)
        The index holds sample ids.

    Returns
    -------
    ndarray, shape (samples, samples)
        From 0, the same shares, to 1, nothing in common.

    Raises
    ------
    InvalidInput
        If counts are not counts.

    References
    ----------
    Bray and Curtis (1957), Ecol Monogr 27, 325-349.
    """
    table = checked_counts(counts).to_numpy()
    return squareform(pdist(table / table.sum(axis=1, keepdims=True), "braycurtis"))


def _checked_distances(distances: ArrayLike, n: int) -> Floats:
    d = np.asarray(distances, float)
    if d.shape != (n, n):
        raise Misuse(f"distances {d.shape} for {n} samples; ({n}, {n}) are needed")
    if not np.isfinite(d).all() or (d < 0).any():
        raise Misuse("distances must be finite and not below zero")
    size = max(d.max(initial=0.0), np.finfo(float).tiny)
    if np.abs(d - d.T).max(initial=0.0) > 1e-9 * size or np.diag(d).max(initial=0.0) > 1e-9 * size:
        raise Misuse("distances must be symmetric, and zero from a sample to itself")
    return d


def _rows_compared(samples: pd.DataFrame, contrast: pd.Series | None) -> Codes:
    """Return the positions of the samples that take part: of persons with at least two."""
    if contrast is None:
        if samples["arm"].nunique() > 1:
            raise Misuse("samples of several arms; give a contrast, or the samples of one arm")
        asked = np.ones(len(samples), bool)
    else:
        if contrast["arm"] != contrast["reference_arm"]:
            raise Misuse(f"{contrast['contrast']!r} compares arms; phases of one arm are needed")
        phases = [contrast["phase"], contrast["reference_phase"]]
        asked = ((samples["arm"] == contrast["arm"]) & samples["phase"].isin(phases)).to_numpy()
    table = samples.iloc[np.flatnonzero(asked)]
    again = table[table.duplicated(["subject", "phase"])]
    if len(again):
        first = again.iloc[0]
        raise Misuse(f"{first['subject']!r} has two samples of phase {first['phase']!r}; keep one")
    several = table.groupby("subject")["phase"].transform("size").to_numpy() > 1
    if table["subject"][several].nunique() < 2:
        raise Misuse("fewer than two persons have samples of two phases")
    return np.flatnonzero(asked)[several]


def _within_parts(distances: Floats, persons: Codes, phases: pd.Series) -> tuple[Floats, Floats]:
    """Return the inner products of samples, and a basis of phases, both within persons."""
    same = (persons[:, None] == persons).astype(float)
    projection = np.eye(len(persons)) - same / same.sum(axis=1, keepdims=True)
    squares = -0.5 * distances**2
    centred = projection @ squares @ projection
    if np.trace(centred) <= 1e-12 * np.abs(squares).max():
        raise Misuse("the samples of every person are all alike: nothing varies within persons")
    return centred, _span(projection @ pd.get_dummies(phases).to_numpy(float))


def _span(columns: Floats) -> Floats:
    """Return an orthonormal basis of the columns' span."""
    left, size, _ = np.linalg.svd(columns, full_matrices=False)
    return left[:, size > 1e-9]


def _explained(centred: Floats, basis: Floats, orders: Codes) -> Floats:
    """Return the sum of squares of phases, tr(U'AU), for rows of the basis in these orders."""
    batch, n = orders.shape
    u = basis[orders.T].reshape(n, -1)
    return ((centred @ u) * u).sum(axis=0).reshape(batch, -1).sum(axis=1)


def _p_value(
    centred: Floats,
    basis: Floats,
    persons: Codes,
    least: float,
    rng: np.random.Generator,
    draws: int,
) -> tuple[float, int, bool]:
    """Return p, how many arrangements it rests on, and whether these are all.

    An arrangement counts if it explains at least ``least``. Sums of squares serve as well as F,
    since arrangements do not change their total.
    """
    total = prod(factorial(size) for size in np.bincount(persons).tolist())
    exact = total <= draws
    r = basis.shape[1]
    orders = _all_orders(persons, r) if exact else _drawn_orders(persons, r, rng, draws)
    extreme = sum(int((_explained(centred, basis, each) >= least).sum()) for each in orders)
    return (extreme / total, total, True) if exact else ((extreme + 1) / (draws + 1), draws, False)


def _batches(total: int, width: int) -> Iterator[range]:
    step = max(1, _BLOCK_CELLS // width)
    for start in range(0, total, step):
        yield range(start, min(start + step, total))


def _all_orders(persons: Codes, r: int) -> Iterator[Codes]:
    """Yield every order of samples that leaves each person's samples among themselves."""
    rows = [np.flatnonzero(persons == person) for person in range(persons.max() + 1)]
    own = [np.array(list(permutations(positions))) for positions in rows]
    sizes = [len(choices) for choices in own]
    for part in _batches(prod(sizes), len(persons) * r):
        orders = np.empty((len(part), len(persons)), np.int64)
        for positions, choices, digit in zip(
            rows, own, np.unravel_index(np.array(part), sizes), strict=True
        ):
            orders[:, positions] = choices[digit]
        yield orders


def _drawn_orders(persons: Codes, r: int, rng: np.random.Generator, draws: int) -> Iterator[Codes]:
    """Yield random orders of samples that leave each person's samples among themselves."""
    by_person = np.argsort(persons, kind="stable")
    for part in _batches(draws, len(persons) * r):
        keys = persons[by_person] + rng.random((len(part), len(persons)))
        orders = np.empty(keys.shape, np.int64)
        orders[:, by_person] = by_person[np.argsort(keys, axis=1)]
        yield orders
