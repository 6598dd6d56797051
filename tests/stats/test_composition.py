"""Effects on shares and amounts of cell types: by hand, by invariants, and with a known truth."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from statsmodels.api import OLS

from exercisebook.errors import InvalidInput, Misuse
from exercisebook.stats.composition import (
    ABSENT,
    absolute_counts,
    absolute_effects,
    checked_counts,
    clr,
    composition_effects,
)
from exercisebook.stats.effects import ALIKE
from exercisebook.stats.schemas import ESTIMATE, SCALES

CONTRAST = pd.Series(
    {
        "contrast": "b-a",
        "phase": "b",
        "reference_phase": "a",
        "arm": "training",
        "reference_arm": "training",
    }
)
CONTROLLED = pd.Series({**CONTRAST, "contrast": "b-a against rest", "reference_arm": "rest"})
TYPES = ["neutrophils", "lymphocytes", "monocytes", "eosinophils", "basophils"]
TEST = ["se", "statistic", "ci_low", "ci_high", "p_value"]


def samples_of(persons: int, phases: str = "abc", arm: str = "training") -> pd.DataFrame:
    rows = [(f"{arm[0]}{i}", arm, phase) for i in range(persons) for phase in phases]
    table = pd.DataFrame(rows, columns=["subject", "arm", "phase"])
    return table.set_axis([f"{s}_{p}" for s, _, p in rows])


def drawn(rng: np.random.Generator, samples: pd.DataFrame, amounts: np.ndarray) -> pd.DataFrame:
    """Return about 2,000 cells a sample, of types as frequent as these amounts."""
    shares = amounts / amounts.sum(axis=1, keepdims=True)
    counts = rng.multinomial(rng.integers(1500, 2500, len(samples)), shares)
    return pd.DataFrame(counts, samples.index, TYPES[: amounts.shape[1]])


def amounts_of(rng: np.random.Generator, samples: pd.DataFrame, types: int = 5) -> np.ndarray:
    """Return cells per litre: persons differ, and so do a person's days."""
    person = pd.factorize(samples["subject"])[0]
    level = np.log(np.array([4, 2, 0.5, 0.2, 0.1][:types]) * 1e9)
    own = rng.normal(0, 0.3, (person.max() + 1, types))[person]
    return np.exp(level + own + rng.normal(0, 0.15, (len(samples), types)))


@pytest.fixture
def samples() -> pd.DataFrame:
    return samples_of(8)


@pytest.fixture
def counts(samples) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    return drawn(rng, samples, amounts_of(rng, samples))


def numbers(effects: pd.DataFrame, columns: list[str]) -> np.ndarray:
    return effects[columns].to_numpy(float)


def test_estimates_are_those_of_a_regression_on_persons_and_phases(counts, samples):
    found = composition_effects(counts, samples, CONTRAST).set_index("feature")
    raised = counts + 0.5
    share = raised.div(raised.sum(axis=1), axis=0)
    design = pd.get_dummies(samples[["subject", "phase"]], drop_first=True, dtype=float)
    for name in counts:
        fit = OLS(np.log(share[name] / (1 - share[name])), design.assign(one=1.0)).fit()
        assert found.loc[name, "estimate"] == pytest.approx(fit.params["phase_b"], rel=1e-9)
    assert (found["df"] > fit.df_resid).all(), "types lend each other degrees of freedom"


def test_effects_on_the_clr_scale_sum_to_zero_and_are_its_mean_differences(counts, samples):
    found = composition_effects(counts, samples, CONTRAST, scale="clr")
    values = pd.DataFrame(clr(counts), samples.index, counts.columns).groupby(samples["phase"])
    difference = values.mean().loc["b"] - values.mean().loc["a"]
    np.testing.assert_allclose(found["estimate"], difference, rtol=1e-9)
    assert found["estimate"].sum() == pytest.approx(0, abs=1e-12)
    assert found["estimate"].abs().max() > 0.01


@pytest.mark.parametrize(
    ("scale", "robust", "method"),
    [
        ("logit", False, "blocked logit"),
        ("clr", False, "blocked CLR"),
        ("logit", True, "blocked logit, robust"),
    ],
)
def test_rows_name_their_scale_and_method_and_keep_the_order_of_types(
    counts, samples, scale, robust, method
):
    found = composition_effects(counts, samples, CONTRAST, scale=scale, robust=robust)
    assert list(found["feature"]) == list(counts)
    assert set(found["effect_scale"]) == {scale} <= set(SCALES)
    assert set(found["method"]) == {method}
    assert (found["n_subjects"] == 8).all()
    assert (found["n_observations"] == 24).all()
    assert set(ESTIMATE) - set(found) == {"unit", "q_value"}


