import shutil

import pytest

from exercisebook.checks import swaps

from .gallery import write_valid


@pytest.fixture(scope="session")
def valid(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gallery") / "valid"
    write_valid(folder)
    return folder


@pytest.fixture
def package(valid, tmp_path):
    """A copy of the valid package, to be broken."""
    return shutil.copytree(valid, tmp_path / "package")


@pytest.fixture(autouse=True)
def few_draws(monkeypatch):
    """Make few exchanges on purpose: what they tell is tested by itself."""
    monkeypatch.setattr(swaps, "DRAWS", 8)
