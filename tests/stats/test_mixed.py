"""Mixed models: against statsmodels, lmerTest and pbkrtest, their own closed form, and chance."""

import warnings

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.tools.sm_exceptions import ConvergenceWarning

from exercisebook.stats import mixed, random_intercept
from exercisebook.stats.linear import contrast_of, linear_fit
from exercisebook.stats.mixed import DEGREES, MixedEstimates, mixed_contrast
from exercisebook.stats.random_intercept import balanced_mean_squares, sums_in_batches

METHODS = pytest.mark.parametrize("degrees", DEGREES)
CHANGE = [-1.0, 1.0, 0.0]

seeds = st.integers(0, 2**32 - 1)
drawn = settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])


pytestmark = pytest.mark.usefixtures("no_numerical_warnings")


def study(people=13, phases=3, features=6, seed=1, spread=1.0, gaps=0.0):
    """Return values, an indicator of each phase, and persons with one sample of each."""
    rng = np.random.default_rng(seed)
    persons, phase = np.divmod(np.arange(people * phases), phases)
    own = spread * rng.normal(size=(people, features))
    y = 8 + own[persons] + rng.normal(size=(len(phase), features))
    y[rng.random(y.shape) < gaps] = np.nan
    return y, np.eye(phases)[phase], persons


def arms(features=4, people=16, seed=3, gaps=0.12):
    """Return values, columns (control pre and post, trained pre and post, age) and persons."""
    y, phase, persons = study(people, 2, features, seed, gaps=gaps)
    trained = persons % 2
    cells = np.eye(4)[2 * trained + phase[:, 1].astype(int)]
    age = np.random.default_rng(seed).uniform(-20, 20, people)[persons]
    return y + 0.03 * age[:, None], np.column_stack([cells, age]), persons


CHANGE_OF_TRAINED = [0.0, 0, -1, 1, 0]
ARM_BEFORE = [-1.0, 0, 1, 0, 0]
DIFFERENCE = [1.0, -1, -1, 1, 0]
SLOPE = [0.0, 0, 0, 0, 1]


def searched(y, x, persons, contrast, degrees) -> MixedEstimates:
    """Return the estimates by the general search, whatever the layout."""
    ((_, sums),) = sums_in_batches(y, x, persons)
    return mixed._searched(sums, np.asarray(contrast, float), degrees)


def same(one: MixedEstimates, other: MixedEstimates, rtol=1e-8, but=()) -> None:
    for name in MixedEstimates.__dataclass_fields__:
        if name not in but:
            np.testing.assert_allclose(
                getattr(one, name), getattr(other, name), rtol=rtol, atol=1e-10, err_msg=name
            )


def p_values(found: MixedEstimates) -> np.ndarray:
    return 2 * stats.t.sf(np.abs(found.estimate / found.se), found.df)


# against other software -------------------------------------------------------------------------


@pytest.mark.parametrize("contrast", [CHANGE_OF_TRAINED, ARM_BEFORE, DIFFERENCE, SLOPE])
def test_estimates_and_satterthwaites_errors_are_those_of_statsmodels(contrast):
    y, x, persons = arms()
    found = mixed_contrast(y, x, persons, contrast, "satterthwaite")
    for g in range(y.shape[1]):
        there = np.isfinite(y[:, g])
        frame = pd.DataFrame(x[there], columns=list("abcde")).assign(
            y=y[there, g], person=persons[there]
        )
        model = smf.mixedlm("y ~ 0 + a + b + c + d + e", frame, groups="person")
        with warnings.catch_warnings(action="ignore", category=ConvergenceWarning):
            fit = model.fit(reml=True, method=["bfgs"], gtol=1e-9)
        assert found.variance_between[g] > 0.05
        c = np.asarray(contrast)
        # its own standard errors also count how the variances are estimated, in another way
        same_person = persons[there][:, None] == persons[there][None, :]
        sigma = fit.scale * np.eye(there.sum()) + fit.cov_re.iloc[0, 0] * same_person
        se = np.sqrt(c @ np.linalg.inv(x[there].T @ np.linalg.solve(sigma, x[there])) @ c)
        assert found.estimate[g] == pytest.approx(c @ fit.fe_params, rel=1e-5, abs=1e-6)
        assert found.se[g] == pytest.approx(se, rel=1e-5)
        assert found.variance_within[g] == pytest.approx(fit.scale, rel=1e-5)
        assert found.variance_between[g] == pytest.approx(fit.cov_re.iloc[0, 0], rel=1e-5)


