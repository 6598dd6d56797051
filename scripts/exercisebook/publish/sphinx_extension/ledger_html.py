"""The ledger's table as HTML: complete and plain without JavaScript, with what a script needs.

Both verdicts stand in one cell of each row; nothing here shows one of them alone.
"""

import html
import re
from collections.abc import Callable, Iterable, Mapping

import numpy as np
import pandas as pd

from exercisebook.claims.claims import DOCUMENTS, EMPIRICAL
from exercisebook.claims.verdict import IDENTIFIED, NOT_ASKED, NOT_EMPIRICAL, OBSERVED
from exercisebook.figures.tables import interval, number, whole
from exercisebook.sources.catalogue import catalogue
from exercisebook.sources.features import feature_table, label, members

CLAIM_ID = re.compile(r"\bS\d+-\d+\b")
CAUSES = ("identified", "not identified", "not asked")
HEADS = ("claim", "measured by", "is it there, and can the design name the cause?", "numbers, why")

_DOI = re.compile(r"\b10\.\d{4,}/[^\s;,)]+[^\s;,.)]")

Section = Callable[[str], str | None]
"""From a chapter's number to the address of its section on claims; None without a page."""


def anchor(claim_id: str, dataset: str = "") -> str:
    """Return the name of a claim's place on the page; of a further row, with its data set."""
    return "-".join(["claim", claim_id.lower(), *([dataset] if dataset else [])])


def kind_of_cause(cause: str) -> str:
    """Return which of three kinds the second verdict is of."""
    if cause in (IDENTIFIED, NOT_ASKED):
        return CAUSES[0] if cause == IDENTIFIED else CAUSES[2]
    return CAUSES[1]


def table_html(
    rows: pd.DataFrame, claims: pd.DataFrame, scales: pd.DataFrame, section: Section
) -> str:
    """Return the table, with the form that a script brings to life.

    Parameters
    ----------
    rows : DataFrame
        Of the ledger.
    claims : DataFrame
        All claims.
    scales : DataFrame
        dataset, canonical_id, kind, effect_scale, unit, contrast.
    section : callable
        Where a chapter's section on its claims is.
    """
    about = claims.set_index("claim_id", drop=False)
    lines, seen = [], set[str]()
    for _, row in rows.iterrows():
        claim = about.loc[row["claim_id"]]
        further = row["dataset"] if row["claim_id"] in seen else ""
        seen.add(row["claim_id"])
        scale = _scale(row["dataset"], claim, scales)
        lines.append(_row(row, claim, anchor(row["claim_id"], further), section, scale))
    heads = "".join(f'<th scope="col">{head}</th>' for head in HEADS)
    return (
        f'{_form(rows, about)}<div class="table-scroll" role="region" aria-label="The ledger" '
        'tabindex="0"><table class="book-table stacked ledger">'
        f"<caption>{len(rows)} rows, one a claim and data set; each has both verdicts.</caption>"
        f"<thead><tr>{heads}</tr></thead><tbody>\n" + "\n".join(lines) + "\n</tbody></table></div>"
    )


def linked_ids(page: str, known: set[str], ledger: str) -> str:
    """Return a page's HTML in which rows named by a claim's id link to the ledger.

    Parameters
    ----------
    page : str
        The body of a page.
    known : set of str
        The claims that the ledger holds.
    ledger : str
        Where it is, as seen from the page.
    """

    def link(found: re.Match[str]) -> str:
        name = found["id"]
        if name not in known:
            return found[0]
        return f'{found["head"]}<a href="{ledger}#{anchor(name)}">{name}</a>'

    return re.sub(rf'(?P<head><th scope="row">)(?P<id>{CLAIM_ID.pattern})', link, page)


def _scale(name: str, claim: pd.Series, scales: pd.DataFrame) -> pd.Series | None:
    """Return the scale of a claim's numbers in a data set; of a group, if one member has any."""
    own = scales[
        (scales["dataset"] == name)
        & (scales["kind"] == claim["kind"])
        & scales["canonical_id"].isin(members(claim["canonical_id"]))
    ]
    return own.iloc[0] if len(own) == 1 else None


def _row(
    row: pd.Series, claim: pd.Series, place: str, section: Section, scale: pd.Series | None
) -> str:
    data = {
        "chapter": row["chapter"],
        "observed": row["observed"],
        "cause": kind_of_cause(row["cause"]),
        "dataset": row["dataset"],
        "document": claim["source"],
        "names": "|".join(_names(claim["canonical_id"])),
    }
    told = "".join(f' data-{name}="{html.escape(str(value))}"' for name, value in data.items())
    cells = (_measured_by(row), _verdicts(row, claim), _numbers(row, scale))
    body = "".join(
        f'<td data-label="{head}">{cell}</td>' for head, cell in zip(HEADS[1:], cells, strict=True)
    )
    return f'<tr id="{place}"{told}><th scope="row">{_claim(row, claim, section)}</th>{body}</tr>'


def _names(canonical_id: str) -> list[str]:
    """Return what a reader may search a feature by, or the members of a group."""
    known = feature_table().reindex([canonical_id, *members(canonical_id)]).dropna(how="all")
    told = [known["label"], known["synonyms"].str.split("|").explode()]
    return list(dict.fromkeys(name for name in pd.concat(told) if name))


