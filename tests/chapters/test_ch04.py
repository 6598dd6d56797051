"""Chapter 4: what may speak, what may not, and words that follow the data."""

import re
from functools import cache
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from exercisebook.chapters import ch04
from exercisebook.chapters.ch04 import cells, rats
from exercisebook.chapters.ch04.analyses import CHOSEN_TISSUE
from exercisebook.chapters.ch04.genes import GENES, OTHERS, TARGETS
from exercisebook.chapters.ch04.readings import random_means, random_p, set_mean
from exercisebook.chapters.results import Result, open_data
from exercisebook.claims.claims import claims_of
from exercisebook.claims.ledger import ledger
from exercisebook.claims.verdict import ELSEWHERE, NOT_MEASURED
from exercisebook.paths import notebook_file
from exercisebook.simulate.cohorts import simulate
from exercisebook.simulate.packages import write_simulation
from exercisebook.simulate.worlds import world
from exercisebook.sources.gene_sets import CLAIMED
from exercisebook.stats.schemas import EFFECTS

PAGE = notebook_file(ch04.SLUG).read_text(encoding="utf-8")


@cache
def results():
    chapter = ch04.begin()
    return {name: chapter.result(name) for name in ch04.ANALYSES}


def begun(change=lambda frame: frame, **given):
    """Return the chapter with its tables made once for all tests, changed where asked."""
    chapter = ch04.begin(**given)
    for name, result in results().items():
        chapter._results[name] = Result(change(result.frame), result.dataset, result.state, 0.0)
    return chapter


@pytest.fixture(scope="module")
def chapter():
    return begun()


def turned(frame):
    """Return a table in which every effect has the other sign."""
    out = frame.copy()
    for column in {"estimate", "statistic", "mean"} & set(frame):
        out[column] = -frame[column]
    if {"ci_low", "ci_high"} <= set(frame):
        out["ci_low"], out["ci_high"] = -frame["ci_high"], -frame["ci_low"]
    return out


def words(change=lambda frame: frame):
    chapter = begun(change)
    return chapter, ch04.sentences(chapter)


def ways(text):
    return [1 if w == "rose" else -1 for w in re.findall(r"\b(rose|fell)\b", text)]


# claims


def test_every_claim_of_the_chapter_is_in_the_book():
    assert set(claims_of(4)["claim_id"]) == {f"S1-{i}" for i in range(27, 34)}


def test_no_claim_gets_a_verdict_from_rats_or_from_nothing(chapter):
    rows = ledger(claims_of(4), ch04.claim_effects(chapter))
    assert set(rows["observed"]) == {NOT_MEASURED, ELSEWHERE}
    assert not (rows["cause"] == "identified by the design").any()
    elsewhere = rows[rows["observed"] == ELSEWHERE]
    assert set(elsewhere["claim_id"]) == {"S1-29", "S1-30", "S1-31", "S1-32"}
    for told in elsewhere["directness"]:
        assert "species different" in told
        assert "tissue different" in told


def test_rats_would_get_none_however_clear_they_were(chapter):
    effects = ch04.claim_effects(chapter)
    loud = effects.assign(estimate=9.0, ci_low=8.0, ci_high=10.0, p_value=1e-12, q_value=1e-12)
    rows = ledger(claims_of(4), loud)
    assert set(rows["observed"]) == {NOT_MEASURED, ELSEWHERE}


def test_only_concurrent_rats_of_the_tissue_chosen_beforehand_stand_beside_a_claim(chapter):
    effects = ch04.claim_effects(chapter)
    assert set(effects["dataset"]) == {"motrpac-rat"}
    assert set(effects["contrast"]) == {f"{CHOSEN_TISSUE}-8w"}
    assert set(effects["stratum"]) == {"all"}
    assert set(effects["feature"]) == set(CLAIMED)


def test_red_cells_meet_no_claim_and_hold_no_gene(chapter):
    red = chapter["red_cells"]
    assert set(red["kind"]) == {"recovery", "group"}
    assert set(red["canonical_id"]).isdisjoint(claims_of(4)["canonical_id"])
    assert set(red["feature"]).isdisjoint(GENES)


