import re

import pytest

from exercisebook.errors import InvalidInput, Misuse
from exercisebook.sources.catalogue import DESIGNS, catalogue, dataset

PINNED = re.compile(r"https://raw\.githubusercontent\.com/[^/]+/[^/]+/[0-9a-f]{40}/\S+")

FILE = """
      - name: table.csv
        url: https://example.org/table.csv
        sha256: "{sum}"
        bytes: 10
""".format(sum="0" * 64)

ENTRY = (
    """
  - id: one
    title: A
    people: A
    species: A
    population: A
    exposure: A
    tissue: A
    design: cross-sectional
    design_note: A
    remains: A
    licence: A
    citation: A
    doi: null
    cite: null
    speaks_to: A
    never_to: A
    files:"""
    + FILE
)


def written(tmp_path, *entries):
    path = tmp_path / "catalog.yml"
    path.write_text("datasets:" + "".join(entries))
    return path


def problems(path):
    with pytest.raises(InvalidInput) as error:
        catalogue(path)
    return error.value.problems


def test_there_are_eleven_data_sets_of_twenty_nine_files():
    assert len(catalogue()) == 11
    assert sum(len(data.files) for data in catalogue().values()) == 29


def test_every_file_is_pinned_to_a_commit():
    urls = [file.url for data in catalogue().values() for file in data.files]
    assert [url for url in urls if not PINNED.fullmatch(url)] == []


def test_no_two_files_share_an_address_a_sum_or_a_place():
    files = [(name, file) for name, data in catalogue().items() for file in data.files]
    assert len({file.url for _, file in files}) == len(files)
    assert len({file.sha256 for _, file in files}) == len(files)
    assert len({(name, file.name) for name, file in files}) == len(files)


def test_no_file_leaves_the_folder_of_its_data_set():
    names = [file.name for data in catalogue().values() for file in data.files]
    assert [name for name in names if "/" in name or name.startswith(".")] == []


@pytest.mark.parametrize("data", catalogue().values(), ids=catalogue())
def test_every_data_set_says_what_it_is_and_may_not(data):
    said = data.model_dump(exclude={"files", "doi", "cite", "bytes"})
    assert [key for key, value in said.items() if not str(value).strip()] == []
    assert data.files
    assert data.design in DESIGNS


def test_the_rat_study_says_which_groups_have_no_concurrent_controls():
    assert "1- and 2-week" in dataset("motrpac-rat").design_note


def test_a_data_set_is_found_by_its_id():
    assert dataset("grinta").title.startswith("GRINTA")


def test_an_unknown_id_gives_the_nearest_one():
    with pytest.raises(Misuse, match=r"no data set 'grnta' in the catalogue; did you mean 'grin"):
        dataset("grnta")


def test_a_sound_catalogue_is_read_in_its_order(tmp_path):
    path = written(tmp_path, ENTRY.replace("id: one", "id: two"), ENTRY)
    assert list(catalogue(path)) == ["two", "one"]


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [
        ("    title: A\n", "", "title"),
        ("    title: A\n", "    title: A\n    titel: A\n", "titel"),
        ("id: one", "id: One!", "id"),
        ("design: cross-sectional", "design: cohort", "design"),
        ("https://", "http://", "files.0.url"),
        ("0" * 64, "0" * 63, "files.0.sha256"),
        ("bytes: 10", "bytes: 0", "files.0.bytes"),
        ("bytes: 10", "bytes: many", "files.0.bytes"),
    ],
)
def test_a_fault_of_an_entry_is_reported_with_its_field(tmp_path, old, new, column):
    found = problems(written(tmp_path, ENTRY.replace(old, new, 1)))
    assert [(p.file, p.row, p.column) for p in found] == [("catalog.yml", 1, column)]
    assert "Correct the entry" in found[0].repair


def test_a_repeated_id_is_reported_with_its_place(tmp_path):
    found = problems(written(tmp_path, ENTRY, ENTRY))
    assert [(p.row, p.found, p.expected) for p in found] == [(2, "'one'", "each id once")]


def test_all_faults_of_a_catalogue_are_reported_at_once(tmp_path):
    first = ENTRY.replace("    title: A\n", "").replace("bytes: 10", "bytes: -1")
    third = ENTRY.replace("design: cross-sectional", "design: cohort")
    found = problems(written(tmp_path, first, ENTRY, third, ENTRY, "\n  - a line\n"))
    assert [(p.row, p.column) for p in found] == [
        (1, "title"),
        (1, "files.0.bytes"),
        (3, "design"),
        (4, None),
        (5, ""),
    ]
