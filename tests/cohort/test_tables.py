import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exercisebook.cohort.schemas import FEATURES, MEASUREMENTS, SUBJECTS
from exercisebook.cohort.tables import (
    NO_VALUE,
    examine_csv,
    examine_parquet,
    problems_of,
    read_csv,
    whole_file,
    write_csv,
)
from exercisebook.errors import InvalidInput

finite = st.floats(allow_nan=False, allow_infinity=False)


def table(path, text):
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.fixture
def subjects(tmp_path):
    def write(text):
        return table(tmp_path / "subjects.csv", text)

    return write


def problems(path, schema=SUBJECTS):
    with pytest.raises(InvalidInput) as error:
        read_csv(path, schema)
    return error.value.problems


def only(found):
    assert len(found) == 1, found
    return found[0]


@given(values=st.lists(finite | st.just(np.nan), max_size=20))
def test_every_finite_float_is_read_back_exactly(values, tmp_path_factory):
    path = tmp_path_factory.mktemp("floats") / "clinical.csv"
    ids = [f"s{i}" for i in range(len(values))]
    frame = pd.DataFrame({"sample_id": ids, "feature": "f", "value": values, "status": "missing"})
    frame = frame.astype({"sample_id": object, "feature": object, "value": float, "status": object})
    write_csv(frame, path)
    read = read_csv(path, MEASUREMENTS)
    assert read["value"].to_numpy().tobytes() == frame["value"].to_numpy().tobytes()


def test_digits_round_to_significant_digits(tmp_path):
    write_csv(pd.DataFrame({"x": [123456.789, 0.000123456, 2.0]}), tmp_path / "x.csv", digits=3)
    assert (tmp_path / "x.csv").read_text() == "x\n1.23e+05\n0.000123\n2\n"


def test_a_table_ends_its_lines_alike_on_every_system(tmp_path):
    write_csv(pd.DataFrame({"x": ["a", "b"]}), tmp_path / "x.csv")
    assert (tmp_path / "x.csv").read_bytes() == b"x\na\nb\n"


def test_leading_zeros_and_words_like_na_stay_text(subjects):
    read = read_csv(subjects("subject,sex,age\n007,male,\nNA,male,\n"), SUBJECTS)
    assert read["subject"].tolist() == ["007", "NA"]


def test_a_column_that_the_schema_does_not_know_stays_text(subjects):
    read = read_csv(subjects("subject,sex,age,group\na,male,30,01\n"), SUBJECTS)
    assert read["group"].tolist() == ["01"]


def test_a_byte_order_mark_is_tolerated(subjects):
    read = read_csv(subjects(b"\xef\xbb\xbfsubject,sex,age\na,male,30\n"), SUBJECTS)
    assert list(read) == ["subject", "sex", "age"]


def test_windows_line_ends_are_tolerated(subjects):
    read = read_csv(subjects(b"subject,sex,age\r\na,male,30\r\n"), SUBJECTS)
    assert read["age"].tolist() == [30.0]


@pytest.mark.parametrize("end", ["\n\n\n", ",,\n,,\n"])
def test_blank_rows_at_the_end_are_no_rows(subjects, end):
    assert len(read_csv(subjects("subject,sex,age\na,male,30\n" + end), SUBJECTS)) == 1


def test_blank_fields_around_numbers_are_tolerated(subjects):
    assert read_csv(subjects("subject,sex,age\na,male, 30 \n"), SUBJECTS)["age"].tolist() == [30.0]


def test_no_such_file_is_reported(tmp_path):
    problem = only(problems(tmp_path / "subjects.csv"))
    assert (problem.file, problem.found) == ("subjects.csv", "no such file")


@pytest.mark.parametrize("text", ["", "\n\n"])
def test_an_empty_file_is_reported(subjects, text):
    assert only(problems(subjects(text))).found == "an empty file"


def test_bytes_that_are_no_text_are_reported(subjects):
    problem = only(problems(subjects(b"subject,sex,age\n\xff\xfe,male,30\n")))
    assert problem.found == "bytes that are not UTF-8"
    assert problem.repair == "Save the file as UTF-8."


def test_a_row_longer_than_the_header_is_reported(subjects):
    problem = only(problems(subjects("subject,sex,age\na,male,30\nb,male,1,5\n")))
    assert "line 3" in problem.found
    assert "as many fields" in problem.expected


def test_rows_that_are_all_longer_than_the_header_are_not_shifted(subjects):
    problem = only(problems(subjects("subject,sex,age\na,male,30,\nb,male,31,\n")))
    assert problem.found == "a header of 3 columns above longer rows"


def test_an_open_quote_is_reported(subjects):
    assert "EOF inside string" in only(problems(subjects('subject,sex,age\n"a,male,30\n'))).found


