import subprocess
import sys

import pytest

from exercisebook.paths import BUILD, ROOT

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
        (["run", "02", "--cohort", "/no/such/folder"], "/no/such/folder does not exist"),
        (["run", "02", "--cohort", "tbk1-chembl"], "no reader makes a cohort of it yet"),
        (["run", "02", "--cohort", "grinta", "-p", "cohort=nhanes"], "cohort: given twice"),
        (["run", "02", "--out", "a{b}"], "braces in a path"),
        (["run", "02", "--out", str(BUILD)], "is the book's own"),
        (["data", "status", "nhans"], "did you mean 'nhanes'?"),
        (["simulate", "--world", "nul", "--out", "x"], "did you mean 'null'?"),
        (["simulate", "--subjects", "1", "--out", "x"], "at least 2 subjects"),
        (["simulate", "--world", "seson-twin", "--out", "x"], "did you mean 'season-twin'?"),
        (["simulate", "--out", "."], "the folder you are in"),
        (["simulate", "--seal", "--out", "."], "the folder you are in"),
        (["simulate", "--key", "k", "--out", "x"], "add --seal"),
        (["simulate", "--seal", "--key", "k", "--out", "x"], "k: no such file"),
        (["simulate", "--subjects", "50000", "--out", "x"], "fewer --subjects"),
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


def test_the_worlds_are_listed_with_what_is_true_in_them():
    from exercisebook.simulate.worlds import WORLDS

    lines = book("simulate", "--worlds").stdout.splitlines()
    assert lines == [f"{name}: {says}" for name, says in WORLDS.items()]


def test_a_sealed_cohort_does_not_tell_its_world(tmp_path):
    out = tmp_path / "class"
    words = ["--world", "season", "--subjects", "5", "--cells-per-sample", "0", "--seal"]
    done = book("simulate", *words, "--out", str(out))
    assert done.returncode == 0
    assert done.stdout.strip() == str(out)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["class", "class.sealed"]
    told = b"".join(p.read_bytes() for p in out.rglob("*") if p.is_file())
    assert b"season" not in told
    assert not (out / "truth").exists()


def test_counts_on_the_scale_of_shares_are_refused_with_the_methods_that_take_them(tmp_path):
    words = ["--modality", "taxa", "--contrast", "training-baseline", "--out"]
    done = book("effects", str(ROOT / "data" / "reference"), *words, str(tmp_path / "e.csv"))
    assert done.returncode == 2
    assert "counts are taken by the methods" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_claims_are_listed_with_both_verdicts_as_text_and_as_json():
    import json

    rows = json.loads(book("claims", "--json").stdout)
    assert all(row["observed"] and row["cause"] and row["reason"] for row in rows)
    assert {row["claim_id"] for row in rows} >= {"S1-01", "S2-26"}
    text = book("claims", "--chapter", "2").stdout
    assert "S1-07 (chapter 2), data: grinta" in text
    assert "S1-01" not in text


def test_everything_wrong_with_a_run_is_told_at_once():
    words = ["run", "01", "02", "99", "-p", "subjects=2", "-p", "arm=P9", "-p", "foo=1", "-p", "x"]
    done = book(*words, "--cohort", "nosuch")
    assert done.returncode == 2
    for told in (
        "'99'",
        "subjects: found '2'",
        "arm: found 'P9'",
        "'foo': 01",
        "'x' is not",
        "nosuch",
    ):
        assert told in done.stderr
    assert len(done.stderr.strip().splitlines()) == 6


def test_each_chapter_of_a_report_takes_the_parameters_it_has():
    from exercisebook.publish.report import report_plan

    plan = report_plan(["01", "02"], ["subjects=30", "plasma_volume=-15"], None, None)
    assert [c.parameters for c in plan.chapters] == [{"subjects": 30}, {"plasma_volume": -15.0}]


def test_a_broken_cohort_is_misuse_told_once_before_anything_runs(tmp_path):
    made = book("simulate", "--out", str(tmp_path / "mine"))
    assert made.returncode == 0
    contrasts = tmp_path / "mine" / "contrasts.csv"
    contrasts.write_text(contrasts.read_text().replace(",acute,acute", ",acut,acute"))
    done = book("run", "01", "02", "--cohort", str(tmp_path / "mine"))
    assert done.returncode == 2
    assert done.stderr.startswith("contrasts.csv, row 2, column kind: found 'acut'")
    assert len(done.stderr.strip().splitlines()) == 1


def test_what_nobody_foresaw_is_one_line_and_status_1(monkeypatch, capsys):
    from exercisebook.cli import main as module

    def broken():
        raise KeyError("deep inside")

    monkeypatch.setattr(module, "app", broken)
    monkeypatch.delenv("EXERCISEBOOK_DEBUG", raising=False)
    with pytest.raises(SystemExit) as stopped:
        module.main()
    assert stopped.value.code == 1
    told = capsys.readouterr().err.strip()
    assert told.startswith("KeyError: 'deep inside'")
    assert len(told.splitlines()) == 1


def test_a_port_in_use_is_one_line():
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = book("serve", "--port", str(taken.getsockname()[1]))
    assert "Traceback" not in done.stderr
    assert done.returncode in (1, 2)
