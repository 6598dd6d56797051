"""The chapters taken together: their ledger, and the freezing of all results of open data."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType

import pandas as pd
from pydantic import BaseModel

from exercisebook.chapters import a2, ch01, ch02, ch03, ch04, ch05, ch06, ch07
from exercisebook.chapters.results import freeze, frozen_path, is_default
from exercisebook.claims.claims import claims, claims_of
from exercisebook.claims.ledger import ledger, repeated
from exercisebook.sources.catalogue import catalogue, dataset
from exercisebook.sources.cohorts import needs_bytes
from exercisebook.sources.fetch import locate
from exercisebook.stats.schemas import no_effects

CHAPTERS: tuple[ModuleType, ...] = (ch01, ch02, ch03, ch04, ch05, ch06, ch07)

WITH_ANALYSES: tuple[ModuleType, ...] = (*CHAPTERS, a2)
"""Every page that shows results of open data; of appendices those that do."""


def lacking_bytes(number: int, parameters: BaseModel) -> list[str]:
    """Return what to fetch before a chapter can run with parameters other than the default.

    Parameters
    ----------
    number : int
        Of the chapter.
    parameters : BaseModel
        Its parameters, validated.

    Returns
    -------
    list of str
        One sentence a data set that is needed and not at hand.
    """
    (module,) = (m for m in CHAPTERS if m.SLUG.startswith(f"{number:02d}_"))
    needed = {
        name
        for analysis in module.ANALYSES.values()
        if not is_default(parameters, analysis.depends_on)
        for name in analysis.datasets
    }
    cohort = getattr(parameters, "cohort", "reference")
    needed |= {cohort} & set(catalogue())
    return [needs_bytes(n) for n in sorted(needed) if locate(dataset(n)) is None]


def effects_of_chapters() -> dict[str, pd.DataFrame]:
    """Return the effects that each chapter chose for its claims, by slug."""
    with_effects = [module for module in CHAPTERS if hasattr(module, "claim_effects")]
    return {module.SLUG: module.claim_effects(module.begin()) for module in with_effects}


def book_ledger(chosen: Mapping[str, pd.DataFrame] | None = None) -> pd.DataFrame:
    """Return the ledger of every chapter's claims against the effects each chose for them.

    Parameters
    ----------
    chosen : mapping of str to DataFrame, optional
        From ``effects_of_chapters`` where they are at hand, since they take a while.
    """
    effects = effects_of_chapters() if chosen is None else chosen
    tables = []
    for number, module in enumerate(CHAPTERS, start=1):
        tables.append(ledger(claims_of(number), effects.get(module.SLUG, no_effects())))
    return repeated(claims(), pd.concat(tables, ignore_index=True))


def freeze_results(datasets: set[str]) -> Iterator[Path]:
    """Write the frozen tables of some data sets, computed with default parameters.

    Raises
    ------
    Failure
        If the bytes of one that a page uses are not at hand.
    """
    written = set()
    for module in WITH_ANALYSES:
        defaults = module.begin().parameters
        for analysis in module.ANALYSES.values():
            # two pages may show one table
            if analysis.dataset in datasets and frozen_path(analysis) not in written:
                path = freeze(analysis, defaults)
                written.add(path)
                yield path
