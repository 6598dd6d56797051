from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exercisebook.errors import Misuse
from exercisebook.simulate.arrays import (
    bout_response,
    cell_numbers,
    draw_studies,
    log_content,
    programmes,
    simulate_arrays,
    single_cells,
)
from exercisebook.simulate.latents import draw_visits
from exercisebook.simulate.panels import missing_probability
from exercisebook.simulate.single_cells import cell_types, genes
from exercisebook.simulate.taxa import taxa_features
from exercisebook.simulate.worlds import (
    BLOCKS,
    MEASURED,
    PHASES,
    WORLDS,
    assumptions,
    loadings,
    world,
)

DRAWS, PEOPLE, SEED = 1000, 13, 20251121
BEFORE, ACUTE, TRAINING = (PHASES.index(p) for p in ("baseline", "acute", "training"))
CELLS = 2

seeds = st.integers(0, 2**32 - 1)
subsets = st.lists(st.sampled_from(BLOCKS), unique=True, min_size=1).map(tuple)


def draw(seed, n=3, blocks=MEASURED, draws=1, of="reference"):
    return simulate_arrays(world(of), n, np.random.default_rng(seed), blocks, draws, CELLS)


def few(of, anonymous=20):
    """Return a world with the named features and some of the anonymous ones, none missing."""
    number = of.features["feature"].str.extract(r"_(\d{3})$")[0].astype(float)
    kept = of.features[~(number > anonymous)].reset_index(drop=True)
    return replace(of, features=kept.assign(missing_slope=np.nan))


def unshaken(monkeypatch):
    """Take away plates, drifts, infections, breakfasts and clocks."""
    a = assumptions()
    for name in a:
        if name.startswith(("plate_sd", "drift_sd")) or name in (
            "infection_share", "not_fasted_share", "clock_sd",
        ):  # fmt: skip
            monkeypatch.setitem(a, name, 0.0)


@pytest.fixture(scope="module")
def many():
    """Return the logs of 1,000 studies of the reference world, and its numbers, block by block."""
    reference = few(world("reference"))
    arrays = simulate_arrays(reference, PEOPLE, np.random.default_rng(SEED), MEASURED, DRAWS)
    return {block: (np.log(arrays[block]), reference.block(block)) for block in MEASURED}


def people(logs):
    """Return a row a person."""
    return logs.reshape(-1, *logs.shape[2:])


def variance_of_log(cv):
    return np.log1p(np.asarray(cv, float) ** 2)


def is_solid(features):
    return features["unit"].isin(["kg/m²", "beats/min"]).to_numpy()


def assert_within_errors(found, expected, error):
    z = (found - expected) / error
    assert np.abs(z).max() < 4.5, z


# streams


def test_an_array_has_draws_people_phases_and_features():
    arrays = draw(1, n=4, draws=5, blocks=BLOCKS)
    shapes = {block: array.shape for block, array in arrays.items()}
    sizes = {b: len(world("reference").block(b)) for b in MEASURED} | {"taxa": len(taxa_features())}
    assert shapes == {b: (5, 4, 3, k) for b, k in sizes.items()} | {
        "cells": (5, 4, 3, CELLS, len(genes())),
        "cell_types": (5, 4, 3, CELLS),
    }
    assert all((arrays[block] > 0).all() for block in ("clinical", "blood_count", "cytokines"))
    assert (arrays["cells"].sum(axis=-1) > 0).all()
    assert set(np.unique(arrays["cell_types"])) <= set(range(len(cell_types())))


@settings(max_examples=8)
@given(seed=seeds, n=st.integers(2, 4), draws=st.integers(2, 3), of=st.sampled_from(sorted(WORLDS)))
def test_the_first_of_many_draws_is_the_single_draw(seed, n, draws, of):
    one, several = (draw(seed, n, BLOCKS, d, of) for d in (1, draws))
    assert set(one) == {*BLOCKS, "cell_types"}
    for block, values in one.items():
        assert values[0].tobytes() == several[block][0].tobytes(), block


