"""Where a site comes from: commit, date, versions, keys, and the state of each data set.

A cohort that a user brought is told by the name in its package: where it lies on a machine is for
the plan alone.
"""

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from exercisebook.publish.plan import ChapterPlan, Plan
from exercisebook.sources.catalogue import catalogue
from exercisebook.sources.fetch import state_of

PACKAGES = (
    "jupyter-book",
    "sphinx",
    "myst-nb",
    "papermill",
    "pandas",
    "numpy",
    "scipy",
    "statsmodels",
    "altair",
)


def provenance(plan: Plan) -> dict[str, Any]:
    """Return what identifies a site, the same for the same commit, lock and data."""
    return {
        "book": metadata.version("exercisebook"),
        "commit": commit(plan.root),
        "date": build_date(plan.root),
        "python": platform.python_version(),
        "packages": {name: metadata.version(name) for name in PACKAGES},
        "report": plan.report,
        "chapters": {c.slug: {"key": c.key, "parameters": shown(c)} for c in plan.chapters},
        "data": {
            dataset.id: {file.name: state_of(dataset, file).state for file in dataset.files}
            for dataset in catalogue(plan.root / "data" / "catalog.yml").values()
        },
    }


def brought(plan: Plan) -> str | None:
    """Return the folder of the cohort that a user brought, or None."""
    names = {str(c.parameters["cohort"]) for c in plan.chapters if "cohort" in c.parameters}
    return next((name for name in sorted(names) if Path(name).is_absolute()), None)


def brought_folder(plan: Plan) -> Path:
    """Return where is kept what is said of a brought cohort."""
    return plan.out / ".work" / "brought"


def described(cohort: str) -> dict[str, Any]:
    """Return what the package in a folder says of itself."""
    text = (Path(cohort) / "datapackage.json").read_text(encoding="utf-8-sig")
    return dict(json.loads(text))


def shown(chapter: ChapterPlan) -> dict[str, Any]:
    """Return a chapter's parameters as a reader may see them: a brought cohort by its name."""
    given = dict(chapter.parameters)
    if Path(str(given.get("cohort", ""))).is_absolute():
        given["cohort"] = str(described(given["cohort"])["name"])
    return given


def commit(root: Path) -> str:
    """Return the commit of the checkout, marked where files differ from it."""
    sha = _git(root, "rev-parse", "--short=12", "HEAD")
    if not sha:
        return "unknown"
    return sha + ("+changes" if _git(root, "status", "--porcelain") else "")


def build_epoch(root: Path) -> int:
    """Return the seconds of SOURCE_DATE_EPOCH, else of the commit, else 0."""
    return int(os.environ.get("SOURCE_DATE_EPOCH") or _git(root, "log", "-1", "--format=%ct") or 0)


def build_date(root: Path) -> str:
    """Return the day of ``build_epoch``."""
    return datetime.fromtimestamp(build_epoch(root), UTC).strftime("%Y-%m-%d")


def _git(root: Path, *words: str) -> str:
    try:
        answer = subprocess.run(
            ["git", "-C", str(root), *words], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return answer.stdout.strip()
