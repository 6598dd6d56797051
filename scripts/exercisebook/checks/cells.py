"""Single cells: whether the file holds raw counts of samples that the package knows.

The counts are read in parts and never all at once.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from exercisebook.checks.findings import Finding, finding
from exercisebook.cohort.hdf5 import read_through
from exercisebook.cohort.package import CELLS, Cohort
from exercisebook.errors import closest, listed

PART = 2_000_000
"""Counts looked at in one go."""


def cell_findings(path: Path, cohort: Cohort) -> list[Finding]:
    """Return what is wrong with ``cells.h5ad``; nothing where there is none."""
    if not path.exists():
        return []
    try:
        read_through(path)
        whose, wrong = _whose(path), _first_wrong_count(path)
    except Exception as error:  # a damaged file makes its readers raise whatever they met
        told = " ".join(str(error).split())[:120] or type(error).__name__
        return [finding("T151", CELLS, told, "an AnnData file")]
    if whose is None:
        return [finding("T153", CELLS, "no obs['sample_id']", "the sample of every cell")]
    found = _of_samples(whose, cohort)
    if wrong is not None:
        found.append(finding("T152", CELLS, f"{wrong:g} in X", "whole numbers, at least 0"))
    return found


def _whose(path: Path) -> pd.Series | None:
    import anndata

    backed = anndata.read_h5ad(path, backed="r")
    try:
        return backed.obs["sample_id"].astype(str) if "sample_id" in backed.obs else None
    finally:
        backed.file.close()


def _first_wrong_count(path: Path) -> float | None:
    """Return the first count that is no whole number or below 0, if there is one."""
    import h5py  # type: ignore[import-untyped]

    with h5py.File(path, "r") as file:
        stored: Any = file["layers/counts"] if "layers/counts" in file else file["X"]
        data = stored["data"] if isinstance(stored, h5py.Group) else stored
        step = max(1, PART // max(1, int(np.prod(data.shape[1:]))))
        for start in range(0, data.shape[0], step):
            part = np.asarray(data[start : start + step])
            wrong = part < 0
            if part.dtype.kind not in "iub":
                wrong |= ~np.isfinite(part) | (part != np.floor(part))
            if wrong.any():
                return float(part[wrong][0])
    return None


def _of_samples(whose: pd.Series, cohort: Cohort) -> list[Finding]:
    known = list(cohort.samples["sample_id"])
    found = [
        finding("T154", CELLS, repr(name), f"a sample_id of the package ({closest(name, known)})")
        for name in sorted(set(whose) - set(known))
    ]
    without = [name for name in known if name not in set(whose)]
    if without and len(without) < len(known):
        told = f"samples ({len(without)}): {listed(without)}"
        found.append(finding("T155", CELLS, told, "cells of every sample"))
    return found
