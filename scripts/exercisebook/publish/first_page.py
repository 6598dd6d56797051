"""The first page of a report: whose data, which chapters, what the check found, how to go on.

It takes the place of the book's own first page, which speaks of the book as a whole.
"""

import re
from collections.abc import Sequence
from typing import Any

from exercisebook.publish.plan import Plan
from exercisebook.publish.provenance import shown

_MARKS = re.compile(r"([!-/:-@\[-`{-~])")

WORDS = {"error": "errors", "warning": "warnings", "note": "notes"}


def plain(text: object) -> str:
    """Return a user's words as MyST that means these words and nothing else."""
    return _MARKS.sub(r"\\\1", " ".join(str(text).split()))


def first_page(plan: Plan, about: dict[str, Any] | None, labels: Sequence[str], again: str) -> str:
    """Return the first page of a report as MyST.

    Parameters
    ----------
    plan : Plan
        Of a report.
    about : dict, optional
        What is said of a brought cohort; None where the report is on the book's own data.
    labels : sequence of str
        Labels of its chapters, in order.
    again : str
        The command that makes it again.
    """
    parts = [
        "(welcome)=",
        f"# A report on {plain(about['name'])}" if about else "# A report",
        "This is no copy of the book, but chapters of it, run as somebody asked.",
        "## Whose data",
        *(_whose(about) if about else _own(plan)),
        "## Which chapters",
        "\n".join(f"- [](#{label})" for label in labels),
        "What else the book holds, its other chapters and its ledger of open data, is not here.",
        *(_found(about) if about else ()),
        *_given(plan, about),
        "## Where to go on",
        "[](#how-to-read) explains pages and verdicts.",
        *_beside(about),
        "This command makes the report again" + (
            ", with the folder of the cohort in place of DIR:" if about else ":"
        ),
        f"```bash\n{again}\n```",
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _whose(about: dict[str, Any]) -> list[str]:
    title = f"“{plain(about['title'])}”, " if about["title"] else ""
    kind = "a simulated cohort" if about["simulated"] else "a cohort"
    people, samples = about["people"], about["samples"]
    numbers = f"{_counted(people, 'person', 'people')}, {_counted(samples, 'sample', 'samples')}"
    held = [f"{plain(name)} ({count})" for name, count in about["features"].items()]
    held += ["single cells"] if about["cells"] else []
    lines = [
        f"These pages show {title}{kind} brought to this report under the name "
        f"{plain(about['name'])}: {numbers}.",
        f"- Phases: {_listed(about['phases'])}\n- Arms: {_listed(about['arms'])}\n"
        f"- Measured, with the number of features: {', '.join(held)}\n- {_design(about)}",
    ]
    beside = "Beside it stand the open data of the book, each named where it is shown."
    return [*lines, beside]


def _design(about: dict[str, Any]) -> str:
    if about["simulated"]:
        return "Simulated: its truth is known, and no claim is judged on it"
    study = about["study"]
    if study is None:
        return "Design: not said in its package, so that no claim is judged on it"
    told = ", ".join(plain(study[name]) for name in ("species", "population"))
    return f"Design: {plain(study['design'])} ({told})"


def _own(plan: Plan) -> list[str]:
    names = {str(shown(c)["cohort"]) for c in plan.chapters if "cohort" in c.parameters}
    if not names:
        return [
            "These pages show the data of the book itself: open data, each named where it is "
            "shown, and the simulated reference cohort. Nobody brought a cohort."
        ]
    return [
        f"These pages show the open data set `{min(names)}` in place of the reference cohort, "
        "beside the other open data of the book. Nobody brought a cohort."
    ]


def _found(about: dict[str, Any]) -> list[str]:
    found = about["found"]
    counts = ", ".join(
        _counted(sum(f["times"] for f in found if f["severity"] == one), one, many)
        for one, many in WORDS.items()
    )
    lines = [
        "## What the check found",
        f"`exercisebook check` told {counts} on these data when this report was made.",
    ]
    grave = [f for f in found if f["severity"] != "note"]
    if grave:
        rows = [
            f"| {f['code']} | {f['severity']} | {f['times']} | {f['means']} | {plain(f['found'])} |"
            for f in grave
        ]
        head = ["| Code | How grave | Times | It means | Found, the first time |", 5 * "|---" + "|"]
        lines.append("\n".join([*head, *rows]))
    lines.append("All findings are in `bundle/check.json`; {ref}`checks` explains every code.")
    return lines


def _given(plan: Plan, about: dict[str, Any] | None) -> list[str]:
    told: dict[str, object] = {}
    for chapter in plan.chapters:
        told |= {name: value for name, value in shown(chapter).items() if name != "cohort"}
    if not told:
        return []
    lines = "\n".join(f"- `{name} = {value}`" for name, value in told.items())
    return ["## Parameters", f"Other than the book's defaults:\n\n{lines}"]


def _beside(about: dict[str, Any] | None) -> list[str]:
    held = ["the executed notebooks", "their parameters", "the versions of everything"]
    if about:
        held.append("what the check found")
        if about["study"] and not about["simulated"]:
            held.append("the ledger of this cohort, with both verdicts on every claim")
    told = f"{', '.join(held[:-1])} and {held[-1]}"
    return [f"The folder `bundle`, beside the folder of these pages, holds {told}."]


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _listed(names: Sequence[str], most: int = 12) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(plain(name) for name in names[:most]) + more
