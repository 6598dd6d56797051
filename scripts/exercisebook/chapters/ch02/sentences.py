"""The sentences of chapter 2 that rest on results."""

import numpy as np
import pandas as pd

from exercisebook.chapters.ch02.analyses import BELOW, CELLS, END, LATE, MISSING, claim_effects
from exercisebook.chapters.ch02.readings import (
    PLAUSIBLE_LOSS,
    acute_effects_of_cohort,
    against_rest_at,
    arm_label,
    corrected_for,
    cytokine_at_end,
    day_after_tests,
    explained_by_water,
    hard_against_gentle,
    hidden,
    plasma_loss,
    sure_in_both,
)
from exercisebook.chapters.chapter import Chapter
from exercisebook.chapters.hours import at_hour, of_stratum
from exercisebook.chapters.simulated import FEW, reference_outcomes
from exercisebook.chapters.wording import (
    certain,
    count,
    counted,
    direction,
    evidence,
    listed,
    moved,
    named,
    none_or,
    one,
    ratio,
    share,
)
from exercisebook.claims.claims import claims_of
from exercisebook.claims.ledger import ledger, member_verdicts
from exercisebook.claims.verdict import NO_PRACTICAL
from exercisebook.figures.tables import interval, number, percent, whole
from exercisebook.sources.features import label
from exercisebook.sources.grinta import CYTOKINES, REST


def sentences(chapter: Chapter) -> dict[str, str]:
    """Return every sentence of the page that rests on a result, by name."""
    return {
        "provenance": chapter.provenance_sentence(),
        "answer": _answer(chapter),
        "against": _against(chapter),
        "minutes": _minutes(chapter),
        "hours": _hours_sentence(chapter),
        "egress": _egress(chapter),
        "intensity": _intensity(chapter),
        "transience": _transience(chapter),
        "cytokines": _cytokines(chapter),
        "nondetects": _nondetects(chapter),
        "tobit": _tobit(chapter),
        "flips": _flips(chapter),
        "race": _race(chapter),
        "volume": _volume(chapter),
        "race_volume": _race_volume(chapter),
        "sampling": _sampling(chapter),
        "truth": _truth_sentence(chapter),
        "cohort": _cohort_sentence(chapter),
        "verdicts": _verdicts(chapter),
    }


def _answer(chapter: Chapter) -> str:
    lymph, gone, neutro = (
        against_rest_at(chapter, *w)
        for w in (("lymphocytes", END), ("lymphocytes", "2h"), ("neutrophils", LATE))
    )
    return (
        f"White cells of the blood move with it, at once and in waves. By the end of an hour of cycling ({arm_label(chapter)}) lymphocytes {moved(lymph)} "
        f"against the same men's day of rest {evidence(lymph)}. An hour after stopping they {_stood(gone)} {evidence(gone)}, while neutrophils "
        f"went on to {_peak_words(neutro)} two hours after the end {evidence(neutro)}. {_day_after_words(chapter)} "
        "So “after exercise” is not a time, and a study that draws blood once after a run reports the minute it chose."
    )


def _against(chapter: Chapter) -> str:
    table = chapter["detection"]
    end = table[table["phase"] == END]
    il6 = one(end, feature="il6", arm=chapter.parameters.arm)
    rest = one(end, feature="il6", arm=REST)
    tnf = one(chapter["race"], feature="tnf", contrast="finish")
    rises = certain(tnf) and tnf["estimate"] > 0
    return (
        "What speaks against the commentary's account, or cannot speak to it: of fatty acids and of the hormones of “fight or flight”, these open data hold nothing. "
        f"{'TNF surges with the others' if rises else 'Not every inflammatory cytokine surges'}: after 50 km of running TNF {moved(tnf)} {evidence(tnf)}. "
        f"IL-6, the one most often named, was found in {share(il6['n_detected'], il6['n'])} samples at the end of GRINTA's hour and in {share(rest['n_detected'], rest['n'])} at that hour of the rest day. "
        "And the rest day came first for every man, so no p value here names exercise as the cause by design."
    )


