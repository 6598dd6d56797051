"""The sentences of chapter 5 that rest on results."""

import numpy as np
import pandas as pd

from exercisebook.chapters.ch05 import clock, mimetic
from exercisebook.chapters.ch05.analyses import claim_effects
from exercisebook.chapters.ch05.dose import EFSA_MG_PER_KG, TRIAL_G, dose_ledger
from exercisebook.chapters.ch05.genetics import ITS_GENE, PLEIOTROPIC
from exercisebook.chapters.ch05.published import (
    HOMOCYSTEINE,
    HOMOCYSTEINE_RISE,
    SERUM_AFTER,
    SERUM_BEFORE,
)
from exercisebook.chapters.ch05.rats import BETAINE, CONTROL, ENZYMES, FAT
from exercisebook.chapters.ch05.readings import (
    ORGANS,
    PLACES,
    betaine_words,
    clear,
    cohort_metabolites,
    in_tissue,
    least,
    mediated,
    method,
    module,
    one_carbon,
    trait,
)
from exercisebook.chapters.ch05.readings import listed as listed_tissues
from exercisebook.chapters.ch05.tables import STUDY
from exercisebook.chapters.chapter import Chapter
from exercisebook.chapters.simulated import ALIKE, worlds_alike
from exercisebook.chapters.wording import (
    certain,
    count,
    counted,
    direction,
    evidence,
    listed,
    moved,
    none_or,
    one,
)
from exercisebook.claims.claims import claims_of
from exercisebook.claims.ledger import ledger
from exercisebook.claims.verdict import ELSEWHERE, IDENTIFIED, NOT_MEASURED
from exercisebook.figures.tables import NARROW, interval, number, p_value, percent, whole
from exercisebook.sources.features import label
from exercisebook.sources.motrpac_rat import TISSUES


def sentences(chapter: Chapter) -> dict[str, str]:
    """Return every sentence of the page that rests on a result, by name."""
    return {
        "provenance": chapter.provenance_sentence(),
        "answer": _answer(chapter),
        "against": _against(chapter),
        "pathway": _pathway(chapter),
        "truth": _truth(chapter),
        "worlds": _worlds(),
        "rats": _rats(chapter),
        "food": _food(chapter),
        "sexes": _sexes(chapter),
        "weeks": _weeks(chapter),
        "nineteen": _nineteen(chapter),
        "enzymes": _enzymes(chapter),
        "dilution": _dilution(chapter),
        "supplement": _supplement(),
        "doses": _doses(chapter),
        "instruments": _instruments(chapter),
        "by_hand": _by_hand(chapter),
        "methods": _methods(chapter),
        "rhythm": _rhythm(),
        "mimetic": _mimetic(chapter),
        "cohort": _cohort(chapter),
        "verdicts": _verdicts(chapter),
    }


def _answer(chapter: Chapter) -> str:
    seen = clear(chapter)
    if seen:
        told = f"clearly changed in {listed([PLACES[t] for t in seen])}"
    else:
        told = "not clearly changed in any of the three tissues we can look into"
    return (
        "No open data set of this book has read betaine in people before and after training, nor in any kidney, so that neither half of the story can be settled here. "
        f"In rats that ran for eight weeks beside rats that did not, betaine was {told}: it lay "
        f"{listed([betaine_words(chapter, t) for t in TISSUES])}."
    )


def _against(chapter: Chapter) -> str:
    both = listed_tissues(chapter, "proline-betaine")["tissue"]
    shared = [t for t in listed_tissues(chapter)["tissue"] if t in set(both)]
    rat = chapter["rat_food_marker"]
    low, high = rat["r"].min(), rat["r"].max()
    shared_told = (
        f", and in {listed([ORGANS[t] for t in shared])}, where the rats' list does have betaine, it has proline betaine as well"
        if shared
        else ""
    )
    main = method(chapter, "inverse-variance weighted, random")
    return (
        "A negative control speaks against reading more into it. "
        f"Proline betaine comes from plants in the food and no animal is known to make it, yet from rat to rat it went with betaine (correlations of {number(low)} to {number(high)} among rats of one sex and group){shared_told}. "
        "Part of what looks like metabolism may be dinner. "
        "People's genes cannot decide it either: there are four variants for betaine and no open table of what they do to any disease, so the method is shown on "
        f"another question, body mass index and coronary disease ({number(main['estimate'], 3)} log odds a standard deviation, 95{NARROW}% interval {interval(main['ci_low'], main['ci_high'])})."
    )


