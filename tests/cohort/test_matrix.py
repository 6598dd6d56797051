"""A bare table and its samples: what is read as written, and what is refused, all of it at once."""

import csv
import gzip
import os
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exercisebook.cohort.matrix import ONLY_ARM, read_matrix
from exercisebook.errors import InvalidInput, Misuse

SAMPLES = ["sample_id,subject,phase", "x_a,x,a", "x_b,x,b", "y_a,y,a", "y_b,y,b"]
TABLE = ["feature,x_a,x_b,y_a,y_b", "il6,1.5,2.5,3.5,4.5", "tnf,0.1,,0.3,0.4"]


@pytest.fixture
def read(tmp_path):
    """Write both tables and read them; rows are lines, or bytes as they are."""

    def written(rows, name):
        content = rows if isinstance(rows, bytes) else ("\n".join(rows) + "\n").encode()
        (tmp_path / name).write_bytes(content)
        return tmp_path / name

    def read(table=TABLE, samples=SAMPLES, name="table.csv", samples_name="samples.csv"):
        return read_matrix(written(table, name), written(samples, samples_name))

    return read


@pytest.fixture
def refused(read):
    """Return every problem with the tables, as text."""

    def refused(*tables, **named):
        with pytest.raises(InvalidInput) as caught:
            read(*tables, **named)
        return [str(problem) for problem in caught.value.problems]

    return refused


def plain(lines):
    return ("\n".join(lines) + "\n").encode()


def test_a_row_is_a_feature_a_column_a_sample_and_an_empty_field_no_value(read):
    found = read()
    assert found.name == "table"
    assert list(found.values.columns) == ["il6", "tnf"]
    assert list(found.values.index) == ["x_a", "x_b", "y_a", "y_b"]
    np.testing.assert_array_equal(
        found.values.to_numpy(), [[1.5, 0.1], [2.5, np.nan], [3.5, 0.3], [4.5, 0.4]]
    )
    assert list(found.samples["subject"]) == ["x", "x", "y", "y"]
    assert set(found.samples["arm"]) == {ONLY_ARM}


TWINS = {
    "a byte-order mark": b"\xef\xbb\xbf" + plain(TABLE),
    "lines of Windows": plain(TABLE).replace(b"\n", b"\r\n"),
    "blank lines at the end": plain([*TABLE, "", "", "   "]),
    "blank lines before the header": plain(["", "", *TABLE]),
    "blank lines between": plain([TABLE[0], "", TABLE[1], "", TABLE[2]]),
    "rows of separators alone": plain([*TABLE, ",,,,", ",,,,"]),
    "no line end at the end": plain(TABLE).rstrip(b"\n"),
    "a first column without a name": plain(TABLE).replace(b"feature,", b",", 1),
    "quoted fields": plain(TABLE).replace(b"il6", b'"il6"').replace(b"1.5", b'"1.5"'),
    "spaces around names": plain(TABLE).replace(b"il6", b" il6 ").replace(b"x_a", b" x_a "),
    "NA for an empty field": plain(TABLE).replace(b",,", b",NA,"),
    "NaN for an empty field": plain(TABLE).replace(b",,", b",NaN,"),
}


@pytest.mark.parametrize("content", TWINS.values(), ids=TWINS.keys())
def test_the_same_table_written_another_way_reads_the_same(read, content):
    pd.testing.assert_frame_equal(read(content).values, read().values)


def test_tabs_and_gzip_go_by_the_name(read):
    expected = read().values
    tabs = plain(TABLE).replace(b",", b"\t")
    for name, content in (
        ("table.tsv", tabs),
        ("table.txt", tabs),
        ("table.csv.gz", gzip.compress(plain(TABLE))),
        ("table.tsv.gz", gzip.compress(tabs)),
    ):
        found = read(content, name=name)
        pd.testing.assert_frame_equal(found.values, expected)
        assert found.name == "table"


def test_samples_may_be_separated_by_tabs_and_gzipped_too(read):
    content = gzip.compress(plain(SAMPLES).replace(b",", b"\t"))
    found = read(samples=content, samples_name="samples.tsv.gz")
    assert list(found.samples["phase"]) == ["a", "b", "a", "b"]


@pytest.mark.parametrize(
    "name", ["NA", "nan", "NULL", "None", "N/A", "TRUE", "001", "1.10", "1e5", "-", "IL-6 (p<x>)"]
)
def test_the_name_of_a_feature_stays_as_written(read, name):
    rows = [TABLE[0], TABLE[1].replace("il6", name), TABLE[2]]
    assert list(read(rows).values.columns) == [name, "tnf"]


