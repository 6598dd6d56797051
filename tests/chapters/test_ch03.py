"""Chapter 3: no verdict from data that may not speak, words that follow the data, right answers."""

import importlib
import re

import numpy as np
import pandas as pd
import pytest

from exercisebook.chapters import ch03, results
from exercisebook.chapters.ch03 import cells, graph, models
from exercisebook.chapters.ch03.analyses import CONTROL, SOCIAL, WITH_BMI
from exercisebook.chapters.ch03.published import RESTING, trial_of_neutrophils
from exercisebook.chapters.results import Result
from exercisebook.claims.claims import claims_of
from exercisebook.claims.ledger import ledger
from exercisebook.claims.verdict import ELSEWHERE, IDENTIFIED, NOT_EMPIRICAL, NOT_MEASURED
from exercisebook.simulate.cohorts import simulate
from exercisebook.simulate.packages import write_simulation
from exercisebook.simulate.worlds import world
from exercisebook.stats.innate_memory import innate_memory

# the package offers a function of the same name
words = importlib.import_module("exercisebook.chapters.ch03.sentences")

CHARTS = [name for name in ch03.__all__ if name.endswith("_chart")]
TABLES = [name for name in ch03.__all__ if name.endswith("_table")]


@pytest.fixture(scope="module")
def page():
    """Return the page as it stands without the bytes: from frozen results."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(results, "open_data", lambda name: None)
        made = ch03.begin()
        for name in ch03.ANALYSES:
            assert made.result(name).state == "frozen"
    return made


@pytest.fixture(scope="module")
def told(page):
    return ch03.sentences(page)


@pytest.fixture(scope="module")
def rows(page):
    return ledger(claims_of(3), ch03.claim_effects(page), 0.05)


def with_tables(page, change):
    """Return a page whose tables were changed."""
    made = ch03.begin()
    for name in ch03.ANALYSES:
        frame = change(page[name].copy())
        made._results[name] = Result(frame, page.result(name).dataset, "frozen", 0.0)
    return made


def turned(frame):
    """Return a table in which every effect has the other sign."""
    if "estimate" not in frame:
        return frame
    low, high = frame["ci_low"].copy(), frame["ci_high"].copy()
    return frame.assign(estimate=-frame["estimate"], ci_low=-high, ci_high=-low)


# verdicts


def test_every_claim_that_is_at_home_here_has_a_row(rows):
    wanted = {f"S1-{i}" for i in range(10, 27)} | {f"S2-{i:02d}" for i in range(6, 15)}
    wanted |= {f"S2-{i}" for i in range(20, 26)}
    assert set(rows["claim_id"]) == wanted


def test_no_claim_of_training_gets_a_verdict_from_a_bout_a_survey_or_a_dish(rows):
    assert set(rows["observed"]) == {NOT_MEASURED, NOT_EMPIRICAL, ELSEWHERE}
    kinds = claims_of(3).set_index("claim_id")["kind"]
    of_training = rows[rows["claim_id"].map(kinds) == "training"]
    assert len(of_training) > 15
    assert set(of_training["observed"]) == {NOT_MEASURED}
    assert set(of_training["dataset"]) == {"none"}


def test_what_the_survey_shows_is_shown_and_never_counted(rows):
    shown = rows[rows["observed"] == ELSEWHERE]
    assert set(shown["claim_id"]) == {"S1-16", "S1-17"}
    assert set(shown["dataset"]) == {"nhanes"}
    assert shown["reason"].str.contains("other exposure").all()
    assert shown["estimate"].notna().all()


def test_the_design_names_no_cause_here(rows):
    assert not (rows["cause"] == IDENTIFIED).any()


def test_definitions_analogies_and_limits_are_no_empirical_claims(rows):
    none = set(rows.loc[rows["observed"] == NOT_EMPIRICAL, "claim_id"])
    assert none == {"S2-06", "S2-07", "S2-11", "S2-12", "S2-13", "S2-20", "S2-23"}


def test_the_acute_tables_reach_no_claim(page):
    effects = ch03.claim_effects(page)
    assert set(effects["dataset"]) == {"nhanes"}
    assert set(effects["kind"]) == {"association"}
    assert set(effects["stratum"]) == {SOCIAL}
    assert not set(page["residue"]["kind"]) & {"training", "association"}
    assert set(page["interferon_shares"]["kind"]) == {"group"}
    assert "canonical_id" not in page["interferon_shares"]


def test_a_smallest_effect_that_is_set_has_its_source():
    claims = claims_of(3)
    assert claims["smallest_effect"].notna().sum() >= 8
    assert (claims["smallest_effect"].notna() == claims["smallest_effect_source"].notna()).all()


# what open data say


def test_the_share_of_lymphocytes_moves_and_their_number_does_not(page):
    part = words.white_cell(page, "lymphocyte_share")
    number = words.white_cell(page, "lymphocytes")
    assert part["ci_low"] > 0
    assert number["ci_low"] < 0 < number["ci_high"]


def test_the_negative_control_is_empty_once_schooling_is_held(page):
    for stratum in (SOCIAL, WITH_BMI):
        row = words.white_cell(page, CONTROL, stratum)
        assert row["ci_low"] < 0 < row["ci_high"]
        assert np.isfinite(row["detectable"])


def test_number_and_share_are_of_the_same_people(page):
    table = page["white_cells"].query("feature != @CONTROL")
    assert table["n_subjects"].max() - table["n_subjects"].min() <= 1
    assert table.groupby("feature")["n_subjects"].nunique().eq(1).all()


def test_body_mass_index_is_not_adjusted_for_itself(page):
    own = page["resting_markers"].query("feature == 'body_mass_index'")
    assert WITH_BMI not in set(own["stratum"])


def test_a_difference_of_logs_is_what_the_ratio_of_neutrophils_to_lymphocytes_says(page):
    n, lymph, per = (
        words.white_cell(page, f)["estimate"]
        for f in ("neutrophils", "lymphocytes", "neutrophil_lymphocyte_ratio")
    )
    assert per == pytest.approx(n - lymph, abs=1e-3)


def test_the_trials_difference_is_that_of_its_two_groups():
    row = trial_of_neutrophils().iloc[0]
    assert row["estimate"] == pytest.approx(-0.249)
    assert (row["high"] - row["low"]) / 2 == pytest.approx(np.hypot(0.1151, 0.1190))


def test_there_are_eight_resting_markers_and_two_that_the_survey_lacks(page):
    shown = ch03.resting_table(page).frame
    assert len(shown) == len(RESTING) == 8
    assert (shown.iloc[:, -1] == "not measured").sum() == 2
    assert shown.shape[1] <= 8


# the graph


def test_every_set_needs_illness_and_only_one_drawing_needs_body_mass_index():
    sets = {drawing: graph.sets_of(drawing) for drawing in graph.DRAWINGS}
    assert all(len(found) for found in sets.values())
    assert all(graph.ILLNESS in s for found in sets.values() for s in found)
    assert not any(graph.WEIGHT in s for s in sets[graph.CONSEQUENCE])
    assert all(graph.WEIGHT in s for s in sets[graph.CAUSE])


def test_what_follows_from_activity_is_never_held():
    for drawing in graph.DRAWINGS:
        assert not any(graph.BOUT in found for found in graph.sets_of(drawing))


def test_what_the_regression_holds_is_what_the_graph_asks_for_and_is_measured():
    asked = {n for s in graph.sets_of(graph.CONSEQUENCE) for n in s} - set(graph.UNMEASURED)
    assert asked == {graph.PERSON, graph.SOCIAL, graph.SMOKING}


def test_every_arrow_joins_two_nodes_of_the_picture():
    places = graph.nodes().set_index("name")
    assert places.index.is_unique
    assert set(places["kind"]) == {graph.ASKED, graph.MEASURED, graph.NOT_MEASURED}
    assert graph.arrows()[["x", "y", "to_x", "to_y", "angle"]].notna().all(axis=None)


# cells, against their truth


def test_the_threshold_leaves_out_what_is_damaged():
    table = cells.quality()
    assert table["damaged"].sum() > 100
    assert (cells.is_kept(15.0) == ~table["damaged"].to_numpy()).mean() > 0.99


def test_named_groups_agree_with_the_broad_kinds():
    here = cells.agreements(15.0, 1.0).set_index("resolution").loc[1.0]
    assert here["named"] > 0.9
    assert here["types"] > 0.5
    assert 4 <= here["groups"] <= 20


def test_naive_and_memory_are_told_apart_badly_by_the_groups():
    found = cells.naive_from_memory(15.0, 1.0)
    assert 0.1 < found.mistaken <= found.by_guess
    assert found.index < 0.5


def test_markers_name_their_own_kind():
    shares = cells.marker_shares(15.0, 1.0).pivot(index="gene", columns="kind", values="share")
    assert shares.loc["MS4A1"].idxmax() == cells.B_CELLS
    assert shares.loc["CD14"].idxmax() == cells.CLASSICAL
    assert shares.loc["KLRF1"].idxmax() == cells.NATURAL_KILLERS


def test_every_type_has_its_truth_and_outcome():
    for read in cells.naive_effects(0.05).values():
        assert list(read["feature"]) == list(cells.KIND_OF_TYPE)
        assert read[["truth", "estimate", "q_value"]].notna().all(axis=None)
        assert set(read["outcome"]) <= {"found", "missed", "false alarm", "rightly quiet"}


def test_a_number_a_litre_is_diluted_by_the_plasma_that_training_adds():
    read = cells.naive_effects(0.05)
    quiet = read["number"].set_index("feature").loc["classical monocytes", "truth"]
    assert quiet == pytest.approx(-0.0545, abs=1e-3)


def test_the_two_genes_are_compared_with_persons_as_the_unit():
    seen = cells.gene_effects(15.0, 1.0, 0.05)
    assert set(seen["gene"]) == set(cells.GENES)
    assert seen["n_subjects"].max() <= 13
    assert np.allclose(seen["truth"], 0.25)
    held = (seen["ci_low"] <= seen["truth"]) & (seen["truth"] <= seen["ci_high"])
    assert held.mean() > 0.7


def test_cells_as_replicates_raise_false_alarms_with_their_number_and_persons_do_not():
    table = cells.false_findings().set_index(["question", "counted", "cells"])["share"]
    halves = table[cells.HALVES]["cells"]
    assert halves.iloc[-1] > 2 * 0.05
    assert halves.iloc[-1] > halves.iloc[0]
    for question in (cells.HALVES, cells.BEFORE_AFTER):
        assert table[question]["persons"].between(0.02, 0.08).all()


# small worlds


def test_in_the_world_of_neutrophils_the_share_moves_in_truth_and_the_number_does_not():
    truth = models.neutrophil_world().set_index("feature")["truth"]
    assert truth[models.NEUTROPHILS] == pytest.approx(-0.4)
    assert truth[models.LYMPHOCYTES] == 0
    assert truth[models.OF_MONONUCLEAR] == 0
    assert truth[models.OF_WHITE] > 0.1


def test_each_programme_is_recognised_by_its_two_numbers():
    table = models.two_numbers()
    found = innate_memory(table["baseline"], table["restimulated"], models.MARGIN)
    assert list(found) == list(table["row"]) == list(models.PROGRAMMES)


def test_fewer_cells_leave_the_interval_and_faster_clearance_shortens_it():
    usual, fast, few = (models.indices_of(r) for r in (models.USUAL, models.FASTER, models.SMALLER))
    assert few.interval == pytest.approx(usual.interval, abs=0.1)
    assert few.psi_max == usual.psi_max / 2
    assert fast.interval < 0.6 * usual.interval
    assert fast.psi_max == usual.psi_max


# words


WAYS = {"higher": 1, "lower": -1, "more": 1, "less": -1, "taller": 1, "shorter": -1}


def ways(text):
    """Return the direction of each effect told with an interval behind it, in order."""
    return [
        WAYS[w] for w in re.findall(r"% (higher|lower)|cm (taller|shorter)", text) for w in w if w
    ]


@pytest.mark.parametrize("name", ["answer", "association", "bilirubin", "weight", "control"])
def test_turning_the_data_over_turns_every_direction_over(page, told, name):
    there = ways(told[name])
    back = ways(words.sentences(with_tables(page, turned))[name])
    assert there
    assert back == [-way for way in there]


def test_bilirubin_against_the_commentary_is_said_first_and_only_if_so(page, told):
    assert "active adults have more total bilirubin" in told["against"]
    assert "against the direction that the commentary reports" in told["against"]
    other = words.sentences(with_tables(page, turned))["against"]
    assert "active adults have less total bilirubin" in other
    assert "along with the direction" in other


def test_a_number_that_moves_with_its_share_is_not_said_to_stand_still(page, told):
    assert "The share moved, the number did not" in told["answer"]

    def sure(frame):
        if "stratum" in frame:
            own = (frame["feature"] == "lymphocytes") & (frame["stratum"] == SOCIAL)
            frame.loc[own, ["estimate", "ci_low", "ci_high"]] = [0.1, 0.05, 0.15]
        return frame

    changed = words.sentences(with_tables(page, sure))
    assert "The share moved, the number did not" not in changed["answer"]
    assert "press release" not in changed["association"]


def test_blood_is_never_said_to_have_resolved(told, page):
    assert "must not be called resolution" in told["decay"]

    def flat(frame):
        if "contrast" in frame:
            own = frame["contrast"].str.startswith("P2-")
            frame.loc[own, ["estimate", "ci_low", "ci_high"]] = 0.0
        return frame

    level = words.sentences(with_tables(page, flat))["decay"]
    assert "no rise and fall" in level
    assert "must not be called resolution" in level


def test_the_residue_of_a_bout_is_no_verdict_on_training(told):
    assert "says nothing for or against training" in told["residue"]


def test_sentences_hold_no_gap_and_no_machine_number(told):
    for name, text in told.items():
        assert "nan" not in text.lower(), name
        assert "None " not in text.replace("None is", ""), name
        assert not re.search(r"\b[1-9]\d*\.\d{4,}", text), name


def test_nobody_is_called_a_responder(told):
    assert "responder" not in " ".join(told.values()).lower()


@pytest.mark.parametrize("name", CHARTS)
def test_every_chart_has_a_caption_that_finds_something_and_a_text_alternative(page, name):
    made = getattr(ch03, name)(page).to_dict()
    caption = made["usermeta"]["caption"]
    assert len(caption) > 60
    assert caption.endswith((".", ")."))
    assert "nan" not in caption.lower()
    assert len(made["description"]) > 60


def test_a_chart_of_simulated_or_drawn_things_says_so(page):
    for name in ("truth_chart", "quality_chart", "denominators_chart", "genes_chart",
                 "replicates_chart", "resolution_chart"):  # fmt: skip
        caption = getattr(ch03, name)(page).to_dict()["usermeta"]["caption"]
        assert caption.startswith("Simulated"), name
    assert ch03.memory_chart(page).to_dict()["usermeta"]["caption"].startswith("Drawn")


def test_charts_of_what_people_usually_do_say_that_the_hours_are_unknown(page):
    for name in ("markers_chart", "association_chart"):
        caption = getattr(ch03, name)(page).to_dict()["usermeta"]["caption"]
        assert "hours since the last bout unknown" in caption
        assert "association" in caption


@pytest.mark.parametrize("name", TABLES)
def test_every_table_is_narrow_and_has_a_caption(page, name):
    table = getattr(ch03, name)(page)
    assert table.frame.shape[1] <= 8
    assert len(table.frame)
    assert table.caption


@pytest.mark.parametrize("arm", ["P3", "P4", "P5"])
def test_every_arm_has_its_words(arm, grinta):
    made = ch03.begin(arm=arm)
    assert "nan" not in ch03.sentences(made)["decay"].lower()


def test_another_simulated_cohort_is_held_against_its_own_truth(tmp_path):
    write_simulation(simulate(world("null"), 13, 1), tmp_path / "null")
    made = ch03.begin(cohort=str(tmp_path / "null"))
    assert "simulated" in words.sentences(made)["cohort"]
    assert "outcome" in ch03.cohort_table(made).frame


def test_a_cohort_without_training_has_nothing_to_show(grinta):
    made = ch03.begin(cohort="grinta")
    assert ch03.cohort_table(made).frame.iloc[0, 0] == "none"
    assert "no contrast of training" in words.sentences(made)["cohort"]


# exercises


def test_the_solution_of_the_printout_is_right_and_its_traps_are_named():
    assert ch03.check_lymphocytes(7.0 * 0.28, 0.8 * 7.0 * 0.35).startswith("Right")
    assert "shares" in ch03.check_lymphocytes(28, 35)
    assert "hundredth" in ch03.check_lymphocytes(196, 196)
    assert ch03.check_lymphocytes(1.96, 2.45).startswith("Not yet")


def test_the_solution_of_the_interval_is_right():
    few = ch03.exudates().query("row == 'fewer came'").set_index("hour")["millions"].loc[12.0:]
    half = few.max() / 2
    last = few[few > half].index[-1]
    t_50 = last + 4 * (few[last] - half) / (few[last] - few[last + 4])
    assert ch03.check_interval(t_50 - few.idxmax()).startswith("Right")


@pytest.mark.parametrize("wrong", [25.97, 12.0, 6.4, 0.0, 72.0])
def test_other_intervals_are_not(wrong):
    assert not ch03.check_interval(wrong).startswith("Right")


def test_tolerance_is_the_word_and_the_others_are_not():
    assert ch03.check_programme("Tolerance ").startswith("Right")
    for wrong in ("training", "priming", "differentiation", "", "no memory"):
        assert not ch03.check_programme(wrong).startswith("Right")


def test_the_two_phases_are_a_frame_of_counts():
    counts = ch03.two_phases()
    assert list(counts.index) == ["baseline", "training"]
    assert isinstance(counts, pd.DataFrame)
    assert counts.loc["training", "neutrophils"] < counts.loc["baseline", "neutrophils"]
