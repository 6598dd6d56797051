"""The state of this installation: Python, packages against the lock, folders, other programs."""

import os
import platform
import re
import shutil
import sys
from dataclasses import dataclass
from importlib import metadata
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
    fine = sys.version_info[:2] >= OLDEST
    return [
        Line("Python", FINE if fine else BAD, f"{version} at {sys.executable}"),
        packages(lock),
        *(_folder(name, place) for name, place in _folders().items()),
        _program("Chromium", browser, "tests of the pages are skipped"),
        _program("R", shutil.which("R"), "comparisons with R use their stored results"),
        _program("git", shutil.which("git"), "pages cannot say their commit"),
    ]


def _folders() -> dict[str, Path]:
    numba = os.environ.get("NUMBA_CACHE_DIR") or str(ROOT / ".cache" / "numba")
    return {"builds": BUILD, "original data": data_cache(), "compiled code": Path(numba)}


def packages(lock: Path) -> Line:
    """Return whether the installed packages are those of the lock."""
    try:
        pins = locked(lock.read_text(encoding="utf-8"))
    except OSError as error:
        return Line("packages", BAD, f"{lock.name}: {error.strerror}")
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
    if not there.is_dir() or not os.access(there, os.W_OK):
        return Line(name, BAD, f"{place} cannot be written")
    free = shutil.disk_usage(there).free
    note = "" if place.exists() else ", not made yet"
    told = f"{place}{note}, {free / 1e9:.0f} GB free"
    return Line(name, FINE if free >= ENOUGH_BYTES else BAD, told)


def _program(name: str, path: str | None, without: str) -> Line:
    return Line(name, FINE if path else ABSENT, path or f"not found: {without}")
