"""The data of a chart as tables, from its specification: what its marks show, in its words."""

import html
from collections.abc import Iterator, Mapping
from typing import Any

from exercisebook.figures.tables import number

Rows = list[dict[str, Any]]

_ENDS = {"x": "x2", "y": "y2"}


def data_html(spec: Mapping[str, Any]) -> str:
    """Return the tables of a chart's data, folded; nothing where it has none."""
    tables = [(rows, columns) for rows, columns in chart_tables(spec) if columns]
    if not tables:
        return ""
    count = sum(len(rows) for rows, _ in tables)
    told = "\n".join(_table(rows, columns) for rows, columns in tables)
    name = spec.get("usermeta", {}).get("name", "figure").removeprefix("fig-").replace("-", " ")
    return (
        f'<details class="chart-data"><summary>Data of this figure ({count} '
        f"{'row' if count == 1 else 'rows'})</summary>"
        f'<div class="table-scroll" role="region" aria-label="Data: {html.escape(name)}" '
        f'tabindex="0">{told}</div></details>'
    )


def chart_tables(spec: Mapping[str, Any]) -> Iterator[tuple[Rows, dict[str, str]]]:
    """Yield rows and titled columns of each data set that holds more than a line to compare with.

    A column is a field that a mark shows: by a titled axis, by a name, or where a pointer rests.
    """
    shown: dict[str, dict[str, str]] = {}
    for data, encoding in _marks(spec, None):
        columns = shown.setdefault(data, {})
        for field, title in _columns(encoding):
            columns.setdefault(field, title)
    for data, columns in shown.items():
        rows = spec["datasets"].get(data, [])
        told = {f: title for f, title in columns.items() if any(f in row for row in rows)}
        if len(rows) > 1 and len(told) > 1:
            yield rows, _named_first(rows, told)


def _marks(part: Mapping[str, Any], data: str | None) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield data set and encoding of every mark, those with words for a pointer first."""
    own = part.get("data", {}).get("name", data)
    if "encoding" in part and own is not None:
        yield own, part["encoding"]
    layers = [*part.get("layer", []), *part.get("hconcat", []), *part.get("vconcat", [])]
    layers += [part["spec"]] if "spec" in part else []
    for layer in sorted(layers, key=lambda one: "tooltip" not in one.get("encoding", {})):
        yield from _marks(layer, own)


def _columns(encoding: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield field and title of what an encoding shows."""
    tips = encoding.get("tooltip", [])
    for tip in tips if isinstance(tips, list) else [tips]:
        if "field" in tip:
            yield tip["field"], _title(tip, tip["field"])
    for name, channel in encoding.items():
        if name == "tooltip" or not isinstance(channel, dict) or "field" not in channel:
            continue
        end = encoding.get(_ENDS.get(name, ""), {}).get("field")
        if end is not None:
            yield channel["field"], "from"
            yield end, "to"
        elif channel.get("title") or channel.get("type") in ("nominal", "ordinal"):
            yield channel["field"], _title(channel, channel["field"])


def _title(channel: Mapping[str, Any], field: str) -> str:
    title = channel.get("title")
    told = " ".join(title) if isinstance(title, list) else title
    return (told or "").strip() or field.replace("_", " ")


def _named_first(rows: Rows, columns: Mapping[str, str]) -> dict[str, str]:
    """Return the columns with those of words before those of numbers."""
    words = [f for f in columns if any(isinstance(row.get(f), str) for row in rows)]
    return {f: columns[f] for f in [*words, *(f for f in columns if f not in words)]}


def _table(rows: Rows, columns: Mapping[str, str]) -> str:
    head = "".join(f'<th scope="col">{html.escape(title)}</th>' for title in columns.values())
    body = "\n".join(
        "<tr>" + "".join(f"<td>{_cell(row.get(field))}</td>" for field in columns) + "</tr>"
        for row in rows
    )
    return (
        f'<table class="book-table"><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table>'
    )


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return number(value, 3)
    return html.escape(str(value))
