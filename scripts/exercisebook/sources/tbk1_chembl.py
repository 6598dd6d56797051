"""Potencies against the kinase TBK1, as ChEMBL holds them.

What a reader of the export must know: a number with ``<`` or ``>`` is a bound, one in micromolar
stands among nanomolar ones, two assays name another kinase in their text, the format that ChEMBL
gives an assay is wrong for several, and one paper's table was curated twice, the second time with
errors of up to ten thousand-fold. Nothing is dropped in reading; ``note`` says what is doubtful.

No measurement of betaine was found among them.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from exercisebook.errors import Failure, listed
from exercisebook.sources.frame_schemas import (
    COLLAPSED_POTENCIES,
    POTENCIES,
    checked,
    expect_columns,
)

FILE = "chembl_tbk1_ic50.csv"
SOURCES = {1: "chembl", 37: "bindingdb", 54: "donated_probes", 65: "eubopen"}
TO_NANOMOLAR = {"nM": 1.0, "µM": 1000.0, "μM": 1000.0}
TARGET = "CHEMBL5408"

OTHER_KINASE = {"CHEMBL5046601": "TTBK1", "CHEMBL3706335": "IKKe"}
"""Assays filed under TBK1 whose own text names another kinase."""

CELL_ASSAYS = frozenset(
    (
        "CHEMBL3132510", "CHEMBL3888072", "CHEMBL4364414", "CHEMBL4364415", "CHEMBL4364417",
        "CHEMBL4364418", "CHEMBL4884197", "CHEMBL5046589", "CHEMBL5209991", "CHEMBL5210151",
        "CHEMBL5210156",
    )
)  # fmt: skip
"""Assays done in cells, by their text: the format given in the export is wrong for several."""

ROUNDING = 1.05
"""Ratio that rounding to two figures can make; potencies so near are one, written twice."""

CONTRADICTION = 10.0
"""Ratio above which two values of a compound in one assay cannot both be right."""

UNSTATED = "relation not stated"
CONTRADICTED = "contradicted by another value of the same assay"

_COLUMNS = {
    "Molecule ChEMBL ID": "compound",
    "Molecule Name": "name",
    "Assay ChEMBL ID": "assay",
    "Assay Description": "assay_text",
    "Document ChEMBL ID": "document",
    "Document Year": "year",
    "Molecular Weight": "molecular_weight",
}
_OTHERS = (
    "Smiles", "Source ID", "Standard Type", "Standard Relation", "Standard Value",
    "Standard Units", "Target ChEMBL ID", "Data Validity Comment",
)  # fmt: skip
# a bracket is one atom; of the bare symbols, those with two letters come first
_ATOM = re.compile(r"\[[^\]]+\]|Br|Cl|[BCNOPSFI]|[bcnops]")


def read_potencies(files: Mapping[str, Path]) -> pd.DataFrame:
    """Return the potencies as curated, a row an entry.

    Parameters
    ----------
    files : mapping of str to Path
        ``chembl_tbk1_ic50.csv``.

    Returns
    -------
    DataFrame
        Valid under ``POTENCIES``: IC50 in nM with its relation, whether in cells or on the
        enzyme, molecular weight in Da, atoms other than hydrogen, and notes.

    Raises
    ------
    Failure
        If the file holds other columns, units, sources, targets or relations than described.
    """
    path = files[FILE]
    raw = pd.read_csv(path, sep=";")
    expect_columns(path, raw, [*_COLUMNS, *_OTHERS])
    _expect_known(path, raw, "Standard Type", {"IC50"})
    _expect_known(path, raw, "Target ChEMBL ID", {TARGET})
    _expect_known(path, raw, "Standard Units", set(TO_NANOMOLAR))
    _expect_known(path, raw, "Source ID", set(SOURCES))
    _expect_known(path, raw.dropna(subset="Standard Relation"), "Standard Relation",
                  {"'='", "'<'", "'>'"})  # fmt: skip
    table = raw[list(_COLUMNS)].rename(columns=_COLUMNS)
    table = table.assign(
        name=table["name"].fillna("").astype(str),
        year=table["year"].astype(float),
        setting=np.where(table["assay"].isin(CELL_ASSAYS), "cell", "enzyme"),
        source=raw["Source ID"].map(SOURCES),
        relation=raw["Standard Relation"].str.strip("'").fillna(""),
        ic50_nM=raw["Standard Value"] * raw["Standard Units"].map(TO_NANOMOLAR),
        heavy_atoms=[heavy_atoms(smiles) for smiles in raw["Smiles"]],
    )
    table["note"] = _notes(table, raw["Data Validity Comment"])
    return checked(path, POTENCIES, table[list(POTENCIES.columns)])


def heavy_atoms(smiles: str) -> int:
    """Return how many atoms other than hydrogen a SMILES names, all of its parts together."""
    return sum(atom not in ("[H]", "[H+]") for atom in _ATOM.findall(smiles))


def collapse_recurated(frame: pd.DataFrame) -> pd.DataFrame:
    """Return one row a measurement, with how many curated rows told of it.

    Rows are one measurement if compound, text of the assay and relation are the same and the
    potencies equal within the rounding to two figures; the number with the fewest figures is kept,
    since the other came from it. Two values of one assay that are more than ten-fold apart
    are both noted as contradicted: the file does not say which is right.

    Parameters
    ----------
    frame : DataFrame
        Valid under ``POTENCIES``.

    Returns
    -------
    DataFrame
        Valid under ``COLLAPSED_POTENCIES``. ``copies`` minus one, summed, is what was collapsed.
        ``quoted`` marks a value that an earlier document has for the same compound: perhaps
        the same measurement, cited.
    """
    key = ["compound", "text", "relation"]
    table = frame.assign(
        text=frame["assay_text"].str.lower().str.split().str.join(" "),
        figures=[len(f"{value:.12g}".replace(".", "").strip("0")) for value in frame["ic50_nM"]],
    ).sort_values([*key, "ic50_nM"])
    apart = table["ic50_nM"] > ROUNDING * table.groupby(key)["ic50_nM"].shift()
    table["run"] = apart.groupby([table[k] for k in key]).cumsum()
    one = [*key, "run"]
    table["copies"] = table.groupby(one)["compound"].transform("size")
    kept = table.sort_values("figures", kind="stable").drop_duplicates(one).sort_index()
    kept = kept.assign(note=_with_contradictions(kept), quoted=_quoted(kept))
    columns = list(COLLAPSED_POTENCIES.columns)
    return COLLAPSED_POTENCIES.validate(kept[columns].reset_index(drop=True))


def _expect_known(path: Path, raw: pd.DataFrame, column: str, known: set) -> None:
    odd = raw.index[~raw[column].isin(known)]
    if len(odd):
        # the header is row 1
        raise Failure(
            f"{path.name}, row {odd[0] + 2}, column {column}: found {raw.at[odd[0], column]!r}; "
            f"expected {listed(sorted(known, key=str))}"
        )


def _notes(table: pd.DataFrame, validity: pd.Series) -> pd.Series:
    other = table["assay"].map(OTHER_KINASE)
    notes = pd.DataFrame(
        {
            "kinase": ("the assay names " + other).fillna(""),
            "relation": np.where(table["relation"] == "", UNSTATED, ""),
            "validity": validity.fillna("").str.lower(),
        }
    )
    return notes.apply(lambda row: "; ".join(filter(None, row)), axis=1)


def _with_contradictions(kept: pd.DataFrame) -> pd.Series:
    of_assay = kept.groupby(["compound", "assay", "relation"])["ic50_nM"]
    ratio = of_assay.transform("max") / of_assay.transform("min")
    told = kept["note"].where(kept["note"] == "", kept["note"] + "; ") + CONTRADICTED
    return kept["note"].where(ratio <= CONTRADICTION, told)


def _quoted(kept: pd.DataFrame) -> pd.Series:
    by_year = kept.sort_values("year", kind="stable", na_position="last")
    first = by_year.groupby(["compound", "ic50_nM"])["document"].transform("first")
    return first.reindex(kept.index) != kept["document"]
