import pytest

from exercisebook.cohort.package import write_cohort
from exercisebook.errors import Failure, Misuse
from exercisebook.sources.catalogue import catalogue
from exercisebook.sources.cohorts import READERS, check_cohort_name, needs_bytes, open_cohort


def test_the_reference_is_opened_by_name(reference):
    assert reference.simulated
    assert len(reference.subjects) == 13


def test_a_package_is_opened_by_its_absolute_path(reference, tmp_path):
    write_cohort(reference, tmp_path / "mine")
    assert open_cohort(str(tmp_path / "mine")).name == reference.name


def test_every_reader_is_of_a_data_set_in_the_catalogue():
    assert set(READERS) <= set(catalogue())


@pytest.mark.parametrize("name", READERS)
def test_without_the_bytes_the_command_that_brings_them_is_named(name, cache):
    cache.mkdir()
    with pytest.raises(Failure) as error:
        open_cohort(name)
    assert str(error.value) == needs_bytes(name)
    assert f"exercisebook data fetch {name}" in str(error.value)


def test_a_folder_of_data_that_is_none_is_not_taken_for_data_not_at_hand(monkeypatch, tmp_path):
    monkeypatch.setenv("EXERCISEBOOK_DATA", str(tmp_path / "slip"))
    with pytest.raises(Misuse, match=r"EXERCISEBOOK_DATA names .*slip, which is no folder"):
        open_cohort("grinta")


def test_wrong_bytes_are_refused_on_opening(cache):
    for file in catalogue()["grinta"].files:
        (cache / "grinta").mkdir(parents=True, exist_ok=True)
        (cache / "grinta" / file.name).write_bytes(b"other")
    with pytest.raises(Failure, match="wrong checksum"):
        open_cohort("grinta")


def test_an_unknown_name_gives_the_nearest_cohort():
    with pytest.raises(Misuse, match=r"no cohort 'ultramaraton'.*did you mean 'ultramarathon'\?"):
        open_cohort("ultramaraton")


def test_a_relative_path_is_no_name():
    with pytest.raises(Misuse, match="give the absolute path"):
        open_cohort("some/folder")


def test_a_folder_without_a_package_is_no_cohort(tmp_path):
    with pytest.raises(Misuse, match=r"holds no datapackage\.json"):
        open_cohort(str(tmp_path))


@pytest.mark.parametrize("name", ["reference", *READERS])
def test_a_name_is_checked_without_any_bytes(name, cache):
    check_cohort_name(name)


def test_checking_a_name_refuses_what_opening_would(tmp_path):
    for name in ("referense", str(tmp_path)):
        with pytest.raises(Misuse) as checked:
            check_cohort_name(name)
        with pytest.raises(Misuse) as opened:
            open_cohort(name)
        assert str(checked.value) == str(opened.value)
