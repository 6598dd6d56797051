from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exercisebook.errors import Misuse
from exercisebook.simulate import panels
from exercisebook.simulate.arrays import simulate_arrays
from exercisebook.simulate.panels import (
    COLUMNS,
    PANELS,
    law_effects,
    law_stream,
    laws,
    missing_probability,
    panel_features,
)
from exercisebook.simulate.worlds import world
from exercisebook.sources.features import feature_table

TABLES = sorted(Path(panels.__file__).parent.glob("panel*.csv"))
CVS = ["cv_between", "cv_within", "cv_assay"]
ONE_CARBON = [
    "choline", "betaine", "dimethylglycine", "sarcosine", "methionine", "homocysteine",
    "cystathionine",
]  # fmt: skip

blocks = st.sampled_from(PANELS)


ANONYMOUS = r"^(?:protein|metabolite)_\d{3}$"


@pytest.fixture(scope="module")
def features():
    return panel_features()


@pytest.fixture(scope="module")
def anonymous(features):
    rest = features[features["feature"].str.contains(ANONYMOUS)]
    return {block: rest[rest["block"] == block] for block in PANELS}


def normal_log2_values(features, people=2000):
    """Return log2 values of people seen once, by the table's centres and CVs."""
    sd = np.sqrt(np.log1p(features[CVS].to_numpy() ** 2).sum(axis=1))
    deviate = np.random.default_rng(20251121).standard_normal((people, len(features)))
    return np.log2(features["centre"].to_numpy()) + sd * deviate / np.log(2)


# the tables


def test_two_tables_are_committed():
    assert [table.name for table in TABLES] == ["panel_laws.csv", "panels.csv"]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_number_has_a_source_and_a_confidence(table):
    rows = pd.read_csv(table, dtype=str, keep_default_na=False)
    assert len(rows) > 70
    assert rows["source"].str.strip().ne("").all()
    assert rows["confidence"].str.contains("published|assumed").all()


def test_what_claims_to_be_published_names_where():
    rows = pd.concat([pd.read_csv(table, dtype=str) for table in TABLES])
    published = rows[rows["confidence"].str.startswith("published")]
    assert len(published) >= 5
    assert published["source"].str.contains("doi:|PMC|Lever|abstract").all()


def test_a_law_stands_once():
    rows = pd.read_csv(TABLES[0])
    assert not rows.duplicated(["block", "parameter"]).any()


def test_an_unknown_block_has_no_laws_and_the_nearest_is_named():
    with pytest.raises(Misuse, match="did you mean 'proteins'"):
        laws("protein")


# the features


def test_there_are_300_proteins_and_150_metabolites(features):
    assert features["block"].value_counts().to_dict() == {"proteins": 300, "metabolites": 150}
    assert tuple(features.columns) == COLUMNS
    assert features["feature"].is_unique


def test_the_panel_is_the_same_every_time(features):
    pd.testing.assert_frame_equal(features, panel_features())


def test_a_caller_who_changes_the_panel_changes_only_a_copy(features):
    spoilt = panel_features()
    spoilt["centre"] = -1.0
    pd.testing.assert_frame_equal(features, panel_features())


def test_features_that_the_book_names_bear_its_names_and_others_none(features):
    named = features["canonical_id"].notna()
    assert named.sum() > 10
    assert (features["canonical_id"] == features["feature"])[named].all()
    assert set(features["canonical_id"][named]) <= set(feature_table().index)
    assert features["canonical_id"][~named].map(lambda canonical_id: canonical_id is None).all()
    assert not features["feature"][named].str.contains(ANONYMOUS).any()
    assert features["feature"].str.contains(ANONYMOUS).mean() > 0.8


def test_every_number_needed_for_a_draw_is_there_and_possible(features):
    optional = ["canonical_id", "detection_limit", "missing_slope", "missing_at"]
    assert features.drop(columns=optional).notna().all(axis=None)
    assert (features[["centre", "decay_h", "late_h", *CVS]] > 0).all(axis=None)
    assert (features["missing_slope"] > 0).all()
    assert features["module_loading"].abs().lt(1).all()
    assert (features["module"].eq(0) == features["module_loading"].eq(0)).all()


