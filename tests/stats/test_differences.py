"""Within-person differences: by hand, by their invariances, and on open data."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exercisebook.errors import Failure
from exercisebook.stats.differences import Differences, cells_of, within_person
from exercisebook.stats.schemas import MOSTLY_MISSING, NONDETECT

COLUMNS = ["subject", "arm", "phase", "feature", "value", "status"]


def contrast(arm: str = "bout", reference_arm: str = "bout") -> pd.Series:
    return pd.Series(
        {
            "phase": "after",
            "reference_phase": "before",
            "arm": arm,
            "reference_arm": reference_arm,
        }
    )


AGAINST_REST = contrast("bout", "rest")


def row(subject, phase, value, status="ok", arm="bout", feature="il6"):
    return (subject, arm, phase, feature, value, status)


def table(*rows) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=COLUMNS)


def pairs(*before_after, statuses=("ok", "ok"), feature="il6") -> pd.DataFrame:
    """Return one person a pair of values, before and after the bout."""
    rows = []
    for i, values in enumerate(before_after):
        for phase, value, status in zip(("before", "after"), values, statuses, strict=True):
            rows.append(row(f"s{i}", phase, value, status, feature=feature))
    return table(*rows)


def both_arms(bout, rest, subject="s") -> pd.DataFrame:
    return table(
        row(subject, "before", bout[0]),
        row(subject, "after", bout[1]),
        row(subject, "before", rest[0], arm="rest"),
        row(subject, "after", rest[1], arm="rest"),
    )


def test_a_log2_ratio_within_one_arm_is_that_of_later_to_earlier():
    found = within_person(pairs((2, 8), (4, 2)), contrast(), "log2_ratio")
    assert found.values["il6"].to_dict() == {"s0": 2.0, "s1": -1.0}


def test_a_plain_difference_is_later_less_earlier():
    found = within_person(pairs((2, 8), (4, 1.5)), contrast(), "difference")
    assert found.values["il6"].to_dict() == {"s0": 6.0, "s1": -2.5}


def test_a_logit_difference_is_the_natural_log_of_the_odds_ratio():
    found = within_person(pairs((0.5, 0.75)), contrast(), "logit")
    assert found.values.loc["s0", "il6"] == pytest.approx(np.log(3))


def test_against_another_arm_the_change_of_that_arm_is_taken_off():
    found = within_person(both_arms(bout=(2, 16), rest=(2, 4)), AGAINST_REST, "log2_ratio")
    assert found.values.loc["s", "il6"] == 3 - 1


def test_a_plain_difference_in_differences_by_hand():
    found = within_person(both_arms(bout=(5, 9), rest=(6, 7)), AGAINST_REST, "difference")
    assert found.values.loc["s", "il6"] == (9 - 5) - (7 - 6)


def test_the_signs_of_the_cells_add_up_to_nothing_within_each_arm_and_phase():
    signs = cells_of(AGAINST_REST)
    assert signs.groupby("arm")["sign"].sum().eq(0).all()
    assert signs.groupby("phase")["sign"].sum().eq(0).all()


def test_a_person_without_one_of_two_values_has_no_difference():
    long = pd.concat(
        [pairs((2, 8)), table(row("late", "after", 5.0)), table(row("early", "before", 5.0))]
    )
    assert list(within_person(long, contrast(), "log2_ratio").values.index) == ["s0"]


@pytest.mark.parametrize("absent", range(4))
def test_one_missing_cell_of_four_is_nan_and_not_a_partial_sum(absent):
    whole = both_arms(bout=(2, 16), rest=(2, 4))
    other = whole.assign(feature="tnf")
    long = pd.concat([whole.drop(index=absent), other])
    found = within_person(long, AGAINST_REST, "log2_ratio").values.loc["s"]
    assert np.isnan(found["il6"])
    assert found["tnf"] == 2.0


@pytest.mark.parametrize("status", ["excluded", "missing"])
def test_a_value_that_is_excluded_or_missing_is_never_used(status):
    long = pd.concat(
        [pairs((2, 8)), table(row("x", "before", 1.0), row("x", "after", 9.0, status))]
    )
    assert list(within_person(long, contrast(), "log2_ratio").values.index) == ["s0"]


def test_an_excluded_value_beside_a_good_one_is_no_second_value():
    long = pd.concat([pairs((2, 8)), table(row("s0", "after", 100.0, "excluded"))])
    assert within_person(long, contrast(), "log2_ratio").values.loc["s0", "il6"] == 2.0


def test_a_value_below_detection_enters_at_its_limit():
    found = within_person(
        pairs((2, 8), statuses=("below_detection", "ok")), contrast(), "log2_ratio"
    )
    assert found.values.loc["s0", "il6"] == 2.0


def test_two_values_for_one_person_arm_phase_and_feature_are_refused_by_name():
    long = pd.concat([pairs((2, 8)), table(row("s0", "after", 9.0))])
    with pytest.raises(Failure, match=r"two values.*s0.*il6.*bout.*after"):
        within_person(long, contrast(), "log2_ratio")


def test_zeros_are_left_out_of_ratios_and_the_flag_says_how_many():
    found = within_person(pairs((0, 8), (0, 0), (2, 8), (4, 2)), contrast(), "log2_ratio")
    assert list(found.values.index) == ["s2", "s3"]
    assert found.flag["il6"] == "left out as not above zero: 3"


def test_negative_values_and_fractions_of_nothing_or_all_are_counted_too():
    ratio = within_person(pairs((-1, 8), (2, 8)), contrast(), "log2_ratio")
    assert ratio.flag["il6"] == "left out as not above zero: 1"
    logit = within_person(pairs((0.2, 1), (0, 0.5), (0.2, 0.5)), contrast(), "logit")
    assert list(logit.values.index) == ["s2"]
    assert logit.flag["il6"] == "left out as not between 0 and 1: 2"


def test_zeros_count_as_values_where_plain_differences_are_taken():
    found = within_person(pairs((0, 8)), contrast(), "difference")
    assert found.values.loc["s0", "il6"] == 8
    assert found.flag["il6"] == ""


def test_a_zero_that_was_excluded_anyway_is_not_counted_as_left_out():
    long = pd.concat([pairs((2, 8)), table(row("x", "after", 0.0, "excluded"))])
    assert within_person(long, contrast(), "log2_ratio").flag["il6"] == ""


@pytest.mark.parametrize(
    ("status", "flag"), [("below_detection", NONDETECT), ("missing", MOSTLY_MISSING)]
)
def test_a_cell_in_which_over_half_was_not_seen_is_flagged(status, flag):
    seen = pairs((2, 8))
    unseen = pairs((1, 1), (1, 1), statuses=("ok", status)).replace({"s0": "u0", "s1": "u1"})
    assert within_person(pd.concat([seen, unseen]), contrast(), "difference").flag["il6"] == flag


@pytest.mark.parametrize("status", ["below_detection", "missing"])
def test_a_cell_in_which_just_half_was_not_seen_is_not_flagged(status):
    long = pd.concat(
        [pairs((2, 8)), table(row("u", "before", 1.0), row("u", "after", 1.0, status))]
    )
    assert within_person(long, contrast(), "difference").flag["il6"] == ""


def test_samples_that_were_not_assayed_do_not_dilute_the_share_below_detection():
    unseen = pairs((1, 1), (1, 1), (1, 1), statuses=("ok", "below_detection"))
    lost = [row(f"m{i}", "after", np.nan, "missing") for i in range(3)]
    long = pd.concat([unseen, table(row("s9", "after", 2.0), *lost)])
    assert within_person(long, contrast(), "difference").flag["il6"] == NONDETECT


def test_the_worst_cell_flags_a_feature_even_if_the_others_are_whole():
    whole = both_arms(bout=(2, 16), rest=(2, 4))
    whole.loc[whole["arm"].eq("rest") & whole["phase"].eq("before"), "status"] = "below_detection"
    assert within_person(whole, AGAINST_REST, "log2_ratio").flag["il6"] == NONDETECT


def test_a_phase_outside_the_contrast_flags_nothing():
    long = pd.concat([pairs((2, 8)), table(row("s0", "next day", 1.0, "missing"))])
    assert within_person(long, contrast(), "log2_ratio").flag["il6"] == ""


def test_a_flag_names_every_limit_of_a_feature():
    long = pairs((0, 8), (1, 8), statuses=("ok", "below_detection"))
    flag = within_person(long, contrast(), "log2_ratio").flag["il6"]
    assert flag.split("; ") == [NONDETECT, "left out as not above zero: 1"]


@pytest.mark.parametrize(("reference_arm", "cells"), [("bout", 2), ("rest", 4)])
def test_observations_are_the_values_that_differences_used(reference_arm, cells):
    people = [both_arms((2, 16), (2, 4), subject=s) for s in "abc"]
    long = pd.concat([*people, table(row("d", "after", 3.0))])
    found = within_person(long, contrast("bout", reference_arm), "log2_ratio")
    assert found.n_observations["il6"] == 3 * cells


def test_a_feature_without_a_single_difference_stays_as_an_empty_column():
    long = pd.concat([pairs((2, 8)), table(row("s0", "next day", 1.0, feature="tnf"))])
    found = within_person(long, contrast(), "log2_ratio")
    assert found.values["tnf"].isna().all()
    assert found.flag["tnf"] == ""
    assert found.n_observations["tnf"] == 0


def test_a_contrast_of_which_nothing_was_measured_has_no_persons_and_no_flags():
    long = table(row("s0", "next day", 1.0), row("s1", "next day", 2.0))
    found = within_person(long, contrast(), "log2_ratio")
    assert found.values.shape == (0, 1)
    assert found.flag.to_dict() == {"il6": ""}


# What holds for every table ------------------------------------------------------------------


@st.composite
def tables_of_two_arms(draw) -> pd.DataFrame:
    """Return up to five persons, two features, two arms, two phases; some rows are absent."""
    persons = draw(st.integers(2, 5))
    grid = pd.MultiIndex.from_product(
        [[f"s{i}" for i in range(persons)], ["bout", "rest"], ["before", "after"], ["il6", "tnf"]],
        names=COLUMNS[:4],
    ).to_frame(index=False)
    n = len(grid)
    values = draw(st.lists(st.floats(1e-3, 1e4), min_size=n, max_size=n))
    kept = draw(st.lists(st.integers(0, 9).map(bool), min_size=n, max_size=n))
    kept[0] = True
    return grid.assign(value=values, status="ok")[kept]


def same(a: Differences, b: Differences, sign: int = 1) -> None:
    left, right = a.values.sort_index(axis=0), b.values.sort_index(axis=0)
    pd.testing.assert_frame_equal(
        left.sort_index(axis=1), sign * right.sort_index(axis=1), atol=1e-9, rtol=1e-9
    )


@given(long=tables_of_two_arms(), seed=st.integers(0, 2**32 - 1))
def test_the_order_of_rows_does_not_matter(long, seed):
    shuffled = long.sample(frac=1, random_state=seed)
    same(
        within_person(long, AGAINST_REST, "log2_ratio"),
        within_person(shuffled, AGAINST_REST, "log2_ratio"),
    )


@given(long=tables_of_two_arms(), factor=st.floats(1e-3, 1e3))
def test_a_persons_own_scale_leaves_log2_differences_alone(long, factor):
    own = long["subject"] == "s0"
    scaled = long.assign(value=long["value"].where(~own, long["value"] * factor))
    for each in (contrast(), AGAINST_REST):
        same(within_person(long, each, "log2_ratio"), within_person(scaled, each, "log2_ratio"))


@given(long=tables_of_two_arms(), offset=st.integers(-1000, 1000))
def test_a_persons_own_level_leaves_plain_differences_alone(long, offset):
    whole = long.assign(value=long["value"].round())
    shifted = whole.assign(value=whole["value"] + offset * whole["subject"].eq("s1"))
    same(
        within_person(whole, AGAINST_REST, "difference"),
        within_person(shifted, AGAINST_REST, "difference"),
    )


@given(long=tables_of_two_arms())
def test_swapping_the_arms_turns_the_sign(long):
    swapped = contrast("rest", "bout")
    same(
        within_person(long, AGAINST_REST, "log2_ratio"),
        within_person(long, swapped, "log2_ratio"),
        sign=-1,
    )


@given(long=tables_of_two_arms())
def test_swapping_the_phases_turns_the_sign(long):
    other = long.assign(phase=long["phase"].map({"before": "after", "after": "before"}))
    for each in (contrast(), AGAINST_REST):
        same(
            within_person(long, each, "log2_ratio"),
            within_person(other, each, "log2_ratio"),
            sign=-1,
        )


@given(long=tables_of_two_arms())
def test_a_difference_in_differences_is_the_difference_of_two_contrasts(long):
    bout = within_person(long, contrast("bout", "bout"), "log2_ratio").values
    rest = within_person(long, contrast("rest", "rest"), "log2_ratio").values
    expected = (bout - rest).dropna(how="all")
    found = within_person(long, AGAINST_REST, "log2_ratio").values
    pd.testing.assert_frame_equal(
        found.sort_index(), expected.sort_index(), check_names=False, atol=1e-9
    )


# Open data: figures that were computed outside this package -----------------------------------


@pytest.mark.open_data
@pytest.mark.parametrize(
    ("feature", "hour", "mean", "n"),
    [("neutrophils", "3h", 1.473, 15), ("lymphocytes", "1h", 1.351, 14)],
)
def test_white_cells_against_rest_are_those_computed_independently(grinta, feature, hour, mean, n):
    found = within_person(
        grinta.long("blood_count"), grinta.contrast(f"P2-{hour}"), "log2_ratio"
    ).values[feature]
    assert found.count() == n
    assert found.mean() == pytest.approx(mean, abs=5e-4)
