import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exercisebook.errors import Misuse
from exercisebook.simulate.panels import laws
from exercisebook.simulate.taxa import taxa_counts, taxa_features, taxa_truth

TAXA, VISITS, SEED = 120, 3, 20251121
TRAINED = np.array([0.0, 0.0, 1.0])

seeds = st.integers(0, 2**32 - 1)


def given_to(draws, n, seed=SEED, **changed):
    """Return arguments of a study: people differ, season and training move the last visit."""
    latents = np.random.default_rng(seed)
    shape = (draws, n, VISITS)
    arguments = {
        "between": latents.standard_normal((draws, n, 1, TAXA)),
        "within": latents.standard_normal((draws, n, VISITS, TAXA)),
        "diet": latents.standard_normal(shape),
        "transit": latents.standard_normal(shape),
        "season": TRAINED,
        "trained": np.broadcast_to(TRAINED, shape),
        "rng_depth": np.random.default_rng(seed),
        "rng_counts": np.random.default_rng(seed + 1),
    }
    return arguments | changed


def still(draws, n, **changed):
    """Return arguments of a study of average people, with nothing to tell one from another."""
    zeros = np.zeros((draws, n, VISITS))
    none = {
        "between": np.zeros((draws, n, 1, TAXA)),
        "within": np.zeros((draws, n, VISITS, TAXA)),
        "diet": zeros,
        "transit": zeros,
        "season": np.zeros(VISITS),
        "trained": zeros,
    }
    return given_to(draws, n, **(none | changed))


class EqualDepths:
    """Draws every depth at its median."""

    standard_normal = staticmethod(np.zeros)


@pytest.fixture(scope="module")
def many():
    return taxa_counts(**given_to(1, 1000))


@pytest.fixture(scope="module")
def features():
    return taxa_features()


def shares(counts):
    return counts / counts.sum(axis=-1, keepdims=True)


def pooled_log_share(counts):
    """Return the log of each taxon's share of all reads at each visit."""
    return np.log(shares(counts.sum(axis=(0, 1))))


# the taxa


def test_there_are_120_taxa_the_most_abundant_first_some_with_names(features):
    assert len(features) == TAXA
    assert features["feature"].is_unique
    assert features["log_abundance"].is_monotonic_decreasing
    assert features["feature"].iloc[0] == "bacteroides"
    anonymous = features["feature"].str.fullmatch(r"taxon_\d{3}")
    assert 10 < (~anonymous).sum() < 30


def test_the_average_shares_sum_to_one(features):
    assert np.exp(features["log_abundance"]).sum() == pytest.approx(1)


def test_every_taxon_has_its_numbers_a_source_and_says_that_they_are_assumed(features):
    assert features.drop(columns="canonical_id").notna().all(axis=None)
    assert features["source"].str.contains("no published result").all()
    assert features["confidence"].eq("assumed").all()


def test_about_a_seventh_of_taxa_change_with_training_and_none_in_minutes(features):
    changed = features["log2_training"] != 0
    assert 0.12 < changed.mean() < 0.18
    effects = features["log2_training"][changed]
    assert effects.min() < 0 < effects.max()
    assert (features["log2_acute"] == 0).all()


@pytest.mark.parametrize("quantity", ["sd_between", "sd_within"])
def test_spreads_follow_their_laws(features, quantity):
    law, logs = laws("taxa"), np.log(features[quantity])
    sd = law[f"{quantity}_log_sd"]
    assert abs(logs.mean() - np.log(law[f"{quantity}_median"])) < 4 * sd / np.sqrt(TAXA)
    assert abs(logs.std() / sd - 1) < 4 / np.sqrt(2 * TAXA)


@pytest.mark.parametrize("cause", ["diet", "transit", "season"])
def test_loadings_follow_their_laws(features, cause):
    sd = laws("taxa")[f"on_{cause}_sd"]
    assert abs(features[f"on_{cause}"].mean()) < 4 * sd / np.sqrt(TAXA)
    assert abs(features[f"on_{cause}"].std() / sd - 1) < 4 / np.sqrt(2 * TAXA)


# the counts


def test_counts_are_whole_and_a_row_a_person_a_visit(many):
    assert many.shape == (1, 1000, VISITS, TAXA)
    assert many.dtype == np.int64
    assert many.min() == 0


