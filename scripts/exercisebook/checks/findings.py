"""A finding: what was found where, under a code that says how grave it is."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace

from exercisebook.checks.codes import CODES, ERROR, LAYERS, SEVERITIES
from exercisebook.cohort.tables import Fault
from exercisebook.errors import listed

NOWHERE = "T121"
"""Code of a name that stands nowhere else."""

HINT = "did you mean"

_NAMED = 5


@dataclass(frozen=True)
class Finding:
    """One finding of a check.

    Attributes
    ----------
    code : str
        See ``codes.CODES``.
    file : str
        Relative to the package.
    found, expected, repair : str
        In words.
    row, column : int or None, str or None
        Where in the file; the header is row 1.
    """

    code: str
    file: str
    found: str
    expected: str
    repair: str
    row: int | None = None
    column: str | None = None

    @property
    def severity(self) -> str:
        """``error``, ``warning`` or ``note``."""
        return CODES[self.code].severity

    @property
    def layer(self) -> str:
        """``Tables``, ``Design`` or ``Identity``."""
        return LAYERS[self.code[0]]

    def as_record(self) -> dict[str, object]:
        """Return the finding as a record for JSON."""
        told = {"severity": self.severity, "layer": self.layer, "link": CODES[self.code].link}
        return {**asdict(self), **told}


def finding(
    code: str,
    file: str,
    found: str,
    expected: str,
    row: int | None = None,
    column: str | None = None,
    repair: str | None = None,
) -> Finding:
    """Return a finding, with the repair of its code where none is told."""
    return Finding(code, file, found, expected, repair or CODES[code].repair, row, column)


def of_faults(faults: Iterable[Fault], modalities: Iterable[str]) -> list[Finding]:
    """Return the findings of faults; names that stand nowhere and are near none, in one a column.

    A sheet of another spelling may have hundreds of them.
    """
    measured = set(modalities)
    single, grouped = [], defaultdict(list)
    for fault in faults:
        if fault.code == NOWHERE and HINT not in fault.repair:
            grouped[fault.file, fault.column].append(fault)
        else:
            single.append(fault)
    for same in grouped.values():
        single.append(same[0] if len(same) == 1 else _grouped(same))
    return [of_fault(_shortened(fault), measured) for fault in single]


def _grouped(faults: list[Fault]) -> Fault:
    told = f"{len(faults)} names: {listed((fault.found for fault in faults), _NAMED)}"
    return replace(faults[0], found=told)


def _shortened(fault: Fault) -> Fault:
    """Return a fault of a name that stands nowhere without a list of all that do."""
    if fault.code != NOWHERE or HINT in fault.repair:
        return fault
    return replace(fault, repair=re.sub(r" \((known are|none is).*\)\.$", ".", fault.repair))


def of_fault(fault: Fault, modalities: Iterable[str]) -> Finding:
    """Return the finding of a fault; files of measurements are named from the package's root."""
    measured = fault.file.rpartition(".")[0] in set(modalities)
    file = f"measurements/{fault.file}" if measured else fault.file
    row = None if fault.row is None else int(fault.row)
    return Finding(fault.code, file, fault.found, fault.expected, fault.repair, row, fault.column)


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings by severity, then layer, code and place."""
    layers = list(LAYERS.values())
    return sorted(
        dict.fromkeys(findings),
        key=lambda f: (
            SEVERITIES.index(f.severity),
            layers.index(f.layer),
            f.code,
            f.file,
            f.row or 0,
            f.column or "",
        ),
    )


def has_errors(findings: Iterable[Finding]) -> bool:
    """Return whether any finding is an error."""
    return any(f.severity == ERROR for f in findings)
