"""The sealed key of a class: 256 secret bits from which everything hidden is made again.

The key says which worlds the class may be in. What a student's number is, under the key, nobody
can tell without it.
"""

import hashlib
import hmac
import json
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exercisebook.errors import Failure, Misuse, closest
from exercisebook.simulate.packages import KEY_BYTES, new_key, sealed_seed
from exercisebook.simulate.worlds import WORLDS

CLASS_WORLDS = tuple(name for name in WORLDS if name != "swaps")
"""Worlds of a class: without protein samples, which a class is not given, none change places."""

_SAYS = (
    "The sealed key of a class of The Exercise Book. Keep it from students, and keep it: without "
    "it nothing that they hand in can be graded."
)
_MARK_DIGITS = 16


@dataclass(frozen=True)
class ClassKey:
    """A secret and what the class that belongs to it was made of.

    Attributes
    ----------
    secret : bytes
        256 bits.
    worlds : tuple of str
        Each student's world is one of them.
    probe : float or None
        A number that the simulation makes of the key; None in a key that was brought.
    """

    secret: bytes
    worlds: tuple[str, ...]
    probe: float | None = None

    def seed(self, *words: str) -> int:
        """Return the seed that belongs to some words, by HMAC-SHA256."""
        return sealed_seed(self.secret, "class", *words)

    def mark(self, student: str) -> str:
        """Return the mark of a student's copy: without the key nobody can make one."""
        return self.digest("copy", student)[:_MARK_DIGITS]

    def digest(self, *words: str) -> str:
        """Return 64 hexadecimal digits that belong to some words."""
        message = json.dumps(words).encode()
        return hmac.new(self.secret, message, hashlib.sha256).hexdigest()


def class_worlds(wanted: Sequence[str]) -> tuple[str, ...]:
    """Return the worlds a class may be in, all of them where none is named.

    Raises
    ------
    Misuse
        With every name that is no world for a class.
    """
    faults = []
    for name in wanted:
        if name == "swaps":
            faults.append(
                "the world 'swaps' differs in protein samples, which a class is not given"
            )
        elif name.endswith("-twin"):
            faults.append(f"{name!r}: hours since the bout would tell that nobody exercised")
        elif name not in CLASS_WORLDS:
            faults.append(f"no world {name!r}; {closest(name, CLASS_WORLDS)}")
    if faults:
        raise Misuse("\n".join(faults))
    return tuple(dict.fromkeys(wanted)) or CLASS_WORLDS


def fresh_key(worlds: tuple[str, ...]) -> ClassKey:
    """Return a new key for a class in some worlds."""
    return ClassKey(new_key(), worlds)


def write_class_key(key: ClassKey, path: Path) -> None:
    """Write a key into a new file that only its owner can read.

    Raises
    ------
    Misuse
        If there is a file of that name.
    """
    content = {
        "what": _SAYS,
        "key": key.secret.hex(),
        "worlds": list(key.worlds),
        "probe": key.probe,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Misuse(f"{path} is there already; nothing was written over it") from None
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(json.dumps(content, indent=2) + "\n")
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def read_class_key(path: Path) -> ClassKey:
    """Return the key in a file: what ``class-data`` wrote, or 64 hexadecimal digits.

    Raises
    ------
    Misuse
        If the file is absent, no key, short, or readable by others than its owner.
    """
    try:
        mode, text = path.stat().st_mode, path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise Misuse(f"{path}: no such key; exercisebook class-data makes it") from None
    except UnicodeDecodeError:
        raise Misuse(f"{path}: found no key; expected what class-data wrote") from None
    except OSError as error:
        raise Misuse(f"{path}: {error.strerror or type(error).__name__}") from None
    if os.name == "posix" and mode & 0o077:
        raise Misuse(f"{path} can be read by others; close it: chmod 600 {path}")
    content = _content(text)
    if content is None:
        raise Misuse(
            f"{path}: found no key; expected what class-data wrote, or {2 * KEY_BYTES} "
            "hexadecimal digits"
        )
    return content


def _content(text: str) -> ClassKey | None:
    try:
        loaded: Any = json.loads(text) if text.lstrip().startswith("{") else {"key": text.strip()}
        secret = bytes.fromhex(loaded["key"])
        worlds = class_worlds([str(name) for name in loaded.get("worlds", ())])
        probe = loaded.get("probe")
        probe = None if probe is None else float(probe)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return ClassKey(secret, worlds, probe) if len(secret) == KEY_BYTES else None


def refuse_other_probe(key: ClassKey, probe: float) -> None:
    """Raise Failure if the key would now make other data than when it was made."""
    if key.probe is not None and not math.isclose(key.probe, probe, rel_tol=1e-9):
        raise Failure(
            "this version of the book makes other data of this key than the one that made the "
            "class; grade with the version that students' data came from"
        )
