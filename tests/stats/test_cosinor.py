"""A rhythm of known period."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.formula.api import ols

from exercisebook.errors import Misuse
from exercisebook.stats.cosinor import cosinor


def wave(hours, mesor=10.0, amplitude=3.0, peak=14.0, period=24.0):
    return mesor + amplitude * np.cos(2 * np.pi * (hours - peak) / period)


@given(
    mesor=st.floats(-50, 50),
    amplitude=st.floats(0.1, 20),
    peak=st.floats(0.5, 23.5),
)
def test_a_wave_without_noise_is_found_exactly(mesor, amplitude, peak):
    hours = np.arange(0, 48, 4.0)
    found = cosinor(hours, wave(hours, mesor, amplitude, peak))
    assert found.mesor == pytest.approx(mesor, abs=1e-8)
    assert found.amplitude == pytest.approx(amplitude, rel=1e-8)
    assert found.peak_h == pytest.approx(peak, abs=1e-6)


def test_the_test_is_the_f_test_of_the_linear_model():
    rng = np.random.default_rng(1)
    hours = np.repeat(np.arange(0, 24, 4.0), 3)
    table = pd.DataFrame({"t": 2 * np.pi * hours / 24, "y": wave(hours) + rng.normal(0, 2, 18)})
    theirs = ols("y ~ np.cos(t) + np.sin(t)", table).fit()
    ours = cosinor(hours, table["y"])
    assert ours.statistic == pytest.approx(theirs.fvalue)
    assert ours.p_value == pytest.approx(theirs.f_pvalue)
    assert ours.df_residual == theirs.df_resid
    assert ours.mesor_se == pytest.approx(theirs.bse.iloc[0])


def test_no_rhythm_is_called_one_as_often_as_the_level_says(no_numerical_warnings):
    rng = np.random.default_rng(2)
    hours = np.repeat(np.arange(0, 24, 4.0), 2)
    p = np.array([cosinor(hours, rng.standard_normal(12)).p_value for _ in range(4000)])
    assert (p < 0.05).mean() == pytest.approx(0.05, abs=0.012)


def test_errors_of_amplitude_and_peak_are_those_of_repetition():
    rng = np.random.default_rng(3)
    hours = np.repeat(np.arange(0, 24, 3.0), 4)
    fits = [cosinor(hours, wave(hours) + rng.normal(0, 1, 32)) for _ in range(1500)]
    for name in ("mesor", "amplitude", "peak_h"):
        spread = np.std([getattr(fit, name) for fit in fits], ddof=1)
        assert np.mean([getattr(fit, f"{name}_se") for fit in fits]) == pytest.approx(
            spread, rel=0.08
        )


@pytest.mark.parametrize("hours", [[8.0] * 12, [8.0, 32.0] * 6, [8.0, 20.0] * 6])
def test_one_clock_time_or_two_determine_no_rhythm(hours):
    values = np.random.default_rng(4).normal(5, 1, 12)
    found = cosinor(hours, values)
    assert found.n_times == len(set(np.mod(hours, 24)))
    assert np.isnan([found.mesor, found.amplitude, found.peak_h, found.p_value]).all()


def test_at_one_clock_time_a_restored_wave_and_a_raised_level_look_the_same():
    at = np.full(6, 8.0)
    flat_but_higher = np.full(6, 10 + 3 * np.cos(2 * np.pi * (8 - 14) / 24 + 1))
    shifted = wave(at, peak=14 - 24 / (2 * np.pi))
    np.testing.assert_allclose(flat_but_higher, shifted)


def test_a_peak_near_midnight_lies_within_the_period():
    hours = np.arange(0, 24, 2.0)
    assert 0 <= cosinor(hours, wave(hours, peak=23.99)).peak_h < 24


@pytest.mark.parametrize(
    ("hours", "values", "period", "words"),
    [
        ([1, 2], [1], 24, "one time a value"),
        ([1, 2, np.nan], [1, 2, 3], 24, "missing"),
        ([1, 2, 3], [1, 2, 3], 0, "above zero"),
    ],
)
def test_times_that_cannot_be_used_are_refused(hours, values, period, words):
    with pytest.raises(Misuse, match=words):
        cosinor(hours, values, period)
