"""The checks of chapter 6 take right answers, and name what is wrong with likely others."""

import math
from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from exercisebook.chapters import ch06
from exercisebook.chapters.answers import ODD, UNANSWERED
from exercisebook.chapters.ch06.exercises import (
    ADDED,
    CELLS,
    DISHES,
    FALL,
    INSIDE,
    READOUTS,
    SCATTER,
    TUBES,
)
from exercisebook.chapters.ch06.readings import points
from exercisebook.chapters.ch06.worked_assays import BINDS, PAIRS, STEADIES, melting_shifts
from exercisebook.chapters.results import Result, frozen_path, read_frozen
from exercisebook.paths import notebook_file
from exercisebook.publish.quiz_form import misconceptions
from exercisebook.teaching.check_calls import calls_of, stub_of
from exercisebook.teaching.items import items_of
from exercisebook.teaching.leaks import SHORTEST_CLAUSE, normal

ITEMS = items_of(notebook_file(ch06.SLUG).read_text(encoding="utf-8"))
AGAIN, INERT, LITTLE, MUCH = TUBES
ABOVE, BELOW = ["leaked DNA", "waking retrovirus", "SIRT5"], ["IRF3", "interferon"]
IRF3, PAIR, OSMOLYTES = READOUTS[2], ["normal", "cannot bind betaine"], ["betaine", "proline"]


def begun(**given):
    """Return the chapter with its frozen tables, which open faster than the data."""
    chapter = ch06.begin(**given)
    for analysis in ch06.ANALYSES.values():
        frame = read_frozen(frozen_path(analysis))
        chapter._results[analysis.name] = Result(frame, analysis.dataset, "frozen", 0.0)
    return chapter


@pytest.fixture(scope="module")
def chapter():
    return begun()


@pytest.mark.parametrize("exercise", ITEMS.exercises, ids=lambda e: e.block.label)
def test_a_solution_is_right_and_three_dots_are_no_answer(chapter, exercise):
    code = exercise.solution.code
    (call,) = calls_of(code)
    stub = "\n".join(stub_of(code, "\n".join(exercise.statement)))
    for lines, told in ((code, "Right"), (stub, UNANSWERED)):
        space = {"ch06": ch06, "chapter": chapter}
        exec(lines, space)
        arguments = [space[argument.id] for argument in call.args]
        assert getattr(ch06, call.func.attr)(*arguments).startswith(told)


# above or below


@pytest.mark.parametrize("form", [list, tuple, set])
def test_arrows_in_any_order(form):
    assert ch06.check_arrows(form(ABOVE[::-1]), form(BELOW[::-1])).startswith("Right")


@pytest.mark.parametrize(
    ("above", "below", "told"),
    [
        (BELOW, ABOVE, "turned over"),
        (ABOVE[:2], [*BELOW, "SIRT5"], "where is SIRT5"),
        (["SIRT5"], [*BELOW, *ABOVE[:2]], "what a sensor senses"),
        ([*ABOVE, "IRF3"], ["interferon"], "by which factor"),
        (ABOVE, ["IRF3"], "left over"),
        (ABOVE[1:], BELOW, "left over"),
        ([*ABOVE, *BELOW], BELOW, "in both lists"),
        ([], [], "where is SIRT5"),
        (["STING"], BELOW, "two lists"),
        ("SIRT5", BELOW, "two lists"),
        (None, BELOW, ODD),
        ([ABOVE], BELOW, ODD),
        (ABOVE, ..., UNANSWERED),
    ],
)
def test_other_arrows_are_told_why_not(above, below, told):
    said = ch06.check_arrows(above, below)
    assert told in said
    assert not said.startswith("Right")


# exercises that were there before


def test_nine_tenths_by_the_formula_and_by_a_search(chapter):
    kd = ch06.page_kd(chapter)
    grid = np.linspace(kd, 20 * kd, 4000)
    found = grid[np.searchsorted(grid / (grid + kd), 0.9)]
    for answer in (9 * kd, np.float64(9 * kd), found):
        assert ch06.check_nine_tenths(chapter, answer).startswith("Right")
    assert ch06.check_nine_tenths(chapter, "9") == "Give a number, in mM."