@settings(max_examples=10)
@given(seed=seeds, blocks=subsets, of=st.sampled_from(sorted(WORLDS)))
def test_a_block_has_the_same_values_alone_and_among_others(seed, blocks, of):
    some, all_ = draw(seed, blocks=blocks, of=of), draw(seed, blocks=BLOCKS, of=of)
    assert set(some) == {*blocks, *(["cell_types"] if "cells" in blocks else [])}
    for block in some:
        assert some[block].tobytes() == all_[block].tobytes(), block


@settings(max_examples=10)
@given(seed=seeds)
def test_the_same_seed_gives_the_same_values(seed):
    one, other = draw(seed, blocks=BLOCKS), draw(seed, blocks=BLOCKS)
    assert all(one[block].tobytes() == other[block].tobytes() for block in BLOCKS)


@settings(max_examples=10)
@given(seed=seeds)
def test_another_seed_gives_other_values(seed):
    one, other = draw(seed), draw(seed + 1)
    assert not any((one[block] == other[block]).any() for block in MEASURED)


def test_the_generator_that_is_handed_in_is_not_advanced():
    rng = np.random.default_rng(SEED)
    first = simulate_arrays(world("reference"), 2, rng, BLOCKS, 1, CELLS)
    second = simulate_arrays(world("reference"), 2, rng, BLOCKS, 1, CELLS)
    assert all(first[block].tobytes() == second[block].tobytes() for block in first)
    assert rng.random() == np.random.default_rng(SEED).random()


def test_spawned_generators_draw_other_studies():
    one, other = np.random.default_rng(SEED).spawn(2)
    reference = world("reference")
    first, second = (simulate_arrays(reference, 2, rng)["clinical"] for rng in (one, other))
    assert not (first == second).any()


def test_no_two_people_phases_or_draws_are_the_same():
    values = draw(SEED, n=5, draws=5)["cytokines"]
    assert len(np.unique(values)) == values.size


def metabolite(arrays, of, name):
    return arrays["metabolites"][..., list(world(of).block("metabolites")["feature"]).index(name)]


@pytest.mark.parametrize("name", ["season", "reference", "direct", "mediated", "carry-over"])
def test_worlds_share_their_random_numbers(name):
    one, other = (draw(SEED, 30, of=of) for of in ("null", name))
    betaine = [metabolite(a, "null", "betaine") for a in (one, other)]
    assert (betaine[0][:, :, BEFORE] == betaine[1][:, :, BEFORE]).all()
    for block in ("blood_count", "proteins"):
        before = [a[block][:, :, BEFORE] for a in (one, other)]
        loaded = loadings().query("block == @block and latent == 'inflammation'")["feature"]
        own = ~world("null").block(block)["feature"].isin(list(loaded)).to_numpy()
        assert own.sum() > 3
        np.testing.assert_array_equal(before[0][..., own], before[1][..., own])


def test_people_of_a_world_and_of_its_twin_are_the_same_before():
    for name in WORLDS:
        one, twin = (draw(SEED, 5, ("clinical", "cytokines"), of=o) for o in (name, f"{name}-twin"))
        for block, values in one.items():
            np.testing.assert_array_equal(values[:, :, BEFORE], twin[block][:, :, BEFORE])


# the truth


@pytest.mark.parametrize("block", MEASURED)
def test_the_centre_is_the_median_before(many, block, monkeypatch):
    reference = few(world("reference"))
    with monkeypatch.context() as context:
        unshaken(context)
        arrays = simulate_arrays(reference, 8000, np.random.default_rng(SEED), (block,))
    before = np.log(arrays[block][0, :, BEFORE])
    error = before.std(axis=0, ddof=1) / np.sqrt(len(before))
    centre = reference.block(block)["centre"].to_numpy()
    assert_within_errors(before.mean(axis=0), np.log(centre), error)


