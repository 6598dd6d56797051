"""The charts of chapter 4, each with its caption and text alternative."""

from typing import Any

import pandas as pd

from exercisebook.chapters.ch04 import cells
from exercisebook.chapters.ch04.genes import GENES, LABELS, TARGETS
from exercisebook.chapters.ch04.rats import DRAWS, MEAN
from exercisebook.chapters.ch04.readings import (
    SHORT,
    TISSUE_LABELS,
    change_words,
    changed,
    random_means,
    random_p,
    rat_effects,
    red_cell,
    reference_targets,
    set_mean,
)
from exercisebook.chapters.ch04.red_cells import LATER, OTHER, SAME, SHOWN, TEST
from exercisebook.chapters.chapter import Chapter
from exercisebook.chapters.rows import ratio_rows
from exercisebook.chapters.wording import certain, count, listed, moved, n_range, none_or
from exercisebook.claims.claims import claims_of
from exercisebook.figures import antioxidant as draw
from exercisebook.figures.simulated import against_truth
from exercisebook.figures.tables import number, p_value, percent
from exercisebook.sources.features import label
from exercisebook.sources.motrpac_rat import TISSUES

RATS = "MoTrPAC rats, eight weeks against sedentary, 48 h after the last run"


def _least() -> float:
    sizes = claims_of(4)["smallest_effect"].dropna()
    return float(2 ** sizes.min())


def truth_chart(chapter: Chapter) -> Any:
    """Return the reference cohort's targets after training, beside the truth."""
    effects = reference_targets(chapter, cells.TRAINING)
    order = effects.set_index("feature").loc[[t for t in TARGETS if t in set(effects["feature"])]]
    effects = order.reset_index()
    rows = ratio_rows(effects, effects["feature"])
    rows = rows.assign(truth=2 ** effects["truth"], outcome=effects["outcome"])
    missed = int((rows["outcome"] == "missed").sum())
    caption = (
        f"Simulated, thirteen men after training: every target of NRF2 truly rises (upright marks); {none_or(count(missed))} of {count(len(rows))} rises {'is' if missed == 1 else 'are'} missed, asked of these genes alone "
        "(purple: sums of 120 cells a man and phase, 95 % intervals; 48 h after the last bout)."
    )
    text = f"Dot plot of {len(rows)} genes as ratios after training to before, with 95 % intervals, an upright mark at each true ratio, and the outcome in words at the right; {missed} are missed."
    return against_truth(
        rows, "after training, against before (ratio)", "fig-nrf2-truth", caption, text
    )


def genes_chart(chapter: Chapter) -> Any:
    """Return thirteen genes in three tissues of rats, both sexes together."""
    effects = rat_effects(chapter, "rat_genes")
    frame = ratio_rows(effects, effects["feature"]).assign(
        group=effects["tissue"].map(TISSUE_LABELS)
    )
    seen = changed(effects, chapter.parameters.fdr)
    told = [change_words(e).partition(" (")[0] for _, e in seen.iterrows()]
    caption = (
        f"{listed(told) or 'No gene changed clearly'}{'; no other change is clear' if told else ''} "
        f"({RATS}, n = {n_range(effects)} a tissue, 95 % intervals; grey: changes under {percent(_least() - 1)})."
    )
    text = f"Dot plot with intervals of thirteen genes, each in three tissues, as ratios to sedentary rats on a log scale; clear changes: {listed(told) or 'none'}."
    words = (caption, text)
    title = "trained against sedentary rats (ratio, log scale)"
    return draw.grouped_ratios(frame, GENES, title, "fig-rat-genes", words, _least())


def sexes_chart(chapter: Chapter) -> Any:
    """Return the same genes in females and in males of one tissue."""
    tissue = chapter.parameters.tissue
    tables = [rat_effects(chapter, "rat_genes", sex).assign(sex=sex) for sex in ("female", "male")]
    effects = pd.concat(tables, ignore_index=True)
    effects = effects[effects["tissue"] == tissue].reset_index(drop=True)
    frame = ratio_rows(effects, effects["feature"]).assign(group=effects["sex"] + "s")
    between = rat_effects(chapter, "rat_genes", "female - male")
    own = between[between["tissue"] == tissue]
    apart = list(changed(own, chapter.parameters.fdr)["feature"])
    caption = (
        f"In {SHORT[tissue]} training acts differently in the two sexes on {listed(apart) if apart else 'no gene as far as can be told'} "
        f"({RATS}, n = {n_range(effects)} a sex, 95 % intervals)."
    )
    text = f"Dot plot with intervals of thirteen genes in {SHORT[tissue]}, females and males side by side, as ratios to sedentary rats of the same sex; their difference is clear for {listed(apart) if apart else 'none'}."
    title = "trained against sedentary, same sex (ratio, log scale)"
    return draw.grouped_ratios(frame, GENES, title, "fig-rat-sexes", (caption, text), _least())


