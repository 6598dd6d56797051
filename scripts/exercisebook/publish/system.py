"""What the operating system refuses, in words for a user: folders, disks, room.

Which folders a build writes is said elsewhere; here is only what keeps one from being written.
"""

import errno
import shutil
from pathlib import Path

from exercisebook.errors import Failure

ENOUGH_BYTES = 200_000_000
"""What a site with its working files may need beside the chapters."""

_NO_ROOM = "there is no room left on its disk; free some, and run the same command again"
_CLOSED = "you may not write there; change its permissions, or name another place"
_A_FILE = "a file stands where a folder is needed, or the other way round; name another place"

_SAID = {
    errno.ENOSPC: _NO_ROOM,
    errno.EDQUOT: "your share of its disk is used up; free some, and run the same command again",
    errno.EFBIG: "a file grew larger than its disk or your limits allow",
    errno.EACCES: _CLOSED,
    errno.EPERM: _CLOSED,
    errno.EROFS: "it lies on a disk that can only be read; name another place",
    errno.ENOTDIR: _A_FILE,
    errno.EISDIR: _A_FILE,
    errno.EEXIST: _A_FILE,
    errno.ENOENT: "there is no such file or folder",
    errno.ENAMETOOLONG: "the name is too long for its disk; name a shorter one",
    errno.EMFILE: "too many files are open at once; raise the limit (ulimit -n)",
    errno.ENOMEM: "there is too little memory; close other programs, or use --cores 1",
    errno.EIO: "its disk does not answer; look whether it is sound",
}


def told(error: OSError) -> str:
    """Return one line on what the system refused, without its number."""
    said = _SAID.get(error.errno or 0) or error.strerror
    if not said:
        return " ".join(str(error).split()) or type(error).__name__
    if not isinstance(error.filename, str | bytes | Path):
        # a write says only that it failed, not where
        return said.replace("its disk", "the disk")
    return f"{error.filename!s}: {said}"


def refuse_full(folder: Path, needed: int = ENOUGH_BYTES) -> None:
    """Raise Failure if the disk of a folder, made yet or not, has no room for a build."""
    there = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(there).free
    if free < needed:
        raise Failure(
            f"{folder}: {free / 1e6:.0f} MB are free on its disk, and up to {needed / 1e6:.0f} MB "
            "are needed; free some, or name another place"
        )
