"""A closed room for a submission: read-only, without a network, limited in all it can use.

Two kinds of room are known: bubblewrap's, and one made of namespaces by ``unshare``. In both a
submission sees the system's programs, this Python and its packages, its own data, and two small
folders that are gone afterwards. It sees no home, no other submission and no key. Without a room,
only those who are trusted are run.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from exercisebook.errors import Failure, Misuse

BUBBLEWRAP, UNSHARE, TRUSTED = "bubblewrap", "unshare", "trusted"
ROOMS = (BUBBLEWRAP, UNSHARE)
"""Kinds of room, the better first."""

DESK = "/desk"
"""Where a submission runs: its data are in ``cohort`` below, and it may write beside them."""

TIME, MEMORY, PROCESSES, OUTPUT = "time", "memory", "processes", "output"
"""What a submission may use too much of."""

_HERE = Path(__file__).resolve().parent
_PACKAGE = _HERE.parent
_RUNNER = "/runner.py"
_ROOMS = ("/tmp", "/dev/shm", DESK)
"""Folders of its own in which a submission may write."""

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store",
           "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives",
           "/etc/localtime")  # fmt: skip

_NOBODY = 65_533
"""Whom a submission runs as where root grades: for root no limit on processes holds."""

_SET_GID, _SET_UID = 6, 7
_DISK = 256 * 2**20
_ANSWERS = 4 * 2**20
_GRACE = 10
_ROOM_TASKS, _ALL_TASKS = 16, 1024
_PROGRAMS = {BUBBLEWRAP: "bwrap", UNSHARE: "unshare"}


@dataclass(frozen=True)
class Limits:
    """What a submission may use.

    Attributes
    ----------
    seconds : float
        By the clock.
    memory : int
        Bytes, of all its processes together.
    processes : int
        Processes and threads at once.
    output : int
        Bytes that it may print.
    """

    seconds: float = 120.0
    memory: int = 4 * 2**30
    processes: int = 64
    output: int = 4 * 2**20


@dataclass(frozen=True)
class Ran:
    """What a run left behind.

    Attributes
    ----------
    lines : bytes
        What the runner told; a submission can have written it.
    stopped : str
        What it used too much of, or empty.
    printed : str
        The end of what was printed.
    status : int
        Of its process.
    """

    lines: bytes
    stopped: str
    printed: str
    status: int


@dataclass
class _Pipe:
    """What comes out of a pipe, up to a number of bytes; more is counted and dropped."""

    stream: IO[bytes]
    most: int
    held: bytearray = field(default_factory=bytearray)
    full: bool = False

    def drain(self) -> None:
        """Read to the end."""
        while chunk := os.read(self.stream.fileno(), 65536):
            room = self.most - len(self.held)
            self.held += chunk[: max(room, 0)]
            self.full = self.full or len(chunk) > room


def choose_room(wanted: Sequence[str] = ROOMS) -> str:
    """Return the first kind of room that works here.

    Raises
    ------
    Failure
        If none does, with why.
    """
    reasons = []
    for kind in wanted:
        fault = fault_of(kind)
        if not fault:
            return kind
        reasons.append(f"{kind}: {fault}")
    raise Failure(
        "no closed room for submissions can be made here, so none was run ("
        + "; ".join(reasons)
        + "). Install bubblewrap, or give --trusted if you would run their code yourself"
    )


def fault_of(kind: str) -> str:
    """Return why a kind of room does not work here, or nothing: it is tried."""
    if shutil.which(_PROGRAMS[kind]) is None:
        return f"{_PROGRAMS[kind]} is not installed"
    with tempfile.TemporaryDirectory() as folder:
        outside = f"outside = {folder!r}\n"
        ran = run_cells([outside + _PROBE], ["closed"], Path(folder), kind, Limits(60.0))
    if b'"closed": true' in ran.lines:
        return ""
    return ran.printed.strip().replace("\n", " ")[-300:] or "it is not closed"


_PROBE = """
import os, socket, numpy
closed = not os.path.exists("/etc/passwd") and not os.path.exists(outside)
for place in ("/", "/usr", "/desk/cohort"):
    closed = closed and not os.access(place, os.W_OK)
