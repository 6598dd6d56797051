"""Units of measured values, and factors between them, by pint.

A factor between mass and amount needs a molar mass. It is computed from the molecular formula of
the few features that have one here, or given by the user, and never guessed. What a feature is
called, and which unit the book gives it, is not decided here.
"""

import re
from functools import cache
from typing import Any

import pandas as pd

RELATIVE = "relative"
"""Unit of values that compare samples and measure no amount."""

FORMULAE = {
    "adrenaline": "C9H13NO3",
    "betaine": "C5H11NO2",
    "bisphosphoglycerate": "C3H8O10P2",
    "choline": "C5H14NO",
    "cortisol": "C21H30O5",
    "cystathionine": "C7H14N2O4S",
    "cysteine": "C3H7NO2S",
    "dimethylglycine": "C4H9NO2",
    "glucose": "C6H12O6",
    "glutathione": "C10H17N3O6S",
    "glycine": "C2H5NO2",
    "homocysteine": "C4H9NO2S",
    "indirect_bilirubin": "C33H36N4O6",
    "lactate": "C3H6O3",
    "methionine": "C5H11NO2S",
    "noradrenaline": "C8H11NO3",
    "proline_betaine": "C7H13NO2",
    "s_adenosylhomocysteine": "C14H20N6O5S",
    "sarcosine": "C3H7NO2",
    "total_bilirubin": "C33H36N4O6",
    "triglycerides": "C57H104O6",
    "trimethylamine_oxide": "C3H9NO",
    "vitamin_c": "C6H8O6",
    "vitamin_e": "C29H50O2",
}
"""Molecular formula by canonical id; triglycerides by convention as triolein."""

ATOMIC_MASS = {"C": 12.011, "H": 1.008, "N": 14.007, "O": 15.999, "P": 30.974, "S": 32.06}
"""In g/mol, the conventional values of IUPAC."""

_ALIASES = {
    "bpm": "1/min",
    "beats/min": "1/min",
    "fraction": "1",
    "ratio": "1",
    "none": "1",
}
"""Spellings that pint does not know, folded."""

_THOUSANDS_OF_CELLS = ("G/L", "K/µL", "Thou/µL", "Tsd/µL")
_MILLIONS_OF_CELLS = ("T/L", "M/µL", "Mio/µL", "Mill/µL")
"""Which pint would take for gauss, kelvin, tesla and molar."""

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_LONGEST = 40


class NoFactorError(ValueError):
    """Two units between which there is no factor; the message says why."""


def molar_mass(canonical_id: str) -> float | None:
    """Return a feature's molar mass in g/mol, or None where no formula is known."""
    formula = FORMULAE.get(canonical_id)
    if formula is None:
        return None
    parts = re.findall(r"([A-Z][a-z]?)(\d*)", formula)
    return float(sum(ATOMIC_MASS[element] * int(count or 1) for element, count in parts))


def same_unit(unit: str, other: str) -> bool:
    """Return whether two texts spell one unit."""
    return plain(unit) == plain(other)


def plain(unit: str) -> str:
    """Return a unit in one spelling: ``x 10⁹/l``, ``10*9/L`` and ``10E9/L`` are ``10^9/L``.

    The case of letters is kept, since ``mg`` and ``Mg`` differ.
    """
    text = " ".join(unit.replace("μ", "µ").replace("·", "*").split()).strip("[]() ")
    text = re.sub(r"(?<=10)([⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+)", lambda m: "^" + m[1].translate(_SUPERSCRIPTS), text)
    text = re.sub(r"^[x×*]\s*(?=10)", "", text)
    text = re.sub(r"^10(?:\*\*|\*|\^|[eE])\s*(\d+)", r"10^\1", text)
    text = re.sub(r"\b(?:cells|Cells|platelets)(?=\s*/)", "", text).strip()
    text = re.sub(r"\bmcg\b|\bug\b", "µg", text)
    text = re.sub(r"\bu([lLmM])", r"µ\1", text)
    # an international unit of an enzyme is a unit; of a hormone, neither has a factor here
    text = re.sub(r"\bIU\b", "U", text)
    text = re.sub(r"\s*/\s*", "/", text)
    text = text.replace("dl", "dL").replace("ml", "mL").replace("µl", "µL")
    text = re.sub(r"/l$", "/L", text)
    if text in _THOUSANDS_OF_CELLS:
        return "10^9/L"
    if text in _MILLIONS_OF_CELLS:
        return "10^12/L"
    return _ALIASES.get(text.lower(), text)


