"""What statsmodels makes of the same features: the real library, asked one feature at a time."""

import warnings
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from statsmodels.formula.api import mixedlm

from exercisebook.chapters.a1.studies import mixed_fit, p_of_t, p_of_z, study_of
from exercisebook.simulate.repeated import PHASES

FITTED = 10
"""Features that are fitted twice."""

RANKS = (0.03, 0.6)
"""Between which shares of all features they are taken, the strongest being first."""


@cache
def both_ways(parameters: Any) -> pd.DataFrame:
    """Return ten features of the first study, fitted by this book and by statsmodels.

    They are taken from strong to weak, at even steps of the logarithm of their rank.

    Returns
    -------
    DataFrame
        feature; change, se and p_z of both (statsmodels' with the ending ``_library``); t, df and
        p_t of Kenward and Roger; df_library (of statsmodels' own t); warned (did it warn?).
    """
    study = study_of(parameters, 0)
    ours = mixed_fit(study, "b", "kenward-roger")
    strongest = np.argsort(-np.abs(ours.estimate / ours.se))
    ranks = len(strongest) * np.geomspace(*RANKS, FITTED)
    rows = []
    for feature in strongest[np.round(ranks).astype(int) - 1]:
        own = pd.DataFrame(
            {
                "person": study.persons,
                "phase": [PHASES[code] for code in study.phases],
                "value": study.values[:, feature],
            }
        )
        with warnings.catch_warnings(record=True) as told:
            fit = mixedlm("value ~ phase", own, groups="person").fit()
        t = ours.estimate[feature] / ours.se[feature]
        rows.append(
            {
                "feature": feature,
                "change": ours.estimate[feature],
                "se": ours.se[feature],
                "p_z": p_of_z(t),
                "t": t,
                "df": ours.df[feature],
                "p_t": p_of_t(t, ours.df[feature]),
                "change_library": fit.params["phase[T.b]"],
                "se_library": fit.bse["phase[T.b]"],
                "p_z_library": fit.pvalues["phase[T.b]"],
                "df_library": fit.df_resid,
                "warned": bool(told),
            }
        )
    return pd.DataFrame(rows)


def largest_difference(both: pd.DataFrame) -> float:
    """Return the largest relative difference between the two libraries."""
    names = ["change", "se", "p_z"]
    apart = [(both[f"{name}_library"] / both[name] - 1).abs().max() for name in names]
    return float(max(apart))
