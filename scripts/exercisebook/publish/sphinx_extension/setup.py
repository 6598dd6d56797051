"""Registering the extension's parts with Sphinx."""

from typing import Any

from sphinx.application import Sphinx

from exercisebook.publish.sphinx_extension import (
    charts,
    checks,
    directives,
    engine,
    formulae,
    ledger,
    pages,
    quiz,
    reading,
    tour,
    weight,
    welcome,
    worlds,
)


def setup(app: Sphinx) -> dict[str, Any]:
    """Add charts, formulae, directives and what concerns whole pages."""
    parts = (
        charts, checks, directives, engine, formulae, ledger, pages, quiz, reading, tour, weight,
        welcome, worlds,
    )  # fmt: skip
    for part in parts:
        part.setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