def sets_chart(chapter: Chapter) -> Any:
    """Return the mean change of four sets of genes in three tissues."""
    effects = rat_effects(chapter, "rat_sets")
    effects = effects[effects["method"] == MEAN].reset_index(drop=True)
    frame = ratio_rows(effects, effects["feature"].map(LABELS)).assign(
        group=effects["tissue"].map(TISSUE_LABELS)
    )
    told = [
        f"{LABELS[e['feature']]} {moved(e)} in {SHORT[e['tissue']]}"
        for _, e in effects.iterrows()
        if e["ci_low"] > 0 or e["ci_high"] < 0
    ]
    caption = (
        f"{listed(told).capitalize() if told else 'No set shows a clear mean change'} "
        f"({RATS}, geometric mean over the genes of a set, n = {n_range(effects)} a tissue, 95 % intervals, not adjusted for twelve comparisons; grey: changes under {percent(_least() - 1)})."
    )
    text = f"Dot plot with intervals of four sets of genes in three tissues as mean ratios to sedentary rats; away from one: {listed(told) or 'none'}."
    title = "trained against sedentary rats (mean ratio, log scale)"
    order = list(LABELS.values())
    return draw.grouped_ratios(frame, order, title, "fig-rat-sets", (caption, text), _least())


def random_sets_chart(chapter: Chapter) -> Any:
    """Return where the chosen set stands among random sets of genes as abundant."""
    rows, told = [], []
    for tissue in TISSUES:
        p, means = random_p(chapter, tissue), random_means(chapter, tissue)
        ends = means.quantile([0.025, 0.25, 0.75, 0.975]).tolist()
        rows.append((TISSUE_LABELS[tissue], set_mean(chapter, tissue), *ends, f"p = {p_value(p)}"))
        if p <= 0.05:
            told.append(SHORT[tissue])
    columns = ["row", "observed", "low", "quarter", "upper_quarter", "high", "label"]
    frame = pd.DataFrame(rows, columns=columns)
    name = LABELS[chapter.parameters.genes]
    where = f"at the edge in {listed(told)}" if told else "at the edge in no tissue"
    caption = (
        f"Among {DRAWS} random sets of genes as abundant (grey: half and 95 % of them), “{name}” (diamond) lies {where} "
        f"({RATS}, both sexes, n = {n_range(chapter['rat_random_sets'])} a tissue)."
    )
    text = f"Three rows, one a tissue: a grey bar of the mean t of random sets and a diamond for {name}; {where}."
    return draw.random_sets(frame, list(TISSUE_LABELS.values()), (caption, text))


def red_cells_chart(chapter: Chapter) -> Any:
    """Return enzymes, redox state and damage two days after the bout, and what the test added."""
    effects = chapter["red_cells"]
    names = {LATER: "two days after the bout", TEST: "over the test that followed"}
    own = effects[effects["contrast"].isin(names)].reset_index(drop=True)
    own = own[own["feature"] != "creatine_kinase"].reset_index(drop=True)
    frame = ratio_rows(own, own["feature"].map(_short)).assign(group=own["contrast"].map(names))
    gpx, gsh = (red_cell(chapter, f, LATER) for f in ("glutathione_peroxidase", "glutathione"))
    caption = (
        f"Two days after an eccentric bout, against a control bout, glutathione peroxidase {moved(gpx)} in red cells and glutathione {moved(gsh)} "
        f"(n = {n_range(own)}, 95 % intervals; creatine kinase, {number(2 ** red_cell(chapter, 'creatine_kinase', LATER)['estimate'])} times, is off the scale)."
    )
    text = f"Dot plot with intervals of twelve measures of red cells and blood as ratios of eccentric to control session: two days after the bout, glutathione peroxidase {moved(gpx)} and glutathione {moved(gsh)}; and what a test of exercise did further."
    order = [_short(f) for f in SHOWN if f != "creatine_kinase"]
    title = "eccentric against control session (ratio, log scale)"
    return draw.grouped_ratios(frame, order, title, "fig-red-cells", (caption, text))


def _short(feature: str) -> str:
    name = "G6PD" if feature == "g6pd_activity" else label(feature)
    return name.removesuffix(" activity")


def halves_chart(chapter: Chapter) -> Any:
    """Return the change of glutathione in people with less and with more of it at first."""
    table = chapter["gsh_halves"]
    keys = {SAME: "by the same draw", OTHER: "by the other session"}
    rows = table["arm"] + ", " + table["half"]
    frame = ratio_rows(table, rows).assign(group=table["sorted_by"].map(keys))
    less, more = (
        table[(table["arm"] == "control") & (table["half"] == h)].iloc[0] for h in ("less", "more")
    )
    calm = not (certain(less) or certain(more))
    found = (
        "showed no clear change in either half of the people"
        if calm
        else f"{moved(less)} in the ten with less of it at first and {moved(more)} in the ten with more"
    )
    caption = (
        f"With two days and a control bout between, glutathione {found} "
        "(red cells, n = 10 a half, sorted by the first draw of the same or of the other session; means with 95 % intervals)."
    )
    text = f"Dot plot with intervals of the two-day ratio of glutathione in halves of people, in the control and the eccentric session, sorted in two ways; in the control session it {found}."
    order = list(dict.fromkeys(rows))
    title = "two days later, against the first draw (ratio, log scale)"
    return draw.grouped_ratios(frame, order, title, "fig-gsh-halves", (caption, text))
