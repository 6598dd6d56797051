"""The sentences of chapter 3 that rest on results."""

import numpy as np
import pandas as pd

from exercisebook.chapters.ch02.readings import arm_label
from exercisebook.chapters.ch03 import cells, graph, models
from exercisebook.chapters.ch03.analyses import (
    CONTROL,
    PERSON,
    SOCIAL,
    UNADJUSTED,
    WITH_BMI,
    claim_effects,
)
from exercisebook.chapters.ch03.charts import type_label
from exercisebook.chapters.ch03.published import trial_of_neutrophils
from exercisebook.chapters.ch03.readings import (
    PEOPLE,
    agreement_here,
    blood_indices,
    comparable_markers,
    detectable_fall,
    genes_here,
    residue_of,
    resting,
    training_effects_of_cohort,
    white_cell,
)
from exercisebook.chapters.chapter import Chapter
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
    ratio,
)
from exercisebook.claims.claims import claims_of
from exercisebook.claims.ledger import ledger
from exercisebook.claims.verdict import CONTRADICTED, ELSEWHERE, NOT_EMPIRICAL, NOT_MEASURED
from exercisebook.figures.tables import interval, number, percent, whole
from exercisebook.sources.features import label


def sentences(chapter: Chapter) -> dict[str, str]:
    """Return every sentence of the page that rests on a result, by name."""
    return {
        "provenance": chapter.provenance_sentence(),
        "answer": _answer(chapter),
        "against": _against(chapter),
        "truth": _truth(chapter),
        "resting": _resting(chapter),
        "bilirubin": _bilirubin(chapter),
        "quality": _quality(chapter),
        "agreement": _agreement(chapter),
        "denominators": _denominators(),
        "dish": _dish(chapter),
        "genes": _genes(chapter),
        "replicates": _replicates(),
        "residue": _residue(chapter),
        "counts": _counts(chapter),
        "adjustment": _adjustment(),
        "association": _association(chapter),
        "weight": _weight(chapter),
        "control": _control(chapter),
        "memory": _memory(),
        "resolution": _resolution(),
        "decay": _decay(chapter),
        "cohort": _cohort(chapter),
        "verdicts": _verdicts(chapter),
    }


def _answer(chapter: Chapter) -> str:
    part, whole_number = (white_cell(chapter, f) for f in ("lymphocyte_share", "lymphocytes"))
    neutrophils = white_cell(chapter, "neutrophils")
    told = (
        f"What is remodelled may be the denominator. Among {whole(part['n_subjects'])} adults, those who say they are active have a share of lymphocytes that is {_apart(part)} {evidence(part)}. "
        f"Their lymphocytes a litre of blood {_level(whole_number)} {evidence(whole_number)}, and their neutrophils {_level(neutrophils)} {evidence(neutrophils)}. "
    )
    if certain(part) and not certain(whole_number):
        told += "The share moved, the number did not: one says something of lymphocytes, the other of everything else. "
    return told + (
        "That is an association in people whom nobody told to move. "
        "Whether weeks of training change the cells of the blood, no open data set that we hold can say, since none has trained people and counted their cells."
    )


def _against(chapter: Chapter) -> str:
    bilirubin = resting(chapter, "total_bilirubin")
    types = cells.naive_effects(chapter.parameters.fdr)["share"]
    missed, real = int((types["outcome"] == "missed").sum()), int((types["truth"] != 0).sum())
    rows = _ledger(chapter)
    unmeasured = rows[rows["observed"] == NOT_MEASURED]["claim_id"].nunique()
    way = direction(bilirubin["estimate"], "more", "less")
    side = direction(bilirubin["estimate"], "against", "along with")
    return (
        f"What speaks against the two texts, or cannot speak to them: active adults have {way} total bilirubin {evidence(bilirubin)}, {side} the direction that the commentary reports for its indirect part, and a randomised trial of training in women raised it {{footcite}}`swift2012`. "
        "The review's parallel runs into the sign: macrophages grown from exercised mice answered a second stimulus with *less* inflammation {footcite}`murugathasan2023`, where training of innate immunity, as with BCG, means more. "
        f"Of naive cells, CCL25, CORO1A and CD74 in people who trained, these data hold nothing: {count(unmeasured)} of {count(rows['claim_id'].nunique())} claims are “not measured”. "
        f"And a study of thirteen men would miss {count(missed)} of {count(real)} true shifts of cell types in a simulation where every cell is named without error."
    )