def test_no_group_without_concurrent_controls_is_on_the_page(chapter):
    for name in ("rat_genes", "rat_sets"):
        assert set(chapter[name]["contrast"]) == {f"{t}-8w" for t in rats.TISSUES}


def test_simulated_cells_get_outcomes_and_no_verdict(chapter):
    for table in (ch04.truth_table(chapter), ch04.truth_sets_table(chapter)):
        text = str(table)
        assert "supported" not in text
        assert "contradicted" not in text
    assert "reference" not in set(ch04.claim_effects(chapter)["dataset"])


# the page


def test_the_trial_in_which_resting_nrf2_fell_is_on_the_first_screen():
    first = PAGE[: PAGE.index("## You will be able to")]
    assert "ostrom2020" in first
    assert "*fell*" in first
    assert "randomised" in first


def test_the_page_says_that_red_cells_speak_neither_of_nrf2_nor_of_training():
    part = PAGE[PAGE.index("## Redox state, not NRF2") : PAGE.index("## A little of what")]
    assert "nothing of training, and nothing of NRF2" in part


def test_nobody_is_called_a_responder_but_in_quotes():
    for line in PAGE.splitlines():
        for found in re.finditer(r"\b[Rr]esponders?\b", line):
            assert line[found.start() - 1] == "“" or line.startswith("```{exercise")


def test_captions_say_how_many_and_how_long_after_the_last_run(chapter):
    for name in ("genes_chart", "sexes_chart", "sets_chart", "random_sets_chart"):
        caption = getattr(ch04, name)(chapter).to_dict()["usermeta"]["caption"]
        assert "48 h after the last run" in caption
        assert "n = " in caption
    for name in ("red_cells_chart", "halves_chart"):
        assert "n = " in getattr(ch04, name)(chapter).to_dict()["usermeta"]["caption"]


@pytest.mark.parametrize("name", [n for n in ch04.__all__ if n.endswith("_chart")])
def test_a_chart_has_a_name_a_caption_and_a_text_alternative(chapter, name):
    spec = getattr(ch04, name)(chapter).to_dict()
    assert spec["usermeta"]["name"].startswith("fig-")
    assert spec["usermeta"]["caption"].endswith(".")
    assert len(spec["description"]) > 60


@pytest.mark.parametrize("name", [n for n in ch04.__all__ if n.endswith("_table")])
def test_a_table_has_eight_columns_at_most_and_no_gap(chapter, name):
    frame = getattr(ch04, name)(chapter).frame
    assert 0 < len(frame.columns) <= 8
    assert "nan" not in frame.to_string()


def test_no_chart_holds_one_persons_value(chapter):
    spec = str(ch04.halves_chart(chapter).to_dict())
    assert "subject" not in spec
    assert (chapter["gsh_halves"]["n_subjects"] >= 10).all()


# words and data


@pytest.mark.parametrize("name", ["answer", "rats", "red_cells", "red_test", "normaliser"])
def test_turning_the_data_over_turns_every_direction_over(name):
    here, back = ways(words()[1][name]), ways(words(turned)[1][name])
    assert here
    # a list of genes keeps its order, the enzymes' strongest its place
    assert back == [-way for way in here]


def test_captions_turn_over_too():
    upright, over = words()[0], words(turned)[0]
    for name in ("genes_chart", "red_cells_chart", "sets_chart"):
        here, back = (
            ways(getattr(ch04, name)(c).to_dict()["usermeta"]["caption"]) for c in (upright, over)
        )
        assert here
        assert back == [-way for way in here]


def test_an_explanation_is_not_given_for_the_opposite():
    upright, over = " ".join(words()[1].values()), " ".join(words(turned)[1].values())
    for fragment in ("a tale of NRF2", "No red cell can do that"):
        assert fragment in upright
        assert fragment not in over


