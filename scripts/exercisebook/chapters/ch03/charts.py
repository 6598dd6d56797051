"""The charts of chapter 3, each with its caption and text alternative."""

from typing import Any

import numpy as np
import pandas as pd

from exercisebook.chapters.ch02.readings import arm_label
from exercisebook.chapters.ch03 import cells, graph, models
from exercisebook.chapters.ch03.analyses import PERSON, RATIOS, SOCIAL, WITH_BMI
from exercisebook.chapters.ch03.published import TRIAL, trial_of_neutrophils
from exercisebook.chapters.ch03.readings import (
    PEOPLE,
    agreement_here,
    as_per_cent,
    blood_course,
    blood_indices,
    comparable_markers,
    genes_here,
    men_after_bout,
    residue_of,
    white_cell,
)
from exercisebook.chapters.chapter import Chapter
from exercisebook.chapters.hours import phase_of
from exercisebook.chapters.rows import labelled_rows, ratio_rows
from exercisebook.chapters.wording import (
    certain,
    count,
    direction,
    dots_of_men,
    listed,
    moved,
    n_range,
    none_or,
    one,
)
from exercisebook.figures import immunity as draw
from exercisebook.figures.simulated import against_truth
from exercisebook.figures.tables import interval, number, percent, whole
from exercisebook.figures.theme import INK, MUTED, NODES, SIMULATED
from exercisebook.sources.features import label
from exercisebook.sources.grinta import ARMS


def truth_chart(chapter: Chapter) -> Any:
    """Return what the reference study sees of every cell type's share, beside the truth."""
    seen = cells.naive_effects(chapter.parameters.fdr)["share"]
    values = np.exp(seen[["estimate", "ci_low", "ci_high"]])
    rows = labelled_rows(values, seen["feature"]).assign(
        truth=np.exp(seen["truth"]), outcome=seen["outcome"]
    )
    missed = int((seen["outcome"] == "missed").sum())
    real = int((seen["truth"] != 0).sum())
    caption = (
        f"Simulated, thirteen men after 25 days of training, {count(len(rows))} types told apart without error: {count(missed)} of {count(real)} true shifts within the mononuclear cells (upright marks) are missed "
        "(purple: odds ratios with 95 % intervals)."
    )
    text = f"Dot plot of {len(rows)} odds ratios of cell types after simulated training, an upright mark at each truth, its outcome in words at the right; {missed} true shifts are missed."
    return against_truth(
        rows, "odds after training, against before (ratio)", "fig-types-truth", caption, text
    )


def markers_chart(chapter: Chapter) -> Any:
    """Return resting markers of active people over what a study of thirteen could see."""
    table = comparable_markers(chapter)
    values = as_per_cent(table)
    rows = values.set_axis(["estimate", "low", "high"], axis=1).assign(
        row=table["feature"].map(label), detectable=100 * table["fall"]
    )
    rows["label"] = [
        f"{number(r['estimate'])} % ({interval(r['low'], r['high'])})" for _, r in rows.iterrows()
    ]
    beyond = rows[rows["estimate"].abs() > rows["detectable"]]
    caption = (
        f"Active and inactive adults differ (dots) by more than {count(PEOPLE)} people before and after could be expected to see (grey) in {none_or(count(len(beyond)))} of {count(len(rows))} resting markers "
        f"(NHANES 2009-2012, bilirubin total and not indirect, C-reactive protein not by the high-sensitivity assay; adjusted for all but body mass index, n = {n_range(table)}, 95 % intervals; hours since the last bout unknown; an association, not an effect)."
    )
    told = "; ".join(f"{r['row']} {number(r['estimate'])} per cent" for _, r in rows.iterrows())
    text = f"Dot plot with intervals of the difference between active and inactive adults in per cent, over grey bars of what thirteen people could see: {told}."
    return draw.markers(rows, (caption, text))


def quality_chart(chapter: Chapter) -> Any:
    """Return the cells by mitochondrial share, with this page's threshold."""
    most = chapter.parameters.mitochondrial
    table = cells.quality()
    bins = (50 * table["mitochondrial"]).astype(int) * 2
    kept = np.where(cells.is_kept(most), "kept", "left out")
    frame = (
        pd.DataFrame({"share": bins, "what": kept})
        .value_counts()
        .rename("cells")
        .reset_index()
        .sort_values(["share", "what"], ignore_index=True)
    )
    out = table[kept == "left out"]
    caption = (
        f"Simulated: {whole(len(out))} of {whole(len(table))} cells hold more than {number(most)} % of their molecules in mitochondrial genes and are left out; "
        f"{whole(out['damaged'].sum())} of those are damaged in truth."
    )
    text = f"Histogram of the mitochondrial share of {len(table)} simulated cells, counts on a logarithmic axis: one hump below ten per cent, a small one about forty, and a threshold at {number(most)}."
    return draw.quality(frame, most, (caption, text))


