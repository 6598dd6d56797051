"""Tables with several visits of a person side by side in one row, as ``glucose_pre``.

Which visit a column is of stands at the end of its name or at its beginning, behind a mark. What
the values are, and whose, is not decided here.
"""

import re
from collections.abc import Iterable, Mapping

from exercisebook.errors import InvalidInput, Problem, listed
from exercisebook.sources.importers.hints import hint
from exercisebook.sources.importers.textfiles import Layout, TextTable, numbers_of

_MARK = r"[\s_.,:;|/\-–]+"

_UNIT = r"(?P<unit>\s*[(\[][^()\[\]]*[)\]])?"


def visits_of(text: str) -> dict[str, str]:
    """Return phases by the word of a visit, from ``pre=before,post=after``; a word may be both.

    Raises
    ------
    InvalidInput
        If a word is empty, or stands there twice.
    """
    found: dict[str, str] = {}
    for part in text.split(","):
        word, mark, phase = (piece.strip() for piece in part.partition("="))
        phase = phase if mark else word
        if not word or not phase or word.casefold() in map(str.casefold, found):
            told = f"{part.strip()!r} in {text!r}"
            expected = "each visit once, as in pre=before,post=after"
            raise InvalidInput([Problem("--visits", told, expected, "Correct it.")])
        found[word] = phase
    return found


def visit_of(column: str, visits: Mapping[str, str]) -> tuple[str, str] | None:
    """Return a column's name without its visit, and the phase; None if it is of no visit.

    The unit stays with the name: ``glucose_pre (mmol/L)`` is ``glucose (mmol/L)``.
    """
    for word in sorted(visits, key=len, reverse=True):
        own = re.escape(word)
        last = rf"(?P<name>.*?\S)(?:{_MARK}{own}|\s*[(\[]{own}[)\]]){_UNIT}"
        for pattern in (last, rf"{own}{_MARK}(?P<name>\S.*)"):
            match = re.fullmatch(pattern, column, flags=re.IGNORECASE)
            if match:
                unit = match.groupdict().get("unit") or ""
                return match["name"].strip() + (f" {unit.strip()}" if unit else ""), visits[word]
    return None


def placed(
    table: TextTable, columns: list[str], visits: Mapping[str, str], layout: Layout
) -> tuple[dict[str, tuple[str, str]], list[Problem]]:
    """Return name and phase of each column of a visit, and what is wrong with the columns.

    Raises
    ------
    InvalidInput
        If no column is of any visit.
    """
    of_each = {column: visit_of(column, visits) for column in columns}
    found = {column: visit for column, visit in of_each.items() if visit is not None}
    phases = {phase for _, phase in found.values()}
    absent = [word for word, phase in visits.items() if phase not in phases]
    problems = []
    if absent:
        told = f"no column of {listed(map(repr, absent))} among {listed(map(repr, columns))}"
        expected = f"a column a visit, such as NAME_{absent[0]}"
        problems.append(Problem(table.file, told, expected, "Correct --visits, or the names."))
    if not found:
        raise InvalidInput(problems)
    problems += _forgotten(table, found, [c for c in columns if c not in found], visits, layout)
    return found, problems


def faults_of_phases(visits: Mapping[str, str], phases: Iterable[str]) -> list[Problem]:
    """Return a problem for each visit whose phase the package does not have."""
    known = list(dict.fromkeys(phases))
    return [
        Problem(
            "--visits", f"the phase {phase!r} of {word!r}",
            f"a phase of samples.csv: {listed(known)}", f"Correct it ({hint(phase, known)}).",
        )
        for word, phase in visits.items()
        if phase not in known
    ]  # fmt: skip


def _forgotten(
    table: TextTable,
    found: Mapping[str, tuple[str, str]],
    others: list[str],
    visits: Mapping[str, str],
    layout: Layout,
) -> list[Problem]:
    """Return a problem for each column of numbers that looks like a further visit of a feature."""
    names = {re.sub(r"\s*[(\[][^()\[\]]*[)\]]$", "", name) for name, _ in found.values()}
    problems = []
    for column in others:
        word = _further(column, names)
        if word is None or not numbers_of(table.frame[column], layout)["value"].notna().any():
            continue
        said = ",".join(f"{own}={phase}" for own, phase in visits.items())
        repair = f"Add it, as in --visits '{said},{word}=PHASE', or leave it out with \
--ignore '{column}'."
        expected = f"a visit of --visits: {listed(visits)}"
        problems.append(Problem(table.file, "another visit", expected, repair, None, column))
    return problems


def _further(column: str, names: Iterable[str]) -> str | None:
    """Return what a column has beside the name of a feature, if it is one word."""
    for name in names:
        pattern = rf"{re.escape(name)}{_MARK}(\w+){_UNIT}"
        match = re.fullmatch(pattern, column, flags=re.IGNORECASE)
        if match:
            return match[1]
    return None
