"""The claims of a chapter on the cohort of its page."""

import dataclasses

import pytest

from exercisebook.chapters import ch02, ch03
from exercisebook.chapters.own_cohort import own_claims, own_sentence
from exercisebook.claims.tables import COLUMNS
from exercisebook.claims.truth import OUTCOMES
from exercisebook.claims.verdict import OBSERVED
from exercisebook.simulate.cohorts import simulate
from exercisebook.simulate.worlds import world

STUDY = {
    "design": "single-arm before-after",
    "species": "human",
    "population": "healthy young men",
    "tissue": "blood",
}


@pytest.fixture(scope="module")
def brought():
    made = simulate(world("reference"), 13, 5, ("clinical", "blood_count", "cytokines")).cohort
    return dataclasses.replace(made, name="mine", description={"study": STUDY})


def test_a_cohort_of_ones_own_gets_both_verdicts_in_every_row(brought):
    frame = own_claims(brought, "/mine", 3, 0.05).frame
    assert {COLUMNS[2], COLUMNS[3]} <= set(frame.columns)
    assert frame[COLUMNS[2]].isin(OBSERVED).all()
    assert frame[COLUMNS[3]].str.contains("not identified|not asked").all()
    assert frame.shape[1] <= 8


def test_the_sentence_counts_what_the_table_shows(brought):
    frame = own_claims(brought, "/mine", 3, 0.05).frame
    told = own_sentence(brought, 3, 0.05)
    for verdict in ("supported", "contradicted", "inconclusive"):
        assert (verdict in told) == (frame[COLUMNS[2]] == verdict).any()
    assert "In none of them can the design name the cause" in told


def test_without_a_study_there_are_numbers_and_no_verdict(brought):
    silent = dataclasses.replace(brought, description={})
    frame = own_claims(silent, "/mine", 2, 0.05).frame
    assert not frame.isin(OBSERVED).any(axis=None)
    assert len(frame) > 1
    assert "No verdict can be given" in own_sentence(silent, 2, 0.05)


@pytest.mark.parametrize("chapter", [ch02, ch03], ids=["ch02", "ch03"])
def test_the_reference_shows_outcomes_and_no_verdict(chapter):
    page = chapter.begin()
    frame = page.own_claims().frame
    assert frame["outcome of the method"].isin(OUTCOMES).all()
    assert not frame.isin(OBSERVED).any(axis=None)
    assert "speaks for or against no claim" in own_sentence(page.cohort, 2, 0.05)
