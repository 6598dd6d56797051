"""Chapter 7, second half: controls, lists, instruments, stool, designs, and what was not run."""

import re
from functools import cache
from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from test_sentences import reversed_table

from exercisebook.chapters import ch07
from exercisebook.chapters.ch07 import (
    bridges,
    controls,
    drawings,
    genetics,
    labels,
    many,
    stool,
    triangulation,
)
from exercisebook.chapters.results import Result, frozen_path, read_frozen
from exercisebook.claims.claims import claims_of
from exercisebook.figures.tables import Table
from exercisebook.paths import notebook_file
from exercisebook.simulate.latents import node_law
from exercisebook.simulate.taxa import taxa_features
from exercisebook.simulate.worlds import NODES, world
from exercisebook.stats.negative_controls import empirical_null

PAGE = notebook_file(ch07.SLUG).read_text(encoding="utf-8")
PARTS = (controls, genetics, stool, triangulation)
SEED, PEOPLE, FDR = 251121, 13, 0.05

CHARTS = (
    controls.controls_chart,
    many.many_questions_chart,
    genetics.instruments_chart,
    stool.bloom_chart,
    stool.taxa_chart,
    triangulation.triangulation_chart,
    drawings.drawings_chart,
)
TABLES = (
    controls.controls_table,
    many.many_questions_table,
    genetics.assumptions_table,
    genetics.instruments_in_worlds_table,
    stool.taxa_table,
    bridges.bridges_table,
    labels.labels_table,
    triangulation.triangulation_table,
    triangulation.target_trial_table,
)


@cache
def results():
    """Return the tables as frozen; that the bytes give the same is asked elsewhere."""
    every = {name: a for part in PARTS for name, a in part.ANALYSES.items()}
    return {
        name: Result(read_frozen(frozen_path(a)), a.dataset, "frozen", 0.0)
        for name, a in every.items()
    }


def with_results(change=lambda name, frame: frame):
    chapter = ch07.begin()
    for name, result in results().items():
        frame = change(name, result.frame)
        chapter._results[name] = Result(frame, result.dataset, result.state, 0.0)
    return chapter


@pytest.fixture(scope="module")
def chapter():
    return with_results()


@pytest.fixture(scope="module")
def words(chapter):
    return {name: text for part in PARTS for name, text in part.sentences(chapter).items()}


def set_to(**given):
    """Return a stand-in for a chapter where a part asks for its parameters alone."""
    usual = {"people": PEOPLE, "seed": SEED, "fdr": FDR}
    return SimpleNamespace(parameters=SimpleNamespace(**{**usual, **given}))


# negative controls


def test_the_controls_are_chosen_by_law_and_are_many():
    chosen = controls.unmoved()
    proteins = world("reference").block("proteins")
    assert chosen.sum() > 100
    assert (proteins.loc[chosen, "log2_training"] == 0).all()
    assert not chosen[proteins["feature"].eq("ccl25").to_numpy()].any()
    half, other = controls._halves()
    assert not (half & other).any()
    assert ((half | other) == chosen).all()


def test_calibration_restores_the_level_where_controls_share_the_error():
    table = controls.calibrations(PEOPLE, SEED).set_index("row")
    for row in ("plates by phase", "blood thinned"):
        assert table.loc[row, "plain"] > 0.1, row
        assert table.loc[row, "calibrated"] == pytest.approx(0.05, abs=0.015), row


def test_calibration_does_nothing_where_controls_do_not_share_the_error():
    table = controls.calibrations(PEOPLE, SEED).set_index("row")
    season = table.loc["a season: CCL25"]
    assert season["plain"] > 0.15
    assert season["calibrated"] > 0.12
    assert table.loc["a season", "plain"] == table.loc["nothing happens", "plain"]


