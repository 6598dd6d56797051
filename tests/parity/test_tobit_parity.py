"""A censored mean difference against R's survreg; README.md says how R was asked."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exercisebook.stats.tobit import tobit_difference

HERE = Path(__file__).parent
VALUES = pd.read_csv(HERE / "censored_values.csv")
REFERENCE = pd.read_csv(HERE / "tobit_reference.csv", index_col="case")


@pytest.mark.parametrize(("case", "reference_arm"), [("two cells", "bout"), ("four cells", "rest")])
def test_estimate_and_standard_error_are_those_of_survreg(case, reference_arm):
    own = VALUES[VALUES["case"] == case]
    long = own.assign(
        feature="il6",
        value=2 ** own["log2_value"],
        status=own["seen"].map({1: "ok", 0: "below_detection"}),
    )
    contrast = {"phase": "after", "reference_phase": "before", "arm": "bout"}
    contrast = pd.Series({**contrast, "reference_arm": reference_arm})
    fit, r = tobit_difference(long, contrast, "il6"), REFERENCE.loc[case]
    n = r["n"]
    assert (fit.n_subjects, fit.n_hidden) == (n, (own["seen"] == 0).sum())
    assert fit.n_hidden > 0
    assert fit.estimate == pytest.approx(r["estimate"], rel=1e-6)
    assert fit.se == pytest.approx(r["se"] * np.sqrt(n / (n - 1)), rel=1e-6)