def _truth(chapter: Chapter) -> str:
    seen = cells.naive_effects(chapter.parameters.fdr)["share"]
    least = float(np.exp(seen["detectable"].astype(float).median()))
    naive = seen[seen["feature"].isin(cells.NAIVE)]
    found = seen[seen["outcome"] == "found"]
    alarms = int((seen["outcome"] == "false alarm").sum())
    up = int((naive["estimate"] > 0).sum())
    told = (
        f"All {count(len(naive))} naive types truly gain a little of the mononuclear cells; the study sees {count(up)} of their estimates above one, and finds {none_or(count(int((naive['outcome'] == 'found').sum())))} of them. "
        f"There {'was' if alarms == 1 else 'were'} {count(alarms)} false {'alarm' if alarms == 1 else 'alarms'} among the shares. "
    )
    if len(found):
        row = found.iloc[0]
        off = not row["ci_low"] <= row["truth"] <= row["ci_high"]
        told += (
            f"What was found, {row['feature']}, has the right sign and {number(abs(row['estimate'] / row['truth']))} times the true size"
            + (
                ", with an interval that does not even hold the truth: where only the largest estimates pass, those that pass are too large. "
                if off
                else ". "
            )
        )
    width = float(np.exp((seen["ci_high"] - seen["ci_low"]).median() / 2))
    return told + (
        f"A typical interval reaches {number(width, 3)} times the odds to either side, and a typical type would have to change its odds {number(least, 3)}-fold to be found."
    )


def _resting(chapter: Chapter) -> str:
    table = comparable_markers(chapter)
    apart = [
        label(r["feature"]) for _, r in table.iterrows() if abs(1 - 2 ** r["estimate"]) > r["fall"]
    ]
    pulse = resting(chapter, "resting_pulse")
    return (
        f"To show up in thirteen people, C-reactive protein has to fall by {percent(detectable_fall(0.422))} and triglycerides by {percent(detectable_fall(0.21))}, while GGT, which keeps steadier, needs only {percent(detectable_fall(0.089))}. "
        f"The gap between active and inactive adults exceeds what thirteen could see for {listed(apart) if apart else 'none of them'}. "
        f"The resting pulse of active adults is {number(abs(pulse['estimate']))} beats a minute {direction(pulse['estimate'], 'higher', 'lower')} (95 % interval {interval(pulse['ci_low'], pulse['ci_high'])}, n = {whole(pulse['n_subjects'])}); "
        "twenty weeks of training moved it by about as little {footcite}`wilmore1996`."
    )


def _bilirubin(chapter: Chapter) -> str:
    first, last = (resting(chapter, "total_bilirubin", s) for s in (UNADJUSTED, SOCIAL))
    sides = (
        "Here the survey and the randomised trial {footcite}`swift2012` stand on one side, and the commentary on the other, if the indirect part moves with the whole."
        if last["estimate"] > 0
        else "Here the survey stands with the commentary, and the randomised trial {footcite}`swift2012` on the other side, if the indirect part moves with the whole."
    )
    return (
        f"Total bilirubin is the marker to dwell on: it is {_apart(last)} in the active {evidence(last)}, and was {_apart(first)} before anything was adjusted. "
        + sides
    )


def _quality(chapter: Chapter) -> str:
    kept = cells.is_kept(chapter.parameters.mitochondrial)
    table = cells.quality()
    wrong = int((table["damaged"] & kept).sum()), int((~table["damaged"] & ~kept).sum())
    return (
        f"At this page's threshold of {number(chapter.parameters.mitochondrial)} %, {count(wrong[0])} damaged cells stay and {count(wrong[1])} whole ones go. "
        "Simulated damage is tidier than real damage, where the two humps run into each other and some whole cells are simply busy."
    )


def _agreement(chapter: Chapter) -> str:
    p, here = chapter.parameters, agreement_here(chapter)
    naive = cells.naive_from_memory(p.mitochondrial, p.resolution)
    told = (
        f"At a resolution of {number(p.resolution)} the {count(here['groups'])} groups agree with the ten true types at {number(here['types'])} and, once named by markers, with the broad kinds at {number(here['named'])}. "
        f"Within CD4 T cells, groups and the difference between naive and memory agree at {number(naive.index)}: called by the true majority of their group, {percent(naive.mistaken)} of these cells would go by the wrong name, where calling all of them by the commoner one errs in {percent(naive.by_guess)}. "
    )
    if naive.mistaken > 0.1:
        told += "So at this depth the claim on which the commentary lays weight, that *naive* cells grew, rests on a line that groups of cells draw with many errors. "
    return (
        told
        + "It takes surface proteins, more molecules a cell, or a classifier trained elsewhere, and then its errors belong in the interval."
    )


