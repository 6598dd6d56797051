"""Chapter 7, first half: worlds, selection, days, mediation, rivals and graphs."""

import json
import re
from functools import cache
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import vl_convert
from test_sentences import reversed_table

from exercisebook.chapters import ch07
from exercisebook.chapters.ch07 import (
    confounding,
    graphs,
    means,
    mediation,
    order,
    responses,
    studies,
    worlds,
)
from exercisebook.chapters.ch07.sentences import _cohort
from exercisebook.chapters.ch07.tables import ledger_rows
from exercisebook.chapters.results import Result
from exercisebook.errors import Misuse
from exercisebook.paths import notebook_file
from exercisebook.publish.sphinx_extension.charts import static_spec
from exercisebook.simulate.cohorts import simulate
from exercisebook.simulate.packages import write_simulation
from exercisebook.simulate.worlds import world

CHARTS = [
    ch07.bounding_chart,
    ch07.graph_chart,
    ch07.grid_chart,
    ch07.readings_chart,
    ch07.responses_chart,
    ch07.selection_chart,
    ch07.sensitivity_chart,
]
TABLES = [
    ch07.adjustment_table,
    ch07.alike_table,
    ch07.claims_table,
    ch07.cohort_table,
    ch07.implications_table,
    ch07.measures_table,
    ch07.mediation_table,
    ch07.paths_table,
    ch07.reading_table,
    ch07.tipping_table,
]
MINE = (worlds, means, order, responses, mediation, confounding, graphs)


@cache
def results():
    chapter = ch07.begin()
    names = {**order.ANALYSES, **confounding.ANALYSES}
    return {name: chapter.result(name) for name in names}


def with_results(change=lambda name, frame: frame, **given):
    chapter = ch07.begin(**given)
    for name, result in results().items():
        frame = change(name, result.frame)
        chapter._results[name] = Result(frame, result.dataset, result.state, 0.0)
    return chapter


@pytest.fixture(scope="module")
def chapter():
    return with_results()


def words_of(chapter):
    told = {}
    for part in MINE:
        told |= part.sentences(chapter)
    return told


@pytest.fixture(scope="module")
def words(chapter):
    return words_of(chapter)


# who may speak


def test_no_claim_of_the_chapter_is_answered_by_data(chapter):
    rows = ledger_rows(chapter)
    assert {f"S2-0{n}" for n in range(1, 6)} <= set(rows["claim_id"])
    assert set(rows["observed"]) == {"not measured", "not an empirical claim"}
    assert set(rows["dataset"]) == {"none"}
    assert not (rows["cause"] == "identified by the design").any()
    assert (rows["reason"].str.len() > 0).all()


def test_the_module_chooses_no_effect_to_answer_a_claim():
    assert not hasattr(ch07, "claim_effects")


def test_an_acute_reading_is_said_to_be_no_training(chapter):
    caption = ch07.readings_chart(chapter).to_dict()["usermeta"]["caption"]
    assert "an acute effect, and no training" in caption


# worlds


def test_the_grid_holds_every_cell_of_every_world_once():
    table = worlds.grid()
    assert set(table["world"]) == set(worlds.ORDER)
    assert not table.duplicated(["world", "people", "noise", "season"]).any()
    assert len(table) == 8 * table[["people", "noise", "season"]].drop_duplicates().shape[0]
    assert table["significant"].between(0, 1).all()


def test_only_one_world_lets_betaine_carry_the_effect():
    assert [w for w in worlds.ORDER if worlds.carries(w)] == ["mediated"]


def test_the_true_and_the_reversed_world_give_the_finding_alike():
    mediated, reverse = (worlds.cell(w) for w in ("mediated", "reverse"))
    error = np.hypot(mediated["monte_carlo_error"], reverse["monte_carlo_error"])
    assert abs(mediated["significant"] - reverse["significant"]) < 4 * error


