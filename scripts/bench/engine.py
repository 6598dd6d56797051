"""Time the engine beside the library that a reader would reach for, in one run.

``make bench`` prints ratios of medians of five, writes them to ``data/engine/bench.csv`` and draws
the cost against the number of features. R is timed where it is installed, with Debian's packages
r-bioc-limma, r-bioc-edger and r-cran-lmertest. Times belong to the machine they were taken on.
"""

import os

# one thread on both sides, and before numpy is there
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import shutil  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
import warnings  # noqa: E402
from collections.abc import Callable, Iterator  # noqa: E402
from pathlib import Path  # noqa: E402

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.progress import Progress  # noqa: E402
from rich.table import Table  # noqa: E402
from timing import median_time  # noqa: E402

from exercisebook.cohort.tables import write_csv  # noqa: E402
from exercisebook.figures.bench import cost_chart  # noqa: E402
from exercisebook.figures.theme import save_chart  # noqa: E402
from exercisebook.paths import BUILD, ENGINE  # noqa: E402
from exercisebook.stats.counts import tmm_factors, voom  # noqa: E402
from exercisebook.stats.duplicate_correlation import duplicate_correlation  # noqa: E402
from exercisebook.stats.linear import linear_fit, p_of_t  # noqa: E402
from exercisebook.stats.mixed import mixed_contrast  # noqa: E402
from exercisebook.stats.moderation import moderated_p  # noqa: E402

Floats = np.ndarray

SIZES = (500, 5_000, 20_000)
PERSONS, PHASES = 13, 3
PERSON = np.repeat(np.arange(PERSONS), PHASES)
WITHIN = np.tile(np.eye(PHASES)[:, 1:], (PERSONS, 1))
"""Columns of phases b and c; persons are blocks."""
JOINT = np.column_stack([np.ones(PERSONS * PHASES), WITHIN])

MEASURED_METHODS = (
    "block",
    "voom",
    "duplicate correlation",
    "mixed, balanced",
    "mixed, missing values",
)

WANTED = {
    ("block", "limma"): 4,
    ("duplicate correlation", "limma"): 500,
    ("mixed, balanced", "lmerTest"): 10_000,
    ("mixed, balanced", "statsmodels MixedLM"): 10_000,
    ("mixed, missing values", "lmerTest"): 100,
    ("mixed, missing values", "statsmodels MixedLM"): 100,
    ("voom", "limma"): 3,
    ("pseudobulk", "scanpy.get.aggregate"): 1.5,
}
"""How many times as fast as its peer each is meant to be."""


def study(rng: np.random.Generator, features: int) -> Floats:
    """Return log values, shape (39, features), with levels of persons."""
    person = rng.normal(0, 0.6, (PERSONS, features))[PERSON]
    return 8 + person + rng.normal(0, 0.4, (len(PERSON), features))


def with_holes(rng: np.random.Generator, values: Floats) -> Floats:
    """Return the values with 8 % of them missing at random."""
    return np.where(rng.random(values.shape) < 0.08, np.nan, values)


def reads(rng: np.random.Generator, features: int) -> Floats:
    """Return counts of reads, shape (39, features), negative binomial."""
    mean = rng.lognormal(3.5, 1.4, features) * rng.lognormal(0, 0.2, (len(PERSON), 1))
    size = 5.0
    return rng.negative_binomial(size, size / (size + mean)).astype(float)


def block(values: Floats, weights: Floats | None = None) -> Floats:
    """Return p values of phase b: persons as blocks, moderated."""
    return moderated_p(linear_fit(values, WITHIN, PERSON, weights=weights), [1, 0])


def of_counts(counts: Floats) -> Floats:
    """Return p values of phase b by TMM and voom."""
    weighted = voom(counts, WITHIN, PERSON, tmm_factors(counts))
    return block(weighted.log_cpm, weighted.weights)


def mixed(values: Floats) -> Floats:
    """Return p values of phase b by a mixed model with Satterthwaite's degrees of freedom."""
    found = mixed_contrast(values, JOINT, PERSON, [0, 1, 0], "satterthwaite")
    return p_of_t(found.estimate / found.se, found.df)


