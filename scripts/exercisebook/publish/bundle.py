"""What goes with a report's site: all that somebody else needs to read it, check it, rerun it.

What is said of a brought cohort is made elsewhere, beside the chapters; here it is only put in.
"""

import json
import shutil
from pathlib import Path

import nbformat

from exercisebook.publish.plan import Plan
from exercisebook.publish.provenance import brought, brought_folder, provenance, shown
from exercisebook.publish.stage import again, without_path

FOLDER = "bundle"

BROUGHT = ("check.json", "ledger.csv")


def write_bundle(plan: Plan, folder: Path) -> None:
    """Write the bundle of a report.

    It holds the executed notebooks, the parameters, the provenance and the lock; and of a cohort
    that the user brought what ``exercisebook check`` says of it, and, if it is real and says its
    design, its ledger with both verdicts.

    Parameters
    ----------
    plan : Plan
        Of a report, its chapters executed.
    folder : Path
        Must not exist.
    """
    for chapter in plan.chapters:
        place = folder / "notebooks" / f"{chapter.slug}.ipynb"
        place.parent.mkdir(parents=True, exist_ok=True)
        notebook = without_path(nbformat.read(chapter.executed, as_version=4), plan)
        nbformat.write(notebook, place)
    given = {chapter.slug: shown(chapter) for chapter in plan.chapters}
    _write_json({"chapters": given, "again": again(plan)}, folder / "parameters.json")
    _write_json(provenance(plan), folder / "provenance.json")
    shutil.copyfile(plan.root / "requirements.lock", folder / "requirements.lock")
    if brought(plan) is not None:
        for path in (brought_folder(plan) / name for name in BROUGHT):
            if path.exists():
                shutil.copyfile(path, folder / path.name)


def _write_json(content: object, path: Path) -> None:
    path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")