def _pathway(chapter: Chapter) -> str:
    tissue = chapter.parameters.tissue
    effects = one_carbon(chapter)
    own = effects[(effects["tissue"] == tissue) & (effects["canonical_id"] != CONTROL)]
    sure = own[own.apply(certain, axis=1)]
    told = [f"{label(e['canonical_id'])} {moved(e)}" for _, e in sure.iterrows()]
    middle = in_tissue(chapter, tissue)
    return (
        f"In {PLACES[tissue]} {listed(told) or 'no substance showed a clear change'}; betaine itself {moved(middle)} {evidence(middle)}. "
        "Homocysteine, the crossing of all its roads, was measured in none of the rats' tissues."
    )


def _truth(chapter: Chapter) -> str:
    effects, through = module(chapter), mediated()
    betaine, food = (one(effects, feature=f) for f in (BETAINE, CONTROL))
    hcy = one(effects, feature="homocysteine")
    carried = through["homocysteine"] / hcy["log2_content"]
    return (
        f"Training truly gives these men {percent(2 ** betaine['log2_content'] - 1)} more betaine, and their tubes {percent(2 ** betaine['truth'] - 1)} more, because it gave them plasma as well; the study's interval runs from {number(2 ** betaine['ci_low'], 3)} to {number(2 ** betaine['ci_high'], 3)}, and the effect is {betaine['outcome']}{_although(betaine)}. "
        f"Proline betaine, which training leaves alone, falls by {percent(1 - 2 ** food['truth'])} in the tube for the same reason. "
        f"Of homocysteine's fall in the body {percent(carried)} runs through betaine, and the study cannot know that: it sees {direction(hcy['estimate'], 'a rise', 'a fall')} in a tube ({hcy['outcome']})."
    )


def _although(effect: pd.Series) -> str:
    """Return why an effect whose interval leaves 1 out may be missed all the same."""
    if certain(effect) and effect["outcome"] == "missed":
        return ", although the interval leaves 1 out, since it is one of many that were tested"
    return ""


def _worlds() -> str:
    seen = worlds_alike(STUDY)
    betaine = seen[seen["feature"] == "betaine"]
    raised = int((betaine["effect"] > 0).sum())
    low, high = (2 ** f(betaine["estimate"]) for f in (np.min, np.max))
    return (
        f"In all {count(len(ALIKE))} worlds the study sees betaine {number(low, 3)} to {number(high, 3)} times as high on the last day, and in {count(raised)} of them training had a part in it. "
        "In one world betaine holds inflammation down; in another inflammation holds betaine down; in a third it is better food, which is where proline betaine would give it away."
    )


def _rats(chapter: Chapter) -> str:
    effects = [in_tissue(chapter, t) for t in TISSUES]
    detect = [2 ** e["detectable"] - 1 for e in effects]
    inside = [
        t
        for t, e in zip(TISSUES, effects, strict=True)
        if max(abs(e["ci_low"]), abs(e["ci_high"])) < least()
    ]
    told = (
        f"A change of {percent(2 ** least() - 1)} is excluded on both sides in {listed([PLACES[t] for t in inside])}."
        if inside
        else f"In none of the tissues is a change of {percent(2 ** least() - 1)} excluded on both sides."
    )
    seen = clear(chapter)
    open_still = not seen and not inside
    verdict = "By our own measure that decides nothing, and it is" if open_still else "It is"
    word = (
        f"Betaine changed clearly in {listed([PLACES[t] for t in seen])}"
        if seen
        else "Each of the three intervals holds 1"
    )
    return (
        f"{word}; ten rats on each side could have shown a change of {percent(min(detect))} to {percent(max(detect))} in four studies of five. "
        f"{told} "
        f"{verdict} muscle and fat of rats, not the blood of men nor the kidney of mice."
    )


