from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exercisebook.errors import Misuse
from exercisebook.simulate import worlds
from exercisebook.simulate.arrays import draw_studies
from exercisebook.simulate.latents import node_law
from exercisebook.simulate.panels import PANELS
from exercisebook.simulate.worlds import (
    BLOCKS,
    MEASURED,
    NODES,
    SUBJECT_LATENTS,
    WORLDS,
    all_features,
    assumptions,
    loadings,
    log_diluted,
    response_after,
    world,
    world_names,
)
from exercisebook.sources.features import feature_table

EFFECTS = ["log2_acute", "log2_late", "log2_training"]
TABLES = sorted(Path(worlds.__file__).parent.glob("*.csv"))
LIKE_THE_REFERENCE = ("reference", "swaps", "responders")
LOOK_ALIKES = ("mediated", "direct", "reverse", "diet", "common-cause", "season")


@pytest.fixture(params=["reference", "null"])
def some_world(request):
    return world(request.param)


# names


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("referense", "reference"),
        ("seson", "season"),
        ("Season", "season"),
        ("season-twn", "season-twin"),
        ("seson-twin", "season-twin"),
        ("high crp", "high-crp"),
    ],
)
def test_an_unknown_world_gives_the_nearest_one(wrong, right):
    with pytest.raises(Misuse, match=rf"no world '{wrong}'; did you mean '{right}'\?"):
        world(wrong)


@pytest.mark.parametrize("wrong", ["", "xyz", "qqqqqqqqqqqq"])
def test_a_world_like_none_gives_the_names_there_are(wrong):
    with pytest.raises(Misuse, match="known are: reference, null, mediated"):
        world(wrong)


def test_every_world_has_a_twin():
    assert len(WORLDS) == 15
    assert world_names() == (*WORLDS, *(f"{name}-twin" for name in WORLDS))


@pytest.mark.parametrize("name", world_names())
def test_every_world_can_be_drawn(name):
    drawn = draw_studies(world(name), 3, np.random.default_rng(1), BLOCKS, 1)
    assert drawn.world.name == name
    assert set(drawn.arrays) == {*MEASURED, "taxa"}
    assert drawn.numbers.shape[:3] == (1, 3, 3)
    there = ~drawn.visits.absent
    for block, values in drawn.arrays.items():
        assert (np.isfinite(values) | np.isnan(values)).all()
        assert not (values < 0).any()
        assert np.isfinite(values[there]).mean() > 0.8, block


def test_every_world_says_what_is_true_in_it():
    said = [world(name).says for name in world_names()]
    assert len(set(said)) == len(said)
    assert min(map(len, said)) > 20


# numbers


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.name)
def test_every_row_of_a_table_of_numbers_has_a_source_and_a_confidence(path):
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    assert len(table) > 0
    for column in ("source", "confidence"):
        assert (table[column].str.strip() != "").all(), column


def test_there_are_tables_of_numbers():
    assert {"assumptions.csv", "calibration.csv", "loadings.csv"} <= {p.name for p in TABLES}


def test_every_number_says_where_it_comes_from(some_world):
    assert some_world.features[["source", "confidence"]].notna().all().all()


def test_no_assumption_is_made_twice():
    table = pd.read_csv(Path(worlds.__file__).parent / "assumptions.csv")
    assert not table["name"].duplicated().any()
    assert table["value"].notna().all()
    assert assumptions() == dict(zip(table["name"], table["value"], strict=True))


def test_every_loading_is_of_a_feature_that_exists_on_a_latent_that_exists():
    table = loadings()
    known = all_features().set_index(["block", "feature"]).index
    assert pd.MultiIndex.from_frame(table[["block", "feature"]]).isin(known).all()
    assert table["latent"].isin([*NODES, *SUBJECT_LATENTS]).all()
    assert not table.duplicated(["block", "feature", "latent"]).any()
    assert (table["loading"].abs() < 1).all()


def test_every_assumption_about_an_occasion_names_a_feature():
    features = set(all_features()["feature"])
    stems = ("infection_", "not_fasted_", "hour_")
    named = [name.removeprefix(s) for name in assumptions() for s in stems if name.startswith(s)]
    others = {"share"}
    assert len(named) > 8
    assert set(named) <= features | others


def test_every_feature_has_a_positive_centre_and_spreads(some_world):
    features = some_world.features
    assert (features["centre"] > 0).all()
    assert (features[["cv_between", "cv_within", "cv_assay"]] > 0).all().all()
    assert (features[["decay_h", "late_h"]] > 0).all().all()
    assert not (features["detection_limit"] > features["centre"]).any()
    assert np.isfinite(features[EFFECTS].to_numpy(float)).all()


def test_every_feature_with_a_canonical_name_is_one_of_the_book_in_its_unit(some_world):
    units = feature_table()["unit"]
    features = some_world.features.dropna(subset="canonical_id")
    assert {"crp", "il6", "tnf", "neutrophils"} <= set(features["canonical_id"])
    assert features["canonical_id"].eq(features["feature"]).all()
    # panels are reported in units of their own
    own = features[~features["block"].isin(PANELS)].set_index("canonical_id")["unit"]
    assert len(own) == 18
    assert own.to_dict() == units[own.index].to_dict()


def test_the_blocks_share_out_the_features(some_world):
    sizes = {name: len(some_world.block(name)) for name in MEASURED}
    assert sum(sizes.values()) == len(some_world.features)
    assert sizes == {
        "clinical": 9,
        "blood_count": 4,
        "cytokines": 5,
        "proteins": 300,
        "metabolites": 150,
    }
    assert np.array_equal(some_world.block("cytokines").index, range(5))
    assert not some_world.features.duplicated(["block", "feature"]).any()


