"""The rule of verdicts on simulated worlds: what its long table holds, and a short one again.

The long ones are made by ``scripts/calibrate_verdicts.py``; they lie in ``data/engine``.
"""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import calibrate_verdicts as long
from exercisebook.claims import verdict
from exercisebook.claims.claims import claims
from exercisebook.paths import ENGINE
from exercisebook.simulate.worlds import WORLDS, world

BATCH, DRAWS = 1000, 100
"""A batch that the long run does not have."""

CONFOUNDED = ("season", "diet", "common-cause", "high-crp", "dropout", "batch", "carry-over")
VERDICTS = list(long.SHARES)


def table_of(name):
    return pd.read_csv(ENGINE / name, keep_default_na=False, na_values=[""])


@pytest.fixture(scope="module")
def table():
    return table_of("verdicts.csv")


@pytest.fixture(scope="module")
def one_arm(table):
    return table[(table["design"] == long.SINGLE) & (table["family"] == long.ALONE)]


@pytest.fixture(scope="module")
def by_lot(table):
    return table[(table["design"] == long.RANDOMISED) & (table["family"] == long.ALONE)]


@pytest.fixture(scope="module")
def grid():
    return table_of("mediation_grid.csv")


def test_every_world_claim_design_and_family_has_a_row_of_two_thousand_studies(table):
    key = ["design", "world", "claim_id", "family"]
    assert not table.duplicated(key).any()
    assert len(table) == 2 * len(long.worlds()) * len(long.CLAIMS) * 2
    assert set(WORLDS) < set(table["world"])
    assert (table["studies"] == long.BATCHES * long.DRAWS).all()
    np.testing.assert_allclose(table[VERDICTS].sum(axis=1), 1, atol=1e-4)


def test_where_nothing_happens_a_claim_is_hardly_ever_supported(table):
    rows = table[table["truth"] == "nothing"]
    assert len(rows) > 60
    assert {"null", "neutrophils-only"} <= set(rows["world"])
    # two-sided at .05, so half of it on the claimed side
    assert (rows["supported"] <= 0.05).all()
    assert rows["supported"].max() > 0.01


def test_where_the_opposite_is_true_a_claim_is_supported_once_in_a_hundred_at_most(table):
    rows = table[table["world"] == long.OPPOSITE]
    assert (rows["truth"] == "opposite").all()
    assert len(rows) == 2 * 2 * len(long.CLAIMS)
    assert (rows["supported"] <= 0.01).all()
    assert (rows.loc[rows["design"] == long.SINGLE, "contradicted"] > 0.4).all()


def test_a_true_effect_tested_alone_is_supported_three_times_out_of_four(one_arm):
    rows = one_arm[one_arm["world"] == long.AS_CLAIMED]
    assert (rows["truth"] == "claimed").all()
    assert len(rows) == len(long.CLAIMS)
    assert (rows["supported"] >= 0.75).all()


def test_a_family_costs_power_and_never_adds_a_support(table):
    wide = table.pivot(index=["design", "world", "claim_id"], columns="family", values="supported")
    assert (wide[long.FAMILY] <= wide[long.ALONE]).all()
    questions = table.set_index("claim_id")["questions"]
    assert questions["S1-14"].max() > 3


def test_no_study_of_one_arm_has_its_cause_identified_in_any_world(table):
    rows = table[table["design"] == long.SINGLE]
    assert set(rows["world"]) == set(long.worlds())
    assert (rows["identified"] == 0).all()
    assert (rows["identified_error"] <= 1 / rows["studies"]).all()
    assert (table.loc[table["design"] == long.RANDOMISED, "identified"] == 1).all()


@pytest.mark.parametrize("name", CONFOUNDED)
def test_what_deceives_one_arm_does_not_deceive_two_drawn_by_lot(one_arm, by_lot, name):
    rows = one_arm[(one_arm["world"] == name) & (one_arm["truth"] == "other cause")]
    assert len(rows) > 0
    again = by_lot[(by_lot["world"] == name) & by_lot["claim_id"].isin(rows["claim_id"])]
    assert len(again) == len(rows)
    assert (again["supported"] <= 0.05).all()


