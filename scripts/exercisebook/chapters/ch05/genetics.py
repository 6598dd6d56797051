"""Betaine's genetic instruments, what else they move, and the engine on body mass and the heart."""

from typing import Any

import numpy as np
import pandas as pd

from exercisebook.stats.mendelian_randomisation import (
    Variants,
    cochran_q,
    i_squared_gx,
    inverse_variance_weighted,
    mr_egger,
    mr_table,
    variants,
)

SEED = 20251121
PLEIOTROPIC, ITS_GENE = "rs715", "CPS1"
"""The instrument that lies in a gene of the urea cycle."""

DRAWS = 499

Frames = dict[str, pd.DataFrame]


def betaine_instruments(frames: Frames, parameters: Any) -> pd.DataFrame:
    """Return betaine's four instruments, each with its strength F."""
    return frames["betaine"]


def betaine_pleiotropy(frames: Frames, parameters: Any) -> pd.DataFrame:
    """Return what the four variants are associated with, in standard errors, betaine included."""
    table = frames["associations"]
    columns = ["snp", "exposure", "effect_allele", "beta", "se", "n", "unit", "f"]
    return table[columns].assign(z=table["beta"] / table["se"])


def bmi_chd_variants(frames: Frames, parameters: Any) -> pd.DataFrame:
    """Return both associations of each variant of the worked example."""
    return frames["bmi_chd"]


def bmi_chd_methods(frames: Frames, parameters: Any) -> pd.DataFrame:
    """Return every estimator's answer to the worked example, in log odds a standard deviation."""
    return mr_table(_given(frames["bmi_chd"]), np.random.default_rng(SEED))


def bmi_chd_checks(frames: Frames, parameters: Any) -> pd.DataFrame:
    """Return how far the variants disagree, and how much of Egger's slope is left."""
    given = _given(frames["bmi_chd"])
    slope = inverse_variance_weighted(given).estimate
    spread = cochran_q(given, slope)
    row = (spread.q, spread.df, spread.p_value, i_squared_gx(given))
    return pd.DataFrame([row], columns=["q", "df", "p_value", "i_squared"])


def bmi_chd_control(frames: Frames, parameters: Any) -> pd.DataFrame:
    """Return what the engine makes of the same exposure with outcomes that nothing causes.

    The negative control: the variants' associations with disease change hands at random, 499
    times, their errors with them.
    """
    table = frames["bmi_chd"]
    rng = np.random.default_rng(SEED)
    outcome = table[["beta_outcome", "se_outcome"]].to_numpy()
    rows = []
    for draw in range(DRAWS):
        shuffled = outcome[rng.permutation(len(outcome))] * rng.choice([-1, 1], (len(outcome), 1))
        given = variants(
            table["beta_exposure"],
            table["se_exposure"],
            shuffled[:, 0],
            np.abs(shuffled[:, 1]),
        )
        fit, (egger, _) = inverse_variance_weighted(given), mr_egger(given)
        rows.append((draw, fit.estimate, fit.p_value, egger.p_value))
    return pd.DataFrame(rows, columns=["draw", "estimate", "p_value", "p_egger"])


def _given(table: pd.DataFrame) -> Variants:
    sides = ("beta_exposure", "se_exposure", "beta_outcome", "se_outcome")
    return variants(*(table[name] for name in sides))
