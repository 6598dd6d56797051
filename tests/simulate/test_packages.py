import hashlib
import json
import os
import time
from functools import cache

import h5py
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exercisebook.cohort import package
from exercisebook.cohort.package import read_cohort
from exercisebook.errors import InvalidInput, Misuse
from exercisebook.simulate import packages
from exercisebook.simulate.cohorts import simulate
from exercisebook.simulate.packages import (
    KEY_BYTES,
    new_key,
    read_key,
    read_truth,
    sealed_seed,
    sealed_simulation,
    write_sealed,
    write_simulation,
)
from exercisebook.simulate.worlds import world

SEED, PEOPLE, CELLS = 918273645, 3, 2
KEY = bytes(range(7, 7 + KEY_BYTES))

SAME = ("datapackage.json", "subjects.csv", "features.csv", "contrasts.csv")

TELLING = ("mediated", "season", "high-crp", "reverse", "carry-over", "swaps", "responders")
"""Names of worlds that no column of a package has for another reason."""


@cache
def made(name="reference", seed=SEED):
    return simulate(world(name), PEOPLE, seed, cells_per_sample=CELLS)


@cache
def sealed(name="reference", seed=SEED, key=KEY):
    return sealed_simulation(world(name), PEOPLE, seed, key, CELLS)


def bytes_of(folder):
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def said_in_cells(path):
    """Return every name, attribute and text of an HDF5 file, which are compressed in its bytes."""
    found = []

    def look(name, item):
        found.append(name)
        found.extend(f"{key}={value}" for key, value in item.attrs.items())
        if isinstance(item, h5py.Dataset) and item.dtype.kind in "OSU":
            found.extend(str(text) for text in np.ravel(item[()]))

    with h5py.File(path) as file:
        file.visititems(look)
        found.extend(f"{key}={value}" for key, value in file.attrs.items())
    return " ".join(found)


def full(*words, **others):
    raise OSError(28, "No space left on device")


# a package and its truth


def test_the_same_seed_writes_the_same_bytes_at_any_time(tmp_path):
    write_simulation(made(), tmp_path / "one")
    # times are kept to the second
    time.sleep(1.1)
    again = simulate(world("reference"), PEOPLE, SEED, cells_per_sample=CELLS)
    write_simulation(again, tmp_path / "two")
    one, two = bytes_of(tmp_path / "one"), bytes_of(tmp_path / "two")
    assert one == two
    assert {"cells.h5ad", "truth/effects.csv", "truth/world.json", "datapackage.json"} <= set(one)


def test_another_seed_writes_other_values(tmp_path):
    write_simulation(made(), tmp_path / "one")
    write_simulation(made(seed=SEED + 1), tmp_path / "two")
    one, two = bytes_of(tmp_path / "one"), bytes_of(tmp_path / "two")
    same = {name for name in one if one[name] == two[name]}
    assert set(one) == set(two)
    # what is true of the world in general, and what the people are called
    assert same == {
        "subjects.csv", "features.csv", "contrasts.csv", "truth/taxa.csv",
        "truth/composition.csv", "truth/genes.csv", "truth/effects.csv",
    }  # fmt: skip


def test_a_written_simulation_is_read_back_to_six_digits(tmp_path):
    write_simulation(made(), tmp_path / "package")
    found = read_cohort(tmp_path / "package")
    for block, kept in made().cohort.measurements.items():
        read = found.measurements[block]
        assert read["status"].tolist() == kept["status"].tolist()
        np.testing.assert_allclose(read["value"], kept["value"], rtol=5e-6)
    assert found.description["world"] == "reference"


def test_written_cells_are_read_back_as_raw_integers(tmp_path):
    from anndata.io import read_h5ad

    write_simulation(made(), tmp_path / "package")
    found = read_h5ad(read_cohort(tmp_path / "package").cells)
    assert np.issubdtype(found.X.dtype, np.integer)
    assert (found.X != made().cells.X).nnz == 0
    samples = read_cohort(tmp_path / "package").samples["sample_id"]
    assert set(found.obs["sample_id"]) == set(samples)
    assert list(found.obs.columns) == ["sample_id"]


