"""Where a site comes from: commit, date, versions, keys, and the state of each data set."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from exercisebook.publish.plan import Plan
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
        "chapters": {c.slug: {"key": c.key, "parameters": c.parameters} for c in plan.chapters},
        "data": {
            dataset.id: {file.name: state_of(dataset, file).state for file in dataset.files}
            for dataset in catalogue(plan.root / "data" / "catalog.yml").values()
        },
    }


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
