r"""Repeated measures with known truth: many features of 13 people in 3 phases, on a log2 scale.

What lives here is the law under which the methods are calibrated, and nothing that tests or fits.
The value of feature g, person i, phase t (a, b or c) is

.. math:: y_{git} = \mu_g + \beta_{gt} + \sigma_g (u_{gi} + e_{git} + r_{git})

**Level** :math:`\mu_g`: normal, mean 8, SD 2. No method sees it; it makes values look measured.

**Residual variance** :math:`\sigma_g^2`: 0.15 times an inverse chi-square on 6 degrees of freedom
times these, the law that empirical-Bayes moderation assumes.

**Persons** :math:`u_{gi}`: normal with SD :math:`\tau_g`, which is 0 for 15 % of features and
uniform between 0.5 and 2 for the others. So features differ in their intraclass correlation
:math:`\tau_g^2 / (1 + \tau_g^2)`: 0 for some, else 0.2 to 0.8, and 0.49 on average.

**Effects** :math:`\beta_{gt}`: nothing in phase a; a tenth of features, the same in phases b and
c, have there independent normal effects of mean 0 and SD 0.7; all others have none. Hence some
features that change do so by very little, and no method finds them all.

**Errors** :math:`e_{git}` have mean 0 and variance 1, **responses** :math:`r_{git}` are what is a
person's own in the answer to a phase. One scenario each:

========================  =========================================================================
independent               e normal and independent, r = 0
heavy tails               e is t on 4 degrees of freedom over :math:`\sqrt 2`, its SD; r = 0
autocorrelated            e normal, stationary AR(1) from a to b to c with correlation 0.5; r = 0
uneven response           e normal and independent; r standard normal in phase b, 0 in a and c
========================  =========================================================================

Where the numbers come from: all are chosen, round, and read off simulated data whose own law is not
known to us. In 2,800 features of it, the variances had 5.4 to 6.1 prior degrees of freedom and a
prior variance of 0.152 to 0.157, and the likelihood of the SDs between persons preferred the law
above to an exponential variance ratio (by 43 in log likelihood) and to a uniform intraclass
correlation (by 84); it was 10 short of the best of all laws. In 800 of them, a mixture found a
tenth of the effects to be other than zero (0.10 to 0.13), of SD 0.59 to 0.75, and where one phase
had an effect the other often had one too, not always of the same sign. SD 0.7 and not 0.75 follows
from the power of the methods; correlation 0.5 and response SD 1 from how often a blocked model was
wrong under them: .035, and .065 with .025.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exercisebook.errors import Misuse, closest

Floats = NDArray[np.float64]

PERSONS = 13
PHASES = ("a", "b", "c")

LEVEL, LEVEL_SD = 8.0, 2.0
VARIANCE_SCALE, VARIANCE_DF = 0.15, 6.0
ALIKE_SHARE, PERSON_SD = 0.15, (0.5, 2.0)
CHANGED_SHARE, EFFECT_SD = 0.1, 0.7


@dataclass(frozen=True)
class Scenario:
    """How the errors of a person depart from independent normal ones, and responses from equal.

    Attributes
    ----------
    error_df : float
        Degrees of freedom of t errors, scaled to variance 1; infinite for normal ones.
    autocorrelation : float
        Between errors of one phase and the next.
    response_sd : float
        Of persons' own responses in phase b, in residual standard deviations.
    """

    error_df: float = np.inf
    autocorrelation: float = 0.0
    response_sd: float = 0.0


SCENARIOS = {
    "independent": Scenario(),
    "heavy tails": Scenario(error_df=4.0),
    "autocorrelated": Scenario(autocorrelation=0.5),
    "uneven response": Scenario(response_sd=1.0),
}


@dataclass(frozen=True)
class RepeatedMeasures:
    """One simulated study with its truth.

    Attributes
    ----------
    values : ndarray, shape (39, m)
        log2; one row a sample: person by person, and within a person phases a, b, c.
    persons, phases : ndarray of int, shape (39,)
        Codes from 0; phase codes are positions in ``PHASES``.
    effects : ndarray, shape (3, m)
        True change of the mean against phase a, by phase.
    changed : ndarray of bool, shape (m,)
        Features with effects in b and c.
    variance : ndarray, shape (m,)
        Residual variance.
    person_sd : ndarray, shape (m,)
        SD between persons, in residual standard deviations.
    """

    values: Floats
    persons: NDArray[np.int64]
    phases: NDArray[np.int64]
    effects: Floats
    changed: NDArray[np.bool_]
    variance: Floats
    person_sd: Floats

    @property
    def cells(self) -> Floats:
        """An indicator of each phase, shape (39, 3)."""
        return np.eye(len(PHASES))[self.phases]

    def contrast(self, phase: str) -> Floats:
        """Return the weights of ``cells`` for a phase against phase a, shape (3,)."""
        return np.eye(len(PHASES))[PHASES.index(phase)] - np.eye(len(PHASES))[0]

    def differences(self, phase: str) -> Floats:
        """Return every person's change from phase a to a phase, shape (13, m)."""
        by_phase = self.values.reshape(PERSONS, len(PHASES), -1)
        return by_phase[:, PHASES.index(phase)] - by_phase[:, 0]


