"""The sentences of appendix A3 that rest on results."""

import pandas as pd

from exercisebook.chapters.a3.readings import (
    CLEAR,
    FAR,
    FEATURES,
    NULL,
    PANELS,
    POSITIVES,
    STEADY,
    calibration,
    clearly_above,
    clearly_below,
    coverages,
    false_positives,
    finding,
    fold,
    outcomes,
    percent0,
    percent1,
    rate,
    rates,
    with_interval,
    worlds,
)
from exercisebook.chapters.a3.studies import (
    LEVEL,
    PEOPLE,
    changes,
    error_of_share,
    least_ratio,
    paired_p,
    reliability_of_betaine,
    true_change,
)
from exercisebook.chapters.a3.tables import mediation_outcome, own_truth
from exercisebook.chapters.a3.verdict_sentences import verdict_sentences
from exercisebook.chapters.page import Page
from exercisebook.chapters.wording import count, listed, none_or
from exercisebook.figures.tables import number, whole

PROTEINS, FEW = "300 proteins", "18 features"
PRIMARY = "paired t, moderated"


def sentences(page: Page) -> dict[str, str]:
    """Return every sentence of the page that rests on a result, by name."""
    return {
        "answer": _answer(),
        "against": _against(),
        "law": _law(),
        "hand": _hand(page),
        "level": _level(page),
        "live": _live(page),
        "alone": _alone(),
        "uneven": _uneven(),
        "tails": _tails(),
        "discovery": _discovery(),
        "covered": _covered(),
        "hidden": _hidden(),
        "worlds": _worlds(),
        "lists": _lists(),
        "mediated": _mediated(),
        **verdict_sentences(),
    }


def _answer() -> str:
    rows = false_positives()
    kept = rows[rows["claimed"]]
    off = list(kept.loc[kept["off"], "row"])
    alone, many = (
        rate("paired t", "false positives .05", FEW),
        rate(PRIMARY, "false positives .05", PROTEINS),
    )
    fdr = rate(PRIMARY, "false-discovery rate", PROTEINS, STEADY)
    most = (
        f"No, in {listed(off)}; yes in the other {count(len(kept) - len(off))} that claim it."
        if off
        else f"Yes, at one in twenty: none of {count(len(kept))} tests that claim it errs clearly "
        "more often."
    )
    far = rates(FAR)
    far = list(far.loc[far["claimed"] & clearly_above(far, 1 / 1000), "row"])
    beyond = f" Far out, at one in a thousand, {_exceed(far)} its due." if far else ""
    return (
        f"{most}{beyond} Where training does nothing, this book's primary test finds a change in "
        f"{with_interval(alone)} of laboratory values and {with_interval(many)} of proteins, where "
        f"{percent0(LEVEL)} are due; and of the proteins it lists at a "
        f"{{term}}`false-discovery rate` of {percent0(LEVEL)}, {percent1(fdr['estimate'])} are "
        "false."
    )


def _against() -> str:
    rows = outcomes()
    alarms = rows[rows["outcome"] == "false alarm"]
    own = alarms[alarms["feature"] == "crp"]
    most = own.loc[own["estimate"].idxmax()] if len(own) else None
    told = (
        f"in the world “{most['world']}”, {FEATURES[most['feature']]} changes in "
        f"{percent0(most['estimate'])} of studies, and training does not act on it"
        if most is not None
        else "here no world gives a false alarm"
    )
    where = len(set(alarms["world"]))
    return (
        "But a test that keeps its promise speaks of change, not of cause: "
        f"{told}. {none_or(count(where)).capitalize()} of {count(len(worlds()))} worlds "
        f"{'makes' if where == 1 else 'make'} a reader believe in an effect of training that is "
        "not there, and no test on this page can know in which of them it stands."
    )


def _law() -> str:
    table = calibration()
    return (
        f"A study is {PEOPLE} people at baseline, minutes after a run, and at the end of training, "
        f"drawn from one of {count(len(worlds()))} worlds that differ in what causes what. "
        f"The long tables were computed beforehand, {whole(table['studies'].min())} to "
        f"{whole(table['studies'].max())} studies a rate, as drawing single cells takes long and "
        f"drawing laboratory values does not ({_provenance(table)}). "
        "Because we made the world, we know for each feature whether the phases differ, and by how "
        "much."
    )


def _provenance(table: pd.DataFrame) -> str:
    return f"seed {table['seed'].iloc[0]}, {table['date'].iloc[0]}"


def _hand(page: Page) -> str:
    d = changes(page)
    return (
        f"Take one feature, {FEATURES['tnf']}, in the world where nothing happens: "
        f"{whole(len(d))} studies of {d.shape[1]} people, each with a log2 change."
    )