PEOPLE = [0, 0, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 5, 6, 6, 6, 7, 7, 8, 8, 8]
VISITS = ["C pre", "C post", "T pre", "T late", "C pre", "C post", "C late", "T pre", "T post",
          "T late", "C post", "C late", "T pre", "C pre", "C post", "C late", "T pre", "T post",
          "C pre", "C post", "C late"]  # fmt: skip
AGES = np.array([24, 31, 45, 52, 28, 39, 61, 33, 47])
VALUES = [
    [8.33, 9.87, 7.84, 8.91, 10.48, 10.58, 9.78, 10.39, 11.09, 12.2, 6.69, 6.61, 6.81, 10.11, 9.78,
     9.62, 8.07, 10.1, 9.14, 9.67, 9.68],
    [9.28, 7.76, 7.69, 7.51, 8.37, 8.68, 7.93, 7.5, 7.51, 8.39, 8.45, 8.33, 7.6, 8.14, 8.07, 8.13,
     8.52, 8.13, 8.41, 8.04, 8.17],
]  # fmt: skip
ASKED = {
    "change": {"T post": 1, "T pre": -1},
    "arm": {"T pre": 1, "C pre": -1},
    "interaction": {"T late": 1, "T pre": -1, "C late": -1, "C pre": 1},
    "age": {"age": 1},
}
# R 4.2.2, lmerTest 3.1-3, pbkrtest 0.5.2: lmer(y ~ 0 + visit + age + (1 | person), control =
# lmerControl("bobyqa", optCtrl = list(rhobeg = 1e-2, rhoend = 1e-11))); contest(., L, FALSE, ddf)
LMER = {
    (0, "satterthwaite"): {
        "change": (1.3438910952, 0.49542974163, 8.214042757),
        "arm": (-0.4962030749, 0.84733132422, 7.190218743),
        "interaction": (1.7677482025, 0.63072956723, 8.132318410),
        "age": (0.0731362977, 0.03419301732, 5.487345610),
    },
    (0, "kenward-roger"): {
        "change": (1.3438910952, 0.50277702270, 8.454105774),
        "arm": (-0.4962030749, 0.84776671250, 7.438829723),
        "interaction": (1.7677482025, 0.63851544289, 8.373449558),
        "age": (0.0731362977, 0.03419441303, 5.726591043),
    },
    (1, "satterthwaite"): {
        "change": (0.028143071890, 0.355583492557, 14),
        "arm": (-0.774776505438, 0.292454501279, 14),
        "interaction": (0.549133433548, 0.457739842256, 14),
        "age": (-0.009504819171, 0.007696504218, 14),
    },
    (1, "kenward-roger"): {
        "change": (0.028143071890, 0.373007012901, 11.113065920),
        "arm": (-0.774776505438, 0.297480114483, 13.941294532),
        "interaction": (0.549133433548, 0.480340276532, 10.960444541),
        "age": (-0.009504819171, 0.007760322786, 5.021284837),
    },
}


@METHODS
@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("feature", [0, 1], ids=["persons differ", "persons do not differ"])
def test_unbalanced_arms_with_a_covariate_are_those_of_lmertest_and_pbkrtest(
    feature, asked, degrees
):
    x = pd.get_dummies(pd.Series(VISITS)).astype(float).assign(age=AGES[PEOPLE] - AGES.mean())
    contrast = pd.Series(ASKED[asked]).reindex(x.columns, fill_value=0)
    y = np.array(VALUES[feature])[:, None]
    found = mixed_contrast(y, x, np.array(PEOPLE), contrast, degrees)
    estimate, se, df = LMER[feature, degrees][asked]
    assert found.estimate[0] == pytest.approx(estimate, rel=1e-6)
    assert found.se[0] == pytest.approx(se, rel=1e-6)
    # lmerTest takes derivatives by finite differences
    assert found.df[0] == pytest.approx(df, rel=1e-4 if degrees == "satterthwaite" else 1e-6)
    between, within = [(1.2642628390, 0.2705152903), (0, 0.1674754819)][feature]
    assert found.variance_between[0] == pytest.approx(between, rel=1e-6)
    assert found.variance_within[0] == pytest.approx(within, rel=1e-6)


