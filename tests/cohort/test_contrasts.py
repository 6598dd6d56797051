import pandas as pd
import pytest

from exercisebook.cohort.contrasts import resolve
from exercisebook.cohort.frames import contrasts_frame
from exercisebook.errors import Misuse

CONTRASTS = contrasts_frame(
    [
        ("acute", "acute", "after", "before", "run", "run"),
        ("rest", "recovery", "next day", "before", "run", "run"),
    ]
)


def samples(*phases, arms=("run",)):
    rows = [(arm, phase) for arm in arms for phase in phases]
    return pd.DataFrame(rows, columns=["arm", "phase"])


THREE = samples("before", "after", "next day")


def test_a_name_is_the_row_of_that_name():
    assert resolve("rest", CONTRASTS, THREE).to_dict() == CONTRASTS.iloc[1].to_dict()


@pytest.mark.parametrize("name", ["next day:after", "next day-after"])
def test_two_phases_joined_by_a_mark_are_later_and_earlier(name):
    found = resolve(name, CONTRASTS, THREE)
    assert (found["phase"], found["reference_phase"]) == ("next day", "after")
    assert (found["arm"], found["reference_arm"]) == ("run", "run")
    assert found["contrast"] == name


def test_two_phases_that_no_row_relates_are_a_group_contrast():
    assert resolve("next day:after", CONTRASTS, THREE)["kind"] == "group"


def test_two_phases_that_a_row_relates_take_its_kind():
    assert resolve("after:before", CONTRASTS, THREE)["kind"] == "acute"


def test_a_hyphen_joins_no_phases_where_a_phase_has_one():
    phases = samples("pre-run", "post")
    with pytest.raises(Misuse, match="no contrast 'post-pre-run'"):
        resolve("post-pre-run", CONTRASTS, phases)
    assert resolve("post:pre-run", CONTRASTS, phases)["reference_phase"] == "pre-run"


def test_a_hyphen_in_any_phase_forbids_it_for_all():
    with pytest.raises(Misuse, match="no contrast 'after-before'"):
        resolve("after-before", CONTRASTS, samples("before", "after", "24-hours"))


def test_a_named_contrast_wins_over_its_reading_as_two_phases():
    named = contrasts_frame([("after-before", "training", "next day", "before", "run", "run")])
    assert resolve("after-before", named, THREE)["phase"] == "next day"


def test_an_unknown_name_gives_the_nearest_and_the_phases():
    with pytest.raises(Misuse) as error:
        resolve("acuta", CONTRASTS, THREE)
    assert "did you mean 'acute'?" in str(error.value)
    assert "before, after, next day" in str(error.value)


def test_an_unknown_phase_is_no_contrast():
    with pytest.raises(Misuse, match="no contrast 'after:befor'"):
        resolve("after:befor", CONTRASTS, THREE)


def test_two_phases_do_not_say_which_of_two_arms_is_meant():
    with pytest.raises(Misuse, match="which of the arms run, rest is meant"):
        resolve("after:before", CONTRASTS, samples("before", "after", arms=("run", "rest")))


def test_a_name_settles_the_arms_where_there_are_two():
    found = resolve("acute", CONTRASTS, samples("before", "after", arms=("run", "rest")))
    assert found["arm"] == "run"


def test_the_order_of_the_columns_of_contrasts_does_not_matter():
    turned = CONTRASTS[list(CONTRASTS.columns[::-1])].assign(note="more")
    expected = resolve("next day:after", CONTRASTS, THREE).to_dict()
    assert resolve("next day:after", turned, THREE).to_dict() == expected