def test_the_null_is_where_plasma_volume_puts_it():
    table = controls.calibrations(PEOPLE, SEED).set_index("row")
    assert table.loc["blood thinned", "mean"] == pytest.approx(-np.log2(1.07), abs=0.02)
    assert abs(table.loc["nothing happens", "mean"]) < 0.02


def test_calibration_costs_power():
    table = controls.calibrations(PEOPLE, SEED).set_index("row")
    assert (table["detectable_calibrated"] >= table["detectable"]).all()
    assert table.loc["plates by phase", "detectable_calibrated"] > 0.5


def test_errors_as_normal_give_the_p_value_of_student():
    rng = np.random.default_rng(1)
    study = controls.paired(rng.standard_normal((13, 50)))
    se = controls.as_normal(study.estimate, study.se, study.p_value)
    z = np.abs(study.estimate) / se
    from scipy import stats

    assert 2 * stats.norm.sf(z) == pytest.approx(study.p_value)


def test_a_protein_that_too_few_people_have_is_not_told():
    d = np.ones((13, 2)) + np.arange(13)[:, None]
    d[6:, 1] = np.nan
    study = controls.paired(d)
    assert study.told.tolist() == [True, False]
    assert np.isnan(study.se[1])


def test_the_sum_by_hand_comes_near_the_library(chapter):
    own = controls.control_estimates(chapter)
    spread = own["estimate"].std()
    beyond = np.sqrt(max(spread**2 - (own["se"] ** 2).mean(), 0))
    null = empirical_null(own["estimate"], own["se"])
    assert beyond == pytest.approx(null.sd, rel=0.25)
    assert own["estimate"].mean() == pytest.approx(null.mean, abs=0.03)


def test_the_rest_day_and_the_null_made_of_it_agree_about_the_single_arm(chapter):
    table = controls.rest_calibration(chapter)
    assert len(table) == 28
    assert (table["alone"] < 0.05).sum() == 23
    assert ((table["calibrated"] < 0.05) == (table["rest"] < 0.05)).all()


def test_the_drift_at_rest_is_told_by_its_sign():
    rest = with_results()["rest_day"]
    told = controls._drifts(rest)
    assert told.index("neutrophils") < told.index("up and lymphocytes down")
    assert "up and leukocytes" in controls._drifts(reversed_table(rest))
    one_way = rest.assign(estimate=rest["estimate"].abs())
    assert "drift" not in controls._drifts(one_way)


def test_calibrated_rows_are_of_the_same_cell_and_hour(chapter):
    rest, alone, against = (chapter[n] for n in ("rest_day", "before_after", "against_rest_day"))
    hours = [f["contrast"].str.extract(r"-([\d.]+h)")[0].tolist() for f in (rest, alone, against)]
    assert hours[0] == hours[1] == hours[2]
    assert rest["feature"].tolist() == alone["feature"].tolist() == against["feature"].tolist()


def test_the_gap_in_height_is_said_to_close_only_if_it_does():
    def never(name, frame):
        if name != "white_cells":
            return frame
        frame = frame.copy()
        frame.loc[frame["feature"] == "height", ["ci_low", "ci_high"]] = 0.3, 0.9
        return frame

    assert "is gone" in controls._held(with_results())
    assert "is not gone" in controls._held(with_results(never))


def test_every_step_of_the_adjustment_of_height_is_told_with_what_it_holds(chapter):
    row = controls.controls_table(chapter).frame.iloc[0]["what it did"]
    assert "2.5 cm (1.9 to 3.2) with nothing held" in row
    assert "0.70 cm (0.27 to 1.1) with age, sex and ethnicity" in row
    assert "with schooling, income and smoking too" in row


def test_the_null_of_the_rest_day_is_not_said_to_be_right_by_agreeing_with_itself(words):
    assert "true control" not in words["rest_null"]
    assert "28 of 28 says that pooling lost little here" in words["rest_null"]


def test_turned_over_the_active_are_shorter():
    def turned(name, frame):
        return reversed_table(frame) if name == "white_cells" else frame

    assert "taller all the same" in controls._held(with_results())
    assert "cm shorter" in controls._held(with_results(turned))


