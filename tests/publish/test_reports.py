"""Reports on a cohort of the user's own: resumed, kept apart, and kept whole."""

import json
import os
import signal
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from exercisebook.errors import Misuse
from exercisebook.publish.report import report_plan

from .conftest import stop

FIRST, SECOND = "01_cohort_design", "02_acute_stress_response"


def numbers(book):
    return [number for number, _ in book.ran()]


def told_in_one_line(done):
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]


def names_in(folder):
    return {path.name for path in folder.iterdir()}


def files_of(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def report(small_book, mine, tmp_path_factory):
    """Return a finished report on two chapters."""
    small_book.forget()
    out = tmp_path_factory.mktemp("report") / "out"
    done = small_book.run("run", "--cohort", mine, "--out", out)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(out / "html" / "index.html")
    return out


def test_a_run_that_was_killed_takes_up_where_it_was(fresh, mine, tmp_path):
    out = tmp_path / "out"
    for number in ("01", "02"):
        (fresh.root / f"gate{number}").touch()
    words = ("run", "--cohort", mine, "--out", out, "--cores", 1)
    process = fresh.start(*words)
    # on one core either may come first
    finished, _ = fresh.wait_for(process, "01", "02")
    (fresh.root / f"gate{finished}").unlink()
    (cut,) = {"01", "02"} - {finished}
    _, kernel = fresh.wait_for(process, cut)
    stop(process, signal.SIGKILL)
    assert fresh.is_quiet()
    assert not Path(f"/proc/{kernel}").exists()
    assert numbers(fresh) == [finished, cut]
    assert names_in(out) == {".work"}
    (fresh.root / f"gate{cut}").unlink()
    done = fresh.run(*words)
    assert done.returncode == 0, done.stderr
    assert numbers(fresh) == [finished, cut, cut]
    assert names_in(out) == {".work", "html", "bundle"}
    assert not list((out / ".work").glob("events*"))


def test_ctrl_c_ends_all_that_was_started_and_a_second_run_meanwhile_is_refused(
    fresh, mine, tmp_path
):
    out = tmp_path / "out"
    (fresh.root / "gate01").touch()
    process = fresh.start("run", "01", "--cohort", mine, "--out", out)
    _, kernel = fresh.wait_for(process, "01")
    second = fresh.run("run", "01", "--cohort", mine, "--out", out)
    assert second.returncode == 1
    assert told_in_one_line(second) == f"another build is at work in {out}; wait for it"
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)
    assert process.returncode in (1, 130)
    assert said.strip().splitlines()[-1] == "interrupted; what was finished is kept"
    assert "Traceback" not in said
    assert fresh.is_quiet()
    assert not Path(f"/proc/{kernel}").exists()
    assert names_in(out) == {".work"}


@pytest.mark.slow
def test_two_reports_on_one_cohort_at_once_run_a_chapter_once(fresh, mine, tmp_path):
    (fresh.root / "gate01").touch()
    first = fresh.start("run", "01", "--cohort", mine, "--out", tmp_path / "a")
    fresh.wait_for(first, "01")
    second = fresh.start("run", "01", "--cohort", mine, "--out", tmp_path / "b")
    while not (tmp_path / "b" / ".work" / "brought" / "cohort.json").exists():
        assert second.poll() is None, second.stderr.read()
    (fresh.root / "gate01").unlink()
    for process in (first, second):
        _, said = process.communicate(timeout=180)
        assert process.returncode == 0, said
    assert numbers(fresh) == ["01"]


def test_a_report_of_the_same_again_runs_nothing_and_stands(small_book, report, mine):
    before, ran = files_of(report / "html"), small_book.ran()
    done = small_book.run("run", "--cohort", mine, "--out", report)
    assert done.returncode == 0, done.stderr
    assert done.stderr.strip() == ""
    assert small_book.ran() == ran
    assert files_of(report / "html") == before


def test_a_report_on_other_chapters_or_another_cohort_asks_before_it_takes_the_place(
    small_book, report, mine
):
    before = files_of(report)
    for words in (["01", "--cohort", mine], []):
        done = small_book.run("run", *words, "--out", report)
        assert done.returncode == 2
        said = told_in_one_line(done)
        assert f"holds a report on chapters 01, 02 with {mine}" in said
        assert "give another --out, or --replace" in said
    assert files_of(report) == before


def test_a_report_holds_what_is_documented_and_nothing_else(report):
    assert names_in(report) == {".work", "html", "bundle"}
    assert names_in(report / "bundle") == {
        "notebooks", "parameters.json", "provenance.json", "requirements.lock", "check.json",
        "ledger.csv",
    }  # fmt: skip


