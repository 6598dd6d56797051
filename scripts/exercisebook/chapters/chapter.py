"""A chapter at work: what a page with results of open data holds, and its cohort besides."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import pandas as pd

from exercisebook.chapters.open_data import OpenDataPage
from exercisebook.chapters.own_cohort import own_claims, own_ledger, own_sentence
from exercisebook.chapters.results import Analysis
from exercisebook.claims.claims import claims_of
from exercisebook.cohort.package import Cohort
from exercisebook.figures.tables import Table
from exercisebook.sources.cohorts import open_cohort


class Chapter(OpenDataPage):
    """What a chapter's notebook holds while it runs.

    Parameters
    ----------
    number : int
        Of the chapter.
    slug : str
        Name of its notebook.
    analyses : mapping of str to Analysis
        The tables it makes from open data.
    given : mapping
        Values of its parameters; checked as on the command line.
    """

    def __init__(
        self,
        number: int,
        slug: str,
        analyses: Mapping[str, Analysis],
        given: Mapping[str, Any],
    ) -> None:
        super().__init__(slug, analyses, given)
        self.number = number

    @cached_property
    def cohort(self) -> Cohort:
        """The cohort that the parameter of that name stands for."""
        return open_cohort(self.parameters.cohort)

    @cached_property
    def _own_ledger(self) -> pd.DataFrame | None:
        """The claims of this page on its cohort, which a sentence and a table tell of."""
        return own_ledger(self.cohort, self.number, self.parameters.fdr)

    def glue(self, sentences: Mapping[str, str]) -> None:
        """Hand sentences to the page, and what its cohort says of the claims as ``own_claims``.

        A page whose claims no measurement answers has no such sentence.
        """
        told = dict(sentences)
        if claims_of(self.number)["direction"].ne("none").any():
            told["own_claims"] = own_sentence(self.cohort, self._own_ledger)
        super().glue(told)

    def own_claims(self) -> Table:
        """Return how the claims of this page meet its cohort."""
        p = self.parameters
        return own_claims(self.cohort, p.cohort, self.number, p.fdr, self._own_ledger)
