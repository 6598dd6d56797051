import pytest

from exercisebook.errors import Misuse
from exercisebook.sources.features import feature_table, label, members


def test_a_canonical_id_has_a_label_for_pages():
    assert label("lymphocytes") == "lymphocytes"
    assert label("il6") != "il6"


def test_an_unknown_id_gives_the_nearest_one():
    with pytest.raises(Misuse, match=r"no feature 'lymphocyte'; did you mean 'lymphocytes'\?"):
        label("lymphocyte")


def test_every_feature_has_a_label():
    table = feature_table()
    assert table.index[table["label"] == ""].tolist() == []


def test_no_group_has_the_name_of_a_feature():
    table = feature_table()
    groups = set(table["member_of"]) - {""}
    assert groups == {
        "blood_leukocytes",
        "inflammatory_cytokines",
        "stress_hormones",
        "naive_lymphocytes",
    }
    assert groups.isdisjoint(table.index)


def test_a_feature_without_members_stands_for_itself():
    assert members("lymphocytes") == ["lymphocytes"]


def test_a_group_stands_for_its_members_and_not_for_itself():
    assert members("stress_hormones") == ["cortisol", "adrenaline", "noradrenaline"]


@pytest.mark.parametrize("name", ["reference", "grinta", "ultramarathon", "nhanes", "cycling"])
def test_every_canonical_id_of_a_cohort_is_in_the_table(name, request):
    ids = request.getfixturevalue(name).features["canonical_id"].dropna()
    assert set(ids) <= set(feature_table().index)