def test_a_report_names_its_cohort_and_nowhere_the_path_on_which_it_lies(report, mine):
    parts = [text for folder in ("html", "bundle") for text in files_of(report / folder).values()]
    for word in (mine.name, mine.parent.name, "à moi", "\\xe0 moi"):
        assert not [part for part in parts if word.encode() in part], word
    given = json.loads((report / "bundle" / "parameters.json").read_text())
    named = {"cohort": "simulated-reference"}
    assert given["chapters"] == {FIRST: named, SECOND: named}
    assert given["again"] == "exercisebook run 01 02 --cohort DIR"
    page = (report / "html" / "notebooks" / f"{FIRST}.html").read_text()
    assert "rate 0.05 of simulated-reference" in page


def test_the_first_page_says_whose_data_which_chapters_and_what_the_check_found(report):
    html = (report / "html" / "book" / "index.html").read_text()
    page = BeautifulSoup(html, "html.parser").get_text()
    for words in (
        "Our $run$ <b>of</b> [2025](#nowhere)",
        "6 people",
        "single-arm before-after",
        "Chapter 01",
        "Chapter 02",
        "0 errors",
        "exercisebook run 01 02 --cohort DIR",
    ):
        assert words in page, words
    found = json.loads((report / "bundle" / "check.json").read_text())
    assert f"{found['counts']['warning']} warning" in page


def test_a_run_that_fails_leaves_the_old_report_and_says_no_number_of_the_system(
    small_book, report, mine
):
    before = {part: files_of(report / part) for part in ("html", "bundle")}
    done = small_book.run("run", "--cohort", mine, "--out", report, "-p", "fdr=0.5")
    assert done.returncode == 1
    assert "No space left on device" in done.stderr
    assert f"{FIRST}, cell [" in done.stderr
    assert "Errno" not in done.stderr
    assert "Traceback" not in done.stderr
    assert {part: files_of(report / part) for part in ("html", "bundle")} == before
    again = small_book.run("run", "--cohort", mine, "--out", report)
    assert again.returncode == 0, again.stderr
    assert files_of(report / "bundle") == before["bundle"]


def test_a_report_is_replaced_where_that_is_said(small_book, report, mine):
    done = small_book.run("run", "01", "--cohort", mine, "--out", report, "--replace")
    assert done.returncode == 0, done.stderr
    assert not (report / "html" / "notebooks" / f"{SECOND}.html").exists()
    assert names_in(report / "bundle" / "notebooks") == {f"{FIRST}.ipynb"}
    assert names_in(report) == {".work", "html", "bundle"}
    # from now on this is the report that stands there
    assert small_book.run("run", "01", "--cohort", mine, "--out", report).returncode == 0


def test_a_folder_that_holds_anything_else_takes_no_report(mine, tmp_path):
    (tmp_path / "notes.txt").write_text("keep")
    with pytest.raises(Misuse, match="is not empty"):
        report_plan(["01"], [], str(mine), tmp_path)
    assert names_in(tmp_path) == {"notes.txt"}


def test_a_report_may_not_lie_within_its_cohort(mine):
    with pytest.raises(Misuse, match="may not lie within the cohort"):
        report_plan(["01"], [], str(mine), mine / "report")


def test_a_file_where_the_report_should_be_is_told(mine, tmp_path):
    (tmp_path / "file").write_text("keep")
    for out in (tmp_path / "file", tmp_path / "file" / "out"):
        with pytest.raises(Misuse, match="is a file"):
            report_plan(["01"], [], str(mine), out)


@pytest.fixture
def tiny_disk(tmp_path):
    """Return a folder on a disk of one megabyte."""
    import subprocess

    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    try:
        made = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except OSError:
        made = False
    if not made:
        pytest.skip("no disk can be mounted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_disk_without_room_is_told_before_anything_runs(fresh, mine, tiny_disk):
    done = fresh.run("run", "01", "--cohort", mine, "--out", tiny_disk / "out")
    assert done.returncode == 1
    assert "MB are free on its disk" in told_in_one_line(done)
    assert fresh.ran() == []
    assert list(tiny_disk.iterdir()) == []


def test_a_folder_that_may_not_be_written_is_told(small_book, mine):
    # nobody, not even root, writes there
    done = small_book.run("run", "01", "--cohort", mine, "--out", "/proc/report")
    assert done.returncode == 1
    assert told_in_one_line(done).startswith("/proc/report")
    assert "Errno" not in done.stderr
    assert not os.path.exists("/proc/report")
