"""A cohort of two people, small enough to break on purpose."""

import numpy as np
import pandas as pd
import pytest

from exercisebook.cohort.frames import contrasts_frame, features_frame
from exercisebook.cohort.package import Cohort, write_cohort

SAMPLES = ["a-before", "a-after", "b-before", "b-after"]


def measured(feature, values, statuses):
    columns = {"sample_id": SAMPLES, "feature": feature, "value": values, "status": statuses}
    return pd.DataFrame(columns)


def make_cohort(glucose=(4.9, 5.1, 5.0, 0.1 + 0.2)):
    samples = pd.DataFrame(
        {
            "sample_id": SAMPLES,
            "subject": ["a", "a", "b", "b"],
            "arm": "run",
            "phase": ["before", "after"] * 2,
            "day": [0.0, 1.0, 0.0, 1.0],
            "time_h": np.nan,
            "hours_since_bout": [np.nan, 0.5, np.nan, 0.5],
            "fasting": "yes",
            "batch": "1",
        }
    )
    features = features_frame(
        [
            ("clinical", "glucose", "glucose", "mmol/L", np.nan),
            ("blood_count", "lymphocytes", "lymphocytes", "10^9/L", 0.1),
        ]
    )
    return Cohort(
        "small",
        pd.DataFrame({"subject": ["a", "b"], "sex": ["female", "male"], "age": [31.0, np.nan]}),
        samples,
        features,
        contrasts_frame([("change", "acute", "after", "before", "run", "run")]),
        {
            "clinical": measured("glucose", list(glucose), "ok"),
            "blood_count": measured(
                "lymphocytes",
                [1.9, 0.1, np.nan, 2.4],
                ["ok", "below_detection", "missing", "excluded"],
            ),
        },
        {"title": "Two people", "licenses": [{"name": "CC0-1.0"}]},
    )


@pytest.fixture
def small():
    return make_cohort()


@pytest.fixture
def folder(small, tmp_path):
    write_cohort(small, tmp_path / "package")
    return tmp_path / "package"
