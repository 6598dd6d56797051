"""What humans have in their blood: what no living one exceeds, and what is usual in a group.

The bounds are wide and our own: they are to catch a wrong unit, not an illness, and hold after the
hardest exercise too. A feature that is not here is held against nothing.
"""

from dataclasses import dataclass

LIVING = {
    "leukocytes": (0.3, 100),
    "neutrophils": (0.05, 70),
    "lymphocytes": (0.05, 40),
    "monocytes": (0.005, 10),
    "eosinophils": (0, 10),
    "basophils": (0, 3),
    "platelets": (5, 2000),
    "haematocrit": (12, 75),
    "haemoglobin": (3, 26),
    "red_cells": (1, 10),
    "crp": (0.001, 700),
    "il6": (0.01, 50_000),
    "tnf": (0.01, 10_000),
    "il10": (0.001, 20_000),
    "cxcl8": (0.01, 50_000),
    "total_bilirubin": (0.5, 900),
    "triglycerides": (0.1, 120),
    "nefa": (5, 6000),
    "glucose": (0.8, 70),
    "ggt": (1, 5000),
    "creatine_kinase": (3, 1_000_000),
    "cortisol": (3, 3000),
    "adrenaline": (0.005, 500),
    "noradrenaline": (0.05, 1000),
    "body_mass_index": (9, 90),
    "resting_pulse": (22, 230),
    "height": (60, 250),
    "body_mass": (15, 400),
    "vo2max": (200, 8500),
    "betaine": (2, 800),
    "choline": (1, 200),
    "dimethylglycine": (0.2, 150),
    "sarcosine": (0.1, 150),
    "glycine": (30, 3000),
    "methionine": (2, 2000),
    "homocysteine": (0.5, 600),
    "lactate": (100, 45_000),
    "trimethylamine_oxide": (0.05, 1500),
}
"""Least and most in living humans, in the unit of ``features.csv`` of the book; assumed."""


@dataclass(frozen=True)
class Usual:
    """Between what the middle value of a group of people lies, and how else it is reported.

    Attributes
    ----------
    least, most : float
        At rest or after exercise, in health or common illness; assumed.
    unit : str
    others : tuple of str
        Units that laboratories report too, in which a usual number is no usual one in ``unit``.
    """

    least: float
    most: float
    unit: str
    others: tuple[str, ...]


_CELLS = ("cells/µL",)

USUAL = {
    "leukocytes": Usual(1.5, 50, "10^9/L", _CELLS),
    "neutrophils": Usual(0.7, 40, "10^9/L", _CELLS),
    "lymphocytes": Usual(0.3, 20, "10^9/L", _CELLS),
    "monocytes": Usual(0.05, 5, "10^9/L", _CELLS),
    "platelets": Usual(50, 1000, "10^9/L", _CELLS),
    "haematocrit": Usual(20, 65, "%", ("fraction",)),
    "haemoglobin": Usual(6, 22, "g/dL", ("g/L",)),
    "total_bilirubin": Usual(4, 60, "µmol/L", ("mg/dL",)),
    "triglycerides": Usual(0.25, 12, "mmol/L", ("mg/dL",)),
    "nefa": Usual(30, 4000, "µmol/L", ("mmol/L",)),
    "glucose": Usual(2.5, 30, "mmol/L", ("mg/dL",)),
    "cortisol": Usual(60, 1400, "nmol/L", ("µg/dL",)),
    "adrenaline": Usual(0.03, 5, "nmol/L", ("pg/mL",)),
    "noradrenaline": Usual(0.4, 40, "nmol/L", ("pg/mL",)),
    "height": Usual(90, 220, "cm", ("m",)),
    "vo2max": Usual(600, 7500, "mL/min", ("L/min",)),
    "glycine": Usual(80, 1200, "µmol/L", ("mmol/L",)),
    "lactate": Usual(350, 30_000, "µmol/L", ("mmol/L", "mg/dL")),
}
"""By canonical id, where a unit other than the stated one can be told from the numbers alone."""
