"""``exercisebook test`` itself: every part runs, and a failure is a failure."""

import sys
import time

import pytest

from exercisebook.cli import suite
from exercisebook.paths import ROOT


def part(name, code, **how):
    return suite.Part(name, [sys.executable, "-c", code], **how)


def run(monkeypatch, *parts):
    monkeypatch.setattr(suite, "parts", lambda full: list(parts))
    return suite.run_suite(full=False)


def test_a_part_that_fails_beside_another_fails_the_suite(monkeypatch, capfd):
    status = run(
        monkeypatch,
        part("one", "print('first')"),
        part("two", "print('second'); raise SystemExit(1)", beside=True),
        part("three", "print('third')"),
    )
    told = capfd.readouterr().out
    assert status == 1
    assert [line.split()[0] for line in told.splitlines() if " s  " in line] == [
        "passed",
        "FAILED",
        "passed",
    ]
    assert told.index("== two") < told.index("second") < told.index("third")


def test_all_that_pass_pass(monkeypatch):
    assert run(monkeypatch, part("one", ""), part("two", "", beside=True)) == 0


@pytest.mark.parametrize("beside", [False, True])
def test_a_part_that_never_ends_is_stopped_with_all_it_wrote(monkeypatch, capfd, beside):
    endless = "import time; print('so far', flush=True); time.sleep(600)"
    status = run(
        monkeypatch,
        part("one", "print('first')"),
        part("two", endless, beside=beside, minutes=0.05),
        part("three", "print('third')"),
    )
    told = capfd.readouterr().out
    assert status == 1
    assert "so far" in told
    assert "stopped: not at an end after 0.05 minutes" in told
    assert "third" in told


def test_a_part_begins_when_the_one_before_it_ends_while_another_still_runs(monkeypatch, capfd):
    stamp = (
        "import time; print('{0} from', time.time()); time.sleep({1}); print('{0} to', time.time())"
    )
    status = run(
        monkeypatch,
        part("long", stamp.format("long", 2)),
        part("short", stamp.format("short", 0.5), beside=True),
        part("next", stamp.format("next", 0.1), behind=True),
    )
    lines = [line.split() for line in capfd.readouterr().out.splitlines()]
    at = {tuple(w[:2]): float(w[2]) for w in lines if len(w) == 3 and w[1] in ("from", "to")}
    assert status == 0
    assert at["short", "to"] <= at["next", "from"] < at["long", "to"]
    assert at["short", "from"] < at["long", "to"]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_part_of_a_chain_that_fails_fails_the_suite(monkeypatch, place):
    codes = ["", "", ""]
    codes[place] = "raise SystemExit(1)"
    ways = ({}, {"beside": True}, {"behind": True})
    parts = [
        part(str(n), code, **way) for n, (code, way) in enumerate(zip(codes, ways, strict=True))
    ]
    assert run(monkeypatch, *parts) == 1


def test_nothing_that_a_part_started_outlives_it(monkeypatch, tmp_path):
    mark = tmp_path / "mark"
    late = f"import time; time.sleep(2); open({str(mark)!r}, 'w')"
    leaves = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {late!r}])"
    assert run(monkeypatch, part("one", leaves)) == 0
    time.sleep(3)
    assert not mark.exists()


def test_every_folder_of_tests_is_run_by_some_part():
    told = " ".join(
        " ".join(p.command) for p in suite.parts(full=False) if isinstance(p.command, list)
    )
    folders = {p.parent.relative_to(ROOT) for p in (ROOT / "tests").rglob("test_*.py")}
    top = {"/".join(folder.parts[:2]) for folder in folders}
    assert top
    assert all(name in told for name in top)