def _denominators() -> str:
    seen = models.neutrophil_world()
    part, of_white = one(seen, feature=models.OF_WHITE), one(seen, feature=models.LYMPHOCYTES)
    mono = one(seen, feature=models.OF_MONONUCLEAR)
    return (
        f"The share of lymphocytes among white cells {moved(part)} {evidence(part)}; their number {moved(of_white)} {evidence(of_white)}. "
        f"Among mononuclear cells, a whole without neutrophils, their share {moved(mono)} {evidence(mono)}. "
        "Not one lymphocyte was made in this world. "
        "The commentary speaks of single cells: had they been sorted by density first, as mononuclear cells are, most neutrophils would have been lost on the way, and a fall of neutrophils “among the cells” would be a statement about the sorting."
    )


def _dish(chapter: Chapter) -> str:
    effects = chapter["interferon_shares"]
    sure = effects[effects["q_value"] <= chapter.parameters.fdr]
    least = effects["detectable"].astype(float).median()
    alone = int(effects.apply(certain, axis=1).sum())
    told = f"Asked alone, {count(alone)} of {count(len(effects))} types would be said to shift; counted together, {none_or(count(len(sure)))} {'do' if len(sure) > 1 else 'does'} "
    if len(sure):
        told += f"({listed([type_label(f) for f in sure['feature']])}) "
    return told + (
        f"in {whole(effects['n_subjects'].max())} donors, though interferon changes what these cells express {{footcite}}`kang2018`; a typical type would have had to change its odds {number(float(np.exp(least)), 3)}-fold to be found. "
        "In a dish nothing can enter or leave, so a shift of shares is death, sticking, or cells that changed the markers they are named by. "
        "In blood it may also be traffic."
    )


def _genes(chapter: Chapter) -> str:
    seen = genes_here(chapter)
    kinds = seen[seen["kind"] != cells.EVERY_CELL]
    pooled = seen[seen["kind"] == cells.EVERY_CELL].set_index("gene")
    found = int((kinds["outcome"] == "found").sum())
    least = float(2 ** kinds["detectable"].astype(float).median())
    held = ((seen["ci_low"] <= seen["truth"]) & (seen["truth"] <= seen["ci_high"])).sum()
    return (
        f"By kind of cell {none_or(count(found))} of {count(len(kinds))} comparisons {'finds' if found == 1 else 'find'} the rise that is there; {count(int(held))} of {count(len(seen))} intervals hold the truth, and a typical comparison could have seen a rise of {percent(least - 1)}. "
        f"Over all cells together CORO1A {moved(pooled.loc['CORO1A'])} and CD74 {moved(pooled.loc['CD74'])}, but such a sum mixes the kinds: CD74 is a gene of B cells and monocytes, and a blood with more T cells holds less of it without any cell having changed its mind. "
        "And messenger RNA of two genes is not a cell that walks: whether cells migrate better is seen by letting them migrate."
    )


def _replicates() -> str:
    table = cells.false_findings()
    ends = table[table["cells"].isin([table["cells"].min(), table["cells"].max()])]

    def of(counted: str, question: str) -> list[float]:
        own = ends[(ends["counted"] == counted) & (ends["question"] == question)]
        return own.sort_values("cells")["share"].tolist()

    halves, paired = (of("cells", q) for q in (cells.HALVES, cells.BEFORE_AFTER))
    persons = table[table["counted"] == "persons"]["share"]
    genes = int(table["genes"].median())
    return (
        f"Nothing happens in this world, and with {whole(table['cells'].max())} cells a sample a test over cells still calls {percent(halves[1])} of some {whole(genes)} genes different between two halves of the men, where {percent(halves[0])} were called with {whole(table['cells'].min())}. "
        f"For the same men before and after it is {percent(paired[1])}, since each man's own level cancels and only his mood of the day is left. "
        f"Over persons it stays between {percent(persons.min())} and {percent(persons.max())}, whatever the number of cells. "
        "More cells make the wrong test surer of differences between people, which is the opposite of what a bigger experiment should do {footcite}`squair2021`."
    )


