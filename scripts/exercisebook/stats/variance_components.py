"""How much people differ, and how much one person differs from himself."""

import numpy as np
import pandas as pd
from scipy import stats

COLUMNS = [
    "feature",
    "n_subjects",
    "n_observations",
    "cv_within",
    "cv_within_low",
    "cv_within_high",
    "cv_between",
    "icc",
    "icc_low",
    "icc_high",
]


def variance_components(values: pd.DataFrame, level: float = 0.95) -> pd.DataFrame:
    r"""Return within- and between-person variation of repeated measurements, feature by feature.

    The model is one-way random effects on natural logarithms,
    :math:`\log y_{ij} = \mu + b_i + e_{ij}`, estimated by the analysis of variance:
    :math:`\hat\sigma_e^2 = MS_W`, :math:`\hat\sigma_b^2 = (MS_B - MS_W) / n_0`, with
    :math:`n_0 = (N - \sum n_i^2 / N) / (k - 1)` occasions a person where numbers are unequal.
    A log-scale variance becomes a coefficient of variation by
    :math:`CV = \sqrt{\exp(\sigma^2) - 1}`.

    Parameters
    ----------
    values : DataFrame
        subject, feature, value (above 0; others are left out): one row an occasion.
    level : float
        Of the intervals.

    Returns
    -------
    DataFrame
        feature, n_subjects, n_observations, cv_within (with what the assay adds), its interval,
        cv_between, icc and its interval. CVs are fractions. ``cv_between`` and ``icc`` are 0
        where the estimate of the variance between persons is negative. NaN where fewer than two
        persons have two occasions, or where no value differs from another.

    Notes
    -----
    The interval of the within-person CV is exact under normality; that of the ICC is exact for
    equal numbers and approximate otherwise.

    References
    ----------
    Searle, Casella and McCulloch (1992), Variance Components, chapter 3. McGraw and Wong (1996),
    Psychol Methods 1, 30-46, case 1. Fraser and Harris (1989), Crit Rev Clin Lab Sci 27, 409-437.
    """
    rows = [
        {"feature": feature, **_components(group[group["value"] > 0], level)}
        for feature, group in values.groupby("feature", sort=False)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _components(group: pd.DataFrame, level: float) -> dict[str, float]:
    log_value = np.log(group["value"].to_numpy(float))
    person = pd.factorize(group["subject"])[0]
    occasions = np.bincount(person)
    k, total = len(occasions), len(log_value)
    result: dict[str, float] = {"n_subjects": k, "n_observations": total}
    if (occasions > 1).sum() < 2 or np.ptp(log_value) == 0:
        return result
    df_between, df_within = k - 1, total - k
    means = np.bincount(person, log_value) / occasions
    ms_between = (occasions * (means - log_value.mean()) ** 2).sum() / df_between
    ms_within = ((log_value - means[person]) ** 2).sum() / df_within
    n0 = (total - (occasions**2).sum() / total) / df_between
    tail = (1 - level) / 2
    spread = df_within * ms_within / stats.chi2.ppf([1 - tail, tail], df_within)
    f = ms_between / ms_within if ms_within > 0 else np.inf
    f_low = f / stats.f.ppf(1 - tail, df_between, df_within)
    f_high = f * stats.f.ppf(1 - tail, df_within, df_between)
    return {
        **result,
        "cv_within": _cv(ms_within),
        "cv_within_low": _cv(spread[0]),
        "cv_within_high": _cv(spread[1]),
        "cv_between": _cv(max(0.0, (ms_between - ms_within) / n0)),
        "icc": max(0.0, _icc(f, n0)),
        "icc_low": max(0.0, _icc(f_low, n0)),
        "icc_high": max(0.0, _icc(f_high, n0)),
    }


def _cv(log_variance: float) -> float:
    return float(np.sqrt(np.expm1(log_variance)))


def _icc(f: float, occasions: float) -> float:
    return 1.0 if np.isinf(f) else float((f - 1) / (f - 1 + occasions))
