"""A report: chapters with parameters or a cohort of the user's own, in a folder of their own."""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from exercisebook.chapters.ledgers import lacking_bytes
from exercisebook.chapters.parameters import (
    Parameter,
    no_such_parameter,
    parameters_cell,
    parse_parameters,
    validated,
)
from exercisebook.cohort.package import refuse_occupied
from exercisebook.errors import Failure, Misuse
from exercisebook.paths import BUILD, ROOT
from exercisebook.publish.notebooks import (
    chapter_slugs,
    find_chapter,
    is_chapter,
    notebook_slugs,
)
from exercisebook.publish.plan import Plan, make_plan, read_plan, shown_plan
from exercisebook.sources.cohorts import check_cohort, is_id


def report_plan(
    chapters: list[str], words: list[str], cohort: str | None, out: Path | None, root: Path = ROOT
) -> Plan:
    """Return the plan of a report, with everything checked and nothing written.

    Parameters
    ----------
    chapters : list of str
        ``02``, ``A1`` or names; all chapters, and no appendix, without any.
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
    declared = {slug: parse_parameters(parameters_cell(slug, root / "notebooks")) for slug in slugs}
    names = set().union(*declared.values())
    faults += [no_such_parameter(n, slugs, names) for n in given if slugs and n not in names]
    models = {}
    for slug in slugs:
        # each chapter of a report takes the parameters it has
        own = {name: value for name, value in given.items() if name in declared[slug]}
        with _told_in(faults):
            models[slug] = validated(slug, own, root / "notebooks")
    if "cohort" in given:
        with _told_in(faults):
            check_cohort(given["cohort"])
    if out is not None:
        with _told_in(faults):
            _refuse_out(out.resolve())
            _refuse_within(out.resolve(), given.get("cohort", ""))
    if faults:
        raise Misuse("\n".join(dict.fromkeys(faults)))
    lacking = {
        line
        for slug in filter(is_chapter, slugs)
        for line in lacking_bytes(int(slug[:2]), models[slug])
    }
    if lacking:
        raise Failure("\n".join(sorted(lacking)))
    parameters = {slug: _changed(models[slug], declared[slug]) for slug in slugs}
    folder = (out or _default_folder(slugs, parameters)).resolve()
    return make_plan(slugs, parameters, folder, report=True, root=root)


@contextmanager
def _told_in(faults: list[str]) -> Iterator[None]:
    """Go on after a Misuse, its lines kept: a user hears of everything at once."""
    try:
        yield
    except Misuse as fault:
        faults += str(fault).splitlines()


def _slugs(chapters: list[str], root: Path) -> tuple[list[str], list[str]]:
    """Return the chapters asked for, in the order of the book, and what stands for none."""
    found: set[str] = set()
    faults: list[str] = []
    for name in chapters:
        with _told_in(faults):
            found.add(find_chapter(name, root))
    if not chapters:
        return chapter_slugs(root), faults
    return [slug for slug in notebook_slugs(root) if slug in found], faults


def _refuse_out(folder: Path) -> None:
    """Raise Misuse for a folder that a report may not take: one that holds anything else."""
    if set("{}") & set(str(folder)):
        raise Misuse(f"{folder}: braces in a path are wildcards to Snakemake; name another folder")
    if folder in (BUILD, ROOT) or folder in BUILD.parents:
        raise Misuse(f"{folder} is the book's own; name another folder, nothing was written")
    earlier = _read(folder / ".work" / "plan.json")
    if earlier is None or not earlier.report or earlier.out != folder:
        refuse_occupied(folder)


def _refuse_within(folder: Path, cohort: str) -> None:
    """Raise Misuse for a report within its cohort: each run would change what it is run on."""
    if Path(cohort).is_absolute() and folder.is_relative_to(cohort):
        raise Misuse(
            f"{folder} may not lie within the cohort itself; name another folder, nothing was "
            "written"
        )


def refuse_other(plan: Plan) -> None:
    """Raise Misuse if a report on another cohort or on other chapters stands in a plan's folder."""
    if not any((plan.out / part).exists() for part in ("html", "bundle")):
        return
    earlier = _read(shown_plan(plan.out))
    if earlier is not None and _whose(earlier) == _whose(plan):
        return
    stands = "a report" if earlier is None else f"a report on {_on_what(earlier)}"
    raise Misuse(
        f"{plan.out} holds {stands}, and this one would be on {_on_what(plan)}; "
        "give another --out, or --replace to put this one in its place; nothing was written"
    )


def _whose(plan: Plan) -> tuple[list[str], set[str]]:
    return [c.slug for c in plan.chapters], _cohorts(plan)


def _cohorts(plan: Plan) -> set[str]:
    return {str(c.parameters["cohort"]) for c in plan.chapters if "cohort" in c.parameters}


def _on_what(plan: Plan) -> str:
    numbers = [chapter.slug[:2] for chapter in plan.chapters]
    chapters = f"chapter{'' if len(numbers) == 1 else 's'} {', '.join(numbers)}"
    cohorts = _cohorts(plan)
    return f"{chapters} with {'the reference' if not cohorts else min(cohorts)}"


def _read(path: Path) -> Plan | None:
    """Return a written plan, or None where there is none that can be read."""
    try:
        return read_plan(path) if path.is_file() else None
    except (ValueError, KeyError, TypeError):
        return None


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


def _changed(model: BaseModel, declared: dict[str, Parameter]) -> dict[str, Any]:
    """Return the validated values that differ from a chapter's defaults."""
    return {
        name: getattr(model, name)
        for name, parameter in declared.items()
        if getattr(model, name) != parameter.default
    }


def _default_folder(slugs: list[str], parameters: dict[str, dict[str, Any]]) -> Path:
    told = json.dumps([slugs, parameters], sort_keys=True)
    name = "-".join(slug[:2] for slug in slugs)
    return BUILD / "runs" / f"{name}-{hashlib.sha256(told.encode()).hexdigest()[:8]}"
