from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exercisebook.errors import Misuse
from exercisebook.simulate.arrays import simulate_arrays
from exercisebook.simulate.worlds import BLOCKS, PHASES, world

DRAWS, PEOPLE, SEED = 2000, 13, 20251121
BEFORE, ACUTE, TRAINING = (PHASES.index(p) for p in ("baseline", "acute", "training"))

VOLUME_LEFT = {"clinical": 0.9, "cytokines": 0.9, "blood_count": 0.45 + 0.55 * 0.9}
"""Of plasma, and of blood, whose cells stay."""

seeds = st.integers(0, 2**32 - 1)
subsets = st.lists(st.sampled_from(BLOCKS), unique=True, min_size=1).map(tuple)


def draw(seed, n=3, blocks=BLOCKS, draws=1, of="reference"):
    return simulate_arrays(world(of), n, np.random.default_rng(seed), blocks, draws)


@pytest.fixture(scope="module")
def many():
    """Return the logs of 2,000 studies of the reference world, and its numbers, block by block."""
    arrays = draw(SEED, PEOPLE, draws=DRAWS)
    reference = world("reference")
    return {block: (np.log(arrays[block]), reference.block(block)) for block in BLOCKS}


def people(logs):
    """Return a row a person: studies are independent, and so are the people in them."""
    return logs.reshape(-1, *logs.shape[2:])


def variance_of_log(cv):
    return np.log1p(np.asarray(cv) ** 2)


def is_solid(features):
    return features["unit"].isin(["kg/m²", "beats/min"]).to_numpy()


def assert_within_four_errors(found, expected, error):
    z = (found - expected) / error
    assert np.abs(z).max() < 4, z


def assert_variance(sample, expected):
    """Hold that each column's variance is ``expected``, by the error of a normal variance."""
    found = sample.var(axis=0, ddof=1)
    assert_within_four_errors(found, expected, expected * np.sqrt(2 / (len(sample) - 1)))


# streams


def test_an_array_has_draws_people_phases_and_features():
    arrays = draw(1, n=4, draws=5)
    shapes = {block: array.shape for block, array in arrays.items()}
    assert shapes == {b: (5, 4, 3, len(world("reference").block(b))) for b in BLOCKS}
    assert all((array > 0).all() for array in arrays.values())


@given(seed=seeds, n=st.integers(2, 6), draws=st.integers(2, 5))
def test_the_first_of_many_draws_is_the_single_draw(seed, n, draws):
    one, several = draw(seed, n), draw(seed, n, draws=draws)
    for block in BLOCKS:
        assert one[block][0].tobytes() == several[block][0].tobytes()


@given(seed=seeds, blocks=subsets)
def test_a_block_has_the_same_values_alone_and_among_others(seed, blocks):
    some, all_ = draw(seed, blocks=blocks), draw(seed)
    assert set(some) == set(blocks)
    for block in blocks:
        assert some[block].tobytes() == all_[block].tobytes()


@given(seed=seeds)
def test_the_same_seed_gives_the_same_values(seed):
    one, other = draw(seed), draw(seed)
    assert all(one[block].tobytes() == other[block].tobytes() for block in BLOCKS)


@given(seed=seeds)
def test_another_seed_gives_other_values(seed):
    one, other = draw(seed), draw(seed + 1)
    assert not any((one[block] == other[block]).any() for block in BLOCKS)


def test_the_generator_that_is_handed_in_is_not_advanced():
    rng = np.random.default_rng(SEED)
    first = simulate_arrays(world("reference"), 2, rng)
    second = simulate_arrays(world("reference"), 2, rng)
    assert first["clinical"].tobytes() == second["clinical"].tobytes()
    assert rng.random() == np.random.default_rng(SEED).random()


def test_spawned_generators_draw_other_studies():
    one, other = np.random.default_rng(SEED).spawn(2)
    reference = world("reference")
    first, second = (simulate_arrays(reference, 2, rng)["clinical"] for rng in (one, other))
    assert not (first == second).any()


def test_no_two_people_phases_or_draws_are_the_same():
    values = draw(SEED, n=5, draws=5)["cytokines"]
    assert len(np.unique(values)) == values.size


# the truth


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("phase", ["acute", "training"])
def test_mean_effects_are_the_truth(many, block, phase):
    logs, features = many[block]
    change = people(logs)[:, PHASES.index(phase)] - people(logs)[:, BEFORE]
    volume = VOLUME_LEFT if phase == "acute" else dict.fromkeys(VOLUME_LEFT, 1.0)
    concentrated = -np.log(np.where(is_solid(features), 1.0, volume[block]))
    expected = np.log(2) * features[f"log2_{phase}"].to_numpy() + concentrated
    error = change.std(axis=0, ddof=1) / np.sqrt(len(change))
    assert_within_four_errors(change.mean(axis=0), expected, error)


