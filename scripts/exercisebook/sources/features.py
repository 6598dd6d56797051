"""The book's own names for what is measured: canonical ids, labels, units, members of a group."""

from functools import cache
from pathlib import Path

import pandas as pd

from exercisebook.errors import Misuse, closest
from exercisebook.paths import DATA


@cache
def feature_table(path: Path = DATA / "features.csv") -> pd.DataFrame:
    """Return the table of canonical features, indexed by canonical_id."""
    return pd.read_csv(path, dtype=str, keep_default_na=False).set_index(
        "canonical_id", verify_integrity=True
    )


def label(canonical_id: str) -> str:
    """Return what a page calls a feature."""
    table = feature_table()
    if canonical_id not in table.index:
        raise Misuse(f"no feature {canonical_id!r}; {closest(canonical_id, table.index)}")
    return str(table.at[canonical_id, "label"])


def members(canonical_id: str) -> list[str]:
    """Return the features that a canonical id stands for: those of a group, or itself."""
    table = feature_table()
    group = list(table.index[table["member_of"] == canonical_id])
    return group or [canonical_id]
