"""Orthologs: three exports read by their headers, and genes that answer human claims or do not."""

import gzip
from dataclasses import replace

import pandas as pd
import pytest
from typer.testing import CliRunner

from exercisebook.claims.claims import claims
from exercisebook.claims.transfer import cohort_ledger
from exercisebook.cli.main import app
from exercisebook.cohort.package import read_cohort, write_cohort
from exercisebook.errors import InvalidInput, Misuse
from exercisebook.simulate.cohorts import simulate
from exercisebook.simulate.worlds import world
from exercisebook.sources.orthologs import (
    human_links,
    import_orthologs,
    mapped,
    read_export,
    with_human_names,
)

HCOP = (
    "human_entrez_gene\thuman_ensembl_gene\thgnc_id\thuman_name\thuman_symbol\thuman_chr\t"
    "human_assert_ids\trat_entrez_gene\trat_ensembl_gene\trgd_id\trat_name\trat_symbol\trat_chr\t"
    "rat_assert_ids\tsupport\n"
)
ALLIANCE = (
    "# Alliance of Genome Resources\n# Orthology\n"
    "Gene1ID\tGene1Symbol\tGene1SpeciesTaxonID\tGene1SpeciesName\tGene2ID\tGene2Symbol\t"
    "Gene2SpeciesTaxonID\tGene2SpeciesName\tAlgorithms\tAlgorithmsMatch\tOutOfAlgorithms\t"
    "IsBestScore\tIsBestRevScore\n"
)
BIOMART = "Gene stable ID\tGene name\tHuman gene name\tHuman homology type\n"


def hcop(*rows):
    lines = [
        f"1\tENSG1\tHGNC:1\ta name\t{human}\t1\t\t2\t{accession}\tRGD:1\tits name\t{rat}\t1\t\t"
        + ",".join("EOP"[: int(votes)])
        for rat, accession, human, votes in rows
    ]
    return HCOP + "\n".join(lines) + "\n"


def alliance(*rows):
    return ALLIANCE + "".join(
        f"A:1\t{one}\tNCBITaxon:{taxon}\tx\tA:2\t{other}\tNCBITaxon:{of}\ty\tPANTHER\t{votes}\t"
        "12\tYes\tYes\n"
        for one, taxon, other, of, votes in rows
    )


def biomart(*rows):
    return BIOMART + "".join("\t".join(row) + "\n" for row in rows)


SAME = {
    "hcop.txt": hcop(
        ("Il6", "ENSRNOG1", "IL6", 3), ("Tnf", "ENSRNOG2", "TNF", 3), ("Tnf", "ENSRNOG2", "LTA", 1),
        ("Cxcl1", "ENSRNOG3", "CXCL1", 2), ("Cxcl1", "ENSRNOG3", "CXCL8", 2),
    ),
    "alliance.tsv": alliance(
        ("Il6", 10116, "IL6", 9606, 9), ("TNF", 9606, "Tnf", 10116, 9),
        ("Il6", 10090, "LIF", 9606, 9),
        ("Cxcl1", 10116, "CXCL1", 9606, 4), ("Cxcl1", 10116, "CXCL8", 9606, 4),
    ),
    "mart.tsv": biomart(
        ("ENSRNOG1", "Il6", "IL6", "ortholog_one2one"),
        ("ENSRNOG2", "Tnf", "TNF", "ortholog_one2one"),
        ("ENSRNOG3", "Cxcl1", "CXCL1", "ortholog_one2many"),
        ("ENSRNOG3", "Cxcl1", "CXCL8", "ortholog_one2many"), ("ENSRNOG9", "Crp", "", ""),
    ),
}  # fmt: skip


def features(*names, modality="cytokines"):
    return pd.DataFrame({"modality": modality, "feature": names, "canonical_id": None})


def written(tmp_path, text, name="export.tsv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", SAME)
def test_an_export_is_told_by_its_header_and_maps_what_is_one_to_one(name, tmp_path):
    export = read_export(written(tmp_path, SAME[name], name), "rat")
    found = mapped(export, features("Il6", "TNF", "Cxcl1", "Crp"))
    assert dict(found.table.itertuples(index=False)) == {"Il6": "IL6", "TNF": "TNF"}
    assert list(found.several) == ["Cxcl1"]
    assert found.absent == ["Crp"]


def test_what_is_not_one_to_one_is_told_with_its_rows(tmp_path):
    export = read_export(written(tmp_path, SAME["hcop.txt"]), "rat")
    told = mapped(export, features("Cxcl1")).several["Cxcl1"]
    assert told == "row 5 Cxcl1 CXCL1, row 6 Cxcl1 CXCL8"


