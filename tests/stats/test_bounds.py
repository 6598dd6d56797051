"""What every unseen value leaves standing: interval arithmetic, brute force, and simulation."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from exercisebook.stats.bounds import bounds_of, interval_differences

INF = np.inf
WITHIN = pd.Series(
    {"phase": "after", "reference_phase": "before", "arm": "bout", "reference_arm": "bout"}
)
AGAINST_REST = pd.Series({**WITHIN, "reference_arm": "rest"})


def long_table(cells: dict[tuple[str, str], tuple[float, str]], subject: str = "s") -> pd.DataFrame:
    rows = [(subject, arm, phase, "il6", *seen) for (arm, phase), seen in cells.items()]
    return pd.DataFrame(rows, columns=["subject", "arm", "phase", "feature", "value", "status"])


def interval(contrast: pd.Series = WITHIN, **cells) -> tuple[float, float]:
    """Return one person's interval; cells are named as in ``bout_after``."""
    table = long_table({tuple(name.split("_")): seen for name, seen in cells.items()})
    return tuple(interval_differences(table, contrast, "il6").loc["s"])


def ok(value: float) -> tuple[float, str]:
    return (value, "ok")


def below(limit: float) -> tuple[float, str]:
    return (limit, "below_detection")


MISSING = (float("nan"), "missing")
EXCLUDED = (64.0, "excluded")


def table_of(*intervals: tuple[float, float]) -> pd.DataFrame:
    return pd.DataFrame(intervals, columns=["low", "high"])


# One person's interval -----------------------------------------------------------------------


def test_two_known_values_give_a_point():
    assert interval(bout_before=ok(2), bout_after=ok(16)) == (3, 3)


def test_an_earlier_value_below_its_limit_bounds_the_rise_from_below():
    assert interval(bout_before=below(2), bout_after=ok(16)) == (3, INF)


def test_a_later_value_below_its_limit_bounds_the_change_from_above():
    assert interval(bout_before=ok(16), bout_after=below(2)) == (-INF, -3)


def test_two_values_below_the_limit_say_nothing():
    assert interval(bout_before=below(2), bout_after=below(2)) == (-INF, INF)


@pytest.mark.parametrize("unseen", [MISSING, EXCLUDED])
def test_a_value_that_is_missing_or_excluded_could_have_been_anything(unseen):
    assert interval(bout_before=ok(2), bout_after=unseen) == (-INF, INF)


def test_a_row_that_is_absent_is_as_unknown_as_a_missing_value():
    assert interval(bout_after=ok(2)) == (-INF, INF)


def test_a_zero_has_no_logarithm_and_so_no_bound():
    assert interval(bout_before=ok(0), bout_after=ok(2)) == (-INF, INF)


def test_a_limit_of_zero_bounds_nothing():
    assert interval(bout_before=ok(2), bout_after=below(0)) == (-INF, INF)


def test_a_difference_in_differences_of_known_values_is_a_point():
    cells = {"bout_before": ok(2), "bout_after": ok(16), "rest_before": ok(2), "rest_after": ok(4)}
    assert interval(AGAINST_REST, **cells) == (2, 2)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        # each value doubles as its limit: the point is 2, and one side gives way
        ("bout_after", (-INF, 2)),
        ("bout_before", (2, INF)),
        ("rest_after", (2, INF)),
        ("rest_before", (-INF, 2)),
    ],
)
def test_a_difference_in_differences_gives_way_on_the_side_of_its_sign(cell, expected):
    cells = {"bout_before": ok(2), "bout_after": ok(16), "rest_before": ok(2), "rest_after": ok(4)}
    cells[cell] = below(cells[cell][0])
    assert interval(AGAINST_REST, **cells) == expected


def test_limits_on_both_sides_of_a_difference_in_differences_say_nothing():
    cells = {
        "bout_before": below(2),
        "bout_after": ok(16),
        "rest_before": below(2),
        "rest_after": ok(4),
    }
    assert interval(AGAINST_REST, **cells) == (-INF, INF)


def test_everyone_who_has_any_value_of_the_feature_has_an_interval():
    table = pd.concat(
        [
            long_table({("bout", "before"): ok(2), ("bout", "after"): ok(8)}, "seen"),
            long_table({("bout", "before"): ok(2)}, "left"),
            long_table({("rest", "after"): ok(2)}, "other arm"),
        ]
    )
    found = interval_differences(table, WITHIN, "il6")
    assert list(found.index) == ["seen", "left", "other arm"]
    assert found.loc["seen"].tolist() == [2, 2]


values = st.tuples(st.floats(0.1, 100), st.sampled_from(["ok", "below_detection", "missing"]))


@given(cells=st.tuples(*[values] * 4), share=st.floats(0.001, 1), anything=st.floats(0.001, 1e4))
def test_every_completion_of_the_unseen_lies_within_the_interval(cells, share, anything):
    names = ["bout_after", "bout_before", "rest_after", "rest_before"]
    low, high = interval(AGAINST_REST, **dict(zip(names, cells, strict=True)))
    factor = {"ok": 1.0, "below_detection": share}
    a, b, c, d = np.log2([anything if s == "missing" else v * factor[s] for v, s in cells])
    assert low - 1e-9 <= (a - b) - (c - d) <= high + 1e-9


# Bounds of what is said about a group --------------------------------------------------------


