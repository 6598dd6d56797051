import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exercisebook.errors import Misuse
from exercisebook.stats.dose_response import ic50_at, inhibition_rate, occupancy
from exercisebook.stats.target_engagement import (
    competitive_constants,
    competitive_inhibition,
    difference_limits,
    kd_of_largest_change,
    largest_occupancy_change,
    occupancy_change,
)

amounts = st.floats(1e-3, 1e3)
folds = st.floats(1.01, 50)


@given(amounts, folds, amounts)
def test_no_constant_lets_a_change_do_more_than_the_largest(concentration, fold, kd):
    change = occupancy_change(concentration, fold, kd)
    assert 0 <= change <= largest_occupancy_change(fold) + 1e-12


@given(amounts, folds)
def test_the_largest_change_is_reached_at_its_own_constant(concentration, fold):
    kd = kd_of_largest_change(concentration, fold)
    assert occupancy_change(concentration, fold, kd) == pytest.approx(
        largest_occupancy_change(fold), rel=1e-9
    )


def test_a_rise_of_thirty_per_cent_moves_no_occupancy_by_seven_points():
    assert largest_occupancy_change(1.3) == pytest.approx(0.0655, abs=5e-5)
    assert largest_occupancy_change(1.0) == 0


def test_plasma_betaine_at_a_constant_of_one_millimolar_fills_a_twentieth():
    assert occupancy(0.05, 1.0) == pytest.approx(0.0476, abs=5e-5)
    assert occupancy_change(0.05, 2.0, 1.0) == pytest.approx(0.0433, abs=5e-5)


@given(amounts, amounts, amounts, amounts)
def test_inhibition_is_what_the_rates_of_the_model_give(inhibitor, ki, substrate, km):
    free = inhibition_rate(substrate, 0, 1, km, ki, "competitive")
    held = inhibition_rate(substrate, inhibitor, 1, km, ki, "competitive")
    assert competitive_inhibition(inhibitor, ki, substrate, km) == pytest.approx(
        1 - held / free, abs=1e-9
    )


@given(amounts, amounts)
def test_two_potencies_give_back_the_constants_that_made_them(ki, km):
    low, high = (float(ic50_at(ki, s, km)) for s in (10, 1000))
    found = competitive_constants(low, high, 10, 1000)
    # a flat line has lost its slope to rounding
    if (high - low) / low > 1e-3:
        assert found[0] == pytest.approx(ki, rel=1e-6)
        assert found[1] == pytest.approx(km, rel=1e-6)


def test_a_line_that_is_no_competitive_one_gives_no_constants():
    ki, km = competitive_constants([8, 8, 1], [8, 4, 200], 10, 1000)
    assert np.isnan(ki).all()
    assert np.isnan(km).all()


def test_levels_out_of_order_and_amounts_below_zero_are_refused():
    with pytest.raises(Misuse, match="not in order"):
        competitive_constants(8, 45, 1000, 10)
    with pytest.raises(Misuse, match="fold must be above zero"):
        largest_occupancy_change(0)
    with pytest.raises(Misuse, match="km must be above zero"):
        competitive_inhibition(1, 1, 1, 0)


def test_the_limits_of_a_difference_of_normal_estimates_are_the_usual_ones():
    d, low, high = difference_limits((5, 5 - 3, 5 + 3), (2, 2 - 4, 2 + 4))
    assert (d, low, high) == (3, -2, 8)


def test_an_open_limit_stays_open():
    _, low, high = difference_limits((5, 4, np.inf), (2, 1, 3))
    assert np.isfinite(low)
    assert high == np.inf
