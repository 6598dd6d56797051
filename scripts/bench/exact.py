"""Time the book's own statistics against the library that a reader would reach for.

Each pair does the same work in the same run, is first shown to agree, and is reported as the ratio
of median times. Nothing here is a test: times belong to the machine they were taken on.
"""

from collections.abc import Callable

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scipy import stats
from timing import median_time

from exercisebook.stats.hodges_lehmann import hodges_lehmann
from exercisebook.stats.sign_flip import sign_flip_test

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


def main() -> None:
    """Print the table."""
    table = Table("what", "peer", "ours (ms)", "peer (ms)", "peer / ours", box=None)
    console = Console(width=110)
    for what, peer, ours, theirs in track(pairs(), "timing", console=Console(stderr=True)):
        a, b = median_time(ours), median_time(theirs)
        table.add_row(what, peer, f"{1e3 * a:.2f}", f"{1e3 * b:.2f}", f"{b / a:.1f}")
    console.print(table)
    many = np.random.default_rng(2).normal(0.4, 1, (13, 3_000))
    test = sign_flip_test(many)
    console.print(
        f"sign-flip max-T, 13 people, 3,000 features, {test.assignments:,} flips: "
        f"{median_time(lambda: sign_flip_test(many)):.2f} s (wanted: below 1)"
    )


if __name__ == "__main__":
    main()
