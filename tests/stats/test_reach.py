"""What people could show: one group or two, against counting and against other programs."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from exercisebook.stats.multiplicity import sign_flip_floor
from exercisebook.stats.reach import exchange_floor, floor_of, groups_of, standard_errors

CONTRAST = pd.Series(
    {"phase": "b", "reference_phase": "a", "arm": "active", "reference_arm": "control"}
)


@given(st.integers(1, 5), st.integers(1, 5))
def test_the_smallest_p_of_an_exchange_is_what_counting_all_of_them_gives(n, m):
    values = np.append(np.zeros(m), np.ones(n)) + np.arange(n + m) / 1e6
    every = [
        abs(np.mean(values[list(own)]) - np.mean(np.delete(values, own)))
        for own in combinations(range(n + m), n)
    ]
    shares = [np.mean(np.array(every) >= seen - 1e-12) for seen in every]
    assert exchange_floor(n, m) == pytest.approx(min(shares))


def test_one_group_flips_signs_and_two_exchange_people():
    assert floor_of([13]) == sign_flip_floor(13)
    assert floor_of([12, 12]) == exchange_floor(12, 12) == 2 / 2704156


@given(st.integers(3, 9), st.integers(3, 9), st.integers(0, 99))
def test_the_error_of_two_groups_is_that_of_welch(n, m, seed):
    rng = np.random.default_rng(seed)
    one, other = rng.normal(0, 1, n), rng.normal(0, 3, m)
    seen = standard_errors([pd.DataFrame({"x": one}), pd.DataFrame({"x": other})]).loc["x"]
    asked = stats.ttest_ind(one, other, equal_var=False)
    assert seen["df"] == pytest.approx(asked.df)
    assert (one.mean() - other.mean()) / seen["se"] == pytest.approx(asked.statistic)


def test_the_error_of_one_group_is_that_of_its_mean_and_a_feature_of_one_person_has_none():
    frame = pd.DataFrame({"x": [1.0, 2.0, 4.0], "lost": [1.0, np.nan, np.nan]})
    seen = standard_errors([frame])
    assert list(seen.index) == ["x"]
    assert seen.loc["x", "se"] == pytest.approx(stats.sem(frame["x"]))
    assert seen.loc["x", "df"] == pytest.approx(2)


def test_a_crossover_is_one_group_and_a_trial_of_two_arms_two():
    def crossover(contrast):
        return pd.DataFrame({"x": [1.0, 2.0]})

    def parallel(contrast):
        of_one_arm = contrast["arm"] == contrast["reference_arm"]
        people = {"active": [1.0, 2.0, 3.0], "control": [4.0]}[contrast["arm"]]
        return pd.DataFrame({"x": people if of_one_arm else []})

    assert [len(g) for g in groups_of(crossover, CONTRAST)] == [2]
    assert [len(g) for g in groups_of(parallel, CONTRAST)] == [3, 1]
    alone = CONTRAST.replace("control", "active")
    assert [len(g) for g in groups_of(lambda _: pd.DataFrame({"x": []}), alone)] == [0]
