"""Files of a package change together, whatever stops the change, and wherever."""

import itertools
import os
import signal
from pathlib import Path

import pytest

from exercisebook.checks.package import check_package
from exercisebook.cohort.package import read_cohort
from exercisebook.errors import Failure, InvalidInput
from exercisebook.sources.importers import together
from exercisebook.sources.importers.together import alone_in, put_together, undo

from .conftest import everything

NEW = {
    "features.csv": lambda path: path.write_text("new"),
    "measurements/x.csv": lambda path: path.write_text("new"),
}
GONE = ["samples.csv"]


def changed(before, folder):
    after = {path: held for path, held in before.items() if path.name not in GONE}
    return {**after, **{folder / name: b"new" for name in NEW}}


def killed(work, step):
    """Run a function in a process that is killed at its step-th change of a file; or is not."""
    child = os.fork()
    if child == 0:
        steps = itertools.count()

        def dying(change):
            def changes(*arguments, **options):
                if next(steps) == step:
                    os.kill(os.getpid(), signal.SIGKILL)
                return change(*arguments, **options)

            return changes

        os.replace, Path.unlink = dying(os.replace), dying(Path.unlink)
        try:
            work()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def test_a_write_that_fails_leaves_everything_as_it_was(folder):
    before = everything(folder)

    def fails(path):
        path.write_text("half")
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        put_together(folder, {**NEW, "measurements/y.csv": fails}, GONE)
    assert everything(folder) == before


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", [*NEW, *GONE])
def test_a_swap_that_fails_puts_the_old_files_back(folder, monkeypatch, at, when):
    before = everything(folder)
    swap = together._swap

    def fails(place, staging, name):
        if name == at and when == "before":
            raise KeyboardInterrupt
        swap(place, staging, name)
        if name == at:
            raise KeyboardInterrupt

    monkeypatch.setattr(together, "_swap", fails)
    with pytest.raises(KeyboardInterrupt):
        put_together(folder, NEW, GONE)
    assert everything(folder) == before


@pytest.mark.parametrize("again", [0, 1, 2, 3])
def test_a_process_killed_at_any_step_leaves_the_old_files_or_the_new(folder, again):
    before = everything(folder)
    after = changed(before, folder)
    outcomes = []
    for step in itertools.count():
        if not killed(lambda: put_together(folder, NEW, GONE), step):
            break
        killed(lambda: undo(folder), again)  # the repair may be killed too
        with alone_in(folder):
            outcomes.append(everything(folder) == after)
            assert outcomes[-1] or everything(folder) == before
            assert not list(folder.glob(".import.*"))
        for path in everything(folder):
            path.unlink()
        for path, held in before.items():
            path.write_bytes(held)
    # its plan, two moves of the table that was there, one of the new, one of the old, the end
    assert step == 6
    assert not any(outcomes)
    assert everything(folder) == after


def test_what_a_killed_import_leaves_is_named_by_the_check_and_by_the_reader(folder):
    killed(lambda: put_together(folder, NEW, GONE), 2)
    (found,) = check_package(folder)
    assert found.code == "T127"
    with pytest.raises(InvalidInput, match="import anything again"):
        read_cohort(folder)


def test_two_imports_at_once_are_refused(folder):
    held = pytest.raises(Failure, match="another import is at work")
    with alone_in(folder), held, alone_in(folder):
        pass
    with alone_in(folder):
        pass


def test_what_cannot_be_put_back_stops_the_next_import(folder, monkeypatch):
    before = everything(folder)
    killed(lambda: put_together(folder, NEW, GONE), 2)

    def refuses(*_):
        raise OSError("read-only")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", refuses)
        with pytest.raises(Failure, match="cannot put back"), alone_in(folder):
            pytest.fail("went on in a package that is half changed")
    with alone_in(folder):
        assert everything(folder) == before


def test_a_folder_that_is_not_there_is_left_to_whoever_opens_it(tmp_path):
    with alone_in(tmp_path / "none"):
        assert not (tmp_path / "none").exists()
