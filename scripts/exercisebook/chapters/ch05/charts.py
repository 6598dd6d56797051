"""The charts of chapter 5, each with its caption and text alternative."""

from typing import Any

import numpy as np
import pandas as pd

from exercisebook.chapters.ch05 import clock, mimetic
from exercisebook.chapters.ch05.genetics import PLEIOTROPIC
from exercisebook.chapters.ch05.pathway import NODES, edge_frame
from exercisebook.chapters.ch05.rats import BETAINE, CONTROL
from exercisebook.chapters.ch05.readings import (
    PLACES,
    bmi_chd,
    clear,
    in_tissue,
    least,
    method,
    module,
    one_carbon,
    trait,
)
from exercisebook.chapters.chapter import Chapter
from exercisebook.chapters.rows import ratio_rows
from exercisebook.chapters.wording import certain, count, direction, listed, moved, n_range, none_or
from exercisebook.figures import betaine as draw
from exercisebook.figures.simulated import against_truth
from exercisebook.figures.tables import number, percent, whole
from exercisebook.figures.theme import ACCENT, SECOND
from exercisebook.sources.features import label
from exercisebook.sources.motrpac_rat import NOT_CONCURRENT, TISSUES
from exercisebook.stats.mendelian_randomisation import oriented

RATS = "MoTrPAC rats, eight weeks against sedentary, 48 h after the last run as the paper has it"


SHORT = {"gastrocnemius": "calf", "vastus": "thigh", "fat": "fat"}


def truth_chart(chapter: Chapter) -> Any:
    """Return the simulated module after training beside the truth."""
    effects = module(chapter)
    rows = ratio_rows(effects, effects["feature"].map(label))
    rows = rows.assign(truth=2 ** effects["truth"], outcome=effects["outcome"])
    told = effects["outcome"].value_counts()
    caption = (
        f"Simulated, thirteen men after training: of {count(len(rows))} metabolites whose concentration truly changes (upright marks), {none_or(count(told.get('found', 0)))} {'is' if told.get('found', 0) == 1 else 'are'} found and {none_or(count(told.get('missed', 0)))} missed "
        "(purple: paired comparison, 95 % intervals; 48 h after the last bout)."
    )
    text = f"Dot plot of {len(rows)} metabolites as ratios after training to before, with 95 % intervals, an upright mark at each true ratio in the tube and the outcome in words at the right."
    title = "after training, against before (ratio)"
    return against_truth(rows, title, "fig-betaine-truth", caption, text)


def pathway_chart(chapter: Chapter) -> Any:
    """Return the pathway coloured by the rats' change in one tissue."""
    tissue = chapter.parameters.tissue
    effects = one_carbon(chapter)
    own = effects[effects["tissue"] == tissue].set_index("canonical_id")
    nodes = NODES.assign(log2=NODES["feature"].map(own["estimate"]))
    sure = own.apply(certain, axis=1)
    nodes["clear"] = nodes["feature"].isin(own.index[sure])
    nodes["told"] = [
        f"× {number(2**v, 3)}" if np.isfinite(v) else "no value" for v in nodes["log2"]
    ]
    without = list(nodes.loc[nodes["log2"].isna(), "name"])
    told = [
        f"{n} {direction(v, 'up', 'down')}"
        for n, v, c in zip(nodes["name"], nodes["log2"], nodes["clear"], strict=True)
        if c
    ]
    caption = (
        f"In {PLACES[tissue]} of trained rats {listed(told) or 'nothing'} {'stands' if len(told) < 2 else 'stand'} out (thick rims: 95 % interval without 1, not adjusted for many); "
        f"no value was found for {listed(without) or 'none'} (grey squares). "
        f"Colours are log2 ratios of concentrations, not of rates ({RATS}, n = {whole(own['n_subjects'].max())})."
    )
    text = f"Diagram of the pathway from choline through betaine to glycine, with the methionine cycle beside it and the gut's road to TMAO above; dots coloured by the ratio of trained to sedentary rats, clear for {listed(told) or 'none'}, grey squares for {listed(without) or 'none'}."
    return draw.pathway(nodes, edge_frame(), (caption, text))