def test_a_wild_type_takes_less_part_in_a_robust_prior():
    samples = samples_of(10)
    rng = np.random.default_rng(3)
    person = pd.factorize(samples["subject"])[0]
    logs = rng.normal(0, 1, 20) + rng.normal(0, 0.2, (10, 20))[person]
    spread = np.where(np.arange(20) == 4, 2.5, 0.15)
    logs = logs + rng.normal(size=logs.shape) * spread
    shares = np.exp(logs) / np.exp(logs).sum(axis=1, keepdims=True)
    counts = pd.DataFrame(rng.multinomial(20_000, shares), samples.index).add_prefix("type ")
    plain = composition_effects(counts, samples, CONTRAST)
    robust = composition_effects(counts, samples, CONTRAST, robust=True)
    assert robust["df"][4] < plain["df"].max()
    assert robust["df"].drop(4).median() > plain["df"].max()


def test_swapping_the_phases_of_a_contrast_turns_every_sign(counts, samples):
    back = CONTRAST.replace({"b": "a", "a": "b"})
    assert (back["phase"], back["reference_phase"]) == ("a", "b")
    there = composition_effects(counts, samples, CONTRAST)
    again = composition_effects(counts, samples, back)
    np.testing.assert_allclose(again["estimate"], -there["estimate"], rtol=1e-9)
    np.testing.assert_allclose(again["p_value"], there["p_value"], rtol=1e-9)


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1))
def test_the_order_of_samples_and_of_types_is_no_information(seed):
    rng = np.random.default_rng(seed)
    samples = samples_of(5)
    counts = drawn(rng, samples, amounts_of(rng, samples))
    shuffled = counts.iloc[rng.permutation(len(counts)), rng.permutation(counts.shape[1])]
    found = composition_effects(counts, samples, CONTRAST).set_index("feature")
    again = composition_effects(shuffled, samples, CONTRAST).set_index("feature").loc[found.index]
    columns = ["estimate", "df", *TEST]
    np.testing.assert_allclose(numbers(again, columns), numbers(found, columns), rtol=1e-7)


def test_a_type_that_was_never_seen_changes_nothing_for_the_others(counts, samples):
    found = composition_effects(counts, samples, CONTRAST)
    wider = counts.assign(blasts=0)[["blasts", *counts]]
    again = composition_effects(wider, samples, CONTRAST).set_index("feature")
    assert again.loc["blasts", "flag"] == ABSENT
    assert again.loc["blasts", ["estimate", *TEST]].isna().all()
    columns = ["estimate", *TEST]
    np.testing.assert_array_equal(
        numbers(again.loc[list(counts)], columns), numbers(found, columns)
    )


def test_samples_without_counts_and_other_arms_are_left_out(counts, samples):
    found = composition_effects(counts, samples, CONTRAST)
    rng = np.random.default_rng(9)
    rest = samples_of(6, arm="rest")
    both = pd.concat([samples, rest, samples_of(2, arm="lost")])
    more = pd.concat([counts, drawn(rng, rest, amounts_of(rng, rest))])
    again = composition_effects(more, both, CONTRAST)
    pd.testing.assert_frame_equal(again, found)


def test_a_contrast_of_arms_is_the_difference_of_their_contrasts(counts, samples):
    rng = np.random.default_rng(9)
    rest = samples_of(6, arm="rest")
    resting = drawn(rng, rest, amounts_of(rng, rest))
    both = composition_effects(pd.concat([counts, resting]), pd.concat([samples, rest]), CONTROLLED)
    alone = composition_effects(counts, samples, CONTRAST)
    control = composition_effects(
        resting, rest, pd.Series({**CONTRAST, "arm": "rest", "reference_arm": "rest"})
    )
    np.testing.assert_allclose(both["estimate"], alone["estimate"] - control["estimate"], rtol=1e-9)
    assert (both["n_subjects"] == 14).all()


def test_a_person_without_one_phase_still_counts_for_the_others(counts, samples):
    fewer = counts.drop(index="t3_b")
    found = composition_effects(fewer, samples, CONTRAST)
    assert (found["n_observations"] == 23).all()
    assert found["p_value"].between(0, 1).all()


def test_two_types_mirror_each_other_and_are_not_moderated(samples):
    rng = np.random.default_rng(4)
    counts = drawn(rng, samples, amounts_of(rng, samples, types=2))
    found = composition_effects(counts, samples, CONTRAST)
    assert found["estimate"].sum() == pytest.approx(0, abs=1e-12)
    assert found["p_value"][0] == pytest.approx(found["p_value"][1])
    # 24 samples less 8 persons and 2 further phases
    assert (found["df"] == 14).all()