# the closed form --------------------------------------------------------------------------------


@METHODS
@pytest.mark.parametrize("spread", [0.0, 0.5, 5.0])
@pytest.mark.parametrize(("people", "phases"), [(13, 3), (3, 2), (200, 2)])
def test_the_closed_form_of_a_balanced_layout_is_what_the_search_finds(
    people, phases, spread, degrees
):
    y, x, persons = study(people, phases, 40, spread=spread)
    change = [-1, 1, 0][:phases]
    closed = mixed_contrast(y, x, persons, change, degrees)
    general = searched(y, x, persons, change, degrees)
    inside = np.abs(closed.variance_between / closed.variance_within) > 1e-6
    assert inside.sum() > 10
    same(closed, general, rtol=2e-5)
    # a grain of the variance between decides which model Satterthwaite means
    np.testing.assert_allclose(closed.df, general.df, rtol=1e-4)


@METHODS
@pytest.mark.parametrize(
    ("contrast", "low", "high"),
    [
        ([0, 0, 0, -1, 1, 0], 18, 18),  # a change within one arm
        ([1, -1, 0, -1, 1, 0], 18, 18),  # a difference of changes
        ([-1, 0, 0, 1, 0, 0], 9, 27),  # of the arms before: of both kinds of variance
        ([-1, -1, -1, 1, 1, 1], 9, 9),  # of the arms' means
    ],
)
def test_the_closed_form_holds_for_comparisons_of_balanced_arms(contrast, low, high, degrees):
    y, phase, persons = study(11, 3, 60)
    x = np.hstack([phase * (persons < 5)[:, None], phase * (persons >= 5)[:, None]])
    assert balanced_mean_squares(y, x, persons) is not None
    closed = mixed_contrast(y, x, persons, contrast, degrees)
    same(closed, searched(y, x, persons, contrast, degrees), rtol=1e-5)
    differ = closed.variance_between > 0
    assert differ.sum() > 40
    df = closed.df[differ]
    assert (df > low * (1 - 1e-9)).all()
    assert (df < high * (1 + 1e-9)).all()


def test_a_balanced_change_is_a_blocked_t_test_where_persons_differ():
    y, x, persons = study(spread=3.0)
    found = mixed_contrast(y, x, persons, CHANGE)
    fit = linear_fit(y, x, persons)
    blocked = contrast_of(fit, CHANGE)
    np.testing.assert_allclose(found.estimate, blocked.estimate, rtol=1e-9)
    np.testing.assert_allclose(found.se, blocked.unscaled * np.sqrt(fit.variance), rtol=1e-9)
    np.testing.assert_allclose(found.df, 24, rtol=1e-9)


def test_two_phases_are_a_paired_t_test_where_persons_differ():
    y, x, persons = study(people=3, phases=2, spread=9.0)
    found = mixed_contrast(y, x, persons, [-1, 1])
    expected = stats.ttest_rel(y[1::2], y[::2])
    np.testing.assert_allclose(found.estimate / found.se, expected.statistic, rtol=1e-9)
    np.testing.assert_allclose(p_values(found), expected.pvalue, rtol=1e-9)


@METHODS
def test_a_single_gap_moves_little(degrees):
    y, x, persons = study(people=40, features=30, spread=1.5)
    closed = mixed_contrast(y, x, persons, CHANGE, degrees)
    holed = y.copy()
    holed[5, 0] = np.nan
    found = mixed_contrast(holed, x, persons, CHANGE, degrees)
    others = np.arange(1, 30)
    for name in ("estimate", "se", "df"):
        a, b = getattr(closed, name), getattr(found, name)
        np.testing.assert_allclose(a[others], b[others], rtol=1e-6)
    assert found.se[0] == pytest.approx(closed.se[0], rel=0.1)
    assert found.n_observations[0] == 119


# invariants -------------------------------------------------------------------------------------


