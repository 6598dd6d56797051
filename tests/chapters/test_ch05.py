"""Chapter 5: what may speak, what may not, and words that follow the data."""

import re
from functools import cache

import numpy as np
import pytest
from test_sentences import reversed_table

from exercisebook.chapters import ch05
from exercisebook.chapters.ch05 import clock, mimetic
from exercisebook.chapters.ch05.analyses import CHOSEN_TISSUE
from exercisebook.chapters.ch05.dose import KM_RATIO, dose_ledger, human_dose, mouse_dose
from exercisebook.chapters.ch05.pathway import EDGES, NODES, edge_frame
from exercisebook.chapters.ch05.rats import BETAINE, CONTROL
from exercisebook.chapters.results import Result
from exercisebook.claims.claims import claims_of
from exercisebook.claims.ledger import ledger
from exercisebook.claims.verdict import ELSEWHERE, NOT_EMPIRICAL, NOT_MEASURED
from exercisebook.errors import Failure
from exercisebook.paths import notebook_file
from exercisebook.sources.motrpac_rat import NOT_CONCURRENT, TISSUES

PAGE = notebook_file(ch05.SLUG).read_text(encoding="utf-8")
CHARTS = [name for name in ch05.__all__ if name.endswith("_chart")]


@pytest.fixture(scope="module")
def chapter():
    return ch05.begin()


@cache
def results():
    chapter = ch05.begin()
    return {name: chapter.result(name) for name in ch05.ANALYSES}


def with_results(change):
    chapter = ch05.begin()
    for name, result in results().items():
        frame = change(name, result.frame)
        chapter._results[name] = Result(frame, result.dataset, result.state, 0.0)
    return chapter


@pytest.fixture(scope="module")
def words():
    return ch05.sentences(with_results(lambda name, frame: frame))


# who may speak


def test_every_claim_of_the_chapter_is_not_measured_or_measured_elsewhere_only(chapter):
    rows = ledger(claims_of(5), ch05.claim_effects(chapter))
    assert list(claims_of(5)["claim_id"]) == [f"S1-{n}" for n in range(34, 57)]
    assert set(rows["observed"]) == {NOT_MEASURED, ELSEWHERE, NOT_EMPIRICAL}
    elsewhere = rows[rows["observed"] == ELSEWHERE]
    assert set(elsewhere["claim_id"]) == {"S1-34", "S1-37", "S1-39"}
    assert set(elsewhere["dataset"]) == {"motrpac-rat"}
    assert rows.loc[rows["observed"] == NOT_EMPIRICAL, "claim_id"].tolist() == ["S1-56"]


def test_no_group_without_concurrent_controls_and_no_genetic_estimate_meets_a_claim(chapter):
    effects = ch05.claim_effects(chapter)
    assert set(effects["dataset"]) == {"motrpac-rat"}
    assert set(effects["contrast"]) == {f"{CHOSEN_TISSUE}-8w", "fat-8w"}
    early = chapter["rat_one_carbon"]
    early = early[~early["contrast"].str.endswith("-8w")]
    assert {c.rsplit("-", 1)[1] for c in early["contrast"]} == set(NOT_CONCURRENT)
    assert set(early["kind"]) == {"group"}


def test_no_number_relates_betaine_to_an_outcome(chapter):
    methods = chapter["bmi_chd_methods"]
    assert set(methods["n_variants"]) == {79}
    assert not any("betaine" in name and "chd" in name for name in ch05.ANALYSES)
    assert "no estimate from betaine to an outcome" in PAGE


# numbers that are known


@pytest.mark.parametrize(
    ("tissue", "estimate", "low", "high"),
    [
        ("gastrocnemius", 0.08, -0.10, 0.26),
        ("vastus", 0.15, -0.03, 0.33),
        ("fat", -0.05, -0.27, 0.17),
    ],
)
def test_betaine_at_eight_weeks_is_what_the_rats_give(chapter, tissue, estimate, low, high):
    effects = chapter["rat_one_carbon"]
    (row,) = effects[
        (effects["contrast"] == f"{tissue}-8w")
        & (effects["stratum"] == "all")
        & (effects["canonical_id"] == BETAINE)
    ].to_dict("records")
    assert [row["estimate"], row["ci_low"], row["ci_high"]] == pytest.approx(
        [estimate, low, high], abs=0.006
    )
    assert row["n_subjects"] == 20


def test_homocysteine_is_in_no_tissue_and_the_kidney_is_not_listed(chapter):
    assert "homocysteine" not in set(chapter["rat_one_carbon"]["canonical_id"])
    table = chapter["rat_listed"]
    assert table["tissue"].nunique() == 19
    listed = set(table.loc[table["listed"] & (table["metabolite"] == "betaine"), "tissue"])
    assert listed == {"HEART", "HYPOTH", "LIVER", "SPLEEN"}


