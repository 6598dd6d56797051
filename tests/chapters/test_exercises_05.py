"""The checks of chapter 5 take right answers, and name what is wrong with likely others."""

import math

import numpy as np
import pytest
from scipy import stats

from exercisebook.chapters import ch05
from exercisebook.chapters.answers import ODD, UNANSWERED
from exercisebook.chapters.ch05.mimetic import EFFECT, LOST, WORLDS, outcomes
from exercisebook.chapters.results import Result, frozen_path, read_frozen
from exercisebook.errors import Failure
from exercisebook.paths import notebook_file
from exercisebook.sources.cohorts import open_cohort
from exercisebook.teaching.check_calls import calls_of, stub_of
from exercisebook.teaching.items import items_of

ITEMS = items_of(notebook_file(ch05.SLUG).read_text(encoding="utf-8"))
FOUR = ["neither", "exercise", "blocked", "exercise, blocked"]
IN, OUT, THROUGH = "more in", "less out", "more through"


@pytest.fixture(scope="module")
def chapter():
    """Return the chapter with its frozen tables, which open faster than the data."""
    begun = ch05.begin()
    for analysis in ch05.ANALYSES.values():
        frame = read_frozen(frozen_path(analysis))
        begun._results[analysis.name] = Result(frame, analysis.dataset, "frozen", 0.0)
    return begun


@pytest.mark.parametrize("exercise", ITEMS.exercises, ids=lambda e: e.block.label)
def test_a_solution_is_right_and_three_dots_are_no_answer(chapter, exercise):
    code = exercise.solution.code
    (call,) = calls_of(code)
    begun = "\n".join(stub_of(code, "\n".join(exercise.statement)))
    for lines, told in ((code, "Right"), (begun, UNANSWERED)):
        space = {"ch05": ch05, "chapter": chapter}
        exec(lines, space)
        arguments = [space[argument.id] for argument in call.args]
        assert getattr(ch05, call.func.attr)(*arguments).startswith(told)


# a lake and a river


@pytest.mark.parametrize("form", [list, tuple, set])
def test_levels_and_flows_in_any_order(form):
    assert ch05.check_lake(form([OUT, IN]), form([THROUGH, IN])).startswith("Right")


def test_the_lake_is_what_its_equation_gives():
    made = {IN: 2, OUT: 1, THROUGH: 2}
    share = {IN: 1, OUT: 0.5, THROUGH: 2}
    higher = [event for event in made if made[event] / share[event] > 1]
    faster = [event for event in made if made[event] > 1]
    assert ch05.check_lake(higher, faster).startswith("Right")


@pytest.mark.parametrize(
    ("higher", "faster", "told"),
    [
        ([IN, OUT], [IN, OUT], "make the level a rate"),
        ([], [], "make the level a rate"),
        ([IN, OUT], [IN, OUT, THROUGH], "if BHMT slackens"),
        ([IN, OUT, THROUGH], [IN, THROUGH], "of the old level"),
        ([IN], [IN, THROUGH], "When has it to rise"),
        ([OUT], [IN, THROUGH], "When has it to rise"),
        ([IN, OUT], [IN], "once the level rests"),
        ([IN, OUT], [THROUGH], "once the level rests"),
        (IN, [IN], "two lists"),
        (["more"], [IN], "two lists"),
        ([...], [IN], "two lists"),
        (None, [IN], ODD),
        ([[IN]], [IN], ODD),
        (..., [IN], UNANSWERED),
    ],
)
def test_other_lists_are_told_why_not(higher, faster, told):
    assert told in ch05.check_lake(higher, faster)


# exercises that were there before


@pytest.mark.parametrize("loss", [10.2, np.float64(10.19), 10.15])
def test_the_plasma_that_was_lost_may_be_rounded(loss):
    assert ch05.check_plasma_loss(loss).startswith("Right")


def test_the_dose_by_the_rule_in_two_forms():
    for ratio in (37 / 3, 12.3):
        assert ch05.check_human_dose(5 * 150 / ratio * 70 / 1000).startswith("Right")


