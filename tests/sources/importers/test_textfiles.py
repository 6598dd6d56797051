from datetime import date

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exercisebook.sources.importers.textfiles import (
    Layout,
    numbers_of,
    read_table,
    refuse_unreadable,
)

from .conftest import problems_of, text


def number(field, **layout):
    read = numbers_of(pd.Series([field], dtype=object), Layout(**layout)).iloc[0]
    return "bad" if read["bad"] else (read["value"], bool(read["below"]))


@pytest.mark.parametrize(
    ("field", "layout", "expected"),
    [
        ("5.4", {}, (5.4, False)),
        ("5,4", {}, "bad"),
        ("5,4", {"decimal": ","}, (5.4, False)),
        ("5.4", {"decimal": ","}, "bad"),
        ("1,234.5", {}, "bad"),
        ("1,234.5", {"thousands": ","}, (1234.5, False)),
        ("1.234,5", {"decimal": ",", "thousands": "."}, (1234.5, False)),
        ("12,34.5", {"thousands": ","}, "bad"),
        ("1\u202f234", {"thousands": " "}, (1234.0, False)),
        ("<0.5", {}, (0.5, True)),
        ("≤ 0,5", {"decimal": ","}, (0.5, True)),
        ("<LOD", {}, "bad"),
        (">1000", {}, "bad"),
        ("−1.5", {}, (-1.5, False)),
        ("1e3", {}, (1000.0, False)),
        ("inf", {}, "bad"),
        ("1_000", {}, "bad"),
        ("n.d.", {}, "bad"),
        (5, {}, (5.0, False)),
        (date(2026, 3, 1), {}, "bad"),
    ],
)
def test_a_field_is_a_number_in_the_layout_that_was_said_or_it_is_refused(field, layout, expected):
    assert number(field, **layout) == expected


@pytest.mark.parametrize("field", ["", "NA", "n/a", "NaN", "-", "null", None])
def test_usual_spellings_of_nothing_are_missing(field):
    read = numbers_of(pd.Series([field, "1"], dtype=object), Layout())
    assert read["value"].isna().tolist() == [True, False]
    assert not read["bad"].any()


def test_a_further_spelling_of_nothing_is_said():
    assert pd.isna(number("n.d.", missing=("n.d.",))[0])


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([".", ","]))
def test_a_number_written_in_either_mark_is_read_back(value, mark):
    assert number(repr(value).replace(".", mark), decimal=mark) == (value, False)


def test_a_byte_order_mark_and_blank_lines_leave_no_trace(tmp_path):
    path = text(tmp_path / "a.csv", "\ufeffid,x\n\n1,2\n,\n3,4\n\n")
    table = read_table(path, Layout())
    assert list(table.frame) == ["id", "x"]
    assert list(table.frame.index) == [3, 5]


def test_another_separator_is_read_and_told(tmp_path):
    table = read_table(text(tmp_path / "a.csv", "id;x\n1;2\n"), Layout())
    assert table.frame.shape == (1, 2)
    assert "semicolons" in table.told[0]


def test_two_possible_separators_are_asked_about(tmp_path):
    path = text(tmp_path / "a.csv", "id;x, log\n1;2\n")
    (fault,) = problems_of(read_table, path, Layout())
    assert "--separator" in fault.repair
    assert list(read_table(path, Layout(separator=";")).frame) == ["id", "x, log"]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("", "no names of columns"),
        ("id,x\n", "a header and no rows"),
        ("id,x,x\n1,2,3\n", "two columns 'x'"),
        ("id,x\n1,2,3\n", "3 fields"),
        ('id,x\n"1,2\n', "what is no table"),
    ],
)
def test_a_broken_table_is_refused_with_its_fault(tmp_path, content, found):
    faults = problems_of(read_table, text(tmp_path / "a.csv", content), Layout())
    assert any(found in fault.found for fault in faults), faults


def test_other_encodings_are_said(tmp_path):
    path = text(tmp_path / "a.csv", "id,µ\n1,2\n", "cp1252")
    (fault,) = problems_of(read_table, path, Layout())
    assert "--encoding cp1252" in fault.repair
    assert list(read_table(path, Layout(encoding="cp1252")).frame) == ["id", "µ"]
    (fault,) = problems_of(read_table, path, Layout(encoding="klingon"))
    assert fault.file == "--encoding"


