import numpy as np
import openpyxl
import pandas as pd
import pytest

from exercisebook.sources.importers.olink import OlinkOptions, read_olink
from exercisebook.sources.importers.samples import Samples
from exercisebook.sources.importers.textfiles import Layout

from .conftest import IDS, problems_of, text

OLD = ("SampleID;Index;OlinkID;UniProt;Assay;MissingFreq;Panel;Panel_Lot_Nr;PlateID;QC_Warning;LOD;"
       "NPX;Normalization;Assay_Warning")  # fmt: skip
ASSAYS = [("OID20101", "P05231", "IL6"), ("OID20671", "P78556", "CCL20")]


def row(sample, olink_id, uniprot, assay, npx=3.0, **said):
    own = {"lod": 1.0, "plate": "P1", "panel": "Inflammation", "qc": "PASS", "assay_qc": "PASS"}
    own.update(said)
    return (f"{sample};1;{olink_id};{uniprot};{assay};0;{own['panel']};B04;{own['plate']};"
            f"{own['qc']};{own['lod']};{npx};Plate control;{own['assay_qc']}")  # fmt: skip


def export(tmp_path, rows, header=OLD, name="npx.csv"):
    return text(tmp_path / name, "\ufeff" + "\n".join([header, *rows]) + "\n")


def plain(npx=3.0, **said):
    return [row(sample, *assay, npx, **said) for sample in IDS for assay in ASSAYS]


def read(path, samples, **options):
    return read_olink([path], samples, OlinkOptions(**options))


def refused(path, samples, **options):
    return problems_of(read_olink, [path], samples, OlinkOptions(**options))


def test_npx_is_stored_so_that_its_logarithm_is_npx_again(tmp_path, samples):
    intake = read(export(tmp_path, plain(2.5)), samples)
    own = intake.measurements["proteins"]
    assert np.log2(own["value"]).tolist() == pytest.approx([2.5] * 16)
    assert set(intake.features["unit"]) == {"relative"}
    assert intake.features["canonical_id"].tolist() == ["il6", ""]
    assert any("2 to the power of NPX" in line for line in intake.account.converted)


def test_what_lies_below_its_limit_is_below_detection(tmp_path, samples):
    rows = plain()
    rows[0] = row(IDS[0], *ASSAYS[0], npx=-0.5, lod=1.0)
    intake = read(export(tmp_path, rows), samples)
    first = intake.measurements["proteins"].iloc[0]
    assert first[["value", "status"]].tolist() == [2.0, "below_detection"]
    assert intake.features["detection_limit"].tolist() == [2.0, 2.0]


def test_limits_that_differ_between_plates_become_the_highest(tmp_path, samples):
    rows = plain()
    rows[0] = row(IDS[0], *ASSAYS[0], npx=1.5, lod=1.0, plate="P1")
    rows[2] = row(IDS[1], *ASSAYS[0], npx=4.0, lod=2.0, plate="P2")
    intake = read(export(tmp_path, rows), samples)
    assert intake.measurements["proteins"]["status"].iloc[0] == "below_detection"
    assert intake.features["detection_limit"].tolist() == [4.0, 2.0]
    told = " ".join(intake.account.noted)
    assert "several limits" in told
    assert "2 plates (P1, P2)" in told


@pytest.mark.parametrize(
    "flags",
    [{"qc": "WARN"}, {"qc": "Warning"}, {"qc": "FAIL"}, {"assay_qc": "WARN"}],
)
def test_warned_values_are_excluded_or_kept_as_it_is_said(tmp_path, samples, flags):
    rows = [row(IDS[0], *ASSAYS[0], **flags), *plain()[1:]]
    path = export(tmp_path, rows)
    intake = read(path, samples)
    assert intake.measurements["proteins"]["status"].tolist() == ["excluded"] + ["ok"] * 15
    assert intake.measurements["proteins"]["value"].notna().all()
    kept = read(path, samples, keep_warned=True)
    assert set(kept.measurements["proteins"]["status"]) == {"ok"}


def test_controls_are_left_out_and_told_by_name_or_by_type(tmp_path, samples):
    rows = [*plain(), row("CONTROL_SAMPLE_P1_A12", *ASSAYS[0]), row("Neg Ctrl 1", *ASSAYS[0])]
    intake = read(export(tmp_path, rows), samples)
    assert "2 control samples" in intake.account.dropped[0]
    typed = [line + ";SAMPLE" for line in plain()] + [row("blank", *ASSAYS[0]) + ";CONTROL"]
    intake = read(export(tmp_path, typed, OLD + ";Sample_Type"), samples)
    assert "blank" in intake.account.dropped[0]


def test_a_sample_that_the_package_names_is_no_control(tmp_path, samples):
    known = samples.known.replace({"sample_id": {IDS[0]: "control-01"}})
    rows = [line.replace(IDS[0], "control-01") for line in plain()]
    intake = read(export(tmp_path, rows), Samples(known, {}))
    assert intake.measurements["proteins"]["sample_id"].nunique() == 8
    assert intake.account.dropped == []


def test_a_protein_on_several_panels_keeps_all_and_links_the_one_found_most(tmp_path, samples):
    again = [row(s, "OID21000", "P05231", "IL6", 0.0 if s == IDS[0] else 3.0, panel="Onc")
             for s in IDS]  # fmt: skip
    intake = read(export(tmp_path, [*again, *plain()]), samples)
    linked = intake.features.set_index("feature")["canonical_id"].to_dict()
    assert linked == {"IL6 (OID21000)": "", "IL6 (OID20101)": "il6", "CCL20": ""}


