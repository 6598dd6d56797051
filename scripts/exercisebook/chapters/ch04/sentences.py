"""The sentences of chapter 4 that rest on results."""

import pandas as pd

from exercisebook.chapters.ch04 import cells
from exercisebook.chapters.ch04.analyses import claim_effects
from exercisebook.chapters.ch04.genes import LABELS, OTHERS, SHOWN_SETS
from exercisebook.chapters.ch04.rats import BETWEEN, DRAWS, MEAN
from exercisebook.chapters.ch04.readings import (
    SHORT,
    breadth,
    change_words,
    changed,
    interactions,
    random_alarms,
    random_p,
    rat_effects,
    red_cell,
    reference_set_tests,
    reference_targets,
    set_effect,
)
from exercisebook.chapters.ch04.red_cells import (
    ENZYMES,
    LATER,
    OTHER,
    SAME,
    TEST,
    TEST_ALONE,
)
from exercisebook.chapters.chapter import Chapter
from exercisebook.chapters.wording import (
    certain,
    count,
    counted,
    evidence,
    listed,
    moved,
    none_or,
    one,
)
from exercisebook.claims.claims import claims_of
from exercisebook.claims.ledger import ledger
from exercisebook.claims.verdict import ELSEWHERE, IDENTIFIED, NOT_MEASURED
from exercisebook.figures.tables import number, p_value, percent, whole
from exercisebook.sources.erythrocyte_redox import CONTROL, ECCENTRIC
from exercisebook.sources.features import label
from exercisebook.sources.gene_sets import CLAIMED
from exercisebook.sources.motrpac_rat import TISSUES


def sentences(chapter: Chapter) -> dict[str, str]:
    """Return every sentence of the page that rests on a result, by name."""
    return {
        "provenance": chapter.provenance_sentence(),
        "answer": _answer(chapter),
        "against": _against(chapter),
        "truth": _truth(chapter),
        "places": _places(chapter),
        "truth_sets": _truth_sets(),
        "members": _members(chapter),
        "breadth": _breadth(chapter),
        "rats": _rats(chapter),
        "sexes": _sexes(chapter),
        "sets": _sets(chapter),
        "random": _random(chapter),
        "red_cells": _red_cells(chapter),
        "red_test": _red_test(chapter),
        "normaliser": _normaliser(chapter),
        "halves": _halves(chapter),
        "cohort": _cohort(chapter),
        "verdicts": _verdicts(chapter),
    }


def _four(chapter: Chapter) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the commentary's four genes in all tissues, and those of them that changed."""
    genes = rat_effects(chapter, "rat_genes")
    own = genes[genes["feature"].isin(CLAIMED)]
    return own, changed(own, chapter.parameters.fdr)


def _answer(chapter: Chapter) -> str:
    four, seen = _four(chapter)
    told = [change_words(e) for _, e in seen.iterrows()]
    others = [set_effect(chapter, "textbook", tissue) for tissue in TISSUES]
    lone = len(seen) and not any(certain(e) for e in others)
    return (
        "No open data set of this book has read the genes of people's blood cells before and after training, so no claim of this page can be settled here. "
        f"The nearest are rats, in muscle and in fat. Of the four genes in three tissues, {count(len(four))} comparisons, {none_or(count(len(seen)))} {'shows' if len(seen) == 1 else 'show'} a clear change after eight weeks of running"
        + (f": {listed(told)}. " if told else ". ")
        + f"Seven other targets of NRF2, taken together, {_in_each_tissue(others)}."
        + (
            " A gene that moves without the others is no sign of their common master."
            if lone
            else ""
        )
    )


def _in_each_tissue(effects: list[pd.Series]) -> str:
    """Return what something did in the three tissues, said once where it is the same."""
    if not any(certain(e) for e in effects):
        return "showed no clear change in any of the three"
    return listed([f"{moved(e)} in {SHORT[t]}" for t, e in zip(TISSUES, effects, strict=True)])


def _against(chapter: Chapter) -> str:
    four, _ = _four(chapter)
    within = percent(2 ** four["detectable"].median() - 1)
    enzyme = red_cell(chapter, "glutathione_peroxidase", LATER)
    told = (
        f"The rats could have shown something: in half of these comparisons a change of {within} was large enough to be seen in four studies of five. "
        "They are another species and another tissue, though, and so are shown here and never counted. "
    )
    if certain(enzyme):
        told += (
            f"And enzymes answer to more than genes: two days after a hard eccentric bout the activity of glutathione peroxidase {moved(enzyme)} in red cells {evidence(enzyme)}, "
            "which have no nucleus, and so no gene to switch on."
        )
    return told


