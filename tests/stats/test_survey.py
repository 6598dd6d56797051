"""Regression in a survey: closed forms and refusals; R's survey package is asked in parity."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from exercisebook.errors import Failure
from exercisebook.stats.survey import SurveyFit, survey_regression


def people(seed: int = 1, strata: int = 4, clusters: int = 2, size: int = 9) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    n = strata * clusters * size
    table = pd.DataFrame(
        {
            "stratum": np.repeat(np.arange(strata), clusters * size),
            "psu": np.tile(np.repeat(np.arange(clusters), size), strata),
            "constant": 1.0,
            "active": (rng.random(n) < 0.5).astype(float),
            "age": rng.uniform(20, 80, n),
            "weight": rng.lognormal(8, 0.5, n),
        }
    )
    return table.assign(outcome=rng.normal(0, 1, n) + 0.02 * table["age"] - table["active"])


def fitted(table: pd.DataFrame, columns=("constant", "active", "age")) -> SurveyFit:
    return survey_regression(
        table["outcome"], table[list(columns)], table["weight"], table["stratum"], table["psu"]
    )


def test_coefficients_are_those_of_weighted_least_squares():
    table = people()
    columns = ["constant", "active", "age"]
    expected = sm.WLS(table["outcome"], table[columns], weights=table["weight"]).fit().params
    np.testing.assert_allclose(fitted(table).estimate, expected, rtol=1e-10)


def test_everyone_a_cluster_in_one_stratum_gives_whites_errors():
    table = people().assign(stratum=1, weight=1.0)
    table["psu"] = np.arange(len(table))
    n = len(table)
    columns = ["constant", "active", "age"]
    white = sm.OLS(table["outcome"], table[columns]).fit(cov_type="HC0")
    fit = fitted(table)
    np.testing.assert_allclose(fit.se, white.bse * np.sqrt(n / (n - 1)), rtol=1e-9)
    assert fit.df == n - 1


def test_clusters_in_one_stratum_give_the_cluster_errors_of_statsmodels():
    table = people(clusters=6).assign(stratum=1, weight=1.0)
    table["psu"] = np.repeat(np.arange(24), 9)
    columns = ["constant", "active", "age"]
    clustered = sm.OLS(table["outcome"], table[columns]).fit(
        cov_type="cluster", cov_kwds={"groups": table["psu"], "use_correction": False}
    )
    np.testing.assert_allclose(fitted(table).se, clustered.bse * np.sqrt(24 / 23), rtol=1e-9)


def test_a_mean_of_two_clusters_by_hand():
    # the mean is 4; cluster sums of residuals are -6 and 6; V = 2 (36 + 36) / 6^2
    table = pd.DataFrame(
        {"outcome": [1.0, 2, 3, 5, 6, 7], "psu": [1, 1, 1, 2, 2, 2], "stratum": 1, "weight": 1.0}
    ).assign(constant=1.0)
    fit = fitted(table, ["constant"])
    assert fit.estimate["constant"] == pytest.approx(4)
    assert fit.se["constant"] == pytest.approx(np.sqrt(2 * 72 / 36))
    assert fit.df == 1


def test_differences_between_strata_cost_no_precision():
    """Clusters agree within each stratum: only the strata differ, and these are fixed."""
    table = pd.DataFrame(
        {
            "outcome": [1.0, 3, 1, 3, 7, 9, 7, 9],
            "psu": [1, 1, 2, 2] * 2,
            "stratum": [1] * 4 + [2] * 4,
            "weight": 1.0,
            "constant": 1.0,
        }
    )
    assert fitted(table, ["constant"]).se["constant"] == pytest.approx(0, abs=1e-12)


@given(st.floats(1e-3, 1e3))
def test_the_size_of_the_population_does_not_matter(factor):
    table = people()
    here, there = fitted(table), fitted(table.assign(weight=table["weight"] * factor))
    np.testing.assert_allclose(here.estimate, there.estimate, rtol=1e-7)
    np.testing.assert_allclose(here.se, there.se, rtol=1e-7)


def test_the_order_of_people_does_not_matter():
    table = people()
    here, there = fitted(table), fitted(table.sample(frac=1, random_state=1))
    np.testing.assert_allclose(here.se, there.se, rtol=1e-9)


def test_people_without_outcome_covariate_or_weight_are_not_analysed():
    table = people()
    table.loc[0, "outcome"] = np.nan
    table.loc[1, "age"] = np.nan
    table.loc[2, "weight"] = 0.0
    table.loc[3, "weight"] = np.nan
    assert fitted(table).n_subjects == len(table) - 4


def test_someone_without_weight_changes_nothing_whatever_was_measured():
    table = people()
    stranger = table.iloc[[0]].assign(outcome=1e6, weight=0.0, psu=99)
    here, there = fitted(table), fitted(pd.concat([table, stranger], ignore_index=True))
    np.testing.assert_allclose(here.se, there.se)
    assert here.df == there.df


def test_a_cluster_in_which_nobody_answered_stays_in_the_design():
    """Its people sum to nothing, which is a fact about the domain and not a gap."""
    table = people(strata=2, clusters=3)
    silent = (table["stratum"] == 0) & (table["psu"] == 2)
    fit = fitted(table.assign(outcome=table["outcome"].where(~silent)))
    without = fitted(table[~silent])
    assert fit.df == 6 - 2
    np.testing.assert_allclose(fit.estimate, without.estimate)
    assert (fit.se != without.se).all()


def test_a_stratum_in_which_nobody_was_analysed_counts_for_nothing():
    table = people(strata=5)
    silent = table["stratum"] == 4
    fit = fitted(table.assign(outcome=table["outcome"].where(~silent)))
    alone = fitted(table[~silent])
    assert fit.df == alone.df == 4
    np.testing.assert_allclose(fit.se, alone.se)


def test_a_stratum_with_a_single_cluster_is_refused_by_name():
    table = people()
    table = table[~((table["stratum"] == 2) & (table["psu"] == 1))]
    with pytest.raises(Failure, match="stratum 2 holds a single cluster"):
        fitted(table)


def test_a_single_cluster_does_no_harm_where_nobody_of_its_stratum_is_analysed():
    table = people()
    lone = (table["stratum"] == 2) & (table["psu"] == 0)
    table = table[(table["stratum"] != 2) | lone]
    table["outcome"] = table["outcome"].where(~lone)
    assert fitted(table).df == 3


def test_covariates_that_determine_one_another_are_refused_by_name():
    table = people().assign(inactive=lambda t: 1 - t["active"])
    with pytest.raises(Failure, match="constant, active, inactive"):
        fitted(table, ["constant", "active", "inactive"])


def test_a_covariate_that_is_constant_among_the_analysed_is_refused():
    table = people()
    table["outcome"] = table["outcome"].where(table["active"] == 1)
    with pytest.raises(Failure, match="determine one another"):
        fitted(table, ["constant", "active"])


def test_an_effect_has_the_t_interval_and_p_value_of_its_degrees_of_freedom():
    fit = fitted(people())
    effect = fit.effect("active")
    t = stats.t(fit.df, loc=fit.estimate["active"], scale=fit.se["active"])
    assert (effect["ci_low"], effect["ci_high"]) == pytest.approx(t.interval(0.95))
    assert effect["p_value"] == pytest.approx(2 * min(t.cdf(0), t.sf(0)))
    assert effect["df"] == 4


def test_intervals_cover_the_truth_of_a_population_sampled_by_clusters():
    rng = np.random.default_rng(5)
    studies, strata, clusters, size, truth = 400, 15, 2, 6, 0.5
    stratum = np.repeat(np.arange(strata), clusters * size)
    psu = np.repeat(np.arange(strata * clusters), size)
    covered = 0
    for _ in range(studies):
        active = (rng.random(len(psu)) < 0.5).astype(float)
        response = truth + rng.normal(0, 0.5, strata * clusters)[psu]
        outcome = rng.normal(0, 0.7, strata * clusters)[psu] + response * active
        table = pd.DataFrame(
            {"outcome": outcome + rng.normal(size=len(psu)), "active": active, "constant": 1.0}
        ).assign(stratum=stratum, psu=psu, weight=rng.lognormal(0, 0.3, len(psu)))
        effect = fitted(table, ["constant", "active"]).effect("active")
        covered += effect["ci_low"] <= truth <= effect["ci_high"]
    assert 0.92 <= covered / studies <= 0.98


@pytest.mark.parametrize("part", ["stratum", "psu"])
def test_someone_with_a_weight_but_no_place_in_the_design_is_refused(part):
    table = people()
    table[part] = table[part].astype(float)
    table.loc[table.index[4], part] = np.nan
    with pytest.raises(Failure, match=f"1 people with a weight .* first is {table.index[4]}"):
        fitted(table)


def test_a_covariate_in_tiny_units_is_not_taken_for_nothing():
    table = people()
    usual, tiny = (
        fitted(table.assign(age=scale * np.arange(len(table))), ["constant", "active", "age"])
        for scale in (1, 1e-12)
    )
    np.testing.assert_allclose(tiny.estimate["active"], usual.estimate["active"], rtol=1e-6)