def test_types_whose_shares_never_vary_have_no_test(samples):
    counts = pd.DataFrame([[60, 30, 10]] * len(samples), samples.index, TYPES[:3])
    found = composition_effects(counts, samples, CONTRAST)
    assert (found["flag"] == ALIKE).all()
    np.testing.assert_allclose(found["estimate"], 0, atol=1e-12)
    assert found[TEST].isna().all(axis=None)


def only_neutrophils_fall(seed: int) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series]:
    """Return counts, samples and white cells per litre where b has 0.45 times the neutrophils."""
    samples, rng = samples_of(13, "ab"), np.random.default_rng(seed)
    amounts = amounts_of(rng, samples)
    amounts[(samples["phase"] == "b").to_numpy(), 0] *= 0.45
    total = pd.Series(amounts.sum(axis=1), samples.index) * rng.lognormal(0, 0.03, len(samples))
    return drawn(rng, samples, amounts), samples, total


def test_where_only_neutrophils_fall_the_share_of_lymphocytes_rises_and_their_number_does_not():
    counts, samples, total = only_neutrophils_fall(seed=5)
    shares = composition_effects(counts, samples, CONTRAST).set_index("feature")
    amounts = absolute_effects(counts, samples, CONTRAST, total).set_index("feature")
    assert shares.loc["neutrophils", "ci_high"] < 0
    assert shares.loc["lymphocytes", "ci_low"] > 0
    assert shares.loc["lymphocytes", "p_value"] < 1e-4
    lymphocytes = amounts.loc["lymphocytes"]
    assert lymphocytes["ci_low"] < 0 < lymphocytes["ci_high"]
    assert lymphocytes["ci_high"] < 0.3, "the interval is no wide one"
    assert amounts.loc["neutrophils", "estimate"] == pytest.approx(np.log2(0.45), abs=0.2)


def test_over_many_studies_shares_mislead_where_amounts_keep_their_level():
    repeats = 60
    by_share, by_amount = [], []
    for seed in range(repeats):
        counts, samples, total = only_neutrophils_fall(seed)
        shares = composition_effects(counts, samples, CONTRAST)
        by_share.append(shares["p_value"][1:] <= 0.05)
        amounts = absolute_effects(counts, samples, CONTRAST, total)
        by_amount.append(amounts["p_value"][1:] <= 0.05)
        assert amounts["p_value"][0] <= 0.05
    assert np.mean(by_share) > 0.8
    # types of one study are not independent: the error is that of 60 shares
    errors = np.mean(by_amount, axis=1)
    assert abs(errors.mean() - 0.05) < 3 * errors.std() / np.sqrt(repeats)


def test_effects_on_amounts_are_differences_of_log2_amounts(counts, samples):
    rng = np.random.default_rng(6)
    total = pd.Series(rng.uniform(4e9, 9e9, len(samples)), samples.index)
    found = absolute_effects(counts, samples, CONTRAST, total)
    raised = counts + 0.5
    logs = np.log2(raised.div(raised.sum(axis=1), axis=0).mul(total, axis=0))
    means = logs.groupby(samples["phase"]).mean()
    np.testing.assert_allclose(found["estimate"], means.loc["b"] - means.loc["a"], rtol=1e-9)
    assert set(found["effect_scale"]) == {"log2_ratio"}


def test_the_unit_of_the_total_does_not_matter(counts, samples):
    total = pd.Series(np.random.default_rng(6).uniform(4, 9, len(samples)), samples.index)
    found = absolute_effects(counts, samples, CONTRAST, total)
    again = absolute_effects(counts, samples, CONTRAST, total * 1e9)
    columns = ["estimate", "df", *TEST]
    np.testing.assert_allclose(numbers(again, columns), numbers(found, columns), rtol=1e-9)


def test_amounts_of_all_types_add_up_to_the_total(counts, samples):
    total = pd.Series(np.random.default_rng(6).uniform(4e9, 9e9, len(samples)), samples.index)
    amounts = absolute_counts(counts, total.sample(frac=1, random_state=1))
    np.testing.assert_allclose(amounts.sum(axis=1), total, rtol=1e-12)
    first = counts.iloc[0]
    assert amounts.iloc[0]["monocytes"] == pytest.approx(
        first["monocytes"] / first.sum() * total.iloc[0]
    )


@given(
    arrays(float, (4, 6), elements=st.integers(0, 500).map(float)),
    arrays(float, 4, elements=st.integers(1, 50).map(float)),
)
def test_centred_log_ratios_sum_to_zero_and_do_not_see_depth(counts, depth):
    found = clr(counts, 0.5)
    np.testing.assert_allclose(found.sum(axis=1), 0, atol=1e-10)
    deeper = clr((counts + 0.5) * depth[:, None], 0.0)
    np.testing.assert_allclose(deeper, found, atol=1e-10)


