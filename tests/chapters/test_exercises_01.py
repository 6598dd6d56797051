"""The checks of chapter 1 take right answers, and name what is wrong with likely others."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exercisebook.chapters import ch01
from exercisebook.chapters.answers import UNANSWERED
from exercisebook.errors import Misuse

MEN = ch01.six_men()
WITHIN = math.sqrt(MEN.var(axis=1).mean())
FALL = 2 ** (-1.96 * math.sqrt(2) * WITHIN)
RIVALS = {
    "one group": ["season", "habit"],
    "rest first": ["season", "habit"],
    "by choice": ["choice"],
    "survey": ["choice"],
    "by lot": [],
}


@pytest.mark.parametrize("people", [13, np.int64(13), 13.0])
def test_men_are_counted_and_proteins_are_asked(people):
    assert ch01.check_counted(people, 50).startswith("Right")


@pytest.mark.parametrize(
    ("people", "questions", "told"),
    [
        (12, 50, "degrees of freedom"),
        (26, 50, "two values of one man"),
        (39, 50, "share that man"),
        (78, 50, "share that man"),
        (26_000, 50, "Not yet"),
        (13, 1, "one protein"),
        (13, 650, "one protein"),
        ("thirteen", 50, "Not yet"),
        (..., 50, UNANSWERED),
    ],
)
def test_tubes_and_cells_are_no_people(people, questions, told):
    assert told in ch01.check_counted(people, questions)


def test_the_spread_of_six_men_by_two_ways():
    by_sums = (MEN.sub(MEN.mean(axis=1), axis=0) ** 2).to_numpy().sum() / (6 * 2)
    assert ch01.check_unusual_fall(WITHIN, FALL).startswith("Right")
    assert ch01.check_unusual_fall(round(by_sums**0.5, 2), round(FALL, 2)).startswith("Right")


@pytest.mark.parametrize(
    ("wandering", "told"),
    [
        (MEN.stack().std(), "all values"),
        (MEN.std().mean(), "on one morning"),
        (MEN.mean(axis=1).std(), "men's means"),
        (MEN.std(axis=1).mean(), "the root last"),
        (WITHIN**2, "is its root"),
        (0.5, "Not yet"),
        (math.nan, "Not yet"),
        ("little", "no answer of the kind"),
    ],
)
def test_other_spreads_are_told_what_they_are(wandering, told):
    assert told in ch01.check_unusual_fall(wandering, FALL)


@pytest.mark.parametrize(
    ("fall", "told"),
    [
        (2 ** (-1.96 * WITHIN), "both values"),
        (-1.96 * math.sqrt(2) * WITHIN, "in doublings"),
        (1.96 * math.sqrt(2) * WITHIN, "in doublings"),
        (1 / FALL, "That is the rise"),
        (1 - FALL, "what is lost"),
        (0.9, "to the power of"),
        (-40, "to the power of"),
        (None, "no answer of the kind"),
    ],
)
def test_other_falls_are_told_what_they_are(fall, told):
    assert told in ch01.check_unusual_fall(WITHIN, fall)


def test_whole_numbers_of_any_kind_are_people():
    people = next(n for n in range(13, 500) if ch01.detectable_ratio(0.422, n) <= 1 / 0.85)
    for answer in (people, np.int64(people)):
        assert ch01.check_people_needed(answer).startswith("Right")
    assert ch01.check_people_needed(...) == UNANSWERED
    assert ch01.check_false_responders(...) == UNANSWERED
    assert "no answer of the kind" in ch01.check_false_responders("a third")


@pytest.mark.parametrize("form", [list, set, tuple])
def test_the_rivals_of_each_design(form):
    assert ch01.check_left_open({k: form(v) for k, v in RIVALS.items()}).startswith("Right")


def test_a_single_rival_may_be_a_word():
    told = ch01.check_left_open({**RIVALS, "survey": "choice", "by choice": "choice"})
    assert told.startswith("Right")


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"one group": ["season"]}, "between the first needle and the last"),
        ({"one group": ["season", "habit", "choice"]}, "compared with themselves"),
        ({"rest first": []}, "also the later month"),
        ({"rest first": ["habit"]}, "also the later month"),
        ({"rest first": ["season", "habit", "choice"]}, "every man did both"),
        ({"by choice": []}, "who wish to train"),
        ({"by choice": ["choice", "season"]}, "same weeks"),
        ({"survey": []}, "More of them"),
        ({"survey": ["habit", "choice"]}, "same weeks"),
        ({"by lot": ["choice"]}, "by chance alone"),
        ({"by lot": ["luck"]}, "an empty list"),
        ({"by lot": ...}, "no answer of the kind"),
        ({"by lot": [[]]}, "no answer of the kind"),
        ({"a sixth": []}, "a list for each of"),
    ],
)
def test_a_design_that_is_not_right_is_named(changed, told):
    said = ch01.check_left_open({**RIVALS, **changed})
    assert told in said
    assert not said.startswith("Right")


@pytest.mark.parametrize("odd", [["season"], "choice", 3, {}, None])
def test_what_is_no_dictionary_of_designs_is_told_so(odd):
    assert "a list for each of" in ch01.check_left_open(odd)


@pytest.mark.parametrize("plan", [(35, 35, 1), (np.int64(34), 36, 1), (34, 34, 1)])
def test_plans_that_can_show_the_fall(plan):
    assert ch01.check_month(*plan, "lot", 48).startswith("Right")


@pytest.mark.parametrize(
    ("plan", "told"),
    [
        ((70, 0, 1, "lot", 48), "against whom"),
        ((69, 1, 1, "lot", 48), "against whom"),
        ((36, 36, 1, "lot", 48), "takes 144 tubes"),
        ((20, 20, 2, "lot", 48), "takes 160 tubes"),
        ((13, 13, 1, "lot", 48), "with 52 tubes"),
        ((57, 13, 1, "lot", 48), "Where would tubes tell more"),
        ((5, 5, 7, "lot", 48), "Where would tubes tell more"),
        ((35, 35, 1, "wish", 48), "who decides"),
        ((35, 35, 1, "fitness", 48), "who decides"),
        ((35, 35, 1, "lot", 1), "shows the session"),
        ((35, 35, 1, "lot", 1000), "lost again"),
        ((35, 35, 1, "me", 48), "may decide"),
        ((35, 35, 1, "lot", 24), "one of 1, 48 and 1000"),
        ((35, 35, 0, "lot", 48), "whole numbers"),
        ((35.5, 35, 1, "lot", 48), "whole numbers"),
        (("many", 35, 1, "lot", 48), "whole numbers"),
        ((35, 35, 1, "lot", ...), UNANSWERED),
    ],
)
def test_other_plans_are_told_what_they_lack(plan, told):
    said = ch01.check_month(*plan)
    assert told in said
    assert not said.startswith("Right")


@given(st.integers(2, 60), st.integers(2, 60), st.integers(1, 6))
def test_more_people_and_more_mornings_show_smaller_falls(trained, controls, mornings):
    shown = ch01.ratio_shown(0.30, trained, controls, mornings)
    assert 0 < shown < 1
    assert ch01.ratio_shown(0.30, trained + 1, controls, mornings) > shown
    assert ch01.ratio_shown(0.30, trained, controls + 1, mornings) > shown
    assert ch01.ratio_shown(0.30, trained, controls, mornings + 1) > shown


@pytest.mark.parametrize(("trained", "controls", "mornings"), [(20, 20, 1), (18, 9, 3)])
def test_four_of_five_simulated_studies_find_the_fall_that_a_plan_shows(
    trained, controls, mornings
):
    from scipy import stats

    rng = np.random.default_rng(4)
    sigma, studies = math.sqrt(math.log1p(0.30**2)), 4000
    shape = (studies, trained + controls, mornings)
    values = sigma * rng.standard_normal((2, *shape))
    change = (values[1] - values[0]).mean(axis=2)
    change[:, :trained] += math.log(ch01.ratio_shown(0.30, trained, controls, mornings))
    p = stats.ttest_ind(change[:, :trained], change[:, trained:], axis=1).pvalue
    assert np.mean(p < 0.05) == pytest.approx(0.8, abs=0.025)


@pytest.mark.parametrize("plan", [(1, 20, 1), (20, 0, 1), (20, 20, 0)])
def test_a_group_of_one_shows_nothing(plan):
    with pytest.raises(Misuse, match="two groups"):
        ch01.ratio_shown(0.30, *plan)
