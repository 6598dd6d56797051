"""Tables as pages show them: few columns, one formatter, a caption."""

import html
from dataclasses import dataclass

import numpy as np
import pandas as pd

MINUS = "\N{MINUS SIGN}"
NARROW = "\N{NO-BREAK SPACE}"


def number(value: float, digits: int = 2) -> str:
    """Return a number to ``digits`` significant figures, never in powers of ten below a million.

    A typographic minus, a comma between thousands, and an en dash for what is missing.
    """
    if value is None or not np.isfinite(value):
        return "–" if value is None or np.isnan(value) else ("∞" if value > 0 else f"{MINUS}∞")
    if value == 0:
        return "0"
    decimals = max(0, digits - 1 - int(np.floor(np.log10(abs(value)))))
    text = f"{value:,.{min(decimals, 9)}f}"
    return text.replace("-", MINUS)


def whole(value: float) -> str:
    """Return a whole number with commas between thousands."""
    return f"{int(value):,}".replace("-", MINUS)


def percent(fraction: float, digits: int = 2, signed: bool = False) -> str:
    """Return a fraction as per cent, with a plus sign where ``signed``."""
    text = number(100 * fraction, digits)
    plus = "+" if signed and np.isfinite(fraction) and fraction > 0 else ""
    return f"{plus}{text}{NARROW}%"


def interval(low: float, high: float, digits: int = 2) -> str:
    """Return the two ends of an interval, or a dash where it has none."""
    if np.isnan(low) and np.isnan(high):
        return number(low)
    return f"{number(low, digits)} to {number(high, digits)}"


def p_value(p: float) -> str:
    """Return a p value: two figures, or that it lies below a ten-thousandth."""
    if np.isfinite(p) and p < 1e-4:
        return "< 0.0001"
    return number(p)


@dataclass(frozen=True)
class Table:
    """A frame of finished text with its caption; a notebook shows it as HTML.

    Attributes
    ----------
    frame : DataFrame
        Finished text, at most eight columns; the first names the row.
    caption : str
        A sentence.
    stacked : bool
        Whether each row becomes a card on a narrow screen, as tables of sentences should.
    """

    frame: pd.DataFrame
    caption: str
    stacked: bool = False

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col">{html.escape(str(c))}</th>' for c in self.frame.columns)
        names = list(self.frame.columns)
        rows = "".join(
            "<tr>"
            + "".join(_cell(v, n, n == names[0]) for v, n in zip(row, names, strict=True))
            + "</tr>"
            for row in self.frame.itertuples(index=False)
        )
        kind = "book-table stacked" if self.stacked else "book-table"
        caption = html.escape(self.caption)
        return (
            f'<div class="table-scroll" role="region" aria-label="{caption}" tabindex="0">'
            f'<table class="{kind}"><caption>{caption}</caption>'
            f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
        )

    def __repr__(self) -> str:
        return f"{self.caption}\n{self.frame.to_string(index=False)}"


def _cell(value: object, name: str, first: bool) -> str:
    text = html.escape(str(value))
    if first:
        return f'<th scope="row">{text}</th>'
    return f'<td data-label="{html.escape(name)}">{text}</td>'
