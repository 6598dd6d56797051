"""A chart on a page: a static image first, the live chart where JavaScript runs.

The image stands in print, without JavaScript and for readers of the text alternative. One
shared script, kept with the site, draws the live chart over it.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import vl_convert
from docutils import nodes
from sphinx.application import Sphinx

from exercisebook.figures.theme import MIME

STATIC = Path(__file__).with_name("static")
BUNDLE = "vega-bundle.js"
_STATIC_WIDTH = 680


class ChartRenderer:
    """MyST-NB renderer of the book's charts; registered as an entry point."""

    mime_priority_overrides = [("*", MIME, 5)]  # noqa: RUF012  (the interface asks for a list)

    @staticmethod
    def handle_mime(renderer: Any, data: Any, inline: bool) -> list[nodes.Node] | None:
        """Return a figure for a chart's JSON; None leaves other content to MyST-NB."""
        if inline or data.mime_type != MIME:
            return None
        spec = data.content if isinstance(data.content, dict) else json.loads(data.content)
        return [chart_figure(spec, renderer)]


def chart_figure(spec: dict[str, Any], renderer: Any) -> nodes.figure:
    """Return the figure of a chart, with image, live specification, caption and label."""
    about = spec.get("usermeta", {})
    payload = json.dumps(spec, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    key = hashlib.sha256(payload.encode()).hexdigest()[:16]
    svg = vl_convert.vegalite_to_svg(static_spec(spec))
    uri = renderer.write_file([f"chart-{key}.svg"], svg.encode(), overwrite=True)
    image = nodes.image(uri=uri, alt=spec.get("description", ""), classes=["vl-static"])
    script = '<script type="application/json" class="vl-spec">' + payload.replace("</", "<\\/")
    live = nodes.raw("", script + "</script>", format="html")
    figure = nodes.figure("", image, live, classes=["vl-chart"])
    figure += nodes.caption(about.get("caption", ""), about.get("caption", ""))
    if about.get("name"):
        document = renderer.renderer.document
        figure["names"].append(about["name"])
        document.note_explicit_target(figure, figure)
    return figure


def static_spec(spec: dict[str, Any]) -> dict[str, Any]:
    """Return the specification with a width of its own and a background that suits print."""
    # a browser's own font may be wider than the one that the converter measures names with
    room = {"left": 28, "right": 8, "top": 5, "bottom": 5}
    fixed = {**spec, "width": _STATIC_WIDTH, "background": "white", "padding": room}
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
