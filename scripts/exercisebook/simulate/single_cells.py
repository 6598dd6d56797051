r"""Mononuclear cells of people at visits: how many of which type, and what each expresses.

What lives here is the way from true counts of lymphocytes and monocytes to the numbers of ten types
(``cell_types.csv``), from numbers to cells, from cells to counts of 1,500 genes (``genes.csv``),
and what is true of them. Which world raises what, when and in whom, is the caller's affair. There
are no neutrophils: they do not float on the gradient that mononuclear cells are taken from.

**Types.** Types share out the count of their parent, so that they sum to it exactly; dendritic
cells are within the monocyte count, where haematology analysers put them.

**Anonymous genes** (assumed, drawn once from a fixed seed): the log2 level of a gene is exponential
with mean 1.6, cut at 6, plus a normal deviation a lineage (T and NK cells, B cells, myeloid cells)
of SD 0.5, plus one a type of SD 0.2; all are shifted alike within a type so that they fill what the
named genes leave of its expression.

**Counts.** A cell c of type k in a sample s of donor i has, of gene g,

.. math::
    y_{cg} \sim \mathrm{Poisson}\Big(\ell_c\, \gamma_{cg}\,
    2^{\lambda_{kg} + d_{ig} + t_{ikg} + o_{skg} + \sum_p a_{sp} w_{pg}}\Big),

with the type's level :math:`\lambda`; normal effects of the donor :math:`d` (SD 0.2) and of donor
by type :math:`t` (SD 0.15; together 0.25) and occasion :math:`o` (SD 0.12); programme activity
:math:`a` times the gene's log2 per unit :math:`w`; gamma :math:`\gamma` of mean 1 and variance
:math:`\phi_g`, so that counts are negative binomial; and size :math:`\ell`, log-normal with median
600 UMIs in lymphocytes and the type's ``log2_library`` more in others, SD of the log 0.35 between
cells and 0.15 between samples. Dispersion falls with the mean share :math:`m` of a gene to a
floor,

.. math:: \log_2 \phi_g \sim N(\log_2 \min(0.05 + 0.006 / \sqrt{m_g},\; 1.5),\; 0.4^2).

The trend, the SD between cells and the donors' SD are read off ``kang-pbmc`` within a type and
sample (median dispersion 0.1 above 3 UMIs a cell, 0.2 at 1 to 3, 0.3 at 0.3 to 1; SD of the log
size 0.25 to 0.5; donors' SD 0.1 to 0.28, two donors); the rest is assumed. Of all cells 3 % are
damaged: a quarter of the UMIs, and 16-fold mitochondrial genes against the others (assumed).

**Random numbers.** Every sample has streams of its own, and no draw depends on a number, programme
or type: worlds, draws, people and visits share all they have in common, and 60 cells are the first
60 of 120.

References
----------
Kang HM et al. Multiplexed droplet single-cell RNA-sequencing using natural genetic variation.
Nat Biotechnol 2018;36:89-94. doi:10.1038/nbt.4042.
Campbell JP et al. Acute exercise mobilises CD8+ T lymphocytes exhibiting an effector-memory
phenotype. Brain Behav Immun 2009;23:767-775. doi:10.1016/j.bbi.2009.02.011.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack
from scipy.special import pdtr, pdtrik

from exercisebook.errors import Misuse, closest
from exercisebook.simulate.streams import stream

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

GENES = 1500
PROGRAMMES = ("nrf2", "migration", "interferon", "stress")
"""Sets of genes that rise and fall together, in all types."""

MONONUCLEAR, WHOLE_BLOOD = "mononuclear", "whole blood"
"""What a share is of: mononuclear cells alone, or all leukocytes."""

LINEAGES = (0, 0, 0, 0, 0, 1, 1, 2, 2, 2)
"""T and NK, B, and myeloid: of each row of ``cell_types``."""

ANONYMOUS_SEED = 20251121
LEVEL_MEAN, LEVEL_MOST, LINEAGE_SD, TYPE_SD = 1.6, 6.0, 0.5, 0.2
DISPERSION_FLOOR, DISPERSION_RISE, DISPERSION_MOST, DISPERSION_SD = 0.05, 0.006, 1.5, 0.4
DONOR_SD, DONOR_TYPE_SD, OCCASION_SD = 0.2, 0.15, 0.12
LIBRARY, LIBRARY_SD, DEPTH_SD = 600.0, 0.35, 0.15
DAMAGED_SHARE, DAMAGED_LIBRARY, DAMAGED_MITOCHONDRIAL = 0.03, 0.25, 16.0

_HERE = Path(__file__).parent
_LARGE_RATE = 50.0


@dataclass(frozen=True)
class SampleCells:
    """The cells of one sample.

    Attributes
    ----------
    draw, person, visit : int
        Whose, and when.
    labels : ndarray of int, shape (cells,)
        Types, as rows of ``cell_types``.
    counts : csr_matrix of int32, shape (cells, 1500)
        UMIs; columns as rows of ``genes``.
    damaged : ndarray of bool, shape (cells,)
        Cells that lost most of their RNA but that of mitochondria.
    """

    draw: int
    person: int
    visit: int
    labels: Integers
    counts: Any
    damaged: NDArray[np.bool_]


def cell_types() -> pd.DataFrame:
    """Return the ten types of mononuclear cells, their numbers and where those come from.

    Returns
    -------
    DataFrame
        cell_type, parent (lymphocytes or monocytes), share (of the parent), cv_between and
        cv_within (of the share, between people and visits), log2_acute (minutes after a 5 km run)
        and log2_training (both on top of the parent's change), log2_library (UMIs of a cell
        against a lymphocyte's), source, confidence. Acute effects in lymphocytes are half of the
        log2 increases that Campbell et al. saw at 85 % of the greatest power.

    References
    ----------
    Campbell JP et al. Brain Behav Immun 2009;23:767-775. doi:10.1016/j.bbi.2009.02.011.
    """
    return _cell_types().copy()


@cache
def _cell_types() -> pd.DataFrame:
    return pd.read_csv(_HERE / "cell_types.csv", keep_default_na=False)


def type_numbers(
    lymphocytes: Floats,
    monocytes: Floats,
    response: Floats,
    trained: Floats,
    between: Floats,
    within: Floats,
) -> Floats:
    r"""Share out lymphocytes and monocytes to their types.

    Type k of parent P has the number

    .. math:: N_k = N_P \frac{e^{z_k}}{\sum_{j \in P} e^{z_j}}, \quad
        z_k = \log \pi_k + \sigma^b_k u_k + \sigma^w_k e_k + \log 2\,(r\, a_k + t\, b_k),

    with share :math:`\pi`, response r times the acute effect a, training t times its effect b, and
    :math:`\sigma = \sqrt{\log(1 + c^2)}` for a coefficient of variation c.

    Parameters
    ----------
    lymphocytes, monocytes : ndarray, shape (draws, n, visits)
        True counts, 10^9/L.
    response : ndarray, shape (draws, n, visits)
        Of the acute response: 1 minutes after the bout, 0 rested.
    trained : ndarray, shape (draws, n, visits)
        1 for the full effect of training.
    between : ndarray, shape (draws, n, 1, 10)
        Standard normal, a person's own.
    within : ndarray, shape (draws, n, visits, 10)
        Standard normal, a visit's own.

    Returns
    -------
    ndarray, shape (draws, n, visits, 10)
        10^9/L; columns as rows of ``cell_types``.

    Raises
    ------
    Misuse
        If a count is negative or not finite.
    """
    for name, count in (("lymphocytes", lymphocytes), ("monocytes", monocytes)):
        if not (np.isfinite(count).all() and np.min(count) >= 0):
            raise Misuse(f"{name}: counts must be finite, and none below zero")
    table = _cell_types()
    log_share = (
        np.log(table["share"].to_numpy())
        + _log_sd(table["cv_between"]) * between
        + _log_sd(table["cv_within"]) * within
        + np.log(2) * np.asarray(response)[..., None] * table["log2_acute"].to_numpy()
        + np.log(2) * np.asarray(trained)[..., None] * table["log2_training"].to_numpy()
    )
    numbers = np.exp(log_share)
    for parent, count in (("lymphocytes", lymphocytes), ("monocytes", monocytes)):
        mine = table["parent"].eq(parent).to_numpy()
        whole = numbers[..., mine].sum(axis=-1)
        numbers[..., mine] *= (np.asarray(count) / whole)[..., None]
    return numbers


def _log_sd(cv: pd.Series) -> Floats:
    return np.sqrt(np.log1p(cv.to_numpy(float) ** 2))


def genes() -> pd.DataFrame:
    """Return the 1,500 genes: the named ones of ``genes.csv``, then ``gene_0001`` and so on.

    Returns
    -------
    DataFrame
        gene, programme (one of ``PROGRAMMES``, mitochondrial, ribosomal or none), log2_per_unit
        (by how much a unit of the programme's activity raises it, in all types; 0 where there is
        none), dispersion (of its counts within a type and sample).
    """
    return _panel()[0].copy()


def levels() -> Floats:
    """Return the log2 share of each gene in the expression of each type, shape (10, 1500)."""
    return _panel()[1].copy()


@cache
def _panel() -> tuple[pd.DataFrame, Floats]:
    rng = np.random.default_rng(ANONYMOUS_SEED)
    named = pd.read_csv(_HERE / "genes.csv", keep_default_na=False)
    known = named[_cell_types()["cell_type"]].to_numpy(float).T
    unnamed = GENES - len(named)
    level = np.hstack([known, _anonymous_levels(rng, unnamed, 1 - np.exp2(known).sum(axis=1))])
    frame = pd.DataFrame(
        {
            "gene": [*named["gene"], *(f"gene_{i + 1:04d}" for i in range(unnamed))],
            "programme": [*named["programme"], *["none"] * unnamed],
            "log2_per_unit": [*named["log2_per_unit"].astype(float), *[0.0] * unnamed],
            "dispersion": _dispersions(rng, np.exp2(level).mean(axis=0)),
        }
    )
    return frame, level


def _anonymous_levels(rng: np.random.Generator, count: int, left: Floats) -> Floats:
    """Return log2 shares of ``count`` genes that sum to what is ``left`` of each type."""
    lineages = np.array(LINEAGES)
    level = (
        np.minimum(LEVEL_MEAN * rng.standard_exponential(count), LEVEL_MOST)
        + LINEAGE_SD * rng.standard_normal((max(LINEAGES) + 1, count))[lineages]
        + TYPE_SD * rng.standard_normal((len(lineages), count))
    )
    whole = np.exp2(level).sum(axis=1)
    return level + np.log2(left / whole)[:, None]


def _dispersions(rng: np.random.Generator, share: Floats) -> Floats:
    trend = np.minimum(DISPERSION_FLOOR + DISPERSION_RISE / np.sqrt(share), DISPERSION_MOST)
    return trend * np.exp2(DISPERSION_SD * rng.standard_normal(len(share)))


def cell_counts(
    numbers: Floats,
    programmes: Mapping[str, Floats],
    cells_per_sample: int,
    rng_types: np.random.Generator,
    rng_donor: np.random.Generator,
    rng_counts: np.random.Generator,
) -> Iterator[SampleCells]:
    """Yield the cells of every sample, by draw, person and visit.

    Parameters
    ----------
    numbers : ndarray, shape (draws, n, visits, 10)
        Of the types, as ``type_numbers``; only their ratios matter.
    programmes : mapping of str to ndarray, shape (draws, n, visits)
        log2 activity of any of ``PROGRAMMES``; those absent are at rest.
    cells_per_sample : int
        How many, at least 1.
    rng_types, rng_donor, rng_counts : Generator
        Roots of the streams for types; for effects of donors and occasions; and for sizes, damage
        and counts. The generators themselves are not advanced.

    Yields
    ------
    SampleCells

    Raises
    ------
    Misuse
        If a programme is unknown or of another shape, a number is negative or not finite, a sample
        holds no cell, or none is asked for. Raised by the call, before the first sample.
    """
    numbers = np.asarray(numbers, dtype=float)
    _check_cells(numbers, programmes, cells_per_sample)
    return _samples(numbers, programmes, cells_per_sample, rng_types, rng_donor, rng_counts)


def _check_cells(numbers: Floats, programmes: Mapping[str, Floats], cells: int) -> None:
    _check_programmes(programmes)
    if cells < 1:
        raise Misuse(f"{cells} cells a sample: at least 1 is needed")
    types = len(_cell_types())
    if numbers.ndim != 4 or numbers.shape[-1] != types:
        raise Misuse(f"numbers of shape {numbers.shape}: (draws, n, visits, {types}) is needed")
    if not (np.isfinite(numbers).all() and (numbers >= 0).all()):
        raise Misuse("numbers of cells must be finite, and none below zero")
    if not (numbers.sum(axis=-1) > 0).all():
        raise Misuse("a sample without any mononuclear cell cannot be drawn from")
    for name, activity in programmes.items():
        if np.shape(activity) != numbers.shape[:-1]:
            raise Misuse(
                f"activity of {name!r} has shape {np.shape(activity)}, "
                f"the samples have {numbers.shape[:-1]}"
            )


def _check_programmes(names: Iterable[str]) -> None:
    for name in names:
        if name not in PROGRAMMES:
            raise Misuse(f"no gene programme {name!r}; {closest(name, PROGRAMMES)}")


def _samples(
    numbers: Floats,
    programmes: Mapping[str, Floats],
    cells: int,
    rng_types: np.random.Generator,
    rng_donor: np.random.Generator,
    rng_counts: np.random.Generator,
) -> Iterator[SampleCells]:
    draws, people, visits, _ = numbers.shape
    for draw, person in product(range(draws), range(people)):
        donor = _donor_effects(stream(rng_donor, draw, person))
        for visit in range(visits):
            at = (draw, person, visit)
            labels = _labels(numbers[at], stream(rng_types, *at).random(cells))
            occasion = OCCASION_SD * stream(rng_donor, *at).standard_normal(donor.shape)
            raised = _raised({name: activity[at] for name, activity in programmes.items()})
            expression = np.exp2(_panel()[1] + donor + occasion + raised)
            damaged, counts = _umis(expression, labels, rng_counts, at)
            yield SampleCells(*at, labels, counts, damaged)


def _donor_effects(rng: np.random.Generator) -> Floats:
    """Return log2 deviations of a donor, shape (10, 1500)."""
    own = DONOR_SD * rng.standard_normal(GENES)
    return own + DONOR_TYPE_SD * rng.standard_normal((len(LINEAGES), GENES))


def _labels(numbers: Floats, uniform: Floats) -> Integers:
    cumulative = np.cumsum(numbers / numbers.sum())[:-1]
    return np.searchsorted(cumulative, uniform, side="right")


def _raised(activity: Mapping[str, float]) -> Floats:
    """Return the log2 change of each gene at some activity of the programmes."""
    frame = _panel()[0]
    by_gene = frame["programme"].map(dict(activity)).fillna(0.0).to_numpy(float)
    return by_gene * frame["log2_per_unit"].to_numpy()


def _umis(
    expression: Floats, labels: Integers, rng: np.random.Generator, at: tuple[int, int, int]
) -> tuple[NDArray[np.bool_], Any]:
    """Return which cells are damaged, and the counts of all."""
    cells = len(labels)
    damaged = stream(rng, *at, "damage").random(cells) < DAMAGED_SHARE
    library = _libraries(labels, damaged, rng, at)
    dispersion = _panel()[0]["dispersion"].to_numpy()
    gamma = stream(rng, *at, "gamma").standard_gamma(1 / dispersion, (cells, GENES)) * dispersion
    rate = np.where(damaged[:, None], _leaking(expression)[labels], expression[labels])
    rate *= library[:, None] * gamma
    uniform = stream(rng, *at, "poisson").random((cells, GENES))
    return damaged, csr_matrix(_poisson(uniform, rate))


def _libraries(
    labels: Integers,
    damaged: NDArray[np.bool_],
    rng: np.random.Generator,
    at: tuple[int, int, int],
) -> Floats:
    depth = DEPTH_SD * stream(rng, *at, "depth").standard_normal()
    size = LIBRARY_SD * stream(rng, *at, "library").standard_normal(len(labels))
    content = np.exp2(_cell_types()["log2_library"].to_numpy(float))[labels]
    return LIBRARY * np.exp(depth + size) * content * np.where(damaged, DAMAGED_LIBRARY, 1.0)


def _leaking(expression: Floats) -> Floats:
    """Return the expression of damaged cells: as much in all, more of it mitochondrial."""
    mitochondrial = _panel()[0]["programme"].eq("mitochondrial").to_numpy()
    leaked = expression * np.where(mitochondrial, DAMAGED_MITOCHONDRIAL, 1.0)
    return leaked * (expression.sum(axis=1) / leaked.sum(axis=1))[:, None]


def _poisson(uniform: Floats, rate: Floats) -> NDArray[np.int32]:
    """Return Poisson quantiles: one uniform number an entry, whatever the rate.

    Few entries reach a count, so that it is faster to go up from zero than to invert.
    """
    # beyond this the sum of terms may round to less than the uniform number, and never pass it
    u, r = np.minimum(uniform, 1 - 1e-12).ravel(), rate.ravel()
    counts = np.zeros(u.size, dtype=np.int32)
    large = np.flatnonzero(r > _LARGE_RATE)
    counts[large] = _large_poisson(u[large], r[large])
    none = np.exp(-r)
    at = np.flatnonzero((u >= none) & (r <= _LARGE_RATE))
    r, left, term = r[at], u[at] - none[at], none[at] * r[at]
    count = 1
    while at.size:
        reached = left < term
        counts[at[reached]] = count
        more = ~reached
        count += 1
        at, r, left, term = at[more], r[more], (left - term)[more], (term * r)[more] / count
    return counts.reshape(uniform.shape)


def _large_poisson(uniform: Floats, rate: Floats) -> NDArray[np.int32]:
    upper = np.ceil(pdtrik(uniform, rate))
    lower = np.maximum(upper - 1, 0)
    return np.where(pdtr(lower, rate) >= uniform, lower, upper).astype(np.int32)


def as_anndata(
    samples: Iterable[SampleCells], sample_ids: Sequence[str]
) -> tuple[Any, pd.DataFrame]:
    """Put samples into one AnnData, and what nobody should see of them into a table.

    Parameters
    ----------
    samples : iterable of SampleCells
        One study.
    sample_ids : sequence of str
        Their names, in the same order.

    Returns
    -------
    adata : AnnData
        ``X`` the raw counts (sparse rows, int32), ``obs`` with ``sample_id`` alone, barcodes
        CELL000001 onwards, gene names.
    truth : DataFrame
        cell, sample_id, cell_type, damaged.

    Raises
    ------
    Misuse
        If there are more samples than names or the other way round, or none.
    """
    from anndata import AnnData

    each = list(samples)
    if not each or len(each) != len(sample_ids):
        raise Misuse(f"{len(each)} samples and {len(sample_ids)} names of samples")
    counts = vstack([sample.counts for sample in each], format="csr")
    counts.sort_indices()
    names = np.repeat(np.asarray(sample_ids, dtype=object), [len(s.labels) for s in each])
    barcodes = [f"CELL{i + 1:06d}" for i in range(len(names))]
    sample_id = pd.Categorical(names, categories=list(dict.fromkeys(sample_ids)))
    adata = AnnData(
        X=counts,
        obs=pd.DataFrame({"sample_id": sample_id}, index=pd.Index(barcodes, dtype=object)),
        var=pd.DataFrame(index=pd.Index(_panel()[0]["gene"].to_numpy(), dtype=object)),
    )
    truth = pd.DataFrame(
        {
            "cell": barcodes,
            "sample_id": names,
            "cell_type": _type_names()[np.concatenate([s.labels for s in each])],
            "damaged": np.concatenate([s.damaged for s in each]),
        }
    )
    return adata, truth


def _type_names() -> NDArray[np.object_]:
    return _cell_types()["cell_type"].to_numpy(dtype=object)


def write_cells(adata: Any, path: Path) -> None:
    """Write cells as small as gzip makes them, the same bytes each time.

    The bytes of numbers are shuffled first, so that the many zeros of small integers lie together;
    that makes a quarter less.
    """
    from anndata.io import write_h5ad

    write_h5ad(path, adata, compression="gzip", compression_opts=9, shuffle=True)


def gene_truth(programme_effects: Mapping[str, Mapping[str, float]]) -> pd.DataFrame:
    """Return the true effects on genes that follow from those on programmes.

    Parameters
    ----------
    programme_effects : mapping of str to mapping of str to float
        By contrast, the expected log2 change of activity of some of ``PROGRAMMES``.

    Returns
    -------
    DataFrame
        cell_type, gene, contrast, log2_effect: of what a cell of the type expresses of the gene,
        at the same size; only those other than zero. It is not exactly the effect on the share
        among all UMIs, of which genes that rise leave a little less to the others.

    Raises
    ------
    Misuse
        If a programme is unknown.
    """
    gene = _panel()[0]["gene"].to_numpy()
    columns = ["cell_type", "gene", "contrast", "log2_effect"]
    rows: list[tuple[str, str, str, float]] = []
    for contrast, activity in programme_effects.items():
        _check_programmes(activity)
        effect = _raised(activity)
        changed = np.flatnonzero(effect)
        rows += [(t, gene[g], contrast, effect[g]) for t in _type_names() for g in changed]
    return pd.DataFrame(rows, columns=columns)


def composition_truth(
    before: Floats, after: Floats, leukocytes_before: Floats, leukocytes_after: Floats
) -> pd.DataFrame:
    r"""Return true changes of the types, averaged over people, in two denominators.

    The change of a share p is that of its logit, :math:`\log p - \log(1 - p)`. A type whose number
    per litre stays as it is may well change its share, and differently so in the two denominators.

    Parameters
    ----------
    before, after : ndarray, shape (..., 10)
        Numbers of the types in the same people, 10^9/L.
    leukocytes_before, leukocytes_after : ndarray, shape (...)
        All leukocytes, neutrophils and eosinophils included, 10^9/L.

    Returns
    -------
    DataFrame
        denominator (mononuclear or whole blood), cell_type, log2_number (of the number per litre,
        which knows no denominator) and logit_share.

    Raises
    ------
    Misuse
        If somewhere there are fewer leukocytes than mononuclear cells, or a type has no cell.
    """
    for numbers, leukocytes in ((before, leukocytes_before), (after, leukocytes_after)):
        _check_composition(np.asarray(numbers), np.asarray(leukocytes))
    people = tuple(range(np.ndim(before) - 1))
    number = np.log2(np.asarray(after) / before).mean(axis=people)
    totals = {
        MONONUCLEAR: (np.sum(before, axis=-1), np.sum(after, axis=-1)),
        WHOLE_BLOOD: (leukocytes_before, leukocytes_after),
    }
    parts = []
    for denominator, (whole_before, whole_after) in totals.items():
        logit = _logit(after, whole_after) - _logit(before, whole_before)
        parts.append(
            pd.DataFrame(
                {
                    "denominator": denominator,
                    "cell_type": _type_names(),
                    "log2_number": number,
                    "logit_share": logit.mean(axis=people),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _check_composition(numbers: Floats, leukocytes: Floats) -> None:
    if not (numbers > 0).all():
        raise Misuse("a type without any cell has no logarithm; its numbers must be above zero")
    if not (leukocytes >= numbers.sum(axis=-1) * (1 - 1e-9)).all():
        raise Misuse("fewer leukocytes than mononuclear cells: give the count of all leukocytes")


def _logit(numbers: Floats, whole: Floats) -> Floats:
    share = np.asarray(numbers) / np.asarray(whole)[..., None]
    return np.log(share) - np.log1p(-share)
