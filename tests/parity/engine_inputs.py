"""Draw the inputs of the engine's parity tests: ``engine_inputs.py DIR [--whole]``.

What lives here is chance, from a fixed seed; ``make_engine_reference.R`` computes what the tests
compare with. The number in a file's name is its number of features. Without ``--whole`` the sizes
are those of the slices in ``engine/``.
"""

import argparse
import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

SEED = 20240701
SUBJECTS = [f"s{i:02d}" for i in range(1, 14)]
PHASES = ["a", "b", "c"]
ARMS = {"A": 10, "B": 8}
CELL_TYPES = 12


@dataclass(frozen=True)
class Sizes:
    """How many features every input has."""

    complete: int
    mixed: int
    missing: int
    arms: int
    genes: int
    sets: int


SLICES = Sizes(complete=60, mixed=40, missing=80, arms=40, genes=200, sets=12)
WHOLE = Sizes(complete=500, mixed=300, missing=2000, arms=300, genes=5000, sets=60)


def samples() -> pd.DataFrame:
    """Return 13 subjects in 3 phases."""
    rows = [(f"{s}_{p}", s, p) for s in SUBJECTS for p in PHASES]
    return pd.DataFrame(rows, columns=["sample_id", "subject", "phase"])


def arm_samples(rng: np.random.Generator) -> pd.DataFrame:
    """Return two arms of different people, before and after, each with an age."""
    rows = []
    for arm, people in ARMS.items():
        for i in range(1, people + 1):
            age = int(rng.integers(20, 60))
            subject = f"{arm.lower()}{i:02d}"
            rows += [(f"{subject}_{phase}", subject, arm, phase, age) for phase in ("pre", "post")]
    return pd.DataFrame(rows, columns=["sample_id", "subject", "arm", "phase", "age"])


def values(rng: np.random.Generator, table: pd.DataFrame, n: int) -> pd.DataFrame:
    """Return log2 values, features in rows: some people differ much and some hardly.

    The residual variance falls with the level, and is wild in one feature of thirty.
    """
    person, phase = pd.factorize(table["subject"])[0], pd.factorize(table["phase"])[0]
    level = rng.uniform(4, 12, n)
    variance = 0.15 * np.exp(0.08 * (8 - level)) * 6 / rng.chisquare(6, n)
    variance[rng.random(n) < 1 / 30] *= 25
    between = np.where(rng.random(n) < 0.15, 0, rng.uniform(0, 0.85, n))
    spread = np.sqrt(variance * between / (1 - between))
    shift = rng.normal(0, 0.5, (n, phase.max() + 1)) * (rng.random((n, 1)) < 0.3)
    shift[:, 0] = 0
    own = rng.normal(size=(n, person.max() + 1)) * spread[:, None]
    noise = rng.normal(size=(n, len(table))) * np.sqrt(variance)[:, None]
    y = level[:, None] + own[:, person] + shift[:, phase] + noise
    return pd.DataFrame(y, index=_names("f", n, 0), columns=table["sample_id"])


def with_gaps(rng: np.random.Generator, complete: pd.DataFrame) -> pd.DataFrame:
    """Return the values without two samples, and without 8 % of what is left."""
    kept = complete.drop(columns=["s03_b", "s07_c"])
    return kept.mask(rng.random(kept.shape) < 0.08)


def arm_values(rng: np.random.Generator, table: pd.DataFrame, n: int) -> pd.DataFrame:
    """Return values of the arms: every other feature lacks 6 %."""
    complete = values(rng, table, n)
    gaps = rng.random(complete.shape) < 0.06
    gaps[::2] = False
    return complete.mask(gaps)


def weights(rng: np.random.Generator, complete: pd.DataFrame) -> pd.DataFrame:
    """Return a precision weight for every value."""
    return pd.DataFrame(
        rng.gamma(4, 1 / 4, complete.shape).round(3) + 0.05, complete.index, complete.columns
    )


