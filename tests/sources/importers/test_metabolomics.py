import numpy as np
import pytest
from mwtab.mwtab import MWTabFile

from exercisebook.sources.importers.metabolomics import read_mwtab
from exercisebook.sources.importers.samples import Samples

from .conftest import IDS, problems_of, text

ROWS = {
    "glycine betaine": [50.0] * 8,
    "some alias": [10.0] * 8,
    "mystery lipid": [7.0] * 8,
    "Lactate": [0, "", "NA", 1500, 1500, 1500, 1500, 1500],
}


def mwtab(unit="uM", rows=ROWS, ids=IDS):
    factors = [f"Phase:{name[3:]} | Arm:exercise" for name in ids]
    return "\n".join(
        [
            "#METABOLOMICS WORKBENCH STUDY_ID:ST999999 ANALYSIS_ID:AN999999",
            "VERSION             \t1",
            "CREATED_ON          \t2026-01-01",
            "#PROJECT",
            "PR:PROJECT_TITLE                 \tInvented for a test",
            "#SUBJECT_SAMPLE_FACTORS:         \tSUBJECT(optional)[tab]SAMPLE[tab]FACTORS",
            *[f"SUBJECT_SAMPLE_FACTORS           \t-\t{name}\t{own}\t"
              for name, own in zip(ids, factors, strict=True)],
            "#MS",
            "MS:INSTRUMENT_NAME               \tInvented",
            "#MS_METABOLITE_DATA",
            f"MS_METABOLITE_DATA:UNITS\t{unit}",
            "MS_METABOLITE_DATA_START",
            "\t".join(["Samples", *ids]),
            "\t".join(["Factors", *factors]),
            *["\t".join([name, *map(str, values)]) for name, values in rows.items()],
            "MS_METABOLITE_DATA_END",
            "#METABOLITES",
            "METABOLITES_START",
            "metabolite_name\tpubchem_id\thmdb_id",
            *[f"{name}\t1\t{'HMDB0000123' if name == 'some alias' else ''}" for name in rows],
            "METABOLITES_END",
            "#END",
            "",
        ]
    )  # fmt: skip


def as_json(content):
    file = MWTabFile("test")
    file.read_from_str(content)
    return file.writestr("json")


@pytest.mark.parametrize("kind", ["text", "json", "windows"])
def test_text_and_json_give_the_same_rows(tmp_path, samples, kind):
    content = as_json(mwtab()) if kind == "json" else mwtab()
    path = tmp_path / f"a.{kind}"
    path.write_bytes((content.replace("\n", "\r\n") if kind == "windows" else content).encode())
    intake = read_mwtab([path], samples)
    linked = intake.features.set_index("feature")["canonical_id"].to_dict()
    assert linked == {"glycine betaine": "betaine", "some alias": "glycine", "mystery lipid": "",
                      "Lactate": "lactate"}  # fmt: skip
    own = intake.measurements["metabolites"].set_index(["feature", "sample_id"])
    assert own.loc["glycine betaine", "value"].eq(50).all()
    assert own.loc["Lactate", "status"].tolist() == ["missing"] * 3 + ["ok"] * 5


def test_concentrations_go_over_into_the_book_s_units(tmp_path, samples):
    intake = read_mwtab([text(tmp_path / "a.txt", mwtab("ng/mL"))], samples)
    own = intake.measurements["metabolites"].set_index("feature")["value"]
    assert own["glycine betaine"].to_numpy() == pytest.approx(50 / 117.148)
    assert own["mystery lipid"].eq(7).all()
    assert "ng/mL to µmol/L" in intake.account.converted[0]
    assert intake.features.set_index("feature").at["mystery lipid", "unit"] == "ng/mL"


def test_peak_heights_are_relative_and_it_is_told(tmp_path, samples):
    intake = read_mwtab([text(tmp_path / "a.txt", mwtab("Peak height"))], samples)
    assert set(intake.features["unit"]) == {"relative"}
    assert any("'Peak height' is no concentration" in line for line in intake.account.noted)


def test_zeros_are_missing_and_factors_are_told(tmp_path, samples):
    intake = read_mwtab([text(tmp_path / "a.txt", mwtab())], samples)
    told = " ".join(intake.account.noted)
    assert "1 zero, where nothing was found: missing" in told
    assert "Phase: after, before" in told


def test_a_metabolite_that_is_named_twice_keeps_both_and_links_the_first(tmp_path, samples):
    content = mwtab().replace("some alias", "glycine betaine")
    intake = read_mwtab([text(tmp_path / "a.txt", content)], samples)
    linked = intake.features.set_index("feature")["canonical_id"]
    assert linked["glycine betaine"] == "betaine"
    assert linked["glycine betaine (2)"] == ""


def test_a_unit_without_a_molar_mass_is_refused_until_it_is_said(tmp_path, samples):
    path = text(tmp_path / "a.txt", mwtab("ng/mL", {"SAM": [1.0] * 8}))
    (fault,) = problems_of(read_mwtab, [path], samples)
    assert "--molar-mass 'SAM=NUMBER'" in fault.repair
    intake = read_mwtab([path], samples, {"SAM": 500.0})
    assert np.allclose(intake.measurements["metabolites"]["value"], 0.002)


def test_a_name_of_the_book_in_a_unit_of_something_else_has_no_id(tmp_path, samples):
    rows = {"glutathione peroxidase": [1.0] * 8, "Lactate": [1500] * 8}
    intake = read_mwtab([text(tmp_path / "a.txt", mwtab(rows=rows))], samples)
    assert intake.features["canonical_id"].tolist() == ["", "lactate"]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("", "an empty file"),
        (" ", "no mwTab"),
        ("{", "no mwTab"),
        ("#METABOLOMICS WORKBENCH\nVERSION 1", "no mwTab"),
        (mwtab(rows={}), "an empty block"),
        (mwtab(rows={"x": ["high"] * 8}), "'high' of 'x'"),
        (mwtab(rows={"x": [-1.0] * 8}), "-1"),
        (mwtab(rows={"x": ["<-1"] * 8}), "'<-1' of 'x'"),
        (mwtab(ids=["q", *IDS[1:]]), "'q'"),
        (mwtab().replace("MS_METABOLITE_DATA", "EXTENDED"), "no block of values"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path, samples, content, found):
    faults = problems_of(read_mwtab, [text(tmp_path / "a.txt", content)], samples)
    assert any(found in fault.found for fault in faults), faults


def test_unknown_samples_may_be_dropped(tmp_path, samples):
    path = text(tmp_path / "a.txt", mwtab(ids=["QC pool", *IDS[1:]]))
    intake = read_mwtab([path], Samples(samples.known, {}, drop_unknown=True))
    assert "QC pool" in intake.account.dropped[0]