@pytest.mark.parametrize("block", MEASURED)
def test_the_spread_within_a_person_is_that_of_occasion_and_assay(block, monkeypatch):
    with monkeypatch.context() as context:
        unshaken(context)
        still = few(world("null"))
        arrays = simulate_arrays(still, 8000, np.random.default_rng(SEED), (block,))
    features, logs = still.block(block), np.log(arrays[block][0])
    change = logs[:, TRAINING] - logs[:, BEFORE]
    occasion = variance_of_log(features["cv_within"]) + variance_of_log(features["cv_assay"])
    found, expected = change.var(axis=0, ddof=1), 2 * occasion
    assert_within_errors(found, expected, expected * np.sqrt(2 / (len(change) - 1)))


@pytest.mark.parametrize("block", MEASURED)
def test_the_spread_between_people_is_that_of_the_table(many, block):
    logs, features = many[block]
    # the first person of each study, since a plate is shared by several
    before, after = logs[:, 0, BEFORE], logs[:, 0, TRAINING]
    product = (before - before.mean(axis=0)) * (after - after.mean(axis=0))
    plate = assumptions().get(f"plate_sd_{block}", 0.0) ** 2
    between = variance_of_log(features["cv_between"]) + plate
    error = product.std(axis=0, ddof=1) / np.sqrt(len(product))
    assert_within_errors(product.mean(axis=0), between, error)


@pytest.mark.parametrize("part", ["cv_between", "cv_within", "cv_assay"])
def test_each_spread_alone_is_a_coefficient_of_variation(part, monkeypatch):
    still = world("null")
    quiet = {name: 0.0 for name in ("cv_between", "cv_within", "cv_assay") if name != part}
    alone = replace(still, features=still.features.assign(**quiet))
    with monkeypatch.context() as context:
        unshaken(context)
        arrays = simulate_arrays(alone, PEOPLE, np.random.default_rng(SEED), ("blood_count",), 2000)
    values = people(arrays["blood_count"])[:, BEFORE]
    found = values.std(axis=0, ddof=1) / values.mean(axis=0)
    np.testing.assert_allclose(found, alone.block("blood_count")[part], rtol=0.05)


def test_a_person_is_the_same_in_every_phase_but_for_occasion_and_assay(monkeypatch):
    unshaken(monkeypatch)
    still = world("null")
    alone = replace(still, features=still.features.assign(cv_within=0.0, cv_assay=0.0))
    values = simulate_arrays(alone, 3, np.random.default_rng(SEED))
    for block in ("clinical", "blood_count", "cytokines"):
        np.testing.assert_allclose(values[block], values[block][:, :, :1] * np.ones((1, 1, 3, 1)))


@pytest.mark.parametrize("name", ["reference", "reference-twin", "carry-over"])
def test_plasma_volume_concentrates_solutes_alike_and_cells_by_the_loss_of_blood(name, monkeypatch):
    unshaken(monkeypatch)
    of = world(name)
    quiet = of.features.assign(
        cv_between=0.0, cv_within=0.0, cv_assay=0.0, log2_acute=0.0, log2_late=0.0,
        log2_training=0.0, missing_slope=np.nan,
    )  # fmt: skip
    still = replace(of, features=quiet, arrows=(), moved=())
    arrays = simulate_arrays(still, 5, np.random.default_rng(SEED))
    for phase, change in (
        (ACUTE, of.plasma_volume_acute), (TRAINING, of.plasma_volume_training),
    ):  # fmt: skip
        ratios = {block: a[0, :, phase] / a[0, :, BEFORE] for block, a in arrays.items()}
        solid = is_solid(of.block("clinical"))
        plasma_left = 1 / ratios["cytokines"][:, :1]
        np.testing.assert_allclose(ratios["clinical"][:, solid], 1)
        solutes = (ratios["clinical"][:, ~solid], ratios["cytokines"], ratios["proteins"])
        for block in (*solutes, ratios["metabolites"]):
            np.testing.assert_allclose(block * plasma_left, 1)
        # of 100 parts of blood 45 are cells and stay
        np.testing.assert_allclose(ratios["blood_count"] * (0.45 + 0.55 * plasma_left), 1)
        assert ((plasma_left < 1) if change < 0 else (plasma_left >= 1)).all()
        assert len(np.unique(plasma_left.round(6))) == (5 if change else 1)


