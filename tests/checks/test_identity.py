import numpy as np
import pytest

from exercisebook.checks import identity
from exercisebook.checks.identity import (
    enough,
    evidence,
    exchanges,
    gains,
    share_found,
    standardised,
    weights,
)

PEOPLE, PHASES = 10, 3
persons = np.repeat(np.arange(PEOPLE), PHASES)
groups = np.tile(np.arange(PHASES), PEOPLE)


def drawn(seed, features=80, stable=1.0):
    """Return values of people who keep what is theirs, and change alike from phase to phase."""
    rng = np.random.default_rng(seed)
    own = stable * rng.standard_normal((PEOPLE, features))[persons]
    phase = 0.5 * rng.standard_normal((PHASES, features))[groups]
    return own + phase + rng.standard_normal((len(persons), features))


def exchanged(values, one, other):
    order = np.arange(len(values))
    order[[one, other]] = order[[other, one]]
    return values[order]


@pytest.mark.parametrize("seed", range(5))
def test_an_exchange_of_two_people_is_found_and_undone(seed):
    values = drawn(seed)
    found, order = exchanges([exchanged(values, 4, 19)], persons, groups, 5)
    assert [(e.one, e.other) for e in found] == [(4, 19)]
    np.testing.assert_array_equal(exchanged(values, 4, 19)[order], values)


def test_two_exchanges_are_both_found():
    values = exchanged(exchanged(drawn(1), 4, 19), 9, 27)
    found, _ = exchanges([values], persons, groups, 5)
    assert {(e.one, e.other) for e in found} == {(4, 19), (9, 27)}


@pytest.mark.parametrize("stable", [0.0, 0.3, 1.0])
def test_nothing_is_found_where_nothing_was_exchanged(stable):
    alarms = sum(
        bool(exchanges([drawn(seed, stable=stable)], persons, groups, 5)[0]) for seed in range(40)
    )
    assert alarms <= 1


def test_what_is_not_stable_within_people_shows_no_exchange():
    share = share_found([drawn(2, stable=0.0)], persons, groups, 20, np.random.default_rng(1))
    assert share < 0.1
    stable = share_found([drawn(2, stable=2.0)], persons, groups, 20, np.random.default_rng(1))
    assert stable > 0.5


def test_some_of_many_people_tell_what_share_would_show(monkeypatch):
    rng, people = np.random.default_rng(5), 130
    whose, when = np.repeat(np.arange(people), 3), np.tile(np.arange(3), people)
    for stable, low, high in ((2.0, 0.8, 1.0), (0.1, 0.0, 0.1)):
        own = stable * rng.standard_normal((people, 60))[whose]
        values = [own + rng.standard_normal((len(whose), 60))]
        told = []
        for tried in (people, 100):
            monkeypatch.setattr(identity, "PEOPLE_TRIED", tried)
            told.append(share_found(values, whose, when, 40, np.random.default_rng(1)))
        assert all(low <= share <= high for share in told)


def test_an_exchange_of_phases_of_one_person_is_never_proposed():
    gain = gains(evidence(drawn(3), persons, groups).ratio, persons)
    assert np.isneginf(gain[persons[:, None] == persons]).all()
    assert np.isfinite(gain[persons[:, None] != persons]).all()


def test_missing_values_are_no_evidence():
    values = drawn(4)
    values[7] = np.nan
    ratio = evidence(values, persons, groups).ratio
    assert (ratio[7] == 0).all()
    assert (ratio[:, 7] == 0).all()


def test_more_pairs_ask_for_more_evidence():
    assert enough(np.arange(4)) < enough(np.arange(40))


def test_weights_grow_with_stability_and_are_nought_without_it():
    rng = np.random.default_rng(5)
    own = rng.standard_normal(PEOPLE)[persons]
    noise = rng.standard_normal((len(persons), 2))
    values = np.column_stack([own, own + noise[:, 0], np.tile([1.0, 0.0, -1.0], PEOPLE)])
    z, known = standardised(values, np.zeros_like(groups))
    weight = weights(z, known, persons)
    assert weight[0] > weight[1] > weight[2] == 0


def test_people_of_one_sample_cannot_be_judged():
    rng = np.random.default_rng(1)
    alone = np.arange(12)
    assert np.isnan(share_found([drawn(1)[:12]], alone, np.zeros(12, int), 5, rng))