@pytest.mark.parametrize("efficiency", [0.1, 0.5, 1.0, 1.5])
def test_a_strong_or_weak_ligand_leaves_a_kd_to_compute_with(efficiency):
    other = begun(ligand_efficiency=efficiency)
    kd = ch06.page_kd(other)
    assert kd > 0
    assert ch06.check_nine_tenths(other, 9 * kd).startswith("Right")
    assert "half is bound" in ch06.check_nine_tenths(other, kd)


def test_the_ic50_in_a_cell_by_the_rule_of_cheng_and_prusoff(chapter):
    low, high = ch06.bx795(chapter)
    slope = (high - low) / 990
    ki, km = low - 10 * slope, (low - 10 * slope) / slope
    for answer in (ki * (1 + 3000 / km), round(ki * (1 + 3000 / km))):
        assert ch06.check_cell_ic50(chapter, answer).startswith("Right")
    assert "through zero" in ch06.check_cell_ic50(chapter, 3 * high)
    assert ch06.check_cell_ic50(chapter, ...) == UNANSWERED


# six reports


def test_the_reports_mislead_who_reads_the_number_first(chapter):
    frame = ch06.reports_table(chapter).frame.set_index("report")
    fitted = frame["fitted EC50 (mM)"].str.replace(",", "").astype(float)
    assert fitted.idxmin() == "A"
    top = frame["top dose (mM)"].astype(float)
    assert top["A"] > 10 * fitted[["B", "D"]].max()
    assert top["E"] < fitted[["B", "D"]].min()
    assert set(frame.index[frame["to (mM)"] != "∞"]) == {"B", "D"}
    assert set(frame.index[frame["95 % from (mM)"] == "0"]) == {"A", "E"}


@pytest.mark.parametrize("form", [list, tuple, set])
def test_reports_in_any_order(form):
    told = ch06.check_reports(form(["D", "B"]), form(["F", "C"]), "A")
    assert told.startswith("Right")


@pytest.mark.parametrize(
    ("known", "at_least", "odd", "told"),
    [
        (["A", "B", "C", "D"], ["E", "F"], "A", "two ends, whatever"),
        (["B", "C", "D"], ["F"], "A", "two ends, whatever"),
        (["B"], ["C", "F"], "A", "one more interval has two"),
        (["B", "D"], ["A", "C", "E", "F"], "A", "no limit"),
        (["B", "D"], ["B", "C", "D", "F"], "A", "no limit"),
        (["B", "D"], ["C"], "A", "and no upper one"),
        (["B", "D"], ["C", "F"], "E", "whole curve at the top dose"),
        (["B", "D"], ["C", "F"], "C", "could a compound that does nothing"),
        (["B", "D"], ["C", "F"], "B", "could a compound that does nothing"),
        (["B", "G"], ["C", "F"], "A", "two lists"),
        (["B", "D"], ["C", "F"], 1, "two lists"),
        (["B", "D"], ["C", "F"], ["A"], ODD),
        (3, ["C", "F"], "A", ODD),
        (["B", "D"], ["C", "F"], ..., UNANSWERED),
    ],
)
def test_other_readings_are_told_why_not(known, at_least, odd, told):
    said = ch06.check_reports(known, at_least, odd)
    assert told in said
    assert not said.startswith("Right")


# the fewest tubes


def test_one_set_of_tubes_alone_is_right(chapter):
    sets = [s for n in range(5) for s in combinations(TUBES, n)]
    right = [s for s in sets if ch06.check_tubes(chapter, list(s)).startswith("Right")]
    assert right == [(INERT, LITTLE, MUCH)]


def test_the_table_of_worlds_agrees_with_the_answer(chapter):
    frame = ch06.worlds_table(chapter).frame.set_index("world")
    shown = {tube: next(c for c in frame if c.startswith(tube)) for tube in TUBES}
    values = {
        tube: frame[column].str.extract(r"([\d.]+)")[0].astype(float)
        for tube, column in shown.items()
    }
    least = {AGAIN: 1, INERT: 1, LITTLE: 20, MUCH: 20}

    def apart(tubes, one, other):
        return any(abs(values[t][one] - values[t][other]) >= least[t] for t in tubes)

    told = [
        tubes
        for n in range(4)
        for tubes in combinations(TUBES, n)
        if all(apart(tubes, *pair) for pair in combinations(frame.index, 2))
    ]
    assert told == [(INERT, LITTLE, MUCH)]


