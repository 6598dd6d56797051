"""Units and sizes of measured values: kinds of quantity, what a human can have, slipped points.

The bounds are wide and our own: they are to catch a wrong unit, not an illness, and hold for human
blood after the hardest exercise too. Other species and tissues are not held against them.
"""

import re

import numpy as np
import pandas as pd

from exercisebook.checks.findings import Finding, finding
from exercisebook.cohort.package import Cohort
from exercisebook.errors import closest
from exercisebook.sources.features import feature_table
from exercisebook.sources.importers.units import RELATIVE, NoFactorError, factor, molar_mass

FEATURES = "features.csv"

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

POWERS = (10.0, 100.0, 1000.0)

_SLIP_WITHIN, _SLIP_SPREADS, _SLIP_VALUES = 0.2, 6.0, 12
"""Of a slipped point: decades it may miss a power of ten by, robust SDs it must stand out by,
and values a feature needs."""


def unit_findings(cohort: Cohort) -> list[Finding]:
    """Return what is to be said of units, against the book's unit of each canonical id."""
    found, book = [], feature_table()
    for row, feature in cohort.features.iterrows():
        name, unit = feature["canonical_id"], str(feature["unit"])
        if not isinstance(name, str) or not name:
            continue
        if name not in book.index:
            expected = f"a canonical id of the book ({closest(name, book.index)})"
            found.append(
                finding("D315", FEATURES, repr(name), expected, _line(row), "canonical_id")
            )
            continue
        wanted = str(book.at[name, "unit"])
        code = _unit_code(unit, wanted, name)
        if code:
            expected = f"a unit like {wanted!r}, which the book has for {name}"
            found.append(finding(code, FEATURES, repr(unit), expected, _line(row), "unit"))
    return found


def _line(row: object) -> int:
    return int(str(row)) + 2


def _unit_code(unit: str, wanted: str, name: str) -> str | None:
    """Return the code of what is to be said of a unit; None where nothing is."""
    unit = _without_remark(unit)
    if wanted == "none":
        return None
    if _is_relative(unit):
        return "T203"
    try:
        by = factor(unit, wanted)
    except NoFactorError:
        return _incomparable(unit, wanted)
    return None if by == 1 else "T204"


def _without_remark(unit: str) -> str:
    return re.sub(r"\s*\([^()]*\)$", "", unit)


def _is_relative(unit: str) -> bool:
    return unit.casefold().startswith((RELATIVE, "npx", "arbitrary", "a.u."))


def _incomparable(unit: str, wanted: str) -> str:
    """Return the code of two units without a factor: mass for amount, another kind, unreadable."""
    try:
        factor(unit, wanted, 100.0)
        return "T203"
    except NoFactorError:
        pass
    return "T202" if _is_readable(unit) and _is_readable(wanted) else "T201"


def _is_readable(unit: str) -> bool:
    try:
        factor(f"2*{unit}", unit)
    except NoFactorError:
        return False
    return True


def size_findings(cohort: Cohort, modality: str) -> list[Finding]:
    """Return values that no living human has, a finding a value or one for a whole feature."""
    table = _with_bounds(cohort, modality)
    found = []
    for feature, rows in table.groupby("feature", sort=False):
        outside = (rows["amount"] < rows["least"]) | (rows["amount"] > rows["most"])
        if outside.mean() > 0.5:
            found.append(_wrong_as_a_whole(str(feature), rows, modality))
        else:
            found += [_wrong_value(row, modality) for row in rows[outside].itertuples()]
    return found


def _with_bounds(cohort: Cohort, modality: str) -> pd.DataFrame:
    """Return measured values in the book's units with what is possible; none where unknown."""
    own = cohort.features[cohort.features["modality"] == modality]
    book = feature_table()
    bounds = []
    for feature in own.itertuples():
        name = feature.canonical_id
        if name not in LIVING or name not in book.index:
            continue
        unit = str(book.at[name, "unit"])
        try:
            by = factor(_without_remark(str(feature.unit)), unit, molar_mass(str(name)))
        except NoFactorError:
            continue
        bounds.append((feature.feature, by, *LIVING[name], unit))
    columns = ["feature", "factor", "least", "most", "book_unit"]
    known = pd.DataFrame(bounds, columns=columns).astype({"feature": object})
    table = _measured(cohort, modality).reset_index().merge(known, on="feature").set_index("index")
    return table.assign(amount=table["value"] * table["factor"])


def _measured(cohort: Cohort, modality: str) -> pd.DataFrame:
    table = cohort.measurements[modality].rename_axis("index")
    return table[table["status"] == "ok"]


def _wrong_value(row: object, modality: str) -> Finding:
    told = f"{row.feature} {row.value:g}"  # type: ignore[attr-defined]
    bounds = f"{row.least:g} to {row.most:g} {row.book_unit}"  # type: ignore[attr-defined]
    line = int(row.Index) + 2  # type: ignore[attr-defined]
    return finding("T211", _file(modality), told, bounds, line, "value")


def _wrong_as_a_whole(feature: str, rows: pd.DataFrame, modality: str) -> Finding:
    first = rows.iloc[0]
    middle = float(rows["amount"].median())
    fits = [
        f"{power:g} times {side}"
        for power in POWERS
        for side, amount in (("too large", middle / power), ("too small", middle * power))
        if first["least"] <= amount <= first["most"]
    ]
    told = f"a median of {feature} of {middle:g} {first['book_unit']}"
    if fits:
        told += f", perhaps {fits[0]}"
    expected = f"{first['least']:g} to {first['most']:g} {first['book_unit']}"
    return finding("T212", _file(modality), told, expected, int(rows.index[0]) + 2, "value")


def slip_findings(cohort: Cohort, modality: str) -> list[Finding]:
    """Return values about a power of ten away from the others of their person."""
    table = _measured(cohort, modality)
    table = table[table["value"] > 0]
    joined = table.reset_index().merge(
        cohort.samples[["sample_id", "subject", "arm", "phase"]], on="sample_id"
    )
    joined["decades"] = np.log10(joined["value"])
    by_phase = joined.groupby(["feature", "arm", "phase"], sort=False)["decades"]
    rest = joined["decades"] - by_phase.transform("median")
    joined["rest"] = rest - rest.groupby([joined["feature"], joined["subject"]]).transform("median")
    size = joined["rest"].abs()
    # the middle one of a person's values is its own centre, and says nothing of the spread
    moved = size.where(size > 0)
    scale = 1.4826 * moved.groupby(joined["feature"]).transform("median")
    enough = joined.groupby("feature")["rest"].transform("size") >= _SLIP_VALUES
    near = np.abs(size - size.round()) < _SLIP_WITHIN
    stands_out = (size > 1 - _SLIP_WITHIN) & near & (size > _SLIP_SPREADS * scale) & enough
    return [
        finding(
            "T213",
            _file(modality),
            f"{row.feature} {row.value:g}, {10 ** round(abs(row.rest)):,} times "
            f"{'above' if row.rest > 0 else 'below'} what was expected of {row.subject}",
            "a value near the others of the person",
            int(row.index) + 2,
            "value",
        )
        for row in joined[stands_out].itertuples(index=False)
    ]


def _file(modality: str) -> str:
    return f"measurements/{modality}.csv"
