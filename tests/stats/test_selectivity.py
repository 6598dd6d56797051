"""How choosy an inhibitor is."""

import pandas as pd
import pytest

from exercisebook.errors import Misuse
from exercisebook.stats.selectivity import hit_together, selectivity_of


@pytest.fixture
def panel():
    rows = {
        "choosy": {"TBK1": 100, "A": 0, "B": 0, "C": 0},
        "broad": {"TBK1": 95, "A": 95, "B": 95, "C": 95},
        "two": {"TBK1": 91, "A": 99, "B": 10, "C": 0},
        "none": {"TBK1": 90, "A": 99, "B": 0, "C": 0},
    }
    wide = pd.DataFrame(rows).T.rename_axis("compound").astype(float)
    return wide.reset_index().melt("compound", var_name="kinase", value_name="inhibition")


def test_compounds_are_ranked_by_how_few_kinases_they_hit(panel):
    found = selectivity_of(panel, "TBK1")
    assert found["compound"].tolist() == ["choosy", "two", "broad"]
    assert found["n_hit"].tolist() == [1, 2, 4]
    assert found["score"].tolist() == [0.25, 0.5, 1]


def test_gini_is_nil_for_equal_inhibition_and_highest_for_a_single_kinase(panel):
    gini = selectivity_of(panel, "TBK1").set_index("compound")["gini"]
    assert gini["broad"] == pytest.approx(0)
    assert gini["choosy"] == pytest.approx(0.75)


def test_a_kinase_at_the_threshold_is_no_hit(panel):
    assert "none" not in set(selectivity_of(panel, "TBK1")["compound"])


def test_kinases_hit_together_are_shares_of_the_compounds_that_hit_the_first(panel):
    found = hit_together(panel, "TBK1").set_index("kinase")
    assert found["n_hit"].to_dict() == {"A": 2, "B": 1, "C": 1}
    assert found.at["A", "share"] == pytest.approx(2 / 3)


def test_what_cannot_be_asked_is_refused(panel):
    with pytest.raises(Misuse, match="did you mean 'TBK1'"):
        selectivity_of(panel, "TBK")
    with pytest.raises(Misuse, match="no kinase"):
        hit_together(panel, "ZZZ")
    with pytest.raises(Misuse, match="not measured on every kinase"):
        selectivity_of(panel.iloc[1:], "TBK1")
    with pytest.raises(Misuse, match="no compound inhibits"):
        hit_together(panel, "C", hit=99)
