"""``exercisebook effects``: the statistics engine on a cohort package or on a bare table."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from exercisebook.errors import Misuse, closest, listed

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from rich.console import Console

    from exercisebook.cohort.package import Cohort
    from exercisebook.stats.assay import Assay

HOLDS = {"log2": "log2_ratio", "linear": "log2_ratio", "plain": "difference"}
"""What a bare table may hold, and the scale that its contrasts are on."""

LIKELY_LOG2 = 64
"""Above it, a value is hardly a logarithm to base 2."""

OF_DIFFERENCES = ("paired", "sign-flip", "hodges-lehmann")
"""Methods that see one difference a person and feature, and nothing else."""

REPLICATES = ("refuse", "average", "sum")

NAMED = 10
"""Samples or persons that a message names; of the others it tells the number."""

REASONS = 5
"""Reasons for having no test that are told, the commonest first."""

CODES = 6
"""Whole numbers up to so many kinds may be codes of categories."""

SHOWN = 10
"""Features that are printed where nothing is written."""


@dataclass(frozen=True)
class Study:
    """What is to be compared: one assay, the contrasts asked for, the key of their rows."""

    assay: "Assay"
    contrasts: "list[pd.Series]"
    key: dict[str, Any]


@dataclass(frozen=True)
class Request:
    """What was asked of the command."""

    source: str
    contrasts: list[str]
    modality: str | None
    method: str
    covariates: list[str]
    moderation: str
    samples: Path | None
    arm: str | None
    control: str | None
    values: str | None
    replicates: str
    out: Path | None
    joint: Path | None
    diagnostics: Path | None


def effects(
    source: Annotated[str, typer.Argument(help="A cohort package, an id, or a table of values.")],
    contrast: Annotated[
        list[str], typer.Option("--contrast", help="Its name, or later-earlier; repeatable.")
    ],
    modality: Annotated[str | None, typer.Option(help="Which measurements.")] = None,
    method: Annotated[
        str,
        typer.Option(
            help="paired, block, duplicate-correlation, mixed, mixed-satterthwaite, sign-flip, "
            "hodges-lehmann; for raw counts voom, deseq2, composition, taxa."
        ),
    ] = "paired",
    covariate: Annotated[
        list[str] | None, typer.Option(help="A column to adjust for; repeatable.")
    ] = None,
    moderation: Annotated[
        str, typer.Option(help="plain, trend, robust or trend-robust.")
    ] = "plain",
    samples: Annotated[
        Path | None, typer.Option(help="Of a bare table: sample_id, subject, phase, covariates.")
    ] = None,
    arm: Annotated[str | None, typer.Option(help="Of a bare table: whose change it is.")] = None,
    control: Annotated[
        str | None, typer.Option(help="Of a bare table: the arm whose change is taken off.")
    ] = None,
    values: Annotated[
        str | None,
        typer.Option(help="What a bare table holds: log2 (unless told), linear or plain values."),
    ] = None,
    replicates: Annotated[
        str, typer.Option(help="Several samples of a person and phase: refuse, average or sum.")
    ] = "refuse",
    out: Annotated[Path | None, typer.Option(help="CSV for the effects.")] = None,
    joint: Annotated[
        Path | None, typer.Option(help="CSV for F tests of all contrasts together (block).")
    ] = None,
    diagnostics: Annotated[
        Path | None, typer.Option(help="New folder for the influence of persons, and charts.")
    ] = None,
) -> None:
    """Compare phases within persons, all features at once."""
    from rich.console import Console

    from exercisebook.stats.methods import contrast_effects
    from exercisebook.stats.models import joint_test

    request = Request(
        source, list(dict.fromkeys(contrast)), modality, method,
        list(dict.fromkeys(covariate or [])), moderation, samples, arm, control, values, replicates,
        out, joint, diagnostics,
    )  # fmt: skip
    package = _is_package(source)
    _refuse(_faulty_words(request, package) + _faulty_places(request))
    told = Console(stderr=True, soft_wrap=True, highlight=False, markup=False, emoji=False)
    study = _package(request) if package else _bare_table(request, told)
    _refuse(_faulty_covariates(study, request))
    _tell_slopes(told, study, request)
    for row in study.contrasts:
        _tell_design(told, study, row, request)
    with told.status(f"{method}: {study.assay.values.shape[1]:,} features"):
        found = contrast_effects(
            study.assay, study.contrasts, method, request.covariates, moderation, **study.key
        )
        found = _with_ranks_beside(found, study, request)
        tests = None
        if joint is not None:
            tests = joint_test(study.assay, study.contrasts, request.covariates, moderation)
        _write(study, found, tests, request, told)
    _tell_found(told, found)
    if moderation != "plain" and not found["method"].str.contains("moderated").any():
        told.print(f"note: not moderated, for want of features or a log scale: no {moderation}")
    if tests is not None:
        told.print(f"--joint: F tests by the method {tests['method'].iloc[0]}")
    if out is None:
        typer.echo(_first_rows(found))
    for path in filter(None, (diagnostics, joint, out)):
        typer.echo(path)


def _refuse(faults: Sequence[str]) -> None:
    if faults:
        raise Misuse("\n".join(dict.fromkeys(faults)))


def _faulty_words(request: Request, package: bool) -> list[str]:
    """Return what is wrong with the words of the command, before anything is read."""
    from exercisebook.cohort.schemas import MODALITIES
    from exercisebook.stats.methods import OF_COUNTS, faults_of_method

    faults = faults_of_method(request.method, request.covariates, request.moderation)
    for option, given, known in (
        ("--values", request.values or "log2", tuple(HOLDS)),
        ("--replicates", request.replicates, REPLICATES),
        ("--modality", request.modality or "proteins", MODALITIES),
    ):
        if given not in known:
            faults.append(f"{option} {given!r}; {closest(given, known)}")
    counts = request.method in OF_COUNTS
    if request.replicates == "sum" and not counts:
        faults.append("--replicates sum is for methods of counts; logarithms are averaged")
    if request.joint is not None and counts:
        faults.append(f"--joint is of the block model, which takes no counts, as {request.method}")
    if package and request.samples is not None:
        faults.append("--samples goes with a bare table; a cohort package holds its samples")
    if package and (request.arm or request.control):
        faults.append("--arm and --control go with a bare table; a package's contrasts name arms")
    if package and request.values is not None:
        faults.append("--values goes with a bare table; a cohort package says what it holds")
    if not package and request.samples is None:
        faults.append(
            "--samples is needed for a bare table: a CSV with sample_id, subject and phase"
        )
    return faults


def _faulty_places(request: Request) -> list[str]:
    """Return what is wrong with the places to be written to."""
    from exercisebook.cohort.package import refuse_occupied

    faults = []
    files = {"--out": request.out, "--joint": request.joint}
    read = {Path(request.source).resolve(), (request.samples or Path(request.source)).resolve()}
    for option, path in files.items():
        if path is None:
            continue
        faults += _not_writable(path, option)
        if path.resolve() in read:
            faults.append(f"{option} {path} is what is read; name another file")
        if request.diagnostics is not None and request.diagnostics.resolve() in (
            *path.resolve().parents,
            path.resolve(),
        ):
            faults.append(f"{option} {path} lies in the new folder of --diagnostics; name another")
    if request.out and request.joint and request.out.resolve() == request.joint.resolve():
        faults.append(f"--out and --joint are both {request.out}; name two files")
    if request.diagnostics is not None:
        try:
            refuse_occupied(request.diagnostics)
        except Misuse as error:
            faults.append(str(error))
        else:
            faults += _not_writable(request.diagnostics / "new", "--diagnostics")
    return faults


def _not_writable(path: Path, option: str) -> list[str]:
    """Return why no file can be written at ``path``, by trying beside it."""
    import tempfile

    if path.is_dir():
        return [f"{option} {path} is a folder; name a file"]
    if path.exists() and not path.is_file():
        return [f"{option} {path} is no regular file; name another"]
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if not folder.is_dir():
        return [f"{option}: {folder} is a file; name another folder"]
    try:
        tempfile.NamedTemporaryFile(dir=folder).close()
    except OSError as error:
        return [f"{option}: {folder} cannot be written to ({error.strerror}); name another folder"]
    return []


def _is_package(source: str) -> bool:
    """Return whether a source is a cohort package or an id; Misuse if it is nothing at all."""
    path = Path(source)
    # what stands here goes before an id of the same name; and readers are slow to import
    if path.exists():
        return path.is_dir()
    from exercisebook.sources.cohorts import READERS, is_id

    if is_id(source):
        return True
    hint = closest(source, ["reference", *READERS])
    raise Misuse(f"{source!r} is no file, no folder and no id; {hint}")


def _package(request: Request) -> Study:
    from exercisebook.stats.cohort_effects import cohort_assay, key_of, scale_for

    cohort = _cohort(request.source)
    known = list(cohort.measurements)
    modality = request.modality or known[0]
    faults = []
    if request.modality is None and len(known) > 1:
        faults.append(f"--modality is needed: {cohort.name} holds {', '.join(known)}")
    elif modality not in known:
        faults.append(f"{cohort.name} holds no {modality!r} table; {closest(modality, known)}")
    contrasts, unknown = _resolved(request.contrasts, cohort.contrast)
    _refuse(faults + unknown)
    scale = scale_for(modality, request.method)
    assay = cohort_assay(cohort, modality, scale, request.replicates)
    return Study(assay, contrasts, key_of(cohort, modality))


def _cohort(source: str) -> "Cohort":
    from exercisebook.cohort.package import read_cohort

    if Path(source).is_dir():
        return read_cohort(Path(source))
    from exercisebook.sources.cohorts import open_cohort

    return open_cohort(source)


def _resolved(
    names: Sequence[str], contrast: "Callable[[str], pd.Series]"
) -> "tuple[list[pd.Series], list[str]]":
    """Return contrasts by their names, and what is wrong with the names."""
    found, faults = [], []
    for name in names:
        try:
            row = contrast(name)
        except Misuse as error:
            faults.append(str(error))
            continue
        if row["phase"] == row["reference_phase"]:
            faults.append(f"{name!r} compares phase {row['phase']!r} with itself")
        found.append(row)
    return found, faults


def _bare_table(request: Request, told: "Console") -> Study:
    from exercisebook.cohort.matrix import read_matrix
    from exercisebook.stats.assay import COUNTS, assay_from_matrix, on_scale, without_replicates
    from exercisebook.stats.methods import OF_COUNTS

    assert request.samples is not None
    matrix = read_matrix(Path(request.source), request.samples)
    of_arms = partial(matrix.contrast, arm=request.arm, control=request.control)
    contrasts, unknown = _resolved(request.contrasts, of_arms)
    _refuse(unknown)
    if matrix.without_values:
        n = len(matrix.without_values)
        described = "1 described sample has" if n == 1 else f"{n} described samples have"
        told.print(
            f"note: {described} no column in the table: {listed(matrix.without_values, NAMED)}"
        )
    counted, holds = request.method in OF_COUNTS, request.values or "log2"
    highest = float(matrix.values.max().max())
    if counted:
        _refuse_logarithms(matrix.values, request.method)
    elif request.values is None and highest > LIKELY_LOG2:
        raise Misuse(
            f"values up to {highest:,.6g} are hardly logarithms to base 2; say --values linear "
            "(as measured), plain (compared as they are), or log2 if they are"
        )
    scale = COUNTS if counted else HOLDS[holds]
    assay = assay_from_matrix(matrix.values, matrix.samples, scale)
    if holds == "linear" and not counted:
        # what has no logarithm was measured all the same, and is flagged as left out
        assay = replace(assay, values=on_scale(assay.values, scale))
    usual = {"composition": "cells", "taxa": "taxa"}.get(request.method, "rna")
    key = {
        "dataset": matrix.name,
        "modality": request.modality or (usual if counted else "proteins"),
        "unit": "count" if counted else holds,
    }
    return Study(without_replicates(assay, request.replicates), contrasts, key)


def _refuse_logarithms(values: "pd.DataFrame", method: str) -> None:
    """Raise Misuse for small values of which most are fractions: they were never counted."""
    numbers = values.stack()
    if len(numbers) and numbers.max() < LIKELY_LOG2 and (numbers % 1 != 0).mean() > 0.5:
        raise Misuse(
            f"{method} needs raw counts; these values end at {numbers.max():.6g} and most are no "
            "whole numbers, so they look like logarithms or shares"
        )


def _faulty_covariates(study: Study, request: Request) -> list[str]:
    """Return every covariate that is unknown, or without a value where one is needed."""
    samples, faults = study.assay.samples, []
    known = [name for name in samples if name not in ("sample_id", "subject", "arm", "phase")]
    for name in request.covariates:
        if name in ("subject", "arm", "phase"):
            faults.append(f"{name!r} is part of every design already; leave it out")
        elif name not in known:
            faults.append(f"no covariate {name!r}; {closest(name, known)}")
        else:
            needed = _needed(study, request.method)
            given = samples.loc[needed, name]
            empty = given.index[given.isna() | (given.astype(str).str.strip() == "")]
            if len(empty):
                faults.append(
                    f"covariate {name!r} has no value for {len(empty)} of {len(given)} samples "
                    f"({listed(empty, NAMED)}); fill it, or leave the covariate or the samples out"
                )
    return faults


def _tell_slopes(told: "Console", study: Study, request: Request) -> None:
    """Say of covariates that look like codes of categories that they enter as numbers."""
    import pandas as pd

    for name in request.covariates:
        numbers = pd.to_numeric(study.assay.samples[name], errors="coerce")
        levels, people = numbers.dropna().unique(), study.assay.samples["subject"].nunique()
        few = 1 < len(levels) <= min(CODES, people / 2)
        if few and (levels % 1 == 0).all() and levels.max() <= 2 * CODES:
            told.print(
                f"note: covariate {name!r} enters as a number, with one slope; if its values are "
                "codes, write them as words"
            )


def _needed(study: Study, method: str) -> "np.ndarray":
    """Return which samples a method looks at: paired, those of the contrasts alone."""
    import numpy as np
    import pandas as pd

    from exercisebook.stats.differences import cells_of

    samples = study.assay.samples
    if method != "paired":
        return np.ones(len(samples), bool)
    cells = pd.concat([cells_of(contrast) for contrast in study.contrasts])[["arm", "phase"]]
    own = pd.MultiIndex.from_frame(samples[["arm", "phase"]])
    return own.isin(pd.MultiIndex.from_frame(cells))


def _tell_design(told: "Console", study: Study, contrast: "pd.Series", request: Request) -> None:
    """Tell what a contrast rests on, or raise Misuse where that is nothing."""
    tell = _tell_differences if request.method in OF_DIFFERENCES else _tell_samples
    tell(told, study.assay, contrast, request)


def _tell_differences(
    told: "Console", assay: "Assay", contrast: "pd.Series", request: Request
) -> None:
    from exercisebook.stats.designs import rank_and_aliases
    from exercisebook.stats.models import MINIMUM_PERSONS, paired_design

    paired = paired_design(assay, contrast, request.covariates)
    name, sizes = contrast["contrast"], paired.group_sizes
    if len(sizes) > 1 and request.method != "paired":
        raise Misuse(
            f"{name!r}: {request.method} compares persons with themselves, and its two arms are "
            "other people; use paired, block, duplicate-correlation or mixed"
        )
    if min(sizes) < MINIMUM_PERSONS:
        where = "on both sides of it, in each arm" if len(sizes) > 1 else "on all sides of it"
        raise Misuse(
            f"{name!r}: persons with samples {where}: {min(sizes)} of "
            f"{assay.samples['subject'].nunique()}; at least {MINIMUM_PERSONS} are needed"
        )
    rank, aliases = rank_and_aliases(paired.design, blocks=False)
    df = sum(sizes) - rank
    if df < 1:
        raise Misuse(
            f"{name!r}: {_people(sum(sizes))} and {rank} columns leave no residual degrees of "
            "freedom; leave covariates out"
        )
    each = " and ".join(map(str, sizes))
    told.print(f"{name}: differences of {each} persons, {df} residual degrees of freedom")
    if paired.left_out:
        n, names = len(paired.left_out), listed(paired.left_out, NAMED)
        told.print(f"  left out, without one side of it: {n} ({names})")
    _tell_aliases(told, aliases)


def _tell_samples(told: "Console", assay: "Assay", contrast: "pd.Series", request: Request) -> None:
    from exercisebook.stats.diagnostics import WITHIN_PERSONS, design_report
    from exercisebook.stats.models import check_persons

    if request.method in WITHIN_PERSONS:
        check_persons(assay, contrast)
    report = design_report(assay.samples, contrast, request.method, request.covariates)
    if report.df_residual < 1:
        raise Misuse(
            f"{contrast['contrast']!r}: the design leaves no residual degrees of freedom; leave "
            "covariates out"
        )
    # a mixed model has degrees of freedom of its own for every feature
    df = report.df_residual
    rest = "" if request.method.startswith("mixed") else f", {df} residual degrees of freedom"
    people = _people(assay.samples["subject"].nunique())
    told.print(f"{contrast['contrast']}: {report.samples} samples of {people}{rest}")
    if report.left_out:
        n, names = len(report.left_out), listed(report.left_out, NAMED)
        told.print(f"  without one side of it: {n} ({names})")
    _tell_aliases(told, report.aliases)


def _tell_aliases(told: "Console", aliases: dict[str, str]) -> None:
    for covariate, made_of in aliases.items():
        told.print(f"  not adjusted for {covariate}, which follows from {made_of}")


def _people(n: int) -> str:
    return f"{n} person" if n == 1 else f"{n} persons"


def _with_ranks_beside(found: "pd.DataFrame", study: Study, request: Request) -> "pd.DataFrame":
    """Return effects with the Hodges-Lehmann shift beside a paired t that is not moderated."""
    import pandas as pd

    from exercisebook.stats.hodges_lehmann import EXACT_TO
    from exercisebook.stats.methods import contrast_effects

    alone = request.method == "paired" and found["method"].eq("paired t").all()
    if not alone or found["n_subjects"].max() > EXACT_TO:
        return found
    own = [row for row in study.contrasts if row["arm"] == row["reference_arm"]]
    if not own:
        return found
    ranks = contrast_effects(study.assay, own, "hodges-lehmann", **study.key)
    return pd.concat([found, ranks], ignore_index=True)


def _tell_found(told: "Console", found: "pd.DataFrame") -> None:
    for (contrast, method), rows in found.groupby(["contrast", "method"], sort=False):
        hits = int((rows["q_value"] <= 0.05).sum())
        tested = int(rows["p_value"].notna().sum())
        told.print(f"{contrast}, {method}: {hits:,} of {tested:,} features with q <= .05")
        untested = rows.loc[rows["p_value"].isna(), "flag"].value_counts()
        for flag, count in untested[:REASONS].items():
            told.print(f"  not tested: {count:,} ({flag or 'no reason given'})")
        if len(untested) > REASONS:
            more = untested[REASONS:].sum()
            told.print(f"  not tested: {more:,} (other reasons: see their flags)")


def _first_rows(found: "pd.DataFrame") -> str:
    """Return the smallest p values of the method asked for, and not of the opinion beside it."""
    columns = ["feature", "contrast", "method", "n_subjects", "estimate", "ci_low", "ci_high",
               "p_value", "q_value", "flag"]  # fmt: skip
    own = found[found["method"] == found["method"].iloc[0]]
    first = own.sort_values("p_value", kind="stable").head(SHOWN)[columns]
    return first.to_string(index=False, na_rep="", float_format=lambda number: f"{number:.3g}")


def _write(
    study: Study,
    found: "pd.DataFrame",
    tests: "pd.DataFrame | None",
    request: Request,
    told: "Console",
) -> None:
    """Write all that was asked for, or nothing."""
    from exercisebook.cohort.package import whole_folder
    from exercisebook.cohort.tables import whole_file, write_csv

    with ExitStack() as whole:
        if request.diagnostics is not None:
            folder = whole.enter_context(whole_folder(request.diagnostics))
            _write_diagnostics(study, found, folder, told)
        if request.joint is not None and tests is not None:
            write_csv(tests, whole.enter_context(whole_file(request.joint)))
        if request.out is not None:
            write_csv(found, whole.enter_context(whole_file(request.out)))


def _write_diagnostics(study: Study, found: "pd.DataFrame", folder: Path, told: "Console") -> None:
    """Write influence of persons and charts of every contrast."""
    from exercisebook.cohort.tables import write_csv
    from exercisebook.figures.diagnostics import mean_variance_chart, p_value_chart
    from exercisebook.figures.theme import save_chart
    from exercisebook.stats.diagnostics import leave_one_out, mean_variance

    assay = _logged(study.assay)
    for contrast in study.contrasts:
        name = _file_name(contrast["contrast"])
        own = found[found["contrast"] == contrast["contrast"]]
        save_chart(p_value_chart(own), folder / f"{name}_p_values.svg")
        influence = leave_one_out(assay, contrast)
        if influence.empty:
            told.print(
                f"{contrast['contrast']}: nobody has all sides of it; no influence and no spread "
                "are written"
            )
            continue
        write_csv(influence, folder / f"{name}_influence.csv")
        spread = mean_variance(assay, contrast)
        save_chart(mean_variance_chart(spread), folder / f"{name}_mean_variance.svg")


def _logged(assay: "Assay") -> "Assay":
    """Return counts as log2 counts per million, and anything else as it is."""
    import pandas as pd

    from exercisebook.stats.assay import COUNTS
    from exercisebook.stats.counts import checked_counts, log_cpm, tmm_factors

    if assay.scale != COUNTS:
        return assay
    counts = checked_counts(assay.values)
    logs = log_cpm(counts, tmm_factors(counts))
    return replace(
        assay,
        values=pd.DataFrame(logs, assay.values.index, assay.values.columns),
        scale="log2_ratio",
    )


def _file_name(contrast: str) -> str:
    return "".join(mark if mark.isalnum() or mark in "-_." else "_" for mark in contrast)