def test_a_name_may_hold_the_separator_if_it_is_quoted(read):
    found = read([TABLE[0], TABLE[1].replace("il6", '"IL6, beta"')])
    assert list(found.values.columns) == ["IL6, beta"]


def test_ids_that_look_like_numbers_stay_text(read):
    samples = ["sample_id,subject,phase", "1.10,001,1", "02,001,2", "NA,2,1", "1e3,2,2"]
    found = read(["feature,1.10,02,NA,1e3", "il6,1,2,3,4"], samples)
    assert list(found.values.index) == ["1.10", "02", "NA", "1e3"]
    assert list(found.samples["subject"]) == ["001", "001", "2", "2"]
    assert list(found.samples["phase"]) == ["1", "2", "1", "2"]


@given(
    st.lists(
        st.floats(allow_nan=False, allow_infinity=False), min_size=4, max_size=4
    )
)  # fmt: skip
def test_numbers_are_read_to_the_last_bit(tmp_path_factory, numbers):
    folder = tmp_path_factory.mktemp("exact")
    (folder / "s.csv").write_bytes(plain(SAMPLES))
    (folder / "t.csv").write_bytes(plain([TABLE[0], "il6," + ",".join(map(repr, numbers))]))
    found = read_matrix(folder / "t.csv", folder / "s.csv")
    assert found.values["il6"].tolist() == numbers


def test_samples_stand_in_the_order_of_the_table_with_their_own_rows(read):
    shuffled = [SAMPLES[0], *SAMPLES[:0:-1]]
    found = read(samples=shuffled)
    assert list(found.samples.index) == ["x_a", "x_b", "y_a", "y_b"]
    assert list(found.samples["subject"]) == ["x", "x", "y", "y"]


def test_samples_without_a_column_are_named_and_left_out(read):
    found = read(samples=[*SAMPLES, "z_a,z,a", "z_b,z,b"])
    assert found.without_values == ["z_a", "z_b"]
    assert len(found.samples) == 4


def test_arms_and_further_columns_are_kept_as_text(read):
    samples = [f"{row},{extra}" for row, extra in
               zip(SAMPLES, ["arm,batch,age", "run,01,31", "run,02,31", "rest,01,", "rest,02,"],
                   strict=True)]  # fmt: skip
    found = read(samples=samples)
    assert list(found.samples["arm"]) == ["run", "run", "rest", "rest"]
    assert list(found.samples["batch"]) == ["01", "02", "01", "02"]
    assert list(found.samples["age"]) == ["31", "31", "", ""]


def test_a_contrast_is_two_phases_joined_by_a_mark(read):
    found = read().contrast("b-a")
    assert (found["phase"], found["reference_phase"]) == ("b", "a")
    assert found["arm"] == found["reference_arm"] == ONLY_ARM
    with pytest.raises(Misuse, match="no contrast 'b-c'"):
        read().contrast("b-c")


def test_a_contrast_of_several_arms_needs_one_of_them_and_may_have_a_control(read):
    arms = ["arm", "run", "run", "rest", "rest"]
    found = read(samples=[f"{row},{arm}" for row, arm in zip(SAMPLES, arms, strict=True)])
    with pytest.raises(Misuse, match="which of the arms run, rest is meant; add --arm"):
        found.contrast("b-a")
    alone, against = found.contrast("b-a", "rest"), found.contrast("b-a", "run", "rest")
    assert (alone["arm"], alone["reference_arm"]) == ("rest", "rest")
    assert (against["arm"], against["reference_arm"]) == ("run", "rest")


