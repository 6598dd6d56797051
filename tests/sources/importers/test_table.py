import numpy as np
import openpyxl
import pytest

from exercisebook.sources.importers.samples import Samples
from exercisebook.sources.importers.table import ALL, TableOptions, read_tables
from exercisebook.sources.importers.textfiles import Layout

from .conftest import IDS, PEOPLE, problems_of, text

CLINICAL = {ALL: "clinical"}


def wide(tmp_path, header, value="1", name="t.csv", ids=IDS):
    fields = value if isinstance(value, list) else [value] * len(ids)
    rows = [f"{place},{field}" for place, field in zip(ids, fields, strict=True)]
    return text(tmp_path / name, "\n".join([f"sample_id,{header}", *rows]) + "\n")


def read(path, samples, **options):
    return read_tables([path], samples, TableOptions(**{"modalities": CLINICAL, **options}))


def refused(path, samples, **options):
    options = TableOptions(**{"modalities": CLINICAL, **options})
    return problems_of(read_tables, [path], samples, options)


def test_a_unit_in_the_header_goes_over_into_the_book_s_and_is_told(tmp_path, samples):
    intake = read(wide(tmp_path, "Glucose (mg/dL)", "90"), samples)
    assert intake.features.loc[0, ["feature", "canonical_id", "unit"]].tolist() == [
        "Glucose", "glucose", "mmol/L",
    ]  # fmt: skip
    assert intake.measurements["clinical"]["value"].to_numpy() == pytest.approx(90 / 18.016, 1e-3)
    (line,) = intake.account.converted
    assert "mg/dL to mmol/L, times 0.0555" in line
    assert "180.16 g/mol" in line


def test_a_unit_that_is_said_against_the_header_is_refused(tmp_path, samples):
    path = wide(tmp_path, "CRP (mg/dL)", "2")
    assert read(path, samples).measurements["clinical"]["value"].eq(20).all()
    assert (
        read(path, samples, units={"CRP": "mg/dL"}).measurements["clinical"]["value"].eq(20).all()
    )
    (fault,) = refused(path, samples, units={"CRP": "mg/L"})
    assert "'mg/dL', where --unit says 'mg/L'" in fault.found


def test_a_unit_that_is_said_fills_empty_fields_alone(tmp_path, samples):
    units = ["mg/L", "g/L", ""]
    rows = [f"{i},CRP,2,{u}" for i, u in zip(IDS, units, strict=False)]
    path = text(tmp_path / "l.csv", "sample_id,feature,value,unit\n" + "\n".join(rows))
    faults = refused(path, samples, units={"CRP": "mg/L"})
    assert ["'g/L', where --unit says 'mg/L'" in fault.found for fault in faults] == [True]
    intake = read(path, samples, units={ALL: "mg/L"})
    assert intake.measurements["clinical"]["value"].tolist() == [2, 2000, 2]


def test_no_unit_is_guessed(tmp_path, samples):
    (fault,) = refused(wide(tmp_path, "CRP", "2"), samples)
    assert fault.column == "CRP"
    assert "--unit 'CRP=UNIT'" in fault.repair
    assert read(wide(tmp_path, "CRP", "2"), samples, units={ALL: "mg/L"}).features.loc[0, "unit"]


def test_brackets_that_hold_no_unit_belong_to_the_name(tmp_path, samples):
    intake = read(wide(tmp_path, "CRP (hs)", "2"), samples, units={ALL: "mg/L"})
    assert intake.features.loc[0, "feature"] == "CRP (hs)"


def test_a_conversion_that_needs_a_molar_mass_is_refused_until_it_is_said(tmp_path, samples):
    path = wide(tmp_path, "IL-6 (pmol/L)", "0.1")
    (fault,) = refused(path, samples)
    assert "--molar-mass 'IL-6=NUMBER'" in fault.repair
    intake = read(path, samples, molar_masses={"IL-6": 20_000.0})
    assert intake.measurements["clinical"]["value"].eq(2).all()


def test_a_unit_of_something_else_is_refused_and_may_be_unlinked(tmp_path, samples):
    path = wide(tmp_path, "maximal oxygen uptake (mL/min/kg)", "50")
    (fault,) = refused(path, samples)
    assert "measure different things" in fault.expected
    intake = read(path, samples, links={"maximal oxygen uptake": ""})
    assert intake.features.loc[0, ["canonical_id", "unit"]].tolist() == ["", "mL/min/kg"]


