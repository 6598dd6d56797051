"""Time the book's own statistics against the library that a reader would reach for.

Each pair does the same work in the same run, is first shown to agree, and is reported as the ratio
of median times. Nothing here is a test: times belong to the machine they were taken on.
"""

import statistics
import time
from collections.abc import Callable

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scipy import stats

from exercisebook.stats.hodges_lehmann import hodges_lehmann
from exercisebook.stats.sign_flip import sign_flip_test

REPEATS = 5

Pair = tuple[str, str, Callable[[], object], Callable[[], object]]


def pairs() -> list[Pair]:
    """Return what is timed: name, peer, ours, theirs; AssertionError where the two disagree."""
    rng = np.random.default_rng(1)
    study = rng.normal(0.4, 1, (13, 300))
    person = study[:, 0]

    def t_of_mean(x: np.ndarray, axis: int) -> np.ndarray:
        return np.abs(stats.ttest_1samp(x, 0, axis=axis).statistic)

    def scipy_flips(d: np.ndarray) -> np.ndarray:
        return stats.permutation_test(
            (d,), t_of_mean, permutation_type="samples", n_resamples=np.inf,
            alternative="greater", vectorized=True, axis=0,
        ).pvalue  # fmt: skip

    def scipy_ranks() -> float:
        return stats.wilcoxon(person, method="exact").pvalue

    np.testing.assert_allclose(sign_flip_test(study[:, :3]).p_value, scipy_flips(study[:, :3]))
    np.testing.assert_allclose(hodges_lehmann(person).p_value, scipy_ranks())
    return [
        (
            "sign flips, 13 people, 1 feature",
            "scipy.stats.permutation_test",
            lambda: sign_flip_test(study[:, :1]),
            lambda: scipy_flips(study[:, :1]),
        ),
        (
            "sign flips, 13 people, 300 features (ours with max-T)",
            "scipy.stats.permutation_test",
            lambda: sign_flip_test(study),
            lambda: scipy_flips(study),
        ),
        (
            "signed ranks, 13 people (ours with shift and interval)",
            "scipy.stats.wilcoxon",
            lambda: hodges_lehmann(person),
            scipy_ranks,
        ),
    ]


def median_time(work: Callable[[], object]) -> float:
    """Return the median of a few times, in seconds, after one run that is not counted."""
    work()
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    """Print the table."""
    table = Table("what", "peer", "ours (ms)", "peer (ms)", "peer / ours", box=None)
    console = Console()
    for what, peer, ours, theirs in track(pairs(), "timing", console=Console(stderr=True)):
        a, b = median_time(ours), median_time(theirs)
        table.add_row(what, peer, f"{1e3 * a:.2f}", f"{1e3 * b:.2f}", f"{b / a:.1f}")
    console.print(table)


if __name__ == "__main__":
    main()
