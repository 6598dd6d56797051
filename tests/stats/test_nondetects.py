"""How often something was found: counts by hand."""

import pandas as pd

from exercisebook.stats.nondetects import detection_frequency

LONG = pd.DataFrame(
    [
        ("il6", "bout", "before", "below_detection"),
        ("il6", "bout", "before", "below_detection"),
        ("il6", "bout", "before", "ok"),
        ("il6", "bout", "before", "missing"),
        ("il6", "bout", "before", "excluded"),
        ("il6", "bout", "after", "ok"),
        ("il6", "bout", "after", "ok"),
        ("il6", "rest", "after", "below_detection"),
        ("tnf", "bout", "before", "ok"),
        ("tnf", "rest", "before", "missing"),
    ],
    columns=["feature", "arm", "phase", "status"],
)


def counts() -> dict[tuple[str, str, str], tuple[int, int]]:
    table = detection_frequency(LONG)
    return {
        (row.feature, row.arm, row.phase): (row.n, row.n_detected) for row in table.itertuples()
    }


def test_only_assayed_samples_count_and_only_values_above_the_limit_were_found():
    assert counts()["il6", "bout", "before"] == (3, 1)


def test_each_arm_and_phase_is_counted_by_itself():
    assert counts()["il6", "bout", "after"] == (2, 2)
    assert counts()["il6", "rest", "after"] == (1, 0)
    assert counts()["tnf", "bout", "before"] == (1, 1)


def test_a_cell_in_which_nothing_was_assayed_has_no_row():
    assert ("tnf", "rest", "before") not in counts()


def test_the_columns_are_named_and_in_order():
    assert list(detection_frequency(LONG)) == ["feature", "arm", "phase", "n", "n_detected"]
