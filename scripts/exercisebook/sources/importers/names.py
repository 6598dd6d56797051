"""Joining a vendor's names to canonical ids: by label, synonym, UniProt, HMDB or HGNC.

What a name means depends on the modality: the book's id for the messenger of TXN is no id for its
protein, and one for an enzyme's activity none for its amount.
"""

import re
from collections import defaultdict
from functools import cache

import pandas as pd

from exercisebook.errors import Problem
from exercisebook.sources.features import feature_table
from exercisebook.sources.importers.hints import near
from exercisebook.sources.importers.units import is_mass_concentration

UNLINKED = ""
"""Canonical id of what has none."""

_OF_MESSENGERS = "log2 counts per million"


def canonical_ids(
    names: pd.Series, modality: str, accessions: pd.Series | None = None
) -> pd.Series:
    """Return the canonical id of each name, and ``UNLINKED`` where there is none.

    Parameters
    ----------
    names : Series of str
        What the vendor calls it.
    modality : str
    accessions : Series of str, optional
        UniProt or HMDB accessions, which are asked first.
    """
    known = _index(modality)
    found = names.map(lambda name: known.get(fold(name), UNLINKED))
    if accessions is None:
        return found
    by_accession = accessions.map(lambda name: known.get(fold(name), UNLINKED))
    return by_accession.where(by_accession != UNLINKED, found)


def faults_of_links(links: dict[str, str]) -> list[Problem]:
    """Return a problem for each ``--feature NAME=ID`` whose id the book does not have."""
    known = list(feature_table().index)
    problems = []
    for name, wanted in links.items():
        if wanted in (UNLINKED, *known):
            continue
        meant = near(wanted, known)
        told = f"did you mean {meant!r}?" if meant else "data/features.csv of the book lists them"
        repair = f"Correct it ({told}), or say --feature '{name}=' for none."
        problems.append(Problem("--feature", f"{wanted!r} for {name!r}", "a canonical id", repair))
    return problems


def fold(name: str) -> str:
    """Return a name without case, spaces, hyphens and underscores."""
    return re.sub(r"[\s_\-‐‑–]", "", str(name)).casefold().replace("μ", "µ")


@cache
def _index(modality: str) -> dict[str, str]:
    """Return canonical ids by folded name; a name of several ids is left out."""
    meant: dict[str, set[str]] = defaultdict(set)
    for canonical, row in feature_table().iterrows():
        if not _of_modality(row, modality):
            continue
        spelled = [canonical, row["label"], *row["synonyms"].split("|")]
        spelled += [row["identifier"], row["uniprot"], row["hmdb"]]
        for name in filter(None, spelled):
            meant[fold(name)].add(str(canonical))
    return {name: ids.pop() for name, ids in meant.items() if len(ids) == 1}


def _of_modality(row: pd.Series, modality: str) -> bool:
    if (row["unit"] == _OF_MESSENGERS) != (modality == "rna"):
        return False
    return modality != "proteins" or is_mass_concentration(row["unit"])
