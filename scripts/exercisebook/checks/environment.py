"""The state of this installation: Python, packages against the lock, folders, other programs.

Whatever is bad is told with its repair. Nothing is changed; a folder is tried by a file that is
removed at once.
"""

import errno
import json
import os
import platform
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from packaging.markers import Marker

from exercisebook.paths import BUILD, ROOT, data_cache

OLDEST = (3, 11)
ENOUGH_BYTES = 2_000_000_000
"""What a build with its caches may need."""

FINE, ABSENT, BAD = "ok", "absent", "bad"


@dataclass(frozen=True)
class Line:
    """One thing looked at: what it is, its state (ok, absent, bad), and what was seen."""

    what: str
    state: str
    seen: str


def environment(browser: str | None, lock: Path = ROOT / "requirements.lock") -> list[Line]:
    """Return the state of this installation.

    Parameters
    ----------
    browser : str or None
        Path of a Chromium.
    lock : Path
        The pinned packages.
    """
    version = platform.python_version()
    return [
        _python(sys.version_info[:2], f"{version} at {sys.executable}"),
        packages(lock),
        kernel(),
        *(_folder(name, place) for name, place in _folders().items()),
        _program("Chromium", browser, "tests of the pages are skipped"),
        _program("R", shutil.which("R"), "comparisons with R use their stored results"),
        _program("git", shutil.which("git"), "pages cannot say their commit"),
        _program("Slurm", _slurm(), "--profile slurm cannot be used; pages are made all the same"),
    ]


def _slurm() -> str | None:
    """Return the path of Slurm's command, if Snakemake's plugin for it is there too."""
    plugin = find_spec("snakemake_executor_plugin_slurm")
    return shutil.which("sbatch") if plugin else None


def _python(version: tuple[int, ...], seen: str) -> Line:
    if version >= OLDEST:
        return Line("Python", FINE, seen)
    least = "{}.{}".format(*OLDEST)
    return Line("Python", BAD, f"{seen}; install {least} or later, and bootstrap anew with it")


def _folders() -> dict[str, Path]:
    numba = os.environ.get("NUMBA_CACHE_DIR") or str(ROOT / ".cache" / "numba")
    return {
        "builds": BUILD,
        "original data": data_cache(),
        "compiled code": Path(numba),
        "temporary files": Path(tempfile.gettempdir()),
    }


def kernel() -> Line:
    """Return whether chapters would run under this Python: a user's own kernel goes first."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    repair = f"run: {sys.executable} -m ipykernel install --sys-prefix --name python3"
    try:
        spec = KernelSpecManager().get_kernel_spec("python3")
    except NoSuchKernel:
        return Line("kernel", BAD, f"Jupyter knows no kernel python3; {repair}")
    except (OSError, json.JSONDecodeError):
        return Line("kernel", BAD, f"Jupyter's kernel python3 cannot be read; {repair}")
    named = spec.argv[0]
    # Jupyter puts its own Python in the place of these names
    own = (
        re.fullmatch(r"python(3(\.\d+)?)?", named)
        or Path(named).parent == Path(sys.executable).parent
    )
    if own:
        return Line("kernel", FINE, f"python3, of this Python ({spec.resource_dir})")
    return Line(
        "kernel", BAD,
        f"python3 is {named}, another Python than this; remove {spec.resource_dir}, or {repair}",
    )  # fmt: skip


def packages(lock: Path) -> Line:
    """Return whether the installed packages are those of the lock."""
    try:
        pins = locked(lock.read_text(encoding="utf-8"))
    except OSError as error:
        return Line(
            "packages", BAD, f"{lock}: {error.strerror}; take it from the book's own checkout"
        )
    wrong = [
        f"{name} {have or 'absent'}, locked {version}"
        for name, version in pins.items()
        if (have := _installed(name)) != version
    ]
    if not wrong:
        return Line("packages", FINE, f"{len(pins)} as locked")
    more = f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""
    told = f"{len(wrong)} of {len(pins)} are not as locked: {'; '.join(wrong[:5])}{more}"
    return Line("packages", BAD, f"{told}; run: python3 scripts/bootstrap.py")


def locked(text: str) -> dict[str, str]:
    """Return name and version of every pin of a lock that applies to this Python."""
    pins = {}
    for line in text.splitlines():
        found = re.match(r"([A-Za-z0-9._-]+)==([^\s;\\]+)\s*(?:;\s*([^\\]+))?", line)
        if found and (found[3] is None or Marker(found[3].strip()).evaluate()):
            pins[found[1]] = found[2]
    return pins


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _folder(name: str, place: Path) -> Line:
    """Return whether a folder can be written, and how much room it has."""
    there = next(p for p in (place, *place.parents) if p.exists())
    wrong = _unwritable(there)
    if wrong:
        return Line(name, BAD, f"{place} cannot be written: {wrong}")
    free = shutil.disk_usage(there).free
    note = "" if place.exists() else ", not made yet"
    told = f"{place}{note}, {free / 1e9:.0f} GB free"
    if free >= ENOUGH_BYTES:
        return Line(name, FINE, told)
    return Line(name, BAD, f"{told}; free some, so that there are {ENOUGH_BYTES / 1e9:.0f}")


def _unwritable(folder: Path) -> str:
    """Return why no file can be written in a folder, and how to mend it; nothing if one can."""
    if not folder.is_dir():
        return f"{folder} is a file; remove it, or name another folder"
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-") as trial:
            trial.write(bytes(4096))
            trial.flush()
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return f"the disk of {folder} is full; free some room"
        return f"{error.strerror} in {folder}; change its permissions, or name another folder"
    return ""


def _program(name: str, path: str | None, without: str) -> Line:
    return Line(name, FINE if path else ABSENT, path or f"not found: {without}")