@pytest.mark.parametrize("name", ["season", "diet", "common-cause"])
def test_one_arm_supports_what_season_diet_and_stress_did(one_arm, name):
    own = one_arm[one_arm["world"] == name].set_index("feature")
    assert (own.loc[["betaine", "crp"], "truth"] == "other cause").all()
    assert own.loc["betaine", "supported"] > 0.7
    assert own.loc["crp", "supported"] > 0.4


def test_a_last_bout_is_no_matter_of_lots(one_arm, by_lot):
    for rows in (one_arm, by_lot):
        own = rows[(rows["world"] == "carry-over") & (rows["feature"] == "neutrophils")].iloc[0]
        assert own["log2_content"] == pytest.approx(0, abs=1e-9)
        assert own["log2_seen"] > 0.3
        assert own["contradicted"] > 0.4


def test_monte_carlo_errors_are_those_of_shares(table):
    for column in (*VERDICTS, "identified"):
        share, error = table[column], table[f"{column}_error"]
        usual = np.sqrt(share * (1 - share) / (table["studies"] - 1))
        inside = share.between(0, 1, inclusive="neither")
        np.testing.assert_allclose(error[inside], usual[inside], rtol=1e-2)
        assert (error > 0).all()


def test_the_table_was_made_with_the_claims_of_today(table):
    today = claims().set_index("claim_id")
    for claim_id, own in table.groupby("claim_id"):
        assert set(own["feature"]) == {today.loc[claim_id, "canonical_id"]}
        assert set(own["direction"]) == {today.loc[claim_id, "direction"]}
        expected = today.loc[claim_id, "smallest_effect"]
        np.testing.assert_allclose(own["smallest_effect"], expected)
        together = own.loc[own["family"] == long.FAMILY, "questions"]
        assert set(together) == {len(long.family_of(claim_id))}, "run make calibrate again"


@pytest.mark.parametrize(
    ("design", "name"), [(long.SINGLE, "season"), (long.RANDOMISED, "mediated")]
)
def test_other_studies_give_the_same_shares(table, design, name):
    key = ["design", "world", "claim_id", "family"]
    here = long.summary(long.verdicts(design, name, BATCH, DRAWS)).set_index(key)
    frozen = table.set_index(key).loc[here.index]
    assert len(here) == 2 * len(long.CLAIMS)
    for column in VERDICTS:
        # a share of a hundred that is 0 or 1 says too little of its own error
        p = frozen[column].clip(0.01, 0.99)
        error = np.sqrt(p * (1 - p) * (1 / DRAWS + 1 / frozen["studies"]))
        assert ((here[column] - frozen[column]).abs() <= 4 * error).all(), column
    for column in ("log2_content", "log2_seen"):
        np.testing.assert_allclose(here[column], frozen[column], rtol=1e-3, atol=1e-6)
    assert (here["truth"] == frozen["truth"]).all()


def test_the_rule_that_is_tried_is_the_one_that_judges(monkeypatch):
    said = verdict.Observed(verdict.CONTRADICTED, "made up")
    monkeypatch.setattr(long, "observed_verdict", lambda *given: said)
    found = long.summary(long.verdicts(long.SINGLE, "null", BATCH, 5))
    assert (found["contradicted"] == 1).all()
    monkeypatch.undo()
    assert long.observed_verdict is verdict.observed_verdict
    assert long.cause_verdict is verdict.cause_verdict


def test_the_effects_handed_to_the_rule_are_those_of_students_tests():
    one = long.single_arm("dropout", BATCH, 4)["crp"]
    d = long.changes_of(world("dropout"), long.PEOPLE, long.generator(BATCH, 41), 4).d["crp"]
    theirs = stats.ttest_1samp(d, 0, nan_policy="omit")
    np.testing.assert_allclose(one["p_value"], np.asarray(theirs.pvalue, float))
    two = long.randomised("season", BATCH, 4)["crp"]
    people = 2 * long.PEOPLE
    trained, rested = (
        long.changes_of(w, people, long.generator(BATCH, 42), 4).d["crp"]
        for w in (world("season"), world("season-twin"))
    )
    theirs = stats.ttest_ind(trained[::2], rested[1::2])
    np.testing.assert_allclose(two["p_value"], theirs.pvalue)
    np.testing.assert_allclose(two["estimate"], trained[::2].mean(0) - rested[1::2].mean(0))


