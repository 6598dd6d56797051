"""What red cells of twenty people say of an eccentric bout: enzymes, glutathione, damage."""

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from exercisebook.cohort.package import Cohort
from exercisebook.sources.erythrocyte_redox import BASELINE, BEFORE, CONTROL, ECCENTRIC
from exercisebook.stats.cohort_effects import cohort_effects

LATER, TEST, TEST_ALONE = "eccentric-48h", "eccentric-test", "control-test"
ENZYMES = (
    "glutathione_peroxidase",
    "superoxide_dismutase",
    "catalase",
    "glutathione_reductase",
    "g6pd_activity",
)
STATE = ("glutathione", "nadph", "vitamin_c", "vitamin_e")
DAMAGE = ("f2_isoprostanes", "protein_carbonyls", "haemolysis", "creatine_kinase")
SHOWN = (*ENZYMES, *STATE, *DAMAGE)
SAME, OTHER = "the draw that the change starts from", "the first draw of the other session"


def red_cells(cohort: Cohort, parameters: Any) -> pd.DataFrame:
    """Return Effects of the eccentric bout two days later, and of the test on top of each bout."""
    contrasts = [cohort.contrast(name) for name in (LATER, TEST, TEST_ALONE)]
    tables = [cohort_effects(cohort, m, contrasts) for m in ("enzyme", "clinical")]
    effects = pd.concat(tables, ignore_index=True)
    return effects[effects["feature"].isin(SHOWN)].reset_index(drop=True)


def _glutathione(cohort: Cohort) -> pd.DataFrame:
    long = cohort.long("clinical")
    own = long[long["feature"] == "glutathione"]
    return np.log2(own.pivot(index="subject", columns=["arm", "phase"], values="value"))


def gsh_halves(cohort: Cohort, parameters: Any) -> pd.DataFrame:
    """Return the two-day change of glutathione in people with less and with more of it at first.

    People are sorted by the draw that the change is counted from, or by the first draw of their
    other session, which shares no noise with it.
    """
    wide, rows = _glutathione(cohort), []
    for arm, other in ((CONTROL, ECCENTRIC), (ECCENTRIC, CONTROL)):
        change = wide[arm][BEFORE] - wide[arm][BASELINE]
        for by, key in ((SAME, wide[arm][BASELINE]), (OTHER, wide[other][BASELINE])):
            low = key.rank(method="first") <= len(key) // 2
            for half, own in (("less", change[low]), ("more", change[~low])):
                rows.append((arm, by, half, len(own), *_mean_with_interval(own)))
    columns = ["arm", "sorted_by", "half", "n_subjects", "estimate", "ci_low", "ci_high"]
    return pd.DataFrame(rows, columns=columns)


def gsh_repeats(cohort: Cohort, parameters: Any) -> pd.DataFrame:
    """Return how well first draws repeat, and how a change goes with the value it starts from."""
    wide = _glutathione(cohort)
    first = {arm: wide[arm][BASELINE] for arm in (CONTROL, ECCENTRIC)}
    pairs = {"first draws of both sessions": (first[CONTROL], first[ECCENTRIC])}
    for arm in (CONTROL, ECCENTRIC):
        later = wide[arm][BEFORE]
        pairs[f"first and later draw, {arm}"] = (first[arm], later)
        pairs[f"first draw and change, {arm}"] = (first[arm], later - first[arm])
    rows = [
        (what, len(a), stats.pearsonr(a, b).statistic, a.std(), b.std())
        for what, (a, b) in pairs.items()
    ]
    return pd.DataFrame(rows, columns=["what", "n_subjects", "r", "sd_first", "sd_second"])


def _mean_with_interval(values: pd.Series) -> tuple[float, float, float]:
    half = stats.t.ppf(0.975, len(values) - 1) * values.std() / np.sqrt(len(values))
    return float(values.mean()), float(values.mean() - half), float(values.mean() + half)