def test_the_instrument_may_have_its_sign_or_not(chapter):
    for times in (-0.076 / 0.0221, 3.44):
        assert ch05.check_pleiotropy(chapter, times).startswith("Right")


@pytest.mark.parametrize(
    ("check", "answer", "told"),
    [
        ("check_plasma_loss", 11.35, "rise itself"),
        ("check_plasma_loss", 0.102, "in per cent"),
        ("check_plasma_loss", "a tenth", ODD),
        ("check_plasma_loss", math.nan, "Not yet"),
        ("check_human_dose", 52.5, "by mass alone"),
        ("check_human_dose", 42.6, "factor of ten"),
        ("check_human_dose", None, ODD),
        ("check_human_dose", ..., UNANSWERED),
    ],
)
def test_losses_and_doses_that_are_not(check, answer, told):
    assert told in getattr(ch05, check)(answer)


def test_standard_errors_are_not_what_an_instrument_moves(chapter):
    table = chapter["betaine_pleiotropy"].query("snp == 'rs715'").set_index("exposure")
    in_errors = table["z"]["Glycine"] / table["z"]["Betaine"]
    turned = table["beta"]["Betaine"] / table["beta"]["Glycine"]
    for answer, told in (
        (in_errors, "Not yet"),
        (turned, "turn it over"),
        ("more", ODD),
        (..., UNANSWERED),
    ):
        assert told in ch05.check_pleiotropy(chapter, answer)


# nine grey rows


def test_the_grey_rows_are_counted_by_two_ways(chapter):
    table = ch05.early_rows(chapter)
    assert table.shape == (9, 4)
    effects = chapter["rat_one_carbon"].query("kind == 'group' and stratum == 'all'")
    logs = effects.groupby("canonical_id")["estimate"].agg(lambda log2: int((log2 > 0).sum()))
    told = ch05.check_early_rows(chapter, logs["betaine"], logs["proline_betaine"], 1)
    assert told.startswith("Right")
    own, control = ((table[name] > 1).sum() for name in ("betaine", "proline betaine"))
    assert ch05.check_early_rows(chapter, float(own), int(control), 1.0) == told


def test_one_group_of_sedentary_rats_gave_every_tissue():
    try:
        cohort = open_cohort("motrpac-rat")
    except Failure:
        pytest.skip("the bytes of motrpac-rat are not at hand")
    metabolites = cohort.measurements["metabolites"]
    samples = cohort.samples[cohort.samples["sample_id"].isin(metabolites["sample_id"])]
    sedentary = samples[samples["arm"] == "sedentary"].groupby("phase")["subject"]
    assert len(sedentary) == 3
    assert len({frozenset(rats) for _, rats in sedentary}) == 1


@pytest.mark.parametrize(
    ("more_betaine", "more_control", "groups", "told"),
    [
        (1, 0, 1, "ratio of betaine"),
        (-1, 0, 1, "ratio of betaine"),
        (0, 1, 1, "count proline betaine"),
        (0, 0, 0, "did not run"),
        (0, 0, 2, "did not run"),
        (0, 0, 3, "whose"),
        (0, 0, 9, "of its own"),
    ],
)
def test_other_counts_are_told_why_not(chapter, more_betaine, more_control, groups, told):
    above = (ch05.early_rows(chapter)[["betaine", "proline betaine"]] > 1).sum()
    counts = (above["betaine"] + more_betaine, above["proline betaine"] + more_control)
    assert told in ch05.check_early_rows(chapter, *counts, groups)


def test_words_in_place_of_counts_are_answered(chapter):
    assert ch05.check_early_rows(chapter, "most", 8, 1).startswith("Not yet")
    assert ch05.check_early_rows(chapter, 8, ..., 1) == UNANSWERED


# sixty-four mice


def test_more_mice_show_smaller_losses_and_four_of_five_simulated_plans_find_them():
    assert ch05.loss_shown(15) < EFFECT < ch05.loss_shown(14)
    mice, studies = 16, 4000
    values = np.random.default_rng(5).standard_normal((studies, 4, mice))
    means, variance = values.mean(axis=2), values.var(axis=2, ddof=1).mean(axis=1)
    lost = means @ [-1, 1, 1, -1] + ch05.loss_shown(mice)
    t = lost / np.sqrt(4 * variance / mice)
    found = np.abs(t) > stats.t.ppf(0.975, 4 * (mice - 1))
    assert found.mean() == pytest.approx(0.8, abs=0.025)