# many questions


def test_the_floor_of_thirteen_people_is_known():
    assert many.at_the_floor(13, 3000, 0.05) == 15
    assert many.at_the_floor(13, 204, 0.05) == 1
    assert "0.00024" in many._floor(set_to())


def test_more_people_lower_the_floor():
    needed = [many.at_the_floor(n, 3000, 0.05) for n in range(8, 20)]
    assert needed == sorted(needed, reverse=True)
    assert "one feature at the floor is enough" in many._floor(set_to(people=30))


def test_a_list_finds_less_than_a_question_alone_and_exaggerates_it():
    from exercisebook.stats.power import power_of

    table = many.lists(PEOPLE, FDR, SEED)
    alone = np.array([power_of(s, PEOPLE) for s in table["size"]])
    assert (table["found"] <= alone + 0.02).all()
    rare = table[table["changed"] == 30].set_index("size")
    assert rare.loc[0.85, "found"] < 0.1
    assert rare.loc[0.85, "times_true"] > 1.3
    assert rare.loc[2.0, "times_true"] < 1.05


def test_the_false_discovery_rate_of_a_list_is_kept():
    table = many.lists(PEOPLE, FDR, SEED).query("size == 2.0 and changed == 300")
    false, true = table["false"].iloc[0], 300 * table["found"].iloc[0]
    assert false / (false + true) == pytest.approx(0.045, abs=0.012)


def test_fewer_finds_than_one_are_called_so():
    assert "a list finds fewer than one (0.85) on average" in many._many(set_to())
    assert "fewer than one" not in many._many(set_to(people=60))
    assert "sign of its entries" not in many._many(set_to())


def test_where_nothing_is_found_no_size_is_told():
    text = many._many(set_to(people=6))
    assert "nan" not in text


# genes


def test_strength_is_ample_in_every_situation_and_validity_is_not():
    table = genetics.summary(SEED)
    assert table["f"].min() > 40
    ivw = table[table["method"] == genetics.METHODS[0]].set_index("situation")["significant"]
    assert ivw["all valid"] < 0.1
    assert ivw["bypasses one way"] > 0.9
    assert ivw["a shared cause"] > 0.7


def test_each_method_is_right_where_it_promises():
    table = genetics.summary(SEED).set_index(["situation", "method"])["estimate"]
    assert abs(table["all valid", "inverse-variance weighted"]) < 0.02
    assert abs(table["bypasses balance", "inverse-variance weighted"]) < 0.03
    assert abs(table["bypasses one way", "MR-Egger"]) < 0.08
    half = table["three in ten invalid", "inverse-variance weighted"]
    assert table["three in ten invalid", "weighted median"] < 0.85 * half


def test_a_shared_cause_deceives_all_three_on_one_side_and_raises_strength():
    table = genetics.summary(SEED)
    shared = table[table["situation"] == "a shared cause"]
    assert (shared["estimate"] > 0.08).all()
    assert (shared["significant"] > 0.5).all()
    assert shared["f"].iloc[0] == table["f"].max()


def test_the_caption_of_the_instruments_leads_with_what_is_drawn(chapter):
    caption = genetics.instruments_chart(chapter).to_dict()["usermeta"]["caption"]
    assert "with a shared cause all three methods lie above nought" in caption
    cut = [pd.Series({"low": low, "significant": 0.5}) for low in (-0.1, 0.1, 0.2)]
    assert "two of the methods lie" in genetics._shared_told(cut)


def test_disagreement_tells_neither_way():
    table = genetics.summary(SEED).drop_duplicates("situation").set_index("situation")
    assert table.loc["bypasses balance", "disagree"] > 0.9
    assert table.loc["a shared cause", "disagree"] < 0.6