def test_a_missing_column_is_reported_with_the_nearest_one(subjects):
    problem = only(problems(subjects("subject,sex,Age\na,male,30\n")))
    assert problem.expected == "a column 'age'"
    assert "did you mean 'Age'?" in problem.repair


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_a_table_with_another_separator_is_told_so_once(subjects, mark):
    problem = only(problems(subjects(f"subject{mark}sex{mark}age\na{mark}male{mark}30\n")))
    assert problem.found == f"columns separated by {mark!r}"


def test_two_columns_of_one_name_are_reported(subjects):
    problem = only(problems(subjects("subject,sex,age,age\na,male,30,40\n")))
    assert problem.found == "two columns 'age'"


def test_a_name_with_a_space_at_its_end_is_reported(subjects):
    problem = only(problems(subjects("subject,sex,age\n'a ',male,30\n".replace("'", ""))))
    assert (problem.row, problem.column, problem.found) == (2, "subject", "'a '")


def test_a_folder_in_the_place_of_a_table_is_reported(tmp_path):
    (tmp_path / "subjects.csv").mkdir()
    assert only(problems(tmp_path / "subjects.csv")).found == "no regular file"


def test_what_may_stand_in_a_field_is_told_in_words(subjects):
    problem = only(problems(subjects("subject,sex,age\na,man,30\n")))
    assert problem.expected == "one of female, male, unknown"
    assert only(problems(subjects("subject,sex,age\na,male,-3\n"))).expected == "at least 0"


@pytest.mark.parametrize(
    "field", ["30,5", "inf", "-inf", "1e999", "na", "-", "n.d.", "0x1F", "1_000", "<0.5", "True"]
)
def test_what_is_no_finite_number_is_reported_as_it_stands(subjects, field):
    problem = only(problems(subjects(f'subject,sex,age\na,male,30\nb,male,"{field}"\n')))
    assert (problem.file, problem.row, problem.column) == ("subjects.csv", 3, "age")
    assert problem.found == repr(field)
    assert "a point as decimal mark" in problem.expected
    assert problem.repair == "Correct the value."


def test_an_unknown_word_is_reported_with_the_known_ones(subjects):
    problem = only(problems(subjects("subject,sex,age\na,mal,30\n")))
    assert (problem.row, problem.column, problem.found) == (2, "sex", "'mal'")
    assert all(word in problem.expected for word in ("female", "male", "unknown"))


@pytest.mark.parametrize(("age", "expected"), [("-1", "at least"), ("131", "at most")])
def test_a_number_out_of_range_is_reported(subjects, age, expected):
    problem = only(problems(subjects(f"subject,sex,age\na,male,{age}\n")))
    assert (problem.row, problem.column, problem.found) == (2, "age", repr(age))
    assert expected in problem.expected


def test_an_empty_field_that_must_be_filled_is_reported(subjects):
    problem = only(problems(subjects("subject,sex,age\n,male,30\n")))
    assert (problem.row, problem.column, problem.repair) == (2, "subject", "Fill the field.")


def test_a_repeated_key_is_reported_in_each_of_its_rows(subjects):
    found = problems(subjects("subject,sex,age\na,male,\nb,male,\na,male,\n"))
    assert [(p.row, p.column, p.expected) for p in found] == [
        (2, "subject", "each key once"),
        (4, "subject", "each key once"),
    ]


def test_a_repeated_pair_of_keys_is_reported_with_its_rows(tmp_path):
    text = "sample_id,feature,value,status\na,f,1,ok\na,g,1,ok\na,f,2,ok\n"
    found = problems(table(tmp_path / "clinical.csv", text), MEASUREMENTS)
    assert {p.row for p in found} == {2, 4}
    assert {p.expected for p in found} == {"each key once"}


def test_half_a_key_is_no_repeated_key(tmp_path):
    text = "sample_id,value,status\na,1,ok\na,2,ok\n"
    problem = only(problems(table(tmp_path / "clinical.csv", text), MEASUREMENTS))
    assert problem.expected == "a column 'feature'"


def test_a_fault_below_a_blank_line_is_reported_in_its_own_row(subjects):
    found = problems(subjects("subject,sex,age\na,male,30\n\nb,male,x\n"))
    assert [p.row for p in found if p.found == "'x'"] == [4]
    assert {p.row for p in found if p.found == "''"} == {3}


def test_all_faults_of_a_table_are_reported_at_once(tmp_path):
    text = "sample_id,feature,value\na,f,1;5\n,f,inf\nc,f,1\nc,f,2\n"
    found = problems(table(tmp_path / "clinical.csv", text), MEASUREMENTS)
    assert {(p.row, p.column) for p in found} == {
        (None, None),
        (2, "value"),
        (3, "sample_id"),
        (3, "value"),
        (4, "sample_id"),
        (5, "sample_id"),
        (4, "feature"),
        (5, "feature"),
    }