def test_a_visit_mostly_below_detection_or_missing_is_flagged():
    values = np.full((3, 5, 2), 2.0)
    values[1, :3, 1] = 1.0
    values[2, :3, 0] = np.nan
    flags = long._flags(values, 1.0)
    assert flags == ["", long.NONDETECT, long.MOSTLY_MISSING]


@pytest.mark.parametrize("name", list(long.SIDES))
def test_an_effect_of_size_has_that_size_in_what_is_measured(name):
    found = long.changes_of(long.judged_world(name), long.PEOPLE, long.generator(BATCH, 41), 400)
    for _, claim in long.judged().iterrows():
        d = found.d[claim["canonical_id"]]
        ratio = np.nanmean(d) / np.sqrt(np.nanmean(np.nanvar(d, axis=0, ddof=1)))
        wanted = long.SIDES[name] * long._sign(claim) * long.DZ
        assert ratio == pytest.approx(wanted, abs=0.08), claim["canonical_id"]


# the grid of mediation studies


def test_the_grid_has_every_cell_once(grid):
    assert list(grid.columns) == [
        "world", "people", "noise", "season", "studies", "significant", "monte_carlo_error",
    ]  # fmt: skip
    key = ["world", "people", "noise", "season"]
    assert not grid.duplicated(key).any()
    assert len(grid) == len(long.MEDIATION_WORLDS) * 5 * 3 * 4
    assert set(grid["world"]) == set(long.MEDIATION_WORLDS)
    assert (grid["studies"] == long.GRID_STUDIES).all()
    assert grid["significant"].between(0, 1).all()
    assert (grid["monte_carlo_error"] <= 0.0112).all()
    assert (ENGINE / "mediation_grid.csv").stat().st_size < 150_000


def test_the_grid_agrees_with_the_long_table_where_they_meet(grid):
    usual = grid[(grid["people"] == 13) & (grid["noise"] == 1) & (grid["season"] == 0)]
    own = usual.set_index("world")
    methods = table_of("worlds.csv")
    theirs = methods[methods["measure"] == "mediation found"].set_index("world")
    assert set(own.index) == set(theirs.index)
    apart = np.hypot(own["monte_carlo_error"], theirs["monte_carlo_error"])
    assert ((own["significant"] - theirs["estimate"]).abs() <= 4 * apart).all()


def test_the_season_and_an_effect_without_mediation_look_alike_in_every_cell(grid):
    wide = grid.pivot(index=["people", "noise", "season"], columns="world", values="significant")
    assert (wide["direct"] - wide["season"]).abs().max() == 0


def test_more_people_make_a_false_mediation_surer(grid):
    usual = grid[(grid["noise"] == 1) & (grid["season"] == 0)]
    for name in ("diet", "common-cause", "reverse"):
        shares = usual[usual["world"] == name].sort_values("people")["significant"]
        assert shares.is_monotonic_increasing
        assert shares.iloc[-1] > 0.7


def test_a_noisier_assay_hides_a_mediation(grid):
    own = grid[(grid["world"] == "mediated") & (grid["people"] == 25) & (grid["season"] == 0)]
    assert own.sort_values("noise")["significant"].is_monotonic_decreasing


def test_a_cell_drawn_again_is_the_same_and_one_changed_is_not(grid):
    key = ("mediated", 13, 1.0, 0.0)
    cell = grid.set_index(["world", "people", "noise", "season"]).loc[key]
    again = long.grid_cell(*key, long.GRID_STUDIES)
    assert again.mean() == pytest.approx(cell["significant"], abs=1e-4)
    assert long.grid_cell("mediated", 13, 2.0, 0.0, 400).mean() < again.mean()


def test_noise_is_of_the_assay_and_the_season_moves_both():
    base, other = long.grid_world("null", 1.0, 0.0), long.grid_world("null", 2.0, 1.0)
    np.testing.assert_allclose(other.features["cv_assay"], 2 * base.features["cv_assay"])
    np.testing.assert_allclose(other.features["cv_within"], base.features["cv_within"])
    change = long.true_effects(other, ("clinical", "metabolites")).set_index(
        ["feature", "contrast"]
    )["log2_change"]
    assert change["betaine", "training-baseline"] > 0.1
    assert change["crp", "training-baseline"] < -0.1
