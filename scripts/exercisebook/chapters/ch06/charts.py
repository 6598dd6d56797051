"""The charts of chapter 6, each with its caption and text alternative."""

from typing import Any

import numpy as np
import pandas as pd

from exercisebook.chapters.ch06.analyses import RANDOM, SCORED
from exercisebook.chapters.ch06.readings import (
    ASSUMED_KD,
    ATOMS,
    IN_PLASMA,
    IN_TISSUE,
    PLASMA,
    SUPPLEMENT,
    TISSUE,
    band,
    donors_medians,
    interferon_folds,
    largest_change,
    rise,
    supplement_fold,
    two_potencies,
)
from exercisebook.chapters.ch06.worked_assays import (
    BINDS,
    EC50,
    ENOUGH,
    PAIRS,
    STEADIES,
    TOO_LOW,
    dose_outcomes,
    melting_shifts,
    shown,
)
from exercisebook.chapters.chapter import Chapter
from exercisebook.chapters.wording import count, direction, none_or, one
from exercisebook.figures import tbk1 as draw
from exercisebook.figures.tables import interval, number, percent, whole
from exercisebook.stats.dose_response import kd_at_efficiency, logistic, occupancy
from exercisebook.stats.target_engagement import occupancy_change

CELL_TYPES = {
    "cd14_monocytes": "CD14 monocytes",
    "fcgr3a_monocytes": "CD16 monocytes",
    "b_cells": "B cells",
    "cd4_t_cells": "CD4 T cells",
    "cd8_t_cells": "CD8 T cells",
}

KINDS = (
    "enzyme, ATP 10 µM or less",
    "enzyme, ATP 1 mM or “high”",
    "enzyme, ATP not stated",
    "cells",
)

MORE = "more than this"


def dose_chart(chapter: Chapter) -> Any:
    """Return two simulated dose-response studies of one inhibitor."""
    studies = [shown(ENOUGH), shown(TOO_LOW)]
    points = pd.concat(
        pd.DataFrame({"design": s.design, "dose": s.dose, "response": s.response}) for s in studies
    )
    grid = np.geomspace(0.0001, 40, 90)
    lines = [(s.design, logistic(grid, *_shape(s.fit))) for s in studies]
    lines.append(("truth", logistic(grid, 100.0, 0.0, EC50, 1.0)))
    curves = pd.concat(
        pd.DataFrame({"line": name, "dose": grid, "response": y}) for name, y in lines
    )
    table = dose_outcomes().set_index("design")
    high, low = table.loc[ENOUGH], table.loc[TOO_LOW]
    caption = (
        f"Simulated: with doses to 30 mM the fit finds the true EC50 of {number(EC50, 1)} mM; of {whole(low['n'])} studies that stop at 0.3 mM, "
        f"{count(low['open_above'])} have an interval without an upper end, and of those that go on {none_or(count(high['open_above']))} (n = {len(points) // 2} wells a study)."
    )
    text = "Falling curves of activity against the dose of an inhibitor, logarithmic: a study with high doses follows the truth, one that stops early leaves it beyond its last dose."
    return draw.dose_response(points, curves, EC50, (caption, text))


def melting_chart(chapter: Chapter) -> Any:
    """Return shifts of melting points in two simulated worlds."""
    table = melting_shifts()
    rows = table.rename(columns={"pair": "row", "world": "group"})
    rows["label"] = [
        f"{number(r['estimate'])} ({interval(r['low'], r['high'])}), truth {number(r['truth'], 1)}"
        for _, r in rows.iterrows()
    ]
    binds, steadies = (one(table, world=w, pair=PAIRS[1]) for w in (BINDS, STEADIES))
    caption = (
        "Simulated: TBK1 with betaine melts as much later in a world where betaine binds it as in one where betaine steadies any protein; "
        f"the kinase that cannot bind it tells them apart (upright marks: truth; shift {number(binds['estimate'])} K against {number(steadies['estimate'])} K, 95 % intervals, n = 35 temperatures a curve)."
    )
    text = "Dot plot of three shifts of a melting point in two simulated worlds: the first is the same in both, the two controls are near zero in one and near two kelvin in the other."
    return draw.melting(rows, PAIRS, (caption, text))


