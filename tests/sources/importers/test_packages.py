import json
import shutil

import frictionless
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exercisebook.cohort.package import PARQUET_ABOVE, read_cohort
from exercisebook.errors import Misuse
from exercisebook.sources.importers import packages
from exercisebook.sources.importers.cells import read_h5ad
from exercisebook.sources.importers.hints import hint, near_id
from exercisebook.sources.importers.intake import LONG, Account, gather
from exercisebook.sources.importers.metabolomics import read_mwtab
from exercisebook.sources.importers.olink import OlinkOptions, read_olink
from exercisebook.sources.importers.packages import merge, open_package
from exercisebook.sources.importers.samples import Samples, read_ids
from exercisebook.sources.importers.table import ALL, TableOptions, read_tables
from exercisebook.sources.importers.taxa import read_biom, read_qiime2
from exercisebook.sources.templates.package import write_template

from .conftest import IDS, everything, problems_of, text


def intake_of(values, feature="glucose", modality="clinical", canonical="glucose", **said):
    own = {"unit": "mmol/L", "limit": np.nan, "ids": IDS, **said}
    long = pd.DataFrame({"sample_id": own["ids"], "value": values})
    about = {"modality": modality, "feature": feature, "canonical_id": canonical, "status": "ok"}
    long = long.assign(**about, unit=own["unit"], limit=own["limit"])
    return gather(long[list(LONG)], Account())


def test_what_goes_in_is_what_the_book_reads(folder, package):
    merge(package, intake_of(np.arange(8.0) + 4, limit=5.0), overwrite=False)
    cohort = read_cohort(folder)
    assert cohort.measurements["clinical"]["value"].tolist() == [5, 5, 6, 7, 8, 9, 10, 11]
    assert cohort.measurements["clinical"]["status"].tolist() == ["below_detection"] + ["ok"] * 7
    assert cohort.features["canonical_id"].tolist() == ["glucose"]
    assert cohort.features["detection_limit"].tolist() == [5]


def test_the_examples_of_the_template_go_at_the_first_import(folder, package):
    merge(package, intake_of([1.0] * 8, "IL-6", "cytokines", "il6", unit="pg/mL"), overwrite=False)
    assert [path.name for path in (folder / "measurements").iterdir()] == ["cytokines.csv"]
    told = json.loads((folder / "datapackage.json").read_text())
    paths = [resource["path"] for resource in told["resources"]]
    assert "measurements/cytokines.csv" in paths
    assert "measurements/clinical.csv" not in paths
    assert not any("EXAMPLE" in name for name in read_cohort(folder).features["feature"])


def test_a_second_import_adds_to_the_first(folder, package):
    merge(package, intake_of([5.0] * 8), overwrite=False)
    merge(open_package(folder), intake_of([1.0] * 8, "CRP", canonical="crp"), overwrite=False)
    half = intake_of([2.0] * 4, "insulin", canonical="", ids=IDS[:4])
    merge(open_package(folder), half, overwrite=False)
    merge(
        open_package(folder), intake_of([3.0] * 4, "insulin", canonical="", ids=IDS[4:]),
        overwrite=False,
    )  # fmt: skip
    cohort = read_cohort(folder)
    assert cohort.features["feature"].tolist() == ["glucose", "CRP", "insulin"]
    assert len(cohort.measurements["clinical"]) == 24


def test_what_is_there_is_not_overwritten_unless_it_is_said(folder, package):
    merge(package, intake_of([5.0] * 8), overwrite=False)
    before = everything(folder)
    again = intake_of([6.0] * 4, ids=IDS[:4])
    (fault,) = problems_of(merge, open_package(folder), again, False)
    assert "4 values of 'glucose'" in fault.found
    assert "--replace" in fault.repair
    assert everything(folder) == before
    account = merge(open_package(folder), again, overwrite=True)
    assert "4 values that the package held before" in account.dropped[0]
    own = read_cohort(folder).measurements["clinical"].set_index("sample_id")["value"]
    assert own[IDS].tolist() == [6.0] * 4 + [5.0] * 4