def by_statsmodels(values: Floats) -> None:
    """Fit statsmodels' MixedLM to every feature, one after another."""
    from statsmodels.regression.mixed_linear_model import MixedLM

    for column in values.T:
        seen = np.isfinite(column)
        with warnings.catch_warnings(record=True):
            MixedLM(column[seen], JOINT[seen], PERSON[seen]).fit(reml=True)


Measured = tuple[str, str, int, int, float]
"""What, whose, features it stands for, features timed, seconds for the features timed."""


def own_times(data: dict[str, dict[int, Floats]]) -> Iterator[Measured]:
    """Yield the times of the engine."""
    for size in SIZES:
        complete, holes, counts = (data[k][size] for k in ("complete", "missing", "counts"))
        work: dict[str, Callable[[], object]] = {
            "block": lambda y=complete: block(y),
            "voom": lambda y=counts: of_counts(y),
            "duplicate correlation": lambda y=complete: duplicate_correlation(y, JOINT, PERSON),
            "mixed, balanced": lambda y=complete: mixed(y),
            "mixed, missing values": lambda y=holes: mixed(y),
        }
        for name, run in work.items():
            yield name, "this engine", size, size, median_time(run)


def python_peers(data: dict[str, dict[int, Floats]]) -> Iterator[Measured]:
    """Yield the times of statsmodels on 200 features; it takes over a second for more."""
    for name, kind in (("mixed, balanced", "complete"), ("mixed, missing values", "missing")):
        few = data[kind][SIZES[0]][:, :200]
        seconds = median_time(lambda y=few: by_statsmodels(y))
        for size in SIZES:
            yield name, "statsmodels MixedLM", size, 200, seconds


def r_peers(data: dict[str, dict[int, Floats]]) -> Iterator[Measured]:
    """Yield the times of limma and lmerTest, if R has them."""
    script = Path(__file__).parent / "peers.R"
    with tempfile.TemporaryDirectory() as folder:
        for kind, tables in data.items():
            for size, table in tables.items():
                # R's matrices are filled column by column, and have features in rows
                np.ascontiguousarray(table).tofile(Path(folder) / f"{kind}_{size}.bin")
        done = subprocess.run(
            ["Rscript", str(script), folder], capture_output=True, text=True, check=True
        )
    for line in done.stdout.splitlines():
        name, timed, seconds = line.split("\t")
        peer = "lmerTest" if name.startswith("mixed") else "limma"
        stands_for = [int(timed)] if int(timed) in SIZES else list(SIZES)
        for size in stands_for:
            yield name, peer, size, int(timed), float(seconds)


def has_r() -> bool:
    """Return whether R is here with the packages that are timed."""
    if shutil.which("Rscript") is None:
        return False
    asked = "for (p in c('limma', 'edgeR', 'lmerTest')) stopifnot(requireNamespace(p))"
    return (
        subprocess.run(["Rscript", "-e", asked], capture_output=True, check=False).returncode == 0
    )


def pseudobulk_times(rng: np.random.Generator) -> Iterator[Measured]:
    """Yield the times of summing 200,000 cells x 2,000 genes, ours and scanpy's."""
    import anndata
    import scanpy as sc
    from scipy import sparse

    from exercisebook.stats.pseudobulk import pseudobulk

    cells, genes, each = 200_000, 2_000, 100
    indices = rng.integers(0, genes, cells * each)
    reads_of = rng.integers(1, 9, cells * each).astype(np.float32)
    x = sparse.csr_matrix((reads_of, indices, np.arange(0, cells * each + 1, each)), (cells, genes))
    x.sum_duplicates()

    def labels(mark: str, kinds: int) -> pd.Categorical:
        names = [f"{mark}{i}" for i in range(kinds)]
        return pd.Categorical.from_codes(rng.integers(0, kinds, cells), names)

    obs = {"subject": labels("s", 13), "phase": labels("p", 3), "cell_type": labels("t", 8)}
    adata = anndata.AnnData(x, obs=pd.DataFrame(obs, index=np.arange(cells).astype(str)))
    groups = ["subject", "phase", "cell_type"]
    ours = median_time(lambda: pseudobulk(adata, groups))
    theirs = median_time(lambda: sc.get.aggregate(adata, groups, "sum"))
    yield "pseudobulk", "this engine", cells, cells, ours
    yield "pseudobulk", "scanpy.get.aggregate", cells, cells, theirs


