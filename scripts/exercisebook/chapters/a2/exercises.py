"""What the exercises of appendix A2 need, and what checks their answers."""

import numpy as np

from exercisebook.figures.tables import number, percent

DISPERSION, MEAN = 0.2, 1.0
WITHIN, BETWEEN = 0.3, 0.4


def zeros(mean: float, dispersion: float) -> float:
    r"""Return the share of zeros of a negative binomial, :math:`(1 + \phi\mu)^{-1/\phi}`.

    Without dispersion it is Poisson's, :math:`e^{-\mu}`.
    """
    if dispersion <= 0:
        return float(np.exp(-mean))
    return float((1 + dispersion * mean) ** (-1 / dispersion))


def log_variance(cv: float) -> float:
    r"""Return the variance of the logarithm, :math:`\log(1 + CV^2)`."""
    return float(np.log1p(cv**2))


def check_zeros(answer: float) -> str:
    """Check the exercise: zeros beyond Poisson's at a mean of one and a dispersion of one fifth."""
    ours, poisson = zeros(MEAN, DISPERSION), zeros(MEAN, 0)
    if np.isclose(answer, ours - poisson, rtol=0.03):
        return (
            f"Right: {percent(ours)} of the cells are zero where Poisson has {percent(poisson)}: "
            "at this mean most zeros are no sign of anything."
        )
    if np.isclose(answer, ours, rtol=0.03):
        return "Those are all zeros: how many would Poisson have had?"
    if np.isclose(answer, poisson, rtol=0.03):
        return "Those are Poisson's: how many more does the dispersion make?"
    return "Not yet: take a2.zeros with the dispersion, less a2.zeros without."


def check_icc(answer: float) -> str:
    """Check the exercise: the ICC of variations of 30 % within and 40 % between people."""
    within, between = log_variance(WITHIN), log_variance(BETWEEN)
    icc = between / (between + within)
    if not 0 <= answer <= 1:
        return "An intraclass correlation is a share, between 0 and 1."
    if np.isclose(answer, icc, atol=0.006):
        return (
            f"Right: {number(icc)}. Squares count, so that people who differ by a third more than "
            "their days carry nearly twice the variance."
        )
    if np.isclose(answer, BETWEEN / (BETWEEN + WITHIN), atol=0.006):
        return "Variances add up, standard deviations do not: square first."
    return "Not yet: the variance between people over the sum of both variances."
