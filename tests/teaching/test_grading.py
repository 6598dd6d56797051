import html
import json
import os
import socket
import threading
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import classroom
import pandas as pd
import pytest
import submitted
from classroom import KEY, STUDENTS, given, notebook

from exercisebook.errors import Failure, Misuse
from exercisebook.teaching import grading, sandbox
from exercisebook.teaching.grading import class_of, grade_all
from exercisebook.teaching.sandbox import ROOMS, Limits, fault_of, run_cells
from exercisebook.teaching.submissions import find_submissions

USUAL = Limits(seconds=90, memory=768 * 2**20, output=2**20)
SHORT = Limits(seconds=3, memory=768 * 2**20)


@pytest.fixture(scope="session", params=ROOMS)
def room(request):
    fault = fault_of(request.param)
    if fault:
        pytest.skip(f"no room of {request.param}: {fault}")
    return request.param


@pytest.fixture(scope="session")
def best_room():
    """Return a room, or none for submissions that do no harm."""
    try:
        return sandbox.choose_room()
    except Failure:
        return sandbox.TRUSTED


@pytest.fixture(autouse=True)
def each_study_once(monkeypatch):
    """Simulate each student once; what is written and run is what it always is."""
    own = {id(classroom.study_of(s).cohort): classroom.asked_of(s) for s in STUDENTS}
    monkeypatch.setattr(grading, "hidden_study", lambda key, student: classroom.study_of(student))
    monkeypatch.setattr(grading, "questions", lambda cohort, drawn: own[id(cohort)])


def cases(*groups):
    named = {name: case for group in groups for name, case in group.items()}
    return [pytest.param(case, id=name) for name, case in named.items()]


def graded(case, tmp_path, kind, limits=USUAL, student="s01"):
    """Hand a case in, grade it, and return its grade and its page of feedback."""
    folder = tmp_path / "handed in"
    folder.mkdir()
    submitted.write(case, student, folder / f"{student}.ipynb")
    of = class_of(KEY, kind, limits, STUDENTS)
    out = tmp_path / "grades.csv"
    (grade,) = grade_all(find_submissions(folder, None), of, out, lambda *_: None)
    return grade, (tmp_path / "grades-feedback" / f"{student}.html").read_text("utf-8")


def judged_as_expected(case, grade, page):
    assert (grade.state, grade.points) == (case.state, case.expected), grade
    assert case.reason in grade.reason
    assert html.escape(case.reason) in page
    by_name = {answer.name: answer for answer in grade.judged}
    for name, told in case.changed.items():
        answer = by_name[name]
        assert not answer.right
        assert told in f"{answer.hint} {answer.public} {answer.shown}", answer
    if case.points is None:
        assert {n for n, a in by_name.items() if not a.right} == set(case.changed)


@pytest.mark.parametrize("case", cases(submitted.RIGHT))
@pytest.mark.parametrize("student", ["s02"])
def test_right_answers_written_differently_get_every_point(case, student, tmp_path, best_room):
    grade, page = graded(case, tmp_path, best_room, student=student)
    judged_as_expected(case, grade, page)
    assert grade.points == submitted.FULL


@pytest.mark.parametrize("case", cases(submitted.WRONG))
def test_typical_wrong_answers_are_rejected_and_named(case, tmp_path, best_room):
    grade, page = graded(case, tmp_path, best_room)
    judged_as_expected(case, grade, page)


@pytest.mark.parametrize("case", cases(submitted.CRASHING))
def test_what_crashes_keeps_the_points_it_had(case, tmp_path, best_room):
    judged_as_expected(case, *graded(case, tmp_path, best_room))


@pytest.mark.parametrize("case", cases(submitted.LOOPING))
def test_what_does_not_end_is_ended(case, tmp_path, room):
    judged_as_expected(case, *graded(case, tmp_path, room, SHORT))
    assert running() == []


@pytest.mark.parametrize("case", cases(submitted.GREEDY))
def test_what_takes_too_much_is_ended(case, tmp_path, room):
    judged_as_expected(case, *graded(case, tmp_path, room, replace(USUAL, seconds=20)))
    assert running() == []


@pytest.mark.parametrize("case", cases(submitted.MALICIOUS))
def test_what_is_malicious_gets_a_grade_and_harms_nothing(case, tmp_path, room):
    with unharmed(tmp_path):
        grade, page = graded(case, tmp_path, room)
    judged_as_expected(case, grade, page)
    assert "<script" not in page
    assert "<img" not in page
    assert running() == []


