"""The mean of censored differences against R's survreg; README.md says how R was asked."""

from pathlib import Path

import pandas as pd
import pytest

from exercisebook.stats.bounds import tobit_mean

HERE = Path(__file__).parent
CASES = pd.read_csv(HERE / "censored_differences.csv").groupby("case")[["low", "high"]]
REFERENCE = pd.read_csv(HERE / "tobit_reference.csv", index_col="case")


@pytest.mark.parametrize("case", REFERENCE.index)
def test_estimate_and_standard_error_are_those_of_survreg(case):
    fit, r = tobit_mean(CASES.get_group(case)), REFERENCE.loc[case]
    assert fit.estimate == pytest.approx(r["estimate"], rel=1e-6)
    assert fit.se == pytest.approx(r["se"], rel=1e-4)
