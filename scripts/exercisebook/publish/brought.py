"""What is said of a cohort that a user brought, made once beside the chapters.

Called as a program by the Snakefile: ``python -m exercisebook.publish.brought PLAN``. The report's
first page and its bundle are made from these files.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from exercisebook.checks.codes import CODES
from exercisebook.checks.findings import Finding
from exercisebook.checks.package import check_package
from exercisebook.checks.report import as_json
from exercisebook.claims.changes import DIGITS
from exercisebook.claims.claims import claims
from exercisebook.claims.transfer import cohort_ledger
from exercisebook.cohort.package import Cohort
from exercisebook.cohort.tables import whole_file, write_csv
from exercisebook.publish.events import at_work
from exercisebook.publish.plan import ONE_THREAD, Plan, read_plan
from exercisebook.publish.provenance import brought, brought_folder
from exercisebook.sources.cohorts import open_cohort
from exercisebook.sources.study import study_of

CHECK, LEDGER, ABOUT = "check.json", "ledger.csv", "cohort.json"

FDR = 0.05
"""False-discovery rate of every chapter where none is given; one given is given to all."""


def write_brought(plan: Plan, folder: Path) -> None:
    """Write what the check says of a brought cohort, its ledger, and a few words on it.

    The ledger, with both verdicts, is written of real data that say their design.

    Parameters
    ----------
    plan : Plan
        Of a report on a brought cohort.
    folder : Path
        Made if need be. ``cohort.json`` is written last: with it, all is there.
    """
    name = brought(plan)
    assert name is not None
    folder.mkdir(parents=True, exist_ok=True)
    (folder / LEDGER).unlink(missing_ok=True)
    findings = check_package(Path(name))
    cohort = open_cohort(name)
    with whole_file(folder / CHECK) as path:
        path.write_text(as_json(cohort.name, findings) + "\n", encoding="utf-8")
    if not cohort.simulated and study_of(cohort.description) is not None:
        rows = cohort_ledger(cohort, claims(), _rate(plan))
        write_csv(rows.assign(dataset=cohort.name), folder / LEDGER, DIGITS)
    with whole_file(folder / ABOUT) as path:
        told = json.dumps(about(cohort, findings), indent=2, sort_keys=True)
        path.write_text(told + "\n", encoding="utf-8")


def about(cohort: Cohort, findings: list[Finding]) -> dict[str, Any]:
    """Return what a report's first page says of a cohort: who, what, and what the check found."""
    study = study_of(cohort.description)
    return {
        "name": cohort.name,
        "title": str(cohort.description.get("title", "")),
        "simulated": cohort.simulated,
        "study": None if study is None else study.model_dump(mode="json"),
        "people": len(cohort.subjects),
        "samples": len(cohort.samples),
        "phases": list(map(str, dict.fromkeys(cohort.samples["phase"]))),
        "arms": list(map(str, dict.fromkeys(cohort.samples["arm"]))),
        "features": {name: table["feature"].nunique() for name, table in
                     sorted(cohort.measurements.items())},
        "cells": cohort.cells is not None,
        "found": _found(findings),
    }  # fmt: skip


def _found(findings: list[Finding]) -> list[dict[str, Any]]:
    """Return the codes that the check found, in its order, each with how often and one place."""
    codes = dict.fromkeys(finding.code for finding in findings)
    first = {code: next(f for f in findings if f.code == code) for code in codes}
    return [
        {
            "code": code,
            "severity": one.severity,
            "means": CODES[code].means,
            "times": sum(f.code == code for f in findings),
            "found": one.found,
        }
        for code, one in first.items()
    ]


def _rate(plan: Plan) -> float:
    given = [float(c.parameters["fdr"]) for c in plan.chapters if "fdr" in c.parameters]
    return given[0] if given else FDR


def main(arguments: list[str]) -> int:
    """Write what is said of the brought cohort of a plan; return the exit status."""
    os.environ.update(ONE_THREAD)
    plan = read_plan(Path(arguments[0]))
    return at_work("check", lambda: write_brought(plan, brought_folder(plan)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