def _truth(chapter: Chapter) -> str:
    trained = reference_targets(chapter, cells.TRAINING)
    acute = reference_targets(chapter, cells.ACUTE)
    everything = cells.all_genes("reference", cells.TUBE)
    assert everything is not None
    outcomes = trained["outcome"].value_counts()
    strict = int((trained["q_all"] <= chapter.parameters.fdr).sum())
    alarms = list(acute.loc[acute["outcome"] == "false alarm", "feature"])
    return (
        f"Asked of the {count(len(trained))} targets alone, which were named beforehand, the study finds {count(outcomes.get('found', 0))} of the true rises and misses {count(outcomes.get('missed', 0))}. "
        f"Asked of all {whole(everything['feature'].nunique())} genes at once, the same counts of the same people show {none_or(count(strict))} of them: the price of not having said beforehand what one looks for. "
        f"Minutes after the run no target has changed in any cell, and the study raises {count(len(alarms)) if alarms else 'no'} false alarm{'s' if len(alarms) != 1 else ''}"
        + (f" ({listed(alarms)})." if alarms else ".")
    )


def _places(chapter: Chapter) -> str:
    found, seen = {}, {}
    for place in cells.PLACES:
        own = reference_targets(chapter, cells.TRAINING, place)
        found[place] = int((own["outcome"] == "found").sum())
        seen[place] = 2 ** own["detectable"].median()
    best = max(found, key=lambda place: found[place])
    told = [f"{none_or(count(found[p]))} in {p}" for p in (cells.T_CELLS, cells.MONOCYTES)]
    return (
        f"Of the same true rises {count(found[cells.TUBE])} are found in the whole tube, {listed(told)}. "
        f"Sorting cells takes the mixture out of the answer and leaves fewer cells to count: the ratio that half of the targets could show grows from {number(seen[cells.TUBE], 3)} to {number(seen[cells.T_CELLS], 3)} and {number(seen[cells.MONOCYTES], 3)}."
        if best == cells.TUBE
        else f"Of the same true rises {count(found[cells.TUBE])} are found in the whole tube, {listed(told)}."
    )


def _truth_sets() -> str:
    trained, acute = (reference_set_tests(c) for c in (cells.TRAINING, cells.ACUTE))
    camera, flips = acute.index[0], acute.index[1]
    heard = [m for m in trained.index if trained.at[m, "outcome"] == "found"]
    quiet = [m for m in acute.index if acute.at[m, "outcome"] == "rightly quiet"]
    told = (
        f"Taken as a set, the targets are found in {_ways(heard)} after training, and left alone in {_ways(quiet)} after the run. "
        f"Random sets of genes as abundant are the control: after the run {percent(acute.at[flips, 'random_share'])} of them “change” by sign flips, {percent(acute.at[cells.ULM, 'random_share'])} by activity and {percent(acute.at[camera, 'random_share'])} by camera, where 5 in a hundred should. "
    )
    if acute.at[flips, "random_share"] > 0.1:
        told += (
            "No test has erred: a bout changes the mixture of cells in the tube, and with it any handful of genes. "
            "“Did these genes change?” is then a question with a dull answer, and “more than others?” is the one to ask."
        )
    return told


def _ways(methods: list[str]) -> str:
    return (
        "all three ways" if len(methods) == 3 else f"{none_or(count(len(methods)))} of three ways"
    )


def _members(chapter: Chapter) -> str:
    table = chapter["nrf2_set_members"].set_index("set")
    shown = table.loc[list(SHOWN_SETS)]
    pathway = table.loc["WP_NRF2_PATHWAY"]
    inside = [g for g in CLAIMED if pathway[g]]
    outside = [g for g in CLAIMED if not pathway[g]]
    whole_sets = [SHOWN_SETS[name] for name in shown.index if shown.loc[name, list(CLAIMED)].all()]
    others = [g for g in OTHERS if pathway[g]]
    all_four = (
        f"Of the five sets shown, {listed(whole_sets)} {'holds' if len(whole_sets) == 1 else 'hold'} all four, and it was drawn up around what enzymes do to oxidants, not around NRF2."
        if len(whole_sets) == 1
        else f"Of the five sets shown, {none_or(count(len(whole_sets)))} hold all four."
    )
    return (
        f"Of the commentary's four genes, WikiPathways' NRF2 pathway of {whole(pathway['n'])} genes holds {listed(inside) or 'none'} and not {listed(outside) or 'any other'}; of the seven textbook targets it holds {'all' if len(others) == len(OTHERS) else none_or(count(len(others)))}. "
        + all_four
    )


