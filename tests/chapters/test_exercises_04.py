"""The checks of chapter 4 take right answers, and name what is wrong with likely others."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from exercisebook.chapters import ch04
from exercisebook.chapters.answers import ODD, UNANSWERED
from exercisebook.chapters.ch04 import cells
from exercisebook.chapters.ch04.readings import reference_set_tests, reference_targets
from exercisebook.chapters.ch04.red_cells import ENZYMES, LATER
from exercisebook.chapters.results import Result, frozen_path, read_frozen
from exercisebook.claims.claims import claims_of
from exercisebook.paths import notebook_file
from exercisebook.teaching.check_calls import calls_of, stub_of
from exercisebook.teaching.items import items_of
from exercisebook.teaching.leaks import SHORTEST_CLAUSE, normal

ITEMS = items_of(notebook_file(ch04.SLUG).read_text(encoding="utf-8"))
THREE = ["nuclear NRF2", "seven targets", "challenge"]
RNA_HOURS, PROTEIN_HOURS = 6 * math.log2(10), 48 * math.log2(2.5)


@pytest.fixture(scope="module")
def chapter():
    """Return the chapter with its frozen tables, which open faster than the data."""
    begun = ch04.begin()
    for analysis in ch04.ANALYSES.values():
        frame = read_frozen(frozen_path(analysis))
        begun._results[analysis.name] = Result(frame, analysis.dataset, "frozen", 0.0)
    return begun


@pytest.mark.parametrize("exercise", ITEMS.exercises, ids=lambda e: e.block.label)
def test_a_solution_is_right_and_three_dots_are_no_answer(chapter, exercise):
    code, statement = exercise.solution.code, "\n".join(exercise.statement)
    begun = "\n".join(stub_of(code, statement))
    for lines, told in ((code, "Right"), (begun, UNANSWERED)):
        (call,) = calls_of(lines)
        *before, _ = lines.strip().splitlines()
        space = {"ch04": ch04, "chapter": chapter}
        exec("\n".join(before), space)
        said = eval(compile(lines.strip().splitlines()[-1], "check", "eval"), space)
        assert call.func.attr.startswith("check_")
        assert said.startswith(told)


# six findings


@pytest.mark.parametrize("form", [list, tuple, set])
def test_letters_in_any_order(form):
    told = ch04.check_findings(form(["D", "B"]), form(["C"]), form(["F", "E"]))
    assert told.startswith("Right")


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ((["A", "D"], ["C"], ["E", "F"]), "selenium"),
        ((["B"], ["C"], ["E", "F"]), "answer together"),
        ((["C", "D"], ["C"], ["E", "F"]), "answer together"),
        (([], [], []), "answer together"),
        ((["B", "D"], ["C"], ["A", "E", "F"]), "without a nucleus"),
        ((["B", "D"], ["C"], ["C", "E", "F"]), "makes no protein"),
        ((["B", "D"], ["C"], ["F"]), "makes no protein"),
        ((["B", "D"], ["D"], ["E", "F"]), "shredder"),
        ((["B", "D"], [], ["E", "F"]), "shredder"),
        ((["G"], ["C"], ["E", "F"]), "letters from A to F"),
        ((["b", "d"], ["C"], ["E", "F"]), "letters from A to F"),
        (("both", ["C"], ["E", "F"]), "letters from A to F"),
        ((None, ["C"], ["E", "F"]), ODD),
        ((["B", "D"], ..., ["E", "F"]), UNANSWERED),
    ],
)
def test_other_letters_are_told_why_not(answers, told):
    said = ch04.check_findings(*answers)
    assert told in said
    assert not said.startswith("Right")


# what the last run left


@pytest.mark.parametrize(
    "answers",
    [(RNA_HOURS, PROTEIN_HOURS), (20, 63), (19.9, 63.5), (np.float64(19.93), np.int64(64))],
)
def test_hours_may_be_rounded(answers):
    assert ch04.check_pulse(*answers).startswith("Right")


def test_the_hours_are_those_of_a_decay_step_by_step():
    for surplus, halving, answer in ((2.0, 6, RNA_HOURS), (0.5, 48, PROTEIN_HOURS)):
        step = 0.5 ** (1 / (100 * halving))
        passed = 0
        while surplus > 0.2:
            surplus, passed = surplus * step, passed + 1
        assert passed / 100 == pytest.approx(answer, abs=0.02)


@given(st.floats(0.01, 100), st.integers(0, 20))
def test_halvings_are_counted(end, times):
    assert ch04.halvings(end * 2**times, end) == pytest.approx(times)


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ((6 * math.log2(3 / 1.2), PROTEIN_HOURS), "level at rest decay"),
        ((RNA_HOURS, 48 * math.log2(1.5 / 1.2)), "level at rest decay"),
        ((6 * math.log2(15), PROTEIN_HOURS), "less than the whole level"),
        ((RNA_HOURS, 48 * math.log2(7.5)), "less than the whole level"),
        ((6 * math.log(10), PROTEIN_HOURS), "base of two"),
        ((RNA_HOURS, RNA_HOURS), "how often must the surplus"),
        ((PROTEIN_HOURS, RNA_HOURS), "how often must the surplus"),
        ((math.nan, PROTEIN_HOURS), "how often must the surplus"),
        ((RNA_HOURS, math.inf), "how often must the surplus"),
        ((0, 0), "how often must the surplus"),
        (("a day", PROTEIN_HOURS), ODD),
        ((None, PROTEIN_HOURS), ODD),
        ((RNA_HOURS, ...), UNANSWERED),
    ],
)
def test_other_hours_are_told_why_not(answers, told):
    said = ch04.check_pulse(*answers)
    assert told in said
    assert not said.startswith("Right")


def test_the_smallest_change_that_counts_is_that_of_the_claims():
    sizes = claims_of(4)["smallest_effect"].dropna()
    assert 2 ** sizes.min() == pytest.approx(1.2, abs=0.003)


# exercises that were there before


@pytest.mark.parametrize(
    ("answers", "told"),
    [((..., 0.0), UNANSWERED), (("a lot", 0.0), ODD), ((None, None), ODD), ((0.0, 0.0), "Not yet")],
)
def test_sorting_takes_nonsense(answers, told):
    assert told in ch04.check_sorting(*answers)


@pytest.mark.parametrize(("answer", "told"), [(..., UNANSWERED), ("seldom", ODD), (None, ODD)])
def test_the_p_value_takes_nonsense(chapter, answer, told):
    assert ch04.check_random_p(chapter, "vastus", answer) == told


# ten an arm


@pytest.mark.parametrize("answers", [(62, 64), (62.0, np.int64(64)), (62.5, 64.0)])
def test_the_most_that_was_taken_and_the_fewest_people(answers):
    assert ch04.check_vitamins(*answers).startswith("Right")


def test_a_loss_that_is_seen_is_found_in_four_simulated_trials_of_five():
    people, trials = 12, 4000
    rng = np.random.default_rng(4)
    gains = rng.normal(400, 200, (2, trials, people))
    gains[1] -= ch04.loss_seen(people)
    difference = gains[0].mean(axis=1) - gains[1].mean(axis=1)
    se = np.sqrt((gains[0].var(axis=1, ddof=1) + gains[1].var(axis=1, ddof=1)) / people)
    found = abs(difference / se) > stats.t.ppf(0.975, 2 * people - 2)
    assert found.mean() == pytest.approx(0.8, abs=0.025)


def test_the_interval_of_the_exercise_is_one_of_ten_an_arm():
    half = stats.t.ppf(0.975, 18) * 200 * math.sqrt(2 / 10)
    assert (60 + half, 60 - half) == pytest.approx((248, -128), abs=0.6)


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ((248, 64), "in per cent"),
        ((0.62, 64), "in per cent"),
        ((15, 64), "middle of the interval"),
        ((32, 64), "may have added"),
        ((50, 64), "which end"),
        ((math.nan, 64), "Not yet"),
        ((62, 128), "both arms"),
        ((62, 17), "a half"),
        ((62, 63), "an arm show a loss of"),
        ((62, 10), "an arm show a loss of"),
        ((62, 65), "go down"),
        ((62, 63.5), "whole number"),
        ((62, 1), "whole number"),
        ((62, math.nan), "whole number"),
        ((62, math.inf), "whole number"),
        ((62, "many"), ODD),
        (("most", 64), ODD),
        ((62, ...), UNANSWERED),
    ],
)
def test_other_readings_of_ten_an_arm_are_told_why_not(answers, told):
    said = ch04.check_vitamins(*answers)
    assert told in said
    assert not said.startswith("Right")


# from a switch to a guarded cell


def test_sixteen_an_arm_are_the_fewest_that_see_a_fifth():
    assert ch04.rise_seen(16) <= 1.2 < ch04.rise_seen(15)


@pytest.mark.parametrize("people", [16, 18.0, np.int64(20)])
@pytest.mark.parametrize("form", [list, tuple, set])
def test_plans_that_can_show_it(form, people):
    assert ch04.check_trial(form(THREE), "by lot", 96, people).startswith("Right")


@pytest.mark.parametrize(
    ("plan", "told"),
    [
        ((["nuclear NRF2", "seven targets", "four genes"], "by lot", 96, 20), "meet it"),
        ((["nuclear NRF2", "seven targets", "red-cell enzymes"], "by lot", 96, 20), "meet it"),
        ((["phosphorylated NRF2", "seven targets", "challenge"], "by lot", 96, 20), "to work"),
        ((["nuclear NRF2", "four genes", "challenge"], "by lot", 96, 20), "own lists"),
        (([*THREE, "phosphorylated NRF2"], "by lot", 96, 20), "more than three"),
        ((THREE, "before and after", 96, 20), "two visits"),
        ((THREE, "athletes and others", 96, 20), "decide who trains"),
        ((THREE, "by lot", 1, 20), "its pulse"),
        ((THREE, "by lot", 24, 20), "of its proteins"),
        ((THREE, "by lot", 96, 40), "takes 80 people"),
        ((THREE, "by lot", 96, 15), "smallest that counts"),
        ((THREE, "by lot", 96, 10), "smallest that counts"),
        ((THREE, "by lot", 96, 16.5), "whole number"),
        ((THREE, "by lot", 96, 0), "whole number"),
        ((THREE, "by lot", 96, math.nan), "whole number"),
        ((THREE, "by lot", 96, math.inf), "whole number"),
        ((THREE, "by taste", 96, 20), "The comparison is one of"),
        ((THREE, "by lot", 48, 20), "hours are one of"),
        (("challenge", "by lot", 96, 20), "a list of some of"),
        ((["RNA"], "by lot", 96, 20), "a list of some of"),
        (([], "by lot", 96, 20), "meet it"),
        ((THREE, "by lot", 96, "all"), ODD),
        ((7, "by lot", 96, 20), ODD),
        ((THREE, "by lot", 96, ...), UNANSWERED),
    ],
)
def test_other_plans_are_told_what_they_lack(plan, told):
    said = ch04.check_trial(*plan)
    assert told in said
    assert not said.startswith("Right")


# predictions that an output answers


def test_fewer_than_eleven_rises_are_found_and_fewer_still_among_all_genes(chapter):
    effects = reference_targets(chapter, cells.TRAINING)
    found = (effects["outcome"] == "found").sum()
    among_all = (effects["q_all"] <= chapter.parameters.fdr).sum()
    assert among_all < found < len(effects) == 11


def test_random_sets_change_with_the_run_by_sign_flips_and_not_by_camera():
    shares = reference_set_tests(cells.ACUTE)["random_share"]
    assert shares["against other genes (camera)"] == pytest.approx(0.05, abs=0.02)
    assert shares["against no change (sign flips)"] > 0.15


def test_red_cells_enzymes_rise_while_glutathione_falls(chapter):
    effects = chapter["red_cells"]
    effects = effects[effects["contrast"] == LATER].set_index("feature")
    assert (effects.loc[list(ENZYMES), "ci_low"] > 0).all()
    assert effects.at["glutathione", "ci_high"] < 0


# the free question


def test_the_best_anchored_answer_keeps_the_premise():
    (question,) = ITEMS.free_texts
    best = next(anchor for anchor in question.anchors if anchor.level == 4).text
    premise = "\n".join(question.text)
    for told in ("a tenth", "three fifths", "a fifth", "nine tenths", "phosphate", "third"):
        assert told in best
        assert told in premise


def test_no_anchored_answer_repeats_what_a_question_shows():
    (question,) = ITEMS.free_texts
    asked = [(q.block.argument, *q.stem, *(o.text for o in q.options)) for q in ITEMS.quiz]
    shown = [normal(" ".join(words)) for words in (*asked, question.text)]
    for anchor in question.anchors:
        letters = normal(" ".join((anchor.text, *anchor.why)))
        runs = {letters[n : n + SHORTEST_CLAUSE] for n in range(len(letters) - SHORTEST_CLAUSE + 1)}
        assert len(runs) > 50
        assert not [run for run in runs if any(run in text for text in shown)]