def test_the_values_that_go_missing_do_so_by_the_law_of_their_intensity():
    of = world("null")
    whole = replace(of, features=of.features.assign(missing_slope=np.nan))
    arrays, all_there = (
        simulate_arrays(w, 300, np.random.default_rng(SEED), ("proteins",))["proteins"][0]
        for w in (of, whole)
    )
    probability = missing_probability(of.block("proteins"), np.log2(all_there))
    missing = np.isnan(arrays)
    assert missing.any()
    np.testing.assert_array_equal(arrays[~missing], all_there[~missing])
    error = np.sqrt((probability * (1 - probability)).sum())
    assert abs(missing.sum() - probability.sum()) < 4 * error
    assert all_there[missing].mean() < all_there[~missing].mean()


@pytest.mark.parametrize("part", ["cv_between", "cv_within", "cv_assay"])
def test_what_a_feature_has_of_its_own_it_shares_with_no_other_block(part, monkeypatch):
    unshaken(monkeypatch)
    quiet = {name: 0.0 for name in ("cv_between", "cv_within", "cv_assay") if name != part}
    still = few(world("null"), 0)
    alone = replace(still, features=still.features.assign(module_loading=0.0, **quiet))
    held = alone.features.set_index(["block", "feature"]).index.isin(
        loadings().set_index(["block", "feature"]).index
    )
    alone = replace(alone, features=alone.features[~held | alone.features["feature"].eq("crp")])
    arrays = simulate_arrays(alone, 4000, np.random.default_rng(SEED))
    logs = [np.log(arrays[b][0, :, BEFORE]) for b in MEASURED]
    r = np.corrcoef(np.hstack(logs).T) - np.eye(sum(x.shape[1] for x in logs))
    assert len(r) > 30
    assert np.abs(r).max() < 5 / np.sqrt(4000)


# modules and plates


def test_features_of_one_module_go_together_within_a_person():
    of = few(world("null"), anonymous=100)
    arrays = simulate_arrays(of, 4000, np.random.default_rng(SEED), ("proteins",))
    features, logs = of.block("proteins"), np.log(arrays["proteins"][0])
    change = logs[:, TRAINING] - logs[:, ACUTE]
    r = np.corrcoef(change.T)
    within = variance_of_log(features["cv_within"])
    share = np.sqrt(within / (within + variance_of_log(features["cv_assay"])))
    load = features["module_loading"].to_numpy() * share
    module = features["module"].to_numpy()
    on_inflammation = features["feature"].isin(
        loadings().query("block == 'proteins' and latent == 'inflammation'")["feature"].tolist()
    )
    plain = np.flatnonzero(~on_inflammation.to_numpy())
    same = (module[:, None] == module) & (module > 0)
    expected = np.where(same, np.outer(load, load), 0.0)
    upper = np.triu_indices(len(plain), 1)
    found, wanted = (m[np.ix_(plain, plain)][upper] for m in (r, expected))
    assert (wanted > 0.2).sum() > 3
    assert np.abs(found - wanted).max() < 5.5 / np.sqrt(len(change))


