"""Curves of the bench."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from exercisebook.errors import Misuse
from exercisebook.stats.dose_response import (
    cheng_prusoff,
    fit_dose_response,
    fit_melting,
    ic50_at,
    inhibition_models,
    inhibition_rate,
    kd_at_efficiency,
    ligand_efficiency,
    logistic,
    occupancy,
)

# root length of ryegrass (cm) against ferulic acid (mM): Inderjit, Streibig and Olofsdotter (2002),
# Physiol Plant 114, 422-428; the example of the R package drc
CONC = np.repeat([0, 0.94, 1.88, 3.75, 7.5, 15, 30], [6, 3, 3, 3, 3, 3, 3])
ROOT = np.array([7.58, 8.0, 8.3285714, 7.25, 7.375, 7.9625, 8.3555556, 6.9142857, 7.75, 6.8714286,
                 6.45, 5.9222222, 1.925, 2.8857143, 4.2333333, 1.1875, 0.8571429, 1.0571429, 0.6875,
                 0.525, 0.825, 0.25, 0.22, 0.44])  # fmt: skip


@pytest.fixture(scope="module")
def ryegrass():
    return fit_dose_response(CONC, ROOT)


def test_the_curve_is_that_of_drc(ryegrass):
    """Coefficients b, c, d, e of ``drm(rootl ~ conc, fct = LL.4())``, drc 3.2-0."""
    found = [ryegrass.slope, ryegrass.response_at_saturation, ryegrass.response_without,
             ryegrass.ec50]  # fmt: skip
    np.testing.assert_allclose(found, [2.98222, 0.48141, 7.79296, 3.05796], atol=2e-5)


def test_the_likelihood_is_that_of_drc(ryegrass):
    squares = ryegrass.residual_sd**2 * 20
    assert -12 * (np.log(2 * np.pi * squares / 24) + 1) == pytest.approx(-16.1551432, abs=1e-6)


def test_standard_errors_are_those_of_drc(ryegrass):
    """Of the observed information; those of J'J are 1.4 % off."""
    order = ["slope", "response_at_saturation", "response_without", "ec50"]
    found = [ryegrass.se[name] for name in order]
    np.testing.assert_allclose(found, [0.46506, 0.21219, 0.18857, 0.18573], atol=1.5e-5)


def test_at_the_ends_of_the_interval_the_squares_have_grown_by_the_f_quantile(ryegrass):
    def squares(ec50):
        fit = optimize.least_squares(
            lambda p: logistic(CONC, p[0], p[1], ec50, p[2]) - ROOT, [7.8, 0.5, 3.0]
        )
        return 2 * fit.cost

    limit = ryegrass.residual_sd**2 * 20 * (1 + stats.f.ppf(0.95, 1, 20) / 20)
    assert ryegrass.ci_low < ryegrass.ec50 < ryegrass.ci_high
    for end in (ryegrass.ci_low, ryegrass.ci_high):
        assert squares(end) == pytest.approx(limit, rel=1e-6)


@given(
    ec50=st.floats(0.5, 200),
    slope=st.floats(0.5, 4),
    without=st.floats(50, 150),
    saturated=st.floats(-20, 40),
)
def test_a_curve_without_noise_is_found(ec50, slope, without, saturated):
    dose = np.geomspace(0.01, 1e4, 25)
    found = fit_dose_response(dose, logistic(dose, without, saturated, ec50, slope))
    assert found.ec50 == pytest.approx(ec50, rel=1e-4)
    assert found.slope == pytest.approx(slope, rel=1e-3)
    assert found.response_without == pytest.approx(without, rel=1e-3)


def test_a_rising_curve_is_found_too():
    dose = np.r_[0, np.geomspace(0.1, 1000, 12)]
    found = fit_dose_response(dose, logistic(dose, 1, 9, 12, 1.3))
    assert (found.response_without, found.response_at_saturation) == (
        pytest.approx(1, abs=1e-4), pytest.approx(9, abs=1e-4)
    )  # fmt: skip
    assert found.ec50 == pytest.approx(12, rel=1e-4)