@METHODS
@drawn
@given(seed=seeds, scale=st.sampled_from([1e-6, 30.0]), level=st.sampled_from([0.0, 1e5]))
def test_units_and_level_do_not_matter(degrees, seed, scale, level):
    y, x, persons = arms(features=3, seed=seed)
    contrast = DIFFERENCE  # does not see the level
    one = mixed_contrast(y, x, persons, contrast, degrees)
    # all cells get the level: the sum of their columns is one
    other = mixed_contrast(scale * (y + level), x, persons, contrast, degrees)
    inside = one.variance_between > 1e-3
    np.testing.assert_allclose(other.estimate / scale, one.estimate, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(other.se[inside] / scale, one.se[inside], rtol=1e-5)
    np.testing.assert_allclose(other.df[inside], one.df[inside], rtol=1e-4)


@METHODS
@pytest.mark.parametrize("unit", [1e-9, 1e-4, 1e5, 1e9])
@pytest.mark.parametrize("gaps", [0.0, 0.1], ids=["complete", "gaps"])
@pytest.mark.parametrize("absent", [False, True], ids=["", "one lacks a cell"])
def test_the_unit_of_a_covariate_does_not_matter(degrees, unit, gaps, absent):
    y, x, persons = arms(features=5, gaps=gaps)
    if absent:
        y[x[:, 1] == 1, 0] = np.nan
    other_x = x * [1, 1, 1, 1, unit]
    for contrast in (ARM_BEFORE, CHANGE_OF_TRAINED):
        one = mixed_contrast(y, x, persons, contrast, degrees)
        assert np.isfinite(one.se).all()
        same(one, mixed_contrast(y, other_x, persons, contrast, degrees), rtol=1e-5)
    one = mixed_contrast(y, x, persons, SLOPE, degrees)
    other = mixed_contrast(y, other_x, persons, SLOPE, degrees)
    np.testing.assert_allclose(other.se * unit, one.se, rtol=1e-5)
    np.testing.assert_allclose(other.df, one.df, rtol=1e-4)


@METHODS
@drawn
@given(seed=seeds)
def test_the_order_of_samples_and_the_names_of_persons_do_not_matter(degrees, seed):
    y, x, persons = arms(features=3, seed=seed)
    rng = np.random.default_rng(seed)
    order, names = rng.permutation(len(y)), rng.permutation(16)
    one = mixed_contrast(y, x, persons, ARM_BEFORE, degrees)
    other = mixed_contrast(y[order], x[order], names[persons][order], ARM_BEFORE, degrees)
    inside = one.variance_between > 1e-3
    for name in ("estimate", "se", "df"):
        a, b = getattr(one, name), getattr(other, name)
        np.testing.assert_allclose(a[inside], b[inside], rtol=1e-5)


@METHODS
@drawn
@given(seed=seeds)
def test_degrees_of_freedom_are_above_zero_and_errors_no_less_than_satterthwaites(degrees, seed):
    y, x, persons = arms(features=20, seed=seed, gaps=0.2)
    found = mixed_contrast(y, x, persons, DIFFERENCE, degrees)
    told = np.isfinite(found.se)
    assert told.any()
    assert (found.df[told] > 0).all()
    plain = mixed_contrast(y, x, persons, DIFFERENCE, "satterthwaite")
    assert (found.se[told] >= plain.se[told] * (1 - 1e-9)).all()


def test_features_in_several_batches_are_features_at_once(monkeypatch):
    y, x, persons = arms(features=30)
    once = mixed_contrast(y, x, persons, DIFFERENCE)
    monkeypatch.setattr(random_intercept, "_BLOCK_CELLS", 4 * (len(y) + 16 * 7))
    assert len(list(sums_in_batches(y, x, persons))) == 8
    same(once, mixed_contrast(y, x, persons, DIFFERENCE), rtol=1e-6)


# persons, phases and features that lack something -----------------------------------------------


@METHODS
def test_a_person_with_one_sample_bears_on_what_lies_between_persons(degrees):
    y, x, persons = study(people=8, phases=2, spread=1.0)
    single = np.append(np.ones(15, bool), False)  # the last person comes once
    found = mixed_contrast(y[single], x[single], persons[single], [-1, 1], degrees)
    without = mixed_contrast(y[:14], x[:14], persons[:14], [-1, 1], degrees)
    assert (found.n_subjects == 8).all()
    assert (without.n_subjects == 7).all()
    assert (found.n_observations == 15).all()
    assert not np.allclose(found.estimate, without.estimate, rtol=1e-3)
    assert np.isfinite(found.se).all()


@METHODS
def test_where_no_person_has_two_values_it_is_least_squares(degrees):
    y, x, persons = study(people=12, phases=3)
    one_each = persons % 3 == np.arange(36) % 3
    y[~one_each, 0] = np.nan
    found = mixed_contrast(y, x, persons, CHANGE, degrees)
    fit = linear_fit(y[one_each], x[one_each])
    plain = contrast_of(fit, CHANGE)
    assert found.estimate[0] == pytest.approx(plain.estimate[0], rel=1e-9)
    assert found.se[0] == pytest.approx(plain.unscaled[0] * np.sqrt(fit.variance[0]), rel=1e-9)
    assert found.df[0] == 9
    assert np.isnan(found.variance_between[0])
    alone = mixed_contrast(y[one_each], x[one_each], np.arange(12), CHANGE, degrees)
    assert alone.se[0] == pytest.approx(found.se[0], rel=1e-9)


@METHODS
def test_persons_that_do_not_differ_have_no_variance_between(degrees):
    rng = np.random.default_rng(2)
    _, x, persons = study(gaps=0)
    y = rng.normal(size=(39, 30))
    # each person's values sum to the same, phase by phase means apart
    y -= y.reshape(13, 3, -1).mean(axis=1)[persons]
    y[0, ::2] = np.nan
    found = mixed_contrast(y, x, persons, CHANGE, degrees)
    np.testing.assert_array_equal(found.variance_between, 0)
    assert np.isfinite(found.se).all()
    if degrees == "satterthwaite":
        np.testing.assert_allclose(found.df, np.where(np.arange(30) % 2, 36, 35), rtol=1e-9)
    else:
        assert (found.df < 26).all()


@METHODS
@pytest.mark.parametrize("gap", [False, True], ids=["complete", "gaps"])
def test_odd_features_have_no_test_and_leave_the_others_alone(degrees, gap):
    y, x, persons = study(features=7)
    if gap:
        y[4, 6] = np.nan
    before = mixed_contrast(y, x, persons, CHANGE, degrees)
    y[:, 0] = np.nan
    y[:, 1] = 0.1
    y[x[:, 0] == 1, 2] = np.nan
    y[:, 3] = np.random.default_rng(1).normal(size=13)[persons]
    found = mixed_contrast(y, x, persons, CHANGE, degrees)
    assert np.isnan(found.estimate[[0, 2]]).all()
    assert np.isnan(found.se[[0, 2]]).all()
    assert found.estimate[1] == pytest.approx(0, abs=1e-12)
    assert found.estimate[3] == pytest.approx(0, abs=1e-8)
    # neither a constant feature nor one constant within persons varies within them
    assert (np.sqrt(found.variance_within[[1, 3]]) < 1e-12).all()
    assert (found.n_observations[:4] == [0, 39, 26, 39]).all()
    assert (found.n_subjects[:4] == [0, 13, 13, 13]).all()
    for name in ("estimate", "se", "df", "variance_between", "variance_within"):
        a, b = getattr(found, name)[4:], getattr(before, name)[4:]
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-9)


