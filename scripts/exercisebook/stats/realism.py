"""How data look: measures taken alike of simulated and of open data, to be drawn together.

Nothing here tests or gates anything. Whether a measure lies in its band is for the appendix that
shows it; where simulated data come from is for ``simulate``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.stats import poisson

from exercisebook.errors import Misuse, listed
from exercisebook.stats.composition import PSEUDO_COUNT, checked_counts, clr
from exercisebook.stats.variance_components import variance_components

Floats = NDArray[np.float64]

PERMUTATIONS = 50
"""Of the eigenvalues that independent features would have; their mean is what is returned."""

_MANY = 100
"""Cells from which the variance of a logarithm is one over their number, to a hundredth."""

FOLDS = 5
_TREES = 200
_SMALLEST_LEAF = 5


def count_moments(
    counts: "sparse.spmatrix | ArrayLike", groups: ArrayLike | None = None
) -> pd.DataFrame:
    r"""Return mean, variance and share of zeros of every gene, within groups of cells.

    Moments are taken in each group and averaged with weights :math:`n_g - 1`. The average of
    squared means, :math:`\overline{\mu^2}`, is kept too (each without bias,
    :math:`\bar y_g^2 - s_g^2 / n_g`): the square of an average mean is not it, and a dispersion
    over several groups needs it.

    Parameters
    ----------
    counts : sparse matrix or array_like, shape (cells, genes)
        Whole numbers from 0 up.
    groups : array_like, shape (cells,), optional
        What each cell belongs to, for example its donor and type; groups of one cell are left
        out. One group without it.

    Returns
    -------
    DataFrame
        mean, variance, zeros (a fraction), zeros_poisson (what counts of these means without
        overdispersion would have) and squared_mean, one row a gene in the order of the columns.

    Raises
    ------
    Misuse
        If a value is no count, groups do not match the cells, or no group has two cells.
    """
    table = _checked_cells(counts)
    member = _membership(groups, table.shape[0])
    size = np.asarray(member.sum(axis=1)).ravel()
    total, squares, seen = (
        (member @ part).toarray() for part in (table, table.power(2), (table > 0).astype(float))
    )
    mean = total / size[:, None]
    variance = (squares - size[:, None] * mean**2) / (size[:, None] - 1)
    weights = (size - 1) / (size - 1).sum()
    return pd.DataFrame(
        {
            "mean": weights @ mean,
            # a difference of sums can fall below zero by its rounding
            "variance": weights @ np.maximum(variance, 0),
            "zeros": weights @ (1 - seen / size[:, None]),
            "zeros_poisson": weights @ np.exp(-mean),
            "squared_mean": weights @ (mean**2 - variance / size[:, None]),
        }
    )


def _checked_cells(counts: "sparse.spmatrix | ArrayLike") -> sparse.csr_matrix:
    table = sparse.csr_matrix(counts, dtype=float)
    bad = ~np.isfinite(table.data) | (table.data < 0) | (table.data != np.floor(table.data))
    if bad.any():
        raise Misuse(f"{listed(table.data[bad], 3)} among the counts; whole numbers from 0 up")
    return table


def _membership(groups: ArrayLike | None, cells: int) -> sparse.csr_matrix:
    """Return which cells are of each group that has two or more."""
    labels = np.zeros(cells) if groups is None else np.asarray(groups)
    if labels.shape != (cells,):
        raise Misuse(f"groups of shape {labels.shape} for {cells} cells; one label a cell")
    code, names = pd.factorize(labels)
    if (code < 0).any():
        raise Misuse(f"{(code < 0).sum()} of {cells} cells have no group; leave them out")
    shape = (len(names), cells)
    member = sparse.csr_matrix((np.ones(cells), (code, np.arange(cells))), shape=shape)
    several = np.bincount(code, minlength=len(names)) > 1
    if not several.any():
        raise Misuse(f"{cells} cells in {len(names)} groups, none of two; a variance needs two")
    return member[several]


def moment_curve(moments: pd.DataFrame, points: ArrayLike) -> pd.DataFrame:
    """Return the share of zeros and the variance against the mean, on a grid fixed beforehand.

    Each point stands for the genes nearer to it than to its neighbours, by medians, so that
    curves of two data sets on the same grid can be laid over each other.

    Parameters
    ----------
    moments : DataFrame
        Of ``count_moments``.
    points : array_like, shape (k,)
        log10 of means, rising; at least two.

    Returns
    -------
    DataFrame
        log10_mean (the points), n_features, zeros, zeros_poisson, log10_variance; NaN where no
        gene lies.

    Raises
    ------
    Misuse
        If the points do not rise.
    """
    grid = _checked_points(points)
    place = _nearest(moments["mean"], grid)
    with np.errstate(divide="ignore"):
        spread = np.log10(moments["variance"].to_numpy())
    table = pd.DataFrame(
        {
            "zeros": moments["zeros"].to_numpy(),
            "zeros_poisson": moments["zeros_poisson"].to_numpy(),
            "log10_variance": np.where(np.isfinite(spread), spread, np.nan),
        }
    )[place >= 0].groupby(place[place >= 0])
    found = table.median().reindex(range(len(grid))).reset_index(drop=True)
    found.insert(0, "log10_mean", grid)
    found.insert(1, "n_features", _numbers(place, len(grid)))
    return found


def overdispersion(moments: pd.DataFrame, points: ArrayLike) -> pd.DataFrame:
    r"""Return the dispersion of the negative binomial by mean, by the method of moments.

    With :math:`\operatorname{var} y = \mu + \phi \mu^2`, the genes of a bin give

    .. math:: \hat\phi = \frac{\sum (s^2 - \bar y)}{\sum \overline{\mu^2}}

    a ratio of sums, which many genes of a small mean settle together. One gene that is loud in a
    few cells can carry it, so the median of the genes' own ratios stands beside it. Both hold
    whatever makes cells of a group differ, how deeply each was read among it: unequal depth alone
    adds the squared coefficient of variation of depth to every gene's.

    Parameters
    ----------
    moments : DataFrame
        Of ``count_moments``.
    points : array_like, shape (k,)
        As for ``moment_curve``.

    Returns
    -------
    DataFrame
        log10_mean, n_features, dispersion, median_dispersion: 0 for Poisson counts but for
        chance, which may bring them below 0; NaN where no gene lies.

    Raises
    ------
    Misuse
        If the points do not rise.

    References
    ----------
    Cameron and Trivedi (2013), Regression Analysis of Count Data, 2nd ed., chapter 3.
    """
    grid = _checked_points(points)
    place = _nearest(moments["mean"], grid)
    inside = place >= 0
    parts = pd.DataFrame(
        {
            "excess": moments["variance"].to_numpy() - moments["mean"].to_numpy(),
            "squares": moments["squared_mean"].to_numpy(),
        }
    )[inside]
    own = (parts["excess"] / parts["squares"]).where(parts["squares"] > 0)
    sums = parts.groupby(place[inside]).sum()
    ratio = (sums["excess"] / sums["squares"]).where(sums["squares"] > 0)
    return pd.DataFrame(
        {
            "log10_mean": grid,
            "n_features": _numbers(place, len(grid)),
            "dispersion": ratio.reindex(range(len(grid))),
            "median_dispersion": own.groupby(place[inside]).median().reindex(range(len(grid))),
        }
    )


def _checked_points(points: ArrayLike) -> Floats:
    grid = np.asarray(points, float)
    if grid.ndim != 1 or len(grid) < 2 or not (np.diff(grid) > 0).all():
        raise Misuse(f"points {listed(grid.ravel())}; at least two, each above the one before")
    return grid


def _nearest(mean: pd.Series, grid: Floats) -> NDArray[np.int64]:
    """Return the nearest point of each mean, -1 beyond half a step from the grid's ends."""
    middle = (grid[:-1] + grid[1:]) / 2
    edges = np.concatenate([[2 * grid[0] - middle[0]], middle, [2 * grid[-1] - middle[-1]]])
    with np.errstate(divide="ignore"):
        level = np.log10(mean.to_numpy(float))
    place = np.searchsorted(edges, level, side="right") - 1
    return np.where(place < len(grid), place, -1)


