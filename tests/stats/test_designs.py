"""Designs: their columns, what they can tell, and whom they blame if they cannot."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exercisebook.errors import InvalidInput, Misuse
from exercisebook.stats.designs import (
    Design,
    cell_contrast,
    cell_design,
    check_estimable,
    covariate_columns,
    independent_columns,
    rank_and_aliases,
)

BLOCKS = pytest.mark.parametrize("blocks", [True, False], ids=["blocks", "no blocks"])


def samples(people=6, phases="abc", arms=("all",), crossover=False) -> pd.DataFrame:
    """Return a sample a person and phase, persons in one arm each or in every arm."""
    rows = [
        (f"s{i}", arm, phase)
        for i in range(people)
        for arm in (arms if crossover else [arms[i % len(arms)]])
        for phase in phases
    ]
    table = pd.DataFrame(rows, columns=["subject", "arm", "phase"])
    return table.set_axis([" ".join(row) for row in rows])


def contrast(phase="b", reference="a", arm="all", other="all") -> pd.Series:
    return pd.Series(
        {
            "contrast": f"{phase} vs {reference}",
            "phase": phase,
            "reference_phase": reference,
            "arm": arm,
            "reference_arm": other,
        }
    )


def check(table, covariates=(), asked=None, blocks=True):
    """Raise where a design cannot tell a contrast."""
    design = cell_design(table, covariates)
    asked = contrast() if asked is None else asked
    check_estimable(design, cell_contrast(design, asked), blocks, asked["contrast"])


def blamed(table, covariates, asked=None, blocks=True) -> list[str]:
    """Return what the message says that a contrast is aliased with."""
    with pytest.raises(Misuse) as caught:
        check(table, covariates, asked, blocks)
    message = str(caught.value)
    assert message.startswith("'b vs a' is not estimable: it is aliased with ")
    assert "leave the covariate out" in message
    return message.split("aliased with ")[1].split("; ")[0].split(", ")


def ages(table) -> np.ndarray:
    return 20.0 + 3.5 * pd.factorize(table["subject"])[0]


def noise(table, seed=1) -> np.ndarray:
    return np.random.default_rng(seed).normal(170, 9, len(table))


# columns ----------------------------------------------------------------------------------------


def test_every_sample_is_in_one_cell():
    table = samples(arms=("control", "training"))
    design = cell_design(table)
    assert design.cells == [(a, p) for a in ("control", "training") for p in "abc"]
    assert list(design.columns)[:2] == ["phase a, arm control", "phase b, arm control"]
    np.testing.assert_array_equal(design.matrix.sum(axis=1), 1)
    np.testing.assert_array_equal(design.matrix.sum(axis=0), 3)
    assert list(design.columns.index) == list(table.index)


def test_one_arm_is_not_named():
    assert list(cell_design(samples()).columns) == ["phase a", "phase b", "phase c"]


def test_persons_are_numbered_as_they_appear_whatever_their_names():
    table = samples(3)
    table["subject"] = table["subject"].map({"s0": "zoe", "s1": "10", "s2": "2"})
    np.testing.assert_array_equal(cell_design(table).persons, np.repeat([0, 1, 2], 3))


def test_a_cell_without_samples_has_no_column():
    table = samples(4, arms=("control", "training"))
    table = table[(table["arm"] == "control") | (table["phase"] != "c")]
    assert ("training", "c") not in cell_design(table).cells
    assert len(cell_design(table).cells) == 5


@settings(max_examples=50)
@given(st.lists(st.floats(-1e6, 1e6), min_size=18, max_size=18))
def test_numbers_are_centred(values):
    table = samples().assign(age=values)
    column = covariate_columns(table, ["age"])["age"]
    assert abs(column.mean()) <= 1e-9 * (1 + np.ptp(values))
    np.testing.assert_allclose(np.diff(column), np.diff(values), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("value", [23.1, 1e9 / 3, -0.1])
def test_a_constant_number_is_nothing_and_no_rounding(value):
    assert not covariate_columns(samples().assign(x=value), ["x"]).to_numpy().any()


def test_numbers_may_be_written_as_text():
    table = samples().assign(age=lambda t: ages(t))
    as_text = table.assign(age=table["age"].astype(str))
    one, other = covariate_columns(table, ["age"]), covariate_columns(as_text, ["age"])
    pd.testing.assert_frame_equal(one, other)


@pytest.mark.parametrize("dtype", ["object", "string", "category"])
def test_categories_are_indicators_of_all_but_the_first(dtype):
    table = samples().assign(batch=pd.Series(["north", "south", "west"] * 6, dtype=dtype).array)
    columns = covariate_columns(table, ["batch"])
    assert list(columns) == ["batch south", "batch west"]
    np.testing.assert_array_equal(columns["batch south"], [0, 1, 0] * 6)


def test_truth_values_are_numbers():
    table = samples().assign(fasted=[True, False] * 9)
    np.testing.assert_array_equal(covariate_columns(table, ["fasted"])["fasted"], [0.5, -0.5] * 9)


def test_whole_numbers_that_may_be_missing_are_numbers():
    table = samples().assign(age=pd.array([20, 30] * 9, dtype="Int64"))
    np.testing.assert_array_equal(covariate_columns(table, ["age"])["age"], [-5.0, 5.0] * 9)


def test_no_covariates_are_no_columns():
    assert covariate_columns(samples(), []).shape == (18, 0)


# bad covariates ---------------------------------------------------------------------------------


@pytest.mark.parametrize("nothing", [None, np.nan, "", "  "])
def test_every_sample_without_a_value_is_named(nothing):
    table = samples().assign(batch="x", age=lambda t: ages(t).astype(object))
    table.loc[["s1 all b", "s4 all c"], "batch"] = nothing
    table.loc["s2 all a", "age"] = nothing
    with pytest.raises(InvalidInput) as caught:
        cell_design(table, ["batch", "age"])
    named = [(p.file, p.column, p.found) for p in caught.value.problems]
    assert named == [
        ("samples.csv", "batch", "no value for sample 's1 all b'"),
        ("samples.csv", "batch", "no value for sample 's4 all c'"),
        ("samples.csv", "age", "no value for sample 's2 all a'"),
    ]
    assert "Fill it, or leave the covariate or the sample out." in str(caught.value)


@pytest.mark.parametrize("endless", [np.inf, "-inf"])
def test_an_infinite_number_is_no_value(endless):
    table = samples().assign(age=lambda t: ages(t).astype(object))
    table.loc["s1 all b", "age"] = endless
    with pytest.raises(InvalidInput, match=r"inf for sample 's1 all b'; expected a finite number"):
        cell_design(table, ["age"])


def test_missing_whole_numbers_are_named_too():
    table = samples(2).assign(age=pd.array([20, None, 30] * 2, dtype="Int64"))
    with pytest.raises(InvalidInput) as caught:
        cell_design(table, ["age"])
    assert len(caught.value.problems) == 2


def test_an_unknown_covariate_has_a_hint():
    with pytest.raises(Misuse, match=r"no covariate 'Agee'; did you mean 'age'\?"):
        cell_design(samples().assign(age=1.0), ["Agee"])


@pytest.mark.parametrize("name", ["subject", "arm", "phase"])
def test_what_the_design_already_holds_is_no_covariate(name):
    with pytest.raises(Misuse, match=f"'{name}' is part of every design already; leave it out"):
        cell_design(samples(), [name])


# contrasts --------------------------------------------------------------------------------------


def test_a_contrast_is_the_phase_minus_its_reference():
    design = cell_design(samples().assign(age=ages), ["age"])
    np.testing.assert_array_equal(cell_contrast(design, contrast("c", "a")), [-1, 0, 1, 0])


def test_a_contrast_of_arms_is_a_difference_of_differences():
    design = cell_design(samples(4, "ab", ("control", "training")))
    weights = cell_contrast(design, contrast(arm="training", other="control"))
    found = dict(zip(design.cells, weights, strict=True))
    assert found[("training", "b")] == found[("control", "a")] == 1
    assert found[("training", "a")] == found[("control", "b")] == -1
    # what raises all samples of an arm, or of a phase, cancels
    for k in (0, 1):
        for name in {cell[k] for cell in design.cells}:
            assert sum(w for cell, w in found.items() if cell[k] == name) == 0


@pytest.mark.parametrize(
    ("asked", "cell"),
    [
        (contrast("d"), "arm 'all' in phase 'd'"),
        (contrast("b", "z"), "arm 'all' in phase 'z'"),
        (contrast("b", "a", "all", "placebo"), "arm 'placebo' in phase 'b'"),
    ],
)
def test_a_contrast_of_a_cell_without_samples_is_refused(asked, cell):
    with pytest.raises(Misuse, match=f"no sample of {cell}, which the contrast '.*' needs"):
        cell_contrast(cell_design(samples()), asked)


# what a design can tell -------------------------------------------------------------------------


@BLOCKS
def test_a_plain_design_tells_every_contrast(blocks):
    for phase, reference in [("b", "a"), ("c", "a"), ("a", "c")]:
        check(samples(), asked=contrast(phase, reference), blocks=blocks)


@BLOCKS
@pytest.mark.parametrize("others", [[], ["age"], ["age", "cm", "inch"]])
def test_a_batch_that_is_the_phase_is_blamed_and_nothing_else(blocks, others):
    table = samples().assign(batch=lambda t: np.where(t["phase"] == "b", "two", "one"))
    table = table.assign(age=ages, cm=noise, inch=lambda t: t["cm"] / 2.54)
    assert blamed(table, ["batch"], blocks=blocks) == ["batch two"]
    assert blamed(table, [*others, "batch"], blocks=blocks) == ["batch two"]
    assert blamed(table, ["batch", *others], blocks=blocks) == ["batch two"]
    check(table, ["batch", *others], contrast("c", "a"), blocks)


@BLOCKS
def test_a_covariate_that_is_another_phase_is_not_blamed(blocks):
    table = samples().assign(
        week=lambda t: 1.0 * (t["phase"] == "c"),
        batch=lambda t: np.where(t["phase"] == "b", "two", "one"),
    )
    assert blamed(table, ["week", "batch"], blocks=blocks) == ["batch two"]
    assert blamed(table, ["batch", "week"], blocks=blocks) == ["batch two"]


@BLOCKS
def test_batches_that_make_up_a_phase_together_are_all_blamed(blocks):
    table = samples()
    first = np.where(table["subject"] < "s3", "two", "three")
    table["batch"] = np.where(table["phase"] == "b", first, "one")
    assert blamed(table, ["batch"], blocks=blocks) == ["batch two", "batch three"]


@BLOCKS
def test_two_covariates_that_each_are_the_phase_are_both_blamed(blocks):
    table = samples().assign(
        batch=lambda t: np.where(t["phase"] == "b", "two", "one"),
        hours=lambda t: 24.0 * (t["phase"] == "b"),
    )
    assert blamed(table, ["batch", "hours"], blocks=blocks) == ["batch two", "hours"]


@BLOCKS
def test_the_day_of_a_visit_that_all_share_is_blamed(blocks):
    table = samples(phases="ab").assign(day=lambda t: t["phase"].map({"a": 0, "b": 14}))
    assert blamed(table, ["day"], blocks=blocks) == ["day"]
    # one person who came a day late tells them apart
    table.loc["s3 all b", "day"] = 15
    check(table, ["day"], blocks=blocks)


@BLOCKS
@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
def test_the_unit_of_a_covariate_does_not_matter(blocks, unit):
    table = samples(phases="ab").assign(day=lambda t: unit * t["phase"].map({"a": 0, "b": 14}))
    assert blamed(table, ["day"], blocks=blocks) == ["day"]
    table.loc["s3 all b", "day"] = unit * 15
    check(table, ["day"], blocks=blocks)


@BLOCKS
def test_what_is_constant_within_persons_does_no_harm(blocks):
    check(samples().assign(age=ages), ["age"], blocks=blocks)


@BLOCKS
def test_duplicates_of_a_covariate_do_no_harm(blocks):
    table = samples().assign(cm=noise, inch=lambda t: t["cm"] / 2.54, fixed=1.0)
    check(table, ["cm", "inch", "fixed"], blocks=blocks)


def test_where_nobody_has_both_phases_persons_are_blamed():
    table = samples(phases="ab")
    half = (table["subject"] < "s3") == (table["phase"] == "a")
    with pytest.raises(Misuse, match="aliased with the persons, since none has samples on both"):
        check(table[half])
    with pytest.raises(Misuse, match="use mixed or duplicate-correlation"):
        check(table[half].assign(age=ages), ["age"])
    check(table[half], blocks=False)


def test_persons_are_blamed_also_where_a_third_phase_links_some_of_them():
    table = samples()
    with_a_and_c = (table["subject"] < "s3") & (table["phase"] != "b")
    with_b = (table["subject"] >= "s3") & (table["phase"] == "b")
    with pytest.raises(Misuse, match="aliased with the persons"):
        check(table[with_a_and_c | with_b])


def test_a_third_phase_may_bridge_two_that_nobody_has_both_of():
    table = samples()
    bridged = (table["subject"] < "s3") & (table["phase"] != "b")
    bridged |= (table["subject"] >= "s3") & (table["phase"] != "a")
    check(table[bridged])


def test_one_person_with_both_phases_is_enough_to_tell():
    table = samples(phases="ab")
    half = (table["subject"] < "s3") == (table["phase"] == "a")
    check(table[half | (table["subject"] == "s0")])


def test_arms_of_different_people_compare_changes_but_not_levels_within_persons():
    table = samples(8, "ab", ("control", "training"))
    check(table, asked=contrast(arm="training", other="control"))
    check(table, asked=contrast(arm="training", other="training"))
    design = cell_design(table)
    level = np.array([cell[0] == "training" for cell in design.cells]) - 0.5
    with pytest.raises(Misuse, match="'arm' is not estimable: it is aliased with the persons"):
        check_estimable(design, level, True, "arm")
    check_estimable(design, level, False, "arm")


def test_arms_of_the_same_people_compare_levels_too():
    design = cell_design(samples(5, "ab", ("control", "training"), crossover=True))
    level = np.array([cell[0] == "training" for cell in design.cells]) - 0.5
    check_estimable(design, level, True, "arm")


def test_a_difference_of_differences_is_hidden_by_what_changed_in_one_arm():
    table = samples(8, "ab", ("control", "training"))
    inside = (table["arm"] == "training") & (table["phase"] == "b")
    table["kit"] = np.where(inside, "new", "old")
    for blocks in (True, False):
        asked = contrast(arm="training", other="control")
        assert blamed(table, ["kit"], asked, blocks) == ["kit new"]
        check(table, ["kit"], contrast(arm="control", other="control"), blocks)


def test_a_design_without_cells_blames_its_covariates():
    # as paired differences make it: a change, and a group
    columns = pd.DataFrame({"change": np.ones(6), "arm T": [1.0, 1, 1, 0, 0, 0]})
    columns["sex F"] = 1 - columns["arm T"]
    columns["age"] = [1.0, -2, 4, 0, 1, -4]
    design = Design(columns, [], np.arange(6))
    with pytest.raises(Misuse, match="aliased with sex F;"):
        check_estimable(design, np.array([0.0, 1, 0, 0]), False, "T vs C")
    check_estimable(design, np.array([0.0, 0, 0, 1]), False, "age")


def test_a_design_without_cells_says_that_a_group_is_empty():
    design = Design(pd.DataFrame({"change": np.ones(4), "arm T": np.ones(4)}), [], np.arange(4))
    with pytest.raises(Misuse, match="'T vs C' is not estimable: one of its sides has no person"):
        check_estimable(design, np.array([0.0, 1.0]), False, "T vs C")


@settings(max_examples=60)
@given(st.data())
def test_a_contrast_is_refused_if_and_only_if_it_lies_outside_the_rows(data):
    n = data.draw(st.integers(3, 12))
    persons = data.draw(st.lists(st.integers(0, 3), min_size=n, max_size=n))
    phases = data.draw(st.lists(st.sampled_from("abc"), min_size=n, max_size=n))
    batch = data.draw(st.lists(st.sampled_from("xyz"), min_size=n, max_size=n))
    table = pd.DataFrame({"subject": persons, "arm": "all", "phase": phases, "batch": batch})
    if not {"a", "b"} <= set(phases):
        return
    for blocks in (True, False):
        design = cell_design(table, ["batch"])
        weights = cell_contrast(design, contrast())
        own = np.eye(4)[persons] if blocks else np.empty((n, 0))
        full = np.hstack([design.matrix, own])
        row = np.append(weights, np.zeros(own.shape[1]))
        hidden = np.linalg.matrix_rank(np.vstack([full, row])) > np.linalg.matrix_rank(full)
        try:
            check_estimable(design, weights, blocks, "b vs a")
        except Misuse as error:
            assert hidden
            if "persons" not in str(error):
                # what it names can be mended by leaving it out
                check_cells(table, weights, blocks)
        else:
            assert not hidden


def check_cells(table, weights, blocks):
    design = cell_design(table)
    check_estimable(design, weights[: len(design.cells)], blocks, "b vs a")


# rank and aliases -------------------------------------------------------------------------------


def test_columns_that_add_nothing_are_left_out_from_the_right():
    table = samples().assign(age=ages, cm=noise, inch=lambda t: t["cm"] / 2.54)
    design = cell_design(table, ["age", "cm", "inch"])
    assert independent_columns(design, blocks=False) == [0, 1, 2, 3, 4]
    assert independent_columns(design, blocks=True) == [0, 1, 4]


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_as_many_columns_are_independent_as_the_rank_says(seed, blocks):
    rng = np.random.default_rng(seed)
    table = samples(5).sample(frac=0.7, random_state=seed % 2**31)
    table = table.assign(
        x=rng.normal(size=len(table)),
        batch=rng.choice(["p", "q", "r"], len(table)),
        age=ages(table),
    ).assign(y=lambda t: 3 * t["x"] + 1)
    design = cell_design(table, ["x", "batch", "age", "y"])
    people = np.eye(5)[design.persons] if blocks else np.empty((len(table), 0))
    unit = np.linalg.norm(design.matrix, axis=0)
    full = np.hstack([design.matrix / np.where(unit > 0, unit, 1), people])
    expected = np.linalg.matrix_rank(full, 1e-8) - np.linalg.matrix_rank(people)
    rank, aliases = rank_and_aliases(design, blocks)
    assert rank == len(independent_columns(design, blocks)) == expected
    assert "y" in aliases


def test_an_alias_says_what_a_covariate_is_made_of_in_the_covariates_own_units():
    table = samples().assign(
        cm=noise,
        inch=lambda t: t["cm"] / 2.54,
        age=ages,
        batch=lambda t: np.where(t["phase"] == "b", "two", "one"),
        mixed=lambda t: 2 * t["age"] + 0.5 * t["cm"],
        fixed=7.7,
    )
    design = cell_design(table, ["cm", "inch", "age", "batch", "mixed", "fixed"])
    assert rank_and_aliases(design, blocks=True) == (
        3,
        {
            "inch": "+0.394 cm",
            "age": "persons",
            "batch two": "+1 phase b",
            "mixed": "+0.5 cm + persons",
            "fixed": "a constant",
        },
    )
    assert rank_and_aliases(design, blocks=False) == (
        5,
        {
            "inch": "+0.394 cm",
            "batch two": "+1 phase b",
            "mixed": "+0.5 cm +2 age",
            "fixed": "a constant",
        },
    )


@BLOCKS
def test_independent_covariates_have_no_aliases(blocks):
    table = samples().assign(cm=noise, kg=lambda t: noise(t, 2))
    rank, aliases = rank_and_aliases(cell_design(table, ["cm", "kg"]), blocks)
    assert aliases == {}
    assert rank == (4 if blocks else 5)
