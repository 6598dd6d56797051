"""How every chart looks, and what travels with it: a name, a caption, a text alternative.

A chart leaves a notebook as Vega-Lite JSON alone. The site draws a static image from it and,
where JavaScript runs, the live chart from one shared script.
"""

import html
from collections.abc import Sequence
from pathlib import Path
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

NODES = (INK, ACCENT, SECOND)
"""Colours of a causal graph: what is asked, what was measured, what was not."""

SHAPES = ("circle", "square", "diamond", "triangle-up")
"""Shapes of dots, one a group: in grey print two colours are often one."""

CELL_SHAPES = dict(zip(CELLS, SHAPES, strict=True))
"""Shape by kind of white cell, the same on every page."""

DASHES: tuple[tuple[int, ...], ...] = ((1, 0), (8, 3), (2, 3), (8, 3, 2, 3))
"""Dashes of lines, one a group."""

DIGITS = 6
"""Significant digits of the numbers that a chart carries."""

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
                "labelFlush": False,
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
    return {MIME: steady(spec), "text/plain": f"[figure] {caption}"}


def steady(spec: dict[str, Any]) -> dict[str, Any]:
    """Return a chart without the last digits of its data, which differ from machine to machine.

    Parameters
    ----------
    spec : dict
        Vega-Lite, its data under ``datasets`` by a name made from their bytes.

    Returns
    -------
    dict
        The same with numbers to six significant digits, and data named by their place.
    """
    names = {old: f"data-{place}" for place, old in enumerate(spec.get("datasets", {}))}
    renamed = _renamed(spec, names)
    if names:
        renamed["datasets"] = {
            names[old]: [{k: _rounded(v) for k, v in row.items()} for row in rows]
            for old, rows in spec["datasets"].items()
        }
    return renamed


def _renamed(part: Any, names: dict[str, str]) -> Any:
    if isinstance(part, list):
        return [_renamed(item, names) for item in part]
    if not isinstance(part, dict):
        return part
    return {
        key: {**value, "name": names.get(value["name"], value["name"])}
        if key == "data" and "name" in value
        else _renamed(value, names)
        for key, value in part.items()
        if key != "datasets"
    }


def _rounded(value: Any) -> Any:
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


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


def shaped(colour: alt.Color, shapes: Sequence[str] = SHAPES) -> alt.Shape:
    """Return the shapes that go with a colour, in one legend with it."""
    return _beside(colour, alt.Shape, shapes)


def dashed(colour: alt.Color, dashes: Sequence[Sequence[int]] = DASHES) -> alt.StrokeDash:
    """Return the dashes that go with a colour, in one legend with it."""
    return _beside(colour, alt.StrokeDash, [list(dash) for dash in dashes])


def _beside(colour: alt.Color, channel: Any, choice: Sequence[Any]) -> Any:
    told = colour.to_dict()
    domain = told["scale"]["domain"]
    if len(domain) > len(choice):
        raise ValueError(f"{len(domain)} groups cannot be told apart by {len(choice)} marks")
    scale = alt.Scale(domain=domain, range=list(choice[: len(domain)]))
    parts = {part: colour[part] for part in ("title", "legend") if part in told}
    return channel(f"{told['field']}:N", scale=scale, **parts)


def save_chart(chart: Any, path: Path) -> None:
    """Write a finished chart as an SVG file in the book's theme, its description as the title."""
    import vl_convert

    alt.theme.register("exercisebook", enable=False)(_theme)
    with alt.theme.enable("exercisebook"):
        spec = chart.to_dict()
    width = {"width": 560} if spec.get("width", "container") == "container" else {}
    svg = vl_convert.vegalite_to_svg({**spec, **width, "background": "white"})
    title = f"<title>{html.escape(spec.get('description', ''))}</title>"
    head, mark, rest = svg.partition(">")
    path.write_text(head + mark + title + rest, encoding="utf-8")
