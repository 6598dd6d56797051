import pandas as pd
import pytest

from exercisebook.sources.importers.names import canonical_ids, faults_of_links


def linked(name, modality="clinical", accession=None):
    accessions = None if accession is None else pd.Series([accession])
    return canonical_ids(pd.Series([name]), modality, accessions).iloc[0]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("IL-6", "il6"), ("il6", "il6"), ("Interleukin 6", "il6"), ("Hct", "haematocrit"),
     ("white_blood_cells", "leukocytes"), ("IL-1β", "il1b"), ("nothing known", "")],
)  # fmt: skip
def test_labels_and_synonyms_are_matched_whatever_their_case_and_hyphens(name, expected):
    assert linked(name) == expected


def test_a_protein_is_not_joined_to_the_id_of_its_messenger_or_of_its_activity():
    assert linked("TXN", "proteins", "P10599") == ""
    assert linked("GGT1", "proteins", "P19440") == ""
    assert linked("TXN", "rna") == "txn_mrna"


def test_an_accession_is_asked_before_the_name():
    assert linked("some alias", "proteins", "P05231") == "il6"
    assert linked("weird", "metabolites", "HMDB0000043") == "betaine"


def test_an_accession_of_two_features_joins_neither():
    assert linked("bilirubin", "metabolites", "HMDB0000054") == ""


def test_a_link_to_what_the_book_does_not_know_is_told_with_a_hint():
    (fault,) = faults_of_links({"x": "il-6", "y": "", "z": "il6"})
    assert "did you mean 'il6'?" in str(fault)