def test_the_truth_lies_beside_the_tables_and_is_read_back(tmp_path):
    write_simulation(made(), tmp_path / "package")
    truth = read_truth(tmp_path / "package")
    pd.testing.assert_frame_equal(truth, made().truth["effects"], rtol=1e-5, check_dtype=False)
    files = {path.name for path in (tmp_path / "package" / "truth").iterdir()}
    assert files == {f"{name}.csv" for name in made().truth} | {"world.json"}
    told = json.loads((tmp_path / "package" / "truth" / "world.json").read_text("utf-8"))
    assert told == made().world
    assert (told["world"], told["subjects"], told["seed"]) == ("reference", PEOPLE, SEED)
    assert {"graph", "questions", "says"} <= set(told)


def test_a_package_without_cells_has_no_file_of_them(tmp_path):
    write_simulation(simulate(world("null"), 2, 1, cells_per_sample=0), tmp_path / "package")
    assert not (tmp_path / "package" / "cells.h5ad").exists()
    assert not (tmp_path / "package" / "truth" / "cells.csv").exists()
    assert read_cohort(tmp_path / "package").cells is None


def test_an_empty_folder_is_filled(tmp_path):
    (tmp_path / "package").mkdir()
    write_simulation(made(), tmp_path / "package")
    assert (tmp_path / "package" / packages.EFFECTS).is_file()


def test_folders_on_the_way_are_made(tmp_path):
    write_simulation(made(), tmp_path / "a" / "b" / "package")
    assert (tmp_path / "a" / "b" / "package" / packages.EFFECTS).is_file()
    assert os.listdir(tmp_path / "a" / "b") == ["package"]


def test_an_occupied_folder_is_refused_and_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(Misuse, match="not empty"):
        write_simulation(made(), tmp_path)
    assert bytes_of(tmp_path) == {"notes.txt": b"mine"}


def test_a_file_in_the_place_of_the_folder_is_refused_and_left_alone(tmp_path):
    (tmp_path / "package").write_text("mine")
    with pytest.raises(Misuse, match="is a file"):
        write_simulation(made(), tmp_path / "package")
    assert bytes_of(tmp_path) == {"package": b"mine"}


@pytest.mark.parametrize("step", ["write_cohort", "write_cells", "write_csv", "_write_json"])
def test_a_write_that_fails_leaves_nothing_behind(tmp_path, monkeypatch, step):
    monkeypatch.setattr(packages, step, full)
    with pytest.raises(OSError, match="No space"):
        write_simulation(made(), tmp_path / "package")
    assert os.listdir(tmp_path) == []


def test_a_cohort_of_no_measurements_is_no_package_and_leaves_nothing_behind(tmp_path):
    empty = simulate(world("null"), 2, 1, ("cells",), 1)
    with pytest.raises(InvalidInput, match=r"features\.csv"):
        write_simulation(empty, tmp_path / "package")
    assert os.listdir(tmp_path) == []


# sealed


@pytest.mark.parametrize("name", ["reference", "mediated", "high-crp", "swaps", "season-twin"])
def test_a_sealed_package_tells_neither_its_world_nor_its_seed(tmp_path, name):
    write_sealed(sealed(name), tmp_path / "package", KEY)
    inner = sealed_seed(KEY, name, PEOPLE, SEED)
    secrets = [name, world(name).says, str(SEED), str(inner), KEY.hex(), f"{inner:x}", "-twin"]
    if name == "reference":
        # a column of contrasts.csv is named reference_phase
        secrets.remove(name)
    written = bytes_of(tmp_path / "package")
    assert {"cells.h5ad", "samples.csv", "datapackage.json"} <= set(written)
    cells = said_in_cells(tmp_path / "package" / "cells.h5ad")
    for secret in secrets:
        assert all(secret.encode() not in content for content in written.values()), secret
        assert secret not in cells, secret
        assert not any(secret in file for file in written)
    for raw in (KEY, inner.to_bytes(32), inner.to_bytes(32, "little")):
        assert not any(raw in content for content in written.values())