def test_the_columns_of_explore_ht_are_read_from_parquet(tmp_path, samples):
    kinds = [(name, "SAMPLE") for name in IDS] + [
        ("SC1", "SAMPLE_CONTROL"),
        ("x", "NEGATIVE_CONTROL"),
    ]
    frame = pd.DataFrame(
        {
            "SampleID": name, "SampleType": kind, "WellID": "A1", "PlateID": "P1",
            "OlinkID": olink_id, "UniProt": uniprot, "Assay": assay, "AssayType": assay_type,
            "Panel": "Explore_HT", "Block": "1", "Count": 500, "ExtNPX": -1.0,
            "NPX": np.nan if name == IDS[0] else 1.0, "Normalization": "Plate control",
            "PCNormalizedNPX": 9.0, "AssayQC": "PASS",
            "SampleQC": "FAIL" if name == IDS[0] else "PASS",
        }
        for name, kind in kinds
        for olink_id, uniprot, assay, assay_type in [
            *((*assay, "assay") for assay in ASSAYS),
            ("OID99999", "AMPCTRL", "Amplification control 1", "amp_ctrl"),
        ]
    )  # fmt: skip
    frame.to_parquet(tmp_path / "ht.parquet")
    intake = read(tmp_path / "ht.parquet", samples)
    assert intake.features["feature"].tolist() == ["IL6", "CCL20"]
    own = intake.measurements["proteins"]
    assert own["status"].tolist() == ["missing"] * 2 + ["ok"] * 14
    assert own["value"].dropna().eq(2).all()
    assert any("no limits of detection" in line for line in intake.account.noted)


def wide_rows():
    empty = [""] * 6
    return [
        ["NPX Manager 3.3", *[""] * 5], ["NPX data", *[""] * 5],
        ["Panel", *["Olink INFLAMMATION"] * 5],
        ["Assay", "IL6", "CCL20", "CCL25", "Plate ID", "QC Warning"],
        ["Uniprot ID", "P05231", "P78556", "O15444", "", ""],
        ["OlinkID", "OID00482", "OID00556", "OID00563", "", ""],
        empty,
        *[[name, 3.0, 0.5, 4.0, "P1", "Warning" if name == IDS[0] else "Pass"] for name in IDS],
        empty,
        ["LOD", 1.0, 1.0, 1.0, "", ""], ["Missing Data freq.", "0%", "0%", "0%", "", ""],
        ["Normalization", *["Plate control"] * 3, "", ""],
    ]  # fmt: skip


@pytest.mark.parametrize("end", ["xlsx", "csv"])
def test_the_wide_export_of_npx_manager_is_read(tmp_path, samples, end):
    path = tmp_path / f"wide.{end}"
    if end == "xlsx":
        book = openpyxl.Workbook()
        for cells in wide_rows():
            book.active.append(cells)
        book.save(path)
    else:
        text(path, "\n".join(";".join(map(str, cells)) for cells in wide_rows()))
    intake = read(path, samples)
    assert intake.features["canonical_id"].tolist() == ["il6", "", "ccl25"]
    own = intake.measurements["proteins"].pivot(
        index="sample_id", columns="feature", values="status"
    )
    assert own.loc[IDS[0]].eq("excluded").all()
    assert own.loc[IDS[1], "CCL20"] == "below_detection"


def test_columns_that_r_has_written_are_read(tmp_path, samples):
    header = '"","' + OLD.replace(";", '","') + '"'
    rows = [f'"{place}",' + line.replace(";", ",") for place, line in enumerate(plain())]
    intake = read(export(tmp_path, rows, header), samples)
    assert len(intake.measurements["proteins"]) == 16


def test_a_decimal_comma_is_said(tmp_path, samples):
    path = export(tmp_path, plain("2,5", lod="1,0"))
    assert "--decimal ','" in refused(path, samples)[0].repair
    intake = read(path, samples, layout=Layout(decimal=","))
    assert np.log2(intake.measurements["proteins"]["value"]).eq(2.5).all()


@pytest.mark.parametrize(
    ("rows", "header", "found"),
    [
        (plain(), OLD.replace("NPX", "Count"), "columns"),
        (plain(), OLD.replace(";NPX;", ";Quantified_value;"), "quantities and no NPX"),
        ([*plain(), plain()[0]], OLD, "a second NPX of IL6"),
        (plain(3000), OLD, "'3000'"),
        (plain("high"), OLD, "'high'"),
        (["", *plain(lod="none known")], OLD, "'none known'"),
        (plain(lod="<1"), OLD, "'<1'"),
        (plain(lod=5000), OLD, "'5000'"),
        ([row("stranger", *ASSAYS[0])], OLD, "'stranger'"),
        ([row("CONTROL_1", *ASSAYS[0])], OLD, "no value of a sample"),
    ],
)
def test_what_cannot_be_right_is_refused(tmp_path, samples, rows, header, found):
    faults = refused(export(tmp_path, rows, header), samples)
    assert any(found in fault.found for fault in faults), faults


@pytest.mark.parametrize("name", ["npx.zip", "npx.parquet", "absent.parquet", "absent.csv"])
def test_what_is_no_export_is_refused(tmp_path, samples, name):
    if not name.startswith("absent"):
        text(tmp_path / name, "no such thing")
    assert len(refused(tmp_path / name, samples)) == 1
