"""The sentences of chapter 6 that rest on results."""

import numpy as np
import pandas as pd

from exercisebook.chapters.ch06.analyses import (
    ALL_PAIRS,
    AMLEXANOX,
    ATP_PAIRS,
    IN_CELLS,
    LOW_ATP_UM,
    OTHER_ENZYME,
    RANDOM,
    SCORED,
    TOP_DOSE_NM,
    claim_effects,
)
from exercisebook.chapters.ch06.charts import kd_name
from exercisebook.chapters.ch06.readings import (
    ATOMS,
    IN_PLASMA,
    IN_TISSUE,
    MASS,
    PLASMA,
    SUPPLEMENT,
    TISSUE,
    assumed_kd,
    band,
    best_kd,
    betaine_of_cohort,
    bound_share,
    change_by_supplement,
    change_by_training,
    inhibited,
    interferon_folds,
    largest_change,
    points,
    rise,
    supplement_fold,
    two_potencies,
)
from exercisebook.chapters.ch06.worked_assays import (
    BINDS,
    ENOUGH,
    NARROW,
    NOTHING,
    PAIRS,
    STEADIES,
    TOO_LOW,
    WIDE,
    dose_outcomes,
    melting_shifts,
    model_choices,
)
from exercisebook.chapters.chapter import Chapter
from exercisebook.chapters.wording import count, direction, one, share
from exercisebook.claims.claims import claims_of
from exercisebook.claims.ledger import ledger
from exercisebook.claims.verdict import NOT_MEASURED
from exercisebook.figures.tables import interval, number, percent, whole
from exercisebook.stats.dose_response import ligand_efficiency
from exercisebook.stats.target_engagement import kd_of_largest_change


def sentences(chapter: Chapter) -> dict[str, str]:
    """Return every sentence of the page that rests on a result, by name."""
    return {
        "provenance": chapter.provenance_sentence(),
        "answer": _answer(chapter),
        "against": _against(chapter),
        "truth": _truth(),
        "melting": _melting(),
        "models": _models(),
        "census": _census(chapter),
        "named": _named(chapter),
        "spread": _spread(chapter),
        "atp": _atp(chapter),
        "selectivity": _selectivity(chapter),
        "efficiency": _efficiency(chapter),
        "occupancy": _occupancy(chapter),
        "change": _change(chapter),
        "cell": _cell(chapter),
        "interferon": _interferon(chapter),
        "cohort": _cohort(chapter),
        "verdicts": _verdicts(chapter),
    }


def _answer(chapter: Chapter) -> str:
    counts = _counts(chapter)
    lightest = chapter["ligand_efficiencies"].iloc[0]
    fold, most = rise(chapter), 100 * largest_change(rise(chapter))
    return (
        f"Nobody can say from open data: of {whole(counts['compounds'])} compounds with a potency against TBK1 in ChEMBL {_none(counts['betaine'])} is betaine, and none is nearly as small (the lightest weighs {number(lightest['lightest_da'], 3)} Da, betaine {MASS}). "
        "So whether betaine binds TBK1, and whether it inhibits it, is *not measured* here; the study itself may show it. "
        f"What can be computed is how much a *change* of betaine could matter. If one molecule binds one TBK1, a rise of {percent(fold - 1)} moves the share of TBK1 that is bound by {number(most, 3)} percentage points at the very most, whatever the affinity. "
        f"Six grams a day, which in a pilot study took serum betaine from {number(1000 * SUPPLEMENT[0], 3)} to {number(1000 * SUPPLEMENT[1], 3)} µM "
        "{footcite}`machek2022`"
        f", could move it by {number(100 * largest_change(supplement_fold()), 3)} at most. "
        f"And if betaine bound with {number(chapter.parameters.ligand_efficiency)} kcal/mol an atom (about 0.3 is what a good drug candidate reaches {{footcite}}`hopkins2004`), half of TBK1 would be bound at {kd_name(assumed_kd(chapter))}, and the same six grams would move the share by {number(100 * change_by_supplement(assumed_kd(chapter)))} points."
    )


def _against(chapter: Chapter) -> str:
    amlexanox = one(chapter["compound_centres"], name=AMLEXANOX)
    return (
        "Beside the claims stands evidence that does not fit them. "
        "Losing one of the two copies of the gene for TBK1 is a cause of amyotrophic lateral sclerosis and frontotemporal dementia {footcite}`freischmidt2015,cirulli2015`, and four people who have lost both are inflamed throughout {footcite}`taft2021`: less TBK1 is not simply better. "
        "For three ways in which TBK1 is said to drive ageing the commentary names the same two works, whose titles are about one of them. "
        f"And the “approved TBK1 inhibitor” amlexanox, approved for sores of the mouth, has {count(amlexanox['n'])} independent potency in ChEMBL, {number(10 ** amlexanox['estimate'] / 1000)} µM, and inhibits TBK1's relative IKKε as well {{footcite}}`reilly2013`."
    )


