"""What a page says a work is, and what would make it so: labels as an exercise in reading."""

from collections.abc import Mapping

import pandas as pd

from exercisebook.chapters.answers import tolerant
from exercisebook.chapters.chapter import Chapter
from exercisebook.figures.tables import Table

NARRATIVE, SYSTEMATIC, LEVEL_1 = "narrative review", "systematic review", "level 1 evidence"

BORNE_OUT = {NARRATIVE: True, SYSTEMATIC: False, LEVEL_1: False}
"""Whether the abstract on the same page bears a label out."""


def labels_table(chapter: Chapter) -> Table:
    """Return the three labels of one page, where each stands and what would earn it."""
    rows = [
        (
            NARRATIVE,
            "in the headline and the summary",
            "an expert's account of a field, chosen and ordered by the expert",
        ),
        (
            SYSTEMATIC,
            "in the box of study details",
            "a question fixed beforehand, a search that others can repeat, rules for what is let in, every study's bias judged",
        ),
        (
            LEVEL_1,
            "in the same box",
            "for a treatment: a systematic review of randomised trials",
        ),
        (
            "the abstract itself",
            "below the box",
            "“comprehensive”, puts forward a hypothesis, and says that causation in exercise is not shown",
        ),
    ]
    columns = ["label", "where it stands on the page", "what would earn it, or what it says"]
    return Table(
        pd.DataFrame(rows, columns=columns),
        "One work and what an aggregator's page calls it; only the page and the abstract on it were read.",
        stacked=True,
    )


@tolerant
def check_labels(answer: Mapping[str, bool]) -> str:
    """Check the exercise: which labels the abstract on the page bears out, by name."""
    if set(answer) != set(BORNE_OUT):
        return f"Name each label once: {', '.join(BORNE_OUT)}."
    if dict(answer) == BORNE_OUT:
        return "Right: the page contradicts itself. The abstract tells of no search and no rules, and reviews a hypothesis, so it is narrative as far as one can read; no level of evidence follows from the word “review”."
    if answer[SYSTEMATIC]:
        return "Not yet: which words of the abstract tell of a search, of rules for what was let in, or of judged bias?"
    if answer[LEVEL_1]:
        return "Not yet: level 1 for a treatment asks for randomised trials, taken together systematically. Which trials?"
    return "Not yet: “comprehensive”, “hypothesising” and a framework are how a narrative review speaks."
