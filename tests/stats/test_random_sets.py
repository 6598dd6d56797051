import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exercisebook.errors import Misuse
from exercisebook.stats.random_sets import LAYERS, matched_random_sets, random_set_p_value

LEVEL = pd.Series(np.linspace(0, 12, 400), [f"g{k}" for k in range(400)])
MEMBERS = ["g3", "g150", "g151", "g399"]


def drawn(draws=200, seed=1):
    return matched_random_sets(LEVEL, MEMBERS, draws, np.random.default_rng(seed))


def layers(names):
    place = LEVEL.rank()[list(names)].to_numpy()
    return sorted(np.ceil(place * LAYERS / len(LEVEL)).astype(int))


def test_a_random_set_has_as_many_features_of_each_layer():
    for row in drawn():
        assert layers(row) == layers(MEMBERS)


def test_no_random_set_holds_a_feature_twice_or_one_of_the_set():
    for row in drawn():
        assert len(set(row)) == len(MEMBERS)
        assert set(row).isdisjoint(MEMBERS)


def test_all_other_features_of_a_layer_are_drawn():
    seen = set(drawn(2000).ravel())
    first = set(LEVEL.index[:40]) - set(MEMBERS)
    assert first <= seen


def test_the_same_seed_gives_the_same_sets():
    assert (drawn(seed=7) == drawn(seed=7)).all()
    assert (drawn(seed=7) != drawn(seed=8)).any()


def test_a_member_without_a_level_is_named():
    with pytest.raises(Misuse, match="stranger"):
        matched_random_sets(LEVEL, ["g1", "stranger"], 3, np.random.default_rng(1))


def test_an_empty_set_is_refused():
    with pytest.raises(Misuse, match="empty set"):
        matched_random_sets(LEVEL, [], 3, np.random.default_rng(1))


def test_a_layer_that_the_set_uses_up_is_refused():
    with pytest.raises(Misuse, match="of a layer that has"):
        matched_random_sets(LEVEL, list(LEVEL.index[:25]), 3, np.random.default_rng(1))


def test_p_counts_both_sides_and_the_set_itself():
    assert random_set_p_value(2.0, [-2.5, -1.0, 0.0, 1.0, 2.5]) == pytest.approx(3 / 6)
    assert random_set_p_value(9.0, [-1.0, 0.0, 1.0]) == pytest.approx(1 / 4)


def test_p_is_uniform_enough_where_the_set_is_one_of_many():
    rng = np.random.default_rng(3)
    p = [random_set_p_value(rng.normal(), rng.normal(size=199)) for _ in range(2000)]
    assert np.mean(np.array(p) <= 0.05) == pytest.approx(0.05, abs=0.015)


@given(st.floats(-5, 5), st.lists(st.floats(-5, 5), min_size=1, max_size=30), st.floats(-3, 3))
def test_p_does_not_depend_on_where_zero_is(observed, random, shift):
    values = np.round(np.array(random), 3)
    here = random_set_p_value(round(observed, 3), values)
    assert 0 < here <= 1
    assert here == pytest.approx(
        random_set_p_value(round(observed, 3) + round(shift, 3), values + round(shift, 3)),
        abs=1e-12,
    )


@pytest.mark.parametrize(("observed", "random"), [(1.0, []), (np.nan, [1.0]), (1.0, [np.inf])])
def test_what_is_not_finite_is_refused(observed, random):
    with pytest.raises(ValueError, match="finite"):
        random_set_p_value(observed, random)