def _food(chapter: Chapter) -> str:
    rows = chapter["rat_food_marker"]
    told = [
        f"{number(r['r'])} in {PLACES[r['tissue']]} ({interval(r['ci_low'], r['ci_high'])})"
        for _, r in rows.iterrows()
    ]
    return (
        f"Among rats of one sex and one group the two go together from animal to animal: correlations of {listed(told)}, n = {whole(rows['n'].min())} a tissue. "
        "Whoever runs eats otherwise, and what a rat ate is in no file. "
        "In a study of people the same control costs nothing, for the instrument that reads betaine reads proline betaine as well."
    )


def _sexes(chapter: Chapter) -> str:
    apart = [PLACES[t] for t in TISSUES if certain(in_tissue(chapter, t, BETAINE, "female - male"))]
    needed = [in_tissue(chapter, t, BETAINE, "female - male")["detectable"] for t in TISSUES]
    return (
        f"The sexes differ clearly in their change of betaine in {listed(apart) if apart else 'none of the tissues'}; only a ratio of ratios of {number(2 ** min(needed), 3)} or more would have been seen in four studies of five. "
        "A difference between “significant in females” and “not significant in males” is no such test."
    )


def _weeks(chapter: Chapter) -> str:
    weeks = {w: [in_tissue(chapter, t, BETAINE, "all", w)["estimate"] for t in TISSUES]
             for w in ("2w", "8w")}  # fmt: skip
    up = sum(v > 0 for v in weeks["2w"])
    return (
        f"Two weeks is what the mice of the commentary ran, and after two weeks {none_or(count(up))} of the rats' {count(len(TISSUES))} estimates {'lies' if up == 1 else 'lie'} above 1. "
        "They are grey for a reason: they and the sedentary rats lived half a year apart, and a half-year is other chow, other reagents and other hands. "
        "No verdict rests on them."
    )


def _nineteen(chapter: Chapter) -> str:
    rows = listed_tissues(chapter)
    signs = [direction(v, "up", "down") for v in (*rows["female"], *rows["male"])]
    one_way = f"all {signs[0]}" if len(set(signs)) == 1 else "not all one way"
    strong = rows[(rows["female"].abs() > 2) | (rows["male"].abs() > 2)]["tissue"]
    kidney = bool((rows["tissue"] == "KIDNEY").any())
    return (
        f"Betaine is listed in {listed([ORGANS[t] for t in rows['tissue']])}, {one_way} at eight weeks in both sexes, with a z beyond 2 in {listed([ORGANS[t] for t in strong]) or 'none'}. "
        + (
            "The kidney is listed. "
            if kidney
            else "The kidney is not listed, and neither is plasma. "
        )
        + "A tissue that is not listed was not significant *if* betaine was measured there, and the list does not say where it was; a q over all weeks rests on groups without concurrent controls too. "
        "Of the kidney, where the commentary puts the greatest rise, we hold no single rat's value."
    )


def _enzymes(chapter: Chapter) -> str:
    held = chapter["rat_genes_held"].set_index("tissue")
    where = [PLACES[t] for t in TISSUES if bool(held.loc[t, "CHDH"])]
    never = [g for g in ENZYMES if not held[g].astype(bool).any()]
    chdh = one(chapter["rat_enzymes"], feature="CHDH", stratum="all")
    return (
        f"Of the three tissues only {listed(where)} {'expresses' if len(where) == 1 else 'express'} choline dehydrogenase enough to be counted, and there its transcript {moved(chdh)} {evidence(chdh)}{_along(chdh)}. "
        f"{listed(never) or 'No enzyme'} was counted in none of them. "
        "A tissue without the enzyme has its betaine from blood. "
        f"The enzyme's home is liver and kidney, and {PLACES[FAT]} cannot answer for them."
    )


def _along(effect: pd.Series) -> str:
    """Return how a change of the enzyme lies to the claim, with its q among the enzymes."""
    if not certain(effect):
        return ""
    way = "along with" if effect["estimate"] > 0 else "against"
    return (
        f", {way} the claim's direction, in another tissue and species "
        f"(q = {p_value(effect['q_value'])} among the enzymes counted)"
    )


def _dilution(chapter: Chapter) -> str:
    loss = 1 - HOMOCYSTEINE / (HOMOCYSTEINE + HOMOCYSTEINE_RISE)
    here = chapter.parameters.plasma_volume / 100
    hidden = (1 + here) - 1
    return (
        f"With plasma volume changed by {percent(here, signed=True)}, betaine must {direction(hidden, 'rise', 'fall', 'stay')} by {percent(abs(hidden))} in the vessels for the tube to show nothing. "
        f"Homocysteine after a bout is the textbook case: from {number(HOMOCYSTEINE, 3)} µmol/L the pooled rise of {number(HOMOCYSTEINE_RISE, 3)} takes no more than a loss of {percent(loss)} of the plasma, which a bout can cost."
    )