def potency_chart(chapter: Chapter) -> Any:
    """Return TBK1 ligands by size and potency, and the place of betaine's size."""
    bins = chapter["potency_by_size"].assign(ic50_uM=lambda t: 10 ** (t["log10_nM"] - 3))
    numbers = chapter["ligand_efficiencies"].iloc[0]
    atoms = np.arange(4, 56)
    rays = {
        name: 1e6 * kd_at_efficiency(numbers[column], atoms)
        for name, column in (("median", "q50"), ("best", "most"))
    }
    lines = pd.concat(
        pd.DataFrame({"name": name, "heavy_atoms": atoms, "ic50_uM": y}) for name, y in rays.items()
    )
    lines = lines[lines["ic50_uM"] > 0.0001]
    caption = (
        f"No ligand of TBK1 at hand has fewer than {whole(numbers['fewest_atoms'])} atoms other than hydrogen, and betaine has {count(ATOMS)}; "
        f"along a line each atom gives the same energy, {number(numbers['q50'])} kcal/mol in the median and {number(numbers['most'])} in the best (ChEMBL, n = {whole(bins['n'].sum())} compounds with an exact IC50 on the enzyme)."
    )
    text = "Cloud of TBK1 ligands by number of atoms and IC50, logarithmic, all far to the right of a line at betaine's size, with two lines of equal ligand efficiency."
    return draw.potency_by_size(bins, lines, ATOMS, (caption, text))


def named_chart(chapter: Chapter) -> Any:
    """Return each measurement of the compounds with names."""
    table = chapter["named_potencies"]
    own = table[~table["quoted"]]
    points = pd.DataFrame(
        {
            "row": own["name"].map(compound),
            "ic50_nM": own["ic50_nM"],
            "kind": own["assay_kind"],
            "mark": np.where(own["relation"] == ">", MORE, "measured"),
            "label": [
                f"{'more than ' if r['relation'] == '>' else ''}{number(r['ic50_nM'], 3)} nM"
                for _, r in own.iterrows()
            ],
        }
    )
    bx, amlexanox = (own[own["name"] == n]["ic50_nM"] for n in ("BX-795", "AMLEXANOX"))
    order = list(own.groupby("name")["ic50_nM"].min().sort_values().index.map(compound))
    caption = (
        f"One compound has as many potencies as assays: BX-795 runs from {number(bx.min(), 1)} to {number(bx.max())} nM; "
        f"amlexanox has {count(len(amlexanox))} independent measurement, {number(amlexanox.iloc[0] / 1000)} µM (ChEMBL, n = {len(own)} measurements; quotations left out)."
    )
    text = "Dot plot of IC50 against TBK1 on a logarithmic axis for six compounds, coloured by kind of assay; one compound's points spread over powers of ten."
    return draw.named(points, order, KINDS, (caption, text))


def atp_chart(chapter: Chapter) -> Any:
    """Return the same compounds at two concentrations of ATP."""
    table = chapter["atp_shift"]
    points = table.assign(kind=np.where(table["bound"], MORE, "measured"))
    points["name"] = points["name"].where(points["name"] == "BX-795", "")
    exact = table[~table["bound"]]
    bx = two_potencies(chapter, "BX-795")
    caption = (
        f"A hundred times the ATP makes the same compound's IC50 {number(exact['ratio'].median())} times what it was, in the median: "
        f"BX-795 goes from {number(bx['low_nM'], 1)} to {number(bx['high_nM'], 2)} nM (one laboratory, n = {len(exact)} compounds, and {count(len(table) - len(exact))} with a bound)."
    )
    text = "Scatter of IC50 at 1 millimolar ATP against IC50 at 10 micromolar, both logarithmic; all points lie above the line of no difference."
    shown_ = points[["low_nM", "high_nM", "kind", "name"]]
    return draw.atp(shown_, (caption, text))


def selectivity_chart(chapter: Chapter) -> Any:
    """Return how many kinases each compound hits that hits TBK1."""
    rows = chapter["selectivity"][["compound", "n_hit"]]
    others = chapter["selectivity_of_others"].iloc[0]
    caption = (
        f"Of {whole(others['n_compounds'])} compounds {whole(len(rows))} inhibit TBK1 by {number(chapter.parameters.hit)} % or more, and each of these hits {whole(rows['n_hit'].min())} to {whole(rows['n_hit'].max())} of {whole(others['n_kinases'])} kinases, TBK1 among them "
        f"(median {number(others['own_median'])}; dashed: the median kinase's hits, {number(others['q50'])}; PKIS2 at 1 µM, n = {len(rows)})."
    )
    text = "Bars of the number of kinases hit by each compound that hits TBK1, in order, with a dashed line at what hits of another kinase typically hit."
    return draw.selectivity(rows, float(others["q50"]), (caption, text))


