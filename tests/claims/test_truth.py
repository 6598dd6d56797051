import pandas as pd
from effects import effects

from exercisebook.claims.truth import FALSE_ALARM, FOUND, MISSED, RIGHTLY_QUIET, against_truth


def outcome(estimate, se, truth):
    table = effects([("il6", estimate, se)], source="simulated-null")
    known = pd.DataFrame({"feature": ["il6"], "contrast": ["P2-1h"], "log2_content": [truth]})
    table = table.assign(q_value=table["p_value"])
    return against_truth(table, known, "log2_content")["outcome"].iloc[0]


def test_a_true_effect_that_is_seen_is_found():
    assert outcome(1.0, 0.1, 0.9) == FOUND


def test_a_true_effect_that_is_not_seen_is_missed():
    assert outcome(0.1, 0.5, 0.9) == MISSED


def test_seeing_what_is_not_there_is_a_false_alarm():
    assert outcome(1.0, 0.1, 0.0) == FALSE_ALARM


def test_seeing_the_wrong_sign_is_a_false_alarm():
    assert outcome(-1.0, 0.1, 0.9) == FALSE_ALARM


def test_seeing_nothing_where_nothing_is_is_right():
    assert outcome(0.0, 0.5, 0.0) == RIGHTLY_QUIET
