"""How an analysis of simulated data fares against the truth; never a verdict on a claim."""

import numpy as np
import pandas as pd

FOUND = "found"
MISSED = "missed"
FALSE_ALARM = "false alarm"
RIGHTLY_QUIET = "rightly quiet"

OUTCOMES = (FOUND, MISSED, FALSE_ALARM, RIGHTLY_QUIET)


def against_truth(
    effects: pd.DataFrame, truth: pd.DataFrame, scale: str, fdr: float = 0.05
) -> pd.DataFrame:
    """Return the effects of a simulated cohort with the true effect and the outcome.

    Parameters
    ----------
    effects : DataFrame
        Effects on the log2 scale.
    truth : DataFrame
        feature, contrast, log2_content, log2_concentration.
    scale : {"log2_content", "log2_concentration"}
        Which truth: of amounts in the vessels, or of what a tube shows.
    fdr : float
        Largest q value of what counts as seen.

    Returns
    -------
    DataFrame
        ``effects`` with ``truth`` and ``outcome``: found, missed, false alarm (also where the
        sign is wrong), or rightly quiet.
    """
    joined = effects.merge(
        truth[["feature", "contrast", scale]], on=["feature", "contrast"], validate="one_to_one"
    ).rename(columns={scale: "truth"})
    seen = (joined["q_value"] <= fdr).to_numpy()
    real = (joined["truth"] != 0).to_numpy()
    right = np.sign(joined["estimate"]) == np.sign(joined["truth"])
    outcome = np.select(
        [seen & real & right, seen, real], [FOUND, FALSE_ALARM, MISSED], RIGHTLY_QUIET
    )
    return joined.assign(outcome=outcome)
