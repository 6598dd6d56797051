"""The sentences of appendix A2 that rest on results."""

import numpy as np
import pandas as pd

from exercisebook.chapters.a2 import simulated
from exercisebook.chapters.a2.alike import CELLS
from exercisebook.chapters.a2.analyses import CONTROLS, HALVES, MEN, SIMULATED
from exercisebook.chapters.a2.measures import (
    COMPOSITION,
    COURSES,
    GENES,
    INTERVAL,
    MISSING,
    MORNINGS,
    OF_PUBLISHED,
    PUBLISHED,
    SHARE,
    TOGETHER,
    likeness,
    measures,
)
from exercisebook.chapters.a2.readings import example_names, measured, one_gene
from exercisebook.chapters.open_data import OpenDataPage
from exercisebook.chapters.wording import count, listed, none_or, one
from exercisebook.figures.tables import number, percent
from exercisebook.sources.features import label

TELLING = 0.7
"""An area under the curve from which on a classifier is said to tell two data sets apart."""


def sentences(page: OpenDataPage) -> dict[str, str]:
    """Return every sentence of the page that rests on a result, by name."""
    return {
        "answer": _answer(page),
        "against": _against(page),
        "compared": _compared(page),
        "overview": _overview(page),
        "example": _example(page),
        "genes": _genes(page),
        "together": _together(page),
        "composition": _composition(page),
        "blood": _blood(page),
        "missing": _missing(page),
        "courses": _courses(page),
        "discriminator": _discriminator(page),
        "state": page.provenance_sentence(),
    }


def _values(row: pd.Series) -> str:
    """Return simulated and found: ``27 % where 16 % was found``."""
    write = percent if row["scale"] == SHARE else number
    return f"{write(row['simulated'])} where the open data have {write(row['found'])}"


def _more(row: pd.Series, more: str = "more", less: str = "less") -> str:
    return more if row["simulated"] > row["found"] else less


def strange(page: OpenDataPage) -> list[str]:
    """Return what is unrealistic, the gravest first, each with what it means for a reader."""
    cells, mornings = (measured(page, TOGETHER, key) for key in ("cells", "median correlation"))
    within, level = (measured(page, MORNINGS, f"{key} neutrophils") for key in ("within", "level"))
    absent = measured(page, MISSING, "absent il6")
    share = measured(page, COMPOSITION, "shares")
    told = [
        (
            cells,
            f"Genes of one cell move together {_more(cells)} than real ones do: the strongest "
            "pattern that they share within a type accounts for "
            f"{_values(cells)}; so clusters, scores and programmes that are looked for within a "
            "type are another problem here than in blood.",
        ),
        (
            mornings,
            f"Blood counts and cytokines of one person move together {_more(mornings)} than real "
            "ones from morning to morning: their median absolute correlation is "
            f"{_values(mornings)}; so false findings come {_more(mornings)} in clumps here than "
            "in blood.",
        ),
        (
            within,
            f"A person's neutrophils vary {_more(within)}, by {_values(within)}; so a change of "
            f"them is {_more(within, 'harder', 'easier')} to see here.",
        ),
        (
            level,
            f"Our people have {_more(level, 'more', 'fewer')} neutrophils than GRINTA's cyclists, "
            f"{_values(level)} (10^9 a litre).",
        ),
        (
            absent,
            f"Interleukin-6 is not found on {percent(absent['simulated'])} of mornings where "
            f"GRINTA misses it on {percent(absent['found'])}; so methods for non-detects are "
            f"tried {_more(absent, 'harder', 'less hard')} here than they may be.",
        ),
        (
            share,
            f"Of seven types of cells, one is farthest off: the {share['measure']} is "
            f"{_values(share)}.",
        ),
    ]
    return [text for row, text in told if not row["within"]]


def _answer(page: OpenDataPage) -> str:
    table, odd = measures(page), strange(page)
    outside = int((~table["within"]).sum())
    first = (
        "No measure of ours says that you could."
        if not outside
        else f"Yes. {outside} of {len(table)} measures lie outside the bands that were set for "
        "them, and outside they stay: no band was widened."
    )
    return "\n\n".join([first, "\n".join(f"- {text}" for text in odd)]).strip()


