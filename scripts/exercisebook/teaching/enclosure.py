"""Run by itself where there is no bubblewrap: makes a closed room of new namespaces, and enters it.

``unshare`` has given this process a network, mounts and process numbers of its own. Here the new
root is put together of read-only binds, entered, and all power given up; then the command is run.
Called with one JSON object as its only argument. It imports only what Python brings.
"""

import ctypes
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

_LIBC = ctypes.CDLL(None, use_errno=True)

_BIND, _REC, _REMOUNT, _PRIVATE = 0x1000, 0x4000, 0x20, 0x40000
_READ_ONLY, _NO_SUID, _NO_DEVICES, _NO_EXEC = 0x1, 0x2, 0x4, 0x8
_KEPT = {os.ST_NOSUID: _NO_SUID, os.ST_NODEV: _NO_DEVICES, os.ST_NOEXEC: _NO_EXEC,
         os.ST_NOATIME: 0x400, os.ST_NODIRATIME: 0x800, os.ST_RELATIME: 0x200000}  # fmt: skip

_DROP_BOUND, _NO_NEW_POWER = 24, 38
_DEVICES = ("null", "zero", "full", "random", "urandom")


def main() -> None:
    """Build the room that the argument describes, and run its command in it."""
    plan: dict[str, Any] = json.loads(sys.argv[1])
    root = Path(plan["root"])
    _mount(None, "/", None, _REC | _PRIVATE)
    _mount("tmpfs", str(root), "tmpfs", _NO_SUID | _NO_DEVICES, "mode=0755,size=1m")
    for target, source in plan["links"].items():
        _folder(root, str(Path(target).parent))
        (root / target.lstrip("/")).symlink_to(source)
    _devices(root)
    _mount("proc", str(_folder(root, "/proc")), "proc", _NO_SUID | _NO_DEVICES | _NO_EXEC)
    # before what is shown: a checkout may lie in a folder that a room covers
    _rooms(plan["rooms"], root)
    for path in plan["shown"]:
        _show(path, root)
    _rooms(plan["hidden"], root)
    for target, source in plan["binds"].items():
        _bind(source, _place_for(source, root, target))
    os.chroot(root)
    os.chdir(plan["folder"])
    _mount(None, "/", None, _REMOUNT | _BIND | _READ_ONLY | _NO_SUID | _NO_DEVICES)
    _give_up_power(plan["keep"])
    _run(plan["command"], plan["seconds"])


def _mount(
    source: str | None, target: str, kind: str | None, flags: int, data: str | None = None
) -> None:
    words = [None if word is None else word.encode() for word in (source, target, kind, data)]
    if _LIBC.mount(words[0], words[1], words[2], ctypes.c_ulong(flags), words[3]):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), target)


def _folder(root: Path, path: str) -> Path:
    place = root / path.lstrip("/")
    place.mkdir(parents=True, exist_ok=True)
    return place


def _rooms(rooms: dict[str, str], root: Path) -> None:
    for target, options in rooms.items():
        _mount("tmpfs", str(_folder(root, target)), "tmpfs", _NO_SUID | _NO_DEVICES, options)


def _place_for(source: str, root: Path, path: str) -> Path:
    """Return an empty folder or file of the new root that a source can be bound on."""
    if Path(source).is_dir():
        return _folder(root, path)
    place = _folder(root, str(Path(path).parent)) / Path(path).name
    place.touch(exist_ok=True)
    return place


def _show(path: str, root: Path) -> None:
    place = root / path.lstrip("/")
    # within what is shown already
    if not place.exists():
        _bind(path, _place_for(path, root, path))


def _bind(source: str, place: Path) -> None:
    """Bind a file or folder, read-only; flags that hold for it outside hold inside."""
    _mount(source, str(place), None, _BIND)
    kept = os.statvfs(place).f_flag
    flags = _READ_ONLY | _NO_SUID | _NO_DEVICES
    flags |= sum(flag for told, flag in _KEPT.items() if kept & told and not flags & flag)
    _mount(None, str(place), None, _REMOUNT | _BIND | flags)


def _devices(root: Path) -> None:
    folder = _folder(root, "/dev")
    for name in _DEVICES:
        place = folder / name
        place.touch()
        _mount(f"/dev/{name}", str(place), None, _BIND)
    (folder / "fd").symlink_to("/proc/self/fd")


def _give_up_power(keep: list[int]) -> None:
    """Give up capabilities for good; a program that is run does not get any back."""
    if _LIBC.prctl(_NO_NEW_POWER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "privileges cannot be given up")
    for capability in range(64):
        if capability not in keep:
            _LIBC.prctl(_DROP_BOUND, capability, 0, 0, 0)


def _run(command: list[str], seconds: int) -> None:
    """Run the command as a child, wait for it at most so long, and end as it did."""
    child = os.fork()
    if not child:
        os.execv(command[0], command)
    # the first process of its kind: what loses its parent comes here, and ends with it
    signal.signal(signal.SIGALRM, lambda *_: os._exit(124))
    signal.alarm(seconds)
    while True:
        done, status = os.wait()
        if done == child:
            break
    code = os.waitstatus_to_exitcode(status)
    os._exit(code if code >= 0 else 128 + signal.Signals(-code).value)


if __name__ == "__main__":
    main()
