"""Nothing half made: swaps of folders, full disks, workers that fail, callers that are gone."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import namedtuple
from pathlib import Path

import pytest

from exercisebook.cli import main as command_line
from exercisebook.errors import Failure, Misuse
from exercisebook.paths import ROOT
from exercisebook.publish import book, cluster, events, site, system
from exercisebook.publish.cluster import profile_folder
from exercisebook.publish.events import VARIABLE, at_work, watch
from exercisebook.publish.plan import ChapterPlan, Plan, shown_plan, write_plan
from exercisebook.publish.report import refuse_other
from exercisebook.publish.site import restore, swap
from exercisebook.publish.system import refuse_full, told


def folder(place, text):
    place.mkdir(parents=True)
    (place / "page").write_text(text)
    return place


def pages(out):
    return {p.parent.name: p.read_text() for p in out.glob("*/page")}


@pytest.fixture
def standing(tmp_path):
    """Return a folder with a report, and new parts that are to take its place."""
    out = tmp_path / "out"
    for name in ("html", "bundle"):
        folder(out / name, "old")
    return out, {name: folder(tmp_path / "new" / name, "new") for name in ("html", "bundle")}


def test_all_parts_are_put_in_place_and_nothing_else_stays(standing):
    out, made = standing
    swap(made, out)
    assert pages(out) == {"html": "new", "bundle": "new"}
    assert sorted(p.name for p in out.iterdir()) == ["bundle", "html"]


@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_a_swap_that_fails_at_any_step_leaves_the_old_parts(standing, monkeypatch, at):
    out, made = standing
    real, steps = Path.rename, []

    def rename(self, target):
        steps.append(self)
        if len(steps) == at:
            raise OSError(errno.ENOSPC, "no room")
        return real(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(OSError, match="no room"):
        swap(made, out)
    assert pages(out) == {"html": "old", "bundle": "old"}
    assert sorted(p.name for p in out.iterdir()) == ["bundle", "html"]


def test_a_first_swap_that_fails_leaves_nothing(standing, monkeypatch):
    out, made = standing
    shutil.rmtree(out)
    out.mkdir()
    (made["bundle"] / "page").unlink()
    made["bundle"].rmdir()
    with pytest.raises(FileNotFoundError):
        swap(made, out)
    assert list(out.iterdir()) == []


def test_what_a_killed_swap_had_moved_aside_is_put_back(standing):
    out, _ = standing
    (out / "html").rename(out / ".html-old")
    restore(out)
    assert pages(out) == {"html": "old", "bundle": "old"}
    assert not (out / ".html-old").exists()


def plan_of(out, slugs=("01_cohort_design",), cohort="/mine"):
    chapters = tuple(
        ChapterPlan(slug, "key", {"cohort": cohort} if cohort else {}, Path("/e"), Path("/p"))
        for slug in slugs
    )
    return Plan(ROOT, out, chapters, report=True)


def shown(plan):
    (plan.out / "html").mkdir(parents=True)
    write_plan(plan, shown_plan(plan.out))
    return plan


def test_the_same_cohort_and_chapters_replace_their_report(tmp_path):
    shown(plan_of(tmp_path))
    refuse_other(plan_of(tmp_path))


@pytest.mark.parametrize(
    "other",
    [{"cohort": "/other"}, {"cohort": None}, {"slugs": ("01_cohort_design", "02_x")},
     {"slugs": ("02_x",)}],
)  # fmt: skip
def test_another_cohort_or_other_chapters_do_not(tmp_path, other):
    shown(plan_of(tmp_path))
    with pytest.raises(Misuse, match="give another --out, or --replace"):
        refuse_other(plan_of(tmp_path, **other))


@pytest.mark.parametrize("text", ["", "{", "[]", "{}"])
def test_a_report_of_which_nothing_is_known_is_not_replaced(tmp_path, text):
    plan = shown(plan_of(tmp_path))
    shown_plan(plan.out).write_text(text)
    with pytest.raises(Misuse, match="holds a report, and this one"):
        refuse_other(plan)


def test_where_no_report_stands_none_is_in_the_way(tmp_path):
    refuse_other(plan_of(tmp_path))


@pytest.mark.parametrize("number", [n for n in vars(errno).values() if isinstance(n, int)])
def test_what_the_system_refuses_is_told_in_one_line_without_its_number(number):
    for error in (OSError(number, os.strerror(number)), OSError(number, "x", "/some/place")):
        said = told(error)
        assert said
        assert "Errno" not in said
        assert str(number) not in said
        assert "\n" not in said
        assert ("/some/place" in said) == (error.filename is not None)


def test_an_error_without_a_number_is_told_as_it_stands():
    assert told(OSError("the host\n did not answer")) == "the host did not answer"
    assert told(OSError()) == "OSError"


def test_a_really_full_disk_is_told():
    with pytest.raises(OSError, match="28") as caught, Path("/dev/full").open("w") as full:
        full.write("x")
    assert told(caught.value).startswith("there is no room left on the disk")


def test_the_command_line_tells_it_too(monkeypatch, capsys):
    def fail():
        raise OSError(errno.ENOSPC, "No space left on device", "/some/place")

    monkeypatch.delenv("EXERCISEBOOK_DEBUG", raising=False)
    monkeypatch.setattr(command_line, "app", fail)
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as ended:
        command_line.main()
    signal.signal(signal.SIGTERM, before)
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert said.startswith("/some/place: there is no room left on its disk")
    assert len(said.splitlines()) == 1


def test_a_build_begins_only_where_there_is_room(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(system.shutil, "disk_usage", lambda place: usage(9, 9, 5_000_000))
    with pytest.raises(Failure, match="5 MB are free on its disk, and up to 200 MB are needed"):
        book.make_book(plan_of(tmp_path / "out"), 1, None)
    assert list(tmp_path.iterdir()) == []
    refuse_full(tmp_path, 5_000_000)


@pytest.fixture
def told_events(tmp_path, monkeypatch):
    """Return a function that returns what workers have told."""
    path = tmp_path / "events.jsonl"
    monkeypatch.setenv(VARIABLE, str(path))
    return lambda: [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (Failure("as it stands"), "as it stands"),
        (OSError(errno.ENOSPC, "x", "/out"), "part: /out: there is no room left on its disk"),
        (ValueError("two\nlines"), "part: ValueError: two lines"),
    ],
)
def test_a_worker_that_fails_says_why_in_its_own_name(told_events, error, message, capsys):
    def work():
        raise error

    assert at_work("part", work) == 1
    first, last = told_events()
    assert (first["event"], last["event"], last["chapter"]) == ("started", "failed", "part")
    assert last["message"].startswith(message)


def test_a_worker_on_a_full_disk_still_ends_with_its_own_failure(monkeypatch, capsys):
    monkeypatch.setenv(VARIABLE, "/dev/full")

    def work():
        raise OSError(errno.ENOSPC, "x", "/out")

    assert at_work("part", work) == 1
    assert "part: /out: there is no room" in capsys.readouterr().err


def test_an_event_that_is_half_written_is_waited_for(tmp_path, monkeypatch):
    path = tmp_path / "events"
    whole = json.dumps({"event": "done", "chapter": "a"}) + "\n"
    path.write_text(whole + whole[:9])
    ends = iter([None, 0])
    process = namedtuple("process", "poll")(lambda: next(ends))
    monkeypatch.setattr(events.time, "sleep", lambda seconds: path.write_text(2 * whole))
    assert [event["event"] for event in watch(path, process)] == ["done", "done"]


def test_a_site_that_fails_its_checks_leaves_report_and_bundle(tmp_path, monkeypatch):
    plan = plan_of(tmp_path / "out")
    for name in ("html", "bundle"):
        folder(plan.out / name, "old")

    def rendered(plan, staged, out):
        (staged / "provenance.json").write_text("{}")
        return folder(out, "new")

    monkeypatch.setattr(site, "stage", lambda plan, staged: folder(staged, "new"))
    monkeypatch.setattr(site, "_jupyter_book", rendered)
    monkeypatch.setattr(site, "write_bundle", lambda plan, place: folder(place, "new"))
    monkeypatch.setattr(site, "check_site", lambda html, staged: ["a fault"])
    with pytest.raises(Failure, match="a fault"):
        site.render(plan)
    assert pages(plan.out) == {"html": "old", "bundle": "old"}
    assert sorted(p.name for p in plan.out.iterdir()) == ["bundle", "html"]
    monkeypatch.setattr(site, "check_site", lambda html, staged: [])
    site.render(plan)
    assert pages(plan.out) == {"html": "new", "bundle": "new"}
    refuse_other(plan)


KEEPER = [sys.executable, "-m", "exercisebook.publish.keeper"]


def test_a_keeper_ends_as_its_command_does():
    command = [*KEEPER, sys.executable, "-c", "import sys; sys.exit(7)"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.wait(60) == 7


def test_a_keeper_ends_no_process_of_its_callers_group():
    sleeper = subprocess.Popen(["sleep", "60"])
    command = [*KEEPER, "sleep", "60"]
    subprocess.run(command, stdin=subprocess.DEVNULL, timeout=60, check=False)
    assert sleeper.poll() is None
    sleeper.kill()
    sleeper.wait()


@pytest.mark.parametrize("deaf", [False, True])
def test_a_keeper_ends_what_it_keeps_when_its_caller_is_gone(tmp_path, deaf):
    mark = tmp_path / "mark"
    ignore = "import signal; signal.signal(2, signal.SIG_IGN); signal.signal(15, signal.SIG_IGN)"
    code = (
        f"{ignore if deaf else ''}\nimport os, time\n"
        f"open({str(mark)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)"
    )
    # with less patience than in a build
    start = (
        "import sys; from exercisebook.publish import keeper; "
        "keeper._STEPS = tuple((stop, 0.5) for stop, _ in keeper._STEPS); "
        "sys.exit(keeper.keep(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", start, sys.executable, "-c", code]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
    while not (mark.exists() and mark.read_text()):
        assert process.poll() is None
        time.sleep(0.02)
    kept = int(mark.read_text())
    process.stdin.close()
    process.wait(60)
    until = time.monotonic() + 20
    while Path(f"/proc/{kept}").exists() and time.monotonic() < until:
        time.sleep(0.02)
    assert not Path(f"/proc/{kept}").exists()


def a_profile(place, text):
    place.mkdir()
    (place / "config.yaml").write_text(text)
    return str(place)


def test_a_profile_is_one_of_the_books_or_a_folder_of_ones_own(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "find_spec", lambda name: object())
    monkeypatch.setattr(cluster.shutil, "which", lambda name: f"/bin/{name}")
    assert profile_folder("slurm") == ROOT / "scripts" / "profiles" / "slurm"
    own = a_profile(tmp_path / "own", "executor: slurm")
    assert str(profile_folder(own)) == own


@pytest.mark.parametrize(
    ("text", "said"), [("[", "is no YAML"), ("", "holds no settings"), ("- a", "holds no settings")]
)
def test_a_profile_that_cannot_be_read_is_misuse(tmp_path, text, said):
    with pytest.raises(Misuse, match=said):
        profile_folder(a_profile(tmp_path / "own", text))


def test_an_unknown_profile_is_misuse_with_a_hint():
    with pytest.raises(Misuse, match="did you mean 'slurm'"):
        profile_folder("slrum")


def test_a_plugin_or_command_that_is_not_there_is_told_with_its_repair(monkeypatch):
    monkeypatch.setattr(cluster, "find_spec", lambda name: None)
    with pytest.raises(Failure, match="pip install snakemake-executor-plugin-slurm"):
        profile_folder("slurm")
    monkeypatch.setattr(cluster, "find_spec", lambda name: object())
    monkeypatch.setattr(cluster.shutil, "which", lambda name: None)
    with pytest.raises(Failure, match="there is no sbatch here"):
        profile_folder("slurm")
