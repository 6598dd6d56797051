"""Bringing original files to this machine, whole and checked, or not at all.

Each file has two sources: its publisher at a pinned commit, and the Software Heritage archive,
which serves any content by its sha256. What has come in before an interruption is kept in a
``.part`` file and taken up again. Nothing here runs unless a user asks for it.
"""

import errno
import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

from exercisebook.errors import Failure, Misuse
from exercisebook.paths import data_cache
from exercisebook.sources.catalogue import DataFile, Dataset

if TYPE_CHECKING:
    import pooch

ARCHIVE = "https://archive.softwareheritage.org/api/1/content/sha256:{sha256}/raw/"
_CHUNK = 1 << 16
_TIMEOUT_S = 30

Progress = Callable[[int], None]
"""Called with the number of bytes that are new."""


@dataclass(frozen=True)
class FileState:
    """What this machine holds of one file."""

    file: DataFile
    path: Path
    state: str
    """``held``, ``absent``, ``wrong checksum`` or ``half-written``."""


def _check_data_folder() -> None:
    """Raise Misuse if ``EXERCISEBOOK_DATA`` names something that is no folder."""
    named = os.environ.get("EXERCISEBOOK_DATA")
    if named and not data_cache().is_dir():
        raise Misuse(
            f"EXERCISEBOOK_DATA names {named}, which is no folder; make it, correct it or unset it"
        )


def path_of(dataset: Dataset, file: DataFile) -> Path:
    """Return where the cache keeps a file, whether or not it is there."""
    return data_cache() / dataset.id / file.name


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file's bytes."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def state_of(dataset: Dataset, file: DataFile) -> FileState:
    """Return whether the cache holds a file with the right bytes."""
    path = path_of(dataset, file)
    if path.is_file():
        state = "held" if sha256_of(path) == file.sha256 else "wrong checksum"
    else:
        state = "half-written" if _part(path).exists() else "absent"
    return FileState(file, path, state)


def locate(dataset: Dataset) -> dict[str, Path] | None:
    """Return the data set's files by name, or None if any is not at hand.

    Raises
    ------
    Misuse
        If ``EXERCISEBOOK_DATA`` names no folder: a slip there would pass for data not at hand.
    Failure
        If a file is there with other bytes than the catalogue's: it is refused, not used.
    """
    _check_data_folder()
    states = [state_of(dataset, file) for file in dataset.files]
    wrong = [state for state in states if state.state == "wrong checksum"]
    if wrong:
        raise Failure("\n".join(_wrong_checksum(s.path, s.file, sha256_of(s.path)) for s in wrong))
    if any(state.state != "held" for state in states):
        return None
    return {state.file.name: state.path for state in states}


def fetch(dataset: Dataset, file: DataFile, progress: Progress = lambda n: None) -> FileState:
    """Bring one file in, from its publisher or else from the archive.

    Parameters
    ----------
    dataset, file : Dataset, DataFile
        What to fetch.
    progress : callable, optional
        Called with each number of new bytes.

    Returns
    -------
    FileState
        ``held``: the bytes are there and checked.

    Raises
    ------
    Failure
        If no source gave the right bytes, or they could not be written. What was there before
        is untouched; what has come in so far is kept for the next try.
    """
    path = path_of(dataset, file)
    if state_of(dataset, file).state == "held":
        progress(file.bytes)
        return FileState(file, path, "held")
    faults = []
    for url in (file.url, ARCHIVE.format(sha256=file.sha256)):
        download = _ResumingDownload(_part(path), file, progress)
        try:
            _keeper(path, file, url).fetch(file.name, downloader=download)
        except requests.RequestException as error:
            faults.append(f"  {url}\n    {_network_fault(error)}")
        except ValueError:  # pooch's word for a wrong checksum
            faults.append(f"  {url}\n    " + _wrong_checksum(path, file, download.refused()))
        except OSError as error:
            raise Failure(_write_fault(error, path, file)) from None
        else:
            _part(path).unlink()
            return FileState(file, path, "held")
    raise Failure(f"{dataset.id}/{file.name} could not be fetched:\n" + "\n".join(faults))


def _part(path: Path) -> Path:
    return path.with_name(path.name + ".part")


def _keeper(path: Path, file: DataFile, url: str) -> "pooch.Pooch":
    # imported where it is needed: in a notebook it would warn of a progress bar nobody asked for
    import pooch

    pooch.get_logger().setLevel("WARNING")
    return pooch.create(
        path=path.parent,
        base_url="",
        registry={file.name: f"sha256:{file.sha256}"},
        urls={file.name: url},
    )


class _ResumingDownload:
    """A downloader for pooch that takes up a half-written file where it ended."""

    def __init__(self, part: Path, file: DataFile, progress: Progress) -> None:
        self.part, self.file, self.progress = part, file, progress

    def __call__(self, url: str, output_file: str, pooch: Any) -> None:
        if not self._is_whole():
            resumed = self._download(url)
            if resumed and not self._is_whole():
                # what was here before may be at fault and not the source: once more, from nothing
                self.progress(-self._drop())
                self._download(url)
        else:
            self.progress(self.file.bytes)
        shutil.copyfile(self.part, output_file)

    def refused(self) -> str:
        """Return the sha256 of what came in, and drop it."""
        found = sha256_of(self.part)
        self._drop()
        return found

    def _download(self, url: str) -> bool:
        """Bring in what is still lacking; return whether it was added to an earlier part."""
        have = self.part.stat().st_size if self.part.exists() else 0
        if have >= self.file.bytes:
            have -= self._drop()
        # a range counts the bytes that are sent, which compression would make other ones
        headers = {"Accept-Encoding": "identity"}
        if have:
            headers["Range"] = f"bytes={have}-"
        with requests.get(url, headers=headers, stream=True, timeout=_TIMEOUT_S) as answer:
            answer.raise_for_status()
            resumed = have > 0 and answer.status_code == requests.codes.partial_content
            self.progress(have if resumed else 0)
            with self.part.open("ab" if resumed else "wb") as out:
                for chunk in answer.iter_content(_CHUNK):
                    out.write(chunk)
                    self.progress(len(chunk))
        return resumed

    def _is_whole(self) -> bool:
        if not self.part.exists() or self.part.stat().st_size != self.file.bytes:
            return False
        return sha256_of(self.part) == self.file.sha256

    def _drop(self) -> int:
        """Delete the part; return how many bytes it held."""
        size = self.part.stat().st_size
        self.part.unlink()
        return size


def _wrong_checksum(path: Path, file: DataFile, found: str) -> str:
    return (
        f"{path.name}: wrong checksum, refused\n"
        f"    expected sha256 {file.sha256}\n    found    sha256 {found}\n"
        f"    in {path.parent}; remove it, and exercisebook data fetch brings the right one in"
    )


def _network_fault(error: requests.RequestException) -> str:
    if isinstance(error, requests.HTTPError):
        return f"the server answered {error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.Timeout):
        return f"no answer within {_TIMEOUT_S} seconds"
    if isinstance(error, requests.ConnectionError):
        return "no connection: is this machine on a network?"
    return f"the transfer broke off ({type(error).__name__}); run the command again to go on"


def _write_fault(error: OSError, path: Path, file: DataFile) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return (
            f"{path}: the disk is full; {file.bytes:,} bytes are needed. What came in is kept: "
            f"free some space, or name another folder in EXERCISEBOOK_DATA, and run it again"
        )
    # pooch words a PermissionError anew, and loses its number
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        return f"{path}: not writable; name a folder you may write to in EXERCISEBOOK_DATA"
    return f"{path}: could not be written ({error.strerror or error})"