def test_halves_that_move_towards_each_other_are_said_to():
    def closing(frame):
        if "half" not in frame:
            return frame
        estimate = np.where(frame["half"] == "less", 0.3, -0.3)
        return frame.assign(estimate=estimate, ci_low=estimate - 0.1, ci_high=estimate + 0.1)

    assert "did not move towards" in words()[1]["halves"]
    assert "The two halves moved towards each other" in words(closing)[1]["halves"]


def test_sentences_hold_no_gap_and_no_machine_number():
    for name, text in words()[1].items():
        assert "nan" not in text.lower(), name
        assert "None" not in text, name
        assert not re.search(r"\b[1-9]\d*\.\d{4,}", text), name


@pytest.mark.parametrize("tissue", ["vastus", "fat"])
def test_every_tissue_has_its_words_and_figures(tissue):
    chapter = begun(tissue=tissue)
    assert tissue in ch04.sentences(chapter)["sexes"]
    assert tissue in ch04.sexes_table(chapter).caption
    assert tissue in ch04.sexes_chart(chapter).to_dict()["usermeta"]["caption"]


# statistics


def test_genes_are_thirteen_and_no_target_is_named_twice():
    assert len(GENES) == len(set(GENES)) == 13
    assert len(TARGETS) == 11
    assert len(OTHERS) == 7


def test_q_values_are_over_the_genes_named_beforehand(chapter):
    own = chapter["rat_genes"]
    for _, family in own.groupby(["contrast", "stratum"]):
        assert len(family) == len(GENES)
        assert (family["q_value"] >= family["p_value"] - 1e-15).all()
        assert family["q_value"].max() == pytest.approx(family["p_value"].max())


def test_the_effect_of_both_sexes_is_the_mean_and_the_difference_the_difference(chapter):
    own = chapter["rat_genes"]
    for tissue in rats.TISSUES:
        here = own[own["contrast"] == f"{tissue}-8w"]
        wide = here.pivot(index="feature", columns="stratum", values="estimate")
        # weights of counts differ between the two ways only by rounding: one model gives both
        assert np.allclose(wide["all"], (wide["female"] + wide["male"]) / 2)
        assert np.allclose(wide["female - male"], wide["female"] - wide["male"])


def test_every_inference_has_a_detectable_effect(chapter):
    for name in ("rat_genes", "rat_sets", "red_cells"):
        assert (chapter[name]["detectable"] > 0).all()


def test_random_sets_are_the_negative_control_and_hold_the_level(chapter):
    table = chapter["rat_random_sets"]
    random = table[table["draw"] > 0]
    assert set(random.groupby("tissue").size()) == {rats.DRAWS}
    assert (random["p_camera"] <= 0.05).groupby(random["tissue"]).mean().max() < 0.08


def test_the_training_rise_of_the_simulated_targets_is_found_as_a_set_and_the_run_is_not():
    tests = cells.set_tests("reference").set_index(["contrast", "method"])
    camera = "against other genes (camera)"
    assert tests.at[(cells.TRAINING, camera), "outcome"] == "found"
    assert tests.at[(cells.ACUTE, camera), "outcome"] == "rightly quiet"
    assert tests.at[(cells.ACUTE, camera), "random_share"] < 0.08
    assert (tests["random_share"] >= 0).all()


def test_the_truth_of_the_targets_is_a_rise_with_training_and_none_with_the_run():
    truth = cells.true_genes("reference")
    by = truth.groupby("contrast")["log2_content"]
    assert (by.get_group(cells.TRAINING) > 0).all()
    assert (by.get_group(cells.ACUTE) == 0).all()
    assert len(truth) == 2 * len(TARGETS)


def test_genes_are_found_among_eleven_that_are_not_among_all():
    effects = cells.targets("reference", cells.TUBE, 0.05)
    assert (effects["q_value"] <= effects["q_all"] + 1e-12).all()


def test_sums_are_over_men_and_not_over_cells():
    assay = cells.summed("reference", cells.TUBE)
    assert len(assay.values) == 39
    effects = cells.all_genes("reference", cells.TUBE)
    assert set(effects["n_subjects"]) == {13}