def test_every_row_sums_to_its_depth_and_depths_follow_their_law(many):
    other_people = taxa_counts(**still(1, 1000))
    depth = many.sum(axis=-1)
    np.testing.assert_array_equal(depth, other_people.sum(axis=-1))
    law, k = laws("taxa"), depth.size
    error = law["depth_mean"] * law["depth_cv"] / np.sqrt(k)
    assert abs(depth.mean() - law["depth_mean"]) < 4 * error
    log_sd = np.sqrt(np.log1p(law["depth_cv"] ** 2))
    assert abs(np.log(depth).std() / log_sd - 1) < 4 / np.sqrt(2 * k)


def test_average_people_have_the_average_shares_within_multinomial_error(features):
    counts = taxa_counts(**still(1, 1000))
    expected = np.exp(features["log_abundance"].to_numpy())
    reads = counts.sum()
    error = np.sqrt(expected * (1 - expected) / reads)
    z = (counts.sum(axis=(0, 1, 2)) / reads - expected) / error
    assert np.abs(z).max() < 4.5
    assert 0.7 < z.var() < 1.4


@pytest.mark.parametrize("source", ["between", "within"])
def test_people_and_visits_spread_as_the_numbers_say(features, source):
    shape = (1, 2000, 1 if source == "between" else VISITS, TAXA)
    deviates = np.random.default_rng(SEED).standard_normal(shape)
    counts = taxa_counts(**still(1, 2000, **{source: deviates}))[0, :, 0]
    # the log ratio of two common taxa: read noise is small, and the denominator cancels
    ratio = np.log(counts[:, 0] + 0.5) - np.log(counts[:, 1] + 0.5)
    expected = np.sqrt((features[f"sd_{source}"].iloc[:2] ** 2).sum())
    assert abs(ratio.std() / expected - 1) < 0.08


@pytest.mark.parametrize(
    ("cause", "column", "scale"),
    [
        ("diet", "on_diet", 1),
        ("transit", "on_transit", 1),
        ("season", "on_season", 1),
        ("trained", "log2_training", np.log(2)),
    ],
)
def test_what_moves_the_last_visit_moves_log_ratios_by_its_loadings(features, cause, column, scale):
    moved = TRAINED if cause == "season" else np.broadcast_to(TRAINED, (1, 1000, VISITS))
    logs = pooled_log_share(taxa_counts(**still(1, 1000, **{cause: moved})))
    common = slice(0, 40)
    change = (logs[2] - logs[0])[common]
    expected = scale * features[column].to_numpy()[common]
    np.testing.assert_allclose(
        change - change.mean(), expected - expected.mean(), rtol=0, atol=0.03
    )
    assert np.abs(expected).max() > 0.1