def running():
    """Return what still runs of any submission."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                words = Path("/proc", name, "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"/runner.py" in words:
                found.append(words)
    return found


@contextmanager
def unharmed(tmp_path):
    """Check that what lies beside the submissions is as it was."""
    secret = tmp_path / "key.json"
    secret.write_text("a secret of the teacher")
    before = secret.stat()
    yield
    assert secret.stat().st_mtime_ns == before.st_mtime_ns
    assert secret.stat().st_mode == before.st_mode
    assert secret.read_text() == "a secret of the teacher"
    assert {p.name for p in tmp_path.iterdir()} == {
        "key.json", "handed in", "grades.csv", "grades-feedback", ".grades-kept"}  # fmt: skip


def answers_of(ran):
    return json.loads(ran.lines.splitlines()[-2])["answers"]


def data_folder(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "samples.csv").write_text("sample_id\n")
    return folder


def test_a_room_shows_no_key_no_submission_no_home_and_no_variable(tmp_path, room, monkeypatch):
    monkeypatch.setenv("TOKEN_OF_THE_TEACHER", "secret")
    key = tmp_path / "key.json"
    key.write_text("secret")
    key.chmod(0o644)
    cell = f"""
import os, pathlib, exercisebook
seen = [p for p in {[str(key), str(tmp_path), str(Path.home()), "/etc/passwd", "/boot", "/sys"]!r}
        if os.path.isfile(p) or (os.path.isdir(p) and os.path.basename(p) not in ("root",))]
variables = [name for name in os.environ if "TEACHER" in name]
try:
    told = [v for pid in os.listdir("/proc") if pid.isdigit()
            for v in pathlib.Path("/proc", pid, "environ").read_bytes().split(b"\\0")
            if b"TEACHER" in v]
except OSError:
    told = []
checks = os.listdir(exercisebook.__path__[0] + "/teaching")
desk = sorted(os.listdir("."))
mounted = open("/proc/self/mountinfo").read().count({str(tmp_path)!r})
"""
    names = ["seen", "variables", "told", "checks", "desk", "mounted"]
    ran = run_cells([cell], names, data_folder(tmp_path), room, USUAL)
    assert answers_of(ran) == {"seen": [], "variables": [], "told": [], "checks": [],
                               "desk": ["cohort"], "mounted": 0}  # fmt: skip


def test_nothing_outside_a_room_can_be_written(tmp_path, room):
    cell = f"""
import os
written = []
os.makedirs({str(tmp_path)!r})
open({str(tmp_path / "mine.txt")!r}, "w").write("in a folder of that name that goes with the room")
places = ["/", "/usr", "/etc", "/dev", "/proc/sys/kernel", "cohort",
          os.path.dirname(os.__file__), os.path.dirname(__import__("exercisebook").__file__)]
for place in places:
    try:
        os.makedirs(place, exist_ok=True)
        open(os.path.join(place, "mine.txt"), "w").write("mine")
        written.append(place)
    except OSError:
        pass
for place in ("/tmp", ".", "/dev/shm"):
    open(os.path.join(place, "own.txt"), "w").write("own")
"""
    ran = run_cells([cell], ["written"], data_folder(tmp_path), room, USUAL)
    assert b'"error": null' in ran.lines, ran.lines
    assert answers_of(ran)["written"] == []
    assert not list(tmp_path.rglob("mine.txt"))


def test_a_room_has_no_network_not_even_to_this_machine(tmp_path, room):
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(0.1)
    came = []

    def wait():
        try:
            came.append(server.accept())
        except TimeoutError:
            return

    cell = f"""
import socket
reached = []
for place in (("127.0.0.1", {server.getsockname()[1]}), ("1.1.1.1", 53)):
    try:
        socket.create_connection(place, timeout=2)
        reached.append(place[0])
    except OSError:
        pass
names = [name for _, name in socket.if_nameindex()]
"""
    ran = run_cells([cell], ["reached", "names"], data_folder(tmp_path), room, USUAL)
    thread = threading.Thread(target=wait)
    thread.start()
    thread.join()
    server.close()
    assert answers_of(ran) == {"reached": [], "names": ["lo"]}
    assert came == []


def test_a_room_gives_no_power_back(tmp_path, room):
    cell = """