def test_another_unit_takes_all_old_values_of_a_feature_with_it(folder, package):
    merge(package, intake_of([5.0] * 8, canonical=""), overwrite=False)
    other = intake_of([90.0] * 4, canonical="", unit="mg/dL", ids=IDS[:4])
    faults = problems_of(merge, open_package(folder), other, False)
    assert any("unit 'mmol/L'" in fault.found for fault in faults)
    merge(open_package(folder), other, overwrite=True)
    cohort = read_cohort(folder)
    assert cohort.measurements["clinical"]["value"].tolist() == [90.0] * 4
    assert cohort.features["unit"].tolist() == ["mg/dL"]


def test_a_canonical_id_that_somebody_wrote_stays(folder, package):
    merge(package, intake_of([5.0] * 4, "sugar", canonical="", ids=IDS[:4]), overwrite=False)
    path = folder / "features.csv"
    path.write_text(path.read_text().replace("clinical,sugar,,", "clinical,sugar,glucose,"))
    merge(
        open_package(folder), intake_of([5.0] * 4, "sugar", canonical="", ids=IDS[4:]),
        overwrite=False,
    )  # fmt: skip
    assert read_cohort(folder).features["canonical_id"].tolist() == ["glucose"]


def consistent(folder):
    """Return measured rows with their limit; fails if one is below it, or none is where it says."""
    cohort = read_cohort(folder)
    rows = pd.concat(
        table.assign(modality=name) for name, table in cohort.measurements.items()
    ).merge(cohort.features, on=["modality", "feature"])
    below = rows["status"] == "below_detection"
    assert (rows.loc[below, "value"] == rows.loc[below, "detection_limit"]).all()
    assert not (
        rows.loc[rows["status"] == "ok", "value"] < rows.loc[~below, "detection_limit"]
    ).any()
    return rows.set_index("sample_id")


@pytest.mark.parametrize(("first", "second"), [(2.0, 3.0), (3.0, 2.0), (2.0, np.nan)])
def test_a_partial_file_that_replaces_leaves_one_limit_for_all(folder, package, first, second):
    values = np.array([1.0, 2.5, 2.9, 9, 1, 2.5, 2.9, 9])
    merge(package, intake_of(values, limit=first), overwrite=False)
    half = intake_of(values[:4], ids=IDS[:4], limit=second)
    account = merge(open_package(folder), half, overwrite=True)
    rows = consistent(folder)
    highest = max(first, second) if second == second else first
    assert rows["detection_limit"].eq(highest).all()
    assert (rows["status"] == "below_detection").to_numpy().tolist() == (
        (pd.Series(values, index=[*IDS[4:], *IDS[:4]]) < highest).reindex(rows.index).tolist()
    )
    assert any("highest limit of detection" in line for line in account.noted)


def test_another_limit_for_further_samples_is_asked_about(folder, package):
    merge(package, intake_of([5.0] * 4, limit=1.0, ids=IDS[:4]), overwrite=False)
    before = everything(folder)
    rest = intake_of([0.5, 5, 5, 5], limit=2.0, ids=IDS[4:])
    (fault,) = problems_of(merge, open_package(folder), rest, False)
    assert fault.found == "the detection limit 1 of 'glucose'"
    assert "--replace" in fault.repair
    assert everything(folder) == before


def test_a_limit_goes_with_the_last_of_the_values_it_was_for(folder, package):
    merge(package, intake_of([1.0, *[5.0] * 7], limit=2.0), overwrite=False)
    merge(open_package(folder), intake_of([1.0, *[5.0] * 7]), overwrite=True)
    rows = consistent(folder)
    assert rows["detection_limit"].isna().all()
    assert rows["status"].eq("ok").all()


def test_a_limit_of_the_old_unit_is_not_kept_in_the_new(folder, package):
    merge(package, intake_of([1.0, *[5.0] * 7], canonical="", limit=2.0), overwrite=False)
    other = intake_of([90.0] * 4, canonical="", unit="mg/dL", ids=IDS[:4])
    merge(open_package(folder), other, overwrite=True)
    assert consistent(folder)["detection_limit"].isna().all()


