"""The claims of the two texts, in our words, each with what would decide it."""

from functools import cache
from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from exercisebook.cohort.schemas import KINDS
from exercisebook.cohort.tables import read_csv
from exercisebook.errors import InvalidInput, Problem, closest
from exercisebook.paths import DATA
from exercisebook.sources.features import feature_table
from exercisebook.stats.schemas import SCALES

DIRECTIONS = ("up", "down", "changed", "unchanged", "none")
QUANTIFIERS = ("one", "all", "most", "greatest")
EMPIRICAL = "empirical"
NATURES = {
    "description": "describes what was done; nothing to test",
    "definition": "says what a word means; nothing to test",
    "analogy": "likens one thing to another; nothing to test",
    "opinion": "an opinion; no measurement decides it",
    "recommendation": "a recommendation; no measurement decides it",
    "limitation": "says what is not known; nothing to test",
    "label": "a label of the text; reading the text decides it",
}
"""What a claim is that no measurement answers, and why it is not tested."""

_DECISIVE = (
    *("canonical_id", "direction", "kind", "species", "population"),
    *("tissue", "exposure", "causal", "quantifier"),
)
"""What two claims share that get the same verdicts."""

DOCUMENTS = {
    "commentary": "commentary on Geng et al.",
    "review": "review of exercise and trained immunity",
}


def _text(*among: str, nullable: bool = False, unique: bool = False) -> pa.Column:
    check = pa.Check.isin(among) if among else pa.Check.str_length(min_value=1)
    return pa.Column(str, check, nullable=nullable, unique=unique)


CLAIMS = pa.DataFrameSchema(
    {
        "claim_id": _text(unique=True),
        "chapter": _text(*"1234567"),
        "statement": _text(),
        "source": _text(*DOCUMENTS),
        "source_doi": _text(nullable=True),
        "canonical_id": _text(),
        "nature": _text(EMPIRICAL, *NATURES),
        "direction": _text(*DIRECTIONS),
        "kind": _text(*KINDS),
        "species": _text(),
        "population": _text(),
        "tissue": _text(),
        "exposure": _text(),
        "causal": _text("yes", "no"),
        "quantifier": _text(*QUANTIFIERS),
        "smallest_effect": pa.Column(float, pa.Check.gt(0), nullable=True),
        "smallest_effect_scale": _text(*SCALES, nullable=True),
        "smallest_effect_source": _text(nullable=True),
        "decided_by": _text(),
        "counter_evidence_doi": _text(nullable=True),
        "counter_evidence": _text(nullable=True),
        "same_as": _text(nullable=True),
    },
    name="claims",
)


@cache
def claims(path: Path = DATA / "claims.csv") -> pd.DataFrame:
    """Return every claim, checked.

    Raises
    ------
    InvalidInput
        With row and column of every fault: a repeated id, an unknown direction, a missing
        chapter, a canonical id that is not in features.csv, a smallest effect without a source,
        an empirical claim without a direction (or another with one), a repetition of a claim
        that is not there or says something else.
    """
    table = read_csv(path, CLAIMS)
    checks = (_unknown_features, _unsourced_sizes, _undirected, _unlike_what_they_repeat)
    problems = [problem for check in checks for problem in check(table, path.name)]
    if problems:
        raise InvalidInput(problems)
    return table


def claims_of(chapter: int) -> pd.DataFrame:
    """Return the claims whose home is a chapter."""
    table = claims()
    return table[table["chapter"] == str(chapter)]


def _unknown_features(table: pd.DataFrame, file: str) -> list[Problem]:
    features = feature_table()
    known = {*features.index, *features["member_of"]} - {""}
    return [
        Problem(
            file,
            repr(name),
            "a canonical_id of features.csv",
            f"Correct it or add the feature ({closest(name, known)}).",
            row + 2,
            "canonical_id",
        )
        for row, name in enumerate(table["canonical_id"])
        if name not in known
    ]


def _unsourced_sizes(table: pd.DataFrame, file: str) -> list[Problem]:
    return [
        Problem(
            file,
            f"a smallest effect without a {what}",
            told,
            f"Name the {what}, or leave the effect out.",
            int(row) + 2,
            f"smallest_effect_{what}",
        )
        for what, told in (("source", "where the number comes from"), ("scale", "its scale"))
        for row in (table["smallest_effect"].notna() & table[f"smallest_effect_{what}"].isna())
        .to_numpy()
        .nonzero()[0]
    ]


def _undirected(table: pd.DataFrame, file: str) -> list[Problem]:
    wrong = (table["nature"] == EMPIRICAL) == (table["direction"] == "none")
    return [
        Problem(
            file,
            f"{table.at[row, 'direction']!r} in a claim whose nature is "
            f"{table.at[row, 'nature']!r}",
            "a direction if the claim is empirical, none if it is not",
            "Correct the direction or the nature.",
            int(row) + 2,
            "direction",
        )
        for row in wrong.to_numpy().nonzero()[0]
    ]


def _unlike_what_they_repeat(table: pd.DataFrame, file: str) -> list[Problem]:
    """Return a problem for each repetition that would not get the verdicts of what it repeats."""
    first = table[table["same_as"].isna()].set_index("claim_id")[list(_DECISIVE)]
    repetitions = table[table["same_as"].notna()]
    return [
        Problem(
            file,
            repr(claim["same_as"]),
            f"another claim, itself no repetition, with the same {', '.join(_DECISIVE)}",
            "Name the claim that is repeated, or leave it empty.",
            int(str(row)) + 2,
            "same_as",
        )
        for row, claim in repetitions.iterrows()
        if claim["same_as"] not in first.index
        or not first.loc[claim["same_as"]].equals(claim[list(_DECISIVE)])
    ]
