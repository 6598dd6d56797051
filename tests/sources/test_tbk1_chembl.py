"""Potencies against TBK1."""

import numpy as np
import pandas as pd
import pytest

from exercisebook.errors import Failure
from exercisebook.sources.catalogue import dataset
from exercisebook.sources.fetch import locate
from exercisebook.sources.frame_schemas import COLLAPSED_POTENCIES, POTENCIES
from exercisebook.sources.tbk1_chembl import (
    CONTRADICTED,
    FILE,
    OTHER_KINASE,
    UNSTATED,
    collapse_recurated,
    heavy_atoms,
    read_potencies,
)
from exercisebook.stats.censored_potencies import between_assay_ratios

ROW = {
    "Molecule ChEMBL ID": "CHEMBL1", "Molecule Name": "", "Molecular Weight": 300.0,
    "Smiles": "CCO", "Standard Type": "IC50", "Standard Relation": "'='", "Standard Value": 10.0,
    "Standard Units": "nM", "Data Validity Comment": "", "Assay ChEMBL ID": "CHEMBL10",
    "Assay Description": "Inhibition of TBK1", "Target ChEMBL ID": "CHEMBL5408",
    "Document ChEMBL ID": "CHEMBL20", "Document Year": 2018, "Source ID": 1,
}  # fmt: skip


@pytest.fixture
def read_rows(tmp_path):
    """Return a function that reads rows which differ from a plain one as told."""

    def reading(*changes):
        table = pd.DataFrame([{**ROW, **change} for change in changes])
        table.to_csv(tmp_path / FILE, sep=";", index=False)
        return read_potencies({FILE: tmp_path / FILE})

    return reading


def value(number, **more):
    return {"Standard Value": number, **more}


# what a file may hold


def test_micromolar_becomes_nanomolar(read_rows):
    found = read_rows(value(0.77, **{"Standard Units": "µM"}), value(5))
    assert found["ic50_nM"].tolist() == [770, 5]


def test_a_relation_that_is_not_stated_is_not_taken_for_an_equals_sign(read_rows):
    found = read_rows({"Standard Relation": ""}, {"Standard Relation": "'<'"})
    assert found["relation"].tolist() == ["", "<"]
    assert found["note"].tolist() == [UNSTATED, ""]


def test_an_assay_of_another_kinase_is_noted(read_rows):
    found = read_rows({"Assay ChEMBL ID": "CHEMBL5046601"}, {})
    assert found["note"].tolist() == ["the assay names TTBK1", ""]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"Standard Units": "mg/L"}, "row 3, column Standard Units: found 'mg/L'"),
        ({"Standard Relation": "'~'"}, "column Standard Relation"),
        ({"Source ID": 99}, "column Source ID"),
        ({"Target ChEMBL ID": "CHEMBL999"}, "column Target ChEMBL ID"),
        ({"Standard Type": "Ki"}, "column Standard Type"),
        ({"Standard Value": -1.0}, "ic50_nM"),
        ({"Standard Value": np.nan}, "ic50_nM"),
    ],
)
def test_what_was_not_described_is_refused_and_named(read_rows, change, words):
    with pytest.raises(Failure, match=words):
        read_rows({}, change)


def test_a_file_without_a_column_is_refused(tmp_path):
    pd.DataFrame([ROW]).drop(columns="Smiles").to_csv(tmp_path / FILE, sep=";", index=False)
    with pytest.raises(Failure, match="no column Smiles"):
        read_potencies({FILE: tmp_path / FILE})


@pytest.mark.parametrize(
    ("smiles", "atoms"),
    [
        ("C[N+](C)(C)CC(=O)[O-]", 8),  # betaine
        ("CC(C)c1ccc2oc3nc(N)c(C(=O)O)cc3c(=O)c2c1", 22),  # amlexanox
        ("Clc1ccc(Br)cc1", 8),
        ("[H]O[H]", 1),
        ("C[C@@H](N)C(=O)O.Cl", 7),
    ],
)
def test_atoms_other_than_hydrogen_are_counted(smiles, atoms):
    assert heavy_atoms(smiles) == atoms


# what is one measurement


def test_a_value_and_its_way_through_a_logarithm_are_one_measurement(read_rows):
    found = collapse_recurated(read_rows(value(851.14), value(850.0)))
    assert found["ic50_nM"].tolist() == [850.0]
    assert found["copies"].tolist() == [2]


def test_values_further_apart_than_rounding_stay_two(read_rows):
    found = collapse_recurated(read_rows(value(300), value(710)))
    assert found["copies"].tolist() == [1, 1]
    assert found["note"].tolist() == ["", ""]


def test_two_values_of_one_assay_ten_fold_apart_contradict_each_other(read_rows):
    found = collapse_recurated(read_rows(value(570), value(85113.8)))
    assert (found["note"] == CONTRADICTED).all()


