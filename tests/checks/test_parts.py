"""Parts of a check that the gallery shows from one side alone."""

from dataclasses import replace

import numpy as np
import pytest

from exercisebook.checks.amounts import LIVING, size_findings, unit_findings
from exercisebook.checks.codes import CODES, LAYERS
from exercisebook.checks.findings import finding, worst_first
from exercisebook.checks.joins import joined
from exercisebook.checks.limits import limit_findings
from exercisebook.checks.names import alike_findings
from exercisebook.checks.package import check_package
from exercisebook.checks.phases import n_people, sides
from exercisebook.checks.report import SHOWN, as_lines, summary
from exercisebook.claims.claims import claims
from exercisebook.cohort.package import write_cohort
from exercisebook.publish.sphinx_extension.checks import entry_line
from exercisebook.sources.features import feature_table

from .gallery import valid_cohort


@pytest.fixture(scope="module")
def cohort():
    return valid_cohort()


def with_feature(cohort, feature, **values):
    features = cohort.features.copy()
    for name, value in values.items():
        features.loc[features["feature"] == feature, name] = value
    return replace(cohort, features=features)


@pytest.mark.parametrize(
    ("feature", "unit", "code"),
    [
        ("glucose", "mmol/L", None),
        ("glucose", "mmol/l", None),
        ("glucose", "mmol/L (plasma)", None),
        ("glucose", "mg/dL", "T203"),
        ("glucose", "µmol/L", "T204"),
        ("glucose", "kg", "T202"),
        ("glucose", "sweetness", "T201"),
        ("neutrophils", "10E9/L", None),
        ("neutrophils", "cells/µL", "T204"),
        ("il6", "NPX", "T203"),
        ("il6", "relative", "T203"),
        ("il6", "nmol/L", "T203"),
    ],
)
def test_a_unit_is_held_against_that_of_the_feature(cohort, feature, unit, code):
    found = unit_findings(with_feature(cohort, feature, unit=unit))
    own = [f for f in found if f.found == repr(unit)]
    assert [f.code for f in own if f.row is not None][:1] == ([code] if code else [])


def test_bounds_are_of_features_the_book_has_and_in_order():
    assert set(LIVING) <= set(feature_table().index)
    assert all(0 <= least < most for least, most in LIVING.values())


def test_bounds_hold_in_the_unit_that_is_stated(cohort):
    glucose = cohort.measurements["clinical"].query("feature == 'glucose'")["value"]
    assert glucose.between(2, 12).all()
    as_mg = with_feature(cohort, "glucose", unit="mg/dL")
    # 5 mg/dL of glucose is 0.28 mmol/L: nobody lives with it
    assert {f.code for f in size_findings(as_mg, "clinical")} == {"T212"}
    assert size_findings(cohort, "clinical") == []


def test_bounds_are_of_human_blood_alone(tmp_path, cohort):
    wrong = cohort.measurements["clinical"].copy()
    wrong.loc[wrong["feature"] == "glucose", "value"] *= 1000
    told = {}
    for species in ("human", "rat"):
        study = {**cohort.description["study"], "species": species}
        own = replace(
            cohort,
            measurements={**cohort.measurements, "clinical": wrong},
            description={**cohort.description, "study": study},
        )
        write_cohort(own, tmp_path / species)
        told[species] = {f.code for f in check_package(tmp_path / species)}
    assert "T212" in told["human"]
    assert "T212" not in told["rat"]


@pytest.mark.parametrize(
    ("names", "alike"),
    [
        (("S1", "s1"), True),
        (("S01", "S1"), True),
        (("S 1", "S-1"), True),
        (("S1", "S11"), False),
        (("1.5", "15"), False),
        (("P1_1", "P11"), False),
        (("CD4+", "CD4"), False),
    ],
)
def test_names_are_alike_in_case_marks_and_zeros_alone(cohort, names, alike):
    subjects = cohort.subjects.iloc[:2].assign(subject=list(names))
    found = alike_findings(replace(cohort, subjects=subjects))
    assert bool([f for f in found if f.file == "subjects.csv"]) == alike


def test_a_limit_written_with_fewer_digits_is_the_limit(cohort):
    table = cohort.measurements["cytokines"].copy()
    limited = with_feature(cohort, "tnf", detection_limit=0.3000001)
    first = table.index[table["feature"] == "tnf"][0]
    table.loc[first, ["value", "status"]] = 0.3, "below_detection"
    own = replace(limited, measurements={"cytokines": table})
    assert [f for f in limit_findings(own, "cytokines") if "tnf" in f.found] == []


def test_what_meets_a_claim_has_its_id_and_its_kind(cohort):
    met = joined(cohort)
    asked = claims().set_index("claim_id")
    assert len(met)
    assert (met["kind"] == asked.loc[met["claim_id"], "kind"].to_numpy()).all()
    assert set(met["canonical_id"]) <= set(cohort.features["canonical_id"])


def test_people_of_both_phases_count_and_arms_of_other_people_count_by_the_smaller(cohort):
    contrast = cohort.contrasts.iloc[0]
    samples = cohort.samples[cohort.samples["sample_id"] != "3-acute"]
    assert n_people(samples, contrast) == 7
    other = samples.assign(arm=np.where(samples["subject"].isin(["1", "2"]), "rest", "exercise"))
    against = contrast.copy()
    against["reference_arm"] = "rest"
    assert n_people(other, against) == 2
    assert [len(pair) for pair in sides(other, against)] == [5, 2]


def test_the_worst_comes_first_and_a_finding_is_told_once():
    note, error = finding("D341", "b", "x", "y"), finding("T111", "a", "x", "y", 3)
    assert worst_first([note, error, note]) == [error, note]


def test_repeated_findings_are_counted_after_the_first_few():
    found = [finding("T111", "a.csv", repr(str(i)), "a number", i) for i in range(2, 12)]
    lines = [line for line, _ in as_lines(found)]
    assert sum("a.csv row" in line for line in lines) == SHOWN
    assert any(line.strip() == f"and {10 - SHOWN} more; --json tells them all" for line in lines)
    assert summary(found).startswith("10 errors, 0 warnings, 0 notes")


def test_the_page_has_an_entry_for_every_code_and_shows_every_layer():
    from exercisebook.paths import ROOT

    page = (ROOT / "book" / "checks.md").read_text(encoding="utf-8")
    for letter in LAYERS:
        assert f"{{checks}} {letter}" in page
    for code in CODES.values():
        assert code.code in entry_line(code)
        assert code.link == f"book/checks.html#{code.anchor}"
