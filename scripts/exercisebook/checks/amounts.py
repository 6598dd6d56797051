"""Units and sizes of measured values: kinds of quantity, units that fit better, slipped points.

What humans can have stands in ``bounds``; other species and tissues are not held against it.
"""

import re

import numpy as np
import pandas as pd

from exercisebook.checks.bounds import LIVING, USUAL
from exercisebook.checks.findings import Finding, finding
from exercisebook.cohort.package import Cohort
from exercisebook.errors import listed
from exercisebook.sources.features import feature_table
from exercisebook.sources.importers.hints import near
from exercisebook.sources.importers.units import RELATIVE, NoFactorError, factor, molar_mass

FEATURES = "features.csv"

POWERS = (10.0, 100.0, 1000.0)

_NAMED = 5
"""Unknown ids that are named."""

_SLIP_WITHIN, _SLIP_SPREADS, _SLIP_VALUES = 0.2, 6.0, 12
"""Of a slipped point: decades it may miss a power of ten by, robust SDs it must stand out by,
and values a feature needs."""


def unit_findings(cohort: Cohort) -> list[Finding]:
    """Return what is to be said of units, against the book's unit of each canonical id."""
    book = feature_table()
    named = cohort.features[cohort.features["canonical_id"].fillna("") != ""]
    known = named["canonical_id"].isin(book.index)
    found = _unknown_ids(named[~known])
    for row, feature in named[known].iterrows():
        name, unit = str(feature["canonical_id"]), str(feature["unit"])
        wanted = str(book.at[name, "unit"])
        code = _unit_code(unit, wanted, name)
        if code:
            expected = f"a unit like {wanted!r}, which the book has for {name}"
            found.append(finding(code, FEATURES, repr(unit), expected, _line(row), "unit"))
    return found


def _unknown_ids(features: pd.DataFrame) -> list[Finding]:
    """Return ids the book lacks: one by one where an id of the book is near, else all in one."""
    book = feature_table()
    column = features["canonical_id"].astype(str)
    meant = {name: near(name, book.index) for name in column.unique()}
    found = [
        finding("D315", FEATURES, repr(name), f"did you mean {meant[name]!r}?", _line(row),
                "canonical_id")
        for row, name in column.items()
        if meant[name]
    ]  # fmt: skip
    rest = column[column.map(meant).isna()]
    if len(rest):
        names = rest.unique()
        told = f"ids ({len(names)}): {listed(map(repr, names), _NAMED)}"
        expected = "canonical ids of the book, as in its data/features.csv"
        found.append(
            finding("D315", FEATURES, told, expected, _line(rest.index[0]), "canonical_id")
        )
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
    """Return values that no living human has, and features whose middle fits another unit.

    A finding a value, or one for a whole feature.
    """
    table = _with_bounds(cohort, modality)
    found = []
    for feature, rows in table.groupby("feature", sort=False):
        outside = (rows["amount"] < rows["least"]) | (rows["amount"] > rows["most"])
        if outside.mean() > 0.5:
            found.append(_wrong_as_a_whole(str(feature), rows, modality))
            continue
        found += [_wrong_value(row, modality) for row in rows[outside].itertuples()]
        found += _of_another_unit(str(feature), rows, modality)
    return found


def other_units(canonical_id: str, unit: str, value: float) -> list[str]:
    """Return, in words, the units in which a value would be usual where it is not as stated.

    Parameters
    ----------
    canonical_id : str
    unit : str
        As stated.
    value : float
        In that unit: the middle value of a feature, or a single one.

    Returns
    -------
    list of str
        Empty where the value is usual as it stands, where the book has no usual range of the
        feature, and where no unit that laboratories report leads into it.
    """
    usual = USUAL.get(canonical_id)
    if usual is None:
        return []
    mass = molar_mass(canonical_id)
    try:
        amount = value * factor(_without_remark(unit), usual.unit, mass)
    except NoFactorError:
        return []
    if usual.least <= amount <= usual.most:
        return []
    by = {other: factor(other, usual.unit, mass) for other in (usual.unit, *usual.others)}
    return [
        f"{value:g} {other} are {value * times:.3g} {usual.unit} (factor {times:.4g})"
        if other != usual.unit
        else f"{value:g} {other} is usual"
        for other, times in by.items()
        if usual.least <= value * times <= usual.most
    ]


def _with_bounds(cohort: Cohort, modality: str) -> pd.DataFrame:
    """Return measured values in the book's units with what is possible; none where unknown."""
    own = cohort.features[cohort.features["modality"] == modality]
    book = feature_table()
    bounds = []
    for feature in own.itertuples():
        name, stated = feature.canonical_id, _without_remark(str(feature.unit))
        if name not in LIVING or name not in book.index:
            continue
        unit = str(book.at[name, "unit"])
        try:
            by = factor(stated, unit, molar_mass(str(name)))
        except NoFactorError:
            continue
        bounds.append((feature.feature, name, stated, by, *LIVING[name], unit))
    columns = ["feature", "canonical_id", "unit", "factor", "least", "most", "book_unit"]
    known = pd.DataFrame(bounds, columns=columns).astype({"feature": object})
    table = _measured(cohort, modality).reset_index().merge(known, on="feature").set_index("index")
    return table.assign(amount=table["value"] * table["factor"])


def _measured(cohort: Cohort, modality: str) -> pd.DataFrame:
    table = cohort.measurements[modality].rename_axis("index")
    return table[table["status"] == "ok"]


def _wrong_value(row: object, modality: str) -> Finding:
    told = f"{row.feature} {row.value:g}"  # type: ignore[attr-defined]
    fits = other_units(row.canonical_id, row.unit, row.value)  # type: ignore[attr-defined]
    told += f" {row.unit}" + _perhaps(fits)  # type: ignore[attr-defined]
    bounds = f"{row.least:g} to {row.most:g} {row.book_unit}"  # type: ignore[attr-defined]
    line = int(row.Index) + 2  # type: ignore[attr-defined]
    return finding("T211", _file(modality), told, bounds, line, "value")


def _wrong_as_a_whole(feature: str, rows: pd.DataFrame, modality: str) -> Finding:
    first = rows.iloc[0]
    middle = float(rows["amount"].median())
    fits = other_units(first["canonical_id"], first["unit"], float(rows["value"].median()))
    fits = (
        fits
        or [
            f"{power:g} times {side}"
            for power in POWERS
            for side, amount in (("too large", middle / power), ("too small", middle * power))
            if first["least"] <= amount <= first["most"]
        ][:1]
    )
    told = f"a median of {feature} of {middle:g} {first['book_unit']}" + _perhaps(fits)
    expected = f"{first['least']:g} to {first['most']:g} {first['book_unit']}"
    return finding("T212", _file(modality), told, expected, int(rows.index[0]) + 2, "value")


def _of_another_unit(feature: str, rows: pd.DataFrame, modality: str) -> list[Finding]:
    first, middle = rows.iloc[0], float(rows["value"].median())
    fits = other_units(first["canonical_id"], first["unit"], middle)
    if not fits:
        return []
    usual = USUAL[first["canonical_id"]]
    told = f"a median of {feature} of {middle:g} {first['unit']}" + _perhaps(fits)
    expected = f"{usual.least:g} to {usual.most:g} {usual.unit}"
    return [finding("T214", _file(modality), told, expected, int(rows.index[0]) + 2, "value")]


def _perhaps(fits: list[str]) -> str:
    return f", perhaps {' or '.join(fits)}" if fits else ""


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
