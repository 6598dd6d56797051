"""What goes with a report's site: all that somebody else needs to read it, check it, rerun it."""

import json
import os
import shutil
import tempfile
from pathlib import Path

from exercisebook.checks.package import check_package
from exercisebook.checks.report import as_json
from exercisebook.claims.changes import DIGITS
from exercisebook.claims.claims import claims
from exercisebook.claims.transfer import cohort_ledger
from exercisebook.cohort.package import Cohort
from exercisebook.cohort.tables import write_csv
from exercisebook.publish.plan import Plan
from exercisebook.publish.provenance import provenance
from exercisebook.sources.cohorts import is_id, open_cohort
from exercisebook.sources.study import study_of

FOLDER = "bundle"

LEDGER = "ledger.csv"

FDR = 0.05
"""False-discovery rate of every chapter where none is given; one given is given to all."""


def write_bundle(plan: Plan) -> Path:
    """Write the bundle of a report beside its site, whole or not at all, and return its folder.

    It holds the executed notebooks, the parameters, the provenance and the lock; and of a cohort
    that the user brought what ``exercisebook check`` says of it, and, if it is real and says its
    design, its ledger with both verdicts.

    Parameters
    ----------
    plan : Plan
        Of a report, its chapters executed.
    """
    folder = plan.out / FOLDER
    staging = Path(tempfile.mkdtemp(prefix=f".{FOLDER}.", dir=plan.out))
    try:
        _write_into(plan, staging)
        staging.chmod(0o755)
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(staging, folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return folder


def cohort_of(plan: Plan) -> str | None:
    """Return the folder of the cohort that a user brought, or None."""
    names = {str(c.parameters["cohort"]) for c in plan.chapters if "cohort" in c.parameters}
    brought = sorted(name for name in names if not is_id(name))
    return brought[0] if brought else None


def _write_into(plan: Plan, folder: Path) -> None:
    notebooks = folder / "notebooks"
    notebooks.mkdir()
    for chapter in plan.chapters:
        place = notebooks / f"{chapter.slug}.ipynb"
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(chapter.executed, place)
    given = {chapter.slug: chapter.parameters for chapter in plan.chapters}
    _write_json(given, folder / "parameters.json")
    _write_json(provenance(plan), folder / "provenance.json")
    shutil.copyfile(plan.root / "requirements.lock", folder / "requirements.lock")
    brought = cohort_of(plan)
    if brought is not None:
        told = as_json(Path(brought).name, check_package(Path(brought)))
        (folder / "check.json").write_text(told + "\n", encoding="utf-8")
        rates = [float(c.parameters["fdr"]) for c in plan.chapters if "fdr" in c.parameters]
        _write_ledger(open_cohort(brought), rates[0] if rates else FDR, folder)


def _write_ledger(cohort: Cohort, fdr: float, folder: Path) -> None:
    """Write both verdicts on every claim; simulated data get none, nor a study without design."""
    if not cohort.simulated and study_of(cohort.description) is not None:
        rows = cohort_ledger(cohort, claims(), fdr)
        write_csv(rows.assign(dataset=cohort.name), folder / LEDGER, DIGITS)


def _write_json(content: object, path: Path) -> None:
    path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")