@pytest.mark.parametrize("block", BLOCKS)
def test_the_centre_is_the_median_before(many, block):
    logs, features = many[block]
    before = people(logs)[:, BEFORE]
    error = before.std(axis=0, ddof=1) / np.sqrt(len(before))
    assert_within_four_errors(before.mean(axis=0), np.log(features["centre"].to_numpy()), error)


@pytest.mark.parametrize("block", BLOCKS)
def test_the_spread_within_a_person_is_that_of_occasion_and_assay(many, block):
    logs, features = many[block]
    change = people(logs)[:, TRAINING] - people(logs)[:, BEFORE]
    occasion = variance_of_log(features["cv_within"]) + variance_of_log(features["cv_assay"])
    assert_variance(change, 2 * occasion)


@pytest.mark.parametrize("block", BLOCKS)
def test_the_spread_between_people_is_that_of_the_table(many, block):
    logs, features = many[block]
    before, after = people(logs)[:, BEFORE], people(logs)[:, TRAINING]
    common = ((before - before.mean(axis=0)) * (after - after.mean(axis=0))).mean(axis=0)
    between = variance_of_log(features["cv_between"])
    occasion = variance_of_log(features["cv_within"]) + variance_of_log(features["cv_assay"])
    # the covariance of two normal values with a common part
    error = np.sqrt(((between + occasion) ** 2 + between**2) / len(before))
    assert_within_four_errors(common, between, error)


@pytest.mark.parametrize("part", ["cv_between", "cv_within", "cv_assay"])
def test_each_spread_alone_is_a_coefficient_of_variation(part):
    still = world("null")
    quiet = {name: 0.0 for name in ("cv_between", "cv_within", "cv_assay") if name != part}
    alone = replace(still, features=still.features.assign(**quiet))
    arrays = simulate_arrays(alone, PEOPLE, np.random.default_rng(SEED), BLOCKS, DRAWS)
    values = people(arrays["blood_count"])[:, BEFORE]
    found = values.std(axis=0, ddof=1) / values.mean(axis=0)
    np.testing.assert_allclose(found, alone.block("blood_count")[part], rtol=0.05)


def test_a_person_is_the_same_in_every_phase_but_for_occasion_and_assay():
    still = world("null")
    alone = replace(still, features=still.features.assign(cv_within=0.0, cv_assay=0.0))
    values = simulate_arrays(alone, 3, np.random.default_rng(SEED))["clinical"]
    np.testing.assert_allclose(values, values[:, :, :1] * np.ones((1, 1, 3, 1)))


def test_plasma_volume_concentrates_solutes_alike_and_cells_by_the_loss_of_blood():
    reference = world("reference")
    quiet = reference.features.assign(
        cv_between=0.0, cv_within=0.0, cv_assay=0.0, log2_acute=0.0, log2_training=0.0
    )
    arrays = simulate_arrays(replace(reference, features=quiet), 5, np.random.default_rng(SEED))
    ratios = {block: a[0, :, ACUTE] / a[0, :, BEFORE] for block, a in arrays.items()}
    solid = is_solid(reference.block("clinical"))
    plasma_left = 1 / ratios["cytokines"][:, :1]
    np.testing.assert_allclose(ratios["clinical"][:, solid], 1)
    for solutes in (ratios["clinical"][:, ~solid], ratios["cytokines"]):
        np.testing.assert_allclose(solutes * plasma_left, 1)
    # of 100 parts of blood 45 are cells and stay
    np.testing.assert_allclose(ratios["blood_count"] * (0.45 + 0.55 * plasma_left), 1)
    assert np.all(plasma_left < 1)
    assert len(np.unique(plasma_left.round(6))) == 5


@pytest.mark.parametrize("block", BLOCKS)
def test_nothing_changes_in_the_null_world(block):
    logs = people(np.log(draw(SEED, PEOPLE, draws=DRAWS, of="null")[block]))
    for phase in (ACUTE, TRAINING):
        change = logs[:, phase] - logs[:, BEFORE]
        error = change.std(axis=0, ddof=1) / np.sqrt(len(change))
        assert_within_four_errors(change.mean(axis=0), 0.0, error)


# misuse


def test_an_unknown_block_gives_the_nearest_one():
    with pytest.raises(Misuse, match=r"no block 'cytokine'; did you mean 'cytokines'\?"):
        draw(1, blocks=("clinical", "cytokine"))


@pytest.mark.parametrize(("n", "draws"), [(1, 1), (0, 1), (2, 0), (-3, 1)])
def test_a_study_of_fewer_than_two_people_or_one_draw_is_refused(n, draws):
    with pytest.raises(Misuse, match="at least 2 subjects and 1 draw are needed"):
        draw(1, n=n, draws=draws)
