"""``exercisebook init`` and ``import``: a new cohort package, and vendors' files in it.

Options that name a feature take ``NAME=SOMETHING``; heavy imports stay inside the commands.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from exercisebook.errors import Failure, InvalidInput, Misuse, Problem

if TYPE_CHECKING:
    from exercisebook.sources.importers.intake import Intake
    from exercisebook.sources.importers.samples import Samples
    from exercisebook.sources.importers.textfiles import Layout

SEED = 20251121
"""Of the example that ``init --from-example`` writes."""

import_app = typer.Typer(
    help="Bring a vendor's files into a cohort package.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Files = Annotated[list[Path], typer.Argument(metavar="FILE...", help="What the vendor gave.")]
Into = Annotated[Path, typer.Option("--into", help="Folder of the package, made by init.")]
Replace = Annotated[
    bool, typer.Option("--replace", help="Overwrite what the package holds of the same.")
]
Ids = Annotated[
    Path | None, typer.Option("--ids", help="CSV with the columns vendor_id and sample_id.")
]
DropUnknown = Annotated[
    bool, typer.Option("--drop-unknown", help="Leave out samples that samples.csv lacks.")
]
Separator = Annotated[
    str | None, typer.Option("--separator", help="Mark between columns; else as in the header.")
]
Decimal = Annotated[str, typer.Option("--decimal", help="Decimal mark.")]
Thousands = Annotated[str, typer.Option("--thousands", help="Mark of thousands, if any.")]
Missing = Annotated[
    list[str] | None, typer.Option("--missing", help="A further spelling of a missing value.")
]
Sheet = Annotated[str | None, typer.Option("--sheet", help="Sheet of a workbook.")]
HeaderRow = Annotated[
    int, typer.Option("--header-row", help="Row with the names of columns.", min=1)
]
UpperRow = Annotated[
    int | None,
    typer.Option("--upper-row", help="Row above it with another half of the names.", min=1),
]
Encoding = Annotated[str, typer.Option("--encoding", help="Of text files.")]
Rank = Annotated[str | None, typer.Option("--rank", help="Sum counts to this rank, such as genus.")]
Taxonomy = Annotated[
    Path | None, typer.Option("--taxonomy", help="TSV of features and their lineages.")
]


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="New folder of the package.")],
    from_example: Annotated[
        bool, typer.Option("--from-example", help="13 simulated men instead of the template.")
    ] = False,
) -> None:
    """Write a cohort package to fill in, and a guide to it."""
    from exercisebook.cohort.package import refuse_occupied
    from exercisebook.sources.templates.package import GUIDE, write_template

    with _told_plainly(folder):
        refuse_occupied(folder)
        if from_example:
            _write_example(folder)
            typer.echo(folder)
            return
        write_template(folder)
    typer.echo(folder)
    typer.echo(f"read {folder / GUIDE}; everything that begins with EXAMPLE is yours", err=True)


@contextmanager
def _told_plainly(folder: Path) -> Iterator[None]:
    """Turn an error of the system into one line on the folder that could not be made."""
    from exercisebook.sources.importers.textfiles import words_of

    try:
        yield
    except OSError as error:
        told = f"cannot make {folder}: {words_of(error)}; nothing was written"
        raise Failure(told) from None


def _write_example(folder: Path) -> None:
    from dataclasses import replace

    from exercisebook.cohort.package import whole_folder
    from exercisebook.simulate.cohorts import simulate
    from exercisebook.simulate.packages import write_simulation
    from exercisebook.simulate.worlds import world
    from exercisebook.sources.templates.package import GUIDE, guide, simulated_study

    made = simulate(world("reference"), 13, SEED, cells_per_sample=0)
    said = {**made.cohort.description, "study": simulated_study()}
    made = replace(made, cohort=replace(made.cohort, name="example", description=said))
    with whole_folder(folder) as staging:
        write_simulation(made, staging / "package")
        for path in sorted((staging / "package").iterdir()):
            path.rename(staging / path.name)
        (staging / "package").rmdir()
        (staging / GUIDE).write_text(guide(), encoding="utf-8")


@import_app.command("table")
def import_table(
    files: Files,
    into: Into,
    modality: Annotated[
        list[str] | None,
        typer.Option(
            "--modality",
            help="Of all features, or NAME=MODALITY: clinical, blood_count, cytokines, proteins, "
            "metabolites, taxa, cells, rna or enzyme.",
        ),
    ] = None,
    sample_column: Annotated[
        str | None, typer.Option("--sample-column", help="Column of sample ids.")
    ] = None,
    subject_column: Annotated[
        str | None, typer.Option("--subject-column", help="Column of people.")
    ] = None,
    phase_column: Annotated[
        str | None, typer.Option("--phase-column", help="Column of phases.")
    ] = None,
    arm_column: Annotated[str | None, typer.Option("--arm-column", help="Column of arms.")] = None,
    feature_column: Annotated[
        str | None, typer.Option("--feature-column", help="Of a long table: what was measured.")
    ] = None,
    value_column: Annotated[
        str | None, typer.Option("--value-column", help="Of a long table: its value.")
    ] = None,
    unit_column: Annotated[
        str | None, typer.Option("--unit-column", help="Of a long table: its unit.")
    ] = None,
    unit: Annotated[
        list[str] | None, typer.Option("--unit", help="NAME=UNIT, or one for all without a unit.")
    ] = None,
    feature: Annotated[
        list[str] | None, typer.Option("--feature", help="NAME=CANONICAL_ID; NAME= for none.")
    ] = None,
    molar_mass: Annotated[
        list[str] | None, typer.Option("--molar-mass", help="NAME=NUMBER, in g/mol.")
    ] = None,
    ignore: Annotated[
        list[str] | None, typer.Option("--ignore", help="A column to leave out.")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="A column to take; no others are taken.")
    ] = None,
    visits: Annotated[
        str | None,
        typer.Option("--visits", help="Visits side by side in a row: WORD=PHASE,WORD=PHASE."),
    ] = None,
    signed: Annotated[
        list[str] | None, typer.Option("--signed", help="A feature that may lie below zero.")
    ] = None,
    separator: Separator = None,
    decimal: Decimal = ".",
    thousands: Thousands = "",
    missing: Missing = None,
    sheet: Sheet = None,
    header_row: HeaderRow = 1,
    upper_row: UpperRow = None,
    encoding: Encoding = "utf-8",
    ids: Ids = None,
    drop_unknown: DropUnknown = False,
    replace: Replace = False,
) -> None:
    """Clinical tables, blood counts and the like: CSV, TSV or XLSX, long or wide."""
    from dataclasses import replace as changed

    from exercisebook.sources.importers.table import TableOptions, read_tables
    from exercisebook.sources.importers.visits import visits_of

    if visits is not None and (sample_column or phase_column):
        raise Misuse("--visits: a row is a person; leave out --sample-column and --phase-column")
    if upper_row is not None and upper_row >= header_row:
        raise Misuse("--upper-row: it lies above --header-row, which is 1 unless it is said")
    layout = _layout(separator, decimal, thousands, missing, sheet, header_row, encoding)
    layout = changed(layout, upper_row=upper_row)
    options = TableOptions(
        layout=layout,
        sample=sample_column,
        subject=subject_column,
        phase=phase_column,
        arm=arm_column,
        feature=feature_column,
        value=value_column,
        unit=unit_column,
        modalities=_named("--modality", modality, alone=True),
        units=_named("--unit", unit, alone=True),
        links=_named("--feature", feature),
        molar_masses=_masses(molar_mass),
        ignore=tuple(ignore or ()),
        only=tuple(only or ()),
        visits={} if visits is None else visits_of(visits),
        signed=tuple(signed or ()),
    )
    _bring(lambda samples: read_tables(files, samples, options), into, ids, drop_unknown, replace)


@import_app.command("olink")
def import_olink(
    files: Files,
    into: Into,
    modality: Annotated[
        str, typer.Option("--modality", help="proteins, or cytokines for a panel of these.")
    ] = "proteins",
    keep_warned: Annotated[
        bool, typer.Option("--keep-warned", help="Keep values with a quality warning.")
    ] = False,
    separator: Separator = None,
    decimal: Decimal = ".",
    sheet: Sheet = None,
    ids: Ids = None,
    drop_unknown: DropUnknown = False,
    replace: Replace = False,
) -> None:
    """Olink NPX: long as CSV, XLSX or parquet, or wide as NPX Manager saves it."""
    from exercisebook.sources.importers.olink import OlinkOptions, read_olink

    if modality not in ("proteins", "cytokines"):
        raise Misuse(f"--modality: found {modality!r}; expected proteins or cytokines")
    layout = _layout(separator, decimal, "", None, sheet, 1, "utf-8")
    options = OlinkOptions(layout, modality, keep_warned)
    _bring(lambda samples: read_olink(files, samples, options), into, ids, drop_unknown, replace)


@import_app.command("10x")
def import_10x(
    files: Files,
    into: Into,
    sample: Annotated[
        list[str] | None, typer.Option("--sample", help="The sample of each file, in their order.")
    ] = None,
    ids: Ids = None,
    drop_unknown: DropUnknown = False,
    replace: Replace = False,
) -> None:
    """10x Genomics: filtered h5 files or matrix folders, one a sample."""
    from exercisebook.sources.importers.cells import read_10x

    _bring(lambda samples: read_10x(files, sample or [], samples), into, ids, drop_unknown, replace)


@import_app.command("h5ad")
def import_h5ad(
    files: Files,
    into: Into,
    sample_column: Annotated[
        str, typer.Option("--sample-column", help="Column of obs with the sample.")
    ] = "sample_id",
    ids: Ids = None,
    drop_unknown: DropUnknown = False,
    replace: Replace = False,
) -> None:
    """AnnData with raw counts in X, layers["counts"] or raw."""
    from exercisebook.sources.importers.cells import read_h5ad

    _bring(
        lambda samples: read_h5ad(files, sample_column, samples), into, ids, drop_unknown, replace
    )


@import_app.command("biom")
def import_biom(
    files: Files,
    into: Into,
    rank: Rank = None,
    taxonomy: Taxonomy = None,
    ids: Ids = None,
    drop_unknown: DropUnknown = False,
    replace: Replace = False,
) -> None:
    """BIOM 1 (JSON) or 2.1 (HDF5) tables of reads."""
    from exercisebook.sources.importers.taxa import read_biom

    _bring(
        lambda samples: read_biom(files, samples, _rank(rank), taxonomy),
        into,
        ids,
        drop_unknown,
        replace,
    )


@import_app.command("qiime2-tsv")
def import_qiime2(
    files: Files,
    into: Into,
    rank: Rank = None,
    taxonomy: Taxonomy = None,
    ids: Ids = None,
    drop_unknown: DropUnknown = False,
    replace: Replace = False,
) -> None:
    """Feature tables of QIIME 2 as TSV."""
    from exercisebook.sources.importers.taxa import read_qiime2

    _bring(
        lambda samples: read_qiime2(files, samples, _rank(rank), taxonomy),
        into,
        ids,
        drop_unknown,
        replace,
    )


@import_app.command("mwtab")
def import_mwtab(
    files: Files,
    into: Into,
    molar_mass: Annotated[
        list[str] | None, typer.Option("--molar-mass", help="NAME=NUMBER, in g/mol.")
    ] = None,
    ids: Ids = None,
    drop_unknown: DropUnknown = False,
    replace: Replace = False,
) -> None:
    """Metabolomics Workbench's mwTab, as text or JSON."""
    from exercisebook.sources.importers.metabolomics import read_mwtab

    _bring(
        lambda samples: read_mwtab(files, samples, _masses(molar_mass)),
        into,
        ids,
        drop_unknown,
        replace,
    )


