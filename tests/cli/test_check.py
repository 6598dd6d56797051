import json
import shutil
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from exercisebook.checks.environment import (
    ABSENT,
    BAD,
    FINE,
    environment,
    locked,
    packages,
)
from exercisebook.cli import check as commands
from exercisebook.cli.main import app
from exercisebook.paths import REFERENCE, ROOT


def book(*words):
    return CliRunner().invoke(app, list(words))


@pytest.fixture
def broken(tmp_path):
    folder = shutil.copytree(REFERENCE, tmp_path / "mine")
    path = folder / "subjects.csv"
    path.write_text(path.read_text().replace("male", "man"))
    return folder


def test_a_sound_package_ends_with_status_0_and_its_notes():
    done = book("check", str(REFERENCE))
    assert done.exit_code == 0
    assert "Errors" not in done.output
    assert done.output.rstrip().endswith("the package can be run")


def test_errors_end_with_status_2_come_first_and_are_counted(broken):
    done = book("check", str(broken))
    assert done.exit_code == 2
    lines = done.output.splitlines()
    assert lines[0] == "Errors: 13"
    assert lines[1].startswith("T112")
    assert lines[1].endswith("(13)")
    assert "subjects.csv row 2 column sex: found" not in done.output
    assert lines[2].strip() == (
        "subjects.csv row 2 column sex: 'man'; expected one of female, male, unknown"
    )
    assert lines[5].strip() == "and 10 more; --json tells them all"


def test_json_tells_every_finding_with_its_place_and_link(broken):
    done = book("check", str(broken), "--json")
    assert done.exit_code == 2
    told = json.loads(done.output)
    assert told["counts"]["error"] == 13
    assert len(told["findings"]) == sum(told["counts"].values())
    first = told["findings"][0]
    assert {key: first[key] for key in ("code", "severity", "file", "row", "column", "layer")} == {
        "code": "T112",
        "severity": "error",
        "file": "subjects.csv",
        "row": 2,
        "column": "sex",
        "layer": "Tables",
    }
    assert first["link"] == "book/checks.html#check-t112"


def test_a_folder_that_is_not_there_is_misuse():
    done = subprocess.run(
        [sys.executable, "-m", "exercisebook.cli", "check", "/no/such/folder"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.strip() == (
        "/no/such/folder is no folder; a cohort is a folder with datapackage.json"
    )


def test_an_empty_folder_is_told_what_it_lacks(tmp_path):
    done = book("check", str(tmp_path))
    assert done.exit_code == 2
    assert "T101" in done.output


def test_the_doctor_tells_python_packages_folders_and_programs():
    done = book("doctor")
    for word in ("Python", "packages", "builds", "original data", "Chromium", "R", "git"):
        assert word in done.output
    assert done.exit_code == (1 if f" {BAD} " in done.output else 0)


def test_the_doctor_ends_with_status_1_where_something_is_bad(monkeypatch, tmp_path):
    lock = tmp_path / "requirements.lock"
    lock.write_text("pandas==0.1 \\\n    --hash=sha256:0\nno-such-package==1\n")
    line = packages(lock)
    assert line.state == BAD
    assert "2 of 2" in line.seen
    assert "no-such-package absent" in line.seen
    monkeypatch.setattr("exercisebook.checks.environment.packages", lambda lock: line)
    assert book("doctor").exit_code == 1


def test_a_lock_that_is_not_there_is_bad(tmp_path):
    assert packages(tmp_path / "none").state == BAD


def test_pins_of_other_pythons_are_left_out():
    text = "a==1 ; python_full_version < '3'\nb==2 ; python_full_version >= '3.11' \\\n  --hash=x\n"
    assert locked(text) == {"b": "2"}


def test_an_absent_program_is_no_fault():
    line = next(line for line in environment(None) if line.what == "Chromium")
    assert line.state == ABSENT
    assert next(line for line in environment("/x") if line.what == "Chromium").state == FINE


def test_a_folder_that_cannot_be_made_is_bad(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("EXERCISEBOOK_DATA", str(tmp_path / "file" / "data"))
    line = next(line for line in environment(None) if line.what == "original data")
    assert line.state == BAD


def test_asking_for_help_imports_no_checks():
    assert "exercisebook.checks" not in vars(commands)
    text = (ROOT / "scripts/exercisebook/cli/check.py").read_text()
    assert "\nfrom exercisebook.checks" not in text
