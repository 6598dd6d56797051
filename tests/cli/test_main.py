import subprocess
import sys

import pytest

from exercisebook.paths import BUILD

HEAVY = ("pandas", "numpy", "altair", "papermill", "sphinx", "scipy", "statsmodels", "scanpy",
         "jupytext", "pooch", "snakemake", "pydantic", "yaml", "nbformat")  # fmt: skip


def book(*words, **variables):
    import os

    return subprocess.run(
        [sys.executable, "-m", "exercisebook.cli", *words],
        capture_output=True,
        text=True,
        env={**os.environ, **variables},
        check=False,
    )


def test_asking_for_help_imports_nothing_heavy():
    code = (
        "import sys\nfrom exercisebook.cli.main import app\n"
        "from typer.testing import CliRunner\n"
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0\n"
        f"print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["run", "02", "-p", "ram=P4"], "has no such parameter; did you mean 'arm'?"),
        (["run", "02", "-p", "fdr=lots"], "fdr: found 'lots'; expected from 0.001 to 0.5"),
        (["run", "02", "-p", "fdr=3"], "fdr: found '3'; expected from 0.001 to 0.5"),
        (["run", "02", "-p", "x=1\nimport os=3"], "'x': 02_acute"),
        (["run", "02", "-p", "import os; os.abort()=3"], "is not NAME=VALUE"),
        (["run", "02", "-p", "__import__('os')=3"], "is not NAME=VALUE"),
        (["run", "02", "-p", "arm"], "'arm' is not NAME=VALUE"),
        (["run", "02", "-p", "arm=P4", "-p", "arm=P3"], "arm: given twice"),
        (["run", "02", "-p", "arm=__import__('os').abort()"], "arm: found"),
        (["run", "09"], "no chapter '09'"),
        (["run", "02", "--cohort", "grnta"], "did you mean 'grinta'?"),
        (["run", "02", "--cohort", "/"], "holds no datapackage.json"),
        (["data", "status", "nhans"], "did you mean 'nhanes'?"),
        (["simulate", "--world", "nul", "--out", "x"], "did you mean 'null'?"),
        (["simulate", "--subjects", "1", "--out", "x"], "at least 2 subjects"),
    ],
)  # fmt: skip
def test_misuse_is_one_clear_line_status_2_and_nothing_written(words, told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    runs = BUILD / "runs"
    before = set(runs.iterdir()) if runs.exists() else set()
    done = book(*words)
    assert done.returncode == 2
    assert told in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []
    assert (set(runs.iterdir()) if runs.exists() else set()) == before


def test_several_faults_are_told_at_once():
    done = book("run", "02", "-p", "ram=P4", "-p", "fdr=3")
    assert len(done.stderr.strip().splitlines()) == 2


def test_an_unknown_command_gets_a_hint_and_status_2():
    done = book("biuld")
    assert done.returncode == 2
    assert "build" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_that_holds_something_is_not_written_to(tmp_path):
    (tmp_path / "mine.txt").write_text("keep")
    for words in (["run", "02", "-p", "fdr=0.1", "--out"], ["simulate", "--out"]):
        done = book(*words, str(tmp_path))
        assert done.returncode == 2
        assert "is not empty" in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_simulate_writes_the_same_bytes_for_the_same_seed(tmp_path):
    for name in ("a", "b"):
        assert book("simulate", "--seed", "7", "--out", str(tmp_path / name)).returncode == 0
    files = [p.relative_to(tmp_path / "a") for p in (tmp_path / "a").rglob("*") if p.is_file()]
    assert len(files) >= 9
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_claims_are_listed_with_both_verdicts_as_text_and_as_json():
    import json

    rows = json.loads(book("claims", "--json").stdout)
    assert all(row["observed"] and row["cause"] and row["reason"] for row in rows)
    assert {row["claim_id"] for row in rows} >= {"S1-01", "S2-26"}
    text = book("claims", "--chapter", "2").stdout
    assert "S1-07 (chapter 2), data: grinta" in text
    assert "S1-01" not in text