closed = closed and [name for _, name in socket.if_nameindex()] == ["lo"]
"""


def refuse_in_view(paths: Sequence[Path], kind: str) -> None:
    """Raise Misuse if one of some paths lies where every submission can look."""
    if kind == TRUSTED:
        return
    for path in paths:
        for shown in _shown():
            if path.resolve().is_relative_to(shown):
                raise Misuse(
                    f"{path} lies in {shown}, which submissions are shown; move it elsewhere"
                )


def run_cells(
    cells: Sequence[str], names: Sequence[str], data: Path, kind: str, limits: Limits
) -> Ran:
    """Run a submission's cells in a room, and return what came of it; the room is gone then.

    Parameters
    ----------
    cells, names : sequence of str
        Code, and the variables that hold answers.
    data : Path
        The student's package; it is shown as ``cohort``.
    kind : str
        One of ``ROOMS``, or ``TRUSTED``.
    limits : Limits
    """
    with tempfile.TemporaryDirectory(prefix="exercisebook-") as scratch:
        command, folder = _command(kind, data, Path(scratch), limits)
        task = {
            "cells": list(cells),
            "names": list(names),
            "limits": _resource_limits(limits),
            "user": _NOBODY if kind != TRUSTED and _is_root() else None,
        }
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(folder if kind == TRUSTED else DESK),
            cwd=folder,
            start_new_session=True,
        )
        try:
            return _watched(process, json.dumps(task).encode(), limits)
        finally:
            _end(process)


def _command(kind: str, data: Path, scratch: Path, limits: Limits) -> tuple[list[str], Path]:
    """Return what to run, and the folder to run it from."""
    python = [sys.executable, "-P", "-s", "-B"]
    if kind == TRUSTED:
        shutil.copytree(data, scratch / "cohort")
        return [*python, str(_HERE / "runner.py")], scratch
    # the name of a folder outside must not tell whose data these are
    shutil.copytree(data, scratch / "cohort")
    shutil.copyfile(_HERE / "runner.py", scratch / "runner.py")
    for path in (scratch, *scratch.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    run = [*python, _RUNNER]
    if kind == BUBBLEWRAP:
        return _bubblewrap(scratch, run), scratch
    (scratch / "root").mkdir()
    return _unshare(scratch, run, limits), scratch


def _bubblewrap(scratch: Path, run: list[str]) -> list[str]:
    command = [str(shutil.which("bwrap")), "--unshare-ipc", "--unshare-pid", "--unshare-net",
               "--unshare-uts", "--unshare-cgroup-try", "--die-with-parent"]  # fmt: skip
    if _is_root():
        command += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        command += ["--unshare-user", "--disable-userns"]
    for target, source in _links().items():
        command += ["--symlink", source, target]
    command += ["--proc", "/proc", "--dev", "/dev"]
    for target in _ROOMS:
        command += ["--perms", "1777", "--size", str(_DISK), "--tmpfs", target]
    # after the rooms: this checkout may lie in a folder that one of them covers
    shown = _shown()
    # folders above are made for their owner alone, who is not the one that runs
    above = dict.fromkeys(str(p) for path in shown for p in reversed(path.parents[:-1]))
    for folder in (name for name in above if name not in _ROOMS):
        command += ["--perms", "0755", "--dir", folder]
    for path in shown:
        command += ["--ro-bind", str(path), str(path)]
    command += ["--perms", "0755", "--size", "4096", "--tmpfs", str(_HERE)]
    for target, source in _binds(scratch).items():
        command += ["--ro-bind", source, target]
    return [*command, "--remount-ro", "/", "--chdir", DESK, "--", *run]


def _unshare(scratch: Path, run: list[str], limits: Limits) -> list[str]:
    own_user = [] if _is_root() else ["--user", "--map-root-user"]
    plan = {
        "root": str(scratch / "root"),
        "links": _links(),
        "shown": [str(path) for path in _shown()],
        "rooms": dict.fromkeys(_ROOMS, f"mode=1777,size={_DISK}"),
        "hidden": {str(_HERE): "mode=0755,size=4096"},
        "binds": _binds(scratch),
        "folder": DESK,
        "keep": [_SET_GID, _SET_UID] if _is_root() else [],
        "seconds": int(limits.seconds) + _GRACE,
        "command": run,
    }
    command = [str(shutil.which("unshare")), *own_user, "--net", "--mount", "--pid", "--ipc",
               "--uts", "--fork", "--kill-child"]  # fmt: skip
    return [*command, "--", sys.executable, "-I", str(_HERE / "enclosure.py"), json.dumps(plan)]


def _links() -> dict[str, str]:
    """Return the system's folders that are links, such as /lib to usr/lib."""
    return {name: os.readlink(name) for name in _SYSTEM if os.path.islink(name)}


def _shown() -> list[Path]:
    """Return what every submission is shown: the system, this Python, and the book's package."""
    system = [Path(name) for name in _SYSTEM if os.path.exists(name) and not os.path.islink(name)]
    own = [Path(name) for name in (sys.base_prefix, sys.prefix)] + [_PACKAGE]
    every = dict.fromkeys([*system, *own, *(path.resolve() for path in own)])
    return [
        path
        for path in every
        if not any(path != other and path.is_relative_to(other) for other in every)
    ]


