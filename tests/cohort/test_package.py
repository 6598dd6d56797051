import json
import os
import shutil
from dataclasses import replace

import frictionless
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exercisebook.cohort import package
from exercisebook.cohort.package import (
    check_between_tables,
    read_cohort,
    refuse_occupied,
    write_cohort,
)
from exercisebook.cohort.schemas import TABLES
from exercisebook.errors import InvalidInput, Misuse
from exercisebook.paths import REFERENCE

from .conftest import make_cohort

OPEN = ["grinta", "ultramarathon", "nhanes", "cycling"]
finite = st.floats(allow_nan=False, allow_infinity=False)


def assert_same(found, expected):
    assert found.name == expected.name
    for name in TABLES:
        pd.testing.assert_frame_equal(
            getattr(found, name), getattr(expected, name), check_exact=True
        )
    assert list(found.measurements) == list(expected.measurements)
    for modality, table in expected.measurements.items():
        pd.testing.assert_frame_equal(found.measurements[modality], table, check_exact=True)


def bytes_of(folder):
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def change(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def problems(folder):
    with pytest.raises(InvalidInput) as error:
        read_cohort(folder)
    return error.value.problems


def only(found):
    assert len(found) == 1, [str(problem) for problem in found]
    return found[0]


# round trips


def test_a_cohort_is_read_back_as_it_was_written(small, folder):
    assert_same(read_cohort(folder), small)


def test_the_description_is_read_back(small, folder):
    found = read_cohort(folder).description
    assert {key: found[key] for key in small.description} == small.description


@pytest.mark.parametrize("name", [*OPEN, "reference"])
def test_every_cohort_of_the_book_makes_the_round_trip(name, request, tmp_path):
    cohort = request.getfixturevalue(name)
    write_cohort(cohort, tmp_path / "once")
    again = read_cohort(tmp_path / "once")
    assert_same(again, cohort)
    write_cohort(again, tmp_path / "twice")
    assert bytes_of(tmp_path / "twice") == bytes_of(tmp_path / "once")
    report = frictionless.validate(str(tmp_path / "once" / "datapackage.json"))
    assert report.valid, report.flatten(["rowNumber", "fieldName", "message"])[:3]


def test_the_reference_as_it_lies_is_a_valid_frictionless_package():
    assert frictionless.validate(str(REFERENCE / "datapackage.json")).valid


def test_writing_the_reference_again_gives_its_own_bytes(reference, tmp_path):
    # the sixth digit of a measured value is the last one written
    write_cohort(reference, tmp_path / "again", digits=6)
    # the truth is the simulator's to write
    whole = bytes_of(REFERENCE).items()
    committed = {name: told for name, told in whole if not name.startswith("truth/")}
    assert bytes_of(tmp_path / "again") == committed


@settings(max_examples=max(15, settings.default.max_examples // 4))
@given(glucose=st.lists(finite, min_size=4, max_size=4))
def test_a_cohort_of_any_finite_values_makes_the_round_trip(glucose, tmp_path_factory):
    folder = tmp_path_factory.mktemp("any") / "package"
    cohort = make_cohort(glucose)
    write_cohort(cohort, folder)
    found = read_cohort(folder).measurements["clinical"]["value"]
    assert found.to_numpy().tobytes() == np.array(glucose).tobytes()


def test_single_cells_travel_with_the_package(small, tmp_path):
    cells = tmp_path / "cells.h5ad"
    cells.write_bytes(b"counts")
    write_cohort(replace(small, cells=cells), tmp_path / "package")
    assert read_cohort(tmp_path / "package").cells.read_bytes() == b"counts"


def test_a_long_table_is_written_as_parquet_and_read_back(small, tmp_path, monkeypatch):
    monkeypatch.setattr(package, "PARQUET_ABOVE", 3)
    write_cohort(small, tmp_path / "package")
    assert sorted(os.listdir(tmp_path / "package" / "measurements")) == [
        "blood_count.parquet",
        "clinical.parquet",
    ]
    assert_same(read_cohort(tmp_path / "package"), small)
    description = json.loads((tmp_path / "package" / "datapackage.json").read_text())
    assert description["resources"][-1]["path"] == "measurements/blood_count.parquet"


def test_a_table_of_just_the_threshold_stays_csv(small, tmp_path, monkeypatch):
    monkeypatch.setattr(package, "PARQUET_ABOVE", 4)
    write_cohort(small, tmp_path / "package")
    assert sorted(os.listdir(tmp_path / "package" / "measurements")) == [
        "blood_count.csv",
        "clinical.csv",
    ]


def test_tables_are_read_in_the_order_the_package_names_them(folder):
    assert list(read_cohort(folder).measurements) == ["clinical", "blood_count"]


def test_a_package_that_names_no_tables_is_read_all_the_same(small, folder):
    (folder / "datapackage.json").write_text('{"name": "small"}')
    found = read_cohort(folder)
    assert sorted(found.measurements) == ["blood_count", "clinical"]
    assert found.description == {}


def test_a_byte_order_mark_is_tolerated_in_every_file(small, folder):
    for path in [*folder.rglob("*.csv"), folder / "datapackage.json"]:
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert_same(read_cohort(folder), small)


# writing whole, or not at all


def test_an_empty_folder_is_filled(small, tmp_path):
    (tmp_path / "package").mkdir()
    write_cohort(small, tmp_path / "package")
    assert_same(read_cohort(tmp_path / "package"), small)


def test_a_folder_that_holds_anything_is_refused_and_left_alone(small, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(Misuse, match="not empty"):
        write_cohort(small, tmp_path)
    assert bytes_of(tmp_path) == {"notes.txt": b"mine"}


def test_a_file_in_the_place_of_the_folder_is_refused_and_left_alone(small, tmp_path):
    (tmp_path / "package").write_text("mine")
    with pytest.raises(Misuse, match="is a file"):
        write_cohort(small, tmp_path / "package")
    assert (tmp_path / "package").read_text() == "mine"


def test_a_new_or_empty_folder_is_not_occupied(tmp_path):
    refuse_occupied(tmp_path)
    refuse_occupied(tmp_path / "new")


@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_an_interrupted_write_leaves_nothing_behind(small, tmp_path, monkeypatch, fault):
    written = []

    def until_the_third(frame, path, digits=None):
        if len(written) == 3:
            raise fault
        written.append(path)
        write_csv(frame, path, digits)

    write_csv = package.write_csv
    monkeypatch.setattr(package, "write_csv", until_the_third)
    with pytest.raises(type(fault)):
        write_cohort(small, tmp_path / "package")
    assert len(written) == 3
    assert os.listdir(tmp_path) == []


def test_an_invalid_cohort_is_not_written(small, tmp_path):
    twice = replace(small, subjects=pd.concat([small.subjects, small.subjects]))
    with pytest.raises(InvalidInput) as error:
        write_cohort(twice, tmp_path / "package")
    assert {(p.file, p.expected) for p in error.value.problems} == {
        ("subjects.csv", "each key once")
    }
    assert os.listdir(tmp_path) == []


def test_an_infinite_value_is_not_written(tmp_path):
    with pytest.raises(InvalidInput) as error:
        write_cohort(make_cohort([1.0, float("inf"), 1.0, 1.0]), tmp_path / "package")
    problem = only(error.value.problems)
    assert (problem.file, problem.row, problem.column) == ("clinical.csv", 3, "value")
    assert problem.expected == "a finite number"


def test_a_table_that_lacks_a_column_is_not_written(small, tmp_path):
    cut = replace(small, samples=small.samples.drop(columns="batch"))
    with pytest.raises(InvalidInput) as error:
        write_cohort(cut, tmp_path / "package")
    assert only(error.value.problems).expected == "a column 'batch'"


def test_rows_are_named_by_place_whatever_the_index(small):
    lost = small.samples.assign(subject=["a", "a", "b", "c"]).set_axis([5, 5, 5, 5])
    with pytest.raises(InvalidInput) as error:
        check_between_tables(replace(small, samples=lost))
    assert only(error.value.problems).row == 5


# faults of a package


def test_a_place_that_is_no_folder_is_no_cohort(tmp_path):
    with pytest.raises(Misuse, match="is no folder"):
        read_cohort(tmp_path / "nowhere")


def test_a_folder_without_a_description_is_no_cohort(folder):
    (folder / "datapackage.json").unlink()
    with pytest.raises(Misuse, match=r"holds no datapackage\.json"):
        read_cohort(folder)


def test_a_broken_description_is_reported_with_its_line(folder):
    (folder / "datapackage.json").write_text('{\n  "name": "small",\n  oops\n}')
    problem = only(problems(folder))
    assert (problem.file, problem.row) == ("datapackage.json", 3)
    assert problem.expected == "a JSON object"


@pytest.mark.parametrize("text", ["[]", '"small"', "3"])
def test_a_description_that_is_no_object_is_reported(folder, text):
    (folder / "datapackage.json").write_text(text)
    assert only(problems(folder)).found == "no JSON object"


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        '{"name": 3}',
        '{"name": null}',
        '{"name": ""}',
        '{"name": "<script>alert(1)</script>"}',
    ],
)
def test_a_name_that_is_none_or_could_be_a_script_is_reported(folder, text):
    (folder / "datapackage.json").write_text(text)
    problem = only(problems(folder))
    assert "name" in problem.found
    assert problem.expected.startswith("the cohort's short name")


def test_everything_wrong_with_a_description_is_reported_at_once(folder):
    (folder / "datapackage.json").write_text('{"name": "a b", "simulated": "no", "resources": 5}')
    assert [p.found for p in problems(folder)] == [
        "the name 'a b'",
        "'simulated' as 'no'",
        "'resources' that are no list",
    ]


def test_json_without_end_is_reported(folder):
    (folder / "datapackage.json").write_text("[" * 100_000)
    assert only(problems(folder)).file == "datapackage.json"


def test_a_column_of_samples_in_a_table_of_measurements_is_reported(folder):
    path = next((folder / "measurements").glob("*.csv"))
    header, *rows = path.read_text().splitlines()
    path.write_text("\n".join([f"{header},phase", *(f"{row},before" for row in rows)]) + "\n")
    problem = only(problems(folder))
    assert (problem.file, problem.found) == (f"measurements/{path.name}", "a column 'phase'")


def test_a_table_without_rows_is_reported(folder):
    path = folder / "contrasts.csv"
    path.write_text(path.read_text().splitlines()[0] + "\n")
    problem = only(problems(folder))
    assert (problem.file, problem.found) == ("contrasts.csv", "a header and no rows")


def test_a_package_without_measurements_is_reported(folder):
    for path in (folder / "measurements").glob("*.csv"):
        path.unlink()
    description = json.loads((folder / "datapackage.json").read_text())
    description["resources"] = []
    (folder / "datapackage.json").write_text(json.dumps(description))
    assert only(problems(folder)).file == "measurements"


def test_a_second_sample_of_one_person_arm_and_phase_is_reported_with_its_row(folder):
    path = folder / "samples.csv"
    text = path.read_text()
    path.write_text(text + "again" + text.splitlines()[1][text.splitlines()[1].index(",") :] + "\n")
    problem = only(problems(folder))
    assert (problem.file, problem.row) == ("samples.csv", len(text.splitlines()) + 1)
    assert problem.found.startswith("a second sample of subject")


def test_a_phase_against_itself_is_reported(folder):
    table = pd.read_csv(folder / "contrasts.csv", dtype=str)
    table.loc[0, "reference_phase"] = table.loc[0, "phase"]
    table.to_csv(folder / "contrasts.csv", index=False)
    problem = only(problems(folder))
    assert (problem.file, problem.row, problem.column) == ("contrasts.csv", 2, "reference_phase")


def test_an_amount_below_nothing_is_reported_and_a_clinical_value_may_be_one(reference, tmp_path):
    write_cohort(reference, tmp_path / "mine")
    for modality in ("blood_count", "clinical"):
        path = tmp_path / "mine" / "measurements" / f"{modality}.csv"
        table = pd.read_csv(path)
        table.loc[3, "value"] = -1.5
        table.to_csv(path, index=False)
    problem = only(problems(tmp_path / "mine"))
    assert (problem.file, problem.row, problem.found) == ("measurements/blood_count.csv", 5, "-1.5")


def test_a_description_of_unreadable_bytes_is_reported(folder):
    (folder / "datapackage.json").write_bytes(b'{"name": "\xff"}')
    problem = only(problems(folder))
    assert (problem.file, problem.found) == ("datapackage.json", "bytes that are not UTF-8")


def test_a_missing_table_is_reported(folder):
    (folder / "subjects.csv").unlink()
    problem = only(problems(folder))
    assert (problem.file, problem.found) == ("subjects.csv", "no such file")


def test_a_table_that_the_description_names_and_is_not_there_is_reported(folder):
    (folder / "measurements" / "blood_count.csv").unlink()
    problem = only(problems(folder))
    assert (problem.file, problem.found) == ("blood_count.csv", "no such file")


def test_an_empty_table_file_is_reported(folder):
    (folder / "measurements" / "clinical.csv").write_bytes(b"")
    assert only(problems(folder)).found == "an empty file"


def test_a_table_of_unreadable_bytes_is_reported(folder):
    (folder / "samples.csv").write_bytes(b"\xff\xfe\x00")
    assert only(problems(folder)).found == "bytes that are not UTF-8"


def test_an_unreadable_parquet_table_is_reported(small, tmp_path, monkeypatch):
    monkeypatch.setattr(package, "PARQUET_ABOVE", 3)
    write_cohort(small, tmp_path / "package")
    (tmp_path / "package" / "measurements" / "clinical.parquet").write_bytes(b"PAR1 cut off")
    problem = only(problems(tmp_path / "package"))
    assert (problem.file, problem.expected) == ("clinical.parquet", "a parquet table")


def test_a_parquet_table_obeys_the_same_rules(small, folder):
    table = small.measurements["clinical"].assign(
        value=[1.0, np.inf, 1.0, 1.0], status=["ok", "ok", "fine", "ok"]
    )
    (folder / "datapackage.json").write_text('{"name": "small"}')
    (folder / "measurements" / "clinical.csv").unlink()
    table.to_parquet(folder / "measurements" / "clinical.parquet")
    found = problems(folder)
    assert {(p.file, p.row, p.column) for p in found} == {
        ("clinical.parquet", 3, "value"),
        ("clinical.parquet", 4, "status"),
    }


def test_two_tables_of_one_modality_are_reported(small, folder):
    small.measurements["clinical"].to_parquet(folder / "measurements" / "clinical.parquet")
    problem = only(problems(folder))
    assert problem.file == "measurements/clinical.parquet"
    assert problem.expected == "one file a modality"


def test_an_unknown_modality_is_reported_with_the_nearest_one(folder):
    shutil.copy(folder / "measurements" / "clinical.csv", folder / "measurements" / "cytokine.csv")
    found = [p for p in problems(folder) if p.file == "measurements/cytokine.csv"]
    named = [p for p in found if "modality" in p.found]
    assert only(named).found == "the modality 'cytokine'"
    assert "did you mean 'cytokines'?" in only(named).repair


def test_a_sample_of_an_unknown_subject_is_reported(folder):
    change(folder / "samples.csv", "b-after,b,", "b-after,B,")
    problem = only(problems(folder))
    assert (problem.file, problem.row, problem.column) == ("samples.csv", 5, "subject")
    assert (problem.found, problem.expected) == ("'B'", "a subject of the package")
    assert "did you mean 'b'?" in problem.repair


@pytest.mark.parametrize(
    ("column", "key", "change_of"),
    [
        ("phase", "phase", ("acute,after,", "acute,later,")),
        ("reference_phase", "phase", (",before,", ",earlier,")),
        ("arm", "arm", (",before,run,", ",before,walk,")),
        ("reference_arm", "arm", (",run,run", ",run,walk")),
    ],
)
def test_a_contrast_of_what_was_not_sampled_is_reported(folder, column, key, change_of):
    change(folder / "contrasts.csv", *change_of)
    problem = only(problems(folder))
    assert (problem.file, problem.row, problem.column) == ("contrasts.csv", 2, column)
    assert problem.expected == f"a {key} of the package"


def test_a_measurement_of_an_unknown_sample_is_reported(folder):
    change(folder / "measurements" / "clinical.csv", "b-before,", "b_before,")
    problem = only(problems(folder))
    assert problem.file == "measurements/clinical.csv"
    assert (problem.row, problem.column, problem.found) == (4, "sample_id", "'b_before'")


def test_a_measurement_of_an_unknown_feature_is_reported(folder):
    change(folder / "measurements" / "clinical.csv", "b-before,glucose", "b-before,glukose")
    problem = only(problems(folder))
    assert (problem.row, problem.column, problem.found) == (4, "feature", "'glukose'")
    assert "did you mean 'glucose'?" in problem.repair


def test_a_feature_of_another_modality_is_unknown(folder):
    change(folder / "measurements" / "clinical.csv", "b-before,glucose", "b-before,lymphocytes")
    assert only(problems(folder)).found == "'lymphocytes'"


def test_an_unknown_value_is_reported_once_however_often_it_stands(folder):
    path = folder / "measurements" / "clinical.csv"
    path.write_text(path.read_text().replace("glucose", "sugar"))
    problem = only(problems(folder))
    assert (problem.row, problem.found) == (2, "'sugar'")


@pytest.mark.parametrize("status", ["ok", "below_detection"])
def test_a_measured_status_without_a_value_is_reported(folder, status):
    change(folder / "measurements" / "clinical.csv", "4.9,ok", f",{status}")
    problem = only(problems(folder))
    assert problem.file == "measurements/clinical.csv"
    assert (problem.row, problem.column) == (2, "value")
    assert problem.found == f"status {status!r} and no value"


def test_an_unreadable_value_is_not_reported_a_second_time_as_absent(folder):
    change(folder / "measurements" / "clinical.csv", "4.9,ok", '"4,9",ok')
    assert only(problems(folder)).found == "'4,9'"


def test_faults_of_all_tables_and_between_them_are_reported_at_once(folder):
    clinical = folder / "measurements" / "clinical.csv"
    blood = folder / "measurements" / "blood_count.csv"
    change(folder / "subjects.csv", "subject,sex,age", "subject,sex,years")
    change(folder / "subjects.csv", "a,female", "a,woman")
    change(folder / "samples.csv", "b-after,b,", "b-after,c,")
    change(folder / "features.csv", "clinical,glucose", "chemistry,glucose")
    change(folder / "contrasts.csv", "change,acute,after", "change,sudden,later")
    change(clinical, "a-before,glucose,4.9,ok", 'a-before,glucose,"4,9",fine')
    change(clinical, "b-before,glucose,5.0", "b-before,glucose,inf")
    change(blood, "a-before,lymphocytes,1.9,ok", "a-before,lymphocytes,,ok")
    change(blood, "b-after", "a-after")
    shutil.copy(clinical, folder / "measurements" / "clinic.csv")
    found = {(p.file, p.row, p.column, p.found) for p in problems(folder)}
    assert found >= {
        ("subjects.csv", None, None, "columns 'subject', 'sex', 'years'"),
        ("subjects.csv", 2, "sex", "'woman'"),
        ("samples.csv", 5, "subject", "'c'"),
        ("features.csv", 2, "modality", "'chemistry'"),
        ("contrasts.csv", 2, "kind", "'sudden'"),
        ("contrasts.csv", 2, "phase", "'later'"),
        ("clinical.csv", 2, "value", "'4,9'"),
        ("clinical.csv", 2, "status", "'fine'"),
        ("clinical.csv", 4, "value", "'inf'"),
        ("measurements/clinical.csv", 2, "feature", "'glucose'"),
        ("measurements/blood_count.csv", 2, "value", "status 'ok' and no value"),
        ("blood_count.csv", 3, "sample_id", "'a-after'"),
        ("blood_count.csv", 5, "sample_id", "'a-after'"),
        ("measurements/clinic.csv", None, None, "the modality 'clinic'"),
    }


# what a cohort answers


def test_a_long_table_has_one_row_a_measurement_with_its_sample(small):
    long = small.long("clinical")
    assert len(long) == 4
    assert long.set_index("sample_id").loc["b-after", ["subject", "phase", "value"]].tolist() == [
        "b",
        "after",
        0.1 + 0.2,
    ]


def test_a_modality_that_was_not_measured_gives_the_nearest_one(small):
    with pytest.raises(Misuse, match=r"small holds no 'clinic' table; did you mean 'clinical'\?"):
        small.long("clinic")


def test_a_cohort_resolves_its_contrasts(small):
    assert small.contrast("change")["kind"] == "acute"
    assert small.contrast("after:before")["phase"] == "after"


def test_a_cohort_is_simulated_only_where_it_says_so(small):
    assert not small.simulated
    assert replace(small, description={"simulated": True}).simulated


def test_a_faulty_description_does_not_hide_the_faults_of_tables(folder):
    (folder / "datapackage.json").write_text("{}")
    change(folder / "subjects.csv", "a,female", "a,woman")
    assert {p.code for p in problems(folder)} == {"T103", "T112"}


def test_a_column_of_samples_named_as_one_of_measurements_is_reported(folder):
    change(folder / "samples.csv", "batch", "status")
    assert "T124" in {p.code for p in problems(folder)}


def test_a_number_beyond_all_is_no_description(folder):
    (folder / "datapackage.json").write_text("9" * 5000)
    assert only(problems(folder)).code == "T102"


def test_resources_without_paths_are_passed_over(folder, small):
    (folder / "datapackage.json").write_text(
        '{"name": "small", "resources": [{"path": 5}, 7, null, {"path": "measurements/\\u0000"}]}'
    )
    assert set(read_cohort(folder).measurements) == set(small.measurements)