def test_the_true_and_the_reversed_world_have_one_law_by_our_choice():
    mediated, reverse = (graphs._law_of_two(w) for w in ("mediated", "reverse"))
    assert reverse == pytest.approx(mediated)
    assert "exactly as likely in both" in worlds.sentences(ch07.begin())["worlds"]


def test_more_people_find_the_false_mediation_more_often():
    for name in ("diet", "common-cause", "reverse"):
        shares = [worlds.cell(name, n)["significant"] for n in (6, 13, 25, 50, 100)]
        assert shares == sorted(shares)
        assert shares[-1] > 0.5


def test_a_live_study_agrees_with_the_grid():
    found = studies.mediations("mediated", 13, 7)
    share = np.nanmean(found.p_joint <= 0.05)
    cell = worlds.cell("mediated")
    error = np.hypot(cell["monte_carlo_error"], np.sqrt(share * (1 - share) / studies.MANY))
    assert abs(share - cell["significant"]) < 4 * error


def test_the_interactive_grid_stands_still_at_the_usual_noise_and_no_season(chapter):
    spec = ch07.grid_chart(chapter).to_dict()
    params = {p["name"]: p for p in spec["params"] if "bind" in p}
    assert {name: p["value"] for name, p in params.items()} == {"noise": 1.0, "season": 0.0}
    table = worlds.grid()
    for name, p in params.items():
        assert set(p["bind"]["options"]) == set(table[name])
        assert p["value"] in p["bind"]["options"]


# regression to the mean


def test_the_fall_by_hand_is_that_of_the_library():
    s = ch07.crp_spreads()
    whole = s["between"] ** 2 + s["within"] ** 2
    fall = s["within"] ** 2 / whole**0.5 * ch07.mean_of_the_top(0.7)
    assert -fall == pytest.approx(means.expected(0.7))


def test_the_simulated_world_falls_as_its_own_arithmetic_says(chapter):
    own = means.seen(chapter)
    true = studies.true_row("high-crp", "crp")
    assert own["low"] - 0.03 <= true["log2_change"] <= own["high"] + 0.03
    assert true["log2_content"] == 0


def test_everybody_enrolled_is_nobody_selected_and_more_measurements_select_less():
    assert means.expected(0.0) == pytest.approx(0)
    falls = [means.expected(0.7, k) for k in means.BASELINES]
    assert falls == sorted(falls)
    assert falls[-1] < 0


def test_nobody_is_said_to_have_been_selected():
    page = notebook_file(ch07.SLUG).read_text(encoding="utf-8")
    assert "Nothing that we read says that the thirteen were chosen" in page


# order and season


def test_season_and_training_give_the_same_numbers_to_the_last_digit():
    for people, seed in ((6, 1), (13, 251121), (40, 9)):
        chapter = ch07.begin(people=people, seed=seed)
        assert order.largest_gap(chapter) == 0
    assert studies.true_row("season", "betaine")["log2_content"] == 0
    assert studies.true_row("direct", "betaine")["log2_content"] > 0


def test_a_change_of_nought_is_explained_by_the_detection_limit():
    chapter = ch07.begin()
    table = ch07.alike_table(chapter)
    values = studies.drawn("direct", 13, chapter.parameters.seed)["crp"][0]
    floor = np.log2(0.15)
    limited = (values[:4, [studies.BEFORE, studies.AFTER]] <= floor).all(axis=1)
    assert limited.any()
    for i, below in enumerate(limited):
        assert (f"man {i + 1}" in table.caption) == below


def test_other_worlds_differ_and_are_said_to():
    chapter = with_results(world="diet")
    assert order.largest_gap(chapter) > 0
    assert "to the last digit" not in order.sentences(chapter)["season"]


def test_the_day_takes_a_part_of_the_rise_of_neutrophils(chapter, words):
    naive, apart = (
        order.reading(chapter, g, "neutrophils", "3h") for g in (order.ONE_ARM, order.APART)
    )
    assert (2 ** naive["estimate"], 2 ** apart["estimate"]) == pytest.approx((3.73, 2.78), abs=0.01)
    assert "3.73" in words["day"]
    assert "2.78" in words["day"]