@pytest.mark.parametrize("value", [-3, np.nan, 0.25, np.inf, "many"])
def test_what_is_no_count_is_named_with_its_place(counts, samples, value):
    broken = counts.astype(object)
    broken.loc["t2_b", "monocytes"] = value
    with pytest.raises(InvalidInput) as error:
        composition_effects(broken, samples, CONTRAST)
    assert len(error.value.problems) == 1
    assert f"{value} of 'monocytes' in 't2_b'" in str(error.value)


def test_shares_in_place_of_counts_are_refused_with_a_short_message(counts, samples):
    with pytest.raises(InvalidInput, match="not shares or percentages") as error:
        composition_effects(counts / 1000, samples, CONTRAST)
    assert "more" in str(error.value)
    assert len(str(error.value)) < 1000


def test_every_kind_of_problem_is_told_at_once(counts):
    counts.iloc[0, 0], counts.iloc[1, 1] = -1, -2
    broken = counts.astype(float)
    broken.iloc[2, 2] = np.nan
    broken.iloc[3] = 0
    with pytest.raises(InvalidInput) as error:
        checked_counts(broken)
    text = str(error.value)
    assert len(error.value.problems) == 3
    for place in ("'t0_a'", "'t0_b'", "'t0_c'", "t1_a"):
        assert place in text


def test_an_empty_sample_is_named(counts, samples):
    counts.loc["t4_c"] = 0
    with pytest.raises(InvalidInput, match="without a single count: t4_c;"):
        composition_effects(counts, samples, CONTRAST)


def test_samples_that_the_table_lacks_are_named(counts, samples):
    with pytest.raises(InvalidInput, match="lacks: t3_a, t7_c;"):
        composition_effects(counts, samples.drop(index=["t3_a", "t7_c"]), CONTRAST)


def test_names_that_stand_twice_are_refused(counts, samples):
    with pytest.raises(InvalidInput, match="sample ids that stand twice: t0_a"):
        checked_counts(counts.rename(index={"t0_b": "t0_a"}))
    with pytest.raises(InvalidInput, match="features that stand twice: monocytes"):
        checked_counts(counts.rename(columns={"basophils": "monocytes"}))
    with pytest.raises(InvalidInput, match="samples that stand twice: t0_a"):
        composition_effects(counts, pd.concat([samples, samples.loc[["t0_a"]]]), CONTRAST)


def test_one_type_has_no_share_to_change(counts, samples):
    with pytest.raises(Misuse, match="at least two"):
        composition_effects(counts[["monocytes"]], samples, CONTRAST)
    with pytest.raises(Misuse, match="at least two"):
        composition_effects(counts[["monocytes"]].assign(blasts=0), samples, CONTRAST)


@pytest.mark.parametrize("value", [0, -1, np.nan, np.inf])
def test_a_sample_whose_total_is_not_above_zero_is_named(counts, samples, value):
    total = pd.Series(6e9, samples.index)
    total["t5_b"] = value
    with pytest.raises(InvalidInput, match="no number above zero for t5_b;"):
        absolute_effects(counts, samples, CONTRAST, total)
    with pytest.raises(InvalidInput, match="no number above zero for t5_b;"):
        absolute_counts(counts, total.fillna(0))


def test_a_sample_without_a_total_is_named(counts, samples):
    total = pd.Series(6e9, samples.index).drop("t5_b")
    with pytest.raises(InvalidInput, match="t5_b"):
        absolute_effects(counts, samples, CONTRAST, total)


def test_an_unknown_scale_is_refused(counts, samples):
    with pytest.raises(Misuse, match="logit, clr"):
        composition_effects(counts, samples, CONTRAST, scale="log")


def test_a_design_that_cannot_tell_the_contrast_is_refused(counts, samples):
    with pytest.raises(Misuse, match="no sample of arm 'training' in phase 'd'"):
        composition_effects(counts, samples, CONTRAST.replace({"b": "d"}))
    with pytest.raises(Misuse, match="no counts of the arms"):
        composition_effects(counts, samples.assign(arm="rest"), CONTRAST)
    apart = samples[
        np.where(samples["subject"] < "t4", samples["phase"] == "a", samples["phase"] == "b")
    ]
    with pytest.raises(Misuse, match="aliased with the persons"):
        composition_effects(counts.loc[apart.index], apart, CONTRAST)


def test_one_person_leaves_no_degrees_of_freedom(counts, samples):
    alone = samples[samples["subject"] == "t0"]
    with pytest.raises(Misuse, match="no degrees of freedom: 3 samples, 1 persons"):
        composition_effects(counts.loc[alone.index], alone, CONTRAST)
