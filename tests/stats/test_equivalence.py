"""Equivalence against statsmodels, and the interval that says the same."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.weightstats import DescrStatsW

from exercisebook.stats.equivalence import equivalence_tests


def effects(d: np.ndarray, canonical_id: str = "il6") -> pd.DataFrame:
    summary = DescrStatsW(d)
    return pd.DataFrame(
        {
            "canonical_id": [canonical_id],
            "estimate": summary.mean,
            "se": summary.std_mean,
            "df": len(d) - 1.0,
        }
    )


MARGIN = pd.Series({"il6": 0.5})


@pytest.mark.parametrize("shift", [-0.9, -0.3, 0.0, 0.2, 0.6])
@pytest.mark.parametrize("n", [4, 13, 50])
def test_the_p_value_is_that_of_two_one_sided_tests_in_statsmodels(shift, n):
    d = np.random.default_rng(n).normal(shift, 0.7, n)
    expected = DescrStatsW(d).ttost_mean(-0.5, 0.5)[0]
    found = equivalence_tests(effects(d), MARGIN)["p_equivalence"].item()
    assert found == pytest.approx(expected, rel=1e-10)


def test_the_interval_is_the_90_percent_interval_of_statsmodels():
    d = np.random.default_rng(1).normal(0.1, 0.7, 13)
    found = equivalence_tests(effects(d), MARGIN).iloc[0]
    expected = DescrStatsW(d).tconfint_mean(alpha=0.1)
    assert (found["equivalence_low"], found["equivalence_high"]) == pytest.approx(expected)


@given(
    estimate=st.floats(-2, 2), se=st.floats(0.01, 2), df=st.integers(2, 60), m=st.floats(0.05, 2)
)
def test_the_90_percent_interval_lies_inside_where_and_only_where_p_is_below_a_twentieth(
    estimate, se, df, m
):
    row = pd.DataFrame({"canonical_id": ["x"], "estimate": [estimate], "se": [se], "df": [df]})
    found = equivalence_tests(row, pd.Series({"x": m})).iloc[0]
    if abs(found["p_equivalence"] - 0.05) < 1e-9:
        return
    inside = found["equivalence_low"] > -m and found["equivalence_high"] < m
    assert inside == (found["p_equivalence"] < 0.05)


@given(estimate=st.floats(-2, 2), se=st.floats(0.01, 2), m=st.floats(0.05, 2))
def test_the_direction_does_not_matter(estimate, se, m):
    both = pd.DataFrame(
        {"canonical_id": ["x", "x"], "estimate": [estimate, -estimate], "se": se, "df": 12.0}
    )
    first, second = equivalence_tests(both, pd.Series({"x": m}))["p_equivalence"]
    assert first == pytest.approx(second, abs=1e-12)


def test_a_stricter_level_widens_the_interval_to_95_percent():
    d = np.random.default_rng(2).normal(0.1, 0.7, 13)
    found = equivalence_tests(effects(d), MARGIN, level=0.975).iloc[0]
    expected = DescrStatsW(d).tconfint_mean(alpha=0.05)
    assert (found["equivalence_low"], found["equivalence_high"]) == pytest.approx(expected)


def test_each_effect_has_the_margin_of_its_canonical_id():
    d = np.random.default_rng(3).normal(0, 0.7, 13)
    both = pd.concat([effects(d, "il6"), effects(d, "crp")])
    found = equivalence_tests(both, pd.Series({"crp": 2.0, "il6": 0.1}))
    assert list(found["margin"]) == [0.1, 2.0]
    assert found["p_equivalence"].iloc[0] > 0.05 > found["p_equivalence"].iloc[1]


def test_without_a_margin_there_is_no_answer():
    d = np.random.default_rng(4).normal(0, 0.7, 13)
    found = equivalence_tests(effects(d, "unheard of"), MARGIN).iloc[0]
    assert np.isnan(found["margin"])
    assert np.isnan(found["p_equivalence"])


def test_without_a_standard_error_there_is_no_answer():
    row = pd.DataFrame({"canonical_id": ["il6"], "estimate": [0.0], "se": [np.nan], "df": [np.nan]})
    assert np.isnan(equivalence_tests(row, MARGIN)["p_equivalence"].item())


def test_no_significant_difference_is_not_yet_sameness():
    """Few noisy persons: neither a difference nor equivalence is shown."""
    d = np.array([1.4, -1.1, 0.9, -1.3])
    assert DescrStatsW(d).ttest_mean()[1] > 0.5
    assert equivalence_tests(effects(d), MARGIN)["p_equivalence"].item() > 0.05
