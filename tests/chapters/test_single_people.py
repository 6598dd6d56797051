"""Single people stand beside every mean of fifty or fewer, and average to it."""

import json

import numpy as np
import pandas as pd
import pytest

from exercisebook.chapters import ch02, ch03


def drawn(chart):
    """Return the marks of single people, and those of means."""
    tables = [pd.DataFrame(rows) for rows in json.loads(chart.to_json())["datasets"].values()]
    (people,) = [table for table in tables if "subject" in table]
    (means,) = [table for table in tables if {"estimate", "label"} <= {*table}]
    return people, means


@pytest.mark.usefixtures("grinta")
@pytest.mark.parametrize(
    ("module", "chart", "keys"),
    [
        (ch02, "time_course_chart", ["row", "phase"]),
        (ch02, "intensity_chart", ["row", "group"]),
        (ch02, "cytokine_chart", ["row", "group"]),
        (ch02, "sampling_chart", ["phase"]),
        (ch03, "decay_chart", ["hour"]),
    ],
)
def test_single_people_average_to_the_mean_beside_them(module, chart, keys):
    people, means = drawn(getattr(module, chart)(module.begin()))
    assert people["subject"].nunique() <= 15
    average = np.exp(people.assign(value=np.log(people["value"])).groupby(keys)["value"].mean())
    shown = means.set_index(keys)["estimate"].reindex(average.index)
    assert len(average) >= 7
    np.testing.assert_allclose(average, shown, rtol=2e-3)
