from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from exercisebook.simulate.arrays import draw_studies, simulate_arrays
from exercisebook.simulate.truth import COLUMNS, CONTRASTS, study_effects, true_effects
from exercisebook.simulate.worlds import (
    MEASURED,
    PHASES,
    WORLDS,
    assumptions,
    response_after,
    world,
)

SEED, PEOPLE = 20251121, 2500
EFFECTS = ["log2_content", "log2_concentration", "log2_mediated"]
BEFORE, BOUT, LAST = range(3)

BY_STUDY = ("batch", "swaps")
"""Worlds whose phases differ by what happened to one study."""


def few(of, anonymous=10):
    """Return a world with the named features and some of the anonymous ones, none missing."""
    number = of.features["feature"].str.extract(r"_(\d{3})$")[0].astype(float)
    kept = of.features[~(number > anonymous)].reset_index(drop=True)
    return replace(of, features=kept.assign(missing_slope=np.nan))


def truth_of(name):
    return true_effects(world(name)).set_index(["contrast", "feature"])


def of_block(effects, block, column):
    """Return a column of one block, shape (contrasts, features)."""
    return effects.loc[effects["block"] == block, column].to_numpy(float).reshape(2, -1)


def changes(array):
    """Return log2 changes from the first phase, shape (people, contrasts, features)."""
    logs = np.log2(array)
    return (logs[..., 1:, :] - logs[..., :1, :]).reshape(-1, 2, array.shape[-1])


def z_of(change, expected):
    came = np.isfinite(change).sum(axis=0)
    error = np.nanstd(change, axis=0, ddof=1) / np.sqrt(came)
    return (np.nanmean(change, axis=0) - expected) / error


def one_large_study(name):
    return draw_studies(few(world(name)), PEOPLE, np.random.default_rng(SEED), MEASURED, 1)


# what studies show


@pytest.mark.parametrize("name", [name for name in WORLDS if name not in BY_STUDY])
def test_phases_differ_by_the_true_change(name):
    drawn = one_large_study(name)
    effects = true_effects(drawn.world)
    for block in MEASURED:
        z = z_of(changes(drawn.arrays[block]), of_block(effects, block, "log2_change"))
        assert z.shape == (2, len(drawn.world.block(block)))
        assert np.abs(z).max() < 4.5, (block, z)


@pytest.mark.parametrize("name", ["high-crp-twin", "season-twin", "dropout-twin", "diet-twin"])
def test_phases_of_twins_differ_by_the_true_change(name):
    drawn = one_large_study(name)
    effects = true_effects(drawn.world)
    for block in MEASURED:
        z = z_of(changes(drawn.arrays[block]), of_block(effects, block, "log2_change"))
        assert np.abs(z).max() < 4.5, (block, z)


@pytest.mark.parametrize("name", ["high-crp", "dropout", "diet"])
def test_many_people_show_the_true_change_of_what_goes_with_inflammation(name):
    """Selection moves little, and is a formula of its own: a hundred thousand people tell."""
    blocks = ("clinical", "cytokines")
    arrays = simulate_arrays(world(name), 100_000, np.random.default_rng(SEED), blocks)
    effects = true_effects(world(name))
    for block in blocks:
        z = z_of(changes(arrays[block]), of_block(effects, block, "log2_change"))
        assert np.abs(z).max() < 4.5, (block, z)


@pytest.mark.parametrize("name", BY_STUDY)
def test_phases_of_a_study_differ_by_the_change_that_is_true_of_it(name):
    drawn = one_large_study(name)
    effects = study_effects(drawn)
    for block in MEASURED:
        z = z_of(changes(drawn.arrays[block]), of_block(effects, block, "log2_change"))
        # people swapped with others are no longer the same people
        assert np.abs(z).max() < 4.5, (block, z)
    expected = true_effects(drawn.world)
    assert not np.allclose(effects["log2_change"], expected["log2_change"], atol=1e-3)
    pd.testing.assert_frame_equal(effects[[*COLUMNS[:-1]]], expected[[*COLUMNS[:-1]]])


def test_thirteen_people_many_times_show_the_true_change():
    of = few(world("reference"), 0)
    arrays = simulate_arrays(of, 13, np.random.default_rng(SEED), MEASURED, 500)
    effects = true_effects(of)
    for block in MEASURED:
        by_study = (np.log2(arrays[block])[:, :, 1:] - np.log2(arrays[block])[:, :, :1]).mean(
            axis=1
        )
        assert np.abs(z_of(by_study, of_block(effects, block, "log2_change"))).max() < 4.5


def test_plates_by_phase_shift_nothing_on_average_over_studies():
    of = few(world("batch"), 0)
    arrays = simulate_arrays(of, 8, np.random.default_rng(SEED), MEASURED, 600)
    effects = true_effects(of)
    for block in MEASURED:
        by_study = (np.log2(arrays[block])[:, :, 1:] - np.log2(arrays[block])[:, :, :1]).mean(
            axis=1
        )
        assert np.abs(z_of(by_study, of_block(effects, block, "log2_change"))).max() < 4.5


