"""The short version of the calibration: whether methods keep what they promise.

The long one is ``scripts/calibrate.py``; its table lies in ``data/engine/calibration.csv``.
"""

import numpy as np
import pandas as pd
import pytest
from statsmodels.regression.mixed_linear_model import MixedLM

from calibrate import FEATURES, MEASURES, METHODS, ROWS, measures, p_values, simulated, summary
from exercisebook.paths import ENGINE
from exercisebook.simulate.repeated import SCENARIOS, repeated_measures

REPLICATES, SEED = 60, 7
PRIMARY, Z = "paired differences + eBayes", "mixed, z"
FIRST, HEAVY, _, THAT_PHASE, OTHER_PHASE = ROWS
NORMAL = [row for row in ROWS if row != HEAVY]


@pytest.fixture(scope="module")
def short():
    """Return the table of a short calibration, with a seed that the long one does not have."""
    parts = [
        summary(scenario, simulated(range(REPLICATES), FEATURES, scenario, SEED))
        for scenario in SCENARIOS
    ]
    return pd.concat(parts).set_index(["scenario", "method", "measure"]).sort_index()


def test_the_primary_test_errs_as_often_as_it_says_in_200_000_tests(short):
    # the two rows of uneven responders share their studies, and count once
    rows = [row for row in NORMAL if row != OTHER_PHASE]
    assert len(rows) * REPLICATES * round(0.9 * FEATURES) >= 200_000
    type_i = short.loc[[(row, PRIMARY, "type_i") for row in rows], "estimate"]
    assert 0.045 <= type_i.mean() <= 0.055


@pytest.mark.parametrize("row", NORMAL)
def test_the_primary_test_errs_as_often_as_it_says_where_differences_are_normal(short, row):
    assert 0.045 <= short.loc[(row, PRIMARY, "type_i"), "estimate"] <= 0.055


def test_heavy_tails_do_not_make_the_primary_test_err_more_often(short):
    assert 0.025 <= short.loc[(HEAVY, PRIMARY, "type_i"), "estimate"] <= 0.055


@pytest.mark.parametrize("row", ROWS)
def test_the_primary_test_keeps_its_false_discovery_rate(short, row):
    fdr = short.loc[(row, PRIMARY, "fdr")]
    assert fdr["estimate"] <= 0.05 + 2 * fdr["monte_carlo_error"]
    assert fdr["monte_carlo_error"] < 0.005
    assert short.loc[(row, PRIMARY, "power"), "estimate"] > 0.25


@pytest.mark.parametrize("row", [FIRST, THAT_PHASE])
def test_the_z_test_of_a_mixed_model_exceeds_its_false_discovery_rate(short, row):
    fdr = short.loc[(row, Z, "fdr")]
    assert fdr["estimate"] > 0.05 + 2 * fdr["monte_carlo_error"]


def test_the_frozen_table_is_what_other_studies_give_too(short):
    frozen = pd.read_csv(ENGINE / "calibration.csv")
    frozen = frozen.set_index(["scenario", "method", "measure"]).loc[short.index]
    assert len(frozen) == len(ROWS) * len(METHODS) * len(MEASURES)
    error = np.hypot(frozen["monte_carlo_error"], short["monte_carlo_error"])
    off = (frozen["estimate"] - short["estimate"]).abs()
    # a rate of one in a thousand has an error that few studies can tell
    assert (off <= 4 * error + 0.001).all()


def test_z_is_what_statsmodels_gives_by_default():
    study = repeated_measures(np.random.default_rng(SEED), "independent", 60)
    # where persons hardly differ its search stops with warnings
    clear = np.flatnonzero(study.person_sd > 1)[:20]
    assert len(clear) == 20
    columns = np.eye(3)[study.phases]
    columns[:, 0] = 1.0
    fits = [MixedLM(study.values[:, k], columns, study.persons).fit(reml=True) for k in clear]
    theirs = [fit.pvalues[1] for fit in fits]
    np.testing.assert_allclose(p_values(study, "b")[Z][clear], theirs, atol=1e-4)


def test_measures_are_shares_of_null_features_discoveries_and_changed_features():
    changed = np.array([True, True, True, False, False, False, False, False])
    p = np.array([1e-6, 1e-5, 0.9, 1e-4, 0.04, 0.3, 0.5, 0.7])
    # q: 1e-6 x 8 / 1, 1e-5 x 8 / 2, 1e-4 x 8 / 3, then .04 x 8 / 4 = .08
    assert measures(p, changed) == pytest.approx((2 / 5, 1 / 3, 2 / 3))


def test_no_discovery_is_no_false_discovery():
    assert measures(np.full(4, 0.8), np.array([True, False, False, False])) == (0.0, 0.0, 0.0)


def test_the_first_studies_of_many_are_the_few():
    three, two = (simulated(range(n), 100, "uneven response", SEED) for n in (3, 2))
    assert three.shape == (2, 3, len(METHODS), len(MEASURES))
    np.testing.assert_array_equal(three[:, :2], two)


def test_a_figure_far_from_the_earlier_one_is_said_to_differ():
    near = summary("independent", simulated(range(4), FEATURES, "independent", SEED))
    shifted = np.full((1, 4, len(METHODS), len(MEASURES)), 0.9)
    assert near["agrees"].mean() > 0.8
    assert not summary("independent", shifted)["agrees"].any()
