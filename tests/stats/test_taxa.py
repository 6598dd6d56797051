"""Effects on taxa: what the mode corrects, and false discoveries where the truth is known."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import optimize, stats

from exercisebook.errors import InvalidInput, Misuse
from exercisebook.stats.composition import clr, depth_pseudo_count, moderated_estimates
from exercisebook.stats.multiplicity import benjamini_hochberg
from exercisebook.stats.schemas import ESTIMATE
from exercisebook.stats.taxa import kernel_mode, taxa_effects

CONTRAST = pd.Series(
    {"contrast": "b-a", "phase": "b", "reference_phase": "a", "arm": "one", "reference_arm": "one"}
)
BACK = pd.Series({**CONTRAST, "phase": "a", "reference_phase": "b"})
TEST = ["se", "statistic", "ci_low", "ci_high", "p_value"]
PERSONS, PHASES, DEPTH = 13, "abc", 20_000


def samples_of(persons: int = PERSONS) -> pd.DataFrame:
    rows = [(f"s{i}", "one", phase) for i in range(persons) for phase in PHASES]
    table = pd.DataFrame(rows, columns=["subject", "arm", "phase"])
    return table.set_axis([f"{s}_{p}" for s, _, p in rows])


def reads(rng: np.random.Generator, taxa: int = 120, rising: float = 0.15) -> tuple:
    """Return counts, samples and each taxon's true log2 ratio of abundance, b against a.

    Abundances are log-normal, with a level a person and noise a sample; 15 % of taxa rise
    fourfold in phase b; reads are multinomial, of depths that vary by half.
    """
    samples = samples_of()
    person, phase = pd.factorize(samples["subject"])[0], samples["phase"].to_numpy()
    truth = np.where(rng.permutation(taxa) < round(rising * taxa), 2.0, 0.0)
    logs = rng.normal(0, 1.5, taxa) + rng.normal(0, 1, (PERSONS, taxa))[person]
    logs = logs + rng.normal(size=logs.shape) * rng.uniform(0.4, 0.8, taxa)
    logs[phase == "b"] += truth * np.log(2)
    abundance = np.exp(logs)
    depth = np.rint(rng.lognormal(np.log(DEPTH), 0.5, len(samples))).astype(int)
    drawn = rng.multinomial(depth, abundance / abundance.sum(axis=1, keepdims=True))
    names = [f"taxon {k}" for k in range(taxa)]
    return pd.DataFrame(drawn, samples.index, names), samples, truth


def uncorrected(counts: pd.DataFrame, samples: pd.DataFrame) -> pd.DataFrame:
    """Return the contrast of centred log2 ratios, with p values, before any mode is taken off."""
    logs = clr(counts, depth_pseudo_count(counts, 0.5)) / np.log(2)
    found = moderated_estimates(logs, list(counts), samples, CONTRAST)
    t = found["estimate"] / found["se"]
    return found.assign(p_value=2 * stats.t.sf(t.abs(), found["df"]))


@pytest.fixture(scope="module")
def study() -> tuple:
    return reads(np.random.default_rng(1))


@pytest.fixture(scope="module")
def effects(study) -> pd.DataFrame:
    return taxa_effects(*study[:2], CONTRAST)


def test_estimates_are_centred_log_ratios_less_one_number(study, effects):
    raw = uncorrected(*study[:2])
    lost = raw["estimate"].to_numpy() - effects["estimate"].to_numpy()
    assert np.ptp(lost) < 1e-12
    assert lost[0] == pytest.approx(kernel_mode(raw["estimate"]).mode)


def test_the_number_is_what_centring_lost(study, effects):
    truth = study[2]
    lost = uncorrected(*study[:2])["estimate"].to_numpy() - effects["estimate"].to_numpy()
    assert -truth.mean() == pytest.approx(-0.3)
    assert lost[0] == pytest.approx(-0.3, abs=0.15)


def test_the_standard_error_holds_that_of_the_mode(study, effects):
    raw = uncorrected(*study[:2])
    mode = kernel_mode(raw["estimate"])
    assert mode.se > 0.01
    np.testing.assert_allclose(effects["se"] ** 2, raw["se"].to_numpy() ** 2 + mode.se**2)


def test_estimates_are_ratios_of_abundance_for_taxa_that_are_not_rare():
    rows = []
    for seed in range(10):
        counts, samples, truth = reads(np.random.default_rng(seed))
        effects = taxa_effects(counts, samples, CONTRAST).assign(truth=truth)
        rows.append(effects[(counts.median() >= 20).to_numpy()])
    found = pd.concat(rows)
    assert set(found["effect_scale"]) == {"log2_ratio"}
    means = found.groupby("truth")["estimate"].mean()
    assert means[0.0] == pytest.approx(0, abs=0.06)
    assert means[2.0] == pytest.approx(2, abs=0.12)
    assert 0.93 < found["truth"].between(found["ci_low"], found["ci_high"]).mean() < 0.97


def test_rows_are_estimates_of_effects_by_one_method(effects):
    assert set(effects["method"]) == {"LinDA-type"}
    assert (effects["n_subjects"] == PERSONS).all()
    assert (effects["n_observations"] == 39).all()
    assert set(ESTIMATE) - set(effects) == {"unit", "q_value"}


def test_false_discoveries_keep_their_rate_with_the_mode_and_do_not_without():
    """Over 400 studies the rate was .039 with and .141 without, and power .97."""
    rng, rates, power = np.random.default_rng(2), [], []
    for _ in range(40):
        counts, samples, truth = reads(rng)
        with_mode = taxa_effects(counts, samples, CONTRAST)["p_value"]
        found = [
            benjamini_hochberg(p) <= 0.05
            for p in (with_mode, uncorrected(counts, samples)["p_value"])
        ]
        rates.append([(f & (truth == 0)).sum() / max(f.sum(), 1) for f in found])
        power.append(found[0][truth > 0].mean())
    (kept, broken), error = np.mean(rates, axis=0), np.std(rates, axis=0) / np.sqrt(40)
    assert kept <= 0.05 + 2 * error[0]
    assert broken > 0.05 + 4 * error[1]
    assert np.mean(power) > 0.9


def test_few_taxa_of_which_none_changed_keep_the_level_only_by_the_error_of_the_mode():
    """Over 1,000 studies of ten taxa any was found in .068 with it and .125 without."""
    rng, any_with, any_without = np.random.default_rng(3), [], []
    for _ in range(60):
        counts, samples, _ = reads(rng, taxa=10, rising=0)
        effects = taxa_effects(counts, samples, CONTRAST)
        raw = uncorrected(counts, samples)
        t = effects["estimate"].to_numpy() / raw["se"]
        without = 2 * stats.t.sf(t.abs(), raw["df"])
        any_with.append(benjamini_hochberg(effects["p_value"]).min() <= 0.05)
        any_without.append(benjamini_hochberg(without).min() <= 0.05)
    assert np.mean(any_with) < np.mean(any_without)
    # 0.07, and three standard errors of 60 studies
    assert np.mean(any_with) < 0.07 + 3 * np.sqrt(0.07 * 0.93 / 60)


def test_swapping_the_phases_turns_every_sign(study, effects):
    again = taxa_effects(*study[:2], BACK)
    np.testing.assert_allclose(again["estimate"], -effects["estimate"], atol=1e-8)
    np.testing.assert_allclose(again["p_value"], effects["p_value"], rtol=1e-6)


def test_sequencing_one_phase_deeper_changes_nothing(study, effects):
    counts, samples, _ = study
    deeper = counts.mul(np.where(samples["phase"] == "b", 7, 1), axis=0)
    growth = deeper.to_numpy().mean() / counts.to_numpy().mean()
    again = taxa_effects(deeper, samples, CONTRAST, pseudo_count=0.5 * growth)
    columns = ["estimate", "df", *TEST]
    np.testing.assert_allclose(again[columns], effects[columns], atol=1e-8)


def test_phases_of_unequal_depth_keep_the_level_and_would_not_with_one_pseudo_count():
    by_depth, constant = [], []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        counts, samples, _ = reads(rng, rising=0)
        others = (samples["phase"] != "b").to_numpy()
        counts[others] = rng.binomial(counts[others], 1 / 8)
        effects = taxa_effects(counts, samples, CONTRAST)
        tested = effects["p_value"].notna().to_numpy()
        by_depth.append((effects["p_value"][tested] <= 0.05).mean())
        logs = clr(counts.loc[:, tested], 0.5) / np.log(2)
        raw = moderated_estimates(logs, list(counts.columns[tested]), samples, CONTRAST)
        mode = kernel_mode(raw["estimate"])
        t = (raw["estimate"] - mode.mode) / np.hypot(raw["se"], mode.se)
        constant.append((2 * stats.t.sf(t.abs(), raw["df"]) <= 0.05).mean())
    # hard limits of the level, for 1,200 tests that share ten modes
    assert 0.025 < np.mean(by_depth) < 0.075
    assert np.mean(constant) > 0.1


def test_taxa_below_the_filter_are_flagged_and_do_not_change_the_others(study, effects):
    counts, samples, _ = study
    rare = counts.assign(rare=0, absent=0)[["rare", *counts, "absent"]]
    rare.iloc[:3, 0] = 5
    found = taxa_effects(rare, samples, CONTRAST).set_index("feature")
    for name in ("rare", "absent"):
        assert found.loc[name, "flag"] == "below the prevalence filter of 10 %"
        assert found.loc[name, ["estimate", *TEST]].isna().all()
    assert list(found.index) == list(rare)
    tested = found.loc[list(counts)].reset_index()
    pd.testing.assert_frame_equal(tested[list(effects)], effects)


def test_the_filter_counts_samples_at_the_share_itself(study):
    counts, samples, _ = study
    rare = counts.assign(at=0, under=0)
    rare.iloc[:13, -2], rare.iloc[:12, -1] = 3, 3
    found = taxa_effects(rare, samples, CONTRAST, prevalence=13 / 39).set_index("feature")
    assert np.isfinite(found.loc["at", "p_value"])
    assert found.loc["under", "flag"].startswith("below the prevalence filter of 33.3333 %")


def test_a_taxon_never_seen_is_not_tested_even_without_a_filter(study):
    counts, samples, _ = study
    found = taxa_effects(counts.assign(absent=0), samples, CONTRAST, prevalence=0)
    assert np.isnan(found["p_value"].iloc[-1])
    assert found["p_value"].iloc[:-1].notna().all()


def test_few_taxa_are_flagged(study):
    counts, samples, _ = study
    found = taxa_effects(counts.iloc[:, :19], samples, CONTRAST)
    assert found["flag"].str.startswith("fewer than 20 taxa").all()
    assert not taxa_effects(counts.iloc[:, :20], samples, CONTRAST)["flag"].any()


def test_too_few_taxa_are_refused(study):
    counts, samples, _ = study
    with pytest.raises(Misuse, match=r"4 of 6 taxa are seen in 10 % of samples; at least 5"):
        taxa_effects(counts.iloc[:, :4].assign(x=0, y=0), samples, CONTRAST)


def test_a_sample_of_nothing_but_rare_taxa_is_named(study):
    counts, samples, _ = study
    odd = counts.assign(rare=0)
    odd.loc["s3_b"] = 0
    odd.loc["s3_b", "rare"] = 40
    with pytest.raises(Misuse, match="passes the filter in s3_b; leave"):
        taxa_effects(odd, samples, CONTRAST)


@pytest.mark.parametrize("wrong", [{"prevalence": 1.5}, {"prevalence": -0.1}, {"pseudo_count": 0}])
def test_a_parameter_out_of_range_is_refused(study, wrong):
    with pytest.raises(Misuse, match=next(iter(wrong))):
        taxa_effects(*study[:2], CONTRAST, **wrong)


def test_shares_in_place_of_counts_are_refused(study):
    counts, samples, _ = study
    shares = counts.div(counts.sum(axis=1), axis=0)
    with pytest.raises(InvalidInput, match="not shares"):
        taxa_effects(shares, samples, CONTRAST)


def test_the_mode_lies_where_the_density_is_highest():
    rng = np.random.default_rng(4)
    x = np.concatenate([rng.normal(1, 0.3, 85), rng.normal(3, 0.5, 25)])
    iqr = np.subtract(*np.quantile(x, [0.75, 0.25]))
    h = 0.8 ** (1 / 7) * min(x.std(ddof=1), iqr / 1.349) * 110 ** (-1 / 7)
    grid = np.linspace(x.min(), x.max(), 2001)
    density = stats.norm.pdf(grid[:, None], x, h).mean(axis=1)
    top = grid[density.argmax()]
    exact = optimize.minimize_scalar(
        lambda at: -stats.norm.pdf(at, x, h).mean(), bounds=(top - h, top + h), method="bounded"
    )
    assert kernel_mode(x).mode == pytest.approx(exact.x, abs=1e-4)
    assert abs(kernel_mode(x).mode - 1) < abs(np.median(x) - 1)


def test_the_standard_error_of_the_mode_is_about_the_spread_of_modes():
    found = [kernel_mode(x) for x in np.random.default_rng(5).normal(0, 2, (400, 150))]
    spread = np.std([each.mode for each in found])
    typical = np.median([each.se for each in found])
    assert 0.85 * spread < typical < 1.4 * spread


@pytest.mark.parametrize(("shift", "factor"), [(3.0, 1.0), (0.0, 40.0), (-100.0, 0.01)])
@pytest.mark.parametrize("seed", range(5))
def test_the_mode_moves_and_stretches_with_the_values(seed, shift, factor):
    x = np.random.default_rng(seed).normal(0, 2, 60)
    plain, moved = kernel_mode(x), kernel_mode(shift + factor * x)
    assert moved.mode == pytest.approx(shift + factor * plain.mode, rel=1e-8)
    assert moved.se == pytest.approx(factor * plain.se, rel=1e-6)


@given(arrays(float, 20, elements=st.floats(-5, 5)))
def test_the_mode_lies_among_the_values_and_its_error_is_not_negative(x):
    found = kernel_mode(x)
    assert x.min() - 1e-9 <= found.mode <= x.max() + 1e-9
    assert found.se >= 0


def test_values_that_are_mostly_alike_have_them_as_their_mode():
    found = kernel_mode([2.0] * 8 + [5.0, 9.0])
    assert (found.mode, found.se) == (2.0, 0.0)
