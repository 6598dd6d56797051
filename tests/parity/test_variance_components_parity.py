"""Variance components against R's aov and lme4; README.md says how R was asked."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exercisebook.stats.variance_components import variance_components

HERE = Path(__file__).parent
OURS = variance_components(pd.read_csv(HERE / "repeated_occasions.csv")).set_index("feature")
REFERENCE = pd.read_csv(HERE / "variance_reference.csv", index_col="feature")


def log_variance(cv: float) -> float:
    return float(np.log1p(cv**2))


@pytest.mark.parametrize("feature", REFERENCE.index)
def test_variation_within_persons_is_the_residual_mean_square_of_aov(feature):
    own, r = OURS.loc[feature], REFERENCE.loc[feature]
    assert log_variance(own["cv_within"]) == pytest.approx(r["ms_within"], rel=1e-12)


def test_variation_between_persons_follows_from_the_mean_squares_of_aov():
    r = REFERENCE.loc["balanced"]
    expected = (r["ms_between"] - r["ms_within"]) / 4
    assert log_variance(OURS.loc["balanced", "cv_between"]) == pytest.approx(expected, rel=1e-12)


def test_unequal_numbers_of_occasions_are_averaged_as_searle_says():
    counts = np.array([2, 5, 1, 3, 6, 2, 4, 1, 3])
    n0 = (27 - (counts**2).sum() / 27) / 8
    r = REFERENCE.loc["unbalanced"]
    expected = (r["ms_between"] - r["ms_within"]) / n0
    assert log_variance(OURS.loc["unbalanced", "cv_between"]) == pytest.approx(expected, rel=1e-12)


def test_balanced_components_are_those_of_restricted_maximum_likelihood_in_lme4():
    own, r = OURS.loc["balanced"], REFERENCE.loc["balanced"]
    assert log_variance(own["cv_within"]) == pytest.approx(r["reml_within"], rel=1e-6)
    assert log_variance(own["cv_between"]) == pytest.approx(r["reml_between"], rel=1e-6)
    share = r["reml_between"] / (r["reml_between"] + r["reml_within"])
    assert own["icc"] == pytest.approx(share, rel=1e-6)