def test_the_words_on_a_day_turn_over_with_the_data(words):
    turned = words_of(with_results(lambda _, frame: reversed_table(frame)))
    ways = {"rose": 1, "fell": -1}

    def told(text):
        return [ways[w] for w in re.findall(r"\b(rose|fell)\b", text)]

    assert told(words["day"])
    assert told(turned["day"]) == [-w for w in told(words["day"])]


def test_a_count_of_clear_readings_is_a_count(chapter, words):
    table = order.readings(chapter)
    own = table[table["group"] == order.DAY]
    assert len(own) == 21
    assert own["certain"].sum() == ((own["ci_low"] > 0) | (own["ci_high"] < 0)).sum()
    assert "twelve of its 21 readings are clear" in words["day_count"]


@pytest.mark.parametrize("arm", ["P3", "P4", "P5"])
def test_every_arm_has_its_words(arm, grinta):
    told = order.sentences(ch07.begin(arm=arm))
    assert not re.search(r"\bnan\b", " ".join(told.values()))


# responders


def test_a_study_can_seldom_say_that_people_differ_and_rarely_says_so_wrongly(chapter):
    alike, differ = (responses.clear_share(w, chapter) for w in ("reference", "responders"))
    assert alike < 0.1
    assert alike <= differ < 0.5


def test_sorting_by_change_is_better_than_lots_and_far_from_right():
    assert 4 / 13 < responses.rightly_sorted(13, 251121) < 0.8


def test_no_chart_and_no_table_names_a_responder(chapter):
    chart = json.dumps(ch07.responses_chart(chapter).to_dict())
    assert '"subject"' not in chart


# mediation


def test_the_paths_by_hand_are_those_of_the_library():
    d = ch07.two_changes()
    c = d - d.mean()
    slope = (c["betaine"] * c["average"]).sum() / (c["average"] ** 2).sum()
    left = c["betaine"] - slope * c["average"]
    found = mediation.analysed()
    assert d["betaine"].mean() == pytest.approx(float(found.a.estimate))
    assert (left * c["crp"]).sum() / (left**2).sum() == pytest.approx(float(found.b.estimate))


def test_the_total_is_the_direct_and_the_indirect_together():
    found = mediation.analysed()
    whole = float(found.direct.estimate + found.indirect)
    assert whole == pytest.approx(float(found.total.estimate))


def test_the_truth_of_the_reference_is_what_passes_through_betaine():
    assert mediation.truth() == pytest.approx(-0.14, abs=0.005)


def test_the_curve_passes_through_the_analysis_and_through_nothing(chapter):
    spec = ch07.sensitivity_chart(chapter).to_dict()
    curve = max(spec["datasets"].values(), key=len)
    table = pd.DataFrame(curve).set_index("rho")["indirect"]
    assert table.loc[0.0] == pytest.approx(float(mediation.analysed().indirect))
    assert (np.diff(table) < 0).all() or (np.diff(table) > 0).all()


def test_no_proportion_mediated_is_printed_for_any_cohort(chapter, words):
    for table in (ch07.cohort_table(chapter), ch07.mediation_table(chapter)):
        text = table.frame.to_csv(header=False)
        assert "through betaine" in text
        assert "%" not in text
        assert "proportion" not in text
    assert "below nought or above one" in words["proportion"]


def test_a_cohort_without_betaine_says_so(tmp_path):
    write_simulation(simulate(world("null"), 13, 1, ("clinical",)), tmp_path / "few")
    own = ch07.begin(cohort=str(tmp_path / "few"))
    assert "nothing to show" in _cohort(own)
    assert ch07.cohort_table(own).frame.empty


def test_another_cohort_takes_the_place_of_the_reference(tmp_path):
    made = simulate(world("mediated"), 20, 3, ("clinical", "metabolites"))
    write_simulation(made, tmp_path / "own")
    own = ch07.begin(cohort=str(tmp_path / "own"))
    found = mediation.mediation_of(own.cohort)
    assert 15 <= int(found.n_subjects) <= 20
    assert len(ch07.cohort_table(own).frame) == 5