def test_the_true_effect_is_nought_in_every_situation():
    rng = np.random.default_rng(3)
    for situation in (genetics.VALID,):
        sets = [genetics.instruments(situation, rng) for _ in range(300)]
        assert np.mean([given.y.mean() for given in sets]) == pytest.approx(0, abs=0.001)
    assert len(genetics.instruments(genetics.FEW, rng).x) == 4


def test_no_number_relates_betaine_to_an_outcome(words):
    assert "no estimate from betaine to an outcome" in PAGE
    assert not any("betaine" in name and "chd" in name for name in ch07.ANALYSES)


def test_agreement_of_the_methods_on_body_mass_is_said_only_if_there():
    def apart(name, frame):
        if name != "bmi_chd_methods":
            return frame
        frame = frame.copy()
        own = frame["method"] == "MR-Egger"
        frame.loc[own, ["estimate", "ci_low", "ci_high"]] = -0.1, -0.4, 0.2
        return frame

    assert "The three methods agree there" in genetics._heterogeneity(with_results())
    assert "do not agree" in genetics._heterogeneity(with_results(apart))


# stool


def test_every_title_and_caption_of_stool_says_simulated(chapter):
    for chart in (stool.bloom_chart, stool.taxa_chart):
        spec = chart(chapter).to_dict()
        assert "Simulated" in spec["title"]["text"]
        assert spec["usermeta"]["caption"].startswith("Simulated stool")
    assert stool.taxa_table(chapter).caption.startswith("Simulated stool")


def test_the_page_says_that_no_result_of_stool_was_told():
    part = PAGE[PAGE.index("## Stool: measured, unreported") :]
    assert "tells no result" in part
    assert "Every taxon on this page is simulated" in part


def test_shares_of_independent_kinds_go_apart_by_the_formula(chapter):
    parts = stool.independent_parts(chapter)
    shares = parts.div(parts.sum(axis=1), axis=0)
    upper = np.triu_indices(4, 1)
    assert parts.corr().to_numpy()[upper] == pytest.approx(0, abs=0.08)
    assert shares.corr().to_numpy()[upper] == pytest.approx(-1 / 3, abs=0.06)


def test_a_bloom_makes_all_others_fall_alike_and_log_ratios_restore_it():
    table = stool.bloom()
    assert table["share"].iloc[1:].nunique() <= 2
    assert (table["share"].iloc[1:] < 0.9).all()
    assert table["restored"].to_numpy() == pytest.approx(table["truth"].to_numpy(), rel=1e-6)


def test_counts_are_those_of_the_simulator_where_transit_stays():
    from exercisebook.simulate.arrays import simulate_arrays

    rng = np.random.default_rng(SEED)
    theirs = simulate_arrays(world("diet"), 5, rng, ("taxa",), stool.STUDIES)["taxa"]
    assert (stool.communities("diet", 0.0, 5, SEED) == theirs).all()


def test_a_faster_gut_makes_findings_that_training_did_not():
    table = stool.discoveries(PEOPLE, SEED, FDR)
    own = table[table["method"] == stool.LOG_RATIOS].set_index("situation")
    assert own.loc["nothing happens", "any"] < 0.15
    assert own.loc["faster transit, 2 SD", "found"] > 3
    assert own.loc["faster transit, 2 SD", "false"] == own.loc["faster transit, 2 SD", "found"]
    acts = own.loc["training acts"]
    assert acts["moved"] == (taxa_features()["log2_training"] != 0).sum()
    assert acts["found"] < acts["moved"] / 4
    assert own.drop("training acts")["moved"].eq(0).all()


def test_the_caption_of_the_taxa_tells_the_length_of_its_bar(chapter):
    table = stool.discoveries(PEOPLE, SEED, FDR)
    acts = table[(table["method"] == stool.LOG_RATIOS) & table["moved"].gt(0)].iloc[0]
    caption = stool.taxa_chart(chapter).to_dict()["usermeta"]["caption"]
    true = acts["found"] - acts["false"]
    assert f"{acts['found']:.2f} on average, of which {true:.2f} truly moved" in caption


