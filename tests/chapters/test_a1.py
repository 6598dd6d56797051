"""Appendix A1: what its simulations say, and that they say it of statsmodels."""

import json
import re

import numpy as np
import pytest
import vl_convert
from scipy import stats

from exercisebook.chapters import a1
from exercisebook.chapters.a1 import studies
from exercisebook.chapters.a1.exercises import check_p_value
from exercisebook.chapters.a1.library import both_ways, largest_difference
from exercisebook.chapters.a1.readings import (
    broken,
    harmless_from,
    people_rate,
    rate,
    tail,
    worked_feature,
)
from exercisebook.chapters.a1.studies import (
    EVEN,
    KENWARD_ROGER,
    METHODS,
    OTHER,
    PAIRED,
    SATTERTHWAITE,
    SIZES,
    UNEVEN,
    Z,
    degrees_within,
    mixed_fit,
    p_of_t,
    p_of_z,
    p_values,
    study_of,
    t_of_squares,
    three_numbers,
)
from exercisebook.chapters.wording import one
from exercisebook.publish.sphinx_extension.charts import static_spec
from exercisebook.simulate.repeated import PERSONS
from exercisebook.stats.random_intercept import balanced_mean_squares

CHARTS = [name for name in a1.__all__ if name.endswith("_chart")]


@pytest.fixture(scope="module")
def page():
    return a1.begin(studies=60)


@pytest.fixture(scope="module")
def study(page):
    return study_of(page.parameters, 0)


def test_statsmodels_gives_the_same_changes_errors_and_p_values(page):
    both = both_ways(page.parameters)
    assert len(both) == 10
    assert both["warned"].sum() < 4
    assert largest_difference(both[~both["warned"]]) < 1e-3
    assert largest_difference(both) < 0.05
    assert (both["p_t"] > both["p_z"]).all()


def test_the_z_test_is_that_of_the_uncorrected_standard_error(study):
    fit = mixed_fit(study, "b", "satterthwaite")
    expected = 2 * stats.norm.sf(np.abs(fit.estimate / fit.se))
    np.testing.assert_allclose(p_values(study, "b")[Z], expected, rtol=1e-9)


def test_the_paired_test_uses_the_two_phases_that_are_compared_and_no_other(page, study):
    before = p_values(study, "b")
    third = study.values.copy()
    third[study.phases == 2] += np.random.default_rng(1).normal(size=third[study.phases == 2].shape)
    after = p_values(type(study)(**{**vars(study), "values": third}), "b")
    np.testing.assert_allclose(after[PAIRED], before[PAIRED], rtol=1e-12)
    assert not np.allclose(after[KENWARD_ROGER], before[KENWARD_ROGER], rtol=1e-3)


def test_the_example_by_hand_is_what_the_library_fits(page):
    table = a1.worked_example(page)
    n, k = table.shape
    person, phase = table.mean(axis=1), table.mean()
    rest = table.sub(person, axis=0) - (phase - phase.mean())
    between, within = k * person.var(), (rest**2).sum().sum() / ((n - 1) * (k - 1))
    fit = a1.mixedlm("value ~ phase", a1.in_rows(table), groups="person").fit()
    assert fit.params["phase[T.b]"] == pytest.approx(phase["b"] - phase["a"], rel=1e-6)
    assert fit.bse["phase[T.b]"] == pytest.approx((2 * within / n) ** 0.5, rel=1e-4)
    assert fit.cov_re.iloc[0, 0] == pytest.approx((between - within) / k, rel=1e-3)


def test_the_example_is_a_feature_that_does_not_change(page, study):
    chosen = worked_feature(page.parameters)
    assert not study.changed[chosen]
    assert study.effects[:, chosen].tolist() == [0.0, 0.0, 0.0]
    np.testing.assert_allclose(
        a1.worked_example(page).to_numpy().ravel(), study.values[:, chosen], atol=5e-4
    )


def test_three_numbers_give_the_t_that_the_values_give(study):
    cells = np.eye(3)[study.phases]
    squares = balanced_mean_squares(study.values, cells, study.persons)
    change = squares.coefficients[:, 1] - squares.coefficients[:, 0]
    short = t_of_squares(change, squares.within, squares.between, PERSONS)
    fit = mixed_fit(study, "b", "kenward-roger")
    assert (fit.variance_between == 0).sum() > 50
    np.testing.assert_allclose(short, fit.estimate / fit.se, rtol=1e-9)
    assert degrees_within(PERSONS) == np.median(fit.df)