def _minutes(chapter: Chapter) -> str:
    half = {cell: against_rest_at(chapter, cell, "0.5h") for cell in CELLS}
    told = (
        f"Half an hour into the bout, with the men still pedalling, lymphocytes {moved(half['lymphocytes'])}, monocytes {moved(half['monocytes'])} "
        f"and neutrophils {moved(half['neutrophils'])} against rest {evidence(half['neutrophils'])}. "
    )
    if all(certain(effect) and effect["estimate"] > 0 for effect in half.values()):
        told += (
            "No marrow makes cells that fast. They were in the body already, on the walls of vessels and in the spleen and lungs, "
            "and were washed or called into the stream."
        )
    return told


def _hours_sentence(chapter: Chapter) -> str:
    end, late = (against_rest_at(chapter, "neutrophils", h) for h in (END, LATE))
    eos = against_rest_at(chapter, "eosinophils", "6h")
    wave = direction(abs(late["estimate"]) - abs(end["estimate"]), "larger", "smaller")
    return (
        f"Neutrophils {moved(end)} by the end of the bout and {moved(late)} two hours after it {evidence(late)}: the second wave is the {wave} one. "
        f"Eosinophils, which cortisol drives out of the blood, {moved(eos)} at six hours {evidence(eos)}. "
        f"GRINTA's files hold no cortisol, so its part here is {'inferred from cells, not measured' if eos['ci_high'] < 0 else 'neither shown nor excluded'}."
    )


def _egress(chapter: Chapter) -> str:
    shares = chapter["natural_killer"]
    (all_end, all_after), (end, after) = (
        [one(at_hour(shares, hour), feature=cell) for hour in ("1h", "1.5h")]
        for cell in ("nk_cells", "nk_cd56dim")
    )
    lymph = against_rest_at(chapter, "lymphocytes", "2h")
    told = (
        f"At the end of exercise the odds that a cell without CD3, the mark of T cells, is an NK cell were {_odds(all_end)} those of the rest day; for the cytotoxic subset (CD56dim) {_odds(end)}. "
        f"Half an hour later they were {_odds(all_after)} and {_odds(after)}. "
        f"All lymphocytes together {_stood(lymph)} an hour after the end {evidence(lymph)}. "
    )
    if end["ci_low"] > 0 and after["ci_high"] < 0:
        told += "The cells best armed to kill, plentiful at the end, are the ones most clearly short soon after it. These are shares of cells, not counts."
    return told


def _intensity(chapter: Chapter) -> str:
    effects = chapter["by_intensity"]
    gentle, hard, mixed, dry = (
        one(effects, feature="neutrophils", contrast=f"{a}-{LATE}")
        for a in ("P4", "P2", "P5", "P3")
    )
    against = hard_against_gentle(chapter)
    dip = one(effects, feature="lymphocytes", contrast=f"P4-{LATE}")
    return (
        f"Two hours after the end, neutrophils {moved(gentle)} after the gentle hour {evidence(gentle)}, {moved(hard)} after the hard one {evidence(hard)} and {moved(mixed)} after intervals {evidence(mixed)}. "
        f"With mild dehydration at the same power as the hard hour they {moved(dry)} {evidence(dry)}. "
        "The comparison between exercise days is fairer than that with rest, since their order varied from man to man: "
        f"set against the gentle hour, neutrophils {moved(against)} after the hard one {evidence(against)}. "
        f"Lymphocytes two hours after the gentle hour {moved(dip)} against rest {evidence(dip)}"
        + ("." if dip["ci_high"] < 0 else ": the dip is not part of every bout.")
    )


def _transience(chapter: Chapter) -> str:
    tests, margin = day_after_tests(chapter)
    same = [label(f) for f in tests.loc[tests["same"], "feature"]]
    differ = [label(e["feature"]) for _, e in tests.iterrows() if certain(e)]
    alone = [
        label(e["feature"])
        for _, e in tests.iterrows()
        if e["p_equivalence"] <= 0.05 and not e["same"]
    ]
    told_of = {*same, *differ, *alone}
    unsure = [label(f) for f in tests["feature"] if label(f) not in told_of]
    told = f"Within the margin of ±{percent(2**margin - 1)}, {listed(same) or 'no cells'} are back at the level of the rest day. "
    if alone:
        told += f"{listed(alone).capitalize()} would pass taken alone, and not once the chapter's other claims are counted. "
    if unsure:
        told += f"For {listed(unsure)} the data allow a difference larger than the margin, and no difference at all: they do not decide. "
    if differ:
        told += f"{listed(differ).capitalize()} still differed. "
    return (
        told
        + "A response is shown to be transient when its return is shown, and “no longer significant” is not a return."
    )


