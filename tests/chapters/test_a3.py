"""Appendix A3: what its tables, sentences and charts say of the long calibration."""

import importlib
import json
import re

import numpy as np
import pandas as pd
import pytest
import vl_convert
from scipy import stats

from exercisebook.chapters import a3
from exercisebook.chapters.a3 import readings, verdict_readings
from exercisebook.chapters.a3.readings import (
    CLEAR,
    FEATURES,
    NULL,
    calibration,
    clearly_above,
    coverages,
    false_positives,
    finding,
    fold,
    outcome,
    outcomes,
    rates,
    worlds,
)
from exercisebook.chapters.a3.studies import LIVE, changes, paired_p, true_change
from exercisebook.chapters.a3.verdict_readings import (
    CLAIMED,
    CONFOUNDED,
    EFFECT,
    JUDGED,
    NOTHING,
    OPPOSITE,
    OTHERWISE,
    RANDOMISED,
    SINGLE,
    claim_words,
    deceptions,
    judged_worlds,
    promises,
    verdict_row,
    verdict_rows,
    verdicts,
)
from exercisebook.errors import Misuse
from exercisebook.publish.sphinx_extension.charts import static_spec
from exercisebook.simulate.worlds import WORLDS

# the package has a function of this name too
MADE = importlib.import_module("exercisebook.chapters.a3.sentences")
RULE = ("rule", "promised", "deceived", "by_lot", "cause")
"""The sentences on the rule of verdicts."""

CHARTS = [name for name in a3.__all__ if name.endswith("_chart")]
TABLES = [name for name in a3.__all__ if name.endswith("_table") and name != "live_table"]


@pytest.fixture(scope="module")
def page():
    return a3.begin(studies=400)


@pytest.fixture(scope="module")
def made(page):
    return a3.sentences(page)


def test_the_test_by_hand_is_students_paired_t(page):
    d = changes(page)
    assert d.shape == (400, 13)
    t = d.mean(axis=1) / (d.std(axis=1, ddof=1) / 13**0.5)
    theirs = stats.ttest_1samp(d, 0, axis=1)
    np.testing.assert_allclose(t, theirs.statistic)
    np.testing.assert_allclose(paired_p(d), theirs.pvalue)
    found = abs(t) > a3.least_ratio(people=13)
    np.testing.assert_array_equal(found, theirs.pvalue < 0.05)


def test_people_who_did_not_come_are_left_out_of_their_study_alone(page):
    d = changes(page, "dropout", "crp")
    missing = np.isnan(d).sum(axis=1)
    assert 0 < missing.mean() < 6
    theirs = stats.ttest_1samp(d, 0, axis=1, nan_policy="omit").pvalue
    np.testing.assert_allclose(paired_p(d), np.asarray(theirs, float))


def test_values_below_detection_stand_at_the_limit(page):
    low = np.log2(0.15)
    crp = changes(page, NULL, "crp")
    assert np.isfinite(crp).all()
    assert np.abs(crp).max() < 12 - low


def test_the_same_seed_gives_the_same_studies_and_another_others(page):
    np.testing.assert_array_equal(changes(page), changes(a3.begin(studies=400)))
    assert not np.array_equal(changes(page), changes(a3.begin(studies=400, seed=1)))


def test_worlds_share_their_chance(page):
    season, null = (changes(page, name, "crp") for name in ("season", NULL))
    shift = true_change("season", "crp")["log2_change"]
    # what is below detection does not follow
    assert np.median(season - null) == pytest.approx(shift, abs=0.02)


def test_an_unknown_world_is_refused():
    with pytest.raises(Misuse, match="world"):
        a3.begin(world="sesaon")


def test_no_test_that_claims_its_level_clearly_exceeds_it():
    rows = false_positives()
    assert len(rows) > 30
    assert not rows.loc[rows["claimed"], "off"].any()
    assert rows.loc[~rows["claimed"], "off"].sum() >= 4