def _residue(chapter: Chapter) -> str:
    own = residue_of(chapter, "neutrophils")
    trial = trial_of_neutrophils().iloc[0]
    sure = [row for _, row in own.iterrows() if certain(row)]
    inside = int(
        ((own["ci_low"] <= trial["estimate"]) & (trial["estimate"] <= own["ci_high"])).sum()
    )
    least = own["detectable"].astype(float)
    return (
        f"In the trial, training and its control parted by {number(trial['estimate'])} × 10⁹ neutrophils a litre (interval {interval(trial['low'], trial['high'])}, from the two groups' own {{footcite}}`johannsen2012`). "
        f"A day after a single bout, the difference from rest is clear for {none_or(count(len(sure)))} of {count(len(own))} kinds of exercise, and the trial's number lies inside {none_or(count(inside))} of the {count(len(own))} intervals: GRINTA could have seen {interval(least.min(), least.max())} and no less. "
        "So a last bout is neither shown to mimic training nor excluded from doing so. "
        "This says nothing for or against training; it says that “blood drawn after 25 days of training” needs the hours since the last run beside it, which the commentary does not give."
    )


def _counts(chapter: Chapter) -> str:
    wander = chapter["mornings"].set_index("feature")["cv_within"]
    told = [
        f"{label(name)} by {percent(wander[name])}, so that {count(PEOPLE)} men before and after could see a fall of {percent(detectable_fall(wander[name]))}"
        for name in ("neutrophils", "lymphocytes")
    ]
    return f"Between quiet mornings, mostly a week apart, one of these men's counts wanders: {told[0]}; {told[1]}. Several mornings on either side would cost little and sharpen both."


def _adjustment() -> str:
    sets = {drawing: graph.sets_of(drawing) for drawing in graph.DRAWINGS}
    every = [found for one_drawing in sets.values() for found in one_drawing]
    lacking = sum(graph.ILLNESS in found for found in every)
    weight = [any(graph.WEIGHT in f for f in found) for found in sets.values()]
    told = f"Illness is in {count(lacking)} of the {count(len(every))} sets, and of it we read nothing from the survey, whose files hold a few answers and no diagnosis that would cover it: no adjustment of ours is complete. "
    if weight == [False, True]:
        told += "And whether body mass index belongs in the set turns on one arrow, so both analyses are shown, and neither is called the right one."
    return told


def _association(chapter: Chapter) -> str:
    part, whole_number = (white_cell(chapter, f) for f in ("lymphocyte_share", "lymphocytes"))
    neutrophils, per = (
        white_cell(chapter, f) for f in ("neutrophils", "neutrophil_lymphocyte_ratio")
    )
    least = float(whole_number["detectable"])
    return (
        f"Adjusted for all but body mass index, the active have neutrophils that are {_apart(neutrophils)} {evidence(neutrophils)}, "
        f"lymphocytes a litre that are {_apart(whole_number)} {evidence(whole_number)}, "
        f"a share of lymphocytes that is {_apart(part)} {evidence(part)}, and a ratio of the two that is {_apart(per)} {evidence(per)}. "
        f"The survey could have seen a difference in lymphocytes of {percent(2**least - 1)}. "
        + (
            "It is the world of neutrophils alone, in people: a press release on the share would say that lymphocytes are up."
            if certain(part) and not certain(whole_number) and part["estimate"] > 0
            else "Here number and share tell one story."
        )
    )


def _weight(chapter: Chapter) -> str:
    without, with_bmi = (white_cell(chapter, "neutrophils", s) for s in (SOCIAL, WITH_BMI))
    early = white_cell(chapter, "lymphocytes", PERSON)
    late = white_cell(chapter, "lymphocytes", SOCIAL)
    left = abs(with_bmi["estimate"]) / abs(without["estimate"])
    return (
        f"Holding body mass index constant leaves {percent(left)} of the difference in neutrophils {evidence(with_bmi)}. "
        "If weight follows from activity, a part of the effect was thrown away; if weight decides who is active, a part of the confusion was. "
        f"Lymphocytes a litre were {_apart(early)} with age, sex and ethnicity alone {evidence(early)}, and {_apart(late)} once schooling, income and smoking were held: "
        "tobacco raises white cells, and smokers sit."
    )


def _control(chapter: Chapter) -> str:
    first, last = (white_cell(chapter, CONTROL, s) for s in (PERSON, SOCIAL))
    told = (
        f"Adjusted for age, sex and ethnicity the active are {number(abs(first['estimate']))} cm {direction(first['estimate'], 'taller', 'shorter')} (95 % interval {interval(first['ci_low'], first['ci_high'])}); "
        f"with schooling, income and smoking as well, {number(abs(last['estimate']))} cm {direction(last['estimate'], 'taller', 'shorter')} ({interval(last['ci_low'], last['ci_high'])}). "
    )
    if certain(first) and not certain(last):
        return told + (
            "So the control that failed in [](#cohort-design) passes here: what made the active taller was mostly what they had been born to. "
            "Passing is no proof, since illness reaches white cells and does not reach height."
        )
    if certain(last):
        return (
            told + "So something goes with both activity and height that no adjustment has caught."
        )
    return (
        told + "The control passes, which is no proof: illness reaches white cells and not height."
    )


