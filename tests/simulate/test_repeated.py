import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from exercisebook.errors import Misuse
from exercisebook.simulate.repeated import PERSONS, PHASES, SCENARIOS, repeated_measures

FEATURES, SEED = 20_000, 20251121

seeds = st.integers(0, 2**32 - 1)
names = st.sampled_from(sorted(SCENARIOS))

CHANGES = {
    # variances of b - a, c - a and c - b, in residual variances
    "independent": (2.0, 2.0, 2.0),
    "heavy tails": (2.0, 2.0, 2.0),
    "autocorrelated": (1.0, 1.5, 1.0),
    "uneven response": (3.0, 2.0, 3.0),
}


def draw(scenario, features=FEATURES, seed=SEED):
    return repeated_measures(np.random.default_rng(seed), scenario, features)


@pytest.fixture(scope="module")
def many():
    return {scenario: draw(scenario) for scenario in SCENARIOS}


def standardised(study):
    """Return values less true effects, in residual SDs: persons by phases by features."""
    free = study.values - study.effects[study.phases]
    return (free / np.sqrt(study.variance)).reshape(PERSONS, len(PHASES), -1)


def assert_mean(sample, expected):
    """Hold that independent numbers have this mean, within four standard errors."""
    error = sample.std(ddof=1) / np.sqrt(len(sample))
    assert abs(sample.mean() - expected) < 4 * error


@given(seeds, names, st.integers(1, 60))
def test_a_seed_gives_the_same_study_twice_and_another_seed_another(seed, scenario, features):
    first, again, other = (draw(scenario, features, s) for s in (seed, seed, seed + 1))
    for field in ("values", "effects", "changed", "variance", "person_sd"):
        np.testing.assert_array_equal(getattr(first, field), getattr(again, field))
    assert not (first.values == other.values).any()


def test_a_generator_moves_on_from_study_to_study():
    rng = np.random.default_rng(SEED)
    first, second = (repeated_measures(rng, "independent", 5).values for _ in range(2))
    assert not (first == second).any()


@given(seeds, names, st.integers(1, 200))
def test_a_row_is_a_sample_and_a_tenth_of_features_change_in_two_phases(seed, scenario, features):
    study = draw(scenario, features, seed)
    assert study.values.shape == (39, features)
    assert np.isfinite(study.values).all()
    pairs = list(zip(study.persons, study.phases, strict=True))
    assert pairs == [(person, phase) for person in range(13) for phase in range(3)]
    assert study.changed.sum() == round(0.1 * features)
    assert (study.effects[0] == 0).all()
    np.testing.assert_array_equal(study.effects[1:] != 0, np.tile(study.changed, (2, 1)))


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_means_differ_between_phases_by_the_true_effects(many, scenario):
    study = many[scenario]
    by_phase = study.values.reshape(PERSONS, 3, -1)
    for phase in (1, 2):
        found = (by_phase[:, phase] - by_phase[:, 0]).mean(axis=0)
        truth = study.effects[phase]
        assert np.corrcoef(found[study.changed], truth[study.changed])[0, 1] > 0.85
        assert_mean((found - truth) / np.sqrt(study.variance), 0.0)


def test_effects_are_normal_of_the_stated_sd_and_independent_between_phases(many):
    b, c = many["independent"].effects[1:, many["independent"].changed] / 0.7
    for effects in (b, c):
        assert stats.kstest(effects, "norm").pvalue > 1e-4
    assert_mean(b * c, 0.0)


def test_residual_variances_are_scaled_inverse_chi_squares(many):
    law = stats.chi2(6)
    for study in many.values():
        assert stats.kstest(0.15 * 6 / study.variance, law.cdf).pvalue > 1e-4


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize(("later", "earlier", "which"), [(1, 0, 0), (2, 0, 1), (2, 1, 2)])
def test_changes_within_persons_vary_as_the_scenario_says(many, scenario, later, earlier, which):
    own = standardised(many[scenario])
    change = own[:, later] - own[:, earlier]
    assert_mean(change.var(axis=0, ddof=1), CHANGES[scenario][which])


def test_only_heavy_tails_are_heavy(many):
    def share_beyond_four(scenario):
        own = standardised(many[scenario])
        change = (own[:, 2] - own[:, 0]) / np.sqrt(CHANGES[scenario][1])
        return (np.abs(change) > 4).mean()

    expected = 2 * stats.norm.sf(4)
    for scenario in set(SCENARIOS) - {"heavy tails"}:
        assert share_beyond_four(scenario) < 2.5 * expected
    assert share_beyond_four("heavy tails") > 20 * expected


def test_persons_are_alike_in_some_features_and_differ_as_stated_in_others(many):
    study = many["independent"]
    alike = study.person_sd == 0
    assert_mean(alike.astype(float), 0.15)
    assert stats.kstest(study.person_sd[~alike], stats.uniform(0.5, 1.5).cdf).pvalue > 1e-4
    means = standardised(study).mean(axis=1).var(axis=0, ddof=1)
    assert_mean(means - study.person_sd**2, 1 / 3)
    assert_mean(means[alike], 1 / 3)


def test_an_unknown_scenario_is_told_the_nearest():
    with pytest.raises(Misuse, match="did you mean 'heavy tails'"):
        draw("heavy tail")


@pytest.mark.parametrize("features", [0, -3])
def test_a_study_without_features_is_refused(features):
    with pytest.raises(Misuse, match="at least 1"):
        draw("independent", features)
