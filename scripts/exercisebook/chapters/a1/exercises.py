"""What the exercise of appendix A1 needs, and what checks its answer."""

import numpy as np

from exercisebook.chapters.a1.studies import degrees_within, p_of_t, p_of_z
from exercisebook.figures.tables import number, p_value


def check_p_value(answer: float) -> str:
    """Check the exercise: the p value of six people in three phases whose z is 3."""
    expected, printed = float(p_of_t(3, degrees_within(6))), float(p_of_z(3))
    if not 0 < answer < 1:
        return "Give a p value, between 0 and 1."
    if np.isclose(answer, expected, rtol=0.02):
        return (
            f"Right: p = {p_value(expected)}, {number(expected / printed)} times the "
            f"{p_value(printed)} that was printed."
        )
    if np.isclose(answer, printed, rtol=0.02):
        return "That is the z test again: which curve has the wider tails?"
    if np.isclose(answer, float(p_of_t(3, 15)), rtol=0.02):
        return "Fifteen counts samples; a mean square within people has fewer degrees of freedom."
    if np.isclose(answer, expected / 2, rtol=0.02):
        return "One tail of two: a change may go either way."
    return "Not yet: the degrees of freedom are (people - 1) times (phases - 1)."
