"""How often something was found at all: the first table where values lie below detection."""

import pandas as pd


def detection_frequency(long: pd.DataFrame) -> pd.DataFrame:
    """Return how many samples were assayed and in how many a feature was found.

    Parameters
    ----------
    long : DataFrame
        feature, arm, phase, status.

    Returns
    -------
    DataFrame
        feature, arm, phase, n (assayed: missing and excluded values do not count), n_detected.
    """
    assayed = long[long["status"].isin(["ok", "below_detection"])]
    found = assayed.assign(found=assayed["status"].eq("ok"))
    table = found.groupby(["feature", "arm", "phase"], sort=False)["found"].agg(["size", "sum"])
    return table.reset_index().rename(columns={"size": "n", "sum": "n_detected"})
