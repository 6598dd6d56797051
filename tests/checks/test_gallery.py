"""Every broken package gives its finding, and no traceback."""

import re

import pytest

from exercisebook.checks.codes import CODES, ERROR, LAYERS, NOTE, SEVERITIES
from exercisebook.checks.package import check_package
from exercisebook.cohort.package import read_cohort
from exercisebook.errors import BookError

from .gallery import GALLERY, OF_THE_VALID

READ = ["T10", "T11", "T12"]
"""Beginnings of the codes of what makes a package unreadable."""


def test_a_valid_package_gives_notes_alone(valid):
    found = check_package(valid)
    assert {f.severity for f in found} == {NOTE}, [f for f in found if f.severity != NOTE]
    assert {f.code for f in found} == OF_THE_VALID


@pytest.mark.parametrize("broken", GALLERY, ids=lambda b: b.name.replace(" ", "-"))
def test_a_broken_package_gives_its_finding_and_is_read_unless_it_is_unreadable(broken, package):
    broken.broken(package)
    found = check_package(package)
    own = [f for f in found if f.code == broken.code]
    assert own, sorted({f.code for f in found})
    for f in own:
        assert all(part.strip() for part in (f.file, f.found, f.expected, f.repair))
    unreadable = any(f.code[:3] in READ for f in found)
    assert unreadable == refused(package)


def refused(folder):
    try:
        read_cohort(folder)
    except BookError:
        return True
    return False


def test_the_gallery_is_large_and_its_names_differ():
    assert len(GALLERY) >= 40
    assert len({broken.name for broken in GALLERY}) == len(GALLERY)


def test_every_code_is_in_the_gallery_or_of_the_valid_package():
    assert {broken.code for broken in GALLERY} | OF_THE_VALID == set(CODES)


def test_codes_are_of_a_layer_and_a_severity_and_say_what_to_do():
    for code in CODES.values():
        assert re.fullmatch(r"[TDI]\d{3}", code.code)
        assert code.code[0] in LAYERS
        assert code.severity in SEVERITIES
        assert code.means.endswith(".")
        assert code.repair.endswith(".")


def test_what_makes_a_package_unreadable_is_an_error():
    assert all(code.severity == ERROR for name, code in CODES.items() if name[:3] in READ)
