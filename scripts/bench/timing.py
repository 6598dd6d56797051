"""How work is timed: the median of five, after one run that is not counted."""

import statistics
import time
from collections.abc import Callable

REPEATS = 5


def median_time(work: Callable[[], object]) -> float:
    """Return the median time of some work, in seconds."""
    work()
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)