@pytest.mark.parametrize("name", [name for name in WORLDS if name not in BY_STUDY])
def test_what_is_true_of_a_study_is_what_is_true_of_its_world(name):
    drawn = draw_studies(world(name), 5, np.random.default_rng(SEED))
    pd.testing.assert_frame_equal(study_effects(drawn), true_effects(drawn.world), atol=1e-12)


# effects are what the twin lacks


@pytest.mark.parametrize("name", [name for name in WORLDS if name != "responders"])
def test_an_effect_is_the_difference_to_the_twin_of_the_same_people(name):
    one, twin = (
        replace(
            few(world(n)), plasma_volume_sd=0.0, enrolled_above=None, dropout_share=0.0,
            swapped_share=0.0,
        )
        for n in (name, f"{name}-twin")
    )  # fmt: skip
    effects = true_effects(one)
    drawn = [simulate_arrays(w, 6, np.random.default_rng(SEED)) for w in (one, twin)]
    for block in MEASURED:
        found = np.log2(drawn[0][block][0]) - np.log2(drawn[1][block][0])
        expected = of_block(effects, block, "log2_concentration")
        # what is left of the last bout is no effect of training
        expected[1] += response_after(one.block(block), one.hours_training)
        np.testing.assert_allclose(found[:, BEFORE], 0, atol=1e-9)
        for i in (0, 1):
            np.testing.assert_allclose(
                found[:, i + 1], np.broadcast_to(expected[i], found[:, i + 1].shape), atol=1e-9
            )


def test_responders_differ_from_their_twins_by_the_effect_on_average():
    one, twin = (
        replace(few(world(n)), plasma_volume_sd=0.0) for n in ("responders", "responders-twin")
    )
    effects = true_effects(one)
    drawn = [
        simulate_arrays(w, 4000, np.random.default_rng(SEED), ("clinical",)) for w in (one, twin)
    ]
    found = (np.log2(drawn[0]["clinical"]) - np.log2(drawn[1]["clinical"]))[0, :, LAST]
    expected = of_block(effects, "clinical", "log2_concentration")[1]
    expected = expected + response_after(one.block("clinical"), one.hours_training)
    error = found.std(axis=0, ddof=1) / np.sqrt(len(found))
    assert (error > 0).any()
    assert (np.abs(found.mean(axis=0) - expected) <= 4.5 * error + 1e-9).all()


@pytest.mark.parametrize("name", ["null", *(f"{name}-twin" for name in WORLDS)])
def test_exercise_has_no_effect_in_the_null_world_and_in_twins(name):
    effects = true_effects(world(name))
    assert len(effects) == 2 * len(world(name).features)
    assert (effects[EFFECTS] == 0).all().all()


@pytest.mark.parametrize(
    "name", ["null", "null-twin", "direct-twin", "batch-twin", "reference-twin"]
)
def test_where_nothing_happens_nothing_changes(name):
    assert (true_effects(world(name))["log2_change"] == 0).all()


@pytest.mark.parametrize("name", ["season", "diet", "common-cause"])
def test_a_world_of_another_cause_and_its_twin_change_alike(name):
    training = CONTRASTS[1]
    one, twin = (truth_of(n).loc[training, "log2_change"] for n in (name, f"{name}-twin"))
    features = world(name).features
    left = response_after(features, world(name).hours_training)
    np.testing.assert_allclose(one - left, twin, atol=1e-12)
    assert twin["crp"] < -0.3


# what passes through betaine


def inflammation_of(name):
    return truth_of(name).loc[CONTRASTS[1]].loc[["crp", "il6", "tnf"]]


@pytest.mark.parametrize(("name", "share"), [("mediated", 1.0), ("reference", 0.5)])
def test_the_part_of_inflammation_that_passes_through_betaine(name, share):
    found = inflammation_of(name)
    assert (found["log2_content"] < -0.05).all()
    np.testing.assert_allclose(found["log2_mediated"], share * found["log2_content"])


@pytest.mark.parametrize(
    "name", ["direct", "reverse", "diet", "common-cause", "season", "high-crp", "null", "dropout"]
)
def test_no_inflammation_passes_through_betaine_elsewhere(name):
    assert (inflammation_of(name)["log2_mediated"] == 0).all()


@pytest.mark.parametrize("name", ["reverse", "direct"])
def test_inflammation_falls_where_none_of_it_passes_through_betaine(name):
    assert (inflammation_of(name)["log2_content"] < -0.05).all()


@pytest.mark.parametrize("name", [*WORLDS, "season-twin"])
def test_nothing_of_betaine_itself_is_mediated_by_it(name):
    effects = truth_of(name)["log2_mediated"]
    assert (effects.xs("betaine", level="feature") == 0).all()
    assert (effects[CONTRASTS[0]] == 0).all()


@pytest.mark.parametrize("name", ["mediated", "direct", "reverse", "reference"])
def test_products_of_betaine_move_through_it_where_training_raises_it(name):
    training = truth_of(name).loc[CONTRASTS[1]]
    products = training.loc[["dimethylglycine", "homocysteine"]]
    assert (
        products["log2_mediated"]["dimethylglycine"] > 0 > products["log2_mediated"]["homocysteine"]
    )
    own = world(name).features.set_index("feature")["log2_training"][products.index]
    np.testing.assert_allclose(products["log2_mediated"], products["log2_content"] - own)


