import re
import zlib
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from exercisebook.simulate import streams
from exercisebook.simulate.streams import stream

SEED = 20251121

names = st.lists(st.text(max_size=12) | st.integers(0, 2**32 - 1), min_size=1, max_size=4)
seeds = st.integers(0, 2**256 - 1)


def numbers(rng, *of):
    return stream(rng, *of).random(4).tobytes()


@given(seed=seeds, of=names)
def test_the_same_names_under_the_same_seed_are_the_same_stream(seed, of):
    one, other = np.random.default_rng(seed), np.random.default_rng(seed)
    assert numbers(one, *of) == numbers(other, *of)


@given(seed=seeds, of=names, other=names)
def test_other_names_are_another_stream(seed, of, other):
    keys = [[n if isinstance(n, int) else zlib.crc32(n.encode()) for n in ns] for ns in (of, other)]
    assume(keys[0] != keys[1])
    rng = np.random.default_rng(seed)
    assert numbers(rng, *of) != numbers(rng, *other)


@given(seed=seeds, other=seeds, of=names)
def test_another_seed_is_another_stream(seed, other, of):
    assume(seed != other)
    assert numbers(np.random.default_rng(seed), *of) != numbers(np.random.default_rng(other), *of)


@given(seed=seeds, of=names)
def test_asking_for_a_stream_advances_nothing(seed, of):
    rng = np.random.default_rng(seed)
    first = numbers(rng, *of)
    rng.random(1000)
    assert numbers(rng, *of) == first
    fresh = np.random.default_rng(seed)
    stream(fresh, *of).random(10)
    assert fresh.random() == np.random.default_rng(seed).random()
    assert fresh.spawn(1)[0].random() == np.random.default_rng(seed).spawn(1)[0].random()


@given(seed=seeds, of=names, within=names)
def test_a_stream_of_a_stream_is_that_of_both_names(seed, of, within):
    rng = np.random.default_rng(seed)
    assert numbers(stream(rng, *of), *within) == numbers(rng, *of, *within)


def test_the_order_of_names_matters():
    rng = np.random.default_rng(SEED)
    assert numbers(rng, "a", "b") != numbers(rng, "b", "a")
    assert numbers(rng, 1, 2) != numbers(rng, 2, 1)


def test_a_named_stream_is_none_that_a_caller_spawns():
    rng = np.random.default_rng(SEED)
    spawned = {child.random(4).tobytes() for child in np.random.default_rng(SEED).spawn(50)}
    own = np.random.default_rng(SEED).random(4).tobytes()
    assert not {numbers(rng, "subjects"), numbers(rng, "clinical", "assay")} & {*spawned, own}


def test_spawned_generators_have_streams_of_their_own():
    one, other = np.random.default_rng(SEED).spawn(2)
    assert numbers(one, "subjects") != numbers(other, "subjects")


def test_no_two_names_of_the_simulator_share_a_stream():
    sources = sorted(Path(streams.__file__).parent.glob("*.py"))
    words = {w for p in sources for w in re.findall(r'"([^"\n]+)"', p.read_text("utf-8"))}
    assert {"subjects", "nodes", "assay", "plates", "proteins"} <= words
    assert len({zlib.crc32(word.encode()) for word in words}) == len(words)


@pytest.mark.parametrize(
    ("one", "other"), list(pairwise(["nodes", "within", "between", "assay", "x"]))
)
def test_streams_are_unrelated(one, other):
    rng = np.random.default_rng(SEED)
    first, second = (stream(rng, name).standard_normal(20_000) for name in (one, other))
    assert abs(np.corrcoef(first, second)[0, 1]) < 4 / np.sqrt(20_000)


def test_samples_numbered_from_one_seed_are_unrelated():
    rng = np.random.default_rng(SEED)
    rows = np.array([stream(rng, 0, i, 0).standard_normal(5000) for i in range(6)])
    found = [np.corrcoef(rows[i], rows[j])[0, 1] for i, j in combinations(range(6), 2)]
    assert np.abs(found).max() < 4 / np.sqrt(5000)


def test_a_negative_number_is_no_name():
    with pytest.raises(ValueError, match="negative"):
        stream(np.random.default_rng(SEED), -1)
