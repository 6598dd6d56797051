"""Formulae as MathML, made at build time: no JavaScript, no fonts, no network."""

from typing import Any

from docutils import nodes
from docutils.utils.math import latex2mathml
from sphinx.application import Sphinx
from sphinx.util import logging

_log = logging.getLogger(__name__)


def _mathml(formula: str, block: bool, node: nodes.Element) -> str:
    try:
        return str(latex2mathml.tex2mathml(formula, as_block=block))
    except Exception as error:  # docutils raises its own kinds for each part it does not know
        _log.warning("formula not understood: %s (%s)", formula, error, location=node)
        return ""


def _visit_inline(self: Any, node: nodes.Element) -> None:
    self.body.append(_mathml(node.astext(), False, node))
    raise nodes.SkipNode


def _visit_block(self: Any, node: nodes.Element) -> None:
    self.body.append(self.starttag(node, "div", CLASS="math notranslate nohighlight mathml"))
    self.body.append(_mathml(node.astext(), True, node) + "</div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Offer the renderer under the name ``mathml``."""
    app.add_html_math_renderer("mathml", (_visit_inline, None), (_visit_block, None))