def test_choline_dehydrogenase_is_counted_in_fat_alone(chapter):
    held = chapter["rat_genes_held"].set_index("tissue")["CHDH"]
    assert [t for t in TISSUES if held[t]] == ["fat"]


def test_the_food_marker_goes_with_betaine_within_groups(chapter):
    table = chapter["rat_food_marker"]
    assert (table["ci_low"] > 0.4).all()
    assert ((table["r"] > table["ci_low"]) & (table["r"] < table["ci_high"])).all()


def test_the_worked_example_has_its_golden_slope_by_hand_and_by_library(chapter):
    v = ch05.worked_example(chapter)
    weight = v["x"] ** 2 / v["s"] ** 2
    by_hand = (weight * v["y"] / v["x"]).sum() / weight.sum()
    table = chapter["bmi_chd_methods"].set_index("method")
    assert by_hand == pytest.approx(table.loc["inverse-variance weighted, fixed", "estimate"])
    assert by_hand == pytest.approx(0.446, abs=5e-4)


def test_the_negative_control_of_the_engine_errs_as_often_as_it_says(chapter):
    control = chapter["bmi_chd_control"]
    assert 0.02 < (control["p_value"] < 0.05).mean() < 0.10
    assert abs(control["estimate"].mean()) < 4 * control["estimate"].std() / len(control) ** 0.5


# words


WAYS = {"rose": 1, "fell": -1, "higher": 1, "lower": -1}


def ways(text):
    return [WAYS[w] for w in re.findall(rf"\b({'|'.join(WAYS)})\b", text)]


@pytest.mark.parametrize("name", ["answer", "pathway"])
def test_turning_the_rats_over_turns_every_direction_over(words, name):
    def turned(table, frame):
        return reversed_table(frame) if table in ("rat_one_carbon", "rat_enzymes") else frame

    back = ways(ch05.sentences(with_results(turned))[name])
    assert ways(words[name])
    assert back == [-w for w in ways(words[name])]


def test_a_list_of_the_other_sign_is_told_the_other_way(words):
    def turned(table, frame):
        if table != "rat_listed":
            return frame
        return frame.assign(female=-frame["female"], male=-frame["male"])

    assert "all up" in words["nineteen"]
    assert "all down" in ch05.sentences(with_results(turned))["nineteen"]


def test_a_clear_change_of_betaine_would_be_said_first():
    def moved(table, frame):
        if table != "rat_one_carbon":
            return frame
        own = (frame["canonical_id"] == BETAINE) & (frame["contrast"] == "vastus-8w")
        frame = frame.copy()
        frame.loc[own, "ci_low"] = 0.01
        return frame

    assert "clearly changed in the vastus" in ch05.sentences(with_results(moved))["answer"]


def test_sentences_hold_no_gap_and_no_machine_number(words):
    for name, text in words.items():
        assert "nan" not in text.lower(), name
        assert "None" not in text, name
        assert not re.search(r"\b[1-9]\d*\.\d{4,}", text), name


def test_what_speaks_against_stands_on_the_first_screen(words):
    first = PAGE[: PAGE.index("## You will be able to")]
    assert "{glue:md} against" in first
    assert "LDL cholesterol rose" in first
    assert "Proline betaine comes from plants" in words["against"]
    assert "no open table" in words["against"]


def test_the_page_gives_no_advice_and_states_hours(words, chapter):
    assert "No dose here is advice" in words["doses"]
    assert "no dose here is advice" in ch05.dose_table(chapter).caption
    for name in ("rats_chart", "weeks_chart", "pathway_chart"):
        assert "48 h after" in getattr(ch05, name)(chapter).to_dict()["usermeta"]["caption"]


# arithmetic


def test_the_lower_and_upper_dose_are_those_of_the_ledger_of_facts():
    table = dose_ledger(150, 12.3)
    assert table["mouse_mg_per_kg"].iloc[[0, -1]].tolist() == pytest.approx([150, 1500])
    assert table["human_g"].iloc[[0, -1]].tolist() == pytest.approx([0.85, 8.5], abs=0.05)


def test_each_assumption_moves_the_dose_its_own_way():
    assert mouse_dose(1, 300) == 2 * mouse_dose(1, 150)
    assert human_dose(100, 20) < human_dose(100, KM_RATIO) < human_dose(100, 1) == 100


def test_two_kinds_of_old_mice_look_alike_at_one_hour_and_nowhere_near_it():
    table = clock.courses().pivot(index="hour", columns="group", values="value")
    apart = (table[clock.FLAT] - table[clock.LATE]).abs()
    assert apart[clock.SAMPLED_H] < 1e-9
    assert apart.max() > 0.5
    assert table.loc[clock.SAMPLED_H, clock.YOUNG] > table.loc[clock.SAMPLED_H, clock.FLAT]


