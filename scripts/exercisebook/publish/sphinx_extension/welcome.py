"""The welcome page's figure: what the ledger of this very build found, in one look."""

from types import SimpleNamespace
from typing import Any

import pandas as pd
from docutils import nodes
from sphinx.application import Sphinx

from exercisebook.claims.claims import claims
from exercisebook.claims.verdict import (
    CONTRADICTED,
    NO_PRACTICAL,
    NOT_EMPIRICAL,
    NOT_MEASURED,
    OBSERVED,
    SUPPORTED,
)
from exercisebook.figures.glance import verdicts_at_a_glance
from exercisebook.figures.theme import enable, steady
from exercisebook.paths import DATA
from exercisebook.publish.sphinx_extension.charts import chart_nodes
from exercisebook.publish.sphinx_extension.directives import Generated
from exercisebook.publish.sphinx_extension.ledger import ChartFiles, told_ledger
from exercisebook.publish.sphinx_extension.ledger_html import CAUSES, kind_of_cause
from exercisebook.publish.sphinx_extension.told import told_provenance

ALWAYS = (NO_PRACTICAL, SUPPORTED, CONTRADICTED)
"""Verdicts that the figure names where no row has them: that is what it is about."""


class Glance(Generated):
    """The figure; it takes no argument."""

    optional_arguments = 0

    def run(self) -> list[nodes.Node]:
        """Return figure and table of data."""
        env = self.state.document.settings.env
        for name in ("claims.csv", "catalog.yml"):
            env.note_dependency(str(DATA / name))
        enable()
        spec = steady(glance_chart(told_ledger().rows, told_provenance()["data"]).to_dict())
        page = SimpleNamespace(document=self.state.document)
        writer = ChartFiles(env.app)
        return chart_nodes(spec, SimpleNamespace(renderer=page, write_file=writer.write))


def glance_chart(rows: pd.DataFrame, data: dict[str, dict[str, str]]) -> Any:
    """Return the chart of the ledger's two verdicts with its words.

    Parameters
    ----------
    rows : DataFrame
        Of the ledger.
    data : dict
        By data set, the state of each of its files, as the provenance has it.
    """
    about = claims().set_index("claim_id")["statement"]
    marks = pd.DataFrame(
        {
            "claim_id": rows["claim_id"],
            "statement": rows["claim_id"].map(about),
            "data": rows["dataset"],
            "observed": rows["observed"],
            "cause": rows["cause"].map(kind_of_cause),
        }
    )
    shown = [name for name in OBSERVED if name in ALWAYS or name in set(marks["observed"])]
    return verdicts_at_a_glance(marks, shown, _words(marks, shown, data))


def _words(
    marks: pd.DataFrame, shown: list[str], data: dict[str, dict[str, str]]
) -> tuple[str, str]:
    """Return caption and text alternative."""
    of = {name: marks[marks["observed"] == name] for name in shown}
    supported = of[SUPPORTED]
    found = supported["claim_id"].nunique()
    both = supported.loc[supported["cause"] == CAUSES[0], "claim_id"].nunique()
    claims_of = {name: own["claim_id"].nunique() for name, own in of.items()}
    measured = marks.loc[marks["data"] != "none", "claim_id"].nunique()
    caption = (
        f"Of {marks['claim_id'].nunique()} claims, {claims_of.get(NOT_MEASURED, 0)} meet no open "
        f"data, {claims_of.get(NOT_EMPIRICAL, 0)} hold nothing to test, and {measured} meet a "
        f"measurement; it supports {found or 'none'} of them, with the cause identified for "
        f"{both or 'none'} (one mark a claim and data set, n = {len(marks)}). "
        f"{data_sentence(marks['data'], data)}"
    )
    bands = "; ".join(_band(name, own) for name, own in of.items())
    description = (
        "Bands of marks, one mark a claim and data set. A band says whether the difference is "
        f"there, the fill of a mark whether the design can name its cause. {bands}."
    )
    return caption, description


def _band(name: str, own: pd.DataFrame) -> str:
    causes = own["cause"].value_counts().reindex(list(CAUSES), fill_value=0)
    told = ", ".join(f"{count} with the cause {kind}" for kind, count in causes.items() if count)
    return f"{name}: {len(own)} ({told})" if len(own) else f"{name}: none"


def data_sentence(used: pd.Series, data: dict[str, dict[str, str]]) -> str:
    """Return from which data sets a ledger was computed, and which it shows as frozen.

    Parameters
    ----------
    used : Series of str
        The data set of each row, ``none`` where there is none.
    data : dict
        By data set, the state of each of its files; ``held`` where its bytes are at hand.
    """
    names = [name for name in dict.fromkeys(used) if name != "none"]
    held = [name for name in names if set(data.get(name, {}).values()) == {"held"}]
    frozen = [name for name in names if name not in held]
    if not names:
        return "No open data set measures any of them."
    if not held:
        return "Shown as frozen by this project: no original data were at hand."
    computed = "Computed from original data"
    if not frozen:
        return f"{computed}."
    return f"{computed}, but shown as frozen for {', '.join(frozen)}."


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("glance", Glance)