def test_the_loss_tells_the_two_worlds_with_one_ceiling_apart():
    table = outcomes(16)
    lost = table[table["contrast"] == LOST].set_index("world")["truth"]
    first, second = list(WORLDS)[:2]
    assert (lost[first], lost[second]) == (EFFECT, 0)


@pytest.mark.parametrize("mice", [15, 16, np.int64(16), 16.0])
@pytest.mark.parametrize("form", [list, tuple, set])
def test_plans_that_can_show_the_loss(form, mice):
    assert ch05.check_deciding(form(FOUR), mice, "stranger", 4).startswith("Right")


@pytest.mark.parametrize(
    ("plan", "told"),
    [
        ((["neither", "exercise", "betaine", "both"], 16, "stranger", 4), "one ceiling"),
        ((["neither", "exercise", "exercise, blocked"], 16, "stranger", 4), "effects of its own"),
        ((["blocked", "exercise, blocked"], 32, "stranger", 4), "what could be lost"),
        ((["exercise", "blocked", "exercise, blocked"], 16, "stranger", 4), "what could be lost"),
        (([], 16, "stranger", 4), "one ceiling"),
        (([*FOUR, "betaine"], 16, "stranger", 4), "takes 80 mice"),
        (([*FOUR, "betaine"], 12, "stranger", 4), "do without"),
        (([*FOUR, "betaine", "both"], 10, "stranger", 4), "do without"),
        ((FOUR, 17, "stranger", 4), "takes 68 mice"),
        ((FOUR, 64, "stranger", 4), "takes 256 mice"),
        ((FOUR, 14, "stranger", 4), "only a loss"),
        ((FOUR, 16, "keeper", 4), "knows who ran"),
        ((FOUR, 16, "stranger", 1), "three unknowns"),
        ((FOUR, 16, "stranger", 2), "three unknowns"),
        ((FOUR, 16, "nobody", 4), "The reader is one of"),
        ((FOUR, 16, "stranger", 24), "hours are one of"),
        ((FOUR, 15.5, "stranger", 4), "whole number"),
        ((FOUR, 0, "stranger", 4), "whole number"),
        ((FOUR, math.inf, "stranger", 4), "whole number"),
        ((FOUR, math.nan, "stranger", 4), "whole number"),
        (("neither", 16, "stranger", 4), "a list of some of"),
        ((["rescue"], 16, "stranger", 4), "a list of some of"),
        ((FOUR, "all", "stranger", 4), ODD),
        ((3, 16, "stranger", 4), ODD),
        ((FOUR, 16, ..., 4), UNANSWERED),
    ],
)
def test_other_plans_are_told_what_they_lack(plan, told):
    said = ch05.check_deciding(*plan)
    assert told in said
    assert not said.startswith("Right")


# predictions that an output answers


def test_the_tube_of_the_prediction_is_the_tube_of_the_world(chapter):
    table = ch05.truth_table(chapter).frame.set_index("metabolite").astype(str)
    body, tube = (
        table[f"true ratio {where}"].astype(float) for where in ("of content", "in the tube")
    )
    assert body["betaine"] == pytest.approx(1.2, abs=0.03)
    assert 1 < tube["betaine"] < 1.2
    assert tube["proline betaine"] < 1 == body["proline betaine"]


def test_two_worlds_of_the_prediction_differ_under_the_block_alone():
    first, second = list(WORLDS.values())[:2]
    assert [a == b for a, b in zip(first, second, strict=True)] == [True] * 5 + [False]


def test_the_best_anchored_answer_keeps_the_premise():
    (question,) = ITEMS.free_texts
    best = next(anchor for anchor in question.anchors if anchor.level == 4).text
    for told in ("48 old mice", "an eighth", "from a twentieth to a fifth"):
        assert told in best
        assert told in "\n".join(question.text)