def test_every_row_of_a_chart_stands_once():
    for rows in (false_positives(), coverages()):
        assert not rows["row"].duplicated().any()
        assert rows["row"].str.len().max() < 36


def test_coverage_is_taken_where_there_are_effects_if_it_was_tried_there():
    rows = coverages().set_index("row")
    assert rows.loc["paired t: few features", "world"] != NULL
    assert rows.loc["LinDA-type: taxa", "world"] == NULL


def test_a_world_called_null_is_not_read_as_a_gap():
    assert NULL in set(calibration()["world"])
    assert worlds() == list(WORLDS)
    assert not calibration()["world"].isna().any()


@pytest.mark.parametrize(
    ("content", "estimate", "error", "expected"),
    [
        (0.3, 0.9, 0.01, "found"),
        (-0.3, 0.06, 0.01, "found"),
        (0.0, 0.2, 0.01, "false alarm"),
        (0.0, 0.06, 0.01, "quiet"),
        (0.001, 0.2, 0.01, "false alarm"),
    ],
)
def test_a_finding_is_judged_by_what_training_does(content, estimate, error, expected):
    row = pd.Series({"log2_content": content, "estimate": estimate, "monte_carlo_error": error})
    assert outcome(row) == expected


def test_a_feature_found_too_often_where_nothing_happens_is_no_alarm_elsewhere():
    rows = outcomes()
    proline = rows[rows["feature"] == "proline_betaine"].set_index("world")
    assert proline.loc[NULL, "estimate"] - CLEAR * proline.loc[NULL, "monte_carlo_error"] > 0.05
    assert proline.loc["direct", "outcome"] == "quiet"
    assert proline.loc["diet", "outcome"] == "false alarm"
    assert (rows[rows["world"] == NULL]["outcome"] == "quiet").all()


def test_worlds_that_differ_in_cause_give_the_same_findings():
    shares = [finding(name, "crp")["estimate"] for name in ("mediated", "direct", "season", "diet")]
    assert max(shares) - min(shares) < 0.05
    assert min(shares) > 0.3
    called = outcomes().set_index(["feature", "world"])["outcome"]
    assert {called["crp", name] for name in ("mediated", "direct")} == {"found"}
    without = ("season", "diet", "common-cause", "high-crp")
    assert {called["crp", name] for name in without} == {"false alarm"}


def test_there_is_no_verdict_on_simulated_data_but_on_the_rule_of_verdicts(made):
    assert "What is judged here is the rule, and none of these claims" in made["rule"]
    text = " ".join(said for name, said in made.items() if name not in RULE).lower()
    for word in ("supported", "contradicted", "inconclusive", "identified"):
        assert word not in text


def test_sentences_hold_no_gap_and_no_machine_number(made):
    for name, text in made.items():
        assert "nan" not in re.sub(r"\w*nan\w+|\w+nan\w*", "", text.lower()), name
        assert not re.search(r"\d\.\d{4,}|\be[+-]\d|np\.", text), name
        assert text.endswith("."), name
        assert "  " not in text, name


def test_sentences_turn_when_a_test_breaks_its_promise(page, monkeypatch):
    worse = false_positives().copy()
    bad = worse["row"] == "paired t: few features"
    assert bad.sum() == 1
    worse.loc[bad, "off"] = True
    monkeypatch.setattr(MADE, "false_positives", lambda: worse)
    turned = a3.sentences(page)
    assert turned["answer"].startswith("No, in paired t: few features")
    assert "paired t: few features clearly exceed" in turned["alone"]


def test_a_world_without_alarms_is_said_so(page, monkeypatch):
    calm = outcomes().assign(outcome="quiet")
    monkeypatch.setattr(MADE, "outcomes", lambda: calm)
    assert "no world gives a false alarm" in a3.sentences(page)["against"]