def _level(page: Page) -> str:
    share = float((paired_p(changes(page)) <= LEVEL).mean())
    error = error_of_share(page.parameters.studies)
    apart = abs(share - LEVEL) / error
    verdict = "within" if apart <= CLEAR else "outside"
    return (
        f"The share is {percent1(share)}, where {percent0(LEVEL)} are promised. "
        f"With so many studies a share of {percent0(LEVEL)} has a {{term}}`Monte-Carlo error` of "
        f"{percent1(error)}, so this lies {verdict} what chance does. "
        f"The {PEOPLE - 1} degrees of freedom matter: against the normal curve's limit, which is "
        f"nearer than {number(least_ratio(), 3)}, more would count."
    )


def _live(page: Page) -> str:
    name = page.parameters.world
    p = paired_p(changes(page, name, "crp"))
    truth = true_change(name, "crp")
    share = float((p <= LEVEL).mean())
    does = fold(truth["log2_content"])
    acts = "training does nothing to it" if does == "none" else f"training changes it by {does}"
    expected = fold(truth["log2_change"])
    differ = "no difference" if expected == "none" else expected
    return (
        f"In the world “{name}”, {FEATURES['crp']} is found to change in {percent0(share)} of "
        f"studies; {acts}, and between the two visits {differ} is to be expected."
    )


def _alone() -> str:
    rows = false_positives()
    kept, broken = rows[rows["claimed"]], rows[~rows["claimed"]]
    off = list(kept.loc[kept["off"], "row"])
    bad = broken[broken["off"]]
    few = kept[clearly_below(kept, LEVEL)]
    first = (
        f"Of the tests that claim to hold, {listed(off)} clearly exceed the line."
        if off
        else "None of the tests that claim to hold clearly exceeds the line."
    )
    second = (
        f"Of those that do not, {count(len(bad))} of {count(len(broken))} do: "
        f"{listed([f'“{row.row}” with {percent1(row.estimate)}' for row in bad.itertuples()])}."
    )
    third = (
        f" Clearly below the line, which is safe and costs power, "
        f"{'lies' if len(few) == 1 else 'lie'} {listed([f'“{name}”' for name in few['row']])}."
        if len(few)
        else ""
    )
    fewer, more = (
        rate("t of cells as if people", POSITIVES, f"single cells, {cells} a sample")["estimate"]
        for cells in (120, 400)
    )
    fourth = (
        "How far taking cells for people is off depends on how many there are: "
        f"{percent1(fewer)} with 120 a sample of all types, {percent1(more)} with 400."
    )
    return f"{first} {second}{third} {fourth}"


def _uneven() -> str:
    own = outcomes()
    own = own[(own["world"] == NULL) & own["feature"].isin(["betaine", "proline_betaine"])]
    most, least = (own.loc[getattr(own["estimate"], which)()] for which in ("idxmax", "idxmin"))
    return (
        "The rate of a moderated t is a mean over features, and not each feature's own. "
        f"Where nothing happens, {FEATURES[most['feature']]} is found in "
        f"{percent1(most['estimate'])} of studies and {FEATURES[least['feature']]} in "
        f"{percent1(least['estimate'])}: {{term}}`moderation` takes the noise of both to be more "
        "like the panel's than it is, which is too little for the noisier one and too much for the "
        "quieter. "
        "Who has one question about one metabolite should test it alone."
    )


def _tails() -> str:
    rows = rates(FAR)
    z, t = (rate(m, FAR, PROTEINS) for m in ("mixed model, z", PRIMARY))
    above = rows[clearly_above(rows, 1 / 1000)]
    claimed, others = (list(above.loc[above["claimed"] == c, "row"]) for c in (True, False))
    told = (
        f"Of the tests that claim to hold, {_exceed(claimed)} it"
        if claimed
        else "None of the tests that claim to hold clearly exceeds it"
    )
    return (
        f"At one in a thousand, {number(1000 * z['estimate'])} of a thousand unchanged proteins "
        f"pass the mixed model's z test, and {number(1000 * t['estimate'])} pass the primary one. "
        f"{told}; of the others, {_exceed(others) if others else 'none exceeds'} it. "
        f"{_of_correlation()}"
    )


def _exceed(names: list[str]) -> str:
    return f"{listed([f'“{name}”' for name in names])} clearly exceed{'s' * (len(names) == 1)}"


def _of_correlation() -> str:
    """Return what one correlation for all features costs far out, if it costs anything."""
    row = rate("duplicate correlation", FAR, PROTEINS)
    if row["estimate"] - CLEAR * row["monte_carlo_error"] <= 1 / 1000:
        return ""
    return (
        "Duplicate correlation takes all proteins to resemble themselves equally; those that do so "
        f"less pay for it far out, with {number(1000 * row['estimate'])} of a thousand."
    )