def _breadth(chapter: Chapter) -> str:
    told = [
        f"{whole(row['changed'])} of {whole(row['genes'])} in {SHORT[t]}"
        for t in TISSUES
        for row in [breadth(chapter, t)]
    ]
    return f"That the method can see training is shown by all other genes: at a false-discovery rate of 5 %, both sexes together, {listed(told)} changed."


def _rats(chapter: Chapter) -> str:
    genes = rat_effects(chapter, "rat_genes")
    seen = changed(genes, chapter.parameters.fdr)
    told = [change_words(e) for _, e in seen.iterrows()]
    return (
        f"Of {count(len(genes))} comparisons, thirteen genes in three tissues, {none_or(count(len(seen)))} {'is' if len(seen) == 1 else 'are'} clear"
        + (f": {listed(told)}. " if told else ". ")
        + _gpx1(seen)
    )


def _gpx1(seen: pd.DataFrame) -> str:
    """Return what a rise of GPX1 beside a fall of NQO1 says; nothing for any other finding."""
    way = {(e["tissue"], e["feature"]): e["estimate"] for _, e in seen.iterrows()}
    apart = [t for t in TISSUES if way.get((t, "GPX1"), 0) > 0 > way.get((t, "NQO1"), 0)]
    if not apart:
        return ""
    return (
        f"In {listed([SHORT[t] for t in apart])} the gene of the claim goes up while NQO1, from which laboratories commonly read NRF2, goes down. "
        "More NRF2 cannot be the reason for both. Other things move GPX1, the supply of selenium among them, and a study that read GPX1 alone would have told a tale of NRF2."
    )


def _sexes(chapter: Chapter) -> str:
    effects = interactions(chapter)
    seen = changed(effects, chapter.parameters.fdr)
    here = effects[effects["tissue"] == chapter.parameters.tissue]
    could = 2 ** here["detectable"].median()
    told = (
        f"The effects in the two sexes differ clearly for {listed([_by_sex(chapter, e) for _, e in seen.iterrows()])}, and for no other gene in any tissue. "
        if len(seen)
        else "For no gene in any tissue do the effects in the two sexes differ clearly. "
    )
    return told + (
        f"That is weak evidence of sameness: with four or five rats of each sex and group, what training multiplies a gene by would have to be {number(could, 3)} times as large in one sex as in the other before half of these genes could show it in {SHORT[chapter.parameters.tissue]}. "
        "To find a change in one sex and not in the other, and to conclude that they differ, is a common mistake; the difference has an interval of its own, and that is the one to read."
    )


def _by_sex(chapter: Chapter, difference: pd.Series) -> str:
    ratios = {}
    for sex in ("female", "male"):
        own = rat_effects(chapter, "rat_genes", sex)
        effect = one(own, feature=difference["feature"], tissue=difference["tissue"])
        ratios[sex] = number(2 ** effect["estimate"], 3)
    return f"{difference['feature']} in {SHORT[difference['tissue']]} (ratio {ratios['female']} in females, {ratios['male']} in males)"


def _sets(chapter: Chapter) -> str:
    tests = chapter["rat_set_tests"]
    own = tests[tests["stratum"] == "all"]
    camera = int((own["p_camera"] <= 0.05).sum())
    alone = own[own["p_fry"] <= 0.05]
    named = [f"{LABELS[r['set']]} in {SHORT[r['tissue']]}" for _, r in alone.iterrows()]
    means = [set_effect(chapter, name, tissue) for tissue in TISSUES for name in LABELS]
    could = 2 ** pd.Series([e["detectable"] for e in means]).median()
    return (
        f"Against all other genes {none_or(count(camera))} of {count(len(own))} sets changed (p at most 5 %); against no change at all {none_or(count(len(alone)))}"
        + (f": {listed(named)}. " if named else ". ")
        + _loud_gene(chapter)
        + _sets_by_sex(chapter)
        + f"A mean change of {percent(could - 1)} was large enough to be seen, four times in five, in half of these sets."
    )


