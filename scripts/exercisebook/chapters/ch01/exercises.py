"""What chapter 1's exercises need, and what checks their answers."""

import math
from collections.abc import Iterable, Mapping
from numbers import Integral

import numpy as np
import pandas as pd

from exercisebook.chapters.answers import tolerant
from exercisebook.errors import Misuse
from exercisebook.figures.tables import percent
from exercisebook.stats.power import detectable_from_se, detectable_ratio
from exercisebook.stats.responders import responders_by_luck

MEN, PROTEINS, MORNINGS = 13, 50, 3
"""The study of the exercise on counting: its men, its questions, its mornings in each phase."""

SEASON, HABIT, CHOICE = "season", "habit", "choice"
LEFT_OPEN: dict[str, frozenset[str]] = {
    "one group": frozenset({SEASON, HABIT}),
    "rest first": frozenset({SEASON, HABIT}),
    "by choice": frozenset({CHOICE}),
    "survey": frozenset({CHOICE}),
    "by lot": frozenset(),
}
"""What each design leaves standing beside training."""

MARKER_CV, TUBES, WANTED_RATIO = 0.30, 140, 0.75
BY_LOT, DECIDERS = "lot", ("wish", "fitness", "lot")
RESTED, HOURS_AFTER = 48, (1, 48, 1000)


def share_of_false_responders(spread: float, rise: float, men: int) -> float:
    """Return the share of men without any response whose ratio of two values exceeds ``rise``."""
    counts = responders_by_luck(spread, np.log2(rise), 1, np.random.default_rng(1), men)
    return float(counts.mean())


@tolerant
def check_counted(differences: int, questions: int) -> str:
    """Check how many differences enter a paired test, and how many tests share the level."""
    if questions != PROTEINS:
        return "A question is one protein, asked of all men; how many proteins are there?"
    if differences == MEN:
        return "Right: thirteen men, fifty questions; more tubes and cells add neither."
    if differences == MEN - 1:
        return "Those are the degrees of freedom. How many differences are there?"
    if differences == 2 * MEN:
        return "Before and after are two values of one man, and give one difference."
    if differences in (MORNINGS * MEN, 2 * MORNINGS * MEN):
        return "Mornings of one man share that man: they steady his value and add nobody."
    return "Not yet: who could have come out otherwise, independently of the others?"


def six_men() -> pd.DataFrame:
    """Return log2 values of a marker in six invented men, on three mornings without exercise."""
    return pd.DataFrame(
        {
            "first": [1.2, 2.8, 0.2, 1.9, 3.4, 1.4],
            "second": [1.9, 2.5, 0.5, 1.3, 3.2, 2.2],
            "third": [1.1, 2.6, 0.5, 1.7, 2.8, 1.8],
        },
        index=list("ABCDEF"),
    )


@tolerant
def check_unusual_fall(wandering: float, fall: float) -> str:
    """Check the within-person spread of six men, and the ratio below which a fall is unusual."""
    men = six_men()
    right = math.sqrt(men.var(axis=1).mean())
    for wrong, told in (
        (men.stack().std(), "That is the spread of all values, and holds how far men lie apart."),
        (men.std().mean(), "That is how far men lie apart on one morning. How far does one stray?"),
        (men.mean(axis=1).std(), "That is how far the men's means lie apart."),
        (men.std(axis=1).mean(), "Nearly: it is variances that are averaged; take the root last."),
        (right**2, "That is the variance; the standard deviation is its root."),
    ):
        if math.isclose(wandering, wrong, rel_tol=0.02):
            return told
    if not math.isclose(wandering, right, rel_tol=0.02):
        return "Not yet: take each man's variance over his mornings, and then their mean."
    return _told_of_fall(fall, right)


def _told_of_fall(fall: float, wandering: float) -> str:
    doublings = 1.96 * math.sqrt(2) * wandering
    right = 2**-doublings
    if math.isclose(fall, right, rel_tol=0.02):
        return f"Right: a fall of {percent(1 - right)} is what quiet mornings do to such a man."
    if math.isclose(fall, 2 ** (-1.96 * wandering), rel_tol=0.02):
        return "The spread is right. But both values of the man stray, the first and the second."
    if math.isclose(abs(fall), doublings, rel_tol=0.02):
        return "The spread is right. That is the fall in doublings; turn it into a ratio."
    if math.isclose(fall, 2**doublings, rel_tol=0.02):
        return "The spread is right. That is the rise; a fall as far is one over it."
    if math.isclose(fall, 1 - right, rel_tol=0.02):
        return "The spread is right. That is what is lost; the ratio is what is left."
    return "The spread is right. The ratio is 2 to the power of how many doublings?"


