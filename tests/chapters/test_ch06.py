"""Chapter 6: what may speak of TBK1 and what may not, and words that follow the tables."""

import json
import re

import numpy as np
import pandas as pd
import pytest
import vl_convert

from exercisebook.chapters import ch06, results
from exercisebook.chapters.ch06 import analyses, readings, worked_assays
from exercisebook.chapters.ch06.analyses import RANDOM, SCORED
from exercisebook.chapters.results import Result, open_data
from exercisebook.claims.claims import claims_of
from exercisebook.claims.ledger import ledger
from exercisebook.claims.verdict import INCONCLUSIVE, NOT_MEASURED
from exercisebook.errors import Failure, Misuse
from exercisebook.publish.sphinx_extension.charts import static_spec
from exercisebook.simulate.cohorts import simulate
from exercisebook.simulate.packages import write_simulation
from exercisebook.simulate.worlds import world
from exercisebook.stats.schemas import EFFECTS

CHARTS = [name for name in ch06.__all__ if name.endswith("_chart")]
TABLES = [name for name in ch06.__all__ if name.endswith("_table")]
CLAIMS = {f"S1-{n}" for n in range(57, 66)}


@pytest.fixture(scope="module")
def chapter():
    return ch06.begin()


@pytest.fixture(scope="module")
def words(chapter):
    return ch06.sentences(chapter)