def _supplement() -> str:
    return (
        f"A supplement moves betaine in blood {number(SERUM_AFTER / SERUM_BEFORE)}-fold in two weeks (five men), where the story about training needs tens of per cent. "
        "On the same dose homocysteine falls, by trials of six weeks, and LDL cholesterol rises; one trial of six months saw no fall. "
        "Each of these is an effect of grams by mouth, and none an effect of training."
    )


def _doses(chapter: Chapter) -> str:
    p = chapter.parameters
    table = dose_ledger(p.water_ml_per_kg, p.km_ratio)
    low, high = table["human_g"].min(), table["human_g"].max()
    where = "inside" if low <= TRIAL_G <= high else "outside"
    return (
        f"By body surface the mice's range stands for {number(low)} to {number(high)} g a day of a person; the {number(TRIAL_G)} g of most trials lie {where} it. "
        f"The lower end is {number(table['times_efsa'].min())} times the {number(EFSA_MG_PER_KG)} mg per kg that European reviewers call safe as an addition, the upper end {number(table['times_efsa'].max())} times. "
        "Scaling by surface is a rule for first doses, not a law about effects. "
        "**No dose here is advice.**"
    )


def _instruments(chapter: Chapter) -> str:
    table = chapter["betaine_instruments"]
    own, other = (trait(chapter, PLEIOTROPIC, t) for t in ("Betaine", "Glycine"))
    traits = chapter["betaine_pleiotropy"]
    more = int(((traits["snp"] == PLEIOTROPIC) & (traits["exposure"] != "Betaine")).sum())
    strength = "Strength is not the trouble" if table["f"].min() > 10 else "Some are weak"
    ways = direction(own["beta"] * other["beta"], "the same way", "the other way")
    return (
        f"{strength}: F runs from {number(table['f'].min())} to {number(table['f'].max())}, and 10 is the usual fear. "
        f"Validity is: {PLEIOTROPIC} lies in {ITS_GENE}, which starts the urea cycle, and changes glycine {number(abs(other['beta'] / own['beta']))} times as much as betaine, {ways}, with F of {number(other['f'], 3)} against {number(own['f'])}; the catalogue has {count(more)} traits for it besides betaine. "
        "What such a variant does to a disease it may do by any of them. "
        "A trait that the catalogue lacks for a variant was not found there at the threshold of whole genomes, which is no proof of none."
    )


def _by_hand(chapter: Chapter) -> str:
    fixed = method(chapter, "inverse-variance weighted, fixed")
    wide = method(chapter, "inverse-variance weighted, random")
    return f"The slope is {number(fixed['estimate'], 3)} either way; letting the variants disagree widens its error from {number(fixed['se'], 2)} to {number(wide['se'], 2)}."


def _methods(chapter: Chapter) -> str:
    checks = chapter["bmi_chd_checks"].iloc[0]
    egger, intercept = (method(chapter, m) for m in ("MR-Egger", "MR-Egger intercept"))
    median = method(chapter, "weighted median")
    control = chapter["bmi_chd_control"]
    more = "more" if checks["p_value"] < 0.05 else "no more"
    alarms, spread = (control["p_value"] < 0.05).mean(), control["estimate"].std()
    bypass = (
        "an intercept that its interval sets apart from zero"
        if certain(intercept)
        else "an intercept that cannot be told from zero"
    )
    return (
        f"The weighted median gives {number(median['estimate'])}, MR-Egger {number(egger['estimate'])} with {bypass} (p = {p_value(intercept['p_value'])}); the variants disagree {more} than their errors allow (Q = {number(checks['q'], 3)} on {whole(checks['df'])}, p {_p(checks['p_value'])}). "
        f"The negative control hands the outcomes round at random among the variants: {whole(len(control))} times, with slopes that scatter by {number(spread)} around nought and {percent(alarms)} of them “significant” at 5{NARROW}%. "
        "Agreement of the three makes it harder to blame any one kind of invalid variant. "
        "With betaine's four variants, one of them a glycine variant, and no outcome, there is nothing here to agree."
    )


