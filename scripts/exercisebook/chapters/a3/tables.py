"""The tables of appendix A3."""

import numpy as np
import pandas as pd

from exercisebook.chapters.a3.readings import (
    FAR,
    FEATURES,
    NULL,
    PANELS,
    POSITIVES,
    STEADY,
    calibration,
    finding,
    fold,
    outcome,
    outcomes,
    percent0,
    rates,
    worlds,
)
from exercisebook.chapters.a3.studies import LEVEL, LIVE, PEOPLE, changes, paired_p, true_change
from exercisebook.chapters.a3.verdict_readings import (
    CLAIMED,
    CONTRARY,
    DESIGNS,
    JUDGED,
    NOTHING,
    OTHERWISE,
    RANDOMISED,
    SINGLE,
    claim_words,
    deceptions,
    judged_worlds,
    promises,
    share_of,
    verdict_row,
    verdicts,
)
from exercisebook.chapters.page import Page
from exercisebook.chapters.wording import count
from exercisebook.figures.tables import NARROW, Table, number, whole

ELSEWHERE = (
    ("regression in surveys", "these worlds have no survey", "parity with R's survey package"),
    (
        "plasma volume",
        "haemoglobin and haematocrit are not simulated",
        "the published example, in the tests",
    ),
    (
        "bounds under detection limits",
        "hold whatever the hidden values are, and promise no rate",
        "every completion of the hidden, in the tests",
    ),
    (
        "scores of gene sets by sample",
        "describe, and test nothing",
        "the t of a slope, in the tests",
    ),
    (
        "over-representation",
        "takes a list of hits, and no values",
        "Fisher's exact test, in the tests",
    ),
)
"""Methods of the engine that are not in the tables: why, and what holds them."""


def live_table(page: Page) -> Table:
    """Return how often a few features are found in the world that the reader chose."""
    name = page.parameters.world
    rows = []
    for feature in LIVE:
        p, truth = paired_p(changes(page, name, feature)), true_change(name, feature)
        share = float((p <= LEVEL).mean())
        error = np.sqrt(share * (1 - share) / len(p))
        rows.append(
            (
                FEATURES[feature],
                fold(truth["log2_content"]),
                fold(truth["log2_change"]),
                f"{100 * share:.1f} ± {100 * error:.1f}{NARROW}%",
            )
        )
    columns = ["feature", "what training does", "expected change", f"studies with p ≤ {LEVEL:g}"]
    return Table(
        pd.DataFrame(rows, columns=columns),
        f"Simulated just now: {whole(page.parameters.studies)} studies of {PEOPLE} people in the "
        f"world “{name}”, paired t; shares with their Monte-Carlo standard errors.",
    )


def far_out_table() -> Table:
    """Return false positives at one in twenty and one in a thousand, by method."""
    near, far = (rates(m).set_index(["method", "on"]) for m in (POSITIVES, FAR))
    rows = [
        (
            near.loc[key, "row"],
            "yes" if near.loc[key, "claimed"] else "no",
            _with_error(near.loc[key]),
            _per_thousand(far.loc[key]),
            whole(near.loc[key, "studies"]),
        )
        for key in near.index
    ]
    columns = ["test", "claims to hold", f"p ≤ {LEVEL:g}", "p ≤ 0.001, of 1,000", "studies"]
    return Table(
        pd.DataFrame(rows, columns=columns),
        f"Simulated, {PEOPLE} people, nothing happens: shares with p up to {LEVEL:g}, and how many "
        "of a thousand tests have p up to a thousandth; Monte-Carlo standard errors.",
    )


def discovery_table() -> Table:
    """Return false-discovery rates where some features truly change, and familywise errors."""
    rows = [
        (r["row"], _setting(r["world"]), r["measure"], _with_error(r), whole(r["studies"]))
        for measure in ("false-discovery rate", "familywise error")
        for _, r in rates(measure, None).iterrows()
        if "proteins" in r["on"] or measure == "familywise error"
    ]
    columns = ["test", "world", "measure", f"asked for {percent0(LEVEL)}", "studies"]
    return Table(
        pd.DataFrame(rows, columns=columns),
        f"Simulated, {PEOPLE} people: the share of false findings among features with q ≤ "
        f"{LEVEL:g}, and the share of studies with even one false finding under max-T.",
    )


