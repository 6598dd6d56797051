"""What chapter 1's exercises need, and what checks their answers."""

import numpy as np

from exercisebook.stats.power import detectable_ratio
from exercisebook.stats.responders import responders_by_luck


def share_of_false_responders(spread: float, rise: float, men: int) -> float:
    """Return the share of men without any response whose ratio of two values exceeds ``rise``."""
    counts = responders_by_luck(spread, np.log2(rise), 1, np.random.default_rng(1), men)
    return float(counts.mean())


def check_people_needed(answer: int) -> str:
    """Check exercise 1: the fewest people who could be expected to see CRP fall by 15 %."""
    if not isinstance(answer, int) or answer < 2:
        return "Give a whole number of people."
    if detectable_ratio(0.422, answer) > 1 / 0.85:
        return f"Not yet: {answer} people would miss it more often than one time in five."
    if detectable_ratio(0.422, answer - 1) <= 1 / 0.85:
        return f"{answer} people suffice, but so do fewer."
    return f"Right: {answer} people, where the study had 13."


def check_false_responders(answer: float) -> str:
    """Check exercise 2: the share of non-responders who pass a rise of 10 %."""
    from scipy import stats

    expected = float(stats.norm.sf(np.log2(1.1) / 0.23))
    if not 0 < answer < 1:
        return "Give a share between 0 and 1."
    if abs(answer - expected) < 0.02:
        return (
            f"Right: about {100 * expected:.0f} % of people who do not respond look as if they did."
        )
    if (
        abs(answer - float(stats.norm.sf(1.1 / 0.23))) < 0.02
        or abs(answer - float(stats.norm.sf(0.1 / 0.23))) < 0.005
    ):
        return "The spread is on the log2 scale; put the threshold there too."
    return "Not yet: which share of a normal curve with this spread lies above the threshold?"