# unseen causes


def test_the_pairs_on_the_line_explain_the_ratio_exactly():
    from exercisebook.stats.unmeasured_confounding import bounding_factor, e_value

    exposure = np.array([2.5, 4.0, 50.0])
    outcome = confounding.partner(2.0, exposure)
    assert bounding_factor(exposure, outcome) == pytest.approx(2.0)
    e = float(e_value(2.0))
    assert confounding.partner(2.0, np.array([e]))[0] == pytest.approx(e)
    assert confounding.partner(2.0, np.array([1e9]))[0] == pytest.approx(2.0, abs=1e-6)


def test_each_height_is_set_beside_the_row_with_the_same_things_held(chapter, words):
    table = confounding.measures(chapter).set_index(["feature", "held"])["e_limit"]
    assert table["height", confounding.FULL] > 1
    assert table["height", confounding.SOCIAL] == 1
    assert ("neutrophils", confounding.SOCIAL) in table.index
    assert ("total_bilirubin", confounding.FULL) in table.index
    assert "says nothing against the neutrophils" in words["unseen"]


def test_a_difference_whose_interval_holds_nothing_needs_no_rival(chapter):
    table = confounding.measures(chapter).set_index("feature")
    own = table.loc["betaine"]
    assert own["ci_low"] < 0 < own["ci_high"]
    assert own["e_limit"] == 1
    assert own["robustness_limit"] == 0


def test_the_diet_that_makes_betaines_rise_is_held_against_the_other_row(words):
    table = ch07.tipping_table(ch07.begin()).frame.set_index("measurement")
    shifts = table["shift that makes it all"].astype(float)
    crp = confounding.simulated_rise("crp")
    other = crp["estimate"] * shifts["betaine"] / shifts["C-reactive protein"]
    assert (crp["ci_low"] <= other <= crp["ci_high"]) == (
        "are not one diet" not in words["tipping"]
    )


def test_the_limit_needs_less_than_the_estimate(chapter):
    table = confounding.measures(chapter)
    assert (table["e_limit"] <= table["e_value"]).all()
    assert (table["robustness_limit"] <= table["robustness"]).all()


def test_the_sign_of_an_association_is_told_as_it_is(words):
    turned = words_of(with_results(lambda _, frame: reversed_table(frame)))
    assert "fewer neutrophils" in words["unseen"]
    assert "more neutrophils" in turned["unseen"]
    assert "high counts" in turned["unseen"]


# graphs


def test_the_drawing_has_no_circle_and_every_arrow_has_its_places():
    import networkx as nx

    whole = nx.DiGraph([(e["cause"], e["effect"]) for e in graphs.graph()["edges"]])
    assert nx.is_directed_acyclic_graph(whole)
    assert set(whole) == {n["name"] for n in graphs.graph()["nodes"]}


def test_the_echo_of_the_last_bout_is_not_what_is_asked(chapter):
    table = ch07.paths_table(chapter).frame.set_index("open path from exercise to inflammation")
    echo = table[table.index.str.contains("→ last bout")]
    asked = table[table["it is"] == "the effect"]
    assert len(echo) == len(asked) == 2
    assert echo["it is"].str.contains("not what is asked").all()
    assert not asked.index.str.contains("last bout").any()


def test_time_is_known_and_helps_no_more_than_the_order(chapter):
    table = ch07.adjustment_table(chapter).frame
    own = table[table["hold constant"] == "time"]
    assert len(own) == 2
    assert own["can this study?"].str.contains("everybody trains or nobody").all()


def test_paths_told_by_hand_agree_with_d_separation():
    import networkx as nx

    whole = nx.DiGraph([(e["cause"], e["effect"]) for e in graphs.graph()["edges"]])
    for path in graphs.paths():
        walk = nx.Graph(list(pairwise(path)))
        alone = nx.DiGraph([e for e in whole.edges if walk.has_edge(*e)])
        shut = nx.is_d_separator(alone, {path[0]}, {path[-1]}, set())
        assert shut == bool(graphs.colliders(path)), path