def _cytokines(chapter: Chapter) -> str:
    effects = at_hour(chapter["cytokines"], END)
    missing = effects[effects["stratum"] == MISSING]
    ccl2, tnf, ip10 = (one(missing, feature=f) for f in ("ccl2", "tnf", "cxcl10"))
    sure = [
        f for f in missing["feature"] if certain(one(missing, feature=f)) and not hidden(effects, f)
    ]
    both = [f for f in sure if sure_in_both(effects, f)]
    lost = [label(f) for f in sure if f not in both]
    whole_tubes = all(
        one(missing, feature=f)["n_subjects"] == missing["n_subjects"].max() for f in both
    )
    reading = (
        f"read as below detection, {listed(lost)} {'are' if len(lost) > 1 else 'is'} in doubt, and a finding that needs one reading of the gaps is a finding about the gaps."
        if lost
        else "none of them was absent from a tube, so the reading of gaps does not touch them."
        if whole_tubes
        else "read as below detection, they tell the same."
    )
    return (
        f"By the end of the hour MCP-1 {moved(ccl2)} {evidence(ccl2)}, TNF {moved(tnf)} {evidence(tnf)} and IP-10 {moved(ip10)} {evidence(ip10)}, with absent values left out; {reading} "
        f"IL-6 and IL-10 are absent so often that neither reading gives an effect to rely on."
    )


def _nondetects(chapter: Chapter) -> str:
    bounds = chapter["cytokine_bounds"].set_index("feature")
    il6, ccl2 = bounds.loc["il6"], bounds.loc["ccl2"]
    return (
        f"For IL-6 the direction is known in {share(il6['rose'] + il6['fell'], il6['n_subjects'])} men, and the median rise could be anything: that is what over half non-detects means. "
        f"For MCP-1 the median ratio is {_between(ccl2)}, with no assumption made."
    )


def _between(bounds: pd.Series) -> str:
    low, high = (number(2 ** bounds[end], 3) for end in ("median_low", "median_high"))
    return f"at least {low} and at most {high}" if low != high else low


def _tobit(chapter: Chapter) -> str:
    table = chapter["cytokine_tobit"]
    refused = [label(f) for f in CYTOKINES.values() if f not in set(table["feature"])]
    told = ""
    if (table["n_hidden"] > 0).any():
        most = table.loc[table["n_hidden"].idxmax()]
        effects = at_hour(of_stratum(chapter["cytokines"], BELOW), END)
        substituted = one(effects, feature=most["feature"])
        told = (
            f"Of {label(most['feature'])}, {count(most['n_hidden'])} of {whole(4 * most['n_subjects'])} values are hidden; by this likelihood it {moved(most)} {evidence(most)}, "
            f"where the limit put in their place gives a ratio of {number(2 ** substituted['estimate'], 3)}. "
        )
    if refused:
        told += f"Of {listed(refused)} fewer than half of the values are seen at one hour or another, and the method is refused: the answer would be the curve's, not the men's."
    return told


def _flips(chapter: Chapter) -> str:
    table = chapter["sign_flips"]
    passed = table[table["p_max"] <= 0.05]
    return (
        f"Asked together, {count(len(passed))} of {count(len(table))} measurements pass the largest-of-all threshold at 5 %: {listed([label(f) for f in passed['feature']])}. "
        f"The smallest p value that {int(table['n_subjects'].max())} men could give is {number(2.0 ** -(table['n_subjects'].max() - 1))}. "
        "All of this is exact only if, were exercise to do nothing, a man's difference could as well have had the other sign."
    )


def _race(chapter: Chapter) -> str:
    finish = chapter["race"].query("contrast == 'finish'")
    il6, il8, tnf = (one(finish, feature=f) for f in ("il6", "cxcl8", "tnf"))
    later = chapter["race"].query("contrast == '24h after'")
    il6_after, ck_after = (one(later, feature=f) for f in ("il6", "creatine_kinase"))
    bounds = one(chapter["race_bounds"], feature="il6", who="all who started")
    return (
        f"In the {count(il6['n_subjects'])} runners whose cytokines were measured at the finish, IL-6 {moved(il6)} {evidence(il6)} and IL-8 {moved(il8)} {evidence(il8)}, while TNF {moved(tnf)} {evidence(tnf)}. "
        f"And the {count(bounds['n_subjects'] - il6['n_subjects'])} without? {_bounded(bounds)} "
        "The file does not say who finished: three runners without cytokines there do have a creatine kinase. "
        f"A day later IL-6 {moved(il6_after)} against before the race {evidence(il6_after)} and creatine kinase {moved(ck_after)} {evidence(ck_after)}: {'not everything is over by then' if certain(il6_after) or certain(ck_after) else 'neither is shown to be over, and neither to last'}."
    )