def test_a_value_below_detection_carries_the_converted_limit(tmp_path, samples):
    path = wide(tmp_path, "CRP (mg/dL)", ["<0.5", "3", "", "0.7", "<0.5", "1", "2", "4"])
    intake = read(path, samples)
    own = intake.measurements["clinical"]
    assert own["status"].tolist()[:4] == ["below_detection", "ok", "missing", "ok"]
    assert own["value"].iloc[0] == intake.features.loc[0, "detection_limit"] == 5
    assert np.isnan(own["value"].iloc[2])


def test_of_several_limits_the_highest_holds_for_all_and_it_is_told(tmp_path, samples):
    path = wide(tmp_path, "CRP (mg/L)", ["<0.5", "<0.8", "0.6", "0.9", "1", "1", "1", "1"])
    intake = read(path, samples)
    own = intake.measurements["clinical"]
    assert own["status"].tolist()[:4] == ["below_detection"] * 3 + ["ok"]
    assert own["value"].tolist()[:3] == [0.8] * 3
    assert any("several limits" in line for line in intake.account.noted)


def test_a_long_table_is_read_by_its_columns(tmp_path, samples):
    rows = [f"{place};glucose;5,1;mmol/L\n{place};CRP;1,5;mg/L" for place in IDS]
    path = text(tmp_path / "long.csv", "Probe;Test;Wert;Einheit\n" + "\n".join(rows))
    intake = read(
        path, samples, layout=Layout(decimal=","), sample="Probe", feature="Test", value="Wert",
        unit="Einheit", links={"CRP": "crp"},
    )  # fmt: skip
    assert intake.features["canonical_id"].tolist() == ["glucose", "crp"]
    assert len(intake.measurements["clinical"]) == 16


def test_two_units_of_one_feature_in_a_long_table_become_one(tmp_path, samples):
    rows = ["01-before,zonulin,2,ng/mL", "01-after,zonulin,3000,pg/mL"]
    path = text(tmp_path / "l.csv", "sample_id,feature,value,unit\n" + "\n".join(rows))
    intake = read(path, samples)
    assert intake.measurements["clinical"]["value"].tolist() == [2, 3]
    assert intake.features["unit"].tolist() == ["ng/mL"]


def test_people_and_phases_find_their_sample(tmp_path, samples):
    rows = [f"{who},{when},5" for who in PEOPLE for when in ("before", "after")]
    path = text(tmp_path / "t.csv", "ID,Visit,glucose (mmol/L)\n" + "\n".join(rows))
    intake = read(path, samples, subject="ID", phase="Visit")
    assert intake.measurements["clinical"]["sample_id"].tolist() == IDS
    (fault,) = refused(path, samples, subject="ID", phase="Vist")
    assert "did you mean 'Visit'?" in fault.repair


def test_ids_of_a_workbook_that_are_numbers_are_matched_as_they_are_written(tmp_path, samples):
    known = samples.known.assign(sample_id=[str(place) for place in range(1, 9)])
    book = openpyxl.Workbook()
    for row in [["sample_id", "glucose (mmol/L)"], *([place, 5.5] for place in range(1, 9))]:
        book.active.append(row)
    book.save(tmp_path / "t.xlsx")
    intake = read(tmp_path / "t.xlsx", Samples(known, {}))
    assert intake.measurements["clinical"]["sample_id"].tolist() == list("12345678")


def test_a_table_that_does_not_say_whose_its_rows_are_is_refused(tmp_path, samples):
    path = text(tmp_path / "t.csv", "who,glucose (mmol/L)\n01-before,5\n")
    (fault,) = refused(path, samples)
    assert "--sample-column" in fault.repair
    assert len(read(path, samples, sample="who").measurements["clinical"]) == 1


def test_an_unknown_sample_is_refused_with_a_hint_and_may_be_dropped(tmp_path, samples):
    path = wide(tmp_path, "glucose (mmol/L)", "5", ids=["01-befor", *IDS[1:]])
    (fault,) = refused(path, samples)
    assert (fault.row, fault.column) == (2, "sample_id")
    assert "did you mean '01-before'?" in fault.repair
    intake = read(path, Samples(samples.known, {}, drop_unknown=True))
    assert "01-befor" in intake.account.dropped[0]
    assert "01-before" in intake.account.noted[-1]


def test_a_file_of_ids_joins_the_vendor_s_samples(tmp_path, samples):
    path = wide(tmp_path, "glucose (mmol/L)", "5", ids=["tube 1", *IDS[1:]])
    intake = read(path, Samples(samples.known, {"tube 1": "01-before"}))
    assert intake.measurements["clinical"]["sample_id"].tolist() == IDS


