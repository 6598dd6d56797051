"""Where the checkout keeps things.

Only places are named here; nothing is read or written.
"""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"
DATA = ROOT / "data"
REFERENCE = DATA / "reference"
RESULTS = DATA / "results"
ENGINE = DATA / "engine"
BUILD = ROOT / "_build"


def notebook_file(slug: str, folder: Path = NOTEBOOKS) -> Path:
    """Return where a notebook lies: ``01_...`` in the folder, ``A1_...`` in its appendix."""
    return folder / ("" if slug[0].isdigit() else "appendix") / f"{slug}.md"


def data_cache() -> Path:
    """Return the folder that holds original open data as ``<dataset>/<file>``.

    ``EXERCISEBOOK_DATA`` names it; without that variable it is the user's cache folder.
    """
    named = os.environ.get("EXERCISEBOOK_DATA")
    if named:
        return Path(named).expanduser().resolve()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "exercisebook" / "data"
