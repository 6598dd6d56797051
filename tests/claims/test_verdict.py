import numpy as np
import pytest
from effects import claim, effects, like
from hypothesis import given
from hypothesis import strategies as st

from exercisebook.claims.ledger import ledger
from exercisebook.claims.verdict import (
    CONTRADICTED,
    ELSEWHERE,
    IDENTIFIED,
    INCONCLUSIVE,
    NO_PRACTICAL,
    NO_VERDICT,
    NOT_ASKED,
    NOT_EMPIRICAL,
    NOT_MEASURED,
    OBSERVED,
    SUPPORTED,
    cause_verdict,
    observed_verdict,
)
from exercisebook.stats.schemas import MOSTLY_MISSING, NONDETECT

GRINTA = like("grinta")


def verdict_of(own_claim, table, source=GRINTA, q=0.01):
    return observed_verdict(own_claim, table.assign(q_claim=q), source, fdr=0.05).verdict


def test_an_interval_on_the_claimed_side_supports():
    assert verdict_of(claim(), effects([("il6", 1.0, 0.2)])) == SUPPORTED


def test_an_interval_on_the_other_side_contradicts():
    assert verdict_of(claim(), effects([("il6", -1.0, 0.2)])) == CONTRADICTED
    assert verdict_of(claim(direction="down"), effects([("il6", 1.0, 0.2)])) == CONTRADICTED


def test_an_interval_that_holds_zero_is_inconclusive():
    assert verdict_of(claim(), effects([("il6", 0.3, 0.4)])) == INCONCLUSIVE


def test_a_change_is_supported_on_either_side():
    for estimate in (1.0, -1.0):
        table = effects([("il6", estimate, 0.2)])
        assert verdict_of(claim(direction="changed"), table) == SUPPORTED


def test_a_q_value_above_the_rate_is_inconclusive():
    assert verdict_of(claim(), effects([("il6", 1.0, 0.2)]), q=0.06) == INCONCLUSIVE


def test_an_effect_too_small_to_matter_is_said_to_be_so_even_if_it_excludes_zero():
    table = effects([("il6", 0.2, 0.02)])
    assert table["ci_low"].iloc[0] > 0
    assert verdict_of(claim(), table) == NO_PRACTICAL
    assert verdict_of(claim(smallest_effect=np.nan), table) == SUPPORTED


def test_without_a_smallest_effect_the_reason_says_so():
    bare = claim(smallest_effect=np.nan)
    table = effects([("il6", 1.0, 0.2)]).assign(q_claim=0.01)
    assert "no smallest effect is set" in observed_verdict(bare, table, GRINTA, 0.05).reason


@pytest.mark.parametrize(
    "flag", [NONDETECT, MOSTLY_MISSING, f"left out as not above zero: 2; {NONDETECT}"]
)
@pytest.mark.parametrize("estimate", [1.0, -1.0, 0.0])
def test_a_cell_that_is_mostly_unseen_is_never_better_than_inconclusive(flag, estimate):
    assert verdict_of(claim(), effects([("il6", estimate, 0.05, flag)])) == INCONCLUSIVE


def test_another_exposure_or_tissue_is_shown_and_never_counted():
    table = effects([("il6", 1.0, 0.1)])
    assert verdict_of(claim(exposure="training"), table) == ELSEWHERE
    assert verdict_of(claim(tissue="skeletal muscle"), table) == ELSEWHERE


def test_another_population_still_counts():
    assert verdict_of(claim(population="old women"), effects([("il6", 1.0, 0.1)])) == SUPPORTED


def test_controls_that_are_not_concurrent_give_no_verdict():
    source = like("grinta", design="controls not concurrent")
    assert verdict_of(claim(), effects([("il6", 1.0, 0.1)]), source) == NO_VERDICT


def test_a_description_is_no_empirical_claim_whatever_was_measured():
    assert (
        verdict_of(claim(direction="none", nature="definition"), effects([("il6", 1.0, 0.1)]))
        == NOT_EMPIRICAL
    )


def test_no_effect_means_not_measured():
    assert verdict_of(claim(), effects([("il6", 1.0, 0.1)]).iloc[:0]) == NOT_MEASURED


