"""A report: chapters with parameters or a cohort of the user's own, in a folder of their own."""

import hashlib
import json
from pathlib import Path
from typing import Any

from exercisebook.chapters.ledgers import lacking_bytes
from exercisebook.chapters.parameters import parameters_cell, parse_parameters, validated
from exercisebook.cohort.package import refuse_occupied
from exercisebook.errors import Failure, Misuse
from exercisebook.paths import BUILD, ROOT
from exercisebook.publish.notebooks import chapter_slugs, find_chapter
from exercisebook.publish.plan import Plan, make_plan
from exercisebook.sources.cohorts import check_cohort_name


def report_plan(
    chapters: list[str], words: list[str], cohort: str | None, out: Path | None, root: Path = ROOT
) -> Plan:
    """Return the plan of a report, with everything checked and nothing written.

    Parameters
    ----------
    chapters : list of str
        ``02`` or names; all chapters without any.
    words : list of str
        ``name=value`` each.
    cohort : str, optional
        A folder or an id, as the parameter ``cohort``.
    out : Path, optional
        Folder of the report; one below ``_build/runs`` without it.

    Raises
    ------
    Misuse
        With a line for each thing that is wrong.
    Failure
        If the parameters need original data that are not at hand.
    """
    slugs = [find_chapter(name, root) for name in chapters] or chapter_slugs(root)
    slugs = [slug for slug in chapter_slugs(root) if slug in slugs]
    given = _pairs(words)
    if cohort is not None:
        given["cohort"] = str(Path(cohort).resolve()) if Path(cohort).is_dir() else cohort
    parameters = {slug: _changed(slug, given, root) for slug in slugs}
    if "cohort" in given:
        check_cohort_name(given["cohort"])
    lacking = {
        sentence
        for slug in slugs
        for sentence in lacking_bytes(int(slug[:2]), validated(slug, given, root / "notebooks"))
    }
    if lacking:
        raise Failure("\n".join(sorted(lacking)))
    folder = (out or _default_folder(slugs, parameters)).resolve()
    if out is not None and not (folder / ".work" / "plan.json").exists():
        refuse_occupied(folder)
    return make_plan(slugs, parameters, folder, report=True, root=root)


def _pairs(words: list[str]) -> dict[str, str]:
    faults, given = [], {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name.isidentifier():
            faults.append(f"{word[:60]!r} is not NAME=VALUE")
        elif name in given:
            faults.append(f"{name}: given twice")
        given[name] = value
    if faults:
        raise Misuse("\n".join(faults))
    return given


def _changed(slug: str, given: dict[str, str], root: Path) -> dict[str, Any]:
    """Return the validated values that differ from a chapter's defaults."""
    folder = root / "notebooks"
    declared = parse_parameters(parameters_cell(slug, folder))
    model = validated(slug, given, folder)
    return {
        name: getattr(model, name)
        for name in declared
        if getattr(model, name) != declared[name].default
    }


def _default_folder(slugs: list[str], parameters: dict[str, dict[str, Any]]) -> Path:
    told = json.dumps([slugs, parameters], sort_keys=True)
    name = "-".join(slug[:2] for slug in slugs)
    return BUILD / "runs" / f"{name}-{hashlib.sha256(told.encode()).hexdigest()[:8]}"
