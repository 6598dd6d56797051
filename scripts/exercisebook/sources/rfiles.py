"""Reading R data files as pandas frames."""

from pathlib import Path

import pandas as pd
import rdata
from rdata.conversion import DEFAULT_CLASS_MAP

# R classes that add nothing to a data frame or a number for us
_PLAIN = {name: lambda obj, attrs: obj for name in ("POSIXct", "POSIXt", "Date", "labelled")}
_FRAMES = dict.fromkeys(("tbl_df", "tbl", "spec_tbl_df"), DEFAULT_CLASS_MAP["data.frame"])


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
    objects = rdata.read_rda(path, constructor_dict={**DEFAULT_CLASS_MAP, **_FRAMES, **_PLAIN})
    if name is None:
        (name,) = objects
    frame = objects[name]
    frame.columns = [str(column) for column in frame.columns]
    return frame.reset_index(drop=True)
