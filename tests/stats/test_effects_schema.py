"""The rules of Effects: what the one table that claims read may hold."""

import pandas as pd
import pandera.errors
import pytest

from exercisebook.stats.schemas import EFFECTS, ESTIMATE, KEY, as_effects


def effect(**changed) -> dict[str, object]:
    row = {
        "dataset": "made up",
        "modality": "cytokines",
        "feature": "IL6",
        "canonical_id": "il6",
        "contrast": "after-before",
        "kind": "acute",
        "method": "paired t",
        "n_subjects": 13,
        "n_observations": 26,
        "estimate": 0.5,
        "effect_scale": "log2_ratio",
        "unit": "pg/mL",
        "se": 0.2,
        "p_value": 0.03,
    }
    return {**row, **changed}


def table(*rows: dict[str, object]) -> pd.DataFrame:
    return as_effects(pd.DataFrame(list(rows)))


def test_the_columns_are_those_of_the_contract_in_its_order():
    expected = (
        "dataset modality feature canonical_id contrast kind stratum method n_subjects "
        "n_observations estimate effect_scale unit se df statistic ci_low ci_high p_value q_value "
        "detectable flag"
    )
    assert list(table(effect()).columns) == expected.split() == [*KEY, *ESTIMATE]


def test_columns_that_are_absent_are_filled():
    found = table(effect()).iloc[0]
    assert found["stratum"] == "all"
    assert found["flag"] == ""
    assert found[["df", "statistic", "ci_low", "ci_high", "q_value", "detectable"]].isna().all()


def test_a_canonical_id_may_be_unknown():
    assert pd.isna(table(effect(canonical_id=None))["canonical_id"].item())


def test_the_same_key_twice_is_refused():
    with pytest.raises(pandera.errors.SchemaError, match="unique"):
        table(effect(), effect(estimate=0.7))


@pytest.mark.parametrize("part", ["feature", "contrast", "stratum", "method", "dataset"])
def test_keys_that_differ_in_one_part_are_two_effects(part):
    assert len(table(effect(stratum="all"), effect(**{"stratum": "all", part: "another"}))) == 2


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("p_value", 1.01),
        ("p_value", -0.01),
        ("q_value", 1.2),
        ("se", -0.1),
        ("df", 0.0),
        ("n_subjects", -1),
        ("detectable", -0.5),
        ("modality", "feelings"),
        ("kind", "later"),
        ("effect_scale", "percent"),
    ],
)
def test_a_value_outside_its_range_is_refused(column, value):
    with pytest.raises(pandera.errors.SchemaError, match=column):
        table(effect(**{column: value}))


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_the_ends_of_the_range_of_p_are_allowed(p):
    assert table(effect(p_value=p))["p_value"].item() == p


def test_a_column_that_is_not_of_the_contract_is_refused_in_effects():
    with pytest.raises(pandera.errors.SchemaErrors, match="personal_name"):
        EFFECTS.validate(table(effect()).assign(personal_name="x"))


def test_rows_are_numbered_anew():
    assert list(as_effects(pd.DataFrame([effect()], index=[7])).index) == [0]


def test_an_interval_whose_ends_are_the_wrong_way_round_is_refused():
    with pytest.raises(pandera.errors.SchemaError, match="lower end"):
        table(effect(ci_low=0.3, ci_high=0.2))