@import_app.command("orthologs")
def import_orthologs(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Export of orthologs.")],
    into: Into,
    replace: Replace = False,
) -> None:
    """Human genes of another species' ones: HCOP, Ensembl BioMart or the Alliance."""
    from exercisebook.sources import orthologs
    from exercisebook.sources.importers.together import alone_in

    with alone_in(into):
        for line in orthologs.import_orthologs(file, into, replace):
            typer.echo(line)


def _bring(
    read: "Callable[[Samples], Intake]",
    into: Path,
    ids: Path | None,
    drop_unknown: bool,
    replace: bool,
) -> None:
    """Read files against the samples of a package and merge them into it, alone in its folder."""
    from exercisebook.sources.importers.packages import merge, open_package
    from exercisebook.sources.importers.samples import Samples, read_ids
    from exercisebook.sources.importers.together import alone_in

    with alone_in(into):
        package = open_package(into)
        intake = read(Samples(package.samples, read_ids(ids), drop_unknown))
        for line in merge(package, intake, replace).lines():
            typer.echo(line)


def _layout(
    separator: str | None,
    decimal: str,
    thousands: str,
    missing: list[str] | None,
    sheet: str | None,
    header_row: int,
    encoding: str,
) -> "Layout":
    from exercisebook.sources.importers.textfiles import SEPARATORS, Layout

    spelled = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";"}
    mark = spelled.get(separator or "", separator)
    if mark is not None and mark not in SEPARATORS:
        raise Misuse(f"--separator: found {separator!r}; expected , ; | or tab")
    if decimal not in (".", ","):
        raise Misuse(f"--decimal: found {decimal!r}; expected . or ,")
    if thousands not in ("", ".", ",", " ", "'") or thousands == decimal:
        raise Misuse(f"--thousands: found {thousands!r}; expected . , ' or a space, not --decimal")
    return Layout(
        mark, decimal, thousands, tuple(missing or ()), sheet, header_row, encoding=encoding
    )


