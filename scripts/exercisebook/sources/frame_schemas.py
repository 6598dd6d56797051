"""What a frame of laboratory or genetic open data must be: schemas, and holding a frame to one.

What each file holds and how it is read lives in the reader of each data set.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pa

from exercisebook.errors import Failure, closest

RELATIONS = ("=", "<", ">", "")
"""Of a potency to its number; empty where the source does not say."""

SETTINGS = ("enzyme", "cell")
POTENCY_SOURCES = ("chembl", "bindingdb", "donated_probes", "eubopen")
COLLECTIONS = ("hallmark", "wikipathways", "reactome")
ALLELES = ("A", "C", "G", "T")


def _text(among: tuple[str, ...] = (), nullable: bool = False) -> pa.Column:
    check = pa.Check.isin(among) if among else pa.Check.str_length(min_value=1)
    return pa.Column(str, check, nullable=nullable)


def _number(*checks: pa.Check, nullable: bool = False) -> pa.Column:
    finite = pa.Check(np.isfinite, error="a finite number")
    return pa.Column(float, [finite, *checks], nullable=nullable)


def _schema(name: str, columns: dict[str, pa.Column], unique: list[str]) -> pa.DataFrameSchema:
    return pa.DataFrameSchema(columns, name=name, unique=unique, strict=True, ordered=True)


POTENCIES = pa.DataFrameSchema(
    {
        "compound": _text(),
        "name": pa.Column(str),
        "assay": _text(),
        "assay_text": _text(),
        "setting": _text(SETTINGS),
        "document": _text(),
        "year": _number(pa.Check.in_range(1990, 2100), nullable=True),
        "source": _text(POTENCY_SOURCES),
        "relation": _text(RELATIONS),
        "ic50_nM": _number(pa.Check.gt(0)),
        "molecular_weight": _number(pa.Check.gt(0)),
        "heavy_atoms": pa.Column(int, pa.Check.gt(0)),
        "note": pa.Column(str),
    },
    name="potencies",
    strict=True,
    ordered=True,
)
"""One row a potency as curated; what is doubtful about it stands in ``note``."""

COLLAPSED_POTENCIES = POTENCIES.add_columns(
    {"copies": pa.Column(int, pa.Check.ge(1)), "quoted": pa.Column(bool)}
)
"""One row a measurement: ``copies`` rows tell of it, and ``quoted`` says it may be another's."""

SELECTIVITY = _schema(
    "selectivity",
    {
        "compound": _text(),
        "chemotype": _text(),
        "kinase": _text(),
        "inhibition": _number(pa.Check.in_range(0, 100)),
    },
    ["compound", "kinase"],
)
"""Per cent inhibition at 1 micromolar, a row a compound and kinase."""

GENE_SETS_FRAME = _schema(
    "gene sets by name",
    {"collection": _text(COLLECTIONS), "set": _text(), "feature": _text()},
    ["set", "feature"],
)
"""One row a set and gene, as ``stats.named_sets`` takes them."""

INSTRUMENTS = _schema(
    "instruments",
    {
        "snp": pa.Column(str, pa.Check.str_matches(r"^rs\d+$")),
        "exposure": _text(),
        "effect_allele": _text(ALLELES),
        "other_allele": _text(ALLELES),
        "effect_allele_frequency": _number(pa.Check.in_range(0, 1)),
        "beta": _number(),
        "se": _number(pa.Check.gt(0)),
        "n": _number(pa.Check.gt(0)),
        "unit": _text(),
        "f": _number(pa.Check.ge(0)),
    },
    ["snp", "exposure"],
)
"""Associations of variants with traits; ``f`` is the square of beta over its standard error."""

MR_EXPOSURE_OUTCOME = _schema(
    "exposure and outcome",
    {
        "snp": pa.Column(str, pa.Check.str_matches(r"^rs\d+$")),
        "effect_allele": _text(ALLELES),
        "other_allele": _text(ALLELES),
        "beta_exposure": _number(),
        "se_exposure": _number(pa.Check.gt(0)),
        "beta_outcome": _number(),
        "se_outcome": _number(pa.Check.gt(0)),
        "palindromic": pa.Column(bool),
    },
    ["snp"],
)
"""Both associations of each variant, with the same allele counted in both."""


def checked(path: Path, schema: pa.DataFrameSchema, frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame that obeys its schema.

    Raises
    ------
    Failure
        If it does not; the first fault is named with its file and column.
    """
    try:
        return schema.validate(frame.reset_index(drop=True))
    except pa.errors.SchemaError as fault:
        column = getattr(fault.schema, "name", None) or "the table"
        raise Failure(
            f"{path.name}: {schema.name}, {column}: not as described ({fault.check})"
        ) from None


def expect_columns(path: Path, table: pd.DataFrame, columns: list[str]) -> None:
    """Raise Failure if a table lacks one of the columns."""
    absent = [column for column in columns if column not in table]
    if absent:
        raise Failure(
            f"{path.name}: no column {', '.join(absent)}; {closest(absent[0], map(str, table))}"
        )