def _bounded(bounds: pd.Series) -> str:
    """Return what is sure of a median over everybody, seen or not."""
    everyone = f"the median of all {count(bounds['n_subjects'])} starters"
    low, high = bounds["median_low"], bounds["median_high"]
    if low <= 0 <= high:
        return f"With them {everyone} could have gone either way."
    least, most = sorted((low, high), key=abs)
    limit = f"at most {ratio(most)}" if np.isfinite(most) else "how much at most, nobody can say"
    return f"Whatever they had, {everyone} {direction(least, 'rose', 'fell')} at least {ratio(least)}, {limit}."


def _volume(chapter: Chapter) -> str:
    assumed = chapter.parameters.plasma_volume
    ip10, platelets = cytokine_at_end(chapter, "cxcl10"), against_rest_at(chapter, "platelets", END)
    left = corrected_for(ip10, [assumed])["estimate"].iloc[0]
    told = (
        f"If {number(-assumed)} % of the plasma had left the vessels, the ratio for IP-10 would go from {number(2 ** ip10['estimate'], 3)} to {number(left, 3)}; "
        f"it {explained_by_water(ip10)}. "
        f"Platelets ({number(2 ** platelets['estimate'], 3)}) {explained_by_water(platelets)}. "
    )
    if plasma_loss(platelets) > PLAUSIBLE_LOSS:
        told += "The spleen holds a third of all platelets, and exercise releases a part of them."
    return told


def _race_volume(chapter: Chapter) -> str:
    table = chapter["race_plasma_volume"]
    finish, later = (one(table, formula="van Beaumont", phase=p) for p in ("finish", "24h after"))
    return (
        f"At the finish plasma volume was {_percent_change(finish)}, and a day later {_percent_change(later)}. "
        f"After hours of running and drinking the correction {'goes' if certain(finish) else 'may go'} {direction(finish['mean'], 'the other way', 'the usual way')}: "
        f"it would make the change of IL-6 {direction(finish['mean'], 'larger', 'smaller')}, not {direction(finish['mean'], 'smaller', 'larger')}. "
        "A bout of an hour and a race of a morning cannot borrow each other's correction."
    )


def _sampling(chapter: Chapter) -> str:
    effects = chapter["acute_against_rest"].query("feature == 'lymphocytes'")
    first, later = one(at_hour(effects, END)), one(at_hour(effects, "2h"))
    told = f"Drawn at the end, lymphocytes {_stood(first)}; drawn an hour later, they {_stood(later)}. "
    if (effects["ci_low"] > 0).any() and (effects["ci_high"] < 0).any():
        return told + (
            "Two laboratories that agree on everything but the needle will publish opposite abstracts, and both will be right."
        )
    return told + "After this bout no draw clearly shows the opposite sign."


def _cohort_sentence(chapter: Chapter) -> str:
    people = counted(chapter.cohort.subjects["subject"].nunique())
    told = f"The cohort of this page is “{chapter.cohort.name}”, with {people}"
    if chapter.parameters.cohort == "reference":
        return told + ", the simulated one of the beginning; here are its numbers."
    effects = acute_effects_of_cohort(chapter)
    if "outcome" not in effects:
        return told + "."
    found = effects["outcome"].value_counts()
    return (
        told
        + f", simulated, with known truth: of {len(effects)} measurements, {_counted(found, 'found')} true effects were found, {_counted(found, 'missed')} missed, "
        f"and {_alarms(found)}."
    )


def _counted(outcomes: pd.Series, name: str) -> str:
    return count(outcomes.get(name, 0))


def _alarms(outcomes: pd.Series) -> str:
    n = outcomes.get("false alarm", 0)
    return "there was one false alarm" if n == 1 else f"there were {count(n)} false alarms"


