"""The ledger on its page: counts, chart, table, changes; its files; links from the chapters."""

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
from docutils import nodes
from sphinx.application import Sphinx

from exercisebook.claims.changes import RELEASED, Release, changes, last_release, state_text
from exercisebook.claims.claims import claims
from exercisebook.claims.verdict import CONTRADICTED, NOT_EMPIRICAL, OBSERVED, SUPPORTED
from exercisebook.figures.ledger import claims_by_dataset
from exercisebook.figures.tables import Table
from exercisebook.figures.theme import enable, steady
from exercisebook.paths import DATA
from exercisebook.publish.ledger import PAGE, BookLedger, make_ledger, read_ledger, write_ledger
from exercisebook.publish.notebooks import chapter_slugs
from exercisebook.publish.sphinx_extension.charts import chart_nodes
from exercisebook.publish.sphinx_extension.directives import Generated
from exercisebook.publish.sphinx_extension.ledger_html import (
    CAUSES,
    kind_of_cause,
    linked_ids,
    table_html,
)
from exercisebook.publish.stage import LEDGER
from exercisebook.sources.catalogue import catalogue

SECTION = "what-the-data-say-about-the-claims"
"""Name that Sphinx gives to each chapter's section on its claims."""

NO_DATA = "no open data"
NOTHING = "nothing to test"


@cache
def told_ledger() -> BookLedger:
    """Return the staged ledger; a plain ``jupyter-book build`` makes its own."""
    staged = os.environ.get("EXERCISEBOOK_STAGE")
    return read_ledger(Path(staged) / LEDGER) if staged else make_ledger()


class Ledger(Generated):
    """One part of the ledger's page: counts, chart, table or changes."""

    required_arguments = 1
    optional_arguments = 0

    def run(self) -> list[nodes.Node]:
        """Return the part that the argument names."""
        env = self.state.document.settings.env
        for path in (DATA / "claims.csv", DATA / "features.csv", RELEASED):
            env.note_dependency(str(path))
        told = told_ledger()
        if self.arguments[0] == "counts":
            table = nodes.raw("", counts_table(told.rows)._repr_html_(), format="html")
            return [*self.parsed(counts_lines(told.rows)), table]
        if self.arguments[0] == "changes":
            return self._changes(told.rows)
        if self.arguments[0] == "chart":
            return self._chart(told.rows)
        if self.arguments[0] == "table":
            text = table_html(told.rows, claims(), told.scales, self._section)
            return [nodes.raw("", text, format="html")]
        raise self.error(f"no part {self.arguments[0]!r}; known are counts, chart, table, changes")

    def _section(self, chapter: str) -> str | None:
        """Return where a chapter's section on its claims is, seen from this page."""
        env = self.state.document.settings.env
        pages = [f"notebooks/{s}" for s in chapter_slugs() if s.startswith(f"{int(chapter):02d}_")]
        if not pages or pages[0] not in env.found_docs:
            return None
        return f"{env.app.builder.get_relative_uri(env.docname, pages[0])}#{SECTION}"

    def _chart(self, rows: pd.DataFrame) -> list[nodes.Node]:
        enable()
        spec = steady(ledger_chart(rows).to_dict())
        app = self.state.document.settings.env.app
        page = SimpleNamespace(document=self.state.document)
        return chart_nodes(spec, SimpleNamespace(renderer=page, write_file=ChartFiles(app).write))

    def _changes(self, rows: pd.DataFrame) -> list[nodes.Node]:
        release = last_release()
        if release is None:
            return self.parsed([changes_sentence(None, 0)])
        found = changes(rows, release.rows)
        shown = self.parsed([changes_sentence(release, len(found))])
        if len(found):
            shown.append(nodes.raw("", changes_table(found, release)._repr_html_(), format="html"))
        return shown


@dataclass(frozen=True)
class ChartFiles:
    """Where a directive keeps the picture of a chart, as MyST-NB does for notebooks."""

    app: Sphinx

    def write(self, path: list[str], content: bytes, overwrite: bool) -> str:
        """Write a file beside the notebooks' own pictures; return its address for Sphinx."""
        place = Path(self.app.outdir).parent.joinpath("jupyter_execute", *path)
        place.parent.mkdir(parents=True, exist_ok=True)
        if overwrite or not place.exists():
            place.write_bytes(content)
        return "/" + os.path.relpath(place.resolve(), self.app.srcdir)


def counts_lines(rows: pd.DataFrame) -> list[str]:
    """Return how many rows are supported with their cause identified, and how many there are."""
    both = (rows["observed"] == SUPPORTED) & (rows["cause"].map(kind_of_cause) == CAUSES[0])
    lead = (
        f"**Supported, with the cause identified by the design: {both.sum() or 'none'} of "
        f"{len(rows)} rows.**"
    )
    told = (
        f"{rows['claim_id'].nunique()} claims make these rows, one for each claim and each open "
        f"data set that measures it, and one for a claim that none measures."
    )
    return [lead, told + _absent(rows)]