def _p(value: float) -> str:
    text = p_value(value)
    return text if text.startswith("<") else f"= {text}"


def _rhythm() -> str:
    table = clock.designs()
    lost = table[table["height"].isna()]["times"].max()
    four = table[table["times"] == table.loc[table["height"].notna(), "times"].min()]
    flat, late = (one(four, group=g) for g in (clock.FLAT, clock.LATE))
    told = table.dropna()
    truth = told["group"].map({name: shape[0] for name, shape in clock.worlds().items()})
    held = int(((told["height"] - truth).abs() <= told["height_half"]).sum())
    return (
        f"With {count(lost)} clock times or fewer nothing is determined, however many mice are killed. "
        f"The same {whole(clock.ANIMALS)} mice spread over {count(four['times'].iloc[0])} times tell a flatter wave (height {number(flat['height'], 3)}, peak at hour {number(flat['peak'], 2)}) from a later one ({number(late['height'], 3)}, hour {number(late['peak'], 3)}). "
        f"The intervals of {count(held)} of {count(len(told))} fits hold the true height, and their errors are approximate: noise has a height too, so that a small wave reads a little high. "
        "Whatever shifts a clock by an hour, such as the time of feeding, can read as restored youth at one hour of killing."
    )


def _mimetic(chapter: Chapter) -> str:
    table = mimetic.outcomes(chapter.parameters.animals)
    detect = table["detectable"].iloc[0]
    pairs = table[table["contrast"] == mimetic.SURPLUS].set_index("world")["estimate"]
    same = np.isclose(pairs["through betaine, to a ceiling"], pairs["two roads to one ceiling"])
    lost = table[table["contrast"] == mimetic.LOST]
    right = int(((lost["low"] <= lost["truth"]) & (lost["truth"] <= lost["high"])).sum())
    told = (
        "Without the block, a supplement that does what exercise does, and adds nothing to it, looks the same whether exercise works through betaine or by a road of its own to the same ceiling: same numbers to the last digit. "
        if same
        else ""
    )
    return (
        told
        + f"What the block takes from exercise differs by {number(mimetic.EFFECT)} standard deviations between the two; {count(right)} of {count(len(lost))} intervals hold the truth. "
        f"With {count(chapter.parameters.animals)} mice in each of {count(len(mimetic.GROUPS))} groups, {number(detect)} standard deviations can be seen in four studies of five; an interaction costs far more mice than an effect."
    )


def _cohort(chapter: Chapter) -> str:
    name = chapter.parameters.cohort
    what = ("animal", "animals") if name == "motrpac-rat" else ("person", "people")
    people = counted(chapter.cohort.subjects["subject"].nunique(), *what)
    told = f"The cohort of this page is “{chapter.cohort.name}”, with {people}"
    effects = cohort_metabolites(chapter)
    if effects.empty:
        return (
            told
            + ". It holds no metabolites of this page before and after training in the same people."
        )
    if name == "reference":
        return told + ", the simulated one of the beginning; here are its numbers once more."
    if "outcome" not in effects:
        return (
            told
            + f", and {count(effects['feature'].nunique())} of this page's metabolites are measured in it."
        )
    found = effects["outcome"].value_counts()
    return told + (
        f", simulated, with known truth: {count(found.get('found', 0))} true effects were found, {count(found.get('missed', 0))} missed, and there were {count(found.get('false alarm', 0))} false alarms."
    )


def _verdicts(chapter: Chapter) -> str:
    rows = ledger(claims_of(5), claim_effects(chapter), chapter.parameters.fdr)
    unmeasured = rows[rows["observed"] == NOT_MEASURED]["claim_id"].nunique()
    elsewhere = rows[rows["observed"] == ELSEWHERE]["claim_id"].nunique()
    identified = int((rows["cause"] == IDENTIFIED).sum())
    return (
        f"Of {count(rows['claim_id'].nunique())} claims {count(unmeasured)} meet no measurement in our data, and {count(elsewhere)} meet one in another species and tissue, which is shown and never counted. "
        f"In {none_or(count(identified))} of the rows can the design name the cause. "
        "Trials that others published stand on this page as reading, not as verdicts."
    )