@pytest.mark.parametrize("people", [6, 13, 50])
def test_three_numbers_have_the_moments_of_their_laws(study, people):
    rng = np.random.default_rng(people)
    truth = study.effects[1], study.variance, study.variance * (1 + 3 * study.person_sd**2)
    drawn = [three_numbers(rng, study, people) for _ in range(40)]
    change, within, between = (np.array(part) for part in zip(*drawn, strict=True))
    z = (change - truth[0]) / np.sqrt(2 * truth[1] / people)
    assert z.mean() == pytest.approx(0, abs=4 / np.sqrt(z.size))
    assert z.var() == pytest.approx(1, abs=6 / np.sqrt(z.size))
    for square, expected, df in (
        (within, truth[1], 2 * people - 2),
        (between, truth[2], people - 1),
    ):
        ratio = square / expected
        assert ratio.mean() == pytest.approx(1, abs=4 * np.sqrt(2 / df / ratio.size))
        assert ratio.var() == pytest.approx(2 / df, rel=0.05)


def test_the_short_way_and_the_long_one_agree_at_thirteen_people(page):
    for method in (Z, KENWARD_ROGER):
        for measure in ("fdr", "false_positives", "power"):
            long, short = rate(page, method, EVEN, measure), people_rate(page, 13, method, measure)
            apart = np.hypot(long["error"], short["error"])
            assert abs(long["estimate"] - short["estimate"]) < 4 * apart, (method, measure)


def test_the_z_test_breaks_its_promise_and_the_others_keep_theirs_where_responses_are_even(page):
    assert set(broken(page, EVEN)) == {Z, studies.RESIDUAL}
    assert rate(page, Z)["low"] > 0.08
    for method in (SATTERTHWAITE, KENWARD_ROGER, studies.BLOCKED, PAIRED):
        row = rate(page, method)
        assert row["estimate"] <= 0.05 + 2 * row["error"]
        assert 0.045 < rate(page, method, EVEN, "false_positives")["estimate"] < 0.055


def test_where_people_respond_unevenly_paired_differences_alone_keep_their_promise(page):
    assert set(broken(page, UNEVEN)) == set(METHODS) - {PAIRED}
    assert broken(page, OTHER) == []
    paired, kenward = (rate(page, m, OTHER, "power")["estimate"] for m in (PAIRED, KENWARD_ROGER))
    assert paired > kenward


def test_more_people_make_z_harmless_and_fewer_make_it_worse(page):
    shares = [people_rate(page, people, Z)["estimate"] for people in SIZES]
    assert shares[0] > 2 * shares[3] > 2 * shares[-1]
    assert harmless_from(page) in (30, 50, 100)
    for people in SIZES:
        row = people_rate(page, people, KENWARD_ROGER)
        assert row["estimate"] <= 0.05 + 2 * row["error"]


def test_satterthwaites_degrees_of_freedom_jump_and_those_of_kenward_and_roger_do_not(page):
    frame = studies.degrees(page.parameters)
    df = {(row.at_zero, row.method): row.df for row in frame.itertuples()}
    assert df[True, SATTERTHWAITE] == 36
    assert {df[False, SATTERTHWAITE], df[True, KENWARD_ROGER], df[False, KENWARD_ROGER]} == {24}
    assert frame.groupby("method")["features"].sum().tolist() == pytest.approx([1, 1])


def test_what_a_study_gives_is_counted_right():
    p = np.array([1e-6, 1e-6, 1e-6, 0.04, 0.5, 0.9])
    changed = np.array([True, True, False, False, True, False])
    positives, share, power, false, true = studies.measured(p, changed, 0.05)
    assert (positives, share, power, false, true) == (2 / 3, 1 / 3, 2 / 3, 1, 2)


def test_nothing_found_is_nothing_found_wrongly():
    p, changed = np.full(20, 0.5), np.arange(20) < 2
    assert studies.measured(p, changed, 0.05) == (0.0, 0.0, 0.0, 0, 0)