import ctypes, os
libc = ctypes.CDLL(None)
status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines()
              if ":\\t" in line)
power = int(status["CapEff"], 16) | int(status["CapPrm"], 16)
remounted = libc.mount(None, b"/usr", None, 0x20 | 0x1000, None) == 0
unmounted = libc.umount2(b"/desk/cohort", 2) == 0
root = os.path.exists("/proc/1/" + "root/etc/passwd")
# a user namespace of its own must not help to write either
libc.unshare(0x10000000 | 0x20000)
again = libc.mount(None, b"/usr", None, 0x20 | 0x1000, None) == 0
writes = os.access("/usr", os.W_OK)
"""
    names = ["power", "remounted", "unmounted", "root", "again", "writes"]
    ran = run_cells([cell], names, data_folder(tmp_path), room, USUAL)
    assert answers_of(ran) == {"power": 0, "remounted": False, "unmounted": False, "root": False,
                               "again": False, "writes": False}  # fmt: skip


def test_a_fork_runs_the_cells_and_tells_nothing(tmp_path, room):
    ran = run_cells(["import os\nchild = os.fork() == 0", "x = 1"], ["child"],
                    data_folder(tmp_path), room, USUAL)  # fmt: skip
    assert answers_of(ran) == {"child": False}
    assert ran.lines.count(b"ended") == 1


def test_nothing_of_a_submission_is_left_running(tmp_path, room):
    cell = """
import os, subprocess, sys
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        waits = "import time; time.sleep(77)"
        os.execv(sys.executable, [sys.executable, "-c", waits, "/runner.py"])