def repeated_measures(rng: np.random.Generator, scenario: str, features: int) -> RepeatedMeasures:
    """Draw one study of 13 persons in phases a, b and c.

    Parameters
    ----------
    rng : Generator
        Advanced by what is drawn.
    scenario : str
        One of ``SCENARIOS``.
    features : int
        How many, at least 1; a tenth of them, rounded, change.

    Returns
    -------
    RepeatedMeasures

    Raises
    ------
    Misuse
        If there is no such scenario, or no feature.
    """
    if scenario not in SCENARIOS:
        raise Misuse(f"no scenario {scenario!r}; {closest(scenario, SCENARIOS)}")
    if features < 1:
        raise Misuse(f"{features} features: at least 1 is needed")
    variance = VARIANCE_SCALE * VARIANCE_DF / rng.chisquare(VARIANCE_DF, features)
    alike = rng.random(features) < ALIKE_SHARE
    person_sd = np.where(alike, 0.0, rng.uniform(*PERSON_SD, features))
    changed = rng.permutation(features) < round(CHANGED_SHARE * features)
    effects = np.zeros((len(PHASES), features))
    effects[1:, changed] = rng.normal(0, EFFECT_SD, (2, int(changed.sum())))
    own = person_sd * rng.standard_normal((PERSONS, 1, features))
    within = _errors(rng, SCENARIOS[scenario], features)
    level = rng.normal(LEVEL, LEVEL_SD, features)
    values = level + effects + np.sqrt(variance) * (own + within)
    return RepeatedMeasures(
        values.reshape(-1, features),
        np.repeat(np.arange(PERSONS), len(PHASES)),
        np.tile(np.arange(len(PHASES)), PERSONS),
        effects,
        changed,
        variance,
        person_sd,
    )


def _errors(rng: np.random.Generator, scenario: Scenario, features: int) -> Floats:
    """Return errors and responses in residual SDs, shape (persons, phases, features)."""
    shape = (PERSONS, len(PHASES), features)
    if np.isinf(scenario.error_df):
        errors = rng.standard_normal(shape)
    else:
        df = scenario.error_df
        errors = rng.standard_t(df, shape) / np.sqrt(df / (df - 2))
    rho = scenario.autocorrelation
    for phase in range(1, len(PHASES)):
        errors[:, phase] = rho * errors[:, phase - 1] + np.sqrt(1 - rho**2) * errors[:, phase]
    if scenario.response_sd:
        errors[:, 1] += scenario.response_sd * rng.standard_normal((PERSONS, features))
    return errors
