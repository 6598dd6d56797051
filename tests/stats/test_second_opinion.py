"""The negative binomial as a second opinion: what it estimates, what it says of itself."""

import os
import subprocess
import sys
import textwrap

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from exercisebook.errors import Misuse
from exercisebook.stats.effects import t_effects
from exercisebook.stats.second_opinion import LIBERAL, METHOD, UNCOUNTED, deseq2_effects

FEATURES = 60
CHANGED = slice(0, 10)
TRUE = 1.5
"""log2 ratio of the first ten features in phase after, arm train."""


def samples_of(persons: int, arm: str, first: str) -> pd.DataFrame:
    rows = [
        {"sample": f"{first}{person}{phase}", "subject": f"{first}{person}", "phase": phase}
        for person in range(persons)
        for phase in ("before", "after", "later")
    ]
    return pd.DataFrame(rows).set_index("sample").assign(arm=arm)


def contrast(phase: str, reference: str, arm: str = "train", other: str = "train") -> pd.Series:
    names = ["contrast", "phase", "reference_phase", "arm", "reference_arm"]
    return pd.Series([f"{phase}-{reference}", phase, reference, arm, other], index=names)


SAMPLES = pd.concat([samples_of(6, "train", "t"), samples_of(5, "rest", "r")])


def simulated() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    log2_mean = rng.uniform(7, 11, FEATURES) + np.zeros((len(SAMPLES), 1))
    log2_mean += rng.normal(0, 0.7, (11, FEATURES))[pd.factorize(SAMPLES["subject"])[0]]
    rising = ((SAMPLES["phase"] == "after") & (SAMPLES["arm"] == "train")).to_numpy()
    log2_mean[rising, CHANGED] += TRUE
    mean = 2**log2_mean * rng.uniform(0.7, 1.4, (len(SAMPLES), 1))
    size = 1 / (0.01 + 2 / mean)
    counts = rng.negative_binomial(size, size / (size + mean))
    counts[:, -1] = 0
    names = [f"g{column}" for column in range(FEATURES)]
    return pd.DataFrame(counts, index=SAMPLES.index, columns=names)


COUNTS = simulated()
AFTER = contrast("after", "before")


@pytest.fixture(scope="module")
def found() -> pd.DataFrame:
    return deseq2_effects(COUNTS, SAMPLES, AFTER)


def test_it_returns_the_columns_of_a_t_test_in_order(found):
    t = t_effects(["a"], 1.0, 1.0, 5, 3, 6, "log2_ratio", "t")
    assert list(found.columns) == list(t.columns)
    assert found["feature"].tolist() == COUNTS.columns.tolist()
    assert set(found["method"]) == {METHOD}
    assert set(found["effect_scale"]) == {"log2_ratio"}


def test_it_finds_what_changed_and_by_how_much(found):
    changed, others = found.iloc[CHANGED], found.iloc[10:-1]
    assert np.abs(changed["estimate"] - TRUE).max() < 0.4
    assert (changed["p_value"] < 1e-4).all()
    assert np.abs(others["estimate"]).max() < 0.6
    assert others["p_value"].median() > 0.2


def test_statistic_interval_p_value_and_detectable_effect_are_those_of_a_z_test(found):
    tested = found.iloc[:-1]
    z = tested["estimate"] / tested["se"]
    np.testing.assert_allclose(tested["statistic"], z, rtol=1e-10)
    np.testing.assert_allclose(tested["p_value"], 2 * stats.norm.sf(np.abs(z)), rtol=1e-8)
    half = stats.norm.isf(0.025) * tested["se"]
    np.testing.assert_allclose(tested["ci_low"], tested["estimate"] - half, rtol=1e-10)
    np.testing.assert_allclose(tested["ci_high"], tested["estimate"] + half, rtol=1e-10)
    np.testing.assert_allclose(tested["detectable"], 2.8016 * tested["se"], rtol=1e-4)
    assert found["df"].isna().all()


def test_every_effect_says_that_its_test_is_liberal(found):
    assert found["flag"].str.contains(LIBERAL, regex=False).all()
    assert ".077" in LIBERAL
    assert ";" not in LIBERAL


def test_a_feature_without_counts_has_no_test_and_says_so(found):
    last = found.iloc[-1]
    assert last["flag"].startswith(UNCOUNTED)
    numbers = ["estimate", "se", "statistic", "ci_low", "ci_high", "p_value", "detectable"]
    assert last[numbers].isna().all()
    assert not found["flag"].iloc[:-1].str.contains(UNCOUNTED, regex=False).any()
    assert found[numbers].iloc[:-1].notna().all().all()


def test_persons_and_samples_of_the_arm_are_counted(found):
    assert set(found["n_subjects"]) == {6}
    assert set(found["n_observations"]) == {18}


def test_samples_of_other_arms_change_nothing(found):
    alone = COUNTS[SAMPLES["arm"] == "train"]
    pd.testing.assert_frame_equal(deseq2_effects(alone, SAMPLES, AFTER), found)


