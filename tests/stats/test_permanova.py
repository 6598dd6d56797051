"""Permutational analysis of variance within persons: against classical answers, and its level."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import pdist, squareform
from statsmodels.stats.anova import AnovaRM

from exercisebook.errors import InvalidInput, Misuse
from exercisebook.stats.composition import clr
from exercisebook.stats.linear import linear_fit
from exercisebook.stats.permanova import (
    aitchison_distances,
    bray_curtis_distances,
    permanova_within,
)
from exercisebook.stats.sign_flip import sign_flip_test

CONTRAST = pd.Series(
    {"contrast": "b-a", "phase": "b", "reference_phase": "a", "arm": "one", "reference_arm": "one"}
)


def samples_of(persons: int, phases: str = "ab") -> pd.DataFrame:
    rows = [(f"s{i}", "one", phase) for i in range(persons) for phase in phases]
    return pd.DataFrame(rows, columns=["subject", "arm", "phase"])


def euclidean(values: np.ndarray) -> np.ndarray:
    return squareform(pdist(values))


def unused() -> np.random.Generator:
    """Return a generator for tests that count all arrangements."""
    return np.random.default_rng(0)


def counts_of(rng: np.random.Generator, samples: pd.DataFrame, taxa: int = 12) -> pd.DataFrame:
    person = pd.factorize(samples["subject"])[0]
    logs = rng.normal(0, 1, taxa) + rng.normal(0, 1, (person.max() + 1, taxa))[person]
    logs = logs + rng.normal(0, 0.4, (len(samples), taxa))
    shares = np.exp(logs) / np.exp(logs).sum(axis=1, keepdims=True)
    return pd.DataFrame(rng.multinomial(3000, shares))


@pytest.mark.parametrize("phases", ["ab", "abc"])
def test_f_of_one_variable_is_that_of_a_repeated_measures_anova(phases):
    samples = samples_of(9, phases)
    y = np.random.default_rng(1).normal(size=len(samples))
    expected = AnovaRM(samples.assign(y=y), "y", "subject", within=["phase"]).fit().anova_table
    found = permanova_within(euclidean(y[:, None]), samples, None, unused(), draws=9)
    assert found.f == pytest.approx(expected["F Value"].iloc[0], rel=1e-9)


@pytest.mark.parametrize("lost", [[], [0, 5, 16]])
def test_f_and_r2_are_those_of_the_sums_of_squares_of_all_variables(lost):
    samples = samples_of(8, "abc").drop(index=lost)
    y = np.random.default_rng(2).normal(size=(len(samples), 6))
    persons = pd.factorize(samples["subject"])[0].astype(np.int64)
    columns = pd.get_dummies(samples["phase"]).to_numpy(float)
    full, null = linear_fit(y, columns, persons), linear_fit(y, columns[:, :0], persons)
    residual, within = (full.variance * full.df).sum(), (null.variance * null.df).sum()
    found = permanova_within(euclidean(y), samples, None, unused(), draws=9)
    assert found.r2 == pytest.approx(1 - residual / within, rel=1e-9)
    assert found.f == pytest.approx((within - residual) / 2 / (residual / full.df[0]), rel=1e-9)


@pytest.mark.parametrize("persons", [3, 7, 13])
def test_two_phases_of_one_variable_give_the_exact_sign_flip_p(persons):
    samples = samples_of(persons)
    y = np.random.default_rng(persons).normal(size=2 * persons)
    y[1::2] += 0.7
    flipped = sign_flip_test((y[1::2] - y[::2])[:, None])
    found = permanova_within(euclidean(y[:, None]), samples, CONTRAST, unused())
    assert found.exact
    assert found.permutations == 2**persons
    assert found.p_value == pytest.approx(flipped.p_value[0], rel=1e-12)
    assert found.f == pytest.approx(flipped.statistic[0] ** 2, rel=1e-9)


def test_three_phases_are_counted_out_as_by_hand():
    samples = samples_of(3, "abc")
    y = np.random.default_rng(4).normal(size=(9, 2))
    y[2::3] += 1
    found = permanova_within(euclidean(y), samples, None, unused())
    own = [np.roll(range(3), k) for k in range(3)] + [np.roll([2, 1, 0], k) for k in range(3)]
    spread = []
    for orders in product(own, repeat=3):
        rows = np.concatenate([3 * person + order for person, order in enumerate(orders)])
        means = y[rows].reshape(3, 3, 2).mean(axis=0)
        spread.append(((means - means.mean(axis=0)) ** 2).sum())
    assert found.permutations == len(spread) == 216
    assert found.p_value == pytest.approx((np.array(spread) >= spread[0] - 1e-9).mean())
    assert 6 / 216 <= found.p_value < 1


def test_a_large_shift_has_the_smallest_p_there_is():
    samples = samples_of(6)
    y = np.random.default_rng(5).normal(size=(12, 4)) * 0.1
    y[1::2] += 5
    found = permanova_within(euclidean(y), samples, CONTRAST, unused())
    assert found.p_value == 2 / 2**6
    assert found.r2 > 0.99


def test_drawn_arrangements_estimate_the_p_of_all_of_them():
    samples = samples_of(10)
    y = np.random.default_rng(6).normal(size=(20, 3))
    y[1::2] += 0.2
    distances = euclidean(y)
    whole = permanova_within(distances, samples, CONTRAST, unused(), draws=1024)
    drawn = permanova_within(distances, samples, CONTRAST, np.random.default_rng(7), draws=1023)
    assert whole.exact
    assert not drawn.exact
    assert 0.02 < whole.p_value < 0.5
    error = np.sqrt(whole.p_value * (1 - whole.p_value) / 1023)
    assert drawn.p_value == pytest.approx(whole.p_value, abs=4 * error)
    assert drawn.p_value != whole.p_value


def test_a_drawn_p_counts_the_observed_arrangement_too():
    samples = samples_of(20)
    y = np.random.default_rng(8).normal(size=(40, 4)) * 0.1
    y[1::2] += 5
    found = permanova_within(euclidean(y), samples, CONTRAST, unused(), draws=99)
    assert (found.p_value, found.permutations, found.exact) == (0.01, 99, False)


def test_the_same_generator_gives_the_same_p():
    samples = samples_of(16)
    distances = euclidean(np.random.default_rng(8).normal(size=(32, 4)))
    first, second = (
        permanova_within(distances, samples, CONTRAST, np.random.default_rng(3), draws=199)
        for _ in range(2)
    )
    assert first == second


def test_arrangements_stay_within_persons():
    """Persons lie worlds apart, phases do not differ: permuted freely, any F would look large."""
    samples = samples_of(8)
    rng = np.random.default_rng(9)
    y = np.repeat(rng.normal(0, 1000, (8, 3)), 2, axis=0) + rng.normal(size=(16, 3))
    found = permanova_within(euclidean(y), samples, CONTRAST, unused())
    assert found.p_value > 0.05
    assert found.f < 4


@given(st.integers(0, 2**32 - 1), st.floats(0, 50))
def test_what_a_person_has_in_all_samples_does_not_change_the_answer(seed, size):
    rng = np.random.default_rng(seed)
    samples = samples_of(6)
    values = clr(counts_of(rng, samples))
    own = np.repeat(rng.normal(0, size, (6, values.shape[1])), 2, axis=0)
    found = permanova_within(euclidean(values), samples, CONTRAST, unused())
    moved = permanova_within(euclidean(values + own), samples, CONTRAST, unused())
    assert moved.f == pytest.approx(found.f, rel=1e-6)
    assert moved.r2 == pytest.approx(found.r2, rel=1e-6)
    assert moved.p_value == found.p_value


@given(st.integers(0, 2**32 - 1))
def test_the_order_of_samples_is_no_information(seed):
    rng = np.random.default_rng(seed)
    samples = samples_of(5)
    distances = bray_curtis_distances(counts_of(rng, samples))
    order = rng.permutation(len(samples))
    found = permanova_within(distances, samples, CONTRAST, unused())
    again = permanova_within(
        distances[np.ix_(order, order)], samples.iloc[order], CONTRAST, unused()
    )
    assert again.f == pytest.approx(found.f, rel=1e-9)
    assert again.p_value == found.p_value


@pytest.mark.parametrize("distances_of", [aitchison_distances, bray_curtis_distances])
def test_the_level_holds_where_phases_do_nothing_and_persons_differ(distances_of):
    rng, samples = np.random.default_rng(10), samples_of(6)
    p = np.array(
        [
            permanova_within(
                distances_of(counts_of(rng, samples)), samples, CONTRAST, unused()
            ).p_value
            for _ in range(300)
        ]
    )
    for level in (2 / 64, 6 / 64, 0.25):
        error = np.sqrt(level * (1 - level) / 300)
        # an exact test of 64 arrangements in mirrored pairs reaches these levels in full
        assert (p <= level).mean() == pytest.approx(level, abs=3.5 * error)


def test_the_level_holds_with_three_phases_and_lost_samples():
    rng, samples = np.random.default_rng(11), samples_of(7, "abc").drop(index=[2, 4, 18, 19])
    p = np.array(
        [
            permanova_within(
                aitchison_distances(counts_of(rng, samples)), samples, None, rng, draws=99
            ).p_value
            for _ in range(300)
        ]
    )
    assert (p <= 0.05).mean() == pytest.approx(0.05, abs=3.5 * np.sqrt(0.05 * 0.95 / 300))
    assert (p <= 0.5).mean() == pytest.approx(0.5, abs=3.5 * np.sqrt(0.25 / 300))


def test_persons_with_one_sample_other_phases_and_other_arms_are_left_out():
    samples = samples_of(7, "abc")
    y = np.random.default_rng(12).normal(size=(21, 3))
    wanted = samples["phase"].isin(["a", "b"])
    clean = permanova_within(euclidean(y[wanted]), samples[wanted], CONTRAST, unused())
    more = pd.concat([samples, samples.assign(arm="other"), samples_of(8)[-1:]])
    values = np.vstack([y, y[::-1] * 3, [[9, 9, 9]]])
    assert permanova_within(euclidean(values), more, CONTRAST, unused()) == clean
    assert (clean.n_subjects, clean.n_observations) == (7, 14)


def test_the_note_says_how_many_arrangements_and_that_spread_counts():
    samples = samples_of(13)
    distances = euclidean(np.random.default_rng(13).normal(size=(26, 2)))
    note = permanova_within(distances, samples, CONTRAST, unused()).note
    assert note.startswith("all 8,192 arrangements of phases within 13 persons")
    assert "spread" in note
    drawn = permanova_within(distances, samples, CONTRAST, unused(), draws=999).note
    assert drawn.startswith("999 drawn arrangements")


def test_aitchison_distances_are_those_of_centred_log_ratios():
    counts = counts_of(np.random.default_rng(14), samples_of(3))
    found = aitchison_distances(counts, pseudo_count=1.0)
    logs = np.log(counts.to_numpy() + 1.0)
    apart = logs[0] - logs[4]
    assert found[0, 4] == pytest.approx(np.sqrt(((apart - apart.mean()) ** 2).sum()))
    np.testing.assert_array_equal(found, found.T)


def test_bray_curtis_distances_are_of_shares_and_run_from_0_to_1():
    counts = pd.DataFrame([[10, 30, 0], [100, 300, 0], [0, 0, 5], [20, 20, 0]])
    found = bray_curtis_distances(counts)
    assert found[0, 1] == pytest.approx(0, abs=1e-12)
    assert found[0, 2] == pytest.approx(1)
    assert found[0, 3] == pytest.approx(0.25)


def test_distances_of_what_are_no_counts_are_refused():
    for distances_of in (aitchison_distances, bray_curtis_distances):
        with pytest.raises(InvalidInput, match="not shares"):
            distances_of(pd.DataFrame([[0.2, 0.8], [0.5, 0.5]]))


def refused(distances: np.ndarray, samples: pd.DataFrame, contrast=CONTRAST) -> str:
    with pytest.raises(Misuse) as error:
        permanova_within(distances, samples, contrast, unused())
    return str(error.value)


def test_what_is_no_table_of_distances_is_refused():
    samples = samples_of(4)
    good = euclidean(np.random.default_rng(15).normal(size=(8, 2)))
    assert "(8, 8) are needed" in refused(good[:6, :6], samples)
    for change, word in ((np.nan, "finite"), (-1.0, "below zero"), (77.0, "symmetric")):
        bad = good.copy()
        bad[1, 2] = change
        assert word in refused(bad, samples)
    assert "zero from a sample to itself" in refused(good + 1, samples)


def test_designs_that_cannot_be_tested_are_refused():
    samples = samples_of(4)
    good = euclidean(np.random.default_rng(15).normal(size=(8, 2)))
    against = pd.Series({**CONTRAST, "reference_arm": "rest"})
    assert "compares arms" in refused(good, samples, against)
    arms = samples.assign(arm=["one"] * 4 + ["rest"] * 4)
    assert "several arms" in refused(good, arms, None)
    twice = samples.assign(subject=["s0"] * 4 + ["s1", "s1", "s2", "s2"])
    assert "'s0' has two samples of phase 'a'" in refused(good, twice)
    alone = samples.assign(phase=["a", "b", "a", "c", "a", "c", "a", "c"])
    assert "fewer than two persons" in refused(good, alone)
    apart = samples_of(2).assign(phase=list("abcd"))
    assert "no residual" in refused(good[:4, :4], apart, None)


def test_samples_that_vary_between_persons_only_are_refused():
    samples = samples_of(4)
    y = np.repeat(np.random.default_rng(16).normal(size=(4, 2)), 2, axis=0)
    assert "all alike" in refused(euclidean(y), samples)