def test_more_people_see_smaller_changes_of_a_taxon():
    assert stool.detectable(40, SEED) < stool.detectable(13, SEED) < 4


def test_the_calibrated_rates_are_those_of_the_long_table():
    assert "500 simulated studies" in stool._calibrated()


# designs


def test_every_bias_is_known_and_has_a_direction():
    table = triangulation.biases_of()
    assert set(table["bias"]) == set(triangulation.BIASES)
    assert set(table["kind"]) == set(triangulation.MARKS)
    assert not table.duplicated(["line", "bias"]).any()


def test_the_thirteen_men_have_the_most_biases_and_the_rest_day_none_toward_the_story():
    table = triangulation.biases_of()
    assert table["line"].value_counts().idxmax() == triangulation.MEN
    rest = table[table["line"] == triangulation.REST_DAY]
    assert triangulation.TOWARD not in set(rest["kind"])


def test_biases_that_the_text_names_stand_in_the_matrix():
    assert triangulation.CALENDAR in triangulation.LINES[triangulation.REST_DAY][2]
    assert triangulation.WATER in triangulation.LINES[triangulation.SURVEY][2]
    assert triangulation.ALLOTTED in triangulation.LINES[triangulation.RATS][2]
    assert triangulation.ALLOTTED not in triangulation.LINES[triangulation.TRIALS][2]


def test_every_line_says_what_it_found_or_that_nobody_measured_it(chapter):
    told = triangulation.says(chapter)
    assert set(told) == set(triangulation.LINES)
    for line in (triangulation.MEN, triangulation.MICE, triangulation.DISH):
        assert told[line].startswith("as told"), line
    for line in (triangulation.REST_DAY, triangulation.SURVEY):
        assert told[line].startswith("betaine not measured"), line
    assert "no open table of an outcome" in told[triangulation.GENES]


def test_what_the_trials_say_is_what_the_ledger_says_of_them(chapter):
    claim = claims_of(5).set_index("claim_id").loc["S1-54"]
    told = triangulation.says(chapter)[triangulation.TRIALS]
    assert f"{triangulation.TRIALS_TOLD.n} people" in claim["counter_evidence"]
    assert "no clear change" in claim["counter_evidence"]
    assert "no clear change" in told
    assert "IL-1β a small fall" in claim["counter_evidence"]
    assert "a small fall of IL-1β" in told
    text = triangulation._triangulation(chapter)
    assert "no clear change of CRP, IL-6 or TNF, and a small fall of IL-1β" in text
    assert "has room for either" in text


def test_two_groups_by_lot_see_less_than_one_group_against_itself():
    one_group = np.sqrt(2) * triangulation.crp_spreads()["within"] / np.sqrt(13)
    assert triangulation.crp_seen_by_lot(13) > 3 * one_group
    assert triangulation.crp_seen_by_lot(100) < triangulation.crp_seen_by_lot(13) / 2
    assert "drawn by lot" in triangulation._target()


def test_pairs_without_a_common_bias_are_found_by_arithmetic():
    for link in (triangulation.RAISES, triangulation.CALMS):
        pairs = triangulation.apart(link)
        for pair in combinations(triangulation.speaking_to(link), 2):
            sets = [set(triangulation.LINES[line][2]) for line in pair]
            assert (pair in pairs) == (not sets[0] & sets[1])


def test_acute_and_cross_sectional_lines_speak_to_no_link_of_training():
    for link in (triangulation.RAISES, triangulation.CALMS):
        assert triangulation.REST_DAY not in triangulation.speaking_to(link)
        assert triangulation.SURVEY not in triangulation.speaking_to(link)


