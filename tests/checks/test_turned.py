"""Exchanged phases of one person: found where all others change alike, and not otherwise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from exercisebook.checks.swaps import identity_findings
from exercisebook.checks.turned import FEWEST_PEOPLE, LEVEL, SHOWN, alike, p_values, turned
from exercisebook.simulate.cohorts import simulate
from exercisebook.simulate.worlds import world
from exercisebook.stats.assay import assay_from_long


def changes(seed, people=13, features=60, common=0.8):
    """Return changes that all have in common, and each person's own."""
    rng = np.random.default_rng(seed)
    return common * rng.standard_normal(features) + rng.standard_normal((people, features))


def exchanged(change, *people):
    moved = change.copy()
    moved[list(people)] *= -1
    return moved


@pytest.mark.parametrize("seed", range(5))
def test_a_person_whose_change_is_minus_that_of_the_others_is_found(seed):
    assert list(turned(exchanged(changes(seed), 3), 13).people) == [3]


def test_two_people_do_not_hide_each_other():
    assert set(turned(exchanged(changes(1), 3, 8), 13).people) == {3, 8}


def test_the_share_is_what_exchanges_made_on_purpose_show():
    change = changes(2, common=0.42)
    made = [i in turned(exchanged(change, i), 13).people for i in range(len(change))]
    told = turned(change, 13)
    assert told.share == pytest.approx(np.mean(made))
    assert SHOWN < told.share < 1


@pytest.mark.parametrize(("people", "common"), [(13, 0.0), (13, 0.35), (8, 0.35), (13, 0.8)])
def test_alarms_without_an_exchange_are_as_rare_as_is_stated(people, common):
    draws = 200
    told = [turned(changes(seed, people, common=common), people) for seed in range(draws)]
    # beyond this many, alarms of the stated level would come once in 10,000 tests
    assert sum(bool(one.people) for one in told) <= binom.isf(1e-4, draws, LEVEL)


def test_without_a_common_change_no_exchange_would_show():
    shares = [turned(changes(seed, common=0.0), 13).share for seed in range(60)]
    assert max(shares) < SHOWN


def test_people_who_are_diluted_each_in_their_way_are_no_exchanges():
    # one factor moves all features of a person up or down
    rng = np.random.default_rng(3)
    alarms = sum(
        bool(turned(rng.normal(0.5, 1, (13, 1)) + 0.2 * rng.standard_normal((13, 60)), 13).people)
        for _ in range(200)
    )
    assert alarms <= binom.isf(1e-4, 200, LEVEL)


def test_a_wild_value_makes_no_exchange():
    change = changes(4)
    change[5, 7] = -1e6
    assert turned(change, 13).people == {}


def test_missing_values_are_left_out():
    change = exchanged(changes(5), 2)
    change[:, ::3] = np.nan
    change[2, 1] = np.nan
    assert list(turned(change, 13).people) == [2]


def test_few_people_cannot_be_judged():
    few = exchanged(changes(6, people=FEWEST_PEOPLE - 1), 1)
    assert turned(few, 4) == turned(np.empty((0, 3)), 1)


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10**6), person=st.integers(0, 12))
def test_turning_a_person_turns_the_signs_of_a_row_and_a_column_alone(seed, person):
    sign = np.ones(13)
    sign[person] = -1
    moved = alike(exchanged(changes(seed), person))
    np.testing.assert_allclose(moved, alike(changes(seed)) * np.outer(sign, sign))


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10**6))
def test_p_values_do_not_depend_on_the_order_of_people(seed):
    products = alike(changes(seed))
    order = np.random.default_rng(seed).permutation(13)
    np.testing.assert_allclose(
        p_values(products[np.ix_(order, order)]), p_values(products)[order], rtol=1e-6
    )


def findings(made, exchange=None):
    cohort = made.cohort
    tables = {name: cohort.long(name) for name in cohort.measurements}
    if exchange:
        one, other = exchange
        for name, table in tables.items():
            ids = table["sample_id"].replace({one: other, other: one})
            tables[name] = table[["sample_id", "feature", "value", "status"]].assign(sample_id=ids)
            tables[name] = tables[name].merge(cohort.samples, on="sample_id")
    assays = {name: assay_from_long(table, "difference") for name, table in tables.items()}
    return identity_findings(cohort, assays, np.random.default_rng(1))


BLOCKS = ("cytokines", "proteins", "metabolites")


@pytest.mark.parametrize("seed", range(3))
def test_a_visit_whose_label_is_that_of_the_one_before_is_told_with_its_person(seed):
    made = simulate(world("reference"), 13, seed, blocks=BLOCKS, cells_per_sample=0)
    told = [f for f in findings(made, ("04-acute", "04-baseline")) if f.code == "I405"]
    assert len(told) == 1
    assert "'acute' and 'baseline' of 04 in arm exercise" in told[0].found
    assert told[0].file == "samples.csv"


@pytest.mark.parametrize("name", ["reference", "null", "responders", "batch"])
def test_a_world_without_exchanged_phases_gives_no_alarm(name):
    for seed in range(3):
        made = simulate(world(name), 13, seed, blocks=BLOCKS, cells_per_sample=0)
        assert [f for f in findings(made) if f.code == "I405"] == []


def test_what_cannot_be_judged_is_said_for_every_modality_and_pair():
    made = simulate(world("null"), 13, 1, blocks=BLOCKS, cells_per_sample=0)
    told = [f.found for f in findings(made) if f.code == "I413"]
    assert [text.split(":")[0] for text in told] == list(BLOCKS)
    assert all(text.count("cannot judge") == 2 for text in told)
