"""Genes of another species: which were joined to human genes by a table, by name, or not at all."""

import pandas as pd

from exercisebook.checks.findings import Finding, finding
from exercisebook.cohort.package import Cohort
from exercisebook.errors import listed
from exercisebook.sources.orthologs import (
    FILE,
    HUMAN,
    NAME,
    NONE,
    OTHER,
    SHARED,
    TABLE,
    human_links,
    species_of,
)

_FEATURES = "features.csv"
_NAMED = 5


def gene_findings(cohort: Cohort) -> list[Finding]:
    """Return how genes of another species are joined to human claims; none of a human cohort."""
    species = species_of(cohort)
    if species == HUMAN:
        return []
    links = human_links(cohort)
    by = {how: links[links["joined_by"] == how] for how in (TABLE, NAME, NONE, SHARED, OTHER)}
    whole = sum(map(len, by.values()))
    return [
        *_in_one("D381", by[NAME], species, whole, "a table of orthologs, orthologs.csv"),
        *_in_one("D383", by[TABLE], species, whole, f"joined by {FILE}"),
        *_without(by[NONE], f"a row in {FILE}"),
        *_without(by[SHARED], "a human gene that answers to it alone"),
        *[_other(int(str(row)) + 2, own) for row, own in by[OTHER].iterrows()],
    ]


def _in_one(
    code: str, links: pd.DataFrame, species: str, whole: int, expected: str
) -> list[Finding]:
    if links.empty:
        return []
    pairs = [
        f"{row.feature} to {row.human_symbol or row.canonical_id}" for row in links.itertuples()
    ]
    told = f"{len(links)} of {whole} {species} genes: {listed(pairs, _NAMED)}"
    return [finding(code, _FEATURES, told, expected, column="canonical_id")]


def _without(links: pd.DataFrame, expected: str) -> list[Finding]:
    return [
        finding("D382", _FEATURES, f"{row.modality} {row.feature} as {row.stated_id!r}", expected,
                int(str(row.Index)) + 2, "canonical_id")
        for row in links.itertuples()
    ]  # fmt: skip


def _other(line: int, own: pd.Series) -> Finding:
    linked = repr(own["canonical_id"]) if own["canonical_id"] else "none of the book's"
    told = f"{own['feature']} as {own['stated_id']!r}" if own["stated_id"] else own["feature"]
    expected = f"{linked}, by the human gene {own['human_symbol']} of {FILE}, which was taken"
    return finding("D384", _FEATURES, told, expected, line, "canonical_id")
