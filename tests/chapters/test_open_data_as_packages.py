"""Open data written as a user would bring them give what the chapters show."""

import pytest

from exercisebook.chapters.ledgers import CHAPTERS
from exercisebook.chapters.results import largest_difference, read_frozen
from exercisebook.cohort.package import read_cohort, write_cohort
from exercisebook.paths import RESULTS
from exercisebook.sources.catalogue import dataset
from exercisebook.sources.cohorts import open_cohort
from exercisebook.sources.fetch import locate

SAME = {
    "grinta": ("ch02", "acute_against_rest"),
    "erythrocyte-redox": ("ch04", "red_cells"),
}


@pytest.mark.open_data
@pytest.mark.parametrize("name", SAME)
def test_open_data_written_as_a_users_package_give_the_numbers_of_the_chapter(name, tmp_path):
    if locate(dataset(name)) is None:
        pytest.skip(f"the bytes of {name} are not at hand (EXERCISEBOOK_DATA)")
    write_cohort(open_cohort(name), tmp_path / "package")
    slug, table = SAME[name]
    (module,) = [m for m in CHAPTERS if m.__name__.endswith(slug)]
    again = module.ANALYSES[table].compute(
        read_cohort(tmp_path / "package"), module.begin().parameters
    )
    frozen_table = read_frozen(RESULTS / name / f"{table}.csv")
    assert len(frozen_table)
    assert largest_difference(again, frozen_table) < 1e-6
