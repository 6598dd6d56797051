import json
import re

import pytest

from exercisebook.cohort.package import read_cohort
from exercisebook.cohort.schemas import FASTING, KINDS, MEASUREMENTS, MODALITIES, STATUSES, TABLES
from exercisebook.errors import InvalidInput
from exercisebook.sources.catalogue import DESIGNS
from exercisebook.sources.study import Study, study_of
from exercisebook.sources.templates import package
from exercisebook.sources.templates.package import EXAMPLE, guide, write_template


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("template") / "My cohort, 2026"
    write_template(folder)
    return folder


def test_the_template_is_a_package_in_form(folder):
    cohort = read_cohort(folder)
    assert cohort.name == "My-cohort-2026"
    assert cohort.simulated is False


def test_every_row_of_every_table_of_the_template_is_marked_as_an_example(folder):
    rows = [line for path in folder.rglob("*.csv") for line in path.read_text().splitlines()[1:]]
    assert len(rows) >= 7
    assert all(EXAMPLE in row for row in rows)


def test_a_study_that_is_not_filled_in_is_refused_by_its_design(folder):
    description = json.loads((folder / "datapackage.json").read_text())
    with pytest.raises(InvalidInput, match=r"study\.design: found 'EXAMPLE"):
        study_of(description)
    assert set(description["study"]) <= set(Study.model_fields)


@pytest.mark.parametrize("name", [*TABLES, "measurements"])
def test_every_column_is_explained_and_nothing_else(name):
    schema = {**TABLES, "measurements": MEASUREMENTS}[name]
    assert set(package.MEANINGS[name]) == set(schema.columns)


def test_the_study_s_fields_are_all_explained():
    assert set(package._STUDY) == set(Study.model_fields)


@pytest.mark.parametrize("values", [KINDS, MODALITIES, STATUSES, FASTING])
def test_the_guide_tells_the_values_that_the_schemas_allow(values):
    assert ", ".join(f"`{value}`" for value in values) in guide()


def test_the_guide_tells_the_designs_and_the_ranges():
    assert all(f"- `{design}`\n" in guide() for design in DESIGNS)
    (age,) = re.findall(r"^\| `age` .*$", guide(), flags=re.MULTILINE)
    assert "at least 0; at most 130; may be empty" in age


def test_the_guide_lies_beside_the_tables(folder):
    assert (folder / "GUIDE.md").read_text() == guide()
