"""Calibrate six methods against each other: false positives, false discoveries and power.

Studies are drawn under the law in ``exercisebook.simulate.repeated``: 13 persons, 3 phases, a tenth
of 2,000 features changed, four scenarios (people who respond unevenly in one phase are seen in that
phase and in the other one). For every method: type-I, the share of p values up to .05 among
features without effect; FDR, the mean share of false ones among those with Benjamini-Hochberg q up
to .05; power, the share of changed features among these. Each is a mean over studies, and its
Monte-Carlo error is that of this mean.

The figures it is held against were measured before the book began; their law was not written down.
A figure differs if it is further off than 3 Monte-Carlo errors and .01.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scipy import special

from exercisebook.cohort.tables import write_csv
from exercisebook.paths import ENGINE
from exercisebook.simulate.repeated import SCENARIOS, RepeatedMeasures, repeated_measures
from exercisebook.stats.linear import contrast_of, linear_fit, p_of_t
from exercisebook.stats.mixed import mixed_contrast
from exercisebook.stats.moderation import moderated_p
from exercisebook.stats.multiplicity import benjamini_hochberg

Floats = NDArray[np.float64]

REPLICATES, FEATURES, SEED = 1000, 2000, 20251121
ALPHA = 0.05
ALLOWANCE = 0.01
"""What two simulations may differ by beyond 3 Monte-Carlo errors of the one at hand."""

METHODS = (
    "blocked limma",
    "mixed, Kenward-Roger",
    "mixed, z",
    "paired t",
    "paired differences + eBayes",
    "unpaired",
)
MEASURES = ("type_i", "fdr", "power")

ROWS = {
    "10 % changed, varying ICC": ("independent", "b"),
    "t4 errors": ("heavy tails", "b"),
    "AR(1) within person": ("autocorrelated", "b"),
    "people respond unevenly in one phase: that phase": ("uneven response", "b"),
    "people respond unevenly in one phase: the other phase": ("uneven response", "c"),
}
"""Rows of the table: a scenario, and the phase that is held against phase a."""

EARLIER = {
    "10 % changed, varying ICC": (
        ".050/.049/.451 .051/.050/.442 .063/.109/.496 .051/.047/.382 .050/.049/.423 .012/.004/.262"
    ),
    "t4 errors": (
        ".049/.036/.453 .049/.037/.446 .062/.088/.501 .047/.032/.399 .047/.028/.428 .010/.004/.266"
    ),
    "AR(1) within person": (
        ".035/.025/.561 .036/.027/.549 .046/.058/.594 .050/.049/.540 .050/.044/.577 .001/.000/.254"
    ),
    "people respond unevenly in one phase: that phase": (
        ".065/.072/.386 .065/.073/.381 .080/.163/.437 .050/.040/.287 .050/.044/.325 .020/.012/.228"
    ),
    "people respond unevenly in one phase: the other phase": (
        ".025/.011/.377 .026/.012/.367 .034/.034/.427 .049/.042/.384 .049/.041/.425 .006/.001/.221"
    ),
}
"""What was measured before: type-I/FDR/power of each method in turn."""


def p_values(study: RepeatedMeasures, phase: str) -> dict[str, Floats]:
    """Return every method's p values for ``phase`` against phase a.

    Unpaired is the moderated linear model of the three phases that ignores who is who.
    """
    cells, contrast, differences = study.cells, study.contrast(phase), study.differences(phase)
    blocked = linear_fit(study.values, cells, study.persons)
    mixed = mixed_contrast(study.values, cells, study.persons, contrast)
    paired = linear_fit(differences, np.ones((len(differences), 1)))
    change = contrast_of(paired, [1.0])
    found = (
        moderated_p(blocked, contrast),
        p_of_t(mixed.estimate / mixed.se, mixed.df),
        2 * special.ndtr(-np.abs(mixed.estimate / mixed.se)),
        p_of_t(change.estimate / (change.unscaled * np.sqrt(paired.variance)), paired.df),
        moderated_p(paired, np.ones(1)),
        moderated_p(linear_fit(study.values, cells), contrast),
    )
    return dict(zip(METHODS, found, strict=True))


def measures(p: Floats, changed: NDArray[np.bool_]) -> tuple[float, float, float]:
    """Return type-I, the share of false discoveries (0 where there are none), and power."""
    discovered = benjamini_hochberg(p) <= ALPHA
    false = (discovered & ~changed).sum() / max(discovered.sum(), 1)
    return float((p[~changed] <= ALPHA).mean()), float(false), float(discovered[changed].mean())


def rows_of(scenario: str) -> list[tuple[str, str]]:
    """Return the rows of the table that come from a scenario, each with its phase."""
    return [(row, phase) for row, (of, phase) in ROWS.items() if of == scenario]


def simulated(replicates: Iterable[int], features: int, scenario: str, seed: int) -> Floats:
    """Return the measures of every study, shape (rows, replicates, methods, measures).

    A study has a generator of its own, so that the first hundred of a thousand studies are the
    same as a hundred.
    """
    rows, position = rows_of(scenario), list(SCENARIOS).index(scenario)
    found = []
    for replicate in replicates:
        rng = np.random.default_rng([seed, position, replicate])
        study = repeated_measures(rng, scenario, features)
        found.append(
            [
                [measures(p, study.changed) for p in p_values(study, phase).values()]
                for _, phase in rows
            ]
        )
    return np.swapaxes(np.array(found), 0, 1)


def summary(scenario: str, studies: Floats) -> pd.DataFrame:
    """Return one row for every row of the table, method and measure, beside the earlier figure."""
    table = []
    for (row, _), of_row in zip(rows_of(scenario), studies, strict=True):
        mean = of_row.mean(axis=0)
        error = of_row.std(axis=0, ddof=1) / np.sqrt(len(of_row))
        earlier = np.array([cell.split("/") for cell in EARLIER[row].split()], float)
        table += [
            (row, method, measure, mean[i, j], error[i, j], earlier[i, j])
            for i, method in enumerate(METHODS)
            for j, measure in enumerate(MEASURES)
        ]
    names = ["scenario", "method", "measure", "estimate", "monte_carlo_error", "earlier"]
    frame = pd.DataFrame(table, columns=names).round({"estimate": 6, "monte_carlo_error": 6})
    off = (frame["estimate"] - frame["earlier"]).abs()
    return frame.assign(agrees=off <= 3 * frame["monte_carlo_error"] + ALLOWANCE)


def as_printed(frame: pd.DataFrame) -> Table:
    """Return the table for a terminal: our figures, the earlier ones, and a mark if they differ."""
    table = Table("scenario", "method", "type-I", "FDR", "power", box=None)
    table.caption = "ours (earlier); ≠ marks what differs by more than 3 Monte-Carlo errors and .01"
    for (row, method), group in frame.groupby(["scenario", "method"], sort=False):
        cells = [
            f"{r.estimate:.3f} ({r.earlier:.3f}){'' if r.agrees else ' ≠'}"
            for r in group.itertuples()
        ]
        table.add_row(row if method == METHODS[0] else "", method, *cells)
    return table


def main() -> None:
    """Simulate, print the table, and write it."""
    console = Console(stderr=True)
    parts = []
    for scenario in SCENARIOS:
        steps = track(range(REPLICATES), f"{scenario:<15}", console=console)
        parts.append(summary(scenario, simulated(steps, FEATURES, scenario, SEED)))
    frame = pd.concat(parts, ignore_index=True)
    Console().print(as_printed(frame))
    table = frame.assign(replicates=REPLICATES, features=FEATURES, seed=SEED)
    write_csv(table, ENGINE / "calibration.csv")
    Console().print(f"{frame['agrees'].sum()} of {len(frame)} figures agree with the earlier ones")


if __name__ == "__main__":
    main()
