"""Genes of another species and the human genes that claims are about.

A package may hold ``orthologs.csv``: for each of its features the symbol of the one human gene it
answers to. The table is made of an export of HCOP, Ensembl BioMart or the Alliance of Genome
Resources, told apart by their headers. Without it a gene meets a claim by its name alone, and says
so; with it a gene that it lacks meets none.

References
----------
.. [1] Eyre TA, Wright MW, Lush MJ, Bruford EA. HCOP: a searchable database of human orthology
   predictions. Briefings in Bioinformatics 2007;8(1):2-5. doi:10.1093/bib/bbl030
"""

import io
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from exercisebook.cohort.package import Cohort, table_resource
from exercisebook.cohort.tables import write_csv
from exercisebook.cohort.textfile import decoded
from exercisebook.errors import Failure, InvalidInput, Misuse, Problem, listed
from exercisebook.sources.features import feature_table
from exercisebook.sources.importers.names import UNLINKED, canonical_ids
from exercisebook.sources.study import study_of

FILE = "orthologs.csv"
HUMAN = "human"

TABLE, NAME, NONE, SHARED, OTHER = "table", "name", "none", "shared", "other"
"""How a gene was joined: by the table, by its name alone, or not at all for want of an ortholog or
because its human gene answers to several; and by the table against what features.csv says."""

TAXA = {
    "mouse": ("10090", "Mus musculus"),
    "rat": ("10116", "Rattus norvegicus"),
    "zebrafish": ("7955", "Danio rerio"),
    "pig": ("9823", "Sus scrofa"),
    "dog": ("9615", "Canis lupus familiaris"),
    "horse": ("9796", "Equus caballus"),
    "macaque": ("9544", "Macaca mulatta"),
}
"""Number and name of the species in the taxonomy of NCBI."""

HUMAN_TAXON = "9606"

_OF_GENES = ("cytokines", "proteins", "rna")
_PAIR = ["gene", "accession", "human_symbol", "votes"]


@dataclass(frozen=True)
class Export:
    """What an export says of one species.

    Attributes
    ----------
    kind : str
        HCOP, BioMart, Alliance or a table of this book's own form.
    pairs : DataFrame
        gene, accession, human_symbol and votes (how many predictions agree), indexed by the row of
        the file.
    """

    kind: str
    pairs: pd.DataFrame


@dataclass(frozen=True)
class Mapped:
    """The table of a package's orthologs, and the genes that got none.

    Attributes
    ----------
    table : DataFrame
        feature and human_symbol, one row a feature.
    several : dict of str to str
        By feature that is not one to one, the rows and human genes of the export.
    absent : list of str
        Features of genes that the export does not hold.
    """

    table: pd.DataFrame
    several: dict[str, str]
    absent: list[str]


def species_of(cohort: Cohort) -> str:
    """Return the species a cohort states; human where it states none, or nothing sound."""
    try:
        study = study_of(cohort.description)
    except InvalidInput:
        return HUMAN
    return study.species if study else HUMAN


def is_of_gene(canonical_id: object) -> bool:
    """Return whether a canonical id is of one gene or its product."""
    book = feature_table()
    if not isinstance(canonical_id, str) or canonical_id not in book.index:
        return False
    row = book.loc[canonical_id]
    return bool(row["uniprot"]) or str(row["identifier"]).startswith("HGNC:")


def human_links(cohort: Cohort) -> pd.DataFrame:
    """Return how each feature is joined to human genes.

    Parameters
    ----------
    cohort : Cohort

    Returns
    -------
    DataFrame
        The cohort's features, ``canonical_id`` being the one by which claims may be met, with
        ``stated_id`` (as in features.csv), ``human_symbol`` and ``joined_by``: ``table``,
        ``name``, ``none``, ``shared``, ``other``, or nothing for what is no gene of another
        species.
    """
    features = cohort.features.assign(
        stated_id=cohort.features["canonical_id"].fillna(""), human_symbol="", joined_by=""
    )
    if species_of(cohort) == HUMAN:
        return features
    of_gene = features["stated_id"].map(is_of_gene)
    if cohort.orthologs is None:
        return features.assign(joined_by=of_gene.map({True: NAME, False: ""}))
    symbols = cohort.orthologs.set_index("feature")["human_symbol"]
    features["human_symbol"] = features["feature"].map(symbols).fillna("")
    asked = of_gene | (features["modality"].isin(_OF_GENES) & (features["human_symbol"] != ""))
    features.loc[asked, "canonical_id"] = _by_table(features[asked])
    features.loc[asked, "joined_by"] = _joined_by(features[asked])
    return features