"""
    run_cells([cell], [], data_folder(tmp_path), room, USUAL)
    assert running() == []


def test_a_script_of_jupytext_is_graded_as_a_notebook_is(tmp_path, best_room):
    folder = tmp_path / "handed in" / "s01"
    folder.mkdir(parents=True)
    text = f"# %% [markdown]\n# {classroom.mark_cell('s01')}\n\n# %%\n{given('s01')}\n"
    (folder / "assignment.py").write_text(text)
    of = class_of(KEY, best_room, USUAL, STUDENTS)
    found = find_submissions(tmp_path / "handed in", None)
    (grade,) = grade_all(found, of, tmp_path / "grades.csv", lambda *_: None)
    assert (grade.state, grade.points, grade.note) == ("graded", submitted.FULL, "")


def test_a_student_s_own_module_and_plain_script_run_too(tmp_path, best_room):
    folder = tmp_path / "handed in"
    folder.mkdir()
    (folder / "s01.py").write_text(given("s01"))
    of = class_of(KEY, best_room, USUAL, STUDENTS)
    found = find_submissions(folder, None)
    (grade,) = grade_all(found, of, tmp_path / "grades.csv", lambda *_: None)
    assert (grade.points, grade.note) == (submitted.FULL, "its mark was changed")


@pytest.fixture
def nothing_is_run(monkeypatch):
    def run(*_):
        raise AssertionError("this must not be run")

    monkeypatch.setattr(grading, "run_cells", run)


def handed_in(tmp_path, *names):
    folder = tmp_path / "handed in"
    folder.mkdir()
    return [folder / name for name in names]


def only_grade(tmp_path, folder, roster=None):
    of = class_of(KEY, "bubblewrap", USUAL, STUDENTS)
    found = find_submissions(folder, roster)
    grades = grade_all(found, of, tmp_path / "grades.csv", lambda *_: None)
    return {grade.student: (grade.state, grade.reason, grade.note) for grade in grades}


def test_a_notebook_made_for_another_student_is_not_run(tmp_path, nothing_is_run):
    (path,) = handed_in(tmp_path, "s01.ipynb")
    path.write_text(notebook("s01", ["x = 1"], mark=classroom.mark_cell("s02")))
    state, reason, note = only_grade(tmp_path, path.parent)["s01"]
    assert (state, note) == ("another student's copy", "copy of s02")
    page = (tmp_path / "grades-feedback" / "s01.html").read_text()
    assert html.escape(reason) in page
    assert "s02" not in page


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "no notebook"),
        (b"{}", "no notebook"),
        (b"[" * 100_000, "no notebook"),
        (b'{"nbformat": 3, "worksheets": []}', "old form"),
        (b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": 5}]}', "no notebook"),
        (b'{"nbformat": 4, "cells": 3}', "no notebook"),
        (b'{"nbformat": 4, "cells": []}', "no code"),
        (b'{"nbformat": ' + b"9" * 5000 + b"}", "no notebook"),
        (b"\xff\xfe{}", "UTF-8"),
        (b" " * (20 * 2**20 + 1), "larger than 20 MB"),
    ],
)
def test_what_is_no_notebook_is_told_so_and_not_run(tmp_path, nothing_is_run, content, told):
    (path,) = handed_in(tmp_path, "s01.ipynb")
    path.write_bytes(content)
    state, reason, _ = only_grade(tmp_path, path.parent)["s01"]
    assert state == "unreadable"
    assert told in reason


def test_links_and_pipes_are_not_followed(tmp_path, nothing_is_run):
    link, folder_link, pipe = handed_in(tmp_path, "s01.ipynb", "s02", "s03.py")
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "assignment.ipynb").write_text(notebook("s01", ["x = 1"]))
    link.symlink_to(tmp_path / "secret" / "assignment.ipynb")
    folder_link.symlink_to(tmp_path / "secret")
    os.mkfifo(pipe)
    found = only_grade(tmp_path, link.parent)
    assert found["s01"][0] == "unreadable"
    assert "link" in found["s01"][1]
    assert "handed in nothing" in found["s02"][1]
    assert "no file" in found["s03"][1]


def test_the_roster_tells_who_handed_in_nothing_and_who_is_a_stranger(tmp_path, nothing_is_run):
    (path,) = handed_in(tmp_path, "s09.ipynb")
    path.write_text(notebook("s09", ["x = 1"]))
    (path.parent / "notes.txt").write_text("mine")
    found = only_grade(tmp_path, path.parent, roster=["s01"])
    assert list(found) == ["s01", "s09"]
    assert "handed in nothing" in found["s01"][1]
    assert "not in the roster" in found["s09"][1]


def test_two_files_of_one_student_are_not_chosen_between(tmp_path, nothing_is_run):
    one, other = handed_in(tmp_path, "s01.ipynb", "s01.py")
    one.write_text("{}")
    other.write_text("x = 1")
    assert "more than one file" in only_grade(tmp_path, one.parent)["s01"][1]


def test_a_folder_without_submissions_is_refused(tmp_path):
    with pytest.raises(Misuse, match="holds no submissions"):
        find_submissions(tmp_path, None)
    with pytest.raises(Misuse, match="is no folder"):
        find_submissions(tmp_path / "none", None)


@pytest.fixture
def counted(monkeypatch):
    """Grade without a room, and count who was run."""
    ran = []

    def run(cells, names, data, kind, limits):
        ran.append(cells[0])
        answers = json.dumps({"cell": 1, "error": None, "answers": {"n_people": 12}})
        return sandbox.Ran(
            f'{{"started": true}}\n{answers}\n{{"ended": true}}\n'.encode(), "", "", 0
        )

    monkeypatch.setattr(grading, "run_cells", run)
    monkeypatch.setattr(grading, "write_package", lambda cohort, folder: folder.mkdir())
    return ran


def class_handed_in(tmp_path):
    paths = handed_in(tmp_path, *(f"{student}.ipynb" for student in STUDENTS))
    for student, path in zip(STUDENTS, paths, strict=True):
        path.write_text(notebook(student, [f"name = {student!r}"]))
    return paths


def test_an_interrupted_run_goes_on_where_it_was_and_writes_the_table_whole(tmp_path, counted):
    paths, out = class_handed_in(tmp_path), tmp_path / "grades.csv"
    of = class_of(KEY, "bubblewrap", USUAL, STUDENTS)
    found = find_submissions(paths[0].parent, None)

    def interrupt(grade, at_hand):
        if grade.student == "s02":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        grade_all(found, of, out, interrupt)
    assert len(counted) == 2
    assert not out.exists()
    at_hand = []
    grade_all(found, of, out, lambda grade, old: at_hand.append(old))
    assert at_hand == [True, True, False]
    assert len(counted) == 3
    assert list(pd.read_csv(out)["student"]) == list(STUDENTS)


def test_only_what_changed_is_run_again(tmp_path, counted):
    paths, out = class_handed_in(tmp_path), tmp_path / "grades.csv"
    found = find_submissions(paths[0].parent, None)

    def run_again(**changed):
        counted.clear()
        wanted = {"key": KEY, "room": "bubblewrap", "limits": USUAL, **changed}
        of = class_of(wanted["key"], wanted["room"], wanted["limits"], STUDENTS)
        grade_all(found, of, out, lambda *_: None)
        return len(counted)

    assert run_again() == 3
    assert run_again() == 0
    paths[1].write_text(notebook("s02", ["name = 'changed'"]))
    assert run_again() == 1
    assert run_again(limits=SHORT) == 3
    assert run_again(key=classroom.ClassKey(b"\5" * 32, KEY.worlds)) == 3


def test_a_result_that_was_tampered_with_is_made_again(tmp_path, counted):
    paths, out = class_handed_in(tmp_path), tmp_path / "grades.csv"
    of = class_of(KEY, "bubblewrap", USUAL, STUDENTS)
    found = find_submissions(paths[0].parent, None)
    grade_all(found, of, out, lambda *_: None)
    record = tmp_path / ".grades-kept" / "s01.json"
    for broken in ("", "[]", '{"key": 5}', record.read_text()[:-20]):
        record.write_text(broken)
        counted.clear()
        grade_all(found, of, out, lambda *_: None)
        assert len(counted) == 1


def test_the_table_tells_public_and_hidden_apart(tmp_path, counted):
    paths, out = class_handed_in(tmp_path), tmp_path / "grades.csv"
    of = class_of(KEY, "bubblewrap", USUAL, STUDENTS)
    grade_all(find_submissions(paths[0].parent, None), of, out, lambda *_: None)
    table = pd.read_csv(out)
    assert list(table.columns[:8]) == ["student", "state", "points", "of", "answered", "usable",
                                       "reason", "note"]  # fmt: skip
    assert (table["answered"] == 1).all()
    assert (table["usable"] == 1).all()
    assert set(table["n_people"]) <= {"right", "not right"}
    assert set(table["n_pairs"]) == {"no answer"}


def test_a_failure_of_the_room_is_no_grade_and_is_not_kept(tmp_path, monkeypatch):
    paths, out = class_handed_in(tmp_path), tmp_path / "grades.csv"
    monkeypatch.setattr(grading, "run_cells", lambda *_: sandbox.Ran(b"", "", "no room\n", 1))
    of = class_of(KEY, "bubblewrap", USUAL, STUDENTS)
    grades = grade_all(find_submissions(paths[0].parent, None), of, out, lambda *_: None)
    assert {grade.state for grade in grades} == {"not run"}
    assert grades[0].note == "room: no room "
    assert not list((tmp_path / ".grades-kept").iterdir())


def test_feedback_tells_no_right_value_no_world_and_no_code(tmp_path, best_room):
    case = submitted.Case(lambda s: ["\n".join(f"{name} = 7" for name in classroom.right_of(s))])
    _, page = graded(case, tmp_path, best_room)
    study = classroom.study_of("s01")
    assert study.world.says not in page
    assert KEY.mark("s01") not in page
    for name, right in classroom.right_of("s01").items():
        if isinstance(right, float) and not right.is_integer():
            for digits in (2, 3, 4, 6):
                assert f"{abs(right):.{digits}f}" not in page, name


def test_what_lies_where_submissions_look_is_refused(tmp_path):
    import exercisebook

    inside = Path(exercisebook.__file__).parent / "key.json"
    with pytest.raises(Misuse, match="which submissions are shown"):
        sandbox.refuse_in_view([tmp_path, inside], "bubblewrap")
    sandbox.refuse_in_view([tmp_path], "bubblewrap")


def test_without_any_room_nothing_is_run(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(Failure, match="--trusted") as caught:
        sandbox.choose_room()
    assert "bwrap is not installed" in str(caught.value)
    assert "unshare is not installed" in str(caught.value)
    assert caught.value.exit_status == 1


def test_those_who_are_trusted_are_run_without_a_room_and_still_limited(tmp_path):
    ran = run_cells(["import os\nn = 2", "while True: pass"], ["n"], data_folder(tmp_path),
                    "trusted", Limits(seconds=4))  # fmt: skip
    assert ran.stopped == "time"
    assert b'"n": 2' in ran.lines
    assert running() == []