def _binds(scratch: Path) -> dict[str, str]:
    return {
        f"{DESK}/cohort": str(scratch / "cohort"),
        _RUNNER: str(scratch / "runner.py"),
    }


def _environment(home: Path | str) -> dict[str, str]:
    """Return the variables of a room: none of those who grade."""
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
    return {
        **dict.fromkeys(threads, "1"),
        "PATH": f"{sys.prefix}/bin:/usr/bin:/bin",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": f"{home}/.cache/matplotlib",
        "NUMBA_CACHE_DIR": f"{home}/.cache/numba",
        "PYTHONPATH": str(_PACKAGE.parent),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _resource_limits(limits: Limits) -> dict[str, int]:
    """Return limits of each process; those of all together are watched."""
    # above what is watched for, so that the watch sees it; a user has others running
    tasks = limits.processes + (_ROOM_TASKS if _is_root() else _ALL_TASKS)
    seconds = int(limits.seconds) + _GRACE
    return {
        "RLIMIT_AS": limits.memory,
        "RLIMIT_CPU": seconds,
        "RLIMIT_NPROC": tasks,
        "RLIMIT_FSIZE": _DISK,
        "RLIMIT_NOFILE": 256,
        "RLIMIT_CORE": 0,
    }


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _watched(process: "subprocess.Popen[bytes]", task: bytes, limits: Limits) -> Ran:
    """Give a process its task and read what it tells, until it ends or uses too much."""
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    told, printed = _Pipe(process.stdout, _ANSWERS), _Pipe(process.stderr, limits.output)
    threads = [threading.Thread(target=pipe.drain, daemon=True) for pipe in (told, printed)]
    threads.append(threading.Thread(target=_give, args=(process.stdin, task), daemon=True))
    for thread in threads:
        thread.start()
    stopped, deadline = "", time.monotonic() + limits.seconds
    while process.poll() is None and not stopped:
        time.sleep(0.02)
        stopped = _too_much(process, limits, deadline, told.full or printed.full)
    _end(process)
    for thread in threads:
        thread.join(timeout=5)
    if told.full or printed.full:
        stopped = stopped or OUTPUT
    text = bytes(printed.held[-4000:]).decode("utf-8", "replace")
    return Ran(bytes(told.held), stopped, text, process.returncode)


def _give(stream: IO[bytes], task: bytes) -> None:
    try:
        stream.write(task)
        stream.close()
    except OSError:
        # it ended before it read its task, which its status tells
        return


def _too_much(
    process: "subprocess.Popen[bytes]", limits: Limits, deadline: float, flooded: bool
) -> str:
    if time.monotonic() > deadline:
        return TIME
    if flooded:
        return OUTPUT
    tasks, memory = _used(process.pid)
    if tasks > limits.processes:
        return PROCESSES
    return MEMORY if memory > limits.memory else ""


def _used(root: int) -> tuple[int, int]:
    """Return tasks and bytes of memory of a process and all below it, where the system tells."""
    table = dict(_processes())
    tasks = memory = 0
    for pid in _below(root, table):
        tasks += table[pid][1]
        memory += _own_memory(pid)
    return tasks, memory


def _processes() -> "list[tuple[int, tuple[int, int]]]":
    """Return every process with its parent and its number of tasks."""
    found = []
    for name in os.listdir("/proc") if os.path.isdir("/proc/self") else []:
        if name.isdigit():
            try:
                text = Path("/proc", name, "stat").read_text(encoding="utf-8", errors="replace")
            except OSError:
                continue
            # the program's own name stands in brackets, and may hold anything
            fields = text.rpartition(")")[2].split()
            found.append((int(name), (int(fields[1]), int(fields[17]))))
    return found


def _below(root: int, table: dict[int, tuple[int, int]]) -> list[int]:
    children: dict[int, list[int]] = {}
    for pid, (parent, _) in table.items():
        children.setdefault(parent, []).append(pid)
    found, todo = [], [root] if root in table else []
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo += children.get(pid, [])
    return found


def _own_memory(pid: int) -> int:
    """Return the bytes of a process that it shares with no file."""
    try:
        words = Path("/proc", str(pid), "statm").read_text(encoding="ascii").split()
    except OSError:
        return 0
    return (int(words[1]) - int(words[2])) * os.sysconf("SC_PAGE_SIZE")


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a process and all that it started."""
    below = _below(process.pid, dict(_processes()))
    for pid in below:
        if pid != process.pid:
            _kill(pid)
    if process.poll() is None:
        process.kill()
    process.wait()


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