def test_columns_of_other_tables_and_of_text_are_left_out_and_told(tmp_path, samples):
    path = wide(tmp_path, "age,comment,glucose (mmol/L)", "31,fine,5")
    intake = read(path, samples)
    assert intake.features["feature"].tolist() == ["glucose"]
    told = " ".join(intake.account.dropped)
    assert "age" in told
    assert "comment" in told


def test_modalities_are_said_by_feature(tmp_path, samples):
    path = wide(tmp_path, "WBC (K/µL),glucose (mmol/L)", "5,5")
    intake = read(path, samples, modalities={ALL: "clinical", "WBC": "blood_count"})
    assert list(intake.measurements) == ["blood_count", "clinical"]
    assert intake.features.set_index("feature").at["WBC", "unit"] == "10^9/L"


@pytest.mark.parametrize(
    ("header", "value", "options", "found"),
    [
        ("glucose (mmol/L)", "5,4", {}, "3 fields"),
        ("glucose (mmol/L)", '"5,4"', {}, "no column of numbers"),
        ("glucose (mmol/L)", ["5"] * 7 + ["high"], {}, "'high'"),
        ("glucose (mmol/L),Glucose (mmol/L)", "5,5", {}, "'glucose', 'Glucose' for glucose"),
        ("glucose (mmol/L),glucose (mg/dL)", "5,90", {}, "a second value of 'glucose'"),
        ("glucose (mmol/L)", "5", {"units": {"glucos": "mg/dL"}}, "'glucos'"),
        ("glucose (mmol/L)", "5", {"links": {"glucose": "glucos"}}, "'glucos'"),
        ("glucose (mmol/L)", "5", {"modalities": {ALL: "clincal"}}, "'clincal'"),
        ("glucose (mmol/L)", "5", {"modalities": {}}, "no modality"),
        ("glucose (mmol/L)", "5", {"ignore": ("x",)}, "no column or feature 'x'"),
        ("WBC (K/µL)", "-1", {"modalities": {ALL: "blood_count"}}, "-1"),
        ("glucose (furlong)", "5", {}, "the unit 'furlong'"),
    ],
)
def test_what_cannot_be_right_is_refused(tmp_path, samples, header, value, options, found):
    faults = refused(wide(tmp_path, header, value), samples, **options)
    assert any(found in str(fault.found) for fault in faults), faults


def test_everything_wrong_is_told_at_once(tmp_path, samples):
    path = wide(tmp_path, "CRP,glucose (U/L)", ["1,5"] * 7 + ["x,5"], ids=["z", *IDS[1:]])
    found = " ".join(str(fault) for fault in refused(path, samples))
    assert all(words in found for words in ("'z'", "no unit", "'U/L'", "'x'"))


def test_only_the_columns_that_are_named_are_taken(tmp_path, samples):
    path = wide(tmp_path, "glucose (mmol/L),something without a unit", "5,5")
    intake = read(path, samples, only=("glucose (mmol/L)",))
    assert intake.features["feature"].tolist() == ["glucose"]
    assert "something without a unit" in intake.account.dropped[0]
    assert refused(path, samples, only=("glucos",))


def test_a_visit_of_a_published_spreadsheet_agrees_with_the_book_s_own_reader(
    ultramarathon, ultramarathon_files
):
    own = ultramarathon.measurements["clinical"].set_index("sample_id")["value"]
    visit = own[own.index.str.endswith("-before")].dropna()
    known = ultramarathon.samples
    ids = {f"ULTRA_{name[1:3]}": name for name in visit.index}
    intake = read(
        ultramarathon_files["CK_and_WBCs.xlsx"],
        Samples(known, ids, drop_unknown=True),
        layout=Layout(sheet="CK, Hct, RBC, WBC", header_row=2),
        sample="Subject ID",
        only=("V2b-CK",),
        units={"V2b-CK": "U/L"},
        links={"V2b-CK": "creatine_kinase"},
    )
    table = intake.measurements["clinical"].set_index("sample_id")["value"].dropna()
    assert len(table) >= 4
    assert table.to_dict() == visit.to_dict()


@pytest.mark.parametrize(
    ("header", "field", "found", "row"),
    [
        ("CRP (mg/L)", "<-1", "the limit -1", 9),
        ("CRP (mg/L)", "<0", "the limit 0", 9),
        ("score (1)", "<-1", "the limit -1", 9),
        ("CRP (mg/L)", "-1", "-1", 9),
        ("unknown protein (ng/mL)", "-0.5", "-0.5", 9),
        ("unknown cells (10^9/L)", "-2", "-2", 9),
        ("unknown enzyme (U/L)", "-2", "-2", 9),
        ("body mass (kg)", "-70", "-70", 9),
    ],
)
def test_an_amount_below_zero_is_refused_in_its_place(tmp_path, samples, header, field, found, row):
    (fault,) = refused(wide(tmp_path, header, ["1"] * 7 + [field]), samples)
    assert (fault.found, fault.row, fault.column) == (found, row, header)


