"""PKIS2."""

import pandas as pd
import pytest

from exercisebook.errors import Failure
from exercisebook.sources.catalogue import dataset
from exercisebook.sources.fetch import locate
from exercisebook.sources.kinase_selectivity import FILE, IKK_FAMILY, read_selectivity
from exercisebook.stats.selectivity import selectivity_of


@pytest.fixture(scope="module")
def files():
    found = locate(dataset("kinase-selectivity"))
    if found is None:
        pytest.skip("the bytes of kinase-selectivity are not at hand (EXERCISEBOOK_DATA)")
    return found


@pytest.fixture(scope="module")
def panel(files):
    return read_selectivity(files)


@pytest.fixture(scope="module")
def sheet(files):
    return pd.read_excel(files[FILE]).dropna(subset="Compound").set_index("Compound")


@pytest.mark.open_data
def test_every_compound_meets_every_kinase(panel):
    assert len(panel) == 645 * 406
    assert (panel["compound"].nunique(), panel["kinase"].nunique()) == (645, 406)
    assert set(IKK_FAMILY) <= set(panel["kinase"])


@pytest.mark.open_data
def test_kinases_over_ninety_are_as_many_as_the_sheet_counts(panel, sheet):
    over = panel[panel["inhibition"] > 90].groupby("compound").size()
    assert (over.reindex(sheet.index, fill_value=0) == sheet[">90"]).all()


@pytest.mark.open_data
def test_hits_of_tbk1_hit_many_others(panel):
    found = selectivity_of(panel, "TBK1")
    assert len(found) == 6
    assert found["n_hit"].min() == 9
    assert found["n_hit"].max() == 239


def test_a_sheet_with_fewer_kinases_is_refused(tmp_path):
    columns = ["Regno", "Compound", "Chemotype", "Smiles", ">90", ">80", ">70", *IKK_FAMILY]
    pd.DataFrame([dict.fromkeys(columns, 1)]).to_excel(tmp_path / FILE, index=False)
    with pytest.raises(Failure, match="1 compounds and 4 kinases; 645 and 406"):
        read_selectivity({FILE: tmp_path / FILE})


def test_a_sheet_without_tbk1_is_refused(tmp_path):
    pd.DataFrame({"Compound": ["a"]}).to_excel(tmp_path / FILE, index=False)
    with pytest.raises(Failure, match="no column"):
        read_selectivity({FILE: tmp_path / FILE})