@pytest.mark.parametrize(
    ("tubes", "told"),
    [
        ([], "would look the same"),
        ([AGAIN], "would look the same"),
        ([LITTLE, MUCH], "“binds elsewhere, does nothing” and “steadies any protein”"),
        ([INERT, LITTLE], "“competes with ATP” and “binds elsewhere, inhibits”"),
        ([INERT, MUCH], "“competes with ATP” and “binds elsewhere, does nothing”"),
        ([AGAIN, INERT, LITTLE, MUCH], "one tube tells nothing"),
        (INERT, "Give a list"),
        (["docking"], "Give a list"),
        (None, ODD),
        (..., UNANSWERED),
    ],
)
def test_other_tubes_are_told_why_not(chapter, tubes, told):
    assert told in ch06.check_tubes(chapter, tubes)


def test_tubes_in_any_order_and_form(chapter):
    for form in (list, tuple, set):
        assert ch06.check_tubes(chapter, form([MUCH, INERT, LITTLE])).startswith("Right")


# thirty-six dishes


def test_four_of_five_simulated_plans_find_the_fall_that_is_shown():
    rounds, studies = 8, 6000
    rng = np.random.default_rng(6)
    logs = SCATTER * rng.standard_normal((studies, rounds, 4)) + rng.standard_normal(
        (studies, rounds, 1)
    )
    signs = np.array([1, -1, -1, 1])
    logs[:, :, 0] += math.log(1 - ch06.fall_shown(rounds))
    fall = (logs.mean(axis=1) * signs).sum(axis=1)
    within = logs - logs.mean(axis=1, keepdims=True) - logs.mean(axis=2, keepdims=True)
    within += logs.mean(axis=(1, 2), keepdims=True)
    df = 3 * (rounds - 1)
    se = np.sqrt((within**2).sum(axis=(1, 2)) / df * 4 / rounds)
    found = np.abs(fall / se) > stats.t.ppf(0.975, df)
    assert found.mean() == pytest.approx(0.8, abs=0.025)


def test_only_the_four_dishes_of_the_question_fit_into_the_number_at_hand(chapter):
    def subsets(names):
        return [list(s) for n in range(1, len(names) + 1) for s in combinations(names, n)]

    right = {
        (readout, tuple(cells), tuple(added), inside, rounds)
        for readout in READOUTS
        for cells in subsets(CELLS)
        for added in subsets(ADDED)
        for inside in INSIDE
        for rounds in range(2, 13)
        if ch06.check_dishes(chapter, readout, cells, added, inside, rounds).startswith("Right")
    }
    pair = ("normal", "cannot bind betaine")
    assert right == {(IRF3, pair, ("betaine", "proline"), 5.0, rounds) for rounds in (8, 9)}
    assert ch06.fall_shown(8) < FALL < ch06.fall_shown(7)
    assert DISHES == 4 * 9


@pytest.mark.parametrize("rounds", [8, 9.0, np.int64(9)])
@pytest.mark.parametrize("form", [list, tuple, set])
def test_a_plan_in_other_forms(chapter, form, rounds):
    told = ch06.check_dishes(chapter, IRF3, form(PAIR), form(OSMOLYTES), 5, rounds)
    assert told.startswith("Right")