def test_one_or_two_clock_times_determine_nothing():
    table = clock.designs().set_index("times")
    assert table.loc[[1, 2], ["height", "peak"]].isna().all(axis=None)
    assert table.loc[[4, 6], ["height", "peak"]].notna().all(axis=None)


def test_only_the_block_tells_a_road_through_betaine_from_another_to_the_same_ceiling():
    table = mimetic.outcomes(1000).set_index(["world", "contrast"])
    through, other = "through betaine, to a ceiling", "two roads to one ceiling"
    surplus = [table.loc[(w, mimetic.SURPLUS), "estimate"] for w in (through, other)]
    lost = [table.loc[(w, mimetic.LOST), "estimate"] for w in (through, other)]
    assert surplus[0] == pytest.approx(surplus[1])
    assert lost == pytest.approx([mimetic.EFFECT, 0], abs=0.3)


def test_intervals_of_the_deciding_experiment_narrow_with_mice():
    few, many = (mimetic.outcomes(n)["detectable"].max() for n in (10, 40))
    assert many == pytest.approx(few / 2, rel=0.2)


def test_every_edge_of_the_pathway_joins_two_of_its_substances():
    names = set(NODES["feature"])
    assert {end for edge in EDGES for end in edge[:2]} == names
    assert np.isfinite(edge_frame()[["x", "y", "x2", "y2"]].to_numpy()).all()


# pictures, tables, exercises


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_has_its_words_and_fits_its_page(chapter, name):
    spec = getattr(ch05, name)(chapter).to_dict()
    about = spec["usermeta"]
    assert about["name"].startswith("fig-")
    assert len(about["caption"]) > 40
    assert spec["description"].endswith(".")
    assert spec["description"] != about["caption"]
    assert spec["width"] == "container"
    assert len(str(spec)) < 60_000
    assert f"ch05.{name}(chapter)" in PAGE


def test_labels_of_charts_are_unique(chapter):
    names = [getattr(ch05, n)(chapter).to_dict()["usermeta"]["name"] for n in CHARTS]
    assert len(names) == len(set(names))


def test_the_map_is_grey_where_nothing_was_measured(chapter):
    caption = ch05.pathway_chart(chapter).to_dict()["usermeta"]["caption"]
    assert "homocysteine" in caption
    assert "not of rates" in caption


@pytest.mark.parametrize("name", [n for n in ch05.__all__ if n.endswith("_table")])
def test_a_table_is_narrow_and_has_a_caption(chapter, name):
    table = getattr(ch05, name)(chapter)
    assert table.frame.shape[1] <= 8
    assert table.caption.endswith(".")
    assert "nan" not in table.frame.to_string().lower().replace("not determined", "")


@pytest.mark.parametrize("tissue", [*TISSUES])
def test_every_tissue_has_its_map(tissue):
    chapter = with_results(lambda name, frame: frame)
    chapter.parameters = chapter.parameters.model_copy(update={"tissue": tissue})
    assert tissue.split()[0] in ch05.pathway_chart(chapter).to_dict()["usermeta"]["caption"]


def test_a_cohort_of_different_animals_has_no_change_within_people():
    chapter = ch05.begin(cohort="motrpac-rat")
    try:
        _ = chapter.cohort
    except Failure:
        pytest.skip("the bytes of motrpac-rat are not at hand")
    assert "none" in ch05.cohort_table(chapter).frame.to_string()


def test_the_solution_on_homocysteine_is_right():
    assert ch05.check_plasma_loss(100 * (1 - 10.4 / (10.4 + 1.18))).startswith("Right")


@pytest.mark.parametrize("wrong", [11.35, 0.102, -10.19, 1.18, 0.0, 20.0])
def test_other_losses_are_not(wrong):
    assert not ch05.check_plasma_loss(wrong).startswith("Right")


def test_the_solution_on_the_dose_is_right():
    assert ch05.check_human_dose(5 * 150 / (37 / 3) * 70 / 1000).startswith("Right")


@pytest.mark.parametrize("wrong", [52.5, 0.43, 42.6, 61.0, 0.0, -4.3])
def test_other_doses_are_not(wrong):
    assert not ch05.check_human_dose(wrong).startswith("Right")


def test_the_solution_on_the_instrument_is_right(chapter):
    assert ch05.check_pleiotropy(chapter, -0.076 / 0.0221).startswith("Right")


@pytest.mark.parametrize("wrong", [1.0, 0.29, -0.29, 2.96, 0.0, 8.8])
def test_other_ratios_are_not(chapter, wrong):
    assert not ch05.check_pleiotropy(chapter, wrong).startswith("Right")


def test_the_control_is_in_every_figure_that_asks_about_betaine_in_rats(chapter):
    text = str(ch05.rats_chart(chapter).to_dict())
    assert "proline betaine" in text
    assert CONTROL in set(chapter["rat_one_carbon"]["canonical_id"])