def test_samples_without_counts_are_not_missed(found):
    fewer = deseq2_effects(COUNTS.drop("t0later"), SAMPLES, AFTER)
    assert set(fewer["n_observations"]) == {17}
    np.testing.assert_allclose(fewer["estimate"][:-1], found["estimate"][:-1], atol=0.2)


def test_the_order_of_samples_changes_nothing(found):
    rng = np.random.default_rng(1)
    shuffled = deseq2_effects(
        COUNTS.iloc[rng.permutation(33)], SAMPLES.iloc[rng.permutation(33)], AFTER
    )
    np.testing.assert_allclose(shuffled["estimate"], found["estimate"], atol=1e-4)
    np.testing.assert_allclose(shuffled["se"], found["se"], rtol=1e-2)


def test_the_other_way_round_estimates_change_sign(found):
    back = deseq2_effects(COUNTS, SAMPLES, contrast("before", "after"))
    np.testing.assert_allclose(back["estimate"], -found["estimate"], atol=1e-6)
    np.testing.assert_allclose(back["p_value"], found["p_value"], rtol=1e-4)


def test_any_two_phases_can_be_compared(found):
    later = deseq2_effects(COUNTS, SAMPLES, contrast("later", "before"))
    rest = deseq2_effects(COUNTS, SAMPLES, contrast("after", "later"))
    total = later["estimate"] + rest["estimate"]
    np.testing.assert_allclose(total[:-1], found["estimate"][:-1], atol=1e-6)


def test_persons_with_a_single_sample_change_nothing(found):
    extra = COUNTS.loc[["t0before", "t1after"]].set_axis(["x", "y"])
    rows = SAMPLES.loc[["t0before", "t1after"]].set_axis(["x", "y"])
    counts = pd.concat([COUNTS, extra])
    samples = pd.concat([SAMPLES, rows.assign(subject=["x", "y"])])
    pd.testing.assert_frame_equal(deseq2_effects(counts, samples, AFTER), found)


def test_against_another_arm_it_is_the_difference_of_two_differences():
    both = deseq2_effects(COUNTS, SAMPLES, contrast("after", "before", "train", "rest"))
    train = deseq2_effects(COUNTS, SAMPLES, AFTER)
    rest = deseq2_effects(COUNTS, SAMPLES, contrast("after", "before", "rest", "rest"))
    apart = (train["estimate"] - rest["estimate"])[:-1]
    # libraries are scaled with those of one arm or of both
    np.testing.assert_allclose(both["estimate"][:-1], apart, atol=0.1)
    assert np.abs(both["estimate"].iloc[CHANGED].mean() - TRUE) < 0.3
    assert set(both["n_subjects"]) == {11}


def test_fractions_are_refused():
    counts = COUNTS.astype(float)
    counts.loc["t0after", "g3"] = 12.5
    with pytest.raises(Misuse, match=r"not whole: 12\.5 in sample 't0after', feature 'g3'.*voom"):
        deseq2_effects(counts, SAMPLES, AFTER)


def test_a_sample_unknown_to_the_design_is_refused():
    with pytest.raises(Misuse, match=r"1 samples have counts but no row.*'t0after'"):
        deseq2_effects(COUNTS, SAMPLES.drop("t0after"), AFTER)


def test_a_phase_without_samples_is_refused():
    with pytest.raises(Misuse, match="no sample of arm 'train' in phase 'never'"):
        deseq2_effects(COUNTS, SAMPLES, contrast("never", "before"))


def test_phases_that_no_person_shares_are_refused():
    own = SAMPLES[SAMPLES["arm"] == "train"].assign(subject=lambda s: s.index)
    with pytest.raises(Misuse, match="aliased with the persons"):
        deseq2_effects(COUNTS.loc[own.index], own, AFTER)


def test_a_single_person_leaves_nothing_to_tell_the_dispersion():
    own = SAMPLES[SAMPLES["subject"] == "t0"]
    with pytest.raises(Misuse, match="3 samples for 3 coefficients of 'after-before'"):
        deseq2_effects(COUNTS.loc[own.index], own, AFTER)


def test_it_says_nothing_and_leaves_the_warnings_of_others_alone():
    script = """
        import warnings
        import pandas as pd
        from exercisebook.stats.second_opinion import deseq2_effects
        from tests.stats.test_second_opinion import AFTER, COUNTS, SAMPLES

        before = list(warnings.filters)
        deseq2_effects(COUNTS.iloc[:, :20], SAMPLES, AFTER)
        assert list(warnings.filters) == before
        with warnings.catch_warnings(record=True) as heard:
            warnings.warn("still heard", FutureWarning)
        assert len(heard) == 1
    """
    done = subprocess.run(
        [sys.executable, "-W", "default", "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert "pydeseq2" not in done.stderr