def _held(effects: pd.DataFrame) -> str:
    """Return how many intervals hold the truth."""
    held = (effects["ci_low"] <= effects["truth"]) & (effects["truth"] <= effects["ci_high"])
    return f"{count(int(held.sum())).capitalize()} of the {count(len(effects))} intervals hold the truth, where 95 in a hundred should. "


def _truth_sentence(chapter: Chapter) -> str:
    effects = reference_outcomes("acute", chapter.parameters.fdr)
    few = effects[effects["modality"].isin(FEW)]
    wide = effects[~effects["modality"].isin(FEW)]
    short, many = few["outcome"].value_counts(), wide["outcome"].value_counts()
    water = few[(few["log2_content"] == 0) & (few["q_value"] <= chapter.parameters.fdr)]
    told = (
        f"Of the {count(len(few))} measurements above, {_counted(short, 'found')} true effects were found, {_counted(short, 'missed')} missed, and {_alarms(short)}. "
        f"Of {len(wide)} proteins and metabolites, {many.get('found', 0)} were found and {many.get('missed', 0)} missed: what the lost water alone concentrates by a tenth moves in all of them, and is too little to see in most. "
    )
    told += _held(few)
    if water.empty:
        return told
    return (
        told
        + f"Among the found, {named(water['canonical_id'])} {'is' if len(water) == 1 else 'are'} true of the tube and not of the body: the amount did not change, the water did."
    )


def _verdicts(chapter: Chapter) -> str:
    rows = ledger(claims_of(2), claim_effects(chapter), chapter.parameters.fdr)
    unmeasured = rows[rows["observed"] == "not measured"]["claim_id"].nunique()
    identified = (rows["cause"] == "identified by the design").sum()
    return (
        f"Of {count(rows['claim_id'].nunique())} claims, {count(unmeasured)} meet no measurement in any open data set of this book. "
        f"In {none_or(count(identified))} of the rows can the design name the cause. "
        + _too_small(chapter)
    )


def _too_small(chapter: Chapter) -> str:
    """Return which cytokines clearly moved, and less than was set beforehand as mattering."""
    claims = claims_of(2)
    rows = member_verdicts(claims, "S1-07", claim_effects(chapter), chapter.parameters.fdr)
    least = 2 ** float(one(claims, claim_id="S1-07")["smallest_effect"])
    small = rows[(rows["observed"] == NO_PRACTICAL) & rows.apply(certain, axis=1)]
    if small.empty:
        return ""
    names = listed([label(c) for c in small["canonical_id"]])
    return (
        f"{names} did change, by less than the ratio of {number(least, 3)} that was set beforehand as the smallest surge: "
        "a difference can be certain and small."
    )


def _odds(effect: pd.Series) -> str:
    return f"{number(np.exp(effect['estimate']))} times (95 % interval {interval(*np.exp(effect[['ci_low', 'ci_high']].astype(float)))})"


def _stood(effect: pd.Series) -> str:
    """Return where a count stood against rest: ``stood 2.6 times as high as at rest``."""
    if not certain(effect):
        return "stood at no clear distance from rest"
    ratio = 2 ** effect["estimate"]
    if ratio >= 1:
        return (
            f"stood {percent(ratio - 1)} above rest"
            if ratio < 2
            else f"stood {number(ratio)} times as high as at rest"
        )
    return f"stood {percent(1 - ratio)} below rest"


def _peak_words(effect: pd.Series) -> str:
    ratio = 2 ** effect["estimate"]
    return f"{number(ratio)} times their level at rest"


def _percent_change(row: pd.Series) -> str:
    return f"{percent(abs(row['mean']) / 100)} {direction(row['mean'], 'above', 'below')} its level before the start (95 % interval {interval(row['ci_low'], row['ci_high'])} %)"


def _day_after_words(chapter: Chapter) -> str:
    tests, _ = day_after_tests(chapter)
    differ = [label(e["feature"]) for _, e in tests.iterrows() if certain(e)]
    if differ:
        return f"A day later {listed(differ)} still differed from rest."
    same = [label(f) for f in tests.loc[tests["same"], "feature"]]
    return f"A day later no count clearly differed from rest, and {'only ' if len(same) < len(tests) else ''}{listed(same) or 'none'} could be shown to be the same."
