"""Registering the extension's parts with Sphinx."""

from typing import Any

from sphinx.application import Sphinx

from exercisebook.publish.sphinx_extension import (
    charts,
    directives,
    engine,
    formulae,
    pages,
    worlds,
)


def setup(app: Sphinx) -> dict[str, Any]:
    """Add charts, formulae, directives and what concerns whole pages."""
    for part in (charts, directives, engine, formulae, pages, worlds):
        part.setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