def _sets_by_sex(chapter: Chapter) -> str:
    tests = chapter["rat_set_tests"]
    camera = int((tests.loc[tests["stratum"] == BETWEEN, "p_camera"] <= 0.05).sum())
    effects = rat_effects(chapter, "rat_sets", BETWEEN)
    seen = changed(effects[effects["method"] == MEAN], chapter.parameters.fdr)
    names = [f"{LABELS[e['feature']]} in {SHORT[e['tissue']]}" for _, e in seen.iterrows()]
    return f"Between females and males the mean change differs clearly for {listed(names) or 'no set in any tissue'}, and by camera for {none_or(count(camera))} of twelve (p at most 5 %). "


def _loud_gene(chapter: Chapter) -> str:
    """Return which one gene carries a clear change of the four, and what is left without it."""
    genes, told = rat_effects(chapter, "rat_genes"), []
    for tissue in TISSUES:
        if not certain(set_effect(chapter, "four", tissue)):
            continue
        own = genes[(genes["tissue"] == tissue) & genes["feature"].isin(CLAIMED)]
        own = own.set_index("feature")["estimate"]
        loud = own.abs().idxmax()
        rest = 2 ** own.drop(loud).mean()
        told.append(
            f"The commentary's four {moved(set_effect(chapter, 'four', tissue))} on average in {SHORT[tissue]}, and {loud} is most of that: the mean ratio of the other three is {number(rest, 3)}. "
            "A mean lets one loud gene speak for a set. "
        )
    return "".join(told)


def _random(chapter: Chapter) -> str:
    p = {tissue: random_p(chapter, tissue) for tissue in TISSUES}
    alarms = [random_alarms(chapter, tissue) for tissue in TISSUES]
    told = [f"p = {p_value(value)} in {SHORT[tissue]}" for tissue, value in p.items()]
    return (
        f"Counted among {DRAWS} random sets as abundant, “{LABELS[chapter.parameters.genes]}” {'stand' if chapter.parameters.genes in ('four', 'textbook') else 'stands'} at {listed(told)}. "
        + (
            "With three tissues asked, none of them is clear. "
            if min(p.values()) * len(p) > 0.05
            else ""
        )
        + f"Of random sets, which have nothing in common, camera calls {percent(min(alarms))} to {percent(max(alarms))} changed at a threshold of 5 %"
        + (": it raises no more alarms than it should." if max(alarms) <= 0.07 else ".")
    )


def _red_cells(chapter: Chapter) -> str:
    gsh, f2, carbonyls, ck = (
        red_cell(chapter, f, LATER)
        for f in ("glutathione", "f2_isoprostanes", "protein_carbonyls", "creatine_kinase")
    )
    enzymes = [red_cell(chapter, f, LATER) for f in ENZYMES]
    up = [e for e in enzymes if certain(e) and e["estimate"] > 0]
    down = [e for e in enzymes if certain(e) and e["estimate"] < 0]
    told = (
        f"Two days after the bout, against the same hours around a control bout, creatine kinase {moved(ck)} {evidence(ck)}: muscle was damaged. "
        f"Glutathione in red cells {moved(gsh)} {evidence(gsh)}, while F2-isoprostanes {moved(f2)} {evidence(f2)} and protein carbonyls {moved(carbonyls)} {evidence(carbonyls)}. "
    )
    for way, moves in (("rose", up), ("fell", down)):
        if moves:
            many = (
                "All five"
                if len(moves) == len(ENZYMES)
                else f"{count(len(moves)).capitalize()} of five"
            )
            told += f"{many} antioxidant enzymes {way} in activity, {_strongest(moves)} most. "
    if len(up) >= 3:
        told += (
            "A reader of “antioxidant enzymes up” would see a programme switched on. "
            "No red cell can do that: it has thrown out its nucleus, and makes no new protein. "
            "Older cells may have burst, a cofactor may have changed, or what activity is divided by."
        )
    return told


def _strongest(effects: list[pd.Series]) -> str:
    best = max(effects, key=lambda e: abs(e["estimate"]))
    return f"{label(best['feature']).removesuffix(' activity')} {evidence(best)}"