def test_betaine_varies_as_published_and_training_does_not_move_its_chain_here(features):
    chain = features.set_index("feature").loc[ONE_CARBON]
    assert chain.loc["betaine", ["centre", *CVS]].tolist() == [35, 0.25, 0.13, 0.06]
    assert (chain["log2_training"] == 0).all()
    assert chain["module"].nunique() == 1
    assert chain.at["homocysteine", "module_loading"] < 0 < chain.at["betaine", "module_loading"]


def test_lactate_rises_from_its_published_rest_to_between_two_and_six_millimolar(features):
    lactate = features.set_index("feature").loc["lactate"]
    assert lactate[["centre", "cv_between", "cv_within"]].tolist() == [880, 0.28, 0.31]
    assert 2000 < lactate["centre"] * 2 ** lactate["log2_acute"] < 6000


# the laws of the anonymous ones


@pytest.mark.parametrize("block", PANELS)
@pytest.mark.parametrize("quantity", [*CVS, "decay_h", "late_h"])
def test_spreads_and_times_follow_their_lognormal_laws(anonymous, block, quantity):
    law, logs = laws(block), np.log(anonymous[block][quantity])
    sd, k = law[f"{quantity}_log_sd"], len(logs)
    assert abs(logs.mean() - np.log(law[f"{quantity}_median"])) < 4 * sd / np.sqrt(k)
    assert abs(logs.std() / sd - 1) < 4 / np.sqrt(2 * k)


@pytest.mark.parametrize("block", PANELS)
def test_centres_follow_their_law(anonymous, block):
    law, logs = laws(block), np.log2(anonymous[block]["centre"])
    sd, k = law["log2_centre_sd"], len(logs)
    assert abs(logs.mean() - law["log2_centre_mean"]) < 4 * sd / np.sqrt(k)
    assert abs(logs.std() / sd - 1) < 4 / np.sqrt(2 * k)


def test_metabolites_keep_to_the_published_intraclass_correlation(anonymous):
    variances = np.log1p(anonymous["metabolites"][CVS] ** 2)
    assert 0.5 < (variances["cv_between"] / variances.sum(axis=1)).median() < 0.7


@pytest.mark.parametrize(
    ("block", "effect", "low", "high"),
    [
        ("proteins", "log2_acute", 0.12, 0.18),
        ("metabolites", "log2_acute", 0.27, 0.33),
        ("proteins", "log2_training", 0.08, 0.12),
        ("metabolites", "log2_training", 0.06, 0.10),
    ],
)
def test_the_share_of_features_that_change_is_the_one_set(anonymous, block, effect, low, high):
    assert low < (anonymous[block][effect] != 0).mean() < high


def test_most_proteins_that_a_bout_changes_go_up_and_some_go_down(anonymous):
    changes = anonymous["proteins"]["log2_acute"]
    up, down = (changes > 0).sum(), (changes < 0).sum()
    assert up > 3 * down > 0


@pytest.mark.parametrize("block", PANELS)
def test_training_effects_are_small_and_of_both_signs(anonymous, block):
    effects = anonymous[block]["log2_training"]
    effects = effects[effects != 0]
    k = len(effects)
    assert abs(effects.std(ddof=1) / 0.25 - 1) < 4 / np.sqrt(2 * (k - 1))
    assert effects.min() < 0 < effects.max()


def test_what_a_bout_changes_is_not_what_training_changes(anonymous):
    proteins = anonymous["proteins"]
    both = (proteins["log2_acute"] != 0) & (proteins["log2_training"] != 0)
    trained = proteins["log2_training"] != 0
    assert 0 < both.sum() < trained.sum()


def test_a_fifth_of_proteins_have_a_detection_limit_that_some_people_are_beneath(features):
    proteins = features[features["block"] == "proteins"]
    limited = proteins["detection_limit"].notna()
    assert 0.15 < limited.mean() < 0.25
    log2_limit = np.log2(proteins["detection_limit"].to_numpy(float))
    beneath = (normal_log2_values(proteins) < log2_limit).mean(axis=0)[limited]
    assert beneath.max() < 0.5
    assert 0.05 < beneath.mean() < 0.25


@given(st.integers(1, 500), st.floats(0, 1), st.floats(0.01, 5))
def test_effects_fall_on_a_share_of_the_features(k, share, sd):
    effects = law_effects("proteins", "a test", k, share, sd)
    assert (effects != 0).sum() == round(share * k)


