"""Stops of the tour: links to figures of other pages, and what their captions found.

A caption is computed with its figure, so the tour cannot say what the figure no longer shows.
"""

from typing import Any, cast

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.domains.std import StandardDomain
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole
from sphinx.util.nodes import make_refnode

_LOG = logging.getLogger(__name__)


class StopPlace(nodes.Inline, nodes.Element):
    """Where a link to a figure, or its caption, will stand once all pages are read."""


class Stop(SphinxRole):
    """A link to a figure by its number and the title of its page."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the place of the link."""
        node = StopPlace(name=self.text, kind=self.name)
        self.set_source_info(node)
        return [node], []


class Stops(SphinxPostTransform):
    """Puts links and captions in their places."""

    default_priority = 8

    def run(self, **kwargs: Any) -> None:
        """Replace every place, and warn of a figure that is not there."""
        known = self._labels()
        for place in list(self.document.findall(StopPlace)):
            if place["name"] in known:
                place.replace_self(self._shown(place))
            else:
                _LOG.warning("no figure is called %r", place["name"], location=place)
                place.replace_self(nodes.Text(place["name"]))

    def _labels(self) -> dict[str, tuple[str, str, str]]:
        return cast(StandardDomain, self.env.get_domain("std")).labels

    def _shown(self, place: StopPlace) -> nodes.Node:
        page, anchor, caption = self._labels()[place["name"]]
        if place["kind"] == "finding":
            return nodes.Text(caption)
        number = self.env.toc_fignumbers.get(page, {}).get("figure", {}).get(anchor, ())
        title = self.env.titles[page].astext()
        name = f"Figure {'.'.join(map(str, number))}, {title}" if number else title
        link = make_refnode(self.app.builder, self.env.docname, page, anchor, nodes.Text(name))
        link["classes"].append("stop")
        return link


def setup(app: Sphinx) -> None:
    """Register the roles, and what fills them in."""
    app.add_node(StopPlace)
    app.add_role("stop", Stop())
    app.add_role("finding", Stop())
    app.add_post_transform(Stops)