def _against(page: OpenDataPage) -> str:
    table = measures(page)
    inside, copied = table["within"], table["set_by_it"]
    return (
        f"The other {int(inside.sum())} measures lie within their bands, which is no proof "
        f"of likeness: for {int((inside & copied).sum())} of these our numbers were set by the "
        "very data they are compared with, and the bands are as wide as eight donors, fifteen men "
        "or a factor of two leave them. "
        "Taxa are compared with nothing, proteins only in what is missing, and metabolites only in "
        "how steady they are, because we hold no open data of them with the same people measured "
        "twice."
    )


def _compared(page: OpenDataPage) -> str:
    people = page.parameters.subjects
    return (
        f"Simulated are {simulated.STUDIES} studies of {people} people in the reference world, of "
        f"which the first is the one with seed {page.parameters.seed}; single cells are its alone, "
        "and resting mornings those of the same people in the world where nobody exercises. "
        "GRINTA is fifteen men who cycle for recreation, on up to five mornings, mostly a week "
        "apart, and on days with and without exercise {footcite}`kartaram2024`. "
        "Kang's are eight donors with lupus whose mononuclear cells lay in a dish, and single "
        "cells of two of them {footcite}`kang2018`. "
        "Neither is of men who run for a month, so a difference may be theirs. "
        f"Published are two variations of {count(len(OF_PUBLISHED))} laboratory values "
        "{footcite}`widjaja1999,macy1997` and how steady metabolites are from month to month."
    )


def _overview(page: OpenDataPage) -> str:
    table = measures(page)
    free = table[~table["set_by_it"]]
    wide = table[(table["rule"] == INTERVAL) & (table["high"] > 2 * table["low"])]
    return (
        f"Of the {len(free)} measures for which our numbers were not set by the same data, "
        f"{int(free['within'].sum())} lie within their band. "
        f"Look at the bands too: {none_or(count(len(wide)))} of "
        f"{int((table['rule'] == INTERVAL).sum())} intervals of open data reach from one value to "
        "more than twice that value, and exclude little."
    )


def _example(page: OpenDataPage) -> str:
    gene, group = example_names(page)
    counts = one_gene(page)
    mean, variance = counts.mean(), counts.var()
    more = variance / mean
    told = (
        f"{number(more)} times the mean, which Poisson's counts would have as their variance"
        if more > 1
        else "no more than the mean, as Poisson's counts have it"
    )
    sample, _, kind = group.partition(" ")
    return (
        f"This is `{gene}` in {len(counts)} cells ({kind.replace('_', ' ')}) of sample {sample}: "
        f"a mean of {number(mean)} molecules and a variance of {number(variance)}, {told}. "
        "One gene in so few cells says little; the next table takes all genes of a mean together, "
        "within each type and sample, by their median."
    )


def _family(page: OpenDataPage, *families: str) -> pd.DataFrame:
    table = measures(page)
    return table[table["family"].isin(families)]


def _inside(rows: pd.DataFrame) -> str:
    return f"{int(rows['within'].sum())} of {len(rows)}"


def _outside(rows: pd.DataFrame) -> str:
    """Return what lies outside, by name and number."""
    odd = rows[~rows["within"]]
    if odd.empty:
        return "None lies outside."
    if len(odd) == len(rows):
        return "All lie outside."
    return "Outside: " + "; ".join(odd["measure"]) + "."


def _genes(page: OpenDataPage) -> str:
    rows = _family(page, GENES)
    return (
        f"{_inside(rows)} measures of counts lie within half to twice Kang's. {_outside(rows)} "
        "Our dispersion was set by Kang's, so that this was to be expected of it and of the zeros "
        "that follow from it. "
        "The quietest genes are the weakest comparison: Kang's were kept for being expressed in "
        "some fifty cells, which favours genes that are loud in a few. "
        "For the same reason the share of silent genes cannot be compared at all."
    )


def _together(page: OpenDataPage) -> str:
    row = measured(page, TOGETHER, "cells")
    chance = page["cell_covariation"]["expected"].iloc[0]
    independent = row["simulated"] < 1.5 * chance
    what = (
        "that is what independent genes give: within a type and sample our genes share nothing "
        "but the size of the cell"
        if independent
        else f"independent genes would give {percent(chance)}"
    )
    return (
        f"In Kang's cells the first component holds {percent(row['found'])} of the variation; in "
        f"ours {percent(row['simulated'])}, and {what}. "
        "Real cells of one name differ in state, in cycle and in how they were handled, and some "
        "were named wrongly."
    )