def _by_table(features: pd.DataFrame) -> pd.Series:
    """Return the canonical id of each feature's human gene, None where it has none of its own."""
    ids = pd.Series(UNLINKED, features.index, dtype=object)
    for modality, own in features.groupby("modality"):
        ids[own.index] = canonical_ids(own["human_symbol"], str(modality))
    linked = (features["human_symbol"] != "") & (ids != UNLINKED) & ~_shared(features)
    return ids.where(linked, None)


def _shared(features: pd.DataFrame) -> pd.Series:
    several = features.duplicated(["modality", "human_symbol"], keep=False)
    return several & (features["human_symbol"] != "")


def _joined_by(features: pd.DataFrame) -> pd.Series:
    stated, linked = features["stated_id"], features["canonical_id"].fillna("")
    how = pd.Series(TABLE, features.index, dtype=object)
    how[(stated == "") & (linked == "")] = ""
    how[(stated != "") & (linked != stated)] = OTHER
    how[_shared(features) & (stated != "")] = SHARED
    how[(features["human_symbol"] == "") & (stated != "")] = NONE
    return how


def with_human_names(cohort: Cohort) -> Cohort:
    """Return the cohort with the canonical ids by which its genes may meet human claims."""
    links = human_links(cohort)
    return replace(cohort, features=links[list(cohort.features.columns)])


def by_name_alone(cohort: Cohort) -> dict[str, str]:
    """Return what a reader must know, by canonical id of a gene joined by its name alone."""
    links = human_links(cohort)
    species = species_of(cohort)
    return {
        str(row.canonical_id): (
            f"{species} {row.feature} was joined to the human gene by its name alone, without a "
            "table of orthologs"
        )
        for row in links[links["joined_by"] == NAME].itertuples()
    }


def read_export(path: Path, species: str) -> Export:
    """Read an export of orthologs of one species.

    Parameters
    ----------
    path : Path
        TSV or CSV, ``.gz`` accepted: a bulk file of HCOP, an export of BioMart with the columns
        "Gene name", "Human gene name" and if possible "Human homology type" and "Gene stable ID",
        the combined file of the Alliance, or a table of ``feature`` and ``human_symbol``.
    species : str
        As the package states it.

    Raises
    ------
    InvalidInput
        If the file cannot be read, is none of these, or holds nothing of the species.
    """
    frame = _table(path)
    columns = set(frame.columns)
    if {"human_symbol", "support"} <= columns:
        kind, pairs = "HCOP", _of_hcop(frame, path, species)
    elif {"Gene1Symbol", "Gene2Symbol", "Gene1SpeciesTaxonID", "Gene2SpeciesTaxonID"} <= columns:
        kind, pairs = "the Alliance of Genome Resources", _of_alliance(frame, path, species)
    elif {"Gene name", "Human gene name"} <= columns:
        kind, pairs = "Ensembl BioMart", _of_biomart(frame)
    elif {"feature", "human_symbol"} <= columns:
        own = {"gene": frame["feature"], "accession": "", "votes": 1}
        kind, pairs = "a table of features", frame.assign(**own)
    else:
        found = f"columns {listed(map(repr, frame.columns), 6)}"
        expected = "an export of HCOP, Ensembl BioMart or the Alliance of Genome Resources"
        repair = "Save it with its header; book/your_data.md tells the columns."
        raise InvalidInput([Problem(path.name, found, expected, repair, 1)])
    pairs = pairs[_PAIR]
    named = (pairs["human_symbol"] != "") & ((pairs["gene"] != "") | (pairs["accession"] != ""))
    if not named.any():
        found = f"no row of {species} with a human symbol"
        raise InvalidInput([Problem(path.name, found, f"orthologs of {species}", _EXPORT_AGAIN)])
    return Export(kind, pairs[named])


_EXPORT_AGAIN = "Export it for the species that datapackage.json states under study."


