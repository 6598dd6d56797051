"""Names and keys: rows of the template, names alike, copies, what is described and not measured."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd

from exercisebook.checks.findings import Finding, finding
from exercisebook.cohort.package import Cohort, Examined
from exercisebook.errors import listed
from exercisebook.sources.templates.package import EXAMPLE
from exercisebook.stats.assay import USABLE

_PERSONAL = re.compile(
    r"^(first|last|sur|family|full)?[ _-]*name$|birth|^dob$|e-?mail|phone|address|postcode|zip"
    r"|social.?security|national.?id|passport|initials",
    re.IGNORECASE,
)
"""Columns that may hold what identifies a person."""

_FEWEST = 6
"""Different values in which two features must agree to be copies."""


def template_findings(examined: Examined) -> list[Finding]:
    """Return the rows that stand as they stood in the template."""
    ids = {"subjects": "subject", "samples": "sample_id", "features": "feature",
           "contrasts": "contrast", "orthologs": "feature"}  # fmt: skip
    tables = [(f"{name}.csv", ids[name], table) for name, table in examined.tables.items()]
    tables += [(f"measurements/{m}.csv", "sample_id", t) for m, t in examined.measurements.items()]
    words = [
        finding("T131", "datapackage.json", repr(told)[:80], "words of your own", column=place)
        for place, told in _words(examined.description)
        if told.startswith(EXAMPLE)
    ]
    return words + [
        finding("T131", file, repr(name), "rows of your own", int(row) + 2, column)
        for file, column, table in tables
        if column in table
        for row, name in enumerate(table[column])
        if str(name).startswith(EXAMPLE)
    ]


def _words(told: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text of a description with its place, but those of its resources."""
    if isinstance(told, str):
        yield place, told
    elif isinstance(told, dict):
        for name, part in told.items():
            if name != "resources":
                yield from _words(part, f"{place}.{name}".removeprefix("."))
    elif isinstance(told, list):
        for part in told:
            yield from _words(part, place)


def alike_findings(cohort: Cohort) -> list[Finding]:
    """Return names that differ in nothing a person would call a difference."""
    lists = [
        ("subjects.csv", "subject", cohort.subjects["subject"]),
        ("samples.csv", "sample_id", cohort.samples["sample_id"]),
        ("samples.csv", "arm", cohort.samples["arm"].drop_duplicates()),
        ("samples.csv", "phase", cohort.samples["phase"].drop_duplicates()),
    ]
    lists += [
        ("features.csv", "feature", own["feature"])
        for _, own in cohort.features.groupby("modality")
    ]
    found = []
    for file, column, names in lists:
        plain = names.astype(str).map(_plain)
        for _, group in names[plain.duplicated(keep=False) & (plain != "")].groupby(plain):
            told = listed(map(repr, group))
            row = int(group.index[-1]) + 2
            found.append(finding("T132", file, told, "names that differ plainly", row, column))
    return found


def _plain(name: str) -> str:
    """Return a name without case, marks and leading zeros; two numbers stay two, a plus stays."""
    bare = name.casefold().replace("+", "plus")
    bare = re.sub(r"(?<=\d)[\W_]+(?=\d)", "\0", bare)
    bare = re.sub(r"(?<!\d)0+(?=\d)", "", bare)
    return re.sub(r"[^\w\0]|_", "", bare)


def personal_findings(examined: Examined) -> list[Finding]:
    """Return columns that may identify people."""
    of_features = ("features", "orthologs")
    tables = {f"{n}.csv": table for n, table in examined.tables.items() if n not in of_features}
    return [
        finding("T231", file, f"a column {column!r}", "nothing that names a person", 1, str(column))
        for file, table in tables.items()
        for column in table.columns
        if _PERSONAL.search(str(column))
    ]


def unused_findings(cohort: Cohort) -> list[Finding]:
    """Return features, subjects and samples about which nothing was measured."""
    tables = cohort.measurements.items()
    measured = {(modality, name) for modality, t in tables for name in t["feature"].unique()}
    keys = list(zip(cohort.features["modality"], cohort.features["feature"], strict=True))
    idle = [f"{modality} {name}" for modality, name in keys if (modality, name) not in measured]
    usable = [t.loc[t["status"].isin(USABLE), "sample_id"] for t in cohort.measurements.values()]
    seen = set(pd.concat(usable)) if usable else set()
    samples = [name for name in cohort.samples["sample_id"] if name not in seen]
    absent = cohort.subjects.loc[
        ~cohort.subjects["subject"].isin(cohort.samples["subject"]), "subject"
    ]
    return [
        *_named("T226", "features.csv", idle, "features", "measurements of them"),
        *_named("T227", "subjects.csv", absent, "subjects", "samples of them"),
        *_named("T228", "samples.csv", samples, "samples", "usable values of them"),
    ]


def _named(code: str, file: str, names: Iterable[str], what: str, expected: str) -> list[Finding]:
    told = list(names)
    return [finding(code, file, f"{what} ({len(told)}): {listed(told)}", expected)] if told else []


def copied_findings(cohort: Cohort, modality: str, values: pd.DataFrame) -> list[Finding]:
    """Return features of one canonical id, and features equal in every sample.

    Parameters
    ----------
    cohort : Cohort
    modality : str
    values : DataFrame, shape (samples, features)
        As measured.
    """
    own = cohort.features[cohort.features["modality"] == modality]
    ids = own["canonical_id"].fillna("")
    found = []
    for name, group in own[ids.duplicated(keep=False) & (ids != "")].groupby(ids, sort=False):
        told = f"{listed(group['feature'])} as {name!r}"
        row = int(group.index[-1]) + 2
        found.append(finding("T225", "features.csv", told, "one feature", row, "canonical_id"))
    if modality in ("taxa", "cells", "rna"):
        return found  # rare taxa and genes may share their few counts
    # complete features alone: two with one gap more are not told to be copies
    turned = values.dropna(axis="columns").T
    turned = turned[turned.nunique(axis=1) >= _FEWEST]
    turned = turned[turned.duplicated(keep=False)]
    alike: dict[bytes, list[str]] = defaultdict(list)
    for name, row in zip(turned.index, turned.to_numpy(float), strict=True):
        alike[row.tobytes()].append(str(name))
    file = f"measurements/{modality}.csv"
    return found + [
        finding("T229", file, f"{listed(names)}: the same values", "values of their own")
        for names in alike.values()
    ]
