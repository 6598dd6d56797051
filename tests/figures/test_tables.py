import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exercisebook.figures.tables import MINUS, Table, interval, number, p_value, percent, whole


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.0, 2, "0"),
        (1.0, 3, "1.00"),
        (0.012345, 2, "0.012"),
        (12.3456, 2, "12"),
        (123.456, 2, "123"),
        (12345.6, 2, "12,346"),
        (-0.5, 2, f"{MINUS}0.50"),
        (np.nan, 2, "–"),
        (np.inf, 2, "∞"),
        (-np.inf, 2, f"{MINUS}∞"),
    ],
)
def test_a_number_has_its_significant_figures(value, digits, text):
    assert number(value, digits) == text


@given(st.floats(1e-6, 1e6), st.integers(2, 4))
def test_a_printed_number_is_within_half_a_unit_of_its_last_figure(value, digits):
    read = float(number(value, digits).replace(",", ""))
    assert abs(read - value) <= 0.5 * 10 ** (np.floor(np.log10(value)) - digits + 1) + 1e-9 or (
        value >= 10**digits and abs(read - value) <= 0.5
    )


def test_a_per_cent_sign_does_not_break_from_its_number():
    assert percent(0.256) == "26\N{NO-BREAK SPACE}%"
    assert percent(0.256, signed=True).startswith("+")


def test_whole_numbers_have_commas_and_no_decimals():
    assert whole(10419.0) == "10,419"


def test_very_small_p_values_are_bounded():
    assert p_value(1e-9) == "< 0.0001"
    assert p_value(0.034) == "0.034"


def test_an_interval_has_two_ends():
    assert interval(-1.0, 2.0) == f"{MINUS}1.0 to 2.0"


def test_a_table_escapes_what_it_shows_and_names_its_cells_for_a_phone():
    html = Table(pd.DataFrame({"a": ["<b>"], "is it there?": ["x & y"]}), "p < .05")._repr_html_()
    assert "&lt;b&gt;" in html
    assert 'data-label="is it there?"' in html
    assert "<caption>p &lt; .05</caption>" in html
    assert 'scope="row"' in html
