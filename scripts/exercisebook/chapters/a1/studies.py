"""Simulated studies with known truth, and what each test makes of them: one frame a question.

Every function takes the page's parameters and computes its frame once.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special, stats

from exercisebook.simulate.repeated import PERSONS, PHASES, RepeatedMeasures, repeated_measures
from exercisebook.stats.linear import linear_fit, p_of_t
from exercisebook.stats.mixed import MixedEstimates, mixed_contrast
from exercisebook.stats.moderation import moderated_p
from exercisebook.stats.multiplicity import benjamini_hochberg

Floats = NDArray[np.float64]

Z = "mixed model, z"
RESIDUAL = f"mixed model, t with {(PERSONS - 1) * len(PHASES)} df"
SATTERTHWAITE = "mixed model, Satterthwaite"
KENWARD_ROGER = "mixed model, Kenward-Roger"
BLOCKED = "blocks, moderated"
PAIRED = "paired differences, moderated"
METHODS = (Z, RESIDUAL, SATTERTHWAITE, KENWARD_ROGER, BLOCKED, PAIRED)

EVEN, UNEVEN, OTHER = "even response", "the uneven phase", "the other phase"
SETTINGS = {
    EVEN: ("independent", "b"),
    UNEVEN: ("uneven response", "b"),
    OTHER: ("uneven response", "c"),
}
"""Each a scenario of the simulation, and the phase that is held against phase a."""

MEASURES = ("false_positives", "fdr", "power", "false_found", "true_found")

LEVEL = 0.05
"""Of a single test, where false positives are counted."""

SIZES = (6, 8, 10, 13, 20, 30, 50, 100)
"""Numbers of people that are tried."""

WITHIN_95 = float(special.ndtri(0.975))


def study_of(parameters: Any, number: int, scenario: str = SETTINGS[EVEN][0]) -> RepeatedMeasures:
    """Return one simulated study; each has a generator of its own."""
    rng = np.random.default_rng([parameters.seed, *scenario.encode(), number])
    return repeated_measures(rng, scenario, parameters.features)


def mixed_fit(study: RepeatedMeasures, phase: str, degrees: str) -> MixedEstimates:
    """Return the mixed model's contrast of a phase with phase a, all features at once."""
    return mixed_contrast(study.values, study.cells, study.persons, study.contrast(phase), degrees)


def p_values(study: RepeatedMeasures, phase: str) -> dict[str, Floats]:
    """Return the p values of ``METHODS`` for a phase against phase a."""
    plain = mixed_fit(study, phase, "satterthwaite")
    corrected = mixed_fit(study, phase, "kenward-roger")
    t = plain.estimate / plain.se
    differences = study.differences(phase)
    found = (
        p_of_z(t),
        p_of_t(t, len(study.values) - len(PHASES)),
        p_of_t(t, plain.df),
        p_of_t(corrected.estimate / corrected.se, corrected.df),
        moderated_p(linear_fit(study.values, study.cells, study.persons), study.contrast(phase)),
        moderated_p(linear_fit(differences, np.ones((len(differences), 1))), np.ones(1)),
    )
    return dict(zip(METHODS, found, strict=True))


def p_of_z(t: Any) -> Any:
    """Return two-sided tail areas of the normal curve."""
    return 2 * special.ndtr(-np.abs(t))


def measured(p: Floats, changed: NDArray[np.bool_], fdr: float) -> tuple[float, ...]:
    """Return ``MEASURES`` of one study: what was found by q values up to ``fdr``.

    The share of false findings is 0 where nothing was found, as Benjamini and Hochberg have it.
    """
    found = benjamini_hochberg(p) <= fdr
    false, true = int((found & ~changed).sum()), int((found & changed).sum())
    positives = float((p[~changed] <= LEVEL).mean())
    return positives, false / max(false + true, 1), true / max(changed.sum(), 1), false, true


@cache
def rates(parameters: Any) -> pd.DataFrame:
    """Return how each method fares with 13 people, over many studies.

    Returns
    -------
    DataFrame
        setting, method, measure, estimate (mean over studies), error (its Monte-Carlo standard
        error), low, high (95 % Monte-Carlo interval).
    """
    found: dict[str, list[Any]] = {setting: [] for setting in SETTINGS}
    for number in range(parameters.studies):
        scenarios = {scenario for scenario, _ in SETTINGS.values()}
        studies = {scenario: study_of(parameters, number, scenario) for scenario in scenarios}
        for setting, (scenario, phase) in SETTINGS.items():
            p, changed = p_values(studies[scenario], phase), studies[scenario].changed
            found[setting].append([measured(p[m], changed, parameters.fdr) for m in METHODS])
    return _summarised(found, METHODS, "setting")


