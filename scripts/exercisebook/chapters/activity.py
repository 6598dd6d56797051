"""What goes with habitual activity in a survey, as more than one chapter asks it."""

from typing import Any

import pandas as pd

from exercisebook.stats.schemas import as_effects
from exercisebook.stats.survey import survey_regression


def activity_row(
    outcome: pd.Series, covariates: pd.DataFrame, people: pd.DataFrame, **told: str
) -> dict[str, Any]:
    """Return one effect of being active on an outcome, by survey regression.

    Parameters
    ----------
    outcome : Series
        One value a person; NaN where there is none.
    covariates : DataFrame
        Design matrix with a column ``active``.
    people : DataFrame
        survey_weight, stratum and psu of the same persons.
    **told : str
        feature, stratum, effect_scale and unit.
    """
    fit = survey_regression(
        outcome, covariates, people["survey_weight"], people["stratum"], people["psu"]
    )
    n = {"n_subjects": fit.n_subjects, "n_observations": fit.n_subjects}
    return {"canonical_id": told["feature"], **told, **n, **fit.effect("active")}


def activity_effects(rows: list[dict[str, Any]], modality: str) -> pd.DataFrame:
    """Return rows of ``activity_row`` as Effects of NHANES."""
    key = {
        "dataset": "nhanes",
        "modality": modality,
        "contrast": "active-inactive",
        "kind": "association",
        "method": "survey regression",
    }
    return as_effects(pd.DataFrame(rows).assign(**key))
