import numpy as np
import pytest

from exercisebook.errors import Misuse
from exercisebook.simulate.worlds import BLOCKS, world
from exercisebook.sources.features import feature_table


@pytest.fixture(params=["reference", "null"])
def some_world(request):
    return world(request.param)


def test_an_unknown_world_gives_the_nearest_one():
    with pytest.raises(Misuse, match=r"no world 'referense'; did you mean 'reference'\?"):
        world("referense")


def test_nothing_happens_in_the_null_world():
    null = world("null")
    assert (null.features[["log2_acute", "log2_training"]] == 0).all().all()
    assert (null.plasma_volume_acute, null.plasma_volume_sd) == (0, 0)


def test_the_null_world_is_measured_like_the_reference():
    effects = ["log2_acute", "log2_training"]
    reference = world("reference").features.drop(columns=effects)
    assert world("null").features.drop(columns=effects).equals(reference)


def test_something_happens_in_the_reference_world():
    reference = world("reference")
    assert (reference.features["log2_acute"] != 0).any()
    assert (reference.features["log2_training"] != 0).any()
    assert reference.plasma_volume_acute < 0


def test_every_number_says_where_it_comes_from(some_world):
    assert some_world.features[["source", "confidence"]].notna().all().all()


def test_every_feature_has_a_positive_centre_and_spreads(some_world):
    features = some_world.features
    assert (features["centre"] > 0).all()
    assert (features[["cv_between", "cv_within", "cv_assay"]] > 0).all().all()
    assert not (features["detection_limit"] > features["centre"]).any()


def test_every_feature_is_one_of_the_book_in_its_unit(some_world):
    units = feature_table()["unit"]
    features = some_world.features.set_index("feature")
    assert features["unit"].to_dict() == units[features.index].to_dict()


def test_the_blocks_share_out_the_features(some_world):
    sizes = [len(some_world.block(name)) for name in BLOCKS]
    assert sum(sizes) == len(some_world.features) == 18
    assert min(sizes) > 0
    assert np.array_equal(some_world.block("cytokines").index, range(sizes[2]))