def _truth() -> str:
    table = dose_outcomes().set_index("design")
    high, low, nothing = (table.loc[d] for d in (ENOUGH, TOO_LOW, NOTHING))
    return (
        f"With doses far enough up, {share(high['bounded'], high['n'])} intervals have two ends and {share(high['held'], high['n'])} hold the truth. "
        f"Where the doses stop short, {share(low['open_above'], low['n'])} intervals have no upper end; they too hold the truth ({share(low['held'], low['n'])}), by saying little. "
        f"The compound that does nothing gets a number from the program every time, and {_bounded(nothing)} an interval with two ends. "
        "So read the interval first: an EC50 without an upper end is a sentence about the top dose, not about the compound."
    )


def _melting() -> str:
    table = melting_shifts()
    own = one(table, world=BINDS, pair=PAIRS[0])
    controls = [one(table, world=w, pair=PAIRS[1]) for w in (BINDS, STEADIES)]
    return (
        f"TBK1 with betaine melts {number(own['estimate'])} K later (95 % interval {interval(own['low'], own['high'])}) in both worlds, to the last digit, for the same tubes were drawn. "
        f"The inert kinase moves by {number(controls[0]['estimate'])} K in the one and by {number(controls[1]['estimate'])} K in the other. "
        "A thermal shift of one protein with one compound shows that the compound does something to proteins."
    )


def _models() -> str:
    table = model_choices().set_index(["design", "truth"])
    wide, narrow = (table.loc[d] for d in (WIDE, NARROW))
    return (
        f"Over a hundred-fold range of ATP the criterion picks the true mechanism in {share(wide['right'].sum(), wide['n'].sum())} simulated experiments; over a two-fold range, with the same noise, in {share(narrow['right'].sum(), narrow['n'].sum())}, where a coin would have {whole(narrow['n'].sum() / 2)}. "
        f"What it says clearly there is right in {count(narrow['clear'].sum())} and wrong in {count(narrow['wrong_and_clear'].sum())}. "
        "The mechanism is in the range of the substrate, not in the number of wells."
    )


def _census(chapter: Chapter) -> str:
    counts = _counts(chapter)
    return (
        f"Of {whole(counts['rows as curated'])} rows {whole(counts['left'])} are left, {whole(counts['of these, bounds'])} of them bounds, such as “less than 100 nM”. "
        f"Leaving bounds out would leave out the strongest and the weakest; they stay in, as bounds. "
        f"Rows for betaine: {_none(counts['betaine'])}."
    )


def _named(chapter: Chapter) -> str:
    table = chapter["named_potencies"]
    bx = table[(table["name"] == "BX-795") & ~table["quoted"]]
    amlexanox = one(table, name=AMLEXANOX)
    effect = claim_effects(chapter).iloc[0]
    limits = [2 ** effect[end] * TOP_DOSE_NM / 1000 for end in ("ci_low", "ci_high")]
    reach = TOP_DOSE_NM / 1000 / 2 ** effect["detectable"]
    return (
        f"BX-795 has {count(len(bx))} measurements between {number(bx['ic50_nM'].min(), 1)} and {number(bx['ic50_nM'].max(), 2)} nM. "
        f"Amlexanox stands in the file {_twice(amlexanox['n'])}, as {number(amlexanox['ic50_nM'], 2)} nM and once more with added digits: {count(effect['n_observations'])} measurement. "
        f"With the spread of other compounds, its centre over assays may lie anywhere from {interval(limits[0], limits[1])} µM. "
        f"One measurement of such a spread tells an IC50 from {number(TOP_DOSE_NM / 1000)} µM, beyond which assays most often say no more than “above”, only if it lies below about {number(reach)} µM."
    )


def _spread(chapter: Chapter) -> str:
    table = chapter["between_assays"].set_index("what")
    atp, other, cells = (table.loc[w] for w in (ATP_PAIRS, OTHER_ENZYME, IN_CELLS))
    return (
        f"Between assays one compound's potencies differ {number(table.loc[ALL_PAIRS, 'median'])}-fold in the median. "
        f"But {whole(atp['n'])} of these {whole(table.loc[ALL_PAIRS, 'n'])} compounds met one laboratory that changed the ATP on purpose; of other pairs on the enzyme there are {count(other['n'])}, {number(other['least'])}- and {number(other['most'])}-fold apart. "
        f"In cells, {whole(cells['n'])} compounds are from {number(cells['least'])} to {number(cells['most'])} times as weak as on the enzyme. "
        "So what looks like noise between laboratories is to a large part ATP, and the cell; how far laboratories differ in the same assay these data hardly say."
    )


