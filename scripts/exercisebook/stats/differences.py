"""From a long table to one number a person and feature: the within-person difference.

Everything paired starts here. A difference has its scale (log2 of a ratio, or plain), and a
contrast against a reference arm becomes a difference of differences.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from exercisebook.errors import Failure
from exercisebook.stats.schemas import MOSTLY_MISSING, NONDETECT

USABLE = ("ok", "below_detection")

_LEFT_OUT = {
    "log2_ratio": "left out as not above zero: {}",
    "logit": "left out as not between 0 and 1: {}",
}


@dataclass(frozen=True)
class Differences:
    """Within-person differences of one contrast.

    Attributes
    ----------
    values : DataFrame, shape (persons, features)
        NaN where a value that the difference needs is missing.
    n_observations : Series
        Values used, by feature.
    scale : str
        ``log2_ratio``, ``difference`` or ``logit``.
    flag : Series of str
        By feature: what limits the reading, or empty.
    """

    values: pd.DataFrame
    n_observations: pd.Series
    scale: str
    flag: pd.Series


def within_person(long: pd.DataFrame, contrast: pd.Series, scale: str) -> Differences:
    r"""Return each person's difference for a contrast.

    Within one arm it is :math:`y_{phase} - y_{reference}`. Against another arm it is
    :math:`(y_{phase} - y_{reference})_{arm} - (y_{phase} - y_{reference})_{reference\,arm}`
    within the same person, so that what both arms share, such as the hour of the day, cancels.

    Parameters
    ----------
    long : DataFrame
        subject, arm, phase, feature, value, status: one row a person, arm, phase and feature.
    contrast : Series
        phase, reference_phase, arm, reference_arm.
    scale : {"log2_ratio", "difference", "logit"}
        What is subtracted: logarithms to base 2, values, or logits of fractions.

    Returns
    -------
    Differences
        Persons without any difference are left out.

    Raises
    ------
    Failure
        If a person has two rows for one arm, phase and feature.

    Notes
    -----
    A value of 0 has no logarithm, and a fraction of 0 or 1 no logit: there it counts as missing,
    and the feature is flagged with how many there were.
    """
    cells = cells_of(contrast)
    used = long[long["status"].isin(USABLE)].merge(cells, on=["arm", "phase"])
    keys = ["subject", "feature", "arm", "phase"]
    if used.duplicated(keys).any():
        row = used.loc[used.duplicated(keys), keys].iloc[0].to_dict()
        raise Failure(f"two values for {row}; average replicates before a contrast")
    transformed = _transform(used["value"], scale)
    signed = used.assign(signed=transformed * used["sign"])
    wide = signed.pivot_table(
        index="subject", columns=["feature", "cell"], values="signed", dropna=False, sort=False
    )
    features = list(dict.fromkeys(long["feature"]))
    values = pd.DataFrame(
        {f: _sum_of_cells(wide, f, len(cells)) for f in features}, index=wide.index
    ).dropna(how="all")
    return Differences(
        values,
        values.notna().sum() * len(cells),
        scale,
        _flags(long, cells, scale).reindex(features, fill_value=""),
    )


def cells_of(contrast: pd.Series) -> pd.DataFrame:
    """Return the arm-by-phase cells of a contrast with the sign each enters with."""
    rows = [
        (contrast["arm"], contrast["phase"], 1),
        (contrast["arm"], contrast["reference_phase"], -1),
    ]
    if contrast["arm"] != contrast["reference_arm"]:
        rows += [
            (contrast["reference_arm"], contrast["phase"], -1),
            (contrast["reference_arm"], contrast["reference_phase"], 1),
        ]
    return pd.DataFrame(rows, columns=["arm", "phase", "sign"]).assign(
        cell=[f"c{i}" for i in range(len(rows))]
    )


def _transform(value: pd.Series, scale: str) -> pd.Series:
    if scale == "difference":
        return value
    if scale == "logit":
        inside = value.where((value > 0) & (value < 1))
        return np.log(inside / (1 - inside))
    return np.log2(value.where(value > 0))


def _sum_of_cells(wide: pd.DataFrame, feature: str, cells: int) -> pd.Series:
    if feature not in wide.columns.get_level_values("feature"):
        return pd.Series(np.nan, index=wide.index)
    # a sum that is missing as soon as one of its cells is
    return wide[feature].sum(axis=1, min_count=cells)


def _flags(long: pd.DataFrame, cells: pd.DataFrame, scale: str) -> pd.Series:
    """Return by feature what limits the reading of a contrast, or an empty text."""
    compared = long.merge(cells, on=["arm", "phase"])
    said = [
        _worst_share(compared[compared["status"].isin(USABLE)], "below_detection")
        .gt(0.5)
        .map({True: NONDETECT, False: ""}),
        _worst_share(compared, "missing").gt(0.5).map({True: MOSTLY_MISSING, False: ""}),
    ]
    if scale != "difference":
        outside = compared["status"].isin(USABLE) & _transform(compared["value"], scale).isna()
        dropped = outside.groupby(compared["feature"]).sum()
        said.append(dropped.map(lambda count: _LEFT_OUT[scale].format(count) if count else ""))
    table = pd.concat(said, axis=1).fillna("")
    rows = ["; ".join(filter(None, row)) for row in table.itertuples(index=False)]
    return pd.Series(rows, table.index, dtype=object)


def _worst_share(compared: pd.DataFrame, status: str) -> pd.Series:
    """Return by feature the largest share of ``status`` in any compared cell."""
    hit = compared["status"].eq(status)
    share = hit.groupby([compared["feature"], compared["cell"]]).mean()
    return share.groupby("feature").max()