def test_a_sealed_package_holds_no_truth(tmp_path):
    write_sealed(sealed(), tmp_path / "package", KEY)
    written = bytes_of(tmp_path / "package")
    assert not any("truth" in name or "world" in name or "key" in name for name in written)
    columns = [
        name
        for table in sealed().truth.values()
        for name in table.columns
        if name.startswith(("log2", "cell_type", "damaged", "training_response", "proteins_are_of"))
    ]
    assert len(columns) > 5
    cells = said_in_cells(tmp_path / "package" / "cells.h5ad")
    for column in columns:
        assert column not in cells
        assert all(column.encode() not in content for content in written.values()), column


def test_a_sealed_package_says_the_same_of_itself_whatever_its_world(tmp_path):
    """What is the same to the byte cannot tell worlds apart."""
    said = {}
    for name in ("null", *TELLING, "season-twin"):
        simulation = sealed_simulation(world(name), PEOPLE, SEED, KEY, 0)
        write_sealed(simulation, tmp_path / name, KEY)
        written = bytes_of(tmp_path / name)
        said[name] = (
            sorted(written),
            [written[file] for file in SAME],
        )
    assert all(one == said["null"] for one in said.values())
    told = json.loads(said["null"][1][0])
    assert told["simulated"] is True
    assert not {"world", "seed", "key"} & set(told)


def test_the_same_key_and_seed_seal_the_same_bytes(tmp_path):
    write_sealed(sealed(), tmp_path / "one", KEY)
    again = sealed_simulation(world("reference"), PEOPLE, SEED, KEY, CELLS)
    write_sealed(again, tmp_path / "two", KEY)
    assert bytes_of(tmp_path / "one") == bytes_of(tmp_path / "two")
    assert bytes_of(tmp_path / "one.sealed") == bytes_of(tmp_path / "two.sealed")


def test_another_key_seals_other_values():
    one, other = sealed(), sealed(key=KEY[::-1])
    for block, table in one.cohort.measurements.items():
        if block != "taxa":
            ok = (table["status"] == "ok") & (other.cohort.measurements[block]["status"] == "ok")
            assert not (table["value"] == other.cohort.measurements[block]["value"])[ok].any()


def test_a_sealed_study_is_none_that_a_seed_alone_makes():
    assert (
        not sealed().cohort.measurements["clinical"].equals(made().cohort.measurements["clinical"])
    )


def test_sealed_worlds_do_not_share_their_random_numbers():
    """Or two packages of one key and seed could be told apart by what they have in common."""
    one, other = (
        sealed(name).cohort.measurements["clinical"]["value"] for name in ("null", "season")
    )
    assert not (one == other).any()


def test_the_truth_of_a_sealed_package_lies_apart(tmp_path):
    apart = write_sealed(sealed("season"), tmp_path / "package", KEY)
    assert apart == tmp_path / "package.sealed"
    assert sorted(os.listdir(tmp_path)) == ["package", "package.sealed"]
    assert sorted(os.listdir(apart)) == ["key.json", "truth"]
    pd.testing.assert_frame_equal(
        read_truth(apart), sealed("season").truth["effects"], rtol=1e-5, check_dtype=False
    )
    assert json.loads((apart / "truth" / "world.json").read_text("utf-8"))["world"] == "season"
    assert read_cohort(tmp_path / "package").name == "simulated-sealed"


def test_the_key_says_what_was_simulated_and_holds_the_sum_of_every_file(tmp_path):
    apart = write_sealed(sealed("season"), tmp_path / "package", KEY)
    said = json.loads((apart / "key.json").read_text("utf-8"))
    assert (said["world"], said["subjects"], said["seed"]) == ("season", PEOPLE, SEED)
    sums = {
        name: hashlib.sha256(content).hexdigest()
        for name, content in bytes_of(tmp_path / "package").items()
    }
    assert said["sha256"] == sums
    assert len(sums) > 10


def test_the_key_makes_the_package_again(tmp_path):
    apart = write_sealed(sealed("season"), tmp_path / "one", KEY)
    said = json.loads((apart / "key.json").read_text("utf-8"))
    key = read_key(apart / "key.json")
    again = sealed_simulation(
        world(said["world"]), said["subjects"], said["seed"], key, said["cells_per_sample"]
    )
    write_sealed(again, tmp_path / "two", key)
    assert bytes_of(tmp_path / "one") == bytes_of(tmp_path / "two")