def test_the_rats_are_said_to_be_open_only_while_they_are():
    def moved(name, frame):
        if name != "rat_one_carbon":
            return frame
        frame = frame.copy()
        own = (frame["canonical_id"] == "betaine") & (frame["contrast"] == "vastus-8w")
        frame.loc[own, "ci_low"] = 0.01
        return frame

    assert "answer is open" in triangulation._triangulation(with_results())
    assert "changed clearly in the vastus" in triangulation._triangulation(with_results(moved))


def test_the_target_trial_has_all_its_components_and_cannot_be_emulated(chapter):
    frame = triangulation.target_trial_table(chapter).frame
    answers = dict(zip(frame["component"], frame["can it be emulated?"], strict=True))
    assert answers["who gets which"] == triangulation.NO
    assert answers["which effect"] == triangulation.NO
    assert set(answers.values()) <= {
        triangulation.YES, triangulation.PART, triangulation.NO, triangulation.UNTOLD
    }  # fmt: skip
    for component in ("who may take part", "what is compared", "time nought", "how long"):
        assert component in answers


def test_the_chain_of_bridges_is_the_product(words):
    n = len(bridges.bridges())
    assert f"{100 * bridges.EACH_HOLDS**n:.0f}" in words["bridges"]
    assert bridges.same_share_of_life() == pytest.approx(448)
    assert "no dose here is advice" in bridges.bridges_table(None).caption


# what was not run


def test_mediated_and_reverse_have_the_same_means_and_covariance():
    laws = [node_law(world(name)) for name in ("mediated", "reverse")]
    pick = [NODES.index(n) for n in ("betaine", "inflammation")]
    for what in ("training", "covariance"):
        one, other = (getattr(law, what) for law in laws)
        grid = np.ix_(pick, pick) if one.ndim == 2 else pick
        assert one[grid] == pytest.approx(other[grid])


def test_a_search_for_the_graph_cannot_part_the_worlds_at_any_size():
    table = drawings.shares(SEED).set_index(["world", "people", "drawing"])["share"]
    assert (table["direct"] == table["season"]).all()
    assert np.abs(table["mediated"] - table["reverse"]).max() < 0.1
    assert table.groupby(["world", "people"]).sum().to_numpy() == pytest.approx(1)


def test_with_many_people_the_search_finds_a_fork_and_with_thirteen_hardly():
    table = drawings.shares(SEED)
    assert drawings.right(table, "direct", 200) > 0.9
    assert drawings.right(table, "direct", 13) < 0.3


def test_the_right_drawing_is_outlined_in_every_bar_that_holds_it(chapter):
    spec = drawings.drawings_chart(chapter).to_dict()
    bars, outlines = (spec["datasets"][layer["data"]["name"]] for layer in spec["layer"])
    for row in outlines:
        assert row["drawing"] == drawings.TRUE[row["world"]]
        assert row in bars
    held = {r["row"] for r in bars if r["right"] and r["share"] > 0}
    assert {r["row"] for r in outlines} == held
    last = pd.DataFrame(bars).groupby("row")["to"].max()
    assert last.to_numpy() == pytest.approx(100)


def test_the_fall_of_the_right_drawing_among_many_people_is_told():
    table = drawings.shares(SEED)
    by_size = [drawings.right(table, "mediated", people) for people in drawings.SIZES]
    assert by_size[1] > by_size[0]
    assert by_size[1] > by_size[2]
    assert "percentage points at most" in drawings._drawings(set_to())


def test_missing_values_leave_out_a_person_and_not_a_study():
    rng = np.random.default_rng(5)
    x = rng.standard_normal((1, 40))
    y = x + 0.3 * rng.standard_normal((1, 40))
    whole = drawings.p_given(y, x)[0]
    y[0, 0] = np.nan
    assert drawings.p_given(y, x)[0] < 1e-6
    assert np.isfinite(whole).all()
    assert np.isfinite(drawings.p_mean(y)).all()


def test_refuters_are_said_to_be_blind_because_the_data_are_the_same():
    assert "same to the last digit" in drawings._refuters()


