"""Tests of gene sets against brute force, scipy, simulated nulls, and what must not matter."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, special, stats

from exercisebook.errors import Misuse
from exercisebook.stats.designs import Design, cell_design
from exercisebook.stats.gene_sets import (
    INCOMPLETE,
    WHOLE,
    camera,
    fry,
    normal_score,
    over_representation,
    set_sign_flips,
)
from exercisebook.stats.moderation import moderate
from exercisebook.stats.multiplicity import benjamini_hochberg
from exercisebook.stats.named_sets import (
    TOO_FEW,
    UNMEASURED,
    named_sets,
)
from exercisebook.stats.schemas import GENE_SETS

CONTRAST = pd.Series(
    {"contrast": "b", "phase": "b", "reference_phase": "a", "arm": "all", "reference_arm": "all"}
)
SETS = {"first": [f"g{i}" for i in range(12)], "second": [f"g{i}" for i in range(8, 30)]}


def samples(persons: int, phases: str = "abc") -> pd.DataFrame:
    names = [f"s{i:02d}" for i in range(persons)]
    table = pd.MultiIndex.from_product([names, list(phases)], names=["subject", "phase"])
    frame = table.to_frame(index=False).assign(arm="all")
    return frame.set_axis(frame["subject"] + frame["phase"])


def study(
    seed: int, persons: int = 9, features: int = 80, phases: str = "abc"
) -> tuple[pd.DataFrame, Design]:
    """Return values whose persons, variances and first ten responses differ; and the design."""
    rng = np.random.default_rng(seed)
    rows = samples(persons, phases)
    spread = 1 / np.sqrt(rng.gamma(3, 1 / 3, features))
    y = rng.normal(size=(len(rows), features)) * spread
    y += np.repeat(rng.normal(size=(persons, features)), len(phases), axis=0)
    y[(rows["phase"] == "b").to_numpy(), :10] += 0.7
    names = [f"g{i}" for i in range(features)]
    return pd.DataFrame(y, index=rows.index, columns=names), cell_design(rows)


def differences(seed: int, persons: int, features: int = 30, shift: float = 0.4) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    d = rng.normal(size=(persons, features)) + rng.normal(size=(persons, 1))
    d[:, :12] += shift
    d /= rng.gamma(1, 1, features)
    return pd.DataFrame(d, columns=[f"g{i}" for i in range(features)])


def paired_scores(values: pd.DataFrame) -> pd.Series:
    """Return normal scores of moderated paired t, for two phases a and b in turn."""
    d = values.to_numpy()[1::2] - values.to_numpy()[::2]
    n = len(d)
    found = moderate(d.var(axis=0, ddof=1), n - 1)
    t = d.mean(axis=0) / np.sqrt(found.variance / n)
    return pd.Series(normal_score(t, found.df_total), index=values.columns)


def p_of(table: pd.DataFrame) -> pd.Series:
    return table.set_index(["set", "method"])["p_value"]


ALL_TESTS = {
    "camera": lambda values, design, sets: camera(values, design, CONTRAST, sets),
    "camera, estimated": lambda values, design, sets: camera(values, design, CONTRAST, sets, None),
    "fry": lambda values, design, sets: fry(values, design, CONTRAST, sets),
}

every_test = pytest.mark.parametrize("test", ALL_TESTS.values(), ids=ALL_TESTS)


# normal scores


@given(t=st.floats(-30, 30), df=st.floats(20, 1e6))
def test_a_normal_score_has_the_tail_probability_of_its_t(t, df):
    exact = -np.sign(t) * special.ndtri_exp(stats.t.logsf(abs(t), df))
    assert normal_score(t, df) == pytest.approx(exact, rel=1e-5, abs=1e-12)


def test_normal_scores_are_off_by_less_than_a_hundredth_at_two_degrees_of_freedom():
    t = np.linspace(0.1, 10, 100)
    exact = -special.ndtri_exp(stats.t.logsf(t, 2))
    assert normal_score(t, 2) == pytest.approx(exact, rel=0.004)


# camera


def test_without_correlation_camera_is_the_pooled_two_sample_t_of_normal_scores():
    values, design = study(1, phases="ab")
    table = camera(values, design, CONTRAST, SETS, correlation=0.0).set_index("set")
    z = paired_scores(values)
    for name, members in SETS.items():
        expected = stats.ttest_ind(z[members], z.drop(members))
        assert table.loc[name, "statistic"] == pytest.approx(expected.statistic, rel=1e-9)
        assert table.loc[name, "p_value"] == pytest.approx(expected.pvalue, rel=1e-9)


def test_a_correlation_inflates_the_variance_of_the_mean_within_the_set():
    values, design = study(2, phases="ab")
    table = camera(values, design, CONTRAST, SETS, correlation=0.2).set_index("set")
    z = paired_scores(values)
    inside, outside = z[SETS["first"]], z.drop(SETS["first"])
    m, k = len(inside), len(outside)
    pooled = ((m - 1) * inside.var() + (k - 1) * outside.var()) / (m + k - 2)
    se = np.sqrt(pooled * ((1 + (m - 1) * 0.2) / m + 1 / k))
    t = (inside.mean() - outside.mean()) / se
    assert table.loc["first", "statistic"] == pytest.approx(t, rel=1e-9)


def test_an_estimated_correlation_is_the_mean_over_pairs_of_residuals():
    values, design = study(3)
    rows = samples(9)
    x = pd.get_dummies(rows[["subject", "phase"]]).to_numpy(float)
    y = values.to_numpy()
    residual = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    cosine = residual.T @ residual / np.outer(*[np.linalg.norm(residual, axis=0)] * 2)
    table = camera(values, design, CONTRAST, SETS, None).set_index("set")
    for name, members in SETS.items():
        at = [values.columns.get_loc(member) for member in members]
        pairs = cosine[np.ix_(at, at)][np.triu_indices(len(at), 1)]
        assert table.loc[name, "correlation"] == pytest.approx(pairs.mean(), rel=1e-9)


def test_the_spread_of_a_feature_does_not_matter_to_an_estimated_correlation():
    values, design = study(3)
    plain = camera(values, design, CONTRAST, SETS, None)["correlation"]
    shrunk = camera(values.assign(g0=values["g0"] / 1000), design, CONTRAST, SETS, None)
    assert shrunk["correlation"].tolist() == pytest.approx(plain.tolist(), rel=1e-9)


def test_a_feature_that_varies_between_persons_alone_correlates_with_none():
    values, design = study(3)
    sets = {"set": ["g20", "g21"]}
    level = np.repeat(np.random.default_rng(0).normal(size=9), 3)
    row = camera(values.assign(g20=level), design, CONTRAST, sets, None).iloc[0]
    # one standardised residual and one of nought: a mean square of 1/4, times 2, less 1
    assert row["correlation"] == pytest.approx(-0.5)


def test_an_estimated_correlation_takes_no_more_degrees_of_freedom_than_the_residuals_have():
    values, design = study(4)
    row = camera(values, design, CONTRAST, SETS, None).iloc[0]
    df = 27 - 9 - 2
    assert row["p_value"] == pytest.approx(2 * stats.t.sf(abs(row["statistic"]), df), rel=1e-9)


def test_a_negative_correlation_does_not_make_a_set_more_significant():
    values, design = study(5)
    rng = np.random.default_rng(0)
    twin = pd.Series(rng.normal(size=len(values)), index=values.index)
    values = values.assign(g20=twin, g21=-twin)
    sets = {"opposed": ["g20", "g21"]}
    estimated = camera(values, design, CONTRAST, sets, None).iloc[0]
    independent = camera(values, design, CONTRAST, sets, 0.0).iloc[0]
    assert estimated["correlation"] == pytest.approx(-1)
    assert estimated["statistic"] == pytest.approx(independent["statistic"])


def null_study(rng: np.random.Generator, design: Design) -> tuple[pd.DataFrame, dict]:
    """Return values in which nothing happens, and 50 sets of 20 features that correlate by .2."""
    own = np.repeat(np.arange(75), 20)
    shared = rng.normal(size=(len(design.persons), 75))[:, own]
    noise = rng.normal(size=shared.shape)
    y = np.where(own < 50, np.sqrt(0.2) * shared + np.sqrt(0.8) * noise, noise)
    names = np.array([f"g{i}" for i in range(1500)])
    values = pd.DataFrame(y, index=design.columns.index, columns=names)
    return values, {f"set {k}": list(names[own == k]) for k in range(50)}


@pytest.fixture(scope="module")
def null_p_values() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(12)
    design = cell_design(samples(13))
    found: dict[str, list] = {"naive": [], "estimated": [], "fry": []}
    for _ in range(40):
        values, sets = null_study(rng, design)
        found["naive"].append(camera(values, design, CONTRAST, sets, 0.0)["p_value"])
        found["estimated"].append(camera(values, design, CONTRAST, sets, None)["p_value"])
        found["fry"].append(fry(values, design, CONTRAST, sets)["p_value"])
    return {name: np.concatenate(p) for name, p in found.items()}


@pytest.mark.parametrize("method", ["estimated", "fry"])
def test_where_nothing_happens_sets_of_correlated_features_are_found_at_the_level(
    null_p_values, method
):
    p = null_p_values[method]
    assert len(p) == 2000
    assert 0.03 < (p < 0.05).mean() < 0.07
    assert 0.16 < (p < 0.2).mean() < 0.24


def test_taking_correlated_features_as_independent_finds_sets_where_nothing_happens(
    null_p_values,
):
    assert (null_p_values["naive"] < 0.05).mean() > 0.2


@given(seed=st.integers(0, 1000), size=st.integers(2, 60))
def test_the_complement_of_a_set_moves_the_other_way_with_the_same_p_value(seed, size):
    values, design = study(seed, persons=4)
    chosen = list(values.columns[:size])
    sets = {"set": chosen, "rest": [name for name in values.columns if name not in chosen]}
    table = camera(values, design, CONTRAST, sets, correlation=0.0)
    assert table["statistic"].sum() == pytest.approx(0, abs=1e-9)
    assert table["p_value"].iloc[0] == pytest.approx(table["p_value"].iloc[1], rel=1e-9)


def test_a_set_of_all_features_has_nothing_to_compete_with():
    values, design = study(6)
    row = camera(values, design, CONTRAST, {"all": values.columns}).iloc[0]
    assert row["flag"] == WHOLE
    assert np.isnan(row["p_value"])
    assert row["direction"] == ""


def test_camera_tests_a_feature_with_missing_values_on_what_it_has():
    values, design = study(7)
    values.iloc[3, 0] = np.nan
    table = camera(values, design, CONTRAST, SETS)
    assert table["n_features"].tolist() == [12, 22]
    assert (table["flag"] == "").all()


def test_a_correlation_is_estimated_from_complete_features_alone():
    values, design = study(8)
    whole = camera(values, design, CONTRAST, {"set": SETS["first"][1:]}, None)
    values.iloc[3, 0] = np.nan
    holed = camera(values, design, CONTRAST, {"set": SETS["first"]}, None)
    assert holed["correlation"].iloc[0] == pytest.approx(whole["correlation"].iloc[0], rel=1e-9)


def test_a_set_without_complete_features_has_no_estimated_correlation_and_says_so():
    values, design = study(9)
    values.iloc[3, :12] = np.nan
    row = camera(values, design, CONTRAST, SETS, None).iloc[0]
    assert row["flag"] == INCOMPLETE
    assert np.isnan(row["p_value"])


def test_a_feature_that_does_not_vary_is_not_tested():
    values, design = study(10)
    table = camera(values.assign(g0=5.0), design, CONTRAST, SETS)
    assert table["n_features"].iloc[0] == 11
    assert table["n_background"].iloc[0] == 79
    assert table["flag"].iloc[0] == "1 measured but not testable"
    without = camera(values.drop(columns="g0"), design, CONTRAST, SETS)
    assert table["p_value"].tolist() == pytest.approx(without["p_value"].tolist(), rel=1e-9)


def test_three_features_are_the_least_for_a_competitive_test():
    values, design = study(11)
    with pytest.raises(Misuse, match="at least 3"):
        camera(values.iloc[:, :2], design, CONTRAST, SETS)


@pytest.mark.parametrize("correlation", [-0.1, 1.0])
def test_a_correlation_that_cannot_be_preset_is_refused(correlation):
    values, design = study(11)
    with pytest.raises(ValueError, match="correlation"):
        camera(values, design, CONTRAST, SETS, correlation)


# camera and fry


@every_test
def test_the_order_of_features_and_sets_does_not_matter(test):
    values, design = study(13)
    shuffled = values.sample(frac=1, axis=1, random_state=1)
    backwards = {name: list(reversed(SETS[name])) for name in reversed(SETS)}
    first, second = p_of(test(values, design, SETS)), p_of(test(shuffled, design, backwards))
    assert list(second.index) == list(first.index[::-1])
    assert second[first.index].tolist() == pytest.approx(first.tolist(), rel=1e-9)


@every_test
def test_turning_the_sign_turns_the_direction_and_keeps_p(test):
    values, design = study(14)
    plus, minus = test(values, design, SETS), test(-values, design, SETS)
    assert minus["p_value"].tolist() == pytest.approx(plus["p_value"].tolist(), rel=1e-9)
    assert minus["statistic"].tolist() == pytest.approx((-plus["statistic"]).tolist(), rel=1e-9)
    assert set(zip(plus["direction"], minus["direction"], strict=True)) <= {
        ("up", "down"),
        ("down", "up"),
    }


@every_test
def test_a_persons_own_level_does_not_matter(test):
    values, design = study(15)
    levels = np.random.default_rng(1).normal(0, 9, (9, values.shape[1]))
    moved = values + np.repeat(levels, 3, axis=0)
    expected = test(values, design, SETS)["p_value"].tolist()
    assert test(moved, design, SETS)["p_value"].tolist() == pytest.approx(expected, rel=1e-6)


@every_test
def test_the_unit_of_the_values_does_not_matter(test):
    values, design = study(16)
    expected = test(values, design, SETS)["p_value"].tolist()
    scaled = test(values * 1e-6, design, SETS)["p_value"].tolist()
    assert scaled == pytest.approx(expected, rel=1e-9)


@every_test
def test_a_set_that_rises_is_found_up(test):
    values, design = study(17)
    up = (samples(9)["phase"] == "b").to_numpy()
    values.loc[up, "g0":"g9"] += 2.0
    row = test(values, design, {"rising": SETS["first"][:10]}).iloc[0]
    assert row["direction"] == "up"
    assert row["p_value"] < 1e-3


@every_test
def test_a_set_too_small_to_be_a_set_stays_in_the_table_and_says_so(test):
    values, design = study(18)
    sets = {"one": ["g3", "elsewhere"], "none": ["abroad", "elsewhere"], "empty": [], **SETS}
    table = test(values, design, sets)
    assert table["set"].tolist() == ["one", "none", "empty", "first", "second"]
    assert table["flag"].tolist()[:3] == [TOO_FEW, UNMEASURED, UNMEASURED]
    assert table["n_features"].tolist()[:3] == [1, 0, 0]
    assert table["n_named"].tolist()[:3] == [2, 2, 0]
    assert table["p_value"].isna().tolist() == [True, True, True, False, False]


@every_test
def test_q_values_are_those_of_the_sets_that_were_tested(test):
    values, design = study(19)
    table = test(values, design, {"one": ["g3"], **SETS})
    expected = benjamini_hochberg(table["p_value"].iloc[1:])
    assert table["q_value"].iloc[1:].tolist() == pytest.approx(expected.tolist())
    assert np.isnan(table["q_value"].iloc[0])


@every_test
def test_a_contrast_that_the_design_cannot_tell_is_refused(test):
    values, _ = study(20)
    rows = samples(9).assign(subject=values.index)
    with pytest.raises(Misuse, match="not estimable"):
        test(values, cell_design(rows), SETS)


@every_test
def test_values_in_another_order_than_the_design_are_refused(test):
    values, design = study(21)
    with pytest.raises(Misuse, match="rows of the values"):
        test(values.iloc[::-1], design, SETS)


@every_test
def test_two_features_of_one_name_are_refused(test):
    values, design = study(22)
    with pytest.raises(Misuse, match="'g0'"):
        test(values.rename(columns={"g1": "g0"}), design, SETS)


def test_weights_give_what_the_row_of_the_contrast_gives():
    values, design = study(23)
    weights = [-1.0, 1.0, 0.0]
    by_row, by_weights = (camera(values, design, c, SETS) for c in (CONTRAST, weights))
    pd.testing.assert_frame_equal(by_row, by_weights)


@pytest.mark.parametrize("weights", [[1.0, -1.0], [0.0, 0.0, 0.0]])
def test_weights_that_ask_nothing_of_the_design_are_refused(weights):
    values, design = study(23)
    with pytest.raises(Misuse, match="3 weights"):
        camera(values, design, weights, SETS)


def test_persons_that_are_no_blocks_are_compared_with_each_other():
    values, design = study(24, phases="ab")
    levels = np.repeat(np.random.default_rng(2).normal(0, 30, 9), 2)
    moved = values.add(pd.Series(levels, index=values.index), axis=0)
    blocked = fry(moved, design, CONTRAST, {"set": SETS["first"][:10]})
    open_to_persons = fry(moved, design, CONTRAST, {"set": SETS["first"][:10]}, blocks=False)
    assert blocked["p_value"].iloc[0] < 0.05 < open_to_persons["p_value"].iloc[0]


# fry


def test_fry_is_a_t_of_the_mean_standardised_effects():
    values, design = study(25, phases="ab")
    rows = samples(9, "ab")
    persons = pd.get_dummies(rows["subject"]).to_numpy(float)[:, 1:]
    columns = np.column_stack([np.ones(18), persons, rows["phase"] == "b"])
    q, r = np.linalg.qr(columns.astype(float), mode="complete")
    effects = q[:, 9:].T @ values.to_numpy()
    effects[0] *= np.sign(r[9, 9])
    d = 8
    nodes, shares = special.roots_sh_legendre(128)
    largest = (shares * (d + 1) * nodes**d * stats.chi2.ppf(nodes, 1)).sum()
    by_integration = integrate.quad(lambda u: (d + 1) * u**d * stats.chi2.ppf(u, 1), 0, 1)[0]
    assert largest == pytest.approx(by_integration, rel=1e-3)
    squares = np.sort(effects**2, axis=0)
    kept = squares[:-1].sum(axis=0) / (d + 1 - largest)
    prior = moderate((effects[1:] ** 2).mean(axis=0), d)
    d0 = prior.df_prior
    variance = (d0 * prior.variance_prior + 0.92 * d * kept) / (d0 + 0.92 * d)
    means = (effects / np.sqrt(variance))[:, :12].mean(axis=1)
    t = means[0] / np.sqrt((means[1:] ** 2).mean())
    row = fry(values, design, CONTRAST, SETS).iloc[0]
    assert np.isfinite(d0).all()
    assert row["statistic"] == pytest.approx(t, rel=1e-9)
    assert row["p_value"] == pytest.approx(2 * stats.t.sf(abs(row["statistic"]), d), rel=1e-9)


def test_fry_leaves_out_features_with_missing_values_and_says_how_many():
    values, design = study(26)
    without = fry(values.drop(columns=["g0", "g1"]), design, CONTRAST, SETS)
    values.iloc[2, :2] = np.nan
    table = fry(values, design, CONTRAST, SETS)
    assert table["n_features"].tolist() == [10, 22]
    assert table["n_background"].tolist() == [78, 78]
    assert table["flag"].tolist() == ["2 measured but not testable", ""]
    assert table["p_value"].tolist() == pytest.approx(without["p_value"].tolist(), rel=1e-9)


def test_fry_needs_a_complete_feature():
    values, design = study(27)
    values.iloc[0] = np.nan
    with pytest.raises(Misuse, match="without missing values"):
        fry(values, design, CONTRAST, SETS)


def test_a_design_without_residuals_is_refused():
    values, _ = study(28, persons=2, phases="ab")
    rows = samples(2, "ab").assign(x=[0.0, 1.0, 0.0, 0.0])
    with pytest.raises(Misuse, match="residual degrees of freedom"):
        fry(values, cell_design(rows, ["x"]), CONTRAST, SETS)


# sign flips


def flipped_by_hand(d: np.ndarray, sets: list[list[int]]) -> list[np.ndarray]:
    """Return size, p and max-T p of mean t and mean square t, one assignment at a time."""
    n = np.isfinite(d).sum(axis=0)
    prior = moderate(np.nanmean(d**2, axis=0), n)
    w = np.nan_to_num(d / np.sqrt(np.nansum(d**2, axis=0)))
    signs = list(product((1, -1), repeat=len(d)))
    each, sums = [], []
    for sign in signs:
        x = d * np.array(sign)[:, None]
        s2 = np.nanvar(x, axis=0, ddof=1)
        own = (n - 1) / (n - 1 + prior.df_prior)
        post = (1 - own) * prior.variance_prior + own * s2
        t = np.nanmean(x, axis=0) / np.sqrt(post / n)
        r = np.array(sign) @ w
        each.append([[abs(t[s].mean()) for s in sets], [(t[s] ** 2).mean() - 1 for s in sets]])
        sums.append([[r[s].mean() for s in sets], [(r[s] ** 2).mean() for s in sets]])
    statistic = np.array(each) / np.array(sums).std(axis=0)
    observed = statistic[0] - 1e-9
    greatest = statistic.max(axis=2, keepdims=True)
    p, p_max = ((x >= observed).mean(axis=0) for x in (statistic, greatest))
    return [x.ravel() for x in (statistic[0], p, p_max)]


@pytest.mark.parametrize("holes", [False, True])
@pytest.mark.parametrize("persons", [4, 7])
def test_sign_flips_are_those_of_going_through_all_assignments(persons, holes):
    d = differences(persons, persons)
    if holes:
        d.iloc[0, [0, 5, 20]] = np.nan
        d.iloc[1, [5, 9]] = np.nan
    table = set_sign_flips(d, SETS)
    size, p, p_max = flipped_by_hand(d.to_numpy(), [list(range(12)), list(range(8, 30))])
    own = table["statistic"].where(table["direction"] != "down", -table["statistic"])
    assert own.tolist() == pytest.approx(size.tolist())
    assert table["p_value"].tolist() == pytest.approx(p.tolist())
    assert table["p_max"].tolist() == pytest.approx(p_max.tolist())
    assert p.min() < 1


def test_a_set_in_which_all_persons_rise_has_the_smallest_p_value_there_is():
    d = differences(1, 8).abs() + 1
    row = set_sign_flips(d, SETS).iloc[0]
    assert row["p_value"] == 2.0**-7
    assert row["direction"] == "up"


def test_a_set_whose_features_part_is_found_mixed_and_not_in_one_direction():
    d = differences(2, 9).abs()
    # the same differences, of other persons and the other way
    d.iloc[:, 6:12] = -d.iloc[::-1, :6].to_numpy()
    table = set_sign_flips(d, {"parting": SETS["first"]}).set_index("method")
    assert table.loc["sign flips, mixed", "p_value"] == 2.0**-8
    assert table.loc["sign flips, mixed", "direction"] == "mixed"
    assert table.loc["sign flips", "p_value"] == 1


@given(seed=st.integers(0, 10_000), persons=st.integers(2, 8))
def test_adjusting_for_the_sets_never_lowers_a_p_value(seed, persons):
    table = set_sign_flips(differences(seed, persons), SETS)
    assert (table["p_max"] >= table["p_value"]).all()


def test_a_single_set_needs_no_adjustment():
    table = set_sign_flips(differences(3, 7), {"only": SETS["first"]})
    assert table["p_max"].tolist() == table["p_value"].tolist()


def test_turning_all_differences_turns_the_direction_and_keeps_p():
    plus, minus = (set_sign_flips(sign * differences(4, 7), SETS) for sign in (1, -1))
    assert plus["p_value"].tolist() == minus["p_value"].tolist()
    assert (plus["direction"].iloc[:2] != minus["direction"].iloc[:2]).all()
    assert (minus["direction"].iloc[2:] == "mixed").all()


def test_the_order_of_persons_features_and_sets_does_not_matter_to_flips():
    d = differences(5, 7)
    shuffled = d.sample(frac=1, random_state=1).sample(frac=1, axis=1, random_state=2)
    backwards = {name: list(reversed(SETS[name])) for name in reversed(SETS)}
    first, second = p_of(set_sign_flips(d, SETS)), p_of(set_sign_flips(shuffled, backwards))
    assert second[first.index].tolist() == pytest.approx(first.tolist())


def test_a_person_without_values_in_a_set_does_not_enter_its_p_value():
    d = differences(6, 7)
    d.iloc[2] = np.nan
    with_, without = set_sign_flips(d, SETS), set_sign_flips(d.drop(index=2), SETS)
    assert with_["p_value"].tolist() == pytest.approx(without["p_value"].tolist())


def test_features_that_cancel_in_every_person_have_a_p_value_of_one():
    d = differences(7, 7)
    d["g1"] = -d["g0"]
    table = set_sign_flips(d, {"cancelling": ["g0", "g1"]})
    assert table["p_value"].iloc[0] == 1


def test_features_without_differences_are_not_tested():
    d = differences(8, 7).assign(g0=0.0, g1=np.nan)
    table = set_sign_flips(d, {**SETS, "nothing": ["g0", "g1"]})
    assert table["n_features"].tolist() == [10, 22, 0] * 2
    assert table["flag"].iloc[2] == f"{TOO_FEW}; 2 measured but not testable"
    assert table["flag"].iloc[0] == "2 measured but not testable"
    assert np.isnan(table["p_max"].iloc[2])


def test_a_feature_in_which_one_person_alone_has_a_difference_is_not_tested():
    d = differences(8, 7)
    d.loc[1:, "g0"] = np.nan
    assert set_sign_flips(d, SETS)["n_features"].tolist() == [11, 22] * 2


def test_a_set_that_is_not_tested_does_not_enter_the_largest_statistic():
    d = differences(9, 7)
    alone = set_sign_flips(d, {"set": SETS["second"]})
    beside = set_sign_flips(d, {"set": SETS["second"], "one": ["g0"]})
    assert beside["p_max"].iloc[[0, 2]].tolist() == alone["p_max"].tolist()


def test_correlated_features_without_a_response_are_found_at_the_level():
    rng = np.random.default_rng(10)
    names = [f"g{i}" for i in range(500)]
    sets = {str(k): names[5 * k : 5 * k + 5] for k in range(100)}
    p = []
    for _ in range(20):
        d = rng.normal(size=(6, 100))[:, np.repeat(np.arange(100), 5)] + rng.normal(size=(6, 500))
        p.append(set_sign_flips(pd.DataFrame(d, columns=names), sets)["p_value"])
    # 32 assignments: p is at most 2/32 with just that probability
    assert (np.concatenate(p) < 2.5 / 32).mean() == pytest.approx(2 / 32, abs=0.015)


def test_more_than_twenty_persons_need_drawn_assignments():
    d = differences(11, 21)
    with pytest.raises(ValueError, match="rng above 20"):
        set_sign_flips(d, SETS)
    first, second = (set_sign_flips(d, SETS, np.random.default_rng(3)) for _ in range(2))
    pd.testing.assert_frame_equal(first, second)
    assert (first["p_value"] >= 1 / 10_000).all()
    assert (first["p_value"] * 10_000 % 1).to_numpy() == pytest.approx(0, abs=1e-6)


def test_drawn_assignments_never_give_a_p_value_of_zero():
    d = differences(12, 25).abs() + 3
    table = set_sign_flips(d, SETS, np.random.default_rng(4))
    assert table["p_value"].iloc[0] == 1 / 10_000


def test_one_person_cannot_be_flipped():
    with pytest.raises(ValueError, match="at least 2"):
        set_sign_flips(differences(13, 1), SETS)


def test_an_infinite_difference_is_refused():
    d = differences(13, 5)
    d.iloc[0, 0] = np.inf
    with pytest.raises(ValueError, match="infinite"):
        set_sign_flips(d, SETS)


# over-representation

BACKGROUND = [f"g{i}" for i in range(40)]


some_features = st.sets(st.sampled_from(BACKGROUND), min_size=2)


@given(hits=some_features | st.just(set()), members=some_features)
def test_over_representation_is_fishers_exact_test_on_one_side(hits, members):
    k = len(hits & members)
    table = [
        [k, len(members) - k],
        [len(hits) - k, len(BACKGROUND) - len(members) - len(hits) + k],
    ]
    expected = stats.fisher_exact(table, alternative="greater")
    row = over_representation(hits, BACKGROUND, {"set": members}).iloc[0]
    assert row["p_value"] == pytest.approx(expected.pvalue, rel=1e-9)
    assert row["n_hits"] == k
    off = table[0][1] * table[1][0]
    if off:
        assert row["statistic"] == pytest.approx(table[0][0] * table[1][1] / off)
    else:
        assert not np.isfinite(row["statistic"])


def test_only_measured_features_count():
    hits, members = BACKGROUND[:6], BACKGROUND[3:12]
    plain = over_representation(hits, BACKGROUND, {"set": members}).iloc[0]
    abroad = [f"unmeasured {i}" for i in range(500)]
    named_more = over_representation(hits, BACKGROUND, {"set": members + abroad}).iloc[0]
    assert named_more["n_named"] == 509
    assert named_more["n_features"] == 9
    assert named_more["n_background"] == 40
    assert named_more["p_value"] == plain["p_value"]


def test_a_larger_background_makes_the_same_overlap_look_rarer():
    hits, sets = BACKGROUND[:6], {"set": BACKGROUND[3:12]}
    small = over_representation(hits, BACKGROUND, sets)["p_value"].iloc[0]
    genome = [*BACKGROUND, *(f"unmeasured {i}" for i in range(20_000))]
    assert over_representation(hits, genome, sets)["p_value"].iloc[0] < small / 100


def test_hits_outside_the_background_are_named():
    with pytest.raises(Misuse, match=r"g400, other.*'g400': did you mean 'g\d+'"):
        over_representation(["g1", "g400", "other"], BACKGROUND, SETS)


def test_an_empty_background_is_refused():
    with pytest.raises(Misuse, match="background is empty"):
        over_representation([], [], SETS)


def test_names_given_twice_count_once():
    sets = {"set": BACKGROUND[3:12]}
    once = over_representation(BACKGROUND[:6], BACKGROUND, sets)
    twice = over_representation(BACKGROUND[:6] * 2, BACKGROUND * 2, {"set": sets["set"] * 2})
    pd.testing.assert_frame_equal(once, twice)


# sets by name


def test_a_table_of_sets_is_as_good_as_a_mapping():
    pairs = [(name, feature) for name, members in SETS.items() for feature in members]
    table = pd.DataFrame(pairs * 2, columns=["set", "feature"])
    values, design = study(30)
    pd.testing.assert_frame_equal(
        camera(values, design, CONTRAST, table), camera(values, design, CONTRAST, SETS)
    )


BAD_SETS = [
    ({}, "no sets"),
    (pd.DataFrame({"set": [], "feature": []}), "no sets"),
    ({"set": "IL6"}, "one string"),
    ({"set": ["g1", None]}, "'set' has a feature None"),
    (pd.DataFrame({"set": ["x"], "features": ["g1"]}), "no column 'feature'; did you mean"),
]


@pytest.mark.parametrize(("sets", "message"), BAD_SETS)
def test_sets_that_cannot_be_read_are_refused_by_name(sets, message):
    with pytest.raises(Misuse, match=message):
        named_sets(sets, BACKGROUND)


def test_every_test_returns_the_same_columns():
    values, design = study(31)
    tables = [test(values, design, SETS) for test in ALL_TESTS.values()]
    tables.append(set_sign_flips(differences(1, 6), SETS))
    tables.append(over_representation(BACKGROUND[:5], BACKGROUND, SETS))
    GENE_SETS.validate(pd.concat(tables, ignore_index=True))
