"""A book of two small chapters, for what real processes do with it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from exercisebook.chapters.parameters import parameters_cell
from exercisebook.cohort.package import write_cohort
from exercisebook.simulate.cohorts import simulate
from exercisebook.simulate.worlds import world

STUDY = {
    "design": "single-arm before-after",
    "species": "human",
    "population": "older people",
    "tissue": "blood",
}

CHAPTER = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

({label})=
# Chapter {number}

```{{code-cell}} ipython3
:tags: [parameters]
{parameters}
```

```{{code-cell}} ipython3
import errno, json, os, time
from pathlib import Path

folder = Path({place!r})
with (folder / "ran").open("a") as out:
    out.write(json.dumps(["{number}", os.getpid()]) + "\\n")
while (folder / "gate{number}").exists():
    time.sleep(0.05)
if fdr == 0.5:
    raise OSError(errno.ENOSPC, "No space left on device")
print("rate", fdr, "of", cohort)
```
"""

CONTENTS = """format: jb-book
root: book/index
parts:
  - caption: Begin
    chapters:
      - file: book/how_to_read
  - caption: Chapters
    chapters:
      - file: notebooks/01_cohort_design
      - file: notebooks/02_acute_stress_response
  - caption: At the back
    chapters:
      - file: book/checks
"""

LABELS = {"01_cohort_design": "cohort-design", "02_acute_stress_response": "acute-stress"}

PAGES = {
    "index": "(welcome)=\n# The book\n\nOf [](#cohort-design) and [](#acute-stress).\n",
    "how_to_read": "(how-to-read)=\n# How to read\n\nFrom the left.\n",
    "checks": "(checks)=\n# Checks\n\nThere are some.\n",
}


@dataclass(frozen=True)
class SmallBook:
    """A copy of the program with a book of two chapters, which tell when they run."""

    root: Path

    def command(self, *words: object) -> list[str]:
        return [sys.executable, "-m", "exercisebook.cli", *map(str, words)]

    def environment(self, **variables: str) -> dict[str, str]:
        path = [str(self.root / "scripts"), os.environ.get("PYTHONPATH", "")]
        return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, path)), **variables}

    def run(self, *words: object, **variables: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.command(*words),
            env=self.environment(**variables),
            cwd=self.root,
            capture_output=True,
            text=True,
            check=False,
        )

    def start(self, *words: object, **variables: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            self.command(*words),
            env=self.environment(**variables),
            cwd=self.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def ran(self) -> list[tuple[str, int]]:
        """Return which chapters ran since they were last forgotten, each with its kernel."""
        path = self.root / "ran"
        lines = path.read_text().splitlines() if path.exists() else []
        return [(number, pid) for number, pid in map(json.loads, lines)]

    def forget(self) -> None:
        """Forget what ran, and which chapters are kept."""
        (self.root / "ran").unlink(missing_ok=True)
        shutil.rmtree(self.root / "_build" / "executed", ignore_errors=True)
        for gate in self.root.glob("gate*"):
            gate.unlink()

    def wait_for(self, process: "subprocess.Popen[str]", *numbers: str) -> tuple[str, int]:
        """Wait until one of these chapters has begun; return its number and its kernel."""
        until = time.monotonic() + 180
        while time.monotonic() < until:
            assert process.poll() is None, process.communicate()
            for number, pid in self.ran():
                if number in numbers:
                    return number, pid
            time.sleep(0.05)
        raise AssertionError(f"no chapter of {numbers} began")

    def at_work(self) -> list[str]:
        """Return the commands of all processes that have to do with this book."""
        found = []
        for place in Path("/proc").iterdir():
            if place.name.isdigit() and int(place.name) != os.getpid():
                try:
                    words = (place / "cmdline").read_bytes().decode(errors="replace")
                    around = (place / "environ").read_bytes().decode(errors="replace")
                except OSError:
                    continue
                if str(self.root) in words + around:
                    found.append(words.replace("\0", " "))
        return found

    def is_quiet(self, seconds: float = 60) -> bool:
        """Return whether all processes of this book end within some time."""
        until = time.monotonic() + seconds
        while self.at_work() and time.monotonic() < until:
            time.sleep(0.1)
        return not self.at_work()


@pytest.fixture(scope="session")
def small_book(make_checkout):
    """Return a book of two small chapters that is built within seconds."""
    root = make_checkout().root
    declared = {name: parameters_cell(name, root / "notebooks") for name in LABELS}
    shutil.rmtree(root / "_build", ignore_errors=True)
    for folder in ("notebooks", "book"):
        for page in (root / folder).rglob("*.md"):
            page.unlink()
    for name, label in LABELS.items():
        given = {"number": name[:2], "label": label, "parameters": declared[name]}
        text = CHAPTER.format(**given, place=str(root))
        (root / "notebooks" / f"{name}.md").write_text(text)
    for name, text in PAGES.items():
        (root / "book" / f"{name}.md").write_text(text)
    (root / "_toc.yml").write_text(CONTENTS)
    book = SmallBook(root)
    yield book
    for gate in root.glob("gate*"):
        gate.unlink()
    assert book.is_quiet()


@pytest.fixture
def fresh(small_book):
    """Return the small book as if no chapter of it had ever run."""
    small_book.forget()
    yield small_book
    small_book.forget()


def brought_cohort(folder: Path, **description: object) -> Path:
    """Write a small cohort of a user's and return its folder."""
    made = simulate(world("reference"), 6, 3, ("clinical", "blood_count")).cohort
    object.__setattr__(made, "description", {"title": "mine", "study": STUDY} | description)
    write_cohort(made, folder)
    return folder


@pytest.fixture(scope="session")
def mine(tmp_path_factory):
    """Return the folder of a user's cohort, with a path that is awkward to hide."""
    place = tmp_path_factory.mktemp("it's <mine> & à moi")
    return brought_cohort(place / "people $(no)", title="Our $run$ <b>of</b> [2025](#nowhere)")


def stop(process: "subprocess.Popen[str]", how: signal.Signals) -> None:
    """Send a signal to the group of a process and wait for its end."""
    os.killpg(process.pid, how)
    process.wait(120)