@pytest.mark.parametrize(
    ("plan", "told"),
    [
        ((IRF3, ["normal"], OSMOLYTES, 5, 9), "by any other way"),
        ((IRF3, ["normal", "no TBK1"], OSMOLYTES, 5, 9), "hardly a signal"),
        ((IRF3, ["cannot bind betaine"], OSMOLYTES, 5, 9), "act by TBK1 at all"),
        ((IRF3, PAIR, ["nothing", "betaine"], 5, 9), "draw water"),
        ((IRF3, PAIR, ["nothing", "proline"], 5, 9), "nobody gets betaine"),
        ((READOUTS[0], PAIR, OSMOLYTES, 5, 9), "TBK1 idle"),
        ((READOUTS[1], PAIR, OSMOLYTES, 5, 9), "What does TBK1 do itself"),
        ((IRF3, PAIR, OSMOLYTES, 0.05, 9), "that is plasma"),
        ((IRF3, PAIR, OSMOLYTES, 100, 9), "no tissue holds"),
        ((IRF3, PAIR, OSMOLYTES, 5, 10), "takes 40 dishes"),
        ((IRF3, PAIR, OSMOLYTES, 5, 36), "takes 144 dishes"),
        ((IRF3, PAIR, [*OSMOLYTES, "nothing"], 5, 6), "do without"),
        ((IRF3, list(CELLS), OSMOLYTES, 5, 6), "do without"),
        ((IRF3, list(CELLS), list(ADDED), 5, 3), "do without"),
        ((IRF3, PAIR, OSMOLYTES, 5, 7), "only a fall"),
        (("melting point", PAIR, OSMOLYTES, 5, 9), "Take the read-out"),
        ((IRF3, ["wild"], OSMOLYTES, 5, 9), "Take the read-out"),
        ((IRF3, "normal", OSMOLYTES, 5, 9), "are a list"),
        ((IRF3, PAIR, "betaine", 5, 9), "are a list"),
        ((IRF3, PAIR, OSMOLYTES, 50, 9), "Inside are"),
        ((IRF3, PAIR, OSMOLYTES, "tissue", 9), "Inside are"),
        ((IRF3, PAIR, OSMOLYTES, 5, 8.5), "whole number"),
        ((IRF3, PAIR, OSMOLYTES, 5, 1), "whole number"),
        ((IRF3, PAIR, OSMOLYTES, 5, math.inf), "whole number"),
        ((IRF3, PAIR, OSMOLYTES, 5, math.nan), "whole number"),
        ((IRF3, PAIR, OSMOLYTES, 5, "all"), ODD),
        ((IRF3, 2, OSMOLYTES, 5, 9), ODD),
        ((IRF3, PAIR, OSMOLYTES, ..., 9), UNANSWERED),
    ],
)
def test_other_plans_are_told_what_they_lack(chapter, plan, told):
    said = ch06.check_dishes(chapter, *plan)
    assert told in said
    assert not said.startswith("Right")


# what questions take for granted


def test_the_worlds_of_the_prediction_differ_in_the_second_and_the_third_tube():
    shifts = melting_shifts().pivot(index="pair", columns="world", values="truth")
    differ = [pair for pair in PAIRS if shifts.loc[pair, BINDS] != shifts.loc[pair, STEADIES]]
    assert differ == list(PAIRS[1:])


def test_a_rise_does_most_about_the_concentration_and_next_to_nothing_far_below():
    grid = np.geomspace(0.005, 5000, 61)
    moved = [points(5, 4 / 3, kd) for kd in grid]
    assert grid[int(np.argmax(moved))] == pytest.approx(5, rel=0.3)
    assert max(moved) == pytest.approx(7, abs=0.3)
    assert points(5, 4 / 3, 0.005) < 0.1


def test_two_laboratories_lie_apart_as_the_rule_says():
    more_atp, less_atp = 1 + 1000 / 60, 1 + 10 / 60
    assert 20 * more_atp / less_atp == pytest.approx(300, rel=0.02)


def test_most_compounds_fall_where_the_prediction_has_them(chapter):
    ratio = chapter["atp_shift"].query("not bound")["ratio"]
    assert ratio.between(10, 30).mean() > 0.5


def test_every_quiz_item_names_more_than_one_misconception():
    for question in ITEMS.quiz:
        named = {option.misconception for option in question.options if not option.right}
        assert len(named) >= 2
        assert named <= set(misconceptions())


def test_no_secret_line_stands_in_what_is_asked():
    asked = [
        *(q.block.argument for q in ITEMS.quiz),
        *("\n".join(q.stem) for q in (*ITEMS.quiz, *ITEMS.predictions)),
        *("\n".join(q.text) for q in ITEMS.free_texts),
        *(o.text for q in (*ITEMS.quiz, *ITEMS.predictions) for o in q.options),
    ]
    letters = "\n".join(normal(text) for text in asked)
    secret = [line for q in ITEMS.quiz for o in q.options for line in o.feedback]
    secret += [t for f in ITEMS.free_texts for a in f.anchors for t in (a.text, *a.why)]
    assert len(secret) > 20
    size = SHORTEST_CLAUSE
    for told in map(normal, secret):
        runs = [told[n : n + size] for n in range(len(told) - size + 1)]
        assert [run for run in runs if run in letters] == []


def test_the_best_anchored_answer_keeps_the_premise():
    (question,) = ITEMS.free_texts
    best = next(anchor for anchor in question.anchors if anchor.level == 4).text
    for told in ("a quarter less", "a tenth to two fifths", "an eighth to a half", "60"):
        assert told in best
        assert told in "\n".join(question.text)
