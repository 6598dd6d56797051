"""What is to be made: chapters with their keys, where they are kept, where the site goes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exercisebook.cohort.tables import whole_file
from exercisebook.paths import ROOT
from exercisebook.publish.keys import chapter_key

ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"
)
"""Variables under which chapters run, so that sums are taken in one order."""


@dataclass(frozen=True)
class ChapterPlan:
    """One chapter of a plan."""

    slug: str
    key: str
    parameters: dict[str, Any]
    executed: Path
    partial: Path


@dataclass(frozen=True)
class Plan:
    """A whole book, or a report on some of its chapters.

    Attributes
    ----------
    root : Path
        The checkout.
    out : Path
        Folder that receives ``html``; working files lie beside it.
    chapters : tuple of ChapterPlan
        What is run and shown.
    report : bool
        Whether only some chapters are shown, or with other parameters.
    """

    root: Path
    out: Path
    chapters: tuple[ChapterPlan, ...]
    report: bool

    def chapter(self, slug: str) -> ChapterPlan:
        """Return one chapter's plan."""
        return next(chapter for chapter in self.chapters if chapter.slug == slug)


def make_plan(
    slugs: list[str],
    parameters: Mapping[str, Mapping[str, Any]],
    out: Path,
    report: bool,
    root: Path = ROOT,
) -> Plan:
    """Return the plan for some chapters with some parameters.

    Parameters
    ----------
    slugs : list of str
        Chapters in the order of the book.
    parameters : mapping of str to mapping
        By slug, values in place of defaults; validated already.
    out : Path
        Where the site goes.
    report : bool
        Whether this is less than the default book.
    root : Path
        The checkout.
    """
    chapters = []
    for slug in slugs:
        given = dict(parameters.get(slug, {}))
        key = chapter_key(slug, given, root)
        place = root / "_build" / "executed" / key
        chapters.append(
            ChapterPlan(slug, key, given, place / f"{slug}.ipynb", place / f"{slug}.partial.ipynb")
        )
    return Plan(root, out, tuple(chapters), report)


def shown_plan(out: Path) -> Path:
    """Return where a folder keeps the plan of the report that stands in it."""
    return out / ".work" / "shown.json"


def write_plan(plan: Plan, path: Path) -> None:
    """Write a plan; an unchanged one is left as it is, with its time."""
    text = json.dumps(
        {
            "root": str(plan.root),
            "out": str(plan.out),
            "report": plan.report,
            "chapters": [
                {
                    "slug": c.slug,
                    "key": c.key,
                    "parameters": c.parameters,
                    "executed": str(c.executed),
                    "partial": str(c.partial),
                }
                for c in plan.chapters
            ],
        },
        indent=1,
    )
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        with whole_file(path) as temporary:
            temporary.write_text(text, encoding="utf-8")


def read_plan(path: Path) -> Plan:
    """Return a written plan."""
    told = json.loads(path.read_text(encoding="utf-8"))
    chapters = tuple(
        ChapterPlan(c["slug"], c["key"], c["parameters"], Path(c["executed"]), Path(c["partial"]))
        for c in told["chapters"]
    )
    return Plan(Path(told["root"]), Path(told["out"]), chapters, told["report"])