def occupancy_chart(chapter: Chapter) -> Any:
    """Return the bound share of TBK1 for a range of assumed constants."""
    grid = np.geomspace(0.01, 10, 60)
    curves = pd.concat(
        pd.DataFrame({"name": kd_name(kd), "concentration": grid, "occupancy": occupancy(grid, kd)})
        for kd in ASSUMED_KD
    )
    bands = pd.DataFrame(
        [("plasma", *PLASMA), ("tissue", *TISSUE)], columns=["name", "low", "high"]
    )
    plasma, tissue = (band(b, 1.0) for b in (PLASMA, TISSUE))
    caption = (
        f"What betaine would occupy depends on a constant that no open data hold: at an assumed Kd of 1 mM, {percent(plasma[0], 1)} to {percent(plasma[1], 1)} of TBK1 at plasma levels "
        f"and {percent(tissue[0])} to {percent(tissue[1])} at those of tissues (computed; no measurement, n = 0)."
    )
    text = "Four S-shaped curves of the bound share of TBK1 against the free concentration of betaine, one for each assumed dissociation constant, over bands for plasma and tissue."
    return draw.occupancy(curves, bands, (caption, text))


def change_chart(chapter: Chapter) -> Any:
    """Return how much a rise of betaine changes the bound share, at any constant."""
    grid = np.geomspace(0.001, 100, 80)
    fold = rise(chapter)
    trained = number(chapter.parameters.rise)
    changes = {
        f"plasma, 50 µM, +{trained} %": occupancy_change(IN_PLASMA, fold, grid),
        f"tissue, 5 mM, +{trained} %": occupancy_change(IN_TISSUE, fold, grid),
        "plasma, 6 g a day": occupancy_change(SUPPLEMENT[0], supplement_fold(), grid),
    }
    curves = pd.concat(
        pd.DataFrame({"name": name, "kd": grid, "points": 100 * y}) for name, y in changes.items()
    )
    most = largest_change(fold)
    caption = (
        f"Whatever the Kd, a rise of {trained} % can move the bound share by {number(100 * most, 3)} points at most; "
        f"6 g a day, {number(supplement_fold())} times the serum level, by {number(100 * largest_change(supplement_fold()), 3)} at most (computed; no measurement, n = 0)."
    )
    text = "Three humped curves of the change of the bound share against the assumed dissociation constant, logarithmic; each has its peak near the concentration itself and falls off to both sides."
    return draw.change(curves, (caption, text))


def interferon_chart(chapter: Chapter) -> Any:
    """Return the interferon score with and without interferon, and that of random genes."""
    table = chapter["interferon_score"]
    rows = pd.DataFrame(
        {
            "row": table["cell_type"].map(CELL_TYPES),
            "group": _group(table),
            "estimate": table["q50"],
            "low": table["q10"],
            "high": table["q90"],
            "label": [
                f"{percent(r['q50'])} ({percent(r['q10'])} to {percent(r['q90'])})"
                for _, r in table.iterrows()
            ],
        }
    ).sort_values("group", kind="stable", key=lambda g: g.map(_GROUPS.index))
    donors = donors_medians()
    if donors is not None:
        donors = pd.DataFrame(
            {
                "row": donors["cell_type"].astype(str).map(CELL_TYPES),
                "group": _group(donors),
                "estimate": donors["estimate"],
            }
        )
    folds = interferon_folds(chapter)
    ticks = "" if donors is None else "; ticks: the two donors"
    way = direction(np.log(folds[SCORED].median()), "rises", "falls")
    caption = (
        f"Given interferon-beta, the score {way} in every kind of cell, {number(folds[SCORED].min())}- to {number(folds[SCORED].max())}-fold, and that of random genes hardly moves "
        f"({number(folds[RANDOM].min())}- to {number(folds[RANDOM].max())}-fold): it reads interferon, which lies below TBK1 (n = 2 donors, {whole(table.loc[table['score'] == SCORED, 'n_cells'].sum())} cells; dots: medians; lines: the middle 80 % of cells{ticks}; no test)."
    )
    text = "Dot plot with lines, five kinds of cells, each with and without interferon-beta, of the share of molecules from interferon genes and from random genes."
    return draw.interferon(rows, list(CELL_TYPES.values()), donors, (caption, text))


def compound(name: str) -> str:
    """Return a compound's name as a sentence writes it."""
    return name if any(c.isdigit() for c in name) else name.lower()


def kd_name(kd: float) -> str:
    """Return a constant in mM as words, in µM where it is small."""
    return f"{number(1000 * kd, 2)} µM" if kd < 1 else f"{number(kd, 2)} mM".replace(".0 ", " ")


_GROUPS = [
    f"{score}, {condition}"
    for score in (SCORED, RANDOM)
    for condition in ("without", "with interferon-beta")
]


def _group(table: pd.DataFrame) -> pd.Series:
    condition = (
        table["condition"]
        .astype(str)
        .map({"control": "without", "stimulated": "with interferon-beta"})
    )
    return table["score"] + ", " + condition


def _shape(fit: Any) -> tuple[float, float, float, float]:
    return fit.response_without, fit.response_at_saturation, fit.ec50, fit.slope
