"""The tables of chapter 7 that belong to no section of its own: its cohort and its claims."""

import pandas as pd

from exercisebook.chapters.ch07.mediation import COLUMNS, mediation_of, path_rows
from exercisebook.chapters.chapter import Chapter
from exercisebook.claims.claims import claims_of
from exercisebook.claims.ledger import ledger
from exercisebook.claims.tables import ledger_frame
from exercisebook.figures.tables import Table
from exercisebook.stats.schemas import EFFECTS, as_effects


def cohort_table(chapter: Chapter) -> Table:
    """Return the mediation analysis of this page's cohort, where it holds what that needs."""
    found = mediation_of(chapter.cohort)
    usual = chapter.parameters.cohort == "reference"
    rows = [] if found is None else path_rows(found)
    name = chapter.cohort.name
    if usual:
        rows = rows[-1:]
        told = f"What passes through betaine in the cohort “{name}”; its other paths stand in the table of the section on mediation."
    elif found is None:
        told = f"The cohort “{name}” has no betaine and C-reactive protein before and after training in one group of people."
    else:
        told = f"Paths in the cohort “{name}”: what they are called is the analysis' word, and what they are is for its design to say."
    return Table(pd.DataFrame(rows, columns=COLUMNS), told)


def ledger_rows(chapter: Chapter) -> pd.DataFrame:
    """Return the rows of this chapter's claims, which no open data set of this book may answer."""
    nothing = as_effects(pd.DataFrame(columns=EFFECTS.columns))
    return ledger(claims_of(7), nothing, chapter.parameters.fdr)


def claims_table(chapter: Chapter) -> Table:
    """Return this chapter's rows of the ledger."""
    return Table(
        ledger_frame(ledger_rows(chapter), claims_of(7)),
        "Both verdicts on the claims that are at home on this page.",
        stacked=True,
    )