def counts(rng: np.random.Generator, table: pd.DataFrame, n: int) -> pd.DataFrame:
    """Return read counts of the genes that are seen at all, one library per sample."""
    person = pd.factorize(table["subject"])[0]
    base = rng.normal(3.4, 1.9, n)
    own = rng.normal(0, 0.25, (n, person.max() + 1))[:, person]
    changed = rng.normal(0, 0.6, n) * (rng.random(n) < 0.1)
    log_mean = base[:, None] + own + changed[:, None] * (table["phase"] == "b").to_numpy()
    mean = np.exp(log_mean) * rng.uniform(0.4, 1.5, len(table))
    size = 1 / (0.04 + 0.6 * rng.gamma(2, 0.5, n) / np.sqrt(np.exp(base) + 1))[:, None]
    drawn = rng.poisson(mean * rng.gamma(np.broadcast_to(size, mean.shape)) / size)
    table_of = pd.DataFrame(drawn, index=_names("g", n, 1), columns=table["sample_id"])
    return table_of[drawn.sum(axis=1) >= 10]


def cell_counts(rng: np.random.Generator, table: pd.DataFrame) -> pd.DataFrame:
    """Return counts of cell types, samples in rows, some types steadier than others."""
    person = pd.factorize(table["subject"])[0]
    base = rng.normal(0, 1.2, CELL_TYPES)
    own = rng.normal(0, 0.35, (person.max() + 1, CELL_TYPES))[person]
    noise = rng.normal(size=(len(table), CELL_TYPES)) * rng.uniform(0.05, 0.9, CELL_TYPES)
    share = np.exp(base + own + noise)
    share[(table["phase"] == "c").to_numpy(), 0] *= 1.6
    total = rng.integers(1500, 5000, len(table))
    drawn = rng.multinomial(total, share / share.sum(axis=1, keepdims=True))
    return pd.DataFrame(drawn, columns=[f"ct{k}" for k in range(1, CELL_TYPES + 1)])


def sets(rng: np.random.Generator, features: pd.Index, n: int) -> pd.DataFrame:
    """Return random sets of features, in long form."""
    largest = min(60, len(features) // 3)
    rows = []
    for number in range(1, n + 1):
        size = int(rng.integers(5, largest + 1))
        members = np.sort(rng.choice(len(features), size, replace=False))
        rows += [(f"set{number:02d}", features[m]) for m in members]
    return pd.DataFrame(rows, columns=["set", "feature"])


def _names(letter: str, n: int, first: int) -> pd.Index:
    width = 5 if first == 0 else 1
    name = "feature" if letter == "f" else "gene"
    return pd.Index([f"{letter}{i:0{width}d}" for i in range(first, n + first)], name=name)


def inputs(sizes: Sizes) -> dict[str, pd.DataFrame]:
    """Return every input by its file name, without ending."""
    rng = np.random.default_rng(SEED)
    table, arms = samples(), arm_samples(rng)
    complete = values(rng, table, sizes.complete)
    gene_counts = counts(rng, table, sizes.genes)
    return {
        "samples": table.set_index("sample_id"),
        "arm_samples": arms.set_index("sample_id"),
        f"complete_{sizes.complete}": complete,
        f"complete_{sizes.mixed}": values(rng, table, sizes.mixed),
        f"missing_{sizes.missing}": with_gaps(rng, values(rng, table, sizes.missing)),
        f"arms_{sizes.arms}": arm_values(rng, arms, sizes.arms),
        f"weights_{sizes.complete}": weights(rng, complete),
        "counts": gene_counts,
        f"cell_counts_{CELL_TYPES}": cell_counts(rng, table),
        f"sets_{sizes.sets}": sets(rng, complete.index, sizes.sets).set_index("set"),
    }


def write(folder: Path, tables: dict[str, pd.DataFrame]) -> None:
    """Write the tables with 17 significant digits, the large ones compressed without a date."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        named = not name.startswith("cell_counts")
        text = table.to_csv(index=named, float_format="%.17g", lineterminator="\n")
        if name.split("_")[0] in ("complete", "missing", "arms", "weights", "counts"):
            (folder / f"{name}.csv.gz").write_bytes(gzip.compress(text.encode(), mtime=0))
        else:
            (folder / f"{name}.csv").write_text(text, encoding="utf-8")


def main() -> None:
    """Write the inputs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--whole", action="store_true", help="full sizes, not the slices'")
    given = parser.parse_args()
    write(given.folder, inputs(WHOLE if given.whole else SLICES))


if __name__ == "__main__":
    main()