FAULTS = {
    "text in a field": (
        plain(TABLE).replace(b"3.5", b"<LOD"),
        "table.csv, row 2, column y_a: found '<LOD'; expected a number",
    ),
    "a comma for a point": (
        plain(TABLE).replace(b"3.5", b'"3,5"'),
        "table.csv, row 2, column y_a: found '3,5'; expected a number with a point",
    ),
    "truth for a number": (
        plain(TABLE).replace(b",1.5", b",TRUE").replace(b",0.1", b",FALSE"),
        "table.csv, row 2, column x_a: found 'True'; expected a number",
    ),
    "an infinite value": (
        plain(TABLE).replace(b"4.5", b"-inf"),
        "table.csv, row 2, column y_b: found -inf; expected a finite number",
    ),
    "a number beyond all numbers": (
        plain(TABLE).replace(b"4.5", b"1e999"),
        "table.csv, row 2, column y_b: found '1e999'; expected a number",
    ),
    "a feature twice": (
        plain([*TABLE, "il6,1,2,3,4"]),
        "table.csv, row 4, column feature: found 'il6'; expected each feature once",
    ),
    "a feature twice but for spaces": (
        plain([*TABLE, " il6,1,2,3,4"]),
        "table.csv, row 4, column feature: found 'il6'; expected each feature once",
    ),
    "a feature without a name": (
        plain([*TABLE, ",1,2,3,4"]),
        "table.csv, row 4, column feature: found an empty field; expected the name of a feature",
    ),
    "a fault after blank lines, told where it stands": (
        plain([TABLE[0], "", "", TABLE[1].replace("3.5", "x")]),
        "table.csv, row 4, column y_a: found 'x'",
    ),
    "a sample that is not described": (
        plain(TABLE).replace(b"y_b", b"z_b"),
        "table.csv, row 1: found a column 'z_b' that samples.csv does not hold; expected a sample "
        "of it. Add its row, or remove the column (did you mean 'y_b'?).",
    ),
    "a column twice": (
        plain(TABLE).replace(b"x_b", b"x_a"),
        "table.csv, row 1: found two columns 'x_a'; expected each name once",
    ),
    "separators at the ends of all lines": (
        plain([row + "," for row in TABLE]),
        "table.csv, row 1: found no name of column 6; expected a name for every column",
    ),
    "a header one shorter than all rows": (
        plain([TABLE[0].removeprefix("feature,"), *TABLE[1:]]),
        "table.csv: found 5 fields in every row; expected 4, as in the header. "
        "Name the first column too",
    ),
    "a row that ends too early": (
        plain([*TABLE, "ifn,1,2"]),
        "table.csv, row 4: found 3 fields; expected 5, as in the header",
    ),
    "a row that ends too late": (
        plain([*TABLE, "ifn,1,2,3,4,5"]),
        "table.csv, row 4: found 6 fields; expected 5, as in the header",
    ),
    "semicolons": (
        plain(TABLE).replace(b",", b";").replace(b".", b","),
        "table.csv, row 1: found columns separated by semicolons; expected by commas",
    ),
    "tabs in a .csv": (
        plain(TABLE).replace(b",", b"\t"),
        "table.csv, row 1: found columns separated by tabs; expected by commas",
    ),
    "an empty file": (b"", "table.csv: found an empty file; expected a header and rows"),
    "blank lines alone": (b"\n\n", "table.csv: found an empty file"),
    "a header alone": (plain(TABLE[:1]), "table.csv: found a header and no rows"),
    "one column": (b"feature\nil6\n", "table.csv: found no column but the first"),
    "samples in rows": (
        plain(["sample,il6,tnf", "x_a,1,2", "x_b,1,2", "y_a,1,2", "y_b,1,2"]),
        "table.csv: found samples in rows; expected features in rows, samples in columns",
    ),
    "other bytes": (b"\xff\xfe\x00a\x80", "table.csv: found bytes that are not UTF-8"),
    "a gzipped file under a plain name": (
        gzip.compress(plain(TABLE)),
        "table.csv: found bytes that are not UTF-8; expected a CSV table in UTF-8. Save it as CSV "
        "in UTF-8; a gzipped one ends in .gz.",
    ),
    "a quotation mark left open": (
        plain([TABLE[0], 'il6,"1.5,2.5,3.5,4.5', *["x" * 200_000]]),
        "table.csv: found what is no table",
    ),
}


def test_an_open_quotation_mark_is_found_whatever_another_library_allows(refused):
    before = csv.field_size_limit(10**9)
    try:
        content, told = FAULTS["a quotation mark left open"]
        assert refused(content)[0].startswith(told)
        assert csv.field_size_limit() == 10**9
    finally:
        csv.field_size_limit(before)