def test_two_genes_of_one_human_gene_are_not_one_to_one(tmp_path):
    text = biomart(("E1", "Il6", "IL6", "ortholog_many2many"), ("E2", "Il6b", "IL6", "x"))
    found = mapped(read_export(written(tmp_path, text), "rat"), features("Il6"))
    assert found.table.empty
    assert "row 3 Il6b IL6" in found.several["Il6"]


def test_remarks_before_the_header_count_as_rows(tmp_path):
    export = read_export(written(tmp_path, SAME["alliance.tsv"]), "rat")
    assert export.pairs.index.min() == 4


def test_a_gene_is_found_by_its_ensembl_id_with_a_version(tmp_path):
    export = read_export(written(tmp_path, SAME["mart.tsv"]), "rat")
    found = mapped(export, features("ENSRNOG1.4", modality="rna"))
    assert found.table.to_dict("records") == [{"feature": "ENSRNOG1.4", "human_symbol": "IL6"}]


def test_an_export_may_be_gzipped(tmp_path):
    path = tmp_path / "hcop.txt.gz"
    path.write_bytes(gzip.compress(SAME["hcop.txt"].encode()))
    assert read_export(path, "rat").kind == "HCOP"


@pytest.mark.parametrize(
    ("text", "species", "told"),
    [
        ("a,b\n1,2\n", "rat", "columns 'a', 'b'"),
        ("", "rat", "No columns"),
        (SAME["hcop.txt"], "mouse", "orthologs of rat"),
        (SAME["alliance.tsv"], "pig", "no row of pig"),
        (SAME["alliance.tsv"], "unicorn", "the species 'unicorn'"),
        (BIOMART, "rat", "no row of rat"),
    ],
)
def test_a_file_that_is_no_export_of_the_species_is_refused(text, species, told, tmp_path):
    with pytest.raises(InvalidInput, match=told):
        read_export(written(tmp_path, text), species)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"\x1f\x8b broken"])
def test_a_damaged_file_is_refused(content, tmp_path):
    path = tmp_path / "export.gz"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match="damaged"):
        read_export(path, "rat")
    with pytest.raises(InvalidInput, match="no such file"):
        read_export(tmp_path / "nothing.tsv", "rat")


# ---- a rat cohort


def rats(names=None, orthologs=None):
    """Return simulated animals of a cohort that is taken to be of rats."""
    made = simulate(world("reference"), 12, 3, blocks=("clinical", "cytokines"),
                    cells_per_sample=0).cohort  # fmt: skip
    names = names or {}
    tables = {
        m: t.assign(feature=t["feature"].replace(names)) for m, t in made.measurements.items()
    }
    study = {"design": "single-arm before-after", "species": "rat", "population": "male rats",
             "tissue": "blood"}  # fmt: skip
    table = pd.DataFrame(orthologs, columns=["feature", "human_symbol"]) if orthologs else None
    return replace(
        made,
        name="rats",
        features=made.features.assign(feature=made.features["feature"].replace(names)),
        measurements=tables,
        orthologs=table,
        description={"title": "Rats", "study": study},
    )


def joined_by(cohort):
    links = human_links(cohort)
    links = links[links["joined_by"] != ""].set_index("feature")
    return links["joined_by"].to_dict()


def test_without_a_table_genes_are_joined_by_name_and_other_features_as_ever():
    cohort = rats()
    assert set(joined_by(cohort).values()) == {"name"}
    assert {"il6", "tnf", "crp", "ggt"} <= set(joined_by(cohort))
    assert "glucose" not in joined_by(cohort)
    pd.testing.assert_frame_equal(with_human_names(cohort).features, cohort.features)


def test_humans_have_no_orthologs():
    cohort = rats(orthologs=[("il6", "IL6")])
    human = {**cohort.description, "study": {**cohort.description["study"], "species": "human"}}
    own = replace(cohort, description=human)
    assert joined_by(own) == {}
    pd.testing.assert_frame_equal(with_human_names(own).features, own.features)


