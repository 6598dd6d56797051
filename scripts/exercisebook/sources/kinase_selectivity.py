"""PKIS2: 645 kinase inhibitors of GSK's published set against 406 kinases, at one concentration.

The sheet ends in a row of blanks, and opens with counts over thresholds that follow from the rest;
both are left out (its count over 70 does not agree with its own numbers for 44 % of the compounds).
Summaries of selectivity live in ``stats.selectivity``.
"""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from exercisebook.errors import Failure
from exercisebook.sources.frame_schemas import SELECTIVITY, checked, expect_columns

FILE = "pone.0181585.s004.xlsx"
COMPOUNDS, KINASES = 645, 406
IKK_FAMILY = {
    "TBK1": "TBK1",
    "IKK-epsilon": "IKBKE",
    "IKK-alpha": "CHUK",
    "IKK-beta": "IKBKB",
}
"""Names of the four in this sheet, with their symbols."""

_NOT_KINASES = ["Regno", "Compound", "Chemotype", "Smiles", ">90", ">80", ">70"]


def read_selectivity(files: Mapping[str, Path]) -> pd.DataFrame:
    """Return per cent inhibition at 1 micromolar, a row a compound and kinase.

    Parameters
    ----------
    files : mapping of str to Path
        ``pone.0181585.s004.xlsx``.

    Returns
    -------
    DataFrame
        Valid under ``SELECTIVITY``; 645 compounds by 406 kinases (some of them mutants, or one of
        two domains).

    Raises
    ------
    Failure
        If the sheet holds other columns or numbers of compounds and kinases than described.
    """
    path = files[FILE]
    sheet = pd.read_excel(path)
    expect_columns(path, sheet, [*_NOT_KINASES, *IKK_FAMILY])
    sheet = sheet.dropna(subset="Compound")
    kinases = [column for column in sheet if column not in _NOT_KINASES]
    if (len(sheet), len(kinases)) != (COMPOUNDS, KINASES):
        raise Failure(
            f"{path.name}: {len(sheet)} compounds and {len(kinases)} kinases; "
            f"{COMPOUNDS} and {KINASES} were expected"
        )
    long = sheet.melt(["Compound", "Chemotype"], kinases, "kinase", "inhibition")
    long = long.rename(columns={"Compound": "compound", "Chemotype": "chemotype"})
    return checked(path, SELECTIVITY, long.astype({"kinase": str, "inhibition": float}))
