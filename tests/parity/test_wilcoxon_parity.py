"""The Hodges-Lehmann shift against R's wilcox.test; README.md says how R was asked."""

from pathlib import Path

import pandas as pd
import pytest

from exercisebook.stats.hodges_lehmann import hodges_lehmann

HERE = Path(__file__).parent
VECTORS = pd.read_csv(HERE / "wilcoxon_vectors.csv").groupby("vector")["value"]
REFERENCE = pd.read_csv(HERE / "wilcoxon_reference.csv", index_col="vector")


@pytest.mark.parametrize("vector", REFERENCE.index)
@pytest.mark.parametrize("what", ["estimate", "ci_low", "ci_high", "p_value"])
def test_shift_interval_and_p_value_are_those_of_wilcox_test(vector, what):
    shift = hodges_lehmann(VECTORS.get_group(vector).to_numpy())
    assert getattr(shift, what) == pytest.approx(REFERENCE.loc[vector, what], rel=1e-10, abs=1e-12)