def _numbers(place: NDArray[np.int64], k: int) -> NDArray[np.int64]:
    return np.bincount(place[place >= 0], minlength=k)


def variation(values: pd.DataFrame, subjects: ArrayLike) -> pd.DataFrame:
    """Return every feature's variation within and between persons, from repeated measurements.

    Parameters
    ----------
    values : DataFrame, shape (samples, features)
        On the scale of measurement, above 0; others and NaN are left out.
    subjects : array_like, shape (samples,)
        Whose sample each is.

    Returns
    -------
    DataFrame
        feature, n_subjects, n_observations, cv_within, cv_between (fractions) and icc; see
        ``variance_components``.

    Raises
    ------
    Misuse
        If subjects do not match the samples.
    """
    person = _checked_subjects(subjects, len(values))
    table = values.reset_index(drop=True).assign(_subject=person)
    long = table.melt("_subject", var_name="feature", value_name="value")
    found = variance_components(long.rename(columns={"_subject": "subject"}))
    return found[["feature", "n_subjects", "n_observations", "cv_within", "cv_between", "icc"]]


def _checked_subjects(subjects: ArrayLike, samples: int) -> NDArray[np.int64]:
    labels = np.asarray(subjects)
    if labels.shape != (samples,):
        raise Misuse(f"subjects of shape {labels.shape} for {samples} samples; one label a sample")
    person, _ = pd.factorize(labels)
    if (person < 0).any():
        raise Misuse(f"{(person < 0).sum()} of {samples} samples have no subject; leave them out")
    return person


