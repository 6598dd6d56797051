"""Reading R data files: data frames, and the slots of what Bioconductor holds.

What the objects mean is for the reader of each data set.
"""

import gc
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import rdata
from rdata.conversion import DEFAULT_CLASS_MAP
from rdata.parser import RObject, RObjectType
from scipy import sparse

# R classes that add nothing to a data frame or a number for us
_PLAIN = {
    name: lambda obj, attrs: obj
    for name in ("POSIXct", "POSIXt", "Date", "labelled", "hclust", "numeric_version",
                 "package_version")
}  # fmt: skip
# S4 classes of Bioconductor; each stays a namespace of its slots
_SLOTTED = {
    name: lambda obj, attrs: obj
    for name in (
        "AnnotatedDataFrame", "CompressedGRangesList", "DFrame", "DataFrame", "ExpressionSet",
        "GRanges", "IRanges", "MIAME", "PartitioningByEnd", "Rle", "Seqinfo", "SimpleAssays",
        "SimpleList", "SingleCellExperiment", "Versions", "dgCMatrix",
    )
}  # fmt: skip
_FRAMES = dict.fromkeys(
    ("tbl_df", "tbl", "spec_tbl_df", "data.table", "GwasInfo"), DEFAULT_CLASS_MAP["data.frame"]
)


def read_r_frame(path: Path, name: str | None = None) -> pd.DataFrame:
    """Return a data frame from an ``.rda`` or ``.RData`` file.

    Parameters
    ----------
    path : Path
        The file.
    name : str, optional
        The object's name in R; without it the file must hold one object.

    Raises
    ------
    KeyError
        If the file holds no object of that name.
    """
    objects = read_r_objects(path)
    if name is None:
        (name,) = objects
    frame = objects[name]
    frame.columns = [str(column) for column in frame.columns]
    return frame.reset_index(drop=True)


def read_r_objects(path: Path, names: Collection[str] | None = None) -> dict[str, Any]:
    """Return objects of an ``.rda`` or ``.RData`` file by their names in R.

    Data frames keep their row names; an S4 object is a namespace of its slots, a list a dict, a
    matrix with names an xarray ``DataArray``.

    Parameters
    ----------
    path : Path
        The file.
    names : collection of str, optional
        Of those wanted, as far as the file holds them; all without it.
    """
    classes = {**DEFAULT_CLASS_MAP, **_FRAMES, **_PLAIN, **_SLOTTED}
    with _without_collection():
        parsed = rdata.parser.parse_file(path)
        if names is not None:
            parsed.object = _only(parsed.object, names)
        if parsed.object.info.type is not RObjectType.LIST:
            return {}
        held = rdata.conversion.convert(parsed, constructor_dict=classes)
    return {str(name): one for name, one in held.items()}


def _only(objects: RObject, names: Collection[str]) -> RObject:
    """Return the list of a file's objects without those that are not wanted."""
    kept, place = [], objects
    while place.info.type is RObjectType.LIST:
        if place.tag is not None and _symbol(place.tag) in names:
            kept.append(place)
        place = place.value[1]
    for one in reversed(kept):
        one.value = (one.value[0], place)
        place = one
    return place


def _symbol(tag: RObject) -> str:
    """Return the name of an object; a symbol that stood before is a reference to it."""
    symbol = tag.referenced_object or tag
    return bytes(symbol.value.value).decode()


@contextmanager
def _without_collection() -> Iterator[None]:
    """Hold back the search for garbage: millions of parts are made here, and none of it is."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def slot(held: Any, *steps: str) -> Any:
    """Return what lies at the end of a way through slots and list entries.

    Raises
    ------
    KeyError
        If a step leads nowhere; the error names the way that far.
    """
    for place, step in enumerate(steps):
        entries = held if isinstance(held, dict) else getattr(held, "__dict__", {})
        if step not in entries:
            raise KeyError("/".join(steps[: place + 1]))
        held = entries[step]
    return held


def sparse_matrix(held: Any) -> tuple[sparse.csc_matrix, list[str], list[str]]:
    """Return an R ``dgCMatrix`` with the names of its rows and of its columns.

    Raises
    ------
    KeyError
        If a slot of the class is absent.
    """
    columns = tuple(slot(held, name) for name in ("x", "i", "p"))
    rows, cols = (list(map(str, names)) for names in slot(held, "Dimnames"))
    return sparse.csc_matrix(columns, shape=(len(rows), len(cols))), rows, cols
