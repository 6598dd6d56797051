"""The claims of a chapter on the cohort of its page."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from exercisebook.chapters import ch01, ch02, ch03, own_cohort
from exercisebook.chapters.own_cohort import (
    MOST_ROWS,
    own_claims,
    own_ledger,
    own_sentence,
    shown_effects,
)
from exercisebook.chapters.simulated import outcomes
from exercisebook.claims.tables import COLUMNS
from exercisebook.claims.truth import OUTCOMES
from exercisebook.claims.verdict import OBSERVED
from exercisebook.cohort.package import write_cohort
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


@pytest.fixture(scope="module")
def rows(brought):
    return own_ledger(brought, 3, 0.05)


@pytest.fixture(scope="module")
def frame(brought, rows):
    return own_claims(brought, "/mine", 3, 0.05, rows).frame


def test_a_cohort_of_ones_own_gets_both_verdicts_in_every_row(frame):
    assert {COLUMNS[2], COLUMNS[3]} <= set(frame.columns)
    assert frame[COLUMNS[2]].isin(OBSERVED).all()
    assert frame[COLUMNS[3]].str.contains("not identified|not asked").all()
    assert frame.shape[1] <= 8


def test_the_sentence_counts_what_the_table_shows(brought, rows, frame):
    told = own_sentence(brought, rows)
    for verdict in ("supported", "contradicted", "inconclusive"):
        assert (verdict in told) == (frame[COLUMNS[2]] == verdict).any()
    assert "In none of them can the design name the cause" in told


def test_the_sentence_counts_a_claim_about_a_group_once(brought):
    rows = own_ledger(brought, 2, 0.05)
    groups = rows[rows["member"] == ""]
    assert len(groups) < len(rows)
    assert own_sentence(brought, rows) == own_sentence(brought, groups)


def test_without_a_study_there_are_numbers_and_no_verdict(brought):
    silent = dataclasses.replace(brought, description={})
    assert own_ledger(silent, 2, 0.05) is None
    frame = own_claims(silent, "/mine", 2, 0.05, None).frame
    assert not frame.isin(OBSERVED).any(axis=None)
    assert len(frame) > 1
    assert "No verdict can be given" in own_sentence(silent, None)


@pytest.mark.parametrize("chapter", [ch02, ch03], ids=["ch02", "ch03"])
def test_the_reference_shows_outcomes_and_no_verdict(chapter):
    page = chapter.begin()
    frame = page.own_claims().frame
    assert frame["outcome of the method"].isin(OUTCOMES).all()
    assert not frame.isin(OBSERVED).any(axis=None)
    assert "speaks for or against no claim" in own_sentence(page.cohort, None)


def glued(page, patch):
    told = {}
    patch.setattr(
        "exercisebook.chapters.page.glue", lambda name, text, display: told.update({name: text})
    )
    page.glue({})
    return told


@pytest.mark.parametrize(("chapter", "times"), [(ch01, 0), (ch03, 1)], ids=["ch01", "ch03"])
def test_a_page_judges_its_claims_once_and_only_if_there_is_one(
    chapter, times, brought, tmp_path, monkeypatch
):
    seen = []
    real = own_cohort.cohort_ledger
    monkeypatch.setattr(
        own_cohort, "cohort_ledger", lambda *given: seen.append(given) or real(*given)
    )
    write_cohort(brought, tmp_path / "mine")
    page = chapter.begin(cohort=str(tmp_path / "mine"))
    told = glued(page, monkeypatch)
    assert ("own_claims" in told) == bool(times)
    if times:
        page.own_claims()
    assert len(seen) == times


def test_the_q_of_the_claims_is_printed_and_its_family_is_named(brought, rows, frame):
    asked = rows["q_claim"].notna()
    assert asked.any()
    assert (frame["q among the claims"] != "–").sum() == asked.sum()
    caption = own_claims(brought, "/mine", 3, 0.05, rows).caption
    assert "claims of one text on this page" in caption
    assert "all features of one modality" in caption


def test_the_members_of_a_group_stand_below_it_with_their_numbers(brought):
    frame = own_claims(brought, "/mine", 2, 0.05, own_ledger(brought, 2, 0.05)).frame
    numbers = frame.set_index("claim")["estimate (95 % interval), n"]
    place = {name: i for i, name in enumerate(frame["claim"])}
    group = next(name for name in place if name.startswith("S1-07: "))
    assert numbers[group] == "–"
    assert numbers["S1-07, IL-6"] != "–"
    assert 0 < place["S1-07, IL-6"] - place[group] <= 5


def test_an_estimate_without_an_interval_says_so(rows):
    lone = rows[rows["q_claim"].notna()].head(1).assign(ci_low=np.nan, ci_high=np.nan)
    told = own_cohort._numbers(lone.iloc[0])
    assert "no interval" in told
    assert "–" not in told


@pytest.fixture(scope="module")
def wide():
    """Return a cohort with a wide panel, its effects of the bout among them."""
    cohort = simulate(world("null"), 13, 5, ("clinical", "blood_count", "metabolites")).cohort
    return cohort, outcomes(cohort, "acute", None, 0.05)


def test_what_is_left_out_is_counted_and_what_a_claim_asks_for_never_is(wide):
    cohort, effects = wide
    shown, told = shown_effects(cohort, effects, 2, 0.05)
    left = len(effects) - len(shown)
    assert f"Not shown: {left} of wide panels" in told
    assert "exercisebook effects" in told
    assert effects.set_index("feature").at["cortisol", "q_value"] > 0.05
    assert "cortisol" in set(shown["feature"])
    assert shown.index.is_monotonic_increasing


def test_rows_beyond_the_cap_are_counted_apart(wide):
    cohort, effects = wide[0], wide[1].dropna(subset="q_value")
    shown, told = shown_effects(cohort, effects, 2, 1.0)
    assert len(shown) == MOST_ROWS
    assert f"{len(effects) - MOST_ROWS} beyond the first {MOST_ROWS} rows" in told
    few = effects[effects["modality"] == "blood_count"]
    assert shown_effects(cohort, few, 2, 0.05)[1] == ""


def test_two_assays_of_one_thing_have_two_names(wide):
    cohort, effects = wide
    again = effects[effects["feature"] == "cortisol"].assign(feature="COR", modality="clinical")
    shown, _ = shown_effects(cohort, pd.concat([effects, again], ignore_index=True), 2, 0.05)
    own = shown.loc[shown["canonical_id"] == "cortisol", "what"]
    assert own.tolist() == ["cortisol, cortisol of metabolites", "cortisol, COR of clinical"]


def test_a_row_says_how_many_values_lie_below_detection(brought):
    effects = outcomes(brought, "acute", None, 0.05)
    shown, _ = shown_effects(brought, effects, 2, 0.05)
    below = brought.long("cytokines").query("status == 'below_detection'")
    often = below.groupby(["feature", "phase"]).size().unstack(fill_value=0)
    feature = often[["baseline", "acute"]].sum(axis=1).idxmax()
    told = shown.set_index("feature").at[feature, "what"]
    assert f"{often.at[feature, 'baseline']} of 13 at “baseline”" in told
    assert f"{often.at[feature, 'acute']} of 13 at “acute”" in told


@pytest.mark.parametrize(("people", "told"), [(1, "with one person."), (4, "with four people.")])
def test_a_cohort_of_one_is_one_person(people, told, tmp_path):
    made = simulate(world("null"), 4, 5, ("blood_count",)).cohort
    kept = set(made.subjects["subject"][:people])
    samples = made.samples[made.samples["subject"].isin(kept)]
    values = {m: t[t["sample_id"].isin(samples["sample_id"])] for m, t in made.measurements.items()}
    write_cohort(
        dataclasses.replace(
            made,
            description={"title": "mine"},
            subjects=made.subjects[made.subjects["subject"].isin(kept)],
            samples=samples,
            measurements=values,
            contrasts=made.contrasts.assign(kind="detraining"),
        ),
        tmp_path / "mine",
    )
    page = ch02.begin(cohort=str(tmp_path / "mine"))
    assert ch02.sentences(page)["cohort"].endswith(told)