def _memory() -> str:
    table = models.two_numbers().set_index("row")
    return (
        f"In the drawing the second answer of trained cells is {number(2 ** table.at['training', 'restimulated'], 3)} times that of cells never stimulated before, and of primed cells {number(2 ** table.at['priming', 'restimulated'], 3)} times: nearly the same. "
        f"What tells them apart is the level before, {number(2 ** table.at['training', 'baseline'], 2)} against {number(2 ** table.at['priming', 'baseline'], 2)} times."
    )


def _resolution() -> str:
    usual, fast, small = (
        models.indices_of(r) for r in (models.USUAL, models.FASTER, models.SMALLER)
    )
    return (
        f"The library agrees: a peak of {number(usual.psi_max)} million at {number(usual.t_max)} hours, half of it at {number(usual.t_50, 3)}, an interval of {number(usual.interval, 3)} hours. "
        f"Where fewer cells came, the peak is {number(small.psi_max)} million and the interval {number(small.interval, 3)}; where they were cleared faster, the peak is {number(fast.psi_max)} and the interval {number(fast.interval, 2)}. "
        "A drug that keeps cells out is anti-inflammatory, and has resolved nothing."
    )


def _decay(chapter: Chapter) -> str:
    found = blood_indices(chapter)
    if found is None or not np.isfinite(found.t_50):
        told = f"In GRINTA ({arm_label(chapter)}) neutrophils in blood show no rise and fall to which the arithmetic applies. "
    else:
        told = f"Put through the same arithmetic, neutrophils in the blood of GRINTA's men ({arm_label(chapter)}) peak at {number(found.psi_max, 3)} times rest {number(found.t_max)} hours after the start, and pass half of that {number(found.interval, 2)} hours later, if one trusts a straight line through eighteen hours without a draw. "
    return told + (
        "The numbers can be computed and must not be called resolution. "
        "Blood is not an inflamed tissue: these cells were called out of the marrow and went, to tissue, to the spleen or back to vessel walls, and nobody counted where. "
        "Nothing was seen to be eaten, no mediator was measured, and a fall that would come about in any case is what the word “active” was meant to exclude."
    )


def _cohort(chapter: Chapter) -> str:
    effects = training_effects_of_cohort(chapter)
    people = counted(chapter.cohort.subjects["subject"].nunique())
    told = f"The cohort of this page is “{chapter.cohort.name}”, with {people}"
    if effects.empty:
        return told + ", and it has no contrast of training, so this section has nothing to show."
    if "outcome" not in effects:
        return told + "."
    found = effects["outcome"].value_counts()
    return (
        told
        + f", simulated: of {whole(len(effects))} measurements, {count(found.get('found', 0))} true effects of training were found and {whole(found.get('missed', 0))} missed, with {count(found.get('false alarm', 0))} false alarms."
    )


def _ledger(chapter: Chapter) -> pd.DataFrame:
    return ledger(claims_of(3), claim_effects(chapter), chapter.parameters.fdr)


def _verdicts(chapter: Chapter) -> str:
    rows = _ledger(chapter)
    number_of = {
        verdict: rows[rows["observed"] == verdict]["claim_id"].nunique()
        for verdict in (NOT_MEASURED, NOT_EMPIRICAL, ELSEWHERE)
    }
    against = rows[rows["observed"] == CONTRADICTED]["claim_id"].nunique()
    identified = int((rows["cause"] == "identified by the design").sum())
    return (
        f"Of {count(rows['claim_id'].nunique())} claims, {count(number_of[NOT_MEASURED])} meet no measurement that may answer them, {count(number_of[NOT_EMPIRICAL])} are definitions, analogies or limits that nobody can measure, "
        f"and {count(number_of[ELSEWHERE])} meet a measurement under another exposure, which is shown and not counted. "
        f"In {none_or(count(identified))} of the rows can the design name the cause. "
        f"By data {none_or(count(against))} {'are' if against > 1 else 'is'} contradicted: a claim of training would have to be contradicted by training."
    )


def _apart(effect: pd.Series) -> str:
    """Return how far the active are from the inactive: ``3.8 % higher`` or ``not clearly apart``."""
    if not certain(effect):
        return "not clearly apart"
    size = ratio(effect["estimate"]).removeprefix("by ")
    return f"{size} {direction(effect['estimate'], 'higher', 'lower')}"


def _level(effect: pd.Series) -> str:
    return f"are {_apart(effect)}"
