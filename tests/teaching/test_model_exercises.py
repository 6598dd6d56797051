"""The checks of the model chapter take right answers, and name what is wrong with likely others."""

import math

import pytest

from exercisebook.chapters import ch02

PLAN = ["0h", "1h", "2h", "24h"]


@pytest.fixture(scope="module")
def chapter():
    return ch02.begin()


def test_the_order_of_the_waves():
    assert ch02.check_order(["walls", "tissues", "marrow"]).startswith("Right")
    assert ch02.check_order(("walls", "tissues", "marrow")).startswith("Right")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (["marrow", "walls", "tissues"], "no marrow makes cells"),
        (["tissues", "walls", "marrow"], "have come into it first"),
        (["walls", "marrow", "tissues"], "when do neutrophils peak"),
        (["walls", "tissues"], "once each"),
        ("walls", "once each"),
        (3, "no answer of the kind"),
    ],
)
def test_other_orders_are_told_why_not(wrong, told):
    assert told in ch02.check_order(wrong)


def test_the_margin_is_that_of_the_farther_end(chapter):
    low, high = ch02.interval_next_day(chapter, "neutrophils")
    assert ch02.check_margin(chapter, 100 * (max(1 / low, high) - 1)).startswith("Right")
    for wrong, told in (
        (100 * (1 - low), "Which end is farther"),
        (100 * (high - 1), "Which end is farther"),
        (20.0, "Not yet"),
        (low, "Not yet"),
        ("a lot", "no answer of the kind"),
    ):
        assert told in ch02.check_margin(chapter, wrong)


def test_the_interval_of_95_per_cent_is_recognised(chapter):
    from exercisebook.chapters.ch02.readings import against_rest_at

    effect = against_rest_at(chapter, "neutrophils", "24h")
    wider = 100 * (2 ** max(-effect["ci_low"], effect["ci_high"]) - 1)
    assert "95 %" in ch02.check_margin(chapter, wider)


def test_the_bounds_of_five_men():
    assert ch02.check_bounds(1.3, math.inf).startswith("Right")
    men = ch02.five_men()
    complete = (men["after"] / men["rest"]).median()
    half = (men["after"].fillna(0.5) / men["rest"].fillna(0.5)).median()
    for lowest, highest, told in (
        (1.3, 1.3, "The lower end is right"),
        (complete, complete, "leaves out the men with gaps"),
        (half, half, "half the limit"),
        (0, math.inf, "Not yet"),
        (math.nan, math.nan, "Not yet"),
    ):
        assert told in ch02.check_bounds(lowest, highest)


@pytest.mark.parametrize("hour", ["2h", "3h"])
def test_plans_that_can_show_everything(chapter, hour):
    assert ch02.check_plan(chapter, ["0h", "0.5h", hour, "24h"], "lot").startswith("Right")


@pytest.mark.parametrize(
    ("draws", "order", "told"),
    [
        (PLAN, "rest first", "who decides the order"),
        (PLAN, "exercise first", "who decides the order"),
        (["1h", "2h", "3h", "24h"], "lot", "what each man starts from"),
        (["0h", "2h", "3h", "24h"], "lot", "lymphocytes on their way up"),
        (["0h", "1h", "6h", "24h"], "lot", "lymphocytes below rest"),
        (["0h", "1h", "2h", "3h"], "lot", "the return a day later"),
        (["0h", "0.5h", "1h", "2h", "24h"], "lot", "more than 4 draws"),
        (["0h", "noon"], "lot", "Draws are some of"),
        (PLAN, "whichever", "Draws are some of"),
        ("0h", "lot", "Draws are some of"),
        (5, "lot", "no answer of the kind"),
    ],
)
def test_other_plans_are_told_what_they_lack(chapter, draws, order, told):
    assert told in ch02.check_plan(chapter, draws, order)


@pytest.mark.usefixtures("grinta")
def test_after_the_gentle_hour_nothing_is_asked_for_that_it_does_not_show():
    gentle = ch02.begin(arm="P4")
    assert ch02.check_plan(gentle, PLAN, "lot").startswith("Right")
