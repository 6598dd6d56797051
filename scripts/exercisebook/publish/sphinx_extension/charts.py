"""A chart on a page: a static image first, the live chart where JavaScript runs.

The image stands in print, without JavaScript and for readers of the text alternative. One
shared script, kept with the site, draws the live chart over it.
"""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import vl_convert
from docutils import nodes
from sphinx.application import Sphinx

from exercisebook.figures.theme import MIME
from exercisebook.publish.sphinx_extension.chart_data import data_html

STATIC = Path(__file__).with_name("static")
BUNDLE = "vega-bundle.js"
_STATIC_WIDTH = 720
"""Pixels; about the width of the text on a wide screen, so that the live chart is as high."""

_INPUT_HEIGHT = 28
"""Pixels of a slider or menu below a live chart."""


class ChartRenderer:
    """MyST-NB renderer of the book's charts; registered as an entry point."""

    mime_priority_overrides = [("*", MIME, 5)]  # noqa: RUF012  (the interface asks for a list)

    @staticmethod
    def handle_mime(renderer: Any, data: Any, inline: bool) -> list[nodes.Node] | None:
        """Return a figure for a chart's JSON; None leaves other content to MyST-NB."""
        if inline or data.mime_type != MIME:
            return None
        spec = data.content if isinstance(data.content, dict) else json.loads(data.content)
        return chart_nodes(spec, renderer)


def chart_figure(spec: dict[str, Any], renderer: Any) -> nodes.figure:
    """Return the figure of a chart, with image, live specification, caption and label."""
    about = spec.get("usermeta", {})
    payload = json.dumps(spec, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    key = hashlib.sha256(payload.encode()).hexdigest()[:16]
    svg = vl_convert.vegalite_to_svg(static_spec(spec))
    uri = renderer.write_file([f"chart-{key}.svg"], svg.encode(), overwrite=True)
    image = nodes.image(uri=uri, alt=spec.get("description", ""), classes=["vl-static"])
    image["loading"] = "lazy"
    script = '<script type="application/json" class="vl-spec">' + payload.replace("</", "<\\/")
    live = nodes.raw("", script + "</script>", format="html")
    figure = nodes.figure("", *_in_box(image, svg, spec), live, classes=["vl-chart"])
    figure += nodes.caption(about.get("caption", ""), about.get("caption", ""))
    if about.get("name"):
        document = renderer.renderer.document
        figure["names"].append(about["name"])
        document.note_explicit_target(figure, figure)
    return figure


def chart_nodes(spec: dict[str, Any], renderer: Any) -> list[nodes.Node]:
    """Return the figure of a chart, and its data in tables."""
    return [chart_figure(spec, renderer), nodes.raw("", data_html(spec), format="html")]


def _in_box(image: nodes.image, svg: str, spec: dict[str, Any]) -> list[nodes.Node]:
    """Return an image in a box as large as image or live chart will be: nothing shifts later."""
    width, height = svg_size(svg)
    inputs = sum("bind" in param for param in spec.get("params", []))
    style = f"--wide: {width:.0f}; --high: {height:.0f}; --more: {inputs * _INPUT_HEIGHT}"
    opened = nodes.raw("", f'<div class="vl-box" style="{style}">', format="html")
    return [opened, image, nodes.raw("", "</div>", format="html")]


def svg_size(svg: str) -> tuple[float, float]:
    """Return width and height of a picture in pixels."""
    found = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    if found is None:
        raise ValueError("the picture of a chart has no size")
    return float(found[1]), float(found[2])


def static_spec(spec: dict[str, Any]) -> dict[str, Any]:
    """Return the specification with a width of its own and a background that suits print."""
    # a browser's own font may be wider than the one that the converter measures names with
    room = {"left": 28, "right": 8, "top": 5, "bottom": 5}
    fit = {"type": "fit-x", "contains": "padding"}
    fixed = {**spec, "width": _STATIC_WIDTH, "autosize": fit, "background": "white"}
    fixed["padding"] = room
    config = dict(fixed.get("config", {}))
    # fonts that the converter carries; a browser takes the reader's own
    return {**fixed, "config": {**config, "font": "Liberation Sans, Arial, sans-serif"}}


def _write_bundle(app: Sphinx) -> None:
    """Write the shared script: Vega, Vega-Lite and their embedder, from the converter."""
    folder = Path(app.outdir).parent / "chart-static"
    folder.mkdir(parents=True, exist_ok=True)
    version = vl_convert.get_vegalite_versions()[-1]
    # without a snippet the bundle offers vegaEmbed to the page, though the stub asks for one
    script = vl_convert.javascript_bundle(vl_version=version)  # type: ignore[call-arg]
    # its top-level names clash with Sphinx's own, so it lives in a function
    (folder / BUNDLE).write_text(f"(() => {{{script}\n}})();\n", encoding="utf-8")
    app.config.html_static_path += [str(folder), str(STATIC)]
    app.add_css_file("exercisebook.css")


def _add_script(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    if doctree is not None and any(
        "vl-chart" in f["classes"] for f in doctree.findall(nodes.figure)
    ):
        app.add_js_file("charts.js", loading_method="defer")


def setup(app: Sphinx) -> None:
    """Ship the shared script, and ask for it on pages with charts."""
    app.connect("builder-inited", _write_bundle)
    app.connect("html-page-context", _add_script)