def test_what_exceeds_one_in_a_thousand_is_named(made):
    rows = rates(readings.FAR)
    above = rows[clearly_above(rows, 1 / 1000)]
    assert len(above) >= 2
    assert all(f"“{name}”" in made["tails"] for name in above["row"])


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_labelled_described_and_drawn_without_a_browser(name):
    spec = getattr(a3, name)().to_dict()
    about = spec["usermeta"]
    assert about["name"].startswith("fig-")
    assert about["caption"].startswith("Simulated")
    assert about["caption"].endswith(".")
    assert "13 people" in about["caption"]
    assert spec["description"].endswith(".")
    assert len(json.dumps(spec)) < 60_000
    svg = vl_convert.vegalite_to_svg(static_spec(spec))
    assert "undefined" not in svg
    assert "NaN" not in svg
    assert "…" not in svg


def test_labels_of_charts_are_unique():
    names = [getattr(a3, name)().to_dict()["usermeta"]["name"] for name in CHARTS]
    assert len(names) == len(set(names)) == 4


@pytest.mark.parametrize("name", TABLES)
def test_a_table_has_few_columns_and_no_gap(name):
    frame = getattr(a3, name)().frame
    assert len(frame) > 0
    assert len(frame.columns) <= 8
    assert not frame.astype(str).apply(lambda c: c.str.contains(r"\bnan\b")).any(axis=None)


def test_the_live_table_says_what_is_true_of_the_world_chosen(page):
    frame = a3.live_table(page).frame
    assert list(frame["feature"]) == [FEATURES[name] for name in LIVE]
    crp = frame.set_index("feature").loc["CRP"]
    assert crp["what training does"] == "none"
    assert crp["expected change"].startswith("−")


def test_the_table_of_discoveries_shows_z_beside_the_others():
    frame = a3.discovery_table().frame
    frame = frame[frame["world"] == "some change"].set_index("test")
    share = {name: float(row.split(" ±")[0]) for name, row in frame.iloc[:, 2].items()}
    assert share["mixed, z: proteins"] > 8
    assert share["paired t, moderated: proteins"] < 6


@pytest.mark.parametrize(
    ("log2", "words"), [(0, "none"), (0.004, "none"), (1, "+100\u00a0%"), (-1, "−50\u00a0%")]
)
def test_a_ratio_is_told_in_per_cent(log2, words):
    assert fold(log2) == words


def test_the_solutions_of_the_exercises_are_right():
    assert a3.check_expected(450 / 20).startswith("Right")
    for name in ("high-crp", "season", "diet", "common-cause"):
        assert a3.check_world(name).startswith("Right")


@pytest.mark.parametrize("wrong", [0.05, 450, 0, 20])
def test_other_counts_are_not(wrong):
    assert not a3.check_expected(wrong).startswith("Right")


@pytest.mark.parametrize("wrong", ["mediated", "null", "reference", "sesaon", "carry-over"])
def test_other_worlds_are_not(wrong):
    assert not a3.check_world(wrong).startswith("Right")


# the rule of verdicts


@pytest.fixture
def retold(page, monkeypatch):
    """Return a function that makes the sentences of another table of verdicts."""

    def tell(change):
        table = verdicts().copy()
        change(table)
        monkeypatch.setattr(verdict_readings, "verdicts", lambda: table)
        other = importlib.import_module("exercisebook.chapters.a3.verdict_sentences")
        monkeypatch.setattr(other, "verdicts", lambda: table)
        return other.verdict_sentences()

    return tell


def test_the_rule_keeps_every_promise_that_the_page_lists():
    rows = promises().set_index("where")
    assert rows["kept"].all()
    assert list(rows["limit"]) == [0.05, 0.05, 0.01, 0.75, 0]
    assert rows.loc["nothing happens", "estimate"] <= 0.05
    assert rows.loc["the opposite is true", "estimate"] <= 0.01
    assert rows.loc["the claim is true", "estimate"] >= 0.75
    assert rows.loc["any world", "estimate"] == 0


def test_a_promise_is_that_of_the_worst_claim_and_world():
    null = verdict_rows()
    null = null[null["truth"] == NOTHING]
    assert promises().iloc[0]["estimate"] == null["supported"].max()
    assert len(set(null["world"])) > 3
    effect = verdict_rows()
    effect = effect[effect["world"] == EFFECT]
    assert promises().set_index("where").loc["the claim is true", "estimate"] == (
        effect["supported"].min()
    )


