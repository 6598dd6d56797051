"""What tests share: open data where they are at hand, and hypothesis profiles."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from exercisebook.cohort.package import Cohort
from exercisebook.paths import BUILD, ROOT
from exercisebook.sources.catalogue import dataset
from exercisebook.sources.cohorts import open_cohort
from exercisebook.sources.fetch import locate

settings.register_profile(
    "default", max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("full", max_examples=1000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def _at_hand(name: str) -> Cohort:
    if locate(dataset(name)) is None:
        pytest.skip(f"the bytes of {name} are not at hand (EXERCISEBOOK_DATA)")
    return open_cohort(name)


@pytest.fixture(scope="session")
def grinta() -> Cohort:
    return _at_hand("grinta")


@pytest.fixture(scope="session")
def ultramarathon() -> Cohort:
    return _at_hand("ultramarathon")


@pytest.fixture(scope="session")
def nhanes() -> Cohort:
    return _at_hand("nhanes")


@pytest.fixture(scope="session")
def cycling() -> Cohort:
    return _at_hand("cycling-training")


@pytest.fixture(scope="session")
def reference() -> Cohort:
    return open_cohort("reference")


@dataclass(frozen=True)
class Checkout:
    """A copy of this checkout, with the chapters it has executed already."""

    root: Path

    def run(self, *words: str, **variables: str | None) -> subprocess.CompletedProcess[str]:
        """Run ``exercisebook`` in it; a variable of None is taken away."""
        environment = {**os.environ, "PYTHONPATH": str(self.root / "scripts")}
        for name, value in variables.items():
            if value is None:
                environment.pop(name, None)
            else:
                environment[name] = value
        command = [sys.executable, "-m", "exercisebook.cli", *words]
        return subprocess.run(
            command, cwd=self.root, env=environment, capture_output=True, text=True, check=False
        )

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a text that stands once in a file."""
        path = self.root / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {name}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def ran(self, done: subprocess.CompletedProcess[str]) -> set[str]:
        """Return which chapters a build executed."""
        told = {line.split(":")[0] for line in done.stderr.splitlines() if " s" in line}
        return told - {"site", "ledger"}


@pytest.fixture(scope="session")
def make_checkout(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Checkout]:
    """Return a function that copies what git knows, or would know, of this checkout."""

    def copy() -> Checkout:
        root = tmp_path_factory.mktemp("checkout")
        listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True)
        for name in filter(None, names.stdout.split("\0")):
            if (ROOT / name).is_file():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / name, root / name)
        if (BUILD / "executed").exists():
            shutil.copytree(BUILD / "executed", root / "_build" / "executed")
        return Checkout(root)

    return copy
