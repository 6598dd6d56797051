"""Paired contrasts: the mean within-person difference and its Student t, feature by feature.

One person is one unit. The shift of Hodges and Lehmann stands beside the mean as a second
opinion that no single person can drag along.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from exercisebook.stats.differences import Differences
from exercisebook.stats.hodges_lehmann import Shift, hodges_lehmann
from exercisebook.stats.multiplicity import adjust_effects
from exercisebook.stats.power import detectable_from_se
from exercisebook.stats.schemas import as_effects

MINIMUM_PERSONS = 3
"""Below this a difference has no interval worth printing; the effect is returned and flagged."""


def paired_effects(differences: Differences, **key: object) -> pd.DataFrame:
    r"""Return the paired t of every feature.

    .. math:: t = \bar d \big/ (s_d / \sqrt n), \qquad n - 1 \text{ degrees of freedom}

    Parameters
    ----------
    differences : Differences
        One number a person and feature.
    **key
        dataset, modality, contrast, kind, and optionally stratum; ``canonical_id`` and ``unit``
        may be mappings from feature.

    Returns
    -------
    DataFrame
        Effects with method ``paired t``. A feature with fewer than three persons, or whose
        differences are all alike, has no interval and says so in its flag.

    References
    ----------
    Student (1908), Biometrika 6, 1-25.
    """
    values = differences.values.to_numpy(float)
    n = np.isfinite(values).sum(axis=0)
    enough = n >= MINIMUM_PERSONS
    mean = _nan_mean(values)
    se = np.where(enough, _nan_sd(values) / np.sqrt(np.maximum(n, 1)), np.nan)
    df = np.where(enough, n - 1.0, np.nan)
    # differences that are alike leave rounding behind, one part in 10^16
    alike = enough & (se <= 1e-12 * np.abs(mean))
    se = np.where(alike, np.nan, se)
    statistic = mean / se
    half = stats.t.ppf(0.975, df) * se
    table = pd.DataFrame(
        {
            "feature": differences.values.columns,
            "n_subjects": n,
            "n_observations": differences.n_observations.to_numpy(),
            "estimate": mean,
            "effect_scale": differences.scale,
            "se": se,
            "df": df,
            "statistic": statistic,
            "ci_low": mean - half,
            "ci_high": mean + half,
            "p_value": 2 * stats.t.sf(np.abs(statistic), df),
            "detectable": detectable_from_se(se, df),
            "flag": _flags(differences.flag, enough, alike),
            "method": "paired t",
        }
    )
    return adjust_effects(as_effects(with_key(table, key)))


def hodges_lehmann_effects(differences: Differences, **key: object) -> pd.DataFrame:
    """Return the Hodges-Lehmann shift of every feature with its exact interval.

    Parameters
    ----------
    differences : Differences
        One number a person and feature.
    **key
        As for ``paired_effects``.

    Returns
    -------
    DataFrame
        Effects with method ``Hodges-Lehmann``; se, df and detectable are NaN. The interval and
        the p value (signed ranks) are exact only if differences are symmetric about their
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
                "flag": _with_flag(differences.flag[feature], _coverage_flag(shift)),
            }
        )
    table = pd.DataFrame(rows).assign(
        n_observations=differences.n_observations.to_numpy(),
        effect_scale=differences.scale,
        method="Hodges-Lehmann",
    )
    return adjust_effects(as_effects(with_key(table, key)))


def with_key(table: pd.DataFrame, key: dict[str, object]) -> pd.DataFrame:
    """Return ``table`` with key columns added; a mapping is looked up by feature."""
    columns = {
        name: table["feature"].map(value) if isinstance(value, dict | pd.Series) else value
        for name, value in key.items()
    }
    return table.assign(**columns)


def _nan_mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    n = np.isfinite(values).sum(axis=0)
    return np.where(n > 0, np.nansum(values, axis=0) / np.maximum(n, 1), np.nan)


def _nan_sd(values: NDArray[np.float64]) -> NDArray[np.float64]:
    n = np.isfinite(values).sum(axis=0)
    squares = np.nansum((values - _nan_mean(values)) ** 2, axis=0)
    return np.where(n > 1, np.sqrt(squares / np.maximum(n - 1, 1)), np.nan)


def _flags(given: pd.Series, enough: NDArray[np.bool_], alike: NDArray[np.bool_]) -> list[str]:
    own = np.select(
        [~enough, alike],
        [f"fewer than {MINIMUM_PERSONS} persons", "all differences alike"],
        "",
    )
    return [_with_flag(*pair) for pair in zip(given, own, strict=True)]


def _with_flag(given: str, own: str) -> str:
    return "; ".join(filter(None, (given, own)))


def _coverage_flag(shift: Shift) -> str:
    if np.isnan(shift.estimate):
        return "no differences"
    return "" if shift.coverage >= 0.95 else f"interval covers {100 * shift.coverage:.1f} %"