@METHODS
def test_a_feature_that_lacks_a_phase_tells_of_the_others(degrees):
    y, x, persons = study(features=3)
    y[x[:, 2] == 1, 0] = np.nan
    found = mixed_contrast(y, x, persons, CHANGE, degrees)
    two = x[:, 2] == 0
    alone = mixed_contrast(y[two][:, [0]], x[two][:, :2], persons[two], [-1, 1], degrees)
    assert found.estimate[0] == pytest.approx(alone.estimate[0], rel=1e-8)
    assert found.se[0] == pytest.approx(alone.se[0], rel=1e-6)
    assert found.df[0] == pytest.approx(alone.df[0], rel=1e-6)
    assert np.isnan(mixed_contrast(y, x, persons, [-1, 0, 1], degrees).estimate[0])


@METHODS
@drawn
@given(data=st.data())
def test_small_layouts_of_any_kind_break_nothing(degrees, data):
    n = data.draw(st.integers(2, 14))
    persons = np.array(data.draw(st.lists(st.integers(0, 4), min_size=n, max_size=n)))
    phase = np.array(data.draw(st.lists(st.integers(0, 1), min_size=n, max_size=n)))
    if len(set(phase)) < 2:
        return
    rng = np.random.default_rng(data.draw(seeds))
    y = rng.normal(size=(n, 12)) + rng.normal(size=(5, 12))[persons]
    y[rng.random(y.shape) < 0.3] = np.nan
    found = mixed_contrast(y, np.eye(2)[phase], persons, [-1, 1], degrees)
    tested = np.isfinite(found.se) & (found.se > 0) & np.isfinite(found.df)
    assert (found.df[tested] >= 0).all()
    there = np.isfinite(y)
    sides = [(there & (phase == k)[:, None]).any(axis=0) for k in (0, 1)]
    np.testing.assert_array_equal(np.isfinite(found.estimate), sides[0] & sides[1])


