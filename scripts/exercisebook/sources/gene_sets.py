"""Gene sets by name: Hallmark, WikiPathways and Reactome, from their GMT files.

A set is what its curators put together; that it is called after NRF2 does not say that its genes
answer to NRF2. Tests of sets live in ``stats``.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from exercisebook.errors import Failure
from exercisebook.sources.frame_schemas import GENE_SETS_FRAME, checked, expect_columns

FILES = {
    "h.all.v7.0.symbols.gmt": "hallmark",
    "wikipathway.v7.2.symbols.gmt": "wikipathways",
    "ReactomePathways.gmt": "reactome",
}
CLAIMED = ("TXN", "GPX1", "SOD1", "GSTP1")
"""Genes that the commentary names as NRF2's."""

CANONICAL = ("NQO1", "HMOX1", "GCLM", "SRXN1", "TXNRD1")
REPRESSORS = ("BACH1", "KEAP1")
NRF2_GENES = (*CLAIMED, *CANONICAL, *REPRESSORS)
NRF2_NAMES = r"NRF2|NFE2L2|KEAP1|REACTIVE[_ ]OXYGEN|OXIDATIVE[_ ]STRESS|XENOBIOTIC[_ ]METABOLISM"
"""What the name of a set must hold to be asked for NRF2's genes."""


def read_gmt(path: Path) -> dict[str, list[str]]:
    """Return genes by set, each gene once, in the order of the file.

    Raises
    ------
    Failure
        If a line has no gene, or two sets have one name.
    """
    sets: dict[str, list[str]] = {}
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, start=1):
        name, _, *genes = line.split("\t") if line.count("\t") > 1 else (line, "")
        named = [gene.strip() for gene in genes if gene.strip()]
        if not named:
            raise Failure(
                f"{path.name}, line {number}: no gene; expected a name, a description and genes, "
                f"with tabs between them"
            )
        if name in sets:
            raise Failure(f"{path.name}, line {number}: set {name!r} stands there a second time")
        sets[name] = list(dict.fromkeys(named))
    return sets


def read_gene_sets(files: Mapping[str, Path]) -> pd.DataFrame:
    """Return the sets of all three collections, a row a set and gene.

    Parameters
    ----------
    files : mapping of str to Path
        The three GMT files.

    Returns
    -------
    DataFrame
        Valid under ``GENE_SETS_FRAME``: collection, set and feature (symbols of human genes, and
        in Reactome some of viruses).

    Raises
    ------
    Failure
        If a file is no GMT, or two collections call a set the same.
    """
    rows = [
        (collection, name, gene)
        for file, collection in FILES.items()
        for name, genes in read_gmt(files[file]).items()
        for gene in genes
    ]
    frame = pd.DataFrame(rows, columns=["collection", "set", "feature"])
    return checked(files[next(iter(FILES))], GENE_SETS_FRAME, frame)


def nrf2_membership(sets: pd.DataFrame, genes: Iterable[str] = NRF2_GENES) -> pd.DataFrame:
    """Return which set with a name of NRF2 or of oxidative stress holds which gene.

    Parameters
    ----------
    sets : DataFrame
        collection, set, feature.
    genes : iterable of str

    Returns
    -------
    DataFrame
        A row a set: collection, set, n_genes (in the set), held (of the genes asked for), and a
        truth value for each gene. Sets that hold none stay in.
    """
    expect_columns(Path("gene sets"), sets, ["collection", "set", "feature"])
    asked = list(genes)
    named = sets[sets["set"].str.contains(NRF2_NAMES, case=False, regex=True)]
    by_set = named.groupby(["collection", "set"], sort=False)["feature"]
    table = by_set.agg(
        n_genes="nunique", **{gene: lambda own, gene=gene: (own == gene).any() for gene in asked}
    ).reset_index()
    table.insert(3, "held", table[asked].sum(axis=1).astype(int))
    return table.sort_values("held", ascending=False, kind="stable").reset_index(drop=True)
