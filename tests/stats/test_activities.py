"""Activities of regulators against regression by hand, and what a network must not be."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from exercisebook.errors import Misuse
from exercisebook.stats.activities import ulm_activities


def values(seed: int = 1, samples: int = 4, features: int = 60) -> pd.DataFrame:
    y = np.random.default_rng(seed).normal(size=(samples, features))
    names = [f"g{i}" for i in range(features)]
    return pd.DataFrame(y, index=[f"sample {i}" for i in range(samples)], columns=names)


def network() -> pd.DataFrame:
    edges = [("NFKB1", f"g{i}", 1.0 if i % 3 else -0.5) for i in range(12)]
    edges += [("STAT1", f"g{i}", 1.0) for i in range(8, 20)]
    edges += [("RARE", f"g{i}", 1.0) for i in range(4)]
    edges += [("RARE", f"unmeasured {i}", 1.0) for i in range(9)]
    return pd.DataFrame(edges, columns=["source", "target", "weight"])


@pytest.mark.parametrize("source", ["NFKB1", "STAT1"])
def test_an_activity_is_the_t_of_the_slope_over_weights(source):
    y, edges = values(), network()
    own = edges[edges["source"] == source].set_index("target")["weight"]
    weights = own.reindex(y.columns, fill_value=0.0)
    expected = [stats.linregress(weights, row) for row in y.to_numpy()]
    t = [fit.slope / fit.stderr for fit in expected]
    assert ulm_activities(y, edges)[source].tolist() == pytest.approx(t, rel=1e-9)


def test_a_regulator_with_too_few_measured_targets_stays_without_activity():
    table = ulm_activities(values(), network())
    assert list(table.columns) == ["NFKB1", "STAT1", "RARE"]
    assert table["RARE"].isna().all()
    assert table[["NFKB1", "STAT1"]].notna().all(axis=None)
    assert ulm_activities(values(), network(), tmin=4)["RARE"].notna().all()


def test_a_regulator_of_all_features_alike_has_no_activity():
    y = values()
    everything = pd.DataFrame({"source": "ALL", "target": y.columns, "weight": 1.0})
    table = ulm_activities(y, pd.concat([network(), everything]))
    assert table["ALL"].isna().all()
    assert table["STAT1"].notna().all()


def test_turning_the_weights_turns_the_activity():
    edges = network()
    turned = ulm_activities(values(), edges.assign(weight=-edges["weight"]))
    np.testing.assert_allclose(turned, -ulm_activities(values(), edges))


def test_the_order_of_features_edges_and_samples_does_not_matter():
    y, edges = values(), network()
    first = ulm_activities(y, edges)
    moved = y.sample(frac=1, axis=1, random_state=1).iloc[::-1]
    second = ulm_activities(moved, edges.sample(frac=1, random_state=2))
    pd.testing.assert_frame_equal(second.loc[first.index, first.columns], first)


def test_a_feature_of_zeros_is_a_measurement_too():
    y, edges = values().assign(g30=0.0), network()
    own = edges[edges["source"] == "STAT1"].set_index("target")["weight"]
    fit = stats.linregress(own.reindex(y.columns, fill_value=0.0), y.iloc[0])
    assert ulm_activities(y, edges)["STAT1"].iloc[0] == pytest.approx(fit.slope / fit.stderr)


def test_a_regulator_whose_targets_rise_is_more_active_afterwards():
    before = values(2, samples=10)
    after = before + values(3, samples=10).to_numpy() * 0.3
    after.loc[:, "g8":"g19"] += 1.0
    change = ulm_activities(after, network()) - ulm_activities(before, network())
    assert (change["STAT1"] > 0).all()


BAD_NETWORKS = [
    (network().rename(columns={"source": "sources"}), "no column 'source'; did you mean"),
    (network().drop(columns="weight"), "no column 'weight'"),
    (pd.concat([network(), network().head(1)]), "'NFKB1' to 'g0' is given twice"),
    (network().assign(weight=0.0), "weight 0"),
    (network().assign(weight=np.nan), "weight nan"),
    (network().assign(target="ENSG0001" + network()["target"]), "same identifiers"),
]


@pytest.mark.parametrize(("edges", "message"), BAD_NETWORKS)
def test_a_network_that_cannot_be_used_is_refused(edges, message):
    with pytest.raises(Misuse, match=message):
        ulm_activities(values(), edges)


BAD_VALUES = [
    (values().assign(g3=np.nan), "first is 'g3'"),
    (values().rename(columns={"g1": "g0"}), "two features are called 'g0'"),
    (values().set_axis(["x", "x", "y", "z"]), "two samples are called 'x'"),
    (values().mul([1, 0, 1, 1], axis=0), "sample 'sample 1' has the same value"),
]


@pytest.mark.parametrize(("y", "message"), BAD_VALUES)
def test_values_that_cannot_be_scored_are_refused(y, message):
    with pytest.raises(Misuse, match=message):
        ulm_activities(y, network())