def is_known(unit: str) -> bool:
    """Return whether a text is a unit."""
    return _quantity(unit) is not None


def needs_molar_mass(unit: str, wanted: str) -> bool:
    """Return whether only a molar mass leads from one unit to the other."""
    try:
        factor(unit, wanted)
    except NoFactorError as error:
        return "molar mass" in str(error)
    return False


def is_concentration(unit: str) -> bool:
    """Return whether a unit is of mass or of amount, in a volume."""
    quantity = _quantity(unit)
    if quantity is None:
        return False
    registry = _registry()
    wanted = (registry.Quantity("g/L"), registry.Quantity("mol/L"))
    return any(quantity.dimensionality == one.dimensionality for one in wanted)


def is_mass_concentration(unit: str) -> bool:
    """Return whether a unit is of mass in a volume."""
    quantity = _quantity(unit)
    return quantity is not None and bool(quantity.check("[mass] / [length] ** 3"))


def is_amount(unit: str) -> bool:
    """Return whether a unit is of mass, substance, cells or activity, in a volume."""
    quantity = _quantity(unit)
    if quantity is None:
        return False
    registry = _registry()
    kinds = (registry.Quantity(text) for text in ("g/L", "mol/L", "1/L", "mol/s/L"))
    return any(quantity.dimensionality == kind.dimensionality for kind in kinds)


def factor(unit: str, wanted: str, grams_per_mole: float | None = None) -> float:
    """Return by what a value in one unit is multiplied to stand in another.

    Parameters
    ----------
    unit, wanted : str
    grams_per_mole : float, optional
        Molar mass, needed between mass and amount.

    Raises
    ------
    NoFactorError
        If a unit is unknown, they measure different things, or a molar mass is needed.
    """
    if same_unit(unit, wanted):
        return 1.0
    have, want = _quantity(unit), _quantity(wanted)
    for text, quantity in ((unit, have), (wanted, want)):
        if quantity is None:
            raise NoFactorError(f"the unit {text!r} is not known")
    ratio = have / want
    if ratio.dimensionless:
        return _rounded(ratio)
    across = {"[mass] / [substance]": -1, "[substance] / [mass]": 1}
    power = next((power for kind, power in across.items() if ratio.check(kind)), 0)
    if not power:
        raise NoFactorError(f"{unit!r} and {wanted!r} measure different things")
    if grams_per_mole is None:
        raise NoFactorError(f"a molar mass is needed from {unit!r} to {wanted!r}")
    return _rounded(ratio * _registry().Quantity(grams_per_mole, "g/mol") ** power)


def times(values: pd.Series, by: pd.Series | float) -> pd.Series:
    """Return values in another unit, without what multiplying adds in the last places."""
    return (values * by).map(lambda value: float(f"{value:.12g}"))


def conversion(name: str, unit: str, wanted: str, by: float, grams: float | None) -> str:
    """Return in words how a feature's unit became another."""
    if by == 1.0:
        return f"{name}: {unit} is {wanted}"
    line = f"{name}: {unit} to {wanted}, times {by:.6g}"
    return line + (f" ({grams:.2f} g/mol)" if needs_molar_mass(unit, wanted) else "")


def _rounded(ratio: Any) -> float:
    # a factor of ten is ten, and not its neighbour
    return float(f"{ratio.to('').magnitude:.12g}")


@cache
def _quantity(unit: str) -> Any:
    """Return a unit as a quantity of pint; None where pint does not know it."""
    text = plain(unit).replace("%", "percent")
    # towers of powers would be computed before anything can be said of them
    if not text or len(text) > _LONGEST or re.search(r"\^\s*\d{3,}|\^[^*/ ]*\^|\*\*", text):
        return None
    if text.startswith("/"):
        text = "1" + text
    try:
        quantity = _registry().Quantity(_registry().parse_expression(text.replace("^", "**")))
        # scales with an origin, such as degrees, have no factor
        return quantity if quantity * quantity else None
    except Exception:  # pint raises what tokenising and arithmetic raise
        return None


@cache
def _registry() -> Any:
    import pint

    return pint.UnitRegistry()
