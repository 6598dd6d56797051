"""Paired contrasts, feature by feature: the mean within-person difference, and rank shifts.

One person is one unit. The shift of Hodges and Lehmann stands beside the mean as a second
opinion that no single person can drag along.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exercisebook.stats.differences import Differences
from exercisebook.stats.effects import ALIKE, EMPTY, joined_flags, keyed
from exercisebook.stats.hodges_lehmann import Shift, hodges_lehmann
from exercisebook.stats.models import MINIMUM_PERSONS, TOO_FEW, t_of_differences
from exercisebook.stats.sign_flip import sign_flip_test


def paired_effects(differences: Differences, **key: object) -> pd.DataFrame:
    r"""Return the paired t of every feature.

    .. math:: t = \bar d \big/ (s_d / \sqrt n), \qquad n - 1 \text{ degrees of freedom}

    Parameters
    ----------
    differences : Differences
        One number a person and feature.
    **key
        See ``effects.keyed``.

    Returns
    -------
    DataFrame
        Effects with method ``paired t``. A feature with fewer than three persons, or whose
        differences are all alike, has no interval and says so in its flag.

    References
    ----------
    Student (1908), Biometrika 6, 1-25.
    """
    ones = np.ones((len(differences.values), 1))
    return keyed(t_of_differences(differences, ones, np.ones(1)), **key)


def hodges_lehmann_rows(differences: Differences) -> pd.DataFrame:
    """Return the Hodges-Lehmann shift of every feature with its exact interval.

    Parameters
    ----------
    differences : Differences
        One number a person and feature.

    Returns
    -------
    DataFrame
        Estimate columns with method ``Hodges-Lehmann``; se, df and detectable are NaN. The interval
        and the p value (signed ranks) are exact only if differences are symmetric about their
        centre and without ties; below six persons the interval covers less than 95 %, and the
        flag says how much.

    Raises
    ------
    ValueError
        If a feature has more than 50 persons.
    """
    rows = []
    for feature, column in differences.values.items():
        shift = hodges_lehmann(column.dropna().to_numpy())
        rows.append(
            {
                "feature": feature,
                "n_subjects": column.notna().sum(),
                "estimate": shift.estimate,
                "ci_low": shift.ci_low,
                "ci_high": shift.ci_high,
                "p_value": shift.p_value,
                "flag": _coverage_flag(shift),
            }
        )
    table = pd.DataFrame(rows)
    table["p_value"] = table["p_value"].where(~_unmoved(differences))
    return table.assign(
        flag=joined_flags(differences.flag, table["flag"], _alike(differences)),
        n_observations=differences.n_observations.to_numpy(),
        effect_scale=differences.scale,
        method="Hodges-Lehmann",
    )


def sign_flip_rows(differences: Differences, rng: np.random.Generator) -> pd.DataFrame:
    """Return every feature's mean difference with the p value of flipping persons' signs.

    Parameters
    ----------
    differences : Differences
        One number a person and feature.
    rng : Generator
        Draws assignments above 20 persons; up to there all are counted.

    Returns
    -------
    DataFrame
        Estimate columns, two rows a feature: method ``sign flip`` with the p value of the feature
        alone, and ``sign flip, max-T`` with one that is adjusted for all features together, which
        is its q value too: who errs once in twenty families errs no oftener a finding. The
        statistic is the paired t; there is no standard error and no interval. A feature with fewer
        than three persons, or that nobody changed in, is flagged and not tested.

    References
    ----------
    See ``sign_flip_test``.
    """
    values = differences.values.to_numpy(float)
    count = np.isfinite(values).sum(axis=0)
    mean = np.nansum(values, axis=0) / np.where(count > 0, count, np.nan)
    untested = (count < MINIMUM_PERSONS) | _unmoved(differences)
    test = sign_flip_test(np.where(untested, np.nan, values), rng)
    few = np.select([count == 0, count < MINIMUM_PERSONS], [EMPTY, TOO_FEW], "")
    rows = pd.DataFrame(
        {
            "feature": list(differences.values.columns),
            "n_subjects": count,
            "n_observations": differences.n_observations.to_numpy(),
            "estimate": mean,
            "effect_scale": differences.scale,
            "statistic": test.statistic,
            "flag": joined_flags(differences.flag, few, _alike(differences)),
        }
    )
    return pd.concat(
        [
            rows.assign(method="sign flip", p_value=test.p_value),
            rows.assign(method="sign flip, max-T", p_value=test.p_max, q_value=test.p_max),
        ],
        ignore_index=True,
    )


def _unmoved(differences: Differences) -> NDArray[np.bool_]:
    """Return which features did not change in anybody: there is nothing to test."""
    d = differences.values
    return (d.notna().any() & (d.abs().max() == 0)).to_numpy()


def _alike(differences: Differences) -> list[str]:
    """Return a flag where several persons have one and the same difference."""
    d = differences.values
    # equal but for rounding counts as equal
    alike = (d.notna().sum() > 1) & (d.max() - d.min() <= 1e-9 * d.abs().max())
    return [ALIKE if flagged else "" for flagged in alike]


def _coverage_flag(shift: Shift) -> str:
    if np.isnan(shift.estimate):
        return "no differences"
    return "" if shift.coverage >= 0.95 else f"interval covers {100 * shift.coverage:.1f} %"
