"""The effects that a chapter chose beforehand for its claims, data set by data set."""

from collections.abc import Callable, Mapping

import pandas as pd

from exercisebook.chapters.chapter import Chapter
from exercisebook.sources import catalogue
from exercisebook.stats.schemas import no_effects

Choice = Callable[[Chapter], pd.DataFrame]
"""From a chapter to the effects of one data set that may judge its claims."""


def chosen_effects(chapter: Chapter, choices: Mapping[str, Choice]) -> pd.DataFrame:
    """Return the chosen effects of every data set that the catalogue holds.

    A data set that was taken out of the catalogue takes its rows of the ledger with it, and
    nothing else.

    Parameters
    ----------
    chapter : Chapter
        At work.
    choices : mapping of str to callable
        By data set.

    Returns
    -------
    DataFrame
        Effects; none where no data set is left.
    """
    held = catalogue.catalogue()
    tables = [choose(chapter) for name, choose in choices.items() if name in held]
    return pd.concat(tables, ignore_index=True) if tables else no_effects()