def _composition(page: OpenDataPage) -> str:
    total, pairs, share = (measured(page, COMPOSITION, key) for key in ("total", "pairs", "shares"))
    ours = simulated.composition_spread(page.parameters.seed, page.parameters.subjects)
    theirs = page["composition"].iloc[0]
    weak = (
        "That band excludes next to nothing: eight donors do not tell which pairs of types vary "
        "most, so neither can we."
        if pairs["low"] < 0
        else "Halves of the donors agree better than that by chance alone."
    )
    verdict = "lies within" if total["within"] else "lies outside"
    return (
        f"Brought to {CELLS} cells a person, the total variance of compositions is "
        f"{number(total['simulated'])} in ours and {number(total['found'])} in Kang's (interval "
        f"{number(total['low'])} to {number(total['high'])}): ours {verdict}. "
        f"Counting no more cells than that makes {number(ours.counting_variance)} of ours and "
        f"{number(theirs['counting_variance'])} of theirs. "
        f"Over pairs of types the variances correlate by {number(pairs['simulated'])}, and random "
        f"halves of the donors by {number(pairs['low'])} or more. {weak} "
        f"Of seven mean shares one is farthest off: the {share['measure']} is {_values(share)}; "
        "the donors have lupus, so that this is no clean comparison of shares."
    )


def _blood(page: OpenDataPage) -> str:
    rows, published = _family(page, MORNINGS), _family(page, PUBLISHED)
    return (
        f"{_inside(rows)} measures of mornings lie within their bands. {_outside(rows)} "
        "GRINTA's men were measured in one laboratory; the variations that ours were given are "
        "those of other people, from week to week. "
        f"Against published numbers, each time the laboratory value that is farthest off, "
        f"{_inside(published)} lie within, as they must: those numbers "
        "were given to the simulator, and only what infections, a hidden breakfast, the assay and "
        "detection limits add could have moved them."
    )


def _missing(page: OpenDataPage) -> str:
    rows = _family(page, MISSING)
    mornings = measured(page, TOGETHER, "median correlation")
    place = "within" if mornings["within"] else "outside"
    return (
        f"{_inside(rows)} measures of missing values lie within their bands. {_outside(rows)} "
        "Theirs is one multiplex assay of eight cytokines, so that a quarter is two of them, and "
        "ours is the kind of assay that we assumed: how much is missing depends on the assay more "
        "than on people. "
        f"What moves together from morning to morning, {number(mornings['simulated'])} against "
        f"{number(mornings['found'])}, lies {place} its band."
    )


def _courses(page: OpenDataPage) -> str:
    rows = _family(page, COURSES)
    scales = [likeness(page, key).scale for key in rows["key"]]
    copied = rows[rows["set_by_it"]]
    free = [label(key) for key in rows[~rows["set_by_it"]]["key"]]
    return (
        f"{_inside(rows)} courses are as near to GRINTA's as halves of its men are to each other. "
        f"{_outside(rows)} "
        f"The shapes of {len(copied)} were set by GRINTA, so that only {listed(free)} could "
        f"surprise. Theirs are {number(min(scales))} to {number(max(scales))} times as large as "
        "ours; an hour at seventy per cent of the greatest power is no run of five kilometres, and "
        "size is reported without a verdict."
    )


def _discriminator(page: OpenDataPage) -> str:
    cells, men = page["cell_discriminator"], page["morning_discriminator"]
    ours, halves, controls = (one(cells, against=n)["auc"] for n in (SIMULATED, HALVES, CONTROLS))
    mornings = one(men, against=MEN)["auc"]
    told = [
        name
        for name, auc in (("genes", ours), ("mornings", mornings))
        if np.isfinite(auc) and auc >= TELLING
    ]
    said = (
        f"So a machine tells our {listed(told)} from real ones."
        if told
        else "So a machine can hardly tell ours from real ones by these."
    )
    return (
        f"Shown mean, variance and zeros of genes of equal means, a forest orders ours and Kang's "
        f"rightly in {percent(ours)} of pairs; two halves of Kang's own genes in "
        f"{percent(halves)}, and his controls and stimulated cells in {percent(controls)}. "
        f"Shown four blood counts of a morning, it orders ours and GRINTA's rightly in "
        f"{percent(mornings)} of pairs. {said} "
        "No band was set: with enough rows any two data sets can be told apart."
    )
