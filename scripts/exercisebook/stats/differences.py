"""One number a person and feature: the within-person difference.

Everything paired starts here. A difference has its scale (log2 of a ratio, or plain), and a
contrast against a reference arm becomes a difference of differences.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exercisebook.stats.assay import ABSENT, BELOW, MISSING, OK, Assay, assay_from_long
from exercisebook.stats.effects import joined_flags
from exercisebook.stats.schemas import MOSTLY_MISSING, NONDETECT

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
    """Return each person's difference for a contrast, from a long table.

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
        See ``assay_differences``.

    Raises
    ------
    Failure
        If a person has two rows for one arm, phase and feature.
    """
    cells = pd.MultiIndex.from_frame(cells_of(contrast)[["arm", "phase"]])
    compared = pd.MultiIndex.from_frame(long[["arm", "phase"]]).isin(cells)
    own = long.loc[compared].drop(columns="sample_id", errors="ignore")
    found = assay_differences(assay_from_long(own, scale), contrast)
    features = list(dict.fromkeys(long["feature"]))
    return Differences(
        found.values.reindex(columns=features),
        found.n_observations.reindex(features, fill_value=0),
        scale,
        found.flag.reindex(features, fill_value=""),
    )


def assay_differences(assay: Assay, contrast: pd.Series) -> Differences:
    r"""Return each person's difference for a contrast.

    Within one arm it is :math:`y_{phase} - y_{reference}`. Against another arm it is
    :math:`(y_{phase} - y_{reference})_{arm} - (y_{phase} - y_{reference})_{reference\,arm}`
    within the same person, so that what both arms share, such as the hour of the day, cancels.

    Parameters
    ----------
    assay : Assay
        One sample a person, arm and phase.
    contrast : Series
        phase, reference_phase, arm, reference_arm.

    Returns
    -------
    Differences
        Persons without any difference are left out.

    Notes
    -----
    A value of 0 has no logarithm, and a fraction of 0 or 1 no logit: there it counts as missing,
    and the feature is flagged with how many there were.
    """
    cells = cells_of(contrast)
    persons = pd.unique(assay.samples["subject"])
    values = assay.values.to_numpy(float)
    total = np.zeros((len(persons), values.shape[1]))
    for cell in cells.itertuples(index=False):
        total += cell.sign * _rows_of_cell(assay, values, persons, cell.arm, cell.phase)
    frame = pd.DataFrame(total, index=pd.Index(persons, name="subject"),
                         columns=assay.values.columns).dropna(how="all")  # fmt: skip
    flags = pd.Series(_flags(assay, cells), assay.values.columns, dtype=object)
    return Differences(frame, frame.notna().sum() * len(cells), assay.scale, flags)


def _rows_of_cell(
    assay: Assay, values: NDArray[np.float64], persons: NDArray[np.object_], arm: str, phase: str
) -> NDArray[np.float64]:
    """Return the values of one arm and phase, a row a person; NaN for who has none."""
    here = ((assay.samples["arm"] == arm) & (assay.samples["phase"] == phase)).to_numpy()
    place = pd.Index(assay.samples.loc[here, "subject"]).get_indexer(persons)
    out = np.full((len(persons), values.shape[1]), np.nan)
    out[place >= 0] = values[here][place[place >= 0]]
    return out


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


def within_one_arm(contrast: pd.Series, arm: str) -> pd.Series:
    """Return a contrast as the change of one arm alone."""
    changed = contrast.copy()
    changed["arm"] = changed["reference_arm"] = arm
    return changed


def limits_of(assay: Assay, contrast: pd.Series) -> list[str]:
    """Return by feature what limits the reading of a contrast, or an empty text."""
    return _flags(assay, cells_of(contrast))


def _flags(assay: Assay, cells: pd.DataFrame) -> list[str]:
    m = assay.values.shape[1]
    hidden, lost, outside = np.zeros(m), np.zeros(m), np.zeros(m, int)
    undefined = np.isnan(assay.values.to_numpy(float))
    for cell in cells.itertuples(index=False):
        here = (
            (assay.samples["arm"] == cell.arm) & (assay.samples["phase"] == cell.phase)
        ).to_numpy()
        status = assay.status[here]
        usable = (status == OK) | (status == BELOW)
        hidden = np.fmax(hidden, _share(status == BELOW, usable))
        lost = np.fmax(lost, _share(status == MISSING, status != ABSENT))
        outside += (usable & undefined[here]).sum(axis=0)
    left_out = _LEFT_OUT.get(assay.scale, "")
    return joined_flags(
        np.where(hidden > 0.5, NONDETECT, ""),
        np.where(lost > 0.5, MOSTLY_MISSING, ""),
        [left_out.format(count) if count else "" for count in outside],
    )


def _share(hit: NDArray[np.bool_], of: NDArray[np.bool_]) -> NDArray[np.float64]:
    count = of.sum(axis=0)
    return np.where(count > 0, hit.sum(axis=0) / np.maximum(count, 1), 0.0)
