"""Words follow the data: turned over, no direction survives, and nothing is claimed unseen."""

import re
from functools import cache

import numpy as np
import pandas as pd
import pytest

from exercisebook.chapters import ch01, ch02, ch03, ch04, ch07
from exercisebook.chapters.ch02.readings import acute_effects_of_cohort
from exercisebook.chapters.results import Result
from exercisebook.chapters.wording import count, listed, moved, ratio
from exercisebook.simulate.cohorts import simulate
from exercisebook.simulate.packages import EFFECTS as TRUTH
from exercisebook.simulate.packages import write_simulation
from exercisebook.simulate.worlds import world

ENDS = [
    ("ci_low", "ci_high"),
    ("median_low", "median_high"),
    ("rose", "fell"),
    ("n_below", "n_above"),
]
TURNED = ("estimate", "statistic", "mean")


def reversed_table(frame):
    """Return a table in which every effect has the other sign."""
    turned = frame.copy()
    for column in set(TURNED) & set(frame):
        turned[column] = -frame[column]
    for low, high in ENDS:
        if {low, high} <= set(frame):
            sign = 1 if low in ("rose", "n_below") else -1
            turned[low], turned[high] = sign * frame[high], sign * frame[low]
    return turned


@cache
def results_of(module):
    chapter = module.begin()
    return {name: chapter.result(name) for name in module.ANALYSES}


def words_of(module, change=lambda frame: frame):
    chapter = module.begin()
    for name, result in results_of(module).items():
        chapter._results[name] = Result(change(result.frame), result.dataset, result.state, 0.0)
    return module.sentences(chapter)


WAYS = {"rose": 1, "fell": -1, "above rest": 1, "below rest": -1, "as high as": 1,
        "higher": 1, "lower": -1}  # fmt: skip


def ways(text):
    """Return the direction of each effect told, in order."""
    return [WAYS[word] for word in re.findall(rf"\b({'|'.join(WAYS)})\b", text)]


# the others tell of the method, of the cohort or of counts, none of which has a direction
DIRECTED = {
    ch01: ("answer", "individual", "rest_day", "one_arm", "dose", "responders"),
    ch02: ("answer", "minutes", "hours", "egress", "intensity", "cytokines", "race", "sampling"),
    ch03: ("answer", "bilirubin", "association", "weight"),
    ch04: ("answer", "rats", "red_cells", "red_test", "normaliser"),
    ch07: ("day",),
}


@pytest.mark.parametrize(
    ("module", "name"), [(m, n) for m, names in DIRECTED.items() for n in names]
)
def test_turning_the_data_over_turns_every_direction_over(module, name):
    there = ways(words_of(module)[name])
    back = ways(words_of(module, reversed_table)[name])
    assert there
    assert back == [-way for way in there]


@pytest.mark.parametrize("fragment", ["They were in the body already", "most clearly short"])
def test_an_explanation_is_not_given_for_the_opposite(fragment):
    assert fragment in " ".join(words_of(ch02).values())
    assert fragment not in " ".join(words_of(ch02, reversed_table).values())


def test_bilirubin_against_the_commentary_is_said_first_and_only_if_so():
    here = words_of(ch01)["against"]
    assert "higher total bilirubin" in here
    assert "against the direction the commentary reports" in here
    turned = words_of(ch01, reversed_table)["against"]
    assert "lower total bilirubin" in turned
    assert "along with the direction" in turned


def test_the_sampling_time_is_said_to_flip_the_sign_only_if_it_does():
    assert "opposite abstracts" in words_of(ch02)["sampling"]

    def never_down(frame):
        changed = frame.copy()
        if {"feature", "ci_high"} <= set(frame):
            own = (frame["feature"] == "lymphocytes") & (frame["ci_high"] < 0)
            changed.loc[own, "ci_high"] = 0.1
        return changed

    assert "opposite abstracts" not in words_of(ch02, never_down)["sampling"]


def test_sentences_hold_no_gap_and_no_machine_number():
    for module in (ch01, ch02, ch03, ch04, ch07):
        for name, text in words_of(module).items():
            assert not re.search(r"\bnan\b", text.lower()), name
            assert not re.search(r"\b[1-9]\d*\.\d{4,}", text), name
            assert "None" not in text, name


@pytest.mark.parametrize("arm", ["P2", "P3", "P4", "P5"])
def test_every_arm_has_its_words(arm, grinta):
    text = " ".join(ch02.sentences(ch02.begin(arm=arm)).values())
    assert "nan" not in text.lower()


def test_an_effect_whose_interval_holds_zero_is_not_said_to_have_moved():
    effect = pd.Series({"estimate": 0.2, "ci_low": -0.1, "ci_high": 0.5})
    assert moved(effect) == "showed no clear change"


@pytest.mark.parametrize(
    ("log2", "words"),
    [(1.0, "2.0-fold"), (-1.0, "2.0-fold"), (0.2, "by 15"), (-0.2, "by 13")],
)
def test_the_size_of_a_ratio_in_words(log2, words):
    assert ratio(log2).startswith(words)


def test_lists_and_counts_read_as_english():
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert (count(0), count(3), count(13)) == ("no", "three", "13")


def test_reversal_is_its_own_inverse():
    frame = pd.DataFrame({"estimate": [1.0, -2.0], "ci_low": [0.5, -3.0], "ci_high": [2.0, np.nan]})
    pd.testing.assert_frame_equal(reversed_table(reversed_table(frame)), frame)


def test_a_simulated_cohort_is_held_against_its_own_truth(tmp_path):
    write_simulation(simulate(world("null"), 13, 1), tmp_path / "null")
    chapter = ch02.begin(cohort=str(tmp_path / "null"))
    truth = acute_effects_of_cohort(chapter)["truth"]
    assert len(truth)
    assert (truth == 0).all()


def test_a_simulated_cohort_without_its_truth_is_held_against_none(tmp_path):
    write_simulation(simulate(world("null"), 13, 1), tmp_path / "null")
    (tmp_path / "null" / TRUTH).unlink()
    chapter = ch02.begin(cohort=str(tmp_path / "null"))
    assert "outcome" not in acute_effects_of_cohort(chapter)
    assert "true" not in ch02.sentences(chapter)["cohort"]
    assert "outcome" not in ch02.cohort_table(chapter).frame.columns