def rats_chart(chapter: Chapter) -> Any:
    """Return betaine and proline-betaine in three tissues, both sexes and each."""
    tables, order = [], []
    for tissue in TISSUES:
        for stratum, name in (("all", "both sexes"), ("female", "females"), ("male", "males")):
            row = f"{SHORT[tissue]}: {name}"
            order.append(row)
            for substance in (BETAINE, CONTROL):
                effect = in_tissue(chapter, tissue, substance, stratum).to_frame().T
                values = effect[["estimate", "ci_low", "ci_high"]].astype(float)
                frame = ratio_rows(values, pd.Series(row, values.index))
                tables.append(frame.assign(group=label(substance)))
    frame = pd.concat(tables, ignore_index=True)
    seen = clear(chapter)
    what = (
        f"Betaine {listed([f'{moved(in_tissue(chapter, t))} in {PLACES[t]}' for t in seen])}"
        if seen
        else "Betaine changed clearly in none of three tissues"
    )
    n = in_tissue(chapter, "gastrocnemius")["n_subjects"]
    caption = (
        f"{what}; beside it proline betaine, which comes from food alone "
        f"({RATS}, n = {whole(n)} a tissue, half of them females, 95 % intervals; calf: gastrocnemius, thigh: vastus, fat: under the skin; grey: changes under {percent(2 ** least() - 1)})."
    )
    text = f"Dot plot with intervals of betaine and proline betaine in three tissues, for both sexes together and for each, as ratios to sedentary rats on a log scale; betaine is clearly away from 1 in {listed([PLACES[t] for t in seen]) or 'none'} of them."
    colours = {label(BETAINE): ACCENT, label(CONTROL): SECOND}
    title = "trained against sedentary rats (ratio, log scale)"
    words = (caption, text)
    return draw.coloured_ratios(
        frame, order, colours, title, "fig-rat-betaine", words, 2 ** least()
    )


def weeks_chart(chapter: Chapter) -> Any:
    """Return betaine by weeks of training, those without concurrent controls greyed."""
    tables, order = [], []
    grey, own = "1 to 4 weeks: not concurrent", "8 weeks: concurrent"
    for tissue in TISSUES:
        for week in (*NOT_CONCURRENT, "8w"):
            row = f"{SHORT[tissue]}: {week.removesuffix('w')} wk"
            order.append(row)
            effect = in_tissue(chapter, tissue, BETAINE, "all", week).to_frame().T
            values = effect[["estimate", "ci_low", "ci_high"]].astype(float)
            frame = ratio_rows(values, pd.Series(row, values.index))
            tables.append(frame.assign(when=own if week == "8w" else grey))
    frame = pd.concat(tables, ignore_index=True)
    n = n_range(chapter["rat_one_carbon"].query("stratum == 'all' and canonical_id == 'betaine'"))
    caption = (
        "Only the coloured rows may speak: the groups of one, two and four weeks (grey) ran months after the sedentary rats they are set against "
        f"(MoTrPAC rats, betaine, both sexes, n = {n} a row, 95 % intervals; gastrocnemius, vastus and fat; 48 h after the last run as the paper has it)."
    )
    text = "Dot plot with intervals of betaine in three tissues at one, two, four and eight weeks of training as ratios to sedentary rats; the first three of each tissue are grey because their controls were not concurrent."
    title = "trained against sedentary rats (ratio, log scale)"
    colours = {grey: "#b9c0c9", own: ACCENT}
    return draw.coloured_ratios(frame, order, colours, title, "fig-rat-weeks", (caption, text))


def dilution_chart(chapter: Chapter) -> Any:
    """Return what a tube shows of an amount as plasma comes and goes."""
    volume = np.linspace(-20, 25, 91)
    amounts = {"as much in the vessels as before": 0.0, "10 % more": 10.0, "22 % more": 22.0}
    tables = [
        pd.DataFrame({"volume": volume, "shown": _shown(amount, volume), "group": name})
        for name, amount in amounts.items()
    ]
    here = chapter.parameters.plasma_volume
    point = pd.DataFrame({"volume": here, "shown": [_shown(a, here) for a in amounts.values()]})
    point = point.assign(told=list(amounts))
    level = _shown(0.0, here)
    caption = (
        f"A change of plasma volume of {percent(here / 100, signed=True)} alone shows as {percent(level / 100, signed=True)} in every tube (dots), "
        "so that a bout, which drives water out, raises what it never made, and training, which draws water in, hides what it did (arithmetic, no data)."
    )
    text = f"Line chart of the change in the tube over the change of plasma volume for three amounts in the vessels; all fall from left to right, and with no change of amount and {number(here)} % of volume the tube shows {number(level)} %."
    return draw.dilution(pd.concat(tables, ignore_index=True), point, (caption, text))


def _shown(amount: Any, volume: Any) -> Any:
    return 100 * ((1 + amount / 100) / (1 + volume / 100) - 1)


