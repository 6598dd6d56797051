import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exercisebook.errors import Misuse
from exercisebook.stats.resolution import resolution_indices


def test_the_indices_of_a_triangle():
    found = resolution_indices([0, 4, 12], [0.0, 8.0, 0.0])
    assert (found.psi_max, found.t_max, found.psi_50) == (8.0, 4.0, 4.0)
    assert (found.t_50, found.interval) == (8.0, 4.0)


def test_half_is_read_between_two_draws():
    found = resolution_indices([0, 1, 2, 3], [0.0, 10.0, 6.0, 2.0])
    assert found.t_50 == pytest.approx(2.25)


def test_a_curve_that_does_not_fall_to_its_half_has_no_interval():
    found = resolution_indices([0, 1, 2], [1.0, 4.0, 3.0])
    assert np.isnan(found.t_50)
    assert np.isnan(found.interval)


@given(st.floats(0.1, 100), st.floats(-50, 50))
def test_a_larger_peak_or_a_later_clock_leaves_the_interval(size, later):
    hours, numbers = np.array([0, 2, 6, 12, 24.0]), np.array([0, 5, 9, 3, 1.0])
    plain = resolution_indices(hours, numbers)
    changed = resolution_indices(hours + later, size * numbers)
    assert changed.interval == pytest.approx(plain.interval)
    assert changed.psi_max == pytest.approx(size * plain.psi_max)


@pytest.mark.parametrize(
    ("hours", "numbers"),
    [([0, 1], [1, 2]), ([0, 2, 1], [1, 2, 1]), ([0, 1, 2], [1, np.nan, 1]), ([0, 1, 2], [1, 2])],
)
def test_what_is_no_curve_is_refused(hours, numbers):
    with pytest.raises(Misuse, match="three points"):
        resolution_indices(hours, numbers)