def marker_genes_chart(chapter: Chapter) -> Any:
    """Return published markers by the kinds that groups were named for."""
    p = chapter.parameters
    frame = cells.marker_shares(p.mitochondrial, p.resolution)
    kinds = [kind for kind in cells.MARKERS if kind in set(frame["kind"])]
    genes = list(dict.fromkeys(gene for own in cells.MARKERS.values() for gene in own))
    absent = [kind for kind in cells.MARKERS if kind not in kinds]
    lost = f"; no group was named {listed(absent, 'or')}" if absent else ""
    caption = f"Groups of simulated cells take the name whose published markers they show most: {count(len(kinds))} kinds were found{lost} (n = {whole(cells.is_kept(p.mitochondrial).sum())} cells of {count(PEOPLE)} men)."
    text = f"Shaded table: in what share of the cells of {len(kinds)} kinds each of {len(genes)} marker genes was found; the dark cells run down the diagonal."
    return draw.marker_genes(frame, kinds, genes, (caption, text))


AGAINST = {
    "kinds, after naming": SIMULATED,
    "broad kinds": INK,
    "ten types": MUTED,
}


def agreement_chart(chapter: Chapter) -> Any:
    """Return how far groups agree with the truth as the resolution is turned up."""
    p = chapter.parameters
    table = cells.agreements(p.mitochondrial, p.resolution)
    frame = table.rename(
        columns={"named": "kinds, after naming", "kinds": "broad kinds", "types": "ten types"}
    ).melt(["resolution", "groups"], list(AGAINST), "row", "index")
    here = agreement_here(chapter)
    caption = (
        f"Turning up the resolution makes more groups, not truer ones: from {count(table['groups'].min())} to {count(table['groups'].max())} of them, and agreement with the ten types never exceeds {number(table['types'].max())}; "
        f"named by their markers they agree with the broad kinds at {number(here['named'])} (adjusted Rand index, 1 is perfect; one simulated cohort, and so no intervals)."
    )
    text = "Line chart of the adjusted Rand index against the resolution: high and level for kinds after naming, falling for raw groups."
    return draw.agreement(frame, AGAINST, (caption, text))


def denominators_chart(chapter: Chapter) -> Any:
    """Return one study of a world in which neutrophils alone fall, in four readings."""
    seen = models.neutrophil_world()
    rows = ratio_rows(seen, seen["feature"]).assign(truth=2 ** seen["truth"])
    part = one(seen, feature=models.OF_WHITE)
    whole_number = one(seen, feature=models.LYMPHOCYTES)
    caption = (
        f"Simulated, a world in which training lowers neutrophils and touches nothing else: the share of lymphocytes among white cells {moved(part)}, their number {moved(whole_number)} "
        f"(n = {count(part['n_subjects'])}; upright marks: truth; purple: 95 % intervals)."
    )
    text = "Dot plot of four ratios with intervals and truth marks: neutrophils by number, lymphocytes by number, as a share of white cells and as a share of mononuclear cells; the share of white cells alone moves with the neutrophils."
    return draw.denominators(rows, (caption, text))


def dish_chart(chapter: Chapter) -> Any:
    """Return the shares of eight donors' cell types with and without interferon."""
    effects = chapter["interferon_shares"].sort_values("estimate", ascending=False)
    values = np.exp(effects[["estimate", "ci_low", "ci_high"]].astype(float))
    rows = labelled_rows(values, effects["feature"].map(type_label))
    sure = effects[effects["q_value"] <= chapter.parameters.fdr]
    caption = (
        f"Six hours of interferon-beta in a dish shift the share of {none_or(count(len(sure)))} of {count(len(effects))} cell types once all {count(len(effects))} questions are counted; asked alone, {count(int(effects.apply(certain, axis=1).sum()))} would pass "
        f"(Kang and colleagues, n = {n_range(effects)} donors with lupus, each with himself or herself; odds ratios, 95 % intervals)."
    )
    text = f"Dot plot of odds ratios with intervals for {len(effects)} types of mononuclear cells, with interferon-beta against without; {len(sure)} differ clearly."
    return draw.shares_in_a_dish(rows, list(rows["row"]), (caption, text))


def type_label(feature: str) -> str:
    """Return a cell type of the dish as a page writes it."""
    words = {"b_cells": "B cells", "nk_cells": "NK cells"}
    text = words.get(feature, feature.replace("_", " "))
    for name in ("cd4", "cd8", "cd14", "fcgr3a"):
        text = text.replace(name, name.upper())
    return text.replace(" t cells", " T cells")


