"""The checks of chapter 3 take right answers, and name what is wrong with likely others."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exercisebook.chapters import ch03, results
from exercisebook.chapters.answers import UNANSWERED
from exercisebook.chapters.ch03.readings import white_cell
from exercisebook.errors import Misuse
from exercisebook.paths import notebook_file
from exercisebook.teaching.check_calls import stub_of
from exercisebook.teaching.items import items_of

ODD = "no answer of the kind"

PEOPLE, MEANS = (ch03.town()[name].unstack() for name in ("people", "neutrophils"))
GAPS = MEANS["active"] - MEANS["inactive"]
COLUMNS = (PEOPLE * MEANS).sum() / PEOPLE.sum()
CRUDE = COLUMNS["active"] - COLUMNS["inactive"]
HELD = (GAPS * PEOPLE.sum(axis=1)).sum() / PEOPLE.to_numpy().sum()

TABLE = ch03.cells_of_six()
LEVELS = TABLE.groupby(["man", "phase"])["level"].mean().unstack()
CHANGE = LEVELS["after"] - LEVELS["before"]
BY_MEN = CHANGE.std() / math.sqrt(6)
HEAPS = TABLE.groupby("phase")["level"].agg(["var", "count", "mean"])
BY_CELLS = (HEAPS["var"] / HEAPS["count"]).sum() ** 0.5


@pytest.fixture(scope="module")
def items():
    return items_of(notebook_file("03_immune_remodeling").read_text(encoding="utf-8"))


def test_every_check_takes_the_three_dots(items):
    assert len(items.exercises) >= 4
    for exercise in items.exercises:
        code = "\n".join(stub_of(exercise.solution.code, "\n".join(exercise.statement)))
        *before, call = code.splitlines()
        space = {"ch03": ch03}
        exec("\n".join(before), space)
        assert eval(call, space) == UNANSWERED


def test_every_solution_is_right(items):
    for exercise in items.exercises:
        *before, call = exercise.solution.code.strip().splitlines()
        space = {"ch03": ch03}
        exec("\n".join(before), space)
        assert eval(call, space).startswith("Right"), exercise.block.label


def test_the_best_anchored_answer_tells_what_the_survey_says(items, monkeypatch):
    # the frozen results are what a page without the bytes shows
    monkeypatch.setattr(results, "open_data", lambda name: None)
    best = next(a for a in items.free_texts[0].anchors if a.level == 4).text
    chapter = ch03.begin()
    part, cells, neutrophils = (
        white_cell(chapter, name) for name in ("lymphocyte_share", "lymphocytes", "neutrophils")
    )
    low, middle, high = (100 * (2 ** part[k] - 1) for k in ("ci_low", "estimate", "ci_high"))
    assert "four per cent higher (95 % interval: two to six)" in best
    assert [round(value) for value in (low, middle, high)] == [2, 4, 6]
    assert "from two per cent fewer to two per cent more" in best
    assert [round(100 * (2 ** cells[k] - 1)) for k in ("ci_low", "ci_high")] == [-2, 2]
    assert "a twentieth fewer (three to eight per cent)" in best
    assert 2 ** neutrophils["estimate"] == pytest.approx(0.95, abs=0.006)
    assert [round(100 * (1 - 2 ** neutrophils[k])) for k in ("ci_high", "ci_low")] == [3, 8]
    assert "ten thousand adults" in best
    assert 9_500 < part["n_subjects"] < 10_500


@pytest.mark.parametrize("word", ["tolerance", " Tolerance"])
def test_the_word_for_the_mice(word):
    assert ch03.check_programme(word).startswith("Right")


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("training", "a larger second answer"),
        ("priming", "fallen silent"),
        ("differentiation", "another kind"),
        ("trained immunity", "one of the four words"),
        (None, "one of the four words"),
    ],
)
def test_other_words_are_told_why_not(word, told):
    assert told in ch03.check_programme(word)


@pytest.mark.parametrize("answers", [(1.96, 1.96), (np.float64(1.960), 7 * 0.8 * 0.35)])
def test_the_lymphocytes_of_the_printout(answers):
    assert ch03.check_lymphocytes(*answers).startswith("Right")


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ((28, 35), "These are the shares"),
        ((196, 196), "a hundredth"),
        ((1.96, 2.45), "that day's white cells"),
        ((math.nan, 1.96), "Not yet"),
        (("two", "two"), ODD),
    ],
)
def test_other_lymphocytes_are_told_why_not(answers, told):
    assert told in ch03.check_lymphocytes(*answers)


@pytest.mark.parametrize(
    ("hours", "told"),
    [(26.0, "hour at which half is left"), (12, "hour of the peak"), (16, "between two counts"),
     (6.4, "Not yet"), (math.nan, "Not yet"), ("fourteen", ODD)],
)  # fmt: skip
def test_other_intervals_are_told_why_not(hours, told):
    assert told in ch03.check_interval(hours)


def test_the_interval_is_14_hours():
    assert ch03.check_interval(14).startswith("Right")


def test_the_town_by_two_ways():
    by_row = 0.8 * (3.9 - 4.0) + 0.2 * (4.9 - 5.4)
    assert ch03.check_town(CRUDE, HELD).startswith("Right")
    assert ch03.check_town(round(CRUDE, 2), round(by_row, 2)).startswith("Right")


@pytest.mark.parametrize(
    ("crude", "held", "told"),
    [
        (-CRUDE, -HELD, "The sign"),
        (CRUDE, -HELD, "The sign"),
        (GAPS.mean(), HELD, "counts 40 people for as much as 500"),
        (-0.2, HELD, "begin with the mean"),
        (CRUDE, GAPS.mean(), "half of the say"),
        (CRUDE, np.average(GAPS, weights=PEOPLE["active"]), "among the active"),
        (CRUDE, np.average(GAPS, weights=PEOPLE["inactive"]), "among the inactive"),
        (CRUDE, GAPS["no"], "one row alone"),
        (CRUDE, GAPS["yes"], "one row alone"),
        (CRUDE, CRUDE, "compare within each row"),
        (CRUDE, 0, "compare within each row"),
        (math.nan, HELD, "Not yet"),
        ("less", HELD, ODD),
    ],
)
def test_other_numbers_of_the_town_are_told_what_they_are(crude, held, told):
    said = ch03.check_town(crude, held)
    assert told in said
    assert not said.startswith("Right")


def test_the_two_standard_errors_by_two_ways():
    centred = CHANGE - CHANGE.mean()
    by_hand = math.sqrt((centred**2).sum() / 5 / 6)
    pooled = TABLE["level"].groupby(TABLE["phase"]).std().pow(2).mean() ** 0.5 * math.sqrt(2 / 600)
    assert ch03.check_two_errors(BY_MEN, BY_CELLS).startswith("Right")
    assert ch03.check_two_errors(round(by_hand, 3), round(pooled, 3)).startswith("Right")


def test_by_cells_the_mean_change_of_nothing_looks_sure_and_by_men_it_does_not():
    assert HEAPS["mean"].diff().abs().iloc[-1] == pytest.approx(abs(CHANGE.mean()))
    assert abs(CHANGE.mean()) / BY_CELLS > 3
    assert abs(CHANGE.mean()) / BY_MEN < 2


@pytest.mark.parametrize(
    ("by_men", "by_cells", "told"),
    [
        (BY_CELLS, BY_MEN, "the wrong way round"),
        (CHANGE.std(), BY_CELLS, "how far the six changes lie apart"),
        (CHANGE.std(ddof=0) / math.sqrt(6), BY_CELLS, "divides by five"),
        (math.sqrt(LEVELS.var().sum() / 6), BY_CELLS, "each man's own change first"),
        (BY_CELLS, BY_CELLS, "six values"),
        (BY_MEN, TABLE["level"].std() / math.sqrt(1200), "one mean of them all"),
        (BY_MEN, math.sqrt(HEAPS["var"].sum()), "divided by the number of cells first"),
        (BY_MEN, BY_MEN, "two heaps of 600"),
        (math.nan, BY_CELLS, "Not yet"),
        ("small", BY_CELLS, ODD),
    ],
)
def test_other_standard_errors_are_told_what_they_are(by_men, by_cells, told):
    said = ch03.check_two_errors(by_men, by_cells)
    assert told in said
    assert not said.startswith("Right")


@pytest.mark.parametrize("plan", [(30, 600), (34, 400), (np.int64(26), np.int64(900))])
def test_plans_that_can_show_the_rise(plan):
    assert ch03.check_grant(*plan, "a litre").startswith("Right")


@pytest.mark.parametrize(
    ("plan", "told"),
    [
        ((30, 600, "of mononuclear cells"), "if monocytes fall"),
        ((30, 600, "of lymphocytes"), "if memory cells fall"),
        ((30, 600, "in all"), "Naive cells can be read"),
        ((44, 600, "a litre"), "bled twice"),
        ((12, 3000, "a litre"), "it is people who stray"),
        ((46, 50, "a litre"), "The poll of so few cells"),
        ((20, 600, "a litre"), "There is money left"),
        ((29, 600, "a litre"), "even number"),
        ((2, 600, "a litre"), "two people or more"),
        ((30.5, 600, "a litre"), "whole numbers"),
        ((30, 0, "a litre"), "whole numbers"),
        (("many", 600, "a litre"), "whole numbers"),
        ((30, 600, ["a litre"]), "Naive cells can be read"),
        ((30, 600, ...), UNANSWERED),
    ],
)
def test_other_plans_are_told_what_they_lack(plan, told):
    said = ch03.check_grant(*plan)
    assert told in said
    assert not said.startswith("Right")


def test_both_ends_of_the_grant_fail_and_the_middle_is_flat():
    shown = {m: ch03.rise_shown(2 * (25_000 // (1_000 + m)), m) for m in (50, 400, 800, 3_000)}
    assert min(shown[50], shown[3_000]) > 1.45
    assert shown[400] == pytest.approx(shown[800], abs=0.01)
    assert max(shown[400], shown[800]) < 1.35


@given(st.integers(2, 60), st.integers(1, 3000))
def test_more_people_and_more_cells_show_smaller_rises(pairs, cells):
    shown = ch03.rise_shown(2 * pairs, cells)
    assert shown > 1
    assert ch03.rise_shown(2 * pairs + 2, cells) < shown
    assert ch03.rise_shown(2 * pairs, cells + 1) < shown


@pytest.mark.parametrize(("people", "cells"), [(30, 600), (40, 250)])
def test_four_of_five_simulated_trials_find_the_rise_that_a_plan_shows(people, cells):
    from scipy import stats

    rng = np.random.default_rng(7)
    sigma, trials = math.sqrt(math.log1p(0.15**2)), 4000
    stray = sigma * rng.standard_normal((2, trials, people))
    poll = np.log(rng.binomial(cells, 0.1, stray.shape) / (0.1 * cells))
    change = np.diff(stray + poll, axis=0)[0]
    change[:, : people // 2] += math.log(ch03.rise_shown(people, cells))
    p = stats.ttest_ind(change[:, : people // 2], change[:, people // 2 :], axis=1).pvalue
    assert np.mean(p < 0.05) == pytest.approx(0.8, abs=0.03)


@pytest.mark.parametrize("plan", [(2, 600), (31, 600), (30, 0)])
def test_a_trial_without_two_equal_groups_or_cells_shows_nothing(plan):
    with pytest.raises(Misuse, match="two equal groups"):
        ch03.rise_shown(*plan)
