import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exercisebook.cohort.package import check_between_tables, read_cohort
from exercisebook.cohort.schemas import MEASUREMENTS, TABLES
from exercisebook.errors import Misuse
from exercisebook.paths import REFERENCE
from exercisebook.simulate.arrays import draw_studies, simulate_arrays
from exercisebook.simulate.cohorts import simulate
from exercisebook.simulate.packages import read_truth, write_simulation
from exercisebook.simulate.single_cells import cell_types
from exercisebook.simulate.taxa import taxa_features
from exercisebook.simulate.worlds import (
    BLOCKS,
    MEASURED,
    NODES,
    PHASES,
    WORLDS,
    assumptions,
    world,
    world_names,
)

SEED, PEOPLE = 20251121, 13
TABULAR = (*MEASURED, "taxa")

TRUTHS = {"effects", "subjects", "samples", "taxa", "composition", "genes", "cells"}


@pytest.fixture(scope="module")
def simulation():
    return simulate(world("reference"), PEOPLE, SEED)


def bytes_of(folder):
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def values(simulation, block):
    return simulation.cohort.measurements[block]["value"]


def assert_obeys(cohort):
    for name, schema in TABLES.items():
        schema.validate(getattr(cohort, name))
    for table in cohort.measurements.values():
        MEASUREMENTS.validate(table)
    check_between_tables(cohort)


# the cohort


def test_the_values_are_those_of_the_first_draw(simulation):
    reference = world("reference")
    arrays = simulate_arrays(reference, PEOPLE, np.random.default_rng(SEED), TABULAR, 3)
    for block in MEASURED:
        limits = reference.block(block)["detection_limit"].to_numpy(float)
        drawn = arrays[block][0]
        expected = np.where(drawn < limits, limits, drawn)
        assert values(simulation, block).to_numpy().tobytes() == expected.reshape(-1).tobytes()
    counts = arrays["taxa"][0].astype(float)
    assert values(simulation, "taxa").to_numpy().tobytes() == counts.reshape(-1).tobytes()


def test_the_cells_are_those_of_the_first_draw(simulation):
    arrays = simulate_arrays(
        world("reference"), PEOPLE, np.random.default_rng(SEED), ("cells",), 1, 3
    )
    first = simulation.cells[simulation.cells.obs["sample_id"] == "05-training"].X[:3].toarray()
    assert (first == arrays["cells"][0, 4, 2]).all()


def test_a_value_belongs_to_its_person_phase_and_feature(simulation):
    arrays = simulate_arrays(world("reference"), PEOPLE, np.random.default_rng(SEED), TABULAR)
    found = simulation.cohort.long("blood_count").set_index(["subject", "phase", "feature"])
    assert found.at[("05", "training", "monocytes"), "value"] == arrays["blood_count"][0, 4, 2, 2]
    found = simulation.cohort.long("taxa").set_index(["subject", "phase", "feature"])
    third = taxa_features()["feature"][2]
    assert found.at[("13", "acute", third), "value"] == arrays["taxa"][0, 12, 1, 2]


def test_thirteen_people_are_sampled_three_times(simulation):
    cohort = simulation.cohort
    assert len(cohort.subjects) == 13
    assert (cohort.samples.groupby("subject")["phase"].apply(tuple) == PHASES).all()
    assert cohort.contrasts["contrast"].tolist() == ["acute-baseline", "training-baseline"]
    assert set(cohort.measurements) == set(TABULAR)


def test_a_simulated_cohort_says_that_it_is_and_of_what(simulation):
    assert simulation.cohort.simulated
    said = simulation.cohort.description
    assert (said["world"], said["seed"]) == ("reference", SEED)
    assert simulation.cohort.name == "simulated-reference"


@pytest.mark.parametrize("name", [*WORLDS, "season-twin", "dropout-twin"])
def test_the_cohort_of_every_world_obeys_the_rules_of_its_tables(name):
    made = simulate(world(name), 4, SEED, cells_per_sample=0)
    assert_obeys(made.cohort)
    assert set(made.cohort.measurements) == set(TABULAR)
    assert made.world["world"] == name
    assert made.cells is None