def test_rare_taxa_are_often_absent_and_common_ones_seldom(many):
    absent = (many == 0).mean(axis=(0, 1, 2))
    assert 0.3 < absent[TAXA // 2 :].mean() < 0.6
    assert absent[: TAXA // 2].mean() < 0.1


def test_two_people_differ_more_than_two_visits_of_one(many):
    share = shares(many[0])
    half = len(share) // 2
    within = np.abs(share[:, 0] - share[:, 1]).sum(axis=-1) / 2
    between = np.abs(share[:half, 0] - share[half:, 1]).sum(axis=-1) / 2
    assert within.mean() + 0.1 < between.mean() < 0.9
    assert within.mean() > 0.1


# streams


def first_draws(draws, of, seed):
    """Return counts of the first studies, whose latents are those of a longer series."""
    series = given_to(of, 4, seed)
    cut = ("diet", "transit", "trained", "between", "within")
    return taxa_counts(**(series | {name: series[name][:draws] for name in cut}))


@settings(max_examples=20, deadline=None)
@given(seeds, st.integers(2, 6))
def test_the_first_draw_is_the_same_however_many_there_are(seed, draws):
    one, several = (first_draws(d, draws, seed) for d in (1, draws))
    np.testing.assert_array_equal(one[0], several[0])
    assert not np.array_equal(several[0], several[1])


def test_a_seed_gives_the_same_counts_twice_and_another_seed_others():
    first, again = (taxa_counts(**given_to(1, 5)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    elsewhere = taxa_counts(**given_to(1, 5, rng_counts=np.random.default_rng(SEED + 2)))
    np.testing.assert_array_equal(first.sum(axis=-1), elsewhere.sum(axis=-1))
    assert (first != elsewhere).any(axis=-1).all()


def test_samples_that_a_world_leaves_alone_have_the_same_counts_in_it():
    trained = taxa_counts(**given_to(2, 6))
    twin = taxa_counts(**given_to(2, 6, trained=np.zeros((2, 6, VISITS))))
    np.testing.assert_array_equal(trained[:, :, :2], twin[:, :, :2])
    np.testing.assert_array_equal(trained.sum(axis=-1), twin.sum(axis=-1))
    assert (trained[:, :, 2] != twin[:, :, 2]).any(axis=-1).all()


def test_two_samples_of_like_people_have_reads_of_their_own():
    counts = taxa_counts(**still(2, 3, rng_depth=EqualDepths())).reshape(-1, TAXA)
    assert len(np.unique(counts.sum(axis=1))) == 1
    assert len(np.unique(counts, axis=0)) == len(counts) == 2 * 3 * VISITS


def test_the_generator_of_counts_is_not_advanced():
    rng = np.random.default_rng(SEED)
    taxa_counts(**given_to(1, 2, rng_counts=rng))
    assert rng.random() == np.random.default_rng(SEED).random()


def test_a_thousand_people_take_seconds():
    start = time.perf_counter()
    taxa_counts(**given_to(1, 1000))
    assert time.perf_counter() - start < 5


# the truth


def test_the_truth_is_the_sign_that_an_ideal_study_finds(features):
    trained = np.broadcast_to(TRAINED, (1, 1000, VISITS))
    logs = pooled_log_share(taxa_counts(**still(1, 1000, trained=trained))) / np.log(2)
    change = logs[2] - logs[1]
    truth = taxa_truth(1.0)
    common = np.arange(TAXA) < 80
    strong = common & (truth["log2_effect"].abs() > 0.2).to_numpy()
    # against a common taxon that training leaves alone, a ratio shows the absolute effect
    reference = np.flatnonzero(features["log2_training"] == 0)[0]
    found = (change - change[reference])[strong]
    assert strong.sum() >= 5
    assert (np.sign(found) == np.sign(truth["log2_effect"][strong])).all()
    np.testing.assert_allclose(found, truth["log2_effect"][strong], atol=0.15)


@given(st.floats(-3, 3))
def test_clr_effects_sum_to_zero_and_scale_with_the_training_effect(trained_effect):
    truth, unit = taxa_truth(trained_effect), taxa_truth(1.0)
    assert truth["clr_effect"].sum() == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(truth["log2_effect"], trained_effect * unit["log2_effect"])
    shift = truth["log2_effect"] - truth["clr_effect"]
    assert np.ptp(shift) == pytest.approx(0, abs=1e-12)


def test_without_training_nothing_is_true_and_with_it_a_still_taxon_shifts():
    assert (taxa_truth(0.0)[["log2_effect", "clr_effect"]] == 0).all(axis=None)
    truth = taxa_truth(1.0)
    assert (truth.loc[truth["log2_effect"] == 0, "clr_effect"] != 0).all()
    assert list(truth["feature"]) == list(taxa_features()["feature"])


# bad input


@pytest.mark.parametrize("name", ["diet", "transit", "trained", "season", "between", "within"])
def test_a_wrong_shape_is_refused_by_name(name):
    arguments = given_to(1, 4)
    with pytest.raises(Misuse, match=rf"{name} is of shape .*; expected \("):
        taxa_counts(**(arguments | {name: arguments[name][..., :-1]}))


@pytest.mark.parametrize("name", ["diet", "season", "within"])
def test_a_number_that_is_not_finite_is_refused_by_name(name):
    arguments = given_to(1, 4)
    spoilt = arguments[name].copy()
    spoilt.flat[1] = np.nan
    with pytest.raises(Misuse, match=f"{name} has a value that is not finite"):
        taxa_counts(**(arguments | {name: spoilt}))


@pytest.mark.parametrize("effect", [np.nan, np.inf])
def test_a_training_effect_that_is_not_finite_is_refused(effect):
    with pytest.raises(Misuse, match="expected a finite number"):
        taxa_truth(effect)