def test_two_hundred_people_with_gaps_are_no_burden():
    y, x, persons = study(people=200, phases=2, features=500, gaps=0.1, spread=0.7)
    found = mixed_contrast(y, x, persons, [-1, 1])
    assert np.isfinite(found.se).all()
    assert found.variance_between.mean() == pytest.approx(0.49, rel=0.1)
    assert found.variance_within.mean() == pytest.approx(1.0, rel=0.03)


def test_no_features_give_no_estimates():
    y, x, persons = study(features=0)
    assert mixed_contrast(y, x, persons, CHANGE).estimate.shape == (0,)
    assert mixed_contrast(y[1:], x[1:], persons[1:], CHANGE).estimate.shape == (0,)


# bad input --------------------------------------------------------------------------------------


def test_unknown_degrees_of_freedom_are_refused():
    with pytest.raises(ValueError, match="degrees 'z'; one of kenward-roger, satterthwaite"):
        mixed_contrast(*study(), CHANGE, "z")


def test_an_infinite_value_is_refused():
    y, x, persons = study()
    y[3, 1] = np.inf
    with pytest.raises(ValueError, match="infinite values"):
        mixed_contrast(y, x, persons, CHANGE)


# chance -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("gaps", [0.0, 0.08, 0.25])
@pytest.mark.parametrize("spread", [0.5, 1.0, 3.0])
def test_thirteen_people_without_an_effect_have_one_false_finding_in_twenty(gaps, spread):
    y, x, persons = study(features=10_000, seed=11, spread=spread, gaps=gaps)
    p = p_values(mixed_contrast(y, x, persons, CHANGE))
    assert np.isfinite(p).all()
    assert (p < 0.05).mean() == pytest.approx(0.05, abs=0.006)


def test_people_who_do_not_differ_at_all_have_hardly_more_false_findings():
    # half the time chance alone makes the variance between positive, and then the one within,
    # which the test rests on, is too small: .055 in 200,000 null tests
    y, x, persons = study(features=20_000, seed=11, spread=0.0)
    p = p_values(mixed_contrast(y, x, persons, CHANGE))
    assert 0.05 < (p < 0.05).mean() < 0.06


def test_over_many_kinds_of_features_with_gaps_the_rate_of_false_findings_is_kept():
    m = 20_000
    spread = np.random.default_rng(4).uniform(0, 2, m)
    y, x, persons = study(features=m, seed=12, spread=spread, gaps=0.08)
    p = p_values(mixed_contrast(y, x, persons, CHANGE))
    assert (p < 0.05).mean() == pytest.approx(0.05, abs=0.005)
    assert (p < 0.01).mean() == pytest.approx(0.01, abs=0.003)


@pytest.mark.parametrize("contrast", [ARM_BEFORE, DIFFERENCE, SLOPE])
def test_comparisons_of_two_arms_without_an_effect_have_few_false_findings(contrast):
    y, x, persons = arms(features=6_000, people=14, seed=5, gaps=0.08)
    y = y - 0.03 * x[:, [4]]
    p = p_values(mixed_contrast(y, x, persons, contrast))
    assert (p < 0.05).mean() == pytest.approx(0.05, abs=0.009)