def instruments_chart(chapter: Chapter) -> Any:
    """Return what betaine's variants are associated with, in standard errors."""
    table = chapter["betaine_pleiotropy"]
    betaine = table[table["exposure"] == "Betaine"].set_index("snp")["beta"]
    named = table[~table["exposure"].str.match(r"^X-\d+$")]
    sign = np.sign(betaine.reindex(named["snp"]).to_numpy())
    short = named["exposure"].str.replace(r"\s*\(.*\)|\*|Pain.*: ", "", regex=True)
    rows = named.assign(
        z=sign * named["z"],
        row=named["snp"] + ": " + short.str.lower(),
        group=np.where(named["exposure"] == "Betaine", "betaine", "other traits"),
    )
    order = rows.assign(size=rows["z"].abs()).sort_values(["snp", "size"], ascending=[True, False])
    glycine, own = trait(chapter, PLEIOTROPIC, "Glycine"), trait(chapter, PLEIOTROPIC, "Betaine")
    caption = (
        f"Of four variants, {PLEIOTROPIC} moves glycine {number(abs(glycine['z'] / own['z']))} times as many standard errors as it moves betaine, and other traits besides "
        f"(summary associations; betaine: n = {whole(own['n'])})."
    )
    others = int((rows["group"] == "other traits").sum())
    text = f"Bar chart of associations in standard errors for four variants: four bars for betaine, and {others} for other traits, of which the longest is glycine under {PLEIOTROPIC}."
    return draw.strengths(order[["row", "z", "group"]].reset_index(drop=True), (caption, text))


def bmi_chart(chapter: Chapter) -> Any:
    """Return the worked example: 79 variants and three slopes."""
    up = oriented(bmi_chd(chapter))
    frame = pd.DataFrame({"x": up.x, "y": up.y, "y_se": up.y_se})
    end = 1.05 * frame["x"].max()
    intercept = method(chapter, "MR-Egger intercept")["estimate"]
    slopes = {
        "inverse-variance weighted": ("inverse-variance weighted, random", 0.0),
        "weighted median": ("weighted median", 0.0),
        "MR-Egger": ("MR-Egger", intercept),
    }
    lines = [
        (name, x, start + x * method(chapter, full)["estimate"])
        for name, (full, start) in slopes.items()
        for x in (0.0, end)
    ]
    main = method(chapter, "inverse-variance weighted, random")
    way = direction(main["estimate"], "more", "less", "as much")
    caption = (
        f"Alleles that raise body mass index go with {way} coronary disease, by three estimators that fail in different ways "
        f"({whole(main['n_variants'])} variants, with standard errors of the outcome; slope of the first {number(main['estimate'], 3)} log odds a standard deviation)."
    )
    text = f"Scatter of {len(frame)} variants, association with coronary disease over association with body mass index, with three lines of similar slope."
    return draw.mr_scatter(frame, pd.DataFrame(lines, columns=["group", "x", "y"]), (caption, text))


def rhythm_chart(chapter: Chapter) -> Any:
    """Return three waves of a clock gene, two of which meet at the hour of sampling."""
    hour = clock.SAMPLED_H
    frame = clock.courses()
    young, old = (
        float(frame[(frame["group"] == g) & (frame["hour"] == hour)]["value"].iloc[0])
        for g in (clock.YOUNG, clock.FLAT)
    )
    caption = (
        f"At hour {number(hour)} a wave of half the height and one that is {number(clock.delay_h())} hours late show the same value, "
        "so that what “fell with age” and was “restored” cannot be told (simulated waves, no noise; no n)."
    )
    text = f"Line chart of three waves over a day: young, flatter and later; at hour {number(hour)}, marked, the two old ones both read {number(old, 3)} and the young one {number(young, 3)}."
    point = pd.DataFrame({"hour": [hour], "value": [old]})
    return draw.rhythm(frame, point, (caption, text))


def mimetic_chart(chapter: Chapter) -> Any:
    """Return the deciding experiment in five worlds."""
    animals = chapter.parameters.animals
    table = mimetic.outcomes(animals)
    rows = table.rename(columns={"world": "row", "contrast": "group"})
    rows = rows.assign(label=[f"{number(e)} ({number(a)} to {number(b)})" for e, a, b in
                              zip(rows["estimate"], rows["low"], rows["high"], strict=True)])  # fmt: skip
    caption = (
        f"Simulated, {count(animals)} mice a group: worlds whose surplus is alike (purple) differ in what the block takes away (green), so the block, and not the supplement, tells whether exercise works through betaine "
        "(upright marks: truth; 95 % intervals)."
    )
    text = "Dot plot with intervals of two contrasts in five simulated worlds: the surplus of both treatments beyond their sum, and the part of exercise's gain that is lost when betaine cannot be made, with the truth marked."
    return draw.mimetic(rows, list(mimetic.WORLDS), (caption, text))