def workbook(path, **sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def test_a_sheet_is_asked_for_where_there_are_several(tmp_path):
    path = workbook(tmp_path / "a.xlsx", one=[["id"], ["1"]], two=[["id"], ["2"]])
    (fault,) = problems_of(read_table, path, Layout())
    assert "one, two" in fault.repair
    assert read_table(path, Layout(sheet="two")).frame["id"].tolist() == ["2"]
    (fault,) = problems_of(read_table, path, Layout(sheet="tow"))
    assert "known are: one, two" in fault.repair


def test_titles_above_the_header_are_skipped_by_its_row(tmp_path):
    path = workbook(
        tmp_path / "a.xlsx", one=[["Results of May"], [], ["id", "x\n(mg/L)"], ["a", 2]]
    )
    table = read_table(path, Layout(header_row=3))
    assert list(table.frame) == ["id", "x (mg/L)"]
    assert list(table.frame.index) == [4]


def test_a_formula_that_was_never_calculated_is_refused(tmp_path):
    path = workbook(tmp_path / "a.xlsx", one=[["id", "x"], ["a", "=1+1"]])
    (fault,) = problems_of(read_table, path, Layout())
    assert (fault.row, fault.column) == (2, "2")


@pytest.mark.parametrize("name", ["a.xlsx", "a.xls", "absent.csv", "absent.xlsx"])
def test_what_is_no_file_of_its_kind_is_refused(tmp_path, name):
    if not name.startswith("absent"):
        text(tmp_path / name, "no workbook")
    assert len(problems_of(read_table, tmp_path / name, Layout())) == 1


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("a.csv", b"PK\x03\x04rest", "a workbook or a ZIP archive"),
        ("a.csv", b"\x1f\x8brest", "a gzip archive"),
        ("a.tsv", b"%PDF-1.7", "a PDF"),
        ("a.csv", b"a,b\n1,\0\n", "bytes that are no text"),
        ("a.csv", "id,x\n1,2\n".encode("utf-16"), "bytes that are not utf-8"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "an old workbook, or one with a"),
        ("a.xlsx", b"PK\x03\x04cut off", "a damaged workbook"),
        ("~$a.xlsx", b"\x05somebody", "Excel's mark of an open file"),
        ("a.xlsx", b"id,x\n1,2\n", "no workbook"),
    ],
)
def test_a_file_of_another_kind_is_told_as_what_it_is(tmp_path, name, content, found):
    (tmp_path / name).write_bytes(content)
    (fault,) = problems_of(read_table, tmp_path / name, Layout())
    assert fault.found.startswith(found)


def test_a_file_in_utf_16_is_read_when_it_is_said(tmp_path):
    (tmp_path / "a.csv").write_bytes("id,x\n1,2\n".encode("utf-16"))
    assert list(read_table(tmp_path / "a.csv", Layout(encoding="utf-16")).frame) == ["id", "x"]


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
def test_a_file_that_may_not_be_read_is_told_so(tmp_path, monkeypatch, name):
    def fails(*_, **__):
        raise PermissionError(13, "Permission denied", name)

    (tmp_path / name).write_bytes(b"x")
    monkeypatch.setattr("pathlib.Path.open", fails)
    monkeypatch.setattr("openpyxl.load_workbook", fails)
    (fault,) = problems_of(read_table, tmp_path / name, Layout())
    assert fault.found == "a file that may not be read"
    assert "Close it in other programs" in fault.repair
    (fault,) = problems_of(refuse_unreadable, tmp_path / name)
    assert fault.found == "a file that may not be read"


def test_a_title_above_the_names_is_one_problem_that_says_where_they_may_be(tmp_path):
    path = text(tmp_path / "a.csv", "Results of May\n\nid,x\na,1\nb,2\n")
    (fault,) = problems_of(read_table, path, Layout())
    assert (fault.found, fault.row) == ("1 name", 1)
    assert "--header-row 3" in fault.repair
    (fault,) = problems_of(read_table, path, Layout(options=()))
    assert "--header-row" not in fault.repair