def test_a_plate_shifts_all_people_on_it_alike_and_anew_in_each_study():
    quiet = world("batch").features.assign(cv_within=0.0, cv_assay=0.0)
    of = replace(world("batch"), features=quiet)
    tnf = list(of.block("cytokines")["feature"]).index("tnf")
    shifts = {}
    for by_phase in (True, False):
        drawn = draw_studies(
            replace(of, plates_by_phase=by_phase),
            8,
            np.random.default_rng(SEED),
            ("cytokines",),
            400,
        )
        logs = np.log(drawn.arrays["cytokines"][..., tnf])
        technical = drawn.technical["cytokines"][..., tnf]
        change = logs[:, :, TRAINING] - logs[:, :, BEFORE]
        shifts[by_phase] = technical[:, TRAINING] - technical[:, BEFORE]
        np.testing.assert_allclose(change, shifts[by_phase][:, None] * np.ones(8), atol=1e-9)
    sd = assumptions()["plate_sd_cytokines"] * np.sqrt(2)
    assert shifts[True].std() == pytest.approx(sd, rel=0.15)
    np.testing.assert_allclose(shifts[False], 0, atol=1e-12)


def test_plates_shift_no_block_that_is_not_measured_on_them():
    drawn = draw_studies(world("batch"), 9, np.random.default_rng(SEED))
    moved = {block: bool(drawn.technical[block].any()) for block in MEASURED}
    assert moved == {
        "clinical": False, "blood_count": False,
        "cytokines": True, "proteins": True, "metabolites": True,
    }  # fmt: skip


# swaps


@pytest.mark.parametrize("n", [2, 3, 5, 13, 40])
def test_swaps_are_permutations_within_a_study(n):
    drawn = draw_studies(world("swaps"), n, np.random.default_rng(SEED), ("clinical",), 50)
    place = drawn.swapped[..., 0] * 3 + drawn.swapped[..., 1]
    own = np.arange(3 * n).reshape(n, 3)
    assert (np.sort(place.reshape(50, -1), axis=1) == own.reshape(-1)).all()
    assert ((place != own).any(axis=(1, 2))).all()
    # the sample minutes after the run is labelled in the hall
    assert (place[..., ACUTE] == own[:, ACUTE]).all()
    involved = (place != own).any(axis=2).sum(axis=1)
    assert involved.max() <= max(3, 2 * round(0.1 * n / 2) + round(0.1 * n / 2))


def test_a_swapped_sample_holds_the_proteins_of_the_one_it_is_of_and_nothing_else():
    swapped, plain = (
        draw_studies(world(name), 13, np.random.default_rng(SEED), draws=20)
        for name in ("swaps", "reference")
    )
    for block in MEASURED:
        one, other = swapped.arrays[block], plain.arrays[block]
        if block != "proteins":
            np.testing.assert_array_equal(one, other)
            continue
        every = np.arange(20)[:, None, None]
        expected = other[every, swapped.swapped[..., 0], swapped.swapped[..., 1]]
        np.testing.assert_array_equal(one, expected)
        assert not np.array_equal(one, other, equal_nan=True)


def test_nothing_is_swapped_elsewhere():
    for name in WORLDS:
        if name != "swaps":
            drawn = draw_studies(world(name), 4, np.random.default_rng(1), ("clinical",), 2)
            own = np.stack(np.meshgrid(np.arange(4), np.arange(3), indexing="ij"), axis=-1)
            assert (drawn.swapped == own).all()


# dropout


def test_who_stays_away_is_measured_by_nothing():
    drawn = draw_studies(world("dropout"), 20, np.random.default_rng(SEED), BLOCKS, 3)
    absent = drawn.visits.absent
    assert absent.any()
    for block in MEASURED:
        assert np.isnan(drawn.arrays[block][absent]).all()
    assert (drawn.arrays["taxa"][absent] == 0).all()
    assert (drawn.arrays["taxa"][~absent].sum(axis=-1) > 0).all()
    there = {(c.draw, c.person, c.visit) for c in single_cells(drawn, np.random.default_rng(1), 1)}
    assert there == set(zip(*(i.tolist() for i in np.nonzero(~absent)), strict=True))


