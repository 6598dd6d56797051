"""The book on a machine without original data: everything is shown, frozen, and said to be."""

import json
import re

import pytest
from bs4 import BeautifulSoup

from exercisebook.publish.notebooks import chapter_slugs

FIRST, SECOND = chapter_slugs()[:2]


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    return {"EXERCISEBOOK_DATA": None, "XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache"))}


@pytest.fixture(scope="module")
def checkout(make_checkout, empty):
    made = make_checkout()
    done = made.run("build", **empty)
    assert done.returncode == 0, done.stderr
    return made


@pytest.fixture(params=chapter_slugs())
def page(request, checkout):
    return (checkout.root / "_build/html/notebooks" / f"{request.param}.html").read_text()


def test_a_page_says_that_its_results_are_frozen_and_how_to_bring_the_data(page):
    assert "Shown as frozen by this project" in page
    assert "exercisebook data fetch" in BeautifulSoup(page, "html.parser").get_text()
    assert "Computed here" not in page


def test_no_single_person_of_open_data_is_in_a_figure(page):
    specs = re.findall(r'<script type="application/json" class="vl-spec">(.*?)</script>', page)
    assert specs
    for spec in specs:
        rows = [r for t in json.loads(spec).get("datasets", {}).values() for r in t]
        assert not any("subject" in row for row in rows)


def test_nothing_is_fetched(checkout, empty):
    from pathlib import Path

    assert list(Path(empty["XDG_CACHE_HOME"]).rglob("*.rda")) == []


def test_other_parameters_name_the_fetch_to_run_at_once_and_write_nothing(checkout, empty):
    before = set((checkout.root / "_build").iterdir())
    done = checkout.run("run", "02", "-p", "arm=P4", **empty)
    assert done.returncode == 1
    assert "exercisebook data fetch grinta" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert set((checkout.root / "_build").iterdir()) == before


def test_parameters_that_need_no_data_still_work(checkout, empty, tmp_path):
    out = tmp_path / "report"
    done = checkout.run("run", "01", "-p", "subjects=30", "--out", str(out), **empty)
    assert done.returncode == 0, done.stderr
    assert "With 30 people" in (out / "html/notebooks" / f"{FIRST}.html").read_text()


def test_an_open_cohort_that_is_not_here_names_its_fetch(checkout, empty):
    done = checkout.run("run", "01", "--cohort", "nhanes", **empty)
    assert done.returncode == 1
    assert "exercisebook data fetch nhanes" in done.stderr


def test_a_file_with_other_bytes_is_refused_with_both_sums(checkout, empty, tmp_path):
    (tmp_path / "grinta").mkdir()
    for name in ("data_immune.rda", "data_nk.rda"):
        (tmp_path / "grinta" / name).write_bytes(b"not this")
    done = checkout.run("build", **{**empty, "EXERCISEBOOK_DATA": str(tmp_path)})
    assert done.returncode == 1
    assert "wrong checksum, refused" in done.stderr
    assert "cb7b8be303c2024f6cfc4cfd4cba84130731b09ce7c86b68d8745650b6ee896f" in done.stderr


def test_a_plain_jupyter_book_build_works_too(make_checkout, empty):
    import os
    import subprocess
    import sys

    root = make_checkout().root
    environment = {k: v for k, v in os.environ.items() if k != "EXERCISEBOOK_DATA"}
    environment |= {"XDG_CACHE_HOME": empty["XDG_CACHE_HOME"], "PYTHONPATH": str(root / "scripts")}
    command = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()"]
    done = subprocess.run(
        [*command, "build", ".", "-W", "-n", "--keep-going"],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    text = (root / "_build/html/notebooks" / f"{SECOND}.html").read_text()
    assert "vl-chart" in text
