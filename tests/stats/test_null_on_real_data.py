"""A null that no simulation made: real values, their phases shuffled within every person.

Real values have outliers, skew and correlations that a simulated law may lack. Shuffled, no phase
differs from another, and a test at .05 must err in one of twenty.
"""

import numpy as np
import pytest

from exercisebook.stats.cohort_effects import cohort_assay
from exercisebook.stats.effects import t_effects
from exercisebook.stats.linear import contrast_of, linear_fit
from exercisebook.stats.mixed import mixed_contrast

pytestmark = pytest.mark.open_data

SHUFFLES, ARM, PHASES = 1_500, "P2", ("0h", "1h", "2h", "3h", "6h", "24h")


@pytest.fixture(scope="module")
def shuffled(grinta):
    """Return person, phase and values of GRINTA's white cells and cytokines, shuffled often."""
    rng = np.random.default_rng(20251121)
    tables = []
    for modality in ("blood_count", "cytokines"):
        assay = cohort_assay(grinta, modality, "log2_ratio", "average")
        own = (assay.samples["arm"] == ARM) & assay.samples["phase"].isin(PHASES)
        table = assay.of(own.to_numpy())
        keyed = table.values.set_axis(
            table.samples.set_index(["subject", "phase"]).index
        ).reset_index()
        tables.append(keyed.set_index(["subject", "phase"]))
    values = tables[0].join(tables[1], how="inner").sort_index()
    values = values.loc[:, values.notna().mean() > 0.6]
    people = values.index.get_level_values("subject")
    whole = people.value_counts() == len(PHASES)
    values = values[people.isin(whole.index[whole])]
    n = len(values) // len(PHASES)
    blocks = values.to_numpy().reshape(n, len(PHASES), -1)
    draws = []
    for _ in range(SHUFFLES):
        order = rng.permuted(np.tile(np.arange(len(PHASES)), (n, 1)), axis=1)
        draws.append(np.take_along_axis(blocks, order[:, :, None], axis=1))
    stacked = np.concatenate(draws, axis=2).reshape(n * len(PHASES), -1)
    return np.repeat(np.arange(n), len(PHASES)), np.tile(np.arange(len(PHASES)), n), stacked


def share_below(p, level=0.05):
    told = p[np.isfinite(p)]
    assert len(told) > 10_000
    return (told < level).mean()


def p_of(estimate, se, df):
    names = [str(i) for i in range(len(estimate))]
    return t_effects(names, estimate, se, df, 1, 1, "log2_ratio", "t")["p_value"].to_numpy()


def test_there_are_enough_people_and_features(shuffled):
    person, _, values = shuffled
    assert person.max() + 1 >= 10
    assert values.shape[1] >= 8 * SHUFFLES


def test_paired_differences_keep_their_error_on_shuffled_real_values(shuffled):
    person, phase, values = shuffled
    difference = values[phase == 1] - values[phase == 0]
    fit = linear_fit(difference, np.ones((person.max() + 1, 1)))
    found = contrast_of(fit, [1.0])
    p = p_of(found.estimate, found.unscaled * np.sqrt(fit.variance), fit.df)
    assert share_below(p) == pytest.approx(0.05, abs=0.015)


@pytest.mark.parametrize("degrees", ["kenward-roger", "satterthwaite"])
def test_a_mixed_model_keeps_its_error_on_shuffled_real_values(shuffled, degrees):
    person, phase, values = shuffled
    cells = (phase[:, None] == np.unique(phase)).astype(float)
    contrast = np.zeros(cells.shape[1])
    contrast[:2] = -1, 1
    found = mixed_contrast(values, cells, person, contrast, degrees)
    assert share_below(p_of(found.estimate, found.se, found.df)) == pytest.approx(0.05, abs=0.015)


def test_the_default_z_of_a_mixed_model_errs_more_often(shuffled):
    from scipy import stats

    person, phase, values = shuffled
    two = phase < 2
    cells = (phase[two][:, None] == [0, 1]).astype(float)
    found = mixed_contrast(values[two], cells, person[two], [-1, 1])
    z = 2 * stats.norm.sf(np.abs(found.estimate / found.se))
    t = p_of(found.estimate, found.se, found.df)
    assert share_below(z) > share_below(t) + 0.01
