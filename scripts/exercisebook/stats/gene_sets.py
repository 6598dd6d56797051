"""Tests of gene sets: competitive, self-contained, and of over-representation.

A competitive test asks whether the features of a set change more than the others do; a
self-contained one, whether they change at all. Features of a set go up and down together, so
counting them as independent finds sets in noise: all but over-representation respect that.
The table that comes back is in ``named_sets``; scores of sets by sample are in ``activities``.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import sparse, stats

from exercisebook.errors import Misuse, closest, listed
from exercisebook.stats.designs import (
    Design,
    cell_contrast,
    check_estimable,
    independent_columns,
)
from exercisebook.stats.linear import contrast_of, linear_fit, p_of_t
from exercisebook.stats.moderation import moderate
from exercisebook.stats.named_sets import (
    MINIMUM_FEATURES,
    NamedSets,
    Sets,
    gene_set_table,
    named_sets,
)
from exercisebook.stats.sign_flip import ENUMERATE_TO, sign_blocks

Floats = NDArray[np.float64]

PRESET = 0.01
"""Correlation between the features of a set that ``camera`` takes for granted."""

DRAWS = 9_999
"""Sign assignments drawn where there are too many to count."""

INCOMPLETE = f"correlation unknown: fewer than {MINIMUM_FEATURES} features without missing values"
"""Flag of a set whose own correlation cannot be estimated; it is returned without a test."""

WHOLE = "no feature outside the set"
"""Flag of a set that leaves nothing to compare it with; it is returned without a test."""


def camera(
    values: pd.DataFrame,
    design: Design,
    contrast: pd.Series | ArrayLike,
    sets: Sets,
    correlation: float | None = PRESET,
    blocks: bool = True,
) -> pd.DataFrame:
    r"""Test whether the features of a set change more than the others, in one direction.

    Moderated t become normal scores :math:`z`. Of the :math:`G` scores :math:`m` are in the set,
    and the variance of their mean is inflated by the correlation :math:`\rho` of its features:

    .. math:: t = \frac{\bar z_{in} - \bar z_{out}}
                       {s \sqrt{(1 + (m - 1) \rho) / m + 1 / (G - m)}}

    with :math:`s` pooled within the two groups. The inflation counts as 1 where the estimated
    correlation is below zero.

    Parameters
    ----------
    values : DataFrame, shape (samples, features)
        Usually log2; NaN where a sample has no value. Rows as in the design.
    design : Design
    contrast : Series or array_like, shape (q,)
        A row of ``contrasts.csv``, or the weight of every column of the design.
    sets : mapping or DataFrame
        Names of features by name of set, or the columns set and feature.
    correlation : float or None
        Between the features of every set, with :math:`G - 2` degrees of freedom; or None, to
        estimate each set's own from the residuals, with at most their degrees of freedom.
    blocks : bool
        Whether every person has a level of his or her own.

    Returns
    -------
    DataFrame
        ``GENE_SETS``, sets in the order given; the correlation is the one used or estimated.

    Raises
    ------
    Misuse
        If rows do not match the design, the contrast is not estimable, fewer than three features
        can be tested, or there is no set.
    ValueError
        If the correlation is not from 0 to below 1.

    Notes
    -----
    Features with missing values are tested on what they have; a set's correlation is estimated
    from its complete ones. A preset of .01 ranks sets well, and finds sets of co-regulated
    features too often where nothing happens; an estimated correlation holds its level, at a cost
    in power.

    References
    ----------
    Wu and Smyth (2012), Nucleic Acids Res 40, e133. Hill (1970), Commun ACM 13, 617-619, for
    normal scores.
    """
    if correlation is not None and not 0 <= correlation < 1:
        raise ValueError(f"correlation {correlation}: it must be from 0 to below 1")
    weights = _weights(design, contrast, blocks)
    y = _varying(values, design)
    z = _normal_scores(y.to_numpy(float), design, weights, blocks)
    tested = y.columns[np.isfinite(z)]
    z = z[np.isfinite(z)]
    if len(z) < 3:
        raise Misuse(f"{len(z)} features can be tested; a competitive test needs at least 3")
    found, used = named_sets(sets, values.columns), named_sets(sets, tested)
    df, unknown = len(z) - 2.0, np.zeros(len(used.names), bool)
    rho = np.full(len(used.names), np.nan if correlation is None else correlation)
    if correlation is None:
        effects = _effects(y[tested], design, weights, blocks)
        rho = _set_correlations(effects[1:], named_sets(sets, effects.columns))
        df = min(df, len(effects) - 1.0)
        unknown = np.isnan(rho) & _enough(used)
    t = _two_groups(z, used, np.maximum(1 + (used.n_measured - 1) * rho, 1))
    return gene_set_table(
        found,
        used.n_measured,
        len(z),
        f"camera, correlation {'estimated' if correlation is None else correlation}",
        statistic=t,
        p_value=p_of_t(t, df),
        direction=_direction(t),
        correlation=rho,
        flag=np.select([unknown, used.n_measured == len(z)], [INCOMPLETE, WHOLE], "").tolist(),
    )


def fry(
    values: pd.DataFrame,
    design: Design,
    contrast: pd.Series | ArrayLike,
    sets: Sets,
    blocks: bool = True,
) -> pd.DataFrame:
    r"""Test whether the features of a set change, in one direction, by rotation without rotating.

    The design leaves each feature one effect of the contrast and :math:`d` residual effects,
    independent and of one variance if nothing changes. Standardised and averaged over the
    features of a set to :math:`\bar u_0, \dots, \bar u_d`, they give what infinitely many
    rotations of the residuals would: a t with :math:`d` degrees of freedom,

    .. math:: t = \bar u_0 \Big/ \sqrt{\tfrac 1 d \sum_{k=1}^{d} \bar u_k^2}

    Parameters
    ----------
    values, design, contrast, sets, blocks
        As for ``camera``. Features with missing values are left out: a rotation needs them all
        on the same samples.

    Returns
    -------
    DataFrame
        ``GENE_SETS``, sets in the order given.

    Raises
    ------
    Misuse
        If rows do not match the design, the contrast is not estimable, no feature is complete,
        or there is no set.

    Notes
    -----
    A feature is standardised by a moderated variance of all its effects but the largest. Which is
    the largest depends on the directions in which residuals are expressed, and these follow the
    order of samples and columns: reordering 39 samples of 500 features moved p by 4 % of itself
    in the median, by 40 % at most, here as in limma. The columns come in the order persons,
    phases, covariates, contrast, so that both agree for a formula in that order.

    References
    ----------
    Wu et al. (2010), Bioinformatics 26, 2176-2182, for rotation tests of sets; the closed form is
    that of ``fry`` in limma 3.54 by Giner and Smyth.
    """
    weights = _weights(design, contrast, blocks)
    effects = _effects(_varying(values, design), design, weights, blocks)
    found, used = named_sets(sets, values.columns), named_sets(sets, effects.columns)
    u = effects.to_numpy(float)
    means = _means(used, u / np.sqrt(_robust_variance(u)))
    df = len(u) - 1
    t = means[0] / np.sqrt((means[1:] ** 2).mean(axis=0))
    return gene_set_table(
        found,
        used.n_measured,
        effects.shape[1],
        "fry",
        statistic=t,
        p_value=p_of_t(t, df),
        direction=_direction(t),
    )


def set_sign_flips(
    differences: pd.DataFrame, sets: Sets, rng: np.random.Generator | None = None
) -> pd.DataFrame:
    r"""Test whether the features of a set change by flipping the signs of persons.

    Two questions: in one direction, by the mean over the set of the moderated t of its features,
    :math:`|\bar t|`; and mixed, by the mean of :math:`t^2`, which grows too where some features
    rise and others fall.

    Parameters
    ----------
    differences : DataFrame, shape (persons, features)
        Within-person differences; NaN where a person has none.
    sets : mapping or DataFrame
        As for ``camera``.
    rng : Generator, optional
        Needed above 20 persons, where 9,999 assignments are drawn: p = (b + 1) / 10,000.

    Returns
    -------
    DataFrame
        ``GENE_SETS``: all sets in one direction (method ``sign flips``), then all sets mixed
        (``sign flips, mixed``). ``p_max`` is adjusted by the largest statistic over the sets of
        each assignment, and like the q value for one of the two methods at a time.

    Raises
    ------
    Misuse
        If there is no set, or two features have one name.
    ValueError
        If there are fewer than two persons, more than 20 and no ``rng``, an infinite difference,
        or fewer than two features to test.

    Notes
    -----
    All features of a person flip together, so their correlation is respected. Exact if
    differences are symmetric about zero: the prior of the variances is estimated from mean
    squares about zero, which no flip alters. With 13 persons, 5,000 sets over 20,000 features
    take seconds; with 20, all half a million assignments of 500 sets take a minute or two.

    For max-T, statistics of sets must be of one size. With
    :math:`w_{ig} = d_{ig} / \sqrt{\sum_i d_{ig}^2}`, sums of flipped :math:`w` have the standard
    deviation :math:`\sqrt{\sum_i \bar w_i^2}` in the mean over a set and
    :math:`2 \sqrt{\sum_{i<j} \overline{w_i w_j}^2}` in the mean square, which is 1 on average:
    :math:`\bar t` and :math:`\overline{t^2} - 1` are given as multiples of these.

    References
    ----------
    Fisher (1935), The Design of Experiments, section 21. Westfall and Young (1993),
    Resampling-Based Multiple Testing. Goeman and Bühlmann (2007), Bioinformatics 23, 980-987, for
    why persons and not features are the units. Phipson and Smyth (2010), Stat Appl Genet Mol Biol
    9, 39, for drawn assignments.
    """
    d = differences.to_numpy(float)
    if len(d) < 2 or (len(d) > ENUMERATE_TO and rng is None):
        raise ValueError(f"{len(d)} persons: give at least 2, and rng above {ENUMERATE_TO}")
    if np.isinf(d).any():
        raise ValueError("infinite differences; give NaN where there is none")
    tested = (np.nansum(d**2, axis=0) > 0) & (np.isfinite(d).sum(axis=0) > 1)
    found = named_sets(sets, differences.columns)
    used = named_sets(sets, differences.columns[tested])
    tests = _flip_sets(d[:, tested], used, rng)
    directions: tuple[ArrayLike, ...] = (_direction(tests[0].statistic), "mixed")
    tables = [
        gene_set_table(
            found,
            used.n_measured,
            int(tested.sum()),
            method,
            statistic=test.statistic,
            p_value=test.p_value,
            direction=direction,
            p_max=test.p_max,
        )
        for method, test, direction in zip(
            ("sign flips", "sign flips, mixed"), tests, directions, strict=True
        )
    ]
    return pd.concat(tables, ignore_index=True)


def over_representation(hits: Iterable[str], background: Iterable[str], sets: Sets) -> pd.DataFrame:
    r"""Test whether a set holds more of the hits than as many features drawn at random.

    Of :math:`N` features in the background :math:`K` are hits; of the :math:`n` in the set
    :math:`k` are. Then :math:`p = P(X \ge k)` for a hypergeometric :math:`X`, and the statistic
    is the odds ratio :math:`k (N - K - n + k) / ((K - k)(n - k))`.

    Parameters
    ----------
    hits : iterable of str
        Features called changed.
    background : iterable of str
        All features that were measured and could have been hits. Only these count: a set is cut
        down to them. All genes there are would make everything that a tissue or a panel holds
        look enriched.
    sets : mapping or DataFrame
        As for ``camera``.

    Returns
    -------
    DataFrame
        ``GENE_SETS``; ``n_background`` is the size of the background, ``n_hits`` the hits in the
        set.

    Raises
    ------
    Misuse
        If a hit is not in the background, the background is empty, or there is no set.

    Notes
    -----
    Features count as independent. They are not, so p is too small for sets of co-regulated
    features: a description of a list of hits rather than a test over persons.

    References
    ----------
    Fisher (1935), J R Stat Soc 98, 39-82, for the exact test. Goeman and Bühlmann (2007),
    Bioinformatics 23, 980-987, for what is wrong with it.
    """
    measured = pd.Index(dict.fromkeys(background))
    chosen = list(dict.fromkeys(hits))
    _check_hits(chosen, measured)
    found = named_sets(sets, measured)
    big_n, big_k, n = len(measured), len(chosen), found.n_measured
    k = found.membership @ measured.isin(chosen).astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = k * (big_n - big_k - n + k) / ((big_k - k) * (n - k))
    return gene_set_table(
        found,
        n,
        big_n,
        "over-representation",
        statistic=odds,
        p_value=stats.hypergeom.sf(k - 1, big_n, big_k, n),
        n_hits=k,
    )


def _check_hits(hits: list[str], background: pd.Index) -> None:
    if len(background) == 0:
        raise Misuse("the background is empty; give the features that were measured")
    strays = [hit for hit in hits if hit not in background]
    if strays:
        raise Misuse(
            f"hits that are not in the background: {listed(strays, 5)}; "
            f"a hit must be among the features measured "
            f"({strays[0]!r}: {closest(str(strays[0]), map(str, background))})"
        )


def _weights(design: Design, contrast: pd.Series | ArrayLike, blocks: bool) -> Floats:
    """Return the weight of every column, once it is sure that the design can tell the contrast."""
    if isinstance(contrast, pd.Series) and "phase" in contrast.index:
        weights, name = cell_contrast(design, contrast), str(contrast.get("contrast", "contrast"))
    else:
        weights, name = np.asarray(contrast, float), "contrast"
    q = design.columns.shape[1]
    if weights.shape != (q,) or not weights.any():
        raise Misuse(f"contrast of shape {weights.shape}: give {q} weights, not all zero")
    check_estimable(design, weights, blocks, name)
    return weights


def _varying(values: pd.DataFrame, design: Design) -> pd.DataFrame:
    """Return the features that vary: one that does not can neither change nor stay."""
    if not values.index.equals(design.columns.index):
        raise Misuse("the rows of the values are not those of the design; reindex them alike")
    return values.loc[:, (values.max() > values.min()).to_numpy()]


def _normal_scores(y: Floats, design: Design, weights: Floats, blocks: bool) -> Floats:
    """Return the moderated t of each feature on the normal scale; NaN where there is none."""
    kept = independent_columns(design, blocks)
    fit = linear_fit(y, design.matrix[:, kept], design.persons if blocks else None)
    found = contrast_of(fit, weights[kept])
    moderated = moderate(fit.variance, fit.df)
    t = found.estimate / (found.unscaled * np.sqrt(moderated.variance))
    return normal_score(t, moderated.df_total)


def normal_score(t: ArrayLike, df: ArrayLike) -> Floats:
    r"""Return the normal deviate with the tail probability of a t.

    With :math:`a = df - 1/2`, :math:`b = 48 a^2` and :math:`y = a \log(1 + t^2 / df)`,

    .. math:: |z| = \sqrt y \left(1 + \frac{1}{b}\left(y + 3 -
              \frac{0.4 y^3 + 3.3 y^2 + 24 y + 85.5}{0.8 y^2 + 100 + b}\right)\right)

    Parameters
    ----------
    t, df : array_like

    Returns
    -------
    ndarray
        Off by up to 4 parts in a thousand at 2 degrees of freedom, by one in a million above 20.

    References
    ----------
    Hill (1970), Commun ACM 13, 617-619, algorithm 395.
    """
    t, df = np.asarray(t, float), np.asarray(df, float)
    a = df - 0.5
    b = 48 * a**2
    y = a * np.log1p(t**2 / df)
    tail = np.polyval([0.4, 3.3, 24, 85.5], y) / (0.8 * y**2 + 100 + b)
    return np.sign(t) * np.sqrt(y) * (1 + (y + 3 - tail) / b)


def _effects(y: pd.DataFrame, design: Design, weights: Floats, blocks: bool) -> pd.DataFrame:
    """Return effects of complete features: the contrast first, then one a residual df.

    Orthogonal combinations of the samples, free of all that the contrast is adjusted for.
    """
    complete = y.loc[:, y.notna().all().to_numpy()]
    if complete.shape[1] == 0:
        raise Misuse("no feature without missing values; fill them, or use a preset correlation")
    columns = np.column_stack([_adjusted_for(design, weights, blocks), design.matrix @ weights])
    last = columns.shape[1] - 1
    if last + 1 >= len(columns):
        raise Misuse("the design leaves no residual degrees of freedom; leave a covariate out")
    q, r = np.linalg.qr(columns, mode="complete")
    effects = q[:, last:].T @ complete.to_numpy(float)
    effects[0] *= np.sign(r[last, last])
    return pd.DataFrame(effects, columns=complete.columns)


def _adjusted_for(design: Design, weights: Floats, blocks: bool) -> Floats:
    """Return independent columns of what is no part of the contrast, persons first.

    A later column defines a residual direction only by what those before it leave over: this is
    the order of a formula with persons, then phases, then covariates, and the contrast last.
    """
    x = design.matrix
    cells = weights[: len(design.cells)]
    # the mean of all samples is beside a contrast of cells, but not beside a mean of cells
    level = np.ones((len(x), int(abs(cells.sum()) < 1e-9)))
    beside = np.linalg.qr(weights[:, None], mode="complete")[0][:, 1:]
    others = pd.DataFrame(np.column_stack([level, x[:, weights == 0], x @ beside]))
    kept = independent_columns(Design(others, [], design.persons), blocks)
    first = np.empty((len(x), 0))
    if blocks:
        codes = np.arange(1, design.persons.max() + 1)
        first = np.column_stack([np.ones(len(x)), design.persons[:, None] == codes])
    return np.column_stack([first, others.to_numpy()[:, kept]])


def _robust_variance(effects: Floats) -> Floats:
    """Return moderated variances of all effects but the largest, (d + 1, m) to (m,).

    The largest of d + 1 squares is left out lest a true change inflate its own yardstick, and the
    sum of the others is divided by what it is expected to be. Leaving one out costs some 8 % of
    the degrees of freedom.
    """
    squares = effects**2
    df = len(squares) - 1
    rest = (squares.sum(axis=0) - squares.max(axis=0)) / (df + 1 - _expected_largest(df + 1))
    prior = moderate(squares[1:].mean(axis=0), df)
    own = 0.92 * df / (0.92 * df + prior.df_prior)
    return own * rest + (1 - own) * prior.variance_prior


def _expected_largest(count: int) -> float:
    """Return the mean of the largest of ``count`` squared standard normals."""
    nodes, shares = np.polynomial.legendre.leggauss(128)
    u = (nodes + 1) / 2
    # chi-square of 1 degree of freedom at the quantile u, weighted by the density of a maximum
    return float((shares / 2 * count * u ** (count - 1) * stats.chi2.ppf(u, 1)).sum())


def _set_correlations(residuals: pd.DataFrame, sets: NamedSets) -> Floats:
    """Return the mean correlation of the features of each set; NaN below two features.

    From the variance of their mean over d residual effects: 1 + (m - 1) rho, divided by m.
    """
    u = residuals.to_numpy(float)
    variance = (u**2).mean(axis=0)
    # a feature without residuals must not be blown up from rounding
    u = u / np.sqrt(np.maximum(variance, 1e-8 * np.median(variance)))
    m = sets.n_measured
    inflation = m * (_means(sets, u) ** 2).mean(axis=0)
    return np.where(_enough(sets), (inflation - 1) / np.maximum(m - 1, 1), np.nan)


def _two_groups(z: Floats, sets: NamedSets, inflation: Floats) -> Floats:
    """Return t of the scores in each set against those outside; NaN if there are none outside."""
    m, count = sets.n_measured, len(z)
    outside = np.where(m < count, count - m, np.nan)
    inside_mean = _means(sets, z[None])[0]
    difference = (inside_mean - z.mean()) * count / outside
    between = difference**2 * m * outside / count
    pooled = (((z - z.mean()) ** 2).sum() - between) / (count - 2)
    return difference / np.sqrt(pooled * (inflation / np.maximum(m, 1) + 1 / outside))


def _means(sets: NamedSets, rows: Floats) -> Floats:
    """Return means over the features of each set, (k, m) to (k, s); NaN for an empty set."""
    size = np.where(sets.n_measured > 0, sets.n_measured, np.nan)
    return (sets.membership @ rows.T).T / size


def _enough(sets: NamedSets) -> NDArray[np.bool_]:
    return sets.n_measured >= MINIMUM_FEATURES


def _direction(statistic: Floats) -> NDArray[np.str_]:
    return np.where(statistic < 0, "down", "up")


@dataclass(frozen=True)
class _SetFlips:
    """Statistic, p value and max-T p value of each set, shape (s,)."""

    statistic: Floats
    p_value: Floats
    p_max: Floats


def _flip_sets(
    d: Floats, sets: NamedSets, rng: np.random.Generator | None
) -> tuple[_SetFlips, _SetFlips]:
    """Return the tests in one direction and mixed, from the same sign assignments."""
    persons = len(d)
    exact = persons <= ENUMERATE_TO
    total, add = (2 ** (persons - 1), 0) if exact else (DRAWS, 1)
    in_a_set = sets.membership.sum(axis=0) > 0
    t_of = _moderated_t(d, in_a_set)
    shares = sets.membership.multiply(1 / np.maximum(sets.n_measured, 1)[:, None])
    shares = shares.tocsr()[:, in_a_set]
    one_way, mixed = _flip_scales(d[:, in_a_set], shares)

    def statistics(signs: Floats) -> Floats:
        t = t_of(signs)
        return np.stack([shares @ t * one_way[:, None], (shares @ t**2 - 1) * mixed[:, None]])

    observed = statistics(np.ones((1, persons)))[:, :, 0]
    size = np.stack([np.abs(observed[0]), observed[1]])
    # equal but for rounding must count as equal
    threshold = (size - 1e-9 * (1 + np.abs(size)))[:, :, None]
    alone, largest = np.zeros(size.shape), np.zeros(size.shape)
    testable = _enough(sets)
    for signs in sign_blocks(persons, total, exact, rng, sum(shares.shape)):
        flipped = statistics(signs)
        np.abs(flipped[0], out=flipped[0])
        alone += (flipped >= threshold).sum(axis=2)
        greatest = flipped[:, testable].max(axis=1, initial=-np.inf)
        largest += (greatest[:, None] >= threshold).sum(axis=2)
    p, p_max = (alone + add) / (total + add), (largest + add) / (total + add)
    return _SetFlips(observed[0], p[0], p_max[0]), _SetFlips(observed[1], p[1], p_max[1])


def _moderated_t(d: Floats, wanted: NDArray[np.bool_]) -> Callable[[Floats], Floats]:
    """Return the function from signs, (k, persons), to moderated t, (wanted features, k).

    All features tell the prior. A posterior variance is that of the squares, which no flip alters,
    less a share of the flipped mean.
    """
    present = np.isfinite(d)
    filled, n = np.where(present, d, 0.0), present.sum(axis=0)
    squares = (filled**2).sum(axis=0)
    prior = moderate(squares / n, n)
    own = (n - 1) / (n - 1 + prior.df_prior)
    level = own * squares / (n - 1) + (1 - own) * prior.variance_prior
    share = own * n / (n - 1)
    # t = z / sqrt(a - b z^2), where z is the mean times the root of n
    scaled = (filled / np.sqrt(n)).T[wanted]
    a, b = level[wanted, None], (share / n)[wanted, None]

    def t_of(signs: Floats) -> Floats:
        z = scaled @ signs.T
        return z / np.sqrt(a - b * z**2)

    return t_of


def _flip_scales(d: Floats, shares: sparse.csr_array) -> tuple[Floats, Floats]:
    """Return one over the standard deviations that flips give, in one direction and mixed."""
    w = np.nan_to_num(d / np.sqrt(np.nansum(d**2, axis=0)))
    one_way = ((shares @ w.T) ** 2).sum(axis=1)
    pairs = [((shares @ (w[i + 1 :] * w[i]).T) ** 2).sum(axis=1) for i in range(len(w) - 1)]
    return _inverse_root(one_way), _inverse_root(4 * np.sum(pairs, axis=0))


def _inverse_root(variance: Floats) -> Floats:
    """Return one over the root; 0 where flips change nothing, which makes p 1."""
    changes = variance > 1e-20
    return np.where(changes, 1 / np.sqrt(np.where(changes, variance, 1.0)), 0.0)
