"""The manifest tells whether a site is whole, and its sum names it."""

import hashlib
import json

import pytest

from exercisebook.publish.manifest import (
    MANIFEST,
    file_sums,
    manifest_problems,
    site_sum,
    write_manifest,
)


@pytest.fixture
def small(tmp_path):
    (tmp_path / "book").mkdir()
    (tmp_path / "index.html").write_text("one")
    (tmp_path / "book" / "a.html").write_text("two")
    return tmp_path


def test_a_manifest_holds_every_file_but_itself(small):
    whole = write_manifest(small)
    told = json.loads((small / MANIFEST).read_text())
    assert list(told["files"]) == ["book/a.html", "index.html"]
    assert told["files"]["index.html"] == hashlib.sha256(b"one").hexdigest()
    assert told["site"] == whole
    assert manifest_problems(small) == []


def test_the_sum_of_a_site_is_that_of_what_sha256sum_prints(small):
    lines = "".join(
        f"{hashlib.sha256((small / p).read_bytes()).hexdigest()}  {p}\n"
        for p in ("book/a.html", "index.html")
    )
    assert write_manifest(small) == hashlib.sha256(lines.encode()).hexdigest()


def test_writing_it_again_changes_nothing(small):
    write_manifest(small)
    first = (small / MANIFEST).read_bytes()
    write_manifest(small)
    assert (small / MANIFEST).read_bytes() == first


def test_a_file_changed_added_or_lost_is_named(small):
    write_manifest(small)
    (small / "index.html").write_text("other")
    (small / "more.html").write_text("three")
    (small / "book" / "a.html").unlink()
    assert [line.partition(":")[0] for line in manifest_problems(small)] == [
        "book/a.html",
        "index.html",
        "more.html",
    ]


def test_a_sum_that_is_not_that_of_the_files_is_told(small):
    write_manifest(small)
    told = json.loads((small / MANIFEST).read_text())
    (small / MANIFEST).write_text(json.dumps({**told, "site": "0" * 64}))
    assert manifest_problems(small) == [f"{MANIFEST}: the sum of the site is not that of its files"]


def test_the_built_site_is_as_its_manifest_says(site):
    told = json.loads((site / MANIFEST).read_text(encoding="utf-8"))
    assert told["files"] == file_sums(site)
    assert told["site"] == site_sum(told["files"])
    assert {"index.html", "provenance.json", "_static/book.css"} <= set(told["files"])
