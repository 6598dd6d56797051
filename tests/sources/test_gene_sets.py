"""Gene sets by name."""

import pandas as pd
import pytest

from exercisebook.errors import Failure
from exercisebook.sources.catalogue import dataset
from exercisebook.sources.fetch import locate
from exercisebook.sources.gene_sets import (
    CLAIMED,
    FILES,
    NRF2_GENES,
    nrf2_membership,
    read_gene_sets,
    read_gmt,
)
from exercisebook.stats.named_sets import named_sets


def gmt(folder, text, name="h.all.v7.0.symbols.gmt"):
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_a_gene_named_twice_counts_once_and_blanks_are_dropped(tmp_path):
    found = read_gmt(gmt(tmp_path, "A\tabout\tTXN\tTXN\t\tSOD1 \nB\t\tNQO1\n"))
    assert found == {"A": ["TXN", "SOD1"], "B": ["NQO1"]}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A\tabout\tTXN\nB\tabout\n", "line 2: no gene"),
        ("A TXN SOD1\n", "line 1: no gene"),
        ("A\tabout\tTXN\nA\tabout\tSOD1\n", "line 2: set 'A' stands there a second time"),
    ],
)
def test_a_file_that_is_no_gmt_is_refused(tmp_path, text, words):
    with pytest.raises(Failure, match=words):
        read_gmt(gmt(tmp_path, text))


def test_two_collections_that_call_a_set_the_same_are_refused(tmp_path):
    files = {name: gmt(tmp_path, "A\tabout\tTXN\n", name) for name in FILES}
    with pytest.raises(Failure, match="gene sets by name"):
        read_gene_sets(files)


def test_a_set_named_for_nrf2_that_holds_none_of_its_genes_stays_in_the_table():
    sets = pd.DataFrame(
        [("wikipathways", "WP_NRF2", "TXN"), ("reactome", "Oxidative Stress", "ACTB"),
         ("hallmark", "HALLMARK_HYPOXIA", "HMOX1")],
        columns=["collection", "set", "feature"],
    )  # fmt: skip
    found = nrf2_membership(sets).set_index("set")
    assert found["held"].to_dict() == {"WP_NRF2": 1, "Oxidative Stress": 0}
    assert found.at["WP_NRF2", "TXN"]
    assert not found.at["WP_NRF2", "SOD1"]


@pytest.fixture(scope="module")
def held():
    files = locate(dataset("gene-sets"))
    if files is None:
        pytest.skip("the bytes of gene-sets are not at hand (EXERCISEBOOK_DATA)")
    return read_gene_sets(files)


@pytest.mark.open_data
def test_every_set_of_the_three_collections_is_read(held):
    found = held.groupby("collection")["set"].nunique()
    assert found.to_dict() == {"hallmark": 50, "reactome": 1448, "wikipathways": 500}


@pytest.mark.open_data
def test_the_sets_go_into_the_tests_of_sets_as_they_are(held):
    found = named_sets(held, list(NRF2_GENES))
    assert len(found.names) == 1998
    assert found.n_measured.max() > 5


@pytest.mark.open_data
def test_no_set_named_for_nrf2_holds_all_four_claimed_genes(held):
    found = nrf2_membership(held).set_index("set")
    own = found[found.index.str.contains("NRF2|NFE2L2")]
    assert len(own) >= 4
    assert not own[list(CLAIMED)].all(axis=1).any()
    pathway = found.loc["WP_NRF2_PATHWAY"]
    assert [gene for gene in CLAIMED if pathway[gene]] == ["TXN", "GSTP1"]
    # the one set that holds all four is of detoxification, whoever drives it
    assert found[found[list(CLAIMED)].all(axis=1)].index.tolist() == [
        "Detoxification of Reactive Oxygen Species"
    ]


@pytest.mark.open_data
def test_bach1_is_in_none_of_them(held):
    assert not nrf2_membership(held)["BACH1"].any()
