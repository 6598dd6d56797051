"""Reading the table of verdicts: how often the rule says what, where the truth is known.

The rule is ``claims.verdict``; the table was made by ``scripts/calibrate_verdicts.py``.
"""

from functools import cache
from typing import Any

import pandas as pd

from exercisebook.chapters.a3.readings import CLEAR, FEATURES, NULL
from exercisebook.chapters.a3.studies import LEVEL
from exercisebook.chapters.wording import one
from exercisebook.paths import ENGINE

SINGLE, RANDOMISED = "single-arm before-after", "randomised (parallel)"
DESIGNS = {SINGLE: "before and after, no control", RANDOMISED: "beside a control drawn by lot"}
"""Designs that were tried, and what a chart calls them."""

ALONE, FAMILY = "alone", "with its chapter"

CLAIMED, CONTRARY, OTHERWISE, NOTHING = "claimed", "opposite", "other cause", "nothing"
"""What is true of a claim in a world."""

EFFECT, OPPOSITE = "claimed effect", "opposite effect"
"""The two worlds made to have an effect of known size."""

SIZE = 0.85
"""That size: mean over standard deviation of the measured changes."""

CONFOUNDED = ("season", "diet", "common-cause", "high-crp", "dropout", "batch", "carry-over")
"""Worlds in which training does nothing and a study of one arm sees a change."""

WRONG_SIDE, POWER = 0.01, 0.75
"""Largest share supported where the opposite is true, least where an effect of size is."""

JUDGED = ("betaine", "crp", "tnf", "neutrophils", "ccl25")
"""The features of the claims that are tried."""


@cache
def verdicts() -> pd.DataFrame:
    """Return how often each verdict falls, by design, world, claim and family.

    Returns
    -------
    DataFrame
        design, world, claim_id, feature, direction, smallest_effect, family, questions, truth,
        log2_content, log2_seen, studies, and the shares supported, contradicted, inconclusive,
        no_practical and identified, each with its Monte-Carlo error.
    """
    # a world is called null, which pandas would take for a gap
    return pd.read_csv(ENGINE / "verdicts.csv", keep_default_na=False, na_values=[""])


def verdict_rows(design: str = SINGLE, family: str = ALONE) -> pd.DataFrame:
    """Return the rows of one design, judged alone or with their chapter."""
    table = verdicts()
    return table[table["design"].eq(design) & table["family"].eq(family)]


def rows_of(world: str, design: str = SINGLE, family: str = ALONE) -> pd.DataFrame:
    """Return the rows of all claims in one world."""
    rows = verdict_rows(design, family)
    return rows[rows["world"] == world]


def verdict_row(world: str, feature: str, design: str = SINGLE, family: str = ALONE) -> pd.Series:
    """Return the row of one world and claim."""
    return one(verdicts(), world=world, feature=feature, design=design, family=family)


def judged_worlds() -> list[str]:
    """Return the worlds in the order of the table."""
    return list(dict.fromkeys(verdicts()["world"]))


def nothing_happens(design: str = SINGLE, family: str = ALONE) -> pd.DataFrame:
    """Return the rows of claims of which nothing is true, neither by training nor otherwise."""
    rows = verdict_rows(design, family)
    return rows[rows["truth"] == NOTHING]


def misled(world: str, design: str = SINGLE) -> pd.DataFrame:
    """Return the claims that something other than training makes look true or false in a world."""
    one_arm, rows = rows_of(world), rows_of(world, design)
    return rows[rows["feature"].isin(one_arm.loc[one_arm["truth"] == OTHERWISE, "feature"])]


def misled_worlds(feature: str) -> list[str]:
    """Return the worlds in which a false claim is supported clearly more often than chance."""
    rows = verdict_rows()
    rows = rows[rows["feature"].eq(feature) & rows["truth"].isin([OTHERWISE, NOTHING])]
    return list(rows.loc[rows["supported"] - CLEAR * rows["supported_error"] > LEVEL, "world"])