# exercises


def test_the_solution_on_the_floor_is_right():
    rank = 450 * 2.0**-9 / 0.05
    assert ch07.check_floor(-(-rank // 1)).startswith("Right")


@pytest.mark.parametrize("wrong", [17.578125, 17, 19, 25, 0, 1, 450, 2.0**-9])
def test_other_ranks_are_not(wrong):
    assert not ch07.check_floor(wrong).startswith("Right")


def test_the_solution_on_the_bloom_is_right():
    assert ch07.check_bloom(100 * (1 - 100 / 140)).startswith("Right")


@pytest.mark.parametrize("wrong", [40.0, -28.57, 0.2857, 20.0, 0.0, 71.4])
def test_other_falls_are_not(wrong):
    assert not ch07.check_bloom(wrong).startswith("Right")


def test_the_solution_on_the_labels_is_right():
    assert ch07.check_labels(labels.BORNE_OUT).startswith("Right")


@pytest.mark.parametrize(
    "flags", [(a, b, c) for a in (0, 1) for b in (0, 1) for c in (0, 1) if (a, b, c) != (1, 0, 0)]
)
def test_other_readings_of_the_labels_are_not(flags):
    answer = dict(zip(labels.BORNE_OUT, map(bool, flags), strict=True))
    assert not ch07.check_labels(answer).startswith("Right")


def test_a_label_that_the_page_does_not_have_is_named():
    assert "Name each label" in ch07.check_labels({"narrative review": True})


# pictures, tables and words


@pytest.mark.parametrize("chart", CHARTS, ids=lambda f: f.__name__)
def test_a_chart_has_its_words_and_fits_its_page(chapter, chart):
    spec = chart(chapter).to_dict()
    about = spec["usermeta"]
    assert about["name"].startswith("fig-")
    assert len(about["caption"]) > 40
    assert spec["description"].endswith(".")
    assert spec["description"] != about["caption"]
    assert spec["width"] == "container"
    assert len(str(spec)) < 60_000
    assert f"ch07.{chart.__name__}(chapter)" in PAGE


def test_simulated_charts_say_so_first(chapter):
    for chart in set(CHARTS) - {triangulation.triangulation_chart}:
        assert chart(chapter).to_dict()["usermeta"]["caption"].startswith("Simulated"), chart


@pytest.mark.parametrize("table", TABLES, ids=lambda f: f.__name__)
def test_a_table_is_narrow_and_has_a_caption(chapter, table):
    made = table(chapter)
    assert isinstance(made, Table)
    assert made.frame.shape[1] <= 8
    assert made.caption.endswith(".")
    assert not made.frame.map(lambda v: "nan" in str(v).lower().split()).any(axis=None)
    assert f"ch07.{table.__name__}(chapter)" in PAGE


def test_sentences_hold_no_gap_and_no_machine_number(words):
    assert len(words) > 12
    for name, text in words.items():
        assert "nan" not in re.findall(r"\w+", text.lower()), name
        assert "None" not in text, name
        assert not re.search(r"\b[1-9]\d*\.\d{4,}", text), name
        assert f"{{glue:md}} {name}\n" in PAGE, name


def test_more_people_change_what_the_page_says():
    few, more = (many._many(set_to(people=n)) for n in (13, 60))
    assert "13 people is short and exaggerated" in few
    assert "60 people holds most changes" in more
    assert "about as large as it is" in more
    assert "within reach" in many._floor(set_to(people=60))
    assert "below 0.0001" in many._floor(set_to(people=60))


def test_nothing_here_meets_a_claim():
    from exercisebook.chapters.ch07 import analyses

    chosen = getattr(ch07, "claim_effects", getattr(analyses, "claim_effects", None))
    effects = chosen(with_results()) if chosen else pd.DataFrame({"dataset": []})
    assert "mr" not in set(effects["dataset"])
    assert "grinta" not in set(effects["dataset"])