def _red_test(chapter: Chapter) -> str:
    alone, after = (red_cell(chapter, "glutathione", c) for c in (TEST_ALONE, TEST))
    return (
        f"A test of exercise, within the control session, is a bout of its own: over it glutathione {moved(alone)} {evidence(alone)}. "
        f"With the eccentric bout two days before, the same test had another effect by a ratio of {number(2 ** after['estimate'], 3)} {_limits(after)}: "
        + (
            "condition and time do not simply add."
            if certain(after)
            else "that condition and time do not add is not shown."
        )
    )


def _limits(effect: pd.Series) -> str:
    low, high = 2 ** effect["ci_low"], 2 ** effect["ci_high"]
    return (
        f"(95 % interval {number(low, 3)} to {number(high, 3)}, n = {whole(effect['n_subjects'])})"
    )


def _normaliser(chapter: Chapter) -> str:
    moves = [red_cell(chapter, f, LATER) for f in ENZYMES]
    low, high = min(e["estimate"] for e in moves), max(e["estimate"] for e in moves)
    burst = red_cell(chapter, "haemolysis", LATER)
    return (
        "Red-cell enzymes are usually given per gram of haemoglobin; this file writes no unit, and so not what it divided by. "
        f"If haemoglobin alone had changed, every enzyme would have moved by one factor; the five moved by ratios of {number(2**low, 3)} to {number(2**high, 3)}, so a common divisor explains a part at most. "
        f"Haemolysis, the bursting of red cells, {moved(burst)} {evidence(burst)}. "
        "Nor does the file say which session came first, so what one left behind for the other cannot be checked."
    )


def _halves(chapter: Chapter) -> str:
    table, repeats = chapter["gsh_halves"], chapter["gsh_repeats"]
    less, more = (one(table, arm=CONTROL, sorted_by=SAME, half=h) for h in ("less", "more"))
    first = one(repeats, what="first draws of both sessions")
    spread = one(repeats, what=f"first and later draw, {CONTROL}")
    hurt = {h: one(table, arm=ECCENTRIC, sorted_by=OTHER, half=h) for h in ("less", "more")}
    towards = less["estimate"] > more["estimate"]
    told = f"In the control session, over two days, glutathione {moved(less)} in the ten people with less of it at first {evidence(less)} and {moved(more)} in the ten with more {evidence(more)}. "
    told += (
        "The two halves moved towards each other, as luck alone makes them do. "
        if towards
        else "The two halves did not move towards each other: the trap is set everywhere and does not snap every time. "
    )
    return told + (
        f"First draws of the two sessions agree well (r = {number(first['r'])}), and where a value repeats there is little luck to take back; the later draw spreads {number(spread['sd_second'] / spread['sd_first'])} times as wide as the first. "
        f"Sorted by the other session's draw, glutathione {moved(hurt['less'])} after the eccentric bout in those with less of it {evidence(hurt['less'])} and {moved(hurt['more'])} in those with more {evidence(hurt['more'])}."
    )


def _cohort(chapter: Chapter) -> str:
    name = chapter.parameters.cohort
    what = ("animal", "animals") if name == "motrpac-rat" else ("person", "people")
    people = counted(chapter.cohort.subjects["subject"].nunique(), *what)
    told = f"The cohort of this page is “{chapter.cohort.name}”, with {people}"
    effects = cells.targets(name, cells.TUBE, chapter.parameters.fdr)
    if effects is None:
        return told + ". It holds no single cells in which these genes could be counted."
    if name == "reference":
        return (
            told + ", the simulated one of the beginning; here are its numbers in the whole tube."
        )
    if "outcome" not in effects:
        return (
            told
            + f", and {count(effects['feature'].nunique())} of the targets are counted in its cells."
        )
    found = effects["outcome"].value_counts()
    return told + (
        f", simulated, with known truth: {count(found.get('found', 0))} true effects were found, {count(found.get('missed', 0))} missed, and there were {count(found.get('false alarm', 0))} false alarms."
    )


def _verdicts(chapter: Chapter) -> str:
    rows = ledger(claims_of(4), claim_effects(chapter), chapter.parameters.fdr)
    unmeasured = rows[rows["observed"] == NOT_MEASURED]["claim_id"].nunique()
    elsewhere = rows[rows["observed"] == ELSEWHERE]["claim_id"].nunique()
    identified = int((rows["cause"] == IDENTIFIED).sum())
    return (
        f"Of {count(rows['claim_id'].nunique())} claims {count(unmeasured)} meet no measurement, and {count(elsewhere)} meet one in another species and tissue, which is shown and never counted. "
        f"In {none_or(count(identified))} of the rows can the design name the cause."
    )