def _atp(chapter: Chapter) -> str:
    table = chapter["atp_shift"]
    exact = table[~table["bound"]]
    bx = two_potencies(chapter, "BX-795")
    up = int((exact["high_nM"] > exact["low_nM"]).sum())
    kept = (
        "The rule could have failed here, and did not."
        if up == len(exact)
        else "The others are not explained by the rule."
    )
    return (
        f"What competes with ATP must lose when there is more of it, and {share(up, len(exact))} compounds do: {number(exact['ratio'].median())}-fold in the median, where a non-competitive inhibitor would not move. "
        f"{kept} "
        f"Two potencies fix a straight line: for BX-795 a Ki of {number(bx['ki_nM'])} nM and a Km of {number(bx['km_uM'])} µM. "
        f"Since the Km belongs to the enzyme and ATP, it should be the same for every compound; the middle half runs from {interval(exact['km_uM'].quantile(0.25), exact['km_uM'].quantile(0.75))} µM, so the rule is roughly kept and no more."
    )


def _selectivity(chapter: Chapter) -> str:
    own, others = chapter["selectivity"], chapter["selectivity_of_others"].iloc[0]
    closest = chapter["relatives"].iloc[0]
    return (
        f"The median hit of TBK1 hits {number(others['own_median'])} of {whole(others['n_kinases'])} kinases; the most selective of {whole(len(own))} hits {whole(own['n_hit'].min())}. "
        f"Is that TBK1's doing? Compounds that hit many kinases are among the hits of any one, so the fair comparison is with other kinases: there the median is {number(others['q50'])}, and {percent(others['share_below'])} of {whole(others['n'])} kinases have choosier hits than TBK1. "
        f"IKKε, its nearest relative, is hit as well by {share(closest['n_both'], closest['n'])} (95 % interval {percent(closest['ci_low'])} to {percent(closest['ci_high'])}), against {percent(closest['share_of_others'])} of the compounds that leave TBK1 alone. "
        "An effect of such a compound in a cell is an effect on dozens of kinases until someone shows otherwise."
    )


def _efficiency(chapter: Chapter) -> str:
    numbers = chapter["ligand_efficiencies"].iloc[0]
    plasma, tissue = (bound_share(c, best_kd(chapter)) for c in (IN_PLASMA, IN_TISSUE))
    return (
        f"As efficient as the best TBK1 ligand at hand ({number(numbers['most'])} kcal/mol an atom, where the median is {number(numbers['q50'])}), betaine would have a Kd of {kd_name(best_kd(chapter))}: {percent(plasma)} bound at 50 µM, {percent(tissue)} at 5 mM. "
        "That makes a tight fit unlikely, and does not make it impossible: small ligands can be more efficient than large ones {footcite}`reynolds2008`, and bacteria have one protein that binds betaine at micromolar and another at millimolar concentrations {footcite}`lang2015`. "
        "A pocket made for it holds it; the question is whether TBK1 has one."
    )


def _occupancy(chapter: Chapter) -> str:
    kd = assumed_kd(chapter)
    one_mm = [band(b, 1.0) for b in (PLASMA, TISSUE)]
    own = [band(b, kd) for b in (PLASMA, TISSUE)]
    return (
        f"At a Kd of 1 mM, plasma betaine would occupy {_to(one_mm[0])} of TBK1 and tissue betaine {_to(one_mm[1])}. "
        f"At this page's {kd_name(kd)} it would be {_to(own[0])} and {_to(own[1])}. "
        "TBK1 lies inside cells, and the plasma is only what a needle reaches. "
        "So two readings are open, and they exclude each other: if the affinity is weak, betaine at plasma levels holds next to nothing; if it is strong, a tissue full of betaine has its TBK1 occupied before anyone trains."
    )


def _change(chapter: Chapter) -> str:
    fold = rise(chapter)
    worst, of_six_grams = (
        float(kd_of_largest_change(c, f))
        for c, f in ((IN_PLASMA, fold), (SUPPLEMENT[0], supplement_fold()))
    )
    kd = assumed_kd(chapter)
    moved = [100 * change_by_training(chapter, c, kd) for c in (IN_PLASMA, IN_TISSUE)]
    return (
        f"A rise of {percent(fold - 1)} does most where the Kd is about the concentration itself, for plasma at {number(1000 * worst)} µM, and then {number(100 * largest_change(fold), 3)} points. "
        f"At this page's Kd it is {number(moved[0])} points in plasma and {number(moved[1])} in tissue. "
        f"The supplement's most is {number(100 * largest_change(supplement_fold()), 3)} points, at a Kd of {number(1000 * of_six_grams)} µM, which would be {number(_efficiency_at(of_six_grams))} kcal/mol an atom. "
        "For the arrow from training through betaine to TBK1, this is the number to beat: a benefit that follows from a few points of one kinase."
    )