def test_the_unit_of_dose_scales_the_answer_and_nothing_else(ryegrass):
    found = fit_dose_response(1000 * CONC, ROOT)
    assert found.ec50 == pytest.approx(1000 * ryegrass.ec50, rel=1e-6)
    assert found.ci_high == pytest.approx(1000 * ryegrass.ci_high, rel=1e-6)
    assert found.slope == pytest.approx(ryegrass.slope, rel=1e-6)


def test_too_low_a_top_dose_leaves_the_interval_open_above():
    rng = np.random.default_rng(1)
    dose = np.repeat(np.geomspace(0.01, 3, 8), 3)
    found = fit_dose_response(dose, logistic(dose, 100, 0, 20, 1) + rng.normal(0, 3, 24))
    assert found.ci_high == np.inf
    assert 0 < found.ci_low < 20


def test_too_high_a_lowest_dose_leaves_it_open_below():
    rng = np.random.default_rng(2)
    dose = np.repeat(np.geomspace(100, 30000, 8), 3)
    found = fit_dose_response(dose, logistic(dose, 100, 0, 20, 1) + rng.normal(0, 3, 24))
    assert found.ci_low == 0
    assert found.ci_high > 20


def test_intervals_hold_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(3)
    dose = np.repeat(np.geomspace(0.1, 1000, 8), 2)
    mean = logistic(dose, 100, 5, 12, 1)
    fits = [fit_dose_response(dose, mean + rng.normal(0, 6, 16)) for _ in range(200)]
    assert np.mean([fit.ci_low <= 12 <= fit.ci_high for fit in fits]) > 0.9


# melting


def test_a_melting_curve_gives_back_its_temperature():
    rng = np.random.default_rng(4)
    t = np.arange(30, 75, 1.0)
    found = fit_melting(t, 1 + 4 / (1 + np.exp((52.3 - t) / 1.8)) + rng.normal(0, 0.05, len(t)))
    assert found.ci_low < 52.3 < found.ci_high
    assert found.ci_high - found.ci_low < 0.3
    assert found.width == pytest.approx(1.8, abs=0.15)
    assert (found.folded, found.unfolded) == (
        pytest.approx(1, abs=0.05),
        pytest.approx(5, abs=0.05),
    )


def test_a_shift_is_found_on_any_scale_of_temperature():
    t = np.arange(30, 75, 1.0)
    signal = 1 + 4 / (1 + np.exp((52.3 - t) / 1.8))
    celsius, kelvin = fit_melting(t, signal), fit_melting(t + 273.15, signal)
    assert kelvin.tm - celsius.tm == pytest.approx(273.15, abs=1e-5)


def test_a_curve_cut_off_before_it_melts_has_no_upper_end():
    rng = np.random.default_rng(5)
    t = np.arange(30, 48, 1.0)
    found = fit_melting(t, 1 + 4 / (1 + np.exp((52.3 - t) / 1.8)) + rng.normal(0, 0.05, len(t)))
    assert found.ci_high == np.inf


# binding


def test_half_is_bound_at_the_dissociation_constant():
    np.testing.assert_allclose(occupancy([0, 5, 45], 5), [0, 0.5, 0.9])


@given(ki=st.floats(1e-3, 1e6), substrate=st.floats(0, 1e4), km=st.floats(1e-3, 1e4))
def test_cheng_and_prusoff_go_both_ways(ki, substrate, km):
    assert cheng_prusoff(ic50_at(ki, substrate, km), substrate, km) == pytest.approx(ki)


def test_at_the_michaelis_constant_the_ic50_is_twice_the_inhibition_constant():
    assert cheng_prusoff(100, 20, 20) == pytest.approx(50)


