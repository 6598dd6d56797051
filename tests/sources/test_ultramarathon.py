import shutil

import openpyxl
import pandas as pd
import pytest

from exercisebook.cohort.schemas import TABLES
from exercisebook.errors import Failure
from exercisebook.sources.ultramarathon import _ASSAYS, CYTOKINES, read_ultramarathon

PLATE, BLOOD = "Inflammatory_factors.xlsx", "CK_and_WBCs.xlsx"


def cell(cohort, feature, phase, runner, modality="cytokines"):
    long = cohort.long(modality).query("feature == @feature and phase == @phase")
    (row,) = long[long["subject"] == runner].itertuples()
    return row


def measured(cohort, modality, feature, phase):
    long = cohort.long(modality).query("feature == @feature and phase == @phase")
    return set(long.loc[long["value"].notna(), "subject"])


def test_eleven_runners_are_seen_five_times_in_one_arm(ultramarathon):
    assert ultramarathon.subjects["subject"].tolist() == [str(i) for i in range(1, 12)]
    assert len(ultramarathon.samples) == 55
    assert set(ultramarathon.samples["arm"]) == {"race"}
    assert ultramarathon.samples["phase"].drop_duplicates().tolist() == [
        "screening",
        "before",
        "lap 1",
        "finish",
        "24h after",
    ]


def test_neither_age_nor_sex_nor_race_is_carried_over(ultramarathon):
    assert set(ultramarathon.subjects["sex"]) == {"unknown"}
    assert ultramarathon.subjects["age"].isna().all()
    frames = [getattr(ultramarathon, name) for name in TABLES]
    frames += ultramarathon.measurements.values()
    columns = {column.lower() for frame in frames for column in frame}
    assert columns.isdisjoint({"race", "gender", "age (years)", "ethnicity"})
    words = {
        str(word)
        for frame in frames
        for column in frame.select_dtypes(exclude="number")
        for word in frame[column]
    }
    assert words.isdisjoint({"White", "Asian", "Asian, Pacific Islander", "M", "F"})


def test_interleukin_6_of_the_first_runner_is_that_of_the_sheet(ultramarathon):
    assert cell(ultramarathon, "il6", "before", "1").value == pytest.approx(0.800725, abs=1e-6)
    assert cell(ultramarathon, "il6", "lap 1", "1").value == pytest.approx(2.761266, abs=1e-6)
    assert cell(ultramarathon, "il6", "finish", "1").value == pytest.approx(6.168167, abs=1e-6)
    assert cell(ultramarathon, "il6", "24h after", "1").value == pytest.approx(0.570494, abs=1e-6)


@pytest.mark.parametrize("feature", ["il6", "tnf", "cxcl8", "il1b"])
def test_the_blank_of_the_sixth_runner_is_missing_and_not_zero(ultramarathon, feature):
    found = cell(ultramarathon, feature, "finish", "6")
    assert found.status == "missing"
    assert pd.isna(found.value)


def test_nothing_measured_is_zero(ultramarathon):
    for table in ultramarathon.measurements.values():
        assert (table["value"].dropna() > 0).all()


def test_interleukin_1_beta_lies_mostly_below_detection_and_the_others_never(ultramarathon):
    table = ultramarathon.measurements["cytokines"]
    below = table["status"].eq("below_detection").groupby(table["feature"]).sum()
    assert below.to_dict() == {"il1b": 24, "il6": 0, "cxcl8": 0, "tnf": 0}
    limit = ultramarathon.features.set_index("feature").at["il1b", "detection_limit"]
    hidden = table[table["status"].eq("below_detection")]
    assert set(hidden["value"]) == {limit}


def test_a_limit_is_the_highest_well_of_the_four_tubes_of_no_runner(
    ultramarathon, ultramarathon_files
):
    plate = pd.read_excel(ultramarathon_files[PLATE], sheet_name="Raw Data", header=1)
    nobodys = plate[plate["Sample"].isin(["U025", "U030", "U035", "U040"])]
    highest = nobodys.groupby("Assay")["Calc. Concentration"].max()
    limits = ultramarathon.features.set_index("feature")["detection_limit"]
    for assay, feature in _ASSAYS.items():
        assert limits[feature] == pytest.approx(highest[assay], rel=1e-9)


def test_cytokines_at_the_finish_come_from_seven_runners(ultramarathon):
    for feature in ("il6", "tnf", "cxcl8"):
        found = measured(ultramarathon, "cytokines", feature, "finish")
        assert found == {"1", "2", "3", "4", "7", "9", "10"}


def test_leukocytes_at_the_finish_come_from_seven_runners(ultramarathon):
    found = measured(ultramarathon, "blood_count", "leukocytes", "finish")
    assert found == {"1", "2", "3", "4", "7", "9", "10"}