def genes_chart(chapter: Chapter) -> Any:
    """Return CORO1A and CD74 after training by kind of cell, one sum a man."""
    seen = genes_here(chapter)
    rows = ratio_rows(seen, seen["kind"]).assign(group=seen["gene"])
    truth = float(2 ** seen["truth"].iloc[0])
    found = int((seen["outcome"] == "found").sum())
    caption = (
        f"Simulated: both genes truly rise by {percent(truth - 1)} in every kind of cell (unbroken line), and {count(found)} of {count(len(seen))} comparisons find it "
        f"(sums by man and phase, voom, n = {n_range(seen)}, 95 % intervals)."
    )
    text = f"Dot plot with intervals of the ratios of CORO1A and CD74 after training, for all cells and by kind; a line at the truth of {number(truth, 3)}."
    return draw.genes(rows, list(dict.fromkeys(seen["kind"])), truth, (caption, text))


def replicates_chart(chapter: Chapter) -> Any:
    """Return the share of genes called changed in a world where nothing changes."""
    table = cells.false_findings()
    last = table[table["cells"] == table["cells"].max()]
    worst = last[last["counted"] == "cells"]["share"].max()
    best = last[last["counted"] == "persons"]["share"].max()
    caption = (
        f"Simulated, nothing happens: with {whole(last['cells'].iloc[0])} cells a sample, counting cells calls up to {percent(worst)} of genes changed, counting persons at most {percent(best)} "
        f"(Wilcoxon over cells against t tests over {count(PEOPLE)} men; one simulated cohort, and so no intervals; dashes: the promised 5 %)."
    )
    text = "Line chart of the share of genes with p below 0.05 against the number of cells a sample: rising with the cells where cells are counted, level near five per cent where persons are."
    return draw.replicates(table, (caption, text))


def residue_chart(chapter: Chapter) -> Any:
    """Return what a bout leaves of neutrophils a day later, beside a training trial."""
    own = residue_of(chapter, "neutrophils")
    arms = own["contrast"].str.split("-").str[0].map(ARMS)
    bout = labelled_rows(own[["estimate", "ci_low", "ci_high"]], arms)
    trial = labelled_rows(*_trial())
    rows = pd.concat(
        [bout.assign(group="one bout, against rest (GRINTA)"), trial.assign(group=TRIAL)],
        ignore_index=True,
    )
    low, high = own["estimate"].min(), own["estimate"].max()
    effect = trial.iloc[0]["estimate"]
    caption = (
        f"A day after one bout neutrophils differ from rest by {interval(low, high)} × 10⁹/L over four kinds of exercise (n = {n_range(own)}); six months of training changed them by {number(effect)} in a randomised trial of women {_within(own, effect)} "
        "(95 % intervals; GRINTA 23 hours after the last bout, the trial's hours unknown to us)."
    )
    text = f"Dot plot with intervals of the difference in neutrophils: four kinds of exercise a day later, and a published training trial at {number(effect)}."
    return draw.residue(rows, list(rows["row"]), (caption, text))


def _within(own: pd.DataFrame, effect: float) -> str:
    inside = int(((own["ci_low"] <= effect) & (effect <= own["ci_high"])).sum())
    return (
        f"– a size inside {none_or(count(inside))} of the {count(len(own))} intervals of the bout"
    )


def _trial() -> tuple[pd.DataFrame, pd.Series]:
    table = trial_of_neutrophils()
    return table[["estimate", "low", "high"]], table["row"]


COLOURS = dict(zip((graph.ASKED, graph.MEASURED, graph.NOT_MEASURED), NODES, strict=True))


def graph_chart(chapter: Chapter) -> Any:
    """Return the causal graph of activity and white cells."""
    caption = "Our opinion, drawn: what may make the white cells of active people differ besides their activity. The dashed arrow between activity and body mass index may point either way."
    text = "Causal graph: age, sex, ethnicity, schooling, income, smoking and illness point at both activity and white cells; activity points at the last bout and the last bout at white cells; between activity and body mass index the arrow is in doubt."
    return draw.graph(graph.nodes(), graph.arrows(), COLOURS, (caption, text))


