"""Files of a package put in place together: all of them or none, even if the process is killed.

New files are made whole in a folder of their own inside the package. Before the first is moved,
what is about to happen is written down there; whoever next fills the package undoes from that what
a killed process left half done.
"""

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from exercisebook.cohort.package import HALF_DONE, SWAP
from exercisebook.errors import Failure
from exercisebook.sources.importers.textfiles import words_of


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold a package against a second import, and undo what a killed one left half done.

    A folder that is not there is left to whoever opens it; on a disk that knows no locks, a second
    import is not held off.

    Raises
    ------
    Failure
        If another import is at work in the folder, or what a killed one has moved cannot be put
        back.
    """
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        yield
        return
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            told = f"another import is at work in {folder}; wait for it, nothing was changed"
            raise Failure(told) from None
        except OSError:
            pass
        try:
            undo(folder)
        except OSError as error:
            told = f"cannot put back what a killed import has moved in {folder}: {words_of(error)}"
            raise Failure(told) from None
        yield
    finally:
        os.close(handle)


def undo(folder: Path) -> None:
    """Put back what a killed import has moved, and remove what it had made."""
    for plan in folder.glob(HALF_DONE):
        _undo(folder, plan.parent)
    for staging in folder.glob(str(Path(HALF_DONE).parent)):
        shutil.rmtree(staging, ignore_errors=True)


def put_together(folder: Path, new: dict[str, Callable[[Path], None]], gone: list[str]) -> None:
    """Write files of a folder and remove others, all or none.

    Parameters
    ----------
    folder : Path
    new : dict of str to function
        By path in the folder, what writes the file to the path it is given.
    gone : list of str
        Paths in the folder.
    """
    staging = Path(tempfile.mkdtemp(prefix=".import.", dir=folder))
    try:
        for name, write in new.items():
            (staging / "new" / name).parent.mkdir(parents=True, exist_ok=True)
            write(staging / "new" / name)
        _write_plan(folder, staging, [*new, *gone])
        try:
            for name in [*new, *gone]:
                _swap(folder, staging, name)
        except BaseException:
            _undo(folder, staging)
            raise
        # from here on the new files stay
        (staging / SWAP).unlink()
    finally:
        if not (staging / SWAP).exists():
            shutil.rmtree(staging, ignore_errors=True)


def _write_plan(folder: Path, staging: Path, names: list[str]) -> None:
    """Write down, whole, which files the folder has of those that are to change."""
    held = {name: (folder / name).exists() for name in names}
    (staging / "plan").write_text(json.dumps(held), encoding="utf-8")
    os.replace(staging / "plan", staging / SWAP)


def _swap(folder: Path, staging: Path, name: str) -> None:
    target, aside = folder / name, staging / "old" / name
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        aside.parent.mkdir(parents=True, exist_ok=True)
        os.replace(target, aside)
    if (staging / "new" / name).exists():
        (staging / "new" / name).chmod(0o644)
        os.replace(staging / "new" / name, target)


def _undo(folder: Path, staging: Path) -> None:
    """Take a swap back; it may be taken back twice, and begun again where it was stopped."""
    held = json.loads((staging / SWAP).read_text(encoding="utf-8"))
    for name, was_there in held.items():
        aside = staging / "old" / name
        if aside.exists():
            os.replace(aside, folder / name)
        elif not was_there:
            (folder / name).unlink(missing_ok=True)
    (staging / SWAP).unlink()