@settings(max_examples=12)
@given(
    name=st.sampled_from(world_names()),
    seed=st.integers(0, 2**64),
    n=st.integers(2, 12),
    blocks=st.lists(st.sampled_from(BLOCKS), unique=True, min_size=1).map(tuple),
    cells=st.sampled_from([0, 1, 3]),
)
def test_every_simulated_cohort_and_its_truth_fit_together(name, seed, n, blocks, cells):
    made = simulate(world(name), n, seed, blocks, cells)
    cohort, truth = made.cohort, made.truth
    drawn = set(blocks) - ({"cells"} if not cells else set())
    tabular = drawn - {"cells"}
    if tabular:
        assert_obeys(cohort)
    assert set(cohort.measurements) == set(cohort.features["modality"]) == tabular
    assert (made.cells is not None) == ("cells" in drawn) == ("cells" in truth)
    assert ("taxa" in truth) == ("taxa" in drawn)
    samples = set(cohort.samples["sample_id"])
    assert truth["samples"]["sample_id"].tolist() == cohort.samples["sample_id"].tolist()
    assert truth["subjects"]["subject"].tolist() == cohort.subjects["subject"].tolist()
    assert set(truth["samples"]["proteins_are_of"]) == samples
    assert set(truth["effects"]["feature"]) == set(
        cohort.features.query("modality in @MEASURED")["feature"]
    )
    for table in cohort.measurements.values():
        assert set(table["sample_id"]) == samples
    if made.cells is not None:
        assert made.cells.obs["sample_id"].value_counts().to_dict() == dict.fromkeys(samples, cells)
        assert truth["cells"]["cell"].tolist() == made.cells.obs_names.tolist()
        assert truth["cells"]["sample_id"].tolist() == made.cells.obs["sample_id"].tolist()


@pytest.mark.parametrize("block", [*TABULAR, "cells"])
def test_a_block_has_the_same_values_alone_and_among_others(simulation, block):
    alone = simulate(world("reference"), PEOPLE, SEED, (block,))
    pd.testing.assert_frame_equal(alone.cohort.samples, simulation.cohort.samples)
    if block == "cells":
        assert (alone.cells.X != simulation.cells.X).nnz == 0
        return
    pd.testing.assert_frame_equal(
        alone.cohort.measurements[block], simulation.cohort.measurements[block]
    )
    own = set(world("reference").block(block)["feature"])
    assert set(alone.truth["effects"]["feature"]) == own


def test_what_lies_below_its_limit_is_the_limit_and_says_so():
    reference = world("reference")
    cohort = simulate(reference, 40, SEED, MEASURED).cohort
    arrays = simulate_arrays(reference, 40, np.random.default_rng(SEED))
    seen = set()
    for block in MEASURED:
        table, drawn = cohort.measurements[block], arrays[block][0].reshape(-1)
        limit = np.tile(reference.block(block)["detection_limit"].to_numpy(float), 120)
        status = table["status"].to_numpy()
        assert ((status == "below_detection") == (drawn < limit)).all()
        assert ((status == "missing") == np.isnan(drawn)).all()
        assert (table["value"][drawn < limit] == limit[drawn < limit]).all()
        assert table["value"][np.isnan(drawn)].isna().all()
        assert (table["value"][status == "ok"] == drawn[status == "ok"]).all()
        seen |= set(status)
    assert seen == {"ok", "below_detection", "missing"}
    assert (cohort.measurements["cytokines"]["status"] == "below_detection").any()


def test_limits_and_units_stand_in_the_table_of_features(simulation):
    features = simulation.cohort.features
    assert not features.duplicated("feature").any()
    own = features[features["modality"] != "taxa"].reset_index(drop=True)
    expected = world("reference").features
    for column in ("feature", "unit", "detection_limit"):
        pd.testing.assert_series_equal(own[column], expected[column], check_dtype=False)
    assert features["canonical_id"].notna().sum() == expected["canonical_id"].notna().sum() > 18


# samples


def test_samples_carry_what_a_study_writes_down(simulation):
    samples = simulation.cohort.samples
    assert samples["hours_since_bout"].isna().equals(samples["phase"] == "baseline")
    assert samples.query("phase == 'acute'")["hours_since_bout"].unique() == [0.1]
    assert samples.query("phase == 'training'")["hours_since_bout"].unique() == [48]
    assert samples.groupby("phase")["day"].unique().map(list).to_dict() == {
        "baseline": [45], "acute": [46], "training": [72],
    }  # fmt: skip
    assert samples["clock_h"].between(5, 11).all()
    assert samples["sleep_h"].between(3, 12).all()
    assert sorted(samples["run_order"]) == list(range(1, 40))
    assert samples["diet_score"].notna().all()
    assert set(samples["fasting"]) == {"yes"}


def test_hours_since_the_bout_tell_of_carry_over():
    samples = simulate(world("carry-over"), 3, SEED, ("clinical",)).cohort.samples
    last = samples.query("phase == 'training'")["hours_since_bout"]
    assert (last == assumptions()["hours_carry_over"]).all()


