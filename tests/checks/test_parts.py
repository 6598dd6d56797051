"""Parts of a check that the gallery shows from one side alone."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from exercisebook.checks.amounts import other_units, size_findings, unit_findings
from exercisebook.checks.bounds import LIVING, USUAL
from exercisebook.checks.codes import CODES, LAYERS
from exercisebook.checks.designs import OF_ARMS, design_findings
from exercisebook.checks.findings import finding, of_faults, worst_first
from exercisebook.checks.joins import join_findings, joined
from exercisebook.checks.limits import limit_findings
from exercisebook.checks.names import alike_findings
from exercisebook.checks.package import check_package
from exercisebook.checks.phases import n_people, phase_findings, sides
from exercisebook.checks.reach import reach_findings
from exercisebook.checks.report import SHOWN, as_lines, summary
from exercisebook.claims import transfer
from exercisebook.claims.claims import claims
from exercisebook.claims.transfer import contrast_told
from exercisebook.cohort.package import write_cohort
from exercisebook.cohort.tables import Fault
from exercisebook.errors import Misuse
from exercisebook.publish.sphinx_extension.checks import entry_line
from exercisebook.sources.features import feature_table
from exercisebook.sources.importers.units import factor, molar_mass

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


def with_values(cohort, modality, feature, change):
    table = cohort.measurements[modality].copy()
    rows = table["feature"] == feature
    table.loc[rows, "value"] = change(table.loc[rows, "value"])
    return replace(cohort, measurements={**cohort.measurements, modality: table})


@pytest.mark.parametrize(
    ("name", "unit", "value", "told"),
    [
        ("glucose", "mmol/L", 95.0, "95 mg/dL are 5.27 mmol/L (factor 0.05551)"),
        ("glucose", "mg/dL", 5.1, "5.1 mmol/L is usual"),
        ("glucose", "mmol/L", 5.1, None),
        ("triglycerides", "mmol/L", 110.0, "110 mg/dL are 1.24 mmol/L (factor 0.01129)"),
        ("haemoglobin", "g/dL", 148.0, "148 g/L are 14.8 g/dL (factor 0.1)"),
        ("cortisol", "nmol/L", 15.0, "15 µg/dL are 414 nmol/L (factor 27.59)"),
        ("glucose", "relative", 95.0, None),
        ("crp", "mg/L", 5000.0, None),
        ("no_such_id", "mmol/L", 95.0, None),
    ],
)
def test_another_unit_is_named_only_where_the_number_is_usual_in_it_alone(name, unit, value, told):
    assert other_units(name, unit, value) == ([told] if told else [])


def test_a_number_usual_in_a_unit_is_not_usual_in_another_that_is_offered():
    for name, usual in USUAL.items():
        assert str(feature_table().at[name, "unit"]) == usual.unit
        assert LIVING[name][0] <= usual.least < usual.most <= LIVING[name][1]
        for other in usual.others:
            by = factor(other, usual.unit, molar_mass(name))
            assert usual.least / by > usual.most or usual.most / by < usual.least, (name, other)


def test_a_wrong_unit_is_told_with_its_factor_for_a_value_and_for_a_feature(cohort):
    one = with_values(cohort, "clinical", "glucose", lambda v: v.mask(v.index == v.index[2], 95.0))
    (single,) = size_findings(one, "clinical")
    assert (single.code, single.row) == ("T211", one.measurements["clinical"].query(
        "feature == 'glucose'").index[2] + 2)  # fmt: skip
    assert "perhaps 95 mg/dL are 5.27 mmol/L (factor 0.05551)" in single.found
    as_mg = with_values(cohort, "clinical", "glucose", lambda v: v * 18)
    (whole,) = size_findings(as_mg, "clinical")
    assert whole.code == "T212"
    assert "mg/dL are" in whole.found
    (fat,) = size_findings(
        with_values(cohort, "clinical", "triglycerides", lambda v: v * 60), "clinical"
    )
    assert fat.code == "T214"
    assert "mg/dL are" in fat.found
    assert "0.25 to 12 mmol/L" in fat.expected


def test_unknown_ids_are_told_in_one_line_but_for_those_near_one_of_the_book(cohort):
    ids = ["crpx", "foo", "zzz", "whatever", "x1", "quux", "blah"]
    features = cohort.features.copy()
    features.loc[features.index[: len(ids)], "canonical_id"] = ids
    own = [f for f in unit_findings(replace(cohort, features=features)) if f.code == "D315"]
    assert [(f.row, f.expected) for f in own[:1]] == [(2, "did you mean 'crp'?")]
    assert len(own) == 2
    assert own[1].found == "ids (6): 'foo', 'zzz', 'whatever', 'x1', 'quux' and 1 more"
    assert own[1].row == 3
    assert "did you mean" not in own[1].expected


def test_names_that_stand_nowhere_are_told_in_one_line_a_column():
    repair = "Correct it, or add the sample_id (known are: a, b)."
    faults = [
        Fault("clinical.csv", repr(f"S{i}"), "a sample_id of the package", repair, i, "sample_id",
              "T121")
        for i in range(2, 12)
    ]  # fmt: skip
    near = replace(faults[0], repair="Correct it, or add it (did you mean 'S_2'?).", row=40)
    told = of_faults([*faults, near], ["clinical"])
    assert [(f.row, f.file) for f in told] == [
        (40, "measurements/clinical.csv"),
        (2, "measurements/clinical.csv"),
    ]
    assert told[1].found == "10 names: 'S2', 'S3', 'S4', 'S5', 'S6' and 5 more"
    assert told[1].repair == "Correct it, or add the sample_id."
    assert "did you mean 'S_2'" in told[0].repair


def turned_round(cohort):
    back = cohort.contrasts.rename(
        columns={"phase": "reference_phase", "reference_phase": "phase"}
    )[list(cohort.contrasts.columns)]
    return replace(cohort, contrasts=back)


def backwards(cohort):
    return [f for f in phase_findings(cohort) if f.code == "D344"]


def test_a_contrast_whose_phase_lies_earlier_is_told_with_its_row(cohort):
    assert backwards(cohort) == []
    told = backwards(turned_round(cohort))
    assert [f.row for f in told] == [2, 3]
    assert "'baseline' a day before 'acute'" in told[0].found
    assert "in 8 of 8 people" in told[0].found
    assert "reference_phase" in told[0].repair


def test_hours_tell_the_order_of_samples_of_one_day(cohort):
    same_day = cohort.samples.assign(day=1.0, time_h=cohort.samples["phase"].map(
        {"baseline": 0.0, "acute": 1.5, "training": 3.0}))  # fmt: skip
    assert backwards(replace(cohort, samples=same_day)) == []
    told = backwards(turned_round(replace(cohort, samples=same_day)))
    assert "1.5 hours" in told[0].found
    unknown = same_day.assign(time_h=np.nan).drop(columns="clock_h", errors="ignore")
    assert backwards(turned_round(replace(cohort, samples=unknown))) == []


def test_a_crossover_in_either_order_runs_neither_way(cohort):
    days = cohort.samples["day"].where(cohort.samples["subject"].astype(int) % 2 == 0,
                                       -cohort.samples["day"])  # fmt: skip
    both = replace(cohort, samples=cohort.samples.assign(day=days))
    assert backwards(both) == []
    assert backwards(turned_round(both)) == []


def designed(cohort, design, arm_of=None, reference=None):
    study = {**cohort.description["study"], "design": design}
    samples, contrasts = cohort.samples, cohort.contrasts
    if arm_of:
        samples = samples.assign(arm=samples["subject"].map(arm_of).fillna(samples["arm"]))
    if reference:
        contrasts = contrasts.assign(reference_arm=reference)
    own = replace(cohort, samples=samples, contrasts=contrasts)
    return replace(own, description={**cohort.description, "study": study})


@pytest.mark.parametrize("design", OF_ARMS)
def test_a_design_of_arms_with_one_arm_is_told(cohort, design):
    (told,) = design_findings(designed(cohort, design))
    assert told.code == "D303"
    assert "'exercise'" in told.found


def test_designs_that_fit_are_not_told(cohort):
    halves = {str(i): "rest" for i in range(1, 5)}
    assert design_findings(designed(cohort, "single-arm before-after")) == []
    assert design_findings(designed(cohort, "cross-sectional", halves)) == []
    assert design_findings(designed(cohort, "randomised (parallel)", halves, "rest")) == []
    twice = pd.concat([cohort.samples, cohort.samples.assign(
        arm="rest", sample_id=cohort.samples["sample_id"] + "r")])  # fmt: skip
    crossed = replace(designed(cohort, "randomised (crossover)", None, "rest"), samples=twice)
    assert design_findings(crossed) == []
    parallel = replace(designed(cohort, "randomised (parallel)", None, "rest"), samples=twice)
    assert [f.code for f in design_findings(parallel)] == ["D304"]


def test_a_crossover_names_people_who_lack_an_arm_and_a_control_that_no_contrast_takes(cohort):
    told = design_findings(designed(cohort, "randomised (crossover)", {"1": "rest"}))
    assert [f.code for f in told] == ["D304", "D305"]
    assert "8 of 8 people" in told[0].found


def test_of_one_person_nothing_can_be_inferred(cohort):
    alone = replace(cohort, samples=cohort.samples[cohort.samples["subject"] == "1"])
    told = [f for f in reach_findings(alone, {}) if f.code == "D372"]
    assert [f.row for f in told] == [2, 3]
    assert "one person" in told[0].found
    assert "nothing can be inferred" in told[0].repair


def test_the_assay_that_is_said_to_decide_is_the_one_the_ledger_takes(cohort):
    features = cohort.features.copy()
    features.loc[features["feature"].isin(["elane", "tnf"]), "canonical_id"] = "il6"
    own = replace(cohort, features=features)
    (told,) = [f for f in join_findings(own) if f.code == "D318"]
    contrast = own.contrasts.iloc[0]
    taken = contrast_told(own, contrast, ["il6"]).effects.iloc[0]
    assert told.expected.startswith(f"{taken['modality']} {taken['feature']} decides claims S1-07")
    assert "the book takes cytokines before proteins" in told.expected
    joins = {f.found: f.expected for f in join_findings(own) if f.code == "D311"}
    (loser,) = [text for name, text in joins.items() if name.startswith("proteins elane")]
    assert loser.endswith("which cytokines il6 decides")
    (winner,) = [text for name, text in joins.items() if name.startswith("cytokines il6")]
    assert "decides" not in winner


def test_where_the_first_assay_cannot_be_compared_the_next_decides(cohort, monkeypatch):
    real = transfer.cohort_effects

    def refused(cohort, modality, *rest):
        if modality == "cytokines":
            raise Misuse("replicates")
        return real(cohort, modality, *rest)

    monkeypatch.setattr(transfer, "cohort_effects", refused)
    (told,) = [f for f in join_findings(with_feature(cohort, "elane", canonical_id="il6"))
               if f.code == "D318"]  # fmt: skip
    assert told.expected.startswith("proteins elane decides claims S1-07, since cytokines cannot")