def _table(path: Path) -> pd.DataFrame:
    """Return a table as text, indexed by the row of the file; lines of remarks before it go."""
    text = decoded(path, "a table of orthologs")
    lines = text.splitlines()
    remarks = next((i for i, line in enumerate(lines) if not line.startswith("#")), len(lines))
    body = "\n".join(lines[remarks:])
    header = lines[remarks] if remarks < len(lines) else ""
    separator = "\t" if "\t" in header else ","
    try:
        frame = pd.read_csv(io.StringIO(body), sep=separator, dtype=str, keep_default_na=False,
                            quoting=3 if separator == "\t" else 0, index_col=False)  # fmt: skip
    except ValueError as error:
        told = " ".join(str(error).split())[:120] or "an empty file"
        problem = Problem(path.name, told, "a table of orthologs", "Export it again.")
        raise InvalidInput([problem]) from None
    frame.index = pd.Index(range(remarks + 2, remarks + 2 + len(frame)))
    return frame.fillna("")


def _of_hcop(frame: pd.DataFrame, path: Path, species: str) -> pd.DataFrame:
    prefix = "ortholog_species" if "ortholog_species_symbol" in frame else species.lower()
    if f"{prefix}_symbol" not in frame:
        others = [c.removesuffix("_symbol") for c in frame if c.endswith("_symbol")]
        found = f"orthologs of {listed([name for name in others if name != HUMAN])}"
        raise InvalidInput([Problem(path.name, found, f"those of {species}", _EXPORT_AGAIN, 1)])
    if "ortholog_species" in frame:
        frame = frame[frame["ortholog_species"].isin(_spelt(species))]
    accession = f"{prefix}_ensembl_gene"
    return frame.assign(
        gene=frame[f"{prefix}_symbol"].replace("-", ""),
        accession=frame[accession].replace("-", "") if accession in frame else "",
        human_symbol=frame["human_symbol"].replace("-", ""),
        votes=frame["support"].str.count(",") + 1,
    )


def _spelt(species: str) -> set[str]:
    return {species.lower(), species, *TAXA.get(species.lower(), ())}


def _of_biomart(frame: pd.DataFrame) -> pd.DataFrame:
    if "Human homology type" in frame:
        frame = frame[frame["Human homology type"] != ""]
    return frame.assign(
        gene=frame["Gene name"],
        accession=frame.get("Gene stable ID", ""),
        human_symbol=frame["Human gene name"],
        votes=1,
    )


def _of_alliance(frame: pd.DataFrame, path: Path, species: str) -> pd.DataFrame:
    if species.lower() not in TAXA:
        found, known = f"the species {species!r}", f"one of {listed(TAXA)}"
        raise InvalidInput([Problem(path.name, found, known, "Take HCOP or BioMart for it.")])
    taxon = TAXA[species.lower()][0]
    one, other = (frame[f"Gene{i}SpeciesTaxonID"].str.rpartition(":")[2] for i in (1, 2))
    symbols = frame[["Gene1Symbol", "Gene2Symbol"]].set_axis([0, 1], axis=1)
    here = frame.assign(gene=symbols[0], human_symbol=symbols[1])
    there = frame.assign(gene=symbols[1], human_symbol=symbols[0])
    both = pd.concat(
        [
            here[(one == taxon) & (other == HUMAN_TAXON)],
            there[(other == taxon) & (one == HUMAN_TAXON)],
        ]
    )
    match = pd.to_numeric(both.get("AlgorithmsMatch", pd.Series(1, both.index)), errors="coerce")
    return both.assign(accession="", votes=match.fillna(1))


