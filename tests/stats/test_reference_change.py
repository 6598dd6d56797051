"""Reference change values: closed form, symmetry, and people who did not change."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exercisebook.stats.reference_change import reference_change


@pytest.mark.parametrize(
    ("cv", "fall", "rise"),
    # exp(-+ 1.959964 sqrt(2) sqrt(log(1 + cv^2))), by a pocket calculator
    [(0.422, 0.32559, 3.07135), (0.052, 0.86586, 1.15493)],
)
def test_limits_are_those_of_the_closed_form(cv, fall, rise):
    assert reference_change(cv) == pytest.approx((fall, rise), abs=1e-5)


@given(st.floats(0.001, 2), st.floats(0, 1), st.sampled_from([0.8, 0.95, 0.99]))
def test_the_fall_undoes_the_rise(cv_within, cv_assay, level):
    fall, rise = reference_change(cv_within, cv_assay, level)
    assert fall * rise == pytest.approx(1)
    assert rise - 1 > 1 - fall


@given(st.floats(0.001, 2), st.floats(0.001, 1))
def test_an_assay_that_varies_widens_the_limits(cv_within, cv_assay):
    assert reference_change(cv_within, cv_assay)[1] > reference_change(cv_within)[1]


def test_small_variation_leads_to_the_rule_of_2_77_times_its_size():
    # Harris's symmetrical rule, 2.77 CV, is the limit for small variation
    rise = reference_change(0.003, 0.004)[1]
    assert rise - 1 == pytest.approx(2.7718 * math.hypot(0.003, 0.004), rel=0.01)


@pytest.mark.parametrize(("cv_within", "cv_assay"), [(0.422, 0.0), (0.3, 0.15)])
@pytest.mark.parametrize("level", [0.95, 0.8])
def test_the_said_share_of_people_who_did_not_change_stays_inside(cv_within, cv_assay, level):
    rng = np.random.default_rng(1)
    people = 200_000

    def factor(cv: float) -> np.ndarray:
        """Draw factors with mean 1 and coefficient of variation ``cv``, if it is above 0."""
        return rng.lognormal(0, np.sqrt(np.log1p(cv**2)), (2, people))

    values = factor(cv_within) * factor(cv_assay)
    ratio = values[1] / values[0]
    fall, rise = reference_change(cv_within, cv_assay, level)
    tolerance = 3 * np.sqrt(level * (1 - level) / people)
    assert ((ratio > fall) & (ratio < rise)).mean() == pytest.approx(level, abs=tolerance)
    assert (ratio > rise).mean() == pytest.approx((1 - level) / 2, abs=tolerance)