@st.composite
def known_differences(draw) -> np.ndarray:
    sizes = draw(st.lists(st.integers(1, 5_000), min_size=2, max_size=14, unique=True))
    signs = draw(st.lists(st.sampled_from([-1, 1]), min_size=len(sizes), max_size=len(sizes)))
    return np.array(sizes, float) * np.array(signs) / 100


@given(known_differences())
def test_with_everything_seen_bounds_are_the_median_and_the_exact_signed_rank_p_value(d):
    bounds = bounds_of(pd.DataFrame({"low": d, "high": d}))
    assert bounds.median_low == bounds.median_high == pytest.approx(np.median(d))
    expected = stats.wilcoxon(d, method="exact").pvalue
    assert bounds.p_low == bounds.p_high == pytest.approx(expected)
    assert (bounds.rose, bounds.fell) == ((d > 0).sum(), (d < 0).sum())
    assert bounds.n_seen == bounds.n_subjects == len(d)


def completions(intervals: pd.DataFrame, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Return tables of values that the unseen could have had, their ends among them."""
    far = 50.0
    low, high = (intervals[end].clip(-far, far).to_numpy() for end in ("low", "high"))
    inside = rng.uniform(low, high, (draws, len(low)))
    # near zero too, where a value passes the others in rank
    small = np.clip(rng.normal(0, 1, inside.shape), low, high)
    either = np.where(rng.random(inside.shape) < 0.5, inside, small)
    return np.vstack([low, high, inside[: draws // 3], either])


def random_intervals(rng: np.random.Generator, n: int) -> pd.DataFrame:
    d = rng.normal(0.5, 1, n)
    kind = rng.choice(["seen", "from above", "from below", "unseen", "between"], n)
    kind[0] = "seen"
    low = np.where(np.isin(kind, ["from above", "unseen"]), -INF, d)
    open_above = np.isin(kind, ["from below", "unseen"])
    high = np.select([open_above, kind == "between"], [INF, d + 0.6], d)
    return pd.DataFrame({"low": low, "high": high})


@pytest.mark.parametrize("seed", range(12))
def test_no_completion_leaves_the_bounds(seed):
    rng = np.random.default_rng(seed)
    intervals = random_intervals(rng, int(rng.integers(3, 9)))
    bounds = bounds_of(intervals)
    for d in completions(intervals, 60, rng):
        assert bounds.median_low - 1e-12 <= np.median(d) <= bounds.median_high + 1e-12
        p = stats.wilcoxon(d, method="exact").pvalue
        assert bounds.p_low - 1e-12 <= p <= bounds.p_high + 1e-12
        assert (d > 0).sum() >= bounds.rose
        assert (d < 0).sum() >= bounds.fell


@pytest.mark.parametrize("seed", range(4))
def test_some_completion_reaches_each_bound_of_p(seed):
    rng = np.random.default_rng(100 + seed)
    d = rng.normal(0.4, 1, 6)
    unseen = np.arange(6) >= 4
    intervals = pd.DataFrame({"low": np.where(unseen, -INF, d), "high": np.where(unseen, INF, d)})
    bounds = bounds_of(intervals)
    # all places among the others that two unknown values can take
    marks = np.array([-9, 0, 9, *d[:4], *-d[:4]])
    points = np.concatenate([marks - 1e-6, marks + 1e-6])
    p = [
        stats.wilcoxon([*d[:4], a, 1.0001 * b], method="exact").pvalue
        for a in points
        for b in points
    ]
    assert min(p) == pytest.approx(bounds.p_low)
    assert max(p) == pytest.approx(bounds.p_high)


def test_bounds_by_hand_for_three_persons():
    # positive ranks sum to 0 to 3 of 6 with the third unseen: two of eight, up to all
    bounds = bounds_of(table_of((-1.0, -1.0), (-2.0, -2.0), (-INF, INF)))
    assert (bounds.median_low, bounds.median_high) == (-2, -1)
    assert (bounds.p_low, bounds.p_high) == (2 / 8, 1)
    assert (bounds.rose, bounds.fell, bounds.n_seen) == (0, 2, 2)


def test_a_median_that_rests_on_an_unseen_value_has_no_bound():
    bounds = bounds_of(table_of((1.0, 1.0), (2.0, INF)))
    assert (bounds.median_low, bounds.median_high) == (1.5, INF)


def test_if_nothing_is_known_everything_is_possible():
    bounds = bounds_of(table_of(*[(-INF, INF)] * 5))
    assert (bounds.median_low, bounds.median_high) == (-INF, INF)
    assert (bounds.p_low, bounds.p_high) == (2 / 32, 1)
    assert (bounds.rose, bounds.fell) == (0, 0)


def test_a_change_of_nothing_is_neither_a_rise_nor_a_fall():
    bounds = bounds_of(table_of((0.0, 0.0), (0.0, INF), (-INF, 0.0), (0.1, INF), (-1.0, -0.1)))
    assert (bounds.rose, bounds.fell) == (1, 1)


@given(known_differences(), st.integers(0, 12), st.floats(0.01, 5))
def test_knowing_less_never_narrows_the_bounds(d, who, width):
    sharp = pd.DataFrame({"low": d, "high": d})
    blurred = sharp.copy()
    blurred.loc[who % len(d), "high"] += width
    a, b = bounds_of(sharp), bounds_of(blurred)
    assert b.median_low <= a.median_low <= a.median_high <= b.median_high
    assert b.p_low <= a.p_low <= a.p_high <= b.p_high


def test_bounds_of_nobody_are_refused():
    with pytest.raises(ValueError, match="no persons"):
        bounds_of(pd.DataFrame({"low": [], "high": []}))
