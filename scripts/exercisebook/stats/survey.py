"""Regression in a complex survey: weights for the people, strata and clusters for the error."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from exercisebook.errors import Failure
from exercisebook.stats.power import detectable_from_se

Array = NDArray[np.float64]


@dataclass(frozen=True)
class SurveyFit:
    """Coefficients of a weighted regression with design-based standard errors.

    Attributes
    ----------
    estimate, se : Series
        By column of the design matrix.
    covariance : DataFrame
        Of the coefficients.
    df : int
        Primary sampling units minus strata, over the strata in which anyone was analysed: the
        convention of NCHS. ``svyglm`` of R also takes off the covariates.
    n_subjects : int
        People with a weight, an outcome and every covariate.
    """

    estimate: pd.Series
    se: pd.Series
    covariance: pd.DataFrame
    df: int
    n_subjects: int

    def effect(self, name: str, level: float = 0.95) -> dict[str, float]:
        """Return one coefficient in the columns of Effects."""
        estimate, se = float(self.estimate[name]), float(self.se[name])
        half = float(stats.t.ppf((1 + level) / 2, self.df)) * se
        return {
            "estimate": estimate,
            "se": se,
            "df": float(self.df),
            "statistic": estimate / se,
            "ci_low": estimate - half,
            "ci_high": estimate + half,
            "p_value": float(2 * stats.t.sf(abs(estimate / se), self.df)),
            "detectable": float(detectable_from_se([se], [self.df])[0]),
        }


def survey_regression(
    outcome: pd.Series,
    covariates: pd.DataFrame,
    weight: pd.Series,
    stratum: pd.Series,
    psu: pd.Series,
) -> SurveyFit:
    r"""Fit a linear model to a stratified cluster sample.

    .. math:: \hat\beta = (X'WX)^{-1} X'Wy, \qquad
              V = (X'WX)^{-1} \left[\sum_h \frac{n_h}{n_h - 1}
              \sum_c (z_{hc} - \bar z_h)(z_{hc} - \bar z_h)'\right] (X'WX)^{-1}

    with :math:`z_{hc}` the sum of :math:`w_i x_i e_i` over unit :math:`c` of stratum :math:`h`.

    Parameters
    ----------
    outcome : Series, shape (people,)
        Of everyone in the survey; NaN where it was not measured.
    covariates : DataFrame, shape (people, columns)
        Numbers, the constant included; NaN where unknown.
    weight, stratum, psu : Series, shape (people,)
        The design. Clusters are nested in strata.

    Returns
    -------
    SurveyFit

    Raises
    ------
    Failure
        If someone with a weight has no stratum or cluster, a stratum holds a single cluster, or
        the covariates determine one another.

    Notes
    -----
    People who drop out of the fit keep their cluster in the design: what is analysed is a
    domain, and its clusters are fixed by the survey, not by who answered.

    References
    ----------
    Binder (1983), Int Stat Rev 51, 279-292. Lumley (2004), J Stat Softw 9(8).
    """
    complete = (outcome.notna() & covariates.notna().all(axis=1) & (weight > 0)).to_numpy()
    _refuse_without_design(stratum, psu, weight > 0)
    y = np.where(complete, outcome.to_numpy(float), 0.0)
    x = np.where(complete[:, None], covariates.to_numpy(float), 0.0)
    w = np.where(complete, weight.to_numpy(float), 0.0)
    _refuse_collinear(x[complete], covariates.columns)
    bread = np.linalg.inv(x.T @ (w[:, None] * x))
    beta = bread @ (x.T @ (w * y))
    scores = (w * (y - x @ beta))[:, None] * x
    analysed = stratum.isin(set(stratum[complete])) & (weight > 0)
    meat, df = _between_clusters(scores, stratum, psu, analysed)
    covariance = bread @ meat @ bread
    names = covariates.columns
    return SurveyFit(
        estimate=pd.Series(beta, names),
        se=pd.Series(np.sqrt(np.diag(covariance)), names),
        covariance=pd.DataFrame(covariance, names, names),
        df=df,
        n_subjects=int(complete.sum()),
    )


def _refuse_without_design(stratum: pd.Series, psu: pd.Series, sampled: pd.Series) -> None:
    lost = (stratum.isna() | psu.isna()) & sampled
    if lost.any():
        raise Failure(
            f"{int(lost.sum())} people with a weight have no stratum or no cluster, the first is "
            f"{lost.index[lost][0]}; without the design there is no standard error"
        )


def _refuse_collinear(x: Array, names: pd.Index) -> None:
    # columns scaled to one length, so that a covariate in small units is not taken for nothing
    length = np.linalg.norm(x, axis=0)
    if (length == 0).any() or np.linalg.matrix_rank(x / length) < x.shape[1]:
        raise Failure(f"covariates determine one another: {', '.join(names)}")


def _between_clusters(
    scores: Array, stratum: pd.Series, psu: pd.Series, sampled: pd.Series
) -> tuple[Array, int]:
    design = [stratum[sampled].to_numpy(), psu[sampled].to_numpy()]
    totals = pd.DataFrame(scores[sampled.to_numpy()]).groupby(design).sum()
    meat = np.zeros((scores.shape[1], scores.shape[1]))
    for name, clusters in totals.groupby(level=0):
        n = len(clusters)
        if n < 2:
            raise Failure(f"stratum {name} holds a single cluster; join it to a neighbour")
        centred = clusters.to_numpy() - clusters.to_numpy().mean(axis=0)
        meat += n / (n - 1) * centred.T @ centred
    return meat, len(totals) - totals.index.get_level_values(0).nunique()
