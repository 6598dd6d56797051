"""Plasma volume: hand-computed changes, the example that Dill and Costill print, identities."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exercisebook.stats.plasma_volume import (
    PLASMA_SHARE,
    dill_costill,
    explaining_loss,
    log2_shift,
    van_beaumont,
)

haematocrit = st.floats(20, 65)
haemoglobin = st.floats(8, 20)


def test_a_haematocrit_from_45_to_48_means_that_an_eighth_of_the_plasma_went():
    # 45 parts of cells are 48 % of 93.75, which leaves 48.75 of 55 parts of plasma
    assert van_beaumont(45, 48) == pytest.approx(100 * (48.75 / 55 - 1))
    assert van_beaumont(45, 48) == pytest.approx(-11.364, abs=5e-4)


def test_a_haematocrit_from_45_to_42_means_a_gain():
    assert van_beaumont(45, 42) == pytest.approx(100 * ((45 / 0.42 - 45) / 55 - 1))


def test_the_blood_volume_of_dill_and_costills_example_fell_by_9_6_percent():
    """15.1 g of haemoglobin, then 16.7: 90.4 ml of 100 are left (their page 247)."""
    assert dill_costill(45, 45, 15.1, 16.7) == pytest.approx(-9.6, abs=0.05)


@pytest.mark.parametrize("before", [40.0, 43.3, 46.0])
def test_dill_and_costills_example_leaves_49_4_ml_of_plasma(before):
    """Of the 90.4 ml left, 0.453 are cells, 41.0 ml, whatever the haematocrit was before."""
    change = dill_costill(before, 45.3, 15.1, 16.7)
    assert (100 - before) * (1 + change / 100) == pytest.approx(90.4 - 41.0, abs=0.06)


@given(haematocrit, haemoglobin)
def test_no_change_of_blood_is_no_change_of_plasma(h, hb):
    assert van_beaumont(h, h) == 0
    assert dill_costill(h, h, hb, hb) == pytest.approx(0, abs=1e-12)


@given(haematocrit, haematocrit, haemoglobin)
def test_the_two_formulae_agree_where_cells_keep_their_haemoglobin_and_volume(h1, h2, hb):
    assert dill_costill(h1, h2, hb, hb * h2 / h1) == pytest.approx(van_beaumont(h1, h2), abs=1e-9)


def test_the_two_formulae_part_where_cells_shrink():
    """Cells of half their volume: haematocrit falls, though not a drop of plasma has moved."""
    # 100 ml with 40 of cells become 60 of plasma and 20 of cells, with all the haemoglobin
    after, hb_after = 100 * 20 / 80, 14 * 100 / 80
    assert dill_costill(40, after, 14, hb_after) == pytest.approx(0, abs=1e-9)
    assert van_beaumont(40, after) > 50


@given(haematocrit, haematocrit, haematocrit)
def test_two_steps_multiply_to_the_whole(h1, h2, h3):
    factor = 1 + van_beaumont([h1, h2, h1], [h2, h3, h3]) / 100
    assert factor[0] * factor[1] == pytest.approx(factor[2])


@given(haemoglobin, haemoglobin)
def test_the_unit_of_haemoglobin_does_not_matter(hb1, hb2):
    in_g_per_l = dill_costill(44, 46, 10 * hb1, 10 * hb2)
    assert in_g_per_l == pytest.approx(dill_costill(44, 46, hb1, hb2))


def test_columns_of_people_are_taken_at_once():
    np.testing.assert_allclose(van_beaumont([45, 45], [48, 45]), [-11.364, 0], atol=5e-4)


def test_a_loss_of_a_tenth_takes_a_tenth_off_the_amount():
    assert log2_shift(-10) == np.log2(0.9)


@given(st.floats(0.1, 100), st.floats(-90, 100))
def test_a_concentration_changed_by_water_alone_has_the_same_amount(concentration, change):
    volume = 1 + change / 100
    concentrated = np.log2(concentration / volume) - np.log2(concentration)
    assert concentrated + log2_shift(change) == pytest.approx(0, abs=1e-9)


def test_a_loss_of_a_tenth_of_plasma_takes_a_nineteenth_off_the_blood():
    # 45 parts of cells stay, 55 of plasma become 49.5
    assert 2 ** log2_shift(-10, PLASMA_SHARE) == pytest.approx(0.945)
    assert 2 ** log2_shift(-10, plasma_share=0.60) == pytest.approx(0.94)


@given(haematocrit, haematocrit)
def test_red_cells_that_are_only_concentrated_keep_their_amount(before, after):
    """The haematocrit is itself a count in whole blood: corrected by its own loss, it stays."""
    change = van_beaumont(before, after)
    corrected = np.log2(after / before) + log2_shift(change, 1 - before / 100)
    assert corrected == pytest.approx(0, abs=1e-9)


@given(st.floats(-0.5, 0.9))
def test_the_loss_that_explains_a_ratio_takes_all_of_it(log2_ratio):
    of_solute, of_cells = explaining_loss(log2_ratio), explaining_loss(log2_ratio, PLASMA_SHARE)
    assert log2_ratio + log2_shift(-of_solute) == pytest.approx(0, abs=1e-9)
    assert log2_ratio + log2_shift(-of_cells, PLASMA_SHARE) == pytest.approx(0, abs=1e-9)


def test_no_loss_of_plasma_makes_three_cells_of_one():
    assert explaining_loss(np.log2(3), PLASMA_SHARE) > 100