@dataclass(frozen=True)
class CorrelationSpectrum:
    """How much features move together within persons.

    Attributes
    ----------
    shares : DataFrame
        component (from 1), share (of the sum of eigenvalues), expected (of independent features).
        As many components as the rank can be.
    median_absolute, median_absolute_expected : float
        Median absolute correlation between two features, and of independent ones.
    n_features, n_samples, n_subjects : int
        Features that vary within persons; samples of persons with two or more.
    """

    shares: pd.DataFrame
    median_absolute: float
    median_absolute_expected: float
    n_features: int
    n_samples: int
    n_subjects: int


def correlation_spectrum(
    values: ArrayLike, subjects: ArrayLike, rng: np.random.Generator
) -> CorrelationSpectrum:
    r"""Return the eigenvalues of the correlations between features within persons.

    Each person's mean is taken out, and features are scaled to unit length. With few samples even
    independent features correlate, and their largest eigenvalues lie near the edge of the bulk of
    Marchenko and Pastur, :math:`(1 + \sqrt{m / \nu})^2` of :math:`m` features on :math:`\nu`
    degrees of freedom. What is returned beside them is the average over permutations of every
    feature's values within each person, which asks no normality.

    Parameters
    ----------
    values : array_like, shape (samples, features)
        On the scale on which they are compared, usually logarithms; no gaps.
    subjects : array_like, shape (samples,)
        Persons with one sample are left out, as are features that do not vary within persons.
    rng : numpy.random.Generator
        Of the permutations.

    Returns
    -------
    CorrelationSpectrum

    Raises
    ------
    Misuse
        If a value is missing, subjects do not match, or fewer than two features vary on fewer
        than two degrees of freedom.

    References
    ----------
    Marchenko and Pastur (1967), Math USSR Sb 1, 457-483. Buja and Eyuboglu (1992), Multivariate
    Behav Res 27, 509-540, for the permutations.
    """
    table = np.asarray(values, float)
    if table.ndim != 2 or not np.isfinite(table).all():
        raise Misuse("values with gaps, or no matrix; leave out the features or samples that lack")
    person = _checked_subjects(subjects, len(table))
    several = np.bincount(person)[person] > 1
    order = np.argsort(person[several], kind="stable")
    table, person = table[several][order], pd.factorize(person[several][order])[0]
    centred = _within(table, person)
    # values that are alike leave rounding behind
    varies = np.sqrt((centred**2).sum(axis=0)) > 1e-12 * (1 + np.abs(table).sum(axis=0))
    df = len(person) - len(np.unique(person))
    if df < 2 or varies.sum() < 2:
        raise Misuse(
            f"{varies.sum()} features that vary within persons, on {df} degrees of freedom; "
            f"a correlation needs two of each"
        )
    centred, rank = centred[:, varies], min(df, int(varies.sum()))
    own, typical = _spectrum(centred, rank)
    drawn = [_spectrum(_shuffled(centred, person, rng), rank) for _ in range(PERMUTATIONS)]
    shares = pd.DataFrame(
        {
            "component": np.arange(1, rank + 1),
            "share": own,
            "expected": np.mean([each for each, _ in drawn], axis=0),
        }
    )
    expected = float(np.mean([each for _, each in drawn]))
    return CorrelationSpectrum(
        shares, typical, expected, centred.shape[1], len(person), len(np.unique(person))
    )


def _within(values: Floats, person: NDArray[np.int64]) -> Floats:
    sums = np.zeros((person.max(initial=-1) + 1, values.shape[1]))
    np.add.at(sums, person, values)
    return values - (sums / np.bincount(person)[:, None])[person]


def _spectrum(centred: Floats, rank: int) -> tuple[Floats, float]:
    """Return eigenvalues as shares, and the median absolute correlation."""
    scaled = centred / np.sqrt((centred**2).sum(axis=0))
    eigenvalues = np.linalg.svd(scaled, compute_uv=False)[:rank] ** 2
    correlation = scaled.T @ scaled
    above = correlation[np.triu_indices_from(correlation, 1)]
    return eigenvalues / eigenvalues.sum(), float(np.median(np.abs(above)))