@pytest.mark.parametrize(("content", "told"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_of_the_table_is_one_problem_that_says_where_and_what(refused, content, told):
    problems = refused(content)
    assert problems[0].startswith(told)
    assert len(problems) == (2 if told.endswith("'True'; expected a number") else 1)
    assert "Warning" not in problems[0]


@pytest.mark.parametrize(
    "content",
    [
        plain(TABLE),
        gzip.compress(plain(TABLE))[:-12],
        gzip.compress(plain(TABLE * 50))[:30] + b"xxxxx" + gzip.compress(plain(TABLE * 50))[35:],
    ],
    ids=["plain text", "cut short", "damaged"],
)
def test_a_gz_that_is_none_is_one_clear_problem(refused, content):
    told = "table.csv.gz: found a damaged file, or one that is not gzipped; expected what its name"
    (problem,) = refused(content, name="table.csv.gz")
    assert problem.startswith(told)


SAMPLE_FAULTS = {
    "columns with other names": (
        ["sample,subj,phase", "x_a,x,a"],
        [
            "samples.csv: found no column 'sample_id'; expected columns sample_id, subject, phase. "
            "Add it (did you mean 'sample'?).",
            "samples.csv: found no column 'subject'; expected columns sample_id, subject, phase. "
            "Add it (did you mean 'subj'?).",
        ],
    ),
    "semicolons": (
        [row.replace(",", ";") for row in SAMPLES],
        ["samples.csv, row 1: found columns separated by semicolons; expected by commas"],
    ),
    "empty fields": (
        [*SAMPLES, ",z,a", "z_a,,a", "z_b,z,"],
        [
            "samples.csv, row 6, column sample_id: found an empty field",
            "samples.csv, row 7, column subject: found an empty field",
            "samples.csv, row 8, column phase: found an empty field",
        ],
    ),
    "an empty arm": (
        ["sample_id,subject,phase,arm", "x_a,x,a,run", "x_b,x,b,", "y_a,y,a,run", "y_b,y,b,run"],
        ["samples.csv, row 3, column arm: found an empty field"],
    ),
    "a sample twice": (
        [*SAMPLES, "x_a,z,a"],
        ["samples.csv, row 6, column sample_id: found 'x_a'; expected each sample once"],
    ),
    "a column twice": (
        ["sample_id,subject,subject,phase", *[row.replace(",", ",q,", 1) for row in SAMPLES[1:]]],
        ["samples.csv, row 1: found two columns 'subject'; expected each name once"],
    ),
    "a header alone": (SAMPLES[:1], ["samples.csv: found a header and no rows"]),
    "nothing": (b"", ["samples.csv: found an empty file"]),
}  # fmt: skip


@pytest.mark.parametrize(("samples", "told"), SAMPLE_FAULTS.values(), ids=SAMPLE_FAULTS.keys())
def test_every_fault_of_the_samples_is_told(refused, samples, told):
    problems = refused(samples=samples)
    assert len(problems) == len(told)
    for problem, expected in zip(problems, told, strict=True):
        assert problem.startswith(expected)


def test_faults_of_both_tables_are_told_at_once(refused):
    table = [TABLE[0], "il6,x,2,3,inf", "il6,1,2,3,4", ",1,2,3,4"]
    problems = refused(table, [*SAMPLES, "x_a,z,a"])
    assert len(problems) == 5
    for part in ("samples.csv, row 6", "row 2, column x_a: found 'x'", "found inf",
                 "row 3, column feature: found 'il6'", "row 4, column feature"):  # fmt: skip
        assert sum(part in problem for problem in problems) == 1


@pytest.mark.parametrize(
    ("table", "count"),
    [
        ([TABLE[0], *[f"g{i},x,x,x,x" for i in range(50)]], 200),
        ([TABLE[0], *[f"g{i},1,2,3,inf" for i in range(50)]], 50),
        ([TABLE[0], *["g,1,2,3,4"] * 51], 50),
        (["feature," + ",".join(f"q{i}" for i in range(50)), "il6" + ",1" * 50], 50),
        ([TABLE[0], *[f"g{i},1" for i in range(50)]], 50),
    ],
    ids=["text", "infinite", "repeated", "unknown", "short"],
)
def test_of_many_faults_of_a_kind_twenty_are_told_and_the_rest_counted(refused, table, count):
    problems = refused(table)
    assert len(problems) == 21
    (more,) = re.findall(r"found (\d+) more", problems[-1])
    assert int(more) == count - 20


def test_a_file_that_is_not_there_and_a_folder_are_told_by_their_path(read, tmp_path):
    read()
    table = tmp_path / "table.csv"
    for path, told in ((tmp_path / "none.csv", "no such file"), (tmp_path, "a folder")):
        for pair in ((path, tmp_path / "samples.csv"), (table, path)):
            with pytest.raises(InvalidInput, match=told) as caught:
                read_matrix(*pair)
            assert str(path) in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_says_so(read, tmp_path):
    read()
    (tmp_path / "table.csv").chmod(0)
    with pytest.raises(InvalidInput, match="Permission denied"):
        read_matrix(tmp_path / "table.csv", tmp_path / "samples.csv")
