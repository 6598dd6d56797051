"""The short version of the calibration on the simulated worlds, and what its long table holds.

The long one is ``scripts/calibrate_worlds.py``; its tables lie in ``data/engine``.
"""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import calibrate_worlds as long
from exercisebook.paths import ENGINE
from exercisebook.simulate.truth import true_effects
from exercisebook.simulate.worlds import NODES, WORLDS, world
from exercisebook.stats.methods import contrast_effects

DRAWS = 1000
CLEAN = "total_bilirubin"
"""Neither an infection nor a breakfast nor the hour moves it: its noise is normal."""


def batches(job, name, count, draws):
    # batches that the long run does not have
    return [r for batch in range(1000, 1000 + count) for r in job(name, batch, draws)]


@pytest.fixture(scope="module")
def few():
    return long.summary(batches(long.few_features, long.NULL, 5, 200)).set_index(
        ["method", "measure", "on"]
    )


@pytest.fixture(scope="module")
def one_feature():
    """Return what methods say of one clean feature in 1,000 null studies."""
    logs = long.logs_of(long.NULL, ("clinical",), 2000, DRAWS)["clinical"]
    place = list(world(long.NULL).block("clinical")["feature"]).index(CLEAN)
    own = logs[..., place]
    wide = own.transpose(1, 2, 0).reshape(long.PEOPLE * 3, DRAWS)
    return long.few_methods(wide, (own[:, :, 2] - own[:, :, 0]).T, (DRAWS, 1))


@pytest.fixture(scope="module")
def table():
    frame = pd.read_csv(ENGINE / "worlds.csv", keep_default_na=False, na_values=[""])
    return frame.set_index(["method", "world", "on", "measure"]).sort_index()


@pytest.mark.parametrize("method", ["paired t", "blocks", "mixed model, Kenward-Roger"])
def test_p_values_of_continuous_tests_are_uniform_where_nothing_happens(one_feature, method):
    p = one_feature[method].p[:, 0]
    assert len(p) == DRAWS
    assert stats.kstest(p, "uniform").pvalue > 0.001


@pytest.mark.parametrize("method", ["sign flips", "Hodges-Lehmann"])
@pytest.mark.parametrize("level", [0.5, 0.2, 0.05, 0.01])
def test_exact_tests_never_err_more_often_than_they_say(one_feature, method, level):
    p = one_feature[method].p[:, 0]
    error = np.sqrt(level * (1 - level) / len(p))
    assert (p <= level).mean() <= level + 2 * error


@pytest.mark.parametrize(
    "method", ["paired t", "blocks", "mixed model, Kenward-Roger", "Hodges-Lehmann"]
)
def test_intervals_cover_where_their_assumptions_hold(few, one_feature, method):
    assert 0.93 <= few.loc[(method, "coverage", "18 features"), "estimate"] <= 0.97
    found = one_feature[method]
    inside = (found.low <= 0) & (found.high >= 0)
    # one feature in 1,000 studies: a standard error of .007
    assert 0.93 <= inside.mean() <= 0.97


@pytest.mark.parametrize("method", ["paired t", "blocks", "mixed model, Kenward-Roger"])
def test_tests_of_few_features_keep_their_level(few, method):
    row = few.loc[(method, "false positives .05", "18 features")]
    assert row["estimate"] <= 0.05 + 2 * row["monte_carlo_error"]
    assert row["estimate"] > 0.04
    assert row["studies"] == DRAWS


def test_max_t_errs_in_one_study_of_twenty_at_most(few):
    row = few.loc[("sign flips, max-T", "familywise error", "18 features")]
    assert 0.02 < row["estimate"] <= 0.05 + 2 * row["monte_carlo_error"]


def test_the_false_discovery_rate_holds_where_some_proteins_change():
    found = long.summary(batches(long.proteins, long.STEADY, 2, 10)).set_index(
        ["method", "measure"]
    )
    row = found.loc[("paired t, moderated", "false-discovery rate")]
    assert row["estimate"] <= 0.05 + 3 * row["monte_carlo_error"]
    assert row["monte_carlo_error"] < 0.04
    z = found.loc[("mixed model, z", "false positives .05"), "estimate"]
    assert z > found.loc[("mixed model, Kenward-Roger", "false positives .05"), "estimate"]


