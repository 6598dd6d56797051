"""Time what a researcher runs on a large cohort: two packages, drawn alike each time.

``small`` has 13 people at three visits with 3,000 proteins and 20,000 cells of 12,000 genes; its
check may take 10 s and its report of all seven chapters, site included, 5 minutes on 2 cores and
6 GB. ``large`` has 500 people at five visits with 3,000 proteins; a report of chapter 2 may take
2 minutes. ``make bench`` writes both to a temporary folder, runs both and prints seconds of wall
clock and of processor, the most memory held at once, and the share of each limit. With
``--into DIR`` the packages are written there and nothing is timed.

The packages say the design of a study and nothing of being simulated, so that every verdict is
worked out as it is for a cohort of flesh and blood.
"""

import os

# one thread, and before numpy is there
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import argparse  # noqa: E402
import json  # noqa: E402
import shutil  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
import threading  # noqa: E402
import time  # noqa: E402
from collections.abc import Iterable  # noqa: E402
from contextlib import suppress  # noqa: E402
from dataclasses import dataclass, replace  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from exercisebook.cohort.frames import contrasts_frame, measured_frame  # noqa: E402
from exercisebook.cohort.package import Cohort, write_cohort  # noqa: E402
from exercisebook.cohort.schemas import FEATURES  # noqa: E402
from exercisebook.simulate.cohorts import simulate  # noqa: E402
from exercisebook.simulate.single_cells import write_cells  # noqa: E402
from exercisebook.simulate.worlds import world  # noqa: E402

PROTEINS = 3_000
CELLS = 20_000
GENES = 12_000
READS_OF_OTHER_GENES = 2_500
"""A cell, beside those of the genes that the world knows."""
SEED = 20251121
MEASURED = ("clinical", "blood_count", "cytokines", "proteins", "metabolites")
ROUNDED = 6
"""Significant digits of the values written, more than an assay has."""

STUDY = {
    "design": "single-arm before-after",
    "species": "human",
    "population": "healthy young men",
    "tissue": "blood",
}

LATER = {"acute": "recovery", "training": "detraining"}
"""What the visits of a second round are called."""


@dataclass(frozen=True)
class Task:
    """One command on one package, and what it may take."""

    name: str
    package: str
    words: tuple[str, ...]
    seconds: float
    gigabytes: float = 6.0


REPORT = ("--cohort", "{package}", "--out", "{out}", "--cores", "2")

TASKS = (
    Task("check", "small", ("check", "{package}"), 10),
    Task("all chapters", "small", ("run", *REPORT), 300),
    Task("chapter 2", "large", ("run", "02", *REPORT), 120),
)


def more_proteins(cohort: Cohort, rng: np.random.Generator) -> Cohort:
    """Return a cohort with proteins that nobody has heard of, until there are 3,000.

    Every fifth has a limit of detection, under which one value in ten lies; one in a hundred is
    missing; one in ten follows the phase.
    """
    samples, known = cohort.samples, cohort.features.query("modality == 'proteins'")
    number = PROTEINS - len(known)
    person = samples["subject"].factorize()[0]
    phase = samples["phase"].factorize()[0]
    names = np.array([f"assay{i:04d}" for i in range(1, number + 1)])
    changing = np.where(rng.random(number) < 0.1, rng.normal(0, 0.3, (phase.max() + 1, number)), 0)
    level = rng.normal(6, 2, number) + rng.normal(0, 0.6, (person.max() + 1, number))[person]
    values = 2 ** (level + changing[phase] + rng.normal(0, 0.35, level.shape))
    limits = np.where(np.arange(number) % 5 == 0, np.quantile(values, 0.1, axis=0), np.nan)
    values[rng.random(values.shape) < 0.01] = np.nan
    table = measured_frame(
        samples["sample_id"].repeat(number),
        pd.Series(np.tile(names, len(samples))),
        pd.Series(values.ravel()),
        pd.Series(np.tile(limits, len(samples))),
    )
    columns = ("proteins", names, None, "relative", limits)
    features = pd.DataFrame(dict(zip(FEATURES.columns, columns, strict=True)))
    whole = pd.concat([cohort.measurements["proteins"], table], ignore_index=True)
    return replace(
        cohort,
        features=pd.concat([cohort.features, features], ignore_index=True),
        measurements={**cohort.measurements, "proteins": whole},
    )