@pytest.mark.parametrize("occupied", ["package", "package.sealed"])
def test_neither_folder_is_written_where_one_is_occupied(tmp_path, occupied):
    (tmp_path / occupied).mkdir()
    (tmp_path / occupied / "notes.txt").write_text("mine")
    with pytest.raises(Misuse, match=r"not empty; name a new folder"):
        write_sealed(sealed(), tmp_path / "package", KEY)
    assert bytes_of(tmp_path) == {f"{occupied}/notes.txt": b"mine"}
    assert os.listdir(tmp_path) == [occupied]


@pytest.mark.parametrize(
    "step", ["write_cohort", "write_cells", "write_csv", "_write_json", "_sha256", "_write_truth"]
)
def test_a_sealing_that_fails_leaves_nothing_behind(tmp_path, monkeypatch, step):
    monkeypatch.setattr(packages, step, full)
    with pytest.raises(OSError, match="No space"):
        write_sealed(sealed(), tmp_path / "package", KEY)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("refused", ["package", "package.sealed"])
def test_a_folder_that_cannot_be_put_in_its_place_leaves_neither(tmp_path, monkeypatch, refused):
    put = os.replace

    def replace(source, target):
        if os.path.basename(target) == refused:
            full()
        put(source, target)

    monkeypatch.setattr(package.os, "replace", replace)
    with pytest.raises(OSError, match="No space"):
        write_sealed(sealed(), tmp_path / "package", KEY)
    assert os.listdir(tmp_path) == []


# keys


def test_new_keys_are_of_the_right_length_and_differ():
    keys = {new_key() for _ in range(20)}
    assert len(keys) == 20
    assert {len(key) for key in keys} == {KEY_BYTES}


@given(key=st.binary(min_size=KEY_BYTES, max_size=KEY_BYTES))
def test_a_key_is_read_from_either_kind_of_file(tmp_path_factory, key):
    folder = tmp_path_factory.mktemp("keys")
    (folder / "key.txt").write_text(key.hex().upper() + "\n")
    (folder / "key.json").write_text(json.dumps({"key": key.hex()}))
    assert read_key(folder / "key.txt") == read_key(folder / "key.json") == key


def test_an_absent_key_is_said_to_be_absent(tmp_path):
    with pytest.raises(Misuse, match=r"none\.txt: no such file; without --key a new key is made"):
        read_key(tmp_path / "none.txt")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("key.txt", b""),
        ("key.txt", b"\n\n"),
        ("key.txt", b"ab" * 31),
        ("key.txt", b"ab" * 33),
        ("key.txt", b"a" * 63),
        ("key.txt", b"zz" * 32),
        ("key.txt", b"\xff\xfe" * 32),
        ("key.txt", b'{"key": "' + b"ab" * 32 + b'"}'),
        ("key.json", b""),
        ("key.json", b"{}"),
        ("key.json", b"ab" * 32),
        ("key.json", b'{"seed": 1}'),
        ("key.json", b'{"key": null}'),
        ("key.json", b'{"key": 12}'),
        ("key.json", b'{"key": ["ab"]}'),
        ("key.json", b'["key"]'),
        ("key.json", b'"key"'),
        ("key.json", b"7"),
        ("key.json", b'{"key": "' + b"ab" * 31 + b'"}'),
        ("key.json", b"{" * 10),
        ("key.json", b"[" * 100_000),
    ],
)
def test_what_is_no_key_is_refused_with_what_is_expected(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(Misuse, match=r"found no key; expected 64 hexadecimal digits, or a key"):
        read_key(tmp_path / name)


def test_a_folder_is_no_key(tmp_path):
    with pytest.raises(Misuse, match="found no key"):
        read_key(tmp_path)


@given(key=st.binary(min_size=32, max_size=32), seed=st.integers(0, 2**64))
def test_a_sealed_seed_depends_on_every_word_and_on_the_key(key, seed):
    words = ("season", 13, seed)
    one = sealed_seed(key, *words)
    assert one == sealed_seed(key, *words)
    others = [("season-twin", 13, seed), ("season", 14, seed), ("season", 13, seed + 1),
              ("season1", 3, seed)]  # fmt: skip
    changed = bytes([key[0] ^ 1]) + key[1:]
    assert one not in [
        *(sealed_seed(key, *other) for other in others),
        sealed_seed(changed, *words),
    ]
    assert 0 <= one < 2**256
