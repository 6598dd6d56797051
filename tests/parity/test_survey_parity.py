"""Regression in a survey against R's survey package; README.md says how R was asked."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exercisebook.stats.survey import SurveyFit, survey_regression

HERE = Path(__file__).parent
SAMPLE = pd.read_csv(HERE / "survey_sample.csv")
REFERENCE = pd.read_csv(HERE / "survey_reference.csv")
MODELS = {
    "everyone": (["active"], None),
    "adjusted": (["active", "age", "male"], None),
    "adults only": (["active", "age", "male"], "adult"),
    "an empty cluster": (["active", "age"], "older"),
    "one cycle": (["active", "assay"], None),
}


def fitted(model: str) -> SurveyFit:
    """Fit a model; people outside the domain have no outcome, but keep their cluster."""
    columns, domain = MODELS[model]
    inside = np.ones(len(SAMPLE), bool) if domain is None else SAMPLE[domain] == 1
    covariates = SAMPLE[columns].copy()
    covariates.insert(0, "(Intercept)", 1.0)
    return survey_regression(
        SAMPLE["outcome"].where(inside),
        covariates,
        SAMPLE["weight"],
        SAMPLE["stratum"],
        SAMPLE["psu"],
    )


def expected(model: str) -> pd.DataFrame:
    return REFERENCE[REFERENCE["model"] == model].set_index("term")


@pytest.mark.parametrize("model", MODELS)
def test_coefficients_are_those_of_svyglm(model):
    fit, r = fitted(model), expected(model)
    np.testing.assert_allclose(fit.estimate[r.index], r["estimate"], rtol=1e-10)


@pytest.mark.parametrize("model", MODELS)
def test_standard_errors_are_those_of_svyglm(model):
    fit, r = fitted(model), expected(model)
    np.testing.assert_allclose(fit.se[r.index], r["se"], rtol=1e-10)


@pytest.mark.parametrize("model", MODELS)
def test_as_many_people_are_analysed_as_in_svyglm(model):
    assert fitted(model).n_subjects == expected(model)["n"].iloc[0]


def test_the_whole_covariance_is_that_of_svyglm():
    r = pd.read_csv(HERE / "survey_covariance_reference.csv", index_col="term")
    ours = fitted("adjusted").covariance.loc[r.index, r.columns]
    np.testing.assert_allclose(ours, r, rtol=1e-9)


@pytest.mark.parametrize("model", ["everyone", "adjusted", "adults only", "one cycle"])
def test_degrees_of_freedom_are_clusters_minus_strata_as_in_degf(model):
    assert fitted(model).df == expected(model)["df_design"].iloc[0]


def test_a_variable_of_one_cycle_has_the_degrees_of_freedom_of_its_strata_alone():
    first_cycle = SAMPLE[SAMPLE["assay"].notna()]
    clusters = len(first_cycle.drop_duplicates(["stratum", "psu"]))
    assert fitted("one cycle").df == clusters - first_cycle["stratum"].nunique()


def test_a_cluster_without_anyone_of_the_domain_still_counts_unlike_in_degf():
    clusters = len(SAMPLE.drop_duplicates(["stratum", "psu"]))
    own = fitted("an empty cluster").df
    assert own == clusters - SAMPLE["stratum"].nunique()
    assert own == expected("an empty cluster")["df_design"].iloc[0] + 1


def test_covariates_do_not_cost_degrees_of_freedom_unlike_in_svyglm():
    r = expected("adjusted")
    assert fitted("adjusted").df == r["df_residual"].iloc[0] + len(r) - 1