def mapped(export: Export, features: pd.DataFrame) -> Mapped:
    """Return the human gene of each feature that has one of its own.

    Of several predictions those count on which most sources agree, for the gene and for the human
    gene; what then is not one to one gets none.

    Parameters
    ----------
    export : Export
    features : DataFrame
        Those of a package; genes are sought among cytokines, proteins and messengers, and among
        what has the canonical id of a gene.
    """
    of_gene = features["modality"].isin(_OF_GENES) | features["canonical_id"].map(is_of_gene)
    names = features.loc[of_gene, "feature"].drop_duplicates()
    pairs = export.pairs.assign(
        key=export.pairs["gene"].where(export.pairs["gene"] != "", export.pairs["accession"])
    )
    pairs["key"], human = pairs["key"].str.casefold(), pairs["human_symbol"]
    best = pairs[pairs["votes"] == pairs.groupby("key")["votes"].transform("max")]
    best = best[best["votes"] == best.groupby("human_symbol")["votes"].transform("max")]
    best = best.drop_duplicates(["key", "human_symbol"])
    alone = ~best.duplicated("key", keep=False) & ~best.duplicated("human_symbol", keep=False)
    symbol_of = best[alone].set_index("key")["human_symbol"]
    by_accession = pairs[pairs["accession"] != ""].drop_duplicates("accession")
    key_of = by_accession.set_index(by_accession["accession"].str.casefold())["key"]
    keys = names.str.casefold()
    keys = keys.where(keys.isin(set(pairs["key"])), keys.str.split(".").str[0].map(key_of))
    symbols = keys.map(symbol_of)
    has = symbols.notna()
    several = {
        name: _rows_told(pairs, key, human)
        for name, key in zip(names[~has], keys[~has], strict=True)
        if isinstance(key, str)
    }
    table = pd.DataFrame({"feature": names[has], "human_symbol": symbols[has]})
    absent = [name for name in names[~has] if name not in several]
    return Mapped(table.reset_index(drop=True), several, absent)


def _rows_told(pairs: pd.DataFrame, key: str, human: pd.Series) -> str:
    own = pairs.index[(pairs["key"] == key) | human.isin(human[pairs["key"] == key])]
    genes = pairs.loc[own, "gene"].where(pairs.loc[own, "gene"] != "", pairs.loc[own, "accession"])
    told = [f"row {row} {gene} {human[row]}" for row, gene in zip(own, genes, strict=True)]
    return listed(dict.fromkeys(told), 6)


def import_orthologs(path: Path, folder: Path, overwrite: bool) -> list[str]:
    """Write ``orthologs.csv`` into a package, and return lines that tell what was mapped.

    Parameters
    ----------
    path : Path
        See ``read_export``.
    folder : Path
        A package whose features are described.
    overwrite : bool
        Whether a table that is there gives way.

    Raises
    ------
    Misuse
        If the package is of humans, or holds a table already.
    InvalidInput
        If the export cannot be read, or maps none of the package's features.
    Failure
        If the folder cannot be written into; it is as it was.
    """
    from exercisebook.sources.importers.packages import open_package
    from exercisebook.sources.importers.textfiles import words_of
    from exercisebook.sources.importers.together import put_together

    package = open_package(folder)
    study = study_of(package.description)
    if study is None or study.species == HUMAN:
        told = study.species if study else "no species under study in its datapackage.json"
        raise Misuse(f"{folder}: found {told}; orthologs are of a package of another species")
    if (folder / FILE).exists() and not overwrite:
        raise Misuse(f"{folder / FILE} is there already; add --replace to overwrite it")
    export = read_export(path, study.species)
    found = mapped(export, package.features)
    if found.table.empty:
        told = f"none of {len(found.several) + len(found.absent)} genes of the package"
        expected = "their symbols or Ensembl ids with a human gene of their own"
        raise InvalidInput([Problem(path.name, told, expected, _EXPORT_AGAIN)])
    text = _described(package.description, found.table)
    new = {
        FILE: lambda place: write_csv(found.table, place),
        "datapackage.json": lambda place: _write_text(text, place),
    }
    try:
        put_together(folder, new, [])
    except OSError as error:
        told = f"cannot write into {folder}: {words_of(error)}; nothing was changed"
        raise Failure(told) from None
    return [f"{path.name}: {export.kind}, {study.species}", *account_of(found)]


def _described(description: dict[str, Any], table: pd.DataFrame) -> str:
    resources = [r for r in description.get("resources", []) if r.get("path") != FILE]
    told = {**description, "resources": [*resources, table_resource(FILE, table)]}
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def _write_text(text: str, path: Path) -> None:
    path.write_text(text, encoding="utf-8")


def account_of(found: Mapped) -> list[str]:
    """Return, in lines, how many genes were mapped, which are not one to one, which are absent."""
    whole = len(found.table) + len(found.several) + len(found.absent)
    lines = [f"genes with a human ortholog of their own: {len(found.table)} of {whole}"]
    lines += [f"not one to one, left out: {name} ({rows})" for name, rows in found.several.items()]
    if found.absent:
        lines.append(f"not in the export ({len(found.absent)}): {listed(found.absent, 5)}")
    return lines