def test_a_table_joins_drops_and_fills_in():
    cohort = rats({"il6": "Lif6"}, [("Lif6", "IL6"), ("tnf", "TNF"), ("cxcl8", "TNF")])
    cohort.features.loc[cohort.features["feature"] == "Lif6", "canonical_id"] = None
    own = with_human_names(cohort).features.set_index("feature")["canonical_id"]
    assert own["Lif6"] == "il6"
    assert pd.isna(own["tnf"])
    assert pd.isna(own["cxcl8"])
    assert pd.isna(own["ccl2"])
    assert own["glucose"] == "glucose"
    told = joined_by(cohort)
    assert (told["tnf"], told["ccl2"]) == ("shared", "none")


def test_the_names_of_humans_are_given_once_and_for_all():
    cohort = rats(None, [("il6", "IL10"), ("tnf", "TNF"), ("cxcl8", "TNF"), ("ccl2", "CCL2")])
    once = with_human_names(cohort)
    pd.testing.assert_frame_equal(with_human_names(once).features, once.features)


def test_a_gene_without_an_ortholog_of_its_own_answers_no_human_claim():
    asked = claims().query("claim_id == 'S1-07'")
    by_name = cohort_ledger(rats(), asked)
    by_table = cohort_ledger(rats(None, [("tnf", "TNF"), ("il10", "IL10")]), asked)
    members = [set(table["member"]) - {""} for table in (by_name, by_table)]
    assert {"il6", "tnf", "cxcl8"} <= members[0]
    assert members[1] == {"tnf"}


def test_a_gene_joined_by_its_name_alone_says_so_in_its_row():
    asked = claims().query("claim_id == 'S1-07'")
    for cohort, alone in ((rats(), True), (rats(None, [("tnf", "TNF")]), False)):
        rows = cohort_ledger(cohort, asked).query("member == 'tnf'")
        assert len(rows)
        assert rows["reason"].str.contains("by its name alone").all() == alone


def test_a_table_of_orthologs_is_written_and_read_with_its_package(tmp_path):
    cohort = rats(None, [("il6", "IL6"), ("tnf", "TNF")])
    write_cohort(cohort, tmp_path / "rats")
    again = read_cohort(tmp_path / "rats")
    pd.testing.assert_frame_equal(again.orthologs, cohort.orthologs)
    text = (tmp_path / "rats" / "datapackage.json").read_text()
    assert '"orthologs.csv"' in text


def test_a_gene_of_two_human_genes_is_refused_with_its_row(tmp_path):
    write_cohort(rats(), tmp_path / "rats")
    written(tmp_path / "rats", "feature,human_symbol\nil6,IL6\nil6,LIF\n", "orthologs.csv")
    with pytest.raises(InvalidInput, match=r"orthologs\.csv, row 3"):
        read_cohort(tmp_path / "rats")


def test_orthologs_are_imported_into_a_package(tmp_path):
    names = {"il6": "Il6", "tnf": "Tnf", "cxcl8": "Cxcl1"}
    write_cohort(rats(names), tmp_path / "rats")
    path = written(tmp_path, SAME["hcop.txt"])
    command = ["import", "orthologs", str(path), "--into", str(tmp_path / "rats")]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    assert "genes with a human ortholog of their own: 2 of" in done.output
    assert "not one to one, left out: Cxcl1 (row 5" in done.output
    again = read_cohort(tmp_path / "rats")
    assert again.orthologs.to_dict("list") == {"feature": ["Il6", "Tnf"],
                                               "human_symbol": ["IL6", "TNF"]}  # fmt: skip
    assert joined_by(again)["Cxcl1"] == "none"
    told = CliRunner().invoke(app, command)
    assert isinstance(told.exception, Misuse)
    assert "--replace" in str(told.exception)
    assert CliRunner().invoke(app, [*command, "--replace"]).exit_code == 0


def test_orthologs_do_not_come_into_a_package_of_humans(tmp_path):
    cohort = rats()
    human = {**cohort.description, "study": {**cohort.description["study"], "species": "human"}}
    write_cohort(replace(cohort, description=human), tmp_path / "people")
    before = sorted(p.name for p in (tmp_path / "people").iterdir())
    with pytest.raises(Misuse, match="another species"):
        import_orthologs(written(tmp_path, SAME["hcop.txt"]), tmp_path / "people", False)
    assert sorted(p.name for p in (tmp_path / "people").iterdir()) == before


def test_an_export_that_maps_nothing_is_refused_and_nothing_is_written(tmp_path):
    write_cohort(rats(), tmp_path / "rats")
    path = written(tmp_path, hcop(("Abc", "E", "ABC", 3)))
    with pytest.raises(InvalidInput, match="none of"):
        import_orthologs(path, tmp_path / "rats", False)
    assert not (tmp_path / "rats" / "orthologs.csv").exists()
