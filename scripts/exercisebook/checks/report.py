"""Findings as JSON and as lines to be read: the worst first, repeated ones counted."""

import json
from collections import Counter
from itertools import groupby

from exercisebook.checks.codes import CODES, NOTE, SEVERITIES
from exercisebook.checks.findings import Finding

SHOWN = 3
"""Findings of one code that are told one by one."""

_HEADS = {"error": "Errors", "warning": "Warnings", "note": "Notes"}


def as_json(name: str, findings: list[Finding]) -> str:
    """Return the findings as JSON: counts by severity, then a record each."""
    told = {
        "package": name,
        "counts": counts(findings),
        "findings": [finding.as_record() for finding in findings],
    }
    # ASCII alone: a name may hold half of a character, which no encoding writes
    return json.dumps(told, indent=1)


def counts(findings: list[Finding]) -> dict[str, int]:
    """Return how many findings there are of each severity."""
    count = Counter(finding.severity for finding in findings)
    return {severity: count[severity] for severity in SEVERITIES}


def as_lines(findings: list[Finding]) -> list[tuple[str, str]]:
    """Return the findings as lines, each with a style: a severity, ``head`` or ``plain``.

    Parameters
    ----------
    findings : list of Finding
        The worst first, those of a code together.
    """
    lines = []
    for severity, group in groupby(findings, key=lambda f: f.severity):
        own = list(group)
        lines.append((f"{_HEADS[severity]}: {len(own)}", severity))
        for code, same in groupby(own, key=lambda f: f.code):
            lines += _of_code(code, list(same))
        lines.append(("", "plain"))
    return [*lines, (summary(findings), "head")]


def _of_code(code: str, findings: list[Finding]) -> list[tuple[str, str]]:
    entry = CODES[code]
    several = f" ({len(findings)})" if len(findings) > 1 else ""
    lines = [(f"{code}  {entry.means.replace('`', '')}{several}", "head")]
    wanted = "" if entry.severity == NOTE else "expected "
    lines += [
        (f"      {_place(f)}: {f.found}; {wanted}{f.expected}", "plain") for f in findings[:SHOWN]
    ]
    if len(findings) > SHOWN:
        lines.append((f"      and {len(findings) - SHOWN} more; --json tells them all", "plain"))
    repairs = dict.fromkeys(f.repair for f in findings[:SHOWN])
    told = [repair.replace("`", "") for repair in repairs if not repair.startswith("Nothing.")]
    if told:
        lines.append((f"      → {' / '.join(told)} ({entry.link})", "plain"))
    return lines


def _place(finding: Finding) -> str:
    row = f" row {finding.row}" if finding.row else ""
    column = f" column {finding.column}" if finding.column else ""
    return f"{finding.file}{row}{column}"


def summary(findings: list[Finding]) -> str:
    """Return the counts in a sentence."""
    count = counts(findings)
    told = ", ".join(f"{count[s]} {s}{'' if count[s] == 1 else 's'}" for s in SEVERITIES)
    return told + ("; the package can be run" if not count["error"] else "; repair the errors")