def test_the_spread_of_responses_covers_that_of_the_world():
    found = long.summary(batches(long.responders, "responders", 2, 400)).set_index(
        ["on", "measure"]
    )
    for feature in ("betaine", "tnf"):
        row = found.loc[(feature, "coverage")]
        assert abs(row["estimate"] - 0.95) <= 0.01 + 2 * row["monte_carlo_error"]
        off = found.loc[(f"variance of {feature}", "bias")]
        assert abs(off["estimate"]) <= 3 * off["monte_carlo_error"]


def test_one_persons_change_leaves_the_reference_interval_one_time_in_twenty():
    found = long.summary(batches(long.fluctuation, long.NULL, 2, 200))
    rows = found[found["measure"] == "changes outside"]
    assert len(rows) == len(long.STEADY_LABS)
    assert ((rows["estimate"] - 0.05).abs() <= 3 * rows["monte_carlo_error"]).all()


def test_a_change_as_large_as_the_margin_is_called_equivalent_one_time_in_twenty():
    found = long.summary(batches(long.equivalence, long.NULL, 5, 200))
    assert (found["estimate"] <= 0.05 + 3 * found["monte_carlo_error"]).all()
    assert (found["estimate"] > 0.025).all()


def test_mediation_is_found_where_an_arrow_is_reversed_and_not_where_nothing_happens():
    reverse, null = (
        long.summary(batches(long.mediation, name, 1, 300)).set_index("measure")["estimate"]
        for name in ("reverse", "null")
    )
    assert reverse["mediation found"] > 0.15
    assert null["mediation found"] < 0.05


def test_a_mediators_own_level_gives_the_interval_that_its_assay_spoils():
    name, draws = "mediated", 2000
    drawn = long.draw_studies(world(name), long.PEOPLE, long.generator(5), long.PANELS[1:], draws)
    crp = long.logs_of(name, ("clinical",), 5, draws)["clinical"]
    crp = crp[..., list(world(name).block("clinical")["feature"]).index("crp")]
    level = drawn.visits.nodes[..., NODES.index("betaine")]
    found = long.within_person_mediation(
        level[:, :, 0], level[:, :, 2], crp[:, :, 0], crp[:, :, 2], long.generator(1)
    )
    effects = true_effects(world(name), ("clinical",)).set_index(["feature", "contrast"])
    true = effects.loc[("crp", "training-baseline"), "log2_mediated"]
    measured = long.summary(long.mediation(name, 5, draws)).set_index("measure")["estimate"]
    covered = ((found.ci_low <= true) & (true <= found.ci_high)).mean()
    assert 0.92 < covered < 0.98
    assert covered > measured["coverage"] + 0.01
    assert abs(np.mean(found.indirect - true)) < measured["bias"] / 2


def test_the_primary_p_is_that_of_the_engine():
    values = long.logs_of("dropout", ("proteins", "cytokines"), 3, 2)
    for block, own in values.items():
        names = list(world("dropout").block(block)["feature"])
        theirs = [
            contrast_effects(
                long.assay_of(study, names), [long.CONTRAST], "paired", **long.key_of(block)
            )["p_value"]
            for study in own
        ]
        np.testing.assert_allclose(long.primary_p(own), np.array(theirs, float), rtol=1e-9)


def test_the_long_table_holds_what_claims_to_hold(table):
    rows = table[table["claimed"] & table.index.isin(["false positives .05"], level="measure")]
    assert len(rows) > 40
    assert (rows["estimate"] <= 0.05 + 3.5 * rows["monte_carlo_error"]).all()
    covered = table[
        table["claimed"]
        & table.index.isin(["coverage"], level="measure")
        & table.index.isin([long.NULL], level="world")
    ]
    assert len(covered) > 15
    assert covered["estimate"].between(0.93, 0.975).all()


