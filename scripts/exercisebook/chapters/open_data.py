"""A page that shows results of open data: computed where the bytes are, frozen where not."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from exercisebook.chapters.page import Page
from exercisebook.chapters.results import TOLERANCE, Analysis, Result, run
from exercisebook.sources.catalogue import dataset


class OpenDataPage(Page):
    """What a notebook with results of open data holds while it runs.

    Parameters
    ----------
    slug : str
        Name of the notebook.
    analyses : mapping of str to Analysis
        The tables it makes from open data.
    given : mapping
        Values of its parameters; checked as on the command line.
    """

    def __init__(
        self, slug: str, analyses: Mapping[str, Analysis], given: Mapping[str, Any]
    ) -> None:
        super().__init__(slug, given)
        self._analyses = analyses
        self._results: dict[str, Result] = {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        """Return the table of an analysis, computed or frozen."""
        return self.result(name).frame

    def result(self, name: str) -> Result:
        """Return an analysis' table with how it came about; each is made once."""
        if name not in self._results:
            self._results[name] = run(self._analyses[name], self.parameters)
        return self._results[name]

    def provenance_sentence(self) -> str:
        """Return how the open data's results came about, with a warning where they drifted."""
        states: dict[str, set[str]] = {"computed": set(), "frozen": set()}
        drifted = []
        for name in self._analyses:
            result = self.result(name)
            states[result.state].update(self._analyses[name].datasets)
            if result.drift > TOLERANCE:
                drifted.append(f"`{name}` of {result.dataset}")
        told = []
        if states["computed"]:
            told.append(
                "Computed here from the original bytes: " + _titles(states["computed"]) + "."
            )
        if states["frozen"]:
            fetch = "exercisebook data fetch " + " ".join(sorted(states["frozen"]))
            told.append(
                "Shown as frozen by this project, since the bytes are not on this machine: "
                f"{_titles(states['frozen'])} (`{fetch}` brings them in)."
            )
        if drifted:
            told.append(
                "**Warning: these differ from the frozen results: " + ", ".join(drifted) + ".**"
            )
        return " ".join(told)


def _titles(names: set[str]) -> str:
    return "; ".join(dataset(name).title for name in sorted(names))
