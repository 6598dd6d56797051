"""Numbers that others published, each computed again by this project's engines.

``golden_numbers.csv`` holds what was printed and how far rounding lets an answer differ; each of
its rows has one test here. The data are short published tables, retyped. Left out, because the
data are too long to retype:

- What If, chapters 12 and 13 (crude difference 2.5, inverse-probability weighting 3.4 with 2.4 to
  4.5, g-formula 3.5): 1,629 persons of the NHEFS;
- Dehejia and Wahba (1999) (experimental 1,794.34; against CPS-1 controls -8,498): the NSW and CPS
  files;
- estimate 0.097 and error 0.023 of Cinelli and Hazlett (2020), table 1: 1,276 persons of the
  Darfur survey. They are what the other rows of that table start from.
"""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exercisebook.stats.closure import spurious_correlation
from exercisebook.stats.crossover import crossover
from exercisebook.stats.differences import Differences
from exercisebook.stats.mendelian_randomisation import (
    cochran_q,
    inverse_variance_weighted,
    mr_egger,
    variants,
)
from exercisebook.stats.multiplicity import benjamini_hochberg
from exercisebook.stats.paired import paired_effects
from exercisebook.stats.sign_flip import sign_blocks, sign_flip_test
from exercisebook.stats.unmeasured_confounding import (
    bounding_factor,
    e_value,
    e_value_of_limit,
    partial_r2,
    risk_ratio,
    robustness_value,
)

from .test_mendelian_randomisation import CHD, CHD_SE, LDL, LDL_SE
from .test_multiplicity import PAPER

TABLE = Path(__file__).with_name("golden_numbers.csv")

with TABLE.open(encoding="utf-8", newline="") as lines:
    ROWS = list(csv.DictReader(lines))

PUBLISHED = {
    (row["id"], row["what"]): (float(row["published"]), float(row["tolerance"])) for row in ROWS
}
TESTED: list[tuple[str, str]] = []


def golden(row: str, what: str) -> Callable[[Callable[[], object]], Callable[[], None]]:
    """Return a decorator that tests a computation against its row of the table."""

    def decorate(compute: Callable[[], object]) -> Callable[[], None]:
        published, tolerance = PUBLISHED[row, what]
        TESTED.append((row, what))

        def test() -> None:
            # rounding in the last place of a float is no disagreement
            assert float(compute()) == pytest.approx(published, abs=tolerance + 1e-12)

        test.__name__ = test.__qualname__ = compute.__name__
        return test

    return decorate


# E-values and bounds: Hammond and Horn (1958), J Am Med Assoc 166, 1159-1172, lung cancer among
# smokers and others, as tabled by Ding (2024): 397 cases and 78,557 without, 51 and 108,778

SMOKERS, OTHERS = (397, 397 + 78_557), (51, 51 + 108_778)


@golden("E1", "E-value RR 3.9")
def test_e1_e_value_of_a_risk_ratio_of_3_9():
    return e_value(3.9)


@golden("E1", "E-value CI lo 1.8")
def test_e1_e_value_of_its_lower_limit_of_1_8():
    # the upper limit has no part in it
    return e_value_of_limit(3.9, 1.8, np.inf)


@golden("E1", "smoking 10.73")
def test_e1_e_value_of_smoking():
    return e_value(10.73)


@golden("E1", "smoking CI 8.02")
def test_e1_e_value_of_the_lower_limit_of_smoking():
    return e_value_of_limit(10.73, 8.02, 14.36)


@golden("E2", "Hammond-Horn RR from 2x2")
def test_e2_risk_ratio_of_smoking():
    return risk_ratio(*SMOKERS, *OTHERS)[0]


@golden("E2", "CI lo")
def test_e2_lower_limit_of_the_risk_ratio_of_smoking():
    return risk_ratio(*SMOKERS, *OTHERS)[1]


@golden("E2", "CI hi")
def test_e2_upper_limit_of_the_risk_ratio_of_smoking():
    return risk_ratio(*SMOKERS, *OTHERS)[2]


@golden("E3", "Bounding factor RR_EU=RR_UD=10.73")
def test_e3_bounding_factor_of_a_confounder_as_strong_as_smoking():
    return bounding_factor(10.73, 10.73)


@golden("E3", "corrected est")
def test_e3_what_that_confounder_leaves_of_the_risk_ratio_of_smoking():
    return 10.73 / bounding_factor(10.73, 10.73)


# multiplicity: fifteen p values of a trial of thrombolysis


@golden("M1", "BH rejections q=.05")
def test_m1_rejections_of_benjamini_and_hochberg():
    return (benjamini_hochberg(PAPER) <= 0.05).sum()


@golden("M1", "Bonferroni rejections")
def test_m1_rejections_of_bonferroni():
    return (PAPER * len(PAPER) <= 0.05).sum()


# permutation: Darwin's maize, crossed less self-fertilised, in eighths of an inch, as given by
# Fisher (1935), The Design of Experiments, chapter 3

MAIZE = np.array([49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48], float)


def maize_by_t() -> pd.Series:
    values = pd.DataFrame({"height": MAIZE})
    pairs = Differences(values, values.count() * 2, "difference", pd.Series({"height": ""}))
    key = {"dataset": "maize", "modality": "clinical", "contrast": "crossed-selfed"}
    return paired_effects(pairs, **key, kind="group", unit="inch / 8").iloc[0]