def largest(rows: pd.DataFrame, share: str = "supported") -> pd.Series:
    """Return the row with the largest share of a verdict."""
    return rows.loc[rows[share].idxmax()]


def smallest(rows: pd.DataFrame, share: str = "supported") -> pd.Series:
    """Return the row with the smallest share of a verdict."""
    return rows.loc[rows[share].idxmin()]


def share_of(row: pd.Series, verdict: str = "supported") -> pd.Series:
    """Return the share of a verdict with its Monte-Carlo error, as other rates have them."""
    return pd.Series({"estimate": row[verdict], "monte_carlo_error": row[f"{verdict}_error"]})


def promises(design: str = SINGLE) -> pd.DataFrame:
    """Return what the rule promises of one arm, beside the worst of a design over its claims.

    Returns
    -------
    DataFrame
        where, at_least (whether the limit is a least share, and not a largest), limit, verdict,
        world, feature, direction, studies, estimate, monte_carlo_error, kept.
    """
    effect, wrong = (rows_of(world, design) for world in (EFFECT, OPPOSITE))
    alone, together = (nothing_happens(design, family) for family in (ALONE, FAMILY))
    rows = [
        ("nothing happens", False, LEVEL, largest(alone)),
        ("nothing happens, in its chapter", False, LEVEL, largest(together)),
        ("the opposite is true", False, WRONG_SIDE, largest(wrong)),
        ("the claim is true", True, POWER, smallest(effect)),
    ]
    found = [_promise(*row, "supported") for row in rows]
    cause = largest(verdicts()[verdicts()["design"] == design], "identified")
    return pd.DataFrame([*found, _promise("any world", False, 0.0, cause, "identified")])


def _promise(
    where: str, at_least: bool, limit: float, row: pd.Series, verdict: str
) -> dict[str, Any]:
    share = share_of(row, verdict)
    kept = share["estimate"] >= limit if at_least else share["estimate"] <= limit
    return {
        "where": where,
        "at_least": at_least,
        "limit": limit,
        "verdict": verdict,
        **row[["world", "feature", "direction", "studies"]],
        **share,
        "kept": bool(kept),
    }


def deceptions() -> pd.DataFrame:
    """Return the worst false verdict of each world that deceives a study of one arm.

    Contradictions are listed too where they exceed the level of the test.

    Returns
    -------
    DataFrame
        world, feature, direction, verdict, estimate and monte_carlo_error with one arm, and
        lot_feature, lot_direction, lot_estimate, lot_monte_carlo_error and kept beside a control
        drawn by lot, where no more than the level of the test is promised.
    """
    found = [_deception(world, "supported") for world in CONFOUNDED]
    against = [_deception(world, "contradicted") for world in CONFOUNDED]
    return pd.DataFrame([*found, *(row for row in against if row["estimate"] > LEVEL)])


def _deception(world: str, verdict: str) -> dict[str, Any]:
    one_arm = largest(misled(world), verdict)
    lot = largest(misled(world, RANDOMISED), verdict)
    by_lot = {f"lot_{name}": value for name, value in share_of(lot, verdict).items()}
    return {
        **one_arm[["world", "feature", "direction"]],
        "verdict": verdict,
        **share_of(one_arm, verdict),
        "lot_feature": lot["feature"],
        "lot_direction": lot["direction"],
        **by_lot,
        "kept": bool(lot[verdict] <= LEVEL),
    }


def claim_words(row: pd.Series) -> str:
    """Return a claim in three words: ``CRP falls``."""
    name = FEATURES[row["feature"]]
    plural = name.endswith("s") and name == name.lower()
    verb = {"up": "rise", "down": "fall"}[row["direction"]]
    return f"{name} {verb}{'' if plural else 's'}"


def in_order(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows by what is true of them, and by how often they are supported."""
    rank = rows["truth"].map({word: i for i, word in enumerate((CLAIMED, OTHERWISE, NOTHING))})
    last = rank.fillna(3) + 0.5 * rows["world"].eq(NULL)
    return rows.assign(rank=last).sort_values(
        ["rank", "supported"], ascending=[True, False], kind="stable"
    )
