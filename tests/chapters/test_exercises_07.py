"""The checks of chapter 7 take right answers, and name what is wrong with likely others."""

import math
from itertools import combinations

import numpy as np
import pytest

from exercisebook.chapters import ch07
from exercisebook.chapters.answers import ODD, UNANSWERED
from exercisebook.chapters.ch07.exercises import OFFERED, fewest, mistaken, outcomes
from exercisebook.chapters.ch07.many import at_the_floor
from exercisebook.chapters.ch07.worlds import ORDER, carries
from exercisebook.stats.multiplicity import benjamini_hochberg

NEEDED = at_the_floor(10, 450, 0.05)
FALL = 100 * (1 - 1 / 1.4)
LABELS = {"narrative review": True, "systematic review": False, "level 1 evidence": False}


@pytest.mark.parametrize("form", [list, tuple, set])
@pytest.mark.parametrize(
    "chosen",
    [
        ["training", "betaine", "calm"],
        ["many", "training", "betaine"],
        ["calm", "training", "many"],
    ],
)
def test_each_smallest_set_of_studies_is_right(form, chosen):
    assert ch07.check_studies(form(chosen), "betaine").startswith("Right")


def test_no_other_set_of_studies_is_right():
    right = [
        set(chosen)
        for size in range(len(OFFERED) + 1)
        for chosen in combinations(OFFERED, size)
        if ch07.check_studies(chosen, "betaine").startswith("Right")
    ]
    assert len(right) == 3
    assert all(len(chosen) == fewest() for chosen in right)
    # as the praise says: a lot on training, and one on what is in the middle
    assert all("training" in chosen and chosen & {"betaine", "calm"} for chosen in right)


@pytest.mark.parametrize(
    ("chosen", "second_half", "told"),
    [
        (["many"], "betaine", "“mediated” and in “reverse”"),
        (["training", "many"], "betaine", "“mediated” and in “reverse”"),
        (["training", "betaine"], "betaine", "“reverse” and in “direct”"),
        (["training", "calm"], "betaine", "“mediated” and in “direct”"),
        (["betaine", "calm", "many"], "betaine", "“direct” and in “season”"),
        (["training", "training", "betaine"], "betaine", "“reverse” and in “direct”"),
        ([], "betaine", "“mediated” and in “reverse”"),
        (OFFERED, "betaine", "fewer do"),
        (["training", "betaine", "calm", "many"], "betaine", "fewer do"),
        (["training", "betaine", "calm", "kitchen"], "betaine", "fewer do"),
        (["training", "betaine", "calm"], "training", "same in “mediated” and “reverse”"),
        (["training", "betaine", "calm"], "many", "same in “mediated” and “reverse”"),
        (["training", "betaine", "calm"], "calm", "same in “mediated” and “direct”"),
        (["training", "betaine", "calm"], "kitchen", "same in “mediated” and"),
        (["training", "capsule"], "betaine", "Give a list"),
        (["training", "betaine", "calm"], ["betaine"], "Give a list"),
        ("training", "betaine", "Give a list"),
        (3, "betaine", ODD),
        (None, "betaine", ODD),
        ([["training"]], "betaine", ODD),
        (..., "betaine", UNANSWERED),
        (["training", "betaine", "calm"], ..., UNANSWERED),
    ],
)
def test_other_sets_of_studies_are_told_what_they_leave_alike(chosen, second_half, told):
    said = ch07.check_studies(chosen, second_half)
    assert told in said
    assert not said.startswith("Right")


def test_the_studies_of_the_exercise_find_what_the_worlds_are_said_to_hold():
    table = ch07.reading_table(ch07.begin()).frame.set_index("called")
    columns = ["training raises betaine", "training lowers inflammation"]
    for name in ORDER:
        raised, lowered = outcomes(name)["training"]
        assert ["yes" if raised else "no", "yes" if lowered else "no"] == list(
            table.loc[name, columns]
        )
        assert outcomes(name)["betaine"] == (carries(name),)
    assert [n for n in ORDER if outcomes(n)["calm"] == (True,)] == ["reverse"]


def test_the_same_meals_take_away_what_food_does_and_nothing_else():
    assert outcomes("diet")["kitchen"] == (False, False)
    for name in ("season", "direct", "mediated", "reverse", "common-cause"):
        assert outcomes(name)["kitchen"] == (True, True)


def test_betaine_and_inflammation_go_together_among_men_where_something_ties_them():
    tied = {name for name in ORDER if outcomes(name)["many"] == (True,)}
    assert tied == {"diet", "common-cause", "reverse", "mediated"}


def test_all_studies_together_leave_no_two_worlds_alike():
    assert mistaken(OFFERED) == []
    assert len(mistaken([])) == 6


