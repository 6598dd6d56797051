"""How every chart looks, and what travels with it: a name, a caption, a text alternative.

A chart leaves a notebook as Vega-Lite JSON alone. The site draws a static image from it and,
where JavaScript runs, the live chart from one shared script.
"""

from typing import Any

import altair as alt

MIME = "application/vnd.vegalite.v6+json"

INK = "#3d4551"
MUTED = "#8a93a0"
GRID = "#dfe3e8"
ACCENT = "#0072b2"
SECOND = "#d55e00"
THIRD = "#009e73"
SIMULATED = "#aa4499"

PHASES = {"baseline": MUTED, "acute": SECOND, "training": ACCENT}
"""Colour by phase, the same on every page."""

CELLS = {
    "neutrophils": SECOND,
    "lymphocytes": ACCENT,
    "monocytes": THIRD,
    "leukocytes": INK,
}
"""Colour by kind of white cell; distinct for the colour-blind, and in grey by lightness."""

_FONT = "system-ui, -apple-system, 'Segoe UI', 'Liberation Sans', Arial, sans-serif"


def _theme() -> alt.theme.ThemeConfig:
    return {
        "background": "transparent",
        "width": "container",
        "height": 260,
        "config": {
            "font": _FONT,
            "view": {"stroke": None},
            "axis": {
                "labelFontSize": 12,
                "titleFontSize": 12,
                "titleFontWeight": "normal",
                "gridColor": GRID,
                "domain": False,
                "tickColor": MUTED,
                "labelLimit": 200,
                "aria": False,
            },
            "legend": {
                "labelFontSize": 12,
                "titleFontSize": 12,
                "orient": "top",
                "labelLimit": 320,
                "aria": False,
            },
            "header": {"labelFontSize": 13, "titleFontSize": 12},
            "text": {"fontSize": 12},
            "mark": {"aria": False},
        },
    }


def _mimebundle(spec: dict[str, Any], **_: Any) -> dict[str, Any]:
    caption = spec.get("usermeta", {}).get("caption", "")
    return {MIME: spec, "text/plain": f"[figure] {caption}"}


def enable() -> None:
    """Make this theme and this renderer those of the running notebook."""
    alt.theme.register("exercisebook", enable=True)(_theme)
    alt.renderers.register("exercisebook", _mimebundle)
    alt.renderers.enable("exercisebook")


def finished(
    chart: alt.Chart | alt.LayerChart | alt.FacetChart | alt.VConcatChart,
    name: str,
    caption: str,
    description: str,
) -> Any:
    """Return the chart with what a page needs beside the picture.

    Parameters
    ----------
    chart : altair chart
        Complete but for this.
    name : str
        Label for cross-references, ``fig-...``.
    caption : str
        The finding and n, as a sentence.
    description : str
        Text alternative: kind of chart, axes, finding.
    """
    return chart.properties(
        usermeta={"name": name, "caption": caption, "embedOptions": {"actions": False}},
        description=description,
    )