def more_genes(cells: Any, rng: np.random.Generator) -> Any:
    """Return cells with genes that nobody has heard of, until there are 12,000."""
    import anndata
    from scipy import sparse

    number, n = GENES - cells.n_vars, cells.n_obs
    share = rng.lognormal(0, 1.8, number)
    upper = np.cumsum(share / share.sum())
    reads = rng.poisson(READS_OF_OTHER_GENES * rng.lognormal(0, 0.35, n))
    parts = []
    for rows in np.array_split(np.arange(n), 20):
        cell = np.repeat(np.arange(len(rows)), reads[rows])
        gene = np.minimum(np.searchsorted(upper, rng.random(len(cell))), number - 1)
        one = np.ones(len(cell), dtype=np.int32)
        parts.append(sparse.coo_matrix((one, (cell, gene)), (len(rows), number)).tocsr())
    names = [*cells.var_names, *(f"GENE{i:05d}" for i in range(1, number + 1))]
    x = sparse.hstack([cells.X, sparse.vstack(parts)], format="csr", dtype=np.int32)
    return anndata.AnnData(x, obs=cells.obs, var=pd.DataFrame(index=names))


def described(cohort: Cohort, name: str) -> Cohort:
    """Return a cohort under another name, with the design of a study in its description."""
    return replace(cohort, name=name, description={"title": f"The {name} bench", "study": STUDY})


