import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import classroom
import pandas as pd
import pytest
from typer.testing import CliRunner

from exercisebook.cli.main import app
from exercisebook.errors import BookError, Failure
from exercisebook.teaching import class_data, questions, sandbox
from exercisebook.teaching.sealed_key import read_class_key


def command(*words):
    return [sys.executable, "-m", "exercisebook.cli", *map(str, words)]


def book(*words, **variables):
    return subprocess.run(
        command(*words),
        capture_output=True,
        text=True,
        env={**os.environ, **variables},
        check=False,
    )


@pytest.fixture(scope="module")
def a_class(tmp_path_factory):
    """Make a class of two by the command, and return its folder."""
    folder = tmp_path_factory.mktemp("class")
    (folder / "roster.csv").write_text("name,student\nAnn Doe,ann\nBob Roe,bob\n")
    words = ("--roster", folder / "roster.csv", "--key", folder / "key.json")
    done = book("class-data", *words, "--out", folder / "out", "--world-set", "null, diet")
    assert done.returncode == 0, done.stderr
    assert "Ann" not in "".join(p.read_text() for p in (folder / "out").rglob("*.ipynb"))
    return folder


def best_room():
    try:
        return sandbox.choose_room()
    except Failure as error:
        pytest.skip(str(error))


def solve(folder, student):
    """Write what a student knows into the cells of the student's own notebook."""
    key = read_class_key(folder / "key.json")
    study = class_data.hidden_study(key, student)
    asked = questions.questions(study.cohort, study.drawn)
    right = {v.name: v.right for question in asked for v in question.variables}
    path = folder / "out" / student / "assignment.ipynb"
    notebook = json.loads(path.read_text())
    for cell in notebook["cells"]:
        if cell.get("id", "").startswith("answer-"):
            names = [line.split(" = ")[0] for line in cell["source"]]
            values = {name: [] if name == "identified" else right[name] for name in names}
            cell["source"] = [f"{name} = {value!r}\n" for name, value in values.items()]
    return json.dumps(notebook)


def test_a_class_is_made_answered_and_graded(a_class, tmp_path):
    best_room()
    handed_in = tmp_path / "handed in"
    (handed_in / "ann").mkdir(parents=True)
    (handed_in / "ann" / "assignment.ipynb").write_text(solve(a_class, "ann"))
    done = book("grade", handed_in, "--key", a_class / "key.json", "--roster",
                a_class / "roster.csv", "--out", tmp_path / "grades.csv")  # fmt: skip
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(tmp_path / "grades.csv", index_col="student")
    assert table.loc["ann", "points"] == table.loc["ann", "of"] == 16
    assert table.loc["bob", "state"] == "nothing to grade"
    assert sorted(p.name for p in (tmp_path / "grades-feedback").iterdir()) == [
        "ann.html", "bob.html"]  # fmt: skip


def test_the_truth_of_a_student_is_told_to_who_has_the_key(a_class):
    done = CliRunner().invoke(app, ["class-truth", "ann", "--key", str(a_class / "key.json")])
    assert done.exit_code == 0
    assert done.stdout.startswith(("world: null: ", "world: diet: "))
    assert "identified: []" in done.stdout


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (["grade", "{out}", "--key", "{none}", "--out", "{new}"], 2, "no such key"),
        (["grade", "{none}", "--key", "{key}", "--out", "{new}"], 2, "is no folder"),
        (["grade", "{out}", "--key", "{key}", "--out", "{new}", "--memory", "4"], 2, "such as 4G"),
        (["grade", "{out}", "--key", "{roster}", "--out", "{new}"], 2, "chmod 600"),
        (["class-data", "--roster", "{roster}", "--key", "{key}", "--out", "{new}",
          "--world-set", "season"], 2, "other worlds (null, diet)"),
        (["class-data", "--roster", "{roster}", "--key", "{new}/key", "--out", "{new}"], 2,
         "keep it elsewhere"),
        (["class-data", "--roster", "{none}", "--key", "{key}", "--out", "{new}"], 2,
         "no such file"),
        (["class-data", "--roster", "{roster}", "--key", "{key}", "--out", "{out}"], 2,
         "not empty"),
        (["class-truth", "../x", "--key", "{key}"], 2, "no student's id"),
    ],
)  # fmt: skip
def test_misuse_is_told_in_a_line_and_nothing_is_made(a_class, tmp_path, words, status, told):
    places = {"out": a_class / "out", "key": a_class / "key.json", "new": tmp_path / "new",
              "roster": a_class / "roster.csv", "none": tmp_path / "none"}  # fmt: skip
    done = CliRunner().invoke(app, [word.format(**places) for word in words])
    assert isinstance(done.exception, BookError)
    assert done.exception.exit_status == status
    assert told in str(done.exception)
    assert not (tmp_path / "new").exists()


def test_without_a_room_grading_ends_with_status_1_unless_all_are_trusted(a_class, tmp_path):
    words = ["grade", a_class / "out", "--key", a_class / "key.json", "--out", tmp_path / "g.csv"]
    done = book(*words, PATH="")
    assert done.returncode == 1
    assert "--trusted" in done.stderr
    assert not (tmp_path / "g.csv").exists()
    done = book(*words, "--trusted", PATH="")
    assert done.returncode == 0, done.stderr
    assert list(pd.read_csv(tmp_path / "g.csv")["reason"]) == ["It ran to its end."] * 2


def waiting_grader(a_class, tmp_path):
    """Start grading one who is done at once and one who loops; return when the second runs."""
    best_room()
    handed_in = tmp_path / "handed in"
    handed_in.mkdir()
    (handed_in / "ann.ipynb").write_text(classroom.notebook("ann", ["n_people = 3"], mark="mine"))
    loop = classroom.notebook("bob", ["while True: pass"], mark="mine")
    (handed_in / "bob.ipynb").write_text(loop)
    words = command("grade", handed_in, "--key", a_class / "key.json", "--out", tmp_path / "g.csv")
    # one that is killed cannot clear up
    own = {**os.environ, "TMPDIR": str(tmp_path)}
    words_of_it = [*words, "--time", "100"]
    process = subprocess.Popen(words_of_it, stderr=subprocess.PIPE, text=True, env=own)
    kept = tmp_path / ".g-kept" / "ann.json"
    deadline = time.monotonic() + 120
    while not (kept.exists() and runners()):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.05)
    return process, words


def runners():
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            found += [place.name] * (b"\0/runner.py\0" in (place / "cmdline").read_bytes())
        except OSError:
            continue
    return found


def test_grading_that_is_interrupted_leaves_nothing_running_and_goes_on(a_class, tmp_path):
    process, words = waiting_grader(a_class, tmp_path)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode in (1, 130)
    assert "Traceback" not in told
    assert runners() == []
    assert not (tmp_path / "g.csv").exists()
    before = (tmp_path / ".g-kept" / "ann.json").stat().st_mtime_ns
    done = subprocess.run([*words, "--time", "100"], env={**os.environ, "PATH": ""}, check=False)
    assert done.returncode == 1
    assert (tmp_path / ".g-kept" / "ann.json").stat().st_mtime_ns == before


@pytest.mark.slow
def test_no_submission_outlives_a_grader_that_is_killed(a_class, tmp_path):
    if best_room() != sandbox.BUBBLEWRAP:
        pytest.skip("without bubblewrap a room ends at its own time")
    process, _ = waiting_grader(a_class, tmp_path)
    process.kill()
    process.wait()
    deadline = time.monotonic() + 20
    while runners() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert runners() == []
