"""The sentences of appendix A3 on the rule of verdicts: what it promises, and what it cannot."""

import pandas as pd

from exercisebook.chapters.a3.readings import CLEAR, percent0, percent1
from exercisebook.chapters.a3.studies import LEVEL, PEOPLE
from exercisebook.chapters.a3.verdict_readings import (
    EFFECT,
    FAMILY,
    JUDGED,
    RANDOMISED,
    SINGLE,
    SIZE,
    claim_words,
    deceptions,
    judged_worlds,
    promises,
    rows_of,
    share_of,
    smallest,
    verdict_row,
    verdicts,
)
from exercisebook.chapters.wording import count, listed
from exercisebook.figures.tables import number, whole


def verdict_sentences() -> dict[str, str]:
    """Return the sentences on the rule of verdicts, by name."""
    return {
        "rule": _rule(),
        "promised": _promised(),
        "deceived": _deceived(),
        "by_lot": _by_lot(),
        "cause": _cause(),
    }


def _rule() -> str:
    table = verdicts()
    claims = [claim_words(verdict_row(judged_worlds()[0], feature)) for feature in JUDGED]
    return (
        "The ledger's first verdict is made by a rule, and a rule can be tried like a test. "
        f"The very function that judges open data is handed {whole(table['studies'].max())} "
        f"simulated studies of {PEOPLE} people in each of {count(len(judged_worlds()))} worlds, "
        f"and asked of each whether, with training, {listed(claims)}. "
        "What is judged here is the rule, and none of these claims: simulated data get no verdict. "
        "Two of the worlds were made for this, with an effect of "
        f"{number(SIZE)} standard deviations of the measured change, once as claimed and once the "
        "other way."
    )


def _promised() -> str:
    rows = promises()
    broken = rows[~rows["kept"]]
    first = (
        f"It breaks its promise where {listed([str(where) for where in broken['where']])}."
        if len(broken)
        else f"It keeps all {count(len(rows))} promises."
    )
    null, family, wrong, true, _ = (row for _, row in rows.iterrows())
    in_chapter = smallest(rows_of(EFFECT, SINGLE, FAMILY))
    questions = verdicts().loc[verdicts()["feature"] == in_chapter["feature"], "questions"].max()
    return (
        f"{first} "
        f"Where nothing happens, the worst of all claims and worlds is supported in "
        f"{_told(null)} of studies, and in {_told(family)} when it is judged with its chapter. "
        f"Where the opposite is true a claim is supported in {_told(wrong)}. "
        f"Where the claim is true and its effect is of that size, it is supported in at least "
        f"{_told(true)} if it is tested alone; among the {count(questions)} questions of its "
        f"chapter, in {_told(share_of(in_chapter))}. "
        "That is the price of asking more than one question, and why a study of this size so "
        "often ends inconclusive."
    )


def _deceived() -> str:
    rows = deceptions()
    false = rows[(rows["verdict"] == "supported") & _beyond(rows)]
    quiet = rows[(rows["verdict"] == "supported") & ~_beyond(rows)]
    against = rows[rows["verdict"] == "contradicted"]
    first = (
        f"Without a control the rule supports what training did not do in "
        f"{listed([_place(row) for _, row in false.iterrows()])}."
        if len(false)
        else "Without a control the rule supports nothing that training did not do."
    )
    second = (
        f" Not clearly more often than {percent0(LEVEL)} it does so in "
        f"{listed([_place(row) for _, row in quiet.iterrows()])}."
        if len(quiet)
        else ""
    )
    third = (
        f" It is deceived the other way too, and calls contradicted what training left alone: "
        f"{listed([_place(row) for _, row in against.iterrows()])}."
        if len(against)
        else ""
    )
    return f"{first}{second}{third}"


def _beyond(rows: pd.DataFrame, which: str = "") -> pd.Series:
    """Return which rates exceed the level of the test by more than chance."""
    share, error = rows[f"{which}estimate"], rows[f"{which}monte_carlo_error"]
    return share - CLEAR * error > LEVEL


def _place(row: pd.Series) -> str:
    """Return a world, its worst claim and how often: ``“season” (betaine rises, 77 %)``."""
    return f"“{row['world']}” ({claim_words(row)}, {percent0(row['estimate'])})"


def _by_lot() -> str:
    rows = deceptions()
    false, against = (rows[rows["verdict"] == name] for name in ("supported", "contradicted"))
    most = false.loc[false["lot_estimate"].idxmax()]
    broken = false[~false["kept"]]
    first = (
        f"Beside a control drawn by lot none of these {count(len(false))} worlds has such a claim "
        f"supported in more than {_told(_lot(most))}: season, diet and enrolment move both arms "
        "alike."
        if broken.empty
        else f"Beside a control drawn by lot {listed([f'“{n}”' for n in broken['world']])} still "
        f"deceives in up to {_told(_lot(most))}."
    )
    left = against[~against["kept"]]
    second = (
        f" What a lot does not undo is “{left['world'].iloc[0]}”: there "
        f"“{_lot_claim(left.iloc[0])}” is contradicted in {_told(_lot(left.iloc[0]))} of studies, "
        "since only those who train have a last bout. The second verdict calls that cause "
        "identified, and so it is, as being assigned to train: that it was the last bout and not "
        "the weeks before, no lot can tell."
        if len(left)
        else ""
    )
    true, alone = (smallest(rows_of(EFFECT, design)) for design in (RANDOMISED, SINGLE))
    return (
        f"{first}{second} It has its price: the difference of two arms is noisier than a change, "
        f"and the effect that was supported in {percent0(alone['supported'])} at least is so in "
        f"{percent0(true['supported'])} with {number(2 * PEOPLE)} people."
    )


def _lot(row: pd.Series) -> pd.Series:
    return pd.Series(
        {"estimate": row["lot_estimate"], "monte_carlo_error": row["lot_monte_carlo_error"]}
    )


def _lot_claim(row: pd.Series) -> str:
    own = pd.Series({"feature": row["lot_feature"], "direction": row["lot_direction"]})
    return claim_words(own)


def _cause() -> str:
    table = verdicts()
    one_arm = table[table["design"] == SINGLE]
    named = (one_arm["identified"] * one_arm["studies"]).sum()
    judged = one_arm["studies"].sum()
    never = "in none" if named == 0 else f"in {whole(named)}"
    by_lot = table.loc[table["design"] == RANDOMISED, "identified"]
    always = "in every one" if (by_lot == 1).all() else f"in {percent1(by_lot.mean())}"
    return (
        f"The second verdict looks at the design and at no number. It was asked "
        f"{whole(judged)} times of studies with one arm, and calls the cause identified {never}; "
        f"of studies with a lot it does so {always}. "
        "That is why the ledger never shows the one without the other: “supported” says that "
        "there is a change, and only the design can say whose."
    )


def _told(share: pd.Series) -> str:
    """Return a share with its Monte-Carlo standard error, in per cent."""
    return f"{percent1(share['estimate'])} (± {number(100 * share['monte_carlo_error'], 1)})"
