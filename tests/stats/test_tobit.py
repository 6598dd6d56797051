"""A censored mean difference: the paired t where all is seen, a known truth where it is not."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from exercisebook.stats.differences import within_person
from exercisebook.stats.paired import paired_effects
from exercisebook.stats.tobit import TooFewSeen, tobit_difference

WITHIN = pd.Series(
    {"phase": "after", "reference_phase": "before", "arm": "bout", "reference_arm": "bout"}
)
AGAINST_REST = pd.Series({**WITHIN, "reference_arm": "rest"})


def study(rng, n, rise, share_hidden, arms=("bout",)):
    """Return one study of a feature of which a share of the resting values lies below a limit."""
    person = rng.normal(0, 1, n)
    limit = 2 ** (stats.norm.ppf(share_hidden) * np.sqrt(1 + 0.09 + 0.25)) if share_hidden else 0
    tables = []
    for arm in arms:
        day = rng.normal(0, 0.3, n)
        for phase in ("before", "after"):
            true = rise if (arm, phase) == ("bout", "after") else 0.0
            value = 2 ** (person + day + true + rng.normal(0, 0.5, n))
            table = {
                "subject": [f"s{i:02d}" for i in range(n)],
                "arm": arm,
                "phase": phase,
                "feature": "il6",
                "value": np.maximum(value, limit),
                "status": np.where(value < limit, "below_detection", "ok"),
            }
            tables.append(pd.DataFrame(table))
    return pd.concat(tables, ignore_index=True)


@pytest.mark.parametrize("contrast", [WITHIN, AGAINST_REST], ids=["within", "against rest"])
@given(seed=st.integers(0, 2**32 - 1))
def test_with_everything_seen_it_is_the_paired_t(contrast, seed):
    long = study(np.random.default_rng(seed), 12, 0.5, 0, ("bout", "rest"))
    key = {"dataset": "d", "modality": "cytokines", "contrast": "c", "kind": "acute", "unit": "pg"}
    paired = paired_effects(within_person(long, contrast, "log2_ratio"), **key).iloc[0]
    fit = tobit_difference(long, contrast, "il6")
    for name in ("estimate", "se", "df", "ci_low", "ci_high", "n_subjects"):
        assert getattr(fit, name) == pytest.approx(paired[name], rel=1e-6, abs=1e-9)
    assert fit.n_hidden == 0


@pytest.mark.parametrize("contrast", [WITHIN, AGAINST_REST], ids=["within", "against rest"])
def test_a_known_rise_is_found_where_resting_values_lie_below_their_limit(contrast):
    rng = np.random.default_rng(3)
    arms = ("bout", "rest") if contrast is AGAINST_REST else ("bout",)
    fits = [tobit_difference(study(rng, 24, 0.8, 0.25, arms), contrast, "il6") for _ in range(200)]
    assert sum(fit.n_hidden for fit in fits) > 1000
    miss = np.array([fit.estimate - 0.8 for fit in fits])
    assert abs(miss.mean()) < 3 * miss.std() / np.sqrt(len(miss))
    covered = np.mean([fit.ci_low <= 0.8 <= fit.ci_high for fit in fits])
    assert 0.91 <= covered <= 0.99


def test_a_limit_put_in_for_the_value_hides_part_of_such_a_rise():
    """What the likelihood is for: the limit itself as the value is biased towards no rise."""
    rng = np.random.default_rng(4)
    substituted, modelled = [], []
    for _ in range(60):
        long = study(rng, 40, 0.8, 0.3)
        wide = np.log2(long.pivot(index="subject", columns="phase", values="value"))
        substituted.append((wide["after"] - wide["before"]).mean())
        modelled.append(tobit_difference(long, WITHIN, "il6").estimate)
    assert np.mean(substituted) < 0.68
    assert np.mean(modelled) == pytest.approx(0.8, abs=0.06)


def test_the_unit_does_not_matter():
    long = study(np.random.default_rng(5), 15, 0.5, 0.3)
    in_ng = tobit_difference(long.assign(value=long["value"] / 1000), WITHIN, "il6")
    in_pg = tobit_difference(long, WITHIN, "il6")
    assert in_ng.estimate == pytest.approx(in_pg.estimate, abs=1e-7)
    assert in_ng.se == pytest.approx(in_pg.se, rel=1e-6)


def test_a_person_without_one_of_the_values_does_not_count():
    long = study(np.random.default_rng(6), 15, 0.5, 0.2)
    one = (long["subject"] == "s03") & (long["phase"] == "after")
    lost = long.assign(status=long["status"].mask(one, "missing"))
    others = long[long["subject"] != "s03"]
    fit = tobit_difference(lost, WITHIN, "il6")
    assert fit.n_subjects == 14
    assert fit == tobit_difference(others, WITHIN, "il6")


def test_over_half_hidden_in_one_cell_is_refused_with_its_number():
    long = study(np.random.default_rng(7), 10, 0.5, 0)
    before = long["phase"] == "before"
    hidden = long[before].index[:6]
    long.loc[hidden, "status"] = "below_detection"
    with pytest.raises(TooFewSeen, match="il6: 4 of 10 values are seen"):
        tobit_difference(long, WITHIN, "il6")
    long.loc[hidden[0], "status"] = "ok"
    assert tobit_difference(long, WITHIN, "il6").n_hidden == 5


@pytest.mark.parametrize("feature", ["il6", "tnf"])
def test_fewer_than_three_seen_or_nobody_is_refused(feature):
    long = study(np.random.default_rng(8), 2, 0.5, 0)
    n = 2 if feature == "il6" else 0
    with pytest.raises(TooFewSeen, match=f"{feature}: {n} of {n} values are seen"):
        tobit_difference(long, WITHIN, feature)
