"""``exercisebook test`` itself: every part runs, and a failure is a failure."""

import sys

from exercisebook.cli import suite
from exercisebook.paths import ROOT


def part(name, code, beside=False):
    return suite.Part(name, [sys.executable, "-c", code], beside=beside)


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


def test_every_folder_of_tests_is_run_by_some_part():
    told = " ".join(
        " ".join(p.command) for p in suite.parts(full=False) if isinstance(p.command, list)
    )
    folders = {p.parent.relative_to(ROOT) for p in (ROOT / "tests").rglob("test_*.py")}
    top = {"/".join(folder.parts[:2]) for folder in folders}
    assert top
    assert all(name in told for name in top)
