"""A report: chapters with parameters or a cohort of the user's own, in a folder of their own."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from exercisebook.chapters.ledgers import lacking_bytes
from exercisebook.chapters.parameters import (
    no_such_parameter,
    parameters_cell,
    parse_parameters,
    validated,
)
from exercisebook.cohort.package import refuse_occupied
from exercisebook.errors import Failure, Misuse
from exercisebook.paths import BUILD, ROOT
from exercisebook.publish.notebooks import chapter_slugs, find_chapter
from exercisebook.publish.plan import Plan, make_plan, read_plan
from exercisebook.sources.cohorts import check_cohort, is_id


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
    slugs, faults = _slugs(chapters, root)
    given, wrong = _pairs(words)
    faults += wrong
    if cohort is not None:
        if "cohort" in given:
            faults.append("cohort: given twice")
        a_path = not is_id(cohort) and (Path(cohort).exists() or os.sep in cohort)
        given["cohort"] = str(Path(cohort).resolve()) if a_path else cohort
    faults += _unknown_everywhere(slugs, given, root)
    parameters = {}
    for slug in slugs:
        known = _known(slug, given, root)
        try:
            parameters[slug] = _changed(slug, known, root)
        except Misuse as fault:
            faults += str(fault).splitlines()
    try:
        if "cohort" in given:
            check_cohort(given["cohort"])
        if out is not None:
            _refuse_out(out.resolve())
    except Misuse as fault:
        faults += str(fault).splitlines()
    if faults:
        raise Misuse("\n".join(dict.fromkeys(faults)))
    lacking: set[str] = set()
    for slug in slugs:
        model = validated(slug, _known(slug, given, root), root / "notebooks")
        lacking |= set(lacking_bytes(int(slug[:2]), model))
    if lacking:
        raise Failure("\n".join(sorted(lacking)))
    folder = (out or _default_folder(slugs, parameters)).resolve()
    return make_plan(slugs, parameters, folder, report=True, root=root)


def _slugs(chapters: list[str], root: Path) -> tuple[list[str], list[str]]:
    """Return the chapters asked for, in the order of the book, and what stands for none."""
    found, faults = set(), []
    for name in chapters:
        try:
            found.add(find_chapter(name, root))
        except Misuse as fault:
            faults.append(str(fault))
    every = chapter_slugs(root)
    return [slug for slug in every if slug in found or not chapters], faults


def _known(slug: str, given: dict[str, str], root: Path) -> dict[str, str]:
    """Return what a chapter has a parameter for: each chapter of a report takes its own."""
    names = parse_parameters(parameters_cell(slug, root / "notebooks"))
    return {name: value for name, value in given.items() if name in names}


def _unknown_everywhere(slugs: list[str], given: dict[str, str], root: Path) -> list[str]:
    folder = root / "notebooks"
    names = {n for slug in slugs for n in parse_parameters(parameters_cell(slug, folder))}
    return [no_such_parameter(name, slugs, names) for name in given if slugs and name not in names]


def _refuse_out(folder: Path) -> None:
    """Raise Misuse for a folder that a report may not take: one that holds anything else."""
    if set("{}") & set(str(folder)):
        raise Misuse(f"{folder}: braces in a path are wildcards to Snakemake; name another folder")
    if folder in (BUILD, ROOT) or folder in BUILD.parents:
        raise Misuse(f"{folder} is the book's own; name another folder, nothing was written")
    plan = folder / ".work" / "plan.json"
    try:
        earlier = read_plan(plan) if plan.is_file() else None
    except (ValueError, KeyError, TypeError):
        earlier = None
    if earlier is None or not earlier.report or earlier.out != folder:
        refuse_occupied(folder)


def _pairs(words: list[str]) -> tuple[dict[str, str], list[str]]:
    faults, given = [], {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name.isidentifier():
            faults.append(f"{word[:60]!r} is not NAME=VALUE")
        elif name in given:
            faults.append(f"{name}: given twice")
        else:
            given[name] = value
    return given, faults


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
