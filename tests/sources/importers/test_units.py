import pytest
from hypothesis import given
from hypothesis import strategies as st

from exercisebook.sources.features import feature_table
from exercisebook.sources.importers import units
from exercisebook.sources.importers.units import NoFactorError, factor, molar_mass, plain


@pytest.mark.parametrize(
    "spelled",
    ["10^9/L", "x 10⁹/l", "×10^9/L", "10*9/L", "10E9/L", "10**9 / L", "K/µL", "K/uL", "G/L", "/nL",
     "10^3/µL", "10^3/mm^3"],
)  # fmt: skip
def test_a_thousand_cells_a_microlitre_is_one_unit_in_all_spellings(spelled):
    assert factor(spelled, "10^9/L") == 1


def test_case_tells_a_giga_from_a_gram():
    assert factor("g/L", "g/dL") == 0.1
    with pytest.raises(NoFactorError, match="different things"):
        factor("G/L", "g/dL")


@pytest.mark.parametrize(
    ("canonical", "unit", "wanted", "expected"),
    [
        ("glucose", "mg/dL", "mmol/L", 1 / 18.016),
        ("cortisol", "µg/dL", "nmol/L", 27.59),
        ("triglycerides", "mg/dL", "mmol/L", 1 / 88.57),
        ("total_bilirubin", "mg/dL", "µmol/L", 17.1),
        ("homocysteine", "mg/L", "µmol/L", 7.397),
        ("adrenaline", "pg/mL", "nmol/L", 0.005458),
    ],
)
def test_molar_masses_give_the_factors_of_the_clinic(canonical, unit, wanted, expected):
    assert factor(unit, wanted, molar_mass(canonical)) == pytest.approx(expected, rel=1e-3)


def test_every_formula_is_of_a_feature_with_an_amount_in_its_unit():
    known = feature_table()
    assert set(units.FORMULAE) <= set(known.index)
    assert all(units.is_concentration(known.at[name, "unit"]) for name in units.FORMULAE)


def test_no_molar_mass_is_guessed():
    with pytest.raises(NoFactorError, match="a molar mass is needed"):
        factor("pg/mL", "pmol/L", molar_mass("il6"))
    assert factor("pmol/L", "pg/mL", 20_000.0) == 20


def test_a_tenfold_is_ten_and_not_its_neighbour():
    assert factor("ng/mL", "pg/mL") == 1000


@pytest.mark.parametrize("text", ["", "degC", "10^9^9^9^9/L", "relative", "(" * 99, "__import__"])
def test_what_is_no_unit_with_a_factor_is_refused(text):
    with pytest.raises(NoFactorError, match="is not known"):
        factor(text, "g/L")


@given(st.text(max_size=60))
def test_any_text_is_a_unit_or_is_none(text):
    assert units.is_known(text) in (True, False)
    assert plain(plain(text)) is not None


def test_every_unit_of_the_book_is_its_own():
    for unit in feature_table()["unit"].unique():
        assert factor(unit, unit) == 1
