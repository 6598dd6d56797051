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

DIRECTIONS = ("up", "down", "changed", "unchanged", "none")
QUANTIFIERS = ("one", "all", "most", "greatest")
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
        "direction": _text(*DIRECTIONS),
        "kind": _text(*KINDS),
        "species": _text(),
        "population": _text(),
        "tissue": _text(),
        "exposure": _text(),
        "causal": _text("yes", "no"),
        "quantifier": _text(*QUANTIFIERS),
        "smallest_effect": pa.Column(float, pa.Check.gt(0), nullable=True),
        "smallest_effect_source": _text(nullable=True),
        "decided_by": _text(),
        "counter_evidence_doi": _text(nullable=True),
        "counter_evidence": _text(nullable=True),
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
        chapter, a canonical id that is not in features.csv, a smallest effect without a source.
    """
    table = read_csv(path, CLAIMS)
    problems = _unknown_features(table, path.name) + _unsourced_sizes(table, path.name)
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
    bare = table["smallest_effect"].notna() & table["smallest_effect_source"].isna()
    return [
        Problem(
            file,
            "a smallest effect without a source",
            "where the number comes from",
            "Name the source, or leave the effect out.",
            int(row) + 2,
            "smallest_effect_source",
        )
        for row in bare.to_numpy().nonzero()[0]
    ]