def test_the_error_of_a_rate_is_taken_over_studies():
    found = {"here": [[[0, 0.1, 0, 0, 0]], [[0, 0.3, 0, 0, 0]]]}
    row = one(studies._summarised(found, (Z,), "setting"), measure="fdr")
    assert row["estimate"] == pytest.approx(0.2)
    assert row["error"] == pytest.approx(0.1)
    assert row["low"] == pytest.approx(0.2 - 1.96 * 0.1, abs=1e-4)


def test_the_same_parameters_give_the_same_numbers_and_another_seed_others():
    first, again, other = (
        studies.rates(a1.begin(studies=20, features=200, seed=seed).parameters)
        for seed in (1, 1, 2)
    )
    assert first.equals(again)
    assert not first.equals(other)


def test_the_normal_curve_is_worse_the_farther_out():
    factors = [tail(p)["too_small"] for p in (0.05, 0.01, 0.001, 0.0001)]
    assert factors == sorted(factors)
    t = tail(0.01)["t"]
    assert 2 * stats.t.sf(t, 24) == pytest.approx(0.01)
    assert p_of_z(t) == pytest.approx(0.01 / factors[1])


@pytest.mark.parametrize("given", [{}, {"fdr": 0.2}, {"fdr": 0.001}, {"features": 200}])
def test_sentences_hold_no_gap_and_no_machine_number(given):
    made = a1.sentences(a1.begin(studies=20, **given))
    for name, text in made.items():
        assert "nan" not in text.lower(), name
        assert "None" not in text, name
        assert not re.search(r"\b[1-9]\d*\.\d{4,}", text), name
        assert not text.startswith(" "), name


def test_sentences_turn_with_what_the_tests_do(page, monkeypatch):
    there = a1.sentences(page)
    assert "its default p values, no" in there["answer"]
    assert "keep the promise" in there["answer"]
    assert "break their promise" in there["uneven"]
    good = studies.rates(page.parameters).assign(estimate=0.01, low=0.005, high=0.015)
    monkeypatch.setattr(a1.readings, "rates", lambda parameters: good)
    turned = a1.sentences(page)
    assert "keep what they promise" in turned["answer"]
    assert "break" not in turned["uneven"]
    assert "no way out" not in turned["agreement"]
    assert "keeps its promise" in turned["findings"]


def test_a_promise_that_is_kept_only_with_many_people_is_said_so(page, monkeypatch):
    assert "people on." in a1.sentences(page)["people"]
    bad = studies.by_people(page.parameters).assign(estimate=0.3)
    monkeypatch.setattr(a1.readings, "by_people", lambda parameters: bad)
    assert "Even 100 people do not make it harmless" in a1.sentences(page)["people"]


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_labelled_described_and_drawn_without_a_browser(page, name):
    spec = getattr(a1, name)(page).to_dict()
    about = spec["usermeta"]
    assert about["name"].startswith("fig-")
    assert about["caption"].startswith("Simulated")
    assert about["caption"].endswith(".")
    assert "60 studies of 2,000 features" in about["caption"]
    assert spec["description"].endswith(".")
    assert len(json.dumps(spec)) < 60_000
    svg = vl_convert.vegalite_to_svg(static_spec(spec))
    assert "undefined" not in svg
    assert "NaN" not in svg


def test_labels_of_charts_are_unique(page):
    names = [getattr(a1, name)(page).to_dict()["usermeta"]["name"] for name in CHARTS]
    assert len(names) == len(set(names)) == 3


@pytest.mark.parametrize(
    "name",
    ["agreement_table", "operating_table", "uneven_table", "other_table", "degrees_table"],
)
def test_a_table_has_few_columns_and_no_gap(page, name):
    frame = getattr(a1, name)(page).frame
    assert len(frame.columns) <= 8
    assert not frame.astype(str).apply(lambda c: c.str.contains("nan")).any(axis=None)


def test_the_solution_of_the_exercise_is_right():
    assert check_p_value(float(p_of_t(3, 10))).startswith("Right")


@pytest.mark.parametrize("wrong", [0.0027, float(p_of_t(3, 15)), 0.5, 0.0067, 0, 1.2, 0.003])
def test_other_p_values_are_not(wrong):
    assert not check_p_value(wrong).startswith("Right")


def test_the_z_test_and_the_count_of_samples_are_recognised():
    assert "z test again" in check_p_value(float(p_of_z(3)))
    assert "counts samples" in check_p_value(float(p_of_t(3, 15)))
