"""What Sphinx needs for slides: formulae and spaces as in the book, and a style of their own.

Loaded beside ``sphinx_revealjs``, in the place of all that concerns the pages of the book.
"""

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from exercisebook.publish.sphinx_extension import formulae
from exercisebook.publish.sphinx_extension.pages import UnbrokenNumbers

STATIC = Path(__file__).with_name("slides_static")


def _use_style(app: Sphinx, config: Any) -> None:
    config.revealjs_static_path = [*config.revealjs_static_path, str(STATIC)]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the parts."""
    formulae.setup(app)
    app.add_post_transform(UnbrokenNumbers)
    app.connect("config-inited", _use_style)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
