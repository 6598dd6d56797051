"""What concerns the text of every page: its foot, its spaces, the roles of its parts."""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

from exercisebook.publish.sphinx_extension.told import told_provenance

_BREAKABLE = re.compile(r"(?<=\d) (?=%)|(?<=\bn) (?==)|(?<=\bn[ \u00a0]=) (?=\d)")


def _foot(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Add commit and date to the end of a page's text."""
    if doctree is None:
        return
    told = told_provenance()
    chapter = told["chapters"].get(page.rpartition("/")[2])
    key = f", outputs {chapter['key'][:12]}" if chapter else ""
    context["body"] += (
        f'<p class="provenance-foot">The Exercise Book {told["book"]}, '
        f"commit {told['commit']}, {told['date']}{key}.</p>"
    )


def _listed(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Give references the role of an item of their list; the one they come with is deprecated."""
    if doctree is not None:
        context["body"] = context["body"].replace('role="doc-biblioentry"', 'role="listitem"')


class UnbrokenNumbers(SphinxPostTransform):
    """Keep a number and its per cent sign, and ``n = 13``, on one line."""

    default_priority = 900

    def run(self, **kwargs: Any) -> None:
        """Replace those spaces with no-break spaces wherever there is running text."""
        for node in list(self.document.findall(nodes.Text)):
            text = _BREAKABLE.sub("\N{NO-BREAK SPACE}", node)
            if text != node and not isinstance(node.parent, nodes.literal | nodes.literal_block):
                node.parent.replace(node, nodes.Text(text))


def setup(app: Sphinx) -> None:
    """Connect the parts."""
    app.add_post_transform(UnbrokenNumbers)
    app.connect("html-page-context", _foot)
    app.connect("html-page-context", _listed)