def bias_table() -> Table:
    """Return bias and coverage where values lie below detection and in single quantities."""
    chosen = ("Tobit", "paired t, limit put in", "spread of responses", "variance components")
    table = calibration()
    rows = []
    for _, r in table[table["measure"].eq("bias") & table["method"].isin(chosen)].iterrows():
        on = r["on"].removeprefix("variance of ")
        own = table[
            table["method"].eq(r["method"])
            & table["world"].eq(r["world"])
            & table["on"].eq(on)
            & table["measure"].eq("coverage")
        ]
        held = _with_error(own.iloc[0])
        bias = f"{number(r['estimate'])} ± {number(r['monte_carlo_error'], 1)}"
        rows.append((r["method"], _quantity(r["on"]), _setting(r["world"]), bias, held))
    columns = ["method", "quantity", "world", "bias", "coverage of 95 % intervals"]
    return Table(
        pd.DataFrame(rows, columns=columns),
        f"Simulated, {PEOPLE} people: estimate less truth, in log2 for changes, in the quantity's "
        "own unit otherwise; Monte-Carlo standard errors.",
    )


def mediation_table() -> Table:
    """Return what the mediation analysis says in each world."""
    table = calibration()
    own = table[table["method"] == "mediation within people"]
    rows = []
    for name in dict.fromkeys(own["world"]):
        of = own[own["world"] == name].set_index("measure")
        true = own_truth(name)
        called = of.loc["mediation found"]
        rows.append(
            (
                name,
                fold(true),
                _with_error(called),
                _with_error(of.loc["mediation interval excludes 0"]),
                _with_error(of.loc["coverage"]),
                mediation_outcome(true, called),
            )
        )
    columns = ["world", "truly mediated", "both paths p ≤ 0.05", "interval without 0",
               "interval holds the truth", "so it is"]  # fmt: skip
    return Table(
        pd.DataFrame(rows, columns=columns),
        f"Simulated, {whole(own['studies'].max())} studies of {PEOPLE} people a world: betaine as "
        "mediator between training and C-reactive protein.",
    )


def own_truth(name: str) -> float:
    """Return the log2 effect of training on CRP that truly passes through betaine."""
    return float(true_change(name, "crp")["log2_mediated"])


def mediation_outcome(true: float, called: pd.Series) -> str:
    """Return what a world makes of the mediation analysis."""
    return outcome(pd.Series({**called.to_dict(), "log2_content": true}))


def worlds_table() -> Table:
    """Return how often each feature is found in each world, and whether rightly."""
    table = outcomes().set_index(["world", "feature"])
    rows = [
        (name, *(_cell(table.loc[(name, feature)]) for feature in FEATURES)) for name in worlds()
    ]
    some = table["studies"].max()
    return Table(
        pd.DataFrame(rows, columns=["world", *FEATURES.values()]),
        f"Simulated, {whole(some)} studies of {PEOPLE} people a world: share of studies in which a "
        f"feature has p ≤ {LEVEL:g} after training; found where training truly acts on it (other "
        "studies have missed it), false alarm where it does not and chance is no excuse.",
    )


def lists_table() -> Table:
    """Return how many features of the wide panels are found in each world."""
    rows = []
    for name in worlds():
        every, foreign, still = (
            finding(name, PANELS, measure)
            for measure in ("found", "found without effect on content", "found without change")
        )
        rows.append((name, *(_number(r) for r in (every, foreign, still))))
    columns = ["world", f"found at q ≤ {LEVEL:g}", "of these, not by training",
               "of these, without any change"]  # fmt: skip
    return Table(
        pd.DataFrame(rows, columns=columns),
        f"Simulated, {PEOPLE} people: mean number of findings a study among 300 proteins and 150 "
        "metabolites, and how many of them training did not act on.",
    )