def test_a_stream_is_that_of_its_names_alone():
    first, again, other = (
        law_stream("proteins", name).random(5) for name in ("centre", "centre", "decay_h")
    )
    np.testing.assert_array_equal(first, again)
    assert not (first == other).any()


# modules


@pytest.mark.parametrize(("block", "count", "size"), [("proteins", 10, 12), ("metabolites", 8, 8)])
def test_modules_are_as_many_and_as_large_as_set(features, block, count, size):
    module = features.loc[features["block"] == block, "module"]
    sizes = module[module > 0].value_counts()
    assert len(sizes) == count
    assert sizes.min() >= size / 2
    assert abs(sizes.mean() - size) < 2


def test_no_module_spans_two_panels(features):
    in_module = features[features["module"] > 0]
    assert (in_module.groupby("module")["block"].nunique() == 1).all()


@pytest.mark.parametrize("block", PANELS)
def test_features_of_a_module_move_together_within_people_and_others_do_not(block):
    null = world("null")
    features = null.block(block)
    values = simulate_arrays(null, 13, np.random.default_rng(20251121), (block,), 60)[block]
    logs = np.log(values)
    change = (logs[..., 2, :] - logs[..., 0, :]).reshape(-1, len(features))
    correlation = pd.DataFrame(change).corr().to_numpy()
    loading, module = features["module_loading"].to_numpy(), features["module"].to_numpy()
    together = (module[:, None] == module) & (module > 0) & ~np.eye(len(module), dtype=bool)
    apart = (module[:, None] != module) & (module[:, None] > 0) & (module > 0)
    signed = correlation * np.sign(np.outer(loading, loading))
    assert signed[together].mean() > 0.2
    assert abs(signed[apart].mean()) < 0.05


# missing values


@pytest.mark.parametrize("block", PANELS)
def test_a_few_in_a_hundred_values_go_missing(features, block):
    panel = features[features["block"] == block]
    assert 0.03 < missing_probability(panel, normal_log2_values(panel)).mean() < 0.06


@given(blocks, st.floats(-30, 30), st.floats(0.01, 10))
def test_a_weaker_signal_never_goes_missing_less(block, log2_value, more):
    panel = panel_features().query("block == @block")
    weak = np.full(len(panel), log2_value)
    weaker_missing, missing = (missing_probability(panel, v) for v in (weak, weak + more))
    assert (weaker_missing >= missing).all()
    assert (missing >= 0).all()
    assert (weaker_missing <= laws(block)["missing_most"]).all()


def test_half_go_missing_at_the_midpoint_by_the_slope_around_it(features):
    betaine = features[features["feature"] == "betaine"]
    slope, midpoint = betaine["missing_slope"].item(), betaine["missing_at"].item()
    above = np.array([[0.0], [1.0], [3.0]])
    expected = 1 / (1 + np.exp(slope * above))
    np.testing.assert_allclose(missing_probability(betaine, midpoint + above), expected)


@pytest.mark.parametrize("block", PANELS)
def test_features_of_weak_signal_miss_more_and_so_do_their_weak_values(anonymous, block):
    panel = anonymous[block]
    values = normal_log2_values(panel)
    missing = missing_probability(panel, values)
    by_feature = pd.Series(missing.mean(axis=0))
    weakness = pd.Series(panel["centre"].to_numpy())
    assert by_feature.corr(weakness, method="spearman") < -0.3
    low = values < np.median(values, axis=0)
    assert missing[low].mean() > 1.5 * missing[~low].mean()


def test_the_most_that_can_be_missing_is_reached_and_never_passed(features):
    faint = missing_probability(features, np.full(len(features), -1e6))
    np.testing.assert_array_equal(faint, 0.6)
    np.testing.assert_array_equal(missing_probability(features, np.full(len(features), 1e6)), 0)


def test_a_feature_without_a_slope_misses_nothing(features):
    no_slope = features.assign(missing_slope=np.nan, missing_at=np.nan, block="clinical")
    assert (missing_probability(no_slope, np.full(len(features), -50.0)) == 0).all()


def test_values_of_another_number_of_features_are_refused(features):
    with pytest.raises(Misuse, match="449 columns of values for 450 features"):
        missing_probability(features, np.zeros((3, 449)))
