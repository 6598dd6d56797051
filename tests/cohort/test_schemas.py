import pandas as pd
import pandera.pandas as pa
import pytest

from exercisebook.cohort.schemas import KINDS, MEASUREMENTS, MODALITIES, STATUSES, SUBJECTS, TABLES


def test_the_words_of_the_contract_are_the_words_of_the_schemas():
    assert STATUSES == ("ok", "below_detection", "missing", "excluded")
    assert set(KINDS) == {"acute", "recovery", "training", "detraining", "group", "association"}
    assert len(MODALITIES) == len(set(MODALITIES)) == 9


def test_a_cohort_has_four_tables():
    assert list(TABLES) == ["subjects", "samples", "features", "contrasts"]


def test_survey_columns_may_be_absent():
    SUBJECTS.validate(pd.DataFrame({"subject": ["a"], "sex": ["male"], "age": [20.0]}))


def test_a_measured_value_is_finite():
    row = {"sample_id": ["a"], "feature": ["f"], "value": [float("inf")], "status": ["ok"]}
    with pytest.raises(pa.errors.SchemaError, match="finite"):
        MEASUREMENTS.validate(pd.DataFrame(row))
