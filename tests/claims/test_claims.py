import pandas as pd
import pytest

from exercisebook.claims.claims import claims, claims_of
from exercisebook.errors import InvalidInput
from exercisebook.paths import DATA


def changed(tmp_path, edit):
    table = pd.read_csv(DATA / "claims.csv", dtype=str, keep_default_na=False)
    edit(table)
    path = tmp_path / "claims.csv"
    table.to_csv(path, index=False)
    return path


def problems_of(path):
    with pytest.raises(InvalidInput) as caught:
        claims(path)
    return caught.value.problems


def test_every_claim_of_chapters_1_and_2_is_there():
    assert {f"S1-0{i}" for i in range(1, 5)} == set(claims_of(1)["claim_id"])
    assert {f"S1-0{i}" for i in range(5, 10)} < set(claims_of(2)["claim_id"])
    assert {f"S2-{i}" for i in (15, 16, 17, 18, 19, 26)} < set(claims_of(2)["claim_id"])


def test_a_repeated_id_is_refused_with_its_row(tmp_path):
    def edit(table):
        table.loc[3, "claim_id"] = table.loc[2, "claim_id"]

    assert ("claim_id", 5) in {(p.column, p.row) for p in problems_of(changed(tmp_path, edit))}


def test_an_unknown_direction_a_missing_chapter_and_an_unknown_feature_are_told_at_once(tmp_path):
    def edit(table):
        table.loc[0, "direction"] = "sideways"
        table.loc[1, "chapter"] = ""

    found = {(p.column, p.row) for p in problems_of(changed(tmp_path, edit))}
    assert {("direction", 2), ("chapter", 3)} <= found


def test_a_claim_about_a_feature_that_is_not_listed_is_refused_with_a_hint(tmp_path):
    def edit(table):
        table.loc[4, "canonical_id"] = "neutrophil"

    (problem,) = problems_of(changed(tmp_path, edit))
    assert problem.row == 6
    assert "neutrophils" in problem.repair


def test_a_smallest_effect_needs_a_source(tmp_path):
    def edit(table):
        row = table.index[table["smallest_effect"] != ""][0]
        table.loc[row, "smallest_effect_source"] = ""

    (problem,) = problems_of(changed(tmp_path, edit))
    assert problem.column == "smallest_effect_source"


def test_every_claim_of_both_texts_is_there_and_keeps_its_id():
    both = [f"S1-{i:02d}" for i in range(1, 71)] + [f"S2-{i:02d}" for i in range(1, 30)]
    assert sorted(claims()["claim_id"]) == both
    assert set(claims()["chapter"]) == set("1234567")


def test_a_claim_without_a_direction_says_what_it_is_instead(tmp_path):
    def edit(table):
        table.loc[table["claim_id"] == "S2-06", "nature"] = "empirical"
        table.loc[table["claim_id"] == "S1-10", "nature"] = "opinion"

    assert [p.column for p in problems_of(changed(tmp_path, edit))] == ["direction"] * 2


def test_an_unknown_nature_is_refused(tmp_path):
    def edit(table):
        table.loc[6, "nature"] = "rumour"

    assert {(p.column, p.row) for p in problems_of(changed(tmp_path, edit))} == {("nature", 8)}


@pytest.mark.parametrize("named", ["S9-99", "S1-68", "S1-10"])
def test_a_repetition_of_nothing_of_itself_or_of_something_else_is_refused(tmp_path, named):
    def edit(table):
        table.loc[table["claim_id"] == "S1-68", "same_as"] = named

    (problem,) = problems_of(changed(tmp_path, edit))
    assert problem.column == "same_as"
    assert named in problem.found