def test_the_worked_example_is_what_the_library_gives():
    of_man = ch04.worked_example().mean(axis=1)
    row = ch04.worked_example_by_library().frame.iloc[0]
    assert float(row["mean log2 change"]) == pytest.approx(of_man.mean(), abs=6e-4)
    t = of_man.mean() / (of_man.std() / 13**0.5)
    assert float(row["t"]) == pytest.approx(t, abs=6e-3)


def test_a_cohort_without_cells_or_truth_is_told_so(tmp_path):
    write_simulation(simulate(world("null"), 13, 1, ("clinical", "blood_count")), tmp_path / "n")
    chapter = begun(cohort=str(tmp_path / "n"))
    assert "no single cells" in ch04.sentences(chapter)["cohort"]
    assert "no cells" in ch04.cohort_table(chapter).caption


def test_frozen_tables_of_effects_are_effects(chapter):
    for name in ("rat_genes", "red_cells"):
        EFFECTS.validate(chapter[name].astype({"n_subjects": float}))


def test_another_set_changes_the_random_sets_and_nothing_else():
    depends = {a.name: a.depends_on for a in ch04.ANALYSES.values() if a.depends_on}
    assert depends == {"rat_random_sets": ("genes",)}
    if open_data("motrpac-rat") is None or open_data("gene-sets") is None:
        pytest.skip("the bytes of the rats and of the gene sets are not at hand")
    four = rats.rat_random_sets(None, SimpleNamespace(genes="four"))
    assert set(four["n_features"]) == {4}


# exercises


def test_the_solution_of_the_sorting_exercise_is_right():
    people = ch04.simulated_glutathione()
    low = people["first"] < people["first"].quantile(1 / 3)
    discovered = (people["later"] - people["first"])[low].mean()
    undone = (people["later"] - people["second"])[low].mean()
    assert ch04.check_sorting(discovered, undone).startswith("Right")
    assert "other way round" in ch04.check_sorting(undone, discovered)
    assert "discovery is right" in ch04.check_sorting(discovered, discovered)
    assert "other end" in ch04.check_sorting(-discovered, undone)


@pytest.mark.parametrize("wrong", [(0.0, 0.0), (0.5, 0.0), (0.19, 0.004), (np.nan, 0.0)])
def test_other_answers_to_it_are_not(wrong):
    assert not ch04.check_sorting(*wrong).startswith("Right")


def test_nothing_happens_to_the_simulated_people():
    people = ch04.simulated_glutathione()
    assert abs((people["later"] - people["first"]).mean()) < 0.02
    assert abs((people["second"] - people["first"]).mean()) < 0.02


@pytest.mark.parametrize("tissue", list(rats.TISSUES))
def test_the_solution_of_the_random_set_exercise_is_right(chapter, tissue):
    random, observed = random_means(chapter, tissue), set_mean(chapter, tissue)
    far = abs(random - random.mean()) >= abs(observed - random.mean())
    p = (1 + far.sum()) / (1 + len(random))
    assert p == pytest.approx(random_p(chapter, tissue))
    assert ch04.check_random_p(chapter, tissue, p).startswith("Right")
    assert "Nearly" in ch04.check_random_p(chapter, tissue, far.mean())
    one_side = (1 + (random <= observed).sum()) / (1 + len(random))
    assert not ch04.check_random_p(chapter, tissue, one_side).startswith("Right")


@pytest.mark.parametrize("wrong", [0.0, 1.0, 0.5, np.nan])
def test_other_p_values_are_not(chapter, wrong):
    assert not ch04.check_random_p(chapter, "vastus", wrong).startswith("Right")


def test_a_frozen_page_without_the_bytes_says_how_to_fetch_them(monkeypatch):
    from exercisebook.chapters import results as module

    monkeypatch.setattr(module, "open_data", lambda name: None)
    told = ch04.begin().provenance_sentence()
    assert "exercisebook data fetch erythrocyte-redox gene-sets motrpac-rat" in told
    assert isinstance(ch04.begin()["gsh_halves"], pd.DataFrame)