def test_a_batch_is_a_plate_of_some_people_or_of_a_phase():
    ordinary = simulate(world("reference"), 20, SEED, ("clinical",)).cohort.samples
    assert (ordinary.groupby("subject")["batch"].nunique() == 1).all()
    assert set(ordinary["batch"]) == {"plate 1", "plate 2", "plate 3"}
    by_phase = simulate(world("batch"), 20, SEED, ("clinical",)).cohort.samples
    assert (by_phase.groupby("batch")["phase"].nunique() == 1).all()
    assert set(by_phase["batch"]) == {f"plate {i}" for i in range(1, 10)}
    order = by_phase.groupby("phase")["run_order"].agg(["min", "max"])
    assert order.loc["baseline", "max"] < order.loc["acute", "min"]


def test_a_score_of_diet_is_diet_and_an_error():
    made = simulate(world("null"), 2000, SEED, ("clinical",))
    score, diet = made.cohort.samples["diet_score"], made.truth["samples"]["diet"]
    assert (score - diet).std() == pytest.approx(assumptions()["diet_score_error"], rel=0.05)
    assert abs(np.corrcoef(score - diet, diet)[0, 1]) < 0.05


# who stays away


def test_absent_samples_are_absent_everywhere():
    of = replace(world("dropout"), dropout_share=0.5)
    made = simulate(of, 10, SEED, cells_per_sample=2)
    visits = draw_studies(of, 10, np.random.default_rng(SEED), ()).visits
    people = [f"{i:02d}" for i in range(1, 11)]
    ids = np.array([[f"{who}-{phase}" for phase in PHASES] for who in people])
    came = set(ids[~visits.absent[0]])
    gone = set(ids[visits.absent[0]])
    assert gone
    assert all(name.endswith("-training") for name in gone)
    samples = [
        made.cohort.samples["sample_id"],
        made.truth["samples"]["sample_id"],
        made.truth["cells"]["sample_id"],
        made.cells.obs["sample_id"],
        *(table["sample_id"] for table in made.cohort.measurements.values()),
    ]
    assert all(set(ids) == came for ids in samples)
    assert set(made.cells.obs["sample_id"].cat.categories) == came
    assert made.cohort.subjects["subject"].tolist() == people
    assert_obeys(made.cohort)


def test_samples_of_people_who_stay_are_those_of_a_study_where_all_do():
    one = simulate(world("dropout"), 10, SEED, ("cytokines",))
    other = simulate(replace(world("dropout"), dropout_share=0.0), 10, SEED, ("cytokines",))
    assert len(one.cohort.samples) < len(other.cohort.samples) == 30
    tables = [m.cohort.measurements["cytokines"] for m in (one, other)]
    kept = tables[1][tables[1]["sample_id"].isin(tables[0]["sample_id"])]
    pd.testing.assert_frame_equal(tables[0], kept.reset_index(drop=True))


# the truth


def test_there_is_a_truth_of_everything(simulation):
    assert set(simulation.truth) == TRUTHS
    assert not any(table.empty for table in simulation.truth.values())


def test_the_truth_has_a_row_for_each_feature_and_contrast(simulation):
    effects = simulation.truth["effects"]
    assert len(effects) == 2 * 468
    assert not effects.duplicated(["feature", "contrast"]).any()
    contrasts = set(simulation.cohort.contrasts["contrast"])
    for name in ("effects", "taxa", "composition", "genes"):
        assert set(simulation.truth[name]["contrast"]) == contrasts, name
    assert set(simulation.truth["taxa"]["feature"]) == set(taxa_features()["feature"])
    assert set(simulation.truth["genes"]["gene"]) <= set(simulation.cells.var_names)


def test_what_nobody_measured_of_samples_is_in_the_truth(simulation):
    visits = draw_studies(world("reference"), PEOPLE, np.random.default_rng(SEED), ()).visits
    truth = simulation.truth["samples"].set_index("sample_id")
    assert truth.at["03-acute", "betaine"] == visits.nodes[0, 2, 1, NODES.index("betaine")]
    assert truth.at["13-training", "plasma_volume"] == np.exp(visits.plasma[0, 12, 2])
    assert truth["infection"].to_numpy().tolist() == visits.infection[0].reshape(-1).tolist()
    subjects = simulation.truth["subjects"].set_index("subject")
    assert subjects.at["07", "adiposity"] == visits.subject[0, 6, 1]
    assert subjects["training_response"].eq(1).all()