@given(efficiency=st.floats(0.05, 0.8), atoms=st.integers(5, 60))
def test_efficiency_and_dissociation_constant_go_both_ways(efficiency, atoms):
    kd = kd_at_efficiency(efficiency, atoms)
    assert ligand_efficiency(kd, atoms) == pytest.approx(efficiency)


def test_a_nanomolar_ligand_of_thirty_atoms_has_the_known_efficiency():
    """1.37 kcal/mol a power of ten near 300 K: 9 x 1.37 / 30 (Hopkins et al. 2004)."""
    assert ligand_efficiency(1e-9, 30) == pytest.approx(0.41, abs=0.005)


@pytest.mark.parametrize(
    "ask",
    [
        lambda: occupancy(-1, 5),
        lambda: occupancy(1, 0),
        lambda: cheng_prusoff(1, 1, 0),
        lambda: ligand_efficiency(0, 10),
        lambda: kd_at_efficiency(0.3, 0),
        lambda: occupancy(np.nan, 1),
    ],
)
def test_amounts_that_cannot_be_are_refused(ask):
    with pytest.raises(Misuse, match="must be"):
        ask()


# inhibition


@pytest.mark.parametrize("truth", ["competitive", "non-competitive"])
def test_the_model_that_made_the_rates_is_preferred_and_its_constants_found(truth):
    rng = np.random.default_rng(6)
    s, i = map(np.ravel, np.meshgrid([5, 10, 20, 50, 100, 200], [0, 10, 30, 100]))
    rate = inhibition_rate(s, i, 10, 30, 25, truth) + rng.normal(0, 0.1, len(s))
    best, other = (row for _, row in inhibition_models(s, i, rate).iterrows())
    assert best["model"] == truth
    assert (best["vmax"], best["km"], best["ki"]) == (
        pytest.approx(10, rel=0.05), pytest.approx(30, rel=0.1), pytest.approx(25, rel=0.1)
    )  # fmt: skip
    assert other["delta"] > 10
    assert best["weight"] + other["weight"] == pytest.approx(1)


def test_at_one_low_concentration_of_substrate_the_models_cannot_be_told_apart():
    rng = np.random.default_rng(7)
    s, i = map(np.ravel, np.meshgrid([1.0, 1.5], [0, 5, 10, 20, 40, 80]))
    rate = inhibition_rate(s, i, 10, 30, 25, "competitive") + rng.normal(0, 0.02, len(s))
    assert inhibition_models(s, i, rate)["delta"].max() < 4


def test_the_criterion_is_the_corrected_one():
    s, i = map(np.ravel, np.meshgrid([5, 20, 100.0], [0, 10, 50.0]))
    rate = inhibition_rate(s, i, 10, 30, 25, "competitive") + np.linspace(-0.1, 0.1, 9)
    row = inhibition_models(s, i, rate).iloc[0]
    assert row["aicc"] == pytest.approx(9 * np.log(row["rss"] / 9) + 8 + 40 / 4)


# bad input


@pytest.mark.parametrize(
    ("dose", "response", "words"),
    [
        ([1, 2, 3], [1, 2], "one for each"),
        ([1, 2, 3, 4, np.nan], [1, 2, 3, 4, 5], "missing"),
        ([1, 1, 2, 2, 3], [1, 2, 3, 4, 5], "four"),
        ([-1, 1, 2, 3, 4], [1, 2, 3, 4, 5], "from zero up"),
        ([1, 2, 3, 4, 5], [1, 1, 1, 1, 1], "the same"),
    ],
)
def test_doses_that_make_no_curve_are_refused(dose, response, words):
    with pytest.raises(Misuse, match=words):
        fit_dose_response(dose, response)


@pytest.mark.parametrize(
    ("s", "i"), [([1] * 8, [0, 1] * 4), ([1, 2] * 4, [0] * 8), ([1, 2, 3], [0, 1, 2])]
)
def test_rates_that_tell_nothing_of_inhibition_are_refused(s, i):
    with pytest.raises(Misuse, match="needed"):
        inhibition_models(s, i, np.ones(len(s)))