def small(rng: np.random.Generator) -> tuple[Cohort, Any]:
    """Return 13 people at three visits, with 3,000 proteins, and 20,000 cells of 12,000 genes."""
    made = simulate(world("reference"), 13, SEED, cells_per_sample=-(-CELLS // 39))
    cells = made.cells[np.sort(rng.permutation(made.cells.n_obs)[:CELLS])].copy()
    return more_proteins(described(made.cohort, "small"), rng), more_genes(cells, rng)


def large(rng: np.random.Generator) -> tuple[Cohort, None]:
    """Return 500 people at five visits, with 3,000 proteins and no cells."""
    first, second = (
        simulate(world("reference"), 500, SEED + turn, MEASURED).cohort for turn in (0, 1)
    )
    again = second.samples["phase"].isin(LATER)
    renamed = second.samples[again].assign(
        sample_id=second.samples["sample_id"].replace(
            {f"-{old}$": f"-{new}" for old, new in LATER.items()}, regex=True
        ),
        phase=second.samples["phase"].map(LATER),
        day=second.samples["day"] + 60,
    )
    new_id = dict(zip(second.samples["sample_id"][again], renamed["sample_id"], strict=True))
    measurements = {}
    for modality, table in second.measurements.items():
        own = table[table["sample_id"].isin(new_id)]
        own = own.assign(sample_id=own["sample_id"].map(new_id))
        measurements[modality] = pd.concat([first.measurements[modality], own], ignore_index=True)
    phases = [("acute", "baseline"), ("recovery", "acute"), ("training", "baseline"),
              ("detraining", "training")]  # fmt: skip
    whole = replace(
        first,
        samples=pd.concat([first.samples, renamed], ignore_index=True),
        contrasts=contrasts_frame(
            (f"{phase}-{before}", phase, phase, before, "exercise", "exercise")
            for phase, before in phases
        ),
        measurements=measurements,
    )
    return more_proteins(described(whole, "large"), rng), None


MAKERS = {"small": small, "large": large}


def write_packages(folder: Path, names: Iterable[str]) -> None:
    """Write packages into a folder, each under its name."""
    for name in names:
        cohort, cells = MAKERS[name](np.random.default_rng(SEED))
        write_cohort(cohort, folder / name, ROUNDED)
        if cells is not None:
            write_cells(cells, folder / name / "cells.h5ad")


@dataclass(frozen=True)
class Cost:
    """What a command took: wall clock and processor in seconds, memory in gigabytes."""

    wall: float
    processor: float
    gigabytes: float


def run(command: list[str]) -> Cost:
    """Run a command and return what it and all it started took.

    Memory is the most that all processes held at one time, what they share counted once.

    Raises
    ------
    CalledProcessError
        If it fails; what it said is printed.
    """
    before, start = os.times(), time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    most = [0.0]
    watcher = threading.Thread(target=_watch, args=(process, most), daemon=True)
    watcher.start()
    said, _ = process.communicate()
    wall, after = time.perf_counter() - start, os.times()
    watcher.join()
    if process.returncode:
        print(said)
        raise subprocess.CalledProcessError(process.returncode, command)
    used = sum(after[2:4]) - sum(before[2:4])
    return Cost(wall, used, most[0] / 1e9)


def _watch(process: "subprocess.Popen[str]", most: list[float]) -> None:
    """Keep the most memory that a process and its descendants held, looking twice a second."""
    while process.poll() is None:
        most[0] = max(most[0], sum(map(_held, _family(process.pid))))
        time.sleep(0.5)


def _family(root: int) -> set[int]:
    """Return a process and all its descendants, as Linux lists them."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        # one that has ended meanwhile takes its file with it
        with suppress(OSError):
            told = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            parents[int(path.parent.name)] = int(told[1])
    family, more = set[int](), {root}
    while more:
        family |= more
        more = {child for child, parent in parents.items() if parent in more} - family
    return family


def _held(pid: int) -> int:
    """Return the bytes that a process holds, its share of what it shares; 0 if it has ended."""
    told = ""
    with suppress(OSError):
        told = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8")
    return 1024 * sum(int(x.split()[1]) for x in told.splitlines() if x.startswith("Pss:"))


def timed(task: Task, packages: Path) -> Cost:
    """Return the cost of a task on a copy of its package, of which nothing has been kept."""
    with tempfile.TemporaryDirectory() as place:
        # what has been run is kept by the path of its cohort, and this path is new
        package, out = Path(place) / task.package, Path(place) / "report"
        shutil.copytree(packages / task.package, package)
        words = [word.format(package=package, out=out) for word in task.words]
        cost = run([sys.executable, "-m", "exercisebook.cli", *words])
        _forget(out / ".work" / "plan.json")
    return cost


def _forget(plan: Path) -> None:
    """Remove the executed notebooks of a report, which nobody will ask for again."""
    if plan.is_file():
        for chapter in json.loads(plan.read_text(encoding="utf-8"))["chapters"]:
            shutil.rmtree(Path(chapter["executed"]).parent, ignore_errors=True)


def report(costs: dict[Task, Cost]) -> Table:
    """Return the costs beside what they may be."""
    table = Table("package", "command", "wall (s)", "processor (s)", "limit (s)", "wall / limit",
                  "memory (GB)", "limit (GB)", title="A large cohort, 2 cores")  # fmt: skip
    for task, cost in costs.items():
        table.add_row(
            task.package,
            task.name,
            f"{cost.wall:.1f}",
            f"{cost.processor:.1f}",
            f"{task.seconds:.0f}",
            f"{cost.wall / task.seconds:.2f}",
            f"{cost.gigabytes:.2f}",
            f"{task.gigabytes:.0f}",
        )
    return table


def main(arguments: list[str]) -> int:
    """Write the packages and time what runs on them; return 1 if a limit is passed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--into", type=Path, help="write the packages there and time nothing")
    parser.add_argument("--only", choices=[*MAKERS], help="one of the two packages")
    given = parser.parse_args(arguments)
    names = (given.only,) if given.only else tuple(MAKERS)
    if given.into is not None:
        write_packages(given.into, names)
        return 0
    console, costs = Console(), {}
    with tempfile.TemporaryDirectory() as place:
        packages = Path(place)
        write_packages(packages, names)
        for task in (task for task in TASKS if task.package in names):
            console.print(f"{task.package}: {task.name}", style="dim")
            costs[task] = timed(task, packages)
    console.print(report(costs))
    within = all(c.wall <= t.seconds and c.gigabytes <= t.gigabytes for t, c in costs.items())
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
