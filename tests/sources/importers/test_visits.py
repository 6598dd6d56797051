import openpyxl
import pandas as pd
import pytest

from exercisebook.sources.importers.samples import Samples
from exercisebook.sources.importers.table import ALL, TableOptions, read_tables
from exercisebook.sources.importers.textfiles import Layout
from exercisebook.sources.importers.visits import visit_of, visits_of

from .conftest import IDS, PEOPLE, problems_of, text

VISITS = {"pre": "before", "post": "after"}


def options(**said):
    return TableOptions(**{"modalities": {ALL: "clinical"}, "visits": VISITS, "subject": "ID",
                           **said})  # fmt: skip


def table(tmp_path, header, fields="5.0,4.5", people=PEOPLE):
    own = fields if isinstance(fields, list) else [fields] * len(people)
    rows = [f"{who},{values}" for who, values in zip(people, own, strict=True)]
    return text(tmp_path / "t.csv", "\n".join([f"ID,{header}", *rows]) + "\n")


def read(path, samples, **said):
    return read_tables([path], samples, options(**said))


def refused(path, samples, **said):
    return problems_of(read_tables, [path], samples, options(**said))


@pytest.mark.parametrize(
    "header",
    [
        "glucose_pre (mmol/L),glucose_post (mmol/L)",
        "glucose (mmol/L)_pre,glucose (mmol/L)_post",
        "glucose PRE [mmol/L],glucose.Post [mmol/L]",
        "pre_glucose (mmol/L),post_glucose (mmol/L)",
        "glucose (pre) (mmol/L),glucose (post) (mmol/L)",
    ],
)
def test_visits_side_by_side_find_their_samples(tmp_path, samples, header):
    intake = read(table(tmp_path, header), samples)
    assert intake.features[["feature", "canonical_id", "unit"]].to_numpy().tolist() == [
        ["glucose", "glucose", "mmol/L"]
    ]
    own = intake.measurements["clinical"].set_index("sample_id")["value"]
    assert {name: own[name] for name in IDS} == {
        name: 5.0 if name.endswith("before") else 4.5 for name in IDS
    }
    assert intake.account.dropped == []


def test_a_unit_of_one_visit_and_another_of_the_next_become_the_book_s(tmp_path, samples):
    path = table(tmp_path, "glucose_pre (mmol/L),glucose_post (mg/dL)", "5,90")
    own = read(path, samples).measurements["clinical"].set_index("sample_id")["value"]
    assert own["01-before"] == 5
    assert own["01-after"] == pytest.approx(4.9957, abs=1e-4)


@pytest.mark.parametrize("upper", [["", "glucose", "", "CRP", ""], ["", "pre", "post"] * 2])
def test_a_header_of_two_rows_is_read_whichever_row_has_the_visit(tmp_path, samples, upper):
    book = openpyxl.Workbook()
    lower = ["ID", "pre", "post", "pre", "post"]
    if upper[1] == "pre":
        upper, lower = ["", "pre", "", "post", ""], ["ID", "glucose", "CRP", "glucose", "CRP"]
    book.active.append(["Results of May"])
    book.active.append([name or None for name in upper])
    book.active.append(lower)
    for who in PEOPLE:
        values = {("glucose", "pre"): 5, ("glucose", "post"): 4, ("CRP", "pre"): 2,
                  ("CRP", "post"): 1}  # fmt: skip
        filled = [next(name for name in reversed(upper[: n + 1]) if name) for n in range(1, 5)]
        pairs = [{one, two} for one, two in zip(filled, lower[1:], strict=True)]
        book.active.append([who, *(v for p in pairs for key, v in values.items() if set(key) == p)])
    book.save(tmp_path / "t.xlsx")
    intake = read(
        tmp_path / "t.xlsx", samples, layout=Layout(header_row=3, upper_row=2),
        units={"glucose": "mmol/L", "CRP": "mg/L"},
    )  # fmt: skip
    own = intake.measurements["clinical"].set_index(["feature", "sample_id"])["value"]
    assert own[("glucose", "02-before")] == 5
    assert own[("glucose", "02-after")] == 4
    assert own[("CRP", "04-before")] == 2
    assert own[("CRP", "04-after")] == 1
    assert len(own) == 16


def test_a_visit_that_nobody_came_to_needs_no_sample(tmp_path, samples):
    known = samples.known[samples.known["sample_id"] != "04-after"]
    header = "glucose_pre (mmol/L),glucose_post (mmol/L)"
    path = table(tmp_path, header, ["5,4", "5,4", "5,", "5,"])
    intake = read(path, Samples(known, {}))
    own = intake.measurements["clinical"].set_index("sample_id")["status"]
    assert own["03-after"] == "missing"
    assert "04-after" not in own
    (fault,) = refused(table(tmp_path, header), Samples(known, {}))
    assert "'04, after'" in fault.found
    assert (fault.row, fault.column) == (5, "ID")


def test_people_that_the_package_lacks_are_told_once_and_may_be_dropped(tmp_path, samples):
    path = table(tmp_path, "x_pre (mg/L),x_post (mg/L)", people=["90", *PEOPLE[1:]])
    (fault,) = refused(path, samples)
    assert "2 ids that are none: '90, before' (row 2), '90, after' (row 2)" in fault.found
    assert "did you mean" not in fault.repair
    intake = read(path, Samples(samples.known, {}, drop_unknown=True))
    assert intake.measurements["clinical"]["sample_id"].tolist() == [
        name for name in IDS[2:] if name.endswith("before")
    ] + [name for name in IDS[2:] if name.endswith("after")]