def _named(option: str, given: list[str] | None, alone: bool = False) -> dict[str, str]:
    """Return what is said by name; under an empty name what is said for all, if that may be."""
    said: dict[str, str] = {}
    problems = []
    for text in given or []:
        name, mark, told = text.rpartition("=")
        name = name.strip()
        if (not mark and not alone) or (mark and not name):
            problems.append(Problem(option, repr(text), "NAME=SOMETHING", "Correct it."))
        elif name in said:
            problems.append(Problem(option, f"{name or 'all'!r} twice", "each once", "Keep one."))
        said[name] = told.strip()
    if problems:
        raise InvalidInput(problems)
    return said


def _masses(given: list[str] | None) -> dict[str, float]:
    masses, problems = {}, []
    for name, text in _named("--molar-mass", given).items():
        try:
            masses[name] = float(text)
        except ValueError:
            masses[name] = 0.0
        if not 0 < masses[name] < 1e9:
            problems.append(Problem("--molar-mass", repr(text), "a number in g/mol", "Correct it."))
    if problems:
        raise InvalidInput(problems)
    return masses


def _rank(rank: str | None) -> str | None:
    from exercisebook.sources.importers.hints import hint
    from exercisebook.sources.importers.taxa import RANKS

    if rank is not None and rank not in RANKS:
        raise Misuse(f"--rank: found {rank!r}; {hint(rank, RANKS)}")
    return rank
