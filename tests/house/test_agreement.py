"""Three lists of packages agree, and the top level is as it was asked for."""

import re
import subprocess
import tomllib

import pytest
import yaml

from exercisebook.paths import ROOT

# names that differ between the two registries
CONDA = {"snakemake": "snakemake-minimal", "playwright": "playwright-python",
         "decoupler": "decoupler-py", "igraph": "python-igraph"}  # fmt: skip
ASKED_FOR = {"jupyter-book", "jupytext", "papermill", "scanpy", "pandas", "statsmodels", "altair",
             "nbval"}  # fmt: skip
TOP = ["README.md", "_config.yml", "_toc.yml", "environment.yml", "book", "notebooks", "scripts",
       "data", "Makefile", "pyproject.toml", "requirements.lock", "LICENSE", "CITATION.cff",
       "CHANGELOG.md", "tests", ".ci/run"]  # fmt: skip


def requirements():
    """Return what pyproject.toml asks for on Python 3.11: name to version range."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    found = {}
    for line in [*project["dependencies"], *extras["test"], *extras["build"]]:
        wanted, _, marker = line.partition(";")
        if ">= '3.12'" not in marker:
            name, range_ = re.match(r"([\w.-]+)(.*)", wanted.strip()).groups()
            found[name.lower()] = range_.strip()
    return found


def test_conda_and_pip_ask_for_the_same():
    listed = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    plain = [line for line in listed if isinstance(line, str)]
    plain += [line for line in listed[-1]["pip"] if not line.startswith("--")]
    conda = dict(re.match(r"([\w.-]+)(.*)", line).groups() for line in plain)
    assert conda.pop("python") == "=3.11"
    conda.pop("pip")
    assert conda == {CONDA.get(name, name): range_ for name, range_ in requirements().items()}


def locked():
    text = (ROOT / "requirements.lock").read_text()
    return re.findall(r"^([a-z0-9._-]+)==(\S+)(?: ; (.+?))? \\$", text, flags=re.MULTILINE)


def test_the_lock_holds_everything_that_is_asked_for():
    names = {re.sub(r"[._]+", "-", name) for name, _, _ in locked()}
    assert {re.sub(r"[._]+", "-", name) for name in requirements()} <= names


def test_the_lock_keeps_to_the_ranges_on_python_3_11():
    from packaging.markers import Marker
    from packaging.specifiers import SpecifierSet

    here = {"python_full_version": "3.11.9", "python_version": "3.11", "sys_platform": "linux",
            "platform_system": "Linux", "platform_machine": "x86_64"}  # fmt: skip
    versions = {
        name: version
        for name, version, marker in locked()
        if not marker or Marker(marker).evaluate(here)
    }
    for name, range_ in requirements().items():
        assert SpecifierSet(range_).contains(versions[name], prereleases=True), name


def test_every_locked_package_has_its_hashes_and_no_host():
    text = (ROOT / "requirements.lock").read_text()
    assert "://" not in text
    assert "index-url" not in text
    blocks = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(locked())
    assert all("--hash=sha256:" in block for block in blocks)


def test_what_was_asked_for_by_name_is_there():
    assert set(requirements()) >= ASKED_FOR


@pytest.mark.parametrize("name", TOP)
def test_the_top_level_holds(name):
    assert (ROOT / name).exists()


def tracked():
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True,
                          check=True)  # fmt: skip
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_no_machine_path_no_registry_and_no_lock_that_names_hosts_is_committed():
    found = []
    for path in tracked():
        if path.suffix in (".csv", ".lock", ".png", ".gz"):
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if path.name not in ("test_agreement.py", "run"):
            found += [
                f"{path}: {word}"
                for word in ("/home/", "/root/", "/work/", "pypi.org", "npmjs", "../shared")
                if word in text
            ]
    assert found == []
    assert not {p.name for p in tracked()} & {"uv.lock", "pylock.toml"}


def test_no_large_file_is_committed_but_the_reference_cells():
    large = [p for p in tracked() if p.stat().st_size > 1_000_000]
    assert large in ([], [ROOT / "data" / "reference" / "cells.h5ad"])


def test_the_reference_cohort_stays_small():
    files = [p for p in (ROOT / "data" / "reference").rglob("*") if p.is_file()]
    assert sum(p.stat().st_size for p in files) <= 4_000_000


def test_the_readme_fits_a_screen_and_names_both_commands():
    lines = (ROOT / "README.md").read_text().splitlines()
    assert len(lines) <= 45
    assert "make book" in "\n".join(lines)
    assert "make test" in "\n".join(lines)


def test_the_version_is_said_once_and_the_same_everywhere():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"version: {version}" in (ROOT / "CITATION.cff").read_text()
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text()


def test_the_contents_list_what_exists_and_nothing_else():
    from exercisebook.publish.notebooks import files_of, table_of_contents

    named = set(files_of(table_of_contents()))
    there = {
        str(p.relative_to(ROOT).with_suffix(""))
        for folder in ("book", "notebooks")
        for p in (ROOT / folder).rglob("*.md")
    }
    assert named == there