def test_cells_of_who_stays_away_are_none():
    of = replace(world("dropout"), dropout_share=0.5)
    arrays = simulate_arrays(of, 6, np.random.default_rng(SEED), ("clinical", "cells"), 1, CELLS)
    absent = np.isnan(arrays["clinical"]).all(axis=-1)
    assert absent.any()
    assert (arrays["cell_types"][absent] == -1).all()
    assert (arrays["cells"][absent] == 0).all()
    assert (arrays["cell_types"][~absent] >= 0).all()


# cells


def test_the_response_of_cells_to_a_bout_fades_with_the_hours():
    for name, size in (("reference", 1.0), ("null", 0.0), ("carry-over", 1.0)):
        visits = draw_visits(world(name), 3, np.random.default_rng(1), 1)
        response = bout_response(world(name), visits)
        assert (response[..., BEFORE] == 0).all()
        np.testing.assert_allclose(response[..., ACUTE], size)
        assert response[..., TRAINING].max() < 1e-4
    soon = replace(world("reference"), hours_training=0.6)
    visits = draw_visits(soon, 3, np.random.default_rng(1), 1)
    left = np.exp(-0.5 / assumptions()["cell_response_hours"])
    np.testing.assert_allclose(bout_response(soon, visits)[..., TRAINING], left)


def test_mononuclear_cells_are_the_lymphocytes_and_monocytes_there_are():
    of, rng = world("reference"), np.random.default_rng(SEED)
    visits = draw_visits(of, 13, rng, 2)
    names = list(of.block("blood_count")["feature"])
    content = np.exp(log_content(of, "blood_count", visits, rng))
    numbers = cell_numbers(of, visits, rng)
    parent = cell_types()["parent"].to_numpy()
    for name in ("lymphocytes", "monocytes"):
        whole = numbers[..., parent == name].sum(axis=-1)
        np.testing.assert_allclose(whole, content[..., names.index(name)])


def test_programmes_are_raised_when_and_where_they_should_be():
    visits = draw_visits(world("reference"), 200, np.random.default_rng(1), 1)
    active, a = programmes(world("reference"), visits), assumptions()
    for name in ("nrf2", "migration"):
        np.testing.assert_allclose(active[name][..., TRAINING], a[f"{name}_training"])
        assert (active[name][..., :TRAINING] == 0).all()
    np.testing.assert_allclose(active["stress"][..., ACUTE], a["stress_acute"])
    ill = active["interferon"] > 0
    assert (ill == visits.infection).all()
    assert ill.any()
    twin = world("reference-twin")
    still = programmes(twin, draw_visits(twin, 200, np.random.default_rng(1), 1))
    assert all((still[name] == 0).all() for name in ("nrf2", "migration", "stress"))


def test_single_cells_that_were_not_drawn_are_refused():
    drawn = draw_studies(world("null"), 2, np.random.default_rng(1), ("clinical",))
    with pytest.raises(ValueError, match="the block of cells was not drawn"):
        next(single_cells(drawn, np.random.default_rng(1), 1))


# misuse


@pytest.mark.parametrize(
    ("wrong", "right"), [("cytokine", "cytokines"), ("Taxa", "taxa"), ("cell", "cells")]
)
def test_an_unknown_block_gives_the_nearest_one(wrong, right):
    with pytest.raises(Misuse, match=rf"no block '{wrong}'; did you mean '{right}'\?"):
        draw(1, blocks=("clinical", wrong))


@pytest.mark.parametrize(("n", "draws"), [(1, 1), (0, 1), (2, 0), (-3, 1), (2, -1)])
def test_a_study_of_fewer_than_two_people_or_one_draw_is_refused(n, draws):
    with pytest.raises(Misuse, match="at least 2 subjects and 1 draw are needed"):
        draw(1, n=n, draws=draws)


@pytest.mark.parametrize("cells", [0, -1])
def test_a_sample_of_fewer_than_one_cell_is_refused(cells):
    with pytest.raises(Misuse, match=rf"{cells} cells a sample: at least 1 is needed"):
        simulate_arrays(world("null"), 2, np.random.default_rng(1), ("cells",), 1, cells)