def test_the_vendor_s_people_may_be_named_in_a_file_of_ids(tmp_path, samples):
    path = table(tmp_path, "x_pre (mg/L),x_post (mg/L)", people=["P-1", *PEOPLE[1:]])
    ids = {"P-1, before": "01-before", "P-1, after": "01-after"}
    own = read(path, Samples(samples.known, ids)).measurements["clinical"]
    assert set(own["sample_id"]) == set(IDS)


@pytest.mark.parametrize(
    ("header", "said", "found", "column"),
    [
        ("x_pre (mg/L),x_mid (mg/L)", {}, "another visit", "x_mid (mg/L)"),
        ("x_pre (mg/L),y (mg/L)", {}, "no column of 'post' among 'x_pre (mg/L)', 'y", None),
        ("x (mg/L),y (mg/L)", {}, "no column of 'pre', 'post' among 'x (mg/L)'", None),
        ("x_pre (mg/L),x_post (mg/L)", {"visits": {"pre": "befor", "post": "after"}},
         "the phase 'befor' of 'pre'", None),
        ("x_pre (mg/L),x_post (mg/L)", {"subject": None}, "columns 'ID', 'x_pre", None),
        ("x_pre (mg/L),x_post (mg/L)", {"subject": "Id"}, "no column 'Id'", None),
        ("x_pre (mg/L),pre_x (mg/L)", {}, "a second value of 'x'", "pre_x (mg/L)"),
        ("x_pre,x_post", {}, "no unit of 2 columns or features: x_pre, x_post", None),
        ("x_pre (mg/L),x_post (mg/L)", {"ignore": ("x_mid",)}, "no column or feature", None),
    ],
)  # fmt: skip
def test_what_is_wrong_with_visits_names_its_columns(
    tmp_path, samples, header, said, found, column
):
    faults = refused(table(tmp_path, header), samples, **said)
    assert (found, column) in [(fault.found[: len(found)], fault.column) for fault in faults], (
        faults
    )


def test_an_unreadable_field_is_told_with_the_column_as_it_stands(tmp_path, samples):
    path = table(tmp_path, "x_pre (mg/L),x_post (mg/L)", ["1,2", "1,high", "1,2", "1,2"])
    (fault,) = refused(path, samples)
    assert (fault.row, fault.column, fault.found) == (3, "x_post (mg/L)", "'high'")


def test_a_visit_that_is_not_wanted_may_be_ignored(tmp_path, samples):
    path = table(tmp_path, "x_pre (mg/L),x_mid (mg/L),x_post (mg/L)", "1,2,3")
    intake = read(path, samples, ignore=("x_mid (mg/L)",))
    assert sorted(set(intake.measurements["clinical"]["value"])) == [1, 3]


def test_columns_of_no_visit_are_told(tmp_path, samples):
    path = table(tmp_path, "age,x_pre (mg/L),x_post (mg/L)", "31,1,2")
    intake = read(path, samples)
    assert intake.account.dropped == ["t.csv: columns of no visit: age"]


def test_the_longest_word_of_a_visit_is_meant():
    own = {"2": "after", "week 2": "before"}
    assert visit_of("glucose week 2", own) == ("glucose", "before")
    assert visit_of("glucose_2", own) == ("glucose", "after")
    assert visit_of("glucose2", own) is None


def test_a_visit_may_be_called_as_its_phase():
    assert visits_of("before, V2 = after") == {"before": "before", "V2": "after"}


@pytest.mark.parametrize("said", ["", "pre=", "=before", "pre=a,PRE=b", "pre=a,,post=b"])
def test_visits_that_are_not_said_each_once_are_refused(said):
    assert problems_of(visits_of, said)


def test_visits_of_a_published_spreadsheet_agree_with_the_book_s_own_reader(
    ultramarathon, ultramarathon_files
):
    whole = pd.concat(ultramarathon.measurements.values()).merge(ultramarathon.features)
    own = whole[whole["canonical_id"].isin(["creatine_kinase", "haematocrit"])].dropna(
        subset="value"
    )
    own = own.set_index(["canonical_id", "sample_id"])["value"]
    visits = {"V1": "screening", "V2b": "before", "V2L1": "lap 1", "V2F": "finish",
              "V3": "24h after"}  # fmt: skip
    known = ultramarathon.samples
    vendor = "ULTRA_" + known["subject"].str.zfill(2) + ", " + known["phase"]
    said = TableOptions(
        layout=Layout(sheet="CK, Hct, RBC, WBC", header_row=2),
        modalities={ALL: "clinical"},
        subject="Subject ID",
        visits=visits,
        only=tuple(f"{visit}-{name}" for visit in visits for name in ("CK", "Hct")),
        units={"CK": "U/L", "Hct": "%"},
    )
    ids = dict(zip(vendor, known["sample_id"], strict=True))
    people = Samples(known, ids, drop_unknown=True)
    intake = read_tables([ultramarathon_files["CK_and_WBCs.xlsx"]], people, said)
    table = (
        intake.measurements["clinical"].merge(intake.features, on="feature").dropna(subset="value")
    )
    table = table.set_index(["canonical_id", "sample_id"])["value"]
    assert len(own) >= 80
    assert table.to_dict() == own.to_dict()


@pytest.mark.parametrize("wrong", [{"pre": "befor"}, {"pre": "befor", "post": "aftr"}])
def test_a_phase_that_the_package_lacks_is_told_once(tmp_path, samples, wrong):
    path = table(tmp_path, "x_pre (mg/L),x_post (mg/L)")
    faults = refused(path, samples, visits={**VISITS, **wrong})
    assert [fault.file for fault in faults] == ["--visits"] * len(wrong)
    assert "did you mean 'before'?" in faults[0].repair