def test_the_mediated_part_is_what_holding_betaine_still_takes_away():
    """Training in a world where betaine passes nothing on."""
    of = few(world("reference"), 0)
    held = replace(of, arrows=tuple(a for a in of.arrows if a.cause != "betaine"))
    found = {}
    for key, one in (("free", of), ("held", held)):
        found[key] = of_block(true_effects(one), "clinical", "log2_content")[1]
    mediated = of_block(true_effects(of), "clinical", "log2_mediated")[1]
    np.testing.assert_allclose(found["free"] - found["held"], mediated, atol=1e-12)
    assert np.abs(mediated).max() > 0.05


# particular worlds


def test_only_neutrophils_fall_where_only_they_should():
    effects = truth_of("neutrophils-only").loc[CONTRASTS[1]]
    moved = effects[effects[EFFECTS].ne(0).any(axis=1)]
    assert moved.index.tolist() == ["neutrophils"]
    assert moved["log2_content"].item() == assumptions()["neutrophil_fall"]


def test_crp_regresses_by_the_formula():
    features = world("high-crp").features.set_index("feature").loc["crp"]
    between, within, assay = (
        np.log1p(features[f"cv_{p}"] ** 2) for p in ("between", "within", "assay")
    )
    q = assumptions()["enrolled_above"]
    beyond = stats.norm.pdf(stats.norm.ppf(q)) / (1 - q)
    fall = -(within + assay) / np.sqrt(between + within + assay) * beyond / np.log(2)
    ill = assumptions()["infection_share"] * assumptions()["infection_crp"]
    crp = truth_of("high-crp").xs("crp", level="feature")
    concentrated = -np.log2(1 + world("high-crp").plasma_volume_acute)
    np.testing.assert_allclose(crp["log2_change"], [fall + ill + concentrated, fall + ill])
    assert crp["log2_content"].eq(0).all()


def test_a_tube_shows_the_change_of_plasma_volume():
    effects = truth_of("reference")
    shift = effects["log2_concentration"] - effects["log2_content"]
    cells = world("reference").block("blood_count")["feature"]
    solid = ["body_mass_index", "resting_pulse"]
    for contrast, volume in zip(CONTRASTS, (0.9, 1.07), strict=True):
        assert (shift[contrast][solid] == 0).all()
        np.testing.assert_allclose(shift[contrast][cells], -np.log2(0.45 + 0.55 * volume))
        np.testing.assert_allclose(shift[contrast].drop([*solid, *cells]), -np.log2(volume))
    others = truth_of("mediated").loc[CONTRASTS[1]]
    pd.testing.assert_series_equal(
        others["log2_concentration"], others["log2_content"], check_names=False
    )


def test_carry_over_is_a_change_and_no_effect():
    effects = truth_of("carry-over").loc[CONTRASTS[1]]
    assert (effects[EFFECTS] == 0).all().all()
    assert effects.at["neutrophils", "log2_change"] > 0.3
    left = response_after(world("carry-over").features, assumptions()["hours_carry_over"])
    np.testing.assert_allclose(effects["log2_change"], left)


def test_staying_away_lowers_what_goes_with_inflammation_alone():
    effects = truth_of("dropout")
    change = effects.loc[CONTRASTS[1], "log2_change"]
    left = pd.Series(
        response_after(world("dropout").features, world("dropout").hours_training), change.index
    )
    assert (change - left)[["crp", "tnf", "il6"]].lt(-0.01).all()
    assert (change - left)["betaine"] == 0
    acute = effects.loc[CONTRASTS[0]]
    np.testing.assert_allclose(acute["log2_change"], acute["log2_concentration"])


# tables


@pytest.mark.parametrize("name", [*WORLDS, "season-twin"])
def test_the_truth_has_a_row_for_each_feature_and_contrast(name):
    effects = true_effects(world(name))
    assert tuple(effects.columns) == COLUMNS
    assert len(effects) == 2 * len(world(name).features) == 2 * 468
    assert not effects.duplicated(["block", "feature", "contrast"]).any()
    assert set(effects["contrast"]) == {f"{p}-baseline" for p in PHASES[1:]}
    assert np.isfinite(effects[[*EFFECTS, "log2_change"]].to_numpy()).all()


def test_the_truth_of_a_block_is_the_same_alone_and_among_others():
    whole = true_effects(world("reference"))
    for block in MEASURED:
        alone = true_effects(world("reference"), (block,))
        pd.testing.assert_frame_equal(alone, whole[whole["block"] == block].reset_index(drop=True))


@pytest.mark.parametrize("blocks", [(), ("taxa",), ("taxa", "cells")])
def test_blocks_without_such_effects_have_a_table_of_none(blocks):
    assert true_effects(world("reference"), blocks).empty
    drawn = draw_studies(world("reference"), 2, np.random.default_rng(1), blocks)
    found = study_effects(drawn)
    assert found.empty
    assert tuple(found.columns) == COLUMNS