@tolerant
def check_people_needed(answer: int) -> str:
    """Check the fewest people who could be expected to see CRP fall by 15 %."""
    if not isinstance(answer, Integral) or answer < 2:
        return "Give a whole number of people."
    if detectable_ratio(0.422, answer) > 1 / 0.85:
        return f"Not yet: {answer} people would miss it more often than one time in five."
    if detectable_ratio(0.422, answer - 1) <= 1 / 0.85:
        return f"{answer} people suffice, but so do fewer."
    return f"Right: {answer} people, where the study had 13."


@tolerant
def check_false_responders(answer: float) -> str:
    """Check the share of non-responders who pass a rise of 10 %."""
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


@tolerant
def check_left_open(answer: Mapping[str, Iterable[str]]) -> str:
    """Check what five designs leave standing beside training."""
    if not isinstance(answer, Mapping) or set(answer) != set(LEFT_OPEN):
        return f"Give a dictionary with a list for each of {', '.join(LEFT_OPEN)}."
    # one rival alone may come as a plain word
    given = {name: {v} if isinstance(v, str) else set(v) for name, v in answer.items()}
    odd = set().union(*given.values()) - {SEASON, HABIT, CHOICE}
    if odd:
        return f"The rivals are {SEASON}, {HABIT} and {CHOICE}; an empty list is an answer, too."
    for design, right in LEFT_OPEN.items():
        if given[design] != right:
            return f"“{design}” is not right yet: {_told_of_design(design, given[design])}"
    return "Right: neither a month of rest before it nor ten thousand people did what lots do."


def _told_of_design(design: str, given: set[str]) -> str:
    if design == "by lot":
        return "by lot, whatever else differs between the groups differs by chance alone."
    if design == "one group":
        if CHOICE in given:
            return "the same men are compared with themselves, whoever chose them."
        return "what else came between the first needle and the last?"
    if design == "rest first":
        if CHOICE in given:
            return "every man did both, so who wished to is the same in both months."
        return "the month of training is also the later month, for every man."
    if CHOICE not in given:
        return "what else do people do who wish to train? More of them are no less so."
    return "both groups were bled equally often in the same weeks."


def ratio_shown(cv_within: float, trained: int, controls: int, mornings: int) -> float:
    r"""Return the fall that two groups could show against each other, as a ratio below one.

    Each person's value is the mean of the logarithms of several mornings, before and again
    after, so that the difference of the groups' changes has the variance
    :math:`2\sigma^2 / m \cdot (1 / n_1 + 1 / n_2)` with :math:`\sigma^2 = \log(1 + CV^2)`.
    All people of a group are taken to respond alike. Level 5 %, power 80 %.

    Parameters
    ----------
    cv_within : float
        Coefficient of variation within a person, as a fraction.
    trained, controls : int
        People in the two groups, at least two in each.
    mornings : int
        Draws of each person before, and as many after.

    Raises
    ------
    Misuse
        If a group has fewer than two people, or nobody is bled.
    """
    if min(trained, controls) < 2 or mornings < 1:
        raise Misuse("two groups of two people or more, bled on one morning or more, are needed")
    variance = 2 * np.log1p(cv_within**2) / mornings * (1 / trained + 1 / controls)
    shown = detectable_from_se(np.sqrt(variance), trained + controls - 2)
    return float(np.exp(-shown))


@tolerant
def check_month(trained: int, controls: int, mornings: int, decided_by: str, hours: int) -> str:
    """Check a plan for a month of training: its groups, tubes, allotment and last needle."""
    counts = (trained, controls, mornings)
    if not all(isinstance(c, Integral) and c >= 0 for c in counts) or min(trained, mornings) < 1:
        return "People and mornings are whole numbers, and somebody has to train and be bled."
    if decided_by not in DECIDERS or hours not in HOURS_AFTER:
        return f"{', '.join(DECIDERS)} may decide, and hours are one of 1, 48 and 1000."
    tubes = 2 * mornings * (trained + controls)
    if min(trained, controls) < 2:
        return "A fall against whom? The month itself has to happen to people who do not train."
    if tubes > TUBES:
        return f"That takes {tubes} tubes: every person is bled before and after."
    shown = ratio_shown(MARKER_CV, trained, controls, mornings)
    if shown < WANTED_RATIO:
        return (
            f"Not yet: with {tubes} tubes this plan shows falls of {percent(1 - shown)} or more. "
            "Where would tubes tell more?"
        )
    return _told_of_month(decided_by, hours)


def _told_of_month(decided_by: str, hours: int) -> str:
    if decided_by != BY_LOT:
        return "The tubes suffice. But the groups then differ in more than training: who decides?"
    if hours < RESTED:
        return "The tubes suffice. But an hour after a session the tube shows the session."
    if hours > RESTED:
        return "The tubes suffice. But after six weeks without training, training is lost again."
    return "Right: the month happens to both groups, training to one, and lots say to which."