@pytest.fixture(scope="module")
def frozen():
    """Return the page as it stands without the bytes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(results, "open_data", lambda name: None)
        page = ch06.begin()
        for name in ch06.ANALYSES:
            page.result(name)
    return page


@pytest.fixture(scope="module")
def rows(chapter):
    return ledger(claims_of(6), ch06.claim_effects(chapter), 0.05)


def with_table(chapter, name, frame):
    """Return a chapter in which one table is another."""
    other = ch06.begin()
    for own in ch06.ANALYSES:
        other._results[own] = chapter.result(own)
    other._results[name] = Result(frame, "none", "frozen", 0.0)
    return other


# what may speak, and what may not


def test_every_claim_is_there_and_has_a_row(rows):
    assert set(claims_of(6)["claim_id"]) == CLAIMS
    assert set(rows["claim_id"]) == CLAIMS


def test_no_data_set_answers_a_claim_on_betaine(rows):
    own = rows[rows["claim_id"].isin(["S1-57", "S1-58"])]
    assert list(own["dataset"]) == ["none", "none"]
    assert set(own["observed"]) == {NOT_MEASURED}


def test_interferon_and_a_panel_without_amlexanox_answer_nothing(rows):
    assert set(rows["dataset"]) == {"none", "tbk1-chembl"}
    assert set(rows.loc[rows["dataset"] != "none", "claim_id"]) == {"S1-64"}


def test_one_measurement_with_a_borrowed_spread_decides_nothing(rows, chapter):
    (row,) = rows[rows["claim_id"] == "S1-64"].to_dict("records")
    assert row["observed"] == INCONCLUSIVE
    assert row["n_subjects"] == 1
    effect = EFFECTS.validate(ch06.claim_effects(chapter)).iloc[0]
    assert effect["ci_low"] < 0 < effect["ci_high"]
    assert 2 ** effect["estimate"] * analyses.TOP_DOSE_NM == pytest.approx(850, rel=0.01)
    assert "one measurement" in effect["flag"]


def test_the_score_is_described_and_never_tested(chapter):
    table = chapter["interferon_score"]
    assert set(table["n_subjects"]) == {2}
    assert not {"p_value", "se", "estimate", "ci_low"} & set(table.columns)


def test_the_score_moves_with_interferon_and_its_control_does_not(chapter):
    folds = readings.interferon_folds(chapter)
    assert (folds[SCORED] > 1.5).all()
    assert folds[RANDOM].between(0.8, 1.25).all()


def test_the_genes_between_tbk1_and_interferon_are_not_in_the_file(chapter):
    assert set(chapter["interferon_score"]["n_upstream"]) == {0}


# words


def test_the_first_screen_says_that_betaine_was_not_measured_and_what_speaks_against(words):
    assert "*not measured*" in words["answer"]
    assert "none is betaine" in words["answer"]
    for fact in ("amyotrophic", "same two works", "sores of the mouth"):
        assert fact in words["against"]


def test_sentences_hold_no_gap_and_no_machine_number(words):
    for name, text in words.items():
        assert not re.search(r"\bnan\b|None|∞", text), name
        assert not re.search(r"\b[1-9]\d*\.\d{4,}", text), name


def test_the_direction_of_the_score_follows_the_data(chapter):
    table = chapter["interferon_score"]
    turned = {"control": "stimulated", "stimulated": "control"}
    swapped = table.assign(condition=table["condition"].astype(str).map(turned))
    assert "the score rises" in ch06.sentences(chapter)["interferon"]
    other = with_table(chapter, "interferon_score", swapped)
    assert "the score falls" in ch06.sentences(other)["interferon"]
    caption = ch06.interferon_chart(other).to_dict()["usermeta"]["caption"]
    assert "the score falls" in caption


def test_the_rule_of_cheng_and_prusoff_is_praised_only_where_it_held(chapter):
    table = chapter["atp_shift"].copy()
    assert "could have failed here, and did not" in ch06.sentences(chapter)["atp"]
    table.loc[0, "high_nM"] = table.loc[0, "low_nM"] / 2
    other = ch06.sentences(with_table(chapter, "atp_shift", table))["atp"]
    assert "could have failed here, and did not" not in other


def test_parameters_change_what_follows_from_them():
    tight, weak = (ch06.begin(ligand_efficiency=e) for e in (1.0, 0.2))
    assert readings.assumed_kd(tight) < 0.01 < 10 < readings.assumed_kd(weak)
    small = ch06.sentences(ch06.begin(rise=10.0))
    assert "a rise of 10" in small["answer"]
    assert "2.38 percentage points" in small["answer"]
    with pytest.raises(Misuse, match="rise"):
        ch06.begin(rise=0.0)


@pytest.mark.parametrize("hit", [50.0, 95.0])
def test_another_threshold_has_its_words(hit):
    if open_data("kinase-selectivity") is None:
        pytest.skip("the bytes of kinase-selectivity are not at hand (EXERCISEBOOK_DATA)")
    text = ch06.sentences(ch06.begin(hit=hit))["selectivity"]
    assert not re.search(r"\bnan\b", text)


def test_another_threshold_without_the_bytes_names_the_fetch(monkeypatch):
    monkeypatch.setattr(results, "open_data", lambda name: None)
    with pytest.raises(Failure, match="exercisebook data fetch kinase-selectivity"):
        ch06.begin(hit=90.0).result("selectivity")


# figures and tables


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_has_what_a_page_needs_and_can_be_drawn(name, chapter):
    spec = getattr(ch06, name)(chapter).to_dict()
    about = spec["usermeta"]
    assert about["name"].startswith("fig-")
    assert about["caption"].endswith(".")
    assert re.search(r"\bn = ", about["caption"])
    assert spec["description"].endswith(".")
    assert spec["description"] != about["caption"]
    assert spec["width"] == "container"
    assert len(json.dumps(spec)) < 60_000
    svg = vl_convert.vegalite_to_svg(static_spec(spec))
    assert "undefined" not in svg
    assert "NaN" not in svg


def test_labels_of_charts_are_unique(chapter):
    names = [getattr(ch06, n)(chapter).to_dict()["usermeta"]["name"] for n in CHARTS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_finished_text_of_eight_columns_at_most(name, chapter):
    table = getattr(ch06, name)(chapter)
    assert len(table.frame)
    assert len(table.frame.columns) <= 8
    assert not table.frame.columns.duplicated().any()
    assert table.caption.endswith(".")
    assert not table.frame.astype(str).apply(lambda c: c.str.contains("nan")).any(axis=None)


def test_the_frozen_page_says_the_same_and_shows_no_donor(frozen, words, monkeypatch):
    monkeypatch.setattr(readings, "open_data", lambda name: None)
    here = ch06.sentences(frozen)
    assert {k: v for k, v in here.items() if k != "provenance"} == {
        k: v for k, v in words.items() if k != "provenance"
    }
    assert "Shown as frozen" in here["provenance"]
    assert "gene-sets" in here["provenance"]
    chart = ch06.interferon_chart(frozen).to_dict()
    assert "ticks" not in chart["usermeta"]["caption"]


# the analyses


def potencies(**columns):
    n = len(columns["compound"])
    base = {
        "name": [""] * n, "assay": ["A"] * n, "assay_text": ["a"] * n, "setting": ["enzyme"] * n,
        "relation": ["="] * n, "ic50_nM": [100.0] * n, "molecular_weight": [300.0] * n,
        "heavy_atoms": [20] * n, "note": [""] * n, "quoted": [False] * n,
    }  # fmt: skip
    return pd.DataFrame({**base, **columns})


def test_what_is_doubtful_is_not_trusted():
    table = potencies(
        compound=["a", "b", "c"], note=["", "doubtful", ""], quoted=[False, False, True]
    )
    assert list(analyses.trusted(table)["compound"]) == ["a"]


def test_each_row_left_out_is_counted_once():
    table = potencies(
        compound=["a", "b", "c"],
        note=["", analyses.CONTRADICTED, f"{analyses.UNSTATED}; {analyses.CONTRADICTED}"],
        relation=["<", "=", ""],
        quoted=[False, True, True],
    )
    counts = analyses.census({"potencies": table, "measurements": table}, None)
    n = counts.set_index("what")["n"]
    assert n["contradicted by a value of the same assay"] == 2
    assert n["no relation given"] == 0
    assert n["a value that an earlier paper has"] == 0
    assert (n["left"], n["of these, bounds"]) == (1, 1)


def test_a_bound_gives_a_ratio_and_no_constants():
    table = potencies(
        compound=["a", "a", "b", "b"],
        assay=[analyses.LOW_ATP, analyses.HIGH_ATP] * 2,
        ic50_nM=[8.0, 45.0, 10.0, 20_000.0],
        relation=["=", "=", "=", ">"],
    )
    pairs = analyses.atp_shift({"measurements": table}, None)
    assert list(pairs["bound"]) == [False, True]
    assert pairs.loc[0, "ki_nM"] == pytest.approx(7.63, abs=0.01)
    assert pairs.loc[0, "km_uM"] == pytest.approx(204, abs=0.5)
    assert np.isnan(pairs.loc[1, "km_uM"])


def test_random_genes_are_as_abundant_and_none_of_the_set():
    rng = np.random.default_rng(1)
    level = rng.lognormal(3, 2, 400)
    inside = np.zeros(400, bool)
    inside[:60] = True
    drawn = analyses._as_abundant(level, inside, rng)
    assert not inside[drawn].any()
    assert np.median(level[drawn]) == pytest.approx(np.median(level[inside]), rel=0.5)


# truth first


def test_a_high_enough_top_dose_finds_the_truth_and_a_low_one_says_that_it_cannot():
    table = worked_assays.dose_outcomes().set_index("design")
    high, low, nothing = (
        table.loc[d] for d in (worked_assays.ENOUGH, worked_assays.TOO_LOW, worked_assays.NOTHING)
    )
    assert high["held"] >= 0.85 * high["n"]
    assert high["bounded"] == high["n"]
    assert low["open_above"] >= 0.8 * low["n"]
    assert nothing["bounded"] == 0


def test_the_shown_study_is_the_first_and_not_chosen():
    first = worked_assays.shown(worked_assays.TOO_LOW)
    of_design = [s for s in worked_assays.dose_studies() if s.design == worked_assays.TOO_LOW]
    assert first is of_design[0]


def test_both_worlds_give_tbk1_the_same_shift_and_the_inert_kinase_another():
    table = worked_assays.melting_shifts().set_index(["world", "pair"])
    binds, steadies = (table.loc[w] for w in (worked_assays.BINDS, worked_assays.STEADIES))
    own, inert = worked_assays.PAIRS[:2]
    assert binds.loc[own, "estimate"] == steadies.loc[own, "estimate"]
    assert binds.loc[inert, "high"] < steadies.loc[inert, "low"]


def test_the_mechanism_is_found_over_a_range_of_atp_and_not_without_one():
    right = worked_assays.model_choices().groupby("design")["right"].sum()
    assert right[worked_assays.WIDE] > 0.9 * 2 * worked_assays.STUDIES
    assert right[worked_assays.NARROW] < 0.75 * 2 * worked_assays.STUDIES


# the cohort of the page


def test_a_cohort_with_betaine_is_turned_into_occupancy(chapter):
    table = readings.betaine_of_cohort(chapter)
    assert list(table["contrast"]) == ["acute-baseline", "training-baseline"]
    assert table["before"].between(0.02, 0.075).all()
    assert {"truth", "outcome"} <= set(table.columns)


def test_a_cohort_without_betaine_is_said_to_have_none(tmp_path):
    write_simulation(simulate(world("null"), 13, 1, ("clinical",)), tmp_path / "few")
    own = ch06.begin(cohort=str(tmp_path / "few"))
    assert "holds no betaine" in ch06.sentences(own)["cohort"]
    assert ch06.cohort_table(own).frame.empty


# exercises


def test_the_solution_of_the_occupancy_exercise_is_right(chapter):
    assert ch06.check_nine_tenths(chapter, 9 * ch06.page_kd(chapter)).startswith("Right")


@pytest.mark.parametrize("factor", [0.9, 1.0, 10.0, 9000.0, 0.0, -9.0])
def test_other_concentrations_are_not(chapter, factor):
    answer = ch06.check_nine_tenths(chapter, factor * ch06.page_kd(chapter))
    assert not answer.startswith("Right")


@pytest.mark.parametrize("answer", ["many", None, float("nan")])
def test_what_is_no_number_is_asked_for(chapter, answer):
    assert ch06.check_nine_tenths(chapter, answer).startswith("Give a number")
    assert ch06.check_cell_ic50(chapter, answer).startswith("Give a number")


def test_the_solution_of_the_cell_exercise_is_right(chapter):
    low, high = ch06.bx795(chapter)
    slope = (high - low) / (1000 - 10)
    assert ch06.check_cell_ic50(chapter, high + slope * 2000).startswith("Right")


def test_the_ki_a_line_through_zero_and_other_answers_are_not(chapter):
    low, high = ch06.bx795(chapter)
    ki = low - (high - low) / 990 * 10
    assert "Ki" in ch06.check_cell_ic50(chapter, ki)
    assert "through zero" in ch06.check_cell_ic50(chapter, 3 * high)
    for wrong in (low, high, 1.0, 1e4):
        assert not ch06.check_cell_ic50(chapter, wrong).startswith("Right")
