"""Frames of laboratory and genetic open data, which are no cohorts: which a data set gives.

What such a frame must be stands in ``frame_schemas``.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

from exercisebook.errors import Misuse, closest
from exercisebook.sources.catalogue import dataset
from exercisebook.sources.fetch import locate
from exercisebook.sources.gene_sets import read_gene_sets
from exercisebook.sources.kinase_selectivity import read_selectivity
from exercisebook.sources.mendelian import of_betaine, read_associations, read_bmi_chd
from exercisebook.sources.tbk1_chembl import collapse_recurated, read_potencies

Frames = dict[str, pd.DataFrame]


def _potencies(files: Mapping[str, Path]) -> Frames:
    curated = read_potencies(files)
    return {"potencies": curated, "measurements": collapse_recurated(curated)}


def _selectivity(files: Mapping[str, Path]) -> Frames:
    return {"selectivity": read_selectivity(files)}


def _gene_sets(files: Mapping[str, Path]) -> Frames:
    return {"gene_sets": read_gene_sets(files)}


def _mendelian(files: Mapping[str, Path]) -> Frames:
    # the file is slow to parse: it is read once for both
    associations = read_associations(files)
    return {
        "betaine": of_betaine(associations),
        "associations": associations,
        "bmi_chd": read_bmi_chd(files),
    }


FRAMES: dict[str, Callable[[Mapping[str, Path]], Frames]] = {
    "tbk1-chembl": _potencies,
    "kinase-selectivity": _selectivity,
    "gene-sets": _gene_sets,
    "mr": _mendelian,
}
"""From a data set's files to its frames by name."""


def open_frames(dataset_id: str) -> Frames | None:
    """Return the frames of a data set by name, or None where its bytes are not at hand.

    Raises
    ------
    Misuse
        If the data set gives no frames.
    Failure
        If its files are not what was described.
    """
    if dataset_id not in FRAMES:
        raise Misuse(f"no frames are read from {dataset_id!r}; {closest(dataset_id, FRAMES)}")
    files = locate(dataset(dataset_id))
    return None if files is None else FRAMES[dataset_id](files)