@cache
def by_people(parameters: Any) -> pd.DataFrame:
    """Return how z and Kenward-Roger fare with more and fewer people; as ``rates``, by people.

    Features are those of the simulated studies. Of the values of any number of people a balanced
    mixed model uses three numbers a feature, whose laws are known, so these alone are drawn.
    """
    found: dict[int, list[Any]] = {people: [] for people in SIZES}
    for number in range(parameters.studies):
        study = study_of(parameters, number)
        for people in SIZES:
            rng = np.random.default_rng([parameters.seed, number, people])
            t = t_of_squares(*three_numbers(rng, study, people), people)
            p = p_of_z(t), p_of_t(t, degrees_within(people))
            found[people].append([measured(q, study.changed, parameters.fdr) for q in p])
    return _summarised(found, (Z, KENWARD_ROGER), "people")


def degrees_within(people: int) -> int:
    """Return the degrees of freedom of the mean square within people."""
    return (people - 1) * (len(PHASES) - 1)


def three_numbers(
    rng: np.random.Generator, study: RepeatedMeasures, people: int
) -> tuple[Floats, Floats, Floats]:
    r"""Draw all that a mixed model needs of a feature: a change and two mean squares.

    With even responses and normal errors the change of phase b is normal about the true one with
    variance :math:`2 \sigma^2 / n`; the mean squares within and between people are
    :math:`\sigma^2` and :math:`\sigma^2 (1 + 3 \tau^2)` times a chi-square over its degrees of
    freedom; and the three are independent.

    Parameters
    ----------
    rng : Generator
    study : RepeatedMeasures
        Its truth is used, its values are not.
    people : int
        How many.

    Returns
    -------
    change, within, between : ndarray, shape (m,)

    References
    ----------
    Searle, Casella and McCulloch (1992), Variance Components, section 3.6.
    """
    m, df = len(study.variance), degrees_within(people)
    change = rng.normal(study.effects[1], np.sqrt(2 * study.variance / people))
    within = study.variance * rng.chisquare(df, m) / df
    expected = study.variance * (1 + len(PHASES) * study.person_sd**2)
    return change, within, expected * rng.chisquare(people - 1, m) / (people - 1)


def t_of_squares(change: Floats, within: Floats, between: Floats, people: int) -> Floats:
    """Return change over standard error; the squares are pooled where people differ too little."""
    df = degrees_within(people)
    pooled = (df * within + (people - 1) * between) / (df + people - 1)
    variance = np.where(between <= within, pooled, within)
    return change / np.sqrt(2 * variance / people)


@cache
def degrees(parameters: Any) -> pd.DataFrame:
    """Return what becomes of degrees of freedom where people are estimated not to differ.

    Returns
    -------
    DataFrame
        at_zero (is the variance between people estimated as zero?), method, df (median), features
        (their mean share), estimate (share of the unchanged among them with p up to ``LEVEL``)
        and error (its Monte-Carlo standard error).
    """
    rows = []
    for number in range(parameters.studies):
        study = study_of(parameters, number)
        for method, kind in ((SATTERTHWAITE, "satterthwaite"), (KENWARD_ROGER, "kenward-roger")):
            fit = mixed_fit(study, "b", kind)
            p = p_of_t(fit.estimate / fit.se, fit.df)
            zero = fit.variance_between == 0
            for at_zero in (True, False):
                chosen = zero == at_zero
                if (chosen & ~study.changed).any():
                    positive = (p[chosen & ~study.changed] <= LEVEL).mean()
                    df = np.median(fit.df[chosen])
                    rows.append((at_zero, method, df, chosen.mean(), positive))
    columns = ["at_zero", "method", "df", "features", "estimate"]
    groups = pd.DataFrame(rows, columns=columns).groupby(["at_zero", "method"], sort=False)
    return groups.mean().assign(error=groups["estimate"].sem()).reset_index()


def _summarised(found: Mapping[Any, list[Any]], methods: tuple[str, ...], key: str) -> pd.DataFrame:
    """Return means and Monte-Carlo errors of lists of studies, each (methods, measures)."""
    rows = []
    for value, studies in found.items():
        mean, error = np.mean(studies, axis=0), stats.sem(studies, axis=0)
        rows += [
            (value, method, measure, mean[i, j], error[i, j])
            for i, method in enumerate(methods)
            for j, measure in enumerate(MEASURES)
        ]
    frame = pd.DataFrame(rows, columns=[key, "method", "measure", "estimate", "error"])
    half = WITHIN_95 * frame["error"]
    low = (frame["estimate"] - half).clip(lower=0)
    return frame.assign(low=low, high=frame["estimate"] + half)