def _cell(chapter: Chapter) -> str:
    tube = bound_share(IN_TISSUE, 1.0)
    assay, cell = (
        inhibited(chapter, IN_TISSUE, 1.0, atp)
        for atp in (LOW_ATP_UM, 1000 * chapter.parameters.atp)
    )
    return (
        f"With a Kd of 1 mM, 5 mM of betaine would hold {percent(tube)} of TBK1 in a tube without ATP, take {percent(assay)} of its activity in an assay with 10 µM of ATP, and take {percent(cell)} of its activity in a cell with {number(chapter.parameters.atp)} mM of ATP, if the two compete. "
        f"If betaine bound elsewhere and stopped the enzyme all the same, ATP would not matter; if it bound elsewhere and did nothing, occupancy would not matter either. "
        "Binding, inhibition and effect are three measurements."
    )


def _interferon(chapter: Chapter) -> str:
    table = chapter["interferon_score"]
    folds = interferon_folds(chapter)
    genes = table.iloc[0]
    way = direction(float(np.log(folds[SCORED].median())), "rises", "falls")
    return (
        f"With interferon the score {way}, {number(folds[SCORED].min())}- to {number(folds[SCORED].max())}-fold in the five kinds of cells; sets of about as many random genes, as abundant, move {number(folds[RANDOM].min())}- to {number(folds[RANDOM].max())}-fold. "
        f"It reads {whole(genes['n_genes'])} of the {whole(genes['n_named'])} genes of its list, those that the file holds. "
        f"With two donors there is no p value to be had, and none is given; {whole(table.loc[table['score'] == SCORED, 'n_cells'].sum())} cells are not {whole(table.loc[table['score'] == SCORED, 'n_cells'].sum())} people. "
        f"Of the genes between TBK1 and interferon (TBK1, IKKε, IRF3, STING, interferon-beta itself) the file holds {_none(genes['n_upstream'])}."
    )


def _cohort(chapter: Chapter) -> str:
    table = betaine_of_cohort(chapter)
    name = chapter.cohort.name
    if table.empty:
        return f"The cohort of this page, “{name}”, holds no betaine as a concentration in µmol/L, and without one no occupancy follows."
    last, kd = table.iloc[-1], assumed_kd(chapter)
    moved = points(last["before"], last["fold"], kd)
    told = (
        f"In the cohort of this page, “{name}”, {_what_betaine_did(last)} (95 % interval {interval(last['low'], last['high'], 3)}, n = {whole(last['n_subjects'])}). "
        f"At this page's Kd that would {direction(moved, 'raise', 'lower', 'leave')} the bound share of TBK1 by {number(abs(moved))} points."
    )
    if "outcome" in table:
        told += f" The men are simulated, and their truth is known: {number(last['truth'], 3)} times; this change was {last['outcome']}, with all the cohort's metabolites asked at once."
    return told


def _what_betaine_did(change: pd.Series) -> str:
    fold = number(change["fold"], 3)
    if change["arm"] == change["reference_arm"]:
        return f"betaine at “{change['phase']}” stands at {fold} times its value at “{change['reference_phase']}”"
    return f"the ratio of betaine at “{change['phase']}” to betaine at “{change['reference_phase']}” is {fold} times as large in the arm “{change['arm']}” as in “{change['reference_arm']}”"


def _verdicts(chapter: Chapter) -> str:
    rows = ledger(claims_of(6), claim_effects(chapter), chapter.parameters.fdr)
    unmeasured = rows[rows["observed"] == NOT_MEASURED]["claim_id"].nunique()
    measured = rows[rows["observed"] != NOT_MEASURED]
    told = f"Of {count(rows['claim_id'].nunique())} claims, {count(unmeasured)} meet no measurement in any open data set of this book, the two about betaine among them. "
    for _, row in measured.iterrows():
        told += f"{row['claim_id']} meets {row['dataset']} and is *{row['observed']}* ({row['reason']}), its cause *{row['cause']}*. "
    return (
        told
        + "A laboratory experiment could name a cause, which no cohort can; it would first have to be there."
    )


def _counts(chapter: Chapter) -> pd.Series:
    return chapter["potency_census"].set_index("what")["n"]


def _none(n: float) -> str:
    return "none" if n == 0 else count(n)


def _bounded(row: pd.Series) -> str:
    return "never" if row["bounded"] == 0 else f"in {share(row['bounded'], row['n'])}"


def _twice(n: float) -> str:
    return "twice" if n == 2 else f"{count(n)} times"


def _to(ends: tuple[float, float]) -> str:
    return f"{percent(ends[0])} to {percent(ends[1])}"


def _efficiency_at(kd: float) -> float:
    return float(ligand_efficiency(kd / 1000, ATOMS))