def test_the_fixed_order_shuts_every_back_door_and_leaves_nobody_to_compare():
    sets = graphs.asked_sets(graphs.EXERCISE, graphs.INFLAMMATION)
    assert ("fixed order",) in sets
    table = ch07.adjustment_table(ch07.begin()).frame
    assert table["can this study?"].str.startswith("no").all()


def test_season_and_training_forbid_the_same():
    assert graphs.implications("season") == graphs.implications("direct")
    assert graphs.implications("season") == (("betaine", "CRP", "visit"),)
    assert graphs.implications("mediated") == (("visit", "CRP", "betaine"),)
    assert graphs.implications("diet") == graphs.implications("reverse") == ()
    assert len(graphs.implications("null")) == 6


def test_what_a_world_forbids_is_not_seen_in_it_more_than_by_chance():
    for name in ("null", "direct", "season"):
        assert graphs.tied(name, 13, 251121) < 0.09
    assert graphs.tied("mediated", 13, 251121) > 0.2


# exercises


def test_the_solution_of_the_selection_exercise_is_right():
    s = ch07.crp_spreads()
    wander = s["within"] ** 2 / 2
    fall = wander / (s["between"] ** 2 + wander) ** 0.5 * ch07.mean_of_the_top(0.8)
    right = 100 * (1 - 2**-fall)
    assert ch07.check_fall(right).startswith("Right")
    for wrong in (-right, 100 * (1 - 2 ** means.expected(0.8)), 0.0, 50.0):
        assert not ch07.check_fall(wrong).startswith("Right")


def test_the_solution_of_the_e_value_exercise_is_right():
    e = 2 + 2**0.5
    assert ch07.check_e_value(e, 2.0).startswith("Right")
    for wrong in ((e, e), (2.0, 2.0), (e, 1.0), (4.0, 2.0)):
        assert not ch07.check_e_value(*wrong).startswith("Right")


def test_the_solution_of_the_graph_exercise_is_right():
    assert ch07.check_forks("fixed order").startswith("Right")
    for wrong in ("time", "diet", "betaine", "moon", ""):
        assert not ch07.check_forks(wrong).startswith("Right")
    assert "passes another node" in ch07.check_forks("time")


# figures and tables


@pytest.mark.parametrize("make", CHARTS, ids=lambda f: f.__name__)
def test_a_chart_has_what_a_page_needs_and_can_be_drawn(make, chapter):
    spec = make(chapter).to_dict()
    about = spec["usermeta"]
    assert about["name"].startswith("fig-")
    assert about["caption"].endswith(".")
    assert spec["description"].endswith(".")
    assert spec["description"] != about["caption"]
    assert spec["width"] == "container"
    assert len(json.dumps(spec)) < 110_000
    svg = vl_convert.vegalite_to_svg(static_spec(spec))
    assert "undefined" not in svg
    assert "NaN" not in svg


@pytest.mark.parametrize("make", TABLES, ids=lambda f: f.__name__)
def test_a_table_is_finished_text_of_eight_columns_at_most(make, chapter):
    table = make(chapter)
    assert len(table.frame)
    assert len(table.frame.columns) <= 8
    assert not table.frame.columns.duplicated().any()
    assert table.caption.endswith(".")
    assert not table.frame.astype(str).apply(lambda c: c.str.contains("nan")).any(axis=None)


def test_sentences_hold_no_gap_and_no_machine_number(words):
    for name, text in words.items():
        assert not re.search(r"\bnan\b|None", text), name
        assert not re.search(r"\b[1-9]\d*\.\d{4,}", text), name


def test_other_parameters_change_what_is_drawn_and_are_bounded():
    here, there = (means.seen(ch07.begin(people=n))["clear_falls"] for n in (13, 60))
    assert there > here
    with pytest.raises(Misuse, match="people"):
        ch07.begin(people=3)
    with pytest.raises(Misuse, match="world"):
        ch07.begin(world="direct")