def _discovery() -> str:
    rows = rates("false-discovery rate", None)
    rows = rows[rows["on"] == PROTEINS]
    z = rate("mixed model, z", "false-discovery rate", PROTEINS, STEADY)
    family = rates("familywise error", None)
    most = family.loc[family["estimate"].idxmax()]
    above = rows[clearly_above(rows, LEVEL)]
    where = {NULL: "where nothing happens", STEADY: "where some do"}
    named = [f"“{r.row}” {where[r.world]}" for r in above.itertuples()]
    return (
        f"Where some proteins change, {percent1(z['estimate'])} of what the z test lists is false. "
        f"Clearly more than asked: {listed(named) or 'none'}. "
        "Where nothing happens every finding is false, so there the rate is the share of studies "
        "that find anything. "
        "Sign flips with max-T promise more, not a single false finding in nineteen of twenty "
        f"studies, and miss it in at most {percent1(most['estimate'])}."
    )


def _covered() -> str:
    rows = coverages()
    kept = rows[rows["claimed"]]
    inside = kept["estimate"].between(0.93, 0.97)
    uneven = rate("paired t", "coverage", FEW, "responders, plasma volume kept")
    outside = kept[~inside]
    told = (
        f"; {listed([f'“{r.row}” covers {percent1(r.estimate)}' for r in outside.itertuples()])}"
        if len(outside)
        else ""
    )
    return (
        f"{count(int(inside.sum())).capitalize()} of {count(len(kept))} intervals that claim to "
        f"cover 95 % cover between 93 and 97 % of true values{told}. "
        "Where people respond unevenly, the interval of the paired t still covers "
        f"{percent1(uneven['estimate'])}."
    )


def _hidden() -> str:
    on = "crp, a quarter hidden"
    methods = ("Tobit", "paired t, limit put in")
    tobit, plain = (rate(method, "bias", on, "direct") for method in methods)
    held, loose = (rate(method, "coverage", on, "direct") for method in methods)
    change = true_change("direct", "crp")["log2_change"]
    left_out = plain["studies"] - tobit["studies"]
    return (
        f"In the world “direct”, C-reactive protein truly changes by {fold(change)}, "
        f"{number(change)} log2. "
        f"With a quarter of its values below detection, putting in the limit is off by "
        f"{number(plain['estimate'])} and its interval holds the truth in "
        f"{percent1(loose['estimate'])} of studies; {{term}}`Tobit` is off by "
        f"{number(tobit['estimate'])} and holds it in {percent1(held['estimate'])}. "
        f"It leaves out {whole(left_out)} of {whole(plain['studies'])} studies, in which fewer "
        "than half of a visit's values were seen; these tend to be those with the larger fall, and "
        "that choice is part of its bias."
    )


def _worlds() -> str:
    rows = outcomes()
    crp = rows[(rows["feature"] == "crp") & (rows["outcome"] == "false alarm")]
    seen = rows[(rows["feature"] == "crp") & rows["outcome"].eq("found")]
    false = [f"“{r.world}” ({percent0(r.estimate)})" for r in crp.itertuples()]
    true = [f"“{r.world}” ({percent0(r.estimate)})" for r in seen.itertuples()]
    apart = (
        "No share of findings tells the two kinds apart."
        if len(crp) and crp["estimate"].max() > seen["estimate"].min()
        else ""
    )
    return (
        f"C-reactive protein falls by training in {listed(true)}, and for another reason in "
        f"{listed(false) or 'none'}. {apart} "
        f"With {PEOPLE} people an effect as large as assumed here is often missed: a study that "
        "finds nothing is no proof that there is nothing."
    )


def _lists() -> str:
    null = finding(NULL, PANELS, "found")
    whole_list, foreign = (
        finding("reference", PANELS, m) for m in ("found", "found without effect on content")
    )
    batch = finding("batch", PANELS, "found")
    return (
        f"Where nothing happens, {number(null['estimate'])} features are found a study. "
        f"In the reference world {number(whole_list['estimate'])} are, of which "
        f"{number(foreign['estimate'])} changed only because training adds plasma, which "
        "thins what is in it. Where phases lie on plates of their own, "
        f"{number(batch['estimate'])} are found, "
        "and training has touched none of them."
    )


def _mediated() -> str:
    table = calibration()
    own = table[(table["method"] == "mediation within people")]
    own = own[own["measure"] == "mediation found"]
    wrong, right = [], []
    for _, row in own.iterrows():
        what = mediation_outcome(own_truth(row["world"]), row)
        text = f"“{row['world']}” ({percent0(row['estimate'])})"
        if what == "false alarm":
            wrong.append(text)
        elif what == "found":
            right.append(text)
    held = rate("mediation within people", "coverage", "betaine to crp", "mediated")
    return (
        f"Betaine truly mediates in {listed(right)}, and the analysis says so in that share of "
        f"studies. It says so too in {listed(wrong) or 'no other'}, where it does not: "
        "there something else moved both, or the arrow points the other way, which no data of this "
        "design can tell. "
        "A season that moves all alike does not deceive it, since it compares people. "
        f"Even where its assumptions hold, its interval covers {percent1(held['estimate'])}: "
        f"only {percent0(reliability_of_betaine())} of what betaine varies within a person is its "
        "own level, the rest is the day's food and the assay, and that draws the path from it "
        "towards nothing."
    )