def test_the_truth_says_whose_proteins_lie_in_a_place():
    swapped, plain = (
        simulate(world(name), PEOPLE, SEED, ("proteins", "cytokines"))
        for name in ("swaps", "reference")
    )
    whose = swapped.truth["samples"].set_index("sample_id")["proteins_are_of"]
    assert sorted(whose) == sorted(whose.index)
    assert (whose != whose.index).sum() in (3, 4)
    assert (plain.truth["samples"]["proteins_are_of"] == plain.truth["samples"]["sample_id"]).all()
    wide = [
        m.cohort.measurements["proteins"].pivot(
            index="sample_id", columns="feature", values="value"
        )
        for m in (swapped, plain)
    ]
    for place, owner in whose.items():
        pd.testing.assert_series_equal(wide[0].loc[place], wide[1].loc[owner], check_names=False)
    pd.testing.assert_frame_equal(*(m.cohort.measurements["cytokines"] for m in (swapped, plain)))


@pytest.mark.parametrize("name", ["null", "reference-twin", "high-crp-twin"])
def test_nothing_is_true_of_a_world_without_exercise(name):
    truth = simulate(world(name), 3, SEED, cells_per_sample=1).truth
    effects = ["log2_content", "log2_concentration", "log2_mediated"]
    assert (truth["effects"][effects] == 0).all().all()
    for table, columns in (
        ("taxa", ["log2_effect", "clr_effect"]),
        ("composition", ["log2_number", "logit_share"]),
        ("genes", ["log2_effect"]),
    ):
        assert (truth[table][columns].astype(float).abs() < 1e-12).all().all(), table
    assert len(truth["taxa"]) == 240
    assert len(truth["composition"]) == 40


def test_the_fall_of_neutrophils_changes_shares_of_whole_blood_alone():
    truth = simulate(world("neutrophils-only"), 3, SEED, cells_per_sample=1).truth["composition"]
    training = truth[truth["contrast"] == "training-baseline"].set_index("denominator")
    assert (training.groupby(level=0).size() == len(cell_types())).all()
    assert (training["log2_number"].abs() < 1e-5).all()
    assert (training.loc["mononuclear", "logit_share"].abs() < 1e-5).all()
    # fewer neutrophils leave a larger share to everybody else
    assert (training.loc["whole blood", "logit_share"] > 0.1).all()


def test_a_world_of_another_name_makes_a_cohort_of_that_name():
    other = replace(world("null"), name="still")
    assert simulate(other, 2, SEED, MEASURED).cohort.name == "simulated-still"


# misuse


@pytest.mark.parametrize("n", [1, 0, -2])
def test_a_cohort_of_fewer_than_two_people_is_refused(n):
    with pytest.raises(Misuse, match=f"{n} subjects"):
        simulate(world("reference"), n, SEED)


def test_fewer_than_no_cells_are_refused():
    with pytest.raises(Misuse, match="-1 cells a sample"):
        simulate(world("reference"), 2, SEED, cells_per_sample=-1)


def test_an_unknown_block_gives_the_nearest_one():
    with pytest.raises(Misuse, match=r"did you mean 'blood_count'\?"):
        simulate(world("reference"), 2, SEED, ("blood_counts",))


# the reference


def test_the_committed_reference_is_what_its_seed_writes(simulation, tmp_path):
    from anndata.io import read_h5ad

    write_simulation(simulation, tmp_path / "again")
    written, committed = bytes_of(tmp_path / "again"), bytes_of(REFERENCE)
    assert set(written) == set(committed)
    if sys.version_info[:2] == (3, 11):
        assert [name for name in committed if written[name] != committed[name]] == []
    found, expected = read_cohort(tmp_path / "again"), read_cohort(REFERENCE)
    for block in TABULAR:
        read, kept = found.measurements[block], expected.measurements[block]
        pd.testing.assert_frame_equal(read, kept, rtol=1e-5)
    pd.testing.assert_frame_equal(read_truth(tmp_path / "again"), read_truth(REFERENCE))
    for name in TRUTHS:
        read, kept = (
            pd.read_csv(folder / "truth" / f"{name}.csv")
            for folder in (tmp_path / "again", REFERENCE)
        )
        pd.testing.assert_frame_equal(read, kept, rtol=1e-5)
    cells, kept = (read_h5ad(c.cells) for c in (found, expected))
    assert (cells.X != kept.X).nnz == 0
    assert cells.obs["sample_id"].tolist() == kept.obs["sample_id"].tolist()


def test_the_committed_reference_is_of_the_reference_world(reference):
    assert reference.description["seed"] == SEED
    assert reference.description["title"].endswith(world("reference").says)


def test_the_committed_reference_takes_no_more_than_four_megabytes():
    assert sum(map(len, bytes_of(REFERENCE).values())) < 4_000_000


def test_all_worlds_have_a_name_that_a_package_may_have():
    for name in WORLDS:
        assert simulate(world(name), 2, 1, ("clinical",)).cohort.name == f"simulated-{name}"