class TestSameness:
    same = claim(direction="unchanged", kind="recovery", smallest_effect=0.26)

    def test_an_interval_inside_the_margin_supports_sameness(self):
        table = effects([("il6", 0.05, 0.08)], kind="recovery")
        assert verdict_of(self.same, table) == SUPPORTED

    def test_a_large_p_value_alone_does_not(self):
        table = effects([("il6", 0.0, 0.3)], kind="recovery")
        assert table["p_value"].iloc[0] == pytest.approx(1)
        assert verdict_of(self.same, table) == INCONCLUSIVE

    def test_an_interval_outside_the_margin_contradicts(self):
        table = effects([("il6", 1.0, 0.1)], kind="recovery")
        assert verdict_of(self.same, table) == CONTRADICTED

    def test_without_a_control_arm_there_is_nothing_to_be_the_same_as(self):
        table = effects([("il6", 0.0, 0.01)], source="ultramarathon", kind="recovery")
        assert verdict_of(self.same, table, like("ultramarathon")) == INCONCLUSIVE

    def test_without_a_margin_it_cannot_be_shown(self):
        bare = claim(direction="unchanged", kind="recovery", smallest_effect=np.nan)
        assert verdict_of(bare, effects([("il6", 0.0, 0.01)], kind="recovery")) == INCONCLUSIVE


class TestGroups:
    every = claim(canonical_id="stress_hormones", quantifier="all")
    members = ("cortisol", "adrenaline", "noradrenaline")

    def test_all_members_supported_support_the_group(self):
        table = effects([(m, 1.0, 0.1) for m in self.members])
        assert verdict_of(self.every, table) == SUPPORTED

    def test_one_member_the_other_way_contradicts_all(self):
        rows = [("cortisol", -1.0, 0.1), ("adrenaline", 1.0, 0.1), ("noradrenaline", 1.0, 0.1)]
        assert verdict_of(self.every, effects(rows)) == CONTRADICTED

    def test_a_member_that_was_not_measured_leaves_all_open_and_is_named(self):
        table = effects([(m, 1.0, 0.1) for m in self.members[:2]]).assign(q_claim=0.01)
        found = observed_verdict(self.every, table, GRINTA, 0.05)
        assert found.verdict == INCONCLUSIVE
        assert "not measured: noradrenaline" in found.reason

    def test_members_that_disagree_leave_all_open(self):
        rows = [("cortisol", 0.0, 0.05), ("adrenaline", 1.0, 0.1), ("noradrenaline", 1.0, 0.1)]
        assert verdict_of(self.every, effects(rows)) == INCONCLUSIVE


@pytest.mark.parametrize(
    ("design", "identified"),
    [
        ("randomised (parallel)", True),
        ("randomised (crossover)", True),
        ("laboratory experiment", True),
        ("controlled, not randomised", False),
        ("controls not concurrent", False),
        ("single-arm before-after", False),
        ("cross-sectional", False),
        ("genetic instrument", False),
        ("published summary", False),
    ],
)
def test_the_cause_follows_from_the_design_alone(design, identified):
    source = like("grinta", design=design, remains="season")
    found = cause_verdict(claim(), source)
    assert found == (IDENTIFIED if identified else "not identified: season")


def test_the_cause_is_not_asked_of_a_claim_that_names_none():
    assert cause_verdict(claim(causal="no"), GRINTA) == NOT_ASKED
    assert cause_verdict(claim(direction="none", nature="definition"), GRINTA) == NOT_ASKED


@given(
    estimate=st.floats(-5, 5),
    se=st.floats(0.01, 3),
    direction=st.sampled_from(["up", "down", "changed", "unchanged"]),
    flag=st.sampled_from(["", NONDETECT]),
)
def test_every_claim_gets_one_of_the_verdicts_and_a_reason(estimate, se, direction, flag):
    table = effects([("il6", estimate, se, flag)]).assign(q_claim=0.01)
    found = observed_verdict(claim(direction=direction), table, GRINTA, 0.05)
    assert found.verdict in OBSERVED
    assert found.reason


@given(estimate=st.floats(-5, 5), se=st.floats(0.01, 3))
def test_turning_the_effect_over_turns_the_verdict_over(estimate, se):
    turned = {SUPPORTED: CONTRADICTED, CONTRADICTED: SUPPORTED}
    there, back = (verdict_of(claim(), effects([("il6", s * estimate, se)])) for s in (1, -1))
    assert back == turned.get(there, there)


def test_a_q_value_is_taken_within_document_chapter_and_data_set():
    own = claim().to_frame().T
    other = claim(claim_id="X-2", canonical_id="tnf").to_frame().T
    far = claim(claim_id="X-3", canonical_id="tnf", source="review").to_frame().T
    import pandas as pd

    table = effects([("il6", 0.62, 0.25), ("tnf", 0.0, 1.0)])
    alone = ledger(own.infer_objects(), table)
    together = ledger(pd.concat([own, other]).infer_objects(), table)
    apart = ledger(pd.concat([own, far]).infer_objects(), table)
    of = {"alone": alone, "together": together, "apart": apart}
    found = {k: v.set_index("claim_id").loc["X-1", "observed"] for k, v in of.items()}
    assert found == {"alone": SUPPORTED, "together": INCONCLUSIVE, "apart": SUPPORTED}
