import pandas as pd
import pytest
from effects import claim, effects

from exercisebook.chapters.ledgers import book_ledger
from exercisebook.claims.claims import NATURES
from exercisebook.claims.ledger import COLUMNS, ledger, member_verdicts
from exercisebook.claims.tables import COLUMNS as SHOWN
from exercisebook.claims.tables import ledger_frame, ledger_text
from exercisebook.claims.verdict import IDENTIFIED, OBSERVED
from exercisebook.errors import Misuse


def frame(*claims):
    return pd.DataFrame(list(claims)).reset_index(drop=True)


def test_a_claim_that_nothing_measured_has_one_row_that_says_what_would():
    row = ledger(frame(claim()), effects([("tnf", 1.0, 0.1)])).iloc[0]
    assert (row["dataset"], row["observed"]) == ("none", "not measured")
    assert "a trial" in row["reason"]


def test_a_claim_has_a_row_for_each_data_set():
    both = pd.concat([effects([("il6", 1, 0.1)]), effects([("il6", 2, 0.1)], "ultramarathon")])
    rows = ledger(frame(claim()), both)
    assert list(rows["dataset"]) == ["grinta", "ultramarathon"]
    assert list(rows.columns) == COLUMNS


def test_the_join_is_by_canonical_id_and_kind_alone():
    assert ledger(frame(claim(kind="training")), effects([("il6", 1, 0.1)]))["dataset"][0] == "none"


def test_two_effects_for_one_question_are_refused():
    twice = pd.concat([effects([("il6", 1.0, 0.1)])] * 2)
    with pytest.raises(ValueError, match="more than one effect"):
        ledger(frame(claim()), twice)


def test_simulated_data_cannot_enter():
    simulated = effects([("il6", 1.0, 0.1)], source="simulated-reference")
    with pytest.raises(Misuse, match="no data set 'simulated-reference'"):
        ledger(frame(claim()), simulated)


def test_taking_a_data_set_away_changes_no_other_row():
    both = pd.concat([effects([("il6", 1, 0.1)]), effects([("il6", 2, 0.1)], "ultramarathon")])
    whole = ledger(frame(claim()), both)
    less = ledger(frame(claim()), both[both["dataset"] == "grinta"])
    kept = whole[whole["dataset"] == "grinta"].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, less)


def test_members_of_a_group_are_judged_one_by_one():
    group = claim(canonical_id="stress_hormones", quantifier="all")
    table = effects([("cortisol", 1.0, 0.1), ("adrenaline", -1.0, 0.1)])
    rows = member_verdicts(frame(group), "X-1", table)
    assert dict(zip(rows["canonical_id"], rows["observed"], strict=True)) == {
        "cortisol": "supported",
        "adrenaline": "contradicted",
    }


def test_a_repeated_claim_is_judged_once_and_has_a_row_of_its_own():
    twice = frame(claim(), claim(claim_id="X-2", chapter="7", same_as="X-1"))
    table = effects([("il6", 1.0, 0.1)])
    first, second = ledger(twice, table).to_dict("records")
    shared = [name for name in COLUMNS if name not in ("claim_id", "chapter", "reason")]
    assert [str(first[name]) for name in shared] == [str(second[name]) for name in shared]
    assert (second["claim_id"], second["chapter"]) == ("X-2", "7")
    assert second["reason"].startswith("repeats X-1; ")
    pd.testing.assert_frame_equal(ledger(twice[:1], table), ledger(twice, table)[:1])


def test_a_claim_that_repeats_one_from_elsewhere_gets_its_rows_there():
    assert ledger(frame(claim(same_as="X-9")), effects([("il6", 1.0, 0.1)])).empty


@pytest.mark.parametrize("nature", NATURES)
def test_what_is_not_empirical_says_why(nature):
    row = ledger(frame(claim(direction="none", nature=nature)), effects([("il6", 1.0, 0.1)]))
    assert row["observed"].tolist() == ["not an empirical claim"]
    assert row["reason"].tolist() == [NATURES[nature]]


@pytest.fixture(scope="module")
def book():
    return book_ledger()


def test_every_row_of_the_book_has_both_verdicts_and_a_reason(book):
    assert book["observed"].isin(OBSERVED).all()
    assert book[["observed", "cause", "design", "directness", "reason"]].ne("").all(axis=None)


def test_every_claim_of_the_book_has_a_row(book):
    from exercisebook.claims.claims import claims

    assert set(book["claim_id"]) == set(claims()["claim_id"])


def test_no_simulated_cohort_is_in_the_book(book):
    assert not book["dataset"].str.contains("simulated|reference").any()


JUDGED = ("supported", "contradicted", "no effect of practical size", "inconclusive")


def test_a_verdict_is_given_on_the_same_species_exposure_and_tissue_alone(book):
    judged = book[book["observed"].isin(JUDGED)]
    assert len(judged)
    for part in ("species same", "exposure same", "tissue same"):
        assert judged["directness"].str.contains(part).all()


def test_no_claim_on_training_meets_data_of_a_bout_a_dish_or_a_survey(book):
    from exercisebook.claims.claims import claims

    training = set(claims().query("kind == 'training'")["claim_id"])
    other = ["grinta", "ultramarathon", "erythrocyte-redox", "kang-pbmc", "nhanes"]
    assert training
    assert not book[book["claim_id"].isin(training) & book["dataset"].isin(other)].size


def test_red_cells_answer_no_gene_and_interferon_no_kinase(book):
    chapters = book.set_index("dataset")["chapter"].astype(str)
    assert not chapters[chapters.index.isin(["erythrocyte-redox", "kang-pbmc"])].size


def test_no_group_without_concurrent_controls_is_offered_to_a_claim():
    from exercisebook.chapters.ledgers import CHAPTERS
    from exercisebook.sources.motrpac_rat import unconcurrent_contrasts

    never = set(unconcurrent_contrasts()["contrast"])
    offered = set()
    for module in CHAPTERS:
        if hasattr(module, "claim_effects"):
            effects = module.claim_effects(module.begin())
            offered |= set(effects.loc[effects["dataset"] == "motrpac-rat", "contrast"])
    assert offered
    assert never
    assert not offered & never


def test_the_cause_is_identified_by_no_fixed_order_and_no_single_arm(book):
    weak = ("controlled, not randomised", "single-arm before-after", "cross-sectional")
    assert (book.loc[book["design"].isin(weak), "cause"] != IDENTIFIED).all()


def test_il6_in_grinta_is_no_better_than_inconclusive(book):
    row = book[(book["claim_id"] == "S1-07") & (book["dataset"] == "grinta")].iloc[0]
    assert "inconclusive for IL-6" in row["reason"]


def test_both_verdicts_always_stand_together_in_what_is_shown(book):
    from exercisebook.claims.claims import claims

    shown = ledger_frame(book, claims())
    assert {"is it there?", "can the design name the cause?"} <= set(SHOWN)
    assert (shown["can the design name the cause?"] != "").all()
    told = ledger_text(book, claims())
    assert told.count("observed:") == told.count("cause:") == len(book)
