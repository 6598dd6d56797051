"""What tests of the statistics share."""

import warnings
from collections.abc import Iterator

import numpy as np
import pytest


@pytest.fixture
def no_numerical_warnings() -> Iterator[None]:
    """Make an error of every warning that numbers give rise to."""
    with (
        warnings.catch_warnings(action="error", category=RuntimeWarning),
        np.errstate(divide="raise", invalid="raise", over="raise"),
    ):
        yield