@pytest.mark.parametrize(
    ("header", "modality"),
    [("IL6 (relative)", "proteins"), ("difference (1)", "clinical"), ("skin (degC)", "clinical")],
)
def test_what_may_lie_below_zero_is_taken(tmp_path, samples, header, modality):
    path = wide(tmp_path, header, "-1.5")
    own = read(path, samples, modalities={ALL: modality}, units={ALL: "relative"})
    assert own.measurements[modality]["value"].eq(-1.5).all()


def test_an_excess_below_zero_is_said(tmp_path, samples):
    path = wide(tmp_path, "base excess (mmol/L)", "-2")
    (fault, *_) = refused(path, samples)
    assert "--signed 'base excess (mmol/L)'" in fault.repair
    intake = read(path, samples, signed=("base excess",))
    assert intake.measurements["clinical"]["value"].eq(-2).all()
    assert refused(path, samples, signed=("base exces",))
    counts = {"modalities": {ALL: "blood_count"}, "signed": ("base excess",)}
    assert refused(path, samples, **counts)


def test_a_column_in_the_other_decimal_mark_is_refused_and_not_left_out(tmp_path, samples):
    path = wide(tmp_path, "glucose (mmol/L),CRP (mg/L)", '"5,4",2')
    faults = refused(path, samples)
    assert len(faults) == 8
    assert {fault.column for fault in faults} == {"glucose (mmol/L)"}
    assert "--decimal ','" in faults[0].repair


def test_features_of_a_long_table_are_left_out_or_chosen(tmp_path, samples):
    rows = [f"{i},{name},2,mg/L" for i in IDS for name in ("CRP", "zonulin", "x")]
    path = text(tmp_path / "l.csv", "sample_id,feature,value,unit\n" + "\n".join(rows))
    own = {"feature": "feature"}
    assert read(path, samples, ignore=("x",), **own).features["feature"].tolist() == [
        "CRP", "zonulin",
    ]  # fmt: skip
    intake = read(path, samples, only=("CRP",), **own)
    assert intake.features["feature"].tolist() == ["CRP"]
    assert "features not asked for: zonulin, x" in intake.account.dropped[0]
    assert refused(path, samples, only=("CRX",), **own)


def test_features_without_a_unit_are_one_problem_with_the_first_five(tmp_path, samples):
    names = [f"protein {letter}" for letter in "abcdefgh"]
    (fault,) = refused(wide(tmp_path, ",".join(names), ",".join("1" * 8)), samples)
    assert fault.found == (
        "no unit of 8 columns or features: protein a, protein b, protein c, protein d, protein e "
        "and 3 more"
    )


def test_a_file_of_ids_serves_people_and_phases_too(tmp_path, samples):
    rows = [f"P{who},{when},5" for who in PEOPLE for when in ("before", "after")]
    path = text(tmp_path / "t.csv", "subject,phase,glucose (mmol/L)\n" + "\n".join(rows))
    ids = {f"P{name[:2]}, {name[3:]}": name for name in IDS}
    intake = read(path, Samples(samples.known, ids))
    assert intake.measurements["clinical"]["sample_id"].tolist() == IDS


@pytest.mark.parametrize(
    ("header", "name", "unit"),
    [
        ("WBC 10^9/L", "WBC", "10^9/L"),
        ("RBC x10^12/L", "RBC", "10^12/L"),
        ("HGB, g/dL", "HGB", "g/dL"),
        ("CRP mg/dL", "CRP", "mg/L"),
    ],
)
def test_an_amount_behind_the_name_is_its_unit_without_brackets(
    tmp_path, samples, header, name, unit
):
    intake = read(wide(tmp_path, f'"{header}"', "5"), samples)
    assert intake.features.loc[0, ["feature", "unit"]].tolist() == [name, unit]


@pytest.mark.parametrize("header", ["ratio A/G", "CD4/CD8", "HCT L/L", "test 1/2"])
def test_a_ratio_behind_a_name_is_no_unit(tmp_path, samples, header):
    (fault,) = refused(wide(tmp_path, header, "5"), samples)
    assert (fault.found, fault.column) == ("no unit", header)
