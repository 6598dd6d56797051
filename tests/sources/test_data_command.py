import os
import subprocess
import sys

import pytest

from exercisebook.cli.main import main
from exercisebook.sources import catalogue as catalogued
from exercisebook.sources.catalogue import catalogue

from .conftest import Page, data_file, with_files

CONTENT = b"a,b\n1,2\n" * 1000


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Return a function that runs the command, and returns its status and what it said."""
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "numba"))

    def running(*words):
        monkeypatch.setattr(sys, "argv", ["exercisebook", "data", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return ended.value.code, said.out, said.err

    return running


@pytest.fixture
def two(server, monkeypatch):
    """Put two data sets of a file each in the place of the catalogue."""
    sets = {
        name: with_files(data_file(CONTENT, server.url(f"{name}.csv")), name=name)
        for name in ("grinta", "nhanes")
    }
    monkeypatch.setattr(catalogued, "catalogue", lambda: sets)
    return sets


def test_list_prints_a_line_for_every_data_set(run):
    status, out, _ = run("list")
    assert status == 0
    lines = out.splitlines()
    assert lines[0].split() == ["id", "people", "design", "licence", "size"]
    assert [line.split()[0] for line in lines[1:]] == list(catalogue())


def test_status_prints_each_file_its_state_and_its_place(run, cache):
    (cache / "grinta").mkdir(parents=True)
    (cache / "grinta" / "data_nk.rda").write_bytes(b"other")
    (cache / "grinta" / "data_immune.rda.part").write_bytes(b"half")
    status, out, _ = run("status", "grinta", "cycling-training")
    assert status == 0
    lines = [line.split() for line in out.splitlines()[1:]]
    assert [(line[0], line[1], " ".join(line[2:-1])) for line in lines] == [
        ("grinta", "data_immune.rda", "half-written"),
        ("grinta", "data_nk.rda", "wrong checksum"),
        ("cycling-training", "cyclingstudy.rda", "absent"),
    ]
    assert lines[0][-1] == str(cache / "grinta" / "data_immune.rda")


def test_status_without_an_id_prints_all_files(run, cache):
    status, out, _ = run("status")
    assert status == 0
    assert len(out.splitlines()) == 30


def test_fetch_brings_in_what_was_named_and_nothing_else(run, cache, server, two):
    server.pages["grinta.csv"] = Page(CONTENT)
    assert run("fetch", "grinta")[0] == 0
    assert (cache / "grinta" / "table.csv").read_bytes() == CONTENT
    assert os.listdir(cache) == ["grinta"]


def test_fetch_without_an_id_brings_in_all(run, cache, server, two):
    server.pages["grinta.csv"] = server.pages["nhanes.csv"] = Page(CONTENT)
    assert run("fetch")[0] == 0
    assert sorted(os.listdir(cache)) == ["grinta", "nhanes"]


def test_an_id_named_twice_is_fetched_once(run, cache, server, two):
    server.pages["grinta.csv"] = Page(CONTENT)
    assert run("fetch", "grinta", "grinta")[0] == 0
    assert len(server.asked) == 1


def test_a_file_that_fails_does_not_keep_the_others_out(run, cache, server, two):
    server.pages["nhanes.csv"] = Page(CONTENT)
    status, _, err = run("fetch")
    assert status == 1
    assert "grinta/table.csv could not be fetched" in err
    assert "Traceback" not in err
    assert (cache / "nhanes" / "table.csv").read_bytes() == CONTENT


def test_wrong_bytes_end_with_1(run, cache, server, two):
    server.pages["grinta.csv"] = Page(CONTENT[::-1])
    status, _, err = run("fetch", "grinta")
    assert status == 1
    assert "wrong checksum, refused" in err
    assert os.listdir(cache / "grinta") == []


@pytest.mark.parametrize("command", ["status", "fetch"])
def test_each_unknown_id_has_a_line_and_nothing_is_done(run, cache, command):
    status, out, err = run(command, "grnta", "nhanes", "nhannes")
    assert (status, out) == (2, "")
    assert [line.split(";")[1].strip() for line in err.split("\n") if line] == [
        "did you mean 'grinta'?",
        "did you mean 'nhanes'?",
    ]
    assert not cache.exists()


def test_an_unknown_command_is_misuse(run):
    assert run("lst")[0] == 2


def test_the_command_runs_as_a_program_of_its_own(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "exercisebook.cli", "data", "status", "grnta"],
        capture_output=True,
        text=True,
        env={**os.environ, "EXERCISEBOOK_DATA": str(tmp_path)},
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "no data set 'grnta' in the catalogue; did you mean 'grinta'?\n"
