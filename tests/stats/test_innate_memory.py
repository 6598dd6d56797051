import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exercisebook.errors import Misuse
from exercisebook.stats.innate_memory import (
    DIFFERENTIATION,
    NONE,
    PRIMING,
    TOLERANCE,
    TRAINING,
    UNDECIDED,
    innate_memory,
)


@pytest.mark.parametrize(
    ("baseline", "restimulated", "name"),
    [
        (0.0, 1.0, TRAINING),
        (0.0, -1.0, TOLERANCE),
        (1.0, 1.0, PRIMING),
        (1.0, 0.0, DIFFERENTIATION),
        (-1.0, 0.0, DIFFERENTIATION),
        (0.1, -0.1, NONE),
        (-1.0, 1.0, UNDECIDED),
        (1.0, -1.0, UNDECIDED),
    ],
)
def test_each_pair_of_numbers_has_its_name(baseline, restimulated, name):
    assert innate_memory(baseline, restimulated, 0.3) == name


@given(st.floats(-3, 3))
def test_the_second_answer_alone_tells_none_from_all_others(restimulated):
    names = set(innate_memory(np.array([-1.0, 0.0, 1.0]), restimulated, 0.3))
    assert len(names) > 1


@pytest.mark.parametrize("margin", [0.0, -1.0, np.nan])
def test_a_margin_without_width_is_refused(margin):
    with pytest.raises(Misuse, match="width above zero"):
        innate_memory(0.0, 1.0, margin)
