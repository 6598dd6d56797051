"""The tables of appendix A2."""

import pandas as pd

from exercisebook.chapters.a2.analyses import CONTROLS, HALVES, MEN, SIMULATED
from exercisebook.chapters.a2.measures import (
    COMPOSITION,
    COURSES,
    GENES,
    MISSING,
    MORNINGS,
    PUBLISHED,
    RULES,
    SHARE,
    TOGETHER,
    likeness,
    measures,
)
from exercisebook.chapters.a2.readings import verdict
from exercisebook.chapters.open_data import OpenDataPage
from exercisebook.chapters.wording import one
from exercisebook.figures.tables import Table, interval, number, percent, whole
from exercisebook.sources.features import label

FAMILY_WORDS = {
    MORNINGS: "levels and variation of blood, at rest",
    PUBLISHED: "variation against published numbers",
    TOGETHER: "what moves together",
    MISSING: "what is missing",
    GENES: "counts of genes",
    COMPOSITION: "shares of cell types",
    COURSES: "hours after a bout",
}


def summary_table(page: OpenDataPage) -> Table:
    """Return how many measures of each kind lie in their band."""
    table = measures(page)
    rows = []
    for family, words in FAMILY_WORDS.items():
        own = table[table["family"] == family]
        free = own[~own["set_by_it"]]
        rows.append((words, whole(len(own)), whole(own["within"].sum()),
                     whole((~own["within"]).sum()), f"{free['within'].sum()} of {len(free)}"
                     if len(free) else "none is"))  # fmt: skip
    columns = ["what", "measures", "within band", "outside band", "within, of those not set by it"]
    return Table(
        pd.DataFrame(rows, columns=columns),
        "Simulated against open and published data: measures by kind. Set by it: our numbers were "
        "chosen by the same data, so that agreement shows no more than that they were copied.",
    )


def blood_table(page: OpenDataPage) -> Table:
    """Return every measure of mornings and of published variation."""
    return _table(
        page,
        (MORNINGS, PUBLISHED),
        "Blood at rest: levels (10^9 a litre), coefficients of variation (CV) within and between "
        "people, and intraclass correlations (ICC). Of published variations, the laboratory value "
        "that is farthest off.",
    )


def together_table(page: OpenDataPage) -> Table:
    """Return every measure of what moves together and of what is missing."""
    return _table(
        page,
        (TOGETHER, MISSING),
        "What moves together within people and within cells of a type (share of the first "
        "component, and median absolute correlation), and what is missing.",
    )


def cells_table(page: OpenDataPage) -> Table:
    """Return every measure of counts and of composition."""
    return _table(
        page,
        (GENES, COMPOSITION),
        "Single cells: counts of genes within a type and sample, by the gene's mean in molecules a "
        "cell, and shares of cell types between people. Of seven shares, the one farthest off.",
    )


def courses_table(page: OpenDataPage) -> Table:
    """Return how well courses agree in shape, and by how much ours would have to be larger."""
    table = measures(page)
    rows = []
    for _, row in table[table["family"] == COURSES].iterrows():
        agreement = likeness(page, row["key"])
        rows.append((label(row["key"]), number(row["simulated"]), f"{number(row['low'])} or more",
                     row["n"], f"{number(agreement.scale)}×", "yes" if row["set_by_it"] else "no",
                     verdict(row)))  # fmt: skip
    columns = ["course of", "correlation", "band", "compared with", "theirs is", "set by it",
               "verdict"]  # fmt: skip
    return Table(
        pd.DataFrame(rows, columns=columns),
        "Simulated courses against GRINTA, an hour at 70 % of the greatest power against rest, "
        "from the end of exercise to 23 hours after. Size is no measure: the bouts differ.",
    )


def discriminator_table(page: OpenDataPage) -> Table:
    """Return how well a classifier tells each pair of data sets apart."""
    told = {
        (SIMULATED, "cell_discriminator"): "our genes from Kang's, at equal means",
        (CONTROLS, "cell_discriminator"): "Kang's controls from his stimulated cells",
        (HALVES, "cell_discriminator"): "two halves of Kang's genes",
        (MEN, "morning_discriminator"): "our mornings from GRINTA's, by four counts",
    }
    rows = []
    for (name, analysis), words in told.items():
        row = one(page[analysis], against=name)
        n = f"{whole(row['n_features'])} genes" if "n_features" in row else (
            f"{whole(row['n_subjects'])} men")  # fmt: skip
        rows.append((words, f"{row['auc']:.2f} ± {row['se']:.2f}", n))
    return Table(
        pd.DataFrame(rows, columns=["told apart", "area under the curve", "n of each, or of men"]),
        "A random forest's area under the curve, cross-validated, and its standard error: half "
        "means guessing, one means always right. Reported without a band.",
    )


def _table(page: OpenDataPage, families: tuple[str, ...], caption: str) -> Table:
    table = measures(page)
    rows = [_row(row) for _, row in table[table["family"].isin(families)].iterrows()]
    columns = ["measure", "simulated", "open data", "band", "rule", "compared with", "set by it",
               "verdict"]  # fmt: skip
    return Table(pd.DataFrame(rows, columns=columns), caption)


def _row(row: pd.Series) -> tuple[str, ...]:
    write = percent if row["scale"] == SHARE else number
    ends = (
        f"{number(row['low'])} or more"
        if row["high"] == float("inf")
        else f"{percent(row['low'])} to {percent(row['high'])}"
        if row["scale"] == SHARE
        else interval(row["low"], row["high"])
    )
    return (row["measure"], write(row["simulated"]), write(row["found"]), ends,
            RULES[row["rule"]], row["n"], "yes" if row["set_by_it"] else "no",
            verdict(row))  # fmt: skip
