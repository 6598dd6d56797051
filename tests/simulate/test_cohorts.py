import os
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exercisebook.cohort.package import check_between_tables, read_cohort
from exercisebook.cohort.schemas import TABLES
from exercisebook.errors import Misuse
from exercisebook.paths import REFERENCE
from exercisebook.simulate import cohorts
from exercisebook.simulate.arrays import simulate_arrays
from exercisebook.simulate.cohorts import TRUTH, read_truth, simulate, write_simulation
from exercisebook.simulate.worlds import BLOCKS, world

SEED, PEOPLE = 20251121, 13


@pytest.fixture(scope="module")
def simulation():
    return simulate(world("reference"), PEOPLE, SEED)


def bytes_of(folder):
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def values(simulation, block):
    return simulation.cohort.measurements[block]["value"]


# the cohort


def test_the_values_are_those_of_the_first_draw(simulation):
    reference = world("reference")
    arrays = simulate_arrays(reference, PEOPLE, np.random.default_rng(SEED), draws=3)
    for block in BLOCKS:
        limits = reference.block(block)["detection_limit"].to_numpy()
        expected = np.fmax(arrays[block][0], limits)
        assert values(simulation, block).to_numpy().tobytes() == expected.reshape(-1).tobytes()


def test_a_value_belongs_to_its_person_phase_and_feature(simulation):
    reference = world("reference")
    arrays = simulate_arrays(reference, PEOPLE, np.random.default_rng(SEED))
    found = simulation.cohort.long("blood_count").set_index(["subject", "phase", "feature"])
    assert found.at[("05", "training", "monocytes"), "value"] == arrays["blood_count"][0, 4, 2, 2]


def test_thirteen_people_are_sampled_three_times(simulation):
    cohort = simulation.cohort
    assert len(cohort.subjects) == 13
    assert cohort.samples.groupby("subject")["phase"].apply(list).iloc[0] == [
        "baseline",
        "acute",
        "training",
    ]
    assert cohort.contrasts["contrast"].tolist() == ["acute-baseline", "training-baseline"]


def test_a_simulated_cohort_says_that_it_is_and_of_what(simulation):
    assert simulation.cohort.simulated
    said = simulation.cohort.description
    assert (said["world"], said["seed"]) == ("reference", SEED)
    assert simulation.cohort.name == "simulated-reference"


@settings(max_examples=20)
@given(
    seed=st.integers(0, 2**32),
    n=st.integers(2, 150),
    blocks=st.lists(st.sampled_from(BLOCKS), unique=True, min_size=1).map(tuple),
)
def test_every_simulated_cohort_obeys_the_rules_of_its_tables(seed, n, blocks):
    cohort = simulate(world("reference"), n, seed, blocks).cohort
    for name, schema in TABLES.items():
        schema.validate(getattr(cohort, name))
    check_between_tables(cohort)
    assert set(cohort.measurements) == set(cohort.features["modality"]) == set(blocks)


def test_a_block_has_the_same_values_alone_and_among_others(simulation):
    alone = simulate(world("reference"), PEOPLE, SEED, ("cytokines",))
    pd.testing.assert_frame_equal(
        alone.cohort.measurements["cytokines"], simulation.cohort.measurements["cytokines"]
    )
    assert set(alone.truth["feature"]) == set(world("reference").block("cytokines")["feature"])


@pytest.mark.parametrize("seed", range(3))
def test_what_lies_below_its_limit_is_the_limit_and_says_so(seed):
    reference = world("reference")
    cohort = simulate(reference, 40, seed).cohort
    limits = reference.features.set_index("feature")["detection_limit"]
    for block in BLOCKS:
        table = cohort.measurements[block]
        limit = table["feature"].map(limits)
        below = table["status"] == "below_detection"
        assert (table.loc[below, "value"] == limit[below]).all()
        assert (table.loc[~below, "status"] == "ok").all()
        assert not (table.loc[~below, "value"] < limit[~below]).any()
    assert (cohort.measurements["cytokines"]["status"] == "below_detection").any()


def test_a_limit_hides_as_many_values_as_lie_below_it():
    reference = world("reference")
    table = simulate(reference, 40, SEED).cohort.measurements["cytokines"]
    array = simulate_arrays(reference, 40, np.random.default_rng(SEED))["cytokines"][0]
    hidden = array < reference.block("cytokines")["detection_limit"].to_numpy()
    assert ((table["status"] == "below_detection").to_numpy() == hidden.reshape(-1)).all()


# the truth


def test_the_truth_has_a_row_for_each_feature_and_contrast(simulation):
    truth = simulation.truth
    assert len(truth) == 18 * 2
    assert not truth.duplicated(["feature", "contrast"]).any()
    assert set(truth["contrast"]) == set(simulation.cohort.contrasts["contrast"])


def test_a_tube_shows_the_loss_of_water_in_the_acute_sample_alone(simulation):
    truth = simulation.truth.set_index(["contrast", "feature"])
    shift = truth["log2_concentration"] - truth["log2_content"]
    acute = shift["acute-baseline"]
    solid = ["body_mass_index", "resting_pulse"]
    assert (acute[solid] == 0).all()
    cells = simulation.cohort.features.query("modality == 'blood_count'")["feature"]
    np.testing.assert_allclose(acute[cells], -np.log2(0.45 + 0.55 * 0.9))
    np.testing.assert_allclose(acute.drop([*solid, *cells]), -np.log2(0.9))
    assert (shift["training-baseline"] == 0).all()


