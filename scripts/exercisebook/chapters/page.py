"""A page at work: its parameters, and what its notebook hands to it."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from IPython.display import Markdown
from myst_nb import glue

from exercisebook.chapters.parameters import parameters_cell, parse_parameters, validated
from exercisebook.figures import theme
from exercisebook.figures.tables import Table


class Page:
    """What any notebook holds while it runs; an appendix needs no more.

    Parameters
    ----------
    slug : str
        Name of the notebook.
    given : mapping
        Values of its parameters; checked as on the command line.
    """

    def __init__(self, slug: str, given: Mapping[str, Any]) -> None:
        self.slug = slug
        # a pydantic model made from the cell, so its fields are known only at run time
        self.parameters: Any = validated(slug, given)
        theme.enable()

    def table_of_parameters(self) -> Table:
        """Return the parameters of this run beside what they may be."""
        declared = parse_parameters(parameters_cell(self.slug))
        rows = [
            (p.name, str(getattr(self.parameters, p.name)), str(p.default), p.allowed, p.meaning)
            for p in declared.values()
        ]
        columns = ["parameter", "value here", "default", "may be", "meaning"]
        return Table(pd.DataFrame(rows, columns=columns), "Parameters of this page.")

    def glue(self, sentences: Mapping[str, str]) -> None:
        """Hand sentences to the page, which pastes them by name."""
        for name, text in sentences.items():
            glue(name, Markdown(text), display=False)