def rule_table() -> Table:
    """Return what the rule of verdicts promises and does, and where something else deceives it."""
    by_lot = [row for _, row in promises(RANDOMISED).iterrows()]
    pairs = zip((row for _, row in promises().iterrows()), by_lot, strict=True)
    rows = [
        (r["where"], *_claim_and_verdict(r), _asked(r), _with_error(r), _with_error(lot), _kept(r))
        for r, lot in pairs
    ]
    for _, r in deceptions().iterrows():
        lot = r[["lot_estimate", "lot_monte_carlo_error"]]
        lot = lot.set_axis(["estimate", "monte_carlo_error"])
        asked = f"at most {percent0(LEVEL)} by lot"
        where = f"nothing by training: {r['world']}"
        own = (_with_error(r), _with_error(lot), _kept(r))
        rows.append((where, *_claim_and_verdict(r), asked, *own))
    columns = ["where", "worst claim", "verdict", "promised", "one arm", "by lot", "kept"]
    return Table(
        pd.DataFrame(rows, columns=columns),
        f"Simulated, {whole(verdicts()['studies'].max())} studies of {PEOPLE} people an arm and "
        "world, with Monte-Carlo standard errors: how often the rule gives a verdict, in the claim "
        "that fares worst. Claims are tested alone, but for those in their chapter. The upper "
        "promises are made of one arm; where something else makes a change, nothing is promised "
        "of one arm.",
    )


def _claim_and_verdict(row: pd.Series) -> tuple[str, str]:
    if row["verdict"] == "identified":
        return "any", "cause identified"
    return claim_words(row), str(row["verdict"])


def _asked(row: pd.Series) -> str:
    if row["limit"] == 0:
        return "never"
    return f"{'at least' if row['at_least'] else 'at most'} {percent0(row['limit'])}"


def _kept(row: pd.Series) -> str:
    return "yes" if row["kept"] else "no"


def one_arm_table() -> Table:
    """Return the share of studies without a control that support each claim, by world."""
    return _supported(SINGLE)


def by_lot_table() -> Table:
    """Return the share of studies beside a control drawn by lot that support each claim."""
    return _supported(RANDOMISED)


def _supported(design: str) -> Table:
    rows = [
        (name, *(_truth_cell(verdict_row(name, feature, design)) for feature in JUDGED))
        for name in judged_worlds()
    ]
    claims = [claim_words(verdict_row(judged_worlds()[0], feature)) for feature in JUDGED]
    return Table(
        pd.DataFrame(rows, columns=["world", *claims]),
        f"Simulated, {DESIGNS[design]}, {whole(verdicts()['studies'].max())} studies of {PEOPLE} "
        "people an arm and world: share of studies in which the rule supports a claim tested "
        "alone, with its Monte-Carlo standard error; true where training does what is claimed, "
        "false where something else makes a change, against where training does the opposite.",
    )


def _truth_cell(row: pd.Series) -> str:
    word = {CLAIMED: " true", OTHERWISE: " false", CONTRARY: " against", NOTHING: ""}
    return _with_error(share_of(row)) + word[row["truth"]]


def elsewhere_table() -> Table:
    """Return the methods that are not in the tables, and why."""
    columns = ["method", "why not here", "held by"]
    return Table(
        pd.DataFrame(list(ELSEWHERE), columns=columns),
        f"{count(len(ELSEWHERE)).capitalize()} methods that these worlds cannot try.",
        stacked=True,
    )


def _quantity(on: str) -> str:
    for name, said in (("crp", "CRP"), ("il6", "IL-6"), ("tnf", "TNF"), ("ggt", "GGT")):
        on = on.replace(name, said)
    return on.replace("_", " ")


def _cell(row: pd.Series) -> str:
    mark = "" if row["outcome"] == "quiet" else f" {row['outcome']}"
    return f"{percent0(row['estimate'])}{mark}"


def _number(row: pd.Series) -> str:
    return f"{row['estimate']:.2f}" if row["estimate"] >= 1 / 1000 else "0"


def _setting(world: str) -> str:
    return {NULL: "nothing happens", STEADY: "some change"}.get(world, world)


def _per_thousand(row: pd.Series) -> str:
    return f"{1000 * row['estimate']:.2f} ± {1000 * row['monte_carlo_error']:.2f}"


def _with_error(row: pd.Series) -> str:
    """Return a share in per cent with its Monte-Carlo error to one digit."""
    error = 100 * row["monte_carlo_error"]
    places = max(0, -int(np.floor(np.log10(error)))) if error > 0 else 1
    return f"{100 * row['estimate']:.{places}f} ± {error:.{places}f}{NARROW}%"
