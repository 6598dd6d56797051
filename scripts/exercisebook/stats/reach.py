"""What the people of a study could show, from how many they are and how much they scatter.

Never from how large their mean change turned out. The people are one group, each compared with
himself or herself, or two whose changes are compared.
"""

from collections.abc import Callable
from math import comb

import numpy as np
import pandas as pd

from exercisebook.stats.differences import within_one_arm
from exercisebook.stats.multiplicity import sign_flip_floor


def groups_of(
    changes: Callable[[pd.Series], pd.DataFrame], contrast: pd.Series
) -> list[pd.DataFrame]:
    """Return the changes that a contrast compares: of one group of persons, or of two.

    Parameters
    ----------
    changes : callable
        Gives each person's differences of a contrast, shape (persons, features).
    contrast : Series
        phase, reference_phase, arm, reference_arm.

    Returns
    -------
    list of DataFrame
        One where every person is compared with himself or herself, as in a crossover; two where
        the arms hold different people.
    """
    own = changes(contrast)
    if len(own) or contrast["arm"] == contrast["reference_arm"]:
        return [own]
    arms = (contrast["arm"], contrast["reference_arm"])
    return [changes(within_one_arm(contrast, arm)) for arm in arms]


def exchange_floor(n: int, m: int) -> float:
    """Return the smallest two-sided p value that exchanging persons of two groups can give.

    Of the ways to choose n of n + m persons one is the most extreme, or two where the groups are
    of one size, since each may be the higher.
    """
    return (2 if n == m else 1) / comb(n + m, n)


def floor_of(people: list[int]) -> float:
    """Return the smallest p value of an exact test of one group of persons, or of two."""
    return sign_flip_floor(*people) if len(people) == 1 else exchange_floor(*people)


def standard_errors(groups: list[pd.DataFrame]) -> pd.DataFrame:
    r"""Return the standard error of a mean change, or of the difference of two, by feature.

    Two groups may scatter differently: :math:`SE^2 = s_1^2/n_1 + s_2^2/n_2`, with the degrees of
    freedom of Welch and Satterthwaite.

    Parameters
    ----------
    groups : list of DataFrame, shape (persons, features)
        One or two, with the same features; NaN where a change is not known.

    Returns
    -------
    DataFrame, a row a feature
        se, df; features with fewer than two changes in a group are left out.

    References
    ----------
    Welch, B. L. (1947). The generalization of "Student's" problem when several different
    population variances are involved. Biometrika 34, 28-35.
    """
    n = pd.DataFrame({i: group.notna().sum() for i, group in enumerate(groups)})
    spread = pd.DataFrame({i: group.var(ddof=1) for i, group in enumerate(groups)})
    n, spread = (part[(n >= 2).all(axis=1)] for part in (n, spread))
    parts = spread / n
    with np.errstate(invalid="ignore"):
        df = parts.sum(axis=1) ** 2 / (parts**2 / (n - 1)).sum(axis=1)
    return pd.DataFrame({"se": np.sqrt(parts.sum(axis=1)), "df": df})