@golden("P1", "sum of differences")
def test_p1_sum_of_the_differences_of_darwins_maize():
    return maize_by_t()["estimate"] * len(MAIZE)


@golden("P1", "#|sum|>=314")
def test_p1_sign_assignments_as_extreme_either_way():
    found = sign_flip_test(MAIZE[:, None])
    assert found.exact
    assert found.assignments == 2**15
    return found.p_value[0] * found.assignments


@golden("P1", "one-sided count")
def test_p1_sign_assignments_as_extreme_upwards():
    half = np.vstack(list(sign_blocks(15, 2**14, True, None, 1)))
    return (np.vstack([half, -half]) @ MAIZE >= MAIZE.sum()).sum()


@golden("P1", "paired t")
def test_p1_students_t_of_darwins_maize():
    return maize_by_t()["statistic"]


@golden("P1", "p(t)")
def test_p1_p_value_of_students_t():
    return maize_by_t()["p_value"]


# crossover: peak expiratory flow (L/min) of thirteen children under formoterol and salbutamol, as
# tabled by Senn (2002), Cross-over Trials in Clinical Research, chapter 3

FORMOTEROL_FIRST = [
    (310, 270), (310, 260), (370, 300), (410, 390), (250, 210), (380, 350), (330, 365),
]  # fmt: skip
SALBUTAMOL_FIRST = [(385, 370), (400, 310), (410, 380), (320, 290), (340, 260), (220, 90)]
"""Formoterol, salbutamol: in this order in either table, whichever came first."""


@golden("X1", "CROS estimate")
def test_x1_formoterol_less_salbutamol_by_sequence():
    formoterol, salbutamol = np.array(FORMOTEROL_FIRST + SALBUTAMOL_FIRST, float).T
    return crossover(formoterol, salbutamol, np.arange(13) < 7).by_sequence.estimate


# Mendelian randomisation: LDL cholesterol and coronary heart disease, 28 variants of Waterworth
# et al. (2010), retyped beside the tests of the engine

LIPIDS = variants(LDL, LDL_SE, CHD, CHD_SE)


@golden("MR", "IVW")
def test_mr_inverse_variance_weighted_estimate():
    return inverse_variance_weighted(LIPIDS).estimate


@golden("MR", "IVW se")
def test_mr_inverse_variance_weighted_error():
    return inverse_variance_weighted(LIPIDS).se


@golden("MR", "Q")
def test_mr_cochrans_q():
    return cochran_q(LIPIDS, inverse_variance_weighted(LIPIDS).estimate).q


@golden("MR", "RSE")
def test_mr_residual_standard_error():
    return cochran_q(LIPIDS, inverse_variance_weighted(LIPIDS).estimate).residual_sd


@golden("MR", "Egger")
def test_mr_egger_slope():
    return mr_egger(LIPIDS)[0].estimate


@golden("MR", "Egger se")
def test_mr_egger_slope_error():
    return mr_egger(LIPIDS)[0].se


@golden("MR", "Egger int")
def test_mr_egger_intercept():
    return mr_egger(LIPIDS)[1].estimate


@golden("MR", "Egger int se")
def test_mr_egger_intercept_error():
    return mr_egger(LIPIDS)[1].se


# closure: from the covariances of a Dirichlet; a simulation is among the engine's own tests


@golden("C1", "closure corr D=3")
def test_c1_correlation_of_three_shares():
    return spurious_correlation([2.0] * 3)[0, 1]


@golden("C1", "closure corr D=4")
def test_c1_correlation_of_four_shares():
    return spurious_correlation([2.0] * 4)[0, 1]


@golden("C1", "closure corr D=10")
def test_c1_correlation_of_ten_shares():
    return spurious_correlation([2.0] * 10)[0, 1]


# sensitivity: harm and attitudes to peace in Darfur. The table's 0.097 and 0.023 are too short to
# give its t; these are the same numbers as the authors' software documents them

DARFUR_T, DARFUR_DF = 0.09731582 / 0.02325654, 783


@golden("S1", "t")
def test_s1_estimate_over_error():
    return DARFUR_T


@golden("S1", "partial R2 %")
def test_s1_partial_share_of_variance():
    return 100 * partial_r2(DARFUR_T, DARFUR_DF)


@golden("S1", "RV q=1 %")
def test_s1_robustness_value():
    return 100 * robustness_value(DARFUR_T, DARFUR_DF)


@golden("S1", "RV q=1,a=.05 %")
def test_s1_robustness_value_with_a_level():
    return 100 * robustness_value(DARFUR_T, DARFUR_DF, alpha=0.05)


# the table itself


def test_every_row_has_one_test_and_every_test_one_row():
    assert len(ROWS) == len(PUBLISHED)
    assert sorted(TESTED) == sorted(PUBLISHED)


def test_every_row_says_where_its_number_was_published():
    assert all(row["source"].strip() for row in ROWS)


def test_each_golden_number_is_collected_under_a_name_of_its_own():
    named = [name for name in globals() if name.startswith("test_")]
    own = {name for name in named if name.split("_")[1].upper() in {row["id"] for row in ROWS}}
    assert len(own) == len(TESTED)


def test_a_number_beyond_its_tolerance_would_fail():
    published, tolerance = PUBLISHED["X1", "CROS estimate"]
    TESTED.append(("X1", "CROS estimate"))
    try:
        check = golden("X1", "CROS estimate")(lambda: published + 2 * tolerance)
    finally:
        del TESTED[-2:]
    with pytest.raises(AssertionError):
        check()