@given(
    st.lists(st.tuples(st.sets(st.sampled_from(IDS), min_size=1), st.integers(1, 5)), min_size=1,
             max_size=4),
    st.randoms(use_true_random=False),
)  # fmt: skip
@settings(
    max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_whatever_is_imported_in_whatever_order_has_one_limit_a_feature(
    made, tmp_path_factory, files, random
):
    folder = tmp_path_factory.mktemp("order") / "cohort"
    shutil.copytree(made.folder, folder)
    for ids, limit in files:
        own = sorted(ids)
        values = [random.uniform(0.1, 9) for _ in own]
        merge(open_package(folder), intake_of(values, limit=float(limit), ids=own), overwrite=True)
    assert set(consistent(folder).index) == set().union(*(ids for ids, _ in files))


def test_imported_tables_carry_the_schema_of_those_of_init(folder, package):
    template = json.loads((folder / "datapackage.json").read_text())["resources"]
    like = next(own for own in template if own["path"] == "measurements/clinical.csv")
    merge(package, intake_of([1.0] * 8, "IL-6", "cytokines", "il6", unit="pg/mL"), overwrite=False)
    merge(open_package(folder), intake_of([1.0] * 8, "WBC", "blood_count", ""), overwrite=False)
    told = json.loads((folder / "datapackage.json").read_text())["resources"]
    by_path = {own["path"]: own for own in told}
    for modality in ("cytokines", "blood_count"):
        own = by_path[f"measurements/{modality}.csv"]
        assert own["schema"] == like["schema"]
        assert own["name"] == f"measurements-{modality}".replace("_", "-")
    report = frictionless.validate(str(folder / "datapackage.json"))
    assert report.valid, report.to_summary()
    (folder / "measurements" / "cytokines.csv").write_text(
        "sample_id,feature,value,status\nx,y,z,ok\n"
    )
    assert not frictionless.validate(str(folder / "datapackage.json")).valid


def test_a_resource_of_before_without_a_schema_gets_one(folder, package):
    merge(package, intake_of([5.0] * 4, ids=IDS[:4]), overwrite=False)
    path = folder / "datapackage.json"
    told = json.loads(path.read_text())
    own = next(one for one in told["resources"] if one["path"] == "measurements/clinical.csv")
    schema = own.pop("schema")
    own["title"] = "mine"
    path.write_text(json.dumps(told))
    merge(open_package(folder), intake_of([5.0] * 4, ids=IDS[4:]), overwrite=False)
    told = json.loads(path.read_text())
    own = next(one for one in told["resources"] if one["path"] == "measurements/clinical.csv")
    assert own["schema"] == schema
    assert own["title"] == "mine"


def test_tables_of_taxa_are_never_mixed_within_a_sample(folder, package):
    merge(package, intake_of([5.0] * 8, "asv1", "taxa", "", unit="reads"), overwrite=False)
    genus = intake_of([5.0] * 8, "Blautia", "taxa", "", unit="reads")
    assert problems_of(merge, open_package(folder), genus, False)
    merge(open_package(folder), genus, overwrite=True)
    cohort = read_cohort(folder)
    assert cohort.features["feature"].tolist() == ["Blautia"]
    assert set(cohort.measurements["taxa"]["feature"]) == {"Blautia"}


def test_several_features_of_one_canonical_id_are_told(folder, package):
    merge(package, intake_of([5.0] * 8), overwrite=False)
    account = merge(open_package(folder), intake_of([5.0] * 8, "sugar"), overwrite=False)
    assert "glucose, sugar all stand for glucose" in account.noted[-1]


def test_a_large_table_becomes_parquet_and_the_csv_goes(folder, package, monkeypatch):
    monkeypatch.setattr(packages, "PARQUET_ABOVE", 10)
    assert PARQUET_ABOVE > 10
    merge(package, intake_of([5.0] * 8), overwrite=False)
    merge(open_package(folder), intake_of([1.0] * 8, "CRP", canonical="crp"), overwrite=False)
    assert [path.name for path in (folder / "measurements").iterdir()] == ["clinical.parquet"]
    assert len(read_cohort(folder).measurements["clinical"]) == 16


def test_a_folder_that_is_no_package_is_told_of_init(tmp_path):
    with pytest.raises(Misuse, match="exercisebook init"):
        open_package(tmp_path)


def test_a_template_without_samples_of_one_s_own_takes_nothing(tmp_path):
    write_template(tmp_path / "new")
    (fault,) = problems_of(open_package, tmp_path / "new")
    assert fault.file == "samples.csv"


@pytest.mark.parametrize("content", ["{", "[]", '{"resources": 1}'])
def test_a_broken_description_is_refused(folder, content):
    (folder / "datapackage.json").write_text(content)
    (fault,) = problems_of(open_package, folder)
    assert fault.file == "datapackage.json"


@pytest.mark.parametrize("name", ["table", "olink", "biom", "qiime2", "mwtab", "h5ad"])
def test_a_file_without_a_sample_of_the_package_is_refused_even_where_others_are_dropped(
    samples, tmp_path, name
):
    from .test_cells import COUNTS, ann, saved
    from .test_metabolomics import mwtab
    from .test_olink import export, plain
    from .test_taxa import written

    strangers = [f"stranger {n}" for n in range(8)]
    readers = {
        "table": (
            lambda: text(tmp_path / "t.csv", "sample_id,glucose (mmol/L)\nstranger,5\n"),
            lambda path, own: read_tables([path], own, TableOptions(modalities={ALL: "clinical"})),
        ),
        "olink": (
            lambda: export(tmp_path, [row.replace("0", "stranger", 1) for row in plain()]),
            lambda path, own: read_olink([path], own, OlinkOptions()),
        ),
        "biom": (
            lambda: written(tmp_path, "biom", ids=strangers),
            lambda path, own: read_biom([path], own),
        ),
        "qiime2": (
            lambda: written(tmp_path, "tsv", ids=strangers),
            lambda path, own: read_qiime2([path], own, "genus"),
        ),
        "mwtab": (
            lambda: text(tmp_path / "m.txt", mwtab(ids=strangers)),
            lambda path, own: read_mwtab([path], own),
        ),
        "h5ad": (
            lambda: saved(tmp_path / "a.h5ad", ann(COUNTS, strangers[:4])),
            lambda path, own: read_h5ad([path], "tube", own),
        ),
    }
    write, read = readers[name]
    lenient = Samples(samples.known, {}, drop_unknown=True)
    (fault,) = problems_of(read, write(), lenient)
    assert "no value of a sample" in fault.found


def test_ids_are_read_from_two_columns(tmp_path):
    path = text(tmp_path / "ids.csv", "vendor_id,sample_id\n7,01-before\n")
    assert read_ids(path) == {"7": "01-before"}
    assert read_ids(None) == {}
    assert problems_of(read_ids, text(path, "a,b\n1,2\n"))
    assert problems_of(read_ids, text(path, "vendor_id,sample_id\n1,2\n1,3\n"))
    (fault,) = problems_of(read_ids, text(path, "vendor_id;sample_id,x\n1;2\n"))
    assert "--separator" not in fault.repair


def test_many_unknown_ids_are_one_problem_with_the_first_five(samples, tmp_path):
    rows = [f"tube {n},5" for n in range(1, 41)]
    path = text(tmp_path / "t.csv", "sample_id,x (mg/L)\n" + "\n".join(rows))
    faults = problems_of(read_tables, [path], samples, TableOptions(modalities={ALL: "clinical"}))
    (fault,) = faults
    assert fault.found.startswith("40 ids that are none: 'tube 1' (row 2), ")
    assert fault.found.endswith("'tube 5' (row 6) and 35 more")
    assert "did you mean" not in fault.repair


@pytest.mark.parametrize(
    ("name", "meant"),
    [("01-befor", "01-before"), ("1-before", "01-before"), ("01 Before", "01-before"),
     ("09-before", None), ("glucose", None), ("", None), ("QC pool", None)],
)  # fmt: skip
def test_an_id_is_offered_only_where_it_is_near_and_no_other_number(name, meant):
    assert near_id(name, IDS) == meant


def test_an_id_that_the_file_of_ids_gives_is_told_as_it_says(samples):
    own = Samples(samples.known, {"tube 1": "01-befor"})
    _, (fault,) = own.join(pd.Series(["tube 1"], index=[2]), "t.csv", "sample_id", Account())
    assert fault.found == "'tube 1', by --ids '01-befor'"
    assert "did you mean '01-before'?" in fault.repair


def test_words_of_a_short_list_are_told_where_none_is_near():
    assert hint("clincal", ["clinical", "taxa"]) == "did you mean 'clinical'?"
    assert hint("hormones", ["clinical", "taxa"]) == "known are: clinical, taxa"