def _shuffled(centred: Floats, person: NDArray[np.int64], rng: np.random.Generator) -> Floats:
    """Return every feature's values in another order within each person; persons in order."""
    order = np.argsort(person[:, None] + rng.random(centred.shape), axis=0)
    return np.take_along_axis(centred, order, axis=0)


def missing_by_intensity(values: ArrayLike, bins: int) -> pd.DataFrame:
    """Return the share of values missing, by the level of their feature.

    Parameters
    ----------
    values : array_like, shape (samples, features)
        NaN where missing. Features without a single value have no level and are left out.
    bins : int
        Groups of features of about equal number, from low levels to high; features of one level
        stay together.

    Returns
    -------
    DataFrame
        bin (from 1), level (median of the features' medians), n_features, missing (a fraction).

    Raises
    ------
    Misuse
        If there are fewer features with a value than bins.
    """
    table = np.asarray(values, float)
    table = table[:, ~np.isnan(table).all(axis=0)]
    if not 1 <= bins <= table.shape[1]:
        raise Misuse(f"{bins} bins of {table.shape[1]} features that have a value")
    features = pd.DataFrame(
        {"level": np.nanmedian(table, axis=0), "missing": np.isnan(table).mean(axis=0)}
    )
    rank = features["level"].rank(method="average")
    number = np.floor((rank - 0.5) * bins / len(features)).astype(int) + 1
    found = features.groupby(number).agg(
        level=("level", "median"), n_features=("level", "size"), missing=("missing", "mean")
    )
    return found.rename_axis("bin").reset_index()


@dataclass(frozen=True)
class CompositionCovariance:
    """How much compositions differ between persons.

    Attributes
    ----------
    variation : DataFrame, shape (types, types)
        Variances of log ratios between two types.
    total_variance : float
        Sum of the variances of the centred log ratios.
    counting_variance : float
        The part of it that comes from counting no more cells than were counted.
    """

    variation: pd.DataFrame
    total_variance: float
    counting_variance: float


def composition_covariance(counts: pd.DataFrame) -> CompositionCovariance:
    r"""Return the variation matrix of cell counts between persons, and its total.

    .. math:: t_{jk} = \operatorname{var}_i \log \frac{n_{ij} + 1/2}{n_{ik} + 1/2}, \qquad
              \text{total} = \frac{1}{2K} \sum_{jk} t_{jk}

    Counting alone makes log ratios differ, the more the fewer cells there are: for a Poisson
    number :math:`X` of mean :math:`n_{ij} + 1/2`, the part of it is
    :math:`(1 - 1/K) \sum_j \overline{\operatorname{var} \log(X_{ij} + 1/2)}`. Two data sets compare
    only beside it, or at the same number of cells. It is rough for types of a handful of cells.

    Parameters
    ----------
    counts : DataFrame, shape (persons, types)
        Cells counted, one row a person.

    Returns
    -------
    CompositionCovariance

    Raises
    ------
    InvalidInput
        If counts are not counts, or a row or column stands twice.
    Misuse
        If there are fewer than two persons or two types.

    References
    ----------
    Aitchison (1986), The Statistical Analysis of Compositional Data, chapter 4.
    """
    table = checked_counts(counts)
    if min(table.shape) < 2:
        raise Misuse(f"{table.shape[0]} persons and {table.shape[1]} types; two of each are needed")
    covariance = np.cov(clr(table), rowvar=False)
    own = np.diag(covariance)
    ratios = own[:, None] + own - 2 * covariance
    variation = pd.DataFrame(ratios, index=table.columns, columns=table.columns)
    by_chance = _variance_of_log(table.to_numpy() + PSEUDO_COUNT).mean(axis=0).sum()
    counting = by_chance * (1 - 1 / table.shape[1])
    return CompositionCovariance(variation, float(own.sum()), float(counting))


def _variance_of_log(mean: Floats) -> Floats:
    """Return the variance of log(X + 1/2) of Poisson X, 1 / mean where that is large."""
    variance = 1 / mean
    few = mean < _MANY
    number = np.arange(4 * _MANY)
    chance = poisson.pmf(number, mean[few][:, None])
    logs = np.log(number + PSEUDO_COUNT)
    variance[few] = chance @ logs**2 - (chance @ logs) ** 2
    return variance