# causes


@pytest.mark.parametrize("name", ["null", *(f"{name}-twin" for name in WORLDS)])
def test_exercise_does_nothing_in_the_null_world_and_in_twins(name):
    still = world(name)
    assert (still.features[EFFECTS] == 0).all().all()
    assert (still.plasma_volume_acute, still.plasma_volume_training) == (0, 0)
    assert (still.plasma_volume_sd, still.acute, still.training) == (0, 0, 0)
    assert all(arrow.cause != "training" for arrow in still.arrows)
    assert (node_law(still).training == 0).all()


@pytest.mark.parametrize("name", WORLDS)
def test_every_world_measures_the_same_features_alike(name):
    reference = world("reference").features.drop(columns=EFFECTS)
    assert world(name).features.drop(columns=EFFECTS).equals(reference)


@pytest.mark.parametrize("name", WORLDS)
def test_a_twin_has_all_causes_but_exercise(name):
    own, twin = world(name), world(f"{name}-twin")
    left = tuple(arrow for arrow in own.arrows if arrow.cause != "training")
    assert (twin.arrows, twin.moved) == (left, own.moved)
    kept = (
        "enrolled_above", "dropout_share", "swapped_share", "plates_by_phase", "response_spread",
    )  # fmt: skip
    assert [getattr(twin, k) for k in kept] == [getattr(own, k) for k in kept]


@pytest.mark.parametrize("name", [name for name in WORLDS if name != "null"])
def test_a_bout_acts_alike_in_every_world_but_the_null(name):
    one, reference = world(name), world("reference")
    assert one.features["log2_acute"].equals(reference.features["log2_acute"])
    assert one.plasma_volume_acute == reference.plasma_volume_acute < 0
    assert one.acute == 1


def test_something_happens_in_the_reference_world():
    reference = world("reference")
    assert (reference.features["log2_acute"] != 0).any()
    assert (reference.features["log2_training"] != 0).any()
    assert reference.plasma_volume_acute < 0 < reference.plasma_volume_training
    assert reference.training == 1


@pytest.mark.parametrize("name", [name for name in WORLDS if name not in LIKE_THE_REFERENCE])
def test_training_acts_through_nodes_alone_but_in_worlds_like_the_reference(name):
    changed = world(name).features.query("log2_training != 0")["feature"].tolist()
    assert changed == (["neutrophils"] if name == "neutrophils-only" else [])
    assert world(name).training == 0


@pytest.mark.parametrize("name", LOOK_ALIKES)
def test_worlds_that_should_look_alike_move_betaine_and_inflammation_alike(name):
    law = node_law(world(name))
    moved = dict(zip(NODES, law.training + law.moved, strict=True))
    assert moved["betaine"] == pytest.approx(assumptions()["betaine_training"])
    assert moved["inflammation"] == pytest.approx(assumptions()["inflammation_training"])


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("high-crp", "enrolled_above"),
        ("batch", "plates_by_phase"),
        ("dropout", "dropout_share"),
        ("swaps", "swapped_share"),
        ("responders", "response_spread"),
    ],
)
def test_what_is_special_to_a_world_is_nowhere_else(name, field):
    special = {other for other in WORLDS if getattr(world(other), field)}
    assert special == {name}


def test_the_last_sample_is_drawn_sooner_after_a_bout_in_carry_over_alone():
    hours = {name: world(name).hours_training for name in WORLDS}
    assert hours.pop("carry-over") == assumptions()["hours_carry_over"] < 12
    assert set(hours.values()) == {assumptions()["hours_training"]}


# courses and volumes


def test_the_response_to_a_bout_is_its_two_waves_until_nothing_is_left():
    left = assumptions()["recovery_hours"]
    two = pd.DataFrame(
        {"log2_acute": [1.0, 0.0], "decay_h": 2.0, "log2_late": [0.0, -0.5], "late_h": 3.0}
    )
    np.testing.assert_allclose(response_after(two, 0.0), [1, 0])
    np.testing.assert_allclose(response_after(two, 2.0)[0], np.exp(-1) * (1 - (2 / left) ** 2))
    np.testing.assert_allclose(response_after(two, 3.0)[1], -0.5 * (1 - (3 / left) ** 2))
    course = np.array([response_after(two, h)[1] for h in np.arange(0, 20, 0.5)])
    assert np.arange(0, 20, 0.5)[course.argmin()] == 3.0
    assert np.abs(response_after(two, left - 1)).max() > 0
    assert (response_after(two, left) == 0).all()
    assert left < assumptions()["hours_training"]


def test_there_is_no_response_without_a_bout():
    features = world("reference").features
    assert (response_after(features, np.nan) == 0).all()
    assert response_after(features, np.nan).shape == (len(features),)


def test_volumes_are_of_plasma_of_blood_or_of_nothing():
    features = pd.DataFrame(
        {"block": ["clinical", "clinical", "blood_count"], "unit": ["mg/L", "kg/m²", "10^9/L"]}
    )
    found = np.exp(log_diluted(features, np.log(np.array([1.0, 0.9, 1.1]))))
    expected = [[1, 1, 1], [0.9, 1, 0.45 + 0.55 * 0.9], [1.1, 1, 0.45 + 0.55 * 1.1]]
    np.testing.assert_allclose(found, expected)


def test_a_world_is_changed_only_by_making_another():
    reference = world("reference")
    other = replace(reference, features=reference.features.assign(log2_acute=0.0))
    assert (world("reference").features["log2_acute"] != 0).any()
    assert other.features["log2_acute"].eq(0).all()
