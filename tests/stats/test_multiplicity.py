"""Many questions at once: Benjamini and Hochberg's own example, families, and exact floors."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exercisebook.stats.multiplicity import (
    FAMILY,
    adjust_effects,
    benjamini_hochberg,
    benjamini_yekutieli,
    bonferroni_reach,
    null_share,
    sign_flip_floor,
    storey,
)

PAPER = np.ravel(
    [
        [0.0001, 0.0004, 0.0019, 0.0095, 0.0201],
        [0.0278, 0.0298, 0.0344, 0.0459, 0.3240],
        [0.4262, 0.5719, 0.6528, 0.7590, 1.0000],
    ]
)
"""Benjamini and Hochberg (1995), section 3.2: thrombolysis after myocardial infarction."""

p_values = st.lists(st.one_of(st.floats(0, 1), st.just(float("nan"))), min_size=1, max_size=30)


def step_up(p: np.ndarray, level: float) -> np.ndarray:
    """Return what the paper's procedure rejects: all up to the largest i with p_i <= i q / m."""
    ordered = np.sort(p)
    passed = np.flatnonzero(ordered <= level * np.arange(1, len(p) + 1) / len(p))
    return p <= ordered[passed[-1]] if len(passed) else np.zeros(len(p), bool)


def test_four_of_the_papers_fifteen_are_rejected_and_bonferroni_has_three():
    rejected = benjamini_hochberg(PAPER) <= 0.05
    assert rejected.sum() == 4
    assert rejected[:4].all()
    assert (PAPER * len(PAPER) <= 0.05).sum() == 3


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.sampled_from([0.01, 0.05, 0.2]))
def test_q_values_reject_what_the_step_up_procedure_rejects(p, level):
    p = np.array(p)
    q = benjamini_hochberg(p)
    # a q value on the level itself is decided by rounding
    clear = np.abs(q - level) > 1e-12
    np.testing.assert_array_equal((q <= level)[clear], step_up(p, level)[clear])


@given(p_values)
def test_a_question_without_answer_stays_so_and_does_not_count(p):
    p = np.array(p)
    q, asked = benjamini_hochberg(p), np.isfinite(p)
    assert np.isnan(q[~asked]).all()
    np.testing.assert_array_equal(q[asked], benjamini_hochberg(p[asked]))


@given(p_values)
def test_q_values_keep_the_order_of_p_and_are_never_smaller(p):
    p = np.array(p)
    p = p[np.isfinite(p)]
    q = benjamini_hochberg(p)
    assert (q >= p - 1e-15).all()
    assert (np.diff(q[np.argsort(p)]) >= 0).all()


def test_one_question_needs_no_adjustment():
    assert benjamini_hochberg([0.03]) == pytest.approx([0.03])


def table(**parts) -> pd.DataFrame:
    key = dict.fromkeys(FAMILY, "same")
    return pd.DataFrame({**key, **parts, "p_value": [0.01, 0.04, 0.02, 0.5]})


@pytest.mark.parametrize("part", ["dataset", "modality", "contrast", "stratum", "method"])
def test_families_differ_by_each_part_of_their_key(part):
    q = adjust_effects(table(**{part: ["a", "a", "b", "b"]}))["q_value"]
    np.testing.assert_allclose(q, [0.02, 0.04, 0.04, 0.5])


def test_effects_of_one_family_are_adjusted_together():
    q = adjust_effects(table())["q_value"]
    np.testing.assert_allclose(q, [0.04, 4 * 0.04 / 3, 0.04, 0.5])


def test_features_and_kinds_do_not_make_a_family():
    parts = table().assign(feature=list("abcd"), kind=["acute", "acute", "group", "group"])
    np.testing.assert_allclose(adjust_effects(parts)["q_value"], adjust_effects(table())["q_value"])


def test_families_that_lie_mixed_in_a_table_keep_their_rows():
    q = adjust_effects(table(contrast=["a", "b", "a", "b"]))["q_value"]
    np.testing.assert_allclose(q, [0.02, 0.08, 0.02, 0.5])


@pytest.mark.parametrize("n", range(2, 11))
def test_the_floor_is_the_share_of_assignments_that_are_all_alike(n):
    alike = sum(len(set(signs)) == 1 for signs in product((1, -1), repeat=n))
    assert sign_flip_floor(n) == alike / 2**n


def test_thirteen_persons_reach_down_to_one_in_4096_and_carry_204_features():
    assert sign_flip_floor(13) == pytest.approx(2.44e-4, abs=5e-7)
    assert bonferroni_reach(sign_flip_floor(13)) == 204


@given(st.integers(2, 40), st.sampled_from([0.01, 0.05, 0.1, 0.25]))
def test_the_reach_is_the_last_number_of_features_at_which_the_floor_is_significant(n, alpha):
    reach = bonferroni_reach(sign_flip_floor(n), alpha)
    assert reach * sign_flip_floor(n) <= alpha < (reach + 1) * sign_flip_floor(n)


@given(p_values)
def test_without_a_word_on_dependence_a_q_value_is_dearer_by_the_harmonic_sum(p):
    p = np.array(p)
    harmonic = (1 / np.arange(1, max(np.isfinite(p).sum(), 1) + 1)).sum()
    expected = np.minimum(benjamini_hochberg(p) * harmonic, 1)
    # capped at 1 before and after: only where neither cap bites are the two proportional
    free = benjamini_hochberg(p) < 1
    # below 1e-300 numbers have fewer digits than the tolerance asks
    np.testing.assert_allclose(
        benjamini_yekutieli(p)[free], expected[free], rtol=1e-12, atol=1e-300
    )


@pytest.mark.parametrize("share", [0.5, 0.8, 1.0])
def test_the_share_of_true_nulls_is_found(share):
    rng = np.random.default_rng(3)
    m = 20_000
    p = np.concatenate([rng.random(round(m * share)), rng.beta(0.1, 8, round(m * (1 - share)))])
    assert null_share(p) == pytest.approx(share, abs=0.03)
    np.testing.assert_allclose(storey(p), null_share(p) * benjamini_hochberg(p))


@given(p_values)
def test_storeys_q_is_never_above_that_of_benjamini_and_hochberg(p):
    p = np.array(p)
    q, cautious = storey(p), benjamini_hochberg(p)
    np.testing.assert_array_equal(np.isnan(q), np.isnan(cautious))
    assert (q <= cautious)[np.isfinite(cautious)].all()


def test_few_questions_tell_no_share_of_nulls():
    assert null_share([0.001] * 19) == 1.0
    assert null_share([np.nan] * 100) == 1.0