def _claim(row: pd.Series, claim: pd.Series, section: Section) -> str:
    name = row["claim_id"]
    where = section(row["chapter"])
    chapter = f"chapter {row['chapter']}"
    if where:
        chapter = f'<a href="{html.escape(where)}">{chapter}</a>'
    document = f'<span title="{html.escape(DOCUMENTS[claim["source"]])}">{claim["source"]}</span>'
    return (
        f'<a class="claim-id" href="#{anchor(name)}">{name}</a> {html.escape(claim["statement"])}'
        f'<p class="aside">{document}, {chapter}</p>{_counter_evidence(claim)}'
    )


def _counter_evidence(claim: pd.Series) -> str:
    source, told = claim["counter_evidence_doi"], claim["counter_evidence"]
    if not isinstance(source, str) and not isinstance(told, str):
        return ""
    parts = [html.escape(text) for text in (told, source) if isinstance(text, str)]
    return f'<p class="aside">From the literature: {_with_dois(" ".join(parts))}</p>'


def _with_dois(text: str) -> str:
    return _DOI.sub(lambda m: f'<a href="https://doi.org/{m[0]}">doi:{m[0]}</a>', text)


def _measured_by(row: pd.Series) -> str:
    if row["dataset"] == "none":
        untested = row["observed"] == NOT_EMPIRICAL
        return "nothing to measure" if untested else "no open data set of this book"
    aspects = [part.rsplit(" ", 1) for part in row["directness"].split("; ")]
    told = [
        f"{how}: " + ", ".join(aspect for aspect, word in aspects if word == how)
        for how in ("same", "different")
        if how in {word for _, word in aspects}
    ]
    return (
        f'<code>{html.escape(row["dataset"])}</code><p class="aside">{html.escape(row["design"])}'
        f"</p>" + "".join(f'<p class="aside">{html.escape(line)}</p>' for line in told)
    )


def _verdicts(row: pd.Series, claim: pd.Series) -> str:
    nature = "" if claim["nature"] == EMPIRICAL else f" ({html.escape(claim['nature'])})"
    return (
        f'<strong class="observed">{html.escape(row["observed"])}</strong>{nature}'
        f'<p>cause: <span class="cause">{html.escape(row["cause"])}</span></p>'
    )


def _numbers(row: pd.Series, scale: pd.Series | None) -> str:
    told = CLAIM_ID.sub(
        lambda found: f'<a href="#{anchor(found[0])}">{found[0]}</a>', html.escape(row["reason"])
    )
    if np.isnan(row["estimate"]):
        return told
    return f"{html.escape(_estimate(row, scale))}<br>{told}"


def _estimate(row: pd.Series, scale: pd.Series | None) -> str:
    """Return what was compared, estimate, interval, n and smallest detectable effect.

    Of logarithms, the ratios.
    """
    name, unit = ("", "") if scale is None else (scale["effect_scale"], scale["unit"])
    ratio = name == "log2_ratio"
    estimate, low, high, least = (
        2 ** row[c] if ratio else row[c] for c in ("estimate", "ci_low", "ci_high", "detectable")
    )
    head = "" if scale is None else f"{label(scale['canonical_id'])}, {_compared(scale)}: "
    head += "ratio " if ratio else "" if name in ("", "difference") else f"{name} "
    units = f" {unit}" if unit and not ratio else ""
    told = (
        f"{head}{number(estimate, 3)}{units} (95 % interval {interval(low, high, 3)}), "
        f"n = {_counted(row['n_subjects'], row['dataset'])}"
    )
    if np.isnan(least):
        return told
    sides = f"{number(1 / least, 3)} or {number(least, 3)}" if ratio else f"±{number(least, 3)}"
    return f"{told}; detectable: {sides}{units}"


def _compared(scale: pd.Series) -> str:
    """Return a contrast in words: its tissue, its hour, its groups."""
    told = re.sub(r"-(\d+)w$", r", \1 weeks", scale["contrast"])
    told = re.sub(r"(\d)h\b", r"\1 h", told)
    return re.sub(r"(?<=[a-z])-(?=[a-z])", " against ", told)


def _counted(n: float, name: str) -> str:
    """Return a number with what it counts: people, animals, or measurements of no living thing."""
    species = catalogue()[name].species
    one, several = {"human": ("person", "people"), "none": ("measurement", "measurements")}.get(
        species, (species, f"{species}s")
    )
    return f"{whole(n)} {one if n == 1 else several}"


def _form(rows: pd.DataFrame, about: pd.DataFrame) -> str:
    """Return the form, hidden until a script can answer it."""
    sources = rows["claim_id"].map(about["source"])
    datasets = [*sorted(set(rows["dataset"]) - {"none"}), "none"]
    choices: Mapping[str, tuple[str, pd.Series, Iterable[str]]] = {
        "chapter": ("Chapter", rows["chapter"], sorted(set(rows["chapter"]))),
        "observed": ("Is it there?", rows["observed"], OBSERVED),
        "cause": ("Can the design name the cause?", rows["cause"].map(kind_of_cause), CAUSES),
        "dataset": ("Data set", rows["dataset"], datasets),
        "document": ("Text", sources, DOCUMENTS),
    }
    fields = "".join(
        f'<label>{words}<select name="{name}"><option value="">all</option>'
        + "".join(_option(option, int((values == option).sum())) for option in options)
        + "</select></label>"
        for name, (words, values, options) in choices.items()
    )
    return (
        '<form class="ledger-filter" hidden><label class="wide">Search'
        f'<input type="search" name="q" autocomplete="off"></label>{fields}'
        '<button type="reset">Show all</button>'
        '<p class="ledger-count" role="status" aria-live="polite"></p></form>'
    )


def _option(name: str, count: int) -> str:
    told = html.escape(name)
    return f'<option value="{told}">{told} ({count})</option>'