def test_every_world_that_deceives_is_listed_and_a_lot_undoes_it():
    rows = deceptions()
    false = rows[rows["verdict"] == "supported"]
    assert list(false["world"]) == list(CONFOUNDED)
    assert (false["lot_estimate"] <= 0.05).all()
    worst = false.set_index("world")["estimate"]
    assert (worst[["season", "diet", "common-cause"]] > 0.5).all()
    against = rows[rows["verdict"] == "contradicted"]
    assert "carry-over" in set(against["world"])


def test_what_is_true_of_a_claim_is_told_apart():
    assert verdict_row("mediated", "betaine")["truth"] == CLAIMED
    assert verdict_row("season", "betaine")["truth"] == OTHERWISE
    assert verdict_row("season", "neutrophils")["truth"] == NOTHING
    assert verdict_row("batch", "betaine")["truth"] == OTHERWISE
    assert verdict_row("batch", "betaine", RANDOMISED)["truth"] == NOTHING
    assert verdict_row("batch", "crp")["truth"] == NOTHING
    assert judged_worlds() == [*WORLDS, EFFECT, OPPOSITE]


def test_claims_are_told_in_words_that_agree():
    said = [claim_words(verdict_row("null", feature)) for feature in JUDGED]
    assert said == ["betaine rises", "CRP falls", "TNF falls", "neutrophils fall", "CCL25 falls"]


def test_sentences_say_where_a_promise_is_broken(made, retold):
    assert made["promised"].startswith("It keeps all five promises")

    def spoil(table):
        table.loc[table["world"] == "null", "supported"] = 0.08

    turned = retold(spoil)["promised"]
    assert turned.startswith("It breaks its promise where nothing happens and nothing happens, in")


def test_sentences_say_what_a_lot_undoes_and_what_not(made, retold):
    assert "none of these seven worlds has such a claim" in made["by_lot"]
    assert "“carry-over”" in made["by_lot"]

    def spoil(table):
        lot = (table["design"] == RANDOMISED) & (table["world"] == "diet")
        table.loc[lot, "supported"] = 0.3

    assert "“diet” still deceives" in retold(spoil)["by_lot"]


def test_sentences_name_the_worlds_that_deceive(made, retold):
    assert "“season” (betaine rises" in made["deceived"]

    def calm(table):
        table.loc[table["truth"] == OTHERWISE, ["supported", "contradicted"]] = 0.02

    turned = retold(calm)
    assert turned["deceived"].startswith("Without a control the rule supports nothing")
    assert "contradicted" not in turned["deceived"]


def test_a_cause_that_was_identified_without_a_control_would_be_counted(made, retold):
    assert "calls the cause identified in none" in made["cause"]

    def name_it(table):
        table["identified"] = table["identified"].astype(float)
        table.loc[table["world"].eq("season") & table["design"].eq(SINGLE), "identified"] = 0.5

    assert "identified in none" not in retold(name_it)["cause"]


def test_the_table_of_the_rule_stands_beside_what_is_promised():
    frame = a3.rule_table().frame
    assert len(frame) == len(promises()) + len(deceptions())
    assert set(frame["kept"]) == {"yes", "no"}
    assert frame["one arm"].str.contains("±").all()
    assert frame.iloc[:4]["kept"].eq("yes").all()


def test_the_tables_of_claims_mark_what_is_true():
    one, two = a3.one_arm_table().frame, a3.by_lot_table().frame
    one, two = one.set_index("world"), two.set_index("world")
    assert one.loc["season", "betaine rises"].endswith("false")
    assert one.loc["mediated", "CRP falls"].endswith("true")
    assert one.loc[OPPOSITE, "TNF falls"].endswith("against")
    assert not two.loc["season", "betaine rises"].endswith("false")
    assert two.loc["carry-over", "neutrophils fall"].endswith("false")