def association_chart(chapter: Chapter) -> Any:
    """Return white cells of the active as numbers and as shares, with and without BMI."""
    table = chapter["white_cells"]
    parts = []
    for stratum, name in (
        (PERSON, "age, sex, ethnicity"),
        (SOCIAL, "also schooling, income, smoking"),
        (WITH_BMI, "also body mass index"),
    ):
        own = table[(table["stratum"] == stratum) & table["feature"].isin(RATIOS)]
        values = as_per_cent(own).set_axis(["estimate", "low", "high"], axis=1)
        labels = [
            f"{number(r['estimate'])} % ({interval(r['low'], r['high'])})"
            for _, r in values.iterrows()
        ]
        parts.append(values.assign(row=own["feature"].map(_reading), group=name, label=labels))
    rows = pd.concat(parts, ignore_index=True)
    number_, part = (white_cell(chapter, f) for f in ("lymphocytes", "lymphocyte_share"))
    caption = (
        f"Active adults: lymphocytes, per cent of white cells: {_stand(part)}; lymphocytes a litre: {_stand(number_)} "
        f"(NHANES 2009-2012, n = {whole(part['n_subjects'])}, 95 % intervals; hours since the last bout unknown; an association)."
    )
    text = "Dot plot with intervals of five readings of white cells, active against inactive adults in per cent, under three adjustments: neutrophils and lymphocytes as numbers and as shares, and neutrophils per lymphocyte."
    return draw.associations(rows, [_reading(f) for f in RATIOS], (caption, text))


def _reading(feature: str) -> str:
    return {
        "neutrophils": "neutrophils, number",
        "lymphocytes": "lymphocytes, number",
        "neutrophil_share": "neutrophils, share",
        "lymphocyte_share": "lymphocytes, share",
        "neutrophil_lymphocyte_ratio": "neutrophils per lymphocyte",
    }[feature]


def _stand(effect: pd.Series) -> str:
    size = percent(abs(2 ** effect["estimate"] - 1))
    if not certain(effect):
        return "no clear difference"
    return f"{size} {direction(effect['estimate'], 'higher', 'lower')}"


def memory_chart(chapter: Chapter) -> Any:
    """Return four programmes of innate memory over two stimuli."""
    caption = "Drawn, not measured: after the same first stimulus, four things may be left behind. The second answer alone cannot tell training from priming; the level before it can."
    text = "Line chart of the activity of cells over twelve days with two stimuli: cells never stimulated before, trained, tolerant, primed and differentiated."
    return draw.memory(models.memory_curves(), models.stimuli(), (caption, text))


def two_numbers_chart(chapter: Chapter) -> Any:
    """Return the four programmes by two numbers."""
    caption = "The same four as two numbers, each against cells never stimulated before: level before the second stimulus, and output after it (grey: unchanged). One axis alone confuses two pairs."
    text = "Scatter of four programmes: training above with an unchanged baseline, tolerance below with an unchanged baseline, priming above with a raised baseline, differentiation level with a raised baseline."
    return draw.two_numbers(models.two_numbers(), models.MARGIN, (caption, text))


def resolution_chart(chapter: Chapter) -> Any:
    """Return three simulated exudates with their resolution intervals."""
    marks = pd.DataFrame(
        [
            {"row": r, **vars(models.indices_of(r))}
            for r in (models.USUAL, models.FASTER, models.SMALLER)
        ]
    )
    usual, fast, small = (marks["interval"].round(1).tolist()[i] for i in range(3))
    caption = (
        f"Simulated exudates: an anti-inflammatory drug may halve the peak and leave the resolution interval at {number(small, 2)} hours, as before ({number(usual, 2)}); resolution that is faster shortens it to {number(fast, 2)} at the same peak "
        "(bars: from the peak to half of it)."
    )
    text = "Line chart of neutrophils in three simulated exudates over 72 hours, with a bar from each peak's hour to the hour at which half of it is left."
    return draw.resolution(models.exudates(), marks, (caption, text))


def decay_chart(chapter: Chapter) -> Any:
    """Return neutrophils of the blood after a bout, drawn to scale."""
    course = blood_course(chapter)
    found = blood_indices(chapter)
    labels = [
        f"{number(r['estimate'], 3)} ({interval(r['low'], r['high'], 3)})"
        for _, r in course.iterrows()
    ]
    own = chapter["acute_against_rest"].query("feature == 'neutrophils'")
    persons = men_after_bout(chapter)
    told = (
        f"half of the peak is passed at about {number(found.t_50)} hours if a straight line is drawn through a gap without draws (grey)"
        if found is not None and np.isfinite(found.t_50)
        else "no fall to half of a peak is seen"
    )
    caption = f"Neutrophils of the blood after an hour of cycling: {told} (GRINTA, {arm_label(chapter)}, ratio to rest, n = {n_range(own)}, 95 % intervals{dots_of_men(persons)})."
    text = "Dots with intervals of the neutrophil ratio to rest over 24 hours drawn to scale, joined by a dashed line, with the gap between 6 and 24 hours shaded."
    return draw.decay(course.assign(label=labels), list(phase_of(own)), persons, (caption, text))
