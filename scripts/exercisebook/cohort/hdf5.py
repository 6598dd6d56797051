"""Whether an HDF5 file can be read through.

libhdf5 can loop for ever in a damaged file, or end the process that reads it, and neither can be
caught. So another process reads the whole file first. What the file holds is asked elsewhere.
"""

import subprocess
import sys
from pathlib import Path

SIGNATURE = b"\x89HDF\r\n\x1a\n"

LEAST_SECONDS = 20.0
"""For a file of no size; starting Python and h5py on a busy machine is most of it."""

BYTES_A_SECOND = 2_000_000
"""Slower than any disk from which cells are read with patience."""

_READ_ALL = """
import sys
import h5py

def see(name, one):
    dict(one.attrs)
    if isinstance(one, h5py.Dataset) and one.shape:
        width = max(1, one.size // one.shape[0]) if one.shape[0] else 1
        step = max(1, 1_000_000 // width)
        for start in range(0, one.shape[0], step):
            one[start : start + step]
    elif isinstance(one, h5py.Dataset):
        one[()]

with h5py.File(sys.argv[1], "r") as file:
    see("/", file)
    file.visititems(see)
"""


def read_through(path: Path) -> None:
    """Read all of an HDF5 file in a process of its own; a file of another kind is left alone.

    Raises
    ------
    OSError
        If it cannot be opened, or what it holds cannot be read, or not in a time beyond any disk's.
    """
    with path.open("rb") as file:
        if file.read(len(SIGNATURE)) != SIGNATURE:
            return
    limit = LEAST_SECONDS + path.stat().st_size / BYTES_A_SECOND
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-c", _READ_ALL, str(path)],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=limit,
        )
    except subprocess.TimeoutExpired:
        raise OSError(f"damaged: reading it did not end within {limit:.0f} s") from None
    if done.returncode:
        told = done.stderr.strip().splitlines()
        raise OSError(f"damaged: {told[-1]}" if told else "damaged: reading it ended the reader")