@dataclass(frozen=True)
class CourseAgreement:
    """How a simulated time course follows an observed one.

    Attributes
    ----------
    n_hours : int
        Hours compared.
    correlation : float
        Of their shapes; NaN where one of them is flat.
    scale : float
        What the simulated course is to be multiplied by to come nearest to the observed one; NaN
        where it is zero throughout.
    rms : float
        Root mean square of their differences as they stand, in log2 units.
    """

    n_hours: int
    correlation: float
    scale: float
    rms: float


def course_agreement(simulated: pd.Series, observed: pd.Series) -> CourseAgreement:
    r"""Return how well two courses of log2 changes agree in shape and in size.

    The scale is :math:`\sum s_t o_t / \sum s_t^2`, least squares through zero.

    Parameters
    ----------
    simulated, observed : Series
        log2 changes from the hour before the bout, by hour, in any order. Leave that hour itself
        out: both are 0 there by construction, and agree.

    Returns
    -------
    CourseAgreement

    Raises
    ------
    Misuse
        If they are not of the same hours, an hour stands twice, fewer than three are left, or a
        value is missing.
    """
    ours, theirs = set(simulated.index), set(observed.index)
    if ours != theirs or max(len(simulated), len(observed)) > len(ours):
        odd = sorted(ours ^ theirs)
        raise Misuse(f"courses of different hours, or an hour twice: {listed(odd or ours)}")
    s, o = simulated.to_numpy(float), observed.reindex(simulated.index).to_numpy(float)
    if len(s) < 3 or not np.isfinite([s, o]).all():
        raise Misuse(f"courses of {len(s)} hours, or with gaps; three hours or more, all measured")
    flat = np.ptp(s) == 0 or np.ptp(o) == 0
    squares = s @ s
    return CourseAgreement(
        len(s),
        np.nan if flat else float(np.corrcoef(s, o)[0, 1]),
        float(s @ o / squares) if squares > 0 else np.nan,
        float(np.sqrt(np.mean((s - o) ** 2))),
    )


@dataclass(frozen=True)
class Discrimination:
    """How well a classifier tells two tables apart.

    Attributes
    ----------
    auc : float
        Mean over the folds: 0.5 if it cannot, 1 if it always can.
    se : float
        Standard error of that mean, as if folds were independent, which they are not quite.
    """

    auc: float
    se: float


def discriminator_auc(a: pd.DataFrame, b: pd.DataFrame, rng: np.random.Generator) -> Discrimination:
    """Return how well a random forest tells the rows of two tables apart, by cross-validation.

    A number to show, never a gate: a table large enough gives any two data sets away.

    Parameters
    ----------
    a, b : DataFrame, shape (rows, summaries)
        Summaries of features or of cells, with the same columns. Rows of the one must not be
        copies of rows of the other: a forest that learnt the one would call its twin wrongly.
    rng : numpy.random.Generator
        Of the folds and the trees.

    Returns
    -------
    Discrimination
        From five folds, the shares of ``a`` and ``b`` the same in each.

    Raises
    ------
    Misuse
        If the columns differ, a table has fewer than ten rows, or a value is missing.

    References
    ----------
    Friedman (2004), On multivariate goodness-of-fit and two-sample testing, PHYSTAT 2003.
    Lopez-Paz and Oquab (2017), Revisiting classifier two-sample tests, ICLR.
    """
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import (
        StratifiedKFold,
        cross_val_score,
    )

    rows = _checked_tables(a, b)
    label = np.repeat([0, 1], [len(a), len(b)])
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=_seed(rng))
    forest = RandomForestClassifier(
        _TREES,
        min_samples_leaf=_SMALLEST_LEAF,
        class_weight="balanced",
        random_state=_seed(rng),
    )
    scores = cross_val_score(forest, rows, label, scoring="roc_auc", cv=folds)
    return Discrimination(float(scores.mean()), float(scores.std(ddof=1) / np.sqrt(FOLDS)))


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(2**31))


def _checked_tables(a: pd.DataFrame, b: pd.DataFrame) -> Floats:
    columns: Sequence[object] = list(a)
    if set(columns) != set(b) or len(set(columns)) < len(columns):
        raise Misuse(f"tables of different columns: {listed(columns)}; and {listed(b)}")
    if min(len(a), len(b)) < 2 * FOLDS:
        raise Misuse(f"tables of {len(a)} and {len(b)} rows; {2 * FOLDS} or more of each")
    rows = np.vstack([a.to_numpy(float), b[columns].to_numpy(float)])
    if not np.isfinite(rows).all():
        raise Misuse(f"{(~np.isfinite(rows)).sum()} values that are no numbers; leave them out")
    return rows