@pytest.mark.parametrize(
    ("method", "name", "on"),
    [
        ("mixed model, z", long.NULL, "300 proteins"),
        ("t of cells as if people", long.NULL, "single cells, 120 a sample"),
        ("t of cells as if people", long.NULL, "single cells, 400 a sample"),
        ("paired t of shares", "neutrophils-only", "other white cells"),
        ("camera, correlation preset", long.NULL, "co-regulated sets"),
    ],
)
def test_the_long_table_shows_that_what_does_not_hold_is_off(table, method, name, on):
    row = table.loc[(method, name, on, "false positives .05")]
    assert not row["claimed"]
    assert row["estimate"] > 0.05 + 4 * row["monte_carlo_error"]


def test_an_unpaired_test_of_pairs_hardly_ever_errs_and_wastes_power(table):
    row = table.loc[("unpaired t", long.NULL, "18 features", "false positives .05")]
    assert not row["claimed"]
    assert row["estimate"] < 0.01


def test_the_long_table_is_what_other_studies_give_too(table, few):
    for method, measure, on in few.index:
        if measure == "uniform p":
            continue
        frozen, here = table.loc[(method, long.NULL, on, measure)], few.loc[(method, measure, on)]
        apart = np.hypot(frozen["monte_carlo_error"], here["monte_carlo_error"])
        assert abs(frozen["estimate"] - here["estimate"]) <= 4 * apart + 1e-3, (method, measure)


def test_the_table_of_worlds_has_every_world_and_the_truth_of_today():
    frame = pd.read_csv(ENGINE / "worlds_findings.csv", keep_default_na=False, na_values=[""])
    assert set(frame["world"]) == set(WORLDS)
    assert (frame.groupby("world").size() == len(long.KEY_FEATURES) + 3).all()
    key = frame[frame["feature"].isin(long.KEY_FEATURES)]
    for name, own in key.groupby("world"):
        truth = true_effects(world(name))
        truth = truth[truth["contrast"] == "training-baseline"].set_index("feature")
        for column in ("log2_content", "log2_concentration", "log2_change"):
            np.testing.assert_allclose(
                own[column], truth.loc[own["feature"], column], rtol=1e-4, atol=1e-9
            )


def test_a_batch_gives_the_same_numbers_again_and_another_others():
    first, again, other = (long.leukocytes("neutrophils-only", b, 20) for b in (0, 0, 1))
    assert all(
        np.array_equal(a.values, b.values, equal_nan=True)
        for a, b in zip(first, again, strict=True)
    )
    assert not np.array_equal(first[0].values, other[0].values, equal_nan=True)


def test_scores_are_shares_of_unchanged_features_and_of_all_intervals():
    found = long.Found(
        p=np.array([[0.0005, 0.04, 0.2, 0.01]]),
        estimate=np.array([[0.1, 0.2, 0.0, 1.1]]),
        low=np.array([[0.05, 0.1, -0.1, 0.9]]),
        high=np.array([[0.15, 0.3, 0.1, 1.3]]),
    )
    change = np.array([0.0, 0.0, 0.001, 1.0])
    got = {r.measure: r.values[0] for r in long.scores("m", "w", "on", found, change, fdr=True)}
    assert got["false positives .05"] == pytest.approx(2 / 3)
    assert got["false positives .001"] == pytest.approx(1 / 3)
    assert got["coverage"] == pytest.approx(2 / 4)
    assert got["bias"] == pytest.approx((0.1 + 0.2 - 0.001 + 0.1) / 4)
    # q: .002, .053, .2, .02: two are found, one of them unchanged
    assert got["false-discovery rate"] == pytest.approx(1 / 2)


def test_a_share_that_never_varied_is_not_said_to_be_without_error():
    assert long._error(np.zeros(200)) == pytest.approx(1 / 200)
    assert long._error(np.array([0.0, 1.0] * 50)) == pytest.approx(0.0503, abs=1e-3)


def test_the_date_is_that_of_the_source_where_one_is_set(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert long.date() == "1970-01-02"
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    assert long.date() == long.DATE
