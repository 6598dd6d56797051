"""From estimates to Effects: interval, p value, what could have been seen, what limits it."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special

from exercisebook.stats.linear import p_of_t
from exercisebook.stats.multiplicity import adjust_effects
from exercisebook.stats.power import detectable_from_se
from exercisebook.stats.schemas import as_effects

CONSTANT = "constant: all values alike"
"""Flag of a feature that does not vary; it is returned without a test."""

ALIKE = "all differences alike"
"""Flag of a feature whose differences do not vary; it is returned without a test."""

STILL = "no variation within persons"
"""Flag of a feature that a model with persons fits without a residual: it has no test."""

WITHOUT_REST = "no residual degrees of freedom"
"""Flag of a feature whose own missing values leave as many columns as values: it has no test."""

EMPTY = "no values"
"""Flag of a feature without any value that the contrast could use."""

UNTOLD = "not estimable from its values"
"""Flag of a feature whose own missing values leave the contrast without data."""


def t_effects(
    features: Sequence[str],
    estimate: ArrayLike,
    se: ArrayLike,
    df: ArrayLike,
    n_subjects: ArrayLike,
    n_observations: ArrayLike,
    scale: str,
    method: str,
    flag: Sequence[str] | pd.Series = (),
) -> pd.DataFrame:
    r"""Return the estimate columns of Effects for t statistics.

    .. math:: t = \hat\theta / se, \quad \hat\theta \pm t_{df, 0.975}\, se

    Parameters
    ----------
    features : sequence of str, length m
    estimate, se, df, n_subjects, n_observations : array_like, shape (m,) or ()
        ``estimate`` and ``se`` in the unit of the scale.
    scale : str
        One of ``schemas.SCALES``.
    method : str
    flag : sequence of str, optional
        By feature.

    Returns
    -------
    DataFrame
        feature, method and the columns ``schemas.ESTIMATE`` but q_value and unit; still without a
        key. Where ``se`` is not above zero there is no test.
    """
    m = len(features)
    b, s, d = (np.broadcast_to(np.asarray(a, float), (m,)) for a in (estimate, se, df))
    usable = np.isfinite(b) & (s > 0) & (d > 0)
    s, d = np.where(usable, s, np.nan), np.where(usable, d, np.nan)
    t = b / s
    half = special.stdtrit(d, 0.975) * s
    return pd.DataFrame(
        {
            "feature": list(features),
            "n_subjects": n_subjects,
            "n_observations": n_observations,
            "estimate": b,
            "effect_scale": scale,
            "se": s,
            "df": d,
            "statistic": t,
            "ci_low": b - half,
            "ci_high": b + half,
            "p_value": p_of_t(t, d),
            "detectable": detectable_from_se(s, d),
            "flag": list(flag) if len(flag) else "",
            "method": method,
        }
    )


def keyed(rows: pd.DataFrame, **key: object) -> pd.DataFrame:
    """Return Effects: rows with their key, q values, checked.

    Parameters
    ----------
    rows : DataFrame
        Estimate columns with feature and method; a ``q_value`` among them stays, for p values
        that are adjusted for all features already.
    **key
        dataset, modality, contrast, kind, and optionally stratum; ``canonical_id`` and ``unit``
        may be mappings from feature.
    """
    columns = {
        name: rows["feature"].map(value) if isinstance(value, dict | pd.Series) else value
        for name, value in key.items()
    }
    effects = adjust_effects(as_effects(rows.assign(**columns)))
    if "q_value" not in rows:
        return effects
    given = rows["q_value"].reset_index(drop=True)
    return effects.assign(q_value=given.where(given.notna(), effects["q_value"]))


def joined_flags(*columns: Iterable[str]) -> list[str]:
    """Return flags of several origins, row by row, separated by semicolons."""
    return ["; ".join(dict.fromkeys(filter(None, row))) for row in zip(*columns, strict=True)]