def test_creatine_kinase_at_the_finish_comes_from_eight_runners(ultramarathon):
    found = measured(ultramarathon, "clinical", "creatine_kinase", "finish")
    assert found == {"2", "3", "4", "5", "6", "9", "10", "11"}


def test_blood_values_are_those_of_the_sheet(ultramarathon):
    assert cell(ultramarathon, "creatine_kinase", "24h after", "4", "clinical").value == 6275
    assert cell(ultramarathon, "leukocytes", "finish", "3", "blood_count").value == 20.8
    assert cell(ultramarathon, "haematocrit", "before", "1", "blood_count").value == 48.2


def test_rows_of_means_and_p_values_are_no_runners(ultramarathon):
    for modality, features in (("clinical", 1), ("blood_count", 4)):
        assert len(ultramarathon.measurements[modality]) == 11 * 5 * features


def test_the_unit_of_the_cytokines_is_marked_as_presumed(ultramarathon):
    cytokines = ultramarathon.features.query("modality == 'cytokines'")
    assert set(cytokines["unit"]) == {"pg/mL (presumed)"}


def test_hours_since_the_race_are_known_after_it_alone(ultramarathon):
    hours = ultramarathon.samples.groupby("phase")["hours_since_bout"].agg(["min", "max"])
    assert hours.loc["finish"].tolist() == [0, 0]
    assert hours.loc["24h after"].tolist() == [24, 24]
    assert hours.loc[["screening", "before", "lap 1"]].isna().all().all()


def test_no_contrast_begins_at_the_screening(ultramarathon):
    assert set(ultramarathon.contrasts["reference_phase"]) == {"before"}
    assert ultramarathon.contrasts["kind"].tolist() == ["acute", "acute", "recovery"]


# files that are not as described


@pytest.fixture
def read_broken(ultramarathon_files, tmp_path):
    """Return a function that reads the cohort from a workbook that was tampered with."""

    def reading(name, tamper):
        files = {file: tmp_path / file for file in ultramarathon_files}
        for file, path in files.items():
            shutil.copyfile(ultramarathon_files[file], path)
        book = openpyxl.load_workbook(files[name], data_only=True)
        tamper(book)
        book.save(files[name])
        return read_ultramarathon(files)

    return reading


def overwrite(sheet, old, new, times=None):
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value == old]
    assert cells
    for cell_ in cells[:times]:
        cell_.value = new


def clear_names(sheet):
    """Empty the names above the blocks; those of the standards stand further up."""
    for row in sheet.iter_rows(min_row=15):
        for cell_ in row:
            if cell_.value in CYTOKINES:
                cell_.value = None


def test_a_workbook_without_the_sheet_is_refused(read_broken):
    with pytest.raises(Failure, match="no sheet 'Raw Data'"):
        read_broken(PLATE, lambda book: setattr(book["Raw Data"], "title", "Plate"))


def test_a_sheet_without_the_list_of_wells_is_refused(read_broken):
    with pytest.raises(Failure, match=r"no row of headers with 'Calc\. Concentration'"):
        read_broken(PLATE, lambda book: overwrite(book["Raw Data"], "Calc. Concentration", "c"))


def test_a_list_of_wells_without_a_column_is_refused(read_broken):
    with pytest.raises(Failure, match="row 2: no column Assay"):
        read_broken(PLATE, lambda book: overwrite(book["Raw Data"], "Assay", "Kit"))


def test_a_plate_without_a_tube_of_no_runner_has_no_limit(read_broken):
    def relabel(book):
        for tube in ("U025", "U030", "U035", "U040"):
            overwrite(book["Raw Data"], tube, "blank")

    with pytest.raises(Failure, match=r"no detection limit is known"):
        read_broken(PLATE, relabel)


def test_a_sheet_without_the_four_blocks_is_refused(read_broken):
    with pytest.raises(Failure, match="no row where 'Baseline' stands 4 times"):
        read_broken(PLATE, lambda book: overwrite(book["Raw Data"], "Baseline", "Base"))


def test_a_block_without_a_name_is_refused(read_broken):
    with pytest.raises(Failure, match="block None"):
        read_broken(PLATE, lambda book: clear_names(book["Raw Data"]))


def test_a_block_with_other_columns_is_refused(read_broken):
    with pytest.raises(Failure, match=r"block 'TNFa' with columns .*'Lap 2'"):
        read_broken(PLATE, lambda book: overwrite(book["Raw Data"], "Lap1", "Lap 2", times=1))


@pytest.mark.parametrize("column", ["V2F-WC", "V1-CK", "Subject ID"])
def test_a_blood_sheet_that_lacks_a_column_is_refused(read_broken, column):
    with pytest.raises(Failure, match=rf"CK_and_WBCs\.xlsx: no column {column}"):
        read_broken(BLOOD, lambda book: overwrite(book.worksheets[0], column, "other"))