def test_the_truth_is_what_many_studies_show(simulation):
    truth = simulation.truth.set_index(["contrast", "feature"])["log2_concentration"]
    reference = world("reference")
    arrays = simulate_arrays(reference, PEOPLE, np.random.default_rng(SEED), draws=2000)
    for block in BLOCKS:
        names = reference.block(block)["feature"]
        logs = np.log2(arrays[block]).reshape(-1, 3, len(names))
        for place, contrast in ((1, "acute-baseline"), (2, "training-baseline")):
            change = logs[:, place] - logs[:, 0]
            error = change.std(axis=0, ddof=1) / np.sqrt(len(change))
            z = (change.mean(axis=0) - truth[contrast][names].to_numpy()) / error
            assert np.abs(z).max() < 4


def test_nothing_is_true_of_the_null_world():
    truth = simulate(world("null"), PEOPLE, SEED).truth
    assert (truth[["log2_content", "log2_concentration"]] == 0).all().all()


# the package


def test_the_same_seed_writes_the_same_bytes(simulation, tmp_path):
    write_simulation(simulation, tmp_path / "one")
    write_simulation(simulate(world("reference"), PEOPLE, SEED), tmp_path / "two")
    assert bytes_of(tmp_path / "one") == bytes_of(tmp_path / "two")


def test_another_seed_writes_other_values(simulation, tmp_path):
    write_simulation(simulation, tmp_path / "one")
    write_simulation(simulate(world("reference"), PEOPLE, SEED + 1), tmp_path / "two")
    one, two = bytes_of(tmp_path / "one"), bytes_of(tmp_path / "two")
    differing = {name for name in one if one[name] != two[name]}
    assert differing == {"datapackage.json"} | {f"measurements/{block}.csv" for block in BLOCKS}


def test_a_written_simulation_is_read_back_to_six_digits(simulation, tmp_path):
    write_simulation(simulation, tmp_path / "package")
    found = read_cohort(tmp_path / "package")
    for block in BLOCKS:
        read = found.measurements[block]
        assert read["status"].tolist() == simulation.cohort.measurements[block]["status"].tolist()
        np.testing.assert_allclose(read["value"], values(simulation, block), rtol=5e-6)


def test_the_truth_lies_beside_the_tables_and_is_read_back(simulation, tmp_path):
    write_simulation(simulation, tmp_path / "package")
    assert (tmp_path / "package" / TRUTH).is_file()
    truth = read_truth(tmp_path / "package")
    pd.testing.assert_frame_equal(truth, simulation.truth, rtol=1e-5, check_dtype=False)


def test_an_occupied_folder_is_refused_and_left_alone(simulation, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(Misuse, match="not empty"):
        write_simulation(simulation, tmp_path)
    assert bytes_of(tmp_path) == {"notes.txt": b"mine"}


def test_an_empty_folder_is_filled(simulation, tmp_path):
    (tmp_path / "package").mkdir()
    write_simulation(simulation, tmp_path / "package")
    assert (tmp_path / "package" / TRUTH).is_file()


def test_a_write_that_fails_at_the_truth_leaves_nothing_behind(simulation, tmp_path, monkeypatch):
    def full(*words):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cohorts, "write_csv", full)
    with pytest.raises(OSError, match="No space"):
        write_simulation(simulation, tmp_path / "package")
    assert os.listdir(tmp_path) == []


# misuse


@pytest.mark.parametrize("n", [1, 0])
def test_a_cohort_of_fewer_than_two_people_is_refused(n):
    with pytest.raises(Misuse, match=f"{n} subjects"):
        simulate(world("reference"), n, SEED)


def test_an_unknown_block_gives_the_nearest_one():
    with pytest.raises(Misuse, match=r"did you mean 'blood_count'\?"):
        simulate(world("reference"), 2, SEED, ("blood_counts",))


# the reference


def test_the_committed_reference_is_what_its_seed_writes(simulation, tmp_path):
    write_simulation(simulation, tmp_path / "again")
    written, committed = bytes_of(tmp_path / "again"), bytes_of(REFERENCE)
    assert set(written) == set(committed)
    if sys.version_info[:2] == (3, 11):
        assert [name for name in committed if written[name] != committed[name]] == []
    found, expected = read_cohort(tmp_path / "again"), read_cohort(REFERENCE)
    for block in BLOCKS:
        read, kept = found.measurements[block], expected.measurements[block]
        pd.testing.assert_frame_equal(read, kept, rtol=1e-5)
    pd.testing.assert_frame_equal(read_truth(tmp_path / "again"), read_truth(REFERENCE))


def test_the_committed_reference_is_of_the_reference_world(reference):
    assert reference.description["seed"] == SEED
    assert reference.description["title"].endswith(world("reference").says)


def test_a_world_of_another_name_makes_a_cohort_of_that_name():
    other = replace(world("null"), name="still")
    assert simulate(other, 2, SEED).cohort.name == "simulated-still"