def test_a_bound_is_no_copy_of_its_number(read_rows):
    found = collapse_recurated(read_rows({}, {"Standard Relation": "'<'"}))
    assert len(found) == 2


def test_another_assay_or_compound_is_no_copy(read_rows):
    found = collapse_recurated(
        read_rows({}, {"Assay Description": "At 1 mM of ATP"}, {"Molecule ChEMBL ID": "CHEMBL2"})
    )
    assert len(found) == 3


def test_the_same_text_in_other_letters_and_spaces_is_the_same_assay(read_rows):
    found = collapse_recurated(read_rows({}, {"Assay Description": "inhibition of  TBK1 "}))
    assert found["copies"].tolist() == [2]


def test_a_value_that_an_earlier_document_has_may_be_quoted(read_rows):
    later = {"Document ChEMBL ID": "CHEMBL21", "Document Year": 2022, "Assay Description": "Later"}
    found = collapse_recurated(read_rows(later, {}))
    assert found.set_index("document")["quoted"].to_dict() == {"CHEMBL20": False, "CHEMBL21": True}


def test_collapsing_twice_changes_nothing_more(read_rows):
    once = collapse_recurated(read_rows(value(850), value(851.14), value(2), value(2.18)))
    twice = collapse_recurated(once[list(POTENCIES.columns)])
    assert once["ic50_nM"].tolist() == twice["ic50_nM"].tolist()


# the real file


@pytest.fixture(scope="module")
def curated():
    files = locate(dataset("tbk1-chembl"))
    if files is None:
        pytest.skip("the bytes of tbk1-chembl are not at hand (EXERCISEBOOK_DATA)")
    return read_potencies(files)


@pytest.fixture(scope="module")
def measured(curated):
    return collapse_recurated(curated)


@pytest.mark.open_data
def test_every_row_is_read(curated):
    POTENCIES.validate(curated)
    assert (len(curated), curated["compound"].nunique(), curated["assay"].nunique()) == (
        793, 672, 63
    )  # fmt: skip
    assert curated["source"].value_counts()["bindingdb"] == 431
    assert curated["relation"].value_counts().to_dict() == {"=": 510, "<": 228, ">": 48, "": 7}
    assert curated["molecular_weight"].min() == pytest.approx(279.3)


@pytest.mark.open_data
def test_assays_said_to_be_of_another_kinase_say_so_in_their_text(curated):
    texts = curated.groupby("assay")["assay_text"].first()
    for assay, kinase in OTHER_KINASE.items():
        assert kinase in texts[assay]


@pytest.mark.open_data
def test_amlexanox_was_measured_once(curated, measured):
    assert sorted(curated.loc[curated["name"] == "AMLEXANOX", "ic50_nM"]) == [850, 851.14]
    (row,) = measured[measured["name"] == "AMLEXANOX"].to_dict("records")
    assert (row["ic50_nM"], row["copies"], row["note"], row["quoted"]) == (850, 2, "", False)
    assert row["heavy_atoms"] == 22


@pytest.mark.open_data
def test_one_paper_was_curated_twice_and_half_of_that_wrongly(measured):
    COLLAPSED_POTENCIES.validate(measured)
    assert (measured["copies"] - 1).sum() == 11
    wrong = measured[measured["note"].str.contains(CONTRADICTED)]
    assert set(wrong["assay"]) == {"CHEMBL4276010"}
    assert wrong["compound"].nunique() == 11


@pytest.mark.open_data
def test_bx795_differs_several_fold_with_the_concentration_of_atp(measured):
    own = measured[(measured["name"] == "BX-795") & ~measured["quoted"]]
    assert sorted(own["ic50_nM"]) == [6, 8, 45]


@pytest.mark.open_data
def test_assays_differ_about_ten_fold(measured):
    sound = measured[(measured["note"] == "") & ~measured["quoted"]]
    assert between_assay_ratios(sound)["ratio"].median() == pytest.approx(11.7, abs=0.1)


@pytest.mark.open_data
def test_counted_atoms_agree_with_the_ligand_efficiencies_of_the_file(curated):
    """ChEMBL's is 1.37 pIC50 / N, to two decimals."""
    raw = pd.read_csv(locate(dataset("tbk1-chembl"))[FILE], sep=";")
    implied = 1.37 * raw["pChEMBL Value"] / raw["Ligand Efficiency LE"]
    held = implied.notna()
    assert held.sum() > 300
    ratio = curated.loc[held, "heavy_atoms"] / implied[held]
    assert ratio.between(0.94, 1.06).mean() > 0.97


@pytest.mark.open_data
def test_betaine_is_not_among_the_compounds(curated):
    assert not curated["name"].str.contains("betaine", case=False).any()
    assert (curated["molecular_weight"] > 117.2).all()