def _absent(rows: pd.DataFrame) -> str:
    """Return which verdict no row has, and which rows have a member that has it."""
    absent = [name for name in (SUPPORTED, CONTRADICTED) if name not in set(rows["observed"])]
    if not absent:
        return ""
    told = (
        f" None is *{'* or *'.join(absent)}* as a whole, with the cause identified by the design "
        f"or not."
    )
    for name in absent:
        own = rows.loc[rows["reason"].str.contains(f"{name} for "), "claim_id"].unique()
        if len(own):
            told += f" Single members of a group are *{name}*: see the reasons of {', '.join(own)}."
    return told


def counts_table(rows: pd.DataFrame) -> Table:
    """Return how many rows have which two verdicts, those that none has too."""
    kinds = rows["cause"].map(kind_of_cause)
    counted = pd.crosstab(rows["observed"], kinds).reindex(
        index=list(OBSERVED), columns=list(CAUSES), fill_value=0
    )
    heads = {name: f"cause {name}" for name in CAUSES}
    frame = counted.rename(columns=heads).reset_index(names="is it there?")
    return Table(frame, "How many rows have which two verdicts.")


def ledger_chart(rows: pd.DataFrame) -> Any:
    """Return the chart of the ledger with its words."""
    columns = rows["dataset"].where(
        rows["dataset"] != "none",
        (rows["observed"] == NOT_EMPIRICAL).map({True: NOTHING, False: NO_DATA}),
    )
    marks = pd.DataFrame(
        {
            "claim_id": rows["claim_id"],
            "chapter": rows["chapter"],
            "column": columns,
            "observed": rows["observed"],
            "cause": rows["cause"].map(kind_of_cause),
            "statement": rows["claim_id"].map(claims().set_index("claim_id")["statement"]),
        }
    )
    present = set(columns)
    order = [name for name in (NOTHING, NO_DATA, *catalogue()) if name in present]
    return claims_by_dataset(marks, sorted(set(rows["chapter"])), order, _words(marks))


def _words(marks: pd.DataFrame) -> tuple[str, str]:
    """Return caption and text alternative of the chart."""
    n = marks["claim_id"].nunique()
    unmeasured = int((marks["column"] == NO_DATA).sum())
    untested = int((marks["column"] == NOTHING).sum())
    measured = marks[~marks["column"].isin([NO_DATA, NOTHING])]
    found = int(((measured["observed"] == SUPPORTED) & (measured["cause"] == CAUSES[0])).sum())
    caption = (
        f"Of {n} claims no open data set measures {unmeasured}, {untested} are nothing that could "
        f"be tested, and {measured['claim_id'].nunique()} meet a measurement; supported with the "
        f"cause identified by the design: {found or 'none'}. One mark a row of the ledger "
        f"(n = {len(marks)} rows): its shape says what was observed, its fill whether the design "
        f"can name the cause."
    )
    met = "; ".join(
        f"{name}: " + ", ".join(f"{i} {o}, cause {c}" for i, o, c in zip(
            own["claim_id"], own["observed"], own["cause"], strict=True))
        for name, own in measured.groupby("column", sort=False)
    )  # fmt: skip
    description = (
        f"Grid of marks. Rows are the chapters, columns say what measured a claim. {NOTHING}: "
        f"{untested}; {NO_DATA}: {unmeasured}. {met}."
    )
    return caption, description


def changes_sentence(release: Release | None, count: int) -> str:
    """Return what to say of the changes since a release, or that there has been none."""
    if release is None:
        return (
            "No release of this book has been made yet, so there is nothing to compare with. "
            "From the first one on, this section lists every row that is new, gone, of another "
            "verdict, or moved by more than rounding."
        )
    since = f"version {release.version} ({release.date})"
    if not count:
        return f"Against {since}, no row is new, gone, of another verdict, or moved."
    return f"Against {since}, {count} {'row has' if count == 1 else 'rows have'} changed."


def changes_table(found: pd.DataFrame, release: Release) -> Table:
    """Return the changed rows with both verdicts before and after."""
    sides = [found.apply(state_text, axis=1, args=(when,)) for when in ("before", "after")]
    frame = pd.DataFrame(
        {
            "claim": found["claim_id"],
            "data": found["dataset"],
            "change": found["change"],
            f"in {release.version}": sides[0],
            "now": sides[1],
        }
    )
    return Table(frame, f"Rows that changed since {release.version}.", stacked=True)


def _shows_ledger(app: Sphinx) -> bool:
    return PAGE in app.env.found_docs


def _link_claims(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Link the ids in the chapters' tables to the ledger, where the site has one."""
    if doctree is None or page == PAGE or not _shows_ledger(app):
        return
    address = app.builder.get_relative_uri(page, PAGE)
    context["body"] = linked_ids(context["body"], set(claims()["claim_id"]), address)


def _add_script(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    if page == PAGE:
        app.add_js_file("ledger.js", loading_method="defer")
        app.add_css_file("ledger.css")


def _write_files(app: Sphinx, error: Exception | None) -> None:
    """Lay the ledger's files at the root of the site."""
    if error is None and app.builder.format == "html" and _shows_ledger(app):
        write_ledger(told_ledger(), Path(app.outdir))


def setup(app: Sphinx) -> None:
    """Register the directive, the links and the files."""
    app.add_directive("ledger", Ledger)
    app.connect("html-page-context", _link_claims)
    app.connect("html-page-context", _add_script)
    app.connect("build-finished", _write_files)