def test_a_table_in_memory_is_examined_by_position_not_by_index(tmp_path):
    frame = pd.DataFrame(
        {"subject": ["a", "b"], "sex": ["male", "mal"], "age": [1.0, np.inf]}, index=[9, 9]
    )
    found = problems_of(frame, tmp_path / "subjects.csv", SUBJECTS)
    assert {(p.row, p.column) for p in found} == {(3, "sex"), (3, "age")}


def test_a_file_replaced_by_half_keeps_its_old_bytes(tmp_path):
    path = table(tmp_path / "x.csv", "old")

    def interrupted():
        with whole_file(path) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["x.csv"]


def test_a_written_file_can_be_read_by_others(tmp_path):
    write_csv(pd.DataFrame({"x": [1]}), tmp_path / "deep" / "x.csv")
    assert (tmp_path / "deep" / "x.csv").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("field", NO_VALUE)
def test_what_programs_write_for_no_value_is_none_where_no_name_can_stand(subjects, field):
    path = subjects(f"subject,sex,age\n{field},male,30\nb,{field},{field}\n")
    read = read_csv(path, SUBJECTS)
    assert read["subject"].tolist() == [field, "b"]
    assert read["sex"].tolist() == ["male", "unknown"]
    assert np.isnan(read["age"].iloc[1])
    told = [(f.code, f.row, f.column) for f in examine_csv(path, SUBJECTS)[1]]
    assert told == [("T142", 3, "sex"), ("T142", 3, "age")]


def test_sodium_is_no_missing_value(tmp_path):
    path = table(tmp_path / "features.csv", "modality,feature,canonical_id,unit,detection_limit\n"
                 "clinical,sodium,Na,mmol/L,\n")  # fmt: skip
    assert read_csv(path, FEATURES)["canonical_id"].tolist() == ["Na"]


def test_what_is_tolerated_is_told_and_raises_nothing(subjects):
    path = subjects(b"\xef\xbb\xbfsubject,sex,age,shoe\na,male,30,44\n,,,\n,,,")
    assert len(read_csv(path, SUBJECTS)) == 1
    found = examine_csv(path, SUBJECTS)[1]
    assert [f.code for f in found] == ["T140", "T141", "T144", "T145"]
    assert all(f.tolerated for f in found)


def test_a_row_that_ends_too_early_lacks_its_fields(subjects):
    problem = only(problems(subjects("sex,age,subject\nmale,30,a\nmale,30\n")))
    assert (problem.row, problem.column, problem.code) == (3, "subject", "T114")


def test_null_bytes_are_no_text(subjects):
    assert only(problems(subjects(b"subject,sex,age\na\0,male,30\n"))).code == "T105"


def test_ids_stored_as_numbers_are_read_as_text_from_parquet(tmp_path):
    path = tmp_path / "clinical.parquet"
    columns = {"sample_id": [1, 2], "feature": ["f", "f"], "value": [1, 2], "status": ["ok", "ok"]}
    pd.DataFrame(columns).astype({"feature": "category"}).to_parquet(path)
    read, found = examine_parquet(path, MEASUREMENTS)
    assert read["sample_id"].tolist() == ["1", "2"]
    assert read["value"].tolist() == [1.0, 2.0]
    assert [f.code for f in found] == ["T143"]


def test_every_fault_has_a_code(subjects):
    found = problems(subjects("subject,sex,age\na,man,x\na,male,-1\n ,male,200\n"))
    assert {p.code for p in found} == {"T111", "T112", "T113", "T115", "T116"}


LONG = 60_000


@pytest.fixture
def long_table():
    """Return a table too long for every row to be looked at, unless something is wrong."""
    rows = np.arange(LONG)
    return pd.DataFrame(
        {
            "sample_id": [f"s{row // 100}" for row in rows],
            "feature": [f"f{row % 100}" for row in rows],
            "value": rows.astype(float),
            "status": "ok",
        }
    )


def test_a_long_sound_table_has_no_fault(long_table):
    assert problems_of(long_table, Path("cells.csv"), MEASUREMENTS) == []


@pytest.mark.parametrize(
    ("row", "column", "value", "code"),
    [
        (59_999, "feature", "f98", "T115"),
        (59_999, "feature", None, "T114"),
        (41_000, "sample_id", "", "T114"),
        (50_500, "status", "fine", "T112"),
        (3, "value", np.inf, "T111"),
    ],
    ids=["repeated key", "no feature", "empty sample", "unknown status", "infinite value"],
)
def test_a_long_table_hides_no_fault(long_table, row, column, value, code):
    long_table.loc[row, column] = value
    found = problems_of(long_table, Path("cells.csv"), MEASUREMENTS)
    assert {fault.code for fault in found} == {code}
    assert row + 2 in {fault.row for fault in found}


def test_a_long_table_in_parquet_is_read_as_it_was_written(long_table, tmp_path):
    long_table.to_parquet(tmp_path / "cells.parquet", index=False)
    read, found = examine_parquet(tmp_path / "cells.parquet", MEASUREMENTS)
    assert found == []
    pd.testing.assert_frame_equal(read, long_table)