def peak_memory() -> dict[str, float]:
    """Return each method's peak memory at the most features, in MB, each in a new process."""
    peaks = {}
    for name in (
        "block",
        "duplicate correlation",
        "mixed, balanced",
        "mixed, missing values",
        "voom",
    ):
        done = subprocess.run(
            [sys.executable, __file__, "--memory", name], capture_output=True, text=True, check=True
        )
        peaks[name] = float(done.stdout)
    return peaks


def memory_of(name: str) -> float:
    """Return the peak memory of this process after one method at the most features, in MB."""
    rng = np.random.default_rng(1)
    complete = study(rng, SIZES[-1])
    if name == "voom":
        of_counts(reads(rng, SIZES[-1]))
    elif name == "block":
        block(complete)
    elif name == "duplicate correlation":
        duplicate_correlation(complete, JOINT, PERSON)
    else:
        mixed(complete if name == "mixed, balanced" else with_holes(rng, complete))
    # ru_maxrss would carry over what the parent held before this program began
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return float(status.split("VmHWM:")[1].split()[0]) / 1024


def measured() -> pd.DataFrame:
    """Return every time: what, who, features, seconds for that many features, features timed."""
    rng = np.random.default_rng(1)
    data: dict[str, dict[int, Floats]] = {
        "complete": {size: study(rng, size) for size in SIZES},
        "counts": {size: reads(rng, size) for size in SIZES},
    }
    data["missing"] = {size: with_holes(rng, data["complete"][size]) for size in SIZES}
    parts: list[Callable[[], Iterator[Measured]]] = [
        lambda: own_times(data),
        lambda: python_peers(data),
        lambda: pseudobulk_times(rng),
    ]
    if has_r():
        parts.append(lambda: r_peers(data))
    rows: list[Measured] = []
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("timing", total=len(parts))
        for part in parts:
            rows += part()
            progress.advance(task)
    table = pd.DataFrame(rows, columns=["what", "who", "features", "timed", "seconds"])
    table["seconds"] *= table["features"] / table["timed"]
    return table


def ratios(times: pd.DataFrame) -> pd.DataFrame:
    """Return peers beside the engine, a row each, with how many times as long they take."""
    ours = times[times["who"] == "this engine"].set_index(["what", "features"])["seconds"]
    peers = times[times["who"] != "this engine"].copy()
    keys = pd.MultiIndex.from_frame(peers[["what", "features"]])
    peers["ours"] = ours.reindex(keys).to_numpy()
    peers["ratio"] = peers["seconds"] / peers["ours"]
    peers["wanted"] = [WANTED[key] for key in zip(peers["what"], peers["who"], strict=True)]
    return peers.sort_values(["what", "who", "features"])


def main() -> None:
    """Print the tables, write the times and draw the cost."""
    if sys.argv[1:2] == ["--memory"]:
        sys.stdout.write(f"{memory_of(sys.argv[2]):.0f}")
        return
    console = Console(width=110)
    times = measured()
    table = Table("what", "peer", "features", "ours (ms)", "peer (ms)", "ratio", "wanted", box=None)
    for row in ratios(times).itertuples():
        scaled = "" if row.timed == row.features else f" (from {row.timed})"
        table.add_row(
            row.what,
            row.who + scaled,
            f"{row.features:,}",
            f"{1e3 * row.ours:,.2f}",
            f"{1e3 * row.seconds:,.1f}",
            f"{row.ratio:,.1f}",
            f"{row.wanted:,}",
        )
    console.print(table)
    if not has_r():
        console.print(
            "R is not timed: it needs Debian's r-bioc-limma, r-bioc-edger and r-cran-lmertest"
        )
    peaks = peak_memory() if Path("/proc/self/status").exists() else {}
    for name, peak in peaks.items():
        console.print(f"peak memory, {name}, {SIZES[-1]:,} features: {peak:,.0f} MB")
    write_csv(times, ENGINE / "bench.csv", digits=4)
    (BUILD / "bench").mkdir(parents=True, exist_ok=True)
    save_chart(cost_chart(times), BUILD / "bench" / "cost.svg")
    console.print(f"written: data/engine/bench.csv, {BUILD.name}/bench/cost.svg")


if __name__ == "__main__":
    main()
