"""One modality of a cohort as a matrix: samples by features, on the scale of its contrasts.

Everything that compares starts here. What a value was (measured, below detection, missing,
excluded) stays beside it, so that a comparison can say what it rests on.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exercisebook.errors import Failure, Misuse

USABLE = ("ok", "below_detection")

ABSENT, OK, BELOW, MISSING, EXCLUDED = range(5)
"""Codes of what a value is; absent has no row at all."""

_CODES = {"ok": OK, "below_detection": BELOW, "missing": MISSING, "excluded": EXCLUDED}

_NAMED = 10
"""Replicates that a message names; of the others it tells the number."""

COUNTS = "counts"
"""Scale of an assay of raw counts: methods for counts make a log ratio of it themselves."""


@dataclass(frozen=True)
class Assay:
    """Samples by features.

    Attributes
    ----------
    values : DataFrame, shape (n, m)
        On ``scale``; NaN where there is no usable value.
    samples : DataFrame, n rows, the index of ``values``
        subject, arm, phase, and whatever covariates there are.
    status : ndarray of int8, shape (n, m)
        What each value is.
    scale : str
        ``log2_ratio``, ``difference``, ``logit`` or ``counts``.
    """

    values: pd.DataFrame
    samples: pd.DataFrame
    status: NDArray[np.int8]
    scale: str

    def of(self, chosen: NDArray[np.bool_]) -> "Assay":
        """Return the chosen samples alone."""
        return replace(
            self,
            values=self.values[chosen],
            samples=self.samples[chosen],
            status=self.status[chosen],
        )


def on_scale(values: pd.DataFrame, scale: str) -> pd.DataFrame:
    """Return values on the scale of a contrast; NaN where that is not defined.

    Parameters
    ----------
    values : DataFrame
        As measured.
    scale : {"log2_ratio", "difference", "logit", "counts"}
        Logarithms to base 2 of what is above zero, values as they are, or logits of fractions
        between 0 and 1.
    """
    if scale == "logit":
        inside = values.where((values > 0) & (values < 1))
        return np.log(inside / (1 - inside))
    if scale == "log2_ratio":
        above = values.to_numpy(float)
        logs = np.log2(above, where=above > 0, out=np.full(above.shape, np.nan))
        return pd.DataFrame(logs, index=values.index, columns=values.columns)
    return values


def assay_from_long(long: pd.DataFrame, scale: str) -> Assay:
    """Return a long table as a matrix.

    Parameters
    ----------
    long : DataFrame
        subject, arm, phase, feature, value, status: one row a person, arm, phase and feature;
        with ``sample_id`` its samples may be replicates of one person, arm and phase.
    scale : str
        See ``on_scale``.

    Returns
    -------
    Assay
        Samples in order of appearance, by ``sample_id`` where there is one.

    Raises
    ------
    Failure
        If two values are given for one place of the matrix.
    """
    own = ["subject", "arm", "phase"]
    key = ["sample_id"] if "sample_id" in long else own
    sample, first = _places(long, key)
    feature, features = pd.factorize(long["feature"])
    kind, kinds = pd.factorize(long["status"])
    code = np.array([_CODES[name] for name in kinds], np.int8)[kind]
    usable = np.isin(kinds, USABLE)[kind]
    shape = (len(first), len(features))
    place = sample * shape[1] + feature
    used = np.flatnonzero(usable)
    taken = place[used]
    often = np.bincount(taken)
    if often.max(initial=0) > 1:
        row = used[often[taken] > 1][0]
        twin = long[["subject", "feature", "arm", "phase"]].iloc[row].to_dict()
        raise Failure(f"two values for {twin}; average replicates before a contrast")
    status = np.zeros(shape[0] * shape[1], np.int8)
    values = np.full(shape[0] * shape[1], np.nan)
    # what can be used is written last, and so wins over a missing or excluded twin
    rest = np.flatnonzero(~usable)
    status[place[rest]] = code[rest]
    status[taken] = code[used]
    values[taken] = long["value"].to_numpy(float)[used]
    samples = long.iloc[first].drop(columns=["feature", "value", "status"])
    index = pd.Index(samples["sample_id"]) if key == ["sample_id"] else pd.RangeIndex(len(first))
    frame = pd.DataFrame(values.reshape(shape), index=index, columns=list(features))
    return Assay(on_scale(frame, scale), samples.set_axis(index), status.reshape(shape), scale)


def _places(long: pd.DataFrame, key: list[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return which sample a row is of, by appearance, and the first row of each sample."""
    if len(key) == 1:
        sample = pd.factorize(long[key[0]])[0]
    else:
        sample = long.groupby(key, sort=False).ngroup().to_numpy()
    # numbered by appearance: a number above all before it is a sample's first
    first = np.flatnonzero(np.diff(np.maximum.accumulate(sample), prepend=-1))
    return sample, first


def assay_from_matrix(values: pd.DataFrame, samples: pd.DataFrame, scale: str) -> Assay:
    """Return a matrix that is already on its scale as an assay.

    Parameters
    ----------
    values : DataFrame, shape (n, m)
        NaN where there is no value.
    samples : DataFrame
        subject, arm, phase; the same index.
    scale : str
        What the values are: ``log2_ratio`` for logarithms to base 2.
    """
    status = np.where(values.notna().to_numpy(), OK, MISSING).astype(np.int8)
    return Assay(values, samples, status, scale)


def without_replicates(assay: Assay, rule: str = "refuse") -> Assay:
    """Return the assay with one sample a person, arm and phase.

    Parameters
    ----------
    assay : Assay
    rule : {"refuse", "average", "sum"}
        Replicates are refused, averaged on the assay's scale over what is there, or summed
        (counts).

    Raises
    ------
    Misuse
        If there are replicates and the rule is to refuse them, the first of which are named; or
        if values other than counts would be summed.
    """
    own = ["subject", "arm", "phase"]
    twice = assay.samples.duplicated(own, keep=False)
    if not twice.any():
        return assay
    if rule == "sum" and assay.scale != COUNTS:
        raise Misuse("only counts of replicates can be summed; average these")
    if rule == "refuse":
        groups = assay.samples[twice].groupby(own, sort=False)
        named = [
            f"{', '.join(map(str, key))} ({', '.join(map(str, rows.index))})"
            for key, rows in groups
        ]
        more = f"; and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
        raise Misuse(
            "more than one sample for a subject, arm and phase: "
            + "; ".join(named[:_NAMED])
            + more
            + ". Say --replicates average (or sum, for counts), or leave samples out"
        )
    group = assay.samples.groupby(own, sort=False).ngroup().to_numpy()
    first = ~assay.samples.duplicated(own).to_numpy()
    grouped = assay.values.groupby(group, sort=False)
    joined = grouped.mean() if rule == "average" else grouped.sum(min_count=1)
    values = joined.set_axis(assay.samples.index[first])
    # a mean of one measured and one undetected value is no longer either: it is a value
    measured, below, other = (
        pd.DataFrame(table).groupby(group, sort=False).max().to_numpy()
        for table in (assay.status == OK, assay.status == BELOW, assay.status)
    )
    status = np.select([measured, below], [OK, BELOW], other).astype(np.int8)
    return Assay(values, _common_samples(assay.samples, group, first), status, assay.scale)


def _common_samples(
    samples: pd.DataFrame, group: NDArray[np.int64], first: NDArray[np.bool_]
) -> pd.DataFrame:
    """Return one row a group: means of numbers, the first of everything else."""
    out = samples[first].copy()
    for name in samples.select_dtypes("number"):
        out[name] = samples[name].groupby(group, sort=False).mean().to_numpy()
    return out