@pytest.mark.parametrize(
    "answer",
    [
        (NEEDED, FALL, 450),
        (float(NEEDED), round(FALL, 1), 450.0),
        (np.int64(NEEDED), np.float64(FALL), np.int64(450)),
    ],
)
def test_a_bloom_is_reported_as_a_change_of_all(answer):
    assert ch07.check_shares(*answer).startswith("Right")


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"at_least": 450 * 2**-9 / 0.05}, "The first number: Nearly"),
        ({"at_least": 45}, "The first number: Not yet"),
        ({"at_least": "many"}, "The first number: That is no answer"),
        ({"fall": 40}, "by how much the whole has grown"),
        ({"fall": -FALL}, "The second number: The size is right"),
        ({"fall": 1 - 1 / 1.4}, "The second number: The size is right"),
        ({"fall": 0}, "The second number: Not yet"),
        ({"found": 1}, "kinds of bacteria changed"),
        ({"found": 0}, "ten people can find something"),
        ({"found": 449}, "has a share, too"),
        ({"found": NEEDED}, "it takes at least"),
        ({"found": 22.5}, "what luck may add"),
        ({"found": 23}, "what luck may add"),
        ({"found": 200}, "not yet"),
        ({"found": math.nan}, "not yet"),
        ({"found": "all"}, ODD),
        ({"found": None}, ODD),
        ({"found": ...}, UNANSWERED),
        ({"at_least": ...}, UNANSWERED),
    ],
)
def test_other_numbers_of_a_bloom_are_told_what_they_are(changed, told):
    said = ch07.check_shares(**{"at_least": NEEDED, "fall": FALL, "found": 450, **changed})
    assert told in said
    assert not said.startswith("Right")


def test_a_study_of_such_shares_does_report_all_of_them():
    amounts = np.full(450, 60 / 449)
    amounts[0] = 40
    rng = np.random.default_rng(7)
    before = amounts * rng.lognormal(0, 0.3, size=(10, 450))
    after = before.copy()
    # in each of the ten the genus is given what holds 40 % of that person's reads
    before[:, 0] = after[:, 0] = 40 / 60 * before[:, 1:].sum(axis=1)
    after[:, 0] *= 2
    shares = [amount / amount.sum(axis=1, keepdims=True) for amount in (before, after)]
    moved = np.sign(shares[1] - shares[0]).sum(axis=0)
    assert (np.abs(moved) == 10).all()
    fell = 100 * (1 - shares[1][:, 1:] / shares[0][:, 1:])
    np.testing.assert_allclose(fell, FALL)
    assert (benjamini_hochberg(np.full(450, 2.0**-9)) <= 0.05).all()


@pytest.mark.parametrize(
    ("check", "right"),
    [
        (ch07.check_fall, (19.0,)),
        (ch07.check_e_value, (2 + 2**0.5, 2.0)),
        (ch07.check_forks, ("fixed order",)),
        (ch07.check_floor, (NEEDED,)),
        (ch07.check_bloom, (FALL,)),
        (ch07.check_labels, (LABELS,)),
    ],
)
@pytest.mark.parametrize("odd", [..., None, "many", [1, 2], {"time": 3}, object()])
def test_no_answer_is_met_with_a_traceback(check, right, odd):
    said = check(*(odd for _ in right))
    assert said.endswith((".", "?"))
    assert not said.startswith("Right")
    assert (odd is ...) == (said == UNANSWERED)


def test_the_top_fifth_of_two_measurements_falls_by_less_than_that_of_one():
    s = ch07.crp_spreads()

    def fall(measurements):
        wander = s["within"] ** 2 / measurements
        spread = math.sqrt(s["between"] ** 2 + wander)
        return 100 * (1 - 2 ** (-wander / spread * ch07.mean_of_the_top(0.8)))

    assert ch07.check_fall(fall(2)).startswith("Right")
    assert ch07.check_fall(round(fall(2), 1)).startswith("Right")
    assert "one measurement" in ch07.check_fall(fall(1))
    assert "leave the sign" in ch07.check_fall(-fall(2))
    half_corrected = s["within"] ** 2 / 2 / math.hypot(s["between"], s["within"])
    for wrong in (100 * (1 - 2 ** (-half_corrected * ch07.mean_of_the_top(0.8))), 20.5, 0):
        assert "Not yet" in ch07.check_fall(wrong)


@pytest.mark.parametrize("right", ["fixed order", " Fixed order "])
def test_the_node_of_all_doors(right):
    assert ch07.check_forks(right).startswith("Right")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [("time", "another node"), ("diet", "Not yet"), ("training", "No node"), (3, "No node")],
)
def test_other_nodes_are_not(wrong, told):
    assert told in ch07.check_forks(wrong)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (LABELS, "Right"),
        ({**LABELS, "narrative review": np.True_}, "Right"),
        ({**LABELS, "systematic review": True}, "tell of a search"),
        ({**LABELS, "level 1 evidence": True}, "Which trials"),
        ({**LABELS, "narrative review": False}, "how a narrative review speaks"),
        ({"narrative review": True}, "Name each label"),
        (list(LABELS), ODD),
    ],
)
def test_labels_are_earned(given, told):
    assert told in ch07.check_labels(given)
